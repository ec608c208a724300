//! Bytes of a document on their way to a reader of XML: counted and bounded, with line and column of each.

use std::io::{self, BufRead, BufReader, Read};

/// What stops a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budget {
    /// One tag or one text.
    Piece,
    /// The document as a whole.
    Whole,
}

impl std::fmt::Display for Budget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Piece => "élément trop long",
            Self::Whole => "document trop long",
        })
    }
}

impl std::error::Error for Budget {}

/// A reader that counts what passes.
#[derive(Debug)]
pub struct Guard<R> {
    inner: BufReader<R>,
    /// Bytes that the piece at hand may still take.
    left: usize,
    total: u64,
    most: u64,
    line: u64,
    /// Bytes since the last line break.
    column: u64,
}

impl<R: Read> Guard<R> {
    /// `most`: bytes that the document may have.
    pub fn new(inner: R, most: u64) -> Self {
        let inner = BufReader::with_capacity(1 << 16, inner);
        Self { inner, left: 0, total: 0, most, line: 1, column: 0 }
    }

    /// A new piece begins: it may take so many bytes.
    pub fn begin(&mut self, piece: usize) {
        self.left = piece;
    }

    /// Line and column of the next byte, 1 = first.
    #[must_use]
    pub fn place(&self) -> (u64, u64) {
        (self.line, self.column + 1)
    }
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
            return Err(io::Error::other(Budget::Whole));
        }
        Ok(&bytes[..bytes.len().min(left)])
    }

    fn consume(&mut self, n: usize) {
        let bytes = &self.inner.buffer()[..n.min(self.inner.buffer().len())];
        self.line += memchr::memchr_iter(b'\n', bytes).count() as u64;
        self.column = match memchr::memrchr(b'\n', bytes) {
            Some(at) => (bytes.len() - at - 1) as u64,
            None => self.column + bytes.len() as u64,
        };
        self.left = self.left.saturating_sub(n);
        self.total += n as u64;
        self.inner.consume(n);
    }
}
