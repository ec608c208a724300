//! The index behind point lookup: polygons cut in horizontal slabs of a few edges, listed by square cells.
//!
//! A slab holds every edge that crosses or touches its span of latitudes, so that the parity of the
//! edges east of a point decides on that slab alone. A point on an edge is inside (closed areas).
//! An R-tree over the same slabs took four times as long for a point (measured: 0.7 µs against 0.16 µs).

use geo::kernels::{Kernel, RobustKernel};
use geo::{Coord, MultiPolygon};
use rustc_hash::FxHashMap;

/// Edges a slab aims for: fewer make a deeper tree, more make a longer scan.
const EDGES_A_SLAB: usize = 10;
/// Entries of the directory for one slab, on average.
const ENTRIES_A_SLAB: f64 = 6.0;
/// No finer cells than about a metre.
const FINEST: f64 = 1e-5;
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

impl Piece {
    fn covers(&self, [x, y]: [f64; 2]) -> bool {
        self.low[0] <= x && x <= self.high[0] && self.low[1] <= y && y <= self.high[1]
    }

    fn meets(&self, low: [f64; 2], high: [f64; 2]) -> bool {
        self.low[0] <= high[0] && self.high[0] >= low[0] && self.low[1] <= high[1] && self.high[1] >= low[1]
    }
}

/// All slabs of a layer.
#[derive(Debug)]
pub struct Pieces {
    pieces: Vec<Piece>,
    edges: Vec<Edge>,
    directory: Directory,
}

/// Square cells that list the slabs whose box meets them.
#[derive(Debug)]
struct Directory {
    /// Side of a cell in degrees.
    side: f64,
    /// Cell → first and number of its entries in `entries`.
    cells: FxHashMap<u64, (u32, u32)>,
    /// Places of slabs, growing within a cell, hence by growing zone.
    entries: Vec<u32>,
}

impl Directory {
    fn new(pieces: &[Piece]) -> Self {
        let covered = |side: f64| -> f64 {
            let cells = |low: f64, high: f64| (high / side).floor() - (low / side).floor() + 1.0;
            pieces.iter().map(|p| cells(p.low[0], p.high[0]) * cells(p.low[1], p.high[1])).sum()
        };
        // The finest cells that the budget allows: fine ones list few slabs, but cost memory.
        #[expect(clippy::cast_precision_loss, reason = "a count of slabs")]
        let budget = pieces.len() as f64 * ENTRIES_A_SLAB;
        let mut side = 1.0;
        while side > FINEST && covered(side / 2.0) <= budget {
            side /= 2.0;
        }
        let mut listed: Vec<(u64, u32)> = Vec::new();
        for (i, p) in (0_u32..).zip(pieces) {
            for x in place(p.low[0], side)..=place(p.high[0], side) {
                for y in place(p.low[1], side)..=place(p.high[1], side) {
                    listed.push((key(x, y), i));
                }
            }
        }
        listed.sort_unstable();
        let mut cells: FxHashMap<u64, (u32, u32)> = FxHashMap::default();
        for (at, (cell, _)) in listed.iter().enumerate() {
            cells.entry(*cell).or_insert((small(at), 0)).1 += 1;
        }
        Self { side, cells, entries: listed.into_iter().map(|l| l.1).collect() }
    }

    fn at(&self, x: i32, y: i32) -> &[u32] {
        match self.cells.get(&key(x, y)) {
            Some(&(first, len)) => &self.entries[first as usize..(first + len) as usize],
            None => &[],
        }
    }

    fn around(&self, [x, y]: [f64; 2]) -> &[u32] {
        self.at(place(x, self.side), place(y, self.side))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "saturates, and no cell is listed out there")]
fn place(v: f64, side: f64) -> i32 {
    (v / side).floor() as i32
}

#[expect(clippy::cast_sign_loss, reason = "the bits make the key")]
fn key(x: i32, y: i32) -> u64 {
    u64::from(x as u32) << 32 | u64::from(y as u32)
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
        let directory = Directory::new(&pieces);
        Self { pieces, edges, directory }
    }

    /// Slabs that hold the point, by growing zone.
    fn holders(&self, p: [f64; 2]) -> impl Iterator<Item = u32> {
        let near = self.directory.around(p).iter().map(|&i| &self.pieces[i as usize]);
        near.filter(move |piece| piece.covers(p) && self.holds(piece, p)).map(|piece| piece.zone)
    }

    /// Lowest zone that holds the point.
    pub fn first(&self, p: [f64; 2]) -> Option<u32> {
        self.holders(p).next()
    }

    /// All zones that hold the point, growing.
    pub fn all(&self, p: [f64; 2]) -> Vec<u32> {
        let mut zones: Vec<u32> = self.holders(p).collect();
        zones.dedup();
        zones
    }

    /// Edges of slabs that meet a box, with their zone and their place; an edge that crosses several
    /// slabs is given several times.
    pub fn edges_near(&self, low: [f64; 2], high: [f64; 2]) -> Vec<(u32, usize)> {
        let d = &self.directory;
        let (x0, x1) = (place(low[0], d.side), place(high[0], d.side));
        let (y0, y1) = (place(low[1], d.side), place(high[1], d.side));
        let span = |a: i32, b: i32| u64::from(b.abs_diff(a)) + 1;
        let mut near: Vec<u32> = if span(x0, x1) * span(y0, y1) > self.pieces.len() as u64 {
            (0..small(self.pieces.len())).collect()
        } else {
            (x0..=x1).flat_map(|x| (y0..=y1).flat_map(move |y| d.at(x, y))).copied().collect()
        };
        near.sort_unstable();
        near.dedup();
        near.into_iter()
            .map(|i| &self.pieces[i as usize])
            .filter(|p| p.meets(low, high))
            .flat_map(|p| (p.first as usize..(p.first + p.len) as usize).map(|i| (p.zone, i)))
            .collect()
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
