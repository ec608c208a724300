use crate::world::{fault, ok};

#[tokio::test]
async fn the_map_shows_the_figure_of_the_sheet() {
    for (scale, indicator, query) in [
        ("commune", "I01", ""),
        ("iris", "I02", "&population=RECENTS"),
        ("residence", "I01", "&financement=PLAI,PLUS"),
        ("carreau", "P05", "&qpv=DANS"),
        ("h3r8", "I03", ""),
    ] {
        let v = ok(&format!("/api/valeurs/{scale}?indicateur={indicator}{query}")).await;
        let codes = v["codes"].as_array().unwrap();
        assert!(!codes.is_empty());
        for (i, code) in codes.iter().enumerate().step_by(7) {
            let sheet =
                ok(&format!("/api/zones/{scale}/{}?indicateurs={indicator}{query}", code.as_str().unwrap()))
                    .await;
            let f = &sheet["chiffres"][0];
            assert_eq!((&v["valeurs"][i], &v["secret"][i]), (&f["valeur"], &f["secret"]), "{scale} {code}");
            assert_eq!(v["repondants"][i], f["repondants"]);
            assert_eq!(v["numerateurs"][i], f["numerateur"]);
            let rounded = f["numerateur"].is_null();
            assert_eq!(
                v["denominateurs"][i],
                if rounded { serde_json::Value::Null } else { f["denominateur"].clone() }
            );
            assert_eq!(v["logements"][i], sheet["couverture"]["logements"]);
        }
        for column in ["noms", "valeurs", "secret", "repondants", "numerateurs", "denominateurs", "logements"]
        {
            assert_eq!(v[column].as_array().unwrap().len(), codes.len(), "{column}");
        }
    }
}

#[tokio::test]
async fn the_reference_is_the_whole_territory_or_the_parent() {
    let whole = ok("/api/zones/departement/73?indicateurs=I01").await;
    let v = ok("/api/valeurs/iris?indicateur=I01").await;
    assert_eq!(v["reference"]["valeur"], whole["chiffres"][0]["valeur"]);
    let epci = ok("/api/zones/epci/200000001?indicateurs=I01").await;
    let v = ok("/api/valeurs/iris?indicateur=I01&dans=epci:200000001").await;
    assert_eq!(v["reference"]["valeur"], epci["chiffres"][0]["valeur"]);
    assert_eq!(v["reference"]["nom"], "CA du Sud");
    assert!(v["codes"].as_array().unwrap().iter().all(|c| c.as_str().unwrap() < "73903"));
}

#[tokio::test]
async fn breaks_grow_and_the_second_answer_is_the_first() {
    let path = "/api/valeurs/iris?indicateur=I02";
    let v = ok(path).await;
    let breaks: Vec<f64> = v["bornes"].as_array().unwrap().iter().map(|b| b.as_f64().unwrap()).collect();
    assert!(breaks.len() <= 4 && breaks.windows(2).all(|w| w[0] < w[1]), "{breaks:?}");
    assert_eq!(ok(path).await, v);
}

#[tokio::test]
async fn an_unknown_indicator_is_named_with_those_that_exist() {
    let p = fault("/api/valeurs/commune?indicateur=I999", 400).await;
    assert_eq!((p["champ"].as_str(), p["valeur"].as_str()), (Some("indicateur"), Some("I999")));
    assert!(p["acceptees"].as_array().unwrap().iter().any(|i| i == "I01"));
    assert_eq!(fault("/api/valeurs/commune", 400).await["champ"], "indicateur");
    assert_eq!(fault("/api/valeurs/canton?indicateur=I01", 404).await["champ"], "echelle");
}
