//! What stands between a file that was read and the store: is it fit to be published, what does it replace,
//! what would be lost. Nothing is destroyed in silence: a doubtful file is refused with its reason and with
//! what would force it, and what an import replaces is known before it does.
//!
//! [`sound`] looks at the file alone, [`plan`] compares it with what the store has, by the rules of
//! `data/store.toml`: a file of the département 74 adds to that of 73, a corrected threshold to the others.
//! [`merge`] writes the table that results.

mod cells;
mod merge;
pub mod plan;
pub mod sound;

use std::path::PathBuf;

use crate::french::thousands;
use crate::reference::ReferenceError;
use crate::reference::magasin::magasin;
use crate::store::{Store, StoreError};

pub use plan::{Change, Plan, Replacement};
pub use sound::{Claims, check, check_twin};

/// Why a file does not enter the store, which stays as it was.
#[derive(Debug, thiserror::Error)]
pub enum AdmissionError {
    #[error("« {file} » est refusé : aucune ligne gardée sur {} lues.{why} Le magasin n'a pas changé.", thousands(*read))]
    NothingKept { file: String, read: u64, why: String },
    #[error(
        "« {file} » est refusé : {} lignes gardées seulement sur {} lues, moins de {least} %.{why} Le magasin n'a pas \
         changé. Corrigez le fichier, ou gardez ce qui peut l'être avec --forcer.",
        thousands(*kept),
        thousands(*read)
    )]
    TooFewKept { file: String, kept: u64, read: u64, least: u64, why: String },
    #[error(
        "{option} {year} : ce n'est pas une année que ce fichier puisse décrire (attendu : de {first} à {last}) ; le magasin n'a \
         pas changé"
    )]
    NoYear { option: String, year: u16, first: u16, last: u16 },
    #[error(
        "« {file} » est refusé : {option} {year} est demandé, mais la colonne « {column} » du fichier dit {found}. Le magasin n'a \
         pas changé. Écrivez {option} {found}, ou passez outre avec --forcer."
    )]
    OtherYear { file: String, option: String, year: u16, column: String, found: String },
    #[error(
        "« {file} » est refusé : sa colonne « {column} » dit plusieurs années ({found}), et un RPLS est d'un seul \
         millésime. Le magasin n'a pas changé. Séparez les années, ou passez outre avec --forcer."
    )]
    SeveralYears { file: String, column: String, found: String },
    #[error(
        "« {file} » est refusé : {option} {year} est demandé, mais {} lignes sur {} ont une date postérieure (la dernière \
         année : {latest} ; {columns}). Le fichier est plus récent. Le magasin n'a pas changé. Corrigez \
         {option}, ou passez outre avec --forcer.",
        thousands(*n),
        thousands(*of)
    )]
    Future { file: String, option: String, year: u16, n: u64, of: u64, latest: u32, columns: String },
    #[error(
        "« {file} » est refusé : {option} {year} est demandé, mais {} attributions sur {} sont d'une autre année (le plus \
         souvent {found}). Le magasin n'a pas changé. Corrigez {option}, ou passez outre avec --forcer.",
        thousands(*n),
        thousands(*of)
    )]
    OtherYears { file: String, option: String, year: u16, n: u64, of: u64, found: u32 },
    #[error(
        "« {file} » est refusé : ces mêmes octets sont déjà en place pour {la} ; importés pour {ici}, ils montreraient une année sous \
         le nom d'une autre. Le magasin n'a pas changé. Corrigez {option}, ou passez outre avec --forcer."
    )]
    Twin { file: String, option: String, ici: String, la: String },
    #[error(
        "« {file} » est refusé : ses codes (par exemple « {code} ») sont ceux de la couche {found}, pas de la couche {asked}. Le \
         magasin n'a pas changé. Corrigez {option}, ou passez outre avec --forcer."
    )]
    OtherGeneration { file: String, code: String, found: String, asked: String, option: String },
    #[error(
        "« {file} » est refusé : {} de ses {} entités ont le code d'une autre et seraient réunies en {} zones. C'est \
         sans doute une couche plus fine que celle demandée. Le magasin n'a pas changé. Corrigez \
         {option}, ou passez outre avec --forcer.",
        thousands(*united),
        thousands(*of),
        thousands(*zones)
    )]
    United { file: String, united: u64, of: u64, zones: u64, option: String },
    #[error(
        "l'import ferait perdre {} {unit} sur les {} qu'il remplace, soit {share} %{place}. Le magasin n'a pas changé. \
         Si c'est voulu : --remplacer{complete}. « mosaique imports restore » permettra de revenir en arrière.",
        thousands(*lost),
        thousands(*before)
    )]
    Loss { lost: u64, before: u64, share: u64, unit: String, place: String, complete: String },
    #[error(
        "l'import viderait {what} : {} {unit} en ont, {} en auraient encore. Le magasin n'a pas changé. Si c'est \
         voulu : --remplacer. « mosaique imports restore » permettra de revenir en arrière.",
        thousands(*before),
        thousands(*after)
    )]
    Emptied { what: String, before: u64, after: u64, unit: String },
    #[error(
        "--completer n'a pas de sens pour ce fichier : ce qu'il ne contient pas reste de toute façon en place"
    )]
    AlwaysCompletes,
    #[error("« {register} {key} » vient de la page de mosaïque : défaites-le là où il a été fait")]
    FromThePage { register: String, key: String },
    #[error("table {} : {source}", .path.display())]
    Table { path: PathBuf, source: polars::error::PolarsError },
    #[error("« {} » : {source}", .path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Layer(#[from] crate::territory::layer::LayerError),
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Whether a register is what users import, or what the program makes itself from what people do in the page.
#[must_use]
pub fn is_imported(register: &str) -> bool {
    magasin().is_ok_and(|m| m.tables(register.trim_start_matches("depot_")).next().is_some())
}

/// Refuses to undo from here what people did in the page: it would come back, or leave in force a deposit
/// that its owner withdrew.
///
/// # Errors
/// It comes from the page.
pub fn undoable(store: &Store, register: &str, key: &str) -> Result<(), AdmissionError> {
    let set = store.manifest().dataset(register, key);
    let deposited = register.starts_with("depot_") && set.is_some_and(|d| d.pieces.is_empty());
    if is_imported(register) && !deposited {
        return Ok(());
    }
    Err(AdmissionError::FromThePage { register: register.to_owned(), key: key.to_owned() })
}
