//! The web application: files of its build, or a page that says how to build it.

use std::path::Path;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use tower_http::services::{ServeDir, ServeFile};

use crate::desk::problem::Problem;
use crate::server::edge::accept::accepts_gzip;

/// What is served beside the interface.
#[derive(Debug, Clone)]
pub enum Site {
    /// The files in the program.
    Embedded,
    /// A folder, while the application is being worked on.
    Folder(Box<ServeDir<ServeFile>>),
    NotBuilt,
}

impl Site {
    /// `folder`: a build of the web application to serve instead of the one in the program.
    pub fn new(folder: Option<&Path>) -> Self {
        match folder {
            None if mosaique_page::is_built() => Self::Embedded,
            // The application has its own addresses: unknown ones are its first page.
            Some(f) if f.join("index.html").is_file() => {
                Self::Folder(Box::new(ServeDir::new(f).fallback(ServeFile::new(f.join("index.html")))))
            }
            _ => Self::NotBuilt,
        }
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
<p>L'interface de programmation est décrite par <a href="/api/documentation">/api/documentation</a> ;
ce qui est chargé, par <a href="/api/catalogue">/api/catalogue</a>.</p>
</body>
</html>
"#;

/// Whether a path belongs to the interface, where a page would be no answer.
fn is_interface(path: &str) -> bool {
    ["/api", "/tiles", "/ogc"]
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
    match site {
        Site::Embedded => embedded(&path, request.headers()),
        Site::Folder(mut files) => match files.try_call(request).await {
            Ok(response) => {
                let mut response = response.map(Body::new);
                response.headers_mut().insert(header::CACHE_CONTROL, keeping(&path));
                response
            }
            Err(e) => Problem::internal(&e).into_response(),
        },
        Site::NotBuilt => {
            let status = if path == "/" { StatusCode::OK } else { StatusCode::NOT_FOUND };
            (status, [(header::CACHE_CONTROL, "no-store")], Html(NOT_BUILT)).into_response()
        }
    }
}

/// Names under /assets carry a hash of their content; anything else may change at the next version.
fn keeping(path: &str) -> HeaderValue {
    HeaderValue::from_static(if path.starts_with("/assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    })
}

/// A file of the program, compressed already for who reads gzip, or the application's first page.
fn embedded(path: &str, headers: &HeaderMap) -> Response {
    let Some(asset) = mosaique_page::find(path).or_else(|| mosaique_page::find("index.html")) else {
        return Problem::no_route(path).into_response();
    };
    let says = |name, word: &str| {
        let lists = headers.get_all(name).iter().filter_map(|v| v.to_str().ok());
        lists.flat_map(|l| l.split(',')).any(|v| v.trim() == word)
    };
    let mark = format!("\"{}\"", asset.mark);
    let kind = mime_guess::from_path(asset.path).first_or_octet_stream();
    let mut response =
        if says(header::IF_NONE_MATCH, &mark) || says(header::IF_NONE_MATCH, &format!("W/{mark}")) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            let encodings = headers.get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).unwrap_or("");
            match asset.gzip.filter(|_| accepts_gzip(encodings)) {
                Some(small) => ([(header::CONTENT_ENCODING, "gzip")], small).into_response(),
                None => asset.bytes.into_response(),
            }
        };
    let out = response.headers_mut();
    out.insert(header::CACHE_CONTROL, keeping(path));
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    // Of text, the files of the application are UTF-8.
    let kind = if kind.type_() == "text" { format!("{kind}; charset=utf-8") } else { kind.to_string() };
    for (name, value) in [(header::CONTENT_TYPE, kind), (header::ETAG, mark)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            out.insert(name, value);
        }
    }
    response
}
