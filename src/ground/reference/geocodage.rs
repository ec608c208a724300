//! `data/geocodage.toml`: words, factors and limits of the search of addresses.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;

use super::{ReferenceError, parse};

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Geocodage {
    /// Changes with the words: an index made with others is made again.
    pub version: String,
    /// Base address of a BAN API that answers instead; empty: none.
    pub distant: String,
    pub mots: Mots,
    /// Other spellings of a repetition sign.
    pub signes: FxHashMap<String, Vec<String>>,
    pub facteurs: Facteurs,
    pub doute: Doute,
    pub interpolation: Distance,
    pub inverse: Distance,
    pub limites: Limites,
    /// Names of the département and the région, by département.
    pub contextes: BTreeMap<String, [String; 2]>,
}

/// Words that are not names.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mots {
    pub outils: FxHashSet<String>,
    pub ignores: FxHashSet<String>,
    pub finales: FxHashSet<String>,
    pub ignores_avec_suite: FxHashSet<String>,
}

/// Factors of the score.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facteurs {
    pub code_postal_voisin: f32,
    pub code_postal_autre: f32,
    pub commune_absente: f32,
    pub commune_autre: f32,
    pub commune_par_code: f32,
    pub type_de_voie: f32,
    pub signe_autre: f32,
    pub lettre_inconnue: f32,
    pub interpole: f32,
    pub numero_absent: f32,
}

/// When a first answer is not sure.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Doute {
    pub ecart: f32,
    pub plafond: f32,
    pub minimum: f32,
}

/// A distance in metres.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Distance {
    pub distance_max_m: f64,
}

/// Most that is answered.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limites {
    pub reponses: usize,
    pub reponses_defaut: usize,
    pub question: usize,
    pub lignes: usize,
}

impl Geocodage {
    /// `73, Savoie, Auvergne-Rhône-Alpes` for a commune's code; the code of the département alone if it has
    /// no name.
    #[must_use]
    pub fn context(&self, citycode: &str) -> String {
        let length = if citycode.starts_with("97") { 3 } else { 2 };
        let departement = citycode.get(..length).unwrap_or(citycode);
        match self.contextes.get(departement) {
            Some([nom, region]) if nom != region => format!("{departement}, {nom}, {region}"),
            Some([nom, _]) => format!("{departement}, {nom}"),
            None => departement.to_owned(),
        }
    }
}

fn load() -> Result<Geocodage, ReferenceError> {
    parse("geocodage.toml", include_str!("../../../data/geocodage.toml"))
}

static DATA: LazyLock<Geocodage> = LazyLock::new(|| match load() {
    Ok(data) => data,
    // The file is compiled in and a test loads it: a fault here is a fault of the program.
    Err(e) => panic!("{e}"),
});

/// The file, read once.
///
/// # Panics
/// If the compiled-in file is wrong, which a test excludes.
#[must_use]
pub fn geocodage() -> &'static Geocodage {
    &DATA
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_file_is_sound() {
        let data = super::load().unwrap();
        assert_eq!(data.context("73065"), "73, Savoie, Auvergne-Rhône-Alpes");
        assert_eq!(data.context("97411"), "974, La Réunion");
        let f = &data.facteurs;
        assert!(f.numero_absent < 0.8 && f.interpole < 0.8, "an address without its own point is never sure");
        assert!(data.doute.plafond < 0.8);
        assert_eq!(data.contextes.len(), 101);
    }
}
