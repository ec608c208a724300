//! The person behind a request: from the cookie of a session, from a token, or the public.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{ConnectInfo, MatchedPath, Request, State as FromState};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::prelude::{BASE64_STANDARD, Engine as _};

use super::known::Known;
use super::who::{Visitor, Way, Who};
use crate::access::Person;
use crate::desk::problem::Problem;
use crate::server::app::Server;
use crate::state::{self, random_token};

/// Name of the cookie.
pub const COOKIE: &str = "mosaique_session";

/// How a client that knows only passwords is asked for a token.
const BASIC: HeaderValue =
    HeaderValue::from_static("Basic realm=\"mosaique (le jeton comme mot de passe)\", charset=\"UTF-8\"");

/// Finds who asks. A cookie that opens nothing any more is the public; a token that opens nothing is refused,
/// since who sends one must know.
pub async fn identify(server: FromState<Server>, request: Request, next: Next) -> Response {
    // A browser says where a request comes from, and would open a window of its own for a password.
    let browser = request.headers().contains_key("sec-fetch-site");
    let mut response = identified(server, request, next).await;
    if response.status() == StatusCode::UNAUTHORIZED && !browser {
        // Spreadsheets send a password only once they are asked for one.
        response.headers_mut().append(header::WWW_AUTHENTICATE, BASIC);
    }
    response
}

async fn identified(FromState(server): FromState<Server>, mut request: Request, next: Next) -> Response {
    // What is not of the interface (the page and its files) is the same for everyone.
    if request.extensions().get::<MatchedPath>().is_none() {
        return next.run(request).await;
    }
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|c| c.0.ip());
    let ip = address(request.headers(), peer, server.options.behind_proxy);
    let reads = Known::reads(request.method(), request.uri().path());
    let visitor = match find(&server, request.headers(), reads).await {
        Ok((person, way)) => random_token(12).map(|request| Visitor {
            person,
            way,
            ip: server.state.ip_mark(&ip.to_string()),
            request,
        }),
        Err(problem) => return problem.into_response(),
    };
    match visitor {
        Ok(visitor) => {
            request.extensions_mut().insert(Who(Arc::new(visitor)));
            let response = next.run(request).await;
            if !reads {
                server.known.forget();
            }
            response
        }
        Err(e) => Problem::internal(&e).into_response(),
    }
}

/// The address of the network: of the connection, or what the relay before this server adds last.
fn address(headers: &HeaderMap, peer: Option<IpAddr>, behind_proxy: bool) -> IpAddr {
    let told = || {
        let list = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
        list.rsplit(',').next()?.trim().parse().ok()
    };
    let relayed = if behind_proxy { told() } else { None };
    subscriber(relayed.or(peer).unwrap_or(IpAddr::from([0, 0, 0, 0])))
}

/// What stands for one subscriber: an address of IPv4, the first 64 bits of IPv6, of which one has as many as
/// one likes.
fn subscriber(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(a) => {
            let s = a.segments();
            IpAddr::from([s[0], s[1], s[2], s[3], 0, 0, 0, 0])
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// The token of a request: as a bearer, or as the password of any user name, which is all that QGIS and
/// spreadsheets can send.
fn token(value: &HeaderValue) -> Option<String> {
    let (kind, secret) = value.to_str().ok()?.split_once(' ')?;
    if kind.eq_ignore_ascii_case("bearer") {
        return Some(secret.trim().to_owned());
    }
    if !kind.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(BASE64_STANDARD.decode(secret.trim()).ok()?).ok()?;
    text.split_once(':').map(|(_, password)| password.to_owned())
}

/// The person of a token or of a session, remembered for a moment if the request only reads.
async fn find(server: &Server, headers: &HeaderMap, reads: bool) -> Result<(Person, Way), Problem> {
    let given = headers.get(header::AUTHORIZATION).map(|v| v.as_bytes());
    let Some(secret) = given.or_else(|| cookie(headers, COOKIE).map(str::as_bytes)) else {
        return Ok((Person::default(), Way::Public));
    };
    if let Some(known) = reads.then(|| server.known.get(secret)).flatten() {
        return Ok(known);
    }
    if !server.pulse.beats() {
        return Err(Problem::down(&"un visiteur ne peut pas être reconnu"));
    }
    let (since, found) = (Instant::now(), read(server, headers).await?);
    if reads {
        server.known.put(secret, since, &found.0, &found.1);
    }
    Ok(found)
}

async fn read(server: &Server, headers: &HeaderMap) -> Result<(Person, Way), Problem> {
    let now = state::now();
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let Some(secret) = token(value) else { return Err(Problem::bad_token()) };
        let found = server.state.bearer(&secret, now).await?;
        return found.map(|(person, writes)| (person, Way::Token { writes })).ok_or_else(Problem::bad_token);
    }
    let Some(cookie) = cookie(headers, COOKIE) else { return Ok((Person::default(), Way::Public)) };
    Ok(match server.state.session(cookie, now).await? {
        None => (Person::default(), Way::Public),
        Some(s) => {
            let way = Way::Session {
                cookie: cookie.to_owned(),
                mark: s.mark,
                csrf: s.csrf,
                provisoire: s.provisoire,
            };
            (s.person, way)
        }
    })
}

/// The value of a cookie.
pub fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let lists = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok());
    lists
        .flat_map(|l| l.split(';'))
        .filter_map(|c| c.trim().split_once('='))
        .find(|(n, _)| *n == name)
        .map(|(_, v)| v)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_relay_that_is_declared_says_where_a_request_comes_from() {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", "6.6.6.6, 10.1.2.3".parse().unwrap());
        let peer = Some(IpAddr::from([127, 0, 0, 1]));
        assert_eq!(address(&headers, peer, false), IpAddr::from([127, 0, 0, 1]));
        assert_eq!(address(&headers, peer, true), IpAddr::from([10, 1, 2, 3]));
        assert_eq!(address(&HeaderMap::new(), peer, true), IpAddr::from([127, 0, 0, 1]));
    }

    #[test]
    fn one_subscriber_of_ipv6_is_one_address() {
        let ip = |text: &str| subscriber(text.parse().unwrap());
        assert_eq!(ip("2001:db8:1:2:aaaa::1"), ip("2001:db8:1:2:bbbb::2"));
        assert_ne!(ip("2001:db8:1:2::1"), ip("2001:db8:1:3::1"));
        assert_eq!(ip("::ffff:192.0.2.1"), ip("192.0.2.1"));
    }

    #[test]
    fn a_token_comes_as_a_bearer_or_as_a_password() {
        let read = |text: &str| token(&text.parse().unwrap());
        assert_eq!(read("Bearer mq_a"), Some("mq_a".into()));
        assert_eq!(read(&format!("Basic {}", BASE64_STANDARD.encode("qgis:mq_a:b"))), Some("mq_a:b".into()));
        for wrong in ["Basic !", "Basic", "Digest x", &format!("Basic {}", BASE64_STANDARD.encode("mq_a"))] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, "a=1; mosaique_session=xyz; b=2".parse().unwrap());
        assert_eq!(cookie(&headers, COOKIE), Some("xyz"));
        headers.insert(header::COOKIE, "xmosaique_session=xyz".parse().unwrap());
        assert_eq!(cookie(&headers, COOKIE), None);
    }
}
