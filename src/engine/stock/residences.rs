//! Residences (domain §3.3): groups of neighbouring addresses that people manage and speak of as one.
//!
//! Each exact address takes the first way that groups it: (0) the residence that its bailleur put it in; (1)
//! the bailleur's own residence code, from the survey;
//! (2) the bailleur's stock segment, unless it is too large to be a residence; (3) bailleur and programme
//! name within 300 m; (4) bailleur, year of construction and financing within 60 m, by single linkage; (5)
//! the address alone.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use rayon::prelude::*;
use rustc_hash::FxBuildHasher;

use super::dwellings::Dwellings;
use super::edits::Edits;
use super::facts::{BuildReport, LayerFacts, NONE};
use super::households::Households;
use super::join::Matches;
use super::places::{Places, label};
use super::table::hash;
use crate::reference::communes::key_in_force;
use crate::reference::survey::Survey;

/// Groups addresses into residences; the layer has one zone a residence.
#[must_use]
pub fn group(
    dwellings: &Dwellings,
    places: &Places,
    households: Option<&Households>,
    matches: Option<&Matches>,
    edits: &Edits,
    survey: &Survey,
    report: &mut BuildReport,
) -> LayerFacts {
    let n = places.addresses.len();
    let rows = RowsByAddress::new(places, dwellings.registered());
    let segments = segment_sizes(dwellings);
    let programmes: Vec<String> = dwellings.complgeo.list.par_iter().map(|name| normal(name)).collect();
    // For each way, the addresses by key.
    let mut ways: [BTreeMap<u64, Vec<u32>>; 4] = Default::default();
    let mut names: HashMap<u64, String, FxBuildHasher> = HashMap::default();
    // Residence code → its name and addresses, as bailleurs decided.
    let mut decided: BTreeMap<&str, (&str, Vec<u32>)> = BTreeMap::new();
    for a in (0..n).filter(|&a| places.is_exact(a)) {
        let Some(&row) = rows.of(a).first() else { continue };
        let row = row as usize;
        let (siren, owner) = (dwellings.siren.of[row], dwellings.siren.get(row));
        if let Some(home) = edits.home(dwellings.siren.get(row), dwellings.adresse.get(row)) {
            decided
                .entry(&home.code)
                .or_insert_with(|| (&home.libelle, Vec::new()))
                .1
                .push(u32::try_from(a).unwrap_or(NONE));
            continue;
        }
        let own = rows.of(a).iter().find_map(|&r| {
            let h = *matches?.household_of.get(r as usize)?;
            let code = households.filter(|_| h != u32::MAX)?.residence.get(h as usize);
            (!code.is_empty()).then(|| code.to_owned())
        });
        let segment = dwellings.segment.of[row];
        let programme = programmes.get(dwellings.complgeo.of[row] as usize).map_or("", String::as_str);
        let (way, key) = if let Some(code) = own {
            (0, hash(&format!("{owner}|{code}")))
        } else if segments.get(&(siren, segment)).is_some_and(|n| *n <= survey.residences.segment_logements) {
            (1, hash(&format!("{owner}|{}", dwellings.segment.get(row))))
        } else if !programme.is_empty() {
            (2, hash(&format!("{owner}|{programme}")))
        } else {
            let (year, finan) = (dwellings.construct[row], dwellings.finan[row]);
            let known = year > 0 && siren != u32::MAX;
            let alone = || {
                let place = places.addresses[a];
                format!("seule|{}|{:.6}|{:.6}", dwellings.adresse.get(row), place.lon, place.lat)
            };
            (3, hash(&if known { format!("{owner}|{year}|{finan}") } else { alone() }))
        };
        if way < 3 && !programme.is_empty() {
            names.entry(key).or_insert_with(|| title(dwellings.complgeo.get(row)));
        }
        ways[way].entry(key).or_default().push(u32::try_from(a).unwrap_or(NONE));
    }

    let mut layer = LayerFacts {
        id: "residence".into(),
        libelle: "Résidence".into(),
        codes: Vec::new(),
        noms: Vec::new(),
        of_address: vec![NONE; n],
        also: Vec::new(),
    };
    let limits = [
        f64::INFINITY,
        survey.residences.programme_m,
        survey.residences.programme_m,
        survey.residences.lien_m,
    ];
    let mut counts = [0u64; 5];
    report.comptes.insert("residences_bailleur".into(), decided.len() as u64);
    for (code, (name, members)) in decided {
        let zone = u32::try_from(layer.codes.len()).unwrap_or(NONE);
        for &a in &members {
            layer.of_address[a as usize] = zone;
        }
        layer.codes.push(code.to_owned());
        layer.noms.push(name.to_owned());
    }
    for ((way, groups), limit) in ways.iter().enumerate().zip(limits) {
        for (key, members) in groups {
            for cluster in single_linkage(members, places, limit) {
                let zone = u32::try_from(layer.codes.len()).unwrap_or(NONE);
                let first = dwellings.adresse.get(places.first[cluster[0] as usize] as usize);
                for &a in &cluster {
                    layer.of_address[a as usize] = zone;
                }
                let alone = cluster.len() == 1 && way == 3;
                counts[if alone { 4 } else { way }] += 1;
                // Stable from file to file as long as the residence keeps its key and the first of its
                // addresses in the order of the alphabet, whatever commune they were merged into.
                let keys = cluster.iter().map(|a| dwellings.adresse.get(places.first[*a as usize] as usize));
                let named = keys.map(key_in_force).min().unwrap_or_default();
                layer.codes.push(format!("R{:012x}", hash(&format!("{key:x}|{named}")) >> 16));
                layer.noms.push(names.get(key).cloned().unwrap_or_else(|| label(first)));
            }
        }
    }
    let keys = [
        "residences_code_bailleur",
        "residences_segment",
        "residences_programme",
        "residences_proximite",
        "residences_adresse",
    ];
    for (key, n) in keys.iter().zip(counts) {
        report.comptes.insert((*key).to_owned(), n);
    }
    report.comptes.insert("residences".into(), layer.codes.len() as u64);
    layer
}

/// Dwelling rows by address.
struct RowsByAddress {
    starts: Vec<u32>,
    rows: Vec<u32>,
}

impl RowsByAddress {
    fn new(places: &Places, registered: usize) -> Self {
        let mut starts = vec![0u32; places.addresses.len() + 1];
        for a in &places.address_of[..registered] {
            starts[*a as usize + 1] += 1;
        }
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        let mut at = starts.clone();
        let mut rows = vec![0u32; registered];
        for (row, a) in (0u32..).zip(&places.address_of[..registered]) {
            rows[at[*a as usize] as usize] = row;
            at[*a as usize] += 1;
        }
        Self { starts, rows }
    }

    fn of(&self, address: usize) -> &[u32] {
        &self.rows[self.starts[address] as usize..self.starts[address + 1] as usize]
    }
}

/// Number of dwellings of each bailleur's stock segment.
fn segment_sizes(dwellings: &Dwellings) -> HashMap<(u32, u32), usize, FxBuildHasher> {
    let mut sizes: HashMap<(u32, u32), usize, FxBuildHasher> = HashMap::default();
    for (siren, segment) in dwellings.siren.of.iter().zip(&dwellings.segment.of) {
        if *segment != u32::MAX {
            *sizes.entry((*siren, *segment)).or_default() += 1;
        }
    }
    sizes
}

/// A programme name for comparing: capitals, no accents, single spaces.
fn normal(name: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    let plain: String = name
        .nfd()
        .filter(|c| !unicode_normalization::char::is_combining_mark(*c))
        .map(|c| if c.is_alphanumeric() { c.to_ascii_uppercase() } else { ' ' })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A programme name for reading.
fn title(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Clusters of addresses that chains of neighbours nearer than `limit` metres connect, in order of first
/// member.
fn single_linkage(members: &[u32], places: &Places, limit: f64) -> Vec<Vec<u32>> {
    if members.len() == 1 || limit.is_infinite() {
        return vec![members.to_vec()];
    }
    // Metres on a plane at the first member: exact enough over a few hundred metres.
    let origin = places.addresses[members[0] as usize];
    let (sx, sy) = (111_320.0 * origin.lat.to_radians().cos(), 111_132.0);
    let xy: Vec<(f64, f64)> = members
        .iter()
        .map(|a| {
            let p = places.addresses[*a as usize];
            ((p.lon - origin.lon) * sx, (p.lat - origin.lat) * sy)
        })
        .collect();
    let cell = |i: usize| ((xy[i].0 / limit).floor() as i64, (xy[i].1 / limit).floor() as i64);
    let mut grid: HashMap<(i64, i64), Vec<usize>, FxBuildHasher> = HashMap::default();
    for i in 0..xy.len() {
        grid.entry(cell(i)).or_default().push(i);
    }
    let mut cluster_of = vec![usize::MAX; xy.len()];
    let mut clusters: Vec<Vec<u32>> = Vec::new();
    for start in 0..xy.len() {
        if cluster_of[start] != usize::MAX {
            continue;
        }
        let id = clusters.len();
        let (mut stack, mut found) = (vec![start], Vec::new());
        cluster_of[start] = id;
        while let Some(i) = stack.pop() {
            found.push(members[i]);
            let (cx, cy) = cell(i);
            for near in (cx - 1..=cx + 1).flat_map(|x| (cy - 1..=cy + 1).map(move |y| (x, y))) {
                for &j in grid.get(&near).map_or(&[][..], Vec::as_slice) {
                    let near = (xy[i].0 - xy[j].0).hypot(xy[i].1 - xy[j].1) <= limit;
                    if near && cluster_of[j] == usize::MAX {
                        cluster_of[j] = id;
                        stack.push(j);
                    }
                }
            }
        }
        found.sort_unstable();
        clusters.push(found);
    }
    clusters
}
