//! `data/rules/controle.toml`: what an allocation is asked before the commission, beyond the shares of social
//! mix.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::attributions::attributions;
use super::registre::{Colonne, Registre, Regle};
use super::reglages::held::Held;
use super::reglages::version;
use super::{ReferenceError, parse};
use crate::days;

const FILE: &str = "rules/controle.toml";
const COLUMNS: &str = "registers/controle.toml";

/// Ce qui est dit d'une attribution au regard d'une règle.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// La règle ne regarde pas cette attribution.
    SansObjet,
    Conforme,
    /// Un élément manque, ou il est secret.
    Indeterminable,
    /// S'éloigne d'un objectif déjà manqué, ou demande une justification.
    Attention,
    /// Fait manquer un objectif, dépasse un plafond, ou n'est pas permis sans dérogation.
    Contraire,
}

/// A rule about one allocation alone.
#[derive(Debug, Clone, Deserialize)]
pub struct Alone {
    pub id: String,
    pub libelle: String,
    pub article: String,
    pub verdict: Verdict,
}

/// Ceilings by financing.
#[derive(Debug, Clone, Deserialize)]
pub struct Ceilings {
    #[serde(flatten)]
    pub rule: Alone,
    /// Code of the attribute `financement` → highest % of the PLUS ceiling.
    pub parts: BTreeMap<String, f64>,
    /// The code whose ceiling depends on the category of the household.
    pub par_categorie: String,
    /// Codes whose ceiling overseas is in no text that was found.
    pub non_etabli_outre_mer: Vec<String>,
}

/// Sizes by number of persons.
#[derive(Debug, Clone, Deserialize)]
pub struct Sizes {
    #[serde(flatten)]
    pub rule: Alone,
    pieces_de_plus: u8,
    surface_une: u16,
    surface_deux: u16,
    surface_de_plus: u16,
    surface_max: u16,
    pieces_min: Vec<u8>,
}

impl Sizes {
    /// Fewest and most rooms for a number of persons.
    #[must_use]
    pub fn rooms(&self, persons: u8) -> (u8, u8) {
        let at = usize::from(persons.max(1)) - 1;
        let least = self.pieces_min.get(at).or(self.pieces_min.last()).copied().unwrap_or(1);
        (least, persons.saturating_add(self.pieces_de_plus))
    }

    /// Smallest habitable surface for a number of persons, m².
    #[must_use]
    pub fn surface(&self, persons: u8) -> u16 {
        match persons {
            0 | 1 => self.surface_une,
            n => (self.surface_deux + self.surface_de_plus * u16::from(n - 2)).min(self.surface_max),
        }
    }
}

/// How vacant dwellings elsewhere are found.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Elsewhere {
    pub nombre: usize,
    pub mode_vacant: u8,
    /// Days before and after the day when a dwelling is free, during which it is proposed.
    pub conge_avant_jours: i32,
    pub conge_apres_jours: i32,
}

impl Elsewhere {
    /// Whether a dwelling that is free on a day (`yyyymmdd`) is proposed on another.
    #[must_use]
    pub fn proposes(&self, free: u32, on: u32) -> bool {
        let (Some(free), Some(on)) = (days::civil(free), days::civil(on)) else { return false };
        on.until(free)
            .is_ok_and(|wait| (-self.conge_apres_jours..=self.conge_avant_jours).contains(&wait.get_days()))
    }
}

/// What is told of the residence.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Residence {
    pub indicateurs: Vec<String>,
}

/// Files of a commission.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Files {
    pub lignes_max: usize,
}

/// The whole file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Controle {
    #[serde(deserialize_with = "version")]
    pub version: String,
    pub plafond: Ceilings,
    pub taille: Sizes,
    pub dalo_qpv: Alone,
    pub ailleurs: Elsewhere,
    pub residence: Residence,
    pub fichier: Files,
}

pub(super) static DATA: Held<Controle> =
    Held::new(&[("rules/controle.toml", include_str!("../../../data/rules/controle.toml"))], |t| {
        Controle::read(t[0])
    });

impl Controle {
    /// The rules in force: what the program holds, with the changes of the store ([`super::reglages`]).
    ///
    /// # Errors
    /// `data/rules/controle.toml` is malformed.
    pub fn embedded() -> Result<&'static Self, ReferenceError> {
        DATA.get()
    }

    fn read(text: &str) -> Result<Self, ReferenceError> {
        let read: Self = parse(FILE, text)?;
        Ok(read)
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Columns {
    #[serde(rename = "colonne")]
    colonnes: Vec<Colonne>,
    #[serde(rename = "regle")]
    regles: Vec<Regle>,
}

/// The file of a commission: the columns and codes of `data/registers/attributions.toml`, and those of
/// `controle.toml`.
///
/// # Errors
/// A file that was compiled in is faulty, or a column comes twice.
pub fn registre() -> Result<&'static Registre, ReferenceError> {
    static REGISTRE: OnceLock<Registre> = OnceLock::new();
    if let Some(r) = REGISTRE.get() {
        return Ok(r);
    }
    let own: Columns = parse(COLUMNS, include_str!("../../../data/registers/controle.toml"))?;
    let mut registre = attributions()?.registre.clone();
    for c in own.colonnes {
        let twice = registre
            .colonnes
            .iter()
            .any(|k| std::iter::once(&k.nom).chain(&k.alias).any(|n| *n == c.nom || c.alias.contains(n)));
        if twice {
            return Err(ReferenceError {
                file: COLUMNS,
                message: format!("colonne {} : déjà dans attributions.toml", c.nom),
            });
        }
        registre.colonnes.push(c);
    }
    registre.regles = own.regles;
    Ok(REGISTRE.get_or_init(|| registre))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dwelling_is_proposed_from_six_months_before_it_is_free_to_three_after() {
        let rules = &Controle::embedded().unwrap().ailleurs;
        let on = 20_241_231;
        let proposed =
            [20_250_629, 20_250_630, 20_241_002, 20_241_001, 20_241_340].map(|free| rules.proposes(free, on));
        assert_eq!(proposed, [true, false, true, false, false], "180 days before, 90 after; no such day");
    }

    #[test]
    fn sizes_follow_the_household() {
        let sizes = &Controle::embedded().unwrap().taille;
        assert_eq!([1, 2, 4, 6, 9].map(|n| sizes.rooms(n)), [(1, 2), (2, 3), (3, 5), (4, 7), (5, 10)]);
        assert_eq!([1, 2, 3, 8, 12].map(|n| sizes.surface(n)), [9, 16, 25, 70, 70]);
    }

    #[test]
    fn ceilings_are_of_financings_that_exist() {
        let catalogue = crate::reference::indicators::Catalogue::embedded().unwrap();
        let known = &catalogue.attribute("financement").unwrap().classes;
        let rules = &Controle::embedded().unwrap().plafond;
        for code in rules.parts.keys().chain(&rules.non_etabli_outre_mer).chain([&rules.par_categorie]) {
            assert!(known.iter().any(|c| c.code == *code), "{code}");
        }
    }

    #[test]
    fn the_file_of_a_commission_has_the_columns_of_allocations_and_its_own() {
        let r = registre().unwrap();
        for name in ["ident_rep", "ressources_mensuelles", "ident_int", "pct_plafond"] {
            assert!(r.colonnes.iter().any(|c| c.nom == name), "{name}");
        }
        assert!(r.liste("reservataire").is_some() && r.regle("C08").is_some());
    }
}
