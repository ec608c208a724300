use std::collections::BTreeMap;
use std::io::Read;

use axum::body::Body;
use axum::http::Request;
use fast_mvt::{MvtReaderRef, MvtValue};
use geo::{Area, Geometry};

use crate::world::{WORLD, commune_box, fault, get, ok, send};

struct Feature {
    geometry: Geometry<i32>,
    properties: BTreeMap<String, MvtValue>,
}

impl Feature {
    fn code(&self) -> &str {
        match &self.properties["code"] {
            MvtValue::String(s) => s,
            other => panic!("{other:?}"),
        }
    }

    fn dwellings(&self) -> u64 {
        match self.properties["logements"] {
            MvtValue::UInt(n) => n,
            ref other => panic!("{other:?}"),
        }
    }
}

/// Tile that holds a place.
fn tile_at(lon: f64, lat: f64, z: u32) -> (u32, u32) {
    let n = f64::from(1u32 << z);
    let r = lat.to_radians();
    let y = (1.0 - (r.tan() + 1.0 / r.cos()).ln() / std::f64::consts::PI) / 2.0 * n;
    (((lon + 180.0) / 360.0 * n) as u32, y as u32)
}

async fn features(layer: &str, z: u32, x: u32, y: u32, query: &str) -> Vec<Feature> {
    let reply = get(&format!("/tiles/{layer}/{z}/{x}/{y}.mvt{query}")).await;
    if reply.status == 204 {
        return Vec::new();
    }
    assert_eq!(
        (reply.status.as_u16(), reply.header("content-type")),
        (200, "application/vnd.mapbox-vector-tile")
    );
    parsed(layer, &reply.bytes)
}

fn parsed(layer: &str, bytes: &[u8]) -> Vec<Feature> {
    let reader = MvtReaderRef::new(bytes).unwrap();
    let layers: Vec<_> = reader.layers().collect();
    assert_eq!(layers.len(), 1);
    assert_eq!((layers[0].name(), layers[0].extent()), (layer, 4096));
    layers[0]
        .features()
        .map(|f| Feature {
            geometry: f.geometry().unwrap(),
            properties: f
                .properties()
                .map(|p| p.unwrap())
                .map(|(k, v)| (k.to_owned(), v.into_owned()))
                .collect(),
        })
        .collect()
}

/// Dwellings by code of a tile of addresses.
pub fn counts(bytes: &[u8]) -> Vec<(String, u64)> {
    parsed("adresse", bytes).iter().map(|f| (f.code().to_owned(), f.dwellings())).collect()
}

/// Every tile of a zoom over the territory.
pub fn covering(z: u32) -> Vec<(u32, u32)> {
    let (x0, y1) = tile_at(5.80, 45.50, z);
    let (x1, y0) = tile_at(5.90, 45.60, z);
    (x0..=x1).flat_map(|x| (y0..=y1).map(move |y| (x, y))).collect()
}

async fn everywhere(layer: &str, z: u32, query: &str) -> Vec<Feature> {
    let mut out = Vec::new();
    for (x, y) in covering(z) {
        out.extend(features(layer, z, x, y, query).await);
    }
    out
}

#[tokio::test]
async fn a_commune_is_drawn_where_it_is_with_its_dwellings() {
    // At zoom 8 the whole territory is in one tile.
    let (x, y) = tile_at(5.85, 45.55, 8);
    let found = features("commune", 8, x, y, "").await;
    assert_eq!(found.len(), 5);
    for (i, f) in found.iter().take(4).enumerate() {
        assert_eq!(f.code(), format!("7390{}", i + 1));
        let sheet = ok(&format!("/api/zones/commune/{}?indicateurs=P01", f.code())).await;
        assert_eq!(sheet["couverture"]["logements"], f.dwellings());
        // The drawn square is the square on the ground, at Mercator's scale (units: 1/4096 of a tile).
        let b = commune_box(i);
        let width = (b[2] - b[0]) / 360.0 * 256.0 * 4096.0;
        let height = width / (45.55f64.to_radians().cos());
        let Geometry::Polygon(p) = &f.geometry else { panic!("{:?}", f.geometry) };
        let area = geo::MapCoords::map_coords(p, |c| geo::Coord { x: f64::from(c.x), y: f64::from(c.y) })
            .unsigned_area();
        assert!((area / (width * height) - 1.0).abs() < 0.01, "{area} {}", width * height);
    }
}

#[tokio::test]
async fn tiles_of_points_hold_each_dwelling_once_and_follow_filters() {
    let located = WORLD.dwellings(|x, _| x.is_finite());
    for (layer, z) in [("residence", 12), ("residence", 14), ("adresse", 14)] {
        let all = everywhere(layer, z, "").await;
        assert_eq!(all.iter().map(Feature::dwellings).sum::<u64>(), located, "{layer} {z}");
        let filtered = everywhere(layer, z, "?financement=PLAI").await;
        let plai = WORLD.facts.attributes["financement"]
            .iter()
            .zip(&WORLD.facts.address_of)
            .filter(|(c, a)| **c == 1 && WORLD.facts.addresses[**a as usize].is_located())
            .count() as u64;
        assert_eq!(filtered.iter().map(Feature::dwellings).sum::<u64>(), plai);
        assert!(filtered.iter().all(|f| f.dwellings() > 0));
    }
}

#[tokio::test]
async fn tiles_say_nothing_of_households() {
    let plain = everywhere("adresse", 14, "").await;
    let recent = everywhere("adresse", 14, "?population=RECENTS").await;
    assert_eq!(plain.len(), recent.len());
    for (a, b) in plain.iter().zip(&recent) {
        assert_eq!(a.properties, b.properties);
        assert_eq!(a.properties.keys().collect::<Vec<_>>(), ["code", "logements", "nom"]);
    }
}

#[tokio::test]
async fn points_never_come_at_low_zooms_and_an_empty_tile_has_no_content() {
    for path in
        ["/tiles/adresse/13/4229/2930.mvt", "/tiles/residence/11/1057/731.mvt", "/tiles/commune/9/0/0.mvt"]
    {
        let reply = get(path).await;
        assert_eq!((reply.status.as_u16(), reply.bytes.len()), (204, 0), "{path}");
    }
}

#[tokio::test]
async fn cells_are_drawn_from_their_names() {
    for layer in ["carreau", "h3r9"] {
        let mut codes: Vec<String> =
            everywhere(layer, 12, "").await.iter().map(|f| f.code().to_owned()).collect();
        codes.sort();
        codes.dedup();
        let zones = ok(&format!("/api/zones?echelle={layer}&limite=10000")).await;
        let mut all: Vec<String> = zones["zones"]
            .as_array()
            .unwrap()
            .iter()
            .map(|z| z["code"].as_str().unwrap().to_owned())
            .collect();
        all.sort();
        assert_eq!(codes, all, "{layer}");
    }
}

#[tokio::test]
async fn a_tile_is_sent_compressed_and_not_at_all_to_who_has_it() {
    let (x, y) = tile_at(5.85, 45.55, 9);
    let path = format!("/tiles/commune/9/{x}/{y}.mvt");
    let ask = |name: &'static str, value: String| {
        send(Request::get(&path).header(name, value).body(Body::empty()).unwrap())
    };
    let plain = get(&path).await;
    let packed = ask("accept-encoding", "gzip, br".into()).await;
    assert_eq!(packed.header("content-encoding"), "gzip");
    let mut out = Vec::new();
    flate2::read::GzDecoder::new(&packed.bytes[..]).read_to_end(&mut out).unwrap();
    assert_eq!(out, plain.bytes);
    let again = ask("if-none-match", packed.header("etag").to_owned()).await;
    assert_eq!((again.status.as_u16(), again.bytes.len()), (304, 0));
}

#[tokio::test]
async fn the_tilejson_of_a_layer_says_where_its_tiles_are() {
    let t = ok("/tiles/qpv2024.json").await;
    // QGIS reads no address that does not begin with a host.
    assert_eq!(t["tiles"][0], "http://localhost/tiles/qpv2024/{z}/{x}/{y}.mvt");
    assert_eq!(t["vector_layers"][0]["id"], "qpv2024");
    let bounds: Vec<f64> = t["bounds"].as_array().unwrap().iter().map(|b| b.as_f64().unwrap()).collect();
    assert_eq!(bounds, [5.81, 45.51, 5.88, 45.58]);
    assert_eq!(ok("/tiles/adresse.json").await["minzoom"], 14);
}

#[tokio::test]
async fn a_tile_that_cannot_be_is_a_problem() {
    assert_eq!(fault("/tiles/canton/9/1/1.mvt", 404).await["champ"], "couche");
    assert_eq!(fault("/tiles/canton.json", 404).await["champ"], "couche");
    assert_eq!(fault("/tiles/commune/9/512/1.mvt", 400).await["champ"], "z/x/y");
    assert_eq!(fault("/tiles/commune/9/1/1.png", 404).await["champ"], "y");
    fault("/tiles/commune", 404).await;
}
