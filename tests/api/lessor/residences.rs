//! Segregation, fragility of residences, and the list that people decide of.

use serde_json::{Value, json};

use crate::rights::{Door, ask, door};
use crate::world::ok;

const PATH: &str = "/api/residences/fragilite?epci=200000001";

fn list(v: &Value) -> &Vec<Value> {
    v.as_array().unwrap()
}

#[tokio::test]
async fn a_residence_is_read_from_the_figures_that_its_map_shows() {
    let read = ok(PATH).await;
    let map = ok("/api/valeurs/residence?indicateur=I02&dans=epci:200000001").await;
    assert!(list(&read["residences"]).len() > 30);
    let mut classed = 0;
    for r in list(&read["residences"]) {
        let i = list(&map["codes"]).iter().position(|c| *c == r["code"]).unwrap();
        assert_eq!(
            r["valeurs"].get(0).filter(|v| !v.is_null()),
            map["valeurs"].get(i).filter(|v| !v.is_null()),
            "{r}"
        );
        let enough = r["repondants"].as_u64().is_some_and(|n| n >= 20)
            && r["taux_reponse"].as_f64().is_some_and(|t| t >= 0.5);
        assert_eq!(r["classee"], enough, "{r}");
        classed += usize::from(enough);
        if enough {
            let alerts = list(&r["alertes"]).iter().filter(|a| **a == true).count();
            assert_eq!(r["nb_alertes"], alerts);
            assert!(
                r["rang_bas"].as_u64() <= r["rang"].as_u64() && r["rang"].as_u64() <= r["rang_haut"].as_u64(),
                "{r}"
            );
        } else {
            assert!(r["classe"].is_null() && r["score"].is_null() && r["motif"].is_string());
        }
    }
    assert!(classed > 5, "a world without classed residences would prove nothing");
}

#[tokio::test]
async fn a_bailleur_reads_its_own_residences_against_the_same_epci() {
    let state = ok(PATH).await;
    let own = ask(&door("bailleur").await, "GET", PATH, None).await.json();
    let epci = |v: &Value| list(&v["composantes"]).iter().map(|c| c["epci"].clone()).collect::<Vec<_>>();
    assert_eq!(epci(&own), epci(&state), "the value of the EPCI is the same for all");
    assert!(list(&own["residences"]).iter().all(|r| r["logements"].as_u64() > Some(0)));
    let elsewhere = ask(&door("bailleur ailleurs").await, "GET", PATH, None).await;
    assert_eq!(elsewhere.status, 403);
    let outside = ask(&door("epci").await, "GET", "/api/residences/fragilite?epci=200000002", None).await;
    assert_eq!(outside.status, 403, "{}", outside.text());
}

/// The file of a residence, as someone sees it.
async fn file(who: &Option<Door>, residence: &str) -> Option<Value> {
    let all = ask(who, "GET", "/api/rpems", None).await.json();
    all["dossiers"].as_array()?.iter().find(|d| d["residence"] == residence).cloned()
}

#[tokio::test]
async fn the_bailleur_proposes_the_epci_decides_and_the_state_reads() {
    let own = ask(&door("bailleur").await, "GET", PATH, None).await.json();
    let code = own["residences"][0]["code"].as_str().unwrap().to_owned();
    let (bailleur, epci, ddets) = (door("bailleur").await, door("epci").await, door("ddets").await);
    let proposal =
        json!({"residence": code, "motif": "occupation", "commentaire": "Trois cages d'escalier."});
    assert_eq!(ask(&epci, "POST", "/api/rpems", Some(&proposal)).await.status, 403);
    let made = ask(&bailleur, "POST", "/api/rpems", Some(&proposal)).await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(ask(&bailleur, "POST", "/api/rpems", Some(&proposal)).await.status, 409);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/api/rpems/{id}/decisions");

    // Each sees what is theirs to do; the commune and the next EPCI see nothing yet.
    assert_eq!(file(&bailleur, &code).await.unwrap()["decisions"], json!(["retirer"]));
    assert_eq!(file(&epci, &code).await.unwrap()["decisions"], json!(["valider", "refuser"]));
    assert_eq!(file(&ddets, &code).await.unwrap()["decisions"], json!([]));
    for who in ["commune", "epci sans convention", "ddets ailleurs", "bailleur ailleurs"] {
        let other = door(who).await;
        assert!(file(&other, &code).await.is_none(), "{who}");
    }
    let decide =
        |decision: &str, rang: i64, motif: &str| json!({"decision": decision, "rang": rang, "motif": motif});
    assert_eq!(ask(&bailleur, "POST", &path, Some(&decide("valider", 1, "occupation"))).await.status, 403);
    assert_eq!(ask(&ddets, "POST", &path, Some(&decide("valider", 1, "occupation"))).await.status, 403);
    assert_eq!(
        ask(&epci, "POST", &path, Some(&decide("valider", 1, "erreur"))).await.status,
        400,
        "not a reason to validate"
    );
    assert_eq!(
        ask(&epci, "POST", &path, Some(&decide("valider", 9, "occupation"))).await.status,
        409,
        "read before a change"
    );
    let over = json!({"decision": "valider", "rang": 1, "motif": "occupation", "debut": "1999-01-01"});
    let refused = ask(&epci, "POST", &path, Some(&over)).await;
    assert!(refused.status == 400 && refused.text().contains("déjà finie"), "{}", refused.text());
    let dated = json!({"decision": "valider", "rang": 1, "motif": "occupation", "debut": "2024-01-15"});
    let done = ask(&epci, "POST", &path, Some(&dated)).await;
    assert_eq!(done.status, 204, "{}", done.text());

    let valid = file(&ddets, &code).await.unwrap();
    assert_eq!((valid["debut"].as_str(), valid["fin"].as_str()), (Some("2024-01-15"), Some("2027-01-14")));
    let annex = ask(&epci, "GET", "/api/rpems.csv?epci=200000001", None).await;
    assert!(
        annex.header("content-disposition").contains("mosaique_rpems_annexe-cia_200000001_"),
        "{}",
        annex.header("content-disposition")
    );
    assert_eq!(annex.text().contains(&code), valid["en_vigueur"] == true, "{}", annex.text());
    let again = ask(&bailleur, "POST", &path, Some(&decide("renouveler", 2, "trajectoire"))).await;
    assert_eq!(again.status, 204, "{}", again.text());
    assert_eq!(list(&file(&epci, &code).await.unwrap()["historique"]).len(), 3);
}

#[tokio::test]
async fn an_index_is_made_of_what_its_units_show_and_needs_five_of_them() {
    let all = ok("/api/segregation?echelle=iris&epci=200000001").await;
    let line = &all["vagues"][0]["lignes"][0];
    let units = list(&line["quotients"]);
    assert_eq!(line["unites"], units.len());
    let n = |u: &Value, key: &str| u[key].as_f64().unwrap();
    let (a, t): (f64, f64) =
        (units.iter().map(|u| n(u, "groupe")).sum(), units.iter().map(|u| n(u, "menages")).sum());
    let d: f64 = units
        .iter()
        .map(|u| 0.5 * (n(u, "groupe") / a - (n(u, "menages") - n(u, "groupe")) / (t - a)).abs())
        .sum();
    assert!((line["dissimilarite"].as_f64().unwrap() - d).abs() <= 5e-5 + 1e-9, "{line}");
    for u in units {
        let sheet = ok(&format!("/api/zones/iris/{}?indicateurs=I02", u["code"].as_str().unwrap())).await;
        let figure = &sheet["chiffres"][0];
        assert_eq!((&u["groupe"], &u["menages"]), (&figure["numerateur"], &figure["denominateur"]));
        assert!(n(u, "menages") >= 11.0);
    }
    // Two communes in each EPCI: too few for an index.
    let few = ok("/api/segregation?echelle=commune").await;
    for line in list(&few["vagues"][0]["lignes"]) {
        assert!(line["dissimilarite"].is_null() && line["motif"].is_string(), "{line}");
    }
}

#[tokio::test]
async fn who_may_not_see_the_units_is_given_the_index_without_them() {
    let path = "/api/segregation?epci=200000002";
    let state = ok(path).await;
    let other = ask(&door("epci").await, "GET", path, None).await.json();
    assert_eq!(
        other["vagues"][0]["lignes"][0]["dissimilarite"],
        state["vagues"][0]["lignes"][0]["dissimilarite"]
    );
    assert!(list(&other["vagues"][0]["lignes"][0]["quotients"]).is_empty());
    assert!(!list(&state["vagues"][0]["lignes"][0]["quotients"]).is_empty());
    assert_eq!(ask(&None, "GET", path, None).await.status, 401);
}
