//! Which of `;` `,` tab `|` separates the fields: the one that gives the most fields, line after line.

/// Candidates in order of preference when two do equally well.
const CANDIDATES: [u8; 4] = [b';', b',', b'\t', b'|'];

/// Chooses the separator from the first lines (decoded, whole lines, quotes respected).
///
/// `None` when no candidate gives two fields: the file is no table.
#[must_use]
pub fn sniff(sample: &[u8]) -> Option<u8> {
    let sample = below_titles(sample);
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

/// `sep=;` on the first line, the hint that Excel writes and reads: the separator that it says.
#[must_use]
pub fn hint(line: &[u8]) -> Option<u8> {
    let line = line.trim_ascii_end().trim_ascii_start();
    let line = line.strip_prefix(b"\"").and_then(|l| l.strip_suffix(b"\"")).unwrap_or(line);
    match line {
        // A tab at the end of the line is trimmed away with it.
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'='] => Some(b'\t'),
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', sign, rest @ ..]
            if rest.iter().all(|b| b == sign || b.is_ascii_whitespace()) && !sign.is_ascii_alphanumeric() =>
        {
            Some(*sign)
        }
        _ => None,
    }
}

/// Whether a sign parts the lines of a sample: a hint may lie.
#[must_use]
pub fn parts(sample: &[u8], sign: u8) -> bool {
    let best = sniff(sample).map_or(1, |other| usual_fields(below_titles(sample), other));
    let own = usual_fields(below_titles(sample), sign);
    own > 1 || (best < 2 && sample.contains(&sign))
}

/// The lines from the first that holds a candidate on: titles above a table hold none.
fn below_titles(sample: &[u8]) -> &[u8] {
    let Some(first) = sample.iter().position(|b| CANDIDATES.contains(b)) else { return sample };
    let start = memchr::memrchr(b'\n', &sample[..first]).map_or(0, |i| i + 1);
    &sample[start..]
}

/// Median (the lower of two) number of fields over the first 50 records.
fn usual_fields(sample: &[u8], delimiter: u8) -> usize {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(sample);
    // The empty rows of a spreadsheet have one field, and say nothing.
    let says = |r: &csv::ByteRecord| r.len() > 1 || r.get(0).is_some_and(|f| !f.is_empty());
    let records = reader.byte_records().filter_map(Result::ok).filter(says);
    let mut counts: Vec<usize> = records.take(50).map(|r| r.len()).collect();
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
        assert_eq!(sniff(b"Export du 12\n\nBailleur\nA;B;C\n1;2;3\n"), Some(b';'));
        assert_eq!(sniff(b"Export\nA;B;C\n1,5;2,5;\n"), Some(b';'));
        assert_eq!(sniff(b"\"\"\nA;B;C\n\"\"\n1;2;3\n\"\"\n\"\"\n"), Some(b';'));
    }

    #[test]
    fn the_hint_of_excel_is_understood() {
        assert_eq!(hint(b"sep=;\r\n"), Some(b';'));
        assert_eq!(hint(b"\"SEP=,\""), Some(b','));
        assert_eq!(hint(b"sep=\t\n"), Some(b'\t'));
        assert_eq!(hint(b"sep=;;;;;;\n"), Some(b';'));
        assert_eq!(hint(b"separateur;a"), None);
        let table = b"A;B;C\n1;2;3,5\n4;5;6\n";
        assert!(parts(table, b';') && !parts(table, b','));
    }
}
