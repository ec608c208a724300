//! What surrounds every answer: headers for browsers, host names, time.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::desk::problem::Problem;
use crate::server::options::ServeOptions;

/// Longest time that an answer may take.
const LIMIT: Duration = Duration::from_secs(60);
/// … for a file that is sent: the time is the network's, not ours.
const UPLOAD_LIMIT: Duration = Duration::from_secs(3_600);

/// The only page that other sites may show in a frame, if the configuration names them.
const EMBEDDED: &str = "/integre";

/// The content security policies of this server: of its pages, and of the one that may be embedded.
#[derive(Debug, Clone)]
pub struct Policies {
    page: HeaderValue,
    /// None: no site may embed.
    embedded: Option<HeaderValue>,
}

impl Policies {
    /// Opens exactly the hosts of the configured base maps and the sites that may embed; by default none.
    #[must_use]
    pub fn new(options: &ServeOptions) -> Self {
        let mut tiles: Vec<String> = options.fonds.iter().filter_map(|f| f.origin().ok()).collect();
        tiles.sort();
        tiles.dedup();
        let tiles: String = tiles.iter().map(|t| format!(" {t}")).collect();
        // MapLibre runs workers from blobs and draws images from data; everything else comes from this
        // server.
        let policy = |ancestors: &str| {
            let text = format!(
                "default-src 'self'; script-src 'self'; worker-src 'self' blob:; child-src blob:; \
                 img-src 'self' data: blob:{tiles}; style-src 'self' 'unsafe-inline'; connect-src \
                 'self'{tiles}; \
                 font-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors \
                 {ancestors}"
            );
            // Origins were checked when they were read (`reference::fonds::origin`); what is not ASCII closes
            // everything.
            HeaderValue::from_str(&text)
                .unwrap_or(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"))
        };
        let sites = &options.integration;
        Self { page: policy("'none'"), embedded: (!sites.is_empty()).then(|| policy(&sites.join(" "))) }
    }
}

const BASIC: HeaderValue = HeaderValue::from_static("Basic realm=\"mosaique\", charset=\"UTF-8\"");
const HEADERS: [(HeaderName, HeaderValue); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

/// Adds the headers that browsers protect the page by.
pub async fn headers(State(policies): State<Arc<Policies>>, request: Request, next: Next) -> Response {
    let embedded = policies.embedded.as_ref().filter(|_| request.uri().path() == EMBEDDED).cloned();
    // Browsers say where a request comes from; a page of ours asks by itself, without their dialog.
    let page = request.headers().contains_key("sec-fetch-site");
    let mut response = next.run(request).await;
    let unknown = response.status() == StatusCode::UNAUTHORIZED;
    let headers = response.headers_mut();
    if unknown && !page {
        // QGIS and spreadsheets send a token as a password once they are asked for one.
        headers.append(header::WWW_AUTHENTICATE, BASIC);
    }
    for (name, value) in HEADERS {
        headers.insert(name, value);
    }
    match embedded {
        Some(policy) => drop(headers.insert(header::CONTENT_SECURITY_POLICY, policy)),
        None => {
            headers.insert(header::CONTENT_SECURITY_POLICY, policies.page.clone());
            headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        }
    }
    response
}

/// Refuses foreign host names when the server is for this machine only: a page of another site whose name is
/// made to point here (DNS rebinding) would else read everything.
pub async fn host(State(allow_remote): State<bool>, request: Request, next: Next) -> Response {
    let named =
        request.headers().get(header::HOST).and_then(|h| h.to_str().ok()).or_else(|| request.uri().host());
    match named {
        Some(host) if !allow_remote && !is_local(host) => Problem::host(host).into_response(),
        _ => next.run(request).await,
    }
}

fn is_local(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(""),
        None => host.split(':').next().unwrap_or(""),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Gives up after a while.
pub async fn timeout(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let upload = request.method() == axum::http::Method::POST
        && (path == "/api/depots" || path.starts_with("/api/admin/imports/fichiers"));
    match tokio::time::timeout(if upload { UPLOAD_LIMIT } else { LIMIT }, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::timeout().into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(options: &ServeOptions) -> (String, Option<String>) {
        let policies = Policies::new(options);
        let text = |v: &HeaderValue| v.to_str().unwrap().to_owned();
        (text(&policies.page), policies.embedded.as_ref().map(text))
    }

    #[test]
    fn by_default_no_other_host_is_asked_and_no_site_embeds() {
        let (page, embedded) = told(&ServeOptions::default());
        assert!(
            !page.contains("http")
                && page.contains("connect-src 'self';")
                && page.ends_with("frame-ancestors 'none'"),
            "{page}"
        );
        assert_eq!(embedded, None);
    }

    #[test]
    fn a_base_map_opens_its_host_only_and_a_site_embeds_one_page_only() {
        let options = ServeOptions {
            fonds: vec!["ign-plan".parse().unwrap(), "ign-photo".parse().unwrap()],
            integration: vec!["https://intranet.exemple.fr".into()],
            ..ServeOptions::default()
        };
        let (page, embedded) = told(&options);
        assert!(
            page.contains("connect-src 'self' https://data.geopf.fr;")
                && page.contains("blob: https://data.geopf.fr;"),
            "{page}"
        );
        assert!(page.contains("script-src 'self';") && page.ends_with("frame-ancestors 'none'"), "{page}");
        assert!(embedded.unwrap().ends_with("frame-ancestors https://intranet.exemple.fr"));
    }

    #[test]
    fn only_names_of_this_machine_are_local() {
        for host in ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "127.1.2.3", "[::1]:8080"] {
            assert!(is_local(host), "{host}");
        }
        for host in
            ["localhost.evil.example", "evil.example:8080", "127.0.0.1.evil.example", "192.168.1.4", ""]
        {
            assert!(!is_local(host), "{host}");
        }
    }
}
