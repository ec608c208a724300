//! The habits of one column of one file: how it writes days, thousands and percentages.
//!
//! Decided on the first block of the file, then kept: what contradicts it later is flagged, never guessed.

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
}

/// What is seen of a column while its first rows pass.
#[derive(Debug, Clone, Default)]
pub struct Observed {
    numbers: numbers::Seen,
    percents: numbers::SeenPercents,
    dates: dates::Seen,
    codes: codes::Seen,
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
        }
    }
}
