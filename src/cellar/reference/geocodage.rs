//! `data/geocodage.toml`: words, factors and limits of the search of addresses.

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;
use std::collections::BTreeMap;

use super::reglages::held::Held;
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
    /// Numbers in words.
    pub nombres: Nombres,
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
    pub complements: FxHashSet<String>,
    /// Stand before a number and say nothing else.
    pub numero: FxHashSet<String>,
    /// Initials of first names, run together.
    pub initiales: FxHashSet<String>,
    pub lieux_dits: FxHashSet<String>,
    /// Abbreviations of roads that a number follows: `RD 1006`.
    pub routes: BTreeMap<String, String>,
    /// Zones of activity in full, and by their letters.
    pub zones: BTreeMap<String, String>,
}

/// Words of numbers, upper case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nombres {
    /// 1 to 16.
    pub unites: BTreeMap<String, u32>,
    /// 20, 30… 60; 80 is four times 20.
    pub dizaines: BTreeMap<String, u32>,
    /// « DEUXIEME »: its number.
    pub ordinaux: BTreeMap<String, u32>,
    /// Spellings of 20 that may follow QUATRE, and of 100.
    pub vingts: Vec<String>,
    pub cents: Vec<String>,
}

impl Nombres {
    /// The number that a list of words begins with, and how many words it has: DIX SEPT, VINGT ET UN, QUATRE
    /// VINGT DOUZE, CENT TROIS.
    #[must_use]
    pub fn read<'a>(&self, words: impl Iterator<Item = &'a str>) -> Option<(u32, usize)> {
        let words: Vec<&str> = words.take(8).collect();
        let unit = |i: usize| words.get(i).and_then(|w| self.unites.get(*w)).copied();
        let is = |list: &[String], i: usize| words.get(i).is_some_and(|w| list.iter().any(|l| l == w));
        let (mut value, mut n) = (0, 0);
        if is(&self.cents, 0) {
            (value, n) = (100, 1);
        } else if let Some(hundreds) = unit(0).filter(|u| (2..10).contains(u) && is(&self.cents, 1)) {
            (value, n) = (100 * hundreds, 2);
        }
        let tens = if unit(n) == Some(4) && is(&self.vingts, n + 1) {
            Some((80, 2))
        } else {
            words.get(n).and_then(|w| self.dizaines.get(*w)).map(|t| (*t, 1))
        };
        if let Some((t, taken)) = tens {
            (value, n) = (value + t, n + taken);
            // « soixante et onze », « quatre-vingt-douze »: both go on to nineteen.
            let most = if t == 60 || t == 80 { 19 } else { 9 };
            let et = usize::from(words.get(n) == Some(&"ET"));
            if let Some((u, taken)) = self.below_twenty(&words, n + et).filter(|(u, _)| *u <= most) {
                (value, n) = (value + u, n + et + taken);
            }
        } else if let Some((u, taken)) = self.below_twenty(&words, n) {
            (value, n) = (value + u, n + taken);
        }
        (n > 0).then_some((value, n))
    }

    /// DOUZE, DIX SEPT.
    fn below_twenty(&self, words: &[&str], at: usize) -> Option<(u32, usize)> {
        let unit = |i: usize| words.get(i).and_then(|w| self.unites.get(*w)).copied();
        match (unit(at)?, unit(at + 1)) {
            (10, Some(u @ 7..=9)) => Some((10 + u, 2)),
            (u, _) => Some((u, 1)),
        }
    }

    /// The rank that a word says: `2E`, `2EME`, `DEUXIEME`.
    #[must_use]
    pub fn rank(&self, word: &str) -> Option<u32> {
        let digits = word.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 || digits > 4 {
            return self.ordinaux.get(word).copied();
        }
        let number = word[..digits].parse().ok()?;
        rank_endings(number).any(|e| e == &word[digits..]).then_some(number)
    }

    /// All the ways to write a rank.
    #[must_use]
    pub fn ranks(&self, number: u32) -> Vec<String> {
        let short = rank_endings(number).map(|e| format!("{number}{e}"));
        let words = self.ordinaux.iter().filter(|(_, n)| **n == number).map(|(w, _)| w.clone());
        short.chain(words).collect()
    }

    /// A number that is one word.
    #[must_use]
    pub fn word(&self, number: u32) -> Option<&str> {
        if number == 100 {
            return self.cents.first().map(String::as_str);
        }
        let all = self.unites.iter().chain(&self.dizaines);
        all.filter(|(_, n)| **n == number).map(|(w, _)| w.as_str()).find(|w| *w != "UNE")
    }
}

/// What may follow the digits of a rank.
fn rank_endings(number: u32) -> impl Iterator<Item = &'static str> {
    let own: &[&str] = match number {
        1 => &["ER", "ERE", "RE"],
        2 => &["ND", "NDE"],
        _ => &[],
    };
    ["E", "EME", "IEME"].into_iter().chain(own.iter().copied())
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

fn load(text: &str) -> Result<Geocodage, ReferenceError> {
    parse("geocodage.toml", text)
}

pub(super) static DATA: Held<Geocodage> =
    Held::new(&[("geocodage.toml", include_str!("../../../data/geocodage.toml"))], |t| load(t[0]));

/// The file, read once.
///
/// # Panics
/// If the compiled-in file is wrong, which a test excludes.
#[must_use]
pub fn geocodage() -> &'static Geocodage {
    DATA.known()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_file_is_sound() {
        let data = super::DATA.get().unwrap();
        assert_eq!(data.context("73065"), "73, Savoie, Auvergne-Rhône-Alpes");
        assert_eq!(data.context("97411"), "974, La Réunion");
        let f = &data.facteurs;
        assert!(f.numero_absent < 0.8 && f.interpole < 0.8, "an address without its own point is never sure");
        assert!(data.doute.plafond < 0.8);
        let read = |text: &str| data.nombres.read(text.split(' '));
        assert_eq!(read("DIX SEPT RUE"), Some((17, 2)));
        assert_eq!(read("VINGT ET UN"), Some((21, 3)));
        assert_eq!(read("SOIXANTE DIX HUIT"), Some((78, 3)));
        assert_eq!(read("QUATRE VINGTS"), Some((80, 2)));
        assert_eq!(read("QUATRE VINGT DIX NEUF X"), Some((99, 4)));
        assert_eq!(read("TROIS CENT QUATRE"), Some((304, 3)));
        assert_eq!(
            (read("QUATRE VENTS"), read("VINGT ET"), read("RUE")),
            (Some((4, 1)), Some((20, 1)), None)
        );
        assert_eq!((data.nombres.word(8), data.nombres.word(21)), (Some("HUIT"), None));
        assert_eq!(data.contextes.len(), 101);
    }
}
