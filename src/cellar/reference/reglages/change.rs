//! One change as a file of `reglages/` writes it: an entry in the shape of the file, with its source, its
//! days, who made it and when.

use jiff::civil::Date;
use toml::{Table, Value};

use super::Fault;
use super::merge::{is_entries, text};
use super::table::Fichier;

/// The list, or group, under which values at the head of a file are changed.
pub const HEAD: &str = "entete";
const SOURCE: &str = "source";

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The file that it changes, as under `data/`.
    pub file: &'static str,
    /// As it is said: « composante f1 », « options », « en-tête ».
    pub entry: String,
    /// What changes, in the shape of the file.
    pub table: Table,
    pub source: String,
    pub du: Date,
    pub au: Option<Date>,
    pub par: String,
    /// `2026-11-28`.
    pub le: String,
}

impl Change {
    /// Whether it holds on a day.
    #[must_use]
    pub fn holds(&self, on: Date) -> bool {
        self.du <= on && self.au.is_none_or(|last| on <= last)
    }

    /// The entry as `reglages/` writes it: its place at the top of the file, and its table.
    #[must_use]
    pub fn written(&self, base: &Table) -> (String, Table) {
        let mut item = Table::new();
        let mut place = HEAD.to_owned();
        for (name, value) in &self.table {
            match value {
                Value::Table(inner) if base.get(name).is_some_and(Value::is_table) => {
                    (place, item) = (name.clone(), inner.clone());
                }
                Value::Array(entries) if is_entries(value) => {
                    place = name.clone();
                    item = entries.first().and_then(Value::as_table).cloned().unwrap_or_default();
                }
                _ => _ = item.insert(name.clone(), value.clone()),
            }
        }
        item.insert(SOURCE.to_owned(), Value::String(self.source.clone()));
        item.insert("du".to_owned(), Value::String(self.du.to_string()));
        if let Some(last) = self.au {
            item.insert("au".to_owned(), Value::String(last.to_string()));
        }
        item.insert("par".to_owned(), Value::String(self.par.clone()));
        item.insert("le".to_owned(), Value::String(self.le.clone()));
        (place, item)
    }
}

/// Reads the changes of one file.
///
/// # Errors
/// It is not TOML, or a change does not say its source, its days, who made it or when.
pub fn read(file: &'static str, content: &str, base: &Table, rules: &Fichier) -> Result<Vec<Change>, Fault> {
    let table: Table = toml::from_str(content).map_err(|e| {
        let at = e.span().map_or(0, |s| s.start);
        let before = content.get(..at).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let message = format!("ligne {line}, colonne {column} : ce n'est pas du TOML ({})", e.message());
        Fault { file: file.to_owned(), entry: String::new(), message }
    })?;
    let mut head = Table::new();
    let mut out = Vec::new();
    for (name, value) in table {
        match value {
            Value::Table(item) => out.push(one(file, &name, item, base, rules)?),
            Value::Array(items) if is_entries(&Value::Array(items.clone())) => {
                for item in items {
                    if let Value::Table(item) = item {
                        out.push(one(file, &name, item, base, rules)?);
                    }
                }
            }
            other => _ = head.insert(name, other),
        }
    }
    if !head.is_empty() {
        out.push(one(file, HEAD, head, base, rules)?);
    }
    Ok(out)
}

fn one(
    file: &'static str,
    place: &str,
    mut item: Table,
    base: &Table,
    rules: &Fichier,
) -> Result<Change, Fault> {
    let id = rules.key(place).and_then(|k| item.get(k)).map(text);
    let entry = match (place, id) {
        (HEAD, _) => "en-tête".to_owned(),
        (place, Some(id)) => format!("{place} {id}"),
        (place, None) => place.to_owned(),
    };
    let fault = |message: String| Fault { file: file.to_owned(), entry: entry.clone(), message };
    let mut said = |name: &str| item.remove(name).map(|v| text(&v)).filter(|t| !t.trim().is_empty());
    let asked = |name: &str, what: &str| fault(format!("« {name} » manque : {what}"));
    let day =
        |name: &str, given: &str| {
            given.get(..10).unwrap_or(given).parse::<Date>().map_err(|_| {
                fault(format!("« {name} » : « {given} » n'est pas un jour ; il s'écrit AAAA-MM-JJ"))
            })
        };
    let source = said(SOURCE).ok_or_else(|| asked(SOURCE, "dites le texte ou la décision"))?;
    let du = said("du").ok_or_else(|| asked("du", "premier jour, AAAA-MM-JJ"))?;
    let (du, au) = (day("du", &du)?, said("au").map(|a| day("au", &a)).transpose()?);
    let par = said("par").ok_or_else(|| asked("par", "dites qui a fait ce changement"))?;
    let le = said("le").ok_or_else(|| asked("le", "jour du changement, AAAA-MM-JJ"))?;
    let le = day("le", &le)?.to_string();
    if au.is_some_and(|last| last < du) {
        return Err(fault("le dernier jour (« au ») est avant le premier (« du »)".to_owned()));
    }
    // Entries that say where they come from say where the new value does.
    let says_source = match (place, base.get(place)) {
        (HEAD, _) => base.contains_key(SOURCE),
        (_, Some(Value::Array(entries))) => entries.iter().any(|e| e.get(SOURCE).is_some()),
        (_, there) => there.is_some_and(|t| t.get(SOURCE).is_some_and(Value::is_str)),
    };
    if says_source {
        item.insert(SOURCE.to_owned(), Value::String(source.clone()));
    }
    let table = match (place, base.get(place)) {
        (HEAD, _) => item,
        (_, Some(Value::Array(_))) => {
            Table::from_iter([(place.to_owned(), Value::Array(vec![Value::Table(item)]))])
        }
        _ => Table::from_iter([(place.to_owned(), Value::Table(item))]),
    };
    Ok(Change { file, entry, table, source, du, au, par, le })
}
