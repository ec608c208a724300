//! Why a file is refused whole. Each message says what was found and what to do.

use std::path::PathBuf;

use crate::french::{counted, thousands};
use crate::territory::crs::CrsError;

#[derive(Debug, thiserror::Error)]
pub enum ZonesError {
    #[error("le fichier {path} ne se lit pas : {source}")]
    Read { path: PathBuf, source: std::io::Error },
    #[error(
        "« {file} » n'est pas une couche de zones : {found}. Formats lus : GeoJSON (aussi .gz), GeoPackage, \
            Shapefile (.shp avec son .dbf, ou .zip)"
    )]
    NotZones { file: String, found: String },
    #[error(
        "« {file} » n'a qu'une partie des zones : {} ({}). C'est une page de la réponse d'un service : demandez-les \
         toutes (« limit », « count » ou « resultRecordCount »), ou réunissez les pages. Le magasin n'a pas changé",
        counted(*had, "entité", "entités"),
        of.map_or_else(|| "il dit en avoir d'autres".to_owned(), |n| format!("sur {}", thousands(n)))
    )]
    Part { file: String, had: u64, of: Option<u64> },
    #[error("« {file} » est endommagé : {message}")]
    Damaged { file: String, message: String },
    #[error("« {file} » ne contient aucune zone")]
    Empty { file: String },
    #[error("« {file} » contient plus de {} zones ; découpez-le en plusieurs fichiers", thousands(*max as u64))]
    TooMany { file: String, max: usize },
    #[error(
        "les contours de « {file} » ont plus de {} sommets en tout ; simplifiez-les ou découpez le fichier",
        thousands(*max as u64)
    )]
    TooManyVertices { file: String, max: usize },
    #[error("« {file} » a plus de {max} colonnes ; ne gardez que le code, le nom et la commune des zones")]
    TooManyColumns { file: String, max: usize },
    #[error(
        "les contours de « {file} » se croisent ou s'emboîtent trop pour être vérifiés ; dernière \
            zone lue : {code} ; simplifiez-les ou découpez le fichier"
    )]
    TooTangled { file: String, code: String },
    #[error("« {file} » contient plusieurs tables de zones ({tables}) ; précisez laquelle avec --table")]
    SeveralTables { file: String, tables: String },
    #[error("la table « {table} » n'existe pas dans « {file} » (tables de zones : {tables})")]
    NoSuchTable { file: String, table: String, tables: String },
    #[error(
        "« {file} » n'a pas de colonne de code pour la couche « {couche} » : attendu l'un de {expected} ; \
            colonnes du fichier : {columns}"
    )]
    NoCode { file: String, couche: String, expected: String, columns: String },
    #[error(
        "« {file} » : ses codes (par exemple « {code} ») sont ceux d'une couche « {looks_like} », pas d'une \
            couche « {couche} »"
    )]
    OtherLayer { file: String, couche: String, looks_like: String, code: String },
    #[error(transparent)]
    FinerLayer(#[from] Box<FinerLayer>),
    #[error("la génération des QPV ne se déduit pas des codes de « {file} » ; précisez 2015 ou 2024")]
    NoGeneration { file: String },
    #[error(
        "le nom de couche « {couche} » n'est pas admis : lettres minuscules sans accent, chiffres, - et _ \
            seulement"
    )]
    BadName { couche: String },
    #[error("« {file} » : {source}")]
    Crs { file: String, source: CrsError },
    #[error(
        "« {file} » déclare un système de coordonnées qui n'est pas reconnu (« {declared} ») et ses \
            coordonnées ne permettent pas de le deviner ; précisez le code EPSG"
    )]
    UnknownCrs { file: String, declared: String },
    #[error(
        "« {file} » : les coordonnées ({xmin:.1}, {ymin:.1}) à ({xmax:.1}, {ymax:.1}) ne sont pas dans le \
            domaine d'EPSG:{epsg} ; précisez le bon code EPSG"
    )]
    OutOfDomain { file: String, epsg: u16, xmin: f64, ymin: f64, xmax: f64, ymax: f64 },
    #[error("aucune zone de « {file} » n'a pu être gardée ; première raison : {first}")]
    NothingKept { file: String, first: String },
    #[error(
        "« {file} » n'est pas un fichier d'appartenance : attendu un CSV commune;epci;nom ou le JSON des \
            EPCI avec leurs membres ({message})"
    )]
    NotMembership { file: String, message: String },
    #[error("l'écriture a échoué : {0}")]
    Write(#[from] std::io::Error),
    #[error("l'écriture de la table a échoué : {0}")]
    Table(#[from] polars::prelude::PolarsError),
}

/// Codes that repeat, beside a column that says that the layer is a finer one.
#[derive(Debug, thiserror::Error)]
#[error(
    "« {file} » a {features} entités mais {zones} codes de la couche « {couche} » (colonne « {own} ») : sa colonne \
     « {column} »{example} dit que c'est une couche « {looks_like} ». Corrigez --layer, ou réunissez-les quand même avec --forcer"
)]
pub struct FinerLayer {
    pub file: String,
    pub couche: String,
    pub looks_like: String,
    pub own: String,
    pub column: String,
    /// « (par exemple …) » with a space before, where its values were read.
    pub example: String,
    pub features: usize,
    pub zones: usize,
}
