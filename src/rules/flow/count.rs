//! Ways counted: in the three ways of counting side by side, pace and projection, delays, balance sheets.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::convention::Decompte;
use super::event::Etape;
use super::way::{Day, Way};

/// Logements comptés des trois façons.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct TroisComptes {
    /// Orientations acceptées.
    pub orientation: u32,
    /// Passages en CALEOL.
    pub caleol: u32,
    /// Baux signés.
    pub bail: u32,
}

impl TroisComptes {
    #[must_use]
    pub fn of(&self, decompte: Decompte) -> u32 {
        match decompte {
            Decompte::Orientation => self.orientation,
            Decompte::Caleol => self.caleol,
            Decompte::Bail => self.bail,
        }
    }

    pub fn add(&mut self, other: Self) {
        self.orientation += other.orientation;
        self.caleol += other.caleol;
        self.bail += other.bail;
    }

    /// What a way adds to a year: each count on the day of its own step.
    #[must_use]
    pub fn of_way(way: &Way, year: u16) -> Self {
        let Some(offer) = way.imputed().filter(|_| way.in_flow()) else { return Self::default() };
        let on = |day: Option<Day>| u32::from(day.is_some_and(|d| d.year() == year));
        let lease = way.end.as_ref().map(|e| e.day);
        Self { orientation: on(offer.accepted), caleol: on(offer.caleol), bail: on(lease) }
    }
}

/// Where a count is beside its objective.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Rythme {
    /// Attendu à cette date si l'année était régulière.
    pub attendu: f64,
    /// En % de l'objectif ; nul sans objectif.
    pub avancement: Option<f64>,
    /// Compte de fin d'année si le rythme tient.
    pub projection: f64,
    /// Bornes de la projection, à 95 % (arrivées de Poisson).
    pub projection_basse: f64,
    pub projection_haute: f64,
    /// Écart à l'attendu au-delà de la tolérance : -1 en retard, 1 en avance, 0 sinon. D'une année finie,
    /// voir `manque`.
    pub ecart: i8,
    /// Logements qui manquent pour que l'objectif soit atteint.
    pub manque: u32,
}

/// Half a 95 % interval of a normal law, in standard deviations.
const Z: f64 = 1.96;

/// Pace of a count after so many months (fractions too, up to 12). `tolerance`: share of what is expected
/// that a gap may have.
#[must_use]
pub fn pace(objective: u32, count: u32, months: f64, tolerance: f64) -> Rythme {
    let (goal, n, m) = (f64::from(objective), f64::from(count), months.clamp(1.0 / 31.0, 12.0));
    let expected = goal * m / 12.0;
    let left = (12.0 - m) / m;
    // What is to come is drawn around a rate that is itself drawn: n·left of variance, and n·left² for the
    // rate.
    let spread = Z * (n * left * (1.0 + left)).sqrt();
    let projection = n * (1.0 + left);
    let gap = n - expected;
    let ecart = if gap.abs() <= tolerance * expected {
        0
    } else if gap < 0.0 {
        -1
    } else {
        1
    };
    Rythme {
        attendu: expected,
        avancement: (objective > 0).then(|| n / goal * 100.0),
        projection,
        projection_basse: (projection - spread).max(n),
        projection_haute: projection + spread,
        ecart,
        manque: objective.saturating_sub(count),
    }
}

/// Une ligne du bilan (CCH R.441-5-1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct LigneBilan {
    /// Logements proposés au réservataire.
    pub proposes: u32,
    pub acceptes: u32,
    /// Logements attribués : passés en CALEOL sur son contingent.
    pub attribues: u32,
    pub baux: u32,
    /// Dont baux dont on ne sait pas si la mutation est interne (elle serait hors du flux).
    pub mutation_inconnue: u32,
    /// Dont mutations depuis le parc d'un autre bailleur.
    pub mutation_externe: u32,
    /// Refus du réservataire.
    pub refus: u32,
    pub refus_candidat: u32,
    /// Délais échus et logements remis.
    pub sans_candidat: u32,
    /// Baux de ménages DALO : soumis au secret.
    #[serde(skip)]
    pub dalo: u32,
    /// Baux de ménages du premier quartile : soumis au secret.
    #[serde(skip)]
    pub q1: u32,
}

impl LigneBilan {
    pub fn add(&mut self, o: &Self) {
        self.proposes += o.proposes;
        self.acceptes += o.acceptes;
        self.attribues += o.attribues;
        self.baux += o.baux;
        self.mutation_inconnue += o.mutation_inconnue;
        self.mutation_externe += o.mutation_externe;
        self.refus += o.refus;
        self.refus_candidat += o.refus_candidat;
        self.sans_candidat += o.sans_candidat;
        self.dalo += o.dalo;
        self.q1 += o.q1;
    }
}

/// What a balance sheet is broken down by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    pub bailleur: String,
    pub reservataire: String,
    pub commune: String,
    pub typologie: String,
    pub financement: String,
    pub qpv: bool,
    pub periode: String,
}

/// The balance sheet of a year: offers to the réservataire who was asked, on the day of each event;
/// allocations and leases to the one on whose contingent they count. Only what is in the flow.
#[must_use]
pub fn balance<'a>(ways: impl IntoIterator<Item = &'a Way>, year: u16) -> BTreeMap<Cell, LigneBilan> {
    let on = |day: Option<Day>| u32::from(day.is_some_and(|d| d.year() == year));
    let mut out: BTreeMap<Cell, LigneBilan> = BTreeMap::new();
    for way in ways.into_iter().filter(|w| w.in_flow()) {
        let cell = |r: &str| Cell {
            bailleur: way.bailleur.clone(),
            reservataire: r.to_owned(),
            commune: way.home.commune.clone(),
            typologie: way.home.typologie.clone(),
            financement: way.home.financement.clone(),
            qpv: !way.home.qpv.is_empty(),
            periode: way.home.periode.clone(),
        };
        for o in &way.offers {
            let mut line = LigneBilan {
                proposes: on(Some(o.offered)),
                acceptes: on(o.accepted),
                refus: on(o.refused),
                sans_candidat: on(o.elapsed) + on(o.handed_back),
                ..LigneBilan::default()
            };
            if on(o.caleol) == 1 {
                line.refus_candidat = o.candidate_refusals;
            }
            if line != LigneBilan::default() {
                out.entry(cell(&o.to)).or_default().add(&line);
            }
        }
        let Some(imputed) = way.imputed() else { continue };
        let mut line = LigneBilan { attribues: on(imputed.caleol), ..LigneBilan::default() };
        if let Some(end) = way.end.as_ref().filter(|e| e.day.year() == year) {
            line.baux = 1;
            line.mutation_inconnue = u32::from(end.mutation == "OUI" || end.mutation.is_empty());
            line.mutation_externe = u32::from(end.mutation == "EXTERNE");
            line.dalo = u32::from(end.dalo);
            line.q1 = u32::from(end.q1 == Some(true));
        }
        if line != LigneBilan::default() {
            out.entry(cell(&imputed.to)).or_default().add(&line);
        }
    }
    out
}

/// Un logement en cours de désignation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delay {
    /// Days since the dwelling was offered.
    pub run: i32,
    /// Days that are left to designate; negative: late.
    pub left: i32,
}

/// How long a réservataire still has to designate; None where none of them is asked.
#[must_use]
pub fn delay(way: &Way, today: jiff::civil::Date, days: u16) -> Option<Delay> {
    if !matches!(way.at, Etape::Oriente | Etape::Accepte) {
        return None;
    }
    let offered: jiff::civil::Date = way.offers.last()?.offered.parse().ok()?;
    let run = (today - offered).get_days();
    Some(Delay { run, left: i32::from(days) - run })
}

#[cfg(test)]
mod tests {
    use super::super::event::GenreFlux as G;
    use super::super::way::{tests::events, ways};
    use super::*;

    fn near(a: f64, b: f64) {
        assert!((a - b).abs() < 0.05, "{a} ≠ {b}");
    }

    #[test]
    fn twelve_orientations_ten_commissions_and_seven_leases_against_nine() {
        let mut list = Vec::new();
        for i in 0..12 {
            let mut steps =
                vec![("01-05", G::Preavis, ""), ("01-10", G::Oriente, "EPCI"), ("01-12", G::Accepte, "")];
            if i < 10 {
                steps.extend([("02-01", G::Candidats, ""), ("02-10", G::Caleol, "")]);
            }
            if i < 7 {
                steps.push(("03-01", G::Bail, ""));
            }
            list.extend(events(&format!("L{i}"), &steps));
        }
        let mut sum = TroisComptes::default();
        ways(&list).iter().for_each(|w| sum.add(TroisComptes::of_way(w, 2024)));
        assert_eq!(sum, TroisComptes { orientation: 12, caleol: 10, bail: 7 });
        for (decompte, percent) in
            [(Decompte::Orientation, 133.3), (Decompte::Caleol, 111.1), (Decompte::Bail, 77.8)]
        {
            near(pace(9, sum.of(decompte), 12.0, 0.15).avancement.unwrap(), percent);
        }
    }

    #[test]
    fn fifty_one_and_21_on_31_may_are_behind_a_pace_of_21_25() {
        let p = pace(51, 21, 5.0, 0.15);
        assert!((p.attendu - 21.25).abs() < 1e-9);
        near(p.projection, 50.4);
        assert_eq!(p.ecart, 0);
        assert!(p.projection_basse < 50.4 && p.projection_haute > 51.0);
        let whole = pace(51, 40, 12.0, 0.15);
        assert!((whole.projection_haute - 40.0).abs() < 1e-9 && whole.manque == 11);
    }

    /// Ways of drawn events: impossible ones are left out as the door would.
    fn drawn(seed: u64) -> Vec<Way> {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut list = Vec::new();
        for dwelling in 0..20 {
            for step in 0..300 {
                // Mostly forward, else hardly a way would come to its lease.
                let forward = [G::Preavis, G::Oriente, G::Accepte, G::Candidats, G::Caleol, G::Bail];
                let genre = if rng.u8(0..5) > 0 {
                    forward[rng.usize(0..forward.len())]
                } else {
                    G::ALL[rng.usize(0..G::ALL.len() - 1)].0
                };
                let day = format!("{:02}-{:02}", 1 + step / 28, 1 + step % 28);
                let r = ["ETAT_PRIO", "EPCI", "COMMUNE"][rng.usize(0..3)];
                let mut one = events(&format!("L{dwelling}"), &[(&day, genre, r)]);
                one[0].mutation = ["NON", "INTERNE", "OUI"][rng.usize(0..3)].into();
                list.extend(one);
            }
        }
        ways(&list)
    }

    #[test]
    fn the_three_counts_are_nested_and_the_balance_says_the_same() {
        let mut leases = 0;
        for seed in 0..50 {
            let ways = drawn(seed);
            let mut sum = TroisComptes::default();
            for w in &ways {
                let c = TroisComptes::of_way(w, 2024);
                assert!(c.orientation >= c.caleol && c.caleol >= c.bail, "{w:?}");
                sum.add(c);
            }
            let mut whole = LigneBilan::default();
            balance(&ways, 2024).values().for_each(|l| whole.add(l));
            assert_eq!((whole.attribues, whole.baux), (sum.caleol, sum.bail));
            assert!(whole.acceptes >= sum.orientation && whole.proposes >= whole.acceptes);
            leases += sum.bail;
        }
        assert!(leases > 20, "{leases} leases prove nothing");
    }

    #[test]
    fn days_are_left_until_the_delay_ends() {
        let list = events("L1", &[("01-05", G::Preavis, ""), ("01-10", G::Oriente, "EPCI")]);
        let ways = ways(&list);
        let on = |day: &str| delay(&ways[0], day.parse().unwrap(), 30).unwrap();
        assert_eq!((on("2024-02-01").left, on("2024-02-10").left), (8, -1));
    }
}
