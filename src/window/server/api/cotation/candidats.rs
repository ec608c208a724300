//! `GET /api/cotation/candidats`: a bailleur's freed dwellings, and who would come first for one of them
//! under the grid in force.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Extension, State as FromState};
use serde::Serialize;
use utoipa::ToSchema;

use super::all;
use super::cotee::{DemandeCotee, Scored};
use super::demandes::{TIES, base};
use super::grilles::{genre, grid_of};
use super::justificatifs::{Ticks, ticks};
use super::simulation::Base;
use crate::access::{self, Person, Scope};
use crate::days;
use crate::desk::editions::App;
use crate::desk::leases::controle::ailleurs::financing;
use crate::desk::params::Params;
use crate::desk::pression::sizes;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::policy::dossier::{Checker, Vacant};
use crate::scoring::fit::{self, Resources};
use crate::scoring::grid::Grille;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;
use crate::stock::places::label;

/// Un logement vacant, ou dont le locataire a donné congé.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogementLibre {
    /// Numéro RPLS.
    pub ident_rep: String,
    pub commune: String,
    pub commune_nom: String,
    pub epci: Option<String>,
    pub epci_nom: Option<String>,
    pub adresse: String,
    /// T1 à T6P ; nulle : nombre de pièces non connu.
    pub typologie: Option<String>,
    pub surface: Option<u16>,
    pub financement: String,
    /// Jour où il sera libre ; nul : il est vacant.
    pub libre_le: Option<String>,
}

/// Les logements libres de votre parc.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogementsLibres {
    pub millesime: u16,
    pub total: usize,
    /// Les 500 premiers, par commune et par adresse.
    pub logements: Vec<LogementLibre>,
}

/// Un candidat.
#[derive(Debug, Serialize, ToSchema)]
pub struct Candidature {
    #[serde(flatten)]
    pub demande: DemandeCotee,
    /// Ses ressources sous le plafond du logement : `admises` ou `a_verifier`.
    pub ressources: &'static str,
}

/// Qui la grille place en tête pour un logement.
#[derive(Debug, Serialize, ToSchema)]
pub struct Candidats {
    /// Jour de l'extraction des demandes.
    pub au: String,
    pub grille: String,
    pub logement: LogementLibre,
    /// Demandes en attente qui nomment la commune et cette typologie.
    pub total: usize,
    /// De celles-là, ressources au-dessus du plafond du financement : elles sont écartées.
    pub ecartees: usize,
    pub ex_aequo: &'static str,
    /// Les vingt premières, dans l'ordre de la grille.
    pub candidats: Vec<Candidature>,
}

const LISTED: usize = 500;
const FIRST: usize = 20;
const NOT_YOURS: &str = "Ce logement n'est pas un logement libre de votre parc.";

/// Freed dwellings of a person's own stock, with their EPCI.
fn freed<'c>(checker: &'c Checker, person: &Person) -> Result<Vec<(&'c str, &'c Vacant)>, Problem> {
    let own = match access::leases(person) {
        Scope::Stock(own) => Some(own),
        Scope::Everywhere if person.holder => None,
        Scope::Nowhere(why) => return Err(Problem::forbidden(why)),
        _ => return Err(Problem::forbidden(NOT_YOURS)),
    };
    let mine = |v: &&Vacant| own.as_ref().is_none_or(|o| checker.parc.home(v.row).siren == o);
    let all =
        checker.vacant.iter().flat_map(|(epci, list)| list.iter().filter(mine).map(|v| (epci.as_str(), v)));
    Ok(all.filter(|(_, v)| !v.ident.is_empty()).collect())
}

fn told(checker: &Checker, epci: &str, v: &Vacant) -> Result<LogementLibre, Problem> {
    let home = checker.parc.home(v.row);
    let typologie = fit::typologie(home.rooms);
    Ok(LogementLibre {
        ident_rep: v.ident.clone(),
        commune: v.commune.clone(),
        commune_nom: checker.commune_title(&v.commune),
        epci: Some(epci.to_owned()).filter(|e| !e.is_empty()),
        epci_nom: Some(epci).filter(|e| !e.is_empty()).map(|e| checker.epci_title(e)),
        adresse: label(home.adresse),
        typologie: sizes()?.iter().find(|t| t.code == typologie).map(|t| t.id.clone()),
        surface: Some(home.surface).filter(|s| *s != 0),
        financement: financing(home.financing),
        libre_le: v.free.map(days::iso),
    })
}

/// Logements libres de votre parc
///
/// Réservé aux bailleurs : leurs logements vacants, et ceux dont le locataire a donné congé.
#[utoipa::path(
    get, path = "/api/cotation/logements", tag = "cotation", operation_id = "cotation_logements",
    responses(
        (status = OK, body = LogementsLibres),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn dwellings(
    Current(app): Current,
    Who(visitor): Who,
    params: Params,
) -> Result<(Extension<Trace>, Json<LogementsLibres>), Problem> {
    params.finish()?;
    let work = move || {
        let checker = app.checker().map_err(|e| Problem::internal(&e))?;
        let found = freed(&checker, &visitor.person)?;
        let mut logements = found.iter().map(|(e, v)| told(&checker, e, v)).collect::<Result<Vec<_>, _>>()?;
        logements.sort_by(|a, b| {
            (&a.commune_nom, &a.adresse, &a.ident_rep).cmp(&(&b.commune_nom, &b.adresse, &b.ident_rep))
        });
        let total = logements.len();
        logements.truncate(LISTED);
        let trace = Trace::new("cotation_logements", "").rows(logements.len(), false);
        Ok((Extension(trace), Json(LogementsLibres { millesime: checker.parc.millesime, total, logements })))
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))?
}

/// Candidats d'un logement qui se libère
///
/// Réservé au bailleur du logement. Les demandes qui nomment sa commune et sa typologie, et dont les
/// ressources ne dépassent pas le plafond de son financement, dans l'ordre de la grille en vigueur. C'est une
/// aide : la commission d'attribution décide.
#[utoipa::path(
    get, path = "/api/cotation/candidats", tag = "cotation", operation_id = "cotation_candidats",
    params(
        ("logement" = String, Query, description = "Numéro RPLS du logement"),
        ("genre" = Option<String>, Query, description = "`premiere` (par défaut) ou `mutation`"),
        ("base" = Option<String>, Query, description = "`provisoire` (par défaut) ou `definitive`"),
    ),
    responses(
        (status = OK, body = Candidats),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn candidates(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    mut params: Params,
) -> Result<(Extension<Trace>, Json<Candidats>), Problem> {
    let ident = params.required("logement", "le numéro RPLS du logement")?;
    let kind = genre(params.take("genre").as_deref())?;
    let base = base(&mut params)?;
    params.finish()?;
    let place = {
        let (app, person, ident) = (app.clone(), visitor.person.clone(), ident.clone());
        let work = move || {
            let checker = app.checker().map_err(|e| Problem::internal(&e))?;
            let found = freed(&checker, &person)?.into_iter().find(|(_, v)| v.ident == ident);
            // Of a number that is nobody's and of one that is another's, a bailleur learns the same.
            let (epci, _) = found.ok_or_else(|| Problem::forbidden(NOT_YOURS))?;
            Ok::<_, Problem>(epci.to_owned())
        };
        tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))??
    };
    let grille = grid_of(&server, &place, kind).await?;
    let ticks = ticks(&server, &place).await?;
    let work = move || {
        let found = answer(&app, &visitor.person, &ident, &grille, &ticks, base)?;
        let trace = Trace::new("cotation_candidats", ident.as_str())
            .with("genre", kind.id())
            .rows(found.candidats.len(), false);
        Ok((Extension(trace), Json(found)))
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))?
}

fn answer(
    app: &App,
    person: &Person,
    ident: &str,
    grille: &Grille,
    ticks: &Ticks,
    base: Base,
) -> Result<Candidats, Problem> {
    let demands = all(app)?;
    let checker = app.checker().map_err(|e| Problem::internal(&e))?;
    let found = freed(&checker, person)?.into_iter().find(|(_, v)| v.ident == ident);
    let (epci, dwelling) = found.ok_or_else(|| Problem::forbidden(NOT_YOURS))?;
    let logement = told(&checker, epci, dwelling)?;
    let home = checker.parc.home(dwelling.row);
    let size = fit::typologie(home.rooms);
    if size == 0 {
        return Err(Problem::value("logement", ident, "Le RPLS ne dit pas combien de pièces a ce logement."));
    }
    // A dwelling where nobody asks to live has no candidates.
    let commune = demands.commune(&dwelling.commune);
    let number = demands.epci(epci).ok_or_else(|| {
        Problem::not_found("epci", epci, "Aucune demande ne nomme une commune de cette intercommunalité.")
    })?;
    let scored = Scored::new(&demands, number, grille, base.into(), ticks, app.secrecy.k)?;
    let wanted = |row: usize| {
        commune.is_some_and(|c| demands.asks(row).contains(&c)) && fit::asks_for(&demands, row, size)
    };
    let order = scored.order(wanted);
    let year = u16::try_from(demands.extrait / 10_000).unwrap_or(0);
    let mut judged: BTreeMap<usize, Resources> = BTreeMap::new();
    for i in &order {
        let row = scored.facts.rows[*i] as usize;
        let rules = &checker.rules.plafond;
        judged.insert(*i, fit::resources(&demands, row, rules, home.financing, &dwelling.commune, year));
    }
    let over = judged.values().filter(|r| **r == Resources::Over).count();
    let first = order.iter().filter(|i| judged[i] != Resources::Over).take(FIRST);
    let candidats = first
        .map(|i| {
            let ressources = if judged[i] == Resources::Admitted { "admises" } else { "a_verifier" };
            Ok(Candidature { demande: scored.told(*i)?, ressources })
        })
        .collect::<Result<_, Problem>>()?;
    Ok(Candidats {
        au: days::iso(demands.extrait),
        grille: grille.nom.clone(),
        logement,
        total: order.len(),
        ecartees: over,
        ex_aequo: TIES,
        candidats,
    })
}
