//! Web Mercator as tiles use it: the world is the unit square, (0, 0) its north-west corner.

use std::f64::consts::PI;

/// Degrees to the unit square; latitudes beyond the square are held at its edge.
#[must_use]
pub fn project(lon: f64, lat: f64) -> [f64; 2] {
    let s = lat.to_radians().sin().clamp(-0.9999, 0.9999);
    let y = 0.5 - ((1.0 + s) / (1.0 - s)).ln() / (4.0 * PI);
    [lon / 360.0 + 0.5, y.clamp(0.0, 1.0)]
}

/// One tile of the pyramid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tile {
    pub z: u8,
    pub x: u32,
    pub y: u32,
}

/// Deepest zoom that is answered.
pub const MAX_ZOOM: u8 = 22;

impl Tile {
    /// A tile of the pyramid, if there is one with these numbers.
    #[must_use]
    pub fn new(z: u8, x: u32, y: u32) -> Option<Self> {
        (z <= MAX_ZOOM && x < 1 << z && y < 1 << z).then_some(Self { z, x, y })
    }

    /// Tiles on a side of the world.
    #[must_use]
    pub fn scale(&self) -> f64 {
        f64::from(1u32 << self.z)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_fall_in_the_tiles_that_slippy_maps_give_them() {
        // Chambéry, zoom 14; expected from the other form of the formula, (1 − asinh(tan φ)/π)/2, computed in
        // Python.
        let [x, y] = project(5.9178, 45.5646);
        assert_eq!(((x * 16384.0) as u32, (y * 16384.0) as u32), (8461, 5857));
        assert_eq!(project(-180.0, 85.051_128_779_806_6).map(|v| (v * 1e6).round()), [0.0, 0.0]);
        assert!(Tile::new(3, 8, 0).is_none());
    }
}
