//! The figures of all zones of a scale, in one file: what `GET /api/export` and `mosaique export` write.

use super::editions::App;
use super::figures::{self, Question};
use super::problem::Problem;
use super::trace::Trace;
use crate::access::Person;
use crate::publish::{Format, Place, name};
use crate::reference::access::Class;
use crate::reference::publication::publication;

/// A file that leaves, and what the audit trail says of it (None for scales that are open to all).
#[derive(Debug)]
pub struct File {
    pub name: String,
    pub bytes: Vec<u8>,
    pub trace: Option<Trace>,
}

/// A format by its name.
///
/// # Errors
/// There is none of that name.
pub fn format(id: &str) -> Result<Format, Problem> {
    Format::of(id).ok_or_else(|| Problem::unknown("format", id, Format::ALL.map(|(id, _)| id)))
}

/// Writes the answer of a question in a format.
///
/// # Errors
/// Something asked does not exist, is not open, is too much for one file, or has no contours for a map.
pub fn file(app: &App, person: &Person, question: &Question, format: Format) -> Result<File, Problem> {
    figures::read(app, person, question, |reading| {
        bounded(reading.zones.len(), reading.indicators.len())?;
        let table = reading.table(&reading.zones)?;
        let drawn = table.rows.iter().any(|r| matches!(r.place, Some(Place::Area(_) | Place::Point(_))));
        if format.is_map() && !drawn {
            let detail = "Cette échelle n'a pas de contours ici : demandez « xlsx » ou « csv ».";
            return Err(Problem::value("format", format.extension(), detail));
        }
        let bytes = format.write(&table).map_err(|e| Problem::internal(&e))?;
        let secret = table.rows.iter().flat_map(|r| &r.figures).any(|f| f.secret);
        let trace = (reading.class() != Class::Large).then(|| {
            Trace::new("export", question.echelle.as_str())
                .with("dans", question.dans.clone())
                .with("format", format.extension())
                .with("question", reading.as_asked())
                .rows(table.rows.len(), secret)
        });
        Ok(File { name: name::of(&table, format), bytes, trace })
    })
}

/// What one file may hold.
fn bounded(zones: usize, indicators: usize) -> Result<(), Problem> {
    let most = publication().fichier.chiffres_max;
    if zones * indicators <= most {
        return Ok(());
    }
    let detail = format!(
        "Le fichier aurait {zones} zones et {indicators} indicateurs, soit {} chiffres ; {most} au plus : donnez un territoire \
            (« dans ») ou moins d'indicateurs.",
        zones * indicators
    );
    Err(Problem::value("dans", &zones.to_string(), detail))
}
