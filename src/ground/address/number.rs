//! House numbers as people write them: `12`, `0005`, `3BIS`, `95 B`, `8/10`, `17-19`, `8 à 10`, `53.55`.

use crate::reference::addresses::Words;
use crate::reference::geocodage::geocodage;

/// A house number and what came with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HouseNumber {
    /// The first of `all`.
    pub first: u32,
    /// `BIS`, `TER`, `A`…
    pub suffix: Option<String>,
    /// Every number that was written, in their order.
    pub all: Vec<u32>,
}

/// Reads the number at the beginning of a text; also returns what follows it, trimmed.
///
/// The text is upper case without accents. `None` when it does not begin with a number, when the number
/// stands for none (0, 9999), or when it belongs to the name (`8 MAI 1945`, `1ER MAI`).
pub(super) fn leading<'a>(text: &'a str, words: &Words) -> Option<(HouseNumber, &'a str)> {
    let text = text.trim_start();
    let (first, mut rest) = digits(text)?;
    let mut number = HouseNumber { first, suffix: None, all: vec![first] };
    // « 12.0 » of a spreadsheet.
    if let Some(after) = rest.strip_prefix(".0")
        && !after.starts_with(|c: char| c.is_ascii_digit())
    {
        rest = after;
    }
    if let Some((sign, after)) = glued_sign(rest) {
        if words.numbers.ordinaux.iter().any(|o| o == sign) && !starts_with_type(after, words) {
            return None;
        }
        number.suffix = Some(sign.to_owned());
        rest = after;
    }
    loop {
        if let Some((other, after)) = next_number(rest) {
            number.all.push(other);
            rest = after;
            if let Some((_, after)) = glued_sign(rest) {
                rest = after;
            }
        } else if number.suffix.is_none()
            && let Some((sign, after)) = spaced_sign(rest, words)
        {
            number.suffix = Some(sign.to_owned());
            rest = after;
        } else {
            break;
        }
    }
    let rest =
        rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '.' | '-' | '/'));
    let word = rest.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or("");
    if words.numbers.mois.contains(word) || words.numbers.faux.contains(&first) {
        return None;
    }
    Some((number, rest))
}

/// The number of a cell that should hold nothing else: `12`, `N°12`, `NO 12`, `BAT A 12`, `DOUZE`.
pub(super) fn own(text: &str, words: &Words) -> Option<HouseNumber> {
    let bare = behind_mark(text).or_else(|| {
        let rest = text.trim_start().strip_prefix('N')?;
        let rest = rest.strip_prefix('O').unwrap_or(rest).trim_start_matches([' ', '.']);
        rest.starts_with(|c: char| c.is_ascii_digit()).then_some(rest)
    });
    let text = bare.unwrap_or(text);
    if let Some((number, _)) = leading(text, words).or_else(|| leading(behind_building(text, words)?, words))
    {
        return Some(number);
    }
    let spelt: Vec<&str> =
        text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).collect();
    let (first, taken) = geocodage().nombres.read(spelt.iter().copied())?;
    let suffix = match spelt.get(taken..) {
        Some([]) => None,
        Some([sign]) if words.numbers.indices.iter().any(|i| i == sign) => Some((*sign).to_owned()),
        _ => return None,
    };
    Some(HouseNumber { first, suffix, all: vec![first] })
}

/// What stands behind `N°`, `N°.` or `NUMERO`, if it begins with a number.
pub(super) fn behind_mark(text: &str) -> Option<&str> {
    let text = text.trim_start();
    let rest = ["N°", "Nº", "NUMERO"].iter().find_map(|mark| text.strip_prefix(mark))?;
    let rest = rest.trim_start_matches([' ', '.', ':']);
    rest.starts_with(|c: char| c.is_ascii_digit()).then_some(rest)
}

/// What stands behind the name of a building: `BAT A 12 RUE DES LILAS`.
pub(super) fn behind_building<'a>(text: &'a str, words: &Words) -> Option<&'a str> {
    let (word, rest) = text.trim_start().split_once([' ', '.'])?;
    let building = words.building.contains(word) || words.building_if.contains(word);
    let (name, rest) = rest.trim_start().split_once([' ', ','])?;
    (building && name.len() <= 2 && !name.is_empty()).then_some(rest.trim_start())
}

/// Does the text begin with a kind of road?
pub(super) fn starts_with_type(text: &str, words: &Words) -> bool {
    let word = text.trim_start().split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or("");
    words.types.contains_key(word)
}

fn digits(text: &str) -> Option<(u32, &str)> {
    let n = text.bytes().take_while(u8::is_ascii_digit).count();
    if n == 0 || n > 5 {
        return None;
    }
    Some((text[..n].parse().ok()?, &text[n..]))
}

/// Letters right behind the number: `BIS`, `TER`, `B`, `ER`…
fn glued_sign(text: &str) -> Option<(&str, &str)> {
    let n = text.bytes().take_while(u8::is_ascii_uppercase).count();
    (n > 0 && n <= 9).then(|| text.split_at(n))
}

/// ` BIS` or ` B` followed by the end or by another word.
fn spaced_sign<'a>(text: &'a str, words: &Words) -> Option<(&'a str, &'a str)> {
    let trimmed = text.trim_start();
    let (sign, after) = glued_sign(trimmed)?;
    let ends = after.is_empty() || after.starts_with([' ', ',', '-', '/']);
    let known = words.numbers.indices.iter().any(|i| i == sign)
        // « 12 R PASTEUR » is a road; « 95 B » is a repetition sign.
        || (sign.len() == 1 && !words.types.contains_key(sign) && trimmed.len() < text.len());
    (ends && known).then_some((sign, after))
}

/// `-14`, `/10`, ` A 10`, ` ET 10`, `.55`.
fn next_number(text: &str) -> Option<(u32, &str)> {
    let trimmed = text.trim_start();
    let after = ["-", "/", ".", ",", "&", "+", "A ", "ET "].iter().find_map(|s| trimmed.strip_prefix(s))?;
    let (number, rest) = digits(after.trim_start())?;
    // « 12, 3 RUE … » is odd but a number all the same; « 1-5EME » is not.
    Some((number, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::addresses::words;

    fn read(text: &str) -> Option<(u32, Option<String>, Vec<u32>, String)> {
        leading(text, words()).map(|(n, rest)| (n.first, n.suffix, n.all, rest.to_owned()))
    }

    fn some(
        first: u32,
        suffix: &str,
        all: &[u32],
        rest: &str,
    ) -> Option<(u32, Option<String>, Vec<u32>, String)> {
        Some((first, (!suffix.is_empty()).then(|| suffix.to_owned()), all.to_vec(), rest.to_owned()))
    }

    #[test]
    fn numbers_are_read_in_all_their_forms() {
        assert_eq!(read("12"), some(12, "", &[12], ""));
        assert_eq!(read("0005  RUE GABRIEL CORDIER"), some(5, "", &[5], "RUE GABRIEL CORDIER"));
        assert_eq!(read("3BIS"), some(3, "BIS", &[3], ""));
        assert_eq!(read("95 B"), some(95, "B", &[95], ""));
        assert_eq!(read("8/10"), some(8, "", &[8, 10], ""));
        assert_eq!(read("1-5"), some(1, "", &[1, 5], ""));
        assert_eq!(read("8 A 10 RUE DES LILAS"), some(8, "", &[8, 10], "RUE DES LILAS"));
        assert_eq!(read("8 ET 10"), some(8, "", &[8, 10], ""));
        assert_eq!(read("53.55 AVENUE MICHEL JOURDAN"), some(53, "", &[53, 55], "AVENUE MICHEL JOURDAN"));
        assert_eq!(read("12.0"), some(12, "", &[12], ""));
        assert_eq!(read("12 R PASTEUR"), some(12, "", &[12], "R PASTEUR"));
        assert_eq!(read("2E RUE DES LILAS"), some(2, "E", &[2], "RUE DES LILAS"));
    }

    #[test]
    fn numbers_of_names_and_signs_for_none_are_no_house_numbers() {
        for text in ["8 MAI 1945", "1ER MAI", "2E DB", "0", "9999", "SN", "", "EGLISE", "123456"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
