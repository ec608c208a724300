//! Events of a stock, told one after the other.

use serde_json::{Value, json};

use crate::rights::{ask, door};

#[tokio::test]
async fn a_dwelling_that_left_gets_no_notice_and_nothing_is_told_twice() {
    let owner = door("bailleur").await;
    let tell = async |genre: &str, date: &str, idents: &[&str]| {
        let event = json!({
            "genre": genre, "date": date, "commune": "73901", "logements": idents.len(), "ident_rep": idents,
        });
        ask(&owner, "POST", "/api/evenements", Some(&event)).await
    };
    let refused = async |genre: &str, date: &str, idents: &[&str], why: &str| {
        let reply = tell(genre, date, idents).await;
        let detail = reply.json()["detail"].as_str().unwrap_or_default().to_owned();
        assert_eq!(reply.status, 400, "{genre} {date}: {detail}");
        assert!(detail.contains(why), "{genre} {date}: {detail}");
    };
    refused("vente", "2024-09-01", &["N1"], "aucun événement").await;
    let mut made = Vec::new();
    for (genre, date, idents) in [
        ("mise_en_service", "2024-06-01", &["N1", "N2"] as &[&str]),
        ("vente", "2024-09-01", &["N1"]),
        ("conge", "2024-10-31", &["N2"]),
    ] {
        let reply = tell(genre, date, idents).await;
        assert_eq!(reply.status, 201, "{}", reply.text());
        made.push(reply.json()["ids"][0].as_str().unwrap().to_owned());
    }
    refused("conge", "2024-10-31", &["N1"], "déjà sorti de votre parc (vente du 1er\u{a0}septembre 2024)")
        .await;
    refused("demolition", "2024-10-01", &["N2", "N1"], "déjà sorti").await;
    refused("mise_en_service", "2024-07-01", &["N2"], "déjà entré").await;
    refused("mise_en_service", "2024-06-01", &["N2", "N1"], "compterait deux fois").await;
    // What is undone stands in nobody's way.
    let undone = ask(&owner, "DELETE", &format!("/api/evenements/{}", made.remove(1)), None).await;
    assert_eq!(undone.status, 200);
    let again = tell("conge", "2024-10-31", &["N1"]).await;
    assert_eq!(again.status, 201, "{}", again.text());
    made.push(again.json()["ids"][0].as_str().unwrap().to_owned());
    for id in made {
        assert_eq!(ask(&owner, "DELETE", &format!("/api/evenements/{id}"), None).await.status, 200);
    }
    let list: Value = ask(&owner, "GET", "/api/evenements", None).await.json();
    let counted = list["evenements"].as_array().unwrap().iter().filter(|e| e["ident_rep"][0] == "N1");
    assert!(counted.into_iter().all(|e| e["rapprochement"] == "annule"));
}
