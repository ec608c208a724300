//! `mosaique measure`: the same question as `POST /api/mesure`, asked at the same desk.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::out::{note, say};
use super::{Failure, StoreArgs, build};
use crate::access::Person;
use crate::desk::editions::App;
use crate::desk::mesure::{CodeDeZone, DemandeMesure, ZoneDemandee, mesures};
use crate::reference::zonage::limits;
use crate::registers::zones::outlines;
use crate::store::Store;

/// Arguments of `measure`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("ou").required(true).multiple(false).args(["zone", "code"])))]
pub struct MeasureArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// Fichier de contours (GeoJSON, GeoPackage, shapefile…) : chaque élément est une zone
    #[arg(long, value_name = "FICHIER")]
    zone: Option<PathBuf>,
    /// Zone par son code, par exemple iris:730650101 (plusieurs fois : une zone chacune)
    #[arg(long, value_name = "ECHELLE:CODE")]
    code: Vec<String>,
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
    /// Génération de QPV du filtre qpv
    #[arg(long)]
    generation: Option<String>,
    /// Indicateurs, séparés par des virgules ; tous par défaut
    #[arg(long, value_delimiter = ',')]
    indicators: Vec<String>,
    #[arg(long, value_enum, default_value_t = Format::Json)]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Json,
    Csv,
}

/// Asks and prints.
pub fn run(args: &MeasureArgs) -> Result<(), Failure> {
    build::before_serving(&args.store.data, &|told| note!("{told}"))?;
    let store = Store::open(&args.store.data)?;
    let app = App::load(&store, None)?;
    let (traces, measured) =
        mesures(&app, &Person::holder(), question(args)?).map_err(|problem| problem.detail)?;
    super::import::noted(&args.store.data, traces)?;
    let answer = serde_json::to_value(&measured)?;
    match args.format {
        Format::Json => say!("{}", serde_json::to_string_pretty(&answer)?),
        Format::Csv => csv(&answer)?,
    }
    Ok(())
}

/// The question as the desk takes it.
fn question(args: &MeasureArgs) -> Result<DemandeMesure, Failure> {
    let mut zones = Vec::new();
    if let Some(path) = &args.zone {
        let scratch = tempfile::tempdir()?;
        let found = outlines(path, None, limits(), scratch.path())?;
        for f in &found.findings {
            note!("{} : {}", path.display(), f.message);
        }
        let stem = path.file_stem().map_or_else(String::new, |s| s.to_string_lossy().into_owned());
        for outline in found.zones {
            let area = geojson::Geometry::from(&outline.area);
            zones.push(ZoneDemandee {
                id: Some(format!("z{}", outline.feature)),
                nom: Some(outline.nom).filter(|nom| !nom.starts_with(&stem)),
                geometrie: Some(serde_json::to_value(area)?),
                codes: None,
            });
        }
    }
    for text in &args.code {
        let (echelle, code) =
            text.split_once(':').ok_or_else(|| format!("« {text} » : écrivez échelle:code"))?;
        let codes = vec![CodeDeZone { echelle: echelle.to_owned(), code: code.to_owned() }];
        zones.push(ZoneDemandee { id: Some(text.clone()), nom: None, geometrie: None, codes: Some(codes) });
    }
    Ok(DemandeMesure {
        zones,
        millesime: args.millesime,
        vague: args.wave,
        population: Some(args.population.clone()),
        generation: args.generation.clone(),
        filtres: super::filters(&args.filter)?,
        indicateurs: (!args.indicators.is_empty()).then(|| args.indicators.clone()),
        ..DemandeMesure::default()
    })
}

/// One row a zone and indicator, `;` and decimal comma, UTF-8 with BOM: opens in a French spreadsheet.
fn csv(answer: &Value) -> Result<(), Failure> {
    use std::io::Write;
    let mut out = super::out::stdout();
    out.write_all("\u{feff}".as_bytes())?;
    let mut w = csv::WriterBuilder::new().delimiter(b';').from_writer(out);
    w.write_record([
        "zone",
        "nom",
        "millesime",
        "vague",
        "population",
        "indicateur",
        "valeur",
        "unite",
        "numerateur",
        "denominateur",
        "repondants",
        "taux_reponse",
        "fiabilite",
        "secret",
        "motif",
        "source",
    ])?;
    let word = |v: &Value| match v {
        Value::Null => String::new(),
        Value::String(s) => s.clone(),
        Value::Number(n) => n.to_string().replace('.', ","),
        Value::Bool(b) => if *b { "oui" } else { "non" }.to_owned(),
        other => other.to_string(),
    };
    for m in answer["mesures"].as_array().into_iter().flatten() {
        for c in m["chiffres"].as_array().into_iter().flatten() {
            let row = [
                &m["zone"]["id"],
                &m["zone"]["nom"],
                &m["millesime"],
                &m["vague"],
                &m["population"],
                &c["indicateur"],
                &c["valeur"],
                &c["unite"],
                &c["numerateur"],
                &c["denominateur"],
                &c["repondants"],
                &c["taux_reponse"],
                &c["badge"],
                &c["secret"],
                &c["motif"],
                &c["source"],
            ];
            w.write_record(row.map(word))?;
        }
    }
    w.flush()?;
    Ok(())
}
