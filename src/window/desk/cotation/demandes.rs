//! Demands in the order of the grid in force.

use serde::Serialize;
use utoipa::ToSchema;

use crate::access::Person;
use crate::days;
use crate::desk::cotation::cotee::{DemandeCotee, Scored};
use crate::desk::cotation::grilles::{genre, grid_of};
use crate::desk::cotation::justificatifs::Ticks;
use crate::desk::cotation::pression::{all, sizes};
use crate::desk::cotation::simulation::Base;
use crate::desk::cotation::window;
use crate::desk::editions::App;
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::french;
use crate::publish::csv_file;
use crate::reference::mix::Mix;
use crate::scoring::demands::months;
use crate::scoring::grid::{Genre, Grille};
use crate::state::State;

/// Un choix de liste.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChoixCote {
    pub code: String,
    pub nom: String,
}

/// Une page de demandes, dans l'ordre de la grille.
#[derive(Debug, Serialize, ToSchema)]
pub struct DemandesCotees {
    pub au: String,
    pub grille: String,
    pub epci: String,
    pub total: usize,
    pub page: usize,
    pub par_page: usize,
    /// Comment les ex æquo sont départagés.
    pub ex_aequo: &'static str,
    /// Communes du territoire qui vous sont ouvertes.
    pub communes: Vec<ChoixCote>,
    /// Typologies par lesquelles filtrer.
    pub typologies: Vec<String>,
    pub demandes: Vec<DemandeCotee>,
}

pub const TIES: &str = "À note égale, la demande la plus ancienne passe devant ; à même date, un ordre stable et \
    sans rapport avec le ménage.";

const PAGE: usize = 50;

/// Which demands are asked for.
pub struct Asked {
    pub epci: String,
    pub genre: Genre,
    base: Base,
    commune: Option<String>,
    typologie: Option<String>,
    dalo: bool,
    anciennete: i32,
    pub page: usize,
}

/// Whether provisional or definitive notes are asked for.
pub fn base(params: &mut Params) -> Result<Base, Problem> {
    match params.take("base").as_deref() {
        None | Some("provisoire") => Ok(Base::Provisoire),
        Some("definitive") => Ok(Base::Definitive),
        Some(other) => Err(Problem::unknown("base", other, ["provisoire", "definitive"])),
    }
}

pub fn asked(params: &mut Params) -> Result<Asked, Problem> {
    Ok(Asked {
        epci: params.required("epci", "le SIREN de l'EPCI")?,
        genre: genre(params.take("genre").as_deref())?,
        base: base(params)?,
        commune: params.take("commune"),
        typologie: params.take("typologie"),
        dalo: match params.take("dalo").as_deref() {
            None | Some("non") => false,
            Some("oui") => true,
            Some(other) => return Err(Problem::unknown("dalo", other, ["oui", "non"])),
        },
        anciennete: params.number("anciennete")?.unwrap_or(0),
        page: params.number("page")?.unwrap_or(1),
    })
}

/// The line of the trail of a list.
pub fn traced(action: &'static str, asked: &Asked, found: &DemandesCotees) -> Trace {
    Trace::new(action, asked.epci.as_str())
        .with("genre", asked.genre.id())
        .with("commune", asked.commune.clone())
        .with("typologie", asked.typologie.clone())
        .rows(found.demandes.len(), false)
}

pub fn written(found: &DemandesCotees) -> Result<Vec<u8>, csv::Error> {
    let mut out = csv_file::writer();
    out.write_record([
        "ordre",
        "reference",
        "note",
        "rang",
        "quart",
        "semblables",
        "date_depot",
        "anciennete_mois",
        "personnes",
        "typologie",
        "communes",
        "refus",
        "delai_moyen_mois",
        "delai_median_mois",
    ])?;
    let some = |v: Option<String>| v.unwrap_or_default();
    for (i, d) in found.demandes.iter().enumerate() {
        out.write_record([
            (i + 1).to_string(),
            d.reference.clone(),
            d.note.to_string(),
            some(d.rang.map(|r| r.to_string())),
            some(d.quart.map(|q| q.to_string())),
            some(d.semblables.map(|n| n.to_string())),
            d.depot.clone(),
            d.anciennete.to_string(),
            some(d.personnes.map(|p| p.to_string())),
            some(d.typologie.clone()),
            csv_file::inert(&d.communes.join("|")),
            d.refus.to_string(),
            some(d.delai.as_ref().map(|w| french::cell(w.moyen))),
            some(d.delai.as_ref().and_then(|w| w.median).map(french::cell)),
        ])?;
    }
    csv_file::bytes(out)
}

pub fn answer(
    app: &App,
    person: &Person,
    grille: &Grille,
    asked: &Asked,
    ticks: &Ticks,
    page: Option<usize>,
) -> Result<DemandesCotees, Problem> {
    let demands = all(app)?;
    let on = window(&demands, person, &grille.epci)?;
    let open = || {
        demands
            .communes
            .iter()
            .zip(0..)
            .filter(|(c, n)| c.epci == on.epci && on.commune.is_none_or(|o| o == *n))
    };
    let commune = match &asked.commune {
        None => on.commune,
        Some(code) => {
            let found = demands.commune(code).filter(|c| demands.epci_of(*c) == on.epci);
            let found = found
                .ok_or_else(|| Problem::unknown("commune", code, open().map(|(c, _)| c.code.as_str())))?;
            if on.commune.is_some_and(|mine| mine != found) {
                return Err(Problem::forbidden(super::ELSEWHERE));
            }
            Some(found)
        }
    };
    let sizes = sizes()?;
    let size = match &asked.typologie {
        None => None,
        Some(id) => {
            let found = sizes.iter().find(|v| v.id == *id).map(|v| v.code);
            let known = || sizes.iter().map(|v| v.id.as_str());
            Some(found.ok_or_else(|| Problem::unknown("typologie", id, known()))?)
        }
    };
    let dalo = &Mix::embedded().map_err(|e| Problem::internal(&e))?.dalo.statut;
    let scored = Scored::new(&demands, on.epci, grille, asked.base.into(), ticks, app.secrecy.k)?;
    let order = scored.order(|row| {
        commune.is_none_or(|c| demands.asks(row).contains(&c))
            && size.is_none_or(|s| demands.typologies[row] >> (s - 1) & 1 == 1)
            && (!asked.dalo || dalo.contains(&demands.dalo[row]))
            && months(demands.depot[row], demands.extrait) >= asked.anciennete
    });
    let total = order.len();
    let taken = match page {
        None => &order[..],
        Some(page) => {
            let first = (page - 1).saturating_mul(PAGE).min(total);
            &order[first..(first + PAGE).min(total)]
        }
    };
    let mut communes: Vec<ChoixCote> = open()
        .map(|(c, _)| ChoixCote {
            code: c.code.clone(),
            nom: if c.nom.is_empty() { &c.code } else { &c.nom }.clone(),
        })
        .collect();
    communes.sort_by(|a, b| a.nom.cmp(&b.nom));
    Ok(DemandesCotees {
        au: days::iso(demands.extrait),
        grille: grille.nom.clone(),
        epci: grille.epci.clone(),
        total,
        page: page.unwrap_or(1),
        par_page: PAGE,
        ex_aequo: TIES,
        communes,
        typologies: sizes.iter().map(|v| v.id.clone()).collect(),
        demandes: taken.iter().map(|i| scored.told(*i)).collect::<Result<_, _>>()?,
    })
}

/// The grid in force, once the territory is known to be open: who may not look learns nothing of it.
pub async fn scoring(state: &State, app: &App, person: &Person, asked: &Asked) -> Result<Grille, Problem> {
    window(&*all(app)?, person, &asked.epci)?;
    grid_of(state, &asked.epci, asked.genre).await
}
