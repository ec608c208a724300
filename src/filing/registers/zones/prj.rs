//! Which EPSG code a declaration means: a name, an URN, or the WKT of a `.prj` file.
//!
//! A `.prj` seldom holds a code: software writes `LAMB93` or `RGF93_Lambert_93`. The name is looked up
//! in `data/territory.toml`, then the parameters of the projection are compared with its PROJ strings.

use super::raw::Declared;
use crate::reference::territory::{Crs, territory};

/// `EPSG:2154`, `urn:ogc:def:crs:EPSG::2154`, `http://www.opengis.net/def/crs/EPSG/0/2154`, `…CRS84`,
/// `LAMB93`.
#[must_use]
pub fn of_name(name: &str) -> Declared {
    let name = name.trim();
    let upper = name.to_ascii_uppercase();
    if upper.ends_with("CRS84") {
        return Declared::Epsg(4326);
    }
    if upper.contains("EPSG") || upper.contains("IGNF") {
        let last = upper.rsplit([':', '/', '#']).next().unwrap_or_default();
        if let Ok(code) = last.parse() {
            return Declared::Epsg(code);
        }
        return known_name(last).map_or_else(|| Declared::Unknown(name.to_owned()), Declared::Epsg);
    }
    known_name(name).map_or_else(|| Declared::Unknown(name.to_owned()), Declared::Epsg)
}

/// The text of a `.prj` file, WKT 1 (ESRI or OGC) or 2.
#[must_use]
pub fn of_wkt(text: &str) -> Declared {
    let text = text.trim().trim_start_matches('\u{feff}');
    if text.is_empty() {
        return Declared::Nothing;
    }
    let Some(root) = parse(text) else { return of_name(text) };
    let root = if root.keyword == "COMPD_CS" || root.keyword == "BOUNDCRS" || root.keyword == "COMPOUNDCRS" {
        root.nodes.into_iter().find(|n| n.keyword != "SOURCECRS").unwrap_or_default()
    } else {
        root
    };
    if let Some(code) = root.code() {
        return Declared::Epsg(code);
    }
    if let Some(epsg) = known_name(root.text()) {
        return Declared::Epsg(epsg);
    }
    by_parameters(&root).map_or_else(|| Declared::Unknown(root.text().to_owned()), Declared::Epsg)
}

fn known_name(name: &str) -> Option<u16> {
    let key = key(name);
    let data = territory();
    data.crs
        .iter()
        .map(|c| (c.epsg, &c.nom, &c.motifs))
        .chain(data.crs_refuse.iter().map(|c| (c.epsg, &c.nom, &c.motifs)))
        .find(|(_, nom, motifs)| motifs.contains(&key) || self::key(nom) == key)
        .map(|(epsg, ..)| epsg)
}

fn key(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

/// One `KEYWORD["text", number, NODE[…]]`.
#[derive(Debug, Default)]
struct Node {
    keyword: String,
    texts: Vec<String>,
    numbers: Vec<f64>,
    nodes: Vec<Node>,
}

impl Node {
    fn text(&self) -> &str {
        self.texts.first().map_or("", String::as_str)
    }

    fn child(&self, keyword: &str) -> Option<&Node> {
        self.nodes.iter().find(|n| n.keyword == keyword)
    }

    /// First node of this name at any depth.
    fn find(&self, keyword: &str) -> Option<&Node> {
        self.child(keyword).or_else(|| self.nodes.iter().find_map(|n| n.find(keyword)))
    }

    /// Its own `AUTHORITY["EPSG","2154"]` or `ID["EPSG",2154]`.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be a small whole number"
    )]
    fn code(&self) -> Option<u16> {
        let own = self.child("AUTHORITY").or_else(|| self.child("ID"))?;
        if !own.text().eq_ignore_ascii_case("EPSG") {
            return None;
        }
        let text = own.texts.get(1).and_then(|t| t.parse().ok());
        text.or_else(|| own.numbers.first().filter(|n| **n > 0.0 && **n <= 65535.0).map(|n| *n as u16))
    }

    /// A projection parameter under one of its names.
    fn parameter(&self, names: &[&str]) -> Option<f64> {
        let mut all = self
            .nodes
            .iter()
            .chain(self.nodes.iter().filter(|n| n.keyword == "CONVERSION").flat_map(|n| &n.nodes));
        all.find(|n| n.keyword == "PARAMETER" && names.contains(&key(n.text()).as_str()))?
            .numbers
            .first()
            .copied()
    }
}

/// Deeper nesting is no WKT of a coordinate system.
const MAX_DEPTH: usize = 32;

fn parse(text: &str) -> Option<Node> {
    let chars: Vec<char> = text.chars().collect();
    let mut at = 0;
    node(&chars, &mut at, 0)
}

fn node(c: &[char], at: &mut usize, depth: usize) -> Option<Node> {
    if depth > MAX_DEPTH {
        return None;
    }
    let word = word(c, at);
    skip(c, at);
    if word.is_empty() || !matches!(c.get(*at), Some('[' | '(')) {
        return None;
    }
    *at += 1;
    let mut out = Node { keyword: word.to_ascii_uppercase(), ..Node::default() };
    loop {
        skip(c, at);
        match c.get(*at)? {
            ']' | ')' => {
                *at += 1;
                return Some(out);
            }
            ',' => *at += 1,
            '"' => {
                let start = *at + 1;
                let end = start + c.get(start..)?.iter().position(|&x| x == '"')?;
                out.texts.push(c[start..end].iter().collect());
                *at = end + 1;
            }
            _ => {
                let start = *at;
                let token = self::word(c, at);
                if token.is_empty() {
                    return None;
                }
                skip(c, at);
                if matches!(c.get(*at), Some('[' | '(')) {
                    *at = start;
                    out.nodes.push(node(c, at, depth + 1)?);
                } else if let Ok(n) = token.parse() {
                    out.numbers.push(n);
                }
            }
        }
    }
}

fn skip(c: &[char], at: &mut usize) {
    while c.get(*at).is_some_and(|x| x.is_whitespace()) {
        *at += 1;
    }
}

fn word(c: &[char], at: &mut usize) -> String {
    skip(c, at);
    let start = *at;
    while c.get(*at).is_some_and(|x| x.is_alphanumeric() || "_+-.".contains(*x)) {
        *at += 1;
    }
    c[start..*at].iter().collect()
}

/// Finds a known system with the same numbers. All of them are within a metre of WGS84 as long as the
/// ellipsoid is GRS80 or WGS84; another ellipsoid (Clarke for NTF) never matches.
fn by_parameters(root: &Node) -> Option<u16> {
    let spheroid = root.find("SPHEROID").or_else(|| root.find("ELLIPSOID"))?;
    let modern = matches!(spheroid.numbers.as_slice(), [a, f, ..]
        if (a - 6_378_137.0).abs() < 0.01 && (f - 298.257).abs() < 0.001);
    let greenwich = root.find("PRIMEM").and_then(|p| p.numbers.first()).is_none_or(|m| *m == 0.0);
    let geographic = matches!(root.keyword.as_str(), "GEOGCS" | "GEOGCRS" | "GEODCRS");
    if geographic && !(modern && greenwich) {
        // Degrees or grads of Clarke's ellipsoid (NTF), degrees of Hayford's (ED50): known, and refused.
        let axis = spheroid.numbers.first().copied().unwrap_or_default();
        return match (axis - 6_378_249.2, axis - 6_378_388.0) {
            (clarke, _) if clarke.abs() < 1.0 => Some(if greenwich { 4275 } else { 4807 }),
            (_, hayford) if hayford.abs() < 1.0 => Some(4230),
            _ => None,
        };
    }
    if !modern || !greenwich {
        return None;
    }
    if geographic {
        return Some(4326);
    }
    let metres = root
        .nodes
        .iter()
        .rev()
        .find(|n| matches!(n.keyword.as_str(), "UNIT" | "LENGTHUNIT"))
        .is_none_or(|u| u.numbers.first() == Some(&1.0));
    if !metres {
        return None;
    }
    territory().crs.iter().filter(|c| !c.is_geographic()).find(|c| same_parameters(c, root)).map(|c| c.epsg)
}

fn same_parameters(crs: &Crs, root: &Node) -> bool {
    let word = |k: &str| crs.proj.split_whitespace().find_map(|w| w.strip_prefix(k)?.strip_prefix('='));
    let number = |k: &str| word(k).and_then(|v| v.parse::<f64>().ok());
    let method = root.child("PROJECTION").map_or("", Node::text);
    let method = key(if method.is_empty() { root.find("METHOD").map_or("", Node::text) } else { method });
    let origin =
        &["CENTRALMERIDIAN", "LONGITUDEOFCENTER", "LONGITUDEOFNATURALORIGIN", "LONGITUDEOFFALSEORIGIN"];
    let latitude =
        &["LATITUDEOFORIGIN", "LATITUDEOFCENTER", "LATITUDEOFNATURALORIGIN", "LATITUDEOFFALSEORIGIN"];
    let x0 = root.parameter(&["FALSEEASTING", "EASTINGATFALSEORIGIN"]);
    let y0 = root.parameter(&["FALSENORTHING", "NORTHINGATFALSEORIGIN"]);
    let near = |a: Option<f64>, b: Option<f64>| matches!((a, b), (Some(a), Some(b)) if (a - b).abs() < 1e-6);
    match word("+proj") {
        Some("lcc")
            if method.contains("LAMBERTCONFORMALCONIC") || method.contains("LAMBERTCONICCONFORMAL") =>
        {
            let p1 = root.parameter(&["STANDARDPARALLEL1", "LATITUDEOF1STSTANDARDPARALLEL"]);
            let p2 = root.parameter(&["STANDARDPARALLEL2", "LATITUDEOF2NDSTANDARDPARALLEL"]);
            let (l1, l2) = (number("+lat_1"), number("+lat_2"));
            near(root.parameter(origin), number("+lon_0"))
                && near(root.parameter(latitude), number("+lat_0"))
                && near(x0, number("+x_0"))
                && near(y0, number("+y_0"))
                && ((near(p1, l1) && near(p2, l2)) || (near(p1, l2) && near(p2, l1)))
        }
        Some("laea") if method.contains("AZIMUTHALEQUALAREA") => {
            near(root.parameter(origin), number("+lon_0"))
                && near(root.parameter(latitude), number("+lat_0"))
                && near(x0, number("+x_0"))
                && near(y0, number("+y_0"))
        }
        Some("utm") if method.contains("TRANSVERSEMERCATOR") || method.contains("GAUSSKRUGER") => {
            let south = crs.proj.contains("+south");
            near(root.parameter(origin), number("+zone").map(|z| z * 6.0 - 183.0))
                && near(root.parameter(&["SCALEFACTOR", "SCALEFACTORATNATURALORIGIN"]), Some(0.9996))
                && near(root.parameter(latitude), Some(0.0))
                && near(x0, Some(500_000.0))
                && near(y0, Some(if south { 10_000_000.0 } else { 0.0 }))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_urns_are_recognised() {
        for (name, epsg) in [
            ("urn:ogc:def:crs:EPSG::2154", 2154),
            ("EPSG:5490", 5490),
            ("http://www.opengis.net/def/crs/EPSG/0/2975", 2975),
            ("urn:ogc:def:crs:OGC:1.3:CRS84", 4326),
            ("LAMB93", 2154),
            ("RGF93_Lambert_93", 2154),
            ("RGF93 v2b / Lambert-93", 9794),
            ("NTF_Paris_Lambert_Zone_II", 27572),
        ] {
            assert_eq!(of_name(name), Declared::Epsg(epsg), "{name}");
        }
        assert_eq!(of_name("Mon système"), Declared::Unknown("Mon système".to_owned()));
    }

    #[test]
    fn a_projection_with_an_unknown_name_is_recognised_by_its_numbers() {
        let wkt = |name: &str, p1: f64, p2: f64, a: f64| {
            format!(
                r#"PROJCS["{name}",GEOGCS["x",DATUM["x",SPHEROID["x",{a},298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Lambert_Conformal_Conic"],PARAMETER["False_Easting",700000.0],PARAMETER["False_Northing",6600000.0],PARAMETER["Central_Meridian",3.0],PARAMETER["Standard_Parallel_1",{p1}],PARAMETER["Standard_Parallel_2",{p2}],PARAMETER["Latitude_Of_Origin",46.5],UNIT["Meter",1.0]]"#
            )
        };
        assert_eq!(of_wkt(&wkt("Projet", 44.0, 49.0, 6_378_137.0)), Declared::Epsg(2154));
        assert_eq!(of_wkt(&wkt("Projet", 49.0, 44.0, 6_378_137.0)), Declared::Epsg(2154));
        assert_eq!(of_wkt(&wkt("Projet", 44.0, 48.0, 6_378_137.0)), Declared::Unknown("Projet".to_owned()));
        assert_eq!(of_wkt(&wkt("Projet", 44.0, 49.0, 6_378_249.2)), Declared::Unknown("Projet".to_owned()));
    }

    #[test]
    fn degrees_of_another_datum_are_not_those_of_wgs84() {
        let wkt = |name: &str, axis: &str, meridian: &str, unit: &str| {
            format!(
                r#"GEOGCS["{name}",DATUM["D",SPHEROID["S",{axis}]],PRIMEM["M",{meridian}],UNIT["U",{unit}]]"#
            )
        };
        let degree = "0.0174532925199433";
        let paris = wkt("x", "6378249.2,293.4660212936269", "2.33722917", "0.01570796326794897");
        assert_eq!(of_wkt(&paris), Declared::Epsg(4807));
        assert_eq!(of_wkt(&wkt("x", "6378249.2,293.466", "0.0", degree)), Declared::Epsg(4275));
        assert_eq!(of_wkt(&wkt("GCS_NTF_Paris", "1,1", "0.0", degree)), Declared::Epsg(4807));
        assert_eq!(of_wkt(&wkt("x", "6378388.0,297.0", "0.0", degree)), Declared::Epsg(4230));
        assert_eq!(of_wkt(&wkt("x", "6378137.0,298.257222101", "0.0", degree)), Declared::Epsg(4326));
    }

    #[test]
    fn overseas_utm_is_recognised_by_its_numbers() {
        let text = r#"PROJCS["RGR_bizarre",GEOGCS["x",DATUM["x",SPHEROID["GRS_1980",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",10000000.0],PARAMETER["Central_Meridian",57.0],PARAMETER["Scale_Factor",0.9996],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]"#;
        assert_eq!(of_wkt(text), Declared::Epsg(2975));
    }

    #[test]
    fn a_cut_or_hostile_wkt_is_unknown_and_never_panics() {
        assert!(matches!(of_wkt("PROJCS[\"x\",GEOGCS[\"y\""), Declared::Unknown(_)));
        assert!(matches!(of_wkt(&"A[".repeat(10_000)), Declared::Unknown(_)));
        assert_eq!(of_wkt("  "), Declared::Nothing);
    }
}
