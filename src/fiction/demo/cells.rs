//! Cells put into lines of a CSV, without an allocation each.

use std::io::Write;

/// Puts cells into a line.
pub struct Cells<'a> {
    pub buffer: &'a mut Vec<u8>,
}

impl Cells<'_> {
    pub fn text(&mut self, s: &str) {
        self.buffer.extend_from_slice(s.as_bytes());
        self.buffer.push(b';');
    }

    pub fn number(&mut self, n: i64) {
        let mut digits = [0u8; 20];
        let mut at = digits.len();
        let mut rest = n.unsigned_abs();
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if n < 0 {
            self.buffer.push(b'-');
        }
        self.buffer.extend_from_slice(&digits[at..]);
        self.buffer.push(b';');
    }

    /// Two decimals; `mark` is the decimal point or comma.
    pub fn cents(&mut self, v: f64, mark: u8) {
        let c = (v * 100.0).round() as i64;
        self.number(c / 100);
        self.buffer.pop();
        self.buffer.push(mark);
        let f = (c % 100).unsigned_abs() as u8;
        self.buffer.extend_from_slice(&[b'0' + f / 10, b'0' + f % 10, b';']);
    }

    /// `mm/yyyy` of a month counted since year 0.
    pub fn month(&mut self, m: i32) {
        let _ = write!(self.buffer, "{:02}/{:04};", m % 12 + 1, m / 12);
    }

    /// Ends the line: the last separator becomes a line feed.
    pub fn end(self) {
        if let Some(last) = self.buffer.last_mut() {
            *last = b'\n';
        }
    }
}
