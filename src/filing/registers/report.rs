//! What an import tells: counts with stable keys, and findings with line, column, value and rule.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::text::encoding::Seen;

/// How serious a finding is. `Rejet` drops the row, `Drapeau` keeps it with a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Rejet,
    Drapeau,
}

/// One cell that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Line in the user's file, 1 = its first line.
    pub line: u64,
    /// Name of the column as the user's file writes it.
    pub column: String,
    /// The cell as it stands in the file, decoded.
    pub value: String,
    /// Identifier of the rule (`R01`…), as in `data/registers/*.toml`.
    pub rule: String,
    pub level: Level,
    /// A sentence in French that says what is wrong and what to do.
    pub message: String,
}

/// How often one rule was broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleCount {
    pub libelle: String,
    pub niveau: Level,
    /// Number of rows (not cells).
    pub lignes: u64,
}

/// The report of one import. Every count has a stable key: `--json` prints this structure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// `rpls`, `ops`, `zones`, `addresses`, `attributions`, `demandes`, `thresholds`.
    pub registre: String,
    /// Millésime, wave, generation, year or département: what `--millesime …` said.
    pub cle: String,
    /// Name of the file, without its folder.
    pub fichier: String,
    /// BLAKE3 of the file, in hexadecimal.
    pub empreinte: String,
    /// What the file was recognised as (kind and header generation), in French.
    pub format: String,
    pub encodage: String,
    pub separateur: String,
    /// Data rows read, without headers.
    pub lignes_lues: u64,
    /// Rows kept, flagged ones included.
    pub lignes_gardees: u64,
    pub lignes_avec_drapeau: u64,
    pub lignes_rejetees: u64,
    /// Rule → count; a rule that nothing broke is not listed.
    pub regles: BTreeMap<String, RuleCount>,
    /// Other counts (repairs, empty columns, EPSG seen, ladder rungs…), by stable key.
    pub comptes: BTreeMap<String, u64>,
    /// Sentences in French that the user should read (columns ignored, assumptions made…).
    pub remarques: Vec<String>,
}

impl Report {
    /// An empty report for one file.
    #[must_use]
    pub fn new(registre: &str, cle: &str, fichier: &str) -> Self {
        Self {
            registre: registre.to_owned(),
            cle: cle.to_owned(),
            fichier: fichier.to_owned(),
            empreinte: String::new(),
            format: String::new(),
            encodage: String::new(),
            separateur: String::new(),
            lignes_lues: 0,
            lignes_gardees: 0,
            lignes_avec_drapeau: 0,
            lignes_rejetees: 0,
            regles: BTreeMap::new(),
            comptes: BTreeMap::new(),
            remarques: Vec::new(),
        }
    }

    /// Says how the file was written.
    pub fn encoding(&mut self, seen: &Seen) {
        self.encodage = seen.label();
        if seen.twice > 0 {
            self.count("double_encodage_repare", seen.twice);
        }
    }

    /// Adds `n` to the count with this stable key.
    pub fn count(&mut self, key: &str, n: u64) {
        *self.comptes.entry(key.to_owned()).or_default() += n;
    }
}
