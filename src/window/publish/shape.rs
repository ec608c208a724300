//! A place as well-known binary with its box.

use super::table::Place;
use crate::territory::wkb;

/// West, south, east, north.
pub type Box4 = [f64; 4];

/// A box that holds nothing yet.
pub const NOWHERE: Box4 = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];

/// The smallest box of both.
#[must_use]
pub fn joined(a: Box4, b: Box4) -> Box4 {
    [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]
}

/// Whether anything is in a box.
#[must_use]
pub fn holds(b: &Box4) -> bool {
    b[0] <= b[2] && b[1] <= b[3]
}

/// Box of a place; None for an area without extent.
#[must_use]
pub fn bounds(place: &Place<'_>) -> Option<Box4> {
    match place {
        Place::Point([x, y]) => Some([*x, *y, *x, *y]),
        Place::Area(area) => {
            let r = geo::BoundingRect::bounding_rect(area.as_ref())?;
            Some([r.min().x, r.min().y, r.max().x, r.max().y])
        }
    }
}

/// A place as WKB, little-endian; an area as the rings lie.
#[must_use]
pub fn wkb(place: &Place<'_>) -> Vec<u8> {
    match place {
        Place::Point([x, y]) => {
            let mut out = vec![1, 1, 0, 0, 0];
            out.extend(x.to_le_bytes());
            out.extend(y.to_le_bytes());
            out
        }
        Place::Area(area) => wkb::encode(area),
    }
}
