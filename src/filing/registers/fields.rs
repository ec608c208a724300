//! From the bytes of a cell to a value, tolerant of what spreadsheets do to files.
//!
//! Tolerated: `1.0` and `1,0` for 1, decimal comma, spaces of any kind between thousands, `€` and `%`,
//! `1,5E+04`, lost zeros at the beginning of codes, `="012"`, a leading apostrophe. What only a column can
//! tell is in [`super::kit`].

use std::borrow::Cow;

pub use super::kit::dates::{Date, date};
use super::kit::numbers::{self, Kind};

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
    // `="012"`, `= "012"`, `=T("012")`, and the quotes that a second export put around the first one's.
    while let Some(inner) = unguarded(c) {
        c = trim(inner);
    }
    if let Some(inner) = c.strip_prefix(b"'") {
        c = trim(inner);
    }
    // “01901”: a word processor's quotes.
    let typed = c.strip_prefix("“".as_bytes()).and_then(|c| c.strip_suffix("”".as_bytes()));
    typed.map_or(c, trim)
}

/// What stands between the quotes of a formula that is nothing but a text, or of a text quoted twice.
fn unguarded(c: &[u8]) -> Option<&[u8]> {
    let formula = c.strip_prefix(b"=").map(trim);
    let bare = formula.unwrap_or(c);
    let call = formula.and_then(|f| f.strip_prefix(b"T(").or_else(|| f.strip_prefix(b"t(")));
    let quoted = call.and_then(|f| f.strip_suffix(b")")).map_or(bare, trim);
    let inner = quoted.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    // « 12" ECRAN "A" » is a text with quotes of its own.
    (formula.is_some() || !inner.contains(&b'"')).then_some(inner)
}

/// A space of any kind, the invisible ones too.
#[must_use]
pub fn is_space(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            // Invisible signs, and marks of direction that come with what is copied from a window.
            '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{2069}'
                | '\u{feff}'
                | '\u{180e}'
        )
}

fn trim(c: &[u8]) -> &[u8] {
    let c = c.trim_ascii();
    // Spaces beyond ASCII begin with one of these bytes; accented letters with none.
    let may = |b: Option<&u8>| matches!(b, Some(0xc2 | 0xe1 | 0xe2 | 0xe3 | 0xef));
    let ends = c.len().checked_sub(2).map(|i| may(c.get(i)) || may(i.checked_sub(1).and_then(|i| c.get(i))));
    if may(c.first()) || ends == Some(true) {
        return std::str::from_utf8(c).map_or(c, |t| t.trim_matches(is_space).as_bytes());
    }
    c
}

/// Nothing but spaces.
#[must_use]
pub fn is_blank(cell: &[u8]) -> bool {
    trim(cell).is_empty()
}

/// A number in scientific notation that stood for a code: a spreadsheet kept its first digits only. `12E45`
/// may be a code; `1,23457E+11` is none.
#[must_use]
pub fn lost(cell: &[u8]) -> bool {
    let Some(e) = cell.iter().position(|b| matches!(b, b'E' | b'e')) else { return false };
    let (mantissa, exponent) = (&cell[..e], &cell[e + 1..]);
    let digits = exponent.strip_prefix(b"+").or_else(|| exponent.strip_prefix(b"-")).unwrap_or(exponent);
    let signs = mantissa.iter().filter(|b| matches!(b, b'.' | b',')).count();
    mantissa.first().is_some_and(u8::is_ascii_digit)
        && !digits.is_empty()
        && digits.iter().all(u8::is_ascii_digit)
        && mantissa.iter().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b','))
        && (signs == 1 || (signs == 0 && digits.len() < exponent.len()))
}

/// An identifier without the `.0` of a float. `12.00` may be an identifier of its owner's: it stays.
#[must_use]
pub fn unpoint(cell: &[u8]) -> &[u8] {
    match cell.strip_suffix(b".0").or_else(|| cell.strip_suffix(b",0")) {
        Some(body) if !body.is_empty() && body.iter().all(u8::is_ascii_digit) => body,
        _ => cell,
    }
}

/// The identifier of a dwelling in the RPLS as its ten signs, and whether a spreadsheet's work was undone:
/// the `.0` of a float, spaces between groups, the first zero of a number (nine digits).
#[must_use]
pub fn ident_rep(cell: &[u8]) -> (Cow<'_, [u8]>, bool) {
    let body = unpoint(cell);
    if body.len() == 10 && body.len() == cell.len() && body.iter().all(u8::is_ascii_alphanumeric) {
        // Letters of one number come in both cases.
        return match body.iter().any(u8::is_ascii_lowercase) {
            true => (Cow::Owned(body.to_ascii_uppercase()), true),
            false => (Cow::Borrowed(body), false),
        };
    }
    let bare: Vec<u8> = match std::str::from_utf8(body) {
        Ok(text) => text.chars().filter(|c| !is_space(*c)).collect::<String>().into_bytes(),
        Err(_) => return (Cow::Borrowed(body), body.len() < cell.len()),
    };
    match bare.len() {
        9 if bare.iter().all(u8::is_ascii_digit) => (Cow::Owned([b"0", &*bare].concat()), true),
        10 if bare.len() < body.len() && bare.iter().all(u8::is_ascii_alphanumeric) => {
            (Cow::Owned(bare), true)
        }
        _ => (Cow::Borrowed(body), body.len() < cell.len()),
    }
}

/// A number of the street as written by hand: `30.0`, `30,00`, `+30`, `2 493` (a hard space between
/// thousands) and `3E+01` were 30, 2493 and 30 before a spreadsheet took them for quantities.
#[must_use]
pub fn house_number(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    if bytes.iter().all(u8::is_ascii_digit) {
        return Cow::Borrowed(text);
    }
    let bare = unfloat(bytes.strip_prefix(b"+").unwrap_or(bytes));
    if !bare.is_empty() && bare.len() < bytes.len() && bare.iter().all(u8::is_ascii_digit) {
        return Cow::Owned(String::from_utf8_lossy(bare).into_owned());
    }
    let grouped = text.split_once(['\u{a0}', '\u{202f}', '\u{2009}']).filter(|(a, b)| {
        let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
        digits(a) && digits(b) && b.len() == 3
    });
    if let Some((thousands, rest)) = grouped {
        return Cow::Owned(format!("{thousands}{rest}"));
    }
    match decimal(bytes) {
        // 1,4E+02 may have been 136: what was rounded names no house.
        Ok(n) if lost(bytes) && written_whole(bytes) && n.fract() == 0.0 && (1.0..=99_999.0).contains(&n) => {
            Cow::Owned(format!("{n:.0}"))
        }
        _ => Cow::Borrowed(text),
    }
}

/// Whether scientific notation writes all digits of its number: `1.36E+02`, not `1.4E+02`.
fn written_whole(cell: &[u8]) -> bool {
    let Some(e) = cell.iter().position(|b| matches!(b, b'E' | b'e')) else { return true };
    let digits = cell[..e].iter().filter(|b| b.is_ascii_digit()).count();
    let power =
        cell[e + 1..].iter().filter(|b| b.is_ascii_digit()).fold(0, |n, b| n * 10 + usize::from(b - b'0'));
    digits > power
}

/// The digits of a number that stands for a code, without the `.0` or `,00` that a float leaves behind;
/// anything else as it is.
#[must_use]
pub fn unfloat(cell: &[u8]) -> &[u8] {
    let Some(sign) = cell.iter().position(|b| matches!(b, b'.' | b',')) else { return cell };
    let (body, tail) = (&cell[..sign], &cell[sign + 1..]);
    let float = body.first().is_some_and(u8::is_ascii_digit)
        && body.iter().all(u8::is_ascii_digit)
        && !tail.is_empty()
        && tail.len() <= 6
        && tail.iter().all(|b| *b == b'0');
    if float { body } else { cell }
}

/// Length of the space of any kind with which some bytes begin.
fn space(bytes: &[u8]) -> Option<usize> {
    let head = &bytes[..bytes.len().min(3)];
    let head = match std::str::from_utf8(head) {
        Ok(t) => t,
        Err(e) => std::str::from_utf8(&head[..e.valid_up_to()]).ok()?,
    };
    head.chars().next().filter(|c| is_space(*c)).map(char::len_utf8)
}

/// A decimal number.
///
/// # Errors
/// [`Unreadable`] when the cell is no finite number.
pub fn decimal(cell: &[u8]) -> Result<f64, Unreadable> {
    numbers::read(cell, &numbers::Seen::default(), Kind::Number).map(|r| r.value).map_err(|_| Unreadable)
}

/// A sum in euros, alone: `15.000` is fifteen thousand.
///
/// # Errors
/// [`Unreadable`] when the cell is no finite number.
pub fn money(cell: &[u8]) -> Result<f64, Unreadable> {
    let kind = Kind::Money { most: f64::INFINITY };
    numbers::read(cell, &numbers::Seen::default(), kind).map(|r| r.value).map_err(|_| Unreadable)
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
    let v = money(cell)?.round();
    if v.abs() > f64::from(i32::MAX) {
        return Err(Unreadable);
    }
    #[allow(clippy::cast_possible_truncation)]
    Ok(v as i32)
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
    let inner = bracketed(cell);
    let body = unfloat(inner.unwrap_or(cell));
    let mut i = 0;
    while i < body.len() {
        if let Some(s) = space(&body[i..]) {
            i += s;
            continue;
        }
        match body[i] {
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

/// What « Grand Chambéry (200069110) » has in its brackets, when that is a SIREN or a SIRET and all it has.
fn bracketed(cell: &[u8]) -> Option<&[u8]> {
    let open = cell.iter().position(|b| *b == b'(')?;
    let close = cell.iter().rposition(|b| *b == b')')?;
    let inner = cell.get(open + 1..close)?.trim_ascii();
    let digits = inner.iter().filter(|b| b.is_ascii_digit()).count();
    let outside = cell[..open].iter().chain(&cell[close..]).any(u8::is_ascii_digit);
    (matches!(digits, 9 | 14) && !outside).then_some(inner)
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

/// A short code without the spaces inside (« 01 004 »); `None` when there are none, or too much else.
fn tight<'b>(cell: &[u8], buffer: &'b mut [u8; 8]) -> Option<&'b [u8]> {
    let (mut n, mut i) = (0, 0);
    while i < cell.len() {
        if let Some(s) = space(&cell[i..]) {
            i += s;
            continue;
        }
        *buffer.get_mut(n)? = cell[i];
        n += 1;
        i += 1;
    }
    (n < cell.len()).then_some(&buffer[..n])
}

/// Five characters of a commune or a postcode, whatever a spreadsheet did to them: `1004`, `73065.0`,
/// `2a004`, « 01 004 ». They may still be no code.
#[must_use]
pub fn five(cell: &[u8]) -> Option<[u8; 5]> {
    let mut close = [0u8; 8];
    let body = unfloat(tight(cell, &mut close).unwrap_or(cell));
    let mut code = [b'0'; 5];
    match body.len() {
        5 => code.copy_from_slice(body),
        4 if body.iter().all(u8::is_ascii_digit) => code[1..].copy_from_slice(body),
        _ => return None,
    }
    code.make_ascii_uppercase();
    Some(code)
}

/// A commune code of five characters, and whether a lost zero or small letters were repaired.
///
/// # Errors
/// [`Unreadable`] when the cell is no possible commune code (domain: 01–95, 2A, 2B, 971–974, 976).
pub fn commune(cell: &[u8]) -> Result<([u8; 5], bool), Unreadable> {
    let code = five(cell).ok_or(Unreadable)?;
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
    if sound && !is_postcode(&code) { Ok((code, code != *cell)) } else { Err(Unreadable) }
}

/// Five digits that only a postcode has: no commune ends so, and the only one of 750 is Paris.
#[must_use]
pub fn is_postcode(code: &[u8]) -> bool {
    let overseas = code.starts_with(b"97") && code.ends_with(b"00");
    let paris = code.starts_with(b"750") && code != b"75056";
    code.len() == 5 && (code.ends_with(b"000") || overseas || paris)
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
        assert_eq!(amount(b"15.000"), Ok(15000));
        assert_eq!(amount("15\u{2009}000 €".as_bytes()), Ok(15000));
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
            ("\u{2009}\t73065\u{200b}", "73065"),
            ("=\"\u{a0}012 \"", "012"),
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
        // The Insee's own.
        assert!(luhn(b"120027016") && !luhn(b"120027017"));
        assert_eq!(siren(b"200 071 751").expect("spaces").digits, *b"200071751");
        assert_eq!(siren(b"200071751.0").expect("float").digits, *b"200071751");
        assert_eq!(siren(b"20007175100012,00").expect("float").digits, *b"200071751");
        assert_eq!(siren(b"5680013200017.0").expect("float").digits, *b"056800132");
        assert_eq!(siren("200\u{2009}071\u{202f}751".as_bytes()).expect("thin").digits, *b"200071751");
        assert_eq!(siren("Grand Chambéry (200069110)".as_bytes()).expect("name").digits, *b"200069110");
        assert_eq!(siren("CC 2 (200069110)".as_bytes()), Err(Unreadable));
        assert_eq!(siren(b"2,00E+08"), Err(Unreadable));
        assert_eq!(siren(b"12345"), Err(Unreadable));
    }

    #[test]
    fn a_code_in_scientific_notation_is_lost_and_a_code_with_an_e_is_not() {
        for cell in ["1,23457E+11", "1.2e+9", "7,75685E13", "7E+10"] {
            assert!(lost(cell.as_bytes()), "{cell}");
        }
        for cell in ["7312E00123", "12E45", "E12", "1,2", "A1E+5", "AB00000001", ""] {
            assert!(!lost(cell.as_bytes()), "{cell}");
        }
        assert_eq!(unfloat(b"73065.0"), b"73065");
        assert_eq!(unfloat(b"73065,00"), b"73065");
        assert_eq!(unfloat(b"1.5"), b"1.5");
        assert_eq!(unfloat(b".0"), b".0");
    }

    #[test]
    fn a_commune_gets_its_zero_back_and_the_impossible_is_refused() {
        for (cell, want) in [
            ("73065", Ok(("73065", false))),
            ("6029", Ok(("06029", true))),
            ("2a004", Ok(("2A004", true))),
            ("97411", Ok(("97411", false))),
            ("73065.0", Ok(("73065", true))),
            ("01 004", Ok(("01004", true))),
            ("1004,00", Ok(("01004", true))),
            ("73\u{202f}065", Ok(("73065", true))),
            ("20004", Err(Unreadable)),
            ("97511", Err(Unreadable)),
            ("75012", Err(Unreadable)),
            ("75112", Ok(("75112", false))),
            ("75056", Ok(("75056", false))),
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
    fn yes_and_no_are_read_in_french() {
        assert_eq!(boolean(b"Oui"), Ok(true));
        assert_eq!(boolean(b"faux"), Ok(false));
        assert_eq!(boolean(b"peut-etre"), Err(Unreadable));
    }
}
