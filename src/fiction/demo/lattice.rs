//! A planar partition: regions grown on a honeycomb, whose borders are built once and shared.
//!
//! Every vertex of a honeycomb touches three cells, so the borders between regions form arcs that
//! meet at clean three-way nodes. Each arc is smoothed once and both neighbours use it: no gap, no
//! overlap, at every level (IRIS, commune, EPCI, département), because the levels group the same arcs.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::geometry::{Point, Polygon, Ring, ring_area, ring_contains, segment_distance};

/// Label of a cell that belongs to nothing.
pub const VOID: u32 = u32::MAX;

/// Cells in rows (pointed top, odd rows shifted to the east by half a cell).
#[derive(Debug, Clone)]
pub struct Lattice {
    origin: Point,
    radius: f64,
    pub cols: usize,
    pub rows: usize,
}

/// Directions counter-clockwise from the east.
const DIRECTIONS: usize = 6;

impl Lattice {
    /// Covers the box west, south, east, north with cells of this radius, and one ring of cells more.
    #[must_use]
    pub fn new(b: [f64; 4], radius: f64) -> Self {
        let width = radius * 3f64.sqrt();
        Self {
            origin: [b[0] - 2.0 * width, b[1] - 3.0 * radius],
            radius,
            cols: ((b[2] - b[0]) / width).ceil() as usize + 5,
            rows: ((b[3] - b[1]) / (1.5 * radius)).ceil() as usize + 5,
        }
    }

    #[must_use]
    pub fn cells(&self) -> usize {
        self.cols * self.rows
    }

    #[must_use]
    pub fn center(&self, cell: usize) -> Point {
        let (row, col) = (cell / self.cols, cell % self.cols);
        let shift = if row % 2 == 1 { 0.5 } else { 0.0 };
        [
            self.origin[0] + self.radius * 3f64.sqrt() * (col as f64 + shift),
            self.origin[1] + 1.5 * self.radius * row as f64,
        ]
    }

    /// The cell whose centre is nearest to a point of the box.
    #[must_use]
    pub fn cell_at(&self, p: Point) -> usize {
        let row = ((p[1] - self.origin[1]) / (1.5 * self.radius)).round() as i64;
        let mut best = (f64::INFINITY, 0);
        for r in row - 1..=row + 1 {
            let r = r.clamp(0, self.rows as i64 - 1);
            let shift = if r % 2 == 1 { 0.5 } else { 0.0 };
            let col = ((p[0] - self.origin[0]) / (self.radius * 3f64.sqrt()) - shift).round() as i64;
            let cell = r as usize * self.cols + col.clamp(0, self.cols as i64 - 1) as usize;
            let d = super::geometry::distance(self.center(cell), p);
            if d < best.0 {
                best = (d, cell);
            }
        }
        best.1
    }

    /// Neighbour in direction 0 E, 1 NE, 2 NW, 3 W, 4 SW, 5 SE; none on the rim.
    #[must_use]
    pub fn neighbour(&self, cell: usize, direction: usize) -> Option<usize> {
        let (row, col) = ((cell / self.cols) as i64, (cell % self.cols) as i64);
        let odd = row % 2;
        let (dr, dc) = match direction {
            0 => (0, 1),
            1 => (1, odd),
            2 => (1, odd - 1),
            3 => (0, -1),
            4 => (-1, odd - 1),
            _ => (-1, odd),
        };
        let (r, c) = (row + dr, col + dc);
        (r >= 0 && c >= 0 && r < self.rows as i64 && c < self.cols as i64)
            .then(|| r as usize * self.cols + c as usize)
    }

    /// Vertex identifiers: 2·cell is its north point, 2·cell + 1 its south point; each vertex is one of the
    /// two.
    fn vertex(&self, cell: usize, corner: usize) -> Option<usize> {
        // Corners counter-clockwise from the south-east, so that edge d runs from corner d to corner d + 1.
        match corner % 6 {
            0 => self.neighbour(cell, 5).map(|n| 2 * n),
            1 => self.neighbour(cell, 1).map(|n| 2 * n + 1),
            2 => Some(2 * cell),
            3 => self.neighbour(cell, 2).map(|n| 2 * n + 1),
            4 => self.neighbour(cell, 4).map(|n| 2 * n),
            _ => Some(2 * cell + 1),
        }
    }

    fn vertex_point(&self, vertex: usize) -> Point {
        let [x, y] = self.center(vertex / 2);
        if vertex.is_multiple_of(2) { [x, y + self.radius] } else { [x, y - self.radius] }
    }

    /// Grows regions from seeds `(cell, label, head start)` over the lattice, each cell going to
    /// the seed of least travel cost; `open(from, to)` says where growth may pass (`from` = `to` for a seed).
    /// `cost(cell)` is the cost of entering it. Every region is connected.
    #[must_use]
    pub fn grow(
        &self,
        seeds: &[(usize, u32, f64)],
        open: &dyn Fn(usize, usize) -> bool,
        cost: &dyn Fn(usize) -> f64,
        limit: f64,
    ) -> Vec<u32> {
        let mut label = vec![VOID; self.cells()];
        let mut heap = BinaryHeap::new();
        // Positive floats order like their bits.
        for &(cell, l, start) in seeds {
            if open(cell, cell) {
                heap.push(Reverse((start.max(0.0).to_bits(), cell, l)));
            }
        }
        while let Some(Reverse((bits, cell, l))) = heap.pop() {
            if label[cell] != VOID {
                continue;
            }
            label[cell] = l;
            let here = f64::from_bits(bits);
            for d in 0..DIRECTIONS {
                if let Some(n) = self.neighbour(cell, d)
                    && label[n] == VOID
                    && open(cell, n)
                {
                    let there = here + cost(n);
                    if there <= limit {
                        heap.push(Reverse((there.to_bits(), n, l)));
                    }
                }
            }
        }
        label
    }

    /// Gives to `inside` every pocket that the outer rim cannot reach, so that a blob has no hole.
    pub fn fill_pockets(&self, inside: &mut [bool]) {
        let mut outside = vec![false; self.cells()];
        let mut stack: Vec<usize> = (0..self.cells()).filter(|&c| !inside[c] && self.on_rim(c)).collect();
        while let Some(c) = stack.pop() {
            if outside[c] {
                continue;
            }
            outside[c] = true;
            stack.extend(
                (0..DIRECTIONS).filter_map(|d| self.neighbour(c, d)).filter(|&n| !inside[n] && !outside[n]),
            );
        }
        for (i, o) in inside.iter_mut().zip(&outside) {
            *i = !o;
        }
    }

    fn on_rim(&self, cell: usize) -> bool {
        let (row, col) = (cell / self.cols, cell % self.cols);
        row == 0 || col == 0 || row + 1 == self.rows || col + 1 == self.cols
    }
}

/// One shared border: `left` and `right` are the labels beside it when walking along its points.
#[derive(Debug, Clone)]
struct Arc {
    points: Vec<Point>,
    left: u32,
    right: u32,
    /// Vertex identifiers of its ends; equal for a closed arc.
    ends: (usize, usize),
}

/// The borders of a labelled lattice, smoothed once.
#[derive(Debug)]
pub struct Partition {
    arcs: Vec<Arc>,
}

impl Partition {
    /// Traces the borders. `smooth` rounds of corner cutting, then simplification to `tolerance` metres.
    #[must_use]
    pub fn trace(lattice: &Lattice, label: &[u32], smooth: u32, tolerance: f64) -> Self {
        // Directed edges with the cell on the left: from vertex → (to, left label, right label).
        let mut edges: Vec<(usize, usize, u32, u32)> = Vec::new();
        for cell in 0..lattice.cells() {
            for d in 0..3 {
                let Some(n) = lattice.neighbour(cell, d) else { continue };
                if label[cell] == label[n] {
                    continue;
                }
                if let (Some(a), Some(b)) = (lattice.vertex(cell, d), lattice.vertex(cell, d + 1)) {
                    edges.push((a, b, label[cell], label[n]));
                    edges.push((b, a, label[n], label[cell]));
                }
            }
        }
        edges.sort_unstable();
        let from = |v: usize| {
            let lo = edges.partition_point(|e| e.0 < v);
            let hi = edges.partition_point(|e| e.0 <= v);
            lo..hi
        };
        let mut used = vec![false; edges.len()];
        let reverse = |i: usize| {
            let e = edges[i];
            from(e.1).find(|&j| edges[j].1 == e.0)
        };
        let mut arcs = Vec::new();
        // Arcs that start at a node first, then closed borders.
        for nodes_only in [true, false] {
            for i in 0..edges.len() {
                if used[i] || (nodes_only && from(edges[i].0).len() != 3) {
                    continue;
                }
                let (start, mut at, left, right) = edges[i];
                let mut points = vec![lattice.vertex_point(start), lattice.vertex_point(at)];
                let mut edge = i;
                loop {
                    used[edge] = true;
                    if let Some(r) = reverse(edge) {
                        used[r] = true;
                    }
                    let out = from(at);
                    if at == start || out.len() != 2 {
                        break;
                    }
                    let Some(next) = out.into_iter().find(|&j| edges[j].1 != edges[edge].0) else { break };
                    edge = next;
                    at = edges[edge].1;
                    points.push(lattice.vertex_point(at));
                }
                for _ in 0..smooth {
                    points = cut_corners(&points);
                }
                if at == start {
                    // A closed border has no node to hold it: keep its far half in place while simplifying.
                    let half = points.len() / 2;
                    let mut first = simplify(&points[..=half], tolerance);
                    first.pop();
                    first.extend(simplify(&points[half..], tolerance));
                    points = first;
                } else {
                    points = simplify(&points, tolerance);
                }
                arcs.push(Arc { points, left, right, ends: (start, at) });
            }
        }
        Self { arcs }
    }

    /// The polygons of each group of labels; `group(label)` is `None` for what belongs to no group.
    /// Groups come in order, each with its parts (largest first).
    #[must_use]
    pub fn polygons(&self, group: &dyn Fn(u32) -> Option<u32>) -> BTreeMap<u32, Vec<Polygon>> {
        let side = |l: u32| if l == VOID { None } else { group(l) };
        // (group, start vertex) → arc walked forward or backward with the group on the left.
        let mut starts: BTreeMap<(u32, usize), Vec<(usize, bool)>> = BTreeMap::new();
        for (i, arc) in self.arcs.iter().enumerate() {
            let (l, r) = (side(arc.left), side(arc.right));
            if l == r {
                continue;
            }
            if let Some(g) = l {
                starts.entry((g, arc.ends.0)).or_default().push((i, true));
            }
            if let Some(g) = r {
                starts.entry((g, arc.ends.1)).or_default().push((i, false));
            }
        }
        let mut rings: BTreeMap<u32, Vec<Ring>> = BTreeMap::new();
        while let Some((&(g, first), _)) = starts.first_key_value() {
            let mut ring: Ring = Vec::new();
            let mut at = first;
            while let Some(list) = starts.get_mut(&(g, at)) {
                let Some((i, forward)) = list.pop() else { break };
                if list.is_empty() {
                    starts.remove(&(g, at));
                }
                let arc = &self.arcs[i];
                let n = arc.points.len() - 1;
                if forward {
                    ring.extend_from_slice(&arc.points[..n]);
                    at = arc.ends.1;
                } else {
                    ring.extend(arc.points[1..].iter().rev());
                    at = arc.ends.0;
                }
                if at == first {
                    break;
                }
            }
            if ring.len() >= 3 {
                rings.entry(g).or_default().push(ring);
            }
        }
        rings.into_iter().map(|(g, rings)| (g, nest(rings))).collect()
    }
}

/// Puts holes (clockwise rings) into the outer ring that holds them.
fn nest(rings: Vec<Ring>) -> Vec<Polygon> {
    let (mut outer, holes): (Vec<Ring>, Vec<Ring>) = rings.into_iter().partition(|r| ring_area(r) > 0.0);
    outer.sort_by(|a, b| ring_area(b).total_cmp(&ring_area(a)));
    let mut parts: Vec<Polygon> = outer.into_iter().map(|r| vec![r]).collect();
    for hole in holes {
        // The smallest outer ring around the hole.
        if let Some(part) = parts
            .iter_mut()
            .rev()
            .find(|p| ring_contains(&p[0], hole[0]) || hole.iter().any(|q| ring_contains(&p[0], *q)))
        {
            part.push(hole);
        }
    }
    parts
}

/// Chaikin's corner cutting with fixed ends. On a honeycomb the cut corners of two arcs never cross,
/// since two edges that meet lie on one cell and each corner is cut inside that cell.
fn cut_corners(points: &[Point]) -> Vec<Point> {
    if points.len() < 3 {
        return points.to_vec();
    }
    let blend = |a: Point, b: Point, t: f64| [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t];
    let mut out = vec![points[0]];
    for (i, w) in points.windows(2).enumerate() {
        if i > 0 {
            out.push(blend(w[0], w[1], 0.25));
        }
        if i + 2 < points.len() {
            out.push(blend(w[0], w[1], 0.75));
        }
    }
    out.push(points[points.len() - 1]);
    out
}

/// Douglas–Peucker with fixed ends.
fn simplify(points: &[Point], tolerance: f64) -> Vec<Point> {
    if points.len() < 3 || tolerance <= 0.0 {
        return points.to_vec();
    }
    let mut keep = vec![false; points.len()];
    keep[0] = true;
    keep[points.len() - 1] = true;
    let mut stack = vec![(0, points.len() - 1)];
    while let Some((a, b)) = stack.pop() {
        let mut far = (tolerance, 0);
        for i in a + 1..b {
            let d = segment_distance(points[i], points[a], points[b]);
            if d > far.0 {
                far = (d, i);
            }
        }
        if far.1 != 0 {
            keep[far.1] = true;
            stack.push((a, far.1));
            stack.push((far.1, b));
        }
    }
    points.iter().zip(&keep).filter(|(_, k)| **k).map(|(p, _)| *p).collect()
}

#[cfg(test)]
mod tests {
    use super::super::dice::fractal;
    use super::super::geometry::{area, contains};
    use super::*;

    fn grown(smooth: u32, tolerance: f64) -> (Lattice, Vec<u32>, Partition) {
        let lattice = Lattice::new([0.0, 0.0, 6000.0, 5000.0], 60.0);
        let inside = |c: usize| {
            let [x, y] = lattice.center(c);
            (x - 3000.0).hypot(y - 2500.0) < 2300.0
        };
        let seeds: Vec<_> =
            [[2000.0, 2000.0], [4000.0, 2200.0], [3000.0, 3500.0], [3000.0, 2500.0], [1500.0, 3000.0]]
                .iter()
                .enumerate()
                .map(|(i, p)| (lattice.cell_at(*p), i as u32, 0.0))
                .collect();
        let cost = |c: usize| {
            let [x, y] = lattice.center(c);
            1.0 + 0.6 * fractal(1, x / 800.0, y / 800.0)
        };
        let label = lattice.grow(&seeds, &|_, c| inside(c), &cost, f64::INFINITY);
        let partition = Partition::trace(&lattice, &label, smooth, tolerance);
        (lattice, label, partition)
    }

    #[test]
    fn raw_borders_enclose_exactly_the_cells_of_each_region() {
        let (_, label, partition) = grown(0, 0.0);
        let cell = 1.5 * 3f64.sqrt() * 60.0 * 60.0;
        for (g, parts) in partition.polygons(&Some) {
            let cells = label.iter().filter(|l| **l == g).count() as f64;
            let a: f64 = parts.iter().map(|p| area(p)).sum();
            assert!((a - cells * cell).abs() < 1e-6 * a, "{g}: {a} {}", cells * cell);
        }
    }

    #[test]
    fn smoothed_regions_still_tile_their_union_without_gap_or_overlap() {
        let (_, _, partition) = grown(2, 8.0);
        let parts = partition.polygons(&Some);
        let whole = partition.polygons(&|_| Some(0));
        let sum: f64 = parts.values().flatten().map(|p| area(p)).sum();
        let union: f64 = whole[&0].iter().map(|p| area(p)).sum();
        assert!((sum - union).abs() < 1e-6 * union, "{sum} {union}");
        // And every point of the union is in exactly one part.
        for i in 0..4000u32 {
            let p = [f64::from(i % 63) * 97.3 + 11.0, f64::from(i / 63) * 79.7 + 13.0];
            let n = parts.values().flatten().filter(|q| contains(q, p)).count();
            let w = whole[&0].iter().filter(|q| contains(q, p)).count();
            assert_eq!(n, w, "{p:?}");
        }
    }

    #[test]
    fn a_region_around_another_gets_a_hole() {
        let lattice = Lattice::new([0.0, 0.0, 3000.0, 3000.0], 60.0);
        let label: Vec<u32> = (0..lattice.cells())
            .map(|c| {
                let [x, y] = lattice.center(c);
                match (x - 1500.0).hypot(y - 1500.0) {
                    d if d < 400.0 => 1,
                    d if d < 1200.0 => 0,
                    _ => VOID,
                }
            })
            .collect();
        let parts = Partition::trace(&lattice, &label, 2, 5.0).polygons(&Some);
        assert_eq!((parts[&0].len(), parts[&0][0].len(), parts[&1][0].len()), (1, 2, 1));
        assert!(!contains(&parts[&0][0], [1500.0, 1500.0]) && contains(&parts[&1][0], [1500.0, 1500.0]));
    }
}
