//! Everything that is kept of gestion en flux, held in memory as ways of dwellings and brought up to date
//! dwelling by dwelling, and the years that it gives.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::Mutex;

use crate::desk::problem::Problem;
use crate::flow::convention::{ConventionFlux, Decompte};
use crate::flow::event::EvenementFlux;
use crate::flow::rights::Droit;
use crate::flow::way::{Walk, Way};
use crate::flow::year::{AlerteFlux, Assiette, CalculFlux, Caps, calculated};
use crate::french;
use crate::reference::flux::flux;
use crate::state::State;

/// What is kept.
#[derive(Debug, Clone, Default)]
pub struct Book {
    /// The last version of each convention.
    pub conventions: Vec<(i64, ConventionFlux)>,
    /// All versions of each, by bailleur and département.
    versions: BTreeMap<(String, String), Vec<Vec<ConventionFlux>>>,
    pub bases: Vec<Assiette>,
    pub rights: Vec<Droit>,
    /// Last day that an event tells of, by lessor and year.
    until: BTreeMap<String, BTreeMap<u16, String>>,
    /// Communes and lessors of all ways.
    pub communes: BTreeSet<String>,
    pub lessors: BTreeSet<String>,
    /// Dwelling by dwelling; that of none any more is empty. Each is shared, as are the maps below: a book
    /// that somebody still reads is copied without what did not change.
    ways: Vec<Arc<[Way]>>,
    /// Places in `ways`, of all dwellings and of those that had something on the way in a year.
    all: Arc<Places>,
    active: BTreeMap<u16, Arc<Places>>,
}

/// SIREN of the bailleur and number of the dwelling.
type Key = (Arc<str>, Arc<str>);
/// Read in the order of keys, without a look-up a dwelling.
type Places = BTreeMap<Key, u32>;

/// Years in which a way was open.
fn years_of(way: &Way) -> std::ops::RangeInclusive<u16> {
    way.opened.year()..=way.since.year()
}

/// What a lessor told of a year: nothing, until a day, or all of it: it told of another year since, or the
/// year is over by the calendar and it told of December.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Known {
    /// Last day; None: nothing was received.
    pub day: Option<String>,
    /// Months until then, 12 for a whole year.
    pub months: f64,
    pub over: bool,
}

/// Year of a day `YYYY-MM-DD`.
pub fn year(day: &str) -> u16 {
    day.get(..4).and_then(|y| y.parse().ok()).unwrap_or(0)
}

/// Month of a day, 1 to 12; 0 if it is no day.
pub fn month(day: &str) -> u8 {
    day.get(5..7).and_then(|m| m.parse().ok()).unwrap_or(0)
}

/// Département of a commune: two signs, three overseas.
pub fn departement(commune: &str) -> &str {
    let n = if commune.starts_with("97") || commune.starts_with("98") { 3 } else { 2 };
    commune.get(..n).unwrap_or(commune)
}

pub fn caps() -> Result<Caps, Problem> {
    let f = flux().map_err(|e| Problem::internal(&e))?;
    Ok(Caps { state: f.etat, agents: f.agents, guarantees: f.garanties })
}

/// Events: if more changed, all are read.
const FEW: i64 = 2_000;

/// The book that is open, and the revision of the state that it was read from.
#[derive(Debug, Clone, Default)]
pub struct Shelf(Arc<Mutex<Option<(i64, Arc<Book>)>>>);

impl Shelf {
    /// What is kept now: all of it the first time, then only the dwellings that changed.
    pub async fn open(&self, state: &State) -> Result<Arc<Book>, Problem> {
        let mut kept = self.0.lock().await;
        // Asked first: what is written meanwhile is read now, and once more the next time.
        let now = state.flux_revision().await?;
        if let Some((rev, book)) = kept.as_mut() {
            if *rev == now {
                return Ok(Arc::clone(book));
            }
            let changed = state.flux_changed(*rev, FEW).await?;
            if let Some(changed) = changed
                && Arc::make_mut(book).follow(state, &changed).await?
            {
                *rev = now;
                return Ok(Arc::clone(book));
            }
        }
        let book = Arc::new(Book::read(state).await?);
        *kept = Some((now, Arc::clone(&book)));
        Ok(book)
    }
}

impl Book {
    async fn read(state: &State) -> Result<Self, Problem> {
        let mut book = Self::default();
        book.agreed(state).await?;
        state.each_flux_dwelling(|events| book.take(&events)).await?;
        Ok(book)
    }

    /// The events of one dwelling, which take the place of what it had.
    fn take(&mut self, events: &[EvenementFlux]) {
        let Some(first) = events.first() else { return };
        let mut walk = Walk::default();
        for e in events {
            // One that cannot follow, which the door refuses, is left out.
            let _ = walk.step(e);
            lengthen(&mut self.until, e);
        }
        for w in &walk.ways {
            if !self.communes.contains(&w.home.commune) {
                self.communes.insert(w.home.commune.clone());
            }
        }
        if !self.lessors.contains(&first.bailleur) {
            self.lessors.insert(first.bailleur.clone());
        }
        if !walk.ways.is_empty() {
            let key: Key = (first.bailleur.as_str().into(), first.logement.as_str().into());
            let new = u32::try_from(self.ways.len()).unwrap_or(u32::MAX);
            let place = *Arc::make_mut(&mut self.all).entry(key.clone()).or_insert(new);
            for annee in walk.ways.iter().flat_map(years_of) {
                Arc::make_mut(self.active.entry(annee).or_default()).insert(key.clone(), place);
            }
            let ways = walk.ways.into();
            match self.ways.get_mut(place as usize) {
                Some(slot) => *slot = ways,
                None => self.ways.push(ways),
            }
        }
    }

    /// Conventions, bases and rights.
    async fn agreed(&mut self, state: &State) -> Result<(), Problem> {
        self.conventions = state.flux().await?;
        self.bases = state.flux().await?.into_iter().map(|(_, b)| b).collect();
        let rights = state.flux::<Droit>().await?;
        self.rights = rights.into_iter().map(|(_, d)| d).filter(|d| !d.retire).collect();
        self.versions.clear();
        for one in state.flux_every::<ConventionFlux>().await?.chunk_by(|a, b| a.key() == b.key()) {
            let Some(first) = one.first() else { continue };
            let key = (first.bailleur.clone(), first.departement.clone());
            self.versions.entry(key).or_default().push(one.to_vec());
        }
        Ok(())
    }

    /// Reads dwellings that changed again; false where that does not do, and all must be read.
    async fn follow(&mut self, state: &State, changed: &BTreeSet<(String, String)>) -> Result<bool, Problem> {
        self.agreed(state).await?;
        for (bailleur, logement) in changed {
            let (gone, stay): (Vec<_>, Vec<_>) =
                state.flux_events_at(bailleur, logement).await?.into_iter().partition(|e| e.withdrawn);
            let last = |e: &EvenementFlux| {
                let own = self.until.get(bailleur.as_str()).and_then(|days| days.get(&year(&e.jour)));
                own.is_some_and(|day| *day == e.jour)
            };
            if gone.iter().any(|e| last(&e.event)) {
                // It may have been the last one that its year knew.
                return Ok(false);
            }
            let key: Key = (bailleur.as_str().into(), logement.as_str().into());
            let slot = self.all.get(&key).and_then(|place| self.ways.get_mut(*place as usize));
            for annee in slot.map(std::mem::take).iter().flat_map(|ways| ways.iter()).flat_map(years_of) {
                Arc::make_mut(self.active.entry(annee).or_default()).remove(&key);
            }
            self.take(&stay.into_iter().map(|e| e.event).collect::<Vec<_>>());
        }
        Ok(true)
    }

    /// Ways of dwellings, in the order of their places.
    fn at<'b>(&'b self, places: impl Iterator<Item = &'b u32>) -> impl Iterator<Item = &'b Way> {
        places.filter_map(|place| self.ways.get(*place as usize)).flat_map(|ways| ways.iter())
    }

    /// Ways of all dwellings, by lessor and dwelling.
    pub fn ways(&self) -> impl Iterator<Item = &Way> {
        self.at(self.all.values())
    }

    /// Ways to which something happened in a year or that were open in it.
    pub fn ways_in(&self, annee: u16) -> impl Iterator<Item = &Way> {
        let active = self.active.get(&annee).into_iter().flat_map(|places| places.values());
        self.at(active).filter(move |w| years_of(w).contains(&annee))
    }

    /// Ways of the dwellings of one lessor.
    pub fn ways_of(&self, bailleur: &str) -> impl Iterator<Item = &Way> {
        let own: Arc<str> = bailleur.into();
        let from: Key = (Arc::clone(&own), "".into());
        self.at(self.all.range(from..).take_while(move |((b, _), _)| *b == own).map(|(_, place)| place))
    }

    /// Years that events or bases tell of.
    pub fn years(&self) -> Vec<u16> {
        let of_bases = self.bases.iter().map(|b| b.annee);
        let all: BTreeSet<u16> =
            self.until.values().flat_map(BTreeMap::keys).copied().chain(of_bases).collect();
        all.into_iter().collect()
    }

    /// The last year that events tell of.
    pub fn last_year(&self) -> Option<u16> {
        self.until.values().filter_map(|days| days.keys().next_back()).max().copied()
    }

    /// The last day that events tell of.
    pub fn last_day(&self) -> Option<&String> {
        self.until.values().filter_map(|days| days.values().next_back()).max()
    }

    /// What is known of a year from a lessor. `today` is that of the calendar.
    pub fn known(&self, bailleur: &str, annee: u16, today: &str) -> Known {
        let Some(days) = self.until.get(bailleur) else { return Known::default() };
        let Some(day) = days.get(&annee) else { return Known::default() };
        let over = days.keys().any(|y| *y > annee) || (month(day) == 12 && year(today) > annee);
        if over {
            return Known { day: Some(format!("{annee}-12-31")), months: 12.0, over };
        }
        let months = day.parse::<jiff::civil::Date>().map_or(12.0, |date| {
            f64::from(date.month() - 1) + f64::from(date.day()) / f64::from(date.days_in_month())
        });
        Known { day: Some(day.clone()), months, over }
    }

    fn versions(&self, bailleur: &str, departement: &str) -> impl Iterator<Item = &Vec<ConventionFlux>> {
        self.versions.get(&(bailleur.to_owned(), departement.to_owned())).into_iter().flatten()
    }

    /// What holds between a bailleur and its réservataires in a département, in a year: what takes the place
    /// of a convention that has ended, too ([`ConventionFlux::in_force`]).
    pub fn of(&self, bailleur: &str, departement: &str, annee: u16) -> Vec<ConventionFlux> {
        let each = self.versions(bailleur, departement);
        each.filter_map(|v| ConventionFlux::in_force(v, annee)).collect()
    }

    /// What holds in a year, of all bailleurs.
    pub fn in_force(&self, annee: u16) -> impl Iterator<Item = ConventionFlux> {
        self.versions.values().flatten().filter_map(move |v| ConventionFlux::in_force(v, annee))
    }

    /// The convention of a réservataire.
    pub fn convention(
        &self,
        bailleur: &str,
        departement: &str,
        reservataire: &str,
        annee: u16,
    ) -> Option<ConventionFlux> {
        let mut each = self.versions(bailleur, departement);
        let own = each.find(|v| v.first().is_some_and(|c| c.reservataire == reservataire))?;
        ConventionFlux::in_force(own, annee)
    }

    /// The base of a year in the whole département.
    pub fn base(&self, bailleur: &str, departement: &str, annee: u16) -> Option<&Assiette> {
        self.bases.iter().find(|b| {
            b.bailleur == bailleur && b.departement == departement && b.annee == annee && b.commune.is_empty()
        })
    }

    /// What earlier years leave to a year: fractions by réservataire.
    pub fn carried(
        &self,
        bailleur: &str,
        departement: &str,
        annee: u16,
    ) -> Result<Vec<(String, f64)>, Problem> {
        let caps = caps()?;
        let mut earlier: Vec<&Assiette> = self
            .bases
            .iter()
            .filter(|b| {
                b.bailleur == bailleur
                    && b.departement == departement
                    && b.annee < annee
                    && b.commune.is_empty()
            })
            .collect();
        earlier.sort_by_key(|b| b.annee);
        let mut carried = Vec::new();
        for base in earlier {
            let list = self.of(bailleur, departement, base.annee);
            if let Some(c) = calculated(base, &list, &carried, caps) {
                carried = c.parts.into_iter().map(|p| (p.reservataire, p.reporte)).collect();
            }
        }
        Ok(carried)
    }

    /// The flow of a year, if its base is known.
    pub fn flow(&self, bailleur: &str, departement: &str, annee: u16) -> Result<Option<CalculFlux>, Problem> {
        let Some(base) = self.base(bailleur, departement, annee) else { return Ok(None) };
        let carried = self.carried(bailleur, departement, annee)?;
        Ok(calculated(base, &self.of(bailleur, departement, annee), &carried, caps()?))
    }

    /// Drafts of a year in which nothing is signed yet: their share stays with the lessor, which is said.
    pub fn drafts(&self, bailleur: &str, departement: &str, annee: u16) -> Vec<AlerteFlux> {
        let told = |c: &ConventionFlux| AlerteFlux {
            id: "projet",
            logements: 0,
            reservataire: Some(c.reservataire.clone()),
            message: format!(
                "La convention de {} n'est qu'un projet : ce calcul laisse sa part ({} %) au bailleur. Sans convention \
                 signée, le flux d'un réservataire revient au préfet (CCH R.441-5-2, IV) : statut « à défaut ».",
                c.reservataire,
                french::short(c.part, 2)
            ),
        };
        let each = self.versions(bailleur, departement);
        each.filter_map(|v| ConventionFlux::draft(v, annee)).map(told).collect()
    }

    /// How a bailleur and a réservataire count; leases where no convention says it.
    pub fn counting(&self, bailleur: &str, departement: &str, reservataire: &str, annee: u16) -> Decompte {
        self.convention(bailleur, departement, reservataire, annee).map_or(Decompte::Bail, |c| c.decompte)
    }
}

fn lengthen(until: &mut BTreeMap<String, BTreeMap<u16, String>>, e: &EvenementFlux) {
    let own = match until.get_mut(&e.bailleur) {
        Some(own) => own,
        None => until.entry(e.bailleur.clone()).or_default(),
    };
    let last = own.entry(year(&e.jour)).or_default();
    if *last < e.jour {
        last.clone_from(&e.jour);
    }
}
