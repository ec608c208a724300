//! `mosaique reglages`: rules of the program that the store changes, without recompiling.

use clap::{Args, Subcommand};

use super::out::say;
use super::{Failure, StoreArgs, build, holder, import};
use crate::days::{self, Date};
use crate::desk::trace::Trace;
use crate::reference::reglages::table::{Effect, tables};
use crate::reference::reglages::{self, Resolved, Value};
use crate::store::reglages::{self as folder, Asked, Outcome};

/// What help ends with.
pub const EXAMPLES: &str = "Exemples :
  mosaique reglages list
  mosaique reglages show rules/fragilite.toml composante.f1
  mosaique reglages set rules/fragilite.toml composante.f1.poids 0,35 --source \"CIL du 12 mars 2026\"
  mosaique reglages set rules/seuils.toml seuil.200000001-2026.eur_uc 9130 --source \"Arrêté du …\" --du 2026-06-02
  mosaique reglages reset rules/fragilite.toml composante.f1.poids";

#[derive(Debug, Subcommand)]
pub enum ReglagesCommand {
    /// Fichiers de règles, et ce que le magasin en change
    List(ListArgs),
    /// Paramètres d'un fichier, avec leur valeur en vigueur et celle du programme
    Show(ShowArgs),
    /// Changer un paramètre
    #[command(after_help = EXAMPLES)]
    Set(SetArgs),
    /// Vérifier le dossier « reglages » du magasin, sans rien changer
    Check(CheckArgs),
    /// Rendre un paramètre (ou tout un fichier) au programme
    Reset(ResetArgs),
}

#[derive(Debug, Args)]
pub struct ListArgs {
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Args)]
pub struct CheckArgs {
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Args)]
pub struct ShowArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// Fichier, comme « mosaique reglages list » l'écrit : rules/fragilite.toml
    fichier: String,
    /// Début des paramètres à montrer : composante.f1
    parametre: Option<String>,
}

#[derive(Debug, Args)]
pub struct SetArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// Fichier : rules/fragilite.toml
    fichier: String,
    /// Paramètre : composante.f1.poids
    parametre: String,
    /// Valeur : 0,35, true, un texte, [1, 2, 3] ou { clé = valeur }
    #[arg(allow_hyphen_values = true)]
    valeur: String,
    /// Texte, décision ou arrêté qui fonde la valeur
    #[arg(long)]
    source: String,
    /// Premier jour, AAAA-MM-JJ ; à défaut, aujourd'hui
    #[arg(long)]
    du: Option<Date>,
    /// Dernier jour ; à défaut, jusqu'à nouvel ordre
    #[arg(long)]
    au: Option<Date>,
    /// Dire ce que le changement ferait, sans rien changer
    #[arg(long)]
    essai: bool,
}

#[derive(Debug, Args)]
pub struct ResetArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// Fichier : rules/fragilite.toml
    fichier: String,
    /// Paramètre ou entrée : composante.f1 ; à défaut, tout le fichier
    parametre: Option<String>,
    /// Dire ce que le retour ferait, sans rien changer
    #[arg(long)]
    essai: bool,
}

pub fn run(command: &ReglagesCommand) -> Result<(), Failure> {
    match command {
        ReglagesCommand::List(args) => list(args),
        ReglagesCommand::Show(args) => show(args),
        ReglagesCommand::Set(args) => set(args),
        ReglagesCommand::Check(args) => check(args),
        ReglagesCommand::Reset(args) => reset(args),
    }
}

fn resolved(store: &StoreArgs) -> Result<Resolved, Failure> {
    Ok(reglages::resolve(&folder::read(&store.data)?, days::today())?)
}

fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Reponses => "dès la prochaine réponse",
        Effect::Chiffres => "une fois les chiffres refaits",
        Effect::Imports => "pour les réponses, et les imports à venir",
        Effect::Demarrage => "au prochain démarrage du serveur",
    }
}

fn list(args: &ListArgs) -> Result<(), Failure> {
    let resolved = resolved(&args.store)?;
    for file in &tables()?.files {
        let all = resolved.parameters(&file.nom)?;
        let changed = all.iter().filter(|p| p.embedded.as_ref() != Some(&p.now)).count();
        let told = match changed {
            0 => String::new(),
            n => format!(", {n} modifié{}", if n > 1 { "s" } else { "" }),
        };
        say!("{:<22} {} ({} paramètres{told})", file.nom, file.libelle, all.len());
    }
    for change in &resolved.changes {
        let until = change.au.map(|d| format!(" au {d}")).unwrap_or_default();
        let state = if change.holds(days::today()) { "" } else { ", pas en vigueur aujourd'hui" };
        for (path, value) in Resolved::paths(change)? {
            say!("  {} {path} = {value}", change.file);
        }
        say!("      du {}{until}{state} — {} — {}, le {}", change.du, change.source, change.par, change.le);
    }
    Ok(())
}

fn show(args: &ShowArgs) -> Result<(), Failure> {
    let resolved = resolved(&args.store)?;
    let rules = reglages::file(&args.fichier)?;
    let start = args.parametre.as_deref().unwrap_or_default();
    let all: Vec<_> =
        resolved.parameters(&args.fichier)?.into_iter().filter(|p| p.path.starts_with(start)).collect();
    if all.is_empty() {
        return Err(format!(
            "« {} » n'a pas de paramètre « {start} » : mosaique reglages show {} les donne tous",
            args.fichier, args.fichier
        )
        .into());
    }
    say!("{} : {} ; un changement vaut {}.", args.fichier, rules.libelle, effect(rules.effet));
    if let Some(note) = &rules.note {
        say!("{note}");
    }
    for p in all {
        match p.embedded {
            Some(held) if held == p.now => say!("  {} = {}", p.path, p.now),
            Some(held) => say!("* {} = {} (programme : {held})", p.path, p.now),
            None => say!("* {} = {} (ajouté)", p.path, p.now),
        }
    }
    Ok(())
}

/// A value as it is typed: TOML, a figure with a comma, else a text.
fn value(text: &str) -> Value {
    let dotted = text.trim().replace(['\u{202f}', '\u{a0}'], "").replacen(',', ".", 1);
    let figure = dotted.parse::<f64>().is_ok() && !dotted.is_empty();
    let read = |t: &str| reglages::value_of(t);
    if figure { read(&dotted) } else { read(text) }.unwrap_or_else(|| Value::String(text.to_owned()))
}

fn told(outcome: &Outcome) -> String {
    let say = |v: &Option<Value>| v.as_ref().map_or_else(|| "absent".to_owned(), ToString::to_string);
    format!("{} → {}", say(&outcome.before), say(&outcome.after))
}

/// Says what was done, leaves its line in the trail, and makes figures anew if they need it.
fn done(
    store: &StoreArgs,
    file: &str,
    path: &str,
    outcome: &Outcome,
    trial: bool,
    trace: Trace,
) -> Result<(), Failure> {
    let when = effect(reglages::file(file)?.effet);
    if trial {
        say!("Essai : {file} {path} : {} ; rien n'a changé.", told(outcome));
        return Ok(());
    }
    let json = |v: &Option<Value>| v.as_ref().and_then(|v| serde_json::to_value(v).ok());
    import::noted(
        &store.data,
        [trace.with("avant", json(&outcome.before)).with("apres", json(&outcome.after))],
    )?;
    say!("{file} {path} : {} ; vaut {when}. Un serveur en marche le suit de lui-même.", told(outcome));
    if outcome.figures {
        say!(
            "Les chiffres qui en dépendent sont refaits par le serveur, ou par : {}",
            build::command(&store.data)
        );
    }
    Ok(())
}

fn set(args: &SetArgs) -> Result<(), Failure> {
    let today = days::today();
    let asked = Asked {
        file: args.fichier.clone(),
        path: args.parametre.clone(),
        value: value(&args.valeur),
        source: args.source.trim().to_owned(),
        du: args.du.unwrap_or(today),
        au: args.au,
        par: holder(),
        le: today,
    };
    if asked.source.is_empty() {
        return Err("dites le texte ou la décision qui fonde la valeur : --source « … »".into());
    }
    let outcome = folder::set(&args.store.data, &asked, args.essai)?;
    let trace = Trace::new("reglage_change", format!("{} {}", args.fichier, args.parametre))
        .with("valeur", serde_json::to_value(&asked.value)?)
        .with("source", asked.source.as_str())
        .with("du", asked.du.to_string())
        .with("au", asked.au.map(|d| d.to_string()));
    done(&args.store, &args.fichier, &args.parametre, &outcome, args.essai, trace)
}

fn check(args: &CheckArgs) -> Result<(), Failure> {
    let resolved = resolved(&args.store)?;
    match resolved.changes.len() {
        0 => say!("Rien n'est réglé : les règles sont celles du programme."),
        n => say!("Réglages sains : {n} changement{}.", if n > 1 { "s" } else { "" }),
    }
    Ok(())
}

fn reset(args: &ResetArgs) -> Result<(), Failure> {
    let path = args.parametre.as_deref().unwrap_or_default();
    let outcome = folder::reset(&args.store.data, &args.fichier, path, days::today(), args.essai)?;
    let trace = Trace::new("reglage_rendu", format!("{} {path}", args.fichier).trim_end().to_owned());
    done(&args.store, &args.fichier, path, &outcome, args.essai, trace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_as_people_type_it() {
        assert_eq!(value("0,35"), Value::Float(0.35));
        assert_eq!(value("12"), Value::Integer(12));
        assert_eq!(value("8\u{202f}861"), Value::Integer(8861));
        assert_eq!(value("true"), Value::Boolean(true));
        assert_eq!(value("inferieur_ou_egal"), Value::String("inferieur_ou_egal".into()));
        assert_eq!(value("[1, 2]"), Value::Array(vec![Value::Integer(1), Value::Integer(2)]));
        assert!(value("{ PLUS = 105.0 }").is_table());
    }
}
