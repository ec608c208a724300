//! The state store: the same tests on SQLite and, when `MOSAIQUE_TEST_POSTGRES` names a server, on PostgreSQL.

use mosaique::access::Place;
use mosaique::reference::access::{Class, Donnees, Role};
use mosaique::state::audit::{Entry, Wanted};
use mosaique::state::{Asker, NewAccount, NewConvention, NewZoneSet, Passwords, State, StateError, Visibilite, ZoneSetChange, day};
use sqlx::{AnyPool, Executor};

/// 1 March 2026, noon.
const NOW: i64 = 1_772_362_800;

struct Db {
    state: State,
    url: String,
    _dir: tempfile::TempDir,
}

async fn sqlite() -> Db {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}?mode=rwc", dir.path().join("etat.sqlite").display());
    Db { state: State::open(&url).await.unwrap(), url, _dir: dir }
}

/// A database of its own on the server of `MOSAIQUE_TEST_POSTGRES` (`postgres://user@host:port`).
async fn postgres() -> Option<Db> {
    let server = std::env::var("MOSAIQUE_TEST_POSTGRES").ok()?;
    sqlx::any::install_default_drivers();
    let name = format!("t{}", mosaique::state::random_token(12).unwrap());
    let root = AnyPool::connect(&format!("{server}/postgres")).await.unwrap();
    root.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
    let url = format!("{server}/{name}");
    Some(Db { state: State::open(&url).await.unwrap(), url, _dir: tempfile::tempdir().unwrap() })
}

/// Each test once for each database.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite { $( #[tokio::test] async fn $name() { super::$name(super::sqlite().await).await; } )* }
        mod on_postgres { $( #[tokio::test] async fn $name() {
            match super::postgres().await {
                Some(db) => super::$name(db).await,
                None => eprintln!("MOSAIQUE_TEST_POSTGRES is not set: not run"),
            }
        } )* }
    };
}

on_both!(
    an_account_is_found_by_its_address_and_closed_for_good,
    a_session_ends_by_time_by_idleness_and_by_sign_out,
    a_new_session_ends_the_one_before,
    a_token_reads_until_it_expires_or_is_revoked,
    wrong_passwords_are_throttled_by_account_and_address,
    many_attempts_at_once_are_all_counted,
    a_convention_expires_by_itself,
    a_removed_or_altered_line_of_the_trail_is_found,
    writers_of_the_trail_stand_in_line,
    what_is_too_old_leaves_and_the_trail_stays_whole,
    a_subject_of_the_provider_takes_one_account_once,
    a_second_opening_finds_everything,
    a_set_of_zones_is_seen_by_those_it_is_shared_with,
    a_set_of_zones_is_not_overwritten_and_comes_back_when_restored,
);

async fn agent(state: &State, courriel: &str) -> (String, String) {
    let org = match state.organisations().await.unwrap().first() {
        Some(o) => o.id.clone(),
        None => state.add_organisation(Role::Epci, "200000001", "CA du Sud", NOW).await.unwrap(),
    };
    let new = NewAccount { courriel, nom: "Agente", organisation: &org, gestionnaire: true, mot_de_passe: "x" };
    (state.add_account(&new, NOW).await.unwrap(), org)
}

async fn an_account_is_found_by_its_address_and_closed_for_good(db: Db) {
    let s = &db.state;
    let (id, org) = agent(s, "Agente@Exemple.fr ").await;
    assert_eq!(s.credentials("agente@exemple.FR").await.unwrap(), Some((id.clone(), Some("x".into()))));
    let again = NewAccount { courriel: "agente@exemple.fr", nom: "B", organisation: &org, gestionnaire: false, mot_de_passe: "y" };
    assert!(matches!(s.add_account(&again, NOW).await, Err(StateError::Taken(_))));
    let nowhere = NewAccount { courriel: "b@exemple.fr", organisation: "absent", ..again };
    assert!(matches!(s.add_account(&nowhere, NOW).await, Err(StateError::Absent(_))));
    assert!(matches!(s.add_organisation(Role::Epci, "200000001", "CA du Sud", NOW).await, Err(StateError::Taken(_))));

    let opened = s.open_session(&id, None, NOW).await.unwrap();
    let token = s.add_token(&id, "QGIS", false, 30, NOW).await.unwrap();
    s.close_account(&id, Some(NOW + 5)).await.unwrap();
    assert!(s.session(&opened.cookie, NOW + 6).await.unwrap().is_none());
    assert!(s.bearer(&token.secret, NOW + 6).await.unwrap().is_none());
    assert!(s.credentials("agente@exemple.fr").await.unwrap().is_none());
    assert!(s.account(&id).await.unwrap().unwrap().ferme);
    // Opened again, what was ended stays ended.
    s.close_account(&id, None).await.unwrap();
    assert!(s.credentials("agente@exemple.fr").await.unwrap().is_some());
    assert!(s.session(&opened.cookie, NOW + 7).await.unwrap().is_none());
    assert!(s.bearer(&token.secret, NOW + 7).await.unwrap().is_none());
}

async fn a_session_ends_by_time_by_idleness_and_by_sign_out(db: Db) {
    let s = &db.state;
    let (id, _) = agent(s, "a@exemple.fr").await;
    let open = || async { s.open_session(&id, None, NOW).await.unwrap().cookie };
    let cookie = open().await;
    let session = s.session(&cookie, NOW + 10).await.unwrap().unwrap();
    assert_eq!(session.person.courriel, "a@exemple.fr");
    assert!(session.provisoire && session.csrf.len() >= 40 && !session.mark.contains(&cookie));
    assert!(s.session(&format!("{cookie}x"), NOW).await.unwrap().is_none());
    // Used every half hour it lives, but no longer than a working day.
    for half_hours in 1..24 {
        assert!(s.session(&cookie, NOW + half_hours * 1800).await.unwrap().is_some(), "{half_hours}");
    }
    assert!(s.session(&cookie, NOW + 24 * 1800).await.unwrap().is_none());
    let idle = open().await;
    assert!(s.session(&idle, NOW + 3601).await.unwrap().is_none());
    let left = open().await;
    s.close_session(&left).await.unwrap();
    assert!(s.session(&left, NOW + 1).await.unwrap().is_none());
}

async fn a_new_session_ends_the_one_before(db: Db) {
    let s = &db.state;
    let (id, _) = agent(s, "a@exemple.fr").await;
    let first = s.open_session(&id, None, NOW).await.unwrap();
    let other = s.open_session(&id, None, NOW).await.unwrap();
    let second = s.open_session(&id, Some(&first.cookie), NOW).await.unwrap();
    assert_ne!(first.cookie, second.cookie);
    assert!(s.session(&first.cookie, NOW).await.unwrap().is_none());
    // A new password ends all sessions but the one that asked.
    let mark = s.session(&second.cookie, NOW).await.unwrap().unwrap().mark;
    s.set_password(&id, "y", false, Some(&mark)).await.unwrap();
    assert!(s.session(&other.cookie, NOW).await.unwrap().is_none());
    assert!(!s.session(&second.cookie, NOW).await.unwrap().unwrap().provisoire);
}

async fn a_token_reads_until_it_expires_or_is_revoked(db: Db) {
    let s = &db.state;
    let (id, _) = agent(s, "a@exemple.fr").await;
    let token = s.add_token(&id, "QGIS", false, 30, NOW).await.unwrap();
    let (person, writes) = s.bearer(&token.secret, NOW).await.unwrap().unwrap();
    assert!(person.compte.as_deref() == Some(&id) && !writes);
    assert!(s.bearer(&token.secret, token.expire).await.unwrap().is_none());
    let (other, _) = agent(s, "b@exemple.fr").await;
    assert!(matches!(s.revoke_token(&other, &token.id, NOW).await, Err(StateError::Absent(_))));
    s.revoke_token(&id, &token.id, NOW).await.unwrap();
    assert!(s.bearer(&token.secret, NOW).await.unwrap().is_none());
    let long = s.add_token(&id, "trop long", true, 10_000, NOW).await.unwrap();
    assert!(long.expire <= NOW + 365 * 86_400);
    for _ in 1..20 {
        s.add_token(&id, "un de plus", false, 1, NOW).await.unwrap();
    }
    assert!(matches!(s.add_token(&id, "un de trop", false, 1, NOW).await, Err(StateError::Taken(_))));
}

async fn wrong_passwords_are_throttled_by_account_and_address(db: Db) {
    let s = &db.state;
    for _ in 0..5 {
        s.attempt("a@exemple.fr", "ip1", NOW).await.unwrap().unwrap();
    }
    let wait = s.attempt("A@exemple.fr", "ip2", NOW + 60).await.unwrap().unwrap_err().wait;
    assert_eq!(wait, 14 * 60);
    s.attempt("b@exemple.fr", "ip1", NOW + 60).await.unwrap().unwrap();
    s.attempt("a@exemple.fr", "ip1", NOW + 15 * 60).await.unwrap().unwrap();
    s.forgive("a@exemple.fr", "ip1").await.unwrap();
    s.attempt("a@exemple.fr", "ip1", NOW + 15 * 60).await.unwrap().unwrap();
    for n in 0..50 {
        s.attempt(&format!("x{n}@exemple.fr"), "ip9", NOW).await.unwrap().unwrap();
    }
    assert!(s.attempt("y@exemple.fr", "ip9", NOW).await.unwrap().is_err());
}

async fn many_attempts_at_once_are_all_counted(db: Db) {
    let tries = (0..20).map(|_| {
        let s = db.state.clone();
        tokio::spawn(async move { s.attempt("a@exemple.fr", "ip", NOW).await.unwrap().is_ok() })
    });
    let mut passed = 0;
    for t in tries.collect::<Vec<_>>() {
        passed += usize::from(t.await.unwrap());
    }
    assert_eq!(passed, 5);
}

async fn a_convention_expires_by_itself(db: Db) {
    let s = &db.state;
    let (id, org) = agent(s, "a@exemple.fr").await;
    let new = NewConvention {
        titre: "Convention 2026".into(),
        territoire: vec!["epci:200000001".into()],
        classes: vec![Class::Fine, Class::Zone],
        donnees: vec![Donnees::Ops],
        du: "2026-01-01".into(),
        au: day(NOW),
        parties: vec![org.clone()],
    };
    let convention = s.add_convention(&new, NOW).await.unwrap();
    let seen = async |now: i64| s.person(&id, &day(now)).await.unwrap().unwrap().0.agreements;
    assert_eq!(seen(NOW).await[0].territoire, [Place::parse("epci:200000001").unwrap()]);
    assert_eq!(seen(NOW).await[0].classes, [Class::Fine, Class::Zone]);
    assert!(seen(NOW + 86_400).await.is_empty());
    s.end_convention(&convention, "2026-02-28").await.unwrap();
    assert!(seen(NOW).await.is_empty());
    assert_eq!(s.conventions(Some(&org)).await.unwrap()[0].parties[0].id, org);
    assert!(s.conventions(Some("autre")).await.unwrap().is_empty());
    let unknown = NewConvention { parties: vec!["absent".into()], ..new };
    assert!(matches!(s.add_convention(&unknown, NOW).await, Err(StateError::Absent(_))));
    assert_eq!(s.conventions(None).await.unwrap().len(), 1, "nothing of a refused convention is kept");
}

fn entry(n: i64) -> Entry {
    Entry {
        quand: NOW * 1000 + n,
        action: "mesure".into(),
        objet: format!("zone {n}"),
        parametres: "{\"é\":\"l'«\"}".into(),
        lignes: n,
        secret: n % 2 == 0,
        ..Entry::default()
    }
}

async fn a_removed_or_altered_line_of_the_trail_is_found(db: Db) {
    let s = &db.state;
    for n in 0..10 {
        s.audit(&[entry(2 * n), entry(2 * n + 1)]).await.unwrap();
    }
    let whole = s.verify_audit(None).await.unwrap();
    assert_eq!((whole.lignes, whole.faute.clone()), (20, None));
    let lines = s.audit_lines(&Wanted { limite: 3, avant: Some(11), ..Wanted::default() }).await.unwrap();
    assert_eq!(lines.iter().map(|l| l.rang).collect::<Vec<_>>(), [10, 9, 8]);
    assert!(s.audit_lines(&Wanted { limite: 3, action: Some("connexion".into()), ..Wanted::default() }).await.unwrap().is_empty());
    let witness = s.audit_lines(&Wanted { limite: 1, avant: Some(16), ..Wanted::default() }).await.unwrap().remove(0);
    assert_eq!(s.verify_audit(Some((15, &witness.empreinte))).await.unwrap().faute, None);

    let raw = AnyPool::connect(&db.url).await.unwrap();
    for (change, undo) in [
        ("UPDATE audit SET objet = 'autre' WHERE rang = 7", "UPDATE audit SET objet = 'zone 6' WHERE rang = 7"),
        ("UPDATE audit SET lignes = 99 WHERE rang = 20", "UPDATE audit SET lignes = 19 WHERE rang = 20"),
        ("UPDATE audit SET rang = 100 WHERE rang = 20", "UPDATE audit SET rang = 20 WHERE rang = 100"),
        ("UPDATE audit SET rang = -1 WHERE rang = 1", "UPDATE audit SET rang = 1 WHERE rang = -1"),
        ("UPDATE audit_tete SET ancre_rang = 1", "UPDATE audit_tete SET ancre_rang = 0"),
    ] {
        raw.execute(change).await.unwrap();
        assert!(s.verify_audit(None).await.unwrap().faute.is_some(), "{change}");
        raw.execute(undo).await.unwrap();
        assert_eq!(s.verify_audit(None).await.unwrap().faute, None, "{undo}");
    }
    // Whoever rewrites the whole chain from a line on is found by the hash that was noted elsewhere.
    let lines = s.audit_lines(&Wanted { limite: 1, ..Wanted::default() }).await.unwrap();
    raw.execute("DELETE FROM audit WHERE rang > 12").await.unwrap();
    raw.execute("UPDATE audit_tete SET rang = 12, empreinte = (SELECT empreinte FROM audit WHERE rang = 12)").await.unwrap();
    assert_eq!(s.verify_audit(None).await.unwrap().faute, None);
    assert!(s.verify_audit(Some((20, &lines[0].empreinte))).await.unwrap().faute.is_some());
}

async fn writers_of_the_trail_stand_in_line(db: Db) {
    let other = State::open(&db.url).await.unwrap();
    let writers = (0..40).map(|n| {
        let s = if n % 2 == 0 { db.state.clone() } else { other.clone() };
        tokio::spawn(async move { s.audit(&[entry(n), entry(n)]).await.unwrap() })
    });
    for w in writers.collect::<Vec<_>>() {
        w.await.unwrap();
    }
    let verdict = db.state.verify_audit(None).await.unwrap();
    assert_eq!((verdict.lignes, verdict.faute), (80, None));
}

async fn what_is_too_old_leaves_and_the_trail_stays_whole(db: Db) {
    let s = &db.state;
    let year = 400 * 86_400;
    let (id, _) = agent(s, "a@exemple.fr").await;
    s.open_session(&id, None, NOW).await.unwrap();
    s.audit(&[entry(1), entry(2)]).await.unwrap();
    s.audit(&[Entry { quand: (NOW + year) * 1000, ..entry(3) }]).await.unwrap();
    let purged = s.purge(NOW + year).await.unwrap();
    assert_eq!((purged.audit, purged.sessions), (2, 1));
    let verdict = s.verify_audit(None).await.unwrap();
    assert_eq!((verdict.lignes, verdict.premier, verdict.faute), (1, 3, None));
    assert_eq!(s.purge(NOW + 2 * year).await.unwrap().audit, 1);
    s.audit(&[entry(4)]).await.unwrap();
    let verdict = s.verify_audit(None).await.unwrap();
    assert_eq!((verdict.lignes, verdict.premier, verdict.faute), (1, 4, None));
}

async fn a_subject_of_the_provider_takes_one_account_once(db: Db) {
    let s = &db.state;
    let (id, _) = agent(s, "a@exemple.fr").await;
    assert_eq!(s.account_of_subject("sub1", None).await.unwrap(), None);
    assert_eq!(s.account_of_subject("sub1", Some("A@exemple.fr")).await.unwrap(), Some(id.clone()));
    assert_eq!(s.account_of_subject("sub1", None).await.unwrap(), Some(id));
    assert_eq!(s.account_of_subject("sub2", Some("a@exemple.fr")).await.unwrap(), None);
    let (_, _) = agent(s, "b@exemple.fr").await;
    // A subject that has an account takes no second one.
    assert_eq!(s.account_of_subject("sub1", Some("b@exemple.fr")).await.unwrap(), s.account_of_subject("sub1", None).await.unwrap());
    let pending = mosaique::state::Pending { nonce: "n".into(), verificateur: "v".into() };
    s.remember_signin("etat", &pending, NOW).await.unwrap();
    assert_eq!(s.take_signin("autre", NOW).await.unwrap(), None);
    assert_eq!(s.take_signin("etat", NOW).await.unwrap(), Some(pending.clone()));
    assert_eq!(s.take_signin("etat", NOW).await.unwrap(), None);
    s.remember_signin("vieux", &pending, NOW).await.unwrap();
    assert_eq!(s.take_signin("vieux", NOW + 601).await.unwrap(), None);
}

async fn a_second_opening_finds_everything(db: Db) {
    let (id, _) = agent(&db.state, "a@exemple.fr").await;
    let cookie = db.state.open_session(&id, None, NOW).await.unwrap().cookie;
    let again = State::open(&db.url).await.unwrap();
    assert!(again.session(&cookie, NOW).await.unwrap().is_some());
    assert_eq!(again.ip_mark("127.0.0.1"), db.state.ip_mark("127.0.0.1"));
    assert_ne!(again.ip_mark("127.0.0.1"), again.ip_mark("127.0.0.2"));
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_said_without_secrets() {
    let e = State::open("sqlite:///nulle/part/etat.sqlite").await.unwrap_err().to_string();
    assert!(e.contains("/nulle/part/etat.sqlite"), "{e}");
    Passwords::new().unwrap();
}

/// An account and its organisation.
async fn someone(state: &State, courriel: &str, role: Role, code: &str, manages: bool) -> (String, String) {
    let known = state.organisations().await.unwrap().into_iter().find(|o| o.code == code);
    let org = match known {
        Some(o) => o.id,
        None => state.add_organisation(role, code, code, NOW).await.unwrap(),
    };
    let new = NewAccount { courriel, nom: courriel, organisation: &org, gestionnaire: manages, mot_de_passe: "x" };
    (state.add_account(&new, NOW).await.unwrap(), org)
}

fn who((compte, organisation): &(String, String), gestionnaire: bool) -> Asker<'_> {
    Asker { compte, organisation, gestionnaire }
}

fn kept(visibilite: Visibilite) -> NewZoneSet<'static> {
    NewZoneSet { nom: "Secteurs", visibilite, millesime: 2024, vague: Some(2024), n: 1, zones: "[]" }
}

async fn a_set_of_zones_is_seen_by_those_it_is_shared_with(db: Db) {
    let s = &db.state;
    let author = someone(s, "a@exemple.fr", Role::Epci, "200000001", false).await;
    let colleague = someone(s, "b@exemple.fr", Role::Epci, "200000001", false).await;
    let partner = someone(s, "c@exemple.fr", Role::Agence, "400000000", true).await;
    let stranger = someone(s, "d@exemple.fr", Role::Agence, "400000001", true).await;
    let new = NewConvention {
        titre: "Convention".into(),
        territoire: vec!["epci:200000001".into()],
        classes: vec![Class::Zone],
        donnees: vec![Donnees::Ops],
        du: "2026-01-01".into(),
        au: day(NOW),
        parties: vec![author.1.clone(), partner.1.clone()],
    };
    s.add_convention(&new, NOW).await.unwrap();
    for (visibility, expected) in [
        (Visibilite::Prive, [true, false, false, false]),
        (Visibilite::Org, [true, true, false, false]),
        (Visibilite::Partenaires, [true, true, true, false]),
    ] {
        let id = s.add_zone_set(who(&author, false), &kept(visibility), NOW).await.unwrap();
        for (person, seen) in [&author, &colleague, &partner, &stranger].into_iter().zip(expected) {
            let asker = who(person, true);
            let list = s.zone_sets(asker, NOW).await.unwrap();
            assert_eq!(list.iter().any(|e| e.id == id), seen, "{visibility:?} {}", person.0);
            assert_eq!(s.zone_set(asker, &id, NOW).await.is_ok(), seen, "{visibility:?}");
            // Seeing is not changing: only the author, and who manages the organisation.
            let change = ZoneSetChange { nom: Some("x"), version: s.zone_set(who(&author, false), &id, NOW).await.unwrap().0.version, ..ZoneSetChange::default() };
            let may = person == &author || (person == &colleague && visibility != Visibilite::Prive);
            assert_eq!(s.change_zone_set(asker, &id, change, NOW).await.is_ok(), may, "{visibility:?} {}", person.0);
            if !may {
                assert!(matches!(s.erase_zone_set(asker, &id, true, NOW).await, Err(StateError::Absent(_))));
            }
        }
        assert!(s.change_zone_set(who(&colleague, false), &id, ZoneSetChange::default(), NOW).await.is_err());
        // The day after the convention ended, the partner sees nothing more.
        assert!(s.zone_set(who(&partner, true), &id, NOW + 86_400).await.is_err());
    }
}

async fn a_set_of_zones_is_not_overwritten_and_comes_back_when_restored(db: Db) {
    let s = &db.state;
    let author = someone(s, "a@exemple.fr", Role::Epci, "200000001", false).await;
    let manager = someone(s, "b@exemple.fr", Role::Epci, "200000001", true).await;
    let (a, m) = (who(&author, false), who(&manager, true));
    let id = s.add_zone_set(a, &kept(Visibilite::Org), NOW).await.unwrap();
    let first = ZoneSetChange { zones: Some((2, "[1,2]")), version: 1, ..ZoneSetChange::default() };
    s.change_zone_set(a, &id, first, NOW + 1).await.unwrap();
    // Who opened version 1 too does not undo what was written since.
    assert!(matches!(s.change_zone_set(m, &id, first, NOW + 2).await, Err(StateError::Taken(_))));
    let (set, zones) = s.zone_set(m, &id, NOW).await.unwrap();
    assert_eq!((set.version, set.zones, set.nom.as_str(), zones.as_str()), (2, 2, "Secteurs", "[1,2]"));
    s.erase_zone_set(m, &id, true, NOW + 3).await.unwrap();
    assert!(s.zone_set(who(&manager, false), &id, NOW).await.is_err());
    assert!(s.zone_set(m, &id, NOW).await.unwrap().0.efface);
    assert!(matches!(s.change_zone_set(a, &id, ZoneSetChange { version: 2, ..first }, NOW).await, Err(StateError::Taken(_))));
    s.erase_zone_set(a, &id, false, NOW + 4).await.unwrap();
    assert!(!s.zone_set(who(&manager, false), &id, NOW).await.unwrap().0.efface);
    s.erase_zone_set(a, &id, true, NOW + 5).await.unwrap();
    assert_eq!(s.purge(NOW + 5).await.unwrap().ensembles, 0);
    assert_eq!(s.purge(NOW + 6 + 30 * 86_400).await.unwrap().ensembles, 1);
    assert!(s.zone_set(a, &id, NOW).await.is_err());
}
