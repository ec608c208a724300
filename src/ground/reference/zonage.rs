//! `data/zonage.toml`: limits of the zones that users draw or list.

use std::sync::LazyLock;

use serde::Deserialize;

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
    pub aire_max_km2: f64,
    pub fichier: FileLimits,
}

/// Of a file of outlines.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct FileLimits {
    pub octets_decompresses_max: u64,
    /// Vertices of all its zones.
    pub sommets_max: usize,
    /// Files read at once.
    pub simultanes: usize,
}

fn load() -> Result<ZoneLimits, ReferenceError> {
    parse("zonage.toml", include_str!("../../../data/zonage.toml"))
}

static DATA: LazyLock<ZoneLimits> = LazyLock::new(|| match load() {
    Ok(data) => data,
    // The file is compiled in and a test loads it: a fault here is a fault of the program.
    Err(e) => panic!("{e}"),
});

/// The file, read once.
///
/// # Panics
/// If the compiled-in file is wrong, which a test excludes.
#[must_use]
pub fn limits() -> &'static ZoneLimits {
    &DATA
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_file_reads() {
        assert_eq!(super::load().unwrap().sommets_max, 5_000);
    }
}
