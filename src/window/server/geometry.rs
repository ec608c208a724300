//! Zones that users draw: from GeoJSON to checked areas (domain §12).

use geo::algorithm::validation::{InvalidMultiPolygon, InvalidPolygon, Validation};
use geo::{ChamberlainDuquetteArea, MultiPolygon};
use geojson::{Feature, GeoJson, GeometryValue};

use super::problem::Problem;
use crate::reference::zonage::ZoneLimits;

/// Reads the areas of a GeoJSON value: a geometry, a feature or a collection of them.
///
/// # Errors
/// `champ` holds no area, too many vertices, coordinates that are not degrees, or an invalid area.
pub fn areas(
    champ: &str,
    value: serde_json::Value,
    limits: &ZoneLimits,
) -> Result<Vec<MultiPolygon<f64>>, Problem> {
    let kind = value.get("type").and_then(|t| t.as_str()).unwrap_or("").to_owned();
    let refuse = |detail: String| Problem::value(champ, &kind, detail);
    let parsed = serde_json::from_value::<GeoJson>(value)
        .map_err(|e| refuse(format!("La géométrie n'est pas du GeoJSON : {e}.")))?;
    let mut parts = Vec::new();
    match parsed {
        GeoJson::Geometry(g) => parts.push(g.value),
        GeoJson::Feature(f) => parts.extend(of_feature(f)),
        GeoJson::FeatureCollection(c) => parts.extend(c.features.into_iter().filter_map(of_feature)),
    }
    if parts.is_empty() {
        return Err(refuse("La géométrie est vide : dessinez au moins un polygone.".to_owned()));
    }
    let mut vertices = 0;
    for part in &parts {
        check_shape(part, &mut vertices).map_err(&refuse)?;
    }
    if vertices > limits.sommets_max {
        return Err(Problem::value(
            champ,
            &vertices.to_string(),
            format!(
                "La zone a {vertices} sommets ; {} au plus : simplifiez son contour.",
                limits.sommets_max
            ),
        ));
    }
    let areas = parts
        .iter()
        .map(|part| {
            let converted: Result<geo::Geometry<f64>, _> = part.try_into();
            let area = match converted {
                Ok(geo::Geometry::Polygon(p)) => MultiPolygon(vec![p]),
                Ok(geo::Geometry::MultiPolygon(m)) => m,
                Ok(_) | Err(_) => {
                    return Err(refuse("Une zone est un Polygon ou un MultiPolygon.".to_owned()));
                }
            };
            area.check_validation().map_err(|e| refuse(fault(&e)))?;
            Ok(area)
        })
        .collect::<Result<Vec<_>, Problem>>()?;
    let km2 =
        areas.iter().map(ChamberlainDuquetteArea::chamberlain_duquette_unsigned_area).sum::<f64>() / 1e6;
    if km2 > limits.aire_max_km2 {
        let detail = format!(
            "La zone couvre {km2:.0} km² ; {:.0} au plus : demandez plutôt des départements ou des EPCI par \
                leur code.",
            limits.aire_max_km2
        );
        return Err(Problem::value(champ, &format!("{km2:.0} km²"), detail));
    }
    Ok(areas)
}

fn of_feature(f: Feature) -> Option<GeometryValue> {
    f.geometry.map(|g| g.value)
}

/// Checks what conversion would hide: the kind, closed rings, degrees. Adds the vertices.
fn check_shape(part: &GeometryValue, vertices: &mut usize) -> Result<(), String> {
    let polygons: Vec<_> = match part {
        GeometryValue::Polygon { coordinates } => vec![coordinates],
        GeometryValue::MultiPolygon { coordinates } => coordinates.iter().collect(),
        other => {
            return Err(format!(
                "Une zone est un Polygon ou un MultiPolygon, or ceci est un {}.",
                other.type_name()
            ));
        }
    };
    if polygons.is_empty() || polygons.iter().any(|p| p.is_empty()) {
        return Err("La géométrie est vide : dessinez au moins un polygone.".to_owned());
    }
    for ring in polygons.into_iter().flatten() {
        *vertices += ring.len();
        if ring.len() < 4 {
            return Err("Un contour a au moins trois sommets, le premier répété à la fin.".to_owned());
        }
        for position in ring {
            let p = position.as_slice();
            let (Some(&lon), Some(&lat)) = (p.first(), p.get(1)) else {
                return Err("Une position a une longitude et une latitude.".to_owned());
            };
            if !(-180.0..=180.0).contains(&lon) || !(-90.0..=90.0).contains(&lat) {
                return Err(format!(
                    "La position ({lon}, {lat}) n'est pas en degrés WGS 84 (longitude puis latitude) : \
                        convertissez les coordonnées projetées."
                ));
            }
        }
        if ring.first().map(|p| p.as_slice()) != ring.last().map(|p| p.as_slice()) {
            return Err("Un contour n'est pas fermé : répétez son premier sommet à la fin.".to_owned());
        }
    }
    Ok(())
}

/// Why an area is not valid, in French.
fn fault(e: &InvalidMultiPolygon) -> String {
    match e {
        InvalidMultiPolygon::InvalidPolygon(_, p) => match p {
            InvalidPolygon::SelfIntersection(_) => "Le contour se croise lui-même : redessinez-le.",
            InvalidPolygon::TooFewPointsInRing(_) => "Un contour a moins de trois sommets distincts.",
            InvalidPolygon::NonFiniteCoord(..) => "Une coordonnée n'est pas un nombre.",
            InvalidPolygon::InteriorRingNotContainedInExteriorRing(_) => {
                "Un trou sort du contour qui devrait le contenir."
            }
            _ => "Deux contours du polygone se touchent le long d'une ligne ou se recouvrent.",
        },
        InvalidMultiPolygon::ElementsOverlaps(..) => "Deux parties de la zone se recouvrent.",
        _ => "Deux parties de la zone ont un bord commun : réunissez-les.",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::zonage::limits;
    use serde_json::json;

    fn read(value: serde_json::Value) -> Result<Vec<MultiPolygon<f64>>, Problem> {
        areas("zones[0].geometrie", value, limits())
    }

    fn square() -> serde_json::Value {
        json!([[[5.0, 45.0], [5.1, 45.0], [5.1, 45.1], [5.0, 45.1], [5.0, 45.0]]])
    }

    #[test]
    fn geometries_features_and_collections_of_areas_are_read() {
        let g = json!({"type": "Polygon", "coordinates": square()});
        let f = json!({"type": "Feature", "properties": {}, "geometry": g});
        assert_eq!(read(g.clone()).unwrap().len(), 1);
        assert_eq!(read(f.clone()).unwrap().len(), 1);
        assert_eq!(read(json!({"type": "FeatureCollection", "features": [f, f]})).unwrap().len(), 2);
    }

    #[test]
    fn what_is_no_valid_area_is_refused_with_its_reason() {
        let polygon = |c: serde_json::Value| json!({"type": "Polygon", "coordinates": c});
        let ring: Vec<[f64; 2]> = (0..5_002)
            .map(|i| (f64::from(i % 5_001) / 5_001.0 * std::f64::consts::TAU).sin_cos())
            .map(|(s, c)| [5.0 + 0.1 * c, 45.0 + 0.1 * s])
            .collect();
        for (value, word) in [
            (json!({"type": "Point", "coordinates": [5.0, 45.0]}), "Point"),
            (json!({"type": "Polygon", "coordinates": []}), "vide"),
            (json!({"type": "Patate"}), "GeoJSON"),
            (polygon(json!([[[5.0, 45.0], [5.1, 45.1], [5.1, 45.0], [5.0, 45.1], [5.0, 45.0]]])), "croise"),
            (polygon(json!([[[5.0, 45.0], [5.1, 45.0], [5.1, 45.1], [5.0, 45.1]]])), "fermé"),
            (polygon(json!([[[9e5, 6e6], [9.1e5, 6e6], [9.1e5, 6.1e6], [9e5, 6e6]]])), "WGS 84"),
            (polygon(json!([[[0.0, 43.0], [5.0, 43.0], [5.0, 48.0], [0.0, 48.0], [0.0, 43.0]]])), "km²"),
            (polygon(json!([ring])), "sommets"),
            (json!({"type": "MultiPolygon", "coordinates": [square(), square()]}), "parties"),
        ] {
            let e = read(value).unwrap_err();
            assert!(e.detail.contains(word), "{word}: {}", e.detail);
        }
    }
}
