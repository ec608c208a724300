//! PMTiles: vector tiles of the zones with all their figures, in one file that a web page reads without a
//! server.
//!
//! A property that is empty is not in a feature, for tiles have no null; its status is.

pub mod archive;

use std::collections::HashMap;

use fast_mvt::{MvtCoord, MvtGeomType, MvtLayerBuilder, MvtValueRef};
use rayon::prelude::*;
use serde_json::{Map, json};

use self::archive::{Facts, Stored};
use super::shape::{self, Box4};
use super::table::{Cell, Column, Kind, Place, Row, Table, columns};
use super::{PublishError, about, name};
use crate::mvt::clip::EXTENT;
use crate::mvt::mercator::{Tile, project};
use crate::mvt::shapes::{Rings, Shapes};
use crate::reference::publication::publication;
use crate::reference::scales;

/// What of a zone is in a tile.
enum Drawn {
    Point(MvtCoord),
    Area(Vec<Rings>),
}

/// # Errors
/// It cannot be written.
pub fn write(table: &Table<'_>) -> Result<Vec<u8>, PublishError> {
    let columns = columns(&table.indicators);
    let boxes: Vec<Option<Box4>> =
        table.rows.par_iter().map(|r| r.place.as_ref().and_then(shape::bounds)).collect();
    let all = boxes.iter().flatten().copied().fold(shape::NOWHERE, shape::joined);
    let bounds = if shape::holds(&all) { all } else { [-180.0, -85.0, 180.0, 85.0] };
    let (low, high) = zooms(&table.echelle.0, &boxes);
    let shapes = Shapes::of_places(table.rows.iter().map(|r| match &r.place {
        Some(Place::Area(area)) => Some(area.as_ref()),
        _ => None,
    }));
    let layer = name::slug(&table.echelle.0);
    let mut tiles = Vec::new();
    for z in low..=high {
        let mut wanted: Vec<Tile> = covered(&boxes, z).into_iter().collect();
        wanted.sort_by_key(|t| archive::id(*t));
        let points = points_of(table, z);
        let drawn: Vec<Option<Stored>> = wanted
            .into_par_iter()
            .map(|tile| {
                let here = points.get(&(tile.x, tile.y)).into_iter().flatten();
                let points = here.map(|(row, at)| (*row, Drawn::Point(*at)));
                let areas = shapes.in_tile(tile).into_iter().map(|(row, rings)| (row, Drawn::Area(rings)));
                let bytes = encoded(&layer, points.chain(areas), table, &columns)?;
                bytes.map(|b| Ok(Stored { tile, gzip: archive::gzip(&b)? })).transpose()
            })
            .collect::<Result<_, PublishError>>()?;
        tiles.extend(drawn.into_iter().flatten());
    }
    let facts = Facts { bounds, zooms: (low, high), text: text(table, &columns, &layer, (low, high)) };
    Ok(archive::write(tiles, &facts)?)
}

/// Zooms of the file: from the first that the map draws to the deepest that has not too many tiles.
fn zooms(scale: &str, boxes: &[Option<Box4>]) -> (u8, u8) {
    let bound = publication().tuiles;
    let low = scales::scale(scale).tuile_min.min(bound.zoom_max);
    let fits = |z: &u8| covered(boxes, *z).len() <= bound.tuiles_max;
    (low, (low..=bound.zoom_max).take_while(fits).last().unwrap_or(low))
}

/// Tiles of a zoom that a box reaches into.
fn covered(boxes: &[Option<Box4>], z: u8) -> std::collections::HashSet<Tile> {
    let most = publication().tuiles.tuiles_max;
    let mut out = std::collections::HashSet::new();
    for [w, s, e, n] in boxes.iter().flatten() {
        let ([left, top], [right, bottom]) = (project(*w, *n), project(*e, *s));
        for x in cell(left, z)..=cell(right, z) {
            for y in cell(top, z)..=cell(bottom, z) {
                out.insert(Tile { z, x, y });
                if out.len() > most {
                    return out;
                }
            }
        }
    }
    out
}

/// Column or row of a place of the unit square.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the unit square has 2^z columns at most"
)]
fn cell(v: f64, z: u8) -> u32 {
    let side = f64::from(1_u32 << z);
    (v * side).floor().clamp(0.0, side - 1.0) as u32
}

/// Points of a zoom by their tile: number of the line, place in units of the tile.
fn points_of(table: &Table<'_>, z: u8) -> HashMap<(u32, u32), Vec<(usize, MvtCoord)>> {
    let mut out: HashMap<(u32, u32), Vec<(usize, MvtCoord)>> = HashMap::new();
    for (i, row) in table.rows.iter().enumerate() {
        if let Some(Place::Point([lon, lat])) = row.place {
            let [x, y] = project(lon, lat);
            let at = (cell(x, z), cell(y, z));
            let side = f64::from(1_u32 << z);
            #[expect(clippy::cast_possible_truncation, reason = "a place inside its tile is under 4,097")]
            let unit = |v: f64, tile: u32| ((v * side - f64::from(tile)) * EXTENT).round() as i32;
            out.entry(at).or_default().push((i, MvtCoord { x: unit(x, at.0), y: unit(y, at.1) }));
        }
    }
    out
}

/// A tile; None if nothing is in it.
fn encoded(
    layer: &str,
    drawn: impl Iterator<Item = (usize, Drawn)>,
    table: &Table<'_>,
    columns: &[Column],
) -> Result<Option<Vec<u8>>, PublishError> {
    let mut builder = MvtLayerBuilder::new(layer)?;
    for (number, what) in drawn {
        let mut feature = match what {
            Drawn::Point(at) => {
                let mut feature = builder.feature_of(MvtGeomType::Point);
                feature.points([at])?;
                feature
            }
            Drawn::Area(polygons) => {
                let mut feature = builder.feature_of(MvtGeomType::Polygon);
                for (n, ring) in polygons.into_iter().flat_map(|rings| rings.into_iter().enumerate()) {
                    feature.ring(ring, n == 0)?;
                }
                feature
            }
        };
        for (key, value) in tags(&table.rows[number], columns, table) {
            match value {
                Cell::Text(t) => feature.tag_ref(key, MvtValueRef::String(t))?,
                Cell::Badge(letter) => {
                    feature.tag_ref(key, MvtValueRef::String(letter.encode_utf8(&mut [0; 4])))?
                }
                Cell::Whole(n) => feature.tag_ref(key, MvtValueRef::UInt(n))?,
                Cell::Number(n) => feature.tag_ref(key, MvtValueRef::Double(n))?,
                Cell::Empty => continue,
            };
        }
        builder = feature.end();
    }
    Ok((builder.num_features() > 0).then(|| builder.encode()))
}

fn tags<'r>(
    row: &'r Row<'_>,
    columns: &'r [Column],
    table: &Table<'_>,
) -> impl Iterator<Item = (&'r str, Cell<'r>)> {
    let (millesime, vague) = (table.millesime, table.vague);
    columns.iter().map(move |c| (c.name.as_str(), c.cell(row, millesime, vague)))
}

/// What the archive says of itself.
fn text(table: &Table<'_>, columns: &[Column], layer: &str, zooms: (u8, u8)) -> serde_json::Value {
    let fields: Map<String, serde_json::Value> = columns
        .iter()
        .map(|c| (c.name.clone(), if c.kind == Kind::Text { "String" } else { "Number" }.into()))
        .collect();
    json!({
        "name": table.title(),
        "description": table.facts().into_iter().map(|(k, v)| format!("{k} : {v}")).collect::<Vec<_>>().join("\n"),
        "attribution": table.sources().join(" ; "),
        "type": "overlay",
        "version": table.millesime.to_string(),
        "vector_layers": [{
            "id": layer, "description": table.title(), "minzoom": zooms.0, "maxzoom": zooms.1, "fields": fields,
        }],
        "mosaique": about::json(table, columns),
    })
}
