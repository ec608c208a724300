//! Arrondissements of Paris, Lyon and Marseille: a scale of its own, whatever of the two codes a file has.
//!
//! Registers write the code of the arrondissement (75112) or of the city (75056). The city has all of its
//! dwellings either way ([`super::communes`]); an arrondissement has those whose code says so, else those
//! whose point is in it, whose IRIS as filed begins by its code, or whose postcode is its own. What nothing
//! tells is in no arrondissement, and counted: the arrondissements and these add up to the city.

use rustc_hash::FxHashMap;

use super::dwellings::Dwellings;
use super::facts::{BuildReport, LayerFacts};
use super::places::{Places, coded};
use crate::reference::communes::{arrondissement_name, arrondissement_of_postcode, cities, city_of};
use crate::territory::layer::Layer;

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
                format!("{n} logements de Paris, Lyon ou Marseille comptent pour leur ville"),
                "ne le disent",
            ),
        };
        report.remarques.push(format!(
            "{who} et pour aucun arrondissement : ni code de commune, ni point, ni IRIS, ni code postal {why}."
        ));
    }
    let all: Vec<usize> = (0..n).collect();
    let mut layer = coded(ID, "Arrondissement", codes, &all, n);
    for (code, nom) in layer.codes.iter().zip(&mut layer.noms) {
        *nom = arrondissement_name(code).unwrap_or_default();
    }
    Some(layer)
}

/// Whether a commune in force is one of the cities, or (where contours have them as communes) one of their
/// arrondissements.
fn of_a_city(commune: &str) -> bool {
    cities().iter().any(|c| c.commune == commune) || city_of(commune).is_some()
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
    let an_arrondissement = |code: &str| city_of(code).map(|_| code.to_owned());
    let by_point = || {
        let layer = contours.filter(|_| place.is_located())?;
        Some(layer.zones[layer.locate(place.lon, place.lat)? as usize].code.clone())
    };
    an_arrondissement(dwellings.depcom.get(row))
        .or_else(by_point)
        .or_else(|| an_arrondissement(dwellings.iris.get(row).get(..5)?))
}
