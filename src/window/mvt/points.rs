//! Points ready for tiles: residences and addresses, sorted so that a tile of any zoom is one range.
//!
//! The key of a point interleaves the bits of its place in the world (Morton order): the points of tile z/x/y
//! are those whose first 2 z bits are the tile's own.

use rayon::prelude::*;

use crate::cube::{Cube, Layer};
use crate::mvt::clip::EXTENT;
use crate::mvt::mercator::{Tile, project};

/// The points of a layer.
#[derive(Debug)]
pub struct Points {
    keys: Vec<u64>,
    /// Zone of the cube's layer, in the order of the keys.
    zones: Vec<u32>,
}

/// Spreads the bits of a number to the even places.
fn spread(v: u32) -> u64 {
    let mut x = u64::from(v);
    x = (x | x << 16) & 0x0000_FFFF_0000_FFFF;
    x = (x | x << 8) & 0x00FF_00FF_00FF_00FF;
    x = (x | x << 4) & 0x0F0F_0F0F_0F0F_0F0F;
    x = (x | x << 2) & 0x3333_3333_3333_3333;
    (x | x << 1) & 0x5555_5555_5555_5555
}

/// Gathers the bits at the even places.
fn gather(key: u64) -> u32 {
    let mut x = key & 0x5555_5555_5555_5555;
    x = (x | x >> 1) & 0x3333_3333_3333_3333;
    x = (x | x >> 2) & 0x0F0F_0F0F_0F0F_0F0F;
    x = (x | x >> 4) & 0x00FF_00FF_00FF_00FF;
    x = (x | x >> 8) & 0x0000_FFFF_0000_FFFF;
    ((x | x >> 16) & 0xFFFF_FFFF) as u32
}

fn key(x: u32, y: u32) -> u64 {
    spread(x) | spread(y) << 1
}

impl Points {
    /// Each zone of the layer at the mean place of its located addresses; zones without any are left out.
    #[must_use]
    pub fn new(cube: &Cube, layer: &Layer<'_>) -> Self {
        let (lon, lat) = cube.points();
        let n = u32::try_from(layer.codes.len()).unwrap_or(u32::MAX);
        let mut all: Vec<(u64, u32)> = (0..n)
            .into_par_iter()
            .filter_map(|zone| {
                let (mut x, mut y, mut count) = (0.0, 0.0, 0u32);
                for a in
                    layer.runs_of(zone).flat_map(|(s, e)| s as usize..e as usize).filter(|a| *a < lon.len())
                {
                    x += lon[a];
                    y += lat[a];
                    count += 1;
                }
                if count == 0 {
                    return None;
                }
                let unit = project(x / f64::from(count), y / f64::from(count));
                Some((key(whole(unit[0]), whole(unit[1])), zone))
            })
            .collect();
        all.par_sort_unstable();
        let (keys, zones) = all.into_iter().unzip();
        Self { keys, zones }
    }

    /// Zones whose point is in a tile, with their place in units of the tile.
    pub fn in_tile(&self, tile: Tile) -> impl Iterator<Item = (u32, [i32; 2])> + '_ {
        let shift = 64 - 2 * u32::from(tile.z);
        let prefix = key(tile.x, tile.y);
        // A zoom of 0 would shift by 64: everything is then in the one tile.
        let (from, to) = if tile.z == 0 {
            (0, self.keys.len())
        } else {
            let at = |p: u64| self.keys.partition_point(|k| k >> shift < p);
            (at(prefix), at(prefix + 1))
        };
        (from..to).map(move |i| {
            let k = self.keys[i];
            (self.zones[i], [inside(gather(k), tile.z), inside(gather(k >> 1), tile.z)])
        })
    }
}

/// A place in the unit square as a fraction of 2³².
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "held between 0 and 2³² − 1")]
fn whole(v: f64) -> u32 {
    (v * 4_294_967_296.0).clamp(0.0, 4_294_967_295.0) as u32
}

/// Where in its tile a coordinate falls.
#[expect(clippy::cast_possible_truncation, reason = "at most the extent")]
fn inside(v: u32, z: u8) -> i32 {
    let within = u64::from(v) << u32::from(z) & 0xFFFF_FFFF;
    (within as f64 / 4_294_967_296.0 * EXTENT) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_points_of_a_tile_are_those_that_a_scan_finds() {
        let mut rng = fastrand::Rng::with_seed(11);
        let places: Vec<(u32, u32)> = (0..5_000).map(|_| (rng.u32(..), rng.u32(..))).collect();
        let mut all: Vec<(u64, u32)> = places.iter().zip(0..).map(|(&(x, y), i)| (key(x, y), i)).collect();
        all.sort_unstable();
        let (keys, zones) = all.into_iter().unzip();
        let points = Points { keys, zones };
        for z in 0..6 {
            for _ in 0..20 {
                let tile = Tile { z, x: rng.u32(0..1 << z), y: rng.u32(0..1 << z) };
                let mut found: Vec<u32> = points.in_tile(tile).map(|(i, _)| i).collect();
                found.sort_unstable();
                let shifted = |v: u32| (u64::from(v) >> (32 - u32::from(z))) as u32;
                let naive: Vec<u32> = (0..5_000u32)
                    .filter(|&i| {
                        let (x, y) = places[i as usize];
                        shifted(x) == tile.x && shifted(y) == tile.y
                    })
                    .collect();
                assert_eq!(found, naive);
                assert!(points.in_tile(tile).all(|(_, p)| p.iter().all(|v| (0..4096).contains(v))));
            }
        }
    }
}
