//! GeoJSON, with the `crs` member that predates RFC 7946 and that French files still write.
//!
//! The text is read once, feature after feature, and counted on the way. A feature that is none, whose
//! geometry is none or whose identifier is of another kind costs itself only: the others are read.

use std::borrow::Cow;
use std::fmt;

use rustc_hash::FxHashMap;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::value::RawValue;

use super::bounds::Meter;
use super::coordinates::{Coordinates, Shape};
use super::error::ZonesError;
use super::raw::{Declared, RawFeature, RawLayer};

/// Characters of a value: no code or name is longer.
const LONGEST: usize = 1_000;
/// Collections of geometries in each other.
const MAX_DEPTH: u8 = 4;
/// Bytes of a `crs` member.
const LONGEST_CRS: usize = 20_000;

/// Reads a whole document that is already decoded.
///
/// # Errors
/// The text is not JSON, JSON of another kind, or holds more than may be read.
pub fn read(file: &str, text: &str, encoding: &str, meter: &mut Meter<'_>) -> Result<RawLayer, ZonesError> {
    match whole(file, text, encoding, meter) {
        // What programs write that JSON does not have: put right where that changes nothing that is told.
        Err(damage @ ZonesError::Damaged { .. }) => {
            let mended = mended(text);
            if mended == text {
                return Err(damage);
            }
            let mut layer = whole(file, &mended, encoding, meter)?;
            if !text.contains("NaN") && !text.contains("Infinity") {
                layer.remarks.push(
                    "le texte n'était pas du JSON correct (signe de contrôle, virgule en trop, accent coupé…) : il a été corrigé avant lecture".to_owned(),
                );
            }
            Ok(layer)
        }
        read => read,
    }
}

fn whole(file: &str, text: &str, encoding: &str, meter: &mut Meter<'_>) -> Result<RawLayer, ZonesError> {
    let mut state = State {
        meter,
        refused: None,
        columns: Vec::new(),
        places: FxHashMap::default(),
        features: Vec::new(),
    };
    let mut json = serde_json::Deserializer::from_str(text);
    let top = Thing { state: &mut state, level: Level::Top }.deserialize(&mut json);
    let ended = top.and_then(|top| json.end().map(|()| top));
    let damaged = |message: String| ZonesError::Damaged { file: file.to_owned(), message };
    let top = match (ended, state.refused.take()) {
        (_, Some(refused)) => return Err(refused),
        (Err(e), None) if e.to_string().contains("recursion limit") => {
            return Err(damaged(format!(
                "ligne {}, colonne {} : imbriqué trop profondément",
                e.line(),
                e.column()
            )));
        }
        (Err(e), None) => {
            return Err(damaged(format!("ligne {}, colonne {} : le JSON est rompu", e.line(), e.column())));
        }
        (Ok(top), None) => top,
    };
    let State { columns, mut features, .. } = state;
    let mut top = top;
    let crs = top.as_mut().and_then(|t| t.crs.take());
    if let Some(part) = &top {
        let had = features.len() as u64;
        let of = part.matched.filter(|n| *n > had);
        if of.is_some() || part.more {
            return Err(ZonesError::Part { file: file.to_owned(), had, of });
        }
    }
    match top {
        Some(Parsed { listed: true, .. }) => {}
        Some(Parsed { feature: Some(feature), .. }) => features.push(feature),
        // A layer that needs codes is refused for want of them; an outline alone is a zone that somebody
        // drew.
        Some(Parsed { shape: Some(shape), .. }) => {
            features.push(RawFeature { number: 1, id: None, values: Vec::new(), area: shape.area() });
        }
        _ => {
            let found = "du JSON sans « FeatureCollection »".to_owned();
            return Err(ZonesError::NotZones { file: file.to_owned(), found });
        }
    }
    let declared = crs.map_or(Declared::Nothing, |crs| declared(&crs));
    Ok(RawLayer {
        name: file.to_owned(),
        format: "GeoJSON",
        encoding: encoding.to_owned(),
        declared,
        columns,
        features,
        remarks: Vec::new(),
        outer_clockwise: false,
    })
}

/// The same text as JSON has it: `null` for `NaN`, `Infinity`, `None` and `undefined`, no comma before a
/// bracket that closes, strings as [`string`] writes them.
fn mended(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let word =
            ["NaN", "Infinity", "-Infinity", "None", "undefined"].into_iter().find(|w| rest.starts_with(w));
        let taken = match (c, word) {
            (_, Some(word)) => {
                out.push_str("null");
                word.len()
            }
            ('"', _) => string(rest, &mut out),
            (',', _) if rest[1..].trim_start().starts_with(['}', ']']) => 1,
            _ => {
                out.push(c);
                c.len_utf8()
            }
        };
        rest = &rest[taken..];
    }
    out
}

/// Copies the string that a text begins with, with spaces for signs of control, U+FFFD for half of a sign
/// (`\\ud83d` alone), and without backslashes that mean nothing (`L\\'Isle`). Its length, quotes included.
fn string(text: &str, out: &mut String) -> usize {
    out.push('"');
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => {
                out.push('"');
                return at + 1;
            }
            '\\' => {
                let Some((_, next)) = chars.next() else { break };
                match next {
                    'u' => {
                        let code = |from: usize| u32::from_str_radix(text.get(from..from + 4)?, 16).ok();
                        let low = |c: u32| (0xdc00..0xe000).contains(&c);
                        let second =
                            (text.get(at + 6..at + 8) == Some("\\u")).then(|| code(at + 8)).flatten();
                        let taken = match (code(at + 2), second) {
                            (Some(0xd800..0xdc00), Some(c)) if low(c) => {
                                out.push_str(&text[at..at + 12]);
                                10
                            }
                            (Some(0xd800..0xe000), _) => {
                                out.push_str("\\ufffd");
                                4
                            }
                            (Some(_), _) => {
                                out.push_str(&text[at..at + 6]);
                                4
                            }
                            (None, _) => {
                                out.push('u');
                                0
                            }
                        };
                        chars.by_ref().take(taken).for_each(drop);
                    }
                    '"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' => out.extend(['\\', next]),
                    other => out.push(other),
                }
            }
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    text.len()
}

/// `urn:ogc:def:crs:EPSG::2154`, `EPSG:2154`, `urn:ogc:def:crs:OGC:1.3:CRS84`.
fn declared(crs: &str) -> Declared {
    let crs: serde_json::Value = serde_json::from_str(crs).unwrap_or_default();
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

/// What was read so far.
struct State<'m, 'b> {
    meter: &'m mut Meter<'b>,
    /// Why reading was stopped.
    refused: Option<ZonesError>,
    columns: Vec<String>,
    /// Columns by name; `None` for one whose values are not kept.
    places: FxHashMap<String, Option<usize>>,
    features: Vec<RawFeature>,
}

impl State<'_, '_> {
    /// Stops the reader for good.
    fn refuse<E: Error>(&mut self, why: ZonesError) -> E {
        self.refused = Some(why);
        E::custom("refused")
    }

    fn column(&mut self, name: &str) -> Result<Option<usize>, ZonesError> {
        if let Some(place) = self.places.get(name) {
            return Ok(*place);
        }
        self.meter.columns(self.columns.len() + 1)?;
        self.columns.push(name.to_owned());
        let place = self.meter.wants(name).then_some(self.columns.len() - 1);
        self.places.insert(name.to_owned(), place);
        Ok(place)
    }
}

/// Where an object stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Top,
    /// One of the features.
    Feature,
    /// A geometry, in so many collections.
    Geometry(u8),
}

/// Members of objects of GeoJSON.
#[derive(serde::Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Member {
    Type,
    Id,
    Properties,
    Geometry,
    Coordinates,
    Geometries,
    Features,
    Crs,
    /// Of how many features of a service these are some.
    #[serde(rename = "numberMatched")]
    Matched,
    #[serde(rename = "exceededTransferLimit")]
    Exceeded,
    Links,
    #[serde(other)]
    Other,
}

/// What an object turned out to be.
#[derive(Default)]
struct Parsed {
    /// It held a list of features.
    listed: bool,
    feature: Option<RawFeature>,
    shape: Option<Shape>,
    crs: Option<String>,
    /// How many features the service has, and whether it says that there are more than these.
    matched: Option<u64>,
    more: bool,
}

/// Any object, at its level; `None` for what is none.
struct Thing<'s, 'm, 'b> {
    state: &'s mut State<'m, 'b>,
    level: Level,
}

impl<'de> DeserializeSeed<'de> for Thing<'_, '_, '_> {
    type Value = Option<Parsed>;
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Self::Value, D::Error> {
        d.deserialize_any(self)
    }
}

/// Visits of values that are not what is looked for.
macro_rules! others {
    ($none:expr) => {
        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok($none)
        }
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok($none)
        }
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("GeoJSON")
        }
    };
    ($none:expr, numbers) => {
        others!($none);
        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok($none)
        }
        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok($none)
        }
        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok($none)
        }
    };
}

impl<'de> Visitor<'de> for Thing<'_, '_, '_> {
    type Value = Option<Parsed>;
    others!(None, numbers);

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Self { state, level } = self;
        let depth = if let Level::Geometry(depth) = level { depth } else { 0 };
        let feature = level != Level::Geometry(depth);
        let (mut kind, mut id, mut values) = (None::<String>, None, Vec::new());
        let (mut geometry, mut coordinates, mut collection) = (None, None, None);
        let mut parsed = Parsed::default();
        let mut is_feature = level == Level::Feature;
        while let Some(member) = map.next_key::<Member>()? {
            match member {
                Member::Type => kind = Some(map.next_value_seed(Text)?),
                Member::Id if feature => id = Some(map.next_value_seed(Text)?).filter(|id| !id.is_empty()),
                Member::Matched if level == Level::Top => {
                    parsed.matched = map.next_value::<serde_json::Value>()?.as_u64();
                }
                Member::Exceeded if level == Level::Top => {
                    parsed.more |= map.next_value::<serde_json::Value>()?.as_bool() == Some(true);
                }
                Member::Links if level == Level::Top => {
                    let links = map.next_value::<serde_json::Value>()?;
                    let next = |l: &serde_json::Value| l["rel"] == "next";
                    parsed.more |= links.as_array().is_some_and(|all| all.iter().any(next));
                }
                Member::Properties if feature => {
                    is_feature = true;
                    values = map.next_value_seed(Properties { state })?;
                }
                Member::Geometry if feature => {
                    is_feature = true;
                    let found = map.next_value_seed(Thing { state, level: Level::Geometry(0) })?;
                    geometry = found.and_then(|f| f.shape);
                }
                Member::Coordinates => {
                    let read = Coordinates { meter: state.meter, refused: &mut state.refused };
                    coordinates = Some(map.next_value_seed(read)?);
                }
                Member::Geometries if depth < MAX_DEPTH => {
                    let level = Level::Geometry(depth + 1);
                    collection = Some(map.next_value_seed(Listed { state, level })?);
                }
                Member::Geometries => {
                    let _: IgnoredAny = map.next_value()?;
                    let why = format!(
                        "des collections de géométries sont imbriquées à plus de {MAX_DEPTH} niveaux"
                    );
                    collection = Some(vec![Shape::Fault(why)]);
                }
                Member::Features if level == Level::Top => {
                    parsed.listed = true;
                    map.next_value_seed(Listed { state, level: Level::Feature })?;
                }
                Member::Crs if level == Level::Top => {
                    let raw: &RawValue = map.next_value()?;
                    parsed.crs = Some(raw.get().to_owned()).filter(|t| t.len() <= LONGEST_CRS);
                }
                _ => {
                    let _: IgnoredAny = map.next_value()?;
                }
            }
        }
        if is_feature {
            // An absent geometry is an empty one.
            let area = geometry.map_or_else(|| Ok(geo::MultiPolygon(Vec::new())), Shape::area);
            parsed.feature = Some(RawFeature { number: 1, id, values, area });
        }
        let kind = kind.unwrap_or_default();
        parsed.shape = match (coordinates, collection) {
            (Some(c), _) => Some(c.shape(&kind)),
            (None, Some(parts)) => Some(Shape::together(parts)),
            (None, None) if !feature => {
                Some(Shape::Fault(format!("la géométrie « {kind} » n'a pas de coordonnées")))
            }
            (None, None) => None,
        };
        Ok(Some(parsed))
    }
}

/// A list of features, kept in the state, or of geometries, given back.
struct Listed<'s, 'm, 'b> {
    state: &'s mut State<'m, 'b>,
    level: Level,
}

impl<'de> DeserializeSeed<'de> for Listed<'_, '_, '_> {
    type Value = Vec<Shape>;
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Self::Value, D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Listed<'_, '_, '_> {
    type Value = Vec<Shape>;
    others!(Vec::new(), numbers);

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let Self { state, level } = self;
        let mut shapes = Vec::new();
        let mut number = 0;
        while let Some(found) = seq.next_element_seed(Thing { state, level })? {
            number += 1;
            let found = found.unwrap_or_default();
            if level == Level::Feature {
                state.meter.feature().map_err(|e| state.refuse::<A::Error>(e))?;
                let none = || RawFeature {
                    number,
                    id: None,
                    values: Vec::new(),
                    area: Err("ce n'est pas une entité de GeoJSON".to_owned()),
                };
                state.features.push(RawFeature { number, ..found.feature.unwrap_or_else(none) });
            } else {
                state.meter.list().map_err(|e| state.refuse::<A::Error>(e))?;
                let none = || Shape::Fault("une géométrie de la collection est vide".to_owned());
                shapes.push(found.shape.unwrap_or_else(none));
            }
        }
        Ok(shapes)
    }
}

/// Values of the columns that the layer may use.
struct Properties<'s, 'm, 'b> {
    state: &'s mut State<'m, 'b>,
}

impl<'de> DeserializeSeed<'de> for Properties<'_, '_, '_> {
    type Value = Vec<(usize, String)>;
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Self::Value, D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Properties<'_, '_, '_> {
    type Value = Vec<(usize, String)>;
    others!(Vec::new(), numbers);

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Vec::new())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut values: Vec<(usize, String)> = Vec::new();
        while let Some(Name(name)) = map.next_key()? {
            let place = self.state.column(&name).map_err(|e| self.state.refuse::<A::Error>(e))?;
            let Some(place) = place else {
                let _: IgnoredAny = map.next_value()?;
                continue;
            };
            let value = map.next_value_seed(Text)?;
            values.retain(|(column, _)| *column != place);
            if !value.is_empty() {
                values.push((place, value));
            }
        }
        Ok(values)
    }
}

/// A name, borrowed where the text has it without escapes.
struct Name<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> Visitor<'de> for Names {
            type Value = Name<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }
            fn visit_borrowed_str<E>(self, v: &'de str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Borrowed(v)))
            }
            fn visit_str<E>(self, v: &str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Owned(v.to_owned())))
            }
        }
        d.deserialize_str(Names)
    }
}

/// A value as text: empty for null and objects; a list (`["06029","06030"]`) reads like the same list in
/// words.
#[derive(Clone, Copy)]
struct Text;

impl<'de> DeserializeSeed<'de> for Text {
    type Value = String;
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<String, D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }
    fn visit_unit<E>(self) -> Result<String, E> {
        Ok(String::new())
    }
    fn visit_bool<E>(self, v: bool) -> Result<String, E> {
        Ok(v.to_string())
    }
    fn visit_i64<E>(self, v: i64) -> Result<String, E> {
        Ok(v.to_string())
    }
    fn visit_u64<E>(self, v: u64) -> Result<String, E> {
        Ok(v.to_string())
    }
    fn visit_f64<E>(self, v: f64) -> Result<String, E> {
        Ok(serde_json::Number::from_f64(v).map_or_else(String::new, |n| n.to_string()))
    }
    fn visit_str<E>(self, v: &str) -> Result<String, E> {
        Ok(v.trim().chars().take(LONGEST).collect())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<String, A::Error> {
        let mut all = String::new();
        let mut first = true;
        while let Some(item) = seq.next_element_seed(Text)? {
            if all.len() < LONGEST {
                all.push_str(if first { "" } else { "," });
                all.push_str(&item);
            }
            first = false;
        }
        Ok(all)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<String, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(String::new())
    }
}
