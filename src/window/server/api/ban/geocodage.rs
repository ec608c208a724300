//! `GET /search`, `GET /reverse`: addresses of the imported BAN, as the BAN API answers, so that its clients
//! need no change.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State as FromState;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::geocode::{GeocoderError, Hit, Kind, Query};
use crate::reference::geocodage::geocodage;
use crate::server::api::ban::geocodage_distant::Remote;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;
use crate::territory::crs;

/// Adresses trouvées (GeoCodeJSON, comme l'API BAN).
#[derive(Debug, Serialize, ToSchema)]
pub struct Adresses {
    #[serde(rename = "type")]
    #[schema(example = "FeatureCollection")]
    kind: &'static str,
    #[schema(example = "draft")]
    version: &'static str,
    features: Vec<Adresse>,
    /// Source des adresses.
    attribution: &'static str,
    licence: &'static str,
    /// La question, telle qu'elle a été posée.
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<String>,
    /// Filtres appliqués : `type`, `postcode`, `citycode`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    filters: BTreeMap<&'static str, String>,
    /// Point demandé : longitude, latitude.
    #[serde(skip_serializing_if = "Option::is_none")]
    center: Option<[f64; 2]>,
    limit: usize,
}

/// Une adresse.
#[derive(Debug, Serialize, ToSchema)]
pub struct Adresse {
    #[serde(rename = "type")]
    #[schema(example = "Feature")]
    kind: &'static str,
    geometry: PointAdresse,
    properties: Proprietes,
}

/// Le point de l'adresse (WGS 84).
#[derive(Debug, Serialize, ToSchema)]
pub struct PointAdresse {
    #[serde(rename = "type")]
    #[schema(example = "Point")]
    kind: &'static str,
    coordinates: [f64; 2],
}

/// Ce que la BAN dit de l'adresse.
#[derive(Debug, Serialize, ToSchema)]
pub struct Proprietes {
    /// Libellé complet.
    label: String,
    /// De 0 à 1 ; sûr à partir de 0,8.
    score: f64,
    /// Score de la réponse suivante.
    #[serde(skip_serializing_if = "Option::is_none")]
    score_next: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    housenumber: Option<String>,
    id: String,
    /// `housenumber` (ce numéro est dans la BAN), `street`, `locality` ou `municipality`.
    #[serde(rename = "type")]
    kind: &'static str,
    name: String,
    postcode: String,
    citycode: String,
    /// Coordonnées dans la projection légale du territoire (Lambert-93 en métropole).
    #[serde(skip_serializing_if = "Option::is_none")]
    x: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    y: Option<f64>,
    city: String,
    /// Département et région.
    context: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    street: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    oldcitycode: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    oldcity: Option<String>,
    /// Mètres, pour `/reverse`.
    #[serde(skip_serializing_if = "Option::is_none")]
    distance: Option<i64>,
    /// Vrai si le numéro n'est pas dans la BAN et si son point est placé entre ses voisins du même côté.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    interpolation: bool,
}

impl From<Hit> for Adresse {
    fn from(hit: Hit) -> Self {
        let (mut xs, mut ys) = ([hit.lon], [hit.lat]);
        let projected = crs::from_lonlat(crs::default_epsg(&hit.citycode), &mut xs, &mut ys).is_ok();
        let metres = |v: f64| (projected && v.is_finite()).then(|| (v * 100.0).round() / 100.0);
        let rounded = |s: f64| (s * 1e6).round() / 1e6;
        Self {
            kind: "Feature",
            geometry: PointAdresse { kind: "Point", coordinates: [hit.lon, hit.lat] },
            properties: Proprietes {
                label: hit.label,
                score: rounded(hit.score),
                score_next: hit.score_next.map(rounded),
                housenumber: hit.housenumber,
                id: hit.id,
                kind: hit.kind.id(),
                name: hit.name,
                postcode: hit.postcode,
                context: geocodage().context(&hit.citycode),
                citycode: hit.citycode,
                x: metres(xs[0]),
                y: metres(ys[0]),
                city: hit.city,
                street: hit.street,
                oldcitycode: hit.oldcitycode,
                oldcity: hit.oldcity,
                distance: hit.distance.map(|d| d.round() as i64),
                interpolation: hit.interpolated,
            },
        }
    }
}

/// Paramètres d'une recherche (documentation de l'interface).
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "its fields are the documentation; `Params` reads the values")]
pub struct SearchParams {
    /// L'adresse cherchée, de 3 à 200 caractères.
    pub q: String,
    /// Nombre de réponses, de 1 à 50 ; 5 par défaut.
    pub limit: Option<usize>,
    /// `0` : le dernier mot est entier ; `1` par défaut.
    pub autocomplete: Option<u8>,
    /// `housenumber`, `street`, `locality` ou `municipality`.
    pub r#type: Option<String>,
    /// Code postal des réponses.
    pub postcode: Option<String>,
    /// Code Insee de la commune des réponses.
    pub citycode: Option<String>,
    /// Point près duquel chercher d'abord (avec `lon`).
    pub lat: Option<f64>,
    pub lon: Option<f64>,
    /// Seul `address` est accepté.
    pub index: Option<String>,
}

/// Paramètres d'une recherche par point (documentation de l'interface).
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "its fields are the documentation; `Params` reads the values")]
pub struct ReverseParams {
    /// Longitude WGS 84, en degrés.
    pub lon: f64,
    /// Latitude WGS 84, en degrés.
    pub lat: f64,
    /// Nombre de réponses, de 1 à 50 ; 1 par défaut.
    pub limit: Option<usize>,
    /// `housenumber`, `street`, `locality` ou `municipality`.
    pub r#type: Option<String>,
    /// Code postal des réponses.
    pub postcode: Option<String>,
    /// Code Insee de la commune des réponses.
    pub citycode: Option<String>,
    /// Seul `address` est accepté.
    pub index: Option<String>,
}

impl From<GeocoderError> for Problem {
    fn from(e: GeocoderError) -> Self {
        match e {
            GeocoderError::Empty => Self::not_found("adresses", "aucune", format!("Il n'y a {e}.")),
            _ => Self::internal(&e),
        }
    }
}

/// What searches by text and by point share.
fn shared(params: &mut Params, usual: usize) -> Result<(Query, BTreeMap<&'static str, String>), Problem> {
    let most = geocodage().limites.reponses;
    let limit = params.number::<usize>("limit")?.unwrap_or(usual);
    if !(1..=most).contains(&limit) {
        return Err(Problem::value("limit", &limit.to_string(), format!("« limit » va de 1 à {most}.")));
    }
    let mut filters = BTreeMap::new();
    let mut query = Query { limit, ..Query::default() };
    if let Some(kind) = params.take("type") {
        query.kind =
            Some(Kind::of(&kind).ok_or_else(|| Problem::unknown("type", &kind, Kind::ALL.map(Kind::id)))?);
        filters.insert("type", kind);
    }
    if let Some(code) = params.take("postcode") {
        if code.len() != 5 || !code.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Problem::value("postcode", &code, "Un code postal a cinq chiffres."));
        }
        filters.insert("postcode", code.clone());
        query.postcode = Some(code);
    }
    if let Some(code) = params.take("citycode") {
        if code.len() != 5 || !code.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(Problem::value(
                "citycode",
                &code,
                "Un code Insee de commune a cinq caractères (73065, 2A004).",
            ));
        }
        filters.insert("citycode", code.clone());
        query.citycode = Some(code.to_uppercase());
    }
    if let Some(index) = params.take("index").filter(|i| i != "address") {
        return Err(Problem::unknown("index", &index, ["address"]));
    }
    Ok((query, filters))
}

fn point(params: &mut Params) -> Result<Option<[f64; 2]>, Problem> {
    match (params.number::<f64>("lon")?, params.number::<f64>("lat")?) {
        (Some(lon), Some(lat)) => {
            crate::desk::situation::check([lon, lat])?;
            Ok(Some([lon, lat]))
        }
        (None, None) => Ok(None),
        (None, _) => Err(Problem::missing("lon", "la longitude du point")),
        (_, None) => Err(Problem::missing("lat", "la latitude du point")),
    }
}

fn answer(
    hits: Vec<Hit>,
    query: Option<String>,
    filters: BTreeMap<&'static str, String>,
    center: Option<[f64; 2]>,
    limit: usize,
) -> Response {
    Json(Adresses {
        kind: "FeatureCollection",
        version: "draft",
        features: hits.into_iter().map(Adresse::from).collect(),
        attribution: "BAN",
        licence: "Licence Ouverte 2.0",
        query,
        filters,
        center,
        limit,
    })
    .into_response()
}

/// Chercher une adresse
///
/// Compatible avec l'API BAN (`/search`) : mêmes paramètres, même réponse. Les adresses sont celles de la
/// Base adresse nationale importée, ou celles de l'API distante que l'exploitant a choisie.
#[utoipa::path(
    get, path = "/search", tag = "adresses", operation_id = "adresse_chercher", params(SearchParams),
    responses(
        (status = OK, body = Adresses),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn search(
    Current(app): Current,
    FromState(remote): FromState<Option<Remote>>,
    mut params: Params,
) -> Result<Response, Problem> {
    let rules = &geocodage().limites;
    let text = params.required("q", "l'adresse cherchée")?;
    let (mut query, filters) = shared(&mut params, rules.reponses_defaut)?;
    query.near = point(&mut params)?;
    query.autocomplete = match params.take("autocomplete").as_deref() {
        None | Some("1" | "true") => true,
        Some("0" | "false") => false,
        Some(other) => return Err(Problem::unknown("autocomplete", other, ["0", "1"])),
    };
    params.finish()?;
    let length = text.trim().chars().count();
    if !(3..=rules.question).contains(&length) {
        let detail = format!("« q » va de 3 à {} caractères ; la vôtre en a {length}.", rules.question);
        return Err(Problem::value("q", &text, detail));
    }
    query.text = text;
    if let Some(remote) = remote {
        return remote.search(&query).await;
    }
    let work = move || {
        let hits = app.geocoder()?.search(&query);
        Ok(answer(hits, Some(query.text), filters, query.near, query.limit))
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))?
}

/// Trouver l'adresse d'un point
///
/// Compatible avec l'API BAN (`/reverse`). Rien n'est répondu à plus de 2 km.
#[utoipa::path(
    get, path = "/reverse", tag = "adresses", operation_id = "adresse_situer", params(ReverseParams),
    responses(
        (status = OK, body = Adresses),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn reverse(
    Current(app): Current,
    FromState(remote): FromState<Option<Remote>>,
    mut params: Params,
) -> Result<Response, Problem> {
    let (query, filters) = shared(&mut params, 1)?;
    let at = point(&mut params)?;
    params.finish()?;
    let Some(at) = at else { return Err(Problem::missing("lon", "donnez « lon » et « lat »")) };
    if let Some(remote) = remote {
        return remote.reverse(at, &query).await;
    }
    let work = move || {
        let hits = app.geocoder()?.reverse(at[0], at[1], &query);
        Ok(answer(hits, None, filters, Some(at), query.limit))
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))?
}
