//! The way of a dwelling from the day it becomes available to its lease, made from its events, and on whose
//! contingent it counts.

use std::collections::BTreeMap;

use super::event::{Disorder, Etape, EvenementFlux, GenreFlux, LogementFlux};
use crate::reference::communes::city_of;

/// A day `AAAA-MM-JJ`, kept where it is told rather than beside: ways are many, and read one after the other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Day([u8; 10]);

impl Day {
    /// Its year; 0 if it is no day.
    #[must_use]
    pub fn year(self) -> u16 {
        self.0[..4].iter().fold(0, |n, digit| n * 10 + u16::from(digit & 15))
    }

    /// Its month, 1 to 12; 0 if it is no day.
    #[must_use]
    pub fn month(self) -> u8 {
        self.0[5..7].iter().fold(0, |n, digit| n * 10 + (digit & 15))
    }
}

impl From<&str> for Day {
    /// The door lets no other form in; what is not ten signs long is no day at all.
    fn from(text: &str) -> Self {
        Self(text.as_bytes().try_into().unwrap_or_default())
    }
}

impl std::ops::Deref for Day {
    type Target = str;

    fn deref(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl std::fmt::Debug for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self)
    }
}

/// A dwelling offered to a réservataire, and what came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offer {
    /// Réservataire désignataire.
    pub to: String,
    /// Contingent d'origine.
    pub origin: String,
    pub offered: Day,
    pub accepted: Option<Day>,
    pub refused: Option<Day>,
    pub elapsed: Option<Day>,
    pub handed_back: Option<Day>,
    /// Day of the first candidates.
    pub candidates: Option<Day>,
    /// Day of the first commission.
    pub caleol: Option<Day>,
    pub candidate_refusals: u32,
    pub reason: String,
    /// In gestion partenariale (Action Logement).
    pub partnership: bool,
    /// Outside the flow of the convention.
    pub out_of_flow: bool,
}

impl Offer {
    /// Whether the réservataire took it and still has it.
    #[must_use]
    pub fn stands(&self) -> bool {
        self.accepted.is_some() && self.elapsed.is_none() && self.handed_back.is_none()
    }
}

/// How a way ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    pub how: GenreFlux,
    pub day: Day,
    pub dalo: bool,
    pub q1: Option<bool>,
    pub mutation: String,
}

/// One vacancy of one dwelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    pub bailleur: String,
    pub logement: String,
    pub home: LogementFlux,
    /// Arrondissement of Paris, Lyon or Marseille that its events name in place of the city; empty elsewhere.
    pub arrondissement: String,
    pub opened: Day,
    pub first_letting: bool,
    pub at: Etape,
    /// Day of the last event.
    pub since: Day,
    pub offers: Vec<Offer>,
    pub end: Option<End>,
}

impl Way {
    /// Whether it counts in the flow (CCH R.441-5, I): not a first letting, not a mutation in the lessor's
    /// own stock, not a relocation, not offered outside of the flow.
    #[must_use]
    pub fn in_flow(&self) -> bool {
        let out = self.end.as_ref().is_some_and(|e| {
            matches!(e.how, GenreFlux::MutationInterne | GenreFlux::Relogement | GenreFlux::Retrait)
                || e.mutation == "INTERNE"
        });
        !self.first_letting && !out && !self.imputed().is_some_and(|o| o.out_of_flow)
    }

    /// The offer that it counts for: contingent d'imputation is that of the last réservataire who accepted.
    #[must_use]
    pub fn imputed(&self) -> Option<&Offer> {
        self.offers.iter().rev().find(|o| o.accepted.is_some()).filter(|o| o.stands())
    }

    /// Refusals by réservataires, elapsed delays and dwellings handed back.
    #[must_use]
    pub fn unwanted(&self) -> usize {
        self.offers
            .iter()
            .filter(|o| o.refused.is_some() || o.elapsed.is_some() || o.handed_back.is_some())
            .count()
    }

    fn open(e: &EvenementFlux, home: LogementFlux) -> Self {
        Self {
            bailleur: e.bailleur.clone(),
            logement: e.logement.clone(),
            home,
            arrondissement: String::new(),
            opened: e.jour.as_str().into(),
            first_letting: e.genre == GenreFlux::PremiereLocation,
            at: Etape::ALibre,
            since: e.jour.as_str().into(),
            offers: Vec::new(),
            end: None,
        }
    }

    fn take(&mut self, e: &EvenementFlux) {
        use GenreFlux as G;
        let day = || Some(Day::from(e.jour.as_str()));
        if e.genre == G::Oriente {
            let origin = if e.contingent.is_empty() { &e.reservataire } else { &e.contingent };
            self.offers.push(Offer {
                to: e.reservataire.clone(),
                origin: origin.clone(),
                offered: e.jour.as_str().into(),
                partnership: e.partenariat,
                out_of_flow: e.hors_flux,
                ..Offer::default()
            });
            return;
        }
        if e.genre.ends() {
            self.end = Some(End {
                how: e.genre,
                day: e.jour.as_str().into(),
                dalo: e.dalo,
                q1: e.q1,
                mutation: e.mutation.clone(),
            });
            return;
        }
        let Some(offer) = self.offers.last_mut() else { return };
        match e.genre {
            G::Accepte => offer.accepted = day(),
            G::Refuse => offer.refused = day(),
            G::DelaiEchu => offer.elapsed = day(),
            G::Remis => offer.handed_back = day(),
            G::Candidats => offer.candidates = offer.candidates.take().or_else(day),
            G::Caleol => offer.caleol = offer.caleol.take().or_else(day),
            G::RefusCandidat => offer.candidate_refusals += 1,
            _ => {}
        }
        if !e.motif.is_empty() {
            offer.reason.clone_from(&e.motif);
        }
    }
}

/// Follows the events of one dwelling, in their order.
#[derive(Debug, Default)]
pub struct Walk {
    pub ways: Vec<Way>,
    home: LogementFlux,
    arrondissement: String,
}

impl Walk {
    /// Whether the commune of the dwelling is known: without it, it would be in nobody's counts.
    #[must_use]
    pub fn is_placed(&self) -> bool {
        !self.home.commune.is_empty()
    }

    /// Takes the next event.
    ///
    /// # Errors
    /// It cannot follow: nothing has changed.
    pub fn step(&mut self, e: &EvenementFlux) -> Result<(), Box<Disorder>> {
        let last = self.ways.last();
        let at = last.map_or(Etape::Occupe, |w| w.at);
        let back = last.is_some_and(|w| *e.jour < *w.since);
        let Some(next) = at.after(e.genre).filter(|_| !back) else {
            return Err(Box::new(Disorder {
                event: e.genre,
                at,
                logement: e.logement.clone(),
                jour: e.jour.clone(),
                before: last.filter(|_| back).map(|w| w.since.to_string()),
            }));
        };
        if let Some(home) = &e.caracteristiques {
            self.home = home.clone();
            // Conventions, rights and accounts are the city's.
            self.arrondissement = match city_of(&home.commune) {
                Some(city) => std::mem::replace(&mut self.home.commune, city.commune.clone()),
                None => String::new(),
            };
        }
        if at == Etape::Occupe {
            self.ways.push(Way::open(e, self.home.clone()));
        }
        if let Some(way) = self.ways.last_mut() {
            way.take(e);
            way.home.clone_from(&self.home);
            way.arrondissement.clone_from(&self.arrondissement);
            way.since = e.jour.as_str().into();
            way.at = next;
        }
        Ok(())
    }
}

/// Ways of all dwellings. Events come in the order in which they happened; those that cannot follow, which
/// the door refuses, are left out.
#[must_use]
pub fn ways<'a>(events: impl IntoIterator<Item = &'a EvenementFlux>) -> Vec<Way> {
    let mut walks: BTreeMap<(&str, &str), Walk> = BTreeMap::new();
    for e in events {
        let walk = walks.entry((&e.bailleur, &e.logement)).or_default();
        let _ = walk.step(e);
    }
    walks.into_values().flat_map(|w| w.ways).collect()
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// Events of one dwelling: a day of 2024, a kind, a réservataire.
    pub fn events(logement: &str, list: &[(&str, GenreFlux, &str)]) -> Vec<EvenementFlux> {
        let of = |(i, (day, genre, r)): (usize, &(&str, GenreFlux, &str))| EvenementFlux {
            id: format!("{logement}-{i}"),
            bailleur: "300000000".into(),
            logement: logement.into(),
            jour: format!("2024-{day}"),
            genre: *genre,
            reservataire: (*r).into(),
            contingent: String::new(),
            motif: String::new(),
            candidats: 0,
            dalo: false,
            q1: None,
            mutation: String::new(),
            caracteristiques: None,
            partenariat: false,
            hors_flux: false,
        };
        list.iter().enumerate().map(of).collect()
    }

    use GenreFlux as G;

    #[test]
    fn the_contingent_that_counts_is_that_of_who_accepted_last() {
        let list = events(
            "L1",
            &[
                ("01-05", G::Preavis, ""),
                ("01-10", G::Oriente, "ETAT_PRIO"),
                ("01-12", G::Accepte, ""),
                ("01-30", G::Remis, ""),
                ("02-01", G::Oriente, "COMMUNE"),
                ("02-03", G::Accepte, ""),
                ("02-10", G::Candidats, ""),
                ("02-20", G::Caleol, ""),
                ("02-21", G::RefusCandidat, ""),
                ("03-01", G::Bail, ""),
            ],
        );
        let ways = ways(&list);
        assert_eq!(ways.len(), 1);
        let imputed = ways[0].imputed().unwrap();
        assert_eq!((imputed.to.as_str(), imputed.candidate_refusals), ("COMMUNE", 1));
        assert_eq!((ways[0].at, ways[0].unwanted(), ways[0].in_flow()), (Etape::Occupe, 1, true));
    }

    #[test]
    fn a_dwelling_of_an_arrondissement_is_its_citys_and_keeps_where_it_is() {
        let of = |commune: &str| {
            let mut list = events("L1", &[("01-05", G::Preavis, ""), ("01-10", G::Oriente, "COMMUNE")]);
            let home = LogementFlux { commune: commune.into(), ..LogementFlux::default() };
            list[0].caracteristiques = Some(home);
            let way = ways(&list).remove(0);
            (way.home.commune, way.arrondissement)
        };
        assert_eq!(of("75112"), ("75056".into(), "75112".into()));
        assert_eq!(of("75056"), ("75056".into(), String::new()));
        assert_eq!(of("73065"), ("73065".into(), String::new()));
    }

    #[test]
    fn a_dwelling_handed_back_counts_for_nobody() {
        let list = [
            ("01-05", G::Preavis, ""),
            ("01-10", G::Oriente, "EPCI"),
            ("01-12", G::Accepte, ""),
            ("01-30", G::Remis, ""),
        ];
        assert_eq!(ways(&events("L1", &list))[0].imputed(), None);
    }

    #[test]
    fn first_lettings_and_mutations_within_the_stock_are_out_of_the_flow() {
        let first = ways(&events("L1", &[("01-05", G::PremiereLocation, "")]));
        let moved = ways(&events("L2", &[("01-05", G::Preavis, ""), ("02-01", G::MutationInterne, "")]));
        assert!(!first[0].in_flow() && !moved[0].in_flow());
    }

    #[test]
    fn an_impossible_order_is_refused_by_name_and_changes_nothing() {
        let mut walk = Walk::default();
        let list =
            events("L1", &[("01-05", G::Preavis, ""), ("01-10", G::Bail, ""), ("01-02", G::Oriente, "EPCI")]);
        walk.step(&list[0]).unwrap();
        let refused = walk.step(&list[1]).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "« bail » est impossible le 2024-01-10 : le logement L1 est « à orienter ». Attendu : travaux, orientation, \
             mutation interne, relogement, retrait du parc."
        );
        // Nor may it happen before what happened already.
        let refused = walk.step(&list[2]).unwrap_err().to_string();
        assert!(refused.contains("a déjà un événement le 2024-01-05"), "{refused}");
        assert_eq!(walk.ways[0].at, Etape::ALibre);
    }
}
