//! Keeps, for one cube, the sub-populations that were answered, and finds what part of a zone may be
//! published.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use serde::{Deserialize, Serialize};

use super::ledger::{Held, Ledger};
use super::release::{self, Hierarchy, Release};
use crate::cube::bits::Bits;
use crate::cube::runs::Runs;
use crate::cube::{Cube, Filter, atoms};
use crate::reference::indicators::Catalogue;
use crate::reference::secrecy::Secrecy;

/// Which households a figure describes.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum Population {
    /// Tous les ménages répondants.
    #[default]
    Tous,
    /// Emménagés récents (24 mois avant le 1er janvier de la vague).
    Recents,
    /// Les autres (« non récents »).
    Anciens,
}

/// A sub-population: population and filter.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Predicate {
    population: Population,
    classes: BTreeMap<String, Vec<u8>>,
    bailleurs: Vec<u16>,
}

/// Why the list of answered sub-populations cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    #[error("registre du secret « {} » : {source}", .path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error(
        "trop de combinaisons de filtres différentes ont été demandées ({0}) : reprenez l'une de celles déjà \
            affichées"
    )]
    Full(usize),
}

/// The way out of one cube.
#[derive(Debug)]
pub struct Publisher {
    cube: Arc<Cube>,
    hierarchy: Hierarchy,
    /// Addresses with respondents before each address rank: others are no obstacle to an atom.
    respondent_rank: Vec<u32>,
    items: Vec<usize>,
    k: u32,
    /// Bytes that releases may take.
    room: usize,
    releases: RwLock<BTreeMap<Predicate, Arc<Release>>>,
    /// Held while a new sub-population is decided, so that the order of decisions is one.
    deciding: Mutex<Option<Ledger>>,
}

impl Publisher {
    /// `ledger`: the file that remembers answered sub-populations between runs and processes (None: only in
    /// memory).
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn new(
        cube: Arc<Cube>,
        catalogue: &Catalogue,
        secrecy: &Secrecy,
        ledger: Option<PathBuf>,
    ) -> Result<Self, LedgerError> {
        let starts = cube.starts();
        let respondents = cube.respondents();
        let mut rank = 0u32;
        let mut respondent_rank = vec![0];
        for pair in starts.windows(2) {
            rank += u32::from(respondents.count(pair[0] as usize..pair[1] as usize) > 0);
            respondent_rank.push(rank);
        }
        let atom_starts = cube.atoms();
        let m = u32::try_from(atom_starts.len().saturating_sub(1)).unwrap_or(u32::MAX);
        let hierarchy = Hierarchy {
            dwellings: atom_starts.iter().map(|a| starts[*a as usize]).collect(),
            partitions: cube
                .hierarchy()
                .split(|x| *x == m)
                .filter(|p| !p.is_empty())
                .map(<[u32]>::to_vec)
                .collect(),
        };
        let items = atoms::items(catalogue)
            .iter()
            .filter_map(|i| catalogue.measure_index(i))
            .zip(cube.items_in_cut())
            .filter(|(_, used)| **used == 1)
            .map(|(i, _)| i)
            .collect();
        let publisher = Self {
            cube,
            hierarchy,
            respondent_rank,
            items,
            k: secrecy.k,
            room: secrecy.memoire_octets,
            releases: RwLock::default(),
            deciding: Mutex::new(None),
        };
        // Recent movers and the others come first, always in this order.
        for population in [Population::Recents, Population::Anciens] {
            publisher.decide(&Predicate { population, ..Predicate::default() });
        }
        if let Some(path) = ledger {
            let mut ledger = Ledger::new(path);
            let path = ledger.path().to_owned();
            let fault = |source| LedgerError::File { path: path.clone(), source };
            // A store that is only read stays as it is until a filter must be remembered.
            if path.exists() {
                publisher.catch_up(&mut ledger.hold().map_err(fault)?).map_err(fault)?;
            }
            *publisher.deciding.lock().unwrap_or_else(PoisonError::into_inner) = Some(ledger);
        }
        Ok(publisher)
    }

    /// Decides, in their order, what former runs and other processes decided.
    fn catch_up(&self, ledger: &mut Held<'_>) -> std::io::Result<()> {
        for predicate in ledger.news::<Predicate>()? {
            if self.known(&predicate).is_none() {
                self.decide(&predicate);
            }
        }
        Ok(())
    }

    #[must_use]
    pub fn cube(&self) -> &Arc<Cube> {
        &self.cube
    }

    /// Whether the item behind a measure took part in cutting atoms.
    #[must_use]
    pub fn cuts_by(&self, measure: usize) -> bool {
        self.items.contains(&measure)
    }

    /// The part of a zone that may be published for a sub-population: runs of addresses whose households of
    /// that sub-population are all counted together, and the households themselves (None: all of them).
    ///
    /// # Errors
    /// A new sub-population cannot be written down.
    pub fn publishable(
        &self,
        zone: &Runs,
        population: Population,
        filter: &Filter,
    ) -> Result<(Runs, Option<Arc<Release>>), LedgerError> {
        let atoms = self.atoms_inside(zone);
        if population == Population::Tous && filter.is_empty() {
            return Ok((self.addresses(atoms.iter()), None));
        }
        let predicate =
            Predicate { population, classes: filter.classes.clone(), bailleurs: filter.bailleurs.clone() };
        let release = self.release(&predicate)?;
        let mut inside = Runs::default();
        for (start, end) in atoms.iter() {
            let from = release.groups.partition_point(|g| g.first < start);
            for g in release.groups[from..].iter().take_while(|g| g.start < end) {
                if g.last <= end {
                    inside.push(g.first, g.last);
                }
            }
        }
        // Neighbouring groups join into one run only where nothing stands between them.
        Ok((self.addresses(inside.iter()), Some(release)))
    }

    /// Atoms all of whose households are in the zone, as runs of atoms.
    fn atoms_inside(&self, zone: &Runs) -> Runs {
        let rank = &self.respondent_rank;
        let ranks = Runs::new(zone.iter().map(|(s, e)| (rank[s as usize], rank[e as usize])).collect());
        let atoms = self.cube.atoms();
        let first = |i: usize| rank[atoms[i] as usize];
        let m = atoms.len().saturating_sub(1);
        let mut out = Runs::default();
        for (s, e) in ranks.iter() {
            let from = partition(m, |i| first(i) < s);
            let to = partition(m, |i| first(i + 1) <= e);
            if from < to {
                out.push(u32::try_from(from).unwrap_or(u32::MAX), u32::try_from(to).unwrap_or(u32::MAX));
            }
        }
        out
    }

    fn addresses(&self, atoms: impl Iterator<Item = (u32, u32)>) -> Runs {
        let starts = self.cube.atoms();
        let mut runs = Runs::default();
        for (s, e) in atoms {
            runs.push(starts[s as usize], starts[e as usize]);
        }
        runs
    }

    fn known(&self, predicate: &Predicate) -> Option<Arc<Release>> {
        self.releases.read().unwrap_or_else(PoisonError::into_inner).get(predicate).cloned()
    }

    /// Whether one more release fits: none is ever forgotten, since the next one must be compared with it.
    fn room(&self) -> Result<(), LedgerError> {
        let releases = self.releases.read().unwrap_or_else(PoisonError::into_inner);
        let taken: usize = releases.values().map(|r| r.bytes()).sum();
        if taken < self.room { Ok(()) } else { Err(LedgerError::Full(releases.len())) }
    }

    fn release(&self, predicate: &Predicate) -> Result<Arc<Release>, LedgerError> {
        if let Some(release) = self.known(predicate) {
            return Ok(release);
        }
        let mut ledger = self.deciding.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(release) = self.known(predicate) {
            return Ok(release);
        }
        let Some(ledger) = ledger.as_mut() else {
            self.room()?;
            return Ok(self.decide(predicate));
        };
        let path = ledger.path().to_owned();
        let fault = |source| LedgerError::File { path: path.clone(), source };
        let mut held = ledger.hold().map_err(fault)?;
        self.catch_up(&mut held).map_err(fault)?;
        if let Some(release) = self.known(predicate) {
            return Ok(release);
        }
        self.room()?;
        // Written before it is answered: a crash may forget an answer's question, never the reverse.
        held.add(predicate).map_err(fault)?;
        Ok(self.decide(predicate))
    }

    fn decide(&self, predicate: &Predicate) -> Arc<Release> {
        let everyone = self.cube.respondents();
        let filter = Filter { classes: predicate.classes.clone(), bailleurs: predicate.bailleurs.clone() };
        let mut rows = Bits(&self.cube.mask(&filter)).and(everyone);
        let recents = self.cube.recents().0;
        match predicate.population {
            Population::Tous => {}
            Population::Recents => rows.iter_mut().zip(recents).for_each(|(r, x)| *r &= x),
            Population::Anciens => rows.iter_mut().zip(recents).for_each(|(r, x)| *r &= !x),
        }
        let items: Vec<Bits<'_>> = self.items.iter().map(|i| self.cube.measure(*i)).collect();
        let mut new = release::cut(&self.hierarchy, rows, everyone, &items, self.k);
        let mut releases = self.releases.write().unwrap_or_else(PoisonError::into_inner);
        for old in releases.values() {
            release::withhold(&self.hierarchy, &mut new, old, self.k);
        }
        let new = Arc::new(new);
        releases.insert(predicate.clone(), Arc::clone(&new));
        new
    }
}

/// First index in `0..n` for which the test fails.
fn partition(n: usize, test: impl Fn(usize) -> bool) -> usize {
    let (mut lo, mut hi) = (0, n);
    while lo < hi {
        let mid = lo + (hi - lo) / 2;
        if test(mid) { lo = mid + 1 } else { hi = mid }
    }
    lo
}
