//! Notices by mail, as the relay of an organisation meets them: a listener that speaks SMTP, and the program.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::common::served::{command, refused, said, text};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::Value;

/// What a relay answers to a recipient; None: accepted.
type Refuse = fn(&str) -> Option<&'static str>;

/// A mail as it came: to whom, and what.
#[derive(Debug, Clone)]
struct Came {
    to: String,
    source: String,
}

struct Relay {
    port: u16,
    came: Arc<Mutex<Vec<Came>>>,
}

impl Relay {
    /// Listens on a port (0: any) for as long as the test runs.
    fn on(port: u16, refuse: Refuse) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let came = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&came);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let kept = Arc::clone(&kept);
                std::thread::spawn(move || session(stream, refuse, &kept));
            }
        });
        Self { port, came }
    }

    fn mails(&self) -> Vec<Came> {
        self.came.lock().unwrap().clone()
    }
}

/// One conversation of RFC 5321.
fn session(mut out: TcpStream, refuse: Refuse, kept: &Mutex<Vec<Came>>) {
    let mut lines = BufReader::new(out.try_clone().unwrap()).lines();
    let mut say = |words: &str| {
        let _ = write!(out, "{words}\r\n");
    };
    say("220 essai.example ESMTP");
    let mut to = String::new();
    while let Some(Ok(line)) = lines.next() {
        let verb = line.to_uppercase();
        if verb.starts_with("EHLO") {
            say("250-essai.example\r\n250 8BITMIME");
        } else if verb.starts_with("RCPT") {
            to = line.split(['<', '>']).nth(1).unwrap_or("").to_owned();
            say(refuse(&to).unwrap_or("250 2.1.5 Ok"));
        } else if verb == "DATA" {
            say("354 go on");
            let source: Vec<String> = lines.by_ref().map_while(Result::ok).take_while(|l| l != ".").collect();
            kept.lock().unwrap().push(Came { to: to.clone(), source: source.join("\n") });
            say("250 2.0.0 Ok");
        } else if verb == "QUIT" {
            say("221 2.0.0 Bye");
            break;
        } else {
            say("250 2.0.0 Ok");
        }
    }
}

impl Came {
    fn header(&self, name: &str) -> String {
        let head = self.source.split("\n\n").next().unwrap().replace("\n ", " ");
        let line = head.lines().find_map(|l| l.strip_prefix(&format!("{name}: "))).unwrap().to_owned();
        // Words of RFC 2047, the blank between two of them being none.
        let joined = line.replace("?= =?utf-8?b?", "?==?utf-8?b?");
        let mut parts = joined.split("=?utf-8?b?");
        let mut out = parts.next().unwrap().to_owned();
        for part in parts {
            let (word, rest) = part.split_once("?=").unwrap();
            out += std::str::from_utf8(&BASE64_STANDARD.decode(word).unwrap()).unwrap();
            out += rest;
        }
        out
    }

    fn body(&self) -> String {
        let (_, body) = self.source.split_once("\n\n").unwrap();
        match self.header("Content-Transfer-Encoding").as_str() {
            "quoted-printable" => unquoted(body),
            "base64" => String::from_utf8(BASE64_STANDARD.decode(body.replace('\n', "")).unwrap()).unwrap(),
            _ => body.to_owned(),
        }
    }
}

fn unquoted(text: &str) -> String {
    let (text, mut bytes) = (text.replace("=\n", ""), Vec::new());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        if *first == b'=' {
            let hex = std::str::from_utf8(&tail[..2]).unwrap();
            bytes.push(u8::from_str_radix(hex, 16).unwrap());
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).unwrap()
}

struct Serving {
    child: Child,
    address: String,
    metrics: String,
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const SITE: &str = "https://mosaique.exemple.fr";

fn serve(store: &str, relay: u16) -> Serving {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (relay, metrics) = (format!("smtp://127.0.0.1:{relay}"), free.to_string());
    let mut child = command(&[
        "serve",
        "--data",
        store,
        "--bind",
        "127.0.0.1:0",
        "--smtp",
        &relay,
        "--smtp-expediteur",
        "avis@exemple.fr",
        "--adresse-publique",
        SITE,
        "--metriques",
        &metrics,
    ])
    .stdout(Stdio::piped())
    .spawn()
    .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let ready = lines.map(Result::unwrap).find(|l| l.starts_with("prêt : http://")).expect("it serves");
    let address = ready.trim_start_matches("prêt : http://").split(' ').next().unwrap().to_owned();
    Serving { child, address, metrics }
}

fn get(address: &str, path: &str, token: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn rows(store: &str, sql: &str) -> i64 {
    let state = rusqlite::Connection::open(Path::new(store).join("etat.sqlite")).unwrap();
    state.busy_timeout(Duration::from_secs(10)).unwrap();
    state.query_row(sql, [], |r| r.get(0)).unwrap()
}

fn change(store: &str, sql: &str) -> usize {
    let state = rusqlite::Connection::open(Path::new(store).join("etat.sqlite")).unwrap();
    state.busy_timeout(Duration::from_secs(10)).unwrap();
    state.execute(sql, []).unwrap()
}

/// A demonstration with its accounts, all of which signed in once, and a deposit that a bailleur has to accept.
fn demonstration() -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let files = dir.path().join("fichiers");
    said(&["demo-data", "--dwellings", "3000", "--seed", "5", "--out", &text(&files)]);
    let store = text(&dir.path().join("magasin"));
    said(&["import", &text(&files), "--oui", "--data", &store]);
    said(&["build", "--data", &store]);
    std::fs::write(Path::new(&store).join("demonstration"), "").unwrap();
    said(&["admin", "demo", "--data", &store]);
    change(&store, "UPDATE comptes SET provisoire = 0");
    let added = change(
        &store,
        "INSERT INTO depots (id, registre, annee, siren, fichier, octets, empreinte, statut, motif, rapport, comparaison, \
         corrections, cree) SELECT 'd1', 'ops', 2024, code, 'ops.csv', 1, '', 'pret', '', '', '', '', 1 FROM organisations \
         WHERE role = 'bailleur' LIMIT 1",
    );
    assert_eq!(added, 1);
    (dir, store)
}

fn token(store: &str, role: &str) -> String {
    let mail = format!("{role}@demonstration.example");
    said(&["admin", "token", "--courriel", &mail, "--data", store]).trim().to_owned()
}

const WAITING: &str = "SELECT COUNT(*) FROM courriels WHERE statut = 'attente' AND essais > 0";

#[test]
fn notices_wait_for_the_relay_over_a_restart_leave_once_and_tell_a_count_and_a_page() {
    let (_dir, store) = demonstration();
    // Someone who wants none.
    assert_eq!(change(&store, "UPDATE comptes SET avis = 0 WHERE courriel LIKE 'dreal@%'"), 1);
    // Nobody answers at this port.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let queued = {
        let served = serve(&store, port);
        let n = eventually("mails that cannot leave", || Some(rows(&store, WAITING)).filter(|n| *n > 0));
        eventually("all were tried", || {
            let left = rows(&store, "SELECT COUNT(*) FROM courriels WHERE essais = 0");
            (left == 0).then_some(())
        });
        let n = n.max(rows(&store, WAITING));
        let told = get(&served.metrics, "/metrics", "");
        assert!(told.contains("mosaique_avis_total{resultat=\"echec\"}"), "{told}");
        // The next attempt is a minute away, and said to be one.
        let wait = rows(&store, "SELECT MIN(prochain) FROM courriels") - rows(&store, "SELECT unixepoch()");
        assert!((30..=60).contains(&wait), "{wait} s");
        n
    };
    let relay = Relay::on(port, |_| None);
    change(&store, "UPDATE courriels SET prochain = 0");
    let served = serve(&store, relay.port);
    eventually("they leave", || (relay.mails().len() as i64 == queued).then_some(()));
    eventually("they are noted", || {
        (rows(&store, "SELECT COUNT(*) FROM courriels WHERE statut = 'envoye'") == queued).then_some(())
    });

    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for mail in relay.mails() {
        let (subject, body) = (mail.header("Subject"), mail.body());
        assert_eq!(mail.header("From"), "mosaïque <avis@exemple.fr>");
        assert!(!mail.to.starts_with("dreal@"), "who wants none gets none");
        let role = mail.to.split('@').next().unwrap().to_owned();
        let (page, count) = if subject.contains("DALO") { ("/dalo", None) } else { ("/depots", Some(1)) };
        let told = subject.strip_prefix("mosaïque : ").unwrap();
        let n: i64 = told.split(' ').next().unwrap().parse().unwrap();
        let awaited = count.unwrap_or_else(|| {
            let alerts = get(&served.address, "/api/dalo/alertes", &token(&store, &role));
            serde_json::from_str::<Value>(&alerts).unwrap()["attendus"].as_i64().unwrap()
        });
        assert_eq!(n, awaited, "{role}: what the page counts");
        let expected = format!(
            "Bonjour,\n\n{told} dans mosaïque, de la part de votre organisme :\n{SITE}{page}\n\nCe message ne contient \
             aucune donnée sur des personnes ou des logements : il faut se connecter pour les lire.\nPour ne plus \
             recevoir ces avis : {SITE}/organisme#avis\n"
        );
        assert_eq!(body.trim_end(), expected.trim_end(), "a count and a page, and nothing else");
        *seen.entry(page.to_owned()).or_default() += 1;
    }
    assert!(seen.contains_key("/dalo") && seen.contains_key("/depots"), "{seen:?}");

    // Told once: another start finds nothing new.
    drop(served);
    let begun = rows(&store, "SELECT COUNT(*) FROM courriels");
    let served = serve(&store, relay.port);
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(rows(&store, "SELECT COUNT(*) FROM courriels"), begun);
    assert_eq!(relay.mails().len() as i64, queued);
    let admin = get(&served.address, "/api/admin/avis", &token(&store, "administrateur"));
    let admin: Value = serde_json::from_str(&admin).unwrap();
    assert_eq!((admin["envoyes"].as_i64(), admin["en_attente"].as_i64()), (Some(queued), Some(0)), "{admin}");
}

#[test]
fn a_relay_that_refuses_for_ever_is_told_to_administrators_and_one_that_is_busy_is_asked_again() {
    let (_dir, store) = demonstration();
    // A colleague, to whom the relay is only busy.
    let colleague = "INSERT INTO comptes (id, courriel, nom, organisation, gestionnaire, mot_de_passe, provisoire, cree) \
                     SELECT 'c2', 'collegue@demonstration.example', nom, organisation, 0, mot_de_passe, 0, cree FROM comptes \
                     WHERE courriel = 'bailleur@demonstration.example'";
    assert_eq!(change(&store, colleague), 1);
    let relay = Relay::on(0, |to| match to.split('@').next() {
        Some("bailleur") => Some("550 5.1.1 No such user"),
        _ => Some("451 4.3.0 Try again"),
    });
    let (served, key) = (serve(&store, relay.port), token(&store, "administrateur"));
    let admin = eventually("both are tried", || {
        let told = get(&served.address, "/api/admin/avis", &key);
        let told: Value = serde_json::from_str(&told).unwrap();
        (told["abandonnes"].as_i64() > Some(0) && told["en_echec"].as_i64() > Some(0)).then_some(told)
    });
    let lost = &admin["perdus"][0];
    assert_eq!(lost["courriel"], "bailleur@demonstration.example", "{admin}");
    assert!(lost["erreur"].as_str().unwrap().contains("No such user"), "{admin}");
    assert_eq!(lost["essais"], 1);
    assert!(relay.mails().is_empty());
    let told = get(&served.metrics, "/metrics", "");
    assert!(told.contains("mosaique_avis_total{resultat=\"abandonne\"}"), "{told}");
    // After the stated time one that was busy all along is given up too.
    eventually("given up after its time", || {
        // Again and again: one that was on its way is put off when it comes back.
        change(&store, "UPDATE courriels SET prochain = 0, cree = 0 WHERE statut = 'attente'");
        (rows(&store, "SELECT COUNT(*) FROM courriels WHERE statut = 'attente'") == 0).then_some(())
    });
    let why = rows(
        &store,
        "SELECT COUNT(*) FROM courriels WHERE statut = 'abandonne' AND erreur LIKE '%Try again%'",
    );
    assert!(why > 0);
}

#[test]
fn settings_that_cannot_work_are_refused_at_start_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let store = text(&dir.path().join("magasin"));
    said(&["admin", "create", "--courriel", "a@exemple.fr", "--nom", "A", "--data", &store]);
    let all = |relay: &str, from: &str| {
        refused(&[
            "serve",
            "--data",
            &store,
            "--bind",
            "127.0.0.1:0",
            "--smtp",
            relay,
            "--smtp-expediteur",
            from,
            "--adresse-publique",
            SITE,
        ])
    };
    assert!(all("relais.exemple.fr", "a@b.fr").contains("n'est pas un relais"));
    assert!(all("smtp://moi:secret@relais", "a@b.fr").contains("MOSAIQUE_SMTP_MOT_DE_PASSE"));
    assert!(all("smtp://relais", "personne").contains("n'est pas une adresse électronique"));
    let alone = refused(&["serve", "--data", &store, "--smtp", "smtp://relais"]);
    assert!(alone.contains("--smtp-expediteur") && alone.contains("--adresse-publique"), "{alone}");
}
