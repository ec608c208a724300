//! Findings of one row, and the bits and counts that they leave.

use crate::registers::report::{Finding, Level};

/// Number of rules, R00 included.
pub(super) const RULES: usize = 18;

/// Findings of a block: what goes to `constats.csv`, and how many rows broke each rule.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub list: Vec<Finding>,
    pub rows: [u64; RULES],
    line: u64,
    bits: u32,
    /// Cells of the row that are not of the kind of their column.
    pub misfits: u32,
}

impl Findings {
    /// Begins a row.
    pub fn row(&mut self, line: u64) {
        self.line = line;
        self.bits = 0;
        self.misfits = 0;
    }

    /// A rule that keeps the row.
    pub fn flag(&mut self, rule: usize, column: &str, value: &[u8], message: String) {
        self.push(rule, column, value, Level::Drapeau, message);
    }

    /// A rule that keeps the row, broken by a cell that is not of the kind of its column: a sign that the row
    /// may have slipped.
    pub fn misfit(&mut self, rule: usize, column: &str, value: &[u8], message: String) {
        self.misfits += 1;
        self.flag(rule, column, value, message);
    }

    /// A rule that drops the row.
    pub fn reject(&mut self, rule: usize, column: &str, value: &[u8], message: String) {
        self.push(rule, column, value, Level::Rejet, message);
    }

    /// Ends the row; gives its `drapeaux`: bit n-1 for rule Rn.
    pub fn close(&mut self) -> u32 {
        for rule in 0..RULES {
            self.rows[rule] += u64::from(self.bits >> rule & 1);
        }
        self.bits >> 1
    }

    fn push(&mut self, rule: usize, column: &str, value: &[u8], level: Level, message: String) {
        self.bits |= 1 << rule;
        self.list.push(Finding {
            line: self.line,
            column: column.to_owned(),
            value: String::from_utf8_lossy(value).into_owned(),
            rule: format!("R{rule:02}"),
            level,
            message,
        });
    }
}
