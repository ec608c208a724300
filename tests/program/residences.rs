//! Residences that a bailleur merges, splits and renames: what follows from what.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::common::served::{Served, said, text};

/// A town of the demonstration, and its first bailleur.
struct Town {
    served: Served,
    bailleur: String,
}

impl Town {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let files = text(&dir.path().join("fichiers"));
        said(&["demo-data", "--dwellings", "3000", "--seed", "5", "--out", &files]);
        let store = text(&dir.path().join("magasin"));
        said(&["import", &files, "--oui", "--construire", "--data", &store]);
        let served = Served::new(dir);
        let bailleur = served.token("bailleur");
        Self { served, bailleur }
    }

    fn list(&self) -> Value {
        self.served.get(&self.bailleur, "/api/residences")
    }

    /// Residences of communes that have some, those of several addresses first.
    fn towns(&self) -> Vec<Vec<Value>> {
        let mut by: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for r in self.list()["residences"].as_array().unwrap() {
            by.entry(r["commune"].as_str().unwrap().to_owned()).or_default().push(r.clone());
        }
        by.remove("");
        let mut all: Vec<Vec<Value>> = by.into_values().collect();
        for list in &mut all {
            list.sort_by_key(|r| Reverse(r["adresses"].as_array().unwrap().len()));
        }
        all.sort_by_key(|list| Reverse(list.len()));
        all
    }

    fn change(&self, genre: &str, residences: &[&Value], nom: &str, adresses: &[&Value]) -> (u16, String) {
        let codes: Vec<&Value> = residences.iter().map(|r| &r["code"]).collect();
        let asked = json!({"genre": genre, "residences": codes, "nom": nom, "adresses": adresses});
        self.post("/api/residences/operations", &asked)
    }

    fn post(&self, path: &str, asked: &Value) -> (u16, String) {
        let (status, answer) = self.served.ask(&self.bailleur, "POST", path, Some(asked));
        (status, answer.to_string())
    }

    /// The last operation.
    fn last(&self) -> Value {
        self.list()["operations"][0].clone()
    }

    fn undo(&self, operation: &Value) -> (u16, String) {
        let path = format!("/api/residences/operations/{}", operation["id"].as_str().unwrap());
        let (status, answer) = self.served.ask(&self.bailleur, "DELETE", &path, None);
        (status, answer.to_string())
    }
}

#[test]
fn operations_are_undone_the_last_first_and_a_list_of_the_epci_holds_them() {
    let town = Town::new();
    let towns = town.towns();
    let (here, there) = (&towns[0], &towns[1]);
    // One commune, one residence.
    let (status, told) = town.change("fusion", &[&here[0], &there[0]], "À cheval", &[]);
    assert!(status == 400 && told.contains("tient dans une commune"), "{told}");

    // A merge, and a rename over it: the merge waits.
    assert_eq!(town.change("fusion", &[&here[3], &here[4]], "Réunie", &[]).0, 200);
    let merge = town.last();
    let heir = if merge["detail"]["apres"][0]["code"] == here[3]["code"] { &here[3] } else { &here[4] };
    assert_eq!(town.change("renommee", &[heir], "Renommée après", &[]).0, 200);
    let rename = town.last();
    let (status, told) = town.undo(&merge);
    assert!(status == 409 && told.contains("Annulez d'abord") && told.contains("Renommée"), "{told}");
    assert_eq!(town.undo(&rename).0, 200);
    assert_eq!(town.undo(&merge).0, 200);
    let (status, told) = town.undo(&merge);
    assert!(status == 409 && told.contains("déjà annulée"), "{told}");

    // What stays of a residence that is split keeps its code.
    let split = &here[0];
    let leaving = &split["adresses"][0]["cle"];
    assert_eq!(town.change("scission", &[split], "Nord", &[leaving]).0, 200);
    let operation = town.last();
    assert_eq!(operation["detail"]["apres"][1]["code"], split["code"], "{operation}");
    assert_eq!((&operation["detail"]["adresses"], town.undo(&operation).0), (&json!(1), 200));

    // What the EPCI has to decide of, or has decided of, is not changed under it.
    let words = json!({"residence": split["code"], "motif": "occupation", "commentaire": "À suivre."});
    let (status, made) = town.post("/api/rpems", &words);
    assert_eq!(status, 201, "{made}");
    for (genre, others) in [("scission", vec![split]), ("fusion", vec![split, &here[4]])] {
        let (status, told) = town.change(genre, &others, "Autre", &[leaving]);
        assert!(status == 409 && told.contains("Retirez d'abord la proposition"), "{genre}: {told}");
    }
    assert_eq!(town.change("renommee", &[split], "Un autre nom", &[]).0, 200, "a name is no dwelling");
    assert_eq!(town.undo(&town.last()).0, 200);
    let made: Value = serde_json::from_str(&made).unwrap();
    let withdrawn = json!({"decision": "retirer", "rang": 1, "motif": "erreur"});
    let path = format!("/api/rpems/{}/decisions", made["id"].as_str().unwrap());
    let (status, told) = town.post(&path, &withdrawn);
    assert_eq!(status, 204, "{told}");
    assert_eq!(town.change("scission", &[split], "Nord", &[leaving]).0, 200);
    assert_eq!(town.undo(&town.last()).0, 200);
}
