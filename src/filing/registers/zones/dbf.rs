//! The attribute table of a Shapefile, read as text.
//!
//! Codes must stay text: the `dbase` crate turns numeric fields into floats (a SIREN in a float field
//! loses digits) and refuses code pages that it does not know. A record is fixed-width text, so it is
//! read as such and decoded here.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// Columns and rows as text; a deleted record is `None`, for it still has its shape.
#[derive(Debug)]
pub struct Dbf {
    pub columns: Vec<String>,
    pub rows: Vec<Option<Vec<String>>>,
    pub encoding: &'static str,
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
///
/// # Errors
/// A sentence in French that says what is damaged.
pub fn read(bytes: &[u8], cpg: Option<&str>) -> Result<Dbf, String> {
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
    let encoding = cpg.and_then(named).or_else(|| of_driver(ldid)).unwrap_or_else(|| {
        // Nothing says it: UTF-8 if the text is, else what French software of the time wrote.
        let all = || records.iter().all(|r| std::str::from_utf8(&r[1..]).is_ok());
        if all() { UTF_8 } else { WINDOWS_1252 }
    });
    let text = |raw: &[u8]| {
        let end = raw.iter().position(|&b| b == 0).unwrap_or(raw.len());
        encoding.decode_without_bom_handling(&raw[..end]).0.trim().to_owned()
    };
    let read = records
        .into_iter()
        .map(|record| {
            let mut at = 1;
            let values = fields.iter().map(|(_, width)| {
                at += width;
                text(&record[at - width..at])
            });
            let values = values.collect();
            (record[0] != b'*').then_some(values)
        })
        .collect();
    let columns = fields.iter().map(|(name, _)| text(name)).collect();
    Ok(Dbf { columns, rows: read, encoding: encoding.name() })
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

    #[test]
    fn text_without_cpg_follows_the_driver_byte_then_the_bytes() {
        let latin = b"Fray\xe8re   ";
        assert_eq!(read(&table(0x57, latin), None).unwrap().rows[0].as_ref().unwrap()[0], "Frayère");
        assert_eq!(read(&table(0, latin), None).unwrap().rows[0].as_ref().unwrap()[0], "Frayère");
        let utf8 = "Frayère  ".as_bytes();
        assert_eq!(read(&table(0, utf8), None).unwrap().rows[0].as_ref().unwrap()[0], "Frayère");
        assert_eq!(read(&table(0x57, utf8), Some("UTF-8")).unwrap().rows[0].as_ref().unwrap()[0], "Frayère");
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
