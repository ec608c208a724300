//! Features of a collection: pages of zones with their figures.

use std::borrow::Cow;

use axum::extract::{Extension, Path, RawQuery};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::crs::{self, System};
use super::order::ordered;
use super::schemas::FILTERS;
use super::{Document, Fault, ROOT, Written, html, id, json_of, link, written};
use crate::desk::editions::App;
use crate::desk::figures::{self, Question, Reading};
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::query::Asked;
use crate::desk::trace::Trace;
use crate::desk::zones;
use crate::publish::table::{self, Column};
use crate::publish::{Place, Row, geojson};
use crate::reference::access::Class;
use crate::reference::publication::publication;
use crate::server::auth::who::Who;
use crate::server::edge::base::Base;
use crate::server::edge::current::Current;
use crate::server::edge::params::SharedParams;

const GEOJSON: &str = "application/geo+json";
const CONTENT_CRS: HeaderName = HeaderName::from_static("content-crs");
/// Lines of a page that people read.
const PAGE_OF_PEOPLE: usize = 50;

/// What of a collection is asked.
struct Wanted {
    limit: usize,
    offset: usize,
    /// West, south, east, north.
    bbox: Option<[f64; 4]>,
    crs: System,
    /// Property and the value that it must have.
    filters: Vec<(&'static str, String)>,
}

impl Wanted {
    fn take(params: &mut Params, written: Written) -> Result<Self, Fault> {
        let pages = &publication().ogc;
        let page = if written == Written::Html { PAGE_OF_PEOPLE } else { pages.page };
        let count = |params: &mut Params, name: &'static str, least: usize| match params.take(name) {
            None => Ok(None),
            Some(text) => match text.parse::<usize>() {
                Ok(n) if n >= least => Ok(Some(n)),
                _ => Err(Fault::value(name, &format!("« {text} » : un nombre entier à partir de {least}."))),
            },
        };
        let limit = count(params, "limit", 1)?.unwrap_or(page).min(pages.page_max);
        let offset = count(params, "offset", 0)?.unwrap_or(0);
        let system = crs::asked("bbox-crs", params.take("bbox-crs").as_deref())?;
        let bbox = params.take("bbox").map(|text| boxed(&text, system)).transpose()?;
        let crs = crs::asked("crs", params.take("crs").as_deref())?;
        // Figures are of a year, which the collection names: a moment asked takes none of them away.
        if let Some(moment) = params.take("datetime") {
            moments(&moment)?;
        }
        let filters = FILTERS.iter().filter_map(|(name, _)| params.take(name).map(|v| (*name, v))).collect();
        Ok(Self { limit, offset, bbox, crs, filters })
    }
}

/// A box: two corners, with heights or without.
fn boxed(text: &str, system: System) -> Result<[f64; 4], Fault> {
    let wrong = || {
        Fault::value(
            "bbox",
            &format!("« {text} » : quatre nombres (ou six), coin inférieur puis coin supérieur."),
        )
    };
    let numbers: Vec<f64> =
        text.split(',').map(|v| v.trim().parse::<f64>()).collect::<Result<_, _>>().map_err(|_| wrong())?;
    if numbers.iter().any(|v| !v.is_finite()) {
        return Err(wrong());
    }
    let four = match numbers[..] {
        [a, b, c, d] | [a, b, _, c, d, _] => [a, b, c, d],
        _ => return Err(wrong()),
    };
    let turned = system.degrees(four)?;
    // West of its east it may be, across the antimeridian; south of its north it must be.
    if turned[1] > turned[3] || turned.iter().any(|v| v.is_nan()) {
        return Err(wrong());
    }
    Ok(turned)
}

/// Whether what is asked is a moment or an interval at all.
fn moments(text: &str) -> Result<(), Fault> {
    let is_moment = |t: &str| {
        t.is_empty()
            || t == ".."
            || t.parse::<jiff::Timestamp>().is_ok()
            || t.parse::<jiff::civil::Date>().is_ok()
    };
    let parts: Vec<&str> = text.split('/').collect();
    if parts.len() <= 2 && parts.iter().all(|p| is_moment(p)) && text.len() > 2 {
        Ok(())
    } else {
        Err(Fault::value("datetime", &format!("« {text} » : une date RFC 3339 ou un intervalle.")))
    }
}

/// Whether two boxes meet; the first may cross the antimeridian.
fn meet(asked: [f64; 4], zone: [f64; 4]) -> bool {
    let [w, s, e, n] = asked;
    let across = if w <= e { zone[0] <= e && zone[2] >= w } else { zone[2] >= w || zone[0] <= e };
    across && zone[1] <= n && zone[3] >= s
}

/// Entités d'une collection
///
/// Les premières entités sont choisies pour montrer tous les chiffres ; les suivantes viennent par code. Les
/// liens `next` demandent de plus grandes pages.
#[utoipa::path(
    get, path = "/ogc/collections/{collection}/items", tag = "ogc", operation_id = "ogc_entites",
    params(
        ("collection" = String, Path, description = "Échelle et millésime, `commune_2024`"),
        ("f" = Option<String>, Query, description = "`json` ou `html`"),
        ("limit" = Option<usize>, Query, description = "Entités d'une page : 1 000 par défaut, 10 000 au plus"),
        ("offset" = Option<usize>, Query, description = "Entités à passer"),
        ("bbox" = Option<String>, Query, description = "Emprise : ouest, sud, est, nord"),
        ("bbox-crs" = Option<String>, Query, description = "Système de coordonnées de l'emprise"),
        ("crs" = Option<String>, Query, description = "Système de coordonnées des entités"),
        ("datetime" = Option<String>, Query, description = "Sans effet : le millésime est dans le nom de la collection"),
        ("code" = Option<String>, Query, description = "Code de la zone"),
        ("nom" = Option<String>, Query, description = "Nom de la zone"),
        ("commune" = Option<String>, Query, description = "Code Insee de la commune"),
        ("epci" = Option<String>, Query, description = "SIREN de l'EPCI"),
        ("departement" = Option<String>, Query, description = "Code du département"),
        ("indicateurs" = Option<String>, Query, description = "Identifiants séparés par des virgules ; tous par défaut"),
        SharedParams,
    ),
    responses(
        (status = OK, description = "Une page d'entités (GeoJSON)", body = Value, content_type = "application/geo+json"),
        (status = BAD_REQUEST, body = Document), (status = NOT_FOUND, body = Document),
    )
)]
pub async fn list(
    Current(app): Current,
    Who(visitor): Who,
    base: Base,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    params: Result<Params, Problem>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let mut params = params?;
    let written = written(&mut params, &headers)?;
    let wanted = Wanted::take(&mut params, written)?;
    let question = asked(&app, params, &name)?;
    let work = move || -> Result<Response, Fault> {
        let collection = id::one(&app, &visitor.person, &name)?;
        let question = Question {
            echelle: collection.echelle.clone(),
            asked: collection.asked(question.asked),
            places: written == Written::Json,
            ..question
        };
        let page = figures::read(&app, &visitor.person, &question, |reading| page(reading, &wanted))?;
        let trace = page.trace(&name, &question);
        let response = match written {
            Written::Json => page.json(&base, &name, query.as_deref().unwrap_or(""), &wanted)?,
            Written::Html => html::items(&collection, &page.columns, &page.rows, page.matched, wanted.offset),
        };
        Ok((trace.map(Extension), response).into_response())
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))?
}

/// The question of a request, for no collection yet.
fn asked(app: &App, mut params: Params, name: &str) -> Result<Question, Fault> {
    let indicateurs = params.list("indicateurs");
    let asked = Asked::take(&mut params, app.catalogue)?;
    params.finish()?;
    if asked.millesime.is_some() || asked.vague.is_some() || asked.parc.is_some() {
        let why = format!("le nom de la collection « {name} » dit déjà l'année des chiffres.");
        return Err(Fault::value("millesime, vague, parc", &why));
    }
    Ok(Question { echelle: String::new(), dans: None, asked, indicateurs, places: true })
}

/// Zones of one page, read.
struct Page {
    columns: Vec<Column>,
    rows: Vec<Row<'static>>,
    matched: usize,
    years: (u16, Option<u16>),
    class: Class,
    question: Value,
}

fn page(reading: &Reading<'_>, wanted: &Wanted) -> Result<Page, Problem> {
    let mut zones = ordered(reading)?;
    zones.retain(|z| keeps(reading, *z, wanted));
    let matched = zones.len();
    let page: Vec<u32> = zones.into_iter().skip(wanted.offset).take(wanted.limit).collect();
    let rows = reading.rows(&page)?.into_iter().map(Row::owned).collect();
    let meta = reading.loaded().meta();
    Ok(Page {
        columns: table::columns(&reading.described()),
        rows,
        matched,
        years: (meta.millesime, meta.vague),
        class: reading.class(),
        question: reading.as_asked(),
    })
}

/// Whether a zone is asked for.
fn keeps(reading: &Reading<'_>, zone: u32, wanted: &Wanted) -> bool {
    if let Some(asked) = wanted.bbox
        && !reading.bbox(zone).is_some_and(|b| meet(asked, b))
    {
        return false;
    }
    if wanted.filters.is_empty() {
        return true;
    }
    let parents = zones::parents(reading.loaded(), &reading.layer, zone);
    wanted.filters.iter().all(|(name, value)| match *name {
        "code" => reading.layer.codes.get(zone as usize) == value,
        "nom" => reading.layer.title(zone) == *value,
        "commune" => parents[0].as_ref() == Some(value),
        "epci" => parents[1].as_ref() == Some(value),
        _ => parents[2].as_ref() == Some(value),
    })
}

impl Page {
    fn trace(&self, name: &str, question: &Question) -> Option<Trace> {
        let secret = self.rows.iter().flat_map(|r| &r.figures).any(|f| f.secret);
        (self.class != Class::Large).then(|| {
            Trace::new("entites", name)
                .with("indicateurs", question.indicateurs.clone())
                .with("question", self.question.clone())
                .rows(self.rows.len(), secret)
        })
    }

    fn json(self, base: &Base, name: &str, query: &str, wanted: &Wanted) -> Result<Response, Fault> {
        let path = format!("{ROOT}/collections/{name}/items");
        let address = |pairs: &str| match pairs {
            "" => base.join(&path),
            pairs => base.join(&format!("{path}?{pairs}")),
        };
        let mut links = vec![
            link(&address(query), "self", GEOJSON, "Cette page"),
            link(
                &address(&with(query, &[("f", "html".to_owned())])),
                "alternate",
                "text/html",
                "Cette page pour être lue",
            ),
            link(
                &base.join(&format!("{ROOT}/collections/{name}")),
                "collection",
                "application/json",
                "La collection",
            ),
        ];
        let end = wanted.offset + self.rows.len();
        if end < self.matched && !self.rows.is_empty() {
            // GDAL 3.6 asks for 10 and follows this link 2,500 times unless it grows.
            let limit = publication().ogc.page_suivante.max(wanted.limit);
            let next = with(query, &[("offset", end.to_string()), ("limit", limit.to_string())]);
            links.push(link(&address(&next), "next", GEOJSON, "Page suivante"));
        }
        if wanted.offset > 0 {
            let before = wanted.offset.saturating_sub(wanted.limit);
            let limit = wanted.limit.min(wanted.offset);
            let prev = with(query, &[("offset", before.to_string()), ("limit", limit.to_string())]);
            links.push(link(&address(&prev), "prev", GEOJSON, "Page précédente"));
        }
        let features: Vec<Value> = self
            .rows
            .iter()
            .map(|r| feature(r, &self.columns, self.years, wanted.crs))
            .collect::<Result<_, _>>()?;
        let document = json!({
            "type": "FeatureCollection", "timeStamp": jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "numberMatched": self.matched, "numberReturned": features.len(), "links": links, "features": features,
        });
        Ok(in_crs(wanted.crs, json_of(GEOJSON, &document)))
    }
}

fn feature(
    row: &Row<'_>,
    columns: &[Column],
    years: (u16, Option<u16>),
    system: System,
) -> Result<Value, Fault> {
    let place = match row.place.clone() {
        None => None,
        Some(Place::Area(area)) => Some(system.place(Place::Area(Cow::Owned(geojson::wound(&area))))?),
        Some(point) => Some(system.place(point)?),
    };
    Ok(geojson::feature(row, place.as_ref(), columns, years))
}

/// An answer that says which system its coordinates are in.
fn in_crs(system: System, mut response: Response) -> Response {
    if let Ok(value) = HeaderValue::from_str(&format!("<{}>", system.uri())) {
        response.headers_mut().insert(CONTENT_CRS, value);
    }
    response
}

/// A query with some of its parameters set anew; what stands in it stays as it was written.
fn with(query: &str, set: &[(&str, String)]) -> String {
    let kept = query.split('&').filter(|pair| {
        let name = pair.split('=').next().unwrap_or("");
        !pair.is_empty() && !set.iter().any(|(n, _)| *n == name)
    });
    kept.map(str::to_owned).chain(set.iter().map(|(n, v)| format!("{n}={v}"))).collect::<Vec<_>>().join("&")
}

/// Une entité
#[utoipa::path(
    get, path = "/ogc/collections/{collection}/items/{code}", tag = "ogc", operation_id = "ogc_entite",
    params(
        ("collection" = String, Path, description = "Échelle et millésime, `commune_2024`"),
        ("code" = String, Path, description = "Code de la zone"),
        ("f" = Option<String>, Query, description = "`json` ou `html`"),
        ("crs" = Option<String>, Query, description = "Système de coordonnées"),
        ("indicateurs" = Option<String>, Query, description = "Identifiants séparés par des virgules ; tous par défaut"),
        SharedParams,
    ),
    responses(
        (status = OK, description = "L'entité (GeoJSON)", body = Value, content_type = "application/geo+json"),
        (status = BAD_REQUEST, body = Document), (status = NOT_FOUND, body = Document),
    )
)]
pub async fn one(
    Current(app): Current,
    Who(visitor): Who,
    base: Base,
    Path((name, code)): Path<(String, String)>,
    params: Result<Params, Problem>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let mut params = params?;
    let written = written(&mut params, &headers)?;
    let system = crs::asked("crs", params.take("crs").as_deref())?;
    let question = asked(&app, params, &name)?;
    let work = move || -> Result<Response, Fault> {
        let collection = id::one(&app, &visitor.person, &name)?;
        let question = Question {
            echelle: collection.echelle.clone(),
            asked: collection.asked(question.asked),
            ..question
        };
        let absent = || {
            Fault::absent(format!(
                "La collection « {name} » n'a pas d'entité « {code} » qui vous soit ouverte."
            ))
        };
        let page = figures::read(&app, &visitor.person, &question, |reading| {
            let zone = reading.layer.zone(&code).filter(|z| reading.zones.contains(z));
            let meta = reading.loaded().meta();
            Ok(Page {
                columns: table::columns(&reading.described()),
                rows: match zone {
                    Some(zone) => reading.rows(&[zone])?.into_iter().map(Row::owned).collect(),
                    None => Vec::new(),
                },
                matched: 1,
                years: (meta.millesime, meta.vague),
                class: reading.class(),
                question: reading.as_asked(),
            })
        })?;
        let row = page.rows.first().ok_or_else(absent)?;
        let trace = page.trace(&format!("{name}:{code}"), &question);
        let response = match written {
            Written::Html => html::items(&collection, &page.columns, &page.rows, 1, 0),
            Written::Json => {
                let mut document = feature(row, &page.columns, page.years, system)?;
                let at = base.join(&format!("{ROOT}/collections/{name}"));
                let own = format!("{at}/items/{code}");
                document["links"] = json!([
                    link(&own, "self", GEOJSON, "Cette entité"),
                    link(&format!("{own}?f=html"), "alternate", "text/html", "Cette entité en page"),
                    link(&at, "collection", "application/json", "La collection"),
                ]);
                in_crs(system, json_of(GEOJSON, &document))
            }
        };
        Ok((trace.map(Extension), response).into_response())
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_meet_across_the_antimeridian_too() {
        assert!(meet([5.0, 45.0, 6.0, 46.0], [5.9, 45.9, 7.0, 47.0]));
        assert!(!meet([5.0, 45.0, 6.0, 46.0], [6.1, 45.0, 7.0, 46.0]));
        assert!(meet([170.0, -10.0, -170.0, 10.0], [175.0, 0.0, 176.0, 1.0]));
        assert!(!meet([170.0, -10.0, -170.0, 10.0], [0.0, 0.0, 1.0, 1.0]));
    }

    #[test]
    fn links_keep_what_was_asked() {
        let next =
            with("limit=10&epci=200000001&f=json", &[("offset", "10".into()), ("limit", "5000".into())]);
        assert_eq!(next, "epci=200000001&f=json&offset=10&limit=5000");
        assert_eq!(with("", &[("offset", "1".into())]), "offset=1");
    }

    #[test]
    fn moments_are_read_and_ignored() {
        for good in ["2024-01-01", "2024-01-01T00:00:00Z/..", "../2024-01-01T00:00:00Z"] {
            assert!(moments(good).is_ok(), "{good}");
        }
        assert!(moments("hier").is_err() && moments("1/2/3").is_err());
    }
}
