//! `/api/admin/reglages`: the rules of the program that the store changes, for who runs the server.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Extension, State as FromState};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::days;
use crate::desk::params::{Params, day};
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::reference::registre::mot;
use crate::reference::reglages::table::{Effect, tables};
use crate::reference::reglages::{self, Change, Fault, Resolved, Value};
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::body::Body;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;
use crate::store::reglages::{self as folder, Asked, Outcome, SettingsError};

/// Ce qui peut être réglé sans recompiler, et ce qui l'est.
#[derive(Debug, Serialize, ToSchema)]
pub struct Reglages {
    /// Pourquoi le dossier `reglages/` n'est pas suivi, s'il ne l'est pas : les règles d'avant restent.
    pub faute: Option<String>,
    pub fichiers: Vec<FichierReglable>,
    /// Tous les changements, passés et à venir compris.
    pub changements: Vec<Changement>,
    /// Paramètres du fichier demandé, ou qui contiennent les mots cherchés.
    pub parametres: Vec<Parametre>,
    /// Paramètres que les mots cherchés désignent, au-delà de ceux qui sont donnés.
    pub reste: usize,
}

/// Un fichier de règles.
#[derive(Debug, Serialize, ToSchema)]
pub struct FichierReglable {
    pub nom: String,
    pub libelle: String,
    pub effet: Effect,
    pub note: Option<String>,
    /// Version des règles, telle que les réponses la nomment.
    pub version: Option<String>,
    pub parametres: usize,
    /// Paramètres dont la valeur n'est pas celle du programme.
    pub modifies: usize,
    /// Listes où l'on peut ajouter une entrée.
    pub ajouts: Vec<String>,
    /// Un paramètre que l'on peut ajouter, comme il s'écrit.
    pub exemple: Option<String>,
}

/// Quand un changement vaut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EtatChangement)]
pub enum Standing {
    EnVigueur,
    AVenir,
    Passe,
    /// Un changement postérieur du même paramètre vaut à sa place.
    Remplace,
}

/// Un paramètre que le magasin change.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Changement {
    pub fichier: String,
    pub parametre: String,
    pub valeur: serde_json::Value,
    pub source: String,
    /// Premier et dernier jours, AAAA-MM-JJ.
    pub du: String,
    pub au: Option<String>,
    pub par: String,
    pub le: String,
    pub etat: Standing,
}

/// Un paramètre.
#[derive(Debug, Serialize, ToSchema)]
pub struct Parametre {
    pub fichier: String,
    pub parametre: String,
    /// De quoi il est la valeur, dans les mots du fichier.
    pub libelle: Option<String>,
    /// Texte ou choix dont vient la valeur du programme.
    pub origine: Option<String>,
    /// Valeur du programme ; absente d'une entrée que le magasin ajoute.
    pub programme: Option<serde_json::Value>,
    /// Valeur en vigueur.
    pub valeur: serde_json::Value,
    /// Ce qu'aucun changement ne passe.
    pub borne: Option<String>,
}

/// Un changement demandé.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DemandeReglage {
    /// `rules/fragilite.toml`
    pub fichier: String,
    /// `composante.f1.poids`
    pub parametre: String,
    pub valeur: serde_json::Value,
    /// Texte, décision ou arrêté qui fonde la valeur.
    pub source: String,
    /// Premier jour, AAAA-MM-JJ ; à défaut, aujourd'hui.
    pub du: Option<String>,
    /// Dernier jour ; à défaut, jusqu'à nouvel ordre.
    pub au: Option<String>,
}

/// Un paramètre à rendre au programme.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetourReglage {
    pub fichier: String,
    /// Vide : tous ceux du fichier.
    pub parametre: String,
}

/// Ce qu'un changement fait, ou ferait.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReponseReglage {
    /// Valeurs en vigueur aujourd'hui, avant et après.
    pub avant: Option<serde_json::Value>,
    pub apres: Option<serde_json::Value>,
    pub effet: Effect,
    /// Si les chiffres sont à refaire.
    pub chiffres_refaits: bool,
    /// Faux pour un essai : rien n'a changé.
    pub enregistre: bool,
    /// Numéro de la modification, que `/api/travaux` dit faite quand les chiffres la montrent ; nul si aucun
    /// chiffre n'est à refaire.
    pub demande: Option<u64>,
}

fn json(value: &Value) -> serde_json::Value {
    serde_json::to_value(value).unwrap_or_default()
}

fn faulty(champ: &str, valeur: &str, fault: SettingsError) -> Problem {
    match fault {
        SettingsError::Fault(fault) => Problem::value(champ, valeur, fault.to_string()),
        SettingsError::Store(e) => Problem::internal(&e),
    }
}

fn internal(fault: Fault) -> Problem {
    Problem::internal(&fault)
}

fn standing(change: &Change, on: Date) -> Standing {
    match change {
        c if c.holds(on) => Standing::EnVigueur,
        c if c.du > on => Standing::AVenir,
        _ => Standing::Passe,
    }
}

/// Changes parameter by parameter, the last of each parameter that holds being the one in force.
fn changes(resolved: &Resolved, on: Date) -> Result<Vec<Changement>, Fault> {
    let mut out: Vec<Changement> = Vec::new();
    for c in &resolved.changes {
        for (path, value) in Resolved::paths(c)? {
            // Written by the change itself, beside the value that it gives.
            if path.ends_with(".source") && value.as_str() == Some(c.source.as_str()) {
                continue;
            }
            let etat = standing(c, on);
            if etat == Standing::EnVigueur {
                let same = |o: &&mut Changement| {
                    o.fichier == c.file && o.parametre == path && o.etat == Standing::EnVigueur
                };
                out.iter_mut().filter(same).for_each(|o| o.etat = Standing::Remplace);
            }
            out.push(Changement {
                fichier: c.file.to_owned(),
                parametre: path,
                valeur: json(&value),
                source: c.source.clone(),
                du: c.du.to_string(),
                au: c.au.map(|d| d.to_string()),
                par: c.par.clone(),
                le: c.le.clone(),
                etat,
            });
        }
    }
    Ok(out)
}

/// Parameters that a search gives at most.
const FOUND_MAX: usize = 200;

/// Fields of an entry that say what it is, and where it comes from.
const NAMES: [&str; 3] = ["libelle", "nom", "texte"];
const ORIGINS: [&str; 4] = ["source", "article", "reference", "texte"];

fn parameters(resolved: &Resolved, name: &str) -> Result<Vec<Parametre>, Fault> {
    let bound = |path: &str| {
        let all = tables().ok()?.bounds.iter().filter(|b| b.fichier == name);
        all.filter(|b| reglages::table::matches(&b.parametre, path)).map(|b| b.motif.clone()).next()
    };
    let words = |path: &str| Some(tables().ok()?.words(name, path)?.to_owned());
    let all = resolved.parameters(name)?;
    let of: BTreeMap<&str, &Value> =
        all.iter().map(|p| (p.path.as_str(), p.embedded.as_ref().unwrap_or(&p.now))).collect();
    // In the entry itself, else in those that hold it.
    let said = |path: &str, fields: &[&str]| {
        let mut at = path;
        loop {
            at = at.rsplit_once('.').map_or("", |(up, _)| up);
            for field in fields {
                let there = if at.is_empty() { (*field).to_owned() } else { format!("{at}.{field}") };
                if let Some(text) = of.get(there.as_str()).filter(|_| there != path).and_then(|v| v.as_str())
                {
                    return Some(text.to_owned());
                }
            }
            if at.is_empty() {
                return None;
            }
        }
    };
    Ok(all
        .iter()
        .map(|p| Parametre {
            fichier: name.to_owned(),
            libelle: words(&p.path).or_else(|| said(&p.path, &NAMES)),
            origine: said(&p.path, &ORIGINS),
            borne: bound(&p.path),
            programme: p.embedded.as_ref().map(json),
            valeur: json(&p.now),
            parametre: p.path.clone(),
        })
        .collect())
}

/// Parameters of all files that have every word of a search, and how many more there are than are given.
fn search(resolved: &Resolved, words: &str) -> Result<(Vec<Parametre>, usize), Fault> {
    let asked = mot(words);
    let (mut found, mut left) = (Vec::new(), 0);
    for file in &tables()?.files {
        for p in parameters(resolved, &file.nom)? {
            let text = [&file.nom, &file.libelle, &p.parametre, p.libelle.as_ref().unwrap_or(&file.nom)];
            let text = text.map(|t| mot(t)).join("_");
            if !asked.split('_').all(|w| text.contains(w)) {
                continue;
            }
            if found.len() < FOUND_MAX { found.push(p) } else { left += 1 }
        }
    }
    Ok((found, left))
}

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

fn trace(action: &'static str, file: &str, path: &str, outcome: &Outcome, trial: bool) -> Trace {
    let action = if trial { "reglage_essai" } else { action };
    Trace::new(action, format!("{file} {path}").trim_end().to_owned())
        .with("avant", outcome.before.as_ref().map(json))
        .with("apres", outcome.after.as_ref().map(json))
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
