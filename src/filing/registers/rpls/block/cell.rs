//! Cells of the register: codes, months, whole numbers, years, texts; what cannot be read is told.

use csv::ByteRecord;

use super::{Rows, Worker};
use crate::registers::kit::dates::Doubt;
use crate::registers::rpls::cells::{self, Unreadable};
use crate::registers::rpls::columns::Text;
use crate::registers::rpls::flags::Findings;
use crate::registers::rpls::layout::{Col, Layout};

impl Worker<'_> {
    /// A code of a list; anything else is flagged with `rule` and empty.
    pub(super) fn code(&self, rows: &mut Rows, record: &ByteRecord, col: Col, rule: usize) -> Option<u8> {
        let cell = self.layout.cell(record, col);
        let list = self.codes.iter().find(|(c, _)| *c == col).map(|(_, l)| l)?;
        let value = match cell {
            [] => return None,
            [d @ b'0'..=b'9'] => Ok(i64::from(d - b'0')),
            _ => match cell.first() {
                // « Oui », « Non » of the label files.
                Some(b'O' | b'o') if matches!(col, Col::CONV | Col::QPV) => Ok(1),
                Some(b'N' | b'n') if matches!(col, Col::CONV | Col::QPV) => Ok(2),
                _ => cells::code(cell, &mut rows.tally),
            },
        };
        match value.map(u8::try_from) {
            Ok(Ok(code)) if list[usize::from(code)] => Some(code),
            _ => {
                let name = self.layout.name(col);
                let message = format!(
                    "« {} » n'est pas un code de {name} ; la valeur est ignorée.",
                    String::from_utf8_lossy(cell)
                );
                rows.findings.misfit(rule, name, cell, message);
                None
            }
        }
    }

    /// The month of a date.
    pub(super) fn month(&self, rows: &mut Rows, record: &ByteRecord, col: Col) -> Result<u32, Doubt> {
        cells::month(self.layout.cell(record, col), self.layout.habit(col), &mut rows.tally)
    }

    /// A whole number; what is not one is flagged with `rule`.
    pub(super) fn whole(
        &self,
        rows: &mut Rows,
        record: &ByteRecord,
        col: Col,
        rule: usize,
        what: &str,
    ) -> Option<i64> {
        let cell = self.layout.cell(record, col);
        if cell.is_empty() {
            return None;
        }
        cells::integer_of(cell, self.layout.habit(col), &mut rows.tally)
            .map_err(|Unreadable| {
                let message = format!(
                    "« {} » n'est pas {what} ; la valeur est ignorée.",
                    String::from_utf8_lossy(cell)
                );
                rows.findings.misfit(rule, self.layout.name(col), cell, message);
            })
            .ok()
    }

    /// A year; one before the first sound year or after the millésime is flagged and kept.
    pub(super) fn year(&self, rows: &mut Rows, record: &ByteRecord, col: Col) -> Option<u16> {
        let value = match cells::damaged_year(self.layout.cell(record, col)) {
            Some(year) => year,
            None => self.whole(rows, record, col, 4, "une année")?,
        };
        // Below 1000 it is no year, but what is left of one (`1.974`).
        let year = u16::try_from(value).ok().filter(|y| (1000..=9999).contains(y));
        let least = self.reference.seuils.annee_min;
        if year.is_none_or(|y| y < least || y > self.millesime) {
            let message = format!("Année {value} : attendue de {least} à {}.", self.millesime);
            rows.findings.flag(4, self.layout.name(col), self.layout.raw(record, col), message);
        }
        year
    }
}

pub(super) fn unreadable(findings: &mut Findings, layout: &Layout, col: Col, cell: &[u8], expected: &str) {
    let message = format!(
        "« {} » n'est pas lisible : attendu {expected} ; la valeur est ignorée.",
        String::from_utf8_lossy(cell)
    );
    findings.misfit(15, layout.name(col), cell, message);
}

/// The cell as text.
pub(super) fn utf8(cell: &[u8]) -> &str {
    // The block was decoded: a cell of it is valid UTF-8, whatever the file was.
    std::str::from_utf8(cell).unwrap_or("")
}

pub(super) fn text(builder: &mut Text, cell: &[u8]) {
    if cell.is_empty() {
        builder.append_null();
    } else {
        builder.append_value(utf8(cell));
    }
}

pub(super) fn option(builder: &mut Text, text: &str) {
    if text.is_empty() {
        builder.append_null();
    } else {
        builder.append_value(text);
    }
}
