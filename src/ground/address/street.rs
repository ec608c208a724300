//! Names of roads: case, accents, punctuation, abbreviations, repeated kind, trailing building.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::number::{HouseNumber, behind_building, behind_mark, leading, starts_with_type};
use crate::reference::addresses::Words;

/// What TYPVOIE and NOMVOIE say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Street {
    /// A number in front of the name.
    pub number: Option<HouseNumber>,
    /// A repetition sign in front of the name (`BIS AVENUE BENEFIAT`).
    pub sign: Option<String>,
    pub name: String,
}

/// Upper case without accents, punctuation kept. A lost letter becomes `?`.
pub fn unaccent(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_uppercase();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.nfd().filter(|c| !is_combining_mark(*c)) {
        match c {
            'œ' | 'Œ' => out.push_str("OE"),
            'æ' | 'Æ' => out.push_str("AE"),
            '\u{fffd}' => out.push('?'),
            '’' | '‘' | '`' | '´' => out.push('\''),
            '\u{a0}' | '\u{202f}' => out.push(' '),
            // Pasted from a page: a soft hyphen, a place where a word may break, marks of direction.
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => {}
            '–' | '—' => out.push('-'),
            // Signs of a full width, as Asian keyboards write them.
            '\u{ff01}'..='\u{ff5e}' => {
                let narrow = u8::try_from(u32::from(c) - 0xfee0).map_or('?', char::from);
                out.push(narrow.to_ascii_uppercase());
            }
            c if c.is_ascii() => out.push(c.to_ascii_uppercase()),
            c => out.extend(c.to_uppercase()),
        }
    }
    out
}

/// Words of a text: letters, digits and `?`; anything else parts them.
fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '?')).filter(|w| !w.is_empty())
}

pub(super) fn parse(typvoie: &str, nomvoie: &str, has_number: bool, words: &Words) -> Street {
    let kind = unaccent(typvoie.trim());
    let full = unaccent(nomvoie.trim());
    let mut rest = full.as_str();
    let mut street = Street::default();
    let marked = behind_mark(rest);
    let built = || {
        behind_building(rest, words)
            .filter(|b| leading(b, words).is_some_and(|(_, after)| starts_with_type(after, words)))
    };
    if let Some((number, after)) = leading(marked.or_else(built).unwrap_or(rest), words) {
        // « RUE | 4 VENTS » is a name; « RUE | 12 DES LILAS » and « | 12 IMPASSE DENANS » are numbers.
        let typed = starts_with_type(after, words);
        let article =
            after.split(' ').next().is_some_and(|w| matches!(w, "DE" | "DU" | "DES" | "LA" | "LE" | "LES"));
        if typed || (!has_number && !after.is_empty() && (kind.is_empty() || article)) {
            street.number = Some(number);
            rest = after;
        }
    }
    if !has_number
        && street.number.is_none()
        && let Some((before, number)) = behind_name(rest, !kind.is_empty(), words)
    {
        (street.number, rest) = (Some(number), before);
    }
    let first = split(rest).next().unwrap_or("");
    if words.numbers.indices.iter().any(|i| i == first) {
        street.sign = Some(first.to_owned());
        rest = rest.trim_start()[first.len()..].trim_start();
    }
    street.name = name(&kind, rest, words);
    street
}

/// A number behind the name of its street, where a sign says so: `RUE DES LILAS N°12`, `RUE DES LILAS, 12`.
fn behind_name<'a>(text: &'a str, kind: bool, words: &Words) -> Option<(&'a str, HouseNumber)> {
    let at = text.rfind("N°").or_else(|| text.rfind(','))?;
    let (before, behind) = text.split_at(at);
    let behind = behind_mark(behind).unwrap_or(behind.trim_start_matches([',', ' ']));
    let (number, rest) = leading(behind, words)?;
    let named = kind || starts_with_type(before, words);
    (named && rest.trim().is_empty() && split(before).nth(usize::from(!kind)).is_some())
        .then(|| (before.trim_end_matches([',', ' ', '-']), number))
}

/// A complement that begins with a number and a kind of road is an address (`151 avenue Michel Jourdan`).
pub(super) fn complement(complident: &str, words: &Words) -> Option<(HouseNumber, String)> {
    let full = unaccent(complident);
    let (number, rest) = leading(&full, words)?;
    if !starts_with_type(rest, words) {
        return None;
    }
    let name = name("", rest, words);
    // « 12 R » is a staircase, « 1 all » a road cut at its accent.
    (name.contains(' ') || rest.len() >= 3).then_some((number, name))
}

fn name(kind: &str, rest: &str, words: &Words) -> String {
    // « (PARCELLE AB 12) » behind the name.
    let rest = match rest.find('(') {
        Some(i) if i > 0 => &rest[..i],
        _ => rest,
    };
    let kinds: Vec<&str> = split(kind).map(|w| words.types.get(w).map_or(w, String::as_str)).collect();
    let mut name: Vec<&str> = split(rest).collect();
    let mut out = String::with_capacity(kind.len() + rest.len() + 8);
    let own = name.first().and_then(|w| words.types.get(*w)).map(String::as_str);
    // The name's own kind counts where the column is empty or says the same, or says another one while
    // the name spells its own in full; a kind alone (« RUE | CORNICHE ») is a name.
    let counts = own.is_some_and(|own| {
        kinds.first().is_none_or(|given| name.len() > 1 && (*given == own || name[0] == own))
    });
    // « RPT | ROND POINT DES LILAS »: a kind of two words that the name begins with is its own.
    let twice = kinds.first().is_some_and(|k| k.contains(' ') && rest.trim_start().starts_with(k));
    if twice {
        // Said once by the name.
    } else if let (true, Some(own)) = (counts, own) {
        name[0] = own;
    } else {
        for word in kinds {
            push(&mut out, word);
        }
    }
    let from = out.len();
    for (i, word) in name.iter().enumerate() {
        if (from > 0 || i > 0) && is_building(word, name.get(i + 1).copied(), words) {
            break;
        }
        let expanded = if i > 0 || from > 0 { words.names.get(*word) } else { None };
        push(&mut out, expanded.map_or(*word, String::as_str));
    }
    out
}

fn push(out: &mut String, word: &str) {
    if !out.is_empty() {
        out.push(' ');
    }
    out.push_str(word);
}

fn is_building(word: &str, next: Option<&str>, words: &Words) -> bool {
    let stem = word.trim_end_matches(|c: char| c.is_ascii_digit());
    if words.building.contains(stem) {
        return true;
    }
    words.building_if.contains(stem)
        && (stem.len() < word.len()
            || next.is_none_or(|n| {
                n.bytes().any(|b| b.is_ascii_digit()) || (n.len() == 1 && !matches!(n, "D" | "L"))
            }))
}

/// The repetition sign of its own column: `bis` → `BIS`; an empty or meaningless one → `None`.
pub(super) fn sign(indrep: &str, words: &Words) -> Option<String> {
    let trimmed = indrep.trim();
    if trimmed.is_empty() {
        return None;
    }
    let upper: String = unaccent(trimmed).chars().filter(char::is_ascii_alphanumeric).collect();
    let none = upper.is_empty()
        || upper.bytes().all(|b| b == b'0')
        || words.numbers.aucun.iter().any(|a| *a == upper && a.len() > 1);
    (!none && is_sign(&upper, words)).then_some(upper)
}

/// `BIS`, `QUAT`, `B`, `B2`, `BBIS`: anything longer is a remark that somebody wrote there.
fn is_sign(upper: &str, words: &Words) -> bool {
    let indices = &words.numbers.indices;
    let beside = |i: &String| upper.strip_prefix(i.as_str()).or_else(|| upper.strip_suffix(i.as_str()));
    let rest = indices.iter().filter_map(beside).map(str::len).min().unwrap_or(upper.len());
    rest <= 3 || indices.iter().any(|i| i.starts_with(upper))
}
