//! GeoParquet 1.1: figures in columns, places as WKB with the box of each, the coordinate system and the box
//! of all in the metadata `geo`; written piece by piece, so that a country of residences takes the memory of
//! one.
//!
//! Written with the Parquet writer of polars itself: a box is a struct, which in a frame of polars would be
//! one more feature of all of its crates, and columns are filled once, without series between.

use std::borrow::Cow;
use std::io::Write;

use polars::prelude::PolarsResult;
use polars_arrow::array::{
    Array, MutableBinaryViewArray, MutablePlString, MutablePrimitiveArray, PrimitiveArray, StructArray,
};
use polars_arrow::bitmap::MutableBitmap;
use polars_arrow::datatypes::{ArrowDataType, ArrowSchema, Field};
use polars_parquet::write::{
    CompressedPage, CompressionOptions, DynIter, DynStreamingIterator, FileWriter, KeyValue, ParquetType,
    StatisticsOptions, Version, WriteOptions, array_to_columns, compress, fallible_streaming_iterator,
    get_dtype_encoding,
};
use rayon::prelude::*;
use serde_json::{Value, json};

use super::geojson::wound;
use super::shape::{self, Box4};
use super::table::{Cell, Column, Kind, Place, Row, Table, columns};
use super::{PublishError, about};

/// Column of the places, and that of their boxes.
const PLACE: &str = "geometry";
const BOX: &str = "bbox";
/// What a box is made of, in the order of [`Box4`].
const SIDES: [&str; 4] = ["xmin", "ymin", "xmax", "ymax"];
/// Lines of a group of rows: with some 200 columns they take 50 MB while they wait.
const GROUP: usize = 16_384;
const OPTIONS: WriteOptions = WriteOptions {
    statistics: StatisticsOptions {
        min_value: true,
        max_value: true,
        distinct_count: false,
        null_count: true,
        binary_statistics_truncate_length: None,
    },
    version: Version::V1,
    compression: CompressionOptions::Zstd(None),
    data_page_size: None,
};

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

/// A column whose lines wait to be written.
enum Filling {
    Text(MutablePlString),
    Whole(MutablePrimitiveArray<i64>),
    Number(MutablePrimitiveArray<f64>),
}

impl Filling {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Text => Self::Text(MutablePlString::new()),
            Kind::Whole => Self::Whole(MutablePrimitiveArray::new()),
            Kind::Number => Self::Number(MutablePrimitiveArray::new()),
        }
    }

    fn push(&mut self, cell: Cell<'_>) {
        match (self, cell) {
            (Self::Text(to), Cell::Text(text)) => to.push(Some(text)),
            (Self::Text(to), Cell::Badge(letter)) => to.push(Some(letter.encode_utf8(&mut [0; 4]))),
            (Self::Text(to), _) => to.push(None::<&str>),
            (Self::Whole(to), Cell::Whole(n)) => to.push(i64::try_from(n).ok()),
            (Self::Whole(to), _) => to.push(None),
            (Self::Number(to), Cell::Number(n)) => to.push(Some(n)),
            (Self::Number(to), Cell::Whole(n)) => to.push(Some(n as f64)),
            (Self::Number(to), _) => to.push(None),
        }
    }

    fn filled(self) -> Box<dyn Array> {
        match self {
            Self::Text(of) => of.freeze().boxed(),
            Self::Whole(of) => of.freeze().boxed(),
            Self::Number(of) => of.freeze().boxed(),
        }
    }
}

/// Lines that wait to be written together.
struct Group {
    columns: Vec<Filling>,
    places: MutableBinaryViewArray<[u8]>,
    boxes: [Vec<f64>; 4],
    placed: MutableBitmap,
    lines: usize,
}

impl Group {
    fn new(columns: &[Column]) -> Self {
        Self {
            columns: columns.iter().map(|c| Filling::new(c.kind)).collect(),
            places: MutableBinaryViewArray::new(),
            boxes: Default::default(),
            placed: MutableBitmap::new(),
            lines: 0,
        }
    }

    fn add(&mut self, rows: &[Row<'_>], columns: &[Column], (millesime, vague): (u16, Option<u16>)) {
        // Line by line: a line is in the processor's cache once, and a column would come back to it.
        for row in rows {
            for (to, column) in self.columns.iter_mut().zip(columns) {
                to.push(column.cell(row, millesime, vague));
            }
        }
        let placed = |row: &Row<'_>| row.place.as_ref().map(|p| (bytes(p), shape::bounds(p)));
        let places: Vec<Option<(Vec<u8>, Option<Box4>)>> = rows.par_iter().map(placed).collect();
        for place in places {
            let (bytes, bounds) = place.map_or((None, None), |(bytes, bounds)| (Some(bytes), bounds));
            self.places.push(bytes);
            self.placed.push(bounds.is_some());
            let bounds = bounds.unwrap_or_default();
            self.boxes.iter_mut().zip(bounds).for_each(|(side, at)| side.push(at));
        }
        self.lines += rows.len();
    }

    /// Its columns, in the order of the schema.
    fn arrays(self) -> PolarsResult<Vec<Box<dyn Array>>> {
        let side = |values: Vec<f64>| PrimitiveArray::from_vec(values).boxed();
        let boxes = StructArray::try_new(
            boxed(),
            self.lines,
            self.boxes.into_iter().map(side).collect(),
            Some(self.placed.into()),
        )?;
        let figures = self.columns.into_iter().map(Filling::filled);
        Ok(figures.chain([self.places.freeze().boxed(), boxes.boxed()]).collect())
    }
}

/// Type of a box.
fn boxed() -> ArrowDataType {
    ArrowDataType::Struct(SIDES.map(|s| Field::new(s.into(), ArrowDataType::Float64, false)).to_vec())
}

/// The columns of a file.
fn schema(columns: &[Column]) -> ArrowSchema {
    let figure = |c: &Column| {
        let kind = match c.kind {
            Kind::Text => ArrowDataType::Utf8View,
            Kind::Whole => ArrowDataType::Int64,
            Kind::Number => ArrowDataType::Float64,
        };
        Field::new(c.name.as_str().into(), kind, true)
    };
    let places =
        [Field::new(PLACE.into(), ArrowDataType::BinaryView, true), Field::new(BOX.into(), boxed(), true)];
    columns.iter().map(figure).chain(places).map(|f| (f.name.clone(), f)).collect()
}

/// A column as the pages of a group of rows, each compressed; a struct has those of each of its fields.
fn pages(array: &dyn Array, of: &ParquetType) -> PolarsResult<Vec<Vec<CompressedPage>>> {
    let encodings = get_dtype_encoding(array.dtype());
    let columns = array_to_columns(array, of.clone(), OPTIONS, &encodings)?;
    let pressed = |page| Ok(compress(page, Vec::new(), OPTIONS.compression)?);
    columns.into_iter().map(|pages| pages.map(|page| page.and_then(pressed)).collect()).collect()
}

/// A file that is being written.
pub struct Pieces<W: Write> {
    inner: FileWriter<W>,
    told: Vec<KeyValue>,
    columns: Vec<Column>,
    years: (u16, Option<u16>),
    /// Lines of the next group of rows.
    waiting: Group,
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
        let sides: Value = SIDES
            .iter()
            .map(|s| ((*s).to_owned(), json!([BOX, s])))
            .collect::<serde_json::Map<_, _>>()
            .into();
        let mut place = json!({
            "encoding": "WKB",
            "geometry_types": [if points { "Point" } else { "MultiPolygon" }],
            "crs": crs(),
            "covering": {"bbox": sides},
        });
        if !points {
            place["orientation"] = "counterclockwise".into();
        }
        if let Some(b) = bounds {
            place["bbox"] = json!(b);
        }
        let geo = json!({"version": "1.1.0", "primary_column": PLACE, "columns": {PLACE: place}});
        let inner = FileWriter::try_new(out, schema(&columns), OPTIONS)?;
        let say = |key: &str, value: Value| KeyValue { key: key.to_owned(), value: Some(value.to_string()) };
        // Without the schema of Arrow: it would name views of strings, which pyarrow reads and does not
        // filter.
        let told = vec![say("geo", geo), say("mosaique", about::json(first, &columns))];
        let waiting = Group::new(&columns);
        Ok(Self { inner, told, columns, years: (first.millesime, first.vague), waiting })
    }

    /// Adds lines.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn add(&mut self, mut rows: &[Row<'_>]) -> Result<(), PublishError> {
        while !rows.is_empty() {
            let (now, later) = rows.split_at(rows.len().min(GROUP - self.waiting.lines));
            self.waiting.add(now, &self.columns, self.years);
            if self.waiting.lines == GROUP {
                self.flush()?;
            }
            rows = later;
        }
        Ok(())
    }

    /// Writes the lines that wait. Their columns are encoded and compressed on all cores.
    fn flush(&mut self) -> Result<(), PublishError> {
        let group = std::mem::replace(&mut self.waiting, Group::new(&self.columns));
        let lines = group.lines;
        if lines == 0 {
            return Ok(());
        }
        let arrays = group.arrays()?;
        let types = self.inner.parquet_schema().fields();
        let columns: Vec<Vec<Vec<CompressedPage>>> = arrays
            .into_par_iter()
            .zip(types)
            .map(|(array, of)| pages(array.as_ref(), of))
            .collect::<PolarsResult<_>>()?;
        let written = columns.iter().flatten().map(|pages| {
            let pages = pages.iter().map(PolarsResult::Ok);
            Ok(DynStreamingIterator::new(fallible_streaming_iterator::convert(pages)))
        });
        Ok(self.inner.write(lines as u64, DynIter::new(written))?)
    }

    /// Writes what ends the file.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn finish(mut self) -> Result<(), PublishError> {
        self.flush()?;
        self.inner.end(Some(self.told))?;
        Ok(())
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
