//! Where everything stands on the paper: one or two pages for most territories.

use super::{Edition, Map, Portrait};
use crate::publish::PublishError;
use crate::publish::pdf::{
    BODY, CLOSED, DOCUMENT, Fragment, Kind, OPEN, Paper, Part, Sheet, Spacing, Style, TINT, Weight, section,
    warnings,
};

const HALF: f32 = (BODY - 22.0) / 2.0;

/// The file. What would leave its method alone on a third page is set closer.
///
/// # Errors
/// It cannot be written as the standard asks.
pub fn write(portrait: &Portrait) -> Result<Vec<u8>, PublishError> {
    let sheet = sheet(portrait);
    let mut paper = laid(portrait, &sheet, Spacing::USUAL)?;
    for space in Spacing::CLOSER {
        if paper.count() <= SHEETS {
            break;
        }
        let closer = laid(portrait, &sheet, space)?;
        if closer.count() < paper.count() {
            paper = closer;
        }
    }
    paper.write(&sheet.about())
}

/// Sheets that a portrait should take.
const SHEETS: usize = 2;

fn laid(portrait: &Portrait, sheet: &Sheet, space: Spacing) -> Result<Paper, PublishError> {
    let mut paper = Paper::new(space)?;
    let p = &mut paper;
    let top = sheet.top(p);
    p.place(top, 0.0);
    let facts = p.facts(DOCUMENT, &portrait.faits, BODY);
    p.place(facts, 12.0);
    warnings(p, &portrait.avertissements, space.small);
    if !portrait.saillant.is_empty() {
        let note = p.note(DOCUMENT, &[(&portrait.saillant, Weight::Regular)], TINT, Style::BODY, BODY);
        p.place(note, space.small);
    }
    let keys = section(p, &portrait.cles, BODY);
    p.place(keys, space.gap);
    // What is told first fills the first page; maps begin the second.
    let mut parties: Vec<&[Part]> = portrait.parties.iter().map(Vec::as_slice).collect();
    let mut later = parties.split_off(parties.len().min(1));
    for parts in parties {
        let block = beside(p, parts, space.gap);
        p.place(block, space.gap);
    }
    if !portrait.cartes.is_empty() {
        let single = later.iter().position(|parts| parts.len() == 1);
        if let Some(at) = single.filter(|at| placed_here(p, &later[*at][0], space.gap)) {
            later.remove(at);
        }
        let block = drawn(p, &portrait.cartes, space.maps);
        p.place(block, space.gap);
    }
    for parts in later {
        let block = beside(p, parts, space.gap);
        p.place(block, space.gap);
    }
    let method = sheet.method(p, space.method);
    p.place(method, space.gap);
    Ok(paper)
}

/// A section over the whole width, if this page has room for it.
fn placed_here(p: &mut Paper, part: &Part, gap: f32) -> bool {
    let mark = p.tree.mark();
    let block = section(p, part, BODY);
    let fits = p.fits(&block, gap);
    if fits {
        p.place(block, gap);
    } else {
        p.tree.undo(mark);
    }
    fits
}

/// Two sections beside one another, or under one another.
fn beside(p: &mut Paper, parts: &[Part], gap: f32) -> Fragment {
    if let [left, right] = parts {
        let mut block = section(p, left, HALF);
        let right = section(p, right, HALF);
        block.put(right, [BODY - HALF, 0.0]);
        return block;
    }
    parts.iter().fold(Fragment::default(), |mut block, part| {
        let one = section(p, part, BODY);
        block.under(one, gap);
        block
    })
}

/// What it has alike with other papers.
fn sheet(portrait: &Portrait) -> Sheet {
    let edition = portrait.edition;
    let mut marge = vec![sentence(edition.rule())];
    if !portrait.organisme.is_empty() {
        marge.push(format!("Éditée par {}", portrait.organisme));
    }
    marge.push(portrait.source.clone());
    let ground = match edition {
        Edition::Restreinte => CLOSED,
        Edition::Publique => OPEN,
    };
    Sheet {
        genre: portrait.genre.clone(),
        nom: portrait.nom.clone(),
        dans: portrait.dans.clone(),
        marque: (edition.words().to_owned(), ground),
        marge,
        titre: format!("Portrait : {} ({})", portrait.nom, edition.words().to_lowercase()),
        sujet: format!("{}. {}. {}", portrait.genre, portrait.source, edition.words()),
        organisme: portrait.organisme.clone(),
        courant: portrait.nom.clone(),
        pied: [format!("{} · {}", edition.words(), portrait.source), portrait.secret.clone()],
        jour: portrait.jour.clone(),
        demonstration: portrait.demonstration,
        methode: portrait.methode.clone(),
    }
}

/// With a capital and a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase).into_iter().flatten();
    first.chain(letters).chain(['.']).collect()
}

fn drawn(p: &mut Paper, maps: &[Map], part: f32) -> Fragment {
    let section = p.tree.add(DOCUMENT, Kind::Section);
    let title = if maps.len() > 1 { "Cartes" } else { "Carte" };
    let mut out = p.heading(section, 2, title, BODY);
    let y = out.height + 4.0;
    for (i, map) in maps.iter().enumerate() {
        let block = map.block(p, section, HALF * part);
        out.put(block, [i as f32 * (BODY - HALF), y]);
    }
    out
}
