//! `POST /api/zones/fichier`: the outlines of a file, to be drawn and measured; nothing of it is kept.

use std::sync::LazyLock;

use axum::Json;
use geojson::{Geometry, GeometryValue};
use serde::Serialize;
use tokio::sync::Semaphore;
use utoipa::{IntoParams, ToSchema};

use crate::desk::params::{Params, file_name};
use crate::desk::problem::Problem;
use crate::reference::zonage;
use crate::registers::report::{Finding, Level};
use crate::registers::zones::{Outline, Outlines, ZonesError, outlines};
use crate::server::edge::body::FileBody;
use crate::server::edge::problem::Document;

/// Ce qu'est le fichier (documentation de l'interface).
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "its fields are the documentation; `Params` reads the values")]
pub struct FichierParams {
    /// Nom du fichier : son suffixe, et le nom des zones qui n'en ont pas.
    pub fichier: String,
    /// Système de coordonnées, s'il n'est pas celui que le fichier déclare.
    pub epsg: Option<u16>,
}

/// Une zone du fichier, telle que `/api/mesure` la prend.
#[derive(Debug, Serialize, ToSchema)]
pub struct ZoneLue {
    /// Rang dans le fichier, 1 pour la première entité.
    pub entite: u64,
    pub nom: String,
    /// GeoJSON en degrés WGS 84 : Polygon ou MultiPolygon.
    #[schema(value_type = std::collections::BTreeMap<String, serde_json::Value>)]
    pub geometrie: Geometry,
}

/// Ce qui a été trouvé à redire à une entité.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConstatZone {
    pub entite: u64,
    /// Règle des zones (Z01 à Z10).
    pub regle: String,
    /// `rejet` : l'entité n'est pas parmi les zones ; `drapeau` : elle y est.
    #[schema(value_type = String)]
    pub niveau: Level,
    pub message: String,
}

/// Les zones d'un fichier.
#[derive(Debug, Serialize, ToSchema)]
pub struct ZonesLues {
    pub fichier: String,
    pub format: String,
    /// Entités du fichier, écartées comprises.
    pub entites: u64,
    pub ecartees: u64,
    pub zones: Vec<ZoneLue>,
    /// Les 50 premiers.
    pub constats: Vec<ConstatZone>,
    /// Système de coordonnées retenu contre ce que le fichier déclare, colonnes ignorées.
    pub remarques: Vec<String>,
}

/// Zones d'un fichier
///
/// Shapefile (zip), GeoPackage ou GeoJSON, tel quel dans le corps de la requête, dans tout système de
/// coordonnées légal en France. Une zone par entité, remise en longitude et latitude, ses contours vérifiés
/// et réparés au besoin ; ce qui est écarté est dit. Rien n'est gardé : les zones s'envoient ensuite à
/// `/api/mesure`.
#[utoipa::path(
    post, path = "/api/zones/fichier", tag = "zones", operation_id = "zones_fichier", params(FichierParams),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(
        (status = OK, body = ZonesLues),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = PAYLOAD_TOO_LARGE, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn read(mut params: Params, FileBody(body): FileBody) -> Result<Json<ZonesLues>, Problem> {
    /// What is read at once is held in memory, so others wait.
    static PLACES: LazyLock<Semaphore> =
        LazyLock::new(|| Semaphore::new(zonage::limits().fichier.simultanes));
    let name = params.required("fichier", "le nom du fichier")?;
    let epsg = params.number("epsg")?;
    params.finish()?;
    if body.is_empty() {
        return Err(Problem::body("Le fichier est vide."));
    }
    let _place = PLACES.acquire().await.map_err(|e| Problem::internal(&e))?;
    let work = move || {
        // SQLite reads files, not memory; and the readers tell a format by the name where its bytes do not.
        let scratch = tempfile::tempdir().map_err(|e| Problem::internal(&e))?;
        let path = scratch.path().join(safe(&name));
        std::fs::write(&path, &body).map_err(|e| Problem::internal(&e))?;
        let found =
            outlines(&path, epsg, zonage::limits(), scratch.path()).map_err(|e| refusal(&name, &e))?;
        Ok(Json(told(found)))
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))?
}

/// A name that is one file of the folder, whatever was sent.
fn safe(name: &str) -> String {
    let plain = file_name(name, 60);
    // Not the name of the findings beside it, nor `..`.
    if plain.trim_matches('.').is_empty() || plain == "constats.csv" { "zones".to_owned() } else { plain }
}

fn refusal(name: &str, e: &ZonesError) -> Problem {
    match e {
        ZonesError::Read { .. } | ZonesError::Write(_) | ZonesError::Table(_) => Problem::internal(e),
        e => Problem::value("fichier", name, format!("{}.", capital(&e.to_string()))),
    }
}

/// A message of the importer as a sentence.
fn capital(message: &str) -> String {
    let mut letters = message.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn told(found: Outlines) -> ZonesLues {
    let Outlines { report, findings, zones } = found;
    ZonesLues {
        fichier: report.fichier,
        format: report.format,
        entites: report.lignes_lues,
        ecartees: report.lignes_rejetees,
        zones: zones.into_iter().map(zone).collect(),
        constats: findings.into_iter().map(finding).collect(),
        remarques: report.remarques,
    }
}

fn zone(Outline { feature, nom, mut area }: Outline) -> ZoneLue {
    // One part is a Polygon: the page gives its vertices to the pen.
    let value = match area.0.len() {
        1 => GeometryValue::from(&area.0.remove(0)),
        _ => GeometryValue::from(&area),
    };
    ZoneLue { entite: feature, nom, geometrie: Geometry::new(value) }
}

fn finding(f: Finding) -> ConstatZone {
    ConstatZone { entite: f.line, regle: f.rule, niveau: f.level, message: f.message }
}
