//! Zones read from files of each format are the same zones.

use std::io::{Cursor, Write};

use mosaique::territory::{crs, wkb};
use serde_json::{Value, json};

use crate::world::{commune_box, measure, polygon, post, problem};

const BINARY: &str = "application/octet-stream";

async fn sent(name: &str, bytes: impl Into<Vec<u8>>) -> Value {
    let reply = post(&format!("/api/zones/fichier?fichier={name}"), BINARY, bytes.into()).await;
    assert_eq!(reply.status, 200, "{name}: {}", reply.text());
    reply.json()
}

async fn refused(name: &str, bytes: impl Into<Vec<u8>>) -> String {
    let reply = post(&format!("/api/zones/fichier?fichier={name}"), BINARY, bytes.into()).await;
    assert_eq!(reply.status, 400, "{name}: {}", reply.text());
    problem(&reply)["detail"].as_str().unwrap().to_owned()
}

fn collection(features: &[(Value, Value)]) -> Value {
    let features: Vec<Value> =
        features.iter().map(|(p, g)| json!({"type": "Feature", "properties": p, "geometry": g})).collect();
    json!({"type": "FeatureCollection", "features": features})
}

/// The ring of a box in Lambert-93, its sides cut so that they stay where degrees have them.
fn lambert([w, s, e, n]: [f64; 4]) -> Vec<[f64; 2]> {
    const CUTS: u32 = 200;
    let corners = [[w, s], [e, s], [e, n], [w, n], [w, s]];
    let along = |a: [f64; 2], b: [f64; 2]| {
        (0..CUTS)
            .map(move |i| f64::from(i) / f64::from(CUTS))
            .map(move |t| [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])])
    };
    let degrees: Vec<[f64; 2]> =
        corners.windows(2).flat_map(|c| along(c[0], c[1])).chain([corners[0]]).collect();
    let (mut xs, mut ys): (Vec<f64>, Vec<f64>) = degrees.iter().map(|p| (p[0], p[1])).unzip();
    crs::from_lonlat(2154, &mut xs, &mut ys).unwrap();
    xs.into_iter().zip(ys).map(|(x, y)| [x, y]).collect()
}

fn area(ring: &[[f64; 2]]) -> geo::MultiPolygon {
    geo::MultiPolygon(vec![geo::Polygon::new(ring.iter().map(|p| (p[0], p[1])).collect(), vec![])])
}

/// A GeoPackage in Lambert-93 with one table a zone; `more` is run last.
fn geopackage(zones: &[(&str, Vec<[f64; 2]>)], more: &str) -> Vec<u8> {
    let file = tempfile::NamedTempFile::new().unwrap();
    let db = rusqlite::Connection::open(file.path()).unwrap();
    db.execute_batch(
        "create table gpkg_contents (table_name text, data_type text);
         create table gpkg_geometry_columns (table_name text, column_name text, srs_id integer);
         create table gpkg_spatial_ref_sys (srs_id integer, organization text, organization_coordsys_id integer, definition text);
         insert into gpkg_spatial_ref_sys values (2154, 'EPSG', 2154, '');",
    )
    .unwrap();
    for (name, ring) in zones {
        let mut blob = b"GP\0\x01".to_vec();
        blob.extend(2154_i32.to_le_bytes());
        blob.extend(wkb::encode(&area(ring)));
        db.execute_batch(&format!(
            "create table \"{name}\" (fid integer primary key, geom blob, nom text);
             insert into gpkg_contents values ('{name}', 'features');
             insert into gpkg_geometry_columns values ('{name}', 'geom', 2154);"
        ))
        .unwrap();
        db.execute(&format!("insert into \"{name}\" (geom, nom) values (?1, '{name}')"), [&blob]).unwrap();
    }
    db.execute_batch(more).unwrap();
    drop(db);
    std::fs::read(file.path()).unwrap()
}

/// A zipped Shapefile in Lambert-93 with a name a zone.
fn shapefile_zip(zones: &[(&str, Vec<[f64; 2]>)]) -> Vec<u8> {
    let mut shp = Cursor::new(Vec::new());
    let mut writer = shapefile::ShapeWriter::new(&mut shp);
    for (_, ring) in zones {
        let points = ring.iter().rev().map(|p| shapefile::Point::new(p[0], p[1])).collect();
        writer.write_shape(&shapefile::Polygon::new(shapefile::PolygonRing::Outer(points))).unwrap();
    }
    writer.finalize().unwrap();
    drop(writer);
    let mut dbf = vec![3, 0, 0, 0];
    dbf.extend(u32::try_from(zones.len()).unwrap().to_le_bytes());
    dbf.extend([65, 0, 21, 0]);
    dbf.resize(32, 0);
    dbf.extend(b"NOM\0\0\0\0\0\0\0\0C\0\0\0\0\x14");
    dbf.resize(64, 0);
    dbf.push(0x0D);
    for (name, _) in zones {
        dbf.extend(format!(" {name:<20}").bytes());
    }
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let prj = r#"PROJCS["RGF93_Lambert_93",GEOGCS["GCS_RGF93"]]"#;
    for (name, bytes) in
        [("s.shp", shp.into_inner()), ("s.dbf", dbf), ("s.prj", prj.into()), ("s.cpg", "UTF-8".into())]
    {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(&bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// The answer of `/api/mesure` to zones as a file gave them, without their ids.
async fn figures(zones: &Value) -> Vec<Value> {
    let asked: Vec<Value> = zones
        .as_array()
        .unwrap()
        .iter()
        .map(|z| json!({"nom": z["nom"], "geometrie": z["geometrie"]}))
        .collect();
    let answer = measure(json!({"zones": asked})).await;
    answer["mesures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| json!([m["zone"]["nom"], m["couverture"], m["chiffres"]]))
        .collect()
}

#[tokio::test]
async fn a_zone_has_the_same_figures_from_every_format() {
    let boxes = [("Nord", commune_box(2)), ("Sud", commune_box(0))];
    let plain = collection(&boxes.map(|(name, b)| (json!({"NOM": name}), polygon(b))));
    let projected = boxes.map(|(name, b)| (name, lambert(b)));
    let mut in_metres = collection(
        &projected
            .clone()
            .map(|(name, r)| (json!({"nom": name}), json!({"type": "Polygon", "coordinates": [r]}))),
    );
    in_metres["crs"] = json!({"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::2154"}});

    let expected = figures(&sent("a.geojson", plain.to_string()).await["zones"]).await;
    assert_eq!(expected[0][0], "Nord");
    assert!(expected[1][1]["logements"].as_u64().unwrap() > 100);
    for (name, bytes) in [
        ("l93.geojson", in_metres.to_string().into_bytes()),
        ("l93.gpkg", geopackage(&projected, "")),
        ("l93.zip", shapefile_zip(&projected)),
    ] {
        let read = sent(name, bytes).await;
        assert_eq!((&read["entites"], &read["ecartees"]), (&json!(2), &json!(0)), "{name}");
        assert_eq!(figures(&read["zones"]).await, expected, "{name}");
    }
}

#[tokio::test]
async fn what_is_left_out_or_mended_is_said_by_feature_and_rule() {
    let bow = json!({"type": "Polygon", "coordinates": [[[5.80, 45.50], [5.85, 45.55], [5.85, 45.50], [5.80, 45.55], [5.80, 45.50]]]});
    let ring: Vec<[f64; 2]> = (0..=5_001)
        .map(|i| f64::from(i % 5_001) / 5_001.0 * std::f64::consts::TAU)
        .map(|a| [5.8 + 0.1 * a.cos(), 45.5 + 0.1 * a.sin()])
        .collect();
    let file = collection(&[
        (json!({"nom": "Croisé"}), bow),
        (json!({"nom": "Point"}), json!({"type": "Point", "coordinates": [5.8, 45.5]})),
        (json!({"nom": "Rond"}), json!({"type": "Polygon", "coordinates": [ring]})),
        (json!({"nom": "12"}), polygon(commune_box(0))),
    ]);
    let read = sent("secteurs.d%27ici.geojson", file.to_string()).await;
    let names: Vec<&str> =
        read["zones"].as_array().unwrap().iter().map(|z| z["nom"].as_str().unwrap()).collect();
    assert_eq!(names, ["Croisé", "secteurs 12"]);
    let said: Vec<_> = read["constats"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| (&c["entite"], c["regle"].as_str().unwrap()))
        .collect();
    assert_eq!(said, [(&json!(2), "Z03"), (&json!(3), "Z10"), (&json!(1), "Z05")]);
    assert_eq!(figures(&read["zones"]).await.len(), 2);
}

#[tokio::test]
async fn an_outline_alone_takes_the_name_of_its_file() {
    let read = sent("perimetre.json", polygon(commune_box(1)).to_string()).await;
    assert_eq!(read["zones"][0]["nom"], "perimetre");
}

#[tokio::test]
async fn a_file_of_no_use_is_refused_with_its_name_and_what_to_do() {
    let many = collection(&vec![(json!({}), polygon(commune_box(0))); 501]);
    let packed = {
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(&vec![b' '; 31_000_000]).unwrap();
        gz.finish().unwrap()
    };
    for (name, bytes, words) in [
        ("a.csv", b"a;b".to_vec(), "un tableau sans contours"),
        ("a.geojson", many.to_string().into_bytes(), "plus de 500 zones"),
        ("a.geojson.gz", packed, "plus de 30 Mo"),
        ("..%2F..%2Fa.shp", std::fs::read("tests/fixtures/zones/qpv_lamb93.shp").unwrap(), ".dbf"),
        ("constats.csv", b"x".to_vec(), "contenu non reconnu"),
    ] {
        let e = refused(name, bytes).await;
        assert!(e.contains(words), "{name}: {e}");
    }
}

#[tokio::test]
async fn a_geopackage_that_would_have_the_server_compute_is_refused() {
    let endless = "(with recursive n(i) as (select 1 union all select i + 1 from n) select i from n)";
    for more in [
        format!(
            "drop table \"Sud\"; create view \"Sud\" as select i as fid, null as geom, null as nom from \
                {endless};"
        ),
        format!(
            "drop table gpkg_contents; create view gpkg_contents as select i as table_name, i as data_type \
                from {endless};"
        ),
        "drop table \"Sud\"; create table \"Sud\" (geom blob, nom text as (hex(zeroblob(400000000))));"
            .to_owned(),
        format!(
            "create view pragma_table_xinfo as select i as hidden from {endless}; drop table \"Sud\"; create \
                table \"Sud\" (geom blob, nom text as (geom));"
        ),
    ] {
        let bytes = geopackage(&[("Sud", lambert(commune_box(0)))], &more);
        let e = refused("vue.gpkg", bytes).await;
        assert!(e.contains("vue"), "{e}");
    }
}

#[tokio::test]
async fn files_made_to_hurt_are_refused_by_name_at_once() {
    let star = |n: u32, step: u32| {
        let at = |i: u32| (f64::from(i * step % n) / f64::from(n) * std::f64::consts::TAU).sin_cos();
        let ring: Vec<[f64; 2]> = (0..=n).map(at).map(|(s, c)| [5.8 + 0.1 * c, 45.5 + 0.1 * s]).collect();
        json!({"type": "Polygon", "coordinates": [ring]})
    };
    let mut nested = polygon(commune_box(0));
    for _ in 0..50 {
        nested = json!({"type": "GeometryCollection", "geometries": [nested]});
    }
    let alone = |geometry: Value| collection(&[(json!({"nom": "a"}), geometry)]).to_string();
    let columns: Vec<(Value, Value)> =
        (0..3_000).map(|i| (json!({format!("c{i}"): 1}), Value::Null)).collect();
    let short = r#"{"type":"Polygon","coordinates":[[[5],[5.9,45.5],[5.9,45.6],[5]]]}"#;
    for (name, text, words) in [
        ("etoile.geojson", alone(star(3_001, 1_500)), "plus souvent"),
        ("boites.geojson", alone(nested), "imbriquées"),
        ("colonnes.geojson", collection(&columns).to_string(), "plus de 500 zones"),
        ("court.geojson", alone(serde_json::from_str(short).unwrap()), "deux nombres"),
    ] {
        let begun = std::time::Instant::now();
        let e = refused(name, text.into_bytes()).await;
        assert!(e.contains(words) && e.contains(name), "{name}: {e}");
        assert!(begun.elapsed() < std::time::Duration::from_secs(3), "{name}: {:?}", begun.elapsed());
    }
}
