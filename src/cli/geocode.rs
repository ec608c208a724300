//! `mosaique geocode`: a CSV file of addresses, with the columns that the BAN API adds.

use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;

use super::out::note;
use super::{Failure, StoreArgs};
use crate::geocode::{shelf, table};
use crate::store::Store;

/// Arguments of `geocode`.
#[derive(Debug, Args)]
pub struct GeocodeArgs {
    /// Fichier CSV, avec une ligne de titres
    file: PathBuf,
    #[command(flatten)]
    store: StoreArgs,
    /// Colonne de l'adresse, plusieurs fois et dans l'ordre ; par défaut toutes
    #[arg(long = "colonne", value_name = "COLONNE")]
    columns: Vec<String>,
    /// Colonne du code postal que les réponses doivent avoir
    #[arg(long, value_name = "COLONNE")]
    postcode: Option<String>,
    /// Colonne du code Insee que les réponses doivent avoir
    #[arg(long, value_name = "COLONNE")]
    citycode: Option<String>,
    /// Colonne de résultat à ajouter, plusieurs fois ; par défaut toutes
    #[arg(long = "resultat", value_name = "COLONNE")]
    result_columns: Vec<String>,
    /// Le fichier contient des points (colonnes latitude et longitude) dont on cherche l'adresse
    #[arg(long)]
    inverse: bool,
    /// Fichier à écrire ; par défaut la sortie standard
    #[arg(long, value_name = "FICHIER")]
    out: Option<PathBuf>,
}

/// Geocodes the file with the addresses of the store.
pub fn run(args: &GeocodeArgs) -> Result<(), Failure> {
    let geocoder = shelf::open(&Store::open(&args.store.data)?)?;
    let bytes = std::fs::read(&args.file).map_err(|e| format!("« {} » : {e}", args.file.display()))?;
    let options = table::Options {
        columns: args.columns.clone(),
        postcode: args.postcode.clone(),
        citycode: args.citycode.clone(),
        result_columns: args.result_columns.clone(),
        ..table::Options::default()
    };
    let start = Instant::now();
    let work = if args.inverse { table::reverse } else { table::search };
    let (csv, rows) = work(&geocoder, &bytes, &options, usize::MAX).map_err(|e| {
        // Named here as it is asked here.
        e.to_string()
            .replace("paramètre « columns »", "option --colonne")
            .replace("paramètre « ", "option « ")
    })?;
    match &args.out {
        Some(path) => std::fs::write(path, csv).map_err(|e| format!("« {} » : {e}", path.display()))?,
        None => std::io::stdout().write_all(&csv)?,
    }
    note!("{} lignes en {:.2} s", super::build::thousands(rows as u64), start.elapsed().as_secs_f64());
    Ok(())
}
