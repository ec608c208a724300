//! The state store: the same tests on SQLite and, when `MOSAIQUE_TEST_POSTGRES` names a server, on
//! PostgreSQL.

mod flux;
mod journal;

use mosaique::access::Place;
use mosaique::reference::access::{Class, Donnees, Role};
use mosaique::reference::fragilite::Decision;
use mosaique::state::audit::{Entry, Wanted};
use mosaique::state::dalo::{Said, Saying, Stand};
use mosaique::state::rpems::{Act, NewFile, Statut, Whose};
use mosaique::state::{
    Asker, Caracteristiques, Closer, GenreEvenement, Lieu, Lignee, NewAccount, NewConvention, NewCorrection,
    NewDeposit, NewEvent, NewFlag, NewNote, NewZoneSet, Passwords, State, StateError, StatutCorrection,
    StatutDepot, TauxCia, Visibilite, ZoneSetChange, day,
};
use mosaique::stock::edits::Home;
use mosaique::stock::events::Effect;
use sqlx::{AnyPool, Executor};

use flux::{
    a_balance_sheet_is_frozen_by_versions, an_event_counts_once_and_another_content_is_refused,
    an_event_is_withdrawn_replaced_and_put_back,
    conventions_keep_their_versions_and_what_is_the_same_makes_none,
    dwellings_that_changed_since_a_revision_are_known, events_of_vacancies_that_ended_long_ago_are_dropped,
};

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
    a_one_time_password_has_its_time_and_a_new_password_ends_tokens,
    who_reads_before_writing_is_not_refused_because_others_write,
    a_session_ends_by_time_by_idleness_and_by_sign_out,
    a_new_session_ends_the_one_before,
    a_token_reads_until_it_expires_or_is_revoked,
    wrong_passwords_are_throttled_by_account_and_address,
    many_attempts_at_once_are_all_counted,
    a_convention_expires_by_itself,
    a_removed_or_altered_line_of_the_trail_is_found,
    a_trail_that_was_emptied_is_never_called_intact,
    a_trail_that_ends_before_a_noted_head_was_cut,
    lines_that_leave_in_their_time_are_noted_as_such,
    writers_of_the_trail_stand_in_line,
    what_is_too_old_leaves_and_the_trail_stays_whole,
    a_subject_of_the_provider_takes_one_account_once,
    a_second_opening_finds_everything,
    a_deposit_goes_where_it_may_and_its_history_says_who_did_what,
    a_correction_undone_gives_back_what_it_had_replaced,
    residences_follow_the_last_operation_that_was_not_undone,
    events_and_flags_are_kept_with_their_author_and_undone_once,
    a_rate_of_a_convention_is_kept_changed_and_set_once,
    a_residence_enters_the_list_by_people_only_and_its_history_is_kept,
    two_decisions_at_once_do_not_both_pass,
    a_placement_is_justified_contested_and_justified_again,
    a_placement_is_new_to_an_organisation_until_it_has_looked,
    a_set_of_zones_is_seen_by_those_it_is_shared_with,
    a_set_of_zones_is_not_overwritten_and_comes_back_when_restored,
    conventions_keep_their_versions_and_what_is_the_same_makes_none,
    an_event_counts_once_and_another_content_is_refused,
    an_event_is_withdrawn_replaced_and_put_back,
    dwellings_that_changed_since_a_revision_are_known,
    a_balance_sheet_is_frozen_by_versions,
    events_of_vacancies_that_ended_long_ago_are_dropped,
);

async fn agent(state: &State, courriel: &str) -> (String, String) {
    let org = match state.organisations().await.unwrap().first() {
        Some(o) => o.id.clone(),
        None => state.add_organisation(Role::Epci, "200000001", "CA du Sud", NOW).await.unwrap(),
    };
    let new =
        NewAccount { courriel, nom: "Agente", organisation: &org, gestionnaire: true, mot_de_passe: "x" };
    (state.add_account(&new, NOW).await.unwrap(), org)
}

async fn an_account_is_found_by_its_address_and_closed_for_good(db: Db) {
    let s = &db.state;
    let (id, org) = agent(s, "Agente@Exemple.fr ").await;
    assert_eq!(s.credentials("agente@exemple.FR").await.unwrap(), Some((id.clone(), Some("x".into()))));
    let again = NewAccount {
        courriel: "agente@exemple.fr",
        nom: "B",
        organisation: &org,
        gestionnaire: false,
        mot_de_passe: "y",
    };
    assert!(matches!(s.add_account(&again, NOW).await, Err(StateError::Taken(_))));
    let nowhere = NewAccount { courriel: "b@exemple.fr", organisation: "absent", ..again };
    assert!(matches!(s.add_account(&nowhere, NOW).await, Err(StateError::Absent(_))));
    assert!(matches!(
        s.add_organisation(Role::Epci, "200000001", "CA du Sud", NOW).await,
        Err(StateError::Taken(_))
    ));

    let opened = s.open_session(&id, None, NOW).await.unwrap();
    let token = s.add_token(&id, "QGIS", false, 30, NOW).await.unwrap();
    s.close_account(&id, Some(NOW + 5), Closer::Administration).await.unwrap();
    assert!(s.session(&opened.cookie, NOW + 6).await.unwrap().is_none());
    assert!(s.bearer(&token.secret, NOW + 6).await.unwrap().is_none());
    assert!(s.credentials("agente@exemple.fr").await.unwrap().is_none());
    assert!(s.account(&id).await.unwrap().unwrap().ferme);
    // Opened again, what was ended stays ended.
    s.close_account(&id, None, Closer::Administration).await.unwrap();
    assert!(s.credentials("agente@exemple.fr").await.unwrap().is_some());
    assert!(s.session(&opened.cookie, NOW + 7).await.unwrap().is_none());
    assert!(s.bearer(&token.secret, NOW + 7).await.unwrap().is_none());
    // A manager closes and reopens, but not what the administration closed.
    s.close_account(&id, Some(NOW), Closer::Gestionnaire).await.unwrap();
    s.close_account(&id, None, Closer::Gestionnaire).await.unwrap();
    s.close_account(&id, Some(NOW), Closer::Administration).await.unwrap();
    assert!(matches!(s.close_account(&id, None, Closer::Gestionnaire).await, Err(StateError::Taken(_))));
    assert!(s.account(&id).await.unwrap().unwrap().ferme);
}

async fn who_reads_before_writing_is_not_refused_because_others_write(db: Db) {
    let s = &db.state;
    let (id, _) = agent(s, "a@exemple.fr").await;
    let turns = (0..60).map(|n| {
        let (s, id) = (s.clone(), id.clone());
        tokio::spawn(async move {
            // Closing looks first who closed the account before.
            s.close_account(&id, (n % 2 == 0).then_some(NOW), Closer::Administration).await
        })
    });
    for turn in turns.collect::<Vec<_>>() {
        turn.await.unwrap().unwrap();
    }
}

async fn a_one_time_password_has_its_time_and_a_new_password_ends_tokens(db: Db) {
    let s = &db.state;
    let (id, _) = agent(s, "a@exemple.fr").await;
    let over = async |at: i64| s.one_time_is_over(&id, at).await.unwrap();
    assert!(!over(NOW + 71 * 3600).await && over(NOW + 73 * 3600).await);
    s.set_password(&id, "y", Some(NOW + 100 * 3600), None).await.unwrap();
    assert!(!over(NOW + 171 * 3600).await && over(NOW + 173 * 3600).await);
    let token = s.add_token(&id, "QGIS", false, 30, NOW).await.unwrap();
    s.set_password(&id, "z", None, None).await.unwrap();
    assert!(!over(NOW + 1_000 * 3600).await, "a chosen password has no end");
    assert!(s.bearer(&token.secret, NOW + 1).await.unwrap().is_none());
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
    s.set_password(&id, "y", None, Some(&mark)).await.unwrap();
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
    let wait = s.attempt("A@exemple.fr", "ip1", NOW + 60).await.unwrap().unwrap_err().wait;
    assert_eq!(wait, 14 * 60);
    // Its owner, elsewhere, is not shut out by those guesses; nor is another account from there.
    s.attempt("a@exemple.fr", "ip2", NOW + 60).await.unwrap().unwrap();
    s.attempt("b@exemple.fr", "ip1", NOW + 60).await.unwrap().unwrap();
    s.attempt("a@exemple.fr", "ip1", NOW + 15 * 60).await.unwrap().unwrap();
    s.forgive("a@exemple.fr", "ip1").await.unwrap();
    s.attempt("a@exemple.fr", "ip1", NOW + 15 * 60).await.unwrap().unwrap();
    for n in 0..50 {
        s.attempt(&format!("x{n}@exemple.fr"), "ip9", NOW).await.unwrap().unwrap();
    }
    assert!(s.attempt("y@exemple.fr", "ip9", NOW).await.unwrap().is_err());
    // Many places at once are one attack on one account.
    let mut passed = 0;
    for n in 0..80 {
        passed += usize::from(s.attempt("z@exemple.fr", &format!("lieu{n}"), NOW).await.unwrap().is_ok());
    }
    assert_eq!(passed, 60);
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
    assert!(
        s.audit_lines(&Wanted { limite: 3, action: Some("connexion".into()), ..Wanted::default() })
            .await
            .unwrap()
            .is_empty()
    );
    let witness =
        s.audit_lines(&Wanted { limite: 1, avant: Some(16), ..Wanted::default() }).await.unwrap().remove(0);
    assert_eq!(s.verify_audit(Some((15, &witness.empreinte))).await.unwrap().faute, None);

    let raw = AnyPool::connect(&db.url).await.unwrap();
    for (change, undo) in [
        (
            "UPDATE audit SET objet = 'autre' WHERE rang = 7",
            "UPDATE audit SET objet = 'zone 6' WHERE rang = 7",
        ),
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
    raw.execute("UPDATE audit_tete SET rang = 12, empreinte = (SELECT empreinte FROM audit WHERE rang = 12)")
        .await
        .unwrap();
    assert_eq!(s.verify_audit(None).await.unwrap().faute, None);
    assert!(s.verify_audit(Some((20, &lines[0].empreinte))).await.unwrap().faute.is_some());
}

/// Lines, and a head of them noted outside of the database.
async fn noted(db: &Db, root: &std::path::Path) -> State {
    let s = db.state.clone().with_heads(root).await.unwrap();
    for n in 0..20 {
        s.audit(&[entry(n)]).await.unwrap();
    }
    assert!(s.verify_audit(None).await.unwrap().inverifiable.is_some(), "no head is noted yet");
    assert_eq!(s.note_head().await.unwrap().unwrap().0, 20);
    let whole = s.verify_audit(None).await.unwrap();
    assert_eq!((whole.lignes, whole.faute, whole.inverifiable), (20, None, None));
    s
}

async fn a_trail_that_was_emptied_is_never_called_intact(db: Db) {
    let root = tempfile::tempdir().unwrap();
    let s = noted(&db, root.path()).await;
    let raw = AnyPool::connect(&db.url).await.unwrap();
    // All lines go and the anchor moves to the last: maintenance does the same, but notes it.
    raw.execute("DELETE FROM audit").await.unwrap();
    raw.execute("UPDATE audit_tete SET ancre_rang = rang, ancre = empreinte").await.unwrap();
    let emptied = s.verify_audit(None).await.unwrap();
    assert_eq!(emptied.faute, None);
    assert!(emptied.inverifiable.unwrap().contains("jusqu'à 20"));
    // A witness that nobody can compare proves nothing.
    assert!(s.verify_audit(Some((5, "invented"))).await.unwrap().inverifiable.is_some());
    // A new chain in their place does not have the head.
    raw.execute("UPDATE audit_tete SET rang = 0, empreinte = '', ancre_rang = 0, ancre = ''").await.unwrap();
    for n in 0..30 {
        s.audit(&[entry(n + 1)]).await.unwrap();
    }
    assert!(s.verify_audit(None).await.unwrap().faute.unwrap().contains("la ligne 20"));
}

async fn a_trail_that_ends_before_a_noted_head_was_cut(db: Db) {
    let root = tempfile::tempdir().unwrap();
    let s = noted(&db, root.path()).await;
    let raw = AnyPool::connect(&db.url).await.unwrap();
    raw.execute("DELETE FROM audit WHERE rang > 12").await.unwrap();
    raw.execute("UPDATE audit_tete SET rang = 12, empreinte = (SELECT empreinte FROM audit WHERE rang = 12)")
        .await
        .unwrap();
    let cut = s.verify_audit(None).await.unwrap().faute.unwrap();
    assert!(cut.contains("ligne 12") && cut.contains("ligne 20"), "{cut}");
}

async fn lines_that_leave_in_their_time_are_noted_as_such(db: Db) {
    let root = tempfile::tempdir().unwrap();
    let s = noted(&db, root.path()).await;
    let year = 400 * 86_400;
    s.audit(&[Entry { quand: (NOW + year) * 1000, ..entry(99) }]).await.unwrap();
    assert_eq!(s.purge(NOW + year).await.unwrap().audit, 20);
    let verdict = s.verify_audit(None).await.unwrap();
    assert_eq!((verdict.lignes, verdict.premier, verdict.faute, verdict.inverifiable), (1, 21, None, None));
    let old = s.verify_audit(Some((5, "noted long ago"))).await.unwrap();
    assert!(old.faute.is_none() && old.inverifiable.unwrap().contains("ligne 5"));
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
    assert_eq!(
        s.account_of_subject("sub1", Some("b@exemple.fr")).await.unwrap(),
        s.account_of_subject("sub1", None).await.unwrap()
    );
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

async fn a_deposit_goes_where_it_may_and_its_history_says_who_did_what(db: Db) {
    let s = &db.state;
    let (who, _) = agent(s, "a@exemple.fr").await;
    let new = NewDeposit {
        id: "d1",
        registre: "ops",
        annee: 2024,
        siren: "300000000",
        fichier: "ops.csv",
        octets: 12,
        empreinte: "ff",
    };
    s.add_deposit(&new, &who, NOW).await.unwrap();
    assert!(matches!(s.deposit("399999999", "d1").await, Err(StateError::Absent(_))), "another bailleur's");
    // What is being checked cannot be accepted.
    assert!(!s.turn_deposit("d1", &[StatutDepot::Pret], StatutDepot::Accepte, "").await.unwrap());
    assert!(s.turn_deposit("d1", &[StatutDepot::Controle], StatutDepot::Pret, "").await.unwrap());
    s.checked_deposit("d1", "{}", "[]").await.unwrap();
    s.correct_deposit("d1", "{\"2\":{\"A\":\"é\"}}").await.unwrap();
    s.note_deposit("d1", &who, "correction", "1 ligne", NOW + 5).await.unwrap();
    let d = s.deposit("300000000", "d1").await.unwrap();
    assert_eq!((d.statut, d.rapport.as_str(), d.octets, d.annee), (StatutDepot::Pret, "{}", 12, 2024));
    assert_eq!(d.corrections, "{\"2\":{\"A\":\"é\"}}");
    // Two who accept at once: one of them does.
    let accept = || s.turn_deposit("d1", &[StatutDepot::Pret], StatutDepot::Accepte, "");
    let (a, b) = tokio::join!(accept(), accept());
    assert_eq!([a.unwrap(), b.unwrap()].iter().filter(|x| **x).count(), 1);
    let history = s.deposit_history("d1").await.unwrap();
    assert_eq!(
        history.iter().map(|g| (g.geste.as_str(), g.qui.as_str(), g.quand)).collect::<Vec<_>>(),
        [("depot", "Agente", NOW), ("correction", "Agente", NOW + 5)]
    );
    assert_eq!(s.deposits("300000000").await.unwrap().len(), 1);
    // When it came into force, and by whom, while it is.
    assert_eq!(s.acceptances().await.unwrap(), []);
    s.note_deposit("d1", &who, "acceptation", "1 ligne", NOW + 9).await.unwrap();
    let told = ("ops".to_owned(), 2024, "300000000".to_owned(), NOW + 9, "Agente".to_owned());
    assert_eq!(s.acceptances().await.unwrap(), [told]);
    assert!(s.turn_deposit("d1", &[StatutDepot::Accepte], StatutDepot::Remplace, "").await.unwrap());
    assert_eq!(s.acceptances().await.unwrap(), []);
}

fn moved(adresse: &str, lon: f64) -> NewCorrection {
    NewCorrection {
        siren: "300000000".into(),
        adresse: adresse.into(),
        ident_rep: String::new(),
        des: 2024,
        avant: Lieu { libelle: "1 RUE A".into(), ..Lieu::default() },
        apres: Lieu {
            lon: Some(lon),
            lat: Some(45.5),
            libelle: "1 rue A".into(),
            qualite: 11,
            score: Some(0.93),
            ..Lieu::default()
        },
        methode: "BAN",
        statut: StatutCorrection::Acceptee,
        commentaire: "vu sur place".into(),
        logements: 12,
        lot: String::new(),
    }
}

async fn a_correction_undone_gives_back_what_it_had_replaced(db: Db) {
    let s = &db.state;
    let (who, _) = agent(s, "a@exemple.fr").await;
    let longitudes = async || s.points_in_force().await.unwrap().iter().map(|p| p.lon).collect::<Vec<_>>();
    let first = s.add_corrections(&[moved("a", 5.1)], &who, NOW).await.unwrap();
    let second = s.add_corrections(&[moved("a", 5.2)], &who, NOW + 1).await.unwrap();
    assert_eq!(longitudes().await, [5.2]);
    assert!(matches!(
        s.undo_corrections("399999999", &second[0], &who, NOW + 2).await,
        Err(StateError::Absent(_))
    ));
    assert_eq!(s.undo_corrections("300000000", &second[0], &who, NOW + 2).await.unwrap(), 1);
    assert_eq!(longitudes().await, [5.1]);
    assert!(
        matches!(
            s.undo_corrections("300000000", &second[0], &who, NOW + 3).await,
            Err(StateError::Absent(_))
        ),
        "once"
    );
    // A lot goes at once, and leaves the rest.
    let lot = |a: &str, lon| NewCorrection { lot: "l1".into(), methode: "LOT", ..moved(a, lon) };
    s.add_corrections(&[lot("a", 6.1), lot("b", 6.2)], &who, NOW + 4).await.unwrap();
    assert_eq!(longitudes().await, [6.1, 6.2]);
    assert_eq!(s.undo_corrections("300000000", "l1", &who, NOW + 5).await.unwrap(), 2);
    assert_eq!(longitudes().await, [5.1]);
    // A dismissal moves nothing; undone, the correction before it holds again, and the dismissal before that
    // one too.
    let dismissed = NewCorrection { statut: StatutCorrection::Ecartee, methode: "ECART", ..moved("a", 9.0) };
    let third = s.add_corrections(&[dismissed], &who, NOW + 6).await.unwrap();
    assert!(longitudes().await.is_empty());
    s.undo_corrections("300000000", &third[0], &who, NOW + 7).await.unwrap();
    assert_eq!(longitudes().await, [5.1]);
    let all = s.corrections("300000000").await.unwrap();
    assert_eq!(all.len(), 5, "history keeps what was undone");
    let kept = all.iter().find(|c| c.id == first[0]).unwrap();
    assert_eq!(
        (kept.statut, kept.qui.as_str(), kept.apres.score, kept.logements),
        (StatutCorrection::Acceptee, "Agente", Some(0.93), 12)
    );
    assert!(
        matches!(s.undo_corrections("300000000", "", &who, NOW).await, Err(StateError::Absent(_))),
        "no name is no lot"
    );
}

async fn residences_follow_the_last_operation_that_was_not_undone(db: Db) {
    let s = &db.state;
    let (who, _) = agent(s, "a@exemple.fr").await;
    let home = |a: &str, code: &str| Home {
        siren: "300000000".into(),
        adresse: a.into(),
        code: code.into(),
        libelle: format!("Résidence {code}"),
    };
    let add = async |genre: &str, homes: &[Home], at: i64| {
        s.add_residence_operation("300000000", genre, &Lignee::default(), homes, &who, at).await
    };
    add("renommee", &[home("a", "R1"), home("b", "R1")], NOW).await.unwrap();
    let second = add("scission", &[home("b", "R2")], NOW).await.unwrap();
    let codes = async || {
        s.homes_in_force()
            .await
            .unwrap()
            .iter()
            .map(|h| (h.adresse.clone(), h.code.clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(codes().await, [("a".to_owned(), "R1".to_owned()), ("b".to_owned(), "R2".to_owned())]);
    s.undo_residence_operation("300000000", &second, NOW + 1).await.unwrap();
    assert_eq!(codes().await[1].1, "R1");
    assert!(matches!(
        s.undo_residence_operation("300000000", &second, NOW + 1).await,
        Err(StateError::Taken(_))
    ));
    assert!(matches!(
        add("fichier", &[home("a", "R1"), home("a", "R2")], NOW).await,
        Err(StateError::Taken(_))
    ));
    let list = s.residence_operations("300000000").await.unwrap();
    assert_eq!(
        list.iter().map(|o| (o.genre.as_str(), o.annulee)).collect::<Vec<_>>(),
        [("scission", true), ("renommee", false)]
    );
}

async fn events_and_flags_are_kept_with_their_author_and_undone_once(db: Db) {
    let s = &db.state;
    let (who, _) = agent(s, "a@exemple.fr").await;
    let event = |genre, n| NewEvent {
        genre,
        date: "2025-06-01".into(),
        commune: "73065".into(),
        adresse: "1 rue A".into(),
        qpv: String::new(),
        logements: n,
        ident_rep: vec!["1".into()],
        autre: String::new(),
        caracteristiques: Caracteristiques {
            financement: "PLUS".into(),
            pieces: Some(3),
            ..Caracteristiques::default()
        },
        lieu: Some(Lieu { lon: Some(5.9), lat: Some(45.5), qualite: 11, ..Lieu::default() }),
        commentaire: String::new(),
    };
    let ids = s
        .add_events(
            "300000000",
            &[event(GenreEvenement::MiseEnService, 12), event(GenreEvenement::Vente, 1)],
            "l",
            &who,
            NOW,
        )
        .await
        .unwrap();
    assert_eq!(s.undo_events("300000000", &ids[1], &who, NOW).await.unwrap(), 1);
    assert!(matches!(s.undo_events("399999999", &ids[0], &who, NOW).await, Err(StateError::Absent(_))));
    assert_eq!(
        s.undo_events("300000000", "l", &who, NOW).await.unwrap(),
        1,
        "what was undone before is not undone again"
    );
    let all = s.events(Some("300000000")).await.unwrap();
    assert!(all.iter().all(
        |e| e.caracteristiques.financement == "PLUS" && e.lieu.as_ref().is_some_and(|l| l.qualite == 11)
    ));
    let kept = s.add_events("300000000", &[event(GenreEvenement::Cession, 1)], "", &who, NOW).await.unwrap();
    let done = s.happenings().await.unwrap();
    assert_eq!(
        (done.len(), done[0].effet, done[0].adresse.as_str()),
        (1, Effect::Sortie, "73065:1:-:RUE A"),
        "to no bailleur"
    );
    s.undo_events("300000000", &kept[0], &who, NOW).await.unwrap();
    assert!(
        all.len() == 2 && all.iter().all(|e| e.annule.is_some() && e.qui == "Agente" && e.ident_rep == ["1"])
    );
    assert!(s.events(Some("3")).await.unwrap().is_empty());

    let flag = |partage| NewFlag {
        siren: "300000000",
        residence: "R1",
        nom: "Les Lilas",
        commune: "73065",
        motif: "Trafic",
        du: "2025-01-01",
        au: "",
        partage,
    };
    let own = s.add_flag(&flag(false), &who, NOW).await.unwrap();
    let shared = s.add_flag(&flag(true), &who, NOW + 1).await.unwrap();
    assert_eq!(
        s.flags(None).await.unwrap().iter().map(|f| f.id.clone()).collect::<Vec<_>>(),
        [shared],
        "others see what is shared"
    );
    s.lift_flag("300000000", &own, &who, Some(NOW + 9)).await.unwrap();
    assert_eq!(s.flags(Some("300000000")).await.unwrap()[1].leve, Some(NOW + 9));
    assert!(matches!(s.lift_flag("399999999", &own, &who, None).await, Err(StateError::Absent(_))));
    for technique in [2, 4] {
        let note = NewNote {
            siren: "300000000",
            residence: "R1",
            nom: "Les Lilas",
            technique,
            climat: 3,
            attractivite: 5,
            commentaire: "",
        };
        s.add_note(&note, &who, NOW + i64::from(technique)).await.unwrap();
    }
    let notes = s.notes("300000000").await.unwrap();
    assert_eq!(
        notes.iter().map(|n| n.technique).collect::<Vec<_>>(),
        [4, 2],
        "the last first, the others stay"
    );
}

async fn a_rate_of_a_convention_is_kept_changed_and_set_once(db: Db) {
    let rate = TauxCia {
        regle: "hors_qpv_q1".into(),
        epci: "200000001".into(),
        commune: None,
        bailleur: Some("300000000".into()),
        reservataire: None,
        du: 2024,
        au: None,
        taux: 27.25,
        cia: "CIA".into(),
        signee: "2023-06-01".into(),
        approbation: None,
    };
    let id = db.state.add_objectif(&rate, NOW).await.unwrap();
    assert_eq!(db.state.objectif(&id).await.unwrap().taux, rate);
    assert!(matches!(db.state.add_objectif(&rate, NOW).await, Err(StateError::Taken(_))));
    let ended = TauxCia { au: Some(2025), taux: 30.0, ..rate };
    db.state.change_objectif(&id, &ended).await.unwrap();
    assert_eq!(db.state.objectifs().await.unwrap()[0].taux, ended);
    assert!(matches!(db.state.change_objectif("absent", &ended).await, Err(StateError::Absent(_))));
}

fn residence() -> NewFile {
    NewFile {
        residence: "R0001".into(),
        nom: "Les Tilleuls, Ville".into(),
        bailleur: "300000000".into(),
        bailleur_nom: "Bailleur".into(),
        commune: "73901".into(),
        epci: "200000001".into(),
        departement: "73".into(),
    }
}

fn act(decision: Decision) -> Act<'static> {
    let dates = (decision == Decision::Valider).then_some(("2026-03-01", "2029-03-01"));
    Act {
        decision,
        motif: "occupation",
        commentaire: "",
        compte: "c",
        auteur: "Agente",
        organisme: "CA du Sud",
        dates,
    }
}

async fn a_residence_enters_the_list_by_people_only_and_its_history_is_kept(db: Db) {
    let s = &db.state;
    let id = s.propose_rpems(&residence(), &act(Decision::Proposer), NOW).await.unwrap();
    let read = async || s.rpems(&Whose::default()).await.unwrap().remove(0);
    assert_eq!((read().await.statut, read().await.debut), (Statut::Proposee, String::new()));
    // Proposed once; renewed or lifted only once it is on the list.
    assert!(matches!(
        s.propose_rpems(&residence(), &act(Decision::Proposer), NOW).await,
        Err(StateError::Taken(_))
    ));
    for not_yet in [Decision::Renouveler, Decision::Lever] {
        assert!(
            matches!(s.decide_rpems(&id, 1, &act(not_yet), NOW).await, Err(StateError::Taken(_))),
            "{not_yet:?}"
        );
    }
    s.decide_rpems(&id, 1, &act(Decision::Refuser), NOW + 1).await.unwrap();
    assert_eq!(
        s.propose_rpems(&residence(), &act(Decision::Proposer), NOW + 2).await.unwrap(),
        id,
        "the same file goes on"
    );
    s.decide_rpems(&id, 3, &act(Decision::Valider), NOW + 3).await.unwrap();
    let file = read().await;
    assert_eq!(
        (file.statut, file.debut.as_str(), file.fin.as_str()),
        (Statut::Validee, "2026-03-01", "2029-03-01")
    );
    s.decide_rpems(&id, 4, &act(Decision::Renouveler), NOW + 4).await.unwrap();
    // A renewal that is refused leaves the present term.
    s.decide_rpems(&id, 5, &act(Decision::Refuser), NOW + 5).await.unwrap();
    let file = read().await;
    assert!(file.statut.on_the_list() && file.fin == "2029-03-01");
    let past: Vec<&str> = file.historique.iter().map(|e| e.decision.as_str()).collect();
    assert_eq!(past, ["proposer", "refuser", "proposer", "valider", "renouveler", "refuser"]);
    let place = |scale: &str, code: &str| Whose {
        bailleur: None,
        zones: Some(vec![Place { echelle: scale.into(), code: code.into() }]),
    };
    for (whose, n) in [
        (place("epci", "200000001"), 1),
        (place("epci", "200000002"), 0),
        (place("departement", "73"), 1),
        (Whose { bailleur: Some("300000001".into()), zones: None }, 0),
    ] {
        assert_eq!(s.rpems(&whose).await.unwrap().len(), n, "{whose:?}");
    }
    assert!(matches!(
        s.decide_rpems("absent", 1, &act(Decision::Valider), NOW).await,
        Err(StateError::Absent(_))
    ));
}

async fn two_decisions_at_once_do_not_both_pass(db: Db) {
    let s = &db.state;
    let id = s.propose_rpems(&residence(), &act(Decision::Proposer), NOW).await.unwrap();
    let (validate, refuse) = (act(Decision::Valider), act(Decision::Refuser));
    let (a, b) = tokio::join!(s.decide_rpems(&id, 1, &validate, NOW), s.decide_rpems(&id, 1, &refuse, NOW));
    assert_eq!(u8::from(a.is_ok()) + u8::from(b.is_ok()), 1, "{a:?} {b:?}");
    assert_eq!(s.rpems(&Whose::default()).await.unwrap()[0].historique.len(), 2);
}

async fn a_placement_is_justified_contested_and_justified_again(db: Db) {
    let s = &db.state;
    let say = async |statut, motif, at| {
        let said = Said {
            statut,
            motif,
            commentaire: "parce que",
            compte: "c",
            auteur: "Agent",
            organisme: "Bailleur",
        };
        s.say_of_dalo("p1", &said, at, 600).await
    };
    let taken = |r: Result<(), StateError>| matches!(r, Err(StateError::Taken(_)));
    let stands = async || Stand::after(&s.said_of_dalo().await.unwrap().remove("p1").unwrap_or_default());
    assert!(taken(say(Saying::Conteste, "", NOW).await), "nothing to contest");
    assert!(taken(say(Saying::Accepte, "", NOW).await), "nothing to accept");
    say(Saying::Relance, "", NOW).await.unwrap();
    assert!(taken(say(Saying::Relance, "", NOW + 599).await), "too soon");
    say(Saying::Relance, "", NOW + 600).await.unwrap();
    assert_eq!(stands().await, Stand::AJustifier, "a reminder is no answer");
    say(Saying::Justifie, "urgence", NOW + 601).await.unwrap();
    assert!(taken(say(Saying::Relance, "", NOW + 9_000).await), "an answer was given");
    say(Saying::Conteste, "", NOW + 602).await.unwrap();
    assert!(taken(say(Saying::Conteste, "", NOW + 603).await), "once");
    say(Saying::Justifie, "logement_adapte", NOW + 604).await.unwrap();
    say(Saying::Accepte, "", NOW + 605).await.unwrap();
    assert!(taken(say(Saying::Justifie, "urgence", NOW + 606).await), "accepted");
    assert_eq!(stands().await, Stand::Accepte);
    say(Saying::Conteste, "", NOW + 607).await.unwrap();
    assert_eq!(stands().await, Stand::Conteste, "the State may think again");
    let all = s.said_of_dalo().await.unwrap();
    assert_eq!((all["p1"][4].motif.as_str(), all["p1"].len(), all.len()), ("logement_adapte", 7, 1));
}

async fn a_placement_is_new_to_an_organisation_until_it_has_looked(db: Db) {
    let s = &db.state;
    let (_, org) = agent(s, "a@exemple.fr").await;
    let ids = |list: &[&str]| list.iter().map(|i| (*i).to_owned()).collect::<Vec<_>>();
    assert_eq!(s.see_dalo(&ids(&["a", "b"]), NOW).await.unwrap().len(), 2);
    assert_eq!(s.dalo_visit(&org).await.unwrap(), None);
    s.visit_dalo(&org, NOW + 10).await.unwrap();
    s.visit_dalo(&org, NOW + 20).await.unwrap();
    assert_eq!(s.dalo_visit(&org).await.unwrap(), Some(NOW + 20));
    // One more comes later; the first ones keep the day on which they came.
    let seen = s.see_dalo(&ids(&["b", "c"]), NOW + 30).await.unwrap();
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), [("b".to_owned(), NOW), ("c".to_owned(), NOW + 30)]);
    assert_eq!(s.pseudonym(&[1, 2]), s.pseudonym(&[1, 2]));
    assert_ne!(s.pseudonym(&[1, 2]), s.pseudonym(&[2, 1]));
}

/// An account and its organisation.
async fn someone(state: &State, courriel: &str, role: Role, code: &str, manages: bool) -> (String, String) {
    let known = state.organisations().await.unwrap().into_iter().find(|o| o.code == code);
    let org = match known {
        Some(o) => o.id,
        None => state.add_organisation(role, code, code, NOW).await.unwrap(),
    };
    let new =
        NewAccount { courriel, nom: courriel, organisation: &org, gestionnaire: manages, mot_de_passe: "x" };
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
            let change = ZoneSetChange {
                nom: Some("x"),
                version: s.zone_set(who(&author, false), &id, NOW).await.unwrap().0.version,
                ..ZoneSetChange::default()
            };
            let may = person == &author || (person == &colleague && visibility != Visibilite::Prive);
            assert_eq!(
                s.change_zone_set(asker, &id, change, NOW).await.is_ok(),
                may,
                "{visibility:?} {}",
                person.0
            );
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
    assert!(matches!(
        s.change_zone_set(a, &id, ZoneSetChange { version: 2, ..first }, NOW).await,
        Err(StateError::Taken(_))
    ));
    s.erase_zone_set(a, &id, false, NOW + 4).await.unwrap();
    assert!(!s.zone_set(who(&manager, false), &id, NOW).await.unwrap().0.efface);
    s.erase_zone_set(a, &id, true, NOW + 5).await.unwrap();
    assert_eq!(s.purge(NOW + 5).await.unwrap().ensembles, 0);
    assert_eq!(s.purge(NOW + 6 + 30 * 86_400).await.unwrap().ensembles, 1);
    assert!(s.zone_set(a, &id, NOW).await.is_err());
}
