//! The worked years of the flow and its bounds.

use super::super::convention::tests::convention;
use super::*;

const CAPS: Caps = Caps { state: 0.30, agents: 0.05, guarantees: 0.20 };

fn base() -> Assiette {
    Assiette { annee: 2024, stock: 2_400, taux: Some(8.5), mutations: 24, anru: 10, ..Assiette::default() }
}

fn given(c: &CalculFlux) -> Vec<(&str, u32)> {
    c.parts.iter().map(|p| (p.reservataire.as_str(), p.logements)).collect()
}

#[test]
fn the_worked_year_is_170_dwellings_in_five_parts() {
    let list = [("ETAT_PRIO", 30.0), ("ACTION_LOGEMENT", 22.0), ("EPCI", 12.0), ("COMMUNE", 5.0)];
    let list: Vec<ConventionFlux> = list.iter().map(|(r, p)| convention(r, *p)).collect();
    let c = calculated(&base(), &list, &[], CAPS).unwrap();
    assert_eq!((c.assiette, c.lignes[2].valeur), (170, 204.0));
    let wanted = [("ETAT_PRIO", 51), ("ACTION_LOGEMENT", 37), ("EPCI", 20), ("COMMUNE", 9), ("BAILLEUR", 53)];
    assert_eq!(given(&c), wanted);
    assert_eq!(c.alertes, []);
    let left: f64 = c.parts.iter().map(|p| p.reporte).sum();
    assert!(left.abs() < 1e-9);
}

#[test]
fn caps_of_the_law_are_floors() {
    let list = [convention("ETAT_PRIO", 25.0), convention("ETAT_AGENT", 5.0)];
    let c = calculated(&Assiette { stock: 172, taux: Some(100.0), ..Assiette::default() }, &list, &[], CAPS);
    let c = c.unwrap();
    assert_eq!(c.parts.iter().filter(|p| is_state(&p.reservataire)).map(|p| p.logements).sum::<u32>(), 51);
    assert_eq!(c.parts.iter().find(|p| p.reservataire == "ETAT_AGENT").unwrap().logements, 8);
    assert_eq!(c.parts.iter().map(|p| p.logements).sum::<u32>(), 172);
}

#[test]
fn shares_of_110_percent_are_17_dwellings_too_many() {
    let list = [("ETAT_PRIO", 30.0), ("ACTION_LOGEMENT", 45.0), ("EPCI", 20.0), ("COMMUNE", 15.0)];
    let list: Vec<ConventionFlux> = list.iter().map(|(r, p)| convention(r, *p)).collect();
    let c = calculated(&base(), &list, &[], CAPS).unwrap();
    assert_eq!(c.parts.iter().map(|p| p.logements).sum::<u32>(), 187);
    let alert = c.alertes.iter().find(|a| a.id == "surreservation").unwrap();
    assert_eq!(alert.logements, 17);
}

#[test]
fn what_the_state_lacks_is_told_and_more_than_30_percent_too() {
    let c = calculated(&base(), &[convention("ETAT_PRIO", 20.0)], &[], CAPS).unwrap();
    assert_eq!(c.alertes.iter().find(|a| a.id == "etat_insuffisant").unwrap().logements, 51 - 34);
    let c = calculated(&base(), &[convention("ETAT_PRIO", 35.0)], &[], CAPS).unwrap();
    assert!(c.alertes.iter().any(|a| a.id == "etat_plafond"));
    assert_eq!(given(&c), [("ETAT_PRIO", 51), ("BAILLEUR", 119)]);
}

#[test]
fn a_réservataire_without_convention_gives_its_flow_to_the_prefect() {
    let mut al = convention("ACTION_LOGEMENT", 10.0);
    al.statut = Statut::ADefaut;
    let c = calculated(&base(), &[convention("ETAT_PRIO", 20.0), al], &[], CAPS).unwrap();
    assert_eq!(given(&c), [("ETAT_PRIO", 51), ("BAILLEUR", 119)]);
    assert_eq!(c.alertes.iter().find(|a| a.id == "a_defaut").unwrap().logements, 17);
}

/// A cap of 11 of 11.75, a minimum of 10 of 4.7: neither is owed the year after, and nobody is owed a whole
/// dwelling.
#[test]
fn what_a_bound_takes_is_not_owed_the_year_after() {
    let mut commune = convention("COMMUNE", 2.0);
    commune.minimum = 10;
    let list = [
        convention("ETAT_PRIO", 25.0),
        convention("ETAT_AGENT", 5.0),
        convention("ACTION_LOGEMENT", 22.0),
        commune,
    ];
    let base = Assiette { stock: 235, taux: Some(100.0), ..Assiette::default() };
    let mut carried = Vec::new();
    for year in 2023..2043 {
        let c = calculated(&Assiette { annee: year, ..base.clone() }, &list, &carried, CAPS).unwrap();
        assert_eq!(c.parts.iter().map(|p| p.logements).sum::<u32>(), 235);
        let left = |r: &str| c.parts.iter().find(|p| p.reservataire == r).unwrap().reporte;
        assert!(left("ETAT_AGENT").abs() < 1e-9 && left("COMMUNE").abs() < 1e-9, "{:?}", c.parts);
        assert!(c.parts.iter().all(|p| p.reporte.abs() < 1.0), "{:?}", c.parts);
        assert!(c.parts.iter().map(|p| p.reporte).sum::<f64>().abs() < 1e-6);
        carried = c.parts.into_iter().map(|p| (p.reservataire, p.reporte)).collect();
    }
}

#[test]
fn a_negative_base_is_nothing_and_said() {
    let c = calculated(&Assiette { anru: 900, ..base() }, &[convention("EPCI", 20.0)], &[], CAPS).unwrap();
    assert_eq!((c.assiette, c.alertes[0].id, c.alertes[0].logements), (0, "assiette_negative", 720));
    assert!(c.parts.iter().all(|p| p.logements == 0));
    assert_eq!(calculated(&Assiette { taux: None, ..base() }, &[], &[], CAPS), None);
}

#[test]
fn a_denounced_convention_gives_the_rest_of_its_year_to_the_prefect() {
    let mut epci = convention("EPCI", 10.0);
    (epci.statut, epci.denoncee) = (Statut::Denoncee, Some("2025-05-02".into()));
    let of = |annee| {
        let base = Assiette { annee, ..base() };
        calculated(&base, &[convention("ETAT_PRIO", 20.0), epci.clone()], &[], CAPS).unwrap()
    };
    assert_eq!(given(&of(2024)), [("ETAT_PRIO", 34), ("EPCI", 17), ("BAILLEUR", 119)]);
    // 182 days of 365: 8.48 of 17, the rest is the prefect's.
    let c = of(2025);
    assert_eq!(given(&c), [("ETAT_PRIO", 43), ("EPCI", 8), ("BAILLEUR", 119)]);
    assert_eq!(c.alertes.iter().find(|a| a.id == "denonciation").unwrap().logements, 9);
    assert_eq!(given(&of(2026)), [("ETAT_PRIO", 51), ("BAILLEUR", 119)]);
}

/// What comes to the prefect is beside the 30 % of the State: the others keep what their conventions give.
#[test]
fn what_reverts_to_the_prefect_is_not_under_the_cap_of_its_reservations() {
    let mut epci = convention("EPCI", 12.0);
    (epci.statut, epci.denoncee) = (Statut::Denoncee, Some("2024-06-30".into()));
    let list = [
        convention("ETAT_PRIO", 25.0),
        convention("ETAT_AGENT", 5.0),
        convention("ACTION_LOGEMENT", 22.0),
        epci,
    ];
    let base = Assiette { stock: 235, taux: Some(100.0), annee: 2025, ..Assiette::default() };
    let c = calculated(&base, &list, &[], CAPS).unwrap();
    let of = |r: &str| c.parts.iter().find(|p| p.reservataire == r).map(|p| p.logements).unwrap();
    assert_eq!(of("ETAT_PRIO") + of("ETAT_AGENT"), 70 + 28);
    assert_eq!((of("ACTION_LOGEMENT"), of("BAILLEUR"), of("ETAT_AGENT")), (52, 85, 11));
    let told: Vec<&str> = c.alertes.iter().map(|a| a.id).collect();
    assert_eq!(told, ["denonciation"], "{:?}", c.alertes);
    assert!(c.alertes[0].message.contains("30/08/2024") || c.alertes[0].message.contains("30 août 2024"));
}

#[test]
fn caps_of_the_law_hold_and_the_flow_is_all_given_whatever_the_shares() {
    let mut rng = fastrand::Rng::with_seed(30);
    for _ in 0..3_000 {
        let who = ["ETAT_PRIO", "ETAT_AGENT", "ACTION_LOGEMENT", "EPCI", "COMMUNE"];
        let list: Vec<ConventionFlux> =
            who.iter().map(|r| convention(r, f64::from(rng.u32(0..25)) + rng.f64() * 0.9)).collect();
        let stock = rng.u32(1..5_000);
        let base = Assiette { stock, taux: Some(rng.f64() * 15.0), ..Assiette::default() };
        let c = calculated(&base, &list, &[], CAPS).unwrap();
        let of = |r: &str| c.parts.iter().filter(|p| p.reservataire == r).map(|p| p.logements).sum::<u32>();
        let all: u32 = c.parts.iter().map(|p| p.logements).sum();
        let many = c.alertes.iter().find(|a| a.id == "surreservation").map_or(0, |a| a.logements);
        assert_eq!(all, c.assiette + many);
        let (state, agents) = (of("ETAT_PRIO") + of("ETAT_AGENT"), of("ETAT_AGENT"));
        let a = f64::from(c.assiette);
        assert!(f64::from(state) <= a * 0.30 + 1e-6 && f64::from(agents) <= a * 0.05 + 1e-6, "{c:?}");
    }
}

#[test]
fn bounds_that_cannot_be_held_are_an_alert() {
    let mut c = convention("COMMUNE", 5.0);
    c.minimum = 500;
    let c = calculated(&base(), &[c], &[], CAPS).unwrap();
    assert!(c.alertes.iter().any(|a| a.id == "bornes"), "{:?}", c.alertes);
    assert_eq!(given(&c), [("COMMUNE", 8), ("BAILLEUR", 162)], "shares without the bounds");
}
