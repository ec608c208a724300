//! Pages: blocks one under the other, what stands at the top and foot of each page, and the file.

use krilla::Document;
use krilla::SerializeSettings;
use krilla::configure::{Accessibility, Archival, Configuration, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::error::KrillaError;
use krilla::geom::Point;
use krilla::metadata::{DateTime, Metadata};
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::surface::Surface;
use krilla::tagging::{Artifact, ArtifactType, ContentTag, SpanTag};

use super::blocks::Lines;
use super::draw::{Draw, Fragment, ORNAMENT, Piece, rect, rule};
use super::fonts::{Fonts, Weight};
use super::sheet::Spacing;
use super::tree::Tree;
use super::{LANGUAGE, QUIET, RULE};
use crate::publish::PublishError;

const PAGE: [f32; 2] = [595.28, 841.89];
const LEFT: f32 = 40.0;
/// Width of what is written.
pub const BODY: f32 = PAGE[0] - 2.0 * LEFT;
/// Where blocks begin on the first page, and on those that have a head.
const TOPS: [f32; 2] = [36.0, 52.0];
/// Where they end: the foot stands below.
const BOTTOM: f32 = PAGE[1] - 58.0;
const SMALL: f32 = 7.5;
/// Lines of a table that take no more than this stay together.
const SHORT: f32 = 190.0;

/// What a file says of itself.
#[derive(Debug, Clone)]
pub struct About {
    pub title: String,
    pub author: String,
    pub subject: String,
    /// `YYYY-MM-DD`.
    pub day: String,
    /// Top of each page but the first.
    pub head: String,
    /// Foot of each page.
    pub foot: [String; 2],
}

/// A paper that is being written.
pub struct Paper {
    pub fonts: Fonts,
    pub tree: Tree,
    /// Above and under the lines of tables.
    pub(super) pad: f32,
    /// Blocks with their place from the top.
    pages: Vec<Vec<(Fragment, f32)>>,
    y: f32,
}

impl Paper {
    /// # Errors
    /// The fonts cannot be read.
    pub fn new(space: Spacing) -> Result<Self, PublishError> {
        let (fonts, tree) = (Fonts::new()?, Tree::default());
        Ok(Self { fonts, tree, pad: space.pad, pages: vec![Vec::new()], y: TOPS[0] })
    }

    /// Puts a block under the others, on the next page if it does not fit on this one.
    pub fn place(&mut self, block: Fragment, gap: f32) {
        if block.pieces.is_empty() {
            return;
        }
        let begun = self.pages.last().is_some_and(|p| !p.is_empty());
        let at = if begun { self.y + gap } else { self.y };
        let at = if begun && at + block.height > BOTTOM {
            self.pages.push(Vec::new());
            TOPS[1]
        } else {
            at
        };
        self.y = at + block.height;
        if let Some(page) = self.pages.last_mut() {
            page.push((block, at));
        }
    }

    /// Puts a table under the others, over as many pages as it takes; its head stands on each of them. `top`
    /// stays with its first lines, as do short tables with all of theirs.
    pub fn flow(&mut self, top: Fragment, lines: Lines, gap: f32) {
        let whole: f32 = lines.rows.iter().map(|r| r.height).sum();
        let together = if whole <= SHORT { lines.rows.len() } else { 2 };
        let again = lines.head.repeated();
        let mut rows = lines.rows.into_iter();
        let mut first = top;
        first.under(lines.head, 4.0);
        rows.by_ref().take(together).for_each(|row| first.under(row, 0.0));
        self.place(first, gap);
        for row in rows {
            if self.fits(&row, 0.0) {
                self.place(row, 0.0);
            } else {
                let mut next = again.clone();
                next.under(row, 0.0);
                self.place(next, 0.0);
            }
        }
    }

    /// Pages so far.
    #[must_use]
    pub fn count(&self) -> usize {
        self.pages.len()
    }

    /// Whether a block fits under the others on this page.
    #[must_use]
    pub fn fits(&self, block: &Fragment, gap: f32) -> bool {
        self.y + gap + block.height <= BOTTOM
    }

    /// The file.
    ///
    /// # Errors
    /// It does not conform: a figure has no text, a letter no glyph.
    pub fn write(mut self, about: &About) -> Result<Vec<u8>, PublishError> {
        let settings = SerializeSettings { configuration: conforming()?, ..SerializeSettings::default() };
        let mut document = Document::new_with(settings);
        let mut outline: Vec<OutlineNode> = Vec::new();
        let pages = std::mem::take(&mut self.pages);
        let count = pages.len();
        for (number, blocks) in pages.into_iter().enumerate() {
            let size = PageSettings::from_wh(PAGE[0], PAGE[1]).ok_or_else(|| fault("page sans taille"))?;
            let mut page = document.start_page_with(size);
            // One surface a page: another would begin the page again.
            let mut surface = page.surface();
            for (block, y) in blocks {
                for (text, at) in &block.marks {
                    let node = OutlineNode::new(
                        text.clone(),
                        XyzDestination::new(number, Point::from_xy(0.0, (y + at - 6.0).max(0.0))),
                    );
                    // The title of the paper holds the others.
                    match outline.first_mut() {
                        Some(title) => title.push_child(node),
                        None => outline.push(node.with_open(true)),
                    }
                }
                let mut there = Fragment::default();
                there.put(block, [LEFT, y]);
                self.draw(&mut surface, number, there.pieces);
            }
            for (kind, piece) in self.margins(about, number, count) {
                surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(kind)));
                piece.iter().for_each(|d| d.on(&mut surface));
                surface.end_tagged();
            }
            surface.finish();
            page.finish();
        }
        let mut all = Outline::new();
        outline.into_iter().for_each(|node| all.push_child(node));
        document.set_outline(all);
        document.set_metadata(metadata(about));
        document.set_tag_tree(self.tree.tags());
        document.finish().map_err(|e: KrillaError| fault(&e.to_string()))
    }

    fn draw(&mut self, surface: &mut Surface<'_>, number: usize, pieces: Vec<Piece>) {
        for piece in pieces {
            let tag = match (piece.of, piece.place) {
                (None, _) => ContentTag::Artifact(Artifact::with_kind(ORNAMENT)),
                (Some(_), None) => ContentTag::Span(SpanTag::empty()),
                (Some(_), Some(_)) => ContentTag::Other,
            };
            let content = surface.start_tagged(tag);
            piece.draws.iter().for_each(|d| d.on(surface));
            surface.end_tagged();
            if let Some(element) = piece.of {
                self.tree.own(element, content, number, piece.place.and_then(rect));
            }
        }
    }

    /// Head and foot of a page.
    fn margins(&self, about: &About, number: usize, count: usize) -> Vec<(ArtifactType, Vec<Draw>)> {
        let [left, right] = [LEFT, PAGE[0] - LEFT];
        let text = |words: &str, at: [f32; 2], from_right: bool| {
            let line = self.fonts.line(&[(words, Weight::Regular)], SMALL);
            let x = if from_right { at[0] - line.width } else { at[0] };
            Draw::Text { at: [x, at[1]], size: SMALL, color: QUIET, line }
        };
        let foot = PAGE[1] - 44.0;
        let mut out = vec![(
            ArtifactType::Footer,
            vec![
                rule([left, foot], [right, foot], RULE, 0.6),
                text(&about.foot[0], [left, foot + 11.0], false),
                text(&about.foot[1], [left, foot + 21.0], false),
            ],
        )];
        let page = format!("Page {} sur {count}", number + 1);
        out.push((ArtifactType::PageNumber, vec![text(&page, [right, foot + 11.0], true)]));
        if number > 0 {
            let draws =
                vec![text(&about.head, [left, 33.0], false), rule([left, 39.0], [right, 39.0], RULE, 0.6)];
            out.push((ArtifactType::Header, draws));
        }
        out
    }
}

fn fault(words: &str) -> PublishError {
    PublishError::Paper(words.to_owned())
}

/// PDF/UA-1, so that all can read it, and PDF/A-2a, so that it can be archived.
fn conforming() -> Result<Configuration, PublishError> {
    ConfigurationBuilder::new()
        .with_accessibility_validator(Accessibility::UA1)
        .with_archival_validator(Archival::A2_A)
        .finish()
        .map_err(|e| fault(&format!("{e:?}")))
}

fn metadata(about: &About) -> Metadata {
    let mut parts = about.day.split('-').map(|p| p.parse::<u16>().unwrap_or(1));
    let mut next = || parts.next().unwrap_or(1);
    let small = |v: u16| u8::try_from(v).unwrap_or(1);
    let day = DateTime::new(next()).month(small(next())).day(small(next()));
    Metadata::new()
        .title(about.title.clone())
        .description(about.subject.clone())
        .authors(vec![about.author.clone()])
        .creator("mosaïque".to_owned())
        .creation_date(day)
        .language(LANGUAGE.to_owned())
}
