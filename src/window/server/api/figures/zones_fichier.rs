//! `POST /api/zones/fichier`: the outlines of a file, to be drawn and measured; nothing of it is kept.

use std::sync::LazyLock;

use axum::Json;
use tokio::sync::Semaphore;

use utoipa::IntoParams;

use crate::desk::figures::zones_fichier::{ZonesLues, refusal, safe, told};
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::reference::zonage;
use crate::registers::zones::outlines;
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
