//! Which commune is in which EPCI: a CSV `commune;epci;nom`, or the JSON of EPCI with their members.

use std::collections::BTreeSet;
use std::path::Path;

use polars::prelude::*;
use serde::Deserialize;

use super::attributes::key;
use super::error::ZonesError;
use super::findings::Findings;
use super::{ZonesOptions, open};
use crate::reference::registre::mot;
use crate::reference::territory::territory;
use crate::registers::fields;
use crate::registers::intake::{above, ends_blank};
use crate::registers::output::Output;
use crate::registers::report::Report;
use crate::registers::table::{Table, TableError};
use crate::registers::text::encoding::Seen;
use crate::registers::text::separator;

#[derive(Deserialize)]
struct Epci {
    code: String,
    nom: String,
    /// « CC », « EPT »…
    #[serde(default, rename = "type")]
    genre: Option<String>,
    #[serde(default)]
    membres: Vec<Membre>,
}

#[derive(Deserialize)]
struct Membre {
    code: String,
}

struct Row {
    line: u64,
    commune: String,
    epci: String,
    nom: String,
    /// « CC », « SIVU »…, where the file says it.
    nature: Option<String>,
    /// The year that the line says.
    annee: Option<u32>,
}

impl Row {
    /// A groupement that is no EPCI à fiscalité propre: a syndicat, a pôle.
    fn is_other(&self) -> bool {
        let data = &territory().appartenance;
        let other = |nature: &String| {
            let nature = mot(nature);
            let begins = data.autres_natures.iter().any(|o| nature.starts_with(o.as_str()));
            begins && !data.natures.contains(&nature)
        };
        let syndicat = self.epci.len() == 9 && self.epci.starts_with(&data.siren_syndicats);
        syndicat || self.nature.as_ref().is_some_and(other)
    }

    /// A nature that no list has: nobody knows whether that is an EPCI.
    fn is_unknown(&self) -> bool {
        self.nature.as_ref().is_some_and(|n| !territory().appartenance.natures.contains(&mot(n)))
    }

    /// An island that is in no EPCI: a code of the file that stands for none.
    fn is_alone(&self) -> bool {
        !self.commune.is_empty() && territory().appartenance.sans_epci.contains(&self.epci)
    }
}

/// Lines of other years than the one that is asked, or than the last, are left out: how many, and the year
/// that stays.
fn of_one_year(rows: &mut Vec<Row>, asked: Option<u32>) -> Option<(u64, u32)> {
    let years: BTreeSet<u32> = rows.iter().filter_map(|r| r.annee).collect();
    let year = asked.filter(|a| years.contains(a)).or_else(|| years.last().copied())?;
    if years.len() < 2 {
        return None;
    }
    let all = rows.len();
    rows.retain(|r| r.annee.is_none_or(|a| a == year));
    Some(((all - rows.len()) as u64, year))
}

/// How many lines of a table place a commune in an EPCI, of those that should: each commune once.
///
/// # Errors
/// It has no columns of communes and EPCI, or cannot be read.
pub fn census(path: &Path, year: Option<u32>) -> Result<(u64, u64), ZonesError> {
    let (mut rows, ..) = csv(&open::file_name(path), path)?;
    of_one_year(&mut rows, year);
    rows.retain(|r| !r.is_other() && !r.is_alone());
    let mut seen = BTreeSet::new();
    let sound = rows.iter().filter(|r| impossible(r).is_none() && seen.insert(&r.commune)).count();
    Ok((sound as u64, rows.len() as u64))
}

/// Writes `appartenance.parquet` (commune, epci, nom, annee); the year is [`ZonesOptions::generation`].
///
/// # Errors
/// The file has neither of both forms.
pub fn import(path: &Path, options: &ZonesOptions, out: &Output) -> Result<Report, ZonesError> {
    let file = open::file_name(path);
    let (bytes, _) = open::bytes(path, &super::bounds::Bounds::layer())?;
    let (text, encoding) = open::text(&bytes);
    let annee = options.generation.as_deref().and_then(|g| g.parse::<u32>().ok());
    let cle = annee.map_or_else(|| "appartenance".to_owned(), |a| a.to_string());
    let mut report = Report::new("zones", &cle, &file);
    report.empreinte = super::fingerprint(path)?;
    report.encodage = encoding;
    let mut rows = if text.trim_start().starts_with(['[', '{']) {
        report.format = "appartenance aux EPCI, JSON".to_owned();
        if are_members(&text) == Some(true) && !options.forcer {
            // They would take the place of the EPCI of their communes.
            return Err(ZonesError::NotMembership {
                file,
                message: "c'est la composition des EPT du Grand Paris, que le programme connaît déjà et qui vivent à \
                          côté des EPCI ; l'importer ôterait leur EPCI à leurs communes"
                    .to_owned(),
            });
        }
        json(&file, &text)?
    } else {
        report.format = "appartenance aux EPCI, CSV".to_owned();
        let (rows, table, seen) = csv(&file, path)?;
        report.encoding(&seen);
        report.separateur = separator::label(table.delimiter).to_owned();
        report.remarques.extend(above(&table));
        report.remarques.extend(ends_blank(&table));
        rows
    };
    if annee.is_none() {
        report.remarques.push(
            "année d'appartenance non précisée : la composition est réputée valable pour toutes".to_owned(),
        );
    }
    report.lignes_lues = rows.len() as u64;
    if let Some((left, year)) = of_one_year(&mut rows, annee) {
        report.count("lignes_d_une_autre_annee", left);
        report
            .remarques
            .push(format!("le fichier a plusieurs années : seules ses lignes de {year} sont lues"));
    }
    let mut findings = Findings::new(out.findings()?, &mut report);
    let mut seen = std::collections::BTreeMap::new();
    for row in rows {
        if row.is_other() {
            findings.report().count("groupements_sans_fiscalite_propre", 1);
            continue;
        }
        if row.is_unknown() {
            findings.report().count("natures_inconnues", 1);
        }
        if row.is_alone() {
            findings.report().count("communes_sans_epci", 1);
        } else if row.commune.is_empty() || row.epci.is_empty() {
            findings.add(
                "A01",
                row.line,
                "commune",
                &row.commune,
                "la commune ou le SIREN de l'EPCI manque".to_owned(),
            )?;
        } else if let Some((column, value)) = impossible(&row) {
            let message = format!("« {value} » n'est pas un code que l'on puisse lire");
            findings.add("A01", row.line, column, value, message)?;
        } else if let Some((epci, _)) = seen.get(&row.commune) {
            let message = format!(
                "la commune {} est déjà rattachée à {epci} ; le rattachement à {} est écarté",
                row.commune, row.epci
            );
            findings.add("A02", row.line, "commune", &row.commune, message)?;
        } else {
            seen.insert(row.commune, (row.epci, row.nom));
        }
    }
    findings.finish()?;
    report.lignes_gardees = seen.len() as u64;
    report.count("communes", seen.len() as u64);
    report.count("epci", seen.values().map(|v| &v.0).collect::<BTreeSet<_>>().len() as u64);
    if seen.is_empty() {
        return Err(ZonesError::NotMembership { file, message: "aucune commune rattachée".to_owned() });
    }
    let communes: Vec<&str> = seen.keys().map(String::as_str).collect();
    let epci: Vec<&str> = seen.values().map(|v| v.0.as_str()).collect();
    let noms: Vec<&str> = seen.values().map(|v| v.1.as_str()).collect();
    let frame = DataFrame::new(
        communes.len(),
        vec![
            Column::new("commune".into(), &communes),
            Column::new("epci".into(), epci),
            Column::new("nom".into(), noms),
            Column::new("annee".into(), vec![annee; communes.len()]),
        ],
    )?;
    let mut table = out.table("appartenance", frame.schema())?;
    table.write(&frame)?;
    table.finish()?;
    Ok(report)
}

/// Whether a JSON is a list of EPCI with their members; the value says whether all are EPT.
pub(super) fn are_members(text: &str) -> Option<bool> {
    let all: Vec<Epci> = serde_json::from_str(text).ok()?;
    let some = all.iter().any(|e| !e.membres.is_empty());
    some.then(|| all.iter().all(|e| e.genre.as_deref() == Some("EPT")))
}

/// Whether a cell is the SIREN of an EPCI.
fn is_epci(cell: &str) -> bool {
    let code = epci_code(fields::clean(cell.as_bytes()));
    code.len() == 9 && territory().appartenance.siren_epci.iter().any(|s| code.starts_with(s))
}

/// Places of the columns of communes and of EPCI in a header that has both.
pub fn columns(header: &[String]) -> Option<(usize, usize)> {
    let data = &territory().appartenance;
    Some((named(header, &data.commune).next()?, named(header, &data.epci).next()?))
}

/// Places of the columns that have one of these names, the best name first.
fn named<'a>(header: &'a [String], aliases: &'a [String]) -> impl Iterator<Item = usize> + 'a {
    aliases.iter().filter_map(|a| header.iter().position(|n| key(n) == key(a)))
}

/// The first of the columns with these names whose first cells are of the kind that is looked for (in one
/// file `dep_com` is the département of a commune, in another its code); else the first of them.
fn holding(
    header: &[String],
    aliases: &[String],
    rows: &[Vec<String>],
    kind: impl Fn(&str) -> bool,
) -> Option<usize> {
    let holds = |at: &usize| {
        let of = rows.iter().filter(|row| row.get(*at).is_some_and(|cell| kind(cell))).count();
        2 * of > rows.len()
    };
    named(header, aliases).find(holds).or_else(|| named(header, aliases).next())
}

fn json(file: &str, text: &str) -> Result<Vec<Row>, ZonesError> {
    let all: Vec<Epci> = serde_json::from_str(text).map_err(|e| ZonesError::NotMembership {
        file: file.to_owned(),
        message: format!("ligne {}, colonne {}", e.line(), e.column()),
    })?;
    let rows = (1..).zip(all).flat_map(|(line, e)| {
        let (epci, nom) = (e.code, e.nom);
        e.membres.into_iter().map(move |m| Row {
            line,
            commune: m.code,
            epci: epci.clone(),
            nom: nom.clone(),
            // EPT come so, and are refused above.
            nature: None,
            annee: None,
        })
    });
    Ok(rows.collect())
}

fn csv(file: &str, path: &Path) -> Result<(Vec<Row>, Table, Seen), ZonesError> {
    let refused = |message: String| ZonesError::NotMembership { file: file.to_owned(), message };
    let mut table = Table::open(path).map_err(|e| refused(e.to_string()))?;
    table.seek(|record| columns(record).is_some()).map_err(|e| refused(e.to_string()))?;
    let header = table.head.first().cloned().unwrap_or_default();
    let data = &territory().appartenance;
    let rows = table.head.get(1..).unwrap_or_default();
    let communes = |cell: &str| fields::commune(fields::clean(cell.as_bytes())).is_ok();
    let (Some(commune), Some(epci)) =
        (holding(&header, &data.commune, rows, communes), holding(&header, &data.epci, rows, is_epci))
    else {
        return Err(refused(format!("colonnes lues : {}", header.join(", "))));
    };
    let nom = named(&header, &data.nom).next();
    let nature = named(&header, &data.nature).next();
    let annee = named(&header, &data.annee).next();
    let mut rows = Vec::new();
    let text = |cell: &[u8]| String::from_utf8_lossy(cell).into_owned();
    let seen = table
        .for_each::<TableError>(table.skip(), |line, record| {
            if record.iter().all(fields::is_blank) {
                return Ok(());
            }
            let cell = |i: usize| fields::clean(record.get(i).unwrap_or_default());
            rows.push(Row {
                line,
                commune: code(cell(commune)),
                epci: epci_code(cell(epci)),
                nom: nom.map(|i| text(cell(i))).unwrap_or_default(),
                nature: nature.map(|i| text(cell(i))).filter(|n| !n.is_empty()),
                annee: annee.and_then(|i| fields::integer(cell(i)).ok()?.try_into().ok()),
            });
            Ok(())
        })
        .map_err(|e| refused(e.to_string()))?;
    Ok((rows, table, seen))
}

/// A code that is none of a commune's, or no SIREN: a total, or what a spreadsheet lost.
fn impossible(row: &Row) -> Option<(&'static str, &str)> {
    if fields::commune(row.commune.as_bytes()).is_err() {
        return Some(("commune", &row.commune));
    }
    let siren = row.epci.len() == 9 && row.epci.bytes().all(|b| b.is_ascii_digit());
    let of_commune = row.epci.starts_with(&territory().appartenance.siren_communes);
    (!siren || of_commune).then_some(("epci", &row.epci))
}

/// The code of a commune as it should be, whatever a spreadsheet made of it; else the cell.
fn code(cell: &[u8]) -> String {
    match fields::five(cell) {
        Some(code) => String::from_utf8_lossy(&code).into_owned(),
        None => String::from_utf8_lossy(cell).into_owned(),
    }
}

/// The SIREN of an EPCI without spaces, decimals or the name before its brackets; else the cell.
fn epci_code(cell: &[u8]) -> String {
    match fields::siren(cell) {
        Ok(siren) if siren.digits[0] != b'0' => String::from_utf8_lossy(&siren.digits).into_owned(),
        _ => String::from_utf8_lossy(cell).into_owned(),
    }
}
