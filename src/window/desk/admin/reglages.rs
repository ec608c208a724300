//! Parameters changed without recompiling, as they are told and checked.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::reference::registre::mot;
use crate::reference::reglages::table::{Effect, tables};
use crate::reference::reglages::{self, Change, Fault, Resolved, Value};
use crate::store::reglages::{Outcome, SettingsError};

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

/// A value of TOML as JSON has it.
pub fn json(value: &Value) -> serde_json::Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// The refusal of a change, with the parameter that it is about.
pub fn faulty(champ: &str, valeur: &str, fault: SettingsError) -> Problem {
    match fault {
        SettingsError::Fault(fault) => Problem::value(champ, valeur, fault.to_string()),
        SettingsError::Store(e) => Problem::internal(&e),
    }
}

/// Settings of the store that cannot be read: a fault of the server.
pub fn internal(fault: Fault) -> Problem {
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
pub fn changes(resolved: &Resolved, on: Date) -> Result<Vec<Changement>, Fault> {
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

/// The parameters of one file, entry by entry, with what the store lays over them.
pub fn parameters(resolved: &Resolved, name: &str) -> Result<Vec<Parametre>, Fault> {
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
            // Else the text that the whole file follows.
            origine: said(&p.path, &ORIGINS).or_else(|| {
                Some((*of.get("source.texte").filter(|_| p.path != "source.texte")?).as_str()?.to_owned())
            }),
            borne: bound(&p.path),
            programme: p.embedded.as_ref().map(json),
            valeur: json(&p.now),
            parametre: p.path.clone(),
        })
        .collect())
}

/// Parameters of all files that have the number searched for or every word, and how many more of the latter
/// there are than are given.
pub fn search(resolved: &Resolved, words: &str) -> Result<(Vec<Parametre>, usize), Fault> {
    let asked = mot(words);
    // A value that one has in hand: 23403, « 23 403 ».
    let number: Option<u64> = asked.replace('_', "").parse().ok();
    let (mut found, mut left) = (Vec::new(), 0);
    for file in &tables()?.files {
        for p in parameters(resolved, &file.nom)? {
            if number.is_some_and(|n| p.valeur == n) {
                found.push(p);
                continue;
            }
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

/// The line of the trail of a change.
pub fn trace(action: &'static str, file: &str, path: &str, outcome: &Outcome, trial: bool) -> Trace {
    let action = if trial { "reglage_essai" } else { action };
    Trace::new(action, format!("{file} {path}").trim_end().to_owned())
        .with("avant", outcome.before.as_ref().map(json))
        .with("apres", outcome.after.as_ref().map(json))
}
