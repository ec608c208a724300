//! Empty files to start from, their Table Schema, and the same as CSVW.

use serde_json::Value;

use crate::publish::{csv_file, csvw};

pub const SCHEMAS: [(&str, &str); 7] = [
    ("objectif_cia", include_str!("../../../data/schemas/objectif_cia.schema.json")),
    ("flux_convention", include_str!("../../../data/schemas/flux_convention.schema.json")),
    ("flux_droit", include_str!("../../../data/schemas/flux_droit.schema.json")),
    ("flux_assiette", include_str!("../../../data/schemas/flux_assiette.schema.json")),
    ("flux_evenement", include_str!("../../../data/schemas/flux_evenement.schema.json")),
    ("ops_reponse", include_str!("../../../data/schemas/ops_reponse.schema.json")),
    ("rpls_logement", include_str!("../../../data/schemas/rpls_logement.schema.json")),
];

/// The template of a name.
#[cfg(test)]
pub fn example_of(name: &str) -> Option<String> {
    let (_, schema) = SCHEMAS.iter().find(|(n, _)| *n == name)?;
    example(schema).ok()
}

/// Header and one row of the examples of a schema.
pub fn example(schema: &str) -> Result<String, serde_json::Error> {
    let schema: Value = serde_json::from_str(schema)?;
    let fields = schema["fields"].as_array().map_or(&[][..], Vec::as_slice);
    let names: Vec<&str> = fields.iter().filter_map(|f| f["name"].as_str()).collect();
    let values: Vec<String> = fields
        .iter()
        .map(|f| match &f["example"] {
            Value::String(s) => s.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        })
        .collect();
    Ok(format!("{}{}\r\n{}\r\n", csv_file::MARK, names.join(";"), values.join(";")))
}

/// The schema of a template as its description for the web (CSVW).
pub fn described(name: &str, schema: &str) -> Result<String, serde_json::Error> {
    let schema: Value = serde_json::from_str(schema)?;
    let text = |key: &str| schema[key].as_str().unwrap_or_default();
    let about = csvw::About {
        file: &format!("{name}.csv"),
        title: text("title"),
        description: text("description"),
        created: text("created"),
        rights: "",
    };
    serde_json::to_string_pretty(&csvw::metadata(&about, &schema))
}
