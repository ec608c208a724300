//! Cotation: a grid from draft to adopted, who may read demands and how, and that no handful is ever counted.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::rights::{ask, door};
use crate::world::send_as_is;

/// Seniority alone: the order of today where no grid is adopted.
fn seniority() -> Value {
    json!({"nom": "Ancienneté", "epci": "200000001", "genre": "premiere", "criteres": [
        {"code": "C57", "points": 0, "progression": {"pas": 1, "points": 1, "plafond": 1000}}]})
}

/// A grid of criteria that give points each.
fn grid(lines: &[(&str, i32)]) -> Value {
    let criteres: Vec<Value> =
        lines.iter().map(|(code, points)| json!({"code": code, "points": points})).collect();
    json!({"nom": "Essai", "epci": "200000001", "genre": "premiere", "criteres": criteres})
}

#[tokio::test]
async fn a_grid_goes_from_draft_to_adopted_and_scores_demands() {
    let epci = door("epci").await;
    let added = ask(&epci, "POST", "/api/cotation/grilles", Some(&grid(&[("C55", 10)]))).await;
    assert_eq!(added.status, 201, "{}", added.text());
    let path = format!("/api/cotation/grilles/{}", added.json()["id"].as_str().unwrap());
    let adoption = format!("{path}/adoption");

    // Without a priority of the law it is not adopted, and the list says why.
    let refused = ask(&epci, "POST", &adoption, Some(&json!({}))).await;
    assert_eq!(refused.status, 400);
    assert!(refused.json()["detail"].as_str().unwrap().contains("L.441-1"), "{}", refused.text());
    let mut sound = grid(&[("C09", 60), ("C17", 40), ("C20", 60), ("C55", 10), ("C12", 60)]);
    sound["criteres"][2]["preuve"] = json!(true);
    sound["criteres"][0]["preuve"] = json!(true);
    assert_eq!(ask(&epci, "PUT", &path, Some(&sound)).await.status, 204);

    // A draft is its EPCI's and the State's of that territory.
    let listed = async |who: &str| {
        let list = ask(&door(who).await, "GET", "/api/cotation/grilles", None).await.json();
        list["grilles"].as_array().unwrap().iter().any(|g| path.ends_with(g["id"].as_str().unwrap()))
    };
    for (who, expected) in [
        ("epci", true),
        ("ddets", true),
        ("dreal", true),
        ("ddets ailleurs", false),
        ("epci sans convention", false),
        ("commune", false),
        ("bailleur", false),
    ] {
        assert_eq!(listed(who).await, expected, "{who}");
    }
    // Nothing is listed demand by demand by a draft.
    let question = "/api/cotation/demandes?epci=200000001";
    assert_eq!(ask(&epci, "GET", question, None).await.status, 404);

    let past = ask(&epci, "POST", &adoption, Some(&json!({"visible": "2020-01-01"}))).await;
    assert_eq!(past.status, 400, "{}", past.text());
    let adopted = ask(&epci, "POST", &adoption, Some(&json!({}))).await;
    assert_eq!((adopted.status.as_u16(), &adopted.json()["version"]), (200, &json!(1)), "{}", adopted.text());
    for (method, body) in [("PUT", Some(&sound)), ("DELETE", None)] {
        assert_eq!(ask(&epci, method, &path, body).await.status, 409, "an adopted grid never changes");
    }
    assert!(listed("bailleur").await && listed("epci sans convention").await, "an adopted one is public");
    let csv = ask(&door("bailleur").await, "GET", &format!("{path}/csv"), None).await;
    assert_eq!(csv.status, 200);

    // The file that left comes back as a draft.
    let request = Request::put("/api/cotation/grilles?epci=200000001")
        .header("cookie", &epci.as_ref().unwrap().cookie)
        .header("x-csrf-token", &epci.as_ref().unwrap().csrf)
        .header("content-type", "text/csv");
    let back = send_as_is(request.body(Body::from(csv.bytes.clone())).unwrap()).await;
    assert_eq!(back.status, 201, "{}", back.text());

    // Demands in its order; a commune reads those that name it.
    let told = ask(&epci, "GET", question, None).await.json();
    let list = told["demandes"].as_array().unwrap();
    assert!(list.len() == 50 && told["total"].as_u64().unwrap() > 150, "{told}");
    let notes: Vec<i64> = list.iter().map(|d| d["note"].as_i64().unwrap()).collect();
    assert!(notes.is_sorted_by(|a, b| a >= b) && notes[0] > 0);
    let named = |d: &Value| d["detail"].as_array().unwrap().iter().any(|p| p["code"] == "C09");
    assert!(!list.iter().any(named), "a sensitive criterion is not named");
    let csv = ask(&epci, "GET", "/api/cotation/demandes.csv?epci=200000001", None).await;
    assert_eq!(csv.text().lines().count() as u64, told["total"].as_u64().unwrap() + 1);
    evidence(&epci, list).await;
    let commune = door("commune").await;
    let own = ask(&commune, "GET", question, None).await.json();
    assert!(
        own["demandes"]
            .as_array()
            .unwrap()
            .iter()
            .all(|d| d["communes"].as_array().unwrap().contains(&json!("Commune 1")))
    );
    assert_eq!(ask(&commune, "GET", &format!("{question}&commune=73902"), None).await.status, 403);
    for (who, status) in [
        ("bailleur", 403),
        ("epci sans convention", 403),
        ("ddets ailleurs", 403),
        ("action logement", 403),
        ("ddets", 200),
    ] {
        assert_eq!(ask(&door(who).await, "GET", question, None).await.status, status, "{who}");
    }
    for (wrong, word) in [
        ("&page=0", "1"),
        ("&typologie=T9", "T6P"),
        ("&commune=73903", "73901"),
        ("&base=x", "definitive"),
        ("&dalo=x", "oui"),
        ("&couleur=x", "couleur"),
    ] {
        let reply = ask(&epci, "GET", &format!("{question}{wrong}"), None).await;
        assert!(
            reply.status == 400 && reply.text().contains(word),
            "{wrong}: {} {}",
            reply.status,
            reply.text()
        );
    }
}

/// Evidence that is ticked counts in the definitive note at once, is taken back, and stays in the history.
async fn evidence(epci: &Option<crate::rights::Door>, list: &[Value]) {
    let hotel = |d: &&Value| d["detail"].as_array().unwrap().iter().any(|p| p["code"] == "C20");
    let reference = list.iter().find(hotel).unwrap()["reference"].as_str().unwrap().to_owned();
    let definitive = async || {
        let list =
            ask(epci, "GET", "/api/cotation/demandes.csv?epci=200000001&base=definitive", None).await.text();
        let line = list.lines().find(|l| l.contains(&reference)).unwrap().to_owned();
        line.split(';').nth(2).unwrap().parse::<i64>().unwrap()
    };
    let before = definitive().await;
    let path = format!("/api/cotation/demandes/{reference}/justificatifs");
    let asked = ask(epci, "GET", &format!("{path}?epci=200000001"), None).await.json();
    assert_eq!(
        (&asked["demandes"][0]["critere"], &asked["demandes"][1]),
        (&json!("C20"), &Value::Null),
        "{asked}"
    );
    assert_eq!(asked["coches"], json!([]));
    let tick = json!({"epci": "200000001", "critere": "C20"});
    // A sensitive criterion is never ticked here, nor one that asks for nothing; the State reads, and ticks nothing.
    for critere in ["C09", "C17", "C99"] {
        let reply = ask(epci, "POST", &path, Some(&json!({"epci": "200000001", "critere": critere}))).await;
        assert_eq!(reply.status, 400, "{critere}: {}", reply.text());
    }
    for who in ["ddets", "bailleur", "epci sans convention", "public"] {
        let status = ask(&door(who).await, "POST", &path, Some(&tick)).await.status.as_u16();
        assert!(matches!(status, 401 | 403), "{who}: {status}");
    }
    let added = ask(epci, "POST", &path, Some(&tick)).await;
    assert_eq!(added.status, 201, "{}", added.text());
    assert_eq!(definitive().await, before + 60, "its 60 points count");
    assert_eq!(ask(epci, "POST", &path, Some(&tick)).await.status, 409);
    let undo = format!("/api/cotation/justificatifs/{}", added.json()["id"].as_str().unwrap());
    assert_eq!(ask(&door("ddets").await, "DELETE", &undo, None).await.status, 403);
    assert_eq!(ask(epci, "DELETE", &undo, None).await.status, 204);
    assert_eq!(ask(epci, "DELETE", &undo, None).await.status, 404, "it is taken back once");
    assert_eq!(definitive().await, before);
    let told = ask(epci, "GET", &format!("{path}?epci=200000001"), None).await.json();
    let kept = &told["coches"][0];
    assert!(kept["critere"] == "C20" && kept["par"] != "" && kept["le"].is_string(), "{told}");
    assert!(kept["retire_le"].is_string() && kept["retire_par"] == kept["par"], "{told}");
}

/// Every count of a simulation: secret, 0, or 15 and more in steps of five.
fn counts(told: &Value) -> Vec<u64> {
    let of = |v: &Value| v.as_u64();
    let mut all: Vec<u64> = ["ex_aequo_avant", "ex_aequo_apres", "montent", "descendent"]
        .iter()
        .filter_map(|k| of(&told[k]))
        .collect();
    for c in told["criteres"].as_array().unwrap() {
        all.extend(of(&c["demandes"]));
    }
    for cut in told["repartitions"].as_array().unwrap() {
        for l in cut["lignes"].as_array().unwrap() {
            all.extend(["demandes", "montent", "descendent"].iter().filter_map(|k| of(&l[k])));
        }
    }
    all
}

#[tokio::test]
async fn made_up_grids_count_no_handful() {
    let epci = door("epci").await;
    let simulate = async |avant: &Value, apres: &Value| {
        let body = json!({"avant": avant, "apres": apres});
        let reply = ask(&epci, "POST", "/api/cotation/simulation", Some(&body)).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()
    };
    for n in 1..=66 {
        let code = format!("C{n:02}");
        let told = simulate(&seniority(), &grid(&[(&code, 100)])).await;
        for count in counts(&told) {
            assert!(count == 0 || (count >= 15 && count % 5 == 0), "{code}: {count} in {told}");
        }
    }
    // Six demands of the world meet C09: with it or without, nothing differs but what is said of the grid.
    for base in [&[("C17", 40)][..], &[("C55", 10), ("C57", 3), ("C17", 40)], &[("C51", 1)]] {
        let with: Vec<(&str, i32)> = base.iter().copied().chain([("C09", 500)]).collect();
        let mut told = simulate(&grid(base), &grid(&with)).await;
        let line = told["criteres"].as_array_mut().unwrap().pop().unwrap();
        assert_eq!(
            (line["code"].as_str(), &line["demandes"], &line["double_de"]),
            (Some("C09"), &Value::Null, &Value::Null)
        );
        let tau = told["tau"].as_f64();
        assert!(tau.is_none_or(|t| t >= 0.8), "{told}");
        assert!(told["montent"].is_null() || told["montent"] == 0, "{told}");
    }
    let foreign = json!({"avant": grid(&[("C55", 1)]), "apres": {"nom": "x", "epci": "200000002", "genre": "premiere", "criteres": []}});
    assert_eq!(ask(&epci, "POST", "/api/cotation/simulation", Some(&foreign)).await.status, 403);
    let wild = json!({"avant": grid(&[]), "apres": grid(&[("C55", 2_000_000_000)])});
    assert_eq!(ask(&epci, "POST", "/api/cotation/simulation", Some(&wild)).await.status, 400);
}

#[tokio::test]
async fn pressure_gives_no_count_of_one_to_ten_to_anyone() {
    for who in ["epci", "bailleur", "agence", "commune ailleurs"] {
        let door = door(who).await;
        for path in [
            "",
            "?par=commune",
            "?par=typologie&epci=200000001",
            "?par=typologie&epci=200000002",
            "?par=quartile&epci=200000001",
            "?par=commune&epci=200000002",
            "?par=mois&epci=200000001",
            "?par=annee&epci=200000002",
        ] {
            let reply = ask(&door, "GET", &format!("/api/cotation/pression{path}"), None).await;
            assert_eq!(reply.status, 200, "{who} {path}: {}", reply.text());
            let told = reply.json();
            let lines = told["lignes"].as_array().unwrap();
            // The world of these tests has no leases: no month to show.
            assert!(!lines.is_empty() || path.contains("mois") || path.contains("annee"));
            for l in lines {
                for key in
                    ["deposees", "demandes", "premier_choix", "demandes_hors_mutations", "attributions"]
                {
                    assert!(l[key].as_u64().is_none_or(|n| n == 0 || n >= 11), "{who} {path}: {l}");
                }
            }
        }
    }
    let epci = door("epci").await;
    assert_eq!(ask(&epci, "GET", "/api/cotation/pression?par=quartile", None).await.status, 400);
    assert_eq!(ask(&epci, "GET", "/api/cotation/pression?par=typologie", None).await.status, 400);
    assert_eq!(ask(&epci, "GET", "/api/cotation/pression?par=age", None).await.status, 400);
}

#[tokio::test]
async fn trips_give_no_count_of_one_to_ten_and_come_to_places_that_are_told() {
    for who in ["epci", "bailleur", "agence"] {
        let door = door(who).await;
        for epci in ["200000001", "200000002"] {
            let reply = ask(&door, "GET", &format!("/api/cotation/trajets?epci={epci}"), None).await;
            assert_eq!(reply.status, 200, "{who}: {}", reply.text());
            let told = reply.json();
            let codes = |key: &str| -> Vec<String> {
                let list = told[key].as_array().unwrap().iter();
                list.map(|p| p["code"].as_str().unwrap().to_owned()).collect()
            };
            let (from, to) = (codes("origines"), codes("destinations"));
            for t in told["trajets"].as_array().unwrap() {
                assert!(t["demandes"].as_u64().unwrap() >= 15, "{t}");
                assert!(from.contains(&t["de"].as_str().unwrap().to_owned()), "{t}");
                assert!(t["vers"].as_str().is_none_or(|v| to.contains(&v.to_owned())), "{t}");
            }
        }
    }
    let epci = door("epci").await;
    assert_eq!(ask(&epci, "GET", "/api/cotation/trajets", None).await.status, 400);
    assert_eq!(ask(&epci, "GET", "/api/cotation/trajets?epci=9", None).await.status, 400);
}
