//! Points and polygons in Lambert-93 metres, and the closed formulas between Lambert-93 and WGS84.
//!
//! The demonstration is drawn in metres and written in degrees. It uses IGN's closed formulas
//! (algorithms ALG0001–ALG0004 of note NT/G 71) and not the PROJ of the importers, so that the
//! planted truth is independent of what is tested with it.

/// A point: easting and northing in metres (EPSG:2154) or longitude and latitude in degrees.
pub type Point = [f64; 2];

/// A ring without repetition of its first point.
pub type Ring = Vec<Point>;

/// Outer ring (counter-clockwise), then holes (clockwise).
pub type Polygon = Vec<Ring>;

const E: f64 = 0.081_819_191_042_815_8;
const N: f64 = 0.725_607_765_053_267;
const C: f64 = 11_754_255.426_096;
const XS: f64 = 700_000.0;
const YS: f64 = 12_655_612.049_876;

/// Longitude, latitude in degrees → Lambert-93 in metres.
#[must_use]
pub fn to_lambert([lon, lat]: Point) -> Point {
    let phi = lat.to_radians();
    let s = E * phi.sin();
    let iso = ((std::f64::consts::FRAC_PI_4 + phi / 2.0).tan() * ((1.0 - s) / (1.0 + s)).powf(E / 2.0)).ln();
    let r = C * (-N * iso).exp();
    let gamma = N * (lon - 3.0).to_radians();
    [XS + r * gamma.sin(), YS - r * gamma.cos()]
}

/// Lambert-93 in metres → longitude, latitude in degrees.
#[must_use]
pub fn to_wgs84([x, y]: Point) -> Point {
    let (dx, dy) = (x - XS, YS - y);
    let r = dx.hypot(dy);
    let lon = 3.0 + (dx.atan2(dy) / N).to_degrees();
    let iso = -(r / C).ln() / N;
    let mut phi = 2.0 * iso.exp().atan() - std::f64::consts::FRAC_PI_2;
    for _ in 0..6 {
        let s = E * phi.sin();
        phi = 2.0 * (((1.0 + s) / (1.0 - s)).powf(E / 2.0) * iso.exp()).atan() - std::f64::consts::FRAC_PI_2;
    }
    [lon, phi.to_degrees()]
}

/// The system that a part of the drawing is written in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    pub epsg: u16,
    /// Central meridian of a transverse Mercator system; None: Lambert-93.
    meridian: Option<f64>,
    /// Metres from the drawing to the ground.
    shift: Point,
}

/// False easting and northing of UTM south, scale on the meridian, and the ellipsoid GRS 80.
const UTM: ([f64; 2], f64) = ([500_000.0, 10_000_000.0], 0.9996);
const AXIS: f64 = 6_378_137.0;
const FLATTENING: f64 = 1.0 / 298.257_222_101;

impl Frame {
    /// The drawing is the ground.
    pub const LAMBERT: Self = Self { epsg: 2154, meridian: None, shift: [0.0, 0.0] };

    /// UTM south around a meridian, so that a point of the drawing stands at these degrees.
    #[must_use]
    pub fn utm_south(epsg: u16, meridian: f64, degrees: Point, drawn: Point) -> Self {
        let at = utm(meridian, degrees).map(f64::round);
        Self { epsg, meridian: Some(meridian), shift: [at[0] - drawn[0], at[1] - drawn[1]] }
    }

    /// A point of the drawing in the system.
    #[must_use]
    pub fn place(&self, p: Point) -> Point {
        [p[0] + self.shift[0], p[1] + self.shift[1]]
    }

    /// A point of the drawing in degrees.
    #[must_use]
    pub fn degrees(&self, p: Point) -> Point {
        match self.meridian {
            None => to_wgs84(p),
            Some(meridian) => from_utm(meridian, self.place(p)),
        }
    }
}

/// Radius of the rectified meridian, coefficients of Krüger's series forward and back (third order, 0.1 mm),
/// first eccentricity.
fn series() -> (f64, [f64; 3], [f64; 3], f64) {
    let n = FLATTENING / (2.0 - FLATTENING);
    let (n2, n3) = (n * n, n * n * n);
    let radius = AXIS / (1.0 + n) * (1.0 + n2 / 4.0 + n2 * n2 / 64.0);
    let forward =
        [n / 2.0 - 2.0 * n2 / 3.0 + 5.0 * n3 / 16.0, 13.0 * n2 / 48.0 - 3.0 * n3 / 5.0, 61.0 * n3 / 240.0];
    let back = [n / 2.0 - 2.0 * n2 / 3.0 + 37.0 * n3 / 96.0, n2 / 48.0 + n3 / 15.0, 17.0 * n3 / 480.0];
    (radius, forward, back, (FLATTENING * (2.0 - FLATTENING)).sqrt())
}

fn utm(meridian: f64, [lon, lat]: Point) -> Point {
    let (radius, alpha, _, e) = series();
    let (l, s) = ((lon - meridian).to_radians(), lat.to_radians().sin());
    let t = (s.atanh() - e * (e * s).atanh()).sinh();
    let (xi, eta) = (t.atan2(l.cos()), (l.sin() / t.hypot(l.cos())).asinh());
    let (mut x, mut y) = (eta, xi);
    for (j, a) in (1..).map(|j| 2.0 * f64::from(j)).zip(alpha) {
        x += a * (j * xi).cos() * (j * eta).sinh();
        y += a * (j * xi).sin() * (j * eta).cosh();
    }
    let ([east, north], k) = UTM;
    [east + k * radius * x, north + k * radius * y]
}

fn from_utm(meridian: f64, [x, y]: Point) -> Point {
    let (radius, _, beta, e) = series();
    let ([east, north], k) = UTM;
    let (xi, eta) = ((y - north) / (k * radius), (x - east) / (k * radius));
    let (mut u, mut v) = (xi, eta);
    for (j, b) in (1..).map(|j| 2.0 * f64::from(j)).zip(beta) {
        u -= b * (j * xi).sin() * (j * eta).cosh();
        v -= b * (j * xi).cos() * (j * eta).sinh();
    }
    let conformal = (u.sin() / v.cosh()).asin();
    // From the conformal latitude to the geodetic one.
    let q = conformal.sin().atanh();
    let mut s = conformal.sin();
    for _ in 0..8 {
        s = (q + e * (e * s).atanh()).tanh();
    }
    [meridian + v.sinh().atan2(u.cos()).to_degrees(), s.asin().to_degrees()]
}

#[must_use]
pub fn distance(a: Point, b: Point) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// Signed area, positive when counter-clockwise.
#[must_use]
pub fn ring_area(ring: &[Point]) -> f64 {
    let mut s = 0.0;
    for (i, p) in ring.iter().enumerate() {
        let q = ring[(i + 1) % ring.len()];
        s += p[0] * q[1] - q[0] * p[1];
    }
    s / 2.0
}

/// Area of a polygon, holes taken away.
#[must_use]
pub fn area(polygon: &[Ring]) -> f64 {
    polygon.iter().map(|r| ring_area(r)).sum()
}

#[must_use]
pub fn ring_contains(ring: &[Point], p: Point) -> bool {
    let mut inside = false;
    let mut j = ring.len().wrapping_sub(1);
    for i in 0..ring.len() {
        let (a, b) = (ring[i], ring[j]);
        if (a[1] > p[1]) != (b[1] > p[1]) && p[0] < (b[0] - a[0]) * (p[1] - a[1]) / (b[1] - a[1]) + a[0] {
            inside = !inside;
        }
        j = i;
    }
    inside
}

/// True when the point is in the outer ring and in no hole (even–odd).
#[must_use]
pub fn contains(polygon: &[Ring], p: Point) -> bool {
    polygon.iter().filter(|r| ring_contains(r, p)).count() % 2 == 1
}

/// Distance from a point to a segment.
#[must_use]
pub fn segment_distance(p: Point, a: Point, b: Point) -> f64 {
    let (vx, vy) = (b[0] - a[0], b[1] - a[1]);
    let len2 = vx * vx + vy * vy;
    let t = if len2 > 0.0 { (((p[0] - a[0]) * vx + (p[1] - a[1]) * vy) / len2).clamp(0.0, 1.0) } else { 0.0 };
    distance(p, [a[0] + t * vx, a[1] + t * vy])
}

/// Distance to the polygon, 0 inside.
#[must_use]
pub fn polygon_distance(polygon: &[Ring], p: Point) -> f64 {
    if contains(polygon, p) {
        return 0.0;
    }
    let mut best = f64::INFINITY;
    for ring in polygon {
        for i in 0..ring.len() {
            best = best.min(segment_distance(p, ring[i], ring[(i + 1) % ring.len()]));
        }
    }
    best
}

/// A box: west, south, east, north.
#[must_use]
pub fn bounds(ring: &[Point]) -> [f64; 4] {
    let mut b = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    for p in ring {
        b = [b[0].min(p[0]), b[1].min(p[1]), b[2].max(p[0]), b[3].max(p[1])];
    }
    b
}

/// Convex hull, counter-clockwise.
#[must_use]
pub fn hull(mut points: Vec<Point>) -> Ring {
    points.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
    let turn = |o: Point, a: Point, b: Point| (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0]);
    let half = |points: &mut dyn Iterator<Item = Point>| {
        let mut h: Ring = Vec::new();
        for p in points {
            while h.len() >= 2 && turn(h[h.len() - 2], h[h.len() - 1], p) <= 0.0 {
                h.pop();
            }
            h.push(p);
        }
        h.pop();
        h
    };
    let mut out = half(&mut points.iter().copied());
    out.extend(half(&mut points.iter().rev().copied()));
    out
}

/// Points of one layer by square cell, for « is anything nearer than d? ».
#[derive(Debug)]
pub struct Near {
    cell: f64,
    cells: rustc_hash::FxHashMap<(i32, i32), Vec<(Point, u32)>>,
}

impl Near {
    #[must_use]
    pub fn new(cell: f64) -> Self {
        Self { cell, cells: rustc_hash::FxHashMap::default() }
    }

    fn key(&self, p: Point) -> (i32, i32) {
        ((p[0] / self.cell).floor() as i32, (p[1] / self.cell).floor() as i32)
    }

    pub fn insert(&mut self, p: Point, owner: u32) {
        let key = self.key(p);
        self.cells.entry(key).or_default().push((p, owner));
    }

    /// True when a point of another owner stands nearer than `d`.
    #[must_use]
    pub fn any_within(&self, p: Point, d: f64, but: u32) -> bool {
        let k = (d / self.cell).ceil() as i32;
        let (i, j) = self.key(p);
        for a in i - k..=i + k {
            for b in j - k..=j + k {
                if let Some(list) = self.cells.get(&(a, b))
                    && list.iter().any(|(q, o)| *o != but && distance(*q, p) < d)
                {
                    return true;
                }
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Vectors computed with PROJ 9.5.1, rounded to the centimetre.
    #[test]
    fn lambert_agrees_with_proj_both_ways() {
        let cases = [
            ([2.3499, 48.8530], [652_296.97, 6_861_636.36]),
            ([5.9178, 45.5646], [927_552.03, 6_500_326.96]),
            ([-0.5563, 47.4711], [432_216.57, 6_713_891.36]),
            ([3.0573, 50.6292], [704_061.15, 7_059_136.59]),
        ];
        for (degrees, metres) in cases {
            assert!(distance(to_lambert(degrees), metres) < 0.01);
            assert!(distance(to_wgs84(to_lambert(degrees)), degrees) < 1e-10);
        }
    }

    /// Values of PROJ for EPSG:2975 (RGR92 / UTM 40S), to the millimetre.
    #[test]
    fn utm_south_is_that_of_proj_and_comes_back() {
        let degrees = [55.45, -20.9];
        let there = utm(57.0, degrees);
        assert!(distance(there, [338_788.529_9, 7_688_141.537_8]) < 0.002, "{there:?}");
        assert!(distance(from_utm(57.0, there), degrees) < 1e-8);
        let frame = Frame::utm_south(2975, 57.0, degrees, [900_000.0, 6_500_000.0]);
        assert!(distance(frame.degrees([900_000.0, 6_500_000.0]), degrees) < 1e-5);
        assert_eq!(Frame::LAMBERT.place([1.0, 2.0]), [1.0, 2.0]);
    }

    #[test]
    fn a_square_with_a_hole_has_the_area_and_the_inside_that_it_shows() {
        let square = vec![[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0]];
        let hole = vec![[4.0, 4.0], [4.0, 6.0], [6.0, 6.0], [6.0, 4.0]];
        let p = vec![square, hole];
        assert!((area(&p) - 96.0).abs() < 1e-12);
        assert!(contains(&p, [1.0, 1.0]) && !contains(&p, [5.0, 5.0]) && !contains(&p, [11.0, 5.0]));
        assert!((polygon_distance(&p, [13.0, 14.0]) - 5.0).abs() < 1e-12);
    }
}
