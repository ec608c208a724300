//! One change laid over a file: entries are found by their key, the rest stays.

use toml::{Table, Value};

use super::table::Fichier;

/// Whether a value is a list of entries.
#[must_use]
pub fn is_entries(value: &Value) -> bool {
    matches!(value, Value::Array(a) if !a.is_empty() && a.iter().all(Value::is_table))
}

/// A value as it is compared with a key.
#[must_use]
pub fn text(value: &Value) -> String {
    match value {
        Value::String(s) => s.clone(),
        other => other.to_string(),
    }
}

/// A path one step further.
#[must_use]
pub fn join(at: &str, step: &str) -> String {
    if at.is_empty() { step.to_owned() } else { format!("{at}.{step}") }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "un texte",
        Value::Integer(_) => "un nombre entier",
        Value::Float(_) => "un nombre",
        Value::Boolean(_) => "vrai ou faux (true, false)",
        Value::Datetime(_) => "une date",
        Value::Array(_) => "une liste",
        Value::Table(_) => "un groupe de valeurs",
    }
}

/// A value of the kind that a file has: whole numbers are numbers too.
fn of_kind(like: &Value, given: &Value) -> Result<Value, String> {
    match (like, given) {
        (Value::Float(_), Value::Integer(n)) => Ok(Value::Float(*n as f64)),
        (Value::Array(like), Value::Array(given)) => match like.first() {
            Some(first) => {
                given.iter().map(|g| of_kind(first, g)).collect::<Result<_, _>>().map(Value::Array)
            }
            None => Ok(Value::Array(given.clone())),
        },
        (a, b) if a.same_type(b) => Ok(b.clone()),
        (a, b) => Err(format!("attendu {}, trouvé {}", kind(a), kind(b))),
    }
}

/// Lays a change over a table; `at` is the path of the table, without the keys of entries.
///
/// # Errors
/// In French: the parameter, and what is wrong with it.
pub fn lay(base: &mut Table, change: &Table, at: &str, rules: &Fichier) -> Result<(), String> {
    for (name, given) in change {
        let path = join(at, name);
        match (base.get_mut(name), given) {
            (Some(Value::Table(there)), Value::Table(given)) => lay(there, given, &path, rules)?,
            (Some(Value::Array(there)), Value::Array(given)) if rules.key(&path).is_some() => {
                lay_entries(there, given, &path, rules)?;
            }
            (Some(there), given) => {
                *there = of_kind(there, given).map_err(|e| format!("« {path} » : {e}"))?;
            }
            (None, given) if rules.may_be_absent(&path) => _ = base.insert(name.clone(), given.clone()),
            (None, _) => {
                let known: Vec<&str> = base.keys().map(String::as_str).collect();
                return Err(format!("« {path} » n'est pas un paramètre ; il y a : {}", known.join(", ")));
            }
        }
    }
    Ok(())
}

fn lay_entries(there: &mut Vec<Value>, given: &[Value], path: &str, rules: &Fichier) -> Result<(), String> {
    let key = rules.key(path).unwrap_or_default();
    for entry in given {
        let Value::Table(entry) = entry else {
            return Err(format!("« {path} » : attendu des entrées, trouvé {}", kind(entry)));
        };
        let Some(id) = entry.get(key).map(text) else {
            return Err(format!("« {path} » : chaque entrée donne sa clé « {key} »"));
        };
        let of = |v: &Value| v.get(key).map(text).is_some_and(|k| k == id);
        if let Some(Value::Table(found)) = there.iter_mut().find(|v| of(v)) {
            let mut rest = entry.clone();
            rest.remove(key);
            lay(found, &rest, path, rules)?;
        } else if rules.grows(path) {
            there.push(Value::Table(entry.clone()));
        } else {
            let known: Vec<String> = there.iter().filter_map(|v| v.get(key).map(text)).collect();
            return Err(format!(
                "« {path} » : aucune entrée « {id} », et celle-ci ne s'ajoute pas ; il y a : {}",
                known.join(", ")
            ));
        }
    }
    Ok(())
}

/// Parameters of a table with their values, in the order of the table: `composante.f1.poids`.
pub fn leaves(table: &Table, at: &str, shape: &str, rules: &Fichier, out: &mut Vec<(String, Value)>) {
    for (name, value) in table {
        let (path, shape) = (join(at, name), join(shape, name));
        match (value, rules.key(&shape)) {
            (Value::Table(t), _) => leaves(t, &path, &shape, rules, out),
            (Value::Array(entries), Some(key)) => {
                for entry in entries.iter().filter_map(Value::as_table) {
                    let id = entry.get(key).map(text).unwrap_or_default();
                    let mut rest = entry.clone();
                    rest.remove(key);
                    leaves(&rest, &join(&path, &id), &shape, rules, out);
                }
            }
            (value, _) => out.push((path, value.clone())),
        }
    }
}

/// A change that gives one parameter a value, in the shape of the file: `composante.f1.poids` becomes
/// `composante = [{ id = "f1", poids = … }]`.
///
/// # Errors
/// In French: the path leads nowhere in the file.
pub fn change_of(base: &Table, path: &str, value: &Value, rules: &Fichier) -> Result<Table, String> {
    fn walk(
        base: Option<&Table>,
        steps: &[&str],
        shape: &str,
        value: &Value,
        rules: &Fichier,
    ) -> Result<Table, String> {
        let Some((name, rest)) = steps.split_first() else {
            return value.as_table().cloned().ok_or_else(|| "attendu un groupe de valeurs".to_owned());
        };
        let shape = join(shape, name);
        let there = base.and_then(|b| b.get(*name));
        let inner = match (there, rules.key(&shape), rest) {
            (Some(Value::Array(entries)), Some(key), [id, rest @ ..]) => {
                let found = entries.iter().find(|e| e.get(key).map(text).is_some_and(|k| k == *id));
                let mut entry = walk(found.and_then(Value::as_table), rest, &shape, value, rules)?;
                // As the file writes its keys: a year is a number.
                let like = entries.first().and_then(|e| e.get(key));
                let id = match like {
                    Some(Value::Integer(_)) => id
                        .parse()
                        .map(Value::Integer)
                        .map_err(|_| format!("« {shape} » : « {id} » n'est pas un nombre entier"))?,
                    _ => Value::String((*id).to_owned()),
                };
                entry.insert(key.to_owned(), id);
                Value::Array(vec![Value::Table(entry)])
            }
            (_, _, []) => value.clone(),
            (there, _, rest) => {
                Value::Table(walk(there.and_then(Value::as_table), rest, &shape, value, rules)?)
            }
        };
        Ok(Table::from_iter([((*name).to_owned(), inner)]))
    }
    let steps: Vec<&str> = path.split('.').collect();
    if steps.iter().any(|s| s.is_empty()) {
        return Err(format!(
            "« {path} » : un paramètre s'écrit groupe.clé.valeur, par exemple composante.f1.poids"
        ));
    }
    walk(Some(base), &steps, "", value, rules)
}

/// A change without one parameter, or without all that stands below a path; None if nothing is left of it.
#[must_use]
pub fn without(table: &Table, at: &str, shape: &str, path: &str, rules: &Fichier) -> Option<Table> {
    let below =
        |p: &str| path.is_empty() || p == path || p.strip_prefix(path).is_some_and(|r| r.starts_with('.'));
    let mut out = Table::new();
    for (name, value) in table {
        let (here, shape) = (join(at, name), join(shape, name));
        match (value, rules.key(&shape)) {
            _ if below(&here) => {}
            (Value::Table(t), _) => {
                if let Some(rest) = without(t, &here, &shape, path, rules) {
                    out.insert(name.clone(), Value::Table(rest));
                }
            }
            (Value::Array(entries), Some(key)) => {
                let mut kept = Vec::new();
                for entry in entries.iter().filter_map(Value::as_table) {
                    let id = entry.get(key).cloned();
                    let at = join(&here, &id.as_ref().map(text).unwrap_or_default());
                    let mut rest = entry.clone();
                    rest.remove(key);
                    if below(&at) {
                        continue;
                    }
                    // The source of a value goes with it.
                    let left = without(&rest, &at, &shape, path, rules)
                        .filter(|left| left.keys().any(|k| k != "source") || left.len() == rest.len());
                    if let Some(mut left) = left {
                        left.extend(id.map(|id| (key.to_owned(), id)));
                        kept.push(Value::Table(left));
                    }
                }
                if !kept.is_empty() {
                    out.insert(name.clone(), Value::Array(kept));
                }
            }
            _ => _ = out.insert(name.clone(), value.clone()),
        }
    }
    (!out.is_empty()).then_some(out)
}
