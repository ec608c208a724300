//! A seeded territory of four communes in a square, about 3,000 dwellings, in a real store; and requests to
//! it.

use std::collections::BTreeMap;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::LazyLock;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode};
use geo::{MultiPolygon, Rect};
use mosaique::cube::build::build;
use mosaique::desk::editions::{App, Live};
use mosaique::reference::indicators::Catalogue;
use mosaique::reference::secrecy::Secrecy;
use mosaique::registers::demandes;
use mosaique::registers::output::Output;
use mosaique::registers::report::Report;
use mosaique::server::{ServeOptions, Server, router};
use mosaique::state::State;
use mosaique::stock::facts::{Address, BuildReport, Facts, LayerFacts, NONE};
use mosaique::store::{CubeEntry, Store, Writer};
use mosaique::territory::layer::{Layer, Zone};
use mosaique::territory::{grid, h3, wkb};
use polars::prelude::*;
use serde_json::Value;
use tower::ServiceExt;

use crate::people::People;

/// South-west corner and side of a commune, in degrees.
pub const ORIGIN: [f64; 2] = [5.80, 45.50];
pub const SIDE: f64 = 0.05;
/// A QPV (both generations; 2024 is larger) inside the first commune.
pub const QPV: [f64; 4] = [5.81, 45.51, 5.83, 45.53];

pub struct World {
    pub router: Router,
    pub facts: Facts,
    pub state: State,
    pub people: People,
    pub runtime: tokio::runtime::Runtime,
    pub dir: tempfile::TempDir,
}

pub static WORLD: LazyLock<World> = LazyLock::new(|| World::new(7));

fn zone(code: &str, nom: &str, [w, s, e, n]: [f64; 4]) -> Zone {
    let area = MultiPolygon(vec![Rect::new((w, s), (e, n)).to_polygon()]);
    Zone::new(code.to_owned(), nom.to_owned(), area)
}

/// Box of the commune `i` (0 to 3): two by two.
pub fn commune_box(i: usize) -> [f64; 4] {
    let (x, y) = (ORIGIN[0] + SIDE * (i % 2) as f64, ORIGIN[1] + SIDE * (i / 2) as f64);
    [x, y, x + SIDE, y + SIDE]
}

fn layers() -> BTreeMap<&'static str, Layer> {
    let mut communes = Vec::new();
    let mut iris = Vec::new();
    for i in 0..4 {
        let b = commune_box(i);
        let code = format!("7390{}", i + 1);
        let mut z = zone(&code, &format!("Commune {}", i + 1), b);
        z.epci = Some(format!("20000000{}", 1 + i / 2));
        z.departement = Some("73".into());
        communes.push(z);
        let half = SIDE / 2.0;
        for q in 0..4 {
            let (x, y) = (b[0] + half * (q % 2) as f64, b[1] + half * (q / 2) as f64);
            iris.push(zone(
                &format!("{code}010{}", q + 1),
                &format!("IRIS {}-{}", i + 1, q + 1),
                [x, y, x + half, y + half],
            ));
        }
    }
    // A fifth commune has no social dwelling.
    let mut empty = zone("73905", "Commune vide", [5.90, 45.50, 5.92, 45.52]);
    empty.epci = Some("200000002".into());
    empty.departement = Some("73".into());
    communes.push(empty);
    let [w, s, e, n] = QPV;
    BTreeMap::from([
        ("commune-2024", Layer::new("commune", communes)),
        ("iris-2024", Layer::new("iris", iris)),
        ("qpv-2015", Layer::new("qpv2015", vec![zone("QP073901", "Les Hauts", [w, s, e - 0.01, n])])),
        (
            "qpv-2024",
            Layer::new(
                "qpv2024",
                vec![
                    zone("QN07301M", "Les Hauts", QPV),
                    zone("QN07302M", "La Plaine", [5.86, 45.56, 5.88, 45.58]),
                ],
            ),
        ),
    ])
}

fn write_zones(layer: &Layer, path: &Path) {
    let column = |f: &dyn Fn(&Zone) -> Option<String>| layer.zones.iter().map(f).collect::<Vec<_>>();
    let areas: Vec<Vec<u8>> = layer.zones.iter().map(|z| wkb::encode(&z.geometry)).collect();
    let areas: BinaryChunked = areas.iter().map(|a| Some(a.as_slice())).collect();
    let mut frame = df!(
        "code" => column(&|z| Some(z.code.clone())),
        "nom" => column(&|z| Some(z.nom.clone())),
        "commune" => column(&|z| z.commune.clone()),
        "epci" => column(&|z| z.epci.clone()),
        "departement" => column(&|z| z.departement.clone()),
    )
    .unwrap();
    frame.with_column(areas.with_name("geometrie".into()).into_series().into()).unwrap();
    ParquetWriter::new(File::create(path).unwrap()).finish(&mut frame).unwrap();
}

fn located(id: &str, layer: &Layer, points: &[[f64; 2]], total: usize) -> LayerFacts {
    let mut of_address = layer.locate_all(points);
    of_address.resize(total, NONE);
    LayerFacts {
        id: id.into(),
        libelle: id.into(),
        codes: layer.zones.iter().map(|z| z.code.clone()).collect(),
        noms: layer.zones.iter().map(|z| z.nom.clone()).collect(),
        of_address,
        also: Vec::new(),
    }
}

fn coded(id: &str, codes: Vec<Option<String>>) -> LayerFacts {
    let mut layer = LayerFacts {
        id: id.into(),
        libelle: id.into(),
        codes: vec![],
        noms: vec![],
        of_address: vec![],
        also: vec![],
    };
    for code in codes {
        let zone = code.map_or(NONE, |code| {
            layer.codes.iter().position(|c| *c == code).unwrap_or_else(|| {
                layer.codes.push(code);
                layer.noms.push(String::new());
                layer.codes.len() - 1
            }) as u32
        });
        layer.of_address.push(zone);
    }
    layer
}

fn facts(seed: u64, layers: &BTreeMap<&'static str, Layer>) -> Facts {
    let catalogue = Catalogue::embedded().unwrap();
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut addresses = Vec::new();
    let mut points = Vec::new();
    let mut residences = Vec::new();
    let mut address_of = Vec::new();
    // Residences of one to three addresses; a small one now and then.
    for r in 0..150 {
        let b = commune_box(r % 4);
        let at = [b[0] + 0.002 + rng.f64() * (SIDE - 0.004), b[1] + 0.002 + rng.f64() * (SIDE - 0.004)];
        for _ in 0..rng.usize(1..4) {
            let p = [at[0] + rng.f64() * 5e-4, at[1] + rng.f64() * 5e-4];
            points.push(p);
            residences.push(Some(format!("R{r:03}")));
            addresses.push(Address { lon: p[0], lat: p[1], approximate: r % 17 == 0 });
            let n = if rng.u8(0..6) == 0 { rng.u32(1..4) } else { rng.u32(5..18) };
            address_of.extend((0..n).map(|_| addresses.len() as u32 - 1));
        }
    }
    // Two addresses of commune 2 have no usable place.
    let located_n = points.len();
    for _ in 0..2 {
        addresses.push(Address { lon: f64::NAN, lat: f64::NAN, approximate: false });
        residences.push(None);
        address_of.extend([addresses.len() as u32 - 1; 9]);
    }
    let total = addresses.len();
    let n = address_of.len();

    // A residence has one bailleur, every tenth has dwellings of all three; so have addresses without a place.
    let owner: Vec<Option<u16>> = residences
        .iter()
        .map(|r: &Option<String>| r.as_ref()?[1..].parse::<u16>().ok().filter(|r| r % 10 != 0).map(|r| r % 3))
        .collect();
    let mut commune = located("commune", &layers["commune-2024"], &points, total);
    commune.of_address[located_n..].fill(1);
    let epci = LayerFacts {
        id: "epci".into(),
        libelle: "EPCI".into(),
        codes: vec!["200000001".into(), "200000002".into()],
        noms: vec!["CA du Sud".into(), "CC du Nord".into()],
        of_address: commune.of_address.iter().map(|c| c / 2).collect(),
        also: vec![],
    };
    let departement = LayerFacts {
        id: "departement".into(),
        libelle: "Département".into(),
        codes: vec!["73".into()],
        noms: vec!["Savoie".into()],
        of_address: vec![0; total],
        also: vec![],
    };
    let qpv = ["qpv2015", "qpv2024"]
        .map(|id| located(id, &layers[format!("qpv-{}", &id[3..]).as_str()], &points, total));
    let mut cells: Vec<Option<String>> =
        grid::cells(&points).unwrap().into_iter().map(|c| c.map(|c| c.to_string())).collect();
    cells.resize(total, None);
    let mut all = vec![departement, epci, commune, located("iris", &layers["iris-2024"], &points, total)];
    let inside: Vec<[bool; 2]> =
        (0..total).map(|a| [qpv[0].of_address[a] != NONE, qpv[1].of_address[a] != NONE]).collect();
    all.extend(qpv);
    all.push(coded("carreau", cells));
    for r in [7u8, 8, 9, 10] {
        let mut codes: Vec<Option<String>> =
            points.iter().map(|p| h3::cell(p[0], p[1], r).map(h3::name)).collect();
        codes.resize(total, None);
        all.push(coded(&format!("h3r{r}"), codes));
    }
    let mut each: Vec<Option<String>> = (0..located_n).map(|a| Some(format!("a{a:04}"))).collect();
    each.resize(total, None);
    all.push(coded("adresse", each));
    all.push(coded("residence", residences));

    let respondent: Vec<bool> = (0..n).map(|_| rng.u8(0..10) < 8).collect();
    let mut attributes = BTreeMap::new();
    for a in &catalogue.attributes {
        let classes = a.classes.len() as u8;
        let column: Vec<u8> = (0..n)
            .map(|d| {
                let drawn = if rng.u8(0..20) == 0 { 0 } else { rng.u8(1..=classes) };
                match a.id.as_str() {
                    "repertoire" => 1,
                    "interroge" | "couverture" => 1,
                    "repondant" => u8::from(respondent[d]),
                    "emmenagement" if respondent[d] => 1 + u8::from(rng.u8(0..4) > 0),
                    "qpv2015" => 2 - u8::from(inside[address_of[d] as usize][0]),
                    "qpv2024" => 2 - u8::from(inside[address_of[d] as usize][1]),
                    _ if a.occupation && !respondent[d] => 0,
                    _ => drawn,
                }
            })
            .collect();
        attributes.insert(a.id.clone(), column);
    }
    let quantities = catalogue
        .quantities
        .iter()
        .filter(|q| !["logements", "menages", "interroges"].contains(&q.id.as_str()))
        .map(|q| {
            (
                q.id.clone(),
                (0..n).map(|d| if q.occupation && !respondent[d] { 0 } else { rng.u32(0..60) }).collect(),
            )
        })
        .collect();
    let bailleur_of =
        address_of.iter().map(|a| owner[*a as usize].unwrap_or_else(|| rng.u16(0..3))).collect();
    Facts {
        menages: Vec::new(),
        ecarts_qpv: std::collections::BTreeMap::new(),
        millesime: 2024,
        vague: Some(2024),
        a_jour: None,
        identity: (0..n as u64).map(|d| seed << 32 | d).collect(),
        addresses,
        address_of,
        attributes,
        quantities,
        bailleur_of,
        bailleurs: (0..3).map(|i| (format!("30000000{i}"), format!("Bailleur {i}"))).collect(),
        layers: all,
        report: BuildReport::default(),
    }
}

/// Unique number and birth date of an applicant.
pub fn applicant(n: usize) -> (String, String) {
    let birth = format!("19{:02}-{:02}-{:02}", 50 + n % 50, n % 12 + 1, n % 28 + 1);
    (format!("0739{n:04}189019021G"), birth)
}

/// Imports 600 demands, three in four on the first EPCI. Six of those that wait fled violence.
fn demands(writer: &mut Writer) {
    let mut dice = fastrand::Rng::with_seed(5);
    let mut text = String::from(
        "nud;date_depot;statut;date_radiation;motif_radiation;communes_demandees;typologies;mode_logement;motifs;mutation;\
         statut_dalo;age;nb_personnes;nb_moins14;nb_14plus;nb_mineurs;ressources_mensuelles;depcom_actuel;date_naissance\n",
    );
    for n in 0..600 {
        let (first, second) = if dice.u8(0..4) < 3 { ("73901", "73902") } else { ("73903", "73904") };
        let towns =
            [first.to_owned(), second.to_owned(), format!("{first}|{second}")][dice.usize(0..3)].clone();
        let (year, month, day) = (dice.u16(2019..2025), dice.u8(1..13), dice.u8(1..29));
        let housed = year < 2024 && dice.u8(0..4) == 0;
        let (status, end, why) = if housed { ("RADIEE", "2024-03-15", "RADATT") } else { ("ACTIVE", "", "") };
        let motive = if n < 6 { "06" } else { ["01", "09", "13"][dice.usize(0..3)] };
        let (towns, status, end, why) =
            if n < 6 { ("73901".to_owned(), "ACTIVE", "", "") } else { (towns, status, end, why) };
        let children = dice.u8(0..3);
        let lodging = ["LP", "CP", "HOT", "HLM"][dice.usize(0..4)];
        let dalo = if dice.u8(0..20) == 0 { "ACTIF" } else { "NON" };
        let (size, age, income) = (dice.u8(1..5), dice.u8(20..80), dice.u16(500..3000));
        text += &format!(
            "{};{year}-{month:02}-{day:02};{status};{end};{why};{towns};T{size};{lodging};{motive};NON;{dalo};{age};{};\
             {children};1;{children};{income};73901;{}\n",
            applicant(n).0,
            children + 1,
            applicant(n).1
        );
    }
    let desk = tempfile::tempdir().unwrap();
    let file = desk.path().join("demandes.csv");
    std::fs::write(&file, text).unwrap();
    let cle = mosaique::arrival::store_key(writer.store().root()).unwrap();
    let folder = writer.temporary().unwrap();
    let options = demandes::Options { extrait: 20_241_231, cle };
    let report = demandes::import(&file, &options, &Output::new(folder.path()), &|_, _| ()).unwrap();
    assert_eq!(report.lignes_gardees, 600);
    writer.publish(folder, report).unwrap();
}

/// Imports the territory into a store and builds its cube, as the readers and `build` would.
pub fn fill(root: &Path, seed: u64) -> Facts {
    let layers = layers();
    let facts = facts(seed, &layers);
    let mut writer = Writer::open(root).unwrap();
    let mut rpls = Report::new("rpls", "2024", "rpls_2024.csv");
    (rpls.lignes_lues, rpls.lignes_rejetees) = (facts.address_of.len() as u64 + 12, 12);
    writer.publish(writer.temporary().unwrap(), rpls).unwrap();
    for (key, layer) in &layers {
        let folder = writer.temporary().unwrap();
        write_zones(layer, &folder.path().join("zones.parquet"));
        writer.publish(folder, Report::new("zones", key, "zones.geojson")).unwrap();
    }
    demands(&mut writer);
    let folder = writer.temporary().unwrap();
    let (catalogue, secrecy) = (Catalogue::embedded().unwrap(), Secrecy::embedded().unwrap());
    let empreinte =
        build(&facts, catalogue, secrecy, &writer.record_key().unwrap(), &folder.path().join("cube.bin"))
            .unwrap()
            .0;
    let entry = CubeEntry {
        millesime: 2024,
        vague: Some(2024),
        a_jour: false,
        dossier: String::new(),
        empreinte,
        octets: None,
        sources: vec![],
    };
    writer.publish_cube(folder, entry).unwrap();
    facts
}

impl World {
    fn new(seed: u64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let facts = fill(dir.path(), seed);
        let app = App::load(&Store::open(dir.path()).unwrap(), None).unwrap();
        // Tests have a runtime each; what the world runs in the background must outlive them.
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let url = format!("sqlite://{}?mode=rwc", dir.path().join("etat.sqlite").display());
        let made = runtime.spawn(async move {
            let state = State::open(&url).await.unwrap();
            let people = People::new(&state).await;
            (router(Server::new(Live::new(app), state.clone(), without_page()).unwrap()), state, people)
        });
        let (router, state, people) =
            std::thread::scope(|s| s.spawn(|| runtime.block_on(made).unwrap()).join().unwrap());
        Self { router, facts, state, people, runtime, dir }
    }

    /// Dwellings at addresses that a test keeps.
    pub fn dwellings(&self, keep: impl Fn(f64, f64) -> bool) -> u64 {
        let at = |a: u32| &self.facts.addresses[a as usize];
        self.facts.address_of.iter().filter(|a| keep(at(**a).lon, at(**a).lat)).count() as u64
    }
}

/// What came back.
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }
}

/// A request of the agent of the département, who sees everything here.
pub async fn send(mut request: Request<Body>) -> Reply {
    request.headers_mut().insert("authorization", WORLD.people.bearer("ddets").parse().unwrap());
    send_as_is(request).await
}

/// Each test asks from a network address of its own: one that tries passwords does not have the others
/// refused.
fn address_of_this_test() -> SocketAddr {
    let mut hash = DefaultHasher::new();
    std::thread::current().name().hash(&mut hash);
    let [a, b, c, ..] = hash.finish().to_le_bytes();
    SocketAddr::from(([10, a, b, c], 443))
}

/// A request with the account that it names itself, or none.
pub async fn send_as_is(mut request: Request<Body>) -> Reply {
    request.extensions_mut().insert(ConnectInfo(address_of_this_test()));
    let response = WORLD.router.clone().oneshot(request).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec();
    Reply { status, headers, bytes }
}

pub async fn get(path: &str) -> Reply {
    send(Request::get(path).body(Body::empty()).unwrap()).await
}

/// A successful answer.
pub async fn ok(path: &str) -> Value {
    let reply = get(path).await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    reply.json()
}

pub async fn post(path: &str, kind: &str, body: impl Into<Body>) -> Reply {
    send(Request::post(path).header("content-type", kind).body(body.into()).unwrap()).await
}

/// A fault, which is always a problem document.
pub async fn fault(path: &str, status: u16) -> Value {
    let reply = get(path).await;
    assert_eq!(reply.status, status, "{path}: {}", reply.text());
    problem(&reply)
}

pub fn problem(reply: &Reply) -> Value {
    assert_eq!(reply.header("content-type"), "application/problem+json", "{}", reply.text());
    let p = reply.json();
    assert_eq!(p["status"], u64::from(reply.status.as_u16()));
    assert!(p["detail"].as_str().is_some_and(|d| d.len() > 10));
    p
}

/// Ring of a box, as GeoJSON.
pub fn polygon([w, s, e, n]: [f64; 4]) -> Value {
    serde_json::json!({"type": "Polygon", "coordinates": [[[w, s], [e, s], [e, n], [w, n], [w, s]]]})
}

/// The address where the first bailleur has most dwellings of those that it shares with others: its code, the
/// bailleur's dwellings and all of them.
pub async fn shared_address() -> (String, u64, u64) {
    let list = async |query: &str| -> BTreeMap<String, u64> {
        let list = ok(&format!("/api/zones?echelle=adresse&limite=100000{query}")).await;
        let zones = list["zones"].as_array().unwrap().iter();
        zones.map(|z| (z["code"].as_str().unwrap().to_owned(), z["logements"].as_u64().unwrap())).collect()
    };
    let (own, all) = (list("&bailleur=300000000").await, list("").await);
    let shared = own.iter().filter(|(code, mine)| **mine < all[*code]);
    let (code, mine) = shared.max_by_key(|(_, mine)| **mine).expect("an address with several owners");
    (code.clone(), *mine, all[code])
}

pub async fn measure(body: Value) -> Value {
    let reply = post("/api/mesure", "application/json", body.to_string()).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

/// Options of a server whose application is not built: what the program holds depends on who compiled it.
pub fn without_page() -> ServeOptions {
    ServeOptions { web: Some("absent".into()), ..ServeOptions::default() }
}
