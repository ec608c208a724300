//! Counts and writes the findings of one import under the rules of `data/territory.toml`.

use crate::reference::territory::territory;
use crate::registers::output::FindingWriter;
use crate::registers::report::{Finding, Level, Report, RuleCount};

/// Findings that are kept for who does not read `constats.csv`: the first ones.
const TOLD: usize = 50;

/// Findings on their way to `constats.csv` and to the report.
pub struct Findings<'a> {
    writer: FindingWriter,
    report: &'a mut Report,
    /// First rejection, for a file of which nothing is left.
    pub first: Option<String>,
    /// The first findings, in their order.
    pub told: Vec<Finding>,
    flagged: std::collections::BTreeSet<u64>,
}

impl<'a> Findings<'a> {
    pub fn new(writer: FindingWriter, report: &'a mut Report) -> Self {
        Self { writer, report, first: None, told: Vec::new(), flagged: std::collections::BTreeSet::new() }
    }

    pub fn report(&mut self) -> &mut Report {
        self.report
    }

    /// One finding on one feature. A rule that the data file lacks counts as a rejection.
    ///
    /// # Errors
    /// The disk is full.
    pub fn add(
        &mut self,
        rule: &str,
        line: u64,
        column: &str,
        value: &str,
        message: String,
    ) -> std::io::Result<()> {
        let known = territory().regle.iter().find(|r| r.id == rule);
        let level = if known.is_some_and(|r| r.niveau == "drapeau") { Level::Drapeau } else { Level::Rejet };
        let count = self.report.regles.entry(rule.to_owned()).or_insert_with(|| RuleCount {
            libelle: known.map_or_else(|| rule.to_owned(), |r| r.libelle.clone()),
            niveau: level,
            lignes: 0,
        });
        count.lignes += 1;
        match level {
            Level::Rejet => {
                self.report.lignes_rejetees += 1;
                self.first.get_or_insert_with(|| message.clone());
            }
            Level::Drapeau => {
                self.flagged.insert(line);
            }
        }
        let (column, value, rule) = (column.to_owned(), value.to_owned(), rule.to_owned());
        let finding = Finding { line, column, value, rule, level, message };
        self.writer.write(&finding)?;
        if self.told.len() < TOLD {
            self.told.push(finding);
        }
        Ok(())
    }

    /// # Errors
    /// The disk is full.
    pub fn finish(self) -> std::io::Result<()> {
        self.report.lignes_avec_drapeau = self.flagged.len() as u64;
        self.writer.finish()
    }
}
