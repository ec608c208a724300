use serde_json::Value;

use crate::rights::{ask, door};
use crate::world::{fault, ok};

fn codes(found: &Value) -> Vec<&str> {
    found.as_array().unwrap().iter().map(|t| t["code"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_zone_is_found_by_its_name_without_accents_or_by_its_code() {
    assert_eq!(codes(&ok("/api/territoires?q=COMMUNE%202").await)[0], "73902");
    assert_eq!(codes(&ok("/api/territoires?q=73903").await)[0], "73903");
    assert_eq!(codes(&ok("/api/territoires?q=savo").await), ["73"]);
    assert_eq!(codes(&ok("/api/territoires?q=hauts%20les").await), ["QP073901", "QN07301M"]);
    assert!(codes(&ok("/api/territoires?q=xyzzy").await).is_empty());
}

#[tokio::test]
async fn the_widest_scales_come_first_and_each_says_where_it_lies() {
    let found = ok("/api/territoires?q=73901&limite=50").await;
    let list = found.as_array().unwrap();
    assert_eq!(
        (list[0]["echelle"].as_str(), list[0]["libelle"].as_str()),
        (Some("commune"), Some("Commune"))
    );
    assert_eq!(list[0]["situe_dans"], "CA du Sud");
    let iris = list.iter().find(|t| t["echelle"] == "iris").unwrap();
    assert_eq!(iris["situe_dans"], "Commune 1");
    // What is found is what the list of its scale says of it.
    let listed = ok("/api/zones?echelle=iris").await;
    let same = listed["zones"].as_array().unwrap().iter().find(|z| z["code"] == iris["code"]).unwrap();
    for key in ["nom", "logements", "centre", "emprise", "commune", "epci", "departement"] {
        assert_eq!(iris[key], same[key], "{key}");
    }
}

#[tokio::test]
async fn who_may_not_see_residences_does_not_find_them() {
    let path = "/api/territoires?q=r00&limite=50";
    assert!(!codes(&ok(path).await).is_empty(), "residences that nobody finds would prove nothing");
    assert!(codes(&ask(&None, "GET", path, None).await.json()).is_empty());
    let session = door("commune").await;
    let own = ask(&session, "GET", path, None).await.json();
    let open = ask(&session, "GET", "/api/zones?echelle=residence", None).await.json();
    let open: Vec<&Value> = open["zones"].as_array().unwrap().iter().map(|z| &z["code"]).collect();
    let found: Vec<&Value> = own.as_array().unwrap().iter().map(|t| &t["code"]).collect();
    assert!(!found.is_empty() && found.iter().all(|c| open.contains(c)), "{own}");
    assert!(found.len() < codes(&ok(path).await).len(), "residences of the other EPCI stay unfound");
}

#[tokio::test]
async fn a_question_too_short_or_a_limit_too_large_is_refused() {
    assert_eq!(fault("/api/territoires", 400).await["champ"], "q");
    assert_eq!(fault("/api/territoires?q=a", 400).await["champ"], "q");
    assert_eq!(fault("/api/territoires?q=ab&limite=51", 400).await["champ"], "limite");
}
