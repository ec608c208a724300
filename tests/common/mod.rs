//! What the tests of the readers share: a run in a folder of its own, its tables and its findings.
#![allow(dead_code)] // each test binary uses a part of it

pub mod served;

use std::fs::File;
use std::path::{Path, PathBuf};

use polars::prelude::*;

pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// A real file beside the repository; `None` (and a line that says so) when it is not there.
pub fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(name);
    if path.exists() {
        return Some(path);
    }
    println!("{name} absent: test skipped");
    None
}

pub fn table(dir: &Path, name: &str) -> DataFrame {
    let file = File::open(dir.join(format!("{name}.parquet"))).expect("table");
    ParquetReader::new(file).finish().expect("parquet")
}

/// `(line, column, rule, level)` of each finding.
pub fn findings(dir: &Path) -> Vec<(u64, String, String, String)> {
    let mut reader =
        csv::ReaderBuilder::new().delimiter(b';').from_path(dir.join("constats.csv")).expect("constats.csv");
    reader
        .records()
        .map(|r| {
            let r = r.expect("record");
            (r[0].parse().expect("line"), r[1].to_owned(), r[3].to_owned(), r[4].to_owned())
        })
        .collect()
}

/// A cell as text; `""` is missing, so that no test takes a missing value for 0.
pub fn cell(frame: &DataFrame, column: &str, row: usize) -> String {
    match frame.column(column).unwrap_or_else(|_| panic!("{column}")).get(row).expect("row") {
        AnyValue::Null => String::new(),
        AnyValue::String(s) => s.to_owned(),
        AnyValue::StringOwned(s) => s.to_string(),
        other => other.to_string(),
    }
}

/// Row whose `column` is `value`.
pub fn row_of(frame: &DataFrame, column: &str, value: &str) -> usize {
    (0..frame.height())
        .find(|i| cell(frame, column, *i) == value)
        .unwrap_or_else(|| panic!("{column} = {value}"))
}
