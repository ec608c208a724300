//! Which register a table is: by its header, then by what its rows say of their year.

use std::collections::BTreeMap;
use std::path::Path;

use csv::ByteRecord;

use super::{Couche, Kind, Verdict, bare, year_text};
use crate::reference::attributions::attributions;
use crate::reference::ban::ban;
use crate::reference::demandes::demandes;
use crate::reference::magasin::magasin;
use crate::reference::ops::ops;
use crate::reference::registre::Registre;
use crate::reference::thresholds::thresholds;
use crate::registers::fields;
use crate::registers::headers::canonical;
use crate::registers::intake::{Column, Layout};
use crate::registers::kit::recognise::recognises;
use crate::registers::kit::years::year_in;
use crate::registers::rpls;
use crate::registers::table::{Table, TableError};
use crate::registers::zones::{departement_of, membership_census, membership_columns};

/// Columns of allocations that a file must have to be one: no single column is mandatory there.
const LEASE_COLUMNS: usize = 4;
/// A year that at least this share of rows has is not a slip of the pen.
const NOTICED: f64 = 0.001;
/// Years between the last lease and the millésime: a file is of the year that follows.
const LAG: u16 = 3;
/// Share of the lines of a table of communes that place one in its EPCI.
const MEMBERS: f64 = 0.9;

/// The header of some register is among these rows.
pub(super) fn is_any(head: &[Vec<String>]) -> bool {
    ["rpls", "ops", "addresses", "thresholds"].iter().any(|r| recognises(r, head))
        || head.iter().any(|row| is_leases(row) || is_demands(row) || membership_columns(row).is_some())
}

pub(super) fn of(path: &Path, file: &str) -> Verdict {
    match told(path, file) {
        Ok(verdict) => verdict,
        Err(e) => Verdict::Unknown { why: bare(&e.to_string(), path) },
    }
}

fn told(path: &Path, file: &str) -> Result<Verdict, TableError> {
    let mut table = Table::open(path)?;
    if let Some(millesime) = rpls::collection_year(&table) {
        let because = "fichier de collecte à 64 champs, année de sa première ligne".to_owned();
        return Ok(Verdict::Known { kind: Kind::Rpls { millesime }, because });
    }
    if table.seek(rpls::is_header)? {
        return dwellings(&table, file);
    }
    if let Ok(ops) = ops() {
        for registre in [&ops.reponse, &ops.agregat] {
            if table.seek(|row| Layout::new(registre, row).is_ok())? {
                return surveyed(&table, registre, file);
            }
        }
    }
    if let Ok(ban) = ban()
        && table.seek(|row| Layout::new(&ban.registre, row).is_ok())?
    {
        return addresses(&table, &ban.registre);
    }
    if let Ok(t) = thresholds()
        && table.seek(|row| Layout::new(&t.registre, row).is_ok())?
    {
        return Ok(limits(&table, &t.registre, file));
    }
    if let Ok(d) = demandes()
        && table.seek(is_demands)?
    {
        return demands(&table, &d.registre, file);
    }
    if let Ok(a) = attributions()
        && table.seek(is_leases)?
    {
        return leases(&table, &a.registre, file);
    }
    if table.seek(|row| membership_columns(row).is_some())? {
        return Ok(members(path, file));
    }
    let header = table.head.first().map(|h| h.iter().take(8).cloned().collect::<Vec<_>>().join(", "));
    Ok(Verdict::Unknown {
        why: format!(
            "aucun registre n'a ces colonnes : {}",
            header.filter(|h| !h.is_empty()).unwrap_or_else(|| "aucune".to_owned())
        ),
    })
}

/// A day of lease or of commission, and a few other columns of the SNE's extract.
fn is_leases(row: &[String]) -> bool {
    let Ok(a) = attributions() else { return false };
    let Ok(layout) = Layout::new(&a.registre, row) else { return false };
    let has = |name: &str| layout.column(name).at.is_some();
    let known = a.registre.colonnes.iter().filter(|c| has(&c.nom)).count();
    (has("date_bail") || has("date_caleol")) && known >= LEASE_COLUMNS
}

/// Demands of the SNE; the waiting list that the plan takes names an EPCI a row, and is no register.
fn is_demands(row: &[String]) -> bool {
    let listed = row.iter().any(|h| canonical(h) == "EPCI");
    !listed && demandes().is_ok_and(|d| Layout::new(&d.registre, row).is_ok())
}

/// Where a header has the column that says the year.
fn year_column(header: &[String]) -> Option<usize> {
    let names = &magasin().ok()?.annee.colonnes;
    header.iter().position(|h| names.contains(&canonical(h).replace('_', "")))
}

/// The column that says the year in the first rows, and the years that it says.
#[must_use]
pub fn declared_years(head: &[Vec<String>]) -> Option<(&str, Vec<&str>)> {
    let (header, rows) = head.split_first()?;
    let at = year_column(header)?;
    let mut found: Vec<&str> = rows.iter().filter_map(|r| r.get(at)).map(|c| c.trim()).collect();
    found.retain(|c| c.len() == 4 && c.bytes().all(|b| b.is_ascii_digit()));
    found.sort_unstable();
    found.dedup();
    Some((header[at].trim(), found))
}

/// The column that says the year, and how many rows say each: of a file that is not too large, all rows.
///
/// # Errors
/// The file cannot be read.
pub fn years_of_rows(table: &Table) -> Result<Option<(String, BTreeMap<String, u64>)>, TableError> {
    let Some(header) = table.head.first() else { return Ok(None) };
    let Some(at) = year_column(header) else { return Ok(None) };
    let mut years: BTreeMap<String, u64> = BTreeMap::new();
    look_at(table, table.text.size <= WHOLE, |record| {
        let cell = fields::unfloat(fields::clean(record.get(at).unwrap_or_default()));
        if cell.len() == 4 && cell.iter().all(u8::is_ascii_digit) {
            *years.entry(String::from_utf8_lossy(cell).into_owned()).or_default() += 1;
        }
    })?;
    Ok(Some((header[at].trim().to_owned(), years)))
}

/// Bytes of a file that is read once more for the year of each row.
const WHOLE: u64 = 256 << 20;

/// Looks at the first rows of a table, or at all.
fn look_at(table: &Table, whole: bool, mut look: impl FnMut(&ByteRecord)) -> Result<(), TableError> {
    if !whole {
        return table.survey(table.skip(), |_, record| look(record));
    }
    table.for_each::<TableError>(table.skip(), |_, record| {
        look(record);
        Ok(())
    })?;
    Ok(())
}

fn dwellings(table: &Table, file: &str) -> Result<Verdict, TableError> {
    if let Some((column, years)) = declared_years(&table.head)
        && let [one] = years[..]
        && let Ok(millesime) = one.parse()
    {
        let because = format!("colonnes du RPLS, année en « {column} »");
        return Ok(Verdict::Known { kind: Kind::Rpls { millesime }, because });
    }
    let header = table.head.first().cloned().unwrap_or_default();
    let columns: Vec<usize> = ["LOCAT", "CONSTRUCT"]
        .iter()
        .filter_map(|wanted| header.iter().position(|h| canonical(h) == *wanted))
        .collect();
    let said = year_in(file);
    let fits = |last: u16| said.is_some_and(|year| last <= year && year <= last + LAG);
    // A file may begin with old buildings: all of it is read before its first rows are held against its name.
    let mut latest = latest_letting(table, &columns, false)?;
    if !latest.is_some_and(fits) {
        latest = latest_letting(table, &columns, true)?;
    }
    Ok(match (said, latest) {
        (Some(year), Some(last)) if fits(last) => Verdict::Known {
            kind: Kind::Rpls { millesime: year },
            because: format!(
                "colonnes du RPLS, année du nom du fichier ; dernière mise en location : {last}"
            ),
        },
        (Some(year), Some(last)) => Verdict::Doubtful {
            kinds: vec![Kind::Rpls { millesime: year }, Kind::Rpls { millesime: last }],
            why: format!("le nom du fichier dit {year}, ses logements vont jusqu'à {last}"),
        },
        (None, Some(last)) => Verdict::Doubtful {
            kinds: vec![Kind::Rpls { millesime: last }, Kind::Rpls { millesime: last + 1 }],
            why: format!(
                "RPLS sans année ni dans ses colonnes ni dans son nom ; ses logements vont jusqu'à {last}"
            ),
        },
        (Some(year), None) => Verdict::Known {
            kind: Kind::Rpls { millesime: year },
            because: "colonnes du RPLS, année du nom du fichier".to_owned(),
        },
        (None, None) => Verdict::Unknown {
            why: "RPLS dont aucune colonne, ni le nom du fichier, ne dit l'année".to_owned(),
        },
    })
}

/// The last year that enough dwellings were let for the first time or built in, of the first rows or of all.
fn latest_letting(table: &Table, columns: &[usize], whole: bool) -> Result<Option<u16>, TableError> {
    let mut years: BTreeMap<u16, u64> = BTreeMap::new();
    let mut rows = 0u64;
    look_at(table, whole, |record| {
        rows += 1;
        let cells = columns.iter().filter_map(|at| record.get(*at)).map(fields::clean);
        let of = |cell: &[u8]| std::str::from_utf8(cell).ok()?.split('.').next()?.parse::<u16>().ok();
        if let Some(year) = cells.filter_map(of).filter(|y| (1900..=2100).contains(y)).max() {
            *years.entry(year).or_default() += 1;
        }
    })?;
    let least = ((rows as f64 * NOTICED) as u64).max(1);
    Ok(years.iter().rev().find(|(_, n)| **n >= least).map(|(year, _)| *year))
}

fn surveyed(table: &Table, registre: &Registre, file: &str) -> Result<Verdict, TableError> {
    let column = column(table, registre, "vague");
    let mut waves: BTreeMap<u16, u64> = BTreeMap::new();
    table.for_each::<TableError>(table.skip(), |_, record| {
        let cell = column.cell(record).and_then(|c| std::str::from_utf8(c).ok());
        if let Some(wave) = cell.and_then(|c| c.split('.').next()?.parse().ok()) {
            *waves.entry(wave).or_default() += 1;
        }
        Ok(())
    })?;
    let waves: Vec<u16> = noticed(&waves);
    Ok(match (&waves[..], year_in(file)) {
        ([vague], _) => Verdict::Known {
            kind: Kind::Ops { vague: *vague },
            because: format!("colonnes de l'enquête OPS, vague en « {} »", column.header),
        },
        ([], Some(vague)) => Verdict::Known {
            kind: Kind::Ops { vague },
            because: "colonnes de l'enquête OPS, année du nom du fichier".to_owned(),
        },
        ([], None) => Verdict::Unknown { why: "enquête OPS dont aucune ligne ne dit la vague".to_owned() },
        (several, _) => Verdict::Doubtful {
            kinds: several.iter().map(|v| Kind::Ops { vague: *v }).collect(),
            why: "le fichier a plusieurs vagues : un import en prend une".to_owned(),
        },
    })
}

fn addresses(table: &Table, registre: &Registre) -> Result<Verdict, TableError> {
    let column = column(table, registre, "code_insee");
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    table.for_each::<TableError>(table.skip(), |_, record| {
        let code = column.cell(record).and_then(fields::five);
        if let Some(dep) = code.and_then(|c| departement_of(&String::from_utf8_lossy(&c))) {
            *counts.entry(dep).or_default() += 1;
        }
        Ok(())
    })?;
    let found = noticed(&counts);
    if found.is_empty() {
        return Ok(Verdict::Unknown { why: "adresses (BAN) sans code de commune lisible".to_owned() });
    }
    let because = format!("colonnes de la BAN, communes en « {} »", column.header);
    Ok(Verdict::Known { kind: Kind::Addresses { departements: found.join(",") }, because })
}

fn limits(table: &Table, registre: &Registre, file: &str) -> Verdict {
    let column = column(table, registre, "annee");
    let because = match column.at {
        Some(_) => format!("colonnes des seuils, année en « {} »", column.header),
        None => "colonnes des seuils, année du nom du fichier".to_owned(),
    };
    match (column.at, year_in(file)) {
        (Some(_), _) => Verdict::Known { kind: Kind::Thresholds { annee: None }, because },
        (None, Some(year)) => Verdict::Known { kind: Kind::Thresholds { annee: Some(year) }, because },
        (None, None) => Verdict::Unknown {
            why: "seuils du premier quartile sans année, ni en colonne ni dans le nom : mosaique import thresholds FICHIER --year ANNÉE"
                .to_owned(),
        },
    }
}

fn leases(table: &Table, registre: &Registre, file: &str) -> Result<Verdict, TableError> {
    let [lease, board] = ["date_bail", "date_caleol"].map(|c| column(table, registre, c));
    let mut years: BTreeMap<u16, u64> = BTreeMap::new();
    let mut rows = 0u64;
    table.for_each::<TableError>(table.skip(), |_, record| {
        let of = |c: &Column| c.cell(record).and_then(|cell| Some(c.date(cell).ok()?.0.year));
        if let Some(year) = of(&lease).or_else(|| of(&board)) {
            rows += 1;
            *years.entry(year).or_default() += 1;
        }
        Ok(())
    })?;
    let most = years.iter().max_by_key(|(_, n)| **n).map(|(y, n)| (*y, *n));
    let enough = magasin().map_or(0.5, |m| m.doutes.hors_annee_max);
    Ok(match (most, year_in(file)) {
        (Some((annee, n)), _) if n as f64 > enough * rows as f64 => Verdict::Known {
            kind: Kind::Attributions { annee },
            because: format!("colonnes des attributions, {n} dates sur {rows} de {annee}"),
        },
        (None, Some(annee)) => Verdict::Known {
            kind: Kind::Attributions { annee },
            because: "colonnes des attributions, année du nom du fichier".to_owned(),
        },
        (None, None) => Verdict::Unknown { why: "attributions dont aucune date ne se lit".to_owned() },
        (Some(_), _) => Verdict::Doubtful {
            kinds: noticed(&years).into_iter().map(|annee| Kind::Attributions { annee }).collect(),
            why: "aucune année n'a la plupart des dates".to_owned(),
        },
    })
}

/// Demands as they were on a day: the end of the year that the file's name says and no date contradicts.
fn demands(table: &Table, registre: &Registre, file: &str) -> Result<Verdict, TableError> {
    let columns = ["date_depot", "date_renouvellement", "date_radiation"].map(|c| column(table, registre, c));
    let mut days: BTreeMap<u32, u64> = BTreeMap::new();
    table.for_each::<TableError>(table.skip(), |_, record| {
        let of = |c: &Column| c.cell(record).and_then(|cell| c.date(cell).ok()?.0.yyyymmdd());
        if let Some(day) = columns.iter().filter_map(of).max() {
            *days.entry(day).or_default() += 1;
        }
        Ok(())
    })?;
    let last = days.keys().next_back().copied();
    Ok(match (year_in(file), last) {
        (Some(year), Some(last)) if last / 10_000 <= u32::from(year) => Verdict::Known {
            kind: Kind::Demandes { extrait: u32::from(year) * 10_000 + 1231 },
            because: "colonnes des demandes, année du nom du fichier".to_owned(),
        },
        (_, Some(last)) => Verdict::Doubtful {
            kinds: vec![
                Kind::Demandes { extrait: last },
                Kind::Demandes { extrait: last / 10_000 * 10_000 + 1231 },
            ],
            why: "demandes dont rien ne dit le jour de l'extrait".to_owned(),
        },
        (_, None) => Verdict::Unknown { why: "demandes dont aucune date ne se lit".to_owned() },
    })
}

/// Every row is a commune, each once, with an EPCI.
fn members(path: &Path, file: &str) -> Verdict {
    let generation = year_text(file);
    let year = generation.as_deref().and_then(|y| y.parse().ok());
    match membership_census(path, year) {
        Ok((sound, rows)) if rows > 0 && sound as f64 >= MEMBERS * rows as f64 => Verdict::Known {
            kind: Kind::Zones { couche: Couche::Appartenance, generation },
            because: format!("{sound} communes, chacune avec son EPCI"),
        },
        Ok((sound, rows)) => Verdict::Unknown {
            why: format!(
                "colonnes de commune et d'EPCI, mais {sound} communes distinctes pour {rows} lignes"
            ),
        },
        Err(e) => Verdict::Unknown { why: bare(&e.to_string(), path) },
    }
}

fn column(table: &Table, registre: &Registre, name: &str) -> Column {
    let header = table.head.first().map_or(&[][..], Vec::as_slice);
    Layout::new(registre, header).map_or_else(|_| Column::absent(name), |l| l.column(name))
}

/// Values that enough rows have.
fn noticed<K: Clone>(counts: &BTreeMap<K, u64>) -> Vec<K> {
    let all: u64 = counts.values().sum();
    let least = all as f64 * NOTICED;
    counts.iter().filter(|(_, n)| **n as f64 >= least).map(|(k, _)| k.clone()).collect()
}
