//! Figures: additive measures along a space-filling order, and the aggregate R-tree over it.
//!
//! Every question (a code, a list, a polygon) becomes a set of address [`runs`], found by the layers' own
//! runs or by the [`region`] walk; every answer is a [`sum`] of measures over runs: node sums where a run
//! covers whole nodes, bit counts elsewhere. Rates are made later, and only by `disclosure`.

pub mod atoms;
pub mod bits;
pub mod build;
mod classes;
pub mod coalition;
pub mod editions;
pub mod hilbert;
pub mod partition;
pub mod refresh;
#[cfg(test)]
mod refresh_tests;
pub mod region;
mod residences;
pub mod runs;
pub mod sum;
pub mod tree;

use std::collections::BTreeMap;
use std::path::Path;

use rustc_hash::FxHashMap;

use self::bits::Bits;
use self::build::{LayerMeta, Meta};
use self::editions::parts::Base;
use self::partition::Partition;
use self::region::Region;
use self::residences::Residences;
use self::runs::Runs;
use self::sum::Column;
use self::tree::Tree;
use crate::arrays::{CubeError, Mapped, Section, Strings};
use crate::reference::indicators::Catalogue;

/// Which dwellings count: conditions on attributes (OR between classes, AND between attributes).
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Filter {
    /// Attribute → class numbers, sorted.
    pub classes: BTreeMap<String, Vec<u8>>,
    /// Indices of bailleurs, sorted; empty = all.
    pub bailleurs: Vec<u16>,
}

impl Filter {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.classes.is_empty() && self.bailleurs.is_empty()
    }
}

/// Rows that a sum keeps.
#[derive(Debug, Clone, Copy)]
pub enum Rows<'a> {
    All,
    /// Households that moved in recently: their node sums are stored.
    Recent,
    Mask(Bits<'a>),
}

/// A cube mapped from its file.
#[derive(Debug)]
pub struct Cube {
    file: Mapped,
    meta: Meta,
    /// Layer → code → zone index.
    codes: BTreeMap<String, FxHashMap<String, u32>>,
    /// Where the arrays of each measure are, and those of each layer, in their order.
    columns: Vec<Places>,
    layers: Vec<LayerPlaces>,
    starts: Section,
    /// Addresses located to their street only before each address rank.
    approximate_before: Vec<u32>,
    /// Addresses that begin a residence before each address rank.
    residences: Residences,
    /// Copies of addresses before each address rank; empty if there are none.
    copies_before: Vec<u32>,
}

/// Atoms that were cut for an edition before this one.
#[derive(Debug, Clone, Copy)]
pub struct Edition<'a> {
    pub base: Base<'a>,
    /// Atom of each piece of the atoms here.
    pub atoms: &'a [u32],
    /// Atoms whose households are nowhere here, though they are still counted.
    pub absent: &'a [u32],
}

/// Where the arrays of one measure are in the file.
#[derive(Debug, Clone, Copy)]
struct Places {
    rows: Section,
    /// Values, if the measure does not merely count.
    values: Option<Section>,
    /// Node sums of all rows and of recent movers.
    nodes: [Section; 2],
}

/// Where the arrays of one layer are: looked for once, for every figure asks for several layers.
#[derive(Debug, Clone, Copy)]
struct LayerPlaces {
    codes: Option<[Section; 2]>,
    names: Option<[Section; 2]>,
    starts: Option<Section>,
    runs: Option<Section>,
    of: Option<Section>,
}

impl LayerPlaces {
    fn new(file: &Mapped, id: &str) -> Self {
        let section = |name: &str| file.section(&format!("couche.{id}.{name}"));
        Self {
            codes: file.strings_section(&format!("couche.{id}.codes")),
            names: file.strings_section(&format!("couche.{id}.noms")),
            starts: section("debuts"),
            runs: section("plages"),
            of: section("de"),
        }
    }
}

impl Cube {
    /// Maps the cube and indexes the codes of its zones.
    ///
    /// # Errors
    /// The file is missing, cut short, of another version or made with other indicators.
    pub fn open(path: &Path, catalogue: &Catalogue) -> Result<Self, CubeError> {
        let (file, meta) = Mapped::open::<Meta>(path)?;
        if meta.mesures != catalogue.measures {
            return Err(CubeError::Format {
                path: path.to_owned(),
                message: "les indicateurs ont changé".to_owned(),
            });
        }
        let mut codes = BTreeMap::new();
        for layer in &meta.couches {
            let strings = file.strings(&format!("couche.{}.codes", layer.id))?;
            let index = strings.iter().zip(0u32..).map(|(c, i)| (c.to_owned(), i)).collect();
            codes.insert(layer.id.clone(), index);
        }
        let section = |name: String| {
            file.section(&name)
                .ok_or(CubeError::Format { path: path.to_owned(), message: format!("tableau {name}") })
        };
        let mut columns = Vec::with_capacity(meta.mesures.len());
        for (i, m) in meta.mesures.iter().enumerate() {
            columns.push(Places {
                rows: section(format!("mesure.{i}"))?,
                values: file.section(&format!("grandeur.{}", m.somme)),
                nodes: [section(format!("sommes.tous.{i}"))?, section(format!("sommes.recents.{i}"))?],
            });
        }
        for name in ["lon", "lat", "boxes", "approximate"] {
            section(name.to_owned())?;
        }
        let starts = section("starts".to_owned())?;
        let flags: &[u8] = file.array("approximate").unwrap_or(&[]);
        let approximate_before = running(flags.iter().map(|f| *f != 0));
        let residence: &[u32] = file.array("couche.residence.de").unwrap_or(&[]);
        let residences = Residences::new(residence);
        let copies: &[u8] = file.array("edition.copies").unwrap_or(&[]);
        let copies_before =
            if copies.is_empty() { Vec::new() } else { running(copies.iter().map(|c| *c != 0)) };
        let layers = meta.couches.iter().map(|l| LayerPlaces::new(&file, &l.id)).collect();
        Ok(Self { file, meta, codes, columns, layers, starts, approximate_before, residences, copies_before })
    }

    #[must_use]
    pub fn meta(&self) -> &Meta {
        &self.meta
    }

    /// An array that `open` has seen or that every cube has; empty if the file was altered since.
    fn array<T: bytemuck::Pod>(&self, name: &str) -> &[T] {
        self.file.array(name).unwrap_or(&[])
    }

    /// An array whose place `open` has found; empty if the file was altered since.
    fn view<T: bytemuck::Pod>(&self, section: Section) -> &[T] {
        self.file.view(section).unwrap_or(&[])
    }

    /// First dwelling of each address rank, and the total.
    #[must_use]
    pub fn starts(&self) -> &[u32] {
        self.view(self.starts)
    }

    #[must_use]
    pub fn tree(&self) -> Tree<'_> {
        Tree::new(self.array("lon"), self.array("lat"), self.array("boxes"))
    }

    /// Longitudes and latitudes of the located addresses.
    #[must_use]
    pub fn points(&self) -> (&[f64], &[f64]) {
        (self.array("lon"), self.array("lat"))
    }

    #[must_use]
    pub fn attribute(&self, id: &str) -> &[u8] {
        self.array(&format!("attribut.{id}"))
    }

    /// Bit column of a class of an attribute offered as a filter, of QPV or their rings; empty for any other.
    #[must_use]
    pub fn class(&self, attribute: &str, class: u8) -> Bits<'_> {
        Bits(self.array(&format!("classe.{attribute}.{class}")))
    }

    #[must_use]
    pub fn respondents(&self) -> Bits<'_> {
        Bits(self.array("repondant"))
    }

    /// Dwellings of the register that stand where they were filed: their bailleur did not move them.
    #[must_use]
    pub fn filed(&self) -> Bits<'_> {
        Bits(self.array("depose"))
    }

    #[must_use]
    pub fn recents(&self) -> Bits<'_> {
        Bits(self.array("recent"))
    }

    /// The atoms that figures of households are made of.
    #[must_use]
    pub fn atoms(&self) -> Partition {
        self.partition("atomes")
    }

    /// The parts of the stock by which restricted columns are shown to the public.
    #[must_use]
    pub fn stock_parts(&self) -> Partition {
        self.partition("parc")
    }

    fn partition(&self, name: &str) -> Partition {
        let parts = self.array(&format!("{name}.parts")).to_vec();
        Partition { starts: self.array(name).to_vec(), parts }
    }

    /// Block (IRIS × QPV) of each address rank.
    #[must_use]
    pub fn blocks(&self) -> &[u32] {
        self.array("blocs")
    }

    /// Record key of each dwelling: what its perturbation is drawn from.
    #[must_use]
    pub fn keys(&self) -> &[u32] {
        self.array("cles")
    }

    /// Values that a measure sums; None if it counts.
    #[must_use]
    pub fn values(&self, index: usize) -> Option<&[u32]> {
        self.columns[index].values.map(|v| self.view(v))
    }

    /// Bit column of a measure.
    #[must_use]
    pub fn measure(&self, index: usize) -> Bits<'_> {
        Bits(self.view(self.columns[index].rows))
    }

    #[must_use]
    pub fn bailleurs(&self) -> Vec<(&str, &str)> {
        match (self.file.strings("bailleur.codes"), self.file.strings("bailleur.noms")) {
            (Ok(codes), Ok(names)) => codes.iter().zip(names.iter()).collect(),
            _ => Vec::new(),
        }
    }

    #[must_use]
    pub fn bailleur_of(&self) -> &[u16] {
        self.array("bailleur")
    }

    #[must_use]
    pub fn layer(&self, id: &str) -> Option<Layer<'_>> {
        let (meta, places) = self.meta.couches.iter().zip(&self.layers).find(|(l, _)| l.id == id)?;
        let array = |section: Option<Section>| section.map_or(&[][..], |s| self.view(s));
        Some(Layer {
            meta,
            codes: self.file.strings_at(places.codes?)?,
            names: self.file.strings_at(places.names?)?,
            starts: array(places.starts),
            runs: array(places.runs),
            of: array(places.of),
            index: self.codes.get(id)?,
        })
    }

    /// Located addresses inside a region, and the unlocated ones of each commune whose located addresses
    /// are all inside, so that a commune asked by its contour is the commune asked by its code.
    #[must_use]
    pub fn inside(&self, region: &Region) -> Runs {
        let found = region.walk(&self.tree());
        let located = u32::try_from(self.meta.localisees).unwrap_or(u32::MAX);
        let Some(communes) = self.layer("commune") else { return found };
        if self.meta.adresses == self.meta.localisees {
            return found;
        }
        let mut runs: Vec<(u32, u32)> = found.as_slice().to_vec();
        for &(start, end) in found.as_slice() {
            // Communes are runs of the order: only those that start inside this run can be covered by it.
            let mut at = start;
            while at < end {
                let zone = communes.of[at as usize];
                let next = if zone == u32::MAX {
                    at + 1
                } else {
                    let (mut first, mut last, mut tail) = (u32::MAX, 0, Vec::new());
                    for (s, e) in communes.runs_of(zone) {
                        if s < located {
                            (first, last) = (first.min(s), last.max(e));
                        } else {
                            tail.push((s, e));
                        }
                    }
                    if first >= start && last <= end {
                        runs.append(&mut tail);
                    }
                    last.max(at + 1)
                };
                at = next;
            }
        }
        Runs::new(runs)
    }

    /// Addresses in the runs, each counted once.
    #[must_use]
    pub fn addresses(&self, runs: &Runs) -> u64 {
        let before = &self.copies_before;
        let copies = |(s, e): (u32, u32)| match (before.get(s as usize), before.get(e as usize)) {
            (Some(s), Some(e)) => u64::from(e - s),
            _ => 0,
        };
        runs.len() - runs.iter().map(copies).sum::<u64>()
    }

    /// What parts are made from, if this is not the first edition of its wave.
    #[must_use]
    pub fn edition(&self) -> Option<Edition<'_>> {
        self.meta.edition.as_ref()?;
        Some(Edition {
            base: Base {
                zones: self.array("edition.zones"),
                generations: self.array("edition.entree"),
                starts: self.array("edition.debuts"),
                told: self.array("edition.connu"),
                owners: self.array("edition.bailleur"),
                closed: self.array("edition.ferme"),
            },
            atoms: self.array("edition.atomes"),
            absent: self.array("edition.absents"),
        })
    }

    /// Addresses located to their street only.
    #[must_use]
    pub fn approximate(&self, runs: &Runs) -> u64 {
        let before = &self.approximate_before;
        runs.iter().map(|(s, e)| u64::from(before[e as usize] - before[s as usize])).sum()
    }

    /// Distinct residences that have an address in the runs.
    #[must_use]
    pub fn residences(&self, runs: &Runs) -> u64 {
        self.layer("residence").map_or(0, |layer| self.residences.count(layer.of, runs))
    }

    /// Rows that a filter keeps, as a bit column over all dwellings. Only attributes offered as filters, QPV
    /// and their rings, have the bit columns that this reads: any other class keeps nothing.
    #[must_use]
    pub fn mask(&self, filter: &Filter) -> Vec<u64> {
        let n = self.meta.logements;
        let mut mask = bits::full(n);
        for (id, classes) in &filter.classes {
            let columns: Vec<&[u64]> =
                classes.iter().map(|c| self.array(&format!("classe.{id}.{c}"))).collect();
            match columns[..] {
                [one] if one.len() == mask.len() => bits::keep(&mut mask, one),
                _ => {
                    let mut any = vec![0u64; bits::words(n)];
                    for column in columns {
                        any.iter_mut().zip(column).for_each(|(a, b)| *a |= b);
                    }
                    bits::keep(&mut mask, &any);
                }
            }
        }
        let column = self.bailleur_of();
        match filter.bailleurs[..] {
            [] => {}
            [one] => bits::keep(&mut mask, &bits::from_fn(n, |i| column[i] == one)),
            // The list is sorted; a table of all numbers is read without a branch.
            _ => {
                let wanted: Vec<bool> =
                    (0..=u16::MAX).map(|b| filter.bailleurs.binary_search(&b).is_ok()).collect();
                bits::keep(&mut mask, &bits::from_fn(n, |i| wanted[usize::from(column[i])]));
            }
        }
        mask
    }

    /// Sums of measures (by their numbers in the catalogue) over runs of addresses.
    #[must_use]
    pub fn sum(&self, runs: &Runs, measures: &[usize], rows: Rows<'_>) -> Vec<u64> {
        let starts = self.starts();
        let mask = match rows {
            Rows::All => None,
            Rows::Recent => Some(self.recents()),
            Rows::Mask(m) => Some(m),
        };
        measures
            .iter()
            .map(|&i| {
                let places = &self.columns[i];
                let nodes = match rows {
                    Rows::All => Some(self.view(places.nodes[0])),
                    Rows::Recent => Some(self.view(places.nodes[1])),
                    Rows::Mask(_) => None,
                };
                let column =
                    Column { rows: self.measure(i), values: places.values.map(|v| self.view(v)), nodes };
                runs.iter().map(|(s, e)| column.run(mask, starts, s, e)).sum()
            })
            .collect()
    }
}

/// How many hold before each place, and in all.
fn running(flags: impl Iterator<Item = bool>) -> Vec<u32> {
    let mut total = 0;
    let counts = flags.map(|f| {
        total += u32::from(f);
        total
    });
    std::iter::once(0).chain(counts).collect()
}

/// A layer of a cube: its zones as runs of address ranks.
#[derive(Debug, Clone, Copy)]
pub struct Layer<'a> {
    pub meta: &'a LayerMeta,
    pub codes: Strings<'a>,
    pub names: Strings<'a>,
    starts: &'a [u32],
    runs: &'a [u32],
    /// Zone of each address rank, or `u32::MAX`.
    pub of: &'a [u32],
    index: &'a FxHashMap<String, u32>,
}

impl<'a> Layer<'a> {
    /// Index of the zone with this code.
    #[must_use]
    pub fn zone(&self, code: &str) -> Option<u32> {
        self.index.get(code).copied()
    }

    /// Name of a zone, its code if it has none.
    #[must_use]
    pub fn title(&self, zone: u32) -> String {
        let (name, code) = (self.names.get(zone as usize), self.codes.get(zone as usize));
        if name.is_empty() { code.to_owned() } else { name.to_owned() }
    }

    /// Runs of one zone.
    pub fn runs_of(&self, zone: u32) -> impl Iterator<Item = (u32, u32)> + 'a {
        let (a, b) = (self.starts[zone as usize] as usize, self.starts[zone as usize + 1] as usize);
        self.runs[2 * a..2 * b].chunks_exact(2).map(|p| (p[0], p[1]))
    }

    /// Addresses of one zone.
    #[must_use]
    pub fn addresses(&self, zone: u32) -> Runs {
        Runs::new(self.runs_of(zone).collect())
    }
}
