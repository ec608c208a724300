//! Random secrets, and the hashes that are kept of them.

use sqlx::AnyPool;

use super::StateError;

/// Characters of identifiers and secrets: none needs quoting anywhere.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Random characters, five bits each.
///
/// # Errors
/// The machine gives no random bytes.
pub fn token(length: usize) -> Result<String, StateError> {
    let mut bytes = vec![0; length];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.into_iter().map(|b| char::from(ALPHABET[usize::from(b) % 32])).collect())
}

/// An identifier that cannot be guessed: 100 bits.
pub fn id() -> Result<String, StateError> {
    token(20)
}

/// A secret that opens a session or is a token: 200 bits, so that a plain hash is enough.
pub fn secret() -> Result<String, StateError> {
    token(40)
}

/// What is kept of a secret.
pub fn mark(secret: &str) -> String {
    blake3::hash(secret.as_bytes()).to_hex().to_string()
}

/// The key that addresses of the network are hashed with, drawn when the database is made.
pub async fn pepper(pool: &AnyPool) -> Result<[u8; 32], StateError> {
    sqlx::query("INSERT INTO cles (nom, valeur) VALUES ('adresses', $1) ON CONFLICT (nom) DO NOTHING")
        .bind(token(52)?)
        .execute(pool)
        .await?;
    let (value,): (String,) =
        sqlx::query_as("SELECT valeur FROM cles WHERE nom = 'adresses'").fetch_one(pool).await?;
    Ok(*blake3::hash(value.as_bytes()).as_bytes())
}

#[cfg(test)]
mod tests {
    #[test]
    fn two_secrets_differ_and_are_plain_characters() {
        let (a, b) = (super::secret().unwrap(), super::secret().unwrap());
        assert_ne!(a, b);
        assert!(a.len() == 40 && a.chars().all(|c| c.is_ascii_alphanumeric()));
    }
}
