use crate::world::{QPV, WORLD, commune_box, measure, ok, polygon, post, problem};
use serde_json::{Value, json};

/// Everything that is said of a zone but its name.
fn said(m: &Value) -> Value {
    json!([m["couverture"], m["chiffres"]])
}

#[tokio::test]
async fn a_code_a_contour_and_a_list_give_the_same_figures() {
    for (i, population) in [(0, "TOUS"), (1, "TOUS"), (2, "RECENTS"), (3, "ANCIENS")] {
        let code = format!("7390{}", i + 1);
        let by_code = ok(&format!("/api/zones/commune/{code}?population={population}")).await;
        let answer = measure(json!({"population": population, "zones": [
            {"id": "contour", "geometrie": polygon(commune_box(i))},
            {"id": "liste", "codes": [{"echelle": "commune", "code": code}]},
        ]}))
        .await;
        for m in answer["mesures"].as_array().unwrap() {
            assert_eq!(said(m), said(&by_code), "{code} {}", m["zone"]["id"]);
        }
    }
}

#[tokio::test]
async fn a_list_of_all_iris_is_their_commune_and_order_does_not_matter() {
    let mut codes: Vec<Value> =
        (1..=4).map(|q| json!({"echelle": "iris", "code": format!("73901010{q}")})).collect();
    let ask = |codes: &[Value]| json!({"zones": [{"id": "z", "codes": codes}]});
    let forward = measure(ask(&codes)).await;
    codes.reverse();
    assert_eq!(said(&forward["mesures"][0]), said(&measure(ask(&codes)).await["mesures"][0]));
    assert_eq!(said(&forward["mesures"][0]), said(&ok("/api/zones/commune/73901").await));
}

#[tokio::test]
async fn the_dwellings_of_a_drawn_zone_are_those_whose_point_is_inside() {
    for b in [[5.815, 45.505, 5.841, 45.538], [5.80, 45.50, 5.90, 45.60], [5.0, 45.0, 5.01, 45.01]] {
        let m =
            measure(json!({"zones": [{"id": "z", "geometrie": polygon(b)}], "indicateurs": ["P01"]})).await;
        let m = &m["mesures"][0];
        let [w, s, e, n] = b;
        let mut expected = WORLD.dwellings(|x, y| x > w && x < e && y > s && y < n);
        if w <= 5.80 && e >= 5.90 {
            // The unlocated dwellings of commune 2, all of which is inside, count with it.
            expected += WORLD.dwellings(|x, _| x.is_nan());
        }
        assert_eq!(m["couverture"]["logements"], expected);
        assert_eq!(m["chiffres"][0]["valeur"].as_f64(), Some(expected as f64));
    }
}

#[tokio::test]
async fn a_secret_figure_has_neither_value_nor_counts() {
    let mut secrets = 0;
    for i in 0..150 {
        let m = ok(&format!("/api/zones/residence/R{i:03}?population=RECENTS")).await;
        for f in m["chiffres"].as_array().unwrap() {
            if f["secret"] == true {
                secrets += 1;
                for key in ["valeur", "numerateur", "denominateur", "repondants", "taux_reponse", "badge"] {
                    assert!(f[key].is_null(), "{key}: {f}");
                }
                assert!(f["motif"].is_string());
            } else if let Some(n) = f["repondants"].as_u64() {
                assert!(n >= 11, "{f}");
            }
        }
        if let Some(n) = m["couverture"]["repondants"].as_u64() {
            assert!(n >= 11);
        }
    }
    assert!(secrets > 1_000, "{secrets}");
}

#[tokio::test]
async fn filters_keep_only_their_dwellings_and_qpv_follows_the_generation() {
    let count = async |query: &str| {
        ok(&format!("/api/zones/departement/73?indicateurs=P01{query}")).await["couverture"]["logements"]
            .as_u64()
            .unwrap()
    };
    let total = count("").await;
    assert_eq!(total, WORLD.facts.address_of.len() as u64);
    let [w, s, e, n] = QPV;
    let inside = WORLD.dwellings(|x, y| {
        (x > w && x < e && y > s && y < n) || (x > 5.86 && x < 5.88 && y > 45.56 && y < 45.58)
    });
    assert_eq!(count("&qpv=DANS").await, inside);
    assert_eq!(count("&qpv=HORS").await, total - inside);
    assert_eq!(
        count("&qpv=DANS&generation=2015").await,
        WORLD.dwellings(|x, y| x > w && x < e - 0.01 && y > s && y < n)
    );
    let financement = &WORLD.facts.attributes["financement"];
    let plai = financement.iter().filter(|c| **c == 1).count() as u64;
    assert_eq!(count("&financement=PLAI").await, plai);
    let unknown = financement.iter().filter(|c| **c == 0).count() as u64;
    assert_eq!(count("&financement=NC,PLAI").await, plai + unknown);
    let of_first = WORLD.facts.bailleur_of.iter().filter(|b| **b == 0).count() as u64;
    assert_eq!(count("&bailleur=300000000").await, of_first);
}

#[tokio::test]
async fn zones_that_share_addresses_say_so() {
    let zone = |id: &str, b| json!({"id": id, "nom": id, "geometrie": polygon(b)});
    let warned = |m: &Value| {
        m["avertissements"].as_array().unwrap().iter().any(|w| w.as_str().unwrap().contains("en commun"))
    };
    let answer = measure(json!({"indicateurs": ["P01"], "zones": [
        zone("nord", commune_box(2)), zone("sud", commune_box(0)), zone("tout", [5.80, 45.50, 5.90, 45.60])]}))
    .await;
    let list = answer["mesures"].as_array().unwrap();
    assert_eq!(list.iter().map(warned).collect::<Vec<_>>(), [true, true, true]);
    let apart = measure(
        json!({"indicateurs": ["P01"], "zones": [zone("nord", commune_box(2)), zone("sud", commune_box(0))]}),
    )
    .await;
    assert!(!apart["mesures"].as_array().unwrap().iter().any(warned));
}

#[tokio::test]
async fn a_fault_names_its_field() {
    let bow_tie = json!({"type": "Polygon", "coordinates": [[[5.8, 45.5], [5.9, 45.6], [5.9, 45.5], [5.8, 45.6], [5.8, 45.5]]]});
    for (body, champ) in [
        (json!({"zones": []}), "zones"),
        (json!({"zones": [{"id": "a"}]}), "zones[0].geometrie"),
        (json!({"zones": [{"geometrie": bow_tie}]}), "zones[0].geometrie"),
        (
            json!({"zones": [{"codes": [{"echelle": "commune", "code": "73901"}]}, {"codes": [{"echelle": "iris", "code": "x"}]}]}),
            "zones[1].codes[0].code",
        ),
        (json!({"zones": [{"codes": [{"echelle": "quartier", "code": "x"}]}]}), "zones[0].codes[0].echelle"),
        (json!({"zones": [{"geometrie": polygon(QPV)}], "indicateurs": ["I01", "I99"]}), "indicateur"),
        (json!({"zones": [{"geometrie": polygon(QPV)}], "filtres": {"plafond": ["0_20"]}}), "filtres"),
        (
            json!({"zones": [{"geometrie": polygon(QPV)}], "filtres": {"financement": ["PLAIX"]}}),
            "financement",
        ),
    ] {
        let reply = post("/api/mesure", "application/json", body.to_string()).await;
        assert_eq!(reply.status, 400, "{body}: {}", reply.text());
        assert_eq!(problem(&reply)["champ"], champ, "{}", reply.text());
    }
}

#[tokio::test]
async fn a_zone_that_cannot_be_measured_keeps_none_of_the_others_back_if_the_request_says_so() {
    let good = json!({"id": "bonne", "geometrie": polygon(commune_box(0))});
    let bad = json!({"id": "fausse", "nom": "Croisée", "geometrie": {"type": "Polygon", "coordinates": [[[5.8, 45.5], [5.9, 45.6], [5.9, 45.5], [5.8, 45.6], [5.8, 45.5]]]}});
    let alone = measure(json!({"zones": [good]})).await;
    let answer = measure(json!({"partiel": true, "zones": [bad, good]})).await;
    assert_eq!(answer["mesures"], alone["mesures"]);
    assert_eq!(answer["refusees"][0]["id"], "fausse");
    assert_eq!(answer["refusees"][0]["nom"], "Croisée");
    assert_eq!(answer["refusees"][0]["champ"], "zones[0].geometrie");
    for body in [
        json!({"zones": [bad, good]}),
        json!({"partiel": true, "zones": [bad]}),
        json!({"partiel": true, "zones": [bad, bad]}),
    ] {
        let reply = post("/api/mesure", "application/json", body.to_string()).await;
        assert_eq!(reply.status, 400, "{body}");
        assert!(problem(&reply)["detail"].as_str().unwrap().contains("croise"));
    }
}

#[tokio::test]
async fn the_rest_of_a_territory_is_what_no_zone_holds() {
    let iris = |q: u32| json!({"codes": [{"echelle": "iris", "code": format!("73901010{q}")}]});
    let territory = json!({"echelle": "commune", "code": "73901"});
    let without = |zones: Vec<Value>| measure(json!({"zones": zones, "territoire": territory}));
    // Overlapping zones are taken out once; a zone elsewhere takes nothing out.
    let elsewhere = json!({"geometrie": polygon(commune_box(3))});
    let rest = without(vec![iris(1), iris(2), iris(2), elsewhere]).await;
    let direct = measure(
        json!({"zones": [{"codes": [{"echelle": "iris", "code": "739010103"}, {"echelle": "iris", "code": "739010104"}]}]}),
    )
    .await;
    assert_eq!(rest["reste"]["couverture"]["logements"], direct["mesures"][0]["couverture"]["logements"]);
    assert_eq!(rest["reste"]["chiffres"], direct["mesures"][0]["chiffres"]);
    assert_eq!(rest["reste"]["zone"]["nom"], "Hors zones, Commune 1");
    let nothing = without(vec![json!({"codes": [territory]})]).await;
    assert_eq!(nothing["reste"]["couverture"]["logements"], 0);
    for (t, champ) in [
        (json!({"echelle": "iris", "code": "739010101"}), "territoire.echelle"),
        (json!({"echelle": "commune", "code": "x"}), "territoire.code"),
    ] {
        let body = json!({"zones": [iris(1)], "territoire": t});
        let reply = post("/api/mesure", "application/json", body.to_string()).await;
        assert_eq!(problem(&reply)["champ"], champ, "{}", reply.text());
    }
}

#[tokio::test]
async fn the_rest_never_tells_of_few_households() {
    // One residence taken out of its commune leaves the rest; both together must not give back what one of
    // them withholds.
    let mut compared = 0;
    for i in 0..150 {
        let residence = json!({"codes": [{"echelle": "residence", "code": format!("R{i:03}")}]});
        for c in 1..=4 {
            let territory = json!({"echelle": "commune", "code": format!("7390{c}")});
            let answer =
                measure(json!({"zones": [residence], "territoire": territory, "indicateurs": ["I01"]})).await;
            let whole = ok(&format!("/api/zones/commune/7390{c}?indicateurs=I01")).await;
            let count = |m: &Value| m["chiffres"][0]["repondants"].as_u64();
            if let (Some(all), Some(rest)) = (count(&whole), count(&answer["reste"])) {
                assert!(all == rest || all - rest >= 11, "commune {c} minus R{i:03}: {all} and {rest}");
                compared += 1;
            }
        }
    }
    assert!(compared > 100, "{compared}");
}

#[tokio::test]
async fn what_a_request_may_hold_is_bounded() {
    let indicators: Vec<&str> = std::iter::repeat_n(["P01", "P02"], 5_000).flatten().collect();
    let zone = json!({"id": "z", "geometrie": polygon(commune_box(0))});
    let m = measure(json!({"zones": [zone], "indicateurs": indicators})).await;
    let ids: Vec<&str> = m["mesures"][0]["chiffres"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["indicateur"].as_str().or(c["id"].as_str()).unwrap_or("?"))
        .collect();
    assert_eq!(ids.len(), 2, "{ids:?}");

    let refused = async |body: Value| {
        let reply = post("/api/mesure", "application/json", body.to_string()).await;
        assert_eq!(reply.status, 400, "{}", reply.text());
        problem(&reply)
    };
    let named = json!({"zones": [{"nom": "x".repeat(201), "geometrie": polygon(commune_box(0))}]});
    assert_eq!(refused(named).await["champ"], "zones[0].nom");
    // A star of 1,999 points, and contours of 4,801 vertices each.
    let ring = |n: u32, step: u32, r: f64| -> Value {
        let at = |i: u32| (f64::from(i * step % n) / f64::from(n) * std::f64::consts::TAU).sin_cos();
        let ring: Vec<[f64; 2]> = (0..=n).map(at).map(|(s, c)| [5.85 + r * c, 45.55 + r * s]).collect();
        json!({"type": "Polygon", "coordinates": [ring]})
    };
    let begun = std::time::Instant::now();
    let star = refused(json!({"zones": [{"geometrie": ring(1_999, 999, 0.01)}]})).await;
    assert!(star["detail"].as_str().unwrap().contains("plus souvent"), "{star}");
    let many = vec![json!({"geometrie": ring(4_800, 1, 0.01)}); 42];
    let many = refused(json!({"zones": many})).await;
    assert!(many["detail"].as_str().unwrap().contains("200\u{202f}000 au plus"), "{many}");
    assert!(begun.elapsed() < std::time::Duration::from_secs(4), "{:?}", begun.elapsed());
    // A sound contour of as many vertices is measured.
    let round = measure(json!({"zones": [{"geometrie": ring(4_900, 1, 0.03)}]})).await;
    assert!(round["mesures"][0]["couverture"]["logements"].as_u64().unwrap() > 0);
}
