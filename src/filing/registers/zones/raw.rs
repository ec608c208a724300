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
    /// Values that are not empty, with the place of their column in [`RawLayer::columns`]; only of the
    /// columns that the layer may use.
    pub values: Vec<(usize, String)>,
    /// `Err` says in French why it is no area. An empty area is `Ok` and empty.
    pub area: Result<MultiPolygon<f64>, String>,
}

impl RawFeature {
    /// The value of a column; empty = missing.
    #[must_use]
    pub fn value(&self, column: usize) -> &str {
        self.values.iter().find(|(c, _)| *c == column).map_or("", |(_, v)| v)
    }
}

/// One layer as filed.
#[derive(Debug, Clone)]
pub struct RawLayer {
    /// File or table, for messages.
    pub name: String,
    pub format: &'static str,
    pub encoding: String,
    pub declared: Declared,
    pub columns: Vec<String>,
    pub features: Vec<RawFeature>,
    /// Sentences for the report: what of the file could not be read.
    pub remarks: Vec<String>,
    /// True if the format wants outer rings clockwise (Shapefile).
    pub outer_clockwise: bool,
}
