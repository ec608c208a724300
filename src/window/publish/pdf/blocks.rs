//! Blocks: headings, paragraphs, lists of facts, tables.

use super::draw::{Color, Draw, Fragment, Piece, rectangle, rule};
use super::fonts::{Line, Span, Weight};
use super::paper::Paper;
use super::tree::{Element, Kind};
use super::{ACCENT, INK, QUIET, RULE};

/// How a text is set.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    pub size: f32,
    pub color: Color,
    /// Distance between base lines, in sizes.
    pub leading: f32,
}

impl Style {
    pub const BODY: Self = Self { size: 9.5, color: INK, leading: 1.3 };
    pub const QUIET: Self = Self { size: 8.5, color: QUIET, leading: 1.3 };
    const HEADER: Self = Self { size: 8.5, color: QUIET, leading: 1.15 };
    const CELL: Self = Self { size: 9.5, color: INK, leading: 1.2 };
}

/// Part of a size from the top of a line to its base line.
const ASCENT: f32 = 0.95;
/// Between columns of a table, above and under its lines.
const GUTTER: f32 = 10.0;
const PAD: f32 = 2.4;
/// Headers of columns are broken beyond this.
const HEADER_WIDTH: f32 = 74.0;

/// A table in words. Cells may have a bar under them: a part of the widest, from 0 to 1.
#[derive(Debug, Clone, Default)]
pub struct Cells {
    /// What the first column says.
    pub first: String,
    pub columns: Vec<String>,
    pub rows: Vec<(String, Vec<String>)>,
    /// By row and column, where there are bars.
    pub bars: Vec<Vec<Option<f32>>>,
    /// Colours of the bars, by column.
    pub colors: Vec<Color>,
    /// Whether the first column of figures stands out.
    pub strong: bool,
}

impl Paper {
    /// A text of an element in lines of a width.
    #[must_use]
    pub fn text(&self, of: Element, spans: &[Span<'_>], style: Style, width: f32) -> Fragment {
        let lines = self.fonts.lines(spans, style.size, width);
        set(of, lines, style, |_| 0.0)
    }

    /// A paragraph.
    pub fn paragraph(&mut self, parent: Element, spans: &[Span<'_>], style: Style, width: f32) -> Fragment {
        let element = self.tree.add(parent, Kind::Paragraph);
        self.text(element, spans, style, width)
    }

    /// A paragraph on a coloured ground.
    pub fn note(
        &mut self,
        parent: Element,
        spans: &[Span<'_>],
        ground: Color,
        style: Style,
        width: f32,
    ) -> Fragment {
        let [x, y] = [9.0, 6.0];
        let inner = self.paragraph(parent, spans, style, width - 2.0 * x);
        let height = inner.height + 2.0 * y;
        let mut out = Fragment::ornament(height, vec![rectangle([0.0, 0.0, width, height], ground)]);
        out.put(inner, [x, y]);
        out
    }

    /// A heading, which is a bookmark too.
    pub fn heading(&mut self, parent: Element, level: u16, text: &str, width: f32) -> Fragment {
        let element = self.tree.add(parent, Kind::Heading(level, text.to_owned()));
        let style = match level {
            1 => Style { size: 23.0, color: INK, leading: 1.08 },
            2 => Style { size: 12.0, color: ACCENT, leading: 1.2 },
            _ => Style { size: 10.0, color: INK, leading: 1.2 },
        };
        let mut out = self.text(element, &[(text, Weight::Bold)], style, width);
        if level < 3 {
            out.marks.push((text.to_owned(), 0.0));
        }
        out
    }

    /// Facts beside one another: a large number, and what it counts.
    pub fn facts(&mut self, parent: Element, facts: &[(String, String)], width: f32) -> Fragment {
        let list = self.tree.add(parent, Kind::List);
        let step = width / facts.len().max(1) as f32;
        let mut out = Fragment::default();
        for (i, (number, words)) in facts.iter().enumerate() {
            let item = self.tree.add(list, Kind::Item);
            let body = self.tree.add(item, Kind::Body);
            let large = Style { size: 17.0, color: INK, leading: 1.15 };
            // A space parts the number from its words where they are read.
            let number = format!("{number} ");
            let mut one = self.text(body, &[(&number, Weight::Bold)], large, step - 8.0);
            one.under(self.text(body, &[(words, Weight::Regular)], Style::QUIET, step - 8.0), 0.0);
            out.put(one, [i as f32 * step, 0.0]);
        }
        out
    }

    /// A table with headers of its columns and lines.
    pub fn table(&mut self, parent: Element, cells: &Cells, width: f32) -> Fragment {
        let widths = self.widths(cells, width);
        let first = width - widths.iter().sum::<f32>();
        let table = self.tree.add(parent, Kind::Table);
        let head = self.tree.add(table, Kind::Head);
        let row = self.tree.add(head, Kind::Row);
        let header = |paper: &mut Self, text: &str, wide: f32, right: bool| {
            let element = paper.tree.add(row, Kind::ColumnHeader);
            paper.cell(element, &[(text, Weight::Regular)], Style::HEADER, wide, right)
        };
        let mut line = vec![(header(self, &cells.first, first, false), 0.0)];
        let mut x = first;
        for (text, wide) in cells.columns.iter().zip(&widths) {
            line.push((header(self, text, *wide, true), x));
            x += wide;
        }
        let tall = line.iter().map(|(c, _)| c.height).fold(0.0, f32::max);
        let mut out = Fragment::default();
        let mut rules = Vec::new();
        for (cell, x) in line {
            // Headers stand on the rule.
            let down = tall - cell.height;
            out.put(cell, [x, down]);
        }
        let mut y = tall + PAD;
        rules.push(rule([0.0, y], [width, y], INK, 0.8));
        let body = self.tree.add(table, Kind::Rows);
        for (i, (label, values)) in cells.rows.iter().enumerate() {
            let row = self.tree.add(body, Kind::Row);
            let element = self.tree.add(row, Kind::RowHeader);
            let label = self.cell(element, &[(label, Weight::Regular)], Style::CELL, first - GUTTER, false);
            let mut tall = label.height;
            out.put(label, [0.0, y + PAD]);
            let mut x = first;
            for (j, (value, wide)) in values.iter().zip(&widths).enumerate() {
                let element = self.tree.add(row, Kind::Cell);
                let bold = cells.strong && j == 0;
                let weight = if bold { Weight::Bold } else { Weight::Regular };
                let style = Style { color: if is_said(value) { INK } else { QUIET }, ..Style::CELL };
                let cell = self.cell(element, &[(value, weight)], style, *wide, true);
                tall = tall.max(cell.height);
                let bar = cells.bars.get(i).and_then(|b| b.get(j)).copied().flatten();
                if let Some(part) = bar {
                    // Bars grow from the left of their column; the number stands right of them.
                    let room = wide - GUTTER - BAR_NUMBER;
                    let ground = [x + GUTTER, y + PAD + 1.5, x + GUTTER + room * part, y + PAD + 9.5];
                    let color = cells.colors.get(j).copied().unwrap_or(ACCENT);
                    out.put(Fragment::ornament(0.0, vec![rectangle(ground, color)]), [0.0, 0.0]);
                }
                out.put(cell, [x, y + PAD]);
                x += wide;
            }
            y += tall + 2.0 * PAD;
            rules.push(rule([0.0, y], [width, y], RULE, 0.5));
        }
        out.put(Fragment::ornament(y + 0.5, rules), [0.0, 0.0]);
        out
    }

    fn cell(&self, of: Element, spans: &[Span<'_>], style: Style, width: f32, right: bool) -> Fragment {
        let lines = self.fonts.lines(spans, style.size, width.max(1.0));
        set(of, lines, style, |line| if right { width - line.width } else { 0.0 })
    }

    /// Widths of the columns of figures: what their cells and the words of their headers need.
    fn widths(&self, cells: &Cells, width: f32) -> Vec<f32> {
        let measured = |text: &str, style: Style| self.fonts.line(&[(text, Weight::Bold)], style.size).width;
        let of = |j: usize| {
            let column = cells.rows.iter().filter_map(|(_, values)| values.get(j));
            let widest = column.map(|v| measured(v, Style::CELL)).fold(0.0, f32::max);
            let header = &cells.columns[j];
            let word = header.split(' ').map(|w| measured(w, Style::HEADER)).fold(0.0, f32::max);
            let header = measured(header, Style::HEADER).min(HEADER_WIDTH);
            widest.max(word).max(header) + GUTTER
        };
        if !cells.bars.is_empty() {
            return vec![width * 0.36; cells.columns.len()];
        }
        let widths: Vec<f32> = (0..cells.columns.len()).map(of).collect();
        // What stands in lines keeps a third of the width.
        let most = width * 2.0 / 3.0;
        let all: f32 = widths.iter().sum();
        if all > most { widths.iter().map(|w| w * most / all).collect() } else { widths }
    }
}

/// Room of a number beside its bar.
const BAR_NUMBER: f32 = 40.0;

/// Whether a cell tells a figure.
fn is_said(value: &str) -> bool {
    value.starts_with(|c: char| c.is_ascii_digit() || c == '−' || c == '+')
}

/// Lines under one another, each a piece of its element.
fn set(of: Element, lines: Vec<Line>, style: Style, left: impl Fn(&Line) -> f32) -> Fragment {
    let step = style.size * style.leading;
    let height = lines.len() as f32 * step;
    let pieces = lines
        .into_iter()
        .enumerate()
        .filter(|(_, line)| !line.runs.is_empty())
        .map(|(i, line)| {
            let at = [left(&line), i as f32 * step + style.size * ASCENT];
            let draw = Draw::Text { at, size: style.size, color: style.color, line };
            Piece { of: Some(of), place: None, draws: vec![draw] }
        })
        .collect();
    Fragment { height, pieces, marks: Vec::new() }
}
