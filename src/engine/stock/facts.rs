//! What there is: one millésime of dwellings, located, grouped and joined with their households.
//!
//! Columns are indexed by dwelling, dwellings point to addresses, addresses to the zones of each layer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::gaps::Gaps;

/// No zone.
pub const NONE: u32 = u32::MAX;

/// A layer of zones and, for each address, the zone that it is in.
#[derive(Debug, Clone)]
pub struct LayerFacts {
    /// `commune`, `iris`, `qpv2024`, `carreau`, `h3r8`, `residence`, …
    pub id: String,
    pub libelle: String,
    pub codes: Vec<String>,
    pub noms: Vec<String>,
    /// Zone of each address, or [`NONE`].
    pub of_address: Vec<u32>,
    /// Where zones overlap, the others that hold an address: pairs of address and zone, by address. Only
    /// layers of one's own have any; the others are partitions.
    pub also: Vec<(u32, u32)>,
}

/// An address point. One without a usable place has NaN coordinates and belongs to its commune only.
#[derive(Debug, Clone, Copy)]
pub struct Address {
    pub lon: f64,
    pub lat: f64,
    /// Place random in its street (quality 12): fit for IRIS and QPV, approximate.
    pub approximate: bool,
}

impl Address {
    #[must_use]
    pub fn is_located(&self) -> bool {
        self.lon.is_finite() && self.lat.is_finite()
    }
}

/// Counts told by `build` and the catalogue; every key is stable.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildReport {
    /// `echelon_a` … `echelon_e`, `localises`, `non_localises`, `discordance_qpv`, `hors_commune`, …
    pub comptes: BTreeMap<String, u64>,
    pub remarques: Vec<String>,
}

/// Everything that a cube is built from.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    pub millesime: u16,
    pub vague: Option<u16>,
    /// Day of the last event, in the edition that is up to date; None as filed on 1 January.
    pub a_jour: Option<String>,
    pub addresses: Vec<Address>,
    /// Address of each dwelling.
    pub address_of: Vec<u32>,
    /// Class of each dwelling for each attribute of `data/attributs.toml`; 0 = not known.
    pub attributes: BTreeMap<String, Vec<u8>>,
    /// Each quantity of `data/attributs.toml` but `logements` and `menages` (which are 1).
    pub quantities: BTreeMap<String, Vec<u32>>,
    /// What a dwelling is known by from one build to the next: a hash of its national number, else of its
    /// address and its rank there.
    pub identity: Vec<u64>,
    /// What the household of each dwelling is known by in its survey, 0 where there is none; empty if there
    /// is no survey.
    pub menages: Vec<u64>,
    /// Bailleur of each dwelling: index in `bailleurs`, or `u16::MAX`.
    pub bailleur_of: Vec<u16>,
    /// SIREN and name.
    pub bailleurs: Vec<(String, String)>,
    /// Layers, département, EPCI and commune first.
    pub layers: Vec<LayerFacts>,
    /// What figures of QPV cannot count.
    pub ecarts_qpv: Gaps,
    pub report: BuildReport,
}

impl Facts {
    /// Takes out dwellings, and addresses where none is left.
    pub fn retain(&mut self, keep: impl Fn(usize) -> bool) {
        let rows: Vec<usize> = (0..self.address_of.len()).filter(|row| keep(*row)).collect();
        fn of<T: Copy>(column: &mut Vec<T>, places: &[usize]) {
            *column = places.iter().map(|p| column[*p]).collect();
        }
        self.attributes.values_mut().for_each(|c| of(c, &rows));
        self.quantities.values_mut().for_each(|c| of(c, &rows));
        of(&mut self.identity, &rows);
        if !self.menages.is_empty() {
            of(&mut self.menages, &rows);
        }
        of(&mut self.bailleur_of, &rows);
        of(&mut self.address_of, &rows);
        let mut number = vec![NONE; self.addresses.len()];
        self.address_of.iter().for_each(|a| number[*a as usize] = 0);
        let places: Vec<usize> = (0..number.len()).filter(|a| number[*a] == 0).collect();
        for (new, &old) in (0u32..).zip(&places) {
            number[old] = new;
        }
        of(&mut self.addresses, &places);
        for layer in &mut self.layers {
            of(&mut layer.of_address, &places);
            layer.also.retain_mut(|(a, _)| {
                *a = number[*a as usize];
                *a != NONE
            });
        }
        self.address_of.iter_mut().for_each(|a| *a = number[*a as usize]);
    }

    /// Adds a household at an address, without a dwelling of the register; its row. Its bailleur is given by
    /// its SIREN.
    pub fn push_household(&mut self, address: u32, siren: Option<&str>) -> usize {
        let owner = siren.map(|siren| {
            let known = self.bailleurs.iter().position(|(s, _)| s == siren);
            known.unwrap_or_else(|| {
                self.bailleurs.push((siren.to_owned(), String::new()));
                self.bailleurs.len() - 1
            })
        });
        self.address_of.push(address);
        self.attributes.values_mut().for_each(|c| c.push(0));
        self.quantities.values_mut().for_each(|c| c.push(0));
        self.identity.push(0);
        self.bailleur_of.push(owner.and_then(|o| u16::try_from(o).ok()).unwrap_or(u16::MAX));
        if !self.menages.is_empty() {
            self.menages.push(0);
        }
        self.address_of.len() - 1
    }

    /// Adds an address that stands where another does, in the same zones.
    pub fn copy_address(&mut self, address: u32) {
        let copy = u32::try_from(self.addresses.len()).unwrap_or(NONE);
        self.addresses.push(self.addresses[address as usize]);
        for layer in &mut self.layers {
            layer.of_address.push(layer.of_address[address as usize]);
            let also: Vec<u32> =
                layer.also.iter().filter(|(a, _)| *a == address).map(|(_, zone)| *zone).collect();
            layer.also.extend(also.into_iter().map(|zone| (copy, zone)));
        }
    }
}
