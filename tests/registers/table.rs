//! The parallel block reader against the csv crate on the whole file.

use std::io::Write;

use mosaique::registers::table::{Table, TableError};
use proptest::prelude::*;

type Row = (u64, Vec<Vec<u8>>);

/// What the csv crate alone says of the file: line and fields of each record.
fn plain(bytes: &[u8]) -> Vec<Row> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(b';')
        .from_reader(bytes)
        .byte_records()
        .map(|r| {
            let r = r.unwrap();
            let start = r.position().unwrap().byte() as usize;
            let line = bytes[..start].iter().filter(|b| **b == b'\n').count() as u64 + 1;
            (line, r.iter().map(<[u8]>::to_vec).collect())
        })
        .collect()
}

fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn in_blocks(bytes: &[u8], block: usize, workers: usize) -> Vec<Row> {
    let file = file(bytes);
    let mut table = Table::open(file.path()).unwrap().with_block_size(block);
    table.delimiter = b';';
    let mut rows = Vec::new();
    table
        .blocks::<_, _, TableError>(
            1,
            workers,
            || (),
            |(), block| {
                let mut rows: Vec<Row> = Vec::new();
                block.for_each(|line, r| rows.push((line, r.iter().map(<[u8]>::to_vec).collect())));
                rows
            },
            |part, _| {
                rows.extend(part);
                Ok(())
            },
        )
        .unwrap();
    let mut alone = Vec::new();
    table
        .for_each::<TableError>(1, |line, r| {
            alone.push((line, r.iter().map(<[u8]>::to_vec).collect()));
            Ok(())
        })
        .unwrap();
    assert_eq!(rows, alone);
    rows
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn blocks_give_the_same_records_and_lines_as_one_reading(
        rows in prop::collection::vec(prop::collection::vec("[a-z0-9é\";,\n ]{0,12}", 3), 1..60),
        block in 1usize..400,
        workers in 1usize..4,
    ) {
        let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
        writer.write_record(["un", "deux", "trois"]).unwrap();
        for row in &rows {
            writer.write_record(row).unwrap();
        }
        let bytes = writer.into_inner().unwrap();
        prop_assert_eq!(in_blocks(&bytes, block, workers), &plain(&bytes)[1..]);
    }
}

#[test]
fn lines_are_counted_through_crlf_and_blank_lines() {
    let bytes = b"a;b\r\n1;2\r\n\r\n\r\n3;4\r\n5;\"6\r\n7\"\r\n8;9";
    let lines: Vec<u64> = in_blocks(bytes, 8, 2).into_iter().map(|r| r.0).collect();
    assert_eq!(lines, [2, 5, 6, 8]);
}

#[test]
fn a_failing_consumer_stops_the_reading() {
    let mut bytes = b"a;b\n".to_vec();
    bytes.extend(b"1;2\n".repeat(10_000));
    let file = file(&bytes);
    let table = Table::open(file.path()).unwrap().with_block_size(64);
    let mut calls = 0;
    let result = table.blocks(
        1,
        2,
        || (),
        |(), _| (),
        |(), _| {
            calls += 1;
            Err(TableError::NoColumns { path: file.path().to_owned() })
        },
    );
    assert!(result.is_err());
    assert_eq!(calls, 1);
}
