//! UTF-8 or a code page of one byte: decided once a file, and line by line where a file mixes them.

use std::borrow::Cow;

use encoding_rs::WINDOWS_1252;
use unicode_normalization::UnicodeNormalization;

use super::page::{self, Page};

/// What the bytes of a file turned out to be, gathered over its blocks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    pub bom: bool,
    /// Some line has characters beyond ASCII and is valid UTF-8.
    pub utf8: bool,
    /// Lines that are not UTF-8.
    pub other: u64,
    /// Some of them use 0x80–0x9F (€, œ, ’ of Windows).
    pub windows: bool,
    /// Page of those lines: given, or guessed on the first of them.
    pub page: Option<Page>,
    /// No page makes words of them.
    pub doubtful: bool,
}

impl Seen {
    /// Adds what another block held.
    pub fn merge(&mut self, other: Self) {
        self.bom |= other.bom;
        self.utf8 |= other.utf8;
        self.other += other.other;
        self.windows |= other.windows;
        self.page = self.page.or(other.page);
        self.doubtful |= other.doubtful;
    }

    /// Name for the report.
    #[must_use]
    pub fn label(&self) -> String {
        if self.other == 0 {
            return if self.bom { "UTF-8 (avec marque BOM)" } else { "UTF-8" }.to_owned();
        }
        let page = match self.page.unwrap_or(Page::Windows) {
            Page::Windows if !self.windows && !self.utf8 => "ISO-8859-1",
            page => page.label(),
        };
        let mixed = if self.utf8 { format!("UTF-8 et {page} mêlés") } else { page.to_owned() };
        if self.doubtful { format!("{mixed} (incertain : vérifiez les accents)") } else { mixed }
    }
}

/// Turns whole lines into UTF-8.
///
/// A block that is valid UTF-8 is given back as it is. Else each line is judged by itself: valid UTF-8
/// stays, anything else is read in the page of the file ([`Seen::page`]), guessed here if nobody said it.
#[must_use]
pub fn decode<'a>(bytes: &'a [u8], seen: &mut Seen) -> Cow<'a, [u8]> {
    if bytes.is_ascii() {
        return Cow::Borrowed(bytes);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        seen.utf8 = true;
        return composed(text).map_or(Cow::Borrowed(bytes), |t| Cow::Owned(t.into_bytes()));
    }
    let page = seen.page.unwrap_or_else(|| {
        let guess = page::guess(bytes);
        seen.doubtful |= guess.is_some_and(|g| g.doubtful);
        guess.map_or(Page::Windows, |g| g.page)
    });
    seen.page = Some(page);
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 16);
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        if line.is_ascii() {
            out.extend_from_slice(line);
        } else if std::str::from_utf8(line).is_ok() {
            seen.utf8 = true;
            let whole = std::str::from_utf8(line).ok().and_then(composed);
            out.extend_from_slice(whole.as_ref().map_or(line, |t| t.as_bytes()));
        } else {
            seen.other += 1;
            seen.windows |= line.iter().any(|b| (0x80..0xa0).contains(b));
            page.decode_into(line, &mut out);
        }
    }
    Cow::Owned(out)
}

/// The text with its accents inside their letters (NFC), when some stand behind them as macOS writes names of
/// files; `None` when none does.
#[must_use]
pub fn composed(text: &str) -> Option<String> {
    // U+0300–U+036F begin with one of these bytes, and few others do.
    memchr::memchr2(0xcc, 0xcd, text.as_bytes())?;
    text.contains(|c| ('\u{300}'..='\u{36f}').contains(&c)).then(|| text.nfc().collect())
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
    fn accents_behind_their_letters_go_into_them() {
        let mut seen = Seen::default();
        assert_eq!(&*decode("Allée des Élèves\n".as_bytes(), &mut seen), "Allée des Élèves\n".as_bytes());
        let apart = "Alle\u{301}e des E\u{301}le\u{300}ves\n";
        assert_eq!(&*decode(apart.as_bytes(), &mut seen), "Allée des Élèves\n".as_bytes());
        let mixed = [apart.as_bytes(), b"For\xeat\n"].concat();
        assert_eq!(&*decode(&mixed, &mut seen), "Allée des Élèves\nForêt\n".as_bytes());
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
    fn the_page_that_is_given_counts_over_what_one_line_looks_like() {
        let mut seen = Seen { page: Some(Page::Dos), ..Seen::default() };
        assert_eq!(&*decode(b"CHAMB\x90RY\n", &mut seen), "CHAMBÉRY\n".as_bytes());
        assert_eq!(seen.label(), "page de code 850 (DOS)");
    }

    #[test]
    fn double_encoding_is_undone_and_honest_text_is_left() {
        assert_eq!(repair_double("ALLÃ‰E DES CHÃªNES").as_deref(), Some("ALLÉE DES CHêNES"));
        assert_eq!(repair_double("Ålesund"), None);
        assert_eq!(repair_double("Allée"), None);
    }
}
