//! `mosaique export`: the same files as `GET /api/export`, written to a folder.

use std::path::{Path, PathBuf};

use clap::Args;

use super::out::{note, say};
use super::progress::Steps;
use super::{Failure, StoreArgs, build};
use crate::access::Person;
use crate::desk::editions::App;
use crate::desk::export::{Content, file, format};
use crate::desk::figures::Question;
use crate::desk::query::Asked;
use crate::store::Store;

/// Arguments of `export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// Échelle, par exemple commune, iris, qpv2024 (plusieurs fois : un fichier chacune)
    #[arg(long, value_name = "ECHELLE", required = true)]
    echelle: Vec<String>,
    /// Territoire, par exemple epci:200000001 ; par défaut tout ce que contient le magasin
    #[arg(long, value_name = "ECHELLE:CODE")]
    dans: Option<String>,
    /// xlsx, csv, datapackage, geojson, gpkg, parquet, fgb ou pmtiles (plusieurs fois : un fichier chacun)
    #[arg(long, value_name = "FORMAT", default_value = "xlsx")]
    format: Vec<String>,
    /// Dossier des fichiers
    #[arg(long, value_name = "DOSSIER", default_value = ".")]
    out: PathBuf,
    /// Vague OPS ; par défaut la dernière
    #[arg(long)]
    wave: Option<u16>,
    /// Millésime RPLS
    #[arg(long)]
    millesime: Option<u16>,
    /// TOUS, RECENTS ou ANCIENS
    #[arg(long, default_value = "TOUS")]
    population: String,
    /// Filtre, par exemple financement=PLAI,PLUS (plusieurs fois)
    #[arg(long, value_name = "FILTRE=CODES")]
    filter: Vec<String>,
    /// Indicateurs, séparés par des virgules ; tous par défaut
    #[arg(long, value_delimiter = ',')]
    indicators: Vec<String>,
}

/// Asks for each file and writes it.
pub fn run(args: &ExportArgs) -> Result<(), Failure> {
    build::before_serving(&args.store.data, &|told| note!("{told}"))?;
    let store = Store::open(&args.store.data)?;
    let app = App::load(&store, None)?;
    std::fs::create_dir_all(&args.out).map_err(|e| format!("« {} » : {e}", args.out.display()))?;
    for scale in &args.echelle {
        for format_id in &args.format {
            let format = format(format_id).map_err(|problem| problem.detail)?;
            let question = question(args, scale, format.is_map())?;
            let bar = Steps::new();
            let told = |done: usize, all: usize| bar.show(scale, done as u64, all as u64);
            let file =
                file(&app, &Person::holder(), &question, format, &told).map_err(|problem| problem.detail)?;
            bar.finish();
            super::import::noted(&args.store.data, file.trace)?;
            written(&args.out.join(file.name), file.content)?;
        }
    }
    Ok(())
}

/// A file is whole or not there: what is half written has another name.
fn written(path: &Path, content: Content) -> Result<(), Failure> {
    let told = |e: std::io::Error| format!("« {} » : {e}", path.display());
    let part = path.with_extension("part");
    let length = content.save(&part).map_err(told)?;
    std::fs::rename(&part, path).map_err(told)?;
    say!("{} ({length} octets)", path.display());
    Ok(())
}

/// The question as the desk takes it.
fn question(args: &ExportArgs, scale: &str, places: bool) -> Result<Question, Failure> {
    Ok(Question {
        echelle: scale.to_owned(),
        dans: args.dans.clone(),
        asked: Asked {
            millesime: args.millesime,
            vague: args.wave,
            population: Some(args.population.clone()),
            filtres: super::filters(&args.filter)?,
            ..Asked::default()
        },
        indicateurs: (!args.indicators.is_empty()).then(|| args.indicators.clone()),
        places,
    })
}
