//! What was killed between two stores is finished: the audit line of an import whose manifest was written, a
//! deposit that was accepted and is not in force.

use serde::{Deserialize, Serialize};

use crate::desk::trace::Trace;
use crate::french::counted;
use crate::registers::report::Report;
use crate::server::background::works::WorkError;
use crate::state::audit::Wanted;
use crate::state::{self, Deposit, State, StateError, StatutDepot};
use crate::stock::parts::{deposit_key, deposit_register};
use crate::store::{By, Promise, Store, StoreError, Writer, quarantine};

/// An import as its audit line tells it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Imported {
    registre: String,
    cle: String,
    fichier: String,
    empreinte: String,
    gardees: u64,
    rejetees: u64,
    le: i64,
    par: String,
}

impl Imported {
    #[must_use]
    pub fn of(report: &Report, by: &By) -> Self {
        Self {
            registre: report.registre.clone(),
            cle: report.cle.clone(),
            fichier: report.fichier.clone(),
            empreinte: report.empreinte.clone(),
            gardees: report.lignes_gardees,
            rejetees: report.lignes_rejetees,
            le: by.le,
            par: by.par.clone(),
        }
    }

    /// Notes in the store that its line is to be written.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn promise(&self, store: &Store) -> Result<Promise, StoreError> {
        // Plain numbers and texts always serialise.
        Promise::make(store.root(), &serde_json::to_string(self).unwrap_or_default())
    }

    /// Its line of the audit trail (domain §9.4).
    #[must_use]
    pub fn trace(&self) -> Trace {
        Trace::new("import", format!("{} {}", self.registre, self.cle))
            .with("fichier", self.fichier.as_str())
            .with("empreinte", self.empreinte.as_str())
            .with("gardees", self.gardees)
            .with("rejetees", self.rejetees)
    }

    fn is_in(&self, store: &Store) -> bool {
        let m = store.manifest();
        let former = m.historique.iter().flat_map(|o| &o.avant);
        let mut pieces = m.jeux.iter().chain(former).flat_map(|d| &d.pieces);
        pieces.any(|p| p.empreinte == self.empreinte && p.le == self.le)
    }
}

/// Writes the audit lines of imports that were killed before theirs; how many. The caller holds the store, so
/// that nobody is about to write them.
///
/// # Errors
/// The database or the disk fails.
pub async fn note_imports(held: &Writer, state: &State) -> Result<usize, WorkError> {
    let mut written = 0;
    for promise in Promise::left(held.store().root()) {
        if let Ok(import) = serde_json::from_str::<Imported>(&promise.text)
            && import.is_in(held.store())
            && !noted(state, &import).await?
        {
            let trace = import.trace().with("par", import.par.as_str()).with("repris", true);
            state.audit(&[trace.by_holder()]).await?;
            written += 1;
        }
        promise.kept()?;
    }
    Ok(written)
}

/// The line is there: who wrote it was killed just after.
async fn noted(state: &State, import: &Imported) -> Result<bool, StateError> {
    let wanted = Wanted {
        action: Some("import".to_owned()),
        du: Some(import.le * 1000),
        limite: 10_000,
        ..Wanted::default()
    };
    let lines = state.audit_lines(&wanted).await?;
    Ok(lines.iter().any(|l| l.parametres.contains(&import.empreinte)))
}

/// Finishes what acceptances and withdrawals of deposits left half done; how many deposits were touched.
///
/// An acceptance says « accepté » first, then publishes, then forgets what was received: what is still there
/// is published. A withdrawal takes out of force first: what is neither in force nor there any more was
/// withdrawn, or another one took its place.
///
/// # Errors
/// The database or the disk fails.
pub async fn recover_deposits(mut held: Writer, state: &State) -> Result<usize, WorkError> {
    let mut touched = 0;
    for deposit in state.accepted_deposits().await? {
        let Ok(report) = serde_json::from_str::<Report>(&deposit.rapport) else { continue };
        let key = (deposit_register(&deposit.registre), deposit_key(deposit.annee, &deposit.siren));
        let there = held.store().manifest().dataset(&key.0, &key.1).map(|d| d.rapport.clone());
        let root = held.store().root().to_owned();
        let received = quarantine(&root, &deposit.id);
        if there.as_ref() == Some(&report) {
            if received.exists() {
                finish(state, &deposit, report.lignes_gardees).await?;
                std::fs::remove_dir_all(&received)?;
                touched += 1;
            }
            continue;
        }
        touched += 1;
        let checked = received.join("controle");
        if checked.is_dir() {
            let folder = held.temporary()?;
            for entry in std::fs::read_dir(&checked)? {
                let entry = entry?;
                if entry.file_name() != "lignes.csv" {
                    std::fs::copy(entry.path(), folder.path().join(entry.file_name()))?;
                }
            }
            let kept = report.lignes_gardees;
            held.publish(folder, report)?;
            finish(state, &deposit, kept).await?;
            std::fs::remove_dir_all(&received)?;
        } else {
            let to = if there.is_some() { StatutDepot::Remplace } else { StatutDepot::Retire };
            state.turn_deposit(&deposit.id, &[StatutDepot::Accepte], to, "").await?;
            let gesture = if there.is_some() { "remplacement" } else { "retrait" };
            state.note_deposit(&deposit.id, "", gesture, "repris après un arrêt", state::now()).await?;
        }
    }
    Ok(touched)
}

/// What an acceptance does after it has published.
async fn finish(state: &State, deposit: &Deposit, kept: u64) -> Result<(), WorkError> {
    let now = state::now();
    let same =
        |d: &&Deposit| d.id != deposit.id && d.registre == deposit.registre && d.annee == deposit.annee;
    for former in state.deposits(&deposit.siren).await?.iter().filter(same) {
        if state.turn_deposit(&former.id, &[StatutDepot::Accepte], StatutDepot::Remplace, "").await? {
            state.note_deposit(&former.id, "", "remplacement", &deposit.fichier, now).await?;
        }
    }
    let history = state.deposit_history(&deposit.id).await?;
    if history.iter().all(|g| g.geste != "acceptation") {
        let told = counted(kept, "ligne", "lignes") + " en vigueur (repris après un arrêt)";
        state.note_deposit(&deposit.id, "", "acceptation", &told, now).await?;
        let trace = Trace::new("depot_accepte", deposit.id.as_str())
            .with("registre", deposit.registre.as_str())
            .with("annee", deposit.annee)
            .with("empreinte", deposit.empreinte.as_str())
            .with("gardees", kept)
            .with("repris", true);
        state.audit(&[trace.by_holder()]).await?;
    }
    Ok(())
}
