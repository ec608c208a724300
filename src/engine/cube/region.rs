//! A zone as a set of edges, and the walk of the tree that finds the address points inside it.
//!
//! A point is inside when a ray from it towards the west crosses the boundary an odd number of times
//! (rings and holes alike). The walk carries down, for each node, only the edges that can still matter
//! inside the node's box: an edge wholly to the east never counts, one that spans the box's height wholly to
//! the west flips the parity once for all, the others stay active. A node that no active edge enters is in or
//! out as a whole, as its corner is. So a zone costs its boundary, not its area, and each point is tested
//! against a few edges. No ray crosses a level edge, but it parts the nodes that it goes through: it is
//! carried down to enter them, and counts for no point.

use geo::{CoordsIter, MultiPolygon};

use super::runs::Runs;
use super::tree::{LEAF, Tree};

#[derive(Debug, Clone, Copy)]
struct Edge {
    /// The western end of a level edge.
    ax: f64,
    ay: f64,
    by: f64,
    /// Degrees of longitude a degree of latitude; of a level edge, degrees of longitude.
    slope: f64,
}

impl Edge {
    fn new(a: geo::Coord<f64>, b: geo::Coord<f64>) -> Self {
        if a.y == b.y {
            return Self { ax: a.x.min(b.x), ay: a.y, by: b.y, slope: (b.x - a.x).abs() };
        }
        Self { ax: a.x, ay: a.y, by: b.y, slope: (b.x - a.x) / (b.y - a.y) }
    }

    fn is_level(&self) -> bool {
        self.ay == self.by
    }

    /// Longitude at which the edge's line crosses a latitude.
    #[inline]
    fn x_at(&self, y: f64) -> f64 {
        self.ax + (y - self.ay) * self.slope
    }

    /// Whether the westward ray from the point crosses the edge (lower end included, upper excluded).
    #[inline]
    fn crosses(&self, x: f64, y: f64) -> bool {
        (self.ay > y) != (self.by > y) && self.x_at(y) < x
    }
}

/// A polygon or multipolygon in longitude and latitude, ready for walking.
#[derive(Debug, Clone)]
pub struct Region {
    edges: Vec<Edge>,
    /// West, south, east, north of the zone.
    bounds: [f64; 4],
}

/// Margin, in degrees, by which a box must clear an edge before the edge is dropped (about 0.1 µm).
const MARGIN: f64 = 1e-12;

impl Region {
    /// The edges of a zone.
    #[must_use]
    pub fn new(zone: &MultiPolygon<f64>) -> Self {
        let mut edges = Vec::with_capacity(zone.coords_count());
        for polygon in zone {
            for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
                edges.extend(ring.lines().map(|l| Edge::new(l.start, l.end)));
            }
        }
        let mut bounds = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
        for c in zone.coords_iter() {
            bounds = [bounds[0].min(c.x), bounds[1].min(c.y), bounds[2].max(c.x), bounds[3].max(c.y)];
        }
        Self { edges, bounds }
    }

    /// A box, with the same half-open rule.
    #[must_use]
    pub fn rectangle(b: [f64; 4]) -> Self {
        let [west, south, east, north] = b;
        let corners = [(west, south), (east, south), (east, north), (west, north)].map(geo::Coord::from);
        let edges = (0..4).map(|i| Edge::new(corners[i], corners[(i + 1) % 4])).collect();
        Self { edges, bounds: b }
    }

    #[must_use]
    pub fn contains(&self, x: f64, y: f64) -> bool {
        self.edges.iter().filter(|e| e.crosses(x, y)).count() % 2 == 1
    }

    /// Runs of the located addresses inside the zone.
    #[must_use]
    pub fn walk(&self, tree: &Tree<'_>) -> Runs {
        let mut walk = Walk {
            tree,
            bounds: self.bounds,
            stack: Vec::with_capacity(self.edges.len() * 4),
            runs: Runs::default(),
        };
        if let Some(top) = tree.top() {
            walk.stack.extend_from_slice(&self.edges);
            for node in 0..tree.nodes(top) {
                walk.visit(top, node, 0, false);
            }
        }
        walk.runs
    }
}

struct Walk<'a> {
    tree: &'a Tree<'a>,
    bounds: [f64; 4],
    /// Active edges of the nodes on the path, one slice after the other.
    stack: Vec<Edge>,
    runs: Runs,
}

impl Walk<'_> {
    /// Visits a node; `from` is where the active edges of its parent start in the stack.
    fn visit(&mut self, level: usize, node: usize, from: usize, mut inside: bool) {
        let [x0, y0, x1, y1] = self.tree.bounds(level, node);
        let [west, south, east, north] = self.bounds;
        if x0 > east || x1 < west || y0 > north || y1 < south {
            return;
        }
        let mine = self.stack.len();
        let mut entered = false;
        for i in from..mine {
            let e = self.stack[i];
            let (lo, hi) = if e.ay < e.by { (e.ay, e.by) } else { (e.by, e.ay) };
            if hi <= y0 || lo > y1 {
                continue;
            }
            if e.is_level() {
                if e.ax <= x1 + MARGIN && e.ax + e.slope >= x0 - MARGIN {
                    self.stack.push(e);
                    entered = true;
                }
                continue;
            }
            let (xa, xb) = (e.x_at(y0.max(lo)), e.x_at(y1.min(hi)));
            let (west, east) = if xa < xb { (xa, xb) } else { (xb, xa) };
            if west > x1 + MARGIN {
                continue;
            }
            if lo <= y0 && hi > y1 && east < x0 - MARGIN {
                inside = !inside;
            } else {
                self.stack.push(e);
                entered |= east >= x0 - MARGIN;
            }
        }
        if !entered {
            let corner = self.stack[mine..].iter().fold(inside, |p, e| p ^ e.crosses(x0, y0));
            if corner {
                let (start, end) = self.tree.addresses(level, node);
                self.runs.push(start, end);
            }
        } else if level == 0 {
            self.leaf(node, mine, inside);
        } else {
            for child in self.tree.children(level, node) {
                self.visit(level - 1, child, mine, inside);
            }
        }
        self.stack.truncate(mine);
    }

    fn leaf(&mut self, node: usize, mine: usize, inside: bool) {
        let (start, end) = self.tree.addresses(0, node);
        let [west, south, east, north] = self.bounds;
        // Boxes of leaves overlap: most points of a leaf are outside the bounds of a small zone.
        let (mut at, mut xs, mut ys, mut n) = ([0; LEAF], [0.0; LEAF], [0.0; LEAF], 0);
        for a in start..end {
            let (x, y) = self.tree.point(a);
            if x >= west && x <= east && y >= south && y <= north {
                (at[n], xs[n], ys[n]) = (a, x, y);
                n += 1;
            }
        }
        // Edge by edge over all points, without a branch: the compiler makes vector instructions of it.
        let mut odd = [inside; LEAF];
        for e in &self.stack[mine..] {
            for ((odd, x), y) in odd[..n].iter_mut().zip(&xs).zip(&ys) {
                *odd ^= ((e.ay > *y) != (e.by > *y)) & (e.x_at(*y) < *x);
            }
        }
        for (a, _) in at[..n].iter().zip(odd).filter(|(_, odd)| *odd) {
            self.runs.push(*a, *a + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use geo::{Contains, LineString, Point, Polygon};

    use super::*;
    use crate::cube::tree::boxes;

    /// A star with a hole around a centre, with random radii.
    fn star(rng: &mut fastrand::Rng, x: f64, y: f64, r: f64) -> Polygon<f64> {
        let ring = |rng: &mut fastrand::Rng, r: f64| -> LineString<f64> {
            (0..60)
                .map(|k| {
                    let (a, d) = (f64::from(k) * std::f64::consts::TAU / 60.0, r * (0.5 + rng.f64() * 0.5));
                    (x + d * a.cos(), y + d * a.sin())
                })
                .collect()
        };
        let hole = ring(rng, r * 0.4);
        Polygon::new(ring(rng, r), vec![hole])
    }

    #[test]
    fn the_walk_finds_exactly_the_points_that_geo_finds() {
        let mut rng = fastrand::Rng::with_seed(11);
        // Points along rows, so that consecutive ones are neighbours, with some far away.
        let (mut lon, mut lat) = (Vec::new(), Vec::new());
        for i in 0..20_000 {
            lon.push(5.0 + f64::from(i % 150) * 1e-3 + rng.f64() * 1e-3);
            lat.push(45.0 + f64::from(i / 150) * 1e-3 + rng.f64() * 1e-3);
        }
        let b = boxes(&lon, &lat);
        let tree = Tree::new(&lon, &lat, &b);
        let mut found = 0;
        for _ in 0..200 {
            let (x, y, r) = (4.95 + rng.f64() * 0.25, 44.95 + rng.f64() * 0.25, 0.002 + rng.f64() * 0.08);
            let parts = MultiPolygon(vec![star(&mut rng, x, y, r), star(&mut rng, x + 3.0 * r, y, r)]);
            let mut naive = Runs::default();
            for i in 0..20_000u32 {
                if parts.contains(&Point::new(lon[i as usize], lat[i as usize])) {
                    naive.push(i, i + 1);
                }
            }
            found += naive.len();
            assert_eq!(Region::new(&parts).walk(&tree), naive);
        }
        assert!(found > 10_000);
    }

    /// Points of a street grid, in rows of neighbours as the order has them.
    fn grid(rng: &mut fastrand::Rng) -> (Vec<f64>, Vec<f64>) {
        (0..6_000)
            .map(|i| (5.0 + f64::from(i % 80) * 1e-3 + rng.f64() * 9e-4, 45.0 + f64::from(i / 80) * 1e-3))
            .unzip()
    }

    fn same(zone: &MultiPolygon<f64>, tree: &Tree<'_>, points: (&[f64], &[f64])) -> u64 {
        let region = Region::new(zone);
        let mut naive = Runs::default();
        for (i, (x, y)) in (0u32..).zip(points.0.iter().zip(points.1)) {
            if region.contains(*x, *y) {
                naive.push(i, i + 1);
            }
        }
        assert_eq!(region.walk(tree), naive, "{zone:?}");
        naive.len()
    }

    #[test]
    fn zones_with_level_edges_hold_the_same_points_as_any() {
        let mut rng = fastrand::Rng::with_seed(7);
        let (lon, lat) = grid(&mut rng);
        let b = boxes(&lon, &lat);
        let tree = Tree::new(&lon, &lat, &b);
        let mut found = 0;
        for n in 0..600 {
            let (w, s) = (4.99 + rng.f64() * 0.08, 44.99 + rng.f64() * 0.08);
            let (e, n2) = (w + rng.f64() * 0.09, s + rng.f64() * 0.09);
            let (mx, my) = (w + (e - w) * rng.f64(), s + (n2 - s) * rng.f64());
            let ring: Vec<(f64, f64)> = match n % 4 {
                // A rectangle, an L, a comb, stairs whose steps may lie on rows of points.
                0 => vec![(w, s), (e, s), (e, n2), (w, n2)],
                1 => vec![(w, s), (e, s), (e, my), (mx, my), (mx, n2), (w, n2)],
                2 => {
                    let third = (e - w) / 5.0;
                    let teeth = (0..2).flat_map(|k| {
                        let right = e - third * f64::from(2 * k);
                        [(right, n2), (right - third, n2), (right - third, my), (right - 2.0 * third, my)]
                    });
                    [(w, s), (e, s)].into_iter().chain(teeth).chain([(w + third, n2), (w, n2)]).collect()
                }
                _ => {
                    let row = |k: i32| 45.0 + f64::from(k + 5) * 1e-3;
                    let steps = (0..6).flat_map(|k| {
                        [
                            (5.07 - f64::from(k) * 0.01, row(8 * k)),
                            (5.07 - f64::from(k) * 0.01, row(8 * k + 8)),
                        ]
                    });
                    std::iter::once((5.0, row(0))).chain(steps).chain([(5.0, row(48))]).collect()
                }
            };
            let hole = vec![(mx, my), (mx + 0.004, my), (mx + 0.004, my + 0.004), (mx, my + 0.004)];
            let holes = if n % 3 == 0 { vec![LineString::from(hole)] } else { Vec::new() };
            let zone = MultiPolygon(vec![Polygon::new(LineString::from(ring), holes)]);
            found += same(&zone, &tree, (&lon, &lat));
        }
        assert!(found > 100_000, "{found}");
        let whole = Region::rectangle([4.0, 45.02, 6.0, 45.05]).walk(&tree);
        assert_eq!(whole.len(), (20..50).map(|_| 80).sum::<u64>());
    }

    #[test]
    fn a_rectangle_holds_its_points() {
        let r = Region::rectangle([1.0, 2.0, 3.0, 4.0]);
        assert!(
            r.contains(2.0, 3.0) && !r.contains(0.5, 3.0) && !r.contains(3.5, 3.0) && !r.contains(2.0, 4.5)
        );
    }
}
