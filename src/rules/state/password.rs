//! Passwords: what they must be, and argon2id.

use std::sync::Arc;

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use tokio::sync::Semaphore;

use super::StateError;
use super::secrets;
use crate::reference::comptes::{common_words, comptes};

/// Why a password is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Weak(String);

/// Hashes and checks passwords, a few at once.
#[derive(Debug, Clone)]
pub struct Passwords {
    room: Arc<Semaphore>,
    /// Hash of a password that nobody knows: checked for accounts that do not exist, so that they take as
    /// long.
    nobody: Arc<str>,
}

impl Passwords {
    /// # Errors
    /// The parameters of `data/comptes.toml` are none of argon2, or there are no random bytes.
    pub fn new() -> Result<Self, StateError> {
        let nobody = hash_now(&secrets::secret()?)?;
        Ok(Self { room: Arc::new(Semaphore::new(comptes().mot_de_passe.simultanes)), nobody: nobody.into() })
    }

    /// What to keep of a password (PHC string).
    ///
    /// # Errors
    /// As [`Passwords::new`].
    pub async fn hash(&self, password: String) -> Result<String, StateError> {
        self.apart(move || hash_now(&password)).await?
    }

    /// Whether a password is the one that was kept; without one to compare with, as long and false.
    ///
    /// # Errors
    /// The process is ending.
    pub async fn verify(&self, password: String, kept: Option<String>) -> Result<bool, StateError> {
        let nobody = Arc::clone(&self.nobody);
        self.apart(move || {
            let against = kept.as_deref().unwrap_or(&nobody);
            let same = argon2().is_ok_and(|a| a.verify_password(password.as_bytes(), against).is_ok());
            same && kept.is_some()
        })
        .await
    }

    async fn apart<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, StateError> {
        let ended = |e: &dyn std::fmt::Display| StateError::Hash(e.to_string());
        let _place = self.room.acquire().await.map_err(|e| ended(&e))?;
        tokio::task::spawn_blocking(work).await.map_err(|e| ended(&e))
    }
}

fn argon2() -> Result<Argon2<'static>, StateError> {
    let p = &comptes().mot_de_passe;
    let params =
        Params::new(p.memoire_kio, p.passes, 1, None).map_err(|e| StateError::Hash(e.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash_now(password: &str) -> Result<String, StateError> {
    argon2()?
        .hash_password(password.as_bytes())
        .map(|h| h.to_string())
        .map_err(|e| StateError::Hash(e.to_string()))
}

/// Checks that a password is strong enough.
///
/// # Errors
/// It is not; the message says what to do.
pub fn check(password: &str, courriel: &str) -> Result<(), Weak> {
    let rules = &comptes().mot_de_passe;
    let weak = |why: String| Err(Weak(why));
    let n = password.chars().count();
    if n < rules.longueur_min || n > rules.longueur_max {
        return weak(format!(
            "Un mot de passe a de {} à {} caractères, or celui-ci en a {n}.",
            rules.longueur_min, rules.longueur_max
        ));
    }
    let lower = password.to_lowercase();
    let name = courriel.split('@').next().unwrap_or("").to_lowercase();
    if name.chars().count() > 3 && lower.contains(&name) {
        return weak("Un mot de passe ne contient pas le nom de votre adresse électronique.".to_owned());
    }
    let mut distinct: Vec<char> = lower.chars().collect();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() < rules.differents_min {
        return weak(format!("Un mot de passe a au moins {} caractères différents.", rules.differents_min));
    }
    if let Some(word) = common(&lower) {
        return weak(format!(
            "Ce mot de passe se devine : ce n'est que « {word} » avec des chiffres ou des signes. Prenez plusieurs mots sans lien \
             entre eux."
        ));
    }
    let bits = entropy(password);
    if bits < rules.entropie_min {
        return weak(
            "Ce mot de passe est trop court pour les caractères qu'il emploie : 12 caractères avec majuscules, minuscules, chiffres et \
             signes, 14 sans les signes, ou une phrase de 17 lettres."
                .to_owned(),
        );
    }
    Ok(())
}

/// The common word that a password is made of, once what people put around and in place of letters is taken
/// off; also the same words said twice.
fn common(lower: &str) -> Option<&'static str> {
    let letter = |c: char| match c {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' | 'à' | 'â' => 'a',
        '5' | '$' => 's',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'ç' => 'c',
        'î' | 'ï' => 'i',
        'ô' => 'o',
        'ù' | 'û' => 'u',
        c => c,
    };
    let around = |c: char| !c.is_alphabetic();
    let words = common_words();
    // As it stands without what is around, then with letters put back.
    let bare: String = lower.trim_matches(around).chars().map(letter).filter(|c| c.is_alphabetic()).collect();
    let mended: String = lower.chars().map(letter).filter(|c| c.is_alphabetic()).collect();
    [bare, mended].iter().find_map(|text| {
        let known = words.get(text.as_str()).copied();
        // « bonjourbonjour », « bonjoursoleil ».
        known.or_else(|| {
            (1..text.len()).filter(|at| text.is_char_boundary(*at)).find_map(|at| {
                let (a, b) = text.split_at(at);
                words.get(a).filter(|_| words.contains(b)).copied()
            })
        })
    })
}

/// Bits: length × log2(size of the alphabets used), as the CNIL counts (délibération 2022-100).
fn entropy(password: &str) -> f64 {
    let has = |f: fn(&char) -> bool| password.chars().any(|c| f(&c));
    let mut alphabet = 0;
    alphabet += if has(char::is_ascii_digit) { 10 } else { 0 };
    alphabet += if has(|c| c.is_lowercase()) { 26 } else { 0 };
    alphabet += if has(|c| c.is_uppercase()) { 26 } else { 0 };
    alphabet += if has(|c| !c.is_alphanumeric()) { 37 } else { 0 };
    password.chars().count() as f64 * f64::from(alphabet.max(1)).log2()
}

/// A password to be used once: 100 bits.
///
/// # Errors
/// There are no random bytes.
pub fn one_time() -> Result<String, StateError> {
    let letters = secrets::token(20)?;
    Ok([&letters[..5], &letters[5..10], &letters[10..15], &letters[15..]].join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strength_is_what_the_cnil_asks() {
        for good in ["Abcdef7890!x", "Abcdefgh123456", "unephrasededixseptlettres"] {
            assert_eq!(check(good, "agent@exemple.fr"), Ok(()), "{good}");
        }
        for bad in
            ["court1!A", "motdepassecourt", "Agent-1234567!", "aaaaaaaaaaaaaaaaaaaaaaaa", "Abcdefghi12"]
        {
            assert!(check(bad, "agent@exemple.fr").is_err(), "{bad}");
        }
        assert!(check(&"aB3!".repeat(100), "x@y.fr").is_err());
        check(&one_time().unwrap(), "agent@exemple.fr").unwrap();
    }

    #[test]
    fn a_common_word_with_digits_around_is_no_password() {
        for bad in [
            "Motdepasse2024!",
            "M0tdep@sse2024",
            "Bonjour-2024-2025",
            "!!Marseille13013",
            "Bonjoursoleil2024!",
            "Azertyuiop12345!",
        ] {
            let fault = check(bad, "agent@exemple.fr").unwrap_err().to_string();
            assert!(fault.contains("se devine"), "{bad}: {fault}");
        }
        for good in ["Trois petits chats 2026 !", "Un mot de passe 1", "soleil trombone cactus 7"] {
            assert_eq!(check(good, "agent@exemple.fr"), Ok(()), "{good}");
        }
    }

    #[tokio::test]
    async fn a_password_is_known_by_its_hash_only() {
        let passwords = Passwords::new().unwrap();
        let kept = passwords.hash("Un mot de passe 1".into()).await.unwrap();
        assert!(kept.starts_with("$argon2id$") && !kept.contains("mot"));
        assert!(passwords.verify("Un mot de passe 1".into(), Some(kept.clone())).await.unwrap());
        assert!(!passwords.verify("Un mot de passe 2".into(), Some(kept)).await.unwrap());
        assert!(!passwords.verify("Un mot de passe 1".into(), None).await.unwrap());
    }
}
