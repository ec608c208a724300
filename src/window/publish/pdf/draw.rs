//! What is drawn, before it has a place on a page.

use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::num::NormalizedF32;
use krilla::paint::{Fill, FillRule, LineJoin, Stroke, StrokeDash};
use krilla::surface::Surface;
use krilla::tagging::ArtifactType;

use super::fonts::Line;
use super::tree::Element;

/// Red, green, blue.
pub type Color = [u8; 3];

/// Rings or lines, with what they are drawn by.
#[derive(Debug, Clone, Default)]
pub struct Path {
    pub rings: Vec<Vec<[f32; 2]>>,
    pub closed: bool,
    pub fill: Option<Color>,
    pub stroke: Option<(Color, f32)>,
    pub dashed: bool,
}

/// One thing that is drawn.
#[derive(Debug, Clone)]
pub enum Draw {
    /// A line of text, its left end on its base line.
    Text {
        at: [f32; 2],
        size: f32,
        color: Color,
        line: Line,
    },
    /// The same in outlines, white around the letters: readable on a map, and read nowhere else.
    Label {
        at: [f32; 2],
        size: f32,
        color: Color,
        line: Line,
    },
    Path(Path),
    Circle {
        at: [f32; 2],
        radius: f32,
        fill: Option<Color>,
        stroke: Option<(Color, f32)>,
    },
    /// What follows is cut at a rectangle (left, top, right, bottom), until [`Draw::Whole`].
    Within([f32; 4]),
    Whole,
}

/// Things that are one piece of content.
#[derive(Debug, Clone)]
pub struct Piece {
    /// None: an ornament, which is not read.
    pub of: Option<Element>,
    /// Left, top, right, bottom; for figures.
    pub place: Option<[f32; 4]>,
    pub draws: Vec<Draw>,
}

/// A block that has a height and no page yet.
#[derive(Debug, Clone, Default)]
pub struct Fragment {
    pub height: f32,
    pub pieces: Vec<Piece>,
    /// Bookmarks: text, distance from the top.
    pub marks: Vec<(String, f32)>,
}

impl Fragment {
    /// Ornaments of a height.
    #[must_use]
    pub fn ornament(height: f32, draws: Vec<Draw>) -> Self {
        Self { height, pieces: vec![Piece { of: None, place: None, draws }], marks: Vec::new() }
    }

    /// Adds another one at a place in this one.
    pub fn put(&mut self, other: Self, [x, y]: [f32; 2]) {
        for mut piece in other.pieces {
            piece.draws.iter_mut().for_each(|d| d.shift([x, y]));
            piece.place = piece.place.map(|[l, t, r, b]| [l + x, t + y, r + x, b + y]);
            self.pieces.push(piece);
        }
        self.marks.extend(other.marks.into_iter().map(|(text, at)| (text, at + y)));
        self.height = self.height.max(y + other.height);
    }

    /// The same, read nowhere: what a page repeats of another.
    #[must_use]
    pub fn repeated(&self) -> Self {
        let pieces = self.pieces.iter().map(|p| Piece { of: None, place: None, draws: p.draws.clone() });
        Self { height: self.height, pieces: pieces.collect(), marks: Vec::new() }
    }

    /// Adds another one under this one.
    pub fn under(&mut self, other: Self, gap: f32) {
        let at = if self.height > 0.0 { self.height + gap } else { 0.0 };
        self.put(other, [0.0, at]);
    }
}

/// A rectangle.
#[must_use]
pub fn rectangle([left, top, right, bottom]: [f32; 4], fill: Color) -> Draw {
    Draw::Path(Path {
        rings: vec![vec![[left, top], [right, top], [right, bottom], [left, bottom]]],
        closed: true,
        fill: Some(fill),
        ..Path::default()
    })
}

/// A straight line.
#[must_use]
pub fn rule(from: [f32; 2], to: [f32; 2], color: Color, width: f32) -> Draw {
    Draw::Path(Path { rings: vec![vec![from, to]], stroke: Some((color, width)), ..Path::default() })
}

fn paint(color: Color) -> Fill {
    let [r, g, b] = color;
    Fill { paint: rgb::Color::new(r, g, b).into(), opacity: NormalizedF32::ONE, rule: FillRule::EvenOdd }
}

fn pen((color, width): (Color, f32), dashed: bool) -> Stroke {
    let [r, g, b] = color;
    Stroke {
        paint: rgb::Color::new(r, g, b).into(),
        width,
        line_join: LineJoin::Round,
        dash: dashed.then(|| StrokeDash { array: vec![3.0, 2.0], offset: 0.0 }),
        ..Stroke::default()
    }
}

impl Draw {
    fn shift(&mut self, [x, y]: [f32; 2]) {
        let moved = |p: &mut [f32; 2]| *p = [p[0] + x, p[1] + y];
        match self {
            Self::Text { at, .. } | Self::Label { at, .. } | Self::Circle { at, .. } => moved(at),
            Self::Path(path) => path.rings.iter_mut().flatten().for_each(moved),
            Self::Within([l, t, r, b]) => (*l, *t, *r, *b) = (*l + x, *t + y, *r + x, *b + y),
            Self::Whole => {}
        }
    }

    pub(super) fn on(&self, surface: &mut Surface<'_>) {
        match self {
            Self::Text { at, size, color, line } => {
                surface.set_stroke(None);
                surface.set_fill(Some(paint(*color)));
                written(surface, line, *at, *size, false);
            }
            Self::Label { at, size, color, line } => {
                surface.set_fill(None);
                surface.set_stroke(Some(pen((super::WHITE, 2.2), false)));
                written(surface, line, *at, *size, true);
                surface.set_stroke(None);
                surface.set_fill(Some(paint(*color)));
                written(surface, line, *at, *size, true);
            }
            Self::Path(path) => {
                let mut builder = PathBuilder::new();
                for ring in path.rings.iter().filter(|r| r.len() > 1) {
                    builder.move_to(ring[0][0], ring[0][1]);
                    ring[1..].iter().for_each(|[x, y]| builder.line_to(*x, *y));
                    if path.closed {
                        builder.close();
                    }
                }
                drawn(surface, builder, path.fill, path.stroke, path.dashed);
            }
            Self::Circle { at: [x, y], radius: r, fill, stroke } => {
                // Four arcs; the constant makes them a circle to a thousandth.
                let k = r * 0.552_284_8;
                let mut b = PathBuilder::new();
                b.move_to(x + r, *y);
                b.cubic_to(x + r, y + k, x + k, y + r, *x, y + r);
                b.cubic_to(x - k, y + r, x - r, y + k, x - r, *y);
                b.cubic_to(x - r, y - k, x - k, y - r, *x, y - r);
                b.cubic_to(x + k, y - r, x + r, y - k, x + r, *y);
                b.close();
                drawn(surface, b, *fill, *stroke, false);
            }
            Self::Within(place) => {
                let mut builder = PathBuilder::new();
                if let Some(rect) = rect(*place) {
                    builder.push_rect(rect);
                }
                if let Some(path) = builder.finish() {
                    surface.push_clip_path(&path, &FillRule::NonZero);
                }
            }
            Self::Whole => surface.pop(),
        }
    }
}

pub(super) fn rect([left, top, right, bottom]: [f32; 4]) -> Option<Rect> {
    Rect::from_ltrb(left, top, right, bottom)
}

fn drawn(
    surface: &mut Surface<'_>,
    builder: PathBuilder,
    fill: Option<Color>,
    stroke: Option<(Color, f32)>,
    dashed: bool,
) {
    let Some(path) = builder.finish().filter(|_| fill.is_some() || stroke.is_some()) else { return };
    surface.set_fill(fill.map(paint));
    surface.set_stroke(stroke.map(|s| pen(s, dashed)));
    surface.draw_path(&path);
}

fn written(surface: &mut Surface<'_>, line: &Line, [x, y]: [f32; 2], size: f32, outlined: bool) {
    let mut at = x;
    for run in &line.runs {
        surface.draw_glyphs(Point::from_xy(at, y), &run.glyphs, run.font.clone(), &run.text, size, outlined);
        at += run.advance * size;
    }
}

/// What an ornament is, where it repeats on each page.
pub(super) const ORNAMENT: ArtifactType = ArtifactType::Layout;
