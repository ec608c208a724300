//! Cells of a file that its owner corrected, by line and column; and the rows that need it, taken out whole.
//!
//! The corrected file keeps the line numbers of the first: blank lines stand where it had some, so that a row
//! is found again by its line from one check to the next.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use csv::ByteRecord;

use super::rpls::collection;
use super::table::{Table, TableError};

/// Line → column as the file names it → new content.
pub type Corrections = BTreeMap<u64, BTreeMap<String, String>>;

/// Why a file cannot be mended.
#[derive(Debug, thiserror::Error)]
pub enum MendError {
    #[error(transparent)]
    Table(#[from] TableError),
    #[error("écriture du fichier corrigé impossible ({0})")]
    Write(#[from] std::io::Error),
    #[error("écriture du fichier corrigé impossible ({0})")]
    Csv(#[from] csv::Error),
    #[error("le fichier n'a pas de colonne « {column} » (colonnes : {known})")]
    Column { column: String, known: String },
    #[error("« {} » n'a pas de colonne « ligne » : repartez du fichier des lignes à corriger", .0.display())]
    NoLine(PathBuf),
    #[error("ligne {0} : « ligne » n'est pas un nombre")]
    BadLine(u64),
}

fn header(table: &Table) -> &[String] {
    table.head.first().map_or(&[], Vec::as_slice)
}

/// The names of the columns of a file: as it writes them, or by position for the collection file of
/// bailleurs, which has no header.
#[must_use]
pub fn columns(table: &Table) -> Vec<String> {
    if let Some((names, _)) = collection(table) {
        return names.to_vec();
    }
    header(table).iter().map(|n| n.trim().trim_matches('\u{feff}').to_owned()).collect()
}

/// Checks that the corrections name columns of the file.
///
/// # Errors
/// The first that it does not have.
pub fn check(corrections: &Corrections, known: &[String]) -> Result<(), MendError> {
    match corrections.values().flat_map(BTreeMap::keys).find(|c| !known.contains(c)) {
        Some(column) => Err(MendError::Column { column: column.clone(), known: known.join(", ") }),
        None => Ok(()),
    }
}

/// Writes the file with its corrections, as plain UTF-8.
///
/// # Errors
/// The file cannot be read, or `out` written; a correction names no column.
pub fn apply(table: &Table, corrections: &Corrections, out: &Path) -> Result<(), MendError> {
    let columns = columns(table);
    check(corrections, &columns)?;
    // Rows of a file without a header may end with a separator: its first row says how wide the others are.
    let width = collection(table).map_or(columns.len(), |(_, width)| width);
    let mut to = BufWriter::new(File::create(out)?);
    let mut at = 1u64;
    table.for_each::<MendError>(0, |line, record| {
        while at < line {
            to.write_all(b"\n")?;
            at += 1;
        }
        match corrections.get(&line).filter(|_| line > table.header_line) {
            None => write_record(&mut to, record.iter(), table.delimiter, &mut at),
            Some(cells) => {
                // A row of the wrong width gets the header's: what it lacks is empty, what it has too much is
                // dropped.
                let given = |i: usize| columns.get(i).and_then(|name| cells.get(name));
                let fields = (0..width)
                    .map(|i| given(i).map_or_else(|| record.get(i).unwrap_or(b""), |v| v.as_bytes()));
                write_record(&mut to, fields, table.delimiter, &mut at)
            }
        }
    })?;
    to.flush()?;
    Ok(())
}

fn write_record<'a>(
    to: &mut impl Write,
    fields: impl Iterator<Item = &'a [u8]>,
    delimiter: u8,
    at: &mut u64,
) -> Result<(), MendError> {
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).flexible(true).from_writer(Vec::new());
    writer.write_record(fields)?;
    let bytes = writer.into_inner().map_err(|e| MendError::Write(e.into_error()))?;
    *at += memchr::memchr_iter(b'\n', &bytes).count() as u64;
    Ok(to.write_all(&bytes)?)
}

/// Takes rows out of a file, as `ligne;…` with the columns of the file.
///
/// # Errors
/// The file cannot be read, or `out` written.
pub fn extract(table: &Table, lines: &BTreeSet<u64>, out: &Path) -> Result<(), MendError> {
    let mut writer = csv::WriterBuilder::new().delimiter(b';').flexible(true).from_path(out)?;
    let columns = columns(table);
    writer.write_record(std::iter::once("ligne").chain(columns.iter().map(String::as_str)))?;
    table.for_each::<MendError>(table.skip(), |line, record: &ByteRecord| {
        if lines.contains(&line) {
            let number = line.to_string();
            writer.write_record(std::iter::once(number.as_bytes()).chain(record.iter()))?;
        }
        Ok(())
    })?;
    writer.flush()?;
    Ok(())
}

/// Reads a file of corrected rows (`ligne;…`, as [`extract`] writes it; columns may be left out, a `constat`
/// is ignored).
///
/// # Errors
/// The file is no table, or has no line numbers.
pub fn read(path: &Path) -> Result<Corrections, MendError> {
    let table = Table::open(path)?;
    let names = columns(&table);
    let at = names.iter().position(|n| n == "ligne").ok_or_else(|| MendError::NoLine(path.to_owned()))?;
    let mut out = Corrections::new();
    table.for_each::<MendError>(table.skip(), |line, record| {
        if record.iter().all(|f| f.trim_ascii().is_empty()) {
            return Ok(());
        }
        let text = |i: usize| String::from_utf8_lossy(record.get(i).unwrap_or(b"")).into_owned();
        let number: u64 = text(at).trim().parse().map_err(|_| MendError::BadLine(line))?;
        let cells = names.iter().enumerate().filter(|(i, n)| *i != at && *n != "constat" && !n.is_empty());
        out.insert(number, cells.map(|(i, n)| (n.clone(), text(i))).collect());
        Ok(())
    })?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mended_file_keeps_its_lines_and_changes_only_what_was_asked() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("a.csv"), dir.path().join("b.csv"));
        // A blank line, a value on two lines, a row that is too short, Latin-1.
        std::fs::write(&from, b"A;B;C\n1;2;3\n\n\"x\ny\";\xe9;4\n5;6\n7;8;9\n").unwrap();
        let cells =
            |list: &[(&str, &str)]| list.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let corrections = Corrections::from([(6, cells(&[("B", "a;b")])), (7, cells(&[("C", "")]))]);
        apply(&Table::open(&from).unwrap(), &corrections, &to).unwrap();
        assert_eq!(std::fs::read_to_string(&to).unwrap(), "A;B;C\n1;2;3\n\n\"x\ny\";é;4\n5;\"a;b\";\n7;8;\n");
        let rows = dir.path().join("c.csv");
        extract(&Table::open(&to).unwrap(), &BTreeSet::from([6]), &rows).unwrap();
        assert_eq!(std::fs::read_to_string(&rows).unwrap(), "ligne;A;B;C\n6;5;\"a;b\";\n");
        assert_eq!(
            read(&rows).unwrap(),
            Corrections::from([(6, cells(&[("A", "5"), ("B", "a;b"), ("C", "")]))])
        );
        let wrong = Corrections::from([(2, cells(&[("D", "1")]))]);
        assert!(matches!(apply(&Table::open(&from).unwrap(), &wrong, &to), Err(MendError::Column { .. })));
    }
}
