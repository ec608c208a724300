//! A small map of contours and discs with its legend, as one figure with the text that stands for it.

use super::frame::Rings;
use crate::publish::pdf::{Color, Draw, Element, Fragment, Kind, Paper, Path, Piece, QUIET, Style, Weight};
use crate::publish::pdf::{INK, WHITE};

/// An area and its colour; None: it has no figure.
#[derive(Debug, Clone)]
pub struct Area {
    pub rings: Rings,
    pub color: Option<Color>,
}

/// A disc at a place, its size a part of the largest, from 0 to 1, by its surface.
#[derive(Debug, Clone)]
pub struct Disc {
    pub at: [f32; 2],
    pub part: f32,
    pub color: Color,
}

/// What a line of the legend shows.
#[derive(Debug, Clone)]
pub enum Key {
    Ground(Color),
    /// A disc of a size, from 0 to 1.
    Disc(Color, f32),
    Line(Color, bool),
}

/// A map. Places are in its frame, whose width is 1.
#[derive(Debug, Clone)]
pub struct Map {
    pub title: String,
    pub subtitle: String,
    /// Everything that it tells, in words.
    pub told: String,
    pub aspect: f32,
    pub areas: Vec<Area>,
    /// Limits of communes.
    pub limits: Vec<Rings>,
    /// Priority districts.
    pub quarters: Vec<Rings>,
    /// Contour of what the portrait is of.
    pub subject: Option<Rings>,
    pub discs: Vec<Disc>,
    pub names: Vec<([f32; 2], String)>,
    pub legend: Vec<(Key, String)>,
    pub bar: (f32, String),
}

/// Ground of a map, and what has no figure.
const GROUND: Color = [246, 247, 247];
const LIMIT: Color = [130, 141, 148];
pub const QUARTER: Color = [140, 45, 110];
pub const SUBJECT: Color = INK;
/// Radius of the largest disc, in points.
const LARGEST: f32 = 13.0;
const NAME: f32 = 7.5;
const KEY: f32 = 8.0;

impl Map {
    /// The map as a block of a width.
    #[must_use]
    pub fn block(&self, paper: &mut Paper, parent: Element, width: f32) -> Fragment {
        let caption = paper.tree.add(parent, Kind::Paragraph);
        let title = [(self.title.as_str(), Weight::Bold)];
        let mut out = paper.text(caption, &title, Style { size: 9.5, ..Style::BODY }, width);
        let below = [(self.subtitle.as_str(), Weight::Regular)];
        out.under(paper.text(caption, &below, Style::QUIET, width), 0.0);
        let figure = paper.tree.add(parent, Kind::Figure(self.told.clone()));
        let height = width * self.aspect;
        let (mut draws, tall) = (self.drawn(paper, width, height), self.legend_height());
        draws.extend(self.keys(paper, height + 6.0));
        let place = Some([0.0, 0.0, width, height + tall]);
        let pieces = vec![Piece { of: Some(figure), place, draws }];
        out.under(Fragment { height: height + tall, pieces, marks: Vec::new() }, 3.0);
        out
    }

    fn legend_height(&self) -> f32 {
        6.0 + self.legend.iter().map(|(key, _)| step(key)).sum::<f32>()
    }

    /// The map without its legend.
    fn drawn(&self, paper: &Paper, width: f32, height: f32) -> Vec<Draw> {
        let scaled = |rings: &Rings| -> Rings {
            rings.iter().map(|r| r.iter().map(|[x, y]| [x * width, y * width]).collect()).collect()
        };
        let frame = vec![vec![[0.0, 0.0], [width, 0.0], [width, height], [0.0, height]]];
        let closed = |rings: Rings, fill: Option<Color>, stroke: Option<(Color, f32)>| {
            Draw::Path(Path { rings, closed: true, fill, stroke, dashed: false })
        };
        let mut out =
            vec![closed(frame.clone(), Some(GROUND), None), Draw::Within([0.0, 0.0, width, height])];
        for area in &self.areas {
            out.push(closed(scaled(&area.rings), Some(area.color.unwrap_or(WHITE)), Some((WHITE, 0.4))));
        }
        for rings in &self.limits {
            out.push(closed(scaled(rings), None, Some((LIMIT, 0.5))));
        }
        for rings in &self.quarters {
            let path = Path { rings: scaled(rings), closed: true, dashed: true, ..Path::default() };
            out.push(Draw::Path(Path { stroke: Some((QUARTER, 0.8)), ..path }));
        }
        if let Some(rings) = &self.subject {
            out.push(closed(scaled(rings), None, Some((SUBJECT, 1.3))));
        }
        for disc in &self.discs {
            out.push(Draw::Circle {
                at: disc.at.map(|v| v * width),
                radius: radius(disc.part),
                fill: Some(disc.color),
                stroke: Some((WHITE, 0.5)),
            });
        }
        self.named(paper, width, &mut out);
        out.push(Draw::Whole);
        out.push(closed(frame, None, Some((LIMIT, 0.6))));
        let [x, y] = [6.0, height - 7.0];
        let long = self.bar.0 * width;
        let bar = vec![vec![[x, y - 3.0], [x, y], [x + long, y], [x + long, y - 3.0]]];
        let line = paper.fonts.line(&[(self.bar.1.as_str(), Weight::Regular)], NAME);
        out.push(Draw::Path(Path { rings: bar, stroke: Some((INK, 0.9)), ..Path::default() }));
        out.push(Draw::Label { at: [x + 3.0, y - 4.0], size: NAME, color: INK, line });
        out
    }

    /// Names that do not cover one another, the first before the next.
    fn named(&self, paper: &Paper, width: f32, out: &mut Vec<Draw>) {
        let mut taken: Vec<[f32; 4]> = Vec::new();
        for (at, name) in &self.names {
            let line = paper.fonts.line(&[(name.as_str(), Weight::Bold)], NAME);
            // Over the disc that stands there.
            let near = |d: &&Disc| (d.at[0] - at[0]).hypot(d.at[1] - at[1]) * width < 4.0;
            let over = self.discs.iter().find(near).map_or(0.0, |d| radius(d.part) + NAME * 0.7);
            let [x, y] = [at[0] * width - line.width / 2.0, at[1] * width + NAME * 0.35 - over];
            let place = [x - 2.0, y - NAME, x + line.width + 2.0, y + 2.0];
            let inside = place[0] >= 0.0 && place[2] <= width;
            let free =
                |t: &[f32; 4]| place[2] < t[0] || place[0] > t[2] || place[3] < t[1] || place[1] > t[3];
            if inside && taken.iter().all(free) {
                taken.push(place);
                out.push(Draw::Label { at: [x, y], size: NAME, color: INK, line });
            }
        }
    }

    fn keys(&self, paper: &Paper, top: f32) -> Vec<Draw> {
        let mut out = Vec::new();
        let mut y = top;
        for (key, words) in &self.legend {
            let middle = y + step(key) / 2.0;
            out.push(match key {
                Key::Ground(color) => Draw::Path(Path {
                    rings: vec![vec![[6.0, y + 1.5], [22.0, y + 1.5], [22.0, y + 9.5], [6.0, y + 9.5]]],
                    closed: true,
                    fill: Some(*color),
                    stroke: Some((LIMIT, 0.4)),
                    dashed: false,
                }),
                Key::Disc(color, part) => Draw::Circle {
                    at: [14.0, middle],
                    radius: radius(*part),
                    fill: Some(*color),
                    stroke: None,
                },
                Key::Line(color, dashed) => Draw::Path(Path {
                    rings: vec![vec![[6.0, middle], [22.0, middle]]],
                    stroke: Some((*color, if *dashed { 0.9 } else { 1.3 })),
                    dashed: *dashed,
                    ..Path::default()
                }),
            });
            let line = paper.fonts.line(&[(words.as_str(), Weight::Regular)], KEY);
            out.push(Draw::Text { at: [32.0, middle + KEY * 0.34], size: KEY, color: QUIET, line });
            y += step(key);
        }
        out
    }
}

/// Height of a line of the legend, at least.
const STEP: f32 = 11.5;

/// Height of a line of the legend: discs are as large there as on the map.
fn step(key: &Key) -> f32 {
    match key {
        Key::Disc(_, part) => STEP.max(2.0 * radius(*part) + 2.0),
        _ => STEP,
    }
}

/// Radius of a disc whose surface is a part of the largest one's.
fn radius(part: f32) -> f32 {
    (LARGEST * part.max(0.0).sqrt()).max(1.2)
}
