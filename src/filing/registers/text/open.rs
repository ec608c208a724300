//! Opens a file: recognises its wrapping, unwraps it as a stream, hashes it on the way.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use encoding_rs::{Decoder, Encoding, UTF_16BE, UTF_16LE};

use super::TextError;

/// How the text is wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrapping {
    Plain,
    Gzip,
    Zip,
}

impl Wrapping {
    /// In French, for reports.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Plain => "texte",
            Self::Gzip => "gzip",
            Self::Zip => "zip",
        }
    }
}

/// One stream of text inside the file.
#[derive(Debug, Clone)]
pub struct Member {
    /// Name inside the zip; empty for a plain or gzip file.
    pub name: String,
    place: Place,
}

#[derive(Debug, Clone, Copy)]
enum Place {
    Whole,
    Gzip,
    /// Offset and length of the entry's bytes; `true` when they are deflated.
    Entry {
        start: u64,
        len: u64,
        deflated: bool,
    },
}

/// A file that holds text, ready to be streamed.
#[derive(Debug)]
pub struct Text {
    path: PathBuf,
    /// Bytes on disk.
    pub size: u64,
    pub wrapping: Wrapping,
    pub members: Vec<Member>,
    read: Arc<AtomicU64>,
}

/// Bytes looked at before anything is believed.
const SNIFF: usize = 64 * 1024;

impl Text {
    /// Recognises the file.
    ///
    /// # Errors
    /// The file cannot be read, is empty, or is not text; see [`TextError`].
    pub fn open(path: &Path) -> Result<Self, TextError> {
        let io = |source| TextError::Io { path: path.to_owned(), source };
        let size = std::fs::metadata(path).map_err(io)?.len();
        let head = first_bytes(File::open(path).map_err(io)?).map_err(io)?;
        if head.is_empty() {
            return Err(TextError::Empty { path: path.to_owned() });
        }
        let read = Arc::new(AtomicU64::new(0));
        let (wrapping, members) = if head.starts_with(&[0x1f, 0x8b]) {
            (Wrapping::Gzip, vec![Member { name: String::new(), place: Place::Gzip }])
        } else if head.starts_with(b"PK\x03\x04") {
            (Wrapping::Zip, zip_members(path)?)
        } else {
            (Wrapping::Plain, vec![Member { name: String::new(), place: Place::Whole }])
        };
        let text = Self { path: path.to_owned(), size, wrapping, members, read };
        for member in &text.members {
            let head = first_bytes(text.raw(member)?).map_err(io)?;
            if head.is_empty() && text.members.len() == 1 {
                return Err(TextError::Empty { path: path.to_owned() });
            }
            refuse_other_formats(path, &head)?;
        }
        text.read.store(0, Ordering::Relaxed);
        Ok(text)
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Counter of the bytes read from disk so far (compressed bytes for gzip and zip).
    #[must_use]
    pub fn counter(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.read)
    }

    /// Streams one member: unwrapped, UTF-16 turned into UTF-8, other encodings as they are.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn stream(&self, member: &Member) -> Result<Box<dyn Read + Send>, TextError> {
        let mut raw = self.raw(member)?;
        let mut bom = [0u8; 2];
        let n = read_full(&mut raw, &mut bom)
            .map_err(|source| TextError::Io { path: self.path.clone(), source })?;
        let rest = io::Cursor::new(bom[..n].to_vec()).chain(raw);
        Ok(match bom {
            [0xff, 0xfe] => Box::new(Utf16::new(rest, UTF_16LE)),
            [0xfe, 0xff] => Box::new(Utf16::new(rest, UTF_16BE)),
            _ => Box::new(rest),
        })
    }

    fn raw(&self, member: &Member) -> Result<Box<dyn Read + Send>, TextError> {
        let io = |source| TextError::Io { path: self.path.clone(), source };
        let mut file = File::open(&self.path).map_err(io)?;
        let count = |inner| Counted { inner, read: Arc::clone(&self.read) };
        Ok(match member.place {
            Place::Whole => Box::new(count(file)),
            Place::Gzip => Box::new(flate2::read::MultiGzDecoder::new(io::BufReader::with_capacity(
                1 << 18,
                count(file),
            ))),
            Place::Entry { start, len, deflated } => {
                file.seek(SeekFrom::Start(start)).map_err(io)?;
                let bytes = io::BufReader::with_capacity(1 << 18, count(file)).take(len);
                if deflated { Box::new(flate2::read::DeflateDecoder::new(bytes)) } else { Box::new(bytes) }
            }
        })
    }

    /// BLAKE3 of the file as it lies on disk, in hexadecimal.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn fingerprint(&self) -> Result<String, TextError> {
        let io = |source| TextError::Io { path: self.path.clone(), source };
        let mut hasher = blake3::Hasher::new();
        let mut file = File::open(&self.path).map_err(io)?;
        let mut buffer = vec![0u8; 1 << 20];
        loop {
            let n = file.read(&mut buffer).map_err(io)?;
            if n == 0 {
                return Ok(hasher.finalize().to_hex().to_string());
            }
            hasher.update(&buffer[..n]);
        }
    }
}

fn zip_members(path: &Path) -> Result<Vec<Member>, TextError> {
    let fault = |message: String| TextError::Zip { path: path.to_owned(), message };
    let file = File::open(path).map_err(|source| TextError::Io { path: path.to_owned(), source })?;
    let mut archive = zip::ZipArchive::new(file).map_err(|e| fault(e.to_string()))?;
    let (mut members, mut others) = (Vec::new(), Vec::new());
    for i in 0..archive.len() {
        let entry = archive.by_index_raw(i).map_err(|e| fault(e.to_string()))?;
        let name = entry.name().map_err(|e| fault(e.to_string()))?.into_owned();
        if name == "xl/workbook.xml" {
            return Err(TextError::NotText {
                path: path.to_owned(),
                found: "un classeur Excel (.xlsx)",
                advice: "enregistrez la feuille au format CSV (séparateur point-virgule) puis recommencez",
            });
        }
        let lower = name.to_lowercase();
        let hidden =
            lower.starts_with("__macosx/") || lower.rsplit('/').next().is_some_and(|n| n.starts_with('.'));
        if hidden || !(lower.ends_with(".csv") || lower.ends_with(".txt") || lower.ends_with(".tsv")) {
            if !entry.is_dir() {
                others.push(name);
            }
            continue;
        }
        if entry.encrypted() {
            return Err(fault(format!("« {name} » est protégé par un mot de passe")));
        }
        let deflated = match entry.compression() {
            zip::CompressionMethod::Stored => false,
            zip::CompressionMethod::Deflated => true,
            other => return Err(fault(format!("compression {other} de « {name} » non prise en charge"))),
        };
        let start = entry.data_start().ok_or_else(|| fault(format!("début de « {name} » introuvable")))?;
        members.push(Member { name, place: Place::Entry { start, len: entry.compressed_size(), deflated } });
    }
    // A notice beside the data (lisezmoi.txt) is no table.
    if members.iter().any(|m| m.name.to_lowercase().ends_with(".csv")) {
        members.retain(|m| m.name.to_lowercase().ends_with(".csv"));
    }
    if members.is_empty() {
        others.truncate(8);
        return Err(TextError::NoMember { path: path.to_owned(), content: others.join(", ") });
    }
    members.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(members)
}

/// Refuses formats that people mistake for CSV, by their first bytes.
fn refuse_other_formats(path: &Path, head: &[u8]) -> Result<(), TextError> {
    const SAVE_AS: &str = "enregistrez la feuille au format CSV (séparateur point-virgule) puis recommencez";
    const CHECK: &str = "vérifiez le fichier choisi";
    let trimmed = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let lower = trimmed[..trimmed.len().min(64)].to_ascii_lowercase();
    let (found, advice) = if head.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        ("un classeur Excel (.xls)", SAVE_AS)
    } else if head.starts_with(b"%PDF") {
        ("un document PDF", CHECK)
    } else if head.starts_with(b"PAR1") {
        ("un fichier Parquet", "exportez-le en CSV")
    } else if head.starts_with(b"SQLite format 3") {
        ("une base SQLite ou un GeoPackage", "exportez la table en CSV")
    } else if lower.starts_with(b"<!doctype html") || lower.starts_with(b"<html") {
        ("une page web", "le téléchargement a sans doute échoué : reprenez-le")
    } else if lower.starts_with(b"<?xml") || lower.starts_with(b"<") {
        ("un document XML", CHECK)
    } else if lower.starts_with(b"{") || lower.starts_with(b"[") {
        ("un document JSON", CHECK)
    } else if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
        return Ok(());
    } else if memchr::memchr(0, head).is_some() {
        ("un fichier binaire", CHECK)
    } else {
        return Ok(());
    };
    Err(TextError::NotText { path: path.to_owned(), found, advice })
}

fn first_bytes(mut reader: impl Read) -> io::Result<Vec<u8>> {
    let mut head = vec![0u8; SNIFF];
    let n = read_full(&mut reader, &mut head)?;
    head.truncate(n);
    Ok(head)
}

/// Reads until `buffer` is full or the stream ends; returns the number of bytes read.
///
/// # Errors
/// Those of the reader, interruptions excepted.
pub(crate) fn read_full(reader: &mut (impl Read + ?Sized), buffer: &mut [u8]) -> io::Result<usize> {
    let mut n = 0;
    while n < buffer.len() {
        match reader.read(&mut buffer[n..]) {
            Ok(0) => break,
            Ok(k) => n += k,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(n)
}

/// Counts what passes.
struct Counted<R> {
    inner: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.read.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

/// « Texte Unicode » of spreadsheets: UTF-16 with its mark, given on as UTF-8.
struct Utf16<R> {
    inner: R,
    decoder: Decoder,
    raw: Vec<u8>,
    ready: String,
    given: usize,
    ended: bool,
}

impl<R: Read> Utf16<R> {
    fn new(inner: R, encoding: &'static Encoding) -> Self {
        Self {
            inner,
            decoder: encoding.new_decoder_with_bom_removal(),
            raw: vec![0; 1 << 16],
            ready: String::new(),
            given: 0,
            ended: false,
        }
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.ready.len() && !self.ended {
            let n = self.inner.read(&mut self.raw)?;
            self.ended = n == 0;
            self.ready.clear();
            self.given = 0;
            // Three bytes of UTF-8 at the most for two of UTF-16; one character may be left from before.
            self.ready.reserve(n * 2 + 16);
            let _ = self.decoder.decode_to_string(&self.raw[..n], &mut self.ready, self.ended);
        }
        let n = buffer.len().min(self.ready.len() - self.given);
        buffer[..n].copy_from_slice(&self.ready.as_bytes()[self.given..self.given + n]);
        self.given += n;
        Ok(n)
    }
}
