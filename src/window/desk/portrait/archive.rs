//! The portraits of all zones of a scale in a territory, in one archive: what a batch for an EPCI is.

use std::fs::File as Opened;
use std::io::{BufWriter, Seek, Write};

use zip::write::SimpleFileOptions;

use super::{Paper, Question, Subject, closed, paper};
use crate::access::Person;
use crate::desk::editions::App;
use crate::desk::export::{Content, File};
use crate::desk::figures::{self, Question as Listing};
use crate::desk::problem::Problem;
use crate::desk::query::Asked;
use crate::desk::trace::Trace;
use crate::french::thousands;
use crate::publish::name::slug;
use crate::publish::portrait::Edition;
use crate::reference::portrait::portrait as data;

/// What is asked of a territory.
#[derive(Debug, Clone)]
pub struct Every {
    /// Scale of the zones, one portrait each.
    pub echelle: String,
    /// The territory, `échelle:code`; None: all that is loaded.
    pub dans: Option<String>,
    pub vague: Option<u16>,
    pub millesime: Option<u16>,
    pub parc: Option<String>,
    pub edition: Edition,
}

/// The archive, in a file of the system; `told` hears how many portraits of how many are written.
///
/// # Errors
/// Something asked does not exist, is not open, or there are too many zones.
pub fn archive(
    app: &App,
    person: &Person,
    every: &Every,
    told: &dyn Fn(usize, usize),
) -> Result<File, Problem> {
    closed(every.edition, [every.echelle.as_str()])?;
    let anyone = Person::default();
    let eyes = if every.edition == Edition::Publique { &anyone } else { person };
    let (zones, place) = zones(app, eyes, every)?;
    let most = data().zones_max;
    if zones.is_empty() || zones.len() > most {
        let detail = format!(
            "Une archive a de 1 à {} portraits, or ce territoire a {} zones de cette échelle qui vous sont ouvertes.",
            thousands(most as u64),
            thousands(zones.len() as u64)
        );
        return Err(Problem::value("dans", every.dans.as_deref().unwrap_or_default(), detail));
    }
    let file = tempfile::tempfile().map_err(|e| Problem::internal(&e))?;
    let mut zip = zip::ZipWriter::new(BufWriter::new(&file));
    // A PDF is compressed already.
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let mut done = 0;
    let mut secret = false;
    let question = |code: &String| Question {
        subject: Subject::Zone(every.echelle.clone(), code.clone()),
        vague: every.vague,
        millesime: every.millesime,
        parc: every.parc.clone(),
        edition: every.edition,
    };
    // One after the other: answers are computed on all cores already. Portraits as tasks of rayon would hang:
    // the first question about demands reads them under their lock; a core that waits meanwhile (for polars,
    // whose pool is another, or for a part of its own) takes up the next portrait, which wants that lock.
    for code in &zones {
        let Paper { name, bytes, trace } = paper(app, person, &question(code))?;
        secret |= trace.is_secret();
        zip.start_file(name, options).map_err(|e| Problem::internal(&e))?;
        zip.write_all(&bytes).map_err(|e| Problem::internal(&e))?;
        done += 1;
        told(done, zones.len());
    }
    zip.finish().and_then(|mut out| Ok(out.flush()?)).map_err(|e| Problem::internal(&e))?;
    let mut file: Opened = file;
    file.rewind().map_err(|e| Problem::internal(&e))?;
    let trace = Trace::new("portrait", every.echelle.as_str())
        .with("dans", every.dans.clone())
        .with("edition", every.edition.id())
        .with("vague", every.vague)
        .with("parc", every.parc.clone())
        .rows(done, secret);
    let name =
        format!("mosaique_portraits_{}_{}_{}.zip", slug(&every.echelle), slug(&place), every.edition.id());
    Ok(File { name, content: Content::Long(file), trace: Some(trace), beside: None })
}

/// Codes of the zones that have a dwelling, and the name of the territory.
fn zones(app: &App, eyes: &Person, every: &Every) -> Result<(Vec<String>, String), Problem> {
    let listing = Listing {
        echelle: every.echelle.clone(),
        dans: every.dans.clone(),
        asked: Asked {
            vague: every.vague,
            millesime: every.millesime,
            parc: every.parc.clone(),
            ..Asked::default()
        },
        indicateurs: Some(Vec::new()),
        places: false,
    };
    figures::read(app, eyes, &listing, |reading| {
        let there = reading.zones.iter().filter(|z| reading.dwellings(**z) > 0);
        let codes = there.map(|z| reading.layer.codes.get(*z as usize).to_owned()).collect();
        let place =
            reading.within.as_ref().map_or_else(|| "tout".to_owned(), crate::desk::places::Within::name);
        Ok((codes, place))
    })
}
