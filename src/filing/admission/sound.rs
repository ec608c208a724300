//! Whether a file is what the user says: enough of it was kept, of that year, of that layer.

use std::collections::BTreeMap;
use std::path::Path;

use super::AdmissionError;
use super::cells::Cells;
use crate::french::{counted, thousands};
use crate::reference::magasin::{Doutes, magasin};
use crate::reference::territory::territory;
use crate::registers::kind::{declared_years, years_of_rows};
use crate::registers::report::{Level, Report};
use crate::registers::table::Table;
use crate::store::{Dataset, Store};

/// What the user says of a file, and how to say otherwise.
#[derive(Debug, Clone, Default)]
pub struct Claims {
    /// Millésime, wave, year or generation.
    pub annee: Option<u16>,
    /// Option that says it, as the command line names it.
    pub option: String,
    /// The doubt is known: import all the same.
    pub forcer: bool,
    /// Year of today.
    pub aujourdhui: u16,
}

/// Registers that have one file a year.
const YEARLY: [&str; 4] = ["rpls", "ops", "attributions", "demandes"];

/// Refuses a file whose very bytes are in force for another year.
///
/// # Errors
/// Names both years.
pub fn check_twin(store: &Store, report: &Report, claims: &Claims) -> Result<(), AdmissionError> {
    if claims.forcer || !YEARLY.contains(&report.registre.as_str()) {
        return Ok(());
    }
    let same = |d: &&Dataset| {
        let pieces = d.pieces.iter().any(|p| p.empreinte == report.empreinte);
        d.rapport.cle != report.cle && (d.rapport.empreinte == report.empreinte || pieces)
    };
    let twin = store.manifest().of_register(&report.registre).find(same);
    twin.map_or(Ok(()), |d| {
        Err(AdmissionError::Twin {
            file: report.fichier.clone(),
            option: claims.option.clone(),
            ici: report.cle.clone(),
            la: d.rapport.cle.clone(),
        })
    })
}

/// Checks the result of an import that stands in `folder`; `file` is what was read, for its own headers.
///
/// # Errors
/// The doubt, with what would lift it.
pub fn check(report: &Report, folder: &Path, file: &Path, claims: &Claims) -> Result<(), AdmissionError> {
    let doubts = &magasin()?.doutes;
    kept(report, folder, doubts, claims.forcer)?;
    if let Some(year) = claims.annee {
        // A forced year must be a year all the same: « 24 » is none.
        let (first, last) = (doubts.premiere_annee, claims.aujourdhui + 1);
        if !(first..=last).contains(&year) {
            let option = claims.option.clone();
            return Err(AdmissionError::NoYear { option, year, first, last });
        }
    }
    if claims.forcer {
        return Ok(());
    }
    if let Some(year) = claims.annee {
        declared(report, file, year, claims)?;
        dated(report, folder, year, claims, doubts)?;
    }
    extracted(report, folder, claims, doubts)?;
    generation(report, folder)?;
    united(report, doubts)
}

/// Demands made after the day of which they are said to be the stock.
fn extracted(report: &Report, folder: &Path, claims: &Claims, doubts: &Doutes) -> Result<(), AdmissionError> {
    let path = folder.join("demandes.parquet");
    if report.registre != "demandes" || !path.exists() {
        return Ok(());
    }
    let cells = Cells::read(&path, &["date_depot", "extrait"])?;
    let (made, day) = (cells.numbers("date_depot")?, cells.numbers("extrait")?);
    let Some(day) = day.into_iter().flatten().next() else { return Ok(()) };
    let later: Vec<u32> = made.iter().flatten().copied().filter(|d| *d > day).collect();
    let (n, of) = (later.len() as u64, made.len() as u64);
    if n < doubts.futur_effectif_min || share(n, of) < doubts.futur_max {
        return Ok(());
    }
    Err(AdmissionError::Future {
        file: report.fichier.clone(),
        option: if claims.option.is_empty() { "--date".to_owned() } else { claims.option.clone() },
        year: u16::try_from(day / 10_000).unwrap_or_default(),
        n,
        of,
        latest: later.into_iter().max().unwrap_or(day) / 10_000,
        columns: "colonne date_depot".to_owned(),
    })
}

/// Enough rows, of those that the user asked for.
fn kept(report: &Report, folder: &Path, doubts: &Doutes, force: bool) -> Result<(), AdmissionError> {
    let chosen: u64 = doubts.choisies.iter().filter_map(|r| report.regles.get(r)).map(|r| r.lignes).sum();
    // A row that says no wave is of none that the user did not ask for.
    let unsaid = report.comptes.get("vagues_illisibles").copied().unwrap_or(0);
    let chosen = chosen.saturating_sub(unsaid);
    let kept = report.lignes_gardees;
    let asked = kept + report.lignes_rejetees.saturating_sub(chosen);
    let (file, read) = (report.fichier.clone(), report.lignes_lues);
    if kept == 0 {
        return Err(AdmissionError::NothingKept { file, read, why: reason(report, folder) });
    }
    if !force && asked - kept >= doubts.rejetees_min && (kept as f64) < doubts.gardees_min * asked as f64 {
        let least = (doubts.gardees_min * 100.0).round() as u64;
        return Err(AdmissionError::TooFewKept { file, kept, read, least, why: reason(report, folder) });
    }
    Ok(())
}

/// The rule that rejected most rows, with its column and its first row.
fn reason(report: &Report, folder: &Path) -> String {
    let worst = report.regles.iter().filter(|(_, r)| r.niveau == Level::Rejet).max_by_key(|(_, r)| r.lignes);
    let Some((id, rule)) = worst else { return String::new() };
    let mut told = format!(" Raison principale : {} ({id}, {} lignes)", rule.libelle, thousands(rule.lignes));
    let findings = csv::ReaderBuilder::new().delimiter(b';').from_path(folder.join("constats.csv"));
    let first = findings.ok().and_then(|mut f| {
        f.records().flatten().find(|r| r.get(3) == Some(id.as_str()) && r.get(4) == Some("rejet"))
    });
    if let Some(first) = first {
        let cell = |i: usize| first.get(i).unwrap_or_default();
        if !cell(1).is_empty() {
            told.push_str(&format!(", colonne « {} »", cell(1)));
        }
        told.push_str(&format!(" ; ligne {}, valeur « {} » : {}", cell(0), cell(2), cell(5)));
    }
    told.trim_end_matches('.').to_owned() + "."
}

/// The year that a column of the file says in each of its first rows.
fn declared(report: &Report, file: &Path, year: u16, claims: &Claims) -> Result<(), AdmissionError> {
    if matches!(report.registre.as_str(), "zones" | "thresholds" | "attributions") {
        return Ok(());
    }
    let Ok(table) = Table::open(file) else { return Ok(()) };
    if report.registre == "rpls"
        && let Ok(Some((column, years))) = years_of_rows(&table)
        && years.len() > 1
    {
        let all: u64 = years.values().sum();
        let most = years.values().copied().max().unwrap_or_default();
        if share(all - most, all) >= magasin()?.doutes.futur_max {
            let told = |(year, n): (&String, &u64)| format!("{year} : {}", counted(*n, "ligne", "lignes"));
            let found = years.iter().map(told).collect::<Vec<_>>().join(", ");
            return Err(AdmissionError::SeveralYears { file: report.fichier.clone(), column, found });
        }
    }
    let Some((column, found)) = declared_years(&table.head) else { return Ok(()) };
    match found[..] {
        [one] if one != year.to_string() => Err(AdmissionError::OtherYear {
            file: report.fichier.clone(),
            option: claims.option.clone(),
            year,
            column: column.to_owned(),
            found: one.to_owned(),
        }),
        _ => Ok(()),
    }
}

/// Dates of the rows against the year.
fn dated(
    report: &Report,
    folder: &Path,
    year: u16,
    claims: &Claims,
    doubts: &Doutes,
) -> Result<(), AdmissionError> {
    let month = |year: u32, month: u32| year * 100 + month;
    let y = u32::from(year);
    // Column, the last value that may stand in a file of this year, what makes a year of a value.
    let (table, limits): (&str, Vec<(&str, u32, u32)>) = match report.registre.as_str() {
        "rpls" | "depot_rpls" => {
            ("logements", vec![("construct", y, 1), ("locat", y, 1), ("bail", month(y, 1), 100)])
        }
        "ops" | "depot_ops" => ("menages", vec![("entree", month(y, 12), 100)]),
        "attributions" => return other_years(report, folder, year, claims, doubts),
        _ => return Ok(()),
    };
    let path = folder.join(format!("{table}.parquet"));
    if !path.exists() {
        return Ok(());
    }
    let names: Vec<&str> = limits.iter().map(|l| l.0).collect();
    let cells = Cells::read(&path, &names)?;
    let mut later = vec![false; cells.rows()];
    let (mut latest, mut columns) = (0, Vec::new());
    for (name, limit, unit) in limits {
        let mut some = false;
        for (later, value) in later.iter_mut().zip(cells.numbers(name)?) {
            if let Some(value) = value.filter(|v| *v > limit) {
                (*later, some) = (true, true);
                // 2104 or 9999 is a slip of the pen, not a year.
                latest = latest
                    .max(Some(value / unit).filter(|v| *v <= u32::from(claims.aujourdhui)).unwrap_or(0));
            }
        }
        if some {
            columns.push(name);
        }
    }
    let (n, of) = (later.iter().filter(|l| **l).count() as u64, later.len() as u64);
    if n < doubts.futur_effectif_min || share(n, of) < doubts.futur_max || latest == 0 {
        return Ok(());
    }
    Err(AdmissionError::Future {
        file: report.fichier.clone(),
        option: claims.option.clone(),
        year,
        n,
        of,
        latest,
        columns: format!("colonnes {}", columns.join(", ")),
    })
}

/// Allocations of another year than the one said.
fn other_years(
    report: &Report,
    folder: &Path,
    year: u16,
    claims: &Claims,
    doubts: &Doutes,
) -> Result<(), AdmissionError> {
    let cells = Cells::read(&folder.join("attributions.parquet"), &["date_bail", "date_caleol"])?;
    let (lease, board) = (cells.numbers("date_bail")?, cells.numbers("date_caleol")?);
    let of_day = |day: Option<u32>| day.map(|d| d / 10_000);
    let mut others: BTreeMap<u32, u64> = BTreeMap::new();
    for (lease, board) in lease.iter().zip(&board) {
        let years = [of_day(*lease), of_day(*board)];
        if let Some(other) = years.iter().flatten().next()
            && !years.contains(&Some(u32::from(year)))
        {
            *others.entry(*other).or_default() += 1;
        }
    }
    let (n, of) = (others.values().sum::<u64>(), cells.rows() as u64);
    match others.iter().max_by_key(|(_, n)| **n) {
        Some((found, _)) if share(n, of) >= doubts.hors_annee_max => Err(AdmissionError::OtherYears {
            file: report.fichier.clone(),
            option: claims.option.clone(),
            year,
            n,
            of,
            found: *found,
        }),
        _ => Ok(()),
    }
}

/// Codes of one generation given as another.
fn generation(report: &Report, folder: &Path) -> Result<(), AdmissionError> {
    let least = magasin()?.doutes.generation_zones_min.max(1);
    if report.registre != "zones" || !report.cle.starts_with("qpv") {
        return Ok(());
    }
    let codes = Cells::read(&folder.join("zones.parquet"), &["code"])?.strings("code")?;
    let other = magasin()?.generation_of(&codes).filter(|g| g.couche != report.cle && codes.len() >= least);
    match (other, codes.first()) {
        (Some(other), Some(code)) => Err(AdmissionError::OtherGeneration {
            file: report.fichier.clone(),
            code: code.clone(),
            found: other.couche.clone(),
            asked: report.cle.clone(),
            option: "--generation".to_owned(),
        }),
        _ => Ok(()),
    }
}

/// Many features with the code of another: the layer is finer than the one asked for.
fn united(report: &Report, doubts: &Doutes) -> Result<(), AdmissionError> {
    let count = |key: &str| report.comptes.get(key).copied().unwrap_or(0);
    let (united, zones, of) = (count("zones_reunies"), count("zones"), report.lignes_gardees);
    let layer = report.cle.split_once('-').map_or(report.cle.as_str(), |k| k.0);
    if territory().couche(layer).id == "*" || share(united, of) <= doubts.reunies_max {
        return Ok(());
    }
    let (file, option) = (report.fichier.clone(), "--layer".to_owned());
    Err(AdmissionError::United { file, united, of, zones, option })
}

fn share(n: u64, of: u64) -> f64 {
    if of == 0 { 0.0 } else { n as f64 / of as f64 }
}
