//! The demonstration: the same each time, a clean partition, and dirt that the readers find where it was
//! planted.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::OnceLock;

use crate::common::{findings, table};
use geo::{Area, BooleanOps, Contains, Validation};
use mosaique::demo::geometry::to_lambert;
use mosaique::demo::{DemoError, DemoOptions, DemoSummary, Territory, write};
use mosaique::registers::output::Output;
use mosaique::registers::report::Report;
use mosaique::registers::{addresses, attributions, ops, rpls, thresholds, zones as layers};

type Rows = Vec<BTreeMap<String, String>>;

fn draw(dwellings: u32, seed: u64, national: bool) -> (tempfile::TempDir, DemoSummary) {
    let dir = tempfile::tempdir().expect("folder");
    let summary = write(
        &DemoOptions { dwellings, seed, national, territory: Territory::Agglomeration },
        dir.path(),
        &|_, _, _| (),
    )
    .expect("written");
    (dir, summary)
}

/// The default demonstration, drawn once for all tests.
fn default() -> &'static (tempfile::TempDir, DemoSummary) {
    static DRAWN: OnceLock<(tempfile::TempDir, DemoSummary)> = OnceLock::new();
    DRAWN.get_or_init(|| draw(20_000, 42, false))
}

fn rows(dir: &Path, name: &str) -> Rows {
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_path(dir.join(name)).expect("file");
    let header = reader.headers().expect("header").clone();
    reader
        .records()
        .map(|r| header.iter().map(str::to_owned).zip(r.expect("row").iter().map(str::to_owned)).collect())
        .collect()
}

/// Zones by code, in WGS84.
fn zones(dir: &Path, name: &str, code: &str) -> BTreeMap<String, geo::MultiPolygon<f64>> {
    let text = std::fs::read_to_string(dir.join(name)).expect("file");
    let read: geojson::FeatureCollection = text.parse().expect("GeoJSON");
    read.features
        .into_iter()
        .map(|f| {
            let key = f
                .property(code)
                .and_then(|v| v.as_str())
                .unwrap_or_else(|| panic!("{name}: {code}"))
                .to_owned();
            let geometry: geo::Geometry<f64> = f.geometry.expect("geometry").try_into().expect("polygon");
            let parts = match geometry {
                geo::Geometry::Polygon(p) => geo::MultiPolygon(vec![p]),
                geo::Geometry::MultiPolygon(m) => m,
                other => panic!("{other:?}"),
            };
            (key, parts)
        })
        .collect()
}

fn contents(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut out = BTreeMap::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("folder") {
            let path = entry.expect("entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(dir).expect("inside").to_string_lossy().into_owned();
                out.insert(name, std::fs::read(&path).expect("file"));
            }
        }
    }
    out
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_another_territory() {
    let (a, b, c) = (draw(1000, 7, false), draw(1000, 7, false), draw(1000, 8, false));
    let (fa, fb, fc) = (contents(a.0.path()), contents(b.0.path()), contents(c.0.path()));
    assert_eq!(fa.keys().collect::<Vec<_>>(), fb.keys().collect::<Vec<_>>());
    for (name, bytes) in &fa {
        assert!(bytes == &fb[name], "{name} differs");
    }
    assert_ne!(fa["rpls_2024.csv"], fc["rpls_2024.csv"]);
    assert_ne!(fa["communes.geojson"], fc["communes.geojson"]);
}

/// Codes of communes that files of other territories have are those that the law and the COG name.
#[test]
fn other_territories_are_drawn_alike_twice_and_file_the_codes_that_they_are_for() {
    let draw = |territory| {
        let dir = tempfile::tempdir().expect("folder");
        let options = DemoOptions { dwellings: 1_500, seed: 3, national: false, territory };
        write(&options, dir.path(), &|_, _, _| ()).expect("written");
        dir
    };
    let codes = |dir: &Path, name: &str, column: &str| -> BTreeSet<String> {
        rows(dir, name).into_iter().map(|r| r[column].clone()).collect()
    };
    for territory in [Territory::Idf, Territory::OutreMer, Territory::Fusion] {
        let (a, b) = (draw(territory), draw(territory));
        assert!(contents(a.path()) == contents(b.path()), "{territory:?} differs");
        let filed = codes(a.path(), "rpls_2024.csv", "DEPCOM");
        let has = |list: &[&str]| list.iter().all(|c| filed.contains(*c));
        match territory {
            Territory::Idf => assert!(has(&["75056", "75118", "75120", "93066"]), "{filed:?}"),
            Territory::Fusion => {
                let before = codes(a.path(), "rpls_2022.csv", "DEPCOM");
                assert!(has(&["74010", "74093", "15031"]) && !before.contains("15031"), "{filed:?}");
            }
            _ => {
                let systems = codes(a.path(), "rpls_2024.csv", "EPSG");
                assert!(has(&["97411", "97611"]) && systems.contains("2975") && systems.contains("4471"));
            }
        }
    }
}

#[test]
fn the_register_of_2024_holds_exactly_the_dwellings_asked_for() {
    for n in [200, 1000, 3000] {
        let (dir, summary) = draw(n, 3, false);
        assert_eq!(summary.dwellings[&2024], u64::from(n));
        let idents: BTreeSet<String> =
            rows(dir.path(), "rpls_2024.csv").into_iter().map(|r| r["IDENT_REP"].clone()).collect();
        assert_eq!(idents.len(), n as usize, "repetitions apart");
    }
    assert_eq!(default().1.dwellings[&2024], 20_000);
}

#[test]
fn a_number_of_dwellings_that_the_ground_cannot_hold_is_refused() {
    let dir = tempfile::tempdir().expect("folder");
    for (dwellings, national) in [(10, false), (1_000_000, false), (1000, true)] {
        let r = write(
            &DemoOptions { dwellings, seed: 1, national, territory: Territory::Agglomeration },
            dir.path(),
            &|_, _, _| (),
        );
        assert!(matches!(r, Err(DemoError::Dwellings { .. })), "{dwellings} {national}");
    }
}

#[test]
fn communes_and_iris_tile_their_epci_without_gap_or_overlap() {
    for (dir, size) in [(default().0.path(), 20_000), (draw(1000, 5, false).0.path(), 1000)] {
        let epci = zones(dir, "epci.geojson", "CODE_SIREN");
        let communes = zones(dir, "communes.geojson", "INSEE_COM");
        let iris = zones(dir, "iris.geojson", "CODE_IRIS");
        assert!((14..=24).contains(&communes.len()) && (45..=90).contains(&iris.len()), "{size}");
        let sum =
            |z: &BTreeMap<String, geo::MultiPolygon<f64>>| z.values().map(Area::unsigned_area).sum::<f64>();
        let (e, c, i) = (sum(&epci), sum(&communes), sum(&iris));
        assert!((e - c).abs() < 1e-8 * e && (e - i).abs() < 1e-8 * e, "{e} {c} {i}");
        for (code, m) in communes.iter().chain(&iris).chain(&epci) {
            assert!(m.is_valid(), "{code}");
        }
        // Equal sums could hide a gap that an overlap makes up for: no two communes overlap.
        let list: Vec<_> = communes.values().collect();
        for (k, a) in list.iter().enumerate() {
            for b in &list[k + 1..] {
                assert!(a.intersection(*b).unsigned_area() < 1e-10 * e);
            }
        }
    }
}

#[test]
fn the_two_generations_of_qpv_differ_as_real_ones_do() {
    let dir = default().0.path();
    let (old, new) = (zones(dir, "qpv2015.geojson", "CODE_QP"), zones(dir, "qpv2024.geojson", "code_qp"));
    assert_eq!((old.len(), new.len()), (7, 6));
    for (code, m) in old.iter().chain(&new) {
        assert!(m.is_valid(), "{code}");
    }
    let met = |z: &geo::MultiPolygon<f64>, others: &BTreeMap<String, geo::MultiPolygon<f64>>| {
        others
            .values()
            .filter(|o| z.intersection(*o).unsigned_area() > 0.3 * o.unsigned_area().min(z.unsigned_area()))
            .count()
    };
    assert_eq!(new.values().filter(|z| met(z, &old) == 2).count(), 1, "one merged");
    assert_eq!(new.values().filter(|z| met(z, &old) == 0).count(), 1, "one new");
    assert_eq!(old.values().filter(|z| met(z, &new) == 0).count(), 1, "one gone");
}

#[test]
fn the_truth_says_the_zones_that_hold_each_point() {
    let dir = default().0.path();
    let layers = [
        ("commune", zones(dir, "communes.geojson", "INSEE_COM")),
        ("iris", zones(dir, "iris.geojson", "CODE_IRIS")),
        ("qpv2015", zones(dir, "qpv2015.geojson", "CODE_QP")),
        ("qpv2024", zones(dir, "qpv2024.geojson", "code_qp")),
    ];
    let truth = rows(dir, "verite/logements.csv");
    let mut inside = 0;
    for r in truth.iter().step_by(7) {
        let p = geo::Point::new(r["lon"].parse().expect("lon"), r["lat"].parse().expect("lat"));
        for (name, layer) in &layers {
            let found: Vec<&String> = layer.iter().filter(|(_, m)| m.contains(&p)).map(|(c, _)| c).collect();
            let said: Vec<&String> = Some(&r[*name]).into_iter().filter(|c| !c.is_empty()).collect();
            assert_eq!(found, said, "{name} of {}", r["ident_rep"]);
            inside += usize::from(*name == "qpv2024" && !said.is_empty());
        }
    }
    let share = inside as f64 / (truth.len() / 7) as f64;
    assert!((0.22..0.34).contains(&share), "{share} in a QPV");
}

#[test]
fn households_are_in_the_plausible_ranges_of_social_housing() {
    let dir = default().0.path();
    let zone: BTreeMap<String, bool> = rows(dir, "verite/logements.csv")
        .into_iter()
        .map(|r| (r["ident_rep"].clone(), !r["qpv2024"].is_empty()))
        .collect();
    let all: Rows = rows(dir, "verite/menages.csv").into_iter().filter(|r| r["vague"] == "2024").collect();
    let rate = |of: &dyn Fn(&BTreeMap<String, String>) -> bool,
                what: &dyn Fn(&BTreeMap<String, String>) -> bool| {
        let base: Vec<_> = all.iter().filter(|r| of(r)).collect();
        base.iter().filter(|r| what(r)).count() as f64 / base.len() as f64
    };
    let pct = |r: &BTreeMap<String, String>| r["pct_plafond"].parse::<f64>().expect("pct");
    let any = |_: &BTreeMap<String, String>| true;
    let qpv = |r: &BTreeMap<String, String>| zone[&r["ident_rep"]];
    let recent = |r: &BTreeMap<String, String>| r["recent"] == "1";
    let old = |r: &BTreeMap<String, String>| r["recent"] == "0";
    let within = |what: &str, v: f64, range: std::ops::Range<f64>| assert!(range.contains(&v), "{what}: {v}");
    within("< 20 %", rate(&any, &|r| pct(r) < 20.0), 0.15..0.35);
    within("< 20 %, QPV", rate(&qpv, &|r| pct(r) < 20.0), 0.30..0.45);
    within("< 60 %", rate(&any, &|r| pct(r) < 60.0), 0.55..0.75);
    within("< 60 %, QPV", rate(&qpv, &|r| pct(r) < 60.0), 0.75..0.87);
    within("≥ 100 %", rate(&any, &|r| pct(r) >= 100.0), 0.05..0.12);
    within("aide", rate(&any, &|r| r["aide_logement"] != "NON"), 0.40..0.60);
    within("monoparents", rate(&any, &|r| r["type_menage"] == "MONOPARENT"), 0.18..0.28);
    within("isolés", rate(&any, &|r| r["type_menage"] == "ISOLE"), 0.35..0.48);
    within("récents", rate(&any, &recent), 0.12..0.22);
    within("≥ 65 ans", rate(&any, &|r| r["age_titulaire"].parse::<u8>().expect("age") >= 65), 0.18..0.30);
    within("réponses", rate(&any, &|r| r["reponse"] != "NON_REPONSE"), 0.85..0.91);
    let poor = |r: &BTreeMap<String, String>| pct(r) < 40.0;
    within("récents − anciens, < 40 %", rate(&recent, &poor) - rate(&old, &poor), 0.08..0.20);
    let jobless = |of: &dyn Fn(&BTreeMap<String, String>) -> bool| {
        let sum =
            |k: &str| all.iter().filter(|r| of(r)).map(|r| r[k].parse::<u32>().expect("count")).sum::<u32>();
        f64::from(sum("nb_sans_emploi")) / f64::from(sum("nb_adultes"))
    };
    within("sans emploi", jobless(&any), 0.15..0.30);
    within("sans emploi, QPV", jobless(&qpv), 0.25..0.40);
}

/// `(line, rule)` planted in a file, and those of them with one of these rules.
fn planted(dir: &Path, file: &str, rules: &[&str]) -> BTreeSet<(u64, String)> {
    rows(dir, "verite/defauts.csv")
        .into_iter()
        .filter(|r| r["fichier"] == file && rules.contains(&r["regle"].as_str()))
        .map(|r| (r["ligne"].parse().expect("line"), r["regle"].clone()))
        .collect()
}

/// What a reader found on lines where no such fault was planted. A spoilt surface spoils the rent per m² too
/// (R07), and a spoilt year contradicts the financing (R05).
fn unexplained(
    dir: &Path,
    file: &str,
    found: &BTreeSet<(u64, String)>,
    want: &BTreeSet<(u64, String)>,
) -> Vec<(u64, String)> {
    let spoilt: BTreeSet<(u64, String)> = rows(dir, "verite/defauts.csv")
        .into_iter()
        .filter(|r| r["fichier"] == file)
        .filter_map(|r| {
            let rule = match r["defaut"].as_str() {
                "surface_incoherente" => "R07",
                "annee_impossible" => "R05",
                _ => return None,
            };
            Some((r["ligne"].parse().expect("line"), rule.to_owned()))
        })
        .collect();
    found.difference(want).filter(|f| !spoilt.contains(f)).cloned().collect()
}

#[test]
fn the_rpls_reader_finds_what_was_planted_and_rejects_nothing_else() {
    let dir = default().0.path();
    for year in [2022u16, 2024] {
        let out = tempfile::tempdir().expect("folder");
        let options = rpls::RplsOptions { millesime: year, workers: None };
        let name = format!("rpls_{year}.csv");
        let report =
            rpls::import(&dir.join(&name), &options, &Output::new(out.path()), &|_, _| ()).expect("import");
        let rules = ["R01", "R03", "R04", "R05", "R06", "R07", "R11", "R13", "R14"];
        let want = planted(dir, &name, &rules);
        let list = findings(out.path());
        let found: BTreeSet<(u64, String)> =
            list.iter().filter(|f| rules.contains(&f.2.as_str())).map(|f| (f.0, f.2.clone())).collect();
        assert!(want.len() > 200);
        assert_eq!(
            want.difference(&found).collect::<Vec<_>>(),
            Vec::<&(u64, String)>::new(),
            "{year}: planted, not found"
        );
        assert_eq!(unexplained(dir, &name, &found, &want), Vec::new(), "{year}: found, not planted");
        let rejects = rows(dir, "verite/defauts.csv")
            .iter()
            .filter(|r| r["fichier"] == name && r["niveau"] == "rejet")
            .count();
        assert_eq!(report.lignes_rejetees, rejects as u64);
        // Codes that lost their zero come back whole.
        let t = table(out.path(), "logements");
        assert_eq!(t.height() as u64, report.lignes_gardees);
        assert!((0..t.height()).step_by(11).all(|i| crate::common::cell(&t, "depcom", i).starts_with("019")));
        assert!((0..t.height()).step_by(11).all(|i| crate::common::cell(&t, "siren", i).len() == 9));
    }
}

#[test]
fn the_ops_reader_finds_what_was_planted_and_agrees_with_the_truth_on_income() {
    let dir = default().0.path();
    let truth: BTreeMap<String, f64> = rows(dir, "verite/menages.csv")
        .into_iter()
        .filter(|r| r["vague"] == "2024")
        .map(|r| (r["ident_rep"].clone(), r["pct_plafond"].parse().expect("pct")))
        .collect();
    let out = tempfile::tempdir().expect("folder");
    let options = ops::Options { vague: 2024 };
    let report = ops::import(&dir.join("ops_2024.csv"), &options, &Output::new(out.path()), &|_, _| ())
        .expect("import");
    let rules = ["O00", "O01", "O02", "O03", "O04", "O06", "O10", "O11", "O12", "O13", "O14", "O25", "O26"];
    let want = planted(dir, "ops_2024.csv", &rules);
    let found: BTreeSet<(u64, String)> = findings(out.path())
        .into_iter()
        .filter(|f| rules.contains(&f.2.as_str()))
        .map(|f| (f.0, f.2))
        .collect();
    assert_eq!(
        want.difference(&found).collect::<Vec<_>>(),
        Vec::<&(u64, String)>::new(),
        "planted, not found"
    );
    assert_eq!(
        found.difference(&want).collect::<Vec<_>>(),
        Vec::<&(u64, String)>::new(),
        "found, not planted"
    );
    assert!(report.lignes_rejetees > 0);
    let t = table(out.path(), "menages");
    let negative: BTreeSet<u64> = rows(dir, "verite/defauts.csv")
        .iter()
        .filter(|r| {
            r["fichier"] == "ops_2024.csv"
                && (r["defaut"] == "ops_revenu_negatif" || r["defaut"] == "ops_hors_bornes")
        })
        .map(|r| r["ligne"].parse().expect("line"))
        .collect();
    let (mut same, mut compared) = (0, 0);
    for i in (0..t.height()).step_by(5) {
        let line: u64 = crate::common::cell(&t, "ligne", i).parse().expect("line");
        let (ident, pct) =
            (crate::common::cell(&t, "ident_rep", i), crate::common::cell(&t, "pct_plafond", i));
        if let (Some(want), Ok(got)) = (truth.get(&ident), pct.parse::<f64>())
            && !negative.contains(&line)
        {
            compared += 1;
            same += usize::from((want - got).abs() < 0.02);
        }
    }
    assert!(compared > 2000, "{compared}");
    // The others are young couples whose ages were not answered: the reader cannot know their ceiling.
    assert!(same as f64 > 0.99 * compared as f64, "{same} of {compared}");
}

/// Zones in Lambert-93 metres.
fn metres(zones: BTreeMap<String, geo::MultiPolygon<f64>>) -> BTreeMap<String, geo::MultiPolygon<f64>> {
    use geo::MapCoords;
    let project = |c: geo::Coord<f64>| {
        let [x, y] = to_lambert([c.x, c.y]);
        geo::Coord { x, y }
    };
    zones.into_iter().map(|(k, m)| (k, m.map_coords(project))).collect()
}

#[test]
fn points_contradict_communes_and_qpv_only_where_it_was_planted() {
    use geo::{Distance, Euclidean};
    let dir = default().0.path();
    let communes = metres(zones(dir, "communes.geojson", "INSEE_COM"));
    for (year, qpv) in
        [(2022, zones(dir, "qpv2015.geojson", "CODE_QP")), (2024, zones(dir, "qpv2024.geojson", "code_qp"))]
    {
        let qpv = metres(qpv);
        let name = format!("rpls_{year}.csv");
        let (out_of_commune, discordant) = (planted(dir, &name, &["R08"]), planted(dir, &name, &["R09"]));
        assert!(out_of_commune.len() > 50 && discordant.len() > 100);
        for (i, r) in rows(dir, &name).into_iter().enumerate() {
            let line = i as u64 + 2;
            let number = |k: &str| r[k].replace(',', ".").parse::<f64>().ok();
            let (Some(x), Some(y)) = (number("X"), number("Y")) else { continue };
            let Some(commune) = communes.get(&format!("{:0>5}", r["DEPCOM"])) else { continue };
            let p = geo::Point::new(x, y);
            let far = Euclidean.distance(&p, commune);
            // Between 190 and 260 m the tolerance of the rule may fall on either side.
            if !(190.0..260.0).contains(&far) {
                assert_eq!(
                    out_of_commune.contains(&(line, "R08".to_owned())),
                    far > 200.0,
                    "{name} {line}: {far} m"
                );
            }
            if y > 6_000_000.0 {
                let seen = qpv.values().any(|z| z.contains(&p));
                assert_eq!(
                    discordant.contains(&(line, "R09".to_owned())),
                    seen != (r["QPV_CODE"] == "1"),
                    "{name} {line}"
                );
            }
        }
    }
}

#[test]
fn the_other_readers_take_their_files_without_a_fault() {
    let dir = default().0.path();
    let into = || tempfile::tempdir().expect("folder");
    let clean = |name: &str, r: &Report| {
        assert_eq!(r.lignes_lues, default().1.files[name], "{name}");
        assert_eq!((r.lignes_rejetees, r.lignes_gardees), (0, r.lignes_lues), "{name}: {:?}", r.regles);
    };
    for (name, layer, generation) in [
        ("communes.geojson", "commune", None),
        ("epci.geojson", "epci", None),
        ("departement.geojson", "departement", None),
        ("iris.geojson", "iris", None),
        ("qpv2015.geojson", "qpv", Some("2015")),
        ("qpv2024.geojson", "qpv", Some("2024")),
        ("appartenance_2024.csv", "appartenance", Some("2024")),
    ] {
        let options = layers::ZonesOptions {
            couche: layer.to_owned(),
            generation: generation.map(str::to_owned),
            epsg: None,
            table: None,
            forcer: false,
        };
        let r =
            layers::import(&dir.join(name), &options, &Output::new(into().path()), &|_, _| ()).expect(name);
        clean(name, &r);
        assert_eq!(r.lignes_avec_drapeau, 0, "{name}: {:?}", r.regles);
    }
    let options = addresses::Options { departement: "01".to_owned() };
    let r =
        addresses::import(&dir.join("adresses-01.csv"), &options, &Output::new(into().path()), &|_, _| ())
            .expect("BAN");
    clean("adresses-01.csv", &r);
    assert_eq!(r.lignes_avec_drapeau, 0, "{:?}", r.regles);
    let r = thresholds::import(
        &dir.join("seuils_q1.csv"),
        &thresholds::Options { annee: None },
        &Output::new(into().path()),
        &|_, _| (),
    );
    clean("seuils_q1.csv", &r.expect("thresholds"));
    let key = into();
    std::fs::write(key.path().join("cle"), [7u8; 32]).expect("key");
    let options = attributions::Options { annee: 2024, cle: Some(key.path().join("cle")) };
    let r = attributions::import(
        &dir.join("attributions_2024.csv"),
        &options,
        &Output::new(into().path()),
        &|_, _| (),
    );
    let r = r.expect("allocations");
    clean("attributions_2024.csv", &r);
    // The extract covers two years; the reader says which rows are not of the year of the import.
    assert_eq!(r.regles.keys().collect::<Vec<_>>(), ["A03"]);
}

#[test]
fn rates_of_dirt_are_near_their_parameters() {
    let dir = default().0.path();
    let summary = &default().1;
    let rows_rpls = (summary.files["rpls_2022.csv"] + summary.files["rpls_2024.csv"]) as f64;
    // Kinds that any row can show, with their rates in data/demo/defauts.toml.
    for (code, rate) in [
        ("virgule_decimale", 0.02),
        ("libelle_perdu", 0.004),
        ("immeuble_en_date", 0.006),
        ("doublon_ident_rep", 0.003),
    ] {
        let got = summary.defects[code] as f64 / rows_rpls;
        assert!((0.7 * rate..1.3 * rate).contains(&got), "{code}: {got}");
    }
    // Every kind shows at least once.
    let kinds: BTreeSet<String> =
        rows(dir, "verite/defauts.csv").into_iter().map(|r| r["defaut"].clone()).collect();
    let data = mosaique::reference::demo::demo().expect("data");
    for d in &data.defects {
        assert!(kinds.contains(&d.code), "{} was never planted", d.code);
    }
}

#[test]
fn allocations_stand_on_both_sides_of_the_change_of_generation() {
    let dir = default().0.path();
    let all = rows(dir, "attributions_2024.csv");
    let year = |y: &str| all.iter().filter(|r| r["date_bail"].starts_with(y)).count();
    assert!(
        year("2023") > 1000 && year("2024") > 1000 && year("2023") + year("2024") < all.len(),
        "some have no lease"
    );
    assert!(all.iter().all(|r| r["date_bail"].is_empty() || r["date_caleol"] <= r["date_bail"]));
    let share = |f: &dyn Fn(&BTreeMap<String, String>) -> bool| {
        all.iter().filter(|r| f(r)).count() as f64 / all.len() as f64
    };
    assert!((0.01..0.07).contains(&share(&|r| r["ressources_mensuelles"].is_empty())));
    assert!((0.01..0.06).contains(&share(&|r| r["ressources_mensuelles"] == "0")));
    assert!((0.02..0.09).contains(&share(&|r| r["statut_dalo"] == "ACTIF")));
    assert!(all.iter().any(|r| r["relogement"] == "ANRU"));
    let nuds: BTreeSet<&String> = all.iter().map(|r| &r["nud"]).collect();
    assert_eq!(nuds.len(), all.len());
}

#[test]
fn the_country_is_nested_and_in_order() {
    let (dir, summary) = draw(60_000, 2, true);
    let dir = dir.path();
    assert_eq!((summary.dwellings[&2024], summary.files["communes.geojson"]), (60_000, 35_000));
    assert_eq!((summary.files["departement.geojson"], summary.files["epci.geojson"]), (94, 1240));
    let sum = |z: &BTreeMap<String, geo::MultiPolygon<f64>>| z.values().map(Area::unsigned_area).sum::<f64>();
    let (c, e, d) = (
        sum(&zones(dir, "communes.geojson", "INSEE_COM")),
        sum(&zones(dir, "epci.geojson", "CODE_SIREN")),
        sum(&zones(dir, "departement.geojson", "INSEE_DEP")),
    );
    assert!((c - e).abs() < 1e-8 * c && (c - d).abs() < 1e-8 * c, "{c} {e} {d}");
    // Identifiers grow along the file but for the repetitions, which follow their first.
    let idents: Vec<String> =
        rows(dir, "rpls_2024.csv").into_iter().map(|r| r["IDENT_REP"].clone()).collect();
    assert!(idents.is_sorted());
    let again = draw(60_000, 2, true);
    assert!(
        std::fs::read(dir.join("rpls_2024.csv")).expect("file")
            == std::fs::read(again.0.path().join("rpls_2024.csv")).expect("file")
    );
    let out = tempfile::tempdir().expect("folder");
    let options = rpls::RplsOptions { millesime: 2024, workers: None };
    let report = rpls::import(&dir.join("rpls_2024.csv"), &options, &Output::new(out.path()), &|_, _| ())
        .expect("import");
    let rules = ["R01", "R03", "R04", "R05", "R06", "R07", "R11", "R13", "R14"];
    let found: BTreeSet<(u64, String)> = findings(out.path())
        .into_iter()
        .filter(|f| rules.contains(&f.2.as_str()))
        .map(|f| (f.0, f.2))
        .collect();
    let want = planted(dir, "rpls_2024.csv", &rules);
    assert!(want.len() > 100 && want.is_subset(&found));
    assert_eq!(unexplained(dir, "rpls_2024.csv", &found, &want), Vec::new());
    assert_eq!(report.lignes_lues, summary.files["rpls_2024.csv"]);
}
