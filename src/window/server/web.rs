//! The web application: files of its build, or a page that says how to build it.

use std::path::Path;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use tower_http::services::{ServeDir, ServeFile};

use super::problem::Problem;

/// What is served beside the interface.
#[derive(Debug, Clone)]
pub struct Site(Option<ServeDir<ServeFile>>);

impl Site {
    /// `folder`: the build of the web application; None, or one without `index.html`, if it is not built.
    pub fn new(folder: Option<&Path>) -> Self {
        Self(folder.filter(|f| f.join("index.html").is_file()).map(|f| {
            // The application has its own addresses: unknown ones are its first page.
            ServeDir::new(f).fallback(ServeFile::new(f.join("index.html")))
        }))
    }
}

const NOT_BUILT: &str = r#"<!doctype html>
<html lang="fr">
<head><meta charset="utf-8"><title>mosaïque</title><meta name="viewport" content="width=device-width"></head>
<body style="font-family: sans-serif; max-width: 40rem; margin: 4rem auto; padding: 0 1rem; line-height: 1.5">
<h1>L'application n'est pas construite</h1>
<p>Le serveur fonctionne et répond aux programmes, mais les pages de l'application manquent.</p>
<p>Construisez-les depuis le dossier du projet, puis rechargez cette page :</p>
<pre>cd web &amp;&amp; npm ci &amp;&amp; npm run build</pre>
<p>L'interface de programmation est décrite par <a href="/api/openapi.json">/api/openapi.json</a> ;
ce qui est chargé, par <a href="/api/catalogue">/api/catalogue</a>.</p>
</body>
</html>
"#;

/// Whether a path belongs to the interface, where a page would be no answer.
fn is_interface(path: &str) -> bool {
    ["/api", "/tiles"]
        .iter()
        .any(|p| path.strip_prefix(p).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// Serves a file, the first page, or a problem.
pub async fn serve(site: Site, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    if is_interface(&path) {
        return Problem::no_route(&path).into_response();
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Problem::method(request.method().as_str()).into_response();
    }
    let Some(mut files) = site.0 else {
        let status = if path == "/" { StatusCode::OK } else { StatusCode::NOT_FOUND };
        return (status, [(header::CACHE_CONTROL, "no-store")], Html(NOT_BUILT)).into_response();
    };
    match files.try_call(request).await {
        Ok(response) => {
            let mut response = response.map(Body::new);
            // Names under /assets carry a hash of their content; anything else may change at the next build.
            let policy =
                if path.starts_with("/assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(policy));
            response
        }
        Err(e) => Problem::internal(&e).into_response(),
    }
}
