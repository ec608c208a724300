use crate::world::{WORLD, ok};

#[tokio::test]
async fn the_catalogue_tells_what_is_loaded_and_its_counts_add_up() {
    let c = ok("/api/catalogue").await;
    let total = WORLD.facts.address_of.len() as u64;
    let m = &c["millesimes"][0];
    assert_eq!((m["millesime"].as_u64(), m["vague"].as_u64()), (Some(2024), Some(2024)));
    assert_eq!(m["logements"], total);
    assert_eq!(m["localises"], WORLD.dwellings(|x, _| x.is_finite()));
    assert_eq!(m["rejets"], 12);
    for filter in c["filtres"].as_array().unwrap() {
        let sum: u64 =
            filter["modalites"].as_array().unwrap().iter().map(|m| m["logements"].as_u64().unwrap()).sum();
        assert_eq!(sum, total, "{}", filter["id"]);
    }
    let scales: Vec<&str> =
        c["echelles"].as_array().unwrap().iter().map(|e| e["id"].as_str().unwrap()).collect();
    assert_eq!(scales[..3], ["departement", "epci", "commune"]);
    assert_eq!(c["demonstration"], false);
    assert_eq!(c["populations"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn no_filter_describes_households() {
    let c = ok("/api/catalogue").await;
    let catalogue = mosaique::reference::indicators::Catalogue::embedded().unwrap();
    for filter in c["filtres"].as_array().unwrap() {
        let id = filter["id"].as_str().unwrap();
        assert!(catalogue.attribute(id).is_none_or(|a| !a.occupation), "{id}");
    }
}

#[tokio::test]
async fn every_indicator_has_its_definition_in_words() {
    let list = ok("/api/indicateurs").await;
    let list = list.as_array().unwrap();
    assert!(list.len() > 50);
    for i in list {
        for key in ["libelle", "theme", "unite", "numerateur", "definition", "source", "sens"] {
            assert!(i[key].as_str().is_some_and(|t| !t.is_empty()), "{} {key}", i["id"]);
        }
        assert!(["parc", "occupation"].contains(&i["domaine"].as_str().unwrap()));
    }
}

#[tokio::test]
async fn every_filter_is_documented() {
    let document = ok("/api/openapi.json").await;
    let params = document["paths"]["/api/valeurs/{echelle}"]["get"]["parameters"].as_array().unwrap();
    let c = ok("/api/catalogue").await;
    for filter in c["filtres"].as_array().unwrap() {
        assert!(params.iter().any(|p| p["name"] == filter["id"]), "{}", filter["id"]);
    }
}

#[tokio::test]
async fn the_catalogue_for_catalogues_lists_what_each_person_may_open() {
    let of = |value: &serde_json::Value| -> Vec<String> {
        let all = value["dcat:dataset"].as_array().unwrap();
        all.iter().map(|d| d["dct:identifier"].as_str().unwrap().to_owned()).collect()
    };
    let reply = crate::world::get("/api/catalogue.jsonld").await;
    assert_eq!(reply.header("content-type"), "application/ld+json");
    let inside = reply.json();
    assert!(of(&inside).contains(&"adresse_2024".to_owned()));
    let public = crate::rights::ask(&None, "GET", "/api/catalogue.jsonld", None).await.json();
    let listed = crate::rights::ask(&None, "GET", "/ogc/collections", None).await.json();
    let expected: Vec<&str> =
        listed["collections"].as_array().unwrap().iter().map(|c| c["id"].as_str().unwrap()).collect();
    assert_eq!(of(&public), expected, "as the collections that are open");
    assert!(!of(&public).contains(&"adresse_2024".to_owned()));
    for set in inside["dcat:dataset"].as_array().unwrap() {
        for file in set["dcat:distribution"].as_array().unwrap() {
            let address = file["dcat:accessURL"]["@id"].as_str().unwrap();
            let path = address.find("/api/").or_else(|| address.find("/ogc/")).unwrap();
            // Each address of one scale is tried; the others are made alike.
            if set["dct:identifier"] == "iris_2024" {
                assert_eq!(crate::world::get(&address[path..]).await.status, 200, "{address}");
            }
        }
    }
}

#[tokio::test]
async fn the_interface_is_described_for_people_without_a_script() {
    let reply = crate::world::get("/api/documentation").await;
    assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, "text/html; charset=utf-8"));
    let html = reply.text();
    for (operation, _) in crate::rights::operations().iter().filter(|(o, _)| o != "openapi") {
        assert!(html.contains(&format!("id=\"op-{operation}\"")), "{operation} is on the page");
    }
    // Examples name addresses; nothing of the page asks for one.
    for asks in ["<script", "<img", "<link", "<iframe", "@import", "url("] {
        assert!(!html.contains(asks), "{asks}");
    }
}
