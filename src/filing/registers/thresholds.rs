//! First-quartile thresholds per EPCI and year → `seuils.parquet` (CCH L.441-1; yearly arrêté).
//!
//! Accepts `epci;annee;eur_uc;source` and tables copied from the Journal officiel without a year, whose
//! year the user then gives.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use csv::ByteRecord;
use polars::prelude::Schema;

use super::checks::hashed;
use super::columns::batch;
use super::fields;
use super::intake::{self, Column, Fate, Intake, IntakeError, Notes, Repeated};
use super::kit::numbers::Kind;
use super::output::Output;
use super::report::Report;
use crate::reference::registre::{Registre, mot};
use crate::reference::thresholds::{Thresholds, thresholds};

/// What the user says of the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// Year of the arrêté; needed when the file has no column for it. With such a column, rows of other
    /// years are rejected.
    pub annee: Option<u16>,
}

/// Why a file of thresholds cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum ThresholdsError {
    #[error(transparent)]
    Intake(#[from] IntakeError),
    #[error("{} : le fichier n'a pas de colonne « annee » ; donnez l'année de l'arrêté avec l'option --year", path.display())]
    NoYear { path: PathBuf },
}

/// Imports a file of thresholds.
///
/// # Errors
/// The file is no table, lacks a mandatory column or its year; or the result cannot be written.
pub fn import(
    path: &Path,
    options: &Options,
    output: &Output,
    progress: &dyn Fn(u64, u64),
) -> Result<Report, ThresholdsError> {
    let reference = thresholds().map_err(IntakeError::from)?;
    let table = intake::open(path, &[&reference.registre])?;
    let layout = intake::layout(&reference.registre, &table)?;
    if options.annee.is_none() && layout.column("annee").at.is_none() {
        return Err(ThresholdsError::NoYear { path: path.to_owned() });
    }
    let name = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let mut report = Report::new("thresholds", "", &name);
    report.format = "Seuils du premier quartile par intercommunalité".to_owned();
    let reader = Rows {
        reference,
        asked: options.annee,
        file: name,
        epci: layout.column("epci"),
        annee: layout.column("annee"),
        eur_uc: layout.column("eur_uc"),
        source: layout.column("source"),
        years: Mutex::default(),
    };
    intake::run(&reader, &table, &layout, "seuils", output, &mut report, progress)?;
    let years = reader.years.into_inner().unwrap_or_default();
    report.cle = options
        .annee
        .map_or_else(|| years.iter().map(u16::to_string).collect::<Vec<_>>().join(","), |a| a.to_string());
    Ok(report)
}

batch! {
    /// One row an EPCI and year.
    Batch { epci: Text, annee: U16, eur_uc: F64, source: Text }
}

struct Rows<'r> {
    reference: &'r Thresholds,
    asked: Option<u16>,
    file: String,
    epci: Column,
    annee: Column,
    eur_uc: Column,
    source: Column,
    years: Mutex<BTreeSet<u16>>,
}

impl Rows<'_> {
    /// Whether a word names the region that has one threshold.
    fn names(&self, word: &str) -> bool {
        self.reference.seuils.region_codes.iter().any(|c| c == word)
    }

    /// SIREN of an EPCI (never begins with a zero), or the code of the region.
    fn code(&self, record: &ByteRecord, notes: &mut Notes<'_>) -> Option<String> {
        let cell = self.epci.cell(record).unwrap_or(b"");
        let word = mot(&String::from_utf8_lossy(cell));
        // The Journal officiel has no SIREN for the region: its line is known by its name.
        let named = || record.iter().any(|c| self.names(&mot(&String::from_utf8_lossy(c))));
        if self.names(&word) || (cell.is_empty() && named()) {
            return Some(self.reference.seuils.region.clone());
        }
        match fields::siren(cell) {
            Ok(s) if !s.repaired || cell.len() > 9 => {
                if !s.luhn {
                    notes.note(
                        "T06",
                        &self.epci,
                        cell,
                        "La clé de ce SIREN est fausse ; il est gardé tel quel.",
                    );
                }
                Some(String::from_utf8_lossy(&s.digits).into_owned())
            }
            _ => {
                notes.note(
                    "T01",
                    &self.epci,
                    cell,
                    "Le SIREN de l'intercommunalité (neuf chiffres) est attendu.",
                );
                None
            }
        }
    }

    fn year(&self, record: &ByteRecord, notes: &mut Notes<'_>) -> Option<u16> {
        let [first, last] = self.reference.seuils.annee;
        let (cell, year) = match (self.annee.cell(record), self.annee.at, self.asked) {
            (None, None, asked) => return asked,
            (None, ..) => (&b""[..], None),
            (Some(cell), ..) => {
                let y = fields::integer(cell).ok().and_then(|y| u16::try_from(y).ok());
                (cell, y.filter(|y| (first..=last).contains(y)))
            }
        };
        match (year, self.asked) {
            (Some(y), None) => return Some(y),
            (Some(y), Some(asked)) if y == asked => return Some(y),
            (_, Some(asked)) => {
                notes.note("T02", &self.annee, cell, format!("L'année {asked} est attendue."))
            }
            (None, None) => {
                notes.note("T02", &self.annee, cell, "L'année de l'arrêté est attendue (quatre chiffres).")
            }
        }
        None
    }
}

impl Intake for Rows<'_> {
    type Batch = Batch;
    type State = ();

    fn registre(&self) -> &Registre {
        &self.reference.registre
    }

    fn schema(&self) -> Schema {
        Batch::schema()
    }

    fn state(&self) {}

    fn batch(&self) -> Batch {
        Batch::new(1024)
    }

    fn columns(&self, batch: Batch) -> Vec<polars::prelude::Column> {
        batch.done()
    }

    fn repeated(&self) -> Option<Repeated> {
        Some(Repeated {
            rule: "T04",
            header: self.epci.header.clone(),
            column: "epci",
            message: "Cette intercommunalité a déjà un seuil pour cette année ; le premier est gardé.",
        })
    }

    fn row(&self, record: &ByteRecord, (): &mut (), b: &mut Batch, notes: &mut Notes<'_>) -> Fate {
        let code = self.code(record, notes);
        let year = self.year(record, notes);
        let amount = self
            .eur_uc
            .cell(record)
            .and_then(|v| self.eur_uc.number(v, Kind::Money { most: f64::INFINITY }).ok())
            .map(|read| read.value)
            .filter(|v| *v > 0.0);
        let cell = self.eur_uc.cell(record).unwrap_or(b"");
        let Some(amount) = amount else {
            notes.note(
                "T03",
                &self.eur_uc,
                cell,
                "Un montant en euros par an et par unité de consommation est attendu.",
            );
            return Fate::Rejected;
        };
        let (Some(code), Some(year)) = (code, year) else { return Fate::Rejected };
        let [low, high] = self.reference.seuils.eur_uc;
        if !(low..=high).contains(&amount) {
            let message = format!("Seuil hors de l'intervalle usuel de {low} à {high} € ; il est gardé.");
            notes.note("T05", &self.eur_uc, cell, message);
        }
        if let Ok(mut years) = self.years.lock() {
            years.insert(year);
        }
        b.epci.push(Some(&code));
        b.annee.push(Some(year));
        b.eur_uc.push(Some(amount));
        match self.source.cell(record) {
            Some(s) => b.source.push_bytes(Some(s)),
            None => b.source.push(Some(&self.file)),
        }
        Fate::Kept { key: Some(hashed(format!("{code} {year}").as_bytes())) }
    }
}
