//! Where the columns of a register are in one file, and what their cells hold.

use csv::ByteRecord;

use super::fields::{self, Date};
use super::headers::{self, Known, Resolved};
use super::kit::dates::{self, Written};
use super::kit::habit::{Habit, Observed};
use super::kit::numbers;
use super::report::Report;
use super::table::{Table, TableError};
use crate::french::counted;
use crate::reference::registre::Registre;

/// One column as the file has it.
#[derive(Debug, Clone)]
pub struct Column {
    /// Position, 0 = first; `None` when the file has no such column.
    pub at: Option<usize>,
    /// Columns that mean the same, read where this one is empty.
    also: Vec<usize>,
    /// Name as the file writes it; the canonical one when the file has none.
    pub header: String,
    /// Cells that mean « nothing », in upper case.
    empty: Vec<Box<[u8]>>,
    /// Some of them begin with a digit.
    digits: bool,
    /// How the column writes what can be read in two ways.
    habit: Habit,
}

impl Column {
    /// A column that no file has.
    #[must_use]
    pub fn absent(name: &str) -> Self {
        let header = name.to_owned();
        Self { at: None, also: Vec::new(), header, empty: Vec::new(), digits: false, habit: Habit::default() }
    }

    /// The cell, freed of its wrapping; `None` when it is empty or absent.
    #[must_use]
    pub fn cell<'r>(&self, record: &'r ByteRecord) -> Option<&'r [u8]> {
        self.filled(record, self.at?).or_else(|| self.also.iter().find_map(|at| self.filled(record, *at)))
    }

    fn filled<'r>(&self, record: &'r ByteRecord, at: usize) -> Option<&'r [u8]> {
        let cell = fields::clean(record.get(at)?);
        let first = *cell.first()?;
        if (!first.is_ascii_digit() || self.digits)
            && self.empty.iter().any(|e| e.len() == cell.len() && e.eq_ignore_ascii_case(cell))
        {
            return None;
        }
        Some(cell)
    }

    /// The date in a cell of this column, and how it was written.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn date(&self, cell: &[u8]) -> Result<(Date, Written), dates::Doubt> {
        let read = dates::read(cell, self.habit.order, self.habit.month_years)?;
        // One that contradicts the rows that said the order of this column makes all of it doubtful.
        if read.1 == Written::Month1st && self.habit.order.is_day_first() && self.habit.ordered {
            return Err(dates::Doubt::TwoWays);
        }
        Ok(read)
    }

    /// The number in a cell of this column.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn number(&self, cell: &[u8], kind: numbers::Kind) -> Result<numbers::Read, numbers::Doubt> {
        numbers::read(cell, &self.habit.numbers, kind)
    }

    /// The percentage points in a cell of this column, and whether they were a fraction.
    ///
    /// # Errors
    /// Why they cannot be read.
    pub fn points(&self, cell: &[u8]) -> Result<(f64, bool), numbers::Doubt> {
        numbers::points(self.number(cell, numbers::Kind::Number)?, self.habit.percents)
    }

    /// A spreadsheet rounded the long codes of this column.
    #[must_use]
    pub fn rounded(&self) -> bool {
        self.habit.rounded
    }

    /// Sums of this column are thousands of euros.
    #[must_use]
    pub fn in_thousands(&self) -> bool {
        self.habit.thousands
    }

    /// Its sums are those of a year, where those of a month are asked for.
    #[must_use]
    pub fn looks_annual(&self) -> bool {
        self.habit.annual
    }

    /// Its sums are those of a month, where those of a year are asked for.
    #[must_use]
    pub fn looks_monthly(&self) -> bool {
        self.habit.monthly
    }

    /// Fractions and points stand side by side in this column.
    #[must_use]
    pub fn mixes_percents(&self) -> bool {
        self.habit.percents == numbers::Percents::Mixed
    }
}

/// Where the columns of a register are in one file.
#[derive(Debug)]
pub struct Layout {
    columns: Vec<(String, Column)>,
    /// The header as the file writes it.
    pub header: Vec<String>,
    /// Fields of the header.
    pub width: usize,
    /// Those up to its last name: empty names at the end are empty columns of a spreadsheet.
    pub full: usize,
    /// Fields that a row cannot do without: those up to the last mandatory column.
    pub reach: usize,
    resolved: Resolved,
    /// Columns that another one of the same meaning contradicts in the rows that were looked at first, and in
    /// how many.
    against: Vec<(String, u32)>,
}

/// What is looked at of the columns, in the order of the register.
struct Look {
    seen: Vec<Observed>,
    /// Rows in which another column of the same meaning says something else.
    against: Vec<u32>,
}

impl Layout {
    /// Finds the columns of `registre` in a header.
    ///
    /// # Errors
    /// The mandatory columns that are missing, by name.
    pub fn new(registre: &Registre, header: &[String]) -> Result<Self, Vec<String>> {
        let names: Vec<(String, Vec<String>)> = registre
            .colonnes
            .iter()
            .map(|c| (headers::canonical(&c.nom), c.alias.iter().map(|a| headers::canonical(a)).collect()))
            .collect();
        let known: Vec<Known<'_>> = names
            .iter()
            .map(|(n, a)| Known { name: n, aliases: a.iter().map(String::as_str).collect() })
            .collect();
        let resolved = headers::resolve(header, &known);
        let mut columns = Vec::new();
        let mut missing = Vec::new();
        let mut reach = 0;
        for (c, (name, _)) in registre.colonnes.iter().zip(&names) {
            let at = resolved.get(name);
            if at.is_none() && c.obligatoire {
                missing.push(c.nom.clone());
            }
            if let (Some(at), true) = (at, c.obligatoire) {
                reach = reach.max(at + 1);
            }
            let empty: Vec<Box<[u8]>> = registre
                .vides
                .iter()
                .chain(&c.vides)
                .filter(|v| !v.is_empty())
                // Only ASCII letters are compared whatever their case.
                .flat_map(|v| {
                    let small = Some(v.to_lowercase()).filter(|_| !v.is_ascii());
                    std::iter::once(v.to_uppercase()).chain(small)
                })
                .map(|v| v.into_bytes().into_boxed_slice())
                .collect();
            let digits = empty.iter().any(|e| e[0].is_ascii_digit());
            let header = at
                .and_then(|i| header.get(i))
                .map_or_else(|| c.nom.clone(), |h| h.trim().trim_matches('\u{feff}').to_owned());
            columns.push((
                c.nom.clone(),
                Column {
                    at,
                    also: resolved.also(name).to_vec(),
                    header,
                    empty,
                    digits,
                    habit: Habit::default(),
                },
            ));
        }
        let one = &registre.l_une_de;
        if !one.is_empty() && !columns.iter().any(|(n, c)| c.at.is_some() && one.contains(n)) {
            missing.push(one.join(" ou "));
        }
        if missing.is_empty() {
            let full = headers::named(header);
            Ok(Self {
                columns,
                header: header.to_vec(),
                width: header.len(),
                full,
                reach,
                resolved,
                against: Vec::new(),
            })
        } else {
            Err(missing)
        }
    }

    /// A column of the register by its canonical name. A name that the register lacks gives a column that
    /// no file has; tests of the register compare the names.
    #[must_use]
    pub fn column(&self, name: &str) -> Column {
        let found = self.columns.iter().find(|(n, _)| n == name);
        found.map_or_else(|| Column::absent(name), |(_, c)| c.clone())
    }

    /// Learns the habits of the columns from the first rows of the table.
    pub(super) fn survey(&mut self, table: &Table) -> Result<(), TableError> {
        let mut seen = self.unseen();
        table.survey(table.skip(), |_, record| self.look(record, &mut seen))?;
        self.settle(seen);
        Ok(())
    }

    /// The same from rows that are there.
    pub fn learn<'r>(&mut self, rows: impl Iterator<Item = &'r ByteRecord>) {
        let mut seen = self.unseen();
        rows.for_each(|record| self.look(record, &mut seen));
        self.settle(seen);
    }

    fn unseen(&self) -> Look {
        let n = self.columns.len();
        Look { seen: vec![Observed::default(); n], against: vec![0; n] }
    }

    fn look(&self, record: &ByteRecord, look: &mut Look) {
        for (i, (_, column)) in self.columns.iter().enumerate() {
            if let Some(cell) = column.cell(record) {
                look.seen[i].see(cell);
                let other =
                    |at: &usize| column.filled(record, *at).is_some_and(|o| !o.eq_ignore_ascii_case(cell));
                look.against[i] += u32::from(column.also.iter().any(other));
            }
        }
    }

    fn settle(&mut self, look: Look) {
        for ((_, column), (seen, against)) in self.columns.iter_mut().zip(look.seen.iter().zip(look.against))
        {
            column.habit = seen.habit();
            if against > 0 {
                self.against.push((column.header.clone(), against));
            }
        }
    }

    /// Columns of the file that the register does not know.
    #[must_use]
    pub fn unknown(&self) -> &[String] {
        &self.resolved.unknown
    }

    pub(super) fn remarks(&self, report: &mut Report) {
        let list = |v: &[String]| v.iter().map(|n| format!("« {n} »")).collect::<Vec<_>>().join(", ");
        if !self.resolved.unknown.is_empty() {
            report
                .remarques
                .push(format!("Colonnes inconnues, non lues : {}.", list(&self.resolved.unknown)));
        }
        for (name, n) in &self.against {
            report.remarques.push(format!(
                "Attention : une autre colonne dit autre chose que « {name} » dans {} du début du fichier ; « {name} » \
                 est lue. Vérifiez laquelle est la bonne, et renommez l'autre.",
                counted(u64::from(*n), "ligne", "lignes")
            ));
        }
        if !self.resolved.split.is_empty() {
            report.remarques.push(format!(
                "{} : une autre colonne donne l'autre part (conjoint, codemandeur) ; aucune n'est lue pour le \
                 ménage. Ajoutez-les dans une seule colonne.",
                list(&self.resolved.split)
            ));
        }
        if !self.resolved.repeated.is_empty() {
            report.remarques.push(format!(
                "Colonnes en double, lues où la première est vide : {}.",
                list(&self.resolved.repeated)
            ));
        }
    }
}
