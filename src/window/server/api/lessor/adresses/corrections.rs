//! Corrections of addresses: made one by one or in bulk, listed, undone.

use axum::Json;
use axum::extract::{Extension, Path, State as FromState};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Desk, candidates};
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::situation;
use crate::desk::trace::Trace;
use crate::reference::depots::Deposits;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::body::Body;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;
use crate::server::edge::receipts::Modification;
use crate::state::{self, Correction, Lieu, NewCorrection, State, StatutCorrection};
use crate::stock::review::{Address, Dwelling, Motif, metres};

/// Une adresse à déplacer, ou à écarter de la liste.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NouvelleCorrection {
    /// Identifiant de l'adresse.
    pub id: String,
    /// Millésime qui est regardé, et premier où la correction s'applique ; par défaut le dernier.
    pub millesime: Option<u16>,
    /// Nouveau point ; absent : le point présent est juste, l'adresse quitte la liste.
    pub point: Option<Point>,
    /// Numéros nationaux des seuls logements visés ; vide : toute l'adresse.
    #[serde(default)]
    pub logements: Vec<String>,
    #[serde(default)]
    pub commentaire: String,
}

/// Le nouveau point d'une adresse.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NouveauPointAdresse)]
pub struct Point {
    /// Degrés WGS 84.
    pub lon: f64,
    pub lat: f64,
    /// Nom du candidat retenu ; vide si le point a été posé à la main.
    #[serde(default)]
    pub libelle: String,
    /// Identifiant de la Base adresse nationale du candidat.
    #[serde(default)]
    pub ban: String,
    pub score: Option<f64>,
    /// Faux : dans la voie, sans numéro (qualité 12).
    #[serde(default = "yes")]
    pub au_numero: bool,
}

fn yes() -> bool {
    true
}

/// Ce qui a été enregistré.
#[derive(Debug, Serialize, ToSchema)]
pub struct CorrectionFaite {
    /// De la correction, ou du lot si elle vise plusieurs logements un par un.
    pub id: String,
    pub logements: usize,
    /// Numéro de la modification, que `/api/travaux` dit faite quand les chiffres la montrent.
    pub demande: u64,
}

/// Les adresses à accepter ensemble.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DemandeLot {
    pub millesime: Option<u16>,
    /// Score à partir duquel le premier candidat est accepté, de 0,5 à 1.
    pub seuil: f64,
    /// Vrai : dire combien, ne rien faire.
    #[serde(default)]
    pub essai: bool,
}

/// Ce qu'un lot fait, ou ferait.
#[derive(Debug, Serialize, ToSchema)]
pub struct LotCorrections {
    /// Nom du lot, à donner pour l'annuler ; vide pour un essai ou sans adresse.
    pub lot: String,
    pub adresses: usize,
    pub logements: usize,
    /// Candidats sûrs qu'il faut voir un par un : hors de la commune déclarée.
    pub ecartees: usize,
    pub demande: u64,
}

/// The present place of some dwellings of an address.
fn before(address: &Address, among: impl Fn(&Dwelling) -> bool) -> Lieu {
    let point = address.point_of(among);
    Lieu {
        lon: point.map(|p| p.0),
        lat: point.map(|p| p.1),
        qualite: point.map_or(0, |p| p.2),
        libelle: address.libelle(),
        ..Lieu::default()
    }
}

/// A correction of a whole address.
fn kept(
    address: &Address,
    siren: &str,
    des: u16,
    apres: Lieu,
    methode: &'static str,
    logements: usize,
) -> NewCorrection {
    NewCorrection {
        siren: siren.to_owned(),
        adresse: address.adresse.clone(),
        ident_rep: String::new(),
        des,
        avant: before(address, |_| true),
        apres,
        methode,
        statut: StatutCorrection::Acceptee,
        commentaire: String::new(),
        logements: logements as u64,
        lot: String::new(),
    }
}

/// Corriger une adresse
///
/// Ses logements, ou ceux qui sont nommés, sont au nouveau point dès ce millésime et dans les suivants ; les
/// chiffres sont refaits aussitôt. Toute adresse du parc peut l'être, à corriger ou non.
#[utoipa::path(
    post, path = "/api/adresses/corrections", tag = "bailleur", operation_id = "adresse_corriger",
    request_body = NouvelleCorrection,
    responses(
        (status = CREATED, body = CorrectionFaite),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn add(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    Body(asked): Body<NouvelleCorrection>,
) -> Result<(StatusCode, Extension<Trace>, Json<CorrectionFaite>), Problem> {
    let siren = visitor.lessor()?;
    if asked.commentaire.chars().count() > 1_000 {
        return Err(Problem::value(
            "commentaire",
            &asked.commentaire,
            "Un commentaire a 1 000 caractères au plus.",
        ));
    }
    let desk = Desk::open(&server, &app, siren, asked.millesime).await?;
    let address = desk.find(&asked.id)?;
    let chosen = desk.chosen(address, &asked.logements)?;
    let mut whole = match &asked.point {
        None => {
            let stays =
                kept(address, siren, desk.millesime, before(address, |_| true), "ECART", chosen.len());
            NewCorrection { statut: StatutCorrection::Ecartee, ..stays }
        }
        Some(p) => {
            situation::check([p.lon, p.lat])?;
            if let Some(why) = desk.refusal(address, p.lon, p.lat)? {
                return Err(Problem::value("point", &format!("{}, {}", p.lon, p.lat), why));
            }
            let apres = Lieu {
                lon: Some(p.lon),
                lat: Some(p.lat),
                libelle: if p.libelle.is_empty() {
                    address.libelle()
                } else {
                    p.libelle.chars().take(200).collect()
                },
                qualite: if p.au_numero { 11 } else { 12 },
                ban: p.ban.chars().take(60).collect(),
                score: p.score,
                cle: String::new(),
            };
            kept(
                address,
                siren,
                desk.millesime,
                apres,
                if p.ban.is_empty() { "MANUEL" } else { "BAN" },
                chosen.len(),
            )
        }
    };
    whole.commentaire.clone_from(&asked.commentaire);
    let list =
        if asked.logements.is_empty() { vec![whole.clone()] } else { one_by_one(&whole, address, &chosen)? };
    let moved = whole.statut == StatutCorrection::Acceptee;
    let trace = Trace::new("adresse_corrigee", address.adresse.clone())
        .with("methode", whole.methode)
        .with("avant", serde_json::to_value(&list[0].avant).unwrap_or_default())
        .with("apres", serde_json::to_value(&whole.apres).unwrap_or_default())
        .with("logements", asked.logements.clone())
        .with("millesime", desk.millesime)
        .rows(chosen.len(), false);
    let ids = server.state.add_corrections(&list, &visitor.author(), state::now()).await?;
    let lot = list.into_iter().next().map(|c| c.lot).filter(|l| !l.is_empty());
    let id = lot.or_else(|| ids.into_iter().next()).unwrap_or_default();
    let demande = if moved { server.works.changed() } else { 0 };
    Ok((
        StatusCode::CREATED,
        Extension(trace),
        Json(CorrectionFaite { id, logements: chosen.len(), demande }),
    ))
}

/// The same correction for each of some dwellings, by its national number, so that it holds wherever a later
/// file puts them; together they are a lot.
fn one_by_one(
    whole: &NewCorrection,
    address: &Address,
    chosen: &[&Dwelling],
) -> Result<Vec<NewCorrection>, Problem> {
    let lot = State::deposit_id()?;
    let one = |d: &&Dwelling| {
        let avant = before(address, |l| l.ident_rep == d.ident_rep);
        NewCorrection {
            adresse: String::new(),
            ident_rep: d.ident_rep.clone(),
            // A dwelling whose point is right keeps it.
            apres: if whole.statut == StatutCorrection::Ecartee {
                avant.clone()
            } else {
                whole.apres.clone()
            },
            avant,
            logements: 1,
            lot: lot.clone(),
            ..whole.clone()
        }
    };
    Ok(chosen.iter().map(one).collect())
}

/// Whether nothing is wrong with the point itself: what its bailleur declares of it is, and that is for a
/// person to look at.
fn stays(doubt: &Address, to: (f64, f64), near: f64) -> bool {
    let declared = doubt.motifs().into_keys().all(|m| {
        matches!(m, Motif::Qpv | Motif::Doublon | Motif::InconnueBan | Motif::ScoreBas | Motif::SansNumero)
    });
    declared && doubt.point().is_some_and(|(lon, lat, _)| metres((lon, lat), to) <= near)
}

/// Accepter les candidats sûrs
///
/// Pour chaque adresse à corriger dont le premier candidat, au numéro, atteint le score demandé. Un lot
/// s'annule d'un coup.
#[utoipa::path(
    post, path = "/api/adresses/lot", tag = "bailleur", operation_id = "adresses_lot",
    request_body = DemandeLot,
    responses(
        (status = OK, body = LotCorrections),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn bulk(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    Body(asked): Body<DemandeLot>,
) -> Result<(Extension<Vec<Trace>>, Json<LotCorrections>), Problem> {
    let siren = visitor.lessor()?;
    if !(0.5..=1.0).contains(&asked.seuil) {
        return Err(Problem::value("seuil", &asked.seuil.to_string(), "Un seuil va de 0,5 à 1."));
    }
    let desk = Desk::open(&server, &app, siren, asked.millesime).await?;
    let near = Deposits::embedded().map_err(|e| Problem::internal(&e))?.adresses.loin_m;
    let mut answer =
        LotCorrections { lot: String::new(), adresses: 0, logements: 0, ecartees: 0, demande: 0 };
    let lot = State::deposit_id()?;
    let mut list = Vec::new();
    for doubt in &desk.doubts {
        let Some(best) = candidates::of(&app, doubt).into_iter().next() else { continue };
        if best.score < asked.seuil || best.genre != "housenumber" || stays(doubt, (best.lon, best.lat), near)
        {
            continue;
        }
        if desk.refusal(doubt, best.lon, best.lat)?.is_some() {
            answer.ecartees += 1;
            continue;
        }
        let moved = desk.chosen(doubt, &[])?.len();
        answer.adresses += 1;
        answer.logements += moved;
        let apres = Lieu {
            lon: Some(best.lon),
            lat: Some(best.lat),
            libelle: best.libelle,
            qualite: 11,
            ban: best.ban,
            score: Some(best.score),
            cle: String::new(),
        };
        list.push(NewCorrection {
            lot: lot.clone(),
            ..kept(doubt, siren, desk.millesime, apres, "LOT", moved)
        });
    }
    let mut traces = Vec::new();
    if !asked.essai && !list.is_empty() {
        server.state.add_corrections(&list, &visitor.author(), state::now()).await?;
        traces.extend(list.iter().map(|c| {
            Trace::new("adresse_corrigee", c.adresse.clone())
                .with("methode", "LOT")
                .with("lot", lot.as_str())
                .with("apres", serde_json::to_value(&c.apres).unwrap_or_default())
                .rows(usize::try_from(c.logements).unwrap_or(0), false)
        }));
        (answer.lot, answer.demande) = (lot, server.works.changed());
    }
    Ok((Extension(traces), Json(answer)))
}

/// Corrections faites
///
/// Toutes, la dernière d'abord, celles qui ont été annulées comprises.
#[utoipa::path(
    get, path = "/api/adresses/corrections", tag = "bailleur", operation_id = "adresses_corrections",
    responses((status = OK, body = Vec<Correction>))
)]
pub async fn list(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    params: Params,
) -> Result<Json<Vec<Correction>>, Problem> {
    params.finish()?;
    Ok(Json(server.state.corrections(visitor.lessor()?).await?))
}

/// Annuler une correction, ou un lot
///
/// Ce qu'elle avait remplacé reprend sa place ; les chiffres sont refaits aussitôt.
#[utoipa::path(
    delete, path = "/api/adresses/corrections/{id}", tag = "bailleur", operation_id = "adresse_annuler",
    params(("id" = String, Path, description = "Identifiant de la correction ou du lot")),
    responses(
        (status = OK, body = Modification),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn undo(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    Path(id): Path<String>,
) -> Result<(Extension<Trace>, Json<Modification>), Problem> {
    let n = server.state.undo_corrections(visitor.lessor()?, &id, &visitor.author(), state::now()).await?;
    let trace = Trace::new("adresse_correction_annulee", id).with("corrections", n);
    Ok((Extension(trace), Json(Modification { demande: server.works.changed() })))
}
