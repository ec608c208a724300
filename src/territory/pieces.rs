//! The index behind point lookup: polygons cut in horizontal slabs of a few edges, in an R-tree.
//!
//! A slab holds every edge that crosses or touches its span of latitudes, so that the parity of the
//! edges east of a point decides on that slab alone. A point on an edge is inside (closed areas).

use geo::kernels::{Kernel, RobustKernel};
use geo::{Coord, MultiPolygon};
use rstar::{AABB, RTree, RTreeObject};

/// Edges a slab aims for: fewer make a deeper tree, more make a longer scan.
const EDGES_A_SLAB: usize = 10;
/// The box of a slab is only a filter: widened by about a tenth of a millimetre against rounding.
const PAD: f64 = 1e-9;

/// One edge, with its southern end first so that neighbours compute the same side of a shared edge.
#[derive(Debug, Clone, Copy)]
pub struct Edge {
    pub south: [f64; 2],
    pub north: [f64; 2],
}

/// One slab of one polygon of one zone.
#[derive(Debug, Clone)]
struct Piece {
    zone: u32,
    first: u32,
    len: u32,
    low: [f64; 2],
    high: [f64; 2],
}

impl RTreeObject for Piece {
    type Envelope = AABB<[f64; 2]>;
    fn envelope(&self) -> Self::Envelope {
        AABB::from_corners(self.low, self.high)
    }
}

impl rstar::PointDistance for Piece {
    fn distance_2(&self, p: &[f64; 2]) -> f64 {
        let d = |i: usize| (self.low[i] - p[i]).max(p[i] - self.high[i]).max(0.0);
        d(0) * d(0) + d(1) * d(1)
    }
    fn contains_point(&self, p: &[f64; 2]) -> bool {
        self.low[0] <= p[0] && p[0] <= self.high[0] && self.low[1] <= p[1] && p[1] <= self.high[1]
    }
}

/// All slabs of a layer.
#[derive(Debug)]
pub struct Pieces {
    tree: RTree<Piece>,
    edges: Vec<Edge>,
}

impl Pieces {
    /// Indexes areas in the order of their zones. Vertices that are not finite must not occur.
    pub fn new<'a>(areas: impl Iterator<Item = &'a MultiPolygon<f64>>) -> Self {
        let (mut pieces, mut edges) = (Vec::new(), Vec::new());
        for (zone, area) in (0_u32..).zip(areas) {
            for polygon in &area.0 {
                let rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
                let own: Vec<Edge> = rings.flat_map(|r| r.lines()).map(|l| edge(l.start, l.end)).collect();
                cut(zone, &own, &mut pieces, &mut edges);
            }
        }
        Self { tree: RTree::bulk_load(pieces), edges }
    }

    /// Lowest zone that holds the point.
    pub fn first(&self, p: [f64; 2]) -> Option<u32> {
        let mut best = None;
        for piece in self.tree.locate_all_at_point(p) {
            if best.is_none_or(|b| piece.zone < b) && self.holds(piece, p) {
                best = Some(piece.zone);
            }
        }
        best
    }

    /// All zones that hold the point, growing.
    pub fn all(&self, p: [f64; 2]) -> Vec<u32> {
        let mut zones: Vec<u32> =
            self.tree.locate_all_at_point(p).filter(|piece| self.holds(piece, p)).map(|piece| piece.zone).collect();
        zones.sort_unstable();
        zones.dedup();
        zones
    }

    /// Edges of slabs that meet a box, with their zone and their place; some may be given twice.
    pub fn edges_near(&self, low: [f64; 2], high: [f64; 2]) -> impl Iterator<Item = (u32, usize)> {
        self.tree
            .locate_in_envelope_intersecting(AABB::from_corners(low, high))
            .flat_map(|p| (p.first as usize..(p.first + p.len) as usize).map(|i| (p.zone, i)))
    }

    /// All edges, slab after slab.
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }

    fn holds(&self, piece: &Piece, [x, y]: [f64; 2]) -> bool {
        let mut inside = false;
        for e in &self.edges[piece.first as usize..(piece.first + piece.len) as usize] {
            let ([xs, ys], [xn, yn]) = (e.south, e.north);
            if y < ys || y > yn {
                continue;
            }
            if ys == yn {
                // Horizontal: only a point on it matters.
                if xs.min(xn) <= x && x <= xs.max(xn) {
                    return true;
                }
                continue;
            }
            // Which side of the edge: > 0 is west of it (the edge runs north).
            let (a, b) = ((xn - xs) * (y - ys), (x - xs) * (yn - ys));
            let mut side = a - b;
            // Shewchuk's first filter for orient2d; below it, decide exactly.
            if side.abs() <= 4e-16 * (a.abs() + b.abs()) {
                side = match RobustKernel::orient2d(
                    Coord { x: xs, y: ys },
                    Coord { x: xn, y: yn },
                    Coord { x, y },
                ) {
                    geo::Orientation::CounterClockwise => 1.0,
                    geo::Orientation::Clockwise => -1.0,
                    geo::Orientation::Collinear => return true,
                };
            }
            // Half-open in latitude: a vertex counts for the edge that it is the south of.
            if side > 0.0 && y < yn {
                inside = !inside;
            }
        }
        inside
    }
}

fn edge(a: Coord<f64>, b: Coord<f64>) -> Edge {
    let (south, north) = if (a.y, a.x) <= (b.y, b.x) { (a, b) } else { (b, a) };
    Edge { south: [south.x, south.y], north: [north.x, north.y] }
}

/// Cuts one polygon at latitudes that share its edges evenly.
fn cut(zone: u32, own: &[Edge], pieces: &mut Vec<Piece>, edges: &mut Vec<Edge>) {
    if own.is_empty() {
        return;
    }
    let mut ys: Vec<f64> = own.iter().flat_map(|e| [e.south[1], e.north[1]]).collect();
    ys.sort_unstable_by(f64::total_cmp);
    let slabs = own.len().div_ceil(EDGES_A_SLAB);
    let mut bounds: Vec<f64> = (0..slabs).map(|i| ys[i * ys.len() / slabs]).collect();
    bounds.push(ys[ys.len() - 1]);
    bounds.dedup();
    if bounds.len() == 1 {
        bounds.push(bounds[0]);
    }
    let mut slabs: Vec<Vec<&Edge>> = vec![Vec::new(); bounds.len() - 1];
    for e in own {
        // Slabs whose closed span meets the closed span of the edge.
        let from = bounds[1..].partition_point(|&top| top < e.south[1]);
        let to = bounds[..slabs.len()].partition_point(|&bottom| bottom <= e.north[1]);
        for slab in &mut slabs[from..to] {
            slab.push(e);
        }
    }
    for (slab, span) in slabs.iter().zip(bounds.windows(2)) {
        let first = edges.len();
        let (mut west, mut east) = (f64::INFINITY, f64::NEG_INFINITY);
        for e in slab {
            edges.push(**e);
            for x in clipped(e, span[0], span[1]) {
                west = west.min(x);
                east = east.max(x);
            }
        }
        pieces.push(Piece {
            zone,
            first: small(first),
            len: small(edges.len() - first),
            low: [west - PAD, span[0] - PAD],
            high: [east + PAD, span[1] + PAD],
        });
    }
}

/// Longitudes of an edge where it enters and leaves a span of latitudes.
fn clipped(e: &Edge, y0: f64, y1: f64) -> [f64; 2] {
    let ([xs, ys], [xn, yn]) = (e.south, e.north);
    if ys == yn {
        return [xs, xn];
    }
    let at = |y: f64| xs + (xn - xs) * ((y - ys) / (yn - ys));
    [if ys >= y0 { xs } else { at(y0) }, if yn <= y1 { xn } else { at(y1) }]
}

#[expect(clippy::cast_possible_truncation, reason = "a layer has far fewer than 4 billion edges")]
fn small(n: usize) -> u32 {
    n as u32
}
