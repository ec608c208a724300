//! What surrounds every answer: headers for browsers, host names, time.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::problem::Problem;

/// Longest time that an answer may take.
const LIMIT: Duration = Duration::from_secs(60);
/// … for a file that is sent: the time is the network's, not ours.
const UPLOAD_LIMIT: Duration = Duration::from_secs(3_600);

/// MapLibre runs workers from blobs and draws images from data; everything else comes from this server.
const POLICY: &str = "default-src 'self'; script-src 'self'; worker-src 'self' blob:; child-src blob:; \
    img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; connect-src 'self'; font-src 'self'; object-src 'none'; \
    base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, HeaderValue); 6] = [
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

/// Adds the headers that browsers protect the page by.
pub async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, value);
    }
    response
}

/// Refuses foreign host names when the server is for this machine only: a page of another site whose name is made to
/// point here (DNS rebinding) would else read everything.
pub async fn host(State(allow_remote): State<bool>, request: Request, next: Next) -> Response {
    let named = request.headers().get(header::HOST).and_then(|h| h.to_str().ok()).or_else(|| request.uri().host());
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
    let upload = request.method() == axum::http::Method::POST && request.uri().path() == "/api/depots";
    match tokio::time::timeout(if upload { UPLOAD_LIMIT } else { LIMIT }, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::timeout().into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::is_local;

    #[test]
    fn only_names_of_this_machine_are_local() {
        for host in ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "127.1.2.3", "[::1]:8080"] {
            assert!(is_local(host), "{host}");
        }
        for host in ["localhost.evil.example", "evil.example:8080", "127.0.0.1.evil.example", "192.168.1.4", ""] {
            assert!(!is_local(host), "{host}");
        }
    }
}
