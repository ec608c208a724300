//! The join ladder (domain §11): from the surest to the weakest way of finding the dwelling of a household.

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

use super::dwellings::Dwellings;
use super::facts::BuildReport;
use super::households::Households;
use super::table::{Texts, hash};
use crate::french::{counted, thousands};
use crate::reference::bailleurs::Bailleurs;
use crate::reference::communes::{city_of, key_in_force, key_of_city};

/// For each dwelling row, its household row, or `u32::MAX`.
#[derive(Debug, Clone)]
pub struct Matches {
    pub household_of: Vec<u32>,
}

type Index = HashMap<u64, Vec<u32>, FxBuildHasher>;

/// Finds the dwelling of each household, rung by rung:
/// (a) national number, (b) bailleur and internal number, (c) bailleur and address, (d) address alone, for a
/// household whose bailleur is not said, (e) none: the household counts for its commune only, as a row added
/// to the dwellings. One that has no known commune either is counted as not located. A dwelling holds one
/// household: rungs c and d fill dwellings that are still free.
///
/// A bailleur surveys its own tenants: a household that says its bailleur never goes to the dwelling of
/// another, be it by its number. Else who deposits a survey would change a rival's figures, or learn them.
pub fn ladder(
    dwellings: &mut Dwellings,
    households: &Households,
    millesime: u16,
    report: &mut BuildReport,
) -> Matches {
    let mut household_of = vec![u32::MAX; dwellings.len()];
    let mut waiting: Vec<u32> = Vec::new();
    let mut counts = [0u64; 5];
    let (mut twice, mut ambiguous, mut lost, mut foreign) = (0u64, 0u64, 0u64, 0u64);
    let siren_d: Vec<u64> = dwellings.siren.list.iter().map(|s| hash(s)).collect();
    // Of a bailleur that has no dwelling here any more, who took over its stock.
    let here: BTreeSet<&str> = dwellings.siren.list.iter().map(String::as_str).collect();
    let day = u32::from(millesime) * 10_000 + 101;
    let owner = |siren: &'_ str| -> String {
        let gone = !siren.is_empty() && !here.contains(siren);
        let by = Bailleurs::embedded().ok().filter(|_| gone).and_then(|b| b.successor(siren, day));
        by.unwrap_or(siren).to_owned()
    };
    let owners: Vec<String> = households.siren.list.iter().map(|s| owner(s)).collect();
    let siren_h: Vec<u64> = owners.iter().map(|s| hash(s)).collect();
    let absent: Vec<bool> = owners.iter().map(|s| !s.is_empty() && !here.contains(s.as_str())).collect();
    let at = |hashes: &[u64], n: u32| hashes.get(n as usize).copied().unwrap_or(0);
    let owns = |h: u32, d: u32| {
        let surveyor = at(&siren_h, households.siren.of[h as usize]);
        let owner = at(&siren_d, dwellings.siren.of[d as usize]);
        surveyor == 0 || owner == 0 || surveyor == owner
    };

    let by_ident: HashMap<u64, u32, FxBuildHasher> =
        (0u32..).zip(&dwellings.ident_rep).filter(|(_, h)| **h != 0).map(|(row, h)| (*h, row)).collect();
    let all = 0..u32::try_from(households.len()).unwrap_or(u32::MAX);
    for h in all {
        match by_ident.get(&households.ident_rep[h as usize]) {
            Some(&d) if !owns(h, d) => {
                foreign += 1;
                waiting.push(h);
            }
            Some(&d) if household_of[d as usize] == u32::MAX => {
                household_of[d as usize] = h;
                counts[0] += 1;
            }
            Some(_) => twice += 1,
            None => waiting.push(h),
        }
    }
    drop(by_ident);

    if !waiting.is_empty() {
        let adresse_d: Vec<u64> = dwellings.adresse.list.iter().map(|s| hash(s)).collect();
        let adresse_h: Vec<u64> = households.adresse.list.iter().map(|s| hash(s)).collect();
        // One file may be older than a merger of communes that the other knows.
        let carried_d: Vec<u64> = dwellings.adresse.list.iter().map(|s| hash(&key_in_force(s))).collect();
        let carried_h: Vec<u64> = households.adresse.list.iter().map(|s| hash(&key_in_force(s))).collect();
        let merged = carried_d != adresse_d || carried_h != adresse_h;
        // One file may have the code of a city, the other that of its arrondissement.
        let of_city =
            |texts: &Texts| -> Vec<u64> { texts.list.iter().map(|s| hash(&key_of_city(s))).collect() };
        let (city_d, city_h) = (of_city(&dwellings.adresse), of_city(&households.adresse));
        let arrondissements = city_d != adresse_d || city_h != adresse_h;
        let alone = |row: usize| at(&siren_h, households.siren.of[row]) == 0;
        let rungs: [&dyn Fn(bool, usize) -> u64; 7] = [
            &|of_household, row| {
                let (s, i) = if of_household {
                    (at(&siren_h, households.siren.of[row]), households.ident_int[row])
                } else {
                    (at(&siren_d, dwellings.siren.of[row]), dwellings.ident_int[row])
                };
                both(s, i)
            },
            &|of_household, row| {
                let (s, a) = if of_household {
                    (at(&siren_h, households.siren.of[row]), at(&adresse_h, households.adresse.of[row]))
                } else {
                    (at(&siren_d, dwellings.siren.of[row]), at(&adresse_d, dwellings.adresse.of[row]))
                };
                both(s, a)
            },
            &|of_household, row| {
                let (s, a) = if of_household {
                    (at(&siren_h, households.siren.of[row]), at(&carried_h, households.adresse.of[row]))
                } else {
                    (at(&siren_d, dwellings.siren.of[row]), at(&carried_d, dwellings.adresse.of[row]))
                };
                both(s, a)
            },
            &|of_household, row| {
                let (s, a) = if of_household {
                    (at(&siren_h, households.siren.of[row]), at(&city_h, households.adresse.of[row]))
                } else {
                    (at(&siren_d, dwellings.siren.of[row]), at(&city_d, dwellings.adresse.of[row]))
                };
                both(s, a)
            },
            &|of_household, row| {
                if of_household {
                    if alone(row) { at(&adresse_h, households.adresse.of[row]) } else { 0 }
                } else {
                    at(&adresse_d, dwellings.adresse.of[row])
                }
            },
            &|of_household, row| {
                if of_household {
                    if alone(row) { at(&carried_h, households.adresse.of[row]) } else { 0 }
                } else {
                    at(&carried_d, dwellings.adresse.of[row])
                }
            },
            &|of_household, row| {
                if of_household {
                    if alone(row) { at(&city_h, households.adresse.of[row]) } else { 0 }
                } else {
                    at(&city_d, dwellings.adresse.of[row])
                }
            },
        ];
        // The step of the ladder that each is, and whether it looks beyond arrondissements; those of former
        // communes and of arrondissements only where there are any.
        for ((rung, of_cities), key) in
            [(1, false), (2, false), (2, false), (2, true), (3, false), (3, false), (3, true)]
                .into_iter()
                .zip(rungs)
                .zip([true, true, merged, arrondissements, true, merged, arrondissements])
                .filter_map(|(r, on)| on.then_some(r))
        {
            // Index only the keys that are asked for, and only free dwellings, in reverse so that pop gives
            // the first.
            let mut index: Index = waiting
                .iter()
                .map(|&h| (key(true, h as usize), Vec::new()))
                .filter(|(k, _)| *k != 0)
                .collect();
            for row in (0..dwellings.len()).rev() {
                if household_of[row] == u32::MAX
                    && let Some(free) = index.get_mut(&key(false, row))
                {
                    free.push(u32::try_from(row).unwrap_or(u32::MAX));
                }
            }
            waiting.retain(|&h| {
                let Some(free) = index.get_mut(&key(true, h as usize)) else { return true };
                let Some(&d) = free.last() else { return true };
                if of_cities && !one_place(dwellings, free, households.depcom.get(h as usize)) {
                    return true;
                }
                if rung == 3 {
                    let other = |d: u32| dwellings.siren.of[d as usize];
                    ambiguous += u64::from(free.iter().any(|x| other(*x) != other(d)));
                }
                free.pop();
                household_of[d as usize] = h;
                counts[rung] += 1;
                false
            });
        }
    }
    let mut homeless: BTreeMap<&str, u64> = BTreeMap::new();
    let mut depcoms = numbers(&dwellings.depcom.list);
    let mut sirens = numbers(&dwellings.siren.list);
    for h in waiting {
        let row = h as usize;
        let depcom = households.depcom.get(row).to_owned();
        if depcom.is_empty() || !households.asked(row) {
            lost += 1;
            continue;
        }
        let depcom = number(&mut depcoms, &mut dwellings.depcom.list, &depcom);
        let of = households.siren.of[row] as usize;
        let siren = match owners.get(of).map_or("", String::as_str) {
            "" => u32::MAX,
            siren => number(&mut sirens, &mut dwellings.siren.list, siren),
        };
        if absent.get(of) == Some(&true) {
            *homeless.entry(households.siren.get(row)).or_insert(0u64) += 1;
        }
        dwellings.push_unregistered(depcom, siren);
        household_of.push(h);
        counts[4] += 1;
    }

    for (key, n) in ["echelon_a", "echelon_b", "echelon_c", "echelon_d", "echelon_e"].iter().zip(counts) {
        report.comptes.insert((*key).to_owned(), n);
    }
    report.comptes.insert("echelon_d_ambigus".into(), ambiguous);
    report.comptes.insert("menages_non_localises".into(), lost);
    report.comptes.insert("menages_en_double".into(), twice);
    report.comptes.insert("menages_autre_bailleur".into(), foreign);
    if foreign > 0 {
        let (who, what) = if foreign == 1 {
            ("Un ménage de l'enquête porte".to_owned(), "il n'y est pas rattaché")
        } else {
            (format!("{} ménages de l'enquête portent", thousands(foreign)), "ils n'y sont pas rattachés")
        };
        report.remarques.push(format!(
            "{who} le numéro national d'un logement qu'un autre bailleur a au RPLS : {what}. Si ce patrimoine a \
             changé de SIREN, corrigez le SIREN de l'enquête et importez-la de nouveau."
        ));
    }
    for (siren, n) in homeless {
        report.remarques.push(format!(
            "{} du bailleur {siren} : ce SIREN n'a aucun logement au RPLS {millesime}, ils ne comptent que pour leur commune. \
             Si un autre bailleur l'a absorbé, dites-le (Administration, Paramètres, « Bailleurs absorbés par un autre »).",
            counted(n, "ménage de l'enquête", "ménages de l'enquête")
        ));
    }
    report.comptes.insert("menages".into(), households.len() as u64);
    Matches { household_of }
}

/// Whether free dwellings of one street and number of a city are surely of one place, for a household that
/// says this commune: all of one arrondissement, and neither contradicts the other.
fn one_place(dwellings: &Dwellings, free: &[u32], depcom: &str) -> bool {
    let code = |row: u32| dwellings.depcom.get(row as usize);
    let first = free.last().map_or("", |d| code(*d));
    free.iter().all(|d| code(*d) == first) && (city_of(first).is_none() || city_of(depcom).is_none())
}

type Numbers = HashMap<String, u32, FxBuildHasher>;

fn numbers(list: &[String]) -> Numbers {
    list.iter().cloned().zip(0..).collect()
}

/// Number of a text in the list, added if it is new.
fn number(numbers: &mut Numbers, list: &mut Vec<String>, text: &str) -> u32 {
    *numbers.entry_ref(text).or_insert_with(|| {
        list.push(text.to_owned());
        u32::try_from(list.len() - 1).unwrap_or(u32::MAX)
    })
}

/// One key from two, 0 if either is missing.
fn both(a: u64, b: u64) -> u64 {
    if a == 0 || b == 0 { 0 } else { (a ^ b.rotate_left(31)).max(1) }
}
