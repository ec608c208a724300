//! A CSV that comes to the interface: any of the encodings and separators that spreadsheets write.

use std::borrow::Cow;

use crate::desk::problem::Problem;
use crate::reference::registre::Registre;
use crate::registers::intake::Layout;
use crate::registers::text::{self, separator};

/// Lines that are looked at to tell the separator.
const HEAD: usize = 50;

/// The body as UTF-8, without the mark of spreadsheets, and its separator.
///
/// # Errors
/// It is no table of two columns or more.
pub fn decoded(body: &[u8]) -> Result<(Cow<'_, [u8]>, u8), Problem> {
    let (text, hint) = text::whole(body);
    let head =
        text.iter().enumerate().filter(|(_, b)| **b == b'\n').nth(HEAD).map_or(text.len(), |(i, _)| i + 1);
    let delimiter = hint.or_else(|| separator::sniff(&text[..head])).ok_or_else(|| {
        Problem::body("Le fichier n'est pas un tableau CSV : il lui faut au moins deux colonnes.")
    })?;
    Ok((text, delimiter))
}

/// What is said of a file that breaks off.
pub fn unreadable(e: csv::Error) -> Problem {
    Problem::body(format!("Le fichier CSV est illisible : {e}."))
}

/// Where the columns of a register are in a file.
///
/// # Errors
/// The header cannot be read, or mandatory columns are missing: they are named.
pub fn layout(registre: &Registre, reader: &mut csv::Reader<&[u8]>) -> Result<Layout, Problem> {
    let header: Vec<String> = reader.headers().map_err(unreadable)?.iter().map(str::to_owned).collect();
    Layout::new(registre, &header)
        .map_err(|missing| Problem::body(format!("Il manque : {}.", missing.join(", "))))
}
