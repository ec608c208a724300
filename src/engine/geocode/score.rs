//! How well a rue answers a question: every word of both is accounted for, whatever their order.
//!
//! The score is the share of the name that the question has, times the share of the question that the rue
//! explains, times a factor for the commune, for the kind of road and for the house number
//! (`data/geocodage.toml`). A word counts by how much it says. Whatever says little, a letter or a second
//! number, still takes certainty away if the answer does not account for it.

use super::analyse::{Analysis, House, Role};
use super::base::{MUNICIPALITY, NONE, Views};
use super::number::{self, Answer, Found, Place};
use crate::reference::geocodage::geocodage;

/// A word of the vocabulary that a word of the question may be.
#[derive(Debug, Clone, Copy)]
pub struct Match {
    pub word: u32,
    pub token: u8,
    /// How many words of the question it is, from `token` on.
    pub span: u8,
    pub alike: f32,
}

/// A word of the question.
#[derive(Debug, Clone)]
pub struct Word {
    pub role: Role,
    weight: f32,
    number: u32,
    house: Option<House>,
    ends: bool,
    /// A number, in digits or in words.
    counts: bool,
    /// It may be part of a complement in front of the number (« Résidence du Parc »).
    complement: bool,
    /// A letter that may stand for a first name.
    initial: Option<u8>,
}

/// A question, ready to be compared with many rues.
#[derive(Debug)]
pub struct Question {
    pub tokens: Vec<Word>,
    /// Sorted by word.
    pub matches: Vec<Match>,
    pub postcodes: Vec<u32>,
    pub citycodes: Vec<String>,
    /// The commune that the caller says, besides the words.
    told: Option<String>,
    /// Indexes of numbers, those in front of a kind of road first.
    numbers: Vec<u8>,
    initials: bool,
}

impl Question {
    #[must_use]
    pub fn new(views: &Views<'_>, analysis: &Analysis, told: Option<&str>, matches: Vec<Match>) -> Self {
        let mut weights = vec![0.0f32; analysis.tokens.len()];
        for m in &matches {
            let w = &mut weights[m.token as usize];
            // What a known word says; a near word says what it is near to.
            *w = w.max(
                views.weights[m.word as usize].min(views.place_weights[m.word as usize].max(0.4)) * m.alike,
            );
        }
        let tokens: Vec<Word> = analysis
            .tokens
            .iter()
            .zip(weights)
            .map(|(t, weight)| {
                let letter = t.readings[0].len() == 1;
                Word {
                    role: t.role,
                    weight: match t.role {
                        Role::Tool => 0.03,
                        Role::Kind => 0.25,
                        Role::Number => 0.0,
                        Role::Name if letter => 0.1,
                        Role::Name if weight == 0.0 => 0.8,
                        Role::Name => weight,
                    },
                    number: t.number,
                    house: t.house.clone(),
                    ends: t.ends,
                    counts: t.role == Role::Number || t.worded.is_some(),
                    complement: t.readings.iter().any(|r| geocodage().mots.complements.contains(r)),
                    initial: (letter && t.role != Role::Number).then(|| t.readings[0].as_bytes()[0]),
                }
            })
            .collect();
        let mut numbers: Vec<u8> =
            (0..tokens.len() as u8).filter(|i| tokens[*i as usize].house.is_some()).collect();
        let before_kind = |i: u8| {
            let mut at = i as usize;
            // The end of its range stands in front of the road.
            while tokens[at].house.as_ref().is_some_and(|h| h.until.is_some())
                && let Some(end) = (at + 1..tokens.len()).find(|t| tokens[*t].ends)
            {
                at = end;
            }
            let (words, loose) = tokens[at].house.as_ref().map_or((1, false), |h| (h.words, h.loose));
            let next = at + words as usize;
            [next, next + usize::from(loose)]
                .iter()
                .any(|n| tokens.get(*n).is_some_and(|t| t.role == Role::Kind))
        };
        numbers.sort_by_key(|i| (tokens[*i as usize].ends, !before_kind(*i)));
        Self {
            initials: tokens.iter().any(|t| t.initial.is_some()),
            tokens,
            matches,
            postcodes: analysis.codes.iter().filter_map(|c| c.parse().ok()).collect(),
            citycodes: analysis.codes.clone(),
            told: told.map(str::to_owned),
            numbers,
        }
    }

    /// What the words say that are not accounted for.
    fn left(&self, used: Used) -> f32 {
        (0u8..).zip(&self.tokens).filter(|(t, _)| !used.has(*t)).map(|(_, w)| w.weight).sum()
    }

    /// What the words of a house number say if they are none of its street.
    fn spelt(&self, start: u8) -> f32 {
        let words = self.tokens[start as usize].house.as_ref().map_or(0, |h| h.words);
        (start..start + words).map(|t| self.tokens[t as usize].weight).sum()
    }

    /// Takes the other numbers of a range, as far as the street has them.
    fn take_range(&self, views: &Views<'_>, rue: u32, start: u8, taken: &mut Used) {
        let mut at = start;
        while let Some(until) = self.tokens[at as usize].house.as_ref().and_then(|h| h.until)
            && number::has(views, rue, until)
            && let Some(end) = (at + 1..self.tokens.len() as u8).find(|t| self.tokens[*t as usize].ends)
        {
            taken.take(end);
            at = end;
        }
    }

    /// Whether every word and number has its part in the answer. `front`: the number's place, if what stands
    /// in front of it may be a complement.
    fn is_accounted_for(&self, taken: Used, front: Option<u8>) -> bool {
        let complement = |t: u8| {
            let before = front.map_or(&[][..], |f| &self.tokens[..f as usize]);
            // « Lot 14, rue X », « résidence 2 rue X »: the number may be that of the lot.
            (t as usize) < before.len()
                && before.len() > 1
                && before[0].complement
                && before.iter().all(|w| !w.counts && w.initial.is_none())
        };
        (0u8..).zip(&self.tokens).all(|(t, word)| {
            let letter = |b: u8| self.tokens[b as usize].house.as_ref().is_some_and(|h| h.loose);
            let tool = word.role == Role::Tool && !t.checked_sub(1).is_some_and(letter);
            taken.has(t) || tool || complement(t)
        })
    }

    /// Words of the question that a word of the index may be.
    fn of_word(&self, word: u32) -> &[Match] {
        let from = self.matches.partition_point(|m| m.word < word);
        let n = self.matches[from..].iter().take_while(|m| m.word == word).count();
        &self.matches[from..from + n]
    }
}

/// Words of the question that were accounted for, as bits.
#[derive(Debug, Clone, Copy, Default)]
struct Used(u64);

impl Used {
    fn has(self, token: u8) -> bool {
        self.0 >> token & 1 == 1
    }

    fn take(&mut self, token: u8) {
        self.0 |= 1 << token;
    }

    fn has_any(self, m: &Match) -> bool {
        (m.token..m.token + m.span).any(|t| self.has(t))
    }

    fn take_all(&mut self, m: &Match) {
        (m.token..m.token + m.span).for_each(|t| self.take(t));
    }
}

/// How alike a list of words of the index is to what is left of the question.
fn cover(views: &Views<'_>, question: &Question, words: &[u32], weights: &[f32], used: &mut Used) -> f32 {
    let (mut got, mut all) = (0.0, 0.0);
    for word in words {
        let weight = weights[*word as usize];
        all += weight;
        let mut best: Option<Match> = None;
        for m in question.of_word(*word).iter().filter(|m| !used.has_any(m)) {
            // Of two numbers alike, the last belongs to the name: « 8 rue du 8 mai », « 8 rue du huit mai ».
            let number = question.tokens[m.token as usize].counts;
            if best.is_none_or(|b| m.alike > b.alike || (number && m.alike + IN_WORDS >= b.alike)) {
                best = Some(*m);
            }
        }
        if best.is_none() && question.initials {
            let first = views.vocabulary.words.get(*word as usize).bytes().next();
            let token = question.tokens.iter().position(|t| t.initial.is_some() && t.initial == first);
            best = token
                .map(|t| Match { word: *word, token: t as u8, span: 1, alike: 0.7 })
                .filter(|m| !used.has(m.token));
        }
        if let Some(m) = best {
            used.take_all(&m);
            got += weight * m.alike;
        }
    }
    if all > 0.0 { got / all } else { 0.0 }
}

/// What a number written in words may be less alike than one in digits, and be the same.
const IN_WORDS: f32 = 0.03;
/// Less of a name than this is another name.
const LEAST_OF_NAME: f32 = 0.45;
/// A name that is surely the one that is meant.
const SURE_NAME: f32 = 0.95;
/// Share of what stands before the number that is not counted against a sure name.
const BEFORE: f32 = 0.6;
/// The factor of a number that is not the first one written.
const OTHER_NUMBER: f32 = 0.95;
/// More of a commune's name than this is that commune.
const ENOUGH_OF_COMMUNE: f32 = 0.6;

/// Compares; None if the rue is certainly not meant.
#[must_use]
pub fn compare(views: &Views<'_>, question: &Question, rue: u32) -> Option<Found> {
    let rules = &geocodage().facteurs;
    let i = rue as usize;
    let municipality = views.kinds[i] == MUNICIPALITY;
    let mut used = Used::default();
    let own = if municipality { views.place_weights } else { views.weights };
    let words = views.words_of(rue);
    let name = cover(views, question, words, own, &mut used);
    if name < LEAST_OF_NAME {
        return None;
    }
    // « 1 allée » is as well Allée A as Allée B.
    let says = |(t, w): (u8, &Word)| used.has(t) && (w.role == Role::Name || w.counts);
    let kind_only = name < SURE_NAME && !(0u8..).zip(&question.tokens).any(says);
    // A kind of road that is another one.
    let mut kind = 1.0;
    let first = words.first().filter(|w| own[**w as usize] <= 0.25 && !municipality);
    if let Some(first) = first
        && !question.of_word(*first).iter().any(|m| used.has(m.token))
        && (0u8..)
            .zip(&question.tokens)
            .any(|(t, w)| w.role == Role::Kind && w.initial.is_none() && !used.has(t))
    {
        kind = rules.type_de_voie;
    }

    let place = if municipality { 0.0 } else { commune(views, question, i, &mut used) };
    let postcode = views.postcodes[i];
    let citycode = views.place_codes.get(views.communes[i] as usize);
    let mut same_code = question.postcodes.contains(&postcode)
        || question.citycodes.iter().chain(&question.told).any(|c| c == citycode);
    if question.citycodes.is_empty()
        && let Some(t) = question.numbers.iter().find(|t| question.tokens[**t as usize].number == postcode)
    {
        // « 6400 » for 06400.
        used.take(*t);
        same_code = true;
    }
    let coded = !question.citycodes.is_empty();
    let neighbour = question.postcodes.iter().any(|p| p / 1000 == postcode / 1000);
    let left = question.left(used);
    let all: f32 = question.tokens.iter().map(|w| w.weight).sum();
    let by_code = match (coded, same_code, neighbour) {
        (false, ..) | (_, true, _) => 1.0,
        (_, _, true) => rules.code_postal_voisin,
        _ => rules.code_postal_autre,
    };
    let place = if municipality {
        by_code
    } else if place > 0.0 {
        by_code * (0.5 + 0.5 * place)
    } else if same_code {
        rules.commune_par_code
    } else if coded || left > 0.4 {
        rules.commune_autre
    } else {
        rules.commune_absente
    };
    let Housed { answer, token, taken } = house(views, question, rue, used);
    // What stands before a number that was found (« Résidence du Parc, 12 rue… ») puts the street less in
    // doubt.
    let before: f32 = match (answer.place, token) {
        (Place::Number(_), Some(token)) if name > SURE_NAME => {
            (0..token).filter(|t| !used.has(*t)).map(|t| question.tokens[t as usize].weight).sum()
        }
        _ => 0.0,
    };
    // A house number says nothing of the street, in words as in digits.
    let spelt: f32 = token.map_or(0.0, |t| question.spelt(t));
    let rest = all - spelt;
    let explained = if rest > 0.0 { 1.0 - (left - spelt - BEFORE * before) / rest } else { 1.0 };
    let alike = name * explained * place * kind * answer.factor;
    let front = token.filter(|_| matches!(answer.place, Place::Number(_)) && name > SURE_NAME);
    let sure = answer.whole && !kind_only && question.is_accounted_for(taken, front);
    let score = if sure { alike } else { alike * geocodage().doute.plafond };
    let coded = coded.then_some(same_code);
    Some(Found { rue, number: answer.place, score, alike, named: name > SURE_NAME, coded })
}

/// How much of the name of its commune, or of its former one, the question has; 0 if it is not that commune.
fn commune(views: &Views<'_>, question: &Question, rue: usize, used: &mut Used) -> f32 {
    let (present, former) = (views.communes[rue], views.formers[rue]);
    let tried = |order: &[u32]| {
        let (mut all, mut best) = (*used, 0.0f32);
        for lieu in order {
            let mut one = all;
            let share = cover(views, question, views.words_of_place(*lieu), views.place_weights, &mut one);
            if share >= ENOUGH_OF_COMMUNE {
                (all, best) = (one, best.max(share));
            }
        }
        (all, best)
    };
    let mut found = tried(&[present]);
    if former != NONE {
        // « Annecy-le-Vieux » in Annecy, « Aime » in Aime-la-Plagne: the order that leaves less of the
        // question.
        for other in [tried(&[present, former]), tried(&[former, present])] {
            if question.left(other.0) < question.left(found.0) {
                found = other;
            }
        }
    }
    *used = found.0;
    found.1
}

/// The house number of an answer.
struct Housed {
    answer: Answer,
    /// Its word in the question.
    token: Option<u8>,
    /// Words that are accounted for, the number's own included.
    taken: Used,
}

/// The house number: of the numbers that the name leaves, the first that the street has, else the first.
fn house(views: &Views<'_>, question: &Question, rue: u32, used: Used) -> Housed {
    let mut first = None;
    for t in question.numbers.iter().filter(|t| !used.has(**t)) {
        let word = &question.tokens[*t as usize];
        let Some(asked) = &word.house else { continue };
        if (*t..*t + asked.words).any(|t| used.has(t)) {
            continue;
        }
        let mut answer = number::place(views, rue, asked, |token| !used.has(token));
        let mut taken = used;
        (*t..*t + asked.words).chain(answer.taken.iter().copied()).for_each(|t| taken.take(t));
        if matches!(answer.place, Place::Number(_)) {
            question.take_range(views, rue, *t, &mut taken);
            // A number behind another one that the street does not have.
            answer.factor *= if first.is_some() { OTHER_NUMBER } else { 1.0 };
            return Housed { answer, token: Some(*t), taken };
        }
        first.get_or_insert(Housed { answer, token: Some(*t), taken });
    }
    let none = Answer { place: Place::Street, factor: 1.0, taken: Vec::new(), whole: true };
    first.unwrap_or(Housed { answer: none, token: None, taken: used })
}
