//! What goes with the figures of a file, for programs: facts, sources, columns with their unit and their
//! licence.

use serde_json::{Map, Value, json};

use super::table::{Column, Kind, Table};
use crate::reference::publication::publication;

/// What every format that can carry a text for programs carries.
#[must_use]
pub fn json(table: &Table<'_>, columns: &[Column]) -> Value {
    let facts: Vec<Value> = table.facts().into_iter().map(|(k, v)| json!([k, v])).collect();
    let rights: Vec<Value> = publication()
        .droits
        .iter()
        .map(|d| {
            json!({"domaine": d.domaine, "source": d.source, "nom": d.nom, "code": d.code, "adresse": d.adresse, "licence": d.licence})
        })
        .collect();
    let statuses: Map<String, Value> =
        publication().statuts.iter().map(|s| (s.code.clone(), s.libelle.clone().into())).collect();
    json!({
        "lisez_moi": facts,
        "sources": table.sources(),
        "droits": rights,
        "statuts": statuses,
        "colonnes": columns.iter().map(column).collect::<Vec<_>>(),
    })
}

fn column(c: &Column) -> Value {
    json!({"nom": c.name, "titre": c.title, "unite": c.unit, "definition": c.description, "droits": c.droit().nom})
}

/// The columns as a Table Schema (Frictionless): names, types, units, licences; what may stand in them.
#[must_use]
pub fn table_schema(columns: &[Column]) -> Value {
    let fields: Vec<Value> = columns
        .iter()
        .map(|c| {
            let mut field = json!({
                "name": c.name,
                "title": c.title,
                "description": c.description,
                "type": match c.kind {
                    Kind::Text => "string",
                    Kind::Whole => "integer",
                    Kind::Number => "number",
                },
                "mosaique:unite": c.unit,
                "mosaique:droits": c.droit().code,
            });
            if c.kind == Kind::Number {
                field["decimalChar"] = ",".into();
            }
            if c.name == "code" {
                field["constraints"] = json!({"required": true, "unique": true});
            } else if c.name.ends_with("_statut") {
                let codes: Vec<&str> = publication().statuts.iter().map(|s| s.code.as_str()).collect();
                field["constraints"] = json!({"required": true, "enum": codes});
            }
            field
        })
        .collect();
    json!({"fields": fields, "primaryKey": ["code"], "missingValues": [""]})
}
