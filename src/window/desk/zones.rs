//! Zones of a scale as lists give them: name, place, what holds them.

use geo::{BoundingRect, InteriorPoint};
use serde::Serialize;
use utoipa::ToSchema;

use super::editions::Loaded;
use super::places::{self, Within};
use crate::cube::Layer;
use crate::mvt::shapes::cell_area;

/// Une zone.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ZoneListee {
    pub code: String,
    pub nom: String,
    /// Logements du répertoire, filtres communs appliqués.
    pub logements: u64,
    /// Commune, EPCI et département qui contiennent toutes les adresses de la zone.
    pub commune: Option<String>,
    pub epci: Option<String>,
    pub departement: Option<String>,
    /// Longitude et latitude d'un point de la zone.
    pub centre: Option<Vec<f64>>,
    /// Ouest, sud, est, nord.
    pub emprise: Option<Vec<f64>>,
}

/// Zones of a layer without any address, in a parent if one is asked.
pub fn without_addresses(loaded: &Loaded, layer: &Layer<'_>, within: Option<&Within<'_>>) -> Vec<u32> {
    let n = u32::try_from(layer.codes.len()).unwrap_or(u32::MAX);
    let contours = loaded.zones.get(&layer.meta.id);
    (0..n)
        .filter(|z| layer.runs_of(*z).next().is_none())
        .filter(|z| {
            let Some(w) = within else { return true };
            let zone = contours.and_then(|g| g.layer.zone(layer.codes.get(*z as usize)));
            let part = zone.and_then(|z| match w.layer.meta.id.as_str() {
                "commune" => z.commune.as_deref(),
                "epci" => z.epci.as_deref(),
                "departement" => z.departement.as_deref(),
                _ => None,
            });
            part == Some(w.code())
        })
        .collect()
}

/// A point of a zone, longitude and latitude; None if the layer or its contour is not there.
#[must_use]
pub fn centre(loaded: &Loaded, scale: &str, code: &str) -> Option<Vec<f64>> {
    let layer = loaded.cube().layer(scale)?;
    row(loaded, &layer, layer.zone(code)?, 0).centre
}

/// A zone as lists give it.
pub fn row(loaded: &Loaded, layer: &Layer<'_>, zone: u32, logements: u64) -> ZoneListee {
    let code = layer.codes.get(zone as usize);
    let id = layer.meta.id.as_str();
    let contour = loaded.zones.get(id).and_then(|g| Some((g, g.layer.index_of(code)?)));
    let contour = contour.and_then(|(g, i)| Some((g, i, g.layer.zones.get(i as usize)?)));
    let [commune, epci, departement] = parents(loaded, layer, zone);
    let (centre, emprise) = match contour {
        Some((g, i, z)) if z.bbox[0] <= z.bbox[2] => (g.centre(i), Some(z.bbox)),
        _ => match cell_area(id, code) {
            Some(area) => {
                (inside(&area), area.bounding_rect().map(|r| [r.min().x, r.min().y, r.max().x, r.max().y]))
            }
            None => of_addresses(loaded, layer, zone),
        },
    };
    ZoneListee {
        code: code.to_owned(),
        nom: layer.title(zone),
        logements,
        commune,
        epci,
        departement,
        centre: centre.map(|c| c.map(rounded).to_vec()),
        emprise: emprise.map(|e| e.map(rounded).to_vec()),
    }
}

/// Commune, EPCI and département that hold all addresses of a zone; of one without, what its contour says.
pub fn parents(loaded: &Loaded, layer: &Layer<'_>, zone: u32) -> [Option<String>; 3] {
    let contour = loaded.zones.get(&layer.meta.id);
    let contour = contour.and_then(|g| g.layer.zone(layer.codes.get(zone as usize)));
    let parent =
        |wide: &str, own: Option<&String>| places::parent(loaded, layer, zone, wide).or_else(|| own.cloned());
    [
        parent("commune", contour.and_then(|z| z.commune.as_ref())),
        parent("epci", contour.and_then(|z| z.epci.as_ref())),
        parent("departement", contour.and_then(|z| z.departement.as_ref())),
    ]
}

/// Six decimals of a degree are ten centimetres.
fn rounded(degrees: f64) -> f64 {
    (degrees * 1e6).round() / 1e6
}

/// A point of an area.
#[must_use]
pub fn inside(area: &geo::MultiPolygon<f64>) -> Option<[f64; 2]> {
    area.interior_point().map(|p| [p.x(), p.y()])
}

/// Mean place and box of the located addresses of a zone.
pub fn of_addresses(loaded: &Loaded, layer: &Layer<'_>, zone: u32) -> (Option<[f64; 2]>, Option<[f64; 4]>) {
    let (lon, lat) = loaded.cube().points();
    let (mut n, mut sum) = (0.0, [0.0; 2]);
    let mut b = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    for a in layer.runs_of(zone).flat_map(|(s, e)| s as usize..e as usize).filter(|a| *a < lon.len()) {
        let (x, y) = (lon[a], lat[a]);
        n += 1.0;
        sum = [sum[0] + x, sum[1] + y];
        b = [b[0].min(x), b[1].min(y), b[2].max(x), b[3].max(y)];
    }
    if n > 0.0 { (Some([sum[0] / n, sum[1] / n]), Some(b)) } else { (None, None) }
}
