//! The dwellings of the latest millésime one by one: found by their numbers or their address, and those that
//! are vacant or soon will be.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use crate::reference::controle::Controle;
use crate::reference::indicators::Catalogue;
use crate::stock::StockError;
use crate::stock::edits::Edits;
use crate::stock::events::Events;
use crate::stock::parts::{self, Parts};
use crate::stock::situate::{Columns, Situated};
use crate::stock::table::{Texts, hash};
use crate::store::Store;

/// The dwellings of a millésime, in columns; 0 or NaN where a value is missing.
#[derive(Debug, Default)]
pub struct Parc {
    pub millesime: u16,
    idents: Index,
    internals: Index,
    addresses: Index,
    siren: Texts,
    depcom: Texts,
    adresse: Texts,
    /// Address keys that bailleurs corrected, by row.
    moved: BTreeMap<u32, String>,
    lon: Vec<f64>,
    lat: Vec<f64>,
    quality: Vec<u8>,
    rooms: Vec<u8>,
    surface: Vec<u16>,
    financing: Vec<u8>,
    vacancy: Vec<u16>,
    /// Vacant dwellings that are still there, and those whose tenant gave notice, with their national number.
    pub vacant: Vec<(u32, String)>,
    /// Of those whose tenant gave notice, the day when they are free, `yyyymmdd`.
    pub free: BTreeMap<u32, u32>,
    /// SIREN → name.
    owners: BTreeMap<String, String>,
}

/// One dwelling.
#[derive(Debug, Clone, Copy)]
pub struct Home<'a> {
    pub row: u32,
    pub siren: &'a str,
    /// As filed.
    pub depcom: &'a str,
    /// Key of its address.
    pub adresse: &'a str,
    /// Degrees; None when it has none.
    pub point: Option<[f64; 2]>,
    /// `QUALITE_XY`.
    pub quality: Option<u8>,
    pub rooms: u8,
    /// m².
    pub surface: u16,
    /// Class of the attribute `financement`, from 1.
    pub financing: u8,
    /// Months without a tenant.
    pub vacancy: u16,
}

/// Rows by a hash of their text, sorted; of several, the first one answers.
#[derive(Debug, Default)]
struct Index(Vec<(u64, u32)>);

impl Index {
    fn new(hashes: &[u64]) -> Self {
        let mut list: Vec<(u64, u32)> =
            hashes.iter().zip(0..).filter(|(h, _)| **h != 0).map(|(h, row)| (*h, row)).collect();
        list.par_sort_unstable();
        list.dedup_by_key(|(h, _)| *h);
        Self(list)
    }

    fn row(&self, hash: u64) -> Option<u32> {
        self.0.binary_search_by_key(&hash, |(h, _)| *h).ok().map(|i| self.0[i].1)
    }
}

/// A bailleur's own number, made one with the bailleur's.
fn own_number(siren: &str, number: u64) -> u64 {
    hash(&format!("{siren}|{number:x}"))
}

impl Parc {
    /// Reads the latest millésime; empty when there is none.
    ///
    /// # Errors
    /// Its table cannot be read.
    pub fn load(store: &Store, rules: &Controle) -> Result<Self, StockError> {
        let Some(millesime) = parts::years(store, "rpls").last().copied() else { return Ok(Self::default()) };
        let Some(parts) = Parts::of(store, "rpls", millesime) else {
            return Ok(Self { millesime, ..Self::default() });
        };
        let t = parts.read(&COLUMNS)?;
        let (siren, ident_int) = (t.texts("siren")?, t.hashes("ident_int")?);
        let internals: Vec<u64> = (0..t.rows())
            .map(|row| if ident_int[row] == 0 { 0 } else { own_number(siren.get(row), ident_int[row]) })
            .collect();
        let (cus, finan, mode) = (t.u8s("cus")?, t.u8s("finan")?, t.u8s("mode")?);
        let origin = Catalogue::embedded()?.attribute("financement");
        let (ident, owner) = (t.texts("ident_rep")?, t.texts("bailleur")?);
        let (idents, addresses) = (t.hashes("ident_rep")?, t.hashes("adresse")?);
        // What its bailleur corrected is where it says.
        let edits = Edits::of(store)?.carried(&t.texts("depcom")?.list);
        let (mut lon, mut lat, mut quality) = (t.f64s("lon")?, t.f64s("lat")?, t.u8s("qualite")?);
        let (lons, lats, qualite) = (&mut lon, &mut lat, &mut quality);
        let adresse = t.texts("adresse")?;
        Situated::of(store)?.fill(&mut Columns { adresse: &adresse, lon: lons, lat: lats, qualite })?;
        let mut moved = BTreeMap::new();
        for (row, number) in (0..t.rows()).zip(0_u32..) {
            if let Some(fix) = edits.point(millesime, siren.get(row), idents[row], addresses[row]) {
                (lon[row], lat[row], quality[row]) = (fix.lon, fix.lat, fix.qualite);
                if !fix.cle.is_empty() {
                    moved.insert(number, fix.cle.clone());
                }
            }
        }
        let events = Events::of(store)?;
        let gone: BTreeSet<u64> = events.departed(millesime).collect();
        let notices: BTreeMap<u64, u32> = events.notices().collect();
        let (mut vacant, mut free) = (Vec::new(), BTreeMap::new());
        for (number, row) in
            (0_u32..).zip(0..t.rows()).filter(|(_, row)| !gone.contains(&idents[*row]) || idents[*row] == 0)
        {
            let day = notices
                .get(&idents[row])
                .filter(|_| mode[row] != rules.ailleurs.mode_vacant && idents[row] != 0);
            if let Some(day) = day {
                free.insert(number, *day);
            }
            if day.is_some() || mode[row] == rules.ailleurs.mode_vacant {
                vacant.push((number, ident.get(row).to_owned()));
            }
        }
        let mut owners = BTreeMap::new();
        for row in (0..t.rows()).filter(|row| !owner.get(*row).is_empty()) {
            if !owners.contains_key(siren.get(row)) {
                owners.insert(siren.get(row).to_owned(), owner.get(row).to_owned());
            }
        }
        Ok(Self {
            millesime,
            idents: Index::new(&idents),
            internals: Index::new(&internals),
            addresses: Index::new(&addresses),
            depcom: t.texts("depcom")?,
            adresse,
            lon,
            lat,
            quality,
            moved,
            rooms: t.u8s("nbpiece")?,
            surface: t.u16s("surfhab")?,
            financing: cus
                .iter()
                .zip(&finan)
                .map(|(c, f)| origin.map_or(0, |a| a.of_financing(*c, *f)))
                .collect(),
            vacancy: t.u16s("vacance_mois")?,
            vacant,
            free,
            siren,
            owners,
        })
    }

    /// By its number in the national register.
    #[must_use]
    pub fn by_ident(&self, ident_rep: &str) -> Option<Home<'_>> {
        self.idents.row(hash(ident_rep)).map(|row| self.home(row))
    }

    /// By the number that its bailleur gives it.
    #[must_use]
    pub fn by_number(&self, siren: &str, ident_int: &str) -> Option<Home<'_>> {
        self.internals.row(own_number(siren, hash(ident_int))).map(|row| self.home(row))
    }

    /// A dwelling at an address, by the key of the address. It says where the address is, not which dwelling
    /// is meant.
    #[must_use]
    pub fn by_address(&self, key: &str) -> Option<Home<'_>> {
        self.addresses.row(hash(key)).map(|row| self.home(row))
    }

    #[must_use]
    pub fn home(&self, row: u32) -> Home<'_> {
        let i = row as usize;
        let point = [self.lon[i], self.lat[i]];
        Home {
            row,
            siren: self.siren.get(i),
            depcom: self.depcom.get(i),
            adresse: self.moved.get(&row).map_or(self.adresse.get(i), String::as_str),
            point: point.iter().all(|c| c.is_finite()).then_some(point),
            quality: Some(self.quality[i]).filter(|q| *q != 0),
            rooms: self.rooms[i],
            surface: self.surface[i],
            financing: self.financing[i],
            vacancy: self.vacancy[i],
        }
    }

    /// Bailleurs of the register: SIREN and name.
    pub fn owners(&self) -> impl Iterator<Item = (&str, &str)> {
        self.owners.iter().map(|(siren, name)| (siren.as_str(), name.as_str()))
    }

    /// Name of a bailleur, its SIREN if the register has none.
    #[must_use]
    pub fn owner<'a>(&'a self, siren: &'a str) -> &'a str {
        self.owners.get(siren).map_or(siren, String::as_str)
    }
}

const COLUMNS: [&str; 15] = [
    "ident_rep",
    "ident_int",
    "siren",
    "bailleur",
    "depcom",
    "adresse",
    "lon",
    "lat",
    "qualite",
    "nbpiece",
    "surfhab",
    "finan",
    "cus",
    "mode",
    "vacance_mois",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_rows_with_one_number_the_first_answers_and_none_is_no_row() {
        let index = Index::new(&[7, 0, 3, 7]);
        assert_eq!((index.row(7), index.row(3), index.row(0), index.row(4)), (Some(0), Some(2), None, None));
    }
}
