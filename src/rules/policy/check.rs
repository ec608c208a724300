//! The verdict of each rule on an allocation that is not made yet: from its facts, the rules and the counts,
//! nothing else.
//!
//! No single allocation breaks a share; what is said is what it does to it. A household that counts for a
//! minimum conforms. One that does not count conforms while the target stays reached, calls for attention
//! where it is missed already, and is contrary where the target is reached and would no longer be. An
//! allocation that counts under a ceiling is contrary where the ceiling would be exceeded.

use super::ceiling::Ceiling;
use super::counts::Niveau;
use super::dossier::{Facts, Resources};
use super::household::Bound;
use super::household::Quartile;
use super::mix::{Known, Score, concerns, concerns_anywhere, counts};
use super::objectifs::Target;
use crate::reference::controle::{Controle, Verdict};
use crate::reference::mix::{self as law, Criterion, Mix, Rule, Sense, Where};
use crate::territory::bands::Band;

/// One level with the scores of all rules before the allocation, and the targets that hold there. A level
/// that is not open to who asks is not given.
#[derive(Debug, Clone)]
pub struct Level<'a> {
    pub niveau: Niveau,
    pub before: Vec<Option<Score>>,
    pub targets: Vec<Target<'a>>,
}

/// What an allocation does to the target of one level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect<'a> {
    pub niveau: Niveau,
    pub target: Target<'a>,
    /// Before and after; None where it may not be shown.
    pub scores: Option<(Score, Score)>,
}

impl Effect<'_> {
    /// Missing (or too many) allocations before and after.
    #[must_use]
    pub fn gaps(&self, sense: Sense) -> Option<(u32, u32)> {
        self.scores.map(|(b, a)| (b.gap(sense, self.target.share), a.gap(sense, self.target.share)))
    }
}

/// Why a verdict is what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The rule does not look at this allocation.
    Elsewhere,
    /// The unit is not bound by the rule.
    NotBound,
    /// Nothing loaded tells whether the unit is bound.
    NotEstablished,
    /// A mutation of unknown kind: in the flow or out of it.
    Mutation,
    /// The place is too near to the edge of a QPV, or not known.
    Place,
    /// No réservataire was given.
    Reservataire,
    /// No income, or no threshold.
    Income,
    /// No figure may be shown.
    Secret,
    /// No lease of the year is loaded: what the allocation does to its shares cannot be measured.
    NoLease,
    /// The household counts for the target (or under the ceiling).
    Counts,
    /// It does not.
    DoesNotCount,
}

/// The verdict of a rule of social mix.
#[derive(Debug, Clone)]
pub struct Finding<'a> {
    pub rule: &'static Rule,
    pub verdict: Verdict,
    pub cause: Cause,
    pub effects: Vec<Effect<'a>>,
}

/// Checks an allocation against every rule of social mix.
#[must_use]
pub fn check<'a>(mix: &'static Mix, facts: &Facts, levels: &[Level<'a>]) -> Vec<Finding<'a>> {
    mix.targets().map(|(i, rule)| one(rule, i, facts, levels)).collect()
}

fn one<'a>(rule: &'static Rule, index: usize, facts: &Facts, levels: &[Level<'a>]) -> Finding<'a> {
    let lease = &facts.lease;
    let silent = |verdict, cause| Finding { rule, verdict, cause, effects: Vec::new() };
    let of_reservataire = rule.compte.iter().any(|c| matches!(c, Criterion::Etat | Criterion::EtatAgents));
    if lease.reservataire == 0 && (of_reservataire || !rule.of.is_empty()) {
        return silent(Verdict::Indeterminable, Cause::Reservataire);
    }
    if rule.soumis && lease.bound == Bound::No {
        return silent(Verdict::SansObjet, Cause::NotBound);
    }
    if facts.doubtful && rule.lieu != Where::Partout {
        return if concerns_anywhere(rule, lease) == Known::No {
            silent(Verdict::SansObjet, Cause::Elsewhere)
        } else {
            silent(Verdict::Indeterminable, Cause::Place)
        };
    }
    match concerns(rule, lease) {
        Known::No => return silent(Verdict::SansObjet, Cause::Elsewhere),
        Known::Unknown => return silent(Verdict::Indeterminable, Cause::Mutation),
        Known::Yes => {}
    }
    let known = counts(rule, lease);
    // The State's share is that of a bailleur in a département, and of no other level.
    let by_departement = rule.niveau == law::Niveau::BailleurDepartement;
    let levels = levels.iter().filter(|l| (l.niveau == Niveau::BailleurDepartement) == by_departement);
    let effects: Vec<Effect<'a>> = levels
        .map(|l| {
            let scores = l.before[index].map(|before| {
                let mut after = before;
                after.add(known);
                (before, after)
            });
            Effect { niveau: l.niveau, target: l.targets[index], scores }
        })
        .collect();
    let (verdict, cause) = match (known, rule.sens) {
        (Known::Unknown, _) => (Verdict::Indeterminable, Cause::Income),
        (Known::Yes, Sense::Minimum) => (Verdict::Conforme, Cause::Counts),
        (Known::No, Sense::Maximum) => (Verdict::Conforme, Cause::DoesNotCount),
        (known, sense) => {
            let cause = if known == Known::Yes { Cause::Counts } else { Cause::DoesNotCount };
            match effects.iter().filter_map(|e| away(e, sense)).max() {
                Some(_) if rule.soumis && lease.bound == Bound::NotEstablished => {
                    (Verdict::Indeterminable, Cause::NotEstablished)
                }
                // A yearly share bars no single allocation.
                Some(Verdict::Contraire) if by_departement => (Verdict::Attention, cause),
                Some(verdict) => (verdict, cause),
                None => (Verdict::Indeterminable, Cause::Secret),
            }
        }
    };
    Finding { rule, verdict, cause, effects }
}

/// What is said at one level of an allocation that goes the wrong way; None where nothing may be shown.
fn away(effect: &Effect<'_>, sense: Sense) -> Option<Verdict> {
    let (before, _) = effect.scores?;
    let (gap_before, gap_after) = effect.gaps(sense)?;
    Some(match (gap_before, gap_after) {
        (_, 0) => Verdict::Conforme,
        // The first allocation of the year says nothing of the year.
        _ if before.denominator == 0 => Verdict::Attention,
        (0, _) => Verdict::Contraire,
        // Above a ceiling, each further one is too many; below a minimum, others may still make up for it.
        _ if sense == Sense::Maximum => Verdict::Contraire,
        _ => Verdict::Attention,
    })
}

/// Why a rule about one allocation alone says what it says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fit {
    /// % of the PLUS ceiling, and the highest for the financing.
    Ceiling {
        pct: f64,
        ceiling: Ceiling,
    },
    /// Between the two ceilings that the household may have.
    Category {
        pct: f64,
        ceiling: Ceiling,
    },
    /// Between two percentages, by the category that the household has.
    Spread {
        least: f64,
        most: f64,
        ceiling: Ceiling,
    },
    /// Persons, rooms of the dwelling, fewest and most rooms, surface and the smallest (0: not known).
    Size {
        persons: u8,
        rooms: u8,
        range: (u8, u8),
        surface: u16,
        least: u16,
    },
    /// DALO household in a QPV, in a precarious situation or not.
    Dalo {
        precarious: bool,
    },
    NotDalo,
    OutOfQpv,
    /// Signed before the circular.
    Before,
    Missing(&'static str),
}

/// The verdict of a rule about one allocation alone.
#[derive(Debug, Clone, Copy)]
pub struct Alone {
    pub rule: &'static crate::reference::controle::Alone,
    pub verdict: Verdict,
    pub fit: Fit,
}

/// Points of the PLUS ceiling by which resources may pass a ceiling that they are at: ceilings are rounded to
/// whole euros, and what texts that were found say of them is sure within two.
const ROUNDED: f64 = 0.01;

/// Whether resources (in % of the PLUS ceiling) are above a ceiling.
#[must_use]
pub fn above(pct: f64, ceiling: f64) -> bool {
    pct > ceiling + ROUNDED
}

/// Checks what does not depend on other allocations: ceiling, size, DALO households in QPV. `ceiling`: what
/// the financing admits, if it is known.
#[must_use]
pub fn alone(rules: &'static Controle, mix: &Mix, facts: &Facts, ceiling: Option<Ceiling>) -> [Alone; 3] {
    let say = |rule, fit, bad: bool| Alone {
        rule,
        verdict: if bad { rule.verdict } else { Verdict::Conforme },
        fit,
    };
    let missing = |rule, what| Alone { rule, verdict: Verdict::Indeterminable, fit: Fit::Missing(what) };
    let none = |rule, fit| Alone { rule, verdict: Verdict::SansObjet, fit };

    let rule = &rules.plafond.rule;
    let plafond = match (facts.pct, ceiling, facts.resources) {
        (Some(pct), Some(c), _) if above(pct, c.least) && !above(pct, c.most) && c.least < c.most => {
            Alone { rule, verdict: Verdict::Indeterminable, fit: Fit::Category { pct, ceiling: c } }
        }
        (Some(pct), Some(c), _) => say(rule, Fit::Ceiling { pct, ceiling: c }, above(pct, c.most)),
        (_, None, _) if facts.financing == 0 => missing(rule, "le financement du logement n'est pas connu"),
        (_, None, _) => missing(
            rule,
            "aucun plafond de ressources n'est établi ici pour ce financement (outre-mer, le PLS notamment)",
        ),
        (None, Some(c), Resources::Computed { least, most, .. }) => {
            let fit = Fit::Spread { least, most, ceiling: c };
            let open = above(most, c.least) && !above(least, c.most);
            let sure = say(rule, fit, above(least, c.most));
            Alone { verdict: if open { Verdict::Indeterminable } else { sure.verdict }, ..sure }
        }
        (None, _, Resources::NoTable) => {
            missing(rule, "aucun plafond de ressources de cette année n'est chargé pour cette commune")
        }
        (None, ..) => missing(
            rule,
            "ni les ressources en % du plafond PLUS ni le revenu fiscal de référence ne sont donnés",
        ),
    };
    let rule = &rules.taille.rule;
    let taille = match (facts.persons, facts.rooms) {
        (None, _) => missing(rule, "le nombre de personnes n'est pas donné"),
        (_, 0) => missing(rule, "la typologie du logement n'est pas connue"),
        (Some(persons), rooms) => {
            let (range, least) = (rules.taille.rooms(persons), rules.taille.surface(persons));
            let bad = !(range.0..=range.1).contains(&rooms) || (facts.surface != 0 && facts.surface < least);
            say(rule, Fit::Size { persons, rooms, range, surface: facts.surface, least }, bad)
        }
    };
    let (rule, lease) = (&rules.dalo_qpv, &facts.lease);
    let dalo = if !lease.dalo {
        none(rule, Fit::NotDalo)
    } else if lease.bail < mix.dalo.circulaire {
        none(rule, Fit::Before)
    } else if facts.doubtful {
        missing(rule, "on ne sait pas dire si le logement est en QPV")
    } else if lease.qpv != Some(Band::Inside) {
        say(rule, Fit::OutOfQpv, false)
    } else if !lease.precarious && (lease.quartile == Quartile::Unknown || facts.activity == 0) {
        missing(rule, "le revenu et l'activité du ménage ne sont pas tous deux connus")
    } else {
        say(rule, Fit::Dalo { precarious: lease.precarious }, lease.precarious)
    };
    [plafond, taille, dalo]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::ceiling::Size;
    use crate::policy::facts::{Allocation, Transfer};
    use crate::policy::household::Bound;

    fn facts(inside: bool, quartile: Quartile) -> Facts {
        Facts {
            overseas: false,
            size: Size { persons: Some(3), ..Size::default() },
            lease: Allocation {
                qpv: Some(if inside { Band::Inside } else { Band::Beyond }),
                quartile,
                ..Allocation::PLAIN
            },
            doubtful: false,
            placed: None,
            income: None,
            threshold: None,
            persons: Some(3),
            resources: Resources::Given,
            pct: Some(45.0),
            rooms: 3,
            surface: 60,
            financing: 1,
            activity: 1,
        }
    }

    fn mix() -> &'static Mix {
        Mix::embedded().unwrap()
    }

    fn score(numerator: u32, denominator: u32) -> Option<Score> {
        Some(Score { numerator, denominator, ..Score::default() })
    }

    /// The EPCI with one score for the rule asked.
    fn verdict(rule: &str, facts: &Facts, before: Option<Score>) -> Finding<'static> {
        let mix = mix();
        let targets: Vec<Target<'static>> =
            mix.rules.iter().map(|r| Target { share: r.cible, rate: None }).collect();
        let level =
            |niveau| Level { niveau, before: vec![before; mix.rules.len()], targets: Vec::clone(&targets) };
        check(mix, facts, &[level(Niveau::Epci), level(Niveau::BailleurDepartement)])
            .into_iter()
            .find(|f| f.rule.id == rule)
            .unwrap()
    }

    #[test]
    fn the_worked_example_of_the_25_percent_rule_goes_from_46_missing_to_45_or_47() {
        let counted = verdict("hors_qpv_q1", &facts(false, Quartile::First), score(114, 640));
        assert_eq!((counted.verdict, counted.cause), (Verdict::Conforme, Cause::Counts));
        // ceil(0.25 × 641) − 115
        assert_eq!(counted.effects[0].gaps(Sense::Minimum), Some((46, 46)));
        let other = verdict("hors_qpv_q1", &facts(false, Quartile::Other), score(114, 640));
        assert_eq!(
            (other.verdict, other.effects[0].gaps(Sense::Minimum)),
            (Verdict::Attention, Some((46, 47)))
        );
    }

    #[test]
    fn the_worked_example_of_the_50_percent_rule_warns_of_one_more_of_the_first_quartile() {
        let f = verdict("qpv_autres_quartiles", &facts(true, Quartile::First), score(87, 210));
        // ceil(105.5) − 87
        assert_eq!((f.verdict, f.effects[0].gaps(Sense::Minimum)), (Verdict::Attention, Some((18, 19))));
        let f = verdict("qpv_autres_quartiles", &facts(true, Quartile::Other), score(87, 210));
        assert_eq!((f.verdict, f.effects[0].gaps(Sense::Minimum)), (Verdict::Conforme, Some((18, 18))));
    }

    #[test]
    fn what_makes_a_reached_target_missed_is_contrary_and_what_leaves_it_reached_conforms() {
        let other = facts(false, Quartile::Other);
        assert_eq!(verdict("hors_qpv_q1", &other, score(25, 100)).verdict, Verdict::Contraire);
        assert_eq!(verdict("hors_qpv_q1", &other, score(26, 100)).verdict, Verdict::Conforme);
        assert_eq!(
            verdict("hors_qpv_q1", &other, score(0, 0)).verdict,
            Verdict::Attention,
            "the first of the year"
        );
    }

    #[test]
    fn the_states_share_is_of_a_bailleur_in_a_departement_and_bars_no_single_allocation() {
        let mut state = facts(false, Quartile::Other);
        state.lease.reservataire = 1;
        let of = |f: &Facts, n, d| verdict("etat_flux", f, score(n, d));
        assert_eq!(of(&state, 29, 100).verdict, Verdict::Conforme);
        assert_eq!(
            (of(&state, 30, 100).verdict, of(&state, 60, 100).verdict),
            (Verdict::Attention, Verdict::Attention)
        );
        let levels: Vec<Niveau> = of(&state, 30, 100).effects.iter().map(|e| e.niveau).collect();
        assert_eq!(levels, [Niveau::BailleurDepartement], "said at that level only");
        assert_eq!(of(&facts(false, Quartile::Other), 60, 100).verdict, Verdict::Conforme);
        let moved = |transfer| Facts { lease: Allocation { transfer, ..state.lease }, ..state };
        assert_eq!(of(&moved(Transfer::Internal), 60, 100).verdict, Verdict::SansObjet);
        assert_eq!(of(&moved(Transfer::External), 60, 100).verdict, Verdict::Attention);
        let unknown = of(&moved(Transfer::Unknown), 60, 100);
        assert_eq!((unknown.verdict, unknown.cause), (Verdict::Indeterminable, Cause::Mutation));
    }

    #[test]
    fn who_is_not_bound_is_told_so_and_keeps_the_rules_of_dalo() {
        let free = facts(false, Quartile::Other);
        let free = Facts { lease: Allocation { bound: Bound::No, ..free.lease }, ..free };
        let found = verdict("hors_qpv_q1", &free, score(25, 100));
        assert_eq!((found.verdict, found.cause), (Verdict::SansObjet, Cause::NotBound));
        assert_eq!(verdict("dalo_bailleur", &free, score(25, 100)).verdict, Verdict::Contraire);
        let open = Facts { lease: Allocation { bound: Bound::NotEstablished, ..free.lease }, ..free };
        let found = verdict("hors_qpv_q1", &open, score(25, 100));
        assert_eq!((found.verdict, found.cause), (Verdict::Indeterminable, Cause::NotEstablished));
    }

    #[test]
    fn findings_and_default_clauses_give_no_verdict() {
        let targets = mix().rules.iter().map(|r| Target { share: r.cible, rate: None }).collect();
        let level = Level { niveau: Niveau::Epci, before: vec![score(1, 40); mix().rules.len()], targets };
        let said: Vec<&str> = check(mix(), &facts(false, Quartile::Other), &[level])
            .iter()
            .map(|f| f.rule.id.as_str())
            .collect();
        assert!(
            said.contains(&"etat_flux")
                && !said.contains(&"etat_hors_qpv")
                && !said.contains(&"etat_prio_autres")
        );
    }

    #[test]
    fn what_is_not_known_is_not_guessed() {
        let unknown = verdict("hors_qpv_q1", &facts(false, Quartile::Unknown), score(114, 640));
        assert_eq!((unknown.verdict, unknown.cause), (Verdict::Indeterminable, Cause::Income));
        assert_eq!(unknown.effects[0].scores.unwrap().1.unknown, 1);
        let doubtful = Facts { doubtful: true, ..facts(false, Quartile::Other) };
        assert_eq!(verdict("hors_qpv_q1", &doubtful, score(114, 640)).cause, Cause::Place);
        assert_eq!(
            verdict("dalo_bailleur", &doubtful, score(10, 40)).verdict,
            Verdict::Contraire,
            "the place does not matter"
        );
        let mut nobody = facts(false, Quartile::Other);
        nobody.lease.reservataire = 0;
        assert_eq!(verdict("dalo_bailleur", &nobody, score(10, 40)).cause, Cause::Reservataire);
        assert_eq!(verdict("etat_flux", &nobody, score(10, 40)).cause, Cause::Reservataire);
    }

    #[test]
    fn a_verdict_never_rests_on_a_secret_figure() {
        let other = facts(false, Quartile::Other);
        let secret = verdict("hors_qpv_q1", &other, None);
        assert_eq!((secret.verdict, secret.cause), (Verdict::Indeterminable, Cause::Secret));
        assert_eq!(verdict("hors_qpv_q1", &facts(false, Quartile::First), None).verdict, Verdict::Conforme);
    }

    #[test]
    fn a_relocated_household_counts_outside_qpv_and_not_as_of_another_quartile_inside() {
        let mut relocated = facts(false, Quartile::Unknown);
        relocated.lease.relocation = 2;
        assert_eq!(verdict("hors_qpv_q1", &relocated, score(114, 640)).verdict, Verdict::Conforme);
        let mut inside = facts(true, Quartile::First);
        inside.lease.relocation = 2;
        assert_eq!(verdict("qpv_autres_quartiles", &inside, score(87, 210)).verdict, Verdict::Attention);
    }

    #[test]
    fn an_allocation_alone_is_checked_for_its_ceiling_its_size_and_dalo_in_qpv() {
        let rules = Controle::embedded().unwrap();
        let say = |f: &Facts, ceiling| alone(rules, mix(), f, ceiling).map(|a| a.verdict);
        use Verdict::{Attention, Conforme, Contraire, Indeterminable, SansObjet};
        let f = facts(true, Quartile::First);
        let most = |pct| Some(Ceiling { least: pct, most: pct });
        assert_eq!(say(&f, most(60.0)), [Conforme, Conforme, SansObjet]);
        assert_eq!(
            say(&Facts { pct: Some(60.1), rooms: 5, ..f }, most(60.0)),
            [Contraire, Attention, SansObjet]
        );
        let one = Facts { pct: Some(58.0), ..f };
        assert_eq!(say(&one, most(55.0))[0], Contraire, "58 % of the PLUS in a PLAI, alone");
        assert_eq!(
            say(&one, Some(Ceiling { least: 55.0, most: 60.0 }))[0],
            Indeterminable,
            "which category?"
        );
        let spread = |least, most| Facts {
            pct: None,
            resources: Resources::Computed { least, most, year: 2024 },
            ..f
        };
        assert_eq!(say(&spread(25.0, 33.0), most(60.0))[0], Conforme, "whatever the category");
        assert_eq!(say(&spread(130.0, 170.0), most(100.0))[0], Contraire);
        assert_eq!(say(&spread(55.0, 65.0), most(60.0))[0], Indeterminable);
        assert_eq!(
            say(&Facts { pct: None, rooms: 0, ..f }, None),
            [Indeterminable, Indeterminable, SansObjet]
        );
        assert_eq!(say(&Facts { surface: 24, ..f }, most(60.0))[1], Attention, "25 m² for three persons");
        let dalo = |inside, precarious, bail| {
            let f = facts(inside, Quartile::Other);
            Facts { lease: Allocation { dalo: true, precarious, bail, ..f.lease }, ..f }
        };
        assert_eq!(say(&dalo(true, true, 2023_12_18), None)[2], Attention);
        assert_eq!(say(&dalo(true, true, 2023_12_17), None)[2], SansObjet);
        assert_eq!(say(&dalo(true, false, 2024_01_01), None)[2], Conforme);
        assert_eq!(say(&dalo(false, true, 2024_01_01), None)[2], Conforme);
        let unknown = dalo(true, false, 2024_01_01);
        assert_eq!(say(&Facts { activity: 0, ..unknown }, None)[2], Indeterminable);
    }
}
