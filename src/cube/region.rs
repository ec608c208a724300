//! A zone as a set of edges, and the walk of the tree that finds the address points inside it.
//!
//! A point is inside when a ray from it towards the west crosses the boundary an odd number of times
//! (rings and holes alike). The walk carries down, for each node, only the edges that can still matter
//! inside the node's box: an edge wholly to the east never counts, one that spans the box's height wholly to
//! the west flips the parity once for all, the others stay active. A node without active edges is in or
//! out as a whole. So a zone costs its boundary, not its area, and each point is tested against a few edges.

use geo::{CoordsIter, MultiPolygon};

use super::runs::Runs;
use super::tree::Tree;

#[derive(Debug, Clone, Copy)]
struct Edge {
    ax: f64,
    ay: f64,
    bx: f64,
    by: f64,
}

impl Edge {
    /// Longitude at which the edge's line crosses a latitude.
    #[inline]
    fn x_at(&self, y: f64) -> f64 {
        self.ax + (y - self.ay) * (self.bx - self.ax) / (self.by - self.ay)
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
}

/// Margin, in degrees, by which a box must clear an edge before the edge is dropped (about 0.1 µm).
const MARGIN: f64 = 1e-12;

impl Region {
    /// Keeps the edges that a horizontal ray can cross.
    #[must_use]
    pub fn new(zone: &MultiPolygon<f64>) -> Self {
        let mut edges = Vec::with_capacity(zone.coords_count());
        for polygon in zone {
            for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
                for l in ring.lines() {
                    if l.start.y != l.end.y {
                        edges.push(Edge { ax: l.start.x, ay: l.start.y, bx: l.end.x, by: l.end.y });
                    }
                }
            }
        }
        Self { edges }
    }

    /// A box, with the same half-open rule.
    #[must_use]
    pub fn rectangle(b: [f64; 4]) -> Self {
        let side = |x: f64, flip: bool| {
            let (ay, by) = if flip { (b[3], b[1]) } else { (b[1], b[3]) };
            Edge { ax: x, ay, bx: x, by }
        };
        Self { edges: vec![side(b[0], false), side(b[2], true)] }
    }

    #[must_use]
    pub fn contains(&self, x: f64, y: f64) -> bool {
        self.edges.iter().filter(|e| e.crosses(x, y)).count() % 2 == 1
    }

    /// Runs of the located addresses inside the zone.
    #[must_use]
    pub fn walk(&self, tree: &Tree<'_>) -> Runs {
        let mut walk = Walk { tree, stack: Vec::with_capacity(self.edges.len() * 4), runs: Runs::default() };
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
    /// Active edges of the nodes on the path, one slice after the other.
    stack: Vec<Edge>,
    runs: Runs,
}

impl Walk<'_> {
    /// Visits a node; `from` is where the active edges of its parent start in the stack.
    fn visit(&mut self, level: usize, node: usize, from: usize, mut inside: bool) {
        let [x0, y0, x1, y1] = self.tree.bounds(level, node);
        if x0 > x1 {
            return;
        }
        let mine = self.stack.len();
        for i in from..mine {
            let e = self.stack[i];
            let (lo, hi) = if e.ay < e.by { (e.ay, e.by) } else { (e.by, e.ay) };
            if hi <= y0 || lo > y1 {
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
            }
        }
        if self.stack.len() == mine {
            if inside {
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
        for a in start..end {
            let (x, y) = self.tree.point(a);
            let odd = self.stack[mine..].iter().fold(inside, |p, e| p ^ e.crosses(x, y));
            if odd {
                self.runs.push(a, a + 1);
            }
        }
    }
}
