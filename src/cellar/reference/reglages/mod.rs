//! What a store changes of `data/` without recompiling: its folder `reglages/`, laid over the embedded files
//! entry by entry.
//!
//! [`resolve`] reads the texts of the folder for a day and checks them whole: entries found by their key,
//! kinds of values, the bounds of `data/reglages.toml` (secrecy and rights only get stricter), the types of
//! each file.
//! [`take_up`] then puts all files in force, or none: a fault leaves what there was. A process serves one
//! store; what it takes up holds for all of it.

mod change;
pub mod held;
mod merge;
pub mod table;

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use jiff::civil::Date;
use toml::Table;
pub use toml::Value;

pub use self::change::Change;
use self::held::Source;
use self::table::{Fichier, tables};
use super::ReferenceError;

/// Why changes are not taken up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Fault {
    pub file: String,
    /// « composante f1 »; empty if it is the file as a whole.
    pub entry: String,
    pub message: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "reglages/{}", self.file)?;
        if !self.entry.is_empty() {
            write!(f, ", entrée « {} »", self.entry)?;
        }
        write!(f, " : {}", self.message)
    }
}

impl From<ReferenceError> for Fault {
    fn from(e: ReferenceError) -> Self {
        Self { file: e.file.to_owned(), entry: String::new(), message: e.message }
    }
}

/// What stands beside the version of rules that a store changes.
const CHANGED: &str = ", modifiée localement";

/// Reads the version of a file of rules: « d’origine » if the store changes nothing of it.
///
/// # Errors
/// It is no text.
pub fn version<'de, D: serde::Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text = <String as serde::Deserialize>::deserialize(from)?;
    Ok(if text.contains(CHANGED) { text } else { format!("{text}, d’origine") })
}

/// All files that may be changed.
fn sources() -> [&'static dyn Source; 27] {
    use super as r;
    [
        &r::mix::DATA,
        &r::fragilite::DATA,
        &r::plafonds::DATA,
        &r::controle::DATA,
        &r::plan::DATA,
        &r::dalo::DATA,
        &r::unites::DATA,
        &r::flux::DATA,
        &r::bailleurs::DATA,
        &r::seuils::DATA,
        &r::generations::DATA,
        &r::secrecy::DATA,
        &r::perturbation::DATA,
        &r::access::DATA,
        &r::indicators::DATA,
        &r::survey::DATA,
        &r::communes::DATA,
        &r::scales::DATA,
        &r::situation::DATA,
        &r::addresses::WORDS,
        &r::geocodage::DATA,
        &r::zonage::DATA,
        &r::limites::DATA,
        &r::comptes::DATA,
        &r::depots::DATA,
        &r::magasin::DATA,
        &r::publication::DATA,
    ]
}

/// What a folder says for a day, checked.
#[derive(Debug, Clone, Default)]
pub struct Resolved {
    /// Every change, whether it holds on that day or not, in the order of the files.
    pub changes: Vec<Change>,
    /// Files that change on that day, as they are then.
    files: BTreeMap<&'static str, Table>,
}

/// A parameter, as the program holds it and as it is in force.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// `composante.f1.poids`
    pub path: String,
    /// None: an entry that only the store has.
    pub embedded: Option<Value>,
    pub now: Value,
}

fn embedded(file: &str) -> Option<&'static str> {
    let all = sources().into_iter().flat_map(|s| s.texts().iter());
    all.filter(|(name, _)| *name == file).map(|(_, text)| *text).next()
}

/// The rules of a file that may be changed.
///
/// # Errors
/// There is none of this name.
pub fn file(name: &str) -> Result<&'static Fichier, Fault> {
    let all = &tables()?.files;
    all.iter().find(|f| f.nom == name).ok_or_else(|| Fault {
        file: name.to_owned(),
        entry: String::new(),
        message: format!(
            "aucun fichier réglable de ce nom ; il y a : {}",
            all.iter().map(|f| f.nom.as_str()).collect::<Vec<_>>().join(", ")
        ),
    })
}

/// A file as the program holds it.
///
/// # Errors
/// It may not be changed, or is malformed (which a test excludes).
pub fn base(name: &str) -> Result<Table, Fault> {
    let fault = |message: String| Fault { file: name.to_owned(), entry: String::new(), message };
    file(name)?;
    let text = embedded(name).ok_or_else(|| fault("pas dans le programme".to_owned()))?;
    toml::from_str(text).map_err(|e| fault(e.message().to_owned()))
}

/// In French, what the readers of types say in English.
fn said(message: &str) -> String {
    let last = message.lines().rfind(|l| !l.trim().is_empty()).unwrap_or(message);
    let list = |s: &str| {
        s.replace("expected one of", "attendu").replace("expected", "attendu").replace(" or ", " ou ")
    };
    if let Some(rest) = last.strip_prefix("unknown variant ") {
        return format!("valeur inconnue {}", list(rest));
    }
    if let Some(rest) = last.strip_prefix("missing field ") {
        return format!("il manque {rest}");
    }
    if let Some(rest) = last.strip_prefix("unknown field ") {
        return format!("paramètre inconnu {}", list(rest));
    }
    if let Some(rest) = last.strip_prefix("invalid length ") {
        return format!("mauvais nombre de valeurs : {}", list(rest));
    }
    if last.starts_with("invalid value") || last.starts_with("invalid type") {
        return format!("valeur hors de ce que le programme admet ({last})");
    }
    last.to_owned()
}

impl Resolved {
    /// Reads what `source` holds with these files, without putting it in force.
    fn prepare(&self, source: &'static dyn Source) -> Result<Box<dyn FnOnce()>, ReferenceError> {
        let texts: Vec<String> = source
            .texts()
            .iter()
            .map(|(name, text)| match self.files.get(name) {
                None => Ok((*text).to_owned()),
                Some(table) => {
                    toml::to_string(table).map_err(|e| ReferenceError { file: name, message: e.to_string() })
                }
            })
            .collect::<Result<_, _>>()?;
        source.prepare(&texts.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Lays one change over its file.
    fn lay(&mut self, change: &Change) -> Result<(), Fault> {
        let rules = file(change.file)?;
        let mut table = match self.files.get(change.file) {
            Some(table) => table.clone(),
            None => base(change.file)?,
        };
        let fault = |message| Fault { file: change.file.to_owned(), entry: change.entry.clone(), message };
        merge::lay(&mut table, &change.table, "", rules).map_err(fault)?;
        // The date of the last change that holds, and a mark of all that the file then says, stand beside the
        // version.
        if let Some(Value::String(version)) = table.remove("version") {
            let of_file = self.changes.iter().filter(|c| c.file == change.file).map(|c| c.le.as_str());
            let day = crate::days::french(of_file.max().unwrap_or(&change.le));
            let program = version.split_once(CHANGED).map_or(version.as_str(), |(program, _)| program);
            let mark = blake3::hash(table.to_string().as_bytes()).to_hex();
            let told =
                format!("{program}{CHANGED} le {day} (empreinte {})", mark.get(..8).unwrap_or_default());
            table.insert("version".to_owned(), Value::String(told));
        }
        self.files.insert(change.file, table);
        Ok(())
    }

    /// What breaks a bound of `data/reglages.toml` in the files that changed.
    fn out_of_bounds(&self) -> Result<Option<(String, String, String)>, Fault> {
        for name in self.files.keys() {
            for parameter in self.parameters(name)?.iter().filter(|p| p.embedded.as_ref() != Some(&p.now)) {
                for bound in tables()?.bounds.iter().filter(|b| b.fichier == *name) {
                    if !table::matches(&bound.parametre, &parameter.path) {
                        continue;
                    }
                    let others = match &bound.parmi {
                        None => Vec::new(),
                        Some([file, list]) => self.keys(file, list)?,
                    };
                    if let Some(why) = bound.refuses(parameter.embedded.as_ref(), &parameter.now, &others) {
                        return Ok(Some(((*name).to_owned(), parameter.path.clone(), why)));
                    }
                }
            }
        }
        Ok(None)
    }

    fn keys(&self, name: &str, list: &str) -> Result<Vec<String>, Fault> {
        let (rules, table) = (file(name)?, self.table(name)?);
        let entries = table.get(list).and_then(Value::as_array).cloned().unwrap_or_default();
        let key = rules.key(list).unwrap_or("id").to_owned();
        Ok(entries.iter().filter_map(|e| e.get(&key).map(merge::text)).collect())
    }

    /// Checks what changed, whole.
    fn check(&self) -> Result<(), Fault> {
        let entry = |path: String| path.rsplit_once('.').map_or(path.clone(), |(e, _)| e.replace('.', " "));
        if let Some((file, path, why)) = self.out_of_bounds()? {
            return Err(Fault { file, entry: entry(path.clone()), message: format!("« {path} » : {why}") });
        }
        for source in sources() {
            if source.texts().iter().any(|(name, _)| self.files.contains_key(name)) {
                self.prepare(source).map(drop).map_err(|e| Fault {
                    file: e.file.to_owned(),
                    entry: String::new(),
                    message: said(&e.message),
                })?;
            }
        }
        Ok(())
    }

    /// A file as it is in force.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn table(&self, name: &str) -> Result<Table, Fault> {
        self.files.get(name).cloned().map_or_else(|| base(name), Ok)
    }

    /// Parameters of a file, as the program holds them and as they are in force.
    ///
    /// # Errors
    /// There is no file of this name.
    pub fn parameters(&self, name: &str) -> Result<Vec<Parameter>, Fault> {
        let rules = file(name)?;
        let (mut floor, mut now) = (Vec::new(), Vec::new());
        merge::leaves(&base(name)?, "", "", rules, &mut floor);
        merge::leaves(&self.table(name)?, "", "", rules, &mut now);
        let mut floor: BTreeMap<String, Value> = floor.into_iter().collect();
        let of = |(path, now): (String, Value)| Parameter { embedded: floor.remove(&path), path, now };
        Ok(now.into_iter().map(of).filter(|p| p.path != "version").collect())
    }

    /// Parameters that a change sets.
    ///
    /// # Errors
    /// Its file may not be changed.
    pub fn paths(change: &Change) -> Result<Vec<(String, Value)>, Fault> {
        let mut out = Vec::new();
        merge::leaves(&change.table, "", "", file(change.file)?, &mut out);
        Ok(out)
    }

    /// A mark of everything that cubes are made with, if the store changes something of it: a store that
    /// changes nothing keeps the cubes that it has.
    ///
    /// # Errors
    /// A file is malformed, which tests exclude.
    pub fn mark(&self) -> Result<Option<String>, Fault> {
        let told = self.told()?;
        Ok((told != Self::default().told()?).then_some(told))
    }

    fn told(&self) -> Result<String, Fault> {
        let mut told = String::new();
        for rules in &tables()?.files {
            let parameters = self.parameters(&rules.nom)?;
            for p in parameters.iter().filter(|p| rules.makes_cubes(&p.path)) {
                told.push_str(&format!("{} {} {}\n", rules.nom, p.path, p.now));
            }
        }
        Ok(told)
    }
}

/// Reads the files of a folder (name as under `data/`, text) for a day, and checks them whole.
///
/// # Errors
/// The first fault, with its file and entry.
pub fn resolve(files: &[(String, String)], on: Date) -> Result<Resolved, Fault> {
    let mut changes = Vec::new();
    for (name, text) in files {
        let rules = file(name)?;
        changes.extend(change::read(&rules.nom, text, &base(name)?, rules)?);
    }
    // Whoever was written first: of two that hold, the one that began last does.
    changes.sort_by(|a, b| a.file.cmp(b.file).then(a.du.cmp(&b.du)));
    let mut resolved = Resolved { changes, files: BTreeMap::new() };
    for change in resolved.changes.clone().iter().filter(|c| c.holds(on)) {
        resolved.lay(change)?;
    }
    if let Err(fault) = resolved.check() {
        // Alone, the change at fault has it too: then it can be named.
        for change in resolved.changes.iter().filter(|c| c.file == fault.file && c.holds(on)) {
            let mut alone = Resolved::default();
            alone.lay(change)?;
            if let Err(same) = alone.check() {
                return Err(Fault { entry: change.entry.clone(), ..same });
            }
        }
        return Err(fault);
    }
    // What will hold later must hold then.
    for change in resolved.changes.iter().filter(|c| !c.holds(on)) {
        let mut then = resolved.clone();
        then.lay(change)?;
        then.check().map_err(|fault| Fault { entry: change.entry.clone(), ..fault })?;
    }
    Ok(resolved)
}

/// A value as TOML writes it; None if it is none.
#[must_use]
pub fn value_of(text: &str) -> Option<Value> {
    let mut read: Table = toml::from_str(&format!("valeur = {}", text.trim())).ok()?;
    let value = read.remove("valeur")?;
    read.is_empty().then_some(value)
}

/// A change of one parameter, in the shape of its file.
///
/// # Errors
/// The parameter is not one of the file, or the value is not of its kind.
pub fn change_of(name: &str, path: &str, value: &Value) -> Result<Table, Fault> {
    let (rules, table) = (file(name)?, base(name)?);
    let fault = |message| Fault { file: name.to_owned(), entry: path.replace('.', " "), message };
    merge::change_of(&table, path, value, rules).map_err(fault)
}

/// A change without one parameter, or without all that stands below a path; None if nothing is left of it.
///
/// # Errors
/// Its file may not be changed.
pub fn without(change: Change, path: &str) -> Result<Option<Change>, Fault> {
    let rest = merge::without(&change.table, "", "", path, file(change.file)?);
    Ok(rest.map(|table| Change { table, ..change }))
}

/// The text of a file of `reglages/` that holds these changes.
///
/// # Errors
/// Its file may not be changed.
pub fn written(name: &str, changes: &[Change]) -> Result<String, Fault> {
    let base = base(name)?;
    let mut out: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for change in changes {
        let (place, item) = change.written(&base);
        out.entry(place).or_default().push(Value::Table(item));
    }
    let table: Table = out.into_iter().map(|(place, items)| (place, Value::Array(items))).collect();
    toml::to_string(&table).map_err(|e| Fault {
        file: name.to_owned(),
        entry: String::new(),
        message: e.to_string(),
    })
}

/// What this process has taken up.
static NOW: RwLock<Option<Resolved>> = RwLock::new(None);

/// What is in force.
#[must_use]
pub fn in_force() -> Resolved {
    NOW.read().unwrap_or_else(PoisonError::into_inner).clone().unwrap_or_default()
}

/// Puts what a folder says in force: all of it, or nothing; whether anything changed.
///
/// # Errors
/// The first fault; what was in force stays.
pub fn take_up(files: &[(String, String)], on: Date) -> Result<bool, Fault> {
    let resolved = resolve(files, on)?;
    let mut now = NOW.write().unwrap_or_else(PoisonError::into_inner);
    let former = now.clone().unwrap_or_default();
    let differs = |name: &str| former.files.get(name) != resolved.files.get(name);
    let mut puts = Vec::new();
    for source in sources() {
        if source.texts().iter().any(|(name, _)| differs(name)) {
            puts.push(resolved.prepare(source)?);
        }
    }
    let changed = !puts.is_empty();
    puts.into_iter().for_each(|put| put());
    *now = Some(resolved);
    Ok(changed)
}

#[cfg(test)]
mod tests;
