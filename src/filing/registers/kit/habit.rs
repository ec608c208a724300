//! The habits of one column of one file: how it writes days, thousands and percentages.
//!
//! Decided on the first block of the file, then kept: what contradicts it later is flagged, never guessed.

use super::super::fields;
use super::{codes, dates, numbers};

/// How a column writes what can be read in two ways.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Habit {
    pub numbers: numbers::Seen,
    pub percents: numbers::Percents,
    pub order: dates::Order,
    pub month_years: bool,
    /// Days of the rows that were looked at could have said their order.
    pub ordered: bool,
    /// A spreadsheet rounded its long codes.
    pub rounded: bool,
    /// Read as euros, its sums are those of nobody: they are thousands.
    pub thousands: bool,
    /// Read as euros a month, half of its sums are those of a year.
    pub annual: bool,
    /// Read as euros a year, nine sums of ten are those of a month.
    pub monthly: bool,
}

/// What is seen of a column while its first rows pass.
#[derive(Debug, Clone, Default)]
pub struct Observed {
    numbers: numbers::Seen,
    percents: numbers::SeenPercents,
    dates: dates::Seen,
    codes: codes::Seen,
    euros: Euros,
}

/// Sums above 0 of a column, read as euros.
#[derive(Debug, Clone, Copy, Default)]
struct Euros {
    sums: u32,
    greatest: f64,
    /// Those that few households have a month, and those that few have a year.
    large: u32,
    small: u32,
}

/// € that few households have a month, and that few have less of a year.
const LARGE: f64 = 6_000.0;
const SMALL: f64 = 4_000.0;

impl Euros {
    fn are_annual(self) -> bool {
        self.sums >= 10 && 2 * self.large >= self.sums
    }

    fn are_monthly(self) -> bool {
        self.sums >= 20 && 10 * self.small >= 9 * self.sums && !self.are_thousands()
    }

    /// Five sums of which none reaches a thousand, or any that does not reach a hundred.
    fn are_thousands(self) -> bool {
        (self.sums > 0 && self.greatest < 100.0) || (self.sums >= 5 && self.greatest < 1_000.0)
    }
}

impl Observed {
    /// Looks at a cell.
    pub fn see(&mut self, cell: &[u8]) {
        if !cell.iter().any(u8::is_ascii_digit) {
            return;
        }
        self.dates.see(cell);
        self.numbers.see(cell);
        self.codes.see(cell);
        if let Ok(read) = numbers::read(cell, &numbers::Seen::default(), numbers::Kind::Number) {
            self.percents.see(read);
        }
        if let Ok(sum) = fields::money(cell)
            && sum > 0.0
        {
            self.euros.sums += 1;
            self.euros.greatest = self.euros.greatest.max(sum);
            self.euros.large += u32::from(sum > LARGE);
            self.euros.small += u32::from(sum < SMALL);
        }
    }

    /// What the column does.
    #[must_use]
    pub fn habit(&self) -> Habit {
        Habit {
            numbers: self.numbers,
            percents: self.percents.habit(),
            order: self.dates.order(),
            month_years: self.dates.month_years(),
            ordered: self.dates.ordered(),
            rounded: self.codes.rounded(),
            thousands: self.euros.are_thousands(),
            annual: self.euros.are_annual(),
            monthly: self.euros.are_monthly(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thousands(cells: &[&str]) -> bool {
        let mut seen = Observed::default();
        cells.iter().for_each(|c| seen.see(c.as_bytes()));
        seen.habit().thousands
    }

    #[test]
    fn sums_of_a_year_and_of_a_month_are_told_apart() {
        let of = |sums: &[u32]| {
            let mut seen = Observed::default();
            sums.iter().cycle().take(24).for_each(|s| seen.see(s.to_string().as_bytes()));
            (seen.habit().annual, seen.habit().monthly)
        };
        assert_eq!(of(&[1_200, 850, 2_300, 1_650]), (false, true), "a month");
        assert_eq!(of(&[14_400, 10_200, 27_600, 2_000]), (true, false), "a year");
        assert_eq!(of(&[3_500, 5_000, 5_500, 900]), (false, false), "who knows");
    }

    #[test]
    fn incomes_that_nobody_has_are_thousands() {
        assert!(thousands(&["15", "12,5", "0", "22,4"]));
        assert!(thousands(&["15", "8", "102", "22", "31"]));
        assert!(!thousands(&["15.000", "12.500", "22.400"]), "thousands of a spreadsheet");
        assert!(!thousands(&["15", "8", "1020", "22", "31"]));
        assert!(!thousands(&["0", "0", "800"]), "a household may have so little");
        assert!(!thousands(&["0", ""]));
    }
}
