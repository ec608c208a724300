//! What is at each point that a millésime has: zones, bands, cells. It follows from point and contours
//! alone, so it is kept beside the cubes ([`super::kept`]), and only points that nobody had are looked for.

use std::collections::BTreeMap;
use std::path::PathBuf;

use bytemuck::Pod;
use hashbrown::HashMap;
use rayon::prelude::*;
use rustc_hash::FxBuildHasher;

use super::facts::{LayerFacts, NONE};
use super::kept::Kept;
use super::places::Places;
use crate::arrays::{Mapped, narrow};
use crate::reference::territory::territory;
use crate::store::Store;
use crate::territory::crs::CrsError;
use crate::territory::grid::{self, Cell};
use crate::territory::h3;
use crate::territory::layer::Layer;

/// Changes with what a column says of the same point.
const STEP: &str = "points1";
/// Share of the points that are new from which all are kept anew.
const MANY: f64 = 0.02;

/// Columns of points, in the order of those that are asked for.
pub(super) struct Spots<'a> {
    step: Kept,
    points: &'a [[f64; 2]],
    file: Option<Mapped>,
    /// Place of each point in the file, or [`NONE`].
    at: Vec<u32>,
    /// Points that are not in the file.
    new: Vec<[f64; 2]>,
    /// Columns to be kept: bytes by name, if they are.
    made: Option<BTreeMap<String, Vec<u8>>>,
}

impl<'a> Spots<'a> {
    /// Of a millésime and the contours that it has (table by layer).
    pub fn of(
        store: &Store,
        millesime: u16,
        tables: &BTreeMap<String, PathBuf>,
        points: &'a [[f64; 2]],
    ) -> Self {
        let step = step(store, millesime, tables);
        let file = step.open::<()>().map(|(file, ())| file);
        let name = |[lon, lat]: [f64; 2]| (lon.to_bits(), lat.to_bits());
        let mut at = vec![NONE; points.len()];
        if let Some(file) = &file {
            let kept: &[[f64; 2]] = file.array("points").unwrap_or(&[]);
            let mut places: HashMap<(u64, u64), u32, FxBuildHasher> = HashMap::default();
            places.reserve(kept.len());
            places.extend(kept.iter().zip(0u32..).map(|(p, i)| (name(*p), i)));
            at = points.iter().map(|p| places.get(&name(*p)).copied().unwrap_or(NONE)).collect();
        }
        let new: Vec<[f64; 2]> =
            points.iter().zip(&at).filter(|(_, at)| **at == NONE).map(|(p, _)| *p).collect();
        let many = file.is_none() || new.len() as f64 > MANY * points.len() as f64;
        Self { step, points, file, at, new, made: many.then(BTreeMap::new) }
    }

    /// A column: as it was kept, and made by `make` for points that are new, one value a point.
    pub fn column<T: Pod>(&mut self, name: &str, make: impl FnOnce(&[[f64; 2]]) -> Vec<T>) -> Vec<T> {
        let kept = self.file.as_ref().and_then(|f| f.array::<T>(name).ok());
        let whole = match kept {
            Some(kept) => {
                let mut made = make(&self.new).into_iter();
                let value = |at: &u32| match kept.get(*at as usize) {
                    Some(value) => Some(*value),
                    None => made.next(),
                };
                self.at.iter().map_while(value).collect()
            }
            None => make(self.points),
        };
        if let Some(columns) = &mut self.made {
            columns.insert(name.to_owned(), bytemuck::cast_slice(&whole).to_vec());
        }
        whole
    }

    /// A layer by its contours: the zone of each address that is located. `pointed`: the addresses of the
    /// points.
    pub fn layer(
        &mut self,
        (id, libelle): (&str, &str),
        layer: &Layer,
        places: &Places,
        pointed: &[usize],
    ) -> LayerFacts {
        let mut of_address = vec![NONE; places.addresses.len()];
        let zones = self.column(&format!("zone.{}", layer.id), |points| layer.locate_all(points));
        for (&a, zone) in pointed.iter().zip(zones).filter(|(a, _)| places.addresses[**a].is_located()) {
            of_address[a] = zone;
        }
        LayerFacts {
            id: id.to_owned(),
            libelle: libelle.to_owned(),
            codes: layer.zones.iter().map(|z| z.code.clone()).collect(),
            noms: layer.zones.iter().map(|z| z.nom.clone()).collect(),
            of_address,
            also: Vec::new(),
        }
    }

    /// [`Self::layer`] of zones that may overlap: an address is in every zone that holds it, as it is in
    /// every zone that is drawn around it.
    pub fn overlapping(
        &mut self,
        named: (&str, &str),
        layer: &Layer,
        places: &Places,
        pointed: &[usize],
    ) -> LayerFacts {
        let mut facts = self.layer(named, layer, places, pointed);
        let many = |[lon, lat]: &[f64; 2]| u8::from(layer.locate_many(*lon, *lat).len() > 1);
        let many =
            self.column(&format!("plusieurs.{}", layer.id), |points| points.par_iter().map(many).collect());
        let held = pointed.iter().zip(self.points).zip(many).filter(|(_, many)| *many > 0);
        for ((&a, [lon, lat]), _) in held.filter(|((a, _), _)| places.addresses[**a].is_located()) {
            let zones = layer.locate_many(*lon, *lat);
            facts
                .also
                .extend(zones.into_iter().filter(|z| *z != facts.of_address[a]).map(|z| (narrow(a), z)));
        }
        facts
    }

    /// The 200 m cell of each point.
    ///
    /// # Errors
    /// A system of `data/territory.toml` fails in PROJ.
    pub fn cells(&mut self) -> Result<Vec<Option<Cell>>, CrsError> {
        let size = territory().carreaux.taille_m;
        let mut fault = None;
        let numbers = self.column("carreau", |points| match grid::cells(points) {
            Ok(cells) => {
                cells.iter().map(|c| c.map_or([0; 3], |c| [c.epsg.into(), c.north, c.east])).collect()
            }
            Err(e) => {
                fault = Some(e);
                vec![[0; 3]; points.len()]
            }
        });
        let cell = |[epsg, north, east]: [i64; 3]| {
            let epsg = u16::try_from(epsg).ok().filter(|e| *e > 0)?;
            Some(Cell { epsg, size, north, east })
        };
        match fault {
            Some(e) => Err(e),
            None => Ok(numbers.into_iter().map(cell).collect()),
        }
    }

    /// The hexagon of each point at a resolution.
    pub fn hexagons(&mut self, name: &str, resolution: u8) -> Vec<Option<u64>> {
        let of = |[lon, lat]: &[f64; 2]| h3::cell(*lon, *lat, resolution).unwrap_or(0);
        let cells = self.column(name, |points| points.par_iter().map(of).collect());
        cells.into_iter().map(|c| (c != 0).then_some(c)).collect()
    }

    /// Keeps the columns, if there are many that nobody had. Without a disk to write on, the next build looks
    /// for them again.
    pub fn keep(self) {
        let Some(columns) = self.made else { return };
        let _ = self.step.write(|w| {
            w.array("points", self.points)?;
            columns.iter().try_for_each(|(name, bytes)| w.array(name, bytes))
        });
    }
}

/// Where points of a millésime are kept, by the tables of its contours.
pub(super) fn step(store: &Store, millesime: u16, tables: &BTreeMap<String, PathBuf>) -> Kept {
    let folder = |path: &PathBuf| {
        let inside = path.parent().and_then(|p| p.strip_prefix(store.root()).ok());
        inside.map_or_else(String::new, |p| p.to_string_lossy().into_owned())
    };
    let folders: Vec<String> = tables.values().map(folder).collect();
    let more = format!("{millesime} {:?} {:?}", tables.keys(), territory());
    Kept::of(store, STEP, folders.iter().map(String::as_str), &more)
}
