//! The zones that leases and files are placed in: commune, unit of targets, QPV in force on a day.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use crate::reference::generations::{self, InForce};
use crate::reference::situation::situation;
use crate::reference::survey::Survey;
use crate::stock::StockError;
use crate::stock::places::{is_far, membership, zone_tables};
use crate::store::Store;
use crate::territory::bands::{self, Band, Placed, Situation};
use crate::territory::layer::{Layer, Zone};

/// Zones of the store.
#[derive(Debug)]
pub struct Ground {
    pub communes: Option<Layer>,
    epcis: Option<Layer>,
    /// By generation, the oldest first.
    qpv: Vec<(u16, Layer)>,
    membership: HashMap<String, (String, String)>,
    epci_names: BTreeMap<String, String>,
    tolerance: f64,
}

impl Ground {
    /// # Errors
    /// A table of zones cannot be read.
    pub fn open(store: &Store, millesime: u16) -> Result<Self, StockError> {
        let mut tables = zone_tables(store, millesime, |_| true);
        let mut layer = |id: &str| tables.remove(id).map(|path| Layer::from_parquet(id, &path)).transpose();
        let (communes, epcis) = (layer("commune")?, layer("epci")?);
        let mut qpv = Vec::new();
        for year in generations::years() {
            qpv.extend(layer(&format!("qpv{year}"))?.map(|l| (year, l)));
        }
        let membership = membership(store, millesime)?;
        let mut epci_names: BTreeMap<String, String> = membership.values().cloned().collect();
        epci_names.extend(epcis.iter().flat_map(|l| &l.zones).map(|z| (z.code.clone(), z.nom.clone())));
        let tolerance = Survey::embedded()?.localisation.tolerance_commune_m;
        Ok(Self { communes, epcis, qpv, membership, epci_names, tolerance })
    }

    /// Whether a point is known and not too far from its commune (rule R08).
    #[must_use]
    pub fn trusts(&self, commune: &str, lon: f64, lat: f64) -> bool {
        let Some(layer) = &self.communes else { return lon.is_finite() };
        lon.is_finite()
            && layer.index_of(commune).is_none_or(|zone| !is_far(layer, zone, lon, lat, self.tolerance))
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
    pub fn epci_of(&self, commune: &str, place: Option<[f64; 2]>) -> Option<String> {
        self.membership
            .get(commune)
            .map(|(epci, _)| epci.clone())
            .or_else(|| self.communes.as_ref()?.zone(commune)?.epci.clone())
            .or_else(|| {
                let ([lon, lat], layer) = (place?, self.epcis.as_ref()?);
                layer.locate(lon, lat).map(|z| layer.zones[z as usize].code.clone())
            })
    }

    #[must_use]
    pub fn commune_name(&self, code: &str) -> String {
        self.communes.as_ref().and_then(|l| l.zone(code)).map_or_else(String::new, |z| z.nom.clone())
    }

    #[must_use]
    pub fn epci_name(&self, code: &str) -> String {
        self.epci_names.get(code).cloned().unwrap_or_default()
    }
}
