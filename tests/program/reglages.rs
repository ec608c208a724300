//! Rules that change while the server runs: by the interface, by a command, by hand; and what is refused.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::common::served::{Served, refused, said, text};
use serde_json::{Value, json};

/// The demonstration on a server.
struct Town {
    served: Served,
    files: PathBuf,
    admin: String,
    epci: String,
}

impl std::ops::Deref for Town {
    type Target = Served;

    fn deref(&self) -> &Served {
        &self.served
    }
}

impl Town {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let files = dir.path().join("fichiers");
        said(&["demo-data", "--dwellings", "3000", "--seed", "5", "--out", &text(&files)]);
        let store = text(&dir.path().join("magasin"));
        said(&["import", &text(&files), "--oui", "--construire", "--data", &store]);
        let served = Served::new(dir);
        let (admin, epci) = (served.token("administrateur"), served.token("epci"));
        Self { served, files, admin, epci }
    }

    fn change(&self, file: &str, path: &str, value: Value) -> (u16, Value) {
        let body =
            json!({"fichier": file, "parametre": path, "valeur": value, "source": "CIL du 12 mars 2026"});
        self.ask(&self.admin, "POST", "/api/admin/reglages", Some(&body))
    }

    fn changed(&self, file: &str, path: &str, value: Value) -> Value {
        let (status, answer) = self.change(file, path, value);
        assert_eq!(status, 200, "{file} {path}: {answer}");
        answer
    }

    fn reset(&self, file: &str, path: &str) {
        let body = json!({"fichier": file, "parametre": path});
        let (status, answer) = self.ask(&self.admin, "POST", "/api/admin/reglages/retour", Some(&body));
        assert_eq!(status, 200, "{answer}");
    }

    fn mixite(&self) -> Value {
        self.get(&self.epci, "/api/mixite?annee=2024")
    }

    fn manifest(&self) -> Value {
        serde_json::from_slice(&std::fs::read(Path::new(&self.store).join("manifeste.json")).unwrap())
            .unwrap()
    }

    /// Waits until an answer is as wanted.
    fn until(&self, what: &str, wanted: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !wanted(self) {
            assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

/// The score of a rule for the whole.
fn score<'a>(mixite: &'a Value, rule: &str) -> &'a Value {
    let scores = mixite["ensemble"]["scores"].as_array().unwrap();
    scores.iter().find(|s| s["regle"] == rule).unwrap()
}

const RULE: &str = "hors_qpv_q1";

#[test]
fn a_weight_a_target_a_ceiling_and_a_threshold_change_on_a_running_server_and_figures_follow() {
    let town = Town::new();
    let (before, cubes) = (town.mixite(), town.manifest()["cubes"].clone());
    assert!(before["version"].as_str().unwrap().ends_with(", d’origine"), "{}", before["version"]);
    assert_eq!(score(&before, RULE)["cible"], 25.0);

    // A target.
    let told = town.changed("rules/mix.toml", "regle.hors_qpv_q1.cible", json!(0.30));
    assert_eq!((&told["avant"], &told["apres"]), (&json!(0.25), &json!(0.3)));
    assert_eq!((&told["chiffres_refaits"], &told["demande"]), (&json!(false), &Value::Null));
    let after = town.mixite();
    assert_eq!(score(&after, RULE)["cible"], 30.0, "at the very next answer");
    assert_eq!(score(&after, RULE)["part"], score(&before, RULE)["part"]);
    let version = after["version"].as_str().unwrap();
    assert!(version.contains("modifiée localement le ") && version.contains("(empreinte "), "{version}");
    let rates = town.get(&town.epci, "/api/objectifs");
    assert_eq!(rates["version"], after["version"], "the page of the CIA names the same rules");

    // A threshold: the same figures as when the arrêté that is imported says it.
    let epci = before["epci"][0]["code"].as_str().unwrap().to_owned();
    let path = format!("seuil.{epci}-2024.eur_uc");
    let counted = |m: &Value| score(m, RULE)["numerateur"].as_u64().unwrap();
    town.changed("rules/seuils.toml", &path, json!(5000));
    let low = counted(&town.mixite());
    town.changed("rules/seuils.toml", &path, json!(18000));
    let typed = town.mixite();
    assert!(low < counted(&before) && counted(&before) < counted(&typed), "{low} {typed}");
    let told = typed["avertissements"].to_string();
    assert!(told.contains("1 saisi(s) ou corrigé(s)"), "{told}");
    town.reset("rules/seuils.toml", "");
    assert_eq!(counted(&town.mixite()), counted(&before));
    let list = std::fs::read_to_string(town.files.join("seuils_q1.csv")).unwrap();
    let other: Vec<String> = list
        .lines()
        .map(|l| {
            let cells: Vec<&str> = l.split(';').collect();
            if cells[0] == epci && cells[1] == "2024" {
                [&epci, "2024", "18000", "essai"].join(";")
            } else {
                l.to_owned()
            }
        })
        .collect();
    let file = town.dir.path().join("seuils.csv");
    std::fs::write(&file, other.join("\n") + "\n").unwrap();
    said(&["import", "thresholds", &text(&file), "--data", &town.store]);
    town.until("the imported threshold", |t| counted(&t.mixite()) == counted(&typed));
    let imported = town.mixite();
    assert_eq!(imported["ensemble"], typed["ensemble"]);
    assert_eq!(imported["lignes"], typed["lignes"]);

    // A ceiling: 28,000 € alone, other regions, 2024 (E10): 123.7 % of the PLUS, 93.3 % of another one.
    let stock = std::fs::read_to_string(town.files.join("rpls_2024.csv")).unwrap();
    let at = |name: &str| stock.lines().next().unwrap().split(';').position(|c| c == name).unwrap();
    let (of_epci, ident, insee) = (at("EPCI_CODE"), at("IDENT_REP"), at("DEPCOM"));
    let mine = stock.lines().find(|l| l.split(';').nth(of_epci) == Some(&epci)).unwrap();
    let mine: Vec<&str> = mine.split(';').collect();
    let commune = mine[insee];
    let dwelling = json!({"ident_rep": mine[ident], "financement": "PLUS", "typologie": "T1"});
    let household = json!({"nb_personnes": 1, "rfr": 28000, "cat_plafond": 1});
    let asked = json!({"date": "2024-06-15", "logement": dwelling, "menage": household});
    let verdict = || {
        let (status, answer) = town.ask(&town.epci, "POST", "/api/attributions/controle", Some(&asked));
        assert_eq!(status, 200, "{answer}");
        let rules = answer["regles"].as_array().unwrap();
        rules.iter().find(|r| r["regle"] == "plafond_ressources").unwrap().clone()
    };
    let was = verdict();
    assert_eq!(was["verdict"], "contraire", "{was}");
    assert!(was.to_string().contains("123,7"), "{was}");
    let table = json!([30000, 38000, 45000, 52000, 60000, 68000, 7000]);
    town.changed("plafonds.toml", "plus.2024-01-01.autres_regions", table);
    let is = verdict();
    assert_ne!(is["verdict"], "contraire", "{is}");

    // A weight.
    let weight = |t: &Town| t.get(&t.epci, "/api/residences/fragilite")["composantes"][0]["poids"].clone();
    assert_eq!(weight(&town), 0.30);
    town.changed("rules/fragilite.toml", "composante.f1.poids", json!(0.35));
    let shown = weight(&town).as_f64().unwrap();
    assert!((shown - 0.35 / 1.05).abs() < 1e-4, "the share of its weight in the five: {shown}");
    let plan = || {
        let demands = "typologie;depcom_demandee;nb_14plus;nb_moins14;ressources_mensuelles;activite;statut_dalo\n\
            T2;01901;1;0;700;CDI;NON\nT3;01901;2;1;1900;CDI;NON\n";
        let lots = format!(
            "qpv;typologie;depcom;reservataire\nNON;T2;{commune};BAILLEUR\nNON;T3;{commune};BAILLEUR\n"
        );
        let demands = demands.replace("01901", commune);
        let asked = json!({"epci": epci, "demandes": demands, "logements": lots});
        let (status, answer) = town.ask(&town.epci, "POST", "/api/plan", Some(&asked));
        assert_eq!(status, 200, "{answer}");
        answer
    };
    let was = plan();
    town.changed("rules/plan.toml", "ecart.commune_autre.poids", json!(7.5));
    let is = plan();
    assert_ne!(was["version"], is["version"]);
    assert!(is["version"].as_str().unwrap().contains("plan 2026-11-28, modifiée localement"), "{is}");

    // All of it is in the trail, with what it was and what it is; no cube was made anew.
    let trail = town.get(&town.admin, "/api/admin/audit?action=reglage_change");
    let lines = trail["lignes"].as_array().unwrap();
    assert_eq!(lines.len(), 6, "{trail}");
    let target = lines.iter().find(|l| l["objet"] == "rules/mix.toml regle.hors_qpv_q1.cible").unwrap();
    let kept: Value = serde_json::from_str(target["parametres"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&kept["avant"], &kept["apres"], &kept["source"]),
        (&json!(0.25), &json!(0.3), &json!("CIL du 12 mars 2026"))
    );
    assert_eq!(town.manifest()["cubes"], cubes, "nothing that cubes are made with has changed");

    // All is given back: the first answer, to the byte but for the threshold that was imported meanwhile.
    for file in ["rules/mix.toml", "plafonds.toml", "rules/fragilite.toml", "rules/plan.toml"] {
        town.reset(file, "");
    }
    said(&["import", "thresholds", &text(&town.files.join("seuils_q1.csv")), "--data", &town.store]);
    town.until("everything as it was", |t| t.mixite() == before);
    assert!(!Path::new(&town.store).join("reglages/rules/mix.toml").exists());
}

#[test]
fn what_is_refused_leaves_everything_as_it_was_and_only_the_administration_changes_rules() {
    let town = Town::new();
    let before = town.mixite();
    for (file, path, value, words) in [
        ("rules/mix.toml", "regle.hors_qpv_q1.cible", json!(30), "0,25 pour 25 %"),
        ("rules/mix.toml", "regle.inconnue.cible", json!(0.3), "aucune entrée « inconnue »"),
        ("rules/mix.toml", "regle.hors_qpv_q1.cible", json!("trente"), "attendu un nombre"),
        ("rules/flux.toml", "etat", json!(0.4), "30 % au plus"),
        ("rules/seuils.toml", "seuil.12-2024.eur_uc", json!(9000), "neuf chiffres"),
        ("secrecy.toml", "k", json!(5), "jamais plus lâche"),
        (
            "plafonds.toml",
            "plus.2025-01-01.autres_regions",
            json!([23201, 30984, 3, 44982, 52915, 59636, 6652]),
            "ne croît pas",
        ),
        ("access.toml", "operations.mixite", json!("public"), "jamais élargis"),
        ("../manifeste.json", "x", json!(1), "aucun fichier réglable"),
    ] {
        let (status, answer) = town.change(file, path, value);
        let told = answer["detail"].as_str().unwrap_or_default();
        assert_eq!(status, 400, "{file} {path}: {answer}");
        assert!(told.contains(words) && told.contains(&format!("reglages/{file}")), "{file}: {told}");
    }
    let unsaid = json!({"fichier": "rules/mix.toml", "parametre": "regle.hors_qpv_q1.cible", "valeur": 0.3, "source": " "});
    assert_eq!(town.ask(&town.admin, "POST", "/api/admin/reglages", Some(&unsaid)).0, 400);
    let body = json!({"fichier": "rules/mix.toml", "parametre": "regle.hors_qpv_q1.cible", "valeur": 0.3, "source": "x"});
    for role in ["epci", "ddets", "bailleur", "commune", "agence"] {
        let token = town.token(role);
        assert_eq!(town.ask(&token, "POST", "/api/admin/reglages", Some(&body)).0, 403, "{role}");
        assert_eq!(town.ask(&token, "GET", "/api/admin/reglages", None).0, 403, "{role}");
    }
    assert_eq!(town.ask("", "POST", "/api/admin/reglages", Some(&body)).0, 401);
    let (status, told) = town.ask(&town.admin, "POST", "/api/admin/reglages?essai=true", Some(&body));
    assert_eq!((status, &told["apres"], &told["enregistre"]), (200, &json!(0.3), &json!(false)));
    assert!(!Path::new(&town.store).join("reglages/rules/mix.toml").exists());
    assert_eq!(town.mixite(), before);

    // A change that was made, then a file that is spoilt by hand: the server keeps what it had, and says so.
    town.changed("rules/mix.toml", "regle.hors_qpv_q1.cible", json!(0.28));
    let path = Path::new(&town.store).join("reglages/rules/mix.toml");
    let sound = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, sound.replace("0.28", "28.0")).unwrap();
    let said_by =
        |t: &Town| t.get(&t.admin, "/api/admin/reglages")["faute"].as_str().unwrap_or_default().to_owned();
    town.until("the fault is told", |t| !said_by(t).is_empty());
    let fault = said_by(&town);
    assert!(fault.starts_with("reglages/rules/mix.toml, entrée « regle hors_qpv_q1 »"), "{fault}");
    assert!(fault.contains("0,25 pour 25 %"), "{fault}");
    std::thread::sleep(Duration::from_secs(4));
    assert_eq!(score(&town.mixite(), RULE)["cible"], 28.0);
    std::fs::write(&path, sound.replace("0.28", "0.29")).unwrap();
    town.until("what is mended holds", |t| score(&t.mixite(), RULE)["cible"] == 29.0);

    // Secrecy may get stricter: cubes are made anew, and nothing of 11 to 19 households is said any more.
    let cubes = town.manifest()["cubes"].clone();
    let told_of = |t: &Town| {
        let values = t.get(&t.epci, "/api/valeurs/residence?indicateur=I02");
        values["valeurs"].as_array().unwrap().iter().filter(|v| !v.is_null()).count()
    };
    let published = told_of(&town);
    assert!(published > 0);
    let told = town.changed("secrecy.toml", "k", json!(20));
    assert_eq!(told["chiffres_refaits"], true);
    assert!(told["demande"].is_u64(), "{told}");
    town.until("figures are made anew", |t| t.manifest()["cubes"] != cubes);
    town.until("less is said", |t| told_of(t) < published);
}

#[test]
fn the_command_line_shows_tries_changes_checks_and_gives_back() {
    let town = Town::new();
    let store = &town.store;
    for help in
        [&["reglages", "--help"][..], &["reglages", "set", "--help"], &["import", "plafonds", "--help"]]
    {
        assert!(said(help).contains("Exemple"), "{help:?}");
    }
    let list = said(&["reglages", "list", "--data", store]);
    assert!(list.contains("rules/mix.toml") && list.contains("Objectifs de mixité sociale"), "{list}");
    let show = said(&["reglages", "show", "rules/mix.toml", "regle.hors_qpv_q1", "--data", store]);
    assert!(show.contains("regle.hors_qpv_q1.cible = 0.25"), "{show}");
    let set = |value: &str, more: &[&str]| -> Vec<String> {
        let words = ["reglages", "set", "rules/mix.toml", "regle.hors_qpv_q1.cible", value, "--data", store];
        words.iter().chain(more).map(|w| (*w).to_owned()).collect()
    };
    let run = |words: Vec<String>| said(&words.iter().map(String::as_str).collect::<Vec<_>>());
    let fail = |words: Vec<String>| refused(&words.iter().map(String::as_str).collect::<Vec<_>>());
    let tried = run(set("0,30", &["--source", "CIL", "--essai"]));
    assert!(tried.contains("0.25 → 0.3") && tried.contains("rien n'a changé"), "{tried}");
    assert!(!fail(set("0,30", &[])).is_empty(), "a change says its source");
    let wide = fail(set("30", &["--source", "CIL"]));
    assert!(wide.contains("regle hors_qpv_q1") && wide.contains("0,25 pour 25 %"), "{wide}");
    run(set("0,30", &["--source", "CIL du 12 mars 2026", "--du", "2026-01-01"]));
    town.until("a running server follows a command", |t| score(&t.mixite(), RULE)["cible"] == 30.0);
    assert!(said(&["reglages", "check", "--data", store]).contains("1 changement"));
    let listed = said(&["reglages", "list", "--data", store]);
    assert!(listed.contains("CIL du 12 mars 2026") && listed.contains("du 2026-01-01"), "{listed}");
    let shown = said(&["reglages", "show", "rules/mix.toml", "regle.hors_qpv_q1.cible", "--data", store]);
    assert!(shown.contains("* regle.hors_qpv_q1.cible = 0.3 (programme : 0.25)"), "{shown}");
    let trail = town.get(&town.admin, "/api/admin/audit?action=reglage_change");
    assert_eq!(trail["lignes"].as_array().unwrap().len(), 1, "a trial and a refusal are no change: {trail}");
    // Later, and until a day.
    run(set("0,40", &["--source", "CIL", "--du", "2090-01-01", "--au", "2090-12-31"]));
    assert!(said(&["reglages", "list", "--data", store]).contains("pas en vigueur aujourd'hui"));
    said(&["reglages", "reset", "rules/mix.toml", "regle.hors_qpv_q1.cible", "--data", store]);
    town.until("and gives back", |t| score(&t.mixite(), RULE)["cible"] == 25.0);
    assert!(refused(&["reglages", "reset", "rules/mix.toml", "--data", store]).contains("rien n'est changé"));

    // A folder that is at fault: commands say where, and the one that mends it runs.
    let path = Path::new(store).join("reglages/rules/mix.toml");
    std::fs::write(&path, "[[regle]]\nid = \"hors_qpv_q1\"\ncible = 0.3\n").unwrap();
    let check = refused(&["reglages", "check", "--data", store]);
    assert!(check.contains("reglages/rules/mix.toml") && check.contains("« source » manque"), "{check}");
    let build = refused(&["build", "--data", store]);
    assert!(build.contains("« source » manque") && build.contains("corrigez ce fichier"), "{build}");
    std::fs::remove_file(&path).unwrap();

    // The ceilings of a new year.
    let mut table = "zone;categorie;annee;plafond\n".to_owned();
    for (zone, first) in [("paris_communes_limitrophes", 27), ("ile_de_france", 27), ("autres_regions", 23)] {
        for n in 0..6 {
            table.push_str(&format!("{zone};{};2027;{}\u{202f}500 €\n", n + 1, first + 9 * n));
        }
        table.push_str(&format!("{zone};personne_supplementaire;2027;6\u{202f}800 €\n"));
    }
    let file = town.dir.path().join("plafonds-2027.csv");
    std::fs::write(&file, table.replace("23\u{202f}500", "23\u{202f}50x")).unwrap();
    let wrong = refused(&["import", "plafonds", &text(&file), "--source", "arrêté", "--data", store]);
    assert!(
        wrong.contains("plafonds-2027.csv") && wrong.contains("ligne 16, colonne « plafond »"),
        "{wrong}"
    );
    std::fs::write(&file, &table).unwrap();
    let told =
        said(&["import", "plafonds", &text(&file), "--source", "arrêté du 2 janvier 2027", "--data", store]);
    assert!(told.contains("Plafonds du 01/01/2027 enregistrés"), "{told}");
    let shown = said(&["reglages", "show", "plafonds.toml", "plus.2027-01-01", "--data", store]);
    assert!(
        shown.contains("autres_regions = [23500, 32500, 41500, 50500, 59500, 68500, 6800] (ajouté)"),
        "{shown}"
    );

    // Thresholds as they are pasted from the Journal officiel: a SIREN under « SIRET », amounts with narrow spaces.
    let epci = town.mixite()["epci"][0]["code"].as_str().unwrap().to_owned();
    let pasted = format!(
        "Code département\tDépartement\tNom de l’EPCI\tSIRET de l’EPCI\tValeur du seuil\n\
         01\tAin\tCA d’essai\t{epci}\t8\u{202f}861 €\n"
    );
    let file = town.dir.path().join("jo.tsv");
    std::fs::write(&file, pasted).unwrap();
    let told = said(&["import", "thresholds", &text(&file), "--year", "2025", "--data", store]);
    assert!(told.contains('1'), "{told}");
    let report = said(&["imports", "--json", "--data", store]);
    let report: Value = serde_json::from_str(&report).unwrap();
    let sets = report["imports"].as_array().unwrap();
    let set = sets.iter().find(|s| s["registre"] == "thresholds" && s["cle"].to_string().contains("2025"));
    assert!(set.is_some(), "{report}");
}
