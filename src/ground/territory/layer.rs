//! A zone layer in memory: which zone holds a point, and how far its edge is.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use geo::MultiPolygon;
use polars::prelude::*;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::crs;
use super::known::Coverage;
use super::pieces::Pieces;
use super::wkb::{self, WkbError};

/// What [`Layer::locate_all`] writes for a point that no zone holds.
pub const NOWHERE: u32 = u32::MAX;
/// Metres of one degree of latitude, at the least: boxes in degrees must not be too small.
const METRES_A_DEGREE: f64 = 110_000.0;
const CHUNK: usize = 4_096;
/// Sides of a contour that was simplified rather than drawn so.
const LEAST_SIDES: usize = 8;

/// One zone of a layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone {
    pub code: String,
    pub nom: String,
    pub commune: Option<String>,
    pub epci: Option<String>,
    pub departement: Option<String>,
    /// Degrees WGS84, valid.
    pub geometry: MultiPolygon<f64>,
    /// `[west, south, east, north]`; infinite (and inverted) if the geometry is empty.
    pub bbox: [f64; 4],
}

impl Zone {
    /// A zone with its box.
    #[must_use]
    pub fn new(code: String, nom: String, geometry: MultiPolygon<f64>) -> Self {
        let mut bbox = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
        for c in geometry.0.iter().flat_map(|p| &p.exterior().0) {
            bbox = [bbox[0].min(c.x), bbox[1].min(c.y), bbox[2].max(c.x), bbox[3].max(c.y)];
        }
        Self { code, nom, commune: None, epci: None, departement: None, geometry, bbox }
    }
}

/// Why a layer cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum LayerError {
    #[error("la table de zones {path} ne se lit pas : {source}")]
    Table { path: PathBuf, source: PolarsError },
    #[error("la table de zones {path} : la zone {code} : {source}")]
    Geometry { path: PathBuf, code: String, source: WkbError },
}

/// The nearest edge of a layer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EdgeDistance {
    /// Zone that the edge bounds; where zones share it, the one that holds the point, else the lowest.
    pub zone: u32,
    pub metres: f64,
    /// True if that zone holds the point.
    pub inside: bool,
}

/// Zones with their index. Zones are numbered by their place in [`Layer::zones`].
#[derive(Debug)]
pub struct Layer {
    pub id: String,
    pub zones: Vec<Zone>,
    by_code: FxHashMap<String, u32>,
    pieces: Pieces,
    /// Both ends of each edge in metres of the local system, made at the first distance.
    metric: OnceLock<Vec<[f64; 4]>>,
    /// Made when it is first asked.
    coverage: OnceLock<Coverage>,
    coarseness: OnceLock<f64>,
}

impl Layer {
    /// Indexes zones. Where zones overlap, the first of the list is the one that [`Layer::locate`] gives.
    #[must_use]
    pub fn new(id: &str, zones: Vec<Zone>) -> Self {
        let mut by_code = FxHashMap::default();
        for (i, zone) in (0_u32..).zip(&zones) {
            by_code.entry(zone.code.clone()).or_insert(i);
        }
        let pieces = Pieces::new(zones.iter().map(|z| &z.geometry));
        Self {
            id: id.to_owned(),
            zones,
            by_code,
            pieces,
            metric: OnceLock::new(),
            coverage: OnceLock::new(),
            coarseness: OnceLock::new(),
        }
    }

    /// Reads `zones.parquet` of an import.
    ///
    /// # Errors
    /// The file is missing, lacks a column or holds a geometry that is no area.
    pub fn from_parquet(id: &str, path: &Path) -> Result<Self, LayerError> {
        let table = |source| LayerError::Table { path: path.to_owned(), source };
        let frame = std::fs::File::open(path)
            .map_err(PolarsError::from)
            .and_then(|file| ParquetReader::new(file).finish())
            .map_err(table)?;
        let text = |name: &str| frame.column(name).and_then(|c| c.str()).map_err(table);
        let (code, nom) = (text("code")?, text("nom")?);
        let (commune, epci, departement) = (text("commune")?, text("epci")?, text("departement")?);
        let geometrie = frame.column("geometrie").and_then(|c| c.binary()).map_err(table)?;
        let own = |column: &StringChunked, i: usize| column.get(i).map(str::to_owned);
        let mut zones = Vec::with_capacity(frame.height());
        for i in 0..frame.height() {
            let code = own(code, i).unwrap_or_default();
            let geometry = wkb::decode(geometrie.get(i).unwrap_or_default()).map_err(|source| {
                LayerError::Geometry { path: path.to_owned(), code: code.clone(), source }
            })?;
            let mut zone = Zone::new(code, own(nom, i).unwrap_or_default(), geometry);
            zone.commune = own(commune, i);
            zone.epci = own(epci, i);
            zone.departement = own(departement, i);
            zones.push(zone);
        }
        Ok(Self::new(id, zones))
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.zones.len()
    }

    /// The territory that its zones speak of, by their départements.
    #[must_use]
    pub fn coverage(&self) -> &Coverage {
        self.coverage.get_or_init(|| Coverage::of(self))
    }

    /// How far in metres a true border may run from the drawn one: half of the usual length of a side, for a
    /// simplified contour leaves out what is between two vertices. Fine contours have sides of 30 to 300 m,
    /// simplified ones of more than a kilometre.
    #[must_use]
    pub fn coarseness_m(&self) -> f64 {
        *self.coarseness.get_or_init(|| {
            let parts = self.zones.iter().flat_map(|z| &z.geometry.0);
            let mut sides: Vec<f64> = parts
                .flat_map(|p| p.exterior().lines())
                .map(|l| {
                    let (d, lat) = (l.delta(), l.start.y.to_radians());
                    (d.x * lat.cos()).hypot(d.y) * METRES_A_DEGREE
                })
                .collect();
            // Boxes are meant as they are.
            if sides.len() < LEAST_SIDES * self.zones.len().max(1) {
                return 0.0;
            }
            let middle = sides.len() / 2;
            *sides.select_nth_unstable_by(middle, f64::total_cmp).1 / 2.0
        })
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.zones.is_empty()
    }

    /// Place of the zone with this code; the first if several have it.
    #[must_use]
    pub fn index_of(&self, code: &str) -> Option<u32> {
        self.by_code.get(code).copied()
    }

    #[must_use]
    pub fn zone(&self, code: &str) -> Option<&Zone> {
        self.index_of(code).and_then(|i| self.zones.get(i as usize))
    }

    /// The zone that holds a point in degrees. Areas are closed: a point on the edge of several zones,
    /// or inside several overlapping zones, belongs to the lowest one and to it alone.
    #[must_use]
    pub fn locate(&self, lon: f64, lat: f64) -> Option<u32> {
        if lon.is_finite() && lat.is_finite() { self.pieces.first([lon, lat]) } else { None }
    }

    /// [`Layer::locate`] for many points `[lon, lat]`, on all cores; [`NOWHERE`] where none.
    #[must_use]
    pub fn locate_all(&self, points: &[[f64; 2]]) -> Vec<u32> {
        points
            .par_iter()
            .with_min_len(CHUNK)
            .map(|&[lon, lat]| self.locate(lon, lat).unwrap_or(NOWHERE))
            .collect()
    }

    /// Every zone that holds a point, growing: for layers whose zones overlap.
    #[must_use]
    pub fn locate_many(&self, lon: f64, lat: f64) -> Vec<u32> {
        if lon.is_finite() && lat.is_finite() { self.pieces.all([lon, lat]) } else { Vec::new() }
    }

    /// The nearest edge within `max_m` metres, measured in the legal system of the point's territory;
    /// `None` if there is none that near (also for a point deep inside a zone) or outside of France.
    #[must_use]
    pub fn distance_to_edge_m(&self, lon: f64, lat: f64, max_m: f64) -> Option<EdgeDistance> {
        let epsg = crs::epsg_at(lon, lat)?;
        let dy = max_m / METRES_A_DEGREE;
        let dx = dy / lat.to_radians().cos().max(0.1);
        let (low, high) = ([lon - dx, lat - dy], [lon + dx, lat + dy]);
        let near = self.pieces.edges_near(low, high);
        if near.is_empty() {
            return None;
        }
        let (mut x, mut y) = ([lon], [lat]);
        crs::from_lonlat(epsg, &mut x, &mut y).ok()?;
        let p = [x[0], y[0]];
        let metric = self.metric();
        let holders = self.locate_many(lon, lat);
        let mut best: Option<EdgeDistance> = None;
        for (zone, i) in near {
            let metres = distance(p, metric[i]);
            if metres.is_nan() || metres > max_m || best.is_some_and(|b| metres > b.metres) {
                continue;
            }
            let inside = holders.binary_search(&zone).is_ok();
            let found = EdgeDistance { zone, metres, inside };
            if best.is_none_or(|b| metres < b.metres || (!inside, zone) < (!b.inside, b.zone)) {
                best = Some(found);
            }
        }
        best
    }

    /// Distance in metres to one zone (0 inside it), if it is within `max_m`.
    #[must_use]
    pub fn distance_to_zone_m(&self, zone: u32, lon: f64, lat: f64, max_m: f64) -> Option<f64> {
        if self.locate_many(lon, lat).contains(&zone) {
            return Some(0.0);
        }
        let epsg = crs::epsg_at(lon, lat)?;
        let dy = max_m / METRES_A_DEGREE;
        let dx = dy / lat.to_radians().cos().max(0.1);
        let (mut x, mut y) = ([lon], [lat]);
        crs::from_lonlat(epsg, &mut x, &mut y).ok()?;
        let metric = self.metric();
        self.pieces
            .edges_near([lon - dx, lat - dy], [lon + dx, lat + dy])
            .into_iter()
            .filter(|(z, _)| *z == zone)
            .map(|(_, i)| distance([x[0], y[0]], metric[i]))
            .filter(|d| *d <= max_m)
            .min_by(f64::total_cmp)
    }

    /// Mean length of the edges of a zone in metres, and their number: how coarse its contour is.
    #[must_use]
    pub fn mean_edge_m(&self, zone: u32) -> Option<(f64, usize)> {
        let rings = self.zones.get(zone as usize)?.geometry.0.iter().map(|p| &p.exterior().0);
        let (mut sum, mut n) = (0.0, 0);
        for ring in rings {
            for pair in ring.windows(2) {
                let (dx, dy) = (pair[1].x - pair[0].x, pair[1].y - pair[0].y);
                sum += METRES_A_DEGREE * (dx * pair[0].y.to_radians().cos()).hypot(dy);
                n += 1;
            }
        }
        (n > 0).then(|| (sum / f64::from(n), n as usize))
    }

    /// Edges in metres, each in the system of its own territory (of Lambert-93 outside of France).
    fn metric(&self) -> &[[f64; 4]] {
        self.metric.get_or_init(|| {
            let edges = self.pieces.edges();
            let mut out = vec![[f64::NAN; 4]; edges.len()];
            let mut groups: FxHashMap<u16, Vec<usize>> = FxHashMap::default();
            for (i, e) in edges.iter().enumerate() {
                let epsg = crs::epsg_at(e.south[0], e.south[1])
                    .or_else(|| crs::epsg_at(e.north[0], e.north[1]))
                    .unwrap_or(2154);
                groups.entry(epsg).or_default().push(i);
            }
            for (epsg, rows) in groups {
                let ends = |axis: usize| -> Vec<f64> {
                    rows.iter().flat_map(|&i| [edges[i].south[axis], edges[i].north[axis]]).collect()
                };
                let (mut xs, mut ys) = (ends(0), ends(1));
                // A system of data/territory.toml that fails leaves NaN: no distance, never a wrong one.
                if crs::from_lonlat(epsg, &mut xs, &mut ys).is_ok() {
                    for (k, &i) in rows.iter().enumerate() {
                        out[i] = [xs[2 * k], ys[2 * k], xs[2 * k + 1], ys[2 * k + 1]];
                    }
                }
            }
            out
        })
    }
}

/// Distance from a point to a segment, in the units of both.
fn distance([x, y]: [f64; 2], [x0, y0, x1, y1]: [f64; 4]) -> f64 {
    let (dx, dy) = (x1 - x0, y1 - y0);
    let length = dx * dx + dy * dy;
    let t = if length > 0.0 { (((x - x0) * dx + (y - y0) * dy) / length).clamp(0.0, 1.0) } else { 0.0 };
    (x - x0 - t * dx).hypot(y - y0 - t * dy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_coarseness_of_a_layer_follows_its_usual_side() {
        let round = |n: u32| {
            let at = |i: u32| (f64::from(i) / f64::from(n) * std::f64::consts::TAU).sin_cos();
            let ring = (0..=n).map(at).map(|(s, c)| (2.35 + 0.06 * c, 48.86 + 0.04 * s)).collect();
            let area = MultiPolygon(vec![geo::Polygon::new(ring, Vec::new())]);
            Layer::new("commune", vec![Zone::new("75056".to_owned(), String::new(), area)])
        };
        // A contour of 28 km in 20 sides, and in 400.
        assert!((600.0..800.0).contains(&round(20).coarseness_m()), "{}", round(20).coarseness_m());
        assert!(round(400).coarseness_m() < 40.0);
        assert!(Layer::new("commune", Vec::new()).coarseness_m() == 0.0);
    }
}
