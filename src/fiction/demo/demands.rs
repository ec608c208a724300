//! Demands as an extract of the SNE: the waiting and the housed of [`super::attributions`], with what a grid
//! scores, and as many more as the territory has dwellings.
//!
//! Planted, and told in `verite/cotation.csv`: a local criterion that is the double of another (L02 and C20),
//! one that is never proven (C08), one that nobody meets (C42).

use std::fmt::Write;

use super::dice::Dice;
use super::ground::Ground;

/// First line of `demandes_2024.csv`.
pub const HEADER: &str = "nud;date_depot;date_renouvellement;statut;date_radiation;motif_radiation;communes_demandees;demande_elargie;typologies;depcom_actuel;depcom_travail;mode_logement;motifs;mutation;statut_dalo;accord_collectif;priorite_l441_1;relogement;age;nb_personnes;nb_moins14;nb_14plus;nb_mineurs;nb_a_naitre;nb_garde_alternee;cotitulaire;ressources_mensuelles;ressources_natures;activite;employeur;loyer_charges;surface;pieces;date_entree_logement;qpv_actuel;handicap;nb_refus;date_dernier_refus;justificatifs;criteres_locaux;rfr;date_naissance\n";

/// First line of `verite/cotation.csv`.
pub const TRUTH: &str = "constat;critere;avec;demandes\n";

/// The grids of `data/demo/grilles`, by file name. `{EPCI}` stands for the code of the first EPCI.
pub const GRIDS: [(&str, &str); 4] = [
    ("rubriques", include_str!("../../../data/demo/grilles/rubriques.json")),
    ("automatique", include_str!("../../../data/demo/grilles/automatique.json")),
    ("provisoire", include_str!("../../../data/demo/grilles/provisoire.json")),
    ("mutation", include_str!("../../../data/demo/grilles/mutation.json")),
];

/// Day of the extract: 31 December 2024.
const LAST: (i32, i32, i32) = (2024, 12, 31);

/// What was written.
#[derive(Debug, Default)]
pub struct Demands {
    pub bytes: Vec<u8>,
    pub rows: u64,
    pub truth: String,
}

/// Cells of one demand of [`super::attributions`] (`DEMANDS_HEADER`).
struct Basis<'a> {
    nud: &'a str,
    depot: &'a str,
    statut: &'a str,
    fin: &'a str,
    motif_fin: &'a str,
    town: &'a str,
    rooms: i32,
    persons: i32,
    under14: i32,
    resources: &'a str,
    work: &'a str,
    mode: &'a str,
    motive: &'a str,
    mutation: bool,
    dalo: &'a str,
    qpv: &'a str,
}

impl<'a> Basis<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let c: Vec<&str> = line.split(';').collect();
        let number = |i: usize| c.get(i)?.trim_start_matches('T').parse().ok();
        Some(Self {
            nud: c.first()?,
            depot: c.get(1)?,
            statut: c.get(2)?,
            fin: c.get(3)?,
            motif_fin: c.get(4)?,
            town: c.get(6)?,
            rooms: number(7)?,
            persons: number(8)?,
            under14: number(9)?,
            resources: c.get(11)?,
            work: c.get(12)?,
            mode: c.get(13)?,
            motive: c.get(14)?,
            mutation: *c.get(15)? == "1",
            dalo: c.get(16)?,
            qpv: c.get(17)?,
        })
    }
}

/// Enriches the demands of `basis` and adds others until there are `least`.
#[must_use]
pub fn demands(ground: &Ground, basis: &[u8], least: u64) -> Demands {
    let text = String::from_utf8_lossy(basis);
    let all: Vec<Basis<'_>> = text.lines().filter_map(Basis::read).collect();
    // Its own chance: the other files stay as they were.
    let mut dice = Dice::new(ground.seed, 196);
    let mut out = Demands::default();
    let mut hotels = 0u64;
    for b in &all {
        hotels += u64::from(b.mode == "HOT");
        row(ground, &mut dice, &mut out, b);
    }
    let waiting: Vec<&Basis<'_>> = all.iter().filter(|b| b.statut == "ACTIVE").collect();
    while out.rows < least && !waiting.is_empty() {
        let model = waiting[dice.below(waiting.len())];
        let rank = out.rows + 1;
        let past = (-(1.0 - dice.unit()).max(1e-6).ln() * 19.0) as i32;
        let filed = 2024 * 12 + 11 - past;
        let depot = date(filed, dice.int(1, 28));
        let nud = format!("0840{:02}{:02}{rank:06}01902", filed % 12 + 1, filed / 12 % 100);
        let town = &ground.towns[dice.below(ground.towns.len())].code;
        // One in eight gave up: never housed, censored for waiting times.
        let closed = past > 14 && dice.chance(0.125);
        let end = if closed { date(filed + 13, dice.int(1, 28)) } else { String::new() };
        let b = Basis {
            nud: &nud,
            depot: &depot,
            statut: if closed { "RADIEE" } else { "ACTIVE" },
            fin: &end,
            #[expect(clippy::explicit_auto_deref, reason = "without it the type of the list is not found")]
            motif_fin: if closed { *dice.pick(&["RADREN", "RADABA", "RADCON"]) } else { "" },
            town: if dice.chance(0.5) { model.town } else { town },
            ..*model
        };
        hotels += u64::from(b.mode == "HOT");
        row(ground, &mut dice, &mut out, &b);
    }
    let _ = write!(out.truth, "double;L02;C20;{hotels}\nsans_preuve;C08;;\npersonne;C42;;0\n");
    out
}

/// Months since year 0, day.
fn date(month: i32, day: i32) -> String {
    format!("{:04}-{:02}-{:02}", month.div_euclid(12), month.rem_euclid(12) + 1, day.clamp(1, 28))
}

/// `yyyy-mm-dd` as months since year 0.
fn month_of(day: &str) -> i32 {
    let part = |r: std::ops::Range<usize>| day.get(r).and_then(|t| t.parse::<i32>().ok()).unwrap_or(0);
    part(0..4) * 12 + part(5..7) - 1
}

/// A birth date of this year, drawn from the number: the chance of the other columns stays what it was.
pub(super) fn birthday(nud: &str, year: i32) -> String {
    let mixed = nud.bytes().fold(2_166_136_261u32, |h, b| (h ^ u32::from(b)).wrapping_mul(16_777_619));
    format!("{year:04}-{:02}-{:02}", mixed % 12 + 1, mixed / 12 % 28 + 1)
}

fn row(ground: &Ground, d: &mut Dice, out: &mut Demands, b: &Basis<'_>) {
    let filed = month_of(b.depot);
    let last = if b.fin.is_empty() { LAST.0 * 12 + LAST.1 - 1 } else { month_of(b.fin) };
    let years = (last - filed) / 12;
    let renewed = if years > 0 { date(filed + 12 * years, 1) } else { String::new() };

    let mut towns = vec![b.town.to_owned()];
    let epci = ground.towns.iter().find(|t| t.code == b.town).map_or(0, |t| t.epci);
    for _ in 0..d.weighted(&[45.0, 25.0, 20.0, 10.0]) {
        let t = &ground.towns[d.below(ground.towns.len())];
        if (t.epci == epci || d.chance(0.2)) && !towns.contains(&t.code) {
            towns.push(t.code.clone());
        }
    }
    let mut rooms = format!("T{}", b.rooms);
    if b.rooms < 5 && d.chance(0.35) {
        let _ = write!(rooms, "|T{}", b.rooms + 1);
    }
    let near = |d: &mut Dice, p: f64| match d.chance(p) {
        true => b.town.to_owned(),
        false => ground.towns[d.below(ground.towns.len())].code.clone(),
    };
    let here = near(d, 0.6);
    let employed = matches!(b.work, "CDI" | "CDD" | "ART" | "APP");
    let works = if employed { near(d, 0.4) } else { String::new() };

    let mut motives = vec![b.motive];
    if d.chance(0.3) {
        let other = *d.pick(&["04", "07", "08", "09", "13", "17", "19", "20", "21", "22"]);
        if other != b.motive {
            motives.push(other);
        }
    }
    let transfer =
        if b.mutation { ["INTERNE", "EXTERNE", "OUI"][d.weighted(&[6.0, 3.0, 1.0])] } else { "NON" };
    let mut letters: Vec<&str> = Vec::new();
    match b.motive {
        "06" => letters.push("g"),
        "05" => letters.push("l"),
        _ => {}
    }
    if d.chance(0.16) {
        letters.push(*d.pick(&["a", "c", "d", "e", "f", "j", "k", "k", "m"]));
    }
    letters.dedup();
    let relocation = ["AUCUN", "ANRU", "ORCOD", "HABITAT_INDIGNE"][d.weighted(&[95.0, 3.0, 0.6, 1.4])];

    let over14 = b.persons - b.under14;
    // Of those of 14 and more beyond two adults, some are under 18.
    let teens = (over14 - 2).max(0).min(d.int(0, 2));
    let minors = b.under14 + teens;
    let age = match b.work {
        "RET" => d.int(62, 88),
        "ETU" | "APP" => d.int(18, 26),
        _ => (37.0 + 11.0 * d.normal()).clamp(18.0, 64.0) as i32,
    };
    let unborn = i32::from(b.persons >= 2 && age < 43 && d.chance(0.06));
    let shared = if minors > 0 && d.chance(0.06) { 1 } else { 0 };
    let resources: f64 = b.resources.parse().unwrap_or(f64::NAN);
    let mut kinds: Vec<&str> = vec![match b.work {
        "CDI" | "CDD" | "ART" | "APP" => "SAL",
        "RET" => "RET",
        "CHO" => "CHO",
        "ETU" => "BE",
        _ => "RSA",
    }];
    if minors >= 2 {
        kinds.push("AF");
    }
    if d.chance(0.05) {
        kinds.push("AAH");
    }
    let disabled = kinds.contains(&"AAH") || d.chance(0.03);
    let employer = match (employed, d.chance(0.24)) {
        (true, true) => "PUBLIC",
        (true, false) => "PRIVE",
        _ => "AUCUN",
    };
    let rent = match b.mode {
        "LP" => d.between(0.18, 0.75),
        "HLM" => d.between(0.1, 0.36),
        "RHVS" | "SH" => d.between(0.05, 0.2),
        _ => 0.0,
    };
    let rent = if resources.is_nan() { 0.0 } else { (resources * rent).round().min(1_800.0) };
    let surface = (d.between(9.0, 17.0) * f64::from(b.persons) + d.between(2.0, 22.0)).round() as i32;
    let housed = !matches!(b.mode, "SD" | "HOT" | "CAMCAR");
    let pieces = (surface / 19).clamp(1, 7);
    let entered = date(filed - d.int(1, 150), d.int(1, 28));
    let refused = b.statut == "ACTIVE" && years > 0 && d.chance(0.09);
    let refusal = if refused { date(last - d.int(0, 26), d.int(1, 28)) } else { String::new() };

    let mut proofs: Vec<&str> = Vec::new();
    for (code, declared) in [
        ("C01", b.dalo == "ACTIF"),
        ("C03", disabled),
        ("C09", letters.contains(&"g")),
        ("C16", b.mode == "SD"),
        ("C17", b.mode == "CP"),
        ("C18", b.motive == "05"),
        ("C20", b.mode == "HOT"),
        ("C26", motives.contains(&"04")),
        ("C28", rent > 0.0),
        ("C36", unborn > 0),
    ] {
        if declared && d.chance(0.55) {
            proofs.push(code);
        }
    }
    let mut local: Vec<&str> = Vec::new();
    if d.chance(0.05) {
        local.push("L01");
    }
    if b.mode == "HOT" {
        local.push("L02");
    }
    if employed && d.chance(0.08) {
        local.push("C45");
    }
    let flag = u8::from;
    let mut line = String::new();
    let _ = write!(line, "{};{};{renewed};{};{};{};", b.nud, b.depot, b.statut, b.fin, b.motif_fin);
    let _ = write!(line, "{};{};{rooms};{here};{works};{};", towns.join("|"), flag(d.chance(0.4)), b.mode);
    let agreement = if d.chance(0.04) { "ACD" } else { "AUCUN" };
    let _ = write!(line, "{};{transfer};{};{agreement};", motives.join("|"), b.dalo);
    let _ = write!(line, "{};{relocation};{age};{};{};{over14};", letters.join("|"), b.persons, b.under14);
    let _ = write!(line, "{minors};{unborn};{shared};{};", flag(over14 > 1 && d.chance(0.7)));
    let _ = write!(line, "{};{};{};{employer};{rent};", b.resources, kinds.join("|"), b.work);
    match housed {
        true => {
            let _ = write!(line, "{surface};{pieces};{entered};");
        }
        false => line.push_str(";;;"),
    }
    let _ = write!(line, "{};{};{};{refusal};", b.qpv, flag(disabled), flag(refused));
    // Fiscal income: of the year before, after the deduction of a tenth; one in eight has not given it.
    let fiscal = match resources.is_nan() || d.chance(0.125) {
        true => String::new(),
        false => (12.0 * resources * d.between(0.82, 0.94)).round().to_string(),
    };
    let birth = birthday(b.nud, LAST.0 - age);
    let _ = writeln!(line, "{};{};{fiscal};{birth}", proofs.join("|"), local.join("|"));
    out.bytes.extend_from_slice(line.as_bytes());
    out.rows += 1;
}
