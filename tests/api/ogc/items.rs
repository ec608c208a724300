//! OGC API – Features: what real clients stumbled over elsewhere, one test each.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::people::PEOPLE;
use crate::rights::{ask, door};
use crate::world::{Reply, WORLD, get, ok, send_as_is};
use axum::body::Body;
use axum::http::Request;
use mosaique::desk::editions::{App, Live};
use mosaique::server::{ServeOptions, Server, router};
use mosaique::store::Store;
use tower::ServiceExt;

const ITEMS: &str = "/ogc/collections/commune_2024/items";

async fn items(path: &str) -> Vec<Value> {
    ok(path).await["features"].as_array().unwrap().clone()
}

fn fault(reply: &Reply, status: u16) -> Value {
    assert_eq!(reply.status, status, "{}", reply.text());
    let document = reply.json();
    assert!(document["code"].is_string() && document["description"].as_str().unwrap().len() > 5);
    document
}

/// Every address that answers give, wherever it stands in them.
fn links(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Object(o) => {
            if let Some(href) = o.get("href") {
                out.push(href.as_str().unwrap().to_owned());
            }
            o.values().for_each(|v| links(v, out));
        }
        Value::Array(a) => a.iter().for_each(|v| links(v, out)),
        _ => {}
    }
}

#[tokio::test]
async fn every_link_is_absolute_and_leads_somewhere() {
    let mut todo = vec!["/ogc".to_owned(), "/ogc/".to_owned()];
    let mut seen = BTreeMap::new();
    while let Some(path) = todo.pop() {
        if seen.contains_key(&path) {
            continue;
        }
        let reply = get(&path).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        let kind = reply.header("content-type").to_owned();
        seen.insert(path.clone(), kind.clone());
        if !kind.contains("json") {
            continue;
        }
        let mut found = Vec::new();
        links(&reply.json(), &mut found);
        for href in found.iter().filter(|h| !h.contains("www.opengis.net") && !h.contains('{')) {
            let rest = href.strip_prefix("http://localhost").unwrap_or_else(|| panic!("{path}: {href}"));
            // Pages of one collection are enough to follow.
            if !rest.contains("/items") || rest.contains("/commune_2024/items") {
                todo.push(rest.to_owned());
            }
        }
    }
    assert!(seen.len() > 40, "{}", seen.len());
    assert!(seen.values().any(|k| k.starts_with("text/html")), "pages for people");
}

#[tokio::test]
async fn links_begin_with_the_name_that_others_know_the_server_by() {
    let request =
        |host: &str| Request::get("/ogc/collections").header("host", host).body(Body::empty()).unwrap();
    let called = send_as_is(request("127.0.0.1:8080")).await;
    assert!(called.text().contains("\"http://127.0.0.1:8080/ogc/collections/commune_2024\""));
    let app = App::load(&Store::open(WORLD.dir.path()).unwrap(), None).unwrap();
    let ask = async |adresse_publique: Option<String>, host: &str| {
        let options = ServeOptions { adresse_publique, allow_remote: true, ..crate::world::without_page() };
        let live = Live::new(App::load(&Store::open(WORLD.dir.path()).unwrap(), Some(&app)).unwrap());
        let routes = router(Server::new(live, WORLD.state.clone(), options).unwrap());
        let answer = routes.oneshot(request(host)).await.unwrap();
        let bytes = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    };
    let text = ask(Some("https://mosaique.exemple.fr".into()), "interne:8080").await;
    assert!(text.contains("https://mosaique.exemple.fr/ogc/") && !text.contains("interne"));
    assert!(!ask(None, "exemple.fr\"><script>").await.contains("<script>"));
}

#[tokio::test]
async fn figures_never_change_their_type_and_secrets_are_null_with_a_word() {
    let schema = ok("/ogc/collections/residence_2024/schema-entite").await;
    let types = schema["properties"]["properties"]["properties"].as_object().unwrap().clone();
    let reply = get("/ogc/collections/residence_2024/items?limit=10000").await;
    let page = reply.json();
    let features = page["features"].as_array().unwrap();
    assert_eq!(page["numberMatched"], features.len() as u64);
    let mut secrets = 0;
    for f in features {
        let properties = f["properties"].as_object().unwrap();
        assert!(properties.keys().eq(types.keys()), "a column that is not there at first is lost");
        for (name, value) in properties {
            match types[name]["type"].as_str().unwrap() {
                "string" => assert!(value.is_string() || value.is_null(), "{name}: {value}"),
                "integer" => assert!(value.is_u64() || value.is_null(), "{name}: {value}"),
                "number" => assert!(value.is_f64() || value.is_null(), "{name}: {value}"),
                other => panic!("{name}: {other}"),
            }
            if let Some(figure) = name.strip_suffix("_statut") {
                let hidden = ["secret", "absent"].contains(&value.as_str().unwrap());
                assert_eq!(hidden, properties[figure].is_null(), "{name}: {value}");
                secrets += usize::from(value == "secret");
            }
        }
    }
    assert!(secrets > 0, "some are secret");
    // Written with a decimal, a whole figure is still read as a number that may have some.
    assert!(reply.text().contains("\"P01\":") && !figure_written_whole(&reply.text(), "P01"));
}

fn figure_written_whole(text: &str, id: &str) -> bool {
    text.split(&format!("\"{id}\":")).skip(1).any(|rest| {
        let number: String = rest.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
        !number.is_empty() && !number.contains('.')
    })
}

#[tokio::test]
async fn the_first_features_show_every_figure_that_any_shows() {
    for collection in ["commune_2024", "iris_2024", "residence_2024", "adresse_2024"] {
        let all = items(&format!("/ogc/collections/{collection}/items?limit=10000")).await;
        let shown = |f: &Value, id: &str| !f["properties"][id].is_null();
        let columns: Vec<String> = all[0]["properties"].as_object().unwrap().keys().cloned().collect();
        let lost: Vec<&String> = columns
            .iter()
            .filter(|id| all.iter().any(|f| shown(f, id)) && !all.iter().take(10).any(|f| shown(f, id)))
            .collect();
        // A figure that none of the largest zones has may be missing; at these scales there is none.
        assert!(lost.is_empty(), "{collection}: {lost:?}");
        let first = items(&format!("/ogc/collections/{collection}/items?limit=3")).await;
        assert_eq!(first, all[..first.len()], "the order does not depend on the page");
    }
}

#[tokio::test]
async fn next_links_grow_and_lead_through_all_features_once() {
    let mut path = "/ogc/collections/adresse_2024/items?limit=10&indicateurs=P01".to_owned();
    let (mut codes, mut requests) = (Vec::new(), 0);
    loop {
        let page = ok(&path).await;
        requests += 1;
        let features = page["features"].as_array().unwrap();
        assert_eq!(page["numberReturned"], features.len() as u64);
        codes.extend(features.iter().map(|f| f["id"].as_str().unwrap().to_owned()));
        let next = page["links"].as_array().unwrap().iter().find(|l| l["rel"] == "next").cloned();
        let Some(next) = next else {
            assert_eq!(page["numberMatched"], codes.len() as u64);
            break;
        };
        let href = next["href"].as_str().unwrap();
        assert!(href.contains("limit=5000") && href.contains("indicateurs=P01"), "{href}");
        path = href.strip_prefix("http://localhost").unwrap().to_owned();
    }
    assert_eq!(requests, 2, "not one request for each ten features");
    let n = codes.len();
    codes.sort();
    codes.dedup();
    assert_eq!(codes.len(), n);
}

#[tokio::test]
async fn the_size_of_pages_is_a_parameter_that_stands_by_its_name() {
    let document = ok("/ogc/api").await;
    let limit = &document["components"]["parameters"]["limit"]["schema"];
    assert_eq!((limit["maximum"].as_u64(), limit["default"].as_u64()), (Some(10_000), Some(1_000)));
    let reply = get("/ogc/api").await;
    assert_eq!(reply.header("content-type"), "application/vnd.oai.openapi+json;version=3.0");
    let path = &document["paths"]["/collections/commune_2024/items"]["get"];
    assert!(path.to_string().contains("#/components/parameters/limit"));
    assert_eq!(items(&format!("{ITEMS}?limit=2")).await.len(), 2);
    assert_eq!(items(&format!("{ITEMS}?limit=99999999")).await.len(), 5, "more than the most is the most");
}

#[tokio::test]
async fn a_token_opens_the_same_as_a_bearer_and_as_a_password() {
    use base64::prelude::{BASE64_STANDARD, Engine as _};
    let bearer = WORLD.people.bearer("ddets");
    let secret = bearer.strip_prefix("Bearer ").unwrap();
    let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("qgis:{secret}")));
    let ask = async |value: Option<&str>| {
        let mut request = Request::get("/ogc/collections/residence_2024/items?limit=20");
        if let Some(v) = value {
            request = request.header("authorization", v);
        }
        send_as_is(request.body(Body::empty()).unwrap()).await
    };
    let (one, other) = (ask(Some(&bearer)).await, ask(Some(&basic)).await);
    assert_eq!((one.status.as_u16(), other.status.as_u16()), (200, 200));
    assert_eq!(one.json()["features"], other.json()["features"]);
    fault(&ask(None).await, 404);
    assert_eq!(ask(Some("Basic bm9uOm5vbg==")).await.status, 401);
}

#[tokio::test]
async fn values_are_those_of_the_sheets_for_everyone() {
    for who in PEOPLE.iter().map(|p| p.0).chain(["public"]) {
        let door = door(who).await;
        for scale in ["commune", "iris", "adresse"] {
            let path = format!("/ogc/collections/{scale}_2024/items?limit=10000&indicateurs=P01,P10,I05");
            let reply = ask(&door, "GET", &path, None).await;
            let list = ask(&door, "GET", &format!("/api/zones?echelle={scale}&limite=100000"), None).await;
            if list.status != 200 {
                assert!([401, 403, 404].contains(&reply.status.as_u16()), "{who}: {scale}");
                continue;
            }
            assert_eq!(reply.status, 200, "{who}: {}", reply.text());
            let features = reply.json()["features"].as_array().unwrap().clone();
            assert_eq!(features.len() as u64, list.json()["total"].as_u64().unwrap(), "{who}: {scale}");
            for f in features.iter().step_by(features.len() / 5 + 1) {
                let code = f["id"].as_str().unwrap();
                let path = format!("/api/zones/{scale}/{code}?indicateurs=P01,P10,I05");
                let sheet = ask(&door, "GET", &path, None).await.json();
                for figure in sheet["chiffres"].as_array().unwrap() {
                    let id = figure["indicateur"].as_str().unwrap();
                    assert_eq!(
                        f["properties"][id].as_f64(),
                        figure["valeur"].as_f64(),
                        "{who}: {path}: {id}"
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn places_come_in_the_system_that_is_asked_with_its_axes() {
    let corner = async |crs: &str| {
        let uri = format!("http://www.opengis.net/def/crs/{crs}");
        let reply = get(&format!("{ITEMS}/73901?indicateurs=P01&crs={uri}")).await;
        assert_eq!(reply.header("content-crs"), format!("<{uri}>"), "{}", reply.text());
        let at = reply.json()["geometry"]["coordinates"][0][0][0].clone();
        [at[0].as_f64().unwrap(), at[1].as_f64().unwrap()]
    };
    let [lon, lat] = corner("OGC/1.3/CRS84").await;
    assert_eq!(corner("EPSG/0/4326").await, [lat, lon]);
    let [x, y] = corner("EPSG/0/2154").await;
    let (mut xs, mut ys) = ([lon], [lat]);
    mosaique::territory::crs::from_lonlat(2154, &mut xs, &mut ys).unwrap();
    assert!((x - xs[0]).abs() < 0.02 && (y - ys[0]).abs() < 0.02);
    let [x, _] = corner("EPSG/0/3857").await;
    assert!((x - lon * 111_319.490_793).abs() < 0.1);
    let collection = ok("/ogc/collections/commune_2024").await;
    assert_eq!(collection["storageCrs"], "http://www.opengis.net/def/crs/EPSG/0/2154");
    fault(&get(&format!("{ITEMS}?crs=http://www.opengis.net/def/crs/EPSG/0/27572")).await, 400);
}

#[tokio::test]
async fn a_box_keeps_what_it_meets_in_whatever_system_it_is_written() {
    let codes = async |query: &str| -> Vec<String> {
        let features = items(&format!("{ITEMS}?indicateurs=P01&{query}")).await;
        let mut codes: Vec<String> = features.iter().map(|f| f["id"].as_str().unwrap().to_owned()).collect();
        codes.sort();
        codes
    };
    assert_eq!(codes("bbox=5.81,45.51,5.82,45.52").await, ["73901"]);
    assert_eq!(codes("bbox=5.81,45.51,0,5.82,45.52,100").await, ["73901"]);
    let reference = "bbox-crs=http://www.opengis.net/def/crs/EPSG/0/4326";
    assert_eq!(codes(&format!("bbox=45.51,5.81,45.52,5.82&{reference}")).await, ["73901"]);
    assert_eq!(codes("bbox=5.845,45.51,5.855,45.52").await, ["73901", "73902"]);
    assert!(codes("bbox=0,0,1,1").await.is_empty());
    for wrong in ["1,2,3", "a,b,c,d", "5,46,6,45", "nan,1,2,3"] {
        fault(&get(&format!("{ITEMS}?bbox={wrong}")).await, 400);
    }
}

#[tokio::test]
async fn properties_filter_and_codes_keep_their_zeros() {
    let features = items(&format!("{ITEMS}?epci=200000001")).await;
    assert_eq!(features.len(), 2);
    assert!(features.iter().all(|f| f["properties"]["epci"] == "200000001"));
    assert_eq!(items(&format!("{ITEMS}?code=73903")).await.len(), 1);
    assert!(items(&format!("{ITEMS}?code=absent")).await.is_empty());
    assert!(features.iter().all(|f| f["id"].is_string() && f["properties"]["code"].is_string()));
}

#[tokio::test]
async fn what_does_not_exist_is_said_in_the_words_of_this_interface() {
    for wrong in ["limit=0", "limit=x", "offset=-1", "f=gml", "inconnu=1", "datetime=hier", "millesime=2020"]
    {
        assert_eq!(fault(&get(&format!("{ITEMS}?{wrong}")).await, 400)["code"], "InvalidParameterValue");
    }
    for path in ["/ogc/collections/canton_2024", "/ogc/collections/commune_1990/items", "/ogc/collections/x"]
    {
        assert_eq!(fault(&get(path).await, 404)["code"], "NotFound");
    }
    fault(&get(&format!("{ITEMS}/absent")).await, 404);
    assert_eq!(get("/ogc/nulle-part").await.status, 404);
    assert_eq!(get(&format!("{ITEMS}?datetime=2024-01-01T00:00:00Z/..")).await.status, 200);
}

#[tokio::test]
async fn tiles_of_a_collection_say_where_they_are() {
    let set = ok("/ogc/collections/commune_2024/tiles/WebMercatorQuad").await;
    let item = set["links"].as_array().unwrap().iter().find(|l| l["rel"] == "item").unwrap().clone();
    let path = item["href"].as_str().unwrap().strip_prefix("http://localhost").unwrap().to_owned();
    let path = path.replace("{tileMatrix}", "8").replace("{tileCol}", "132").replace("{tileRow}", "91");
    assert!([200, 204].contains(&get(&path).await.status.as_u16()), "{path}");
}
