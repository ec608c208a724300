//! Dwellings that are located without coordinates of their own, communes that were merged, QPV that miss some
//! of theirs: small files from import to facts.

use std::path::Path;
use std::sync::Arc;

use mosaique::cube::refresh::{refresh, stale};
use mosaique::policy::dossier::Checker;
use mosaique::policy::elsewhere::{Among, Wanted, search};
use mosaique::reference::controle::Controle;
use mosaique::reference::indicators::Catalogue;
use mosaique::reference::mix::Mix;
use mosaique::registers::output::Output;
use mosaique::registers::report::Report;
use mosaique::registers::{addresses, ops, rpls, zones};
use mosaique::stock::facts::{Facts, NONE};
use mosaique::stock::review::{Motif, doubts};
use mosaique::stock::situate::Situated;
use mosaique::stock::{self, unjoined};
use mosaique::store::{Store, Writer};

const BAN: &str = "id;numero;rep;nom_voie;code_postal;code_insee;nom_commune;code_insee_ancienne_commune;nom_ancienne_commune;x;y;lon;lat;type_position";
const RPLS: &str = "IDENT_REP;SIRET;RS;DEPCOM;CODEPOSTAL;LIBCOM;NUMVOIE;INDREP;TYPVOIE;NOMVOIE;QPV;TYPECONST;NBPIECE;SURFHAB;CONSTRUCT;LOCAT;PATRIMOINE;ORIGINE;FINAN;CONV;MODE;BAIL;CUS;EPSG;X;Y;QUALITE_XY";
const SIREN: &str = "775685029";

/// A dwelling: its commune with postcode and name, number, kind and name of its street, and its point in
/// Lambert-93, if it has one.
struct Home<'a>(&'a str, &'a str, &'a str, Option<(f64, f64)>);

fn rpls(homes: &[Home<'_>]) -> String {
    let rows = homes.iter().enumerate().map(|(i, Home(commune, number, street, point))| {
        let (kind, name) = street.split_once(' ').unwrap();
        let at = point.map_or(";;;".to_owned(), |(x, y)| format!("2154;{x};{y};11"));
        format!(
            "AB{i:08};{SIREN}00123;OFFICE;{commune};{number};;{kind};{name};1;C;3;66;1985;1985;1985;1;13;1;1;03/2019;13;{at}"
        )
    });
    std::iter::once(RPLS.to_owned()).chain(rows).collect::<Vec<_>>().join("\n")
}

/// A rectangle in Lambert-93 metres, written in degrees is not needed: the layer says its system.
fn square(properties: &str, (x, y): (f64, f64), side: f64) -> String {
    let (e, n) = (x + side, y + side);
    format!(
        r#"{{"type":"Feature","properties":{{{properties}}},"geometry":{{"type":"Polygon","coordinates":[[[{x},{y}],[{e},{y}],[{e},{n}],[{x},{n}],[{x},{y}]]]}}}}"#
    )
}

fn layer(features: &[String]) -> String {
    let crs = r#""crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::2154"}}"#;
    format!(r#"{{"type":"FeatureCollection",{crs},"features":[{}]}}"#, features.join(","))
}

/// A store that is being filled.
struct Shop(tempfile::TempDir);

impl Shop {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn publish(&self, name: &str, text: &str, import: impl FnOnce(&Path, &Output) -> Report) {
        let file = self.0.path().join(name);
        std::fs::write(&file, text).unwrap();
        let mut w = Writer::open(self.0.path()).unwrap();
        let folder = w.temporary().unwrap();
        let report = import(&file, &Output::new(folder.path()));
        w.publish(folder, report).unwrap();
    }

    fn rpls(&self, year: u16, homes: &[Home<'_>]) {
        let options = rpls::RplsOptions { millesime: year, workers: None };
        self.publish("rpls.csv", &rpls(homes), |f, o| rpls::import(f, &options, o, &|_, _| ()).unwrap());
    }

    fn zones(&self, couche: &str, generation: Option<&str>, features: &[String]) {
        let options = zones::ZonesOptions {
            couche: couche.into(),
            generation: generation.map(str::to_owned),
            epsg: None,
            table: None,
            forcer: false,
        };
        self.publish("zones.geojson", &layer(features), |f, o| {
            let mut report = zones::import(f, &options, o, &|_, _| ()).unwrap();
            // As the door keys them: a generation beside another.
            if let Some(g) = generation.filter(|_| couche != "qpv") {
                report.cle = format!("{couche}-{g}");
            }
            report
        });
    }

    fn ban(&self, departement: &str, rows: &[&str]) {
        let text = std::iter::once(BAN).chain(rows.iter().copied()).collect::<Vec<_>>().join("\n");
        let options = addresses::Options { departement: departement.into() };
        self.publish("ban.csv", &text, |f, o| addresses::import(f, &options, o, &|_, _| ()).unwrap());
    }

    fn store(&self) -> Store {
        Store::open(self.0.path()).unwrap()
    }

    fn facts(&self, year: u16) -> Facts {
        stock::load(&self.store(), year, Catalogue::embedded().unwrap()).unwrap()
    }
}

/// Code of the zone of each dwelling in a layer; empty outside.
fn zones_of<'a>(facts: &'a Facts, layer: &str) -> Vec<&'a str> {
    let layer = facts.layers.iter().find(|l| l.id == layer).unwrap();
    let code = |a: &u32| match layer.of_address[*a as usize] {
        NONE => "",
        zone => layer.codes[zone as usize].as_str(),
    };
    facts.address_of.iter().map(code).collect()
}

fn count(facts: &Facts, key: &str) -> u64 {
    facts.report.comptes.get(key).copied().unwrap_or(0)
}

fn says(facts: &Facts, words: &str) -> bool {
    facts.report.remarques.iter().any(|r| r.contains(words))
}

const CHAMBERY: &str = "73065;73000;CHAMBERY";

#[test]
fn a_dwelling_without_a_point_is_where_its_address_is_and_a_doubtful_one_is_for_its_bailleur() {
    let shop = Shop::new();
    let homes = [
        Home(CHAMBERY, "2", "RUE DES TILLEULS", None),
        Home(CHAMBERY, "4", "RUE DES TILLEULS", Some((926_000.0, 6_500_000.0))),
        Home(CHAMBERY, "4", "RUE DES TILLEULS", None),
        Home(CHAMBERY, "", "RUE DES TILLEULS", None),
        Home(CHAMBERY, "7", "CHEMIN INTROUVABLE", None),
    ];
    shop.rpls(2024, &homes);
    let before = shop.facts(2024);
    assert_eq!(
        (count(&before, "localises"), count(&before, "situes_par_voisins")),
        (2, 1),
        "neighbours need no BAN"
    );
    assert!(says(&before, "Importez la Base adresse nationale"));
    assert_eq!(stale(&shop.store(), 0).unwrap().len(), 1);
    refresh(&mut Writer::open(shop.0.path()).unwrap(), &mut |_| ()).unwrap();
    assert!(stale(&shop.store(), 0).unwrap().is_empty());

    shop.ban(
        "73",
        &[
            "73065_1_2;2;;Rue des Tilleuls;73000;73065;Chambéry;;;;;5.91;45.57;entrée",
            "73065_1_6;6;;Rue des Tilleuls;73000;73065;Chambéry;;;;;5.92;45.57;entrée",
            "73065_2_1;1;;Avenue de la Gare;73000;73065;Chambéry;;;;;5.93;45.57;entrée",
        ],
    );
    assert_eq!(stale(&shop.store(), 0).unwrap().len(), 1, "the BAN changes what is built");
    let facts = shop.facts(2024);
    assert_eq!(
        ["localises", "situes_par_voisins", "situes_par_adresse_au_numero", "situes_par_adresse_a_la_voie"]
            .map(|k| count(&facts, k)),
        [4, 1, 1, 1]
    );
    assert_eq!((count(&facts, "qualite_41"), count(&facts, "qualite_42")), (1, 1));
    assert_eq!(count(&facts, "adresses_introuvables") + count(&facts, "adresses_a_confirmer"), 1);
    assert!(says(&facts, "3 sur 4 logements sans coordonnées situés"), "{:?}", facts.report.remarques);
    let first = facts.addresses[facts.address_of[0] as usize];
    assert!((first.lon - 5.91).abs() < 1e-6 && !first.approximate);
    assert!(facts.addresses[facts.address_of[3] as usize].approximate, "somewhere in its street");

    // What builds found is kept, and the bailleur's list knows it.
    assert!(Situated::of(&shop.store()).unwrap().answer("73065:2:-:RUE DES TILLEULS").is_some());
    let list = doubts(&shop.store(), 2024, Some(SIREN), None).unwrap();
    let without: Vec<String> =
        list.iter().filter(|a| a.motifs().contains_key(&Motif::SansPoint)).map(|a| a.libelle()).collect();
    assert_eq!(without, ["7 CHEMIN INTROUVABLE"]);
}

#[test]
fn neighbours_that_disagree_say_nothing() {
    let shop = Shop::new();
    let far = [(926_000.0, 6_500_000.0), (926_400.0, 6_500_000.0)];
    let at = |point| Home(CHAMBERY, "4", "RUE DES TILLEULS", point);
    shop.rpls(2024, &[at(Some(far[0])), at(Some(far[1])), at(None)]);
    let facts = shop.facts(2024);
    assert_eq!((count(&facts, "situes_par_voisins"), count(&facts, "non_localises")), (0, 1));
}

#[test]
fn a_merged_commune_lives_on_in_the_one_that_contours_have() {
    let shop = Shop::new();
    let cran = "74093;74960;CRAN GEVRIER";
    shop.rpls(
        2016,
        &[
            Home(cran, "5", "RUE DES LILAS", None),
            Home(cran, "6", "RUE DES LILAS", Some((939_700.0, 6_540_000.0))),
            Home("74010;74000;ANNECY", "7", "RUE DES LILAS", None),
            Home("74999;74000;AILLEURS", "8", "RUE DES LILAS", Some((940_000.0, 6_540_000.0))),
            Home("74998;74000;PERDUE", "9", "RUE DES LILAS", None),
        ],
    );
    shop.zones(
        "commune",
        None,
        &[square(r#""INSEE_COM":"74010","NOM":"Annecy""#, (935_000.0, 6_535_000.0), 10_000.0)],
    );
    let facts = shop.facts(2016);
    assert_eq!(zones_of(&facts, "commune"), ["74010", "74010", "74010", "74010", "74998"]);
    assert_eq!((count(&facts, "communes_reportees"), count(&facts, "commune_inconnue")), (3, 1));
    assert!(says(&facts, "74093 → 74010 (2)") && says(&facts, "74999 → 74010 (1)") && says(&facts, "74998"));
    assert_eq!(count(&facts, "localises"), 2, "points keep their place");
}

#[test]
fn an_epci_comes_from_contours_even_if_no_dwelling_has_a_point() {
    let shop = Shop::new();
    shop.rpls(2018, &[Home("06029;06400;CANNES", "5", "RUE DES LILAS", None)]);
    let at = (1_000_000.0, 6_280_000.0);
    shop.zones("commune", None, &[square(r#""INSEE_COM":"06029","NOM":"Cannes""#, at, 5_000.0)]);
    shop.zones(
        "epci",
        None,
        &[square(r#""CODE_SIREN":"200039915","NOM":"Pays""#, (at.0 - 5_000.0, at.1 - 5_000.0), 20_000.0)],
    );
    let facts = shop.facts(2018);
    assert_eq!(zones_of(&facts, "epci"), ["200039915"]);
    assert_eq!(facts.layers.iter().find(|l| l.id == "epci").unwrap().noms, ["Pays"]);
}

#[test]
fn a_qpv_says_what_it_cannot_count_and_a_missing_layer_that_it_is_missing() {
    let shop = Shop::new();
    let (x, y) = (926_000.0, 6_500_000.0);
    shop.rpls(
        2024,
        &[
            Home(CHAMBERY, "1", "RUE DES LILAS", Some((x, y))),
            Home(CHAMBERY, "2", "RUE DES LILAS", Some((x + 3_000.0, y))),
            Home(CHAMBERY, "3", "RUE DES LILAS", None),
        ],
    );
    let none = shop.facts(2024);
    assert!(
        says(&none, "QPV 2024, en vigueur au 1er janvier 2024") && says(&none, "communes"),
        "{:?}",
        none.report.remarques
    );
    shop.zones(
        "commune",
        None,
        &[square(r#""INSEE_COM":"73065","NOM":"Chambéry""#, (x - 5_000.0, y - 5_000.0), 10_000.0)],
    );
    shop.zones(
        "qpv",
        Some("2024"),
        &[square(r#""code_qp":"QN07301M","lib_qp":"Bissy""#, (x - 100.0, y - 100.0), 200.0)],
    );
    let facts = shop.facts(2024);
    let gap = &facts.ecarts_qpv["qpv2024"]["QN07301M"];
    // All three declare a QPV; one is found in it.
    assert_eq!(
        (gap.communes.as_slice(), gap.logements, gap.sans_point, gap.declares),
        (&["73065".to_owned()][..], 3, 1, 2)
    );
    assert!(!says(&facts, "QPV 2024"));
}

#[test]
fn a_wave_that_no_millesime_carries_is_told() {
    let shop = Shop::new();
    shop.rpls(2024, &[Home(CHAMBERY, "1", "RUE DES LILAS", None)]);
    let text = std::fs::read_to_string("tests/fixtures/ops/reponses.csv").unwrap();
    for wave in [2024, 2026] {
        // The fixture is of several waves: each import is of one.
        let text = text.replace("\n2025;", &format!("\n{wave};"));
        shop.publish("ops.csv", &text, |f, o| {
            ops::import(f, &ops::Options { vague: wave }, o, &|_, _| ()).unwrap()
        });
    }
    assert_eq!(unjoined(&shop.store()).unwrap(), [2026]);
    assert!(stock::unjoined_words(&shop.store()).unwrap()[0].contains("OPS 2026"));
}

const CITY: &str = "75056;75012;PARIS";

/// Paris by its own code and by those of its arrondissements: the city has all, an arrondissement those that
/// anything says to be its own, and what nothing says is counted, so that they add up.
#[test]
fn arrondissements_are_a_scale_and_add_up_to_their_city_whichever_code_a_file_has() {
    let shop = Shop::new();
    let (x, y) = (655_000.0, 6_860_000.0);
    let twelfth = "75112;75012;PARIS 12E";
    let homes = [
        Home(twelfth, "1", "RUE DE REUILLY", Some((x, y))),
        Home(CITY, "3", "RUE DE REUILLY", Some((x + 10.0, y))),
        Home("75056;75013;PARIS", "9", "RUE DE TOLBIAC", Some((x + 5_000.0, y))),
        Home(CITY, "5", "RUE SANS POINT", None),
        Home("75056;75000;PARIS", "7", "RUE PERDUE", None),
        Home("75113;75013;PARIS 13E", "2", "RUE PERDUE", None),
        Home("75056;75116;PARIS", "4", "RUE COPERNIC", None),
        Home("93066;93200;SAINT DENIS", "1", "RUE DU LANDY", None),
    ];
    shop.rpls(2024, &homes);
    shop.zones(
        "commune",
        None,
        &[
            square(r#""INSEE_COM":"75056","NOM":"Paris""#, (x - 9_000.0, y - 9_000.0), 18_000.0),
            square(r#""INSEE_COM":"93066","NOM":"Saint-Denis""#, (x, y + 9_000.0), 4_000.0),
        ],
    );
    shop.zones(
        "iris",
        None,
        &[
            square(r#""CODE_IRIS":"751120101","NOM_IRIS":"Reuilly""#, (x - 1_000.0, y - 1_000.0), 2_000.0),
            square(r#""CODE_IRIS":"751130101","NOM_IRIS":"Tolbiac""#, (x + 4_000.0, y - 1_000.0), 2_000.0),
        ],
    );
    let facts = shop.facts(2024);
    let paris = "75056";
    assert_eq!(zones_of(&facts, "commune"), [paris, paris, paris, paris, paris, paris, paris, "93066"]);
    assert_eq!(
        zones_of(&facts, "arrondissement"),
        ["75112", "75112", "75113", "75112", "", "75113", "75116", ""],
        "by its code, by the IRIS that holds its point, by its postcode; else none"
    );
    assert_eq!(zones_of(&facts, "epci")[0], paris, "the unit of targets is the city");
    assert_eq!((count(&facts, "arrondissement_connu"), count(&facts, "arrondissement_inconnu")), (6, 1));
    assert!(says(&facts, "Un logement de Paris, Lyon ou Marseille compte pour sa ville"));
    let layer = facts.layers.iter().find(|l| l.id == "arrondissement").unwrap();
    assert_eq!(layer.noms[0], "Paris 12e arrondissement");
    // Elsewhere there is no such scale.
    let other = Shop::new();
    other.rpls(2024, &[Home(CHAMBERY, "1", "RUE DES LILAS", None)]);
    assert!(other.facts(2024).layers.iter().all(|l| l.id != "arrondissement"));
}

/// A survey that has the code of the city finds the dwelling of a register that has the arrondissement's, and
/// the other way round; where a street has its number in two arrondissements it finds neither.
#[test]
fn a_survey_and_a_register_meet_across_the_two_codes_of_a_city() {
    let shop = Shop::new();
    shop.rpls(
        2024,
        &[
            Home("75112;75012;PARIS 12E", "1", "RUE DE REUILLY", None),
            Home(CITY, "3", "RUE DE REUILLY", None),
            Home("75112;75012;PARIS 12E", "8", "RUE DE LA PAIX", None),
            Home("75113;75013;PARIS 13E", "8", "RUE DE LA PAIX", None),
            Home("75114;75014;PARIS 14E", "6", "RUE DALESIA", None),
        ],
    );
    let answers = [
        ("75056", "1;;RUE DE REUILLY"),
        ("75112", "3;;RUE DE REUILLY"),
        ("75056", "8;;RUE DE LA PAIX"),
        ("75115", "6;;RUE DALESIA"),
    ];
    let row =
        |(commune, address): &(&str, &str)| format!("2024;{SIREN};{commune};{address};OCCUPE;REPONSE;2;0");
    let head = "vague;bailleur_siren;depcom;numvoie;indrep;nomvoie;statut_logement;statut_reponse;nb_personnes;nb_mineurs";
    let text = std::iter::once(head.to_owned()).chain(answers.iter().map(row)).collect::<Vec<_>>().join("\n");
    shop.publish("ops.csv", &text, |f, o| {
        ops::import(f, &ops::Options { vague: 2024 }, o, &|_, _| ()).unwrap()
    });
    let facts = shop.facts(2024);
    assert_eq!((count(&facts, "echelon_c"), count(&facts, "echelon_e")), (2, 2));
    // The two that found no dwelling count for the city, one of them for its arrondissement too.
    let mut last: Vec<&str> = zones_of(&facts, "arrondissement").split_off(5);
    last.sort_unstable();
    assert_eq!(last, ["", "75115"]);
}

/// The IRIS of Paris have the code of an arrondissement: a local number under the city's code would be a false
/// one. It is that of the arrondissement, or none.
#[test]
fn a_local_number_of_iris_under_the_code_of_a_city_makes_no_false_iris() {
    let shop = Shop::new();
    let at = Some((655_000.0, 6_860_000.0));
    let homes = [
        Home("75112;75012;PARIS 12E", "1", "RUE DE REUILLY", at),
        Home("75056;75012;PARIS", "3", "RUE DE REUILLY", at),
        Home("75056;75000;PARIS", "5", "RUE DE REUILLY", at),
        Home("75056;75013;PARIS", "7", "RUE DE TOLBIAC", at),
        Home("93066;93200;SAINT DENIS", "1", "RUE DU LANDY", at),
    ];
    let iris = ["PLG_IRIS2024_CODE", "0101", "0102", "103", "750560201", "0101"];
    let text: Vec<String> =
        rpls(&homes).lines().zip(iris).map(|(line, iris)| format!("{line};{iris}")).collect();
    let options = rpls::RplsOptions { millesime: 2024, workers: None };
    shop.publish("rpls.csv", &text.join("\n"), |f, o| {
        let report = rpls::import(f, &options, o, &|_, _| ()).unwrap();
        let told = |key: &str| report.comptes.get(key).copied();
        assert_eq!((told("iris_de_ville"), told("iris_complete")), (Some(3), Some(2)));
        report
    });
    let facts = shop.facts(2024);
    assert_eq!(
        zones_of(&facts, "iris"),
        ["751120101", "751120102", "", "751130201", "930660101"],
        "by the postcode's arrondissement, or not at all"
    );
    assert_eq!(
        (count(&facts, "adresses_iris_par_arrondissement"), count(&facts, "adresses_iris_de_ville")),
        (2, 1)
    );
    assert!(says(&facts, "ne désigne aucun IRIS"));
}

/// A commune that was made of others keeps them as a scale, by the code, the contour of before or the BAN.
#[test]
fn communes_deleguees_are_a_scale_and_add_up_to_their_commune() {
    let shop = Shop::new();
    let (x, y) = (940_000.0, 6_540_000.0);
    let annecy = "74010;74000;ANNECY";
    let homes = [
        Home("74093;74960;CRAN GEVRIER", "1", "RUE DES LILAS", None),
        Home(annecy, "2", "RUE DES LILAS", Some((x + 6_000.0, y))),
        Home(annecy, "3", "RUE DES LILAS", Some((x, y))),
        Home(annecy, "4", "RUE DES LILAS", None),
        Home(annecy, "5", "CHEMIN INTROUVABLE", None),
        Home("74256;74700;SALLANCHES", "6", "RUE DES LILAS", Some((x + 20_000.0, y))),
    ];
    let side = 5_000.0;
    let zone = |code: &str, nom: &str, at: f64, side: f64| {
        square(&format!(r#""INSEE_COM":"{code}","NOM":"{nom}""#), (x + at, y - side / 2.0), side)
    };
    shop.zones(
        "commune",
        Some("2016"),
        &[
            zone("74010", "Annecy", -1_000.0, side),
            zone("74268", "Seynod", 5_000.0, side),
            zone("74256", "Sallanches", 18_000.0, side),
        ],
    );
    shop.rpls(2024, &homes);
    shop.zones(
        "commune",
        Some("2024"),
        &[zone("74010", "Annecy", -1_000.0, 12_000.0), zone("74256", "Sallanches", 18_000.0, side)],
    );
    // Its point is out of all contours: the BAN says the former commune all the same.
    let seynod = "74010_0002_00004;4;;Rue des Lilas;74600;74010;Annecy;74268;Seynod;;;6.9;45.9;entrée";
    shop.ban("74", &[seynod]);
    let facts = shop.facts(2024);
    assert_eq!(zones_of(&facts, "commune"), ["74010", "74010", "74010", "74010", "74010", "74256"]);
    assert_eq!(
        zones_of(&facts, "deleguee"),
        ["74093", "74268", "74010", "74268", "", ""],
        "by its code, by the contours of 2016, by the BAN; else none"
    );
    assert_eq!((count(&facts, "deleguee_connue"), count(&facts, "deleguee_inconnue")), (4, 1));
    let layer = facts.layers.iter().find(|l| l.id == "deleguee").unwrap();
    let names: Vec<&str> = layer.noms.iter().map(String::as_str).collect();
    assert_eq!(names, ["Cran-Gevrier", "Seynod", "Annecy (commune déléguée)"]);
    // Before they merged they are communes, and there is no such scale.
    shop.rpls(2016, &homes[1..3]);
    let before = shop.facts(2016);
    assert_eq!(zones_of(&before, "commune"), ["74268", "74010"]);
    assert!(before.layers.iter().all(|l| l.id != "deleguee"));
}

/// E12 (CCH L.441-2-2): elsewhere is outside of residences à enjeu, in the perimeter of the CIA; being in a QPV
/// is no bar, and the circular's question (outside of QPV) is another one.
#[test]
fn where_else_is_outside_of_listed_residences_in_the_cia_and_a_qpv_is_no_bar() {
    let shop = Shop::new();
    let (x, y) = (926_000.0, 6_500_000.0);
    let cognin = "73087;73160;COGNIN";
    let homes = [
        Home(CHAMBERY, "1", "RUE DES LILAS", Some((x, y))),
        Home(CHAMBERY, "2", "RUE DES LILAS", Some((x + 100.0, y))),
        Home(CHAMBERY, "3", "RUE DES LILAS", Some((x + 3_000.0, y))),
        Home(cognin, "4", "RUE DES LILAS", Some((x + 20_000.0, y))),
    ];
    // All are vacant.
    let text = rpls(&homes).replace(";1;1;03/2019;", ";1;2;;");
    let options = rpls::RplsOptions { millesime: 2024, workers: None };
    shop.publish("rpls.csv", &text, |f, o| rpls::import(f, &options, o, &|_, _| ()).unwrap());
    let commune = |code: &str, epci: &str, west: f64| {
        square(
            &format!(r#""INSEE_COM":"{code}","NOM":"{code}","EPCI":"{epci}""#),
            (west, y - 5_000.0),
            10_000.0,
        )
    };
    shop.zones(
        "commune",
        None,
        &[commune("73065", "200069110", x - 5_000.0), commune("73087", "200023299", x + 15_000.0)],
    );
    let quarter = square(r#""code_qp":"QN07301M","lib_qp":"Essai""#, (x - 500.0, y - 500.0), 1_000.0);
    shop.zones("qpv", Some("2024"), &[quarter]);
    let (mix, rules) = (Mix::embedded().unwrap(), Controle::embedded().unwrap());
    let checker = Checker::load(&shop.store(), mix, rules, Arc::default()).unwrap();
    let wanted = Wanted { day: 20_240_615, ..Wanted::default() };
    let found = |among| -> Vec<String> {
        let list = search(&checker, "200069110", &wanted, among);
        let mut idents: Vec<String> = list.iter().map(|c| c.vacant.ident.clone()).collect();
        idents.sort();
        idents
    };
    let ident = |i: u32| format!("AB{i:08}");
    // The residence of the first is listed; the second is in the QPV and in no listed residence.
    let listed = |row: u32| checker.parc.home(row).adresse.contains(":1:");
    assert_eq!(found(Among::HorsEnjeu(Some(&listed))), [ident(1), ident(2)]);
    assert_eq!(found(Among::HorsEnjeu(None)), [ident(0), ident(1), ident(2)], "no list, nothing left out");
    assert_eq!(found(Among::HorsQpv), [ident(2)]);
}

/// E13, on the real file where it stands beside the project: HLM/O are one class of the financing, though 644
/// of them say a CUS of the PLUS.
#[test]
fn the_2743_hlm_o_of_cannes_are_one_class() {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/rpls/rpls_cannes_geocoded_pierson.csv");
    if !file.exists() {
        eprintln!("no real file at ../shared/data: nothing was compared");
        return;
    }
    let shop = Shop::new();
    let text = std::fs::read_to_string(file).unwrap();
    let options = rpls::RplsOptions { millesime: 2018, workers: None };
    shop.publish("cannes.csv", &text, |f, o| rpls::import(f, &options, o, &|_, _| ()).unwrap());
    let facts = shop.facts(2018);
    let catalogue = Catalogue::embedded().unwrap();
    let class = catalogue.attribute("financement").unwrap().class("ANCIEN").unwrap();
    assert_eq!(facts.attributes["financement"].iter().filter(|c| **c == class).count(), 2743);
}
