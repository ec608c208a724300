//! The cells of one sheet, row by row, as texts: what a spreadsheet shows, where it matters.

use quick_xml::events::Event;

use super::parts::{Format, Parts, unescaped};
use super::xml::{Archive, Xml, XmlError, attribute, sign};

/// Rows and columns that a sheet may have.
const ROWS: u64 = 1_048_576;
const COLUMNS: usize = 16_384;
/// Empty rows, or columns, after which a cell is no part of the table any more.
const FAR: (u64, usize) = (100_000, 1_000);
/// Characters that a cell may have.
pub(super) const LONG: usize = 32_767;
/// Bytes of text that a row may have: a table has rows of some hundreds.
const WIDE: usize = 8 << 20;

/// Why a sheet is refused.
#[derive(Debug)]
pub(super) enum SheetError<E> {
    Xml(XmlError),
    /// A cell, as the file names it, and what is wrong with it.
    Cell {
        cell: String,
        rule: &'static str,
    },
    /// The caller's own.
    Each(E),
}

impl<E> From<XmlError> for SheetError<E> {
    fn from(e: XmlError) -> Self {
        Self::Xml(e)
    }
}

/// Goes through the rows of a sheet; `each` gets the number of a row, 1 = first, and its cells up to the last
/// that holds something, and says whether to go on. Empty rows are not given. Returns how many formulas have
/// no value: programs that write workbooks leave them to be computed.
pub(super) fn rows<E>(
    archive: &mut Archive,
    parts: &Parts,
    path: &str,
    size: u64,
    mut each: impl FnMut(u64, &mut Vec<String>) -> Result<bool, E>,
) -> Result<u64, SheetError<E>> {
    let part = archive
        .by_name(path)
        .map_err(|e| SheetError::Xml(XmlError::Malformed(format!("« {path} » : {e}"))))?;
    let mut xml = Xml::new(part, size);
    let mut row = Row::default();
    let mut cell = Cell::default();
    let mut uncomputed = 0;
    while let Some(event) = xml.next()? {
        match event {
            Event::Start(e) | Event::Empty(e) if e.local_name().as_ref() == "row" => {
                row.begin::<E>(attribute(&e, "r").as_deref())?;
            }
            Event::Start(e) => match e.local_name().as_ref() {
                "c" => {
                    cell = Cell::new(
                        attribute(&e, "t").as_deref(),
                        attribute(&e, "s").and_then(|s| s.parse().ok()),
                    );
                    row.place::<E>(attribute(&e, "r").as_deref())?;
                }
                "v" | "t" if !cell.phonetic => cell.inside = true,
                "f" => cell.formula = true,
                "rPh" => cell.phonetic = true,
                _ => {}
            },
            // `<f/>` of a formula that cells share.
            Event::Empty(e) if e.local_name().as_ref() == "f" => cell.formula = true,
            Event::Empty(e) if e.local_name().as_ref() == "c" => {
                row.place::<E>(attribute(&e, "r").as_deref())?
            }
            Event::Text(t) if cell.inside => cell.push::<E>(&t.into_inner(), &row)?,
            Event::CData(t) if cell.inside => cell.push::<E>(&t.into_inner(), &row)?,
            Event::GeneralRef(r) if cell.inside => {
                if let Some(c) = sign(&r) {
                    cell.push::<E>(c.encode_utf8(&mut [0; 4]), &row)?;
                }
            }
            Event::End(e) => match e.local_name().as_ref() {
                "v" | "t" => cell.inside = false,
                "rPh" => cell.phonetic = false,
                "c" => {
                    // A text may be empty (`t="str"`); a number is not.
                    uncomputed +=
                        u64::from(cell.formula && cell.text.is_empty() && cell.kind == Kind::Number);
                    row.put::<E>(std::mem::take(&mut cell).shown(parts))?;
                }
                "row" => {
                    let more = row.repeat(1, &mut each)?;
                    if !more {
                        return Ok(uncomputed);
                    }
                }
                "sheetData" => return Ok(uncomputed),
                _ => {}
            },
            _ => {}
        }
    }
    Ok(uncomputed)
}

#[derive(Default)]
pub(super) struct Row {
    number: u64,
    /// The last row that held something.
    given: u64,
    cells: Vec<String>,
    /// Column of the cell at hand, 0 = first, plus one.
    column: usize,
    /// Bytes of its texts.
    bytes: usize,
}

impl Row {
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Moves to the next row.
    pub fn next(&mut self) {
        (self.number, self.column, self.bytes) = (self.number.saturating_add(1), 0, 0);
        self.cells.clear();
    }

    /// Leaves rows empty.
    pub fn skip_rows(&mut self, rows: u64) {
        self.number = self.number.saturating_add(rows);
    }

    /// Moves to a row further down.
    pub fn start<E>(&mut self, number: u64) -> Result<(), SheetError<E>> {
        self.begin(Some(&number.to_string()))
    }

    /// Moves to a column, 0 = first.
    pub fn at(&mut self, column: usize) {
        self.column = column + 1;
    }

    /// Leaves cells empty.
    pub fn skip(&mut self, cells: u64) {
        self.column = self.column.saturating_add(usize::try_from(cells).unwrap_or(usize::MAX));
    }

    /// Gives the row, so many times; empty ones are only counted. Says whether to go on.
    pub fn repeat<E>(
        &mut self,
        times: u64,
        each: &mut impl FnMut(u64, &mut Vec<String>) -> Result<bool, E>,
    ) -> Result<bool, SheetError<E>> {
        let last = self.number.saturating_add(times.saturating_sub(1));
        if !self.cells.is_empty() && last > ROWS {
            return Err(SheetError::Cell {
                cell: format!("ligne {last}"),
                rule: "une feuille a 1 048 576 lignes au plus",
            });
        }
        while !self.cells.is_empty() && self.number <= last {
            self.given = self.number;
            if !each(self.number, &mut self.cells).map_err(SheetError::Each)? {
                return Ok(false);
            }
            self.number += 1;
        }
        self.number = last;
        self.cells.clear();
        Ok(true)
    }

    /// A cell's text is not longer than any spreadsheet writes.
    pub fn bounded<E>(&self, bytes: usize) -> Result<(), SheetError<E>> {
        if bytes > 4 * LONG {
            return Err(SheetError::Cell {
                cell: self.name(),
                rule: "elle a plus de 32 767 signes, ce qu'aucun tableur n'écrit",
            });
        }
        Ok(())
    }

    fn begin<E>(&mut self, number: Option<&str>) -> Result<(), SheetError<E>> {
        let next = match number {
            Some(text) => text.trim().parse().unwrap_or(u64::MAX),
            None => self.number + 1,
        };
        let refused = |rule| {
            Err(SheetError::Cell {
                cell: format!("ligne {}", number.map_or_else(|| next.to_string(), short)),
                rule,
            })
        };
        if next > ROWS {
            return refused("une feuille a 1 048 576 lignes au plus");
        }
        if next <= self.number && self.number > 0 {
            return refused("ses lignes ne sont pas dans l'ordre");
        }
        (self.number, self.column, self.bytes) = (next, 0, 0);
        self.cells.clear();
        Ok(())
    }

    /// Moves to a cell.
    pub fn place<E>(&mut self, reference: Option<&str>) -> Result<(), SheetError<E>> {
        let column = match reference {
            None => self.column,
            Some(text) => {
                let letters = text.trim().bytes().take_while(u8::is_ascii_alphabetic);
                let place = letters.fold(0usize, |n, b| {
                    n.saturating_mul(26).saturating_add(usize::from(b.to_ascii_uppercase() - b'A') + 1)
                });
                place.checked_sub(1).unwrap_or(self.column)
            }
        };
        if column >= COLUMNS {
            let cell = reference.map_or_else(|| format!("colonne {}", column + 1), short);
            return Err(SheetError::Cell { cell, rule: "une feuille a 16 384 colonnes (XFD) au plus" });
        }
        self.column = column + 1;
        Ok(())
    }

    pub fn put<E>(&mut self, text: String) -> Result<(), SheetError<E>> {
        if text.is_empty() || self.column == 0 {
            return Ok(());
        }
        let at = self.column - 1;
        if at >= self.cells.len() + FAR.1 || self.number > self.given + FAR.0 {
            return Err(SheetError::Cell {
                cell: self.name(),
                rule: "elle est loin du tableau : effacez-la, ou copiez le tableau seul dans un autre classeur",
            });
        }
        self.bytes += text.len();
        if self.bytes > WIDE {
            return Err(SheetError::Cell {
                cell: self.name(),
                rule: "sa ligne a plus de huit millions de signes, ce qu'aucun tableau n'a",
            });
        }
        if self.cells.len() <= at {
            self.cells.resize(at + 1, String::new());
        }
        self.cells[at] = text;
        Ok(())
    }

    /// « XFD12 ».
    fn name(&self) -> String {
        let (mut n, mut letters) = (self.column, Vec::new());
        while n > 0 {
            letters.push(b'A' + ((n - 1) % 26) as u8);
            n = (n - 1) / 26;
        }
        let letters: String = letters.iter().rev().map(|b| char::from(*b)).collect();
        format!("{letters}{}", self.number)
    }
}

/// The beginning of what the file says: it may be as long as it likes.
fn short(text: &str) -> String {
    text.chars().take(24).collect()
}

#[derive(Default)]
struct Cell {
    kind: Kind,
    style: usize,
    text: String,
    inside: bool,
    phonetic: bool,
    formula: bool,
}

#[derive(Default, PartialEq)]
enum Kind {
    #[default]
    Number,
    Shared,
    Text,
    Bool,
}

impl Cell {
    fn new(kind: Option<&str>, style: Option<usize>) -> Self {
        let kind = match kind {
            Some("s") => Kind::Shared,
            Some("str" | "inlineStr" | "e" | "d") => Kind::Text,
            Some("b") => Kind::Bool,
            _ => Kind::Number,
        };
        Self { kind, style: style.unwrap_or(0), ..Self::default() }
    }

    fn push<E>(&mut self, text: &str, row: &Row) -> Result<(), SheetError<E>> {
        self.text.push_str(text);
        row.bounded(self.text.len())
    }

    fn shown(self, parts: &Parts) -> String {
        match self.kind {
            Kind::Text => one_line(&unescaped(self.text)),
            Kind::Bool => self.text.trim().to_owned(),
            Kind::Shared => {
                let at: Option<usize> = self.text.trim().parse().ok();
                at.and_then(|i| parts.strings.get(i)).map_or_else(String::new, |t| one_line(t))
            }
            Kind::Number => {
                let format = parts.formats.get(self.style).copied().unwrap_or_default();
                match self.text.trim().parse::<f64>() {
                    Ok(v) if v.is_finite() => number(v, format, parts.from_1904),
                    _ => one_line(&self.text),
                }
            }
        }
    }
}

/// A number as a CSV export writes it: whole without decimals, days as YYYY-MM-DD, percentages with their
/// sign, the zeros that its format shows. More than fifteen digits are not kept by spreadsheets: scientific
/// notation says so to those who read codes.
pub(super) fn number(v: f64, format: Format, from_1904: bool) -> String {
    match format {
        Format::Date => day(v, from_1904).unwrap_or_else(|| plain(v)),
        Format::Percent => format!("{}%", plain((v * 1e10).round() / 1e8)),
        Format::Padded(digits) if v.fract() == 0.0 && v >= 0.0 => format!("{:0>digits$}", plain(v)),
        _ => plain(v),
    }
}

fn plain(v: f64) -> String {
    match v {
        v if v.abs() >= 1e15 => format!("{v:E}"),
        v if v.fract() == 0.0 => format!("{v:.0}"),
        v => v.to_string(),
    }
}

fn day(v: f64, from_1904: bool) -> Option<String> {
    if !(1.0..2_958_466.0).contains(&v) {
        return None;
    }
    #[allow(clippy::cast_possible_truncation)]
    let days = v as i64;
    // The 29 February 1900 that spreadsheets count does not exist.
    let epoch = match (from_1904, days) {
        (true, _) => jiff::civil::date(1904, 1, 1),
        (false, ..60) => jiff::civil::date(1899, 12, 31),
        (false, _) => jiff::civil::date(1899, 12, 30),
    };
    epoch.checked_add(jiff::Span::new().try_days(days).ok()?).ok().map(|d| d.to_string())
}

pub(super) fn one_line(text: &str) -> String {
    if text.contains(['\n', '\r']) {
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_they_are_shown() {
        for (v, format, want) in [
            (15000.0, Format::Plain, "15000"),
            (77_568_502_900_123.0, Format::Plain, "77568502900123"),
            (123_456_789_012_345_678.0, Format::Plain, "1.2345678901234568E17"),
            (0.4026, Format::Percent, "40.26%"),
            (1004.0, Format::Padded(5), "01004"),
            (43525.0, Format::Date, "2019-03-01"),
            (43525.75, Format::Date, "2019-03-01"),
            (1.0, Format::Date, "1900-01-01"),
            (0.5, Format::Date, "0.5"),
            (43525.0, Format::Plain, "43525"),
        ] {
            assert_eq!(number(v, format, false), want);
        }
        assert_eq!(number(42063.0, Format::Date, true), "2019-03-01");
    }
}
