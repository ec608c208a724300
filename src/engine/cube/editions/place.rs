//! The book of a wave and the facts of a build: who is counted where, and what of.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::super::build::{Atoms, newcomers};
use super::NONE;
use super::book::{Book, Columns, Edition, RESPONDENT, Values};
use super::change::allowed;
use crate::arrays::narrow;
use crate::reference::indicators::Catalogue;
use crate::reference::secrecy::Secrecy;
use crate::stock::facts::Facts;

/// The households of a book where a build finds them.
#[derive(Debug)]
pub struct Placed<'a> {
    pub book: &'a Book,
    /// The atom of each address, or [`NONE`].
    pub atom_of: Vec<u32>,
    /// Addresses from here on are copies of others: households of several atoms live there.
    pub copies: usize,
    /// Atoms whose households are nowhere any more, though they are still counted.
    pub absent: Vec<u32>,
    /// Households that answered and are in no atom yet.
    pub waiting: u64,
    /// Households of which something else was filed than what is counted.
    pub kept: u64,
    /// Whether the book says something that it did not.
    pub changed: bool,
}

/// The columns of facts that a book keeps.
struct Found<'a> {
    attributes: Vec<Option<&'a Vec<u8>>>,
    quantities: Vec<Option<&'a Vec<u32>>>,
    answered: &'a [u8],
}

impl<'a> Found<'a> {
    fn new(book: &Book, facts: &'a Facts) -> Self {
        Self {
            attributes: book.attributes.iter().map(|a| facts.attributes.get(a)).collect(),
            quantities: book.quantities.iter().map(|q| facts.quantities.get(q)).collect(),
            answered: facts.attributes.get(RESPONDENT).map_or(&[], Vec::as_slice),
        }
    }

    fn answers(&self, row: usize) -> bool {
        self.answered.get(row).is_some_and(|a| *a != 0)
    }

    /// What a row says; nothing if it did not answer.
    fn of(&self, row: Option<usize>) -> Values {
        let row = row.filter(|r| self.answers(*r));
        Values {
            attributes: self.attributes.iter().map(|c| cell(*c, row)).collect(),
            quantities: self.quantities.iter().map(|c| cell(*c, row)).collect(),
        }
    }

    /// Households of which something else is counted than what their row (`at`) says, growing.
    fn differing(&self, at: &[u32], now: &Columns) -> Vec<u32> {
        let at: Vec<u32> =
            at.iter().map(|r| if *r != NONE && self.answers(*r as usize) { *r } else { NONE }).collect();
        let a = self.attributes.par_iter().zip(&now.attributes).map(|(c, n)| unlike(*c, n, &at));
        let q = self.quantities.par_iter().zip(&now.quantities).map(|(c, n)| unlike(*c, n, &at));
        let all: BTreeSet<u32> = a.chain(q).flatten_iter().collect();
        all.into_iter().collect()
    }
}

/// Households of which a column says something else at their row than what is counted.
fn unlike<T: Copy + Default + PartialEq>(column: Option<&Vec<T>>, now: &[T], at: &[u32]) -> Vec<u32> {
    let column = column.map_or(&[][..], Vec::as_slice);
    let said = |row: u32| column.get(row as usize).copied().unwrap_or_default();
    (0u32..).zip(now.iter().zip(at)).filter(|(_, (n, row))| said(**row) != **n).map(|(h, _)| h).collect()
}

fn cell<T: Copy + Default>(column: Option<&Vec<T>>, row: Option<usize>) -> T {
    column.zip(row).and_then(|(c, r)| c.get(r).copied()).unwrap_or_default()
}

/// What a household is known by from one build to the next.
fn key(facts: &Facts, row: usize) -> u64 {
    facts.menages.get(row).copied().filter(|k| *k != 0).unwrap_or(facts.identity[row])
}

/// Households come into a book with the atoms that were cut of them.
pub fn enter(book: &mut Book, facts: &Facts, atoms: &Atoms) -> u64 {
    let mut rows: Vec<(u32, usize)> =
        atoms.of.iter().enumerate().filter(|(_, a)| **a != NONE).map(|(row, a)| (*a, row)).collect();
    rows.sort_unstable();
    let generation = book.generations.last().map_or(0, |g| g + 1);
    let owners: Vec<u16> = facts.bailleurs.iter().map(|(siren, _)| book.owner(siren)).collect();
    let found = Found::new(book, facts);
    let mut at = rows.iter().peekable();
    for (atom, zones) in (0u32..).zip(&atoms.zones) {
        while let Some((_, row)) = at.next_if(|(a, _)| *a == atom) {
            let values = found.of(Some(*row));
            book.told.push(book.bits(&values));
            book.now.push(&values);
            book.keys.push(key(facts, *row));
            book.identity.push(facts.identity[*row]);
            let owner = owners.get(usize::from(facts.bailleur_of[*row]));
            book.owners.push(owner.copied().unwrap_or(u16::MAX));
        }
        book.zones.push(*zones);
        book.generations.push(generation);
        book.closed.push(0);
        book.starts.push(u32::try_from(book.keys.len()).unwrap_or(u32::MAX));
    }
    rows.len() as u64
}

/// The first edition of a wave.
#[must_use]
pub fn first(wave: u16, facts: &Facts, catalogue: &Catalogue, atoms: &Atoms, day: &str) -> Book {
    let mut book = Book::new(wave, catalogue);
    let came = enter(&mut book, facts, atoms);
    book.editions.push(Edition { jour: day.to_owned(), entres: came, changes: 0 });
    book
}

/// Brings a book up to what facts say, as far as that may be said, and makes the facts say what the book
/// does.
pub fn place<'a>(
    book: &'a mut Book,
    facts: &mut Facts,
    catalogue: &Catalogue,
    secrecy: &Secrecy,
    day: &str,
) -> Placed<'a> {
    let asked = facts.attributes.get("interroge").map_or(&[][..], Vec::as_slice);
    let answers = facts.attributes.get(RESPONDENT).map_or(&[][..], Vec::as_slice);
    let mut row_of: FxHashMap<u64, u32> = FxHashMap::default();
    row_of.reserve(asked.iter().filter(|a| **a != 0).count());
    for row in (0..facts.address_of.len()).filter(|r| asked[*r] != 0 || answers[*r] != 0) {
        row_of.entry(key(facts, row)).or_insert(u32::try_from(row).unwrap_or(NONE));
    }
    let row = |k: &u64| row_of.get(k).copied().unwrap_or(NONE);
    let mut at: Vec<u32> = book.keys.iter().map(row).collect();

    let came_to_know = book.know(catalogue);
    let mut changed = came_to_know.iter().any(|new| !new.is_empty());
    let found = Found::new(book, facts);
    learn(book, &found, &at, came_to_know);
    let mut differing = found.differing(&at, &book.now);
    let wanted: BTreeMap<u32, Values> =
        differing.iter().map(|h| (*h, found.of(some(at[*h as usize])))).collect();
    let ruled = allowed(book, catalogue, wanted.clone(), secrecy.k);
    let taken = ruled.values.iter().filter(|(h, v)| wanted.get(h) == Some(v)).count();
    let kept = (differing.len() - taken) as u64;
    let change = book.changes();
    for (h, values) in &ruled.values {
        let before = book.now.of(*h as usize);
        book.past_rows.push(*h);
        book.past_changes.push(change);
        book.past.push(&before);
        book.now.set(*h as usize, values);
    }
    for atom in &ruled.closed {
        changed |= book.close(*atom, change);
    }
    if !ruled.values.is_empty() {
        book.reopen();
    }

    let mut known = vec![false; facts.address_of.len()];
    at.iter().filter_map(|r| some(*r)).for_each(|r| known[r] = true);
    let new: Vec<bool> = (0..facts.address_of.len())
        .map(|r| found.answers(r) && !known[r] && row(&key(facts, r)) as usize == r)
        .collect();
    drop(known);
    let cut = newcomers(facts, &new, secrecy.k);
    let came = if cut.zones.is_empty() { 0 } else { enter(book, facts, &cut) };
    let waiting = new.iter().filter(|n| **n).count() as u64 - came;
    if came > 0 || !ruled.values.is_empty() {
        let changes = ruled.values.len() as u64;
        book.editions.push(Edition { jour: day.to_owned(), entres: came, changes });
        changed = true;
    }
    at.extend(book.keys[at.len()..].iter().map(row));
    drop(row_of);
    // What changed is as filed now, or not quite; newcomers say what is counted of them.
    differing.extend(ruled.values.keys());
    let (atom_of_row, absent) = write(book, facts, at, &differing);
    let (atom_of, copies) = apart(facts, &atom_of_row);
    Placed { book, atom_of, copies, absent, waiting, kept, changed }
}

/// A row, if there is one.
fn some(row: u32) -> Option<usize> {
    (row != NONE).then_some(row as usize)
}

/// Of attributes that no edition had, what is found is what is counted.
fn learn(book: &mut Book, found: &Found<'_>, at: &[u32], new: [std::ops::Range<usize>; 2]) {
    if new.iter().all(std::ops::Range::is_empty) {
        return;
    }
    for (household, row) in at.iter().enumerate() {
        let values = found.of(some(*row));
        for a in new[0].clone() {
            book.now.attributes[a][household] = values.attributes[a];
            book.told[household] |= u32::from(values.attributes[a] != 0) << a;
        }
        for q in new[1].clone() {
            book.now.quantities[q][household] = values.quantities[q];
        }
    }
}

/// Makes facts say of households what the book counts, and nothing of others; those of which they say it
/// already are not `differing`. Gives the atom of each row, and the atoms that are nowhere.
fn write(book: &Book, facts: &mut Facts, mut at: Vec<u32>, differing: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let atoms = book.atom_of();
    let respondent = book.attribute(RESPONDENT).map_or(&[][..], |i| &book.now.attributes[i]);
    // Those who are counted and no longer filed stand at an address of their atom.
    let mut mate = vec![NONE; book.zones.len()];
    for (h, row) in at.iter().enumerate() {
        if let Some(row) = some(*row).filter(|_| respondent[h] != 0) {
            let place = &mut mate[atoms[h] as usize];
            *place = if *place == NONE { facts.address_of[row] } else { *place };
        }
    }
    let mut absent = BTreeSet::new();
    let mut written: Vec<(u32, u32)> = Vec::new();
    for (h, row) in (0u32..).zip(&mut at) {
        if *row == NONE && respondent[h as usize] != 0 {
            match mate[atoms[h as usize] as usize] {
                NONE => drop(absent.insert(atoms[h as usize])),
                address => {
                    let owner = book.sirens.get(usize::from(book.owners[h as usize]));
                    let new = facts.push_household(address, owner.map(String::as_str));
                    *row = u32::try_from(new).unwrap_or(NONE);
                }
            }
        }
    }
    let n = facts.address_of.len();
    let mut household = vec![NONE; n];
    for (h, row) in (0u32..).zip(&at) {
        if let Some(row) = some(*row).filter(|_| respondent[h as usize] != 0) {
            household[row] = h;
        }
    }
    let nobody: Vec<u32> = (0u32..).zip(&household).filter(|(_, h)| **h == NONE).map(|(r, _)| r).collect();
    for &h in differing {
        written.extend(some(at[h as usize]).filter(|r| household[*r] == h).map(|r| (narrow(r), h)));
    }
    let was: Vec<u8> = facts.attributes.get(RESPONDENT).cloned().unwrap_or_default();
    for (id, column) in book.attributes.iter().zip(&book.now.attributes) {
        if let Some(of) = facts.attributes.get_mut(id) {
            put(of, column, &nobody, &written);
        }
    }
    for (id, column) in book.quantities.iter().zip(&book.now.quantities) {
        if let Some(of) = facts.quantities.get_mut(id) {
            put(of, column, &nobody, &written);
        }
    }
    if let Some(asked) = facts.attributes.get_mut("interroge") {
        for (row, v) in asked.iter_mut().enumerate() {
            if household[row] != NONE {
                *v = 1;
            } else if was[row] != 0 {
                *v = 0;
            }
        }
    }
    let mut atom_of_row = vec![NONE; n];
    for (row, h) in household.iter().enumerate().filter(|(_, h)| **h != NONE) {
        facts.identity[row] = book.identity[*h as usize];
        atom_of_row[row] = atoms[*h as usize];
    }
    (atom_of_row, absent.into_iter().collect())
}

/// Puts what is counted in a column of facts: nothing in rows where nobody is, and what the book says of the
/// household in others.
fn put<T: Copy + Default>(of: &mut [T], counted: &[T], nobody: &[u32], written: &[(u32, u32)]) {
    nobody.iter().for_each(|row| of[*row as usize] = T::default());
    written.iter().for_each(|(row, h)| of[*row as usize] = counted[*h as usize]);
}

/// Parts addresses where households of several atoms live. Gives the atom of each address, and where the
/// copies begin.
fn apart(facts: &mut Facts, atom_of_row: &[u32]) -> (Vec<u32>, usize) {
    let copies = facts.addresses.len();
    let mut atom_of = vec![NONE; copies];
    let mut copy_of: BTreeMap<(u32, u32), u32> = BTreeMap::new();
    for (row, &atom) in atom_of_row.iter().enumerate().filter(|(_, a)| **a != NONE) {
        let address = facts.address_of[row];
        let first = &mut atom_of[address as usize];
        if *first == NONE {
            *first = atom;
        } else if *first != atom {
            let next = u32::try_from(facts.addresses.len()).unwrap_or(NONE);
            let copy = *copy_of.entry((address, atom)).or_insert(next);
            if copy == next {
                facts.copy_address(address);
                atom_of.push(atom);
            }
            facts.address_of[row] = copy;
        }
    }
    (atom_of, copies)
}
