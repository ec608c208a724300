//! Where else a household could be housed: dwellings that fit it, vacant or soon free, out of QPV, the best
//! first.

use super::dossier::{Checker, Vacant, rooms};
use super::parc::Home;
use crate::days;
use crate::reference::indicators::Catalogue;
use crate::territory::bands::{Placed, Situation};

/// What a household needs and wishes.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// None: dwellings of any size fit.
    pub persons: Option<u8>,
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
    pub vacancy: u16,
    /// Day when its tenant leaves, `yyyymmdd`; None if it is vacant.
    pub free: Option<u32>,
}

/// A vacant dwelling that fits.
#[derive(Debug)]
pub struct Candidate<'a> {
    pub vacant: &'a Vacant,
    pub home: Home<'a>,
    pub placed: Placed,
    pub merits: Merits,
}

/// The highest % of the PLUS ceiling for a class of `financement`, from 1; None where no ceiling is known.
#[must_use]
pub fn ceiling(checker: &Checker, financing: u8) -> Option<f64> {
    let classes = &Catalogue::embedded().ok()?.attribute("financement")?.classes;
    let code = &classes.get(usize::from(financing).checked_sub(1)?)?.code;
    checker.rules.plafond.parts.get(code).copied()
}

/// Vacant dwellings of an EPCI that fit, the best first. `enjeu`: whether the dwelling of a row is in a
/// residence listed as « à enjeu prioritaire de mixité sociale » (CCH L.441-1-6): such ones are left out
/// (L.441-2-2); None while there is no list.
#[must_use]
pub fn search<'a>(
    checker: &'a Checker,
    epci: &str,
    wanted: &Wanted,
    enjeu: Option<&dyn Fn(u32) -> bool>,
) -> Vec<Candidate<'a>> {
    let sizes = &checker.rules.taille;
    let generation = checker.generation(wanted.day);
    let ceilings: Vec<Option<f64>> =
        (0..=u8::MAX).map(|f| if f < 16 { ceiling(checker, f) } else { None }).collect();
    let range = wanted.persons.map(|p| (sizes.rooms(p), sizes.surface(p)));
    let mut found: Vec<Candidate<'a>> = checker
        .vacant
        .get(epci)
        .into_iter()
        .flatten()
        .filter_map(|vacant| {
            let placed = vacant.placed[generation].filter(|p| p.situation == Situation::Dehors)?;
            let home = checker.parc.home(vacant.row);
            let most = ceilings[usize::from(home.financing)]?;
            let fits = vacant.free.is_none_or(|day| checker.rules.ailleurs.proposes(day, wanted.day))
                && wanted.pct.is_none_or(|pct| pct <= most)
                && wanted.but != Some(vacant.row)
                && home.rooms > 0
                && range.is_none_or(|((least, most), surface)| {
                    (least..=most).contains(&home.rooms) && (home.surface == 0 || home.surface >= surface)
                })
                && !enjeu.is_some_and(|listed| listed(vacant.row));
            fits.then(|| Candidate {
                vacant,
                placed,
                merits: Merits {
                    commune_asked: !wanted.commune.is_empty() && vacant.commune == wanted.commune,
                    size_asked: wanted.typologie != 0 && rooms(wanted.typologie) == home.rooms.min(6),
                    spare_rooms: range.map_or(0, |((least, _), _)| home.rooms.saturating_sub(least)),
                    ceiling: most,
                    vacancy: home.vacancy,
                    free: vacant.free,
                },
                home,
            })
        })
        .collect();
    found.sort_by(|a, b| {
        let (x, y) = (&a.merits, &b.merits);
        (y.commune_asked, y.size_asked)
            .cmp(&(x.commune_asked, x.size_asked))
            .then_with(|| x.spare_rooms.cmp(&y.spare_rooms))
            .then_with(|| x.ceiling.total_cmp(&y.ceiling))
            .then_with(|| x.free.cmp(&y.free))
            .then_with(|| y.vacancy.cmp(&x.vacancy))
            .then_with(|| a.vacant.row.cmp(&b.vacant.row))
    });
    found
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
            Some(_) => format!("{financing}, ressources admises"),
            None => format!("{financing}, plafond à vérifier"),
        });
        if let Some(day) = self.free {
            out.push(format!("libre le {}", days::french(&days::iso(day))));
        } else if self.vacancy > 0 {
            out.push(format!("vacant depuis {} mois", self.vacancy));
        }
        out
    }
}
