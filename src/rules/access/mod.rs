//! Who may see what: the one place that decides.
//!
//! A [`Person`] and a question (class of scale, data set) give a [`Scope`]: the widest place that may be
//! shown, or a refusal with its reason. The rules are the matrix of `data/access.toml`; nothing here reads a
//! file, a database or a clock. The server turns a scope into addresses of a cube; secrecy (`disclosure`)
//! comes after, on what is left.

mod code;
mod person;

pub use self::code::{checked_code, works_for};
pub use self::person::{Agreement, Organisation, Person, Place};

use crate::reference::access::{Class, Donnees, Extent, Level, Role, access};

/// The widest place that a person may see, for one class of scale and one data set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Everything that is loaded.
    Everywhere,
    /// What lies in these zones.
    Zones(Vec<Place>),
    /// Dwellings of this bailleur (SIREN).
    Stock(String),
    /// Zones where this bailleur has a dwelling.
    Presence(String),
    /// Nothing, and why.
    Nowhere(&'static str),
}

const SIGN_IN: &str =
    "Connectez-vous avec un compte dont l'organisme y a droit : ces chiffres ne sont pas publics.";
const ADMINISTRATOR: &str =
    "L'administration du service n'ouvre pas les chiffres de ménages plus fins que la commune.";
const NO_AGREEMENT: &str = "Aucune convention en vigueur n'ouvre cette échelle à votre organisme.";
const NOT_THIS_ROLE: &str = "Cette échelle n'est pas ouverte à votre organisme.";
const NO_CODE: &str =
    "Le territoire de votre organisme n'est pas renseigné : demandez-le à l'administration du service.";

/// Decides.
#[must_use]
pub fn scope(person: &Person, class: Class, data: Donnees) -> Scope {
    let rights = access().rights(person.role());
    let extent = match data {
        Donnees::Rpls => rights.rpls,
        Donnees::Ops => rights.ops,
    }
    .of(class);
    turned(person, extent, |a| a.classes.contains(&class) && a.donnees.contains(&data))
}

/// Whether a person sees figures of households anywhere.
#[must_use]
pub fn sees_households(person: &Person) -> bool {
    let classes = [Class::Fine, Class::Zone, Class::Proche, Class::Large];
    classes.into_iter().any(|c| !matches!(scope(person, c, Donnees::Ops), Scope::Nowhere(_)))
}

/// Decides which leases social mix is shown for. [`Scope::Stock`]: leases of that bailleur.
#[must_use]
pub fn leases(person: &Person) -> Scope {
    turned(person, access().rights(person.role()).attributions, |_| false)
}

fn turned(person: &Person, extent: Extent, opens: impl Fn(&Agreement) -> bool) -> Scope {
    if person.holder {
        return Scope::Everywhere;
    }
    let code = || person.organisation.as_ref().map(|o| o.code.clone()).filter(|c| !c.is_empty());
    let agreed = || person.agreements.iter().filter(|a| opens(a)).flat_map(|a| a.territoire.iter().cloned());
    let zones = |mut places: Vec<Place>, none: &'static str| {
        places.sort();
        places.dedup();
        if places.is_empty() { Scope::Nowhere(none) } else { Scope::Zones(places) }
    };
    match extent {
        Extent::Partout | Extent::Reservataire => Scope::Everywhere,
        Extent::NullePart => Scope::Nowhere(match person.role() {
            Role::Public => SIGN_IN,
            Role::Administrateur => ADMINISTRATOR,
            _ => NOT_THIS_ROLE,
        }),
        Extent::Territoire => zones(person.territory().into_iter().chain(agreed()).collect(), NO_CODE),
        Extent::Convention => zones(agreed().collect(), NO_AGREEMENT),
        Extent::Parc => code().map_or(Scope::Nowhere(NO_CODE), Scope::Stock),
        Extent::Presence => code().map_or(Scope::Nowhere(NO_CODE), Scope::Presence),
    }
}

/// Whether a person may call an operation at all; an operation that `data/access.toml` does not name is
/// nobody's.
#[must_use]
pub fn may_call(person: &Person, operation: &str) -> bool {
    access().operations.get(operation).is_some_and(|level| person.level() >= *level)
}

/// Whether a person may do an act of `data/access.toml`; an act that it does not name is nobody's.
///
/// # Errors
/// They may not: the sentence that says so.
pub fn may(person: &Person, act: &str) -> Result<(), &'static str> {
    match access().acte(act) {
        Some(a) if person.holder || a.roles.contains(&person.role()) => Ok(()),
        Some(a) => Err(&a.refus),
        None => Err(NOT_THIS_ROLE),
    }
}

/// Why a person who may call an operation may not do the act that it is; None if they may.
#[must_use]
pub fn refusal(person: &Person, operation: &str) -> Option<&'static str> {
    let acts = access().actes.iter().filter(|a| a.operations.iter().any(|o| o == operation));
    acts.filter_map(|a| may(person, &a.id).err()).next()
}

/// What an operation asks for, if it is known.
#[must_use]
pub fn level(operation: &str) -> Option<Level> {
    access().operations.get(operation).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(role: Role, code: &str) -> Person {
        Person {
            organisation: Some(Organisation { id: "o".into(), nom: "Org".into(), role, code: code.into() }),
            compte: Some("c".into()),
            ..Person::default()
        }
    }

    fn place(scale: &str, code: &str) -> Place {
        Place { echelle: scale.into(), code: code.into() }
    }

    #[test]
    fn an_act_is_its_roles_and_nobody_elses() {
        let (lessor, state) = (person(Role::Bailleur, "300000000"), person(Role::Ddets, "73"));
        assert_eq!(may(&lessor, "dalo_justifier"), Ok(()));
        assert!(may(&lessor, "dalo_contester").is_err() && may(&state, "dalo_contester").is_ok());
        assert!(may(&lessor, "rien").is_err());
        assert!(refusal(&state, "depot_accepter").is_some() && refusal(&lessor, "depot_accepter").is_none());
        assert!(refusal(&state, "mixite").is_none());
        assert_eq!(may(&Person::holder(), "dalo_lire"), Ok(()));
    }

    #[test]
    fn a_bailleur_sees_its_own_addresses_and_its_presence_around() {
        let p = person(Role::Bailleur, "300000000");
        assert_eq!(scope(&p, Class::Fine, Donnees::Ops), Scope::Stock("300000000".into()));
        assert_eq!(scope(&p, Class::Proche, Donnees::Ops), Scope::Presence("300000000".into()));
        assert_eq!(scope(&p, Class::Large, Donnees::Ops), Scope::Everywhere);
        assert_eq!(leases(&p), Scope::Stock("300000000".into()));
    }

    #[test]
    fn an_epci_needs_a_convention_for_addresses_but_not_for_its_iris() {
        let mut p = person(Role::Epci, "200000001");
        assert!(matches!(scope(&p, Class::Fine, Donnees::Ops), Scope::Nowhere(_)));
        assert_eq!(scope(&p, Class::Proche, Donnees::Ops), Scope::Zones(vec![place("epci", "200000001")]));
        p.agreements.push(Agreement {
            territoire: vec![place("commune", "73901")],
            classes: vec![Class::Fine],
            donnees: vec![Donnees::Ops],
        });
        assert_eq!(scope(&p, Class::Fine, Donnees::Ops), Scope::Zones(vec![place("commune", "73901")]));
        // The convention names addresses, not drawn zones.
        assert!(matches!(scope(&p, Class::Zone, Donnees::Ops), Scope::Nowhere(_)));
    }

    #[test]
    fn a_dreal_has_the_départements_of_its_région() {
        let p = person(Role::Dreal, "94");
        assert_eq!(
            scope(&p, Class::Fine, Donnees::Ops),
            Scope::Zones(vec![place("departement", "2A"), place("departement", "2B")])
        );
    }

    #[test]
    fn an_organisation_without_code_sees_no_more_than_what_is_open_to_all() {
        for role in [Role::Bailleur, Role::Epci, Role::Commune, Role::Ddets, Role::Dreal] {
            let p = person(role, "");
            assert!(matches!(scope(&p, Class::Fine, Donnees::Ops), Scope::Nowhere(_)), "{role:?}");
        }
    }

    #[test]
    fn what_a_person_may_call_grows_with_what_they_are() {
        let public = Person::default();
        assert!(may_call(&public, "valeurs") && !may_call(&public, "mixite"));
        assert!(may_call(&person(Role::Epci, "2"), "mixite"));
        assert!(!may_call(&person(Role::Administrateur, ""), "une-route-nouvelle"));
    }
}
