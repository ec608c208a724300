//! What the code of an organisation looks like, by its role.

use super::Person;
use crate::reference::access::{Role, access};

fn digits(text: &str, n: usize) -> bool {
    text.len() == n && text.bytes().all(|b| b.is_ascii_digit())
}

fn department(text: &str) -> bool {
    matches!(text, "2A" | "2B") || digits(text, 2) || digits(text, 3)
}

/// Whether a person may work for the establishment that the identity provider names (SIRET): where the code of their
/// organisation is a SIREN, it must be that of the establishment. An organisation without a SIREN, or a provider that
/// names no establishment, gives nothing to compare.
#[must_use]
pub fn works_for(person: &Person, siret: Option<&str>) -> bool {
    let siren = person.code().filter(|_| access().rights(person.role()).code.starts_with("SIREN"));
    match (siren, siret) {
        (Some(siren), Some(siret)) => siret.trim().starts_with(siren),
        _ => true,
    }
}

/// A code as it is kept.
///
/// # Errors
/// It is not what the role asks for: what it should be.
pub fn checked_code(role: Role, text: &str) -> Result<&str, &'static str> {
    let text = text.trim();
    let (ok, what) = match role {
        Role::Bailleur | Role::Epci => (digits(text, 9), "un SIREN de 9 chiffres"),
        Role::Agence => (text.is_empty() || digits(text, 9), "un SIREN de 9 chiffres, ou rien"),
        Role::Commune => (
            text.is_char_boundary(2) && text.len() == 5 && digits(&text[2..], 3) && department(&text[..2]),
            "un code Insee de 5 caractères",
        ),
        Role::Ddets => (department(text), "un code de département"),
        Role::Dreal => (access().regions.contains_key(text), "un code de région de l'Insee"),
        Role::ActionLogement | Role::Administrateur => (text.is_empty(), "vide"),
        Role::Public => (false, "vide : le public n'est pas un organisme"),
    };
    if ok { Ok(text) } else { Err(what) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Organisation;

    #[test]
    fn an_establishment_is_of_the_organisation_if_it_begins_with_its_siren() {
        let of = |role, code: &str| Person {
            organisation: Some(Organisation { id: "o".into(), nom: "Org".into(), role, code: code.into() }),
            ..Person::default()
        };
        let lessor = of(Role::Bailleur, "775685029");
        assert!(works_for(&lessor, Some("77568502900123")) && works_for(&lessor, None));
        assert!(!works_for(&lessor, Some("13002526500013")));
        assert!(works_for(&of(Role::Ddets, "73"), Some("13002526500013")));
    }

    #[test]
    fn each_role_has_its_code() {
        assert_eq!(checked_code(Role::Commune, " 2A004 "), Ok("2A004"));
        assert_eq!(checked_code(Role::Ddets, "974"), Ok("974"));
        assert_eq!(checked_code(Role::Agence, ""), Ok(""));
        for (role, text) in [
            (Role::Bailleur, "12345678"),
            (Role::Commune, "7306"),
            (Role::Commune, "é306"),
            (Role::Ddets, "1"),
            (Role::Dreal, "99"),
            (Role::Administrateur, "1"),
            (Role::Public, ""),
        ] {
            assert!(checked_code(role, text).is_err(), "{role:?} {text}");
        }
    }
}
