//! Changes as people write them: what is taken, and what is refused by name.

use super::*;

const WHO: &str = "source = \"CIL du 12 mars 2026\"\ndu = 2026-03-12\npar = \"A. Martin\"\nle = 2026-03-12\n";

fn on() -> Date {
    Date::constant(2026, 11, 28)
}

fn read(name: &str, text: &str) -> Result<Resolved, Fault> {
    resolve(&[(name.to_owned(), text.replace("QUI", WHO))], on())
}

fn value(resolved: &Resolved, name: &str, path: &str) -> Value {
    let all = resolved.parameters(name).unwrap();
    all.into_iter().find(|p| p.path == path).unwrap().now
}

fn refused(name: &str, text: &str) -> String {
    read(name, text).unwrap_err().to_string()
}

#[test]
fn every_file_of_the_table_reads_back_as_the_program_holds_it() {
    for rules in &tables().unwrap().files {
        assert!(embedded(&rules.nom).is_some(), "{}", rules.nom);
        let all = Resolved::default().parameters(&rules.nom).unwrap();
        let empty = matches!(rules.nom.as_str(), "rules/seuils.toml" | "rules/bailleurs.toml");
        assert_eq!(all.is_empty(), empty, "{}: these begin empty", rules.nom);
    }
    let named: usize = sources().iter().map(|s| s.texts().len()).sum();
    assert_eq!(named, tables().unwrap().files.len(), "each file that may be changed is in the table");
    // Written out and read again, each file keeps its own rules.
    for source in sources() {
        let files = source.texts().iter().map(|(name, _)| (*name, base(name).unwrap())).collect();
        Resolved { changes: Vec::new(), files }.prepare(source).map(drop).unwrap();
    }
}

#[test]
fn every_bound_is_of_a_parameter_that_exists() {
    for bound in &tables().unwrap().bounds {
        let all = Resolved::default().parameters(&bound.fichier).unwrap();
        let of: Vec<_> = all.iter().filter(|p| table::matches(&bound.parametre, &p.path)).collect();
        assert!(!of.is_empty(), "{} {}", bound.fichier, bound.parametre);
        for p in of {
            let others = bound.parmi.as_ref().map(|[f, l]| Resolved::default().keys(f, l).unwrap());
            let why = bound.refuses(Some(&p.now), &p.now, &others.unwrap_or_default());
            assert_eq!(why, None, "{} {}: its own value", bound.fichier, p.path);
        }
    }
}

#[test]
fn words_are_those_of_a_parameter_that_exists() {
    for (file, pattern) in tables().unwrap().named() {
        let all = Resolved::default().parameters(file).unwrap();
        assert!(all.iter().any(|p| table::matches(pattern, &p.path)), "{file} {pattern}");
    }
    let words = tables().unwrap().words("plafonds.toml", "plus.2026-01-01.autres_regions").unwrap();
    assert!(words.starts_with("Plafonds PLUS"), "{words}");
}

#[test]
fn one_weight_changes_and_the_rest_stays() {
    let r = read("rules/fragilite.toml", "[[composante]]\nid = \"f1\"\npoids = 0.35\nQUI").unwrap();
    assert_eq!(value(&r, "rules/fragilite.toml", "composante.f1.poids"), Value::Float(0.35));
    assert_eq!(value(&r, "rules/fragilite.toml", "composante.f2.poids"), Value::Float(0.15));
    assert_eq!(
        value(&r, "rules/fragilite.toml", "composante.f1.source"),
        Value::String("CIL du 12 mars 2026".into()),
        "an entry that says where it comes from says where the new value does"
    );
    let version = r.table("rules/fragilite.toml").unwrap()["version"].to_string();
    assert!(version.contains("2026-11, modifiée localement le 12/03/2026 (empreinte "), "{version}");
}

#[test]
fn heads_groups_and_nested_groups_change_too() {
    let r = read("rules/fragilite.toml", "alerte_ratio = 1.5\nQUI").unwrap();
    assert_eq!(value(&r, "rules/fragilite.toml", "alerte_ratio"), Value::Float(1.5));
    let r = read("rules/mix.toml", "[options]\nq1_compare = \"inferieur_ou_egal\"\nQUI").unwrap();
    assert_eq!(value(&r, "rules/mix.toml", "options.q1_compare"), "inferieur_ou_egal".into());
    let r = read("rules/controle.toml", "[plafond]\nparts = { PLUS = 110 }\nQUI").unwrap();
    assert_eq!(
        value(&r, "rules/controle.toml", "plafond.parts.PLUS"),
        Value::Float(110.0),
        "110 is a number"
    );
    assert_eq!(value(&r, "rules/controle.toml", "plafond.parts.PLS"), Value::Float(130.0));
}

#[test]
fn the_ceilings_of_a_new_year_are_a_new_entry() {
    let table = "[[plus]]\nen_vigueur_le = \"2027-01-01\"\n\
        paris_communes_limitrophes = [27000, 40300, 52800, 63000, 75000, 84400, 9400]\n\
        ile_de_france = [27000, 40300, 48400, 58000, 68600, 77200, 8600]\n\
        autres_regions = [23500, 31300, 37600, 45400, 53400, 60200, 6720]\nQUI";
    assert!(read("plafonds.toml", table).is_ok());
    let shrunk = refused("plafonds.toml", &table.replace("[23500, 31300", "[23500, 313"));
    assert!(shrunk.contains("plus 2027-01-01") && shrunk.contains("ne croît pas"), "{shrunk}");
    let short = refused("plafonds.toml", &table.replace(", 6720]", "]"));
    assert!(short.contains("autres_regions") || short.contains("nombre de valeurs"), "{short}");
}

#[test]
fn a_change_holds_between_its_days_and_the_last_that_holds_wins() {
    let text = "[[regle]]\nid = \"hors_qpv_q1\"\ncible = 0.30\nsource = \"a\"\ndu = 2026-01-01\nau = 2026-12-31\n\
        par = \"x\"\nle = 2025-12-20\n[[regle]]\nid = \"hors_qpv_q1\"\ncible = 0.35\nsource = \"b\"\n\
        du = 2027-01-01\npar = \"x\"\nle = 2025-12-21\n";
    for (day, want) in [("2025-06-01", 0.25), ("2026-06-01", 0.30), ("2027-06-01", 0.35)] {
        let r = resolve(&[("rules/mix.toml".into(), text.into())], day.parse().unwrap()).unwrap();
        assert_eq!(value(&r, "rules/mix.toml", "regle.hors_qpv_q1.cible"), Value::Float(want), "{day}");
        assert_eq!(r.changes.len(), 2);
    }
    // Written in another order, the same holds.
    let (first, second) = text.split_at(text.rfind("[[regle]]").unwrap());
    let r = resolve(&[("rules/mix.toml".into(), format!("{second}{first}"))], "2027-06-01".parse().unwrap());
    let forever = second.to_owned() + &first.replace("au = 2026-12-31\n", "");
    assert_eq!(value(&r.unwrap(), "rules/mix.toml", "regle.hors_qpv_q1.cible"), Value::Float(0.35));
    let r = resolve(&[("rules/mix.toml".into(), forever)], "2027-06-01".parse().unwrap()).unwrap();
    assert_eq!(value(&r, "rules/mix.toml", "regle.hors_qpv_q1.cible"), Value::Float(0.35), "began last");
    // What will hold later is checked today.
    let later = text.replace("0.35", "35.0");
    let fault = resolve(&[("rules/mix.toml".into(), later)], on()).unwrap_err();
    assert!(fault.to_string().contains("0,25 pour 25 %"), "{fault}");
}

#[test]
fn secrecy_and_rights_only_get_stricter() {
    assert!(read("secrecy.toml", "k = 20\nQUI").is_ok());
    let fault = refused("secrecy.toml", "k = 5\nQUI");
    assert!(
        fault.starts_with("reglages/secrecy.toml, entrée « en-tête » : « k » : 5 est sous 11")
            && fault.contains("jamais plus lâche"),
        "{fault}"
    );
    let role = |field: &str| format!("[[role]]\nid = \"ddets\"\nops = {{ fine = \"{field}\" }}\nQUI");
    assert!(read("access.toml", &role("convention")).is_ok());
    assert!(refused("access.toml", &role("partout")).contains("jamais élargis"));
    let act = |roles: &str| format!("[[acte]]\nid = \"rpems_lire\"\nroles = {roles}\nQUI");
    assert!(read("access.toml", &act("[\"epci\"]")).is_ok());
    assert!(refused("access.toml", &act("[\"epci\", \"public\"]")).contains("jamais élargis"));
    assert!(read("access.toml", "[dominance]\npart = 0.8\nQUI").is_ok());
    assert!(refused("access.toml", "[dominance]\npart = 0.9\nQUI").contains("plafond du programme"));
    assert!(refused("access.toml", "[operations]\nmixite = \"public\"\nQUI").contains("jamais élargis"));
    assert!(read("access.toml", "[operations]\nmesure = \"connecte\"\nQUI").is_ok());
    let weights = "[[niveau]]\nid = \"atome\"\necart_max = 1\npoids = [1000000, 0]\nQUI";
    assert!(refused("perturbation.toml", weights).contains("jamais plus faible"));
    let hidden = "[[attribut]]\nid = \"plafond\"\noccupation = false\nQUI";
    assert!(refused("attributs.toml", hidden).contains("ne se règle pas"));
}

#[test]
fn a_fault_names_file_entry_and_rule() {
    for (name, text, words) in [
        ("rules/mixte.toml", "QUI", ["aucun fichier réglable", "rules/mix.toml"]),
        ("rules/mix.toml", "[[regle]]\nid = ", ["ligne 2, colonne", "TOML"]),
        ("rules/mix.toml", "[[regle]]\nid = \"x\"\ncible = 0.3\nQUI", ["regle x", "aucune entrée « x »"]),
        (
            "rules/mix.toml",
            "[[regle]]\nid = \"hors_qpv_q1\"\ncibl = 0.3\nQUI",
            ["hors_qpv_q1", "« regle.cibl »"],
        ),
        ("rules/mix.toml", "[[regle]]\nid = \"hors_qpv_q1\"\ncible = \"30\"\nQUI", ["un nombre", "un texte"]),
        ("rules/mix.toml", "[options]\nq1_compare = \"sous\"\nQUI", ["options", "valeur inconnue `sous`"]),
        ("rules/mix.toml", "[options]\nprojection_niveau = 0.8\n", ["« source » manque", "options"]),
        (
            "rules/fragilite.toml",
            "[[composante]]\nid = \"f1\"\nindicateur = \"I99\"\nQUI",
            ["composante f1", "catalogue"],
        ),
        (
            "rules/fragilite.toml",
            "z_max = 2.0\nsource=\"a\"\ndu=\"hier\"\npar=\"b\"\nle=2026-01-01",
            ["AAAA-MM-JJ", "en-tête"],
        ),
    ] {
        let said = refused(name, text);
        assert!(words.iter().all(|w| said.contains(w)) && said.contains(name), "{said}");
    }
}

#[test]
fn a_change_written_by_a_command_reads_back() {
    let at = |path: &str, v: Value| change_of("rules/fragilite.toml", path, &v).unwrap();
    for (path, v) in [
        ("composante.f1.poids", Value::Float(0.4)),
        ("alerte_ratio", Value::Float(1.5)),
        ("sensibilite.tirages", Value::Integer(200)),
    ] {
        let change = Change {
            file: "rules/fragilite.toml",
            entry: String::new(),
            table: at(path, v.clone()),
            source: "CIL".into(),
            du: on(),
            au: Some(Date::constant(2027, 1, 1)),
            par: "A. Martin".into(),
            le: "2026-11-28".into(),
        };
        let text = written("rules/fragilite.toml", std::slice::from_ref(&change)).unwrap();
        let back = read("rules/fragilite.toml", &text).unwrap();
        assert_eq!(value(&back, "rules/fragilite.toml", path), v, "{text}");
        assert_eq!((back.changes[0].au, &back.changes[0].par), (change.au, &change.par));
        let again = written("rules/fragilite.toml", &back.changes).unwrap();
        assert_eq!(again.matches("poids").count(), text.matches("poids").count());
    }
    let wrong = change_of("rules/fragilite.toml", "composante..poids", &Value::Integer(1)).unwrap_err();
    assert!(wrong.to_string().contains("composante.f1.poids"));
}

#[test]
fn only_what_cubes_are_made_with_changes_their_mark() {
    let mark = |name: &str, text: &str| read(name, text).unwrap().mark().unwrap();
    let before = Resolved::default().mark().unwrap();
    assert_eq!(mark("rules/fragilite.toml", "[[composante]]\nid = \"f1\"\npoids = 0.35\nQUI"), before);
    assert_eq!(mark("secrecy.toml", "n_decimale = 200\nQUI"), before);
    assert_ne!(mark("secrecy.toml", "k = 20\nQUI"), before);
    assert_ne!(mark("survey.toml", "mois_recents = 36\nQUI"), before);
    assert_eq!(before, None, "a store that changes nothing keeps the cubes that it has");
}
