//! Which code page a text that is not UTF-8 was written in: the one in which its signs make French words.
//!
//! Bytes do not say it. Each page is tried on the words of the file: an accent must have the case of its
//! neighbours, a sign must stand where signs stand. The page is one for the whole file, never one a line.

use std::sync::LazyLock;

use encoding_rs::{Encoding, ISO_8859_15, MACINTOSH, WINDOWS_1252};

/// A code page of one byte a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// Windows-1252, of which ISO-8859-1 is the part without 0x80–0x9F.
    Windows,
    /// ISO-8859-15: Latin-1 with € and œ.
    Latin9,
    /// Code page 850, « CSV (DOS) » of Excel; its euro is that of page 858.
    Dos,
    /// MacRoman, « CSV (Macintosh) » of Excel.
    Mac,
}

/// 0x80–0xFF of code page 858.
const DOS: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈ€ÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}";

/// In order of preference when two pages do equally well.
const PAGES: [Page; 4] = [Page::Windows, Page::Latin9, Page::Dos, Page::Mac];

/// Lines that are looked at, at the most.
const LINES: usize = 5_000;
/// A page is sure when it is worth this much, and as much more than the next.
const SURE: i64 = 6;

static TABLES: LazyLock<[[char; 128]; 4]> = LazyLock::new(|| PAGES.map(table));

fn table(page: Page) -> [char; 128] {
    let mut out = ['\u{fffd}'; 128];
    let of = |encoding: &'static Encoding, byte: u8| {
        encoding.decode_without_bom_handling(&[byte]).0.chars().next().unwrap_or('\u{fffd}')
    };
    for (i, (byte, dos)) in (0x80..=0xff).zip(DOS.chars()).enumerate() {
        out[i] = match page {
            Page::Windows => of(WINDOWS_1252, byte),
            Page::Latin9 => of(ISO_8859_15, byte),
            Page::Mac => of(MACINTOSH, byte),
            Page::Dos => dos,
        };
    }
    out
}

impl Page {
    /// Name for reports.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Windows => "Windows-1252",
            Self::Latin9 => "ISO-8859-15",
            Self::Dos => "page de code 850 (DOS)",
            Self::Mac => "MacRoman",
        }
    }

    fn char(self, byte: u8) -> char {
        if byte < 0x80 { char::from(byte) } else { TABLES[self as usize][usize::from(byte) - 0x80] }
    }

    /// Adds a text of this page to `out`, as UTF-8.
    pub fn decode_into(self, text: &[u8], out: &mut Vec<u8>) {
        let mut four = [0; 4];
        for byte in text {
            if byte.is_ascii() {
                out.push(*byte);
            } else {
                out.extend_from_slice(self.char(*byte).encode_utf8(&mut four).as_bytes());
            }
        }
    }
}

/// What the lines of a text that are not UTF-8 say of their page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guess {
    pub page: Page,
    /// Enough signs say so, and no other page does as well.
    pub sure: bool,
    /// Even the best page makes more nonsense than words.
    pub doubtful: bool,
}

/// Guesses the page of the lines that are not UTF-8; `None` when there are none.
#[must_use]
pub fn guess(text: &[u8]) -> Option<Guess> {
    guess_by(text, b'\n')
}

/// The same of a text whose pieces end with another sign than a line.
#[must_use]
pub fn guess_by(text: &[u8], end: u8) -> Option<Guess> {
    let mut worth = [0i64; 4];
    let mut lines = 0;
    for line in text.split(|b| *b == end) {
        if line.is_ascii() || std::str::from_utf8(line).is_ok() {
            continue;
        }
        for (sum, page) in worth.iter_mut().zip(PAGES) {
            *sum += line_worth(line, page);
        }
        lines += 1;
        if lines == LINES {
            break;
        }
    }
    if lines == 0 {
        return None;
    }
    let mut best = 0;
    for (i, w) in worth.iter().enumerate() {
        if *w > worth[best] {
            best = i;
        }
    }
    // ISO-8859-15 beside Windows-1252 differs in eight signs: that both do well is no doubt.
    let rival = worth.iter().enumerate().filter(|(i, _)| *i > 1 || *i == best || best > 1);
    let next = rival.filter(|(i, _)| *i != best).map(|(_, w)| *w).max().unwrap_or(0);
    Some(Guess {
        page: PAGES[best],
        sure: worth[best] >= SURE && worth[best] - next >= SURE,
        doubtful: worth[best] < 0,
    })
}

/// How well a page makes words of the lines that are not UTF-8.
#[must_use]
pub fn worth(text: &[u8], page: Page) -> i64 {
    let odd = |line: &&[u8]| !line.is_ascii() && std::str::from_utf8(line).is_err();
    text.split(|b| *b == b'\n').filter(odd).take(LINES).map(|line| line_worth(line, page)).sum()
}

fn line_worth(line: &[u8], page: Page) -> i64 {
    let at = |i: Option<usize>| i.and_then(|i| line.get(i)).map_or(' ', |b| page.char(*b));
    let mut sum = 0;
    for (i, byte) in line.iter().enumerate().filter(|(_, b)| !b.is_ascii()) {
        let before = [at(i.checked_sub(2)), at(i.checked_sub(1))];
        sum += sign_worth(before, page.char(*byte), at(Some(i + 1)));
    }
    sum
}

/// How well a sign stands between its neighbours, in French: positive where it belongs, negative where not.
fn sign_worth(before: [char; 2], sign: char, after: char) -> i64 {
    let inside = before[1].is_alphabetic() && after.is_alphabetic();
    // Accents that are everywhere count more than rare ones.
    let accent = |odd: bool, common: bool| match (odd, common) {
        (true, _) => -3,
        (false, true) => 2,
        (false, false) => 1,
    };
    match sign {
        'é' | 'è' | 'ê' | 'à' | 'ç' | 'â' | 'î' | 'ô' | 'û' | 'ë' | 'ï' | 'ù' | 'œ' | 'ü' => {
            let shouted = after.is_uppercase() || (before[1].is_uppercase() && before[0].is_uppercase());
            accent(shouted, !matches!(sign, 'û' | 'ë' | 'ï' | 'ù' | 'œ' | 'ü'))
        }
        'É' | 'È' | 'Ê' | 'À' | 'Ç' | 'Â' | 'Î' | 'Ô' | 'Û' | 'Ë' | 'Ï' | 'Ù' | 'Œ' | 'Ü' => {
            let odd = before[1].is_lowercase() || (before[1].is_uppercase() && after.is_lowercase());
            accent(odd, !matches!(sign, 'Û' | 'Ë' | 'Ï' | 'Ù' | 'Œ' | 'Ü'))
        }
        '’' => {
            if inside {
                2
            } else {
                -1
            }
        }
        '²' | '³' => {
            if before[1] == 'm' {
                2
            } else {
                -1
            }
        }
        '°' => {
            if matches!(before[1], 'N' | 'n') || before[1].is_ascii_digit() {
                2
            } else {
                -1
            }
        }
        // Behind anything else it is as odd as any other sign.
        '€' if matches!(before[1], ' ' | '\u{a0}') || before[1].is_ascii_digit() => 2,
        '«' | '»' => {
            if inside {
                -2
            } else {
                1
            }
        }
        '\u{a0}' | '–' | '—' | '…' | '“' | '”' | '‘' | '·' => {
            if inside {
                -2
            } else {
                0
            }
        }
        c if c.is_control() || ('\u{2500}'..='\u{25ff}').contains(&c) || c == '\u{fffd}' => -3,
        c if c.is_alphabetic() => -1,
        _ => -2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A French text as bytes of a page.
    fn bytes(text: &str, page: Page) -> Vec<u8> {
        text.chars()
            .map(|c| if c.is_ascii() { c as u8 } else { (0x80..=0xff).find(|b| page.char(*b) == c).unwrap() })
            .collect()
    }

    #[test]
    fn each_page_is_known_by_the_words_that_it_makes() {
        let texts = [
            "73065;Chambéry;12;rue des chênes;3ème étage à côté de l'église\n",
            "73065;CHAMBÉRY;12;RUE DES CHÊNES;BÂT. À CÔTÉ DE L'ÉGLISE\n",
            "06029;Cannes;Bâtiment N° 3;Élémentaire, façade où niche un hérisson\n",
        ];
        for page in PAGES {
            for text in texts {
                let raw = bytes(text, page);
                let got = guess(&raw).unwrap();
                // Without the signs that tell ISO-8859-15 from Windows-1252, both say the same.
                let want = if page == Page::Latin9 { Page::Windows } else { page };
                assert_eq!((got.page, got.doubtful), (want, false), "{text}");
                let mut out = Vec::new();
                got.page.decode_into(&raw, &mut out);
                assert_eq!(String::from_utf8(out).unwrap(), text);
            }
        }
    }

    #[test]
    fn the_euro_and_the_oe_tell_latin_9() {
        let raw = bytes("le cœur de l'île;15 000 €\n", Page::Latin9);
        assert_eq!(guess(&raw).unwrap().page, Page::Latin9);
        let raw = bytes("le cœur d’île;15 000 €\n", Page::Windows);
        assert_eq!(guess(&raw).unwrap().page, Page::Windows);
    }

    #[test]
    fn utf8_and_ascii_ask_for_no_page() {
        assert_eq!(guess("Chambéry\n".as_bytes()), None);
        assert_eq!(guess(b"Chambery\n"), None);
        assert_eq!(DOS.chars().count(), 128);
    }
}
