//! Hexagons of H3 at the resolutions of `data/territory.toml`.
//!
//! H3 is not exactly nested: a figure of a coarse cell is summed from points, never from finer cells.

use geo::{Coord, LineString, Polygon};
use h3o::{CellIndex, LatLng, Resolution};

use crate::reference::territory::territory;

/// The resolutions on offer, coarse to fine.
#[must_use]
pub fn resolutions() -> &'static [u8] {
    &territory().h3.resolutions
}

/// The cell that holds a point in degrees, as its 64-bit index; `None` if a coordinate is not finite
/// or the resolution is above 15.
#[must_use]
pub fn cell(lon: f64, lat: f64, resolution: u8) -> Option<u64> {
    let resolution = Resolution::try_from(resolution).ok()?;
    Some(LatLng::new(lat, lon).ok()?.to_cell(resolution).into())
}

/// How a cell is written: 15 hexadecimal digits.
#[must_use]
pub fn name(cell: u64) -> String {
    format!("{cell:x}")
}

/// Reads what [`name`] writes, at any resolution.
#[must_use]
pub fn parse(name: &str) -> Option<u64> {
    name.parse::<CellIndex>().ok().map(u64::from)
}

/// Resolution of a cell.
#[must_use]
pub fn resolution(cell: u64) -> Option<u8> {
    CellIndex::try_from(cell).ok().map(|c| c.resolution().into())
}

/// Boundary in degrees, closed, counter-clockwise; `None` if the index is no cell.
#[must_use]
pub fn polygon(cell: u64) -> Option<Polygon<f64>> {
    let boundary = CellIndex::try_from(cell).ok()?.boundary();
    let ring = boundary.iter().map(|p| Coord { x: p.lng(), y: p.lat() }).collect::<LineString<f64>>();
    Some(Polygon::new(ring, Vec::new()))
}
