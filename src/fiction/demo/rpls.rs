//! The dwelling register as a restricted file: 73 columns of the public layout and those that only partners
//! see.

use std::io::Write;

use crate::reference::demo::Scope;

use super::cells::Cells;
use super::columns::finan_label;
use super::dice::{Dice, mix};
use super::dirt::{Dirt, Located, Planted, Road, far_from, point, road};
use super::ground::{Block, Dwelling, Ground, YEARS};
use super::stock::january;

/// Writes the rows of blocks for one millésime.
pub struct Register<'a> {
    pub ground: &'a Ground,
    /// 0: 2022, 1: 2024.
    pub wave: usize,
    roads: Dirt,
    points: Dirt,
    rows: Dirt,
    /// Whether enough dwellings are stacked on the head office for rule R10 to see them.
    stacked: bool,
    /// The blocks are parts of a country, whose head office is stacked in any case.
    part: bool,
}

/// What one buffer of rows holds.
#[derive(Debug, Default)]
pub struct Written {
    pub bytes: Vec<u8>,
    pub rows: u64,
    pub planted: Vec<Planted>,
    /// Dwellings without repetition.
    pub dwellings: u64,
}

/// Number from which R10 calls a stack.
const STACK: usize = 150;

impl<'a> Register<'a> {
    #[must_use]
    pub fn new(ground: &'a Ground, wave: usize, scale: f64) -> Self {
        Self {
            ground,
            wave,
            roads: Dirt::new(ground, Scope::Voie, scale),
            points: Dirt::new(ground, Scope::Point, scale),
            rows: Dirt::new(ground, Scope::Logement, scale),
            stacked: false,
            part: false,
        }
    }

    /// For blocks that are parts of a whole too large to count.
    #[must_use]
    pub fn of_a_part(mut self) -> Self {
        self.part = true;
        self
    }

    /// The key of a place is the first dwelling that names it: stable for a seed, and alike in both
    /// millésimes.
    fn filed(&self, block: &Block, d: &Dwelling, key: u64) -> (Road, Located) {
        let r = &block.residences[d.residence];
        let place = &block.places[d.place];
        let road = road(self.ground, &self.roads, block, place, key, r.bailleur, &r.nom);
        let point = point(self.ground, &self.points, block, place, key, r.bailleur);
        (road, point)
    }

    /// Writes all dwellings of a block that the register knew at its date.
    #[must_use]
    pub fn write(&mut self, block: &Block) -> Written {
        let mut out = Written::default();
        out.bytes.reserve(block.dwellings.len() * 620);
        self.stacked = self.part || self.count_stack(block) > STACK;
        let mut here: Option<(usize, Road, Located)> = None;
        for d in &block.dwellings {
            if here.as_ref().is_none_or(|(p, _, _)| *p != d.place) {
                let (road, point) = self.filed(block, d, d.ident);
                here = Some((d.place, road, point));
            }
            if d.mode[self.wave] == 0 {
                continue;
            }
            if let Some((_, road, point)) = &here {
                self.row(block, d, road, point, &mut out);
            }
        }
        out
    }

    fn count_stack(&self, block: &Block) -> usize {
        let mut n = 0;
        let mut last = (usize::MAX, false);
        for d in &block.dwellings {
            if last.0 != d.place {
                let at = self.filed(block, d, d.ident).1;
                last = (d.place, at.fault.is_some_and(|f| f.code == "empilement_siege"));
            }
            n += usize::from(last.1 && d.mode[self.wave] != 0);
        }
        n
    }

    fn row(&self, block: &Block, d: &Dwelling, road: &Road, located: &Located, out: &mut Written) {
        let mut dice = Dice::new(mix(self.ground.seed, d.ident), 70 + self.wave as u64);
        let mut fault = self.rows.draw(&mut dice);
        let r = &block.residences[d.residence];
        let town = &self.ground.towns[block.places[d.place].town];
        let b = &self.ground.bailleurs[r.bailleur];
        let mode = d.mode[self.wave];
        let code = |f: Option<&'static crate::reference::demo::Defect>| f.map_or("", |f| f.code.as_str());
        // A fault that cannot show on this row is not planted.
        let neighbour =
            &self.ground.towns[(block.places[d.place].town + 1 + dice.below(5)) % self.ground.towns.len()];
        let possible = match code(fault) {
            "zero_perdu_depcom" => town.code.starts_with('0'),
            "zero_perdu_siret" => b.siret.starts_with('0'),
            "commune_voisine" => {
                located.fault.is_none() && located.at.is_some_and(|p| far_from(&neighbour.ground, p))
            }
            "bail_manquant" | "loyer_9999" | "loyer_aberrant" | "notation_scientifique" => mode == 1,
            "dpe_sans_date" => r.dpe.is_some(),
            "virgule_decimale" => located.at.is_some(),
            "annee_impossible" | "financement_inconnu" | "surface_incoherente" => true,
            // Declared in a QPV against a point that shows the opposite: only where the point is good.
            "qpv_declare_faux" => located.fault.is_none(),
            _ => true,
        };
        if !possible {
            fault = None;
        }
        let line = out.rows;
        let mut plant =
            |column: &'static str, f: &'static crate::reference::demo::Defect, rule: &'static str| {
                out.planted.push(Planted { row: line, column, code: &f.code, rule, level: &f.niveau });
            };
        let rejected = fault.is_some_and(|f| f.code == "depcom_invalide");
        if let Some(f) = fault
            && f.code != "doublon_ident_rep"
        {
            plant(&f.colonne, f, &f.regle);
        }
        if !rejected {
            if let Some(f) = road.fault {
                plant(&f.colonne, f, &f.regle);
            }
            if let Some(f) = located.fault {
                let rule: &'static str = match f.code.as_str() {
                    "empilement_siege" if self.stacked => "R10",
                    "empilement_siege" | "point_hors_commune" => "",
                    _ => &f.regle,
                };
                if !rule.is_empty() || !located.outside {
                    plant(&f.colonne, f, rule);
                }
                if located.outside && f.code != "hors_du_repere" {
                    plant("X", f, "R08");
                }
                let declared = if self.wave == 1 {
                    block.places[d.place].qpv2024
                } else {
                    block.places[d.place].qpv2015
                };
                let seen = if self.wave == 1 { located.qpv2024 } else { located.qpv2015 };
                if self.ground.towns.len() < 1000
                    && located.at.is_some()
                    && declared.is_some() != seen.is_some()
                    && f.code != "hors_du_repere"
                {
                    plant("QPV_CODE", f, "R09");
                }
            }
        }
        self.cells(block, d, road, located, (code(fault), neighbour), &mut dice, &mut out.bytes);
        out.rows += 1;
        out.dwellings += 1;
        if let Some(f) = fault
            && f.code == "doublon_ident_rep"
        {
            // The second line is the one to reject; its cells are those of the first.
            self.cells(block, d, road, located, ("", neighbour), &mut dice, &mut out.bytes);
            out.planted.push(Planted {
                row: out.rows,
                column: "IDENT_REP",
                code: &f.code,
                rule: &f.regle,
                level: &f.niveau,
            });
            out.rows += 1;
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn cells(
        &self,
        block: &Block,
        d: &Dwelling,
        road: &Road,
        located: &Located,
        (fault, neighbour): (&str, &super::ground::Town),
        dice: &mut Dice,
        buffer: &mut Vec<u8>,
    ) {
        let g = self.ground;
        let r = &block.residences[d.residence];
        let place = &block.places[d.place];
        let town = &g.towns[place.town];
        let area = &g.departements[town.departement];
        let epci = &g.epci[town.epci];
        let b = &g.bailleurs[r.bailleur];
        let year = YEARS[self.wave];
        let mode = d.mode[self.wave];
        let lease = d.lease[self.wave];
        let mark = if fault == "virgule_decimale" { b',' } else { b'.' };
        let t = &g.data.names.territoire;
        let mut w = Cells { buffer };
        let _ = write!(
            w.buffer,
            "{:010};{}{:05}-{:06};",
            d.ident,
            b.prefix,
            r.segment % 100_000,
            d.ident % 1_000_000
        );
        w.text(if fault == "zero_perdu_siret" { b.siret.trim_start_matches('0') } else { &b.siret });
        w.text(&b.nom);
        w.text(&b.categorie);
        w.text(&area.region);
        if fault == "libelle_perdu" {
            let lost: String =
                area.nom_region.chars().map(|c| if c.is_ascii() { c } else { '\u{fffd}' }).collect();
            w.text(&lost);
        } else {
            w.text(&area.nom_region);
        }
        w.text(&area.nom_region);
        w.text(if fault == "zero_perdu_depcom" { area.code.trim_start_matches('0') } else { &area.code });
        w.text(&area.nom);
        w.text(&area.nom);
        w.text(&epci.code);
        w.text(&epci.nom);
        w.text(&epci.nom);
        let (own_code, own_name) = town.filed(self.wave, r.bailleur);
        let (depcom, postcode) = match fault {
            "depcom_invalide" => (["99999", "0190", "XX901", ""][dice.below(4)], town.codepostal.as_str()),
            "zero_perdu_depcom" => {
                (town.code.trim_start_matches('0'), town.codepostal.trim_start_matches('0'))
            }
            "commune_voisine" => (neighbour.code.as_str(), neighbour.codepostal.as_str()),
            "code_postal_faux" => (own_code, "59999"),
            _ => (own_code, town.codepostal.as_str()),
        };
        w.text(depcom);
        w.text(postcode);
        w.text(if fault == "commune_voisine" { &neighbour.nom } else { own_name });
        w.text(&road.number);
        w.text(&road.suffix);
        w.text(&road.kind);
        w.text(&road.name);
        w.number(i64::from(d.door));
        w.text("");
        let letter = &g.data.names.programmes.batiments
            [usize::from(d.building) % g.data.names.programmes.batiments.len()];
        w.text(if r.kind == 'I' { "" } else { letter });
        w.text("");
        if d.floor == 0 && r.kind != 'I' {
            w.text("RC")
        } else {
            w.number(i64::from(d.floor))
        }
        w.text(&road.complement);
        w.text("");
        w.text(if r.kind == 'I' { "" } else { letter });
        w.text(if fault == "immeuble_en_date" { "7190-01-01" } else { "" });
        w.text(&r.nom);
        w.text("");
        let declared = if self.wave == 1 { place.qpv2024 } else { place.qpv2015 }.is_some()
            != (fault == "qpv_declare_faux");
        w.text(if declared { "1" } else { "2" });
        w.text(if declared { "Oui" } else { "Non" });
        w.text("1;Pleine propriété");
        match r.kind {
            'I' => w.text("I;Individuel"),
            'E' => w.text("E;Étudiant"),
            _ => w.text("C;Collectif"),
        }
        w.number(i64::from(d.rooms));
        if fault == "surface_incoherente" {
            w.number(if dice.chance(0.5) { i64::from(d.rooms) * 3 + 2 } else { 950 })
        } else {
            w.number(i64::from(d.surface))
        }
        if fault == "annee_impossible" {
            w.text(["1010", "1092", "1450", "2075"][dice.below(4)])
        } else {
            w.number(i64::from(r.construct))
        }
        w.number(i64::from(r.locat));
        w.number(i64::from(r.patrimoine));
        w.number(i64::from(r.origine));
        if fault == "financement_inconnu" {
            w.text("36;Non conforme");
        } else {
            w.number(i64::from(d.finan));
            w.text(finan_label(d.finan));
        }
        w.text("");
        let conventionne = d.finan != 16;
        w.text(if conventionne { "1" } else { "2" });
        if conventionne && r.patrimoine >= 1978 {
            let _ = write!(
                w.buffer,
                "{}/3/{:02}-{}/80-415/{:06};01/07/{};",
                area.code,
                1 + r.conv % 12,
                r.patrimoine,
                r.conv,
                r.patrimoine
            );
        } else {
            w.text(";");
        }
        w.text(";");
        w.text(match d.finan {
            10 | 11 | 51 => "11",
            14 => "14",
            16 => "16",
            _ => "13",
        });
        match r.dpe {
            Some(class) => {
                if fault == "dpe_sans_date" {
                    w.text("01/1900")
                } else {
                    w.month(
                        january((2010 + (r.conv % 11) as i32).max(r.construct.min(2020)))
                            + (r.conv % 12) as i32,
                    )
                }
                w.text(["A", "B", "C", "D", "E", "F", "G"][usize::from(class) - 1]);
                w.text(
                    ["A", "B", "C", "D", "E", "F", "G"]
                        [usize::from(class.saturating_sub((r.conv % 2) as u8).max(1)) - 1],
                );
            }
            None => w.text(if r.conv.is_multiple_of(3) { ";;" } else { "01/1900;;" }),
        }
        if conventionne && r.patrimoine >= 1978 && r.conv.is_multiple_of(5) {
            let ends = i64::from(r.patrimoine) + 40 + i64::from(r.conv % 15);
            w.number(ends.max(i64::from(year)));
        } else {
            w.text("");
        }
        w.text("1");
        let _ = write!(w.buffer, "S{:04};Segment {};", r.segment % 40 + 1, 1 + r.segment % 6);
        w.text(if d.pmr { "2;Accessible" } else { "1;Non accessible" });
        w.number(i64::from(mode));
        match (mode, fault) {
            (1, "bail_manquant") => w.text(if dice.chance(0.5) { "" } else { "NA/NA" }),
            (1, _) => w.month(lease),
            _ => w.text(""),
        }
        w.text("3");
        w.number(i64::from(d.surface));
        let rent = if self.wave == 1 { d.rent } else { d.rent / g.data.figures.parc.hausse_loyer_deux_ans };
        match (mode, fault) {
            (3..=5, _) | (1, "loyer_9999") => w.text("9999"),
            (_, "loyer_aberrant") => w.cents(rent * 12.0, mark),
            (_, "notation_scientifique") => {
                let e = rent.log10().floor();
                let _ = write!(w.buffer, "{:.4}E+{:02};", rent / 10f64.powf(e), e as i32);
            }
            _ => w.cents(rent, mark),
        }
        w.text("999");
        w.text("999");
        if mode == 1 {
            w.month(lease)
        } else {
            w.text("")
        }
        if mode == 2 {
            w.number(i64::from(january(year) - lease))
        } else {
            w.text("")
        }
        w.number(i64::from(d.contingent));
        self.position(block, place, located, fault, mark, &mut w);
        w.text(&t.unite_urbaine);
        w.text(&t.aire_attraction);
        w.text(&t.zone_emploi);
        w.text(&b.siren);
        w.cents(rent / f64::from(d.surface.max(1)) * 1.06, b'.');
        w.text("9");
        w.end();
    }

    fn position(
        &self,
        block: &Block,
        place: &super::ground::Place,
        at: &Located,
        fault: &str,
        mark: u8,
        w: &mut Cells<'_>,
    ) {
        let g = self.ground;
        let town = &g.towns[place.town];
        let frame = g.departements[town.departement].frame;
        let _ = write!(w.buffer, "{}_{:04};{};", town.code, block.streets[place.street].fantoir, frame.epsg);
        match at.at.map(|p| frame.place(p)) {
            Some(p) => {
                w.cents(p[0], mark);
                w.cents(p[1], mark);
            }
            None => w.text(";"),
        }
        let named = |zones: &[super::ground::Zone], i: Option<usize>, commune_has: bool| match i {
            Some(i) => zones[i].code.clone(),
            None if commune_has => "HZ".to_owned(),
            None => "CSZ".to_owned(),
        };
        let has = |zones: &[super::ground::Zone]| {
            g.towns.len() > 1000 || zones.iter().any(|z| z.town == place.town)
        };
        if self.wave == 1 {
            w.text(&named(&g.qpv2024, at.qpv2024, has(&g.qpv2024)));
        }
        w.text(&named(&g.qpv2015, at.qpv2015, has(&g.qpv2015)));
        match at.iris {
            // The four last digits, as in the files of the same service.
            Some(i) => {
                let zone = &g.iris[i];
                w.text(&zone.code[5..]);
                w.text(&zone.nom);
            }
            None => w.text("0000;"),
        }
        w.text("CSZ;CSZ");
        let known = at.at.is_some();
        let street = if !known {
            ""
        } else {
            match at.quality {
                11 | 12 => "1",
                21 | 22 => "2",
                _ => "3",
            }
        };
        let number = if !known {
            ""
        } else {
            match at.quality {
                11 | 21 => "1",
                _ => "3",
            }
        };
        let zone = if !known {
            ""
        } else {
            match at.quality {
                11 => "1",
                21 | 12 => "2",
                _ => "3",
            }
        };
        w.text(street);
        w.text(number);
        match (known, fault) {
            (false, _) => w.text(""),
            (_, "qualite_inconnue") => w.text("99"),
            _ => w.number(i64::from(at.quality)),
        }
        if known {
            w.cents(at.precision, b'.')
        } else {
            w.text("")
        }
        if self.wave == 1 {
            w.text(zone);
        }
        for _ in 0..4 {
            w.text(zone);
        }
        w.text(";");
    }
}
