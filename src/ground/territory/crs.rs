//! Coordinates between the systems of French files and degrees WGS84, through PROJ.
//!
//! The definitions come from `data/territory.toml` as PROJ strings, so that no `proj.db` is needed
//! at run time. All of them differ from WGS84 by nothing that a dwelling could notice (null datum
//! shift in the EPSG registry); systems that need a grid are refused by name.

use std::cell::RefCell;

use proj::Proj;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::reference::territory::{Crs, territory};

/// Points from which the work is shared between threads.
const PARALLEL_FROM: usize = 16_384;
const CHUNK: usize = 4_096;

/// Why coordinates cannot be converted. Messages are for users.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CrsError {
    #[error(
        "le système de coordonnées EPSG:{epsg} n'est pas connu ; convertissez le fichier en EPSG:2154, \
            EPSG:4326 ou dans le système légal du territoire"
    )]
    Unknown { epsg: u16 },
    #[error(
        "le système EPSG:{epsg} ({nom}) ne se convertit pas à moins d'un mètre près sans grille de \
            correction ; convertissez le fichier en EPSG:2154 ou EPSG:4326"
    )]
    NeedsGrid { epsg: u16, nom: String },
    #[error("{xs} abscisses pour {ys} ordonnées")]
    Lengths { xs: usize, ys: usize },
    /// PROJ refuses a definition of `data/territory.toml`: a fault of the program.
    #[error("PROJ refuse la définition d'EPSG:{epsg} : {message}")]
    Definition { epsg: u16, message: String },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Direction {
    ToDegrees,
    FromDegrees,
}

thread_local! {
    // A PROJ object belongs to one thread: each thread keeps those that it has used.
    static CACHE: RefCell<FxHashMap<(u16, Direction), Proj>> = RefCell::new(FxHashMap::default());
}

/// From projected coordinates (metres) or degrees of `epsg` to longitude and latitude WGS84, in place.
///
/// A point that is not finite or that PROJ cannot convert becomes NaN in both slices.
/// Coordinates outside of the system's own domain are converted too: see [`sanity_box`].
///
/// # Errors
/// Unknown system, system that needs a grid, slices of different lengths.
pub fn to_lonlat(epsg: u16, xs: &mut [f64], ys: &mut [f64]) -> Result<(), CrsError> {
    convert(epsg, Direction::ToDegrees, xs, ys)
}

/// From longitude and latitude WGS84 to the coordinates of `epsg`, in place. Faults as [`to_lonlat`].
///
/// # Errors
/// Unknown system, system that needs a grid, slices of different lengths.
pub fn from_lonlat(epsg: u16, xs: &mut [f64], ys: &mut [f64]) -> Result<(), CrsError> {
    convert(epsg, Direction::FromDegrees, xs, ys)
}

/// Legal system of the territory of a commune or département code; 2154 if no other is known.
#[must_use]
pub fn default_epsg(depcom: &str) -> u16 {
    territory().of_depcom(depcom).epsg
}

/// Legal (metric) system at a point in degrees; `None` outside of France.
#[must_use]
pub fn epsg_at(lon: f64, lat: f64) -> Option<u16> {
    territory().at(lon, lat).map(|t| t.epsg)
}

/// `[xmin, ymin, xmax, ymax]` that coordinates of this system must keep; `None` if it is unknown.
#[must_use]
pub fn sanity_box(epsg: u16) -> Option<[f64; 4]> {
    territory().crs(epsg).map(|c| c.domaine)
}

/// The definition of a system.
///
/// # Errors
/// Unknown system, or system that needs a grid.
pub fn definition(epsg: u16) -> Result<&'static Crs, CrsError> {
    territory().crs(epsg).ok_or_else(|| match territory().crs_refuse.iter().find(|c| c.epsg == epsg) {
        Some(c) => CrsError::NeedsGrid { epsg, nom: c.nom.clone() },
        None => CrsError::Unknown { epsg },
    })
}

fn convert(epsg: u16, way: Direction, xs: &mut [f64], ys: &mut [f64]) -> Result<(), CrsError> {
    let crs = definition(epsg)?;
    if xs.len() != ys.len() {
        return Err(CrsError::Lengths { xs: xs.len(), ys: ys.len() });
    }
    if crs.is_geographic() {
        for (x, y) in xs.iter_mut().zip(ys) {
            if !(x.is_finite() && y.is_finite()) {
                (*x, *y) = (f64::NAN, f64::NAN);
            }
        }
        return Ok(());
    }
    if xs.len() < PARALLEL_FROM {
        return convert_here(crs, way, xs, ys);
    }
    xs.par_chunks_mut(CHUNK)
        .zip(ys.par_chunks_mut(CHUNK))
        .try_for_each(|(xs, ys)| convert_here(crs, way, xs, ys))
}

/// Converts on this thread with its own PROJ object.
fn convert_here(crs: &Crs, way: Direction, xs: &mut [f64], ys: &mut [f64]) -> Result<(), CrsError> {
    CACHE.with_borrow_mut(|cache| {
        let proj = match cache.entry((crs.epsg, way)) {
            std::collections::hash_map::Entry::Occupied(e) => e.into_mut(),
            std::collections::hash_map::Entry::Vacant(e) => e.insert(open(crs, way)?),
        };
        for (x, y) in xs.iter_mut().zip(ys) {
            // One point at a time: a point that fails must not take its neighbours with it.
            (*x, *y) = if x.is_finite() && y.is_finite() {
                match proj.convert((*x, *y)) {
                    Ok((a, b)) if a.is_finite() && b.is_finite() => (a, b),
                    _ => (f64::NAN, f64::NAN),
                }
            } else {
                (f64::NAN, f64::NAN)
            };
        }
        Ok(())
    })
}

fn open(crs: &Crs, way: Direction) -> Result<Proj, CrsError> {
    let pipeline = match way {
        Direction::ToDegrees => {
            format!("+proj=pipeline +step +inv {} +step +proj=unitconvert +xy_in=rad +xy_out=deg", crs.proj)
        }
        Direction::FromDegrees => {
            format!("+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step {}", crs.proj)
        }
    };
    Proj::new(&pipeline).map_err(|e| CrsError::Definition { epsg: crs.epsg, message: e.to_string() })
}
