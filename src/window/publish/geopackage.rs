//! GeoPackage 1.3: one layer of zones with its index and its style for QGIS, and two tables that say what is
//! in it.

use rusqlite::types::Value;
use rusqlite::{Connection, params, params_from_iter};

use super::table::{Cell, Column, Kind, Place, Row, Table, columns};
use super::{PublishError, shape, sld, style};
use crate::reference::publication::publication;

/// « GPKG », and version 1.3.
const APPLICATION: i32 = 0x4750_4B47;
const VERSION: i32 = 10_300;
/// Degrees, as in GeoJSON.
const SRS: i32 = 4326;

const WGS84: &str = r#"GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AUTHORITY["EPSG","4326"]]"#;

const TABLES: &str = "
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY, organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
INSERT INTO gpkg_spatial_ref_sys VALUES ('Undefined cartesian SRS', -1, 'NONE', -1, 'undefined', NULL),
  ('Undefined geographic SRS', 0, 'NONE', 0, 'undefined', NULL);
CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
  description TEXT DEFAULT '',
  last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
  CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL,
  srs_id INTEGER NOT NULL,
  z TINYINT NOT NULL, m TINYINT NOT NULL, CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
  CONSTRAINT uk_gc_table_name UNIQUE (table_name), CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
CREATE TABLE gpkg_extensions (table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL, scope TEXT NOT NULL,
  CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name));
CREATE TABLE layer_styles (id INTEGER PRIMARY KEY AUTOINCREMENT, f_table_catalog TEXT, f_table_schema TEXT, f_table_name TEXT,
  f_geometry_column TEXT, styleName TEXT, styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN,
  description TEXT, owner TEXT, ui TEXT,
  update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')));
CREATE TABLE lisez_moi (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, sujet TEXT, texte TEXT);
CREATE TABLE definitions (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, colonne TEXT, libelle TEXT, unite TEXT, definition TEXT, droits TEXT);
";

/// Triggers of the extension `gpkg_rtree_index`, which keep the index when someone changes the layer.
const TRIGGERS: &str = r#"
CREATE TRIGGER "rtree_{t}_geom_insert" AFTER INSERT ON "{t}" WHEN (new.geom NOT NULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN INSERT OR REPLACE INTO "rtree_{t}_geom" VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER "rtree_{t}_geom_update1" AFTER UPDATE OF geom ON "{t}" WHEN OLD.fid = NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN INSERT OR REPLACE INTO "rtree_{t}_geom" VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER "rtree_{t}_geom_update2" AFTER UPDATE OF geom ON "{t}" WHEN OLD.fid = NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM "rtree_{t}_geom" WHERE id = OLD.fid; END;
CREATE TRIGGER "rtree_{t}_geom_update3" AFTER UPDATE ON "{t}" WHEN OLD.fid != NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM "rtree_{t}_geom" WHERE id = OLD.fid; INSERT OR REPLACE INTO "rtree_{t}_geom" VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER "rtree_{t}_geom_update4" AFTER UPDATE ON "{t}" WHEN OLD.fid != NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM "rtree_{t}_geom" WHERE id IN (OLD.fid, NEW.fid); END;
CREATE TRIGGER "rtree_{t}_geom_delete" AFTER DELETE ON "{t}" WHEN old.geom NOT NULL BEGIN DELETE FROM "rtree_{t}_geom" WHERE id = OLD.fid; END;
"#;

/// # Errors
/// It cannot be written.
pub fn write(table: &Table<'_>) -> Result<Vec<u8>, PublishError> {
    let file = tempfile::NamedTempFile::new()?;
    let mut db = Connection::open(file.path())?;
    // The file is this process's own until it is whole: a journal would only be written to be thrown away.
    db.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")?;
    db.pragma_update(None, "application_id", APPLICATION)?;
    db.pragma_update(None, "user_version", VERSION)?;
    let tx = db.transaction()?;
    tx.execute_batch(TABLES)?;
    tx.execute(
        "INSERT INTO gpkg_spatial_ref_sys VALUES ('WGS 84', ?1, 'EPSG', ?1, ?2, 'longitude, latitude')",
        params![SRS, WGS84],
    )?;
    let columns = columns(&table.indicators);
    let name = layer_name(table);
    layer(&tx, table, &columns, &name)?;
    words(&tx, table, &columns)?;
    let (qml, sld) = (style::qml(table, &columns), sld::sld(table, &columns));
    tx.execute(
        "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, styleQML, styleSLD, \
         useAsDefault, description, owner) VALUES ('', '', ?1, 'geom', ?2, ?3, ?4, 1, ?2, '')",
        params![name, table.title(), qml, sld],
    )?;
    tx.commit()?;
    db.close().map_err(|(_, e)| e)?;
    Ok(std::fs::read(file.path())?)
}

/// Name of the layer: scale and year, letters and digits only.
fn layer_name(table: &Table<'_>) -> String {
    format!("{}_{}", super::name::slug(&table.echelle.0).replace('-', "_"), table.millesime)
}

fn layer(db: &Connection, table: &Table<'_>, columns: &[Column], name: &str) -> Result<(), PublishError> {
    let kind = match table.rows.iter().find_map(|r| r.place.as_ref()) {
        Some(Place::Area(_)) => "MULTIPOLYGON",
        Some(Place::Point(_)) => "POINT",
        None => "GEOMETRY",
    };
    let declared: Vec<String> = columns
        .iter()
        .map(|c| {
            let kind = match c.kind {
                Kind::Text => "TEXT",
                Kind::Whole => "INTEGER",
                Kind::Number => "DOUBLE",
            };
            format!("\"{}\" {kind}", c.name)
        })
        .collect();
    db.execute_batch(&format!(
        "CREATE TABLE \"{name}\" (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, geom {kind}, {});
         CREATE VIRTUAL TABLE \"rtree_{name}_geom\" USING rtree(id, minx, maxx, miny, maxy);",
        declared.join(", ")
    ))?;
    let places = vec!["?"; columns.len() + 2].join(", ");
    let mut insert = db.prepare(&format!("INSERT INTO \"{name}\" VALUES ({places})"))?;
    let mut index = db.prepare(&format!("INSERT INTO \"rtree_{name}_geom\" VALUES (?, ?, ?, ?, ?)"))?;
    let mut all = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    for (fid, row) in (1_i64..).zip(&table.rows) {
        let shape = row.place.as_ref().and_then(blob);
        let values =
            [Value::Integer(fid), shape.as_ref().map_or(Value::Null, |(b, _)| Value::Blob(b.clone()))];
        insert.execute(params_from_iter(
            values.into_iter().chain(columns.iter().map(|c| value(c, row, table))),
        ))?;
        if let Some((_, [w, s, e, n])) = shape {
            all = [all[0].min(w), all[1].min(s), all[2].max(e), all[3].max(n)];
            index.execute(params![fid, w, e, s, n])?;
        }
    }
    let bounds = all.map(|v| v.is_finite().then_some(v));
    db.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, min_x, min_y, max_x, max_y, srs_id) \
         VALUES (?, 'features', ?, ?, ?, ?, ?, ?, ?)",
        params![name, table.title(), table.parc, bounds[0], bounds[1], bounds[2], bounds[3], SRS],
    )?;
    db.execute("INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', ?, ?, 0, 0)", params![name, kind, SRS])?;
    db.execute(
        "INSERT INTO gpkg_extensions VALUES (?, 'geom', 'gpkg_rtree_index', 'http://www.geopackage.org/spec120/#extension_rtree', 'write-only')",
        params![name],
    )?;
    db.execute_batch(&TRIGGERS.replace("{t}", name))?;
    Ok(())
}

fn value(column: &Column, row: &Row<'_>, table: &Table<'_>) -> Value {
    match column.cell(row, table.millesime, table.vague) {
        Cell::Text(text) => Value::Text(text.to_owned()),
        Cell::Badge(letter) => Value::Text(letter.to_string()),
        Cell::Whole(n) => i64::try_from(n).map_or(Value::Null, Value::Integer),
        Cell::Number(n) => Value::Real(n),
        Cell::Empty => Value::Null,
    }
}

/// A place as GeoPackages hold it, and its box (west, south, east, north); None for an area without extent.
fn blob(place: &Place<'_>) -> Option<(Vec<u8>, [f64; 4])> {
    let bounds = shape::bounds(place)?;
    // Little-endian, with a box of two dimensions.
    let mut out = vec![b'G', b'P', 0, 0b0000_0011];
    out.extend(SRS.to_le_bytes());
    let [w, s, e, n] = bounds;
    for v in [w, e, s, n] {
        out.extend(v.to_le_bytes());
    }
    out.extend(shape::wkb(place));
    Some((out, bounds))
}

/// What must be known of the file, and what each column is.
fn words(db: &Connection, table: &Table<'_>, columns: &[Column]) -> Result<(), PublishError> {
    // GDAL lists no other tables once one is an attribute table: QGIS would not find the style.
    for (name, what) in [
        ("lisez_moi", "Ce qu'il faut savoir de ce fichier"),
        ("definitions", "Ce que sont les colonnes"),
        ("layer_styles", "Styles de QGIS"),
    ] {
        db.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, description) VALUES (?1, 'attributes', ?1, ?2)",
            params![name, what],
        )?;
    }
    let said = table.facts().into_iter().map(|(k, v)| (k.to_owned(), v));
    let sources = table.sources().into_iter().map(|s| ("Édition".to_owned(), s.to_owned()));
    let rights = publication().droits.iter().flat_map(|d| {
        [("Source".to_owned(), d.source.clone()), ("Droits d'usage".to_owned(), d.licence.clone())]
    });
    let words = publication().statuts.iter().map(|s| (format!("Statut « {} »", s.code), s.libelle.clone()));
    let mut insert = db.prepare("INSERT INTO lisez_moi (sujet, texte) VALUES (?, ?)")?;
    for (subject, text) in said.chain(sources).chain(rights).chain(words) {
        insert.execute(params![subject, text])?;
    }
    let mut insert = db.prepare(
        "INSERT INTO definitions (colonne, libelle, unite, definition, droits) VALUES (?, ?, ?, ?, ?)",
    )?;
    for c in columns {
        insert.execute(params![c.name, c.title, c.unit, c.description, c.droit().nom])?;
    }
    Ok(())
}
