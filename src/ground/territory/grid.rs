//! Square cells of 200 m, named as Insee names them (`CRS3035RES200mN2889000E3760400`).
//!
//! North stands before east, both are metres of the south-west corner. Metropolitan cells are in
//! EPSG:3035, overseas cells in the system that `data/territory.toml` gives for the territory.

use std::fmt;
use std::str::FromStr;

use geo::{Coord, LineString, Polygon};

use super::crs::{self, CrsError};
use crate::reference::territory::territory;

/// One square cell. Ordered by system, size, north, east.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cell {
    pub epsg: u16,
    /// Side in metres.
    pub size: u32,
    /// Northing of the south-west corner, metres.
    pub north: i64,
    /// Easting of the south-west corner, metres.
    pub east: i64,
}

/// An identifier that names no cell.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("« {id} » n'est pas un identifiant de carreau ; exemple : CRS3035RES200mN2889000E3760400")]
pub struct CellParseError {
    pub id: String,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CRS{}RES{}mN{}E{}", self.epsg, self.size, self.north, self.east)
    }
}

impl FromStr for Cell {
    type Err = CellParseError;

    /// Only identifiers that [`Cell`] itself would write: corners are multiples of the side.
    fn from_str(id: &str) -> Result<Self, CellParseError> {
        parse(id).filter(|c| c.to_string() == id).ok_or_else(|| CellParseError { id: id.to_owned() })
    }
}

fn parse(id: &str) -> Option<Cell> {
    let (epsg, rest) = id.strip_prefix("CRS")?.split_once("RES")?;
    let (size, rest) = rest.split_once("mN")?;
    let (north, east) = rest.split_once('E')?;
    let size: u32 = size.parse().ok()?;
    let side = i64::from(size);
    let cell = Cell { epsg: epsg.parse().ok()?, size, north: north.parse().ok()?, east: east.parse().ok()? };
    (size > 0 && cell.north % side == 0 && cell.east % side == 0).then_some(cell)
}

impl Cell {
    /// The cell that holds a point given in metres of `epsg`.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "metres on Earth fit i64")]
    pub fn at(epsg: u16, size: u32, x: f64, y: f64) -> Self {
        let side = f64::from(size);
        let corner = |v: f64| ((v / side).floor() * side) as i64;
        Self { epsg, size, north: corner(y), east: corner(x) }
    }

    /// Its four corners in degrees WGS84, counter-clockwise from the south-west one.
    ///
    /// # Errors
    /// The system of the identifier is not known.
    #[expect(clippy::cast_precision_loss, reason = "metres on Earth are exact in f64")]
    pub fn polygon(&self) -> Result<Polygon<f64>, CrsError> {
        let (e, n, s) = (self.east as f64, self.north as f64, f64::from(self.size));
        let mut xs = [e, e + s, e + s, e];
        let mut ys = [n, n, n + s, n + s];
        crs::to_lonlat(self.epsg, &mut xs, &mut ys)?;
        let ring = xs.iter().zip(ys).map(|(&x, y)| Coord { x, y }).collect::<LineString<f64>>();
        Ok(Polygon::new(ring, Vec::new()))
    }
}

/// The 200 m cell of each point in degrees; `None` outside of France or where a coordinate is missing.
///
/// # Errors
/// A system of `data/territory.toml` fails in PROJ.
pub fn cells(points: &[[f64; 2]]) -> Result<Vec<Option<Cell>>, CrsError> {
    let mut out = vec![None; points.len()];
    let size = territory().carreaux.taille_m;
    for t in &territory().territoire {
        // A point belongs to the first territory whose box holds it, so that no point is done twice.
        let rows: Vec<usize> = (0..points.len())
            .filter(|&i| {
                let [lon, lat] = points[i];
                territory().at(lon, lat).is_some_and(|at| at.id == t.id)
            })
            .collect();
        let mut xs: Vec<f64> = rows.iter().map(|&i| points[i][0]).collect();
        let mut ys: Vec<f64> = rows.iter().map(|&i| points[i][1]).collect();
        crs::from_lonlat(t.carreau, &mut xs, &mut ys)?;
        for (i, (x, y)) in rows.into_iter().zip(xs.into_iter().zip(ys)) {
            out[i] = (x.is_finite() && y.is_finite()).then(|| Cell::at(t.carreau, size, x, y));
        }
    }
    Ok(out)
}
