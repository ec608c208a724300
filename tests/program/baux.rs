//! Leases of a town of two communes, written by hand and read by the real readers: what the pages of mix, DALO
//! and the plan must say, counted on paper.

use std::fmt::Write as _;

use crate::common::served::{Served, said, text};
use serde_json::{Value, json};

const EPCI: &str = "200099018";
const BAILLEUR: &str = "005120340";
/// Lambert-93 of a street: in the QPV of the first commune, outside of it, in the second commune.
const INSIDE: u32 = 927_500;
const OUTSIDE: u32 = 929_500;
const SECOND: u32 = 931_500;
/// Monthly incomes of one person: below and above the threshold of 9,168 € a year and unit of consumption.
const POOR: u32 = 500;
const NOT_POOR: u32 = 1_500;

#[derive(Clone, Copy)]
struct Lease {
    x: u32,
    income: u32,
    dalo: bool,
    activity: &'static str,
}

/// Leases of 2024: outside QPV 5 of 20 to the first quartile, in QPV 7 of 12 to the others; three to DALO
/// households: one poor and one of a stable job in the QPV, one outside.
fn leases() -> Vec<Lease> {
    let settled = |x, income| Lease { x, income, dalo: false, activity: "CDI" };
    let of = |x, poor, others| {
        let poor = std::iter::repeat_n(settled(x, POOR), poor);
        poor.chain(std::iter::repeat_n(settled(x, NOT_POOR), others))
    };
    let mut all: Vec<Lease> = of(OUTSIDE, 4, 8).chain(of(SECOND, 1, 7)).chain(of(INSIDE, 5, 7)).collect();
    for (i, activity) in [(0, "CDD"), (20, "CDD"), (25, "CDI")] {
        all[i] = Lease { dalo: true, activity, ..all[i] };
    }
    all
}

fn square(properties: &Value, [w, s, e, n]: [f64; 4]) -> Value {
    let ring = [[w, s], [e, s], [e, n], [w, n], [w, s]];
    json!({"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [ring]}})
}

fn town() -> Served {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, content: String| {
        let path = dir.path().join(name);
        std::fs::write(&path, content).unwrap();
        text(&path)
    };
    let layer = |features: Vec<Value>| json!({"type": "FeatureCollection", "features": features}).to_string();
    let commune = |code: &str, name: &str| json!({"INSEE_COM": code, "NOM": name, "INSEE_DEP": "01", "SIREN_EPCI": EPCI});
    let communes = layer(vec![
        square(&commune("01901", "Première"), [5.90, 45.55, 5.95, 45.58]),
        square(&commune("01902", "Seconde"), [5.95, 45.55, 6.00, 45.58]),
    ]);
    let quartier = json!({"code_qp": "QN00191M", "lib_qp": "Les Peupliers", "insee_com": "01901"});
    let qpv = layer(vec![square(&quartier, [5.90, 45.55, 5.93, 45.58])]);
    let (mut stock, mut baux) = (
        String::from(
            "IDENT_REP;SIRET;RS;DROIT;DEPCOM;CODEPOSTAL;LIBCOM;NUMVOIE;TYPVOIE;NOMVOIE;NBPIECE;SURFHAB;CONSTRUCT;LOCAT;FINAN;MODE;X;Y;EPSG;QUALITE_XY\n",
        ),
        String::from(
            "nud;date_caleol;date_bail;ident_rep;depcom;bailleur_siren;reservataire;mutation;statut_dalo;accord_collectif;relogement;\
             ressources_mensuelles;nb_personnes;nb_moins14;nb_14plus;rfr;cat_plafond;typologie;financement;activite;premiere_mise_en_location\n",
        ),
    );
    for (n, lease) in leases().into_iter().enumerate() {
        let (number, x, income) = (format!("01{n:08}"), lease.x, lease.income);
        let (insee, name) = if x == SECOND { ("01902", "Seconde") } else { ("01901", "Première") };
        writeln!(
            stock,
            "{number};{BAILLEUR}00017;ORME HABITAT;1;{insee};01000;{name};{};RUE;DES CHENES {x};3;66;1985;1985;12;1;{x};6500000;2154;11",
            n + 1
        )
        .unwrap();
        let (status, holder) = if lease.dalo { ("ACTIF", "ETAT_PRIO") } else { ("NON", "BAILLEUR") };
        writeln!(
            baux,
            "084{n:05}000001{insee};2024-03-04;2024-04-15;{number};{insee};{BAILLEUR};{holder};NON;{status};AUCUN;AUCUN;{income};1;0;1;{};1;T3;PLUS;{};0",
            income * 12,
            lease.activity
        )
        .unwrap();
    }
    let store = text(&dir.path().join("magasin"));
    let import = |register: &str, path: &str, more: &[&str]| {
        said(&[&["import", register, path][..], more, &["--data", &store]].concat());
    };
    import("zones", &file("communes.geojson", communes), &["--layer", "commune"]);
    import("zones", &file("qpv.geojson", qpv), &["--layer", "qpv", "--generation", "2024"]);
    import(
        "zones",
        &file("membres.csv", format!("commune;epci;nom\n01901;{EPCI};CA\n01902;{EPCI};CA\n")),
        &["--layer", "appartenance"],
    );
    import("rpls", &file("rpls.csv", stock), &["--millesime", "2024"]);
    import(
        "thresholds",
        &file("seuils.csv", format!("epci;annee;eur_uc;source\n{EPCI};2024;9168;essai\n")),
        &[],
    );
    import("attributions", &file("baux.csv", baux), &["--year", "2024"]);
    said(&["build", "--data", &store]);
    Served::new(dir)
}

/// Numerator, denominator and part of a rule.
fn score(of: &Value, rule: &str) -> Value {
    let scores = of["scores"].as_array().unwrap();
    let s = scores.iter().find(|s| s["regle"] == rule).unwrap_or_else(|| panic!("{rule}: {of}"));
    json!([s["numerateur"], s["denominateur"], s["part"]])
}

#[test]
fn the_mix_dalo_and_the_plan_of_a_town_are_those_counted_on_paper() {
    let town = town();
    let state = town.token("ddets");

    let mix = town.get(&state, "/api/mixite?annee=2024");

    assert_eq!(mix["ensemble"]["baux"], 32);
    assert_eq!(score(&mix["ensemble"], "hors_qpv_q1"), json!([5, 20, 25.0]), "met to the lease");
    assert_eq!(score(&mix["ensemble"], "qpv_autres_quartiles"), json!([7, 12, 58.3]));

    let dalo = town.get(&state, "/api/dalo/placements");
    let placed = |lieu: &str| {
        let all = dalo["placements"].as_array().unwrap();
        all.iter().filter(|p| p["lieu"] == lieu).map(|p| (&p["precaire"], &p["concerne"])).collect::<Vec<_>>()
    };
    assert_eq!(placed("au_dela"), [(&json!(true), &json!(false))]);
    let (mut inside, yes, no) = (placed("qpv"), json!(true), json!(false));
    inside.sort_by_key(|(poor, _)| poor.as_bool());
    assert_eq!(inside, [(&no, &no), (&yes, &yes)], "a stable job and enough income are no matter of concern");
    assert_eq!((&dalo["bilan"]["concernes"], &dalo["bilan"]["a_justifier"]), (&json!(1), &json!(1)));
    let there = &dalo["quartiers"][0];
    assert_eq!(json!([there["code"], there["baux"], there["dalo"]]), json!(["QN00191M", 12, 2]));

    // Two dwellings and two households: the poor one goes outside of the QPV, the other one inside.
    let demands = "typologie;depcom_demandee;nb_14plus;nb_moins14;ressources_mensuelles;activite;statut_dalo\n\
                   T3;01901;1;0;500;CDI;NON\nT3;01901;1;0;1900;CDI;NON\n";
    let lots = "qpv;typologie;depcom;reservataire\nOUI;T3;01901;BAILLEUR\nNON;T3;01901;BAILLEUR\n";
    let asked = json!({"epci": EPCI, "demandes": demands, "logements": lots});
    let (status, plan) = town.ask(&town.token("epci"), "POST", "/api/plan", Some(&asked));
    assert_eq!(status, 200, "{plan}");
    let given: Vec<Value> = plan["affectations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| json!([a["logement"], a["menage"]]))
        .collect();
    assert_eq!(given, [json!([2, 3]), json!([3, 2])], "line of the dwelling, line of the household");
    let target = |rule: &str| {
        let all = plan["cibles"].as_array().unwrap();
        let t = all.iter().find(|t| t["regle"] == rule).unwrap();
        let of = |side: &str| json!([t[side]["numerateur"], t[side]["denominateur"]]);
        json!([of("avant"), of("apres"), t["manque"], t["etat"]])
    };
    assert_eq!(target("hors_qpv_q1"), json!([[5, 20], [6, 21], 0, "atteinte"]));
    assert_eq!(target("qpv_autres_quartiles"), json!([[7, 12], [8, 13], 0, "atteinte"]));
    // None of 31 leases of the bailleur's own is to a DALO household: 7.75 would be a quarter, and nobody here is one.
    assert_eq!(target("dalo_bailleur"), json!([[0, 29], [0, 31], 8, "hors_atteinte"]));
    // No dwelling of Action Logement: there is nothing to reach.
    assert_eq!(target("dalo_action_logement"), json!([[0, 0], [0, 0], 0, "sans_objet"]));
}
