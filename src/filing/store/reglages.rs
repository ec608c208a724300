//! The folder `reglages/` of the store: what it changes of the rules that the program holds.
//!
//! ```text
//! magasin/reglages/
//!   plafonds.toml                  same names and shapes as under `data/`, only the entries that change
//!   rules/fragilite.toml
//! ```
//!
//! Files are replaced by a rename, under a lock, and only once everything that the folder says is sound
//! (`reference::reglages`): who reads at any instant finds the old rules or the new ones.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::civil::Date;

use super::{StoreError, at};
use crate::reference::reglages::{self, Change, Fault, Value};

/// Why rules are not changed, or not taken up.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error(transparent)]
    Fault(#[from] Fault),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A change that someone asks for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// `rules/fragilite.toml`
    pub file: String,
    /// `composante.f1.poids`
    pub path: String,
    pub value: Value,
    pub source: String,
    pub du: Date,
    pub au: Option<Date>,
    pub par: String,
    pub le: Date,
}

/// What a change would do, or did.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The value in force before and after, on the day when it is asked.
    pub before: Option<Value>,
    pub after: Option<Value>,
    /// Whether figures have to be made anew.
    pub figures: bool,
}

fn folder(root: &Path) -> PathBuf {
    root.join("reglages")
}

/// Files of the folder, by name as under `data/`, with their paths.
fn listed(root: &Path) -> Result<Vec<(String, PathBuf)>, StoreError> {
    let mut out = Vec::new();
    for (under, prefix) in [(folder(root), ""), (folder(root).join("rules"), "rules/")] {
        if !under.is_dir() {
            continue;
        }
        for entry in std::fs::read_dir(&under).map_err(at(&under))? {
            let path = entry.map_err(at(&under))?.path();
            let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            // A copy of an editor is no rule.
            if path.extension().is_some_and(|e| e == "toml") && !name.starts_with('.') {
                out.push((format!("{prefix}{name}"), path));
            }
        }
    }
    out.sort();
    Ok(out)
}

/// Texts of the folder, by name as under `data/`.
///
/// # Errors
/// A file cannot be read.
pub fn read(root: &Path) -> Result<Vec<(String, String)>, StoreError> {
    listed(root)?
        .into_iter()
        .map(|(name, path)| Ok((name, std::fs::read_to_string(&path).map_err(at(&path))?)))
        .collect()
}

/// Something that differs when a file of the folder does.
#[must_use]
pub fn mark(root: &Path) -> Vec<(String, u64, Option<SystemTime>)> {
    let files = listed(root).unwrap_or_default().into_iter();
    files
        .map(|(name, path)| {
            let meta = std::fs::metadata(&path).ok();
            (name, meta.as_ref().map_or(0, std::fs::Metadata::len), meta.and_then(|m| m.modified().ok()))
        })
        .collect()
}

/// Puts what the folder says in force in this process: all of it, or nothing; whether anything changed.
///
/// # Errors
/// A file cannot be read, or breaks a rule: what was in force stays.
pub fn take_up(root: &Path, on: Date) -> Result<bool, SettingsError> {
    Ok(reglages::take_up(&read(root)?, on)?)
}

/// Writes a change into the folder, if everything is sound with it; with `trial`, only says what it would do.
///
/// # Errors
/// The change breaks a rule, or a file cannot be written: nothing has changed.
pub fn set(root: &Path, asked: &Asked, trial: bool) -> Result<Outcome, SettingsError> {
    let table = reglages::change_of(&asked.file, &asked.path, &asked.value)?;
    let change = Change {
        file: &reglages::file(&asked.file)?.nom,
        entry: asked.path.clone(),
        table,
        source: asked.source.clone(),
        du: asked.du,
        au: asked.au,
        par: asked.par.clone(),
        le: asked.le.to_string(),
    };
    replace(root, &asked.file, &asked.path, asked.le, trial, |kept| {
        // The same parameter from the same day: it is said anew.
        let mut out = Vec::new();
        for old in kept {
            if old.du != change.du {
                out.push(old);
            } else if let Some(rest) = reglages::without(old, &asked.path)? {
                out.push(rest);
            }
        }
        out.push(change);
        Ok(out)
    })
}

/// Takes every change of a parameter (or of an entry, or of a file for an empty path) out of the folder.
///
/// # Errors
/// As [`set`]; or nothing changes it.
pub fn reset(root: &Path, file: &str, path: &str, on: Date, trial: bool) -> Result<Outcome, SettingsError> {
    replace(root, file, path, on, trial, |kept| {
        let before = kept.clone();
        let rest = kept
            .into_iter()
            .map(|old| reglages::without(old, path))
            .filter_map(Result::transpose)
            .collect::<Result<Vec<_>, _>>()?;
        if rest == before {
            return Err(Fault {
                file: file.to_owned(),
                entry: path.replace('.', " "),
                message: "rien n'est changé ici : c'est la valeur du programme qui vaut".to_owned(),
            });
        }
        Ok(rest)
    })
}

fn replace(
    root: &Path,
    file: &str,
    path: &str,
    on: Date,
    trial: bool,
    change: impl FnOnce(Vec<Change>) -> Result<Vec<Change>, Fault>,
) -> Result<Outcome, SettingsError> {
    // Also keeps a name from leading out of the folder.
    let file = reglages::file(file)?.nom.as_str();
    let under = folder(root);
    std::fs::create_dir_all(under.join("rules")).map_err(at(&under))?;
    let lock_path = under.join(".verrou");
    let lock = File::create(&lock_path).map_err(at(&lock_path))?;
    lock.lock().map_err(at(&lock_path))?;
    let mut texts = read(root)?;
    let was = reglages::resolve(&texts, on)?;
    let mine = was.changes.iter().filter(|c| c.file == file).cloned().collect();
    let changes = change(mine)?;
    let written = if changes.is_empty() { None } else { Some(reglages::written(file, &changes)?) };
    texts.retain(|(name, _)| name != file);
    texts.extend(written.clone().map(|text| (file.to_owned(), text)));
    let is = reglages::resolve(&texts, on)?;
    let value = |r: &reglages::Resolved| -> Result<Option<Value>, Fault> {
        Ok(r.parameters(file)?.into_iter().find(|p| p.path == path).map(|p| p.now))
    };
    let outcome = Outcome { before: value(&was)?, after: value(&is)?, figures: was.mark()? != is.mark()? };
    if !trial {
        let target = under.join(file);
        match written {
            None => match std::fs::remove_file(&target) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(at(&target)(e).into()),
                _ => {}
            },
            Some(text) => {
                let next = target.with_extension("nouveau");
                std::fs::write(&next, text).map_err(at(&next))?;
                File::open(&next).and_then(|f| f.sync_all()).map_err(at(&next))?;
                std::fs::rename(&next, &target).map_err(at(&target))?;
            }
        }
    }
    drop(lock);
    Ok(outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(path: &str, value: Value, du: &str) -> Asked {
        Asked {
            file: "rules/fragilite.toml".into(),
            path: path.into(),
            value,
            source: "CIL".into(),
            du: du.parse().unwrap(),
            au: None,
            par: "A. Martin".into(),
            le: "2026-11-28".parse().unwrap(),
        }
    }

    #[test]
    fn a_change_is_written_read_replaced_and_taken_out() {
        let dir = tempfile::tempdir().unwrap();
        let (root, on) = (dir.path(), "2026-11-28".parse().unwrap());
        let weight = |v| asked("composante.f1.poids", Value::Float(v), "2026-01-01");
        let trial = set(root, &weight(0.35), true).unwrap();
        assert_eq!((trial.before, trial.after), (Some(Value::Float(0.30)), Some(Value::Float(0.35))));
        assert!(read(root).unwrap().is_empty() && !trial.figures, "a trial writes nothing");
        set(root, &weight(0.35), false).unwrap();
        let mark_before = mark(root);
        // The same parameter from the same day: one change. From another day: two.
        set(root, &weight(0.40), false).unwrap();
        set(root, &asked("alerte_ratio", Value::Float(1.5), "2026-01-01"), false).unwrap();
        set(root, &asked("composante.f1.poids", Value::Float(0.5), "2027-01-01"), false).unwrap();
        assert_ne!(mark(root), mark_before);
        let r = reglages::resolve(&read(root).unwrap(), on).unwrap();
        assert_eq!(r.changes.len(), 3);
        let now = r.parameters("rules/fragilite.toml").unwrap();
        assert_eq!(now.iter().find(|p| p.path == "composante.f1.poids").unwrap().now, Value::Float(0.40));
        // Refused: nothing has changed.
        let before = read(root).unwrap();
        let fault = set(root, &weight(4.0), false).unwrap_err().to_string();
        assert!(fault.contains("composante f1") && fault.contains("entre 0 et 1"), "{fault}");
        assert_eq!(read(root).unwrap(), before);
        let out = reset(root, "rules/fragilite.toml", "composante.f1.poids", on, false).unwrap();
        assert_eq!(out.after, Some(Value::Float(0.30)));
        assert!(reset(root, "rules/fragilite.toml", "composante.f1.poids", on, false).is_err());
        reset(root, "rules/fragilite.toml", "", on, false).unwrap();
        assert!(read(root).unwrap().is_empty(), "a file that changes nothing is gone");
        assert!(set(root, &Asked { file: "../manifeste.json".into(), ..weight(0.3) }, false).is_err());
    }
}
