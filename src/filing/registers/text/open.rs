//! Opens a file: recognises its wrapping, unwraps it as a stream, hashes it on the way.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use encoding_rs::{Decoder, Encoding, UTF_16BE, UTF_16LE};

use super::encoding::{Seen, decode};
use super::{TextError, separator};

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
    /// So many first bytes of the file.
    Whole {
        len: u64,
    },
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
    /// Bytes without meaning at its end, left by a copy that was cut short.
    pub tail: u64,
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
        let mut tail = 0;
        let (wrapping, members) = if head.starts_with(&[0x1f, 0x8b]) {
            (Wrapping::Gzip, vec![Member { name: String::new(), place: Place::Gzip }])
        } else if head.starts_with(b"PK\x03\x04") {
            (Wrapping::Zip, zip_members(path)?)
        } else {
            tail = blank_tail(&mut File::open(path).map_err(io)?, size).map_err(io)?;
            (Wrapping::Plain, vec![Member { name: String::new(), place: Place::Whole { len: size - tail } }])
        };
        let text = Self { path: path.to_owned(), size, wrapping, members, tail, read };
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
        let mut head = vec![0u8; 4096];
        let n = read_full(&mut raw, &mut head)
            .map_err(|source| TextError::Io { path: self.path.clone(), source })?;
        head.truncate(n);
        let (mark, wide) = wide(&head);
        head.drain(..mark);
        let rest = io::Cursor::new(head).chain(raw);
        Ok(match wide {
            Some(encoding) => Box::new(Utf16::new(rest, encoding)),
            None => Box::new(rest),
        })
    }

    fn raw(&self, member: &Member) -> Result<Box<dyn Read + Send>, TextError> {
        let io = |source| TextError::Io { path: self.path.clone(), source };
        let mut file = File::open(&self.path).map_err(io)?;
        let count = |inner| Counted { inner, read: Arc::clone(&self.read) };
        let bound = |inner: Box<dyn Read + Send>| Unpacked {
            inner,
            given: 0,
            packed: Arc::clone(&self.read),
            before: self.read.load(Ordering::Relaxed),
        };
        Ok(match member.place {
            Place::Whole { len } => Box::new(count(file).take(len)),
            Place::Gzip => Box::new(bound(Box::new(flate2::read::MultiGzDecoder::new(
                io::BufReader::with_capacity(1 << 18, count(file)),
            )))),
            Place::Entry { start, len, deflated } => {
                file.seek(SeekFrom::Start(start)).map_err(io)?;
                let bytes = io::BufReader::with_capacity(1 << 18, count(file)).take(len);
                if deflated {
                    Box::new(bound(Box::new(flate2::read::DeflateDecoder::new(bytes))))
                } else {
                    Box::new(bytes)
                }
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

/// Zeros at the end of a file whose copy stopped before it had written all that it had reserved, and the sign
/// that ended files of DOS. The last zero of a text in UTF-16 belongs to its last sign.
fn blank_tail(file: &mut File, size: u64) -> io::Result<u64> {
    let mut block = vec![0u8; SNIFF];
    let mut end = size;
    while end > 0 {
        let length = usize::try_from(end).unwrap_or(SNIFF).min(SNIFF);
        file.seek(SeekFrom::Start(end - length as u64))?;
        file.read_exact(&mut block[..length])?;
        let kept = block[..length].iter().rposition(|b| !matches!(b, 0 | 0x1a)).map_or(0, |i| i + 1);
        end -= (length - kept) as u64;
        if kept > 0 {
            break;
        }
    }
    // « \n » of UTF-16 ends with a zero: a mark or zeros in the first bytes say that it is that.
    let mut head = vec![0u8; usize::try_from(end.min(4096)).unwrap_or(0)];
    file.seek(SeekFrom::Start(0))?;
    file.read_exact(&mut head)?;
    if wide(&head).1.is_some() && (size - end) % 2 == 1 {
        end += 1;
    }
    Ok(size - end)
}

fn zip_members(path: &Path) -> Result<Vec<Member>, TextError> {
    let fault = |message: String| TextError::Zip { path: path.to_owned(), message };
    let file = File::open(path).map_err(|source| TextError::Io { path: path.to_owned(), source })?;
    let broken = |e: zip::result::ZipError| match e {
        zip::result::ZipError::InvalidArchive(_) => fault(format!("le fichier {}", super::BROKEN)),
        zip::result::ZipError::Io(source) => TextError::Io { path: path.to_owned(), source },
        other => fault(other.to_string()),
    };
    let mut archive = zip::ZipArchive::new(file).map_err(broken)?;
    let (mut members, mut others) = (Vec::new(), Vec::new());
    for i in 0..archive.len() {
        let entry = archive.by_index_raw(i).map_err(broken)?;
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
    if members.is_empty() && others.iter().any(|o| o == "content.xml") {
        return Err(TextError::NotText {
            path: path.to_owned(),
            found: "un classeur LibreOffice (.ods)",
            advice: "enregistrez la feuille au format CSV, puis recommencez",
        });
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
    match other_format(head) {
        None => Ok(()),
        Some((found, advice)) => Err(TextError::NotText { path: path.to_owned(), found, advice }),
    }
}

/// The format of a file that is no text, by its first bytes, and what to do with it.
#[must_use]
pub fn other_format(head: &[u8]) -> Option<(&'static str, &'static str)> {
    let head = &head[..head.len().min(SNIFF)];
    const SAVE_AS: &str = "enregistrez-le au format .xlsx, ou la feuille au format CSV, puis recommencez";
    const CHECK: &str = "vérifiez le fichier choisi";
    const OPEN: &str = "ouvrez-le dans un tableur, enregistrez-le au format .xlsx, puis recommencez";
    const AGAIN: &str = "le fichier a été abîmé par une copie ou un téléchargement : reprenez-le";
    let trimmed = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let lower = trimmed[..trimmed.len().min(64)].to_ascii_lowercase();
    const UNPACK: &str = "décompressez-la une fois, puis recommencez avec le fichier qu'elle contient";
    let (found, advice) = if head.starts_with(&[0x1f, 0x8b]) {
        ("une archive gzip dans une archive", UNPACK)
    } else if head.starts_with(b"PK\x03\x04") {
        ("une archive zip ou un classeur dans une archive", UNPACK)
    } else if head.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        ("un document Office d'un ancien format, ou un classeur abîmé", SAVE_AS)
    } else if head.starts_with(b"%PDF") {
        ("un document PDF", CHECK)
    } else if head.starts_with(b"PAR1") {
        ("un fichier Parquet", "exportez-le en CSV")
    } else if head.starts_with(b"SQLite format 3") {
        ("une base SQLite ou un GeoPackage", "exportez la table en CSV")
    } else if (lower.starts_with(b"<!doctype html")
        || lower.starts_with(b"<html")
        || lower.starts_with(b"<table"))
        && memchr::memmem::find(&trimmed.to_ascii_lowercase(), b"<table").is_some()
    {
        ("une page web qui contient un tableau (certains logiciels la nomment .xls)", OPEN)
    } else if lower.starts_with(b"<!doctype html") || lower.starts_with(b"<html") {
        ("une page web", "le téléchargement a sans doute échoué : reprenez-le")
    } else if memchr::memmem::find(
        &trimmed[..trimmed.len().min(2048)],
        b"urn:schemas-microsoft-com:office:spreadsheet",
    )
    .is_some()
    {
        ("un classeur Excel 2003 en XML", OPEN)
    } else if lower.starts_with(b"<?xml") || lower.starts_with(b"<") {
        ("un document XML", CHECK)
    } else if lower.starts_with(b"{") || lower.starts_with(b"[") {
        ("un document JSON", CHECK)
    } else if wide(head).1.is_some() {
        return None;
    } else if memchr::memchr(0, head).is_some() {
        let odd = |b: &&u8| matches!(**b, 1..=8 | 14..=25 | 27..=31);
        match head.iter().filter(odd).count() {
            0 => ("un texte qui a des octets nuls en son milieu", AGAIN),
            _ => ("un fichier binaire", CHECK),
        }
    } else {
        return None;
    };
    Some((found, advice))
}

/// Length of the mark to leave out, and the encoding when the text is UTF-16: by its zeros, whatever the mark
/// says. A mark of UTF-16 before bytes without a zero is a lie; that of UTF-8 stays (it is reported).
fn wide(head: &[u8]) -> (usize, Option<&'static Encoding>) {
    let mark = match head {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => 2,
        [0xef, 0xbb, 0xbf, ..] => 3,
        _ => 0,
    };
    let mut zeros = [0usize; 2];
    for (i, byte) in head[mark..].iter().enumerate() {
        zeros[i % 2] += usize::from(*byte == 0);
    }
    let pairs = (head.len() - mark) / 2;
    // A French text has a zero in almost each pair, and never on the other side.
    let (most, few) = (pairs * 3 / 10, pairs / 20);
    let encoding = match zeros {
        _ if pairs < 4 => None,
        [even, odd] if odd > most && even <= few => Some(UTF_16LE),
        [even, odd] if even > most && odd <= few => Some(UTF_16BE),
        _ => None,
    };
    (if encoding.is_none() && mark == 3 { 0 } else { mark }, encoding)
}

/// A whole text that is in memory, as UTF-8 without its mark; and the separator that its first line says
/// (`sep=;`), which is then left empty so that the others keep their numbers.
#[must_use]
pub fn whole(bytes: &[u8]) -> (Cow<'_, [u8]>, Option<u8>) {
    let (mark, encoding) = wide(&bytes[..bytes.len().min(SNIFF)]);
    let bytes = &bytes[mark..];
    let text: Cow<'_, [u8]> = match encoding {
        Some(encoding) => Cow::Owned(encoding.decode_without_bom_handling(bytes).0.into_owned().into_bytes()),
        None => decode(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes), &mut Seen::default()),
    };
    let end = memchr::memchr(b'\n', &text).map_or(text.len(), |i| i + 1);
    match separator::hint(&text[..end]) {
        Some(sign) => (Cow::Owned([&b"\n"[..], &text[end..]].concat()), Some(sign)),
        None => (text, None),
    }
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

/// An archive may become this long, whatever its size.
const FREE: u64 = 256 << 20;
/// Beyond, it may become so many times its size: tables of zeros and blanks reach fifty, a bomb a thousand.
const MOST: u64 = 300;

/// Stops an archive that would never end.
struct Unpacked {
    inner: Box<dyn Read + Send>,
    given: u64,
    packed: Arc<AtomicU64>,
    before: u64,
}

impl Read for Unpacked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.given += n as u64;
        let packed = self.packed.load(Ordering::Relaxed).saturating_sub(self.before);
        if self.given > FREE && self.given / MOST > packed {
            return Err(io::Error::other(format!(
                "l'archive devient plus de {MOST} fois plus grande une fois décompressée : elle est refusée"
            )));
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, big: bool) -> Vec<u8> {
        text.encode_utf16().flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
    }

    #[test]
    fn utf16_is_known_by_its_zeros_and_not_by_its_mark() {
        let text = "DEPCOM;LIBCOM\n73065;Chambéry\n";
        for (mark, big, want) in [
            (&b""[..], false, UTF_16LE),
            (b"", true, UTF_16BE),
            (b"\xff\xfe", false, UTF_16LE),
            (b"\xff\xfe", true, UTF_16BE),
            (b"\xef\xbb\xbf", false, UTF_16LE),
        ] {
            let bytes = [mark, &utf16(text, big)].concat();
            assert_eq!(wide(&bytes), (mark.len(), Some(want)), "{mark:?} {big}");
        }
        assert_eq!(wide(b"\xff\xfeDEPCOM;LIBCOM\n"), (2, None));
        assert_eq!(wide(b"\xef\xbb\xbfDEPCOM\n"), (0, None));
        assert_eq!(wide(&[1, 0, 2, 0, 7]), (0, None));
    }
}
