//! Rates of a convention: written by the EPCI that signs, read by all who have an account.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::rights::{ask, door};
use crate::world::{Reply, send_as_is};

fn rate(more: Value) -> Value {
    let mut base = json!({"regle": "hors_qpv_q1", "epci": "200000001", "commune": "73901", "du": 2024, "au": 2026, "taux": 30.0, "cia": "CIA", "signee": "2023-06-01"});
    base.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    base
}

#[tokio::test]
async fn an_epci_sets_changes_and_ends_its_rates_and_nobody_else_does() {
    let epci = door("epci").await;
    let added = ask(&epci, "POST", "/api/objectifs", Some(&rate(json!({})))).await;
    assert_eq!(added.status, 201, "{}", added.text());
    let id = added.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(
        ask(&epci, "POST", "/api/objectifs", Some(&rate(json!({})))).await.status,
        409,
        "the same rate twice"
    );
    let path = format!("/api/objectifs/{id}");
    assert_eq!(ask(&epci, "PUT", &path, Some(&rate(json!({"taux": 32.5, "au": 2025})))).await.status, 204);
    for who in ["epci sans convention", "bailleur", "ddets", "commune"] {
        let other = door(who).await;
        assert_eq!(ask(&other, "PUT", &path, Some(&rate(json!({})))).await.status, 403, "{who}");
        let list = ask(&other, "GET", "/api/objectifs", None).await.json();
        let found = list["objectifs"].as_array().unwrap().iter().find(|o| o["id"] == id.as_str()).unwrap();
        assert_eq!(
            (&found["taux"], &found["au"], &found["commune_nom"]),
            (&json!(32.5), &json!(2025), &json!("Commune 1")),
            "{who}"
        );
    }
    // An EPCI does not take the rate of another to itself.
    let neighbour = door("epci sans convention").await;
    let stolen = rate(json!({"epci": "200000002", "commune": null}));
    assert_eq!(ask(&neighbour, "PUT", &path, Some(&stolen)).await.status, 403);
}

#[tokio::test]
async fn what_the_law_does_not_let_a_convention_set_is_refused_with_the_reason() {
    let epci = door("epci").await;
    for (more, word) in [
        (json!({"taux": 24.9}), "inférieur"),
        (json!({"regle": "etat_flux"}), "ne fixe pas"),
        (json!({"regle": "qpv_autres_quartiles", "taux": 40.0}), "préfet"),
        (json!({"regle": "rien"}), "hors_qpv_q1"),
        (json!({"taux": 130.0}), "pourcentage"),
        (json!({"au": 2020}), "années"),
        (json!({"commune": "73903"}), "73903"),
        (json!({"bailleur": "12"}), "neuf chiffres"),
        (json!({"reservataire": "MOI"}), "ACTION_LOGEMENT"),
        (json!({"signee": "hier"}), "AAAA-MM-JJ"),
    ] {
        let reply = ask(&epci, "POST", "/api/objectifs", Some(&rate(more.clone()))).await;
        assert_eq!(reply.status, 400, "{more}: {}", reply.text());
        assert!(reply.json()["detail"].as_str().unwrap().contains(word), "{more}: {}", reply.text());
    }
    let approved = json!({"regle": "qpv_autres_quartiles", "taux": 40.0, "approbation": "2023-07-01"});
    assert_eq!(ask(&epci, "POST", "/api/objectifs", Some(&rate(approved))).await.status, 201);
    let list = ask(&epci, "GET", "/api/objectifs", None).await.json();
    let below = list["objectifs"]
        .as_array()
        .unwrap()
        .iter()
        .find(|o| o["regle"] == "qpv_autres_quartiles")
        .unwrap()
        .clone();
    assert_eq!(below["derogatoire"], true);
}

/// Sends a file as someone's page does.
async fn send(who: &str, path: &str, csv: &str) -> Reply {
    let door = door(who).await.unwrap();
    let request = Request::put(path).header("cookie", &door.cookie).header("x-csrf-token", &door.csrf);
    send_as_is(request.header("content-type", "text/csv").body(Body::from(csv.to_owned())).unwrap()).await
}

#[tokio::test]
async fn a_file_of_rates_is_kept_whole_or_not_at_all_and_can_be_sent_again() {
    let file = "regle;taux;du;au;commune;reservataire;cia;signee;approbation\n\
                hors_qpv_q1;26,5;2031;2033;73901;;Avenant;14/05/2030;\n\
                dalo_bailleur;40 %;2031;;;;Avenant;2030-05-14;\n";
    let mine =
        |list: &Value| list["objectifs"].as_array().unwrap().iter().filter(|o| o["cia"] == "Avenant").count();
    let epci = door("epci").await;
    let trial = send("epci", "/api/objectifs?essai=true", file).await;
    assert_eq!(trial.status, 200, "{}", trial.text());
    let told = trial.json();
    assert_eq!((&told["nouveaux"], &told["enregistre"]), (&json!(2), &json!(false)), "{told}");
    assert_eq!(told["taux"][0]["signee"], "2030-05-14", "days of French spreadsheets are read");
    assert_eq!(mine(&ask(&epci, "GET", "/api/objectifs", None).await.json()), 0, "a look changes nothing");
    // One bad line refuses the file.
    let mixed = format!("{file}hors_qpv_q1;12;2031;;;;Avenant;2030-05-14;\n");
    let refused = send("epci", "/api/objectifs", &mixed).await.json();
    assert_eq!(
        (refused["enregistre"] == false, refused["erreurs"].as_array().unwrap().len()),
        (true, 1),
        "{refused}"
    );
    assert_eq!(
        (&refused["erreurs"][0]["ligne"], &refused["erreurs"][0]["regle"]),
        (&json!(4), &json!("T04")),
        "{refused}"
    );
    assert_eq!(mine(&ask(&epci, "GET", "/api/objectifs", None).await.json()), 0, "all or none");
    assert_eq!(send("epci", "/api/objectifs", file).await.json()["enregistre"], true);
    assert_eq!(mine(&ask(&epci, "GET", "/api/objectifs", None).await.json()), 2);
    // Again with another rate: it is replaced, not added.
    let again = send("epci", "/api/objectifs", &file.replace("26,5", "31")).await.json();
    assert_eq!((&again["nouveaux"], &again["remplaces"]), (&json!(0), &json!(2)), "{again}");
    assert_eq!(again["taux"][0]["remplace"], 26.5);
    assert_eq!(mine(&ask(&epci, "GET", "/api/objectifs", None).await.json()), 2);
    for who in ["epci sans convention", "bailleur", "ddets"] {
        let reply = send(
            who,
            "/api/objectifs?essai=true",
            &file.replace("taux;", "taux;epci;").replace(";2031", ";200000001;2031"),
        )
        .await;
        // Another EPCI is told line by line that the rates are not its own.
        let kept_out = reply.status == 403
            || reply.json()["erreurs"]
                .as_array()
                .is_some_and(|e| e.iter().all(|e| e["regle"] == "T08") && e.len() == 2);
        assert!(kept_out, "{who}: {}", reply.text());
    }
}

#[tokio::test]
async fn each_line_that_a_file_of_rates_cannot_have_is_named_with_its_column_and_rule() {
    let header = "regle;taux;du;au;commune;bailleur;reservataire;cia;signee;approbation";
    for (line, column, rule) in [
        ("hors_qpv_q1;30;2041;;;;;Avenant;hier;", "signee", "T01"),
        ("rien;30;2041;;;;;Avenant;2040-01-01;", "regle", "T02"),
        ("hors_qpv_q1;30;2041;;73903;;;Avenant;2040-01-01;", "commune", "T02"),
        ("hors_qpv_q1;30;2041;;;12;;Avenant;2040-01-01;", "bailleur", "T02"),
        ("hors_qpv_q1;30;2041;;;;MOI;Avenant;2040-01-01;", "reservataire", "T02"),
        ("hors_qpv_q1;beaucoup;2041;;;;;Avenant;2040-01-01;", "taux", "T03"),
        ("hors_qpv_q1;30;bientôt;;;;;Avenant;2040-01-01;", "du", "T03"),
        ("qpv_autres_quartiles;40;2041;;;;;Avenant;2040-01-01;", "taux", "T04"),
        ("hors_qpv_q1;30;2041;2020;;;;Avenant;2040-01-01;", "du", "T05"),
        ("hors_qpv_q1;30;2041;;;;;;2040-01-01;", "cia", "T06"),
        ("hors_qpv_q1;30;2041", "", "T00"),
    ] {
        let told = send("epci", "/api/objectifs", &format!("{header}\n{line}\n")).await.json();
        assert_eq!(told["enregistre"], false, "{line}: {told}");
        let fault = &told["erreurs"][0];
        assert_eq!(
            (&fault["ligne"], &fault["colonne"], &fault["regle"]),
            (&json!(2), &json!(column), &json!(rule)),
            "{line}: {told}"
        );
    }
    let twice = "hors_qpv_q1;30;2041;;;;;Avenant;2040-01-01;";
    let told = send("epci", "/api/objectifs", &format!("{header}\n{twice}\n{twice}\n")).await.json();
    assert_eq!(
        (&told["erreurs"][0]["ligne"], &told["erreurs"][0]["regle"]),
        (&json!(3), &json!("T07")),
        "{told}"
    );
    let bare = send("epci", "/api/objectifs", "regle;taux\nhors_qpv_q1;30\n").await;
    assert!(bare.status == 400 && bare.text().contains("signee"), "{}", bare.text());
}
