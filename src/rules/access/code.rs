//! What the code of an organisation looks like, by its role.

use crate::reference::access::{Role, access};

fn digits(text: &str, n: usize) -> bool {
    text.len() == n && text.bytes().all(|b| b.is_ascii_digit())
}

fn department(text: &str) -> bool {
    matches!(text, "2A" | "2B") || digits(text, 2) || digits(text, 3)
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
