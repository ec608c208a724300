//! `data/rules/mix.toml`: the targets of social mix, and what texts leave open.

use serde::{Deserialize, Serialize};

use super::attributions::attributions;
use super::reglages::held::Held;
use super::reglages::version;
use super::{ReferenceError, parse};

const FILE: &str = "rules/mix.toml";

/// Whether a share must be reached or must not be exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sense {
    Minimum,
    Maximum,
}

/// Which leases a rule looks at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Where {
    #[default]
    Partout,
    Qpv,
    HorsQpv,
}

/// What may be asked of a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Criterion {
    /// Income per consumption unit in the first quartile of demands of the EPCI.
    Q1,
    AutresQuartiles,
    Anru,
    Orcod,
    Dalo,
    /// Priority of L.441-1, or a collective agreement.
    Prioritaire,
    /// Neither DALO nor priority.
    NonPrioritaire,
    Etat,
    EtatAgents,
    /// Within the stock of the same bailleur (CCH R.441-5, I).
    MutationInterne,
    /// Any relocation.
    Relogement,
    PremiereLocation,
}

/// Which other rate a convention intercommunale d'attribution may set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cia {
    /// Above the law's.
    Hausse,
    /// Below it too, with the prefect's approval.
    HausseOuBaisseApprouvee,
}

/// What a rule is in law.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NatureRegle)]
pub enum Nature {
    /// A share to reach or not to exceed.
    #[default]
    Objectif,
    /// Holds unless a convention stipulates otherwise, which is not known here.
    ClauseParDefaut,
    /// A share that is shown, and that no text sets a figure for.
    Constat,
}

/// Where a share is judged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NiveauRegle)]
pub enum Niveau {
    /// Any line of a table.
    #[default]
    Tous,
    /// Each bailleur in each département.
    BailleurDepartement,
}

/// One target.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub id: String,
    pub libelle: String,
    pub article: String,
    /// First and last days (`yyyymmdd`) of the leases that it holds for.
    pub debut: u32,
    pub fin: Option<u32>,
    pub sens: Sense,
    /// Share between 0 and 1.
    pub cible: f64,
    /// None: no other rate than the law's.
    pub cia: Option<Cia>,
    #[serde(default)]
    pub nature: Nature,
    #[serde(default)]
    pub niveau: Niveau,
    /// Whether it binds only the EPCI held to a PLH, or with the habitat competence and a QPV.
    #[serde(default)]
    pub soumis: bool,
    /// Whether its text says « attributions » without « suivies de baux signés »: both bases are given.
    #[serde(default)]
    pub decidees: bool,
    /// Whether a maximum is also to be approached, so that what lacks below it is shown.
    #[serde(default)]
    pub tendre: bool,
    #[serde(default)]
    pub lieu: Where,
    /// Codes of those whose reservations it looks at; all when empty.
    #[serde(default)]
    reservataires: Vec<String>,
    #[serde(default)]
    pub exclus: Vec<Criterion>,
    /// A lease counts when one of these holds.
    pub compte: Vec<Criterion>,
    pub base: String,
    pub compte_libelle: String,
    /// `reservataires`, as the codes of `attributions.parquet`.
    #[serde(skip)]
    pub of: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compare {
    Inferieur,
    InferieurOuEgal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ZeroIncome {
    Q1,
    Inconnu,
}

/// What texts leave open.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    pub q1_compare: Compare,
    pub q1_revenu_nul: ZeroIncome,
    pub seuil_recul_annees: u16,
    pub projection_niveau: f64,
    pub projection_quantile: f64,
}

/// How DALO and priority households are told.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dalo {
    statuts: Vec<String>,
    accords_prioritaires: Vec<String>,
    /// `yyyymmdd`.
    pub circulaire: u32,
    activites_stables: Vec<String>,
    /// The same lists, as the codes of `attributions.parquet`.
    #[serde(skip)]
    pub statut: Vec<u8>,
    #[serde(skip)]
    pub accord: Vec<u8>,
    #[serde(skip)]
    pub stable: Vec<u8>,
}

/// The whole file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mix {
    #[serde(deserialize_with = "version")]
    pub version: String,
    #[serde(rename = "regle")]
    pub rules: Vec<Rule>,
    pub options: Options,
    pub dalo: Dalo,
}

pub(super) static DATA: Held<Mix> = Held::new(&[("rules/mix.toml", Mix::TEXT)], |t| Mix::read(t[0]));

impl Mix {
    /// The file as the program holds it.
    pub const TEXT: &str = include_str!("../../../data/rules/mix.toml");

    /// A rule by its identifier.
    #[must_use]
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|r| r.id == id)
    }

    /// Rules that an allocation is checked against and a plan tries to meet: shares that a text sets.
    pub fn targets(&self) -> impl Iterator<Item = (usize, &Rule)> {
        self.rules.iter().enumerate().filter(|(_, r)| r.nature == Nature::Objectif)
    }

    /// The rules in force: what the program holds, with the changes of the store ([`super::reglages`]).
    ///
    /// # Errors
    /// `data/rules/mix.toml` is malformed or names a code that allocations do not have.
    pub fn embedded() -> Result<&'static Self, ReferenceError> {
        DATA.get()
    }

    /// Rules of a text of the same shape.
    ///
    /// # Errors
    /// As [`Mix::embedded`].
    pub fn read(text: &str) -> Result<Self, ReferenceError> {
        let mut mix: Self = parse(FILE, text)?;
        for rule in &mut mix.rules {
            rule.of = codes("reservataire", &rule.reservataires)?;
        }
        mix.dalo.statut = codes("statut_dalo", &mix.dalo.statuts)?;
        mix.dalo.accord = codes("accord_collectif", &mix.dalo.accords_prioritaires)?;
        mix.dalo.stable = codes("activite", &mix.dalo.activites_stables)?;
        Ok(mix)
    }
}

/// Numbers of the codes of one column of allocations.
fn codes(column: &str, names: &[String]) -> Result<Vec<u8>, ReferenceError> {
    let list = attributions()?.registre.liste(column);
    names
        .iter()
        .map(|name| {
            list.and_then(|l| l.code(name.as_bytes())).ok_or_else(|| ReferenceError {
                file: FILE,
                message: format!("« {name} » n'est pas un code de la colonne « {column} »"),
            })
        })
        .collect()
}
