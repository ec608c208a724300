//! What our readers share: a file's header against its register, rows to columns on several threads,
//! findings.
//!
//! A register implements [`Intake`]: one row at a time, it checks the cells, pushes what it keeps into its
//! batch, and notes what breaks a rule. [`run`] does the rest in the order of the file: batches become row
//! groups, a key seen twice rejects the second row, counts go to the report. Memory does not depend on the
//! size of the file but for the keys (8 bytes a row).

use std::path::PathBuf;

use csv::ByteRecord;
use polars::prelude::*;
use rustc_hash::FxHashSet;

use super::fields;
pub use super::layout::{Column, Layout};
use super::output::{Output, TableWriter};
use super::report::{Finding, Level, Report, RuleCount};
use super::table::{Shape, Table, TableError};
use super::text::encoding::Seen;
use super::text::separator;
use crate::french::counted;
use crate::reference::ReferenceError;
use crate::reference::registre::{Niveau, Registre, mot};

/// Why a file cannot be imported at all.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    #[error(transparent)]
    Table(#[from] TableError),
    #[error(transparent)]
    Text(#[from] super::text::TextError),
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    #[error("{} : le fichier n'a pas les colonnes attendues : il manque {}. Colonnes trouvées (ligne {line}) : {found}", path.display(), missing.join(", "))]
    Columns { path: PathBuf, line: u64, missing: Vec<String>, found: String },
    #[error("{} : le fichier n'a qu'un en-tête, aucune ligne", path.display())]
    NoRows { path: PathBuf },
    #[error("{} : ligne {line} : {ANOTHER_ORDER}", path.display())]
    Reordered { path: PathBuf, line: u64 },
    #[error("écriture du résultat impossible ({0})")]
    Write(#[from] std::io::Error),
    #[error("écriture de la table impossible ({0})")]
    Polars(#[from] PolarsError),
}

/// The findings of one block, and the flags of the row at hand.
#[derive(Debug)]
pub struct Notes<'r> {
    registre: &'r Registre,
    line: u64,
    flags: u32,
    /// Rules broken by the row at hand, as positions in the register.
    rules: u64,
    findings: Vec<Finding>,
    counts: Vec<(&'static str, u64)>,
    /// Cells that are not of the kind of their column, in the row at hand.
    misfits: u32,
}

impl<'r> Notes<'r> {
    fn new(registre: &'r Registre) -> Self {
        Self { registre, line: 0, flags: 0, rules: 0, findings: Vec::new(), counts: Vec::new(), misfits: 0 }
    }

    /// Notes a cell that is not of the kind of its column: a sign that the row may have slipped.
    pub fn misfit(&mut self, rule: &str, column: &Column, value: &[u8], message: impl Into<String>) {
        self.misfits += 1;
        self.note(rule, column, value, message);
    }

    /// Line of the row at hand in the file.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Notes that a cell breaks a rule. The level is the one that the register gives to the rule.
    pub fn note(&mut self, rule: &str, column: &Column, value: &[u8], message: impl Into<String>) {
        self.note_named(rule, &column.header, value, message);
    }

    /// The same for a column named by hand (rules about the row as a whole).
    pub fn note_named(&mut self, rule: &str, column: &str, value: &[u8], message: impl Into<String>) {
        let Some((at, r)) = self.registre.regles.iter().enumerate().find(|(_, r)| r.id == rule) else {
            debug_assert!(false, "règle {rule} absente du registre");
            return;
        };
        let level = match r.niveau {
            Niveau::Rejet => Level::Rejet,
            Niveau::Drapeau => Level::Drapeau,
        };
        self.rules |= 1 << at;
        if level == Level::Drapeau {
            self.flags |= 1 << (r.numero() - 1);
        }
        self.findings.push(Finding {
            line: self.line,
            column: column.to_owned(),
            value: String::from_utf8_lossy(value).into_owned(),
            rule: rule.to_owned(),
            level,
            message: message.into(),
        });
    }

    /// Counts a repair or another event that needs no finding.
    pub fn count(&mut self, key: &'static str) {
        match self.counts.iter_mut().find(|(k, _)| *k == key) {
            Some((_, n)) => *n += 1,
            None => self.counts.push((key, 1)),
        }
    }

    /// `drapeaux` of the row at hand, so far.
    #[must_use]
    pub fn flags(&self) -> u32 {
        self.flags
    }
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Pushed into the batch. A key that was seen before rejects the row after all.
    Kept { key: Option<u64> },
    /// Not pushed; a rejection was noted.
    Rejected,
}

/// One register.
pub trait Intake: Sync {
    /// Columns under construction.
    type Batch: Send;
    /// What one thread keeps from block to block (`()` or memories of streets).
    type State;

    fn registre(&self) -> &Registre;
    fn schema(&self) -> Schema;
    fn state(&self) -> Self::State;
    fn batch(&self) -> Self::Batch;

    /// Reads one record. Its last act, for a row that is kept, is to push exactly one row with
    /// `notes.flags()`.
    fn row(
        &self,
        record: &ByteRecord,
        state: &mut Self::State,
        batch: &mut Self::Batch,
        notes: &mut Notes<'_>,
    ) -> Fate;

    /// The columns of a full batch, in the order of the schema.
    fn columns(&self, batch: Self::Batch) -> Vec<polars::prelude::Column>;

    /// What to say of a row whose key was seen before; `None` when rows have no keys.
    fn repeated(&self) -> Option<Repeated> {
        None
    }
}

/// The rejection of a row whose key was seen before.
#[derive(Debug, Clone)]
pub struct Repeated {
    pub rule: &'static str,
    /// Name of the column in the file.
    pub header: String,
    /// Name of the column in the table (text), for the value.
    pub column: &'static str,
    pub message: &'static str,
}

struct Parsed {
    columns: Vec<polars::prelude::Column>,
    rows: Vec<RowInfo>,
    findings: Vec<Finding>,
    /// Rows a rule, by position in the register.
    by_rule: Vec<u64>,
    counts: Vec<(&'static str, u64)>,
    read: u64,
    rejected: u64,
    blank: u64,
    outside: u64,
    /// Line and beginning of the first of them.
    first_outside: Option<(u64, String)>,
    /// Line of a second header whose columns stand otherwise.
    reordered: Option<u64>,
    /// The file ends amid a line.
    cut: bool,
    seen: Seen,
}

struct RowInfo {
    line: u64,
    key: Option<u64>,
    flagged: bool,
}

/// Opens a table and finds its header: the first record that has the mandatory columns of one of these
/// registers. Titles and hints above it are left out.
///
/// # Errors
/// The file is no table, or has no rows.
pub fn open(path: &std::path::Path, registres: &[&Registre]) -> Result<Table, IntakeError> {
    let mut table = Table::open(path)?;
    table.seek(|record| registres.iter().any(|r| Layout::new(r, record).is_ok()))?;
    if table.head.len() < 2 {
        return Err(IntakeError::NoRows { path: path.to_owned() });
    }
    Ok(table)
}

/// The layout of a register in an open table, with the habits of its columns.
///
/// # Errors
/// [`IntakeError::Columns`] with the names that are missing.
pub fn layout(registre: &Registre, table: &Table) -> Result<Layout, IntakeError> {
    let header = table.head.first().map_or(&[][..], Vec::as_slice);
    let mut layout = Layout::new(registre, header).map_err(|missing| {
        let mut found: Vec<&str> = header.iter().map(|h| h.trim()).take(40).collect();
        if header.len() > 40 {
            found.push("…");
        }
        IntakeError::Columns {
            path: table.text.path().to_owned(),
            line: table.header_line,
            missing,
            found: if found.iter().all(|name| name.is_empty()) {
                "aucune".to_owned()
            } else {
                found.join(", ")
            },
        }
    })?;
    layout.survey(table)?;
    Ok(layout)
}

/// What a report says of the lines above the header.
#[must_use]
pub fn above(table: &Table) -> Option<String> {
    (table.header_line > 1).then(|| {
        format!(
            "L'en-tête est à la ligne {} : ce qui précède (titre, « sep= ») n'est pas lu.",
            table.header_line
        )
    })
}

/// What a report says of a file whose copy was cut short.
#[must_use]
pub fn ends_blank(table: &Table) -> Option<String> {
    // One sign may be the end mark of DOS.
    (table.text.tail > 1).then(|| {
        format!(
            "Le fichier finit par {} octets nuls : une copie s'est sans doute arrêtée en route. Ce qui précède est lu ; vérifiez qu'il est entier.",
            table.text.tail
        )
    })
}

/// What is said of a second header whose columns stand otherwise.
pub(super) const ANOTHER_ORDER: &str = "l'en-tête revient avec ses colonnes dans un autre ordre : deux fichiers ont été mis bout à bout, et les lignes qui suivent seraient lues sous d'autres noms. Séparez-les, puis importez-les un par un.";

/// What a report says of a file whose last line is cut.
pub(super) const CUT: &str = "Le fichier s'arrête au milieu de sa dernière ligne : une copie s'est sans doute interrompue ; vérifiez qu'il est entier.";

/// Whether a record is none of a table's: a title between its parts, a total, its header come again.
pub(super) fn is_outside(record: &ByteRecord, header: &[String]) -> bool {
    let Some(first) = record.iter().find(|cell| !fields::is_blank(cell)) else { return false };
    // A text alone in a row that has room for more; one with the separators of a row is no title.
    if first.len() == record.as_slice().trim_ascii().len() && header.len() > 2 {
        return !holds_a_row(first, header.len());
    }
    match first.first().map(u8::to_ascii_uppercase) {
        Some(b'T' | b'S') if mot(&String::from_utf8_lossy(first)).contains("TOTA") => {
            let filled = record.iter().filter(|cell| !fields::is_blank(cell)).count();
            2 * filled <= header.len()
        }
        _ => {
            let again = header.first().is_some_and(|name| record.get(0) == Some(name.as_bytes()));
            again && record.iter().zip(header).all(|(cell, name)| cell == name.as_bytes())
        }
    }
}

/// Whether a cell alone in its row has the separators of about all fields.
fn holds_a_row(cell: &[u8], fields: usize) -> bool {
    let most = b";,\t|".iter().map(|sign| cell.iter().filter(|b| *b == sign).count()).max();
    most.is_some_and(|n| n >= 2 && 2 * n + 2 >= fields)
}

/// Whether a record is the header again with its columns in another order: rows behind it would be read under
/// the wrong names.
pub(super) fn is_reordered(record: &ByteRecord, header: &[String]) -> bool {
    let same = |cell: &[u8], name: &String| cell.eq_ignore_ascii_case(name.as_bytes());
    let named = |cell: &[u8]| header.iter().any(|name| same(cell, name));
    // Almost every row ends here: its first cell begins with a digit, or is nobody's name.
    let first = record.get(0).filter(|cell| cell.first().is_some_and(u8::is_ascii_alphabetic));
    if !first.is_some_and(&named) || record.len() < 3 {
        return false;
    }
    let names = record.iter().filter(|cell| named(cell)).count();
    let moved = record.iter().zip(header).filter(|(cell, name)| named(cell) && !same(cell, name)).count();
    2 * names > header.len().max(record.len()) && moved > 0
}

/// What a report says of the lines outside of the table: how many, the first and what it says.
pub(super) fn outside(n: u64, first: Option<&(u64, String)>) -> Option<String> {
    let (line, text) = first?;
    let are = if n < 2 { "n'est pas lue" } else { "ne sont pas lues" };
    Some(format!(
        "{} hors du tableau {are} (titre, total ou en-tête répété) ; la première est la ligne {line} : « {text} ».",
        counted(n, "ligne", "lignes")
    ))
}

/// The beginning of a record, for [`outside`].
pub(super) fn shown(record: &ByteRecord) -> String {
    let first = record.iter().find(|cell| !fields::is_blank(cell)).unwrap_or_default();
    String::from_utf8_lossy(first).trim().chars().take(60).collect()
}

/// Streams a table through a register into `{name}.parquet` and `constats.csv`.
///
/// Fills all of `report` but `registre`, `cle` and `format`. `progress` gets bytes read and their total.
///
/// # Errors
/// Those of reading and of writing.
pub fn run<I: Intake>(
    intake: &I,
    table: &Table,
    layout: &Layout,
    name: &str,
    output: &Output,
    report: &mut Report,
    progress: &dyn Fn(u64, u64),
) -> Result<(), IntakeError> {
    let schema = intake.schema();
    let mut writer: TableWriter = output.table(name, &schema)?;
    let mut findings = output.findings()?;
    let mut keys: FxHashSet<u64> = FxHashSet::default();
    let mut by_rule = vec![0u64; intake.registre().regles.len()];
    let mut seen = Seen { bom: table.bom, ..Seen::default() };
    let mut wrote = false;
    let again = intake.repeated();
    let workers = std::thread::available_parallelism().map_or(2, std::num::NonZero::get).min(8);
    let (mut blank, mut around, mut first_around, mut cut) = (0, 0, None, false);
    table.blocks(
        table.skip(),
        workers,
        || intake.state(),
        |state, block| parse(intake, layout, state, block),
        |mut p: Parsed, read| -> Result<(), IntakeError> {
            if let Some(line) = p.reordered {
                return Err(IntakeError::Reordered { path: table.text.path().to_owned(), line });
            }
            let mut repeated = Vec::new();
            let (mut kept, mut flagged) = (0u64, 0u64);
            for (i, row) in p.rows.iter().enumerate() {
                if row.key.is_some_and(|k| !keys.insert(k)) {
                    repeated.push(i);
                } else {
                    kept += 1;
                    flagged += u64::from(row.flagged);
                }
            }
            let mut frame = DataFrame::new(p.rows.len(), std::mem::take(&mut p.columns))?;
            if let (Some(again), false) = (&again, repeated.is_empty()) {
                let values = frame.column(again.column)?.str()?.clone();
                let mut mask = vec![true; p.rows.len()];
                for &i in &repeated {
                    mask[i] = false;
                    p.findings.push(Finding {
                        line: p.rows[i].line,
                        column: again.header.clone(),
                        value: values.get(i).unwrap_or("").to_owned(),
                        rule: again.rule.to_owned(),
                        level: Level::Rejet,
                        message: again.message.to_owned(),
                    });
                }
                if let Some(at) = intake.registre().regles.iter().position(|r| r.id == again.rule) {
                    by_rule[at] += repeated.len() as u64;
                }
                p.findings.sort_by_key(|f| f.line);
                frame = frame.filter(&BooleanChunked::from_slice(PlSmallStr::EMPTY, &mask))?;
            }
            if frame.height() > 0 {
                writer.write(&frame)?;
                wrote = true;
            }
            for f in &p.findings {
                findings.write(f)?;
            }
            for (total, n) in by_rule.iter_mut().zip(&p.by_rule) {
                *total += n;
            }
            for (key, n) in &p.counts {
                report.count(key, *n);
            }
            report.lignes_lues += p.read;
            report.lignes_gardees += kept;
            report.lignes_avec_drapeau += flagged;
            report.lignes_rejetees += p.rejected + repeated.len() as u64;
            blank += p.blank;
            around += p.outside;
            cut |= p.cut;
            first_around = first_around.take().or(p.first_outside);
            seen.merge(p.seen);
            progress(read.min(table.text.size), table.text.size);
            Ok(())
        },
    )?;
    if !wrote {
        writer.write(&DataFrame::empty_with_schema(&schema))?;
    }
    writer.finish()?;
    findings.finish()?;
    if blank > 0 {
        report.count("lignes_vides", blank);
    }
    if around > 0 {
        report.count("lignes_hors_tableau", around);
    }
    report.remarques.extend(outside(around, first_around.as_ref()));
    report.remarques.extend(cut.then(|| CUT.to_owned()));
    for (r, n) in intake.registre().regles.iter().zip(by_rule) {
        if n > 0 {
            let niveau = match r.niveau {
                Niveau::Rejet => Level::Rejet,
                Niveau::Drapeau => Level::Drapeau,
            };
            report.regles.insert(r.id.clone(), RuleCount { libelle: r.libelle.clone(), niveau, lignes: n });
        }
    }
    report.empreinte = table.text.fingerprint()?;
    report.encoding(&seen);
    report.separateur = separator::label(table.delimiter).to_owned();
    report.remarques.extend(above(table));
    report.remarques.extend(ends_blank(table));
    layout.remarks(report);
    progress(table.text.size, table.text.size);
    Ok(())
}

fn parse<I: Intake>(
    intake: &I,
    layout: &Layout,
    state: &mut I::State,
    block: &super::table::Block,
) -> Parsed {
    let registre = intake.registre();
    let mut batch = intake.batch();
    let mut notes = Notes::new(registre);
    let mut rows = Vec::new();
    let mut by_rule = vec![0u64; registre.regles.len()];
    let (mut read, mut rejected, mut blank) = (0, 0, 0);
    let (mut outside, mut first_outside, mut reordered) = (0, None, None);
    let mut last = Shape::Whole;
    let mut trial: Option<I::Batch> = None;
    let seen = block.rows(layout.full, layout.reach, |line, record, shape| {
        last = shape;
        if record.iter().all(fields::is_blank) {
            blank += 1;
            return;
        }
        if is_reordered(record, &layout.header) {
            reordered.get_or_insert(line);
            return;
        }
        if is_outside(record, &layout.header) {
            outside += 1;
            first_outside.get_or_insert_with(|| (line, shown(record)));
            return;
        }
        read += 1;
        notes.line = line;
        notes.flags = 0;
        notes.rules = 0;
        let found = record.len();
        let padded;
        let (record, whole) = match shape {
            Shape::Whole => (record, overflow(record, layout.width).is_none()),
            Shape::Broken => (record, false),
            Shape::Short => {
                padded = filled(record, layout.width);
                // A row that slipped by a separator is short too: the cells of a sound one fit their columns.
                let mut first = Notes::new(registre);
                let batch = trial.get_or_insert_with(|| intake.batch());
                let reaches = record.len() >= layout.reach;
                if reaches {
                    intake.row(&padded, state, batch, &mut first);
                }
                (&padded, reaches && first.misfits == 0)
            }
        };
        let fate = if whole {
            let fate = intake.row(record, state, &mut batch, &mut notes);
            if shape == Shape::Short && fate != Fate::Rejected {
                notes.count("lignes_completees");
            }
            fate
        } else {
            let wide = format!("{found} champs au lieu de {}", layout.width);
            let rule = registre.regles.first().map_or("", |r| r.id.as_str());
            notes.note_named(
                rule,
                "",
                wide.as_bytes(),
                "Le nombre de champs n'est pas celui de l'en-tête : un séparateur ou un retour à la ligne est sans doute dans une valeur sans guillemets, ou la ligne est coupée.",
            );
            Fate::Rejected
        };
        match fate {
            Fate::Kept { key } => rows.push(RowInfo { line, key, flagged: notes.flags != 0 }),
            Fate::Rejected => rejected += 1,
        }
        let mut rules = notes.rules;
        while rules != 0 {
            by_rule[rules.trailing_zeros() as usize] += 1;
            rules &= rules - 1;
        }
    });
    Parsed {
        columns: intake.columns(batch),
        rows,
        findings: notes.findings,
        by_rule,
        counts: notes.counts,
        read,
        rejected,
        blank,
        outside,
        first_outside,
        reordered,
        cut: block.is_unended() && last == Shape::Broken,
        seen,
    }
}

/// Fields beyond the header that are not empty.
#[must_use]
pub fn overflow(record: &ByteRecord, width: usize) -> Option<usize> {
    (record.len() > width)
        .then(|| record.iter().skip(width).filter(|f| !fields::is_blank(f)).count())
        .filter(|n| *n > 0)
}

/// A short row with its empty cells at the end.
#[must_use]
pub fn filled(record: &ByteRecord, width: usize) -> ByteRecord {
    let mut whole = record.clone();
    for _ in record.len()..width {
        whole.push_field(b"");
    }
    whole
}
