//! The attribute table of a Shapefile, read as text.
//!
//! Codes must stay text: the `dbase` crate turns numeric fields into floats (a SIREN in a float field
//! loses digits) and refuses code pages that it does not know. A record is fixed-width text, so it is
//! read as such and decoded here.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use super::bounds::Meter;

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

/// Language driver bytes that mean UTF-8 or a superset of what French files hold.
fn of_driver(ldid: u8) -> Option<&'static Encoding> {
    match ldid {
        0x03 | 0x57 | 0x58 | 0x59 => Some(WINDOWS_1252),
        0x4D => Some(encoding_rs::GBK),
        _ => None,
    }
}

/// Rows that the header announces.
#[must_use]
pub fn rows(bytes: &[u8]) -> usize {
    bytes.get(4..8).map_or(0, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize)
}

/// Reads a table. `cpg` is the text of the `.cpg` file, which goes before the driver byte of the header.
/// Bytes go before both: what is UTF-8 with accents is no accident, and what is not UTF-8 was never written
/// as such.
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
    let encoding = match (told, speaks(&records, &fields)) {
        (_, Bytes::Utf8) => UTF_8,
        (Some(told), _) if told != UTF_8 => told,
        (_, Bytes::Other) => WINDOWS_1252,
        (_, Bytes::Ascii) => told.unwrap_or(UTF_8),
    };
    let remark = told.filter(|told| *told != encoding).map(|told| {
        format!(
            "la table se déclare en {}, mais ses octets sont en {} : lue ainsi",
            told.name(),
            encoding.name()
        )
    });
    // A letter that the width of its field cut in two is left out.
    let text = |raw: &[u8]| {
        encoding.decode_without_bom_handling(value(raw)).0.trim_end_matches('\u{fffd}').trim().to_owned()
    };
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
    Ok(Dbf { columns, rows: read, encoding: encoding.name(), remark })
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

/// Names of code pages as `.cpg` files write them.
fn named(cpg: &str) -> Option<&'static Encoding> {
    let name = cpg.trim().trim_start_matches('\u{feff}').to_ascii_lowercase();
    match name.as_str() {
        "65001" | "utf8" => Some(UTF_8),
        "1252" | "cp1252" | "ansi 1252" | "88591" | "8859-1" | "latin1" | "iso 88591" => Some(WINDOWS_1252),
        other => Encoding::for_label(other.as_bytes()),
    }
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
