//! What bailleurs changed of their stock: points that they moved, addresses that they put in a residence.
//!
//! The state store holds the decisions with who and when; those in force are published in the store as one
//! data set, `retouches`, so that a build needs the store only. They are applied to every millésime from the
//! one that they were made for: by the bailleur and the address key, or by national number. So they outlive
//! the next import.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

use super::StockError;
use super::dwellings::Dwellings;
use super::facts::BuildReport;
use super::table::hash;
use crate::reference::communes::key_in_force;
use crate::store::Store;

/// Register of the data set in the store, and its only key.
pub const REGISTER: &str = "retouches";
pub const KEY: &str = "en_vigueur";
/// Files of the data set.
pub const POINTS: &str = "adresses.csv";
pub const HOMES: &str = "residences.csv";

/// A point that a bailleur moved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PointFix {
    pub siren: String,
    /// Address key of the dwellings as filed; empty if `ident_rep` names one dwelling.
    pub adresse: String,
    /// National number; empty if all dwellings of the address move.
    pub ident_rep: String,
    /// First millésime that it holds for.
    pub des: u16,
    pub lon: f64,
    pub lat: f64,
    /// Quality of the new point (domain §1.7): 11 at the number, 12 in the street.
    pub qualite: u8,
    /// Key of the address under its right name; empty if the name stays.
    pub cle: String,
}

/// The residence that an address belongs to, by its bailleur.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Home {
    pub siren: String,
    pub adresse: String,
    pub code: String,
    pub libelle: String,
}

/// Everything that is in force.
#[derive(Debug, Default)]
pub struct Edits {
    points: Vec<PointFix>,
    /// (SIREN, address key or national number) → positions in `points`, the last millésime last.
    by_address: BTreeMap<(u64, u64), Vec<usize>>,
    by_ident: BTreeMap<(u64, u64), Vec<usize>>,
    homes: BTreeMap<(u64, u64), Home>,
}

impl Edits {
    /// What the store has.
    ///
    /// # Errors
    /// A file of the data set cannot be read.
    pub fn of(store: &Store) -> Result<Self, StockError> {
        let Some(folder) = store.manifest().dataset(REGISTER, KEY).map(|d| store.folder(d)) else {
            return Ok(Self::default());
        };
        let points = csv::ReaderBuilder::new().delimiter(b';').from_path(folder.join(POINTS))?;
        let homes = csv::ReaderBuilder::new().delimiter(b';').from_path(folder.join(HOMES))?;
        let points: Vec<PointFix> = points.into_deserialize().collect::<Result<_, _>>()?;
        let homes: Vec<Home> = homes.into_deserialize().collect::<Result<_, _>>()?;
        Ok(Self::new(points, homes))
    }

    #[must_use]
    pub fn new(mut points: Vec<PointFix>, homes: Vec<Home>) -> Self {
        points.sort_by_key(|p| p.des);
        let mut out = Self::default();
        for (i, p) in points.iter().enumerate() {
            let (list, name) = if p.ident_rep.is_empty() {
                (&mut out.by_address, &p.adresse)
            } else {
                (&mut out.by_ident, &p.ident_rep)
            };
            list.entry((hash(&p.siren), hash(name))).or_default().push(i);
        }
        out.homes = homes.into_iter().map(|h| ((hash(&h.siren), hash(&h.adresse)), h)).collect();
        out.points = points;
        out
    }

    /// Whether bailleurs changed nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.points.is_empty() && self.homes.is_empty()
    }

    /// Follows mergers of communes: what was decided at an address of a commune that a file does not name any
    /// more holds at the same address of the commune that it became. `filed`: the communes that it names.
    #[must_use]
    pub fn carried(mut self, filed: &[String]) -> Self {
        let carry = |key: &str| match key_in_force(key) {
            Cow::Owned(new) if !filed.iter().any(|c| key.split(':').next() == Some(c)) => Some(new),
            _ => None,
        };
        for (i, p) in self.points.iter_mut().enumerate() {
            if p.ident_rep.is_empty()
                && let Some(new) = carry(&p.adresse)
            {
                let list = self.by_address.entry((hash(&p.siren), hash(&new))).or_default();
                list.push(i);
                list.sort_unstable();
            }
            p.cle = carry(&p.cle).unwrap_or(std::mem::take(&mut p.cle));
        }
        let moved = |home: &Home| Some(((hash(&home.siren), hash(&carry(&home.adresse)?)), home.clone()));
        let moved: Vec<_> = self.homes.values().filter_map(moved).collect();
        for (name, home) in moved {
            self.homes.entry(name).or_insert(home);
        }
        self
    }

    /// Names what holds for a millésime; None if nothing does.
    #[must_use]
    pub fn mark(&self, millesime: u16) -> Option<String> {
        let points: Vec<&PointFix> = self.points.iter().filter(|p| p.des <= millesime).collect();
        if points.is_empty() && self.homes.is_empty() {
            return None;
        }
        // Plain numbers and texts always serialise.
        let bytes =
            serde_json::to_vec(&(points, self.homes.values().collect::<Vec<_>>())).unwrap_or_default();
        Some(blake3::hash(&bytes).to_hex()[..16].to_owned())
    }

    /// The point of a dwelling, if it was moved: by its number, else by its address. Names are hashed as by
    /// `Table::hashes`.
    #[must_use]
    pub fn point(&self, millesime: u16, siren: &str, ident_rep: u64, adresse: u64) -> Option<&PointFix> {
        if self.points.is_empty() {
            return None;
        }
        let siren = hash(siren);
        let last = |list: &BTreeMap<(u64, u64), Vec<usize>>, name: u64| {
            list.get(&(siren, name))?.iter().rev().map(|i| &self.points[*i]).find(|p| p.des <= millesime)
        };
        last(&self.by_ident, ident_rep).or_else(|| last(&self.by_address, adresse))
    }

    /// The residence that an address was put in.
    #[must_use]
    pub fn home(&self, siren: &str, adresse: &str) -> Option<&Home> {
        if self.homes.is_empty() { None } else { self.homes.get(&(hash(siren), hash(adresse))) }
    }

    /// Moves the dwellings of a millésime.
    pub fn move_points(&self, millesime: u16, dwellings: &mut Dwellings, report: &mut BuildReport) {
        if self.points.is_empty() {
            return;
        }
        let keys: Vec<u64> = dwellings.adresse.list.iter().map(|k| hash(k)).collect();
        // Most rows are at none of the addresses that were named, and have none of the numbers.
        let addresses: BTreeSet<u64> = self.by_address.keys().map(|(_, key)| *key).collect();
        let named: Vec<bool> = keys.iter().map(|k| addresses.contains(k)).collect();
        let idents: FxHashSet<u64> = self.by_ident.keys().map(|(_, ident)| *ident).collect();
        let mut numbers = hashbrown::HashMap::new();
        for row in 0..dwellings.registered() {
            let place = dwellings.adresse.of[row] as usize;
            let here = named.get(place).copied().unwrap_or(false);
            if !here && (idents.is_empty() || !idents.contains(&dwellings.ident_rep[row])) {
                continue;
            }
            let key = keys.get(place).copied().unwrap_or(0);
            let Some(fix) = self.point(millesime, dwellings.siren.get(row), dwellings.ident_rep[row], key)
            else {
                continue;
            };
            (dwellings.lon[row], dwellings.lat[row], dwellings.qualite[row]) =
                (fix.lon, fix.lat, fix.qualite);
            if !fix.cle.is_empty() {
                dwellings.adresse.set(row, &fix.cle, &mut numbers);
            }
            dwellings.moved.push(u32::try_from(row).unwrap_or(u32::MAX));
        }
        report.comptes.insert("logements_deplaces_par_bailleur".into(), dwellings.moved.len() as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fix(adresse: &str, ident_rep: &str, des: u16, lon: f64) -> PointFix {
        let (siren, cle) = ("1".to_owned(), String::new());
        PointFix {
            siren,
            adresse: adresse.into(),
            ident_rep: ident_rep.into(),
            des,
            lon,
            lat: 45.0,
            qualite: 11,
            cle,
        }
    }

    #[test]
    fn the_last_correction_made_for_a_millésime_or_before_holds_and_a_number_goes_before_an_address() {
        let edits = Edits::new(
            vec![fix("a", "", 2024, 2.0), fix("a", "", 2022, 1.0), fix("", "9", 2024, 3.0)],
            vec![],
        );
        let at = |year, siren: &str, ident: &str, address: &str| {
            edits.point(year, siren, hash(ident), hash(address)).map(|f| f.lon)
        };
        assert_eq!(at(2021, "1", "8", "a"), None);
        assert_eq!(at(2023, "1", "9", "a"), Some(1.0));
        assert_eq!(at(2025, "1", "8", "a"), Some(2.0));
        assert_eq!(at(2025, "1", "9", "a"), Some(3.0));
        assert_eq!(at(2025, "2", "9", "a"), None, "another bailleur's dwelling stays");
        assert_ne!(edits.mark(2022), edits.mark(2024));
        assert_eq!(edits.mark(2021), None);
    }

    #[test]
    fn what_was_decided_in_a_former_commune_holds_in_the_one_that_it_became() {
        let home = |key: &str| Home {
            siren: "1".into(),
            adresse: key.into(),
            code: "X".into(),
            libelle: String::new(),
        };
        let (old, new) = ("74093:3:-:RUE DES LILAS", "74010:3:-:RUE DES LILAS");
        let edits = || Edits::new(vec![fix(old, "", 2016, 1.0)], vec![home(old)]);
        let at =
            |e: &Edits, key: &str| (e.point(2024, "1", 0, hash(key)).is_some(), e.home("1", key).is_some());
        let merged = edits().carried(&["74010".to_owned()]);
        assert_eq!((at(&merged, new), at(&merged, old)), ((true, true), (true, true)));
        let before = edits().carried(&["74010".to_owned(), "74093".to_owned()]);
        assert_eq!(
            (at(&before, new), at(&before, old)),
            ((false, false), (true, true)),
            "both communes are there"
        );
    }
}
