//! In which order features come.
//!
//! GDAL 3.6 and QGIS 3.22 take the type of a column from the first ten features: a figure that is secret in
//! all of them becomes text, and the figures behind it are lost. So the first features are chosen to have
//! every figure that some zone has; the others follow by code.

use crate::desk::figures::Reading;
use crate::desk::problem::Problem;
use crate::publish::Row;
use crate::reference::publication::publication;

/// The zones of a reading in the order of its collection.
///
/// # Errors
/// A zone is not open.
pub fn ordered(reading: &Reading<'_>) -> Result<Vec<u32>, Problem> {
    let pages = &publication().ogc;
    let mut largest: Vec<(u64, u32)> = reading.zones.iter().map(|z| (reading.dwellings(*z), *z)).collect();
    largest.sort_unstable_by_key(|(n, z)| (std::cmp::Reverse(*n), *z));
    largest.truncate(pages.candidates);
    let candidates: Vec<u32> = largest.into_iter().map(|(_, z)| z).collect();
    let rows = reading.rows(&candidates)?;
    let first: Vec<u32> = head(&rows, pages.tete).into_iter().map(|i| candidates[i]).collect();
    let rest = reading.zones.iter().filter(|z| !first.contains(z));
    Ok(first.iter().chain(rest).copied().collect())
}

/// Places of the lines that together show the most figures: each time the one that shows most that none
/// before it does, then the one that shows most.
fn head(rows: &[Row<'_>], most: usize) -> Vec<usize> {
    let shown = |row: &Row<'_>| -> Vec<bool> {
        let own = [row.repondants.is_some(), row.taux_reponse.is_some(), row.fiabilite.is_some()];
        row.figures.iter().map(|f| f.valeur.is_some()).chain(own).collect()
    };
    let all: Vec<Vec<bool>> = rows.iter().map(shown).collect();
    let mut seen = vec![false; all.first().map_or(0, Vec::len)];
    let mut out: Vec<usize> = Vec::new();
    while out.len() < most.min(rows.len()) {
        let gain = |i: usize| {
            let new = all[i].iter().zip(&seen).filter(|(v, s)| **v && !**s).count();
            (new, all[i].iter().filter(|v| **v).count())
        };
        let left = (0..rows.len()).filter(|i| !out.contains(i));
        // Of equals the first, which is the largest.
        let Some(best) = left.max_by_key(|i| (gain(*i), std::cmp::Reverse(*i))) else { break };
        seen.iter_mut().zip(&all[best]).for_each(|(s, v)| *s |= *v);
        out.push(best);
    }
    out
}
