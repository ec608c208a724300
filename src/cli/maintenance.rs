//! `mosaique maintenance`: drops what has been kept as long as it may be (domain §9.4), or lists it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use clap::Args;

use super::admin::{noted, with_state};
use super::out::say;
use super::{Failure, StoreArgs};
use crate::desk::trace::Trace;
use crate::reference::comptes::comptes;
use crate::reference::magasin::magasin;
use crate::state::{self, Deposit, State, StatutDepot};
use crate::store::{Operation, Store, StoreError, Writer, quarantine};

#[derive(Debug, Args)]
pub struct MaintenanceArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// Dire ce qui serait retiré des dépôts et des placements DALO, sans rien retirer
    #[arg(long)]
    essai: bool,
}

const DAY: i64 = 86_400;
/// A mean year, in seconds.
const YEAR: i64 = 36_525 * DAY / 100;
/// Deposits that were never in force: they wait for their check or their acceptance, or could not be read.
const PENDING: [StatutDepot; 3] = [StatutDepot::Controle, StatutDepot::Pret, StatutDepot::Echec];

pub fn run(args: &MaintenanceArgs) -> Result<(), Failure> {
    let now = state::now();
    with_state(&args.store, async |s| {
        deposits(s, args, now).await?;
        comments(s, args.essai, now).await?;
        flux(s, args.essai, now).await?;
        former_imports(s, args, now).await?;
        if !args.essai {
            others(s, now).await?;
        }
        Ok(())
    })
}

/// Deposits that nobody accepted, and folders that no deposit needs any more.
async fn deposits(state: &State, args: &MaintenanceArgs, now: i64) -> Result<(), Failure> {
    let days = comptes().conservation.depots_j;
    let (done, verb) = if args.essai { ("À retirer", "serait") } else { ("Retiré", "est") };
    let pending = state.pending_deposits().await?;
    let (old, kept): (Vec<_>, Vec<_>) = pending.into_iter().partition(|(_, last)| *last < now - days * DAY);
    for (d, last) in &old {
        say!(
            "{done} : dépôt {} ({} {} de {}), sans suite depuis le {}.",
            d.fichier,
            d.registre.to_uppercase(),
            d.annee,
            d.siren,
            state::day(*last)
        );
        if !args.essai {
            expire(state, args, d, days, now).await?;
        }
    }
    let used: BTreeSet<String> = kept.into_iter().map(|(d, _)| d.id).collect();
    for folder in orphans(args, &used, days)? {
        say!("{done} : dossier {}, dont plus aucun dépôt n'a besoin.", folder.display());
        if !args.essai {
            std::fs::remove_dir_all(&folder)?;
            noted(
                state,
                Trace::new("quarantaine_effacee", folder.file_name().unwrap_or_default().to_string_lossy()),
            )
            .await?;
        }
    }
    let verb = if old.len() > 1 && args.essai {
        "seraient"
    } else if old.len() > 1 {
        "sont"
    } else {
        verb
    };
    let s = if old.len() > 1 { "s" } else { "" };
    say!("{} dépôt{s} jamais accepté{s} en {days} jours {verb} retiré{s}.", old.len());
    Ok(())
}

/// The files of a deposit and the cells that were corrected go; that it was made, and what its check counted,
/// stays.
async fn expire(
    state: &State,
    args: &MaintenanceArgs,
    d: &Deposit,
    days: i64,
    now: i64,
) -> Result<(), Failure> {
    let why = format!("Jamais accepté : retiré après {days} jours");
    // Who accepts it at this very moment goes first.
    if !state.turn_deposit(&d.id, &PENDING, StatutDepot::Retire, &why).await? {
        return Ok(());
    }
    state.correct_deposit(&d.id, "").await?;
    state.note_deposit(&d.id, "", "retrait", &why, now).await?;
    let folder = quarantine(&args.store.data, &d.id);
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    let trace =
        Trace::new("depot_expire", d.id.clone()).with("registre", d.registre.as_str()).with("annee", d.annee);
    noted(state, trace.with("siren", d.siren.as_str()).with("jours", days)).await
}

/// Folders of the quarantine that are as old as a deposit may be and belong to none that is pending: what a
/// crash left.
fn orphans(args: &MaintenanceArgs, used: &BTreeSet<String>, days: i64) -> Result<Vec<PathBuf>, Failure> {
    let root = quarantine(&args.store.data, "");
    if !root.exists() {
        return Ok(Vec::new());
    }
    let old = Duration::from_secs(u64::try_from(days * DAY)?);
    let mut out = Vec::new();
    for entry in std::fs::read_dir(root)? {
        let entry = entry?;
        let age = SystemTime::now().duration_since(entry.metadata()?.modified()?).unwrap_or_default();
        if age > old && !used.contains(&*entry.file_name().to_string_lossy()) {
            out.push(entry.path());
        }
    }
    out.sort();
    Ok(out)
}

/// Comments on DALO placements: free text about a household, kept as long as the placement is discussed.
/// Reasons stay.
async fn comments(state: &State, trial: bool, now: i64) -> Result<(), Failure> {
    let months = comptes().conservation.dalo_commentaires_mois;
    let n = state.forget_dalo_comments(now - months * 31 * DAY, trial).await?;
    let verb = match (trial, n > 1) {
        (true, true) => "seraient",
        (true, false) => "serait",
        (false, true) => "sont",
        (false, false) => "est",
    };
    let s = if n > 1 { "s" } else { "" };
    say!(
        "{n} commentaire{s} de placements DALO de plus de {months} mois {verb} effacé{s} ; les motifs \
            restent."
    );
    if !trial && n > 0 {
        noted(
            state,
            Trace::new("dalo_commentaires_effaces", "").with("commentaires", n).with("mois", months),
        )
        .await?;
    }
    Ok(())
}

/// Events of gestion en flux whose vacancy ended long ago.
async fn flux(state: &State, trial: bool, now: i64) -> Result<(), Failure> {
    let years = comptes().conservation.flux_evenements_ans;
    let before = state::day(now - i64::from(years) * YEAR);
    let n = state.forget_flux(&before, trial).await?;
    let verb = if trial { "à retirer" } else { "retiré(s)" };
    say!("{n} événement(s) de gestion en flux de vacances finies avant le {before} {verb}.");
    if !trial && n > 0 {
        noted(state, Trace::new("flux_evenements_oublies", "").with("evenements", n).with("ans", years))
            .await?;
    }
    Ok(())
}

/// Imports that were replaced or removed, kept for a time so that they can be put back.
async fn former_imports(state: &State, args: &MaintenanceArgs, now: i64) -> Result<(), Failure> {
    let root = &args.store.data;
    let days = magasin()?.conservation.jours;
    let gone: Vec<Operation> = match Store::open(root) {
        // Accounts without data: nothing was imported yet.
        Err(StoreError::Missing(_)) => return Ok(()),
        Err(e) => return Err(e.into()),
        Ok(store) if args.essai => store.expired(now).cloned().collect(),
        Ok(store) if store.expired(now).next().is_none() => Vec::new(),
        Ok(_) => Writer::open(root)?.forget_former(now)?,
    };
    let verb = if args.essai { "serait" } else { "est" };
    for o in &gone {
        say!("Ne pourra plus être remis : {} {}, changé le {}.", o.registre, o.cle, state::day(o.le));
        if !args.essai {
            noted(state, Trace::new("import_oublie", format!("{} {}", o.registre, o.cle))).await?;
        }
    }
    say!("{} import(s) remplacé(s) ou retiré(s) depuis plus de {days} jours {verb} oublié(s).", gone.len());
    Ok(())
}

async fn others(state: &State, now: i64) -> Result<(), Failure> {
    let purged = state.purge(now).await?;
    noted(
        state,
        Trace::new("maintenance", "").with("journal", purged.audit).with("sessions", purged.sessions),
    )
    .await?;
    say!(
        "Retirés : {} lignes de journal de plus de {} mois, {} sessions finies, {} jetons expirés, {} compteurs d'essais, \
         {} ensembles de zones effacés, {} avis par courriel.",
        purged.audit,
        comptes().conservation.journal_mois,
        purged.sessions,
        purged.jetons,
        purged.tentatives,
        purged.ensembles,
        purged.courriels
    );
    Ok(())
}
