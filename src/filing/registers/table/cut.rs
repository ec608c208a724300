//! Cuts a stream into blocks that end where a record ends, quotes respected.
//!
//! A quote opens a field only at the field's beginning, and closes it only before a separator or the
//! end of the line; `12" ECRAN` is plain text. A quote that opens a field and is not closed within
//! [`FAR`] bytes is a stray sign: its line is given as it stands, without quoting, so that one bad
//! cell never swallows the rest of the file.

use std::io::Read;
use std::ops::Range;
use std::path::PathBuf;

use memchr::{memchr, memchr_iter, memrchr};

use super::{BOM, Table, TableError};
use crate::registers::text::page::{self, Page};

/// Usual size of a block. A row group of the Parquet file is one block: about 30,000 dwellings.
pub(super) const BLOCK: usize = 16 << 20;
/// A quoted field is not longer than this.
const FAR: usize = 64 << 10;
/// A record is not longer than this.
const TOO_LONG: usize = 64 << 20;

/// Whole records, not yet decoded.
#[derive(Debug)]
pub struct Block {
    pub(super) bytes: Vec<u8>,
    pub(super) segments: Vec<Segment>,
    /// Line of the file on which the block begins, 1 = first.
    pub first_line: u64,
    /// Records to skip at the beginning (headers).
    pub(super) skip: usize,
    pub(super) delimiter: u8,
    /// Page of its lines that are not UTF-8.
    pub(super) page: Option<Page>,
    /// That page makes nonsense of them.
    pub(super) doubtful: bool,
    /// It ends a file whose last line has no end.
    pub(super) unended: bool,
}

impl Block {
    /// All of a text, without its first `skip` records.
    #[must_use]
    pub fn of_text(text: &[u8], delimiter: u8, skip: usize) -> Self {
        Self {
            segments: scan(text, delimiter, true).0,
            bytes: text.to_vec(),
            first_line: 1,
            skip,
            delimiter,
            page: None,
            doubtful: false,
            unended: text.last() != Some(&b'\n'),
        }
    }

    /// Size in bytes as in the (unwrapped) file.
    #[must_use]
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// Whether it ends a file whose last line has no end.
    #[must_use]
    pub fn is_unended(&self) -> bool {
        self.unended
    }

    pub(super) fn into_buffer(self) -> Vec<u8> {
        self.bytes
    }
}

/// A run of lines in which quotes mean something, or one line in which they do not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    pub range: Range<usize>,
    pub quoting: bool,
}

/// Reads one member of a table, block by block.
pub(super) struct Cutter {
    reader: Box<dyn Read + Send>,
    path: PathBuf,
    delimiter: u8,
    block_size: usize,
    carry: Vec<u8>,
    line: u64,
    skip: usize,
    page: Option<Page>,
    doubtful: bool,
    started: bool,
    ended: bool,
}

impl Cutter {
    pub fn new(table: &Table, member: usize, line: u64, skip: usize) -> Result<Self, TableError> {
        Ok(Self {
            reader: table.text.stream(&table.text.members[member])?,
            path: table.text.path().to_owned(),
            delimiter: table.delimiter,
            block_size: table.block_size,
            carry: Vec::new(),
            line,
            skip,
            page: table.page,
            doubtful: false,
            started: false,
            ended: false,
        })
    }

    /// The line that follows what was given so far.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The next block, in `buffer` (its content is dropped, its memory used).
    pub fn next(&mut self, mut buffer: Vec<u8>) -> Result<Option<Block>, TableError> {
        buffer.clear();
        buffer.append(&mut self.carry);
        let mut target = self.block_size;
        loop {
            self.fill(&mut buffer, target)?;
            if buffer.is_empty() {
                return Ok(None);
            }
            let (segments, end) = scan(&buffer, self.delimiter, self.ended);
            if end > 0 {
                // Its end was cut away already.
                if let Some(nul) = memchr(0, &buffer[..end]) {
                    let line = self.line + memchr_iter(b'\n', &buffer[..nul]).count() as u64;
                    return Err(TableError::Nul { path: self.path.clone(), line });
                }
                self.carry.extend_from_slice(&buffer[end..]);
                buffer.truncate(end);
                let lines = memchr_iter(b'\n', &buffer).count() as u64;
                // One page for the whole file: the first block that needs one says it for all that follow.
                if self.page.is_none() && std::str::from_utf8(&buffer).is_err() {
                    let guess = page::guess(&buffer);
                    self.page = guess.map(|g| g.page);
                    self.doubtful = guess.is_some_and(|g| g.doubtful);
                }
                let unended = self.ended && self.carry.is_empty() && buffer.last() != Some(&b'\n');
                let block = Block {
                    bytes: buffer,
                    segments,
                    first_line: self.line,
                    skip: std::mem::take(&mut self.skip),
                    delimiter: self.delimiter,
                    page: self.page,
                    doubtful: self.doubtful,
                    unended,
                };
                self.line += lines + u64::from(unended);
                return Ok(Some(block));
            }
            if buffer.len() >= TOO_LONG {
                return Err(TableError::TooLong {
                    path: self.path.clone(),
                    line: self.line,
                    megabytes: TOO_LONG >> 20,
                });
            }
            target = buffer.len() * 2;
        }
    }

    fn fill(&mut self, buffer: &mut Vec<u8>, target: usize) -> Result<(), TableError> {
        let io = |source| TableError::Io { path: self.path.clone(), source };
        while !self.ended && buffer.len() < target {
            let wanted = (target - buffer.len()) as u64;
            let got = self.reader.by_ref().take(wanted).read_to_end(buffer).map_err(io)?;
            self.ended = (got as u64) < wanted;
            if !self.started {
                self.started = true;
                if buffer.starts_with(BOM) {
                    buffer.drain(..BOM.len());
                }
            }
        }
        Ok(())
    }
}

/// Finds the last record boundary and the lines with a stray quote before it.
/// Returns the segments up to that boundary, and the boundary (0 = none found yet).
fn scan(bytes: &[u8], delimiter: u8, ended: bool) -> (Vec<Segment>, usize) {
    let mut segments = Vec::new();
    let mut segment = 0; // where the current run of sound lines begins
    let mut last = 0; // end of the last record seen
    let mut at = 0;
    let end = loop {
        let Some(quote) = memchr(b'"', &bytes[at..]).map(|i| at + i) else {
            last = memrchr(b'\n', &bytes[at..]).map_or(last, |i| at + i + 1);
            break if ended { bytes.len() } else { last };
        };
        last = memrchr(b'\n', &bytes[at..quote]).map_or(last, |i| at + i + 1);
        let opens = quote == 0 || bytes[quote - 1] == delimiter || matches!(bytes[quote - 1], b'\n' | b'\r');
        if !opens {
            at = quote + 1;
            continue;
        }
        match closing(bytes, quote, delimiter, ended) {
            Closing::At(close) => at = close + 1,
            Closing::Unknown => break last,
            Closing::Stray => {
                let Some(line_end) =
                    memchr(b'\n', &bytes[quote..]).map(|i| quote + i + 1).or(ended.then_some(bytes.len()))
                else {
                    break last;
                };
                if segment < last {
                    segments.push(Segment { range: segment..last, quoting: true });
                }
                segments.push(Segment { range: last..line_end, quoting: false });
                segment = line_end;
                last = line_end;
                at = line_end;
            }
        }
    };
    if segment < end {
        segments.push(Segment { range: segment..end, quoting: true });
    }
    (segments, end)
}

enum Closing {
    At(usize),
    Stray,
    /// More bytes are needed.
    Unknown,
}

fn closing(bytes: &[u8], quote: usize, delimiter: u8, ended: bool) -> Closing {
    let limit = bytes.len().min(quote + FAR);
    let mut at = quote + 1;
    while let Some(close) = memchr(b'"', &bytes[at.min(limit)..limit]).map(|i| at + i) {
        match bytes.get(close + 1) {
            Some(b'"') => at = close + 2,
            Some(b'\n' | b'\r') => return Closing::At(close),
            Some(b) if *b == delimiter => return Closing::At(close),
            None if ended => return Closing::At(close),
            None => return Closing::Unknown,
            Some(_) => return Closing::Stray,
        }
    }
    if ended || limit == quote + FAR { Closing::Stray } else { Closing::Unknown }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(bytes: &[u8]) -> (Vec<(&[u8], bool)>, usize) {
        let (segments, end) = scan(bytes, b';', false);
        (segments.into_iter().map(|s| (&bytes[s.range], s.quoting)).collect(), end)
    }

    #[test]
    fn the_cut_falls_on_the_last_line_end_outside_quotes() {
        assert_eq!(cut(b"a;b\nc;d\ne"), (vec![(&b"a;b\nc;d\n"[..], true)], 8));
        assert_eq!(cut(b"a;\"b\nc\";d\ne;\"f\ng"), (vec![(&b"a;\"b\nc\";d\n"[..], true)], 10));
    }

    #[test]
    fn a_quote_inside_a_field_is_text() {
        assert_eq!(cut(b"a;12\" b\nc;d\n").1, 12);
    }

    #[test]
    fn a_stray_opening_quote_costs_its_own_line_only() {
        let (segments, end) = cut(b"a;b\nc;\"d\" e;f\ng;h\n");
        assert_eq!(segments, vec![(&b"a;b\n"[..], true), (b"c;\"d\" e;f\n", false), (b"g;h\n", true)]);
        assert_eq!(end, 18);
        let mut long = b"a;\"never closed\n".to_vec();
        long.extend(b"x;y\n".repeat(FAR / 4 + 10));
        let (segments, end) = scan(&long, b';', false);
        assert_eq!((segments.len(), end), (2, long.len()));
        assert!(!segments[0].quoting && segments[0].range == (0..16));
    }
}
