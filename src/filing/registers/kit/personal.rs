//! What a deposit must not hold: a NIR, a name, a mail address. Refused by the name of its column and by what
//! its cells hold, before anything is kept.

use std::path::PathBuf;

use crate::registers::headers::canonical;
use crate::registers::table::{Table, TableError};

/// Why a file is not looked at any further.
#[derive(Debug, thiserror::Error)]
pub enum PersonalError {
    #[error(transparent)]
    Table(#[from] TableError),
    #[error(
        "{} : la colonne « {column} » (ligne {line}) contient {what} : un dépôt ne nomme personne. Retirez cette colonne et déposez de nouveau ; rien n'a été conservé",
        path.display()
    )]
    Named { path: PathBuf, column: String, line: u64, what: &'static str },
}

const NIR: &str = "un numéro de sécurité sociale (NIR)";
const MAIL: &str = "une adresse de messagerie";
const NAME: &str = "un nom de personne";
const PHONE: &str = "un numéro de téléphone";

/// Refuses a table that names people. `header`: its first record names the columns.
///
/// # Errors
/// [`PersonalError::Named`], or the file cannot be read.
pub fn refuse(table: &Table, header: bool) -> Result<(), PersonalError> {
    let path = table.text.path();
    let named =
        |column: String, line, what| PersonalError::Named { path: path.to_owned(), column, line, what };
    let names: &[String] = if header { table.head.first().map_or(&[], Vec::as_slice) } else { &[] };
    if let Some((name, what)) = names.iter().find_map(|n| by_name(&canonical(n)).map(|what| (n, what))) {
        return Err(named(name.trim().to_owned(), table.header_line, what));
    }
    table.for_each(table.skip(), |line, record| {
        match record.iter().enumerate().find_map(|(i, cell)| by_content(cell).map(|what| (i, what))) {
            Some((i, what)) => {
                let column = names.get(i).map_or_else(|| format!("n° {}", i + 1), |h| h.trim().to_owned());
                Err(named(column, line, what))
            }
            None => Ok(()),
        }
    })?;
    Ok(())
}

/// Columns that name people, by their names.
fn by_name(column: &str) -> Option<&'static str> {
    const NAMES: [&str; 17] = [
        "NOM",
        "PRENOM",
        "PRENOMS",
        "NOM_PRENOM",
        "PRENOM_NOM",
        "NOM_ET_PRENOM",
        "NOM_USAGE",
        "NOM_D_USAGE",
        "NOM_NAISSANCE",
        "NOM_DE_NAISSANCE",
        "NOM_JEUNE_FILLE",
        "NOM_LOCATAIRE",
        "NOM_DU_LOCATAIRE",
        "NOM_TITULAIRE",
        "NOM_DU_TITULAIRE",
        "NOM_FAMILLE",
        "NOM_DE_FAMILLE",
    ];
    const NIRS: [&str; 9] = [
        "NIR",
        "NIA",
        "NUM_SECU",
        "NO_SECU",
        "N_SECU",
        "NUMERO_SECU",
        "NSS",
        "NUMERO_DE_SECURITE_SOCIALE",
        "NUMERO_SECURITE_SOCIALE",
    ];
    let has = |word: &str| column.split('_').any(|w| w == word);
    if NIRS.contains(&column) || has("NIR") || column.contains("SECURITE_SOCIALE") {
        Some(NIR)
    } else if NAMES.contains(&column) || has("PRENOM") || has("PRENOMS") {
        Some(NAME)
    } else if ["MAIL", "EMAIL", "COURRIEL", "MEL"].iter().any(|w| has(w)) || column == "E_MAIL" {
        Some(MAIL)
    } else if ["TELEPHONE", "TEL", "PORTABLE"].iter().any(|w| has(w)) {
        Some(PHONE)
    } else {
        None
    }
}

/// A NIR or a mail address inside a cell.
fn by_content(cell: &[u8]) -> Option<&'static str> {
    if cell.len() < 6 {
        return None;
    }
    if let Some(at) = memchr::memchr(b'@', cell) {
        let word = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'+');
        let before = cell[..at].iter().rev().take_while(|b| word(b)).count();
        let domain: Vec<u8> = cell[at + 1..].iter().copied().take_while(|b| word(b)).collect();
        if before > 0 && domain.len() > 3 && domain[1..domain.len() - 1].contains(&b'.') {
            return Some(MAIL);
        }
    }
    (cell.len() >= 15 && is_nir(cell)).then_some(NIR)
}

/// Fifteen characters (spaces apart) whose key is that of a NIR: sex, year, month, département, commune,
/// order, key.
fn is_nir(cell: &[u8]) -> bool {
    let text: Vec<u8> = cell.iter().copied().filter(|b| !matches!(b, b' ' | b'.' | b'-')).collect();
    let [sex, _, _, m1, m2, ..] = text[..] else { return false };
    if text.len() != 15 || !matches!(sex, b'1' | b'2') {
        return false;
    }
    // Corsica: 2A counts as 19, 2B as 18.
    let mut digits = text.clone();
    match &text[5..7] {
        [b'2', b'A' | b'a'] => digits[5..7].copy_from_slice(b"19"),
        [b'2', b'B' | b'b'] => digits[5..7].copy_from_slice(b"18"),
        _ => {}
    }
    if !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let month = (m1 - b'0') * 10 + (m2 - b'0');
    let number = |part: &[u8]| part.iter().fold(0u64, |n, d| n * 10 + u64::from(d - b'0'));
    let sound = matches!(month, 1..=12 | 20..=42 | 50..=99);
    sound && 97 - number(&digits[..13]) % 97 == number(&digits[13..])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A number of this shape with its key: of nobody.
    fn nir(first: &str) -> String {
        let plain: u64 = first.replace("2A", "19").parse().unwrap();
        format!("{first}{:02}", 97 - plain % 97)
    }

    #[test]
    fn what_names_people_is_known_by_its_column() {
        for (name, want) in [
            ("NIR", Some(NIR)),
            ("N° sécurité sociale", Some(NIR)),
            ("Nom", Some(NAME)),
            ("Prénom du titulaire", Some(NAME)),
            ("Adresse mail", Some(MAIL)),
            ("Téléphone", Some(PHONE)),
            ("NOMVOIE", None),
            ("Nom de la commune", None),
            ("NUMVOIE", None),
            ("ident_int", None),
        ] {
            assert_eq!(by_name(&canonical(name)), want, "{name}");
        }
    }

    #[test]
    fn a_nir_and_a_mail_address_are_known_by_what_they_are() {
        for text in [
            nir("1850573065042"),
            nir("285052A004042"),
            "1 85 05 73 065 042 ".to_owned() + &nir("1850573065042")[13..],
        ] {
            assert_eq!(by_content(text.as_bytes()), Some(NIR), "{text}");
        }
        assert_eq!(by_content(b"ecrire a jean.petit@exemple.fr"), Some(MAIL));
        for text in ["77568502900123", "185057306504200", "2024@", "12 rue @ bis", "7300000001"] {
            assert_eq!(by_content(text.as_bytes()), None, "{text}");
        }
    }
}
