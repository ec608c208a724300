//! Who asks.

use crate::reference::access::{Class, Donnees, Extent, Level, Role, access};

/// A zone by its scale and code.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub echelle: String,
    pub code: String,
}

impl Place {
    /// Reads `échelle:code`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (echelle, code) = text.split_once(':')?;
        let ok = |s: &str| {
            !s.is_empty()
                && s.len() <= 40
                && s.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
        };
        (ok(echelle) && ok(code)).then(|| Self { echelle: echelle.to_owned(), code: code.to_owned() })
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.echelle, self.code)
    }
}

/// Where a person works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    pub id: String,
    pub nom: String,
    pub role: Role,
    /// SIREN, code Insee, département or région, as the role has it.
    pub code: String,
}

/// A convention in force that names the organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    pub territoire: Vec<Place>,
    pub classes: Vec<Class>,
    pub donnees: Vec<Donnees>,
}

/// Who asks; the default is the public.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// Account; None for the public.
    pub compte: Option<String>,
    pub nom: String,
    pub courriel: String,
    /// Whether they manage the members of their organisation.
    pub gestionnaire: bool,
    pub organisation: Option<Organisation>,
    pub agreements: Vec<Agreement>,
    /// Whether they hold the files of the store (the command line): nothing is hidden from them but by
    /// secrecy.
    pub holder: bool,
}

impl Person {
    /// Who holds the files of the store: the command line.
    #[must_use]
    pub fn holder() -> Self {
        Self { holder: true, ..Self::default() }
    }

    #[must_use]
    pub fn role(&self) -> Role {
        self.organisation.as_ref().map_or(Role::Public, |o| o.role)
    }

    /// SIREN of the bailleur that they work for.
    #[must_use]
    pub fn stock(&self) -> Option<&str> {
        let lessor = self.organisation.as_ref().filter(|o| o.role == Role::Bailleur && !o.code.is_empty());
        lessor.map(|o| o.code.as_str())
    }

    /// Whether their organisation owns dwellings, its code known or not.
    #[must_use]
    pub fn owns(&self) -> bool {
        self.role() == Role::Bailleur
    }

    /// Whether they see the leases of one contingent, that of their own organisation.
    #[must_use]
    pub fn has_contingent(&self) -> bool {
        access().rights(self.role()).attributions == Extent::Reservataire
    }

    /// Code of the organisation, if it has one.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.organisation.as_ref().map(|o| o.code.as_str()).filter(|c| !c.is_empty())
    }

    /// What they may call.
    #[must_use]
    pub fn level(&self) -> Level {
        if self.holder {
            return Level::Administrateur;
        }
        match (self.role(), self.gestionnaire) {
            (Role::Administrateur, _) => Level::Administrateur,
            (Role::Public, _) => Level::Public,
            (_, true) => Level::Gestionnaire,
            (_, false) => Level::Connecte,
        }
    }

    /// Zones that the organisation is in charge of.
    #[must_use]
    pub fn territory(&self) -> Vec<Place> {
        let Some(o) = self.organisation.as_ref().filter(|o| !o.code.is_empty()) else { return Vec::new() };
        let one = |echelle: &str| vec![Place { echelle: echelle.to_owned(), code: o.code.clone() }];
        match o.role {
            Role::Epci => one("epci"),
            Role::Commune => one("commune"),
            Role::Ddets => one("departement"),
            Role::Dreal => access()
                .regions
                .get(&o.code)
                .map_or(&[][..], Vec::as_slice)
                .iter()
                .map(|d| Place { echelle: "departement".to_owned(), code: d.clone() })
                .collect(),
            Role::Public | Role::Bailleur | Role::ActionLogement | Role::Agence | Role::Administrateur => {
                Vec::new()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn a_place_is_a_scale_and_a_code() {
        assert_eq!(Place::parse("epci:200000001").unwrap().to_string(), "epci:200000001");
        for wrong in ["", "epci", "epci:", ":1", "epci:2 OR 1=1", "a:b:c"] {
            assert!(Place::parse(wrong).is_none(), "{wrong}");
        }
    }
}
