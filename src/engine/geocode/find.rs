//! From a question to the few rues worth comparing, and the best of them.
//!
//! Words that the vocabulary has are taken as they are, others through their near words. The lists of rues of
//! all these words, the rarest first, are added up, each by how rare its word is; the rues with the highest
//! sums are compared. If none of them is good, misspellings are looked for behind the known words too.

use tantivy::index::InvertedIndexReader;
use tantivy::postings::{BlockSegmentPostings, TermInfo};

use super::analyse::{self, Role, Token};
use super::base::{MUNICIPALITY, Views, degrees};
use super::number::Found;
use super::reverse::passes;
use super::score::{Match, Question, compare};
use super::words::Near;
use super::{Kind, Query, citycode_term};
use crate::reference::geocodage::geocodage;

/// Rues compared at the first look, and at the second.
const CANDIDATES: [usize; 2] = [24, 64];
/// Entries of lists read for one question.
const ENTRIES: u32 = 40_000;
/// A first look that gives less is not believed.
const GOOD: f32 = 0.75;
/// What near words of a known word are worth.
const DOUBTED: f32 = 0.85;
/// Words that may end an unfinished one.
const ENDINGS: usize = 12;

/// Memory that questions of one thread share.
#[derive(Debug, Default)]
pub struct Scratch {
    sums: Vec<f32>,
    touched: Vec<u32>,
    hashes: Vec<u32>,
    near: Vec<Near>,
}

/// Best answers, the best first.
pub fn search(
    views: &Views<'_>,
    postings: &InvertedIndexReader,
    query: &Query,
    scratch: &mut Scratch,
) -> Vec<Found> {
    let short: String = query.text.chars().take(geocodage().limites.question).collect();
    let analysis = analyse::question(&short);
    if analysis.tokens.is_empty() && analysis.codes.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (look, most) in CANDIDATES.into_iter().enumerate() {
        let matches = matches(views, &analysis.tokens, query.autocomplete, look > 0, scratch);
        let question = Question::new(views, &analysis, query.citycode.as_deref(), matches);
        candidates(views, postings, query, &question, most, scratch);
        let compared = scratch.touched.iter().filter_map(|rue| compare(views, &question, *rue));
        found = compared.filter(|f| wanted(views, query, f)).collect();
        sort(views, query, &mut found);
        if found.first().is_some_and(|f| f.alike >= GOOD) {
            break;
        }
    }
    found.retain(|f| f.score >= geocodage().doute.minimum);
    found
}

/// Whether the kind of an answer is the one that is asked.
fn wanted(views: &Views<'_>, query: &Query, found: &Found) -> bool {
    let number = matches!(found.number, super::number::Place::Number(_));
    match query.kind {
        None => true,
        Some(Kind::HouseNumber) => number,
        Some(kind) => !number && super::hit(views, found).kind == kind,
    }
}

/// The best first; as good ones by distance from the place that the question prefers.
fn sort(views: &Views<'_>, query: &Query, found: &mut [Found]) {
    let away = |f: &Found| {
        query.near.map_or(0.0, |[lon, lat]| {
            let (x, y) = (degrees(views.lons[f.rue as usize]), degrees(views.lats[f.rue as usize]));
            ((x - lon) * lat.to_radians().cos()).hypot(y - lat)
        })
    };
    found.sort_by(|a, b| {
        b.score.total_cmp(&a.score).then_with(|| away(a).total_cmp(&away(b))).then(a.rue.cmp(&b.rue))
    });
}

/// Words of the vocabulary that each word of the question may be.
fn matches(
    views: &Views<'_>,
    tokens: &[Token],
    unfinished: bool,
    doubtful: bool,
    scratch: &mut Scratch,
) -> Vec<Match> {
    let vocabulary = &views.vocabulary;
    let mut out = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        let mut known = false;
        for (r, reading) in token.readings.iter().enumerate() {
            if let Some(word) = vocabulary.exact(reading) {
                known = true;
                out.push(Match { word, token: i as u8, span: 1, alike: if r == 0 { 1.0 } else { 0.99 } });
            }
        }
        // « dix-neuf mars » for « 19 mars ».
        if let Some((value, span)) = token.worded
            && let Some(word) = vocabulary.exact(&value.to_string())
        {
            out.push(Match { word, token: i as u8, span, alike: 0.98 });
        }
        if token.role == Role::Number || (known && (!doubtful || token.role == Role::Tool)) {
            continue;
        }
        scratch.near.clear();
        let word = &token.readings[0];
        vocabulary.near(word, &mut scratch.hashes, &mut scratch.near);
        if word.len() >= 3 && (!known || unfinished) {
            let frequent = |w: u32| {
                ((1.0 - views.weights[w as usize].min(views.place_weights[w as usize])) * 1e4) as u32
            };
            vocabulary.beginning(word, ENDINGS, frequent, &mut scratch.near);
        }
        // A word that exists is seldom a misspelling of another one.
        let trust = if known && doubtful { DOUBTED } else { 1.0 };
        out.extend(scratch.near.iter().map(|n| Match {
            word: n.word,
            token: i as u8,
            span: 1,
            alike: n.alike * trust,
        }));
    }
    // Two words that somebody parted: « MONT BLANC » for « MONTBLANC ».
    if doubtful {
        for (i, pair) in tokens.windows(2).enumerate() {
            let glued = format!("{}{}", pair[0].readings[0], pair[1].readings[0]);
            if let Some(word) = vocabulary.exact(&glued) {
                out.push(Match { word, token: i as u8, span: 2, alike: 0.95 });
            }
        }
    }
    out.sort_by(|a, b| a.word.cmp(&b.word).then(a.token.cmp(&b.token)).then(b.alike.total_cmp(&a.alike)));
    out.dedup_by_key(|m| (m.word, m.token));
    out
}

/// Puts into `scratch.touched` the rues that share most with the question.
fn candidates(
    views: &Views<'_>,
    postings: &InvertedIndexReader,
    query: &Query,
    question: &Question,
    most: usize,
    scratch: &mut Scratch,
) {
    let Scratch { sums, touched, .. } = scratch;
    sums.resize(views.names.len(), 0.0);
    touched.clear();
    let mut lists: Vec<(TermInfo, f32)> = Vec::new();
    let mut add = |word: &str, share: f32| {
        if let Ok(Some(info)) = postings.terms().get(word) {
            lists.push((info, share));
        }
    };
    let mut last = u32::MAX;
    for m in &question.matches {
        let share = match question.tokens[m.token as usize].role {
            Role::Tool => continue,
            Role::Number => 0.3,
            Role::Kind => 0.5,
            Role::Name => 1.0,
        };
        // A word that several words of the question may be counts once.
        if m.word != last {
            add(views.vocabulary.words.get(m.word as usize), share * m.alike);
        }
        last = m.word;
    }
    for code in question.postcodes.iter().map(|p| format!("{p:05}")).chain(query.postcode.clone()) {
        add(&code, 0.5);
    }
    for code in question.citycodes.iter().chain(query.citycode.as_ref()) {
        add(&citycode_term(code), 0.8);
    }
    lists.sort_by_key(|(info, _)| info.doc_freq);
    let all = views.names.len() as f32;
    let mut read = 0;
    let mut block = BlockSegmentPostings::empty();
    for (i, (info, share)) in lists.iter().enumerate() {
        // The first lists are the shortest and say most.
        if i >= 2 && read + info.doc_freq > ENTRIES {
            break;
        }
        read += info.doc_freq;
        // A list that cannot be read gives nothing; opening the index has read its directory.
        if postings.reset_block_postings_from_terminfo(info, &mut block).is_err() {
            continue;
        }
        let worth = share * (1.0 + all / info.doc_freq.max(1) as f32).ln();
        while !block.docs().is_empty() {
            for doc in block.docs() {
                let sum = &mut sums[*doc as usize];
                if *sum == 0.0 {
                    touched.push(*doc);
                }
                *sum += worth;
            }
            block.advance();
        }
    }
    let sum_of: Vec<f32> = touched.iter().map(|d| std::mem::take(&mut sums[*d as usize])).collect();
    let mut order: Vec<(f32, u32)> = sum_of.into_iter().zip(touched.iter().copied()).collect();
    if query.citycode.is_some() || query.postcode.is_some() {
        order.retain(|(_, d)| passes(views, *d, query));
    }
    if query.kind == Some(Kind::Municipality) {
        order.retain(|(_, d)| views.kinds[*d as usize] == MUNICIPALITY);
    }
    let best = |a: &(f32, u32), b: &(f32, u32)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
    if order.len() > most {
        order.select_nth_unstable_by(most, best);
        order.truncate(most);
    }
    touched.clear();
    touched.extend(order.into_iter().map(|(_, d)| d));
}
