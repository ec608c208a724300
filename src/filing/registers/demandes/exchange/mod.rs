//! The exchange of the SNE (`interfaceNuu`, versions 02.00 and 02.01) → the table that the register of
//! demands reads: one row a demand, on the line of its element where lines allow it.
//!
//! Read as a stream, in any order of elements, namespaces by their URI. A document that is damaged, cut, not
//! in UTF-8, that declares a DTD or an entity, or that costs more than `data/registers/sne_echange.toml`
//! allows is refused by line, column and rule. Only elements that fill a column are held; the others are
//! counted by name.

mod demand;
mod walk;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

pub(super) use self::demand::age;
use self::walk::Walk;
use crate::reference::ReferenceError;
use crate::reference::demandes::demandes;
use crate::reference::echange::echange;
use crate::registers::kit::guard::Guard;

/// Why an exchange cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    #[error("{} : lecture impossible ({source})", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{} : ligne {line}, colonne {column} : {why}. Rien n'a été importé.", path.display())]
    Refused { path: PathBuf, line: u64, column: u64, why: String },
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    #[error("conversion de l'échange : {0}")]
    Write(#[from] io::Error),
    #[error("conversion de l'échange : {0}")]
    Csv(#[from] csv::Error),
}

/// What was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    pub version: String,
    /// Day of the file (`dateFichier`), `yyyymmdd`.
    pub day: Option<u32>,
    pub demands: u64,
    /// Elements that fill no column, by name, with how often they came.
    pub unread: BTreeMap<String, u64>,
    /// Rows do not stand on the lines of their elements.
    pub moved: bool,
}

impl Told {
    /// Sentences for the report.
    #[must_use]
    pub fn remarks(&self, extrait: u32) -> Vec<String> {
        let mut out = Vec::new();
        if !self.unread.is_empty() {
            let names: Vec<&str> = self.unread.keys().map(String::as_str).take(60).collect();
            out.push(format!("Éléments de l'échange qui ne sont pas lus ni gardés : {}.", names.join(", ")));
        }
        if let Some(day) = self.day.filter(|d| *d != extrait) {
            let french = |d| crate::days::french(&crate::days::iso(d));
            out.push(format!(
                "Le fichier dit être du {} ; les âges et anciennetés sont comptés au {}.",
                french(day),
                french(extrait)
            ));
        }
        if self.moved {
            out.push(
                "Plusieurs demandes sont sur une même ligne du fichier : les numéros de ligne des constats sont \
                    alors des rangs de demandes, augmentés de un."
                    .to_owned(),
            );
        }
        out
    }
}

/// Bytes that are looked at to know a document.
const SNIFF: usize = 64 * 1024;
/// A document may become this long, whatever the size of its file.
const FREE: u64 = 256 << 20;

/// The file is XML (not a web page), plain or gzip.
#[must_use]
pub fn is_xml(path: &Path) -> bool {
    let Some(head) = first_bytes(path) else { return false };
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head).trim_ascii_start();
    let lower = text[..text.len().min(16)].to_ascii_lowercase();
    let page = lower.starts_with(b"<!doctype html") || lower.starts_with(b"<html");
    is_wide(&head) || (lower.starts_with(b"<") && !page)
}

/// It is XML in UTF-16: the first sign has a zero beside it.
fn is_wide(head: &[u8]) -> bool {
    matches!(head, [0xff, 0xfe, b'<', 0, ..] | [0xfe, 0xff, 0, b'<', ..])
        || matches!(head, [b'<', 0, ..] | [0, b'<', ..])
}

/// It is XML whose first bytes name the exchange's root.
#[must_use]
pub fn is_exchange(path: &Path) -> bool {
    is_xml(path)
        && first_bytes(path).is_some_and(|head| memchr::memmem::find(&head, b"interfaceNuu").is_some())
}

fn first_bytes(path: &Path) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    // A file that is cut has a beginning all the same.
    let read = open(path).ok()?.take(SNIFF as u64).read_to_end(&mut head);
    (read.is_ok() || !head.is_empty()).then_some(head)
}

fn open(path: &Path) -> io::Result<Box<dyn Read>> {
    let mut file = File::open(path)?;
    let mut magic = [0u8; 2];
    let n = crate::registers::text::read_full(&mut file, &mut magic)?;
    let whole = io::Cursor::new(magic[..n].to_vec()).chain(file);
    Ok(if magic == [0x1f, 0x8b] {
        Box::new(flate2::read::MultiGzDecoder::new(whole))
    } else {
        Box::new(whole)
    })
}

/// The day that an exchange says it is of; None if it says none before its first demand.
///
/// # Errors
/// The beginning of the document is refused.
pub fn day(path: &Path) -> Result<Option<u32>, ExchangeError> {
    let mut walk = walk(path, 0)?;
    while !walk.header_is_read() && walk.step()?.is_some() {}
    Ok(walk.told.day)
}

fn walk(path: &Path, extrait: u32) -> Result<Walk<'_, Box<dyn Read>>, ExchangeError> {
    let exchange = echange()?;
    let fault = |source| ExchangeError::Io { path: path.to_owned(), source };
    if first_bytes(path).is_some_and(|head| is_wide(&head)) {
        let why = "encodage UTF-16 refusé : l'échange du SNE est en UTF-8, réenregistrez-le ainsi".to_owned();
        return Err(ExchangeError::Refused { path: path.to_owned(), line: 1, column: 1, why });
    }
    let size = std::fs::metadata(path).map_err(fault)?.len();
    let most = FREE.max(size.saturating_mul(exchange.bornes.rapport)).min(exchange.bornes.document);
    let guard = Guard::new(open(path).map_err(fault)?, most);
    Ok(Walk::new(path, guard, exchange, &demandes()?.registre, extrait))
}

/// Writes the demands of an exchange to `out`, readable by its owner only, under the names of the register's
/// columns. Ages are those of `extrait`. `progress` gets the demands so far.
///
/// # Errors
/// The document cannot be read or is refused; `out` cannot be written.
pub fn to_csv(path: &Path, out: &Path, extrait: u32, progress: &dyn Fn(u64)) -> Result<Told, ExchangeError> {
    use std::os::unix::fs::OpenOptionsExt;
    let registre = &demandes()?.registre;
    let mut walk = walk(path, extrait)?;
    let file = std::fs::OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(out)?;
    let mut writer = csv::WriterBuilder::new()
        .delimiter(b';')
        .from_writer(Lines { inner: io::BufWriter::with_capacity(1 << 18, file) });
    writer.write_record(registre.colonnes.iter().map(|c| c.nom.as_str()))?;
    let mut line = 1;
    while let Some(passed) = walk.step()? {
        let Some((at, cells)) = passed else { continue };
        if at > line + 1 {
            writer.flush()?;
            writer.get_ref().skip(at - line - 1)?;
            line = at - 1;
        }
        walk.told.moved |= at != line + 1;
        line += 1;
        writer.write_record(&cells)?;
        if walk.told.demands.is_multiple_of(1_000) {
            progress(walk.told.demands);
        }
    }
    writer.flush()?;
    Ok(walk.told)
}

/// A file in which empty lines can be left.
struct Lines {
    inner: io::BufWriter<File>,
}

impl Lines {
    /// Leaves so many lines empty: what follows then stands where it stood in the document.
    fn skip(&self, lines: u64) -> io::Result<()> {
        use std::io::Write;
        let mut file = self.inner.get_ref();
        let blank = [b'\n'; 4096];
        let mut left = lines;
        while left > 0 {
            let n = left.min(blank.len() as u64);
            file.write_all(&blank[..usize::try_from(n).unwrap_or(0)])?;
            left -= n;
        }
        Ok(())
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
