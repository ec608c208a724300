//! Which generation of RPLS a file is, and where its columns are.

use crate::reference::registre::NOTHING;
use crate::reference::rpls::{Rpls, rpls};
use crate::registers::fields;
use crate::registers::headers::{self, Known};
use crate::registers::kit::habit::{Habit, Observed};
use crate::registers::kit::numbers::{self, Kind};
use crate::registers::table::Table;

use super::RplsError;

macro_rules! cols {
    ($($name:ident),* $(,)?) => {
        /// The columns that are read, by their canonical names.
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Col { $($name),* }

        const COLS: &[(&str, Col)] = &[$((stringify!($name), Col::$name)),*];
    };
}

cols!(
    DEPCOM,
    NOMVOIE,
    NBPIECE,
    SURFHAB,
    CONSTRUCT,
    FINAN,
    IDENT_REP,
    IDENT_INT,
    SIRET,
    RS,
    CODEPOSTAL,
    LIBCOM,
    NUMVOIE,
    INDREP,
    TYPVOIE,
    NUMAPPT,
    ETAGE,
    COMPLIDENT,
    ESC,
    ENTREE,
    BAT,
    IMMEU,
    COMPLGEO,
    QPV,
    TYPECONST,
    LOCAT,
    PATRIMOINE,
    ORIGINE,
    DROIT,
    CONV,
    NUMCONV,
    SORTIEPATRIM,
    MODE,
    BAIL,
    ANNEE_BAIL,
    MOIS_BAIL,
    DATE_DEP_DERLOCAT,
    DUREE_VACANCE,
    LOYERPRINC,
    CUS,
    DPEDATE,
    DPEENERGIE,
    DPESERRE,
    SRU_EXPIR,
    SRU_ALINEA,
    CODSEGPATRIM,
    CONTRESLOG,
    EPSG,
    X,
    Y,
    LONGITUDE,
    LATITUDE,
    GEO_POINT,
    RESULT_SCORE,
    RESULT_TYPE,
    QUALITE_XY,
    DISTANCE_PRECISION,
    PLG_QP24,
    PLG_QP15,
    PLG_IRIS,
);

/// Rows by which a column is judged.
const SURVEYED: usize = 20_000;

/// Who sent a collection file: its first line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Organisation {
    pub year: Option<u16>,
    pub siren: Option<String>,
    /// As the file writes it.
    pub siret: String,
    pub name: Option<String>,
    /// Number of dwellings that the line announces.
    pub announced: Option<u64>,
}

/// How to read one file.
#[derive(Debug)]
pub(super) struct Layout {
    index: Vec<Option<usize>>,
    /// Columns that mean the same, read where the first is empty.
    also: Vec<Vec<usize>>,
    names: Vec<String>,
    empty: Vec<EmptyCells>,
    /// How each column writes what can be read in two ways.
    habits: Vec<Habit>,
    /// The header as the file writes it; empty if it has none.
    pub header: Vec<String>,
    /// Fields of a sound record.
    pub width: usize,
    /// Those up to the last name of the header.
    pub full: usize,
    /// Fields that a row cannot do without.
    pub reach: usize,
    /// A column that counts the dwellings of a row.
    pub counting: Option<(usize, String)>,
    /// The column of IRIS has their four last digits, zeros lost.
    pub short_iris: bool,
    /// Columns without a name, not looked at (nor for duplicates).
    pub unnamed: Vec<usize>,
    /// Header records to skip.
    pub skip: usize,
    /// Extra description records among them.
    pub descriptions: usize,
    pub organisation: Option<Organisation>,
    /// In French, for the report.
    pub label: &'static str,
    pub unknown: Vec<String>,
    pub repeated: Vec<String>,
}

impl Layout {
    /// Recognises the file from its first records.
    ///
    /// # Errors
    /// The file is not RPLS; the error says what was expected and what is missing.
    pub fn recognise(table: &mut Table, millesime: u16) -> Result<Self, RplsError> {
        let reference = rpls();
        if let Some(mut layout) = Self::collection(table, reference) {
            let siret = layout.organisation.as_ref().map(|o| o.siret.clone()).unwrap_or_default();
            if fields::lost(siret.as_bytes()) {
                let (path, line) = (table.text.path().to_owned(), table.header_line);
                return Err(RplsError::LostOrganisation { path, line, siret });
            }
            layout.survey(table)?;
            return Ok(layout);
        }
        let known = known(reference, millesime);
        table.seek(|record| missing(reference, &headers::resolve(record, &known)).is_empty())?;
        let header = table.head.first().cloned().unwrap_or_default();
        let found = headers::resolve(&header, &known);
        let missing = missing(reference, &found);
        if !missing.is_empty() {
            let mut seen: Vec<String> = header.iter().take(12).map(|h| shorten(h)).collect();
            if header.len() > seen.len() {
                seen.push(format!("… ({} en tout)", header.len()));
            }
            return Err(RplsError::NotRpls {
                path: table.text.path().to_owned(),
                missing: missing.join(", "),
                found: seen.join(", "),
            });
        }
        let mut layout = Self::at(reference, |name| found.get(name), &header);
        layout.also = COLS.iter().map(|(name, _)| found.also(name).to_vec()).collect();
        layout.label = generation(&found, &header);
        layout.unnamed.clone_from(&found.unnamed);
        layout.unknown.clone_from(&found.unknown);
        layout.repeated.clone_from(&found.repeated);
        layout.descriptions = descriptions(&layout, &table.head);
        layout.skip = table.skip() + layout.descriptions;
        layout.counting = header.iter().enumerate().find_map(|(i, name)| {
            let word = headers::canonical(name);
            let counts = reference.comptage.colonnes.contains(&word)
                && found.unknown.contains(&name.trim().to_owned());
            counts.then(|| (i, name.trim().to_owned()))
        });
        layout.survey(table)?;
        Ok(layout)
    }

    /// The SIREN of one more line of organism: collection files that were put end to end.
    pub fn organisation_again(&self, record: &csv::ByteRecord) -> Option<String> {
        self.organisation.as_ref()?;
        let (first, siret) = (record.get(0)?, fields::clean(record.get(9)?));
        let year = fields::integer(fields::clean(first)).is_ok_and(|year| (2009..=2100).contains(&year));
        let alone = record.len() >= 12 && record.iter().skip(12).all(fields::is_blank);
        (year && alone).then(|| siren_of(siret)).flatten()
    }

    /// Learns the habits of the columns that have some, and whether the first rows are dwellings.
    fn survey(&mut self, table: &Table) -> Result<(), RplsError> {
        const COLUMNS: [Col; 9] = [
            Col::BAIL,
            Col::DATE_DEP_DERLOCAT,
            Col::DPEDATE,
            Col::LOYERPRINC,
            Col::SURFHAB,
            Col::X,
            Col::Y,
            Col::DISTANCE_PRECISION,
            Col::NBPIECE,
        ];
        let mut seen = vec![Observed::default(); COLUMNS.len()];
        let (mut rows, mut several) = (0, None);
        let mut short_iris = false;
        let (mut alike, mut places) = (true, std::collections::BTreeSet::new());
        // A column that counts rows from 1 (or 0) on counts no dwellings.
        let mut ranks = [true; 2];
        table.survey(self.skip, |line, record| {
            if rows < SURVEYED {
                for (col, seen) in COLUMNS.iter().zip(&mut seen) {
                    seen.see(self.cell(record, *col));
                }
                let [commune, postcode] =
                    [Col::DEPCOM, Col::CODEPOSTAL].map(|col| fields::five(self.cell(record, col)));
                alike &= commune.is_some() && commune == postcode;
                places.extend(commune);
                let iris = fields::unfloat(self.cell(record, Col::PLG_IRIS));
                short_iris |= (1..=4).contains(&iris.len()) && iris.iter().all(u8::is_ascii_digit);
            }
            rows += 1;
            if let (Some(n), true) = (self.dwellings(record), ranks[0] || ranks[1]) {
                let row = f64::from(u32::try_from(rows).unwrap_or(u32::MAX));
                ranks = [ranks[0] && n == row, ranks[1] && n == row - 1.0];
            }
            if several.is_none() && self.dwellings(record).is_some_and(|n| n != 1.0) {
                several = self.counting.as_ref().map(|(i, _)| {
                    (line, String::from_utf8_lossy(record.get(*i).unwrap_or(b"")).into_owned())
                });
            }
        })?;
        if alike && places.len() > 1 {
            let (path, line) = (table.text.path().to_owned(), table.header_line);
            return Err(RplsError::Postcodes { path, line, column: self.name(Col::DEPCOM).to_owned() });
        }
        self.short_iris = short_iris;
        for (col, seen) in COLUMNS.iter().zip(seen) {
            self.habits[*col as usize] = seen.habit();
        }
        // X and Y are written alike: « 927.500 » beside « 6.500.000 » has thousands.
        let mut both = self.habits[Col::X as usize].numbers;
        both.merge(self.habits[Col::Y as usize].numbers);
        for col in [Col::X, Col::Y] {
            self.habits[col as usize].numbers = both;
        }
        if rows > 1 && (ranks[0] || ranks[1]) {
            self.counting = None;
        }
        match (several, &self.counting) {
            (Some((line, value)), Some((_, column))) => Err(RplsError::Several {
                path: table.text.path().to_owned(),
                line,
                column: column.clone(),
                value: value.trim().to_owned(),
            }),
            _ => Ok(()),
        }
    }

    /// Dwellings of a row, in a file that counts them; `None` when it does not say.
    pub fn dwellings(&self, record: &csv::ByteRecord) -> Option<f64> {
        let cell = super::cells::trim(record.get(self.counting.as_ref()?.0)?);
        numbers::read(cell, &numbers::Seen::default(), Kind::Number).ok().map(|r| r.value)
    }

    /// How a column writes what can be read in two ways.
    pub fn habit(&self, col: Col) -> &Habit {
        &self.habits[col as usize]
    }

    fn collection(table: &Table, reference: &Rpls) -> Option<Self> {
        let (year, first, _) = collection_lines(table)?;
        let fields = &reference.collecte.champs;
        let mut layout = Self::at(reference, |name| fields.iter().position(|f| f == name), fields);
        layout.width = fields.len();
        layout.full = layout.width;
        layout.label = "fichier de collecte d'un bailleur (64 champs sans en-tête)";
        layout.skip = table.skip();
        let text = |i: usize| Some(first[i].trim().to_owned()).filter(|t| !t.is_empty());
        layout.organisation = Some(Organisation {
            year: Some(year),
            siren: text(9).and_then(|siret| siren_of(siret.as_bytes())),
            siret: text(9).unwrap_or_default(),
            name: text(2).or_else(|| text(3)),
            announced: text(10).and_then(|n| n.parse().ok()),
        });
        // A spreadsheet leaves out the empty cells at the end of a row.
        layout.reach = LEAST;
        Some(layout)
    }

    fn at(reference: &Rpls, find: impl Fn(&str) -> Option<usize>, header: &[String]) -> Self {
        let index: Vec<Option<usize>> = COLS.iter().map(|(name, _)| find(name)).collect();
        let names = COLS
            .iter()
            .zip(&index)
            .map(|((name, _), i)| {
                i.and_then(|i| header.get(i)).map_or_else(|| (*name).to_owned(), |h| h.trim().to_owned())
            })
            .collect();
        let empty = COLS
            .iter()
            .map(|(name, _)| {
                let own = reference.colonnes.iter().find(|c| c.nom == *name).map_or(&[][..], |c| &c.vides);
                let zone: &[String] = if name.starts_with("PLG_") { &reference.vides_zone } else { &[] };
                EmptyCells::new(
                    reference.vides.iter().chain(own).chain(zone).map(String::as_str).chain(NOTHING),
                )
            })
            .collect();
        let mandatory = COLS
            .iter()
            .filter(|(name, _)| reference.colonnes.iter().any(|c| c.obligatoire && c.nom == *name));
        let reach = mandatory.filter_map(|(_, col)| index[*col as usize]).map(|i| i + 1).max().unwrap_or(0);
        Self {
            index,
            also: vec![Vec::new(); COLS.len()],
            names,
            empty,
            habits: vec![Habit::default(); COLS.len()],
            header: header.to_vec(),
            width: header.len(),
            full: headers::named(header),
            reach,
            counting: None,
            short_iris: false,
            unnamed: Vec::new(),
            skip: 1,
            descriptions: 0,
            organisation: None,
            label: "",
            unknown: Vec::new(),
            repeated: Vec::new(),
        }
    }

    /// The cell of a column, trimmed; empty if the file lacks the column or the cell says nothing.
    pub fn cell<'r>(&self, record: &'r csv::ByteRecord, col: Col) -> &'r [u8] {
        let empty = &self.empty[col as usize];
        let filled = |i: &usize| Some(self.at_place(record, *i)).filter(|cell| !empty.holds(cell));
        let Some(first) = &self.index[col as usize] else { return b"" };
        filled(first).or_else(|| self.also[col as usize].iter().find_map(filled)).unwrap_or(b"")
    }

    fn at_place<'r>(&self, record: &'r csv::ByteRecord, i: usize) -> &'r [u8] {
        record.get(i).map_or(b"", super::cells::trim)
    }

    /// The cell of a column as it stands, trimmed.
    pub fn raw<'r>(&self, record: &'r csv::ByteRecord, col: Col) -> &'r [u8] {
        let places = self.index[col as usize].iter().chain(&self.also[col as usize]);
        places.map(|i| self.at_place(record, *i)).find(|cell| !cell.is_empty()).unwrap_or(b"")
    }

    pub fn has(&self, col: Col) -> bool {
        self.index[col as usize].is_some()
    }

    /// The column as the file names it.
    pub fn name(&self, col: Col) -> &str {
        &self.names[col as usize]
    }
}

/// Fields that a line of a collection file has at least, without its empty last ones.
const LEAST: usize = 56;

/// The collection file of bailleurs, 12 fields that begin with a year, then 64 fields: its year, its first
/// and second lines.
pub(super) fn collection_lines(table: &Table) -> Option<(u16, &[String], &[String])> {
    let full =
        |record: &[String], n: usize| record.len() >= n && record[n..].iter().all(|f| f.trim().is_empty());
    let (first, second) = (table.head.first()?, table.head.get(1)?);
    let year: u16 = first.first()?.trim().parse().ok()?;
    // A spreadsheet pads the first line, and leaves out the empty cells at the end of the second.
    let siret = first.get(9)?.trim().as_bytes();
    let siret = fields::siren(siret).is_ok() || fields::lost(siret);
    let dwelling = second.get(3).is_some_and(|c| fields::commune(fields::clean(c.as_bytes())).is_ok());
    let nearly = siret && dwelling && (LEAST..64).contains(&second.len());
    let sound = (2009..=2100).contains(&year) && full(first, 12) && (full(second, 64) || nearly);
    sound.then_some((year, first, second))
}

fn siren_of(siret: &[u8]) -> Option<String> {
    Some(String::from_utf8_lossy(&fields::siren(siret).ok()?.digits).into_owned())
}

/// Cells that mean « nothing », compared without case.
#[derive(Debug)]
struct EmptyCells {
    tokens: Vec<Box<[u8]>>,
    first: [bool; 256],
    longest: usize,
}

impl EmptyCells {
    fn new<'a>(tokens: impl Iterator<Item = &'a str>) -> Self {
        // Only ASCII letters are compared whatever their case.
        let both = |t: &str| [t.to_owned(), t.to_uppercase()];
        let tokens: Vec<Box<[u8]>> =
            tokens.filter(|t| !t.is_empty()).flat_map(both).map(|t| t.into_bytes().into()).collect();
        let mut first = [false; 256];
        for token in &tokens {
            first[usize::from(token[0].to_ascii_lowercase())] = true;
            first[usize::from(token[0].to_ascii_uppercase())] = true;
        }
        let longest = tokens.iter().map(|t| t.len()).max().unwrap_or(0);
        Self { tokens, first, longest }
    }

    fn holds(&self, cell: &[u8]) -> bool {
        match cell.first() {
            None => true,
            Some(b) => {
                cell.len() <= self.longest
                    && self.first[usize::from(*b)]
                    && self.tokens.iter().any(|t| t.eq_ignore_ascii_case(cell))
            }
        }
    }
}

/// A record that has the mandatory columns.
pub(super) fn is_header(record: &[String]) -> bool {
    let reference = rpls();
    missing(reference, &headers::resolve(record, &known(reference, reference.valable_depuis))).is_empty()
}

/// Mandatory columns that a header lacks.
fn missing<'r>(reference: &'r Rpls, found: &headers::Resolved) -> Vec<&'r str> {
    let lacks = |c: &&crate::reference::rpls::Column| c.obligatoire && !found.has(&c.nom);
    reference.colonnes.iter().filter(lacks).map(|c| c.nom.as_str()).collect()
}

fn known(reference: &Rpls, millesime: u16) -> Vec<Known<'_>> {
    let mut known: Vec<Known<'_>> = reference
        .colonnes
        .iter()
        .map(|c| Known { name: &c.nom, aliases: c.alias.iter().map(String::as_str).collect() })
        .chain(reference.autres.colonnes.iter().map(|c| Known { name: c, aliases: Vec::new() }))
        .collect();
    for renaming in reference.renommages.iter().filter(|r| r.holds(millesime)) {
        if let Some(column) = known.iter_mut().find(|k| k.name == renaming.vers) {
            column.aliases.push(&renaming.de);
        }
    }
    known
}

/// The generation, from what only it has.
fn generation(found: &headers::Resolved, header: &[String]) -> &'static str {
    let has = |name: &str| found.has(name);
    if has("IDENT_REP") || has("MODE") || has("LOYERPRINC") {
        "fichier complet à accès restreint"
    } else if found.red {
        "fichier ouvert 2016–2017 (noms en _red)"
    } else if has("PLG_QP24") {
        "fichier ouvert géolocalisé depuis 2024 (noms en _CODE, QPV 2024)"
    } else if found.code {
        "fichier ouvert géolocalisé 2023 (noms en _CODE et _LIBELLE)"
    } else if has("X") || has("PLG_IRIS") || has("PLG_QP15") {
        "fichier ouvert géolocalisé 2018–2022"
    } else if has("REG") {
        "fichier ouvert détaillé 2018 (sans coordonnées)"
    } else if header.len() <= 45 {
        "fichier ouvert 2014–2016"
    } else {
        "fichier ouvert"
    }
}

/// Records after the header that describe the columns (`withColumnDescription`, `withColumnUnit`):
/// no key column holds a number, and the first of them has words for DEPCOM.
fn descriptions(layout: &Layout, head: &[Vec<String>]) -> usize {
    let cell = |record: &[String], col: Col| {
        layout.index[col as usize]
            .and_then(|i| record.get(i))
            .map(|c| c.trim().to_owned())
            .unwrap_or_default()
    };
    let wordy = |record: &[String]| {
        [Col::DEPCOM, Col::NBPIECE, Col::SURFHAB, Col::CONSTRUCT, Col::FINAN]
            .into_iter()
            .all(|col| !cell(record, col).starts_with(|c: char| c.is_ascii_digit()))
    };
    let described = head.get(1).is_some_and(|r| {
        let depcom = cell(r, Col::DEPCOM);
        wordy(r) && depcom.chars().filter(|c| c.is_alphabetic()).count() >= 3
    });
    match (described, head.get(2)) {
        (true, Some(units)) if wordy(units) => 2,
        (true, _) => 1,
        (false, _) => 0,
    }
}

fn shorten(name: &str) -> String {
    let name = name.trim();
    if name.chars().count() <= 30 {
        name.to_owned()
    } else {
        name.chars().take(30).chain("…".chars()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_and_data_name_the_same_columns() {
        let reference = rpls();
        for (name, _) in COLS {
            assert!(reference.colonnes.iter().any(|c| c.nom == *name), "{name} is not in rpls.toml");
        }
        for column in &reference.colonnes {
            assert!(COLS.iter().any(|(name, _)| *name == column.nom), "{} is not read", column.nom);
        }
    }
}
