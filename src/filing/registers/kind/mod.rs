//! What a file is, from its content: its register, its year or layer, and how that was seen.
//!
//! Nothing is guessed that the file does not say: a year is read in a column, else in the name of the file
//! when the dates of its rows agree, else the file is [`Verdict::Doubtful`] with what it may be. A file that
//! no reader knows is [`Verdict::Unknown`] with the reason.

mod contours;
mod rows;

use std::path::Path;

pub use self::rows::{declared_years, years_of_rows};
use super::demandes::exchange;
use super::kit::years::year_in;
use super::zones::Form;
use super::{workbook, zones};

/// What a file can be imported as. The order is that of imports: rows are checked against zones.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Layer of zones, or the membership of communes (`appartenance`).
    Zones {
        couche: Couche,
        generation: Option<String>,
    },
    /// Départements, separated by commas.
    Addresses {
        departements: String,
    },
    /// The year, where the file does not say it.
    Thresholds {
        annee: Option<u16>,
    },
    Rpls {
        millesime: u16,
    },
    Ops {
        vague: u16,
    },
    Attributions {
        annee: u16,
    },
    /// Demands, as the SNE had them on a day (`yyyymmdd`).
    Demandes {
        extrait: u32,
    },
}

/// Layers in the order of imports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Couche {
    Departement,
    Epci,
    Commune,
    Arrondissement,
    Iris,
    Appartenance,
    Qpv,
}

impl Couche {
    pub const ALL: [Self; 7] = [
        Self::Departement,
        Self::Epci,
        Self::Commune,
        Self::Arrondissement,
        Self::Iris,
        Self::Appartenance,
        Self::Qpv,
    ];

    /// As `--layer` and `data/territory.toml` name it.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Departement => "departement",
            Self::Epci => "epci",
            Self::Commune => "commune",
            Self::Arrondissement => "arrondissement",
            Self::Iris => "iris",
            Self::Appartenance => "appartenance",
            Self::Qpv => "qpv",
        }
    }
}

impl Kind {
    /// In words: « RPLS, millésime 2024 ».
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Rpls { millesime } => format!("RPLS, millésime {millesime}"),
            Self::Ops { vague } => format!("OPS, vague {vague}"),
            Self::Attributions { annee } => format!("attributions de {annee}"),
            Self::Demandes { extrait } => {
                let (year, month, day) = (extrait / 10_000, extrait / 100 % 100, extrait % 100);
                format!("demandes au {day:02}/{month:02}/{year}")
            }
            Self::Thresholds { annee: Some(annee) } => format!("seuils du premier quartile, {annee}"),
            Self::Thresholds { annee: None } => "seuils du premier quartile".to_owned(),
            Self::Addresses { departements } => {
                format!("adresses (BAN), département {}", departements.replace(',', ", "))
            }
            Self::Zones { couche, generation } => {
                let of = match couche {
                    Couche::Departement => "contours des départements",
                    Couche::Epci => "contours des EPCI",
                    Couche::Commune => "contours des communes",
                    Couche::Arrondissement => "contours des arrondissements de Paris, Lyon ou Marseille",
                    Couche::Iris => "contours des IRIS",
                    Couche::Qpv => "contours des QPV",
                    Couche::Appartenance => "appartenance des communes aux EPCI",
                };
                match generation {
                    Some(g) if *couche == Couche::Qpv => format!("{of}, génération {g}"),
                    Some(g) => format!("{of}, {g}"),
                    None => of.to_owned(),
                }
            }
        }
    }
}

/// What is known of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Known {
        kind: Kind,
        /// How it was seen, in words.
        because: String,
    },
    /// It may be several things: a person has to say.
    Doubtful {
        kinds: Vec<Kind>,
        why: String,
    },
    /// A piece of another file, read with it.
    Part {
        of: String,
    },
    Unknown {
        why: String,
    },
}

/// Looks at a file. `desk` is a folder for what is on the way (a workbook as CSV).
#[must_use]
pub fn of(path: &Path, desk: &Path) -> Verdict {
    if let Some(of) = zones::part_of(path) {
        return Verdict::Part { of };
    }
    let unpacked = workbook::packed(path, desk).ok().flatten();
    let book = unpacked.as_deref().unwrap_or(path);
    if workbook::is_workbook(book) {
        let file = desk.join("classeur.csv");
        let sheet = workbook::to_csv(book, &file, None, &|head| rows::is_any(head));
        return match sheet {
            Ok(_) => rows::of(&file, &name(path)),
            Err(e) => Verdict::Unknown { why: bare(&e.to_string(), path) },
        };
    }
    if exchange::is_exchange(path) {
        return exchanged(path);
    }
    match zones::form(path) {
        Ok(Form::Contours) => contours::of(path),
        Ok(Form::Members { all_ept: true }) => Verdict::Unknown {
            why: "composition des EPT du Grand Paris : le programme la connaît déjà (data/rules/unites.toml)"
                .to_owned(),
        },
        Ok(Form::Members { all_ept: false }) => Verdict::Known {
            kind: Kind::Zones { couche: Couche::Appartenance, generation: year_text(&name(path)) },
            because: "JSON d'EPCI avec leurs membres".to_owned(),
        },
        Ok(Form::OtherJson) => Verdict::Unknown {
            why: "JSON qui n'est ni un GeoJSON ni une liste d'EPCI avec leurs membres".to_owned(),
        },
        Ok(Form::Other) => rows::of(path, &name(path)),
        Err(e) => Verdict::Unknown { why: bare(&e.to_string(), path) },
    }
}

/// Looks at a table of text whose name is kept apart from its path.
#[must_use]
pub fn of_table(path: &Path, name: &str) -> Verdict {
    rows::of(path, name)
}

/// An exchange of the SNE is of the day that it says.
fn exchanged(path: &Path) -> Verdict {
    match exchange::day(path) {
        Ok(Some(extrait)) => Verdict::Known {
            kind: Kind::Demandes { extrait },
            because: "échange XML du SNE, jour de « dateFichier »".to_owned(),
        },
        Ok(None) => Verdict::Unknown {
            why:
                "échange XML du SNE sans « dateFichier » : mosaique import demandes FICHIER --date AAAA-MM-JJ"
                    .to_owned(),
        },
        Err(e) => Verdict::Unknown { why: bare(&e.to_string(), path) },
    }
}

fn name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned())
}

/// A message without the path that it begins with: the file is named beside it.
fn bare(message: &str, path: &Path) -> String {
    let path = path.display().to_string();
    message.strip_prefix(&path).map_or(message, |m| m.trim_start_matches([':', ' '])).to_owned()
}

fn year_text(name: &str) -> Option<String> {
    year_in(name).map(|y| y.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_come_before_rows_and_rows_of_dwellings_before_those_of_households() {
        let zones = |couche| Kind::Zones { couche, generation: None };
        let mut kinds = vec![
            Kind::Attributions { annee: 2024 },
            Kind::Ops { vague: 2024 },
            Kind::Rpls { millesime: 2024 },
            Kind::Thresholds { annee: None },
            Kind::Addresses { departements: "73".to_owned() },
            zones(Couche::Qpv),
            zones(Couche::Appartenance),
            zones(Couche::Commune),
            zones(Couche::Departement),
        ];
        kinds.sort();
        let order: Vec<String> = kinds.iter().map(Kind::words).collect();
        assert!(order[0].contains("départements") && order[1].contains("communes"), "{order:?}");
        assert!(order[5].starts_with("seuils") && order[8].starts_with("attributions"), "{order:?}");
    }
}
