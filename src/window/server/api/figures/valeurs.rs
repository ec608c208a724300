//! `GET /api/valeurs/{echelle}`: one indicator for all zones of a scale, in columns, for the map.

use axum::extract::{Extension, Path};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use rayon::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::counter::Desk;
use crate::desk::editions::App;
use crate::desk::kept::{AnswerKey, Made};
use crate::desk::params::Params;
use crate::desk::places::{self, Within};
use crate::desk::problem::Problem;
use crate::desk::query::{self, Asked};
use crate::desk::trace::Trace;
use crate::disclosure::answer::stock_source;
use crate::disclosure::figure::all_plainly;
use crate::publish::classes::breaks;
use crate::reference::access::Class;
use crate::reference::indicators::Indicator;
use crate::reference::scales;
use crate::server::auth::who::Who;
use crate::server::edge::current::Current;
use crate::server::edge::kept;
use crate::server::edge::params::SharedParams;
use crate::server::edge::problem::Document;

/// Un indicateur pour toutes les zones d'une échelle qui ont un logement : colonnes de même longueur.
#[derive(Debug, Serialize, ToSchema)]
pub struct Valeurs {
    pub echelle: String,
    pub indicateur: String,
    pub unite: String,
    pub millesime: u16,
    pub vague: Option<u16>,
    /// Source et date des chiffres.
    pub source: String,
    pub codes: Vec<String>,
    pub noms: Vec<String>,
    /// Nul : secret, ou aucune donnée.
    pub valeurs: Vec<Option<f64>>,
    pub secret: Vec<bool>,
    /// Ménages répondants décrits (indicateurs d'occupation).
    pub repondants: Vec<Option<u64>>,
    /// Numérateurs et dénominateurs ; nuls si le chiffre est secret, ou arrondi parce que l'effectif est très
    /// faible.
    /// Dans l'unité des valeurs.
    #[serde(serialize_with = "all_plainly")]
    pub numerateurs: Vec<Option<f64>>,
    pub denominateurs: Vec<Option<u64>>,
    /// Sous un filtre ou un croisement : demi-largeur de l'intervalle à 95 %, dans l'unité de la valeur ; nul
    /// si elle est exacte.
    pub incertitudes: Vec<Option<f64>>,
    /// Logements, filtre appliqué.
    pub logements: Vec<u64>,
    /// Logements, filtre appliqué, que la valeur ne compte pas (indicateurs d'occupation).
    pub logements_ecartes: Vec<Option<u64>>,
    pub reference: Reference,
    /// Bornes intérieures des classes : quantiles, 5 classes au plus.
    pub bornes: Vec<f64>,
}

/// Le chiffre de la zone parente, ou de tout le territoire.
#[derive(Debug, Serialize, ToSchema)]
pub struct Reference {
    pub nom: String,
    pub valeur: Option<f64>,
}

/// Un indicateur pour toutes les zones
#[utoipa::path(
    get, path = "/api/valeurs/{echelle}", tag = "zones", operation_id = "valeurs",
    params(
        ("echelle" = String, Path, description = "Échelle"),
        ("indicateur" = String, Query, description = "Identifiant de l'indicateur"),
        ("dans" = Option<String>, Query, description = "Zone parente, `échelle:code`"),
        SharedParams,
    ),
    responses(
        (status = OK, body = Valeurs),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn valeurs(
    Current(app): Current,
    Who(visitor): Who,
    Path(echelle): Path<String>,
    headers: HeaderMap,
    mut params: Params,
) -> Result<Response, Problem> {
    let id = params.required("indicateur", "l'identifiant de l'indicateur à montrer")?;
    let dans = params.take("dans");
    let asked = Asked::take(&mut params, app.catalogue)?;
    params.finish()?;
    let [indicator] = query::indicators(&app, Some(std::slice::from_ref(&id)))?[..] else {
        return Err(Problem::internal(&"un indicateur attendu"));
    };
    // What households say is of the day of the survey, whatever happened to the stock since.
    let asked = if app.catalogue.describes_households(indicator) { asked.on_january_first() } else { asked };
    let work = move || {
        let desk = Desk::new(&app, &visitor.person, asked, vec![indicator])?;
        let class = scales::scale(&echelle).acces;
        let key = AnswerKey {
            route: "valeurs",
            cube: desk.loaded().id.clone(),
            question: format!("{:?}", (&echelle, &id, desk.whole.population, &desk.whole.filter, &dans)),
            // The figure of the zone around is of another class.
            rights: format!("{} {}", desk.key(class), desk.key(reference_class(dans.as_deref()))),
        };
        let shown = Shown { scale: &echelle, within: dans.as_deref(), indicator };
        let known = app.answers.get(key, || {
            let answer = compute(&app, &desk, class, shown)?;
            let (lignes, secret) = (answer.codes.len(), answer.secret.contains(&true));
            Ok(Made { answer, objet: String::new(), lignes, secret })
        })?;
        let trace = (class != Class::Large).then(|| {
            Trace::new("carte", echelle.as_str())
                .with("indicateur", id.as_str())
                .with("dans", dans.clone())
                .with("question", desk.whole.as_asked())
                .rows(known.lignes, known.secret)
        });
        Ok((trace.map(Extension), kept::answer(&known, class, &headers)?).into_response())
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))?
}

/// Class of the zone that a map compares with: the parent, else the whole territory.
fn reference_class(within: Option<&str>) -> Class {
    within.and_then(|d| d.split_once(':')).map_or(Class::Large, |(scale, _)| scales::scale(scale).acces)
}

/// What a map shows.
#[derive(Clone, Copy)]
struct Shown<'a> {
    scale: &'a str,
    within: Option<&'a str>,
    indicator: &'a Indicator,
}

fn compute(
    app: &App,
    desk: &Desk<'_>,
    class: Class,
    Shown { scale, within, indicator }: Shown<'_>,
) -> Result<Valeurs, Problem> {
    let loaded = desk.loaded();
    let layer = places::layer(loaded, "echelle", scale).map_err(Problem::in_path)?;
    let within = within.map(|d| Within::parse(loaded, d)).transpose()?;
    let counter = desk.counter(class)?;
    let households = app.catalogue.describes_households(indicator);
    if households {
        counter.households()?;
    }
    let mut zones = places::zones_with_addresses(&layer, within.as_ref());
    zones.retain(|z| counter.lists(&layer.addresses(*z), households));

    let reference_zone = within.as_ref().map_or_else(|| loaded.everything(), |w| w.layer.addresses(w.zone));
    let reference_scale = within.as_ref().map_or("departement", |w| w.layer.meta.id.as_str());
    // The parent is of another class: what is not open of it is no reference.
    let reference = desk
        .counter(scales::scale(reference_scale).acces)
        .and_then(|c| c.answer(Some(reference_scale), &reference_zone))
        .ok();

    let answers = zones
        .par_iter()
        .map(|&z| counter.answer(Some(scale), &layer.addresses(z)))
        .collect::<Result<Vec<_>, Problem>>()?;
    let figures = || answers.iter().map(|a| &a.chiffres[0]);
    let known: Vec<f64> = figures().filter_map(|f| f.valeur).collect();
    Ok(Valeurs {
        echelle: scale.to_owned(),
        indicateur: indicator.id.clone(),
        unite: indicator.unite.clone(),
        millesime: loaded.meta().millesime,
        vague: loaded.meta().vague,
        source: figures().next().map_or_else(|| stock_source(loaded.meta()), |f| f.source.clone()),
        codes: zones.iter().map(|z| layer.codes.get(*z as usize).to_owned()).collect(),
        noms: zones.iter().map(|z| layer.title(*z)).collect(),
        valeurs: figures().map(|f| f.valeur).collect(),
        secret: figures().map(|f| f.secret).collect(),
        repondants: figures().map(|f| f.repondants).collect(),
        numerateurs: figures().map(|f| f.numerateur).collect(),
        denominateurs: figures().map(|f| f.denominateur.filter(|_| f.numerateur.is_some())).collect(),
        incertitudes: figures().map(|f| f.incertitude).collect(),
        logements_ecartes: figures().map(|f| f.logements_ecartes).collect(),
        logements: answers.iter().map(|a| a.couverture.logements).collect(),
        reference: Reference {
            nom: within.as_ref().map_or_else(|| "Territoire".to_owned(), Within::name),
            valeur: reference.and_then(|r| r.chiffres.first().and_then(|f| f.valeur)),
        },
        bornes: breaks(known),
    })
}
