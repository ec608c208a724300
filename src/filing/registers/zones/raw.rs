//! What the readers of each format hand over: features as the file writes them, before any judgement.

use geo::MultiPolygon;

/// What a file says of its own coordinate system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Declared {
    Nothing,
    Epsg(u16),
    /// A name or definition that `data/territory.toml` does not know.
    Unknown(String),
}

/// One zone as filed.
#[derive(Debug, Clone)]
pub struct RawFeature {
    /// Rank in the file, 1 = the first.
    pub number: u64,
    /// Identifier apart from the attributes (GeoJSON `id`).
    pub id: Option<String>,
    /// One value a column of [`RawLayer::columns`]; empty = missing.
    pub values: Vec<String>,
    /// `Err` says in French why it is no area. An empty area is `Ok` and empty.
    pub area: Result<MultiPolygon<f64>, String>,
}

/// One layer as filed.
#[derive(Debug, Clone)]
pub struct RawLayer {
    /// File or table, for messages.
    pub name: String,
    pub format: &'static str,
    pub encoding: &'static str,
    pub declared: Declared,
    pub columns: Vec<String>,
    pub features: Vec<RawFeature>,
    /// True if the format wants outer rings clockwise (Shapefile).
    pub outer_clockwise: bool,
}
