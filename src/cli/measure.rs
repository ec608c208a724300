//! `mosaique measure`: the same question as `POST /api/mesure`, asked of the same code without a socket.

use std::path::PathBuf;

use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::out::{note, say};
use super::{Failure, StoreArgs, build};
use crate::desk::editions::{App, Live};
use crate::server::{ServeOptions, Server, router_for_holder};
use crate::state::State;
use crate::store::Store;

/// Arguments of `measure`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("ou").required(true).multiple(false).args(["zone", "code"])))]
pub struct MeasureArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// Fichier GeoJSON : chaque élément est une zone
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
    let question = question(args)?;
    let request = Request::post("/api/mesure")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::HOST, "localhost")
        .body(Body::from(question.to_string()))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (ok, bytes) = runtime.block_on(async {
        let state = State::of_store(&args.store.data).await?;
        let answer = router_for_holder(Server::new(Live::new(app), state, ServeOptions::default())?)
            .oneshot(request)
            .await?;
        let ok = answer.status().is_success();
        Ok::<_, Failure>((ok, to_bytes(answer.into_body(), usize::MAX).await?))
    })?;
    let answer: Value = serde_json::from_slice(&bytes)?;
    if !ok {
        return Err(answer["detail"].as_str().unwrap_or("la mesure a échoué").into());
    }
    match args.format {
        Format::Json => say!("{}", serde_json::to_string_pretty(&answer)?),
        Format::Csv => csv(&answer)?,
    }
    Ok(())
}

/// The body of the question.
fn question(args: &MeasureArgs) -> Result<Value, Failure> {
    let mut zones = Vec::new();
    if let Some(path) = &args.zone {
        let text = std::fs::read_to_string(path).map_err(|e| format!("« {} » : {e}", path.display()))?;
        let geojson: Value = serde_json::from_str(&text)
            .map_err(|e| format!("« {} » n'est pas du GeoJSON : {e}", path.display()))?;
        let features = match geojson["features"].as_array() {
            Some(list) => list.clone(),
            None => vec![geojson],
        };
        for (i, f) in features.into_iter().enumerate() {
            let name =
                ["nom", "name", "id"].iter().find_map(|k| f["properties"][k].as_str().map(str::to_owned));
            zones.push(json!({"id": format!("z{}", i + 1), "nom": name, "geometrie": f}));
        }
    }
    for code in &args.code {
        let (echelle, code) =
            code.split_once(':').ok_or_else(|| format!("« {code} » : écrivez échelle:code"))?;
        zones.push(json!({"id": format!("{echelle}:{code}"), "codes": [{"echelle": echelle, "code": code}]}));
    }
    let mut filters = serde_json::Map::new();
    for f in &args.filter {
        let (id, codes) = f.split_once('=').ok_or_else(|| format!("« {f} » : écrivez filtre=codes"))?;
        filters.insert(id.to_owned(), codes.split(',').collect());
    }
    let mut body = json!({"zones": zones, "population": args.population, "filtres": filters});
    for (key, value) in [("vague", args.wave), ("millesime", args.millesime)] {
        if let Some(v) = value {
            body[key] = json!(v);
        }
    }
    if let Some(g) = &args.generation {
        body["generation"] = json!(g);
    }
    if !args.indicators.is_empty() {
        body["indicateurs"] = json!(args.indicators);
    }
    Ok(body)
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
