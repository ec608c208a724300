//! How much of a file of zones is read, and of whom.

use super::error::ZonesError;

/// How much of a file is read before it is refused.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Once unpacked.
    pub bytes: u64,
    /// Zones of one layer.
    pub features: usize,
    /// The file comes from someone else: nothing that it has the reader run (a view of a GeoPackage).
    pub foreign: bool,
}

impl Bounds {
    /// Of a layer that the server's own people import: no layer of French zones comes near, a zip bomb does.
    pub const LAYER: Self = Self { bytes: 2_000_000_000, features: usize::MAX, foreign: false };

    /// How the size is told.
    #[must_use]
    pub fn words(&self) -> String {
        format!("plus de {} Mo une fois décompressé", self.bytes / 1_000_000)
    }

    /// # Errors
    /// A layer of the file has more zones.
    pub fn check(&self, file: &str, features: usize) -> Result<(), ZonesError> {
        if features > self.features {
            return Err(ZonesError::TooMany { file: file.to_owned(), max: self.features });
        }
        Ok(())
    }
}
