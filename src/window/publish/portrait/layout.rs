//! Where everything stands on the paper: one or two pages for most territories.

use super::{Edition, Map, Part, Portrait};
use crate::days;
use crate::publish::PublishError;
use crate::publish::pdf::{
    About, BODY, Color, DOCUMENT, Draw, Element, Fragment, INK, Kind, Paper, QUIET, Span, Style, TINT, WHITE,
    Weight,
};

const GAP: f32 = 15.0;
const SMALL_GAP: f32 = 8.0;
const HALF: f32 = (BODY - 22.0) / 2.0;
/// Width of what stands at the top right.
const SIDE: f32 = 168.0;
const WARNING: Color = [253, 245, 221];
const RESTRICTED: Color = [139, 46, 22];
const PUBLIC: Color = [20, 83, 107];

/// The file.
///
/// # Errors
/// It cannot be written as the standard asks.
pub fn write(portrait: &Portrait) -> Result<Vec<u8>, PublishError> {
    let mut paper = Paper::new()?;
    let p = &mut paper;
    let top = header(p, portrait);
    p.place(top, 0.0);
    let facts = p.facts(DOCUMENT, &portrait.faits, BODY);
    p.place(facts, 12.0);
    for words in &portrait.avertissements {
        let note = p.note(DOCUMENT, &[(words, Weight::Regular)], WARNING, Style::QUIET, BODY);
        p.place(note, SMALL_GAP);
    }
    if !portrait.saillant.is_empty() {
        let note = p.note(DOCUMENT, &[(&portrait.saillant, Weight::Regular)], TINT, Style::BODY, BODY);
        p.place(note, SMALL_GAP);
    }
    let keys = section(p, &portrait.cles, BODY);
    p.place(keys, GAP);
    // What is told first fills the first page; maps begin the second.
    let mut parties: Vec<&[Part]> = portrait.parties.iter().map(Vec::as_slice).collect();
    let mut later = parties.split_off(parties.len().min(1));
    for parts in parties {
        let block = beside(p, parts);
        p.place(block, GAP);
    }
    if !portrait.cartes.is_empty() {
        let single = later.iter().position(|parts| parts.len() == 1);
        if let Some(at) = single.filter(|at| placed_here(p, &later[*at][0])) {
            later.remove(at);
        }
        let block = drawn(p, &portrait.cartes);
        p.place(block, GAP);
    }
    for parts in later {
        let block = beside(p, parts);
        p.place(block, GAP);
    }
    let method = method(p, portrait);
    p.place(method, GAP);
    paper.write(&about(portrait))
}

/// A section over the whole width, if this page has room for it.
fn placed_here(p: &mut Paper, part: &Part) -> bool {
    let mark = p.tree.mark();
    let block = section(p, part, BODY);
    let fits = p.fits(&block, GAP);
    if fits {
        p.place(block, GAP);
    } else {
        p.tree.undo(mark);
    }
    fits
}

/// Two sections beside one another, or under one another.
fn beside(p: &mut Paper, parts: &[Part]) -> Fragment {
    if let [left, right] = parts {
        let mut block = section(p, left, HALF);
        let right = section(p, right, HALF);
        block.put(right, [BODY - HALF, 0.0]);
        return block;
    }
    parts.iter().fold(Fragment::default(), |mut block, part| {
        let one = section(p, part, BODY);
        block.under(one, GAP);
        block
    })
}

fn about(portrait: &Portrait) -> About {
    let edition = portrait.edition;
    let fiction = if portrait.demonstration { " · Territoire fictif" } else { "" };
    About {
        title: format!("Portrait : {} ({})", portrait.nom, edition.words().to_lowercase()),
        author: if portrait.organisme.is_empty() {
            "mosaïque".to_owned()
        } else {
            portrait.organisme.clone()
        },
        subject: format!("{}. {}. {}", portrait.genre, portrait.source, edition.words()),
        day: portrait.jour.clone(),
        head: portrait.nom.clone(),
        foot: [
            format!(
                "{} · {} · édité le {}{fiction}",
                edition.words(),
                portrait.source,
                days::french(&portrait.jour)
            ),
            portrait.secret.clone(),
        ],
    }
}

fn plain(text: &str) -> [Span<'_>; 1] {
    [(text, Weight::Regular)]
}

/// With a capital and a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase).into_iter().flatten();
    first.chain(letters).chain(['.']).collect()
}

/// Name, place, edition, source and day.
fn header(p: &mut Paper, portrait: &Portrait) -> Fragment {
    let left = BODY - SIDE - 12.0;
    let mut out = p.paragraph(DOCUMENT, &plain(&portrait.genre), Style::QUIET, left);
    let title = p.heading(DOCUMENT, 1, &portrait.nom, left);
    out.under(title, 2.0);
    if !portrait.dans.is_empty() {
        let inside = portrait.dans.join(" · ");
        let line = p.paragraph(DOCUMENT, &plain(&inside), Style { color: QUIET, ..Style::BODY }, left);
        out.under(line, 3.0);
    }
    let color = match portrait.edition {
        Edition::Restreinte => RESTRICTED,
        Edition::Publique => PUBLIC,
    };
    let white = Style { color: WHITE, size: 9.0, leading: 1.2 };
    let mut side = p.note(DOCUMENT, &[(portrait.edition.words(), Weight::Bold)], color, white, SIDE);
    let mut lines = vec![sentence(portrait.edition.rule())];
    if !portrait.organisme.is_empty() {
        lines.push(format!("Éditée par {}", portrait.organisme));
    }
    lines.push(portrait.source.clone());
    lines.push(days::long(&portrait.jour));
    if portrait.demonstration {
        lines.push("Territoire fictif".to_owned());
    }
    for line in &lines {
        let text = p.paragraph(DOCUMENT, &plain(line), Style { size: 8.0, ..Style::QUIET }, SIDE);
        side.under(text, 1.5);
    }
    out.put(side, [BODY - SIDE, 0.0]);
    let y = out.height + 8.0;
    let rule = Draw::Path(crate::publish::pdf::Path {
        rings: vec![vec![[0.0, y], [BODY, y]]],
        stroke: Some((INK, 1.6)),
        ..Default::default()
    });
    out.put(Fragment::ornament(y, vec![rule]), [0.0, 0.0]);
    out
}

/// A heading with its table and what must be said of it.
fn section(p: &mut Paper, part: &Part, width: f32) -> Fragment {
    let section = p.tree.add(DOCUMENT, Kind::Section);
    let mut out = p.heading(section, 2, &part.title, width);
    if let Some(cells) = &part.cells {
        let table = p.table(section, cells, width);
        out.under(table, 4.0);
    }
    for words in &part.notes {
        let note = p.paragraph(section, &[(words, Weight::Regular)], Style::QUIET, width);
        out.under(note, 4.0);
    }
    out
}

fn drawn(p: &mut Paper, maps: &[Map]) -> Fragment {
    let section = p.tree.add(DOCUMENT, Kind::Section);
    let title = if maps.len() > 1 { "Cartes" } else { "Carte" };
    let mut out = p.heading(section, 2, title, BODY);
    let y = out.height + 4.0;
    for (i, map) in maps.iter().enumerate() {
        let block = map.block(p, section, HALF);
        out.put(block, [i as f32 * (BODY - HALF), y]);
    }
    out
}

fn method(p: &mut Paper, portrait: &Portrait) -> Fragment {
    let section: Element = p.tree.add(DOCUMENT, Kind::Section);
    let mut out = p.heading(section, 2, "Méthode, sources et secret", BODY);
    for (bold, text) in &portrait.methode {
        let (bold, text) = (format!("{bold}. "), text.as_str());
        let spans = [(bold.as_str(), Weight::Bold), (text, Weight::Regular)];
        let line = p.paragraph(section, &spans, Style::QUIET, BODY);
        out.under(line, 3.0);
    }
    out
}
