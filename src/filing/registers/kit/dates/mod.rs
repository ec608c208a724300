//! Days and months as files write them: ISO, French order, names of months, compact, numbers of spreadsheets,
//! American order with AM and PM.
//!
//! A cell alone does not say whether `3/1/2019` is in March, nor whether `32019` is a day count: its column
//! does, through [`Seen`].

use crate::reference::registre::mot;
use crate::registers::fields::Unreadable;

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

/// What two numbers before a year mean in one column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    #[default]
    DayFirst,
    /// The day is first beside AM and PM too, which else tell of American order.
    DayFirstAlways,
    MonthFirst,
    /// 19-07-01 is the first of July 2019, as SAS writes it.
    YearFirst,
    /// The column contradicts itself: only what can be read in one way is.
    Unsure,
    /// American days as texts, all over 12, beside days of a spreadsheet, none over 12: a French one took the
    /// others for days of its own, day and month exchanged.
    Exchanged,
}

impl Order {
    #[must_use]
    pub fn is_day_first(self) -> bool {
        matches!(self, Self::DayFirst | Self::DayFirstAlways)
    }
}

/// How a date was written, when a report should say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    Plainly,
    /// `mars-19`: a spreadsheet made it of 03/2019.
    MonthName,
    /// 43525: days since the end of 1899.
    Serial,
    /// 3/1/2019 for 1 March.
    Month1st,
    /// 2024-01-18T23:00:00Z: midnight in Paris, as a program of universal time writes the next day.
    Universal,
}

impl Written {
    /// Key of the count in the report.
    #[must_use]
    pub fn count(self) -> Option<&'static str> {
        match self {
            Self::Plainly => None,
            Self::MonthName => Some("mois_en_lettres"),
            Self::Serial => Some("dates_en_nombre_de_jours"),
            Self::Month1st => Some("dates_mois_en_premier"),
            Self::Universal => Some("dates_en_temps_universel"),
        }
    }
}

/// A date that cannot be had from its cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    Unreadable,
    /// It can be read in two ways, and the column does not say which.
    TwoWays,
    /// A day that programs write where there is none: 01/01/1900, 31/12/9999.
    Filler,
}

/// Days that programs write where there is none: .NET, Excel and SQL Server, Access, Oracle.
const FILLERS: [(u16, u8, u8); 8] = [
    (1, 1, 1),
    (1753, 1, 1),
    (1899, 12, 30),
    (1899, 12, 31),
    (1900, 1, 1),
    (2999, 12, 31),
    (4712, 12, 31),
    (9999, 12, 31),
];

impl Date {
    fn fills(self) -> bool {
        FILLERS.iter().any(|&(year, month, day)| {
            (year, month) == (self.year, self.month) && self.day.is_none_or(|d| d == day)
        })
    }
}

/// Reads a date as a French file writes it.
///
/// # Errors
/// [`Unreadable`] for what is no date, for days that do not exist, and for what only its column can tell.
pub fn date(cell: &[u8]) -> Result<Date, Unreadable> {
    read(cell, Order::DayFirst, false).map(|(d, _)| d).map_err(|_| Unreadable)
}

/// Whether a cell that should hold a house number or a name holds a date that a spreadsheet made of it:
/// `2024-02-01`, `01/02/2024` or `02-janv` was « 1-2 » or « 2-1 », and nobody knows which.
#[must_use]
pub fn stands_for_another(cell: &[u8]) -> bool {
    if !cell.iter().any(|b| matches!(b, b'-' | b'/' | b'.')) || !cell.iter().any(u8::is_ascii_digit) {
        return false;
    }
    // Of whatever year: 7190-01-01 was « 7190 » once.
    let written = cell.len() == 10
        && (0..10).all(|i| if i == 4 || i == 7 { cell[i] == b'-' } else { cell[i].is_ascii_digit() });
    // 6020-2 is a building: no spreadsheet writes a month in digits without its day.
    let whole = written
        || match read(cell, Order::DayFirst, false) {
            Ok((date, Written::Plainly)) => date.day.is_some(),
            Ok((_, Written::MonthName)) => true,
            _ => false,
        };
    whole || Parts::of(cell).is_ok_and(|p| p.month.is_some() && p.n == 1 && p.lengths[0] <= 2)
}

/// What a column of dates shows of its habits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// Second number above 12: month first.
    month_first: u32,
    /// First number above 12: day first.
    day_first: u32,
    /// AM or PM beside two numbers that could be either.
    am_pm: u32,
    /// AM or PM behind a day that is first for sure.
    am_pm_day_first: u32,
    /// Six digits that are a month and a year (`122019`): five may then be one too.
    month_year: u32,
    /// First numbers of days whose second is 1, one bit each: the months of `3/1/2019`, `6/1/2020`…
    before_ones: u16,
    /// Second numbers of days whose first is 1, one bit each: the months of `01/03/2019`, `01/06/2020`…
    after_ones: u16,
    /// Days that can be read in two ways and whose second number is not 1.
    others: u32,
    /// Days in three pairs of digits whose first, or last, is no day.
    year_first: u32,
    year_last: u32,
    /// Days as `2024-01-04` up to the twelfth, and later ones.
    early: u32,
    late: u32,
}

impl Seen {
    /// Looks at a cell of the column.
    pub fn see(&mut self, cell: &[u8]) {
        if cell.len() == 6 && cell.iter().all(u8::is_ascii_digit) {
            self.month_year += u32::from(year_month(cell).is_none() && month_year(cell).is_some());
            return;
        }
        // Sound dates of French and standard files end here.
        if cell.get(4) == Some(&b'-') {
            if let Some(day) = cell.get(..10).and_then(plain).and_then(|d| d.day) {
                *(if day <= 12 { &mut self.early } else { &mut self.late }) += 1;
            }
            return;
        }
        if !cell.iter().any(|b| matches!(b, b'/' | b'.' | b'-')) {
            return;
        }
        let Ok(parts) = Parts::of(cell) else { return };
        if let (3, None, [a, b, _]) = (parts.n, parts.month, parts.numbers)
            && parts.lengths[0] <= 2
            && parts.lengths[1] <= 2
        {
            if parts.lengths == [2, 2, 2] {
                let c = parts.numbers[2];
                self.year_first += u32::from(!(1..=31).contains(&a) && b <= 12 && c <= 31);
                self.year_last += u32::from(!(1..=31).contains(&c) && a <= 31);
                if a > 31 {
                    return;
                }
            }
            match (a > 12, b > 12) {
                (true, false) => {
                    self.day_first += 1;
                    self.am_pm_day_first += u32::from(parts.am_pm);
                }
                (false, true) => self.month_first += 1,
                _ => {
                    self.am_pm += u32::from(parts.am_pm && a != b);
                    if a == 1 {
                        self.after_ones |= 1 << b.min(15);
                    }
                    if b == 1 {
                        self.before_ones |= 1 << a.min(15);
                    } else {
                        self.others += 1;
                    }
                }
            }
        }
    }

    /// The order of the column.
    #[must_use]
    pub fn order(self) -> Order {
        if self.year_first > 0 {
            return if self.year_last == 0 { Order::YearFirst } else { Order::Unsure };
        }
        let am_pm = self.am_pm > 0 && self.am_pm_day_first == 0;
        // Firsts of months, many months and no other day: such a column is not in American order.
        let firsts = self.after_ones.count_ones() >= 4 && self.before_ones & !2 == 0;
        match (self.day_first > 0, self.month_first > 0 || am_pm) {
            (true, true) => Order::Unsure,
            (true, false) if self.am_pm_day_first > 0 => Order::DayFirstAlways,
            (false, true) if firsts => Order::Unsure,
            (false, true)
                if self.early > 0 && self.late == 0 && self.before_ones == 0 && self.others == 0 =>
            {
                Order::Exchanged
            }
            (false, true) => Order::MonthFirst,
            // First days of months, in American order, or nothing but the first days of January?
            (false, false) if self.others == 0 => match self.before_ones.count_ones() {
                0 | 1 => Order::DayFirst,
                2 | 3 => Order::Unsure,
                _ => Order::MonthFirst,
            },
            _ => Order::DayFirst,
        }
    }

    /// Whether some day said, or would have had to say, the order.
    #[must_use]
    pub fn ordered(self) -> bool {
        self.day_first + self.month_first + self.others > 0 || self.before_ones > 0
    }

    /// Whether five digits may be a month and a year that lost a zero.
    #[must_use]
    pub fn month_years(self) -> bool {
        self.month_year > 0
    }
}

/// Reads a date in a column of this order; `month_years`: five digits may be a month and a year there.
///
/// # Errors
/// Why it cannot be read.
pub fn read(cell: &[u8], order: Order, month_years: bool) -> Result<(Date, Written), Doubt> {
    let (date, written) = any(cell, order, month_years)?;
    let exchanged = |day: u8| day <= 12 && day != date.month;
    if order == Order::Exchanged && written == Written::Plainly && date.day.is_some_and(exchanged) {
        return Err(Doubt::TwoWays);
    }
    if date.fills() { Err(Doubt::Filler) } else { Ok((date, written)) }
}

fn any(cell: &[u8], order: Order, month_years: bool) -> Result<(Date, Written), Doubt> {
    if let Some(day) = universal(cell) {
        return Ok((day, Written::Universal));
    }
    if let Some(plain) = plain(cell) {
        return Ok((plain, Written::Plainly));
    }
    let bare = crate::registers::fields::unfloat(cell);
    if bare.iter().all(u8::is_ascii_digit) {
        return digits(bare, month_years);
    }
    if let Some(serial) = serial_with_time(cell) {
        return Ok((serial, Written::Serial));
    }
    let parts = Parts::of(cell)?;
    let [a, b, c] = parts.numbers;
    let [la, lb, lc] = parts.lengths;
    if let Some(month) = parts.month {
        let (year, day) = match (parts.n, parts.rank, la, lb) {
            // « mars-19 », « mars 2019 », « 2019 mars »; « 19-mars » is a day of nobody knows which year.
            (1, 0, 2 | 4, _) | (1, 1, 4, _) => (short_year(a, la)?, None),
            (2, 1, 1 | 2, 2 | 4) | (2, 0, 1 | 2, 4) => (short_year(b, lb)?, Some(a)),
            (2, 1, 4, 1 | 2) => (a, Some(b)),
            _ => return Err(Doubt::Unreadable),
        };
        // « janv-00 »: a spreadsheet makes it of 01/1900, which files write for none, and of 01/2000.
        if (month, day) == (1, None) && year == 2000 && parts.lengths[0] == 2 {
            return Err(Doubt::TwoWays);
        }
        return Ok((made(year, month, day)?, Written::MonthName));
    }
    // AM and PM are of American order, whatever stands in the rest of the column.
    let order = if parts.am_pm && order != Order::DayFirstAlways { Order::MonthFirst } else { order };
    match (parts.n, la, lb, lc) {
        (3, 2, 2, 2) if order == Order::YearFirst => {
            Ok((made(short_year(a, la)?, b, Some(c))?, Written::Plainly))
        }
        // 2013.10 as a number is 2013.1, which is January elsewhere.
        (2, 4, 1, _) if b == 1 && cell.iter().any(|sign| matches!(sign, b'.' | b',')) => Err(Doubt::TwoWays),
        (2, 4, 1 | 2, _) => Ok((made(a, b, None)?, Written::Plainly)),
        (2, 1 | 2, 4, _) => Ok((made(b, a, None)?, Written::Plainly)),
        (3, 4, 1 | 2, 1 | 2) => Ok((made(a, b, Some(c))?, Written::Plainly)),
        (3, 1 | 2, 1 | 2, 2 | 4) => {
            let year = short_year(c, lc)?;
            match (a > 12, b > 12, order) {
                (true, ..) | (false, false, Order::DayFirst | Order::DayFirstAlways | Order::YearFirst) => {
                    Ok((made(year, b, Some(a))?, Written::Plainly))
                }
                (false, true, _) | (false, false, Order::MonthFirst | Order::Exchanged) => {
                    Ok((made(year, a, Some(b))?, Written::Month1st))
                }
                (false, false, Order::Unsure) if a == b => Ok((made(year, a, Some(b))?, Written::Plainly)),
                (false, false, Order::Unsure) => Err(Doubt::TwoWays),
            }
        }
        _ => Err(Doubt::Unreadable),
    }
}

/// The day in Paris of an instant that is midnight there, written in universal time the evening before.
fn universal(cell: &[u8]) -> Option<Date> {
    let hours = cell.get(11..13)?;
    let whole = matches!(cell[10], b'T' | b' ') && matches!(hours, b"22" | b"23");
    if !whole || !(cell.ends_with(b"Z") || cell.ends_with(b"+00:00")) {
        return None;
    }
    let instant: jiff::Timestamp = std::str::from_utf8(cell).ok()?.replace(' ', "T").parse().ok()?;
    let here = instant.to_zoned_datetime(jiff::tz::TimeZone::get("Europe/Paris").ok()?);
    if here.time() != jiff::civil::Time::midnight() {
        return None;
    }
    of_day(here.date())
}

fn of_day(day: jiff::civil::Date) -> Option<Date> {
    made(day.year().unsigned_abs(), day.month().unsigned_abs().into(), Some(day.day().unsigned_abs().into()))
        .ok()
}

/// `yyyy-mm-dd`, `yyyy-mm` and `mm/yyyy`, which almost all cells are.
fn plain(cell: &[u8]) -> Option<Date> {
    let number = |from: usize, to: usize| {
        let part = cell.get(from..to)?;
        part.iter().all(u8::is_ascii_digit).then(|| part.iter().fold(0, |n, b| n * 10 + u16::from(b - b'0')))
    };
    match (cell.len(), cell.get(4), cell.get(2)) {
        (10, Some(b'-'), _) if cell[7] == b'-' => {
            made(number(0, 4)?, number(5, 7)?, Some(number(8, 10)?)).ok()
        }
        (7, Some(b'-'), _) => made(number(0, 4)?, number(5, 7)?, None).ok(),
        (7, _, Some(b'/' | b'-' | b'.')) => made(number(3, 7)?, number(0, 2)?, None).ok(),
        _ => None,
    }
}

fn digits(cell: &[u8], month_years: bool) -> Result<(Date, Written), Doubt> {
    let plainly = |date: Option<Date>| date.map(|d| (d, Written::Plainly)).ok_or(Doubt::Unreadable);
    match cell.len() {
        5 => match (serial(value(cell)), month_year(cell)) {
            (Some(_), Some(_)) if month_years => Err(Doubt::TwoWays),
            (Some(day), _) => Ok((day, Written::Serial)),
            (None, Some(month)) if month_years => Ok((month, Written::Plainly)),
            _ => Err(Doubt::Unreadable),
        },
        6 => plainly(year_month(cell).or_else(|| month_year(cell))),
        // `yyyymmdd`, else `ddmmyyyy` (with or without its zero): the years of one are never days of the
        // other.
        7 => plainly(day_month_year(cell)),
        8 => {
            let (year, rest) = (value(&cell[..4]), value(&cell[4..]));
            let iso = u16::try_from(year).ok();
            let iso = iso.and_then(|y| made(y, (rest / 100) as u16, Some((rest % 100) as u16)).ok());
            let iso = iso.filter(|d| SOUND.contains(&d.year) || d.fills());
            plainly(iso.or_else(|| day_month_year(cell)))
        }
        _ => Err(Doubt::Unreadable),
    }
}

/// Years that a compact date may have.
const SOUND: std::ops::RangeInclusive<u16> = 1700..=2200;
/// Day counts that a spreadsheet date may have: 1940 to 2069.
const SERIALS: std::ops::RangeInclusive<u32> = 14_611..=62_091;

fn value(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |n, b| n * 10 + u32::from(b - b'0'))
}

fn year_month(cell: &[u8]) -> Option<Date> {
    let v = value(cell);
    let year = u16::try_from(v / 100).ok().filter(|y| SOUND.contains(y))?;
    made(year, (v % 100) as u16, None).ok()
}

fn month_year(cell: &[u8]) -> Option<Date> {
    let v = value(cell);
    let year = u16::try_from(v % 10_000).ok().filter(|y| (1900..=2100).contains(y))?;
    made(year, (v / 10_000) as u16, None).ok()
}

fn day_month_year(cell: &[u8]) -> Option<Date> {
    let v = value(cell);
    let year = u16::try_from(v % 10_000).ok().filter(|y| (1900..=2100).contains(y))?;
    made(year, (v / 10_000 % 100) as u16, Some((v / 1_000_000) as u16)).ok()
}

fn serial(days: u32) -> Option<Date> {
    if !SERIALS.contains(&days) {
        return None;
    }
    let day = jiff::civil::date(1899, 12, 30).checked_add(jiff::Span::new().days(i64::from(days))).ok()?;
    of_day(day)
}

/// `43525.5` and `43525,75`: noon and evening of a day.
fn serial_with_time(cell: &[u8]) -> Option<Date> {
    let sign = cell.iter().position(|b| matches!(b, b'.' | b','))?;
    let (days, part) = (&cell[..sign], &cell[sign + 1..]);
    let digits = days.len() == 5 && days.iter().all(u8::is_ascii_digit);
    (digits && !part.is_empty() && part.iter().all(u8::is_ascii_digit)).then(|| serial(value(days)))?
}

fn made(year: u16, month: u16, day: Option<u16>) -> Result<Date, Doubt> {
    let small = |v: u16| i8::try_from(v).map_err(|_| Doubt::Unreadable);
    let year16 = i16::try_from(year).map_err(|_| Doubt::Unreadable)?;
    // jiff knows the length of months.
    let day = match day {
        Some(day) => {
            let day = small(day)?;
            jiff::civil::Date::new(year16, small(month)?, day).map_err(|_| Doubt::Unreadable)?;
            Some(day.unsigned_abs())
        }
        None if (1..=12).contains(&month) && year <= 9999 => None,
        None => return Err(Doubt::Unreadable),
    };
    Ok(Date { year, month: small(month)?.unsigned_abs(), day })
}

/// Two-digit years as spreadsheets read them: 00–29 are 2000–2029, 30–99 are 1930–1999.
fn short_year(y: u16, digits: usize) -> Result<u16, Doubt> {
    match (digits, y) {
        (2, 0..=29) => Ok(2000 + y),
        (2, _) => Ok(1900 + y),
        (4, _) => Ok(y),
        _ => Err(Doubt::Unreadable),
    }
}

/// The numbers and the month of a date, without its time, its day of the week and its small words.
struct Parts {
    numbers: [u16; 3],
    lengths: [usize; 3],
    n: usize,
    month: Option<u16>,
    /// Numbers before the month's name.
    rank: usize,
    am_pm: bool,
}

impl Parts {
    fn of(cell: &[u8]) -> Result<Self, Doubt> {
        let text = std::str::from_utf8(cell).map_err(|_| Doubt::Unreadable)?;
        if text.len() > 60 {
            return Err(Doubt::Unreadable);
        }
        let (day, time) = split_time(text);
        let am_pm = {
            let t = time.to_ascii_uppercase();
            t.contains("AM") || t.contains("PM") || t.contains("A.M") || t.contains("P.M")
        };
        let mut parts = Self { numbers: [0; 3], lengths: [0; 3], n: 0, month: None, rank: 0, am_pm };
        for token in tokens(day) {
            if token.as_bytes()[0].is_ascii_digit() {
                let rank = parts.n;
                *parts.lengths.get_mut(rank).ok_or(Doubt::Unreadable)? = token.len();
                parts.numbers[rank] = token.parse().map_err(|_| Doubt::Unreadable)?;
                parts.n += 1;
            } else if let Some(month) = month_name(token) {
                // « mar. 5 mars 2019 »: the first was a Tuesday.
                if parts.month.is_some() && parts.rank > 0 {
                    return Err(Doubt::Unreadable);
                }
                (parts.month, parts.rank) = (Some(month), parts.n);
            } else if !is_small_word(token) {
                return Err(Doubt::Unreadable);
            }
        }
        // « Tue Jul 01 00:00:00 CET 2003 »: Java and C write the year behind the time.
        if parts.month.is_some()
            && parts.n == 1
            && let Some(year) = tokens(time).filter(|t| t.len() == 4 && t.parse::<u16>().is_ok()).last()
        {
            parts.numbers[1] = year.parse().map_err(|_| Doubt::Unreadable)?;
            (parts.lengths[1], parts.n) = (4, 2);
        }
        Ok(parts)
    }
}

/// The part before a time (`12:00`, `8h30`, `T08:00`), and the time.
fn split_time(text: &str) -> (&str, &str) {
    let bytes = text.as_bytes();
    let sign = (1..bytes.len()).find(|&i| {
        bytes[i] == b':'
            || (matches!(bytes[i], b'h' | b'H')
                && bytes[i - 1].is_ascii_digit()
                && bytes.get(i + 1).is_none_or(u8::is_ascii_digit))
    });
    let Some(sign) = sign else { return (text, "") };
    let start = (0..sign).rev().take_while(|i| bytes[*i].is_ascii_digit()).last().unwrap_or(sign);
    let day = text[..start].trim_end_matches([' ', 'T', 't', '\u{a0}', '\u{202f}', ',']);
    (day, &text[start..])
}

/// Runs of digits and runs of letters.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let kind = |c: char| if c.is_ascii_digit() { 1 } else { u8::from(c.is_alphabetic()) * 2 };
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| kind(c) == 0);
        let first = rest.chars().next().map(kind)?;
        let end = rest.find(|c: char| kind(c) != first).unwrap_or(rest.len());
        let (token, next) = rest.split_at(end);
        rest = next;
        Some(token)
    })
}

/// Words that a date may have and that say nothing of it.
fn is_small_word(word: &str) -> bool {
    const WORDS: [&str; 24] = [
        "ER", "LE", "DU", "DE", "ST", "ND", "RD", "TH", "OF", "LUN", "MER", "JEU", "VEN", "SAM", "DIM",
        "LUNDI", "MARDI", "MERCREDI", "JEUDI", "VENDREDI", "SAMEDI", "DIMANCHE", "AU", "THE",
    ];
    let word = mot(word);
    WORDS.contains(&word.as_str()) || ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"].contains(&&*word)
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
    let word = mot(word);
    if word.starts_with("MARD") {
        return None;
    }
    NAMES.iter().find(|(n, _)| word.starts_with(n)).map(|(_, m)| *m)
}

#[cfg(test)]
mod tests;
