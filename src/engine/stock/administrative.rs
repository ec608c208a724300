//! Département, EPCI and commune of addresses, from the commune that their dwellings are in.

use std::collections::BTreeMap;

use geo::InteriorPoint;
use hashbrown::HashMap;

use super::StockError;
use super::dwellings::Dwellings;
use super::facts::LayerFacts;
use super::places::{Places, coded};
use super::table::Table;
use crate::reference::generations;
use crate::reference::unites::{Unites, unit_of};
use crate::store::Store;
use crate::territory::layer::{Layer, Zone};

/// Commune → (EPCI, its name), of the year nearest to the millésime.
pub fn membership(store: &Store, millesime: u16) -> Result<HashMap<String, (String, String)>, StockError> {
    let nearest = store
        .manifest()
        .of_register("zones")
        .filter_map(|d| Some((d, store.table(d, "appartenance")?)))
        .min_by_key(|(d, _)| {
            let year = d.rapport.cle.rsplit_once('-').and_then(|(_, y)| y.parse::<u16>().ok());
            year.unwrap_or(0).abs_diff(millesime)
        });
    let Some((_, path)) = nearest else { return Ok(HashMap::new()) };
    let t = Table::read(&path, &["commune", "epci", "nom"])?;
    let (commune, epci, nom) = (t.texts("commune")?, t.texts("epci")?, t.texts("nom")?);
    Ok((0..t.rows())
        .map(|i| (commune.get(i).to_owned(), (epci.get(i).to_owned(), nom.get(i).to_owned())))
        .collect())
}

/// What tells the EPCI of a commune, and the names of EPCI. In Grand Paris the unit of figures and of targets
/// is the EPT or Paris, whatever a file says (CCH L.441-1).
#[derive(Debug, Default)]
pub struct Epcis {
    of_commune: HashMap<String, String>,
    names: BTreeMap<String, String>,
}

impl Epcis {
    /// By the membership file, else by the EPCI that the contour of the commune names, else by the contour of
    /// an EPCI that holds a point well inside of the commune's. Dwellings have no say: a point may be wrong.
    #[must_use]
    pub fn new(
        membership: &HashMap<String, (String, String)>,
        communes: Option<&Layer>,
        epcis: Option<&Layer>,
    ) -> Self {
        let mut out = Self::default();
        for (commune, (epci, name)) in membership {
            out.of_commune.insert(commune.clone(), epci.clone());
            if named(name, epci) {
                out.names.insert(epci.clone(), name.clone());
            }
        }
        let contours = epcis.map_or(&[][..], |l| &l.zones);
        let own = contours.iter().filter(|z| named(&z.nom, &z.code));
        out.names.extend(own.map(|z| (z.code.clone(), z.nom.clone())));
        for zone in communes.map_or(&[][..], |l| &l.zones) {
            if !out.of_commune.contains_key(&zone.code)
                && let Some(epci) = zone.epci.clone().or_else(|| by_contour(zone, epcis?))
            {
                out.of_commune.insert(zone.code.clone(), epci);
            }
        }
        out
    }

    /// Whether no commune has one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.of_commune.is_empty()
    }

    #[must_use]
    pub fn of(&self, commune: &str) -> Option<&str> {
        let unit = unit_of(commune).map(|u| u.code.as_str());
        unit.or_else(|| self.of_commune.get(commune).map(String::as_str))
    }

    /// Name of an EPCI; empty if nothing gives it.
    #[must_use]
    pub fn name(&self, epci: &str) -> &str {
        let unit = Unites::embedded().ok().and_then(|u| u.unit(epci)).map(|u| u.nom.as_str());
        unit.or_else(|| self.names.get(epci).map(String::as_str)).unwrap_or_default()
    }
}

/// Whether a name says more than the code: contours without a column of names have the code there.
fn named(name: &str, code: &str) -> bool {
    !name.is_empty() && name != code
}

fn by_contour(commune: &Zone, epcis: &Layer) -> Option<String> {
    let inside = commune.geometry.interior_point()?;
    epcis.locate(inside.x(), inside.y()).map(|z| epcis.zones[z as usize].code.clone())
}

/// Layers `departement`, `epci` and `commune`. `contour` gives the zone of a layer and code, for its name.
pub(super) fn layers<'a>(
    places: &Places,
    dwellings: &Dwellings,
    epcis: &Epcis,
    contour: impl Fn(&str, &str) -> Option<&'a Zone>,
) -> Vec<LayerFacts> {
    let communes = &dwellings.commune.list;
    let all: Vec<usize> = (0..places.addresses.len()).collect();
    let build = |id: &str, libelle: &str, of: &dyn Fn(&str) -> Option<String>| {
        let codes: Vec<Option<String>> = communes.iter().map(|c| of(c)).collect();
        // Of each commune, the first that has the same code.
        let mut firsts: HashMap<&str, usize> = HashMap::new();
        let zones: Vec<Option<usize>> =
            (0..).zip(&codes).map(|(i, c)| Some(*firsts.entry(c.as_deref()?).or_insert(i))).collect();
        let of_address = all.iter().map(|a| zones.get(places.commune(*a, dwellings)).copied().flatten());
        let code = |commune: &usize| codes[*commune].clone().unwrap_or_default();
        let mut layer = coded(id, libelle, of_address, code, &all, all.len());
        for (code, nom) in layer.codes.iter().zip(&mut layer.noms) {
            let own = contour(id, code).map(|z| z.nom.clone());
            *nom = if id == "epci" { epcis.name(code).to_owned() } else { own.unwrap_or_default() };
        }
        layer
    };
    vec![
        build("departement", "Département", &|c| Some(generations::departement(c).to_owned())),
        build("epci", "EPCI", &|c| epcis.of(c).map(str::to_owned)),
        build("commune", "Commune", &|c| Some(c.to_owned())),
    ]
}

#[cfg(test)]
mod tests {
    use geo::{MultiPolygon, Rect};

    use super::*;

    fn zone(code: &str, nom: &str, x: f64) -> Zone {
        let square = Rect::new((x, 45.0), (x + 1.0, 46.0)).to_polygon();
        Zone::new(code.into(), nom.into(), MultiPolygon::from(square))
    }

    #[test]
    fn a_membership_goes_before_a_contour_and_names_come_from_whoever_has_them() {
        let communes =
            Layer::new("commune", vec![zone("06029", "Cannes", 0.0), zone("06030", "Le Cannet", 1.0)]);
        let epcis =
            Layer::new("epci", vec![zone("200000001", "200000001", 0.0), zone("200000002", "Pays", 1.0)]);
        let listed = |code: &str, nom: &str| (code.to_owned(), nom.to_owned());
        let membership = HashMap::from([("06030".to_owned(), listed("200000001", "Communauté"))]);
        let found = Epcis::new(&membership, Some(&communes), Some(&epcis));
        assert_eq!(
            (found.of("06029"), found.of("06030"), found.of("73065")),
            (Some("200000001"), Some("200000001"), None)
        );
        assert_eq!(
            (found.name("200000001"), found.name("200000002"), found.name("2")),
            ("Communauté", "Pays", "")
        );
    }
    #[test]
    fn in_grand_paris_the_unit_is_the_ept_or_paris_and_never_the_metropole() {
        let listed = |nom: &str| ("200054781".to_owned(), nom.to_owned());
        let metropole =
            ["75056", "93066", "92012"].map(|c| (c.to_owned(), listed("Métropole du Grand Paris")));
        let found = Epcis::new(&HashMap::from(metropole), None, None);
        assert_eq!(
            ["75056", "75113", "93066", "92012", "77288"].map(|c| found.of(c)),
            [Some("75056"), Some("75056"), Some("200057867"), Some("200057974"), None]
        );
        assert_eq!((found.name("200057867"), found.name("75056")), ("Plaine Commune", "Ville de Paris"));
    }
}
