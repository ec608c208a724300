//! `/api/dalo`: DALO households and QPV since the circular of 18 December 2023, placements to justify.
//!
//! The State in its territory and a bailleur for its own leases read placements one by one, without a name
//! (domain §9.3); others read counts under secrecy. The bailleur gives the reason, the State may contest it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, State as FromState};
use axum::http::StatusCode;

use crate::access::{self, Scope};
use crate::days;
use crate::desk::editions::App;
use crate::desk::leases::dalo::{
    AlertesDalo, Asked, ContestationDalo, Found, JustificationDalo, Known, Leases, MotifDalo, PlacementsDalo,
    STATE, adopt, balance, by, comment, counted, detail, is_open, leases, placement, quartiers, side,
    watchlist,
};
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::reference::access::Role;
use crate::reference::mix::Mix;
use crate::server::app::Server;
use crate::server::auth::who::{Visitor, Who};
use crate::server::edge::body::Body;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;
use crate::state::dalo::{Said, Saying, Stand, Word};
use crate::state::{self, Org};

/// Placements DALO et QPV depuis la circulaire du 18 décembre 2023
///
/// Un à un et sans nom pour les services de l'État (dans leur territoire) et le bailleur (pour son parc) ; en
/// comptes sous secret statistique pour les autres. Les QPV sont ceux en vigueur le jour du bail.
#[utoipa::path(
    get, path = "/api/dalo/placements", tag = "mixite", operation_id = "dalo_placements",
    params(
        ("epci" = Option<String>, Query, description = "Un EPCI seulement"),
        ("commune" = Option<String>, Query, description = "Une commune seulement"),
        ("bailleur" = Option<String>, Query, description = "Un bailleur seulement (SIREN)"),
    ),
    responses(
        (status = OK, body = PlacementsDalo),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn placements(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    mut params: Params,
) -> Result<(Extension<Trace>, Json<PlacementsDalo>), Problem> {
    let asked = Asked {
        epci: params.take("epci"),
        commune: params.take("commune"),
        bailleur: params.take("bailleur"),
    };
    params.finish()?;
    let trace = Trace::new("dalo", "placements")
        .with("epci", asked.epci.clone())
        .with("commune", asked.commune.clone())
        .with("bailleur", asked.bailleur.clone());
    let found = found(&server, &app, &visitor, asked).await?;
    let detail = detail(&visitor.person);
    let read = read(&server, &visitor, &found, detail).await?;
    let work = move || told(&app, &found, &read.known()?, &visitor);
    let answer = tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))??;
    let counts = if detail {
        answer.placements.len()
    } else {
        answer.mois.len() + answer.communes.len() + answer.quartiers.len()
    };
    let secret = answer.mois.iter().chain(&answer.communes).any(|c| c.secret);
    Ok((Extension(trace.rows(counts, secret)), Json(answer)))
}

/// Placements entrés dans la liste depuis la dernière visite
#[utoipa::path(
    get, path = "/api/dalo/alertes", tag = "mixite", operation_id = "dalo_alertes", responses((status = OK,
    body = AlertesDalo))
)]
pub async fn alerts(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    params: Params,
) -> Result<Json<AlertesDalo>, Problem> {
    params.finish()?;
    let person = &visitor.person;
    if !is_open(person) {
        return Ok(Json(AlertesDalo { ouvert: false, nouveaux: 0, attendus: 0, en_retard: 0 }));
    }
    let found = found(&server, &app, &visitor, Asked::default()).await?;
    let read = read(&server, &visitor, &found, true).await?;
    let known = read.known()?;
    let side = side(person);
    let turns = found.dalo.iter().filter(|f| f.concerne).map(|f| f.turn(&known));
    let (mut attendus, mut en_retard) = (0, 0);
    for turn in turns.filter(|t| t.who == Some(side)) {
        attendus += 1;
        en_retard += usize::from(turn.until.is_some_and(|until| *until < *known.today));
    }
    Ok(Json(AlertesDalo { ouvert: true, nouveaux: read.fresh.len(), attendus, en_retard }))
}

/// Noter que votre organisme a lu la liste
#[utoipa::path(
    post, path = "/api/dalo/visite", tag = "mixite", operation_id = "dalo_visite",
    responses(
        (status = NO_CONTENT, description = "Noté"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn visit(FromState(server): FromState<Server>, Who(visitor): Who) -> Result<StatusCode, Problem> {
    server.state.visit_dalo(&visitor.organisation()?.id, state::now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Justifier un placement (le bailleur ; l'État pour ceux de son contingent)
#[utoipa::path(
    put, path = "/api/dalo/placements/{id}", tag = "mixite", operation_id = "dalo_justifier",
    params(("id" = String, Path, description = "Empreinte du placement")), request_body = JustificationDalo,
    responses(
        (status = NO_CONTENT, description = "Justifié"),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn justify(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    Path(id): Path<String>,
    Body(asked): Body<JustificationDalo>,
) -> Result<(StatusCode, Extension<Trace>), Problem> {
    let list = watchlist()?;
    let reason =
        list.reasons.iter().find(|r| r.id == asked.motif).ok_or_else(|| {
            Problem::unknown("motif", &asked.motif, list.reasons.iter().map(|r| r.id.as_str()))
        })?;
    let comment = comment(&asked.commentaire, reason.id == "autre")?;
    say(&server, &app, &visitor, &id, Saying::Justifie, &reason.id, &comment).await?;
    Ok((
        StatusCode::NO_CONTENT,
        Extension(Trace::new("dalo_justifier", id).with("motif", reason.id.as_str())),
    ))
}

/// Contester une justification (DDETS, DREAL)
#[utoipa::path(
    post, path = "/api/dalo/placements/{id}/contestation", tag = "mixite", operation_id = "dalo_contester",
    params(("id" = String, Path, description = "Empreinte du placement")), request_body = ContestationDalo,
    responses(
        (status = NO_CONTENT, description = "Contesté"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
        (status = CONFLICT, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn contest(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    Path(id): Path<String>,
    Body(asked): Body<ContestationDalo>,
) -> Result<(StatusCode, Extension<Trace>), Problem> {
    let comment = comment(&asked.commentaire, true)?;
    say(&server, &app, &visitor, &id, Saying::Conteste, "", &comment).await?;
    Ok((StatusCode::NO_CONTENT, Extension(Trace::new("dalo_contester", id))))
}

/// Accepter une justification (DDETS, DREAL)
#[utoipa::path(
    post, path = "/api/dalo/placements/{id}/acceptation", tag = "mixite", operation_id = "dalo_accepter",
    params(("id" = String, Path, description = "Empreinte du placement")),
    responses(
        (status = NO_CONTENT, description = "Accepté"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
        (status = CONFLICT, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn accept(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    Path(id): Path<String>,
) -> Result<(StatusCode, Extension<Trace>), Problem> {
    say(&server, &app, &visitor, &id, Saying::Accepte, "", "").await?;
    Ok((StatusCode::NO_CONTENT, Extension(Trace::new("dalo_accepter", id))))
}

/// Relancer un bailleur qui n'a pas répondu (DDETS, DREAL)
///
/// La relance est datée et montrée au bailleur ; elle ne change pas l'échéance. Pas plus d'une par semaine
/// (`relance_jours`).
#[utoipa::path(
    post, path = "/api/dalo/placements/{id}/relance", tag = "mixite", operation_id = "dalo_relancer",
    params(("id" = String, Path, description = "Empreinte du placement")),
    responses(
        (status = NO_CONTENT, description = "Relancé"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
        (status = CONFLICT, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn remind(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    Path(id): Path<String>,
) -> Result<(StatusCode, Extension<Trace>), Problem> {
    say(&server, &app, &visitor, &id, Saying::Relance, "", "").await?;
    Ok((StatusCode::NO_CONTENT, Extension(Trace::new("dalo_relancer", id))))
}

/// Says something of a placement that the person reads and that is to justify.
async fn say(
    server: &Server,
    app: &Arc<App>,
    visitor: &Arc<Visitor>,
    id: &str,
    statut: Saying,
    motif: &str,
    commentaire: &str,
) -> Result<(), Problem> {
    let found = found(server, app, visitor, Asked::default()).await?;
    let Some(placement) = found.dalo.iter().find(|f| f.concerne && f.id == id) else {
        return Err(Problem::not_found(
            "id",
            id,
            "Ce placement n'existe pas, n'est pas à justifier ou n'est pas ouvert à votre organisme.",
        ));
    };
    let (answers, side) = (placement.answers(), side(&visitor.person));
    if statut == Saying::Justifie && answers != side {
        return Err(Problem::forbidden(if answers == STATE {
            "Ce placement est sur le contingent de l'État : ses services en répondent."
        } else {
            "Seul le bailleur du logement justifie ce placement."
        }));
    }
    if statut != Saying::Justifie && answers == STATE {
        return Err(Problem::forbidden(
            "Ce placement est sur le contingent de l'État : il n'y a personne à contester, à approuver ou à relancer.",
        ));
    }
    if statut == Saying::Relance {
        let (siren, nom) = placement.lessor(&found.all);
        let reads = |o: &Org| o.role == Role::Bailleur && o.code == siren && !o.ferme && o.membres > 0;
        if !server.state.organisations().await?.iter().any(reads) {
            return Err(Problem::conflict(format!(
                "Personne n'a de compte chez {nom} : la relance ne serait lue par personne. Écrivez-lui autrement, ou \
                 demandez à l'administration un compte pour cet organisme."
            )));
        }
    }
    let said = Said {
        statut,
        motif,
        commentaire,
        compte: visitor.person.compte.as_deref().unwrap_or(""),
        auteur: &visitor.person.nom,
        organisme: &visitor.organisation()?.nom,
    };
    let again = i64::from(watchlist()?.relance_jours) * 86_400;
    Ok(server.state.say_of_dalo(id, &said, state::now(), again).await?)
}

async fn found(
    server: &Server,
    app: &Arc<App>,
    visitor: &Arc<Visitor>,
    asked: Asked,
) -> Result<Leases, Problem> {
    let (app, state, visitor) = (app.clone(), server.state.clone(), visitor.clone());
    let work = move || leases(&app, &state, &visitor.person, &asked);
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))?
}

/// What the state keeps of placements.
struct Read {
    said: BTreeMap<String, Vec<Word>>,
    seen: BTreeMap<String, i64>,
    /// Those that were to justify and are no more.
    gone: BTreeSet<String>,
    /// Those that the person's organisation has not seen.
    fresh: Vec<String>,
    today: String,
}

impl Read {
    fn known(&self) -> Result<Known<'_>, Problem> {
        let days = watchlist()?.delai_jours;
        let (said, seen, gone, fresh) = (&self.said, &self.seen, &self.gone, &self.fresh);
        Ok(Known { said, gone, seen, fresh, days, today: &self.today })
    }
}

async fn read(server: &Server, visitor: &Visitor, found: &Leases, detail: bool) -> Result<Read, Problem> {
    adopt(&server.state, found).await?;
    let (said, now) = (server.state.said_of_dalo().await?, state::now());
    let (seen, gone, today) = (BTreeMap::new(), BTreeSet::new(), state::day(now));
    let mut out = Read { said, seen, gone, fresh: Vec::new(), today };
    if !detail {
        return Ok(out);
    }
    let ids: Vec<String> = found.dalo.iter().filter(|f| f.concerne).map(|f| f.id.clone()).collect();
    let before = server.state.known_dalo().await?;
    let gone = found.dalo.iter().filter(|f| !f.concerne && before.contains(&f.id));
    out.gone = gone.map(|f| f.id.clone()).collect();
    out.seen = server.state.see_dalo(&ids, now).await?;
    if let Some(org) = &visitor.person.organisation {
        let visit = server.state.dalo_visit(&org.id).await?;
        let new = out.seen.iter().filter(|(_, since)| visit.is_none_or(|v| **since > v));
        out.fresh = new.map(|(id, _)| id.clone()).collect();
    }
    Ok(out)
}

/// Numbers of the dwellings of some leases, by their hash: which dwelling it is, its bailleur alone is told.
fn own_dwellings(app: &App, visitor: &Visitor, found: &Leases) -> Result<BTreeMap<u64, String>, Problem> {
    let Scope::Stock(siren) = access::leases(&visitor.person) else { return Ok(BTreeMap::new()) };
    let Some(year) = app.millesimes.last().map(|m| m.meta().millesime) else { return Ok(BTreeMap::new()) };
    let rows = app.rows_of(year, &siren, &["ident_rep"]).map_err(|e| Problem::internal(&e))?;
    let Some(table) = rows else { return Ok(BTreeMap::new()) };
    let hashes = table.hashes("ident_rep").map_err(|e| Problem::internal(&e))?;
    let texts = table.texts("ident_rep").map_err(|e| Problem::internal(&e))?;
    let wanted: BTreeSet<u64> = found.dalo.iter().map(Found::dwelling).collect();
    let here = hashes.into_iter().enumerate().filter(|(_, hash)| wanted.contains(hash));
    Ok(here.map(|(i, hash)| (hash, texts.get(i).to_owned())).collect())
}

fn told(app: &App, found: &Leases, known: &Known<'_>, visitor: &Visitor) -> Result<PlacementsDalo, Problem> {
    let (detail, side, secrecy) = (detail(&visitor.person), side(&visitor.person), app.secrecy);
    let (rules, list) = (Mix::embedded().map_err(|e| Problem::internal(&e))?, watchlist()?);
    let stand = |id: &str| Stand::after(known.said.get(id).map_or(&[][..], Vec::as_slice));
    let own = own_dwellings(app, visitor, found)?;
    let dwelling = |of: u64| own.get(&of).cloned();
    let months = by(found, |a| a.bail / 100);
    let communes = by(found, |a| a.commune);
    let month = |key: u32| {
        let name =
            (key % 100).checked_sub(1).and_then(|m| days::MONTHS.get(m as usize)).copied().unwrap_or("");
        (format!("{:04}-{:02}", key / 100, key % 100), format!("{name} {}", key / 100))
    };
    let commune = |key: u32| {
        let unknown = (String::new(), "Non renseignée".to_owned());
        found.all.communes.get(key as usize).map_or(unknown, |n| (n.code.clone(), n.title().to_owned()))
    };
    Ok(PlacementsDalo {
        version: format!("mixité {} ; motifs {}", rules.version, list.version),
        texte: &list.texte,
        depuis: days::iso(rules.dalo.circulaire),
        detail,
        etat: side == STATE,
        delai_jours: list.delai_jours,
        motifs: list.reasons.iter().map(|r| MotifDalo { id: &r.id, libelle: &r.libelle }).collect(),
        bilan: balance(found, &stand, known.gone, detail, secrecy),
        mois: counted(months, detail, secrecy, month),
        communes: counted(communes, detail, secrecy, commune),
        quartiers: quartiers(found, detail, secrecy),
        placements: if detail {
            found.dalo.iter().map(|f| placement(found, f, &stand, known, dwelling)).collect()
        } else {
            Vec::new()
        },
    })
}
