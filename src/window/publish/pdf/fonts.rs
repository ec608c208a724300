//! The letters of papers: Source Sans 3, as the page has it, and how a text becomes glyphs and lines.

use krilla::text::{Font, GlyphId, KrillaGlyph, Tag as Axis};
use rustybuzz::ttf_parser::Tag;
use rustybuzz::{Direction, Face, Feature, UnicodeBuffer, Variation};

use crate::publish::PublishError;

const LATIN: &[u8] = include_bytes!("fonts/source-sans-3-latin.ttf");
/// Letters that few names have.
const EXTENDED: &[u8] = include_bytes!("fonts/source-sans-3-latin-ext.ttf");
/// What stands for a letter that neither has.
const UNKNOWN: char = '?';

/// How heavy letters are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Weight {
    #[default]
    Regular,
    Bold,
}

/// A font as glyphs are chosen from it and as a file embeds it.
struct Set {
    shaper: Face<'static>,
    font: Font,
}

/// Glyphs of one font, one after the other.
#[derive(Debug, Clone)]
pub struct Run {
    pub font: Font,
    pub glyphs: Vec<KrillaGlyph>,
    pub text: String,
    /// Width at size 1.
    pub advance: f32,
}

/// A text on one line.
#[derive(Debug, Clone, Default)]
pub struct Line {
    pub runs: Vec<Run>,
    /// At the size that it was measured for.
    pub width: f32,
}

/// A part of a text, all of one weight.
pub type Span<'a> = (&'a str, Weight);

/// The fonts.
pub struct Fonts {
    /// By weight: latin, extended.
    sets: [[Set; 2]; 2],
}

impl Fonts {
    /// # Errors
    /// The fonts that are compiled in cannot be read, which a test excludes.
    pub fn new() -> Result<Self, PublishError> {
        let set = |data: &'static [u8], weight: f32| {
            let fault = || PublishError::Paper("une police de caractères est illisible".to_owned());
            let mut shaper = Face::from_slice(data, 0).ok_or_else(fault)?;
            shaper.set_variations(&[Variation { tag: Tag::from_bytes(b"wght"), value: weight }]);
            let axes = [(Axis::new(b"wght"), weight)];
            let font = Font::new_variable(data.into(), 0, &axes).ok_or_else(fault)?;
            Ok::<Set, PublishError>(Set { shaper, font })
        };
        let pair = |weight| Ok::<_, PublishError>([set(LATIN, weight)?, set(EXTENDED, weight)?]);
        Ok(Self { sets: [pair(400.0)?, pair(600.0)?] })
    }

    /// Spans on one line, whatever its width.
    #[must_use]
    pub fn line(&self, spans: &[Span<'_>], size: f32) -> Line {
        let mut runs = Vec::new();
        for (text, weight) in spans {
            let sets = &self.sets[usize::from(*weight == Weight::Bold)];
            let mut part = String::new();
            let mut extended = false;
            for c in text.chars() {
                // The narrow space that French numbers have is called a thin one in this font.
                let c = if c == '\u{202f}' { '\u{2009}' } else { c };
                let has = |set: &Set| set.shaper.glyph_index(c).is_some();
                let (c, other) = match (has(&sets[0]), has(&sets[1])) {
                    (true, _) => (c, false),
                    (false, true) => (c, true),
                    _ => (UNKNOWN, false),
                };
                if other != extended && !part.is_empty() {
                    runs.push(shaped(&sets[usize::from(extended)], std::mem::take(&mut part)));
                }
                extended = other;
                part.push(c);
            }
            if !part.is_empty() {
                runs.push(shaped(&sets[usize::from(extended)], part));
            }
        }
        let width = runs.iter().map(|r| r.advance).sum::<f32>() * size;
        Line { runs, width }
    }

    /// Spans in lines of a width, broken at spaces; a word that is wider is cut.
    #[must_use]
    pub fn lines(&self, spans: &[Span<'_>], size: f32, width: f32) -> Vec<Line> {
        let mut out: Vec<Vec<(String, Weight)>> = vec![Vec::new()];
        let mut at = 0.0;
        for (text, weight) in spans {
            for word in text.split_inclusive(' ') {
                let wide = self.line(&[(word.trim_end_matches(' '), *weight)], size).width;
                if at > 0.0 && at + wide > width {
                    out.push(Vec::new());
                    at = 0.0;
                }
                if wide > width {
                    at = self.cut(word, *weight, size, width, &mut out);
                    continue;
                }
                at += self.line(&[(word, *weight)], size).width;
                push(&mut out, word, *weight);
            }
        }
        let told = |l: &Vec<(String, Weight)>| {
            let spans: Vec<Span<'_>> = l.iter().map(|(t, w)| (t.as_str(), *w)).collect();
            self.line(&spans, size)
        };
        out.iter().map(told).collect()
    }

    /// Puts a word that is wider than a line on several; returns how far the last one goes.
    fn cut(
        &self,
        word: &str,
        weight: Weight,
        size: f32,
        width: f32,
        out: &mut Vec<Vec<(String, Weight)>>,
    ) -> f32 {
        let mut at = 0.0;
        for c in word.chars() {
            let text = c.to_string();
            let wide = self.line(&[(&text, weight)], size).width;
            if at > 0.0 && at + wide > width {
                out.push(Vec::new());
                at = 0.0;
            }
            at += wide;
            push(out, &text, weight);
        }
        at
    }
}

/// Adds to the last line, to its last part if that is of the same weight.
fn push(lines: &mut Vec<Vec<(String, Weight)>>, text: &str, weight: Weight) {
    let Some(last) = lines.last_mut() else { return lines.push(vec![(text.to_owned(), weight)]) };
    match last.last_mut() {
        Some((part, w)) if *w == weight => part.push_str(text),
        _ => last.push((text.to_owned(), weight)),
    }
}

/// Glyphs of a text whose letters a font has.
fn shaped(set: &Set, text: String) -> Run {
    let mut buffer = UnicodeBuffer::new();
    buffer.push_str(&text);
    buffer.guess_segment_properties();
    buffer.set_direction(Direction::LeftToRight);
    // Digits of one width stand under one another.
    let digits = [Feature::new(Tag::from_bytes(b"tnum"), 1, ..)];
    let found = rustybuzz::shape(&set.shaper, &digits, buffer);
    let em = set.font.units_per_em();
    let clusters: Vec<usize> = found.glyph_infos().iter().map(|i| i.cluster as usize).collect();
    let end = |i: usize| clusters[i..].iter().find(|c| **c > clusters[i]).copied().unwrap_or(text.len());
    let glyphs: Vec<KrillaGlyph> = found
        .glyph_infos()
        .iter()
        .zip(found.glyph_positions())
        .enumerate()
        .map(|(i, (info, at))| {
            let [advance, x, y, down] =
                [at.x_advance, at.x_offset, at.y_offset, at.y_advance].map(|v| v as f32 / em);
            KrillaGlyph::new(GlyphId::new(info.glyph_id), advance, x, y, down, clusters[i]..end(i), None)
        })
        .collect();
    let advance = glyphs.iter().map(|g| g.x_advance).sum();
    Run { font: set.font.clone(), glyphs, text, advance }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_broken_at_spaces_within_their_width_and_nothing_is_lost() {
        let fonts = Fonts::new().unwrap();
        let text = "Trente et un mille logements à Šabac, Pont-de-Bœuf : 31\u{202f}000 \u{4e2d} « fin »";
        let spans = [(text, Weight::Regular), (" et gras", Weight::Bold)];
        let lines = fonts.lines(&spans, 10.0, 90.0);
        assert!(lines.len() > 3 && lines.iter().all(|l| l.width <= 95.0), "{lines:?}");
        let read: String = lines.iter().flat_map(|l| &l.runs).map(|r| r.text.as_str()).collect();
        let wanted = format!("{text} et gras").replace('\u{202f}', "\u{2009}").replace('\u{4e2d}', "?");
        assert_eq!(read, wanted);
        assert!(lines.iter().flat_map(|l| &l.runs).all(|r| r.glyphs.iter().all(|g| g.glyph_id.to_u32() > 0)));
        let wide =
            fonts.lines(&[("Saint-Remy-en-Bouzemont-Saint-Genest-et-Isson", Weight::Bold)], 24.0, 120.0);
        assert!(wide.len() > 1 && wide.iter().all(|l| l.width <= 120.0));
    }
}
