//! The list of residences à enjeu prioritaire de mixité sociale: proposals, decisions, terms (domain §9.3).

use jiff::{ToSpan, civil::Date};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::{self, Organisation, Person};
use crate::cube::Filter;
use crate::desk::editions::App;
use crate::desk::params;
use crate::desk::places::{self, name_of};
use crate::desk::problem::Problem;
use crate::french::thousands;
use crate::publish::csv_file;
use crate::reference::fragilite::{Decision, Fragility};
use crate::state::rpems::{Act, File, NewFile, Statut, Whose};
use crate::state::{self, day};

/// La liste, et ce que chacun peut y faire.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListeRpems {
    pub article: &'static str,
    /// Durée de la qualité, en années.
    pub duree_ans: i16,
    pub motifs: Vec<MotifRpems>,
    /// Vrai si votre organisme peut proposer des résidences (bailleur, sur son parc).
    pub peut_proposer: bool,
    pub dossiers: Vec<DossierVu>,
}

/// Un motif et les décisions pour lesquelles il peut être donné.
#[derive(Debug, Serialize, ToSchema)]
pub struct MotifRpems {
    pub id: &'static str,
    pub libelle: &'static str,
    pub decisions: &'static [Decision],
}

/// Un dossier, et les décisions qui vous reviennent.
#[derive(Debug, Serialize, ToSchema)]
pub struct DossierVu {
    #[serde(flatten)]
    pub dossier: File,
    /// Vrai si la résidence est aujourd'hui sur la liste.
    pub en_vigueur: bool,
    pub decisions: Vec<Decision>,
}

/// Une résidence à proposer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PropositionRpems {
    /// Code de la résidence (échelle `residence`).
    pub residence: String,
    pub motif: String,
    #[serde(default)]
    pub commentaire: String,
}

/// Une décision.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionRpems {
    pub decision: Decision,
    /// `rang` du dossier tel qu'il a été lu.
    pub rang: i64,
    pub motif: String,
    #[serde(default)]
    pub commentaire: String,
    /// Premier jour de la qualité (validation), AAAA-MM-JJ ; aujourd'hui par défaut.
    pub debut: Option<String>,
}

const NOT_YOURS: &str =
    "Cette décision ne revient pas à votre organisme : le bailleur propose, l'EPCI valide ou refuse.";

/// Characters of a comment.
const COMMENT: usize = 2_000;

/// Files that a person may read.
pub fn whose(person: &Person) -> Result<Whose, Problem> {
    if person.holder {
        return Ok(Whose::default());
    }
    access::may(person, "rpems_lire").map_err(Problem::forbidden)?;
    if let Some(siren) = person.stock() {
        return Ok(Whose { bailleur: Some(siren.to_owned()), zones: None });
    }
    let zones = Some(person.territory()).filter(|zones| !zones.is_empty());
    let zones =
        zones.ok_or_else(|| Problem::forbidden("Le territoire de votre organisme n'est pas renseigné."))?;
    Ok(Whose { bailleur: None, zones: Some(zones) })
}

/// Whether a decision is a person's to take of a file: the bailleur's of its own, or the EPCI's in its own.
pub fn may_decide(person: &Person, decision: Decision, file: &File) -> Result<(), Problem> {
    let (act, whose) = match decision {
        Decision::Proposer | Decision::Retirer | Decision::Renouveler => ("rpems_proposer", &file.bailleur),
        Decision::Valider | Decision::Refuser | Decision::Lever => ("rpems_valider", &file.epci),
    };
    access::may(person, act).map_err(Problem::forbidden)?;
    if person.code() == Some(whose.as_str()) { Ok(()) } else { Err(Problem::forbidden(NOT_YOURS)) }
}

/// Decisions that are a person's to take of a file that they may read.
pub fn theirs(person: &Person, file: &File) -> Vec<Decision> {
    let open = |d: &Decision| may_decide(person, *d, file).is_ok() && file.statut.after(*d).is_some();
    Decision::ALL.into_iter().filter(open).collect()
}

/// Whether a residence is on the list on a day.
#[must_use]
pub fn in_force(file: &File, today: &str) -> bool {
    file.statut.on_the_list() && *file.debut <= *today && *today < *file.fin
}

pub fn rules() -> Result<&'static Fragility, Problem> {
    Fragility::embedded().map_err(|e| Problem::internal(&e))
}

/// Checks a reason and a comment.
pub fn words(decision: Decision, motif: &str, comment: &str) -> Result<(&'static str, String), Problem> {
    let rules = rules()?;
    let reason = rules.reason(motif, decision).ok_or_else(|| {
        let accepted =
            rules.reasons.iter().filter(|r| r.decisions.contains(&decision)).map(|r| r.id.as_str());
        Problem::unknown("motif", motif, accepted)
    })?;
    let comment = comment.trim();
    if comment.chars().count() > COMMENT {
        return Err(Problem::value(
            "commentaire",
            comment,
            format!("Un commentaire a {} caractères au plus.", thousands(COMMENT as u64)),
        ));
    }
    if reason.id == "autre" && comment.is_empty() {
        return Err(Problem::missing("commentaire", "le motif « autre » se précise en une phrase"));
    }
    Ok((&reason.id, comment.to_owned()))
}

/// First day of the quality and the day it ends, where the decision changes them.
pub fn dates(asked: &DecisionRpems, file: &File) -> Result<Option<(String, String)>, Problem> {
    let today: Date = day(state::now()).parse().map_err(|e| Problem::internal(&e))?;
    match asked.decision {
        Decision::Valider => {
            let from = match &asked.debut {
                Some(text) => params::day("debut", text)?,
                // A renewal begins where the present term ends.
                None if file.statut == Statut::Renouvellement => file.fin.parse().unwrap_or(today).max(today),
                None => today,
            };
            let to = from.checked_add(rules()?.duree_ans.years()).map_err(|e| Problem::internal(&e))?;
            Ok(Some((from.to_string(), to.to_string())))
        }
        Decision::Lever => Ok(Some((file.debut.clone(), today.to_string().min(file.fin.clone())))),
        _ if asked.debut.is_some() => {
            Err(Problem::value("debut", "", "Seule une validation a une date de début."))
        }
        _ => Ok(None),
    }
}

pub fn act<'a>(
    person: &'a Person,
    org: &'a Organisation,
    decision: Decision,
    motif: &'a str,
    commentaire: &'a str,
    dates: Option<(&'a str, &'a str)>,
) -> Act<'a> {
    Act {
        decision,
        motif,
        commentaire,
        compte: person.compte.as_deref().unwrap_or(""),
        auteur: &person.nom,
        organisme: &org.nom,
        dates,
    }
}

/// The residence of a code, where the bailleur has dwellings in it.
pub fn residence(app: &App, org: &Organisation, code: &str) -> Result<NewFile, Problem> {
    let loaded = app.millesimes.last().ok_or_else(Problem::nothing_loaded)?;
    let layer = places::layer(loaded, "residence", "residence")?;
    let zone = layer.zone(code).ok_or_else(|| {
        Problem::value(
            "residence",
            code,
            format!("Aucune résidence n'a le code « {code} » dans le dernier millésime."),
        )
    })?;
    let place = loaded.cube().bailleurs().iter().position(|(siren, _)| *siren == org.code);
    let own = place
        .and_then(|i| u16::try_from(i).ok())
        .map(|b| loaded.mask(&Filter { bailleurs: vec![b], ..Filter::default() }));
    if own.is_none_or(|mask| loaded.dwellings(&layer, zone, Some(&mask)) == 0) {
        return Err(Problem::forbidden("Votre organisme n'a pas de logement dans cette résidence."));
    }
    let parent = |scale: &str| places::parent(loaded, &layer, zone, scale).unwrap_or_default();
    let commune = parent("commune");
    let title = layer.title(zone);
    let nom = name_of(loaded, "commune", &commune).map_or(title.clone(), |c| format!("{title}, {c}"));
    Ok(NewFile {
        residence: code.to_owned(),
        nom,
        bailleur: org.code.clone(),
        bailleur_nom: org.nom.clone(),
        epci: parent("epci"),
        departement: parent("departement"),
        commune,
    })
}

/// Reason and comment of the last validation of a file; both empty if there was none.
#[must_use]
pub fn validated<'a>(file: &'a File, rules: &'a Fragility) -> (&'a str, &'a str) {
    let Some(last) = file.historique.iter().rev().find(|e| e.decision == Decision::Valider.id()) else {
        return ("", "");
    };
    let reason = rules.reasons.iter().find(|r| r.id == last.motif);
    (reason.map_or("", |r| r.libelle.as_str()), &last.commentaire)
}

pub fn written(files: &[File], rules: &Fragility) -> Result<Vec<u8>, csv::Error> {
    let mut out = csv_file::writer();
    out.write_record([
        "bailleur_siren",
        "bailleur",
        "residence_code",
        "residence",
        "commune",
        "epci",
        "debut",
        "fin",
        "motif",
        "commentaire",
    ])?;
    for f in files {
        let (motif, comment) = validated(f, rules);
        let cells = [
            &f.bailleur,
            &f.bailleur_nom,
            &f.residence,
            &f.nom,
            &f.commune,
            &f.epci,
            &f.debut,
            &f.fin,
            motif,
            comment,
        ];
        out.write_record(cells.map(csv_file::inert))?;
    }
    csv_file::bytes(out)
}
