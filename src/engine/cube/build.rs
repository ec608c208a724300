//! From facts to a cube file: order the addresses, then write columns, tree, sums, layers and atoms.

use std::collections::BTreeMap;
use std::path::Path;

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::atoms::Households;
use super::classes::Classes;
use super::editions::{self, place::Placed};
use super::partition::{COMMUNE, Partition, Zones};
use super::{atoms, bits, hilbert, sum, tree};
use crate::arrays::{CubeError, Writer, narrow};
use crate::reference::indicators::{Catalogue, Measure};
use crate::reference::secrecy::Secrecy;
use crate::stock::facts::{BuildReport, Facts, LayerFacts, NONE};
use crate::stock::gaps::Gaps;

/// The description at the end of a cube file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Meta {
    pub millesime: u16,
    pub vague: Option<u16>,
    /// Day of the last event of the stock, in the edition that is up to date; None as filed on 1 January.
    #[serde(default)]
    pub a_jour: Option<String>,
    pub adresses: usize,
    /// Addresses with a usable place; they come first in the order.
    pub localisees: usize,
    pub logements: usize,
    /// The edition of figures of households; None where the atoms were cut for this cube.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edition: Option<EditionMeta>,
    pub couches: Vec<LayerMeta>,
    pub mesures: Vec<Measure>,
    /// What figures of QPV cannot count.
    #[serde(default)]
    pub ecarts_qpv: Gaps,
    pub rapport: BuildReport,
}

impl Meta {
    /// What the figures of a zone cannot count, in words; None if it is no QPV or lacks nothing. `name` gives
    /// the name of a commune.
    #[must_use]
    pub fn gap(&self, layer: &str, code: &str, name: impl Fn(&str) -> Option<String>) -> Option<String> {
        Some(self.ecarts_qpv.get(layer)?.get(code)?.sentence(name))
    }
}

/// Which edition of a wave the figures of households are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditionMeta {
    /// 1 if nothing changed since the first.
    pub numero: u32,
    /// Day since which they are what they are.
    pub jour: String,
    /// Attributes of households, by their bit in what the edition knows.
    pub attributs: Vec<String>,
    /// Households that answered and are not counted yet.
    pub attente: u64,
    /// Households of which something else was filed since than what is counted.
    pub retenus: u64,
}

/// One layer of zones.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LayerMeta {
    pub id: String,
    pub libelle: String,
    pub zones: usize,
}

/// Layers whose zones an atom never straddles if it can be helped, from the widest to the narrowest.
const ADMINISTRATIVE: [&str; 3] = ["departement", "epci", "commune"];
/// Layers whose combination makes a block. An IRIS is in one arrondissement: it parts what has no place, and
/// the order of what has one; a commune déléguée parts a commune that has no IRIS.
const BLOCK: [&str; 5] = ["arrondissement", "deleguee", "iris", "qpv2015", "qpv2024"];
/// Layers that the order follows: those of both, then residences.
const ORDER: usize = ADMINISTRATIVE.len() + BLOCK.len() + 1;

/// Columns that are put in order at once: each takes a byte a dwelling until it is written.
const AT_ONCE: usize = 4;

/// Atoms that were cut: the one of each dwelling whose household is counted, or [`NONE`]; and the zones of
/// each.
#[derive(Debug, Default)]
pub struct Atoms {
    pub of: Vec<u32>,
    pub zones: Vec<Zones>,
}

/// Builds the first `cube.bin` of a wave at `path` and returns the hash of its content, and the atoms. `key`:
/// the store's own, which record keys are made with.
///
/// # Errors
/// The disk is full.
pub fn build(
    facts: &Facts,
    catalogue: &Catalogue,
    secrecy: &Secrecy,
    key: &[u8; 32],
    path: &Path,
) -> Result<(String, Atoms), CubeError> {
    made(facts, catalogue, secrecy, key, path, None)
}

/// Builds a later `cube.bin` of a wave, with the households that its book counts.
///
/// # Errors
/// The disk is full.
pub fn build_again(
    facts: &Facts,
    catalogue: &Catalogue,
    secrecy: &Secrecy,
    key: &[u8; 32],
    path: &Path,
    placed: &Placed<'_>,
) -> Result<String, CubeError> {
    Ok(made(facts, catalogue, secrecy, key, path, Some(placed))?.0)
}

/// Cuts atoms of newcomers, in the communes that have enough of them.
#[must_use]
pub fn newcomers(facts: &Facts, new: &[bool], k: u32) -> Atoms {
    if new.iter().filter(|n| **n).count() < k as usize {
        return Atoms { of: vec![NONE; new.len()], zones: Vec::new() };
    }
    let order = Order::new(facts);
    let zones = order.zones(facts);
    let rows = order.dwelling_column(new);
    let column = bits::from_fn(rows.len(), |i| rows[i]);
    let owners = order.dwelling_column(&facts.bailleur_of);
    let households = Households { counted: bits::Bits(&column), owners: &owners, starts: &order.starts };
    let parts = atoms::cut_in_communes(households, &zones, k);
    order.atoms(&parts, &zones, |row| rows[row])
}

fn made(
    facts: &Facts,
    catalogue: &Catalogue,
    secrecy: &Secrecy,
    key: &[u8; 32],
    path: &Path,
    placed: Option<&Placed<'_>>,
) -> Result<(String, Atoms), CubeError> {
    let order = Order::new(facts);
    let mut w = Writer::create(path)?;
    let located = order.located;
    let lon: Vec<f64> = order.addresses[..located].iter().map(|&a| facts.addresses[a as usize].lon).collect();
    let lat: Vec<f64> = order.addresses[..located].iter().map(|&a| facts.addresses[a as usize].lat).collect();
    w.array("lon", &lon)?;
    w.array("lat", &lat)?;
    w.array("boxes", &tree::boxes(&lon, &lat))?;
    let approximate: Vec<u8> =
        order.addresses.iter().map(|&a| u8::from(facts.addresses[a as usize].approximate)).collect();
    w.array("approximate", &approximate)?;
    w.array("starts", &order.starts)?;

    let n = order.dwellings.len();
    let mut classes = Classes::new(catalogue, n);
    let attributes: Vec<(&String, &Vec<u8>)> = facts.attributes.iter().collect();
    for some in attributes.chunks(AT_ONCE) {
        let ordered = some.par_iter().map(|(id, column)| {
            let column = order.dwelling_column(column);
            (*id, bits::by_class(&column), column)
        });
        for (id, bits, column) in ordered.collect::<Vec<_>>() {
            w.array(&format!("attribut.{id}"), &column)?;
            classes.add(id, bits);
        }
    }
    w.array("bailleur", &order.dwelling_column(&facts.bailleur_of))?;
    let (sirens, noms): (Vec<&str>, Vec<&str>) =
        facts.bailleurs.iter().map(|(s, n)| (s.as_str(), n.as_str())).unzip();
    w.strings("bailleur.codes", &sirens)?;
    w.strings("bailleur.noms", &noms)?;
    let quantities: BTreeMap<&str, Vec<u32>> = facts
        .quantities
        .par_iter()
        .map(|(id, column)| (id.as_str(), order.dwelling_column(column)))
        .collect();
    for (id, column) in &quantities {
        w.array(&format!("grandeur.{id}"), column)?;
    }

    // One bit column a measure: the rows that its conditions keep.
    let respondent = classes.one("repondant", "OUI");
    let columns: Vec<Vec<u64>> = catalogue
        .measures
        .par_iter()
        .map(|m| {
            let list: Vec<(&str, &[String])> = catalogue.conditions(m).collect();
            let mut column = classes.all(&list);
            if catalogue.is_occupancy(m) {
                bits::keep(&mut column, &respondent);
            }
            column
        })
        .collect();
    for (i, column) in columns.iter().enumerate() {
        w.array(&format!("mesure.{i}"), column)?;
    }
    // One bit column a class that users can filter by, 0 (not known) included.
    for a in catalogue.attributes.iter().filter(|a| a.filtre || a.by_generation()) {
        if classes.knows(&a.id) {
            w.array(&format!("classe.{}.0", a.id), &classes.class(&a.id, 0))?;
        }
        for class in &a.classes {
            let number = a.class(&class.code).unwrap_or(0);
            w.array(&format!("classe.{}.{number}", a.id), &classes.one(&a.id, &class.code))?;
        }
    }
    let recent = classes.one("emmenagement", "RECENT");
    let registered = classes.one("repertoire", "OUI");
    w.array("repondant", &respondent)?;
    w.array("recent", &recent)?;
    w.array("depose", &classes.one("point_depose", "OUI"))?;
    drop(classes);

    for (mask_name, mask) in [("tous", None), ("recents", Some(recent.as_slice()))] {
        let sums: Vec<Vec<u64>> = (0..columns.len())
            .into_par_iter()
            .map(|i| {
                let values = quantities.get(catalogue.measures[i].somme.as_str()).map(Vec::as_slice);
                sum::levels(&columns[i], values, mask, &order.starts)
            })
            .collect();
        for (i, s) in sums.iter().enumerate() {
            w.array(&format!("sommes.{mask_name}.{i}"), s)?;
        }
    }

    for layer in &facts.layers {
        order.write_layer(&mut w, layer)?;
    }

    let zones = order.zones(facts);
    w.array("blocs", &zones.iter().map(|z| z[3]).collect::<Vec<u32>>())?;
    let owners = order.dwelling_column(&facts.bailleur_of);
    let pieces = placed.map(|p| order.pieces(&p.atom_of, &zones));
    let cut = match &pieces {
        Some((cut, _)) => cut.clone(),
        None => {
            let counted = bits::Bits(&respondent);
            atoms::cut(Households { counted, owners: &owners, starts: &order.starts }, &zones, secrecy.k)
        }
    };
    let atoms = match placed {
        None => order.atoms(&cut.runs(), &zones, |row| bits::Bits(&respondent).get(row)),
        Some(_) => Atoms::default(),
    };
    let cuts = [
        ("atomes", cut),
        ("parc", atoms::stock(bits::Bits(&registered), &owners, &order.starts, &zones, secrecy.k)),
    ];
    for (name, cut) in &cuts {
        w.array(name, &cut.starts)?;
        w.array(&format!("{name}.parts"), &cut.parts)?;
    }
    w.array("cles", &order.dwelling_column(&record_keys(facts, key)))?;

    if let (Some(placed), Some((_, of))) = (placed, &pieces) {
        order.write_edition(&mut w, facts, placed, of)?;
    }
    let edition = placed.and_then(|p| {
        Some(EditionMeta {
            numero: narrow(p.book.editions.len()),
            jour: p.book.editions.last()?.jour.clone(),
            attributs: p.book.attributes.clone(),
            attente: p.waiting,
            retenus: p.kept,
        })
    });
    let hash = w.finish(&Meta {
        millesime: facts.millesime,
        edition,
        vague: facts.vague,
        a_jour: facts.a_jour.clone(),
        adresses: order.addresses.len(),
        localisees: located,
        logements: n,
        couches: facts
            .layers
            .iter()
            .map(|l| LayerMeta { id: l.id.clone(), libelle: l.libelle.clone(), zones: l.codes.len() })
            .collect(),
        mesures: catalogue.measures.clone(),
        ecarts_qpv: facts.ecarts_qpv.clone(),
        rapport: facts.report.clone(),
    })?;
    Ok((hash, atoms))
}

/// The record key of each dwelling: its national number, or address, hashed with the store's own key, so that
/// it stays the same when a cube is built again and that nobody else can make it.
fn record_keys(facts: &Facts, key: &[u8; 32]) -> Vec<u32> {
    facts
        .identity
        .par_iter()
        .map(|id| {
            let hash = blake3::keyed_hash(key, &id.to_le_bytes());
            hash.as_bytes().first_chunk::<4>().map_or(0, |b| u32::from_le_bytes(*b))
        })
        .collect()
}

/// The order of addresses and dwellings in the cube.
struct Order {
    /// Address (in the facts) at each rank; located ones first.
    addresses: Vec<u32>,
    located: usize,
    /// Dwelling (in the facts) at each rank.
    dwellings: Vec<u32>,
    /// First dwelling rank of each address rank, and the total at the end.
    starts: Vec<u32>,
}

impl Order {
    /// Département, EPCI, commune, block (IRIS × QPV of each generation), residence, then along the curve.
    /// Zones follow the curve too, so that neighbouring zones are neighbours in the order.
    fn new(facts: &Facts) -> Self {
        let bounds = bounds(facts);
        let curve = curve(facts, bounds);
        let keys: Vec<Vec<u32>> = ADMINISTRATIVE
            .iter()
            .chain(&BLOCK)
            .chain(&["residence"])
            .map(|id| facts.layers.iter().find(|l| l.id == *id))
            .map(|layer| layer.map_or_else(|| vec![0; curve.len()], |l| zone_ranks(l, facts, bounds)))
            .collect();
        let mut addresses: Vec<u32> = (0..u32::try_from(curve.len()).unwrap_or(NONE)).collect();
        addresses.par_sort_by_cached_key(|&a| {
            let a = a as usize;
            let far = !facts.addresses[a].is_located();
            (far, std::array::from_fn::<u32, ORDER, _>(|k| keys[k][a]), curve[a], a)
        });
        let located = addresses.partition_point(|&a| facts.addresses[a as usize].is_located());
        let mut counts = vec![0u32; addresses.len() + 1];
        let mut rank = vec![0u32; addresses.len()];
        for (r, &a) in addresses.iter().enumerate() {
            rank[a as usize] = u32::try_from(r).unwrap_or(NONE);
        }
        for &a in &facts.address_of {
            counts[rank[a as usize] as usize + 1] += 1;
        }
        for i in 1..counts.len() {
            counts[i] += counts[i - 1];
        }
        let starts = counts.clone();
        let mut dwellings = vec![0u32; facts.address_of.len()];
        for (d, &a) in facts.address_of.iter().enumerate() {
            let at = &mut counts[rank[a as usize] as usize];
            dwellings[*at as usize] = u32::try_from(d).unwrap_or(NONE);
            *at += 1;
        }
        Self { addresses, located, dwellings, starts }
    }

    fn dwelling_column<T: Copy>(&self, column: &[T]) -> Vec<T> {
        self.dwellings.iter().map(|&d| column[d as usize]).collect()
    }

    /// The zones that each address rank is in, from the widest to the block and the residence.
    fn zones(&self, facts: &Facts) -> Vec<Zones> {
        let column = |id: &str| -> Vec<u32> {
            let layer = facts.layers.iter().find(|l| l.id == id);
            self.addresses.iter().map(|&a| layer.map_or(0, |l| l.of_address[a as usize])).collect()
        };
        let wide = ADMINISTRATIVE.map(column);
        let residence = column("residence");
        // A block is a new number each time that one of its layers changes along the order.
        let parts = BLOCK.map(column);
        let mut block = 0;
        (0..self.addresses.len())
            .map(|i| {
                let changes = |p: &Vec<u32>| i > 0 && p[i] != p[i - 1];
                block +=
                    u32::from(parts.iter().chain([&wide[2]]).any(changes) || (i > 0 && i == self.located));
                [wide[0][i], wide[1][i], wide[2][i], block, residence[i]]
            })
            .collect()
    }

    /// The atom of each dwelling that `counted` holds (by its rank here), given the addresses of each.
    fn atoms(&self, runs: &[Vec<(u32, u32)>], zones: &[Zones], counted: impl Fn(usize) -> bool) -> Atoms {
        let mut atoms = Atoms { of: vec![NONE; self.dwellings.len()], zones: Vec::with_capacity(runs.len()) };
        for (atom, runs) in (0u32..).zip(runs) {
            atoms.zones.push(runs.first().map_or([NONE; 5], |(s, _)| zones[*s as usize]));
            for &(s, e) in runs {
                let rows = self.starts[s as usize] as usize..self.starts[e as usize] as usize;
                for row in rows.filter(|r| counted(*r)) {
                    atoms.of[self.dwellings[row] as usize] = atom;
                }
            }
        }
        atoms
    }

    /// Addresses cut where the atom changes, and the atom of each piece ([`editions::EMPTY`]: nobody is
    /// counted there). An address without an atom goes with its neighbour in the narrowest zone they share,
    /// in its commune.
    fn pieces(&self, atom_of: &[u32], zones: &[Zones]) -> (Partition, Vec<u32>) {
        let mut of: Vec<u32> = self.addresses.iter().map(|a| atom_of[*a as usize]).collect();
        let shared = |a: usize, b: usize| {
            zones[a].iter().zip(&zones[b]).take_while(|(x, y)| x == y && **x != NONE).count()
        };
        let mut next = vec![None; of.len()];
        let mut after = None;
        for i in (0..of.len()).rev() {
            next[i] = after;
            if of[i] != NONE {
                after = Some(i);
            }
        }
        let mut before: Option<usize> = None;
        for i in 0..of.len() {
            if of[i] != NONE {
                before = Some(i);
                continue;
            }
            let near = |at: Option<usize>| at.map(|at| (shared(at, i), of[at])).filter(|n| n.0 >= COMMUNE);
            of[i] = match (near(before), near(next[i])) {
                (None, None) => editions::EMPTY,
                (Some(a), Some(b)) if b.0 > a.0 => b.1,
                (Some(a), _) => a.1,
                (None, Some(b)) => b.1,
            };
        }
        let (mut starts, mut atoms, mut parts) = (Vec::new(), Vec::new(), Vec::new());
        let mut first: FxHashMap<u32, u32> = FxHashMap::default();
        for i in 0..of.len() {
            let same = i > 0 && of[i] == of[i - 1] && zones[i][..COMMUNE] == zones[i - 1][..COMMUNE];
            if !same {
                let piece = narrow(parts.len());
                starts.push(narrow(i));
                atoms.push(of[i]);
                let empty = of[i] == editions::EMPTY;
                parts.push(if empty { piece } else { *first.entry(of[i]).or_insert(piece) });
            }
        }
        starts.push(narrow(of.len()));
        (Partition { starts, parts }, atoms)
    }

    /// What the parts of a later edition are made from.
    fn write_edition(
        &self,
        w: &mut Writer,
        facts: &Facts,
        placed: &Placed<'_>,
        atoms: &[u32],
    ) -> Result<(), CubeError> {
        let book = placed.book;
        let here: Vec<u16> = book
            .sirens
            .iter()
            .map(|s| facts.bailleurs.iter().position(|(siren, _)| siren == s))
            .map(|at| at.and_then(|i| u16::try_from(i).ok()).unwrap_or(u16::MAX))
            .collect();
        let owner = |o: &u16| here.get(usize::from(*o)).copied().unwrap_or(u16::MAX);
        w.array("edition.atomes", atoms)?;
        w.array("edition.absents", &placed.absent)?;
        w.array("edition.zones", &book.zones)?;
        w.array("edition.entree", &book.generations)?;
        w.array("edition.debuts", &book.starts)?;
        w.array("edition.connu", &book.told)?;
        w.array("edition.bailleur", &book.owners.iter().map(owner).collect::<Vec<u16>>())?;
        w.array("edition.ferme", &book.closed)?;
        if placed.copies < facts.addresses.len() {
            let copies = self.addresses.iter().map(|a| u8::from(*a as usize >= placed.copies));
            w.array("edition.copies", &copies.collect::<Vec<u8>>())?;
        }
        Ok(())
    }

    /// Zones of a layer as runs of address ranks: `couche.{id}.debuts` (n + 1) and `couche.{id}.plages`
    /// (pairs). Runs of zones that overlap share addresses; `couche.{id}.de` tells one zone of each.
    fn write_layer(&self, w: &mut Writer, layer: &LayerFacts) -> Result<(), CubeError> {
        let mut also: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (address, zone) in &layer.also {
            also.entry(*address).or_default().push(*zone);
        }
        // Calls with each zone where a run of it begins (true) or goes on, rank by rank.
        let each = |call: &mut dyn FnMut(usize, u32, bool)| {
            let mut ends = vec![NONE; layer.codes.len()];
            for (r, &a) in (0u32..).zip(&self.addresses) {
                let mut at = |zone: u32| {
                    let end = &mut ends[zone as usize];
                    call(zone as usize, r, *end != r || r as usize == self.located);
                    *end = r + 1;
                };
                let first = layer.of_address[a as usize];
                if first != NONE {
                    at(first);
                }
                if !also.is_empty() {
                    also.get(&a).into_iter().flatten().for_each(|zone| at(*zone));
                }
            }
        };
        let mut starts = vec![0u32; layer.codes.len() + 1];
        each(&mut |zone, _, begins| starts[zone + 1] += u32::from(begins));
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        let mut next = starts.clone();
        let mut pairs = vec![0u32; starts.last().map_or(0, |n| *n as usize * 2)];
        each(&mut |zone, r, begins| {
            next[zone] += u32::from(begins);
            let run = next[zone] as usize * 2 - 2;
            if begins {
                pairs[run] = r;
            }
            pairs[run + 1] = r + 1;
        });
        let of: Vec<u32> = self.addresses.iter().map(|&a| layer.of_address[a as usize]).collect();
        let id = &layer.id;
        w.strings(&format!("couche.{id}.codes"), &layer.codes)?;
        w.strings(&format!("couche.{id}.noms"), &layer.noms)?;
        w.array(&format!("couche.{id}.debuts"), &starts)?;
        w.array(&format!("couche.{id}.plages"), &pairs)?;
        w.array(&format!("couche.{id}.de"), &of)
    }
}

/// Box of the located addresses.
fn bounds(facts: &Facts) -> [f64; 4] {
    let empty = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    facts
        .addresses
        .iter()
        .filter(|a| a.is_located())
        .fold(empty, |b, a| [b[0].min(a.lon), b[1].min(a.lat), b[2].max(a.lon), b[3].max(a.lat)])
}

/// Hilbert rank of each address; unlocated ones come last.
fn curve(facts: &Facts, bounds: [f64; 4]) -> Vec<u32> {
    facts
        .addresses
        .par_iter()
        .map(|a| if a.is_located() { hilbert::rank_in(bounds, a.lon, a.lat) } else { NONE })
        .collect()
}

/// For each address, the rank of its zone: zones are ranked along the curve by the mean place of their
/// addresses.
fn zone_ranks(layer: &LayerFacts, facts: &Facts, bounds: [f64; 4]) -> Vec<u32> {
    let mut sums = vec![(0.0, 0.0, 0.0); layer.codes.len()];
    for (&zone, a) in layer.of_address.iter().zip(&facts.addresses) {
        if zone != NONE && a.is_located() {
            let s = &mut sums[zone as usize];
            *s = (s.0 + a.lon, s.1 + a.lat, s.2 + 1.0);
        }
    }
    let mut zones: Vec<u32> = (0..u32::try_from(sums.len()).unwrap_or(NONE)).collect();
    zones.sort_by_cached_key(|&z| {
        let (lon, lat, n) = sums[z as usize];
        (if n > 0.0 { hilbert::rank_in(bounds, lon / n, lat / n) } else { NONE }, z)
    });
    let mut rank = vec![0u32; zones.len()];
    for (r, &z) in zones.iter().enumerate() {
        rank[z as usize] = u32::try_from(r).unwrap_or(NONE);
    }
    layer.of_address.iter().map(|&z| if z == NONE { NONE } else { rank[z as usize] }).collect()
}
