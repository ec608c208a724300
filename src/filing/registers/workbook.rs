//! The first sheet of a workbook (`.xlsx`) as CSV, row by row: line numbers stay those that the user sees.

use std::io::Write;
use std::path::{Path, PathBuf};

use calamine::{DataRef, Reader, Xlsx, XlsxError, open_workbook};

/// Why a workbook cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum WorkbookError {
    #[error("{}: classeur illisible ({source})", path.display())]
    Read { path: PathBuf, source: XlsxError },
    #[error("{}: le classeur n'a aucune feuille", path.display())]
    NoSheet { path: PathBuf },
    #[error("conversion du classeur : {0}")]
    Write(#[from] std::io::Error),
    #[error("conversion du classeur : {0}")]
    Csv(#[from] csv::Error),
}

/// Whether a file is a workbook: a zip with a part that only workbooks have.
#[must_use]
pub fn is_workbook(path: &Path) -> bool {
    std::fs::File::open(path)
        .ok()
        .and_then(|f| zip::ZipArchive::new(f).ok())
        .is_some_and(|archive| archive.index_for_name("xl/workbook.xml").is_some())
}

/// Writes the first sheet to `out`, fields separated by semicolons. Returns the name of the sheet.
///
/// # Errors
/// The workbook cannot be read or `out` cannot be written.
pub fn to_csv(path: &Path, out: &Path) -> Result<String, WorkbookError> {
    let fault = |source| WorkbookError::Read { path: path.to_owned(), source };
    let mut book: Xlsx<_> = open_workbook(path).map_err(fault)?;
    let sheet = book
        .sheet_names()
        .first()
        .cloned()
        .ok_or_else(|| WorkbookError::NoSheet { path: path.to_owned() })?;
    let mut cells = book.worksheet_cells_reader(&sheet).map_err(fault)?;
    let file = std::io::BufWriter::new(std::fs::File::create(out)?);
    let mut writer = csv::WriterBuilder::new().delimiter(b';').flexible(true).from_writer(file);
    let (mut row, mut at): (Vec<String>, u32) = (Vec::new(), 0);
    while let Some(cell) = cells.next_cell().map_err(fault)? {
        let (line, column) = cell.get_position();
        while at < line {
            put(&mut writer, &mut row)?;
            at += 1;
        }
        let column = column as usize;
        if row.len() <= column {
            row.resize(column + 1, String::new());
        }
        row[column] = text(cell.get_value());
    }
    put(&mut writer, &mut row)?;
    writer.flush()?;
    Ok(sheet)
}

/// One row, even an empty one: the next keep their numbers.
fn put(writer: &mut csv::Writer<impl Write>, row: &mut Vec<String>) -> Result<(), csv::Error> {
    if row.is_empty() {
        row.push(String::new());
    }
    writer.write_record(row.iter())?;
    row.clear();
    Ok(())
}

/// A cell as a CSV export writes it: whole numbers without decimals, dates as YYYY-MM-DD, one line.
fn text(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Int(n) => n.to_string(),
        DataRef::Float(x) if x.fract() == 0.0 && x.abs() < 1e15 => format!("{x:.0}"),
        DataRef::Float(x) => x.to_string(),
        DataRef::String(t) | DataRef::DateTimeIso(t) | DataRef::DurationIso(t) => one_line(t),
        DataRef::SharedString(t) => one_line(t),
        DataRef::Bool(b) => u8::from(*b).to_string(),
        DataRef::DateTime(t) => {
            let (year, month, day, ..) = t.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
        DataRef::Error(_) | DataRef::Empty => String::new(),
    }
}

fn one_line(text: &str) -> String {
    if text.contains(['\n', '\r']) {
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A workbook with the rows 1, 2 and 4, as a spreadsheet would store it.
    fn workbook(path: &Path) {
        let mut zip = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
        let mut add = |name: &str, text: &str| {
            zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        };
        add(
            "[Content_Types].xml",
            r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"#,
        );
        add(
            "_rels/.rels",
            r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
        );
        add(
            "xl/workbook.xml",
            r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="OPS" sheetId="1" r:id="r1"/></sheets></workbook>"#,
        );
        add(
            "xl/_rels/workbook.xml.rels",
            r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#,
        );
        add(
            "xl/worksheets/sheet1.xml",
            r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>
            <row r="1"><c r="A1" t="inlineStr"><is><t>vague</t></is></c><c r="B1" t="inlineStr"><is><t>nom</t></is></c></row>
            <row r="2"><c r="A2"><v>2024</v></c><c r="B2" t="inlineStr"><is><t>a;b</t></is></c></row>
            <row r="4"><c r="B4"><v>1.5</v></c></row></sheetData></worksheet>"#,
        );
        zip.finish().unwrap();
    }

    #[test]
    fn a_sheet_becomes_csv_with_the_line_numbers_that_the_user_sees() {
        let dir = tempfile::tempdir().unwrap();
        let (book, out) = (dir.path().join("x.xlsx"), dir.path().join("x.csv"));
        workbook(&book);
        assert!(is_workbook(&book) && !is_workbook(Path::new(file!())));
        assert_eq!(to_csv(&book, &out).unwrap(), "OPS");
        assert_eq!(std::fs::read_to_string(out).unwrap(), "vague;nom\n2024;\"a;b\"\n\"\"\n;1.5\n");
    }
}
