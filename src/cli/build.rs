//! `mosaique build`: cubes from what the store holds; those whose sources did not change are kept.

use std::path::Path;
use std::time::Instant;

use clap::Args;

use super::{Failure, StoreArgs};
use crate::cube::build::build;
use crate::reference::indicators::Catalogue;
use crate::reference::secrecy::Secrecy;
use crate::reference::survey::Survey;
use crate::stock;
use crate::store::{CubeEntry, Store, Writer};

/// Arguments of `build`.
#[derive(Debug, Args)]
pub struct BuildArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// Écrire le compte rendu en JSON
    #[arg(long)]
    json: bool,
}

/// Builds every cube that is missing or stale.
pub fn run(args: &BuildArgs) -> Result<(), Failure> {
    let built = build_stale(&args.store.data, !args.json)?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&built)?);
    } else if built.is_empty() {
        println!("Les cubes sont à jour.");
    }
    Ok(())
}

/// Builds what is stale before serving; takes the writer's lock only if there is something to build.
pub fn refresh(root: &Path) -> Result<(), Failure> {
    let store = Store::open(root)?;
    if !stale(&store)?.is_empty() {
        build_stale(root, true)?;
    }
    Ok(())
}

/// What identifies the content of a cube: its sources and the indicators that it was made with.
fn expected_sources(store: &Store, millesime: u16) -> Result<(Option<u16>, Vec<String>), Failure> {
    let wave = stock::wave_of(store, millesime, Survey::embedded()?.ecart_millesime);
    let mut sources = stock::sources(store, millesime, wave);
    let catalogue = Catalogue::embedded()?;
    let measures = serde_json::to_vec(&catalogue.measures)?;
    sources.push(format!("mesures {}", blake3::hash(&measures).to_hex()));
    sources.push(format!("format {}", crate::cube::file::VERSION));
    Ok((wave, sources))
}

/// Millésimes of the store whose cube is missing or was made from other sources.
fn stale(store: &Store) -> Result<Vec<u16>, Failure> {
    let mut out = Vec::new();
    for d in store.manifest().of_register("rpls") {
        let millesime: u16 = d.rapport.cle.parse()?;
        let (_, sources) = expected_sources(store, millesime)?;
        let fresh = store.manifest().cubes.iter().any(|c| c.millesime == millesime && c.sources == sources);
        if !fresh {
            out.push(millesime);
        }
    }
    Ok(out)
}

/// Report of each cube built, by millésime.
type Built = std::collections::BTreeMap<u16, crate::stock::facts::BuildReport>;

fn build_stale(root: &Path, talk: bool) -> Result<Built, Failure> {
    let mut writer = Writer::open(root)?;
    let catalogue = Catalogue::embedded()?;
    let secrecy = Secrecy::embedded()?;
    let mut built = Built::new();
    for millesime in stale(writer.store())? {
        let start = Instant::now();
        let (vague, sources) = expected_sources(writer.store(), millesime)?;
        let facts = stock::load(writer.store(), millesime, catalogue)?;
        let read = start.elapsed();
        let folder = writer.temporary()?;
        let empreinte = build(&facts, catalogue, secrecy, &folder.path().join("cube.bin"))?;
        writer.publish_cube(folder, CubeEntry { millesime, vague, dossier: String::new(), empreinte, sources })?;
        if talk {
            let wave = vague.map_or_else(|| "sans enquête".to_owned(), |w| format!("OPS {w}"));
            println!(
                "Cube {millesime} ({wave}) construit en {:.1} s, dont {:.1} s de lecture et de jointure",
                start.elapsed().as_secs_f64(),
                read.as_secs_f64()
            );
            for (key, n) in &facts.report.comptes {
                println!("    {:>10}  {}", thousands(*n), key.replace('_', " "));
            }
            for remark in &facts.report.remarques {
                println!("  • {remark}");
            }
        }
        built.insert(millesime, facts.report);
    }
    Ok(built)
}

/// A number with thin spaces between thousands.
pub fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            out.push('\u{202f}');
        }
        out.push(c);
    }
    out
}
