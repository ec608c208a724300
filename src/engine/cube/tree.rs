//! The packed R-tree over the cube's order: boxes of 64 addresses, then of 16 nodes, and so on.
//!
//! Nodes are implicit: node `i` of level 0 holds addresses `64 i … 64 i + 63`; node `i` of level `l` holds
//! nodes `16 i … 16 i + 15` of level `l − 1`. Only boxes are stored here; sums stand beside them (see `sum`).

/// Addresses in a leaf.
pub const LEAF: usize = 64;
/// Nodes in a node.
pub const FAN: usize = 16;

/// Numbers of nodes by level, leaves first, for `n` addresses.
#[must_use]
pub fn level_sizes(n: usize) -> Vec<usize> {
    let mut sizes = Vec::new();
    let mut m = n.div_ceil(LEAF);
    while m > 0 {
        sizes.push(m);
        if m == 1 {
            break;
        }
        m = m.div_ceil(FAN);
    }
    sizes
}

/// Boxes of all levels, leaves first, each (west, south, east, north); an empty box has west > east.
#[must_use]
pub fn boxes(lon: &[f64], lat: &[f64]) -> Vec<f64> {
    let empty = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    let join = |a: [f64; 4], b: [f64; 4]| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])];
    let mut level: Vec<[f64; 4]> = lon
        .chunks(LEAF)
        .zip(lat.chunks(LEAF))
        .map(|(xs, ys)| xs.iter().zip(ys).fold(empty, |b, (&x, &y)| join(b, [x, y, x, y])))
        .collect();
    let mut out = Vec::new();
    while !level.is_empty() {
        out.extend(level.iter().flatten());
        if level.len() == 1 {
            break;
        }
        level = level.chunks(FAN).map(|c| c.iter().fold(empty, |b, &n| join(b, n))).collect();
    }
    out
}

/// The tree over the located addresses of a cube.
#[derive(Debug, Clone)]
pub struct Tree<'a> {
    lon: &'a [f64],
    lat: &'a [f64],
    boxes: &'a [f64],
    /// Start of each level in `boxes`, in nodes.
    starts: Vec<usize>,
    sizes: Vec<usize>,
}

impl<'a> Tree<'a> {
    /// `boxes` as made by [`boxes`] from the same points.
    #[must_use]
    pub fn new(lon: &'a [f64], lat: &'a [f64], boxes: &'a [f64]) -> Self {
        let sizes = level_sizes(lon.len());
        let starts = sizes
            .iter()
            .scan(0, |at, n| {
                let s = *at;
                *at += n;
                Some(s)
            })
            .collect();
        Self { lon, lat, boxes, starts, sizes }
    }

    /// The highest level, if there is any address.
    #[must_use]
    pub fn top(&self) -> Option<usize> {
        self.sizes.len().checked_sub(1)
    }

    #[must_use]
    pub fn nodes(&self, level: usize) -> usize {
        self.sizes[level]
    }

    /// Box of everything.
    #[must_use]
    pub fn extent(&self) -> Option<[f64; 4]> {
        self.top().map(|t| self.bounds(t, 0))
    }

    #[inline]
    pub(super) fn bounds(&self, level: usize, node: usize) -> [f64; 4] {
        let i = (self.starts[level] + node) * 4;
        [self.boxes[i], self.boxes[i + 1], self.boxes[i + 2], self.boxes[i + 3]]
    }

    #[inline]
    pub(super) fn point(&self, address: u32) -> (f64, f64) {
        (self.lon[address as usize], self.lat[address as usize])
    }

    /// Addresses under a node.
    #[inline]
    pub(super) fn addresses(&self, level: usize, node: usize) -> (u32, u32) {
        let span = LEAF * FAN.pow(u32::try_from(level).unwrap_or(u32::MAX));
        let (start, end) = (node * span, ((node + 1) * span).min(self.lon.len()));
        (u32::try_from(start).unwrap_or(u32::MAX), u32::try_from(end).unwrap_or(u32::MAX))
    }

    #[inline]
    pub(super) fn children(&self, level: usize, node: usize) -> std::ops::Range<usize> {
        node * FAN..((node + 1) * FAN).min(self.sizes[level - 1])
    }
}
