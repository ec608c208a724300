//! `data/registers/rpls.toml`: columns of every generation, code lists, thresholds and rules of RPLS.

use std::sync::LazyLock;

use serde::Deserialize;

/// What the program knows of the RPLS files.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rpls {
    /// First millésime that these lists describe.
    pub valable_depuis: u16,
    /// Cells that say nothing, in any column.
    pub vides: Vec<String>,
    pub vides_segment: Vec<String>,
    pub vides_zone: Vec<String>,
    #[serde(rename = "colonne")]
    pub colonnes: Vec<Column>,
    #[serde(rename = "renommage")]
    pub renommages: Vec<Renaming>,
    pub autres: Others,
    pub comptage: Counting,
    pub collecte: Collection,
    pub finan: Vec<Financing>,
    pub codes: std::collections::BTreeMap<String, Vec<u8>>,
    pub seuils: Thresholds,
    #[serde(rename = "regle")]
    pub regles: Vec<Rule>,
}

/// A column that is read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    pub nom: String,
    #[serde(default)]
    pub alias: Vec<String>,
    /// Without it the file is not taken for RPLS.
    #[serde(default)]
    pub obligatoire: bool,
    /// Cells that say nothing in this column only.
    #[serde(default)]
    pub vides: Vec<String>,
}

/// A name that means another column, in some millésimes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Renaming {
    pub de: String,
    pub vers: String,
    #[serde(default)]
    pub depuis: Option<u16>,
    #[serde(default)]
    pub jusqua: Option<u16>,
}

impl Renaming {
    /// Does it hold for this millésime?
    #[must_use]
    pub fn holds(&self, millesime: u16) -> bool {
        self.depuis.is_none_or(|y| millesime >= y) && self.jusqua.is_none_or(|y| millesime <= y)
    }
}

/// Columns that are known and not read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Others {
    pub colonnes: Vec<String>,
}

/// Columns that count the dwellings of a row.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counting {
    pub colonnes: Vec<String>,
}

/// The collection file: positions are its only header.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collection {
    /// The 12 fields of the first line.
    pub organisme: Vec<String>,
    /// The 64 fields of every other line.
    pub champs: Vec<String>,
}

/// A code of FINAN.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Financing {
    pub code: u8,
    pub libelle: String,
    /// `PLAI`, `PLUS`, `PLS`, `PLI`, `ANCIEN`, `AUTRE`.
    pub groupe: String,
    /// Customary class of a code of before 1977; not official.
    #[serde(default)]
    pub assimile: Option<String>,
}

/// Bounds outside of which a value is flagged; both ends belong to the bounds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    pub nbpiece: [u8; 2],
    /// m².
    pub surfhab: [u16; 2],
    /// m² a room.
    pub surface_par_piece: [f32; 2],
    pub annee_min: u16,
    pub finan_depuis: u16,
    /// €/month.
    pub loyer_max: f32,
    /// €/m².
    pub loyer_m2: [f32; 2],
}

/// A rule: R00 … R17.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub id: String,
    /// `rejet` or `drapeau`.
    pub niveau: String,
    pub libelle: String,
}

static RPLS: LazyLock<Rpls> = LazyLock::new(|| match load() {
    Ok(rpls) => rpls,
    // The file is compiled in and a test reads it: this cannot happen in a released program.
    Err(e) => panic!("{e}"),
});

/// The content of `data/registers/rpls.toml`.
#[must_use]
pub fn rpls() -> &'static Rpls {
    &RPLS
}

impl Rpls {
    /// The financing with this code.
    #[must_use]
    pub fn financing(&self, code: u8) -> Option<&Financing> {
        self.finan.iter().find(|f| f.code == code)
    }

    /// The French sentence of a rule.
    #[must_use]
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.regles.iter().find(|r| r.id == id)
    }
}

fn load() -> Result<Rpls, super::ReferenceError> {
    let file = "registers/rpls.toml";
    let rpls: Rpls = super::parse(file, include_str!("../../../data/registers/rpls.toml"))?;
    let fault = |message: String| super::ReferenceError { file, message };
    if rpls.collecte.champs.len() != 64 || rpls.collecte.organisme.len() != 12 {
        return Err(fault("la collecte a 12 champs d'organisme et 64 champs de logement".to_owned()));
    }
    for (n, rule) in rpls.regles.iter().enumerate() {
        if rule.id != format!("R{n:02}") || !matches!(rule.niveau.as_str(), "rejet" | "drapeau") {
            return Err(fault(format!("règle {} : rang ou niveau", rule.id)));
        }
    }
    for name in &rpls.collecte.champs {
        if !rpls.autres.colonnes.contains(name) && !rpls.colonnes.iter().any(|c| c.nom == *name) {
            return Err(fault(format!("champ {name} de la collecte : colonne inconnue")));
        }
    }
    Ok(rpls)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_sound() {
        let rpls = load().unwrap();
        assert_eq!(rpls.financing(13).unwrap().groupe, "PLUS");
        assert_eq!(rpls.collecte.champs[62], "CONTRESLOG");
        assert_eq!(rpls.collecte.champs[31], "FINAN");
    }
}
