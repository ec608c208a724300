//! GeoJSON (RFC 7946): degrees, exterior rings counter-clockwise, what must be known of the file beside the
//! features.

use std::borrow::Cow;
use std::io::Write;

use geo::orient::{Direction, Orient};
use geo::{LineString, MultiPolygon};
use serde_json::{Map, Value, json};

use super::table::{Column, Place, Row, Table, columns};
use super::{PublishError, about};

/// Decimals of a degree: a centimetre.
const DECIMALS: f64 = 1e7;

/// # Errors
/// It cannot be written.
pub fn write(table: &Table<'_>) -> Result<Vec<u8>, PublishError> {
    let columns = columns(&table.indicators);
    let mut out = Vec::new();
    let head = about::json(table, &columns);
    write!(
        out,
        r#"{{"type":"FeatureCollection","name":{},"mosaique":{head},"features":["#,
        json!(super::name::slug(&table.title()))
    )?;
    for (i, row) in table.rows.iter().enumerate() {
        out.write_all(if i == 0 { b"\n" } else { b",\n" })?;
        let place = row.place.as_ref().map(|p| match p {
            Place::Area(area) => Place::Area(Cow::Owned(wound(area))),
            point => point.clone(),
        });
        let feature = feature(row, place.as_ref(), &columns, (table.millesime, table.vague));
        serde_json::to_writer(&mut out, &feature)?;
    }
    out.write_all(b"\n]}\n")?;
    Ok(out)
}

/// A place as a geometry; null if there is none.
#[must_use]
pub fn geometry(place: Option<&Place<'_>>) -> Value {
    match place {
        None => Value::Null,
        Some(Place::Point(at)) => json!({"type": "Point", "coordinates": rounded(*at)}),
        Some(Place::Area(area)) => area_of(area),
    }
}

/// An area with its exterior rings counter-clockwise.
#[must_use]
pub fn wound(area: &MultiPolygon<f64>) -> MultiPolygon<f64> {
    area.orient(Direction::Default)
}

fn area_of(area: &MultiPolygon<f64>) -> Value {
    let ring = |line: &LineString<f64>| -> Value {
        line.0.iter().map(|c| rounded([c.x, c.y])).collect::<Vec<_>>().into()
    };
    let polygons: Vec<Value> = area
        .0
        .iter()
        .map(|p| std::iter::once(p.exterior()).chain(p.interiors()).map(ring).collect::<Vec<_>>().into())
        .collect();
    json!({"type": "MultiPolygon", "coordinates": polygons})
}

/// Decimals that mean something: a centimetre, in degrees or in metres of a projection.
fn rounded(at: [f64; 2]) -> Value {
    let metres = at.iter().any(|v| v.abs() > 400.0);
    let p = if metres { 100.0 } else { DECIMALS };
    json!(at.map(|v| (v * p).round() / p))
}

/// A line as a feature, its place in the given coordinates.
#[must_use]
pub fn feature(
    row: &Row<'_>,
    place: Option<&Place<'_>>,
    columns: &[Column],
    (millesime, vague): (u16, Option<u16>),
) -> Value {
    let properties: Map<String, Value> =
        columns.iter().map(|c| (c.name.clone(), c.json(row, millesime, vague))).collect();
    json!({"type": "Feature", "id": row.code, "geometry": geometry(place), "properties": properties})
}
