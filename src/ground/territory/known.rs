//! Whether a point outside of all QPV of a layer is known to be outside: a layer of one département says
//! nothing of another, and a point that no commune holds may be anywhere.

use std::collections::BTreeSet;

use super::layer::Layer;

/// Départements from which a layer of QPV is that of all of France: those without any QPV are few.
const NATIONAL: usize = 50;

/// The territory that a layer of QPV covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    departements: BTreeSet<String>,
}

impl Coverage {
    /// From the départements of its zones.
    #[must_use]
    pub fn of(qpv: &Layer) -> Self {
        Self { departements: qpv.zones.iter().filter_map(|z| z.departement.clone()).collect() }
    }

    /// True if a QPV of the département would be in the layer. A layer that tells no département is believed
    /// to hold those of the store.
    #[must_use]
    pub fn covers(&self, departement: &str) -> bool {
        let all = self.departements.len() >= NATIONAL || self.departements.is_empty();
        all || self.departements.contains(departement)
    }
}

/// Why one cannot tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unknown {
    /// No contours to look in.
    NoContours,
    /// No contour holds the point.
    Nowhere,
    /// The layer has no QPV of the département that holds the point.
    NotCovered(String),
}

/// Whether a point that no QPV holds is outside of them for sure.
///
/// `contours` are layers whose zones tell their département (communes, IRIS, départements), those that say
/// most first. A point within `near_m` of a contour is as good as in it: coasts and borders are drawn
/// coarsely.
///
/// # Errors
/// Nothing is known of the place.
pub fn outside_for_sure(
    contours: &[&Layer],
    qpv: &Layer,
    [lon, lat]: [f64; 2],
    near_m: f64,
) -> Result<(), Unknown> {
    if contours.is_empty() {
        return Err(Unknown::NoContours);
    }
    let departement = |layer: &Layer, zone: u32| {
        let zone = layer.zones.get(zone as usize)?;
        zone.departement.clone().or_else(|| (layer.id == "departement").then(|| zone.code.clone()))
    };
    let held = contours.iter().find_map(|l| departement(l, l.locate(lon, lat)?));
    let near = || contours.iter().find_map(|l| departement(l, l.distance_to_edge_m(lon, lat, near_m)?.zone));
    match held.or_else(near) {
        Some(d) if qpv.coverage().covers(&d) => Ok(()),
        Some(d) => Err(Unknown::NotCovered(d)),
        None => Err(Unknown::Nowhere),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::territory::layer::Zone;
    use geo::wkt;

    fn zone(code: &str, departement: Option<&str>, [w, s, e, n]: [f64; 4]) -> Zone {
        let ring = [(w, s), (e, s), (e, n), (w, n), (w, s)].into_iter().collect();
        let area = geo::MultiPolygon(vec![geo::Polygon::new(ring, Vec::new())]);
        Zone {
            departement: departement.map(str::to_owned),
            ..Zone::new(code.to_owned(), String::new(), area)
        }
    }

    #[test]
    fn outside_is_said_only_where_the_layer_would_have_the_qpv() {
        let qpv = Layer::new("qpv2024", vec![zone("QN07301M", Some("73"), [5.90, 45.55, 5.91, 45.56])]);
        let communes = Layer::new(
            "commune",
            vec![
                zone("73065", Some("73"), [5.8, 45.5, 6.0, 45.7]),
                zone("74010", Some("74"), [6.0, 45.7, 6.2, 46.0]),
            ],
        );
        let ask = |contours: &[&Layer], p: [f64; 2]| outside_for_sure(contours, &qpv, p, 200.0);
        assert_eq!(ask(&[&communes], [5.85, 45.6]), Ok(()));
        assert_eq!(ask(&[&communes], [6.1, 45.9]), Err(Unknown::NotCovered("74".to_owned())));
        assert_eq!(ask(&[&communes], [2.39, 48.93]), Err(Unknown::Nowhere));
        assert_eq!(ask(&[&communes], [13.4, 52.5]), Err(Unknown::Nowhere), "Berlin");
        assert_eq!(ask(&[], [5.85, 45.6]), Err(Unknown::NoContours));
        // 100 m west of the commune, and 1 km.
        assert_eq!(ask(&[&communes], [5.8 - 0.0013, 45.6]), Ok(()));
        assert_eq!(ask(&[&communes], [5.8 - 0.013, 45.6]), Err(Unknown::Nowhere));
        // A département's own contour says as much.
        let departements = Layer::new("departement", vec![zone("73", None, [5.6, 45.0, 7.2, 46.0])]);
        assert_eq!(ask(&[&communes, &departements], [6.9, 45.1]), Ok(()));
    }

    #[test]
    fn a_national_layer_covers_departements_without_qpv() {
        let area = wkt!(MULTIPOLYGON(((0. 0., 1. 0., 1. 1., 0. 0.))));
        let zones = (1..=60).map(|d| {
            let mut zone = Zone::new(format!("QP{d:03}001"), String::new(), area.clone());
            zone.departement = Some(format!("{d:02}"));
            zone
        });
        let layer = Layer::new("qpv2015", zones.collect());
        assert!(Coverage::of(&layer).covers("90") && Coverage::of(&layer).covers("974"));
    }
}
