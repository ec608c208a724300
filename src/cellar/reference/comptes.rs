//! `data/comptes.toml`: passwords, sessions, tokens, throttling, retention.

use std::collections::HashSet;
use std::sync::LazyLock;

use serde::Deserialize;

use super::reglages::held::Held;
use super::{ReferenceError, parse};

/// What a password must be, and how it is kept.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Passwords {
    /// Bits: length × log2(alphabet used).
    pub entropie_min: f64,
    pub longueur_min: usize,
    pub longueur_max: usize,
    pub differents_min: usize,
    pub memoire_kio: u32,
    pub passes: u32,
    pub simultanes: usize,
    /// Hours that a one-time password opens for.
    pub provisoire_h: i64,
}

/// How long a session lasts.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Sessions {
    pub duree_h: i64,
    pub inactivite_min: i64,
}

/// How long a token lasts, and how many one account has.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Tokens {
    pub duree_max_j: i64,
    pub duree_defaut_j: i64,
    pub par_compte_max: i64,
}

/// Wrong passwords before the next are refused unread.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Attempts {
    pub fenetre_min: i64,
    /// On one account, from one address of the network.
    pub par_compte: i64,
    /// On one account, from anywhere.
    pub par_compte_partout: i64,
    pub par_adresse: i64,
}

/// Questions of applicants with a wrong proof before the next are refused unread.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Applicants {
    pub fenetre_min: i64,
    /// About one number, from one address of the network.
    pub par_numero: i64,
    /// About one number, from anywhere.
    pub par_numero_partout: i64,
    pub par_adresse: i64,
}

/// Sets of zones.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Sets {
    pub par_organisme_max: i64,
}

/// Views that a person keeps.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Views {
    pub par_compte_max: i64,
    /// Characters of a name and of an address.
    pub nom_max: usize,
    pub adresse_max: usize,
}

/// What `mosaique maintenance` keeps.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Retention {
    pub journal_mois: i64,
    pub sessions_j: i64,
    /// Days after which a notice that left, or was given up, is forgotten.
    pub courriels_j: i64,
    pub ensembles_effaces_j: i64,
    /// Days after which a deposit that nobody accepted is dropped.
    pub depots_j: i64,
    /// Years after which events of gestion en flux are, once the vacancy that they tell of has ended.
    pub flux_evenements_ans: i16,
    /// Months after which comments on DALO placements are.
    pub dalo_commentaires_mois: i64,
}

/// The whole file.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Comptes {
    pub mot_de_passe: Passwords,
    pub session: Sessions,
    pub jeton: Tokens,
    pub tentatives: Attempts,
    pub demandeur: Applicants,
    pub ensembles: Sets,
    pub vues: Views,
    pub conservation: Retention,
}

fn load(text: &str) -> Result<Comptes, ReferenceError> {
    parse("comptes.toml", text)
}

pub(super) static DATA: Held<Comptes> =
    Held::new(&[("comptes.toml", include_str!("../../../data/comptes.toml"))], |t| load(t[0]));

static COMMON: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let lines = include_str!("../../../data/mots_de_passe.txt").lines().map(str::trim);
    lines.filter(|l| !l.is_empty() && !l.starts_with('#')).collect()
});

/// Words that make no password (`data/mots_de_passe.txt`): lower case, without accents.
#[must_use]
pub fn common_words() -> &'static HashSet<&'static str> {
    &COMMON
}

/// The file, read once.
///
/// # Panics
/// If the compiled-in file is wrong, which a test excludes.
#[must_use]
pub fn comptes() -> &'static Comptes {
    DATA.known()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_file_reads_and_keeps_the_log_six_to_twelve_months() {
        let data = super::DATA.get().unwrap();
        assert!((6..=12).contains(&data.conservation.journal_mois));
        assert!(data.tentatives.par_compte <= 10);
        // A birth date is one of some 25,000: ten a day from anywhere take years.
        let d = data.demandeur;
        assert!(d.par_numero_partout <= 10 && d.fenetre_min >= 1_440 && d.par_numero <= d.par_numero_partout);
    }
}
