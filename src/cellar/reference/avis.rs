//! `data/avis.toml`: notices by mail, when they are made and tried again, and their words.

use serde::Deserialize;

use super::reglages::held::Held;
use super::{ReferenceError, parse};

const FILE: &str = "avis.toml";

/// What a mail may be about.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    pub id: String,
    /// Path of the page that it leads to.
    pub page: String,
    /// Of one thing, and of `{n}`.
    pub un: String,
    pub plusieurs: String,
}

impl Subject {
    /// What awaits, in words.
    #[must_use]
    pub fn told(&self, n: i64) -> String {
        if n == 1 { self.un.clone() } else { self.plusieurs.replace("{n}", &n.to_string()) }
    }
}

/// The whole file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notices {
    pub version: String,
    /// Seconds between two looks at what awaits, and at the queue.
    pub regard_s: u64,
    pub tour_s: u64,
    /// Minutes before each next attempt; the last repeats.
    pub essais_min: Vec<i64>,
    /// Hours after which a mail is given up.
    pub abandon_h: i64,
    /// Seconds that a mail server may take to answer.
    pub patience_s: u64,
    #[serde(rename = "sujet")]
    pub subjects: Vec<Subject>,
}

pub(super) static DATA: Held<Notices> =
    Held::new(&[(FILE, include_str!("../../../data/avis.toml"))], |t| Notices::read(t[0]));

/// What the file says.
///
/// # Panics
/// If the compiled-in file is wrong, which a test excludes.
#[must_use]
pub fn notices() -> &'static Notices {
    DATA.known()
}

impl Notices {
    fn read(text: &str) -> Result<Self, ReferenceError> {
        let file: Self = parse(FILE, text)?;
        let fault = |message: &str| ReferenceError { file: FILE, message: message.to_owned() };
        if file.essais_min.is_empty() || file.essais_min.iter().any(|m| *m < 1) {
            return Err(fault("« essais_min » a au moins une attente d'une minute"));
        }
        if file.regard_s == 0 || file.tour_s == 0 || file.patience_s == 0 || file.abandon_h < 1 {
            return Err(fault("les durées sont positives"));
        }
        if file.subjects.iter().any(|s| !s.page.starts_with('/') || !s.plusieurs.contains("{n}")) {
            return Err(fault("une page commence par « / », et « plusieurs » dit {n}"));
        }
        Ok(file)
    }

    /// A subject by its id.
    #[must_use]
    pub fn subject(&self, id: &str) -> Option<&Subject> {
        self.subjects.iter().find(|s| s.id == id)
    }

    /// When a mail that was made at `cree` and failed `essais` times is tried again; None: it is given up.
    #[must_use]
    pub fn next(&self, cree: i64, essais: i64, now: i64) -> Option<i64> {
        let nth = usize::try_from(essais - 1).unwrap_or(0).min(self.essais_min.len() - 1);
        let at = now + self.essais_min[nth] * 60;
        (at < cree + self.abandon_h * 3_600).then_some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_farther_and_farther_apart_until_the_mail_is_given_up() {
        let rules = notices();
        let (mut now, mut tries, mut waits) = (1_000_000, 0, Vec::new());
        loop {
            tries += 1;
            let Some(at) = rules.next(1_000_000, tries, now) else { break };
            waits.push((at - now) / 60);
            now = at;
        }
        assert_eq!(&waits[..6], [1, 5, 15, 60, 240, 240]);
        assert!(now < 1_000_000 + 48 * 3_600 && now > 1_000_000 + 43 * 3_600, "{waits:?}");
    }

    #[test]
    fn one_thing_is_said_as_one() {
        let dalo = notices().subject("dalo").unwrap();
        assert_eq!(dalo.told(1), "1 placement DALO attend une réponse ou une décision");
        assert_eq!(dalo.told(12), "12 placements DALO attendent une réponse ou une décision");
    }
}
