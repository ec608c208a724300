//! The annex of residences à enjeu as a file and as a paper.

use serde_json::json;

use crate::paper::Paper;
use crate::rights::{ask, door};

#[tokio::test]
async fn the_annex_on_paper_has_the_residences_of_the_file_and_no_other() {
    let (lessor, epci) = (door("bailleur").await, door("epci").await);
    let list = "/api/residences/fragilite?epci=200000001";
    let own = ask(&lessor, "GET", list, None).await.json();
    let code = |i: usize| own["residences"][i]["code"].as_str().unwrap().to_owned();
    // The second and third of the list: the first is another test's.
    let mut ids = Vec::new();
    for i in [1, 2] {
        let words =
            json!({"residence": code(i), "motif": "occupation", "commentaire": format!("Raison {i}.")});
        let made = ask(&lessor, "POST", "/api/rpems", Some(&words)).await;
        assert_eq!(made.status, 201, "{}", made.text());
        ids.push(made.json()["id"].as_str().unwrap().to_owned());
    }
    let empty = ask(&epci, "GET", "/api/rpems.pdf?epci=200000001", None).await;
    assert_eq!(empty.status, 200, "{}", empty.text());
    let words =
        json!({"decision": "valider", "rang": 1, "motif": "occupation", "commentaire": "Vue en commission."});
    let path = format!("/api/rpems/{}/decisions", ids[0]);
    let done = ask(&epci, "POST", &path, Some(&words)).await;
    assert_eq!(done.status, 204, "{}", done.text());

    // The file first: another test may put a residence on the list meanwhile.
    let file = ask(&epci, "GET", "/api/rpems.csv?epci=200000001", None).await.text();
    let annex = "/api/rpems.pdf?epci=200000001";
    let paper = ask(&epci, "GET", annex, None).await;
    assert_eq!(paper.header("content-type"), "application/pdf");
    let name = paper.header("content-disposition");
    assert!(name.contains("mosaique_rpems_annexe-cia_200000001_20") && name.ends_with(".pdf\""), "{name}");
    let read = Paper::read(&paper.bytes);
    assert!(read.says("Annexe à la convention intercommunale") && read.says("CA du Sud"), "{}", read.text);
    // Line by line, what the file has.
    let mut rows =
        csv::ReaderBuilder::new().delimiter(b';').from_reader(file.trim_start_matches('\u{feff}').as_bytes());
    let french = |iso: &str| iso.split('-').rev().collect::<Vec<_>>().join("/");
    let mut seen = 0;
    for row in rows.records().map(Result::unwrap) {
        let cell = |i: usize| row.get(i).unwrap();
        let line =
            format!("{}{}{}{}{}{}", cell(3), cell(10), french(cell(6)), french(cell(7)), cell(8), cell(11));
        assert!(cell(11).parse::<u64>().unwrap() > 0 && !cell(12).is_empty(), "{row:?}");
        assert!(read.says(&line), "{line}: {}", read.text);
        seen += 1;
    }
    assert!(seen > 0 && read.says("Vue en commission."), "{seen}");
    // What is only proposed is on no paper.
    let all = ask(&epci, "GET", "/api/rpems", None).await.json();
    let waiting = all["dossiers"].as_array().unwrap().iter().find(|d| d["id"] == ids[1].as_str()).unwrap();
    let title = waiting["nom"].as_str().unwrap().rsplit_once(", ").unwrap().0;
    assert!(!file.contains(&code(2)) && !read.says(&format!("{title}Commune")), "{title}");
    // The same rights as the file.
    for who in ["dreal", "ddets", "bailleur"] {
        let theirs = ask(&door(who).await, "GET", annex, None).await;
        assert_eq!(theirs.status, 200, "{who}: {}", theirs.text());
        assert!(Paper::read(&theirs.bytes).says("Vue en commission."), "{who}");
    }
    let elsewhere = Paper::read(&ask(&door("bailleur ailleurs").await, "GET", annex, None).await.bytes);
    assert!(elsewhere.says("Aucune résidence") && !elsewhere.says("Vue en commission."));
    assert_eq!(ask(&door("agence").await, "GET", annex, None).await.status, 403);
}
