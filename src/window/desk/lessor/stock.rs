//! What a bailleur asks of its own dwellings: its rows of the register, read alone (`stock::lessors`), and
//! its addresses with what makes one doubt them.
//!
//! Addresses as they are filed are kept from one state of the store to the next: what somebody else corrects
//! leaves them. What bailleurs corrected is laid over them once a state.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::desk::editions::App;
use crate::desk::error::DeskError;
use crate::geocode::shelf;
use crate::stock::lessors::Lessors;
use crate::stock::review::{self, Address};
use crate::stock::table::Table;

/// Bytes that addresses as filed may take, and those with corrections.
const BYTES: u64 = 96 << 20;

/// About how many: few, so that the caches are not cut into parts too small for a large bailleur.
const ITEMS: usize = 32;

/// State of the data and SIREN.
type Filed = Cache<(String, String), Arc<Vec<Address>>, ByRows>;

/// Weighs addresses by their dwellings, about.
#[derive(Debug, Clone)]
struct ByRows;

impl<K> Weighter<K, Arc<Vec<Address>>> for ByRows {
    fn weight(&self, _: &K, list: &Arc<Vec<Address>>) -> u64 {
        list.iter().map(|a| 250 + 150 * a.logements.len() as u64).sum::<u64>() + 64
    }
}

/// What is kept for one state of the store.
#[derive(Debug)]
pub struct LessorStock {
    of: Mutex<BTreeMap<u16, Option<Arc<Lessors>>>>,
    filed: Arc<Filed>,
    reviewed: Cache<(u16, String), Arc<Vec<Address>>, ByRows>,
}

impl LessorStock {
    /// With what the state before had read.
    #[must_use]
    pub fn after(former: Option<&Self>) -> Self {
        let new = || Arc::new(Cache::with_weighter(ITEMS, BYTES, ByRows));
        Self {
            of: Mutex::default(),
            filed: former.map_or_else(new, |f| Arc::clone(&f.filed)),
            reviewed: Cache::with_weighter(ITEMS, BYTES, ByRows),
        }
    }
}

impl App {
    /// The rows of a millésime lessor by lessor; None if the store does not have it.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn by_lessor(&self, millesime: u16) -> Result<Option<Arc<Lessors>>, DeskError> {
        let mut known = self.lessors.of.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known.get(&millesime) {
            return Ok(found.clone());
        }
        let found = Lessors::of(self.store(), millesime)?.map(Arc::new);
        known.insert(millesime, found.clone());
        Ok(found)
    }

    /// Makes the rows of bailleurs of the latest figures, if they are not; says whether it did.
    ///
    /// # Errors
    /// The register cannot be read, or the files cannot be written.
    pub fn make_lessors(&self) -> Result<bool, DeskError> {
        let Some(latest) = self.millesimes.last() else { return Ok(false) };
        let Some(lessors) = self.by_lessor(latest.meta().millesime)?.filter(|l| !l.is_made()) else {
            return Ok(false);
        };
        lessors.make(self.store())?;
        Ok(true)
    }

    /// Rows of a bailleur's dwellings as filed; None if it has none.
    ///
    /// # Errors
    /// A table of the store cannot be read.
    pub fn rows_of(&self, millesime: u16, siren: &str, columns: &[&str]) -> Result<Option<Table>, DeskError> {
        let Some(lessors) = self.by_lessor(millesime)? else { return Ok(None) };
        Ok(lessors.own(self.store(), siren, columns)?)
    }

    /// Addresses of a bailleur with what makes one doubt them, reviewed at the first question.
    ///
    /// # Errors
    /// A table of the store cannot be read.
    pub fn reviewed(&self, millesime: u16, siren: &str) -> Result<Arc<Vec<Address>>, DeskError> {
        let key = (millesime, siren.to_owned());
        if let Some(found) = self.lessors.reviewed.get(&key) {
            return Ok(found);
        }
        let Some(lessors) = self.by_lessor(millesime)? else { return Ok(Arc::default()) };
        let geocoder = self.geocoder().ok();
        let base = geocoder.as_ref().and_then(|_| shelf::mark(self.store())).unwrap_or_default();
        let name = (format!("{} {base}", lessors.mark()), siren.to_owned());
        let filed = match self.lessors.filed.get(&name) {
            Some(filed) => filed,
            None => {
                let score =
                    geocoder.as_ref().map(|g| move |a: &Address| g.best_score(&a.libelle(), &a.depcom));
                let score = score.as_ref().map(|s| s as &review::Score<'_>);
                let filed = Arc::new(review::filed(&lessors, self.store(), Some(siren), score)?);
                self.lessors.filed.insert(name, Arc::clone(&filed));
                filed
            }
        };
        let found = Arc::new(review::in_force(&lessors, self.store(), &filed)?);
        self.lessors.reviewed.insert(key, Arc::clone(&found));
        Ok(found)
    }
}
