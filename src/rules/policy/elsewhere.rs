//! Where else a household could be housed: dwellings that fit it, vacant or soon free, the best first.
//!
//! Two questions are asked, and neither answers the other: outside of QPV (circular of 18 December 2023), and
//! outside of residences « à enjeu » in the CIA's perimeter, be it in a QPV (CCH L.441-2-2, that asks for a
//! vacant dwelling: one that is free later is another thing, and comes after).

use std::collections::BTreeMap;

use super::ceiling::{Ceiling, Size};
use super::dossier::{Checker, Vacant, rooms};
use super::parc::Home;
use crate::days;
use crate::territory::bands::{Placed, Situation};

/// What a household needs and wishes.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// None: dwellings of any size fit.
    pub persons: Option<u8>,
    /// What ceilings depend on.
    pub size: Size,
    /// % of the PLUS ceiling; None: it is to be checked.
    pub pct: Option<f64>,
    /// Code of `typologie`, 0: none.
    pub typologie: u8,
    /// Code Insee; empty: none.
    pub commune: String,
    /// `yyyymmdd`: which QPV are in force.
    pub day: u32,
    /// Row of the dwelling that is checked: not its own alternative.
    pub but: Option<u32>,
}

/// Why a dwelling has its rank; in the order in which they decide.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Merits {
    pub commune_asked: bool,
    pub size_asked: bool,
    /// Rooms above the fewest that fit.
    pub spare_rooms: u8,
    /// Highest % of the PLUS ceiling that the financing admits: the lower, the lower the rent.
    pub ceiling: f64,
    /// Whether the resources are admitted whatever the category of the household.
    pub admitted: bool,
    pub vacancy: u16,
    /// Day when its tenant leaves, `yyyymmdd`; None if it is vacant.
    pub free: Option<u32>,
}

/// A vacant dwelling that fits.
#[derive(Debug)]
pub struct Candidate<'a> {
    pub vacant: &'a Vacant,
    pub home: Home<'a>,
    /// To the QPV in force; None: not known well enough.
    pub placed: Option<Placed>,
    pub merits: Merits,
}

/// Among which dwellings.
#[derive(Clone, Copy)]
pub enum Among<'a> {
    /// Out of QPV, for sure.
    HorsQpv,
    /// Out of the residences listed as « à enjeu prioritaire de mixité sociale » (CCH L.441-1-6): whether the
    /// dwelling of a row is in one; None while there is no list.
    HorsEnjeu(Option<&'a dyn Fn(u32) -> bool>),
}

/// Dwellings of an EPCI that fit, the best first.
#[must_use]
pub fn search<'a>(checker: &'a Checker, epci: &str, wanted: &Wanted, among: Among<'_>) -> Vec<Candidate<'a>> {
    let sizes = &checker.rules.taille;
    let range = wanted.persons.map(|p| (sizes.rooms(p), sizes.surface(p)));
    let now_first = matches!(among, Among::HorsEnjeu(_));
    let mut ceilings = Ceilings::default();
    let mut found: Vec<Candidate<'a>> = checker
        .vacant
        .get(epci)
        .into_iter()
        .flatten()
        .filter_map(|vacant| {
            let placed = vacant.placed(wanted.day);
            let open = match among {
                Among::HorsQpv => placed.is_some_and(|p| p.situation == Situation::Dehors),
                Among::HorsEnjeu(listed) => !listed.is_some_and(|listed| listed(vacant.row)),
            };
            if !open {
                return None;
            }
            let home = checker.parc.home(vacant.row);
            let ceiling = ceilings.of(checker, home.financing, &wanted.size, &vacant.commune)?;
            let fits = vacant.free.is_none_or(|day| checker.rules.ailleurs.proposes(day, wanted.day))
                && wanted.pct.is_none_or(|pct| pct <= ceiling.most)
                && wanted.but != Some(vacant.row)
                && home.rooms > 0
                && range.is_none_or(|((least, most), surface)| {
                    (least..=most).contains(&home.rooms) && (home.surface == 0 || home.surface >= surface)
                });
            fits.then(|| Candidate {
                vacant,
                placed,
                merits: Merits {
                    commune_asked: !wanted.commune.is_empty() && vacant.commune == wanted.commune,
                    size_asked: wanted.typologie != 0 && rooms(wanted.typologie) == home.rooms.min(6),
                    spare_rooms: range.map_or(0, |((least, _), _)| home.rooms.saturating_sub(least)),
                    ceiling: ceiling.most,
                    admitted: wanted.pct.is_some_and(|pct| pct <= ceiling.least),
                    vacancy: home.vacancy,
                    free: vacant.free,
                },
                home,
            })
        })
        .collect();
    found.sort_by(|a, b| {
        let (x, y) = (&a.merits, &b.merits);
        let later = |m: &Merits| now_first && m.free.is_some();
        later(x)
            .cmp(&later(y))
            .then_with(|| (y.commune_asked, y.size_asked).cmp(&(x.commune_asked, x.size_asked)))
            .then_with(|| x.spare_rooms.cmp(&y.spare_rooms))
            .then_with(|| x.ceiling.total_cmp(&y.ceiling))
            .then_with(|| x.free.cmp(&y.free))
            .then_with(|| y.vacancy.cmp(&x.vacancy))
            .then_with(|| a.vacant.row.cmp(&b.vacant.row))
    });
    found
}

/// Ceilings by commune and financing, each computed once.
#[derive(Default)]
struct Ceilings<'a>(BTreeMap<(&'a str, u8), Option<Ceiling>>);

impl<'a> Ceilings<'a> {
    fn of(&mut self, checker: &Checker, financing: u8, size: &Size, commune: &'a str) -> Option<Ceiling> {
        *self.0.entry((commune, financing)).or_insert_with(|| checker.ceiling(financing, size, commune))
    }
}

impl Merits {
    /// The reasons of a rank, in words.
    #[must_use]
    pub fn words(&self, wanted: &Wanted, rooms: u8, financing: &str) -> Vec<String> {
        let mut out = Vec::new();
        if !wanted.commune.is_empty() {
            out.push(if self.commune_asked { "commune demandée" } else { "autre commune" }.to_owned());
        }
        out.push(match (wanted.typologie, self.size_asked) {
            (0, _) if self.spare_rooms == 0 => format!("T{rooms}, au plus juste"),
            (0, _) => format!("T{rooms}"),
            (_, true) => format!("T{rooms} demandé"),
            (_, false) => format!("T{rooms}, autre que demandé"),
        });
        out.push(match wanted.pct {
            Some(_) if self.admitted => format!("{financing}, ressources admises"),
            _ => format!("{financing}, plafond à vérifier"),
        });
        if let Some(day) = self.free {
            out.push(format!("libre le {}", days::french(&days::iso(day))));
        } else if self.vacancy > 0 {
            out.push(format!("vacant depuis {} mois", self.vacancy));
        }
        out
    }
}
