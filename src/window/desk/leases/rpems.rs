//! The list of residences à enjeu prioritaire de mixité sociale: proposals, decisions, terms (domain §9.3).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{ToSpan, civil::Date};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::{self, Organisation, Person};
use crate::cube::Filter;
use crate::days;
use crate::desk::editions::{App, Loaded};
use crate::desk::params;
use crate::desk::places::{self, name_of};
use crate::desk::problem::Problem;
use crate::french::thousands;
use crate::publish::csv_file;
use crate::reference::fragilite::{Decision, Fragility};
use crate::state::rpems::{Act, File, NewFile, Statut, Whose};
use crate::state::{self, day};
use crate::stock::facts::NONE;

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
    /// Logements du bailleur dans la résidence au dernier millésime ; nul si elle n'y est plus.
    pub logements: Option<u64>,
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

/// Said of a residence that corrections or a new register took apart.
pub const GONE: &str = "Cette résidence n'est plus dans le parc du dernier millésime : l'EPCI est à saisir.";

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
    file.statut.on_the_list() && *file.debut <= *today && *today <= *file.fin
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

/// First and last day of the quality, where the decision changes them.
pub fn dates(asked: &DecisionRpems, file: &File) -> Result<Option<(String, String)>, Problem> {
    let today: Date = day(state::now()).parse().map_err(|e| Problem::internal(&e))?;
    match asked.decision {
        Decision::Valider => {
            let from = match &asked.debut {
                Some(text) => params::day("debut", text)?,
                // A renewal begins the day after the present term.
                None if file.statut == Statut::Renouvellement => file
                    .fin
                    .parse()
                    .ok()
                    .and_then(|end: Date| end.tomorrow().ok())
                    .unwrap_or(today)
                    .max(today),
                None => today,
            };
            let years = rules()?.duree_ans;
            let to = last_day(from, years)?;
            let wrong = |why: String| Problem::value("debut", &from.to_string(), why);
            if to < today {
                return Err(wrong(format!(
                    "Cette qualité dure {years} ans : commencée le {}, elle serait déjà finie.",
                    days::long(&from.to_string())
                )));
            }
            if from > last_day(today, years)? {
                return Err(wrong(format!("Une validation commence dans les {years} ans.")));
            }
            Ok(Some((from.to_string(), to.to_string())))
        }
        // Before its first day, it ends with it.
        Decision::Lever => {
            let end = today.to_string().min(file.fin.clone()).max(file.debut.clone());
            Ok(Some((file.debut.clone(), end)))
        }
        _ if asked.debut.is_some() => {
            Err(Problem::value("debut", "", "Seule une validation a une date de début."))
        }
        _ => Ok(None),
    }
}

/// The last day of a term of some years.
fn last_day(from: Date, years: i16) -> Result<Date, Problem> {
    from.checked_add(years.years()).and_then(Date::yesterday).map_err(|e| Problem::internal(&e))
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

/// The dwellings of a bailleur, as a bit column.
fn own(loaded: &Loaded, siren: &str) -> Option<Arc<Vec<u64>>> {
    let place = loaded.cube().bailleurs().iter().position(|(s, _)| *s == siren)?;
    Some(loaded.mask(&Filter { bailleurs: vec![u16::try_from(place).ok()?], ..Filter::default() }))
}

/// What is in a residence of the list today.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inside {
    /// Dwellings of the bailleur.
    pub logements: u64,
    /// « 2, 4 et 6 bis RUE DES LILAS ».
    pub adresses: Vec<String>,
}

/// What a file is about in the latest millésime; `None` if its residence is not there any more.
#[must_use]
pub fn inside(app: &App, file: &File) -> Option<Inside> {
    let loaded = app.millesimes.last()?;
    let cube = loaded.cube();
    let (residences, addresses) = (cube.layer("residence")?, cube.layer("adresse")?);
    let zone = residences.zone(&file.residence)?;
    let mask = own(loaded, &file.bailleur)?;
    let logements = loaded.dwellings(&residences, zone, Some(&mask));
    let ranks = residences.runs_of(zone).flat_map(|(start, end)| start..end);
    let own = ranks.filter(|r| loaded.count(std::iter::once((*r, r + 1)), Some(&mask)) > 0);
    let found: BTreeSet<u32> = own.filter_map(|r| addresses.of.get(r as usize).copied()).collect();
    let titles: Vec<String> = found.into_iter().filter(|z| *z != NONE).map(|z| addresses.title(z)).collect();
    (logements > 0).then(|| Inside { logements, adresses: by_street(&titles) })
}

/// Addresses by street, house numbers in their order.
fn by_street(titles: &[String]) -> Vec<String> {
    let mut streets: BTreeMap<String, BTreeSet<(u32, String)>> = BTreeMap::new();
    for title in titles {
        let parsed = crate::address::key("", "", "", "", title, "");
        let numbers = streets.entry(parsed.street).or_default();
        numbers.extend(parsed.number.map(|n| (n, parsed.suffix.unwrap_or_default().to_lowercase())));
    }
    let told = |(street, numbers): (String, BTreeSet<(u32, String)>)| {
        let numbers: Vec<String> =
            numbers.iter().map(|(n, sign)| format!("{n} {sign}").trim_end().to_owned()).collect();
        match numbers.split_last() {
            None => street,
            Some((one, [])) => format!("{one} {street}"),
            Some((last, others)) => format!("{} et {last} {street}", others.join(", ")),
        }
    };
    streets.into_iter().map(told).collect()
}

/// The name of a file's residence, and of its commune: kept together when it was proposed.
#[must_use]
pub fn names(app: &App, file: &File) -> (String, String) {
    let commune = app.millesimes.last().and_then(|loaded| name_of(loaded, "commune", &file.commune));
    let commune = commune.unwrap_or_else(|| file.commune.clone());
    let name = file.nom.strip_suffix(&format!(", {commune}")).unwrap_or(&file.nom);
    (name.to_owned(), commune)
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
    if own(loaded, &org.code).is_none_or(|mask| loaded.dwellings(&layer, zone, Some(&mask)) == 0) {
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

/// The list as a file.
///
/// # Errors
/// Those of writing.
pub fn written(app: &App, files: &[File], rules: &Fragility) -> Result<Vec<u8>, csv::Error> {
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
        "commune_nom",
        "logements",
        "adresses",
    ])?;
    for f in files {
        let (motif, comment) = validated(f, rules);
        let ((nom, commune), found) = (names(app, f), inside(app, f));
        let logements = found.as_ref().map_or_else(String::new, |i| i.logements.to_string());
        let adresses = found.map_or_else(|| GONE.to_owned(), |i| i.adresses.join(" ; "));
        let cells = [
            &f.bailleur,
            &f.bailleur_nom,
            &f.residence,
            &nom,
            &f.commune,
            &f.epci,
            &f.debut,
            &f.fin,
            motif,
            comment,
            &commune,
            &logements,
            &adresses,
        ];
        out.write_record(cells.map(csv_file::inert))?;
    }
    csv_file::bytes(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_by_street_with_their_numbers_in_order() {
        let titles =
            ["10 RUE DES LILAS", "2 RUE DES LILAS", "6 BIS RUE DES LILAS", "3 PLACE DU MARCHE", "LE BOURG"];
        assert_eq!(
            by_street(&titles.map(str::to_owned)),
            ["LE BOURG", "3 PLACE DU MARCHE", "2, 6 bis et 10 RUE DES LILAS"]
        );
    }
}
