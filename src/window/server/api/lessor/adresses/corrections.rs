//! Corrections of addresses: made one by one or in bulk, listed, undone.

use axum::Json;
use axum::extract::{Extension, Path, State as FromState};
use axum::http::StatusCode;

use crate::desk::lessor::adresses::Worklist;
use crate::desk::lessor::candidates;
use crate::desk::lessor::corrections::{
    CorrectionFaite, DemandeLot, LotCorrections, NouvelleCorrection, before, kept, one_by_one, stays,
};
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
    let desk = Worklist::open(&server.state, &app, siren, asked.millesime).await?;
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
    let desk = Worklist::open(&server.state, &app, siren, asked.millesime).await?;
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
