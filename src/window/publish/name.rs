//! Names of files: what is in them, of where, of which years.

use unicode_normalization::UnicodeNormalization;

use super::Format;
use super::table::Table;

/// Characters of one part of a name.
const PART: usize = 40;

/// A text as a part of a file's name: lower case, without accents, words joined by hyphens.
#[must_use]
pub fn slug(text: &str) -> String {
    let mut out = String::new();
    let plain = text.nfd().filter(|c| !('\u{300}'..='\u{36f}').contains(c));
    for c in plain.flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            out.push(c);
        } else if !out.ends_with('-') && !out.is_empty() {
            out.push('-');
        }
        if out.len() >= PART {
            break;
        }
    }
    out.trim_end_matches('-').to_owned()
}

/// `mosaique_commune_ca-du-sud_rpls-2024_ops-2024_recents_filtre.xlsx`.
#[must_use]
pub fn of(table: &Table<'_>, format: Format) -> String {
    format!("{}.{}", stem(table), format.ending())
}

/// The same without what says the format.
#[must_use]
pub fn stem(table: &Table<'_>) -> String {
    let mut parts = vec!["mosaique".to_owned(), slug(&table.echelle.0)];
    if let Some((zone, name)) = &table.dans {
        let code = zone.split_once(':').map_or("", |(_, code)| code);
        parts.push(format!("{}-{}", slug(name), slug(code)));
    }
    parts.push(format!("rpls-{}", table.millesime));
    parts.extend(table.vague.map(|v| format!("ops-{v}")));
    if table.population.0 != "TOUS" {
        parts.push(slug(&table.population.0));
    }
    if !table.filtres.is_empty() {
        parts.push("filtre".to_owned());
    }
    parts.join("_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_and_short() {
        assert_eq!(slug("CA « Cœur d'Évry »"), "ca-c-ur-d-evry");
        assert_eq!(slug("--"), "");
        assert!(slug(&"é".repeat(300)).len() <= PART);
    }
}
