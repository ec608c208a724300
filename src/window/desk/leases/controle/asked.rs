//! A candidate file as it is asked, in JSON or in a line of a CSV, and its reading: one check of values for
//! both.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::address;
use crate::desk::params::NO_DAY;
use crate::policy::dossier::Dossier;
use crate::policy::facts::Transfer;
use crate::reference::attributions::attributions;
use crate::registers::attributions::{consumption_units, street_part};
use crate::registers::fields;

/// Une attribution envisagée. Les codes sont ceux du fichier des attributions.
#[derive(Debug, Clone, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DemandeControle {
    /// Jour où le bail serait signé, AAAA-MM-JJ ; par défaut le dernier jour des baux chargés.
    pub date: Option<String>,
    pub logement: LogementDemande,
    #[serde(default)]
    pub menage: MenageDemande,
    /// `ETAT_PRIO`, `ETAT_AGENT`, `ACTION_LOGEMENT`, `REGION`, `DEPT`, `EPCI`, `COMMUNE`, `BAILLEUR`,
    /// `AUTRE`, `COLLECTIVITE`.
    pub reservataire: Option<String>,
    /// Le ménage est déjà locataire du parc social : `INTERNE` (du même bailleur, hors du flux), `EXTERNE`,
    /// `NON` (par défaut) ; vrai, ou `OUI` : de genre inconnu, hors du flux ou non.
    #[serde(default)]
    pub mutation: MutationDemande,
    #[serde(default)]
    pub premiere_mise_en_location: bool,
}

/// Une mutation, par son genre ou par oui ou non.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(untagged)]
pub enum MutationDemande {
    Dite(bool),
    Genre(String),
}

impl Default for MutationDemande {
    fn default() -> Self {
        Self::Dite(false)
    }
}

impl MutationDemande {
    fn read(&self) -> Result<Option<Transfer>, Fault> {
        Ok(match self {
            Self::Dite(false) => None,
            Self::Dite(true) => Some(Transfer::Unknown),
            Self::Genre(text) => match code("mutation", "mutation", Some(text))? {
                0 => None,
                known => Some(Transfer::from_code(known)),
            },
        })
    }
}

/// Le logement : par son numéro RPLS ou celui de son bailleur ; sinon, ou si le RPLS ne l'a pas, par un point
/// ou une adresse.
#[derive(Debug, Clone, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogementDemande {
    /// Numéro du logement dans le RPLS.
    pub ident_rep: Option<String>,
    /// SIREN du bailleur ; nécessaire avec `ident_int`.
    pub bailleur_siren: Option<String>,
    /// Numéro du logement chez son bailleur.
    pub ident_int: Option<String>,
    /// Code Insee de la commune ; nécessaire avec `adresse`.
    pub depcom: Option<String>,
    /// Numéro et voie.
    pub adresse: Option<String>,
    /// Degrés WGS 84.
    pub lon: Option<f64>,
    pub lat: Option<f64>,
    /// Qualité du point (QUALITE_XY du RPLS : 11, 21, 12, 22, 33).
    pub qualite: Option<u8>,
    /// `T1`…`T5`, `T6P`, `C` ; par défaut celle du RPLS.
    pub typologie: Option<String>,
    /// Financement d'origine : `PLAI`, `PLUS`, `PLS`, `PLI`, `ANCIEN` (avant 1977), `AUTRE` ; par défaut
    /// celui du RPLS.
    pub financement: Option<String>,
}

/// Le ménage.
#[derive(Debug, Clone, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MenageDemande {
    /// Ressources de tout le ménage, € par mois.
    pub ressources_mensuelles: Option<f64>,
    /// Revenu annuel par unité de consommation, € ; compte avant `ressources_mensuelles`.
    pub revenu_uc: Option<f64>,
    /// Enfants en résidence alternée compris : un enfant de parents séparés compte dans les deux foyers.
    pub nb_personnes: Option<u8>,
    pub nb_moins14: Option<u8>,
    /// Une personne du ménage a la carte mobilité inclusion mention invalidité : une catégorie de plafond de
    /// plus (seule, la deuxième). N'est pas gardé.
    #[serde(default)]
    pub cmi_invalidite: bool,
    /// 1 à 4, s'il est connu autrement ; compte avant les revenus.
    pub quartile: Option<u8>,
    /// `NON`, `ACTIF`, `CADUC`, `ACTREL`.
    pub statut_dalo: Option<String>,
    /// `ACD`, `ACI`, `AUCUN`, `NONDOC`.
    pub accord_collectif: Option<String>,
    /// Lettres de l'article L.441-1, séparées par des virgules.
    pub priorite_l441_1: Option<String>,
    /// `CDI`, `CDD`, `ART`, `CHO`, `APP`, `ETU`, `RET`, `AUT`.
    pub activite: Option<String>,
    /// `AUCUN`, `ANRU`, `ORCOD`, `HABITAT_INDIGNE`, `VENTE`.
    pub relogement: Option<String>,
    /// Ressources en % du plafond PLUS (outre-mer, du LLS).
    pub pct_plafond: Option<f64>,
    /// Revenu fiscal de référence, € par an ; sert à calculer `pct_plafond` avec `cat_plafond`, ou avec le
    /// nombre de personnes s'il suffit à dire la catégorie.
    pub rfr: Option<i32>,
    /// Catégorie de ménage de l'arrêté du 29 juillet 1987, 1 à 6.
    pub cat_plafond: Option<u8>,
    pub typologie_souhaitee: Option<String>,
    /// Code Insee.
    pub commune_souhaitee: Option<String>,
}

/// A value that cannot be used: where, what, under which rule of `data/registers/controle.toml`, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub champ: &'static str,
    pub valeur: String,
    pub regle: &'static str,
    pub detail: String,
}

impl Fault {
    pub fn new(
        champ: &'static str,
        valeur: impl Into<String>,
        regle: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self { champ, valeur: valeur.into(), regle, detail: detail.into() }
    }
}

fn given(text: Option<&String>) -> Option<&str> {
    text.map(|t| t.trim()).filter(|t| !t.is_empty())
}

/// Code of a value of a list; 0 when nothing is given.
fn code(champ: &'static str, list: &str, text: Option<&String>) -> Result<u8, Fault> {
    let Some(text) = given(text) else { return Ok(0) };
    let known = attributions().ok().and_then(|a| a.registre.liste(list));
    known.and_then(|l| l.code(text.as_bytes())).ok_or_else(|| {
        let admis = known.map_or_else(String::new, |l| l.admis());
        Fault::new(
            champ,
            text,
            "C02",
            format!("« {text} » n'est pas une valeur de « {champ} » ; admises : {admis}."),
        )
    })
}

fn commune(champ: &'static str, text: Option<&String>) -> Result<String, Fault> {
    let Some(text) = given(text) else { return Ok(String::new()) };
    let (code, _) = fields::commune(text.as_bytes())
        .map_err(|_| Fault::new(champ, text, "C05", "Un code commune de l'Insee a cinq signes."))?;
    Ok(String::from_utf8_lossy(&code).into_owned())
}

fn within<T: PartialOrd + std::fmt::Display + Copy>(
    champ: &'static str,
    value: Option<T>,
    low: T,
    high: T,
) -> Result<Option<T>, Fault> {
    match value {
        Some(v) if !(v >= low && v <= high) => Err(Fault::new(
            champ,
            v.to_string(),
            "C04",
            format!("« {champ} » vaut {v} ; attendu de {low} à {high}."),
        )),
        v => Ok(v),
    }
}

fn day(text: &str) -> Result<u32, Fault> {
    let read = fields::date(text.as_bytes()).ok().and_then(fields::Date::yyyymmdd);
    read.ok_or_else(|| Fault::new("date", text, "C01", NO_DAY))
}

/// Of a year.
const MONTHS: f64 = 12.0;

impl DemandeControle {
    /// Reads the file; `default_day`: when no day is given, `yyyymmdd`; 0: there is none.
    ///
    /// # Errors
    /// A value cannot be used.
    pub fn read(&self, default_day: u32) -> Result<Dossier, Fault> {
        let (l, m) = (&self.logement, &self.menage);
        let limits = &attributions().map_err(|e| Fault::new("", "", "C00", e.to_string()))?.seuils;
        let siren = match given(l.bailleur_siren.as_ref()) {
            None => String::new(),
            Some(text) => {
                let read = fields::siren(text.as_bytes())
                    .map_err(|_| Fault::new("bailleur_siren", text, "C05", "Un SIREN a neuf chiffres."))?;
                String::from_utf8_lossy(&read.digits).into_owned()
            }
        };
        let depcom = commune("depcom", l.depcom.as_ref())?;
        let ident_int = given(l.ident_int.as_ref()).unwrap_or("").to_owned();
        if !ident_int.is_empty() && siren.is_empty() {
            return Err(Fault::new(
                "bailleur_siren",
                "",
                "C08",
                "Le numéro d'un bailleur demande son SIREN.",
            ));
        }
        let point = match (within("lon", l.lon, -180.0, 180.0)?, within("lat", l.lat, -90.0, 90.0)?) {
            (Some(lon), Some(lat)) => Some([lon, lat]),
            (None, None) => None,
            _ => return Err(Fault::new("lon", "", "C08", "Un point a une longitude et une latitude.")),
        };
        let adresse = match given(l.adresse.as_ref()) {
            Some(text) if !depcom.is_empty() => address::key(&depcom, "", "", "", street_part(text), "").key,
            Some(text)
                if given(l.ident_rep.as_ref()).is_none() && ident_int.is_empty() && point.is_none() =>
            {
                return Err(Fault::new(
                    "depcom",
                    text,
                    "C08",
                    "Une adresse demande le code Insee de sa commune.",
                ));
            }
            _ => String::new(),
        };
        let [low, high] = limits.nb_personnes;
        let persons = within("nb_personnes", m.nb_personnes, low, high)?;
        let under = m.nb_moins14.unwrap_or(0);
        if persons.is_some_and(|p| under >= p) {
            let detail = format!(
                "{under} enfants de moins de 14 ans sur {} personnes : il n'y aurait aucun adulte.",
                persons.unwrap_or(0)
            );
            return Err(Fault::new("nb_moins14", under.to_string(), "C06", detail));
        }
        let most = limits.ressources_mensuelles_max;
        let monthly = within("ressources_mensuelles", m.ressources_mensuelles, 0.0, most)?;
        let yearly = within("revenu_uc", m.revenu_uc, 0.0, MONTHS * most)?;
        let counted = persons.zip(monthly).map(|(p, r)| MONTHS * r / consumption_units(p - under, under));
        let jour = match given(self.date.as_ref()) {
            Some(text) => day(text)?,
            None if default_day == 0 => {
                return Err(Fault::new(
                    "date",
                    "",
                    "C01",
                    "Aucun bail n'est chargé : donnez la date du bail envisagé.",
                ));
            }
            None => default_day,
        };
        let qualite = match l.qualite {
            Some(q) if crate::reference::situation::situation().quality(q).is_none() => {
                return Err(Fault::new(
                    "qualite",
                    q.to_string(),
                    "C02",
                    "Qualités admises : 11, 21, 12, 22, 33.",
                ));
            }
            q => q,
        };
        let mut prioritaire = false;
        for word in m
            .priorite_l441_1
            .as_deref()
            .unwrap_or("")
            .split([',', '|', '/', '+', ';'])
            .map(str::trim)
            .filter(|w| !w.is_empty())
        {
            prioritaire |= code("priorite_l441_1", "priorite_l441_1", Some(&word.to_owned()))? != 0;
        }
        Ok(Dossier {
            jour,
            ident_rep: given(l.ident_rep.as_ref()).unwrap_or("").to_owned(),
            siren,
            ident_int,
            adresse,
            point,
            qualite,
            typologie: code("typologie", "typologie", l.typologie.as_ref())?,
            financement: code("financement", "financement", l.financement.as_ref())?,
            reservataire: code("reservataire", "reservataire", self.reservataire.as_ref())?,
            mutation: self.mutation.read()?,
            premiere: self.premiere_mise_en_location,
            revenu_uc: yearly.or(counted),
            quartile: within("quartile", m.quartile, 1, 4)?,
            nb_personnes: persons,
            nb_moins14: m.nb_moins14,
            invalidite: m.cmi_invalidite,
            statut_dalo: code("statut_dalo", "statut_dalo", m.statut_dalo.as_ref())?,
            accord: code("accord_collectif", "accord_collectif", m.accord_collectif.as_ref())?,
            prioritaire,
            relogement: code("relogement", "relogement", m.relogement.as_ref())?,
            activite: code("activite", "activite", m.activite.as_ref())?,
            pct_plafond: within("pct_plafond", m.pct_plafond, 0.0, 1000.0)?,
            rfr: within("rfr", m.rfr, i32::MIN, limits.rfr_max)?,
            category: within("cat_plafond", m.cat_plafond, 1, 6)?,
            typologie_souhaitee: code("typologie_souhaitee", "typologie", m.typologie_souhaitee.as_ref())?,
            commune_souhaitee: commune("commune_souhaitee", m.commune_souhaitee.as_ref())?,
            depcom,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(json: serde_json::Value) -> Result<Dossier, Fault> {
        serde_json::from_value::<DemandeControle>(json).unwrap().read(2024_12_31)
    }

    #[test]
    fn the_worked_example_of_the_quartile_gives_9130_euros_a_unit() {
        let menage = serde_json::json!({"ressources_mensuelles": 1750, "nb_personnes": 4, "nb_moins14": 1});
        let d = asked(serde_json::json!({"logement": {"ident_rep": "1"}, "menage": menage})).unwrap();
        assert_eq!(format!("{:.0}", d.revenu_uc.unwrap()), "9130");
        assert_eq!(d.jour, 2024_12_31);
    }

    #[test]
    fn a_mutation_is_told_by_its_kind_or_by_yes_and_no() {
        let of = |mutation: serde_json::Value| {
            asked(serde_json::json!({"logement": {}, "mutation": mutation})).unwrap().mutation
        };
        assert_eq!(of(serde_json::json!("interne")), Some(Transfer::Internal));
        assert_eq!(of(serde_json::json!("EXTERNE")), Some(Transfer::External));
        assert_eq!((of(true.into()), of("OUI".into())), (Some(Transfer::Unknown), Some(Transfer::Unknown)));
        assert_eq!((of(false.into()), of("NON".into())), (None, Some(Transfer::No)));
        let wrong = asked(serde_json::json!({"logement": {}, "mutation": "peut-être"})).unwrap_err();
        assert_eq!((wrong.champ, wrong.regle), ("mutation", "C02"));
    }

    #[test]
    fn a_missing_income_is_not_a_zero_one() {
        let none = asked(serde_json::json!({"logement": {}, "menage": {"nb_personnes": 2}})).unwrap();
        let zero = asked(
            serde_json::json!({"logement": {}, "menage": {"nb_personnes": 2, "ressources_mensuelles": 0}}),
        )
        .unwrap();
        assert_eq!((none.revenu_uc, zero.revenu_uc), (None, Some(0.0)));
    }

    #[test]
    fn what_cannot_be_used_is_named_with_its_rule() {
        for (json, champ, regle) in [
            (serde_json::json!({"logement": {}, "reservataire": "MOI"}), "reservataire", "C02"),
            (serde_json::json!({"logement": {}, "date": "demain"}), "date", "C01"),
            (serde_json::json!({"logement": {"depcom": "x"}}), "depcom", "C05"),
            (
                serde_json::json!({"logement": {}, "menage": {"nb_personnes": 2, "nb_moins14": 2}}),
                "nb_moins14",
                "C06",
            ),
            (
                serde_json::json!({"logement": {}, "menage": {"ressources_mensuelles": -1}}),
                "ressources_mensuelles",
                "C04",
            ),
            (serde_json::json!({"logement": {"ident_int": "12"}}), "bailleur_siren", "C08"),
            (serde_json::json!({"logement": {"lon": 5.9}}), "lon", "C08"),
            (serde_json::json!({"logement": {"adresse": "12 rue des Lilas"}}), "depcom", "C08"),
            (
                serde_json::json!({"logement": {}, "menage": {"priorite_l441_1": "a, zz"}}),
                "priorite_l441_1",
                "C02",
            ),
        ] {
            let fault = asked(json).unwrap_err();
            assert_eq!((fault.champ, fault.regle), (champ, regle), "{fault:?}");
        }
    }
}
