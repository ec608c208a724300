//! Addresses: the shape of the BAN API, its parameters, its files, and what is said when something is wrong.

use std::path::Path;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use mosaique::desk::editions::{App, Live};
use mosaique::registers::addresses;
use mosaique::registers::output::Output;
use mosaique::server::{ServeOptions, Server, router};
use mosaique::state::State;
use mosaique::store::{Store, Writer};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::people;
use crate::world::{Reply, problem};

/// A store of eleven addresses, and the server over it.
struct Town {
    dir: tempfile::TempDir,
    public: Router,
    /// Header of somebody with an account.
    bearer: String,
}

impl Town {
    async fn new(options: ServeOptions) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = Writer::open(dir.path()).unwrap();
        let folder = writer.temporary().unwrap();
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/ban/adresses-geocodage.csv");
        let asked = addresses::Options { departement: "73".into() };
        let report = addresses::import(&file, &asked, &Output::new(folder.path()), &|_, _| ()).unwrap();
        writer.publish(folder, report).unwrap();
        Self::over(dir, options).await
    }

    async fn over(dir: tempfile::TempDir, options: ServeOptions) -> Self {
        let app = App::load(&Store::open(dir.path()).unwrap(), None).unwrap();
        let state = State::of_store(dir.path()).await.unwrap();
        let bearer = people::bearer(&state).await;
        let public = router(Server::new(Live::new(app), state, options).unwrap());
        Self { dir, public, bearer }
    }

    async fn get(&self, path: &str) -> Reply {
        call(&self.public, Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// A form with a file and fields, by somebody with an account.
    async fn form(&self, path: &str, file: &str, fields: &[(&str, &str)]) -> Reply {
        let mut request = form(path, file, fields);
        request.headers_mut().insert("authorization", self.bearer.parse().unwrap());
        call(&self.public, request).await
    }

    async fn found(&self, q: &str) -> Value {
        let reply = self.get(&format!("/search?q={}", q.replace(' ', "+"))).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()["features"][0]["properties"].clone()
    }
}

async fn call(router: &Router, request: Request<Body>) -> Reply {
    let response = router.clone().oneshot(request).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec();
    Reply { status, headers, bytes }
}

fn form(path: &str, file: &str, fields: &[(&str, &str)]) -> Request<Body> {
    let mut body = String::new();
    for (name, value) in fields {
        body += &format!("--frontiere\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    body += &format!(
        "--frontiere\r\nContent-Disposition: form-data; name=\"data\"; filename=\"mes adresses.csv\"\r\n\
         Content-Type: text/csv\r\n\r\n{file}\r\n--frontiere--\r\n"
    );
    Request::post(path)
        .header("content-type", "multipart/form-data; boundary=frontiere")
        .body(Body::from(body))
        .unwrap()
}

#[tokio::test]
async fn a_search_answers_as_the_ban_api_documents_it() {
    let town = Town::new(ServeOptions::default()).await;
    let reply = town.get("/search/?q=12bis+r+de+la+gare+chambery&limit=1").await;
    assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, "application/json"));
    let answer = reply.json();
    assert_eq!((&answer["type"], &answer["version"]), (&json!("FeatureCollection"), &json!("draft")));
    assert_eq!((&answer["query"], &answer["limit"]), (&json!("12bis r de la gare chambery"), &json!(1)));
    assert_eq!(answer["attribution"], "BAN");
    assert!(answer["licence"].is_string() && answer.get("filters").is_none());
    let feature = &answer["features"][0];
    assert_eq!((&feature["type"], &feature["geometry"]["type"]), (&json!("Feature"), &json!("Point")));
    assert_eq!(feature["geometry"]["coordinates"], json!([5.9203, 45.5701]));
    let p = &feature["properties"];
    for (name, value) in [
        ("label", "12bis Rue de la Gare 73000 Chambéry"),
        ("housenumber", "12bis"),
        ("id", "73065_0100_00012_bis"),
        ("type", "housenumber"),
        ("name", "12bis Rue de la Gare"),
        ("street", "Rue de la Gare"),
        ("postcode", "73000"),
        ("citycode", "73065"),
        ("city", "Chambéry"),
        ("context", "73, Savoie, Auvergne-Rhône-Alpes"),
    ] {
        assert_eq!(p[name], value, "{name}");
    }
    assert!(p["score"].as_f64().unwrap() > 0.95 && p["score"].as_f64().unwrap() <= 1.0);
    // By the formulas of the Lambert conformal conic projection (EPSG guidance note 7-2), worked out apart.
    let away = |axis: &str, metres: f64| (p[axis].as_f64().unwrap() - metres).abs();
    assert!(away("x", 927_724.32) < 0.02 && away("y", 6_500_944.54) < 0.02, "{p}");
}

#[tokio::test]
async fn the_street_the_commune_and_its_former_name_tell_addresses_apart() {
    let town = Town::new(ServeOptions::default()).await;
    assert_eq!(town.found("12 rue de la gare 73200 albertville").await["id"], "73011_0200_00012");
    assert_eq!(town.found("12 avenue de la gare chambery").await["id"], "73065_0101_00012");
    assert_eq!(town.found("8 rue du 8 mai 1945 chambery").await["id"], "73065_0102_00008");
    let granier = town.found("5 che de leglise granier").await;
    assert_eq!((&granier["id"], &granier["oldcity"]), (&json!("73006_0301_00005"), &json!("Granier")));
    assert_eq!(town.found("5 chemin de l'eglise aime").await["id"], "73006_0300_00005");
    for both in ["5 chemin de l'eglise aime la plagne granier", "5 chemin de l'eglise granier aime la plagne"]
    {
        let p = town.found(both).await;
        assert_eq!(p["id"], "73006_0301_00005");
        assert!(p["score"].as_f64().unwrap() > 0.9, "{p}");
    }
    assert_eq!(town.found("le mollard aime la plagne").await["type"], "locality");
    let commune = town.found("albertville").await;
    assert_eq!(
        (&commune["type"], &commune["id"], &commune["label"]),
        (&json!("municipality"), &json!("73011"), &json!("Albertville"))
    );
}

#[tokio::test]
async fn a_number_that_the_ban_lacks_is_placed_between_its_neighbours_and_says_so() {
    let town = Town::new(ServeOptions::default()).await;
    let reply = town.get("/search?q=16+rue+de+la+gare+73000+chambery").await.json();
    let (p, at) = (&reply["features"][0]["properties"], &reply["features"][0]["geometry"]["coordinates"]);
    assert_eq!(
        (&p["type"], &p["interpolation"], p.get("housenumber")),
        (&json!("street"), &json!(true), None)
    );
    // Half way from 12 to 20, on the even side; 12 and 12 bis stand at one number, the last one is the
    // neighbour.
    assert!((at[0].as_f64().unwrap() - (5.9203 + 5.9210) / 2.0).abs() < 1e-6, "{at}");
    assert!((at[1].as_f64().unwrap() - (45.5701 + 45.5705) / 2.0).abs() < 1e-6, "{at}");
    assert!(p["score"].as_f64().unwrap() < 0.8);
    // 15 has a neighbour on one side only.
    let p = town.found("15 rue de la gare 73000 chambery").await;
    assert_eq!((&p["type"], p.get("interpolation")), (&json!("street"), None));
    assert!(p["score"].as_f64().unwrap() < 0.8);
}

#[tokio::test]
async fn filters_keep_to_their_code_and_a_bare_ambiguous_name_is_not_sure() {
    let town = Town::new(ServeOptions::default()).await;
    let reply = town.get("/search?q=12+rue+de+la+gare&citycode=73011&type=housenumber").await.json();
    assert_eq!(reply["features"].as_array().unwrap().len(), 1);
    assert_eq!(reply["filters"], json!({"citycode": "73011", "type": "housenumber"}));
    assert_eq!(reply["features"][0]["properties"]["citycode"], "73011");
    let reply = town.get("/search?q=12+rue+de+la+gare&postcode=73200").await.json();
    assert_eq!(reply["features"][0]["properties"]["postcode"], "73200");
    let both = town.get("/search?q=12+rue+de+la+gare").await.json();
    let first = &both["features"][0]["properties"];
    assert!(first["score"].as_f64().unwrap() < 0.8, "two communes have it: {first}");
    assert_eq!(first["score"], first["score_next"]);
    // A point decides between answers that are as good.
    for (lon, lat, code) in [(6.39, 45.67, "73011"), (5.92, 45.57, "73065")] {
        let near = town.get(&format!("/search?q=12+rue+de+la+gare&lon={lon}&lat={lat}")).await.json();
        assert_eq!(near["features"][0]["properties"]["citycode"], code);
    }
}

#[tokio::test]
async fn an_unfinished_word_is_completed_unless_it_is_said_not_to_be() {
    let town = Town::new(ServeOptions::default()).await;
    let score = async |auto: u8| {
        let reply = town.get(&format!("/search?q=rue+de+la+gare+albertv&autocomplete={auto}")).await.json();
        assert_eq!(reply["features"][0]["properties"]["citycode"], "73011", "{reply}");
    };
    score(1).await;
    score(0).await;
}

#[tokio::test]
async fn a_point_gives_its_nearest_addresses_with_their_distance() {
    let town = Town::new(ServeOptions::default()).await;
    let reply = town.get("/reverse/?lon=5.92&lat=45.57&limit=3").await.json();
    assert_eq!((&reply["center"], &reply["limit"]), (&json!([5.92, 45.57]), &json!(3)));
    let near: Vec<Value> =
        reply["features"].as_array().unwrap().iter().map(|f| f["properties"].clone()).collect();
    let ids: Vec<&str> = near.iter().map(|p| p["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["73065_0100_00010", "73065_0100_00012", "73065_0100_00012_bis"]);
    let distances: Vec<i64> = near.iter().map(|p| p["distance"].as_i64().unwrap()).collect();
    // By hand: 0.0002° of longitude at 45.57° are 15.6 m, 0.0001° of latitude are 11.1 m; √(15.6² + 11.1²) =
    // 19.1 m.
    assert_eq!(distances[..2], [0, 19]);
    let far = town.get("/reverse?lon=2.35&lat=48.85").await.json();
    assert_eq!(far["features"], json!([]));
    let street = town.get("/reverse?lon=5.92&lat=45.57&type=municipality").await.json();
    assert_eq!(street["features"][0]["properties"]["type"], "municipality");
}

#[tokio::test]
async fn what_cannot_be_asked_is_said_by_name() {
    let town = Town::new(ServeOptions::default()).await;
    for (path, champ) in [
        ("/search", "q"),
        ("/search?q=ab", "q"),
        ("/search?q=rue+de+la+gare&limit=0", "limit"),
        ("/search?q=rue+de+la+gare&limit=51", "limit"),
        ("/search?q=rue+de+la+gare&type=house", "type"),
        ("/search?q=rue+de+la+gare&postcode=7300", "postcode"),
        ("/search?q=rue+de+la+gare&citycode=7", "citycode"),
        ("/search?q=rue+de+la+gare&lat=45", "lon"),
        ("/search?q=rue+de+la+gare&index=poi", "index"),
        ("/search?q=rue+de+la+gare&qq=1", "qq"),
        ("/reverse?lat=45.5", "lon"),
        ("/reverse?lon=927000&lat=6500000", "lon"),
    ] {
        let reply = town.get(path).await;
        assert_eq!(reply.status, 400, "{path}: {}", reply.text());
        assert_eq!(problem(&reply)["champ"], champ, "{path}");
    }
    let long = format!("/search?q={}", "a".repeat(300));
    assert_eq!(problem(&town.get(&long).await)["champ"], "q");
}

#[tokio::test]
async fn without_addresses_the_answer_says_what_to_import() {
    let dir = tempfile::tempdir().unwrap();
    drop(Writer::open(dir.path()).unwrap());
    std::fs::write(dir.path().join("manifeste.json"), "{\"jeux\":[],\"cubes\":[]}").unwrap();
    let town = Town::over(dir, ServeOptions::default()).await;
    let reply = town.get("/search?q=rue+de+la+gare").await;
    assert_eq!(reply.status, 404);
    assert!(problem(&reply)["detail"].as_str().unwrap().contains("mosaique import addresses"));
}

const FILE: &str = "nom;adresse;ville;cp;insee\n\
    A;\"12 bis, rue de la gare\";Chambery;73000;73065\n\
    B;5 ch de l'église;Granier;73210;73006\n\
    C;;;;\n\
    D;zzzzzz qqqqqq;;;\n";

#[tokio::test]
async fn a_file_comes_back_with_the_columns_of_the_ban_api() {
    let town = Town::new(ServeOptions::default()).await;
    let reply = town
        .form("/search/csv/", FILE, &[("columns", "adresse"), ("columns", "ville"), ("postcode", "cp")])
        .await;
    assert_eq!(
        (reply.status.as_u16(), reply.header("content-type")),
        (200, "text/csv; charset=utf-8"),
        "{}",
        reply.text()
    );
    assert!(reply.header("content-disposition").contains("mesadresses.geocoded.csv"));
    let text = reply.text();
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(text.as_bytes());
    let titles: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(
        titles.join(","),
        "nom,adresse,ville,cp,insee,latitude,longitude,result_label,result_score,result_score_next,result_type,result_id,\
         result_housenumber,result_name,result_street,result_postcode,result_city,result_context,result_citycode,\
         result_oldcitycode,result_oldcity,result_district,result_status,result_interpolation"
    );
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let cell = |row: usize, name: &str| rows[row][titles.iter().position(|t| t == name).unwrap()].to_owned();
    assert_eq!((cell(0, "latitude"), cell(0, "longitude")), ("45.5701".into(), "5.9203".into()));
    assert_eq!(
        (cell(0, "result_id"), cell(0, "result_status")),
        ("73065_0100_00012_bis".into(), "ok".into())
    );
    assert_eq!(
        (cell(1, "result_id"), cell(1, "result_oldcity")),
        ("73006_0301_00005".into(), "Granier".into())
    );
    assert_eq!((cell(2, "result_status"), cell(3, "result_status")), ("skipped".into(), "not-found".into()));
    assert_eq!(cell(0, "adresse"), "12 bis, rue de la gare");
    let reply = town
        .form(
            "/search/csv",
            FILE,
            &[("columns", "adresse"), ("citycode", "insee"), ("result_columns", "result_id")],
        )
        .await;
    assert_eq!(reply.text().lines().next().unwrap(), "nom;adresse;ville;cp;insee;result_id");
    assert!(reply.text().lines().nth(1).unwrap().ends_with(";73065_0100_00012_bis"));
    // One column alone, with commas in it or not.
    let reply = town
        .form(
            "/search/csv",
            "adresse\n12 rue de la gare 73200 albertville\n",
            &[("result_columns", "result_id")],
        )
        .await;
    assert_eq!(reply.text(), "adresse,result_id\n12 rue de la gare 73200 albertville,73011_0200_00012\n");
}

#[tokio::test]
async fn points_of_a_file_get_their_addresses() {
    let town = Town::new(ServeOptions::default()).await;
    let reply = town.form("/reverse/csv/", "id,lat,lon\n1,45.57,5.92\n2,,\n3,x,y\n4,48.85,2.35\n", &[]).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let lines: Vec<String> = reply.text().lines().map(str::to_owned).collect();
    assert!(lines[0].starts_with(
        "id,lat,lon,result_latitude,result_longitude,result_label,result_distance,result_type,result_id"
    ));
    assert!(
        lines[1].starts_with(
            "1,45.57,5.92,45.57,5.92,10 Rue de la Gare 73000 Chambéry,0,housenumber,73065_0100_00010,10,"
        ),
        "{}",
        lines[1]
    );
    assert!(
        lines[2].ends_with(",skipped") && lines[3].ends_with(",error") && lines[4].ends_with(",not-found"),
        "{lines:?}"
    );
}

#[tokio::test]
async fn a_file_that_cannot_be_read_names_line_column_and_rule() {
    let town = Town::new(ServeOptions::default()).await;
    let detail = async |path: &str, file: &str, fields: &[(&str, &str)]| {
        let reply = town.form(path, file, fields).await;
        assert_eq!(reply.status, 400, "{}", reply.text());
        problem(&reply)["detail"].as_str().unwrap().to_owned()
    };
    // A row that does not stand under its titles keeps its place, and says so.
    let whole = town.form("/search/csv", "a;b\n1;2\n3;4;5\n", &[]).await;
    assert_eq!(whole.status, 200, "{}", whole.text());
    let broken = whole.text().lines().nth(2).unwrap().to_owned();
    assert!(broken.starts_with("3;4;") && broken.contains(";error;"), "{broken}");
    let said = detail("/search/csv", FILE, &[("columns", "adrese")]).await;
    assert!(said.contains("« adrese »") && said.contains("nom, adresse, ville, cp, insee"), "{said}");
    let said = detail("/search/csv", FILE, &[("result_columns", "score")]).await;
    assert!(said.contains("« score »") && said.contains("result_score"), "{said}");
    assert!(detail("/search/csv", "", &[]).await.contains("vide"));
    assert!(detail("/reverse/csv", FILE, &[]).await.contains("latitude"));
    let reply = town.form("/search/csv", FILE, &[("colums", "adresse")]).await;
    assert!(problem(&reply)["detail"].as_str().unwrap().contains("colums"));
    let plain =
        Request::post("/search/csv").header("authorization", &town.bearer).header("content-type", "text/csv");
    let plain = plain.body(Body::from(FILE)).unwrap();
    assert_eq!(call(&town.public, plain).await.status, 415);
    // Files are for those who have an account.
    assert_eq!(call(&town.public, form("/search/csv", FILE, &[])).await.status, 401);
}

#[tokio::test]
async fn a_new_import_is_searched_without_a_restart() {
    let town = Town::new(ServeOptions::default()).await;
    assert_eq!(town.get("/search?q=rue+de+la+gare").await.status, 200);
    let made = || std::fs::read_dir(town.dir.path().join("recherche")).unwrap().count();
    assert_eq!(made(), 1);
    // The same addresses, opened by another process, are the same folder.
    let store = Store::open(town.dir.path()).unwrap();
    let before = mosaique::geocode::shelf::ensure(&store).unwrap();
    assert_eq!((mosaique::geocode::shelf::ensure(&store).unwrap(), made()), (before, 1));
}

#[tokio::test]
async fn a_remote_api_answers_instead_if_one_is_set_up() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/geocodage", listener.local_addr().unwrap());
    let echo = |request: Request<Body>| async move {
        let (uri, kind) = (request.uri().to_string(), request.headers().get("content-type").cloned());
        let body = axum::body::to_bytes(request.into_body(), usize::MAX).await.unwrap();
        axum::Json(
            json!({"uri": uri, "genre": kind.map(|k| k.to_str().unwrap().to_owned()), "octets": body.len()}),
        )
    };
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(echo)).await.unwrap() });
    let town = Town::new(ServeOptions { ban: Some(base), ..ServeOptions::default() }).await;
    let reply = town.get("/search?q=12+rue+de+la+gare&limit=3&citycode=73065").await.json();
    assert_eq!(reply["uri"], "/geocodage/search?q=12+rue+de+la+gare&autocomplete=1&limit=3&citycode=73065");
    let reply = town.get("/reverse?lon=5.9&lat=45.5").await.json();
    assert_eq!(reply["uri"], "/geocodage/reverse?lon=5.9&lat=45.5&limit=1");
    let reply = town.form("/search/csv", FILE, &[("columns", "adresse")]).await.json();
    assert_eq!(
        (&reply["uri"], &reply["genre"]),
        (&json!("/geocodage/search/csv"), &json!("multipart/form-data; boundary=frontiere"))
    );
    assert!(reply["octets"].as_u64().unwrap() > FILE.len() as u64);
    // Wrong parameters are refused here, and a silent API is said.
    assert_eq!(town.get("/search?q=ab").await.status, 400);
    let town =
        Town::new(ServeOptions { ban: Some("http://127.0.0.1:9".into()), ..ServeOptions::default() }).await;
    let reply = town.get("/search?q=12+rue+de+la+gare").await;
    assert_eq!(
        (reply.status.as_u16(), problem(&reply)["type"].as_str().unwrap().to_owned()),
        (502, "urn:mosaique:ban".into())
    );
}
