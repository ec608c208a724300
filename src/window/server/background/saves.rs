//! Copies of the store that an administrator asks for: one is made, or read again, at a time, beside answers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::desk::admin::sauvegardes::{ControleSauvegarde, SaveError, TravailSauvegarde, save};
use crate::desk::trace::Trace;
use crate::server::auth::trail::Trail;
use crate::server::auth::who::Visitor;
use crate::server::background::works::Works;
use crate::state::{self, State};
use crate::store::backup::check;

/// What is made now, what failed, and what was found of copies that were read again.
#[derive(Debug, Clone)]
pub struct Saves {
    folder: Option<PathBuf>,
    now: Arc<Mutex<Now>>,
}

/// The state of the work.
#[derive(Debug, Clone, Default)]
pub struct Now {
    pub job: Option<TravailSauvegarde>,
    pub failed: Option<String>,
    pub checked: BTreeMap<String, ControleSauvegarde>,
}

impl Saves {
    #[must_use]
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { folder, now: Arc::default() }
    }

    /// Where copies are, if they may be made by the page.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    #[must_use]
    pub fn now(&self) -> Now {
        self.held().clone()
    }

    fn held(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a work; false while another goes on.
    #[must_use]
    pub fn begin(&self, nom: &str, controle: bool) -> bool {
        let mut now = self.held();
        if now.job.is_some() {
            return false;
        }
        now.job = Some(TravailSauvegarde { nom: nom.to_owned(), controle, avancement: None });
        now.failed = None;
        true
    }

    fn end(&self, failed: Option<String>) {
        let mut now = self.held();
        (now.job, now.failed) = (None, failed);
    }

    /// Forgets what was found of a copy that is removed.
    pub fn forget(&self, nom: &str) {
        self.held().checked.remove(nom);
    }

    /// Makes the copy that [`Self::begin`] named in `target`; its line of the trail is written once it is
    /// whole.
    pub async fn make(self, target: PathBuf, state: State, works: Works, trail: Trail, who: Arc<Visitor>) {
        let told = self.clone();
        let share = move |done: usize, all: usize| {
            if let Some(job) = &mut told.held().job {
                job.avancement = Some(done as f64 / all.max(1) as f64);
            }
        };
        let root = works.root().to_owned();
        let made: Result<_, SaveError> =
            save((&root, &target), &state, false, move || works.writer(), share).await;
        let failed = match made {
            Ok((_, fault)) => {
                let line = Trace::new("sauvegarde", target.display().to_string()).entry(&who);
                let untold = trail.write(vec![line]).await.err().map(|e| e.to_string());
                untold.or(fault.map(|f| {
                    format!("La sauvegarde est faite, mais le journal d'audit n'est pas intact : {f}")
                }))
            }
            Err(e) => Some(e.to_string()),
        };
        if let Some(why) = &failed {
            tracing::error!("sauvegarde : {why}");
        }
        self.end(failed);
    }

    /// Reads every file of the copy that [`Self::begin`] named again.
    pub async fn read_again(self, nom: String, copy: PathBuf) {
        let found = tokio::task::spawn_blocking(move || check(&copy).map(|_| ())).await;
        let faute = match found {
            Ok(Ok(())) => None,
            Ok(Err(e)) => Some(e.to_string()),
            Err(e) => Some(e.to_string()),
        };
        self.held().checked.insert(nom, ControleSauvegarde { le: state::now(), faute });
        self.end(None);
    }
}

#[cfg(test)]
mod tests {
    use super::Saves;

    #[test]
    fn one_work_at_a_time() {
        let saves = Saves::new(None);
        assert!(saves.begin("a", false) && !saves.begin("b", true));
        saves.end(Some("le disque est plein".to_owned()));
        assert_eq!(saves.now().failed.as_deref(), Some("le disque est plein"));
        assert!(saves.begin("b", true) && saves.now().failed.is_none());
    }
}
