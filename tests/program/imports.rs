//! What an import may do to what is there: nothing is lost unasked, parts add up, doubts are refused with
//! what lifts them, and one step back is always open. The built program, driven from outside.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use polars::prelude::{ParquetReader, SerReader};
use serde_json::Value;

struct Store {
    dir: tempfile::TempDir,
    data: String,
}

impl Store {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("magasin").to_str().unwrap().to_owned();
        Self { dir, data }
    }

    fn file(&self, name: &str, content: &str) -> String {
        let path = self.dir.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut all = args.to_vec();
        all.extend(["--data", &self.data]);
        Command::new(env!("CARGO_BIN_EXE_mosaique")).args(all).output().unwrap()
    }

    /// A command that must succeed; what it said.
    fn done(&self, args: &[&str]) -> String {
        let out = self.run(args);
        assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap()
    }

    /// A command that must be refused, the store staying as it was; the message.
    fn refused(&self, args: &[&str]) -> String {
        let before = self.manifest();
        let out = self.run(args);
        assert!(!out.status.success(), "{args:?} must be refused");
        assert_eq!(self.manifest(), before, "{args:?}: the store changed");
        let told = String::from_utf8(out.stderr).unwrap();
        assert!(told.starts_with("Erreur : ") && !told.contains("panicked"), "{told}");
        told
    }

    fn manifest(&self) -> Option<Vec<u8>> {
        std::fs::read(Path::new(&self.data).join("manifeste.json")).ok()
    }

    fn imports(&self) -> Value {
        serde_json::from_str(&self.done(&["imports", "--json"])).unwrap()
    }

    /// Rows by the beginning of a text column of a table in the store.
    fn rows(
        &self,
        register: &str,
        key: &str,
        table: &str,
        column: &str,
        digits: usize,
    ) -> BTreeMap<String, usize> {
        let m: Value = serde_json::from_slice(&self.manifest().unwrap()).unwrap();
        let set = m["jeux"].as_array().unwrap().iter();
        let set = set
            .filter(|d| d["rapport"]["registre"] == register && d["rapport"]["cle"] == key)
            .map(|d| d["dossier"].as_str().unwrap().to_owned())
            .next()
            .unwrap_or_else(|| panic!("no {register} {key}"));
        let path = Path::new(&self.data).join(set).join(format!("{table}.parquet"));
        let frame = ParquetReader::new(std::fs::File::open(path).unwrap()).finish().unwrap();
        let mut out = BTreeMap::new();
        for code in frame.column(column).unwrap().str().unwrap().iter() {
            let code = code.unwrap_or("");
            *out.entry(code.get(..digits).unwrap_or(code).to_owned()).or_default() += 1;
        }
        out
    }
}

fn counts(list: &[(&str, usize)]) -> BTreeMap<String, usize> {
    list.iter().map(|(k, n)| ((*k).to_owned(), *n)).collect()
}

/// Dwellings of an RPLS: (commune, how many), each with a number of its own from `first`.
fn rpls(communes: &[(&str, usize)], first: usize, year: u16) -> String {
    let mut out = "IDENT_REP;DEPCOM;LIBCOM;CODEPOSTAL;NUMVOIE;TYPVOIE;NOMVOIE;NBPIECE;SURFHAB;CONSTRUCT;LOCAT;FINAN;BAIL\n"
        .to_owned();
    let mut ident = first;
    for (commune, n) in communes {
        for i in 0..*n {
            ident += 1;
            // One dwelling in ten is built the year before the millésime.
            let built = if i % 10 == 0 { year - 1 } else { 1975 };
            writeln!(
                out,
                "{ident:010};{commune};VILLE;{}000;{};RUE;DES LILAS;3;62;{built};{built};13;06/{}",
                &commune[..2],
                i + 1,
                year - 1
            )
            .unwrap();
        }
    }
    out
}

/// Squares side by side as GeoJSON, with these properties.
fn squares(list: &[(f64, &str)]) -> String {
    let features: Vec<String> = list
        .iter()
        .map(|(x, properties)| {
            let (w, e) = (5.0 + x * 0.1, 5.1 + x * 0.1);
            format!(
                r#"{{"type":"Feature","properties":{{{properties}}},"geometry":{{"type":"Polygon","coordinates":[[[{w},45.0],[{e},45.0],[{e},45.1],[{w},45.1],[{w},45.0]]]}}}}"#
            )
        })
        .collect();
    format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","))
}

fn commune(code: &str) -> String {
    format!(r#""DEPCOM":"{code}","NOM":"Ville {code}""#)
}

#[test]
fn a_file_of_which_nothing_is_kept_is_refused_with_its_main_reason_and_column() {
    let s = Store::new();
    let good = s.file("bon.csv", &rpls(&[("73065", 40)], 0, 2024));
    s.done(&["import", "rpls", &good, "--millesime", "2024"]);
    let named = s.file("noms.csv", &rpls(&[("73065", 40)], 0, 2024).replace(";73065;", ";Chambéry;"));
    let told = s.refused(&["import", "rpls", &named, "--millesime", "2024"]);
    for word in ["aucune ligne gardée sur 40", "DEPCOM", "Chambéry", "R01"] {
        assert!(told.contains(word), "{word}: {told}");
    }
    // Identifiers cut to one: one row is kept, the others are its doubles.
    let mut cut = String::new();
    for line in rpls(&[("73065", 40)], 0, 2024).lines() {
        let (ident, rest) = line.split_once(';').unwrap();
        writeln!(cut, "{};{rest}", if ident == "IDENT_REP" { ident } else { "73" }).unwrap();
    }
    let cut = s.file("coupe.csv", &cut);
    let told = s.refused(&["import", "rpls", &cut, "--millesime", "2024"]);
    assert!(told.contains("1 lignes gardées seulement sur 40") && told.contains("IDENT_REP"), "{told}");
    let thresholds = s.file("seuils.csv", "epci;annee;eur_uc\n200069110;2024;11000\n");
    s.done(&["import", "thresholds", &thresholds]);
    let wrong = s.file("seuils2.csv", "epci;annee;eur_uc\nGrand Chambéry;2024;11000\n");
    let told = s.refused(&["import", "thresholds", &wrong]);
    assert!(told.contains("T01") && told.contains("epci"), "{told}");
    let ban = s.file(
        "adresses-73.csv",
        "id;numero;rep;nom_voie;code_postal;code_insee;nom_commune;lon;lat\n1;1;;Rue A;74000;74010;Annecy;6.1;45.9\n",
    );
    assert!(s.refused(&["import", "addresses", &ban]).contains("B01"));
}

#[test]
fn departements_of_one_millesime_add_up_and_each_is_replaced_by_itself() {
    let s = Store::new();
    let savoie = s.file("rpls_73.csv", &rpls(&[("73065", 60), ("73008", 40)], 0, 2024));
    let haute = s.file("rpls_74.csv", &rpls(&[("74010", 50)], 1000, 2024));
    s.done(&["import", "rpls", &savoie, "--millesime", "2024"]);
    let told = s.done(&["import", "rpls", &haute, "--millesime", "2024"]);
    assert!(told.contains("« rpls_73.csv »") && told.contains("100 conservés"), "{told}");
    assert_eq!(s.rows("rpls", "2024", "logements", "depcom", 2), counts(&[("73", 100), ("74", 50)]));
    let files = s.imports();
    let files = files["imports"][0]["fichiers"].as_array().unwrap().clone();
    let said: Vec<_> = files.iter().map(|f| (f["fichier"].as_str().unwrap(), f["lignes"].as_u64())).collect();
    assert_eq!(said, [("rpls_73.csv", Some(100)), ("rpls_74.csv", Some(50))]);
    assert!(
        files
            .iter()
            .all(|f| f["par"].as_str().unwrap().contains("ligne de commande") && f["le"].as_i64() > Some(0))
    );
    // A corrected Savoie replaces Savoie only.
    let again = s.file("rpls_73_v2.csv", &rpls(&[("73065", 61), ("73008", 40)], 0, 2024));
    let told = s.done(&["import", "rpls", &again, "--millesime", "2024"]);
    assert!(told.contains("73065") && told.contains("60 → 61"), "{told}");
    assert_eq!(s.rows("rpls", "2024", "logements", "depcom", 2), counts(&[("73", 101), ("74", 50)]));
    let told = s.done(&["import", "rpls", &again, "--millesime", "2024"]);
    assert!(told.contains("rien n'a changé"), "{told}");
}

#[test]
fn what_would_lose_a_fifth_asks_first_and_can_be_undone() {
    let s = Store::new();
    let whole = s.file("entier.csv", &rpls(&[("73065", 60), ("73008", 40)], 0, 2024));
    s.done(&["import", "rpls", &whole, "--millesime", "2024"]);
    let half = s.file("moitie.csv", &rpls(&[("73065", 50)], 0, 2024));
    let args = ["import", "rpls", &half, "--millesime", "2024"];
    let told = s.refused(&args);
    assert!(told.contains("50 logements sur les 100") && told.contains("--remplacer"), "{told}");
    // As many rows, of other dwellings: all the former are lost.
    let other = s.file("autre.csv", &rpls(&[("73300", 100)], 5000, 2024));
    assert!(
        s.refused(&["import", "rpls", &other, "--millesime", "2024"]).contains("100 logements sur les 100")
    );
    let essay = s.done(&["import", "rpls", &half, "--millesime", "2024", "--essai", "--remplacer"]);
    assert!(essay.contains("rien n'a changé") && essay.contains("73008"), "{essay}");
    // The file completes: communes that it lacks stay.
    s.done(&["import", "rpls", &other, "--millesime", "2024", "--completer"]);
    assert_eq!(
        s.rows("rpls", "2024", "logements", "depcom", 5),
        counts(&[("73008", 40), ("73065", 60), ("73300", 100)])
    );
    s.done(&["import", "rpls", &half, "--millesime", "2024", "--remplacer"]);
    assert_eq!(s.rows("rpls", "2024", "logements", "depcom", 5), counts(&[("73065", 50)]));
    let told = s.done(&["imports", "restore", "rpls", "2024"]);
    assert!(told.contains("« autre.csv »"), "{told}");
    assert_eq!(s.rows("rpls", "2024", "logements", "depcom", 5)["73300"], 100);
    s.done(&["imports", "remove", "rpls", "2024"]);
    assert_eq!(s.imports()["imports"], serde_json::json!([]));
    s.done(&["imports", "restore", "rpls", "2024"]);
    assert_eq!(s.rows("rpls", "2024", "logements", "depcom", 5)["73300"], 100);
    assert!(s.refused(&["imports", "remove", "rpls", "2019"]).contains("rpls 2024"), "says what there is");
    assert!(s.done(&["audit", "verify"]).contains("Journal intact"));
}

#[test]
fn what_would_empty_a_column_asks_first() {
    let s = Store::new();
    let text = rpls(&[("73065", 60)], 0, 2024);
    s.done(&["import", "rpls", &s.file("entier.csv", &text), "--millesime", "2024"]);
    let without = |line: &str| line.rsplit_once(';').map_or(line.to_owned(), |(rest, _)| format!("{rest};"));
    let mut lines = text.lines();
    let header = lines.next().unwrap().to_owned();
    let rows: Vec<String> = std::iter::once(header).chain(lines.map(without)).collect();
    let emptied = s.file("sans_bail.csv", &rows.join("\n"));
    let args = ["import", "rpls", &emptied, "--millesime", "2024"];
    let told = s.refused(&args);
    assert!(told.contains("les dates de bail : 60 logements en ont, 0 en auraient encore"), "{told}");
    assert!(told.contains("--remplacer"), "{told}");
    s.done(&["import", "rpls", &emptied, "--millesime", "2024", "--remplacer"]);
}

#[test]
fn communes_memberships_thresholds_and_addresses_add_up_by_their_key() {
    let s = Store::new();
    let one = s.file("c1.geojson", &squares(&[(0.0, &commune("73001")), (1.0, &commune("73002"))]));
    let two = s.file("c2.geojson", &squares(&[(2.0, &commune("74001"))]));
    for file in [&one, &two] {
        s.done(&["import", "zones", file, "--layer", "commune"]);
    }
    assert_eq!(
        s.rows("zones", "commune", "zones", "code", 5),
        counts(&[("73001", 1), ("73002", 1), ("74001", 1)])
    );
    // 73002 merged into 73001: its ground is in the new contour, so it goes; 74001 stays.
    let (w, e) = (5.0, 5.2);
    let merged = s.file(
        "c3.geojson",
        &format!(
            r#"{{"type":"FeatureCollection","features":[{{"type":"Feature","properties":{{"DEPCOM":"73001"}},"geometry":{{"type":"Polygon","coordinates":[[[{w},45.0],[{e},45.0],[{e},45.1],[{w},45.1],[{w},45.0]]]}}}}]}}"#
        ),
    );
    s.done(&["import", "zones", &merged, "--layer", "commune"]);
    assert_eq!(s.rows("zones", "commune", "zones", "code", 5), counts(&[("73001", 1), ("74001", 1)]));
    let all = s.file("a1.csv", "commune;epci;nom\n73001;200000001;A\n73002;200000001;A\n");
    let fixed = s.file("a2.csv", "commune;epci;nom\n73002;200000002;B\n");
    for file in [&all, &fixed] {
        s.done(&["import", "zones", file, "--layer", "appartenance"]);
    }
    assert_eq!(
        s.rows("zones", "appartenance", "appartenance", "epci", 9),
        counts(&[("200000001", 1), ("200000002", 1)])
    );
    let all = s.file(
        "s1.csv",
        "epci;annee;eur_uc\n200069110;2023;10900\n200069110;2024;11000\n200029999;2024;9000\n",
    );
    let fixed = s.file("s2.csv", "epci;annee;eur_uc\n200069110;2024;11500\n");
    for file in [&all, &fixed] {
        s.done(&["import", "thresholds", file]);
    }
    assert_eq!(
        s.rows("thresholds", "2023,2024", "seuils", "epci", 9),
        counts(&[("200029999", 1), ("200069110", 2)])
    );
    let ban = |code: &str, id: &str| {
        format!(
            "id;numero;rep;nom_voie;code_postal;code_insee;nom_commune;lon;lat\n{id};1;;Rue A;{}000;{code};V;6.1;45.9\n",
            &code[..2]
        )
    };
    let both = s.file("ban.csv", &(ban("73065", "a") + ban("74010", "b").lines().nth(1).unwrap()));
    s.done(&["import", "addresses", &both, "--departement", "73,74"]);
    let one = s.file("adresses-73.csv", &ban("73065", "c"));
    s.done(&["import", "addresses", &one]);
    assert_eq!(s.rows("addresses", "73,74", "adresses", "id", 1), counts(&[("b", 1), ("c", 1)]));
}

#[test]
fn periods_of_allocations_add_up() {
    let s = Store::new();
    let rows = |months: &[u32], first: usize| {
        let mut out = "ident_rep;depcom;date_bail;bailleur_siren\n".to_owned();
        for (i, month) in months.iter().flat_map(|m| [m; 10]).enumerate() {
            writeln!(out, "{:010};73065;2024-{month:02}-15;300000007", first + i).unwrap();
        }
        out
    };
    let first = s.file("s1.csv", &rows(&[1, 2, 3], 0));
    let second = s.file("s2.csv", &rows(&[4, 5], 100));
    for file in [&first, &second] {
        s.done(&["import", "attributions", file, "--year", "2024"]);
    }
    assert_eq!(s.rows("attributions", "2024", "attributions", "depcom", 5), counts(&[("73065", 50)]));
    // March again, other dwellings: the ten that were there would be lost.
    let march = s.file("mars.csv", &rows(&[3], 500));
    let told = s.refused(&["import", "attributions", &march, "--year", "2024"]);
    assert!(told.contains("10 attributions sur les 10") && told.contains("--completer"), "{told}");
    s.done(&["import", "attributions", &march, "--year", "2024", "--completer"]);
    assert_eq!(s.rows("attributions", "2024", "attributions", "depcom", 5), counts(&[("73065", 60)]));
    assert!(s.refused(&["import", "attributions", &first, "--year", "2021"]).contains("2024"));
}

#[test]
fn a_year_or_a_layer_that_the_file_contradicts_is_refused_until_forced() {
    let s = Store::new();
    let file = s.file("rpls.csv", &rpls(&[("73065", 100)], 0, 2024));
    for year in ["24", "2042"] {
        let told = s.refused(&["import", "rpls", &file, "--millesime", year]);
        assert!(told.contains(&format!("--millesime {year}")), "{told}");
        s.refused(&["import", "rpls", &file, "--millesime", year, "--forcer"]);
    }
    let told = s.refused(&["import", "rpls", &file, "--millesime", "2020"]);
    assert!(told.contains("2023") && told.contains("--forcer") && told.contains("construct"), "{told}");
    s.done(&["import", "rpls", &file, "--millesime", "2020", "--forcer"]);
    let mut own = String::new();
    for (i, line) in rpls(&[("73065", 20)], 0, 2024).lines().enumerate() {
        writeln!(own, "{line};{}", if i == 0 { "MILLESIME" } else { "2024" }).unwrap();
    }
    let own = s.file("dit.csv", &own);
    let told = s.refused(&["import", "rpls", &own, "--millesime", "2025"]);
    assert!(told.contains("MILLESIME") && told.contains("--millesime 2024"), "{told}");
    let mut mixed = String::new();
    for (i, line) in rpls(&[("73065", 100)], 0, 2024).lines().enumerate() {
        writeln!(
            mixed,
            "{line};{}",
            if i == 0 {
                "MILLESIME"
            } else if i < 80 {
                "2024"
            } else {
                "2022"
            }
        )
        .unwrap();
    }
    let mixed = s.file("deux.csv", &mixed);
    let told = s.refused(&["import", "rpls", &mixed, "--millesime", "2024"]);
    assert!(told.contains("2022 : 21 lignes, 2024 : 79 lignes"), "{told}");
    // A whole list of the generation before; a few such codes are taken at their word.
    let codes: Vec<String> = (1..=24).map(|n| format!(r#""CODE_QP":"QP0730{n:02}""#)).collect();
    let list: Vec<(f64, &str)> = (0_u32..).zip(&codes).map(|(i, c)| (f64::from(i), c.as_str())).collect();
    let old = s.file("qpv.geojson", &squares(&list));
    let args = ["import", "zones", &old, "--layer", "qpv", "--generation", "2024"];
    let told = s.refused(&args);
    assert!(told.contains("qpv2015") && told.contains("--generation"), "{told}");
    let iris = s.file(
        "iris.geojson",
        &squares(&[
            (0.0, r#""INSEE_COM":"73001","CODE_IRIS":"730010101""#),
            (1.0, r#""INSEE_COM":"73001","CODE_IRIS":"730010102""#),
        ]),
    );
    let told = s.refused(&["import", "zones", &iris, "--layer", "commune"]);
    assert!(told.contains("IRIS") && told.contains("--layer"), "{told}");
    let communes = s.file(
        "communes.geojson",
        &squares(&[
            (0.0, r#""DEPCOM":"73001","EPCI":"200000001""#),
            (1.0, r#""DEPCOM":"73002","EPCI":"200000001""#),
        ]),
    );
    let told = s.refused(&["import", "zones", &communes, "--layer", "epci"]);
    assert!(told.contains("commune") && told.contains("--forcer"), "{told}");
    s.done(&["import", "zones", &communes, "--layer", "epci", "--forcer"]);
    assert_eq!(s.rows("zones", "epci", "zones", "code", 9), counts(&[("200000001", 1)]));
}

#[test]
fn figures_change_all_together_when_they_are_built() {
    let s = Store::new();
    let file = s.file("rpls.csv", &rpls(&[("73065", 40)], 0, 2024));
    s.done(&["import", "rpls", &file, "--millesime", "2024", "--construire"]);
    let counted = || {
        let out = s.run(&["measure", "--code", "commune:73065", "--format", "csv"]);
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap()
    };
    assert!(counted().starts_with("\u{feff}zone;"));
    let more = s.file("rpls2.csv", &rpls(&[("73065", 44)], 0, 2024));
    let told = s.done(&["import", "rpls", &more, "--millesime", "2024"]);
    assert!(told.contains("mosaique build"), "{told}");
    assert_eq!(s.imports()["imports"][0]["construit"], false);
    // Thresholds need no cube, but wait with the rest: the whole edition changes at once.
    let thresholds = s.file("seuils.csv", "epci;annee;eur_uc\n200069110;2024;11000\n");
    assert!(s.done(&["import", "thresholds", &thresholds]).contains("mosaique build"));
    // `measure` builds what is stale, and keeps what it says of it out of its CSV.
    assert!(counted().lines().all(|l| l.contains(';')), "only CSV");
    assert_eq!(s.imports()["imports"][0]["construit"], true);
    assert!(
        !s.done(&["import", "thresholds", &s.file("s2.csv", "epci;annee;eur_uc\n200069110;2023;11000\n")])
            .contains("build")
    );
}

#[test]
fn a_damaged_file_is_named_and_a_damaged_cube_is_built_again() {
    let s = Store::new();
    let file = s.file("rpls.csv", &rpls(&[("73065", 40)], 0, 2024));
    s.done(&["import", "rpls", &file, "--millesime", "2024", "--construire"]);
    assert!(s.done(&["verifier"]).contains("Magasin intact"));
    let find = |name: &str| -> PathBuf {
        let m: Value = serde_json::from_slice(&s.manifest().unwrap()).unwrap();
        let list = if name == "cube.bin" { &m["cubes"] } else { &m["jeux"] };
        Path::new(&s.data).join(list[0]["dossier"].as_str().unwrap()).join(name)
    };
    for damage in [(|b: &mut Vec<u8>| b.truncate(b.len() / 2)) as fn(&mut Vec<u8>), |b| {
        let middle = b.len() / 2;
        b[middle] ^= 1;
    }] {
        let cube = find("cube.bin");
        let mut bytes = std::fs::read(&cube).unwrap();
        damage(&mut bytes);
        std::fs::write(&cube, &bytes).unwrap();
        let out = s.run(&["verifier"]);
        let told = String::from_utf8_lossy(&out.stdout).into_owned();
        assert!(
            !out.status.success() && told.contains("cube.bin") && told.contains("mosaique build"),
            "{told}"
        );
        assert!(s.done(&["build"]).contains("Cube 2024"));
        assert!(s.done(&["verifier"]).contains("Magasin intact"));
    }
    let table = find("logements.parquet");
    let mut bytes = std::fs::read(&table).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&table, &bytes).unwrap();
    let out = s.run(&["verifier"]);
    let told = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(
        !out.status.success() && told.contains("logements.parquet") && told.contains("« rpls.csv »"),
        "{told}"
    );
    // A table that is gone is an error, never an empty one.
    std::fs::remove_file(&table).unwrap();
    std::fs::remove_file(find("cube.bin")).unwrap();
    let told = s.refused(&["build"]);
    assert!(told.contains("logements"), "{told}");
}

#[test]
fn what_is_written_is_its_owner_s_alone_and_nothing_is_left_beside_the_store() {
    let s = Store::new();
    let file = s.file("rpls.csv", &rpls(&[("73065", 40)], 0, 2024));
    s.done(&["import", "rpls", &file, "--millesime", "2024", "--construire"]);
    let mut folders = vec![PathBuf::from(&s.data)];
    while let Some(folder) = folders.pop() {
        for path in std::iter::once(folder.clone())
            .chain(std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()))
        {
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{} {mode:o}", path.display());
            assert!(!path.to_string_lossy().contains(".en-cours-"), "{}", path.display());
            if path.is_dir() && path != folder {
                folders.push(path);
            }
        }
    }
}

#[test]
fn a_reader_that_goes_away_stops_nothing() {
    let s = Store::new();
    let file = s.file("rpls.csv", &rpls(&[("73065", 40)], 0, 2024));
    s.done(&["import", "rpls", &file, "--millesime", "2024"]);
    let mut child = Command::new(env!("CARGO_BIN_EXE_mosaique"))
        .args(["build", "--data", &s.data])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success() && out.stderr.is_empty(), "{}", String::from_utf8_lossy(&out.stderr));
    assert_eq!(s.imports()["imports"][0]["construit"], true);
}

#[test]
fn accounts_of_the_demonstration_are_not_made_on_a_store_of_real_data() {
    let s = Store::new();
    let file = s.file("rpls.csv", &rpls(&[("73065", 40)], 0, 2024));
    s.done(&["import", "rpls", &file, "--millesime", "2024", "--construire"]);
    assert!(s.refused(&["admin", "demo"]).contains("pas un magasin de démonstration"));
}

/// Two servers' worth of reading while files are exchanged: never a fault, never a mixture.
#[test]
fn who_reads_while_files_are_imported_always_reads_one_edition_whole() {
    let s = Store::new();
    let files: Vec<String> =
        [40, 44].iter().map(|n| s.file(&format!("{n}.csv"), &rpls(&[("73065", *n)], 0, 2024))).collect();
    s.done(&["import", "rpls", &files[0], "--millesime", "2024", "--construire"]);
    let data = PathBuf::from(&s.data);
    let over = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let stop = over.clone();
    let reader = std::thread::spawn(move || {
        let (mut seen, mut reads) = (std::collections::BTreeSet::new(), 0);
        while !stop.load(std::sync::atomic::Ordering::SeqCst) {
            let store = mosaique::store::Store::open(&data).unwrap().in_force();
            let app = mosaique::desk::editions::App::load(&store, None).unwrap();
            let table = store.table(store.manifest().dataset("rpls", "2024").unwrap(), "logements").unwrap();
            let rows = ParquetReader::new(std::fs::File::open(table).unwrap()).num_rows().unwrap();
            let cube = app.millesimes[0].cube().meta().adresses;
            assert_eq!((app.damaged.len(), rows), (0, cube), "data and cube of one edition");
            seen.insert(rows);
            reads += 1;
        }
        (seen, reads)
    });
    for turn in 1..7 {
        s.done(&["import", "rpls", &files[turn % 2], "--millesime", "2024", "--construire"]);
    }
    over.store(true, std::sync::atomic::Ordering::SeqCst);
    let (seen, reads) = reader.join().unwrap();
    assert!(reads > 5 && seen.len() == 2, "{reads} reads of {seen:?}");
}
