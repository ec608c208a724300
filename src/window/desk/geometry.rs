//! Zones that users draw: from GeoJSON to checked areas (domain §12).
//!
//! A request comes from anyone: depth, vertices and the work of judging contours are counted before and while
//! it is done, for all zones of the request together.

use std::time::Duration;

use geo::{ChamberlainDuquetteArea, Coord, LineString, MultiPolygon, Polygon};
use serde_json::Value;

use crate::desk::problem::Problem;
use crate::french::thousands;
use crate::reference::zonage::ZoneLimits;
use crate::registers::zones::effort::{Effort, Spent};
use crate::registers::zones::repair;

/// Collections in each other.
const MAX_DEPTH: u8 = 4;

/// What judging the zones of one request may cost.
#[must_use]
pub fn effort(limits: &ZoneLimits) -> Effort {
    Effort::new(limits.fichier.pas_max, Some(Duration::from_millis(limits.fichier.duree_max_ms)))
}

/// Vertices of a GeoJSON value as it is written, whatever it is worth.
#[must_use]
pub fn vertices(value: &Value) -> usize {
    match value {
        Value::Array(items) if items.first().is_some_and(Value::is_number) => 1,
        Value::Array(items) => items.iter().map(vertices).sum(),
        Value::Object(members) => members.values().map(vertices).sum(),
        _ => 0,
    }
}

/// Reads the areas of a GeoJSON value: a geometry, a feature or a collection of them.
///
/// # Errors
/// `champ` holds no area, too many vertices, coordinates that are not degrees, an invalid area, or contours
/// that are too much work.
pub fn areas(
    champ: &str,
    value: &Value,
    limits: &ZoneLimits,
    effort: &Effort,
) -> Result<Vec<MultiPolygon<f64>>, Problem> {
    let kind = value.get("type").and_then(Value::as_str).unwrap_or("").to_owned();
    let refuse = |detail: String| Problem::value(champ, &kind, detail);
    let mut parts = Vec::new();
    geometries(value, 0, &mut parts).map_err(refuse)?;
    let n: usize = parts.iter().map(|part| vertices(part)).sum();
    if n > limits.sommets_max {
        return Err(Problem::value(
            champ,
            &n.to_string(),
            format!(
                "La zone a {} sommets ; {} au plus : simplifiez son contour.",
                thousands(n as u64),
                thousands(limits.sommets_max as u64)
            ),
        ));
    }
    let mut areas = Vec::with_capacity(parts.len());
    for part in parts {
        let mut area = area(part).map_err(refuse)?;
        if repair::tidy(&mut area) > 0 {
            return Err(refuse("Un contour a moins de trois sommets distincts.".to_owned()));
        }
        let fault = repair::fault(&area, effort).map_err(|Spent| {
            let why = "Les contours de la demande se croisent ou s'emboîtent trop pour être vérifiés : \
                simplifiez-les.";
            refuse(why.to_owned())
        })?;
        if let Some(fault) = fault {
            let detail = format!(
                "Le contour n'est pas valide : {}, en ({:.6}, {:.6}). Redessinez-le.",
                fault.what, fault.at.x, fault.at.y
            );
            return Err(refuse(detail));
        }
        areas.push(area);
    }
    if areas.is_empty() {
        return Err(refuse("La géométrie est vide : dessinez au moins un polygone.".to_owned()));
    }
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

/// The Polygons and MultiPolygons of a value.
fn geometries<'a>(value: &'a Value, depth: u8, out: &mut Vec<&'a Value>) -> Result<(), String> {
    if depth > MAX_DEPTH {
        return Err(format!("Des collections sont imbriquées à plus de {MAX_DEPTH} niveaux."));
    }
    let list = |member: &str| value.get(member).and_then(Value::as_array).into_iter().flatten();
    match value.get("type").and_then(Value::as_str).unwrap_or("") {
        "Polygon" | "MultiPolygon" => out.push(value),
        "Feature" => match value.get("geometry") {
            None | Some(Value::Null) => {}
            Some(geometry) => geometries(geometry, depth + 1, out)?,
        },
        "FeatureCollection" => {
            for feature in list("features") {
                geometries(feature, depth + 1, out)?;
            }
        }
        "GeometryCollection" => {
            for geometry in list("geometries") {
                geometries(geometry, depth + 1, out)?;
            }
        }
        other @ ("Point" | "MultiPoint" | "LineString" | "MultiLineString") => {
            return Err(format!("Une zone est un Polygon ou un MultiPolygon, or ceci est un {other}."));
        }
        other => {
            let cut: String = other.chars().take(40).collect();
            return Err(format!(
                "La géométrie n'est pas du GeoJSON : « {cut} » n'est pas un type de géométrie."
            ));
        }
    }
    Ok(())
}

/// One Polygon or MultiPolygon, its rings closed and in degrees.
fn area(part: &Value) -> Result<MultiPolygon<f64>, String> {
    let coordinates = part.get("coordinates").and_then(Value::as_array);
    let polygons: Vec<&Value> = match (part.get("type").and_then(Value::as_str), coordinates) {
        (Some("MultiPolygon"), Some(all)) => all.iter().collect(),
        (_, Some(all)) if !all.is_empty() => vec![&part["coordinates"]],
        _ => Vec::new(),
    };
    let rings = |polygon: &Value| -> Result<Vec<LineString<f64>>, String> {
        polygon.as_array().into_iter().flatten().map(ring).collect()
    };
    let all = polygons
        .into_iter()
        .map(|polygon| {
            let mut rings = rings(polygon)?.into_iter();
            let exterior = rings.next().ok_or("La géométrie est vide : dessinez au moins un polygone.")?;
            Ok(Polygon::new(exterior, rings.collect()))
        })
        .collect::<Result<Vec<_>, String>>()?;
    if all.is_empty() {
        return Err("La géométrie est vide : dessinez au moins un polygone.".to_owned());
    }
    Ok(MultiPolygon(all))
}

fn ring(value: &Value) -> Result<LineString<f64>, String> {
    let positions = value.as_array().map_or(&[][..], Vec::as_slice);
    if positions.len() < 4 {
        return Err("Un contour a au moins trois sommets, le premier répété à la fin.".to_owned());
    }
    let ring: Vec<Coord<f64>> = positions.iter().map(position).collect::<Result<_, _>>()?;
    if ring.first() != ring.last() {
        return Err("Un contour n'est pas fermé : répétez son premier sommet à la fin.".to_owned());
    }
    Ok(LineString(ring))
}

fn position(value: &Value) -> Result<Coord<f64>, String> {
    let number = |i: usize| value.get(i).and_then(Value::as_f64);
    let (Some(lon), Some(lat)) = (number(0), number(1)) else {
        return Err("Une position a une longitude et une latitude.".to_owned());
    };
    if !(-180.0..=180.0).contains(&lon) || !(-90.0..=90.0).contains(&lat) {
        return Err(format!(
            "La position ({lon}, {lat}) n'est pas en degrés WGS 84 (longitude puis latitude) : \
                convertissez les coordonnées projetées."
        ));
    }
    Ok(Coord { x: lon, y: lat })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::zonage::limits;
    use serde_json::json;

    fn read(value: serde_json::Value) -> Result<Vec<MultiPolygon<f64>>, Problem> {
        areas("zones[0].geometrie", &value, limits(), &effort(limits()))
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
        // A star of 4,999 points: twelve million crossings.
        let star: Vec<[f64; 2]> = (0..=4_999)
            .map(|i| (f64::from(i * 2_499 % 4_999) / 4_999.0 * std::f64::consts::TAU).sin_cos())
            .map(|(s, c)| [5.0 + 0.1 * c, 45.0 + 0.1 * s])
            .collect();
        let mut nested = polygon(square());
        for _ in 0..50 {
            nested = json!({"type": "GeometryCollection", "geometries": [nested]});
        }
        let begun = std::time::Instant::now();
        for (value, word) in [
            (json!({"type": "Point", "coordinates": [5.0, 45.0]}), "Point"),
            (json!({"type": "Polygon", "coordinates": []}), "vide"),
            (json!({"type": "Patate"}), "GeoJSON"),
            (polygon(json!([[[5.0, 45.0], [5.1, 45.1], [5.1, 45.0], [5.0, 45.1], [5.0, 45.0]]])), "croise"),
            (polygon(json!([[[5.0, 45.0], [5.1, 45.0], [5.1, 45.1], [5.0, 45.1]]])), "fermé"),
            (polygon(json!([[[9e5, 6e6], [9.1e5, 6e6], [9.1e5, 6.1e6], [9e5, 6e6]]])), "WGS 84"),
            (polygon(json!([[[0.0, 43.0], [5.0, 43.0], [5.0, 48.0], [0.0, 48.0], [0.0, 43.0]]])), "km²"),
            (polygon(json!([ring])), "sommets"),
            (json!({"type": "MultiPolygon", "coordinates": [square(), square()]}), "côté commun"),
            (polygon(json!([[[5.0], [5.1, 45.1], [5.1, 45.0], [5.0]]])), "longitude et une latitude"),
            (polygon(json!([[null, [5.1, 45.1], [5.1, 45.0], null]])), "longitude et une latitude"),
            (polygon(json!([[[5.0, 45.0], [5.0, 45.0], [5.0, 45.0], [5.0, 45.0]]])), "distincts"),
            (polygon(json!([star])), "plus souvent"),
            (nested, "imbriquées"),
        ] {
            let e = read(value).unwrap_err();
            assert!(e.detail.contains(word), "{word}: {}", e.detail);
        }
        assert!(begun.elapsed() < std::time::Duration::from_secs(2), "{:?}", begun.elapsed());
    }
}
