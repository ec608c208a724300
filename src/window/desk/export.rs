//! The figures of all zones of a scale, in one file: what `GET /api/export` and `mosaique export` write.

use std::fs::File as Opened;
use std::io::{BufWriter, Read, Seek, Write};
use std::path::Path;

use super::editions::App;
use super::figures::{self, Question, Reading};
use super::problem::Problem;
use super::trace::Trace;
use crate::access::Person;
use crate::french::thousands;
use crate::publish::{Format, PublishError, Row, Table, csv, csvw, geoparquet, name, package, shape};
use crate::reference::access::Class;
use crate::reference::publication::publication;

/// What a file holds: in memory, or in a file of the system that is gone when it is closed.
#[derive(Debug)]
pub enum Content {
    Bytes(Vec<u8>),
    Long(Opened),
}

/// A file that leaves, and what the audit trail says of it (None for scales that are open to all).
#[derive(Debug)]
pub struct File {
    pub name: String,
    pub content: Content,
    pub trace: Option<Trace>,
    /// What stands beside it where it is put in a folder: the description of a CSV, by its name.
    pub beside: Option<(String, Vec<u8>)>,
}

impl Content {
    /// Number of bytes.
    ///
    /// # Errors
    /// The file of the system cannot be read.
    pub fn size(&self) -> std::io::Result<u64> {
        match self {
            Self::Bytes(bytes) => Ok(bytes.len() as u64),
            Self::Long(file) => Ok(file.metadata()?.len()),
        }
    }

    /// Writes it where it is wanted.
    ///
    /// # Errors
    /// The disk is full.
    pub fn save(self, path: &Path) -> std::io::Result<u64> {
        match self {
            Self::Bytes(bytes) => std::fs::write(path, &bytes).map(|()| bytes.len() as u64),
            Self::Long(mut file) => std::io::copy(&mut file, &mut Opened::create(path)?),
        }
    }

    /// All of it, for what is short.
    ///
    /// # Errors
    /// The file of the system cannot be read.
    pub fn bytes(self) -> std::io::Result<Vec<u8>> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            Self::Long(mut file) => {
                let mut out = Vec::new();
                file.read_to_end(&mut out)?;
                Ok(out)
            }
        }
    }
}

/// A format by its name.
///
/// # Errors
/// There is none of that name.
pub fn format(id: &str) -> Result<Format, Problem> {
    Format::of(id).ok_or_else(|| Problem::unknown("format", id, Format::ALL.map(|(id, _)| id)))
}

/// Writes the answer of a question in a format; `told` hears how many zones of how many are written.
///
/// # Errors
/// Something asked does not exist, is not open, is too much for one file, or has no contours for a map.
pub fn file(
    app: &App,
    person: &Person,
    question: &Question,
    format: Format,
    told: &dyn Fn(usize, usize),
) -> Result<File, Problem> {
    figures::read(app, person, question, |reading| {
        let drawn = reading.zones.iter().any(|z| reading.bbox(*z).is_some());
        if format.is_map() && !drawn {
            let detail = if reading.zones.is_empty() {
                "Ce territoire n'a aucune zone de cette échelle : il n'y a rien à dessiner."
            } else {
                "Cette échelle n'a pas de contours ici : demandez « xlsx », « csv » ou « datapackage »."
            };
            return Err(Problem::value("format", format.id(), detail));
        }
        let mut secret = false;
        let mut seen = |rows: &[Row<'_>]| secret |= rows.iter().flat_map(|r| &r.figures).any(|f| f.secret);
        let (name, content, beside) = if format.in_pieces() {
            let (head, content) = long(reading, format, told, &mut seen)?;
            let name = name::of(&head, format);
            let beside = (format == Format::Csv).then(|| described(&head, &name)).transpose()?;
            (name, content, beside)
        } else {
            bounded(reading.zones.len(), reading.indicators.len())?;
            let table = reading.table(&reading.zones)?;
            seen(&table.rows);
            let bytes = format.write(&table).map_err(|e| Problem::internal(&e))?;
            (name::of(&table, format), Content::Bytes(bytes), None)
        };
        let trace = (reading.class() != Class::Large).then(|| {
            Trace::new("export", question.echelle.as_str())
                .with("dans", question.dans.clone())
                .with("format", format.id())
                .with("question", reading.as_asked())
                .rows(reading.zones.len(), secret)
        });
        Ok(File { name, content, trace, beside })
    })
}

/// A file that is being written piece by piece.
enum Pieces<W: Write + Send> {
    Csv(Box<csv::Pieces<W>>),
    GeoParquet(Box<geoparquet::Pieces<W>>),
}

impl<W: Write + Send> Pieces<W> {
    fn add(&mut self, rows: &[Row<'_>]) -> Result<(), PublishError> {
        match self {
            Self::Csv(pieces) => pieces.add(rows),
            Self::GeoParquet(pieces) => pieces.add(rows),
        }
    }

    fn finish(self) -> Result<(), PublishError> {
        match self {
            Self::Csv(pieces) => pieces.finish(),
            Self::GeoParquet(pieces) => pieces.finish(),
        }
    }
}

/// As many zones at once as a piece holds, whatever their number.
fn long(
    reading: &Reading<'_>,
    format: Format,
    told: &dyn Fn(usize, usize),
    seen: &mut dyn FnMut(&[Row<'_>]),
) -> Result<(Table<'static>, Content), Problem> {
    let fault = |e: PublishError| Problem::internal(&e);
    let all = reading.zones.len();
    let (first, rest) = reading.zones.split_at(all.min(publication().fichier.zones_par_morceau));
    let table = reading.table(first)?;
    let mut file = tempfile::tempfile().map_err(|e| Problem::internal(&e))?;
    let out = BufWriter::new(&file);
    let mut pieces = if format == Format::GeoParquet {
        let boxes = reading.zones.iter().filter_map(|z| reading.bbox(*z));
        let bounds = boxes.fold(shape::NOWHERE, shape::joined);
        geoparquet::Pieces::new(out, &table, shape::holds(&bounds).then_some(bounds))
            .map(|pieces| Pieces::GeoParquet(Box::new(pieces)))
    } else {
        csv::Pieces::new(out, &table).map(|pieces| Pieces::Csv(Box::new(pieces)))
    }
    .map_err(fault)?;
    let mut add = |rows: &[Row<'_>], done: usize| {
        seen(rows);
        told(done, all);
        pieces.add(rows).map_err(fault)
    };
    add(&table.rows, first.len())?;
    let head = table.head();
    drop(table);
    let mut done = first.len();
    for zones in rest.chunks(publication().fichier.zones_par_morceau) {
        done += zones.len();
        add(&reading.rows(zones)?, done)?;
    }
    pieces.finish().map_err(fault)?;
    file.rewind().map_err(|e| Problem::internal(&e))?;
    Ok((head, Content::Long(file)))
}

/// The description of a CSV, and its name.
fn described(head: &Table<'_>, name: &str) -> Result<(String, Vec<u8>), Problem> {
    let text =
        serde_json::to_vec_pretty(&package::described(head, name)).map_err(|e| Problem::internal(&e))?;
    Ok((format!("{name}{}", csvw::ENDING), text))
}

/// What one file may hold.
fn bounded(zones: usize, indicators: usize) -> Result<(), Problem> {
    let most = publication().fichier.chiffres_max;
    if zones * indicators <= most {
        return Ok(());
    }
    let detail = format!(
        "Le fichier aurait {} zones et {indicators} indicateurs, soit {} chiffres ; {} au plus dans ce format : donnez un \
            territoire (« dans ») ou moins d'indicateurs, ou demandez « csv » ou « parquet », qui n'ont pas de limite.",
        thousands(zones as u64),
        thousands((zones * indicators) as u64),
        thousands(most as u64)
    );
    Err(Problem::value("dans", &zones.to_string(), detail))
}
