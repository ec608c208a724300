//! `/api/admin/imports/fichiers`: general files that an administrator sends, looks at, imports or puts out of
//! the way. Nothing changes in the figures before the import of each.

use axum::Json;
use axum::body::Body as RawBody;
use axum::extract::{Extension, Path, State as FromState};
use axum::http::StatusCode;

use utoipa::IntoParams;

use crate::arrival::waiting::{self, ImportError, Nature, Progress, Waiting};
use crate::desk::admin::fichiers::{
    COMMUNES, CommuneFichier, DireFichier, EtatFichier, FichierEnAttente, ImporterFichier, LectureFichier,
    NatureFichier, RemplacementFichier, found,
};
use crate::desk::admin::imports::FichierImporte;
use crate::desk::editions::App;
use crate::desk::lessor::depots::rules;
use crate::desk::params::{Params, file_name};
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::reference::depots::Deposits;
use crate::server::api::lessor::depots::receive::store;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::background::late::Imported;
use crate::server::edge::body::Body;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;
use crate::server::edge::receipts::{Cree, Modification};
use crate::state::{self, State};
use crate::store::By;

fn shown(server: &Server, app: &App, w: Waiting) -> FichierEnAttente {
    let told = server.works.check(&w.id).map(|c| c.borrow().clone());
    // It may have ended since the note was read.
    let ended = w.etat == Progress::Controle && told.is_none();
    let w = ended.then(|| waiting::get(app.root(), &w.id)).flatten().unwrap_or(w);
    // A check that nobody leads any more was stopped with the server.
    let stopped = w.etat == Progress::Controle && told.is_none();
    let layer = app.millesimes.last().and_then(|l| l.cube().layer("commune"));
    let name = |code: &str| {
        let known = layer.as_ref().and_then(|l| l.zone(code).map(|z| l.names.get(z as usize).to_owned()));
        known.unwrap_or_default()
    };
    FichierEnAttente {
        etat: match w.etat {
            _ if stopped => EtatFichier::Refuse,
            Progress::Controle => EtatFichier::Controle,
            Progress::Pret => EtatFichier::Pret,
            Progress::APreciser => EtatFichier::APreciser,
            Progress::Refuse => EtatFichier::Refuse,
        },
        avancement: told.map(|a| if a.total > 0 { a.lus as f64 / a.total as f64 } else { 0.0 }),
        pourquoi: if stopped {
            "Le serveur s'est arrêté pendant le contrôle : écartez le fichier, puis renvoyez-le.".to_owned()
        } else {
            w.pourquoi
        },
        nature: w.nature.map(NatureFichier::from),
        choix: w.choix.into_iter().map(NatureFichier::from).collect(),
        lu: w.rapport.map(|r| LectureFichier {
            regles: rules(&r),
            format: r.format,
            lignes_lues: r.lignes_lues,
            lignes_gardees: r.lignes_gardees,
            lignes_avec_drapeau: r.lignes_avec_drapeau,
            lignes_rejetees: r.lignes_rejetees,
            remarques: r.remarques,
            comptes: r.comptes,
        }),
        remplacement: w.remplacement.map(|r| RemplacementFichier {
            communes_touchees: r.communes.len(),
            communes: r
                .communes
                .iter()
                .take(COMMUNES)
                .map(|c| CommuneFichier {
                    nom: name(&c.commune),
                    code: c.commune.clone(),
                    avant: c.avant,
                    apres: c.apres,
                })
                .collect(),
            regle: r.regle,
            unite: r.unite,
            fichiers: r.fichiers.into_iter().map(FichierImporte::from).collect(),
            lignes_avant: r.lignes_avant,
            lignes_apres: r.lignes_apres,
            lignes_conservees: r.lignes_conservees,
            lignes_remplacees: r.lignes_remplacees,
            lignes_perdues: r.lignes_perdues,
        }),
        id: w.id,
        fichier: w.fichier,
        octets: w.octets,
        le: w.le,
        par: w.par,
        forcer: w.forcer,
        deja: w.deja,
        perte: w.perte,
    }
}

/// Le nom du fichier (documentation de l'interface).
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "its fields are the documentation; `Params` reads the values")]
pub struct FichierParams {
    /// Nom du fichier.
    pub fichier: String,
}

/// Fichiers envoyés qui attendent d'être importés
///
/// Dans l'ordre où il convient de les importer.
#[utoipa::path(
    get, path = "/api/admin/imports/fichiers", tag = "administration", operation_id = "admin_fichiers",
    responses((status = OK, body = Vec<FichierEnAttente>))
)]
pub async fn list(
    FromState(server): FromState<Server>,
    Current(app): Current,
    params: Params,
) -> Result<Json<Vec<FichierEnAttente>>, Problem> {
    params.finish()?;
    let root = app.root().to_owned();
    let all =
        tokio::task::spawn_blocking(move || waiting::list(&root)).await.map_err(|e| Problem::internal(&e))?;
    Ok(Json(all.into_iter().map(|w| shown(&server, &app, w)).collect()))
}

/// Envoyer un fichier
///
/// Tel quel dans le corps de la requête : CSV, classeur, GeoJSON, GeoPackage, Shapefile en archive zip ;
/// `.gz` et `.zip` acceptés. Il est reconnu et contrôlé aussitôt ; rien ne change dans les chiffres.
#[utoipa::path(
    post, path = "/api/admin/imports/fichiers", tag = "administration", operation_id = "admin_fichier_envoyer",
    params(FichierParams),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(
        (status = CREATED, body = Cree),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = PAYLOAD_TOO_LARGE, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn receive(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    mut params: Params,
    body: RawBody,
) -> Result<(StatusCode, Extension<Trace>, Json<Cree>), Problem> {
    let name = file_name(&params.required("fichier", "le nom du fichier")?, 120);
    params.finish()?;
    if name.is_empty() || name.starts_with('.') {
        return Err(Problem::value("fichier", &name, "Ce n'est pas un nom de fichier."));
    }
    let root = server.live.get().root().to_owned();
    let id = State::deposit_id()?;
    let limit = Deposits::embedded().map_err(|e| Problem::internal(&e))?.octets_max;
    let path = waiting::receive(&root, &id, &name).map_err(|e| Problem::internal(&e))?;
    let (octets, empreinte) = match store(&path, limit, body).await {
        Ok(done) => done,
        Err(problem) => {
            // What came of it is of no use.
            let _ = waiting::discard(&root, &id);
            return Err(problem);
        }
    };
    let w = Waiting::new(&id, &name, octets, &By::now(&visitor.person.courriel));
    start(&server, w)?;
    let trace = Trace::new("fichier_recu", id.clone()).with("fichier", name).with("empreinte", empreinte);
    Ok((StatusCode::CREATED, Extension(trace), Json(Cree { id })))
}

/// Notes a file and examines it in the background; returns at once.
fn start(server: &Server, w: Waiting) -> Result<(), Problem> {
    let told = server.works.begin_check(&w.id);
    // After it is told that somebody checks: a note that says so while nobody does was left by a dead server.
    if let Err(e) = waiting::keep(server.live.get().root(), &w) {
        server.works.end_check(&w.id);
        return Err(Problem::internal(&e));
    }
    let server = server.clone();
    tokio::spawn(async move {
        let id = w.id.clone();
        let root = server.live.get().root().to_owned();
        let _place = server.works.place().await;
        let work = move || {
            let progress = |lus, total| told.send_modify(|a| (a.lus, a.total) = (lus, total));
            let done = waiting::examine(&root, w, state::this_year(), &progress);
            // Put out of the way meanwhile, it has no folder any more.
            if waiting::get(&root, &done.id).is_some() {
                waiting::keep(&root, &done)?;
            }
            Ok::<(), crate::store::StoreError>(())
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(Ok(())) => {}
            Ok(Err(e)) => tracing::error!("contrôle du fichier {id} : {e}"),
            Err(e) => tracing::error!("contrôle du fichier {id} : {e}"),
        }
        server.works.end_check(&id);
    });
    Ok(())
}

/// Dire ce qu'est un fichier
///
/// Il est contrôlé à nouveau.
#[utoipa::path(
    post, path = "/api/admin/imports/fichiers/{id}/nature", tag = "administration",
    operation_id = "admin_fichier_preciser",
    params(("id" = String, Path, description = "Identifiant du fichier")),
    request_body = DireFichier,
    responses(
        (status = ACCEPTED, description = "Le contrôle recommence"),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
        (status = CONFLICT, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn say(
    FromState(server): FromState<Server>,
    Path(id): Path<String>,
    Body(said): Body<DireFichier>,
) -> Result<(StatusCode, Extension<Trace>), Problem> {
    let root = server.live.get().root().to_owned();
    let mut w = found(&root, &id)?;
    if server.works.check(&id).is_some() {
        return Err(Problem::conflict("Ce fichier est en cours de contrôle : attendez qu'il finisse."));
    }
    let NatureFichier { registre, annee, couche, departements, jour, .. } = said.nature;
    let mut nature = Nature { registre, annee, couche, departements, jour, en_mots: String::new() };
    let Some(kind) = nature.kind() else {
        let needs = "Dites le registre, et ce qu'il demande : l'année pour le RPLS, l'OPS et les attributions, la couche pour des \
                     zones, le département pour des adresses.";
        return Err(Problem::value("nature", &nature.registre, needs));
    };
    nature.en_mots = kind.words();
    let trace = Trace::new("fichier_precise", id)
        .with("fichier", w.fichier.as_str())
        .with("nature", nature.en_mots.as_str())
        .with("forcer", said.forcer);
    (w.nature, w.forcer, w.etat) = (Some(nature), said.forcer, Progress::Controle);
    start(&server, w)?;
    Ok((StatusCode::ACCEPTED, Extension(trace)))
}

/// Importer un fichier
///
/// Il est comparé à nouveau avec ce qui est en place ; ce qu'il remplace peut être remis pendant un temps.
#[utoipa::path(
    post, path = "/api/admin/imports/fichiers/{id}/import", tag = "administration",
    operation_id = "admin_fichier_importer",
    params(("id" = String, Path, description = "Identifiant du fichier")),
    request_body = ImporterFichier,
    responses(
        (status = OK, body = Modification),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
        (status = CONFLICT, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn import(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    Path(id): Path<String>,
    Body(asked): Body<ImporterFichier>,
) -> Result<Json<Modification>, Problem> {
    let root = server.live.get().root().to_owned();
    let w = found(&root, &id)?;
    if server.works.check(&id).is_some() {
        return Err(Problem::conflict("Ce fichier est en cours de contrôle : attendez qu'il finisse."));
    }
    let by = By::now(&visitor.person.courriel);
    let works = server.works.clone();
    let who = by.clone();
    let done = tokio::task::spawn_blocking(move || {
        let mut writer = works.writer()?;
        let promised = |report: &_, store: &_| Imported::of(report, &who).promise(store);
        waiting::carry_out(&mut writer, &w, asked.accepter_perte, &who, state::this_year(), &promised)
    });
    let (report, promise) = done.await.map_err(|e| Problem::internal(&e))?.map_err(|e| match e {
        ImportError::Store(e) => Problem::internal(&e),
        told => Problem::conflict(told.to_string()),
    })?;
    // The line is kept before its promise goes: who is killed in between leaves the promise.
    server.state.audit(&[Imported::of(&report, &by).trace().entry(&visitor)]).await?;
    let tidy = tokio::task::spawn_blocking(move || {
        promise.kept()?;
        waiting::discard(&root, &id).map_err(|source| crate::store::StoreError::Io { path: root, source })
    });
    tidy.await.map_err(|e| Problem::internal(&e))?.map_err(|e| Problem::internal(&e))?;
    Ok(Json(Modification { demande: server.works.changed() }))
}

/// Écarter un fichier
#[utoipa::path(
    delete, path = "/api/admin/imports/fichiers/{id}", tag = "administration",
    operation_id = "admin_fichier_ecarter",
    params(("id" = String, Path, description = "Identifiant du fichier")),
    responses(
        (status = NO_CONTENT, description = "Le fichier est écarté"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn discard(
    FromState(server): FromState<Server>,
    Path(id): Path<String>,
    params: Params,
) -> Result<(StatusCode, Extension<Trace>), Problem> {
    params.finish()?;
    let root = server.live.get().root().to_owned();
    let w = found(&root, &id)?;
    waiting::discard(&root, &id).map_err(|e| Problem::internal(&e))?;
    let trace = Trace::new("fichier_ecarte", id).with("fichier", w.fichier);
    Ok((StatusCode::NO_CONTENT, Extension(trace)))
}
