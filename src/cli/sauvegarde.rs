//! `mosaique sauvegarde` and `mosaique restauration`: the whole store and its state elsewhere, and back.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;

use super::build::thousands;
use super::out::say;
use super::{Failure, StoreArgs, import, progress};
use crate::days;
use crate::desk::admin::sauvegardes::{SQLITE, postgres, save as save_to};
use crate::desk::trace::Trace;
use crate::state::{self, State};
use crate::store::backup::{Copying, Label, PART, check};
use crate::store::{Store, StoreError, Writer};

#[derive(Debug, Args)]
pub struct SauvegardeArgs {
    /// Dossier à créer : il ne doit pas exister, et ne porte ce nom que lorsque tout y est
    destination: PathBuf,
    #[command(flatten)]
    store: StoreArgs,
    /// Laisser la base des comptes de côté : elle est sauvegardée autrement (PostgreSQL)
    #[arg(long)]
    sans_base: bool,
}

#[derive(Debug, Args)]
pub struct RestaurationArgs {
    /// Dossier d'une sauvegarde
    sauvegarde: PathBuf,
    #[command(flatten)]
    store: StoreArgs,
}

/// How long a writer of the store is waited for.
const PATIENCE: Duration = Duration::from_secs(120);

/// Copies everything while it serves: the store is held only for what changes in place.
pub fn save(args: &SauvegardeArgs) -> Result<(), Failure> {
    let root = &args.store.data;
    Store::open(root)?;
    if let (Some(url), false) = (postgres(), args.sans_base) {
        return Err(format!(
            "les comptes et le journal sont dans PostgreSQL ({url}) : mosaique ne les copie pas. Lancez d'abord\n  pg_dump \
             -Fc -f etat.dump \"$DATABASE_URL\"\npuis, avec --sans-base, cette commande ; gardez les deux \
             ensemble"
        )
        .into());
    }
    let bars = Arc::new(progress::Steps::new());
    let shown = Arc::clone(&bars);
    let held = root.clone();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (label, fault) = runtime.block_on(async {
        let state = State::of_store(root).await?;
        let told = move |done, all| shown.show("sauvegarde", done as u64, all as u64);
        let saved =
            save_to((root, &args.destination), &state, args.sans_base, move || patient(&held), told).await;
        state.close().await;
        Ok::<_, Failure>(saved?)
    })?;
    bars.finish();
    if let Some(fault) = fault {
        say!("Attention, le journal d'audit n'est pas intact : {fault}. La sauvegarde le garde tel quel.");
    }
    import::noted(root, [Trace::new("sauvegarde", args.destination.display().to_string())])?;
    told("Sauvegardé", &label);
    say!("Elle contient la clé du secret statistique et les comptes : gardez-la comme le magasin.");
    Ok(())
}

/// Makes a store from a copy, in a folder that is not there or is empty.
pub fn restore(args: &RestaurationArgs) -> Result<(), Failure> {
    let from = &args.sauvegarde;
    let label = check(from)?;
    let own = label.base == SQLITE;
    if let (Some(url), true) = (postgres(), own) {
        return Err(format!(
            "cette sauvegarde a sa base des comptes, et DATABASE_URL désigne {url} : restaurez sans DATABASE_URL, puis \
             « mosaique state move » si vous voulez PostgreSQL"
        )
        .into());
    }
    let mut copy = Copying::begin(&args.store.data)?;
    let lock = copy.lock()?;
    let part = from.join(PART);
    for file in label.fichiers.keys() {
        if let Some(relative) = file.strip_prefix(&format!("{PART}/")) {
            copy.take(&part, relative, "")?;
        }
    }
    Store::open(copy.folder())?;
    if own {
        chain(copy.folder(), &label.temoin)?;
    }
    copy.finish_bare()?;
    drop(lock);
    told("Restauré", &label);
    if own {
        say!("Journal d'audit intact jusqu'à la ligne notée par la sauvegarde ({}).", label.temoin);
    } else {
        say!("Sans la base des comptes : pg_restore -d \"$DATABASE_URL\" etat.dump");
    }
    say!("mosaique serve --data {}", args.store.data.display());
    Ok(())
}

/// The restored trail is whole, and holds the line that was noted.
fn chain(root: &Path, witness: &str) -> Result<(), Failure> {
    let (rank, mark) = witness.split_once(':').unwrap_or(("0", ""));
    let rank: i64 = rank.parse().unwrap_or(0);
    let url = format!("sqlite://{}?mode=rw", root.join("etat.sqlite").display());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let state = State::open(&url).await?;
        let trail = state.verify_audit((rank > 0).then_some((rank, mark))).await?;
        state.close().await;
        match trail.faute {
            None => Ok(()),
            Some(fault) => {
                Err(format!("le journal d'audit de la sauvegarde n'est pas intact : {fault}").into())
            }
        }
    })
}

fn told(verb: &str, label: &Label) {
    say!(
        "{verb} : {} fichiers, {} octets, sauvegarde du {} (mosaique {}).",
        thousands(label.fichiers.len() as u64),
        thousands(label.octets()),
        days::french(&state::day(label.le)),
        label.programme
    );
}

/// The lock of the store, once a work that holds it has ended.
fn patient(root: &Path) -> Result<Writer, StoreError> {
    let start = Instant::now();
    loop {
        match Writer::open(root) {
            Err(StoreError::Locked(_)) if start.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(200));
            }
            other => return other,
        }
    }
}

/// The folder of copies in full; one inside the store would be copied with it, and swept.
pub fn apart(folder: &Path, store: &Path) -> Result<PathBuf, Failure> {
    std::fs::create_dir_all(folder).map_err(|e| format!("« {} » : {e}", folder.display()))?;
    let (whole, inside) = (folder.canonicalize()?, store.canonicalize()?);
    if whole.starts_with(&inside) {
        return Err(format!(
            "--sauvegardes : « {} » est dans le magasin « {} » ; donnez un dossier ailleurs, si possible sur un autre \
             disque",
            whole.display(),
            inside.display()
        )
        .into());
    }
    Ok(whole)
}
