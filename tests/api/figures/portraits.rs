//! Portraits on paper: who gets which edition; `tests/oracle/test_portraits.py` reads what they say.

use std::io::{Cursor, Read};

use serde_json::json;

use crate::people::PEOPLE;
use crate::rights::{ask, door};
use crate::world::{commune_box, polygon};

const COMMUNE: &str = "/api/portraits/commune/73901";

#[tokio::test]
async fn the_public_edition_is_the_same_paper_whoever_asks() {
    let anyone = ask(&None, "GET", COMMUNE, None).await;
    assert_eq!(anyone.status, 200, "{}", anyone.text());
    assert_eq!(anyone.header("content-type"), "application/pdf");
    assert!(anyone.header("content-disposition").ends_with("_publique.pdf\""));
    assert!(anyone.bytes.starts_with(b"%PDF-1.7"));
    for (who, ..) in PEOPLE {
        let door = door(who).await;
        let public = ask(&door, "GET", &format!("{COMMUNE}?edition=publique"), None).await;
        assert_eq!(public.status, 200, "{who}: {}", public.text());
        assert!(public.bytes == anyone.bytes, "{who}: another public edition");
        let own = ask(&door, "GET", COMMUNE, None).await;
        assert_eq!(own.status, 200, "{who}: {}", own.text());
        assert!(own.header("content-disposition").ends_with("_restreinte.pdf\""), "{who}");
        assert!(own.bytes != anyone.bytes, "{who}");
    }
}

#[tokio::test]
async fn what_is_not_open_is_refused_with_its_reason() {
    let restricted = ask(&None, "GET", &format!("{COMMUNE}?edition=restreinte"), None).await;
    assert_eq!(restricted.status, 401, "{}", restricted.text());
    let archive = ask(&None, "GET", "/api/portraits?echelle=commune&edition=publique", None).await;
    assert_eq!(archive.status, 401, "{}", archive.text());
    let state = door("ddets").await;
    for (path, status, word) in [
        (format!("{COMMUNE}?edition=secrete"), 400, "restreinte, publique"),
        (format!("{COMMUNE}?population=RECENTS"), 400, "population"),
        ("/api/portraits/commune/00000".to_owned(), 404, "00000"),
        ("/api/portraits/nulle/1".to_owned(), 404, "nulle"),
        ("/api/portraits?echelle=residence&edition=publique".to_owned(), 400, "ni résidence"),
    ] {
        let reply = ask(&state, "GET", &path, None).await;
        assert_eq!(reply.status, status, "{path}: {}", reply.text());
        assert!(reply.json()["detail"].as_str().unwrap().contains(word), "{path}: {}", reply.text());
    }
    let list = ask(&state, "GET", "/api/zones?echelle=residence&limite=1", None).await.json();
    let code = list["zones"][0]["code"].as_str().unwrap();
    let path = format!("/api/portraits/residence/{code}");
    assert_eq!(ask(&state, "GET", &path, None).await.status, 200);
    let public = ask(&state, "GET", &format!("{path}?edition=publique"), None).await;
    assert_eq!(public.status, 400, "{}", public.text());
    // Whose stock it is not has no portrait of it.
    let other = door("bailleur ailleurs").await;
    assert_eq!(ask(&other, "GET", &path, None).await.status, 403);
}

#[tokio::test]
async fn a_drawn_zone_and_all_communes_of_an_epci_have_their_papers() {
    let state = door("ddets").await;
    let zone = json!({"nom": "Autour de la gare", "geometrie": polygon(commune_box(1))});
    let drawn = ask(&state, "POST", "/api/portraits", Some(&json!({"zone": zone}))).await;
    assert_eq!(drawn.status, 200, "{}", drawn.text());
    assert!(drawn.header("content-disposition").contains("mosaique_portrait_zone-autour-de-la-gare_"));
    let asked = ask(&state, "GET", "/api/portraits?echelle=commune&dans=epci:200000001", None).await;
    assert_eq!(asked.status, 200, "{}", asked.text());
    let mut archive = zip::ZipArchive::new(Cursor::new(&asked.bytes)).unwrap();
    let communes = ask(&state, "GET", "/api/zones?echelle=commune&dans=epci:200000001", None).await.json();
    let with_dwellings =
        communes["zones"].as_array().unwrap().iter().filter(|z| z["logements"].as_u64() > Some(0)).count();
    assert_eq!(archive.len(), with_dwellings);
    for i in 0..archive.len() {
        let mut file = archive.by_index(i).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        assert!(bytes.starts_with(b"%PDF-1.7"), "{i}");
    }
}
