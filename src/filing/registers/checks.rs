//! Checks of one cell that several registers make: codes, counts, amounts, identifiers, communes, SIREN.
//!
//! Each takes the identifier of the rule under which a fault is noted; the value is then missing, never 0.

use std::borrow::Cow;

use csv::ByteRecord;

use super::fields::{self, Date};
use super::intake::{Column, Layout, Notes};
use super::kit::numbers::{Doubt, Kind};
use super::kit::{codes, dates};
use crate::address::Normalizer;
use crate::french;
use crate::reference::registre::{Liste, Registre};

/// A column with its code list.
pub struct Coded<'r> {
    pub column: Column,
    pub list: Option<&'r Liste>,
}

impl<'r> Coded<'r> {
    pub fn new(registre: &'r Registre, layout: &Layout, name: &str) -> Self {
        Self { column: layout.column(name), list: registre.liste(name) }
    }
}

fn ignored(column: &Column, cell: &[u8], rule: &str, notes: &mut Notes<'_>) {
    notes.misfit(rule, column, cell, "Nombre illisible ; la valeur est ignorée.");
}

fn doubtful(doubt: Doubt, column: &Column, cell: &[u8], rule: &str, notes: &mut Notes<'_>) {
    match doubt {
        Doubt::Unreadable => ignored(column, cell, rule, notes),
        Doubt::TwoWays => notes.note(
            rule,
            column,
            cell,
            "Ce nombre se lit de deux façons et la colonne ne dit pas laquelle ; la valeur est ignorée : écrivez-la sans séparateur de milliers, en points de pourcentage.",
        ),
    }
}

/// A sum in euros. What cannot be read is noted and missing.
pub fn money(column: &Column, cell: &[u8], rule: &str, notes: &mut Notes<'_>) -> Option<f64> {
    match column.number(cell, Kind::Money { most: f64::INFINITY }) {
        Ok(read) => {
            if read.grouped {
                notes.count("milliers_a_point_ou_virgule");
            }
            if read.rounded && read.value >= 1_000.0 {
                let message = "Un tableur a arrondi ce montant en l'écrivant en notation scientifique ; il est gardé tel quel.";
                notes.note(rule, column, cell, message);
            }
            Some(read.value)
        }
        Err(doubt) => {
            doubtful(doubt, column, cell, rule, notes);
            None
        }
    }
}

/// A percentage in points, from 0 to `most`; a fraction of a column that has both is noted under `rule`.
pub fn percentage(
    column: &Column,
    cell: &[u8],
    [unreadable, fraction]: [&str; 2],
    notes: &mut Notes<'_>,
) -> Option<f64> {
    match column.points(cell) {
        Ok((points, false)) => Some(points),
        Ok((points, true)) => {
            notes.count("pourcentages_en_fraction");
            if column.mixes_percents() {
                let message = format!(
                    "Cette colonne mêle des pourcentages et des fractions ; la valeur est lue {} %.",
                    french::cell(points)
                );
                notes.note(fraction, column, cell, message);
            }
            Some(points)
        }
        Err(doubt) => {
            let rule = if doubt == Doubt::TwoWays { fraction } else { unreadable };
            doubtful(doubt, column, cell, rule, notes);
            None
        }
    }
}

/// A date; what cannot be read is noted and missing. `expected` says how it is written best.
pub fn date(column: &Column, cell: &[u8], rule: &str, expected: &str, notes: &mut Notes<'_>) -> Option<Date> {
    match column.date(cell) {
        Ok((date, written)) => {
            if let Some(key) = written.count() {
                notes.count(key);
            }
            Some(date)
        }
        Err(dates::Doubt::Filler) => {
            notes.count("dates_de_remplissage");
            None
        }
        Err(dates::Doubt::TwoWays) if cell.ends_with(b"-00") => {
            let message = format!(
                "Un tableur a réécrit cette date : c'est 01/1900 (aucune) ou 01/2000 ; elle est ignorée (attendu : {expected})."
            );
            notes.note(rule, column, cell, message);
            None
        }
        Err(dates::Doubt::TwoWays) => {
            let message = format!(
                "Le jour et le mois se confondent, et la colonne ne dit pas leur ordre ; la date est ignorée (attendu : {expected})."
            );
            notes.note(rule, column, cell, message);
            None
        }
        Err(dates::Doubt::Unreadable) => {
            let message = format!("Date illisible (attendu : {expected}) ; elle est ignorée.");
            notes.misfit(rule, column, cell, message);
            None
        }
    }
}

/// Code of a cell; an unknown word is noted and missing.
pub fn coded(c: &Coded<'_>, record: &ByteRecord, rule: &str, notes: &mut Notes<'_>) -> Option<u8> {
    let cell = c.column.cell(record)?;
    let list = c.list?;
    let code = list.code(cell);
    if code.is_none() {
        let message = format!("Valeur inconnue, ignorée ; valeurs admises : {}.", list.admis());
        notes.misfit(rule, &c.column, cell, message);
    }
    code
}

/// Code of a cell that must be there; absent or unknown is noted (the rule rejects the row).
pub fn required(c: &Coded<'_>, record: &ByteRecord, rule: &str, notes: &mut Notes<'_>) -> Option<u8> {
    let cell = c.column.cell(record);
    let code = cell.and_then(|v| c.list.and_then(|l| l.code(v)));
    if code.is_none() {
        let allowed = c.list.map_or_else(String::new, Liste::admis);
        let message = format!("Valeur absente ou inconnue ; valeurs admises : {allowed}.");
        match cell {
            Some(cell) => notes.misfit(rule, &c.column, cell, message),
            None => notes.note(rule, &c.column, b"", message),
        }
    }
    code
}

/// A count from 0 to 255.
pub fn count(column: &Column, record: &ByteRecord, rule: &str, notes: &mut Notes<'_>) -> Option<u8> {
    let cell = column.cell(record)?;
    let n = fields::integer(cell).ok().and_then(|n| u8::try_from(n).ok());
    if n.is_none() {
        ignored(column, cell, rule, notes);
    }
    n
}

/// A count within bounds: beyond them under `rule`, unreadable under `unreadable`.
pub fn within(
    column: &Column,
    record: &ByteRecord,
    bounds: [u8; 2],
    rule: &str,
    unreadable: &str,
    notes: &mut Notes<'_>,
) -> Option<u8> {
    let cell = column.cell(record)?;
    let Ok(n) = fields::integer(cell) else {
        ignored(column, cell, unreadable, notes);
        return None;
    };
    let n = u8::try_from(n).ok().filter(|n| (bounds[0]..=bounds[1]).contains(n));
    if n.is_none() {
        notes.note(
            rule,
            column,
            cell,
            format!("Attendu de {} à {} ; la valeur est ignorée.", bounds[0], bounds[1]),
        );
    }
    n
}

/// A yearly income in whole euros; more than `max` is noted under `rule` and kept. One of a column of
/// thousands is noted under `unreadable` and missing: nobody said so.
pub fn amount(
    column: &Column,
    record: &ByteRecord,
    max: i32,
    rule: &str,
    unreadable: &str,
    notes: &mut Notes<'_>,
) -> Option<i32> {
    let cell = column.cell(record)?;
    let value = money(column, cell, unreadable, notes)?.round();
    if value > 0.0 && column.in_thousands() {
        let message = "Les revenus de cette colonne semblent en milliers d'euros : la valeur est ignorée. Écrivez-les en euros.";
        notes.note(unreadable, column, cell, message);
        return None;
    }
    if value > 0.0 && column.looks_monthly() {
        let message = "Les revenus de cette colonne semblent mensuels, alors que l'année est attendue : la valeur est ignorée. Multipliez la colonne par 12, ou vérifiez-la.";
        notes.note(unreadable, column, cell, message);
        return None;
    }
    if value.abs() > f64::from(i32::MAX) {
        ignored(column, cell, unreadable, notes);
        return None;
    }
    #[allow(clippy::cast_possible_truncation)]
    let v = value as i32;
    if v > max {
        notes.note(rule, column, cell, format!("Montant supérieur à {max} € ; il est gardé."));
    }
    Some(v)
}

/// Why monthly resources are not read: the column has those of a year.
pub const ANNUAL: &str = "Les ressources de cette colonne semblent annuelles, alors que le mois est attendu : la valeur est ignorée. Divisez la colonne par 12, ou vérifiez-la.";

/// Nine digits of the SIREN of a bailleur. A wrong key is noted and kept; a missing one is noted.
pub fn siren(column: &Column, record: &ByteRecord, rule: &str, notes: &mut Notes<'_>) -> Option<[u8; 9]> {
    let Some(cell) = column.cell(record) else {
        notes.note(rule, column, b"", "Le SIREN du bailleur manque.");
        return None;
    };
    let Ok(n) = fields::siren(cell) else {
        let message =
            if fields::lost(cell) { LOST } else { "Un SIREN a neuf chiffres ; la valeur est ignorée." };
        notes.misfit(rule, column, cell, message);
        return None;
    };
    if n.repaired {
        notes.count("siren_repares");
    }
    if !n.luhn {
        notes.note(rule, column, cell, "La clé de ce SIREN est fausse ; il est gardé tel quel.");
    }
    Some(n.digits)
}

/// Said of a code that a spreadsheet turned into scientific notation.
pub const LOST: &str = codes::Lost::Scientific.told();

/// The numéro unique of a cell; one that a spreadsheet lost is noted with `rule`, unquoted, and missing.
pub fn nud(column: &Column, cell: &[u8], rule: &str, notes: &mut Notes<'_>) -> Option<String> {
    match codes::nud(cell, column.rounded()) {
        Ok((nud, repaired)) => {
            if repaired {
                notes.count("numeros_uniques_zero_restitue");
            }
            Some(nud.into_owned())
        }
        Err(lost) => {
            notes.note(rule, column, b"", lost.told());
            None
        }
    }
}

/// An internal identifier, as it stands; one that a spreadsheet lost is counted and missing.
pub fn ident<'c>(column: &Column, record: &'c ByteRecord, notes: &mut Notes<'_>) -> Option<&'c [u8]> {
    let cell = column.cell(record)?;
    if fields::lost(cell) {
        notes.count("identifiants_internes_perdus");
        return None;
    }
    Some(fields::unpoint(cell))
}

/// Identifier of the dwelling in the RPLS. A strange one is noted and kept, one that a spreadsheet lost is
/// noted and missing.
pub fn ident_rep<'c>(
    column: &Column,
    record: &'c ByteRecord,
    rule: &str,
    notes: &mut Notes<'_>,
) -> Option<Cow<'c, [u8]>> {
    let cell = column.cell(record)?;
    if fields::lost(cell) {
        notes.note(rule, column, cell, LOST);
        return None;
    }
    let (body, repaired) = fields::ident_rep(cell);
    // A word that says why there is none.
    if !body.iter().any(u8::is_ascii_digit) {
        notes.note(rule, column, cell, "Ce n'est pas un identifiant du RPLS ; la valeur est ignorée.");
        return None;
    }
    if repaired {
        notes.count("identifiants_rpls_repares");
    }
    if body.len() > 10 || !body.iter().all(u8::is_ascii_alphanumeric) {
        notes.note(
            rule,
            column,
            cell,
            "L'identifiant RPLS a dix lettres et chiffres au plus ; il est gardé tel quel.",
        );
    }
    Some(body)
}

/// Commune code of five characters.
pub fn commune(column: &Column, record: &ByteRecord, rule: &str, notes: &mut Notes<'_>) -> Option<[u8; 5]> {
    let cell = column.cell(record)?;
    let Ok((code, repaired)) = fields::commune(cell) else {
        let message = "Ce n'est pas un code commune de l'Insee (cinq signes) ; la valeur est ignorée.";
        notes.misfit(rule, column, cell, message);
        return None;
    };
    if repaired {
        notes.count("depcom_repares");
    }
    Some(code)
}

/// Columns of an address in pieces.
#[derive(Debug)]
pub struct StreetColumns {
    pub numvoie: Column,
    pub indrep: Column,
    pub typvoie: Column,
    pub nomvoie: Column,
}

impl StreetColumns {
    /// Those of RPLS names, in small letters.
    #[must_use]
    pub fn new(column: impl Fn(&str) -> Column) -> Self {
        Self {
            numvoie: column("numvoie"),
            indrep: column("indrep"),
            typvoie: column("typvoie"),
            nomvoie: column("nomvoie"),
        }
    }

    /// The key of an address in pieces; `None` without a street. A house number that a spreadsheet made a
    /// date of is lost, and counted.
    pub fn key<'n>(
        &self,
        depcom: &str,
        record: &ByteRecord,
        streets: &'n mut Normalizer,
        notes: &mut Notes<'_>,
    ) -> Option<&'n str> {
        let street = self.nomvoie.cell(record)?;
        let part = |c: &Column| text(c.cell(record)).to_owned();
        let written = part(&self.numvoie);
        let lost = dates::stands_for_another(written.as_bytes());
        if lost {
            notes.count("date_a_la_place");
        }
        let numvoie = if lost { Cow::Borrowed("") } else { fields::house_number(&written) };
        let (indrep, typvoie) = (part(&self.indrep), part(&self.typvoie));
        let found = streets.key(depcom, &numvoie, &indrep, &typvoie, text(Some(street)), "");
        if !lost && !written.is_empty() && found.number.is_none() {
            notes.count("numero_illisible");
        }
        Some(found.key.as_str())
    }
}

/// A cell as text, empty when it is missing.
#[must_use]
pub fn text(cell: Option<&[u8]>) -> &str {
    cell.and_then(|c| std::str::from_utf8(c).ok()).unwrap_or("")
}

/// Digits or letters that were checked to be ASCII.
#[must_use]
pub fn ascii<const N: usize>(code: &Option<[u8; N]>) -> Option<&str> {
    code.as_ref().and_then(|c| std::str::from_utf8(c).ok())
}

/// First 64 bits of BLAKE3: the key of a row in the search of duplicates.
#[must_use]
pub fn hashed(bytes: &[u8]) -> u64 {
    let mut first = [0u8; 8];
    first.copy_from_slice(&blake3::hash(bytes).as_bytes()[..8]);
    u64::from_le_bytes(first)
}
