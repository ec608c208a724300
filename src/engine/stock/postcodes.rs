//! Rule R12: postcodes that the Base adresse nationale does not give to the commune of the dwelling.

use hashbrown::HashSet;
use rustc_hash::FxBuildHasher;

use super::StockError;
use super::parts::Parts;
use super::table::{Table, Texts};
use crate::store::Store;

/// Dwellings whose commune has addresses in the store but none of their postcode; None without any address.
pub fn incompatible(store: &Store, dwellings: &Parts) -> Result<Option<u64>, StockError> {
    let (mut communes, mut pairs) = (Set::default(), HashSet::<(String, String), FxBuildHasher>::default());
    for data in store.manifest().of_register("addresses") {
        let t = Table::read(&store.folder(data).join("adresses.parquet"), &["code_postal", "code_insee"])?;
        let (postcode, commune) = (t.texts("code_postal")?, t.texts("code_insee")?);
        communes.extend(commune.list.iter().cloned());
        pairs.extend(
            distinct(&commune, &postcode)
                .into_iter()
                .map(|(c, p)| (commune.list[c].clone(), postcode.list[p].clone())),
        );
    }
    if pairs.is_empty() {
        return Ok(None);
    }
    let t = dwellings.read(&["codepostal", "depcom"])?;
    let (postcode, commune) = (t.texts("codepostal")?, t.texts("depcom")?);
    let wrong: HashSet<(usize, usize), FxBuildHasher> = distinct(&commune, &postcode)
        .into_iter()
        .filter(|&(c, p)| {
            let (commune, postcode) = (&commune.list[c], &postcode.list[p]);
            communes.contains(commune) && !pairs.contains(&(commune.clone(), postcode.clone()))
        })
        .collect();
    let rows = commune.of.iter().zip(&postcode.of);
    Ok(Some(rows.filter(|(c, p)| wrong.contains(&(**c as usize, **p as usize))).count() as u64))
}

type Set = HashSet<String, FxBuildHasher>;

/// Pairs of texts that stand in one row, by their numbers; rows that lack one are left out.
fn distinct(a: &Texts, b: &Texts) -> HashSet<(usize, usize), FxBuildHasher> {
    let known = |t: &Texts, n: u32| Some(n as usize).filter(|n| *n < t.list.len());
    a.of.iter().zip(&b.of).filter_map(|(x, y)| Some((known(a, *x)?, known(b, *y)?))).collect()
}
