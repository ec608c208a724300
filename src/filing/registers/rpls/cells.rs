//! From the bytes of one cell to a value: integers, decimals, months, letters, as spreadsheets leave them.

use std::sync::LazyLock;

use super::tally::{Count, Tally};
use crate::days;
use crate::registers::fields;
use crate::registers::kit::dates::{self, Written};
use crate::registers::kit::habit::Habit;
use crate::registers::kit::numbers::{self, Kind};

/// A cell that holds something else than its column promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unreadable;

/// A column that was not looked at.
pub(super) static PLAIN: LazyLock<Habit> = LazyLock::new(Habit::default);

/// Without spaces around, the guards of spreadsheets (`="01004"`, `'01004`) and the quotes that a damaged
/// line keeps.
pub(super) fn trim(cell: &[u8]) -> &[u8] {
    let cell = fields::clean(cell);
    match cell {
        [b'"', inner @ .., b'"'] => fields::clean(inner),
        _ => cell,
    }
}

/// A whole number: `66`, `66.0`, `66,0`; `65,4` is rounded; `1.2E+03` is read. Repairs are counted.
pub(super) fn integer(cell: &[u8], tally: &mut Tally) -> Result<i64, Unreadable> {
    integer_of(cell, &PLAIN, tally)
}

/// The same, in a column of this habit.
pub(super) fn integer_of(cell: &[u8], habit: &Habit, tally: &mut Tally) -> Result<i64, Unreadable> {
    if cell.len() <= 9 && cell.iter().all(u8::is_ascii_digit) && !cell.is_empty() {
        return Ok(cell.iter().fold(0, |n, b| n * 10 + i64::from(b - b'0')));
    }
    let (negative, bare) = cell.strip_prefix(b"-").map_or((false, cell), |bare| (true, bare));
    let whole = bare.iter().take_while(|b| b.is_ascii_digit()).count();
    if (1..=9).contains(&whole)
        && matches!(bare.get(whole), Some(b'.' | b','))
        && bare.len() > whole + 1
        && bare[whole + 1..].iter().all(|b| *b == b'0')
    {
        tally.add(Count::DecimalInteger);
        let value = bare[..whole].iter().fold(0, |n, b| n * 10 + i64::from(b - b'0'));
        return Ok(if negative { -value } else { value });
    }
    let value = number(cell, habit, Kind::Number, tally)?;
    if value.fract() != 0.0 {
        tally.add(Count::Rounded);
    }
    if value.abs() > 1e15 { Err(Unreadable) } else { Ok(value.round() as i64) }
}

/// A decimal number, with a point or a comma, with spaces or signs between thousands.
pub(super) fn number(cell: &[u8], habit: &Habit, kind: Kind, tally: &mut Tally) -> Result<f64, Unreadable> {
    let read = numbers::read(cell, &habit.numbers, kind).map_err(|_| Unreadable)?;
    if scientific(cell) {
        tally.add(Count::Scientific);
    }
    if read.grouped {
        tally.add(Count::Thousands);
    } else if cell.contains(&b',') {
        tally.add(Count::DecimalComma);
    }
    if read.percent { Err(Unreadable) } else { Ok(read.value) }
}

/// A year that a spreadsheet wrote as a number with thousands (`1.985`) or as a day (`1985-01-01`).
pub(super) fn damaged_year(cell: &[u8]) -> Option<i64> {
    if let [b'1' | b'2', b'.' | b',', a, b, c] = cell
        && [a, b, c].iter().all(|d| d.is_ascii_digit())
    {
        return integer(&[cell[0], *a, *b, *c], &mut Tally::default()).ok();
    }
    let day = (cell.len() >= 8 && cell.iter().any(|b| matches!(b, b'-' | b'/')))
        .then(|| dates::date(cell).ok())??;
    Some(day_count(day).unwrap_or_else(|| i64::from(day.year)))
}

/// The year that a spreadsheet showed as a day: 1974 is the 27th of May 1905. The first of January is a year.
fn day_count(day: dates::Date) -> Option<i64> {
    let then = days::civil(day.yyyymmdd()?)?;
    let first = jiff::civil::date(1899, 12, 30);
    let n = i64::from(first.until(then).ok()?.get_days());
    ((1_700..=2_100).contains(&n) && (day.month, day.day) != (1, Some(1))).then_some(n)
}

/// Scientific notation that does not write the units.
pub(super) fn rounded(cell: &[u8]) -> bool {
    scientific(cell)
        && numbers::read(cell, &numbers::Seen::default(), Kind::Number).is_ok_and(|read| read.rounded)
}

/// `6.1995128512321E+021`: what a spreadsheet makes of a long number.
pub(super) fn scientific(cell: &[u8]) -> bool {
    let Some(e) = cell.iter().position(|b| matches!(b, b'E' | b'e')) else { return false };
    let (mantissa, exponent) = (&cell[..e], &cell[e + 1..]);
    let exponent = exponent.strip_prefix(b"+").or_else(|| exponent.strip_prefix(b"-")).unwrap_or(exponent);
    !mantissa.is_empty()
        && !exponent.is_empty()
        && exponent.iter().all(u8::is_ascii_digit)
        && mantissa[0].is_ascii_digit()
        && mantissa.iter().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b','))
}

/// The code in front of a label (`13.PLUS`, `1 - Oui`) or the code alone.
pub(super) fn code(cell: &[u8], tally: &mut Tally) -> Result<i64, Unreadable> {
    if let Ok(value) = integer(cell, tally) {
        return Ok(value);
    }
    let digits = cell.iter().take_while(|b| b.is_ascii_digit()).count();
    match cell.get(digits) {
        Some(b'.' | b' ' | b'-' | b':') if (1..=4).contains(&digits) => integer(&cell[..digits], tally),
        _ => Err(Unreadable),
    }
}

/// `yyyymm` of a date in any of the forms of [`dates`], in a column of this habit.
pub(super) fn month(cell: &[u8], habit: &Habit, tally: &mut Tally) -> Result<u32, dates::Doubt> {
    let (date, written) = dates::read(cell, habit.order, habit.month_years)?;
    match written {
        Written::Plainly => {}
        Written::MonthName => tally.add(Count::MonthName),
        Written::Serial => tally.add(Count::SerialDate),
        Written::Month1st => tally.add(Count::MonthFirst),
        Written::Universal => tally.add(Count::Universal),
    }
    if (1000..=2999).contains(&date.year) { Ok(date.yyyymm()) } else { Err(dates::Doubt::Unreadable) }
}

/// Class A–G as 1–7, from a letter or from the codes 2–8 of the dictionary of 2018.
pub(super) fn energy_class(cell: &[u8]) -> Result<u8, Unreadable> {
    match cell {
        [c] if c.to_ascii_uppercase().wrapping_sub(b'A') < 7 => Ok(c.to_ascii_uppercase() - b'A' + 1),
        [c @ b'2'..=b'8'] => Ok(c - b'1'),
        _ => Err(Unreadable),
    }
}

/// Does a commune code look right? `^(0[1-9]|[1-8]\d|9[0-5]|2[AB])\d{3}$|^97[1-46]\d{2}$`
pub(super) fn is_depcom(code: &[u8]) -> bool {
    let [a, b, rest @ ..] = code else { return false };
    if fields::is_postcode(code) || rest.len() != 3 || !rest.iter().all(u8::is_ascii_digit) {
        return false;
    }
    match (*a, *b) {
        (b'0', b'1'..=b'9') | (b'1'..=b'8', b'0'..=b'9') | (b'9', b'0'..=b'5') | (b'2', b'A' | b'B') => true,
        (b'9', b'7') => matches!(rest[0], b'1'..=b'4' | b'6'),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_survive_a_spreadsheet() {
        let mut t = Tally::default();
        for (cell, value) in [
            ("66", 66),
            ("66.0", 66),
            ("66,00", 66),
            ("65,4", 65),
            ("1.2E+03", 1200),
            ("1 200", 1200),
            ("-1", -1),
            ("-1.0", -1),
        ] {
            assert_eq!(integer(cell.as_bytes(), &mut t), Ok(value), "{cell}");
        }
        for cell in ["", "abc", "12 rue", "nan", "inf", "1,2,3"] {
            assert_eq!(integer(cell.as_bytes(), &mut t), Err(Unreadable), "{cell}");
        }
        let counts: std::collections::BTreeMap<_, _> = t.iter().collect();
        assert_eq!(counts["entier_decimal"], 3);
        assert_eq!(counts["decimale_arrondie"], 1);
        assert_eq!(counts["notation_scientifique"], 1);
    }

    #[test]
    fn months_are_read_in_every_order() {
        let mut t = Tally::default();
        let mut month = |cell: &str| month(cell.as_bytes(), &Habit::default(), &mut t);
        for cell in [
            "11/2009",
            "01/11/2009",
            "2009-11",
            "2009-11-01",
            "200911",
            "2009-11-01 00:00:00",
            "nov-09",
            "40118",
        ] {
            assert_eq!(month(cell), Ok(200_911), "{cell}");
        }
        for cell in ["13/2009", "2009", "00/2009", ""] {
            assert_eq!(month(cell), Err(dates::Doubt::Unreadable), "{cell}");
        }
        assert_eq!(month("janv-00"), Err(dates::Doubt::TwoWays));
        assert_eq!(month("janv-2000"), Ok(200_001));
    }

    #[test]
    fn commune_codes_are_told_from_others() {
        for ok in ["01001", "2A004", "95680", "97411", "97611", "75056", "69381"] {
            assert!(is_depcom(ok.as_bytes()), "{ok}");
        }
        for bad in ["6029", "00000", "99999", "96001", "20001x", "97501", "2C001", "97 11"] {
            assert!(!is_depcom(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn energy_classes_are_letters_or_the_codes_of_2018() {
        assert_eq!(energy_class(b"g"), Ok(7));
        assert_eq!(energy_class(b"2"), Ok(1));
        assert_eq!(energy_class(b"H"), Err(Unreadable));
    }

    #[test]
    fn labels_behind_codes_are_cut_off() {
        let mut t = Tally::default();
        assert_eq!(code(b"13.PLUS", &mut t), Ok(13));
        assert_eq!(code(b"1 - Oui", &mut t), Ok(1));
        assert_eq!(code(b"PLUS", &mut t), Err(Unreadable));
    }
}
