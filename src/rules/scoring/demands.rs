//! The demands of a store, in columns: about 150 bytes each, so that those of France fit in memory.

use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

use crate::days;
use crate::policy::ground::Ground;
use crate::policy::household::Thresholds;
use crate::stock::StockError;
use crate::stock::parts;
use crate::stock::places::merged;
use crate::stock::table::{Table, Texts};
use crate::store::Store;

/// Code of the list `motif_radiation`: housed.
pub const HOUSED: u8 = 1;
/// Code of the list `statut`: waiting.
pub const ACTIVE: u8 = 1;
/// No commune, no EPCI.
pub const NONE: u32 = u32::MAX;

/// A commune that demands name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commune {
    pub code: String,
    pub nom: String,
    /// Number in [`Demands::epcis`]; [`NONE`] if it is in none.
    pub epci: u32,
}

/// An EPCI, EPT or Paris: the territory of a grid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    pub code: String,
    pub nom: String,
}

/// All demands of the latest extract. Codes are those of `demandes.parquet`, 0 where missing; counts are 255
/// and amounts NaN where missing; lists are bits.
#[derive(Debug, Default)]
pub struct Demands {
    /// Day of the extract, `yyyymmdd`.
    pub extrait: u32,
    pub communes: Vec<Commune>,
    pub epcis: Vec<Unit>,
    pub thresholds: Thresholds,
    /// Pseudonym of the unique number.
    pub nud: Vec<u128>,
    /// First deposit and end, `yyyymmdd`; an end of 0 where it waits.
    pub depot: Vec<u32>,
    pub fin: Vec<u32>,
    pub statut: Vec<u8>,
    pub motif_fin: Vec<u8>,
    /// Communes asked for, as numbers: those of demand i are `asked[starts[i]..starts[i + 1]]`.
    pub starts: Vec<u32>,
    pub asked: Vec<u32>,
    pub typologies: Vec<u32>,
    pub actuel: Vec<u32>,
    pub travail: Vec<u32>,
    pub mode: Vec<u8>,
    pub motifs: Vec<u32>,
    pub mutation: Vec<u8>,
    pub dalo: Vec<u8>,
    pub accord: Vec<u8>,
    pub priorites: Vec<u32>,
    pub relogement: Vec<u8>,
    pub age: Vec<u8>,
    pub personnes: Vec<u8>,
    pub mineurs: Vec<u8>,
    pub a_naitre: Vec<u8>,
    pub garde: Vec<u8>,
    pub cotitulaire: Vec<bool>,
    /// Consumption units.
    pub uc: Vec<f64>,
    pub ressources: Vec<f64>,
    pub natures: Vec<u32>,
    pub revenu_uc: Vec<f64>,
    /// Fiscal income, € a year; NaN where missing.
    pub rfr: Vec<f64>,
    /// Category of household as filed, 1 to 6.
    pub categorie: Vec<u8>,
    pub moins14: Vec<u8>,
    pub activite: Vec<u8>,
    pub employeur: Vec<u8>,
    pub loyer: Vec<f64>,
    pub surface: Vec<u16>,
    pub pieces: Vec<u8>,
    pub entree: Vec<u32>,
    pub qpv: Vec<bool>,
    pub handicap: Vec<bool>,
    pub refus: Vec<u8>,
    pub refus_le: Vec<u32>,
    /// Criteria ticked on evidence, and by hand: numbers in [`Demands::tokens`].
    pub justifies: Vec<u32>,
    pub locaux: Vec<u32>,
    pub tokens: Vec<String>,
    /// Proof of who asks (`registers::demandes::proof`); 0 where no birth date was given.
    pub preuve: Vec<u128>,
}

/// Communes by number.
#[derive(Default)]
struct Numbers {
    index: HashMap<String, u32, FxBuildHasher>,
    epcis: HashMap<String, u32, FxBuildHasher>,
}

impl Numbers {
    fn commune(&mut self, out: &mut Demands, ground: &Ground, code: &str) -> u32 {
        if code.is_empty() {
            return NONE;
        }
        if let Some(n) = self.index.get(code) {
            return *n;
        }
        let now = merged(code, ground.communes.as_ref()).to_string();
        let epci = ground.epci_of(&now).map_or(NONE, |e| {
            let units = &mut out.epcis;
            *self.epcis.entry(e.clone()).or_insert_with(|| {
                units.push(Unit { nom: ground.epci_name(&e).to_owned(), code: e });
                number(units.len() - 1)
            })
        });
        // Communes that merged are one, under the code of today.
        let n = out.communes.iter().position(|c| c.code == now).map_or_else(
            || {
                out.communes.push(Commune { nom: ground.commune_name(&now), code: now, epci });
                number(out.communes.len() - 1)
            },
            number,
        );
        self.index.insert(code.to_owned(), n);
        n
    }
}

fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(NONE)
}

const PROOF: &str = "preuve";
const COLUMNS: [&str; 42] = [
    "extrait",
    "nud",
    "date_depot",
    "statut",
    "date_radiation",
    "motif_radiation",
    "communes",
    "typologies",
    "depcom_actuel",
    "depcom_travail",
    "mode_logement",
    "motifs",
    "mutation_genre",
    "statut_dalo",
    "accord_collectif",
    "priorites",
    "relogement",
    "age",
    "nb_personnes",
    "nb_mineurs",
    "nb_a_naitre",
    "nb_garde_alternee",
    "cotitulaire",
    "ressources_mensuelles",
    "ressources_natures",
    "revenu_uc",
    "rfr",
    "cat_plafond",
    "nb_moins14",
    "uc",
    "activite",
    "employeur",
    "loyer_charges",
    "surface",
    "pieces",
    "date_entree_logement",
    "qpv_actuel",
    "handicap",
    "nb_refus",
    "date_dernier_refus",
    "justificatifs",
    "criteres_locaux",
];

/// Reads the demands of the latest extract of a store; none if there is none.
///
/// # Errors
/// A table of the store cannot be read.
pub fn load(store: &Store) -> Result<Demands, StockError> {
    let mut out = Demands::default();
    let latest = store.manifest().of_register("demandes").max_by(|a, b| a.rapport.cle.cmp(&b.rapport.cle));
    let Some(set) = latest else { return Ok(out) };
    let path = store.folder(set).join("demandes.parquet");
    // A table that an earlier version imported has no proofs.
    let proven = Table::has(&path, PROOF)?;
    let columns: Vec<&str> = COLUMNS.iter().copied().chain(proven.then_some(PROOF)).collect();
    let t = Table::read(&path, &columns)?;
    let ground = Ground::open(store, parts::years(store, "rpls").last().copied().unwrap_or(0))?;
    out.thresholds = Thresholds::load(store)?;
    out.extrait = t.u32s("extrait")?.into_iter().max().unwrap_or(0);
    let mut numbers = Numbers::default();
    let asked = t.texts("communes")?;
    out.starts = Vec::with_capacity(t.rows() + 1);
    out.starts.push(0);
    // A list of communes is the wish of many: each is read once.
    let mut lists: Vec<Option<Vec<u32>>> = vec![None; asked.list.len()];
    for row in 0..t.rows() {
        if let Some(slot) = lists.get_mut(asked.of[row] as usize) {
            if slot.is_none() {
                let mut list: Vec<u32> = Vec::new();
                for code in asked.get(row).split('|') {
                    let n = numbers.commune(&mut out, &ground, code);
                    if n != NONE && !list.contains(&n) {
                        list.push(n);
                    }
                }
                *slot = Some(list);
            }
            out.asked.extend(slot.iter().flatten());
        }
        out.starts.push(number(out.asked.len()));
    }
    let mut places = |column: &str, out: &mut Demands| -> Result<Vec<u32>, StockError> {
        let texts = t.texts(column)?;
        let of: Vec<u32> = texts.list.iter().map(|c| numbers.commune(out, &ground, c)).collect();
        Ok(texts.of.iter().map(|n| of.get(*n as usize).copied().unwrap_or(NONE)).collect())
    };
    out.actuel = places("depcom_actuel", &mut out)?;
    out.travail = places("depcom_travail", &mut out)?;
    out.nud = hashes(&t, "nud")?;
    if proven {
        out.preuve = hashes(&t, PROOF)?;
    }
    out.depot = t.u32s("date_depot")?;
    out.fin = t.u32s("date_radiation")?;
    out.statut = t.u8s("statut")?;
    out.motif_fin = t.u8s("motif_radiation")?;
    out.typologies = t.u32s("typologies")?;
    out.mode = t.u8s("mode_logement")?;
    out.motifs = t.u32s("motifs")?;
    out.mutation = t.u8s("mutation_genre")?;
    out.dalo = t.u8s("statut_dalo")?;
    out.accord = t.u8s("accord_collectif")?;
    out.priorites = t.u32s("priorites")?;
    out.relogement = t.u8s("relogement")?;
    out.age = t.u8s_or_255("age")?;
    out.personnes = t.u8s_or_255("nb_personnes")?;
    out.mineurs = t.u8s_or_255("nb_mineurs")?;
    out.a_naitre = t.u8s_or_255("nb_a_naitre")?;
    out.garde = t.u8s_or_255("nb_garde_alternee")?;
    out.cotitulaire = t.flags("cotitulaire")?;
    out.ressources = t.f64s("ressources_mensuelles")?;
    out.uc = t.f64s("uc")?;
    out.natures = t.u32s("ressources_natures")?;
    out.revenu_uc = t.f64s("revenu_uc")?;
    out.rfr = t.i32s_or_nan("rfr")?;
    out.categorie = t.u8s("cat_plafond")?;
    out.moins14 = t.u8s_or_255("nb_moins14")?;
    out.activite = t.u8s("activite")?;
    out.employeur = t.u8s("employeur")?;
    out.loyer = t.f64s("loyer_charges")?;
    out.surface = t.u16s("surface")?;
    out.pieces = t.u8s_or_255("pieces")?;
    out.entree = t.u32s("date_entree_logement")?;
    out.qpv = t.flags("qpv_actuel")?;
    out.handicap = t.flags("handicap")?;
    out.refus = t.u8s_or_255("nb_refus")?;
    out.refus_le = t.u32s("date_dernier_refus")?;
    let (proofs, local) = (t.texts("justificatifs")?, t.texts("criteres_locaux")?);
    out.tokens = proofs.list.iter().chain(&local.list).cloned().collect();
    let shift = number(proofs.list.len());
    out.justifies = proofs.of;
    out.locaux = moved(&local, shift);
    Ok(out)
}

/// 32 hexadecimal digits as a number; 0 where missing.
fn hashes(t: &Table, column: &str) -> Result<Vec<u128>, StockError> {
    let texts = t.texts(column)?;
    Ok((0..t.rows()).map(|i| u128::from_str_radix(texts.get(i), 16).unwrap_or(0)).collect())
}

fn moved(texts: &Texts, by: u32) -> Vec<u32> {
    texts.of.iter().map(|n| if *n == NONE { NONE } else { n + by }).collect()
}

impl Demands {
    #[must_use]
    pub fn len(&self) -> usize {
        self.depot.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.depot.is_empty()
    }

    /// The demand of a pseudonym whose proof is this one. All are looked at and nothing is said of which
    /// of the two is wrong, so that neither the answer nor its time tells of a number.
    #[must_use]
    pub fn opened(&self, nud: u128, proof: u128) -> Option<usize> {
        self.last(|n, p| ((n ^ nud) | (p ^ proof)) == 0 && p != 0)
    }

    /// The last demand whose pseudonym and proof are those that are sought; every demand is looked at.
    fn last(&self, mut sought: impl FnMut(u128, u128) -> bool) -> Option<usize> {
        let mut found = usize::MAX;
        for (row, (n, p)) in self.nud.iter().zip(&self.preuve).enumerate() {
            found = if sought(*n, *p) { row } else { found };
        }
        (found != usize::MAX).then_some(found)
    }

    /// Communes that a demand asks for, in its order.
    #[must_use]
    pub fn asks(&self, row: usize) -> &[u32] {
        &self.asked[self.starts[row] as usize..self.starts[row + 1] as usize]
    }

    /// It asks for a commune of this unit.
    #[must_use]
    pub fn asks_epci(&self, row: usize, epci: u32) -> bool {
        self.asks(row).iter().any(|c| self.epci_of(*c) == epci)
    }

    #[must_use]
    pub fn epci_of(&self, commune: u32) -> u32 {
        self.communes.get(commune as usize).map_or(NONE, |c| c.epci)
    }

    /// It waits on the day of the extract.
    #[must_use]
    pub fn waits(&self, row: usize) -> bool {
        self.statut[row] == ACTIVE
    }

    /// It is that of a household which rents from a bailleur already, whichever.
    #[must_use]
    pub fn is_mutation(&self, row: usize) -> bool {
        self.mutation[row] > 1
    }

    /// The first typology asked for (code of the list), 0 if none.
    #[must_use]
    pub fn typologie(&self, row: usize) -> u8 {
        match self.typologies[row] {
            0 => 0,
            bits => u8::try_from(bits.trailing_zeros() + 1).unwrap_or(0),
        }
    }

    /// Number of an EPCI by its code.
    #[must_use]
    pub fn epci(&self, code: &str) -> Option<u32> {
        self.epcis.iter().position(|e| e.code == code).map(number)
    }

    /// Number of a commune by its code.
    #[must_use]
    pub fn commune(&self, code: &str) -> Option<u32> {
        self.communes.iter().position(|c| c.code == code).map(number)
    }
}

/// Whole months from one day to another, both `yyyymmdd`; negative if the second comes first.
#[must_use]
pub fn months(from: u32, to: u32) -> i32 {
    let [from, to] = [from, to].map(|d| i32::try_from(d).unwrap_or(0));
    let months = |d: i32| d / 10_000 * 12 + d / 100 % 100;
    months(to) - months(from) - i32::from(to % 100 < from % 100)
}

/// Days from one day to another; None if one of them does not exist.
#[must_use]
pub fn days_between(from: u32, to: u32) -> Option<i32> {
    let (from, to) = (days::civil(from)?, days::civil(to)?);
    Some(from.until(to).ok()?.get_days())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_whole_on_the_same_day_of_the_next() {
        assert_eq!(months(20_220_529, 20_241_229), 31);
        assert_eq!(months(20_220_529, 20_241_228), 30);
        assert_eq!((months(20_240_131, 20_240_131), months(20_240_201, 20_240_131)), (0, -1));
    }

    #[test]
    fn a_demand_opens_with_its_own_proof_only() {
        let all = Demands { nud: vec![1, 2, 3], preuve: vec![11, 0, 13], ..Demands::default() };
        assert_eq!((all.opened(1, 11), all.opened(3, 13)), (Some(0), Some(2)));
        assert_eq!((all.opened(1, 13), all.opened(2, 0), all.opened(4, 11)), (None, None, None));
        // Every demand is looked at, wherever the one that is sought stands, and where there is none.
        for nud in 1..=4 {
            let mut looked = 0;
            all.last(|n, _| {
                looked += 1;
                n == nud
            });
            assert_eq!(looked, 3, "{nud}");
        }
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        assert_eq!(days_between(20_240_228, 20_240_301), Some(2), "2024 has a 29 February");
        assert_eq!(days_between(20_230_101, 20_240_101), Some(365));
        assert_eq!(days_between(20_230_231, 20_240_101), None);
    }
}
