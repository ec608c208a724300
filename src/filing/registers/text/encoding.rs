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
    /// Lines of UTF-8 that was written twice (`Ã©`), put right.
    pub twice: u64,
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
        self.twice += other.twice;
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
    decode_by(bytes, b'\n', seen)
}

/// The same of a text whose pieces end with another sign than a line: those of JSON with a quotation mark.
#[must_use]
pub fn decode_by<'a>(bytes: &'a [u8], end: u8, seen: &mut Seen) -> Cow<'a, [u8]> {
    if bytes.is_ascii() {
        return Cow::Borrowed(bytes);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        seen.utf8 = true;
        return sound(text, end, seen).map_or(Cow::Borrowed(bytes), |t| Cow::Owned(t.into_bytes()));
    }
    let page = seen.page.unwrap_or_else(|| {
        let guess = page::guess_by(bytes, end);
        seen.doubtful |= guess.is_some_and(|g| g.doubtful);
        guess.map_or(Page::Windows, |g| g.page)
    });
    seen.page = Some(page);
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 16);
    for line in bytes.split_inclusive(|b| *b == end) {
        if line.is_ascii() {
            out.extend_from_slice(line);
        } else if std::str::from_utf8(line).is_ok() {
            seen.utf8 = true;
            let whole = std::str::from_utf8(line).ok().and_then(|line| sound(line, end, seen));
            out.extend_from_slice(whole.as_ref().map_or(line, |t| t.as_bytes()));
        } else {
            seen.other += 1;
            seen.windows |= line.iter().any(|b| (0x80..0xa0).contains(b));
            page.decode_into(line, &mut out);
        }
    }
    Cow::Owned(out)
}

/// Valid UTF-8, with what was written twice undone line by line and accents put into their letters; `None`
/// where nothing of it is to be done.
fn sound(text: &str, end: u8, seen: &mut Seen) -> Option<String> {
    let mut once = String::new();
    if LEADS.iter().any(|lead| memchr::memmem::find(text.as_bytes(), lead).is_some()) {
        let before = seen.twice;
        for line in text.split_inclusive(char::from(end)) {
            match repair_double(line) {
                Some(repaired) => {
                    once.push_str(&repaired);
                    seen.twice += 1;
                }
                None => once.push_str(line),
            }
        }
        if seen.twice > before {
            return Some(composed(&once).unwrap_or(once));
        }
    }
    composed(text)
}

/// The text with its accents inside their letters (NFC), when some stand behind them as macOS writes names of
/// files; `None` when none does.
#[must_use]
pub fn composed(text: &str) -> Option<String> {
    // U+0300–U+036F begin with one of these bytes, and few others do.
    memchr::memchr2(0xcc, 0xcd, text.as_bytes())?;
    text.contains(|c| ('\u{300}'..='\u{36f}').contains(&c)).then(|| text.nfc().collect())
}

/// Undoes « Ã© » and « â€™ »: UTF-8 that was read once as Windows-1252 or ISO-8859-1 and written again as
/// UTF-8, wherever it stands in a text.
///
/// `None` when the text is not of that kind.
#[must_use]
pub fn repair_double(text: &str) -> Option<String> {
    let mut out = undone(text)?;
    // Some files went through it twice.
    for _ in 0..2 {
        let Some(again) = undone(&out) else { break };
        out = again;
    }
    Some(out)
}

/// First signs of letters (`Ã`, `Â`, `Å`) and of marks (`â`) that were written twice, as UTF-8.
const LEADS: [&[u8]; 4] = [b"\xc3\x83", b"\xc3\x82", b"\xc3\x85", b"\xc3\xa2"];

fn undone(text: &str) -> Option<String> {
    let start = LEADS.iter().filter_map(|lead| memchr::memmem::find(text.as_bytes(), lead)).min()?;
    let mut out = String::with_capacity(text.len());
    out.push_str(&text[..start]);
    let mut rest = &text[start..];
    let mut changed = false;
    while let Some(c) = rest.chars().next() {
        match twice(rest) {
            Some((letter, length)) => {
                out.push(letter);
                rest = &rest[length..];
                changed = true;
            }
            None => {
                out.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    changed.then_some(out)
}

/// The sign that was written twice at the beginning of a text, and the length of what stands for it.
fn twice(text: &str) -> Option<(char, usize)> {
    let mut chars = text.chars();
    let lead = chars.next()?;
    let more = match lead {
        'Ã' | 'Â' | 'Å' => 1,
        // « â€™ », « â€“ »: of the marks that begin so, those of texts.
        'â' => 2,
        _ => return None,
    };
    let mut bytes = vec![byte(lead)?];
    let mut length = lead.len_utf8();
    for c in chars.by_ref().take(more) {
        bytes.push(byte(c).filter(|b| (0x80..0xc0).contains(b))?);
        length += c.len_utf8();
    }
    if more == 2 && bytes.get(1) != Some(&0x80) {
        return None;
    }
    let letter = std::str::from_utf8(&bytes).ok()?.chars().next()?;
    Some((letter, length))
}

/// The byte of a character in ISO-8859-1, else in Windows-1252.
fn byte(c: char) -> Option<u8> {
    if let Ok(byte) = u8::try_from(u32::from(c)) {
        return Some(byte);
    }
    let text = c.to_string();
    let (bytes, _, lossy) = WINDOWS_1252.encode(&text);
    (!lossy && bytes.len() == 1).then(|| bytes[0])
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
        assert_eq!(repair_double("GÃ\u{89}NÃ\u{89}RAL").as_deref(), Some("GÉNÉRAL"), "through ISO-8859-1");
        assert_eq!(repair_double("l’ÃŽle et lâ€™Å“uvre").as_deref(), Some("l’Île et l’œuvre"));
        assert_eq!(repair_double("ÃƒÂ©tude").as_deref(), Some("étude"), "twice");
        for honest in ["Ålesund", "CHÂTEAU", "bâtiment", "pâte « brisée »", "CITÉ–NORD", "A€B"] {
            assert_eq!(repair_double(honest), None, "{honest}");
        }
        assert_eq!(repair_double("Allée"), None);
    }
}
