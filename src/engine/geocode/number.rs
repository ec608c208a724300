//! A house number in its street: found, written with another sign, between two neighbours, or absent.

use geo::{Distance, Haversine, Point};

use super::base::{Views, degrees};
use crate::reference::geocodage::geocodage;

/// Where in the street.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The street itself: no number was asked, or it is not there.
    Street,
    /// Index of the house number.
    Number(usize),
    /// Stored position between two neighbours.
    Between([i32; 2]),
}

/// A candidate with its score.
#[derive(Debug, Clone, Copy)]
pub struct Found {
    pub rue: u32,
    pub number: Place,
    pub score: f32,
}

/// A number that is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub number: u32,
    /// The repetition sign, upper case.
    pub sign: Option<String>,
    /// What is written behind it, upper case without spaces.
    pub after: String,
}

/// As the BAN writes it: `12bis`.
#[must_use]
pub fn written(views: &Views<'_>, n: usize) -> String {
    format!("{}{}", views.numbers[n], views.signs.get(views.number_signs[n] as usize))
}

/// Finds a number; also the factor of the score.
#[must_use]
pub fn place(views: &Views<'_>, rue: u32, asked: &Asked) -> (Place, f32) {
    let data = geocodage();
    let range = views.numbers_of(rue);
    let numbers = &views.numbers[range.clone()];
    let first = numbers.partition_point(|n| *n < asked.number);
    let same = numbers[first..].iter().take_while(|n| **n == asked.number).count();
    if same == 0 {
        return match between(views, range, asked.number) {
            Some(at) => (Place::Between(at), data.facteurs.interpole),
            None => (Place::Street, data.facteurs.numero_absent),
        };
    }
    let entries = range.start + first..range.start + first + same;
    let sign_of = |n: usize| views.signs.get(views.number_signs[n] as usize);
    let with = |sign: &str| entries.clone().find(|n| compact(sign_of(*n)).eq_ignore_ascii_case(sign));
    let wanted = asked.sign.as_deref().unwrap_or("");
    let long = |n: &usize| {
        let sign = compact(sign_of(*n)).to_ascii_uppercase();
        sign.len() > 1 && asked.after.starts_with(&sign)
    };
    if let Some(n) = entries.clone().find(long).or_else(|| with(wanted)) {
        return (Place::Number(n), 1.0);
    }
    let other = data.signes.get(wanted).into_iter().flatten().find_map(|s| with(s));
    (Place::Number(other.or_else(|| with("")).unwrap_or(entries.start)), data.facteurs.signe_autre)
}

/// A sign without spaces and punctuation.
fn compact(sign: &str) -> String {
    sign.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// The place of a number between its nearest neighbours of the same side, if they are near each other.
fn between(views: &Views<'_>, range: std::ops::Range<usize>, number: u32) -> Option<[i32; 2]> {
    let side = |n: &usize| views.numbers[*n] % 2 == number % 2;
    let low = range.clone().rev().filter(side).find(|n| views.numbers[*n] < number)?;
    let high = range.clone().filter(side).find(|n| views.numbers[*n] > number)?;
    let point = |n: usize| Point::new(degrees(views.number_lons[n]), degrees(views.number_lats[n]));
    if Haversine.distance(point(low), point(high)) > geocodage().interpolation.distance_max_m {
        return None;
    }
    let share = f64::from(number - views.numbers[low]) / f64::from(views.numbers[high] - views.numbers[low]);
    let along = |a: i32, b: i32| (f64::from(a) + (f64::from(b) - f64::from(a)) * share).round() as i32;
    Some([
        along(views.number_lons[low], views.number_lons[high]),
        along(views.number_lats[low], views.number_lats[high]),
    ])
}
