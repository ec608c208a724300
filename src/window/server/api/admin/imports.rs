//! `/api/admin/imports`: what was imported, taking it out, putting back what it replaced.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Extension, State as FromState};

use crate::admission::{AdmissionError, is_imported, undoable};
use crate::desk::admin::imports::{ARemettre, ChoixImport, FichierImporte, Imports, JeuImporte, files};
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::reference::magasin::magasin;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::body::Body;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;
use crate::server::edge::receipts::Modification;
use crate::store::{By, Dataset, Operation, Store, StoreError, Writer};

/// Fichiers importés, et ceux qui peuvent être remis
#[utoipa::path(
    get, path = "/api/admin/imports", tag = "administration", operation_id = "admin_imports",
    responses((status = OK, body = Imports))
)]
pub async fn list(
    FromState(server): FromState<Server>,
    Current(app): Current,
    params: Params,
) -> Result<Json<Imports>, Problem> {
    params.finish()?;
    // What comes from the page has no note with its files.
    let accepted = server.state.acceptances().await?.into_iter();
    let accepted: BTreeMap<(String, String), (i64, String)> = accepted
        .map(|(registre, annee, siren, le, par)| {
            ((format!("depot_{registre}"), format!("{annee}-{siren}")), (le, par))
        })
        .collect();
    let checker = app.checker().map_err(|e| Problem::internal(&e))?;
    let root = app.root().to_owned();
    let store = tokio::task::spawn_blocking(move || Store::open(&root))
        .await
        .map_err(|e| Problem::internal(&e))?
        .map_err(|e| Problem::internal(&e))?;
    let m = store.manifest();
    let waiting: Vec<&str> = m.not_built().iter().map(|d| d.dossier.as_str()).collect();
    let set = |d: &Dataset| JeuImporte {
        registre: d.rapport.registre.clone(),
        cle: d.rapport.cle.clone(),
        bailleur: d
            .rapport
            .cle
            .split_once('-')
            .filter(|_| d.rapport.registre.starts_with("depot_"))
            .map(|(_, siren)| checker.parc.owner(siren).to_owned()),
        retirable: undoable(&store, &d.rapport.registre, &d.rapport.cle).is_ok(),
        construit: !waiting.contains(&d.dossier.as_str()),
        lignes_rejetees: d.rapport.lignes_rejetees,
        lignes_avec_drapeau: d.rapport.lignes_avec_drapeau,
        fichiers: files(d)
            .into_iter()
            .map(|f| match accepted.get(&(d.rapport.registre.clone(), d.rapport.cle.clone())) {
                Some((le, par)) if f.le == 0 => FichierImporte { le: *le, par: par.clone(), ..f },
                _ => f,
            })
            .collect(),
    };
    let former = |o: &Operation| ARemettre {
        registre: o.registre.clone(),
        cle: o.cle.clone(),
        le: o.le,
        par: o.par.clone(),
        fichiers: o.avant.iter().flat_map(files).collect(),
    };
    Ok(Json(Imports {
        imports: m.jeux.iter().filter(|d| is_imported(&d.rapport.registre)).map(set).collect(),
        a_remettre: m.historique.iter().rev().map(former).collect(),
        jours: magasin().map_err(|e| Problem::internal(&e))?.conservation.jours,
    }))
}

/// Retirer un jeu de données
///
/// Les chiffres sont refaits sans lui ; il peut être remis pendant un temps.
#[utoipa::path(
    post, path = "/api/admin/imports/retrait", tag = "administration", operation_id = "admin_import_retirer",
    request_body = ChoixImport,
    responses(
        (status = OK, body = Modification),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn remove(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    Body(asked): Body<ChoixImport>,
) -> Result<(Extension<Trace>, Json<Modification>), Problem> {
    let by = who(&visitor);
    act(&server, &asked, "import_retire", move |w, c| w.remove(&c.registre, &c.cle, &by)).await
}

/// Remettre ce que le dernier import ou retrait a remplacé
#[utoipa::path(
    post, path = "/api/admin/imports/retour", tag = "administration", operation_id = "admin_import_remettre",
    request_body = ChoixImport,
    responses(
        (status = OK, body = Modification),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn restore(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    Body(asked): Body<ChoixImport>,
) -> Result<(Extension<Trace>, Json<Modification>), Problem> {
    let by = who(&visitor);
    act(&server, &asked, "import_remis", move |w, c| w.restore(&c.registre, &c.cle, &by).map(|_| ())).await
}

fn who(visitor: &crate::server::auth::who::Visitor) -> By {
    By::now(&visitor.person.courriel)
}

/// Changes the store, then brings figures up to date.
async fn act(
    server: &Server,
    asked: &ChoixImport,
    action: &'static str,
    work: impl FnOnce(&mut Writer, &ChoixImport) -> Result<(), StoreError> + Send + 'static,
) -> Result<(Extension<Trace>, Json<Modification>), Problem> {
    let works = server.works.clone();
    let choice = ChoixImport { registre: asked.registre.clone(), cle: asked.cle.clone() };
    let done = tokio::task::spawn_blocking(move || -> Result<(), AdmissionError> {
        let mut writer = works.writer()?;
        undoable(writer.store(), &choice.registre, &choice.cle)?;
        Ok(work(&mut writer, &choice)?)
    });
    done.await.map_err(|e| Problem::internal(&e))?.map_err(|e| match e {
        AdmissionError::FromThePage { .. }
        | AdmissionError::Store(
            StoreError::Unknown { .. } | StoreError::NoFormer { .. } | StoreError::Changed { .. },
        ) => Problem::value("cle", &asked.cle, e.to_string()),
        other => Problem::internal(&other),
    })?;
    let trace = Trace::new(action, format!("{} {}", asked.registre, asked.cle));
    Ok((Extension(trace), Json(Modification { demande: server.works.changed() })))
}
