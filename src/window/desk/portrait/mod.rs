//! Portraits on paper: one zone asked in several ways, each answer with its own secrecy, as the page asks it.
//!
//! Two editions. The restricted one is asked with the rights of the person; the public one with those of
//! anyone, so that it says nothing that the site does not say without an account: no residence, no household.

mod archive;
mod asking;
mod maps;
mod words;

pub use self::archive::{Every, archive};

use super::editions::App;
use super::mesure::ZoneDemandee;
use super::problem::Problem;
use super::trace::Trace;
use crate::access::Person;
use crate::publish::name::slug;
use crate::publish::portrait::{Edition, write};
use crate::reference::access::{Class, Role};
use crate::reference::scales;

/// What a portrait is of.
#[derive(Debug, Clone)]
pub enum Subject {
    /// A zone of a scale, by its code.
    Zone(String, String),
    /// A zone that was drawn, or zones put together.
    Drawn(Box<ZoneDemandee>),
}

/// What is asked.
#[derive(Debug, Clone)]
pub struct Question {
    pub subject: Subject,
    pub vague: Option<u16>,
    pub millesime: Option<u16>,
    pub parc: Option<String>,
    pub edition: Edition,
}

/// A portrait as a file, and what the audit trail says of it.
#[derive(Debug)]
pub struct Paper {
    pub name: String,
    pub bytes: Vec<u8>,
    pub trace: Trace,
}

/// An edition by its name; without one, the widest that the person may have.
///
/// # Errors
/// There is none of that name, or it is not the person's to have.
pub fn edition(person: &Person, asked: Option<&str>) -> Result<Edition, Problem> {
    let anyone = person.role() == Role::Public && !person.holder;
    let names = || Edition::ALL.map(|(id, _)| id);
    match asked {
        None if anyone => Ok(Edition::Publique),
        None => Ok(Edition::Restreinte),
        Some(id) => match Edition::of(id).ok_or_else(|| Problem::unknown("edition", id, names()))? {
            Edition::Restreinte if anyone => {
                let why = "L'édition à diffusion restreinte est celle des organismes : connectez-vous, ou demandez « publique ».";
                Err(Problem::forbidden(why).or_sign_in())
            }
            edition => Ok(edition),
        },
    }
}

/// One portrait.
///
/// # Errors
/// Something asked does not exist, or is not open to the person, or to anyone in the public edition.
pub fn paper(app: &App, person: &Person, question: &Question) -> Result<Paper, Problem> {
    match &question.subject {
        Subject::Zone(scale, _) => closed(question.edition, [scale.as_str()])?,
        Subject::Drawn(zone) => {
            let scales = zone.codes.iter().flatten().map(|c| c.echelle.as_str());
            closed(question.edition, scales)?;
        }
    }
    let anyone = Person::default();
    let eyes = if question.edition == Edition::Publique { &anyone } else { person };
    let asking = asking::Asking::new(app, eyes, question)?;
    let found = asking.gather()?;
    let object = match &question.subject {
        Subject::Zone(scale, code) => format!("{scale}:{code}"),
        Subject::Drawn(_) => found.nom.clone(),
    };
    let name = name(question, &found.nom, asking.years());
    let trace = Trace::new("portrait", object)
        .with("edition", question.edition.id())
        .with("question", asking.as_asked())
        .rows(asking.rows(), asking.withheld());
    let organisation = person.organisation.as_ref().filter(|_| question.edition == Edition::Restreinte);
    let portrait = crate::publish::portrait::Portrait {
        organisme: organisation.map(|o| o.nom.clone()).unwrap_or_default(),
        ..found
    };
    let bytes = write(&portrait).map_err(|e| Problem::internal(&e))?;
    Ok(Paper { name, bytes, trace })
}

/// The public edition has no residence, whoever asks.
fn closed<'a>(edition: Edition, scales: impl IntoIterator<Item = &'a str>) -> Result<(), Problem> {
    let fine = scales.into_iter().find(|s| scales::scale(s).acces == Class::Fine);
    match fine.filter(|_| edition == Edition::Publique) {
        None => Ok(()),
        Some(scale) => {
            let detail = "L'édition publique ne porte ni résidence ni adresse : demandez « restreinte », ou une zone plus large.";
            Err(Problem::value("echelle", scale, detail))
        }
    }
}

/// `mosaique_portrait_commune-73065-chambery_rpls-2024_ops-2024_restreinte.pdf`.
fn name(question: &Question, nom: &str, years: [Option<u16>; 2]) -> String {
    let place = match &question.subject {
        Subject::Zone(scale, code) => format!("{}-{}-{}", slug(scale), slug(code), slug(nom)),
        Subject::Drawn(_) => format!("zone-{}", slug(nom)),
    };
    let years: Vec<String> = ["rpls", "ops"]
        .into_iter()
        .zip(years)
        .filter_map(|(register, year)| Some(format!("{register}-{}", year?)))
        .collect();
    format!("mosaique_portrait_{place}_{}_{}.pdf", years.join("_"), question.edition.id())
}
