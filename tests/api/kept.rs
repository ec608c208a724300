//! Answers that are kept are those that would be made anew, for each person by their own rights.

use std::io::Read;

use axum::body::Body;
use axum::http::Request;
use mosaique::desk::editions::{App, Live};
use mosaique::server::{Server, router};
use mosaique::store::Store;
use tower::ServiceExt;

use crate::people::PEOPLE;
use crate::world::{Reply, WORLD, send_as_is, without_page};

const PATHS: [&str; 16] = [
    "/api/catalogue",
    "/api/zones?echelle=commune",
    "/api/zones?echelle=commune&financement=PLUS",
    "/api/zones?echelle=iris&dans=epci:200000001&limite=3",
    "/api/zones?echelle=iris&dans=epci:200000001&limite=3&decalage=3",
    "/api/zones?echelle=residence",
    "/api/valeurs/commune?indicateur=I01",
    "/api/valeurs/commune?indicateur=I01&population=RECENTS",
    "/api/valeurs/iris?indicateur=I01&dans=epci:200000001",
    "/api/valeurs/residence?indicateur=P05&dans=commune:73901",
    "/api/facettes",
    "/api/facettes?dans=epci:200000001&financement=PLUS",
    "/api/territoires/comparables?echelle=commune&code=73901",
    "/api/segregation",
    "/api/segregation?epci=200000001",
    "/api/residences/fragilite",
];

fn request(path: &str, who: Option<&str>, more: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::get(path);
    if let Some(who) = who {
        request = request.header("authorization", WORLD.people.bearer(who));
    }
    for (name, value) in more {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}

/// What a server answers that was asked nothing before.
async fn anew(path: &str, who: Option<&str>) -> (u16, String) {
    let app = App::load(&Store::open(WORLD.dir.path()).unwrap(), None).unwrap();
    let server = Server::new(Live::new(app), WORLD.state.clone(), without_page()).unwrap();
    let response = router(server).oneshot(request(path, who, &[])).await.unwrap();
    let status = response.status().as_u16();
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

fn told(reply: &Reply) -> (u16, String) {
    (reply.status.as_u16(), reply.text())
}

/// An answer without what other tests file in the store meanwhile, which the server of the world has not built.
fn settled(text: &str) -> serde_json::Value {
    let mut answer: serde_json::Value = serde_json::from_str(text).unwrap();
    if let Some(map) = answer.as_object_mut() {
        map.remove("non_construits");
    }
    answer
}

#[tokio::test]
async fn what_is_kept_for_one_is_never_told_to_another() {
    let everyone = || std::iter::once(None).chain(PEOPLE.iter().map(|p| Some(p.0)));
    for path in PATHS {
        // Each after all others, whose answers are kept by then.
        for who in everyone() {
            send_as_is(request(path, who, &[])).await;
        }
        for who in everyone() {
            let kept = send_as_is(request(path, who, &[])).await;
            let (kept, anew) = (told(&kept), anew(path, who).await);
            assert_eq!(kept.0, anew.0, "{path}, {who:?}");
            assert_eq!(settled(&kept.1), settled(&anew.1), "{path}, {who:?}");
        }
    }
}

#[tokio::test]
async fn a_client_that_has_an_answer_is_told_so_and_its_mark_is_that_of_the_answer() {
    for path in PATHS {
        let plain = send_as_is(request(path, Some("ddets"), &[])).await;
        assert_eq!(plain.status, 200, "{path}: {}", plain.text());
        let mark = plain.header("etag").to_owned();
        assert!(mark.starts_with('"') && mark.len() > 20, "{path}: {mark}");
        let packed = send_as_is(request(path, Some("ddets"), &[("accept-encoding", "gzip")])).await;
        assert_eq!((packed.header("content-encoding"), packed.header("etag")), ("gzip", &*mark));
        let mut out = Vec::new();
        flate2::read::GzDecoder::new(&packed.bytes[..]).read_to_end(&mut out).unwrap();
        assert_eq!(out, plain.bytes, "{path}");
        let again = send_as_is(request(path, Some("ddets"), &[("if-none-match", &mark)])).await;
        assert_eq!((again.status.as_u16(), again.bytes.len()), (304, 0), "{path}");
        let other = send_as_is(request(path, Some("ddets"), &[("if-none-match", "\"other\"")])).await;
        assert_eq!(other.bytes, plain.bytes, "{path}");
    }
    // One who may see less does not get the answer by its mark.
    let path = "/api/valeurs/iris?indicateur=I01&dans=epci:200000001";
    let theirs = send_as_is(request(path, Some("ddets"), &[])).await;
    let mark = theirs.header("etag");
    let refused = send_as_is(request(path, None, &[("if-none-match", mark)])).await;
    assert_eq!(refused.status, 401);
}

#[tokio::test]
async fn only_answers_of_wide_scales_may_stay_in_a_browser() {
    for (path, keeping) in [
        ("/api/catalogue", "private, no-cache"),
        ("/api/valeurs/commune?indicateur=I01", "private, no-cache"),
        ("/api/valeurs/iris?indicateur=I01", "private, no-store"),
        ("/api/valeurs/residence?indicateur=P05&dans=commune:73901", "private, no-store"),
        ("/api/residences/fragilite", "private, no-store"),
    ] {
        let reply = send_as_is(request(path, Some("ddets"), &[])).await;
        assert_eq!(reply.header("cache-control"), keeping, "{path}");
        let mark = reply.header("etag").to_owned();
        let again = send_as_is(request(path, Some("ddets"), &[("if-none-match", &mark)])).await;
        assert_eq!(again.header("cache-control"), keeping, "{path}");
    }
}
