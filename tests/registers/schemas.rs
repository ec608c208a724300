//! The published schemas of our own formats say what the readers do.

use std::path::Path;

use crate::common::{findings, fixture};
use mosaique::reference::registre::Registre;
use mosaique::reference::{
    attributions::attributions, objectifs::objectifs, ops::ops, thresholds::thresholds,
};
use mosaique::registers::output::Output;
use mosaique::registers::report::Report;
use serde_json::Value;

fn schema(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("data/schemas/{name}.schema.json"));
    serde_json::from_str(&std::fs::read_to_string(path).expect("schema")).expect("JSON")
}

/// Every field is a column of the reader, under its canonical name, with the same codes and the same duty.
fn agree(name: &str, registre: &Registre, optional_in_reader: &[&str]) {
    let schema = schema(name);
    for field in schema["fields"].as_array().expect("fields") {
        let id = field["name"].as_str().expect("name");
        let column = registre
            .colonnes
            .iter()
            .find(|c| c.nom == id)
            .unwrap_or_else(|| panic!("{name}: {id} is not read"));
        let required = field["constraints"]["required"] == Value::Bool(true);
        assert_eq!(required, column.obligatoire || optional_in_reader.contains(&id), "{name}.{id}");
        let ids: Option<Vec<&str>> =
            field["constraints"]["enum"].as_array().map(|e| e.iter().filter_map(Value::as_str).collect());
        let list: Option<Vec<&str>> =
            registre.liste(id).map(|l| l.valeurs.iter().map(|v| v.id.as_str()).collect());
        // A set of values is described by a pattern, not by a list.
        if id != "priorite_l441_1" {
            assert_eq!(ids, list, "{name}.{id}");
        }
    }
}

#[test]
fn each_schema_has_the_columns_and_codes_of_its_reader() {
    agree("ops_reponse", &ops().expect("ops").reponse, &[]);
    agree("attribution", &attributions().expect("attributions").registre, &[]);
    agree("objectif_cia", objectifs().expect("objectifs"), &[]);
    agree("seuil_q1", &thresholds().expect("thresholds").registre, &["annee"]);
}

fn clean(name: &str, import: impl Fn(&Path, &Output) -> Report) {
    let dir = tempfile::tempdir().expect("folder");
    let report = import(&fixture(name), &Output::new(dir.path()));
    assert!(report.lignes_lues > 0);
    assert_eq!(report.lignes_gardees, report.lignes_lues, "{name}");
    assert_eq!(findings(dir.path()), [], "{name}");
    assert_eq!(report.comptes.get("siren_repares"), None);
}

#[test]
fn a_file_that_conforms_to_its_schema_gives_no_finding() {
    use mosaique::registers::{attributions, ops, thresholds};
    clean("ops/conforme.csv", |p, o| {
        ops::import(p, &ops::Options { vague: 2024 }, o, &|_, _| ()).expect("ops")
    });
    clean("thresholds/conforme.csv", |p, o| {
        thresholds::import(p, &thresholds::Options::default(), o, &|_, _| ()).expect("thresholds")
    });
    let keys = tempfile::tempdir().expect("folder");
    let cle = keys.path().join("cle");
    std::fs::write(&cle, "0123456789abcdef0123456789abcdef").expect("key");
    clean("attributions/conforme.csv", |p, o| {
        attributions::import(p, &attributions::Options { annee: 2024, cle: Some(cle.clone()) }, o, &|_, _| ())
            .expect("attributions")
    });
}

#[test]
fn every_schema_explains_itself_in_french() {
    let flux = ["flux_convention", "flux_droit", "flux_assiette", "flux_evenement"];
    for name in ["ops_reponse", "attribution", "seuil_q1", "objectif_cia"].into_iter().chain(flux) {
        let s = schema(name);
        assert!(s["title"].is_string() && s["description"].is_string());
        assert_eq!(s["name"], name);
        for f in s["fields"].as_array().expect("fields") {
            assert!(f["title"].as_str().is_some_and(|t| !t.is_empty()), "{name}.{}", f["name"]);
        }
    }
}
