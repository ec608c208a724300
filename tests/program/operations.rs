//! The program as who installs it meets it: a folder imported at once, saved while it serves, restored.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use crate::common::served::{command, refused, said, serving, text};
use crate::common::shared;
use mosaique::registers::kind::{self, Kind, Verdict};
use mosaique::registers::report::Report;
use mosaique::server::Imported;
use mosaique::state::audit::Wanted;
use mosaique::state::{Deposit, NewDeposit, State, StatutDepot};
use mosaique::store::{By, Piece, Writer};
use serde_json::Value;

fn mosaique(args: &[&str]) -> Output {
    command(args).output().unwrap()
}

fn demonstration() -> (tempfile::TempDir, PathBuf, String) {
    let dir = tempfile::tempdir().unwrap();
    let files = dir.path().join("fichiers");
    said(&["demo-data", "--dwellings", "3000", "--seed", "5", "--out", &text(&files)]);
    let store = text(&dir.path().join("magasin"));
    (dir, files, store)
}

/// Every file of the demonstration and what it is.
const DEMONSTRATION: [(&str, &str); 16] = [
    ("departement.geojson", "contours des départements"),
    ("epci.geojson", "contours des EPCI"),
    ("communes.geojson", "contours des communes"),
    ("iris.geojson", "contours des IRIS"),
    ("appartenance_2024.csv", "appartenance des communes aux EPCI, 2024"),
    ("qpv2015.geojson", "contours des QPV, génération 2015"),
    ("qpv2024.geojson", "contours des QPV, génération 2024"),
    ("adresses-01.csv", "adresses (BAN), département 01"),
    ("seuils_q1.csv", "seuils du premier quartile"),
    ("rpls_2022.csv", "RPLS, millésime 2022"),
    ("rpls_2024.csv", "RPLS, millésime 2024"),
    ("ops_2022.csv", "OPS, vague 2022"),
    ("ops_2024.csv", "OPS, vague 2024"),
    ("attributions_2024.csv", "attributions de 2024"),
    ("demandes_2024.csv", "demandes au 31/12/2024"),
    ("demandes_2024.xml", "demandes au 31/12/2024"),
];

#[test]
fn a_folder_is_recognised_said_in_its_order_and_asked_before_it_is_imported() {
    let (_dir, files, store) = demonstration();
    let folder = text(&files);
    let asked = refused(&["import", &folder, "--data", &store]);
    assert!(asked.contains("sans terminal") && asked.contains("--oui"), "{asked}");
    assert!(!Path::new(&store).join("manifeste.json").exists(), "nothing was imported");

    let told = said(&["import", &folder, "--oui", "--data", &store]);
    let mut last = 0;
    for (file, words) in DEMONSTRATION {
        let line = told.lines().position(|l| l.contains(&format!("/{file} : {words}")));
        let line = line.unwrap_or_else(|| panic!("{file} is not taken for « {words} »:\n{told}"));
        assert!(line > last || last == 0, "{file} comes in its order");
        last = line;
    }
    assert!(told.contains("15 fichiers importés sur 16 reconnus"), "{told}");
    assert!(told.contains("laissé de côté : il a les mêmes demandes que « demandes_2024.csv »"), "{told}");
    let other = "verite/logements.csv : colonnes de commune et d'EPCI, mais 21 communes distinctes";
    assert!(told.contains(other), "a file that is not recognised is named with why:\n{told}");
    assert!(told.contains("Page « Objectifs de mixité » : tout est là"), "{told}");

    // The same store as one import after the other makes.
    let one_by_one = text(&Path::new(&store).with_file_name("un-par-un"));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/import-all.sh");
    let made = Command::new("bash")
        .args([text(&script), env!("CARGO_BIN_EXE_mosaique").to_owned(), folder, one_by_one.clone()])
        .env_remove("DATABASE_URL")
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let sets = |store: &str| -> BTreeSet<(String, String, String)> {
        let list: Value = serde_json::from_str(&said(&["imports", "--json", "--data", store])).unwrap();
        let of = |s: &Value, k: &str| s[k].as_str().unwrap().to_owned();
        list["imports"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| (of(s, "registre"), of(s, "cle"), of(&s["fichiers"][0], "empreinte")))
            .collect()
    };
    assert_eq!(sets(&store), sets(&one_by_one));
    let again = said(&["import", &text(&files), "--oui", "--data", &store]);
    assert_eq!(again.matches("déjà dans le magasin").count(), 15, "{again}");
}

#[test]
fn two_files_of_one_folder_never_replace_each_other() {
    let (dir, files, store) = demonstration();
    let folder = dir.path().join("deux");
    std::fs::create_dir(&folder).unwrap();
    let whole = std::fs::read_to_string(files.join("rpls_2024.csv")).unwrap();
    std::fs::write(folder.join("a_2024.csv"), &whole).unwrap();
    let cut: Vec<&str> = whole.lines().take(2500).collect();
    std::fs::write(folder.join("b_2024.csv"), cut.join("\n") + "\n").unwrap();
    std::fs::write(folder.join("c_2024.csv"), &whole).unwrap();
    let out = mosaique(&["import", &text(&folder), "--oui", "--data", &store]);
    let (told, faults) =
        (String::from_utf8_lossy(&out.stdout).into_owned(), String::from_utf8_lossy(&out.stderr));
    assert!(!out.status.success() && faults.contains("1 fichier refusé"), "{told}{faults}");
    assert!(told.contains("b_2024.csv : il remplacerait"), "{told}");
    assert!(told.contains("c_2024.csv : même contenu que"), "{told}");
    // A year that only the name could say, and does not.
    std::fs::write(dir.path().join("parc.csv"), &whole).unwrap();
    let unsaid = refused(&["import", &text(&dir.path().join("parc.csv")), "--oui", "--data", &store]);
    assert!(unsaid.contains("aucun fichier n'est reconnu"), "{unsaid}");
    let list = said(&["imports", "--data", &store]);
    assert!(list.contains("a_2024.csv") && !list.contains("b_2024.csv"), "{list}");
}

/// Real files and what they are; any other file there is none that we read.
const REAL: [(&str, &str); 35] = [
    ("admin/departements_2025_metropole_simplifie_L93.gpkg", "contours des départements"),
    ("admin/epci_2025_974_simplifie_EPSG2975.geojson", "contours des EPCI"),
    ("admin/epci_2025_metropole_simplifie_L93.gpkg", "contours des EPCI"),
    ("admin/communes2018-06-alpes-maritimes.geojson", "contours des communes"),
    ("admin/communes2018-13-bouches-du-rhone.geojson", "contours des communes"),
    ("admin/communes2018-38-isere.geojson", "contours des communes"),
    ("admin/communes2018-42-loire.geojson", "contours des communes"),
    ("admin/communes2018-59-nord.geojson", "contours des communes"),
    ("admin/communes2018-69-rhone.geojson", "contours des communes"),
    ("admin/communes2018-73-savoie.geojson", "contours des communes"),
    ("admin/communes2018-74-haute-savoie.geojson", "contours des communes"),
    ("admin/communes2018-93-seine-saint-denis.geojson", "contours des communes"),
    ("admin/communes2018-971-guadeloupe.geojson", "contours des communes"),
    ("admin/communes2018-974-la-reunion.geojson", "contours des communes"),
    ("admin/communes_2025_971_simplifie_EPSG5490.geojson", "contours des communes"),
    ("admin/communes_2025_974_simplifie_EPSG2975.geojson", "contours des communes"),
    ("admin/communes_2025_metropole_simplifie_L93.gpkg", "contours des communes"),
    ("demande_ops/sne_interface_nuu_exemple_demande.xml", "demandes au 15/03/2018"),
    ("iris/iris2014_grand_lyon_358.geojson", "contours des IRIS"),
    ("iris/iris2016_grand_paris_2841_L93.gpkg", "contours des IRIS"),
    ("admin/etalab_epci.json.gz", "appartenance des communes aux EPCI"),
    ("qpv/qpv2015_shp/QP_GUADELOUPE_WGS84_UTM20N.shp", "contours des QPV, génération 2015"),
    ("qpv/qpv2015_shp/QP_GUYANE_RGF95_UTM22N.shp", "contours des QPV, génération 2015"),
    ("qpv/qpv2015_shp/QP_LAREUNION_RGR92_UTM40S.shp", "contours des QPV, génération 2015"),
    ("qpv/qpv2015_shp/QP_MARTINIQUE_WGS84_UTM20N.shp", "contours des QPV, génération 2015"),
    ("qpv/qpv2015_shp/QP_MAYOTTE_RGM04_UTM38S.shp", "contours des QPV, génération 2015"),
    ("qpv/qpv2015_shp/QP_METROPOLEOUTREMER_WGS84_EPSG4326.shp", "contours des QPV, génération 2015"),
    ("qpv/qpv2015_shp/QP_METROPOLE_LB93.shp", "contours des QPV, génération 2015"),
    ("qpv/qpv2015_shp/QP_POLYNESIEFRANCAISE_WGS84_EPSG4326.shp", "contours des QPV, génération 2015"),
    ("qpv/qpv2015_shp/QP_STMARTIN_WGS84_UTM20N.shp", "contours des QPV, génération 2015"),
    ("qpv/qpv2024_extrait_cannes_grasse_nice.geojson", "contours des QPV, génération 2024"),
    ("ban/ban_echantillon_73-74_10000.csv", "adresses (BAN), département 73, 74"),
    ("demande_ops/seuil_premier_quartile_2020_extrait_01_02_03.csv", "seuils du premier quartile, 2020"),
    ("rpls/rpls_cannes.csv", "RPLS, millésime 2018"),
    ("rpls/rpls_cannes_geocoded_pierson.csv", "RPLS, millésime 2018"),
];

#[test]
fn the_first_account_makes_a_store_that_is_served_and_takes_its_first_file() {
    let dir = tempfile::tempdir().unwrap();
    let store = text(&dir.path().join("magasin"));
    said(&["admin", "create", "--courriel", "a@epci.example", "--nom", "Première", "--data", &store]);
    let server = Serving::start(&store);
    assert!(server.body("/readyz").contains("pret"), "{}", server.body("/readyz"));
    assert!(server.body("/").contains("<html"));
    let seuils = crate::common::fixture("thresholds/conforme.csv");
    said(&["import", "thresholds", &text(&seuils), "--data", &store]);
    // Another account leaves what is there.
    said(&["admin", "create", "--courriel", "b@epci.example", "--nom", "Seconde", "--data", &store]);
    assert!(said(&["imports", "--data", &store]).contains("thresholds"));
}

#[test]
fn a_register_that_begins_with_old_buildings_is_of_the_year_that_its_name_says() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("rpls_2024.csv");
    let mut text = String::from(
        "IDENT_REP;DROIT;DEPCOM;CODEPOSTAL;LIBCOM;NUMVOIE;TYPVOIE;NOMVOIE;COMPLGEO;NBPIECE;SURFHAB;CONSTRUCT;LOCAT;FINAN;MODE\n",
    );
    // More than is read at first: 17 megabytes of one old estate, then what was built since.
    let estate = "X".repeat(200);
    for n in 0..70_000 {
        let year = if n < 69_000 { 1975 } else { 2023 };
        writeln!(text, "73{n:08};1;73065;73000;CHAMBERY;1;RUE;DES CHENES;{estate};3;66;{year};{year};12;1")
            .unwrap();
    }
    assert!(text.len() > 17 << 20);
    std::fs::write(&file, text).unwrap();
    let verdict = kind::of(&file, dir.path());
    assert!(matches!(verdict, Verdict::Known { kind: Kind::Rpls { millesime: 2024 }, .. }), "{verdict:?}");
}

#[test]
fn real_files_are_recognised_or_asked_and_no_other_is_taken_for_one_of_ours() {
    let Some(root) = shared("SOURCES.md").map(|p| p.parent().unwrap().to_owned()) else { return };
    let desk = tempfile::tempdir().unwrap();
    let (mut sure, mut asked, mut wrong, mut others) = (0, 0, Vec::new(), 0);
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
            let expected = REAL.iter().find(|(file, _)| *file == name).map(|(_, words)| *words);
            match (kind::of(&path, desk.path()), expected) {
                (Verdict::Known { kind, .. }, Some(words)) if kind.words() == words => sure += 1,
                (Verdict::Doubtful { kinds, .. }, Some(words))
                    if kinds.iter().any(|k| k.words() == words) =>
                {
                    asked += 1;
                }
                (Verdict::Unknown { .. } | Verdict::Part { .. }, None) => others += 1,
                (verdict, expected) => wrong.push(format!("{name}: {verdict:?}, expected {expected:?}")),
            }
        }
    }
    println!(
        "recall: {sure} of {} recognised, {asked} asked with the right answer among those proposed",
        REAL.len()
    );
    println!("{others} other files, none taken for one of ours");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!((sure, asked), (33, 2));
}

/// A server that ends with its test.
struct Serving {
    child: Child,
    address: String,
}

impl Serving {
    fn start(store: &str) -> Self {
        let (child, address) = serving(store);
        Self { child, address }
    }

    fn body(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let host = &self.address;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{path}: {head}");
        body.to_owned()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const ANSWERS: [&str; 4] = [
    "/api/indicateurs",
    "/api/valeurs/commune?indicateur=P01",
    "/api/facettes",
    "/api/zones?echelle=commune",
];

fn built() -> (tempfile::TempDir, String) {
    let (dir, files, store) = demonstration();
    said(&["import", &text(&files), "--oui", "--construire", "--data", &store]);
    let account = ["admin", "create", "--courriel", "admin@exemple.fr", "--nom", "Essai", "--data", &store];
    said(&account);
    (dir, store)
}

fn measured(store: &str) -> String {
    let communes = ["measure", "--code", "commune:01901", "--code", "commune:01902", "--data", store];
    said(&communes) + &said(&["measure", "--code", "epci:200099018", "--format", "csv", "--data", store])
}

#[test]
fn what_is_saved_while_it_serves_is_restored_with_the_same_figures_byte_for_byte() {
    let (dir, store) = built();
    let (copy, other) = (text(&dir.path().join("copie")), text(&dir.path().join("remis")));
    let before = measured(&store);
    let serving = Serving::start(&store);
    let answers: Vec<String> = ANSWERS.iter().map(|p| serving.body(p)).collect();
    let told = said(&["sauvegarde", &copy, "--data", &store]);
    assert!(told.contains("Sauvegardé :"), "{told}");
    drop(serving);
    let label: Value =
        serde_json::from_slice(&std::fs::read(Path::new(&copy).join("sauvegarde.json")).unwrap()).unwrap();
    let witness = label["temoin"].as_str().unwrap();

    let told = said(&["restauration", &copy, "--data", &other]);
    assert!(told.contains("Journal d'audit intact"), "{told}");
    assert_eq!(measured(&other), before);
    let again = Serving::start(&other);
    for (path, answer) in ANSWERS.iter().zip(&answers) {
        assert_eq!(&again.body(path), answer, "{path}");
    }
    drop(again);
    said(&["audit", "verify", "--temoin", witness, "--data", &other]);
    let key = |root: &str| std::fs::read(Path::new(root).join("secret/cle")).unwrap();
    assert_eq!(key(&store), key(&other));
    said(&["verifier", "--data", &other]);

    // Never over something, never from something that changed.
    assert!(refused(&["restauration", &copy, "--data", &other]).contains("n'est pas vide"));
    assert!(refused(&["sauvegarde", &copy, "--data", &store]).contains("n'est pas vide"));
    let file = Path::new(&copy).join("magasin/etat.sqlite");
    let mut bytes = std::fs::read(&file).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let third = text(&dir.path().join("trois"));
    let fault = refused(&["restauration", &copy, "--data", &third]);
    assert!(fault.contains("etat.sqlite") && !Path::new(&third).exists(), "{fault}");
}

#[test]
fn a_save_that_is_killed_leaves_nothing_that_restores() {
    let (dir, store) = built();
    let copy = dir.path().join("copie");
    let (mut killed, mut whole) = (0, 0);
    for delay in 0..24u64 {
        let mut child = command(&["sauvegarde", &text(&copy), "--data", &store])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(delay * 6));
        let _ = child.kill();
        child.wait().unwrap();
        for entry in std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().path()) {
            if entry.file_name().unwrap().to_string_lossy().starts_with(".copie.en-cours-") {
                killed += 1;
                let target = text(&dir.path().join("remis"));
                let out = mosaique(&["restauration", &text(&entry), "--data", &target]);
                if out.status.success() {
                    // Killed between its last byte and its name: it is whole.
                    said(&["verifier", "--data", &target]);
                    std::fs::remove_dir_all(&target).unwrap();
                } else {
                    let fault = String::from_utf8(out.stderr).unwrap();
                    assert!(fault.contains("n'est pas une sauvegarde finie"), "{fault}");
                    assert!(!Path::new(&target).exists());
                }
            }
        }
        if copy.exists() {
            // What has the name is whole.
            whole += 1;
            let target = dir.path().join("remis");
            said(&["restauration", &text(&copy), "--data", &text(&target)]);
            std::fs::remove_dir_all(&target).unwrap();
            std::fs::remove_dir_all(&copy).unwrap();
        }
    }
    println!("{killed} saves killed half-way, {whole} finished");
    assert!(killed > 0, "some were killed half-way");
    said(&["sauvegarde", &text(&copy), "--data", &store]);
    let left = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .filter(|n| n.to_string_lossy().starts_with(".copie.en-cours-"));
    assert_eq!(left.count(), 0, "the next one sweeps what they left");
    said(&["verifier", "--data", &store]);
    said(&["audit", "verify", "--data", &store]);
}

#[test]
fn a_state_that_does_not_know_the_store_is_refused() {
    let (dir, store) = built();
    let url = format!("sqlite://{}?mode=rwc", dir.path().join("autre.sqlite").display());
    let audit = |wanted: Option<&str>| {
        let mut command = command(&["audit", "verify", "--data", &store]);
        command.env("DATABASE_URL", &url);
        if let Some(wanted) = wanted {
            command.env("MOSAIQUE_BASE_NEUVE", wanted);
        }
        command.output().unwrap()
    };
    let out = audit(None);
    let fault = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(!out.status.success() && fault.contains("ne connaît pas le magasin"), "{fault}");
    assert!(audit(Some("oui")).status.success());
    assert!(audit(None).status.success(), "they know each other from then on");
}

#[test]
fn the_state_moves_to_postgresql_whole_or_not_at_all() {
    let Ok(server) = std::env::var("MOSAIQUE_TEST_POSTGRES") else {
        println!("MOSAIQUE_TEST_POSTGRES is not set: not run");
        return;
    };
    let (_dir, store) = built();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let name = format!("t{}", mosaique::state::random_token(12).unwrap());
    runtime.block_on(async {
        use sqlx::Executor;
        sqlx::any::install_default_drivers();
        let root = sqlx::AnyPool::connect(&format!("{server}/postgres")).await.unwrap();
        root.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
    });
    let url = format!("{server}/{name}");
    let with = |args: &[&str]| command(args).env("DATABASE_URL", &url).output().unwrap();
    let new = with(&["audit", "verify", "--data", &store]);
    assert!(String::from_utf8_lossy(&new.stderr).contains("ne connaît pas le magasin"));
    let serving = Serving::start(&store);
    let busy = refused(&["state", "move", "--vers", &url, "--data", &store]);
    assert!(busy.contains("arrêtez-le"), "{busy}");
    drop(serving);
    let told = said(&["state", "move", "--vers", &url, "--data", &store]);
    println!("{told}");
    assert!(told.contains("comptes") && told.contains("audit_tete"), "{told}");
    let audit = with(&["audit", "verify", "--data", &store]);
    assert!(audit.status.success(), "{}", String::from_utf8_lossy(&audit.stderr));
    // Without DATABASE_URL nothing is begun anew in silence, and a second move is refused.
    assert!(refused(&["audit", "verify", "--data", &store]).contains("copié vers PostgreSQL"));
    std::fs::rename(Path::new(&store).join("etat-deplace.sqlite"), Path::new(&store).join("etat.sqlite"))
        .unwrap();
    let twice = refused(&["state", "move", "--vers", &url, "--data", &store]);
    assert!(twice.contains("n'est pas vide"), "{twice}");
    let save = with(&["sauvegarde", "/tmp/jamais", "--data", &store]);
    let fault = String::from_utf8_lossy(&save.stderr);
    assert!(fault.contains("pg_dump") && fault.contains("--sans-base"), "{fault}");
}

fn with_state<T>(store: &Path, work: impl AsyncFnOnce(&State) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let state = State::of_store(store).await.unwrap();
        let result = work(&state).await;
        state.close().await;
        result
    })
}

/// Parameters of the lines of imports, and of acceptances.
fn lines(store: &Path, action: &str) -> Vec<String> {
    let wanted = Wanted { action: Some(action.to_owned()), limite: 1000, ..Wanted::default() };
    with_state(store, async |s| s.audit_lines(&wanted).await.unwrap())
        .into_iter()
        .map(|l| l.parametres)
        .collect()
}

#[test]
fn an_import_that_was_killed_after_the_manifest_gets_its_audit_line() {
    let (_dir, files, store) = demonstration();
    let root = Path::new(&store);
    let rpls = text(&files.join("rpls_2024.csv"));
    let import = ["import", "rpls", &rpls, "--millesime", "2024", "--data", &store];
    said(&import);
    // As an import of other rows leaves the store when it is killed right after the manifest.
    let by = By::now("essai");
    {
        let mut writer = Writer::open(root).unwrap();
        let folder = writer.temporary().unwrap();
        std::fs::write(folder.path().join("seuils.parquet"), b"x").unwrap();
        let mut report = Report::new("thresholds", "2024", "seuils.csv");
        report.empreinte = "e".repeat(64);
        Imported::of(&report, &by).promise(writer.store()).unwrap();
        let piece = Piece {
            fichier: "seuils.csv".to_owned(),
            empreinte: report.empreinte.clone(),
            le: by.le,
            par: by.par.clone(),
            lignes: 1,
        };
        writer.admit(folder, report, vec![piece], &[], &by).unwrap();
        // And one that was killed before it.
        let mut never = Report::new("thresholds", "2025", "jamais.csv");
        never.empreinte = "f".repeat(64);
        Imported::of(&never, &by).promise(writer.store()).unwrap();
    }
    assert_eq!(lines(root, "import").len(), 1);
    said(&[&import[..], &["--essai"]].concat());
    let after = lines(root, "import");
    assert_eq!(after.len(), 2, "{after:?}");
    assert!(after.iter().any(|p| p.contains("seuils.csv") && p.contains("\"repris\":true")), "{after:?}");
    assert!(!after.iter().any(|p| p.contains("jamais.csv")), "nothing is said of what did not happen");
    said(&[&import[..], &["--essai"]].concat());
    assert_eq!(lines(root, "import").len(), 2, "once");

    // Killed anywhere: what the manifest has is in the trail once somebody comes by again.
    let other = text(&files.join("rpls_2022.csv"));
    let mut killed = 0;
    for delay in 0..20u64 {
        let file = if delay % 2 == 0 { &other } else { &rpls };
        let args =
            ["import", "rpls", file, "--millesime", "2024", "--data", &store, "--remplacer", "--forcer"];
        let mut child = command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(30 + delay * 5));
        let _ = child.kill();
        killed += usize::from(!child.wait().unwrap().success());
        said(&[&import[..], &["--essai", "--forcer", "--remplacer"]].concat());
        let there = lines(root, "import");
        let m = mosaique::store::Store::open(root).unwrap();
        let set = m.manifest().dataset("rpls", "2024").unwrap();
        let piece = set.pieces.last().unwrap();
        assert!(there.iter().any(|p| p.contains(&piece.empreinte)), "{} has no line", piece.fichier);
        assert_eq!(std::fs::read_dir(root.join("promesses")).unwrap().count(), 0);
    }
    println!("{killed} imports killed, none without its line");
    said(&["audit", "verify", "--data", &store]);
}

#[test]
fn a_deposit_accepted_and_not_in_force_is_finished_and_a_withdrawn_one_is_withdrawn() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("magasin");
    let mut writer = Writer::open(&root).unwrap();
    let report = |id: &str, siren: &str| {
        let mut report = Report::new("depot_rpls", &format!("2024-{siren}"), "parc.csv");
        report.empreinte = format!("{id}{}", siren.repeat(7));
        report.lignes_gardees = 3;
        report
    };
    let add = async |s: &State, id: &str, siren: &str| {
        let new = NewDeposit {
            id,
            registre: "rpls",
            annee: 2024,
            siren,
            fichier: "parc.csv",
            octets: 1,
            empreinte: "e",
        };
        s.add_deposit(&new, "", 1).await.unwrap();
        let json = serde_json::to_string(&report(id, siren)).unwrap();
        s.checked_deposit(id, &json, "{}").await.unwrap();
        assert!(s.turn_deposit(id, &[StatutDepot::Controle], StatutDepot::Pret, "").await.unwrap());
        assert!(s.turn_deposit(id, &[StatutDepot::Pret], StatutDepot::Accepte, "").await.unwrap());
    };
    with_state(&root, async |s| {
        add(s, "avant", "300000001").await;
        add(s, "coupe", "300000001").await;
        add(s, "retire", "300000002").await;
    });
    let folder = writer.temporary().unwrap();
    std::fs::write(folder.path().join("logements.parquet"), b"former").unwrap();
    writer.publish(folder, report("avant", "300000001")).unwrap();
    drop(writer);
    // The acceptance of « coupe » was killed before it published; the withdrawal of « retire » after it had
    // taken it out of force; « avant » was in force.
    let checked = root.join("quarantaine/coupe/controle");
    std::fs::create_dir_all(&checked).unwrap();
    std::fs::write(checked.join("logements.parquet"), b"x").unwrap();
    std::fs::write(checked.join("lignes.csv"), b"as it came").unwrap();
    let touched = with_state(&root, async |s| {
        mosaique::server::recover_deposits(Writer::open(&root).unwrap(), s).await.unwrap()
    });
    assert_eq!(touched, 2);
    let of = |siren: &'static str| with_state(&root, async |s| s.deposits(siren).await.unwrap());
    let statut = |list: &[Deposit], id: &str| list.iter().find(|d| d.id == id).unwrap().statut;
    let first = of("300000001");
    assert_eq!(statut(&first, "coupe"), StatutDepot::Accepte);
    assert_eq!(statut(&first, "avant"), StatutDepot::Remplace);
    assert_eq!(statut(&of("300000002"), "retire"), StatutDepot::Retire);
    let store = mosaique::store::Store::open(&root).unwrap();
    let set = store.manifest().dataset("depot_rpls", "2024-300000001").expect("it is in force");
    assert!(
        store.table(set, "logements").unwrap().exists() && !store.folder(set).join("lignes.csv").exists()
    );
    assert!(!root.join("quarantaine/coupe").exists(), "what was received is forgotten");
    assert_eq!(lines(&root, "depot_accepte").len(), 1);
    let again = with_state(&root, async |s| {
        mosaique::server::recover_deposits(Writer::open(&root).unwrap(), s).await.unwrap()
    });
    assert_eq!(again, 0, "nothing is left to finish");
}

#[test]
fn a_program_is_asked_for_a_token_and_a_page_is_not() {
    let (_dir, store) = built();
    let serving = Serving::start(&store);
    let head = |more: &str| {
        let mut stream = TcpStream::connect(&serving.address).unwrap();
        let host = &serving.address;
        write!(stream, "GET /api/mixite HTTP/1.1\r\nHost: {host}\r\n{more}Connection: close\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split("\r\n\r\n").next().unwrap().to_lowercase()
    };
    let program = head("");
    assert!(
        program.starts_with("http/1.1 401") && program.contains("www-authenticate: basic realm"),
        "{program}"
    );
    let page = head("Sec-Fetch-Site: same-origin\r\n");
    assert!(page.starts_with("http/1.1 401") && !page.contains("basic"), "{page}");
}
