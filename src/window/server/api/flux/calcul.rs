//! `GET /api/flux/calcul`: the flow of a year line by line, as it is and as it would be.

use axum::Json;
use axum::extract::{Extension, State as FromState};

use crate::desk::flux::calcul::{self as desk, Asked, CalculAnnee};
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::server::api::flux::opened;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;

/// Calcul du flux d'une année
///
/// Ligne par ligne : stock, taux de relocation, exclusions par motif, assiette, parts et arrondi (plus fort
/// reste, dans les bornes ; les plafonds de la loi sont arrondis à l'inférieur), fractions reportées. Les
/// paramètres d'essai donnent, à côté, ce que le calcul deviendrait.
#[utoipa::path(
    get, path = "/api/flux/calcul", tag = "flux", operation_id = "flux_calcul",
    params(
        ("bailleur" = Option<String>, Query, description = "SIREN ; le premier que vous pouvez lire par défaut"),
        ("annee" = Option<u16>, Query, description = "La dernière dont l'assiette est connue par défaut"),
        ("taux" = Option<f64>, Query, description = "Essai : taux de relocation, en %"),
        ("stock" = Option<u32>, Query, description = "Essai : logements"),
        ("exclus" = Option<u32>, Query, description = "Essai : logements hors du flux, tous motifs"),
        ("parts" = Option<String>, Query, description = "Essai : parts en %, `RESERVATAIRE=12,5` séparées par des \
            points-virgules"),
    ),
    responses(
        (status = OK, body = CalculAnnee),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn calcul(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    mut params: Params,
) -> Result<(Extension<Trace>, Json<CalculAnnee>), Problem> {
    let asked = Asked {
        bailleur: params.take("bailleur"),
        annee: params.number("annee")?,
        taux: params.number("taux")?,
        stock: params.number("stock")?,
        exclus: params.number("exclus")?,
        parts: params.take("parts"),
    };
    params.finish()?;
    let (book, view) = opened(&server, &app, &visitor.person).await?;
    let answer = desk::answer(&book, &view, asked)?;
    let trace = Trace::new("flux_calcul", answer.bailleur.clone()).with("annee", answer.annee);
    Ok((Extension(trace), Json(answer)))
}
