//! What all papers have alike: the top of the first page, sections, the block of method, heads and feet.

use super::blocks::{Cells, Style};
use super::draw::{Color, Draw, Fragment, Path, rectangle};
use super::fonts::{Span, Weight};
use super::paper::{About, BODY, Paper};
use super::tree::{DOCUMENT, Element, Kind};
use super::{INK, QUIET, WHITE};
use crate::days;

/// Width of what stands at the top right.
const SIDE: f32 = 168.0;
const WARNING: Color = [253, 245, 221];
/// Grounds of the words at the top right: what is not to be handed on, what may be.
pub const CLOSED: Color = [139, 46, 22];
pub const OPEN: Color = [20, 83, 107];

/// What goes with any paper.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// Over the title: « Portrait de territoire · Commune 73065 ».
    pub genre: String,
    pub nom: String,
    /// Under it: what it is in, or of.
    pub dans: Vec<String>,
    /// At the top right, on a ground, and what is said under it.
    pub marque: (String, Color),
    pub marge: Vec<String>,
    /// What the file says of itself, and its author.
    pub titre: String,
    pub sujet: String,
    /// Empty if that is nobody's business.
    pub organisme: String,
    /// At the top of each page but the first, and at the foot of each.
    pub courant: String,
    pub pied: [String; 2],
    /// `YYYY-MM-DD`.
    pub jour: String,
    pub demonstration: bool,
    /// What one must know to read it: words in bold, text.
    pub methode: Vec<(String, String)>,
}

/// How far apart blocks stand, and how the method is set.
#[derive(Debug, Clone, Copy)]
pub struct Spacing {
    pub gap: f32,
    pub small: f32,
    /// Above and under the lines of tables.
    pub pad: f32,
    /// Width of maps, in what they may take.
    pub maps: f32,
    pub method: Style,
}

impl Spacing {
    pub const USUAL: Self = Self { gap: 15.0, small: 8.0, pad: 2.4, maps: 1.0, method: Style::QUIET };
    /// For what would else leave a few lines alone on a page: closer, then with smaller maps too.
    pub const CLOSER: [Self; 2] = [Self::closer(1.0), Self::closer(0.68)];

    const fn closer(maps: f32) -> Self {
        let method = Style { size: 7.8, leading: 1.22, ..Style::QUIET };
        Self { gap: 10.0, small: 5.0, pad: 1.4, maps, method }
    }
}

/// A section with its table.
#[derive(Debug, Clone, Default)]
pub struct Part {
    pub title: String,
    /// None: the notes say what there is to say.
    pub cells: Option<Cells>,
    pub notes: Vec<String>,
}

impl Sheet {
    /// Name, place, mark and what is said beside.
    pub fn top(&self, p: &mut Paper) -> Fragment {
        let left = BODY - SIDE - 12.0;
        let mut out = p.paragraph(DOCUMENT, &plain(&self.genre), Style::QUIET, left);
        let title = p.heading(DOCUMENT, 1, &self.nom, left);
        out.under(title, 2.0);
        if !self.dans.is_empty() {
            let inside = self.dans.join(" · ");
            let line = p.paragraph(DOCUMENT, &plain(&inside), Style { color: QUIET, ..Style::BODY }, left);
            out.under(line, 3.0);
        }
        let white = Style { color: WHITE, size: 9.0, leading: 1.2 };
        let mut side = p.note(DOCUMENT, &[(&self.marque.0, Weight::Bold)], self.marque.1, white, SIDE);
        let fiction = self.demonstration.then(|| "Territoire fictif".to_owned());
        for line in self.marge.iter().chain([&days::long(&self.jour)]).chain(&fiction) {
            let text = p.paragraph(DOCUMENT, &plain(line), Style { size: 8.0, ..Style::QUIET }, SIDE);
            side.under(text, 1.5);
        }
        out.put(side, [BODY - SIDE, 0.0]);
        let y = out.height + 8.0;
        let rule = Draw::Path(Path {
            rings: vec![vec![[0.0, y], [BODY, y]]],
            stroke: Some((INK, 1.6)),
            ..Default::default()
        });
        out.put(Fragment::ornament(y, vec![rule]), [0.0, 0.0]);
        out
    }

    /// What one must know to read it.
    pub fn method(&self, p: &mut Paper, style: Style) -> Fragment {
        let section: Element = p.tree.add(DOCUMENT, Kind::Section);
        let mut out = p.heading(section, 2, "Méthode, sources et secret", BODY);
        for (bold, text) in &self.methode {
            let bold = format!("{bold}. ");
            let spans = [(bold.as_str(), Weight::Bold), (text.as_str(), Weight::Regular)];
            let line = p.paragraph(section, &spans, style, BODY);
            out.under(line, 3.0);
        }
        out
    }

    #[must_use]
    pub fn about(&self) -> About {
        let fiction = if self.demonstration { " · Territoire fictif" } else { "" };
        let author = if self.organisme.is_empty() { "mosaïque" } else { &self.organisme };
        let [first, second] = &self.pied;
        About {
            title: self.titre.clone(),
            author: author.to_owned(),
            subject: self.sujet.clone(),
            day: self.jour.clone(),
            head: self.courant.clone(),
            foot: [format!("{first} · édité le {}{fiction}", days::french(&self.jour)), second.clone()],
        }
    }
}

/// Warnings, together on one ground.
pub fn warnings(p: &mut Paper, words: &[String], gap: f32) {
    let [x, y] = [9.0, 6.0];
    let mut inner = Fragment::default();
    for words in words {
        let one = p.paragraph(DOCUMENT, &plain(words), Style::QUIET, BODY - 2.0 * x);
        inner.under(one, 3.0);
    }
    if inner.pieces.is_empty() {
        return;
    }
    let height = inner.height + 2.0 * y;
    let mut out = Fragment::ornament(height, vec![rectangle([0.0, 0.0, BODY, height], WARNING)]);
    out.put(inner, [x, y]);
    p.place(out, gap);
}

/// A heading with its table and what must be said of it, as one block.
pub fn section(p: &mut Paper, part: &Part, width: f32) -> Fragment {
    let section = p.tree.add(DOCUMENT, Kind::Section);
    let mut out = p.heading(section, 2, &part.title, width);
    if let Some(cells) = &part.cells {
        let table = p.table(section, cells, width);
        out.under(table, 4.0);
    }
    for words in &part.notes {
        let note = p.paragraph(section, &plain(words), Style::QUIET, width);
        out.under(note, 4.0);
    }
    out
}

/// Sections over the whole width, one under the other; their tables go over pages.
pub fn sections(p: &mut Paper, parts: &[Part], gap: f32) {
    for part in parts {
        let section = p.tree.add(DOCUMENT, Kind::Section);
        let mut top = p.heading(section, 2, &part.title, BODY);
        let mut notes = part.notes.iter();
        match &part.cells {
            Some(cells) => {
                let lines = p.lines(section, cells, BODY);
                p.flow(top, lines, gap);
            }
            // A heading has what it says with it.
            None => {
                if let Some(first) = notes.next() {
                    let first = p.paragraph(section, &plain(first), Style::QUIET, BODY);
                    top.under(first, 4.0);
                }
                p.place(top, gap);
            }
        }
        for words in notes {
            let note = p.paragraph(section, &plain(words), Style::QUIET, BODY);
            p.place(note, 4.0);
        }
    }
}

fn plain(text: &str) -> [Span<'_>; 1] {
    [(text, Weight::Regular)]
}
