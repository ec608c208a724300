//! `declares/flux/`: conventions, yearly bases, rights and two years of events of gestion en flux, with what
//! was planted in `verite/flux.csv`.
//!
//! Planted: rights of one commune above what becomes available there (`surreservation`); an intercommunalité
//! that is offered the ground floors of the largest bailleur (`inequite`); dwellings whose delay is over and
//! nobody answered (`retard`); dwellings handed back (`remis`); a bailleur whose State has less than 30 %
//! (`etat_insuffisant`).

use std::collections::BTreeMap;
use std::fmt::Write;

use super::dice::Dice;
use super::ground::{Block, Dwelling, Ground};
use super::stock::{Financing, financing};

/// Files, by name, without their folder, and their rows.
#[derive(Debug, Default)]
pub struct Flux {
    pub conventions: Sheet,
    pub bases: Sheet,
    pub rights: Sheet,
    pub events: Sheet,
    pub truth: Sheet,
}

/// A file under way.
#[derive(Debug, Default)]
pub struct Sheet {
    pub text: String,
    pub rows: u64,
}

impl Sheet {
    fn new(header: &str) -> Self {
        Self { text: format!("{header}\n"), rows: 0 }
    }

    fn row(&mut self, line: std::fmt::Arguments<'_>) {
        let _ = writeln!(self.text, "{line}");
        self.rows += 1;
    }
}

/// Days between 1970 and 1 January 2023, 2024 and 2025.
const BEGIN: i32 = 19_358;
const END: i32 = 20_089;

/// What the EPCI delegates of its flow to its communes, in %.
const DELEGATED: [u32; 3] = [40, 20, 15];

/// Share of the stock that becomes available in a year.
const RATE: f64 = 0.06;

/// `YYYY-MM-DD` of a day since 1970 (days of the proleptic Gregorian calendar, Hinnant's algorithm).
fn iso(day: i32) -> String {
    let z = day + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i32::from(month <= 2);
    format!("{year:04}-{month:02}-{:02}", doy - (153 * mp + 2) / 5 + 1)
}

/// Everything, for the stock of 2024.
#[must_use]
pub fn flux(ground: &Ground, block: &Block) -> Flux {
    let owner = |d: &Dwelling| block.residences[d.residence].bailleur;
    let stock: Vec<&Dwelling> = block.dwellings.iter().filter(|d| d.mode[1] != 0).collect();
    let mut owned = vec![0u32; ground.bailleurs.len()];
    stock.iter().for_each(|d| owned[owner(d)] += 1);
    let largest = (0..owned.len()).max_by_key(|b| (owned[*b], std::cmp::Reverse(*b))).unwrap_or(0);
    let mut out = Flux {
        conventions: Sheet::new(
            "bailleur;reservataire;departement;document;statut;signee;du;au;decompte;part;minimum;maximum;delai;delai_neuf;\
             echeance;gestion;garantie;delegations;al_placements;al_offres;al_partenariat;al_hors_flux",
        ),
        bases: Sheet::new(
            "bailleur;departement;commune;annee;stock;relocations_1;relocations_2;relocations_3;taux;mutations;anru;orcod;insalubrite",
        ),
        rights: Sheet::new(
            "id;bailleur;reservataire;departement;commune;origine;programme;nombre;nature;du;au;delegataire",
        ),
        events: Sheet::new(
            "id;bailleur;logement;jour;genre;reservataire;contingent;motif;candidats;dalo;q1;mutation;commune;typologie;\
             financement;qpv;periode;etage;partenariat;hors_flux",
        ),
        truth: Sheet::new("quoi;bailleur;objet;valeur"),
    };
    let town_of = |d: &Dwelling| block.places[d.place].town;
    let mut by_town: BTreeMap<(usize, usize), u32> = BTreeMap::new();
    stock.iter().for_each(|d| *by_town.entry((owner(d), town_of(d))).or_default() += 1);
    for (b, n) in owned.iter().enumerate().filter(|(_, n)| **n > 0) {
        agreed(ground, b, *n, b == largest, &mut out);
    }
    reserved(ground, &by_town, largest, &mut out);
    out.truth
        .row(format_args!("inequite;{};EPCI:{};etage", ground.bailleurs[largest].siren, ground.epci[0].code));
    let mut way =
        Ways { ground, block, largest, dice: Dice::new(ground.seed, 97), days: Vec::new(), late: 0 };
    for d in stock {
        let both = way.dice.chance(2.0 * RATE);
        if both {
            way.one(d, owner(d), &mut out.truth);
        }
    }
    way.days.sort();
    for (i, (_, _, _, line)) in way.days.iter().enumerate() {
        out.events.row(format_args!("e{i:06};{line}"));
    }
    out
}

/// Conventions and bases of a bailleur.
fn agreed(ground: &Ground, b: usize, stock: u32, largest: bool, out: &mut Flux) {
    let (siren, dep) = (&ground.bailleurs[b].siren, &ground.data.names.territoire.departement);
    let main = &ground.towns[0].code;
    let epci = &ground.epci[0].code;
    // The second bailleur's State has too little.
    let short = b == 1;
    let state = if short { 18 } else { 25 };
    let list = [
        ("ETAT_PRIO".to_owned(), state, "bail", 0, 30),
        ("ETAT_AGENT".to_owned(), 5, "bail", 0, 30),
        ("ACTION_LOGEMENT".to_owned(), 22, "bail", 0, 30),
        (format!("EPCI:{epci}"), 12, "caleol", 0, 21),
        (format!("COMMUNE:{main}"), 6, "orientation", if largest { 10 } else { 0 }, 15),
    ];
    for (r, part, counting, least, delay) in list {
        // The EPCI delegates most of its flow to three of its communes.
        let mut delegated: Vec<String> = Vec::new();
        if r.starts_with("EPCI") {
            let own = ground.towns.iter().filter(|t| t.epci == 0);
            delegated.extend(own.zip(DELEGATED).map(|(t, share)| format!("{}={share}", t.code)));
        }
        let aims = if r == "ACTION_LOGEMENT" {
            let flow = (f64::from(stock) * RATE * 0.22).round();
            format!("{flow};{};30;{}", (flow * 1.2).round(), (flow / 20.0).round())
        } else {
            ";;;".to_owned()
        };
        out.conventions.row(format_args!(
            "{siren};{r};{dep};Convention de gestion en flux {};signee;2022-11-15;2023;;{counting};{part};{least};;{delay};60;\
             retour_bailleur;{};{};{};{aims}",
            ground.bailleurs[b].nom.replace(';', ","),
            if delegated.is_empty() { "directe" } else { "partagee" },
            u8::from(r.starts_with("EPCI") || r.starts_with("COMMUNE")),
            delegated.join("|"),
        ));
    }
    if short {
        out.truth.row(format_args!("etat_insuffisant;{siren};{dep};{}", state + 5));
    }
    for year in [2023, 2024, 2025] {
        let past = |back: u32| (f64::from(stock) * (RATE + 0.004 * f64::from(back))).round();
        let (mutations, anru) = ((f64::from(stock) * 0.005).round(), (f64::from(stock) * 0.002).round());
        out.bases.row(format_args!(
            "{siren};{dep};;{year};{stock};{};{};{};;{mutations};{anru};0;0",
            past(0),
            past(1),
            past(2)
        ));
    }
}

/// Rights by commune, and bases of communes; the third commune of the largest bailleur has too many.
fn reserved(ground: &Ground, by_town: &BTreeMap<(usize, usize), u32>, largest: usize, out: &mut Flux) {
    let dep = &ground.data.names.territoire.departement;
    let over = by_town.iter().filter(|((b, t), n)| *b == largest && *t != 0 && **n >= 40);
    let over = over.max_by_key(|((_, t), n)| (**n, std::cmp::Reverse(*t))).map(|(k, _)| *k);
    for ((b, t), n) in by_town.iter().filter(|(_, n)| **n >= 40) {
        let (siren, town) = (&ground.bailleurs[*b].siren, &ground.towns[*t].code);
        let too_many = over == Some((*b, *t));
        for year in [2024, 2025] {
            out.bases.row(format_args!("{siren};{dep};{town};{year};{n};;;;6,4;{};0;0;0", n / 200));
        }
        let shares = if too_many { [0.75, 0.65] } else { [0.10, 0.22] };
        let holders = [format!("COMMUNE:{town}"), "ACTION_LOGEMENT".to_owned()];
        for (i, (share, holder)) in shares.into_iter().zip(holders).enumerate() {
            let count = (f64::from(*n) * share).round();
            let (origin, end) = if i == 0 { ("garantie", "2041") } else { ("peec", "") };
            out.rights.row(format_args!(
                "{town}-{i};{siren};{holder};{dep};{town};{origin};{};{count};droit_de_suite;1998;{end};",
                ground.towns[*t].nom
            ));
        }
        // Rights of the EPCI, of which some are the commune's to use; one in five begins in 2025.
        if ground.towns[*t].epci == 0 && !too_many {
            let (begin, count) = (if t % 5 == 2 { 2025 } else { 2004 }, (f64::from(*n) * 0.08).round());
            let rank = ground.towns.iter().filter(|x| x.epci == 0).position(|x| x.code == *town);
            let to = match rank {
                Some(0..=2) => format!("COMMUNE:{town}"),
                _ => String::new(),
            };
            out.rights.row(format_args!(
                "{town}-2;{siren};EPCI:{};{dep};{town};garantie;{};{count};droit_de_suite;{begin};2044;{to}",
                ground.epci[0].code, ground.towns[*t].nom
            ));
        }
        if too_many {
            out.truth.row(format_args!("surreservation;{siren};{town};{n}"));
        }
    }
}

/// Events under way: day, dwelling, order in the dwelling, and the line without its identifier.
struct Ways<'a> {
    ground: &'a Ground,
    block: &'a Block,
    largest: usize,
    dice: Dice,
    days: Vec<(i32, u64, usize, String)>,
    late: u32,
}

impl Ways<'_> {
    /// One vacancy of a dwelling.
    fn one(&mut self, d: &Dwelling, b: usize, truth: &mut Sheet) {
        let siren = self.ground.bailleurs[b].siren.clone();
        let place = &self.block.places[d.place];
        let home = &self.block.residences[d.residence];
        let town = &self.ground.towns[place.town];
        let qpv = place.qpv2024.map_or("", |q| self.ground.qpv2024[q].code.as_str()).to_owned();
        let period = &self.ground.data.figures.parc.periodes[home.period];
        let what = format!(
            "{};{};{};{qpv};{}-{};{}",
            town.code,
            ["T1", "T2", "T3", "T4", "T5+"][usize::from(d.rooms.clamp(1, 5)) - 1],
            match financing(d.finan) {
                Financing::Plai => "PLAI",
                Financing::Plus | Financing::Pla => "PLUS",
                Financing::Pls => "PLS",
                Financing::Pli | Financing::Old => "autre",
            },
            period.de,
            period.a,
            d.floor,
        );
        let mut day = self.dice.int(BEGIN, END - 1);
        let ident = format!("{:010}", d.ident);
        let mut lines: Vec<(i32, String)> = Vec::new();
        let new = home.locat >= 2023;
        let opening = if new { "premiere_location" } else { "preavis" };
        let mut add = |day: i32, genre: &str, rest: &str| {
            lines.push((day, format!("{siren};{ident};{};{genre};{rest}", iso(day))));
        };
        add(day, opening, &format!(";;;;;;;{what}"));
        if !new && self.dice.chance(0.08) {
            let how = if self.dice.chance(0.7) { "mutation_interne;;;;;;;" } else { "relogement;;;ANRU;;;;" };
            day += self.dice.int(20, 60);
            let (genre, rest) = how.split_once(';').unwrap_or((how, ""));
            add(day, genre, &format!("{rest};;;;;;"));
        } else {
            for turn in 0..4 {
                day += self.dice.int(3, 12);
                let r = holder(&mut self.dice, self.ground, (b == self.largest, d.floor == 0), &town.code);
                // Of Action Logement's offers a third are in partnership, some few outside of the flow.
                let al = r == "ACTION_LOGEMENT";
                let flag = |every: u64| if al && d.ident.is_multiple_of(every) { "1" } else { "" };
                add(day, "oriente", &format!("{r};;;;;;;;;;;;;{};{}", flag(3), flag(29)));
                let ground_floor = d.floor == 0;
                if turn < 3 && self.dice.chance(if ground_floor { 0.30 } else { 0.07 }) {
                    day += self.dice.int(2, 10);
                    let why = *self.dice.pick(&["localisation", "etat du logement", "pas de candidat"]);
                    add(day, "refuse", &format!(";;{why};;;;;;;;;;"));
                    continue;
                }
                // Some of the last autumn are never answered.
                if self.late < 12
                    && (END - 75..END - 45).contains(&day)
                    && r != "BAILLEUR"
                    && self.dice.chance(0.4)
                {
                    self.late += 1;
                    truth.row(format_args!("retard;{siren};{ident};{}", iso(day)));
                    break;
                }
                if turn < 3 && self.dice.chance(0.04) {
                    day += 31 + self.dice.int(0, 9);
                    add(day, "delai_echu", ";;;;;;;;;;;;");
                    continue;
                }
                day += self.dice.int(2, 8);
                add(day, "accepte", ";;;;;;;;;;;;");
                day += self.dice.int(5, 18);
                if turn < 3 && self.dice.chance(0.03) {
                    add(day, "remis", ";;pas de candidat;;;;;;;;;;");
                    if day < END {
                        truth.row(format_args!("remis;{siren};{ident};{}", iso(day)));
                    }
                    continue;
                }
                let dalo = self.dice.chance(if r == "ETAT_PRIO" { 0.55 } else { 0.02 });
                add(day, "candidats", &format!(";;;{};;;;;;;;;", if dalo { 1 } else { 3 }));
                day += self.dice.int(6, 20);
                add(day, "caleol", ";;;;;;;;;;;;");
                if self.dice.chance(0.15) {
                    day += self.dice.int(2, 6);
                    add(day, "refus_candidat", ";;logement trop petit;;;;;;;;;;");
                }
                day += self.dice.int(5, 20);
                let moved = ["NON", "EXTERNE", "OUI", "INTERNE"][self.dice.weighted(&[76.0, 14.0, 5.0, 5.0])];
                let poor = u8::from(self.dice.chance(0.27));
                add(day, "bail", &format!(";;;;{};{poor};{moved};;;;;;", u8::from(dalo)));
                break;
            }
        }
        let kept = lines.into_iter().filter(|(day, _)| *day < END).enumerate();
        self.days.extend(kept.map(|(i, (day, line))| (day, d.ident, i, line)));
    }
}

/// Who a dwelling is offered to. `planted`: of the largest bailleur, on the ground floor.
fn holder(dice: &mut Dice, ground: &Ground, planted: (bool, bool), town: &str) -> String {
    let epci = format!("EPCI:{}", ground.epci[0].code);
    if planted == (true, true) && dice.chance(0.55) {
        return epci;
    }
    let main = if town == ground.towns[0].code { 9.0 } else { 0.0 };
    match dice.weighted(&[25.0, 5.0, 22.0, 12.0, main, 30.0]) {
        0 => "ETAT_PRIO".to_owned(),
        1 => "ETAT_AGENT".to_owned(),
        2 => "ACTION_LOGEMENT".to_owned(),
        3 => epci,
        4 => format!("COMMUNE:{town}"),
        _ => "BAILLEUR".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::iso;

    #[test]
    fn days_are_those_of_the_calendar() {
        assert_eq!(
            [super::BEGIN, super::END - 1, 19_782].map(iso),
            ["2023-01-01", "2024-12-31", "2024-02-29"]
        );
    }
}
