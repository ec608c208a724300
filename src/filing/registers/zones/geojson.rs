//! GeoJSON, with the `crs` member that predates RFC 7946 and that French files still write.

use geo::{Coord, LineString, MultiPolygon, Polygon};
use geojson::{Feature, FeatureCollection, GeoJson, Geometry, GeometryValue, Position};
use rustc_hash::FxHashMap;
use serde_json::Value;

use super::error::ZonesError;
use super::raw::{Declared, RawFeature, RawLayer};

/// Reads a whole document that is already decoded.
///
/// # Errors
/// The text is not JSON, or JSON of another kind.
pub fn read(file: &str, text: &str, encoding: &'static str) -> Result<RawLayer, ZonesError> {
    let document: GeoJson = match text.parse() {
        Ok(document) => document,
        Err(e) => return Err(refusal(file, text, &e)),
    };
    let collection = match document {
        GeoJson::FeatureCollection(c) => c,
        GeoJson::Feature(f) => FeatureCollection { bbox: None, features: vec![f], foreign_members: None },
        // A layer that needs codes is refused for want of them; an outline alone is a zone that somebody
        // drew.
        GeoJson::Geometry(g) => {
            FeatureCollection { bbox: None, features: vec![Feature::from(g)], foreign_members: None }
        }
    };
    let declared = declared(&collection);
    let mut columns: Vec<String> = Vec::new();
    let mut places: FxHashMap<String, usize> = FxHashMap::default();
    let mut features = Vec::with_capacity(collection.features.len());
    for (number, feature) in (1..).zip(collection.features) {
        let mut values = vec![String::new(); columns.len()];
        for (name, value) in feature.properties.iter().flatten() {
            let place = *places.entry(name.clone()).or_insert_with(|| {
                columns.push(name.clone());
                columns.len() - 1
            });
            values.resize(values.len().max(place + 1), String::new());
            values[place] = text_of(value);
        }
        features.push(RawFeature { number, id: id(&feature), values, area: area(feature.geometry) });
    }
    for feature in &mut features {
        feature.values.resize(columns.len(), String::new());
    }
    Ok(RawLayer {
        name: file.to_owned(),
        format: "GeoJSON",
        encoding,
        declared,
        columns,
        features,
        outer_clockwise: false,
    })
}

/// Tells JSON of another kind from JSON that is broken.
fn refusal(file: &str, text: &str, error: &geojson::Error) -> ZonesError {
    let file = file.to_owned();
    match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Err(e) => ZonesError::Damaged {
            file,
            message: format!("ligne {}, colonne {} : le JSON est rompu", e.line(), e.column()),
        },
        Ok(_) if !text.contains("\"FeatureCollection\"") && !text.contains("\"Feature\"") => {
            ZonesError::NotZones { file, found: "du JSON sans « FeatureCollection »".to_owned() }
        }
        Ok(_) => ZonesError::Damaged { file, message: format!("GeoJSON irrégulier ({error})") },
    }
}

/// `urn:ogc:def:crs:EPSG::2154`, `EPSG:2154`, `urn:ogc:def:crs:OGC:1.3:CRS84`.
fn declared(collection: &FeatureCollection) -> Declared {
    let Some(crs) = collection.foreign_members.as_ref().and_then(|m| m.get("crs")) else {
        return Declared::Nothing;
    };
    let properties = &crs["properties"];
    let name = properties["name"].as_str().map(str::to_owned).or_else(|| {
        // {"type":"EPSG","properties":{"code":2154}}, older still.
        properties["code"].as_u64().map(|code| format!("EPSG:{code}"))
    });
    match name {
        None if crs.is_null() => Declared::Nothing,
        None => Declared::Unknown(crs.to_string()),
        Some(name) => super::prj::of_name(&name),
    }
}

fn id(feature: &Feature) -> Option<String> {
    match feature.id.as_ref()? {
        geojson::feature::Id::String(s) => Some(s.clone()),
        geojson::feature::Id::Number(n) => Some(n.to_string()),
    }
}

fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(s) => s.trim().to_owned(),
        Value::Number(n) => n.to_string(),
        // A list (`["06029","06030"]`) reads like the same list in words.
        Value::Array(items) => items.iter().map(text_of).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

fn area(geometry: Option<Geometry>) -> Result<MultiPolygon<f64>, String> {
    let mut polygons = Vec::new();
    if let Some(geometry) = geometry {
        collect(geometry.value, &mut polygons)?;
    }
    Ok(MultiPolygon(polygons))
}

fn collect(value: GeometryValue, out: &mut Vec<Polygon<f64>>) -> Result<(), String> {
    match value {
        GeometryValue::Polygon { coordinates } => out.push(polygon(coordinates)),
        GeometryValue::MultiPolygon { coordinates } => out.extend(coordinates.into_iter().map(polygon)),
        GeometryValue::GeometryCollection { geometries } => {
            for g in geometries {
                collect(g.value, out)?;
            }
        }
        other => {
            return Err(format!(
                "la géométrie est de type {}, or une zone est un Polygon ou un MultiPolygon",
                other.type_name()
            ));
        }
    }
    Ok(())
}

fn polygon(rings: Vec<Vec<Position>>) -> Polygon<f64> {
    let mut rings = rings.into_iter().map(|ring| {
        ring.iter().map(|p| Coord { x: p.as_slice()[0], y: p.as_slice()[1] }).collect::<LineString<f64>>()
    });
    let exterior = rings.next().unwrap_or_else(|| LineString(Vec::new()));
    Polygon::new(exterior, rings.collect())
}
