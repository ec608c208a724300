//! A sheet of a workbook (`.xlsx`) as CSV, row by row: line numbers stay those that the user sees.
//!
//! Read as a stream, never whole. A workbook that is made to hurt (a cell at the end of the world, a text
//! without end, parts that unpack without measure) is refused by the name of the cell before it costs
//! anything.

mod parts;
mod sheet;
mod xml;

use std::fs::File;
use std::path::{Path, PathBuf};

use self::parts::Parts;
use self::sheet::SheetError;
use self::xml::{Archive, Budget, XmlError};

/// Why a workbook cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum WorkbookError {
    #[error("{}: classeur illisible ({message})", path.display())]
    Read { path: PathBuf, message: String },
    #[error("{}: classeur refusé : il contient {budget}", path.display())]
    Budget { path: PathBuf, budget: String },
    #[error("{}: classeur refusé : feuille « {sheet} », {cell} : {rule}", path.display())]
    Cell { path: PathBuf, sheet: String, cell: String, rule: &'static str },
    #[error("{}: classeur refusé : la feuille « {sheet} » a trop de cellules vides ; copiez le tableau seul dans un autre classeur", path.display())]
    Empty { path: PathBuf, sheet: String },
    #[error("{}: le classeur n'a aucune feuille", path.display())]
    NoSheet { path: PathBuf },
    #[error("{}: le classeur n'a pas de feuille « {asked} » (feuilles : {sheets})", path.display())]
    NoSuchSheet { path: PathBuf, asked: String, sheets: String },
    #[error("conversion du classeur : {0}")]
    Write(#[from] std::io::Error),
    #[error("conversion du classeur : {0}")]
    Csv(#[from] csv::Error),
}

/// The sheet that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    pub name: String,
    /// The others, which were not.
    pub others: Vec<String>,
}

impl Sheet {
    /// A sentence for the report.
    #[must_use]
    pub fn remark(&self) -> String {
        if self.others.is_empty() {
            return format!("Classeur Excel : la feuille « {} » est lue.", self.name);
        }
        let others: Vec<String> = self.others.iter().take(8).map(|n| format!("« {n} »")).collect();
        format!(
            "Classeur Excel : la feuille « {} » est lue ; les autres ne le sont pas ({}).",
            self.name,
            others.join(", ")
        )
    }
}

/// Whether a file is a workbook: a zip with a part that only workbooks have.
#[must_use]
pub fn is_workbook(path: &Path) -> bool {
    File::open(path)
        .ok()
        .and_then(|f| zip::ZipArchive::new(f).ok())
        .is_some_and(|archive| archive.index_for_name("xl/workbook.xml").is_some())
}

/// Rows by which a sheet is recognised.
const HEAD: usize = 64;
/// Bytes of empty cells that a file may bring, whatever it holds.
const EMPTY: u64 = 256 << 20;

/// Writes one sheet to `out`, readable by its owner only, fields separated by semicolons: the one of this
/// name, else the first whose first rows `wanted` recognises, else the first that is not empty.
///
/// # Errors
/// The workbook cannot be read, or is refused; `out` cannot be written.
pub fn to_csv(
    path: &Path,
    out: &Path,
    name: Option<&str>,
    wanted: &dyn Fn(&[Vec<String>]) -> bool,
) -> Result<Sheet, WorkbookError> {
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    let mut archive = zip::ZipArchive::new(file)
        .map_err(|e| WorkbookError::Read { path: path.to_owned(), message: e.to_string() })?;
    let parts = Parts::read(&mut archive, size).map_err(|e| refused(path, e))?;
    let mut book = Book { path, size, archive: &mut archive, parts: &parts };
    let chosen = book.choose(name, wanted)?;
    let head = book.head(chosen)?;
    let width = head.iter().map(Vec::len).max().unwrap_or(0);
    book.write(chosen, width, out)?;
    let mut names: Vec<String> = parts.sheets.iter().map(|s| s.name.clone()).collect();
    let name = names.remove(chosen);
    Ok(Sheet { name, others: names })
}

fn refused(path: &Path, e: XmlError) -> WorkbookError {
    match e {
        XmlError::Budget(budget) => {
            WorkbookError::Budget { path: path.to_owned(), budget: Budget::to_string(&budget) }
        }
        XmlError::Malformed(message) => WorkbookError::Read { path: path.to_owned(), message },
    }
}

struct Book<'b> {
    path: &'b Path,
    size: u64,
    archive: &'b mut Archive,
    parts: &'b Parts,
}

impl Book<'_> {
    fn choose(
        &mut self,
        name: Option<&str>,
        wanted: &dyn Fn(&[Vec<String>]) -> bool,
    ) -> Result<usize, WorkbookError> {
        let sheets = &self.parts.sheets;
        if sheets.is_empty() {
            return Err(WorkbookError::NoSheet { path: self.path.to_owned() });
        }
        if let Some(name) = name {
            let same = |n: &str| n.trim().to_lowercase() == name.trim().to_lowercase();
            return sheets.iter().position(|s| same(&s.name)).ok_or_else(|| WorkbookError::NoSuchSheet {
                path: self.path.to_owned(),
                asked: name.to_owned(),
                sheets: sheets.iter().map(|s| format!("« {} »", s.name)).collect::<Vec<_>>().join(", "),
            });
        }
        let mut filled = None;
        for at in 0..self.parts.sheets.len() {
            let head = self.head(at)?;
            if wanted(&head) {
                return Ok(at);
            }
            if filled.is_none() && !head.is_empty() {
                filled = Some(at);
            }
        }
        Ok(filled.unwrap_or(0))
    }

    /// The first rows of a sheet that hold something.
    fn head(&mut self, at: usize) -> Result<Vec<Vec<String>>, WorkbookError> {
        let mut head = Vec::new();
        self.rows(at, |_, cells| {
            head.push(cells.clone());
            Ok(head.len() < HEAD)
        })?;
        Ok(head)
    }

    /// Rows shorter than the table get its empty cells; empty rows stay, so that the next keep their numbers.
    fn write(&mut self, at: usize, width: usize, out: &Path) -> Result<(), WorkbookError> {
        use std::os::unix::fs::OpenOptionsExt;
        let file =
            std::fs::OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(out)?;
        let mut writer = csv::WriterBuilder::new()
            .delimiter(b';')
            .flexible(true)
            .from_writer(std::io::BufWriter::with_capacity(1 << 18, file));
        let empty = WorkbookError::Empty {
            path: self.path.to_owned(),
            sheet: self.parts.sheets.get(at).map_or_else(String::new, |s| s.name.clone()),
        };
        let mut empty = Some(empty);
        let (mut line, mut blanks) = (0u64, 0u64);
        let most = EMPTY.max(self.size * 20);
        self.rows(at, |number, cells| {
            while line + 1 < number {
                writer.write_record([""])?;
                line += 1;
            }
            let held = cells.len();
            if held < width {
                cells.resize(width, String::new());
            }
            blanks += cells.iter().filter(|c| c.is_empty()).count() as u64;
            if blanks > most
                && let Some(e) = empty.take()
            {
                return Err(e);
            }
            writer.write_record(cells.iter())?;
            line += 1;
            Ok(true)
        })?;
        writer.flush()?;
        Ok(())
    }

    fn rows(
        &mut self,
        at: usize,
        each: impl FnMut(u64, &mut Vec<String>) -> Result<bool, WorkbookError>,
    ) -> Result<(), WorkbookError> {
        let Some(part) = self.parts.sheets.get(at) else { return Ok(()) };
        sheet::rows(self.archive, self.parts, &part.path, self.size, each).map_err(|e| match e {
            SheetError::Xml(e) => refused(self.path, e),
            SheetError::Cell { cell, rule } => {
                WorkbookError::Cell { path: self.path.to_owned(), sheet: part.name.clone(), cell, rule }
            }
            SheetError::Each(e) => e,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

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
        assert_eq!(to_csv(&book, &out, None, &|_| false).unwrap().name, "OPS");
        assert_eq!(to_csv(&book, &out, Some("ops"), &|_| false).unwrap().name, "OPS");
        let e = to_csv(&book, &out, Some("RPLS"), &|_| false).unwrap_err().to_string();
        assert!(e.contains("pas de feuille « RPLS » (feuilles : « OPS »)"), "{e}");
        assert_eq!(std::fs::read_to_string(out).unwrap(), "vague;nom\n2024;\"a;b\"\n\"\"\n;1.5\n");
    }
}
