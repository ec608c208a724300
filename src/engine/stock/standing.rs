//! Whether a point is where its dwellings are said to be.

use rayon::prelude::*;

use super::dwellings::Dwellings;
use super::facts::{Address, BuildReport};
use super::places::Places;
use crate::french::thousands;
use crate::reference::survey::Survey;
use crate::territory::layer::Layer;

/// How a point stands to the commune that its dwelling is said to be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Near,
    /// Farther than the tolerance, but not than the contour is coarse.
    Tolerated,
    Far,
}

/// R02: dwellings whose commune is none of those imported. R08: a point farther than the tolerance
/// from its commune is not trusted: its dwellings count for the commune only.
///
/// `held`: addresses that have a point, and the commune of the contours that holds each.
pub(super) fn check(
    places: &mut Places,
    dwellings: &Dwellings,
    communes: &Layer,
    (pointed, held): (&[usize], &[u32]),
    survey: &Survey,
    report: &mut BuildReport,
) {
    let declared: Vec<Option<u32>> = dwellings.commune.list.iter().map(|c| communes.index_of(c)).collect();
    let of = |a: usize| declared.get(places.commune(a, dwellings)).copied().flatten();
    let limit = survey.localisation.tolerance_commune_m;
    let mut standing = vec![Standing::Near; places.addresses.len()];
    let judged: Vec<(usize, Standing)> = pointed
        .par_iter()
        .zip(held)
        .filter_map(|(&a, &held)| {
            let zone = of(a).filter(|zone| *zone != held)?;
            let place = places.addresses[a];
            Some((a, standing_outside(communes, zone, place.lon, place.lat, limit)))
        })
        .collect();
    judged.into_iter().for_each(|(a, s)| standing[a] = s);
    let unknown = places.address_of.iter().filter(|a| of(**a as usize).is_none()).count();
    let count = |s: Standing| places.address_of.iter().filter(|a| standing[**a as usize] == s).count();
    let (outside, tolerated) = (count(Standing::Far), count(Standing::Tolerated));
    report.comptes.insert("commune_inconnue".into(), unknown as u64);
    report.comptes.insert("hors_commune".into(), outside as u64);
    if tolerated > 0 {
        report.comptes.insert("hors_contour_simplifie".into(), tolerated as u64);
        report.remarques.push(format!(
            "{} logements à plus de {limit:.0} m du contour de leur commune gardent leur point, leur IRIS et leur QPV : ce contour est simplifié. Des contours plus fins diraient s'ils sont bien dans la commune.",
            thousands(tolerated as u64)
        ));
    }
    for (place, standing) in places.addresses.iter_mut().zip(&standing) {
        if *standing == Standing::Far {
            *place = Address { lon: f64::NAN, lat: f64::NAN, approximate: false };
        }
    }
}

fn standing(communes: &Layer, commune: u32, lon: f64, lat: f64, limit: f64) -> Standing {
    if communes.locate(lon, lat) == Some(commune) {
        return Standing::Near;
    }
    standing_outside(communes, commune, lon, lat, limit)
}

/// [`standing`] of a point that another commune holds, or none.
fn standing_outside(communes: &Layer, commune: u32, lon: f64, lat: f64, limit: f64) -> Standing {
    let within = |m: f64| communes.distance_to_zone_m(commune, lon, lat, m).is_some();
    if within(limit) {
        Standing::Near
    } else if coarseness(communes, commune).is_some_and(|m| m > limit && within(m)) {
        Standing::Tolerated
    } else {
        Standing::Far
    }
}

/// Metres that the true edge of a commune may be outside of its contour; None for a box drawn on purpose.
fn coarseness(communes: &Layer, commune: u32) -> Option<f64> {
    let rules = &Survey::embedded().ok()?.localisation;
    let (mean, edges) = communes.mean_edge_m(commune)?;
    (edges >= rules.contour_sommets_min).then(|| (mean * rules.contour_part_arete).min(rules.contour_max_m))
}

/// Whether a point is farther than the limit (metres), or than its contour is coarse, from the commune that
/// it is said to be in.
pub fn is_far(communes: &Layer, commune: u32, lon: f64, lat: f64, limit: f64) -> bool {
    standing(communes, commune, lon, lat, limit) == Standing::Far
}
