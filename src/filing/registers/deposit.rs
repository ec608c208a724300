//! A file that a bailleur deposits: checked as an import is, but of its own SIREN only, with its corrections,
//! beside its rows.
//!
//! The folder of a deposit holds `recu` (the file as it came), `classeur.csv` (what a workbook became),
//! `corrige.csv` (with its corrections) and `controle/`: what an import writes, plus `lignes.csv`, every row
//! that has a finding.

use std::collections::BTreeSet;
use std::path::Path;

use super::kind::{self, Verdict};
use super::kit::personal::{self, PersonalError};
use super::kit::recognise::recognises;
use super::mend::{self, Corrections, MendError};
use super::ops::{self, OpsError};
use super::output::Output;
use super::owner;
use super::report::Report;
use super::rpls::{self, RplsError, RplsOptions};
use super::table::{Table, TableError};
use super::workbook::{self, WorkbookError};

/// Why a deposit cannot be checked.
#[derive(Debug, thiserror::Error)]
pub enum DepositError {
    #[error(transparent)]
    Rpls(#[from] RplsError),
    #[error(transparent)]
    Ops(#[from] OpsError),
    #[error(transparent)]
    Workbook(#[from] WorkbookError),
    #[error(transparent)]
    Mend(#[from] MendError),
    #[error(transparent)]
    Table(#[from] TableError),
    #[error(transparent)]
    Personal(#[from] PersonalError),
    #[error("contrôle du dépôt : {0}")]
    Io(#[from] std::io::Error),
    #[error("contrôle du dépôt : {0}")]
    Frame(#[from] polars::error::PolarsError),
    #[error("contrôle du dépôt : {0}")]
    Csv(#[from] csv::Error),
    #[error("ce fichier est un tableau d'agrégats : un dépôt a une ligne par logement")]
    Aggregates,
    #[error("un dépôt est un RPLS ou une OPS, pas « {0} »")]
    Register(String),
    #[error("« {name} » est reconnu comme {what}, pas comme {wanted}. {todo}")]
    Other { name: String, what: String, wanted: &'static str, todo: &'static str },
}

/// What is deposited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind {
    /// `rpls` or `ops`.
    pub register: String,
    /// Millésime or wave.
    pub year: u16,
    /// SIREN of the bailleur.
    pub siren: String,
    /// Name of the file as its owner has it.
    pub name: String,
}

/// A message about the files of a folder, that names the one received as its owner does, not where it lies.
#[must_use]
pub fn plain(message: &str, dir: &Path, name: &str) -> String {
    let named = |said: String, file: &str| said.replace(&format!("{}/{file}", dir.display()), name);
    ["recu", "classeur.csv", "corrige.csv"]
        .into_iter()
        .fold(message.to_owned(), named)
        .replace(&format!("{}/", dir.display()), "")
}

/// Checks the file `recu` of a folder; the result stands in `controle/`. Progress: bytes read, and their
/// total.
///
/// # Errors
/// The file is not of this register or cannot be read; the disk refuses.
pub fn check(
    dir: &Path,
    kind: &Kind,
    corrections: &Corrections,
    progress: &dyn Fn(u64, u64),
) -> Result<Report, DepositError> {
    let out = dir.join("controle");
    if out.exists() {
        std::fs::remove_dir_all(&out)?;
    }
    std::fs::create_dir_all(&out)?;
    let received = dir.join("recu");
    let (mut file, mut remark) = (received.clone(), None);
    // Nothing of it stays: it may name people.
    let desk = tempfile::tempdir_in(dir)?;
    let unpacked = workbook::packed(&received, desk.path())?;
    let book = unpacked.as_deref().unwrap_or(&received);
    if workbook::is_workbook(book) {
        file = dir.join("classeur.csv");
        let sheet = workbook::to_csv(book, &file, None, &|head| recognises(&kind.register, head))?;
        remark = Some(sheet.remark());
    }
    let (first, header) = table(&file, kind)?;
    if let Err(e) = personal::refuse(&first, header) {
        // What names people is not kept, not even as it came.
        for name in ["recu", "classeur.csv", "corrige.csv"] {
            let _ = std::fs::remove_file(dir.join(name));
        }
        return Err(e.into());
    }
    if !header && let Some(e) = other(&file, kind) {
        return Err(e);
    }
    if !corrections.is_empty() {
        let mended = dir.join("corrige.csv");
        mend::apply(&first, corrections, &mended)?;
        file = mended;
    }
    let output = Output::new(&out);
    let (mut report, name) = match kind.register.as_str() {
        "rpls" => {
            let options = RplsOptions { millesime: kind.year, workers: None };
            (rpls::import(&file, &options, &output, progress)?, "logements")
        }
        "ops" => (ops::import(&file, &ops::Options { vague: kind.year }, &output, progress)?, "menages"),
        other => return Err(DepositError::Register(other.to_owned())),
    };
    if !out.join(format!("{name}.parquet")).exists() {
        return Err(DepositError::Aggregates);
    }
    owner::keep(&out, name, &kind.siren, &mut report)?;
    report.fichier.clone_from(&kind.name);
    report.registre = format!("depot_{}", kind.register);
    report.cle = format!("{}-{}", kind.year, kind.siren);
    report.remarques.extend(remark);
    if !corrections.is_empty() {
        report.count("lignes_corrigees_par_le_deposant", corrections.len() as u64);
    }
    mend::extract(&table(&file, kind)?.0, &lines(&out)?, &out.join("lignes.csv"))?;
    Ok(report)
}

/// What a file is, that has not the header of its register, if that can be told.
fn other(file: &Path, asked: &Kind) -> Option<DepositError> {
    let found = match kind::of_table(file, &asked.name) {
        Verdict::Known { kind, .. } => kind,
        Verdict::Doubtful { kinds, .. } => kinds.into_iter().next()?,
        Verdict::Part { .. } | Verdict::Unknown { .. } => return None,
    };
    // The collection file has no header: its own register reads it by position.
    let id = match found {
        kind::Kind::Rpls { .. } => "rpls",
        kind::Kind::Ops { .. } => "ops",
        _ => "",
    };
    if id == asked.register {
        return None;
    }
    let todo = match id {
        "rpls" => "Choisissez « RPLS, logements » et déposez-le de nouveau.",
        "ops" => "Choisissez « OPS, occupation » et déposez-le de nouveau.",
        _ => "Un bailleur dépose un RPLS ou une enquête OPS ; le reste est importé par l'administration.",
    };
    let wanted = if asked.register == "rpls" {
        "un RPLS (un logement par ligne)"
    } else {
        "une enquête OPS (un ménage par ligne)"
    };
    Some(DepositError::Other { name: asked.name.clone(), what: found.words(), wanted, todo })
}

/// A table that begins at the header of its register, titles above it left out; whether it has one.
fn table(file: &Path, kind: &Kind) -> Result<(Table, bool), TableError> {
    let mut table = Table::open(file)?;
    let header = table.seek(|record| recognises(&kind.register, &[record.to_vec()]))?;
    Ok((table, header))
}

/// Lines that have a finding.
fn lines(dir: &Path) -> Result<BTreeSet<u64>, DepositError> {
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_path(dir.join("constats.csv"))?;
    let mut out = BTreeSet::new();
    for record in reader.byte_records() {
        let record = record?;
        out.extend(
            record.get(0).and_then(|n| std::str::from_utf8(n).ok()).and_then(|n| n.parse::<u64>().ok()),
        );
    }
    Ok(out)
}
