//! GeoPackage: feature tables of an SQLite file, geometry in a `GP` header followed by WKB.

use std::path::Path;

use geo::MultiPolygon;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

use super::bounds::Bounds;
use super::error::ZonesError;
use super::raw::{Declared, RawFeature, RawLayer};
use crate::territory::wkb;

/// Reads one table: the one asked for, else the only one. Of someone else's file, which cannot say, all of
/// them.
///
/// # Errors
/// Not a GeoPackage, several tables and none asked for, damaged file.
pub fn read(
    path: &Path,
    file: &str,
    table: Option<&str>,
    bounds: &Bounds,
) -> Result<Vec<RawLayer>, ZonesError> {
    let damaged = |e: rusqlite::Error| ZonesError::Damaged { file: file.to_owned(), message: e.to_string() };
    // Immutable: never a lock or a journal beside the user's file, which may be read-only.
    let uri = format!("file:{}?immutable=1", escape(path));
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(uri, flags).map_err(damaged)?;
    let plain = |table: &str| -> Result<(), ZonesError> {
        if !bounds.foreign || is_plain(&db, table).map_err(damaged)? {
            return Ok(());
        }
        let found = format!("une base SQLite dont « {table} » manque, ou est une vue ou une table calculée");
        Err(ZonesError::NotZones { file: file.to_owned(), found })
    };
    for table in ["gpkg_geometry_columns", "gpkg_contents", "gpkg_spatial_ref_sys"] {
        plain(table)?;
    }
    let tables = feature_tables(&db).map_err(|e| match e {
        rusqlite::Error::SqliteFailure(_, Some(ref m)) if m.contains("no such table") => {
            ZonesError::NotZones {
                file: file.to_owned(),
                found: "une base SQLite qui n'est pas un GeoPackage".to_owned(),
            }
        }
        e => damaged(e),
    })?;
    let names = || tables.iter().map(|t| t.name.as_str()).collect::<Vec<_>>().join(", ");
    let read = |table: &Table| -> Result<RawLayer, ZonesError> {
        plain(&table.name)?;
        let declared = declared(&db, table.srs).map_err(damaged)?;
        let (columns, features) = features(&db, table, bounds.features).map_err(damaged)?;
        bounds.check(file, features.len())?;
        Ok(RawLayer {
            name: format!("{file} ({})", table.name),
            format: "GeoPackage",
            encoding: "UTF-8",
            declared,
            columns,
            features,
            outer_clockwise: false,
        })
    };
    match (table, tables.as_slice()) {
        (Some(wanted), all) => all
            .iter()
            .find(|t| t.name.eq_ignore_ascii_case(wanted))
            .ok_or_else(|| ZonesError::NoSuchTable {
                file: file.to_owned(),
                table: wanted.to_owned(),
                tables: names(),
            })
            .and_then(|t| Ok(vec![read(t)?])),
        (None, all) if all.len() == 1 || (bounds.foreign && !all.is_empty()) => {
            all.iter().map(read).collect()
        }
        (None, []) => Err(ZonesError::Empty { file: file.to_owned() }),
        (None, _) => Err(ZonesError::SeveralTables { file: file.to_owned(), tables: names() }),
    }
}

/// Characters that mean something in an SQLite URI.
fn escape(path: &Path) -> String {
    path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23")
}

struct Table {
    name: String,
    geometry: String,
    srs: i64,
}

fn feature_tables(db: &Connection) -> rusqlite::Result<Vec<Table>> {
    db.prepare(
        "select g.table_name, g.column_name, g.srs_id from gpkg_geometry_columns g \
         join gpkg_contents c on c.table_name = g.table_name where c.data_type = 'features' order by 1",
    )?
    .query_map([], |r| Ok(Table { name: r.get(0)?, geometry: r.get(1)?, srs: r.get(2)? }))?
    .collect()
}

/// True for rows that are stored: a view, a virtual table or a computed column would have the reader run what
/// its author wrote.
fn is_plain(db: &Connection, table: &str) -> rusqlite::Result<bool> {
    let stored: bool = db.query_row(
        "select exists (select 1 from sqlite_master where name = ?1 collate nocase and type = 'table' and \
            sql not like 'create virtual%')",
        [table],
        |r| r.get(0),
    )?;
    // The statement, not the function of the same name, which the file could hide behind a view.
    let hidden: Vec<i64> = db
        .prepare(&format!("pragma table_xinfo({})", quoted(table)))?
        .query_map([], |r| r.get("hidden"))?
        .collect::<Result<_, _>>()?;
    Ok(stored && hidden.iter().all(|h| *h == 0))
}

/// A name as SQL writes it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn declared(db: &Connection, srs: i64) -> rusqlite::Result<Declared> {
    let found = db.query_row(
        "select organization, organization_coordsys_id, definition from gpkg_spatial_ref_sys where srs_id = \
            ?1",
        [srs],
        |r| Ok((r.get::<_, String>(0)?, r.get::<_, i64>(1)?, r.get::<_, Option<String>>(2)?)),
    );
    let (organization, code, definition) = match found {
        Err(rusqlite::Error::QueryReturnedNoRows) => return Ok(Declared::Nothing),
        other => other?,
    };
    Ok(match u16::try_from(code) {
        Ok(epsg) if epsg > 0 && organization.eq_ignore_ascii_case("epsg") => Declared::Epsg(epsg),
        _ if organization.eq_ignore_ascii_case("none") => Declared::Nothing,
        _ => super::prj::of_wkt(definition.as_deref().unwrap_or_default()),
    })
}

/// At most one row more than `max`, so that too many are known to be.
fn features(db: &Connection, table: &Table, max: usize) -> rusqlite::Result<(Vec<String>, Vec<RawFeature>)> {
    let mut statement = db.prepare(&format!("select * from {}", quoted(&table.name)))?;
    let all: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
    let geometry = all.iter().position(|c| c.eq_ignore_ascii_case(&table.geometry));
    let columns: Vec<String> =
        all.iter().enumerate().filter(|(i, _)| Some(*i) != geometry).map(|(_, c)| c.clone()).collect();
    let mut features = Vec::new();
    let mut rows = statement.query([])?;
    let mut number = 0;
    while features.len() <= max
        && let Some(row) = rows.next()?
    {
        number += 1;
        let mut values = Vec::with_capacity(columns.len());
        let mut area = Ok(MultiPolygon(Vec::new()));
        for i in 0..all.len() {
            let value = row.get_ref(i)?;
            if Some(i) == geometry {
                if let ValueRef::Blob(blob) = value {
                    area = decode(blob);
                }
                continue;
            }
            values.push(match value {
                ValueRef::Null | ValueRef::Blob(_) => String::new(),
                ValueRef::Integer(n) => n.to_string(),
                ValueRef::Real(x) => x.to_string(),
                ValueRef::Text(t) => String::from_utf8_lossy(t).trim().to_owned(),
            });
        }
        features.push(RawFeature { number, id: None, values, area });
    }
    Ok((columns, features))
}

/// `GP`, version, flags, SRS, envelope, then WKB (GeoPackage 1.3, §2.1.3).
fn decode(blob: &[u8]) -> Result<MultiPolygon<f64>, String> {
    let ([b'G', b'P', _, flags, _, _, _, _], _) =
        blob.split_first_chunk::<8>().ok_or("géométrie tronquée")?
    else {
        return Err("l'en-tête GeoPackage de la géométrie manque".to_owned());
    };
    if flags & 0x20 != 0 {
        return Err("géométrie d'un type étendu, propre à un autre logiciel".to_owned());
    }
    if flags & 0x10 != 0 {
        return Ok(MultiPolygon(Vec::new()));
    }
    let envelope = match (flags >> 1) & 7 {
        0 => 0,
        1 => 32,
        2 | 3 => 48,
        4 => 64,
        n => return Err(format!("enveloppe de type {n} inconnue")),
    };
    let body = blob.get(8 + envelope..).ok_or("géométrie tronquée")?;
    wkb::decode(body).map_err(|e| e.to_string())
}
