//! Delimited text of any size as blocks of whole records, parsed by several threads, delivered in order.
//!
//! [`Table::open`] recognises wrapping, encoding and separator and shows the first records. Then
//! [`Table::blocks`] streams the rest: one thread reads and cuts at record boundaries (quotes
//! respected), `workers` threads parse, the caller receives the results in the order of the file.
//! A fixed number of buffers goes round, so memory does not depend on the size of the file.

mod cut;
mod parallel;

use std::borrow::Cow;
use std::path::PathBuf;

use csv::ByteRecord;
use memchr::memchr_iter;

use super::text::encoding::{Seen, decode};
use super::text::{Text, TextError, separator};
pub use cut::Block;
use cut::Cutter;

/// Why a table cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    #[error(transparent)]
    Text(#[from] TextError),
    #[error("{}: lecture interrompue ({source})", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error(
        "{}: ce n'est pas un tableau : aucun séparateur (point-virgule, virgule, tabulation) ne donne \
            plusieurs colonnes",
        path.display()
    )]
    NoColumns { path: PathBuf },
    #[error(
        "{}: l'archive contient des fichiers dont les colonnes diffèrent (« {first} » et « {other} ») ; \
            importez-les un par un",
        path.display()
    )]
    Members { path: PathBuf, first: String, other: String },
    #[error("{}: ligne {line} : aucun retour à la ligne sur {megabytes} Mo ; le fichier est abîmé ou n'est \
        pas un tableau", path.display())]
    TooLong { path: PathBuf, line: u64, megabytes: usize },
}

/// A table whose first records are known and whose rest can be streamed.
#[derive(Debug)]
pub struct Table {
    pub text: Text,
    pub delimiter: u8,
    /// The first records (64 at the most) of the first member, decoded; headers included.
    pub head: Vec<Vec<String>>,
    /// The file starts with the byte order mark of UTF-8.
    pub bom: bool,
    block_size: usize,
}

/// Bytes of the beginning of a member that are looked at.
const SAMPLE: usize = 256 * 1024;
const BOM: &[u8] = b"\xef\xbb\xbf";

impl Table {
    /// Recognises a delimited text.
    ///
    /// # Errors
    /// The file is no text, no table, or a zip of tables with different headers.
    pub fn open(path: &std::path::Path) -> Result<Self, TableError> {
        let text = Text::open(path)?;
        let sample = Self::sample(&text, 0)?;
        let bom = sample.starts_with(BOM);
        let delimiter = separator::sniff(sample.strip_prefix(BOM).unwrap_or(&sample))
            .ok_or_else(|| TableError::NoColumns { path: path.to_owned() })?;
        let head = first_records(&sample, delimiter, 64);
        for (i, member) in text.members.iter().enumerate().skip(1) {
            let other = first_records(&Self::sample(&text, i)?, delimiter, 1);
            if other.first() != head.first() {
                return Err(TableError::Members {
                    path: path.to_owned(),
                    first: text.members[0].name.clone(),
                    other: member.name.clone(),
                });
            }
        }
        text.counter().store(0, std::sync::atomic::Ordering::Relaxed);
        Ok(Self { text, delimiter, head, bom, block_size: cut::BLOCK })
    }

    /// Bytes a block; smaller blocks serve tests and small machines.
    #[must_use]
    pub fn with_block_size(mut self, bytes: usize) -> Self {
        self.block_size = bytes.max(1);
        self
    }

    /// Whole first lines of a member, decoded.
    fn sample(text: &Text, member: usize) -> Result<Vec<u8>, TableError> {
        let mut stream = text.stream(&text.members[member])?;
        let mut bytes = vec![0; SAMPLE];
        let n = super::text::read_full(&mut *stream, &mut bytes)
            .map_err(|source| TableError::Io { path: text.path().to_owned(), source })?;
        bytes.truncate(n);
        if n == SAMPLE
            && let Some(end) = memchr::memrchr(b'\n', &bytes)
        {
            bytes.truncate(end + 1);
        }
        Ok(decode(&bytes, &mut Seen::default()).into_owned())
    }

    /// Reads every record after the first `skip` of each member, one after the other, on this thread.
    /// `each` gets the line in the file (1 = first; members of a zip follow each other) and the record.
    ///
    /// # Errors
    /// Those of reading, and the first that `each` returns.
    pub fn for_each<E: From<TableError>>(
        &self,
        skip: usize,
        mut each: impl FnMut(u64, &ByteRecord) -> Result<(), E>,
    ) -> Result<Seen, E> {
        let mut seen = Seen { bom: self.bom, ..Seen::default() };
        let mut line = 1;
        for member in 0..self.text.members.len() {
            let mut cutter = Cutter::new(self, member, line, skip)?;
            let mut buffer = Vec::new();
            while let Some(block) = cutter.next(buffer)? {
                let mut outcome = Ok(());
                seen.merge(block.for_each(|line, record| {
                    if outcome.is_ok() {
                        outcome = each(line, record);
                    }
                }));
                outcome?;
                buffer = block.into_buffer();
            }
            line = cutter.line();
        }
        Ok(seen)
    }
}

fn first_records(sample: &[u8], delimiter: u8, count: usize) -> Vec<Vec<String>> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(sample.strip_prefix(BOM).unwrap_or(sample))
        .byte_records()
        .take(count)
        .filter_map(Result::ok)
        .map(|r| r.iter().map(|f| String::from_utf8_lossy(f).into_owned()).collect())
        .collect()
}

impl Block {
    /// Decodes the block and gives each record with its line in the file.
    pub fn for_each(&self, mut each: impl FnMut(u64, &ByteRecord)) -> Seen {
        let mut seen = Seen::default();
        let mut record = ByteRecord::new();
        let mut line = self.first_line;
        let mut skip = self.skip;
        for segment in &self.segments {
            let bytes: Cow<'_, [u8]> = decode(&self.bytes[segment.range.clone()], &mut seen);
            let mut reader = csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .quoting(segment.quoting)
                .delimiter(self.delimiter)
                .buffer_capacity(1 << 16)
                .from_reader(&*bytes);
            // The reader's own line count lags behind on CRLF and blank lines: count from its offsets.
            let mut counted = 0;
            while let Ok(true) = reader.read_byte_record(&mut record) {
                let mut start = record.position().map_or(counted, |p| p.byte() as usize);
                while matches!(bytes.get(start), Some(b'\n' | b'\r')) {
                    start += 1;
                }
                line += memchr_iter(b'\n', &bytes[counted..start]).count() as u64;
                counted = start;
                if skip > 0 {
                    skip -= 1;
                } else {
                    each(line, &record);
                }
            }
            line += memchr_iter(b'\n', &bytes[counted..]).count() as u64;
        }
        seen
    }
}
