//! The examples of the interface's document (`data/exemples.json`) are answers that this server gives. `UPDATE=1` writes
//! them anew.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::rights::{ask, door, example, operations};

/// Who is asked for, the first that may.
const WHO: [&str; 4] = ["ddets", "epci", "bailleur", "administrateur"];
/// Bytes of one answer in the document, and elements of its lists.
const LONGEST: usize = 6_000;
const LINES: usize = 4;

/// Requests that say more than those of the walk over all rights.
fn request(operation: &str) -> (String, Option<Value>) {
    match operation {
        "zones" => ("/api/zones?echelle=commune&dans=epci:200000001".into(), None),
        "zone" => ("/api/zones/commune/73901?indicateurs=P01,I05".into(), None),
        "valeurs" => ("/api/valeurs/commune?indicateur=I05&dans=epci:200000001".into(), None),
        "mesure" => {
            let square = json!({"type": "Polygon", "coordinates": [[[5.80, 45.50], [5.84, 45.50], [5.84, 45.54], [5.80, 45.54], [5.80, 45.50]]]});
            let body =
                json!({"zones": [{"id": "dessin", "geometrie": square}], "indicateurs": ["P01", "I05"]});
            ("/api/mesure".into(), Some(body))
        }
        "export" => {
            ("/api/export?echelle=commune&dans=epci:200000001&format=csv&indicateurs=P01,I05".into(), None)
        }
        "fragilite" => ("/api/residences/fragilite?epci=200000001".into(), None),
        "ogc_entites" => ("/ogc/collections/commune_2024/items?limit=1&indicateurs=P01,I05".into(), None),
        "ogc_entite" => ("/ogc/collections/commune_2024/items/73901?indicateurs=P01,I05".into(), None),
        other => example(other),
    }
}

/// Operations without an example: made-up identifiers, answers without a body, files in place of a body, or what changes
/// something and is walked by tests of its own. One that is added must have an example or stand here.
fn without(operation: &str) -> bool {
    let reads = &mosaique::reference::access::access().lectures;
    let absent = [
        "connexion",
        "connexion_retour",
        "tuile",
        "texte",
        "depot",
        "depot_lignes",
        "depot_rejets",
        "depot_suivi",
        "ensemble",
        "grille_csv",
        "adresse_candidats",
        "adresse_consequences",
        "cotation_candidats",
        "cotation_justificatifs",
        "flux_evenements",
        "adresse_chercher",
        "adresse_situer",
        "openapi",
        // A document too, whose references would be looked for in this one.
        "ogc_api",
        "readyz",
        // Folders of this machine.
        "admin_sauvegardes",
        "cotation_demandes",
        "cotation_demandes_csv",
        "mixite",
        "parc_collecte",
        "cotation_simulation",
        "ma_demande",
        "plan",
        "portrait",
        "portrait_zone",
        "portraits",
        // A paper: its document says how it begins and what it is called.
        "rpems_pdf",
        "zones_fichier",
        "controle_csv",
        "situations",
        "adresses_chercher",
        "adresses_situer",
    ];
    // The small territory has no leases, no demands in force and no flow.
    let empty = operation.starts_with("flux_");
    empty || absent.contains(&operation) || !(safe(operation) || reads.iter().any(|r| r == operation))
}

fn safe(operation: &str) -> bool {
    operations().iter().any(|(o, method)| o == operation && method == "GET")
}

/// Short enough for a document: lists of two, days and identifiers that are the same at each run.
fn shortened(value: &Value, key: &str) -> Value {
    match value {
        Value::Array(list) => {
            let numbers = list.iter().all(Value::is_number);
            let most = if numbers { 6 } else { 2 };
            list.iter().take(most).map(|v| shortened(v, key)).collect()
        }
        Value::Object(map) => {
            let most = if key == "comptes" { 2 } else { usize::MAX };
            map.iter().take(most).map(|(k, v)| (k.clone(), shortened(v, k))).collect::<Map<_, _>>().into()
        }
        Value::String(_) if key == "timeStamp" => "2026-01-01T00:00:00Z".into(),
        Value::String(text) if text.chars().count() > 400 => {
            text.chars().take(400).collect::<String>().into()
        }
        other => other.clone(),
    }
}

/// What an example keeps of an answer.
fn kept(kind: &str, bytes: &[u8]) -> Value {
    let json = kind.ends_with("json") || kind.contains("+json");
    // Of a stream, what an event says.
    let event = bytes.split(|b| *b == b'\n').find_map(|line| line.strip_prefix(b"data:"));
    if let Some(value) = event.filter(|_| kind.starts_with("text/event-stream")) {
        return serde_json::from_slice(value).map_or(Value::Null, |v| shortened(&v, ""));
    }
    match serde_json::from_slice::<Value>(bytes) {
        Ok(value) if json => shortened(&value, ""),
        _ => String::from_utf8_lossy(bytes).lines().take(LINES).collect::<Vec<_>>().join("\n").into(),
    }
}

/// Whether two answers are of one shape: same keys and kinds. Null stands for anything, and empty lists too.
fn alike(a: &Value, b: &Value, at: &str) -> Result<(), String> {
    match (a, b) {
        (Value::Null, _) | (_, Value::Null) => Ok(()),
        (Value::Object(a), Value::Object(b)) => {
            let keys = |m: &Map<String, Value>| m.keys().cloned().collect::<BTreeSet<_>>();
            // Objects that are tables have keys of their own.
            if keys(a) != keys(b) && !at.ends_with("comptes") {
                return Err(format!("{at}: {:?} / {:?}", keys(a), keys(b)));
            }
            a.iter()
                .filter_map(|(k, v)| Some((k, v, b.get(k)?)))
                .try_for_each(|(k, v, w)| alike(v, w, &format!("{at}.{k}")))
        }
        (Value::Array(a), Value::Array(b)) => match (a.first(), b.first()) {
            (Some(a), Some(b)) => alike(a, b, &format!("{at}[]")),
            _ => Ok(()),
        },
        (a, b) if std::mem::discriminant(a) == std::mem::discriminant(b) => Ok(()),
        (a, b) => Err(format!("{at}: {a} / {b}")),
    }
}

/// Operations whose answers follow from the territory alone: the same at each run, to the last digit.
const FIGURES: [&str; 12] = [
    "zones",
    "zone",
    "valeurs",
    "mesure",
    "export",
    "facettes",
    "territoires",
    "indicateurs",
    "ogc_collections",
    "ogc_entites",
    "ogc_entite",
    "situation",
];

/// Whether an answer is that of an example: to the digit where it is of figures, else in its shape.
fn same(operation: &str, now: &Value, known: &Value) -> Result<(), String> {
    match FIGURES.contains(&operation) {
        true if now == known => Ok(()),
        true => Err("the answer is another".to_owned()),
        false => alike(now, known, ""),
    }
}

#[tokio::test]
async fn every_example_is_what_the_server_answers() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/exemples.json");
    let text = std::fs::read_to_string(&path).unwrap();
    let known: BTreeMap<String, Value> = serde_json::from_str(&text).unwrap();
    let mut now: BTreeMap<String, Value> = BTreeMap::new();
    let mut faults = Vec::new();
    for (operation, method) in operations() {
        if without(&operation) {
            continue;
        }
        let (path, body) = request(&operation);
        let mut seen = Vec::new();
        for who in WHO {
            let reply = ask(&door(who).await, &method, &path, body.as_ref()).await;
            if reply.status == 200 {
                let kind = reply.header("content-type").split(';').next().unwrap().to_owned();
                let answer = kept(&kind, &reply.bytes);
                let size = answer.to_string().len();
                let answer = if size > LONGEST { outline(&answer) } else { answer };
                now.insert(
                    operation.clone(),
                    json!({"adresse": path, "corps": body, "type": kind, "reponse": answer}),
                );
                break;
            }
            seen.push(format!("{who} {}", reply.status));
        }
        if !now.contains_key(&operation) {
            faults.push(format!("{operation} {path}: nobody is answered ({})", seen.join(", ")));
        }
    }
    assert!(faults.is_empty(), "give them a request, or a place in `without`:\n{}", faults.join("\n"));
    if std::env::var_os("UPDATE").is_some() {
        // Times, identifiers and the like differ at each run: what is alike stays.
        for (operation, e) in &mut now {
            if let Some(k) = known.get(operation).filter(|k| same(operation, e, k).is_ok()) {
                e.clone_from(k);
            }
        }
        std::fs::write(&path, serde_json::to_string_pretty(&now).unwrap() + "\n").unwrap();
        return;
    }
    let names = |m: &BTreeMap<String, Value>| m.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&now), names(&known), "run `make bless`");
    for (operation, e) in &now {
        let k = &known[operation];
        let same = same(operation, e, k);
        assert!(same.is_ok(), "{operation}: {same:?}\nnow {e}\nkept {k}");
    }
    let document = serde_json::to_value(mosaique::server::document()).unwrap().to_string();
    assert_eq!(document.matches("\"x-exemple\"").count(), known.len(), "each is in the document");
}

/// The first level of a long answer: what is below is left out.
fn outline(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let one = |v: &Value| match v {
                Value::Array(list) => list.iter().take(1).map(flat).collect(),
                other => flat(other),
            };
            map.iter().map(|(k, v)| (k.clone(), one(v))).collect::<Map<_, _>>().into()
        }
        Value::Array(list) => list.iter().take(1).map(flat).collect(),
        other => other.clone(),
    }
}

/// An object with its lists emptied to their first element.
fn flat(value: &Value) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .map(|(k, v)| {
                let v = match v {
                    Value::Array(list) if list.iter().any(|e| e.is_object() || e.is_array()) => {
                        list.iter().take(1).map(flat).collect()
                    }
                    other => other.clone(),
                };
                (k.clone(), v)
            })
            .collect::<Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}
