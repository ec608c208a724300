//! `mosaique imports`: what was imported, taking it out, putting back what it replaced.

use clap::{Args, Subcommand};
use serde_json::json;

use super::out::say;
use super::{Failure, StoreArgs, build, import, import_report};
use crate::admission::plan::files_of;
use crate::admission::{is_imported, undoable};
use crate::desk::trace::Trace;
use crate::reference::magasin::magasin;
use crate::store::{Acte, By, Manifest, Operation, Store, Writer};
use crate::{days, state};

/// Arguments of `imports`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct ImportsArgs {
    #[command(subcommand)]
    act: Option<Act>,
    #[command(flatten)]
    store: StoreArgs,
    /// Écrire la liste en JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Retirer un jeu de données ; il peut être remis pendant un temps
    Remove(Which),
    /// Remettre ce que le dernier import (ou retrait) a remplacé
    Restore(Which),
}

/// One data set.
#[derive(Debug, Args)]
struct Which {
    /// Registre, comme « mosaique imports » l'écrit : rpls, ops, zones, addresses, attributions, demandes,
    /// thresholds…
    registre: String,
    /// Clé, comme « mosaique imports » l'écrit : 2024, commune, 73…
    cle: String,
    #[command(flatten)]
    store: StoreArgs,
    /// Construire ensuite les chiffres, comme « mosaique build »
    #[arg(long)]
    construire: bool,
}

pub fn run(args: &ImportsArgs) -> Result<(), Failure> {
    match &args.act {
        None => list(args),
        Some(Act::Remove(which)) => remove(which),
        Some(Act::Restore(which)) => restore(which),
    }
}

fn list(args: &ImportsArgs) -> Result<(), Failure> {
    let store = Store::open(&args.store.data)?;
    let m = store.manifest();
    if args.json {
        say!("{}", serde_json::to_string_pretty(&told(m))?);
        return Ok(());
    }
    let waiting: Vec<&str> = m.not_built().iter().map(|d| d.dossier.as_str()).collect();
    for d in m.jeux.iter().filter(|d| is_imported(&d.rapport.registre)) {
        let mark = if waiting.contains(&d.dossier.as_str()) { " (pas encore construit)" } else { "" };
        say!("{} {}{mark}", d.rapport.registre, d.rapport.cle);
        for piece in files_of(d) {
            say!("    {}", import_report::of(&piece));
        }
    }
    if m.jeux.is_empty() {
        say!("Le magasin ne contient aucun import.");
    }
    if !m.historique.is_empty() {
        let days = magasin()?.conservation.jours;
        say!("Peut être remis (mosaique imports restore REGISTRE CLE), {days} jours au plus :");
    }
    for o in m.historique.iter().rev() {
        say!("    {}", former(o));
    }
    Ok(())
}

/// « rpls 2024 : avant l'import du 28/11/2026 par …, « a.csv » … »
fn former(o: &Operation) -> String {
    let act = match o.acte {
        Acte::Import => "l'import",
        Acte::Retrait => "le retrait",
        Acte::Retour => "le retour",
    };
    let files: Vec<String> = o.avant.iter().flat_map(files_of).map(|p| import_report::of(&p)).collect();
    let day = days::french(&state::day(o.le));
    format!("{} {} : avant {act} du {day} par {} : {}", o.registre, o.cle, o.par, files.join(" ; "))
}

fn told(m: &Manifest) -> serde_json::Value {
    let waiting: Vec<&str> = m.not_built().iter().map(|d| d.dossier.as_str()).collect();
    let sets = m.jeux.iter().filter(|d| is_imported(&d.rapport.registre)).map(|d| {
        json!({
            "registre": d.rapport.registre,
            "cle": d.rapport.cle,
            "construit": !waiting.contains(&d.dossier.as_str()),
            "fichiers": files_of(d),
        })
    });
    let former = m.historique.iter().rev().map(|o| {
        json!({
            "registre": o.registre,
            "cle": o.cle,
            "acte": o.acte,
            "le": o.le,
            "par": o.par,
            "fichiers": o.avant.iter().flat_map(files_of).collect::<Vec<_>>(),
        })
    });
    json!({"imports": sets.collect::<Vec<_>>(), "a_remettre": former.collect::<Vec<_>>()})
}

fn remove(which: &Which) -> Result<(), Failure> {
    let mut writer = Writer::open(&which.store.data)?;
    undoable(writer.store(), &which.registre, &which.cle)?;
    writer.remove(&which.registre, &which.cle, &By::now(&super::holder()))?;
    import::noted(
        &which.store.data,
        [Trace::new("import_retire", format!("{} {}", which.registre, which.cle))],
    )?;
    say!("{} {} est retiré du magasin.", which.registre, which.cle);
    say!(
        "Pour revenir en arrière, pendant {} jours : mosaique imports restore {} {} --data {}",
        magasin()?.conservation.jours,
        which.registre,
        which.cle,
        which.store.data.display()
    );
    build::after_change(writer, &which.store.data, which.construire, false)
}

fn restore(which: &Which) -> Result<(), Failure> {
    let mut writer = Writer::open(&which.store.data)?;
    undoable(writer.store(), &which.registre, &which.cle)?;
    let done = writer.restore(&which.registre, &which.cle, &By::now(&super::holder()))?;
    import::noted(
        &which.store.data,
        [Trace::new("import_remis", format!("{} {}", which.registre, which.cle))],
    )?;
    for d in &done.avant {
        say!("De nouveau dans le magasin : {} {}", d.rapport.registre, d.rapport.cle);
        for piece in files_of(d) {
            say!("    {}", import_report::of(&piece));
        }
    }
    build::after_change(writer, &which.store.data, which.construire, false)
}
