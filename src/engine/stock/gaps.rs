//! What figures of a QPV cannot count: dwellings of its communes without a point, and those that say that
//! they are in a QPV where no contour holds them.

use std::collections::{BTreeMap, BTreeSet};

use geo::InteriorPoint;
use serde::{Deserialize, Serialize};

use super::dwellings::Dwellings;
use super::facts::NONE;
use super::places::Places;
use super::table::Texts;
use crate::french::thousands;
use crate::reference::generations;
use crate::territory::layer::Layer;

/// Of one QPV.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Codes of the communes that it lies in.
    pub communes: Vec<String>,
    /// Dwellings of these communes, those of them without a usable point, and those that the file says are in
    /// a QPV of this generation and that are in none.
    pub logements: u64,
    pub sans_point: u64,
    pub declares: u64,
}

/// Layer of QPV → code → what it lacks; a QPV that lacks nothing is not there.
pub type Gaps = BTreeMap<String, BTreeMap<String, Gap>>;

impl Gap {
    /// The warning beside its figures. `name` gives a commune's name, where it has one.
    #[must_use]
    pub fn sentence(&self, name: impl Fn(&str) -> Option<String>) -> String {
        let named = |code: &String| name(code).unwrap_or_else(|| code.clone());
        let place = match self.communes.as_slice() {
            [one] => format!("de la commune {}", named(one)),
            several => format!("des communes {}", several.iter().map(named).collect::<Vec<_>>().join(", ")),
        };
        let all = thousands(self.logements);
        let mut told = Vec::new();
        match self.sans_point {
            0 => {}
            1 => told.push(format!(
                "Un des {all} logements {place} n'a pas de point utilisable : il n'est compté dans aucun QPV."
            )),
            n => told.push(format!(
                "{} des {all} logements {place} n'ont pas de point utilisable : ils ne sont comptés dans aucun QPV.",
                thousands(n)
            )),
        }
        match self.declares {
            0 => {}
            1 => told.push(format!(
                "Un logement {place} est déclaré en QPV par son bailleur sans qu'un contour le contienne."
            )),
            n => told.push(format!(
                "{} logements {place} sont déclarés en QPV par leur bailleur sans qu'un contour les contienne.",
                thousands(n)
            )),
        }
        told.join(" ")
    }
}

/// What each QPV of the imported contours lacks.
pub(super) fn of(
    places: &Places,
    dwellings: &Dwellings,
    millesime: u16,
    communes: Option<&Layer>,
    qpv: &[&Layer],
) -> Gaps {
    let mut out = Gaps::new();
    for layer in qpv {
        let Some(facts) = places.layer(&layer.id) else { continue };
        let year = generations::years().find(|y| format!("qpv{y}") == layer.id);
        let filed = if year == Some(2015) { &dwellings.qpv15 } else { &dwellings.qpv24 };
        let counts = counts(places, dwellings, &facts.of_address, |row, commune| {
            declares(dwellings, filed, row)
                || (dwellings.qpv_declare[row] == 1
                    && year == Some(generations::of_millesime(millesime, commune).generation))
        });
        let mut within: Vec<BTreeSet<String>> =
            layer.zones.iter().map(|z| z.commune.iter().cloned().collect()).collect();
        for (a, zone) in facts.of_address.iter().enumerate().filter(|(_, z)| **z != NONE) {
            if let (Some(set), Some(code)) =
                (within.get_mut(*zone as usize), dwellings.commune.list.get(places.commune(a, dwellings)))
            {
                set.insert(code.clone());
            }
        }
        let mut zones = BTreeMap::new();
        for (zone, mut set) in layer.zones.iter().zip(within) {
            let inside = communes.zip(zone.geometry.interior_point());
            let at = inside.and_then(|(l, p)| Some(l.zones[l.locate(p.x(), p.y())? as usize].code.clone()));
            set.extend(at);
            let mut gap = Gap::default();
            for code in set {
                let Some((all, without, declared)) = counts.get(code.as_str()) else { continue };
                gap.logements += all;
                gap.sans_point += without;
                gap.declares += declared;
                gap.communes.push(code);
            }
            if gap.sans_point + gap.declares > 0 {
                zones.insert(zone.code.clone(), gap);
            }
        }
        if !zones.is_empty() {
            out.insert(layer.id.clone(), zones);
        }
    }
    out
}

/// Whether the file names a QPV for a dwelling.
fn declares(dwellings: &Dwellings, filed: &Texts, row: usize) -> bool {
    row < dwellings.registered() && !filed.get(row).is_empty()
}

/// Commune → its dwellings, those without a point, those that declare a QPV and are in none.
fn counts<'a>(
    places: &Places,
    dwellings: &'a Dwellings,
    zone_of: &[u32],
    declared: impl Fn(usize, &str) -> bool,
) -> BTreeMap<&'a str, (u64, u64, u64)> {
    let mut list = vec![(0, 0, 0); dwellings.commune.list.len()];
    for row in 0..dwellings.registered() {
        let a = places.address_of[row] as usize;
        let Some(count) = list.get_mut(dwellings.commune.of[row] as usize) else { continue };
        count.0 += 1;
        count.1 += u64::from(!places.addresses[a].is_located());
        count.2 += u64::from(zone_of[a] == NONE && declared(row, dwellings.commune.get(row)));
    }
    dwellings.commune.list.iter().map(String::as_str).zip(list).collect()
}

#[cfg(test)]
mod tests {
    use super::Gap;

    #[test]
    fn a_warning_names_communes_and_parts_thousands() {
        let communes = vec!["01901".to_owned(), "01902".to_owned()];
        let gap = Gap { communes, logements: 10_442, sans_point: 1_204, declares: 1 };
        let name = |code: &str| (code == "01901").then(|| "Orme-sur-Sereine".to_owned());
        assert_eq!(
            gap.sentence(name),
            "1\u{202f}204 des 10\u{202f}442 logements des communes Orme-sur-Sereine, 01902 n'ont pas de point utilisable : \
             ils ne sont comptés dans aucun QPV. Un logement des communes Orme-sur-Sereine, 01902 est \
             déclaré en QPV par son bailleur sans qu'un contour le contienne."
        );
    }
}
