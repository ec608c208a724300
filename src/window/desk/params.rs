//! The parameters of a question, none of which is ignored in silence.

use std::collections::BTreeMap;
use std::str::FromStr;

use jiff::civil::Date;

use super::problem::Problem;
use crate::french::thousands;

/// The query parameters of a request. Handlers take what they know; [`Params::finish`] refuses the rest.
#[derive(Debug, Default)]
pub struct Params {
    map: BTreeMap<String, String>,
    known: Vec<&'static str>,
}

impl Params {
    /// Of names and values; `name` is told by who reads them twice.
    #[must_use]
    pub fn new(map: BTreeMap<String, String>) -> Self {
        Self { map, known: Vec::new() }
    }

    /// Takes a parameter; an empty one is as good as none.
    pub fn take(&mut self, name: &'static str) -> Option<String> {
        self.known.push(name);
        self.map.remove(name).filter(|v| !v.is_empty())
    }

    /// Takes a parameter that must be given; `what` says what it is.
    ///
    /// # Errors
    /// It is not given.
    pub fn required(&mut self, name: &'static str, what: &str) -> Result<String, Problem> {
        self.take(name).ok_or_else(|| Problem::missing(name, what))
    }

    /// Takes a parameter that is a number.
    ///
    /// # Errors
    /// It is something else.
    pub fn number<T: FromStr>(&mut self, name: &'static str) -> Result<Option<T>, Problem> {
        self.take(name)
            .map(|v| {
                let plain = v.trim().replace(',', ".");
                plain.parse().map_err(|_| {
                    Problem::value(
                        name,
                        &v,
                        format!("« {v} » n'est pas un nombre acceptable pour « {name} »."),
                    )
                })
            })
            .transpose()
    }

    /// Takes a list separated by commas.
    pub fn list(&mut self, name: &'static str) -> Option<Vec<String>> {
        self.take(name)
            .map(|v| v.split(',').map(str::trim).filter(|c| !c.is_empty()).map(str::to_owned).collect())
    }

    /// Refuses what nobody took.
    ///
    /// # Errors
    /// A parameter has a name that nothing here reads.
    pub fn finish(self) -> Result<(), Problem> {
        match self.map.into_iter().next() {
            None => Ok(()),
            Some((name, value)) => {
                let detail = format!(
                    "Le paramètre « {name} » n'existe pas ici. Paramètres acceptés : {}.",
                    self.known.join(", ")
                );
                Err(Problem {
                    acceptees: Some(self.known.iter().map(|k| (*k).to_owned()).collect()),
                    ..Problem::value(&name, &value, detail)
                })
            }
        }
    }
}

/// The name of a file without folders nor control characters, of so many characters at most.
pub fn file_name(name: &str, most: usize) -> String {
    name.rsplit(['/', '\\']).next().unwrap_or("").chars().filter(|c| !c.is_control()).take(most).collect()
}

/// A day as a request writes it.
///
/// # Errors
/// It is not `YYYY-MM-DD`, or no such day exists.
pub fn day(champ: &str, text: &str) -> Result<Date, Problem> {
    text.trim().parse().map_err(|_| Problem::value(champ, text, NO_DAY))
}

/// What is said of a day that cannot be read.
pub const NO_DAY: &str = "Une date s'écrit AAAA-MM-JJ, par exemple 2026-12-31.";

/// Checks a name or title that a person typed.
pub fn name<'a>(champ: &str, text: &'a str) -> Result<&'a str, Problem> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > 120 || text.chars().any(char::is_control) {
        return Err(Problem::value(champ, text, "Un nom a de 1 à 120 caractères, sans retour à la ligne."));
    }
    Ok(text)
}

/// A text of a length that a page can show.
pub fn words(champ: &str, text: &str, most: usize) -> Result<String, Problem> {
    let text = text.trim();
    if text.chars().count() > most || text.chars().any(|c| c.is_control() && c != '\n') {
        let most = thousands(most as u64);
        return Err(Problem::value(champ, text, format!("Ce texte a {most} caractères au plus.")));
    }
    Ok(text.to_owned())
}
