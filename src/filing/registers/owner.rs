//! Rule D01: a bailleur deposits its own dwellings only. Rows of another leave, rows without a SIREN get the
//! depositor's.

use std::fs::File;
use std::path::Path;

use polars::prelude::*;

use super::output::FindingWriter;
use super::report::{Finding, Level, Report, RuleCount};

/// Rows looked at together.
const SLICE: usize = 50_000;
pub const RULE: &str = "D01";

/// Keeps the rows of one bailleur in `{table}.parquet` of a folder, and says so in its findings and report.
///
/// # Errors
/// The table cannot be read or written.
pub fn keep(dir: &Path, table: &str, siren: &str, report: &mut Report) -> PolarsResult<()> {
    let (from, to) = (dir.join(format!("{table}.parquet")), dir.join(format!("{table}.en-cours")));
    let rows = ParquetReader::new(File::open(&from)?).num_rows()?;
    let mut writer = None;
    let mut findings = FindingWriter::more(dir)?;
    let (mut others, mut flagged, mut named) = (0u64, 0u64, 0u64);
    // An empty table is written too: its schema is its first slice.
    for start in (0..rows.max(1)).step_by(SLICE) {
        let mut frame = ParquetReader::new(File::open(&from)?).with_slice(Some((start, SLICE))).finish()?;
        let owners: Vec<Option<String>> =
            frame.column("siren")?.str()?.iter().map(|s| s.map(str::to_owned)).collect();
        let lines = frame.column("ligne")?.u64()?.clone();
        let flags = frame.column("drapeaux")?.u32()?.clone();
        let mut mine = Vec::with_capacity(owners.len());
        for (row, owner) in owners.iter().enumerate() {
            let ours = owner.as_deref().is_none_or(|o| o == siren);
            mine.push(ours);
            if ours {
                named += u64::from(owner.is_none());
                continue;
            }
            others += 1;
            flagged += u64::from(flags.get(row).unwrap_or(0) != 0);
            findings.write(&Finding {
                line: lines.get(row).unwrap_or(0),
                column: "SIREN".to_owned(),
                value: owner.clone().unwrap_or_default(),
                rule: RULE.to_owned(),
                level: Level::Rejet,
                message: format!(
                    "Cette ligne est d'un autre bailleur : un dépôt ne contient que le parc du SIREN {siren}."
                ),
            })?;
        }
        let own: StringChunked = owners.iter().map(|_| Some(siren)).collect();
        frame.with_column(own.with_name("siren".into()).into_column())?;
        let mut kept = frame.filter(&BooleanChunked::from_slice(PlSmallStr::EMPTY, &mine))?;
        // A slice over several row groups has columns in several pieces, the new one in one: a batch is
        // written piece by piece.
        kept.rechunk_mut();
        let writer = match &mut writer {
            Some(w) => w,
            None => {
                let file = File::create(&to)?;
                writer.insert(
                    ParquetWriter::new(file)
                        .with_compression(ParquetCompression::Snappy)
                        .batched(kept.schema())?,
                )
            }
        };
        writer.write_batch(&kept)?;
    }
    if let Some(w) = writer {
        w.finish()?;
    }
    findings.finish()?;
    std::fs::rename(&to, &from)?;
    if named > 0 {
        report.count("siren_du_deposant", named);
    }
    if others > 0 {
        report.lignes_gardees = report.lignes_gardees.saturating_sub(others);
        report.lignes_avec_drapeau = report.lignes_avec_drapeau.saturating_sub(flagged);
        report.lignes_rejetees += others;
        let libelle = "Ligne d'un autre bailleur que le déposant".to_owned();
        report.regles.insert(RULE.to_owned(), RuleCount { libelle, niveau: Level::Rejet, lignes: others });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registers::output::Output;

    #[test]
    fn rows_of_others_leave_from_every_row_group_and_nameless_ones_are_the_depositors() {
        let dir = tempfile::tempdir().unwrap();
        let output = Output::new(dir.path());
        let part = |first: u64, owners: &[Option<&str>]| {
            let lines: Vec<u64> = (first..).take(owners.len()).collect();
            df!("ligne" => lines, "siren" => owners.to_vec(), "drapeaux" => vec![1u32; owners.len()]).unwrap()
        };
        let parts = [part(2, &[Some("1"), None, Some("2")]), part(5, &[Some("2"), Some("1")])];
        let mut table = output.table("menages", parts[0].schema()).unwrap();
        for p in &parts {
            table.write(p).unwrap();
        }
        table.finish().unwrap();
        output.findings().unwrap().finish().unwrap();
        let mut report = Report::new("ops", "2024", "x.csv");
        (report.lignes_gardees, report.lignes_avec_drapeau) = (5, 5);
        keep(dir.path(), "menages", "1", &mut report).unwrap();
        assert_eq!((report.lignes_gardees, report.lignes_rejetees, report.lignes_avec_drapeau), (3, 2, 3));
        assert_eq!((report.regles[RULE].lignes, report.comptes["siren_du_deposant"]), (2, 1));
        let kept =
            ParquetReader::new(File::open(dir.path().join("menages.parquet")).unwrap()).finish().unwrap();
        assert_eq!(
            kept.column("ligne").unwrap().u64().unwrap().iter().flatten().collect::<Vec<_>>(),
            [2, 3, 6]
        );
        assert!(kept.column("siren").unwrap().str().unwrap().iter().all(|s| s == Some("1")));
        let said = std::fs::read_to_string(dir.path().join("constats.csv")).unwrap();
        assert!(said.contains("4;SIREN;2;D01;rejet;") && said.contains("5;SIREN;2;D01;rejet;"), "{said}");
    }
}
