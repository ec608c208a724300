//! The XML of one part of a workbook, read under a budget: a part that grows without end, or one text that
//! does, stops the reading before it fills the memory.

use std::fs::File;
use std::io::Read;

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

use crate::registers::kit::guard::{Budget, Guard};

/// One piece (a tag, a run of text) is not longer: a cell has 32,767 characters at the most.
const PIECE: usize = 1 << 20;
/// A part may become this long, whatever its size in the file.
const FREE: u64 = 256 << 20;
/// Beyond, it may become so many times the size of the workbook.
const MOST: u64 = 200;

/// What a budget that is used up is called here.
pub(super) fn words(budget: Budget) -> &'static str {
    match budget {
        Budget::Piece => "un texte de plus d'un million de signes",
        Budget::Whole => "un contenu plus de 200 fois plus grand une fois décompressé",
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
        let mut reader = Reader::from_reader(Guard::new(part, most));
        let config = reader.config_mut();
        config.check_end_names = false;
        config.expand_empty_elements = false;
        Self { reader, buffer: Vec::new() }
    }

    /// The next event; `None` at the end.
    pub fn next(&mut self) -> Result<Option<Event<'_>>, XmlError> {
        self.buffer.clear();
        self.reader.get_mut().begin(PIECE);
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
