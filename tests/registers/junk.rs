//! Damaged files: each format of the fixtures, spoilt at random, is read or refused in words. Nothing panics,
//! nothing takes long, nothing is written out of its folder.
//!
//! `MOSAIQUE_JUNK_SECONDS` sets the time for each format (`make junk`: an hour for all), `MOSAIQUE_JUNK_SEED`
//! where the dice start. What fails is kept in `test-output/junk`, to become a fixture.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use mosaique::arrival::{Asked, What, read};
use mosaique::registers::kind;
use mosaique::registers::output::Output;
use rust_xlsxwriter::Workbook;

/// Longest reading of one spoilt fixture (they have a few rows), on a machine at work.
const LONGEST: Duration = Duration::from_secs(20);

/// What breaks readers: numbers without end, separators, marks, pieces of other formats.
const NASTY: [&[u8]; 24] = [
    b"\"",
    b";;;;;;",
    b"\0",
    b"\r",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\xe9",
    b"99999999999999999999999",
    b"-1e309",
    b"NaN",
    b"-0",
    b"1,5",
    b"31/02/2024",
    b"<!ENTITY a \"&a;\">",
    b"]]>",
    b"{\"type\":\"Point\",\"coordinates\":[1]}",
    b"[[[[[[[[[[[[[[[[",
    b"null",
    b"MULTIPOLYGON EMPTY",
    b"SQLite format 3\0",
    b"PK\x03\x04",
    b"=cmd|' /C calc'!A0",
    b"2A004",
    b"\xe2\x80\xae",
];

struct Seed {
    name: String,
    bytes: Vec<u8>,
    what: What,
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn seeds(key: &Path) -> Vec<Seed> {
    let cle = || key.to_owned();
    let zones = |couche: &str| What::Zones {
        couche: couche.to_owned(),
        generation: Some("2024".to_owned()),
        epsg: None,
        table: None,
    };
    let folders = [
        ("rpls", What::Rpls { millesime: 2023 }),
        ("ops", What::Ops { vague: 2024 }),
        ("attributions", What::Attributions { annee: 2024, cle: cle() }),
        ("demandes", What::Demandes { extrait: 20_241_231, cle: cle() }),
        ("thresholds", What::Thresholds { annee: Some(2024) }),
        ("ban", What::Addresses { departement: "73".to_owned() }),
    ];
    let mut seeds = Vec::new();
    for (folder, what) in folders {
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(fixture(folder)).unwrap().map(|e| e.unwrap().path()).collect();
        files.sort();
        for path in files {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            seeds.push(Seed { name, bytes: std::fs::read(&path).unwrap(), what: what.clone() });
        }
    }
    let archive = std::fs::read(fixture("zones/qpv_deux_couches.zip")).unwrap();
    seeds.push(Seed { name: "qpv.zip".to_owned(), bytes: archive, what: zones("qpv") });
    let square = |x: f64| {
        format!(
            r#"{{"type":"Feature","properties":{{"INSEE_COM":"7306{x}","NOM_COM":"Cité"}},"geometry":{{"type":"Polygon","coordinates":[[[{x},45.1],[{x}.9,45.1],[{x}.9,45.9],[{x},45.1]]]}}}}"#
        )
    };
    let squares = format!(r#"{{"type":"FeatureCollection","features":[{},{}]}}"#, square(5.0), square(6.0));
    seeds.push(Seed { name: "communes.geojson".to_owned(), bytes: squares.into(), what: zones("commune") });
    seeds.push(Seed { name: "ops.xlsx".to_owned(), bytes: workbook(), what: What::Ops { vague: 2024 } });
    seeds
}

/// The survey as a spreadsheet has it.
fn workbook() -> Vec<u8> {
    let text = std::fs::read_to_string(fixture("ops/conforme.csv")).unwrap();
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (row, line) in (0..).zip(text.lines()) {
        for (column, cell) in (0..).zip(line.split(';')) {
            sheet.write(row, column, cell).unwrap();
        }
    }
    book.save_to_buffer().unwrap()
}

/// One to eight changes.
fn spoilt(bytes: &[u8], dice: &mut fastrand::Rng) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for _ in 0..dice.usize(1..9) {
        if out.is_empty() {
            return out;
        }
        let (at, n) = (dice.usize(0..out.len()), dice.usize(1..64));
        let end = (at + n).min(out.len());
        match dice.u8(0..8) {
            0 => out[at] ^= 1 << dice.u8(0..8),
            1 => out[at] = dice.u8(..),
            2 => drop(out.drain(at..end)),
            3 => {
                let piece = out[at..end].to_vec();
                let to = dice.usize(0..=out.len());
                out.splice(to..to, piece);
            }
            4 if dice.u8(0..4) == 0 => out.truncate(at),
            5 => {
                // A line again and again.
                let line = |i: &usize| out[*i] == b'\n';
                let start = (0..at).rev().find(line).map_or(0, |i| i + 1);
                let stop = (at..out.len()).find(line).map_or(out.len(), |i| i + 1);
                let piece = out[start..stop].repeat(dice.usize(1..4));
                out.splice(stop..stop, piece);
            }
            _ => {
                let token = NASTY[dice.usize(0..NASTY.len())];
                let until = if dice.bool() { at } else { end };
                out.splice(at..until, token.iter().copied());
            }
        }
    }
    out
}

/// Reads spoilt copies until the time is up; gives how many were read and refused, or the first failure.
fn trial(seed: &Seed, time: Duration, dice: &mut fastrand::Rng) -> Result<[u32; 2], String> {
    let (begin, mut counts) = (Instant::now(), [0, 0]);
    while begin.elapsed() < time {
        let bytes = spoilt(&seed.bytes, dice);
        let dir = tempfile::tempdir().unwrap();
        let (tables, desk) = (dir.path().join("tables"), dir.path().join("bureau"));
        [&tables, &desk].iter().for_each(|d| std::fs::create_dir(d).unwrap());
        let file = dir.path().join(&seed.name);
        std::fs::write(&file, &bytes).unwrap();
        let started = Instant::now();
        let done = catch_unwind(AssertUnwindSafe(|| {
            drop(kind::of(&file, &desk));
            let asked = Asked { file: &file, what: &seed.what, feuille: None, forcer: false };
            read(&asked, &Output::new(&tables), &desk, &|_, _| ()).map(|_| ()).map_err(|e| e.to_string())
        }));
        let fault = match done {
            Ok(_) if started.elapsed() > LONGEST => Some(format!("{:?}", started.elapsed())),
            Ok(Err(told)) if told.trim().is_empty() => Some("an empty message".to_owned()),
            Ok(read) => {
                counts[usize::from(read.is_err())] += 1;
                None
            }
            Err(_) => Some("a panic".to_owned()),
        };
        let strangers =
            std::fs::read_dir(dir.path()).unwrap().filter(|e| e.as_ref().unwrap().path() != file).count();
        let fault = fault.or_else(|| (strangers > 2).then(|| "a file out of its folder".to_owned()));
        if let Some(fault) = fault {
            let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("test-output/junk");
            std::fs::create_dir_all(&kept).unwrap();
            let kept = kept.join(&seed.name);
            std::fs::write(&kept, &bytes).unwrap();
            return Err(format!("{}: {fault}; kept in {}", seed.name, kept.display()));
        }
    }
    Ok(counts)
}

#[test]
fn damaged_files_of_every_format_are_read_or_refused_in_words() {
    let number = |name: &str| std::env::var(name).ok().and_then(|v| v.parse::<f64>().ok());
    let time = Duration::from_secs_f64(number("MOSAIQUE_JUNK_SECONDS").unwrap_or(1.5));
    let start = number("MOSAIQUE_JUNK_SEED").map_or(1, |n| n as u64);
    let dir = tempfile::tempdir().unwrap();
    let key = dir.path().join("cle");
    std::fs::write(&key, "0123456789abcdef".repeat(4)).unwrap();
    let seeds = seeds(&key);
    // Two at once: readers use all cores by themselves.
    let failures: Vec<String> = std::thread::scope(|scope| {
        let halves: Vec<_> = seeds
            .chunks(seeds.len().div_ceil(2))
            .enumerate()
            .map(|(half, seeds)| {
                scope.spawn(move || {
                    let mut dice = fastrand::Rng::with_seed(start + half as u64);
                    let mut out = Vec::new();
                    for seed in seeds {
                        match trial(seed, time, &mut dice) {
                            Ok([read, refused]) => println!("{}: {read} read, {refused} refused", seed.name),
                            Err(fault) => out.push(fault),
                        }
                    }
                    out
                })
            })
            .collect();
        halves.into_iter().flat_map(|h| h.join().unwrap()).collect()
    });
    assert!(failures.is_empty(), "{failures:#?}");
}
