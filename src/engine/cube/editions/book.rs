//! `carnet.bin`: who is in which atom of a wave, what figures count of them, and what they counted before.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::super::partition::Zones;
use super::parts::{Base, RECENT};
use crate::arrays::{CubeError, Mapped, Writer};
use crate::reference::indicators::Catalogue;

/// Which households answer and who moved in recently.
pub const RESPONDENT: &str = "repondant";
pub const MOVED_IN: &str = "emmenagement";

/// A day on which figures of households changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edition {
    /// `2026-03-12`.
    pub jour: String,
    /// Households that came in, and those of which something else is counted since.
    pub entres: u64,
    pub changes: u64,
}

/// What stands beside the arrays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Meta {
    vague: u16,
    editions: Vec<Edition>,
    attributs: Vec<String>,
    grandeurs: Vec<String>,
    bailleurs: Vec<String>,
}

/// What is counted of households, in columns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns {
    /// By attribute of the book, then by household.
    pub attributes: Vec<Vec<u8>>,
    pub quantities: Vec<Vec<u32>>,
}

/// What is counted of one household.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Values {
    pub attributes: Vec<u8>,
    pub quantities: Vec<u32>,
}

impl Columns {
    #[must_use]
    pub fn of(&self, row: usize) -> Values {
        Values {
            attributes: self.attributes.iter().map(|c| c[row]).collect(),
            quantities: self.quantities.iter().map(|c| c[row]).collect(),
        }
    }

    pub fn set(&mut self, row: usize, values: &Values) {
        self.attributes.iter_mut().zip(&values.attributes).for_each(|(c, v)| c[row] = *v);
        self.quantities.iter_mut().zip(&values.quantities).for_each(|(c, v)| c[row] = *v);
    }

    pub fn push(&mut self, values: &Values) {
        self.attributes.iter_mut().zip(&values.attributes).for_each(|(c, v)| c.push(*v));
        self.quantities.iter_mut().zip(&values.quantities).for_each(|(c, v)| c.push(*v));
    }
}

/// The book of a wave. Households are sorted by atom.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Book {
    pub wave: u16,
    pub editions: Vec<Edition>,
    /// Attributes and quantities of households, in the order of the columns and of the bits of `told`.
    pub attributes: Vec<String>,
    pub quantities: Vec<String>,
    /// SIREN, by the numbers in `owners`.
    pub sirens: Vec<String>,
    /// Of each atom.
    pub zones: Vec<Zones>,
    pub generations: Vec<u32>,
    pub starts: Vec<u32>,
    /// Not 0 where movers are no longer told apart: by which change ([`Book::close`]).
    pub closed: Vec<u8>,
    /// Of each household, when it came in: its key in the survey, what its record key is made of, what it
    /// answered, its bailleur.
    pub keys: Vec<u64>,
    pub identity: Vec<u64>,
    pub told: Vec<u32>,
    pub owners: Vec<u16>,
    /// As figures count them now.
    pub now: Columns,
    /// What they counted of some households before a change: the household, the number of the change, and the
    /// values until then.
    pub past_rows: Vec<u32>,
    pub past_changes: Vec<u32>,
    pub past: Columns,
}

impl Book {
    /// A book without households.
    #[must_use]
    pub fn new(wave: u16, catalogue: &Catalogue) -> Self {
        let mut book = Self { wave, starts: vec![0], ..Self::default() };
        book.know(catalogue);
        book
    }

    /// Adds the attributes and quantities that the catalogue has and the book does not: nothing was ever said
    /// of them. The numbers of those that were added.
    pub fn know(&mut self, catalogue: &Catalogue) -> [std::ops::Range<usize>; 2] {
        let before = [self.attributes.len(), self.quantities.len()];
        for a in catalogue.attributes.iter().filter(|a| a.occupation) {
            if !self.attributes.contains(&a.id) {
                self.attributes.push(a.id.clone());
            }
        }
        let summed = |id: &str| catalogue.measures.iter().any(|m| m.somme == id);
        for q in catalogue.quantities.iter().filter(|q| q.occupation && q.id != "menages" && summed(&q.id)) {
            if !self.quantities.contains(&q.id) {
                self.quantities.push(q.id.clone());
            }
        }
        for (columns, rows) in [(&mut self.now, self.keys.len()), (&mut self.past, self.past_rows.len())] {
            columns.attributes.resize(self.attributes.len(), vec![0; rows]);
            columns.quantities.resize(self.quantities.len(), vec![0; rows]);
        }
        [before[0]..self.attributes.len(), before[1]..self.quantities.len()]
    }

    /// What parts are made from.
    #[must_use]
    pub fn base(&self) -> Base<'_> {
        Base {
            zones: &self.zones,
            generations: &self.generations,
            starts: &self.starts,
            told: &self.told,
            owners: &self.owners,
            closed: &self.closed,
        }
    }

    /// Number of an attribute.
    #[must_use]
    pub fn attribute(&self, id: &str) -> Option<usize> {
        self.attributes.iter().position(|a| a == id)
    }

    /// The bits of `told` of a household with these values.
    #[must_use]
    pub fn bits(&self, values: &Values) -> u32 {
        let moved = self.attribute(MOVED_IN).is_some_and(|i| values.attributes[i] == 1);
        let known = (0u32..).zip(&values.attributes).filter(|(_, v)| **v != 0);
        known.fold(if moved { RECENT } else { 0 }, |bits, (i, _)| bits | 1 << i)
    }

    /// The atom of each household.
    #[must_use]
    pub fn atom_of(&self) -> Vec<u32> {
        let mut of = vec![0; self.keys.len()];
        for (atom, pair) in (0u32..).zip(self.starts.windows(2)) {
            of[pair[0] as usize..pair[1] as usize].fill(atom);
        }
        of
    }

    /// How many changes there were.
    #[must_use]
    pub fn changes(&self) -> u32 {
        self.past_changes.iter().max().map_or(0, |n| n + 1)
    }

    /// Movers of an atom are no longer told apart from this change on; whether they were.
    pub fn close(&mut self, atom: u32, change: u32) -> bool {
        let closed = &mut self.closed[atom as usize];
        let open = *closed == 0;
        if open {
            // 1 is that of nobody knows which change: of books of before, and of the hundreds.
            *closed = change.checked_add(2).and_then(|c| u8::try_from(c).ok()).unwrap_or(1);
        }
        open
    }

    /// Where all is counted again as it was before some change, movers are told apart where they were then:
    /// figures are those that were published, to the last, and tell nothing that is not known.
    pub fn reopen(&mut self) {
        let mut past: BTreeMap<u32, BTreeMap<u32, usize>> = BTreeMap::new();
        for (i, (row, change)) in self.past_rows.iter().zip(&self.past_changes).enumerate() {
            past.entry(*row).or_default().insert(*change, i);
        }
        let at = |row: u32, kept: &BTreeMap<u32, usize>, stage: u32| match kept.range(stage..).next() {
            Some((_, i)) => self.past.of(*i),
            None => self.now.of(row as usize),
        };
        let same = |s: u32, u: u32| past.iter().all(|(row, kept)| at(*row, kept, s) == at(*row, kept, u));
        let changes = self.changes();
        // Of a stage before one that was put back, what was closed then is no longer known.
        let known = |s: u32| !(s + 1..changes).any(|u| (0..s).any(|before| same(before, u)));
        let Some(stage) = (0..changes).find(|s| same(*s, changes) && known(*s)) else { return };
        for closed in self.closed.iter_mut().filter(|c| u32::from(**c) >= stage + 2) {
            *closed = 0;
        }
    }

    /// Number of a bailleur, added if it is new.
    pub fn owner(&mut self, siren: &str) -> u16 {
        let at = self.sirens.iter().position(|s| s == siren).unwrap_or_else(|| {
            self.sirens.push(siren.to_owned());
            self.sirens.len() - 1
        });
        u16::try_from(at).unwrap_or(u16::MAX)
    }

    /// # Errors
    /// The file is damaged, or of another version.
    pub fn read(path: &Path) -> Result<Self, CubeError> {
        let (file, meta) = Mapped::open::<Meta>(path)?;
        let columns = |prefix: &str| -> Result<Columns, CubeError> {
            Ok(Columns {
                attributes: of(&file, &format!("{prefix}.attribut"), meta.attributs.len())?,
                quantities: of(&file, &format!("{prefix}.grandeur"), meta.grandeurs.len())?,
            })
        };
        Ok(Self {
            wave: meta.vague,
            zones: one(&file, "atome.zones")?,
            generations: one(&file, "atome.edition")?,
            starts: one(&file, "atome.debuts")?,
            closed: one(&file, "atome.ferme")?,
            keys: one(&file, "menage.cle")?,
            identity: one(&file, "menage.identite")?,
            told: one(&file, "menage.connu")?,
            owners: one(&file, "menage.bailleur")?,
            now: columns("compte")?,
            past_rows: one(&file, "avant.menage")?,
            past_changes: one(&file, "avant.changement")?,
            past: columns("avant")?,
            editions: meta.editions,
            attributes: meta.attributs,
            quantities: meta.grandeurs,
            sirens: meta.bailleurs,
        })
    }

    /// Writes the book and gives the hash of its content.
    ///
    /// # Errors
    /// The disk is full.
    pub fn write(&self, path: &Path) -> Result<String, CubeError> {
        let mut w = Writer::create(path)?;
        w.array("atome.zones", &self.zones)?;
        w.array("atome.edition", &self.generations)?;
        w.array("atome.debuts", &self.starts)?;
        w.array("atome.ferme", &self.closed)?;
        w.array("menage.cle", &self.keys)?;
        w.array("menage.identite", &self.identity)?;
        w.array("menage.connu", &self.told)?;
        w.array("menage.bailleur", &self.owners)?;
        w.array("avant.menage", &self.past_rows)?;
        w.array("avant.changement", &self.past_changes)?;
        for (prefix, columns) in [("compte", &self.now), ("avant", &self.past)] {
            for (i, column) in columns.attributes.iter().enumerate() {
                w.array(&format!("{prefix}.attribut.{i}"), column)?;
            }
            for (i, column) in columns.quantities.iter().enumerate() {
                w.array(&format!("{prefix}.grandeur.{i}"), column)?;
            }
        }
        w.finish(&Meta {
            vague: self.wave,
            editions: self.editions.clone(),
            attributs: self.attributes.clone(),
            grandeurs: self.quantities.clone(),
            bailleurs: self.sirens.clone(),
        })
    }
}

fn one<T: bytemuck::Pod>(file: &Mapped, name: &str) -> Result<Vec<T>, CubeError> {
    Ok(file.array::<T>(name)?.to_vec())
}

fn of<T: bytemuck::Pod>(file: &Mapped, name: &str, n: usize) -> Result<Vec<Vec<T>>, CubeError> {
    (0..n).map(|i| one(file, &format!("{name}.{i}"))).collect()
}

/// Columns of each item that figures are exact of: the attributes that must be known, and all that the
/// figures read of households.
#[must_use]
pub fn items(book: &Book, catalogue: &Catalogue) -> Vec<Item> {
    let mut items: BTreeMap<u32, Item> = BTreeMap::new();
    items.insert(0, Item::default());
    for i in catalogue.indicators.iter().filter(|i| catalogue.describes_households(i)) {
        let of = catalogue.about(i);
        let known: Vec<usize> = of.iter().filter_map(|id| book.attribute(id)).collect();
        let mask = known.iter().fold(0u32, |m, a| m | 1 << a);
        let item = items.entry(mask).or_default();
        item.known = mask;
        for m in std::iter::once(&i.numerateur).chain(&i.denominateur) {
            item.quantities.extend(book.quantities.iter().position(|q| *q == m.somme));
            let read = catalogue.conditions(m).filter_map(|(id, _)| book.attribute(id));
            item.attributes.extend(read.filter(|a| book.attributes[*a] != RESPONDENT));
        }
    }
    for item in items.values_mut() {
        item.attributes.sort_unstable();
        item.attributes.dedup();
        item.quantities.sort_unstable();
        item.quantities.dedup();
    }
    items.into_values().collect()
}

/// What figures of one item read.
#[derive(Debug, Clone, Default)]
pub struct Item {
    /// Bits of the attributes that must be known.
    pub known: u32,
    pub attributes: Vec<usize>,
    pub quantities: Vec<usize>,
}
