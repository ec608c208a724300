//! The worked examples of the mix rules and their secrecy.

use super::*;

fn lease(qpv: Band, quartile: Quartile, relocation: u8) -> Allocation {
    Allocation { caleol: 2024_05_30, qpv: Some(qpv), quartile, relocation, ..Allocation::PLAIN }
}

fn score(leases: &[Allocation], rule: &str) -> (Score, &'static Rule) {
    let mix = Mix::embedded().unwrap();
    let i = mix.rules.iter().position(|r| r.id == rule).unwrap();
    (table(mix, leases.iter(), |_| ()).whole.scores[i].unwrap(), &mix.rules[i])
}

fn times(n: usize, a: Allocation) -> impl Iterator<Item = Allocation> {
    std::iter::repeat_n(a, n)
}

#[test]
fn the_worked_example_of_the_25_percent_rule_misses_46_leases() {
    let leases: Vec<Allocation> = times(92, lease(Band::Beyond, Quartile::First, 1))
        .chain(times(4, lease(Band::Within(0), Quartile::First, 2)))
        .chain(times(18, lease(Band::Beyond, Quartile::Other, 2)))
        .chain(times(526, lease(Band::Beyond, Quartile::Other, 1)))
        .chain(times(50, lease(Band::Inside, Quartile::First, 1)))
        .collect();
    let (s, rule) = score(&leases, "hors_qpv_q1");
    assert_eq!((s.numerator, s.denominator), (114, 640));
    assert!((s.share().unwrap() - 0.178).abs() < 5e-4);
    assert_eq!(s.gap(rule.sens, rule.cible), 46);
    // 97 of 323 would be 30.03 %, above the cap.
    let state = Score { numerator: 85, denominator: 323, ..Score::default() };
    assert_eq!((state.below(0.30), state.gap(Sense::Maximum, 0.30)), (11, 0));
}

#[test]
fn one_more_rule_is_one_more_entry() {
    let entry = "[[regle]]\nid = \"relogements_en_qpv\"\nlibelle = \"\"\narticle = \"\"\ndebut = 20240101\nsens = \"maximum\"\ncible = 0.10\nnature = \"constat\"\nlieu = \"qpv\"\ncompte = [\"anru\", \"orcod\"]\nbase = \"\"\ncompte_libelle = \"\"\n";
    let mix = Mix::read(&format!("{}{entry}", Mix::TEXT)).unwrap();
    let leases: Vec<Allocation> = times(3, lease(Band::Inside, Quartile::First, 2))
        .chain(times(17, lease(Band::Inside, Quartile::Other, 1)))
        .chain(times(5, lease(Band::Beyond, Quartile::Other, 2)))
        .collect();
    let s = table(&mix, leases.iter(), |_| ()).whole.scores[mix.rules.len() - 1].unwrap();
    assert_eq!((s.numerator, s.denominator, s.gap(Sense::Maximum, 0.10)), (3, 20, 1));
}

#[test]
fn the_worked_example_of_the_50_percent_rule_reads_both_ways() {
    let leases: Vec<Allocation> = times(118, lease(Band::Inside, Quartile::First, 1))
        .chain(times(87, lease(Band::Inside, Quartile::Other, 1)))
        .chain(times(5, lease(Band::Inside, Quartile::Unknown, 1)))
        .collect();
    let (s, rule) = score(&leases, "qpv_autres_quartiles");
    assert_eq!((s.numerator, s.denominator, s.unknown), (87, 210, 5));
    assert!((s.share().unwrap() - 0.414).abs() < 5e-4 && (s.share_of_known().unwrap() - 0.424).abs() < 5e-4);
    assert_eq!(s.gap(rule.sens, rule.cible), 18);
}

#[test]
fn a_relocated_household_counts_outside_qpv_even_without_an_income() {
    let (s, _) = score(&[lease(Band::Beyond, Quartile::Unknown, 3)], "hors_qpv_q1");
    assert_eq!((s.numerator, s.unknown), (1, 0));
    let (s, _) = score(&[lease(Band::Beyond, Quartile::Unknown, 4)], "hors_qpv_q1");
    assert_eq!((s.numerator, s.unknown), (0, 1), "habitat indigne is not in the list of the law");
}

#[test]
fn a_lease_without_a_place_is_in_no_rule_of_qpv_and_is_counted() {
    let lost = Allocation { qpv: None, ..lease(Band::Beyond, Quartile::First, 1) };
    let mix = Mix::embedded().unwrap();
    let t = table(mix, [lost].iter(), |_| ());
    assert_eq!(t.whole.unplaced, 1);
    assert_eq!(
        score(&[lost], "hors_qpv_q1").0.denominator + score(&[lost], "qpv_autres_quartiles").0.denominator,
        0
    );
}

#[test]
fn the_state_may_not_exceed_30_percent_of_the_flow_and_transfers_are_not_in_it() {
    let state = Allocation { reservataire: 1, ..lease(Band::Beyond, Quartile::Other, 1) };
    let moved = Allocation { transfer: Transfer::Internal, ..lease(Band::Beyond, Quartile::Other, 1) };
    let leases: Vec<Allocation> = times(4, state)
        .chain(times(6, lease(Band::Beyond, Quartile::Other, 1)))
        .chain(times(20, moved))
        .collect();
    let (s, rule) = score(&leases, "etat_flux");
    assert_eq!((s.numerator, s.denominator, s.gap(rule.sens, rule.cible)), (4, 10, 1));
}

#[test]
fn only_internal_mutations_leave_the_flow_and_unknown_ones_are_read_both_ways() {
    let other = lease(Band::Beyond, Quartile::Other, 1);
    let state = Allocation { reservataire: 1, ..other };
    let with = |transfer, a| Allocation { transfer, ..a };
    let leases: Vec<Allocation> = times(24, state)
        .chain(times(46, other))
        .chain(times(20, with(Transfer::Internal, other)))
        .chain(times(10, with(Transfer::External, other)))
        .chain(times(6, with(Transfer::Unknown, state)))
        .chain(times(14, with(Transfer::Unknown, other)))
        .collect();
    let (s, rule) = score(&leases, "etat_flux");
    // 70 + 10 external + 20 of unknown kind; without those, 24 of 80.
    assert_eq!((s.numerator, s.denominator, s.doubtful, s.doubtful_counting), (30, 100, 20, 6));
    let without = s.without_doubtful().unwrap();
    assert_eq!((without.numerator, without.denominator), (24, 80));
    assert_eq!((s.gap(rule.sens, rule.cible), without.gap(rule.sens, rule.cible)), (0, 0), "30 % exactly");
    assert_eq!(score(&leases[..70], "etat_flux").0.without_doubtful(), None);
}

#[test]
fn rules_that_bind_some_epci_look_at_no_lease_of_the_others_and_those_of_dalo_do() {
    let free = Allocation { bound: Bound::No, ..lease(Band::Beyond, Quartile::First, 1) };
    let (s, rule) = score(&[free; 30], "hors_qpv_q1");
    assert_eq!(s.denominator, 0);
    let line = table(Mix::embedded().unwrap(), [free; 30].iter(), |_| ()).whole;
    assert_eq!(standing(rule, &line, Niveau::Tous), Standing::NonSoumis);
    let (s, rule) = score(&[free; 30], "dalo_bailleur");
    assert_eq!((s.denominator, standing(rule, &line, Niveau::Tous)), (30, Standing::Applicable));
    let open = Allocation { bound: Bound::NotEstablished, ..free };
    let (s, rule) = score(&[open; 30], "hors_qpv_q1");
    let line = table(Mix::embedded().unwrap(), [open; 30].iter(), |_| ()).whole;
    assert_eq!((s.denominator, standing(rule, &line, Niveau::Tous)), (30, Standing::NonEtabli));
}

#[test]
fn where_all_is_a_qpv_the_25_percent_rule_has_no_object() {
    let mayotte = Allocation { whole: true, ..lease(Band::Inside, Quartile::Other, 1) };
    let line = table(Mix::embedded().unwrap(), [mayotte; 20].iter(), |_| ()).whole;
    let (out, rule) = score(&[mayotte; 20], "hors_qpv_q1");
    assert_eq!((out.denominator, standing(rule, &line, Niveau::Tous)), (0, Standing::SansObjet));
    let (inside, rule) = score(&[mayotte; 20], "qpv_autres_quartiles");
    assert_eq!((inside.numerator, standing(rule, &line, Niveau::Tous)), (20, Standing::Applicable));
}

#[test]
fn the_states_share_is_judged_by_bailleur_and_departement_and_its_default_clause_is_only_shown() {
    let line =
        table(Mix::embedded().unwrap(), [lease(Band::Beyond, Quartile::Other, 1)].iter(), |_| ()).whole;
    let rule = |id| Mix::embedded().unwrap().rule(id).unwrap();
    let of = |id, level| standing(rule(id), &line, level);
    assert_eq!(of("etat_flux", Niveau::Tous), Standing::AutreNiveau);
    assert_eq!(of("etat_flux", Niveau::BailleurDepartement), Standing::Applicable);
    assert_eq!(of("etat_hors_qpv", Niveau::BailleurDepartement), Standing::ClauseParDefaut);
    assert_eq!(of("etat_prio_autres", Niveau::Tous), Standing::Constat);
}

#[test]
fn what_of_the_states_contingent_went_to_others_is_counted() {
    let state = Allocation { reservataire: 1, ..lease(Band::Beyond, Quartile::Other, 1) };
    let leases: Vec<Allocation> = times(12, Allocation { dalo: true, ..state })
        .chain(times(15, Allocation { priority: true, ..state }))
        .chain(times(13, state))
        .chain(times(40, lease(Band::Beyond, Quartile::Other, 1)))
        .collect();
    let (s, _) = score(&leases, "etat_prio_autres");
    assert_eq!((s.numerator, s.denominator), (13, 40));
}

/// « Suivies de baux signés » stands in the 25 % only; the other rules say « attributions annuelles ».
#[test]
fn decided_allocations_are_counted_beside_signed_ones_but_for_the_25_percent() {
    let late = Allocation { caleol: 20_241_215, bail: 20_250_110, ..lease(Band::Beyond, Quartile::First, 1) };
    assert_eq!((late.year(), late.year_decided()), (2025, 2024));
    let mix = Mix::embedded().unwrap();
    let both = |id| mix.rule(id).is_some_and(|r| r.decidees);
    assert!(!both("hors_qpv_q1"));
    assert!(["qpv_autres_quartiles", "dalo_bailleur", "etat_flux"].map(both).iter().all(|b| *b));
}

#[test]
fn a_projection_keeps_what_is_signed_and_its_interval_closes_with_the_year() {
    let s = Score { numerator: 30, denominator: 100, ..Score::default() };
    let half = s.projected(0.5, 1.645).unwrap();
    assert!((half.leases - 200.0).abs() < 1e-9 && half.low < half.share && half.share < half.high);
    assert!((half.share - 0.30).abs() < 0.01 && half.low >= 0.15);
    let late = s.projected(0.95, 1.645).unwrap();
    assert!(late.high - late.low < half.high - half.low);
    assert_eq!(s.projected(1.0, 1.645), None);
}

#[test]
fn few_households_are_hidden_and_so_is_what_would_tell_of_them() {
    let mut leases: Vec<Allocation> = Vec::new();
    for (bailleur, n) in [(0, 45), (1, 30), (2, 9), (3, 60)] {
        for i in 0..n {
            let quartile = if i % 3 == 0 { Quartile::First } else { Quartile::Other };
            leases.push(Allocation { bailleur, ..lease(Band::Beyond, quartile, 1) });
        }
    }
    let mix = Mix::embedded().unwrap();
    let mut t = table(mix, leases.iter(), |a| a.bailleur);
    t.protect(Secrecy::embedded().unwrap());
    let shown: Vec<bool> = t.lines.values().map(|l| l.scores[0].is_some()).collect();
    assert_eq!(shown, [true, false, false, true], "9 is secret and 30 with it");
    assert!(t.whole.scores[0].is_some());
}
