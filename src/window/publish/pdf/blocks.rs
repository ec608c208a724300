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
/// Between columns of a table.
const GUTTER: f32 = 10.0;
/// Headers of columns are broken beyond this.
const HEADER_WIDTH: f32 = 74.0;

/// A table in words. Cells may have a bar under them: a part of the widest, from 0 to 1.
#[derive(Debug, Clone, Default)]
pub struct Cells {
    /// What the first column says.
    pub first: String,
    pub columns: Vec<String>,
    /// How many of them, after the first, hold words and not figures.
    pub words: usize,
    pub rows: Vec<(String, Vec<String>)>,
    /// By row and column, where there are bars.
    pub bars: Vec<Vec<Option<f32>>>,
    /// Colours of the bars, by column.
    pub colors: Vec<Color>,
    /// Whether the first column of figures stands out.
    pub strong: bool,
    /// Whether the last line is the sum of the others.
    pub total: bool,
}

/// A table in parts, which may go over pages.
#[derive(Debug, Clone)]
pub struct Lines {
    pub head: Fragment,
    pub rows: Vec<Fragment>,
}

impl Lines {
    /// All of it, one under the other.
    #[must_use]
    pub fn whole(self) -> Fragment {
        let mut out = self.head;
        self.rows.into_iter().for_each(|row| out.under(row, 0.0));
        out
    }
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
        self.lines(parent, cells, width).whole()
    }

    /// A table that is not yet put together.
    pub fn lines(&mut self, parent: Element, cells: &Cells, width: f32) -> Lines {
        let widths = self.widths(cells, width);
        let table = self.tree.add(parent, Kind::Table);
        let head = self.head(table, cells, &widths);
        let body = self.tree.add(table, Kind::Rows);
        let rows = (0..cells.rows.len()).map(|i| self.row(body, cells, i, &widths)).collect();
        Lines { head, rows }
    }

    /// Headers of columns, which stand on a rule.
    fn head(&mut self, table: Element, cells: &Cells, widths: &[f32]) -> Fragment {
        let head = self.tree.add(table, Kind::Head);
        let row = self.tree.add(head, Kind::Row);
        let texts = std::iter::once(&cells.first).chain(&cells.columns);
        let mut line = Vec::new();
        let mut x = 0.0;
        for (j, (text, wide)) in texts.zip(widths).enumerate() {
            let element = self.tree.add(row, Kind::ColumnHeader);
            let words = j <= cells.words;
            // A narrow column still leaves air before its header.
            let room = wide - if words { GUTTER } else { 0.6 * GUTTER };
            let text = [(text.as_str(), Weight::Regular)];
            let indent = if words { 0.0 } else { 0.6 * GUTTER };
            line.push((self.cell(element, &text, Style::HEADER, room, !words), x + indent));
            x += wide;
        }
        let tall = line.iter().map(|(c, _)| c.height).fold(0.0, f32::max);
        let mut out = Fragment::default();
        for (cell, x) in line {
            let down = tall - cell.height;
            out.put(cell, [x, down]);
        }
        let y = tall + self.pad;
        out.put(Fragment::ornament(y, vec![rule([0.0, y], [x, y], INK, 0.8)]), [0.0, 0.0]);
        out
    }

    fn row(&mut self, body: Element, cells: &Cells, i: usize, widths: &[f32]) -> Fragment {
        let (label, values) = &cells.rows[i];
        let row = self.tree.add(body, Kind::Row);
        let element = self.tree.add(row, Kind::RowHeader);
        let mut out = Fragment::default();
        let last = cells.total && i + 1 == cells.rows.len();
        let weight = |bold: bool| if bold || last { Weight::Bold } else { Weight::Regular };
        let label = [(label.as_str(), weight(false))];
        let label = self.cell(element, &label, Style::CELL, widths[0] - GUTTER, false);
        out.put(label, [0.0, self.pad]);
        let mut x = widths[0];
        for (j, (value, wide)) in values.iter().zip(&widths[1..]).enumerate() {
            let element = self.tree.add(row, Kind::Cell);
            let words = j < cells.words;
            let said = words || is_said(value);
            let style = Style { color: if said { INK } else { QUIET }, ..Style::CELL };
            let room = if words { wide - GUTTER } else { *wide };
            let text = [(value.as_str(), weight(cells.strong && j == cells.words))];
            let cell = self.cell(element, &text, style, room, !words);
            let bar = cells.bars.get(i).and_then(|b| b.get(j)).copied().flatten();
            if let Some(part) = bar {
                // Bars grow from the left of their column; the number stands right of them.
                let room = wide - GUTTER - BAR_NUMBER;
                let ground = [x + GUTTER, self.pad + 1.5, x + GUTTER + room * part, self.pad + 9.5];
                let color = cells.colors.get(j).copied().unwrap_or(ACCENT);
                out.put(Fragment::ornament(0.0, vec![rectangle(ground, color)]), [0.0, 0.0]);
            }
            out.put(cell, [x, self.pad]);
            x += wide;
        }
        let y = out.height + self.pad;
        out.put(Fragment::ornament(y, vec![rule([0.0, y], [x, y], RULE, 0.5)]), [0.0, 0.0]);
        out
    }

    fn cell(&self, of: Element, spans: &[Span<'_>], style: Style, width: f32, right: bool) -> Fragment {
        let lines = self.fonts.lines(spans, style.size, width.max(1.0));
        set(of, lines, style, |line| if right { width - line.width } else { 0.0 })
    }

    /// Widths of all columns: those of figures have what their cells and the words of their headers need,
    /// those of words share what is left.
    fn widths(&self, cells: &Cells, width: f32) -> Vec<f32> {
        let measured = |text: &str, style: Style| self.fonts.line(&[(text, Weight::Bold)], style.size).width;
        let longest =
            |text: &str, style: Style| text.split(' ').map(|w| measured(w, style)).fold(0.0, f32::max);
        let column = |j: usize| cells.rows.iter().filter_map(move |(_, values)| values.get(j));
        let of = |j: usize| {
            let header = &cells.columns[j];
            let whole = measured(header, Style::HEADER).min(HEADER_WIDTH);
            let widest = column(j).map(|v| measured(v, Style::CELL)).fold(0.0, f32::max);
            widest.max(longest(header, Style::HEADER)).max(whole) + GUTTER
        };
        let figures: Vec<f32> = (cells.words..cells.columns.len())
            .map(|j| if cells.bars.is_empty() { of(j) } else { width * 0.36 })
            .collect();
        // What stands in lines keeps a third of the width; with texts beside it, half.
        let most = width * if cells.words == 0 { 2.0 / 3.0 } else { 0.5 };
        let all: f32 = figures.iter().sum();
        let shrunk = if cells.bars.is_empty() && all > most { most / all } else { 1.0 };
        let texts = |texts: &mut dyn Iterator<Item = &String>, header: &str| {
            let [mut wide, mut word] = [longest(header, Style::HEADER); 2];
            for text in texts {
                wide = wide.max(measured(text, Style::CELL));
                word = word.max(longest(text, Style::CELL));
            }
            [wide + GUTTER, word + GUTTER]
        };
        let mut wanted = vec![texts(&mut cells.rows.iter().map(|(label, _)| label), &cells.first)];
        wanted.extend((0..cells.words).map(|j| texts(&mut column(j), &cells.columns[j])));
        let left = width - all * shrunk;
        shared(&wanted, left).into_iter().chain(figures.into_iter().map(|w| w * shrunk)).collect()
    }
}

/// A width in columns of texts, each with what it would take on one line and at least its longest word.
fn shared(wanted: &[[f32; 2]], width: f32) -> Vec<f32> {
    let sum = |i: usize| wanted.iter().map(|w| w[i]).sum::<f32>();
    let [whole, least] = [sum(0), sum(1)];
    if whole <= width || least >= width {
        let all = if whole <= width { whole } else { least };
        let of = |w: &[f32; 2]| if whole <= width { w[0] } else { w[1] };
        return wanted.iter().map(|w| of(w) * width / all).collect();
    }
    let part = (width - least) / (whole - least);
    wanted.iter().map(|[wide, word]| word + (wide - word) * part).collect()
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

#[cfg(test)]
mod tests {
    use super::shared;

    #[test]
    fn columns_of_texts_fill_their_width_and_cut_no_word_that_has_room() {
        let dates = [60.0, 60.0];
        for (wanted, width) in [
            (vec![[100.0, 40.0], dates], 400.0),
            (vec![[400.0, 90.0], [200.0, 80.0], dates, dates], 500.0),
            (vec![[400.0, 300.0], [300.0, 300.0]], 500.0),
        ] {
            let found = shared(&wanted, width);
            assert!((found.iter().sum::<f32>() - width).abs() < 0.01, "{found:?}");
            let least: f32 = wanted.iter().map(|w| w[1]).sum();
            assert!(
                least > width || found.iter().zip(&wanted).all(|(w, [_, word])| *w >= *word),
                "{found:?}"
            );
        }
    }
}
