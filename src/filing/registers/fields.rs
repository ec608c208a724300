//! From the bytes of a cell to a value, tolerant of what spreadsheets do to files.
//!
//! Tolerated: `1.0` and `1,0` for 1, decimal comma, thin and hard spaces between thousands, `€` and `%`,
//! `1,5E+04`, lost zeros at the beginning of codes, `="012"`, a leading apostrophe, dates in French order.

/// A cell that is not of the kind asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable;

/// Without spaces around (hard ones included), `="…"` and the spreadsheet's leading apostrophe.
#[must_use]
pub fn clean(cell: &[u8]) -> &[u8] {
    // Almost every cell of a sound file ends here.
    match (cell.first(), cell.last()) {
        (None, _) => return cell,
        (Some(f), Some(l)) if f.is_ascii_alphanumeric() && l.is_ascii_alphanumeric() => return cell,
        _ => {}
    }
    let mut c = trim(cell);
    if let Some(inner) = c.strip_prefix(b"=\"").and_then(|c| c.strip_suffix(b"\"")) {
        c = trim(inner);
    }
    if let Some(inner) = c.strip_prefix(b"'") {
        c = trim(inner);
    }
    c
}

const SPACES: [&[u8]; 2] = ["\u{a0}".as_bytes(), "\u{202f}".as_bytes()];

fn trim(mut c: &[u8]) -> &[u8] {
    loop {
        let before = c.len();
        c = c.trim_ascii();
        for s in SPACES {
            c = c.strip_prefix(s).unwrap_or(c);
            c = c.strip_suffix(s).unwrap_or(c);
        }
        if c.len() == before {
            return c;
        }
    }
}

/// A decimal number.
///
/// # Errors
/// [`Unreadable`] when the cell is no finite number.
pub fn decimal(cell: &[u8]) -> Result<f64, Unreadable> {
    let mut text = [0u8; 40];
    let mut n = 0;
    let mut comma = false;
    let mut i = 0;
    while i < cell.len() {
        let rest = &cell[i..];
        let b = match rest[0] {
            b' ' => {
                i += 1;
                continue;
            }
            b',' if !comma => {
                comma = true;
                b'.'
            }
            b'%' if i + 1 == cell.len() => break,
            b @ (b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E') => b,
            _ => {
                if let Some(s) = SPACES.iter().find(|s| rest.starts_with(s)) {
                    i += s.len();
                    continue;
                }
                if rest == "€".as_bytes() {
                    break;
                }
                return Err(Unreadable);
            }
        };
        *text.get_mut(n).ok_or(Unreadable)? = b;
        n += 1;
        i += 1;
    }
    std::str::from_utf8(&text[..n])
        .ok()
        .and_then(|t| t.parse::<f64>().ok())
        .filter(|v| v.is_finite())
        .ok_or(Unreadable)
}

/// A whole number. `3.0` is 3; `3.5` is unreadable.
///
/// # Errors
/// [`Unreadable`] when the cell is no whole number.
pub fn integer(cell: &[u8]) -> Result<i64, Unreadable> {
    if !cell.is_empty() && cell.len() <= 17 && cell.iter().all(u8::is_ascii_digit) {
        return Ok(cell.iter().fold(0, |n, d| n * 10 + i64::from(d - b'0')));
    }
    let v = decimal(cell)?;
    if v.fract() != 0.0 || v.abs() > 9e15 {
        return Err(Unreadable);
    }
    // Whole and below 2^53: exact.
    #[allow(clippy::cast_possible_truncation)]
    Ok(v as i64)
}

/// An amount, rounded to the unit, half away from zero.
///
/// # Errors
/// [`Unreadable`] when the cell is no number or does not fit in `i32`.
pub fn amount(cell: &[u8]) -> Result<i32, Unreadable> {
    let v = match integer(cell) {
        Ok(v) => v,
        Err(_) => {
            let v = decimal(cell)?.round();
            if v.abs() > 1e12 {
                return Err(Unreadable);
            }
            #[allow(clippy::cast_possible_truncation)]
            {
                v as i64
            }
        }
    };
    i32::try_from(v).map_err(|_| Unreadable)
}

/// Yes or no, in the words of French files.
///
/// # Errors
/// [`Unreadable`] for any other word.
pub fn boolean(cell: &[u8]) -> Result<bool, Unreadable> {
    const YES: [&str; 8] = ["1", "O", "OUI", "VRAI", "TRUE", "Y", "YES", "1.0"];
    const NO: [&str; 8] = ["0", "N", "NON", "FAUX", "FALSE", "2", "NO", "0.0"];
    let is = |words: &[&str]| words.iter().any(|w| w.as_bytes().eq_ignore_ascii_case(cell));
    if is(&YES) {
        Ok(true)
    } else if is(&NO) {
        Ok(false)
    } else {
        Err(Unreadable)
    }
}

/// A SIREN as nine digits: from a SIREN or a SIRET, zeros lost at the beginning given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Siren {
    pub digits: [u8; 9],
    /// Zeros were given back, or the number was written as a decimal.
    pub repaired: bool,
    /// The Luhn key is right.
    pub luhn: bool,
}

/// Reads a SIREN.
///
/// # Errors
/// [`Unreadable`] when the cell does not hold 7–9 or 12–14 digits (a number in scientific notation has
/// lost its last digits and is unreadable).
pub fn siren(cell: &[u8]) -> Result<Siren, Unreadable> {
    let mut digits = [b'0'; 14];
    let mut n = 0;
    let body = cell.strip_suffix(b".0").or_else(|| cell.strip_suffix(b",0")).unwrap_or(cell);
    let mut i = 0;
    while i < body.len() {
        if let Some(s) = SPACES.iter().find(|s| body[i..].starts_with(s)) {
            i += s.len();
            continue;
        }
        match body[i] {
            b' ' => {}
            d if d.is_ascii_digit() && n < 14 => {
                digits[n] = d;
                n += 1;
            }
            _ => return Err(Unreadable),
        }
        i += 1;
    }
    let lost = match n {
        7..=9 => 9 - n,
        12..=14 => 14 - n,
        _ => return Err(Unreadable),
    };
    let mut nine = [b'0'; 9];
    let kept = 9 - lost;
    nine[lost..].copy_from_slice(&digits[..kept]);
    Ok(Siren { digits: nine, repaired: lost > 0 || body.len() != cell.len(), luhn: luhn(&nine) })
}

/// The Luhn key of a row of digits is right.
#[must_use]
pub fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(i, d)| {
            let d = u32::from(d.wrapping_sub(b'0'));
            if i % 2 == 1 { (2 * d) / 10 + (2 * d) % 10 } else { d }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// A commune code of five characters, and whether a lost zero or small letters were repaired.
///
/// # Errors
/// [`Unreadable`] when the cell is no possible commune code (domain: 01–95, 2A, 2B, 971–974, 976).
pub fn commune(cell: &[u8]) -> Result<([u8; 5], bool), Unreadable> {
    let body = cell.strip_suffix(b".0").or_else(|| cell.strip_suffix(b",0")).unwrap_or(cell);
    let mut code = [b'0'; 5];
    match body.len() {
        5 => code.copy_from_slice(body),
        4 if body.iter().all(u8::is_ascii_digit) => code[1..].copy_from_slice(body),
        _ => return Err(Unreadable),
    }
    code.make_ascii_uppercase();
    let sound = match &code[..2] {
        b"2A" | b"2B" => code[2..].iter().all(u8::is_ascii_digit),
        b"97" => matches!(code[2], b'1'..=b'4' | b'6') && code[3..].iter().all(u8::is_ascii_digit),
        [a, b] => {
            code.iter().all(u8::is_ascii_digit)
                && (1..=95).contains(&((a - b'0') * 10 + (b - b'0')))
                && &code[..2] != b"20"
        }
        _ => false,
    };
    if sound { Ok((code, code != *cell)) } else { Err(Unreadable) }
}

/// A date: year, month, and day where the cell gives one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date {
    pub year: u16,
    pub month: u8,
    pub day: Option<u8>,
}

impl Date {
    /// `yyyymm`.
    #[must_use]
    pub fn yyyymm(self) -> u32 {
        u32::from(self.year) * 100 + u32::from(self.month)
    }

    /// `yyyymmdd`, `None` without a day.
    #[must_use]
    pub fn yyyymmdd(self) -> Option<u32> {
        Some(self.yyyymm() * 100 + u32::from(self.day?))
    }
}

/// Reads `yyyy-mm`, `yyyy-mm-dd` (with or without time), `dd/mm/yyyy`, `mm/yyyy`, `yyyymm`, `yyyymmdd`,
/// `mars-19`, `mars 2019`.
///
/// # Errors
/// [`Unreadable`] for anything else, and for days that do not exist.
pub fn date(cell: &[u8]) -> Result<Date, Unreadable> {
    let text = std::str::from_utf8(cell).map_err(|_| Unreadable)?;
    let text =
        text.split_once(['T', ' ']).map_or(text, |(d, rest)| if rest.contains(':') { d } else { text });
    let mut parts = [""; 3];
    let mut n = 0;
    for p in text.split(['-', '/', '.', ' ']).filter(|p| !p.is_empty()) {
        *parts.get_mut(n).ok_or(Unreadable)? = p;
        n += 1;
    }
    let number = |p: &str| p.parse::<u16>().map_err(|_| Unreadable);
    let is_number = |p: &str| p.bytes().all(|b| b.is_ascii_digit());
    let (y, m, d) = match (n, parts[0].len(), parts[1].len(), parts[2].len()) {
        (1, 6, ..) if text.is_ascii() => (number(&text[..4])?, number(&text[4..])?, None),
        (1, 8, ..) if text.is_ascii() => {
            (number(&text[..4])?, number(&text[4..6])?, Some(number(&text[6..])?))
        }
        // A float that a table tool made of yyyymm or yyyymmdd: « 201903.0 ».
        (2, 6 | 8, 1, _) if parts[1] == "0" => return date(parts[0].as_bytes()),
        (2, 4, ..) if is_number(parts[0]) => (number(parts[0])?, number(parts[1])?, None),
        (2, 1 | 2, 4, _) if is_number(parts[0]) => (number(parts[1])?, number(parts[0])?, None),
        (2, ..) => {
            (short_year(number(parts[1])?, parts[1].len())?, month_name(parts[0]).ok_or(Unreadable)?, None)
        }
        (3, 4, ..) => (number(parts[0])?, number(parts[1])?, Some(number(parts[2])?)),
        (3, 1 | 2, 1 | 2, 2 | 4) => {
            (short_year(number(parts[2])?, parts[2].len())?, number(parts[1])?, Some(number(parts[0])?))
        }
        (3, 1 | 2, _, 2 | 4) => (
            short_year(number(parts[2])?, parts[2].len())?,
            month_name(parts[1]).ok_or(Unreadable)?,
            Some(number(parts[0])?),
        ),
        _ => return Err(Unreadable),
    };
    let small = |v: u16| i8::try_from(v).map_err(|_| Unreadable);
    // jiff knows the length of months.
    let checked =
        jiff::civil::Date::new(i16::try_from(y).map_err(|_| Unreadable)?, small(m)?, d.map_or(Ok(1), small)?)
            .map_err(|_| Unreadable)?;
    Ok(Date { year: y, month: checked.month().unsigned_abs(), day: d.map(|_| checked.day().unsigned_abs()) })
}

/// Two-digit years as spreadsheets read them: 00–29 are 2000–2029, 30–99 are 1930–1999.
fn short_year(y: u16, digits: usize) -> Result<u16, Unreadable> {
    match (digits, y) {
        (2, 0..=29) => Ok(2000 + y),
        (2, _) => Ok(1900 + y),
        (4, _) => Ok(y),
        _ => Err(Unreadable),
    }
}

fn month_name(word: &str) -> Option<u16> {
    const NAMES: [(&str, u16); 21] = [
        ("JANV", 1),
        ("JAN", 1),
        ("FEVR", 2),
        ("FEV", 2),
        ("FEB", 2),
        ("MARS", 3),
        ("MAR", 3),
        ("AVR", 4),
        ("APR", 4),
        ("MAI", 5),
        ("MAY", 5),
        ("JUIN", 6),
        ("JUN", 6),
        ("JUIL", 7),
        ("JUL", 7),
        ("AOUT", 8),
        ("AUG", 8),
        ("SEP", 9),
        ("OCT", 10),
        ("NOV", 11),
        ("DEC", 12),
    ];
    let word = crate::reference::registre::mot(word);
    NAMES.iter().find(|(n, _)| word.starts_with(n)).map(|(_, m)| *m)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_survive_a_spreadsheet() {
        for (cell, want) in [
            ("12", 12.0),
            ("12,5", 12.5),
            ("12.5", 12.5),
            ("15 000", 15000.0),
            ("15\u{a0}000,00 €", 15000.0),
            ("15\u{202f}000", 15000.0),
            ("40,26 %", 40.26),
            ("1,5E+04", 15000.0),
            ("-3", -3.0),
        ] {
            assert_eq!(decimal(cell.as_bytes()), Ok(want), "{cell}");
        }
        for cell in ["", "abc", "1.2.3", "1,2,3", "NaN", "inf", "12 rue", "--1", "1e999"] {
            assert_eq!(decimal(cell.as_bytes()), Err(Unreadable), "{cell}");
        }
        assert_eq!(integer(b"3.0"), Ok(3));
        assert_eq!(integer(b"3,0"), Ok(3));
        assert_eq!(integer(b"3.5"), Err(Unreadable));
        assert_eq!(integer(b"99999999999999999999"), Err(Unreadable));
        assert_eq!(amount(b"15000,6"), Ok(15001));
        assert_eq!(amount(b"-15000,6"), Ok(-15001));
        assert_eq!(amount(b"1e15"), Err(Unreadable));
    }

    #[test]
    fn cells_are_freed_of_what_spreadsheets_put_around() {
        for (cell, want) in [
            (" a ", "a"),
            ("=\"012\"", "012"),
            ("'012", "012"),
            ("\u{a0}x\u{202f}", "x"),
            ("", ""),
            ("   ", ""),
        ] {
            assert_eq!(clean(cell.as_bytes()), want.as_bytes(), "{cell:?}");
        }
    }

    #[test]
    fn a_siren_gets_its_zeros_back_and_its_key_is_checked() {
        let s = siren(b"200071751").expect("siren");
        assert!(s.luhn && !s.repaired);
        assert_eq!(siren(b"20007175100012").expect("siret").digits, *b"200071751");
        let s = siren(b"5520135").expect("lost zeros");
        assert_eq!((s.digits, s.repaired), (*b"005520135", true));
        assert!(!siren(b"200071752").expect("digits").luhn);
        assert_eq!(siren(b"200 071 751").expect("spaces").digits, *b"200071751");
        assert_eq!(siren(b"200071751.0").expect("float").digits, *b"200071751");
        assert_eq!(siren(b"2,00E+08"), Err(Unreadable));
        assert_eq!(siren(b"12345"), Err(Unreadable));
    }

    #[test]
    fn a_commune_gets_its_zero_back_and_the_impossible_is_refused() {
        for (cell, want) in [
            ("73065", Ok(("73065", false))),
            ("6029", Ok(("06029", true))),
            ("2a004", Ok(("2A004", true))),
            ("97411", Ok(("97411", false))),
            ("73065.0", Ok(("73065", true))),
            ("20004", Err(Unreadable)),
            ("97511", Err(Unreadable)),
            ("96001", Err(Unreadable)),
            ("00001", Err(Unreadable)),
            ("7306", Ok(("07306", true))),
            ("ABCDE", Err(Unreadable)),
            ("2C001", Err(Unreadable)),
        ] {
            let got = commune(cell.as_bytes());
            let got = got.map(|(c, r)| (String::from_utf8_lossy(&c).into_owned(), r));
            assert_eq!(got, want.map(|(c, r)| (c.to_owned(), r)), "{cell}");
        }
    }

    #[test]
    fn dates_are_read_in_every_french_form() {
        for (cell, want) in [
            ("2019-03", (201_903, None)),
            ("2019-03-15", (201_903, Some(20_190_315))),
            ("15/03/2019", (201_903, Some(20_190_315))),
            ("03/2019", (201_903, None)),
            ("201903", (201_903, None)),
            ("20190315", (201_903, Some(20_190_315))),
            ("201903.0", (201_903, None)),
            ("mars-19", (201_903, None)),
            ("Mars 2019", (201_903, None)),
            ("févr.-87", (198_702, None)),
            ("août 2005", (200_508, None)),
            ("2019-03-15 00:00:00", (201_903, Some(20_190_315))),
            ("2019-03-15T08:00", (201_903, Some(20_190_315))),
            ("1/3/19", (201_903, Some(20_190_301))),
            ("15 mars 2019", (201_903, Some(20_190_315))),
            ("juin 2020", (202_006, None)),
        ] {
            let got = date(cell.as_bytes()).unwrap_or_else(|_| panic!("{cell}"));
            assert_eq!((got.yyyymm(), got.yyyymmdd()), want, "{cell}");
        }
        for cell in
            ["2019-13", "31/02/2019", "2019", "abc", "", "30/02/19", "19", "é-19", "2019-03-15-01", "ab/2019"]
        {
            assert_eq!(date(cell.as_bytes()), Err(Unreadable), "{cell}");
        }
    }

    #[test]
    fn yes_and_no_are_read_in_french() {
        assert_eq!(boolean(b"Oui"), Ok(true));
        assert_eq!(boolean(b"faux"), Ok(false));
        assert_eq!(boolean(b"peut-etre"), Err(Unreadable));
    }
}
