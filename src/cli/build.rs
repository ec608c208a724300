//! `mosaique build`: cubes from what the store holds; those whose sources did not change are kept.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use clap::Args;

use super::out::{note, say};
use super::{Failure, StoreArgs};
use crate::cube::Cube;
use crate::cube::refresh::{Built, refresh, refresh_at, stale};
use crate::disclosure::answer::held_back;
use crate::french;
pub use crate::french::thousands;
use crate::geocode::shelf;
use crate::reference::indicators::Catalogue;
use crate::stock::{self, facts::BuildReport};
use crate::store::{Store, Writer};

/// Arguments of `build`.
#[derive(Debug, Args)]
pub struct BuildArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// Écrire le compte rendu en JSON
    #[arg(long)]
    json: bool,
    /// Oublier ce qui a été publié d'une vague d'enquête et repartir des fichiers d'aujourd'hui. La
    /// différence avec les chiffres d'avant peut révéler un à dix ménages : pour une vague que personne n'a
    /// encore vue
    #[arg(long, value_name = "VAGUE")]
    recommencer: Option<u16>,
}

/// Builds every cube that is missing or stale.
pub fn run(args: &BuildArgs) -> Result<(), Failure> {
    if let Some(wave) = args.recommencer {
        if !Writer::open(&args.store.data)?.forget_book(wave)? {
            return Err(format!("le magasin n'a pas encore publié de chiffres de la vague {wave}").into());
        }
        note!(
            "La vague {wave} repart des fichiers d'aujourd'hui. Si quelqu'un en a vu les chiffres, la différence peut \
             révéler un à dix ménages."
        );
    }
    // First: dwellings without a point are located with it.
    let indexed = index(&args.store.data)?;
    let mut built: BTreeMap<String, BuildReport> = BTreeMap::new();
    refresh(&mut Writer::open(&args.store.data)?, &mut |b| {
        if !args.json {
            lines(b).iter().for_each(|l| say!("{l}"));
        }
        built.insert(name(b), b.report.clone());
    })?;
    if args.json {
        say!("{}", serde_json::to_string_pretty(&built)?);
        return Ok(());
    }
    if let Some(told) = &indexed {
        say!("{told}");
    }
    if built.is_empty() {
        say!("Les cubes sont à jour.");
    }
    let store = Store::open(&args.store.data)?;
    for words in stock::unjoined_words(&store)?.into_iter().chain(held(&store)?) {
        say!("  • {words}");
    }
    Ok(())
}

/// What figures of households do not show yet of their files, and what may be done.
fn held(store: &Store) -> Result<Vec<String>, Failure> {
    let mut out: BTreeMap<u16, String> = BTreeMap::new();
    for entry in &store.manifest().cubes {
        let path = store.root().join(&entry.dossier).join("cube.bin");
        let meta = Cube::open(&path, Catalogue::embedded()?)?.meta().clone();
        if let (Some(wave), Some(words)) = (meta.vague, meta.edition.as_ref().and_then(held_back)) {
            out.insert(wave, words);
        }
    }
    let hint = |(wave, words)| {
        format!(
            "OPS {wave}. {words} Si personne n'a encore vu les chiffres d'avant (un premier fichier faux) : \
             mosaique build --recommencer {wave}."
        )
    };
    Ok(out.into_iter().map(hint).collect())
}

/// Builds what is stale before serving. `tell` gets what is said: standard output may be kept for an answer.
pub fn before_serving(root: &Path, tell: &dyn Fn(&str)) -> Result<(), Failure> {
    // First: dwellings without a point are located with it.
    if let Some(told) = index(root)? {
        tell(&told);
    }
    Ok(refresh_at(root, &mut |b| lines(b).iter().for_each(|l| tell(l)))?)
}

/// After the data changed: builds if asked, puts in force what needs no build, else says what is missing.
pub fn after_change(mut writer: Writer, root: &Path, build: bool, quiet: bool) -> Result<(), Failure> {
    let tell = |text: &str| {
        if quiet {
            note!("{text}");
        } else {
            say!("{text}");
        }
    };
    if build {
        drop(writer);
        return before_serving(root, &tell);
    }
    // Before the first build there is nothing that answers could be read from.
    if !writer.store().manifest().cubes.is_empty() && stale(writer.store(), 0)?.is_empty() {
        refresh(&mut writer, &mut |_| ())?;
        return Ok(());
    }
    if !quiet {
        say!(
            "Les chiffres ne le montrent pas encore : {} (ou {} à l'import).",
            command(root),
            super::option_of(&["import", "rpls"], "construire")
        );
    }
    Ok(())
}

/// The command that makes figures anew.
pub fn command(root: &Path) -> String {
    format!("mosaique build --data {}", root.display())
}

/// Makes the index of addresses if they changed, rather than at somebody's first question; what was done, in
/// words.
fn index(root: &Path) -> Result<Option<String>, Failure> {
    let store = Store::open(root)?;
    if !shelf::is_stale(&store) {
        return Ok(None);
    }
    let start = Instant::now();
    let geocoder = shelf::open(&store)?;
    let n = thousands(geocoder.addresses());
    Ok(Some(format!("Index de {n} adresses construit en {:.1} s", start.elapsed().as_secs_f64())))
}

/// « 2024 », or « 2024 à jour ».
fn name(b: &Built) -> String {
    format!("{}{}", b.millesime, if b.a_jour { " à jour" } else { "" })
}

/// What is said of a cube.
fn lines(b: &Built) -> Vec<String> {
    let wave = match b.vague {
        _ if b.a_jour => "parc avec ses événements".to_owned(),
        Some(w) => format!("OPS {w}"),
        None => "sans enquête".to_owned(),
    };
    let mut out = vec![format!(
        "Cube {} ({wave}) construit en {:.1} s, dont {:.1} s de lecture et de jointure",
        name(b),
        b.total.as_secs_f64(),
        b.read.as_secs_f64()
    )];
    if let (Some(located), Some(all)) =
        (b.report.comptes.get("localises"), b.report.comptes.get("logements").filter(|n| **n > 0))
    {
        let share = *located as f64 / *all as f64 * 100.0;
        let share = french::number(share, 1);
        out.push(format!("    {} sur {} logements situés ({share} %)", thousands(*located), thousands(*all)));
    }
    out.extend(
        b.report.comptes.iter().map(|(k, n)| format!("    {:>10}  {}", thousands(*n), k.replace('_', " "))),
    );
    out.extend(b.report.remarques.iter().map(|r| format!("  • {r}")));
    out
}
