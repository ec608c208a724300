//! Figures that leave for other programs: one table, written as a workbook, CSV, GeoJSON or GeoPackage.
//!
//! Nothing is computed here: a [`Table`] holds answers as `disclosure` gave them, and every format writes the
//! same [`Column`]s of it. A figure that is secret, or that nothing can be measured for, is empty, never 0;
//! the column beside it says which.

pub mod classes;
pub mod csv;
pub mod csv_file;
pub mod geojson;
pub mod geopackage;
pub mod name;
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
    #[error("le fichier provisoire ne s'écrit pas : {0}")]
    File(#[from] std::io::Error),
}

/// Kinds of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Xlsx,
    Csv,
    GeoJson,
    GeoPackage,
}

impl Format {
    /// Every kind, by the name that a request gives it, which is also the end of the file's name.
    pub const ALL: [(&'static str, Self); 4] =
        [("xlsx", Self::Xlsx), ("csv", Self::Csv), ("geojson", Self::GeoJson), ("gpkg", Self::GeoPackage)];

    /// The kind of a name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(id, _)| *id == name).map(|(_, f)| *f)
    }

    #[must_use]
    pub fn extension(self) -> &'static str {
        Self::ALL.iter().find(|(_, f)| *f == self).map_or("", |(id, _)| id)
    }

    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Csv => "text/csv; charset=utf-8",
            Self::GeoJson => "application/geo+json",
            Self::GeoPackage => "application/geopackage+sqlite3",
        }
    }

    /// Whether the file carries contours.
    #[must_use]
    pub fn is_map(self) -> bool {
        matches!(self, Self::GeoJson | Self::GeoPackage)
    }

    /// The table as a file of this kind.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(self, table: &Table<'_>) -> Result<Vec<u8>, PublishError> {
        match self {
            Self::Xlsx => workbook::write(table),
            Self::Csv => csv::write(table),
            Self::GeoJson => geojson::write(table),
            Self::GeoPackage => geopackage::write(table),
        }
    }
}
