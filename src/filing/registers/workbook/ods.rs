//! The sheets of an OpenDocument workbook (`.ods`), as LibreOffice saves it: one part, read as a stream.
//!
//! Values are those that cells hold (`office:value`, `office:date-value`), not what is shown, but for the
//! zeros before a number, which only its text has. Cells and rows that a file repeats cost what they become.

use quick_xml::events::{BytesStart, Event};

use super::WorkbookError;
use super::parts::Format;
use super::sheet::{self, Row, SheetError};
use super::xml::{Archive, Xml, XmlError, attribute, sign};

/// The part that holds all sheets.
pub(super) const PART: &str = "content.xml";

/// Bytes of first rows that are kept, of all sheets together.
const HEADS: usize = 8 << 20;

/// A sheet of the workbook.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub name: String,
    pub hidden: bool,
    pub rows: Vec<Vec<String>>,
}

/// Each sheet with its first rows, in one reading: a later sheet is behind all the others.
pub(super) fn heads(
    archive: &mut Archive,
    size: u64,
    most: usize,
) -> Result<Vec<Head>, (String, SheetError<WorkbookError>)> {
    let mut heads: Vec<Vec<Vec<String>>> = Vec::new();
    let mut left = HEADS;
    let mut sheets: Vec<Head> = Vec::new();
    let read = walk(archive, None, size, &mut sheets, |sheet, _, cells| {
        heads.resize(heads.len().max(sheet + 1), Vec::new());
        let bytes: usize = cells.iter().map(|c| c.len() + 24).sum();
        left = left.saturating_sub(bytes);
        if left > 0 {
            heads[sheet].push(cells.clone());
        }
        Ok(left > 0 && heads[sheet].len() < most)
    });
    read.map_err(|e| (sheets.last().map(|s| s.name.clone()).unwrap_or_default(), e))?;
    for (sheet, rows) in sheets.iter_mut().zip(heads) {
        sheet.rows = rows;
    }
    Ok(sheets)
}

/// Goes through the rows of a sheet, as [`sheet::rows`] does; how many formulas have no value.
pub(super) fn rows<E>(
    archive: &mut Archive,
    at: usize,
    size: u64,
    mut each: impl FnMut(u64, &mut Vec<String>) -> Result<bool, E>,
) -> Result<u64, SheetError<E>> {
    walk(archive, Some(at), size, &mut Vec::new(), |_, number, cells| each(number, cells))
}

/// Where the reading is among tables: changes that are tracked hold old cells, and a table may stand in a
/// cell.
#[derive(Default)]
struct Depth {
    tables: u32,
    tracked: bool,
}

impl Depth {
    /// Whether this tag opens a sheet.
    fn opens(&mut self, e: &BytesStart<'_>) -> bool {
        match e.local_name().as_ref() {
            "tracked-changes" => self.tracked = true,
            "table" if !self.tracked => {
                self.tables += 1;
                return self.tables == 1;
            }
            _ => {}
        }
        false
    }

    fn closes(&mut self, name: &str) {
        match name {
            "tracked-changes" => self.tracked = false,
            "table" if !self.tracked => self.tables = self.tables.saturating_sub(1),
            _ => {}
        }
    }
}

/// Goes through the rows of one sheet, or of all; `each` gets the sheet, the number of the row, 1 = first,
/// and its cells, and says whether to go on in this sheet. `sheets` gets those that are met. How many
/// formulas have no value: programs that write workbooks leave them to be computed.
fn walk<E>(
    archive: &mut Archive,
    only: Option<usize>,
    size: u64,
    sheets: &mut Vec<Head>,
    mut each: impl FnMut(usize, u64, &mut Vec<String>) -> Result<bool, E>,
) -> Result<u64, SheetError<E>> {
    let part = archive.by_name(PART).map_err(|e| SheetError::Xml(XmlError::Malformed(e.to_string())))?;
    let mut xml = Xml::new(part, size);
    let mut inside = Depth::default();
    let (mut styles, mut uncomputed) = (Styles::default(), 0);
    // Whether the rows of the sheet at hand are wanted.
    let mut reads = false;
    let mut row = Row::default();
    let mut repeated = 1;
    let mut cell: Option<Cell> = None;
    while let Some(event) = xml.next()? {
        let empty = matches!(event, Event::Empty(_));
        match event {
            Event::Start(e) | Event::Empty(e) => {
                // A tag without content opens nothing.
                styles.see(&e);
                if !empty && inside.opens(&e) {
                    let hidden = attribute(&e, "style-name").is_some_and(|s| styles.hidden.contains(&s));
                    let name = attribute(&e, "name").unwrap_or_default();
                    sheets.push(Head { name, hidden, rows: Vec::new() });
                    (row, cell) = (Row::default(), None);
                    reads = only.is_none_or(|at| at + 1 == sheets.len());
                }
                if !reads || inside.tables != 1 || inside.tracked {
                    continue;
                }
                match (e.local_name().as_ref(), &mut cell) {
                    ("table-row", None) => {
                        row.next();
                        repeated = times(&e, "number-rows-repeated");
                        if empty {
                            row.skip_rows(repeated - 1);
                        }
                    }
                    ("table-cell" | "covered-table-cell", None) => {
                        let new = Cell::new(&e);
                        if empty {
                            uncomputed += new.put(&mut row)?;
                        } else {
                            cell = Some(new);
                        }
                    }
                    (name, Some(cell)) if !empty => cell.opens(e.name().as_ref(), name),
                    (name, Some(cell)) => cell.sign(name, &e, &row)?,
                    _ => {}
                }
            }
            Event::End(e) => {
                let name = e.local_name();
                if reads && inside.tables == 1 && !inside.tracked {
                    match (name.as_ref(), &mut cell) {
                        ("table-cell" | "covered-table-cell", _) => {
                            if let Some(cell) = cell.take() {
                                uncomputed += cell.put(&mut row)?;
                            }
                        }
                        ("table-row", _) => {
                            let sheet = sheets.len() - 1;
                            reads = row.repeat(repeated, &mut |number, cells| each(sheet, number, cells))?;
                        }
                        ("table", _) => reads = false,
                        (_, Some(cell)) => cell.closes(),
                        _ => {}
                    }
                    if !reads && only.is_some() {
                        return Ok(uncomputed);
                    }
                }
                inside.closes(name.as_ref());
            }
            Event::Text(t) => {
                if let Some(cell) = &mut cell {
                    cell.push(&t.into_inner(), &row)?;
                }
            }
            Event::CData(t) => {
                if let Some(cell) = &mut cell {
                    cell.push(&t.into_inner(), &row)?;
                }
            }
            Event::GeneralRef(r) => {
                if let (Some(cell), Some(c)) = (&mut cell, sign(&r)) {
                    cell.push(c.encode_utf8(&mut [0; 4]), &row)?;
                }
            }
            _ => {}
        }
    }
    Ok(uncomputed)
}

/// Styles of sheets that their author hid.
#[derive(Default)]
struct Styles {
    current: String,
    hidden: Vec<String>,
}

impl Styles {
    fn see(&mut self, e: &BytesStart<'_>) {
        match e.local_name().as_ref() {
            "style" => self.current = attribute(e, "name").unwrap_or_default(),
            "table-properties" if attribute(e, "display").as_deref() == Some("false") => {
                self.hidden.push(self.current.clone());
            }
            _ => {}
        }
    }
}

/// How often a row or a cell stands there.
fn times(e: &BytesStart<'_>, name: &str) -> u64 {
    attribute(e, name).map_or(1, |n| n.trim().parse().unwrap_or(u64::MAX)).max(1)
}

struct Cell {
    /// What the file says of its value.
    value: Option<String>,
    /// What it shows: its paragraphs.
    text: String,
    /// Bytes of the text beside which a paragraph ended.
    paragraphs: usize,
    /// Elements that are open in it; the first that is no paragraph's, whose content is not the cell's.
    open: u32,
    skip: Option<u32>,
    paragraph: bool,
    times: u64,
    /// A formula of which nothing says what it gives.
    uncomputed: bool,
}

impl Cell {
    fn new(e: &BytesStart<'_>) -> Self {
        let kind = attribute(e, "value-type").unwrap_or_default();
        let value = match kind.as_str() {
            "float" | "currency" => attribute(e, "value").map(|v| number(&v, Format::Plain)),
            "percentage" => attribute(e, "value").map(|v| number(&v, Format::Percent)),
            "date" => attribute(e, "date-value").map(|v| v.split('T').next().unwrap_or_default().to_owned()),
            "boolean" => attribute(e, "boolean-value").map(|v| u8::from(v == "true").to_string()),
            _ => attribute(e, "string-value"),
        };
        let uncomputed = value.is_none() && kind != "string" && attribute(e, "formula").is_some();
        Self {
            value,
            text: String::new(),
            paragraphs: 0,
            open: 0,
            skip: None,
            paragraph: false,
            times: times(e, "number-columns-repeated"),
            uncomputed,
        }
    }

    /// An element opens in the cell: notes and drawings have paragraphs that are not the cell's.
    fn opens(&mut self, full: &str, name: &str) {
        self.open += 1;
        if self.skip.is_none() && (name == "annotation" || full.starts_with("draw:")) {
            self.skip = Some(self.open);
        }
        if self.skip.is_none() && name == "p" {
            if self.paragraphs > 0 {
                self.text.push(' ');
            }
            self.paragraphs += 1;
            self.paragraph = true;
        }
    }

    fn closes(&mut self) {
        if self.skip == Some(self.open) {
            self.skip = None;
        }
        self.open = self.open.saturating_sub(1);
        if self.open == 0 {
            self.paragraph = false;
        }
    }

    /// Spaces, tabs and breaks are tags.
    fn sign<E>(&mut self, name: &str, e: &BytesStart<'_>, row: &Row) -> Result<(), SheetError<E>> {
        match name {
            "s" => {
                let n = attribute(e, "c").and_then(|n| n.parse().ok()).unwrap_or(1);
                self.push(&" ".repeat(usize::min(n, sheet::LONG)), row)
            }
            "tab" | "line-break" => self.push(" ", row),
            _ => Ok(()),
        }
    }

    fn push<E>(&mut self, text: &str, row: &Row) -> Result<(), SheetError<E>> {
        if self.skip.is_none() && self.paragraph {
            self.text.push_str(text);
            row.bounded(self.text.len())?;
        }
        Ok(())
    }

    fn shown(self) -> String {
        let text = sheet::one_line(self.text.trim());
        match self.value {
            // « 01004 » of a number that is shown with its zeros.
            Some(value)
                if text.len() > value.len()
                    && text.ends_with(&value)
                    && text.bytes().all(|b| b.is_ascii_digit()) =>
            {
                text
            }
            Some(value) => value,
            None => text,
        }
    }

    /// How many formulas without a value that was.
    fn put<E>(self, row: &mut Row) -> Result<u64, SheetError<E>> {
        let (times, uncomputed) = (self.times, self.uncomputed);
        let text = self.shown();
        if text.is_empty() {
            row.skip(times);
            return Ok(if uncomputed { times } else { 0 });
        }
        for _ in 0..times {
            row.place(None)?;
            row.put(text.clone())?;
        }
        Ok(0)
    }
}

fn number(text: &str, format: Format) -> String {
    match text.trim().parse::<f64>() {
        Ok(v) if v.is_finite() => sheet::number(v, format, false),
        _ => text.trim().to_owned(),
    }
}
