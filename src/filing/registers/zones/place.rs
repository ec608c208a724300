//! Which coordinate system a layer really is in: what is asked, what is declared, what the numbers say.

use geo::{Coord, MultiPolygon};

use super::error::ZonesError;
use super::raw::{Declared, RawLayer};
use crate::reference::territory::territory;
use crate::territory::crs::{self, CrsError};

const WGS84: u16 = 4326;

/// What the layer is read as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub epsg: u16,
    /// Coordinates are latitude first.
    pub swapped: bool,
    /// Sentences for the report: what was assumed, and against which declaration.
    pub remarks: Vec<String>,
}

/// Boxes of the features that have finite coordinates.
fn boxes(layer: &RawLayer) -> Vec<[f64; 4]> {
    layer.features.iter().filter_map(|f| bbox(f.area.as_ref().ok()?)).collect()
}

/// `[xmin, ymin, xmax, ymax]` of an area, if it has any vertex and all are finite.
#[must_use]
pub fn bbox(area: &MultiPolygon<f64>) -> Option<[f64; 4]> {
    let mut b = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    for c in area.0.iter().flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors())).flat_map(|r| &r.0)
    {
        if !(c.x.is_finite() && c.y.is_finite()) {
            return None;
        }
        b = [b[0].min(c.x), b[1].min(c.y), b[2].max(c.x), b[3].max(c.y)];
    }
    (b[0] <= b[2]).then_some(b)
}

/// True if a corner of an area's box, or its middle, is in a French territory; in degrees.
#[must_use]
pub fn in_france(area: &MultiPolygon) -> bool {
    bbox(area).is_some_and(|[w, s, e, n]| {
        let at = |lon, lat| crs::epsg_at(lon, lat).is_some();
        [(w, s), (w, n), (e, s), (e, n), (f64::midpoint(w, e), f64::midpoint(s, n))]
            .into_iter()
            .any(|(lon, lat)| at(lon, lat))
    })
}

/// Degrees around a territory in which a contour that is partly in it may go: into the sea, over a border.
const AROUND: f64 = 2.0;

/// A vertex far from France in a part that is in France: a position that was lost (0, 0) or written the other
/// way round. In degrees.
#[must_use]
pub fn stray(area: &MultiPolygon) -> Option<Coord> {
    let around = |c: Coord| {
        territory().territoire.iter().any(|t| {
            let [w, s, e, n] = t.emprise;
            c.x >= w - AROUND && c.x <= e + AROUND && c.y >= s - AROUND && c.y <= n + AROUND
        })
    };
    let of = |ring: &[Coord]| {
        let here = ring.iter().any(|c| crs::epsg_at(c.x, c.y).is_some());
        ring.iter().copied().find(|c| here && !around(*c))
    };
    area.0.iter().find_map(|part| of(&part.exterior().0))
}

/// True if a box lies in another.
#[must_use]
pub fn within(b: &[f64; 4], outer: &[f64; 4]) -> bool {
    b[0] >= outer[0] && b[1] >= outer[1] && b[2] <= outer[2] && b[3] <= outer[3]
}

/// Decides for one layer. A system fits if it holds at least half of the features: a lost feature
/// must not condemn the others, and is rejected on its own later.
///
/// # Errors
/// The system is refused or unknown, or no system fits the coordinates.
pub fn decide(file: &str, layer: &RawLayer, asked: Option<u16>) -> Result<Place, ZonesError> {
    let refused = |source: CrsError| ZonesError::Crs { file: file.to_owned(), source };
    let boxes = boxes(layer);
    let fits = |epsg: u16| {
        crs::sanity_box(epsg).is_some_and(|domain| {
            boxes.is_empty() || 2 * boxes.iter().filter(|b| within(b, &domain)).count() >= boxes.len()
        })
    };
    let out_of_domain = |epsg: u16| {
        let all = boxes
            .iter()
            .fold([f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY], |a, b| {
                [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]
            });
        let [xmin, ymin, xmax, ymax] = all;
        ZonesError::OutOfDomain { file: file.to_owned(), epsg, xmin, ymin, xmax, ymax }
    };
    // Projected coordinates never all lie between -180 and 180: degrees recognise themselves.
    let degrees = fits(WGS84);
    let at = |epsg: u16, remarks: Vec<String>| Place { epsg, swapped: false, remarks };
    let mut place = if let Some(epsg) = asked {
        crs::definition(epsg).map_err(refused)?;
        if !fits(epsg) || (degrees && !is_geographic(epsg) && !boxes.is_empty()) {
            return Err(out_of_domain(epsg));
        }
        at(epsg, Vec::new())
    } else {
        match &layer.declared {
            Declared::Epsg(epsg) => {
                let epsg = *epsg;
                match crs::definition(epsg) {
                    Ok(known) => match (known.is_geographic(), degrees) {
                        (false, true) if !boxes.is_empty() => at(
                            WGS84,
                            vec![format!(
                                "{} : le fichier se déclare en EPSG:{epsg} ({}), mais ses coordonnées sont \
                                    en degrés : lues en degrés WGS84",
                                layer.name, known.nom
                            )],
                        ),
                        _ if fits(epsg) => at(epsg, Vec::new()),
                        _ => match guess(&fits) {
                            Some(guessed) => at(
                                guessed,
                                vec![format!(
                                    "{} : le fichier se déclare en EPSG:{epsg} ({}), mais ses coordonnées \
                                        sont celles d'EPSG:{guessed} : lues ainsi",
                                    layer.name, known.nom
                                )],
                            ),
                            None => return Err(out_of_domain(epsg)),
                        },
                    },
                    // Degrees of another datum are not those of WGS84.
                    Err(e @ CrsError::NeedsGrid { .. }) => return Err(refused(e)),
                    Err(_) if degrees && !boxes.is_empty() => at(
                        WGS84,
                        vec![format!(
                            "{} : le fichier déclare EPSG:{epsg}, mais ses coordonnées sont en degrés : lues \
                                en degrés WGS84",
                            layer.name
                        )],
                    ),
                    Err(e) => return Err(refused(e)),
                }
            }
            Declared::Unknown(name) => match (degrees, guess(&fits)) {
                (true, _) => at(
                    WGS84,
                    vec![format!(
                        "{} : système déclaré « {name} » non reconnu ; coordonnées en degrés, lues en WGS84",
                        layer.name
                    )],
                ),
                (false, Some(epsg)) => at(
                    epsg,
                    vec![format!(
                        "{} : système déclaré « {name} » non reconnu ; coordonnées lues en EPSG:{epsg}, seul \
                            système légal où elles tiennent",
                        layer.name
                    )],
                ),
                (false, None) => {
                    return Err(ZonesError::UnknownCrs { file: file.to_owned(), declared: name.clone() });
                }
            },
            Declared::Nothing if degrees => {
                // RFC 7946: GeoJSON without `crs` is WGS84, nothing to say.
                let remarks = if layer.format == "GeoJSON" {
                    vec![]
                } else {
                    vec![format!(
                        "{} : aucun système déclaré ; coordonnées en degrés, lues en WGS84",
                        layer.name
                    )]
                };
                at(WGS84, remarks)
            }
            Declared::Nothing => match guess(&fits) {
                Some(epsg) => at(
                    epsg,
                    vec![format!(
                        "{} : aucun système déclaré ; coordonnées lues en EPSG:{epsg}, seul système légal où \
                            elles tiennent",
                        layer.name
                    )],
                ),
                None => {
                    return Err(ZonesError::UnknownCrs {
                        file: file.to_owned(),
                        declared: "aucun".to_owned(),
                    });
                }
            },
        }
    };
    if is_geographic(place.epsg) {
        let in_france = |swap: bool| {
            boxes
                .iter()
                .filter(|b| {
                    let (x, y) = ((b[0] + b[2]) / 2.0, (b[1] + b[3]) / 2.0);
                    let (lon, lat) = if swap { (y, x) } else { (x, y) };
                    territory().at(lon, lat).is_some()
                })
                .count()
        };
        if in_france(false) == 0 && 2 * in_france(true) > boxes.len() {
            place.swapped = true;
            place.remarks.push(format!(
                "{} : les coordonnées sont écrites latitude d'abord : remises longitude d'abord",
                layer.name
            ));
        }
    }
    Ok(place)
}

fn is_geographic(epsg: u16) -> bool {
    territory().crs(epsg).is_some_and(crate::reference::territory::Crs::is_geographic)
}

/// The only legal system of a territory that fits.
fn guess(fits: &impl Fn(u16) -> bool) -> Option<u16> {
    let mut found = territory().territoire.iter().map(|t| t.epsg).filter(|e| *e != 32706 && fits(*e));
    found.next().filter(|_| found.next().is_none())
}

/// Brings areas to degrees, in place, in one call of PROJ for all.
///
/// # Errors
/// PROJ refuses the system.
pub fn to_degrees(epsg: u16, areas: &mut [&mut MultiPolygon<f64>]) -> Result<(), CrsError> {
    if is_geographic(epsg) {
        return Ok(());
    }
    let (mut xs, mut ys) = (Vec::new(), Vec::new());
    for area in areas.iter_mut() {
        each_vertex(area, |c| {
            xs.push(c.x);
            ys.push(c.y);
        });
    }
    crs::to_lonlat(epsg, &mut xs, &mut ys)?;
    let mut all = xs.into_iter().zip(ys);
    for area in areas {
        // As many as were pushed above, in the same order.
        each_vertex(area, |c| {
            if let Some((x, y)) = all.next() {
                (c.x, c.y) = (x, y);
            }
        });
    }
    Ok(())
}

/// Visits every vertex once. A closing vertex is visited too and gets the same value as the first.
pub fn each_vertex(area: &mut MultiPolygon<f64>, mut visit: impl FnMut(&mut Coord<f64>)) {
    for part in &mut area.0 {
        part.exterior_mut(|r| r.0.iter_mut().for_each(&mut visit));
        part.interiors_mut(|rings| rings.iter_mut().flat_map(|r| &mut r.0).for_each(&mut visit));
    }
}
