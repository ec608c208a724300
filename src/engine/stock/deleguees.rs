//! Communes déléguées and associées: what a commune was made of stays a scale, so that the figure of a former
//! commune does not vanish.
//!
//! A dwelling of a commune with such parts is in the one whose code its file has; else in the one whose
//! contour holds its point; else in the one that the BAN names for its address. The code of the whole commune
//! is also that of one of its parts, and tells nothing by itself. What nothing tells is in no part, and
//! counted: the parts and these add up to the commune.

use std::path::PathBuf;

use rustc_hash::{FxHashMap, FxHashSet};

use super::StockError;
use super::dwellings::Dwellings;
use super::facts::{BuildReport, LayerFacts};
use super::places::{Places, coded};
use super::table::{Table, hash};
use crate::french::thousands;
use crate::reference::communes::key_in_force;
use crate::reference::deleguees::{Part, composed, part};
use crate::reference::generations::departement;
use crate::store::{Dataset, Store};
use crate::territory::layer::{Layer, LayerError, Zone};

/// Id of the layer and of the scale.
pub const ID: &str = "deleguee";

/// The layer; None where no dwelling is known to be in a commune déléguée or associée.
///
/// # Errors
/// A table of addresses cannot be read.
pub(super) fn layer(
    store: &Store,
    places: &Places,
    dwellings: &Dwellings,
    contours: Option<&Layer>,
    report: &mut BuildReport,
) -> Result<Option<LayerFacts>, StockError> {
    // Where a part is still a commune, nothing has merged yet.
    let apart = separate(dwellings.commune.list.iter().map(String::as_str));
    let composed: FxHashSet<&str> = composed().filter(|c| !apart.contains(c)).collect();
    let n = places.addresses.len();
    let commune =
        |a: usize| dwellings.commune.list.get(places.commune(a, dwellings)).map_or("", String::as_str);
    let asked: Vec<usize> = (0..n).filter(|a| composed.contains(commune(*a))).collect();
    if asked.is_empty() {
        return Ok(None);
    }
    let mut codes: Vec<Option<String>> = vec![None; n];
    for &a in &asked {
        codes[a] =
            by_code(places, dwellings, commune(a), a).or_else(|| by_point(places, contours?, commune(a), a));
    }
    let unknown: Vec<usize> = asked.iter().copied().filter(|a| codes[*a].is_none()).collect();
    let named = of_addresses(store, &unknown.iter().map(|a| key(places, dwellings, *a)).collect())?;
    for &a in &unknown {
        let of = |code: &&String| part(code).is_some_and(|p| p.commune == commune(a));
        codes[a] = named.get(&key(places, dwellings, a)).filter(of).cloned();
    }
    let mut rows = [0_u64; 2];
    for (row, a) in places.address_of.iter().enumerate().take(dwellings.registered()) {
        if composed.contains(dwellings.commune.get(row)) {
            rows[usize::from(codes[*a as usize].is_none())] += 1;
        }
    }
    let [known, lost] = rows;
    report.comptes.insert("deleguee_connue".into(), known);
    report.comptes.insert("deleguee_inconnue".into(), lost);
    if known == 0 {
        return Ok(None);
    }
    if lost > 0 {
        report.remarques.push(format!(
            "{} logements de communes qui en réunissent d'autres ne comptent pour aucune commune déléguée ou associée : ni leur code, ni un contour (couche « {ID} », ou contours des communes d'avant), ni l'adresse de la BAN ne la dit.",
            thousands(lost)
        ));
    }
    let all: Vec<usize> = (0..n).collect();
    let mut layer = coded(ID, "Commune déléguée ou associée", codes, String::clone, &all, n);
    for (code, nom) in layer.codes.iter().zip(&mut layer.noms) {
        *nom = part(code).map(Part::title).unwrap_or_default();
    }
    Ok(Some(layer))
}

/// By the code as filed, unless it is the whole commune's.
fn by_code(places: &Places, dwellings: &Dwellings, commune: &str, a: usize) -> Option<String> {
    let filed = dwellings.depcom.get(places.first[a] as usize);
    part(filed).filter(|p| p.commune == commune && p.code != commune).map(|p| p.code.to_owned())
}

fn by_point(places: &Places, contours: &Layer, commune: &str, a: usize) -> Option<String> {
    let place = places.addresses[a];
    let zone = place.is_located().then(|| contours.locate(place.lon, place.lat)).flatten()?;
    let code = &contours.zones[zone as usize].code;
    part(code).filter(|p| p.commune == commune).map(|_| code.clone())
}

/// The address of a dwelling as the BAN has it: under the commune in force. 0 without a street.
fn key(places: &Places, dwellings: &Dwellings, a: usize) -> u64 {
    let key = dwellings.adresse.get(places.first[a] as usize);
    let street = key.splitn(4, ':').nth(3).unwrap_or_default();
    if street.is_empty() { 0 } else { hash(&key_in_force(key)) }
}

/// The former commune that the BAN names for each of these addresses.
fn of_addresses(store: &Store, asked: &FxHashSet<u64>) -> Result<FxHashMap<u64, String>, StockError> {
    let mut found = FxHashMap::default();
    if asked.iter().all(|k| *k == 0) {
        return Ok(found);
    }
    let departements: FxHashSet<&str> = composed().map(departement).collect();
    for set in store.manifest().of_register("addresses") {
        let path = store.folder(set).join("adresses.parquet");
        // Imported before this column was kept; or no commune there has parts.
        if !departements.contains(set.rapport.cle.as_str()) || !Table::has(&path, "code_ancienne")? {
            continue;
        }
        let t = Table::read(&path, &["cle", "code_ancienne"])?;
        let (keys, former) = (t.hashes("cle")?, t.texts("code_ancienne")?);
        let told = keys.iter().enumerate().filter(|(row, k)| **k != 0 && !former.get(*row).is_empty());
        for (row, key) in told.filter(|(_, k)| asked.contains(k)) {
            found.entry(*key).or_insert_with(|| former.get(row).to_owned());
        }
    }
    Ok(found)
}

/// Contours of communes déléguées and associées: those that were imported, else those of communes of an
/// earlier generation that are parts of a commune of now, the latest first. `fits` leaves data sets out.
///
/// # Errors
/// A table cannot be read.
pub fn contours(
    store: &Store,
    communes: &Layer,
    fits: impl Fn(&Dataset) -> bool,
) -> Result<Option<Layer>, LayerError> {
    let of = |id: &str| {
        let mut list: Vec<(String, PathBuf)> = Vec::new();
        for d in store.manifest().of_register("zones").filter(|d| fits(d)) {
            let (layer, generation) = d.rapport.cle.rsplit_once('-').unwrap_or((&d.rapport.cle, ""));
            if layer == id {
                list.extend(store.table(d, "zones").map(|path| (generation.to_owned(), path)));
            }
        }
        list.sort_by(|x, y| y.0.cmp(&x.0));
        list
    };
    let mut zones: Vec<Zone> = Vec::new();
    let imported = of(ID);
    let former = if imported.is_empty() {
        Some(of("commune")).filter(|all| all.len() > 1).unwrap_or_default()
    } else {
        imported
    };
    for (_, path) in former {
        let layer = Layer::from_parquet(ID, &path)?;
        let new = parts_of(&layer, communes, &zones);
        zones.extend(new);
    }
    Ok((!zones.is_empty()).then(|| Layer::new(ID, zones)))
}

/// Communes of which one of these codes is a part.
fn separate<'a>(codes: impl Iterator<Item = &'a str>) -> FxHashSet<&'static str> {
    codes.filter_map(|c| part(c).filter(|p| p.code != p.commune).map(|p| p.commune)).collect()
}

/// Zones of a layer that are parts of a commune that was made of them since, and that are not there yet.
fn parts_of(layer: &Layer, communes: &Layer, there: &[Zone]) -> Vec<Zone> {
    let codes = |l: &Layer| separate(l.zones.iter().map(|z| z.code.as_str()));
    let (before, now) = (codes(layer), codes(communes));
    let merged = |commune: &str| before.contains(commune) && !now.contains(commune);
    let new = layer.zones.iter().filter(|z| {
        part(&z.code).is_some_and(|p| merged(p.commune) && communes.index_of(p.commune).is_some())
            && there.iter().all(|t| t.code != z.code)
    });
    new.filter_map(|z| {
        let p = part(&z.code)?;
        Some(Zone { nom: p.title(), commune: Some(p.commune.to_owned()), ..z.clone() })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use geo::{MultiPolygon, Rect};

    use super::*;

    fn contours(codes: &[&str]) -> Layer {
        let square = |i: f64| MultiPolygon::from(Rect::new((i, 45.0), (i + 1.0, 46.0)).to_polygon());
        let zones = codes.iter().zip(0_u8..);
        let zone = |(c, i): (&&str, u8)| Zone::new((*c).into(), String::new(), square(f64::from(i)));
        Layer::new("commune", zones.map(zone).collect())
    }

    #[test]
    fn contours_of_before_give_the_parts_of_communes_of_now() {
        let (old, now) = (contours(&["74010", "74093", "74256"]), contours(&["74010", "74256"]));
        let found = parts_of(&old, &now, &[]);
        let codes: Vec<(&str, &str)> = found.iter().map(|z| (z.code.as_str(), z.nom.as_str())).collect();
        assert_eq!(codes, [("74010", "Annecy (commune déléguée)"), ("74093", "Cran-Gevrier")]);
        assert_eq!(found[1].commune.as_deref(), Some("74010"));
        assert!(parts_of(&now, &now, &[]).is_empty(), "the whole is no part of itself");
        assert!(parts_of(&old, &old, &[]).is_empty(), "not merged there yet");
        assert!(parts_of(&old, &now, &found).is_empty(), "taken once");
    }
}
