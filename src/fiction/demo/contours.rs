//! Grounds as GeoJSON in WGS84 (RFC 7946), with the property names of the official files.

use std::fmt::Write;

use super::geometry::{Frame, Point, Polygon, Ring};

/// A growing `FeatureCollection`.
pub struct Collection {
    text: String,
    features: usize,
    /// Where the next features stand.
    pub frame: Frame,
}

/// Properties of a feature: names and texts.
pub type Properties<'a> = &'a [(&'a str, &'a str)];

impl Collection {
    /// `name` is what GIS tools call the layer.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            text: format!("{{\"type\":\"FeatureCollection\",\"name\":\"{name}\",\"features\":[\n"),
            features: 0,
            frame: Frame::LAMBERT,
        }
    }

    fn start(&mut self, properties: Properties<'_>) {
        if self.features > 0 {
            self.text.push_str(",\n");
        }
        self.features += 1;
        self.text.push_str("{\"type\":\"Feature\",\"properties\":{");
        for (i, (k, v)) in properties.iter().enumerate() {
            let comma = if i > 0 { "," } else { "" };
            let value = v.replace('\\', "\\\\").replace('"', "\\\"");
            let _ = write!(self.text, "{comma}\"{k}\":\"{value}\"");
        }
        self.text.push_str("},\"geometry\":");
    }

    /// One or several polygons.
    pub fn area(&mut self, properties: Properties<'_>, parts: &[Polygon]) {
        self.start(properties);
        if let [one] = parts {
            self.text.push_str("{\"type\":\"Polygon\",\"coordinates\":");
            self.polygon(one);
        } else {
            self.text.push_str("{\"type\":\"MultiPolygon\",\"coordinates\":[");
            for (i, p) in parts.iter().enumerate() {
                if i > 0 {
                    self.text.push(',');
                }
                self.polygon(p);
            }
            self.text.push(']');
        }
        self.text.push_str("}}");
    }

    /// A line.
    pub fn line(&mut self, properties: Properties<'_>, points: &[Point]) {
        self.start(properties);
        self.text.push_str("{\"type\":\"LineString\",\"coordinates\":[");
        self.points(points);
        self.text.push_str("]}}");
    }

    fn polygon(&mut self, rings: &[Ring]) {
        self.text.push('[');
        for (i, r) in rings.iter().enumerate() {
            self.text.push_str(if i > 0 { ",[" } else { "[" });
            self.points(r);
            self.text.push(',');
            self.points(&r[..1]);
            self.text.push(']');
        }
        self.text.push(']');
    }

    fn points(&mut self, points: &[Point]) {
        for (i, p) in points.iter().enumerate() {
            let [lon, lat] = self.frame.degrees(*p);
            let comma = if i > 0 { "," } else { "" };
            let _ = write!(self.text, "{comma}[{lon:.7},{lat:.7}]");
        }
    }

    /// The finished text and its number of features.
    #[must_use]
    pub fn finish(mut self) -> (String, u64) {
        self.text.push_str("\n]}\n");
        (self.text, self.features as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_as_geojson() {
        let mut c = Collection::new("essai");
        let square = vec![vec![[900_000.0, 6_500_000.0], [900_100.0, 6_500_000.0], [900_100.0, 6_500_100.0]]];
        c.area(&[("nom", "L'\"Orme\"")], std::slice::from_ref(&square));
        c.area(&[("nom", "deux")], &[square.clone(), square]);
        let (text, n) = c.finish();
        let read: geojson::FeatureCollection = text.parse().expect("GeoJSON");
        assert_eq!((n, read.features.len()), (2, 2));
        assert_eq!(read.features[0].property("nom").and_then(|v| v.as_str()), Some("L'\"Orme\""));
    }
}
