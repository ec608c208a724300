//! A CSV file of addresses, or of points: the same rows come back with the columns that the BAN API adds.

use std::collections::BTreeSet;

use csv::{StringRecord, WriterBuilder};
use rayon::prelude::*;

use super::{Geocoder, Hit, Kind, Query};
use crate::french::thousands;
use crate::reference::geocodage::geocodage;
use crate::registers::fields;
use crate::registers::headers::canonical;
use crate::registers::table::Block;
use crate::registers::text::{self, separator};

/// Columns added to addresses, in the order of the BAN API; the last one is this program's.
pub const SEARCH_COLUMNS: [&str; 19] = [
    "latitude",
    "longitude",
    "result_label",
    "result_score",
    "result_score_next",
    "result_type",
    "result_id",
    "result_housenumber",
    "result_name",
    "result_street",
    "result_postcode",
    "result_city",
    "result_context",
    "result_citycode",
    "result_oldcitycode",
    "result_oldcity",
    "result_district",
    "result_status",
    "result_interpolation",
];

/// Columns added to points.
pub const REVERSE_COLUMNS: [&str; 17] = [
    "result_latitude",
    "result_longitude",
    "result_label",
    "result_distance",
    "result_type",
    "result_id",
    "result_housenumber",
    "result_name",
    "result_street",
    "result_postcode",
    "result_city",
    "result_context",
    "result_citycode",
    "result_oldcitycode",
    "result_oldcity",
    "result_district",
    "result_status",
];

/// What is asked of a file. Names are those of its columns.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Columns that make up the address, in this order; none: all.
    pub columns: Vec<String>,
    /// Columns with the postcode, the code of the commune or the kind that answers must have.
    pub postcode: Option<String>,
    pub citycode: Option<String>,
    pub kind: Option<String>,
    /// Columns with a point: preferred by a search, asked by a reverse search.
    pub lat: Option<String>,
    pub lon: Option<String>,
    /// Columns to add; none: all.
    pub result_columns: Vec<String>,
    /// Guessed if it is not said.
    pub delimiter: Option<u8>,
    /// Begin with a mark that spreadsheets recognise.
    pub with_bom: bool,
}

/// Why a file cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    #[error("le fichier est vide : il lui faut une ligne de titres et des lignes d'adresses")]
    Empty,
    #[error("ce n'est pas un fichier de texte mais {found} ; {advice}")]
    Format { found: &'static str, advice: &'static str },
    #[error("ligne {line}, colonne {column} : {rule}")]
    Row { line: u64, column: usize, rule: String },
    #[error("le fichier n'a pas de colonne « {name} » (paramètre « {parameter} ») ; ses colonnes : {known}")]
    Column { parameter: &'static str, name: String, known: String },
    #[error(
        "le fichier n'a pas de colonnes « latitude » et « longitude » (ou « lat » et « lon ») ; ses colonnes \
            : {0}"
    )]
    NoPoint(String),
    #[error("« {0} » n'est pas une colonne de résultat ; colonnes possibles : {1}")]
    Result(String, String),
    #[error(
        "le fichier a {} lignes ; {} au plus : découpez-le",
        thousands(*rows as u64),
        thousands(*most as u64)
    )]
    TooLong { rows: usize, most: usize },
}

struct Table {
    delimiter: u8,
    titles: StringRecord,
    rows: Vec<StringRecord>,
    /// Rows that have more fields than titles: they get no answer.
    broken: BTreeSet<usize>,
}

/// Records among which the titles are looked for.
const ABOVE: usize = 30;

impl Table {
    fn read(bytes: &[u8], options: &Options, most: usize) -> Result<Self, TableError> {
        if let Some((found, advice)) = text::other_format(bytes) {
            return Err(TableError::Format { found, advice });
        }
        let (text, hint) = text::whole(bytes);
        let head =
            text.iter().enumerate().filter(|(_, b)| **b == b'\n').nth(50).map_or(text.len(), |(i, _)| i + 1);
        let sniffed = options.delimiter.or(hint).or_else(|| separator::sniff(&text[..head]));
        let mut all: Vec<StringRecord> = Vec::new();
        // A file of one column has no separator: no sign parts its fields, and those that are added come
        // behind commas.
        Block::of_text(&text, sniffed.unwrap_or(b'\t'), 0).for_each(|_, record| {
            all.push(record.iter().map(|c| String::from_utf8_lossy(c).into_owned()).collect());
        });
        let named =
            options.columns.iter().chain([&options.postcode, &options.citycode].into_iter().flatten());
        let named: Vec<&String> = named.collect();
        // The titles are the first record that has the columns asked for: the list may have a title above.
        let titles =
            all.iter().take(ABOVE).position(|r| named.iter().all(|n| place(r, n).is_some())).unwrap_or(0);
        let mut rest = all.split_off(titles.min(all.len())).into_iter();
        let titles = rest.next().unwrap_or_default();
        if titles.iter().all(|t| t.trim().is_empty()) {
            return Err(TableError::Empty);
        }
        let rows: Vec<StringRecord> = rest.collect();
        if rows.len() > most {
            return Err(TableError::TooLong { rows: rows.len(), most });
        }
        let too_many = |row: &StringRecord| row.iter().skip(titles.len()).any(|c| !c.trim().is_empty());
        let broken = rows.iter().enumerate().filter(|(_, row)| too_many(row)).map(|(i, _)| i).collect();
        Ok(Self { delimiter: sniffed.unwrap_or(b','), titles, rows, broken })
    }

    fn at(&self, name: &str) -> Option<usize> {
        place(&self.titles, name)
    }

    fn known(&self) -> String {
        self.titles.iter().collect::<Vec<_>>().join(", ")
    }

    fn need(&self, parameter: &'static str, name: Option<&String>) -> Result<Option<usize>, TableError> {
        let Some(name) = name else { return Ok(None) };
        match self.at(name) {
            Some(i) => Ok(Some(i)),
            None => Err(TableError::Column { parameter, name: name.clone(), known: self.known() }),
        }
    }

    /// The rows with `columns` behind; `value` gives the cell of a row.
    fn write(
        &self,
        options: &Options,
        columns: &[&'static str],
        value: impl Fn(usize, &'static str) -> String,
    ) -> Result<Vec<u8>, TableError> {
        let wanted: Vec<&'static str> = if options.result_columns.is_empty() {
            columns.to_vec()
        } else {
            let find = |n: &String| columns.iter().copied().find(|c| c == n);
            let all = || columns.join(", ");
            let one = |n: &String| find(n).ok_or_else(|| TableError::Result(n.clone(), all()));
            options.result_columns.iter().map(one).collect::<Result<_, _>>()?
        };
        let mut out = if options.with_bom { "\u{feff}".as_bytes().to_vec() } else { Vec::new() };
        let mut writer = WriterBuilder::new().delimiter(self.delimiter).from_writer(&mut out);
        // Writing to memory cannot fail but by the lengths of records, which are all the same here.
        let fault = |e: csv::Error| TableError::Row { line: 0, column: 0, rule: e.to_string() };
        writer.write_record(self.titles.iter().chain(wanted.iter().copied())).map_err(fault)?;
        for (i, row) in self.rows.iter().enumerate() {
            let own = (0..self.titles.len()).map(|c| row.get(c).unwrap_or("").to_owned());
            writer.write_record(own.chain(wanted.iter().map(|c| value(i, c)))).map_err(fault)?;
        }
        writer.flush().map_err(|e| fault(e.into()))?;
        drop(writer);
        Ok(out)
    }
}

/// The place of a column by its title, as it is written, else without case, accents and signs.
fn place(titles: &StringRecord, name: &str) -> Option<usize> {
    let name = name.trim();
    let plain = |t: &str| t.trim().trim_start_matches('\u{feff}').to_owned();
    let written = titles.iter().position(|t| plain(t) == name);
    written.or_else(|| titles.iter().position(|t| canonical(t) == canonical(name)))
}

/// A code of five signs, whatever a spreadsheet made of it.
fn five(code: &str) -> String {
    let cell = fields::clean(code.as_bytes());
    let plain = || format!("{:0>5}", String::from_utf8_lossy(cell)).to_uppercase();
    fields::five(cell).map_or_else(plain, |five| String::from_utf8_lossy(&five).into_owned())
}

fn cell(row: &StringRecord, column: Option<usize>) -> Option<String> {
    column.and_then(|c| row.get(c)).map(str::trim).filter(|v| !v.is_empty()).map(str::to_owned)
}

/// Degrees, with a point or a comma.
fn number(text: &str) -> Option<f64> {
    text.replace(',', ".").parse().ok().filter(|v: &f64| v.is_finite())
}

fn point(row: &StringRecord, lon: Option<usize>, lat: Option<usize>) -> Option<[f64; 2]> {
    let read = |c| cell(row, c).as_deref().and_then(number);
    let (lon, lat) = (read(lon)?, read(lat)?);
    ((-180.0..=180.0).contains(&lon) && (-90.0..=90.0).contains(&lat)).then_some([lon, lat])
}

/// The file with each row's best answer; also how many rows it has. `most`: rows at the most.
///
/// # Errors
/// The file is no table, is too long, or lacks a column that is named.
pub fn search(
    geocoder: &Geocoder,
    bytes: &[u8],
    options: &Options,
    most: usize,
) -> Result<(Vec<u8>, usize), TableError> {
    let table = Table::read(bytes, options, most)?;
    let columns: Vec<usize> = if options.columns.is_empty() {
        (0..table.titles.len()).collect()
    } else {
        let one = |name: &String| table.need("columns", Some(name)).map(|c| c.unwrap_or(0));
        options.columns.iter().map(one).collect::<Result<_, _>>()?
    };
    let postcode = table.need("postcode", options.postcode.as_ref())?;
    let citycode = table.need("citycode", options.citycode.as_ref())?;
    let kind = table.need("type", options.kind.as_ref())?;
    let (lat, lon) = (table.need("lat", options.lat.as_ref())?, table.need("lon", options.lon.as_ref())?);
    let queries: Vec<Query> = table
        .rows
        .iter()
        .map(|row| Query {
            text: columns.iter().filter_map(|c| row.get(*c)).map(str::trim).collect::<Vec<_>>().join(" "),
            postcode: cell(row, postcode).map(|p| five(&p)),
            citycode: cell(row, citycode).map(|c| five(&c)),
            kind: cell(row, kind).and_then(|k| Kind::of(&k)),
            near: point(row, lon, lat),
            ..Query::new("")
        })
        .collect();
    let hits = geocoder.batch(&queries);
    let written = table.write(options, &SEARCH_COLUMNS, |i, column| match hits[i].first() {
        _ if table.broken.contains(&i) => if column == "result_status" { "error" } else { "" }.to_owned(),
        Some(hit) => search_cell(hit, column),
        None if column == "result_status" => {
            if queries[i].text.trim().is_empty() { "skipped" } else { "not-found" }.to_owned()
        }
        None => String::new(),
    })?;
    Ok((written, table.rows.len()))
}

/// The file of points with the address nearest to each; also how many rows it has.
///
/// # Errors
/// The file is no table, is too long, or has no columns of points.
pub fn reverse(
    geocoder: &Geocoder,
    bytes: &[u8],
    options: &Options,
    most: usize,
) -> Result<(Vec<u8>, usize), TableError> {
    let table = Table::read(bytes, options, most)?;
    let usual = |names: [&str; 4]| names.iter().find_map(|n| table.at(n));
    let lat =
        table.need("lat", options.lat.as_ref())?.or_else(|| usual(["latitude", "lat", "LATITUDE", "LAT"]));
    let lon = table.need("lon", options.lon.as_ref())?.or_else(|| {
        usual(["longitude", "lon", "lng", "long"]).or_else(|| usual(["LONGITUDE", "LON", "LNG", "LONG"]))
    });
    let (Some(lat), Some(lon)) = (lat, lon) else { return Err(TableError::NoPoint(table.known())) };
    let answers: Vec<Result<Option<Hit>, &str>> = table
        .rows
        .par_iter()
        .enumerate()
        .map(|(i, row)| match point(row, Some(lon), Some(lat)) {
            _ if table.broken.contains(&i) => Err("error"),
            Some([x, y]) => Ok(geocoder.reverse(x, y, &Query::new("")).into_iter().next()),
            None if cell(row, Some(lon)).is_none() && cell(row, Some(lat)).is_none() => Err("skipped"),
            None => Err("error"),
        })
        .collect();
    let written = table.write(options, &REVERSE_COLUMNS, |i, column| match &answers[i] {
        Ok(Some(hit)) => match column {
            "result_latitude" => hit.lat.to_string(),
            "result_longitude" => hit.lon.to_string(),
            "result_distance" => hit.distance.map_or_else(String::new, |d| format!("{d:.0}")),
            _ => search_cell(hit, column),
        },
        other if column == "result_status" => other.as_ref().err().copied().unwrap_or("not-found").to_owned(),
        _ => String::new(),
    })?;
    Ok((written, table.rows.len()))
}

fn search_cell(hit: &Hit, column: &str) -> String {
    let text = |t: &Option<String>| t.clone().unwrap_or_default();
    match column {
        "latitude" => hit.lat.to_string(),
        "longitude" => hit.lon.to_string(),
        "result_label" => hit.label.clone(),
        "result_score" => format!("{:.4}", hit.score),
        "result_score_next" => hit.score_next.map_or_else(String::new, |s| format!("{s:.4}")),
        "result_type" => hit.kind.id().to_owned(),
        "result_id" => hit.id.clone(),
        "result_housenumber" => text(&hit.housenumber),
        "result_name" => hit.name.clone(),
        "result_street" => text(&hit.street),
        "result_postcode" => hit.postcode.clone(),
        "result_city" => hit.city.clone(),
        "result_context" => geocodage().context(&hit.citycode),
        "result_citycode" => hit.citycode.clone(),
        "result_oldcitycode" => text(&hit.oldcitycode),
        "result_oldcity" => text(&hit.oldcity),
        "result_status" => "ok".to_owned(),
        "result_interpolation" => if hit.interpolated { "oui" } else { "" }.to_owned(),
        // Arrondissements are communes of their own in the imported BAN.
        _ => String::new(),
    }
}
