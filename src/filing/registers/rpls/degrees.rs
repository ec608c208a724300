//! Points in degrees: columns of longitude and latitude, and what a geocoder answered beside them.
//!
//! Files that went through the geocoder of the BAN have its columns (`latitude`, `longitude`, `result_score`,
//! `result_type`): its points are believed as ours are, from the same score on, with the same qualities.

use csv::ByteRecord;

use super::layout::{Col, Layout};
use crate::territory::crs;

/// Degrees of WGS84 as RPLS files would number them.
pub(super) const EPSG: u16 = 4326;
/// Score from which an answer is believed, and the qualities of a number and of a street that were found.
const SURE: f64 = 0.8;
const NUMBER: u8 = 41;
const STREET: u8 = 42;

/// What a row says in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Degrees {
    Nothing,
    /// A geocoder's answer that is not sure, or that is only the commune.
    Unsure,
    /// Not in France.
    Abroad,
    /// This cell holds no number.
    Unreadable(Col),
    Point {
        lon: f64,
        lat: f64,
        quality: Option<u8>,
        /// They were written latitude first.
        exchanged: bool,
    },
}

/// Whether two numbers under the names X and Y are degrees.
pub(super) fn are_degrees(x: f64, y: f64) -> bool {
    x.abs() <= 180.0 && y.abs() <= 90.0 && crs::epsg_at(x, y).is_some()
}

/// Whether two numbers are degrees in France the other way round only: latitude first.
pub(super) fn exchanged(x: f64, y: f64) -> bool {
    !are_degrees(x, y) && are_degrees(y, x)
}

/// Whether a file has points in degrees.
pub(super) fn known(layout: &Layout) -> bool {
    (layout.has(Col::LONGITUDE) && layout.has(Col::LATITUDE)) || layout.has(Col::GEO_POINT)
}

/// Reads the degrees of a row.
pub(super) fn read(layout: &Layout, record: &ByteRecord) -> Degrees {
    let text = |col: Col| std::str::from_utf8(layout.cell(record, col)).unwrap_or("");
    let number = |text: &str| text.trim().replace(',', ".").parse::<f64>().ok().filter(|v| v.is_finite());
    let both = number(text(Col::LONGITUDE)).zip(number(text(Col::LATITUDE)));
    // « 45.5646, 5.9178 »: latitude first, as portals of open data write it.
    let one = || {
        let (lat, lon) = text(Col::GEO_POINT).split_once([',', ';', ' '])?;
        number(lon).zip(number(lat))
    };
    let Some((lon, lat)) = both.or_else(one) else {
        let written =
            [Col::LONGITUDE, Col::LATITUDE, Col::GEO_POINT].into_iter().find(|c| !text(*c).is_empty());
        return written.map_or(Degrees::Nothing, Degrees::Unreadable);
    };
    let exchanged = exchanged(lon, lat);
    let (lon, lat) = if exchanged { (lat, lon) } else { (lon, lat) };
    if !are_degrees(lon, lat) {
        return Degrees::Abroad;
    }
    let kind = text(Col::RESULT_TYPE).trim().to_lowercase();
    let score = number(text(Col::RESULT_SCORE));
    if score.is_some_and(|s| s < SURE) || kind == "municipality" {
        return Degrees::Unsure;
    }
    let quality = match (kind.as_str(), score) {
        ("housenumber", _) => Some(NUMBER),
        ("", None) => None,
        _ => Some(STREET),
    };
    Degrees::Point { lon, lat, quality, exchanged }
}
