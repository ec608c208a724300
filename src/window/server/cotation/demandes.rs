//! `GET /api/cotation/demandes`: demands in the order that a grid gives them, for who houses them; with a
//! commune and a typology, the candidates for a dwelling.

use axum::Json;
use axum::extract::{Extension, State as FromState};
use axum::http::{HeaderName, HeaderValue};
use serde::Serialize;
use utoipa::ToSchema;

use super::grilles::readable;
use super::simulation::Base;
use super::{all, catalogue, facts, rows, window};
use crate::access::Person;
use crate::days;
use crate::reference::attributions::attributions;
use crate::reference::scoring::Criteria;
use crate::scoring::demands::{Demands, months};
use crate::scoring::grid::Grille;
use crate::scoring::note::{self, Reason, notes};
use crate::scoring::rank::{self, Standing};
use crate::server::app::Server;
use crate::server::auth::trail::Trace;
use crate::server::auth::who::Who;
use crate::server::csv_file;
use crate::server::params::Params;
use crate::server::problem::{Document, Problem};
use crate::server::state::{App, Current};

/// Un critère dans le détail d'une note.
#[derive(Debug, Serialize, ToSchema)]
pub struct PartNote {
    pub code: String,
    pub libelle: String,
    pub points: i32,
    /// `compte`, `autre_du_groupe` (un autre critère du groupe donne plus) ou `sans_justificatif`.
    pub raison: &'static str,
}

/// Une demande notée.
#[derive(Debug, Serialize, ToSchema)]
pub struct DemandeCotee {
    /// Début du pseudonyme du numéro unique.
    pub reference: String,
    pub note: i32,
    /// Rang parmi les demandes semblables ; nul quand elles sont peu nombreuses.
    pub rang: Option<u32>,
    /// Quart de la file (1 à 4), quand le rang n'est pas donné.
    pub quart: Option<u8>,
    /// Demandes semblables ; nul : moins de 11.
    pub semblables: Option<u32>,
    /// Premier dépôt.
    pub depot: String,
    /// Mois entiers depuis le premier dépôt.
    pub anciennete: i32,
    pub personnes: Option<u8>,
    pub typologie: Option<String>,
    /// Communes demandées, dans l'ordre.
    pub communes: Vec<String>,
    /// Critères comptés, sans ceux qui sont sensibles.
    pub detail: Vec<PartNote>,
    /// Points de tous les critères sensibles et des plafonds de groupe.
    pub autres_points: i32,
    /// Points retirés après un refus.
    pub refus: i32,
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
    pub demandes: Vec<DemandeCotee>,
}

const TIES: &str = "À note égale, la demande la plus ancienne passe devant ; à même date, un ordre stable et sans rapport \
    avec le ménage.";
const PAGE: usize = 50;

struct Asked {
    id: String,
    base: Base,
    commune: Option<String>,
    typologie: Option<String>,
    page: usize,
}

fn asked(params: &mut Params) -> Result<Asked, Problem> {
    let base = match params.take("base").as_deref() {
        None | Some("provisoire") => Base::Provisoire,
        Some("definitive") => Base::Definitive,
        Some(other) => return Err(Problem::unknown("base", other, ["provisoire", "definitive"])),
    };
    Ok(Asked {
        id: params.required("grille", "l'identifiant de la grille")?,
        base,
        commune: params.take("commune"),
        typologie: params.take("typologie"),
        page: params.number("page")?.unwrap_or(1),
    })
}

/// Demandes cotées
///
/// Les demandes en attente de votre territoire dans l'ordre d'une grille. Avec `commune` et `typologie`, les
/// candidats d'un logement qui se libère. Le détail ne nomme jamais un critère sensible.
#[utoipa::path(
    get, path = "/api/cotation/demandes", tag = "cotation", operation_id = "cotation_demandes",
    params(
        ("grille" = String, Query, description = "Identifiant de la grille"),
        ("base" = Option<String>, Query, description = "`provisoire` (par défaut) ou `definitive`"),
        ("commune" = Option<String>, Query, description = "Demandes qui nomment cette commune"),
        ("typologie" = Option<String>, Query, description = "Demandes de cette typologie (T1 à T6P)"),
        ("page" = Option<usize>, Query, description = "Page de 50, à partir de 1"),
    ),
    responses(
        (status = OK, body = DemandesCotees),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn list(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    mut params: Params,
) -> Result<(Extension<Trace>, Json<DemandesCotees>), Problem> {
    let asked = asked(&mut params)?;
    params.finish()?;
    if asked.page == 0 {
        return Err(Problem::value("page", "0", "Les pages commencent à 1."));
    }
    let (_, grille) = readable(&server, &visitor.person, &asked.id).await?;
    let work = move || {
        let found = answer(&app, &visitor.person, &grille, &asked, Some(asked.page))?;
        let trace = Trace::new("cotation_demandes", asked.id.as_str())
            .with("commune", asked.commune.clone())
            .with("typologie", asked.typologie.clone())
            .rows(found.demandes.len(), false);
        Ok((Extension(trace), Json(found)))
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))?
}

/// Demandes cotées en CSV
///
/// La même liste, entière.
#[utoipa::path(
    get, path = "/api/cotation/demandes/csv", tag = "cotation", operation_id = "cotation_demandes_csv",
    params(
        ("grille" = String, Query, description = "Identifiant de la grille"),
        ("base" = Option<String>, Query, description = "`provisoire` (par défaut) ou `definitive`"),
        ("commune" = Option<String>, Query, description = "Demandes qui nomment cette commune"),
        ("typologie" = Option<String>, Query, description = "Demandes de cette typologie (T1 à T6P)"),
    ),
    responses(
        (status = OK, body = String, content_type = "text/csv"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn csv(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    mut params: Params,
) -> Result<(Extension<Trace>, [(HeaderName, HeaderValue); 2], Vec<u8>), Problem> {
    let asked = asked(&mut params)?;
    params.finish()?;
    let (_, grille) = readable(&server, &visitor.person, &asked.id).await?;
    let work = move || {
        let found = answer(&app, &visitor.person, &grille, &asked, None)?;
        let bytes = written(&found).map_err(|e| Problem::internal(&e))?;
        let trace = Trace::new("cotation_demandes_csv", asked.id.as_str()).rows(found.demandes.len(), false);
        let headers = csv_file::headers(&format!("demandes-{}-{}.csv", found.epci, found.au))?;
        Ok((Extension(trace), headers, bytes))
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))?
}

fn written(found: &DemandesCotees) -> Result<Vec<u8>, csv::Error> {
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
            d.communes.join("|"),
            d.refus.to_string(),
        ])?;
    }
    csv_file::bytes(out)
}

fn answer(
    app: &App,
    person: &Person,
    grille: &Grille,
    asked: &Asked,
    page: Option<usize>,
) -> Result<DemandesCotees, Problem> {
    let demands = all(app)?;
    let criteria = catalogue()?;
    let on = window(&demands, person, &grille.epci)?;
    let commune = match &asked.commune {
        None => on.commune,
        Some(code) => {
            let open = || demands.communes.iter().filter(|c| c.epci == on.epci).map(|c| c.code.as_str());
            let found = demands.commune(code).filter(|c| demands.epci_of(*c) == on.epci);
            let found = found.ok_or_else(|| Problem::unknown("commune", code, open()))?;
            if on.commune.is_some_and(|mine| mine != found) {
                return Err(Problem::forbidden(super::ELSEWHERE));
            }
            Some(found)
        }
    };
    let sizes = attributions().map_err(|e| Problem::internal(&e))?.registre.liste("typologie");
    let sizes = sizes.map_or(&[][..], |l| &l.valeurs);
    let size = match &asked.typologie {
        None => None,
        Some(id) => {
            let found = sizes.iter().find(|v| v.id == *id).map(|v| v.code);
            let known = || sizes.iter().map(|v| v.id.as_str());
            Some(found.ok_or_else(|| Problem::unknown("typologie", id, known()))?)
        }
    };
    // Ranks are among all demands of the territory, whatever is shown of them.
    let whole = super::Window { epci: on.epci, commune: None };
    let f = facts(&demands, rows(&demands, whole, grille.genre, |r| demands.waits(r)), on.epci)?;
    let scores = notes(&f, grille, criteria, asked.base.into());
    let alike: Vec<u64> = f.rows.iter().map(|r| u64::from(demands.typologie(*r as usize))).collect();
    let higher = rank::higher(&scores, &alike);
    let wanted = |i: &usize| {
        let row = f.rows[*i] as usize;
        commune.is_none_or(|c| demands.asks(row).contains(&c))
            && size.is_none_or(|s| demands.typologies[row] >> (s - 1) & 1 == 1)
    };
    let order: Vec<usize> = rank::order(&demands, &f.rows, &scores).into_iter().filter(wanted).collect();
    let total = order.len();
    let taken = match page {
        None => &order[..],
        Some(page) => {
            let first = (page - 1).saturating_mul(PAGE).min(total);
            &order[first..(first + PAGE).min(total)]
        }
    };
    let exact = u32::try_from(criteria.regles.rang_exact_des).unwrap_or(u32::MAX);
    let one = |i: &usize| {
        let row = f.rows[*i] as usize;
        let detail = note::detail(&f, *i, grille, criteria, asked.base.into());
        let (before, of) = higher[*i];
        let (rang, quart, semblables) = match rank::standing(before, of, exact, app.secrecy.k) {
            Standing::Exact { rank, of } => (Some(rank), None, Some(of)),
            Standing::Quarter { quarter, of } => (None, Some(quarter), Some(of)),
            Standing::Secret => (None, None, None),
        };
        let parts: Vec<PartNote> = detail.parts.iter().filter_map(|p| part(p, grille, criteria)).collect();
        let counted: i32 = parts.iter().filter(|p| p.raison == "compte").map(|p| p.points).sum();
        DemandeCotee {
            reference: format!("{:032x}", demands.nud[row])[..10].to_owned(),
            note: detail.note,
            rang,
            quart,
            semblables,
            depot: days::iso(demands.depot[row]),
            anciennete: months(demands.depot[row], demands.extrait),
            personnes: Some(demands.personnes[row]).filter(|p| *p != 255),
            typologie: sizes.iter().find(|v| v.code == demands.typologie(row)).map(|v| v.id.clone()),
            communes: names(&demands, row),
            detail: parts,
            autres_points: detail.note + detail.refusal - counted,
            refus: detail.refusal,
        }
    };
    Ok(DemandesCotees {
        au: days::iso(demands.extrait),
        grille: grille.nom.clone(),
        epci: grille.epci.clone(),
        total,
        page: page.unwrap_or(1),
        par_page: PAGE,
        ex_aequo: TIES,
        demandes: taken.iter().map(one).collect(),
    })
}

fn names(demands: &Demands, row: usize) -> Vec<String> {
    let named =
        |c: &u32| demands.communes.get(*c as usize).map(|c| if c.nom.is_empty() { &c.code } else { &c.nom });
    demands.asks(row).iter().filter_map(named).cloned().collect()
}

/// A criterion of a detail; a sensitive one is not named.
fn part(p: &note::Part, grille: &Grille, criteria: &Criteria) -> Option<PartNote> {
    let known = criteria.critere(&p.code);
    if known.is_some_and(|c| c.sensible) {
        return None;
    }
    let local = || grille.criteres.iter().find(|l| l.code == p.code).and_then(|l| l.libelle.clone());
    Some(PartNote {
        code: p.code.clone(),
        libelle: known.map_or_else(|| local().unwrap_or_default(), |c| c.libelle.clone()),
        points: p.points,
        raison: match p.reason {
            Reason::Counts => "compte",
            Reason::GroupGivesMore => "autre_du_groupe",
            Reason::NoEvidence => "sans_justificatif",
        },
    })
}
