//! From the line that somebody wrote to words, numbers and codes: nothing is decided that only the index can
//! decide.
//!
//! `12BIS av. gal Leclerc 73000 Chambéry` becomes the words AV (or AVENUE), GAL (or GENERAL), LECLERC,
//! CHAMBERY, the number 12 with its sign BIS, and the code 73000. A number may still be part of a name (`8
//! MAI 1945`): the street that is compared says so.

use crate::address::unaccent;
use crate::reference::addresses::{Words, words};
use crate::reference::geocodage::{Geocodage, geocodage};
use crate::registers::text::encoding::repair_double;

/// How much a word says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// `DE`, `LA`: there or not.
    Tool,
    /// A kind of road, in full or abbreviated.
    Kind,
    Name,
    /// Digits: of a name, or a house number.
    Number,
}

/// One word of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// As it is written, then in full if it is an abbreviation.
    pub readings: Vec<String>,
    pub role: Role,
    /// Its value, if it is a number.
    pub number: u32,
    /// The repetition sign that stands behind the number for sure (`12BIS`, `12 TER`).
    pub sign: Option<String>,
    /// The next word is one letter, which may be a repetition sign (`12 B`, but `12 R PASTEUR`).
    pub next_may_be_sign: bool,
    /// What is written behind a number, without spaces: a sign may be a word and a number (`16 villa 21`).
    pub after: String,
}

/// Pieces that are remembered behind a number.
const AFTER: usize = 3;

/// What somebody wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Analysis {
    pub tokens: Vec<Token>,
    /// Groups of five digits: postcodes or codes of communes.
    pub codes: Vec<String>,
}

/// Reads a question.
#[must_use]
pub fn question(text: &str) -> Analysis {
    Reader { words: words(), data: geocodage(), out: Analysis::default() }.read(text)
}

/// Words of a name of the index: already one spelling, letters and digits parted as in questions.
pub fn name(text: &str, mut each: impl FnMut(&str)) {
    for raw in split(text) {
        pieces(raw, words(), &mut each);
    }
}

/// How much a word of the index says.
#[must_use]
pub fn role(word: &str) -> Role {
    let known = words().types.get(word);
    if geocodage().mots.outils.contains(word) {
        Role::Tool
    } else if word.bytes().all(|b| b.is_ascii_digit()) {
        Role::Number
    } else if known.is_some_and(|full| full == word) {
        Role::Kind
    } else {
        Role::Name
    }
}

fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '?')).filter(|w| !w.is_empty())
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// Parts letters from digits: `RD1006` → `RD`, `1006`; an ordinal (`2EME`) and a Corsican code (`2A004`) stay
/// whole.
fn pieces<'a>(raw: &'a str, words: &Words, each: &mut impl FnMut(&'a str)) {
    let mut rest = raw;
    while !rest.is_empty() {
        let n = digits(rest);
        let end = if n == 0 {
            rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len())
        } else if words.numbers.ordinaux.iter().any(|o| *o == rest[n..]) || corsican(rest) {
            rest.len()
        } else {
            n
        };
        each(&rest[..end]);
        rest = &rest[end..];
    }
}

fn corsican(text: &str) -> bool {
    text.len() == 5 && matches!(&text[..2], "2A" | "2B") && digits(&text[2..]) == 3
}

struct Reader {
    words: &'static Words,
    data: &'static Geocodage,
    out: Analysis,
}

impl Reader {
    fn read(mut self, text: &str) -> Analysis {
        let upper = unaccent(repair_double(text).as_deref().unwrap_or(text));
        let mut list: Vec<(&str, bool)> = Vec::new();
        for raw in split(&upper) {
            // With each piece, whether it stood right behind another one.
            let from = list.len();
            pieces(raw, self.words, &mut |p| {
                let glued = list.len() > from;
                list.push((p, glued));
            });
        }
        let mut i = 0;
        while i < list.len() {
            let before = i.checked_sub(1).map(|b| list[b].0);
            i += self.word(before, &list[i..]);
        }
        self.out
    }

    /// Reads the first word of the rest; returns how many it took.
    fn word(&mut self, before: Option<&str>, rest: &[(&str, bool)]) -> usize {
        let (word, _) = rest[0];
        let next = rest.get(1).map(|n| n.0);
        let mots = &self.data.mots;
        let after_tool = before.is_some_and(|b| mots.outils.contains(b));
        if mots.finales.contains(word) && rest.len() == 1 && before.is_some() && !after_tool {
            return 1;
        }
        if mots.ignores.contains(word) {
            return 1 + usize::from(
                word == "CEDEX" && next.is_some_and(|n| n.len() <= 2 && digits(n) == n.len()),
            );
        }
        // « BAT A », but « porte d'Italie ».
        let letter = |n: &str| n.len() == 1 && !matches!(n, "D" | "L");
        let short = |n: &str| digits(n) > 0 || letter(n) || (n.len() == 2 && !mots.outils.contains(n));
        if mots.ignores_avec_suite.contains(word) || self.words.building.contains(word) {
            return if next.is_some_and(short) { 2 + glued(&rest[2..]) } else { 1 };
        }
        // « Saint-Jean-de-la-Porte 67 » is no door.
        if self.words.building_if.contains(word)
            && !after_tool
            && next.is_some_and(|n| digits(n) > 0 || letter(n))
        {
            return 2 + glued(&rest[2..]);
        }
        if word == "N" && next.is_some_and(|n| digits(n) > 0) {
            return 1;
        }
        if corsican(word) || (word.len() == 5 && digits(word) == 5) {
            self.out.codes.push(word.to_owned());
            return 1;
        }
        if digits(word) == word.len() {
            return self.number(word, None, rest);
        }
        // « 23E ROUTE » is a house; « 2E DB » is not.
        if let Some(number) = word.strip_suffix('E').filter(|n| digits(n) == n.len())
            && next.is_some_and(|n| self.words.types.contains_key(n))
        {
            return self.number(number, Some("E"), rest);
        }
        let mut readings = vec![word.to_owned()];
        readings.extend(self.words.names.get(word).cloned());
        readings.extend(self.words.types.get(word).filter(|full| *full != word).cloned());
        let role = if mots.outils.contains(word) {
            Role::Tool
        } else if self.words.types.contains_key(word) {
            Role::Kind
        } else {
            Role::Name
        };
        self.out.tokens.push(Token {
            readings,
            role,
            number: 0,
            sign: None,
            next_may_be_sign: false,
            after: String::new(),
        });
        1
    }

    fn number(&mut self, word: &str, glued_sign: Option<&str>, rest: &[(&str, bool)]) -> usize {
        let Ok(number) = word.parse::<u32>() else { return 1 };
        if self.words.numbers.faux.contains(&number) {
            return 1;
        }
        let mut taken = 1;
        let (mut sign, mut next_may_be_sign) = (glued_sign.map(str::to_owned), false);
        if let (None, Some((next, glued))) = (glued_sign, rest.get(1)) {
            let letter = next.len() == 1 && next.as_bytes()[0].is_ascii_uppercase();
            if self.words.numbers.indices.iter().any(|i| i == next) || (letter && *glued) {
                sign = Some((*next).to_owned());
                taken = 2;
            } else {
                next_may_be_sign = letter;
            }
        }
        let after = rest[1..].iter().take(AFTER).map(|r| r.0).collect();
        self.out.tokens.push(Token {
            readings: vec![number.to_string()],
            role: Role::Number,
            number,
            sign,
            next_may_be_sign,
            after,
        });
        taken
    }
}

/// How many pieces belong to the word whose first piece stands before them (`A2` of `BAT A2`).
fn glued(rest: &[(&str, bool)]) -> usize {
    rest.iter().take_while(|(_, glued)| *glued).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<String>, Vec<(u32, Option<String>)>, Vec<String>) {
        let a = question(text);
        let words =
            a.tokens.iter().filter(|t| t.role != Role::Number).map(|t| t.readings.join("|")).collect();
        let numbers =
            a.tokens.iter().filter(|t| t.role == Role::Number).map(|t| (t.number, t.sign.clone())).collect();
        (words, numbers, a.codes)
    }

    #[test]
    fn a_line_becomes_words_numbers_and_codes() {
        let (words, numbers, codes) = read("12bis av. gal Leclerc, 73000 Chambéry Cedex 9");
        assert_eq!(words, ["AV|AVENUE", "GAL|GENERAL", "LECLERC", "CHAMBERY"]);
        assert_eq!((numbers, codes), (vec![(12, Some("BIS".to_owned()))], vec!["73000".to_owned()]));
    }

    #[test]
    fn what_is_glued_is_parted() {
        let (words, numbers, _) = read("12RUE DE LA GARE");
        assert_eq!((words.join(" "), numbers), ("RUE DE LA GARE".to_owned(), vec![(12, None)]));
        let (words, numbers, _) = read("RD1006 n°12B");
        assert_eq!(
            (words.join(" "), numbers),
            ("RD".to_owned(), vec![(1006, None), (12, Some("B".to_owned()))])
        );
    }

    #[test]
    fn a_letter_behind_a_number_may_be_a_sign() {
        let a = question("12 R PASTEUR");
        assert!(a.tokens[0].next_may_be_sign && a.tokens[0].sign.is_none());
        assert_eq!(a.tokens[1].readings, ["R", "RUE"]);
    }

    #[test]
    fn buildings_are_left_out_and_ordinals_stay() {
        assert_eq!(read("BAT A2 ESC 3 5 RUE DU 1ER MAI").0.join(" "), "RUE DU 1ER MAI");
        assert_eq!(read("BP 123 place Foch").0.join(" "), "PLACE FOCH");
        assert_eq!(read("2A004 Ajaccio").2, ["2A004"]);
        assert_eq!(read("Saint-Jean-de-la-Porte 67 chemin des ceps").1, [(67, None)]);
        assert_eq!(read("23e Route des Voirons").1, [(23, Some("E".to_owned()))]);
    }

    #[test]
    fn the_country_is_left_out_unless_it_is_a_name() {
        assert_eq!(read("rue Pasteur Annecy France").0.join(" "), "RUE PASTEUR ANNECY");
        assert_eq!(read("19 avenue de France").0.join(" "), "AVENUE DE FRANCE");
    }

    #[test]
    fn a_wrong_encoding_is_mended() {
        assert_eq!(read("rue de l'Ã‰glise").0.join(" "), "RUE DE L EGLISE");
    }
}
