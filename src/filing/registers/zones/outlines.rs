//! The outlines of a file that someone draws with: one zone a feature, in degrees, and nothing is kept.
//!
//! The file comes from anyone, so what it may cost is bounded: unpacked size, zones, vertices of a zone and
//! of all.

use std::path::Path;

use geo::MultiPolygon;

use super::bounds::Bounds;
use super::findings::Findings;
use super::open;
use super::{Rules, ZonesError, each_layer, opened};
use crate::reference::territory::{Couche, territory};
use crate::reference::zonage::ZoneLimits;
use crate::registers::output::Output;
use crate::registers::report::{Finding, Report};

/// One zone of the file.
#[derive(Debug)]
pub struct Outline {
    /// Rank in the file, 1 = the first.
    pub feature: u64,
    pub nom: String,
    pub area: MultiPolygon<f64>,
}

/// What a file holds, and what had to be said of it.
#[derive(Debug)]
pub struct Outlines {
    pub report: Report,
    /// The first findings, in their order.
    pub findings: Vec<Finding>,
    pub zones: Vec<Outline>,
}

/// Reads a file of any format that the register of zones takes. `scratch` is an empty folder to throw away.
///
/// # Errors
/// The file is refused whole: no zones, too large, damaged, unknown coordinate system, or nothing of it can
/// be kept.
pub fn outlines(
    path: &Path,
    epsg: Option<u16>,
    limits: &ZoneLimits,
    scratch: &Path,
) -> Result<Outlines, ZonesError> {
    let file = open::file_name(path);
    let couche = &drawing();
    let bounds = Bounds::drawing(limits);
    let (mut report, layers, effort) = opened(path, couche, None, &bounds)?;
    let mut findings = Findings::new(Output::new(scratch).findings()?, &mut report);
    let rules = Rules { file: &file, couche, epsg, vertices_max: limits.sommets_max, effort: &effort };
    let kept = each_layer(&rules, layers, &mut findings, &|_, _| {})?;
    let (first, told) = (findings.first.take(), std::mem::take(&mut findings.told));
    findings.finish()?;
    if kept.is_empty() {
        return Err(ZonesError::NothingKept { file, first: first.unwrap_or_default() });
    }
    let stem = file.split('.').next().filter(|s| !s.is_empty()).unwrap_or("Zone");
    let several = report.lignes_lues > 1;
    let zones = kept
        .into_iter()
        .map(|z| {
            // A bare number is a rank or a key: the name of the file says more.
            let named = !z.attributes.nom.chars().all(|c| c.is_ascii_digit());
            let nom = match (named, several) {
                (true, _) => z.attributes.nom,
                (false, true) => format!("{stem} {}", z.attributes.nom),
                (false, false) => stem.to_owned(),
            };
            Outline { feature: z.line, nom, area: z.area }
        })
        .collect();
    Ok(Outlines { report, findings: told, zones })
}

/// A drawing may be a copy of any layer: names are found under all that they have there. Codes need not be
/// told apart; where there are no names, they say more than a rank.
fn drawing() -> Couche {
    let any = territory().couche("*");
    let of_layers = |get: fn(&Couche) -> &Vec<String>| {
        territory().couche.iter().flat_map(move |c| get(c).iter().cloned())
    };
    let nom = any.nom.iter().cloned().chain(of_layers(|c| &c.nom)).chain(of_layers(|c| &c.code)).collect();
    Couche { code: Vec::new(), nom, ..any.clone() }
}
