//! Which commune is in which EPCI: a CSV `commune;epci;nom`, or the JSON of EPCI with their members.

use std::path::Path;

use polars::prelude::*;
use serde::Deserialize;

use super::attributes::key;
use super::error::ZonesError;
use super::findings::Findings;
use super::{ZonesOptions, open};
use crate::reference::territory::territory;
use crate::registers::output::Output;
use crate::registers::report::Report;

#[derive(Deserialize)]
struct Epci {
    code: String,
    nom: String,
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
    report.encodage = encoding.to_owned();
    let rows = if text.trim_start().starts_with(['[', '{']) {
        report.format = "appartenance aux EPCI, JSON".to_owned();
        json(&file, &text)?
    } else {
        report.format = "appartenance aux EPCI, CSV".to_owned();
        let (rows, separator) = csv(&file, &text)?;
        report.separateur = separator.to_string();
        rows
    };
    if annee.is_none() {
        report.remarques.push(
            "année d'appartenance non précisée : la composition est réputée valable pour toutes".to_owned(),
        );
    }
    report.lignes_lues = rows.len() as u64;
    let data = &territory().appartenance;
    let mut findings = Findings::new(out.findings()?, &mut report);
    let mut seen = std::collections::BTreeMap::new();
    for row in rows {
        if !row.commune.is_empty() && data.sans_epci.contains(&row.epci) {
            // Islands without EPCI: a code of the file that stands for none.
            findings.report().count("communes_sans_epci", 1);
        } else if row.commune.is_empty() || row.epci.is_empty() {
            findings.add(
                "A01",
                row.line,
                "commune",
                &row.commune,
                "la commune ou le SIREN de l'EPCI manque".to_owned(),
            )?;
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
    report.count("epci", seen.values().map(|v| &v.0).collect::<std::collections::BTreeSet<_>>().len() as u64);
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
        })
    });
    Ok(rows.collect())
}

fn csv(file: &str, text: &str) -> Result<(Vec<Row>, char), ZonesError> {
    let refused = |message: String| ZonesError::NotMembership { file: file.to_owned(), message };
    let head = text.lines().next().unwrap_or_default();
    let separator = [';', '\t', ',', '|'].into_iter().max_by_key(|c| head.matches(*c).count()).unwrap_or(';');
    let mut reader =
        csv::ReaderBuilder::new().delimiter(separator as u8).flexible(true).from_reader(text.as_bytes());
    let names: Vec<String> = reader.headers().map_err(|e| refused(e.to_string()))?.iter().map(key).collect();
    let find = |aliases: &[String]| aliases.iter().find_map(|a| names.iter().position(|n| *n == key(a)));
    let data = &territory().appartenance;
    let (Some(commune), Some(epci)) = (find(&data.commune), find(&data.epci)) else {
        return Err(refused(format!("colonnes lues : {head}")));
    };
    let nom = find(&data.nom);
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| refused(e.to_string()))?;
        let cell = |i: usize| record.get(i).unwrap_or_default().trim().to_owned();
        let line = record.position().map_or(0, csv::Position::line);
        let commune = cell(commune);
        // A spreadsheet ate the zero of départements 01 to 09.
        let lost = !commune.is_empty() && commune.len() < 5 && commune.chars().all(|c| c.is_ascii_digit());
        let commune = if lost { format!("{commune:0>5}") } else { commune };
        rows.push(Row { line, commune, epci: cell(epci), nom: nom.map(cell).unwrap_or_default() });
    }
    Ok((rows, separator))
}
