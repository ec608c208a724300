use crate::world::{QPV, fault, ok, post, problem};
use serde_json::Value;

fn qpv<'a>(s: &'a Value, generation: &str) -> &'a Value {
    s["qpv"].as_array().unwrap().iter().find(|q| q["generation"] == generation).unwrap()
}

#[tokio::test]
async fn a_point_is_in_its_commune_iris_square_and_hexagons() {
    let s = ok("/api/situation?lon=5.815&lat=45.515").await;
    assert_eq!(s["commune"]["code"], "73901");
    assert_eq!(s["epci"]["code"], "200000001");
    assert_eq!(s["epci"]["nom"], "CA du Sud");
    assert_eq!(s["departement"]["nom"], "Savoie");
    assert_eq!(s["iris"]["code"], "739010101");
    assert!(s["carreau"].as_str().unwrap().starts_with("CRS3035RES200mN"));
    assert_eq!(s["h3"].as_object().unwrap().len(), 4);
}

#[tokio::test]
async fn in_out_or_uncertain_follows_the_distance_and_the_quality() {
    // 15 m inside of the western edge: one degree of longitude is 78.0 km here.
    let (lon, lat) = (QPV[0] + 15.0 / 78_000.0, 45.52);
    let ask = async |quality: &str| ok(&format!("/api/situation?lon={lon}&lat={lat}{quality}")).await;
    for (quality, expected) in [
        ("", "dedans"),
        ("&qualite=11", "dedans"),
        ("&qualite=21", "incertain"),
        ("&qualite=12", "incertain"),
        ("&qualite=33", "incertain"),
    ] {
        let s = ask(quality).await;
        let q = qpv(&s, "2024");
        assert_eq!(q["reponse"], expected, "{quality}: {q}");
        assert_eq!(q["motif"].is_string(), expected == "incertain");
    }
    let metres = qpv(&ask("").await, "2024")["distance_bord_m"].as_f64().unwrap();
    assert!((metres - 15.0).abs() < 0.3, "{metres}");
    // Deep inside for 2024, outside for the smaller zone of 2015.
    let s = ok("/api/situation?lon=5.825&lat=45.52&qualite=21").await;
    assert_eq!(
        (qpv(&s, "2024")["reponse"].as_str(), qpv(&s, "2024")["code"].as_str()),
        (Some("dedans"), Some("QN07301M"))
    );
    assert_eq!(
        (qpv(&s, "2015")["reponse"].as_str(), qpv(&s, "2015")["code"].is_null()),
        (Some("dehors"), true)
    );
}

#[tokio::test]
async fn lambert_93_gives_the_same_place() {
    let (mut x, mut y) = ([5.815], [45.515]);
    mosaique::territory::crs::from_lonlat(2154, &mut x, &mut y).unwrap();
    let s = ok(&format!("/api/situation?x={}&y={}&epsg=2154", x[0], y[0])).await;
    assert_eq!(s["iris"]["code"], "739010101");
    assert_eq!(fault("/api/situation?x=900000&y=6500000&epsg=1", 400).await["champ"], "epsg");
    assert_eq!(fault("/api/situation?lon=900000&lat=6500000", 400).await["champ"], "lon");
    assert_eq!(fault("/api/situation?lon=5.8", 400).await["champ"], "lat");
    assert_eq!(fault("/api/situation?lon=5.8&lat=45.5&qualite=9", 400).await["champ"], "qualite");
}

#[tokio::test]
async fn a_file_comes_back_with_its_columns_and_the_answers_of_single_points() {
    // Windows-1252, decimal commas, a bad row, a short row.
    let text = b"id;lon;lat;qualite;r\xe9sidence\n1;5,825;45,52;11;Les \
        \xc9rables\n2;x;45.5;;\n3;5.8101;45.52;12;B\n4;5.9\n";
    let reply = post("/api/situation", "text/csv", text.to_vec()).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let text = reply.text();
    let mut reader =
        csv::ReaderBuilder::new().delimiter(b';').from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let titles: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(titles[..5], ["id", "lon", "lat", "qualite", "résidence"]);
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
    let at = |row: usize, title: &str| {
        rows[row].get(titles.iter().position(|t| t == title).unwrap()).unwrap().to_owned()
    };
    assert_eq!(rows.len(), 4);
    assert_eq!(
        (at(0, "résidence").as_str(), at(0, "qpv2024").as_str(), at(0, "qpv2024_code").as_str()),
        ("Les Érables", "dedans", "QN07301M")
    );
    assert_eq!(at(0, "qpv2015"), "dehors");
    assert_eq!(at(2, "qpv2024"), "incertain");
    assert!(at(1, "situation_erreur").contains("illisibles") && !at(3, "situation_erreur").is_empty());
    let single = ok("/api/situation?lon=5.825&lat=45.52&qualite=11").await;
    assert_eq!(at(0, "carreau"), single["carreau"].as_str().unwrap());
    assert_eq!(at(0, "h3_r9"), single["h3"]["r9"].as_str().unwrap());
    assert_eq!(at(0, "iris_code"), single["iris"]["code"].as_str().unwrap());
}

#[tokio::test]
async fn points_are_read_as_spreadsheets_write_them() {
    let text = "Adresses du conseil du 12 mai\n\nid;x;y;epsg;note\n1;\"919 734,69\";=\"6494531.21\";EPSG:2154;\n\
        2;919734.69;6494531.21;2154.0;un \" seul\n3;9,20E+05;6,49E+06;2154;\n";
    let reply = post("/api/situation", "text/csv", text).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let lines: Vec<String> = reply.text().lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 4, "{lines:?}");
    let from = |line: &str| line[line.find(";73901;").unwrap()..].to_owned();
    assert_eq!(from(&lines[1]), from(&lines[2]));
    assert!(lines[3].contains("arrondies par un tableur"), "{}", lines[3]);
}

#[tokio::test]
async fn a_file_without_coordinates_is_refused_with_its_columns() {
    let reply = post("/api/situation", "text/csv", "a;b\n1;2\n").await;
    assert_eq!(reply.status, 400);
    assert!(problem(&reply)["detail"].as_str().unwrap().contains("a, b"));
}

#[tokio::test]
async fn where_nothing_is_known_the_answer_is_unknown_and_says_why() {
    // No commune of the store, another country, and a square of the sea.
    for (lon, lat) in [(2.3917, 48.9347), (13.4, 52.5), (-5.0, 47.0)] {
        let s = ok(&format!("/api/situation?lon={lon}&lat={lat}")).await;
        for generation in ["2015", "2024"] {
            let q = qpv(&s, generation);
            assert_eq!((&q["reponse"], q["motif"].is_string()), (&"inconnu".into(), true), "{q}");
        }
    }
    let reply = post("/api/situation", "text/csv", "lon;lat\n2.3917;48.9347\n5.82;45.54\n").await;
    let text = reply.text();
    let answers: Vec<Vec<&str>> = text.lines().map(|l| l.split(';').collect()).collect();
    let at = answers[0].iter().position(|t| *t == "qpv2024").unwrap();
    assert_eq!((answers[1][at], answers[1][at + 1]), ("inconnu", ""));
    assert_eq!(answers[2][at], "dehors");
}
