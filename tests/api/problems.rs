use axum::body::Body;
use axum::http::Request;

use crate::world::{fault, get, post, problem, send};

#[tokio::test]
async fn a_parameter_that_nothing_reads_is_refused_by_name() {
    let p = fault("/api/zones/commune/73901?populatoin=TOUS", 400).await;
    assert_eq!(p["champ"], "populatoin");
    assert!(p["acceptees"].as_array().unwrap().iter().any(|a| a == "population"));
}

#[tokio::test]
async fn a_wrong_value_of_a_shared_parameter_lists_what_is_accepted() {
    for (query, champ) in [
        ("population=TOUTES", "population"),
        ("generation=2020", "generation"),
        ("millesime=1999", "millesime"),
        ("millesime=abc", "millesime"),
        ("vague=2010", "vague"),
        ("millesime=2024&vague=2022", "vague"),
        ("financement=PLA", "financement"),
        ("qpv=OUI", "qpv"),
        ("bailleur=123", "bailleur"),
        ("financement=PLAI&financement=PLUS", "financement"),
    ] {
        let p = fault(&format!("/api/zones/commune/73901?{query}"), 400).await;
        assert_eq!(p["champ"], champ, "{p}");
    }
    let p = fault("/api/zones/commune/73901?financement=PLA", 400).await;
    assert!(p["detail"].as_str().unwrap().contains("PLAI, PLUS, PLS"), "{p}");
}

#[tokio::test]
async fn paths_methods_and_bodies_that_do_not_fit_are_problems_too() {
    fault("/api/nimporte", 404).await;
    fault("/tiles/a/b/c", 404).await;
    let reply = send(Request::delete("/api/catalogue").body(Body::empty()).unwrap()).await;
    assert_eq!(reply.status, 405);
    problem(&reply);
    let reply = post("/api/mesure", "application/json", "{\"zones\": [").await;
    assert_eq!(reply.status, 400);
    assert!(problem(&reply)["detail"].as_str().unwrap().contains("ligne 1"));
    let reply = post("/api/mesure", "application/json", "{\"zones\": [], \"indicateur\": \"I01\"}").await;
    assert!(problem(&reply)["detail"].as_str().unwrap().contains("indicateur"));
    let reply = post("/api/mesure", "text/plain", "{}").await;
    assert_eq!(reply.status, 415);
    problem(&reply);
    let reply = post("/api/mesure", "application/json", vec![b' '; 10_000_001]).await;
    assert_eq!(reply.status, 413);
    problem(&reply);
}

#[tokio::test]
async fn another_host_name_is_refused_when_the_server_is_local() {
    let ask = |host: &'static str| {
        send(Request::get("/api/catalogue").header("host", host).body(Body::empty()).unwrap())
    };
    assert_eq!(ask("127.0.0.1:8080").await.status, 200);
    assert_eq!(ask("localhost:8080").await.status, 200);
    let reply = ask("evil.example").await;
    assert_eq!(reply.status, 403);
    problem(&reply);
}

#[tokio::test]
async fn every_answer_tells_browsers_to_load_nothing_from_elsewhere() {
    for path in ["/", "/api/catalogue", "/tiles/commune/9/264/182.mvt", "/api/nimporte"] {
        let reply = get(path).await;
        let policy = reply.header("content-security-policy");
        assert!(
            policy.contains("default-src 'self'") && policy.contains("worker-src 'self' blob:"),
            "{path}"
        );
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
    }
}
