//! `mosaique export`: the same files as `GET /api/export`, written to a folder.

use std::path::{Path, PathBuf};

use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use clap::Args;
use serde_json::Value;
use tower::ServiceExt;

use super::out::{note, say};
use super::{Failure, StoreArgs, build};
use crate::desk::editions::{App, Live};
use crate::server::{ServeOptions, Server, router_for_holder};
use crate::state::State;
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
    /// xlsx, csv, geojson ou gpkg (plusieurs fois : un fichier chacun)
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
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let state = State::of_store(&args.store.data).await?;
        let router = router_for_holder(Server::new(Live::new(app), state, ServeOptions::default())?);
        for scale in &args.echelle {
            for format in &args.format {
                let request = Request::get(question(args, scale, format)?)
                    .header(header::HOST, "localhost")
                    .body(Body::empty())?;
                let answer = router.clone().oneshot(request).await?;
                let ok = answer.status().is_success();
                let name = file_name(answer.headers().get(header::CONTENT_DISPOSITION));
                let bytes = to_bytes(answer.into_body(), usize::MAX).await?;
                if !ok {
                    let problem: Value = serde_json::from_slice(&bytes)?;
                    return Err(problem["detail"].as_str().unwrap_or("l'export a échoué").into());
                }
                written(&args.out.join(name), &bytes)?;
            }
        }
        Ok(())
    })
}

/// A file is whole or not there: what is half written has another name.
fn written(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let told = |e: std::io::Error| format!("« {} » : {e}", path.display());
    let part = path.with_extension("part");
    std::fs::write(&part, bytes).and_then(|()| std::fs::rename(&part, path)).map_err(told)?;
    say!("{} ({} octets)", path.display(), bytes.len());
    Ok(())
}

/// The name that the server gives the file.
fn file_name(header: Option<&axum::http::HeaderValue>) -> String {
    let text = header.and_then(|v| v.to_str().ok()).unwrap_or("");
    text.split('"').nth(1).filter(|n| !n.contains('/')).unwrap_or("export").to_owned()
}

/// The address of the question.
fn question(args: &ExportArgs, scale: &str, format: &str) -> Result<String, Failure> {
    let mut pairs = vec![
        ("echelle", scale.to_owned()),
        ("format", format.to_owned()),
        ("population", args.population.clone()),
    ];
    pairs.extend(args.dans.clone().map(|d| ("dans", d)));
    pairs.extend(args.wave.map(|w| ("vague", w.to_string())));
    pairs.extend(args.millesime.map(|m| ("millesime", m.to_string())));
    if !args.indicators.is_empty() {
        pairs.push(("indicateurs", args.indicators.join(",")));
    }
    for f in &args.filter {
        let pair = f.split_once('=').ok_or_else(|| format!("« {f} » : écrivez filtre=codes"))?;
        pairs.push((pair.0, pair.1.to_owned()));
    }
    let query: Vec<String> = pairs.iter().map(|(k, v)| format!("{}={}", encoded(k), encoded(v))).collect();
    Ok(format!("/api/export?{}", query.join("&")))
}

/// A text within an address.
fn encoded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~,".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
