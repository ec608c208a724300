//! The applicant's page: one's own note with the number and the birth date, nothing of anyone else, and one
//! answer to all that is wrong.

use std::collections::BTreeSet;

use serde_json::json;

use crate::rights::{ask, door};
use crate::world::{Reply, WORLD, applicant};

async fn question(numero: &str, naissance: &str) -> Reply {
    let body = json!({"numero": numero, "naissance": naissance});
    ask(&None, "POST", "/api/ma-demande", Some(&body)).await
}

/// Adopts a grid on the second EPCI, where no other test does.
async fn adopt() {
    let grid = json!({"nom": "Grille du second EPCI", "epci": "200000002", "genre": "premiere", "criteres": [
        {"code": "C01", "points": 50, "preuve": true}, {"code": "C20", "points": 40, "preuve": true},
        {"code": "C03", "points": 30, "preuve": true}, {"code": "C35", "points": 20},
        {"code": "C57", "points": 0, "progression": {"pas": 12, "points": 5, "plafond": 30}}]});
    let state = WORLD.state.clone();
    let adopted = WORLD.runtime.spawn(async move {
        let id = state.add_grid("200000002", "premiere", &grid.to_string(), "x", 1).await.unwrap();
        state.adopt_grid(&id, "2020-01-01", "x", 1).await.unwrap()
    });
    assert_eq!(adopted.await.unwrap(), 1);
}

#[tokio::test]
async fn an_applicant_reads_one_note_and_ten_thousand_questions_give_no_other() {
    adopt().await;
    let (mut noted, mut closed, mut own) = (0, 0, None);
    for n in 6..120 {
        let (number, birth) = applicant(n);
        let reply = question(&number, &birth).await;
        assert_eq!(reply.status, 200, "{n}: {}", reply.text());
        assert_eq!(reply.header("cache-control"), "no-store");
        let told = reply.json();
        assert!(!reply.text().contains(&number) && !reply.text().contains(&birth), "it is not repeated");
        closed += u32::from(told["close"].is_string());
        for note in
            told["notes"].as_array().unwrap().iter().filter(|n| n["grille"] == "Grille du second EPCI")
        {
            noted += 1;
            let parts = note["criteres"].as_array().unwrap();
            let counted: i64 =
                parts.iter().filter(|p| p["compte"] == true).map(|p| p["points"].as_i64().unwrap()).sum();
            let of = |k: &str| note[k].as_i64().unwrap();
            assert_eq!(counted + of("autres_points") - of("refus"), of("note"), "{note}");
            let missing: i64 = parts
                .iter()
                .filter(|p| p["piece"].is_string() && p["piece_recue"] == false)
                .map(|p| p["points"].as_i64().unwrap())
                .sum();
            assert_eq!(of("note") - missing, of("note_verifiee"), "{note}");
            assert!(note["semblables"].as_u64().is_none_or(|n| n >= 11), "{note}");
            assert!(!parts.iter().any(|p| p["libelle"].as_str().unwrap().contains("handicap")), "{note}");
            own = Some((number.clone(), birth.clone(), reply.text()));
        }
    }
    assert!(noted >= 10 && closed >= 5, "{noted} notes, {closed} closed");
    let (number, birth, first) = own.unwrap();
    // However it is typed, and every time the same.
    let spaced = format!(" {} {}", number[..4].to_lowercase(), number[4..].to_lowercase());
    assert_eq!(question(&spaced, &birth).await.text(), first);

    // Unknown, wrong, and a demand that is read at a counter only: one answer, letter for letter.
    let (fled, fled_birth) = applicant(0);
    let unknown = question("0739999918901902XX", &birth).await;
    assert_eq!(unknown.status, 404);
    let wrong = question(&number, "1950-01-02").await;
    let hidden = question(&fled, &fled_birth).await;
    for reply in [&wrong, &hidden] {
        assert_eq!((reply.status, reply.text()), (unknown.status, unknown.text()));
        assert_eq!(reply.header("content-length"), unknown.header("content-length"));
    }
    // What is no number or no date is told without being repeated.
    for (numero, naissance) in [("12", "1950-01-02"), (&*number, "02/01/1950"), (&*number, "1950-02-30")] {
        let reply = question(numero, naissance).await;
        assert!(reply.status == 400 && !reply.text().contains(&number), "{}", reply.text());
    }
    assert_eq!(question(&number, &birth).await.text(), first, "a few mistakes shut nobody out");

    let mut dice = fastrand::Rng::with_seed(17);
    let (mut answers, mut refused) = (BTreeSet::new(), 0u32);
    for _ in 0..10_000 {
        let (numero, _) = applicant(dice.usize(6..600));
        let naissance = format!("19{:02}-{:02}-{:02}", dice.u8(30..100), dice.u8(1..13), dice.u8(1..29));
        let reply = question(&numero, &naissance).await;
        refused += u32::from(reply.status == 429);
        answers.insert((reply.status.as_u16(), reply.text()));
        // By chance a date may be right before the throttle falls; then nothing else may be learnt.
        assert_ne!(reply.status, 500);
    }
    assert!(refused >= 9_900, "{refused} were refused unread");
    let told: Vec<u16> = answers.iter().map(|(status, _)| *status).collect();
    assert_eq!(told, [404, 429], "one answer before the throttle, one after: {answers:?}");
    assert_eq!(question(&number, &birth).await.status, 429, "this address waits, whatever it asks");

    // The journal has the questions, never a number.
    let trail = ask(&door("administrateur").await, "GET", "/api/admin/audit.csv", None).await;
    let lines: Vec<String> =
        trail.text().lines().filter(|l| l.contains("ma_demande")).map(str::to_owned).collect();
    assert!(lines.iter().any(|l| l.contains("ma_demande_refusee")), "{}", trail.status);
    assert!(!lines.iter().any(|l| l.contains("189019021")), "a number is in the journal");
}
