//! Rank of a point along a Hilbert curve, so that neighbours on the map are neighbours in the cube.

/// Rank of a cell of a 65,536 × 65,536 grid along the Hilbert curve of order 16.
#[must_use]
pub fn rank(mut x: u32, mut y: u32) -> u32 {
    let mut d = 0u32;
    let mut s = 1u32 << 15;
    while s > 0 {
        let (rx, ry) = (u32::from(x & s > 0), u32::from(y & s > 0));
        d = d.wrapping_add(s.wrapping_mul(s).wrapping_mul((3 * rx) ^ ry));
        if ry == 0 {
            if rx == 1 {
                (x, y) = (65_535 - (x & 65_535), 65_535 - (y & 65_535));
            }
            (x, y) = (y, x);
        }
        s >>= 1;
    }
    d
}

/// Hilbert rank of a longitude and latitude inside a box (west, south, east, north).
#[must_use]
pub fn rank_in(bounds: [f64; 4], lon: f64, lat: f64) -> u32 {
    let scale = |v: f64, lo: f64, hi: f64| {
        if hi > lo { ((v - lo) / (hi - lo) * 65_535.0).clamp(0.0, 65_535.0) as u32 } else { 0 }
    };
    rank(scale(lon, bounds[0], bounds[2]), scale(lat, bounds[1], bounds[3]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consecutive_ranks_are_neighbouring_cells_and_no_rank_is_used_twice() {
        // On the corner of the grid that holds the first 4,096 ranks.
        let mut cells: Vec<(u32, (i64, i64))> = (0..64u32)
            .flat_map(|x| (0..64u32).map(move |y| (rank(x, y), (i64::from(x), i64::from(y)))))
            .collect();
        cells.sort_unstable();
        for (pair, i) in cells.windows(2).zip(0u32..) {
            assert_eq!(pair[0].0, i);
            let ((ax, ay), (bx, by)) = (pair[0].1, pair[1].1);
            assert_eq!((ax - bx).abs() + (ay - by).abs(), 1);
        }
    }
}
