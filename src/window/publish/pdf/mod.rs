//! Papers in PDF/UA-1 (and PDF/A-2a): blocks are laid out one under the other on A4 pages, and each piece of
//! them is an element of the structure that a screen reader follows, or is said to be ornament.
//!
//! A [`Fragment`] is a block with its height, not yet on a page. Lengths are points, from the top left.

mod blocks;
mod draw;
mod fonts;
mod paper;
mod sheet;
mod tree;

pub use self::blocks::{Cells, Lines, Style};
pub use self::draw::{Color, Draw, Fragment, Path, Piece};
pub use self::fonts::{Span, Weight};
pub use self::paper::{About, BODY, Paper};
pub use self::sheet::{CLOSED, OPEN, Part, Sheet, Spacing, section, sections, warnings};
pub use self::tree::{DOCUMENT, Element, Kind};

/// Language of papers.
const LANGUAGE: &str = "fr";

pub const INK: Color = [29, 43, 54];
pub const QUIET: Color = [76, 91, 102];
pub const ACCENT: Color = [20, 83, 107];
pub const RULE: Color = [198, 205, 209];
pub const TINT: Color = [240, 244, 246];
pub const WHITE: Color = [255, 255, 255];
