//! Contours of the units of targets within the Métropole du Grand Paris, drawn from those of their communes.

use geo::{MultiPolygon, unary_union};

use super::layer::{Layer, Zone};
use crate::reference::unites::Unites;

/// The layer of EPCI with the EPT and Paris in place of the métropole; None where none of their communes is
/// there, so that nothing changes.
#[must_use]
pub fn divided(epcis: &Layer, communes: &Layer) -> Option<Layer> {
    let units = Unites::embedded().ok()?;
    let drawn: Vec<Zone> = units
        .list
        .iter()
        .filter_map(|unit| {
            let parts: Vec<&MultiPolygon<f64>> = unit
                .communes
                .iter()
                .chain(&unit.anciennes)
                .filter_map(|c| communes.zone(c))
                .map(|z| &z.geometry)
                .collect();
            let whole = unary_union(parts.into_iter().flatten());
            (!whole.0.is_empty()).then(|| Zone::new(unit.code.clone(), unit.nom.clone(), whole))
        })
        .collect();
    if drawn.is_empty() {
        return None;
    }
    let known = |code: &str| code == units.remplace || drawn.iter().any(|z| z.code == code);
    let mut zones: Vec<Zone> = epcis.zones.iter().filter(|z| !known(&z.code)).cloned().collect();
    zones.extend(drawn);
    Some(Layer::new(&epcis.id, zones))
}

#[cfg(test)]
mod tests {
    use geo::{Area, polygon};

    use super::*;

    fn square(code: &str, west: f64) -> Zone {
        let east = west + 1.0;
        let geometry =
            polygon![(x: west, y: 48.0), (x: east, y: 48.0), (x: east, y: 49.0), (x: west, y: 49.0)];
        Zone::new(code.to_owned(), code.to_owned(), MultiPolygon::from(geometry))
    }

    #[test]
    fn ept_and_paris_take_the_place_of_the_metropole() {
        let communes = Layer::new(
            "commune",
            vec![square("93066", 1.0), square("93001", 2.0), square("75056", 3.0), square("73065", 9.0)],
        );
        let epcis = Layer::new("epci", vec![square("200054781", 1.0), square("200069110", 9.0)]);
        let found = divided(&epcis, &communes).unwrap();
        let codes: Vec<&str> = found.zones.iter().map(|z| z.code.as_str()).collect();
        assert_eq!(codes, ["200069110", "75056", "200057867"]);
        let ept = found.zone("200057867").unwrap();
        assert_eq!(ept.nom, "Plaine Commune");
        assert!((ept.geometry.unsigned_area() - 2.0).abs() < 1e-9, "two communes that touch");
        assert_eq!(ept.geometry.0.len(), 1, "without the border between them");
        assert_eq!(found.locate(1.5, 48.5), found.index_of("200057867"));
    }

    #[test]
    fn elsewhere_nothing_changes() {
        let communes = Layer::new("commune", vec![square("73065", 9.0)]);
        assert!(divided(&Layer::new("epci", vec![square("200069110", 9.0)]), &communes).is_none());
    }
}
