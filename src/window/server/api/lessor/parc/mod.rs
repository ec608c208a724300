//! The stock of a bailleur as it goes on: events since the register ([`events`]), counts as filed and up to
//! date ([`counts`]), residences with their flags, notes and lineage ([`residences`], [`flags`]).

pub mod collecte;
pub mod counts;
pub mod events;
pub mod flags;
pub mod residences;

use crate::desk::params::day as date;
use crate::desk::problem::Problem;

/// A text of a length that a page can show.
pub(crate) fn words(champ: &str, text: &str, most: usize) -> Result<String, Problem> {
    let text = text.trim();
    if text.chars().count() > most || text.chars().any(|c| c.is_control() && c != '\n') {
        return Err(Problem::value(champ, text, format!("Ce texte a {most} caractères au plus.")));
    }
    Ok(text.to_owned())
}
