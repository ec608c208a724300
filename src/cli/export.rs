//! `mosaique export`: the same files as `GET /api/export` and `GET /api/portraits`, written to a folder.

use std::path::{Path, PathBuf};

use clap::Args;

use super::out::{note, say};
use super::progress::Steps;
use super::{Failure, StoreArgs, build};
use crate::access::Person;
use crate::desk::editions::App;
use crate::desk::export::{Content, file, format};
use crate::desk::figures::Question;
use crate::desk::portrait::{Every, archive, edition};
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
    /// xlsx, csv, datapackage, geojson, gpkg, parquet, fgb, pmtiles, ou portraits : une archive d'un PDF par
    /// zone (plusieurs fois : un fichier chacun)
    #[arg(long, value_name = "FORMAT", default_value = "xlsx")]
    format: Vec<String>,
    /// Édition des portraits : restreinte, ou publique (sans résidence ni chiffre de ménages)
    #[arg(long, value_name = "EDITION", default_value = "restreinte")]
    edition: String,
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

/// The format that is no table: an archive of papers.
const PORTRAITS: &str = "portraits";

/// Asks for each file and writes it.
pub fn run(args: &ExportArgs) -> Result<(), Failure> {
    build::before_serving(&args.store.data, &|told| note!("{told}"))?;
    let store = Store::open(&args.store.data)?;
    let app = App::load(&store, None)?;
    std::fs::create_dir_all(&args.out).map_err(|e| format!("« {} » : {e}", args.out.display()))?;
    for scale in &args.echelle {
        for format_id in &args.format {
            let bar = Steps::new();
            let told = |done: usize, all: usize| bar.show(scale, done as u64, all as u64);
            let holder = Person::holder();
            let file = if format_id == PORTRAITS {
                archive(&app, &holder, &every(args, scale)?, &told).map_err(|problem| problem.detail)?
            } else {
                let format = format(format_id).map_err(|problem| problem.detail)?;
                let question = question(args, scale, format.is_map())?;
                file(&app, &holder, &question, format, &told).map_err(|problem| problem.detail)?
            };
            bar.finish();
            super::import::noted(&args.store.data, file.trace)?;
            written(&args.out.join(file.name), file.content)?;
            if let Some((name, text)) = file.beside {
                written(&args.out.join(name), Content::Bytes(text))?;
            }
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

/// All zones of a scale, each on paper.
fn every(args: &ExportArgs, scale: &str) -> Result<Every, Failure> {
    if !args.filter.is_empty() || args.population != "TOUS" || !args.indicators.is_empty() {
        let why = "Un portrait porte sur tous les ménages et tout le parc : il se demande sans --population, --filter ni --indicators.";
        return Err(why.to_owned().into());
    }
    let edition = edition(&Person::holder(), Some(&args.edition)).map_err(|problem| problem.detail)?;
    Ok(Every {
        echelle: scale.to_owned(),
        dans: args.dans.clone(),
        vague: args.wave,
        millesime: args.millesime,
        parc: None,
        edition,
    })
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
