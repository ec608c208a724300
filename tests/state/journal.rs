//! A long trail: how long it takes to read it all, and what is taken out of it.
//!
//! `JOURNAL_LIGNES=1000000 cargo test -p mosaique --test state -- --nocapture journal` reads a million lines.

use std::time::Instant;

use mosaique::state::State;
use sqlx::{AnyPool, Executor};

use super::{entry, sqlite};

/// What is said of a trail: a fault, what cannot be verified, or nothing.
async fn told(s: &State) -> Option<String> {
    let verdict = s.verify_audit(None).await.unwrap();
    verdict.faute.or(verdict.inverifiable)
}

#[tokio::test]
async fn every_deletion_in_a_long_journal_is_found_or_told_and_reading_it_takes_seconds() {
    let lines: i64 = std::env::var("JOURNAL_LIGNES").ok().and_then(|n| n.parse().ok()).unwrap_or(20_000);
    let (db, root) = (sqlite().await, tempfile::tempdir().unwrap());
    let s = db.state.clone().with_heads(root.path()).await.unwrap();
    for start in (0..lines).step_by(5_000) {
        let page: Vec<_> = (start..(start + 5_000).min(lines)).map(entry).collect();
        s.audit(&page).await.unwrap();
        if start == lines / 2 / 5_000 * 5_000 {
            s.note_head().await.unwrap();
        }
    }
    s.note_head().await.unwrap();
    let start = Instant::now();
    let whole = s.verify_audit(None).await.unwrap();
    let taken = start.elapsed();
    assert_eq!((whole.lignes, whole.faute, whole.inverifiable), (lines, None, None));
    println!("{lines} lines of the journal verified in {:.1} s", taken.as_secs_f64());
    assert!(taken.as_secs_f64() < 2.0 + 30.0 * lines as f64 / 1e6);

    let raw = AnyPool::connect(&db.url).await.unwrap();
    let run = async |text: String| {
        raw.execute(sqlx::AssertSqlSafe(text)).await.unwrap();
    };
    run("CREATE TABLE garde AS SELECT * FROM audit".into()).await;
    run("CREATE TABLE garde_tete AS SELECT * FROM audit_tete".into()).await;
    let half = lines / 2;
    let head = |to: &str| {
        format!(
            "UPDATE audit_tete SET rang = {to}, empreinte = (SELECT empreinte FROM garde WHERE rang = {to})"
        )
    };
    let anchor = |to: &str| {
        format!(
            "UPDATE audit_tete SET ancre_rang = {to}, ancre = (SELECT empreinte FROM garde WHERE rang = {to})"
        )
    };
    let (half_text, last) = (half.to_string(), lines.to_string());
    for (what, changes) in [
        ("one line", vec![format!("DELETE FROM audit WHERE rang = {half}")]),
        ("the first line", vec!["DELETE FROM audit WHERE rang = 1".to_owned()]),
        ("the last line", vec![format!("DELETE FROM audit WHERE rang = {lines}")]),
        ("a thousand lines", vec![format!("DELETE FROM audit WHERE rang BETWEEN {half} AND {half} + 999")]),
        ("the first half", vec![format!("DELETE FROM audit WHERE rang <= {half}")]),
        (
            "the first half, the anchor moved",
            vec![format!("DELETE FROM audit WHERE rang <= {half}"), anchor(&half_text)],
        ),
        ("the second half", vec![format!("DELETE FROM audit WHERE rang > {half}")]),
        (
            "the second half, the head moved",
            vec![format!("DELETE FROM audit WHERE rang > {half}"), head(&half_text)],
        ),
        ("all", vec!["DELETE FROM audit".to_owned()]),
        ("all, the anchor moved", vec!["DELETE FROM audit".to_owned(), anchor(&last)]),
        (
            "all, as if nothing had been",
            vec![
                "DELETE FROM audit".to_owned(),
                "UPDATE audit_tete SET rang = 0, empreinte = '', ancre_rang = 0, ancre = ''".to_owned(),
            ],
        ),
        (
            "one line, those after it renumbered",
            vec![
                format!("DELETE FROM audit WHERE rang = {half}"),
                format!("UPDATE audit SET rang = rang - 1 WHERE rang = {half} + 1"),
            ],
        ),
    ] {
        for change in changes {
            run(change).await;
        }
        let said = told(&s).await;
        println!("{what}: {}", said.as_deref().unwrap_or("nothing"));
        assert!(said.is_some(), "{what}");
        run("DELETE FROM audit".into()).await;
        run("INSERT INTO audit SELECT * FROM garde".into()).await;
        run("DELETE FROM audit_tete".into()).await;
        run("INSERT INTO audit_tete SELECT * FROM garde_tete".into()).await;
        if lines <= 20_000 {
            assert_eq!(told(&s).await, None, "put back after {what}");
        }
    }
}
