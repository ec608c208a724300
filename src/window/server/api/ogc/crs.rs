//! Coordinate systems of this interface: their names, the order of their axes, and coordinates in them.

use std::borrow::Cow;

use geo::MapCoords;

use super::Fault;
use crate::publish::Place;
use crate::territory::crs as systems;

/// Longitude and latitude, the default of OGC API.
pub const CRS84: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";
/// Latitude before longitude, as the registry has it.
const DEGREES: u16 = 4326;
/// What is offered everywhere; the legal system of a territory overseas is added to it.
const OFFERED: [u16; 3] = [DEGREES, 3857, 2154];
/// Legal systems overseas, offered where they hold.
const OVERSEAS: [u16; 5] = [5490, 2972, 2975, 4471, 4467];

/// A system that coordinates can be asked in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    LonLat,
    Epsg(u16),
}

impl System {
    /// A system by the name that clients write: its address, or `[EPSG:2154]`, or `EPSG:2154`.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let text = text.trim_matches(['[', ']', '<', '>']);
        if text == CRS84 || text.eq_ignore_ascii_case("OGC:CRS84") {
            return Some(Self::LonLat);
        }
        let lower = text.to_ascii_lowercase();
        let code = lower
            .strip_prefix("http://www.opengis.net/def/crs/epsg/0/")
            .or_else(|| lower.strip_prefix("https://www.opengis.net/def/crs/epsg/0/"))
            .or_else(|| lower.strip_prefix("epsg:"))?;
        let code: u16 = code.parse().ok()?;
        (OFFERED.contains(&code) || OVERSEAS.contains(&code)).then_some(Self::Epsg(code))
    }

    #[must_use]
    pub fn uri(self) -> String {
        match self {
            Self::LonLat => CRS84.to_owned(),
            Self::Epsg(code) => format!("http://www.opengis.net/def/crs/EPSG/0/{code}"),
        }
    }

    /// Coordinates of a place in this system, in the order of its axes.
    ///
    /// # Errors
    /// It cannot be converted.
    pub fn place<'a>(self, place: Place<'a>) -> Result<Place<'a>, Fault> {
        let turned = |x: f64, y: f64| self.forward([x, y]);
        Ok(match (self, place) {
            (Self::LonLat, place) => place,
            (_, Place::Point([x, y])) => Place::Point(turned(x, y)?),
            (_, Place::Area(area)) => Place::Area(Cow::Owned(
                area.try_map_coords(|c| turned(c.x, c.y).map(|[x, y]| geo::Coord { x, y }))?,
            )),
        })
    }

    fn forward(self, [lon, lat]: [f64; 2]) -> Result<[f64; 2], Fault> {
        match self {
            Self::LonLat => Ok([lon, lat]),
            Self::Epsg(DEGREES) => Ok([lat, lon]),
            Self::Epsg(code) => {
                let (mut x, mut y) = ([lon], [lat]);
                systems::from_lonlat(code, &mut x, &mut y)
                    .map_err(|e| Fault::value("crs", &e.to_string()))?;
                Ok([x[0], y[0]])
            }
        }
    }

    /// West, south, east, north of a box in this system; its edges are followed, since they bend.
    ///
    /// # Errors
    /// It cannot be converted.
    pub fn degrees(self, [a, b, c, d]: [f64; 4]) -> Result<[f64; 4], Fault> {
        const STEPS: u32 = 8;
        match self {
            Self::LonLat => Ok([a, b, c, d]),
            Self::Epsg(DEGREES) => Ok([b, a, d, c]),
            Self::Epsg(code) => {
                let (mut xs, mut ys) = (Vec::new(), Vec::new());
                for i in 0..=STEPS {
                    let t = f64::from(i) / f64::from(STEPS);
                    let (x, y) = (a + (c - a) * t, b + (d - b) * t);
                    xs.extend([x, x, a, c]);
                    ys.extend([b, d, y, y]);
                }
                systems::to_lonlat(code, &mut xs, &mut ys)
                    .map_err(|e| Fault::value("bbox-crs", &e.to_string()))?;
                let low = |v: &[f64]| v.iter().copied().fold(f64::INFINITY, f64::min);
                let high = |v: &[f64]| v.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                Ok([low(&xs), low(&ys), high(&xs), high(&ys)])
            }
        }
    }
}

/// The legal system at the middle of an extent, in which the register's points are; metropolitan if unknown.
#[must_use]
pub fn storage(extent: [f64; 4]) -> System {
    let [w, s, e, n] = extent;
    System::Epsg(systems::epsg_at(f64::midpoint(w, e), f64::midpoint(s, n)).unwrap_or(2154))
}

/// Names of the systems that a collection is offered in.
#[must_use]
pub fn offered(storage: System) -> Vec<String> {
    let mut out = vec![CRS84.to_owned()];
    out.extend(OFFERED.map(|c| System::Epsg(c).uri()));
    let own = storage.uri();
    if !out.contains(&own) {
        out.push(own);
    }
    out
}

/// The system that a parameter names.
///
/// # Errors
/// It is none that is offered.
pub fn asked(name: &'static str, text: Option<&str>) -> Result<System, Fault> {
    let Some(text) = text else { return Ok(System::LonLat) };
    System::of(text).ok_or_else(|| {
        let known = offered(System::LonLat).join(", ");
        Fault::value(name, &format!("« {text} » n'est pas un système proposé. Systèmes : {known}."))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_are_in_the_order_of_the_registry() {
        let degrees = System::of("http://www.opengis.net/def/crs/EPSG/0/4326").unwrap();
        assert_eq!(degrees.forward([5.0, 45.0]).unwrap(), [45.0, 5.0]);
        assert_eq!(degrees.degrees([45.0, 5.0, 46.0, 6.0]).unwrap(), [5.0, 45.0, 6.0, 46.0]);
        let lambert = System::of("EPSG:2154").unwrap();
        let [x, y] = lambert.forward([3.0, 46.5]).unwrap();
        assert!((x - 700_000.0).abs() < 1e-3 && (y - 6_600_000.0).abs() < 1e-3);
        let back = lambert.degrees([x - 1.0, y - 1.0, x + 1.0, y + 1.0]).unwrap();
        assert!(back[0] < 3.0 && 3.0 < back[2] && back[2] - back[0] < 1e-4);
        assert_eq!(System::of("http://www.opengis.net/def/crs/EPSG/0/27572"), None, "needs a grid");
    }
}
