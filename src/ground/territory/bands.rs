//! How near a point is to the nearest zone: rings of metres around QPV, and the three-valued answer.

use rayon::prelude::*;

use super::layer::Layer;
use crate::reference::situation::SituationRules;
use crate::reference::territory::territory;

/// Where a point stands to the nearest zone of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Band {
    /// A zone holds it.
    Inside,
    /// Within the n-th distance of `data/territory.toml` (0 = the nearest ring), and in no nearer one.
    Within(u8),
    /// Farther than all of them, or outside of France.
    Beyond,
}

/// Distances of the rings, in metres, growing.
#[must_use]
pub fn limits() -> &'static [f64] {
    &territory().qpv.bandes_m
}

/// The ring of one point in degrees.
#[must_use]
pub fn band(layer: &Layer, lon: f64, lat: f64) -> Band {
    if layer.locate(lon, lat).is_some() {
        return Band::Inside;
    }
    let limits = limits();
    let Some(&farthest) = limits.last() else { return Band::Beyond };
    let Some(edge) = layer.distance_to_edge_m(lon, lat, farthest) else { return Band::Beyond };
    match (0_u8..).zip(limits).find(|(_, limit)| edge.metres <= **limit) {
        Some((n, _)) => Band::Within(n),
        None => Band::Beyond,
    }
}

/// The ring of many points `[lon, lat]`, on all cores.
#[must_use]
pub fn bands(layer: &Layer, points: &[[f64; 2]]) -> Vec<Band> {
    points.par_iter().with_min_len(1_024).map(|&[lon, lat]| band(layer, lon, lat)).collect()
}

/// Whether a point is in a zone, as far as its own quality lets one say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Situation {
    Dedans,
    Dehors,
    /// Too near the edge for the quality of the point.
    Incertain,
}

/// A point nearer to the edge than its own precision may be on either side of it.
///
/// `precision_m` is the uncertainty of the point itself (0 for an exact one); points of quality
/// other than 11 count for `qpv.incertain_m` at least. The zone is the one that holds the point,
/// else the one whose edge is near.
#[must_use]
pub fn situation(
    layer: &Layer,
    lon: f64,
    lat: f64,
    exact: bool,
    precision_m: f64,
) -> (Situation, Option<u32>) {
    let held = layer.locate(lon, lat);
    let sure = if held.is_some() { Situation::Dedans } else { Situation::Dehors };
    let reach = if exact { precision_m } else { precision_m.max(territory().qpv.incertain_m) };
    if reach > 0.0
        && let Some(edge) = layer.distance_to_edge_m(lon, lat, reach)
    {
        return (Situation::Incertain, held.or(Some(edge.zone)));
    }
    (sure, held)
}

/// Where a point stands to the zones of a layer, as far as `data/situation.toml` lets one say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Placed {
    pub situation: Situation,
    /// The zone that holds the point, else, near an edge, the one whose edge it is.
    pub zone: Option<u32>,
    /// Projected metres to the nearest edge; None beyond `distance_max_m`.
    pub metres: Option<f64>,
    /// Nearer to an edge than this, nothing is said; infinite for a point that says nothing of its address.
    pub tolerance_m: f64,
}

/// Places a point of a quality (`QUALITE_XY`, None: not given).
#[must_use]
pub fn placed(layer: &Layer, rules: &SituationRules, [lon, lat]: [f64; 2], quality: Option<u8>) -> Placed {
    let quality = quality.and_then(|q| rules.quality(q));
    if quality.is_some_and(|q| q.toujours_incertain) {
        return Placed {
            situation: Situation::Incertain,
            zone: None,
            metres: None,
            tolerance_m: f64::INFINITY,
        };
    }
    let holder = layer.locate(lon, lat);
    let edge = layer.distance_to_edge_m(lon, lat, rules.distance_max_m);
    let tolerance_m = quality.map_or(rules.tolerance_defaut_m, |q| q.tolerance_m);
    let near = edge.as_ref().is_some_and(|e| e.metres < tolerance_m);
    Placed {
        situation: match (near, holder) {
            (true, _) => Situation::Incertain,
            (false, Some(_)) => Situation::Dedans,
            (false, None) => Situation::Dehors,
        },
        zone: holder.or(edge.as_ref().filter(|_| near).map(|e| e.zone)),
        metres: edge.map(|e| e.metres),
        tolerance_m,
    }
}
