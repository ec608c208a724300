//! `GET /api/territoires`: zones found by their name or code, as one types.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::counter::Desk;
use crate::desk::names::fold;
use crate::desk::params::Params;
use crate::desk::places;
use crate::desk::problem::Problem;
use crate::desk::query::Asked;
use crate::desk::zones::{self, ZoneListee};
use crate::reference::scales;
use crate::server::auth::who::Who;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;

/// Un territoire trouvé.
#[derive(Debug, Serialize, ToSchema)]
pub struct Territoire {
    pub echelle: String,
    /// Nom de l'échelle : « Commune », « QPV 2024 ».
    pub libelle: String,
    #[serde(flatten)]
    pub zone: ZoneListee,
    /// Nom de la commune qui contient la zone ; à défaut de l'EPCI, puis du département.
    pub situe_dans: Option<String>,
}

const DEFAULT: usize = 10;
const LARGEST: usize = 50;
/// Zones that are looked at for rights, for each one that is wanted: a person may see few of those that
/// match.
const TRIED: usize = 40;

/// Cherche un territoire par son nom ou son code
///
/// Chaque mot de la question doit commencer un mot du nom, sans égard aux accents et à la casse ; ou la
/// question commence le code. Les échelles les plus larges viennent d'abord, puis les zones qui ont le plus
/// de logements.
#[utoipa::path(
    get, path = "/api/territoires", tag = "zones", operation_id = "territoires",
    params(
        ("q" = String, Query, description = "Ce qui est cherché : deux caractères au moins"),
        ("limite" = Option<usize>, Query, description = "Nombre de réponses au plus : 10 par défaut, 50 au \
            plus"),
    ),
    responses(
        (status = OK, body = Vec<Territoire>),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn territoires(
    Current(app): Current,
    Who(visitor): Who,
    mut params: Params,
) -> Result<Json<Vec<Territoire>>, Problem> {
    let q = params.required("q", "le nom ou le code cherché")?;
    let limit: usize = params.number("limite")?.unwrap_or(DEFAULT);
    params.finish()?;
    if limit == 0 || limit > LARGEST {
        let detail = format!("« limite » va de 1 à {LARGEST}.");
        return Err(Problem::value("limite", &limit.to_string(), detail));
    }
    let folded = fold(&q);
    if folded.chars().count() < 2 {
        return Err(Problem::value(
            "q",
            &q,
            "Donnez au moins deux lettres ou chiffres du nom ou du code cherché.",
        ));
    }
    let work = move || {
        let desk = Desk::new(&app, &visitor.person, Asked::default(), Vec::new())?;
        let loaded = desk.loaded();
        let mut out = Vec::new();
        for found in loaded.names().find(&folded, limit * TRIED) {
            let id = loaded.meta().couches[found.layer as usize].id.as_str();
            let scale = scales::scale(id);
            let Ok(counter) = desk.counter(scale.acces) else { continue };
            let layer = places::layer(loaded, "echelle", id)?;
            if !counter.lists(&layer.addresses(found.zone), false) {
                continue;
            }
            let mask = counter.selection.mask.as_ref().map(|m| m.as_slice());
            let zone = zones::row(loaded, &layer, found.zone, loaded.dwellings(&layer, found.zone, mask));
            let libelle = if scale.id == "*" { layer.meta.libelle.clone() } else { scale.libelle.clone() };
            let situe_dans =
                [("commune", &zone.commune), ("epci", &zone.epci), ("departement", &zone.departement)]
                    .into_iter()
                    .filter(|(wide, _)| *wide != id)
                    .find_map(|(wide, code)| {
                        let layer = loaded.cube().layer(wide)?;
                        layer.zone(code.as_deref()?).map(|z| layer.title(z))
                    });
            out.push(Territoire { echelle: id.to_owned(), libelle, zone, situe_dans });
            if out.len() == limit {
                break;
            }
        }
        Ok(Json(out))
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))?
}
