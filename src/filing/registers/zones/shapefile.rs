//! Shapefile: shapes of the `.shp`, attributes and projection from the files beside.
//!
//! Records are read here rather than by a library, so that one whose inside is wrong costs itself only, and
//! vertices are counted before room is made for them (ESRI Shapefile Technical Description, July 1998).

use std::path::Path;

use geo::algorithm::coordinate_position::{CoordPos, coord_pos_relative_to_ring};
use geo::winding_order::Winding;
use geo::{Area, BoundingRect, Coord, LineString, MultiPolygon, Polygon, Rect};

use super::bounds::Meter;
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

/// Bytes of the header of the file, and of that of a record.
const HEADER: usize = 100;
const RECORD: usize = 8;

/// Reads one Shapefile.
///
/// # Errors
/// The attribute table is missing, one of the files is damaged, or there is more than may be read.
pub fn read(parts: &Parts, meter: &mut Meter<'_>) -> Result<RawLayer, ZonesError> {
    let damaged = |message: String| ZonesError::Damaged { file: parts.name.clone(), message };
    let Some(table) = &parts.dbf else {
        return Err(damaged(
            "le fichier .dbf, qui porte les codes et les noms, manque à côté du .shp".to_owned(),
        ));
    };
    // Before its rows are read: a packed table may have many.
    meter.announced(dbf::rows(table))?;
    let table = dbf::read(table, parts.cpg.as_deref(), meter).map_err(damaged)?;
    let shp = &parts.shp;
    if shp.len() < HEADER {
        return Err(damaged("l'en-tête du .shp est tronqué".to_owned()));
    }
    let announced = be_u32(shp, 24).map_or(0, |words| 2 * words as usize);
    let mut features = Vec::new();
    let mut rows = table.rows.into_iter();
    let (mut at, mut number) = (HEADER, 0);
    while at < announced.min(shp.len()) {
        number += 1;
        let short = || damaged(format!("le .shp s'arrête au milieu de l'entité {number}"));
        let length = 2 * be_u32(shp, at + 4).ok_or_else(short)? as usize;
        let record = shp.get(at + RECORD..at + RECORD + length).ok_or_else(short)?;
        at += RECORD + length;
        let Some(row) = rows.next() else {
            return Err(damaged(format!("le .shp a plus d'entités que le .dbf, qui en a {}", number - 1)));
        };
        // None: deleted in the table.
        let Some(values) = row else { continue };
        meter.feature()?;
        let area = rings(record, meter)?.map(assemble);
        features.push(RawFeature { number, id: None, values, area });
    }
    if at < announced {
        return Err(damaged(format!("le .shp a {} octets sur les {announced} qu'il annonce", shp.len())));
    }
    Ok(RawLayer {
        name: parts.name.clone(),
        format: "Shapefile",
        encoding: table.encoding.to_owned(),
        declared: parts.prj.as_deref().map_or(Declared::Nothing, super::prj::of_wkt),
        columns: table.columns,
        features,
        remarks: table.remark.into_iter().collect(),
        outer_clockwise: true,
    })
}

fn be_u32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes)
}

fn le_u32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes)
}

/// Rings of one record; the inner error says in French why it has none.
fn rings(record: &[u8], meter: &mut Meter<'_>) -> Result<Result<Vec<LineString<f64>>, String>, ZonesError> {
    let Some(kind) = le_u32(record, 0) else { return Ok(Err("l'entité est vide".to_owned())) };
    let name = match kind {
        0 => return Ok(Ok(Vec::new())),
        5 | 15 | 25 => "",
        1 | 11 | 21 => "Point",
        8 | 18 | 28 => "MultiPoint",
        3 | 13 | 23 => "PolyLine",
        31 => "MultiPatch",
        _ => "inconnu",
    };
    if !name.is_empty() {
        return Ok(Err(format!("la forme est de type {name}, or une zone est un polygone")));
    }
    // Kind, box, number of parts and of points, first point of each part, points.
    let wrong = || Ok(Err("les contours de l'entité ne tiennent pas dans son enregistrement".to_owned()));
    let (Some(parts), Some(points)) = (le_u32(record, 36), le_u32(record, 40)) else { return wrong() };
    let (parts, points) = (parts as usize, points as usize);
    let first = parts.checked_mul(4).and_then(|n| n.checked_add(44));
    let end = first.and_then(|f| points.checked_mul(16).and_then(|n| n.checked_add(f)));
    let (Some(first), Some(true)) = (first, end.map(|e| e <= record.len())) else { return wrong() };
    meter.vertices(points)?;
    let mut starts: Vec<usize> =
        (0..parts).filter_map(|i| le_u32(record, 44 + 4 * i)).map(|n| n as usize).collect();
    starts.push(points);
    if (starts[0] != 0 && parts > 0) || starts.windows(2).any(|w| w[0] > w[1]) {
        return wrong();
    }
    let number = |at: usize| record[at..at + 8].try_into().map_or(f64::NAN, f64::from_le_bytes);
    let point = |i: usize| Coord { x: number(first + 16 * i), y: number(first + 16 * i + 8) };
    Ok(Ok(starts.windows(2).map(|w| (w[0]..w[1]).map(point).collect()).collect()))
}

/// A ring with its box, and the size of what it surrounds.
struct Ring {
    line: LineString<f64>,
    rect: Option<Rect<f64>>,
    size: f64,
}

/// Gives each hole to the smallest outer ring that holds it: the format only tells them by their direction
/// (an outer ring runs clockwise), and rings come in any order. A hole that no ring holds was an outer ring
/// written backwards; where all run backwards, every second ring from outside in is a hole.
fn assemble(rings: Vec<LineString<f64>>) -> MultiPolygon<f64> {
    let none_is_outer = !rings.iter().any(Winding::is_cw);
    let mut rings: Vec<Ring> = rings
        .into_iter()
        .map(|line| {
            let size = Polygon::new(line.clone(), Vec::new()).unsigned_area();
            Ring { rect: line.bounding_rect(), size, line }
        })
        .collect();
    // Large ones first: what holds a ring stands before it.
    rings.sort_by(|a, b| b.size.total_cmp(&a.size));
    let mut polygons: Vec<Polygon<f64>> = Vec::new();
    // The polygon that each ring is the outside of.
    let mut outside: Vec<Option<usize>> = Vec::new();
    for (i, ring) in rings.iter().enumerate() {
        let holder = (0..i).rev().find(|j| {
            // Where none runs clockwise any ring may hold another.
            (outside[*j].is_some() || none_is_outer) && holds(&rings[*j], ring)
        });
        let hole = (none_is_outer || ring.line.is_ccw()).then(|| holder.and_then(|j| outside[j])).flatten();
        match hole {
            Some(polygon) => {
                polygons[polygon].interiors_push(ring.line.clone());
                outside.push(None);
            }
            None => {
                polygons.push(Polygon::new(ring.line.clone(), Vec::new()));
                outside.push(Some(polygons.len() - 1));
            }
        }
    }
    MultiPolygon(polygons)
}

/// Whether a ring lies in another: one of its vertices does, and none is outside that decides before.
fn holds(outer: &Ring, inner: &Ring) -> bool {
    let (Some(a), Some(b)) = (outer.rect, inner.rect) else { return false };
    let boxed =
        a.min().x <= b.min().x && a.min().y <= b.min().y && a.max().x >= b.max().x && a.max().y >= b.max().y;
    // A vertex of the hole may lie on the outer ring: the first that does not decides.
    boxed
        && inner
            .line
            .0
            .iter()
            .map(|v| coord_pos_relative_to_ring(*v, &outer.line))
            .find(|p| *p != CoordPos::OnBoundary)
            == Some(CoordPos::Inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A square ring around (0, 0); clockwise as outer rings are.
    fn ring(r: f64, clockwise: bool) -> LineString<f64> {
        let mut line = vec![(-r, -r), (-r, r), (r, r), (r, -r), (-r, -r)];
        if !clockwise {
            line.reverse();
        }
        line.into_iter().collect()
    }

    #[test]
    fn lakes_islands_and_ponds_are_told_apart_in_any_order() {
        // Sea 4, lake 3, island 2, pond 1: 64 − 36 + 16 − 4.
        let expected = 40.0;
        let all = [(4.0, true), (3.0, false), (2.0, true), (1.0, false)];
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [0, 2, 1, 3], [2, 0, 3, 1]] {
            let right = order.map(|i| ring(all[i].0, all[i].1)).to_vec();
            let area = assemble(right);
            assert_eq!((area.0.len(), area.unsigned_area()), (2, expected), "{order:?}");
            let backwards = order.map(|i| ring(all[i].0, false)).to_vec();
            assert_eq!(assemble(backwards).unsigned_area(), expected, "{order:?}");
        }
        // A lone ring written backwards, and a hole beside its shell.
        assert_eq!(assemble(vec![ring(1.0, false)]).unsigned_area(), 4.0);
        let mut aside = ring(1.0, false);
        aside.0.iter_mut().for_each(|c| c.x += 10.0);
        assert_eq!(assemble(vec![ring(2.0, true), aside]).unsigned_area(), 20.0);
    }

    #[test]
    fn a_record_that_lies_about_its_inside_has_no_area() {
        let bounds = super::super::bounds::Bounds::layer();
        let couche = crate::reference::territory::territory().couche("*");
        let mut meter = Meter::new("essai", couche, &bounds);
        let mut record = vec![0_u8; 44 + 4 + 64];
        record[0] = 5;
        record[36] = 1;
        record[40] = 4;
        assert!(rings(&record, &mut meter).unwrap().is_ok());
        for (at, value) in [(36, 200), (40, 200), (43, 255), (44, 7)] {
            let mut wrong = record.clone();
            wrong[at] = value;
            assert!(rings(&wrong, &mut meter).unwrap().is_err(), "{at}");
        }
        for n in 0..record.len() {
            assert!(rings(&record[..n], &mut meter).unwrap().is_err(), "{n} bytes");
        }
    }
}
