//! `data/addresses.toml`: abbreviations, building words and number signs of French addresses.

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;

use super::reglages::held::Held;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    types: FxHashMap<String, Vec<String>>,
    mots: FxHashMap<String, String>,
    suites: Endings,
    numeros: Numbers,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Endings {
    sures: FxHashSet<String>,
    selon_suite: FxHashSet<String>,
}

/// Signs around house numbers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Numbers {
    pub aucun: Vec<String>,
    pub faux: Vec<u32>,
    pub indices: Vec<String>,
    pub ordinaux: Vec<String>,
    pub mois: FxHashSet<String>,
}

/// The words of addresses, upper case without accents.
#[derive(Debug)]
pub struct Words {
    /// Kind of road or its abbreviation → full word (`AV` → `AVENUE`, `AVENUE` → `AVENUE`).
    pub types: FxHashMap<String, String>,
    /// Abbreviated word of a name → full word (`ST` → `SAINT`).
    pub names: FxHashMap<String, String>,
    /// Words after which only the building is described.
    pub building: FxHashSet<String>,
    /// The same, if a number, one letter or nothing follows.
    pub building_if: FxHashSet<String>,
    pub numbers: Numbers,
}

pub(super) static WORDS: Held<Words> =
    Held::new(&[("addresses.toml", include_str!("../../../data/addresses.toml"))], |t| load(t[0]));

/// The words of `data/addresses.toml`.
#[must_use]
pub fn words() -> &'static Words {
    WORDS.known()
}

fn load(text: &str) -> Result<Words, super::ReferenceError> {
    let file: File = super::parse("addresses.toml", text)?;
    let mut types = FxHashMap::default();
    for (full, short) in file.types {
        for word in short {
            if types.insert(word.clone(), full.clone()).is_some_and(|other| other != full) {
                return Err(super::ReferenceError {
                    file: "addresses.toml",
                    message: format!("« {word} » abrège deux types de voie"),
                });
            }
        }
        types.insert(full.clone(), full);
    }
    Ok(Words {
        types,
        names: file.mots,
        building: file.suites.sures,
        building_if: file.suites.selon_suite,
        numbers: file.numeros,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_sound() {
        let words = WORDS.get().unwrap();
        assert_eq!(words.types["BD"], "BOULEVARD");
        assert_eq!(words.types["BOULEVARD"], "BOULEVARD");
    }
}
