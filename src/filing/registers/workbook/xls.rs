//! The sheets of a workbook of before 2007 (`.xls`, BIFF 8 in a compound file), record by record.
//!
//! Sources: [MS-XLS] and [MS-CFB]. What a record says of lengths is checked against the bytes that it has;
//! shared texts are kept, nothing else is.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use encoding_rs::{UTF_16LE, WINDOWS_1252};

use super::parts::{Format, built_in, format_of};
use super::sheet::{self, Row, SheetError};
use super::xml::XmlError;

const CONTINUE: u16 = 0x003C;

/// Why an old workbook cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unread {
    /// Not a workbook at all.
    Foreign,
    Locked,
    /// Of before 1997.
    Ancient,
}

/// What is read once for all sheets.
pub(super) struct Xls {
    /// The stream is read through it.
    _file: cfb::CompoundFile<File>,
    stream: BufReader<cfb::Stream<File>>,
    /// Of each sheet: its name, its place in the stream, whether it is hidden.
    sheets: Vec<(String, u64, bool)>,
    strings: Vec<String>,
    formats: Vec<Format>,
    from_1904: bool,
}

/// Tells a workbook among compound files.
pub(super) fn look(path: &Path) -> Result<(), Unread> {
    let file = cfb::open(path).map_err(|_| Unread::Foreign)?;
    if file.is_stream("/Workbook") {
        Ok(())
    } else if file.is_stream("/EncryptedPackage") {
        Err(Unread::Locked)
    } else if file.is_stream("/Book") {
        Err(Unread::Ancient)
    } else {
        Err(Unread::Foreign)
    }
}

/// A record with those that continue it.
struct Record {
    kind: u16,
    parts: Vec<Vec<u8>>,
}

impl Record {
    fn body(&self) -> &[u8] {
        self.parts.first().map_or(&[], Vec::as_slice)
    }

    fn u16(&self, at: usize) -> Option<u16> {
        self.body().get(at..at + 2)?.try_into().ok().map(u16::from_le_bytes)
    }

    fn u32(&self, at: usize) -> Option<u32> {
        self.body().get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes)
    }
}

fn broken(what: &str) -> XmlError {
    XmlError::Malformed(format!("{what} est rompu"))
}

/// The next record; `None` at the end.
fn next(stream: &mut impl Read) -> Result<Option<(u16, Vec<u8>)>, XmlError> {
    let mut head = [0; 4];
    let n = crate::registers::text::read_full(stream, &mut head).map_err(|_| broken("un enregistrement"))?;
    if n < 4 {
        return Ok(None);
    }
    let (kind, length) = (u16::from_le_bytes([head[0], head[1]]), u16::from_le_bytes([head[2], head[3]]));
    let mut body = vec![0; usize::from(length)];
    stream.read_exact(&mut body).map_err(|_| broken("un enregistrement"))?;
    Ok(Some((kind, body)))
}

/// Records of a stream, each with its continuation.
struct Records<'s, R> {
    stream: &'s mut R,
    ahead: Option<(u16, Vec<u8>)>,
}

impl<'s, R: Read> Records<'s, R> {
    fn new(stream: &'s mut R) -> Result<Self, XmlError> {
        let ahead = next(stream)?;
        Ok(Self { stream, ahead })
    }

    fn next(&mut self) -> Result<Option<Record>, XmlError> {
        let Some((kind, body)) = self.ahead.take() else { return Ok(None) };
        let mut parts = vec![body];
        loop {
            self.ahead = next(self.stream)?;
            match self.ahead.take() {
                Some((CONTINUE, more)) => parts.push(more),
                other => {
                    self.ahead = other;
                    return Ok(Some(Record { kind, parts }));
                }
            }
        }
    }
}

impl Xls {
    pub fn open(path: &Path) -> Result<Self, XmlError> {
        let mut file = cfb::open(path).map_err(|_| broken("le classeur"))?;
        let stream = file.open_stream("/Workbook").map_err(|_| broken("le classeur"))?;
        let mut book = Self {
            _file: file,
            stream: BufReader::with_capacity(1 << 16, stream),
            sheets: Vec::new(),
            strings: Vec::new(),
            formats: Vec::new(),
            from_1904: false,
        };
        let mut own: Vec<(u16, Format)> = Vec::new();
        let mut styles: Vec<u16> = Vec::new();
        let mut records = Records::new(&mut book.stream)?;
        let mut first = true;
        while let Some(record) = records.next()? {
            match record.kind {
                0x0809 if first && record.u16(0) != Some(0x0600) => {
                    return Err(XmlError::Malformed(
                        "il est d'avant Excel 97 ; enregistrez-le au format .xlsx".to_owned(),
                    ));
                }
                0x002F => {
                    return Err(XmlError::Malformed(
                        "il est protégé par un mot de passe ; enregistrez-le sans".to_owned(),
                    ));
                }
                0x0022 => book.from_1904 = record.u16(0) == Some(1),
                // A sheet of cells, not a chart.
                0x0085 if record.body().get(5) == Some(&0) => {
                    let place = record.u32(0).ok_or_else(|| broken("la liste des feuilles"))?;
                    let length = record.body().get(6).copied().map_or(0, usize::from);
                    let mut text = Text { parts: &record.parts, part: 0, at: 7 };
                    let hidden = record.body().get(4).is_some_and(|state| state & 3 != 0);
                    book.sheets.push((text.letters(length)?, u64::from(place), hidden));
                }
                0x00FC => book.strings = shared(&record)?,
                0x041E => {
                    let mut text = Text { parts: &record.parts, part: 0, at: 2 };
                    let length = usize::from(text.u16()?);
                    own.push((record.u16(0).unwrap_or(0), format_of(&text.letters(length)?)));
                }
                0x00E0 => styles.push(record.u16(2).unwrap_or(0)),
                0x000A => break,
                _ => {}
            }
            first = false;
        }
        book.formats = styles
            .iter()
            .map(|id| own.iter().find(|(i, _)| i == id).map_or_else(|| built_in((*id).into()), |(_, f)| *f))
            .collect();
        Ok(book)
    }

    pub fn names(&self) -> Vec<String> {
        self.sheets.iter().map(|(name, ..)| name.clone()).collect()
    }

    pub fn hidden(&self, at: usize) -> bool {
        self.sheets.get(at).is_some_and(|(.., hidden)| *hidden)
    }

    /// Goes through the rows of a sheet, as [`sheet::rows`] does.
    pub fn rows<E>(
        &mut self,
        at: usize,
        mut each: impl FnMut(u64, &mut Vec<String>) -> Result<bool, E>,
    ) -> Result<(), SheetError<E>> {
        let Some((_, place, _)) = self.sheets.get(at) else { return Ok(()) };
        self.stream.seek(SeekFrom::Start(*place)).map_err(|_| broken("la place d'une feuille"))?;
        let mut row = Row::default();
        let mut depth = 0;
        let mut formula: Option<(u16, u16)> = None;
        let mut records = Records::new(&mut self.stream)?;
        let (formats, from_1904) = (&self.formats, self.from_1904);
        let value = |style: u16, v: f64| {
            let format = formats.get(usize::from(style)).copied().unwrap_or_default();
            if v.is_finite() { sheet::number(v, format, from_1904) } else { String::new() }
        };
        while let Some(record) = records.next()? {
            match record.kind {
                0x0809 => depth += 1,
                0x000A => {
                    depth -= 1;
                    if depth <= 0 {
                        break;
                    }
                }
                // What is inside belongs to a chart.
                _ if depth > 1 => {}
                kind => {
                    let (Some(line), Some(column)) = (record.u16(0), record.u16(2)) else { continue };
                    let style = record.u16(4).unwrap_or(0);
                    let mut cells: Vec<(u16, String)> = Vec::new();
                    let mut line = line;
                    match kind {
                        0x00FD => {
                            let text = record.u32(6).and_then(|i| self.strings.get(i as usize));
                            cells.push((column, text.cloned().unwrap_or_default()));
                        }
                        0x0203 => {
                            let bytes = record.body().get(6..14).and_then(|b| b.try_into().ok());
                            let v = f64::from_le_bytes(bytes.ok_or_else(|| broken("une cellule"))?);
                            cells.push((column, value(style, v)));
                        }
                        0x027E => {
                            let v = record.u32(6).ok_or_else(|| broken("une cellule"))?;
                            cells.push((column, value(style, small(v))));
                        }
                        0x00BD => {
                            for (i, six) in
                                record.body().get(4..).unwrap_or_default().chunks_exact(6).enumerate()
                            {
                                let style = u16::from_le_bytes([six[0], six[1]]);
                                let v = small(u32::from_le_bytes([six[2], six[3], six[4], six[5]]));
                                let place = usize::from(column) + i;
                                cells.push((u16::try_from(place).unwrap_or(u16::MAX), value(style, v)));
                            }
                        }
                        0x0204 | 0x00D6 => {
                            let mut text = Text { parts: &record.parts, part: 0, at: 6 };
                            let length = usize::from(text.u16()?);
                            cells.push((column, text.letters(length)?));
                        }
                        0x0205 if record.body().get(7) == Some(&0) => {
                            cells.push((column, record.body().get(6).copied().unwrap_or(0).to_string()));
                        }
                        0x0006 => {
                            let result = record.body().get(6..14).unwrap_or_default();
                            formula = None;
                            match result {
                                [0, .., 0xFF, 0xFF] => formula = Some((line, column)),
                                [1, _, v, .., 0xFF, 0xFF] => cells.push((column, v.to_string())),
                                [.., 0xFF, 0xFF] => {}
                                _ => {
                                    if let Ok(bytes) = result.try_into() {
                                        cells.push((column, value(style, f64::from_le_bytes(bytes))));
                                    }
                                }
                            }
                        }
                        // The text that a formula gave.
                        0x0207 => {
                            if let Some((l, c)) = formula.take() {
                                let mut text = Text { parts: &record.parts, part: 0, at: 0 };
                                let length = usize::from(text.u16()?);
                                line = l;
                                cells.push((c, text.letters(length)?));
                            }
                        }
                        _ => {}
                    }
                    for (column, text) in cells {
                        if text.is_empty() {
                            continue;
                        }
                        let number = u64::from(line) + 1;
                        if number != row.number() {
                            if !row.repeat(1, &mut each)? {
                                return Ok(());
                            }
                            row.start(number)?;
                        }
                        row.at(usize::from(column));
                        row.put(sheet::one_line(&text))?;
                    }
                }
            }
        }
        row.repeat(1, &mut each)?;
        Ok(())
    }
}

/// A number of 30 bits: an integer or the upper half of a float, perhaps in hundredths.
fn small(rk: u32) -> f64 {
    let value = if rk & 2 != 0 {
        f64::from(rk.cast_signed() >> 2)
    } else {
        f64::from_bits(u64::from(rk & 0xFFFF_FFFC) << 32)
    };
    if rk & 1 != 0 { value / 100.0 } else { value }
}

/// Texts of a record; one may go on in the next part, which then says anew how wide its letters are.
struct Text<'r> {
    parts: &'r [Vec<u8>],
    part: usize,
    at: usize,
}

impl Text<'_> {
    /// The next byte; parts follow each other without a sign between.
    fn byte(&mut self) -> Result<u8, XmlError> {
        loop {
            let part = self.parts.get(self.part).ok_or_else(|| broken("un texte"))?;
            if let Some(b) = part.get(self.at) {
                self.at += 1;
                return Ok(*b);
            }
            self.part += 1;
            self.at = 0;
        }
    }

    fn u16(&mut self) -> Result<u16, XmlError> {
        Ok(u16::from_le_bytes([self.byte()?, self.byte()?]))
    }

    fn u32(&mut self) -> Result<u32, XmlError> {
        Ok(u32::from(self.u16()?) | u32::from(self.u16()?) << 16)
    }

    fn skip(&mut self, mut count: usize) -> Result<(), XmlError> {
        while count > 0 {
            let part = self.parts.get(self.part).ok_or_else(|| broken("un texte"))?;
            let step = count.min(part.len() - self.at.min(part.len()));
            self.at += step;
            count -= step;
            if count > 0 {
                self.part += 1;
                self.at = 0;
            }
        }
        Ok(())
    }

    /// The width of letters, then so many of them.
    fn letters(&mut self, count: usize) -> Result<String, XmlError> {
        let flags = self.byte()?;
        self.wide(count, flags & 1 != 0)
    }

    fn wide(&mut self, count: usize, mut wide: bool) -> Result<String, XmlError> {
        let mut out = String::new();
        let mut left = count;
        while left > 0 {
            let part = self.parts.get(self.part).ok_or_else(|| broken("un texte"))?;
            let bytes = part.get(self.at..).unwrap_or_default();
            let here = if wide { bytes.len() / 2 } else { bytes.len() }.min(left);
            let length = here * if wide { 2 } else { 1 };
            let encoding = if wide { UTF_16LE } else { WINDOWS_1252 };
            // Narrow letters are the first 256 of Unicode, which Windows-1252 has but for its signs.
            out.push_str(&encoding.decode_without_bom_handling(&bytes[..length]).0);
            self.at += length;
            left -= here;
            if left > 0 {
                self.part += 1;
                self.at = 0;
                wide = self.byte()? & 1 != 0;
            }
        }
        Ok(out)
    }
}

/// The texts that cells share.
fn shared(record: &Record) -> Result<Vec<String>, XmlError> {
    let count = record.u32(4).unwrap_or(0) as usize;
    let mut text = Text { parts: &record.parts, part: 0, at: 8 };
    let bytes: usize = record.parts.iter().map(Vec::len).sum();
    // A text takes three bytes at the least.
    let mut out = Vec::with_capacity(count.min(bytes / 3));
    for _ in 0..count {
        let length = usize::from(text.u16()?);
        let flags = text.byte()?;
        let runs = if flags & 8 != 0 { usize::from(text.u16()?) * 4 } else { 0 };
        let more = if flags & 4 != 0 { text.u32()? as usize } else { 0 };
        out.push(text.wide(length, flags & 1 != 0)?);
        text.skip(runs + more)?;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::super::to_csv;
    use super::*;

    fn record(kind: u16, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).unwrap();
        [&kind.to_le_bytes()[..], &length.to_le_bytes(), body].concat()
    }

    fn cell(kind: u16, row: u16, column: u16, style: u16, rest: &[u8]) -> Vec<u8> {
        let place = [row.to_le_bytes(), column.to_le_bytes(), style.to_le_bytes()].concat();
        record(kind, &[&place[..], rest].concat())
    }

    /// A workbook of one sheet, whose long shared text goes on in a second record with wider letters.
    fn workbook(cells: &[Vec<u8>]) -> Vec<u8> {
        let bof = |kind: u16| {
            record(0x0809, &[&0x0600_u16.to_le_bytes()[..], &kind.to_le_bytes(), &[0; 4]].concat())
        };
        let mut globals = bof(5);
        globals.extend(record(
            0x041E,
            &[&164_u16.to_le_bytes()[..], &5_u16.to_le_bytes(), &[0], b"000000"].concat(),
        ));
        for format in [0_u16, 14, 10, 164] {
            globals.extend(record(0x00E0, &[&[0, 0][..], &format.to_le_bytes(), &[0; 16]].concat()));
        }
        let mut shared = [&2_u32.to_le_bytes()[..], &2_u32.to_le_bytes()].concat();
        shared.extend([&5_u16.to_le_bytes()[..], &[0], b"vague"].concat());
        shared.extend([&5_u16.to_le_bytes()[..], &[0], b"\xe9t"].concat());
        let wide: Vec<u8> = "é€!".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let sheet_at = |n: usize| u32::try_from(n).unwrap().to_le_bytes();
        let bound = |at: [u8; 4]| record(0x0085, &[&at[..], &[0, 0, 7, 0], b"Donn\xe9es"].concat());
        let rest =
            [record(0x00FC, &shared), record(CONTINUE, &[&[1][..], &wide].concat()), record(0x000A, &[])]
                .concat();
        let place = globals.len() + bound([0; 4]).len() + rest.len();
        globals.extend(bound(sheet_at(place)));
        [globals, rest, bof(16), cells.concat(), record(0x000A, &[])].concat()
    }

    fn saved(stream: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.xls");
        let mut file = cfb::create(&path).unwrap();
        file.create_stream("/Workbook").unwrap().write_all(stream).unwrap();
        file.flush().unwrap();
        (dir, path)
    }

    fn text(path: &Path) -> Result<String, String> {
        let out = path.with_extension("csv");
        to_csv(path, &out, None, &|_| false).map_err(|e| e.to_string())?;
        Ok(std::fs::read_to_string(out).unwrap())
    }

    #[test]
    fn every_kind_of_cell_is_what_it_shows() {
        let number = |v: f64| v.to_le_bytes();
        let formula = |result: [u8; 8]| [&result[..], &[0; 8]].concat();
        let cells = [
            cell(0x00FD, 0, 0, 0, &0_u32.to_le_bytes()),
            cell(0x00FD, 0, 1, 0, &1_u32.to_le_bytes()),
            cell(0x0203, 1, 0, 0, &number(12.5)),
            cell(0x0203, 1, 1, 1, &number(43525.0)),
            // Integers: in hundredths, and as they are.
            cell(0x027E, 1, 2, 2, &((40_u32 << 2) | 3).to_le_bytes()),
            cell(0x027E, 1, 3, 3, &((1004_u32 << 2) | 2).to_le_bytes()),
            cell(0x0006, 3, 0, 0, &formula(number(7.0))),
            cell(0x0006, 3, 1, 0, &formula([0, 0, 0, 0, 0, 0, 0xFF, 0xFF])),
            record(0x0207, &[&3_u16.to_le_bytes()[..], &[0], b"oui"].concat()),
            cell(0x0205, 3, 2, 0, &[1, 0]),
            cell(0x0204, 3, 3, 0, &[&2_u16.to_le_bytes()[..], &[0], b"a;"].concat()),
        ];
        let (_dir, path) = saved(&workbook(&cells));
        let want = "vague;été€!;;\n12.5;2019-03-01;40%;01004\n\"\"\n7;oui;1;\"a;\"\n";
        assert_eq!(text(&path).unwrap(), want);
    }

    #[test]
    fn a_workbook_cut_anywhere_is_refused_or_read_and_never_panics() {
        let whole = workbook(&[
            cell(0x00FD, 0, 0, 0, &0_u32.to_le_bytes()),
            cell(0x00FD, 1, 0, 0, &9_u32.to_le_bytes()),
        ]);
        for n in 0..whole.len() {
            let (_dir, path) = saved(&whole[..n]);
            let _ = text(&path);
        }
        for at in 0..whole.len() {
            let mut bad = whole.clone();
            bad[at] ^= 0xFF;
            let (_dir, path) = saved(&bad);
            let _ = text(&path);
        }
    }
}
