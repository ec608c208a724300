//! `mosaique build`: cubes from what the store holds; those whose sources did not change are kept.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use clap::Args;

use super::{Failure, StoreArgs};
use crate::cube::refresh::{Built, refresh, refresh_at};
use crate::geocode::shelf;
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
}

/// Builds every cube that is missing or stale.
pub fn run(args: &BuildArgs) -> Result<(), Failure> {
    // First: dwellings without a point are located with it.
    let indexed = index(&args.store.data)?;
    let mut built: BTreeMap<String, BuildReport> = BTreeMap::new();
    refresh(&mut Writer::open(&args.store.data)?, &mut |b| {
        if !args.json {
            print(b);
        }
        built.insert(name(b), b.report.clone());
    })?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&built)?);
        return Ok(());
    }
    if let Some(told) = &indexed {
        println!("{told}");
    }
    if built.is_empty() {
        println!("Les cubes sont à jour.");
    }
    for words in stock::unjoined_words(&Store::open(&args.store.data)?)? {
        println!("  • {words}");
    }
    Ok(())
}

/// Builds what is stale before serving.
pub fn before_serving(root: &Path) -> Result<(), Failure> {
    if let Some(told) = index(root)? {
        println!("{told}");
    }
    Ok(refresh_at(root, &mut |b| print(b))?)
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

fn print(b: &Built) {
    let wave = match b.vague {
        _ if b.a_jour => "parc avec ses événements".to_owned(),
        Some(w) => format!("OPS {w}"),
        None => "sans enquête".to_owned(),
    };
    println!(
        "Cube {} ({wave}) construit en {:.1} s, dont {:.1} s de lecture et de jointure",
        name(b),
        b.total.as_secs_f64(),
        b.read.as_secs_f64()
    );
    if let (Some(located), Some(all)) =
        (b.report.comptes.get("localises"), b.report.comptes.get("logements").filter(|n| **n > 0))
    {
        let share = *located as f64 / *all as f64 * 100.0;
        let share = format!("{share:.1}").replace('.', ",");
        println!("    {} sur {} logements situés ({share} %)", thousands(*located), thousands(*all));
    }
    for (key, n) in &b.report.comptes {
        println!("    {:>10}  {}", thousands(*n), key.replace('_', " "));
    }
    for remark in &b.report.remarques {
        println!("  • {remark}");
    }
}

/// A number with thin spaces between thousands.
pub fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(c);
    }
    out
}
