//! Rates of a convention: written by the EPCI that signs, read by all who have an account.

use serde_json::{Value, json};

use crate::rights::{ask, door};

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
    assert_eq!(ask(&epci, "POST", "/api/objectifs", Some(&rate(json!({})))).await.status, 409, "the same rate twice");
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
    let below = list["objectifs"].as_array().unwrap().iter().find(|o| o["regle"] == "qpv_autres_quartiles").unwrap().clone();
    assert_eq!(below["derogatoire"], true);
}
