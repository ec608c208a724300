//! What the audit trail is to say of an answer, bounded.

use serde_json::{Map, Value};

use crate::access::Person;
use crate::state::audit::Entry;

/// What the audit trail is to say of an answer.
#[derive(Debug, Clone)]
pub struct Trace {
    action: &'static str,
    objet: String,
    parametres: Map<String, Value>,
    lignes: u64,
    secret: bool,
}

impl Trace {
    #[must_use]
    pub fn new(action: &'static str, objet: impl Into<String>) -> Self {
        Self { action, objet: objet.into(), parametres: Map::new(), lignes: 0, secret: false }
    }

    /// Adds a parameter, if it says something.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        let value = value.into();
        if !matches!(&value, Value::Null) && value != "" {
            self.parametres.insert(name.to_owned(), value);
        }
        self
    }

    /// Rows that leave, and whether secrecy withheld one.
    #[must_use]
    pub fn rows(mut self, lignes: usize, secret: bool) -> Self {
        self.lignes = lignes as u64;
        self.secret = secret;
        self
    }

    /// Whether secrecy withheld something.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.secret
    }

    /// The line, for what the command line does.
    #[must_use]
    pub fn by_holder(self) -> Entry {
        self.entry_of(&Person::holder(), String::new(), String::new())
    }

    /// The line, for a person at an address and in a request.
    #[must_use]
    pub fn entry_of(self, person: &Person, ip: String, requete: String) -> Entry {
        let organisation = person.organisation.as_ref();
        Entry {
            quand: jiff::Timestamp::now().as_millisecond(),
            compte: person.compte.clone().unwrap_or_default(),
            organisation: organisation.map(|o| o.id.clone()).unwrap_or_default(),
            role: if person.holder { "ligne_de_commande" } else { person.role().id() }.to_owned(),
            action: self.action.to_owned(),
            objet: bounded(self.objet, OBJECT),
            parametres: told(self.parametres),
            lignes: i64::try_from(self.lignes).unwrap_or(i64::MAX),
            secret: self.secret,
            ip,
            requete,
        }
    }
}

/// Letters that a line keeps of what it is about, and of one parameter.
const OBJECT: usize = 200;
const PARAMETER: usize = 1_000;
/// Bytes of all parameters of a line.
const PARAMETERS: usize = 8_000;

/// A text as a line of the trail keeps it: a long one by its beginning, its length and its hash.
fn bounded(text: String, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text,
        Some((end, _)) => {
            let hash = blake3::hash(text.as_bytes()).to_hex();
            format!("{}… ({} octets, empreinte {})", &text[..end], text.len(), &hash[..16])
        }
    }
}

/// Parameters as JSON, bounded: what a request brings is kept for a year.
fn told(parametres: Map<String, Value>) -> String {
    let short = |(name, value): (String, Value)| match value {
        Value::String(text) => (name, Value::String(bounded(text, PARAMETER))),
        other => match other.to_string() {
            text if text.len() > PARAMETER => (name, Value::String(bounded(text, PARAMETER / 4))),
            _ => (name, other),
        },
    };
    let text = Value::Object(parametres.into_iter().map(short).collect()).to_string();
    if text.len() <= PARAMETERS {
        return text;
    }
    let mut all = Map::new();
    all.insert("abrege".to_owned(), Value::String(bounded(text, PARAMETERS / 2)));
    Value::Object(all).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_keeps_a_long_name_by_its_beginning_and_its_hash() {
        let name = "é".repeat(1_000_000);
        let line =
            Trace::new("mesure", name.clone()).with("nom", name.clone()).with("zones", vec!["73065"; 9_000]);
        let entry = line.by_holder();
        assert!(entry.objet.chars().count() < 260 && entry.objet.contains("2000000 octets, empreinte "));
        assert!(entry.parametres.len() < PARAMETERS);
        let parameters: Value = serde_json::from_str(&entry.parametres).unwrap();
        assert!(parameters["zones"].as_str().unwrap().starts_with("[\"73065\""));
        assert_eq!(bounded("court".to_owned(), OBJECT), "court");
    }
}
