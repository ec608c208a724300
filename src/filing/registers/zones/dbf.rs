//! The attribute table of a Shapefile, read as text.
//!
//! Codes must stay text: the `dbase` crate turns numeric fields into floats (a SIREN in a float field
//! loses digits) and refuses code pages that it does not know. A record is fixed-width text, so it is
//! read as such and decoded here.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};

use super::bounds::Meter;
use crate::registers::text::page::{self, Page};

/// Columns and rows as text.
#[derive(Debug)]
pub struct Dbf {
    pub columns: Vec<String>,
    /// Values with the place of their column, as [`super::raw::RawFeature::values`]; a deleted record is
    /// `None`, for it still has its shape.
    pub rows: Vec<Option<Vec<(usize, String)>>>,
    pub encoding: &'static str,
    /// What was declared of the encoding and is not so.
    pub remark: Option<String>,
}

/// What the letters of a table are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Letters {
    Utf8,
    /// A page that French files have.
    Page(Page),
    Other(&'static Encoding),
}

impl Letters {
    fn label(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Page(page) => page.label(),
            Self::Other(encoding) => encoding.name(),
        }
    }

    fn decode(self, bytes: &[u8]) -> Cow<'_, str> {
        match self {
            Self::Utf8 => UTF_8.decode_without_bom_handling(bytes).0,
            Self::Other(encoding) => encoding.decode_without_bom_handling(bytes).0,
            Self::Page(page) => {
                let mut out = Vec::with_capacity(bytes.len());
                page.decode_into(bytes, &mut out);
                Cow::Owned(String::from_utf8_lossy(&out).into_owned())
            }
        }
    }
}

/// Language driver bytes of the pages that French files have.
fn of_driver(ldid: u8) -> Option<Letters> {
    match ldid {
        0x03 | 0x57 | 0x58 | 0x59 => Some(Letters::Page(Page::Windows)),
        // Code pages 437 and 850: the letters of French are the same in both.
        0x01 | 0x02 | 0x0A | 0x0D | 0x0E | 0x1D | 0x25 | 0x37 | 0x6C => Some(Letters::Page(Page::Dos)),
        0x04 => Some(Letters::Page(Page::Mac)),
        0x4D => Some(Letters::Other(encoding_rs::GBK)),
        _ => None,
    }
}

/// Rows that the header announces.
#[must_use]
pub fn rows(bytes: &[u8]) -> usize {
    bytes.get(4..8).map_or(0, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize)
}

/// Reads a table. `cpg` is the text of the `.cpg` file, which goes before the driver byte of the header.
/// Bytes go before both: what is UTF-8 with accents is no accident, what is not UTF-8 was never written as
/// such, and a page that makes no words of them is not theirs where another one does.
///
/// # Errors
/// A sentence in French that says what is damaged.
pub fn read(bytes: &[u8], cpg: Option<&str>, meter: &Meter<'_>) -> Result<Dbf, String> {
    let u16_at = |at: usize| {
        bytes
            .get(at..at + 2)
            .map(|b| usize::from(u16::from_le_bytes([b[0], b[1]])))
            .ok_or("l'en-tête du .dbf est tronqué")
    };
    let (start, width) = (u16_at(8)?, u16_at(10)?);
    let ldid = *bytes.get(29).ok_or("l'en-tête du .dbf est tronqué")?;
    let fields = fields(bytes, start)?;
    let total: usize = 1 + fields.iter().map(|f| f.1).sum::<usize>();
    if width < total || start > bytes.len() {
        return Err("les champs du .dbf ne tiennent pas dans ses enregistrements".to_owned());
    }
    let body = &bytes[start..];
    let records: Vec<&[u8]> = body.chunks_exact(width).take(rows(bytes)).collect();
    let told = cpg.and_then(named).or_else(|| of_driver(ldid));
    let encoding = match speaks(&records, &fields) {
        Bytes::Utf8 => Letters::Utf8,
        Bytes::Other => of_words(&records, &fields, told),
        Bytes::Ascii => told.unwrap_or(Letters::Utf8),
    };
    let remark = told.filter(|told| *told != encoding).map(|told| {
        format!(
            "la table se déclare en {}, mais ses octets sont en {} : lue ainsi",
            told.label(),
            encoding.label()
        )
    });
    // A letter that the width of its field cut in two is left out.
    let text = |raw: &[u8]| encoding.decode(value(raw)).trim_end_matches('\u{fffd}').trim().to_owned();
    let columns: Vec<String> = fields.iter().map(|(name, _)| text(name)).collect();
    let wanted: Vec<bool> = columns.iter().map(|c| meter.wants(c)).collect();
    let read = records
        .into_iter()
        .map(|record| {
            let mut values = Vec::new();
            let mut at = 1;
            for (column, (_, width)) in fields.iter().enumerate() {
                at += width;
                if wanted[column] {
                    let value = text(&record[at - width..at]);
                    if !value.is_empty() {
                        values.push((column, value));
                    }
                }
            }
            (record[0] != b'*').then_some(values)
        })
        .collect();
    Ok(Dbf { columns, rows: read, encoding: encoding.label(), remark })
}

/// A value ends at its first zero byte.
fn value(raw: &[u8]) -> &[u8] {
    &raw[..raw.iter().position(|&b| b == 0).unwrap_or(raw.len())]
}

/// What the bytes of a table say themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bytes {
    Ascii,
    /// Letters with accents, in UTF-8.
    Utf8,
    Other,
}

/// Value by value: a field cut in the middle of a letter is UTF-8 all the same.
fn speaks(records: &[&[u8]], fields: &[(&[u8], usize)]) -> Bytes {
    let mut found = Bytes::Ascii;
    for record in records {
        let mut at = 1;
        for (_, width) in fields {
            let raw = value(&record[at..at + width]);
            at += width;
            match std::str::from_utf8(raw) {
                _ if raw.is_ascii() => {}
                Ok(_) => found = Bytes::Utf8,
                Err(e) if e.error_len().is_none() => {
                    if !raw[..e.valid_up_to()].is_ascii() {
                        found = Bytes::Utf8;
                    }
                }
                Err(_) => return Bytes::Other,
            }
        }
    }
    found
}

/// The page of values that are no UTF-8: what is told, unless another one makes better words of them.
fn of_words(records: &[&[u8]], fields: &[(&[u8], usize)], told: Option<Letters>) -> Letters {
    let told = told.filter(|t| *t != Letters::Utf8);
    if let Some(other @ Letters::Other(_)) = told {
        return other;
    }
    let mut lines: Vec<u8> = Vec::new();
    for record in records.iter().take(5_000) {
        let mut at = 1;
        for (_, width) in fields {
            lines.extend_from_slice(value(&record[at..at + width]));
            lines.push(b'\n');
            at += width;
        }
    }
    let Some(guess) = page::guess(&lines) else { return told.unwrap_or(Letters::Page(Page::Windows)) };
    let guessed = Letters::Page(guess.page);
    match told {
        // ISO-8859-15 and Windows-1252 share all but eight signs: neither is a lie of the other's name.
        Some(told @ Letters::Page(page)) => {
            let other = !guess.doubtful && page::worth(&lines, page) < page::worth(&lines, guess.page);
            if other { guessed } else { told }
        }
        _ => guessed,
    }
}

/// Names of code pages as `.cpg` files write them.
fn named(cpg: &str) -> Option<Letters> {
    let name = cpg.trim().trim_start_matches('\u{feff}').trim().to_ascii_lowercase();
    let bare: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let number = bare.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    Some(match (bare.as_str(), number) {
        ("65001" | "utf8", _) => Letters::Utf8,
        (_, "1252" | "88591") | ("latin1", _) => Letters::Page(Page::Windows),
        (_, "885915") | ("latin9", _) => Letters::Page(Page::Latin9),
        (_, "850" | "437" | "858") => Letters::Page(Page::Dos),
        (_, "10000") | ("macintosh" | "macroman" | "mac", _) => Letters::Page(Page::Mac),
        ("ldid87", _) => Letters::Page(Page::Windows),
        _ => {
            let other = Encoding::for_label(name.as_bytes())?;
            if other == UTF_8 { Letters::Utf8 } else { Letters::Other(other) }
        }
    })
}

/// Name and width of each field.
fn fields(bytes: &[u8], start: usize) -> Result<Vec<(&[u8], usize)>, String> {
    let mut fields = Vec::new();
    let mut at = 32;
    while at + 32 <= start && bytes.get(at).is_some_and(|&b| b != 0x0D) {
        let field = bytes.get(at..at + 32).ok_or("les champs du .dbf sont tronqués")?;
        // Text fields wider than 255 keep the high byte where numbers keep their decimals.
        let wide = if field[11] == b'C' { usize::from(field[17]) * 256 } else { 0 };
        fields.push((&field[..11], usize::from(field[16]) + wide));
        at += 32;
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(ldid: u8, value: &[u8]) -> Vec<u8> {
        let mut b = vec![0_u8; 32];
        b[0] = 3;
        b[4] = 1;
        b[8] = 65;
        b[10] = 11;
        b[29] = ldid;
        let mut field = vec![0_u8; 32];
        field[..3].copy_from_slice(b"NOM");
        field[11] = b'C';
        field[16] = 10;
        b.extend(field);
        b.push(0x0D);
        b.push(b' ');
        b.extend(value);
        b
    }

    fn read(bytes: &[u8], cpg: Option<&str>) -> Result<Dbf, String> {
        let bounds = super::super::bounds::Bounds::layer();
        let couche = crate::reference::territory::territory().couche("*");
        super::read(bytes, cpg, &Meter::new("essai", couche, &bounds))
    }

    fn one(bytes: &[u8], cpg: Option<&str>) -> (String, bool) {
        let dbf = read(bytes, cpg).unwrap();
        (dbf.rows[0].as_ref().unwrap()[0].1.clone(), dbf.remark.is_some())
    }

    #[test]
    fn bytes_go_before_what_the_files_beside_say_of_them() {
        let (utf8, latin) = ("Frayère  ".as_bytes(), b"Fray\xe8re   ".as_slice());
        for (bytes, ldid, cpg, remark) in [
            (utf8, 0x57, Some("1252"), true),
            (utf8, 0x57, None, true),
            (utf8, 0x03, Some("ISO-8859-1"), true),
            (latin, 0, Some("UTF-8"), true),
            (latin, 0x57, Some("UTF-8"), true),
            (latin, 0x57, Some("1252"), false),
            (b"Frayere   ".as_slice(), 0x57, Some("UTF-8"), false),
        ] {
            let (value, said) = one(&table(ldid, bytes), cpg);
            assert_eq!((value.replace('e', "è"), said), ("Frayèrè".to_owned(), remark), "{cpg:?} {bytes:?}");
        }
        // Pages of DOS and of the Macintosh, declared, wrongly declared, or not at all.
        let dos = b"Fray\x8are   ".as_slice();
        for (ldid, cpg) in
            [(0x02, None), (0, Some("850")), (0, Some("IBM850")), (0x57, Some("1252")), (0, None)]
        {
            assert_eq!(one(&table(ldid, dos), cpg).0, "Frayère", "{ldid} {cpg:?}");
        }
        assert_eq!(one(&table(0x04, b"Fray\x8fre   "), None).0, "Frayère");
        // A dash of Windows under the name of ISO-8859-15.
        assert_eq!(one(&table(0, b"\xc9t\xe9 \x96 b   "), Some("ISO-8859-15")).0, "Été – b");
        // Cut in the middle of its last letter by the width of the field.
        assert_eq!(one(&table(0x57, b"A\xc3\xa9rien n\xc3"), None).0, "Aérien n");
    }

    #[test]
    fn text_without_cpg_follows_the_driver_byte_then_the_bytes() {
        let latin = b"Fray\xe8re   ";
        assert_eq!(one(&table(0x57, latin), None).0, "Frayère");
        assert_eq!(one(&table(0, latin), None).0, "Frayère");
        let utf8 = "Frayère  ".as_bytes();
        assert_eq!(one(&table(0, utf8), None).0, "Frayère");
        assert_eq!(one(&table(0x57, utf8), Some("UTF-8")).0, "Frayère");
    }

    #[test]
    fn a_table_cut_anywhere_never_panics() {
        let whole = table(0x57, b"0123456789");
        for n in 0..whole.len() {
            if let Ok(dbf) = read(&whole[..n], None) {
                assert!(dbf.rows.is_empty());
            }
        }
    }
}
