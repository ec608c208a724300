use crate::world::{commune_box, fault, ok};

#[tokio::test]
async fn the_zones_of_a_scale_have_their_parents_place_and_dwellings() {
    let answer = ok("/api/zones?echelle=commune").await;
    let zones = answer["zones"].as_array().unwrap();
    assert_eq!((answer["total"].as_u64(), zones.len()), (Some(5), 5));
    let all = ok("/api/catalogue").await["millesimes"][0]["logements"].as_u64();
    assert_eq!(Some(zones.iter().map(|z| z["logements"].as_u64().unwrap()).sum::<u64>()), all);
    for (i, z) in zones.iter().take(4).enumerate() {
        assert_eq!(z["epci"], format!("20000000{}", 1 + i / 2));
        assert_eq!((z["commune"].as_str(), z["departement"].as_str()), (z["code"].as_str(), Some("73")));
        let b = commune_box(i);
        let c = |k: usize| z["centre"][k].as_f64().unwrap();
        assert!(b[0] < c(0) && c(0) < b[2] && b[1] < c(1) && c(1) < b[3]);
    }
    assert_eq!(zones[4]["logements"], 0);
    assert_eq!(zones[4]["epci"], "200000002");
}

#[tokio::test]
async fn a_parent_keeps_its_own_zones() {
    let codes = async |query: &str| -> Vec<String> {
        let answer = ok(&format!("/api/zones?{query}")).await;
        answer["zones"].as_array().unwrap().iter().map(|z| z["code"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(codes("echelle=commune&dans=epci:200000001").await, ["73901", "73902"]);
    assert_eq!(codes("echelle=commune&dans=epci:200000002").await, ["73903", "73904", "73905"]);
    assert_eq!(codes("echelle=iris&dans=commune:73903").await.len(), 4);
    for scale in ["residence", "adresse", "carreau", "h3r9"] {
        let all = codes(&format!("echelle={scale}")).await;
        let mut parts: Vec<String> = Vec::new();
        for epci in ["200000001", "200000002"] {
            parts.extend(codes(&format!("echelle={scale}&dans=epci:{epci}")).await);
        }
        parts.sort();
        parts.dedup();
        let mut all = all;
        all.sort();
        assert_eq!(parts, all, "{scale}");
    }
}

#[tokio::test]
async fn pages_follow_each_other() {
    let whole = ok("/api/zones?echelle=residence").await;
    let mut pages = Vec::new();
    for skip in [0, 60, 120] {
        let page = ok(&format!("/api/zones?echelle=residence&limite=60&decalage={skip}")).await;
        assert_eq!(page["total"], whole["total"]);
        pages.extend(page["zones"].as_array().unwrap().clone());
    }
    assert_eq!(&pages, whole["zones"].as_array().unwrap());
}

#[tokio::test]
async fn what_does_not_exist_is_said_by_name() {
    assert_eq!(fault("/api/zones/commune/99999", 404).await["champ"], "code");
    assert_eq!(fault("/api/zones/canton/1", 404).await["champ"], "echelle");
    assert_eq!(fault("/api/zones?echelle=canton", 400).await["champ"], "echelle");
    assert_eq!(fault("/api/zones", 400).await["champ"], "echelle");
    assert_eq!(fault("/api/zones?echelle=iris&dans=73901", 400).await["champ"], "dans");
    assert_eq!(fault("/api/zones?echelle=iris&limite=0", 400).await["champ"], "limite");
}
