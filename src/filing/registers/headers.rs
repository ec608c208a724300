//! Which column of a file is which: names of all generations brought back to the canonical one.
//!
//! A name is compared without case, accents, quotes, spaces, byte order mark and the suffix `_RED` of
//! 2016–2017. `X_CODE` stands for `X` when the file has no `X`; `X_LIBELLE` is the label of a known
//! `X` and is not read. A `#` in an alias stands for one digit (`PLG_IRIS####`).

use rustc_hash::FxHashMap;

use super::fields::is_blank;
use crate::reference::registre::mot;

/// A canonical column and the other names that files give it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known<'a> {
    pub name: &'a str,
    pub aliases: Vec<&'a str>,
}

/// Where the columns of one file are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resolved {
    index: FxHashMap<String, usize>,
    also: FxHashMap<String, Vec<usize>>,
    /// Columns without a name (the row numbers that a table tool wrote): to be ignored.
    pub unnamed: Vec<usize>,
    /// Columns that nobody knows, as the file names them.
    pub unknown: Vec<String>,
    /// Columns that repeat one already found, as the file names them: read where the first is empty.
    pub repeated: Vec<String>,
    /// Columns of which each holds a part (« RFR du demandeur », « RFR du conjoint »): none is the whole.
    pub split: Vec<String>,
    /// Some name has the suffix `_RED`.
    pub red: bool,
    /// Some column was found by its suffix `_CODE`.
    pub code: bool,
}

impl Resolved {
    /// Position of a canonical column, 0 = first.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<usize> {
        self.index.get(name).copied()
    }

    /// Positions of columns that repeat it, in the order of the file.
    #[must_use]
    pub fn also(&self, name: &str) -> &[usize] {
        self.also.get(name).map_or(&[], Vec::as_slice)
    }

    fn repeat(&mut self, name: &str, at: usize, raw: &str) {
        self.repeated.push(raw.trim().to_owned());
        self.also.entry(name.to_owned()).or_default().push(at);
    }

    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.index.contains_key(name)
    }

    /// How many canonical columns were found.
    #[must_use]
    pub fn found(&self) -> usize {
        self.index.len()
    }
}

/// Upper case, without accents, byte order mark, quotes and `_RED`; each run of other signs (spaces, dots,
/// brackets, line breaks) becomes one `_`.
#[must_use]
pub fn canonical(raw: &str) -> String {
    let word = mot(raw);
    word.strip_suffix("_RED").map_or_else(|| word.clone(), str::to_owned)
}

/// Fields of a header up to its last name.
#[must_use]
pub fn named(header: &[String]) -> usize {
    header.iter().rposition(|h| !is_blank(h.as_bytes())).map_or(0, |i| i + 1)
}

/// Finds the known columns in a header.
#[must_use]
pub fn resolve(header: &[String], known: &[Known<'_>]) -> Resolved {
    let find = |name: &str| {
        known
            .iter()
            .find(|k| k.name == name)
            .or_else(|| known.iter().find(|k| k.aliases.iter().any(|a| matches_alias(a, name))))
            .map(|k| k.name)
    };
    // « Nom voie » is NOMVOIE: words apart, where no column is named so as it stands.
    let close = |name: &str| {
        let name = bare(name);
        let same = |other: &str| matches_alias(&bare(other), &name);
        let is = |k: &&Known<'_>| same(k.name) || k.aliases.iter().any(|a| same(a));
        known.iter().find(is).map(|k| k.name)
    };
    let named: Vec<String> = header.iter().map(|raw| canonical(raw)).collect();
    let free = |known: &str| named.iter().all(|name| find(name) != Some(known) && close(name) != Some(known));
    // « Nombre de personnes à loger », « RFR N-2 du ménage »: what a name says besides, where one column
    // only is meant.
    let around = |name: &str| {
        let name = essential(name)?;
        let same = |other: &str| essential(other).is_some_and(|other| matches_alias(&other, &name));
        let mut meant = known.iter().filter(|k| same(k.name) || k.aliases.iter().any(|a| same(a)));
        let one = meant.next()?;
        meant.next().is_none().then_some(one.name)
    };
    // The column that bears the name itself, wherever it stands: other names of it only fill its gaps.
    let own = |known: &str| named.iter().position(|name| name == known);
    let stem = |name: &str| name.split('_').filter(|w| !PEOPLE.contains(w)).collect::<String>();
    let part = |i: usize| {
        let other = |name: &String| *name != named[i] && stem(name) == stem(&named[i]);
        named[i].split('_').any(|w| PEOPLE.contains(&w)) && named.iter().any(other)
    };
    let mut resolved = Resolved::default();
    let mut by_code = Vec::new();
    for (i, (raw, name)) in header.iter().zip(&named).enumerate() {
        resolved.red |= raw.trim().to_uppercase().ends_with("_RED");
        if name.is_empty() || name.starts_with("UNNAMED_") {
            resolved.unnamed.push(i);
        } else if find(name).is_none() && part(i) && around(name).is_some() {
            resolved.split.push(raw.trim().to_owned());
        } else if let Some(known) = find(name)
            .or_else(|| close(name).filter(|known| named.iter().all(|n| find(n) != Some(known))))
            .or_else(|| around(name).filter(|known| free(known)))
        {
            if resolved.has(known) || own(known).is_some_and(|own| own != i && named[i] != named[own]) {
                resolved.repeat(known, i, raw);
            } else {
                resolved.index.insert(known.to_owned(), i);
            }
        } else if let Some(known) = name.strip_suffix("_CODE").and_then(find) {
            by_code.push((known, i, raw));
        } else if name.strip_suffix("_LIBELLE").and_then(find).is_none() {
            resolved.unknown.push(raw.trim().to_owned());
        }
    }
    for (known, i, raw) in by_code {
        resolved.code = true;
        if resolved.has(known) {
            resolved.repeat(known, i, raw);
        } else {
            resolved.index.insert(known.to_owned(), i);
        }
    }
    resolved
}

/// A name without what parts its words and without its small words: `DATE_DU_BAIL` is `DATEBAIL`, and
/// `NOMBRE_DE_PERSONNES` is `NBPERSONNES`.
fn bare(name: &str) -> String {
    const SMALL: [&str; 12] = ["DE", "DU", "DES", "D", "LA", "LE", "LES", "L", "EN", "AU", "AUX", "UN"];
    let words = name.split('_').filter(|w| !SMALL.contains(w)).map(|w| match w {
        "NOMBRE" => "NB",
        "NUMERO" | "NO" | "N" => "NUM",
        other => other,
    });
    words.collect()
}

/// Who a column may be about, each a part of a household.
const PEOPLE: [&str; 8] = [
    "DEMANDEUR",
    "CODEMANDEUR",
    "CONJOINT",
    "CONJOINTE",
    "OCCUPANT",
    "COOCCUPANT",
    "TITULAIRE",
    "COTITULAIRE",
];

/// A name without the words that say whose or of what it is; None if nothing else is left, or if what is of
/// somebody is none of the dwelling (« Adresse du demandeur » is where they lived).
fn essential(name: &str) -> Option<String> {
    const AROUND: &str =
        "DE DU DES D LA LE LES L EN AU AUX UN A DANS MENAGE LOGER DEMANDEUR ATTRIBUE LIEUX OCCUPANT";
    const PLACE: [&str; 14] = [
        "ADRESSE",
        "CODE",
        "COMMUNE",
        "DEPCOM",
        "INSEE",
        "CODGEO",
        "TYPE",
        "TYPOLOGIE",
        "LOGEMENT",
        "VOIE",
        "RUE",
        "POSTAL",
        "CP",
        "VILLE",
    ];
    let has = |list: &[&str]| name.split('_').any(|w| list.contains(&w));
    if has(&PLACE) && has(&["DEMANDEUR"]) {
        return None;
    }
    let name = name.replace("_N_2", "");
    let words: Vec<&str> = name
        .split('_')
        .filter(|w| !AROUND.split(' ').any(|a| a == *w))
        .map(|w| match w {
            "NOMBRE" => "NB",
            "NUMERO" | "NO" | "N" => "NUM",
            other => other,
        })
        .collect();
    (!words.is_empty()).then(|| words.concat())
}

fn matches_alias(alias: &str, name: &str) -> bool {
    alias.len() == name.len()
        && alias.bytes().zip(name.bytes()).all(|(a, n)| if a == b'#' { n.is_ascii_digit() } else { a == n })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Vec<Known<'static>> {
        vec![
            Known { name: "DEPCOM", aliases: vec![] },
            Known { name: "LIBCOM", aliases: vec!["LIBCOM_LIBELLE"] },
            Known { name: "FINAN", aliases: vec![] },
            Known { name: "PLG_IRIS", aliases: vec!["PLG_IRIS####", "PLG_IRIS####_CODE"] },
        ]
    }

    fn header(names: &[&str]) -> Vec<String> {
        names.iter().map(|n| (*n).to_owned()).collect()
    }

    #[test]
    fn names_of_every_generation_lead_to_the_same_columns() {
        for names in [
            ["DEPCOM", "libcom", "FINAN", "PLG_IRIS"],
            ["depcom_red", "LIBCOM_red", "Finan_RED", "PLG_IRIS"],
            ["\u{feff}DEPCOM", "LIBCOM_LIBELLE", "FINAN_CODE", "PLG_IRIS2022_CODE"],
            [" \"DEPCOM\"", "LIBCOM ", "FINAN_CODE", "plg_iris2024_code"],
        ] {
            let r = resolve(&header(&names), &known());
            for (i, name) in ["DEPCOM", "LIBCOM", "FINAN", "PLG_IRIS"].iter().enumerate() {
                assert_eq!(r.get(name), Some(i), "{name} in {names:?}");
            }
            assert!(r.unknown.is_empty());
        }
    }

    #[test]
    fn accents_spaces_and_signs_in_a_name_do_not_count() {
        for (raw, want) in [
            ("Année", "ANNEE"),
            ("N° voie", "N_VOIE"),
            ("SIRET\u{a0}de l’EPCI", "SIRET_DE_L_EPCI"),
            ("Valeur du\nseuil (€)", "VALEUR_DU_SEUIL"),
            ("\u{feff}date d'entrée", "DATE_D_ENTREE"),
        ] {
            assert_eq!(canonical(raw), want);
        }
    }

    #[test]
    fn what_a_name_says_besides_does_not_count_where_one_column_is_meant() {
        let known = [
            Known { name: "NB_PERSONNES", aliases: vec![] },
            Known { name: "RFR", aliases: vec!["REVENU_FISCAL_REFERENCE"] },
            Known { name: "DATE_BAIL", aliases: vec![] },
            Known { name: "DATE_ENTREE", aliases: vec![] },
        ];
        let names =
            ["Nombre de personnes à loger", "RFR N-2 du ménage", "Date d'entrée dans les lieux", "Date"];
        let r = resolve(&header(&names), &known);
        assert_eq!(["NB_PERSONNES", "RFR", "DATE_ENTREE"].map(|n| r.get(n)), [Some(0), Some(1), Some(2)]);
        assert_eq!(r.unknown, ["Date"], "of which day?");
    }

    #[test]
    fn the_column_that_bears_the_name_comes_before_others_that_could_be_meant() {
        let known = [
            Known { name: "DEPCOM", aliases: vec!["INSEE"] },
            Known { name: "ADRESSE", aliases: vec!["ADRESSE_LOGEMENT"] },
            Known { name: "RFR", aliases: vec![] },
        ];
        let r = resolve(
            &header(&["INSEE", "Adresse du demandeur", "DEPCOM", "Adresse du logement attribué"]),
            &known,
        );
        assert_eq!((r.get("DEPCOM"), r.also("DEPCOM")), (Some(2), &[0][..]));
        assert_eq!(r.get("ADRESSE"), Some(3));
        assert_eq!(r.unknown, ["Adresse du demandeur"]);
        let r = resolve(&header(&["RFR du demandeur", "RFR du conjoint", "DEPCOM"]), &known);
        assert_eq!((r.get("RFR"), r.split.len()), (None, 1), "half of an income is none");
        assert_eq!(resolve(&header(&["RFR du demandeur"]), &known).get("RFR"), Some(0));
    }

    #[test]
    fn a_code_column_stands_back_where_the_plain_one_exists() {
        let r = resolve(&header(&["FINAN_CODE", "FINAN", "FINAN_LIBELLE"]), &known());
        assert_eq!(r.get("FINAN"), Some(1));
        assert_eq!(r.repeated, ["FINAN_CODE"]);
        assert!(r.unknown.is_empty());
    }

    #[test]
    fn unnamed_and_unknown_columns_are_told_apart() {
        let r = resolve(&header(&["", "Unnamed: 0", "DEPCOM", "ma colonne"]), &known());
        assert_eq!(r.unnamed, [0, 1]);
        assert_eq!(r.unknown, ["ma colonne"]);
    }
}
