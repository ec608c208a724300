//! Figures that leave for other programs: one table, written as a workbook, CSV (alone or as a Data
//! Package), GeoJSON, GeoPackage, GeoParquet, FlatGeobuf or PMTiles.
//!
//! Nothing is computed here: a [`Table`] holds answers as `disclosure` gave them, and every format writes the
//! same [`Column`]s of it. A figure that is secret, or that nothing can be measured for, is empty, never 0;
//! the column beside it says which. A portrait is one zone on paper ([`portrait`], [`pdf`]).

pub mod about;
pub mod classes;
pub mod csv;
pub mod csv_file;
pub mod csvw;
pub mod flatgeobuf;
pub mod geojson;
pub mod geopackage;
pub mod geoparquet;
pub mod name;
pub mod package;
pub mod pdf;
pub mod pmtiles;
pub mod portrait;
pub mod report;
pub mod shape;
#[cfg(test)]
mod silence;
pub mod sld;
pub mod style;
pub mod table;
pub mod workbook;

pub use self::table::{Cell, Column, Kind, Place, Row, Table};

/// Why a file cannot be written; a fault of this program or of its machine, never of what was asked.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    #[error("le classeur ne s'écrit pas : {0}")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
    #[error("le CSV ne s'écrit pas : {0}")]
    Csv(#[from] ::csv::Error),
    #[error("le GeoJSON ne s'écrit pas : {0}")]
    Json(#[from] serde_json::Error),
    #[error("le GeoPackage ne s'écrit pas : {0}")]
    Database(#[from] rusqlite::Error),
    #[error("le Parquet ne s'écrit pas : {0}")]
    Parquet(#[from] polars::prelude::PolarsError),
    #[error("le FlatGeobuf ne s'écrit pas : {0}")]
    FlatGeobuf(#[from] ::flatgeobuf::Error),
    #[error("la tuile ne s'écrit pas : {0}")]
    Tile(#[from] fast_mvt::MvtError),
    #[error("le PDF ne s'écrit pas : {0}")]
    Paper(String),
    #[error("l'archive ne s'écrit pas : {0}")]
    Zip(#[from] zip::result::ZipError),
    #[error("le fichier provisoire ne s'écrit pas : {0}")]
    File(#[from] std::io::Error),
}

/// Kinds of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Xlsx,
    Csv,
    Package,
    GeoJson,
    GeoPackage,
    GeoParquet,
    FlatGeobuf,
    PmTiles,
}

impl Format {
    /// Every kind, by the name that a request gives it.
    pub const ALL: [(&'static str, Self); 8] = [
        ("xlsx", Self::Xlsx),
        ("csv", Self::Csv),
        ("datapackage", Self::Package),
        ("geojson", Self::GeoJson),
        ("gpkg", Self::GeoPackage),
        ("parquet", Self::GeoParquet),
        ("fgb", Self::FlatGeobuf),
        ("pmtiles", Self::PmTiles),
    ];

    /// The kind of a name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(id, _)| *id == name).map(|(_, f)| *f)
    }

    /// The name that a request gives it.
    #[must_use]
    pub fn id(self) -> &'static str {
        Self::ALL.iter().find(|(_, f)| *f == self).map_or("", |(id, _)| id)
    }

    /// What the file's name ends with.
    #[must_use]
    pub fn ending(self) -> &'static str {
        if self == Self::Package { "zip" } else { self.id() }
    }

    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Package => "application/zip",
            Self::GeoJson => "application/geo+json",
            Self::GeoPackage => "application/geopackage+sqlite3",
            Self::GeoParquet => "application/vnd.apache.parquet",
            Self::FlatGeobuf => "application/flatgeobuf",
            Self::PmTiles => "application/vnd.pmtiles",
        }
    }

    /// Whether the file carries contours.
    #[must_use]
    pub fn is_map(self) -> bool {
        !matches!(self, Self::Xlsx | Self::Csv | Self::Package)
    }

    /// Whether the file is written piece by piece, so that it may be as long as one wants.
    #[must_use]
    pub fn in_pieces(self) -> bool {
        matches!(self, Self::Csv | Self::GeoParquet)
    }

    /// The table as a file of this kind.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(self, table: &Table<'_>) -> Result<Vec<u8>, PublishError> {
        match self {
            Self::Xlsx => workbook::write(table),
            Self::Csv => csv::write(table),
            Self::Package => package::write(table),
            Self::GeoJson => geojson::write(table),
            Self::GeoPackage => geopackage::write(table),
            Self::GeoParquet => geoparquet::write(table),
            Self::FlatGeobuf => flatgeobuf::write(table),
            Self::PmTiles => pmtiles::write(table),
        }
    }
}
