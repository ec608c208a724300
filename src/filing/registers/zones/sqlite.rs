//! An SQLite file of someone else, opened so that it can only be read, and only so much.
//!
//! A schema may hold views, virtual tables, computed columns and functions of its author's choosing, pages
//! may point at each other in circles: the statements that this program runs are counted in steps of SQLite's
//! machine, values are bounded, and what rows give in all is bounded by the size of the file.

use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::bounds::Bounds;
use super::error::ZonesError;

/// Longest value: the geometry of one zone has some four million vertices.
const VALUE: u64 = 64_000_000;
/// Steps of SQLite's machine in all, and for each byte of the file; it does some 50 million in a second.
const STEPS: u64 = 20_000_000;
const STEPS_A_BYTE: u64 = 20;
/// How often steps are counted.
const LOT: i32 = 10_000;
/// What rows may give besides as much as the file holds (a view shows a value several times).
const YIELD: u64 = 16_000_000;

/// A file that is open.
#[derive(Debug)]
pub struct Opened {
    pub db: Connection,
    /// Bytes that rows may give.
    pub yield_max: u64,
    /// What may be missing.
    pub remark: Option<String>,
    /// A copy with its journal, as long as it is read.
    _copy: Option<tempfile::TempDir>,
}

/// Opens a file; with what another program has written to its journal and not yet to the file itself.
///
/// # Errors
/// The file is damaged, or cannot be copied.
pub fn open(path: &Path, file: &str, bounds: &Bounds) -> Result<Opened, ZonesError> {
    let refused = |e: rusqlite::Error| refusal(file, &e);
    let size = std::fs::metadata(path).map_or(0, |m| m.len());
    let journals: Vec<PathBuf> = ["-wal", "-journal"]
        .map(|ending| beside(path, ending))
        .into_iter()
        .filter(|p| std::fs::metadata(p).is_ok_and(|m| m.is_file() && m.len() > 0))
        .collect();
    let (mut remark, mut copy) = (None, None);
    let db = if bounds.foreign || journals.is_empty() {
        if is_wal(path) {
            remark = Some(format!(
                "{file} : ce GeoPackage a été copié alors qu'un autre logiciel l'avait ouvert (mode WAL) : ce qui \
                    n'était pas encore versé dans le fichier manque ; fermez-le et recommencez si des zones manquent"
            ));
        }
        // Immutable: never a lock or a journal beside the user's file, which may be read-only.
        let uri = format!("file:{}?immutable=1", escape(path));
        let flags =
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Connection::open_with_flags(uri, flags).map_err(refused)?
    } else {
        // SQLite completes a file from its journal by writing: to a copy, never to the user's own.
        let folder = tempfile::tempdir()?;
        let inner = folder.path().join("copie.gpkg");
        std::fs::copy(path, &inner)?;
        writable(&inner)?;
        for journal in &journals {
            let ending = if journal.to_string_lossy().ends_with("-wal") { "-wal" } else { "-journal" };
            let inner = beside(&inner, ending);
            std::fs::copy(journal, &inner)?;
            writable(&inner)?;
        }
        remark = Some(format!(
            "{file} : un autre logiciel l'avait ouvert : lu avec ce que son journal ajoute ({})",
            journals
                .iter()
                .filter_map(|p| p.file_name())
                .map(|n| n.to_string_lossy())
                .collect::<Vec<_>>()
                .join(", ")
        ));
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(&inner, flags).map_err(refused)?;
        copy = Some(folder);
        db
    };
    // No value that is stored is longer than the file.
    let longest = VALUE.min(size.max(1_000_000));
    db.set_limit(Limit::SQLITE_LIMIT_LENGTH, i32::try_from(longest).unwrap_or(i32::MAX)).map_err(refused)?;
    for (limit, value) in [
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
        (Limit::SQLITE_LIMIT_EXPR_DEPTH, 100),
        (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 50),
        (Limit::SQLITE_LIMIT_SQL_LENGTH, 1_000_000),
        (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1_000),
    ] {
        db.set_limit(limit, value).map_err(refused)?;
    }
    for (config, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
    ] {
        db.set_db_config(config, on).map_err(refused)?;
    }
    let mut left = STEPS + STEPS_A_BYTE.saturating_mul(size);
    db.progress_handler(
        LOT,
        Some(move || {
            left = left.saturating_sub(LOT.unsigned_abs().into());
            left == 0
        }),
    );
    // Of rows that are stored there are no more bytes than the file has; a view may show them again.
    Ok(Opened { db, yield_max: YIELD + 4 * size, remark, _copy: copy })
}

impl Opened {
    /// Before a row of computed columns is asked for: all of them together stay below what rows may give.
    ///
    /// # Errors
    /// Never with a limit above zero.
    pub fn bound_values(&self, columns: usize) -> rusqlite::Result<()> {
        let each = VALUE.min(self.yield_max) / columns.max(1) as u64;
        self.db.set_limit(Limit::SQLITE_LIMIT_LENGTH, i32::try_from(each).unwrap_or(i32::MAX)).map(|_| ())
    }
}

/// Why a file is refused.
#[must_use]
pub fn refusal(file: &str, e: &rusqlite::Error) -> ZonesError {
    let message = match e.sqlite_error_code() {
        Some(ErrorCode::OperationInterrupted) => {
            "sa lecture demande trop de calcul : une vue sans fin, ou des pages qui tournent en rond"
                .to_owned()
        }
        Some(ErrorCode::TooBig) => "une de ses valeurs est trop longue".to_owned(),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => "la base SQLite est rompue".to_owned(),
        _ => e.to_string(),
    };
    ZonesError::Damaged { file: file.to_owned(), message }
}

/// Rows that give more than the file can hold.
#[must_use]
pub fn too_much(file: &str, table: &str) -> ZonesError {
    let message = format!("« {table} » donne bien plus que le fichier ne contient");
    ZonesError::Damaged { file: file.to_owned(), message }
}

/// What a table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nature {
    Absent,
    /// Its rows are in the file.
    Stored,
    /// A view, a virtual table or one with computed columns has the reader run what its author wrote.
    Computed,
}

/// # Errors
/// The schema cannot be read.
pub fn nature(db: &Connection, table: &str) -> rusqlite::Result<Nature> {
    let mut found = db.prepare(
        "select type = 'table' and sql not like 'create virtual%' from sqlite_master \
         where name = ?1 collate nocase and type in ('table', 'view')",
    )?;
    let stored: Vec<bool> = found.query_map([table], |r| r.get(0))?.collect::<Result<_, _>>()?;
    let Some(stored) = stored.first() else { return Ok(Nature::Absent) };
    // The statement, not the function of the same name, which the file could hide behind a view.
    let hidden: Vec<i64> = db
        .prepare(&format!("pragma table_xinfo({})", quoted(table)))?
        .query_map([], |r| r.get("hidden"))?
        .collect::<Result<_, _>>()?;
    Ok(if *stored && hidden.iter().all(|h| *h == 0) { Nature::Stored } else { Nature::Computed })
}

/// A name as SQL writes it.
#[must_use]
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Bytes 18 and 19 of the header are 2 while the file is in WAL mode (SQLite file format, §1.3.3).
fn is_wal(path: &Path) -> bool {
    let mut head = [0_u8; 20];
    std::fs::File::open(path).and_then(|mut f| std::io::Read::read_exact(&mut f, &mut head)).is_ok()
        && head[18..20].contains(&2)
}

/// A copy of a file that may only be read.
fn writable(path: &Path) -> std::io::Result<()> {
    let mut permissions = std::fs::metadata(path)?.permissions();
    #[expect(clippy::permissions_set_readonly_false, reason = "a temporary copy in a folder of its own")]
    permissions.set_readonly(false);
    std::fs::set_permissions(path, permissions)
}

/// Characters that mean something in an SQLite URI.
fn escape(path: &Path) -> String {
    path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23")
}
