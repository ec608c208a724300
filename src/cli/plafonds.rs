//! `mosaique import plafonds`: the ceilings of a new year, as a change of `data/plafonds.toml` in the store.

use std::path::PathBuf;

use clap::Args;

use super::out::say;
use super::{Failure, StoreArgs, holder, import};
use crate::days;
use crate::desk::trace::Trace;
use crate::reference::reglages::Value;
use crate::registers::plafonds::{ZONES, read};
use crate::store::reglages::{self, Asked};

/// What help ends with.
pub const EXAMPLE: &str = "Exemple :
  mosaique import plafonds plafonds-2027.csv --source \"Arrêté du …\"
avec des lignes comme : autres_regions;1;2027;23 403 €";

/// Arguments of `import plafonds`.
#[derive(Debug, Args)]
pub struct PlafondsArgs {
    /// Table CSV : zone, categorie (1 à 6, personne_supplementaire), en_vigueur_le ou annee, plafond
    file: PathBuf,
    #[command(flatten)]
    store: StoreArgs,
    /// Arrêté qui les fixe
    #[arg(long)]
    source: String,
    /// Dire ce que l'import changerait, sans rien changer
    #[arg(long)]
    essai: bool,
}

pub fn run(args: &PlafondsArgs) -> Result<(), Failure> {
    let named = |e: &dyn std::fmt::Display| format!("« {} » : {e}", args.file.display());
    let bytes = std::fs::read(&args.file).map_err(|e| named(&e))?;
    let today = days::today();
    for year in read(&bytes).map_err(|e| named(&e))? {
        let tables = ZONES.iter().zip(&year.zones).map(|(zone, table)| {
            let figures = table.iter().map(|n| Value::Integer(i64::from(*n))).collect();
            ((*zone).to_owned(), Value::Array(figures))
        });
        let asked = Asked {
            file: "plafonds.toml".to_owned(),
            path: format!("plus.{}", year.day),
            value: Value::Table(tables.collect()),
            source: args.source.trim().to_owned(),
            du: today,
            au: None,
            par: holder(),
            le: today,
        };
        reglages::set(&args.store.data, &asked, args.essai)?;
        if args.essai {
            say!(
                "Essai : les plafonds du {} seraient enregistrés ; rien n'a changé.",
                days::french(&year.day)
            );
            continue;
        }
        let trace = Trace::new("reglage_change", format!("{} {}", asked.file, asked.path))
            .with("source", asked.source.as_str())
            .with(
                "fichier",
                args.file.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned()),
            );
        import::noted(&args.store.data, [trace])?;
        say!(
            "Plafonds du {} enregistrés ; un serveur en marche les suit de lui-même.",
            days::french(&year.day)
        );
    }
    Ok(())
}
