//! `data/rules/bailleurs.toml`: bailleurs that another one absorbed, as the store says.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::reglages::held::Held;
use super::reglages::version;
use super::{ReferenceError, parse};

const FILE: &str = "rules/bailleurs.toml";

/// Mergers that follow each other; more are a circle.
const STEPS: usize = 10;

/// The file.
#[derive(Debug, Clone)]
pub struct Bailleurs {
    pub version: String,
    /// SIREN that is gone → SIREN that took over, first day (`yyyymmdd`).
    absorbed: BTreeMap<String, (String, u32)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(deserialize_with = "version")]
    version: String,
    absorption: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    par: String,
    le: u32,
}

pub(super) static DATA: Held<Bailleurs> =
    Held::new(&[(FILE, include_str!("../../../data/rules/bailleurs.toml"))], |t| Bailleurs::read(t[0]));

impl Bailleurs {
    /// Those in force: none, but for what the store adds ([`super::reglages`]).
    ///
    /// # Errors
    /// `data/rules/bailleurs.toml` is malformed.
    pub fn embedded() -> Result<&'static Self, ReferenceError> {
        DATA.get()
    }

    fn read(text: &str) -> Result<Self, ReferenceError> {
        let file: File = parse(FILE, text)?;
        let mut absorbed = BTreeMap::new();
        for e in file.absorption {
            let siren = |s: &str| s.len() == 9 && s.bytes().all(|b| b.is_ascii_digit());
            let day = (1900_01_01..=2999_12_31).contains(&e.le);
            let fault = |rule: &str| ReferenceError {
                file: FILE,
                message: format!("absorption « {} » : {rule}", e.id),
            };
            if !siren(&e.id) || !siren(&e.par) {
                return Err(fault("un SIREN a neuf chiffres"));
            }
            if e.id == e.par {
                return Err(fault("un bailleur ne s'absorbe pas lui-même"));
            }
            if !day {
                return Err(fault("le jour s'écrit AAAAMMJJ"));
            }
            absorbed.insert(e.id, (e.par, e.le));
        }
        Ok(Self { version: file.version, absorbed })
    }

    /// Who has the stock of a bailleur on a day (`yyyymmdd`); None if it has it itself.
    #[must_use]
    pub fn successor(&self, siren: &str, day: u32) -> Option<&str> {
        let next =
            |s: &str| self.absorbed.get(s).filter(|(_, since)| *since <= day).map(|(by, _)| by.as_str());
        let mut last = next(siren)?;
        for _ in 0..STEPS {
            match next(last) {
                Some(by) if by != siren => last = by,
                _ => break,
            }
        }
        Some(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bailleur_is_followed_to_who_has_its_stock_now() {
        assert!(Bailleurs::embedded().unwrap().absorbed.is_empty());
        let text = "version = \"1\"\n[[absorption]]\nid = \"111111111\"\npar = \"222222222\"\nle = 20250101\n\
                    [[absorption]]\nid = \"222222222\"\npar = \"333333333\"\nle = 20260101\n";
        let b = Bailleurs::read(text).unwrap();
        assert_eq!(b.successor("111111111", 2024_12_31), None);
        assert_eq!(b.successor("111111111", 2025_01_01), Some("222222222"));
        assert_eq!(b.successor("111111111", 2026_01_01), Some("333333333"));
        assert_eq!(b.successor("333333333", 2026_01_01), None);
        let circle = text.replace("333333333", "111111111");
        assert!(Bailleurs::read(&circle).unwrap().successor("111111111", 2026_01_01).is_some(), "it ends");
        let said = Bailleurs::read(&text.replace("111111111", "11111")).unwrap_err().message;
        assert!(said.contains("neuf chiffres"), "{said}");
    }
}
