//! Cuts rings to a square (Sutherland–Hodgman) and rounds them to the grid of a tile.
//!
//! A concave ring may come back with edges along the border of the square; the square is wider than the tile,
//! so that they are never drawn.

use fast_mvt::MvtCoord;

/// Units on a side of a tile.
pub const EXTENT: f64 = 4096.0;
/// Units that geometry reaches beyond the tile.
pub const BUFFER: f64 = 80.0;

const LOW: f64 = -BUFFER;
const HIGH: f64 = EXTENT + BUFFER;

/// Cuts an open or closed ring to the buffered tile; the result is open.
#[must_use]
pub fn ring(points: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let mut ring = points.to_vec();
    if ring.len() > 1 && ring.first() == ring.last() {
        ring.pop();
    }
    if ring.iter().all(|p| p.iter().all(|v| (LOW..=HIGH).contains(v))) {
        return ring;
    }
    for axis in 0..2 {
        ring = half(&ring, axis, LOW, 1.0);
        ring = half(&ring, axis, HIGH, -1.0);
    }
    ring
}

/// Keeps the part of a ring where `sign · (p[axis] − limit) ≥ 0`.
fn half(ring: &[[f64; 2]], axis: usize, limit: f64, sign: f64) -> Vec<[f64; 2]> {
    let mut out = Vec::with_capacity(ring.len() + 4);
    let inside = |p: &[f64; 2]| sign * (p[axis] - limit) >= 0.0;
    let Some(mut previous) = ring.last().copied() else { return out };
    for &p in ring {
        if inside(&p) != inside(&previous) {
            let t = (limit - previous[axis]) / (p[axis] - previous[axis]);
            let other = 1 - axis;
            let mut cut = [0.0; 2];
            cut[axis] = limit;
            cut[other] = previous[other] + t * (p[other] - previous[other]);
            out.push(cut);
        }
        if inside(&p) {
            out.push(p);
        }
        previous = p;
    }
    out
}

/// Rounds to the grid, without repeated points; None if no area is left.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "clipped to a few thousand units")]
pub fn rounded(ring: &[[f64; 2]]) -> Option<Vec<MvtCoord>> {
    let mut out: Vec<MvtCoord> =
        ring.iter().map(|p| MvtCoord { x: p[0].round() as i32, y: p[1].round() as i32 }).collect();
    out.dedup();
    while out.len() > 1 && out.first() == out.last() {
        out.pop();
    }
    let doubled: i64 = (0..out.len())
        .map(|i| {
            let (a, b) = (out[i], out[(i + 1) % out.len()]);
            i64::from(a.x) * i64::from(b.y) - i64::from(b.x) * i64::from(a.y)
        })
        .sum();
    (out.len() >= 3 && doubled != 0).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(ring: &[[f64; 2]]) -> f64 {
        let n = ring.len();
        let s: f64 =
            (0..n).map(|i| ring[i][0] * ring[(i + 1) % n][1] - ring[(i + 1) % n][0] * ring[i][1]).sum();
        (s / 2.0).abs()
    }

    #[test]
    fn a_ring_around_the_tile_becomes_the_buffered_square() {
        let cut = ring(&[[-9e5, -9e5], [9e5, -9e5], [9e5, 9e5], [-9e5, 9e5]]);
        assert!((area(&cut) - (HIGH - LOW).powi(2)).abs() < 1e-6);
    }

    #[test]
    fn the_parts_of_a_ring_cut_to_four_tiles_add_up_to_it() {
        // A random star-shaped ring: areas clipped to tiles of a 2 × 2 grid (buffers excluded by shifting)
        // sum to the whole.
        let mut rng = fastrand::Rng::with_seed(4);
        let side = HIGH - LOW;
        for _ in 0..50 {
            let points: Vec<[f64; 2]> = (0..24)
                .map(|i| {
                    let (a, r) = (f64::from(i) / 24.0 * std::f64::consts::TAU, rng.f64() * side * 0.9 + 10.0);
                    [HIGH + r * a.cos(), HIGH + r * a.sin()]
                })
                .collect();
            let parts: f64 = [[0.0, 0.0], [side, 0.0], [0.0, side], [side, side]]
                .iter()
                .map(|d| area(&ring(&points.iter().map(|p| [p[0] - d[0], p[1] - d[1]]).collect::<Vec<_>>())))
                .sum();
            assert!((parts - area(&points)).abs() < 1e-3 * area(&points), "{parts} {}", area(&points));
        }
    }

    #[test]
    fn what_is_smaller_than_the_grid_disappears() {
        assert!(rounded(&[[1.1, 1.1], [1.2, 1.1], [1.2, 1.3]]).is_none());
        assert_eq!(rounded(&[[0.0, 0.0], [2.0, 0.0], [2.0, 0.1], [0.0, 2.0]]).map(|r| r.len()), Some(3));
    }
}
