//! Signing in and out, tokens, members, the pages of the administration, and what the audit trail keeps of
//! it.

use axum::body::Body;
use axum::http::Request;
use mosaique::state::audit::{Line, Wanted};
use serde_json::{Value, json};

use crate::people::{PASSWORD, courriel};
use crate::rights::{ask, door};
use crate::world::{Reply, WORLD, send_as_is};

pub async fn sign_in(courriel: &str, password: &str) -> Reply {
    let body = json!({"courriel": courriel, "mot_de_passe": password});
    ask(&None, "POST", "/api/session", Some(&body)).await
}

pub fn set_cookie(reply: &Reply) -> String {
    reply.header("set-cookie").split(';').next().unwrap().to_owned()
}

async fn with(cookie: &str, csrf: &str, method: &str, path: &str, body: Option<Value>) -> Reply {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("cookie", cookie)
        .header("x-csrf-token", csrf)
        .header("content-type", "application/json");
    send_as_is(request.body(body.map_or(Body::empty(), |b| Body::from(b.to_string()))).unwrap()).await
}

pub async fn trail(wanted: Wanted) -> Vec<Line> {
    let state = WORLD.state.clone();
    let wanted = Wanted { limite: 1_000, ..wanted };
    WORLD.runtime.spawn(async move { state.audit_lines(&wanted).await.unwrap() }).await.unwrap()
}

#[tokio::test]
async fn a_person_signs_in_sees_who_they_are_and_signs_out() {
    let reply = sign_in("Agence@Exemple.fr", PASSWORD).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let raw = reply.header("set-cookie").to_owned();
    assert!(raw.contains("HttpOnly") && raw.contains("SameSite=Lax") && raw.contains("Path=/"), "{raw}");
    assert_eq!(reply.header("cache-control"), "no-store");
    let (cookie, me) = (set_cookie(&reply), reply.json());
    assert_eq!(
        (&me["connecte"], &me["role"], &me["doit_changer"]),
        (&json!(true), &json!("agence"), &json!(false))
    );
    let csrf = me["csrf"].as_str().unwrap();
    assert_eq!(with(&cookie, "", "GET", "/api/session", None).await.json()["courriel"], "agence@exemple.fr");
    let out = with(&cookie, csrf, "DELETE", "/api/session", None).await;
    assert!(out.status == 204 && out.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(with(&cookie, "", "GET", "/api/session", None).await.json()["connecte"], false);
    let compte = Some(WORLD.people.accounts["agence"].clone());
    let actions: Vec<String> =
        trail(Wanted { compte, ..Wanted::default() }).await.into_iter().map(|l| l.action).collect();
    assert!(actions.contains(&"connexion".into()) && actions.contains(&"deconnexion".into()), "{actions:?}");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_account_are_told_apart_by_nobody() {
    let wrong = sign_in(&courriel("dreal ailleurs"), "pas celui-là").await;
    let unknown = sign_in("personne@exemple.fr", "pas celui-là").await;
    assert_eq!((wrong.status, unknown.status), (401.try_into().unwrap(), 401.try_into().unwrap()));
    assert_eq!(wrong.text(), unknown.text());
    let lines = trail(Wanted { action: Some("connexion_refusee".into()), ..Wanted::default() }).await;
    assert!(
        lines.iter().any(|l| l.objet == "compte inconnu")
            && lines.iter().all(|l| !l.objet.contains("personne"))
    );
}

#[tokio::test]
async fn a_one_time_password_opens_nothing_but_its_own_change() {
    let admin = door("administrateur").await;
    let organisation = &WORLD.people.organisations["commune"];
    let new = json!({"organisation": organisation, "courriel": "nouvelle@exemple.fr", "nom": "Nouvelle", "gestionnaire": true});
    let made = ask(&admin, "POST", "/api/admin/comptes", Some(&new)).await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(ask(&admin, "POST", "/api/admin/comptes", Some(&new)).await.status, 409);
    let first = made.json()["mot_de_passe"].as_str().unwrap().to_owned();

    let reply = sign_in("nouvelle@exemple.fr", &first).await;
    let (cookie, me) = (set_cookie(&reply), reply.json());
    assert_eq!(me["doit_changer"], true);
    let csrf = me["csrf"].as_str().unwrap();
    let refused = with(&cookie, csrf, "GET", "/api/organisation", None).await;
    assert!(refused.status == 403 && refused.text().contains("mot de passe"), "{}", refused.text());
    let change = async |old: &str, new: &str| {
        with(&cookie, csrf, "PUT", "/api/session/mot-de-passe", Some(json!({"actuel": old, "nouveau": new})))
            .await
    };
    assert_eq!(change("faux", "Une phrase assez longue 1").await.json()["champ"], "actuel");
    assert_eq!(change(&first, "court").await.json()["champ"], "nouveau");
    assert_eq!(change(&first, &first).await.json()["champ"], "nouveau");
    assert_eq!(change(&first, "Une phrase assez longue 1").await.status, 204);
    assert_eq!(with(&cookie, csrf, "GET", "/api/organisation", None).await.status, 200);
    assert_eq!(sign_in("nouvelle@exemple.fr", &first).await.status, 401);
    assert_eq!(sign_in("nouvelle@exemple.fr", "Une phrase assez longue 1").await.status, 200);
}

#[tokio::test]
async fn a_token_reads_and_does_nothing_else() {
    let me = door("commune").await;
    let made = ask(&me, "POST", "/api/jetons", Some(&json!({"nom": "QGIS", "jours": 30}))).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let token = made.json();
    let bearer = async |method: &str, path: &str, body: &str| {
        let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
        let request =
            request.header("authorization", format!("Bearer {}", token["secret"].as_str().unwrap()));
        send_as_is(request.body(Body::from(body.to_owned())).unwrap()).await
    };
    assert_eq!(bearer("GET", "/api/zones/iris/739010101", "").await.status, 200);
    let measure = json!({"zones": [{"codes": [{"echelle": "iris", "code": "739010101"}]}]}).to_string();
    assert_eq!(bearer("POST", "/api/mesure", &measure).await.status, 200);
    for (method, path, body) in [
        ("POST", "/api/jetons", "{\"nom\":\"autre\"}"),
        ("PUT", "/api/session/mot-de-passe", "{}"),
        ("POST", "/api/organisation/membres", "{\"courriel\":\"a@b.fr\",\"nom\":\"x\"}"),
    ] {
        assert_eq!(bearer(method, path, body).await.status, 403, "{path}");
    }
    let list = ask(&me, "GET", "/api/jetons", None).await;
    assert!(!list.text().contains(token["secret"].as_str().unwrap()), "a secret is shown once");
    let path = format!("/api/jetons/{}", token["id"].as_str().unwrap());
    assert_eq!(ask(&door("epci").await, "DELETE", &path, None).await.status, 404);
    assert_eq!(ask(&me, "DELETE", &path, None).await.status, 204);
    assert_eq!(bearer("GET", "/api/session", "").await.status, 401);
    for wrong in [json!({"nom": ""}), json!({"nom": "x", "jours": 0}), json!({"nom": "x", "jours": 4_000})] {
        assert_eq!(ask(&me, "POST", "/api/jetons", Some(&wrong)).await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn managers_manage_their_own_organisation_only() {
    let epci = door("epci").await;
    let new = json!({"courriel": "collegue@exemple.fr", "nom": "Collègue"});
    let made = ask(&epci, "POST", "/api/organisation/membres", Some(&new)).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let id = made.json()["compte"].as_str().unwrap().to_owned();
    let path = format!("/api/organisation/membres/{id}");
    let other = door("bailleur").await;
    assert_eq!(ask(&other, "PATCH", &path, Some(&json!({"ferme": true}))).await.status, 404);
    assert_eq!(ask(&other, "POST", &format!("{path}/mot-de-passe"), None).await.status, 404);
    assert_eq!(ask(&epci, "PATCH", &path, Some(&json!({"gestionnaire": true}))).await.status, 204);
    assert_eq!(ask(&epci, "POST", &format!("{path}/mot-de-passe"), None).await.status, 200);
    assert_eq!(ask(&epci, "PATCH", &path, Some(&json!({"ferme": true}))).await.status, 204);
    let members = ask(&epci, "GET", "/api/organisation", None).await.json();
    let member = members["membres"].as_array().unwrap().iter().find(|m| m["id"] == *id).unwrap();
    assert_eq!((&member["ferme"], &member["gestionnaire"]), (&json!(true), &json!(true)));
    // Nobody locks themselves out.
    let own = format!("/api/organisation/membres/{}", WORLD.people.accounts["epci"]);
    assert_eq!(ask(&epci, "PATCH", &own, Some(&json!({"ferme": true}))).await.status, 400);
    assert_eq!(ask(&epci, "POST", &format!("{own}/mot-de-passe"), None).await.status, 400);
}

#[tokio::test]
async fn the_administration_makes_organisations_and_conventions_that_open_a_territory() {
    let admin = door("administrateur").await;
    let new = json!({"nom": "Agence du Nord", "role": "agence", "code": "400000009"});
    let made = ask(&admin, "POST", "/api/admin/organisations", Some(&new)).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let id = made.json()["id"].as_str().unwrap().to_owned();
    for wrong in [
        ("epci", "12"),
        ("commune", "é9001"),
        ("ddets", "999x"),
        ("dreal", "55"),
        ("administrateur", "1"),
        ("public", ""),
    ] {
        let body = json!({"nom": "x", "role": wrong.0, "code": wrong.1});
        assert_eq!(
            ask(&admin, "POST", "/api/admin/organisations", Some(&body)).await.status,
            400,
            "{wrong:?}"
        );
    }
    let member = json!({"organisation": id, "courriel": "nord@exemple.fr", "nom": "Nord"});
    let password = ask(&admin, "POST", "/api/admin/comptes", Some(&member)).await.json()["mot_de_passe"]
        .as_str()
        .unwrap()
        .to_owned();
    let reply = sign_in("nord@exemple.fr", &password).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let (cookie, csrf) = (set_cookie(&reply), reply.json()["csrf"].as_str().unwrap().to_owned());
    let changed = json!({"actuel": password, "nouveau": "Une phrase assez longue 2"});
    let reply = with(&cookie, &csrf, "PUT", "/api/session/mot-de-passe", Some(changed)).await;
    assert_eq!(reply.status, 204, "{}", reply.text());
    let sheet = async || {
        with(&cookie, "", "GET", "/api/zones/iris/739030101?indicateurs=I05", None).await.json()["chiffres"]
            [0]["motif"]
            .clone()
    };
    let closed = sheet().await;
    assert!(closed.as_str().is_some_and(|why| why.contains("convention")), "{closed}");

    let convention = |territoire: &str, du: &str, au: &str| json!({"titre": "Convention du Nord", "territoire": [territoire], "classes": ["proche"], "donnees": ["ops"], "du": du, "au": au, "parties": [id]});
    for (territoire, du, au) in [
        ("epci:299999999", "2026-01-01", "2099-01-01"),
        ("epci", "2026-01-01", "2099-01-01"),
        ("epci:200000002", "2026-01-01", "2025-01-01"),
        ("epci:200000002", "1er janvier", "2099-01-01"),
    ] {
        let reply =
            ask(&admin, "POST", "/api/admin/conventions", Some(&convention(territoire, du, au))).await;
        assert_eq!(reply.status, 400, "{territoire} {du} {au}: {}", reply.text());
    }
    let made = ask(
        &admin,
        "POST",
        "/api/admin/conventions",
        Some(&convention("epci:200000002", "2026-01-01", "2099-01-01")),
    )
    .await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert!(sheet().await.is_null());
    let path = format!("/api/admin/conventions/{}", made.json()["id"].as_str().unwrap());
    assert_eq!(ask(&admin, "PATCH", &path, Some(&json!({"au": "2026-01-31"}))).await.status, 204);
    assert!(!sheet().await.is_null());
    // Closing the organisation closes its accounts at once.
    let path = format!("/api/admin/organisations/{id}");
    assert_eq!(ask(&admin, "PATCH", &path, Some(&json!({"ferme": true}))).await.status, 204);
    assert_eq!(with(&cookie, "", "GET", "/api/session", None).await.json()["connecte"], false);
}

#[tokio::test]
async fn the_trail_has_a_line_for_what_is_asked_and_the_administration_reads_it() {
    let me = door("dreal").await;
    let drawn = json!({"zones": [{"nom": "Mon tracé", "geometrie": crate::world::polygon([5.81, 45.51, 5.84, 45.54])}]});
    assert_eq!(ask(&me, "POST", "/api/mesure", Some(&drawn)).await.status, 200);
    ask(&me, "GET", "/api/valeurs/iris?indicateur=I05&financement=PLUS", None).await;
    ask(&me, "GET", "/api/zones/commune/73901", None).await;
    ask(&me, "GET", "/api/admin/audit", None).await;
    let compte = Some(WORLD.people.accounts["dreal"].clone());
    let lines = trail(Wanted { compte, ..Wanted::default() }).await;
    let of = |action: &str| lines.iter().filter(|l| l.action == action).collect::<Vec<_>>();
    assert!(of("mesure").iter().any(|l| l.objet == "Mon tracé" && l.lignes > 0));
    assert!(of("carte").iter().any(|l| l.parametres.contains("PLUS") && l.objet == "iris"));
    assert!(of("refus").iter().any(|l| l.objet == "admin_audit"));
    assert!(
        lines.iter().all(|l| l.action == "portrait" || !l.objet.contains("commune:73901")),
        "a commune is no measure below the commune"
    );

    let admin = door("administrateur").await;
    let page = ask(&admin, "GET", "/api/admin/audit?action=mesure&du=2026-01-01", None).await.json();
    assert!(page["lignes"].as_array().unwrap().iter().all(|l| l["action"] == "mesure"));
    assert_eq!(ask(&admin, "GET", "/api/admin/audit?du=hier", None).await.status, 400);
    let file = ask(&admin, "GET", "/api/admin/audit.csv?action=mesure", None).await;
    assert!(
        file.header("content-disposition").contains("mosaique-journal-")
            && file.text().starts_with("\u{feff}rang;quand;")
    );
    let verdict = ask(&admin, "GET", "/api/admin/audit/verification", None).await.json();
    assert!(verdict["faute"].is_null() && verdict["lignes"].as_i64().unwrap() > 0, "{verdict}");
    let sets = ask(&admin, "GET", "/api/admin/jeux", None).await.json();
    assert!(sets.as_array().unwrap().iter().any(|s| s["registre"] == "rpls"));
}
