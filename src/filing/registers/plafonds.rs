//! Yearly ceilings of the PLUS as a table: one row a year, zone and category of household.
//!
//! Columns `zone`, `categorie` (1 to 6, and `personne_supplementaire`), `en_vigueur_le` or `annee`, `plafond`
//! (« 23 403 € »), and `type`, of which only the rows PLUS are kept: those of the PLAI follow from their
//! ratio.

use std::collections::BTreeMap;

use super::fields;
use super::kit::small::{Row, SmallError, SmallTable};
use crate::reference::registre::mot;

/// Zones, in the order of their tables.
pub const ZONES: [&str; 3] = ["paris_communes_limitrophes", "ile_de_france", "autres_regions"];
/// Categories 1 to 6, and each further person.
const RANKS: usize = 7;

/// Why a table of ceilings is not read.
#[derive(Debug, thiserror::Error)]
pub enum PlafondsError {
    #[error(transparent)]
    Table(#[from] SmallError),
    #[error("ligne {line}, colonne « {column} » : « {value} » — {rule}")]
    Cell { line: u64, column: &'static str, value: String, rule: &'static str },
    #[error(
        "{day}, zone {zone} : il manque {missing} (six catégories et la personne supplémentaire sont attendues)"
    )]
    Hole { day: String, zone: &'static str, missing: String },
    #[error("le fichier n'a aucune ligne de plafonds PLUS")]
    Empty,
}

/// The ceilings that begin on a 1 January, € a year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Year {
    /// `2027-01-01`
    pub day: String,
    /// By zone of [`ZONES`].
    pub zones: [[u32; RANKS]; 3],
}

fn rank(cell: &str) -> Option<usize> {
    let word: String = cell.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    match word.as_str() {
        "1" | "2" | "3" | "4" | "5" | "6" => word.parse::<usize>().ok().map(|n| n - 1),
        w if w.contains("suppl") => Some(RANKS - 1),
        _ => None,
    }
}

/// « 23 403 € » → 23403; cents are dropped only when there are none.
fn euros(text: &str) -> Option<u32> {
    // Alone, `23.403` is a sum of euros with thousands: no ceiling is of 23.
    let value = fields::money(text.as_bytes()).ok().filter(|v| v.fract() == 0.0 && (1.0..1e7).contains(v))?;
    Some(value as u32)
}

/// Reads the years of a table, in order.
///
/// # Errors
/// A cell that is no zone, category, day or amount; a zone of a year that is not whole.
pub fn read(bytes: &[u8]) -> Result<Vec<Year>, PlafondsError> {
    let table = SmallTable::read(bytes, &["zone"])?;
    let first = |row: &Row, names: &[&str]| -> String {
        names.iter().map(|n| table.cell(row, n)).find(|c| !c.is_empty()).unwrap_or_default().to_owned()
    };
    let mut years: BTreeMap<String, [[Option<u32>; RANKS]; 3]> = BTreeMap::new();
    for row in &table.rows {
        let kind = first(row, &["type", "dispositif"]);
        if !kind.is_empty() && !kind.eq_ignore_ascii_case("PLUS") {
            continue;
        }
        let wrong = |column, value: String, rule| PlafondsError::Cell { line: row.line, column, value, rule };
        let zone = first(row, &["zone"]);
        // « Île-de-France », « Autres régions ».
        let z = ZONES.iter().position(|z| mot(z) == mot(&zone)).ok_or_else(|| {
            wrong("zone", zone, "attendu paris_communes_limitrophes, ile_de_france ou autres_regions")
        })?;
        let category = first(row, &["categorie", "categorie_menage"]);
        let r = rank(&category)
            .ok_or_else(|| wrong("categorie", category, "attendu 1 à 6, ou personne_supplementaire"))?;
        let day = match first(row, &["en_vigueur_le"]) {
            day if day.is_empty() => {
                let year = first(row, &["annee"]);
                let whole = fields::integer(year.as_bytes()).map_or(year, |y| y.to_string());
                format!("{whole}-01-01")
            }
            _ => table.day(row, "en_vigueur_le"),
        };
        let year = day.strip_suffix("-01-01").and_then(|y| y.parse::<u16>().ok());
        // Some files repeat a value on another day of January.
        if year.is_none_or(|y| !(2000..2100).contains(&y)) {
            if day.get(4..8) == Some("-01-") {
                continue;
            }
            return Err(wrong(
                "en_vigueur_le",
                day,
                "les plafonds changent au 1er janvier : 2027-01-01, ou une colonne annee",
            ));
        }
        let amount = first(row, &["plafond", "plafond_rfr_eur", "montant"]);
        let amount =
            euros(&amount).ok_or_else(|| wrong("plafond", amount, "un nombre entier d'euros est attendu"))?;
        years.entry(day).or_default()[z][r] = Some(amount);
    }
    if years.is_empty() {
        return Err(PlafondsError::Empty);
    }
    years
        .into_iter()
        .map(|(day, found)| {
            let mut zones = [[0; RANKS]; 3];
            for (z, ranks) in found.iter().enumerate() {
                let name = |r: usize| {
                    if r + 1 == RANKS {
                        "la personne supplémentaire".to_owned()
                    } else {
                        format!("la catégorie {}", r + 1)
                    }
                };
                let missing: Vec<String> = (0..RANKS).filter(|r| ranks[*r].is_none()).map(name).collect();
                if !missing.is_empty() {
                    return Err(PlafondsError::Hole { day, zone: ZONES[z], missing: missing.join(", ") });
                }
                zones[z] = ranks.map(Option::unwrap_or_default);
            }
            Ok(Year { day, zones })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(change: impl Fn(&str) -> String) -> String {
        let mut out = "type;zone;categorie;annee;plafond\n".to_owned();
        for (z, zone) in ZONES.iter().enumerate() {
            for r in 1..=7 {
                let category = if r == 7 { "personne_supplementaire".to_owned() } else { r.to_string() };
                out.push_str(&change(&format!("PLUS;{zone};{category};2027;{}{r}\u{202f}000 €\n", 3 - z)));
            }
        }
        out.push_str("PLAI;autres_regions;1;2027;1\n");
        out
    }

    #[test]
    fn a_year_is_read_as_it_is_pasted() {
        let years = read(table(str::to_owned).as_bytes()).unwrap();
        assert_eq!(years.len(), 1);
        assert_eq!(
            (years[0].day.as_str(), years[0].zones[2][0], years[0].zones[0][6]),
            ("2027-01-01", 11_000, 37_000)
        );
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        for (from, to, words) in [
            ("PLUS;autres_regions;4;2027;14\u{202f}000 €\n", "", "la catégorie 4"),
            (";12\u{202f}000 €", ";douze", "nombre entier d'euros"),
            ("autres_regions;1", "province;1", "autres_regions"),
            ("PLUS;autres_regions;1;2027", "PLUS;autres_regions;1;bientôt", "1er janvier"),
        ] {
            let text = table(|line| line.replace(from, to));
            let said = read(text.as_bytes()).unwrap_err().to_string();
            assert!(said.contains(words), "{said}");
        }
        assert!(matches!(read(b"zone;plafond\n"), Err(PlafondsError::Empty)));
    }
}
