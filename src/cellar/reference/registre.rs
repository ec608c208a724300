//! What is common to the descriptions of our registers: columns, code lists, rules.
//!
//! `data/registers/{ops,attributions,thresholds,ban}.toml` share these shapes.

use rustc_hash::FxHashMap;
use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;

use super::ReferenceError;

/// Cells that mean « nothing » in any column of any register: marks that people put for it, and what
/// spreadsheets and databases write where they have no value.
pub const NOTHING: [&str; 59] = [
    "-",
    "--",
    "–",
    "—",
    ".",
    "..",
    "(null)",
    "<null>",
    "(vide)",
    "<vide>",
    "vide",
    "<NA>",
    "#N/A",
    "#N/D",
    "#VALEUR!",
    "#VALUE!",
    "#REF!",
    "#DIV/0!",
    "#NOM?",
    "#NAME?",
    "#NUL!",
    "#NULL!",
    "#NOMBRE!",
    "#NUM!",
    "\\N",
    "None",
    "NaT",
    "N.A.",
    "N.C.",
    "N.D.",
    "NR",
    "ND",
    "N/D",
    "NSP",
    "s.o.",
    "s/o",
    "...",
    "…",
    "?",
    "/",
    "*",
    "xxx",
    "Non renseigné",
    "Non renseignée",
    "Non connu",
    "Non connue",
    "Inconnu",
    "Inconnue",
    "Non précisé",
    "Non précisée",
    "Non communiqué",
    "Non communiquée",
    "Non concerné",
    "Non concernée",
    "Sans objet",
    "À compléter",
    "A compléter",
    "À renseigner",
    "A renseigner",
];

/// A column that a file may have.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Colonne {
    /// Canonical name, in lower case.
    pub nom: String,
    /// Other names that files give it.
    #[serde(default)]
    pub alias: Vec<String>,
    /// Without it the file is not of this register.
    #[serde(default)]
    pub obligatoire: bool,
    /// Cells that mean « nothing » in this column, beside those of all columns.
    #[serde(default)]
    pub vides: Vec<String>,
}

/// One value of a code list.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Valeur {
    pub code: u8,
    pub id: String,
    pub libelle: String,
    #[serde(default)]
    pub alias: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListeFichier {
    colonnes: Vec<String>,
    valeurs: Vec<Valeur>,
}

/// What happens to a row that breaks a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Niveau {
    Rejet,
    Drapeau,
}

/// One validation rule.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Regle {
    /// A letter and two digits (`O07`): the digits say the bit of `drapeaux`.
    pub id: String,
    pub niveau: Niveau,
    pub libelle: String,
}

impl Regle {
    /// Number of the rule: bit n−1 of `drapeaux`; 0 and rejections have none.
    #[must_use]
    pub fn numero(&self) -> u8 {
        self.id.get(1..).and_then(|n| n.parse().ok()).unwrap_or(0)
    }
}

/// Shape of a register in its TOML file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistreFichier {
    vides: Vec<String>,
    #[serde(default)]
    l_une_de: Vec<String>,
    #[serde(rename = "colonne")]
    colonnes: Vec<Colonne>,
    #[serde(rename = "liste", default)]
    listes: Vec<ListeFichier>,
    #[serde(rename = "regle")]
    regles: Vec<Regle>,
}

/// A code list, ready to be asked.
#[derive(Debug, Clone)]
pub struct Liste {
    pub valeurs: Vec<Valeur>,
    by_word: FxHashMap<String, u8>,
}

impl Liste {
    /// Code of a cell: as written, else without case, accents and punctuation, else by alias.
    #[must_use]
    pub fn code(&self, cell: &[u8]) -> Option<u8> {
        if let Some(v) = self.valeurs.iter().find(|v| v.id.as_bytes() == cell) {
            return Some(v.code);
        }
        let word = mot(&String::from_utf8_lossy(cell));
        let known = |word: &str| self.by_word.get(word).copied();
        // « 3 » is 03 once a spreadsheet took its zero.
        let padded =
            |word: &str| (word.len() == 1 && word.as_bytes()[0].is_ascii_digit()).then(|| format!("0{word}"));
        let spelt = spelt(&word);
        known(&word)
            .or_else(|| known(spelt?))
            .or_else(|| known(&padded(&word)?))
            .or_else(|| known(&padded(spelt?)?))
    }

    /// Identifiers of the values, for messages: « OCCUPE, VACANT ».
    #[must_use]
    pub fn admis(&self) -> String {
        self.valeurs.iter().map(|v| v.id.as_str()).collect::<Vec<_>>().join(", ")
    }
}

/// The word of a code that a program wrote its own way: `3_0` for 3, `VRAI` for OUI.
fn spelt(word: &str) -> Option<&str> {
    match word {
        "VRAI" | "TRUE" => Some("OUI"),
        "FAUX" | "FALSE" => Some("NON"),
        _ => word.strip_suffix("_0").filter(|n| n.bytes().all(|b| b.is_ascii_digit())),
    }
}

/// A register: what its files may hold.
#[derive(Debug, Clone)]
pub struct Registre {
    /// Cells that mean « nothing » in any column, in upper case.
    pub vides: Vec<String>,
    /// Columns of which a file needs one at least.
    pub l_une_de: Vec<String>,
    pub colonnes: Vec<Colonne>,
    pub regles: Vec<Regle>,
    listes: FxHashMap<String, Liste>,
}

impl Registre {
    /// Checks a description and prepares its look-ups.
    ///
    /// # Errors
    /// A column, rule, code or word that comes twice; a rule whose number does not fit in 32 bits;
    /// a list for a column that is not there.
    pub fn new(file: &'static str, f: RegistreFichier) -> Result<Self, ReferenceError> {
        let fault = |message: String| ReferenceError { file, message };
        let mut names = FxHashMap::default();
        for c in &f.colonnes {
            for n in std::iter::once(&c.nom).chain(&c.alias) {
                if let Some(other) = names.insert(n.to_uppercase(), c.nom.clone()) {
                    return Err(fault(format!("colonne {n} : déjà nom ou alias de {other}")));
                }
            }
        }
        let mut seen = FxHashMap::default();
        for r in &f.regles {
            let fits = match r.niveau {
                Niveau::Drapeau => (1..=32).contains(&r.numero()),
                Niveau::Rejet => true,
            };
            if !fits || seen.insert(r.id.clone(), ()).is_some() {
                return Err(fault(format!("regle {} : numéro hors de 1..32 ou déjà pris", r.id)));
            }
        }
        let mut listes = FxHashMap::default();
        for l in f.listes {
            let mut by_word = FxHashMap::default();
            for v in &l.valeurs {
                for w in std::iter::once(&v.id).chain(&v.alias) {
                    if by_word.insert(mot(w), v.code).is_some_and(|c| c != v.code) {
                        return Err(fault(format!("liste {:?} : « {w} » désigne deux codes", l.colonnes)));
                    }
                }
            }
            let liste = Liste { valeurs: l.valeurs, by_word };
            for c in l.colonnes {
                if !f.colonnes.iter().any(|k| k.nom == c) {
                    return Err(fault(format!("liste : colonne {c} inconnue")));
                }
                if listes.insert(c.clone(), liste.clone()).is_some() {
                    return Err(fault(format!("liste : deux listes pour {c}")));
                }
            }
        }
        if let Some(c) = f.l_une_de.iter().find(|c| !f.colonnes.iter().any(|k| k.nom == **c)) {
            return Err(fault(format!("l_une_de : colonne {c} inconnue")));
        }
        Ok(Self {
            vides: f.vides.iter().map(String::as_str).chain(NOTHING).map(str::to_uppercase).collect(),
            l_une_de: f.l_une_de,
            colonnes: f.colonnes,
            regles: f.regles,
            listes,
        })
    }

    /// The code list of a column.
    #[must_use]
    pub fn liste(&self, colonne: &str) -> Option<&Liste> {
        self.listes.get(colonne)
    }

    /// The rule with this identifier.
    #[must_use]
    pub fn regle(&self, id: &str) -> Option<&Regle> {
        self.regles.iter().find(|r| r.id == id)
    }
}

/// A word for comparison: upper case, without accents; each run of other signs becomes one `_`.
#[must_use]
pub fn mot(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.nfd().flat_map(char::to_uppercase) {
        if c.is_ascii_alphanumeric() {
            out.push(c);
        } else if !('\u{300}'..='\u{36f}').contains(&c) && !out.is_empty() && !out.ends_with('_') {
            out.push('_');
        }
    }
    if out.ends_with('_') {
        out.pop();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registre(text: &str) -> Result<Registre, ReferenceError> {
        Registre::new("essai.toml", super::super::parse("essai.toml", text)?)
    }

    const BASE: &str = r#"
vides = ["", "NA"]
[[colonne]]
nom = "aide"
alias = ["AIDE_LOGEMENT"]
[[liste]]
colonnes = ["aide"]
valeurs = [{ code = 1, id = "APL", libelle = "APL" }, { code = 3, id = "SANS_AIDE", libelle = "Sans", alias = ["Néant"] }]
[[regle]]
id = "X01"
niveau = "drapeau"
libelle = "essai"
"#;

    #[test]
    fn a_word_is_found_without_case_accents_or_punctuation() {
        let r = registre(BASE).expect("sound");
        let l = r.liste("aide").expect("list");
        for (cell, want) in [
            ("APL", Some(1)),
            ("apl ", Some(1)),
            ("Sans aide", Some(3)),
            ("NÉANT", Some(3)),
            ("neant", Some(3)),
            ("x", None),
        ] {
            assert_eq!(l.code(cell.as_bytes()), want, "{cell}");
        }
    }

    #[test]
    fn faults_are_told_with_the_entry() {
        for (from, to, what) in [
            ("X01", "X33", "X33"),
            ("[\"Néant\"]", "[\"apl\"]", "apl"),
            ("colonnes = [\"aide\"]", "colonnes = [\"autre\"]", "autre"),
            ("[\"AIDE_LOGEMENT\"]", "[\"AIDE\"]", "AIDE"),
        ] {
            let e = registre(&BASE.replace(from, to)).expect_err(what).to_string();
            assert!(e.contains(what), "{e}");
        }
    }
}
