//! General files that an administrator sends by the page: recognised, looked at, imported, put out of the way.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::rights::{Door, ask, door};
use crate::world::send_as_is;

const FILES: &str = "/api/admin/imports/fichiers";

async fn sent(who: &Option<Door>, name: &str, bytes: &'static str) -> String {
    let d = who.as_ref().unwrap();
    let request = Request::post(format!("{FILES}?fichier={name}"))
        .header("cookie", &d.cookie)
        .header("x-csrf-token", &d.csrf)
        .header("content-type", "application/octet-stream")
        .body(Body::from(bytes));
    let reply = send_as_is(request.unwrap()).await;
    assert_eq!(reply.status, 201, "{}", reply.text());
    reply.json()["id"].as_str().unwrap().to_owned()
}

/// The file once its check is over.
async fn checked(who: &Option<Door>, id: &str) -> Value {
    let begun = Instant::now();
    loop {
        let all = ask(who, "GET", FILES, None).await.json();
        let one = all.as_array().unwrap().iter().find(|f| f["id"] == id).cloned().unwrap_or(Value::Null);
        if one["etat"] != "controle" {
            return one;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{one}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_file_is_recognised_imported_taken_out_and_its_trace_stays() {
    let admin = door("administrateur").await;
    let csv = "epci;annee;eur_uc;source\n200071751;2019;8861;essai\n200034825;2019;8 412;essai\n";
    let id = sent(&admin, "seuils_2019.csv", csv).await;
    let file = checked(&admin, &id).await;
    assert_eq!(file["etat"], "pret", "{file}");
    assert_eq!(file["nature"]["registre"], "thresholds");
    assert_eq!((&file["lu"]["lignes_lues"], &file["lu"]["lignes_gardees"]), (&json!(2), &json!(2)));
    let done = ask(&admin, "POST", &format!("{FILES}/{id}/import"), Some(&json!({}))).await;
    assert_eq!(done.status, 200, "{}", done.text());
    assert!(checked(&admin, &id).await.is_null(), "what is imported waits no more");
    let held = ask(&admin, "GET", "/api/admin/imports", None).await.text();
    assert!(held.contains("seuils_2019.csv"), "{held}");
    let trail = ask(&admin, "GET", "/api/admin/audit?action=import", None).await.text();
    assert!(trail.contains("seuils_2019.csv"), "{trail}");
    // The world is as it was.
    let imports = ask(&admin, "GET", "/api/admin/imports", None).await.json();
    let set = imports["imports"]
        .as_array()
        .unwrap()
        .iter()
        .find(|s| s["fichiers"].to_string().contains("2019"))
        .unwrap()
        .clone();
    let back = if set["fichiers"].as_array().unwrap().len() > 1 { "retour" } else { "retrait" };
    let choice = json!({"registre": set["registre"], "cle": set["cle"]});
    let undone = ask(&admin, "POST", &format!("/api/admin/imports/{back}"), Some(&choice)).await;
    assert_eq!(undone.status, 200, "{}", undone.text());
}

#[tokio::test]
async fn what_is_not_known_is_asked_and_a_wrong_answer_is_refused_by_name() {
    let admin = door("administrateur").await;
    let id = sent(&admin, "notes.csv", "a;b\n1;2\n").await;
    assert_eq!(checked(&admin, &id).await["etat"], "a_preciser");
    let not_ready = ask(&admin, "POST", &format!("{FILES}/{id}/import"), Some(&json!({}))).await;
    assert_eq!(not_ready.status, 409, "{}", not_ready.text());
    let nothing =
        json!({"nature": {"registre": "rpls", "annee": null, "couche": null, "departements": null}});
    let path = format!("{FILES}/{id}/nature");
    assert_eq!(ask(&admin, "POST", &path, Some(&nothing)).await.status, 400);
    let wrong = json!({"nature": {"registre": "rpls", "annee": 2024, "couche": null, "departements": null}});
    assert_eq!(ask(&admin, "POST", &path, Some(&wrong)).await.status, 202);
    let file = checked(&admin, &id).await;
    assert_eq!(file["etat"], "refuse");
    let why = file["pourquoi"].as_str().unwrap();
    assert!(why.starts_with("notes.csv") && why.contains("DEPCOM") && !why.contains("--"), "{why}");
    assert_eq!(ask(&admin, "DELETE", &format!("{FILES}/{id}"), None).await.status, 204);
    assert_eq!(ask(&admin, "DELETE", &format!("{FILES}/{id}"), None).await.status, 404);
}
