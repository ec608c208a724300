//! A CSV with its description: a Data Package (Frictionless) in one zip, which says to a program what the
//! columns are, where they come from and what one may do with them; the same in the words of the web (CSVW).

use std::io::{Cursor, Write};

use serde_json::{Value, json};
use zip::write::SimpleFileOptions;

use super::table::{Column, Table, columns};
use super::{PublishError, about, csv, csvw, name};
use crate::reference::publication::{Droit, publication};

/// # Errors
/// It cannot be written.
pub fn write(table: &Table<'_>) -> Result<Vec<u8>, PublishError> {
    let columns = columns(&table.indicators);
    let content = csv::write(table)?;
    let file = format!("{}.csv", name::stem(table));
    let schema = about::table_schema(&columns);
    let licences: Vec<Value> = used(&columns)
        .map(|d| match d.adresse.as_str() {
            "" => json!({"name": d.code, "title": format!("{} : {}", d.nom, d.licence)}),
            address => json!({"name": d.code, "path": address, "title": d.nom}),
        })
        .collect();
    let sources: Vec<Value> = table.sources().into_iter().map(|s| json!({"title": s})).collect();
    let package = json!({
        "profile": "tabular-data-package",
        "name": name::slug(&name::stem(table)),
        "title": table.title(),
        "description": description(table),
        "created": format!("{}T00:00:00Z", table.jour),
        "licenses": licences,
        "sources": sources,
        "resources": [{
            "profile": "tabular-data-resource",
            "name": "chiffres",
            "path": file,
            "format": "csv",
            "mediatype": "text/csv",
            "encoding": "utf-8",
            "bytes": content.len(),
            "dialect": {"delimiter": ";", "quoteChar": "\"", "doubleQuote": true},
            "schema": schema,
        }],
    });
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    zip.start_file("datapackage.json", options)?;
    zip.write_all(&serde_json::to_vec_pretty(&package)?)?;
    let described = described(table, &file);
    zip.start_file(format!("{file}{}", csvw::ENDING), options)?;
    zip.write_all(&serde_json::to_vec_pretty(&described)?)?;
    zip.start_file(file, options)?;
    zip.write_all(&content)?;
    zip.start_file("LISEZ-MOI.txt", options)?;
    zip.write_all(readme(table).as_bytes())?;
    Ok(zip.finish()?.into_inner())
}

/// What one may do with some columns.
fn used(columns: &[Column]) -> impl Iterator<Item = &'static Droit> {
    publication().droits.iter().filter(|d| columns.iter().any(|c| c.domaine == d.domaine))
}

fn description(table: &Table<'_>) -> String {
    let facts = table.facts().into_iter().map(|(what, text)| format!("{what} : {text}"));
    facts.collect::<Vec<_>>().join("\n")
}

/// The same for the web: the description that stands beside a CSV of this name.
#[must_use]
pub fn described(table: &Table<'_>, file: &str) -> Value {
    let columns = columns(&table.indicators);
    let rights: Vec<&str> = used(&columns).map(|d| d.licence.as_str()).collect();
    let about = csvw::About {
        file,
        title: &table.title(),
        description: &description(table),
        created: &table.jour,
        rights: &rights.join(" "),
    };
    csvw::metadata(&about, &about::table_schema(&columns))
}

/// The same for people.
fn readme(table: &Table<'_>) -> String {
    let mut lines: Vec<String> = table.facts().into_iter().map(|(k, v)| format!("{k} : {v}")).collect();
    lines.push(String::new());
    lines.extend(publication().statuts.iter().map(|s| format!("Statut « {} » : {}", s.code, s.libelle)));
    lines.push(String::new());
    lines.extend(publication().droits.iter().map(|d| format!("{} – {}\n  {}", d.nom, d.source, d.licence)));
    lines.push(String::new());
    lines.extend(table.sources().into_iter().map(|s| format!("Édition : {s}")));
    lines.push(String::new());
    // Windows' notepad shows both line ends.
    lines.join("\r\n")
}
