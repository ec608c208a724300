//! GeoParquet 1.1: figures in columns, places as WKB, the coordinate system and the box of all in the
//! metadata `geo`; written piece by piece, so that a country of residences takes the memory of one piece.

use std::borrow::Cow;
use std::io::Write;

use polars::io::parquet::write::{BatchedWriter, KeyValueMetadata};
use polars::prelude::{
    Column as Series, DataFrame, DataType, Field, ParquetCompression, ParquetWriter, Schema,
};
use rayon::prelude::*;
use serde_json::{Value, json};

use super::geojson::wound;
use super::shape::{self, Box4};
use super::table::{Cell, Column, Kind, Place, Row, Table, columns};
use super::{PublishError, about};

/// Column of the places.
const PLACE: &str = "geometry";
/// Lines of a group of rows: with some 200 columns they take 50 MB while they wait.
const GROUP: usize = 16_384;

/// Longitude and latitude in degrees, in this order (OGC:CRS84).
fn crs() -> Value {
    let axis = |name: &str, short: &str, direction: &str| json!({"name": name, "abbreviation": short, "direction": direction, "unit": "degree"});
    json!({
        "$schema": "https://proj.org/schemas/v0.7/projjson.schema.json",
        "type": "GeographicCRS",
        "name": "WGS 84 (CRS84)",
        "datum_ensemble": {
            "name": "World Geodetic System 1984 ensemble",
            "members": [{"name": "World Geodetic System 1984 (Transit)"}, {"name": "World Geodetic System 1984 (G2139)"}],
            "ellipsoid": {"name": "WGS 84", "semi_major_axis": 6_378_137, "inverse_flattening": 298.257_223_563},
            "accuracy": "2.0",
            "id": {"authority": "EPSG", "code": 6326},
        },
        "coordinate_system": {"subtype": "ellipsoidal", "axis": [
            axis("Geodetic longitude", "Lon", "east"),
            axis("Geodetic latitude", "Lat", "north"),
        ]},
        "scope": "Not known.",
        "area": "World.",
        "bbox": {"south_latitude": -90, "west_longitude": -180, "north_latitude": 90, "east_longitude": 180},
        "id": {"authority": "OGC", "code": "CRS84"},
    })
}

/// A file that is being written.
pub struct Pieces<W: Write> {
    inner: BatchedWriter<W>,
    columns: Vec<Column>,
    years: (u16, Option<u16>),
    /// Lines of the next group of rows.
    waiting: Option<DataFrame>,
}

impl<W: Write + Send> Pieces<W> {
    /// Begins a file. `first`: the table with its first lines, for sources and what the places are;
    /// `bounds`: the box of all places that will come.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn new(out: W, first: &Table<'_>, bounds: Option<Box4>) -> Result<Self, PublishError> {
        let columns = columns(&first.indicators);
        let points = first.rows.iter().any(|r| matches!(r.place, Some(Place::Point(_))));
        let mut place = json!({
            "encoding": "WKB",
            "geometry_types": [if points { "Point" } else { "MultiPolygon" }],
            "crs": crs(),
        });
        if !points {
            place["orientation"] = "counterclockwise".into();
        }
        if let Some(b) = bounds {
            place["bbox"] = json!(b);
        }
        let geo = json!({"version": "1.1.0", "primary_column": PLACE, "columns": {PLACE: place}});
        let told = vec![
            ("geo".to_owned(), geo.to_string()),
            ("mosaique".to_owned(), about::json(first, &columns).to_string()),
        ];
        let schema: Schema = columns
            .iter()
            .map(|c| {
                let kind = match c.kind {
                    Kind::Text => DataType::String,
                    Kind::Whole => DataType::Int64,
                    Kind::Number => DataType::Float64,
                };
                Field::new(c.name.as_str().into(), kind)
            })
            .chain([Field::new(PLACE.into(), DataType::Binary)])
            .collect();
        let inner = ParquetWriter::new(out)
            .with_compression(ParquetCompression::Zstd(None))
            .with_key_value_metadata(Some(KeyValueMetadata::from_static(told)))
            .batched(&schema)?;
        Ok(Self { inner, columns, years: (first.millesime, first.vague), waiting: None })
    }

    /// Adds lines.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn add(&mut self, rows: &[Row<'_>]) -> Result<(), PublishError> {
        let mut series: Vec<Series> = self.columns.par_iter().map(|c| filled(c, rows, self.years)).collect();
        let places: Vec<Option<Vec<u8>>> = rows.par_iter().map(|r| r.place.as_ref().map(bytes)).collect();
        let places: Vec<Option<&[u8]>> = places.iter().map(Option::as_deref).collect();
        series.push(Series::new(PLACE.into(), places));
        let more = DataFrame::new(rows.len(), series)?;
        let waiting = match self.waiting.take() {
            None => more,
            Some(mut before) => {
                before.vstack_mut(&more)?;
                before
            }
        };
        self.waiting = Some(waiting);
        if self.waiting.as_ref().is_some_and(|w| w.height() >= GROUP) { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), PublishError> {
        if let Some(mut group) = self.waiting.take() {
            // A group of rows has its columns in one piece.
            group.rechunk_mut();
            self.inner.write_batch(&group)?;
        }
        Ok(())
    }

    /// Writes what ends the file.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn finish(mut self) -> Result<(), PublishError> {
        self.flush()?;
        self.inner.finish()?;
        Ok(())
    }
}

/// A column of some lines.
fn filled(column: &Column, rows: &[Row<'_>], (millesime, vague): (u16, Option<u16>)) -> Series {
    let cells = || rows.iter().map(|r| column.cell(r, millesime, vague));
    let name = column.name.as_str().into();
    match column.kind {
        Kind::Number => Series::new(name, cells().map(number).collect::<Vec<Option<f64>>>()),
        Kind::Whole => Series::new(name, cells().map(whole).collect::<Vec<Option<i64>>>()),
        Kind::Text => Series::new(name, cells().map(text).collect::<Vec<Option<Cow<'_, str>>>>()),
    }
}

fn number(cell: Cell<'_>) -> Option<f64> {
    match cell {
        Cell::Number(n) => Some(n),
        Cell::Whole(n) => Some(n as f64),
        _ => None,
    }
}

fn whole(cell: Cell<'_>) -> Option<i64> {
    match cell {
        Cell::Whole(n) => i64::try_from(n).ok(),
        _ => None,
    }
}

fn text(cell: Cell<'_>) -> Option<Cow<'_, str>> {
    match cell {
        Cell::Text(text) => Some(text.into()),
        Cell::Badge(letter) => Some(letter.to_string().into()),
        _ => None,
    }
}

/// WKB with exterior rings counter-clockwise, as the metadata says.
fn bytes(place: &Place<'_>) -> Vec<u8> {
    match place {
        Place::Area(area) => shape::wkb(&Place::Area(Cow::Owned(wound(area)))),
        point => shape::wkb(point),
    }
}

/// # Errors
/// It cannot be written.
pub fn write(table: &Table<'_>) -> Result<Vec<u8>, PublishError> {
    let all = table.rows.iter().filter_map(|r| r.place.as_ref().and_then(shape::bounds));
    let bounds = all.fold(shape::NOWHERE, shape::joined);
    let mut out = Vec::new();
    let mut pieces = Pieces::new(&mut out, table, shape::holds(&bounds).then_some(bounds))?;
    pieces.add(&table.rows)?;
    pieces.finish()?;
    Ok(out)
}
