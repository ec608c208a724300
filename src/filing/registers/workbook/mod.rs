//! A sheet of a workbook (`.xlsx`, `.ods`, `.xls`) as CSV, row by row: line numbers stay those that the user
//! sees.
//!
//! Read as a stream, never whole. A workbook that is made to hurt (a cell at the end of the world, a text
//! without end, parts that unpack without measure) is refused by the name of the cell before it costs
//! anything.

mod ods;
mod parts;
mod sheet;
mod xls;
mod xml;

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use self::parts::Parts;
use self::sheet::SheetError;
use self::xls::{Unread, Xls};
use self::xml::{Archive, XmlError, words};
use super::kit::years;
use crate::french::counted;

/// Why a workbook cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum WorkbookError {
    #[error("{} : classeur illisible ({message})", path.display())]
    Read { path: PathBuf, message: String },
    #[error("{} : classeur refusé : il contient {budget}", path.display())]
    Budget { path: PathBuf, budget: String },
    #[error("{} : classeur refusé : feuille « {sheet} », {cell} : {rule}", path.display())]
    Cell { path: PathBuf, sheet: String, cell: String, rule: &'static str },
    #[error("{} : classeur refusé : la feuille « {sheet} » a trop de cellules vides ; copiez le tableau seul dans un autre classeur", path.display())]
    Empty { path: PathBuf, sheet: String },
    #[error("{} : classeur refusé : la feuille « {sheet} » devient trop grande une fois lue ; copiez le tableau seul dans un autre classeur", path.display())]
    Large { path: PathBuf, sheet: String },
    #[error("{} : le classeur est protégé par un mot de passe ; enregistrez-le sans mot de passe, puis recommencez", path.display())]
    Locked { path: PathBuf },
    #[error("{} : {form}, que mosaïque ne lit pas ; enregistrez-le au format .xlsx, ou la feuille au format CSV, puis recommencez", path.display())]
    Form { path: PathBuf, form: &'static str },
    #[error("{} : le classeur n'a aucune feuille", path.display())]
    NoSheet { path: PathBuf },
    #[error("{} : le classeur n'a pas de feuille « {asked} » (feuilles : {sheets})", path.display())]
    NoSuchSheet { path: PathBuf, asked: String, sheets: String },
    #[error("{} : des feuilles de plusieurs années ont le même en-tête ({sheets}) : gardez celle de l'année voulue, ou nommez-la (--feuille)", path.display())]
    Years { path: PathBuf, sheets: String },
    #[error("conversion du classeur : {0}")]
    Write(#[from] std::io::Error),
    #[error("conversion du classeur : {0}")]
    Csv(#[from] csv::Error),
}

/// The sheet that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    pub name: String,
    /// « Excel », « LibreOffice »…
    pub program: &'static str,
    /// The others, which were not.
    pub others: Vec<String>,
    /// Those with the same header, read behind it, and the line that each begins at.
    pub more: Vec<(String, u64)>,
    /// Its author hid it: no sheet that is shown fits.
    pub hidden: bool,
    /// Formulas without a value.
    pub uncomputed: u64,
}

impl Sheet {
    /// A sentence for the report, or two.
    #[must_use]
    pub fn remark(&self) -> String {
        let hidden = if self.hidden { ", masquée," } else { "" };
        let mut out = format!("Classeur {} : la feuille « {} »{hidden} est lue", self.program, self.name);
        if !self.more.is_empty() {
            let more: Vec<String> =
                self.more.iter().take(8).map(|(n, line)| format!("« {n} » depuis la ligne {line}")).collect();
            let rest = if self.more.len() > 8 { "…" } else { "" };
            out += &format!(
                ", puis {} au même en-tête ({}{rest}), comme une seule table",
                counted(self.more.len() as u64, "autre", "autres"),
                more.join(", ")
            );
        }
        if !self.others.is_empty() {
            let others: Vec<String> = self.others.iter().take(8).map(|n| format!("« {n} »")).collect();
            out += &format!(" ; les autres ne le sont pas ({})", others.join(", "));
        }
        out.push('.');
        if self.uncomputed > 0 {
            out += &format!(
                " {} sans valeur calculée, lue{} comme une cellule vide : ouvrez le classeur dans un tableur, enregistrez-le, puis recommencez.",
                counted(self.uncomputed, "formule", "formules"),
                if self.uncomputed > 1 { "s chacune" } else { "" }
            );
        }
        out
    }
}

/// How a workbook is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Xlsx,
    Ods,
    /// Of before 2007.
    Xls,
    Locked,
    /// A workbook that is not read, in words.
    Other(&'static str),
}

/// Tells a workbook by what only workbooks have.
fn form(path: &Path) -> Option<Form> {
    let mut file = File::open(path).ok()?;
    let mut head = [0; 8];
    file.read_exact(&mut head).ok()?;
    if head == [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1] {
        return match xls::look(path) {
            Ok(()) => Some(Form::Xls),
            Err(Unread::Locked) => Some(Form::Locked),
            Err(Unread::Ancient) => Some(Form::Other("classeur Excel d'avant 1997")),
            Err(Unread::Foreign) => None,
        };
    }
    let mut archive = head.starts_with(b"PK").then(|| zip::ZipArchive::new(file).ok())??;
    let has = |name: &str| archive.index_for_name(name).is_some();
    if has("xl/workbook.xml") {
        return Some(Form::Xlsx);
    }
    if has("xl/workbook.bin") {
        return Some(Form::Other("classeur Excel binaire (.xlsb)"));
    }
    if !has(ods::PART) {
        return None;
    }
    let mut kind = String::new();
    archive.by_name("mimetype").ok()?.take(200).read_to_string(&mut kind).ok()?;
    let sheets = kind.contains("opendocument.spreadsheet");
    sheets.then(|| if locked(&mut archive) { Form::Locked } else { Form::Ods })
}

/// Whether the parts of an OpenDocument file are encrypted: its list of parts says so.
fn locked(archive: &mut Archive) -> bool {
    let mut list = Vec::new();
    let read = archive.by_name("META-INF/manifest.xml").map(|p| p.take(1 << 20).read_to_end(&mut list));
    matches!(read, Ok(Ok(_))) && memchr::memmem::find(&list, b"encryption-data").is_some()
}

/// Whether a file is a workbook, be it one that cannot be read.
#[must_use]
pub fn is_workbook(path: &Path) -> bool {
    form(path).is_some()
}

/// The only table of an archive, when it is a workbook: written to `desk`, where it keeps its ending.
///
/// # Errors
/// The archive is damaged, its workbook would grow without measure, or the disk refuses.
pub fn packed(path: &Path, desk: &Path) -> std::io::Result<Option<PathBuf>> {
    use std::os::unix::fs::OpenOptionsExt;
    // What cannot be read is told by who reads it.
    let mut head = [0; 2];
    let zipped = File::open(path).is_ok_and(|mut f| f.read_exact(&mut head).is_ok()) && head == *b"PK";
    let opened = File::open(path).ok().filter(|_| zipped).and_then(|f| zip::ZipArchive::new(f).ok());
    let Some(mut archive) = opened else { return Ok(None) };
    if form(path).is_some() {
        return Ok(None);
    }
    let ending = |name: &str| name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    let mut names: Vec<String> =
        archive.file_names().filter_map(Result::ok).map(|n| n.into_owned()).collect();
    let hidden =
        |n: &String| n.starts_with("__MACOSX/") || n.rsplit('/').next().is_some_and(|f| f.starts_with('.'));
    names.retain(|n| !n.ends_with('/') && !hidden(n));
    let book = |n: &&String| ["xlsx", "xlsm", "ods", "xls"].contains(&&*ending(n));
    let (1, false) = (names.iter().filter(book).count(), names.iter().any(|n| ending(n) == "csv")) else {
        return Ok(None);
    };
    let Some(name) = names.iter().find(book) else { return Ok(None) };
    let out = desk.join(format!("archive.{}", ending(name)));
    let most = FREE.max(File::open(path)?.metadata()?.len().saturating_mul(GROWS));
    let entry = archive.by_name(name).map_err(std::io::Error::other)?;
    let mut file =
        std::fs::OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&out)?;
    let read = std::io::copy(&mut entry.take(most + 1), &mut file)?;
    if read > most {
        return Err(std::io::Error::other(
            "le classeur de l'archive devient trop grand une fois décompressé",
        ));
    }
    Ok(Some(out))
}

/// Rows by which a sheet is recognised.
const HEAD: usize = 64;
/// Bytes of empty cells that a file may bring, whatever it holds.
const EMPTY: u64 = 256 << 20;
/// A sheet may become so many times its file, and this long whatever its file: texts that cells share are
/// written for each.
const GROWS: u64 = 200;
const FREE: u64 = 512 << 20;

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
    let mut book = Book::open(path)?;
    let chosen = book.choose(name, wanted)?;
    let head = book.head(chosen)?;
    let width = head.iter().map(Vec::len).max().unwrap_or(0);
    let more = if name.is_some() { Vec::new() } else { book.alike(chosen, &head, wanted)? };
    let (uncomputed, starts) = book.write(chosen, &more, width, out)?;
    let hidden = book.hidden(chosen);
    let of = |at: &usize| book.names.get(*at).cloned().unwrap_or_default();
    let others = (0..book.names.len()).filter(|at| *at != chosen && !more.contains(at));
    Ok(Sheet {
        name: of(&chosen),
        program: book.program,
        others: others.map(|at| of(&at)).collect(),
        more: more.iter().map(of).zip(starts).collect(),
        hidden,
        uncomputed,
    })
}

fn refused(path: &Path, e: XmlError) -> WorkbookError {
    match e {
        XmlError::Budget(budget) => {
            WorkbookError::Budget { path: path.to_owned(), budget: words(budget).to_owned() }
        }
        XmlError::Malformed(message) => WorkbookError::Read { path: path.to_owned(), message },
    }
}

fn told(path: &Path, sheet: &str, e: SheetError<WorkbookError>) -> WorkbookError {
    match e {
        SheetError::Xml(e) => refused(path, e),
        SheetError::Cell { cell, rule } => {
            WorkbookError::Cell { path: path.to_owned(), sheet: sheet.to_owned(), cell, rule }
        }
        SheetError::Each(e) => e,
    }
}

/// What rows are read from.
enum Source {
    Xlsx(Box<Archive>, Parts),
    /// With the first rows of its sheets.
    Ods(Box<Archive>, Vec<ods::Head>),
    Xls(Box<Xls>),
}

struct Book<'b> {
    path: &'b Path,
    size: u64,
    program: &'static str,
    names: Vec<String>,
    source: Source,
}

impl<'b> Book<'b> {
    fn open(path: &'b Path) -> Result<Self, WorkbookError> {
        let owned = || path.to_owned();
        let size = File::open(path)?.metadata()?.len();
        let zip = || {
            zip::ZipArchive::new(File::open(path)?)
                .map(Box::new)
                .map_err(|e| WorkbookError::Read { path: path.to_owned(), message: e.to_string() })
        };
        let (program, names, source) = match form(path) {
            Some(Form::Locked) => return Err(WorkbookError::Locked { path: owned() }),
            Some(Form::Other(form)) => return Err(WorkbookError::Form { path: owned(), form }),
            Some(Form::Xls) => {
                let book = Xls::open(path).map_err(|e| refused(path, e))?;
                ("Excel (.xls)", book.names(), Source::Xls(Box::new(book)))
            }
            Some(Form::Ods) => {
                let mut archive = zip()?;
                let heads =
                    ods::heads(&mut archive, size, HEAD).map_err(|(sheet, e)| told(path, &sheet, e))?;
                let names = heads.iter().map(|h| h.name.clone()).collect();
                ("LibreOffice", names, Source::Ods(archive, heads))
            }
            Some(Form::Xlsx) | None => {
                let mut archive = zip()?;
                let parts = Parts::read(&mut archive, size).map_err(|e| refused(path, e))?;
                let names = parts.sheets.iter().map(|s| s.name.clone()).collect();
                ("Excel", names, Source::Xlsx(archive, parts))
            }
        };
        Ok(Self { path, size, program, names, source })
    }

    fn choose(
        &mut self,
        name: Option<&str>,
        wanted: &dyn Fn(&[Vec<String>]) -> bool,
    ) -> Result<usize, WorkbookError> {
        if self.names.is_empty() {
            return Err(WorkbookError::NoSheet { path: self.path.to_owned() });
        }
        if let Some(name) = name {
            let same = |n: &String| n.trim().to_lowercase() == name.trim().to_lowercase();
            return self.names.iter().position(same).ok_or_else(|| WorkbookError::NoSuchSheet {
                path: self.path.to_owned(),
                asked: name.to_owned(),
                sheets: self.names.iter().map(|n| format!("« {n} »")).collect::<Vec<_>>().join(", "),
            });
        }
        let mut filled = None;
        // A sheet that its author hid is an old one, or a list of codes.
        let mut order: Vec<usize> = (0..self.names.len()).collect();
        order.sort_by_key(|at| self.hidden(*at));
        for at in order {
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

    fn hidden(&self, at: usize) -> bool {
        match &self.source {
            Source::Xlsx(_, parts) => parts.sheets.get(at).is_some_and(|s| s.hidden),
            Source::Ods(_, heads) => heads.get(at).is_some_and(|h| h.hidden),
            Source::Xls(book) => book.hidden(at),
        }
    }

    /// The first rows of a sheet that hold something.
    fn head(&mut self, at: usize) -> Result<Vec<Vec<String>>, WorkbookError> {
        if let Source::Ods(_, heads) = &self.source {
            return Ok(heads.get(at).map(|h| h.rows.clone()).unwrap_or_default());
        }
        let mut head = Vec::new();
        self.rows(at, |_, cells| {
            head.push(cells.clone());
            Ok(head.len() < HEAD)
        })?;
        Ok(head)
    }

    /// The sheets that go on with the table of this one: shown, behind it, with the same header.
    fn alike(
        &mut self,
        chosen: usize,
        head: &[Vec<String>],
        wanted: &dyn Fn(&[Vec<String>]) -> bool,
    ) -> Result<Vec<usize>, WorkbookError> {
        let header = head.iter().find(|row| wanted(std::slice::from_ref(*row))).cloned();
        let Some(header) = header.filter(|_| !self.hidden(chosen)) else { return Ok(Vec::new()) };
        let mut out = Vec::new();
        for at in (0..self.names.len()).filter(|at| *at != chosen && !self.hidden(*at)).collect::<Vec<_>>() {
            if self.head(at)?.contains(&header) {
                out.push(at);
            }
        }
        let names = std::iter::once(&chosen).chain(&out).filter_map(|at| self.names.get(*at));
        match years::different(names.map(String::as_str)) {
            Some(sheets) => Err(WorkbookError::Years { path: self.path.to_owned(), sheets }),
            None => Ok(out),
        }
    }

    /// Rows shorter than the table get its empty cells; empty rows stay, so that the next keep their
    /// numbers. Sheets that go on with the table come behind it: their header is one that comes again.
    /// Returns how many formulas have no value, and the line that each of those sheets begins at.
    fn write(
        &mut self,
        at: usize,
        more: &[usize],
        width: usize,
        out: &Path,
    ) -> Result<(u64, Vec<u64>), WorkbookError> {
        use std::os::unix::fs::OpenOptionsExt;
        let file =
            std::fs::OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(out)?;
        let mut writer = csv::WriterBuilder::new()
            .delimiter(b';')
            .flexible(true)
            .from_writer(std::io::BufWriter::with_capacity(1 << 18, file));
        let path = self.path.to_owned();
        let (mut line, mut blanks, mut bytes, mut uncomputed) = (0u64, 0u64, 0u64, 0);
        let most = EMPTY.max(self.size * 20);
        let large = FREE.max(self.size.saturating_mul(GROWS));
        let mut starts = Vec::new();
        for at in std::iter::once(at).chain(more.iter().copied()) {
            let sheet = self.names.get(at).cloned().unwrap_or_default();
            let before = line;
            starts.push(before + 1);
            uncomputed += self.rows(at, |number, cells| {
                while line + 1 < before + number {
                    writer.write_record([""])?;
                    line += 1;
                }
                let held = cells.len();
                if held < width {
                    cells.resize(width, String::new());
                }
                blanks += cells.iter().filter(|c| c.is_empty()).count() as u64;
                bytes += cells.iter().map(|c| c.len() as u64).sum::<u64>();
                if blanks > most {
                    return Err(WorkbookError::Empty { path: path.clone(), sheet: sheet.clone() });
                }
                if bytes > large {
                    return Err(WorkbookError::Large { path: path.clone(), sheet: sheet.clone() });
                }
                writer.write_record(cells.iter())?;
                line += 1;
                Ok(true)
            })?;
        }
        writer.flush()?;
        Ok((uncomputed, starts.split_off(1)))
    }

    fn rows(
        &mut self,
        at: usize,
        each: impl FnMut(u64, &mut Vec<String>) -> Result<bool, WorkbookError>,
    ) -> Result<u64, WorkbookError> {
        let done = match &mut self.source {
            Source::Xlsx(archive, parts) => {
                let Some(part) = parts.sheets.get(at) else { return Ok(0) };
                sheet::rows(archive, parts, &part.path, self.size, each)
            }
            // These always hold what their formulas gave.
            Source::Ods(archive, _) => ods::rows(archive, at, self.size, each),
            Source::Xls(book) => book.rows(at, each).map(|()| 0),
        };
        let sheet = self.names.get(at).map_or("", String::as_str);
        done.map_err(|e| told(self.path, sheet, e))
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
