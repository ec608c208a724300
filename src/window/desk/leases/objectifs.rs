//! The rates that conventions intercommunales d'attribution set: who reads and who writes them.

use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;

use crate::access::{self, Person};
use crate::desk::editions::{App, Loaded};
use crate::desk::leases::reservataires;
use crate::desk::params::day;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::policy::objectifs::refusal;
use crate::reference::mix::Mix;
use crate::state::{Objectif, TauxCia};

/// Les taux des conventions, et ce qui peut en être fixé.
#[derive(Debug, Serialize, ToSchema)]
pub struct Objectifs {
    /// Version des règles appliquées : d'origine, ou modifiée localement, avec sa date et son empreinte.
    pub version: &'static str,
    /// EPCI dont vous pouvez fixer les taux ; nul : aucun.
    pub modifiable: Option<String>,
    pub objectifs: Vec<ObjectifListe>,
    /// Règles dont une convention peut fixer un autre taux.
    pub regles: Vec<RegleObjectif>,
    pub reservataires: Vec<crate::desk::leases::Choix>,
}

/// Un taux, avec les noms de ce qu'il vise.
#[derive(Debug, Serialize, ToSchema)]
pub struct ObjectifListe {
    #[serde(flatten)]
    pub objectif: Objectif,
    pub epci_nom: String,
    pub commune_nom: Option<String>,
    pub bailleur_nom: Option<String>,
    pub derogatoire: bool,
}

/// Une règle et son taux légal.
#[derive(Debug, Serialize, ToSchema)]
pub struct RegleObjectif {
    pub id: &'static str,
    pub libelle: &'static str,
    pub article: &'static str,
    /// Taux de la loi, en %.
    pub cible: f64,
    /// Un taux inférieur est possible avec l'accord du préfet.
    pub baisse_approuvee: bool,
}

/// Names of what rates are about: of the latest figures, and of the register for what has no figures.
pub struct Titles<'a> {
    app: &'a App,
    latest: Option<&'a Arc<Loaded>>,
}

impl<'a> Titles<'a> {
    #[must_use]
    pub fn of(app: &'a App) -> Self {
        Self { app, latest: app.millesimes.last() }
    }

    /// Name of an EPCI or a commune, its code if it has none.
    ///
    /// # Errors
    /// It has no figures, and the register cannot be read.
    pub fn zone(&self, scale: &str, code: &str) -> Result<String, Problem> {
        let layer = self.latest.and_then(|l| l.cube().layer(scale));
        if let Some(name) = layer.and_then(|l| Some(l.title(l.zone(code)?))) {
            return Ok(name);
        }
        let checker = self.app.checker().map_err(|e| Problem::internal(&e))?;
        Ok(if scale == "epci" { checker.epci_title(code) } else { checker.commune_title(code) })
    }

    /// Name of a bailleur, its SIREN if the register has none.
    #[must_use]
    pub fn lessor(&self, siren: &str) -> String {
        let known = self.latest.and_then(|l| {
            let all = l.cube().bailleurs();
            all.into_iter().find(|(code, name)| *code == siren && !name.is_empty())
        });
        known.map_or(siren, |(_, name)| name).to_owned()
    }
}

/// The EPCI whose rates a person may set.
pub fn own(person: &Person) -> Option<&str> {
    person.code().filter(|_| access::may(person, "objectifs_fixer").is_ok())
}

pub fn may_write(person: &Person, epci: &str) -> Result<(), Problem> {
    access::may(person, "objectifs_fixer").map_err(Problem::forbidden)?;
    if own(person) == Some(epci) {
        return Ok(());
    }
    Err(Problem::forbidden("Seul l'EPCI signataire fixe les taux de sa convention d'attribution."))
}

/// Years that a rate may be for: the law of 27 January 2017 is the first to know them.
const YEARS: std::ops::RangeInclusive<u16> = 2017..=2100;

/// Checks a rate, and writes it as it is kept.
pub fn checked(app: &App, person: &Person, t: TauxCia) -> Result<TauxCia, Problem> {
    may_write(person, &t.epci)?;
    let mix = Mix::embedded().map_err(|e| Problem::internal(&e))?;
    let rule = mix
        .rule(&t.regle)
        .ok_or_else(|| Problem::unknown("regle", &t.regle, mix.rules.iter().map(|r| r.id.as_str())))?;
    let some = |v: Option<String>| v.map(|v| v.trim().to_owned()).filter(|v| !v.is_empty());
    let t = TauxCia {
        commune: some(t.commune),
        bailleur: some(t.bailleur),
        reservataire: some(t.reservataire),
        cia: crate::desk::params::name("cia", &t.cia)?.to_owned(),
        signee: day("signee", &t.signee)?.to_string(),
        approbation: some(t.approbation).map(|d| day("approbation", &d)).transpose()?.map(|d| d.to_string()),
        ..t
    };
    if !(0.0..=100.0).contains(&t.taux) {
        return Err(Problem::value("taux", &t.taux.to_string(), "Un taux est un pourcentage, de 0 à 100."));
    }
    if let Some(why) = refusal(rule, t.taux / 100.0, t.approbation.is_some()) {
        return Err(Problem::value("taux", &t.taux.to_string(), why));
    }
    if !YEARS.contains(&t.du) || t.au.is_some_and(|au| au < t.du || !YEARS.contains(&au)) {
        let detail =
            format!("Les années vont de {} à {}, la dernière après la première.", YEARS.start(), YEARS.end());
        return Err(Problem::value("du", &t.du.to_string(), detail));
    }
    if let Some(commune) = &t.commune {
        let checker = app.checker().map_err(|e| Problem::internal(&e))?;
        if checker.epci_of(commune).as_deref() != Some(t.epci.as_str()) {
            return Err(Problem::value(
                "commune",
                commune,
                format!("La commune « {commune} » n'est pas connue dans l'EPCI {}.", t.epci),
            ));
        }
    }
    if let Some(b) = t.bailleur.as_deref().filter(|b| b.len() != 9 || !b.bytes().all(|c| c.is_ascii_digit()))
    {
        return Err(Problem::value("bailleur", b, "Un SIREN a neuf chiffres."));
    }
    if let Some(r) = t.reservataire.as_deref().filter(|r| !reservataires().iter().any(|v| v.id == **r)) {
        return Err(Problem::unknown("reservataire", r, reservataires().iter().map(|v| v.id.as_str())));
    }
    Ok(t)
}

pub fn trace(action: &'static str, id: &str, t: &TauxCia) -> Trace {
    Trace::new(action, id)
        .with("regle", t.regle.as_str())
        .with("epci", t.epci.as_str())
        .with("commune", t.commune.clone())
        .with("bailleur", t.bailleur.clone())
        .with("reservataire", t.reservataire.clone())
        .with("du", t.du)
        .with("au", t.au)
        .with("taux", t.taux)
        .with("cia", t.cia.as_str())
        .with("approbation", t.approbation.clone())
}
