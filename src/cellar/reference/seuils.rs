//! `data/rules/seuils.toml`: first-quartile thresholds that are typed in or corrected, beside the imported
//! ones.

use serde::Deserialize;

use super::reglages::held::Held;
use super::reglages::version;
use super::thresholds::thresholds;
use super::{ReferenceError, parse};

const FILE: &str = "rules/seuils.toml";

/// One threshold.
#[derive(Debug, Clone, PartialEq)]
pub struct Typed {
    /// SIREN of the EPCI, or the code of the region's single threshold.
    pub epci: String,
    pub annee: u16,
    /// € a year and consumption unit.
    pub eur_uc: f64,
}

/// The file.
#[derive(Debug, Clone)]
pub struct Seuils {
    pub version: String,
    pub all: Vec<Typed>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(deserialize_with = "version")]
    version: String,
    seuil: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    eur_uc: f64,
}

pub(super) static DATA: Held<Seuils> =
    Held::new(&[(FILE, include_str!("../../../data/rules/seuils.toml"))], |t| Seuils::read(t[0]));

impl Seuils {
    /// Those in force: none, but for what the store adds ([`super::reglages`]).
    ///
    /// # Errors
    /// `data/rules/seuils.toml` is malformed.
    pub fn embedded() -> Result<&'static Self, ReferenceError> {
        DATA.get()
    }

    fn read(text: &str) -> Result<Self, ReferenceError> {
        let file: File = parse(FILE, text)?;
        let bounds = &thresholds()?.seuils;
        let fault = |e: &Entry, rule: String| ReferenceError {
            file: FILE,
            message: format!("seuil « {} » : {rule}", e.id),
        };
        let all = file.seuil.iter().map(|e| {
            let digits = |s: &str, n| s.len() == n && s.bytes().all(|b| b.is_ascii_digit());
            let read = e.id.split_once('-').filter(|(epci, _)| digits(epci, 9) || *epci == bounds.region);
            let annee = read.and_then(|(_, year)| year.parse().ok().filter(|_| digits(year, 4)));
            let (Some((epci, _)), Some(annee)) = (read, annee) else {
                let rule =
                    "la clé est le SIREN de l'EPCI (neuf chiffres), un tiret, l'année : 200000001-2026";
                return Err(fault(e, rule.to_owned()));
            };
            let ([first, last], [low, high]) = (bounds.annee, bounds.eur_uc);
            if !(first..=last).contains(&annee) {
                return Err(fault(e, format!("l'année n'est pas entre {first} et {last}")));
            }
            if !(low..=high).contains(&e.eur_uc) {
                let rule =
                    format!("{} € par an et unité de consommation n'est pas entre {low} et {high}", e.eur_uc);
                return Err(fault(e, rule));
            }
            Ok(Typed { epci: epci.to_owned(), annee, eur_uc: e.eur_uc })
        });
        Ok(Self { version: file.version, all: all.collect::<Result<_, _>>()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(id: &str, euros: &str) -> Result<Seuils, ReferenceError> {
        Seuils::read(&format!("version = \"1\"\n[[seuil]]\nid = \"{id}\"\neur_uc = {euros}\n"))
    }

    #[test]
    fn nothing_is_typed_in_until_someone_does() {
        assert!(Seuils::embedded().unwrap().all.is_empty());
        let one = read("200000001-2025", "9130.0").unwrap().all;
        assert_eq!(one, [Typed { epci: "200000001".into(), annee: 2025, eur_uc: 9_130.0 }]);
        assert_eq!(read("R11-2025", "11000.0").unwrap().all[0].epci, "R11");
    }

    #[test]
    fn a_key_or_an_amount_that_is_none_is_refused_with_what_it_should_be() {
        for (id, euros, words) in [
            ("20000001-2025", "9130.0", "neuf chiffres"),
            ("200000001", "9130.0", "neuf chiffres"),
            ("200000001-25", "9130.0", "neuf chiffres"),
            ("200000001-1925", "9130.0", "l'année"),
            ("200000001-2025", "91.3", "91.3 €"),
        ] {
            let said = read(id, euros).unwrap_err().message;
            assert!(said.contains(words) && said.contains(id), "{said}");
        }
    }
}
