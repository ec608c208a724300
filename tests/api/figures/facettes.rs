use std::collections::BTreeMap;

use serde_json::Value;

use crate::rights::{ask, door};
use crate::world::{WORLD, fault, ok, shared_address};

/// What a filter is called, and the attribute that it is about.
const FILTERS: [(&str, &str); 7] = [
    ("financement", "financement"),
    ("typologie", "typologie"),
    ("periode", "periode"),
    ("dpe", "dpe"),
    ("construction", "construction"),
    ("qpv", "qpv2024"),
    ("bande", "bande2024"),
];

/// Filter → code → dwellings, counted dwelling by dwelling.
fn counted(commune: Option<u32>, chosen: &[(&str, &[&str])]) -> BTreeMap<String, BTreeMap<String, u64>> {
    let facts = &WORLD.facts;
    let catalogue = mosaique::reference::indicators::Catalogue::embedded().unwrap();
    let code = |filter: &str, d: usize| -> String {
        if filter == "bailleur" {
            return facts.bailleurs[facts.bailleur_of[d] as usize].0.clone();
        }
        let id = FILTERS.iter().find(|(f, _)| *f == filter).unwrap().1;
        match facts.attributes[id][d] {
            0 => "NC".to_owned(),
            n => catalogue.attribute(id).unwrap().classes[n as usize - 1].code.clone(),
        }
    };
    let communes = &facts.layers.iter().find(|l| l.id == "commune").unwrap().of_address;
    let mut out: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    for filter in FILTERS.iter().map(|(f, _)| *f).chain(["bailleur"]) {
        let counts = out.entry(filter.to_owned()).or_default();
        for d in 0..facts.address_of.len() {
            let here = commune.is_none_or(|c| communes[facts.address_of[d] as usize] == c);
            let kept = chosen.iter().all(|(f, codes)| *f == filter || codes.contains(&code(f, d).as_str()));
            if here && kept {
                *counts.entry(code(filter, d)).or_default() += 1;
            }
        }
    }
    out
}

/// The same from an answer, without zeros.
fn answered(facettes: &Value) -> BTreeMap<String, BTreeMap<String, u64>> {
    let list = facettes["filtres"].as_array().unwrap();
    list.iter()
        .map(|f| {
            let counts = f["modalites"]
                .as_array()
                .unwrap()
                .iter()
                .map(|m| (m["code"].as_str().unwrap().to_owned(), m["logements"].as_u64().unwrap()));
            (f["id"].as_str().unwrap().to_owned(), counts.filter(|(_, n)| *n > 0).collect())
        })
        .collect()
}

#[tokio::test]
async fn each_filter_is_counted_under_the_others_dwelling_by_dwelling() {
    let questions: [(&str, Option<u32>, Vec<(&str, &[&str])>); 6] = [
        (
            "bande=B300,B500&financement=PLUS",
            None,
            vec![("bande", &["B300", "B500"]), ("financement", &["PLUS"])],
        ),
        ("", None, vec![]),
        ("financement=PLAI,PLUS", None, vec![("financement", &["PLAI", "PLUS"])]),
        ("dans=commune:73902", Some(1), vec![]),
        (
            "dans=commune:73901&qpv=DANS&typologie=T2,T3&bailleur=300000001",
            Some(0),
            vec![("qpv", &["DANS"]), ("typologie", &["T2", "T3"]), ("bailleur", &["300000001"])],
        ),
        (
            "dpe=NC&periode=AV1949&construction=C",
            None,
            vec![("dpe", &["NC"]), ("periode", &["AV1949"]), ("construction", &["C"])],
        ),
    ];
    for (query, commune, chosen) in questions {
        let answer = ok(&format!("/api/facettes?{query}")).await;
        assert_eq!(answered(&answer), counted(commune, &chosen), "{query}");
        // All filters together: what a map of dwellings counts under them.
        let list = ok(&format!("/api/zones?echelle=commune&{query}")).await;
        let sum: u64 =
            list["zones"].as_array().unwrap().iter().map(|z| z["logements"].as_u64().unwrap()).sum();
        assert_eq!(answer["logements"], sum, "{query}");
    }
}

#[tokio::test]
async fn without_a_filter_the_counts_are_those_of_the_catalogue() {
    let (catalogue, answer) = (ok("/api/catalogue").await, ok("/api/facettes").await);
    assert_eq!(answer["filtres"], catalogue["filtres"]);
}

#[tokio::test]
async fn a_bailleur_counts_only_its_own_stock_where_only_that_is_open() {
    let (code, mine, _) = shared_address().await;
    let session = door("bailleur").await;
    let reply = ask(&session, "GET", &format!("/api/facettes?dans=adresse:{code}"), None).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let bailleurs: Vec<(String, u64)> = answered(&reply.json())["bailleur"].clone().into_iter().collect();
    assert_eq!(bailleurs, [("300000000".to_owned(), mine)]);
    // The public sees no address at all.
    assert_eq!(ask(&None, "GET", &format!("/api/facettes?dans=adresse:{code}"), None).await.status, 401);
}

#[tokio::test]
async fn what_does_not_exist_is_said_by_name() {
    assert_eq!(fault("/api/facettes?dans=commune:0", 400).await["champ"], "dans");
    assert_eq!(fault("/api/facettes?dpe=Z", 400).await["champ"], "dpe");
    assert_eq!(fault("/api/facettes?zone=1", 400).await["champ"], "zone");
}
