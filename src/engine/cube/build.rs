//! From facts to a cube file: order the addresses, then write columns, tree, sums, layers and atoms.

use std::collections::BTreeMap;
use std::path::Path;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::atoms;
use super::partition::Zones;
use super::{bits, hilbert, sum, tree};
use crate::arrays::{CubeError, Writer};
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
    pub couches: Vec<LayerMeta>,
    pub mesures: Vec<Measure>,
    /// What figures of QPV cannot count.
    #[serde(default)]
    pub ecarts_qpv: Gaps,
    pub rapport: BuildReport,
}

impl Meta {
    /// What the figures of a zone cannot count, in words; None if it is no QPV or lacks nothing.
    #[must_use]
    pub fn gap(&self, layer: &str, code: &str) -> Option<String> {
        Some(self.ecarts_qpv.get(layer)?.get(code)?.sentence())
    }
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
/// the order of what has one.
const BLOCK: [&str; 4] = ["arrondissement", "iris", "qpv2015", "qpv2024"];

/// Builds `cube.bin` at `path` and returns the hash of its content. `key`: the store's own, which record keys
/// are made with.
///
/// # Errors
/// The disk is full.
pub fn build(
    facts: &Facts,
    catalogue: &Catalogue,
    secrecy: &Secrecy,
    key: &[u8; 32],
    path: &Path,
) -> Result<String, CubeError> {
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

    let attributes: BTreeMap<&str, Vec<u8>> = facts
        .attributes
        .par_iter()
        .map(|(id, column)| (id.as_str(), order.dwelling_column(column)))
        .collect();
    for (id, column) in &attributes {
        w.array(&format!("attribut.{id}"), column)?;
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
    let n = order.dwellings.len();
    let respondent = conditions(catalogue, &[("repondant", &["OUI".to_owned()])], &attributes, n);
    let columns: Vec<Vec<u64>> = catalogue
        .measures
        .par_iter()
        .map(|m| {
            let list: Vec<(&str, &[String])> = catalogue.conditions(m).collect();
            let column = conditions(catalogue, &list, &attributes, n);
            if catalogue.is_occupancy(m) { bits::Bits(&column).and(bits::Bits(&respondent)) } else { column }
        })
        .collect();
    for (i, column) in columns.iter().enumerate() {
        w.array(&format!("mesure.{i}"), column)?;
    }
    // One bit column a class that users can filter by, 0 (not known) included.
    for a in catalogue.attributes.iter().filter(|a| a.filtre || a.by_generation()) {
        if let Some(column) = attributes.get(a.id.as_str()) {
            w.array(&format!("classe.{}.0", a.id), &bits::from_fn(n, |i| column[i] == 0))?;
        }
        for class in &a.classes {
            let column = conditions(catalogue, &[(&a.id, std::slice::from_ref(&class.code))], &attributes, n);
            w.array(&format!("classe.{}.{}", a.id, a.class(&class.code).unwrap_or(0)), &column)?;
        }
    }
    let recent = conditions(catalogue, &[("emmenagement", &["RECENT".to_owned()])], &attributes, n);
    w.array("repondant", &respondent)?;
    w.array("recent", &recent)?;
    w.array("depose", &conditions(catalogue, &[("point_depose", &["OUI".to_owned()])], &attributes, n))?;

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
    let registered = conditions(catalogue, &[("repertoire", &["OUI".to_owned()])], &attributes, n);
    let owners = order.dwelling_column(&facts.bailleur_of);
    let cuts = [
        ("atomes", atoms::cut(bits::Bits(&respondent), &order.starts, &zones, secrecy.k)),
        ("parc", atoms::stock(bits::Bits(&registered), &owners, &order.starts, &zones, secrecy.k)),
    ];
    for (name, cut) in &cuts {
        w.array(name, &cut.starts)?;
        w.array(&format!("{name}.parts"), &cut.parts)?;
    }
    w.array("cles", &order.dwelling_column(&record_keys(facts, key)))?;

    w.finish(&Meta {
        millesime: facts.millesime,
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
    })
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

/// Rows whose every listed attribute is in one of the listed classes (`*` = any known class).
fn conditions(
    catalogue: &Catalogue,
    list: &[(&str, &[String])],
    columns: &BTreeMap<&str, Vec<u8>>,
    n: usize,
) -> Vec<u64> {
    let mut bits = bits::from_fn(n, |_| true);
    for (id, codes) in list {
        let mut wanted = [false; 256];
        for code in *codes {
            if code == "*" {
                wanted[1..].fill(true);
            } else if let Some(c) = catalogue.attribute(id).and_then(|a| a.class(code)) {
                wanted[c as usize] = true;
            }
        }
        let keep = columns
            .get(id)
            .map_or_else(|| vec![0; bits.len()], |c| bits::from_fn(n, |i| wanted[c[i] as usize]));
        for (b, k) in bits.iter_mut().zip(keep) {
            *b &= k;
        }
    }
    bits
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
        addresses.par_sort_unstable_by_key(|&a| {
            let a = a as usize;
            let far = !facts.addresses[a].is_located();
            (far, [0, 1, 2, 3, 4, 5, 6, 7].map(|k: usize| keys[k][a]), curve[a], a)
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

    /// Zones of a layer as runs of address ranks: `couche.{id}.debuts` (n + 1) and `couche.{id}.plages`
    /// (pairs). Runs of zones that overlap share addresses; `couche.{id}.de` tells one zone of each.
    fn write_layer(&self, w: &mut Writer, layer: &LayerFacts) -> Result<(), CubeError> {
        let mut also: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (address, zone) in &layer.also {
            also.entry(*address).or_default().push(*zone);
        }
        // Every (zone, rank); ranks that follow each other in a zone become one run.
        let mut places: Vec<(u32, u32)> = Vec::new();
        for (r, &a) in (0u32..).zip(&self.addresses) {
            let first = layer.of_address[a as usize];
            places.extend((first != NONE).then_some((first, r)));
            places.extend(also.get(&a).into_iter().flatten().map(|zone| (*zone, r)));
        }
        places.sort_unstable();
        let mut runs: Vec<(u32, u32, u32)> = Vec::new();
        for (zone, r) in places {
            match runs.last_mut() {
                Some(last) if last.0 == zone && last.2 == r && r as usize != self.located => last.2 = r + 1,
                _ => runs.push((zone, r, r + 1)),
            }
        }
        let mut starts = vec![0u32; layer.codes.len() + 1];
        for (zone, ..) in &runs {
            starts[*zone as usize + 1] += 1;
        }
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        let pairs: Vec<u32> = runs.iter().flat_map(|&(_, s, e)| [s, e]).collect();
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
