//! Shapefile: shapes through the `shapefile` crate, attributes and projection from the files beside.

use std::io::Cursor;
use std::path::Path;

use geo::{Contains, Coord, LineString, MultiPolygon, Polygon};
use shapefile::{PolygonRing, Shape, ShapeReader};

use super::bounds::Bounds;
use super::dbf;
use super::error::ZonesError;
use super::raw::{Declared, RawFeature, RawLayer};

/// The files of one Shapefile, in memory.
#[derive(Debug, Default)]
pub struct Parts {
    pub name: String,
    pub shp: Vec<u8>,
    pub dbf: Option<Vec<u8>>,
    pub prj: Option<String>,
    pub cpg: Option<String>,
}

impl Parts {
    /// The files that stand beside a `.shp`, whatever the case of their endings.
    ///
    /// # Errors
    /// One of them exists and cannot be read.
    pub fn beside(path: &Path, shp: Vec<u8>) -> Result<Self, ZonesError> {
        let read = |ending: &str| -> Result<Option<Vec<u8>>, ZonesError> {
            for ending in [ending.to_owned(), ending.to_uppercase()] {
                let path = path.with_extension(ending);
                if path.is_file() {
                    return std::fs::read(&path)
                        .map(Some)
                        .map_err(|source| ZonesError::Read { path, source });
                }
            }
            Ok(None)
        };
        let text = |b: Vec<u8>| String::from_utf8_lossy(&b).into_owned();
        Ok(Self {
            name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            shp,
            dbf: read("dbf")?,
            prj: read("prj")?.map(text),
            cpg: read("cpg")?.map(text),
        })
    }
}

/// Reads one Shapefile.
///
/// # Errors
/// The attribute table is missing, or one of the files is damaged.
pub fn read(parts: &Parts, bounds: &Bounds) -> Result<RawLayer, ZonesError> {
    let damaged = |message: String| ZonesError::Damaged { file: parts.name.clone(), message };
    let Some(table) = &parts.dbf else {
        return Err(damaged(
            "le fichier .dbf, qui porte les codes et les noms, manque à côté du .shp".to_owned(),
        ));
    };
    // Before its rows are read: cells of one byte take far more room in memory than in the file.
    bounds.check(&parts.name, dbf::rows(table))?;
    let table = dbf::read(table, parts.cpg.as_deref()).map_err(damaged)?;
    let mut reader = ShapeReader::new(Cursor::new(&parts.shp))
        .map_err(|e| damaged(format!("le .shp ne se lit pas ({e})")))?;
    let mut features = Vec::new();
    for (number, shape) in (1..).zip(reader.iter_shapes()) {
        let shape = shape.map_err(|e| damaged(format!("entité {number} du .shp : {e}")))?;
        let row = usize::try_from(number - 1).ok().and_then(|i| table.rows.get(i));
        match row {
            Some(Some(values)) => {
                features.push(RawFeature { number, id: None, values: values.clone(), area: area(shape) })
            }
            Some(None) => {} // deleted in the table
            None => {
                return Err(damaged(format!(
                    "le .shp a plus d'entités que le .dbf, qui en a {}",
                    table.rows.len()
                )));
            }
        }
    }
    Ok(RawLayer {
        name: parts.name.clone(),
        format: "Shapefile",
        encoding: table.encoding,
        declared: parts.prj.as_deref().map_or(Declared::Nothing, super::prj::of_wkt),
        columns: table.columns,
        features,
        outer_clockwise: true,
    })
}

fn area(shape: Shape) -> Result<MultiPolygon<f64>, String> {
    let rings: Vec<(bool, LineString<f64>)> = match shape {
        Shape::NullShape => Vec::new(),
        Shape::Polygon(p) => rings(p.rings(), |p| (p.x, p.y)),
        Shape::PolygonM(p) => rings(p.rings(), |p| (p.x, p.y)),
        Shape::PolygonZ(p) => rings(p.rings(), |p| (p.x, p.y)),
        other => {
            return Err(format!("la forme est de type {}, or une zone est un polygone", other.shapetype()));
        }
    };
    Ok(assemble(rings))
}

fn rings<P>(rings: &[PolygonRing<P>], xy: impl Fn(&P) -> (f64, f64)) -> Vec<(bool, LineString<f64>)> {
    rings
        .iter()
        .map(|ring| {
            let line = ring.points().iter().map(&xy).map(|(x, y)| Coord { x, y }).collect();
            (matches!(ring, PolygonRing::Outer(_)), line)
        })
        .collect()
}

/// Gives each hole to the outer ring that holds it: the format only tells them by their direction,
/// and some software writes all outer rings first. A hole that no ring holds was an outer ring
/// written backwards.
fn assemble(rings: Vec<(bool, LineString<f64>)>) -> MultiPolygon<f64> {
    let (outer, inner): (Vec<_>, Vec<_>) = rings.into_iter().partition(|r| r.0);
    let mut polygons: Vec<Polygon<f64>> = outer.into_iter().map(|r| Polygon::new(r.1, Vec::new())).collect();
    let mut backwards = Vec::new();
    for (_, hole) in inner {
        // A vertex of the hole may lie on the outer ring: any vertex strictly inside decides.
        let holder = match polygons.as_slice() {
            [_] => Some(0),
            all => all.iter().position(|p| {
                let shell = Polygon::new(p.exterior().clone(), Vec::new());
                hole.points().any(|v| shell.contains(&v))
            }),
        };
        match holder {
            Some(i) => polygons[i].interiors_push(hole),
            None => backwards.push(Polygon::new(hole, Vec::new())),
        }
    }
    polygons.extend(backwards);
    MultiPolygon(polygons)
}
