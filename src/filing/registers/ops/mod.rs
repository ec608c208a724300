//! The OPS survey: one row a dwelling asked (`menages.parquet`), or aggregates of older waves
//! (`agregats.parquet`).
//!
//! [`import`] recognises the format by its header. [`row`] types and checks one dwelling, [`plafond`]
//! computes the percentage of the PLUS ceiling, [`aggregates`] reads the long tables of 2009–2018. What a
//! rule says and at which level stands in `data/registers/ops.toml`.

mod aggregates;
mod batch;
pub mod plafond;
mod row;

use std::path::{Path, PathBuf};

use super::headers::canonical;
use super::intake::{self, IntakeError};
use super::output::Output;
use super::report::Report;
use super::table::Table;
use crate::reference::ops::ops;
use crate::reference::plafonds::plafonds;

/// What the user says of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Year of the wave: 2020, 2022, 2024…
    pub vague: u16,
}

/// Why an OPS file cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum OpsError {
    #[error(transparent)]
    Intake(#[from] IntakeError),
    #[error(
        "{} : aucune ligne n'est de la vague {expected} (vagues lues : {found}). Vérifiez le fichier ou \
            l'option --wave",
        path.display()
    )]
    OtherWave { path: PathBuf, expected: u16, found: String },
}

/// Imports an OPS file of either format.
///
/// # Errors
/// The file is no table, lacks a mandatory column, or belongs to another wave; or the result cannot be
/// written.
pub fn import(
    path: &Path,
    options: &Options,
    output: &Output,
    progress: &dyn Fn(u64, u64),
) -> Result<Report, OpsError> {
    let reference = ops().map_err(IntakeError::from)?;
    let table = intake::open(path, &[&reference.reponse, &reference.agregat])?;
    let name = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let mut report = Report::new("ops", &options.vague.to_string(), &name);
    let (width, wave) = if is_aggregate(&table) {
        report.format = "OPS, agrégats d'une vague ancienne".to_owned();
        let layout = intake::layout(&reference.agregat, &table)?;
        let reader = aggregates::Aggregates::new(&reference.agregat, &layout, options.vague);
        intake::run(&reader, &table, &layout, "agregats", output, &mut report, progress)?;
        ("G00", "G01")
    } else {
        report.format = "OPS, une ligne par logement".to_owned();
        let layout = intake::layout(&reference.reponse, &table)?;
        let ceilings = plafonds().map_err(IntakeError::from)?;
        let reader = row::Dwellings::new(reference, ceilings, &layout, options.vague);
        intake::run(&reader, &table, &layout, "menages", output, &mut report, progress)?;
        if layout.column("handicap").at.is_some() {
            report
                .remarques
                .push("La colonne « handicap » est une donnée de santé : elle n'est pas lue.".to_owned());
        }
        if layout.column("cat_plafond").at.is_none() && layout.column("rfr").at.is_some() {
            report.remarques.push(
                "Handicap non connu : sans « cat_plafond », un ménage dont une personne a la carte mobilité inclusion mention invalidité est compté dans la \
                 catégorie d'en dessous, et son pourcentage est surestimé (28 000 € seul en 2025 : 120,7 % au lieu de 90,4 %)."
                    .to_owned(),
            );
        }
        if report.regles.contains_key("O23") && layout.column("age_conjoint").at.is_none() {
            report.remarques.push(
                "Une colonne « age_conjoint » permettrait de reconnaître les jeunes ménages (règle O23) et \
                    d'affiner leur plafond."
                    .to_owned(),
            );
        }
        ("O00", "O01")
    };
    // Rows of the wrong width were not asked for their wave.
    let rows = |id: &str| report.regles.get(id).map_or(0, |r| r.lignes);
    if rows(wave) > 0 && rows(wave) + rows(width) == report.lignes_lues {
        return Err(OpsError::OtherWave {
            path: path.to_owned(),
            expected: options.vague,
            found: waves_in_head(&table),
        });
    }
    if options.vague <= 2014 {
        report.remarques.push(
            "Jusqu'en 2014, les emménagés récents sont ceux des trois dernières années (deux depuis 2016) : \
                définition non comparable."
                .to_owned(),
        );
    }
    Ok(report)
}

/// The header is that of the long table of aggregates.
fn is_aggregate(table: &Table) -> bool {
    let header: Vec<String> =
        table.head.first().map_or_else(Vec::new, |h| h.iter().map(|n| canonical(n)).collect());
    let has = |name: &str| header.iter().any(|h| h == name);
    has("ZONE_TYPE") || has("INDICATEUR") && has("EFFECTIF") && !has("STATUT_LOGEMENT")
}

/// The waves that the first records name, for a message.
fn waves_in_head(table: &Table) -> String {
    let at = table.head.first().and_then(|h| {
        h.iter()
            .position(|n| matches!(canonical(n).as_str(), "VAGUE" | "ANNEE" | "ANNEE_ENQUETE" | "VAGUE_OPS"))
    });
    let mut found: Vec<&str> = table
        .head
        .iter()
        .skip(1)
        .filter_map(|r| r.get(at?))
        .map(|v| v.trim())
        .filter(|v| !v.is_empty())
        .collect();
    found.sort_unstable();
    found.dedup();
    if found.is_empty() { "aucune".to_owned() } else { found.join(", ") }
}
