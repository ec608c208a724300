//! `GET /api/cotation/demandes`: demands in the order that the grid in force gives them, for who houses them.

use axum::Json;
use axum::extract::{Extension, State as FromState};
use axum::http::{HeaderName, HeaderValue};
use serde::Serialize;
use utoipa::ToSchema;

use super::cotee::{DemandeCotee, Scored};
use super::grilles::{genre, grid_of};
use super::justificatifs::{Ticks, ticks};
use super::simulation::Base;
use super::{all, window};
use crate::access::Person;
use crate::days;
use crate::desk::editions::App;
use crate::desk::params::Params;
use crate::desk::pression::sizes;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::publish::csv_file;
use crate::reference::mix::Mix;
use crate::scoring::demands::months;
use crate::scoring::grid::{Genre, Grille};
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::csv_headers::csv_headers;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;

/// Un choix de liste.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChoixCote {
    pub code: String,
    pub nom: String,
}

/// Une page de demandes, dans l'ordre de la grille.
#[derive(Debug, Serialize, ToSchema)]
pub struct DemandesCotees {
    pub au: String,
    pub grille: String,
    pub epci: String,
    pub total: usize,
    pub page: usize,
    pub par_page: usize,
    /// Comment les ex æquo sont départagés.
    pub ex_aequo: &'static str,
    /// Communes du territoire qui vous sont ouvertes.
    pub communes: Vec<ChoixCote>,
    /// Typologies par lesquelles filtrer.
    pub typologies: Vec<String>,
    pub demandes: Vec<DemandeCotee>,
}

pub(super) const TIES: &str = "À note égale, la demande la plus ancienne passe devant ; à même date, un ordre stable et \
    sans rapport avec le ménage.";
const PAGE: usize = 50;

struct Asked {
    epci: String,
    genre: Genre,
    base: Base,
    commune: Option<String>,
    typologie: Option<String>,
    dalo: bool,
    anciennete: i32,
    page: usize,
}

pub(super) fn base(params: &mut Params) -> Result<Base, Problem> {
    match params.take("base").as_deref() {
        None | Some("provisoire") => Ok(Base::Provisoire),
        Some("definitive") => Ok(Base::Definitive),
        Some(other) => Err(Problem::unknown("base", other, ["provisoire", "definitive"])),
    }
}

fn asked(params: &mut Params) -> Result<Asked, Problem> {
    Ok(Asked {
        epci: params.required("epci", "le SIREN de l'EPCI")?,
        genre: genre(params.take("genre").as_deref())?,
        base: base(params)?,
        commune: params.take("commune"),
        typologie: params.take("typologie"),
        dalo: match params.take("dalo").as_deref() {
            None | Some("non") => false,
            Some("oui") => true,
            Some(other) => return Err(Problem::unknown("dalo", other, ["oui", "non"])),
        },
        anciennete: params.number("anciennete")?.unwrap_or(0),
        page: params.number("page")?.unwrap_or(1),
    })
}

/// Demandes cotées
///
/// Les demandes en attente de votre territoire, dans l'ordre de la grille en vigueur. Le détail ne nomme
/// jamais un critère sensible.
#[utoipa::path(
    get, path = "/api/cotation/demandes", tag = "cotation", operation_id = "cotation_demandes",
    params(
        ("epci" = String, Query, description = "SIREN de l'EPCI"),
        ("genre" = Option<String>, Query, description = "`premiere` (par défaut) ou `mutation`"),
        ("base" = Option<String>, Query, description = "`provisoire` (par défaut) ou `definitive`"),
        ("commune" = Option<String>, Query, description = "Demandes qui nomment cette commune"),
        ("typologie" = Option<String>, Query, description = "Demandes de cette typologie (T1 à T6P)"),
        ("dalo" = Option<String>, Query, description = "`oui` : ménages reconnus DALO seulement"),
        ("anciennete" = Option<i32>, Query, description = "Mois d'attente, au moins"),
        ("page" = Option<usize>, Query, description = "Page de 50, à partir de 1"),
    ),
    responses(
        (status = OK, body = DemandesCotees),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn list(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    mut params: Params,
) -> Result<(Extension<Trace>, Json<DemandesCotees>), Problem> {
    let asked = asked(&mut params)?;
    params.finish()?;
    if asked.page == 0 {
        return Err(Problem::value("page", "0", "Les pages commencent à 1."));
    }
    let grille = scoring(&server, &app, &visitor.person, &asked).await?;
    let ticks = ticks(&server, &asked.epci).await?;
    let work = move || {
        let found = answer(&app, &visitor.person, &grille, &asked, &ticks, Some(asked.page))?;
        Ok((Extension(traced("cotation_demandes", &asked, &found)), Json(found)))
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))?
}

/// Demandes cotées en CSV
///
/// La même liste, entière.
#[utoipa::path(
    get, path = "/api/cotation/demandes.csv", tag = "cotation", operation_id = "cotation_demandes_csv",
    params(
        ("epci" = String, Query, description = "SIREN de l'EPCI"),
        ("genre" = Option<String>, Query, description = "`premiere` (par défaut) ou `mutation`"),
        ("base" = Option<String>, Query, description = "`provisoire` (par défaut) ou `definitive`"),
        ("commune" = Option<String>, Query, description = "Demandes qui nomment cette commune"),
        ("typologie" = Option<String>, Query, description = "Demandes de cette typologie (T1 à T6P)"),
        ("dalo" = Option<String>, Query, description = "`oui` : ménages reconnus DALO seulement"),
        ("anciennete" = Option<i32>, Query, description = "Mois d'attente, au moins"),
    ),
    responses(
        (status = OK, body = String, content_type = "text/csv"),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn csv(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    mut params: Params,
) -> Result<(Extension<Trace>, [(HeaderName, HeaderValue); 2], Vec<u8>), Problem> {
    let asked = asked(&mut params)?;
    params.finish()?;
    let grille = scoring(&server, &app, &visitor.person, &asked).await?;
    let ticks = ticks(&server, &asked.epci).await?;
    let work = move || {
        let found = answer(&app, &visitor.person, &grille, &asked, &ticks, None)?;
        let bytes = written(&found).map_err(|e| Problem::internal(&e))?;
        let trace = traced("cotation_demandes_csv", &asked, &found);
        let headers = csv_headers(&format!("demandes-{}-{}-{}.csv", found.epci, asked.genre.id(), found.au))?;
        Ok((Extension(trace), headers, bytes))
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))?
}

/// The grid in force, once the territory is known to be open: who may not look learns nothing of it.
async fn scoring(server: &Server, app: &App, person: &Person, asked: &Asked) -> Result<Grille, Problem> {
    window(&*all(app)?, person, &asked.epci)?;
    grid_of(server, &asked.epci, asked.genre).await
}

fn traced(action: &'static str, asked: &Asked, found: &DemandesCotees) -> Trace {
    Trace::new(action, asked.epci.as_str())
        .with("genre", asked.genre.id())
        .with("commune", asked.commune.clone())
        .with("typologie", asked.typologie.clone())
        .rows(found.demandes.len(), false)
}

fn written(found: &DemandesCotees) -> Result<Vec<u8>, csv::Error> {
    let mut out = csv_file::writer();
    out.write_record([
        "ordre",
        "reference",
        "note",
        "rang",
        "quart",
        "semblables",
        "date_depot",
        "anciennete_mois",
        "personnes",
        "typologie",
        "communes",
        "refus",
        "delai_moyen_mois",
        "delai_median_mois",
    ])?;
    let some = |v: Option<String>| v.unwrap_or_default();
    let number = |v: f64| v.to_string().replace('.', ",");
    for (i, d) in found.demandes.iter().enumerate() {
        out.write_record([
            (i + 1).to_string(),
            d.reference.clone(),
            d.note.to_string(),
            some(d.rang.map(|r| r.to_string())),
            some(d.quart.map(|q| q.to_string())),
            some(d.semblables.map(|n| n.to_string())),
            d.depot.clone(),
            d.anciennete.to_string(),
            some(d.personnes.map(|p| p.to_string())),
            some(d.typologie.clone()),
            csv_file::inert(&d.communes.join("|")),
            d.refus.to_string(),
            some(d.delai.as_ref().map(|w| number(w.moyen))),
            some(d.delai.as_ref().and_then(|w| w.median).map(number)),
        ])?;
    }
    csv_file::bytes(out)
}

fn answer(
    app: &App,
    person: &Person,
    grille: &Grille,
    asked: &Asked,
    ticks: &Ticks,
    page: Option<usize>,
) -> Result<DemandesCotees, Problem> {
    let demands = all(app)?;
    let on = window(&demands, person, &grille.epci)?;
    let open = || {
        demands
            .communes
            .iter()
            .zip(0..)
            .filter(|(c, n)| c.epci == on.epci && on.commune.is_none_or(|o| o == *n))
    };
    let commune = match &asked.commune {
        None => on.commune,
        Some(code) => {
            let found = demands.commune(code).filter(|c| demands.epci_of(*c) == on.epci);
            let found = found
                .ok_or_else(|| Problem::unknown("commune", code, open().map(|(c, _)| c.code.as_str())))?;
            if on.commune.is_some_and(|mine| mine != found) {
                return Err(Problem::forbidden(super::ELSEWHERE));
            }
            Some(found)
        }
    };
    let sizes = sizes()?;
    let size = match &asked.typologie {
        None => None,
        Some(id) => {
            let found = sizes.iter().find(|v| v.id == *id).map(|v| v.code);
            let known = || sizes.iter().map(|v| v.id.as_str());
            Some(found.ok_or_else(|| Problem::unknown("typologie", id, known()))?)
        }
    };
    let dalo = &Mix::embedded().map_err(|e| Problem::internal(&e))?.dalo.statut;
    let scored = Scored::new(&demands, on.epci, grille, asked.base.into(), ticks, app.secrecy.k)?;
    let order = scored.order(|row| {
        commune.is_none_or(|c| demands.asks(row).contains(&c))
            && size.is_none_or(|s| demands.typologies[row] >> (s - 1) & 1 == 1)
            && (!asked.dalo || dalo.contains(&demands.dalo[row]))
            && months(demands.depot[row], demands.extrait) >= asked.anciennete
    });
    let total = order.len();
    let taken = match page {
        None => &order[..],
        Some(page) => {
            let first = (page - 1).saturating_mul(PAGE).min(total);
            &order[first..(first + PAGE).min(total)]
        }
    };
    let mut communes: Vec<ChoixCote> = open()
        .map(|(c, _)| ChoixCote {
            code: c.code.clone(),
            nom: if c.nom.is_empty() { &c.code } else { &c.nom }.clone(),
        })
        .collect();
    communes.sort_by(|a, b| a.nom.cmp(&b.nom));
    Ok(DemandesCotees {
        au: days::iso(demands.extrait),
        grille: grille.nom.clone(),
        epci: grille.epci.clone(),
        total,
        page: page.unwrap_or(1),
        par_page: PAGE,
        ex_aequo: TIES,
        communes,
        typologies: sizes.iter().map(|v| v.id.clone()).collect(),
        demandes: taken.iter().map(|i| scored.told(*i)).collect::<Result<_, _>>()?,
    })
}
