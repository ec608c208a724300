//! `data/perturbation.toml`: how far figures of filtered households are moved, by the zone that their
//! households share.

use serde::Deserialize;
use std::collections::BTreeMap;

use super::reglages::held::Held;
use super::{ReferenceError, parse};

/// Levels of the hierarchy, narrowest first; a level's place is its number.
pub const LEVELS: [&str; 6] = ["atome", "ilot", "commune", "epci", "departement", "france"];
/// What the chances of one level add up to.
const WHOLE: u32 = 1_000_000;

#[derive(Deserialize)]
struct File {
    version: String,
    intervalle: f64,
    incertitude_max: f64,
    niveau: Vec<Level>,
    pas: BTreeMap<String, u32>,
}

/// The deviations of one level.
#[derive(Debug, Clone, Deserialize)]
pub struct Level {
    pub id: String,
    pub libelle: String,
    pub variance: f64,
    pub ecart_max: u32,
    /// Chances of a deviation of 0, 1, 2… in millionths, of either sign.
    pub poids: Vec<u32>,
}

/// The perturbation of figures.
#[derive(Debug, Clone)]
pub struct Perturbation {
    pub version: String,
    /// Half-width of the interval that is said, in standard deviations.
    pub intervalle: f64,
    /// Half-width of an interval, in points, beyond which a rate tells nothing and is not shown.
    pub incertitude_max: f64,
    pub levels: Vec<Level>,
    steps: BTreeMap<String, u32>,
}

pub(super) static DATA: Held<Perturbation> =
    Held::new(&[("perturbation.toml", include_str!("../../../data/perturbation.toml"))], |t| {
        Perturbation::read(t[0])
    });

impl Perturbation {
    /// The tables in force: what the program holds, with the changes of the store ([`super::reglages`]).
    ///
    /// # Errors
    /// `data/perturbation.toml` is malformed, or a level's chances do not add up.
    pub fn embedded() -> Result<&'static Self, ReferenceError> {
        DATA.get()
    }

    fn read(text: &str) -> Result<Self, ReferenceError> {
        let file: File = parse("perturbation.toml", text)?;
        let fault = |message: String| ReferenceError { file: "perturbation.toml", message };
        if !file.niveau.iter().map(|l| l.id.as_str()).eq(LEVELS) {
            return Err(fault(format!("levels must be {}", LEVELS.join(", "))));
        }
        for level in &file.niveau {
            let all = level.poids.iter().sum::<u32>() * 2 - level.poids.first().copied().unwrap_or(0);
            if all != WHOLE || level.poids.len() != level.ecart_max as usize + 1 {
                return Err(fault(format!(
                    "{}: chances add up to {all}, or are not ecart_max + 1",
                    level.id
                )));
            }
        }
        Ok(Self {
            version: file.version,
            intervalle: file.intervalle,
            incertitude_max: file.incertitude_max,
            levels: file.niveau,
            steps: file.pas,
        })
    }

    /// The deviation of a cell: `key` is the sum of its record keys, `level` the narrowest zone that holds
    /// its households, `quantity` what is summed.
    #[must_use]
    pub fn deviation(&self, level: usize, key: u32, quantity: &str) -> i64 {
        let Some(level) = self.levels.get(level) else { return 0 };
        let drawn = (u64::from(mixed(key, quantity)) * u64::from(WHOLE)) >> 32;
        let (mut below, last) = (0u64, i64::from(level.ecart_max));
        for d in -last..=last {
            below += level.poids.get(usize::try_from(d.abs()).unwrap_or(0)).map_or(0, |w| u64::from(*w));
            if drawn < below {
                return d;
            }
        }
        0
    }

    /// What one step of the deviation is worth, in units of a quantity.
    #[must_use]
    pub fn step(&self, quantity: &str) -> u32 {
        self.steps.get(quantity).copied().unwrap_or(1)
    }
}

/// 32 evenly spread bits from a cell key and what is summed, so that two sums over the same households do not
/// move together.
fn mixed(key: u32, quantity: &str) -> u32 {
    let name = quantity.bytes().fold(0x811c_9dc5_u32, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193));
    // SplitMix64's finaliser.
    let mut z = (u64::from(name) << 32 | u64::from(key)).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    u32::try_from((z ^ (z >> 31)) >> 32).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deviations_have_no_mean_and_the_variance_that_is_published() {
        let tables = Perturbation::embedded().unwrap();
        for (i, level) in tables.levels.iter().enumerate() {
            let (mut sum, mut squares, n) = (0i64, 0i64, 200_000u32);
            for key in 0..n {
                let d = tables.deviation(i, key.wrapping_mul(2_654_435_761), "menages");
                assert!(d.unsigned_abs() <= u64::from(level.ecart_max));
                sum += d;
                squares += d * d;
            }
            let (mean, variance) = (sum as f64 / f64::from(n), squares as f64 / f64::from(n));
            assert!(mean.abs() < 5.0 * (level.variance / f64::from(n)).sqrt(), "{}: mean {mean}", level.id);
            assert!((variance / level.variance - 1.0).abs() < 0.02, "{}: variance {variance}", level.id);
        }
    }

    #[test]
    fn two_sums_over_the_same_households_move_apart() {
        let tables = Perturbation::embedded().unwrap();
        let same = (0..10_000u32)
            .filter(|k| tables.deviation(0, *k, "personnes") == tables.deviation(0, *k, "mineurs"))
            .count();
        assert!((500..2_500).contains(&same), "{same}");
    }
}
