//! A paper of tables one under the other, over as many pages as they take: a balance sheet, an annex.

use super::PublishError;
use super::pdf::{BODY, DOCUMENT, Paper, Part, Sheet, Spacing, sections, warnings};
use crate::french::thousands;

/// Everything that it says.
#[derive(Debug, Clone)]
pub struct Report {
    pub sheet: Sheet,
    /// Large numbers, each with what it counts.
    pub faits: Vec<(String, String)>,
    pub avertissements: Vec<String>,
    pub parties: Vec<Part>,
}

/// The file.
///
/// # Errors
/// It cannot be written as the standard asks.
pub fn write(report: &Report) -> Result<Vec<u8>, PublishError> {
    let space = Spacing::USUAL;
    let mut paper = Paper::new(space)?;
    let p = &mut paper;
    let top = report.sheet.top(p);
    p.place(top, 0.0);
    if !report.faits.is_empty() {
        let facts = p.facts(DOCUMENT, &report.faits, BODY);
        p.place(facts, 12.0);
    }
    warnings(p, &report.avertissements, space.small);
    sections(p, &report.parties, space.gap);
    let method = report.sheet.method(p, space.method);
    p.place(method, space.gap);
    paper.write(&report.sheet.about())
}

/// A large number and what it counts: « 1 », « résidence »; « 1 204 », « résidences ».
#[must_use]
pub fn fact(n: u64, one: &str, many: &str) -> (String, String) {
    (thousands(n), if n < 2 { one } else { many }.to_owned())
}
