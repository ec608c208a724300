//! Allocations of 2023 and 2024, the demands behind them, and the thresholds of the first quartile.

use std::io::Write;

use super::dice::Dice;
use super::ground::{Block, Dwelling, Ground, plain};
use super::households::{Activity, Household, household};
use super::stock::{Financing, financing, january};

/// First line of the allocations (domain schema of a SNE extract).
pub const HEADER: &str = "nud;date_caleol;date_bail;ident_rep;depcom;address;bailleur_siren;reservataire;mutation;statut_dalo;accord_collectif;priorite_l441_1;relogement;ressources_mensuelles;nb_personnes;nb_moins14;nb_14plus;rfr;cat_plafond;typologie;financement;activite;premiere_mise_en_location\n";

/// First line of the demands.
pub const DEMANDS_HEADER: &str = "nud;date_depot;statut;date_radiation;motif_radiation;epci;depcom_demandee;typologie;nb_personnes;nb_moins14;nb_14plus;ressources_mensuelles;activite;mode_logement;motif;mutation;statut_dalo;qpv_actuel\n";

/// Allocations and demands, as text without header, and the number of each.
#[derive(Debug, Default)]
pub struct Flows {
    pub allocations: Vec<u8>,
    pub allocated: u64,
    pub demands: Vec<u8>,
    pub demanded: u64,
}

/// Resources of one candidate.
struct Means {
    monthly: Option<f64>,
    persons: usize,
    under14: usize,
}

/// Days of a month, short enough to be right in every month.
fn date(month: i32, day: i32) -> String {
    format!("{:04}-{:02}-{:02}", month / 12, month % 12 + 1, day.clamp(1, 28))
}

/// The threshold of an EPCI for a year, €/year/consumption unit.
fn threshold(ground: &Ground, epci: usize, year: i32) -> f64 {
    let all = &ground.data.figures.attributions.seuils;
    let t = all.iter().rev().find(|s| i32::from(s.annee) <= year).unwrap_or(&all[0]);
    t.valeurs[epci % t.valeurs.len()]
}

/// `seuils_q1.csv`: `epci;annee;eur_uc;source`.
#[must_use]
pub fn thresholds(ground: &Ground) -> String {
    let mut out = String::from("epci;annee;eur_uc;source\n");
    for t in &ground.data.figures.attributions.seuils {
        if let Some(region) = &ground.data.names.territoire.seuil_region {
            out += &format!("{region};{};{};valeur inventée pour la démonstration\n", t.annee, t.valeurs[0]);
            continue;
        }
        for (e, v) in ground.epci.iter().zip(&t.valeurs) {
            out += &format!("{};{};{v};valeur inventée pour la démonstration\n", e.code, t.annee);
        }
    }
    out
}

/// Resources so that the candidate is in the first quartile or not, as drawn.
fn means(d: &mut Dice, threshold: f64, h: &Household, poorest: bool) -> Means {
    let persons = h.ages.len();
    let under14 = h.ages.iter().filter(|a| **a < 14).count();
    let units = 1.0 + 0.5 * (persons - 1 - under14) as f64 + 0.3 * under14 as f64;
    let per_unit = if poorest {
        threshold * d.between(0.42, 0.985)
    } else {
        threshold * (1.03 - 0.62 * (1.0 - d.unit()).max(1e-6).ln()).min(4.5)
    };
    Means { monthly: Some((per_unit * units / 12.0).round()), persons, under14 }
}

fn contract(a: Activity) -> &'static str {
    match a {
        Activity::Stable => "CDI",
        Activity::Precaire => "CDD",
        Activity::SansEmploi => "CHO",
        Activity::Retraite => "RET",
        Activity::Etudiant => "ETU",
        Activity::AutreInactif => "AUT",
    }
}

/// Leases that began in 2023 (those of the register) and in 2024 (drawn from turnover), and the demands of
/// the end of 2024.
#[must_use]
pub fn flows(ground: &Ground, block: &Block) -> Flows {
    let f = &ground.data.figures;
    let mut out = Flows::default();
    let mut dice = Dice::new(ground.seed, 95);
    for d in &block.dwellings {
        let [_, mode] = d.mode;
        let lease = d.lease[1];
        if mode == 1 && lease >= january(2023) {
            allocation(ground, block, d, lease, &mut dice, &mut out);
        }
        let again = match mode {
            1 => dice.chance(f.parc.mobilite_annuelle * 0.95),
            2 => dice.chance(0.6),
            _ => false,
        };
        if again {
            let m = january(2024) + dice.int(0, 11);
            allocation(ground, block, d, m, &mut dice, &mut out);
        }
    }
    let waiting = (out.allocated as f64 / 2.0 * f.attributions.demandes_par_attribution) as u64;
    let towns: Vec<f64> =
        ground.towns.iter().map(|t| if t.code == ground.towns[0].code { 9.0 } else { 1.0 }).collect();
    for _ in 0..waiting {
        // Candidates look like tenants who just moved in.
        if block.dwellings.is_empty() {
            break;
        }
        let model = dice.below(block.dwellings.len());
        let town = dice.weighted(&towns);
        let h = household(ground, block, &block.dwellings[model], january(2024) + 11, 2024);
        let poorest = dice.chance(0.25);
        let m = means(&mut dice, threshold(ground, ground.towns[town].epci, 2024), &h, poorest);
        let since = january(2024) + 11 - (-(1.0 - dice.unit()).max(1e-6).ln() * 19.0) as i32;
        let nud = nud(&mut out.demanded, since);
        demand(ground, &mut dice, &mut out.demands, (&nud, since, None), town, &h, &m);
    }
    out
}

/// A unique number in the shape of the national one: region, month of filing, rank, département.
fn nud(rank: &mut u64, filed: i32) -> String {
    *rank += 1;
    format!("0840{:02}{:02}{:06}01901", filed % 12 + 1, filed / 12 % 100, *rank)
}

fn allocation(ground: &Ground, block: &Block, d: &Dwelling, lease: i32, dice: &mut Dice, out: &mut Flows) {
    let f = &ground.data.figures.attributions;
    let place = &block.places[d.place];
    let r = &block.residences[d.residence];
    let town = &ground.towns[place.town];
    let year = lease / 12;
    // The zone in force when the lease begins.
    let qpv = if year >= 2024 { place.qpv2024 } else { place.qpv2015 }.is_some();
    let h = household(ground, block, d, lease, year.min(2024));
    let anru = dice.chance(f.relogement_anru * if qpv { 0.4 } else { 1.0 });
    let poorest = dice.chance(if anru {
        0.45
    } else if qpv {
        f.q1_qpv
    } else {
        f.q1_hors_qpv
    });
    let mut m = means(dice, threshold(ground, town.epci, year), &h, poorest);
    if dice.chance(f.revenu_absent) {
        m.monthly = None;
    } else if dice.chance(f.revenu_nul) {
        m.monthly = Some(0.0);
    }
    let dalo = dice.chance(if qpv { f.dalo_qpv } else { f.dalo });
    // Of DALO households the State houses most, others a share of theirs (CCH L.441-1). No draw, as below.
    let reservataire = match d.ident % 10 {
        _ if !dalo => dice.weighted(&f.poids_reservataires),
        0 | 1 => 2,
        2 => 5,
        3 | 4 => 7,
        _ => 0,
    };
    let day = dice.int(1, 28);
    // Months of 28 days: only the order of the two dates matters.
    let decided = lease * 28 + day - 1 - dice.int(12, 60);
    let signed = !dice.chance(f.sans_bail) || d.lease[1] == lease;
    let filed = lease - 3 - (-(1.0 - dice.unit()).max(1e-6).ln() * 17.0) as i32;
    let nud = nud(&mut out.demanded, filed);
    let relogement = if anru {
        "ANRU"
    } else if dice.chance(f.relogement_autre) {
        *dice.pick(&["ORCOD", "HABITAT_INDIGNE", "VENTE"])
    } else {
        "AUCUN"
    };
    let mutation = anru || dice.chance(f.mutation);
    let priority = if dalo || dice.chance(0.22) {
        let first = *dice.pick(&["a", "c", "d", "e", "f", "g", "j", "k", "l"]);
        if dice.chance(0.2) { format!("{first}|k") } else { first.to_owned() }
    } else {
        String::new()
    };
    let street = &block.streets[place.street];
    let first_letting = lease <= january(r.locat) + 11 && r.locat >= 2022;
    let (category, _) = h.category();
    let w = &mut out.allocations;
    let later = ground.data.names.territoire.decalage;
    let _ = write!(w, "{nud};{};", date(decided.div_euclid(28) + later, decided.rem_euclid(28) + 1));
    let _ = write!(w, "{};{:010};", if signed { date(lease + later, day) } else { String::new() }, d.ident);
    // Who filed before a merger has the code of then.
    let (depcom, _) = town.filed(usize::from(year >= 2024), r.bailleur);
    let _ = write!(w, "{depcom};{} {} {};", place.number, plain(&street.kind), plain(&street.name));
    let _ = write!(
        w,
        "{};{};{};",
        ground.bailleurs[r.bailleur].siren,
        f.reservataires[reservataire],
        // No draw: what follows in the files stays as it was.
        match d.ident % 10 {
            _ if !mutation => "NON",
            0..=5 => "INTERNE",
            6..=8 => "EXTERNE",
            _ => "OUI",
        }
    );
    let _ = write!(
        w,
        "{};{};{priority};{relogement};",
        if dalo { "ACTIF" } else { "NON" },
        if dice.chance(0.06) { "ACD" } else { "AUCUN" }
    );
    let _ = match m.monthly {
        Some(v) => write!(w, "{v};"),
        None => write!(w, ";"),
    };
    let _ = write!(w, "{};{};{};", m.persons, m.under14, m.persons - m.under14);
    let _ = match m.monthly {
        Some(v) if v > 0.0 => write!(w, "{};", (v * 12.0 * 0.86).round()),
        _ => write!(w, ";"),
    };
    let _ = writeln!(
        w,
        "{category};{};{};{};{}",
        ["T1", "T2", "T3", "T4", "T5", "T6P"][usize::from(d.rooms.clamp(1, 6)) - 1],
        match financing(d.finan) {
            Financing::Plai => "PLAI",
            Financing::Plus | Financing::Pla => "PLUS",
            Financing::Pls => "PLS",
            Financing::Pli => "PLI",
            Financing::Old => "AUTRE",
        },
        contract(h.activities[0]),
        u8::from(first_letting),
    );
    out.allocated += 1;
    let end = signed.then_some((lease, day));
    demand(ground, dice, &mut out.demands, (&nud, filed, end), place.town, &h, &m);
}

fn demand(
    ground: &Ground,
    dice: &mut Dice,
    w: &mut Vec<u8>,
    (nud, filed, end): (&str, i32, Option<(i32, i32)>),
    town: usize,
    h: &Household,
    m: &Means,
) {
    let t = &ground.towns[town];
    let filed = date(filed, dice.int(1, 28));
    let (status, closed, why) = match end {
        Some((month, day)) => ("RADIEE", date(month, day), "RADATT"),
        None => ("ACTIVE", String::new(), ""),
    };
    let rooms = match (m.persons, h.has_partner) {
        (1, _) => 1 + dice.below(2),
        (n, true) => n,
        (n, false) => n + 1,
    };
    let mode = ["LP", "HLM", "CP", "SH", "RHVS", "HOT", "SD", "POCC", "LTG", "CAMCAR"]
        [dice.weighted(&[29.0, 31.0, 17.0, 5.0, 4.0, 2.0, 3.0, 4.0, 3.0, 1.0])];
    let motive = ["01", "03", "05", "06", "09", "10", "11", "12", "13", "18", "19", "21", "23"]
        [dice.weighted(&[14.0, 8.0, 3.0, 3.0, 12.0, 5.0, 10.0, 7.0, 17.0, 4.0, 6.0, 6.0, 5.0])];
    let money = m.monthly.map_or(String::new(), |v| v.to_string());
    let _ = writeln!(
        w,
        "{nud};{filed};{status};{closed};{why};{};{};T{};{};{};{};{money};{};{mode};{motive};{};{};{}",
        ground.epci[t.epci].code,
        t.code,
        rooms.clamp(1, 5),
        m.persons,
        m.under14,
        m.persons - m.under14,
        contract(h.activities[0]),
        u8::from(mode == "HLM"),
        if dice.chance(0.03) { "ACTIF" } else { "NON" },
        u8::from(dice.chance(0.2)),
    );
}
