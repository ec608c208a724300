//! The built program driven from outside: imports, refusals, interruption, real files.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

const SHARED: &str = "../shared/data";

fn mosaique(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mosaique")).args(args).output().unwrap()
}

/// Runs a command that must succeed and gives what it printed as JSON.
fn json(args: &[&str]) -> Value {
    let out = mosaique(args);
    assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// A small demonstration and an empty store.
fn demonstration() -> (tempfile::TempDir, PathBuf, String) {
    let dir = tempfile::tempdir().unwrap();
    let files = dir.path().join("fichiers");
    let out = mosaique(&["demo-data", "--dwellings", "3000", "--seed", "5", "--out", &text(&files)]);
    assert!(out.status.success());
    let store = text(&dir.path().join("magasin"));
    (dir, files, store)
}

#[test]
fn a_file_that_is_not_what_it_claims_is_refused_whole_and_the_store_stays_as_it_was() {
    let (dir, files, store) = demonstration();
    let rpls = text(&files.join("rpls_2024.csv"));
    json(&["import", "rpls", &rpls, "--millesime", "2024", "--data", &store, "--json"]);
    let manifest = Path::new(&store).join("manifeste.json");
    let before = std::fs::read(&manifest).unwrap();
    let wrong = dir.path().join("image.csv");
    std::fs::write(&wrong, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR").unwrap();
    for file in [text(&wrong), text(&files.join("communes.geojson")), text(&files.join("seuils_q1.csv"))] {
        let out = mosaique(&["import", "rpls", &file, "--millesime", "2024", "--data", &store]);
        assert!(!out.status.success(), "{file} must be refused");
        let message = String::from_utf8_lossy(&out.stderr);
        assert!(message.starts_with("Erreur : "), "{message}");
        assert_eq!(before, std::fs::read(&manifest).unwrap());
    }
}

#[test]
fn importing_the_same_file_twice_changes_nothing() {
    let (_dir, files, store) = demonstration();
    let ops = text(&files.join("ops_2024.csv"));
    let args = ["import", "ops", &ops, "--wave", "2024", "--data", &store];
    assert!(mosaique(&args).status.success());
    let before = std::fs::read(Path::new(&store).join("manifeste.json")).unwrap();
    let out = mosaique(&args);
    assert!(String::from_utf8_lossy(&out.stdout).contains("rien n'a changé"));
    assert_eq!(before, std::fs::read(Path::new(&store).join("manifeste.json")).unwrap());
}

#[test]
fn an_import_killed_at_any_instant_leaves_the_old_state_or_the_new_one() {
    let (_dir, files, store) = demonstration();
    let old = text(&files.join("rpls_2022.csv"));
    let new = text(&files.join("rpls_2024.csv"));
    let first = json(&["import", "rpls", &old, "--millesime", "2024", "--data", &store, "--json"]);
    let (mut saw_old, mut saw_new) = (0, 0);
    for delay in 0..25u64 {
        let mut child = Command::new(env!("CARGO_BIN_EXE_mosaique"))
            .args(["import", "rpls", &new, "--millesime", "2024", "--data", &store, "--json"])
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(delay * 3));
        let _ = child.kill();
        child.wait().unwrap();
        let manifest: Value =
            serde_json::from_slice(&std::fs::read(Path::new(&store).join("manifeste.json")).unwrap())
                .unwrap();
        let current = &manifest["jeux"][0];
        let table = Path::new(&store).join(current["dossier"].as_str().unwrap()).join("logements.parquet");
        let length = std::fs::metadata(&table).unwrap().len();
        assert!(length > 10_000, "the table that the manifest names is whole");
        if current["rapport"]["empreinte"] == first["empreinte"] {
            saw_old += 1
        } else {
            saw_new += 1
        }
        if saw_new > 3 {
            // Back to the old file, to be interrupted again.
            json(&["import", "rpls", &old, "--millesime", "2024", "--data", &store, "--json"]);
            saw_new = 1;
        }
    }
    assert!(saw_old > 0, "some imports were interrupted before they were published");
}

#[test]
fn the_join_ladder_finds_what_was_planted() {
    let (_dir, files, store) = demonstration();
    for (register, file, option) in [
        ("zones", "communes.geojson", ["--layer", "commune"]),
        ("rpls", "rpls_2024.csv", ["--millesime", "2024"]),
        ("ops", "ops_2024.csv", ["--wave", "2024"]),
    ] {
        let path = text(&files.join(file));
        json(&["import", register, &path, option[0], option[1], "--data", &store, "--json"]);
    }
    let report = &json(&["build", "--data", &store, "--json"])["2024"]["comptes"];
    let n = |key: &str| report[key].as_u64().unwrap();
    let rungs: u64 =
        ["echelon_a", "echelon_b", "echelon_c", "echelon_d", "echelon_e"].iter().map(|k| n(k)).sum();
    assert_eq!(
        rungs + n("menages_non_localises") + n("menages_en_double"),
        n("menages"),
        "no household is lost"
    );
    assert!(n("echelon_a") as f64 > 0.8 * n("menages") as f64);
    assert!(n("echelon_b") > 0 && n("echelon_c") > 0 && n("echelon_e") > 0);
    assert_eq!(n("localises") + n("non_localises"), n("logements"));
}

/// R02 and R12: no commune of the demonstration is unknown, and the postcodes that are wrong are those that
/// were spoilt.
#[test]
fn postcodes_that_the_ban_does_not_give_to_their_commune_are_those_that_were_planted() {
    let (_dir, files, store) = demonstration();
    for (register, file, option) in [
        ("zones", "communes.geojson", ["--layer", "commune"]),
        ("addresses", "adresses-01.csv", ["--departement", "01"]),
        ("rpls", "rpls_2024.csv", ["--millesime", "2024"]),
    ] {
        let path = text(&files.join(file));
        json(&["import", register, &path, option[0], option[1], "--data", &store, "--json"]);
    }
    let report = &json(&["build", "--data", &store, "--json"])["2024"]["comptes"];
    let n = |key: &str| report[key].as_u64().unwrap();
    let truth = std::fs::read_to_string(files.join("verite/defauts.csv")).unwrap();
    let planted = |kind: &str| {
        truth.lines().filter(|l| l.starts_with("rpls_2024.csv;") && l.contains(kind)).count() as u64
    };
    let (postcodes, moved) = (planted(";code_postal_faux;"), planted(";commune_voisine;"));
    assert!(postcodes > 0);
    // A dwelling filed in the neighbouring commune keeps its own postcode, which that commune may share.
    let found = n("code_postal_incompatible");
    assert!((postcodes..=postcodes + moved).contains(&found), "{found}, planted {postcodes} and {moved}");
    assert_eq!(n("commune_inconnue"), 0);
}

/// Cannes, raw: what SOURCES.md counts is found by the report, with the same numbers.
#[test]
fn the_real_file_of_cannes_is_read_whole_with_its_defects_counted() {
    if !Path::new(SHARED).exists() {
        println!("skipped: no {SHARED}");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let store = text(&dir.path().join("magasin"));
    for file in ["rpls_cannes.csv", "rpls_cannes_geocoded_pierson.csv"] {
        let r = json(&[
            "import",
            "rpls",
            &format!("{SHARED}/rpls/{file}"),
            "--millesime",
            "2018",
            "--data",
            &store,
            "--json",
        ]);
        assert_eq!(
            (r["lignes_lues"].as_u64(), r["lignes_rejetees"].as_u64()),
            (Some(6374), Some(0)),
            "{file}"
        );
        for (key, n) in [
            ("numvoie_vide", 4023),
            ("numero_dans_nomvoie", 678),
            ("numvoie_nomvoie_sans_numero", 3345),
            ("complident_commence_par_numero", 3289),
            ("date_a_la_place", 929),
            ("dpedate_1900", 941),
            ("dpe_vide", 961),
            ("doublon_exact", 162),
            ("sru_expir_passe", 128),
            ("caractere_remplacement", 6374),
            ("depcom_zero_restitue", 6374),
        ] {
            assert_eq!(r["comptes"][key].as_u64(), Some(n), "{file}: {key}");
        }
    }
    for (file, layer, generation) in [
        ("qpv/qpv2015_shp/QP_METROPOLE_LB93.shp", "qpv", "2015"),
        ("qpv/qpv2024_extrait_cannes_grasse_nice.geojson", "qpv", "2024"),
        ("admin/communes2018-06-alpes-maritimes.geojson", "commune", "2018"),
    ] {
        let path = format!("{SHARED}/{file}");
        json(&[
            "import",
            "zones",
            &path,
            "--layer",
            layer,
            "--generation",
            generation,
            "--data",
            &store,
            "--json",
        ]);
    }
    let built = json(&["build", "--data", &store, "--json"]);
    let n = |key: &str| built["2018"]["comptes"][key].as_u64();
    // The geocoded file (the last imported): GeoPandas finds 777 and 69 (SOURCES.md, tests/oracle).
    assert_eq!(n("qpv_declare_hors_calcule"), Some(777));
    assert_eq!(n("hors_declare_qpv_calcule"), Some(69));
    assert_eq!(n("sans_coordonnees"), Some(1415));
    // 151 points lie outside of their commune, the farthest by 178 m: within the tolerance of 200 m.
    assert_eq!(n("hors_commune"), Some(0));
}

#[test]
fn maintenance_drops_deposits_that_nobody_accepted_and_old_comments_once_it_has_listed_them() {
    use mosaique::reference::comptes::comptes;
    use mosaique::state::dalo::{Said, Saying};
    use mosaique::state::{self, NewDeposit, State, StatutDepot};
    let dir = tempfile::tempdir().unwrap();
    let store = text(dir.path());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let days = comptes().conservation.depots_j;
    let ago = |days: i64| state::now() - days * 86_400;
    let open = || runtime.block_on(State::of_store(dir.path())).unwrap();
    let folder = |id: &str| dir.path().join("quarantaine").join(id);
    let s = open();
    runtime.block_on(async {
        // Old and forgotten; old but mended yesterday; old and in force; new.
        for (id, age) in [("oublie", days + 1), ("repris", days + 1), ("en-vigueur", days + 1), ("neuf", 1)] {
            let new = NewDeposit {
                id,
                registre: "ops",
                annee: 2024,
                siren: "300000000",
                fichier: "ops.csv",
                octets: 3,
                empreinte: "e",
            };
            s.add_deposit(&new, "", ago(age)).await.unwrap();
            s.correct_deposit(id, r#"{"2":{"rfr":"12000"}}"#).await.unwrap();
            s.turn_deposit(id, &[StatutDepot::Controle], StatutDepot::Pret, "").await.unwrap();
            std::fs::create_dir_all(folder(id)).unwrap();
            std::fs::write(folder(id).join("recu"), b"a;b").unwrap();
        }
        s.note_deposit("repris", "", "correction", "", ago(1)).await.unwrap();
        s.turn_deposit("en-vigueur", &[StatutDepot::Pret], StatutDepot::Accepte, "").await.unwrap();
        let said = |commentaire| Said {
            statut: Saying::Justifie,
            motif: "urgence",
            commentaire,
            compte: "c",
            auteur: "A",
            organisme: "O",
        };
        let months = comptes().conservation.dalo_commentaires_mois;
        s.say_of_dalo("p", &said("ancien"), ago(months * 31 + 1), 0).await.unwrap();
        s.say_of_dalo("p", &said("récent"), ago(1), 0).await.unwrap();
        s.close().await;
    });
    // A folder that a crash left, as old.
    std::fs::create_dir_all(folder("perdu")).unwrap();
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs((days as u64 + 1) * 86_400);
    std::fs::File::open(folder("perdu")).unwrap().set_modified(old).unwrap();

    let states = || {
        let s = open();
        let list = runtime
            .block_on(async { (s.deposits("300000000").await.unwrap(), s.said_of_dalo().await.unwrap()) });
        runtime.block_on(s.close());
        list
    };
    let before = states();
    let trial = mosaique(&["maintenance", "--essai", "--data", &store]);
    let told = String::from_utf8_lossy(&trial.stdout).into_owned();
    assert!(
        trial.status.success() && told.contains("À retirer : dépôt ops.csv") && told.contains("perdu"),
        "{told}"
    );
    assert!(
        told.contains("1 dépôt jamais accepté en") && told.contains("1 commentaire de placements"),
        "{told}"
    );
    assert_eq!(states(), before, "a trial changes nothing");
    assert!(folder("oublie").exists() && folder("perdu").exists());

    let done = mosaique(&["maintenance", "--data", &store]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let (deposits, said) = states();
    for d in deposits {
        let gone = d.id == "oublie";
        assert_eq!((d.statut == StatutDepot::Retire, d.corrections.is_empty()), (gone, gone), "{}", d.id);
        assert_eq!(folder(&d.id).exists(), !gone, "{}", d.id);
    }
    assert!(!folder("perdu").exists());
    let comments: Vec<(&str, &str)> =
        said["p"].iter().map(|w| (w.motif.as_str(), w.commentaire.as_str())).collect();
    assert_eq!(comments, [("urgence", ""), ("urgence", "récent")], "the reason stays");
    let again = mosaique(&["maintenance", "--data", &store]);
    assert!(String::from_utf8_lossy(&again.stdout).contains("0 dépôt jamais accepté en"));
    let s = open();
    let lines = runtime
        .block_on(s.audit_lines(&mosaique::state::audit::Wanted { limite: 50, ..Default::default() }))
        .unwrap();
    for action in ["depot_expire", "quarantaine_effacee", "dalo_commentaires_effaces"] {
        assert_eq!(lines.iter().filter(|l| l.action == action).count(), 1, "{action}");
    }
    assert!(mosaique(&["audit", "verify", "--data", &store]).status.success());
}
