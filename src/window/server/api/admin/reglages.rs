//! `/api/admin/reglages`: the rules of the program that the store changes, for who runs the server.

use axum::Json;
use axum::extract::{Extension, State as FromState};

use crate::days;
use crate::desk::admin::reglages::{
    DemandeReglage, FichierReglable, Reglages, ReponseReglage, RetourReglage, changes, faulty, internal,
    json, parameters, search, trace,
};
use crate::desk::params::{Params, day};
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::reference::reglages::table::tables;
use crate::reference::reglages::{self, Value};
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::body::Body;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;
use crate::store::reglages::{self as folder, Asked, Outcome, SettingsError};

/// Paramètres réglables
///
/// Fichiers de règles du programme, ce que le magasin en change (valeur, source, jours, auteur), et, avec
/// `fichier`, tous les paramètres de ce fichier ; avec `cherche`, ceux de tous les fichiers qui contiennent
/// ces mots.
#[utoipa::path(
    get, path = "/api/admin/reglages", tag = "administration", operation_id = "admin_reglages",
    params(
        ("fichier" = Option<String>, Query, description = "Fichier dont on veut les paramètres, par exemple rules/fragilite.toml"),
        ("cherche" = Option<String>, Query, description = "Mots du nom, du libellé ou du fichier, par exemple « poids »"),
    ),
    responses(
        (status = OK, body = Reglages),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn list(Current(app): Current, mut params: Params) -> Result<Json<Reglages>, Problem> {
    let (asked, words) = (params.take("fichier"), params.take("cherche"));
    params.finish()?;
    let root = app.root().to_owned();
    let read = move || -> Result<Reglages, Problem> {
        let (on, now) = (days::today(), reglages::in_force());
        let found = folder::read(&root)
            .map_err(SettingsError::from)
            .and_then(|texts| reglages::resolve(&texts, on).map_err(SettingsError::from));
        let (told, faute) = match found {
            Ok(resolved) => (resolved, None),
            Err(e) => (now.clone(), Some(e.to_string())),
        };
        let mut fichiers = Vec::new();
        for f in &tables().map_err(|e| Problem::internal(&e))?.files {
            let all = now.parameters(&f.nom).map_err(internal)?;
            let version = now.table(&f.nom).map_err(internal)?;
            fichiers.push(FichierReglable {
                nom: f.nom.clone(),
                libelle: f.libelle.clone(),
                effet: f.effet,
                note: f.note.clone(),
                version: version.get("version").cloned().and_then(|v| reglages::version(v).ok()),
                parametres: all.len(),
                modifies: all.iter().filter(|p| p.embedded.as_ref() != Some(&p.now)).count(),
                ajouts: f.ajout.clone(),
                exemple: f.exemple.clone(),
            });
        }
        let (parametres, reste) = match (&asked, &words) {
            (Some(name), _) => (parameters(&now, name).map_err(|e| faulty("fichier", name, e.into()))?, 0),
            (None, Some(words)) => search(&now, words).map_err(internal)?,
            (None, None) => (Vec::new(), 0),
        };
        let changements = changes(&told, on).map_err(internal)?;
        Ok(Reglages { faute, fichiers, changements, parametres, reste })
    };
    tokio::task::spawn_blocking(read).await.map_err(|e| Problem::internal(&e))?.map(Json)
}

/// Changer un paramètre
///
/// La valeur vaut dès le jour dit, pour toutes les réponses ; les chiffres qui en dépendent sont refaits.
/// Avec `essai=true`, dit ce que le changement ferait. Le secret et les droits ne deviennent que plus
/// stricts.
#[utoipa::path(
    post, path = "/api/admin/reglages", tag = "administration", operation_id = "admin_reglage_changer",
    params(("essai" = Option<bool>, Query, description = "Dire ce que le changement ferait, sans rien changer")),
    request_body = DemandeReglage,
    responses(
        (status = OK, body = ReponseReglage),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn change(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    mut params: Params,
    Body(asked): Body<DemandeReglage>,
) -> Result<(Extension<Trace>, Json<ReponseReglage>), Problem> {
    let trial = params.take("essai").is_some_and(|e| e == "true");
    params.finish()?;
    let source = asked.source.trim();
    if source.is_empty() {
        return Err(Problem::missing("source", "le texte, la décision ou l'arrêté qui fonde la valeur"));
    }
    let today = days::today();
    let given = asked.valeur.to_string();
    let value = Value::try_from(&asked.valeur).map_err(|_| {
        Problem::value("valeur", &given, "Une valeur est un nombre, un texte, vrai ou faux, ou une liste.")
    })?;
    let wanted = Asked {
        file: asked.fichier.clone(),
        path: asked.parametre.clone(),
        value,
        source: source.to_owned(),
        du: asked.du.as_deref().map_or(Ok(today), |d| day("du", d))?,
        au: asked.au.as_deref().map(|d| day("au", d)).transpose()?,
        par: visitor.person.courriel.clone(),
        le: today,
    };
    if wanted.au.is_some_and(|last| last < wanted.du) {
        return Err(Problem::value(
            "au",
            asked.au.as_deref().unwrap_or_default(),
            "Le dernier jour est avant le premier.",
        ));
    }
    let (du, au) = (wanted.du.to_string(), wanted.au.map(|d| d.to_string()));
    let outcome =
        done(&server, trial, move |root| folder::set(root, &wanted, trial), "valeur", &given).await?;
    let trace = trace("reglage_change", &asked.fichier, &asked.parametre, &outcome, trial)
        .with("valeur", asked.valeur)
        .with("source", source)
        .with("du", du)
        .with("au", au);
    answer(&server, &asked.fichier, trace, outcome, trial)
}

/// Rendre un paramètre au programme
///
/// Tous les changements de ce paramètre sont retirés : la valeur du programme vaut de nouveau.
#[utoipa::path(
    post, path = "/api/admin/reglages/retour", tag = "administration", operation_id = "admin_reglage_rendre",
    params(("essai" = Option<bool>, Query, description = "Dire ce que le retour ferait, sans rien changer")),
    request_body = RetourReglage,
    responses(
        (status = OK, body = ReponseReglage),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn reset(
    FromState(server): FromState<Server>,
    mut params: Params,
    Body(asked): Body<RetourReglage>,
) -> Result<(Extension<Trace>, Json<ReponseReglage>), Problem> {
    let trial = params.take("essai").is_some_and(|e| e == "true");
    params.finish()?;
    let (file, path, on) = (asked.fichier.clone(), asked.parametre.clone(), days::today());
    let outcome = done(
        &server,
        trial,
        move |root| folder::reset(root, &file, &path, on, trial),
        "parametre",
        &asked.parametre,
    )
    .await?;
    let trace = trace("reglage_rendu", &asked.fichier, &asked.parametre, &outcome, trial);
    answer(&server, &asked.fichier, trace, outcome, trial)
}

/// Does something to the folder, takes up what it then says, and answers by it from here on; figures that
/// are to be made anew follow when they are.
async fn done(
    server: &Server,
    trial: bool,
    work: impl FnOnce(&std::path::Path) -> Result<Outcome, SettingsError> + Send + 'static,
    champ: &'static str,
    valeur: &str,
) -> Result<Outcome, Problem> {
    let live = server.live.clone();
    let done = tokio::task::spawn_blocking(move || {
        let root = live.get().root().to_owned();
        let outcome = work(&root)?;
        if !trial {
            folder::take_up(&root, days::today())?;
        }
        let anew = !trial && !outcome.figures;
        Ok((outcome, if anew { live.reload(&root).err() } else { None }))
    });
    let (outcome, failed) =
        done.await.map_err(|e| Problem::internal(&e))?.map_err(|e| faulty(champ, valeur, e))?;
    match failed {
        Some(e) => Err(Problem::internal(&e)),
        None => Ok(outcome),
    }
}

fn answer(
    server: &Server,
    file: &str,
    trace: Trace,
    outcome: Outcome,
    trial: bool,
) -> Result<(Extension<Trace>, Json<ReponseReglage>), Problem> {
    let told = ReponseReglage {
        avant: outcome.before.as_ref().map(json),
        apres: outcome.after.as_ref().map(json),
        effet: reglages::file(file).map_err(internal)?.effet,
        chiffres_refaits: outcome.figures,
        enregistre: !trial,
        demande: (!trial && outcome.figures).then(|| server.works.changed()),
    };
    Ok((Extension(trace), Json(told)))
}
