//! `data/attributs.toml` and `data/indicators.toml`: the axes, the additive quantities and the indicators.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

use super::reglages::held::Held;
use super::{ReferenceError, parse};

/// One class of an attribute. Its number is its place in the list, from 1; 0 means "not known".
#[derive(Debug, Clone, Deserialize)]
pub struct Class {
    pub code: String,
    pub libelle: String,
    /// RPLS codes FINAN that fall into this class (attributes `financement` and `categorie_cus`).
    #[serde(default)]
    pub finan: Vec<u8>,
    /// RPLS codes CUS that fall into this class.
    #[serde(default)]
    pub cus: Vec<u8>,
    /// Highest value of the class, for attributes cut from a number (year, age).
    pub jusqua: Option<u16>,
}

/// Which of two columns goes first; the other answers where the first says nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum First {
    #[default]
    Finan,
    Cus,
}

/// An axis: what a dwelling or its household is.
#[derive(Debug, Clone, Deserialize)]
pub struct Attribute {
    pub id: String,
    pub libelle: String,
    pub source: String,
    /// Offered to users as a filter.
    #[serde(default)]
    pub filtre: bool,
    /// Known of responding households only.
    #[serde(default)]
    pub occupation: bool,
    /// Of an attribute cut from FINAN and CUS.
    #[serde(default)]
    pub premier: First,
    pub classes: Vec<Class>,
}

impl Attribute {
    /// Whether there is one for each generation of QPV, so that users filter by it without naming the
    /// generation.
    #[must_use]
    pub fn by_generation(&self) -> bool {
        self.id.starts_with("qpv") || self.id.starts_with("bande")
    }

    /// Number (from 1) of the class with this code.
    #[must_use]
    pub fn class(&self, code: &str) -> Option<u8> {
        self.classes.iter().position(|c| c.code == code).and_then(|i| u8::try_from(i + 1).ok())
    }

    /// Class (from 1) of a dwelling by its RPLS codes FINAN and CUS, 0 where neither says it.
    #[must_use]
    pub fn of_financing(&self, cus: u8, finan: u8) -> u8 {
        let by = |code: u8, of: fn(&Class) -> &[u8]| self.classes.iter().position(|c| of(c).contains(&code));
        let (by_cus, by_finan) = (by(cus, |c| &c.cus), by(finan, |c| &c.finan));
        let class = match self.premier {
            First::Finan => by_finan.or(by_cus),
            First::Cus => by_cus.or(by_finan),
        };
        class.and_then(|i| u8::try_from(i + 1).ok()).unwrap_or(0)
    }

    /// Number of the first class whose `jusqua` is not below `value`; 0 if there is none.
    #[must_use]
    pub fn class_of_number(&self, value: u16) -> u8 {
        self.classes
            .iter()
            .position(|c| c.jusqua.is_some_and(|hi| value <= hi))
            .and_then(|i| u8::try_from(i + 1).ok())
            .unwrap_or(0)
    }
}

/// An additive quantity of a dwelling.
#[derive(Debug, Clone, Deserialize)]
pub struct Quantity {
    pub id: String,
    pub libelle: String,
    #[serde(default)]
    pub occupation: bool,
    /// Rows that the quantity counts, whatever the measure asks besides.
    #[serde(default, rename = "si")]
    pub conditions: BTreeMap<String, Vec<String>>,
}

/// A sum over rows: the quantity, and the classes that each attribute must be in (sorted by attribute).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub struct Measure {
    pub somme: String,
    #[serde(default, rename = "si", skip_serializing_if = "BTreeMap::is_empty")]
    pub conditions: BTreeMap<String, Vec<String>>,
}

/// One entry of `data/indicators.toml`.
#[derive(Debug, Clone, Deserialize)]
pub struct Indicator {
    pub id: String,
    pub libelle: String,
    pub theme: String,
    pub unite: String,
    pub numerateur: Measure,
    /// None: the figure is the numerator itself (a count).
    pub denominateur: Option<Measure>,
    /// Multiplies numerator / denominator (before the 100 of a `%`).
    #[serde(default = "one")]
    pub facteur: f64,
    pub decimales: Option<u8>,
    pub sens: String,
    pub groupe: Option<String>,
    pub definition: String,
    pub source: String,
    pub reference: String,
}

fn one() -> f64 {
    1.0
}

/// Everything that `data/attributs.toml` and `data/indicators.toml` say, checked against each other.
#[derive(Debug)]
pub struct Catalogue {
    pub attributes: Vec<Attribute>,
    pub quantities: Vec<Quantity>,
    pub indicators: Vec<Indicator>,
    /// Every distinct measure that the indicators need, sorted; the cube holds one column for each.
    pub measures: Vec<Measure>,
}

#[derive(Deserialize)]
struct AttributesFile {
    attribut: Vec<Attribute>,
    grandeur: Vec<Quantity>,
}

#[derive(Deserialize)]
struct IndicatorsFile {
    indicateur: Vec<Indicator>,
}

pub(super) static DATA: Held<Catalogue> = Held::new(
    &[
        ("attributs.toml", include_str!("../../../data/attributs.toml")),
        ("indicators.toml", include_str!("../../../data/indicators.toml")),
    ],
    |t| Catalogue::from_texts(t[0], t[1]),
);

impl Catalogue {
    /// The catalogue compiled into the program.
    ///
    /// # Errors
    /// A file of `data/` is malformed or names something unknown.
    pub fn embedded() -> Result<&'static Self, ReferenceError> {
        DATA.get()
    }

    /// Reads and cross-checks the two texts.
    ///
    /// # Errors
    /// A text is malformed or names something unknown.
    pub fn from_texts(attributes: &str, indicators: &str) -> Result<Self, ReferenceError> {
        let a: AttributesFile = parse("attributs.toml", attributes)?;
        let i: IndicatorsFile = parse("indicators.toml", indicators)?;
        let mut catalogue = Self {
            attributes: a.attribut,
            quantities: a.grandeur,
            indicators: i.indicateur,
            measures: Vec::new(),
        };
        // These are read by every answer: how many dwellings, households and households asked.
        let mut measures = vec![
            Measure { somme: "logements".into(), conditions: BTreeMap::new() },
            Measure { somme: "menages".into(), conditions: BTreeMap::new() },
            Measure { somme: "interroges".into(), conditions: BTreeMap::new() },
        ];
        for ind in &catalogue.indicators {
            for m in std::iter::once(&ind.numerateur).chain(&ind.denominateur) {
                catalogue.check(&ind.id, m)?;
                measures.push(m.clone());
            }
        }
        measures.sort();
        measures.dedup();
        catalogue.measures = measures;
        Ok(catalogue)
    }

    fn check(&self, indicator: &str, m: &Measure) -> Result<(), ReferenceError> {
        let fault = |message: String| ReferenceError {
            file: "indicators.toml",
            message: format!("{indicator}: {message}"),
        };
        if !self.quantities.iter().any(|q| q.id == m.somme) {
            return Err(fault(format!("unknown quantity {}", m.somme)));
        }
        for (id, codes) in &m.conditions {
            let a = self.attribute(id).ok_or_else(|| fault(format!("unknown attribute {id}")))?;
            for code in codes {
                if code != "*" && a.class(code).is_none() {
                    return Err(fault(format!("attribute {id} has no class {code}")));
                }
            }
        }
        Ok(())
    }

    #[must_use]
    pub fn attribute(&self, id: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|a| a.id == id)
    }

    #[must_use]
    pub fn indicator(&self, id: &str) -> Option<&Indicator> {
        self.indicators.iter().find(|i| i.id == id)
    }

    /// Column number of a measure in the cube.
    #[must_use]
    pub fn measure_index(&self, m: &Measure) -> Option<usize> {
        self.measures.binary_search(m).ok()
    }

    /// Conditions of a measure and of its quantity.
    pub fn conditions<'a>(&'a self, m: &'a Measure) -> impl Iterator<Item = (&'a str, &'a [String])> {
        let quantity = self.quantities.iter().find(|q| q.id == m.somme);
        quantity
            .into_iter()
            .flat_map(|q| &q.conditions)
            .chain(&m.conditions)
            .map(|(id, codes)| (id.as_str(), codes.as_slice()))
    }

    /// Whether a measure describes households (and so passes secrecy) or dwellings only.
    #[must_use]
    pub fn is_occupancy(&self, m: &Measure) -> bool {
        self.quantities.iter().any(|q| q.id == m.somme && q.occupation)
            || m.conditions.keys().any(|id| self.attribute(id).is_some_and(|a| a.occupation))
    }

    /// Whether an indicator says something of households.
    #[must_use]
    pub fn describes_households(&self, i: &Indicator) -> bool {
        std::iter::once(&i.numerateur).chain(&i.denominateur).any(|m| self.is_occupancy(m))
    }

    /// Whether an indicator crosses what households say with what their dwelling is: its counts are then
    /// moved a little.
    #[must_use]
    pub fn crosses(&self, i: &Indicator) -> bool {
        std::iter::once(&i.numerateur).chain(&i.denominateur).any(|m| {
            self.is_occupancy(m)
                && m.conditions.keys().any(|id| self.attribute(id).is_some_and(|a| !a.occupation))
        })
    }

    /// Attributes of households that an indicator is about.
    #[must_use]
    pub fn about(&self, i: &Indicator) -> BTreeSet<String> {
        let ids = std::iter::once(&i.numerateur).chain(&i.denominateur).flat_map(|m| m.conditions.keys());
        ids.filter(|id| self.attribute(id).is_some_and(|a| a.occupation)).cloned().collect()
    }

    /// A measure in French words: « ménages répondants, plafond : moins de 20 % ou 20 à 40 % ».
    #[must_use]
    pub fn in_words(&self, m: &Measure) -> String {
        let mut text = self
            .quantities
            .iter()
            .find(|q| q.id == m.somme)
            .map_or_else(|| m.somme.clone(), |q| q.libelle.clone());
        for (id, codes) in &m.conditions {
            let Some(a) = self.attribute(id) else { continue };
            let words: Vec<&str> = codes
                .iter()
                .map(|code| {
                    if code == "*" {
                        return "connu";
                    }
                    a.classes.iter().find(|c| c.code == *code).map_or("", |c| c.libelle.as_str())
                })
                .collect();
            text.push_str(&format!(", {} : {}", within(&a.libelle), words.join(" ou ")));
        }
        text
    }
}

/// A label in the middle of a sentence: its first letter is small, its acronyms keep theirs (« DPE »,
/// « plafonds PLUS »).
fn within(label: &str) -> String {
    let mut rest = label.chars();
    match rest.next() {
        Some(first) if !rest.clone().next().is_some_and(char::is_uppercase) => {
            first.to_lowercase().chain(rest).collect()
        }
        _ => label.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_catalogue_is_consistent() {
        let c = Catalogue::embedded().unwrap();
        assert!(c.indicators.len() > 50);
        let ids: std::collections::BTreeSet<_> = c.indicators.iter().map(|i| &i.id).collect();
        assert_eq!(ids.len(), c.indicators.len(), "indicator ids are unique");
    }

    #[test]
    fn hlm_o_are_one_class_of_origin_whatever_cus_says() {
        let c = Catalogue::embedded().unwrap();
        let class = |id: &str, cus, finan| {
            let a = c.attribute(id).unwrap();
            a.of_financing(cus, finan).checked_sub(1).map_or("", |i| a.classes[usize::from(i)].code.as_str())
        };
        // HLM/O with CUS 13 (PLUS) and without: domain §17.1, E13 (644 and 2,099 of a real file).
        assert_eq!((class("financement", 13, 52), class("financement", 0, 52)), ("ANCIEN", "ANCIEN"));
        assert_eq!((class("categorie_cus", 13, 52), class("categorie_cus", 0, 52)), ("PLUS", "PLUS"));
        assert_eq!(class("categorie_cus", 0, 51), "PLAI", "assimilated");
        let cus = [10, 11, 12, 13, 14, 15, 16, 17].map(|code| class("categorie_cus", code, 0));
        assert_eq!(cus, ["PLAI", "PLAI", "PLUS", "PLUS", "PLS", "AUTRE", "PLI", "AUTRE"]);
        assert_eq!(class("financement", 13, 0), "PLUS", "without FINAN, CUS answers");
        assert_eq!(class("financement", 0, 0), "");
    }

    #[test]
    fn allocations_name_financings_as_the_register_does() {
        let origin = Catalogue::embedded().unwrap().attribute("financement").unwrap();
        let list =
            crate::reference::attributions::attributions().unwrap().registre.liste("financement").unwrap();
        for (i, class) in origin.classes.iter().enumerate() {
            for code in &class.finan {
                let found = list.code(code.to_string().as_bytes());
                assert_eq!(found.map(usize::from), Some(i + 1), "FINAN {code} of {}", class.code);
            }
        }
    }

    #[test]
    fn a_label_keeps_its_acronyms_in_a_sentence() {
        assert_eq!(within("Ressources en % des plafonds PLUS"), "ressources en % des plafonds PLUS");
        assert_eq!(within("Étage"), "étage");
        assert_eq!(within("DPE"), "DPE");
        assert_eq!(within(""), "");
    }

    #[test]
    fn an_indicator_that_names_an_unknown_class_is_refused_by_name() {
        let wrong = include_str!("../../../data/indicators.toml").replacen("\"0_20\"", "\"0_21\"", 1);
        let e = Catalogue::from_texts(include_str!("../../../data/attributs.toml"), &wrong).unwrap_err();
        assert!(e.to_string().contains("0_21"), "{e}");
    }
}
