//! Every route, in one list, and what surrounds them.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::Method;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use tower_http::timeout::RequestBodyTimeoutLayer;
use tower_http::trace::{DefaultMakeSpan, DefaultOnResponse, TraceLayer};
use tracing::Level;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::desk::problem::Problem;
use crate::reference::limites::limits;
use crate::server::api::admin::{
    audit, comptes, conventions, fichiers, imports, organisations, reglages, sauvegardes,
};
use crate::server::api::ban::{geocodage, geocodage_csv};
use crate::server::api::figures::{
    catalogue, comparables, dcat, ensembles, export, facettes, fragilite, indicateurs, mesure, portraits,
    segregation, situation, situation_csv, territoires, tiles, valeurs, zones, zones_fichier,
};
use crate::server::api::leases::{controle, dalo, mixite, objectifs, objectifs_csv, plan, rpems};
use crate::server::api::lessor::parc::{collecte, counts, events, flags, residences};
use crate::server::api::lessor::{adresses, depots};
use crate::server::api::site::{affichage, health, textes};
use crate::server::api::{cotation, flux, ogc};
use crate::server::app::Server;
use crate::server::auth::operations::Operations;
use crate::server::auth::{avis, guard, jetons, organisation, session, sso, visitor, vues};
use crate::server::edge::body::BODY_LIMIT;
use crate::server::edge::{openapi, security, web};

/// The documented routes.
pub(crate) fn documented() -> OpenApiRouter<Server> {
    OpenApiRouter::with_openapi(openapi::Description::openapi())
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(catalogue::catalogue))
        .routes(routes!(dcat::catalogue))
        .routes(routes!(indicateurs::indicateurs))
        .routes(routes!(textes::texte))
        .routes(routes!(zones::list))
        .routes(routes!(zones::one))
        .routes(routes!(zones_fichier::read))
        .routes(routes!(valeurs::valeurs))
        .routes(routes!(export::export))
        .routes(routes!(portraits::one))
        .routes(routes!(portraits::all, portraits::drawn))
        .routes(routes!(ogc::collections::landing))
        .routes(routes!(ogc::collections::conformance))
        .routes(routes!(ogc::collections::description))
        .routes(routes!(ogc::collections::list))
        .routes(routes!(ogc::collections::one))
        .routes(routes!(ogc::schemas::properties))
        .routes(routes!(ogc::schemas::feature))
        .routes(routes!(ogc::schemas::queryables))
        .routes(routes!(ogc::items::list))
        .routes(routes!(ogc::items::one))
        .routes(routes!(ogc::tilesets::list))
        .routes(routes!(ogc::tilesets::one))
        .routes(routes!(mesure::mesure))
        .routes(routes!(mixite::mixite))
        .routes(routes!(controle::listes::listes, controle::controle))
        .routes(routes!(controle::csv::commission))
        .routes(routes!(objectifs::list, objectifs::add, objectifs_csv::import))
        .routes(routes!(objectifs::change))
        .routes(routes!(session::session, session::ouvrir, session::fermer))
        .routes(routes!(session::mot_de_passe))
        .routes(routes!(sso::leave))
        .routes(routes!(sso::back))
        .routes(routes!(avis::mine, avis::choose))
        .routes(routes!(avis::sent))
        .routes(routes!(vues::list, vues::keep, vues::erase))
        .routes(routes!(jetons::list, jetons::create))
        .routes(routes!(jetons::revoke))
        .routes(routes!(organisation::mine))
        .routes(routes!(organisation::add_member))
        .routes(routes!(organisation::change_member))
        .routes(routes!(organisation::reset_member))
        .routes(routes!(organisations::list, organisations::add))
        .routes(routes!(organisations::change))
        .routes(routes!(organisations::datasets))
        .routes(routes!(fichiers::list, fichiers::receive))
        .routes(routes!(fichiers::say))
        .routes(routes!(fichiers::import))
        .routes(routes!(fichiers::discard))
        .routes(routes!(imports::list))
        .routes(routes!(imports::remove))
        .routes(routes!(imports::restore))
        .routes(routes!(sauvegardes::list, sauvegardes::make))
        .routes(routes!(sauvegardes::check))
        .routes(routes!(sauvegardes::remove))
        .routes(routes!(reglages::list, reglages::change))
        .routes(routes!(reglages::reset))
        .routes(routes!(conventions::list, conventions::add))
        .routes(routes!(conventions::change))
        .routes(routes!(comptes::list, comptes::add))
        .routes(routes!(comptes::change))
        .routes(routes!(comptes::reset))
        .routes(routes!(audit::page))
        .routes(routes!(audit::csv))
        .routes(routes!(audit::verify))
        .routes(routes!(situation::situation, situation_csv::situations))
        .routes(routes!(facettes::facettes))
        .routes(routes!(territoires::territoires))
        .routes(routes!(comparables::comparables))
        .routes(routes!(ensembles::list, ensembles::add))
        .routes(routes!(ensembles::one, ensembles::change, ensembles::erase))
        .routes(routes!(ensembles::restore))
        .routes(routes!(affichage::affichage))
        .routes(routes!(segregation::segregation))
        .routes(routes!(fragilite::fragilite))
        .routes(routes!(rpems::list, rpems::propose))
        .routes(routes!(rpems::csv))
        .routes(routes!(rpems::pdf))
        .routes(routes!(rpems::decide))
        .routes(routes!(dalo::placements))
        .routes(routes!(dalo::alerts))
        .routes(routes!(dalo::visit))
        .routes(routes!(dalo::justify))
        .routes(routes!(dalo::contest))
        .routes(routes!(dalo::accept))
        .routes(routes!(dalo::remind))
        .routes(routes!(plan::propose))
        .routes(routes!(cotation::pression::pression))
        .routes(routes!(cotation::trajets::trajets))
        .routes(routes!(cotation::grilles::list, cotation::grilles::add, cotation::grilles_csv::import))
        .routes(routes!(cotation::grilles::change, cotation::grilles::erase))
        .routes(routes!(cotation::grilles::adopt))
        .routes(routes!(cotation::grilles_csv::export))
        .routes(routes!(cotation::simulation::simulation))
        .routes(routes!(cotation::demandes::list))
        .routes(routes!(cotation::demandes::csv))
        .routes(routes!(cotation::justificatifs::list, cotation::justificatifs::add))
        .routes(routes!(cotation::justificatifs::undo))
        .routes(routes!(cotation::ma_demande::ask))
        .routes(routes!(cotation::candidats::dwellings))
        .routes(routes!(cotation::candidats::candidates))
        .routes(routes!(flux::suivi::suivi))
        .routes(routes!(flux::suivi::csv))
        .routes(routes!(flux::calcul::calcul))
        .routes(routes!(flux::logements::logements))
        .routes(routes!(flux::equite::equite))
        .routes(routes!(flux::carte::carte))
        .routes(routes!(flux::bilan::bilan, flux::bilan::freeze))
        .routes(routes!(flux::bilan::csv))
        .routes(routes!(flux::bilan::pdf))
        .routes(routes!(flux::conventions::list, flux::conventions::put, flux::conventions::import))
        .routes(routes!(flux::conventions::csv))
        .routes(routes!(flux::conventions::versions))
        .routes(routes!(flux::droits::put, flux::droits::import))
        .routes(routes!(flux::droits::csv))
        .routes(routes!(flux::assiettes::put, flux::assiettes::import))
        .routes(routes!(flux::assiettes::csv))
        .routes(routes!(
            flux::evenements::life,
            flux::evenements::add,
            flux::evenements::withdraw,
            flux::evenements_fichier::import
        ))
        .routes(routes!(flux::evenements::restore))
        .routes(routes!(flux::evenements_fichier::csv))
        .routes(routes!(flux::fiche::fiche))
        .routes(routes!(flux::fiche::csv))
        .routes(routes!(flux::etat::etat))
        .routes(routes!(flux::etat::csv))
        .routes(routes!(flux::action_logement::action_logement))
        .routes(routes!(depots::list, depots::receive::receive))
        .routes(routes!(depots::one, depots::decide::withdraw))
        .routes(routes!(depots::claims::list))
        .routes(routes!(depots::check::progress))
        .routes(routes!(depots::check::again))
        .routes(routes!(depots::rows::list))
        .routes(routes!(depots::rows::csv))
        .routes(routes!(depots::rows::correct, depots::rows::correct_csv))
        .routes(routes!(depots::decide::accept))
        .routes(routes!(depots::templates::template))
        .routes(routes!(depots::templates::figures))
        .routes(routes!(adresses::list))
        .routes(routes!(adresses::candidates::list))
        .routes(routes!(adresses::consequences))
        .routes(routes!(adresses::corrections::list, adresses::corrections::add))
        .routes(routes!(adresses::corrections::undo))
        .routes(routes!(adresses::corrections::bulk))
        .routes(routes!(adresses::export::csv))
        .routes(routes!(collecte::file))
        .routes(routes!(events::list, events::add, events::import))
        .routes(routes!(events::undo))
        .routes(routes!(counts::counts))
        .routes(routes!(counts::csv))
        .routes(routes!(residences::list))
        .routes(routes!(residences::change, residences::file))
        .routes(routes!(residences::undo))
        .routes(routes!(residences::note))
        .routes(routes!(flags::list, flags::add))
        .routes(routes!(flags::lift, flags::restore))
        .routes(routes!(geocodage::search))
        .routes(routes!(geocodage::reverse))
        .routes(routes!(geocodage_csv::search))
        .routes(routes!(geocodage_csv::reverse))
}

/// The description of the interface, whole.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    described().1
}

/// The documented routes, and the document with what handlers do not say themselves.
fn described() -> (Router<Server>, utoipa::openapi::OpenApi) {
    let (routes, mut document) = documented().split_for_parts();
    openapi::complete(&mut document);
    (routes, document)
}

/// The whole server.
pub fn router(server: Server) -> Router {
    let (routes, document) = described();
    let door = guard::Door::new(server.clone(), Operations::new(&document));
    let page = openapi::Page::new(&document);
    let document = openapi::Served::new(&document);
    let site = web::Site::new(server.options.web.as_deref());
    let routes = routes
        // Names with a suffix are one path segment to the router; `openapi::Description` documents these two.
        .route("/tiles/{couche}", get(tiles::tilejson))
        .route("/tiles/{couche}/{z}/{x}/{y}", get(tiles::tile))
        // Clients of the BAN API, and people who copy an address, write a slash behind.
        .route("/search/", get(geocodage::search))
        .route("/reverse/", get(geocodage::reverse))
        .route("/search/csv/", post(geocodage_csv::search))
        .route("/ogc/", get(ogc::collections::landing))
        .route("/reverse/csv/", post(geocodage_csv::reverse))
        .route("/api/documentation", get(move || openapi::documentation(page.clone())))
        .route("/api/openapi.json", get(move || openapi::openapi(document.clone())))
        .fallback(move |request| web::serve(site.clone(), request))
        .method_not_allowed_fallback(|method: Method| async move { Problem::method(method.as_str()) })
        .with_state(server.clone())
        .layer(from_fn_with_state(door, guard::guard))
        .layer(from_fn_with_state(server.clone(), visitor::identify));
    routes
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(
            CompressionLayer::new().compress_when(
                SizeAbove::new(860)
                    .and(NotForContentType::IMAGES)
                    .and(NotForContentType::SSE)
                    .and(NotForContentType::const_new("font/")),
            ),
        )
        .layer(RequestBodyTimeoutLayer::new(limits().connexions.body()))
        .layer(from_fn(security::timeout))
        .layer(from_fn_with_state(server.options.allow_remote, security::host))
        .layer(from_fn_with_state(Arc::new(security::Policies::new(&server.options)), security::headers))
        .layer(
            TraceLayer::new_for_http()
                .make_span_with(DefaultMakeSpan::new().level(Level::DEBUG))
                .on_response(DefaultOnResponse::new().level(Level::DEBUG)),
        )
}
