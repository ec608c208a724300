//! How well a rue answers a question: every word of both is accounted for, whatever their order.
//!
//! The score is the share of the name that the question has, times the share of the question that the rue
//! explains, times a factor for the commune, for the kind of road and for the house number
//! (`data/geocodage.toml`). A word counts by how much it says.

use super::analyse::{Analysis, Role};
use super::base::{MUNICIPALITY, NONE, Views};
use super::number::{self, Asked, Found, Place};
use crate::reference::geocodage::geocodage;

/// A word of the vocabulary that a word of the question may be.
#[derive(Debug, Clone, Copy)]
pub struct Match {
    pub word: u32,
    pub token: u8,
    pub alike: f32,
}

/// A word of the question.
#[derive(Debug, Clone)]
pub struct Word {
    pub role: Role,
    weight: f32,
    number: u32,
    sign: Option<String>,
    next_may_be_sign: bool,
    after: String,
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
    letters: Vec<String>,
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
                    sign: t.sign.clone(),
                    next_may_be_sign: t.next_may_be_sign,
                    after: t.after.clone(),
                    initial: (letter && t.role != Role::Number).then(|| t.readings[0].as_bytes()[0]),
                }
            })
            .collect();
        let mut numbers: Vec<u8> =
            (0..tokens.len() as u8).filter(|i| tokens[*i as usize].role == Role::Number).collect();
        let before_kind = |i: u8| {
            let next = i as usize + 1 + usize::from(tokens[i as usize].next_may_be_sign);
            [i as usize + 1, next].iter().any(|n| tokens.get(*n).is_some_and(|t| t.role == Role::Kind))
        };
        numbers.sort_by_key(|i| !before_kind(*i));
        Self {
            initials: tokens.iter().any(|t| t.initial.is_some()),
            letters: analysis.tokens.iter().map(|t| t.readings[0].clone()).collect(),
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
}

/// How alike a list of words of the index is to what is left of the question.
fn cover(views: &Views<'_>, question: &Question, words: &[u32], weights: &[f32], used: &mut Used) -> f32 {
    let (mut got, mut all) = (0.0, 0.0);
    for word in words {
        let weight = weights[*word as usize];
        all += weight;
        let mut best: Option<Match> = None;
        for m in question.of_word(*word).iter().filter(|m| !used.has(m.token)) {
            // Of two numbers alike, the last belongs to the name: « 8 rue du 8 mai ».
            let number = question.tokens[m.token as usize].role == Role::Number;
            if best.is_none_or(|b| m.alike > b.alike || (number && m.alike >= b.alike)) {
                best = Some(*m);
            }
        }
        if best.is_none() && question.initials {
            let first = views.vocabulary.words.get(*word as usize).bytes().next();
            let token = question.tokens.iter().position(|t| t.initial.is_some() && t.initial == first);
            best = token
                .map(|t| Match { word: *word, token: t as u8, alike: 0.7 })
                .filter(|m| !used.has(m.token));
        }
        if let Some(m) = best {
            used.take(m.token);
            got += weight * m.alike;
        }
    }
    if all > 0.0 { got / all } else { 0.0 }
}

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
    let (at, number, token) = house(views, question, rue, used);
    // What stands before a number that was found (« Résidence du Parc, 12 rue… ») puts the street less in
    // doubt.
    let before: f32 = match (at, token) {
        (Place::Number(_), Some(token)) if name > SURE_NAME => {
            (0..token).filter(|t| !used.has(*t)).map(|t| question.tokens[t as usize].weight).sum()
        }
        _ => 0.0,
    };
    let explained = if all > 0.0 { 1.0 - (left - BEFORE * before) / all } else { 1.0 };
    let score = name * explained * place * kind * number;
    Some(Found { rue, number: at, score })
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

/// The house number, its factor and its word: of the numbers that the name leaves, the first that the street
/// has, else the first.
fn house(views: &Views<'_>, question: &Question, rue: u32, used: Used) -> (Place, f32, Option<u8>) {
    let rules = &geocodage().facteurs;
    let mut first = None;
    for t in question.numbers.iter().filter(|t| !used.has(**t)) {
        let word = &question.tokens[*t as usize];
        let apart = word.next_may_be_sign && !used.has(t + 1);
        let letter = question.letters.get(*t as usize + 1).filter(|_| apart).cloned();
        let loose = letter.is_some();
        let asked =
            Asked { number: word.number, sign: word.sign.clone().or(letter), after: word.after.clone() };
        let (place, mut factor) = number::place(views, rue, &asked);
        if matches!(place, Place::Number(_)) {
            if loose && factor < 1.0 {
                // The letter was no sign.
                factor = factor.max(rules.lettre_inconnue);
            }
            // A number behind another one that the street does not have.
            factor *= if first.is_some() { OTHER_NUMBER } else { 1.0 };
            return (place, factor, Some(*t));
        }
        first = first.or(Some((place, factor, Some(*t))));
    }
    first.unwrap_or((Place::Street, 1.0, None))
}
