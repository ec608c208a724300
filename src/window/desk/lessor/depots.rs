//! What is told of a deposit: rules, findings, what would change.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::editions::App;
use crate::desk::lessor::rows::corrections;
use crate::desk::problem::Problem;
use crate::reference::depots::Deposits;
use crate::registers::report::{Level, Report};
use crate::state::{Deposit, GesteDepot, State, StatutDepot};
use crate::stock::waves::{Change, Comparison};

/// Un dépôt.
#[derive(Debug, Serialize, ToSchema)]
pub struct Depot {
    pub id: String,
    /// `rpls` ou `ops`.
    pub registre: String,
    /// Millésime ou vague.
    pub annee: u16,
    pub fichier: String,
    pub octets: u64,
    pub statut: StatutDepot,
    pub motif: Option<String>,
    pub lignes_lues: Option<u64>,
    pub lignes_gardees: Option<u64>,
    pub lignes_signalees: Option<u64>,
    pub lignes_rejetees: Option<u64>,
    /// Secondes depuis 1970.
    pub cree: i64,
}

/// Un dépôt, ce que son contrôle a trouvé, et son historique.
#[derive(Debug, Serialize, ToSchema)]
pub struct DetailDepot {
    #[serde(flatten)]
    pub depot: Depot,
    pub format: Option<String>,
    pub regles: Vec<RegleDepot>,
    pub remarques: Vec<String>,
    /// Réparations et autres comptes, par nom stable.
    pub comptes: BTreeMap<String, u64>,
    pub comparaison: Option<ComparaisonDepot>,
    /// Lignes corrigées dans la page.
    pub lignes_corrigees: usize,
    pub historique: Vec<GesteDepot>,
}

/// Une règle et le nombre de lignes qui l'enfreignent.
#[derive(Debug, Serialize, ToSchema)]
pub struct RegleDepot {
    pub id: String,
    pub libelle: String,
    /// `rejet` ou `drapeau`.
    pub niveau: &'static str,
    pub lignes: u64,
}

/// Le dépôt à côté de l'année d'avant et de ce qui est en vigueur.
#[derive(Debug, Serialize, ToSchema)]
pub struct ComparaisonDepot {
    pub annee_avant: Option<u16>,
    pub total: CommuneDepot,
    /// Les plus fortes pertes d'abord.
    pub communes: Vec<CommuneDepot>,
    /// Communes à regarder avant d'accepter.
    pub alertes: usize,
    /// Part perdue au-delà de laquelle une commune est signalée.
    pub perte_signalee: f64,
}

/// Une commune d'un dépôt : logements (RPLS) ou ménages interrogés (OPS).
#[derive(Debug, Serialize, ToSchema)]
pub struct CommuneDepot {
    pub code: String,
    pub nom: String,
    pub depot: u64,
    pub avant: Option<u64>,
    pub en_vigueur: Option<u64>,
    /// Évolution par rapport à l'année d'avant, sinon à ce qui est en vigueur ; −0,4 : 40 % de moins.
    pub evolution: Option<f64>,
    /// OPS seulement.
    pub taux_reponse: Option<f64>,
    pub taux_reponse_avant: Option<f64>,
    pub alerte: Option<String>,
}

/// A deposit as the list has it, and its report once it is read.
pub fn shown(d: &Deposit) -> (Depot, Option<Report>) {
    let report: Option<Report> = serde_json::from_str(&d.rapport).ok();
    let count = |f: fn(&Report) -> u64| report.as_ref().map(f);
    let depot = Depot {
        id: d.id.clone(),
        registre: d.registre.clone(),
        annee: d.annee,
        fichier: d.fichier.clone(),
        octets: d.octets,
        statut: d.statut,
        motif: Some(d.motif.clone()).filter(|m| !m.is_empty()),
        lignes_lues: count(|r| r.lignes_lues),
        lignes_gardees: count(|r| r.lignes_gardees),
        lignes_signalees: count(|r| r.lignes_avec_drapeau),
        lignes_rejetees: count(|r| r.lignes_rejetees),
        cree: d.cree,
    };
    (depot, report)
}

/// What a deposit would change, commune by commune.
pub fn compared(app: &App, registre: &str, comparison: &Comparison) -> Result<ComparaisonDepot, Problem> {
    let rules = Deposits::embedded().map_err(|e| Problem::internal(&e))?;
    let layer = app.millesimes.last().and_then(|l| l.cube().layer("commune"));
    let name = |code: &str| match (&layer, code) {
        (_, "") => "Commune non renseignée".to_owned(),
        (Some(l), code) => l
            .zone(code)
            .map(|z| l.names.get(z as usize).to_owned())
            .filter(|n| !n.is_empty())
            .unwrap_or_else(|| code.to_owned()),
        (None, code) => code.to_owned(),
    };
    let line = |c: &Change, nom: String| {
        let rate = |n: crate::stock::waves::Count| {
            (registre == "ops" && n.lignes > 0).then(|| n.repondants as f64 / n.lignes as f64)
        };
        let reference = c.avant.or(c.en_vigueur).map(|r| r.lignes);
        let evolution = reference.filter(|r| *r > 0).map(|r| c.depot.lignes as f64 / r as f64 - 1.0);
        let lost = evolution
            .filter(|e| -e >= rules.perte_signalee && reference.is_some_and(|r| r >= rules.effectif_min));
        let low =
            rate(c.depot).filter(|r| *r < rules.taux_reponse_bas && c.depot.lignes >= rules.effectif_min);
        let alerte = match (lost, low) {
            (Some(e), _) => Some(format!(
                "perd {:.0} % de ses {}",
                -e * 100.0,
                if registre == "ops" { "ménages" } else { "logements" }
            )),
            (None, Some(r)) => Some(format!("{:.0} % de réponses seulement", r * 100.0)),
            (None, None) => None,
        };
        CommuneDepot {
            code: c.commune.clone(),
            nom,
            depot: c.depot.lignes,
            avant: c.avant.map(|a| a.lignes),
            en_vigueur: c.en_vigueur.map(|a| a.lignes),
            evolution,
            taux_reponse: rate(c.depot),
            taux_reponse_avant: c.avant.and_then(rate),
            alerte,
        }
    };
    let mut communes: Vec<CommuneDepot> =
        comparison.communes.iter().map(|c| line(c, name(&c.commune))).collect();
    communes.sort_by(|a, b| {
        let key = |c: &CommuneDepot| (c.alerte.is_none(), c.evolution.unwrap_or(f64::INFINITY));
        key(a).partial_cmp(&key(b)).unwrap_or(std::cmp::Ordering::Equal).then_with(|| a.nom.cmp(&b.nom))
    });
    Ok(ComparaisonDepot {
        annee_avant: comparison.annee_avant,
        total: line(&comparison.total, "Ensemble".to_owned()),
        alertes: communes.iter().filter(|c| c.alerte.is_some()).count(),
        perte_signalee: rules.perte_signalee,
        communes,
    })
}

/// Rules that a file breaks, those that refuse rows first.
pub fn rules(report: &Report) -> Vec<RegleDepot> {
    let rule = |(id, r): (&String, &crate::registers::report::RuleCount)| RegleDepot {
        id: id.clone(),
        libelle: r.libelle.clone(),
        niveau: if r.niveau == Level::Rejet { "rejet" } else { "drapeau" },
        lignes: r.lignes,
    };
    report.regles.iter().map(rule).collect()
}

/// All that is told of one deposit.
pub async fn detail(state: &State, app: &App, siren: &str, id: &str) -> Result<DetailDepot, Problem> {
    let deposit = state.deposit(siren, id).await?;
    let (depot, report) = shown(&deposit);
    let comparison: Option<Comparison> = serde_json::from_str(&deposit.comparaison).ok();
    let (mut regles, remarques, comptes, format) = match report {
        None => (Vec::new(), Vec::new(), BTreeMap::new(), None),
        Some(r) => (rules(&r), r.remarques, r.comptes, Some(r.format)),
    };
    regles.sort_by_key(|r| (r.niveau != "rejet", std::cmp::Reverse(r.lignes)));
    Ok(DetailDepot {
        comparaison: comparison.map(|c| compared(app, &deposit.registre, &c)).transpose()?,
        lignes_corrigees: corrections(&deposit).len(),
        historique: state.deposit_history(id).await?,
        depot,
        format,
        regles,
        remarques,
        comptes,
    })
}
