//! Every route, in one list, and what surrounds them.

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef};
use axum::http::Method;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use tower_http::trace::{DefaultMakeSpan, DefaultOnResponse, TraceLayer};
use tracing::Level;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::params::BODY_LIMIT;
use super::problem::Problem;
use super::state::Live;
use super::{
    ServeOptions, catalogue, health, indicateurs, mesure, mixite, openapi, security, situation, situation_csv, tiles, valeurs, web,
    zones,
};

/// The state that handlers take what they need from.
#[derive(Debug, Clone)]
pub struct Server {
    pub live: Live,
}

impl FromRef<Server> for Live {
    fn from_ref(server: &Server) -> Self {
        server.live.clone()
    }
}

/// The documented routes.
pub(super) fn documented() -> OpenApiRouter<Server> {
    OpenApiRouter::with_openapi(openapi::Description::openapi())
        .routes(routes!(health::healthz))
        .routes(routes!(catalogue::catalogue))
        .routes(routes!(indicateurs::indicateurs))
        .routes(routes!(zones::list))
        .routes(routes!(zones::one))
        .routes(routes!(valeurs::valeurs))
        .routes(routes!(mesure::mesure))
        .routes(routes!(mixite::mixite))
        .routes(routes!(situation::situation, situation_csv::situations))
}

/// The whole server.
pub fn router(live: Live, options: &ServeOptions) -> Router {
    let (routes, document) = documented().split_for_parts();
    let document = openapi::Served::new(&document);
    let site = web::Site::new(options.web.as_deref());
    routes
        // Names with a suffix are one path segment to the router; `openapi::Description` documents these two.
        .route("/tiles/{couche}", get(tiles::tilejson))
        .route("/tiles/{couche}/{z}/{x}/{y}", get(tiles::tile))
        .route("/api/openapi.json", get(move || openapi::openapi(document.clone())))
        .fallback(move |request| web::serve(site.clone(), request))
        .method_not_allowed_fallback(|method: Method| async move { Problem::method(method.as_str()) })
        .with_state(Server { live })
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(CompressionLayer::new().compress_when(
            SizeAbove::new(860).and(NotForContentType::IMAGES).and(NotForContentType::const_new("font/")),
        ))
        .layer(from_fn(security::timeout))
        .layer(from_fn_with_state(options.allow_remote, security::host))
        .layer(from_fn(security::headers))
        .layer(
            TraceLayer::new_for_http()
                .make_span_with(DefaultMakeSpan::new().level(Level::DEBUG))
                .on_response(DefaultOnResponse::new().level(Level::DEBUG)),
        )
}
