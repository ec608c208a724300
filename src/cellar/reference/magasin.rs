//! `data/store.toml`: what the store keeps, what an import may replace, what makes a file doubtful.

use serde::Deserialize;

use super::reglages::held::Held;
use super::{ReferenceError, parse};

/// How long what is no longer in force stays.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Conservation {
    pub jours: i64,
    /// Steps back of one register and key.
    pub versions: usize,
    /// Seconds that a superseded folder stays, whoever reads it.
    pub grace_s: i64,
}

/// What makes a file or an import doubtful; shares are between 0 and 1.
#[derive(Debug, Clone, Deserialize)]
pub struct Doutes {
    pub gardees_min: f64,
    pub rejetees_min: u64,
    /// Rules that reject rows which the user did not ask for.
    pub choisies: Vec<String>,
    pub perte_max: f64,
    pub perte_effectif_min: u64,
    pub futur_max: f64,
    pub futur_effectif_min: u64,
    pub hors_annee_max: f64,
    /// Zones from which codes of another generation are taken for a mistake.
    pub generation_zones_min: usize,
    pub reunies_max: f64,
    pub premiere_annee: u16,
    pub communes_dites: usize,
}

/// When content is hashed.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Verification {
    pub octets_a_l_ouverture: u64,
}

/// Headers that say the year of a file.
#[derive(Debug, Clone, Deserialize)]
pub struct Annee {
    pub colonnes: Vec<String>,
}

/// How the value of a column makes a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Par {
    /// Département of a code of commune.
    Departement,
    /// Month of a day `yyyymmdd`.
    Mois,
    Valeur,
}

/// One component of what part of a register a row is of.
#[derive(Debug, Clone, Deserialize)]
pub struct Partie {
    /// The first with a value counts.
    pub colonnes: Vec<String>,
    pub par: Par,
}

/// What a new file replaces of what was imported before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Regle {
    Tout,
    Departement,
    Cle,
    Periode,
}

/// One table that imports write.
#[derive(Debug, Clone, Deserialize)]
pub struct TableRule {
    pub registre: String,
    /// Layers that it holds for; empty: all others.
    #[serde(default)]
    pub couches: Vec<String>,
    /// Whether keys are lists, so that two keys may say the same part.
    #[serde(default)]
    pub cles: bool,
    /// Name of the table, without `.parquet`.
    pub fichier: String,
    pub regle: Regle,
    #[serde(default)]
    pub parties: Vec<Partie>,
    #[serde(default)]
    pub identite: Vec<String>,
    #[serde(default = "one")]
    pub identite_min: usize,
    /// Columns that no two rows share, in whatever part they are.
    #[serde(default)]
    pub unique: Vec<String>,
    #[serde(default)]
    pub completer: Vec<String>,
    #[serde(default)]
    pub completer_dit: String,
    /// No zone overlaps another.
    #[serde(default)]
    pub pavage: bool,
    #[serde(default)]
    pub trie: Vec<String>,
    /// Column of the commune of a row.
    #[serde(default)]
    pub commune: Option<String>,
    /// What rows are, in the plural.
    pub unite: String,
    /// Columns that a file which replaces another must not empty.
    #[serde(default)]
    pub remplies: Vec<Remplie>,
}

/// A column of a table, and what it holds as it is told: « les revenus ».
#[derive(Debug, Clone, Deserialize)]
pub struct Remplie {
    pub colonne: String,
    pub dit: String,
}

fn one() -> usize {
    1
}

/// What codes of a generation begin with.
#[derive(Debug, Clone, Deserialize)]
pub struct Generation {
    pub couche: String,
    pub prefixe: String,
}

/// The whole file.
#[derive(Debug, Clone, Deserialize)]
pub struct Magasin {
    pub conservation: Conservation,
    pub doutes: Doutes,
    pub verification: Verification,
    pub annee: Annee,
    pub table: Vec<TableRule>,
    pub generation: Vec<Generation>,
}

impl Magasin {
    /// The layer that has codes of this form (`QP073001` is of 2015), when all are of one.
    #[must_use]
    pub fn generation_of(&self, codes: &[impl AsRef<str>]) -> Option<&Generation> {
        let all = |g: &&Generation| codes.iter().all(|c| c.as_ref().starts_with(&g.prefixe));
        self.generation.iter().find(|g| !codes.is_empty() && all(g))
    }

    /// The rule of a table of a register; `key` is the key of the data set (for zones, the layer and perhaps
    /// its year). None for what is no import of a user.
    #[must_use]
    pub fn rule(&self, registre: &str, key: &str, fichier: &str) -> Option<&TableRule> {
        let layer = key.rsplit_once('-').filter(|(_, year)| year.parse::<u16>().is_ok()).map_or(key, |k| k.0);
        let fits = |t: &&TableRule| t.registre == registre && t.fichier == fichier;
        let named = self.table.iter().filter(fits).find(|t| t.couches.iter().any(|c| c == layer));
        named.or_else(|| self.table.iter().filter(fits).find(|t| t.couches.is_empty()))
    }

    /// Tables that a register may write.
    pub fn tables<'a>(&'a self, registre: &'a str) -> impl Iterator<Item = &'a str> {
        self.table.iter().filter(move |t| t.registre == registre).map(|t| t.fichier.as_str())
    }
}

pub(super) static DATA: Held<Magasin> =
    Held::new(&[("store.toml", include_str!("../../../data/store.toml"))], |t| parse("store.toml", t[0]));

/// The rules compiled into the program.
///
/// # Errors
/// `data/store.toml` is malformed.
pub fn magasin() -> Result<&'static Magasin, ReferenceError> {
    DATA.get()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_layer_finds_its_rule_and_a_layer_of_ones_own_the_last() {
        let m = magasin().unwrap();
        let rule = |key, table| m.rule("zones", key, table).unwrap();
        assert!(rule("commune-2024", "zones").pavage && rule("iris", "zones").pavage);
        assert!(!rule("qpv2024", "zones").pavage && rule("qpv2024", "zones").regle == Regle::Cle);
        assert_eq!(rule("secteurs", "zones").regle, Regle::Tout);
        assert_eq!(rule("appartenance-2024", "appartenance").regle, Regle::Cle);
        assert!(m.rule("retouches", "1", "points").is_none());
    }

    /// A rule that names no part could replace nothing but all.
    #[test]
    fn every_rule_but_the_whole_has_parts() {
        for t in &magasin().unwrap().table {
            assert_eq!(t.regle == Regle::Tout, t.parties.is_empty(), "{} {}", t.registre, t.fichier);
        }
    }
}
