//! Days as columns keep them (`yyyymmdd`), as the interface writes them (`YYYY-MM-DD`) and as people read
//! them.

pub use jiff::civil::Date;

/// The day that it is in France.
#[must_use]
pub fn today() -> Date {
    let zone = jiff::tz::TimeZone::get("Europe/Paris").unwrap_or(jiff::tz::TimeZone::UTC);
    jiff::Timestamp::now().to_zoned_datetime(zone).date()
}

/// The day of `yyyymmdd`; None if there is no such day.
#[must_use]
pub fn civil(yyyymmdd: u32) -> Option<Date> {
    let (year, month, day) = (yyyymmdd / 10_000, yyyymmdd / 100 % 100, yyyymmdd % 100);
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// `yyyymmdd` of a day.
#[must_use]
pub fn number(day: Date) -> u32 {
    let [month, day_of] = [day.month(), day.day()].map(|n| u32::from(n.unsigned_abs()));
    u32::from(day.year().unsigned_abs()) * 10_000 + month * 100 + day_of
}

/// `2024-12-31` from 20241231.
#[must_use]
pub fn iso(yyyymmdd: u32) -> String {
    format!("{:04}-{:02}-{:02}", yyyymmdd / 10_000, yyyymmdd / 100 % 100, yyyymmdd % 100)
}

/// « 31/12/2024 » from `2024-12-31`.
#[must_use]
pub fn french(iso: &str) -> String {
    iso.split('-').rev().collect::<Vec<_>>().join("/")
}

/// Months as texts write them.
pub const MONTHS: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];

/// « 31 décembre 2024 » from `2024-12-31`, « 1er mars 2024 » from `2024-03-01`; what is no day stays.
#[must_use]
pub fn long(iso: &str) -> String {
    let Ok(day) = iso.parse::<Date>() else { return iso.to_owned() };
    let month = usize::try_from(day.month()).ok().and_then(|m| MONTHS.get(m - 1)).copied().unwrap_or("");
    let first = if day.day() == 1 { "er" } else { "" };
    format!("{}{first}\u{a0}{month} {}", day.day(), day.year())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_goes_from_one_spelling_to_the_next() {
        assert_eq!(
            (iso(20_241_231), french(&iso(20_241_231))),
            ("2024-12-31".to_owned(), "31/12/2024".to_owned())
        );
        assert_eq!(
            ["2024-12-31", "2024-03-01", "x"].map(long),
            ["31\u{a0}décembre 2024", "1er\u{a0}mars 2024", "x"]
        );
        assert_eq!(civil(20_241_231).map(|d| d.to_string()), Some("2024-12-31".to_owned()));
        assert_eq!((civil(20_241_340), civil(0), civil(u32::MAX)), (None, None, None));
    }
}
