//! Long codes that a spreadsheet took for numbers: it keeps fifteen digits, and drops the zeros in front.

use std::borrow::Cow;

use super::super::fields;

/// Digits that a spreadsheet keeps of a number.
const KEPT: usize = 15;
/// Signs of a numéro unique de demande.
const NUD: usize = 18;

/// What a column of long codes shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    long: u32,
    rounded: u32,
}

impl Seen {
    /// Looks at a cell of the column.
    pub fn see(&mut self, cell: &[u8]) {
        let digits = significant(cell);
        if digits.len() > KEPT {
            self.long += 1;
            self.rounded += u32::from(digits[KEPT..].iter().all(|b| *b == b'0'));
        }
    }

    /// Whether a spreadsheet rounded the column: no code of several kept anything behind its fifteenth digit.
    #[must_use]
    pub fn rounded(self) -> bool {
        self.long > 1 && self.rounded == self.long
    }
}

/// The digits of a number, without the zeros in front; empty for anything else.
fn significant(cell: &[u8]) -> &[u8] {
    let bare = fields::unfloat(cell);
    if bare.len() <= KEPT || !bare.iter().all(u8::is_ascii_digit) {
        return &[];
    }
    let zeros = bare.iter().take_while(|b| **b == b'0').count();
    &bare[zeros..]
}

/// Why a numéro unique cannot be had from its cell, in words that do not quote it: it names a household.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    Scientific,
    Rounded,
}

impl Lost {
    #[must_use]
    pub const fn told(self) -> &'static str {
        match self {
            Self::Scientific => {
                "Un tableur a écrit ce code en notation scientifique : ses derniers chiffres sont perdus, il est ignoré."
            }
            Self::Rounded => {
                "Un tableur a arrondi les codes de cette colonne à quinze chiffres : les derniers sont perdus, ils sont ignorés. Reprenez le fichier d'origine, colonne au format texte."
            }
        }
    }
}

/// The numéro unique of a cell, and whether a zero that a spreadsheet dropped was given back. `rounded`: what
/// its column shows.
///
/// # Errors
/// A spreadsheet lost its last digits.
pub fn nud(cell: &[u8], rounded: bool) -> Result<(Cow<'_, str>, bool), Lost> {
    if fields::lost(cell) {
        return Err(Lost::Scientific);
    }
    if rounded && !significant(cell).is_empty() {
        return Err(Lost::Rounded);
    }
    let bare = fields::unpoint(cell);
    let text = String::from_utf8_lossy(bare);
    if bare.len() == NUD - 1 && bare.iter().all(u8::is_ascii_digit) {
        return Ok((Cow::Owned(format!("0{text}")), true));
    }
    Ok((text, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounded(cells: &[&str]) -> bool {
        let mut seen = Seen::default();
        cells.iter().for_each(|c| seen.see(c.as_bytes()));
        seen.rounded()
    }

    #[test]
    fn a_column_that_keeps_nothing_behind_fifteen_digits_was_rounded() {
        assert!(rounded(&["73012400001234600", "73012400001234700"]));
        assert!(rounded(&["073012400001234600", "730124000012345000"]), "zeros in front are no digits");
        assert!(!rounded(&["73012400001234600"]), "one may end so");
        assert!(!rounded(&["73012400001234600", "73012400001234567"]));
        assert!(!rounded(&["1234567890", "07301240000AB46000", ""]));
        assert_eq!(nud(b"73012400001234600", true), Err(Lost::Rounded));
        assert_eq!(
            nud(b"07301240000AB12345", true).map(|(n, _)| n.into_owned()),
            Ok("07301240000AB12345".into())
        );
    }

    #[test]
    fn a_zero_in_front_is_given_back_to_a_number_of_seventeen_digits() {
        assert_eq!(nud(b"73012400001234567", false), Ok(("073012400001234567".into(), true)));
        assert_eq!(nud(b"73012400001234567.0", false), Ok(("073012400001234567".into(), true)));
        assert_eq!(nud(b"073012400001234567", false), Ok(("073012400001234567".into(), false)));
        assert_eq!(nud(b"0731234567", false), Ok(("0731234567".into(), false)));
        assert_eq!(nud(b"7,3012E+16", false), Err(Lost::Scientific));
    }
}
