//! Zone layers: QPV of both generations, IRIS, communes, EPCI, départements and any layer of one's own.
//!
//! A file (GeoJSON, GeoPackage, Shapefile, alone, gzipped or in a zip) becomes `zones.parquet`: one row
//! a code, degrees WGS84, valid areas. In order: [`open`] tells the format and hands over features as
//! filed; [`place`] decides the coordinate system (a declaration that the numbers contradict loses);
//! [`attributes`] finds code, name and parents under the names that users give them; [`repair`] makes
//! areas valid or names what is wrong and where; features that share a code become one zone.
//! Areas that someone draws with go the same way as far as [`repair`], and stay what they are: [`outlines`].
//! The membership of communes in EPCI goes through [`membership`] (layer `appartenance`).

mod attributes;
mod bounds;
mod coordinates;
mod dbf;
pub mod effort;
mod error;
mod findings;
mod geojson;
mod geopackage;
mod kinds;
mod membership;
mod names;
mod open;
mod outlines;
mod overlap;
mod place;
mod prj;
mod raw;
pub mod repair;
mod shapefile;
mod sqlite;
mod together;

use std::path::Path;

use geo::{CoordsIter, MultiPolygon};
use polars::prelude::*;
use rayon::prelude::*;

pub use attributes::departement_of;
pub use error::{FinerLayer, ZonesError};
pub use kinds::{Candidate, Form, SHAPEFILE, candidates, form, part_of};
pub(crate) use membership::{census as membership_census, columns as membership_columns};
pub use outlines::{Outline, Outlines, outlines};

use attributes::Attributes;
use bounds::{Bounds, Meter};
use effort::{Effort, Spent};
use findings::Findings;
use raw::RawLayer;

use crate::reference::magasin::{Generation, magasin};
use crate::reference::territory::{Couche, territory};
use crate::registers::output::Output;
use crate::registers::report::Report;
use crate::territory::wkb;

/// What the user says of the file.
#[derive(Debug, Clone, Default)]
pub struct ZonesOptions {
    /// `commune`, `epci`, `departement`, `iris`, `qpv`, `appartenance`, or a name of one's own
    /// (lower case, digits, `-`, `_`).
    pub couche: String,
    /// `2015`, `2024`… For QPV it is deduced from the codes if it is missing.
    pub generation: Option<String>,
    /// Goes before what the file declares.
    pub epsg: Option<u16>,
    /// Table of a GeoPackage that has several.
    pub table: Option<String>,
    /// Import although the file looks like that of a finer layer.
    pub forcer: bool,
}

/// Imports one file: writes `zones.parquet` (or `appartenance.parquet`) and `constats.csv`.
///
/// [`Report::cle`] is the identifier of the layer: `qpv2015`, `qpv2024`, else the name of the layer.
/// Zones are sorted by code, so that their order does not depend on the file.
/// `progress` is told features done and features in all.
///
/// # Errors
/// The file is refused whole: no zone layer, damaged, another layer, unknown coordinate system.
pub fn import(
    path: &Path,
    options: &ZonesOptions,
    out: &Output,
    progress: &dyn Fn(u64, u64),
) -> Result<Report, ZonesError> {
    let name = options.couche.as_str();
    if name.is_empty()
        || !name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_')
    {
        return Err(ZonesError::BadName { couche: name.to_owned() });
    }
    if name == "appartenance" {
        return membership::import(path, options, out);
    }
    // One piece of a Shapefile stands for all.
    let whole = kinds::whole_of(path);
    let path = whole.as_deref().unwrap_or(path);
    let file = open::file_name(path);
    let couche = territory().couche(name);
    let bounds = Bounds::layer();
    let (mut report, mut layers, effort) = opened(path, couche, options.table.as_deref(), &bounds)?;
    only_those_of(couche, &mut layers, &mut report);
    for layer in layers.iter().filter(|_| !options.forcer) {
        attributes::not_finer(&file, couche, layer)?;
    }
    report.cle = name.to_owned();
    report.empreinte = fingerprint(path)?;
    let mut findings = Findings::new(out.findings()?, &mut report);
    let rules = Rules { file: &file, couche, epsg: options.epsg, vertices_max: usize::MAX, effort: &effort };
    let zones = each_layer(&rules, layers, &mut findings, progress)?;
    let codes: Vec<&str> = zones.iter().map(|z: &Prepared| z.attributes.code.as_str()).collect();
    if let Some(other) = attributes::other_layer(couche, &codes) {
        return Err(ZonesError::OtherLayer {
            file,
            couche: couche.libelle.clone(),
            looks_like: other.libelle.clone(),
            code: codes[0].to_owned(),
        });
    }
    let id = layer_id(&file, options, couche, &codes)?;
    if let Some(g) = generation_of(&codes).filter(|g| id.starts_with("qpv") && g.couche != id) {
        findings.report().remarques.push(format!(
            "Ses codes (« {} ») ressemblent à ceux de la couche {}, et le fichier est rangé dans {id} : si c'est une erreur, \
             « mosaique imports remove » le retire.",
            codes[0], g.couche
        ));
    }
    let mut zones = together::merge(&rules, zones, &mut findings)?;
    names::complete(couche, &mut zones, findings.report());
    let first = findings.first.take();
    findings.finish()?;
    if zones.is_empty() {
        return Err(ZonesError::NothingKept { file, first: first.unwrap_or_default() });
    }
    report.cle = id;
    report.count("zones", zones.len() as u64);
    if ["*", "qpv", "iris"].contains(&couche.id.as_str()) {
        let areas: Vec<_> = zones.iter().map(|z| (z.attributes.code.as_str(), &z.area)).collect();
        overlap::tell(&areas, couche.id == "*", &mut report);
    }
    write(out, &zones)?;
    Ok(report)
}

/// The layers of a file as filed, a report that says what it was recognised as, and what judging their
/// contours may cost.
fn opened(
    path: &Path,
    couche: &Couche,
    table: Option<&str>,
    bounds: &Bounds,
) -> Result<(Report, Vec<RawLayer>, Effort), ZonesError> {
    let file = open::file_name(path);
    let mut meter = Meter::new(&file, couche, bounds);
    let layers = open::layers(path, table, &mut meter)?;
    let total: u64 = layers.iter().map(|l| l.features.len() as u64).sum();
    let (Some(first), true) = (layers.first(), total > 0) else {
        return Err(ZonesError::Empty { file });
    };
    let mut report = Report::new("zones", "", &file);
    report.lignes_lues = total;
    report.format = format!("{} ({})", first.format, couche.libelle);
    report.encodage.clone_from(&first.encoding);
    report.remarques = layers.iter().flat_map(|l| l.remarks.iter().cloned()).collect();
    Ok((report, layers, bounds.effort(meter.vertices_read())))
}

/// Of a file that has several layers, those that have the codes of the one asked for; the others are told.
fn only_those_of(couche: &Couche, layers: &mut Vec<RawLayer>, report: &mut Report) {
    let fits = |l: &RawLayer| {
        couche.id == "*" || l.features.is_empty() || attributes::columns(&l.name, couche, l).is_ok()
    };
    if layers.len() < 2 || !layers.iter().any(|l| !l.features.is_empty() && fits(l)) {
        return;
    }
    let (kept, left): (Vec<RawLayer>, Vec<RawLayer>) = std::mem::take(layers).into_iter().partition(fits);
    *layers = kept;
    if !left.is_empty() {
        let names: Vec<&str> = left.iter().map(|l| l.name.as_str()).collect();
        report.lignes_lues = layers.iter().map(|l| l.features.len() as u64).sum();
        report.remarques.push(format!(
            "N'est pas lu, faute de codes de la couche « {} » : {}.",
            couche.libelle,
            names.join(", ")
        ));
    }
}

/// How the zones of a file are read.
struct Rules<'a> {
    file: &'a str,
    couche: &'a Couche,
    epsg: Option<u16>,
    /// Of one zone.
    vertices_max: usize,
    effort: &'a Effort,
}

impl Rules<'_> {
    /// The file is refused: its contours are too much work.
    fn spent(&self, code: &str) -> ZonesError {
        ZonesError::TooTangled { file: self.file.to_owned(), code: code.to_owned() }
    }
}

/// Every zone of a file that can be kept, in degrees.
fn each_layer(
    rules: &Rules<'_>,
    layers: Vec<RawLayer>,
    findings: &mut Findings<'_>,
    progress: &dyn Fn(u64, u64),
) -> Result<Vec<Prepared>, ZonesError> {
    let total = findings.report().lignes_lues;
    let (mut zones, mut before) = (Vec::new(), 0);
    for layer in layers {
        let n = layer.features.len() as u64;
        one_layer(rules, before, layer, findings, &mut zones)?;
        before += n;
        progress(before, total);
    }
    Ok(zones)
}

/// BLAKE3 of the file and of what stands beside it and changes the result: attributes and projection of a
/// `.shp`, journal of a GeoPackage.
fn fingerprint(path: &Path) -> Result<String, ZonesError> {
    let read = |source| ZonesError::Read { path: path.to_owned(), source };
    let mut hash = blake3::Hasher::new();
    hash.update(&std::fs::read(path).map_err(read)?);
    if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("shp")) {
        for ending in ["dbf", "prj", "cpg"] {
            if let Ok(bytes) = std::fs::read(path.with_extension(ending)) {
                hash.update(&bytes);
            }
        }
    }
    // The journal of a GeoPackage that is open elsewhere.
    let mut journal = path.as_os_str().to_owned();
    journal.push("-wal");
    if let Ok(bytes) = std::fs::read(Path::new(&journal)) {
        hash.update(&bytes);
    }
    Ok(hash.finalize().to_hex().to_string())
}

/// A zone before features of the same code are united.
struct Prepared {
    line: u64,
    attributes: Attributes,
    area: MultiPolygon<f64>,
    repaired: bool,
}

/// What became of one area.
enum Judged {
    Valid { rings_turned: u64, rings_gone: u64 },
    Repaired { rings_turned: u64, rings_gone: u64, fault: repair::Fault },
    Hopeless(repair::Fault),
}

/// `before`: features of the layers before it.
fn one_layer(
    rules: &Rules<'_>,
    before: u64,
    layer: RawLayer,
    findings: &mut Findings<'_>,
    zones: &mut Vec<Prepared>,
) -> Result<(), ZonesError> {
    let &Rules { file, couche, epsg, vertices_max, effort } = rules;
    let place = place::decide(file, &layer, epsg)?;
    let columns = attributes::columns(file, couche, &layer)?;
    let code_column =
        columns.code.or(columns.code_partiel).map_or("code", |i| layer.columns[i].as_str()).to_owned();
    let domain = crate::territory::crs::sanity_box(place.epsg).unwrap_or([
        f64::NEG_INFINITY,
        f64::NEG_INFINITY,
        f64::INFINITY,
        f64::INFINITY,
    ]);
    findings.report().remarques.extend(place.remarks.iter().cloned());
    findings.report().count(&format!("epsg_{}", place.epsg), layer.features.len() as u64);
    if columns.code.is_none() && columns.code_partiel.is_none() && !couche.code.is_empty() {
        findings.report().remarques.push(format!(
            "{} : aucune colonne de code ; les zones portent leur rang dans le fichier",
            layer.name
        ));
    }
    // Zones of one's own need no name; IRIS and communes do.
    let known = couche.id != "*";
    if known && columns.nom.is_none() && !couche.nom.is_empty() && !layer.features.is_empty() {
        findings.report().remarques.push(format!(
            "{} : aucune colonne de nom reconnue parmi {} ; les zones portent leur code pour nom",
            layer.name,
            attributes::names(&layer.columns)
        ));
    }
    let degrees = territory().crs(place.epsg).is_some_and(crate::reference::territory::Crs::is_geographic);
    let mut kept = Vec::new();
    for feature in &layer.features {
        let line = before + feature.number;
        let attributes = attributes::read(couche, &columns, feature);
        let code = attributes.code.clone();
        if let (true, Err(why)) = (code.is_empty(), &feature.area) {
            findings.add("Z03", line, "géométrie", "", format!("entité {line} : {why}"))?;
            continue;
        }
        if code.is_empty() {
            findings.add("Z01", line, &code_column, "", format!("l'entité {line} n'a pas de code"))?;
            continue;
        }
        if attributes.unnamed {
            let message = format!("l'entité {line} n'a pas de code ; elle est nommée « {code} »");
            findings.add("Z11", line, &code_column, "", message)?;
        }
        if attributes.padded {
            findings.report().count("zeros_restitues", 1);
        }
        let mut area = match &feature.area {
            Err(why) => {
                findings.add("Z03", line, "géométrie", &code, format!("zone {code} : {why}"))?;
                continue;
            }
            Ok(area) if area.0.iter().all(|p| p.exterior().0.is_empty()) => {
                findings.report().count("geometries_vides", 1);
                findings.add(
                    "Z02",
                    line,
                    "géométrie",
                    &code,
                    format!("zone {code} : la géométrie est vide"),
                )?;
                continue;
            }
            Ok(area) if area.coords_count() > vertices_max => {
                let n = area.coords_count();
                let message = format!(
                    "zone {code} : son contour a {n} sommets, {vertices_max} au plus : simplifiez-le"
                );
                findings.add("Z10", line, "géométrie", &code, message)?;
                continue;
            }
            Ok(area) => area.clone(),
        };
        if place.swapped {
            place::each_vertex(&mut area, |c| (c.x, c.y) = (c.y, c.x));
        }
        match place::bbox(&area) {
            Some(b) if place::within(&b, &domain) => {}
            Some(b) => {
                let message = format!(
                    "zone {code} : ses coordonnées ({:.1}, {:.1}) à ({:.1}, {:.1}) sont hors du domaine \
                        d'EPSG:{}",
                    b[0], b[1], b[2], b[3], place.epsg
                );
                findings.add("Z04", line, "géométrie", &code, message)?;
                continue;
            }
            None => {
                findings.add(
                    "Z04",
                    line,
                    "géométrie",
                    &code,
                    format!("zone {code} : une coordonnée manque ou est infinie"),
                )?;
                continue;
            }
        }
        if !couche.code_is_usual(&code) {
            let message = format!(
                "le code « {code} » n'a pas la forme d'un code {} ; il est gardé tel quel",
                couche.libelle
            );
            findings.add("Z09", line, &code_column, &code, message)?;
        }
        kept.push(Prepared { line, attributes, area, repaired: false });
    }
    // Validity is judged in the coordinates of the file, where its faults were made…
    let judged: Vec<Judged> = kept
        .par_iter_mut()
        .map(|z| {
            judge(&mut z.area, degrees, layer.outer_clockwise, effort)
                .map_err(|Spent| rules.spent(&z.attributes.code))
        })
        .collect::<Result<_, _>>()?;
    let mut good = Vec::new();
    for (mut zone, judged) in kept.into_iter().zip(judged) {
        let code = &zone.attributes.code;
        let (turned, gone) = match judged {
            Judged::Valid { rings_turned, rings_gone } => (rings_turned, rings_gone),
            Judged::Repaired { rings_turned, rings_gone, fault } => {
                let message = format!(
                    "zone {code} : {} en ({}, {}) ; le polygone a été réparé",
                    fault.what, fault.at.x, fault.at.y
                );
                findings.report().count("zones_reparees", 1);
                findings.add("Z05", zone.line, "géométrie", code, message)?;
                zone.repaired = true;
                (rings_turned, rings_gone)
            }
            Judged::Hopeless(fault) => {
                let message = format!(
                    "zone {code} : {} en ({}, {}) ; aucune surface valide n'en sort",
                    fault.what, fault.at.x, fault.at.y
                );
                findings.add("Z06", zone.line, "géométrie", code, message)?;
                continue;
            }
        };
        if turned > 0 {
            findings.report().count("anneaux_reorientes", turned);
        }
        if gone > 0 {
            findings.report().count("anneaux_sans_surface", gone);
        }
        good.push(zone);
    }
    place::to_degrees(place.epsg, &mut good.iter_mut().map(|z| &mut z.area).collect::<Vec<_>>())
        .map_err(|source| ZonesError::Crs { file: file.to_owned(), source })?;
    let sound = |z: &Prepared| place::in_france(&z.area) && place::stray(&z.area).is_none();
    let (kept, lost): (Vec<_>, Vec<_>) = good.into_iter().partition(sound);
    for zone in lost {
        let code = &zone.attributes.code;
        let stray = place::in_france(&zone.area).then(|| place::stray(&zone.area)).flatten();
        let message = match place::bbox(&zone.area) {
            None => {
                format!("zone {code} : ses coordonnées ne se convertissent pas depuis EPSG:{}", place.epsg)
            }
            Some(_) if let Some(c) = stray => format!(
                "zone {code} : un de ses sommets est loin de France (longitude {:.4}, latitude {:.4}) : corrigez-le",
                c.x, c.y
            ),
            Some([w, s, ..]) => format!(
                "zone {code} : elle est hors de France (longitude {w:.4}, latitude {s:.4}) ; vérifiez son \
                    système de coordonnées"
            ),
        };
        findings.add("Z04", zone.line, "géométrie", code, message)?;
    }
    let mut good = kept;
    // … and made sure of in degrees, for rounding can make neighbours on a line cross.
    if !degrees {
        let broken: Vec<bool> = good
            .par_iter_mut()
            .map(|z| {
                let spent = |Spent| rules.spent(&z.attributes.code);
                if repair::fault(&z.area, effort).map_err(spent)?.is_none() {
                    return Ok(false);
                }
                let Some(mut area) = repair::repair(&z.area, true, effort).map_err(spent)? else {
                    return Ok(true);
                };
                repair::orient(&mut area, false);
                z.area = area;
                z.repaired = true;
                Ok(false)
            })
            .collect::<Result<_, ZonesError>>()?;
        for (zone, broken) in good.iter().zip(&broken) {
            if *broken {
                let code = &zone.attributes.code;
                findings.add(
                    "Z06",
                    zone.line,
                    "géométrie",
                    code,
                    format!("zone {code} : le polygone devient invalide en degrés et ne se répare pas"),
                )?;
            }
        }
        let mut broken = broken.into_iter();
        good.retain(|_| !broken.next().unwrap_or(false));
    }
    zones.extend(good);
    Ok(())
}

fn judge(
    area: &mut MultiPolygon<f64>,
    degrees: bool,
    outer_clockwise: bool,
    effort: &Effort,
) -> Result<Judged, Spent> {
    let rings_gone = repair::tidy(area);
    let fault =
        if area.0.is_empty() { Some(repair::Fault::no_surface()) } else { repair::fault(area, effort)? };
    let Some(fault) = fault else {
        return Ok(Judged::Valid { rings_turned: repair::orient(area, outer_clockwise), rings_gone });
    };
    if fault.hopeless {
        return Ok(Judged::Hopeless(fault));
    }
    let rings_turned = repair::orient(area, outer_clockwise);
    Ok(match repair::repair(area, degrees, effort)? {
        Some(valid) => {
            *area = valid;
            repair::orient(area, false);
            Judged::Repaired { rings_turned, rings_gone, fault }
        }
        None => Judged::Hopeless(fault),
    })
}

/// `qpv` and its generation, deduced from the codes (`QP…` 2015, `QN…` 2024) if it is not given; any
/// other layer keeps its name.
fn layer_id(
    file: &str,
    options: &ZonesOptions,
    couche: &Couche,
    codes: &[&str],
) -> Result<String, ZonesError> {
    if couche.id != "qpv" || options.couche != "qpv" {
        return Ok(options.couche.clone());
    }
    match (options.generation.as_deref(), generation_of(codes)) {
        (Some(generation), _) => Ok(format!("qpv{generation}")),
        (None, Some(found)) => Ok(found.couche.clone()),
        (None, None) => Err(ZonesError::NoGeneration { file: file.to_owned() }),
    }
}

fn generation_of(codes: &[&str]) -> Option<&'static Generation> {
    magasin().ok().and_then(|m| m.generation_of(codes))
}

fn write(out: &Output, zones: &[Prepared]) -> Result<(), ZonesError> {
    let text =
        |get: fn(&Attributes) -> Option<&str>| zones.iter().map(|z| get(&z.attributes)).collect::<Vec<_>>();
    let geometrie: Vec<Vec<u8>> = zones.par_iter().map(|z| wkb::encode(&z.area)).collect();
    let frame = DataFrame::new(
        zones.len(),
        vec![
            Column::new("code".into(), text(|a| Some(&a.code))),
            Column::new("nom".into(), text(|a| Some(&a.nom))),
            Column::new("commune".into(), text(|a| a.commune.as_deref())),
            Column::new("epci".into(), text(|a| a.epci.as_deref())),
            Column::new("departement".into(), text(|a| a.departement.as_deref())),
            Column::new("geometrie".into(), geometrie.iter().map(Vec::as_slice).collect::<Vec<&[u8]>>()),
            Column::new("reparee".into(), zones.iter().map(|z| z.repaired).collect::<Vec<_>>()),
        ],
    )?;
    let mut table = out.table("zones", frame.schema())?;
    table.write(&frame)?;
    table.finish()?;
    Ok(())
}
