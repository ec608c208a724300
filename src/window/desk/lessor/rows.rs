//! The rows of a deposit that have a finding, and their corrections.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path as FilePath;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::desk::problem::Problem;
use crate::registers::mend::Corrections;
use crate::state::{Deposit, State, StatutDepot};

/// Les lignes à regarder.
#[derive(Debug, Serialize, ToSchema)]
pub struct LignesDepot {
    /// Nombre de lignes avant la pagination.
    pub total: usize,
    /// Colonnes du fichier, dans son ordre.
    pub colonnes: Vec<String>,
    pub lignes: Vec<LigneDepot>,
}

/// Une ligne du fichier et ce qui n'y va pas.
#[derive(Debug, Serialize, ToSchema)]
pub struct LigneDepot {
    /// Numéro dans le fichier, 1 = la première.
    pub ligne: u64,
    /// Contenu, une valeur par colonne ; vide si le fichier n'a pas pu être relu.
    pub valeurs: Vec<String>,
    pub constats: Vec<ConstatDepot>,
    /// Colonnes corrigées dans la page depuis le dépôt.
    pub corrigees: Vec<String>,
}

/// Une cellule qui enfreint une règle.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ConstatDepot {
    pub colonne: String,
    pub valeur: String,
    pub regle: String,
    /// `rejet` ou `drapeau`.
    pub niveau: String,
    /// Ce qui ne va pas et que faire.
    pub message: String,
}

/// Des corrections.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectionsDepot {
    /// Numéro de ligne → colonne → nouveau contenu.
    pub lignes: BTreeMap<u64, BTreeMap<String, String>>,
}

/// Corrections that a deposit has.
#[must_use]
pub fn corrections(deposit: &Deposit) -> Corrections {
    serde_json::from_str(&deposit.corrections).unwrap_or_default()
}

/// Findings by line of the file.
pub type Found = BTreeMap<u64, Vec<ConstatDepot>>;

/// Findings of the lines that have one of the level and rule asked for, with all findings of these lines.
pub fn findings(folder: &FilePath, level: &str, rule: Option<&str>) -> Result<Found, csv::Error> {
    let mut found = Found::new();
    let mut wanted = BTreeSet::new();
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_path(folder.join("constats.csv"))?;
    for record in reader.records() {
        let record = record?;
        let cell = |i: usize| record.get(i).unwrap_or("").to_owned();
        let Ok(line) = cell(0).parse::<u64>() else { continue };
        let finding = ConstatDepot {
            colonne: cell(1),
            valeur: cell(2),
            regle: cell(3),
            niveau: cell(4),
            message: cell(5),
        };
        if finding.niveau == level && rule.is_none_or(|r| r == finding.regle) {
            wanted.insert(line);
        }
        found.entry(line).or_default().push(finding);
    }
    // A row that is rejected is not among those that are only flagged.
    let rejected = |list: &[ConstatDepot]| list.iter().any(|f| f.niveau == "rejet");
    found.retain(|line, list| wanted.contains(line) && (level == "rejet" || !rejected(list)));
    Ok(found)
}

/// Rows of `lignes.csv` by line, those that are wanted; and its columns.
pub fn contents(
    folder: &FilePath,
    wanted: &BTreeSet<u64>,
) -> Result<(Vec<String>, BTreeMap<u64, Vec<String>>), csv::Error> {
    let mut reader =
        csv::ReaderBuilder::new().delimiter(b';').flexible(true).from_path(folder.join("lignes.csv"))?;
    let columns = reader.headers()?.iter().skip(1).map(str::to_owned).collect();
    let mut rows = BTreeMap::new();
    for record in reader.byte_records() {
        let record = record?;
        let cell = |i: usize| String::from_utf8_lossy(record.get(i).unwrap_or(b"")).into_owned();
        if let Some(line) = cell(0).parse().ok().filter(|l| wanted.contains(l)) {
            rows.insert(line, (1..record.len()).map(cell).collect());
        }
    }
    Ok((columns, rows))
}

/// A deposit that was read, the only ones with rows to show.
pub async fn checked(state: &State, siren: &str, id: &str) -> Result<Deposit, Problem> {
    let deposit = state.deposit(siren, id).await?;
    if deposit.statut != StatutDepot::Pret {
        return Err(Problem::value(
            "id",
            id,
            "Les lignes d'un dépôt se lisent entre son contrôle et son acceptation ou son retrait.",
        ));
    }
    Ok(deposit)
}
