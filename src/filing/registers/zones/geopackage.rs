//! GeoPackage: feature tables of an SQLite file, geometry in a `GP` header followed by WKB.
//!
//! The file may have been made to hurt: nothing in it is trusted ([`sqlite`] says how), and what it gives is
//! counted against its own size.

use std::path::Path;

use geo::{CoordsIter, MultiPolygon};
use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::bounds::Meter;
use super::error::ZonesError;
use super::raw::{Declared, RawFeature, RawLayer};
use super::sqlite::{self, Opened};
use crate::territory::wkb;

/// Reads one table: the one asked for, else the only one. Of someone else's file, which cannot say, all of
/// them.
///
/// # Errors
/// Not a GeoPackage, several tables and none asked for, damaged file, more than may be read.
pub fn read(
    path: &Path,
    file: &str,
    table: Option<&str>,
    meter: &mut Meter<'_>,
) -> Result<Vec<RawLayer>, ZonesError> {
    let damaged = |e: rusqlite::Error| sqlite::refusal(file, &e);
    let foreign = meter.bounds.foreign;
    let opened = sqlite::open(path, file, meter.bounds)?;
    let db = &opened.db;
    // The tables that say what the others are: never views, whoever sends the file.
    for table in ["gpkg_geometry_columns", "gpkg_contents", "gpkg_spatial_ref_sys"] {
        match sqlite::nature(db, table).map_err(damaged)? {
            sqlite::Nature::Stored => {}
            sqlite::Nature::Absent => {
                let found = format!("une base SQLite qui n'est pas un GeoPackage (« {table} » manque)");
                return Err(ZonesError::NotZones { file: file.to_owned(), found });
            }
            sqlite::Nature::Computed => return Err(computed(file, table)),
        }
    }
    let tables = feature_tables(db).map_err(damaged)?;
    let codes_of = meter.code_names();
    let codes = |column: &str| codes_of.contains(&super::attributes::key(column));
    let names = || tables.iter().map(|t| t.name.as_str()).collect::<Vec<_>>().join(", ");
    let mut read = |table: &Table| -> Result<RawLayer, ZonesError> {
        let nature = sqlite::nature(db, &table.name).map_err(damaged)?;
        let computes = nature == sqlite::Nature::Computed;
        match nature {
            sqlite::Nature::Stored => {}
            // A view of one's own file may be what one wants to show; what it may cost is bounded.
            sqlite::Nature::Computed if !foreign => {}
            sqlite::Nature::Computed => return Err(computed(file, &table.name)),
            sqlite::Nature::Absent => {
                let message = format!("la table « {} » est annoncée et manque", table.name);
                return Err(ZonesError::Damaged { file: file.to_owned(), message });
            }
        }
        let declared = declared(db, table.srs).map_err(damaged)?;
        let (columns, features) = features(file, &opened, table, computes, meter)?;
        Ok(RawLayer {
            name: format!("{file} ({})", table.name),
            format: "GeoPackage",
            encoding: "UTF-8".to_owned(),
            declared,
            columns,
            features,
            remarks: opened.remark.iter().cloned().collect(),
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
        (None, all) if all.len() == 1 || (foreign && !all.is_empty()) => all.iter().map(read).collect(),
        (None, []) => Err(ZonesError::Empty { file: file.to_owned() }),
        (None, all) => {
            let Some(one) = the_one(db, all, &codes).map_err(damaged)? else {
                return Err(ZonesError::SeveralTables { file: file.to_owned(), tables: names() });
            };
            let mut layer = read(one)?;
            let others: Vec<&str> = all.iter().map(|t| t.name.as_str()).filter(|n| *n != one.name).collect();
            layer.remarks.push(format!(
                "{file} : la table « {} » est lue ; les autres ne le sont pas ({}).",
                one.name,
                others.join(", ")
            ));
            Ok(vec![layer])
        }
    }
}

/// Of several tables, the only one that has areas; else the only one of those that has the layer's codes.
fn the_one<'t>(
    db: &Connection,
    tables: &'t [Table],
    has_codes: &dyn Fn(&str) -> bool,
) -> rusqlite::Result<Option<&'t Table>> {
    let (mut areas, mut coded) = (Vec::new(), Vec::new());
    for table in tables {
        let flat = ["POINT", "LINESTRING", "MULTIPOINT", "MULTILINESTRING"];
        // A view computes: it is asked nothing before it is chosen by its name.
        let stored = sqlite::nature(db, &table.name)? == sqlite::Nature::Stored;
        if !stored || flat.iter().any(|f| table.shape.eq_ignore_ascii_case(f)) {
            continue;
        }
        let mut rows = db.prepare(&format!("select * from {} limit 1", sqlite::quoted(&table.name)))?;
        let coded_too = rows.column_names().into_iter().any(has_codes);
        if rows.exists([])? {
            areas.push(table);
            if coded_too {
                coded.push(table);
            }
        }
    }
    Ok(match (areas.as_slice(), coded.as_slice()) {
        ([one], _) | (_, [one]) => Some(one),
        _ => None,
    })
}

fn computed(file: &str, table: &str) -> ZonesError {
    let found = format!(
        "une base SQLite dont « {table} » est une vue ou une table calculée ; enregistrez-la comme table"
    );
    ZonesError::NotZones { file: file.to_owned(), found }
}

struct Table {
    name: String,
    geometry: String,
    srs: i64,
    /// What its geometries are said to be.
    shape: String,
}

fn feature_tables(db: &Connection) -> rusqlite::Result<Vec<Table>> {
    let query = |shape: &str| {
        format!(
            "select g.table_name, g.column_name, g.srs_id, {shape} from gpkg_geometry_columns g \
             join gpkg_contents c on c.table_name = g.table_name where c.data_type = 'features' order by 1"
        )
    };
    // Files that were made by hand may lack the column that nobody needs but to choose.
    let mut statement = db.prepare(&query("g.geometry_type_name")).or_else(|_| db.prepare(&query("''")))?;
    statement
        .query_map([], |r| {
            let shape: Option<String> = r.get(3)?;
            let shape = shape.unwrap_or_default();
            Ok(Table { name: r.get(0)?, geometry: r.get(1)?, srs: r.get(2)?, shape })
        })?
        .collect()
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
fn features(
    file: &str,
    opened: &Opened,
    table: &Table,
    computes: bool,
    meter: &mut Meter<'_>,
) -> Result<(Vec<String>, Vec<RawFeature>), ZonesError> {
    let refused = |e: rusqlite::Error| sqlite::refusal(file, &e);
    let mut statement =
        opened.db.prepare(&format!("select * from {}", sqlite::quoted(&table.name))).map_err(refused)?;
    let all: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
    meter.columns(all.len())?;
    if computes {
        opened.bound_values(all.len()).map_err(refused)?;
    }
    let geometry = all.iter().position(|c| c.eq_ignore_ascii_case(&table.geometry));
    let wanted: Vec<bool> = all.iter().map(|c| meter.wants(c)).collect();
    let mut features = Vec::new();
    let mut rows = statement.query([]).map_err(refused)?;
    let (mut number, mut left) = (0, opened.yield_max);
    while let Some(row) = rows.next().map_err(refused)? {
        number += 1;
        meter.feature()?;
        let mut values = Vec::new();
        let mut area = Ok(MultiPolygon(Vec::new()));
        // A row takes some bytes of the file even when it is empty.
        let mut size = 4;
        for (i, wanted) in wanted.iter().enumerate() {
            let value = row.get_ref(i).map_err(refused)?;
            if let ValueRef::Blob(b) | ValueRef::Text(b) = value {
                size += b.len() as u64;
            }
            if Some(i) == geometry {
                if let ValueRef::Blob(blob) = value {
                    area = decode(blob);
                }
            } else if *wanted {
                let text = text(value);
                if !text.is_empty() {
                    values.push((i, text));
                }
            }
        }
        left = left.checked_sub(size).ok_or_else(|| sqlite::too_much(file, &table.name))?;
        meter.vertices(area.as_ref().map_or(0, CoordsIter::coords_count))?;
        features.push(RawFeature { number, id: None, values, area });
    }
    // The geometry is a column of the table, and none of the layer's.
    let columns =
        all.into_iter().enumerate().map(|(i, c)| if Some(i) == geometry { String::new() } else { c });
    Ok((columns.collect(), features))
}

/// A value as text; numbers as SQLite keeps them.
fn text(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null | ValueRef::Blob(_) => String::new(),
        ValueRef::Integer(n) => n.to_string(),
        ValueRef::Real(x) => x.to_string(),
        ValueRef::Text(t) => match std::str::from_utf8(t) {
            Ok(t) => t.trim().to_owned(),
            // SQLite keeps what it is given: some exports gave it Windows-1252.
            Err(_) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(t).0.trim().to_owned(),
        },
    }
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
