//! `data/zonage.toml`: limits of the zones that users draw or list.

use serde::Deserialize;

use super::reglages::held::Held;
use super::{ReferenceError, parse};

/// The whole file.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct ZoneLimits {
    /// Vertices of one zone.
    pub sommets_max: usize,
    /// Zones of one request.
    pub zones_max: usize,
    /// Codes of one zone.
    pub codes_max: usize,
    /// Vertices of all zones of one request.
    pub sommets_demande_max: usize,
    /// Zones × indicators of one request.
    pub chiffres_max: usize,
    /// Characters of a name or an identifier.
    pub nom_max: usize,
    pub aire_max_km2: f64,
    pub fichier: FileLimits,
    pub couche: LayerLimits,
    pub lecture: ReadingLimits,
}

/// Of a file of outlines.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct FileLimits {
    pub octets_decompresses_max: u64,
    /// Vertices of all its zones.
    pub sommets_max: usize,
    /// Steps of judging its contours, and milliseconds.
    pub pas_max: u64,
    pub duree_max_ms: u64,
    /// Files read at once.
    pub simultanes: usize,
}

/// Of a layer that is imported.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct LayerLimits {
    pub octets_decompresses_max: u64,
    pub entites_max: usize,
    pub sommets_max: usize,
    /// Steps of judging its contours, besides those of each vertex.
    pub pas_max: u64,
}

/// Of any file of zones.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct ReadingLimits {
    pub colonnes_max: usize,
    /// Unpacked size over packed size, of a file larger than `octets_sans_rapport`.
    pub rapport_max: u64,
    pub octets_sans_rapport: u64,
}

fn load(text: &str) -> Result<ZoneLimits, ReferenceError> {
    parse("zonage.toml", text)
}

pub(super) static DATA: Held<ZoneLimits> =
    Held::new(&[("zonage.toml", include_str!("../../../data/zonage.toml"))], |t| load(t[0]));

/// The file, read once.
///
/// # Panics
/// If the compiled-in file is wrong, which a test excludes.
#[must_use]
pub fn limits() -> &'static ZoneLimits {
    DATA.known()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_file_reads() {
        assert_eq!(super::DATA.get().unwrap().sommets_max, 5_000);
    }
}
