//! Income ceilings of the PLUS (`data/plafonds.toml`): zones, household categories, yearly tables, classes;
//! of the PLAI and, overseas, of the LLS and LLTS, by their ratio to it.
//!
//! Source: arrêté of 29 July 1987 as amended, annex I; arrêté of 14 March 2011, article 9 (overseas).

use rustc_hash::FxHashMap;
use serde::Deserialize;

use super::reglages::held::Held;
use super::reglages::version;
use super::{ReferenceError, parse};

const FILE: &str = "plafonds.toml";

/// Zone of the ceilings, from the commune.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Zone {
    ParisCommunesLimitrophes,
    IleDeFrance,
    AutresRegions,
    /// Its ceilings are those of « autres régions » times a ratio.
    OutreMer,
}

/// Why no zone can be given for a commune.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoZone {
    /// Overseas, where no text that was found sets ceilings (Saint-Pierre-et-Miquelon, Saint-Barthélemy, the
    /// Pacific).
    Overseas,
    /// Not the code of a commune (two digits, or 2A/2B, then three digits).
    NotACommune,
}

/// Says what to do with a couple that may be a *jeune ménage* when the age of one partner is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UndeterminedYoung {
    /// Category 2, and the row is flagged.
    #[serde(rename = "categorie_2")]
    Category2,
    /// No percentage is computed.
    NonCalcule,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(deserialize_with = "version")]
    version: String,
    source: Source,
    classes: Classes,
    categories: Categories,
    zones: Vec<ZoneEntry>,
    outre_mer: Overseas,
    plai: Plai,
    plus: Vec<Table>,
}

/// Ceilings of the PLAI in % of those of the PLUS, by rank: 1 to 6, then each further person.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Plai {
    ile_de_france: [f64; 7],
    autres_regions: [f64; 7],
}

/// Where the figures come from.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    pub texte: String,
    pub releve: String,
    pub verifie_le: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Classes {
    bornes: Vec<f64>,
    libelles: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Categories {
    jeune_menage_somme_ages_max: u16,
    jeune_menage_indetermine: UndeterminedYoung,
    libelles: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ZoneEntry {
    id: Zone,
    #[serde(rename = "libelle")]
    _libelle: String,
    departements: Vec<String>,
    communes: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Overseas {
    departements: Vec<String>,
    /// LLS and LLTS over the PLUS of « autres régions ».
    lls: f64,
    llts: f64,
    motif: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    en_vigueur_le: String,
    paris_communes_limitrophes: [u32; 7],
    ile_de_france: [u32; 7],
    autres_regions: [u32; 7],
}

/// The ceilings, ready to be asked.
#[derive(Debug)]
pub struct Plafonds {
    /// Of the ceilings in force, « d’origine » or changed here.
    pub version: String,
    /// Year of 1 January → [zone][category 1..6, further person], €/year.
    tables: FxHashMap<u16, [[u32; 7]; 3]>,
    departements: FxHashMap<String, Zone>,
    communes: FxHashMap<String, Zone>,
    overseas: Vec<String>,
    lls: f64,
    llts: f64,
    plai: Plai,
    breaks: Vec<f64>,
    class_labels: Vec<String>,
    category_labels: Vec<String>,
    young_sum_max: u16,
    young_undetermined: UndeterminedYoung,
    overseas_reason: String,
    source: Source,
}

impl Plafonds {
    /// Reads and checks the text of `plafonds.toml`.
    ///
    /// # Errors
    /// A shape that does not fit, a table that does not grow with the household, breaks out of order,
    /// a date that is not 1 January or comes twice, a commune in two zones.
    pub fn from_toml(text: &str) -> Result<Self, ReferenceError> {
        let fault = |message: String| ReferenceError { file: FILE, message };
        let file: File = parse(FILE, text)?;
        if !file.classes.bornes.is_sorted_by(|a, b| a < b) {
            return Err(fault("classes.bornes doit être strictement croissant".into()));
        }
        if file.classes.libelles.len() != file.classes.bornes.len() + 1 {
            return Err(fault("classes.libelles doit avoir une entrée de plus que bornes".into()));
        }
        if file.categories.libelles.len() != 6 {
            return Err(fault("categories.libelles doit avoir six entrées".into()));
        }
        let mut tables = FxHashMap::default();
        for t in &file.plus {
            let year = t
                .en_vigueur_le
                .strip_suffix("-01-01")
                .and_then(|y| y.parse::<u16>().ok())
                .ok_or_else(|| fault(format!("plus : {} n'est pas un 1er janvier", t.en_vigueur_le)))?;
            let zones = [t.paris_communes_limitrophes, t.ile_de_france, t.autres_regions];
            if zones.iter().any(|z| !z[..6].is_sorted_by(|a, b| a < b) || z[6] == 0) {
                return Err(fault(format!("plus {year} : un plafond ne croît pas avec le ménage")));
            }
            if tables.insert(year, zones).is_some() {
                return Err(fault(format!("plus {year} : deux tables")));
            }
        }
        let mut departements = FxHashMap::default();
        let mut communes = FxHashMap::default();
        for z in &file.zones {
            for d in &z.departements {
                if departements.insert(d.clone(), z.id).is_some() {
                    return Err(fault(format!("zones : département {d} dans deux zones")));
                }
            }
            for c in &z.communes {
                if communes.insert(c.clone(), z.id).is_some() {
                    return Err(fault(format!("zones : commune {c} dans deux zones")));
                }
            }
        }
        Ok(Self {
            tables,
            departements,
            communes,
            overseas: file.outre_mer.departements,
            lls: file.outre_mer.lls,
            llts: file.outre_mer.llts,
            plai: file.plai,
            breaks: file.classes.bornes,
            class_labels: file.classes.libelles,
            category_labels: file.categories.libelles,
            young_sum_max: file.categories.jeune_menage_somme_ages_max,
            young_undetermined: file.categories.jeune_menage_indetermine,
            overseas_reason: file.outre_mer.motif,
            version: file.version,
            source: file.source,
        })
    }

    /// Zone of a commune, by its INSEE code (5 characters).
    ///
    /// # Errors
    /// [`NoZone`] overseas, or when the code is not that of a commune.
    pub fn zone(&self, depcom: &str) -> Result<Zone, NoZone> {
        let b = depcom.as_bytes();
        if b.len() != 5 || !b[2..].iter().all(u8::is_ascii_digit) {
            return Err(NoZone::NotACommune);
        }
        if self.overseas.iter().any(|d| depcom.starts_with(d.as_str())) {
            return Ok(Zone::OutreMer);
        }
        let dep = &depcom[..2];
        let mainland =
            matches!(dep, "2A" | "2B") || dep.parse::<u8>().is_ok_and(|d| (1..=95).contains(&d) && d != 20);
        if !mainland {
            return Err(if dep == "97" || dep == "98" { NoZone::Overseas } else { NoZone::NotACommune });
        }
        Ok(*self.communes.get(depcom).or_else(|| self.departements.get(dep)).unwrap_or(&Zone::AutresRegions))
    }

    /// Ceiling in €/year on 1 January of `year` for a household of rank `rank` (1–6 = category; above 6, each
    /// further person adds the supplement). `None` when no table is known for that year or `rank` is 0.
    #[must_use]
    pub fn ceiling(&self, year: u16, zone: Zone, rank: u8) -> Option<u32> {
        let tables = self.tables.get(&year)?;
        let table = match zone {
            Zone::ParisCommunesLimitrophes => tables[0],
            Zone::IleDeFrance => tables[1],
            Zone::AutresRegions => tables[2],
            // Rounded to the euro; a ceiling is positive.
            Zone::OutreMer => tables[2].map(|c| (f64::from(c) * self.lls).round() as u32),
        };
        match rank {
            0 => None,
            1..=6 => Some(table[usize::from(rank) - 1]),
            _ => Some(table[5] + u32::from(rank - 6) * table[6]),
        }
    }

    /// Ceiling of the PLAI (overseas, of the LLTS) in % of that of the PLUS (of the LLS), for a rank: 1 to 6,
    /// beyond as each further person.
    #[must_use]
    pub fn plai(&self, zone: Zone, rank: u8) -> f64 {
        let at = usize::from(rank.clamp(1, 7)) - 1;
        match zone {
            Zone::ParisCommunesLimitrophes | Zone::IleDeFrance => self.plai.ile_de_france[at],
            Zone::AutresRegions => self.plai.autres_regions[at],
            // 75 %, not 75.000 000 000 000 01.
            Zone::OutreMer => (1e8 * self.llts / self.lls).round() / 1e6,
        }
    }

    /// Class of a percentage: 1 = below the first break … n+1 = from the last break on. A break belongs to
    /// the class that it opens (20.0 → class 2).
    #[must_use]
    pub fn class(&self, pct: f64) -> u8 {
        let below = self.breaks.iter().take_while(|b| pct >= **b).count();
        // The file holds eight breaks; its length is checked against the labels when it is read.
        u8::try_from(below + 1).unwrap_or(u8::MAX)
    }

    #[must_use]
    pub fn class_labels(&self) -> &[String] {
        &self.class_labels
    }

    /// Inner class breaks, in percent.
    #[must_use]
    pub fn breaks(&self) -> &[f64] {
        &self.breaks
    }

    #[must_use]
    pub fn category_labels(&self) -> &[String] {
        &self.category_labels
    }

    /// Highest sum of ages of a *jeune ménage*.
    #[must_use]
    pub fn young_sum_max(&self) -> u16 {
        self.young_sum_max
    }

    #[must_use]
    pub fn young_undetermined(&self) -> UndeterminedYoung {
        self.young_undetermined
    }

    /// Why overseas percentages are not computed, in French.
    #[must_use]
    pub fn overseas_reason(&self) -> &str {
        &self.overseas_reason
    }

    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Years that have a table, in order.
    #[must_use]
    pub fn years(&self) -> Vec<u16> {
        let mut y: Vec<u16> = self.tables.keys().copied().collect();
        y.sort_unstable();
        y
    }
}

pub(super) static DATA: Held<Plafonds> =
    Held::new(&[(FILE, include_str!("../../../data/plafonds.toml"))], |t| Plafonds::from_toml(t[0]));

/// The ceilings of `data/plafonds.toml`.
///
/// # Errors
/// The file that was compiled in is faulty (a test reads it).
pub fn plafonds() -> Result<&'static Plafonds, ReferenceError> {
    DATA.get()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn p() -> &'static Plafonds {
        plafonds().expect("data/plafonds.toml")
    }

    #[test]
    fn the_tables_go_from_2017_to_2026_and_follow_one_index_a_year() {
        assert_eq!(p().years(), (2017..=2026).collect::<Vec<_>>());
        for year in 2018..=2026u16 {
            let (now, before) = (&p().tables[&year], &p().tables[&(year - 1)]);
            let ratios: Vec<f64> = now
                .iter()
                .flatten()
                .zip(before.iter().flatten())
                .map(|(a, b)| f64::from(*a) / f64::from(*b))
                .collect();
            let (lo, hi) = ratios.iter().fold((9.0f64, 0.0f64), |(l, h), r| (l.min(*r), h.max(*r)));
            assert!(hi - lo < 3e-4, "{year}: {lo} … {hi}");
        }
    }

    #[test]
    fn a_commune_finds_its_zone_and_overseas_has_none() {
        assert_eq!(p().communes.len(), 29);
        assert_eq!(p().zone("75113"), Ok(Zone::ParisCommunesLimitrophes));
        assert_eq!(p().zone("93066"), Ok(Zone::ParisCommunesLimitrophes));
        assert_eq!(p().zone("93059"), Ok(Zone::IleDeFrance));
        assert_eq!(p().zone("77288"), Ok(Zone::IleDeFrance));
        assert_eq!(p().zone("73065"), Ok(Zone::AutresRegions));
        assert_eq!(p().zone("2A004"), Ok(Zone::AutresRegions));
        assert_eq!(p().zone("97411"), Ok(Zone::OutreMer));
        assert_eq!(p().zone("97801"), Ok(Zone::OutreMer), "Saint-Martin");
        assert_eq!(p().zone("97701"), Err(NoZone::Overseas));
        assert_eq!(p().zone("99999"), Err(NoZone::NotACommune));
        assert_eq!(p().zone("6029"), Err(NoZone::NotACommune));
    }

    #[test]
    fn overseas_ceilings_are_nine_tenths_of_those_of_other_regions_rounded_to_the_euro() {
        let all = |year| [1, 2, 3, 4, 5, 6].map(|r| p().ceiling(year, Zone::OutreMer, r).unwrap_or(0));
        assert_eq!(all(2024), [20_378, 27_214, 32_726, 39_509, 46_477, 52_380]);
        assert_eq!(all(2025), [20_881, 27_886, 33_533, 40_484, 47_624, 53_672]);
        assert_eq!(all(2026), [21_063, 28_129, 33_826, 40_837, 48_038, 54_140]);
        let further = |year| {
            p().ceiling(year, Zone::OutreMer, 7).unwrap_or(0)
                - p().ceiling(year, Zone::OutreMer, 6).unwrap_or(0)
        };
        assert_eq!([further(2024), further(2025), further(2026)], [5_843, 5_987, 6_039]);
    }

    #[test]
    fn the_ratios_of_the_plai_give_its_published_tables_to_five_euros() {
        // Domain §17.1, E9: other regions 2024, 2025 and 2026; Île-de-France 2026.
        for (year, zone, want) in [
            (2024, Zone::AutresRegions, [12_453, 18_143, 21_818, 24_276, 28_404, 32_010]),
            (2025, Zone::AutresRegions, [12_760, 18_591, 22_356, 24_875, 29_105, 32_800]),
            (2026, Zone::AutresRegions, [12_871, 18_753, 22_551, 25_092, 29_358, 33_086]),
            (2026, Zone::ParisCommunesLimitrophes, [14_811, 24_140, 31_642, 34_637, 41_204, 46_369]),
            (2026, Zone::IleDeFrance, [14_811, 24_140, 29_017, 31_861, 37_719, 42_444]),
        ] {
            for (rank, want) in (1..=6).zip(want) {
                let plus = f64::from(p().ceiling(year, zone, rank).unwrap_or(0));
                let found = plus * p().plai(zone, rank) / 100.0;
                assert!((found - f64::from(want)).abs() <= 5.0, "{year} {zone:?} {rank}: {found} {want}");
            }
        }
    }

    #[test]
    fn a_break_belongs_to_the_class_that_it_opens() {
        for (i, b) in [20.0, 40.0, 60.0, 80.0, 100.0, 120.0, 130.0, 150.0].into_iter().enumerate() {
            let i = u8::try_from(i).expect("eight breaks");
            assert_eq!(p().class(b), i + 2, "{b}");
            assert_eq!(p().class(b - 1e-9), i + 1, "just under {b}");
        }
        assert_eq!(p().class(0.0), 1);
        assert_eq!(p().class(1e6), 9);
    }

    #[test]
    fn each_person_past_the_sixth_adds_the_supplement() {
        assert_eq!(p().ceiling(2025, Zone::AutresRegions, 6), Some(59_636));
        assert_eq!(p().ceiling(2025, Zone::AutresRegions, 8), Some(59_636 + 2 * 6_652));
        assert_eq!(p().ceiling(2016, Zone::AutresRegions, 1), None);
        assert_eq!(p().ceiling(2025, Zone::AutresRegions, 0), None);
    }

    #[test]
    fn a_table_that_shrinks_or_comes_twice_is_a_fault_that_names_the_year() {
        let text = include_str!("../../../data/plafonds.toml");
        let twice = text.replace("\"2018-01-01\"", "\"2017-01-01\"");
        assert!(Plafonds::from_toml(&twice).expect_err("two tables").to_string().contains("2017"));
        let shrunk = text.replace("[23403, 31254,", "[23403, 1,");
        assert!(Plafonds::from_toml(&shrunk).expect_err("shrinks").to_string().contains("2026"));
    }
}
