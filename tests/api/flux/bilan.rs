//! The yearly balance sheet: what the page is told, the file and the paper say the same.

use serde_json::{Value, json};

use crate::paper::Paper;
use crate::rights::{Door, ask, door};

/// A year that no other test tells of.
const YEAR: u16 = 2023;
const LESSOR: &str = "300000000";

/// Tells the life of a dwelling of the lessor, step by step; what it is comes with the first.
async fn live(who: &Option<Door>, logement: &str, of: [&str; 2], steps: &[(&str, &str, Value)]) {
    let [typologie, qpv] = of;
    for (i, (day, genre, more)) in steps.iter().enumerate() {
        let mut event = json!({
            "id": format!("{logement}-{i}"), "bailleur": LESSOR, "logement": logement, "jour": format!("{YEAR}-{day}"),
            "genre": genre,
        });
        if i == 0 {
            event["caracteristiques"] = json!({
                "commune": "73901", "typologie": typologie, "financement": "PLUS", "qpv": qpv, "periode": "1970-1989",
            });
        }
        event.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        let told = ask(who, "POST", "/api/flux/evenements", Some(&event)).await;
        assert_eq!(told.status, 200, "{event}: {}", told.text());
    }
}

/// One year: fourteen leases of the State, most of them of DALO households; one dwelling that the EPCI
/// refuses and a commune takes; one first letting.
async fn year(who: &Option<Door>) {
    let base = json!({"bailleur": LESSOR, "departement": "73", "annee": YEAR, "stock": 900, "taux": 8.0});
    let told = ask(who, "POST", "/api/flux/assiettes", Some(&base)).await;
    assert_eq!(told.status, 200, "{}", told.text());
    let to = |r: &str| json!({"reservataire": r});
    let none = || json!({});
    for n in 0..14 {
        let end =
            json!({"dalo": n < 12, "q1": n % 2 == 0, "mutation": if n == 0 { "EXTERNE" } else { "NON" }});
        live(
            who,
            &format!("BILAN-{n}"),
            [["T2", "T3"][n % 2], if n < 3 { "QN07301M" } else { "" }],
            &[
                ("02-01", "preavis", none()),
                ("02-05", "oriente", to("ETAT_PRIO")),
                ("02-08", "accepte", none()),
                ("02-20", "candidats", json!({"candidats": 3})),
                ("03-01", "caleol", none()),
                ("03-15", "bail", end),
            ],
        )
        .await;
    }
    live(
        who,
        "BILAN-REFUSE",
        ["T4", ""],
        &[
            ("04-01", "preavis", none()),
            ("04-05", "oriente", to("EPCI:200000001")),
            ("04-09", "refuse", json!({"motif": "loyer"})),
            ("04-11", "oriente", to("COMMUNE:73901")),
            ("04-20", "accepte", none()),
        ],
    )
    .await;
    live(
        who,
        "BILAN-NEUF",
        ["T3", ""],
        &[
            ("05-01", "premiere_location", none()),
            ("05-05", "oriente", to("EPCI:200000001")),
            ("05-08", "accepte", none()),
            ("05-20", "candidats", json!({"candidats": 3})),
            ("06-01", "caleol", none()),
            ("06-15", "bail", json!({"mutation": "NON"})),
        ],
    )
    .await;
}

fn count(value: &Value) -> String {
    value.as_u64().map_or_else(|| "secret".to_owned(), |n| n.to_string())
}

/// Every line of the page, cell after cell, is in the paper.
fn same(told: &Value, paper: &Paper) {
    let mut seen = 0;
    for l in told["lignes"].as_array().unwrap() {
        let name = l["nom"].as_str().unwrap();
        for keys in [
            &["proposes", "acceptes", "attribues", "baux", "dalo", "q1"][..],
            &["refus", "refus_candidat", "sans_candidat", "mutation_externe", "mutation_inconnue"],
        ] {
            let cells: String = keys.iter().map(|k| count(&l[*k])).collect();
            assert!(paper.says(&format!("{name}{cells}")), "{name} {cells}: {}", paper.text);
            seen += 1;
        }
    }
    for part in told["ventilations"].as_array().unwrap() {
        for l in part["lignes"].as_array().unwrap() {
            let counts: String = ["proposes", "attribues", "baux", "refus"].map(|k| count(&l[k])).concat();
            let (name, category) = (l["nom"].as_str().unwrap(), l["categorie"].as_str().unwrap());
            assert!(paper.says(&format!("{name}{category}{counts}")), "{name} {category} {counts}");
            seen += 1;
        }
    }
    assert!(seen > 15, "{seen} lines");
}

#[tokio::test]
async fn the_paper_is_the_page_line_by_line_live_and_frozen() {
    let lessor = door("bailleur").await;
    year(&lessor).await;
    let page = format!("/api/flux/bilan?annee={YEAR}&bailleur={LESSOR}");
    let sheet = format!("/api/flux/bilan.pdf?annee={YEAR}&bailleur={LESSOR}");
    let told = ask(&lessor, "GET", &page, None).await.json();
    assert_eq!(told["hors_flux"]["premieres_locations"], 1, "{told}");
    let live = ask(&lessor, "GET", &sheet, None).await;
    assert_eq!(live.status, 200, "{}", live.text());
    assert_eq!(live.header("content-type"), "application/pdf");
    let name = live.header("content-disposition");
    assert!(name.contains(&format!("\"mosaique_flux_bilan_{LESSOR}_{YEAR}_au-20")), "{name}");
    let paper = Paper::read(&live.bytes);
    same(&told, &paper);
    assert!(paper.says("Ce bilan n’est pas arrêté") && paper.says("Hors du flux en 2023 : 1 première mise"));
    // What stands beside one another adds up.
    let of =
        |key: &str| told["lignes"].as_array().unwrap().iter().filter_map(|l| l[key].as_u64()).sum::<u64>();
    let all = ["proposes", "acceptes", "attribues", "baux"].map(|k| of(k).to_string()).concat();
    assert!(paper.says(&format!("Ensemble{all}")), "{all}: {}", paper.text);
    assert!(paper.ornaments.contains("Page1sur") && paper.ornaments.contains("Secretstatistique"));
    // Titles, tables and the direction of their headers.
    for mark in ["/H1", "/H2", "/Table", "/TH", "/Column", "/Row", "/Lang", "/StructTreeRoot"] {
        assert!(paper.plain.contains(mark), "{mark}");
    }

    let frozen = ask(&lessor, "POST", "/api/flux/bilan", Some(&json!({"annee": YEAR}))).await;
    assert_eq!(frozen.status, 200, "{}", frozen.text());
    let arrete = frozen.json();
    let mark = arrete["empreinte"].as_str().unwrap();
    let version = format!("{sheet}&version={}", arrete["version"]);
    let kept = ask(&lessor, "GET", &version, None).await;
    assert_eq!(kept.status, 200, "{}", kept.text());
    let name = kept.header("content-disposition");
    assert!(name.contains(&format!("mosaique_flux_bilan_{LESSOR}_{YEAR}_v1_{mark}.pdf")), "{name}");
    let paper = Paper::read(&kept.bytes);
    same(&ask(&lessor, "GET", &format!("{page}&version=1"), None).await.json(), &paper);
    assert!(
        paper.says(&format!("Empreinte {mark}")) && paper.says("Bilan arrêté, version 1"),
        "{}",
        paper.text
    );
    assert!(paper.says("par bailleur"), "who froze it: {}", paper.text);
    // On each page.
    assert_eq!(paper.ornaments.matches(mark).count(), paper.pages);

    // What comes later changes the figures of the day, not the version.
    live_again(&lessor).await;
    let after = Paper::read(&ask(&lessor, "GET", &version, None).await.bytes);
    assert_eq!(after.text, paper.text);
    let now = Paper::read(&ask(&lessor, "GET", &sheet, None).await.bytes);
    assert!(now.says("Ces chiffres ne sont plus ceux de la version 1"), "{}", now.text);
    let unknown = ask(&lessor, "GET", &format!("{sheet}&version=9"), None).await;
    assert_eq!(unknown.status, 400, "{}", unknown.text());

    // A réservataire has its own lines; who has no business in it, nothing.
    let state = door("ddets").await;
    let theirs = Paper::read(&ask(&state, "GET", &version, None).await.bytes);
    same(&ask(&state, "GET", &format!("{page}&version=1"), None).await.json(), &theirs);
    // What is said of all is the sum of the lines that are shown, whoever looks.
    for who in ["bailleur", "ddets", "action logement"] {
        for by in ["convention", "reservataire", "commune"] {
            let path = format!("/api/flux/suivi?annee={YEAR}&par={by}");
            let told = ask(&door(who).await, "GET", &path, None).await.json();
            for (part, key) in [("comptes", "orientation"), ("comptes", "bail"), ("qpv", "bail")] {
                let lines = told["lignes"].as_array().unwrap();
                let sum: u64 = lines.iter().map(|l| l[part][key].as_u64().unwrap()).sum();
                assert_eq!(told["ensemble"][part][key], sum, "{who}, {by}: {part} {key}");
            }
        }
    }
    let al = ask(&door("action logement").await, "GET", &sheet, None).await;
    assert_eq!(al.status, 200, "{}", al.text());
    let al = Paper::read(&al.bytes);
    assert!(al.says("Seules les lignes de votre contingent") && !al.says("Commune ("), "{}", al.text);
    for who in ["agence", "administrateur"] {
        assert_eq!(ask(&door(who).await, "GET", &sheet, None).await.status, 403, "{who}");
    }
    let other = ask(&door("bailleur ailleurs").await, "GET", &sheet, None).await;
    assert_eq!(other.status, 400, "{}", other.text());
    assert_eq!(ask(&None, "GET", &sheet, None).await.status, 401);
}

/// One more offer.
async fn live_again(who: &Option<Door>) {
    let steps = [("07-01", "preavis", json!({})), ("07-03", "oriente", json!({"reservataire": "ETAT_PRIO"}))];
    live(who, "BILAN-APRES", ["T1", ""], &steps).await;
}
