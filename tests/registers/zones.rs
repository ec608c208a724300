//! The zones register on files made here and on real files (skipped if they are not there).

use std::path::{Path, PathBuf};

use mosaique::registers::output::Output;
use mosaique::registers::report::Report;
use mosaique::registers::zones::{ZonesError, ZonesOptions, import};
use mosaique::territory::layer::Layer;

struct Import {
    _dir: tempfile::TempDir,
    folder: PathBuf,
    report: Report,
}

impl Import {
    fn layer(&self) -> Layer {
        Layer::from_parquet(&self.report.cle, &self.folder.join("zones.parquet")).unwrap()
    }

    fn findings(&self) -> String {
        std::fs::read_to_string(self.folder.join("constats.csv")).unwrap()
    }

    fn count(&self, key: &str) -> u64 {
        self.report.comptes.get(key).copied().unwrap_or(0)
    }

    fn rule(&self, id: &str) -> u64 {
        self.report.regles.get(id).map_or(0, |r| r.lignes)
    }
}

fn run(path: &Path, options: ZonesOptions) -> Result<Import, ZonesError> {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().to_owned();
    let report = import(path, &options, &Output::new(&folder), &|_, _| {})?;
    Ok(Import { _dir: dir, folder, report })
}

fn couche(name: &str) -> ZonesOptions {
    ZonesOptions { couche: name.to_owned(), ..ZonesOptions::default() }
}

/// Imports a text under a file name.
fn run_text(name: &str, text: &str, options: ZonesOptions) -> Result<Import, ZonesError> {
    run_bytes(name, text.as_bytes(), options)
}

fn run_bytes(name: &str, bytes: &[u8], options: ZonesOptions) -> Result<Import, ZonesError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    run(&path, options)
}

fn refused(result: Result<Import, ZonesError>) -> String {
    match result {
        Ok(i) => panic!("accepted: {:?}", i.report),
        Err(e) => e.to_string(),
    }
}

/// A real file, or `None` with a line that says so.
fn real(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(path);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {} is not there", path.display());
    None
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/zones").join(name)
}

/// A square of about 100 m with its south-west corner at (x, y), as GeoJSON coordinates.
fn square(x: f64, y: f64, side: f64) -> String {
    let (e, n) = (x + side, y + side);
    format!(r#"{{"type":"Polygon","coordinates":[[[{x},{y}],[{e},{y}],[{e},{n}],[{x},{n}],[{x},{y}]]]}}"#)
}

fn feature(properties: &str, geometry: &str) -> String {
    format!(r#"{{"type":"Feature","properties":{properties},"geometry":{geometry}}}"#)
}

fn collection(crs: &str, features: &[String]) -> String {
    let crs = if crs.is_empty() {
        String::new()
    } else {
        format!(r#""crs":{{"type":"name","properties":{{"name":"{crs}"}}}},"#)
    };
    format!(r#"{{"type":"FeatureCollection",{crs}"features":[{}]}}"#, features.join(","))
}

// ---- Shapefile ----

#[test]
fn a_shapefile_without_cpg_and_with_a_projection_in_words_is_read() {
    let i = run(&fixture("qpv_lamb93.shp"), couche("qpv")).unwrap();
    assert_eq!((i.report.cle.as_str(), i.report.encodage.as_str()), ("qpv2015", "Windows-1252"));
    assert_eq!((i.report.lignes_lues, i.report.lignes_gardees, i.count("epsg_2154")), (3, 3, 3));
    let layer = i.layer();
    let names: Vec<&str> = layer.zones.iter().map(|z| z.nom.as_str()).collect();
    assert_eq!(names, ["Les Frênes", "Côte-d’Été nœud", "Îlot"]);
    assert_eq!(layer.zones[0].departement.as_deref(), Some("73"));
    // The hole and both parts survive; the bow tie became two triangles.
    assert_eq!(layer.zones[0].geometry.0[0].interiors().len(), 1);
    assert_eq!(layer.zones[1].geometry.0.len(), 2);
    assert_eq!(layer.zones[2].geometry.0.len(), 2);
    assert_eq!((i.count("zones_reparees"), i.rule("Z05")), (1, 1));
    assert!(
        i.findings().contains(
            "2;géométrie;QP073902;Z05;drapeau;\"zone QP073902 : un contour se croise lui-même en \
                (928200, 6500200)"
        ),
        "{}",
        i.findings()
    );
    // (927050, 6500050) is inside, (927150, 6500150) is in the hole.
    let (mut x, mut y) = ([927_050.0, 927_150.0], [6_500_050.0, 6_500_150.0]);
    mosaique::territory::crs::to_lonlat(2154, &mut x, &mut y).unwrap();
    assert_eq!(layer.locate(x[0], y[0]), Some(0));
    assert_eq!(layer.locate(x[1], y[1]), None);
}

#[test]
fn a_zip_of_several_shapefiles_becomes_one_layer_each_in_its_own_projection() {
    let i = run(&fixture("qpv_deux_couches.zip"), couche("qpv")).unwrap();
    assert_eq!((i.report.lignes_gardees, i.count("epsg_2154"), i.count("epsg_2975")), (4, 3, 1));
    let layer = i.layer();
    let reunion = layer.zone("QP974901").unwrap();
    assert!(
        (reunion.bbox[0] - 55.4474).abs() < 1e-3 && (reunion.bbox[1] + 20.8796).abs() < 1e-3,
        "{:?}",
        reunion.bbox
    );
}

#[test]
fn a_shapefile_without_its_table_is_refused() {
    let shp = std::fs::read(fixture("qpv_lamb93.shp")).unwrap();
    let e = refused(run_bytes("seul.shp", &shp, couche("qpv")));
    assert!(e.contains(".dbf") && e.contains("manque"), "{e}");
}

// ---- GeoJSON ----

#[test]
fn the_crs_member_is_honoured_and_lost_zeros_come_back() {
    let text = collection(
        "urn:ogc:def:crs:EPSG::2154",
        &[feature(r#"{"Code_Insee":6029,"Nom":"Cannes"}"#, &square(1_024_000.0, 6_281_000.0, 100.0))],
    );
    let i = run_text("communes.geojson", &text, couche("commune")).unwrap();
    let layer = i.layer();
    assert_eq!((layer.zones[0].code.as_str(), layer.zones[0].departement.as_deref()), ("06029", Some("06")));
    assert_eq!((i.count("zeros_restitues"), i.count("epsg_2154")), (1, 1));
    assert!((layer.zones[0].bbox[0] - 7.00994).abs() < 1e-4, "{:?}", layer.zones[0].bbox);
}

#[test]
fn a_gzipped_file_in_windows_1252_is_read() {
    use std::io::Write;
    let text = collection("", &[feature(r#"{"code":"a","nom":"Frayère"}"#, &square(5.9, 45.5, 0.001))]);
    let (latin, _, _) = encoding_rs::WINDOWS_1252.encode(&text);
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(&latin).unwrap();
    let i = run_bytes("zones.geojson.gz", &gz.finish().unwrap(), couche("projet")).unwrap();
    assert_eq!((i.layer().zones[0].nom.as_str(), i.report.encodage.as_str()), ("Frayère", "ISO-8859-1"));
}

/// « Forêt été » of Excel for DOS, one string of Windows in a text of UTF-8, one that was written twice.
#[test]
fn names_of_geojson_are_read_in_the_page_that_they_were_written_in() {
    let square = |i: u8| square(5.9 + f64::from(i) / 100.0, 45.5, 0.001);
    let named = |names: [&[u8]; 3]| -> Vec<u8> {
        let [a, b, c] = [0, 1, 2].map(|i| feature(&format!(r#"{{"code":"z{i}","nom":"@{i}"}}"#), &square(i)));
        let mut text = collection("", &[a, b, c]).into_bytes();
        for (i, name) in names.iter().enumerate() {
            let mark = format!("@{i}").into_bytes();
            let at = text.windows(2).position(|w| *w == *mark).unwrap();
            text.splice(at..at + 2, name.iter().copied());
        }
        text
    };
    let read = |names: [&[u8]; 3]| {
        let i = run_bytes("zones.geojson", &named(names), couche("projet")).unwrap();
        let names: Vec<String> = i.layer().zones.iter().map(|z| z.nom.clone()).collect();
        (names, i.report.encodage)
    };
    let (names, page) = read([b"For\x88t \x82t\x82", b"\x90T\x90", b"Fray\x8are"]);
    assert_eq!(
        (names.join("|").as_str(), page.as_str()),
        ("Forêt été|ÉTÉ|Frayère", "page de code 850 (DOS)")
    );
    let (names, page) = read([b"For\xeat", "Frayère".as_bytes(), "ForÃªt".as_bytes()]);
    assert_eq!(
        (names.join("|").as_str(), page.as_str()),
        ("Forêt|Frayère|Forêt", "UTF-8 et Windows-1252 mêlés")
    );
}

#[test]
fn a_declared_projection_that_the_numbers_contradict_loses_and_the_report_says_so() {
    let degrees = square(45.2, -12.8, 0.001);
    let text = collection("urn:ogc:def:crs:EPSG::4471", &[feature(r#"{"code_qp":"QP976001"}"#, &degrees)]);
    let i = run_text("mayotte.geojson", &text, couche("qpv")).unwrap();
    assert!((i.layer().zones[0].bbox[0] - 45.2).abs() < 1e-12);
    assert!(
        i.report.remarques[0].contains("EPSG:4471") && i.report.remarques[0].contains("degrés"),
        "{:?}",
        i.report.remarques
    );

    let metres = square(927_000.0, 6_500_000.0, 100.0);
    let text = collection("urn:ogc:def:crs:OGC:1.3:CRS84", &[feature(r#"{"code":"a"}"#, &metres)]);
    let i = run_text("z.geojson", &text, couche("projet")).unwrap();
    assert!(i.report.remarques[0].contains("EPSG:2154"), "{:?}", i.report.remarques);
    assert!((i.layer().zones[0].bbox[1] - 45.56).abs() < 0.01);
}

#[test]
fn the_epsg_of_the_user_goes_first_but_never_against_the_numbers() {
    let metres = [feature(r#"{"code":"a"}"#, &square(1_700_000.0, 5_200_000.0, 100.0))];
    let options = |epsg| ZonesOptions { epsg: Some(epsg), ..couche("projet") };
    let i = run_text("cc46.geojson", &collection("", &metres), options(3946)).unwrap();
    assert!((i.layer().zones[0].bbox[1] - 46.0).abs() < 0.01);
    assert!(
        refused(run_text("cc46.geojson", &collection("", &metres), options(2154)))
            .contains("domaine d'EPSG:2154")
    );
    assert!(
        refused(run_text("cc46.geojson", &collection("", &metres), couche("projet")))
            .contains("précisez le code EPSG")
    );
    assert!(refused(run_text("z.geojson", &collection("", &metres), options(27572))).contains("grille"));
}

#[test]
fn latitude_first_is_put_right() {
    let text = collection("", &[feature(r#"{"code":"a"}"#, &square(45.5, 5.9, 0.001))]);
    let i = run_text("z.geojson", &text, couche("projet")).unwrap();
    assert!((i.layer().zones[0].bbox[0] - 5.9).abs() < 1e-12);
    assert!(i.report.remarques[0].contains("longitude d'abord"));
}

#[test]
fn each_bad_feature_is_rejected_by_name_and_the_others_stay() {
    let features = [
        feature(r#"{"code_qp":"QP073001","nom_qp":"bon"}"#, &square(5.9, 45.5, 0.001)),
        feature(r#"{"code_qp":"QP073002"}"#, "null"),
        feature(r#"{"code_qp":"QP073003"}"#, r#"{"type":"Point","coordinates":[5.9,45.5]}"#),
        feature(r#"{"code_qp":""}"#, &square(5.9, 45.5, 0.001)),
        feature(r#"{"code_qp":"QP073005"}"#, &square(900.0, 45.5, 0.001)),
        feature(
            r#"{"code_qp":"QP073006"}"#,
            r#"{"type":"Polygon","coordinates":[[[5.9,45.5],[5.91,45.5],[5.92,45.5],[5.9,45.5]]]}"#,
        ),
        feature(r#"{"code_qp":"BIZARRE1"}"#, &square(5.95, 45.5, 0.001)),
    ];
    let i = run_text(
        "qpv.geojson",
        &collection("", &features),
        ZonesOptions { generation: Some("2015".to_owned()), ..couche("qpv") },
    )
    .unwrap();
    assert_eq!(
        (
            i.report.lignes_lues,
            i.report.lignes_gardees,
            i.report.lignes_rejetees,
            i.report.lignes_avec_drapeau
        ),
        (7, 2, 5, 1)
    );
    for (rule, line) in [("Z02", 2), ("Z03", 3), ("Z01", 4), ("Z04", 5), ("Z06", 6), ("Z09", 7)] {
        assert_eq!(i.rule(rule), 1, "{rule}");
        assert!(
            i.findings()
                .lines()
                .any(|l| l.starts_with(&format!("{line};")) && l.contains(&format!(";{rule};"))),
            "{rule} {}",
            i.findings()
        );
    }
    assert_eq!(i.count("geometries_vides"), 1);
}

#[test]
fn features_of_one_code_become_one_zone_and_identical_ones_are_dropped() {
    let features = [
        feature(r#"{"code":"z"}"#, &square(5.9, 45.5, 0.001)),
        feature(r#"{"code":"z"}"#, &square(5.9005, 45.5, 0.001)),
        feature(r#"{"code":"z"}"#, &square(5.95, 45.5, 0.001)),
        feature(r#"{"code":"a"}"#, &square(5.9, 45.6, 0.001)),
        feature(r#"{"code":"a"}"#, &square(5.9, 45.6, 0.001)),
    ];
    let i = run_text("z.geojson", &collection("", &features), couche("projet")).unwrap();
    let layer = i.layer();
    assert_eq!(layer.zones.iter().map(|z| z.code.as_str()).collect::<Vec<_>>(), ["a", "z"]);
    assert_eq!(
        (i.rule("Z07"), i.rule("Z08"), i.report.lignes_gardees, i.report.lignes_rejetees),
        (1, 2, 4, 1)
    );
    // The two squares that overlap are one rectangle now, without a double part.
    assert_eq!(layer.zones[1].geometry.0.len(), 2);
    use geo::Area;
    let area: f64 = layer.zones[1].geometry.unsigned_area();
    assert!((area - 2.5e-6).abs() < 1e-12, "{area}");
}

#[test]
fn rings_come_out_counter_clockwise_whatever_the_file_says() {
    use geo::winding_order::Winding;
    let clockwise =
        r#"{"type":"Polygon","coordinates":[[[5.9,45.5],[5.9,45.6],[6.0,45.6],[6.0,45.5],[5.9,45.5]]]}"#;
    let i = run_text("z.geojson", &collection("", &[feature(r#"{"id":"1"}"#, clockwise)]), couche("projet"))
        .unwrap();
    assert_eq!(i.count("anneaux_reorientes"), 1);
    assert!(i.layer().zones[0].geometry.0[0].exterior().is_ccw());
}

#[test]
fn what_is_no_zone_layer_is_refused_whole_with_a_sentence() {
    for (name, bytes, words) in [
        ("vide.geojson", "", "un fichier vide"),
        ("a.json", r#"{"a":1}"#, "sans « FeatureCollection »"),
        ("a.geojson", r#"{"type":"FeatureCollection","features":["#, "le JSON est rompu"),
        ("a.geojson", r#"{"type":"FeatureCollection","features":[]}"#, "aucune zone"),
        ("a.geojson", r#"{"type":"Point","coordinates":[1,2]}"#, "n'a pas de colonne de code"),
        ("a.csv", "a;b\n1;2\n", "un tableau sans contours"),
        ("a.dbf", "x", "donnez le .shp"),
        ("a.pdf", "%PDF-1.4", "contenu non reconnu"),
    ] {
        let e = refused(run_text(name, bytes, couche("qpv")));
        assert!(e.contains(words), "{name}: {e}");
    }
    assert!(refused(run_text("a.geojson", "{}", couche("../x"))).contains("nom de couche"));
}

#[test]
fn communes_given_as_qpv_and_mixed_generations_are_refused() {
    let text = collection("", &[feature(r#"{"code":"73065","nom":"Chambéry"}"#, &square(5.9, 45.5, 0.01))]);
    assert!(refused(run_text("c.geojson", &text, couche("qpv"))).contains("couche « commune »"));
    let both = collection(
        "",
        &[
            feature(r#"{"code_qp":"QP073001"}"#, &square(5.9, 45.5, 0.001)),
            feature(r#"{"code_qp":"QN07301M"}"#, &square(5.8, 45.5, 0.001)),
        ],
    );
    assert!(refused(run_text("q.geojson", &both, couche("qpv"))).contains("2015 ou 2024"));
}

// ---- GeoPackage ----

/// A GeoPackage with tables of one square each, in EPSG:2154.
fn geopackage(path: &Path, tables: &[&str]) {
    let db = rusqlite::Connection::open(path).unwrap();
    db.execute_batch(
        "create table gpkg_contents (table_name text, data_type text);
         create table gpkg_geometry_columns (table_name text, column_name text, srs_id integer);
         create table gpkg_spatial_ref_sys (srs_id integer, organization text, organization_coordsys_id integer, definition text);
         insert into gpkg_spatial_ref_sys values (2154, 'EPSG', 2154, '');",
    )
    .unwrap();
    let ring = [
        (927_000.0, 6_500_000.0),
        (927_100.0, 6_500_000.0),
        (927_100.0, 6_500_100.0),
        (927_000.0, 6_500_000.0),
    ];
    let area = geo::MultiPolygon(vec![geo::Polygon::new(ring.into_iter().collect(), vec![])]);
    let mut blob = b"GP\0\x01".to_vec();
    blob.extend(2154_i32.to_le_bytes());
    blob.extend(mosaique::territory::wkb::encode(&area));
    for t in tables {
        db.execute_batch(&format!(
            "create table \"{t}\" (fid integer primary key, geom blob, code_iris text, nom_iris text);
             insert into gpkg_contents values ('{t}', 'features');
             insert into gpkg_geometry_columns values ('{t}', 'geom', 2154);"
        ))
        .unwrap();
        db.execute(
            &format!("insert into \"{t}\" (geom, code_iris, nom_iris) values (?1, '730650101', '{t}')"),
            [&blob],
        )
        .unwrap();
    }
}

#[test]
fn a_geopackage_gives_its_only_table_or_asks_which_one() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (dir.path().join("un.gpkg"), dir.path().join("deux #2.gpkg"));
    geopackage(&one, &["iris"]);
    geopackage(&two, &["iris 2024", "iris 2025"]);
    let i = run(&one, couche("iris")).unwrap();
    assert_eq!(i.layer().zones[0].commune.as_deref(), Some("73065"));
    assert!(refused(run(&two, couche("iris"))).contains("iris 2024, iris 2025"));
    let table = |t: &str| ZonesOptions { table: Some(t.to_owned()), ..couche("iris") };
    assert_eq!(run(&two, table("iris 2025")).unwrap().layer().zones[0].nom, "iris 2025");
    assert!(refused(run(&two, table("x"))).contains("n'existe pas"));
    let plain = dir.path().join("plain.gpkg");
    rusqlite::Connection::open(&plain).unwrap().execute_batch("create table t (a)").unwrap();
    assert!(refused(run(&plain, couche("iris"))).contains("n'est pas un GeoPackage"));
}

#[test]
fn of_several_tables_the_one_that_has_areas_or_the_codes_is_read_and_the_others_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let told = |i: &Import, name: &str| i.report.remarques.iter().any(|r| r.contains(name));
    let empty = dir.path().join("vide.gpkg");
    geopackage(&empty, &["iris", "vide"]);
    rusqlite::Connection::open(&empty).unwrap().execute_batch("delete from vide").unwrap();
    let i = run(&empty, couche("iris")).unwrap();
    assert!(i.layer().zones.len() == 1 && told(&i, "vide"), "{:?}", i.report.remarques);
    let other = dir.path().join("autre.gpkg");
    geopackage(&other, &["a_batiments", "b_iris"]);
    let rename = "alter table a_batiments rename column code_iris to numero";
    rusqlite::Connection::open(&other).unwrap().execute_batch(rename).unwrap();
    let i = run(&other, couche("iris")).unwrap();
    assert!(i.layer().zones[0].nom == "b_iris" && told(&i, "a_batiments"), "{:?}", i.report.remarques);
}

#[test]
fn of_an_archive_the_layers_that_have_the_codes_are_read_and_the_others_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("couches.zip");
    let layer = |properties: &str| collection("", &[feature(properties, &square(5.9, 45.5, 0.01))]);
    let mut zip = ::zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    for (name, text) in [
        ("a.geojson", layer(r#"{"rue":"x"}"#)),
        ("b.geojson", layer(r#"{"CODE_QPV_2024":"QN07301M","NOM_QPV_2024":"Les Hauts"}"#)),
    ] {
        zip.start_file(name, ::zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut zip, text.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
    let i = run(&path, couche("qpv")).unwrap();
    assert_eq!((i.layer().zones[0].nom.as_str(), i.report.lignes_lues), ("Les Hauts", 1));
    assert!(i.report.remarques.iter().any(|r| r.contains("a.geojson")), "{:?}", i.report.remarques);
}

#[test]
fn features_one_a_line_in_a_list_or_in_utf16_are_the_same_layer() {
    let one = |code: &str, x: f64| {
        feature(&format!(r#"{{"code_qp":"{code}","lib_qp":"É"}}"#), &square(x, 45.5, 0.01))
    };
    let (a, b) = (one("QN07301M", 5.9), one("QN07302M", 6.0));
    let whole = collection("", &[a.clone(), b.clone()]);
    let wide: Vec<u8> = format!("\u{feff}{whole}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (name, bytes) in [
        ("lignes.geojsonl", format!("{a}\n{b}\n").into_bytes()),
        ("rs.geojsons", format!("\u{1e}{a}\n\u{1e}{b}\n").into_bytes()),
        ("liste.json", format!("[{a},\n{b}]").into_bytes()),
        ("large.geojson", wide),
        ("rompue.geojsonl", format!("{a}\n{{\"type\":\n{b}\n").into_bytes()),
    ] {
        let i = run_bytes(name, &bytes, couche("qpv")).unwrap_or_else(|e| panic!("{name}: {e}"));
        let zones = &i.layer().zones;
        assert_eq!(
            (zones.len(), zones[0].nom.as_str(), zones[1].code.as_str()),
            (2, "É", "QN07302M"),
            "{name}"
        );
    }
}

#[test]
fn any_piece_of_a_shapefile_stands_for_all() {
    let dir = tempfile::tempdir().unwrap();
    let source = fixture("qpv_lamb93.shp");
    let stem = source.with_extension("");
    for piece in std::fs::read_dir(source.parent().unwrap()).unwrap().flatten().map(|e| e.path()) {
        if piece.with_extension("") == stem {
            std::fs::copy(&piece, dir.path().join(piece.file_name().unwrap())).unwrap();
        }
    }
    let whole = run(&dir.path().join("qpv_lamb93.shp"), couche("qpv")).unwrap();
    for ending in ["dbf", "shx", "prj"] {
        let path = dir.path().join("qpv_lamb93.shp").with_extension(ending);
        if path.exists() {
            let i = run(&path, couche("qpv")).unwrap();
            assert_eq!(i.report.empreinte, whole.report.empreinte, "{ending}");
        }
    }
    std::fs::remove_file(dir.path().join("qpv_lamb93.shp")).unwrap();
    assert!(refused(run(&dir.path().join("qpv_lamb93.dbf"), couche("qpv"))).contains("morceau"));
}

#[test]
fn communes_given_as_iris_are_refused_and_ept_do_not_replace_epci() {
    let features: Vec<String> = (0..3)
        .map(|i| {
            feature(&format!(r#"{{"code":"7300{i}","nom":"x"}}"#), &square(5.9 + f64::from(i), 45.5, 0.01))
        })
        .collect();
    let e = refused(run_text("c.geojson", &collection("", &features), couche("iris")));
    assert!(e.contains("commune"), "{e}");
    let ept = r#"[{"code":"200057867","nom":"Plaine Commune","type":"EPT","membres":[{"code":"93066"}]}]"#;
    let e = refused(run_text("ept.json", ept, couche("appartenance")));
    assert!(e.contains("EPT"), "{e}");
}

#[test]
fn a_file_cut_anywhere_is_refused_or_read_but_never_panics() {
    let dir = tempfile::tempdir().unwrap();
    let gpkg = dir.path().join("iris.gpkg");
    geopackage(&gpkg, &["iris"]);
    for (path, name) in [(gpkg, "c.gpkg"), (fixture("qpv_deux_couches.zip"), "c.zip")] {
        let whole = std::fs::read(path).unwrap();
        for n in (0..whole.len()).step_by(whole.len() / 40) {
            let _ = run_bytes(name, &whole[..n], couche("qpv"));
        }
    }
    let (shp, dbf) = (
        std::fs::read(fixture("qpv_lamb93.shp")).unwrap(),
        std::fs::read(fixture("qpv_lamb93.dbf")).unwrap(),
    );
    let path = dir.path().join("c.shp");
    for n in (0..shp.len()).step_by(7) {
        std::fs::write(&path, &shp[..n]).unwrap();
        std::fs::write(path.with_extension("dbf"), &dbf).unwrap();
        let _ = run(&path, couche("qpv"));
        let mut damaged = shp.clone();
        damaged[n] ^= 0xFF;
        std::fs::write(&path, &damaged).unwrap();
        let _ = run(&path, couche("qpv"));
    }
}

// ---- EPCI membership ----

#[test]
fn membership_is_read_from_csv_and_each_commune_has_one_epci() {
    let text = "Code INSEE;SIREN_EPCI;Nom EPCI\n1004;240100883;CC de la Plaine de \
        l'Ain\n73065;200069110;Grand Chambéry\n73065;200068674;Autre\n;200069110;x\n29083;ZZZZZZZZZ;Sans \
        objet\n";
    let options = ZonesOptions { generation: Some("2025".to_owned()), ..couche("appartenance") };
    let i = run_text("epci.csv", text, options).unwrap();
    assert_eq!(
        (i.report.lignes_lues, i.report.lignes_gardees, i.rule("A01"), i.rule("A02"), i.report.cle.as_str()),
        (5, 2, 1, 1, "2025")
    );
    assert_eq!(i.count("communes_sans_epci"), 1);
    use polars::prelude::*;
    let t = ParquetReader::new(std::fs::File::open(i.folder.join("appartenance.parquet")).unwrap())
        .finish()
        .unwrap();
    let cell = |c: &str, r: usize| t.column(c).unwrap().get(r).unwrap().to_string().replace('"', "");
    assert_eq!(
        [cell("commune", 0), cell("epci", 1), cell("nom", 1), cell("annee", 0)],
        ["01004", "200069110", "Grand Chambéry", "2025"]
    );
    assert!(refused(run_text("x.csv", "a;b\n1;2\n", couche("appartenance"))).contains("a, b"));
}

// ---- Real files ----

#[test]
fn the_official_qpv_of_2015_are_read_whole_and_the_invalid_ones_repaired() {
    for (file, zones, repaired, epsg) in [
        ("QP_METROPOLE_LB93", 1296, 25, 2154),
        ("QP_METROPOLEOUTREMER_WGS84_EPSG4326", 1514, 34, 4326),
        ("QP_GUADELOUPE_WGS84_UTM20N", 16, 3, 32620),
        ("QP_MARTINIQUE_WGS84_UTM20N", 7, 0, 32620),
        ("QP_STMARTIN_WGS84_UTM20N", 2, 0, 32620),
        ("QP_GUYANE_RGF95_UTM22N", 32, 1, 2972),
        ("QP_LAREUNION_RGR92_UTM40S", 49, 2, 2975),
        ("QP_MAYOTTE_RGM04_UTM38S", 36, 0, 4470),
        ("QP_POLYNESIEFRANCAISE_WGS84_EPSG4326", 76, 3, 4326),
    ] {
        let Some(path) = real(&format!("qpv/qpv2015_shp/{file}.shp")) else { return };
        let i = run(&path, couche("qpv")).unwrap();
        assert_eq!(
            (i.report.cle.as_str(), i.report.lignes_gardees, i.report.lignes_rejetees),
            ("qpv2015", zones, 0),
            "{file}"
        );
        assert_eq!(
            (i.count("zones_reparees"), i.count(&format!("epsg_{epsg}"))),
            (repaired, zones),
            "{file}"
        );
        assert_eq!(i.rule("Z09"), 0, "{file}");
    }
}

#[test]
fn overseas_qpv_in_their_own_projection_stand_where_the_national_file_puts_them() {
    let Some(national) = real("qpv/qpv2015_shp/QP_METROPOLEOUTREMER_WGS84_EPSG4326.shp") else { return };
    let national = run(&national, couche("qpv")).unwrap().layer();
    for file in [
        "QP_GUADELOUPE_WGS84_UTM20N",
        "QP_MARTINIQUE_WGS84_UTM20N",
        "QP_GUYANE_RGF95_UTM22N",
        "QP_LAREUNION_RGR92_UTM40S",
        "QP_MAYOTTE_RGM04_UTM38S",
        "QP_METROPOLE_LB93",
    ] {
        let Some(path) = real(&format!("qpv/qpv2015_shp/{file}.shp")) else { return };
        let own = run(&path, couche("qpv")).unwrap().layer();
        for zone in &own.zones {
            let same = national.zone(&zone.code).unwrap();
            for k in 0..4 {
                // 1e-5 degree is about one metre. For Guyane the national file was made with the shift of
                // 2, 2, -2 m that EPSG has replaced by none.
                let near = if file.contains("GUYANE") { 4e-5 } else { 1e-5 };
                assert!(
                    (zone.bbox[k] - same.bbox[k]).abs() < near,
                    "{file} {}: {:?} {:?}",
                    zone.code,
                    zone.bbox,
                    same.bbox
                );
            }
        }
    }
}

#[test]
fn administrative_layers_are_read_whole() {
    for (name, file, zones) in [
        ("qpv", "qpv/qpv2024_extrait_cannes_grasse_nice.geojson", 3),
        ("commune", "admin/communes_2025_metropole_simplifie_L93.gpkg", 34_746),
        ("commune", "admin/communes2018-73-savoie.geojson", 285),
        ("commune", "admin/communes2018-971-guadeloupe.geojson", 32),
        ("commune", "admin/communes_2025_971_simplifie_EPSG5490.geojson", 32),
        ("commune", "admin/communes_2025_974_simplifie_EPSG2975.geojson", 24),
        ("epci", "admin/epci_2025_974_simplifie_EPSG2975.geojson", 5),
        ("epci", "admin/epci_2025_metropole_simplifie_L93.gpkg", 1_232),
        ("departement", "admin/departements_2025_metropole_simplifie_L93.gpkg", 96),
        ("iris", "iris/iris2014_grand_lyon_358.geojson", 358),
        ("iris", "iris/iris2016_grand_paris_2841_L93.gpkg", 2_841),
    ] {
        let Some(path) = real(file) else { return };
        let i = run(&path, couche(name)).unwrap();
        assert_eq!(
            (i.report.lignes_gardees, i.report.lignes_rejetees, i.rule("Z09")),
            (zones, 0, 0),
            "{file}"
        );
        let layer = i.layer();
        // A point well inside of each zone is found in it (in simplified communes, or in a neighbour below
        // it).
        let lost = layer.zones.iter().filter(|z| {
            use geo::InteriorPoint;
            let p = z.geometry.interior_point().unwrap();
            !layer.locate_many(p.x(), p.y()).contains(&layer.index_of(&z.code).unwrap())
        });
        assert_eq!(lost.count(), 0, "{file}");
    }
    let Some(path) = real("admin/etalab_epci.json.gz") else { return };
    let i = run(&path, couche("appartenance")).unwrap();
    assert_eq!((i.count("epci"), i.count("communes")), (1_255, 34_871));
}

/// Runs `tests/oracle/points_in_zones.py` with the Python of `MOSAIQUE_ORACLE_PYTHON` (GeoPandas, pyarrow).
#[test]
fn our_lookup_and_geopandas_agree_on_every_point() {
    let Ok(python) = std::env::var("MOSAIQUE_ORACLE_PYTHON") else {
        println!("skipped: MOSAIQUE_ORACLE_PYTHON does not name a Python with GeoPandas");
        return;
    };
    let Some(dwellings) = real("rpls/rpls_cannes_geocoded_pierson.csv") else { return };
    let mut located: Vec<[f64; 2]> = Vec::new();
    for record in csv::Reader::from_path(&dwellings).unwrap().byte_records() {
        let record = record.unwrap();
        let number = |i: usize| std::str::from_utf8(&record[i]).ok().and_then(|v| v.parse::<f64>().ok());
        if let (Some(x), Some(y)) = (number(record.len() - 2), number(record.len() - 1)) {
            located.push([x, y]);
        }
    }
    assert_eq!(located.len(), 6_374 - 1_415);
    for (name, file, code, random) in [
        ("qpv", "qpv/qpv2015_shp/QP_METROPOLE_LB93.shp", "CODE_QP", 200_000),
        ("qpv", "qpv/qpv2024_extrait_cannes_grasse_nice.geojson", "code_qp", 20_000),
        ("iris", "iris/iris2016_grand_paris_2841_L93.gpkg", "CODE_IRIS", 200_000),
        ("commune", "admin/communes2018-06-alpes-maritimes.geojson", "code", 50_000),
        ("commune", "admin/communes_2025_974_simplifie_EPSG2975.geojson", "DEPCOM", 20_000),
        ("qpv", "qpv/qpv2015_shp/QP_GUADELOUPE_WGS84_UTM20N.shp", "CODE_QP", 20_000),
        ("qpv", "qpv/qpv2015_shp/QP_METROPOLEOUTREMER_WGS84_EPSG4326.shp", "CODE_QP", 200_000),
    ] {
        let Some(path) = real(file) else { return };
        let i = run(&path, couche(name)).unwrap();
        let layer = i.layer();
        let epsg: u16 =
            i.report.comptes.keys().find_map(|k| k.strip_prefix("epsg_")).unwrap().parse().unwrap();
        // The dwellings of Cannes, then points drawn in the boxes of the zones, all in the system of the
        // file.
        let (mut x, mut y): (Vec<f64>, Vec<f64>) = located.iter().map(|p| (p[0], p[1])).unzip();
        mosaique::territory::crs::to_lonlat(2154, &mut x, &mut y).unwrap();
        let mut rng = fastrand::Rng::with_seed(7);
        for _ in 0..random {
            let b = layer.zones[rng.usize(..layer.len())].bbox;
            x.push(b[0] + rng.f64() * (b[2] - b[0]));
            y.push(b[1] + rng.f64() * (b[3] - b[1]));
        }
        let points: Vec<[f64; 2]> = x.iter().zip(&y).map(|(x, y)| [*x, *y]).collect();
        let found = layer.locate_all(&points);
        mosaique::territory::crs::from_lonlat(epsg, &mut x, &mut y).unwrap();
        let csv = i.folder.join("points.csv");
        let mut text = String::from("x,y,code\n");
        for (k, zone) in found.iter().enumerate() {
            let code = layer.zones.get(*zone as usize).map_or("", |z| z.code.as_str());
            text.push_str(&format!("{},{},{code}\n", x[k], y[k]));
        }
        std::fs::write(&csv, text).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/points_in_zones.py");
        let answer = std::process::Command::new(&python)
            .arg(script)
            .args([path.as_os_str(), csv.as_os_str(), i.folder.join("zones.parquet").as_os_str()])
            .args(["--code", code])
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&answer.stdout);
        println!("oracle {file}: {}", told.lines().rev().take(3).collect::<Vec<_>>().join(" | "));
        assert!(answer.status.success(), "{file}\n{told}\n{}", String::from_utf8_lossy(&answer.stderr));
    }
}

// ---- One bad feature ----

#[test]
fn a_bad_feature_costs_itself_only_and_its_place_is_told() {
    let good = feature(r#"{"code":"b"}"#, &square(5.92, 45.56, 0.01));
    let polygon = |coordinates: &str| format!(r#"{{"type":"Polygon","coordinates":{coordinates}}}"#);
    let geometry = |geometry: &str| feature(r#"{"code":"a"}"#, geometry);
    for (bad, rule) in [
        ("null".to_owned(), "Z03"),
        ("12".to_owned(), "Z03"),
        ("[]".to_owned(), "Z03"),
        (r#"{"type":"Feature"}"#.to_owned(), "Z02"),
        (geometry(&polygon("[[[5.9],[5.91,45.56],[5.91,45.57],[5.9]]]")), "Z03"),
        (geometry(&polygon("[[[],[5.91,45.56],[5.91,45.57],[]]]")), ""),
        (geometry(&polygon("[[null,[5.91,45.56],[5.91,45.57],null]]")), "Z03"),
        (geometry(&polygon(r#"[[["5.9","45.5"],[5.91,45.56],[5.91,45.57],[5.9,45.5]]]"#)), "Z03"),
        (geometry(&polygon("[[[NaN,45.5],[5.91,45.56],[5.91,45.57],[NaN,45.5]]]")), "Z03"),
        (geometry(&polygon("[[5.9,45.5],[5.91,45.56]]")), "Z03"),
        (geometry(&polygon("[[[[[5.9,45.5]]]]]")), "Z03"),
        (geometry(&polygon(r#"{"a":1}"#)), "Z03"),
        // Bangkok, in degrees: a system that was mistaken.
        (geometry(&square(100.5, 13.7, 0.01)), "Z04"),
        (geometry(r#"{"type":"Polygon"}"#), "Z03"),
        (geometry(r#"{"type":"Patate","coordinates":[[[5.9,45.5]]]}"#), "Z03"),
        (geometry(r#"{"coordinates":[[[5.9,45.5],[5.91,45.5],[5.91,45.6],[5.9,45.5]]]}"#), "Z03"),
        (geometry(r#""POLYGON EMPTY""#), "Z02"),
        (geometry("null"), "Z02"),
        (geometry(&polygon("[]")), "Z02"),
        (geometry(&polygon("null")), "Z03"),
        (geometry(r#"{"type":"MultiPolygon","coordinates":[]}"#), "Z02"),
        (geometry(r#"{"type":"GeometryCollection","geometries":[]}"#), "Z02"),
        (geometry(r#"{"type":"GeometryCollection","geometries":[null]}"#), "Z03"),
    ] {
        for (features, line) in [([bad.clone(), good.clone()], 1), ([good.clone(), bad.clone()], 2)] {
            let i = run_text("z.geojson", &collection("", &features), couche("projet"))
                .unwrap_or_else(|e| panic!("{bad}: {e}"));
            let kept =
                if rule.is_empty() { i.report.lignes_gardees >= 1 } else { i.report.lignes_gardees == 1 };
            assert!(kept && i.report.lignes_lues == 2, "{bad}: {:?}", i.report);
            if !rule.is_empty() {
                let said =
                    i.findings().lines().any(|l| l.starts_with(&format!("{line};")) && l.contains(rule));
                assert!(said, "{bad}: {}", i.findings());
            }
        }
    }
}

#[test]
fn identifiers_and_values_of_any_kind_are_read() {
    let square = |i: f64| square(5.9 + 0.02 * i, 45.5, 0.01);
    let text = format!(
        r#"{{"features":[
            {{"geometry":{},"type":"Feature","properties":{{"code":"a","nom":null}},"id":null}},
            {{"id":{{"x":1}},"properties":{{"nom":["x","y"],"code":"b"}},"geometry":{},"type":"Feature"}},
            {{"type":"Feature","id":7,"properties":{{"code":12.0,"nom":NaN}},"geometry":{}}},
            {{"type":"Feature","properties":{{"code":"« NaN »","autre":{{"a":[{{}}]}}}},"geometry":{}}}
        ],"type":"FeatureCollection"}}"#,
        square(0.0),
        square(1.0),
        square(2.0),
        square(3.0)
    );
    let i = run_text("z.geojson", &text, couche("projet")).unwrap();
    let named: Vec<(String, String)> = i.layer().zones.into_iter().map(|z| (z.code, z.nom)).collect();
    let expected = [("12", "12"), ("a", "a"), ("b", "x,y"), ("« NaN »", "« NaN »")];
    assert_eq!(named, expected.map(|(c, n)| (c.to_owned(), n.to_owned())));
}

#[test]
fn areas_of_collections_are_read_and_what_has_none_beside_them_is_left_out() {
    let (a, b) = (square(5.9, 45.5, 0.01), square(5.95, 45.5, 0.01));
    let line = r#"{"type":"LineString","coordinates":[[5.9,45.5],[5.91,45.51]]}"#;
    let of =
        |parts: &[&str]| format!(r#"{{"geometries":[{}],"type":"GeometryCollection"}}"#, parts.join(","));
    let features = [
        feature(r#"{"code":"deux"}"#, &of(&[&a, line, &of(&[&b])])),
        feature(r#"{"code":"ligne"}"#, &of(&[line])),
    ];
    let i = run_text("z.geojson", &collection("", &features), couche("projet")).unwrap();
    assert_eq!((i.report.lignes_gardees, i.rule("Z03"), i.layer().zones[0].geometry.0.len()), (1, 1, 2));
}

#[test]
fn names_of_columns_of_known_publishers_are_understood() {
    for (layer, properties, code, nom) in [
        (
            "qpv2024",
            r#"{"code_quartier":"QN07301M","quartier_prioritaire":"Les Prés","code_insee":"73065"}"#,
            "QN07301M",
            "Les Prés",
        ),
        (
            "qpv2024",
            r#"{"code_qp":"QN07301M","lib_qp":"Les Prés","insee_com":"73065","siren_epci":"200069110"}"#,
            "QN07301M",
            "Les Prés",
        ),
        (
            "qpv2015",
            r#"{"CODE_QP":"QP073001","NOM_QP":"Les Prés","COMMUNE_QP":"Chambéry"}"#,
            "QP073001",
            "Les Prés",
        ),
        (
            "commune",
            r#"{"INSEE_COM":"73065","NOM":"Chambéry","SIREN_EPCI":"200069110"}"#,
            "73065",
            "Chambéry",
        ),
        (
            "commune",
            r#"{"code_insee":"73065","nom_officiel":"Chambéry","codes_siren_des_epci":"200069110/x"}"#,
            "73065",
            "Chambéry",
        ),
        ("commune", r#"{"code":"73065","nom":"Chambéry","departement":"73"}"#, "73065", "Chambéry"),
        (
            "commune",
            r#"{"com_code":["73065"],"com_name":["Chambéry"],"epci_code":["200069110"]}"#,
            "73065",
            "Chambéry",
        ),
        ("epci", r#"{"CODE_SIREN":"200069110","NOM":"Grand Chambéry"}"#, "200069110", "Grand Chambéry"),
        (
            "epci",
            r#"{"code_siren":"200069110","nom_officiel":"Grand Chambéry"}"#,
            "200069110",
            "Grand Chambéry",
        ),
        (
            "epci",
            r#"{"N° SIREN":"200069110","Nom du groupement":"Grand Chambéry"}"#,
            "200069110",
            "Grand Chambéry",
        ),
        ("departement", r#"{"code_insee":"73","nom_officiel":"Savoie"}"#, "73", "Savoie"),
        ("departement", r#"{"dep_code":["73"],"dep_name":["Savoie"]}"#, "73", "Savoie"),
        (
            "iris",
            r#"{"code_iris":"730650101","nom_iris":"Centre","code_insee":"73065"}"#,
            "730650101",
            "Centre",
        ),
        ("iris", r#"{"iris_code":["730650101"],"iris_name":["Centre"]}"#, "730650101", "Centre"),
    ] {
        let text = collection("", &[feature(properties, &square(5.9, 45.5, 0.01))]);
        let i = run_text("z.geojson", &text, couche(layer)).unwrap_or_else(|e| panic!("{properties}: {e}"));
        let zone = &i.layer().zones[0];
        assert_eq!((zone.code.as_str(), zone.nom.as_str()), (code, nom), "{properties}");
    }
}

#[test]
fn zones_of_ones_own_that_overlap_are_told() {
    let (big, small) = (square(5.9, 45.5, 0.1), square(5.95, 45.55, 0.01));
    let features = [feature(r#"{"code":"GRAND"}"#, &big), feature(r#"{"code":"PETIT"}"#, &small)];
    let i = run_text("z.geojson", &collection("", &features), couche("secteurs")).unwrap();
    assert!(i.report.remarques.iter().any(|r| r.contains("GRAND et PETIT")), "{:?}", i.report.remarques);
    let apart = [feature(r#"{"code":"A"}"#, &small), feature(r#"{"code":"B"}"#, &square(5.96, 45.55, 0.01))];
    let i = run_text("z.geojson", &collection("", &apart), couche("secteurs")).unwrap();
    assert_eq!(i.report.remarques, Vec::<String>::new());
}

#[test]
fn zones_that_overlap_count_what_a_drawn_zone_counts() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    // Twenty dwellings on a line, a sector around all, one within it, one across its end, one apart.
    let rows: Vec<String> = (0..20)
        .map(|i| {
            let x = 5.9 + 0.001 * f64::from(i);
            format!(
                "QX{i:08};A-{i};77568502900123;OFFICE;73065;73000;CHAMBÉRY;{i};;RUE;DES AULNES;;2;C;3;66;1985;1985;\
                 1985;1;13;1;1;03/2019;412,35;13;11/2010;C;D;4326;{x};45.56;11"
            )
        })
        .collect();
    let titles = "IDENT_REP;IDENT_INT;SIRET;RS;DEPCOM;CODEPOSTAL;LIBCOM;NUMVOIE;INDREP;TYPVOIE;NOMVOIE;COMPLGEO;QPV;\
                  TYPECONST;NBPIECE;SURFHAB;CONSTRUCT;LOCAT;PATRIMOINE;ORIGINE;FINAN;CONV;MODE;BAIL;LOYERPRINC;CUS;\
                  DPEDATE;DPEENERGIE;DPESERRE;EPSG;X;Y;QUALITE_XY";
    std::fs::write(at("rpls.csv"), format!("{titles}\n{}\n", rows.join("\n"))).unwrap();
    let zones = [
        ("TOUT", square(5.895, 45.555, 0.03)),
        ("DEDANS", square(5.9045, 45.5585, 0.003)),
        ("BORD", square(5.9155, 45.5585, 0.02)),
        ("AILLEURS", square(5.8, 45.5, 0.01)),
    ];
    let features: Vec<String> =
        zones.iter().map(|(code, g)| feature(&format!(r#"{{"code":"{code}"}}"#), g)).collect();
    std::fs::write(at("zones.geojson"), collection("", &features)).unwrap();
    let run = |args: &[&str]| -> String {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_mosaique"));
        let out = command.args(args).args(["--data", &at("magasin")]).output().unwrap();
        assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap()
    };
    run(&["import", "rpls", &at("rpls.csv"), "--millesime", "2024"]);
    run(&["import", "zones", &at("zones.geojson"), "--layer", "secteurs"]);
    run(&["build"]);
    // Columns behind the name of the zone: they are the same however it is asked.
    let figures = |args: &[&str]| -> Vec<String> {
        let text = run(&[&["measure", "--format", "csv"][..], args].concat());
        let after_name = |line: &str| line.split_once(';').map(|(_, rest)| rest.to_owned());
        text.lines().skip(1).filter_map(after_name).collect()
    };
    for (code, geometry) in &zones {
        std::fs::write(at("une.geojson"), geometry).unwrap();
        let listed = figures(&["--code", &format!("secteurs:{code}")]);
        let drawn = figures(&["--zone", &at("une.geojson")]);
        let short = |lines: &[String]| -> Vec<String> {
            // Scale and code are told of a listed zone only.
            lines.iter().map(|l| l.split(';').skip(4).collect::<Vec<_>>().join(";")).collect()
        };
        assert!(!listed.is_empty() && short(&listed) == short(&drawn), "{code}: {listed:?} {drawn:?}");
    }
}

// ---- Files made to hurt ----

/// Runs an import that must be refused at once.
fn refused_at_once(name: &str, bytes: &[u8], layer: &str) -> String {
    let begun = std::time::Instant::now();
    let said = refused(run_bytes(name, bytes, couche(layer)));
    assert!(begun.elapsed() < std::time::Duration::from_secs(5), "{name}: {:?}", begun.elapsed());
    assert!(said.contains(name), "{said}");
    said
}

/// A star that crosses itself `n` × (`step` − 1) times.
fn star(n: u32, step: u32) -> String {
    let at = |i: u32| (f64::from(i * step % n) / f64::from(n) * std::f64::consts::TAU).sin_cos();
    let ring: Vec<String> =
        (0..=n).map(at).map(|(s, c)| format!("[{},{}]", 5.8 + 0.1 * c, 45.8 + 0.1 * s)).collect();
    format!(r#"{{"type":"Polygon","coordinates":[[{}]]}}"#, ring.join(","))
}

#[test]
fn contours_without_end_are_refused_by_name() {
    let alone = |geometry: &str| collection("", &[feature(r#"{"code":"a"}"#, geometry)]);
    let e = refused_at_once("etoile.geojson", alone(&star(9_999, 4_999)).as_bytes(), "projet");
    assert!(e.contains("plus souvent"), "{e}");
    let many: Vec<String> =
        (0..2_000).map(|i| feature(&format!(r#"{{"code":"{i}"}}"#), &star(99, 49))).collect();
    refused_at_once("etoiles.geojson", collection("", &many).as_bytes(), "projet");

    let mut nested = square(5.9, 45.5, 0.01);
    for _ in 0..60 {
        nested = format!(r#"{{"type":"GeometryCollection","geometries":[{nested}]}}"#);
    }
    assert!(refused_at_once("boites.geojson", alone(&nested).as_bytes(), "projet").contains("imbriquées"));
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let deep = alone(&format!(r#"{{"type":"Polygon","coordinates":{deep}}}"#));
    assert!(refused_at_once("puits.geojson", deep.as_bytes(), "projet").contains("imbriqué"));

    let columns: Vec<String> =
        (0..30_000).map(|i| feature(&format!(r#"{{"code":"{i}","c{i}":1}}"#), "null")).collect();
    let e = refused_at_once("colonnes.geojson", collection("", &columns).as_bytes(), "projet");
    assert!(e.contains("colonnes"), "{e}");

    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut gz, &vec![b' '; 80_000_000]).unwrap();
    let e = refused_at_once("vide.geojson.gz", &gz.finish().unwrap(), "projet");
    assert!(e.contains("100 fois"), "{e}");
}

/// A GeoPackage with one feature table `z`, then whatever `more` does.
fn gpkg_with(path: &Path, more: &str) {
    geopackage(path, &["z"]);
    rusqlite::Connection::open(path).unwrap().execute_batch(more).unwrap();
}

#[test]
fn a_geopackage_that_computes_without_end_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let endless = "with recursive n(i) as (select 1 union all select i + 1 from n)";
    for (name, more) in [
        (
            "sans-fin.gpkg",
            format!("alter table z rename to o; create view z as {endless} select o.* from o, n;"),
        ),
        (
            "muette.gpkg",
            format!(
                "alter table z rename to o; create view z as {endless} select o.* from o, n where i < 0;"
            ),
        ),
        (
            "liste.gpkg",
            format!(
                "alter table gpkg_contents rename to o; create view gpkg_contents as {endless} select o.* from o, n;"
            ),
        ),
        (
            "grosse.gpkg",
            "alter table z rename to o; create view z as select *, hex(zeroblob(30000000)) as nom from o;"
                .to_owned(),
        ),
    ] {
        let path = dir.path().join(name);
        gpkg_with(&path, &more);
        let begun = std::time::Instant::now();
        let e = refused(run(&path, couche("projet")));
        assert!(begun.elapsed() < std::time::Duration::from_secs(5), "{name}: {:?}", begun.elapsed());
        assert!(e.contains(name), "{e}");
    }
    // A view that ends is what its author wants to show.
    let path = dir.path().join("vue.gpkg");
    gpkg_with(&path, "alter table z rename to o; create view z as select * from o;");
    assert!(run(&path, couche("projet")).unwrap().report.lignes_gardees > 0);
}

#[test]
fn what_another_program_has_not_written_yet_is_read_or_its_absence_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ouvert.gpkg");
    geopackage(&path, &["z"]);
    let before = run(&path, couche("projet")).unwrap();
    assert!(before.report.remarques.is_empty(), "{:?}", before.report.remarques);
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch("pragma journal_mode = wal; pragma wal_autocheckpoint = 0; insert into z (geom, nom_iris) select geom, 'B' from z;").unwrap();
    let now = run(&path, couche("projet")).unwrap();
    assert_eq!(now.report.lignes_lues, before.report.lignes_lues + 1);
    assert!(now.report.remarques.iter().any(|r| r.contains("-wal")), "{:?}", now.report.remarques);
    assert_ne!(now.report.empreinte, before.report.empreinte);
    // Copied without its journal.
    let copy = dir.path().join("copie.gpkg");
    std::fs::copy(&path, &copy).unwrap();
    let alone = run(&copy, couche("projet")).unwrap();
    assert!(alone.report.remarques.iter().any(|r| r.contains("WAL")), "{:?}", alone.report.remarques);
}
