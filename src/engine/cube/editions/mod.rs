//! Editions of a wave: what was said of households stays said, whatever is corrected afterwards.
//!
//! The first build of a wave cuts atoms and writes who is in each, with what was counted of them, in a
//! [`book`] that outlives every cube. At each later build a household keeps its atom, wherever its dwelling
//! stands by then ([`place`]), and what figures count of it changes only together with at least `k` others,
//! of every item, in the part that is published with it, over all editions so far ([`change`]). Newcomers
//! have atoms of their own, once their commune has `k` of them. The [`parts`] of each item, population and
//! viewer are made of what the book says of the day each household came in, never of what it says now. So
//! they never move, and any figure of any edition is a union of them. docs/decisions/0011 has the proof.

pub mod book;
pub mod change;
pub mod parts;
pub mod place;

/// In no atom.
pub const NONE: u32 = u32::MAX;
/// Of a piece of addresses where no household is counted.
pub const EMPTY: u32 = u32::MAX - 1;
