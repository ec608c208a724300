//! The check before the commission, as far as a territory without leases tells: refusals, places, lines of a
//! file.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::rights::{ask, door};
use crate::world::{Reply, WORLD, commune_box, send_as_is};

const PATH: &str = "/api/attributions/controle";

fn at(commune: usize, more: Value) -> Value {
    let [w, s, ..] = commune_box(commune);
    let mut body = json!({"date": "2024-06-15", "logement": {"lon": w + 0.005, "lat": s + 0.005}});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

async fn csv(who: &str, query: &str, text: &str) -> Reply {
    let request = Request::post(format!("{PATH}/csv{query}"))
        .header("content-type", "text/csv")
        .header("authorization", WORLD.people.bearer(who));
    send_as_is(request.body(Body::from(text.to_owned())).unwrap()).await
}

fn verdict(answer: &Value, rule: &str) -> String {
    let rules = answer["regles"].as_array().unwrap();
    rules.iter().find(|r| r["regle"] == rule).unwrap()["verdict"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn each_checks_its_own_and_is_told_why_not_the_rest() {
    for (who, commune, status) in [
        ("epci", 0, 200),
        ("epci", 2, 403),
        ("commune", 0, 200),
        ("commune", 1, 403),
        ("ddets", 2, 200),
        ("ddets ailleurs", 0, 403),
        ("bailleur", 0, 200),
        ("agence", 0, 403),
        ("administrateur", 0, 403),
        ("action logement", 0, 403),
    ] {
        let reply = ask(&door(who).await, "POST", PATH, Some(&at(commune, json!({})))).await;
        assert_eq!(reply.status, status, "{who} {commune}: {}", reply.text());
    }
    let own = at(0, json!({"reservataire": "ACTION_LOGEMENT"}));
    assert_eq!(ask(&door("action logement").await, "POST", PATH, Some(&own)).await.status, 200);
    let other = at(0, json!({"logement": {"lon": 5.805, "lat": 45.505, "bailleur_siren": "300000001"}}));
    let reply = ask(&door("bailleur").await, "POST", PATH, Some(&other)).await;
    assert_eq!(reply.status, 403, "{}", reply.text());
}

#[tokio::test]
async fn a_level_that_is_not_open_is_named_and_not_shown() {
    // Where no lease of the year is loaded no level is measured at all, and that is another reason.
    let closed = |answer: &Value| -> Vec<String> {
        answer["niveaux_fermes"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|n| !n["motif"].as_str().unwrap().starts_with("Aucun bail de l'année"))
            .map(|n| n["niveau"].as_str().unwrap().to_owned())
            .collect()
    };
    let body = at(0, json!({"reservataire": "ACTION_LOGEMENT"}));
    for (who, expected) in [
        ("ddets", vec![]),
        // The State's share is judged in the whole département, which an EPCI does not see.
        ("epci", vec!["bailleur_departement"]),
        ("bailleur", vec!["epci", "commune"]),
        ("action logement", vec!["epci", "commune", "bailleur", "bailleur_departement"]),
    ] {
        let answer = ask(&door(who).await, "POST", PATH, Some(&body)).await.json();
        assert_eq!(closed(&answer), expected, "{who}");
        let levels =
            answer["regles"].as_array().unwrap().iter().flat_map(|r| r["effets"].as_array().unwrap());
        assert!(levels.clone().all(|e| !expected.contains(&e["niveau"].as_str().unwrap())), "{who}");
    }
}

#[tokio::test]
async fn the_qpv_in_force_on_the_day_of_the_lease_decides() {
    // Between the eastern edges of the QPV of 2015 and of 2024.
    let place = |date: &str| json!({"date": date, "logement": {"lon": 5.825, "lat": 45.52}, "menage": {"quartile": 1}, "reservataire": "BAILLEUR"});
    let door = door("ddets").await;
    let before = ask(&door, "POST", PATH, Some(&place("2023-12-31"))).await.json();
    let after = ask(&door, "POST", PATH, Some(&place("2024-01-01"))).await.json();
    assert_eq!(
        (&before["logement"]["qpv"]["generation"], &before["logement"]["qpv"]["reponse"]),
        (&json!("2015"), &json!("dehors"))
    );
    assert_eq!(
        (&after["logement"]["qpv"]["generation"], &after["logement"]["qpv"]["reponse"]),
        (&json!("2024"), &json!("dedans"))
    );
    assert_eq!(verdict(&before, "hors_qpv_q1"), "conforme");
    assert_eq!(verdict(&after, "hors_qpv_q1"), "sans_objet");
    // At ten metres of the edge with a point of the street only, nobody can say.
    let mut doubtful = place("2024-01-01");
    doubtful["logement"] = json!({"lon": 5.8299, "lat": 45.52, "qualite": 12});
    let answer = ask(&door, "POST", PATH, Some(&doubtful)).await.json();
    assert_eq!(answer["logement"]["qpv"]["reponse"], "incertain");
    assert_eq!(verdict(&answer, "qpv_autres_quartiles"), "indeterminable");
}

#[tokio::test]
async fn bad_lines_are_named_by_line_column_and_rule_and_the_others_are_checked() {
    let text = "dossier;date_bail;lon;lat;reservataire;nb_personnes;nb_moins14;quartile\n\
        A;2024-06-15;5,805;45,505;BAILLEUR;3;1;2\n\
        B;2024-06-15;5,805;45,505;MOI;3;1;2\n\
        C;hier;5,805;45,505;BAILLEUR;3;1;2\n\
        D;2024-06-15;ici;45,505;BAILLEUR;3;1;2\n\
        E;2024-06-15;5,805;45,505;BAILLEUR;3;3;2\n\
        F;2024-06-15;;;BAILLEUR;3;1;2\n\
        G;2024-06-15;5,805;45,505\n\
        H;2024-06-15;5,805;45,605;BAILLEUR;3;1;2\n";
    let answer = csv("epci", "", text).await.json();
    let errors: Vec<(u64, &str, &str)> = answer["erreurs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| (e["ligne"].as_u64().unwrap(), e["colonne"].as_str().unwrap(), e["regle"].as_str().unwrap()))
        .collect();
    assert_eq!(
        errors[..5],
        [
            (3, "reservataire", "C02"),
            (4, "date_bail", "C01"),
            (5, "lon", "C03"),
            (6, "nb_moins14", "C06"),
            (7, "ident_rep", "C08"),
        ],
        "{answer:#}"
    );
    assert_eq!(errors.last().map(|e| e.2), Some("C08"), "a point outside of all communes");
    assert_eq!((answer["lignes"].as_u64(), answer["controlees"].as_u64()), (Some(8), Some(2)));
    let checked = answer["dossiers"].as_array().unwrap();
    let names: Vec<&str> = checked.iter().map(|d| d["dossier"].as_str().unwrap()).collect();
    assert_eq!(names, ["A", "G"], "a line that stops before its end has its last cells empty");
}

#[tokio::test]
async fn the_result_is_a_csv_with_a_line_for_each_file_and_rule() {
    let text = "dossier;date_bail;lon;lat;reservataire;quartile\nA;2024-06-15;5,805;45,505;BAILLEUR;1\n=B;2024-06-15;5,805;45,505;MOI;1\n";
    let reply = csv("ddets", "?format=csv", text).await;
    assert!(reply.header("content-disposition").contains("mosaique_controle-commission.csv"));
    let out = reply.text();
    let mut rows =
        csv::ReaderBuilder::new().delimiter(b';').from_reader(out.trim_start_matches('\u{feff}').as_bytes());
    let all: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    assert_eq!(
        all.len(),
        10 + 1,
        "seven rules of social mix, three of one allocation, and a line that was not checked"
    );
    assert_eq!(&all[0][5], "hors_qpv_q1");
    assert_eq!(&all[10][9], "ligne non contrôlée");
    assert_eq!(&all[10][1], "'=B", "no cell is a formula");
}

#[tokio::test]
async fn what_is_asked_wrongly_says_what_to_do() {
    let door = door("ddets").await;
    for (body, status, word) in [
        (json!({"logement": {"ident_rep": "0000000000"}, "date": "2024-06-15"}), 404, "RPLS 2024"),
        (json!({"logement": {}, "date": "2024-06-15"}), 400, "désigné"),
        (json!({"logement": {"lon": 5.805, "lat": 45.505}}), 400, "donnez la date"),
        (json!({"logement": {"lon": 0.0, "lat": 0.0}, "date": "2024-06-15"}), 400, "commune"),
        (
            json!({"logement": {"lon": 5.805, "lat": 45.505}, "date": "2024-06-15", "menage": {"salaire": 1}}),
            400,
            "salaire",
        ),
    ] {
        let reply = ask(&door, "POST", PATH, Some(&body)).await;
        assert_eq!(reply.status, status, "{body}: {}", reply.text());
        assert!(reply.json()["detail"].as_str().unwrap().contains(word), "{body}: {}", reply.text());
    }
}
