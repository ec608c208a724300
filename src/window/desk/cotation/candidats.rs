//! Candidates for a dwelling, ranked.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::access::{self, Person, Scope};
use crate::days;
use crate::desk::cotation::cotee::{DemandeCotee, Scored};
use crate::desk::cotation::demandes::TIES;
use crate::desk::cotation::justificatifs::Ticks;
use crate::desk::cotation::pression::{all, sizes};
use crate::desk::cotation::simulation::Base;
use crate::desk::editions::App;
use crate::desk::leases::controle::ailleurs::financing;
use crate::desk::problem::Problem;
use crate::policy::dossier::{Checker, Vacant};
use crate::scoring::fit::{self, Resources};
use crate::scoring::grid::Grille;
use crate::stock::places::label;

/// Un logement vacant, ou dont le locataire a donné congé.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogementLibre {
    /// Numéro RPLS.
    pub ident_rep: String,
    pub commune: String,
    pub commune_nom: String,
    pub epci: Option<String>,
    pub epci_nom: Option<String>,
    pub adresse: String,
    /// T1 à T6P ; nulle : nombre de pièces non connu.
    pub typologie: Option<String>,
    pub surface: Option<u16>,
    pub financement: String,
    /// Jour où il sera libre ; nul : il est vacant.
    pub libre_le: Option<String>,
}

/// Les logements libres de votre parc.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogementsLibres {
    pub millesime: u16,
    pub total: usize,
    /// Les 500 premiers, par commune et par adresse.
    pub logements: Vec<LogementLibre>,
}

/// Un candidat.
#[derive(Debug, Serialize, ToSchema)]
pub struct Candidature {
    #[serde(flatten)]
    pub demande: DemandeCotee,
    /// Ses ressources sous le plafond du logement : `admises` ou `a_verifier`.
    pub ressources: &'static str,
}

/// Qui la grille place en tête pour un logement.
#[derive(Debug, Serialize, ToSchema)]
pub struct Candidats {
    /// Jour de l'extraction des demandes.
    pub au: String,
    pub grille: String,
    pub logement: LogementLibre,
    /// Demandes en attente qui nomment la commune et cette typologie.
    pub total: usize,
    /// De celles-là, ressources au-dessus du plafond du financement : elles sont écartées.
    pub ecartees: usize,
    pub ex_aequo: &'static str,
    /// Les vingt premières, dans l'ordre de la grille.
    pub candidats: Vec<Candidature>,
}

/// Candidates that are listed at most.
pub const LISTED: usize = 500;

const FIRST: usize = 20;

pub const NOT_YOURS: &str = "Ce logement n'est pas un logement libre de votre parc.";

/// Freed dwellings of a person's own stock, with their EPCI.
pub fn freed<'c>(checker: &'c Checker, person: &Person) -> Result<Vec<(&'c str, &'c Vacant)>, Problem> {
    let own = match access::leases(person) {
        Scope::Stock(own) => Some(own),
        Scope::Everywhere if person.holder => None,
        Scope::Nowhere(why) => return Err(Problem::forbidden(why)),
        _ => return Err(Problem::forbidden(NOT_YOURS)),
    };
    let mine = |v: &&Vacant| own.as_ref().is_none_or(|o| checker.parc.home(v.row).siren == o);
    let all =
        checker.vacant.iter().flat_map(|(epci, list)| list.iter().filter(mine).map(|v| (epci.as_str(), v)));
    Ok(all.filter(|(_, v)| !v.ident.is_empty()).collect())
}

/// A vacant dwelling as it is told.
pub fn told(checker: &Checker, epci: &str, v: &Vacant) -> Result<LogementLibre, Problem> {
    let home = checker.parc.home(v.row);
    let typologie = fit::typologie(home.rooms);
    Ok(LogementLibre {
        ident_rep: v.ident.clone(),
        commune: v.commune.clone(),
        commune_nom: checker.commune_title(&v.commune),
        epci: Some(epci.to_owned()).filter(|e| !e.is_empty()),
        epci_nom: Some(epci).filter(|e| !e.is_empty()).map(|e| checker.epci_title(e)),
        adresse: label(home.adresse),
        typologie: sizes()?.iter().find(|t| t.code == typologie).map(|t| t.id.clone()),
        surface: Some(home.surface).filter(|s| *s != 0),
        financement: financing(home.financing),
        libre_le: v.free.map(days::iso),
    })
}

/// Those who may have a dwelling, in the order of the grid.
pub fn answer(
    app: &App,
    person: &Person,
    ident: &str,
    grille: &Grille,
    ticks: &Ticks,
    base: Base,
) -> Result<Candidats, Problem> {
    let demands = all(app)?;
    let checker = app.checker().map_err(|e| Problem::internal(&e))?;
    let found = freed(&checker, person)?.into_iter().find(|(_, v)| v.ident == ident);
    let (epci, dwelling) = found.ok_or_else(|| Problem::forbidden(NOT_YOURS))?;
    let logement = told(&checker, epci, dwelling)?;
    let home = checker.parc.home(dwelling.row);
    let size = fit::typologie(home.rooms);
    if size == 0 {
        return Err(Problem::value("logement", ident, "Le RPLS ne dit pas combien de pièces a ce logement."));
    }
    // A dwelling where nobody asks to live has no candidates.
    let commune = demands.commune(&dwelling.commune);
    let number = demands.epci(epci).ok_or_else(|| {
        Problem::not_found("epci", epci, "Aucune demande ne nomme une commune de cette intercommunalité.")
    })?;
    let scored = Scored::new(&demands, number, grille, base.into(), ticks, app.secrecy.k)?;
    let wanted = |row: usize| {
        commune.is_some_and(|c| demands.asks(row).contains(&c)) && fit::asks_for(&demands, row, size)
    };
    let order = scored.order(wanted);
    let year = u16::try_from(demands.extrait / 10_000).unwrap_or(0);
    let mut judged: BTreeMap<usize, Resources> = BTreeMap::new();
    for i in &order {
        let row = scored.facts.rows[*i] as usize;
        let rules = &checker.rules.plafond;
        judged.insert(*i, fit::resources(&demands, row, rules, home.financing, &dwelling.commune, year));
    }
    let over = judged.values().filter(|r| **r == Resources::Over).count();
    let first = order.iter().filter(|i| judged[i] != Resources::Over).take(FIRST);
    let candidats = first
        .map(|i| {
            let ressources = if judged[i] == Resources::Admitted { "admises" } else { "a_verifier" };
            Ok(Candidature { demande: scored.told(*i)?, ressources })
        })
        .collect::<Result<_, Problem>>()?;
    Ok(Candidats {
        au: days::iso(demands.extrait),
        grille: grille.nom.clone(),
        logement,
        total: order.len(),
        ecartees: over,
        ex_aequo: TIES,
        candidats,
    })
}
