//! A bailleur's deposit beside what the store has of it: the year before, and what the deposit would replace,
//! by commune.

use std::collections::BTreeMap;
use std::path::Path;

use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;
use serde::{Deserialize, Serialize};

use super::StockError;
use super::parts::{self, Parts, table_of};
use super::table::{Table, Texts};
use crate::reference::communes::successor;
use crate::store::Store;

/// Rows of one commune: dwellings of the RPLS, households asked by the OPS and those of them that answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    pub lignes: u64,
    pub repondants: u64,
}

/// One commune in the deposit, in the year before and in what is in force for the same year.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub commune: String,
    pub depot: Count,
    /// None: the store has nothing to compare with.
    pub avant: Option<Count>,
    pub en_vigueur: Option<Count>,
}

/// The whole comparison.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// Year of `avant`.
    pub annee_avant: Option<u16>,
    pub total: Change,
    /// By code.
    pub communes: Vec<Change>,
}

type Counts = BTreeMap<String, Count>;

/// Compares the checked deposit of a folder (`logements.parquet` or `menages.parquet`) with the store.
///
/// # Errors
/// A table cannot be read.
pub fn compare(
    store: &Store,
    register: &str,
    year: u16,
    siren: &str,
    folder: &Path,
) -> Result<Comparison, StockError> {
    let columns = columns(register);
    let homes = communes_of(store, register, year, siren)?;
    let deposit = count(
        &Table::read(&folder.join(format!("{}.parquet", table_of(register))), columns)?,
        register,
        siren,
        &homes,
    )?;
    let stored = |year: u16| -> Result<Option<Counts>, StockError> {
        let Some(parts) = Parts::of(store, register, year) else { return Ok(None) };
        let counts = carried(count(&parts.read(columns)?, register, siren, &homes)?, &deposit);
        Ok(Some(counts).filter(|c| !c.is_empty()))
    };
    let earlier = parts::years(store, register).into_iter().rev().find(|y| *y < year);
    let before = earlier.map(stored).transpose()?.flatten();
    let present = stored(year)?;
    let mut codes: Vec<&String> =
        deposit.keys().chain(before.iter().chain(&present).flat_map(BTreeMap::keys)).collect();
    codes.sort_unstable();
    codes.dedup();
    let at = |counts: &Counts, code: &str| counts.get(code).copied().unwrap_or_default();
    let communes: Vec<Change> = codes
        .into_iter()
        .map(|code| Change {
            commune: code.clone(),
            depot: at(&deposit, code),
            avant: before.as_ref().map(|c| at(c, code)),
            en_vigueur: present.as_ref().map(|c| at(c, code)),
        })
        .collect();
    let sum = |counts: &Counts| {
        counts.values().fold(Count::default(), |a, b| Count {
            lignes: a.lignes + b.lignes,
            repondants: a.repondants + b.repondants,
        })
    };
    let total = Change {
        commune: String::new(),
        depot: sum(&deposit),
        avant: before.as_ref().map(sum),
        en_vigueur: present.as_ref().map(sum),
    };
    Ok(Comparison { annee_avant: earlier.filter(|_| before.is_some()), total, communes })
}

/// Counts under the communes of the deposit: one that it does not name any more, but whose successor it does,
/// was merged and is not lost.
fn carried(counts: Counts, deposit: &Counts) -> Counts {
    let mut out = Counts::new();
    for (code, n) in counts {
        let new = successor(&code).filter(|new| !deposit.contains_key(&code) && deposit.contains_key(*new));
        let sum = out.entry(new.map_or(code, str::to_owned)).or_default();
        sum.lignes += n.lignes;
        sum.repondants += n.repondants;
    }
    out
}

fn columns(register: &str) -> &'static [&'static str] {
    if register == "ops" {
        &["siren", "depcom", "ident_rep", "statut_logement", "statut_reponse"]
    } else {
        &["siren", "depcom", "ident_rep"]
    }
}

/// The commune of each national number of the bailleur, for rows of the survey that name their dwelling only.
fn communes_of(
    store: &Store,
    register: &str,
    year: u16,
    siren: &str,
) -> Result<HashMap<u64, String, FxBuildHasher>, StockError> {
    let nearest = parts::years(store, "rpls").into_iter().min_by_key(|y| y.abs_diff(year));
    let Some(parts) = nearest.filter(|_| register == "ops").and_then(|y| Parts::of(store, "rpls", y)) else {
        return Ok(HashMap::default());
    };
    let t = parts.read(&["siren", "ident_rep", "depcom"])?;
    let (owner, ident, depcom): (Texts, Vec<u64>, Texts) =
        (t.texts("siren")?, t.hashes("ident_rep")?, t.texts("depcom")?);
    Ok((0..t.rows())
        .filter(|r| owner.get(*r) == siren && ident[*r] != 0)
        .map(|r| (ident[r], depcom.get(r).to_owned()))
        .collect())
}

fn count(
    t: &Table,
    register: &str,
    siren: &str,
    homes: &HashMap<u64, String, FxBuildHasher>,
) -> Result<Counts, StockError> {
    let (owner, ident, depcom) = (t.texts("siren")?, t.hashes("ident_rep")?, t.texts("depcom")?);
    let status =
        if register == "ops" { Some((t.u8s("statut_logement")?, t.u8s("statut_reponse")?)) } else { None };
    let mut out = Counts::new();
    for row in (0..t.rows()).filter(|r| owner.get(*r) == siren) {
        let code = match depcom.get(row) {
            "" => homes.get(&ident[row]).map_or("", String::as_str),
            code => code,
        };
        let (asked, answered) = status
            .as_ref()
            .map_or((true, false), |(home, reply)| (home[row] == 1, matches!(reply[row], 1 | 2)));
        if asked {
            let count = out.entry(code.to_owned()).or_default();
            count.lignes += 1;
            count.repondants += u64::from(answered);
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_merged_commune_is_compared_with_the_one_that_it_became() {
        let count = |lignes| Count { lignes, repondants: 0 };
        let of =
            |list: &[(&str, u64)]| list.iter().map(|(c, n)| ((*c).to_owned(), count(*n))).collect::<Counts>();
        let before = of(&[("74010", 10), ("74093", 5), ("73065", 3)]);
        assert_eq!(carried(before.clone(), &of(&[("74010", 1)])), of(&[("74010", 15), ("73065", 3)]));
        assert_eq!(
            carried(before.clone(), &of(&[("74010", 1), ("74093", 1)])),
            before,
            "the deposit names both"
        );
    }
}
