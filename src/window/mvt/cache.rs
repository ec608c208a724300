//! Encoded tiles, kept compressed as they are sent.

use std::io::Write;
use std::sync::Arc;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::cube::Filter;
use crate::mvt::mercator::Tile;

/// Bytes that tiles may take.
const TILE_BYTES: u64 = 128 << 20;

/// What makes a tile different from another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TileKey {
    pub cube: Arc<str>,
    pub layer: String,
    pub tile: Tile,
    pub filter: Filter,
    /// What the rights of who asked are (`Desk::key`); empty for contours, which are the same for all.
    pub rights: String,
}

/// A tile ready to send; no bytes at all if nothing is in it.
#[derive(Debug, Clone)]
pub struct Encoded {
    pub gzip: Bytes,
    pub etag: Arc<str>,
}

impl Encoded {
    /// Compresses a tile.
    ///
    /// # Errors
    /// Memory is short.
    pub fn new(bytes: &[u8]) -> std::io::Result<Self> {
        Self::with(bytes, Compression::fast())
    }

    /// Compresses bytes so hard.
    ///
    /// # Errors
    /// Memory is short.
    pub fn with(bytes: &[u8], level: Compression) -> std::io::Result<Self> {
        if bytes.is_empty() {
            return Ok(Self { gzip: Bytes::new(), etag: "".into() });
        }
        let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 2), level);
        encoder.write_all(bytes)?;
        let gzip = encoder.finish()?;
        let hash = blake3::hash(&gzip).to_hex();
        Ok(Self { etag: format!("\"{}\"", &hash[..20]).into(), gzip: gzip.into() })
    }
}

/// Weighs tiles by their bytes.
#[derive(Debug, Clone)]
pub struct ByBytes;

impl Weighter<TileKey, Encoded> for ByBytes {
    fn weight(&self, _: &TileKey, tile: &Encoded) -> u64 {
        tile.gzip.len() as u64 + 200
    }
}

/// The tiles that were asked for last.
#[derive(Debug)]
pub struct TileCache(pub Cache<TileKey, Encoded, ByBytes>);

impl Default for TileCache {
    fn default() -> Self {
        Self(Cache::with_weighter(20_000, TILE_BYTES, ByBytes))
    }
}
