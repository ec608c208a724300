//! What an attacker would try through the router; sign-in by a provider and real sockets are tried in the
//! browser and by scripts.

use std::time::Instant;

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::people::{PASSWORD, courriel};
use crate::rights::{ask, door, operations};
use crate::site::session::{set_cookie, sign_in};
use crate::world::{Reply, WORLD, post, send_as_is};

async fn raw(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send_as_is(request.body(Body::from(body.to_owned())).unwrap()).await
}

const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn a_session_chosen_by_an_attacker_is_not_the_one_that_is_opened() {
    // Session fixation: the victim signs in with a cookie that the attacker knows.
    let mine = sign_in(&courriel("bailleur ailleurs"), PASSWORD).await;
    let planted = set_cookie(&mine);
    let body = json!({"courriel": courriel("agence sans convention"), "mot_de_passe": PASSWORD}).to_string();
    for cookie in [planted.as_str(), "mosaique_session=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"] {
        let reply = raw("POST", "/api/session", &[JSON, ("cookie", cookie)], &body).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_ne!(set_cookie(&reply), cookie);
        // What was planted opens nothing, not even what it opened before.
        let after = raw("GET", "/api/session", &[("cookie", cookie)], "").await.json();
        assert_eq!(after["connecte"], false, "{cookie}");
    }
}

#[tokio::test]
async fn a_request_made_by_another_site_does_nothing() {
    let reply = sign_in(&courriel("ddets ailleurs"), PASSWORD).await;
    let (cookie, csrf) = (set_cookie(&reply), reply.json()["csrf"].as_str().unwrap().to_owned());
    let token = |csrf: &str, site: &str| {
        let (cookie, csrf, site) = (cookie.clone(), csrf.to_owned(), site.to_owned());
        async move {
            raw(
                "POST",
                "/api/jetons",
                &[JSON, ("cookie", &cookie), ("x-csrf-token", &csrf), ("sec-fetch-site", &site)],
                "{\"nom\":\"x\"}",
            )
            .await
        }
    };
    assert_eq!(token("", "same-origin").await.status, 403);
    assert_eq!(token(&csrf[1..], "same-origin").await.status, 403);
    assert_eq!(token(&csrf, "cross-site").await.status, 403);
    assert_eq!(token(&csrf, "same-origin").await.status, 201);
    // The forms of a browser cannot send JSON: they are not read.
    for kind in ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"] {
        let reply = raw(
            "POST",
            "/api/jetons",
            &[("content-type", kind), ("cookie", &cookie), ("x-csrf-token", &csrf)],
            "{\"nom\":\"x\"}",
        )
        .await;
        assert_eq!(reply.status, 415, "{kind}");
        let body = json!({"courriel": courriel("ddets ailleurs"), "mot_de_passe": PASSWORD}).to_string();
        assert_eq!(raw("POST", "/api/session", &[("content-type", kind)], &body).await.status, 415, "{kind}");
    }
    // Every operation that changes something asks for the second secret.
    for (operation, method) in operations().iter().filter(|(_, m)| m != "GET") {
        if ["session_ouvrir", "situations"].contains(&operation.as_str()) {
            continue;
        }
        let (path, _) = crate::rights::example(operation);
        let reply = raw(method, &path, &[JSON, ("cookie", &cookie)], "{}").await;
        assert_eq!(reply.status, 403, "{operation}: {}", reply.text());
    }
}

#[tokio::test]
async fn an_identifier_of_someone_else_is_as_good_as_none() {
    // Every identifier of the interface, taken from another organisation.
    let me = door("epci sans convention").await;
    let theirs = &WORLD.people.accounts["bailleur"];
    let admin = door("administrateur").await;
    let conventions = ask(&admin, "GET", "/api/admin/conventions", None).await.json();
    let convention = conventions[0]["id"].as_str().unwrap().to_owned();
    let organisation = &WORLD.people.organisations["bailleur"];
    let made = ask(&door("bailleur").await, "POST", "/api/jetons", Some(&json!({"nom": "x"}))).await.json();
    let token = made["id"].as_str().unwrap();
    for (method, path, body) in [
        ("DELETE", format!("/api/jetons/{token}"), json!({})),
        ("PATCH", format!("/api/organisation/membres/{theirs}"), json!({"ferme": true})),
        ("POST", format!("/api/organisation/membres/{theirs}/mot-de-passe"), json!({})),
        ("PATCH", format!("/api/admin/comptes/{theirs}"), json!({"ferme": true})),
        ("POST", format!("/api/admin/comptes/{theirs}/mot-de-passe"), json!({})),
        ("PATCH", format!("/api/admin/organisations/{organisation}"), json!({"ferme": true})),
        ("PATCH", format!("/api/admin/conventions/{convention}"), json!({"au": "2020-01-01"})),
        ("GET", format!("/api/admin/comptes?organisation={organisation}"), json!({})),
    ] {
        let status = ask(&me, method, &path, Some(&body)).await.status.as_u16();
        assert!([403, 404].contains(&status), "{method} {path}: {status}");
    }
    // Nothing happened to any of them.
    let secret = made["secret"].as_str().unwrap();
    assert_eq!(
        raw("GET", "/api/session", &[("authorization", &format!("Bearer {secret}"))], "").await.json()["connecte"],
        true
    );
}

/// A file of a bailleur, in the quarantine.
async fn deposit(name: &str, body: Vec<u8>) -> Reply {
    let owner = door("bailleur").await.unwrap();
    let request = Request::builder()
        .method("POST")
        .uri(format!("/api/depots?registre=ops&annee=2024&fichier={}", quoted(name)))
        .header("content-type", "application/octet-stream")
        .header("cookie", &owner.cookie)
        .header("x-csrf-token", &owner.csrf)
        .body(Body::from(body));
    send_as_is(request.unwrap()).await
}

#[tokio::test]
async fn what_one_lessor_or_team_keeps_is_nothing_to_another() {
    let owner = door("bailleur").await;
    let event = json!({"genre": "vente", "date": "2024-06-01", "commune": "73901", "logements": 1});
    let event = ask(&owner, "POST", "/api/evenements", Some(&event)).await;
    assert_eq!(event.status, 201, "{}", event.text());
    let event = event.json()["ids"][0].as_str().unwrap().to_owned();
    let zones = json!({"nom": "Secteurs", "visibilite": "PRIVE", "zones": [{"nom": "Un", "codes": [{"echelle": "iris", "code": "739010101"}]}]});
    let set = ask(&owner, "POST", "/api/ensembles", Some(&zones)).await;
    assert_eq!(set.status, 201, "{}", set.text());
    let set = set.json()["id"].as_str().unwrap().to_owned();
    let file = deposit("a.csv", b"vague;bailleur_siren\n2024;300000000\n".to_vec()).await;
    assert_eq!(file.status, 201, "{}", file.text());
    let file = file.json()["id"].as_str().unwrap().to_owned();
    for who in ["bailleur ailleurs", "epci sans convention", "administrateur"] {
        let other = door(who).await;
        for (method, path) in [
            ("DELETE", format!("/api/evenements/{event}")),
            ("GET", format!("/api/ensembles/{set}")),
            ("PATCH", format!("/api/ensembles/{set}")),
            ("DELETE", format!("/api/ensembles/{set}")),
            ("POST", format!("/api/ensembles/{set}/restauration")),
            ("GET", format!("/api/depots/{file}")),
            ("GET", format!("/api/depots/{file}/lignes")),
            ("GET", format!("/api/depots/{file}/rejets.csv")),
            ("GET", format!("/api/depots/{file}/suivi")),
            ("POST", format!("/api/depots/{file}/corrections")),
            ("POST", format!("/api/depots/{file}/controle")),
            ("POST", format!("/api/depots/{file}/acceptation")),
            ("DELETE", format!("/api/depots/{file}")),
        ] {
            let body = match (method, path.ends_with("corrections")) {
                ("PATCH", _) => Some(json!({"version": 1, "nom": "pris"})),
                (_, true) => Some(json!({"lignes": {"2": {"vague": "2022"}}})),
                _ => None,
            };
            let status = ask(&other, method, &path, body.as_ref()).await.status.as_u16();
            assert!([403, 404].contains(&status), "{who}: {method} {path}: {status}");
        }
    }
    // All of it is as it was.
    assert_eq!(
        ask(&owner, "GET", &format!("/api/ensembles/{set}"), None).await.json()["ensemble"]["nom"],
        "Secteurs"
    );
    assert_eq!(ask(&owner, "GET", &format!("/api/depots/{file}"), None).await.status, 200);
    assert_eq!(ask(&owner, "DELETE", &format!("/api/evenements/{event}"), None).await.status, 200);
}

#[tokio::test]
async fn names_of_uploaded_files_lead_nowhere() {
    for name in ["../../../etc/passwd", "..\\..\\fuite.csv", "/tmp/fuite.csv", "a\0b.csv"] {
        let made = deposit(name, b"vague;bailleur_siren\n2024;300000000\n".to_vec()).await;
        assert_eq!(made.status, 201, "{name}: {}", made.text());
    }
    // An archive whose only file would be written above it.
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    archive.start_file("../../../fuite.csv", zip::write::SimpleFileOptions::default()).unwrap();
    std::io::Write::write_all(&mut archive, b"vague;bailleur_siren\n2024;300000000\n").unwrap();
    let made = deposit("fuite.zip", archive.finish().unwrap().into_inner()).await;
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let owner = door("bailleur").await;
    for _ in 0..200 {
        if ask(&owner, "GET", &format!("/api/depots/{id}"), None).await.json()["depot"]["statut"]
            != "controle"
        {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let names = ask(&owner, "GET", "/api/depots", None).await.json();
    assert!(
        names.as_array().unwrap().iter().all(|d| !d["fichier"].as_str().unwrap().contains(['/', '\\', '\0'])),
        "{names}"
    );
    let root = WORLD.dir.path();
    for out in root.ancestors().take(4) {
        assert!(!out.join("fuite.csv").exists(), "{}", out.display());
    }
}

const NASTY: [&str; 12] = [
    "' OR '1'='1",
    "'; DROP TABLE comptes; --",
    "1 UNION SELECT mot_de_passe FROM comptes",
    "%00",
    "../../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "<script>alert(1)</script>",
    "${jndi:ldap://x}",
    "\u{202e}abc",
    "9999999999999999999999",
    "-1",
    "NaN",
];

fn quoted(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

#[tokio::test]
async fn strings_made_to_break_out_are_values_like_others() {
    let document: Value = serde_json::from_str(&mosaique::server::document().to_json().unwrap()).unwrap();
    let mut tried = 0;
    for who in ["administrateur", "bailleur", "epci", "ddets"] {
        let person = door(who).await;
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                // Would end the session that tries the others.
                if operation["operationId"] == "session_fermer" {
                    continue;
                }
                let params: Vec<&Value> =
                    operation["parameters"].as_array().map(|a| a.iter().collect()).unwrap_or_default();
                for nasty in NASTY {
                    let mut url = path.clone();
                    for p in &params {
                        url = url.replace(&format!("{{{}}}", p["name"].as_str().unwrap()), &quoted(nasty));
                    }
                    let query: Vec<&Value> = params.iter().copied().filter(|p| p["in"] == "query").collect();
                    // Each parameter alone, and all of them.
                    let mut queries: Vec<String> = query
                        .iter()
                        .map(|p| format!("{}={}", p["name"].as_str().unwrap(), quoted(nasty)))
                        .collect();
                    queries.push(queries.join("&"));
                    for q in queries {
                        let body = json!({"nom": nasty, "courriel": nasty, "mot_de_passe": nasty, "zones": [{"codes": [{"echelle": nasty, "code": nasty}]}]});
                        let with_body = (method != "get").then_some(&body);
                        let reply =
                            ask(&person, &method.to_uppercase(), &format!("{url}?{q}"), with_body).await;
                        let status = reply.status.as_u16();
                        assert!(
                            status < 500 || status == 502,
                            "{who}: {method} {url}?{q}: {status} {}",
                            reply.text()
                        );
                        // The kind of a GeoPackage is said in catalogues; nothing else names the database.
                        let told = reply.text().to_lowercase().replace("geopackage+sqlite3", "");
                        assert!(!told.contains("root:") && !told.contains("sqlite"), "{url}?{q}");
                        tried += 1;
                    }
                }
            }
        }
        let me = ask(&person, "GET", "/api/session", None).await.json();
        assert_eq!(me["connecte"], true, "{who} was signed in to the end");
    }
    assert!(tried > 5_000, "{tried}");
    // The tables are still there.
    assert_eq!(sign_in(&courriel("dreal ailleurs"), PASSWORD).await.status, 200);
}

#[tokio::test]
async fn bodies_that_are_too_large_too_deep_or_broken_are_refused() {
    let kind = "application/json";
    let huge = format!("{{\"zones\":[{}]}}", "1,".repeat(6_000_000));
    assert_eq!(post("/api/mesure", kind, huge).await.status, 413);
    let deep = format!("{{\"zones\":[{{\"geometrie\":{}{}}}]}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(post("/api/mesure", kind, deep).await.status, 400);
    for broken in [
        "",
        "{",
        "null",
        "[]",
        "\u{0}",
        "{\"zones\":",
        "{\"zones\":[{\"codes\":null}]}",
        "{\"inconnu\":1}",
        "\u{feff}{}",
    ] {
        let status = post("/api/mesure", kind, broken).await.status.as_u16();
        assert!((400..500).contains(&status), "{broken:?}: {status}");
        let reply = raw("POST", "/api/session", &[JSON], broken).await;
        assert!((400..500).contains(&reply.status.as_u16()), "{broken:?}");
    }
    let long = json!({"courriel": "a@b.fr", "mot_de_passe": "x".repeat(5_000_000)}).to_string();
    assert!([401, 429].contains(&raw("POST", "/api/session", &[JSON], &long).await.status.as_u16()));
}

#[tokio::test]
async fn a_token_that_was_ended_or_never_was_opens_nothing() {
    let me = door("commune ailleurs").await;
    let made = ask(&me, "POST", "/api/jetons", Some(&json!({"nom": "x"}))).await.json();
    let secret = made["secret"].as_str().unwrap().to_owned();
    let ask_with = async |header: &str| {
        raw("GET", "/api/session", &[("authorization", header)], "").await.status.as_u16()
    };
    assert_eq!(ask_with(&format!("Bearer {secret}")).await, 200);
    ask(&me, "DELETE", &format!("/api/jetons/{}", made["id"].as_str().unwrap()), None).await;
    let flipped: String = secret.chars().rev().collect();
    for header in [
        &format!("Bearer {secret}"),
        "Bearer ",
        "Bearer",
        "Basic YTpi",
        "",
        &format!("Bearer {flipped}"),
        &format!("bearer {}", "a".repeat(5_000)),
        "Bearer mq_' OR 1=1",
    ] {
        assert_eq!(ask_with(header).await, 401, "{header}");
    }
    // A session's cookie is no token, and a token no cookie.
    let reply = raw("GET", "/api/session", &[("cookie", &format!("mosaique_session={secret}"))], "").await;
    assert_eq!(reply.json()["connecte"], false);
}

#[tokio::test]
async fn an_unknown_account_takes_as_long_as_a_known_one() {
    // Below the throttle: three tries each, taken in turn; the shortest is the one that noise spoiled least.
    let mut best = [f64::INFINITY; 2];
    for turn in 0..3 {
        for (i, who) in [courriel("dreal"), format!("inconnu{turn}@exemple.fr")].iter().enumerate() {
            let begun = Instant::now();
            assert_eq!(sign_in(who, "un mot de passe faux").await.status, 401);
            best[i] = best[i].min(begun.elapsed().as_secs_f64());
        }
    }
    let ratio = best[0].max(best[1]) / best[0].min(best[1]);
    // Without the hash of nobody's password the ratio is over ten.
    assert!(ratio < 3.0, "{best:?}");
}

#[tokio::test]
async fn guessing_passwords_stops_after_five() {
    let who = "devinee@exemple.fr";
    let mut statuses = Vec::new();
    for _ in 0..8 {
        statuses.push(sign_in(who, "faux").await.status.as_u16());
    }
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429, 429, 429]);
    let reply = sign_in(who, "faux").await;
    assert!(reply.header("retry-after").parse::<u32>().is_ok_and(|s| s > 60), "{}", reply.text());
}

#[tokio::test]
async fn trying_one_password_on_many_accounts_stops_after_fifty() {
    for n in 0..50 {
        assert_eq!(sign_in(&format!("arrosee{n}@exemple.fr"), "faux").await.status, 401, "{n}");
    }
    assert_eq!(sign_in("arrosee50@exemple.fr", "faux").await.status, 429);
    // The right password too: the address is refused unread, until the window ends.
    assert_eq!(sign_in(&courriel("dreal ailleurs"), PASSWORD).await.status, 429);
}

#[tokio::test]
async fn the_page_may_not_be_framed_nor_run_scripts_of_others() {
    let reply = raw("GET", "/api/session", &[], "").await;
    let policy = reply.header("content-security-policy");
    for rule in [
        "default-src 'self'",
        "script-src 'self'",
        "object-src 'none'",
        "frame-ancestors 'none'",
        "base-uri 'self'",
        "form-action 'self'",
    ] {
        assert!(policy.contains(rule), "{policy}");
    }
    assert!(!policy.split(';').any(|r| r.contains("script-src") && r.contains("unsafe")), "{policy}");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
    ] {
        assert_eq!(reply.header(name), value);
    }
}
