//! A CSV described for programs of the web (W3C, CSV on the Web): the same columns as its Table Schema, in
//! the words that the standard has, in a file beside the CSV (`….csv-metadata.json`).

use serde_json::{Map, Value, json};

/// What the name of a CSV ends with to name its description.
pub const ENDING: &str = "-metadata.json";

/// What a table is, beside its columns.
#[derive(Debug, Clone)]
pub struct About<'a> {
    /// Name of the CSV.
    pub file: &'a str,
    pub title: &'a str,
    pub description: &'a str,
    /// `YYYY-MM-DD`.
    pub created: &'a str,
    /// What one may do with it; empty: it is not said.
    pub rights: &'a str,
}

/// The description of a CSV (`;`, header, UTF-8) whose columns a Table Schema says.
#[must_use]
pub fn metadata(about: &About<'_>, schema: &Value) -> Value {
    let fields = schema["fields"].as_array().map_or(&[][..], Vec::as_slice);
    let missing = &schema["missingValues"];
    let columns: Vec<Value> = fields.iter().map(|f| column(f, missing)).collect();
    let mut table = json!({"columns": columns});
    match schema["primaryKey"].as_array() {
        Some(keys) if !keys.is_empty() => table["primaryKey"] = schema["primaryKey"].clone(),
        _ => {
            // A column that names its line is its key.
            let own = fields.iter().find(|f| {
                let is = |what: &str| f["constraints"][what] == true;
                is("unique") && is("required")
            });
            if let Some(field) = own {
                table["primaryKey"] = field["name"].clone();
            }
        }
    }
    let mut out = json!({
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "fr"}],
        "url": about.file,
        "dc:title": about.title,
        "dc:description": about.description,
        "dc:created": {"@value": about.created, "@type": "xsd:date"},
        "dialect": {"delimiter": ";", "encoding": "utf-8", "header": true, "quoteChar": "\"", "doubleQuote": true},
        "tableSchema": table,
    });
    if !about.rights.is_empty() {
        out["dc:rights"] = about.rights.into();
    }
    out
}

fn column(field: &Value, missing: &Value) -> Value {
    let mut out = json!({
        "name": field["name"],
        // What stands in the header.
        "titles": field["name"],
        "datatype": datatype(field),
    });
    let mut say = |to: &str, value: &Value| {
        if value.is_string() {
            out[to] = value.clone();
        }
    };
    say("dc:title", &field["title"]);
    say("dc:description", &field["description"]);
    say("dc:rights", &field["mosaique:droits"]);
    say("schema:unitText", &field["mosaique:unite"]);
    if field["constraints"]["required"] == true {
        out["required"] = true.into();
    }
    if missing.is_array() {
        out["null"] = missing.clone();
    }
    out
}

/// Type of a column with what may stand in it.
fn datatype(field: &Value) -> Value {
    let bounds = &field["constraints"];
    let mut out = Map::new();
    let base = match field["type"].as_str().unwrap_or_default() {
        "integer" => "integer",
        "number" => "decimal",
        "boolean" => "boolean",
        "date" => "date",
        "yearmonth" => "gYearMonth",
        _ => "string",
    };
    out.insert("base".into(), base.into());
    for (of, to) in [("minimum", "minimum"), ("maximum", "maximum"), ("maxLength", "maxLength")] {
        if bounds[of].is_number() {
            out.insert(to.into(), bounds[of].clone());
        }
    }
    if let Some(mark) = field["decimalChar"].as_str() {
        out.insert("format".into(), json!({"decimalChar": mark, "groupChar": " "}));
    } else if let (Some([yes, ..]), Some([no, ..])) = (
        field["trueValues"].as_array().map(Vec::as_slice),
        field["falseValues"].as_array().map(Vec::as_slice),
    ) {
        if let (Some(yes), Some(no)) = (yes.as_str(), no.as_str()) {
            out.insert("format".into(), format!("{yes}|{no}").into());
        }
    } else if let Some(codes) = bounds["enum"].as_array() {
        let codes: Vec<String> = codes.iter().filter_map(Value::as_str).map(escaped).collect();
        out.insert("format".into(), codes.join("|").into());
    } else if let Some(pattern) = bounds["pattern"].as_str() {
        out.insert("format".into(), pattern.into());
    }
    out.into()
}

/// A word as a regular expression that is only itself.
fn escaped(word: &str) -> String {
    let mut out = String::new();
    for c in word.chars() {
        if !c.is_alphanumeric() && c != '_' && c != ' ' && c != '-' {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_constraint_of_a_table_schema_has_its_word() {
        let schema = json!({"missingValues": ["", "NA"], "fields": [
            {"name": "id", "type": "string", "title": "Numéro", "constraints": {"required": true, "unique": true, "pattern": "^\\d{3}$"}},
            {"name": "part", "type": "number", "decimalChar": ",", "constraints": {"minimum": 0, "maximum": 100}},
            {"name": "genre", "type": "string", "constraints": {"enum": ["T1", "T1 bis", "a.b"]}},
            {"name": "dalo", "type": "boolean", "trueValues": ["OUI"], "falseValues": ["NON"]},
        ]});
        let about = About { file: "f.csv", title: "T", description: "D", created: "2026-11-30", rights: "" };
        let table = &metadata(&about, &schema)["tableSchema"];
        assert_eq!(table["primaryKey"], "id");
        let columns = table["columns"].as_array().unwrap();
        let types: Vec<String> = columns.iter().map(|c| c["datatype"].to_string()).collect();
        assert_eq!(
            types,
            [
                r#"{"base":"string","format":"^\\d{3}$"}"#,
                r#"{"base":"decimal","minimum":0,"maximum":100,"format":{"decimalChar":",","groupChar":" "}}"#,
                r#"{"base":"string","format":"T1|T1 bis|a\\.b"}"#,
                r#"{"base":"boolean","format":"OUI|NON"}"#,
            ]
        );
        assert_eq!(columns[0]["required"], true);
        assert_eq!(columns[1]["null"], json!(["", "NA"]));
    }
}
