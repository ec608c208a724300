//! Dwellings on the way, with the days that are left to designate.

use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::flux::book::{Book, departement};
use crate::desk::flux::view::{View, title};
use crate::desk::params::day;
use crate::desk::problem::Problem;
use crate::flow::count::delay;
use crate::flow::event::Etape;
use crate::reference::flux::flux;

/// Les logements en cours.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogementsFlux {
    /// Jour d'où les délais sont comptés.
    pub au: String,
    /// Aujourd'hui, AAAA-MM-JJ.
    pub aujourdhui: String,
    /// Vous pouvez déclarer des événements : SIREN de votre parc ; vide sinon.
    pub bailleur: String,
    pub total: usize,
    pub en_retard: usize,
    pub bientot: usize,
    pub refuses_deux_fois: usize,
    /// Par étape : nombre et jours depuis la libération, en moyenne.
    pub etapes: Vec<EtapeFlux>,
    /// Les plus urgents d'abord.
    pub logements: Vec<LogementEnCours>,
}

/// Une étape.
#[derive(Debug, Serialize, ToSchema)]
pub struct EtapeFlux {
    pub etape: Etape,
    pub libelle: &'static str,
    pub logements: usize,
    pub jours_moyens: f64,
}

/// Un logement en cours.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogementEnCours {
    pub bailleur: String,
    pub bailleur_nom: String,
    /// Vide pour qui n'est pas son bailleur.
    pub logement: String,
    pub commune: String,
    pub commune_nom: String,
    pub typologie: String,
    pub financement: String,
    pub en_qpv: bool,
    pub etage: Option<i16>,
    pub etape: Etape,
    pub libelle: &'static str,
    /// Réservataire à qui il est proposé ; vide s'il ne l'est à personne.
    pub reservataire: String,
    pub reservataire_nom: String,
    /// Jours depuis le premier événement.
    pub vacance: i32,
    /// Jours qui restent pour désigner ; négatif : délai passé ; nul : personne n'est attendu.
    pub reste: Option<i32>,
    /// `retard`, `bientot` ou vide.
    pub alerte: &'static str,
    /// Refus, délais échus et remises.
    pub refus: usize,
    pub premiere_location: bool,
}

/// Dwellings on the way on a day, the last that is known by default.
///
/// # Errors
/// What is asked does not exist, or nothing is kept of it.
pub fn answer(book: &Book, view: &View, asked: Option<&str>) -> Result<LogementsFlux, Problem> {
    let last = book.last_day();
    let au = match asked {
        Some(text) => {
            let au = day("au", text)?;
            // Where a dwelling was before is not kept: it would be said late for what came later.
            if last.is_some_and(|last| au.to_string() < *last) {
                let why = format!(
                    "Les délais se comptent au plus tôt au dernier événement connu, le {}.",
                    last.map_or("", String::as_str)
                );
                return Err(Problem::value("au", text, why));
            }
            au
        }
        None => match last {
            Some(last) => day("au", last)?,
            None => {
                return Err(Problem::not_found(
                    "flux",
                    "",
                    "Aucun événement de gestion en flux n'est enregistré.",
                ));
            }
        },
    };
    let today = au.to_string();
    let soon = flux().map_err(|e| Problem::internal(&e))?.alerte_jours;
    let mut list: Vec<LogementEnCours> = Vec::new();
    for w in book.ways().filter(|w| !matches!(w.at, Etape::Occupe | Etape::Retire) && *w.opened <= *today) {
        let asked_of = w.offers.last().filter(|_| w.at != Etape::ALibre).map_or("", |o| o.to.as_str());
        let own = view.bailleur.as_deref() == Some(w.bailleur.as_str());
        if !view.sees(w) || (view.contingent.is_some() && (asked_of.is_empty() || !view.holds(asked_of))) {
            continue;
        }
        let d = departement(&w.home.commune);
        let annee = w.opened.year();
        let convention = book.convention(&w.bailleur, d, asked_of, annee);
        let days = convention.map(|c| c.days(&w.home.typologie, w.first_letting));
        let left = days.and_then(|days| delay(w, au, days)).map(|d| d.left);
        let opened: Option<jiff::civil::Date> = w.opened.parse().ok();
        list.push(LogementEnCours {
            bailleur_nom: view.name(&w.bailleur),
            bailleur: w.bailleur.clone(),
            logement: if own { w.logement.clone() } else { String::new() },
            commune: w.home.commune.clone(),
            commune_nom: view.name(&w.home.commune),
            typologie: w.home.typologie.clone(),
            financement: w.home.financement.clone(),
            en_qpv: !w.home.qpv.is_empty(),
            etage: w.home.etage.filter(|_| own),
            etape: w.at,
            libelle: w.at.title(),
            reservataire: asked_of.to_owned(),
            reservataire_nom: if asked_of.is_empty() { String::new() } else { title(view, asked_of) },
            vacance: opened.map_or(0, |o| (au - o).get_days()),
            reste: left,
            alerte: match left {
                Some(n) if n < 0 => "retard",
                Some(n) if n <= soon => "bientot",
                _ => "",
            },
            refus: w.unwanted(),
            premiere_location: w.first_letting,
        });
    }
    list.sort_by_key(|l| (l.reste.unwrap_or(i32::MAX), std::cmp::Reverse(l.vacance)));
    let etapes = [Etape::ALibre, Etape::Oriente, Etape::Accepte, Etape::Presente, Etape::Decide].map(|e| {
        let days: Vec<i32> = list.iter().filter(|l| l.etape == e).map(|l| l.vacance).collect();
        let mean =
            if days.is_empty() { 0.0 } else { f64::from(days.iter().sum::<i32>()) / days.len() as f64 };
        EtapeFlux { etape: e, libelle: e.title(), logements: days.len(), jours_moyens: mean }
    });
    let count = |which: &str| list.iter().filter(|l| l.alerte == which).count();
    Ok(LogementsFlux {
        au: today,
        aujourdhui: crate::state::day(crate::state::now()),
        bailleur: view.bailleur.clone().unwrap_or_default(),
        total: list.len(),
        en_retard: count("retard"),
        bientot: count("bientot"),
        refuses_deux_fois: list.iter().filter(|l| l.refus >= 2).count(),
        etapes: etapes.into(),
        logements: list,
    })
}
