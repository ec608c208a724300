//! `data/reglages.toml`: which files may be changed entry by entry, how entries are found, and the bounds
//! that no change passes.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use toml::Value;

use crate::reference::{ReferenceError, parse};

const FILE: &str = "reglages.toml";

/// When a change shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EffetReglage)]
pub enum Effect {
    /// At the next answer.
    Reponses,
    /// Once the figures are made anew.
    Chiffres,
    /// For the next imports; what was read stays as it was read.
    Imports,
    /// When the server starts again.
    Demarrage,
}

/// One file that may be changed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fichier {
    /// Under `data/` and `reglages/`.
    pub nom: String,
    pub libelle: String,
    pub effet: Effect,
    /// What to know before changing it.
    #[serde(default)]
    pub note: Option<String>,
    /// Lists of entries, and the field that is their key.
    #[serde(default)]
    cles: BTreeMap<String, String>,
    /// Lists that take new entries.
    #[serde(default)]
    pub ajout: Vec<String>,
    /// A parameter that may be added, as it is written.
    #[serde(default)]
    pub exemple: Option<String>,
    /// Parameters that an entry may lack.
    #[serde(default)]
    facultatifs: Vec<String>,
    /// Parameters that cubes are made with; `*` is one step or, at the end, all that follow.
    #[serde(default)]
    cubes: Vec<String>,
}

impl Fichier {
    /// The field that is the key of a list of entries.
    #[must_use]
    pub fn key(&self, path: &str) -> Option<&str> {
        self.cles.get(path).map(String::as_str)
    }

    #[must_use]
    pub fn grows(&self, path: &str) -> bool {
        self.ajout.iter().any(|p| p == path)
    }

    #[must_use]
    pub fn may_be_absent(&self, path: &str) -> bool {
        self.facultatifs.iter().any(|p| matches(p, path))
    }

    /// Whether cubes are made with a parameter.
    #[must_use]
    pub fn makes_cubes(&self, path: &str) -> bool {
        let last = path.rsplit('.').next().unwrap_or_default();
        !["version", "libelle", "source", "note", "definition", "reference"].contains(&last)
            && self.cubes.iter().any(|p| matches(p, path))
    }
}

/// Which way a value may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sense {
    /// Not below what the program holds.
    Minimum,
    /// Not above it.
    Maximum,
    /// Nothing less than its list.
    Contient,
    /// Nothing but of its list.
    Contenu,
    Fixe,
    /// Between two figures.
    Entre,
    /// Only to what is narrower.
    Etroit,
    /// Chances of deviations whose variance is not below that of the program.
    Dispersion,
    /// One of the keys of another list.
    Parmi,
}

/// A bound that no change passes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Borne {
    pub fichier: String,
    /// `*` is one step or, at the end, all that follow.
    pub parametre: String,
    pub sens: Sense,
    #[serde(default)]
    pub entre: Option<[f64; 2]>,
    /// Value → what is narrower.
    #[serde(default)]
    pub etroit: BTreeMap<String, Vec<String>>,
    /// File and parameters whose keys are allowed.
    #[serde(default)]
    pub parmi: Option<[String; 2]>,
    pub motif: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tables {
    #[serde(rename = "fichier")]
    pub files: Vec<Fichier>,
    #[serde(rename = "borne")]
    pub bounds: Vec<Borne>,
    /// File → parameters → what they are, where their entry has no words of its own.
    libelles: BTreeMap<String, BTreeMap<String, String>>,
}

impl Tables {
    /// What a parameter is, in French.
    #[must_use]
    pub fn words(&self, file: &str, path: &str) -> Option<&str> {
        let of = self.libelles.get(file)?;
        of.iter().find(|(pattern, _)| matches(pattern, path)).map(|(_, words)| words.as_str())
    }

    /// Files and parameters that it has words for.
    pub fn named(&self) -> impl Iterator<Item = (&str, &str)> {
        self.libelles.iter().flat_map(|(file, of)| of.keys().map(move |p| (file.as_str(), p.as_str())))
    }
}

/// Whether a path is one of a pattern.
#[must_use]
pub fn matches(pattern: &str, path: &str) -> bool {
    let (mut p, mut s) = (pattern.split('.').peekable(), path.split('.'));
    loop {
        match (p.next(), s.next()) {
            (None, None) => return true,
            (Some("*"), Some(_)) if p.peek().is_none() => return true,
            (Some("*"), Some(_)) => {}
            (Some(a), Some(b)) if a == b => {}
            _ => return false,
        }
    }
}

static TABLES: LazyLock<Result<Tables, ReferenceError>> =
    LazyLock::new(|| parse(FILE, include_str!("../../../../data/reglages.toml")));

/// The file, read once.
///
/// # Errors
/// It is malformed, which a test excludes.
pub fn tables() -> Result<&'static Tables, ReferenceError> {
    TABLES.as_ref().map_err(Clone::clone)
}

fn number(v: &Value) -> Option<f64> {
    v.as_float().or_else(|| v.as_integer().map(|n| n as f64))
}

fn list(v: Option<&Value>) -> Vec<&Value> {
    v.and_then(Value::as_array).map(|a| a.iter().collect()).unwrap_or_default()
}

/// Variance of deviations whose chances, of either sign, are given in millionths.
fn variance(chances: &Value) -> f64 {
    let weighed = list(Some(chances)).into_iter().enumerate();
    weighed.map(|(d, w)| 2.0 * (d * d) as f64 * number(w).unwrap_or(0.0) / 1e6).sum()
}

impl Borne {
    /// Says why a value is not allowed, if it is not; `floor` is what the program holds, if it has the
    /// parameter, `others` the keys of `parmi`.
    #[must_use]
    pub fn refuses(&self, floor: Option<&Value>, now: &Value, others: &[String]) -> Option<String> {
        let (was, is) = (floor.and_then(number), number(now));
        let texts = |v| list(v).into_iter().cloned().collect::<Vec<Value>>();
        let ok = match self.sens {
            Sense::Minimum => was.zip(is).is_some_and(|(was, is)| is >= was),
            Sense::Maximum => was.zip(is).is_some_and(|(was, is)| is <= was),
            Sense::Contient => texts(floor).iter().all(|v| texts(Some(now)).contains(v)),
            Sense::Contenu => texts(Some(now)).iter().all(|v| texts(floor).contains(v)),
            Sense::Fixe => floor == Some(now),
            Sense::Entre => self.entre.zip(is).is_some_and(|([low, high], is)| (low..=high).contains(&is)),
            Sense::Etroit => {
                floor == Some(now)
                    || floor
                        .and_then(Value::as_str)
                        .and_then(|f| self.etroit.get(f))
                        .is_some_and(|narrower| now.as_str().is_some_and(|n| narrower.iter().any(|x| x == n)))
            }
            Sense::Dispersion => floor.is_some_and(|f| variance(now) >= variance(f) - 1e-9),
            Sense::Parmi => now.as_str().is_some_and(|n| others.iter().any(|o| o == n)),
        };
        if ok {
            return None;
        }
        let say = |v: &Value| v.to_string();
        Some(match (self.sens, floor) {
            (Sense::Minimum, Some(f)) => {
                format!("{} est sous {}, le plancher du programme. {}", say(now), say(f), self.motif)
            }
            (Sense::Maximum, Some(f)) => {
                format!("{} dépasse {}, le plafond du programme. {}", say(now), say(f), self.motif)
            }
            (Sense::Entre, _) => {
                let [low, high] = self.entre.unwrap_or_default();
                format!("{} n'est pas entre {low} et {high}. {}", say(now), self.motif)
            }
            _ => format!("{} n'est pas permis. {}", say(now), self.motif),
        })
    }
}
