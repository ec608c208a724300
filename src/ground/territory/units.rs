//! Contours that follow from finer ones: units of targets within the Métropole du Grand Paris from communes,
//! arrondissements of Paris, Lyon and Marseille from IRIS.

use geo::{MultiPolygon, unary_union};

use super::layer::{Layer, Zone};
use crate::reference::communes::{arrondissement_name, cities};
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

/// Arrondissements of Paris, Lyon and Marseille, drawn from their IRIS (the code of an IRIS begins by that of
/// the arrondissement); None where none of their IRIS is there.
#[must_use]
pub fn arrondissements(iris: &Layer) -> Option<Layer> {
    let mut zones = Vec::new();
    for city in cities() {
        for code in city.arrondissements() {
            let parts = iris.zones.iter().filter(|z| z.code.starts_with(&code)).map(|z| &z.geometry);
            let whole = unary_union(parts.flatten());
            if whole.0.is_empty() {
                continue;
            }
            let mut zone = Zone::new(code.clone(), arrondissement_name(&code).unwrap_or_default(), whole);
            zone.commune = Some(city.commune.clone());
            zone.departement = city.commune.get(..2).map(str::to_owned);
            zones.push(zone);
        }
    }
    (!zones.is_empty()).then(|| Layer::new("arrondissement", zones))
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

    #[test]
    fn an_arrondissement_is_the_union_of_its_iris() {
        let iris = Layer::new(
            "iris",
            vec![square("751120101", 1.0), square("751120102", 2.0), square("730650101", 9.0)],
        );
        let drawn = arrondissements(&iris).unwrap();
        let zone = &drawn.zones[0];
        assert_eq!(
            (drawn.len(), zone.code.as_str(), zone.nom.as_str(), zone.commune.as_deref()),
            (1, "75112", "Paris 12e arrondissement", Some("75056"))
        );
        assert!((zone.geometry.unsigned_area() - 2.0).abs() < 1e-9);
        assert!(arrondissements(&Layer::new("iris", vec![square("730650101", 9.0)])).is_none());
    }
}
