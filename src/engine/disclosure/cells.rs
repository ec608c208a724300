//! Figures of filtered or crossed households: the cell-key method.
//!
//! A *cell* is what one class of each filtered attribute keeps of one zone of the
//! [`hierarchy`](super::hierarchy). The record keys of its households, added up, draw its deviation: the same
//! households have the same deviation, whoever asks, however they are asked for, after any rebuild. A figure
//! is the sum of its cells. How far a cell may be moved depends on the narrowest zone that holds its
//! households (`data/perturbation.toml`).
//!
//! What a filter keeps whole (all households of a part that is published exactly anyway) is counted exactly:
//! a deviation there would hide nothing.

use rustc_hash::FxHashMap;

use super::publisher::{Cut, Publisher};
use crate::cube::bits::Bits;
use crate::cube::runs::Runs;
use crate::cube::{Cube, Filter, Rows};
use crate::reference::indicators::Catalogue;
use crate::reference::perturbation::Perturbation;

/// The sum of one measure: as it is said, and as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Estimate {
    pub said: u64,
    /// Variance of what is said.
    pub variance: f64,
    /// The true sum; never leaves the server.
    pub held: u64,
}

/// Attributes of a filter of which several classes are kept: each of their combinations is a cell.
#[derive(Debug)]
pub struct Crossing<'a> {
    classes: Vec<&'a [u8]>,
    owners: Option<&'a [u16]>,
}

impl<'a> Crossing<'a> {
    #[must_use]
    pub fn new(cube: &'a Cube, filter: &Filter) -> Self {
        let several = filter.classes.iter().filter(|(_, classes)| classes.len() > 1);
        Self {
            classes: several.map(|(id, _)| cube.attribute(id)).filter(|c| !c.is_empty()).collect(),
            owners: (filter.bailleurs.len() > 1).then(|| cube.bailleur_of()),
        }
    }

    /// Names the combination of classes of a dwelling.
    fn of(&self, row: usize) -> u64 {
        let owner = self.owners.map_or(0, |o| u64::from(o[row]));
        self.classes.iter().fold(owner, |code, column| code << 5 | u64::from(column[row] & 31))
    }
}

/// A cell while it is summed.
#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    households: u64,
    sum: u64,
    key: u32,
    /// A piece that holds some of it, and the level that holds all of it.
    piece: u32,
    level: usize,
}

/// What is asked of the households of a zone.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Dwellings that filter and population keep.
    pub rows: Bits<'a>,
    pub crossing: &'a Crossing<'a>,
    /// Rule of the parts that are counted exactly; None: none is.
    pub exact: Option<Cut>,
    /// Measures, by their numbers in the catalogue.
    pub measures: &'a [usize],
}

/// Sums measures over a zone.
#[must_use]
pub fn estimate(
    publisher: &Publisher,
    catalogue: &Catalogue,
    tables: &Perturbation,
    zone: &Runs,
    asked: Asked<'_>,
) -> Vec<Estimate> {
    let cube = publisher.cube();
    let exact = asked.exact.map(|cut| publisher.untouched(zone, cut, asked.rows)).unwrap_or_default();
    let sure = cube.sum(&exact, asked.measures, Rows::Mask(asked.rows));
    let nodes = publisher.hierarchy.parted(&publisher.pieces(zone));
    let (starts, keys) = (cube.starts(), cube.keys());
    let perturbed = |&measure: &usize, sure: u64| {
        let quantity = catalogue.measures[measure].somme.as_str();
        let (rows, values) = (cube.measure(measure), cube.values(measure));
        let step = i64::from(tables.step(quantity));
        let mut out = Estimate { said: sure, variance: 0.0, held: sure };
        let mut moved = 0i64;
        for pieces in &nodes {
            let mut cells: FxHashMap<u64, Cell> = FxHashMap::default();
            for &piece in pieces {
                let (start, end) = publisher.piece(piece);
                let left = Runs::new(vec![(start, end)]).minus(&exact);
                for (s, e) in left.iter() {
                    let range = starts[s as usize] as usize..starts[e as usize] as usize;
                    each_of_both(rows, asked.rows, range, |row| {
                        let cell = cells.entry(asked.crossing.of(row)).or_default();
                        if cell.households == 0 {
                            cell.piece = piece;
                        } else if cell.piece != piece {
                            cell.level = cell.level.max(publisher.hierarchy.shared(cell.piece, piece));
                        }
                        cell.households += 1;
                        cell.sum += values.map_or(1, |v| u64::from(v[row]));
                        cell.key = cell.key.wrapping_add(keys[row]);
                    });
                }
            }
            for cell in cells.values() {
                out.held += cell.sum;
                moved += step * tables.deviation(cell.level, cell.key, quantity);
                let variance = tables.levels.get(cell.level).map_or(0.0, |l| l.variance);
                out.variance += variance * (step * step) as f64;
            }
        }
        out.said = out.held.saturating_add_signed(moved);
        out
    };
    asked.measures.iter().zip(sure).map(|(m, sure)| perturbed(m, sure)).collect()
}

/// Calls `f` with each bit of a range that is set in both columns.
fn each_of_both(a: Bits<'_>, b: Bits<'_>, range: std::ops::Range<usize>, mut f: impl FnMut(usize)) {
    a.each(range, |row| {
        if b.get(row) {
            f(row);
        }
    });
}
