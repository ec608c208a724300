//! What happens to one dwelling: who may tell it, and whether it can follow what is kept.

use serde::Serialize;
use utoipa::ToSchema;

use crate::access::{self, Person};
use crate::desk::editions::App;
use crate::desk::flux::files::known_holder;
use crate::desk::leases::Choix;
use crate::desk::params::day;
use crate::desk::problem::Problem;
use crate::desk::rights;
use crate::flow::event::{Etape, EvenementFlux, GenreFlux, LogementFlux};
use crate::flow::way::Walk;
use crate::state::{self, KeptEvent};

/// La vie d'un logement : ce qui lui est arrivé, ce qui peut suivre.
#[derive(Debug, Serialize, ToSchema)]
pub struct VieLogement {
    pub bailleur: String,
    pub logement: String,
    pub etape: Etape,
    pub libelle: &'static str,
    /// Ce qui peut arriver maintenant : genre et libellé.
    pub attendus: Vec<Choix>,
    /// Réservataire à qui il est proposé ; vide s'il ne l'est à personne.
    pub reservataire: String,
    /// Jours qui restent pour désigner, comptés aujourd'hui ; négatif : délai passé ; nul : personne n'est
    /// attendu.
    pub reste: Option<i32>,
    /// `retard`, `bientot` ou vide.
    pub alerte: &'static str,
    /// Sa commune est connue : le prochain préavis n'a pas à la redire.
    pub situe: bool,
    /// Ce que le RPLS dit du logement, s'il y est.
    pub rpls: Option<LogementFlux>,
    pub evenements: Vec<EvenementGarde>,
}

/// Un événement, qu'il compte ou non.
#[derive(Debug, Serialize, ToSchema)]
pub struct EvenementGarde {
    #[serde(flatten)]
    pub evenement: EvenementFlux,
    pub libelle: &'static str,
    /// Retiré : il ne compte plus, et peut être rétabli.
    pub retire: bool,
    /// Jour où il a été reçu, AAAA-MM-JJ.
    pub recu: String,
}

/// The lessor who asks, if they may tell events.
pub fn lessor(person: &Person) -> Result<&str, Problem> {
    access::may(person, "flux_evenements").map_err(Problem::forbidden)?;
    rights::lessor(person)
}

/// Follows events in their order.
pub fn walked<'a>(events: impl IntoIterator<Item = &'a EvenementFlux>) -> Result<Walk, String> {
    let mut walk = Walk::default();
    for e in events {
        walk.step(e).map_err(|why| why.to_string())?;
        if !walk.is_placed() {
            return Err(unplaced(&e.logement));
        }
    }
    Ok(walk)
}

/// Why a dwelling of unknown place is refused.
pub fn unplaced(logement: &str) -> String {
    format!(
        "La commune du logement {logement} n'est pas connue : donnez ses caractéristiques à sa libération."
    )
}

pub fn kept_event(k: KeptEvent) -> EvenementGarde {
    let libelle = k.event.genre.title();
    EvenementGarde { evenement: k.event, libelle, retire: k.withdrawn, recu: state::day(k.quand) }
}

/// What the register says of a dwelling of the lessor.
pub fn registered(
    app: &App,
    siren: &str,
    logement: &str,
    on: jiff::civil::Date,
) -> Result<Option<LogementFlux>, Problem> {
    let checker = app.checker().map_err(|e| Problem::internal(&e))?;
    let number = u32::try_from(i32::from(on.year()) * 10_000 + i32::from(on.month()) * 100).unwrap_or(0)
        + u32::try_from(on.day()).unwrap_or(1);
    let Some((home, commune, qpv)) = checker.dwelling(siren, logement, number) else { return Ok(None) };
    Ok(Some(LogementFlux {
        commune,
        typologie: match home.rooms {
            0 => String::new(),
            n @ 1..=4 => format!("T{n}"),
            _ => "T5+".to_owned(),
        },
        financement: match home.financing {
            1 => "PLAI",
            2 | 5 => "PLUS",
            3 => "PLS",
            4 | 6 => "autre",
            _ => "",
        }
        .to_owned(),
        qpv: qpv.unwrap_or_default().to_owned(),
        periode: String::new(),
        etage: None,
    }))
}

/// Checks an event by itself: what it says, whoever it follows.
pub fn checked(asked: EvenementFlux, siren: &str) -> Result<EvenementFlux, Problem> {
    if asked.bailleur != siren {
        return Err(Problem::forbidden("Un bailleur ne déclare que les événements de son parc."));
    }
    for (champ, text) in [("id", &asked.id), ("logement", &asked.logement)] {
        if text.trim().is_empty() || text.len() > 100 {
            return Err(Problem::value(champ, text, "Attendu : de 1 à 100 signes."));
        }
    }
    if asked.motif.len() > 300 {
        return Err(Problem::value("motif", &asked.motif, "Attendu : 300 signes au plus."));
    }
    let on = day("jour", &asked.jour)?;
    if on > day("jour", &state::day(state::now()))? {
        return Err(Problem::value("jour", &asked.jour, "Ce jour n'est pas encore venu."));
    }
    let holder = |champ: &str, code: &str| known_holder(code).map_err(|why| Problem::value(champ, code, why));
    if asked.genre == GenreFlux::Oriente {
        holder("reservataire", &asked.reservataire)?;
    }
    if !asked.contingent.is_empty() {
        holder("contingent", &asked.contingent)?;
    }
    if !["", "NON", "INTERNE", "EXTERNE", "OUI"].contains(&asked.mutation.as_str()) {
        return Err(Problem::unknown("mutation", &asked.mutation, ["NON", "INTERNE", "EXTERNE", "OUI"]));
    }
    if let Some(home) = &asked.caracteristiques
        && home.commune.len() != 5
    {
        let why = "Une commune s'écrit par son code Insee, de cinq signes.";
        return Err(Problem::value("commune", &home.commune, why));
    }
    Ok(EvenementFlux { jour: on.to_string(), ..asked })
}
