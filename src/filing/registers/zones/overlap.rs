//! Zones of one's own layer that overlap: said when they are imported, for their figures do not add up.

use std::time::Duration;

use geo::{Area, BooleanOps, BoundingRect, CoordsIter, MultiPolygon};
use rstar::RTree;
use rstar::primitives::{GeomWithData, Rectangle};

use super::effort::{Effort, Spent};
use crate::registers::report::Report;

/// Share of the smaller zone: neighbours whose common border was drawn twice overlap by less.
const LEAST: f64 = 0.01;
/// Steps of one vertex in an intersection; work and time that are worth a remark.
const STEP: usize = 10;
const STEPS: u64 = 50_000_000;
const TIME: Duration = Duration::from_secs(20);

/// Tells what overlaps. `each`: an address counts in each zone that holds it; else in the first.
pub fn tell(zones: &[(&str, &MultiPolygon<f64>)], each: bool, report: &mut Report) {
    let counts = if each {
        "dans chacune de celles qui la contiennent, leurs effectifs ne s'additionnent pas"
    } else {
        "dans la première seulement : corrigez les contours si ce n'est pas voulu"
    };
    match pairs(zones, &Effort::new(STEPS, Some(TIME))) {
        Ok(found) => {
            let Some((a, b)) = found.first() else { return };
            report.count("recouvrements", found.len() as u64);
            report.remarques.push(format!(
                "des zones se recouvrent ({} fois, par exemple {} et {}) : une adresse compte {counts}",
                found.len(),
                zones[*a].0,
                zones[*b].0
            ));
        }
        Err(Spent) if !each => {}
        Err(Spent) => report.remarques.push(
            "la couche est trop fine pour que les recouvrements entre ses zones soient cherchés : si elle en a, \
                une adresse compte dans chacune des zones qui la contiennent".to_owned(),
        ),
    }
}

/// Zones that overlap, two by two.
fn pairs(zones: &[(&str, &MultiPolygon<f64>)], effort: &Effort) -> Result<Vec<(usize, usize)>, Spent> {
    let boxed = |(i, (_, area)): (usize, &(&str, &MultiPolygon<f64>))| {
        let b = area.bounding_rect()?;
        Some(GeomWithData::new(Rectangle::from_corners([b.min().x, b.min().y], [b.max().x, b.max().y]), i))
    };
    let tree = RTree::bulk_load(zones.iter().enumerate().filter_map(boxed).collect());
    let mut found = Vec::new();
    for (a, b) in tree.intersection_candidates_with_other_tree(&tree) {
        let (i, j) = (a.data, b.data);
        effort.spend(1)?;
        if i >= j {
            continue;
        }
        let (a, b) = (zones[i].1, zones[j].1);
        effort.spend(STEP * (a.coords_count() + b.coords_count()))?;
        let smaller = a.unsigned_area().min(b.unsigned_area());
        if a.intersection(b).unsigned_area() > LEAST * smaller {
            found.push((i, j));
        }
    }
    found.sort_unstable();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::wkt;

    #[test]
    fn zones_in_zones_and_across_are_told_and_neighbours_are_not() {
        let big = wkt!(MULTIPOLYGON(((0. 0., 10. 0., 10. 10., 0. 10., 0. 0.))));
        let inside = wkt!(MULTIPOLYGON(((2. 2., 4. 2., 4. 4., 2. 4., 2. 2.))));
        let across = wkt!(MULTIPOLYGON(((8. 8., 12. 8., 12. 12., 8. 12., 8. 8.))));
        let beside = wkt!(MULTIPOLYGON(((10. 0., 20. 0., 20. 8., 10. 8., 10. 0.))));
        let sliver = wkt!(MULTIPOLYGON(((-10. 0., 0.01 0., 0.01 10., -10. 10., -10. 0.))));
        let zones = [("A", &big), ("B", &inside), ("C", &across), ("D", &beside), ("E", &sliver)];
        let effort = Effort::new(1_000_000, None);
        assert_eq!(pairs(&zones, &effort), Ok(vec![(0, 1), (0, 2)]));
        assert_eq!(pairs(&zones, &Effort::new(10, None)), Err(Spent));
    }
}
