//! Contours read from a file that a person sends.

use geojson::{Geometry, GeometryValue};
use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::params::file_name;
use crate::desk::problem::Problem;
use crate::registers::report::{Finding, Level};
use crate::registers::zones::{Outline, Outlines, ZonesError};

/// Une zone du fichier, telle que `/api/mesure` la prend.
#[derive(Debug, Serialize, ToSchema)]
pub struct ZoneLue {
    /// Rang dans le fichier, 1 pour la première entité.
    pub entite: u64,
    pub nom: String,
    /// GeoJSON en degrés WGS 84 : Polygon ou MultiPolygon.
    #[schema(value_type = std::collections::BTreeMap<String, serde_json::Value>)]
    pub geometrie: Geometry,
}

/// Ce qui a été trouvé à redire à une entité.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConstatZone {
    pub entite: u64,
    /// Règle des zones (Z01 à Z10).
    pub regle: String,
    /// `rejet` : l'entité n'est pas parmi les zones ; `drapeau` : elle y est.
    #[schema(value_type = String)]
    pub niveau: Level,
    pub message: String,
}

/// Les zones d'un fichier.
#[derive(Debug, Serialize, ToSchema)]
pub struct ZonesLues {
    pub fichier: String,
    pub format: String,
    /// Entités du fichier, écartées comprises.
    pub entites: u64,
    pub ecartees: u64,
    pub zones: Vec<ZoneLue>,
    /// Les 50 premiers.
    pub constats: Vec<ConstatZone>,
    /// Système de coordonnées retenu contre ce que le fichier déclare, colonnes ignorées.
    pub remarques: Vec<String>,
}

/// A name that is one file of the folder, whatever was sent.
pub fn safe(name: &str) -> String {
    let plain = file_name(name, 60);
    // Not the name of the findings beside it, nor `..`.
    if plain.trim_matches('.').is_empty() || plain == "constats.csv" { "zones".to_owned() } else { plain }
}

/// Why a file of contours is not read.
pub fn refusal(name: &str, e: &ZonesError) -> Problem {
    match e {
        ZonesError::Read { .. } | ZonesError::Write(_) | ZonesError::Table(_) => Problem::internal(e),
        e => Problem::value("fichier", name, format!("{}.", capital(&e.to_string()))),
    }
}

/// A message of the importer as a sentence.
fn capital(message: &str) -> String {
    let mut letters = message.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What was read of a file, with what is wrong in it.
pub fn told(found: Outlines) -> ZonesLues {
    let Outlines { report, findings, zones } = found;
    ZonesLues {
        fichier: report.fichier,
        format: report.format,
        entites: report.lignes_lues,
        ecartees: report.lignes_rejetees,
        zones: zones.into_iter().map(zone).collect(),
        constats: findings.into_iter().map(finding).collect(),
        remarques: report.remarques,
    }
}

/// A contour as the page takes it.
pub fn zone(Outline { feature, nom, mut area }: Outline) -> ZoneLue {
    // One part is a Polygon: the page gives its vertices to the pen.
    let value = match area.0.len() {
        1 => GeometryValue::from(&area.0.remove(0)),
        _ => GeometryValue::from(&area),
    };
    ZoneLue { entite: feature, nom, geometrie: Geometry::new(value) }
}

fn finding(f: Finding) -> ConstatZone {
    ConstatZone { entite: f.line, regle: f.rule, niveau: f.level, message: f.message }
}
