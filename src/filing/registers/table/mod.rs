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

use super::fields::is_blank;
use super::kit::years;
use super::text::encoding::{Seen, decode};
use super::text::page::{self, Page};
use super::text::{Text, TextError, separator};
pub use cut::Block;
use cut::Cutter;

/// Why a table cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    #[error(transparent)]
    Text(#[from] TextError),
    #[error("{} : lecture interrompue ({source})", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error(
        "{} : ce n'est pas un tableau : aucun séparateur (point-virgule, virgule, tabulation) ne donne \
            plusieurs colonnes",
        path.display()
    )]
    NoColumns { path: PathBuf },
    #[error(
        "{} : l'archive contient des fichiers dont les colonnes diffèrent (« {first} » et « {other} ») ; \
            importez-les un par un",
        path.display()
    )]
    Members { path: PathBuf, first: String, other: String },
    #[error("{} : l'archive contient des fichiers de plusieurs années ({names}) ; importez-les un par un, chacun sous son année", path.display())]
    Years { path: PathBuf, names: String },
    #[error("{} : ligne {line} : octets nuls au milieu du fichier, abîmé par une copie ou un téléchargement : reprenez-le", path.display())]
    Nul { path: PathBuf, line: u64 },
    #[error("{} : ligne {line} : aucun retour à la ligne sur {megabytes} Mo ; le fichier est abîmé ou n'est pas un tableau", path.display())]
    TooLong { path: PathBuf, line: u64, megabytes: usize },
}

/// A table whose first records are known and whose rest can be streamed.
#[derive(Debug)]
pub struct Table {
    pub text: Text,
    pub delimiter: u8,
    /// The first records (64 at the most) of the first member, decoded, from the header on.
    pub head: Vec<Vec<String>>,
    /// Records above the header: a hint for Excel, titles.
    pub lead: usize,
    /// Line of the header, 1 = first.
    pub header_line: u64,
    /// The file starts with the byte order mark of UTF-8.
    pub bom: bool,
    /// Code page of the lines that are not UTF-8, when the first of them leave no doubt.
    page: Option<Page>,
    /// Line of each record of `head`.
    lines: Vec<u64>,
    block_size: usize,
}

/// Bytes of the beginning of a member that are looked at.
const SAMPLE: usize = 256 * 1024;
/// Records of a head.
const HEAD: usize = 64;
/// The header is among so many first records.
const ABOVE: usize = 30;
const BOM: &[u8] = b"\xef\xbb\xbf";

impl Table {
    /// Recognises a delimited text.
    ///
    /// # Errors
    /// The file is no text, no table, or a zip of tables with different headers.
    pub fn open(path: &std::path::Path) -> Result<Self, TableError> {
        let text = Text::open(path)?;
        let raw = Self::sample(&text, 0)?;
        let bom = raw.starts_with(BOM);
        let raw = raw.strip_prefix(BOM).unwrap_or(&raw);
        let page = page::guess(raw).filter(|g| g.sure).map(|g| g.page);
        let sample = decode(raw, &mut Seen { page, ..Seen::default() });
        let first = memchr::memchr(b'\n', &sample).map_or(sample.len(), |i| i + 1);
        let hint = separator::hint(&sample[..first]).filter(|sign| separator::parts(&sample[first..], *sign));
        let delimiter = hint
            .or_else(|| separator::sniff(&sample))
            .ok_or_else(|| TableError::NoColumns { path: path.to_owned() })?;
        let (head, lines) = first_records(&sample, delimiter, HEAD);
        text.counter().store(0, std::sync::atomic::Ordering::Relaxed);
        let mut table =
            Self { text, delimiter, head, lead: 0, header_line: 1, bom, page, lines, block_size: cut::BLOCK };
        table.begin_at(usize::from(separator::hint(&sample[..first]).is_some()));
        Ok(table)
    }

    /// Takes the record at `at` of `head` for the header: what stands above is not read.
    fn begin_at(&mut self, at: usize) {
        self.head.drain(..at.min(self.head.len()));
        self.lines.drain(..at.min(self.lines.len()));
        self.lead += at;
        self.header_line = self.lines.first().copied().unwrap_or(1);
    }

    /// Finds the header among the first records: the first that `header` accepts. `false` when none is; the
    /// table then begins where it began. Files of one archive must have the same.
    ///
    /// # Errors
    /// [`TableError::Members`], or those of reading.
    pub fn seek(&mut self, header: impl Fn(&[String]) -> bool) -> Result<bool, TableError> {
        let at = self.head.iter().take(ABOVE).position(|record| header(record));
        if let Some(at) = at {
            self.begin_at(at);
        }
        self.same_members()?;
        if self.numbered() {
            self.head[0].insert(0, String::new());
        }
        Ok(at.is_some())
    }

    /// Whether rows have one field more than the header, their number in front: R's `write.table` writes the
    /// names of rows and no name above them. An empty field behind each row is a separator too many.
    fn numbered(&self) -> bool {
        let Some((header, rows)) = self.head.split_first() else { return false };
        let number = |row: &[String], n: usize| row.first().is_some_and(|f| f.trim() == n.to_string());
        let more = |row: &[String]| row.len() == header.len() + 1;
        let ends_blank = |row: &Vec<String>| row.last().is_some_and(|f| is_blank(f.as_bytes()));
        !rows.is_empty()
            && (1..).zip(rows).all(|(n, row)| more(row) && number(row, n))
            && !rows.iter().all(ends_blank)
    }

    fn same_members(&self) -> Result<(), TableError> {
        if let Some(names) = years::different(self.text.members.iter().map(|m| m.name.as_str())) {
            return Err(TableError::Years { path: self.text.path().to_owned(), names });
        }
        for (i, member) in self.text.members.iter().enumerate().skip(1) {
            let raw = Self::sample(&self.text, i)?;
            let raw = decode(&raw, &mut Seen { page: self.page, ..Seen::default() });
            let (other, _) = first_records(&raw, self.delimiter, self.lead + 1);
            if other.get(self.lead) != self.head.first() {
                return Err(TableError::Members {
                    path: self.text.path().to_owned(),
                    first: self.text.members[0].name.clone(),
                    other: member.name.clone(),
                });
            }
        }
        self.text.counter().store(0, std::sync::atomic::Ordering::Relaxed);
        Ok(())
    }

    /// Records before the first row of data: the header, and what stands above it.
    #[must_use]
    pub fn skip(&self) -> usize {
        self.lead + 1
    }

    /// Bytes a block; smaller blocks serve tests and small machines.
    #[must_use]
    pub fn with_block_size(mut self, bytes: usize) -> Self {
        self.block_size = bytes.max(1);
        self
    }

    /// Whole first lines of a member, as they stand.
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
        Ok(bytes)
    }

    /// The records of the first block that follow the first `skip`: what a column is judged by.
    ///
    /// # Errors
    /// Those of reading.
    pub fn survey(&self, skip: usize, mut each: impl FnMut(u64, &ByteRecord)) -> Result<(), TableError> {
        if let Some(block) = Cutter::new(self, 0, 1, skip)?.next(Vec::new())? {
            block.for_each(&mut each);
        }
        self.text.counter().store(0, std::sync::atomic::Ordering::Relaxed);
        Ok(())
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

/// The first records, and the line on which each begins.
fn first_records(sample: &[u8], delimiter: u8, count: usize) -> (Vec<Vec<String>>, Vec<u64>) {
    let sample = sample.strip_prefix(BOM).unwrap_or(sample);
    let mut line = 1;
    let mut counted = 0;
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(sample)
        .byte_records()
        .take(count)
        .filter_map(Result::ok)
        .map(|r| {
            let start = start_of(&r, sample, counted);
            line += memchr_iter(b'\n', &sample[counted..start]).count() as u64;
            counted = start;
            (r.iter().map(|f| String::from_utf8_lossy(f).into_owned()).collect::<Vec<String>>(), line)
        })
        .unzip()
}

/// Where a record really begins: the reader counts the blank lines before it as its own.
fn start_of(record: &ByteRecord, bytes: &[u8], otherwise: usize) -> usize {
    let mut start = record.position().map_or(otherwise, |p| p.byte() as usize);
    while matches!(bytes.get(start), Some(b'\n' | b'\r')) {
        start += 1;
    }
    start
}

/// How the fields of a record stand to the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// As many fields as the header, or more.
    Whole,
    /// Fewer: spreadsheets leave out the empty cells at the end of a row.
    Short,
    /// Fewer, because the line was cut: by a line break inside a value, or by the end of half a file.
    Broken,
}

impl Block {
    /// Decodes the block and gives each record with its line in the file.
    pub fn for_each(&self, mut each: impl FnMut(u64, &ByteRecord)) -> Seen {
        let mut seen = Seen { page: self.page, doubtful: self.doubtful, ..Seen::default() };
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
                let start = start_of(&record, &bytes, counted);
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

    /// The same, with the shape of each record under a header of `width` fields, of which a row must reach
    /// the first `reach` to be one.
    pub fn rows(&self, width: usize, reach: usize, mut each: impl FnMut(u64, &ByteRecord, Shape)) -> Seen {
        let mut held: Option<(u64, ByteRecord)> = None;
        let mut shorts = 0;
        let mut row = ByteRecord::new();
        let seen = self.for_each(|line, record| {
            let record = match self.unwrapped(record, reach) {
                Some(whole) => {
                    row = whole;
                    &row
                }
                None => record,
            };
            // An empty row of a spreadsheet is half of nothing, and breaks nothing in two.
            if record.len() < width && record.iter().all(is_blank) {
                if let Some((first, half)) = held.take() {
                    shorts += 1;
                    each(first, &half, Shape::Short);
                }
                return each(line, record, Shape::Short);
            }
            if record.len() >= width && held.is_none() {
                return each(line, record, Shape::Whole);
            }
            if let Some((first, half)) = held.take() {
                // A line with all its fields stands for itself, whatever title stands above it.
                if record.len() >= width {
                    shorts += 1;
                    each(first, &half, Shape::Short);
                    return each(line, record, Shape::Whole);
                }
                // A break inside a value makes of a line two, which share the value that it broke.
                let halves = half.len() + record.len() == width + 1 && half.len().min(record.len()) < reach;
                if halves {
                    each(first, &half, Shape::Broken);
                    return each(line, record, Shape::Broken);
                }
                shorts += 1;
                each(first, &half, Shape::Short);
            }
            held = Some((line, record.clone()));
        });
        if let Some((line, record)) = held {
            // Half a file ends amid a line; a program that leaves out empty cells does so on other lines too.
            let cut = self.unended && shorts == 0;
            each(line, &record, if cut { Shape::Broken } else { Shape::Short });
        }
        seen
    }

    /// A row that a spreadsheet of other separators wrote as one quoted cell, as it was.
    fn unwrapped(&self, record: &ByteRecord, reach: usize) -> Option<ByteRecord> {
        // Almost every row ends here.
        let text = record.get(0).filter(|_| record.len() == 1 && reach >= 3)?;
        if text.iter().filter(|b| **b == self.delimiter).count() + 1 < reach {
            return None;
        }
        let mut reader =
            csv::ReaderBuilder::new().delimiter(self.delimiter).has_headers(false).from_reader(text);
        let mut whole = ByteRecord::new();
        (reader.read_byte_record(&mut whole).ok()? && whole.len() >= reach).then_some(whole)
    }
}
