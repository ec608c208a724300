//! The XML of one part of a workbook, read under a budget: a part that grows without end, or one text that
//! does, stops the reading before it fills the memory.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

/// One piece (a tag, a run of text) is not longer: a cell has 32,767 characters at the most.
const PIECE: usize = 1 << 20;
/// A part may become this long, whatever its size in the file.
const FREE: u64 = 256 << 20;
/// Beyond, it may become so many times the size of the workbook.
const MOST: u64 = 200;

/// What stops a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Budget {
    Piece,
    Part,
}

impl std::fmt::Display for Budget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Piece => "un texte de plus d'un million de signes",
            Self::Part => "un contenu plus de 200 fois plus grand une fois décompressé",
        })
    }
}

impl std::error::Error for Budget {}

/// Counts what passes.
pub(super) struct Guard<R> {
    inner: BufReader<R>,
    left: usize,
    total: u64,
    most: u64,
}

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.fill_buf()?.read(buffer)?;
        self.consume(n);
        Ok(n)
    }
}

impl<R: Read> BufRead for Guard<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let left = self.left;
        let bytes = self.inner.fill_buf()?;
        if bytes.is_empty() {
            return Ok(bytes);
        }
        if left == 0 {
            return Err(io::Error::other(Budget::Piece));
        }
        if self.total > self.most {
            return Err(io::Error::other(Budget::Part));
        }
        Ok(&bytes[..bytes.len().min(left)])
    }

    fn consume(&mut self, n: usize) {
        self.left = self.left.saturating_sub(n);
        self.total += n as u64;
        self.inner.consume(n);
    }
}

/// Events of one part.
pub(super) struct Xml<R: Read> {
    reader: Reader<Guard<R>>,
    buffer: Vec<u8>,
}

/// Why a part cannot be read.
#[derive(Debug)]
pub(super) enum XmlError {
    Budget(Budget),
    Malformed(String),
}

impl From<quick_xml::Error> for XmlError {
    fn from(e: quick_xml::Error) -> Self {
        if let quick_xml::Error::Io(e) = &e
            && let Some(budget) = e.get_ref().and_then(|e| e.downcast_ref::<Budget>())
        {
            return Self::Budget(*budget);
        }
        Self::Malformed(e.to_string())
    }
}

impl<R: Read> Xml<R> {
    /// `size`: bytes of the workbook on disk.
    pub fn new(part: R, size: u64) -> Self {
        let most = FREE.max(size.saturating_mul(MOST));
        let guard = Guard { inner: BufReader::with_capacity(1 << 16, part), left: PIECE, total: 0, most };
        let mut reader = Reader::from_reader(guard);
        let config = reader.config_mut();
        config.check_end_names = false;
        config.expand_empty_elements = false;
        Self { reader, buffer: Vec::new() }
    }

    /// The next event; `None` at the end.
    pub fn next(&mut self) -> Result<Option<Event<'_>>, XmlError> {
        self.buffer.clear();
        self.reader.get_mut().left = PIECE;
        match self.reader.read_event_into(&mut self.buffer)? {
            Event::Eof => Ok(None),
            event => Ok(Some(event)),
        }
    }
}

/// Value of an attribute, by its local name.
pub(super) fn attribute(e: &BytesStart<'_>, name: &str) -> Option<String> {
    e.attributes()
        .with_checks(false)
        .filter_map(Result::ok)
        .find(|a| a.key.local_name().as_ref() == name)
        .map(|a| {
            quick_xml::escape::unescape(&a.value).map_or_else(|_| a.value.to_string(), |v| v.into_owned())
        })
}

/// The sign that `&amp;` or `&#233;` stands for.
pub(super) fn sign(e: &BytesRef<'_>) -> Option<char> {
    if let Ok(Some(c)) = e.resolve_char_ref() {
        return Some(c);
    }
    Some(match &*e.borrow().into_inner() {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => return None,
    })
}

pub(super) type Archive = zip::ZipArchive<File>;
