//! UTF-8, ISO-8859-1 or Windows-1252: decided block by block, and line by line where a file mixes them.

use std::borrow::Cow;

use encoding_rs::WINDOWS_1252;

/// What the bytes of a file turned out to be, gathered over its blocks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    pub bom: bool,
    /// Some line has characters beyond ASCII and is valid UTF-8.
    pub utf8: bool,
    /// Lines that are not UTF-8 and use only 0xA0–0xFF.
    pub latin1: u64,
    /// Lines that are not UTF-8 and use 0x80–0x9F (€, œ, ’ of Windows).
    pub windows: u64,
}

impl Seen {
    /// Adds what another block held.
    pub fn merge(&mut self, other: Self) {
        self.bom |= other.bom;
        self.utf8 |= other.utf8;
        self.latin1 += other.latin1;
        self.windows += other.windows;
    }

    /// Name for the report.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match (self.utf8, self.latin1 > 0, self.windows > 0) {
            (true, true, _) | (true, _, true) => "UTF-8 et Windows-1252 mêlés",
            (false, _, true) => "Windows-1252",
            (false, true, false) => "ISO-8859-1",
            (_, false, false) if self.bom => "UTF-8 (avec marque BOM)",
            (_, false, false) => "UTF-8",
        }
    }
}

/// Turns whole lines into UTF-8.
///
/// A block that is valid UTF-8 is given back as it is. Else each line is judged by itself: valid UTF-8
/// stays, anything else is read as Windows-1252, of which ISO-8859-1 is the part without 0x80–0x9F.
#[must_use]
pub fn decode<'a>(bytes: &'a [u8], seen: &mut Seen) -> Cow<'a, [u8]> {
    if bytes.is_ascii() {
        return Cow::Borrowed(bytes);
    }
    if std::str::from_utf8(bytes).is_ok() {
        seen.utf8 = true;
        return Cow::Borrowed(bytes);
    }
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 16);
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        if line.is_ascii() {
            out.extend_from_slice(line);
        } else if std::str::from_utf8(line).is_ok() {
            seen.utf8 = true;
            out.extend_from_slice(line);
        } else {
            if line.iter().any(|b| (0x80..0xa0).contains(b)) {
                seen.windows += 1;
            } else {
                seen.latin1 += 1;
            }
            let (text, _) = WINDOWS_1252.decode_without_bom_handling(line);
            out.extend_from_slice(text.as_bytes());
        }
    }
    Cow::Owned(out)
}

/// Undoes « Ã© »: UTF-8 that was read once as Windows-1252 and written again as UTF-8.
///
/// `None` when the text is not of that kind.
#[must_use]
pub fn repair_double(text: &str) -> Option<String> {
    if !text.contains(['Ã', 'Â', 'Å']) {
        return None;
    }
    let (bytes, _, lossy) = WINDOWS_1252.encode(text);
    if lossy {
        return None;
    }
    let repaired = std::str::from_utf8(&bytes).ok()?;
    (repaired != text).then(|| repaired.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_of_latin1_becomes_utf8() {
        let mut seen = Seen::default();
        assert_eq!(&*decode(b"73065;Chamb\xe9ry\n", &mut seen), "73065;Chambéry\n".as_bytes());
        assert_eq!(seen.label(), "ISO-8859-1");
    }

    #[test]
    fn windows_signs_are_told_from_latin1() {
        let mut seen = Seen::default();
        assert_eq!(&*decode(b"C\x9cur d\x92\xeele\n", &mut seen), "Cœur d’île\n".as_bytes());
        assert_eq!(seen.label(), "Windows-1252");
    }

    #[test]
    fn lines_of_two_encodings_are_judged_one_by_one() {
        let mut seen = Seen::default();
        let mut bytes = "Forêt\n".as_bytes().to_vec();
        bytes.extend_from_slice(b"For\xeat\n");
        assert_eq!(&*decode(&bytes, &mut seen), "Forêt\nForêt\n".as_bytes());
        assert_eq!(seen.label(), "UTF-8 et Windows-1252 mêlés");
    }

    #[test]
    fn double_encoding_is_undone_and_honest_text_is_left() {
        assert_eq!(repair_double("ALLÃ‰E DES CHÃªNES").as_deref(), Some("ALLÉE DES CHêNES"));
        assert_eq!(repair_double("Ålesund"), None);
        assert_eq!(repair_double("Allée"), None);
    }
}
