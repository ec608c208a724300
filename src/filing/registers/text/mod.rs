//! From a file of any wrapping to bytes: plain, gzip or zip, hashed and counted while it is read.
//!
//! [`Text::open`] looks at the first bytes, refuses what is no text (workbook, PDF, web page, image…)
//! with a sentence in French, and gives the members to read: one for a plain or gzip file, one for
//! each `.csv` or `.txt` of a zip. [`encoding`] and [`separator`] then say how to read the bytes.

pub mod encoding;
mod open;
pub mod page;
pub mod separator;

use std::path::PathBuf;

pub(crate) use open::read_full;
pub use open::{Member, Text, Wrapping, other_format, whole};

/// Why a file cannot be read as text. Each message says what was found and what to do.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    #[error("{} : {}", path.display(), stopped(source))]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{} : le fichier est vide", path.display())]
    Empty { path: PathBuf },
    #[error("{} : ce n'est pas un fichier de texte mais {found} ; {advice}", path.display())]
    NotText { path: PathBuf, found: &'static str, advice: &'static str },
    #[error("{} : archive zip illisible ({message})", path.display())]
    Zip { path: PathBuf, message: String },
    #[error("{} : l'archive zip ne contient aucun fichier .csv ou .txt (contenu : {content})", path.display())]
    NoMember { path: PathBuf, content: String },
}

/// What ails an archive whose bytes end too early, or that are not its own.
const BROKEN: &str = "s'arrête avant sa fin ou est abîmé : téléchargez-le ou copiez-le de nouveau";

/// Why the reading of a file stopped.
fn stopped(source: &std::io::Error) -> String {
    use std::io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    // What the system refuses has a number; what an archive lacks does not.
    match source.kind() {
        UnexpectedEof | InvalidData | InvalidInput if source.raw_os_error().is_none() => {
            format!("le fichier {BROKEN}")
        }
        _ => format!("lecture impossible ({source})"),
    }
}
