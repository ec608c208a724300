//! Copies of the store that an administrator makes by the page: made, read again, removed; each has its line.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use mosaique::desk::editions::{App, Live};
use mosaique::server::{ServeOptions, Server, router};
use mosaique::state::State;
use mosaique::store::{Store, backup};
use serde_json::Value;
use tower::ServiceExt;

use crate::people::People;
use crate::world::{fill, without_page};

const COPIES: &str = "/api/admin/sauvegardes";

/// A server of its own, as its administrator asks it.
struct Desk {
    router: Router,
    cookie: String,
    csrf: String,
    dir: tempfile::TempDir,
}

impl Desk {
    async fn new(copies: Option<PathBuf>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fill(dir.path(), 3);
        let app = App::load(&Store::open(dir.path()).unwrap(), None).unwrap();
        let state = State::of_store(dir.path()).await.unwrap();
        let people = People::new(&state).await;
        let compte = &people.accounts["administrateur"];
        let session = state.open_session(compte, None, mosaique::state::now()).await.unwrap();
        let options = ServeOptions { sauvegardes: copies, ..without_page() };
        let router = router(Server::new(Live::new(app), state, options).unwrap());
        Self { router, cookie: format!("mosaique_session={}", session.cookie), csrf: session.csrf, dir }
    }

    async fn ask(&self, method: &str, path: &str) -> (u16, Value) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "127.0.0.1")
            .header("cookie", &self.cookie)
            .header("x-csrf-token", &self.csrf);
        let answer = self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let status = answer.status().as_u16();
        let bytes = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    /// The list once nothing is made or read any more.
    async fn settled(&self) -> Value {
        let begun = Instant::now();
        loop {
            let (status, list) = self.ask("GET", COPIES).await;
            assert_eq!(status, 200, "{list}");
            if list["en_cours"].is_null() {
                return list;
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "{list}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_made_while_it_serves_read_again_and_removed() {
    let copies = tempfile::tempdir().unwrap();
    let desk = Desk::new(Some(copies.path().to_owned())).await;
    let (status, begun) = desk.ask("POST", COPIES).await;
    assert_eq!(status, 202, "{begun}");
    let list = desk.settled().await;
    assert!(list["echec"].is_null(), "{list}");
    let [copy] = &list["sauvegardes"].as_array().unwrap()[..] else { panic!("{list}") };
    let nom = copy["nom"].as_str().unwrap();
    let label = backup::check(&copies.path().join(nom)).unwrap();
    assert_eq!(copy["octets"], label.octets());
    assert_eq!(copy["fichiers"], label.fichiers.len());
    assert_eq!(copy["temoin"], label.temoin.as_str());
    assert_eq!(label.base, "sqlite");
    let store = |path: &str| std::fs::read(desk.dir.path().join(path)).unwrap();
    let saved = |path: &str| std::fs::read(copies.path().join(nom).join("magasin").join(path)).unwrap();
    assert_eq!(store("manifeste.json"), saved("manifeste.json"));
    assert_eq!(store("secret/cle"), saved("secret/cle"));

    let (status, _) = desk.ask("POST", &format!("{COPIES}/{nom}/controle")).await;
    assert_eq!(status, 202);
    let list = desk.settled().await;
    assert_eq!(list["sauvegardes"][0]["controle"]["faute"], Value::Null, "{list}");
    assert!(list["sauvegardes"][0]["controle"]["le"].as_i64().unwrap() > 0);
    let file = copies.path().join(nom).join("magasin/etat.sqlite");
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    desk.ask("POST", &format!("{COPIES}/{nom}/controle")).await;
    let fault = desk.settled().await["sauvegardes"][0]["controle"]["faute"].to_string();
    assert!(fault.contains("etat.sqlite"), "{fault}");

    let (status, left) = desk.ask("DELETE", &format!("{COPIES}/{nom}")).await;
    assert_eq!((status, &left["sauvegardes"]), (200, &Value::Array(vec![])), "{left}");
    assert!(!copies.path().join(nom).exists());
    assert_eq!(desk.ask("DELETE", &format!("{COPIES}/{nom}")).await.0, 404);
    assert_eq!(desk.ask("DELETE", &format!("{COPIES}/..%2F..")).await.0, 404);
    for action in ["sauvegarde_demandee", "sauvegarde", "sauvegarde_relue", "sauvegarde_supprimee"] {
        let (_, trail) = desk.ask("GET", &format!("/api/admin/audit?action={action}")).await;
        assert!(trail["lignes"][0]["objet"].to_string().contains(nom), "{action}: {trail}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_folder_the_page_says_how_to_give_one() {
    let desk = Desk::new(None).await;
    let list = desk.settled().await;
    assert!(list["empechement"].to_string().contains("--sauvegardes"), "{list}");
    let (status, refused) = desk.ask("POST", COPIES).await;
    assert_eq!(status, 409);
    assert!(refused["detail"].to_string().contains("--sauvegardes"), "{refused}");
}
