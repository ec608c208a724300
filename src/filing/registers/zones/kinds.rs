//! What a file of zones holds, looked at before it is imported: its form, and which layer it may be.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::bounds::{Bounds, Meter};
use super::error::ZonesError;
use super::{attributes, membership, open};
use crate::reference::magasin::magasin;
use crate::reference::territory::{Couche, territory};
use crate::registers::fields;

/// Endings of the files of a Shapefile, which is read by the first.
pub const SHAPEFILE: [&str; 10] = ["shp", "dbf", "shx", "prj", "cpg", "sbn", "sbx", "qix", "qmd", "qpj"];

/// The name of the `.shp` (or `.gpkg`) that a file is a piece of.
#[must_use]
pub fn part_of(path: &Path) -> Option<String> {
    whole_of(path).map(|whole| open::file_name(&whole))
}

/// The `.shp` (or `.gpkg`) that a file is a piece of.
#[must_use]
pub fn whole_of(path: &Path) -> Option<PathBuf> {
    let ending = path.extension()?.to_str()?.to_ascii_lowercase();
    let whole = if SHAPEFILE[1..].contains(&ending.as_str()) {
        ["shp", "SHP"].map(|e| path.with_extension(e)).into_iter().find(|p| p.exists())?
    } else if let Some(stem) = ending.strip_suffix("-wal").or_else(|| ending.strip_suffix("-shm")) {
        Some(path.with_extension(stem)).filter(|p| p.exists())?
    } else {
        return None;
    };
    Some(whole)
}

/// How a file is made, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// GeoJSON, GeoPackage, Shapefile, alone or packed.
    Contours,
    /// EPCI with the communes that are their members; or the EPT of Grand Paris.
    Members {
        all_ept: bool,
    },
    OtherJson,
    /// Text, perhaps.
    Other,
}

/// Tells the form of a file.
///
/// # Errors
/// It cannot be read.
pub fn form(path: &Path) -> Result<Form, ZonesError> {
    let read = |source| ZonesError::Read { path: path.to_owned(), source };
    let mut head = Vec::new();
    let packed = {
        let mut start = [0; 2];
        let n = File::open(path).and_then(|mut f| f.read(&mut start)).map_err(read)?;
        n == 2 && start == [0x1F, 0x8B]
    };
    let file = File::open(path).map_err(read)?;
    if packed {
        flate2::read::MultiGzDecoder::new(file).take(4096).read_to_end(&mut head).map_err(read)?;
    } else {
        file.take(4096).read_to_end(&mut head).map_err(read)?;
    }
    if head.starts_with(b"SQLite format 3\0") || head.starts_with(&[0, 0, 0x27, 0x0A]) {
        return Ok(Form::Contours);
    }
    if head.starts_with(b"PK\x03\x04") {
        let archive = File::open(path).ok().and_then(|f| zip::ZipArchive::new(f).ok());
        let named = |ending: &str| {
            archive.as_ref().is_some_and(|a| {
                a.file_names().filter_map(Result::ok).any(|n| n.to_ascii_lowercase().ends_with(ending))
            })
        };
        let zones = [".shp", ".geojson", ".gpkg", ".json"].iter().any(|e| named(e));
        return Ok(if zones { Form::Contours } else { Form::Other });
    }
    let (start, _) = open::text(&head);
    if !start.trim_start().starts_with(['{', '[']) {
        return Ok(Form::Other);
    }
    let bounds = Bounds::layer();
    let (bytes, _) = open::bytes(path, &bounds)?;
    let (text, _) = open::text(&bytes);
    if let Some(all_ept) = membership::are_members(&text) {
        return Ok(Form::Members { all_ept });
    }
    let geo = text.trim_start().starts_with('{') && text.contains("\"Feature");
    Ok(if geo || text.contains("\"coordinates\"") { Form::Contours } else { Form::OtherJson })
}

/// What a file would be as one layer.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// `commune`, `iris`…
    pub couche: String,
    /// Column of the codes, and one of them.
    pub column: String,
    pub example: String,
    pub features: usize,
    /// Features that are areas.
    pub areas: usize,
    /// Features whose code has the form of the layer…
    pub usual: usize,
    /// … or the key of a SIREN.
    pub keys: usize,
    /// Distinct codes.
    pub codes: usize,
    /// Generation that the codes tell (QPV).
    pub generation: Option<String>,
}

/// What the file would be as each of these layers, and the columns that it has.
///
/// # Errors
/// It is no layer of zones, or is damaged.
pub fn candidates(path: &Path, layers: &[&str]) -> Result<(Vec<Candidate>, Vec<String>), ZonesError> {
    let file = open::file_name(path);
    let couches: Vec<&Couche> = layers.iter().map(|id| territory().couche(id)).collect();
    let bounds = Bounds::layer();
    let mut meter = Meter::new(&file, &union(&couches), &bounds);
    let raw = open::layers(path, None, &mut meter)?;
    let columns = raw.first().map(|l| l.columns.clone()).unwrap_or_default();
    let mut found = Vec::new();
    for couche in couches {
        let mut one = Candidate {
            couche: couche.id.clone(),
            column: String::new(),
            example: String::new(),
            features: 0,
            areas: 0,
            usual: 0,
            keys: 0,
            codes: 0,
            generation: None,
        };
        let mut codes = BTreeSet::new();
        for layer in &raw {
            one.features += layer.features.len();
            let Ok(names) = attributes::columns(&file, couche, layer) else { continue };
            let at = names.code.or(names.code_partiel);
            one.column = at.and_then(|i| layer.columns.get(i)).cloned().unwrap_or_default();
            for feature in &layer.features {
                one.areas += usize::from(feature.area.as_ref().is_ok_and(|a| !a.0.is_empty()));
                let code = attributes::read(couche, &names, feature).code;
                if !code.is_empty() && couche.code_is_usual(&code) && somewhere(couche, &code) {
                    one.usual += 1;
                    one.keys += usize::from(fields::siren(code.as_bytes()).is_ok_and(|s| s.luhn));
                    codes.insert(code);
                }
            }
        }
        one.codes = codes.len();
        one.example = codes.first().cloned().unwrap_or_default();
        one.generation = magasin().ok().and_then(|m| {
            let of = |g: &&crate::reference::magasin::Generation| {
                g.couche.starts_with(&couche.id) && codes.iter().all(|c| c.starts_with(&g.prefixe))
            };
            let found = m.generation.iter().find(of).filter(|_| !codes.is_empty())?;
            Some(found.couche.trim_start_matches(couche.id.as_str()).to_owned())
        });
        found.push(one);
    }
    Ok((found, columns))
}

/// Codes that begin by a département begin by one that exists: any number of nine digits is no IRIS.
fn somewhere(couche: &Couche, code: &str) -> bool {
    let dep = match couche.id.as_str() {
        "departement" => code,
        "commune" | "iris" => code.get(..2).unwrap_or_default(),
        _ => return true,
    };
    match dep {
        "2A" | "2B" | "97" | "98" => true,
        _ if dep.len() == 3 => dep.starts_with("97") || dep.starts_with("98"),
        _ => dep.parse::<u8>().is_ok_and(|n| (1..=95).contains(&n)),
    }
}

/// A layer that uses every column that one of these uses.
fn union(couches: &[&Couche]) -> Couche {
    let mut all = territory().couche("*").clone();
    for couche in couches {
        all.code.extend(couche.code.iter().cloned());
        all.code_partiel.extend(couche.code_partiel.iter().cloned());
        all.nom.extend(couche.nom.iter().cloned());
        all.commune.extend(couche.commune.iter().cloned());
        all.epci.extend(couche.epci.iter().cloned());
        all.departement.extend(couche.departement.iter().cloned());
        all.motifs.extend(couche.motifs.iter().cloned());
    }
    all
}
