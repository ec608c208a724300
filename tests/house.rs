//! The rules of the house, read off the source: which room may see which, what a file looks like.
//!
//! Floors (packages) are guarded by the compiler; rooms of one floor are guarded here. See ARCHITECTURE.md.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Rooms from the ground up, by floor: a room sees rooms before it in this list only.
const ROOMS: [(&str, &[&str]); 7] = [
    ("cellar", &["days", "french", "reference"]),
    ("ground", &["territory", "address"]),
    ("filing", &["registers", "store", "admission", "arrival"]),
    ("engine", &["arrays", "geocode", "stock", "cube", "disclosure"]),
    ("rules", &["access", "flow", "state", "policy", "scoring"]),
    ("window", &["mvt", "publish", "desk", "server"]),
    ("fiction", &["demo"]),
];
/// Columns of a line of code; a line that holds a text in quotes (SQL, JSON, a header) may be longer.
const COLUMNS: usize = 110;
/// Lines of a file.
const LINES: usize = 600;
/// Files over [`LINES`], each with its reason. The list only gets shorter.
const LONG: [(&str, &str); 1] =
    [("src/engine/disclosure/attack_tests.rs", "attacks share one fictional town")];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Rust files under a folder, as paths from the project's root.
fn files(under: &str) -> Vec<PathBuf> {
    fn walk(folder: &Path, out: &mut Vec<PathBuf>) {
        let mut entries: Vec<_> =
            std::fs::read_dir(folder).expect("a folder of the project").flatten().collect();
        entries.sort_by_key(std::fs::DirEntry::path);
        for entry in entries {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, out);
            } else if path.extension().is_some_and(|e| e == "rs") {
                out.push(path);
            }
        }
    }
    let mut out = Vec::new();
    walk(&root().join(under), &mut out);
    out
}

fn name(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("a file of the project")
}

/// The part of a file that is not its unit tests.
fn code(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests").next().unwrap_or(text)
}

/// What stands behind each `crate::` of a file.
fn rooms_named(text: &str) -> BTreeSet<String> {
    let word = |s: &str| s.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    text.split("crate::").skip(1).map(word).collect()
}

#[test]
fn a_room_sees_only_rooms_that_stand_before_it() {
    let order: Vec<&str> = ROOMS.iter().flat_map(|(_, rooms)| rooms.iter().copied()).collect();
    let mut wrong = Vec::new();
    for (floor, rooms) in ROOMS {
        for room in rooms {
            let place = order.iter().position(|r| r == room).expect("listed");
            let folder = format!("src/{floor}/{room}");
            let list = if root().join(&folder).is_dir() {
                files(&folder)
            } else {
                vec![root().join(folder + ".rs")]
            };
            for file in list {
                for other in rooms_named(code(&read(&file))) {
                    if order.iter().position(|r| **r == *other).is_some_and(|p| p > place) {
                        wrong.push(format!("{}: {room} → {other}", name(&file)));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "arrows that run back:\n{}", wrong.join("\n"));
}

#[test]
fn every_room_is_listed() {
    for (floor, rooms) in ROOMS {
        let lib = read(&root().join(format!("src/{floor}/lib.rs")));
        let declared: BTreeSet<&str> =
            lib.lines().filter_map(|l| l.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
        assert_eq!(declared, rooms.iter().copied().collect(), "rooms of src/{floor}");
    }
}

#[test]
fn only_the_server_knows_http() {
    for file in files("src") {
        let path = name(&file);
        if !path.starts_with("src/window/server/") {
            assert!(!read(&file).contains("axum::"), "{path} knows axum");
        }
    }
}

#[test]
fn the_law_reads_no_file_format() {
    for file in files("src/rules/policy") {
        assert!(!read(&file).contains("polars::"), "{} reads Parquet by itself", name(&file));
    }
}

#[test]
fn a_file_says_its_reason_first_and_is_a_room() {
    let mut long: BTreeMap<String, usize> = BTreeMap::new();
    for file in files("src") {
        let (path, text) = (name(&file), read(&file));
        assert!(text.starts_with("//! "), "{path} does not say its reason in its first line");
        let lines = text.lines().count();
        if lines > LINES {
            long.insert(path, lines);
        }
    }
    let allowed: BTreeSet<&str> = LONG.iter().map(|(path, _)| *path).collect();
    for (path, lines) in &long {
        assert!(
            allowed.contains(path.as_str()),
            "{path} has {lines} lines: a room with more than one reason?"
        );
    }
    for (path, _) in LONG {
        assert!(long.contains_key(path), "{path} is short now: take it off the list");
    }
}

#[test]
fn lines_of_code_fit_a_screen() {
    let mut wide = Vec::new();
    for file in files("src") {
        for (i, line) in read(&file).lines().enumerate() {
            let columns = line.chars().count();
            let text = line.contains('"')
                || line.contains("wkt!")
                || line.trim_start().starts_with(char::is_uppercase);
            if columns > COLUMNS && (!text || line.trim_start().starts_with("//")) {
                wide.push(format!("{}:{}: {columns}", name(&file), i + 1));
            }
        }
    }
    assert!(wide.is_empty(), "lines over {COLUMNS} columns:\n{}", wide.join("\n"));
}

/// A jurist reads `docs/DROIT.md`: each test that it names is there.
#[test]
fn the_table_of_law_names_tests_that_exist() {
    let table = std::fs::read_to_string(root().join("docs/DROIT.md")).expect("docs/DROIT.md");
    let mut text = String::new();
    for path in files("src").into_iter().chain(files("tests")) {
        text += &std::fs::read_to_string(&path).expect("source");
    }
    for entry in std::fs::read_dir(root().join("tests/oracle")).expect("tests/oracle").flatten() {
        text += &std::fs::read_to_string(entry.path()).unwrap_or_default();
    }
    let rows: Vec<&str> = table.lines().filter(|l| l.starts_with("| E")).collect();
    let numbers: Vec<&str> = rows.iter().filter_map(|r| r.split('|').nth(1)).map(str::trim).collect();
    assert_eq!(numbers, (1..=15).map(|n| format!("E{n}")).collect::<Vec<_>>());
    for row in rows {
        let tests = row.rsplit('|').nth(1).unwrap_or_default();
        let named: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "{row}");
        for name in named {
            let there = match name.contains('/') {
                true => root().join(name).exists(),
                false => text.contains(&format!("fn {name}(")) || text.contains(&format!("def {name}(")),
            };
            assert!(there, "docs/DROIT.md names `{name}`, which is no test");
        }
    }
}
