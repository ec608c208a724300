//! Coordinates of GeoJSON: lists of lists of numbers, whatever the kind says, read without knowing it yet.

use std::fmt;

use geo::{Coord, LineString, MultiPolygon, Polygon};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::bounds::Meter;
use super::error::ZonesError;

/// What a geometry is.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    Area(Vec<Polygon<f64>>),
    /// A kind without area, by its name.
    Flat(String),
    /// Why it is nothing, in French.
    Fault(String),
}

impl Shape {
    /// # Errors
    /// It has no area; says why in French.
    pub fn area(self) -> Result<MultiPolygon<f64>, String> {
        match self {
            Self::Area(polygons) => Ok(MultiPolygon(polygons)),
            Self::Flat(kind) => {
                Err(format!("la géométrie est de type {kind}, or une zone est un Polygon ou un MultiPolygon"))
            }
            Self::Fault(why) => Err(why),
        }
    }

    /// A collection: its areas; what has none is left out where there is one.
    #[must_use]
    pub fn together(parts: Vec<Self>) -> Self {
        let mut area = Vec::new();
        let mut flat = None;
        for part in parts {
            match part {
                Self::Area(polygons) => area.extend(polygons),
                Self::Flat(kind) => flat = Some(kind),
                fault @ Self::Fault(_) => return fault,
            }
        }
        match flat {
            Some(kind) if area.is_empty() => Self::Flat(kind),
            _ => Self::Area(area),
        }
    }
}

/// A list of some depth.
#[derive(Debug, Clone, PartialEq)]
pub enum Nested {
    Empty,
    Number(f64),
    Position(Coord<f64>),
    Line(Vec<Coord<f64>>),
    Rings(Vec<LineString<f64>>),
    Parts(Vec<Vec<LineString<f64>>>),
    Fault(&'static str),
}

const MIXED: &str = "des coordonnées ne sont pas des listes de positions";
const SHORT: &str = "une position n'a pas deux nombres";

impl Nested {
    /// What it is for a geometry of some kind.
    #[must_use]
    pub fn shape(self, kind: &str) -> Shape {
        let polygon = |rings: Vec<LineString<f64>>| {
            let mut rings = rings.into_iter();
            let exterior = rings.next().unwrap_or_else(|| LineString(Vec::new()));
            Polygon::new(exterior, rings.collect())
        };
        match (kind, self) {
            ("Point" | "MultiPoint" | "LineString" | "MultiLineString", _) => Shape::Flat(kind.to_owned()),
            (_, Self::Fault(why)) => Shape::Fault(why.to_owned()),
            ("Polygon" | "MultiPolygon", Self::Empty) => Shape::Area(Vec::new()),
            ("Polygon", Self::Rings(rings)) => Shape::Area(vec![polygon(rings)]),
            ("MultiPolygon", Self::Parts(parts)) => Shape::Area(parts.into_iter().map(polygon).collect()),
            ("Polygon" | "MultiPolygon", _) => {
                Shape::Fault(format!("les coordonnées ne sont pas celles d'un {kind}"))
            }
            _ => Shape::Fault(format!("« {kind} » n'est pas un type de géométrie")),
        }
    }
}

/// Reads any depth of coordinates, counting vertices and lists; what stops it is put in `refused`.
pub struct Coordinates<'s, 'b> {
    pub meter: &'s mut Meter<'b>,
    pub refused: &'s mut Option<ZonesError>,
}

impl<'b> Coordinates<'_, 'b> {
    fn again(&mut self) -> Coordinates<'_, 'b> {
        Coordinates { meter: self.meter, refused: self.refused }
    }

    fn stop<E: Error>(&mut self, why: ZonesError) -> E {
        *self.refused = Some(why);
        E::custom("refused")
    }
}

impl<'de> DeserializeSeed<'de> for Coordinates<'_, '_> {
    type Value = Nested;
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Nested, D::Error> {
        d.deserialize_any(self)
    }
}

#[expect(clippy::cast_precision_loss, reason = "coordinates are far below 2^53")]
impl<'de> Visitor<'de> for Coordinates<'_, '_> {
    type Value = Nested;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("coordinates")
    }
    fn visit_f64<E>(self, v: f64) -> Result<Nested, E> {
        Ok(Nested::Number(v))
    }
    fn visit_i64<E>(self, v: i64) -> Result<Nested, E> {
        Ok(Nested::Number(v as f64))
    }
    fn visit_u64<E>(self, v: u64) -> Result<Nested, E> {
        Ok(Nested::Number(v as f64))
    }
    fn visit_unit<E>(self) -> Result<Nested, E> {
        Ok(Nested::Fault(MIXED))
    }
    fn visit_bool<E>(self, _: bool) -> Result<Nested, E> {
        Ok(Nested::Fault(MIXED))
    }
    fn visit_str<E>(self, _: &str) -> Result<Nested, E> {
        Ok(Nested::Fault(MIXED))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Nested, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Nested::Fault(MIXED))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<Nested, A::Error> {
        self.meter.list().map_err(|e| self.stop::<A::Error>(e))?;
        let mut whole = Nested::Empty;
        // An empty ring is none; an empty position is one that is missing.
        let mut hollow = false;
        // Numbers of a position: the first two are kept.
        let (mut numbers, mut position) = (0, Coord { x: 0.0, y: 0.0 });
        while let Some(item) = seq.next_element_seed(self.again())? {
            whole = match (whole, item) {
                (Nested::Fault(why), _) | (_, Nested::Fault(why)) => {
                    while seq.next_element::<IgnoredAny>()?.is_some() {}
                    return Ok(Nested::Fault(why));
                }
                (whole, Nested::Empty) => {
                    hollow = true;
                    whole
                }
                (Nested::Empty | Nested::Position(_), Nested::Number(v)) => {
                    match numbers {
                        0 => position.x = v,
                        1 => position.y = v,
                        _ => {}
                    }
                    numbers += 1;
                    Nested::Position(position)
                }
                (Nested::Empty, Nested::Position(p)) => Nested::Line(vec![p]),
                (Nested::Line(mut line), Nested::Position(p)) => {
                    line.push(p);
                    Nested::Line(line)
                }
                (Nested::Empty, Nested::Line(line)) => Nested::Rings(vec![LineString(line)]),
                (Nested::Rings(mut rings), Nested::Line(line)) => {
                    rings.push(LineString(line));
                    Nested::Rings(rings)
                }
                (Nested::Empty, Nested::Rings(rings)) => Nested::Parts(vec![rings]),
                (Nested::Parts(mut parts), Nested::Rings(rings)) => {
                    parts.push(rings);
                    Nested::Parts(parts)
                }
                _ => Nested::Fault(MIXED),
            };
        }
        if hollow && matches!(whole, Nested::Line(_) | Nested::Position(_)) {
            return Ok(Nested::Fault(SHORT));
        }
        if numbers > 0 {
            self.meter.vertices(1).map_err(|e| self.stop::<A::Error>(e))?;
            if numbers < 2 {
                return Ok(Nested::Fault(SHORT));
            }
        }
        Ok(whole)
    }
}
