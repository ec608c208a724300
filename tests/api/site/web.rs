use axum::body::Body;
use axum::http::Request;
use mosaique::desk::editions::{App, Live};
use mosaique::server::{ServeOptions, Server, router};
use mosaique::state::State;
use mosaique::store::Store;
use tower::ServiceExt;

use crate::world::{get, ok};

#[tokio::test]
async fn the_server_says_that_it_is_ready() {
    assert_eq!(ok("/healthz").await["etat"], "en_marche");
    let ready = ok("/readyz").await;
    assert_eq!(
        (&ready["etat"], &ready["base"], &ready["magasin"]),
        (&"pret".into(), &true.into(), &true.into())
    );
    assert!(ready["manques"].as_array().unwrap().is_empty() && ready["millesimes"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn a_database_that_is_gone_is_told_at_once_and_what_is_public_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    crate::world::fill(dir.path(), 7);
    let app = App::load(&Store::open(dir.path()).unwrap(), None).unwrap();
    let state = State::of_store(dir.path()).await.unwrap();
    let routes = router(Server::new(Live::new(app), state.clone(), crate::world::without_page()).unwrap());
    let ask = async |path: &str, token: Option<&str>| {
        let mut request = Request::get(path);
        if let Some(token) = token {
            request = request.header("authorization", token);
        }
        routes.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    };
    assert_eq!(ask("/readyz", None).await.status(), 200);
    state.close().await;
    let ready = ask("/readyz", None).await;
    assert_eq!(ready.status(), 503);
    let begun = std::time::Instant::now();
    let refused = ask("/api/session", Some("Bearer mq_a")).await;
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after") && begun.elapsed().as_secs() < 5);
    assert_eq!(ask("/healthz", None).await.status(), 200);
    assert_eq!(ask("/api/indicateurs", None).await.status(), 200);
}

#[tokio::test]
async fn without_the_application_a_page_says_how_to_build_it() {
    let reply = get("/").await;
    assert_eq!(reply.status, 200);
    assert!(reply.text().contains("npm run build"));
}

#[tokio::test]
async fn a_store_that_changes_is_served_without_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("manifeste.json"), "{\"jeux\":[],\"cubes\":[]}").unwrap();
    let live = Live::new(App::load(&Store::open(dir.path()).unwrap(), None).unwrap());
    let state = State::of_store(dir.path()).await.unwrap();
    let routes = router(Server::new(live.clone(), state, ServeOptions::default()).unwrap());
    let ask = async || {
        let reply = routes
            .clone()
            .oneshot(Request::get("/api/zones/commune/73901?indicateurs=P01").body(Body::empty()).unwrap());
        reply.await.unwrap().status().as_u16()
    };
    assert_eq!(ask().await, 503);
    crate::world::fill(dir.path(), 7);
    assert_eq!(ask().await, 503);
    live.reload(dir.path()).unwrap();
    assert_eq!(ask().await, 200);
    // A cube that did not change is not loaded again, and what it has answered stays decided.
    let before = live.get();
    live.reload(dir.path()).unwrap();
    assert!(std::sync::Arc::ptr_eq(&before.millesimes[0], &live.get().millesimes[0]));
}

#[tokio::test]
async fn an_address_open_to_the_network_is_refused_unless_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("manifeste.json"), "{\"jeux\":[],\"cubes\":[]}").unwrap();
    let store = Store::open(dir.path()).unwrap();
    let refused = mosaique::server::serve(store, "0.0.0.0:0".parse().unwrap(), ServeOptions::default()).await;
    assert!(refused.unwrap_err().to_string().contains("réseau"));
}

#[tokio::test]
async fn the_application_is_served_and_its_own_addresses_are_its_first_page() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("magasin")).unwrap();
    std::fs::write(dir.path().join("magasin/manifeste.json"), "{\"jeux\":[],\"cubes\":[]}").unwrap();
    let web = dir.path().join("dist");
    std::fs::create_dir_all(web.join("assets")).unwrap();
    std::fs::write(web.join("index.html"), "<title>application</title>").unwrap();
    std::fs::write(web.join("assets/a-1234.js"), "let a").unwrap();
    let app = App::load(&Store::open(&dir.path().join("magasin")).unwrap(), None).unwrap();
    let state = State::of_store(dir.path()).await.unwrap();
    let options = ServeOptions { web: Some(web), ..ServeOptions::default() };
    let routes = router(Server::new(Live::new(app), state, options).unwrap());
    let ask = async |path: &str| {
        let reply = routes.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
        let (parts, body) = reply.into_parts();
        (parts, String::from_utf8(axum::body::to_bytes(body, 1 << 20).await.unwrap().to_vec()).unwrap())
    };
    for path in ["/", "/commune/73901", "/une/page?x=1"] {
        let (head, text) = ask(path).await;
        assert!(head.status == 200 && text.contains("application"), "{path} {}", head.status);
        assert_eq!(head.headers["cache-control"], "no-cache");
    }
    let (head, text) = ask("/assets/a-1234.js").await;
    assert_eq!((head.status.as_u16(), text.as_str()), (200, "let a"));
    assert!(head.headers["cache-control"].to_str().unwrap().contains("immutable"));
    // The interface is never the page, and says that nothing is loaded.
    let (head, _) = ask("/api/zones?echelle=commune").await;
    assert_eq!(head.status, 503);
    let (head, text) = ask("/api/catalogue").await;
    assert!(head.status == 200 && text.contains("\"millesimes\":[]"), "{text}");
}

#[tokio::test]
async fn the_application_of_the_program_is_sent_compressed_once_and_for_all() {
    if !mosaique_page::is_built() {
        eprintln!("l'application n'est pas construite : rien à vérifier");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("manifeste.json"), "{\"jeux\":[],\"cubes\":[]}").unwrap();
    let app = App::load(&Store::open(dir.path()).unwrap(), None).unwrap();
    let state = State::of_store(dir.path()).await.unwrap();
    let routes = router(Server::new(Live::new(app), state, ServeOptions::default()).unwrap());
    let ask = async |path: &str, name: &str, value: &str| {
        let request = Request::get(path).header(name, value).body(Body::empty()).unwrap();
        let (parts, body) = routes.clone().oneshot(request).await.unwrap().into_parts();
        (parts, axum::body::to_bytes(body, 1 << 24).await.unwrap())
    };
    let plain = mosaique_page::find("index.html").unwrap();
    let (head, body) = ask("/une/page", "accept-encoding", "identity").await;
    assert!(head.status == 200 && &body[..] == plain.bytes, "{}", head.status);
    assert_eq!(head.headers["content-type"], "text/html; charset=utf-8");
    let script = mosaique_page::ASSETS.iter().find(|a| a.gzip.is_some()).unwrap();
    let (head, body) = ask(&format!("/{}", script.path), "accept-encoding", "gzip").await;
    assert_eq!((head.status.as_u16(), &body[..]), (200, script.gzip.unwrap()));
    assert_eq!(head.headers["content-encoding"], "gzip");
    let mark = head.headers["etag"].to_str().unwrap().to_owned();
    let (head, body) = ask(&format!("/{}", script.path), "if-none-match", &mark).await;
    assert_eq!((head.status.as_u16(), body.len()), (304, 0));
}
