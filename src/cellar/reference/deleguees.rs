//! `data/deleguees.csv`: communes déléguées and associées, and the commune that each is a part of.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::ReferenceError;

const FILE: &str = "deleguees.csv";
// Insee, code officiel géographique 2025 (@etalab/decoupage-administratif 6.0.0, Licence Ouverte).
const TEXT: &str = include_str!("../../../data/deleguees.csv");

/// A commune déléguée or associée.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    pub code: &'static str,
    pub nom: &'static str,
    /// The commune that it is a part of; of one part the code is that of the whole.
    pub commune: &'static str,
    /// Associée (law of 1971) rather than déléguée (law of 2010).
    pub associee: bool,
}

impl Part {
    /// Its name; where its code is that of the whole commune, with what it is.
    #[must_use]
    pub fn title(&self) -> String {
        if self.code != self.commune {
            return self.nom.to_owned();
        }
        format!("{} (commune {})", self.nom, if self.associee { "associée" } else { "déléguée" })
    }
}

static PARTS: LazyLock<FxHashMap<&str, Part>> = LazyLock::new(|| read().unwrap_or_default());

fn read() -> Result<FxHashMap<&'static str, Part>, ReferenceError> {
    let fault = |line: &str| ReferenceError { file: FILE, message: format!("« {line} »") };
    let mut parts = FxHashMap::default();
    for line in TEXT.lines().skip(1) {
        let [code, nom, commune, genre] = line.split(';').collect::<Vec<_>>()[..] else {
            return Err(fault(line));
        };
        let sound = code.len() == 5 && commune.len() == 5 && ["A", "D"].contains(&genre);
        let part = Part { code, nom, commune, associee: genre == "A" };
        if !sound || parts.insert(code, part).is_some() {
            return Err(fault(line));
        }
    }
    Ok(parts)
}

/// The part of a commune that has this code, whatever else it is the code of.
///
/// ```
/// use mosaique_cellar::reference::deleguees::part;
/// assert_eq!(part("74268").map(|p| (p.nom, p.commune)), Some(("Seynod", "74010")));
/// ```
#[must_use]
pub fn part(code: &str) -> Option<&'static Part> {
    PARTS.get(code)
}

/// Communes that have parts.
pub fn composed() -> impl Iterator<Item = &'static str> {
    PARTS.values().map(|p| p.commune)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::communes::successor;

    #[test]
    fn every_part_leads_to_its_commune_as_the_table_of_passage_does() {
        let parts = read().unwrap();
        assert_eq!(parts.len(), 2_576);
        // One that went from a commune to another since: the table has the first of both.
        let apart: Vec<&str> = parts
            .values()
            .filter(|p| p.code != p.commune && successor(p.code) != Some(p.commune))
            .map(|p| p.code)
            .collect();
        assert_eq!(apart, ["60455"]);
    }

    #[test]
    fn the_part_that_has_the_code_of_the_whole_says_what_it_is() {
        assert_eq!(part("74010").map(Part::title).as_deref(), Some("Annecy (commune déléguée)"));
        assert_eq!(part("74093").map(Part::title).as_deref(), Some("Cran-Gevrier"));
        assert_eq!(part("73065"), None);
    }
}
