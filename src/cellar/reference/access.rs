//! `data/access.toml`: the roles matrix, what each operation asks for, and the départements of the régions.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::indicators::Indicator;
use super::reglages::held::Held;
use super::{ReferenceError, parse};

const FILE: &str = "access.toml";

/// What an organisation is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Public,
    Bailleur,
    Epci,
    Commune,
    Ddets,
    Dreal,
    ActionLogement,
    Agence,
    Administrateur,
}

/// Scales that are opened together.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Adresse et résidence.
    Fine,
    /// Zone dessinée.
    Zone,
    /// IRIS, carreau, H3, QPV et autres zones importées.
    Proche,
    /// Commune et au-delà.
    Large,
}

/// What figures are about.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Donnees {
    /// Logements (répertoire public).
    Rpls,
    /// Ménages (enquête OPS).
    Ops,
}

/// How far a right goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Extent {
    NullePart,
    Partout,
    Territoire,
    Convention,
    Parc,
    Presence,
    Reservataire,
}

/// Extents of one data set, by class.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct ByClass {
    pub fine: Extent,
    pub zone: Extent,
    pub proche: Extent,
    pub large: Extent,
}

impl ByClass {
    #[must_use]
    pub fn of(&self, class: Class) -> Extent {
        match class {
            Class::Fine => self.fine,
            Class::Zone => self.zone,
            Class::Proche => self.proche,
            Class::Large => self.large,
        }
    }
}

/// A line of the matrix.
#[derive(Debug, Clone, Deserialize)]
pub struct Rights {
    pub id: Role,
    pub libelle: String,
    /// What the code of an organisation of this role is; empty if it has none.
    pub code: String,
    pub rpls: ByClass,
    pub ops: ByClass,
    pub attributions: Extent,
}

/// The least that a person must be to call an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Public,
    Connecte,
    Gestionnaire,
    Administrateur,
}

/// An act: who may do it, by role.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acte {
    pub id: String,
    pub roles: Vec<Role>,
    /// What is said to others.
    pub refus: String,
    /// Operations of the interface that are this act.
    #[serde(default)]
    pub operations: Vec<String>,
}

/// Where one bailleur owns nearly everything that others own.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Dominance {
    /// Share of the dwellings of others.
    pub part: f64,
}

/// What the register keeps from the public below a number of dwellings of several owners.
#[derive(Debug, Clone, Deserialize)]
pub struct Restricted {
    pub attributs: Vec<String>,
    pub grandeurs: Vec<String>,
}

impl Restricted {
    /// Whether an indicator reads a restricted column.
    #[must_use]
    pub fn touches(&self, indicator: &Indicator) -> bool {
        std::iter::once(&indicator.numerateur).chain(&indicator.denominateur).any(|m| {
            self.grandeurs.contains(&m.somme) || m.conditions.keys().any(|id| self.attributs.contains(id))
        })
    }
}

/// The whole file.
#[derive(Debug, Clone, Deserialize)]
pub struct Access {
    pub version: String,
    /// Operations that are called with POST but only read.
    pub lectures: Vec<String>,
    /// Operations that a token may not call.
    pub par_session: Vec<String>,
    role: Vec<Rights>,
    #[serde(rename = "acte")]
    pub actes: Vec<Acte>,
    pub dominance: Dominance,
    pub restreint: Restricted,
    pub operations: BTreeMap<String, Level>,
    pub regions: BTreeMap<String, Vec<String>>,
}

const ROLES: [Role; 9] = [
    Role::Public,
    Role::Bailleur,
    Role::Epci,
    Role::Commune,
    Role::Ddets,
    Role::Dreal,
    Role::ActionLogement,
    Role::Agence,
    Role::Administrateur,
];

impl Role {
    /// All roles, in the order of the matrix.
    #[must_use]
    pub fn all() -> &'static [Self] {
        &ROLES
    }

    /// As written in `data/access.toml`, in the interface and in the state store.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Bailleur => "bailleur",
            Self::Epci => "epci",
            Self::Commune => "commune",
            Self::Ddets => "ddets",
            Self::Dreal => "dreal",
            Self::ActionLogement => "action_logement",
            Self::Agence => "agence",
            Self::Administrateur => "administrateur",
        }
    }

    #[must_use]
    pub fn parse(id: &str) -> Option<Self> {
        ROLES.into_iter().find(|r| r.id() == id)
    }
}

impl Class {
    /// As written in `data/access.toml` and in the state store.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Zone => "zone",
            Self::Proche => "proche",
            Self::Large => "large",
        }
    }
}

/// The role of an id; the public if no role has it.
#[must_use]
pub fn role(id: &str) -> Role {
    Role::parse(id).unwrap_or(Role::Public)
}

impl Access {
    /// An act by its id.
    #[must_use]
    pub fn acte(&self, id: &str) -> Option<&Acte> {
        self.actes.iter().find(|a| a.id == id)
    }

    /// The line of a role. `load` proves that there is one for each.
    #[must_use]
    pub fn rights(&self, role: Role) -> &Rights {
        self.role.iter().find(|r| r.id == role).unwrap_or(&self.role[0])
    }
}

fn load(text: &str) -> Result<Access, ReferenceError> {
    let file: Access = parse(FILE, text)?;
    let lines: Vec<Role> = file.role.iter().map(|r| r.id).collect();
    if lines != ROLES {
        return Err(ReferenceError {
            file: FILE,
            message: format!("one [[role]] for each of {ROLES:?}, in this order"),
        });
    }
    Ok(file)
}

pub(super) static DATA: Held<Access> =
    Held::new(&[("access.toml", include_str!("../../../data/access.toml"))], |t| load(t[0]));

/// The file, read once.
///
/// # Panics
/// If the compiled-in file is wrong, which a test excludes.
#[must_use]
pub fn access() -> &'static Access {
    DATA.known()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_reads_and_the_public_sees_no_household() {
        let data = DATA.get().unwrap();
        let public = data.rights(Role::Public);
        for class in [Class::Fine, Class::Zone, Class::Proche, Class::Large] {
            assert_eq!(public.ops.of(class), Extent::NullePart);
        }
        assert_eq!(public.attributions, Extent::NullePart);
        assert_eq!(data.regions.values().map(Vec::len).sum::<usize>(), 101);
    }

    #[test]
    fn only_who_owns_dwellings_has_an_extent_that_is_a_stock() {
        for rights in &DATA.get().unwrap().role {
            let all = [rights.rpls, rights.ops].into_iter().flat_map(|b| [b.fine, b.zone, b.proche, b.large]);
            let stock =
                all.chain([rights.attributions]).any(|e| matches!(e, Extent::Parc | Extent::Presence));
            assert_eq!(stock, rights.id == Role::Bailleur, "{:?}", rights.id);
        }
    }
}
