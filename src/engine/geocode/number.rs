//! A house number in its street: found, written with another sign, between two neighbours, or absent.

use geo::{Distance, Haversine, Point};

use super::analyse::House;
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
    /// As it is told: sure only where everything that is asked is accounted for.
    pub score: f32,
    /// How alike it is, whatever is left over.
    pub alike: f32,
    /// Its whole name is that of the question.
    pub named: bool,
    /// Its postcode or commune is the one that the question's code says; None without a code.
    pub coded: Option<bool>,
}

/// What became of a number that is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub place: Place,
    pub factor: f32,
    /// Words of the question that its sign has.
    pub taken: Vec<u8>,
    /// Its signs are those that are asked, no more and no less.
    pub whole: bool,
}

/// As the BAN writes it: `12bis`.
#[must_use]
pub fn written(views: &Views<'_>, n: usize) -> String {
    format!("{}{}", views.numbers[n], views.signs.get(views.number_signs[n] as usize))
}

/// Whether a number stands in a street, with any sign.
#[must_use]
pub fn has(views: &Views<'_>, rue: u32, number: u32) -> bool {
    let numbers = &views.numbers[views.numbers_of(rue)];
    numbers.get(numbers.partition_point(|n| *n < number)) == Some(&number)
}

/// Finds a number with the signs behind it. `free` tells the words of the question that the street's name
/// leaves.
#[must_use]
pub fn place(views: &Views<'_>, rue: u32, asked: &House, free: impl Fn(u8) -> bool) -> Answer {
    let data = geocodage();
    let range = views.numbers_of(rue);
    let numbers = &views.numbers[range.clone()];
    let first = numbers.partition_point(|n| *n < asked.number);
    let same = numbers[first..].iter().take_while(|n| **n == asked.number).count();
    let answer = |place: Place, factor: f32, whole: bool| Answer { place, factor, taken: Vec::new(), whole };
    if same == 0 {
        return match between(views, range, asked.number) {
            Some(at) => answer(Place::Between(at), data.facteurs.interpole, true),
            None => answer(Place::Street, data.facteurs.numero_absent, true),
        };
    }
    let entries: Vec<(usize, Vec<String>)> = (range.start + first..range.start + first + same)
        .map(|n| (n, parts(views.signs.get(views.number_signs[n] as usize))))
        .collect();
    // Pieces behind the number that no name has, up to the first that one has.
    let most = if asked.until.is_some() { asked.signs } else { asked.tail.len() };
    // The À of « 2 à 4 » is no sign.
    let tail: Vec<&(String, Option<u8>)> =
        asked.tail.iter().take(most).take_while(|(_, token)| token.is_none_or(&free)).collect();
    let begins = |sign: &[String]| {
        let mut written: Vec<&str> = tail.iter().take(sign.len()).map(|t| t.0.as_str()).collect();
        let mut sign: Vec<&str> = sign.iter().map(String::as_str).collect();
        written.sort_unstable();
        sign.sort_unstable();
        written == sign
    };
    let taken = |n: usize| tail.iter().take(n).filter_map(|t| t.1).collect();
    // The longest sign that is written behind the number, in any order; none at all is the shortest.
    let exact =
        entries.iter().filter(|(_, sign)| begins(sign)).max_by_key(|(n, s)| (s.len(), usize::MAX - n));
    if let Some((n, sign)) = exact
        && sign.len() >= asked.signs
        && (!sign.is_empty() || !asked.loose)
    {
        return Answer { taken: taken(sign.len()), ..answer(Place::Number(*n), 1.0, true) };
    }
    // Written otherwise: « 12 B » for 12 bis, unless letters are signs here.
    if let Some((written, _)) = tail.first()
        && exact.is_none_or(|(_, sign)| sign.is_empty())
    {
        let others = data.signes.get(written).into_iter().flatten();
        let alias = others.flat_map(|o| entries.iter().filter(move |(_, sign)| *sign == [o.as_str()])).next();
        if let Some((n, sign)) = alias {
            let letter = |s: &[String]| s.len() == 1 && s[0].len() == 1;
            let letters = entries.iter().any(|(_, s)| letter(s));
            // In 7a, 7b, 7c, b is a letter and not bis.
            let series = letter(sign) && entries.iter().any(|(_, s)| letter(s) && s != sign);
            let whole = asked.signs <= 1 && !series && (written.len() > 1 || !letters);
            return Answer { taken: taken(1), ..answer(Place::Number(*n), data.facteurs.signe_autre, whole) };
        }
    }
    match exact {
        // A letter that may be no sign at all.
        Some((n, sign)) if asked.signs == 0 => Answer {
            taken: taken(sign.len()),
            ..answer(Place::Number(*n), data.facteurs.lettre_inconnue, true)
        },
        Some((n, sign)) => {
            Answer { taken: taken(sign.len()), ..answer(Place::Number(*n), data.facteurs.signe_autre, false) }
        }
        // Only with signs that nobody asked for.
        None => answer(Place::Number(entries[0].0), data.facteurs.signe_autre, false),
    }
}

/// A sign in its parts, upper case: `a bis` is A and BIS, `villa 21` VILLA and 21.
fn parts(sign: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut kind = None;
    for c in crate::address::unaccent(sign).chars() {
        let this = match c {
            c if c.is_ascii_digit() => Some(false),
            c if c.is_alphanumeric() => Some(true),
            _ => None,
        };
        match (this, out.last_mut()) {
            (Some(_), Some(last)) if this == kind => last.push(c),
            (Some(_), _) => out.push(c.to_string()),
            (None, _) => {}
        }
        kind = this;
    }
    out
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
