//! Which criteria of the catalogue each demand meets on the territory that scores it: bits, criterion by
//! criterion, and the numbers that tranches cut.

use std::collections::BTreeMap;

use super::demands::{Demands, NONE, months};
use crate::policy::household::{Quartile, Said, Threshold};
use crate::reference::mix::Mix;
use crate::reference::scoring::{BITS, Champ, Condition, Criteria, Test};

/// A column of one field.
enum Column {
    Codes(Vec<u32>),
    Numbers(Vec<f64>),
    /// 0 not known, 1 no, 2 yes.
    Flags(Vec<u8>),
}

/// Where demands are scored.
#[derive(Debug, Clone, Copy)]
pub struct Territory {
    /// Number of the EPCI.
    pub epci: u32,
    /// Its threshold of the first quartile.
    pub threshold: Option<Threshold>,
}

impl Territory {
    /// An EPCI, with its threshold of the year of the extract.
    #[must_use]
    pub fn new(all: &Demands, epci: u32, mix: &Mix) -> Self {
        let year = u16::try_from(all.extrait / 10_000).unwrap_or(0);
        let commune = all.communes.iter().find(|c| c.epci == epci).map_or("", |c| c.code.as_str());
        let code = all.epcis.get(epci as usize).map_or("", |e| e.code.as_str());
        Self { epci, threshold: all.thresholds.of(code, commune, year, mix) }
    }
}

/// What grids ask about some demands: one value a demand, in the order of `rows`.
#[derive(Debug, Default)]
pub struct Facts {
    /// Rows of [`Demands`].
    pub rows: Vec<u32>,
    /// Criteria that are met as declared, or ticked by hand: bit n is place n of the catalogue.
    pub met: Vec<u128>,
    /// Criteria that were checked on evidence.
    pub proven: Vec<u128>,
    /// Numbers that tranches cut; NaN where not known.
    pub measures: BTreeMap<Champ, Vec<f64>>,
    /// Whole months since the last refusal of an adapted offer; `u32::MAX` without one, or for a DALO
    /// household, which a refusal costs nothing.
    pub refused: Vec<u32>,
}

/// Code ACTIF of the list `statut_dalo`.
const DALO: u8 = 2;

impl Facts {
    /// Facts of some demands on a territory.
    #[must_use]
    pub fn of(all: &Demands, rows: Vec<u32>, on: Territory, criteria: &Criteria, mix: &Mix) -> Self {
        let mut columns: BTreeMap<Champ, Column> = BTreeMap::new();
        let mut met = vec![0u128; rows.len()];
        let mut keep = vec![false; rows.len()];
        for (place, c) in criteria.liste.iter().enumerate() {
            if c.saisi {
                continue;
            }
            for condition in c.un.iter().chain(&c.tous) {
                let column = || column(all, &rows, condition.champ, on, mix);
                columns.entry(condition.champ).or_insert_with(column);
            }
            keep.fill(c.un.is_empty());
            for condition in &c.un {
                each(&columns, condition, |i, yes| keep[i] |= yes);
            }
            for condition in &c.tous {
                each(&columns, condition, |i, yes| keep[i] &= yes);
            }
            for (m, k) in met.iter_mut().zip(&keep) {
                *m |= u128::from(*k) << place;
            }
        }
        let bits: Vec<u128> = all.tokens.iter().map(|t| bits(criteria, t)).collect();
        let ticked = |n: u32| bits.get(n as usize).copied().unwrap_or(0);
        let mut proven = Vec::with_capacity(rows.len());
        let mut refused = Vec::with_capacity(rows.len());
        for (i, row) in rows.iter().enumerate() {
            let row = *row as usize;
            met[i] |= ticked(all.locaux[row]);
            proven.push(ticked(all.justifies[row]));
            let since = all.refus_le[row];
            let costs = since != 0 && since <= all.extrait && all.dalo[row] != DALO;
            let past = u32::try_from(months(since, all.extrait)).unwrap_or(0);
            refused.push(if costs { past } else { u32::MAX });
        }
        let mut measures = BTreeMap::new();
        for champ in criteria.liste.iter().filter_map(|c| c.mesure) {
            if let Column::Numbers(list) = column(all, &rows, champ, on, mix) {
                measures.insert(champ, list);
            }
        }
        Self { rows, met, proven, measures, refused }
    }

    /// Adds evidence that was ticked by hand: bits of criteria, by pseudonym.
    pub fn prove(&mut self, all: &Demands, ticks: &BTreeMap<u128, u128>) {
        if ticks.is_empty() {
            return;
        }
        for (proven, row) in self.proven.iter_mut().zip(&self.rows) {
            *proven |= ticks.get(&all.nud[*row as usize]).copied().unwrap_or(0);
        }
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// Bits of `C03|L01`.
fn bits(criteria: &Criteria, tokens: &str) -> u128 {
    let places = tokens.split('|').filter_map(|t| criteria.place(t)).filter(|p| *p < BITS);
    places.fold(0, |bits, p| bits | 1 << p)
}

fn each(columns: &BTreeMap<Champ, Column>, condition: &Condition, mut tell: impl FnMut(usize, bool)) {
    match (columns.get(&condition.champ), condition.test) {
        (Some(Column::Codes(list)), Test::Among(bits)) => {
            list.iter().enumerate().for_each(|(i, v)| tell(i, v & bits != 0));
        }
        (Some(Column::Numbers(list)), Test::Between(from, before)) => {
            // A number that is not known (NaN) is in no interval.
            list.iter().enumerate().for_each(|(i, v)| tell(i, *v >= from && *v < before));
        }
        (Some(Column::Flags(list)), Test::Is(yes)) => {
            list.iter().enumerate().for_each(|(i, v)| tell(i, *v == 1 + u8::from(yes)));
        }
        // The catalogue is checked when it is read: a test is of the kind of its field.
        _ => debug_assert!(false, "{condition:?}"),
    }
}

/// Least surface for so many persons: 9 m² for one, 16 for two, 9 more for each further one, 70 at most
/// (CCH R.822-25).
fn least_surface(persons: u8) -> f64 {
    match persons {
        0 | 1 => 9.0,
        n => (16.0 + 9.0 * f64::from(n - 2)).min(70.0),
    }
}

fn column(all: &Demands, rows: &[u32], champ: Champ, on: Territory, mix: &Mix) -> Column {
    let at = rows.iter().map(|r| *r as usize);
    let codes = |list: &[u8]| {
        Column::Codes(at.clone().map(|r| if list[r] == 0 { 0 } else { 1 << (list[r] - 1) }).collect())
    };
    let bits = |list: &[u32]| Column::Codes(at.clone().map(|r| list[r]).collect());
    let count = |n: u8| if n == 255 { f64::NAN } else { f64::from(n) };
    let numbers = |of: &dyn Fn(usize) -> f64| Column::Numbers(at.clone().map(of).collect());
    let flags = |list: &[bool]| Column::Flags(at.clone().map(|r| 1 + u8::from(list[r])).collect());
    let here = |list: &[u32]| {
        let of = |r: usize| match all.epci_of(list[r]) {
            _ if list[r] == NONE => 0,
            epci => 1 + u8::from(epci == on.epci),
        };
        Column::Flags(at.clone().map(of).collect())
    };
    let surface = |r: usize| if all.surface[r] == 0 { f64::NAN } else { f64::from(all.surface[r]) };
    let since = |day: u32| if day == 0 { f64::NAN } else { f64::from(months(day, all.extrait)) };
    match champ {
        Champ::Priorite => bits(&all.priorites),
        Champ::Motif => bits(&all.motifs),
        Champ::Ressource => bits(&all.natures),
        Champ::Mode => codes(&all.mode),
        Champ::Activite => codes(&all.activite),
        Champ::Employeur => codes(&all.employeur),
        Champ::Dalo => codes(&all.dalo),
        Champ::Accord => codes(&all.accord),
        Champ::Relogement => codes(&all.relogement),
        Champ::Mutation => codes(&all.mutation),
        Champ::Age => numbers(&|r| count(all.age[r])),
        Champ::Personnes => numbers(&|r| count(all.personnes[r])),
        Champ::Mineurs => numbers(&|r| count(all.mineurs[r])),
        Champ::ANaitre => numbers(&|r| count(all.a_naitre[r])),
        Champ::GardeAlternee => numbers(&|r| count(all.garde[r])),
        Champ::Adultes => numbers(&|r| count(all.personnes[r]) - count(all.mineurs[r])),
        Champ::Pieces => numbers(&|r| count(all.pieces[r])),
        Champ::PiecesDeTrop => numbers(&|r| count(all.pieces[r]) - count(all.personnes[r])),
        Champ::Anciennete => numbers(&|r| since(all.depot[r])),
        Champ::DureeLogement => numbers(&|r| since(all.entree[r])),
        // Without resources, any rent is out of reach: not a number, the rate is then in no tranche.
        Champ::Effort => numbers(&|r| match all.ressources[r] {
            income if income > 0.0 => 100.0 * all.loyer[r] / income,
            _ => f64::NAN,
        }),
        Champ::ResteAVivre => numbers(&|r| (all.ressources[r] - all.loyer[r]) / all.uc[r]),
        Champ::SurfaceParPersonne => numbers(&|r| surface(r) / count(all.personnes[r])),
        Champ::SurfaceManquante => numbers(&|r| match all.personnes[r] {
            255 => f64::NAN,
            n => least_surface(n) - surface(r),
        }),
        Champ::RevenuUc => numbers(&|r| all.revenu_uc[r]),
        Champ::Handicap => flags(&all.handicap),
        Champ::QpvActuel => flags(&all.qpv),
        Champ::Cotitulaire => flags(&all.cotitulaire),
        Champ::Habite => here(&all.actuel),
        Champ::Travaille => here(&all.travail),
        Champ::PremierQuartile => Column::Flags(
            at.map(|r| match quartile(all, r, on, mix) {
                Quartile::First => 2,
                Quartile::Other => 1,
                Quartile::Unknown => 0,
            })
            .collect(),
        ),
    }
}

/// Quartile of a demand on a territory.
#[must_use]
pub fn quartile(all: &Demands, row: usize, on: Territory, mix: &Mix) -> Quartile {
    let said = Said {
        revenu_uc: all.revenu_uc[row],
        quartile: None,
        statut_dalo: all.dalo[row],
        accord: all.accord[row],
        prioritaire: all.priorites[row] != 0,
        activite: all.activite[row],
    };
    said.status(on.threshold, mix).quartile
}

#[cfg(test)]
mod tests;
