//! Rank of a point along a Hilbert curve, so that neighbours on the map are neighbours in the cube, and tiles
//! in an archive.

/// Rank of a cell of a grid of 2^order by 2^order along the Hilbert curve; `order` up to 31.
#[must_use]
pub fn rank_of(order: u8, mut x: u32, mut y: u32) -> u64 {
    let last = (1_u32 << order) - 1;
    let mut d = 0;
    for bit in (0..order).rev() {
        let s = 1_u32 << bit;
        let (right, low) = (u64::from(x & s > 0), u64::from(y & s > 0));
        d += (u64::from(s) * u64::from(s)) * ((3 * right) ^ low);
        if low == 0 {
            if right == 1 {
                (x, y) = (last - (x & last), last - (y & last));
            }
            (x, y) = (y, x);
        }
    }
    d
}

/// Rank of a cell of a 65,536 × 65,536 grid.
#[must_use]
pub fn rank(x: u32, y: u32) -> u32 {
    rank_of(16, x, y) as u32
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
