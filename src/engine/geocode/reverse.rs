//! From a point to the addresses around it.

use geo::{Distance, Haversine, Point};
use rstar::primitives::GeomWithData;
use rstar::{PointDistance, RTree};

use super::base::{Views, degrees};
use super::number::{Found, Place};
use super::{Hit, Kind, Query, hit};
use crate::reference::geocodage::geocodage;

/// A place on the unit sphere, so that near means near wherever it is; about 0.5 m exact.
type Site = GeomWithData<[f32; 3], u32>;

/// Metres of a radius of the sphere.
const EARTH_M: f64 = 6_371_008.8;
/// A point this far from the question has no score (metres): what the BAN API does.
const NO_SCORE_M: f64 = 10_000.0;

/// House numbers, and rues without any, by place.
#[derive(Debug)]
pub struct Points {
    numbers: RTree<Site>,
    rues: RTree<Site>,
}

fn on_sphere(lon: f64, lat: f64) -> [f32; 3] {
    let (lon, lat) = (lon.to_radians(), lat.to_radians());
    [(lat.cos() * lon.cos()) as f32, (lat.cos() * lon.sin()) as f32, lat.sin() as f32]
}

impl Points {
    #[must_use]
    pub fn new(views: &Views<'_>) -> Self {
        let site = |lon: i32, lat: i32, i: usize| Site::new(on_sphere(degrees(lon), degrees(lat)), i as u32);
        let numbers =
            (0..views.numbers.len()).map(|n| site(views.number_lons[n], views.number_lats[n], n)).collect();
        let rues = (0..views.names.len()).map(|r| site(views.lons[r], views.lats[r], r)).collect();
        Self { numbers: RTree::bulk_load(numbers), rues: RTree::bulk_load(rues) }
    }

    /// Answers within the limit that pass the filters of the question, the nearest first. Without a kind:
    /// house numbers, and localities and streets that have none.
    #[must_use]
    pub fn nearest(&self, views: &Views<'_>, at: [f64; 2], query: &Query) -> Vec<Hit> {
        let farthest = geocodage().inverse.distance_max_m;
        let reach = (farthest / EARTH_M) as f32 + 1e-6;
        let from = on_sphere(at[0], at[1]);
        let limit = query.limit.max(1);
        let near = |tree: &RTree<Site>, keep: &dyn Fn(u32) -> Option<Found>| -> Vec<Found> {
            tree.nearest_neighbor_iter(from)
                .take_while(|s| s.distance_2(&from) <= reach * reach)
                .filter_map(|s| keep(s.data))
                // Some more than asked, for what is told apart by half a metre.
                .take(limit + 8)
                .collect()
        };
        let of_number = |n: u32| {
            let found = Found {
                rue: views.rue_of(n),
                number: Place::Number(n as usize),
                score: 0.0,
                alike: 0.0,
                named: false,
                coded: None,
            };
            passes(views, found.rue, query).then_some(found)
        };
        let of_rue = |r: u32| {
            let has_numbers = !views.numbers_of(r).is_empty();
            let kind = hit(
                views,
                &Found { rue: r, number: Place::Street, score: 0.0, alike: 0.0, named: false, coded: None },
            )
            .kind;
            let wanted = match query.kind {
                Some(k) => k == kind,
                None => !has_numbers && kind != Kind::Municipality,
            };
            (wanted && passes(views, r, query)).then_some(Found {
                rue: r,
                number: Place::Street,
                score: 0.0,
                alike: 0.0,
                named: false,
                coded: None,
            })
        };
        let mut found = Vec::new();
        if query.kind.is_none_or(|k| k == Kind::HouseNumber) {
            found.extend(near(&self.numbers, &of_number));
        }
        if query.kind != Some(Kind::HouseNumber) {
            found.extend(near(&self.rues, &of_rue));
        }
        let mut hits: Vec<Hit> = found
            .iter()
            .map(|f| {
                let h = hit(views, f);
                let metres = Haversine.distance(Point::new(at[0], at[1]), Point::new(h.lon, h.lat));
                Hit { distance: Some(metres), score: 1.0 - metres.min(NO_SCORE_M) / NO_SCORE_M, ..h }
            })
            .filter(|h| h.distance.is_some_and(|d| d <= farthest))
            .collect();
        hits.sort_by(|a, b| b.score.total_cmp(&a.score));
        hits.truncate(limit);
        hits
    }
}

/// Whether a rue passes the filters by code.
#[must_use]
pub fn passes(views: &Views<'_>, rue: u32, query: &Query) -> bool {
    let rue = rue as usize;
    query.citycode.as_ref().is_none_or(|c| views.place_codes.get(views.communes[rue] as usize) == c)
        && query.postcode.as_ref().is_none_or(|p| p.trim().parse() == Ok(views.postcodes[rue]))
}
