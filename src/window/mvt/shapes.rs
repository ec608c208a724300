//! Contours ready for tiles: projected once, simplified once a zoom, found by box.

use std::sync::OnceLock;

use geo::{MapCoords, MultiPolygon, Simplify};
use rayon::prelude::*;
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};

use crate::cube::Layer as CubeLayer;
use crate::mvt::clip::{self, BUFFER, EXTENT};
use crate::mvt::mercator::{Tile, project};
use crate::reference::scales::{self, Genre};
use crate::territory::grid::Cell;
use crate::territory::h3;
use crate::territory::layer::Layer;

/// Zoom from which contours are no longer simplified; tiles stop there, the map enlarges them.
pub const DETAIL_ZOOM: u8 = 14;
/// Units of a tile by which a simplified contour may be off (a pixel of a 512-pixel tile is 8 units).
const TOLERANCE: f64 = 3.0;

/// One zone.
#[derive(Debug)]
pub struct Shape {
    pub code: String,
    pub nom: String,
}

/// Rings of a polygon in units of a tile, the exterior one first.
pub type Rings = Vec<Vec<fast_mvt::MvtCoord>>;

/// All contours of a layer.
#[derive(Debug)]
pub struct Shapes {
    pub zones: Vec<Shape>,
    /// In the unit square.
    areas: Vec<MultiPolygon<f64>>,
    tree: RTree<GeomWithData<Rectangle<[f64; 2]>, usize>>,
    levels: Vec<OnceLock<Vec<MultiPolygon<f64>>>>,
    simplifies: bool,
}

impl Shapes {
    /// Imported contours.
    #[must_use]
    pub fn of_zones(layer: &Layer) -> Self {
        let zones = layer.zones.iter().map(|z| Shape { code: z.code.clone(), nom: z.nom.clone() }).collect();
        Self::new(zones, layer.zones.par_iter().map(|z| z.geometry.clone()).collect(), true)
    }

    /// Cells of a layer of the cube, from their codes; a code that names no cell is left out.
    #[must_use]
    pub fn of_cells(layer: &CubeLayer<'_>) -> Self {
        let all: Vec<(Shape, MultiPolygon<f64>)> = (0..layer.codes.len())
            .into_par_iter()
            .filter_map(|i| {
                let code = layer.codes.get(i);
                let area = cell_area(&layer.meta.id, code)?;
                Some((Shape { code: code.to_owned(), nom: layer.names.get(i).to_owned() }, area))
            })
            .collect();
        let (zones, areas) = all.into_iter().unzip();
        Self::new(zones, areas, false)
    }

    /// Contours in degrees, by number; those that are not there are in no tile.
    #[must_use]
    pub fn of_places<'p>(places: impl Iterator<Item = Option<&'p MultiPolygon<f64>>>) -> Self {
        let areas: Vec<MultiPolygon<f64>> =
            places.map(|p| p.cloned().unwrap_or_else(|| MultiPolygon(Vec::new()))).collect();
        Self::new(Vec::new(), areas, true)
    }

    /// `areas` in degrees.
    fn new(zones: Vec<Shape>, areas: Vec<MultiPolygon<f64>>, simplifies: bool) -> Self {
        let areas: Vec<MultiPolygon<f64>> = areas
            .into_par_iter()
            .map(|a| {
                a.map_coords(|c| {
                    let [x, y] = project(c.x, c.y);
                    geo::Coord { x, y }
                })
            })
            .collect();
        let boxes = areas
            .iter()
            .enumerate()
            .filter_map(|(i, a)| {
                bounds(a).map(|(low, high)| GeomWithData::new(Rectangle::from_corners(low, high), i))
            })
            .collect();
        let levels = (0..DETAIL_ZOOM).map(|_| OnceLock::new()).collect();
        Self { zones, areas, tree: RTree::bulk_load(boxes), levels, simplifies }
    }

    /// Contours at a zoom. Each is simplified as a whole, so that neighbouring tiles agree.
    fn at(&self, z: u8) -> &[MultiPolygon<f64>] {
        match self.levels.get(z as usize) {
            Some(level) if self.simplifies => level.get_or_init(|| {
                let epsilon = TOLERANCE / EXTENT / f64::from(1u32 << z);
                self.areas.par_iter().map(|a| a.simplify(epsilon)).collect()
            }),
            _ => &self.areas,
        }
    }

    /// Zones that reach into a tile: their number in `zones` and their polygons in units of the tile, in a
    /// stable order.
    #[must_use]
    pub fn in_tile(&self, tile: Tile) -> Vec<(usize, Vec<Rings>)> {
        let scale = tile.scale();
        let (x, y) = (f64::from(tile.x), f64::from(tile.y));
        let margin = BUFFER / EXTENT;
        let window = AABB::from_corners(
            [(x - margin) / scale, (y - margin) / scale],
            [(x + 1.0 + margin) / scale, (y + 1.0 + margin) / scale],
        );
        let mut found: Vec<usize> =
            self.tree.locate_in_envelope_intersecting(window).map(|g| g.data).collect();
        found.sort_unstable();
        let areas = self.at(tile.z);
        let local = |ring: &geo::LineString<f64>| -> Option<Vec<fast_mvt::MvtCoord>> {
            let points: Vec<[f64; 2]> =
                ring.0.iter().map(|c| [(c.x * scale - x) * EXTENT, (c.y * scale - y) * EXTENT]).collect();
            clip::rounded(&clip::ring(&points))
        };
        found
            .into_iter()
            .filter_map(|i| {
                let polygons: Vec<Rings> = areas[i]
                    .iter()
                    .filter_map(|p| {
                        let exterior = local(p.exterior())?;
                        Some(
                            std::iter::once(exterior).chain(p.interiors().iter().filter_map(local)).collect(),
                        )
                    })
                    .collect();
                (!polygons.is_empty()).then_some((i, polygons))
            })
            .collect()
    }
}

fn bounds(area: &MultiPolygon<f64>) -> Option<([f64; 2], [f64; 2])> {
    let mut b = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
    for c in area.iter().flat_map(|p| &p.exterior().0) {
        b = ([b.0[0].min(c.x), b.0[1].min(c.y)], [b.1[0].max(c.x), b.1[1].max(c.y)]);
    }
    (b.0[0] <= b.1[0] && b.0[1] <= b.1[1]).then_some(b)
}

/// Contour, in degrees, of the cell that a code of the layer names.
#[must_use]
pub fn cell_area(layer: &str, code: &str) -> Option<MultiPolygon<f64>> {
    let polygon = match scales::scale(layer).genre {
        Genre::Carreau => code.parse::<Cell>().ok()?.polygon().ok()?,
        Genre::H3 => h3::polygon(h3::parse(code)?)?,
        Genre::Zones | Genre::Points => return None,
    };
    Some(MultiPolygon(vec![polygon]))
}
