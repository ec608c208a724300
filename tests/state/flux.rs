//! Gestion en flux in the state store: versions, events received once, withdrawn and put back, revisions.

use mosaique::flow::convention::ConventionFlux;
use mosaique::flow::event::{EvenementFlux, LogementFlux};
use mosaique::flow::rights::Droit;
use mosaique::state::{StateError, Versioned};
use serde_json::json;

use super::{Db, NOW};

fn convention(part: f64) -> ConventionFlux {
    serde_json::from_value(json!({
        "bailleur": "300000006", "reservataire": "EPCI:200069110", "departement": "73", "document": "", "statut": "signee",
        "du": 2025, "decompte": "bail", "part": part, "delai": 30, "delai_neuf": 60, "echeance": "retour_bailleur",
        "gestion": "directe",
    }))
    .expect("a convention as it was kept before it had delegations")
}

fn event(id: &str, logement: &str, jour: &str, genre: &str) -> EvenementFlux {
    serde_json::from_value(
        json!({"id": id, "bailleur": "300000006", "logement": logement, "jour": jour, "genre": genre}),
    )
    .expect("an event")
}

pub async fn conventions_keep_their_versions_and_what_is_the_same_makes_none(db: Db) {
    let s = &db.state;
    let before = s.flux_revision().await.unwrap();
    assert_eq!(s.put_flux(&[convention(12.0)], "a", NOW).await.unwrap(), 1);
    assert_eq!(s.put_flux(&[convention(12.0)], "a", NOW + 1).await.unwrap(), 0);
    assert_eq!(s.flux_revision().await.unwrap(), before + 1);
    assert_eq!(s.put_flux(&[convention(14.0)], "b", NOW + 2).await.unwrap(), 1);
    // Undone: what it was is the newest version.
    assert_eq!(s.put_flux(&[convention(12.0)], "b", NOW + 3).await.unwrap(), 1);
    assert_eq!(s.flux::<ConventionFlux>().await.unwrap(), [(3, convention(12.0))]);
    let history = s.flux_versions::<ConventionFlux>(&Versioned::key(&convention(1.0))).await.unwrap();
    let told: Vec<_> = history.iter().map(|v| (v.version, v.qui.as_str(), v.quand, v.contenu.part)).collect();
    assert_eq!(told, [(1, "a", NOW, 12.0), (2, "b", NOW + 2, 14.0), (3, "b", NOW + 3, 12.0)]);
    assert!(s.flux_versions::<Droit>("absent").await.unwrap().is_empty());
}

pub async fn an_event_counts_once_and_another_content_is_refused(db: Db) {
    let s = &db.state;
    let list = [event("e1", "L1", "2025-03-01", "preavis"), event("e2", "L1", "2025-03-04", "oriente")];
    let told = s.add_flux_events(&list, None, "a", NOW).await.unwrap();
    assert_eq!((told.nouveaux, told.connus), (2, 0));
    let told = s.add_flux_events(&list, None, "a", NOW).await.unwrap();
    assert_eq!((told.nouveaux, told.connus, told.retires), (0, 2, 0));
    // All or none: the new one before the refused one is not kept.
    let mixed = [event("e3", "L2", "2025-03-01", "preavis"), event("e1", "L1", "2025-03-02", "preavis")];
    assert!(matches!(s.add_flux_events(&mixed, None, "a", NOW).await, Err(StateError::Taken(_))));
    assert_eq!(s.flux_events("300000006").await.unwrap(), list);
    assert!(s.flux_events("300000007").await.unwrap().is_empty());
}

pub async fn an_event_is_withdrawn_replaced_and_put_back(db: Db) {
    let s = &db.state;
    let list = [event("e1", "L1", "2025-03-01", "preavis"), event("e2", "L1", "2025-03-04", "oriente")];
    s.add_flux_events(&list, None, "a", NOW).await.unwrap();
    s.mark_flux_event("300000006", "e2", true).await.unwrap();
    assert_eq!(s.flux_events("300000006").await.unwrap(), list[..1]);
    // Sent again by a machine, it stays withdrawn, and that is said.
    assert_eq!(s.add_flux_events(&list, None, "a", NOW).await.unwrap().retires, 1);
    s.mark_flux_event("300000006", "e2", false).await.unwrap();
    assert_eq!(s.flux_events("300000006").await.unwrap(), list);
    let better = event("e2b", "L1", "2025-03-05", "oriente");
    s.add_flux_events(std::slice::from_ref(&better), Some("e2"), "b", NOW + 5).await.unwrap();
    assert_eq!(s.flux_events("300000006").await.unwrap(), [list[0].clone(), better.clone()]);
    let kept = s.flux_events_at("300000006", "L1").await.unwrap();
    let told: Vec<_> = kept.iter().map(|k| (k.event.id.as_str(), k.withdrawn, k.qui.as_str())).collect();
    assert_eq!(told, [("e1", false, "a"), ("e2", true, "a"), ("e2b", false, "b")]);
    let absent = s.mark_flux_event("300000006", "e9", true).await;
    assert!(matches!(absent, Err(StateError::Absent(_))), "{absent:?}");
    // What takes the place of nothing is not kept.
    let other = event("e4", "L1", "2025-03-06", "accepte");
    assert!(s.add_flux_events(&[other], Some("e9"), "b", NOW).await.is_err());
    assert_eq!(s.flux_events("300000006").await.unwrap().len(), 2);
}

pub async fn dwellings_that_changed_since_a_revision_are_known(db: Db) {
    let s = &db.state;
    s.add_flux_events(&[event("e1", "L1", "2025-03-01", "preavis")], None, "a", NOW).await.unwrap();
    let first = s.flux_revision().await.unwrap();
    let since = async |rev: i64, most: i64| s.flux_changed(rev, most).await.unwrap();
    assert!(since(first, 10).await.unwrap().is_empty());
    let more = [event("e2", "L2", "2025-03-01", "preavis"), event("e3", "L3", "2025-03-01", "preavis")];
    s.add_flux_events(&more, None, "a", NOW).await.unwrap();
    let of = |l: &str| ("300000006".to_owned(), l.to_owned());
    assert_eq!(since(first, 10).await.unwrap().into_iter().collect::<Vec<_>>(), [of("L2"), of("L3")]);
    assert_eq!(since(first, 1).await, None);
    let second = s.flux_revision().await.unwrap();
    s.mark_flux_event("300000006", "e1", true).await.unwrap();
    assert_eq!(since(second, 10).await.unwrap().into_iter().collect::<Vec<_>>(), [of("L1")]);
    // Sent out of order, they come back by day.
    let late = [event("e5", "L3", "2025-03-09", "oriente"), event("e4", "L3", "2025-03-05", "travaux")];
    s.add_flux_events(&late, None, "a", NOW).await.unwrap();
    let mut each = Vec::new();
    s.each_flux_dwelling(|list| each.push(list.into_iter().map(|e| e.id).collect::<Vec<_>>())).await.unwrap();
    assert_eq!(each, [vec!["e2"], vec!["e3", "e4", "e5"]]);
}

pub async fn events_of_vacancies_that_ended_long_ago_are_dropped(db: Db) {
    let s = &db.state;
    let home = LogementFlux { commune: "73065".into(), typologie: "T3".into(), ..LogementFlux::default() };
    let first =
        EvenementFlux { caracteristiques: Some(home.clone()), ..event("a1", "L1", "2012-01-10", "preavis") };
    let list = [
        first,
        event("a2", "L1", "2012-02-01", "retrait"),
        EvenementFlux { caracteristiques: Some(home.clone()), ..event("b1", "L2", "2012-03-01", "preavis") },
        event("b2", "L2", "2012-04-01", "oriente"),
        event("b3", "L2", "2012-04-10", "accepte"),
        event("b4", "L2", "2012-05-01", "bail"),
        event("b5", "L2", "2015-05-01", "preavis"),
        event("c1", "L3", "2015-12-01", "preavis"),
        event("c2", "L3", "2016-02-01", "retrait"),
    ];
    s.add_flux_events(&list, None, "a", NOW).await.unwrap();
    let seen = s.flux_revision().await.unwrap();
    assert_eq!(s.forget_flux("2016-01-01", true).await.unwrap(), 6, "tried");
    assert_eq!(s.flux_events("300000006").await.unwrap().len(), 9, "a trial drops nothing");
    assert_eq!(s.forget_flux("2016-01-01", false).await.unwrap(), 6);
    let left = s.flux_events("300000006").await.unwrap();
    let ids: Vec<&str> = left.iter().map(|e| e.id.as_str()).collect();
    assert_eq!(ids, ["b5", "c1", "c2"], "what has not ended before the day stays whole");
    assert_eq!(left[0].caracteristiques, Some(home), "the dwelling is still known");
    assert_eq!(s.flux_changed(seen, 100).await.unwrap(), None, "whoever holds them reads again");
    assert_eq!(s.forget_flux("2016-01-01", false).await.unwrap(), 0);
}

pub async fn a_balance_sheet_is_frozen_by_versions(db: Db) {
    let s = &db.state;
    let of = |n: u32| json!({"baux": n});
    assert_eq!(s.freeze_flux(("300000006", 2024), &of(7), "", "a", NOW).await.unwrap(), 1);
    assert_eq!(s.freeze_flux(("300000006", 2024), &of(8), "oubli", "a", NOW + 1).await.unwrap(), 2);
    assert_eq!(s.freeze_flux(("300000006", 2025), &of(1), "", "a", NOW).await.unwrap(), 1);
    let mut all = s.flux_bilans("300000006", 2024).await.unwrap();
    all.extend(s.flux_bilans("300000006", 2025).await.unwrap());
    assert!(s.flux_bilans("300000007", 2024).await.unwrap().is_empty());
    let told: Vec<_> = all.iter().map(|b| (b.annee, b.version, b.motif.as_str(), &b.contenu)).collect();
    assert_eq!(told, [(2024, 1, "", &of(7)), (2024, 2, "oubli", &of(8)), (2025, 1, "", &of(1))]);
}
