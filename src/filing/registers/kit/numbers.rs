//! Numbers as files write them, and what `15.000` means in one column: fifteen, or fifteen thousand.
//!
//! `1.234,56`, `0.5`, `12,5` and `1.234.567` can be read in one way; `15.000` and `15,000` in two. Their
//! column decides, by what it writes elsewhere, and by what it holds: sums of money have no thousandths.

use super::super::fields;

/// What a column holds, as far as it helps to read it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Euros. Three decimals are unusual; a sum above this is impossible.
    Money { most: f64 },
    /// Coordinates, surfaces, anything else: three decimals are usual.
    Number,
}

/// A number that cannot be had from its cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    Unreadable,
    /// It can be read in two ways, and the column does not say which.
    TwoWays,
}

/// A number, and whether the column had to say how to read it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Read {
    pub value: f64,
    /// A sign between thousands was left out on the word of the column.
    pub grouped: bool,
    /// The cell ends with `%`.
    pub percent: bool,
    /// Digits behind the decimal sign.
    pub decimals: u8,
    /// Scientific notation that does not write its units: `9,28E+05` may be 927 543.
    pub rounded: bool,
}

/// What one sign, the dot or the comma, does in a column.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Sign {
    /// It certainly parts thousands.
    groups: u32,
    /// It certainly stands before decimals.
    decimals: u32,
    /// The same, before three of them.
    thousandths: u32,
    /// The greatest value of what can be read in two ways, as thousands.
    greatest: f64,
}

/// What a column of numbers shows of its habits.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Seen {
    dot: Sign,
    comma: Sign,
}

impl Sign {
    fn merge(&mut self, other: Self) {
        self.groups += other.groups;
        self.decimals += other.decimals;
        self.thousandths += other.thousandths;
        self.greatest = self.greatest.max(other.greatest);
    }
}

impl Seen {
    /// Adds what a column that is written alike shows.
    pub fn merge(&mut self, other: Self) {
        self.dot.merge(other.dot);
        self.comma.merge(other.comma);
    }

    /// Looks at a cell of the column.
    pub fn see(&mut self, cell: &[u8]) {
        if !cell.iter().any(|b| matches!(b, b'.' | b',')) {
            return;
        }
        let Some(text) = Text::of(cell) else { return };
        match text.shape() {
            Some(Shape::Grouped { dot }) => self.sign_mut(dot).groups += 1,
            Some(Shape::Decimal { dot, thousandths }) => {
                let sign = self.sign_mut(dot);
                sign.decimals += 1;
                sign.thousandths += u32::from(thousandths);
            }
            Some(Shape::Both { decimal_dot }) => {
                self.sign_mut(decimal_dot).decimals += 1;
                self.sign_mut(!decimal_dot).groups += 1;
            }
            Some(Shape::Either { dot }) => {
                let value = text.value(None).unwrap_or(0.0).abs();
                let sign = self.sign_mut(dot);
                sign.greatest = sign.greatest.max(value);
            }
            _ => {}
        }
    }

    fn sign(&self, dot: bool) -> &Sign {
        if dot { &self.dot } else { &self.comma }
    }

    fn sign_mut(&mut self, dot: bool) -> &mut Sign {
        if dot { &mut self.dot } else { &mut self.comma }
    }

    /// Whether the sign of `15.000` parts thousands in this column.
    fn groups(&self, dot: bool, kind: Kind) -> Result<bool, Doubt> {
        let (sign, other) = (self.sign(dot), self.sign(!dot));
        match (sign.groups > 0, sign.decimals > 0, kind) {
            (true, false, _) => Ok(true),
            (true, true, _) => Err(Doubt::TwoWays),
            (false, true, Kind::Number) => Ok(false),
            (false, true, Kind::Money { .. }) if sign.thousandths > 0 => Ok(false),
            (false, true, Kind::Money { .. }) => Err(Doubt::TwoWays),
            (false, false, _) if other.groups > 0 && other.decimals == 0 => Ok(false),
            // The other sign stands before the decimals of this column.
            (false, false, Kind::Money { .. }) if other.decimals > 0 => Ok(true),
            // Nothing but such numbers, too great for thousands: they have three decimals.
            (false, false, Kind::Money { most }) => Ok(sign.greatest <= most),
            (false, false, Kind::Number) if other.decimals > 0 => Err(Doubt::TwoWays),
            (false, false, Kind::Number) => Ok(false),
        }
    }
}

/// Reads a number in a column that was seen.
///
/// # Errors
/// Why it cannot be read.
pub fn read(cell: &[u8], seen: &Seen, kind: Kind) -> Result<Read, Doubt> {
    // Almost every number of a sound file ends here.
    if !cell.is_empty() && cell.len() <= 15 && cell.iter().all(u8::is_ascii_digit) {
        let value = cell.iter().fold(0u64, |n, d| n * 10 + u64::from(d - b'0'));
        // Below 10^15: exact.
        return Ok(Read { value: value as f64, grouped: false, percent: false, decimals: 0, rounded: false });
    }
    let text = Text::of(cell).ok_or(Doubt::Unreadable)?;
    let (decimal, grouped) = match text.shape().ok_or(Doubt::Unreadable)? {
        Shape::Plain | Shape::Grouped { .. } => (None, false),
        Shape::Decimal { dot, .. } | Shape::Scientific { dot } => (Some(dot), false),
        Shape::Both { decimal_dot } => (Some(decimal_dot), false),
        Shape::Either { dot } => {
            let groups = seen.groups(dot, kind)?;
            (if groups { None } else { Some(dot) }, groups)
        }
    };
    let value = text.value(decimal).ok_or(Doubt::Unreadable)?;
    let decimals = decimal.map_or(0, |dot| text.behind(dot));
    Ok(Read { value, grouped, percent: text.percent, decimals, rounded: text.rounded() })
}

/// What may stand behind a number, in any case.
const UNITS: [&str; 7] = ["€", "EUR", "EUROS", "EURO", "M²", "M2", "€/MOIS"];

fn without_unit(text: &str) -> &str {
    if text.bytes().next_back().is_none_or(|b| b.is_ascii_digit() && b != b'2') {
        return text;
    }
    let number = text.trim_end_matches(fields::is_space);
    let bare = UNITS.iter().find_map(|unit| {
        let at = number.char_indices().rev().nth(unit.chars().count() - 1)?.0;
        (number[at..].to_uppercase() == **unit).then(|| number[..at].trim_end_matches(fields::is_space))
    });
    bare.filter(|b| !b.is_empty()).unwrap_or(text)
}

/// A number without its spaces, its unit and its `%`.
struct Text {
    bytes: [u8; 40],
    n: usize,
    percent: bool,
}

/// Groups of digits that spaces part: a space between digits stands before three of them, or it is no
/// number (`15 00`, `412 35`).
#[derive(Debug, Default)]
struct Thousands {
    /// Digits of the group at hand.
    digits: usize,
    /// A space or an apostrophe was seen since the last of them.
    space: bool,
    /// The group at hand stands behind a space.
    behind: bool,
}

impl Thousands {
    /// Looks at the next sign; `None` where it makes a group that is none.
    fn see(&mut self, c: char) -> Option<()> {
        if c.is_ascii_digit() {
            if self.space && self.digits > 0 {
                (self.digits <= 3 && self.whole()).then_some(())?;
                (self.digits, self.behind) = (0, true);
            }
            (self.digits, self.space) = (self.digits + 1, false);
        } else if fields::is_space(c) || matches!(c, '\'' | '’') {
            self.space = true;
        } else {
            self.whole().then_some(())?;
            *self = Self::default();
        }
        Some(())
    }

    fn whole(&self) -> bool {
        !self.behind || self.digits == 3
    }
}

enum Shape {
    Plain,
    /// One sign that stands only before groups of three digits: `1.234.567`.
    Grouped {
        dot: bool,
    },
    Decimal {
        dot: bool,
        thousandths: bool,
    },
    /// Both signs: the last stands before decimals.
    Both {
        decimal_dot: bool,
    },
    /// One sign before three digits, at most three before it: `15.000`.
    Either {
        dot: bool,
    },
    Scientific {
        dot: bool,
    },
}

impl Text {
    fn of(cell: &[u8]) -> Option<Self> {
        let text = without_unit(std::str::from_utf8(cell).ok()?);
        let (mut bytes, mut n, mut percent) = ([0u8; 40], 0, false);
        let mut thousands = Thousands::default();
        for c in text.chars() {
            thousands.see(c)?;
            match c {
                '0'..='9' | '.' | ',' | '-' | '+' | 'e' | 'E' if !percent => {
                    *bytes.get_mut(n)? = c as u8;
                    n += 1;
                }
                '\u{2212}' if n == 0 => {
                    bytes[0] = b'-';
                    n = 1;
                }
                '%' if n > 0 && !percent => percent = true,
                // 12'345, as in Switzerland.
                '\'' | '’' if n > 0 && bytes[n - 1].is_ascii_digit() => {}
                c if fields::is_space(c) => {}
                _ => return None,
            }
        }
        (n > 0 && thousands.whole()).then_some(Self { bytes, n, percent })
    }

    fn bare(&self) -> &[u8] {
        let all = &self.bytes[..self.n];
        all.strip_prefix(b"-").or_else(|| all.strip_prefix(b"+")).unwrap_or(all)
    }

    fn shape(&self) -> Option<Shape> {
        let text = self.bare();
        let signs = |sign: u8| text.iter().filter(|b| **b == sign).count();
        let (dots, commas) = (signs(b'.'), signs(b','));
        if text.iter().any(|b| matches!(b, b'e' | b'E')) {
            return (dots + commas <= 1).then_some(Shape::Scientific { dot: dots == 1 });
        }
        if text.iter().any(|b| matches!(b, b'-' | b'+')) || !text.iter().any(u8::is_ascii_digit) {
            return None;
        }
        match (dots, commas) {
            (0, 0) => Some(Shape::Plain),
            (1, 0) | (0, 1) => {
                let dot = dots == 1;
                let at = text.iter().position(|b| matches!(b, b'.' | b','))?;
                let (before, after) = (&text[..at], text.len() - at - 1);
                if after == 3 && (1..=3).contains(&before.len()) && before[0] != b'0' {
                    Some(Shape::Either { dot })
                } else {
                    Some(Shape::Decimal { dot, thousandths: after == 3 && before.len() > 3 })
                }
            }
            (_, 0) | (0, _) => grouped(text).then_some(Shape::Grouped { dot: dots > 0 }),
            _ => {
                let last = text.iter().rposition(|b| matches!(b, b'.' | b','))?;
                let decimal_dot = text[last] == b'.';
                let once = if decimal_dot { dots == 1 } else { commas == 1 };
                (once && grouped(&text[..last])).then_some(Shape::Both { decimal_dot })
            }
        }
    }

    /// Whether its digits end before the units.
    fn rounded(&self) -> bool {
        let text = self.bare();
        let Some(e) = text.iter().position(|b| matches!(b, b'e' | b'E')) else { return false };
        let exponent = std::str::from_utf8(&text[e + 1..]).ok().and_then(|e| e.parse::<i32>().ok());
        let sign = text[..e].iter().position(|b| matches!(b, b'.' | b','));
        let digits = sign.map_or(0, |at| e - at - 1);
        exponent.is_some_and(|exponent| usize::try_from(exponent).is_ok_and(|exponent| digits < exponent))
    }

    /// Digits behind a sign.
    fn behind(&self, dot: bool) -> u8 {
        let sign = if dot { b'.' } else { b',' };
        let at = self.bytes[..self.n].iter().rposition(|b| *b == sign);
        at.map_or(0, |at| u8::try_from(self.n - at - 1).unwrap_or(u8::MAX))
    }

    /// The value, with this sign before decimals (`true`: the dot) and the other left out.
    fn value(&self, decimal_dot: Option<bool>) -> Option<f64> {
        let mut plain = [0u8; 40];
        let mut n = 0;
        for b in &self.bytes[..self.n] {
            let b = match (b, decimal_dot) {
                (b'.', Some(true)) | (b',', Some(false)) => b'.',
                (b'.' | b',', _) => continue,
                (b, _) => *b,
            };
            plain[n] = b;
            n += 1;
        }
        std::str::from_utf8(&plain[..n]).ok()?.parse().ok().filter(|v: &f64| v.is_finite())
    }
}

/// One to three digits, then groups of three behind one sign.
fn grouped(text: &[u8]) -> bool {
    let mut groups = text.split(|b| matches!(b, b'.' | b','));
    let first = groups.next().is_some_and(|g| (1..=3).contains(&g.len()) && g[0] != b'0');
    first && groups.all(|g| g.len() == 3)
}

/// How a column writes percentages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Percents {
    /// 40,26 is 40.26 %.
    #[default]
    Points,
    /// So it is, but some small numbers have more decimals than the others: no small number is sure.
    Doubtful,
    /// 0,4026 is 40.26 %: the column had the format of percentages, and lost it.
    Fractions,
    /// Some cells kept their `%`: small numbers without it are fractions, to be told one by one.
    Mixed,
}

/// What a column of percentages shows of its habits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SeenPercents {
    signed: u32,
    small: u32,
    great: u32,
    /// The most decimals of small numbers, and of the others.
    small_decimals: u8,
    great_decimals: u8,
}

/// Above this a number without `%` is no fraction: 300 %.
const FRACTION: f64 = 3.0;

impl SeenPercents {
    /// Looks at a number of the column.
    pub fn see(&mut self, read: Read) {
        if read.percent {
            self.signed += 1;
        } else if read.value > 0.0 {
            let (count, decimals) = if read.value <= FRACTION {
                (&mut self.small, &mut self.small_decimals)
            } else {
                (&mut self.great, &mut self.great_decimals)
            };
            *count += 1;
            *decimals = read.decimals.max(*decimals);
        }
    }

    /// The habit of the column.
    #[must_use]
    pub fn habit(self) -> Percents {
        match (self.signed > 0, self.small > 0, self.great > 0) {
            (_, true, false) => Percents::Fractions,
            (true, true, true) => Percents::Mixed,
            // Hardly any household has under 3 % of a ceiling: most of a column of points is above.
            (false, true, true) if self.small > self.great => Percents::Fractions,
            (false, true, true) if self.small_decimals > self.great_decimals.max(1) => Percents::Doubtful,
            _ => Percents::Points,
        }
    }
}

/// Percentage points of a number of the column, and whether it was a fraction.
///
/// # Errors
/// [`Doubt::TwoWays`]: more than 300 % in a column of fractions, or a small number where both stand.
pub fn points(read: Read, habit: Percents) -> Result<(f64, bool), Doubt> {
    match habit {
        _ if read.percent || read.value == 0.0 => Ok((read.value, false)),
        Percents::Points => Ok((read.value, false)),
        Percents::Fractions if read.value > FRACTION => Err(Doubt::TwoWays),
        Percents::Doubtful if read.value <= FRACTION => Err(Doubt::TwoWays),
        Percents::Doubtful => Ok((read.value, false)),
        Percents::Mixed if read.value > FRACTION => Ok((read.value, false)),
        // Without the noise that a fraction brings: 0.4026 is 40.26.
        Percents::Fractions | Percents::Mixed => Ok(((read.value * 1e8).round() / 1e6, true)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MONEY: Kind = Kind::Money { most: 300_000.0 };

    fn seen(cells: &[&str]) -> Seen {
        let mut seen = Seen::default();
        cells.iter().for_each(|c| seen.see(c.as_bytes()));
        seen
    }

    fn one(cell: &str, column: &[&str], kind: Kind) -> Result<f64, Doubt> {
        read(cell.as_bytes(), &seen(column), kind).map(|r| r.value)
    }

    #[test]
    fn what_can_be_read_in_one_way_is() {
        for (cell, want) in [
            ("12", 12.0),
            ("12,5", 12.5),
            ("12.50", 12.5),
            ("0.123", 0.123),
            ("1.234.567", 1_234_567.0),
            ("1,234,567", 1_234_567.0),
            ("1.234,56", 1234.56),
            ("1,234.56", 1234.56),
            ("15 000", 15_000.0),
            ("15\u{202f}000,00 €", 15_000.0),
            ("15\u{2009}000", 15_000.0),
            ("-15 000,6", -15_000.6),
            ("\u{2212}3", -3.0),
            ("12'345,60", 12_345.6),
            ("12\u{2019}345", 12_345.0),
            ("412,35 EUR", 412.35),
            ("8 861 euros", 8_861.0),
            ("65 m²", 65.0),
            ("65,4m2", 65.4),
            ("1,5E+04", 15_000.0),
            ("15000.123", 15_000.123),
        ] {
            for kind in [MONEY, Kind::Number] {
                assert_eq!(one(cell, &[], kind), Ok(want), "{cell}");
            }
        }
        for cell in ["15 00", "412 35", "1 5 000", "15000 000", "1 234 56,7", "15 0000"] {
            assert_eq!(one(cell, &[], MONEY), Err(Doubt::Unreadable), "{cell}");
        }
        for (cell, want) in
            [("1 234 567,8", 1_234_567.8), ("- 15 000", -15_000.0), ("12 345 ,5", 12_345.5), ("40 %", 40.0)]
        {
            assert_eq!(one(cell, &[], MONEY), Ok(want), "{cell}");
        }
        for cell in ["", "abc", "1.2.3", "1,2,3", "12.34.567", "NaN", "12 rue", "--1", "1e999", "1.234,5,6"] {
            assert_eq!(one(cell, &[], MONEY), Err(Doubt::Unreadable), "{cell}");
        }
    }

    #[test]
    fn what_a_spreadsheet_rounded_is_told() {
        let rounded = |cell: &str| read(cell.as_bytes(), &Seen::default(), MONEY).unwrap().rounded;
        for (cell, want) in [
            ("9,28E+05", true),
            ("9.27543E+05", false),
            ("1,54E+04", true),
            ("3E+01", true),
            ("1.2E-01", false),
            ("927543", false),
        ] {
            assert_eq!(rounded(cell), want, "{cell}");
        }
    }

    #[test]
    fn a_sum_of_money_has_thousands_unless_its_column_says_otherwise() {
        assert_eq!(one("15.000", &[], MONEY), Ok(15_000.0));
        assert_eq!(one("15.000", &["12,5"], MONEY), Ok(15_000.0));
        assert_eq!(one("15.000", &["1.234.567"], MONEY), Ok(15_000.0));
        assert_eq!(one("15,000", &["1,234.50"], MONEY), Ok(15_000.0));
        // The dot stands before decimals elsewhere: nobody knows.
        assert_eq!(one("15.000", &["15000.5"], MONEY), Err(Doubt::TwoWays));
        assert_eq!(one("15.000", &["1204.120"], MONEY), Ok(15.0));
        // Rents of 412 350 € do not exist: the column has three decimals.
        let rent = Kind::Money { most: 9_998.0 };
        assert_eq!(one("1.200", &["412.350", "1.200"], rent), Ok(1.2));
        assert_eq!(one("1.200", &["1.200"], rent), Ok(1_200.0));
        assert_eq!(one("9.999", &["9.999", "329,55"], rent), Ok(9_999.0));
    }

    #[test]
    fn other_numbers_have_thousandths() {
        assert_eq!(one("5.917", &["5.917", "6.1"], Kind::Number), Ok(5.917));
        assert_eq!(one("5,917", &["5,917"], Kind::Number), Ok(5.917));
        assert_eq!(one("6.500", &["6.500.000"], Kind::Number), Ok(6_500.0));
        assert_eq!(one("5.917", &["5,91"], Kind::Number), Err(Doubt::TwoWays));
    }

    #[test]
    fn a_column_of_fractions_gives_points() {
        let habit = |cells: &[&str]| {
            let mut p = SeenPercents::default();
            for c in cells {
                p.see(read(c.as_bytes(), &Seen::default(), Kind::Number).unwrap());
            }
            p.habit()
        };
        let of = |c: &str, h| points(read(c.as_bytes(), &Seen::default(), Kind::Number).unwrap(), h);
        assert_eq!(habit(&["0,4026", "1.2", "0"]), Percents::Fractions);
        assert_eq!(habit(&["40,26", "0,4"]), Percents::Points);
        assert_eq!(habit(&["0,4026", "0,55", "1,1", "65"]), Percents::Fractions, "one slip among fractions");
        assert_eq!(habit(&["40,26", "0,4026", "40", "55", "1,05"]), Percents::Doubtful);
        assert_eq!(of("1,05", Percents::Doubtful), Err(Doubt::TwoWays));
        assert_eq!(of("55", Percents::Doubtful), Ok((55.0, false)));
        assert_eq!(habit(&["40,26 %", "0,4026", "40"]), Percents::Mixed);
        assert_eq!(habit(&["40,26 %", "0,4026"]), Percents::Fractions);
        assert_eq!(of("0.4026", Percents::Fractions), Ok((40.26, true)));
        assert_eq!(of("40,26 %", Percents::Fractions), Ok((40.26, false)));
        assert_eq!(of("40,26", Percents::Fractions), Err(Doubt::TwoWays));
        assert_eq!(of("0.4", Percents::Points), Ok((0.4, false)));
        assert_eq!(of("0.4026", Percents::Mixed), Ok((40.26, true)));
        assert_eq!(of("40.26", Percents::Mixed), Ok((40.26, false)));
    }
}
