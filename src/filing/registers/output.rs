//! Where a reader writes: Parquet tables and the list of findings, in one folder of its own.

use std::fs::File;
use std::path::{Path, PathBuf};

use polars::prelude::*;

use super::report::{Finding, Level};

/// A folder that receives the result of one import. The store makes it and publishes it whole.
#[derive(Debug)]
pub struct Output {
    dir: PathBuf,
}

impl Output {
    /// `dir` must exist and be empty.
    #[must_use]
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Opens `{name}.parquet` for batches of this schema, one row group a batch.
    ///
    /// # Errors
    /// The file cannot be created or the schema has a type that Parquet lacks.
    pub fn table(&self, name: &str, schema: &Schema) -> PolarsResult<TableWriter> {
        let file = File::create(self.dir.join(format!("{name}.parquet")))?;
        let inner = ParquetWriter::new(file).with_compression(ParquetCompression::Snappy).batched(schema)?;
        Ok(TableWriter { inner })
    }

    /// Opens `constats.csv`: `ligne;colonne;valeur;regle;niveau;message`, UTF-8 with BOM.
    ///
    /// # Errors
    /// The file cannot be created.
    pub fn findings(&self) -> std::io::Result<FindingWriter> {
        use std::io::Write;
        let mut file = std::io::BufWriter::new(File::create(self.dir.join("constats.csv"))?);
        file.write_all("\u{feff}".as_bytes())?;
        let mut inner = csv::WriterBuilder::new().delimiter(b';').from_writer(file);
        inner.write_record(["ligne", "colonne", "valeur", "regle", "niveau", "message"])?;
        Ok(FindingWriter { inner })
    }
}

/// Writes data frames of one schema to one Parquet file.
pub struct TableWriter {
    inner: polars::io::parquet::write::BatchedWriter<File>,
}

impl TableWriter {
    /// # Errors
    /// The batch does not fit the schema or the disk is full.
    pub fn write(&mut self, frame: &DataFrame) -> PolarsResult<()> {
        if !frame.should_rechunk() {
            return self.inner.write_batch(frame);
        }
        // Parts that were put together have columns cut at different rows, which a row group cannot be.
        let mut whole = frame.clone();
        whole.rechunk_mut();
        self.inner.write_batch(&whole)
    }

    /// Writes the footer. A table that is not finished is not readable.
    ///
    /// # Errors
    /// The disk is full.
    pub fn finish(self) -> PolarsResult<u64> {
        self.inner.finish()
    }
}

/// Writes findings as they come.
pub struct FindingWriter {
    inner: csv::Writer<std::io::BufWriter<File>>,
}

impl FindingWriter {
    /// Opens the findings of a folder to add some at the end.
    ///
    /// # Errors
    /// There are none.
    pub fn more(dir: &Path) -> std::io::Result<Self> {
        let file = std::fs::OpenOptions::new().append(true).open(dir.join("constats.csv"))?;
        Ok(Self {
            inner: csv::WriterBuilder::new().delimiter(b';').from_writer(std::io::BufWriter::new(file)),
        })
    }

    /// # Errors
    /// The disk is full.
    pub fn write(&mut self, f: &Finding) -> std::io::Result<()> {
        let level = match f.level {
            Level::Rejet => "rejet",
            Level::Drapeau => "drapeau",
        };
        self.inner.write_record([
            f.line.to_string().as_str(),
            &f.column,
            &f.value,
            &f.rule,
            level,
            &f.message,
        ])?;
        Ok(())
    }

    /// # Errors
    /// The disk is full.
    pub fn finish(mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}
