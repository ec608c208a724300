//! The lessor's workspace on the demonstration: what a deposit replaces, what a correction moves, and which
//! planted faults are found.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::OnceLock;

use mosaique::cube::refresh::refresh;
use mosaique::demo::{DemoOptions, Territory, write};
use mosaique::geocode::{Geocoder, shelf};
use mosaique::reference::indicators::Catalogue;
use mosaique::registers::deposit::{Kind, check};
use mosaique::registers::mend::Corrections;
use mosaique::registers::output::Output;
use mosaique::registers::report::Report;
use mosaique::registers::{addresses, ops, rpls, zones};
use mosaique::stock::collecte;
use mosaique::stock::edits::{HOMES, Home, KEY, POINTS, PointFix, REGISTER};
use mosaique::stock::events::{self, Effect, Happening};
use mosaique::stock::facts::{Facts, NONE};
use mosaique::stock::lessors::Lessors;
use mosaique::stock::review::{self, Address, Motif, addresses, doubts};
use mosaique::stock::waves::compare;
use mosaique::stock::{self, parts};
use mosaique::store::{Store, Writer};

const DWELLINGS: u32 = 6_000;

/// The files of a demonstration, drawn once.
fn files() -> &'static Path {
    static DRAWN: OnceLock<tempfile::TempDir> = OnceLock::new();
    DRAWN
        .get_or_init(|| {
            let dir = tempfile::tempdir().unwrap();
            write(
                &DemoOptions {
                    dwellings: DWELLINGS,
                    seed: 11,
                    national: false,
                    territory: Territory::Agglomeration,
                },
                dir.path(),
                &|_, _, _| (),
            )
            .unwrap();
            dir
        })
        .path()
}

fn publish(root: &Path, import: impl FnOnce(&Output) -> Report) {
    let mut w = Writer::open(root).unwrap();
    let folder = w.temporary().unwrap();
    let report = import(&Output::new(folder.path()));
    w.publish(folder, report).unwrap();
}

/// A store with the register of two years, two waves, contours and the BAN.
fn store() -> tempfile::TempDir {
    store_of(files())
}

fn store_of(from: &Path) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let quiet = |_: u64, _: u64| ();
    for year in [2022, 2024] {
        publish(dir.path(), |o| {
            let options = rpls::RplsOptions { millesime: year, workers: None };
            rpls::import(&from.join(format!("rpls_{year}.csv")), &options, o, &quiet).unwrap()
        });
        publish(dir.path(), |o| {
            ops::import(&from.join(format!("ops_{year}.csv")), &ops::Options { vague: year }, o, &quiet)
                .unwrap()
        });
    }
    for (file, layer, generation) in [
        ("communes.geojson", "commune", None),
        ("iris.geojson", "iris", None),
        ("qpv2015.geojson", "qpv", Some("2015")),
        ("qpv2024.geojson", "qpv", Some("2024")),
    ] {
        publish(dir.path(), |o| {
            let options = zones::ZonesOptions {
                couche: layer.into(),
                generation: generation.map(str::to_owned),
                epsg: None,
                table: None,
                forcer: false,
            };
            zones::import(&from.join(file), &options, o, &quiet).unwrap()
        });
    }
    publish(dir.path(), |o| {
        addresses::import(
            &from.join("adresses-01.csv"),
            &addresses::Options { departement: "01".into() },
            o,
            &quiet,
        )
        .unwrap()
    });
    dir
}

fn rows(path: &Path) -> (Vec<String>, Vec<BTreeMap<String, String>>) {
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').flexible(true).from_path(path).unwrap();
    let header: Vec<String> =
        reader.headers().unwrap().iter().map(|h| h.trim_start_matches('\u{feff}').to_owned()).collect();
    let list = reader
        .records()
        .map(|r| header.iter().cloned().zip(r.unwrap().iter().map(str::to_owned)).collect())
        .collect();
    (header, list)
}

/// The bailleur with the most rows of a file, by the nine digits of its SIRET.
fn largest() -> String {
    let (_, list) = rows(&files().join("rpls_2024.csv"));
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for siret in list.iter().map(|r| &r["SIRET"]).filter(|s| s.len() == 14) {
        *counts.entry(siret[..9].to_owned()).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(_, n)| *n).unwrap().0
}

/// Deposits rows as a bailleur, and publishes them.
fn deposit(
    root: &Path,
    register: &str,
    siren: &str,
    header: &[String],
    list: &[&BTreeMap<String, String>],
    corrections: &Corrections,
) -> Report {
    let dir = tempfile::tempdir().unwrap();
    let mut out = csv::WriterBuilder::new().delimiter(b';').from_path(dir.path().join("recu")).unwrap();
    out.write_record(header).unwrap();
    for row in list {
        out.write_record(header.iter().map(|h| row[h].as_str())).unwrap();
    }
    out.flush().unwrap();
    let kind = Kind { register: register.into(), year: 2024, siren: siren.into(), name: "depot.csv".into() };
    let report = check(dir.path(), &kind, corrections, &|_, _| ()).unwrap();
    let mut w = Writer::open(root).unwrap();
    let folder = w.temporary().unwrap();
    for entry in std::fs::read_dir(dir.path().join("controle")).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
    }
    w.publish(folder, report.clone()).unwrap();
    report
}

fn facts(root: &Path) -> Facts {
    stock::load(&Store::open(root).unwrap(), 2024, Catalogue::embedded().unwrap()).unwrap()
}

fn dwellings_of(facts: &Facts, siren: &str) -> u64 {
    let index = facts.bailleurs.iter().position(|(s, _)| s == siren).map(|i| i as u16);
    let rows = facts.report.comptes["logements"] as usize;
    facts.bailleur_of[..rows].iter().filter(|b| Some(**b) == index).count() as u64
}

#[test]
fn a_deposit_takes_the_place_of_its_bailleurs_rows_and_gives_them_back_when_it_is_withdrawn() {
    let dir = store();
    let siren = largest();
    let before = facts(dir.path());
    let (own, all) = (dwellings_of(&before, &siren), before.report.comptes["logements"]);
    let (header, list) = rows(&files().join("rpls_2024.csv"));
    let mine: Vec<_> = list.iter().filter(|r| r["SIRET"].starts_with(&siren)).collect();
    let other = list.iter().find(|r| r["SIRET"].len() == 14 && !r["SIRET"].starts_with(&siren)).unwrap();
    // Half of its rows, one of another bailleur, and one without commune, mended.
    let mut broken = (*mine[mine.len() - 1]).clone();
    let right = broken.insert("DEPCOM".into(), String::new()).unwrap();
    let mut sent: Vec<&BTreeMap<String, String>> = mine[..mine.len() / 2].to_vec();
    sent.extend([other, &broken]);
    let last = sent.len() as u64 + 1;
    let first = deposit(dir.path(), "rpls", &siren, &header, &sent, &Corrections::new());
    assert_eq!(first.regles["D01"].lignes, 1);
    let corrections = Corrections::from([(last, BTreeMap::from([("DEPCOM".to_owned(), right)]))]);
    let mended = deposit(dir.path(), "rpls", &siren, &header, &sent, &corrections);
    assert_eq!(mended.lignes_gardees, first.lignes_gardees + 1);
    assert_eq!(mended.lignes_lues, sent.len() as u64);

    let after = facts(dir.path());
    assert_eq!(dwellings_of(&after, &siren), mended.lignes_gardees);
    assert_eq!(
        after.report.comptes["logements"],
        all - own + mended.lignes_gardees,
        "the rows of others stay"
    );
    assert_eq!(parts::years(&Store::open(dir.path()).unwrap(), "rpls"), BTreeSet::from([2022, 2024]));

    Writer::open(dir.path()).unwrap().withdraw("depot_rpls", &format!("2024-{siren}")).unwrap();
    let back = facts(dir.path());
    assert_eq!((dwellings_of(&back, &siren), back.report.comptes["logements"]), (own, all));
}

#[test]
fn a_collection_file_without_a_header_is_mended_by_the_names_of_its_positions() {
    let dir = tempfile::tempdir().unwrap();
    let kind =
        Kind { register: "rpls".into(), year: 2023, siren: "775685029".into(), name: "collecte.txt".into() };
    let fixture =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/rpls/2023_collecte_64_champs.txt");
    let bytes = std::fs::read(fixture).unwrap();
    // The second dwelling loses its commune.
    let mut lines: Vec<Vec<u8>> = bytes.split(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
    let cut = lines[2].windows(7).position(|w| w == b";73065;").unwrap();
    lines[2].drain(cut + 1..cut + 6);
    std::fs::write(dir.path().join("recu"), lines.join(&b'\n')).unwrap();
    let first = check(dir.path(), &kind, &Corrections::new(), &|_, _| ()).unwrap();
    assert_eq!((first.lignes_gardees, first.lignes_rejetees), (1, 1), "{:?}", first.regles);
    let (header, shown) = rows(&dir.path().join("controle/lignes.csv"));
    assert_eq!((header[0].as_str(), header[1].as_str(), header.len()), ("ligne", "IDENT_REP", 65));
    let broken = shown.iter().find(|r| r["ligne"] == "3").expect("the row to mend");
    assert_eq!(
        (broken["IDENT_REP"].as_str(), broken["DEPCOM"].as_str(), broken["LIBCOM"].is_empty()),
        ("AB00000002", "", false)
    );
    let mend = Corrections::from([(3, BTreeMap::from([("DEPCOM".to_owned(), "73065".to_owned())]))]);
    let mended = check(dir.path(), &kind, &mend, &|_, _| ()).unwrap();
    assert_eq!((mended.lignes_gardees, mended.lignes_rejetees), (2, 0), "{:?}", mended.regles);
    assert!(mended.format.contains("64 champs"), "{}", mended.format);
}

#[test]
fn a_dwelling_that_a_deposit_claims_stays_with_its_owner_until_it_is_let_go() {
    let dir = store();
    let siren = largest();
    let all = facts(dir.path()).report.comptes["logements"];
    let own = dwellings_of(&facts(dir.path()), &siren);
    let (header, list) = rows(&files().join("rpls_2024.csv"));
    let idents: BTreeSet<&String> = list.iter().map(|r| &r["IDENT_REP"]).collect();
    assert!(idents.len() > 100);
    // All of its rows, and ten that another bailleur had, now with its own SIRET.
    let siret = list.iter().map(|r| &r["SIRET"]).find(|s| s.starts_with(&siren)).unwrap();
    let taken: Vec<BTreeMap<String, String>> = list
        .iter()
        .filter(|r| {
            r["SIRET"].len() == 14
                && !r["SIRET"].starts_with(&siren)
                && !r["IDENT_REP"].is_empty()
                && r["DEPCOM"].starts_with("01")
        })
        .take(10)
        .map(|r| {
            let mut r = r.clone();
            r.insert("SIRET".into(), siret.clone());
            r
        })
        .collect();
    let mut sent: Vec<_> = list.iter().filter(|r| r["SIRET"] == *siret).collect();
    sent.extend(&taken);
    let report = deposit(dir.path(), "rpls", &siren, &header, &sent, &Corrections::new());
    let after = facts(dir.path());
    assert_eq!(after.report.comptes["logements"], all - own + report.lignes_gardees - 10, "each once");
    assert_eq!(dwellings_of(&after, &siren), report.lignes_gardees - 10, "a claim takes nothing");
    let owner =
        |ident: &String| list.iter().find(|r| r["IDENT_REP"] == *ident).unwrap()["SIRET"][..9].to_owned();
    let claimed: BTreeMap<String, String> =
        taken.iter().map(|r| (r["IDENT_REP"].clone(), owner(&r["IDENT_REP"]))).collect();
    let store = Store::open(dir.path()).unwrap();
    let parts = parts::Parts::of(&store, "rpls", 2024).unwrap();
    let told: BTreeMap<String, String> =
        parts.claims(&siren).unwrap().into_iter().map(|c| (c.ident_rep, c.keeper)).collect();
    assert_eq!(told, claimed, "who claims is told who keeps");
    let rival = claimed.values().next().unwrap();
    let theirs = parts.claims(rival).unwrap();
    assert_eq!(
        theirs.len(),
        claimed.values().filter(|o| *o == rival).count(),
        "and the owner, who filed nothing"
    );
    assert!(theirs.iter().all(|c| c.keeper == *rival && c.others == [siren.clone()]));

    // The owner files its stock anew, without them.
    let sent: Vec<_> = list
        .iter()
        .filter(|r| r["SIRET"].starts_with(rival.as_str()) && !claimed.contains_key(&r["IDENT_REP"]))
        .collect();
    deposit(dir.path(), "rpls", rival, &header, &sent, &Corrections::new());
    let gone = claimed.values().filter(|o| *o == rival).count() as u64;
    assert_eq!(dwellings_of(&facts(dir.path()), &siren), report.lignes_gardees - 10 + gone);
}

/// Respondents of each bailleur but one, with the classes of the survey: what a rival's figures are made of.
fn surveyed(facts: &Facts, but: &str) -> BTreeMap<String, Vec<(u64, u8, u8, u8)>> {
    let mut out: BTreeMap<String, Vec<(u64, u8, u8, u8)>> = BTreeMap::new();
    let rows = facts.report.comptes["logements"] as usize;
    for row in 0..rows {
        let siren = facts.bailleurs.get(facts.bailleur_of[row] as usize).map(|(s, _)| s.clone());
        let Some(siren) = siren.filter(|s| s != but) else { continue };
        let class = |id: &str| facts.attributes[id][row];
        out.entry(siren).or_default().push((
            facts.identity[row],
            class("repondant"),
            class("plafond"),
            class("menage"),
        ));
    }
    out.values_mut().for_each(|v| v.sort_unstable());
    out
}

#[test]
fn a_survey_that_names_the_dwellings_of_others_changes_none_of_their_figures() {
    let dir = store();
    let siren = largest();
    let before = surveyed(&facts(dir.path()), &siren);
    let (header, list) = rows(&files().join("ops_2024.csv"));
    let (_, stock) = rows(&files().join("rpls_2024.csv"));
    let mine: Vec<_> = list.iter().filter(|r| r["bailleur_siren"] == siren).collect();
    // Its own households, put into dwellings of others by their number, and by their address.
    let column = |name: &str| header.iter().find(|h| h.eq_ignore_ascii_case(name)).expect(name).clone();
    let ident = column("ident_rep");
    let foreign: Vec<&String> = stock
        .iter()
        .filter(|r| r["SIRET"].len() == 14 && !r["SIRET"].starts_with(&siren) && !r["IDENT_REP"].is_empty())
        .map(|r| &r["IDENT_REP"])
        .take(60)
        .collect();
    let theirs: Vec<_> = list
        .iter()
        .filter(|r| r["bailleur_siren"] != siren && r["bailleur_siren"].len() == 9)
        .take(60)
        .map(|r| {
            let mut r = r.clone();
            r.insert(ident.clone(), String::new());
            r.insert("bailleur_siren".into(), siren.clone());
            r
        })
        .collect();
    let moved: Vec<BTreeMap<String, String>> = mine
        .iter()
        .zip(&foreign)
        .map(|(r, number)| {
            let mut r = (*r).clone();
            r.insert(ident.clone(), (*number).clone());
            r
        })
        .collect();
    assert_eq!((foreign.len(), theirs.len(), moved.len()), (60, 60, 60));
    let mut sent: Vec<_> = mine[60..].to_vec();
    sent.extend(&moved);
    sent.extend(&theirs);
    deposit(dir.path(), "ops", &siren, &header, &sent, &Corrections::new());
    let after = facts(dir.path());
    assert_eq!(surveyed(&after, &siren), before);
    assert!(after.report.comptes["menages_autre_bailleur"] > 0);
}

#[test]
fn a_dwelling_that_its_bailleur_moved_opens_nothing_around() {
    let dir = store();
    let siren = largest();
    let (_, list) = rows(&files().join("rpls_2024.csv"));
    let one = list.iter().find(|r| r["SIRET"].starts_with(&siren) && !r["IDENT_REP"].is_empty()).unwrap();
    let filed = |facts: &Facts| facts.attributes["point_depose"].iter().filter(|c| **c == 1).count();
    let before = filed(&facts(dir.path()));
    let fix = PointFix {
        siren,
        adresse: String::new(),
        ident_rep: one["IDENT_REP"].clone(),
        des: 2024,
        lon: 5.2,
        lat: 46.2,
        qualite: 11,
        cle: String::new(),
    };
    publish_edits(dir.path(), &[fix], &[]);
    assert_eq!(filed(&facts(dir.path())), before - 1);
}

#[test]
fn a_commune_that_loses_its_households_is_seen_before_acceptance() {
    let dir = store();
    let siren = largest();
    let (header, list) = rows(&files().join("ops_2024.csv"));
    let mine: Vec<_> = list.iter().filter(|r| r["bailleur_siren"] == siren).collect();
    let place = |r: &BTreeMap<String, String>| r["depcom"].clone();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for r in &mine {
        *counts.entry(place(r)).or_default() += 1;
    }
    let (target, n) = counts.into_iter().filter(|(c, _)| !c.is_empty()).max_by_key(|(_, n)| *n).unwrap();
    // 40 % of its households are forgotten.
    let mut seen = 0;
    let kept: Vec<_> = mine
        .iter()
        .copied()
        .filter(|r| {
            place(r) != target || {
                seen += 1;
                seen > n * 2 / 5
            }
        })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let mut out = csv::WriterBuilder::new().delimiter(b';').from_path(folder.path().join("recu")).unwrap();
    out.write_record(&header).unwrap();
    for row in &kept {
        out.write_record(header.iter().map(|h| row[h].as_str())).unwrap();
    }
    out.flush().unwrap();
    let kind = Kind { register: "ops".into(), year: 2024, siren: siren.clone(), name: "ops.csv".into() };
    check(folder.path(), &kind, &Corrections::new(), &|_, _| ()).unwrap();
    let comparison =
        compare(&Store::open(dir.path()).unwrap(), "ops", 2024, &siren, &folder.path().join("controle"))
            .unwrap();
    assert_eq!(comparison.annee_avant, Some(2022));
    let line = comparison.communes.iter().find(|c| c.commune == target).unwrap();
    let (now, present) = (line.depot.lignes as f64, line.en_vigueur.unwrap().lignes as f64);
    let lost = 1.0 - now / present;
    assert!((0.35..0.45).contains(&lost), "{lost} of {present}");
    for c in comparison.communes.iter().filter(|c| c.commune != target) {
        assert_eq!(Some(c.depot), c.en_vigueur, "{}", c.commune);
    }
    assert!(line.depot.repondants > 0 && line.depot.repondants <= line.depot.lignes);
}

/// Publishes what a bailleur decided, as the server does.
fn publish_events(root: &Path, list: &[Happening]) {
    let mut w = Writer::open(root).unwrap();
    let folder = w.temporary().unwrap();
    let mut all =
        csv::WriterBuilder::new().delimiter(b';').from_path(folder.path().join(events::FILE)).unwrap();
    list.iter().for_each(|h| all.serialize(h).unwrap());
    all.flush().unwrap();
    let mut report = Report::new(events::REGISTER, events::KEY, "événements");
    report.empreinte = blake3::hash(format!("{list:?}").as_bytes()).to_hex().to_string();
    w.publish(folder, report).unwrap();
}

fn publish_edits(root: &Path, points: &[PointFix], homes: &[Home]) {
    let mut w = Writer::open(root).unwrap();
    let folder = w.temporary().unwrap();
    let mut all = csv::WriterBuilder::new()
        .delimiter(b';')
        .has_headers(false)
        .from_path(folder.path().join(POINTS))
        .unwrap();
    all.write_record(["siren", "adresse", "ident_rep", "des", "lon", "lat", "qualite", "cle"]).unwrap();
    points.iter().for_each(|p| all.serialize(p).unwrap());
    all.flush().unwrap();
    let mut all = csv::WriterBuilder::new()
        .delimiter(b';')
        .has_headers(false)
        .from_path(folder.path().join(HOMES))
        .unwrap();
    all.write_record(["siren", "adresse", "code", "libelle"]).unwrap();
    homes.iter().for_each(|h| all.serialize(h).unwrap());
    all.flush().unwrap();
    let mut report = Report::new(REGISTER, KEY, "retouches");
    report.empreinte = blake3::hash(format!("{points:?}{homes:?}").as_bytes()).to_hex().to_string();
    w.publish(folder, report).unwrap();
}

#[test]
fn a_correction_moves_dwellings_into_their_qpv_and_outlives_the_next_import() {
    let dir = store();
    let store = Store::open(dir.path()).unwrap();
    let list = doubts(&store, 2024, None, None).unwrap();
    // An address at its commune, whose true place is in a QPV.
    let (_, truth) = rows(&files().join("verite/logements.csv"));
    let truth: BTreeMap<&str, &BTreeMap<String, String>> =
        truth.iter().map(|r| (r["ident_rep"].as_str(), r)).collect();
    let doubt = list
        .iter()
        .find(|d| {
            d.motifs().contains_key(&Motif::QualiteCommune)
                && d.logements
                    .iter()
                    .all(|l| truth.get(l.ident_rep.as_str()).is_some_and(|t| !t["qpv2024"].is_empty()))
        })
        .expect("an address to move into a QPV");
    let t = truth[doubt.logements[0].ident_rep.as_str()];
    let count = |facts: &Facts| {
        let layer = facts.layers.iter().find(|l| l.id == "qpv2024").unwrap();
        let zone = layer.codes.iter().position(|c| *c == t["qpv2024"]).unwrap() as u32;
        facts.address_of.iter().filter(|a| layer.of_address[**a as usize] == zone).count()
    };
    let before = count(&facts(dir.path()));
    let fix = PointFix {
        siren: doubt.siren.clone(),
        adresse: doubt.adresse.clone(),
        ident_rep: String::new(),
        des: 2024,
        lon: t["lon"].parse().unwrap(),
        lat: t["lat"].parse().unwrap(),
        qualite: 11,
        cle: String::new(),
    };
    publish_edits(dir.path(), std::slice::from_ref(&fix), &[]);
    let after = facts(dir.path());
    assert_eq!(count(&after), before + doubt.logements.len());
    assert_eq!(after.report.comptes["logements_deplaces_par_bailleur"], doubt.logements.len() as u64);
    let left = doubts(&Store::open(dir.path()).unwrap(), 2024, None, None).unwrap();
    assert!(
        !left.iter().any(|d| (&d.siren, &d.adresse) == (&doubt.siren, &doubt.adresse)),
        "it is no longer doubtful"
    );
    // The register of 2024 again, as that of 2026: the correction is applied by the address.
    publish(dir.path(), |o| {
        let options = rpls::RplsOptions { millesime: 2026, workers: None };
        rpls::import(&files().join("rpls_2024.csv"), &options, o, &|_, _| ()).unwrap()
    });
    let next = stock::load(&Store::open(dir.path()).unwrap(), 2026, Catalogue::embedded().unwrap()).unwrap();
    assert_eq!(next.report.comptes["logements_deplaces_par_bailleur"], doubt.logements.len() as u64);
    let earlier =
        stock::load(&Store::open(dir.path()).unwrap(), 2022, Catalogue::embedded().unwrap()).unwrap();
    assert!(
        earlier.report.comptes.get("logements_deplaces_par_bailleur").is_none_or(|n| *n == 0),
        "not before the year it was made for"
    );
    // Only the cubes that it touches are made anew.
    refresh(&mut Writer::open(dir.path()).unwrap(), &mut |_| ()).unwrap();
    publish_edits(dir.path(), &[PointFix { des: 2026, ..fix }], &[]);
    let mut made = Vec::new();
    refresh(&mut Writer::open(dir.path()).unwrap(), &mut |b| made.push(b.millesime)).unwrap();
    made.sort_unstable();
    assert_eq!(made, [2024, 2026], "2022 never had it");
}

#[test]
fn the_stock_up_to_date_is_the_register_and_its_events_and_has_no_household() {
    let dir = store();
    let filed = facts(dir.path());
    let siren = largest();
    let (_, list) = rows(&files().join("verite/logements.csv"));
    let own: BTreeSet<&str> = {
        let t = parts::Parts::of(&Store::open(dir.path()).unwrap(), "rpls", 2024).unwrap();
        assert_eq!(t.folders().len(), 1);
        list.iter()
            .filter(|r| r["siren"] == siren)
            .map(|r| r["ident_rep"].as_str())
            .filter(|i| !i.is_empty())
            .collect()
    };
    let mut own = own.into_iter();
    let mut take = |n: usize| own.by_ref().take(n).collect::<Vec<_>>().join(" ");
    let (razed, sold) = (take(7), take(5));
    let other = filed.bailleurs.iter().map(|(s, _)| s.clone()).find(|s| *s != siren).unwrap();
    let commune = list[0]["commune"].clone();
    let qpv = filed.layers.iter().find(|l| l.id == "qpv2024").unwrap();
    // A delivery in a QPV: where an address of it is.
    let place = (0..filed.addresses.len())
        .find(|a| qpv.of_address[*a] != NONE && !filed.addresses[*a].approximate)
        .unwrap();
    let zone = qpv.of_address[place];
    let event = |effet: Effect, date: &str, n: u32, idents: &str| Happening {
        date: date.into(),
        siren: siren.clone(),
        effet,
        autre: if effet == Effect::Cession { other.clone() } else { String::new() },
        commune: commune.clone(),
        adresse: format!("{commune}:1:-:RUE NEUVE"),
        logements: n,
        ident_rep: idents.into(),
        lon: Some(filed.addresses[place].lon),
        lat: Some(filed.addresses[place].lat),
        qualite: 11,
        annee: 2024,
        financement: "PLAI".into(),
        pieces: 3,
        dpe: "A".into(),
        surface: 62,
    };
    // Both declare what changes hands.
    let bought = Happening {
        siren: other.clone(),
        autre: siren.clone(),
        ..event(Effect::Entree, "2024-04-01", 5, &sold)
    };
    publish_events(
        dir.path(),
        &[
            event(Effect::Entree, "2024-06-30", 20, ""),
            event(Effect::Sortie, "2024-03-01", 7, &razed),
            event(Effect::Cession, "2024-04-01", 5, &sold),
            bought,
            event(Effect::Sortie, "2023-12-31", 1, "inconnu"),
        ],
    );
    let mut made = Vec::new();
    refresh(&mut Writer::open(dir.path()).unwrap(), &mut |b| made.push((b.millesime, b.a_jour))).unwrap();
    assert_eq!(made, [(2022, false), (2024, false), (2024, true)], "only the latest is brought up to date");
    let store = Store::open(dir.path()).unwrap();
    let now = stock::load_up_to_date(&store, 2024, Catalogue::embedded().unwrap()).unwrap();
    assert_eq!(now.a_jour.as_deref(), Some("2024-06-30"));
    let all = filed.report.comptes["logements"];
    assert_eq!(now.report.comptes["logements"], all + 20 - 7);
    assert_eq!(now.report.comptes["evenements_changements_de_bailleur"], 5);
    assert_eq!(now.report.comptes["evenements_logements_non_identifies"], 0);
    assert_eq!(dwellings_of(&now, &siren), dwellings_of(&filed, &siren) + 20 - 7 - 5);
    assert_eq!(dwellings_of(&now, &other), dwellings_of(&filed, &other) + 5);
    let in_qpv = |f: &Facts| {
        let layer = f.layers.iter().find(|l| l.id == "qpv2024").unwrap();
        let rows = f.report.comptes["logements"] as usize;
        f.address_of[..rows].iter().filter(|a| layer.of_address[**a as usize] == zone).count() as i64
    };
    let gone: BTreeSet<&str> = razed.split(' ').collect();
    let code = &qpv.codes[zone as usize];
    let razed_there =
        list.iter().filter(|r| gone.contains(r["ident_rep"].as_str()) && r["qpv2024"] == *code).count()
            as i64;
    assert!(
        (in_qpv(&now) - in_qpv(&filed) - 20 + razed_there).abs() <= 1,
        "a planted fault may hide where one of them stood"
    );
    // No household, and residences keep their code.
    assert!(now.attributes["repondant"].iter().all(|c| *c == 0) && now.vague.is_none());
    let residences = |f: &Facts| {
        f.layers.iter().find(|l| l.id == "residence").unwrap().codes.iter().cloned().collect::<BTreeSet<_>>()
    };
    let kept = residences(&filed).intersection(&residences(&now)).count();
    assert!(kept >= residences(&filed).len() - 1, "{kept}");
    // Nothing happened any more: the edition goes.
    publish_events(dir.path(), &[]);
    refresh(&mut Writer::open(dir.path()).unwrap(), &mut |_| ()).unwrap();
    assert!(!Store::open(dir.path()).unwrap().manifest().cubes.iter().any(|c| c.a_jour));
}

#[test]
fn one_dwelling_moves_alone_and_its_address_stays_doubtful_for_the_others() {
    let dir = store();
    let list = doubts(&Store::open(dir.path()).unwrap(), 2024, None, None).unwrap();
    let doubt = list
        .iter()
        .find(|d| {
            d.logements.len() > 2 && d.logements.iter().all(|l| l.motifs != 0 && !l.ident_rep.is_empty())
        })
        .expect("a doubtful address of several dwellings");
    let one = &doubt.logements[1];
    let fix = PointFix {
        siren: doubt.siren.clone(),
        adresse: String::new(),
        ident_rep: one.ident_rep.clone(),
        des: 2024,
        lon: 5.8,
        lat: 45.9,
        qualite: 11,
        cle: String::new(),
    };
    publish_edits(dir.path(), &[fix], &[]);
    let left = addresses(&Store::open(dir.path()).unwrap(), 2024, Some(&doubt.siren), None).unwrap();
    let now = left.iter().find(|a| a.adresse == doubt.adresse).expect("the address");
    assert_eq!(now.logements.len(), doubt.logements.len());
    for (before, after) in doubt.logements.iter().zip(&now.logements) {
        let moved = after.ident_rep == one.ident_rep;
        assert_eq!((after.corrige, after.motifs == 0), (moved, moved), "{}", after.ident_rep);
        assert_eq!((after.lon, after.lat) == (5.8, 45.9), moved);
        assert!(moved || after.lon.to_bits() == before.lon.to_bits(), "a neighbour stays where it was");
    }
    assert_eq!(facts(dir.path()).report.comptes["logements_deplaces_par_bailleur"], 1);
}

#[test]
fn a_number_that_two_deposits_have_counts_once_and_is_told_to_both() {
    let dir = store();
    let (header, list) = rows(&files().join("rpls_2024.csv"));
    let siret = |r: &BTreeMap<String, String>| r["SIRET"].clone();
    let mut owners: Vec<String> = list.iter().map(siret).filter(|s| s.len() == 14).collect();
    owners.sort();
    owners.dedup();
    let [first, second] = [&owners[0], &owners[1]];
    let of = |owner: &String| -> Vec<BTreeMap<String, String>> {
        list.iter()
            .filter(|r| r["SIRET"] == *owner && !r["IDENT_REP"].is_empty() && r["DEPCOM"].starts_with("01"))
            .take(40)
            .cloned()
            .collect()
    };
    let (a, mut b) = (of(first), of(second));
    let mut taken = a[3].clone();
    let ident = taken["IDENT_REP"].clone();
    taken.insert("SIRET".into(), second.clone());
    b.push(taken);
    // The greater SIREN deposits first: the order does not decide.
    for (owner, sent) in [(second, &b), (first, &a)] {
        deposit(
            dir.path(),
            "rpls",
            &owner[..9],
            &header,
            &sent.iter().collect::<Vec<_>>(),
            &Corrections::new(),
        );
    }
    let parts = parts::Parts::of(&Store::open(dir.path()).unwrap(), "rpls", 2024).unwrap();
    for (me, other) in [(first, second), (second, first)] {
        let claims = parts.claims(&me[..9]).unwrap();
        assert_eq!(claims.len(), 1, "{claims:?}");
        assert_eq!((claims[0].ident_rep.as_str(), claims[0].keeper.as_str()), (ident.as_str(), &first[..9]));
        assert_eq!(claims[0].others, [other[..9].to_owned()]);
    }
    let t = parts.read(&["siren", "ident_rep"]).unwrap();
    let (siren, idents) = (t.texts("siren").unwrap(), t.texts("ident_rep").unwrap());
    let kept: Vec<&str> = (0..t.rows()).filter(|r| idents.get(*r) == ident).map(|r| siren.get(r)).collect();
    assert_eq!(kept, [&first[..9]], "one row, of the one who is named");
    assert!(parts.claims("999999999").unwrap().is_empty(), "nobody else is told");
}

#[test]
fn a_residence_is_what_its_bailleur_says() {
    let dir = store();
    let before = facts(dir.path());
    let layer = |f: &Facts| f.layers.iter().find(|l| l.id == "residence").unwrap().clone();
    let store = Store::open(dir.path()).unwrap();
    let t = parts::Parts::of(&store, "rpls", 2024).unwrap();
    assert_eq!(t.folders().len(), 1);
    // Two addresses of one bailleur become one residence.
    let (_, list) = rows(&files().join("verite/logements.csv"));
    assert!(!list.is_empty());
    let exact: Vec<(String, String)> = {
        let all = doubts(&store, 2024, None, None).unwrap();
        let good = |d: &&Address| {
            d.motifs().keys().all(|m| matches!(m, Motif::Qpv | Motif::InconnueBan | Motif::Doublon))
                && d.logements.iter().all(|l| l.qualite == 11)
        };
        all.iter().filter(good).map(|d| (d.siren.clone(), d.adresse.clone())).collect()
    };
    let siren = exact[0].0.clone();
    let two: Vec<&(String, String)> = exact.iter().filter(|e| e.0 == siren).take(2).collect();
    assert_eq!(two.len(), 2);
    let homes: Vec<Home> = two
        .iter()
        .map(|e| Home {
            siren: e.0.clone(),
            adresse: e.1.clone(),
            code: "R000000000001".into(),
            libelle: "Les Réunis".into(),
        })
        .collect();
    publish_edits(dir.path(), &[], &homes);
    let after = facts(dir.path());
    let l = layer(&after);
    let zone = l.codes.iter().position(|c| c == "R000000000001").expect("the residence") as u32;
    assert_eq!(l.noms[zone as usize], "Les Réunis");
    assert!(l.of_address.iter().filter(|z| **z == zone).count() >= 2);
    assert!(layer(&before).codes.iter().all(|c| c != "R000000000001"));
    let grouped = |f: &Facts| layer(f).of_address.iter().filter(|z| **z != NONE).count();
    assert_eq!(grouped(&before), grouped(&after), "no address is lost");
}

/// What was planted in the register of 2024: line → kinds of fault, and which of them call for a correction
/// of the address.
const TO_CORRECT: [&str; 9] = [
    "qualite_12",
    "qualite_22",
    "qualite_33",
    "point_hors_commune",
    "sans_point",
    "empilement_siege",
    "hors_du_repere",
    "numero_manquant",
    "qpv_declare_faux",
];

/// Faults that leave an address that no one could find, or the wrong commune: a doubt about them is right
/// too. Those that the reader repairs (abbreviations, numbers in the wrong column…) are not among them.
const ALSO_WRONG: [&str; 6] = [
    "commune_voisine",
    "residence_dans_nomvoie",
    "caractere_perdu",
    "tronque_a_l_accent",
    "mojibake",
    "doublon_ident_rep",
];

#[test]
fn the_planted_faults_of_addresses_are_in_the_worklist() {
    worklist(files());
}

/// This draw has points out of their system of coordinates, which are rare.
#[test]
fn points_out_of_their_system_of_coordinates_are_in_the_worklist_too() {
    let dir = tempfile::tempdir().unwrap();
    write(
        &DemoOptions { dwellings: DWELLINGS, seed: 8, national: false, territory: Territory::Agglomeration },
        dir.path(),
        &|_, _, _| (),
    )
    .unwrap();
    assert!(worklist(dir.path())["hors_du_repere"] > 0);
}

/// Looks for the planted faults of a demonstration; the dwellings with each kind.
fn worklist(files: &Path) -> BTreeMap<&'static str, usize> {
    let dir = store_of(files);
    let store = Store::open(dir.path()).unwrap();
    let geocoder = Geocoder::open(&shelf::ensure(&store).unwrap()).unwrap();
    let begun = std::time::Instant::now();
    let plain = doubts(&store, 2024, None, None).unwrap();
    let without_search = begun.elapsed();
    let begun = std::time::Instant::now();
    let list = doubts(&store, 2024, None, Some(&|a: &Address| geocoder.best_score(&a.libelle(), &a.depcom)))
        .unwrap();
    println!("  reviewed in {:.0?}, with the search of addresses in {:.0?}", without_search, begun.elapsed());
    // The search names what was doubted already: it brings no address more.
    assert_eq!(plain.len(), list.len());
    let sought = |d: &&Address| d.motifs().contains_key(&Motif::ScoreBas);
    assert!(list.iter().any(|d| sought(&d)), "names that nothing resembles");
    assert!(list.iter().filter(sought).all(|d| d.ban.is_none()));
    let found: BTreeSet<&str> = list
        .iter()
        .flat_map(|d| &d.logements)
        .filter(|l| l.motifs != 0)
        .map(|l| l.ident_rep.as_str())
        .collect();
    let text = std::fs::read_to_string(files.join("rpls_2024.csv")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let (header, _) = rows(&files.join("rpls_2024.csv"));
    let at = header.iter().position(|h| h == "IDENT_REP").unwrap();
    let ident = |line: usize| lines[line - 1].split(';').nth(at).unwrap_or("").trim_matches('"').to_owned();
    let (_, planted) = rows(&files.join("verite/defauts.csv"));
    let mut kinds: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for p in planted.iter().filter(|p| p["fichier"] == "rpls_2024.csv") {
        kinds.entry(ident(p["ligne"].parse().unwrap())).or_default().insert(p["defaut"].as_str());
    }
    let mut lines = String::new();
    let (mut wanted, mut hit, mut planted_of) = (0, 0, BTreeMap::new());
    for kind in TO_CORRECT {
        let with: Vec<&String> =
            kinds.iter().filter(|(i, k)| !i.is_empty() && k.contains(kind)).map(|(i, _)| i).collect();
        let n = with.iter().filter(|i| found.contains(i.as_str())).count();
        lines += &format!("  {kind:<20} {n:>5} of {:>5}\n", with.len());
        planted_of.insert(kind, with.len());
        wanted += with.len();
        hit += n;
    }
    let right = |i: &&&str| {
        kinds.get(**i).is_some_and(|k| k.iter().any(|k| TO_CORRECT.contains(k) || ALSO_WRONG.contains(k)))
    };
    let good = found.iter().filter(right).count();
    let (precision, recall) = (good as f64 / found.len() as f64, hit as f64 / wanted as f64);
    let unfound: Vec<&str> = list
        .iter()
        .flat_map(|d| &d.logements)
        .filter(|l| Motif::of(l.motifs).any(|m| m == Motif::ScoreBas))
        .map(|l| l.ident_rep.as_str())
        .collect();
    let lost = unfound.iter().filter(|i| right(i)).count();
    println!("  score below 0.5: {lost} of {} dwellings have a planted fault", unfound.len());
    println!(
        "{lines}  recall {recall:.4} ({hit} of {wanted}), precision {precision:.4} ({good} of {})",
        found.len()
    );
    let without: BTreeMap<Motif, u64> = list
        .iter()
        .flat_map(|d| &d.logements)
        .filter(|l| l.motifs != 0 && !right(&&l.ident_rep.as_str()))
        .flat_map(|l| Motif::of(l.motifs))
        .fold(BTreeMap::new(), |mut m, k| {
            *m.entry(k).or_default() += 1;
            m
        });
    println!("  doubts without a planted fault: {without:?}");
    // Measured: recall 1.000, precision 0.906 and 0.903. The rest are addresses that the BAN does not know
    // under the name that the reader repaired: to be looked at, though nothing says that their point is
    // wrong.
    assert!(recall > 0.98, "{recall}\n{lines}");
    assert!(precision > 0.88, "{precision} {without:?}");
    assert!(without.keys().all(|m| matches!(m, Motif::InconnueBan | Motif::ScoreBas)), "{without:?}");
    planted_of
}

#[test]
fn a_lessors_own_rows_are_those_of_the_register_whatever_others_correct_and_come_back_if_their_file_is_lost()
{
    let dir = store();
    let store = Store::open(dir.path()).unwrap();
    let lessors = Lessors::of(&store, 2024).unwrap().unwrap();
    let everyone = review::filed(&lessors, &store, None, None).unwrap();
    assert!(!lessors.is_made(), "the rows of everyone need no files");
    let sirens: BTreeSet<&str> = everyone.iter().map(|a| a.siren.as_str()).collect();
    assert!(sirens.len() > 3);
    let own = |siren: &str| review::filed(&lessors, &store, Some(siren), None).unwrap();
    for siren in &sirens {
        let wanted: Vec<&Address> = everyone.iter().filter(|a| a.siren == *siren).collect();
        // Points that are missing are not equal to themselves.
        assert_eq!(format!("{:?}", own(siren).iter().collect::<Vec<_>>()), format!("{wanted:?}"));
    }
    assert!(own("000000000").is_empty());
    // Another's correction changes nothing of the files, and only what is laid over them.
    let (first, second) = (*sirens.first().unwrap(), *sirens.last().unwrap());
    let moved = everyone.iter().find(|a| a.siren == second && a.point().is_some()).unwrap();
    let (lon, lat, _) = moved.point().unwrap();
    let fix = PointFix {
        siren: second.to_owned(),
        adresse: moved.adresse.clone(),
        ident_rep: String::new(),
        des: 2024,
        lon: lon + 0.001,
        lat,
        qualite: 11,
        cle: String::new(),
    };
    let before = addresses(&store, 2024, Some(first), None).unwrap();
    publish_edits(dir.path(), &[fix], &[]);
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(Lessors::of(&store, 2024).unwrap().unwrap().mark(), lessors.mark());
    let after = addresses(&store, 2024, Some(first), None).unwrap();
    assert_eq!(format!("{after:?}"), format!("{before:?}"));
    let theirs = addresses(&store, 2024, Some(second), None).unwrap();
    let corrected: Vec<&Address> = theirs.iter().filter(|a| a.logements.iter().any(|l| l.corrige)).collect();
    assert_eq!(corrected.iter().map(|a| &a.adresse).collect::<Vec<_>>(), [&moved.adresse]);
    assert!(corrected[0].logements.iter().all(|l| l.corrige && l.motifs == 0));
    // A file that was cut short is made again.
    let folder = dir.path().join("bailleurs").join(lessors.mark());
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "parquet") {
            std::fs::write(path, b"PAR1").unwrap();
        }
    }
    let again = addresses(&store, 2024, Some(first), None).unwrap();
    assert_eq!(format!("{again:?}"), format!("{before:?}"));
}

#[test]
fn a_deposit_makes_the_rows_of_lessors_anew() {
    let dir = store();
    let siren = largest();
    let of = |root: &Path| {
        let store = Store::open(root).unwrap();
        let lessors = Lessors::of(&store, 2024).unwrap().unwrap();
        let rows = lessors.own(&store, &siren, &["ident_rep"]).unwrap().unwrap().rows();
        (lessors.mark().to_owned(), rows)
    };
    let (mark, rows) = of(dir.path());
    let (header, list) = self::rows(&files().join("rpls_2024.csv"));
    let mine: Vec<_> = list.iter().filter(|r| r["SIRET"].starts_with(&siren)).collect();
    deposit(dir.path(), "rpls", &siren, &header, &mine[..mine.len() / 2], &Corrections::new());
    let (after, fewer) = of(dir.path());
    assert_ne!(after, mark);
    assert!(fewer < rows && fewer > 0, "{fewer} of {rows}");
    let left: Vec<_> = std::fs::read_dir(dir.path().join("bailleurs")).unwrap().collect();
    assert_eq!(left.len(), 1, "files of the former state are gone");
}

#[test]
fn a_stock_that_goes_out_as_a_collection_file_comes_back_the_same() {
    let dir = store();
    let siren = largest();
    let own = |root: &Path| {
        let store = Store::open(root).unwrap();
        let table = parts::Parts::of(&store, "rpls", 2024).unwrap();
        let texts = [
            "siren",
            "ident_rep",
            "ident_int",
            "depcom",
            "codepostal",
            "libcom",
            "numvoie",
            "indrep",
            "typvoie",
            "nomvoie",
            "compladr",
            "complgeo",
            "segment",
            "adresse",
        ];
        let small = [
            "droit",
            "qpv_declare",
            "nbpiece",
            "origine",
            "finan",
            "conv",
            "sortie",
            "mode",
            "cus",
            "contingent",
            "typeconst",
            "dpe",
            "ges",
        ];
        let years = ["surfhab", "construct", "locat", "patrimoine", "sru_expir"];
        let all = texts.iter().chain(&small).chain(&years).chain(&["bail", "loyer"]).copied();
        let table = table.read(&all.collect::<Vec<_>>()).unwrap();
        let words: Vec<_> = texts.iter().map(|c| table.texts(c).unwrap()).collect();
        let codes: Vec<_> = small.iter().map(|c| table.u8s(c).unwrap()).collect();
        let numbers: Vec<_> = years.iter().map(|c| table.u16s(c).unwrap()).collect();
        let (bail, loyer) = (table.u32s("bail").unwrap(), table.f32s("loyer").unwrap());
        let mut rows: Vec<String> = (0..table.rows())
            .filter(|r| words[0].get(*r) == siren)
            .map(|r| {
                let words: Vec<&str> = words.iter().map(|c| c.get(r)).collect();
                let codes: Vec<u8> = codes.iter().map(|c| c[r]).collect();
                let numbers: Vec<u16> = numbers.iter().map(|c| c[r]).collect();
                format!("{words:?} {codes:?} {numbers:?} {} {}", bail[r], loyer[r])
            })
            .collect();
        rows.sort_unstable();
        rows
    };
    let before = own(dir.path());
    assert!(before.len() > 100);
    let out = || {
        let store = Store::open(dir.path()).unwrap();
        let lessors = Lessors::of(&store, 2024).unwrap().unwrap();
        collecte::file(&lessors, &store, &siren).unwrap()
    };
    let (n, bytes) = out();
    assert_eq!(n, before.len());
    let sent = tempfile::tempdir().unwrap();
    let deposited = |bytes: &[u8]| {
        std::fs::write(sent.path().join("recu"), bytes).unwrap();
        let kind =
            Kind { register: "rpls".into(), year: 2024, siren: siren.clone(), name: "collecte.txt".into() };
        let report = check(sent.path(), &kind, &Corrections::new(), &|_, _| ()).unwrap();
        assert_eq!((report.lignes_gardees, report.lignes_rejetees), (n as u64, 0), "{:?}", report.regles);
        assert!(report.format.contains("64 champs"), "{}", report.format);
        let mut w = Writer::open(dir.path()).unwrap();
        let folder = w.temporary().unwrap();
        for entry in std::fs::read_dir(sent.path().join("controle")).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
        }
        w.publish(folder, report).unwrap();
    };
    deposited(&bytes);
    let after = own(dir.path());
    for (was, is) in before.iter().zip(&after) {
        assert_eq!(was, is);
    }
    assert_eq!(before.len(), after.len());
    assert_eq!(out().1, bytes, "and goes out again as it came");

    // An address under its right name is read under its key.
    let old = {
        let store = Store::open(dir.path()).unwrap();
        let t = parts::Parts::of(&store, "rpls", 2024).unwrap().read(&["siren", "adresse"]).unwrap();
        let (owner, address) = (t.texts("siren").unwrap(), t.texts("adresse").unwrap());
        let mine = |r: &usize| owner.get(*r) == siren && address.get(*r).split(':').nth(1) != Some("0");
        let row = (0..t.rows()).find(mine).unwrap();
        address.get(row).to_owned()
    };
    let commune = old.split(':').next().unwrap();
    let right = format!("{commune}:12:B:RUE DU LAC BLEU");
    let fix = |siren: &str, des: u16, cle: &str| PointFix {
        siren: siren.to_owned(),
        adresse: old.clone(),
        ident_rep: String::new(),
        des,
        lon: 5.0,
        lat: 45.0,
        qualite: 11,
        cle: cle.to_owned(),
    };
    // What holds from the next year on, and what another bailleur decided, is not written.
    let next = fix(&siren, 2026, &format!("{commune}:1:-:RUE DE DEMAIN"));
    let others = fix("100000009", 2024, &format!("{commune}:1:-:RUE DES AUTRES"));
    publish_edits(dir.path(), &[fix(&siren, 2022, &right), next, others], &[]);
    let bytes = out().1;
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert!(!text.contains("DEMAIN") && !text.contains("DES AUTRES"));
    deposited(&bytes);
    let moved = own(dir.path());
    assert!(moved.iter().any(|r| r.contains(&right)), "{right} of {old}");
    assert!(!moved.iter().any(|r| r.contains(&format!("{old:?}"))));
}

#[test]
fn a_wave_that_begins_again_is_what_its_files_say() {
    let dir = store();
    refresh(&mut Writer::open(dir.path()).unwrap(), &mut |_| ()).unwrap();
    let book = || Store::open(dir.path()).unwrap().manifest().book(2024).map(|b| b.empreinte.clone());
    let first = book().expect("what is shown of households is in the book of their wave");
    let mut writer = Writer::open(dir.path()).unwrap();
    assert!(!writer.forget_book(1999).unwrap());
    assert!(writer.forget_book(2024).unwrap());
    assert_eq!(book(), None);
    let mut made = 0;
    refresh(&mut writer, &mut |_| made += 1).unwrap();
    assert!(made > 0, "cubes of the wave are made anew");
    assert_eq!(book(), Some(first), "the same files give the same book");
}
