//! From a path to raw layers: tells the format by the first bytes, unpacks `.gz` and `.zip`.

use std::borrow::Cow;
use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::bounds::{Bounds, Meter};
use super::error::ZonesError;
use super::raw::RawLayer;
use super::{geojson, geopackage, shapefile};
use crate::registers::text::encoding::{Seen, decode_by};

/// Name of a file without its folder.
#[must_use]
pub fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned())
}

/// The bytes of a file, unpacked if it is gzip. The second value tells so.
///
/// # Errors
/// The file cannot be read, or is larger than any layer.
pub fn bytes(path: &Path, bounds: &Bounds) -> Result<(Vec<u8>, bool), ZonesError> {
    let read = |source| ZonesError::Read { path: path.to_owned(), source };
    let gzip = head(path)?.starts_with(&[0x1F, 0x8B]);
    let mut file = File::open(path).map_err(read)?;
    let mut out = Vec::new();
    let most = if gzip { bounds.unpacked(file.metadata().map_err(read)?.len()) } else { bounds.bytes };
    if gzip {
        MultiGzDecoder::new(file).take(most + 1).read_to_end(&mut out).map_err(|e| ZonesError::Damaged {
            file: file_name(path),
            message: format!("la compression gzip est rompue ({e})"),
        })?;
    } else {
        file.by_ref().take(most + 1).read_to_end(&mut out).map_err(read)?;
    }
    if out.len() as u64 > most {
        return Err(ZonesError::NotZones {
            file: file_name(path),
            found: format!("un fichier {}", bounds.words(most)),
        });
    }
    Ok((out, gzip))
}

/// The first bytes of a file, which tell its format.
fn head(path: &Path) -> Result<Vec<u8>, ZonesError> {
    let mut head = Vec::new();
    File::open(path)
        .and_then(|file| file.take(16).read_to_end(&mut head))
        .map_err(|source| ZonesError::Read { path: path.to_owned(), source })?;
    Ok(head)
}

/// Text of a file and the name of its encoding: UTF-8, else the code page in which its words are French,
/// string by string where it mixes them.
#[must_use]
pub fn text(bytes: &[u8]) -> (Cow<'_, str>, String) {
    let wide = match bytes {
        [0xff, 0xfe, ..] => Some(encoding_rs::UTF_16LE),
        [0xfe, 0xff, ..] => Some(encoding_rs::UTF_16BE),
        _ => None,
    };
    if let Some(encoding) = wide {
        return (encoding.decode_with_bom_removal(bytes).0, encoding.name().to_owned());
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut seen = Seen::default();
    let text = match decode_by(bytes, b'"', &mut seen) {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
    };
    (text, seen.label())
}

/// Every layer of a file, in the order of its names.
///
/// # Errors
/// The file is no layer of zones, or is damaged.
pub fn layers(path: &Path, table: Option<&str>, meter: &mut Meter<'_>) -> Result<Vec<RawLayer>, ZonesError> {
    let file = file_name(path);
    let is_dir = path.is_dir();
    if is_dir {
        return Err(ZonesError::NotZones { file, found: "un dossier".to_owned() });
    }
    if head(path)? == b"SQLite format 3\0" {
        return geopackage::read(path, &file, table, meter);
    }
    let (bytes, _) = bytes(path, meter.bounds)?;
    if bytes.starts_with(b"PK\x03\x04") {
        return zipped(&file, bytes, table, meter);
    }
    if bytes.starts_with(&[0, 0, 0x27, 0x0A]) {
        return Ok(vec![shapefile::read(&shapefile::Parts::beside(path, bytes)?, meter)?]);
    }
    // The last sign of a text in UTF-16 may have a zero.
    let wide = matches!(bytes[..], [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
    let tail = if wide { 0 } else { bytes.iter().rev().take_while(|b| matches!(b, 0 | 0x1a)).count() };
    let (text, encoding) = text(&bytes[..bytes.len() - tail]);
    let text = collected(&text);
    if text.trim_start().starts_with(['{', '[']) {
        let mut layer = geojson::read(&file, &text, &encoding, meter)?;
        if tail > 1 {
            layer.remarks.push(format!(
                "{file} : finit par {tail} octets nuls (une copie s'est sans doute arrêtée en route) ; ce qui précède est lu."
            ));
        }
        return Ok(vec![layer]);
    }
    let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    let found = match ending.as_str() {
        _ if bytes.is_empty() => "un fichier vide".to_owned(),
        "dbf" | "shx" | "prj" | "cpg" | "sbn" | "sbx" | "qix" => {
            format!("un morceau de Shapefile (.{ending}) ; donnez le .shp, ou le .zip de l'ensemble")
        }
        _ if text.trim_start().starts_with('<') => {
            "un document XML (KML, GML) ou une page web ; enregistrez la couche en GeoJSON ou en GeoPackage"
                .to_owned()
        }
        "csv" | "txt" => "un tableau sans contours".to_owned(),
        "" => "un contenu non reconnu".to_owned(),
        other => format!("un contenu non reconnu (.{other})"),
    };
    Err(ZonesError::NotZones { file, found })
}

/// GeoJSON as one collection: features one a line (`.geojsonl`, `.geojsons`), or in a bare list.
fn collected(text: &str) -> Cow<'_, str> {
    const START: &str = r#"{"type":"FeatureCollection","features":"#;
    let is_feature =
        |t: &str| t.starts_with('{') && t.contains("\"Feature\"") && !t.contains("\"FeatureCollection\"");
    let sign = |c: char| c.is_whitespace() || c == '\u{1e}' || c == '\u{feff}';
    let start = text.trim_start_matches(sign);
    if let Some(first) = start.strip_prefix('[').map(str::trim_start)
        && is_feature(&first.chars().take(2_000).collect::<String>())
    {
        return Cow::Owned(format!("{START}{start}}}"));
    }
    let mut lines = start.lines().map(|l| l.trim_matches(sign)).filter(|l| !l.is_empty());
    let whole = |l: &str| serde_json::from_str::<serde::de::IgnoredAny>(l).is_ok();
    let (first, second) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let apart = is_feature(first) && whole(first) && second.starts_with('{');
    if !apart {
        return Cow::Borrowed(text);
    }
    // A line that is broken costs itself only.
    let features = [first, second].into_iter().chain(lines).map(|l| if whole(l) { l } else { "null" });
    Cow::Owned(format!("{START}[{}]}}", features.collect::<Vec<_>>().join(",")))
}

fn zipped(
    file: &str,
    bytes: Vec<u8>,
    table: Option<&str>,
    meter: &mut Meter<'_>,
) -> Result<Vec<RawLayer>, ZonesError> {
    let damaged = |message: String| ZonesError::Damaged { file: file.to_owned(), message };
    let bounds = meter.bounds;
    let most = bounds.unpacked(bytes.len() as u64);
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes))
        .map_err(|e| damaged(format!("l'archive zip ne s'ouvre pas ({e})")))?;
    let mut names: Vec<String> =
        archive.file_names().filter_map(Result::ok).map(std::borrow::Cow::into_owned).collect();
    names.retain(|n| !n.starts_with("__MACOSX") && !n.ends_with('/'));
    names.sort();
    let mut left = most;
    let mut entry = |name: &str| -> Result<Vec<u8>, ZonesError> {
        let e = archive.by_name(name).map_err(|e| damaged(format!("{name} : {e}")))?;
        let mut out = Vec::new();
        e.take(left + 1).read_to_end(&mut out).map_err(|e| damaged(format!("{name} : {e}")))?;
        left = left.checked_sub(out.len() as u64).ok_or_else(|| damaged(bounds.words(most)))?;
        Ok(out)
    };
    let mut layers = Vec::new();
    for name in &names {
        let Some((stem, ending)) = name.rsplit_once('.') else { continue };
        let sibling = |wanted: &str| {
            names.iter().find(|n| {
                n.rsplit_once('.').is_some_and(|(s, e)| s == stem && e.eq_ignore_ascii_case(wanted))
            })
        };
        match ending.to_ascii_lowercase().as_str() {
            "shp" => {
                let mut side = |wanted: &str| sibling(wanted).map(|n| entry(n)).transpose();
                let utf8 = |b: Vec<u8>| String::from_utf8_lossy(&b).into_owned();
                let (dbf, prj, cpg) = (side("dbf")?, side("prj")?.map(utf8), side("cpg")?.map(utf8));
                let shp = entry(name)?;
                layers.push(shapefile::read(
                    &shapefile::Parts { name: name.clone(), shp, dbf, prj, cpg },
                    meter,
                )?);
            }
            "geojson" | "json" => {
                let bytes = entry(name)?;
                let (text, encoding) = text(&bytes);
                layers.push(geojson::read(name, &collected(&text), &encoding, meter)?);
            }
            "gpkg" => {
                // SQLite reads files, not memory.
                let folder = tempfile::tempdir()?;
                let copy = folder.path().join("couche.gpkg");
                std::fs::write(&copy, entry(name)?)?;
                // The journal of a file that was open travels with it.
                if let Some(wal) = names.iter().find(|n| **n == format!("{name}-wal")) {
                    std::fs::write(folder.path().join("couche.gpkg-wal"), entry(wal)?)?;
                }
                layers.extend(geopackage::read(&copy, name, table, meter)?);
            }
            _ => {}
        }
    }
    if layers.is_empty() {
        return Err(ZonesError::NotZones {
            file: file.to_owned(),
            found: "une archive sans .shp, .geojson ni .gpkg".to_owned(),
        });
    }
    Ok(layers)
}
