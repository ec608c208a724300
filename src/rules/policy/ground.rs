//! The zones that leases and files are placed in: commune, unit of targets, QPV in force on a day.

use crate::reference::generations::{self, InForce};
use crate::reference::situation::situation;
use crate::reference::survey::Survey;
use crate::stock::StockError;
use crate::stock::administrative::{Epcis, membership};
use crate::stock::arrondissements::{self, of_a_city};
use crate::stock::places::{is_far, zone_tables};
use crate::store::Store;
use crate::territory::bands::{self, Band, Placed, Situation};
use crate::territory::layer::{Layer, Zone};

/// Zones of the store.
#[derive(Debug)]
pub struct Ground {
    pub communes: Option<Layer>,
    /// Arrondissements of Paris, Lyon and Marseille, where contours have one of these cities.
    arrondissements: Option<Layer>,
    epcis: Epcis,
    /// By generation, the oldest first.
    qpv: Vec<(u16, Layer)>,
    tolerance: f64,
}

impl Ground {
    /// # Errors
    /// A table of zones cannot be read.
    pub fn open(store: &Store, millesime: u16) -> Result<Self, StockError> {
        let mut tables = zone_tables(store, millesime, |_| true);
        let districts = tables.clone();
        let mut layer = |id: &str| tables.remove(id).map(|path| Layer::from_parquet(id, &path)).transpose();
        let (communes, epcis) = (layer("commune")?, layer("epci")?);
        let city = communes.as_ref().is_some_and(|l| l.zones.iter().any(|z| of_a_city(&z.code)));
        let arrondissements = if city { arrondissements::contours(&districts)? } else { None };
        let mut qpv = Vec::new();
        for year in generations::years() {
            qpv.extend(layer(&format!("qpv{year}"))?.map(|l| (year, l)));
        }
        let epcis = Epcis::new(&membership(store, millesime)?, communes.as_ref(), epcis.as_ref());
        let tolerance = Survey::embedded()?.localisation.tolerance_commune_m;
        Ok(Self { communes, arrondissements, epcis, qpv, tolerance })
    }

    /// Whether a point is known and not too far from its commune (rule R08).
    #[must_use]
    pub fn trusts(&self, commune: &str, lon: f64, lat: f64) -> bool {
        let Some(layer) = &self.communes else { return lon.is_finite() };
        lon.is_finite()
            && layer.index_of(commune).is_none_or(|zone| !is_far(layer, zone, lon, lat, self.tolerance))
    }

    /// The arrondissement of a place in Paris, Lyon or Marseille, by the codes as filed, else by its point;
    /// None elsewhere, and where nothing tells.
    #[must_use]
    pub fn arrondissement(&self, commune: &str, codes: &[&str], point: Option<[f64; 2]>) -> Option<String> {
        of_a_city(commune)
            .then(|| arrondissements::arrondissement(codes, point, self.arrondissements.as_ref()))
            .flatten()
    }

    /// Contours of a generation.
    #[must_use]
    pub fn generation(&self, year: u16) -> Option<&Layer> {
        self.qpv.iter().find(|(y, _)| *y == year).map(|(_, l)| l)
    }

    /// Contours of all generations, the oldest first.
    pub fn generations(&self) -> impl Iterator<Item = (u16, &Layer)> {
        self.qpv.iter().map(|(y, l)| (*y, l))
    }

    /// Where a dwelling is to the QPV in force in its commune; None: not known well enough, or no contours.
    #[must_use]
    pub fn band(&self, now: InForce, point: Option<[f64; 2]>) -> Option<Band> {
        if now.whole.is_some() {
            return Some(Band::Inside);
        }
        let ([lon, lat], layer) = (point?, self.generation(now.generation)?);
        Some(bands::band(layer, lon, lat))
    }

    /// As [`Self::band`], with the precision of the point.
    #[must_use]
    pub fn placed(&self, now: InForce, point: Option<[f64; 2]>, quality: Option<u8>) -> Option<Placed> {
        if now.whole.is_some() {
            return Some(Placed { situation: Situation::Dedans, zone: None, metres: None, tolerance_m: 0.0 });
        }
        Some(bands::placed(self.generation(now.generation)?, situation(), point?, quality))
    }

    /// The QPV that holds a point.
    #[must_use]
    pub fn quartier(&self, now: InForce, [lon, lat]: [f64; 2]) -> Option<&Zone> {
        let layer = self.generation(now.generation).filter(|_| now.whole.is_none())?;
        layer.locate(lon, lat).map(|z| &layer.zones[z as usize])
    }

    /// Unit of targets of a commune: its EPT or Paris, else its EPCI.
    #[must_use]
    pub fn epci_of(&self, commune: &str) -> Option<String> {
        self.epcis.of(commune).map(str::to_owned)
    }

    #[must_use]
    pub fn commune_name(&self, code: &str) -> String {
        self.communes.as_ref().and_then(|l| l.zone(code)).map_or_else(String::new, |z| z.nom.clone())
    }

    #[must_use]
    pub fn epci_name(&self, code: &str) -> String {
        self.epcis.name(code).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use geo::{MultiPolygon, polygon};

    use super::*;
    use crate::reference::generations::in_force_at;

    fn zone(code: &str, west: f64) -> Zone {
        let square = polygon![
            (x: west, y: -21.1), (x: west + 0.1, y: -21.1), (x: west + 0.1, y: -21.0), (x: west, y: -21.0)
        ];
        Zone::new(code.to_owned(), code.to_owned(), MultiPolygon::from(square))
    }

    /// La Réunion, with a QPV of each generation side by side.
    fn ground() -> Ground {
        Ground {
            communes: None,
            arrondissements: Some(Layer::new("arrondissement", vec![zone("75112", 2.40)])),
            epcis: Epcis::default(),
            qpv: vec![
                (2015, Layer::new("qpv2015", vec![zone("QP974001", 55.40)])),
                (2024, Layer::new("qpv2024", vec![zone("QN97401I", 55.60)])),
            ],
            tolerance: 200.0,
        }
    }

    const OLD: [f64; 2] = [55.45, -21.05];
    const NEW: [f64; 2] = [55.65, -21.05];

    #[test]
    fn a_lease_of_la_reunion_of_june_2024_is_placed_on_the_contours_of_2015() {
        let g = ground();
        let inside = |day, commune, at| g.band(in_force_at(day, commune), Some(at)) == Some(Band::Inside);
        assert!(inside(20_240_601, "97411", OLD) && !inside(20_240_601, "97411", NEW));
        assert!(!inside(20_250_101, "97411", OLD) && inside(20_250_101, "97411", NEW));
        // In metropolitan France the generation of 2024 holds a year earlier.
        assert!(!inside(20_240_601, "73065", OLD) && inside(20_240_601, "73065", NEW));
        let named = g.quartier(in_force_at(20_240_601, "97411"), OLD).map(|z| z.code.as_str());
        assert_eq!(named, Some("QP974001"));
    }

    #[test]
    fn an_arrondissement_is_that_of_the_code_else_of_the_point_and_elsewhere_there_is_none() {
        let g = ground();
        let inside = Some([2.45, -21.05]);
        let of = |commune, codes: &[&str], point| g.arrondissement(commune, codes, point);
        assert_eq!(of("75056", &["75113"], inside).as_deref(), Some("75113"));
        assert_eq!(of("75056", &["75056", "75119"], None).as_deref(), Some("75119"), "the register's code");
        assert_eq!(of("75056", &["75056"], inside).as_deref(), Some("75112"));
        assert_eq!((of("75056", &["75056"], Some(OLD)), of("97411", &["97411"], inside)), (None, None));
    }

    #[test]
    fn all_of_mayotte_is_inside_on_1_january_2026_even_without_a_point() {
        let g = ground();
        let now = in_force_at(20_260_101, "97611");
        assert_eq!(g.band(now, None), Some(Band::Inside));
        assert_eq!(g.placed(now, None, None).map(|p| p.situation), Some(Situation::Dedans));
        assert_eq!(g.band(in_force_at(20_250_601, "97611"), None), None, "before the law: not known");
        assert!(g.quartier(now, OLD).is_none(), "no quartier of its own");
    }
}
