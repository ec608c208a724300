//! From the line that somebody wrote to words, numbers and codes: nothing is decided that only the index can
//! decide.
//!
//! `12BIS av. gal Leclerc 73000 Chambéry` becomes the words AV (or AVENUE), GAL (or GENERAL), LECLERC,
//! CHAMBERY, the number 12 with its sign BIS, and the code 73000. A number may still be part of a name (`8
//! MAI 1945`): the street that is compared says so.

use std::borrow::Cow;

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
    /// As it is written, then in full if it is an abbreviation, then in letters if it is a number.
    pub readings: Vec<String>,
    pub role: Role,
    /// Its value, if it is a number.
    pub number: u32,
    /// What it may be as a house number.
    pub house: Option<House>,
    /// It ends a range that another number begins (`86-92`).
    pub ends: bool,
    /// A number written in words begins here: its value, and how many words it has.
    pub worded: Option<(u32, u8)>,
}

/// A number that may be that of a house.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct House {
    pub number: u32,
    /// How many words it has itself.
    pub words: u8,
    /// Pieces behind it that are repetition signs for sure (`12BIS`, `12 TER`, `42 B BIS`, `2-E`): they are
    /// no words of the question.
    pub signs: usize,
    /// The next word is one letter, which may be a repetition sign (`12 B`, but `12 R PASTEUR`).
    pub loose: bool,
    /// The last number of the range that it begins, if it does: `86-92`, `2 à 8`.
    pub until: Option<u32>,
    /// What is written behind it, with the words of the question: a sign may be a word and a number (`16
    /// villa 21`).
    pub tail: Vec<(String, Option<u8>)>,
}

/// Pieces that are remembered behind a number.
const TAIL: usize = 4;
/// Numbers farther apart make no range.
const RANGE: u32 = 98;
/// Words of a question that are looked at; a longer one is no address.
const MOST_TOKENS: usize = 40;

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
    let reader = Reader {
        words: words(),
        data: geocodage(),
        out: Analysis::default(),
        pieces: Vec::new(),
        end_of_range: None,
        end_of_words: 0,
    };
    reader.read(text)
}

/// Words of a name of the index: already one spelling, letters and digits parted as in questions.
pub fn name(text: &str, mut each: impl FnMut(&str)) {
    let text =
        ["LIEU-DIT ", "LIEU DIT ", "LIEUDIT "].iter().find_map(|l| text.strip_prefix(l)).unwrap_or(text);
    for raw in split(&roads(text)) {
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

/// `RD 1006`, `RD1006` and `D 1006` in full: `ROUTE DEPARTEMENTALE 1006`; `ZONE ARTISANALE` as `ZA`.
fn roads(text: &str) -> Cow<'_, str> {
    let zones = geocodage().mots.zones.iter().filter(|(zone, _)| text.contains(zone.as_str()));
    let shorter = zones.fold(None, |out: Option<String>, (zone, short)| {
        Some(out.as_deref().unwrap_or(text).replace(zone.as_str(), short))
    });
    match shorter {
        Some(text) => Cow::Owned(numbered(&text).into_owned()),
        None => numbered(text),
    }
}

/// Roads that are called by their class and a number. A `D` alone is one in front of all, behind a house
/// number or behind `ROUTE`.
fn numbered(text: &str) -> Cow<'_, str> {
    let known = &geocodage().mots.routes;
    let parted = |w: &'_ str| w.find(|c: char| c.is_ascii_digit()).unwrap_or(w.len());
    let short = |w: &str| words().types.get(w).is_some_and(|full| full.contains(' ') && full != w);
    if !split(text).any(|w| known.contains_key(&w[..parted(w)]) || short(w)) {
        return Cow::Borrowed(text);
    }
    let list: Vec<&str> = split(text).collect();
    let (mut out, mut end) = (String::with_capacity(text.len() + 20), 0);
    for (i, word) in list.iter().enumerate() {
        // Both are parts of the same text.
        let start = word.as_ptr() as usize - text.as_ptr() as usize;
        out.push_str(&text[end..start]);
        end = start + word.len();
        let (head, tail) = word.split_at(parted(word));
        let number = if tail.is_empty() { list.get(i + 1).copied().unwrap_or_default() } else { tail };
        let before = i.checked_sub(1).map(|b| list[b]);
        let road = before == Some("ROUTE");
        let may = match head {
            "D" => digits(number) == number.len() && before.is_none_or(|b| road || digits(b) == b.len()),
            _ => true,
        };
        let number = may && digits(number) > 0 && (head != "D" || number.len() < 5);
        // « 12 GR » is the Grande Rue: a kind of two words is no reading of one.
        let two = |w: &str| words().types.get(w).filter(|full| full.contains(' '));
        if let Some(full) = two(word).filter(|_| before.is_none_or(|b| digits(b) > 0)) {
            out.push_str(full);
            continue;
        }
        let full = known.get(head).filter(|_| number);
        let full = full.map(|full| full.strip_prefix("ROUTE ").filter(|_| road).unwrap_or(full));
        match full {
            Some(full) if tail.is_empty() => out.push_str(full),
            Some(full) => out.extend([full, " ", tail]),
            None => out.push_str(word),
        }
    }
    out.push_str(&text[end..]);
    Cow::Owned(out)
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

/// A group of letters or of digits.
#[derive(Debug, Clone, Copy)]
struct Piece<'a> {
    text: &'a str,
    /// What parts it from the one before; empty if it is glued to it.
    joint: &'a str,
}

impl Piece<'_> {
    fn is_glued(&self) -> bool {
        self.joint.is_empty()
    }

    fn number(&self) -> Option<u32> {
        (digits(self.text) == self.text.len() && self.text.len() < 5).then(|| self.text.parse().ok())?
    }
}

/// Pieces of a text, with what parts them.
fn cut<'a>(text: &'a str, words: &Words) -> Vec<Piece<'a>> {
    let mut list: Vec<Piece<'a>> = Vec::new();
    let mut end = 0;
    for raw in split(text) {
        // Both are parts of the same text.
        let start = raw.as_ptr() as usize - text.as_ptr() as usize;
        let mut joint = if list.is_empty() { " " } else { &text[end..start] };
        pieces(raw, words, &mut |p| {
            // « 00012 » is a number of five places; no postcode begins so.
            let zeros = p.len() == 5 && digits(p) == 5 && p.starts_with("00");
            let p = if zeros { p.trim_start_matches('0') } else { p };
            list.push(Piece { text: p, joint });
            joint = "";
        });
        end = start + raw.len();
    }
    // « 23E ROUTE » is a house; « 2E DB » is not.
    let mut out = Vec::with_capacity(list.len());
    for (i, piece) in list.iter().enumerate() {
        let house = piece.text.strip_suffix('E').filter(|n| !n.is_empty() && digits(n) == n.len());
        let before_road = list.get(i + 1).is_some_and(|n| words.types.contains_key(n.text));
        match house {
            Some(number) if before_road => {
                out.push(Piece { text: number, ..*piece });
                out.push(Piece { text: &piece.text[number.len()..], joint: "" });
            }
            _ => out.push(*piece),
        }
    }
    out
}

struct Reader {
    words: &'static Words,
    data: &'static Geocodage,
    out: Analysis,
    /// Piece that each token begins with.
    pieces: Vec<usize>,
    /// Piece that ends a range.
    end_of_range: Option<usize>,
    /// Piece behind the last number in words.
    end_of_words: usize,
}

impl Reader {
    fn read(mut self, text: &str) -> Analysis {
        let upper = unaccent(repair_double(text).as_deref().unwrap_or(text));
        let upper = roads(&upper);
        let list = cut(&upper, self.words);
        let mut i = 0;
        while i < list.len() {
            i += self.word(&list, i);
        }
        self.out.tokens.truncate(MOST_TOKENS);
        self.tails(&list);
        self.out
    }

    /// Reads the piece at a place; returns how many it took.
    fn word(&mut self, list: &[Piece<'_>], at: usize) -> usize {
        let rest = &list[at..];
        let word = rest[0].text;
        let before = at.checked_sub(1).map(|b| list[b].text);
        let next = rest.get(1).map(|n| n.text);
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
        let no = |i: usize| rest.get(i).is_some_and(|p| mots.numero.contains(p.text));
        let number_at = |i: usize| rest.get(i).is_some_and(|p| digits(p.text) > 0);
        if (mots.ignores_avec_suite.contains(word) && !after_tool) || self.words.building.contains(word) {
            return match next {
                // « appartement n° 34 »
                Some(_) if no(1) && number_at(2) => 3 + glued(&rest[3..]),
                Some(next) if short(next) => 2 + glued(&rest[2..]),
                _ => 1,
            };
        }
        // « 3e étage »
        if self.data.nombres.rank(word).is_some()
            && next.is_some_and(|n| self.words.building.contains(n) || n == "ETAGE")
        {
            return 2;
        }
        // « Saint-Jean-de-la-Porte 67 » is no door.
        if self.words.building_if.contains(word)
            && !after_tool
            && next.is_some_and(|n| digits(n) > 0 || letter(n))
        {
            return 2 + glued(&rest[2..]);
        }
        if no(0) && number_at(1) {
            return 1;
        }
        // « F-73000 »
        if word == "F" && rest.get(1).is_some_and(|p| p.text.len() == 5 && digits(p.text) == 5) {
            return 1;
        }
        if mots.lieux_dits.contains(word) {
            return 1;
        }
        if word == "LIEU" && next == Some("DIT") {
            return 2;
        }
        if corsican(word) || (word.len() == 5 && digits(word) == 5) {
            self.out.codes.push(word.to_owned());
            return 1;
        }
        if digits(word) == word.len() {
            return self.number(list, at);
        }
        // « JP VEYRAT » is « J. P. Veyrat », unless a street is called so: two words may be one.
        if mots.initiales.contains(word) && next.is_some_and(|n| digits(n) == 0) {
            for letter in word.chars() {
                let readings = vec![letter.to_string()];
                let role = Role::Name;
                self.push(Token { readings, role, number: 0, house: None, ends: false, worded: None }, at);
            }
            return 1;
        }
        let mut readings = vec![word.to_owned()];
        if let Some(rank) = self.data.nombres.rank(word) {
            readings.extend(self.data.nombres.ranks(rank).into_iter().filter(|w| w != word));
        }
        readings.extend(self.words.names.get(word).cloned());
        readings
            .extend(self.words.types.get(word).filter(|full| *full != word && !full.contains(' ')).cloned());
        let role = if mots.outils.contains(word) {
            Role::Tool
        } else if self.words.types.contains_key(word) {
            Role::Kind
        } else {
            Role::Name
        };
        let mut token = Token { readings, role, number: 0, house: None, ends: false, worded: None };
        if at >= self.end_of_words
            && let Some((value, n)) = self.data.nombres.read(rest.iter().map(|p| p.text))
        {
            self.end_of_words = at + n;
            token.worded = Some((value, u8::try_from(n).unwrap_or(u8::MAX)));
            token.house = self.worded_house(rest, value, n);
        }
        self.push(token, at);
        1
    }

    fn push(&mut self, token: Token, at: usize) {
        self.out.tokens.push(token);
        self.pieces.push(at);
    }

    fn is_road(&self, piece: Option<&Piece<'_>>) -> bool {
        piece.is_some_and(|p| self.words.types.contains_key(p.text))
    }

    fn is_index(&self, piece: Option<&Piece<'_>>) -> bool {
        piece.is_some_and(|p| self.words.numbers.indices.iter().any(|i| i == p.text))
    }

    /// One letter that stands for itself: the D of « D'ITALIE » does not.
    fn is_letter(&self, rest: &[Piece<'_>], i: usize) -> bool {
        let one = rest.get(i).is_some_and(|p| p.text.len() == 1 && p.text.as_bytes()[0].is_ascii_uppercase());
        one && !rest.get(i + 1).is_some_and(|n| n.joint.starts_with('\''))
    }

    /// Whether a piece behind a number is a repetition sign for sure.
    fn is_sign(&self, rest: &[Piece<'_>], i: usize) -> bool {
        let (piece, next) = (rest.get(i), rest.get(i + 1));
        if self.is_index(piece) {
            return true;
        }
        let Some(piece) = piece.filter(|_| self.is_letter(rest, i)) else { return false };
        let joined = piece.is_glued() || matches!(piece.joint.trim(), "-" | "/");
        // « 12 E RUE », but « 12 R CHEMIN VERT » may be the road of a path.
        let before_road = self.is_road(next) && !self.is_road(Some(piece));
        joined || before_road || self.is_index(next) || next.is_some_and(|n| n.joint.contains(','))
    }

    /// A number in words is that of a house if a road follows: « HUIT RUE », « DIX-SEPT BIS AVENUE ».
    fn worded_house(&self, rest: &[Piece<'_>], number: u32, words: usize) -> Option<House> {
        let sign = self.is_index(rest.get(words)) || self.is_letter(rest, words);
        let heads = self.is_road(rest.get(words)) || (sign && self.is_road(rest.get(words + 1)));
        let words = u8::try_from(words).ok()?;
        heads.then_some(House { number, words, signs: 0, loose: false, until: None, tail: Vec::new() })
    }

    fn number(&mut self, list: &[Piece<'_>], at: usize) -> usize {
        let rest = &list[at..];
        let Ok(number) = rest[0].text.parse::<u32>() else { return 1 };
        if self.words.numbers.faux.contains(&number) {
            return 1;
        }
        let mut taken = 1;
        while self.is_sign(rest, taken) {
            taken += 1;
        }
        let range = self.range(rest, taken, number, at == 0);
        if let Some((place, _)) = range {
            self.end_of_range = Some(at + place);
        }
        let loose = range.is_none() && self.is_letter(rest, taken);
        let mut readings = vec![number.to_string()];
        readings.extend(self.data.nombres.word(number).map(str::to_owned));
        // « 1 mai » for « 1er mai »
        if number == 1 && rest.get(1).is_some_and(|n| self.words.numbers.mois.contains(n.text)) {
            readings.extend(self.data.nombres.ranks(number));
        }
        let until = range.map(|(_, last)| last);
        let house = House { number, words: 1, signs: taken - 1, loose, until, tail: Vec::new() };
        let ends = self.end_of_range == Some(at);
        let token = Token { readings, role: Role::Number, number, house: Some(house), ends, worded: None };
        self.push(token, at);
        taken
    }

    /// The number that ends a range, with its place: `86-92`, `8/10`, `2 à 8`, `12 et 14`; `12, 14 rue` at
    /// the beginning of a question.
    fn range(&self, rest: &[Piece<'_>], from: usize, first: u32, begins: bool) -> Option<(usize, u32)> {
        let piece = rest.get(from)?;
        let (place, spoken) = match piece.number() {
            Some(_) if matches!(piece.joint.trim(), "-" | "/" | "&" | "+" | ".") => (from, false),
            Some(_) if begins && piece.joint.trim() == "," && self.is_road(rest.get(from + 1)) => {
                (from, false)
            }
            _ if matches!(piece.text, "A" | "AU" | "ET") && !piece.is_glued() => (from + 1, true),
            _ => return None,
        };
        let last = rest.get(place)?.number()?;
        let of_name = rest.get(place + 1).is_some_and(|p| self.words.numbers.mois.contains(p.text));
        let apart = if spoken { last != first } else { last > first };
        (apart && !of_name && last.abs_diff(first) <= RANGE).then_some((place, last))
    }

    /// Remembers what stands behind each number, once all words are known.
    fn tails(&mut self, list: &[Piece<'_>]) {
        let mut token_of = vec![None; list.len()];
        for (token, piece) in self.pieces.iter().take(self.out.tokens.len()).enumerate() {
            token_of[*piece] = u8::try_from(token).ok();
        }
        for (token, piece) in self.out.tokens.iter_mut().zip(&self.pieces) {
            let Some(house) = &mut token.house else { continue };
            let behind = piece + usize::from(house.words);
            house.tail =
                (behind..list.len()).take(TAIL).map(|p| (list[p].text.to_owned(), token_of[p])).collect();
        }
    }
}

/// How many pieces belong to the word whose first piece stands before them (`A2` of `BAT A2`).
fn glued(rest: &[Piece<'_>]) -> usize {
    rest.iter().take_while(|p| p.is_glued()).count()
}

#[cfg(test)]
mod tests;
