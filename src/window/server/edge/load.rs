//! How much is answered at once, and who must come back.
//!
//! Cheap requests are only bounded together. Costly ones have fewer places and a short queue, so that they
//! never take the processors from the others; beyond, one is told to come back (`data/limites.toml`).

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::desk::problem::Problem;
use crate::reference::limites::{Requests, limits};

/// Places for requests.
#[derive(Debug, Clone)]
pub struct Load {
    limits: &'static Requests,
    all: Arc<Semaphore>,
    costly: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

/// The places of one request, given back when it is answered.
#[derive(Debug)]
pub struct Places(#[expect(dead_code, reason = "held until the answer is made")] Vec<OwnedSemaphorePermit>);

impl Load {
    #[must_use]
    pub fn new() -> Self {
        let limits = &limits().requetes;
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self {
            limits,
            all: Arc::new(Semaphore::new(limits.a_la_fois)),
            costly: Arc::new(Semaphore::new(limits.couteuses_par_coeur * cores)),
            waiting: Arc::new(Semaphore::new(limits.en_attente)),
        }
    }

    /// Requests that are being answered.
    #[must_use]
    pub fn answering(&self) -> usize {
        self.limits.a_la_fois - self.all.available_permits()
    }

    /// Takes the places of an operation.
    ///
    /// # Errors
    /// There are none, or none in time.
    pub async fn enter(&self, operation: &str) -> Result<Places, Problem> {
        let named = |list: &[String]| list.iter().any(|o| o == operation);
        if named(&self.limits.hors_compte) {
            return Ok(Places(Vec::new()));
        }
        let busy = |_| Problem::busy();
        let mut places = vec![Arc::clone(&self.all).try_acquire_owned().map_err(busy)?];
        if named(&self.limits.couteuses) {
            let _queue = self.waiting.try_acquire().map_err(busy)?;
            let place = Arc::clone(&self.costly).acquire_owned();
            let place = tokio::time::timeout(self.limits.wait(), place).await.map_err(|_| Problem::busy())?;
            places.push(place.map_err(|_| Problem::busy())?);
        }
        Ok(Places(places))
    }
}

impl Default for Load {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn costly_requests_wait_and_beyond_the_queue_one_must_come_back() {
        let load = Load::new();
        let most = load.costly.available_permits();
        let mut held = Vec::new();
        for _ in 0..most {
            held.push(load.enter("mesure").await.unwrap());
        }
        // Others are not held up.
        assert!(load.enter("catalogue").await.is_ok() && load.enter("healthz").await.is_ok());
        let queue =
            Arc::clone(&load.waiting).acquire_many_owned(u32::try_from(load.limits.en_attente).unwrap());
        let queue = queue.await.unwrap();
        assert_eq!(load.enter("mesure").await.unwrap_err(), Problem::busy());
        drop(queue);
        let waits = tokio::spawn({
            let load = load.clone();
            async move { load.enter("mesure").await.is_ok() }
        });
        tokio::task::yield_now().await;
        held.pop();
        assert!(waits.await.unwrap());
        assert_eq!(load.answering(), most - 1);
    }
}
