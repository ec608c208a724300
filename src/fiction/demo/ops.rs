//! The occupancy survey: one row a dwelling asked, with refusals, missing items and dirt.

use std::io::Write;

use crate::reference::demo::{OpsKey, Scope};

use super::cells::Cells;
use super::dice::{Dice, mix};
use super::dirt::{Dirt, Planted};
use super::ground::{Block, Dwelling, Ground, YEARS, plain};
use super::households::{Activity, Household, TYPES, household};
use super::rpls::Written;

/// First line.
pub const HEADER: &str = "vague;bailleur_siren;ident_rep;ident_int;residence_code;depcom;numvoie;indrep;nomvoie;codepostal;\
statut_logement;statut_reponse;date_entree;type_menage;nb_personnes;nb_mineurs;age_titulaire;age_conjoint;\
nb_0_17;nb_18_24;nb_25_39;nb_40_59;nb_60_64;nb_65_74;nb_75p;rfr;cat_plafond;pct_plafond;aide_logement;\
act_titulaire;act_conjoint;nb_adultes;nb_stable;nb_precaire;nb_sans_emploi;nb_retraite;nb_autre\n";

/// First line of the planted truth.
pub const TRUTH_HEADER: &str = "vague;ident_rep;reponse;entree;recent;type_menage;nb_personnes;nb_mineurs;age_titulaire;rfr;pct_plafond;aide_logement;act_titulaire;nb_adultes;nb_sans_emploi\n";

/// Writes the rows of blocks for one wave.
pub struct Survey<'a> {
    pub ground: &'a Ground,
    /// 0: 2022, 1: 2024.
    pub wave: usize,
    rows: Dirt,
}

/// `yyyy-mm` of a month counted since year 0.
#[must_use]
pub fn year_month(m: i32) -> String {
    format!("{:04}-{:02}", m / 12, m % 12 + 1)
}

impl<'a> Survey<'a> {
    #[must_use]
    pub fn new(ground: &'a Ground, wave: usize, scale: f64) -> Self {
        Self { ground, wave, rows: Dirt::new(ground, Scope::Menage, scale) }
    }

    /// All dwellings of a block that stood in the stock of the wave; the truth goes to `truth` when asked
    /// for.
    #[must_use]
    pub fn write(&self, block: &Block, mut truth: Option<&mut Vec<u8>>) -> Written {
        let mut out = Written::default();
        out.bytes.reserve(block.dwellings.len() * 190);
        let roads: Vec<String> =
            block.streets.iter().map(|s| plain(&format!("{} {}", s.kind, s.name))).collect();
        for d in &block.dwellings {
            if d.mode[self.wave] != 0 {
                self.row(block, d, &roads, &mut out, truth.as_deref_mut());
            }
        }
        out
    }

    fn row(
        &self,
        block: &Block,
        d: &Dwelling,
        roads: &[String],
        out: &mut Written,
        truth: Option<&mut Vec<u8>>,
    ) {
        let f = &self.ground.data.figures.menages;
        let year = YEARS[self.wave];
        let place = &block.places[d.place];
        let r = &block.residences[d.residence];
        let b = &self.ground.bailleurs[r.bailleur];
        let mut dice = Dice::new(mix(self.ground.seed, d.ident), 90 + self.wave as u64);
        let occupied = d.mode[self.wave] == 1;
        let answer = b.response - if place.qpv2024.is_some() { f.refus_qpv } else { 0.0 };
        let status = match (occupied, dice.chance(answer)) {
            (true, true) if dice.chance(f.non_reponse_partielle) => "PARTIELLE",
            (true, true) => "REPONSE",
            _ => "NON_REPONSE",
        };
        let who = occupied.then(|| household(self.ground, block, d, d.lease[self.wave], year));
        if let (Some(h), Some(truth)) = (&who, truth) {
            truth_row(truth, year, d, status, h);
        }
        let mut fault = self.rows.draw(&mut dice);
        let answered = status != "NON_REPONSE";
        let code = fault.map_or("", |f| f.code.as_str());
        let possible = match code {
            "ops_sans_ident_rep" | "ops_logement_inconnu" | "ops_doublon" => b.key == OpsKey::IdentRep,
            "ops_siren_faux" => true,
            "ops_virgule_decimale" => status == "REPONSE" && b.key == OpsKey::IdentInt,
            _ => status == "REPONSE",
        };
        if !possible {
            fault = None;
        }
        let code = fault.map_or("", |f| f.code.as_str());
        // A fault that needs its item to be present makes it so.
        let keep = match code {
            "ops_somme_ages" | "ops_modalite_en_minuscules" => "composition",
            "ops_hors_bornes" => "age",
            "ops_revenu_negatif" | "ops_virgule_decimale" => "revenu",
            _ => "",
        };
        let mut missing = |item: &str| {
            let rate =
                f.manque.get(item).copied().unwrap_or(0.0) * if status == "PARTIELLE" { 9.0 } else { 1.0 };
            dice.chance(rate) && item != keep
        };
        let lost = ["composition", "age", "entree", "revenu", "aide", "activite"].map(&mut missing);
        let copies = if code == "ops_doublon" { 2 } else { 1 };
        for copy in 0..copies {
            let line = out.rows;
            if let Some(f) = fault
                && copy + 1 == copies
            {
                out.planted.push(Planted {
                    row: line,
                    column: &f.colonne,
                    code: &f.code,
                    rule: &f.regle,
                    level: &f.niveau,
                });
            }
            let mut w = Cells { buffer: &mut out.bytes };
            w.number(i64::from(year));
            if code == "ops_siren_faux" {
                // Last digit wrong: the key no longer holds.
                let mut wrong = b.siren.clone().into_bytes();
                wrong[8] = b'0' + (wrong[8] - b'0' + 1) % 10;
                w.text(&String::from_utf8_lossy(&wrong));
            } else {
                w.text(&b.siren);
            }
            let unknown = code == "ops_logement_inconnu";
            if b.key == OpsKey::IdentRep && code != "ops_sans_ident_rep" {
                let _ = write!(w.buffer, "{:010};", if unknown { 8_000_000_000 + d.ident } else { d.ident });
            } else {
                w.text("");
            }
            if b.key == OpsKey::Adresse || unknown {
                w.text("");
            } else {
                let _ =
                    write!(w.buffer, "{}{:05}-{:06};", b.prefix, r.segment % 100_000, d.ident % 1_000_000);
            }
            let _ = write!(w.buffer, "R{:05};", r.segment);
            // The other of the two codes of a city than in the register.
            w.text(self.ground.towns[place.town].filed(self.wave, r.bailleur + 1).0);
            if unknown {
                w.text("")
            } else {
                w.number(i64::from(place.number))
            }
            w.text(place.suffix);
            w.text(if unknown { "" } else { &roads[place.street] });
            w.text(&self.ground.towns[place.town].codepostal);
            w.text(match d.mode[self.wave] {
                1 => "OCCUPE",
                2 | 3 => "VACANT",
                4 => "ASSO",
                _ => "AUTRE",
            });
            w.text(status);
            match &who {
                Some(h) if answered => household_cells(&mut w, h, lost, code, b.key, d),
                Some(h) => {
                    // The bailleur knows when the lease began, even without an answer.
                    w.text(&year_month(h.entered));
                    w.buffer.extend_from_slice(&[b';'; 24]);
                }
                None => w.buffer.extend_from_slice(&[b';'; 25]),
            }
            w.end();
            out.rows += 1;
        }
        out.dwellings += 1;
    }
}

fn household_cells(w: &mut Cells<'_>, h: &Household, lost: [bool; 6], code: &str, key: OpsKey, d: &Dwelling) {
    let [composition, age, entry, income, aid, activity] = lost;
    if entry {
        w.text("")
    } else {
        w.text(&year_month(h.entered))
    }
    if composition {
        w.buffer.extend_from_slice(b";;;");
    } else {
        if code == "ops_modalite_en_minuscules" {
            w.text(&TYPES[h.kind].to_lowercase())
        } else {
            w.text(TYPES[h.kind])
        }
        w.number(h.ages.len() as i64);
        w.number(h.minors() as i64);
    }
    match (code, age) {
        ("ops_hors_bornes", _) => w.text(if d.ident.is_multiple_of(2) { "134" } else { "7" }),
        (_, true) => w.text(""),
        _ => w.number(i64::from(h.ages[0])),
    }
    // Two ages tell a young household, whose ceiling is that of three persons.
    if age || composition || !h.has_partner {
        w.text("")
    } else {
        w.number(i64::from(h.ages[1]))
    }
    if composition {
        w.buffer.extend_from_slice(b";;;;;;;");
    } else {
        let mut n = h.brackets();
        if code == "ops_somme_ages" {
            n[(d.ident % 5) as usize] += 1 + (d.ident % 2) as u8;
        }
        for k in n {
            w.number(i64::from(k));
        }
    }
    if income {
        w.buffer.extend_from_slice(b";;;");
    } else {
        w.number(if code == "ops_revenu_negatif" { -i64::from(h.rfr.max(1)) } else { i64::from(h.rfr) });
        w.number(h.category().0 as i64);
        // Only one bailleur computes the percentage itself.
        if key == OpsKey::IdentInt {
            let mark = if code == "ops_virgule_decimale" { b',' } else { b'.' };
            w.cents(if code == "ops_revenu_negatif" { 0.0 } else { h.pct }, mark);
        } else {
            w.text("");
        }
    }
    if aid {
        w.text("")
    } else {
        w.text(["APL", "AL", "NON"][h.aid])
    }
    if activity || composition {
        w.buffer.extend_from_slice(b";;;;;;;;");
        return;
    }
    let count = |kinds: &[Activity]| h.activities.iter().filter(|a| kinds.contains(a)).count() as i64;
    w.text(h.activities[0].word());
    w.text(if h.has_partner { h.activities[1].word() } else { "" });
    w.number(h.activities.len() as i64);
    w.number(count(&[Activity::Stable]));
    w.number(count(&[Activity::Precaire]));
    w.number(count(&[Activity::SansEmploi]));
    w.number(count(&[Activity::Retraite]));
    w.number(count(&[Activity::Etudiant, Activity::AutreInactif]));
}

fn truth_row(truth: &mut Vec<u8>, year: i32, d: &Dwelling, status: &str, h: &Household) {
    let _ = writeln!(
        truth,
        "{year};{:010};{status};{};{};{};{};{};{};{};{:.4};{};{};{};{}",
        d.ident,
        year_month(h.entered),
        u8::from(h.recent),
        TYPES[h.kind],
        h.ages.len(),
        h.minors(),
        h.ages[0],
        h.rfr,
        h.pct,
        ["APL", "AL", "NON"][h.aid],
        h.activities[0].word(),
        h.activities.len(),
        h.activities.iter().filter(|a| **a == Activity::SansEmploi).count(),
    );
}
