//! Which of `;` `,` tab `|` separates the fields: the one that gives the most fields, line after line.

/// Candidates in order of preference when two do equally well.
const CANDIDATES: [u8; 4] = [b';', b',', b'\t', b'|'];

/// Chooses the separator from the first lines (decoded, whole lines, quotes respected).
///
/// `None` when no candidate gives two fields: the file is no table.
#[must_use]
pub fn sniff(sample: &[u8]) -> Option<u8> {
    let mut best = None;
    let mut best_fields = 1;
    for candidate in CANDIDATES {
        let fields = usual_fields(sample, candidate);
        if fields > best_fields {
            best_fields = fields;
            best = Some(candidate);
        }
    }
    best
}

/// Median (the lower of two) number of fields over the first 50 records.
fn usual_fields(sample: &[u8], delimiter: u8) -> usize {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(sample);
    let mut counts: Vec<usize> =
        reader.byte_records().take(50).filter_map(Result::ok).map(|r| r.len()).collect();
    counts.sort_unstable();
    counts.get(counts.len().saturating_sub(1) / 2).copied().unwrap_or(0)
}

/// The separator for a report, in French.
#[must_use]
pub fn label(separator: u8) -> &'static str {
    match separator {
        b';' => "point-virgule",
        b',' => "virgule",
        b'\t' => "tabulation",
        b'|' => "barre verticale",
        _ => "autre",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comma_inside_fields_does_not_win_over_the_semicolon() {
        assert_eq!(sniff(b"A;B;C\n1,5;2,5;3,5\n\"a,b;c\";d;e\n"), Some(b';'));
        assert_eq!(sniff(b"A,B,C\n\"1;5\",2,3\n"), Some(b','));
        assert_eq!(sniff(b"A\tB\n1,2\t3\n"), Some(b'\t'));
        assert_eq!(sniff(b"bonjour\nau revoir\n"), None);
    }
}
