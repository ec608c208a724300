//! Zones that a file gives where no contour is imported.

use super::arrondissements;
use super::dwellings::Dwellings;
use super::facts::{BuildReport, LayerFacts};
use super::places::{Places, coded};
use super::table::Texts;
use crate::french::thousands;
use crate::reference::communes::is_city;

/// Without contours, the zone that the file itself gives. The local number of an IRIS is completed by the
/// commune as filed; under the code of a city with arrondissements it would be a false IRIS: by the
/// arrondissement, or not at all.
pub(super) fn layer(
    id: &str,
    libelle: &str,
    column: &Texts,
    dwellings: &Dwellings,
    places: &Places,
    report: &mut BuildReport,
) -> LayerFacts {
    let districts = places.layer(arrondissements::ID).filter(|_| id == "iris");
    let (mut mended, mut lost) = (0_u64, 0_u64);
    let mut of = |a: usize| {
        let row = places.first[a] as usize;
        let code = Some(column.get(row)).filter(|c| !c.is_empty() && places.addresses[a].is_located())?;
        let (commune, local) = match code.len() {
            _ if id != "iris" => return Some(code.to_owned()),
            4 => (dwellings.depcom.get(row), code),
            // Imported before this was looked at.
            _ => code.split_at_checked(5).filter(|(commune, _)| is_city(commune)).unwrap_or((code, "")),
        };
        if !is_city(commune) {
            return Some(format!("{commune}{local}"));
        }
        let district = districts.and_then(|l| l.codes.get(l.of_address[a] as usize));
        *(if district.is_some() { &mut mended } else { &mut lost }) += 1;
        district.map(|d| format!("{d}{local}"))
    };
    let codes: Vec<Option<String>> = (0..places.addresses.len()).map(&mut of).collect();
    if mended + lost > 0 {
        report.comptes.insert("adresses_iris_par_arrondissement".into(), mended);
        report.comptes.insert("adresses_iris_de_ville".into(), lost);
        let [mended, lost] = [mended, lost].map(thousands);
        report.remarques.push(format!(
            "Un numéro d'IRIS sous le code de Paris, Lyon ou Marseille ne désigne aucun IRIS : {mended} adresses ont celui de leur arrondissement, {lost} n'ont pas d'IRIS, faute d'arrondissement."
        ));
    }
    let all: Vec<usize> = (0..places.addresses.len()).collect();
    coded(id, libelle, codes, String::clone, &all, places.addresses.len())
}
