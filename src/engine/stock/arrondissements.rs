//! Arrondissements of Paris, Lyon and Marseille: a scale of its own, whatever of the two codes a file has.
//!
//! Registers write the code of the arrondissement (75112) or of the city (75056). The city has all of its
//! dwellings either way ([`super::communes`]); an arrondissement has those whose code says so, else those
//! whose point is in it, whose IRIS as filed begins by its code, or whose postcode is its own. What nothing
//! tells is in no arrondissement, and counted: the arrondissements and these add up to the city.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rustc_hash::FxHashMap;

use super::dwellings::Dwellings;
use super::facts::{BuildReport, LayerFacts};
use super::places::{Places, coded};
use crate::french::thousands;
use crate::reference::communes::{arrondissement_name, arrondissement_of_postcode, city_of, is_city};
use crate::territory::layer::{Layer, LayerError};
use crate::territory::units;

/// Id of the layer and of the scale.
pub const ID: &str = "arrondissement";

/// The layer; None where no dwelling is in one of the three cities.
pub(super) fn layer(
    places: &Places,
    dwellings: &Dwellings,
    contours: Option<&Layer>,
    report: &mut BuildReport,
) -> Option<LayerFacts> {
    let within: Vec<bool> = dwellings.commune.list.iter().map(|c| of_a_city(c)).collect();
    if !within.contains(&true) {
        return None;
    }
    let n = places.addresses.len();
    let posted = by_postcode(places, dwellings);
    let codes: Vec<Option<String>> = (0..n)
        .map(|a| {
            let inside = within.get(places.commune(a, dwellings)).copied().unwrap_or(false);
            inside
                .then(|| of_address(places, dwellings, contours, a).or_else(|| posted.get(&a).cloned()))
                .flatten()
        })
        .collect();
    let inside = |row: usize| within.get(dwellings.commune.of[row] as usize).copied().unwrap_or(false);
    let told = |row: &usize| codes[places.address_of[*row] as usize].is_some();
    let (known, unknown): (Vec<usize>, Vec<usize>) =
        (0..dwellings.registered()).filter(|row| inside(*row)).partition(told);
    report.comptes.insert("arrondissement_connu".into(), known.len() as u64);
    report.comptes.insert("arrondissement_inconnu".into(), unknown.len() as u64);
    if !unknown.is_empty() {
        let (who, why) = match unknown.len() {
            1 => ("Un logement de Paris, Lyon ou Marseille compte pour sa ville".to_owned(), "ne le dit"),
            n => (
                format!(
                    "{} logements de Paris, Lyon ou Marseille comptent pour leur ville",
                    thousands(n as u64)
                ),
                "ne le disent",
            ),
        };
        report.remarques.push(format!(
            "{who} et pour aucun arrondissement : ni code de commune, ni point, ni IRIS, ni code postal {why}."
        ));
    }
    let all: Vec<usize> = (0..n).collect();
    let mut layer = coded(ID, "Arrondissement", codes, String::clone, &all, n);
    for (code, nom) in layer.codes.iter().zip(&mut layer.noms) {
        *nom = arrondissement_name(code).unwrap_or_default();
    }
    Some(layer)
}

/// Contours of arrondissements among the tables of a store ([`super::places::zone_tables`]): imported, else
/// drawn from their IRIS; None where there are neither.
///
/// # Errors
/// A table cannot be read.
pub fn contours(tables: &BTreeMap<String, PathBuf>) -> Result<Option<Layer>, LayerError> {
    if let Some(path) = tables.get(ID) {
        return Layer::from_parquet(ID, path).map(Some);
    }
    let Some(path) = tables.get("iris") else { return Ok(None) };
    Ok(units::arrondissements(&Layer::from_parquet("iris", path)?))
}

/// The arrondissement of a place in one of the cities: the first of the codes as filed that is one, else the
/// contour that holds its point.
#[must_use]
pub fn arrondissement(codes: &[&str], point: Option<[f64; 2]>, contours: Option<&Layer>) -> Option<String> {
    let by_code = codes.iter().find(|code| city_of(code).is_some());
    let by_point = || {
        let ([lon, lat], layer) = (point?, contours?);
        Some(layer.zones[layer.locate(lon, lat)? as usize].code.clone())
    };
    by_code.map(|code| (*code).to_owned()).or_else(by_point)
}

/// Whether a commune in force is one of the cities, or (where contours have them as communes) one of their
/// arrondissements.
#[must_use]
pub fn of_a_city(commune: &str) -> bool {
    is_city(commune) || city_of(commune).is_some()
}

/// The arrondissement that the postcodes of an address name: the first that is one of its city. Rows without
/// a street stand at one address, whatever their postcode: theirs says nothing.
fn by_postcode(places: &Places, dwellings: &Dwellings) -> FxHashMap<usize, String> {
    let mut out = FxHashMap::default();
    for (row, address) in places.address_of.iter().enumerate().take(dwellings.registered()) {
        let Some(postcode) = dwellings.postal.get(&row) else { continue };
        let street = dwellings.adresse.get(row).splitn(4, ':').nth(3).unwrap_or_default();
        let named = arrondissement_of_postcode(dwellings.commune.get(row), postcode);
        if let Some(code) = named.filter(|_| !street.is_empty()) {
            out.entry(*address as usize).or_insert(code);
        }
    }
    out
}

/// What its code, its point or its IRIS as filed says of an address.
fn of_address(places: &Places, dwellings: &Dwellings, contours: Option<&Layer>, a: usize) -> Option<String> {
    let row = places.first[a] as usize;
    let place = places.addresses[a];
    let point = place.is_located().then_some([place.lon, place.lat]);
    arrondissement(&[dwellings.depcom.get(row)], point, contours).or_else(|| {
        let code = dwellings.iris.get(row).get(..5)?;
        city_of(code).map(|_| code.to_owned())
    })
}
