//! A CSV that comes to the interface: any of the encodings and separators that spreadsheets write.

use std::borrow::{Borrow, Cow};

use csv::{ByteRecord, StringRecord};

use crate::desk::problem::Problem;
use crate::reference::registre::Registre;
use crate::registers::fields;
use crate::registers::headers::canonical;
use crate::registers::intake::Layout;
use crate::registers::table::{Block, Shape};
use crate::registers::text::{self, separator};

/// Lines that are looked at to tell the separator.
const HEAD: usize = 50;

/// The body as UTF-8, without the mark of spreadsheets, and its separator.
///
/// # Errors
/// It is no table of two columns or more.
pub fn decoded(body: &[u8]) -> Result<(Cow<'_, [u8]>, u8), Problem> {
    let (text, hint) = text::whole(body);
    let head =
        text.iter().enumerate().filter(|(_, b)| **b == b'\n').nth(HEAD).map_or(text.len(), |(i, _)| i + 1);
    let delimiter = hint.or_else(|| separator::sniff(&text[..head])).ok_or_else(|| {
        Problem::body("Le fichier n'est pas un tableau CSV : il lui faut au moins deux colonnes.")
    })?;
    Ok((text, delimiter))
}

/// Records among which the header is looked for: titles may stand above it.
pub const ABOVE: usize = 30;

/// Every record of a CSV, with its line. A stray quote costs its own line only.
///
/// # Errors
/// As [`decoded`].
pub fn records(body: &[u8]) -> Result<Vec<(u64, ByteRecord)>, Problem> {
    let (text, delimiter) = decoded(body)?;
    let mut all = Vec::new();
    Block::of_text(&text, delimiter, 0).for_each(|line, record| all.push((line, record.clone())));
    Ok(all)
}

/// A record as text, cell by cell.
fn texts(record: &ByteRecord) -> Vec<String> {
    record.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect()
}

/// The header of a small file and the records below it, cells without what spreadsheets put around them: the
/// first of its first records that has these columns, else the first of all.
///
/// # Errors
/// It is no table, or columns are missing: they are named.
pub fn below(body: &[u8], needed: &[&str]) -> Result<(Vec<String>, Vec<(u64, StringRecord)>), Problem> {
    let all = records(body)?;
    let lacks = |header: &[String]| -> Vec<&str> {
        let has = |n: &&&str| header.iter().any(|h| canonical(h) == canonical(n));
        needed.iter().filter(|n| !has(n)).copied().collect()
    };
    let at = all.iter().take(ABOVE).position(|(_, r)| lacks(&texts(r)).is_empty()).unwrap_or(0);
    let header = all.get(at).map_or_else(Vec::new, |(_, r)| texts(r));
    let missing = lacks(&header);
    if !missing.is_empty() {
        return Err(lacking(&missing, &header));
    }
    let rows = all.into_iter().skip(at + 1).filter(|(_, r)| !r.iter().all(fields::is_blank));
    let cleaned = |r: &ByteRecord| r.iter().map(|c| String::from_utf8_lossy(fields::clean(c))).collect();
    Ok((header, rows.map(|(line, r)| (line, cleaned(&r))).collect()))
}

/// A line of a register's file.
#[derive(Debug)]
pub struct Line {
    pub ligne: u64,
    pub record: ByteRecord,
    /// As many cells as the header has; a spreadsheet may have left out empty ones at the end.
    pub whole: bool,
}

/// The lines of a register's file below its header, and where its columns are. Blank lines and headers that
/// come again are left out.
///
/// # Errors
/// It is no table, or mandatory columns are missing: they are named.
pub fn table(registre: &Registre, body: &[u8]) -> Result<(Layout, Vec<Line>), Problem> {
    let (text, delimiter) = decoded(body)?;
    let mut head = Vec::new();
    Block::of_text(&text, delimiter, 0).for_each(|_, record| {
        if head.len() < ABOVE {
            head.push(texts(record));
        }
    });
    let at = head.iter().position(|record| Layout::new(registre, record).is_ok()).unwrap_or(0);
    let header = head.get(at).cloned().unwrap_or_default();
    let mut layout = Layout::new(registre, &header).map_err(|missing| lacking(&missing, &header))?;
    let mut lines = Vec::new();
    Block::of_text(&text, delimiter, at + 1).rows(layout.full, layout.reach, |ligne, record, shape| {
        if record.iter().all(fields::is_blank) || texts(record) == header {
            return;
        }
        let mut record = record.clone();
        let whole = match shape {
            Shape::Whole => record.iter().skip(layout.width).all(fields::is_blank),
            Shape::Short => record.len() >= layout.reach.max(1),
            Shape::Broken => false,
        };
        while whole && record.len() < layout.width {
            record.push_field(b"");
        }
        lines.push(Line { ligne, record, whole });
    });
    layout.learn(lines.iter().filter(|l| l.whole).map(|l| &l.record));
    Ok((layout, lines))
}

/// What is said of a file without columns that it needs: those that it has tell which file it is.
pub fn lacking(missing: &[impl Borrow<str>], header: &[String]) -> Problem {
    let (what, those) =
        if missing.len() == 1 { ("la colonne", "Ajoutez-la") } else { ("les colonnes", "Ajoutez-les") };
    let found: Vec<&str> = header.iter().map(|h| h.trim()).filter(|h| !h.is_empty()).collect();
    Problem::body(format!(
        "Il manque {what} {}. Colonnes trouvées à la première ligne : {}. {those}, ou donnez ce nom à la colonne qui en tient lieu.",
        missing.join(", "),
        found.join(", ")
    ))
}
