//! A small table that comes in one piece (events, residences): any encoding and separator, titles and `sep=`
//! above its header, its cells cleaned as those of registers are.

use super::dates;
use super::habit::{Habit, Observed};
use crate::registers::fields;
use crate::registers::headers::canonical;
use crate::registers::table::Block;
use crate::registers::text::{other_format, separator, whole};

/// Why it cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SmallError {
    #[error("le fichier est vide")]
    Empty,
    #[error("ce n'est pas un fichier de texte mais {found} ; {advice}")]
    NotText { found: &'static str, advice: &'static str },
    #[error("il manque {}. Colonnes trouvées (ligne {line}) : {found}", missing.join(", "))]
    Missing { missing: Vec<String>, line: u64, found: String },
    #[error("ligne {line} : {fields} champs au lieu de {width}")]
    Width { line: u64, fields: usize, width: usize },
}

/// One row: its line in the file, and its cells.
#[derive(Debug, Clone)]
pub struct Row {
    pub line: u64,
    cells: Vec<String>,
}

/// A table in memory.
#[derive(Debug)]
pub struct SmallTable {
    names: Vec<String>,
    habits: Vec<Habit>,
    pub rows: Vec<Row>,
}

/// Records among which the header is looked for.
const ABOVE: usize = 30;
/// Lines that are looked at to tell the separator.
const HEAD: usize = 50;

impl SmallTable {
    /// Reads a table that has these columns.
    ///
    /// # Errors
    /// [`SmallError`].
    pub fn read(bytes: &[u8], wanted: &[&str]) -> Result<Self, SmallError> {
        if bytes.trim_ascii().is_empty() {
            return Err(SmallError::Empty);
        }
        if let Some((found, advice)) = other_format(bytes) {
            return Err(SmallError::NotText { found, advice });
        }
        let (text, hint) = whole(bytes);
        let head = memchr::memchr_iter(b'\n', &text).nth(HEAD).map_or(text.len(), |i| i + 1);
        let delimiter = hint.or_else(|| separator::sniff(&text[..head])).unwrap_or(b';');
        let records = records(&text, delimiter);
        let lacks = |names: &[String]| -> Vec<String> {
            let has = |w: &&&str| !names.contains(&canonical(w));
            wanted.iter().filter(has).map(|w| (*w).to_owned()).collect()
        };
        let named = |cells: &[String]| cells.iter().map(|c| canonical(c)).collect::<Vec<_>>();
        let at = records.iter().take(ABOVE).position(|r| lacks(&named(&r.cells)).is_empty());
        let header = at.or((!records.is_empty()).then_some(0)).and_then(|i| records.get(i));
        let names = header.map_or_else(Vec::new, |h| named(&h.cells));
        let missing = lacks(&names);
        if !missing.is_empty() {
            let found = header.map_or_else(String::new, |h| h.cells.join(", "));
            return Err(SmallError::Missing { missing, line: header.map_or(1, |h| h.line), found });
        }
        let mut seen = vec![Observed::default(); names.len()];
        let mut rows = Vec::new();
        for mut row in records.into_iter().skip(at.unwrap_or(0) + 1) {
            if row.cells.iter().all(String::is_empty) {
                continue;
            }
            if row.cells.iter().skip(names.len()).any(|c| !c.is_empty()) {
                let fields = row.cells.len();
                return Err(SmallError::Width { line: row.line, fields, width: names.len() });
            }
            row.cells.resize(names.len(), String::new());
            row.cells.iter().zip(&mut seen).for_each(|(c, s)| s.see(c.as_bytes()));
            rows.push(row);
        }
        Ok(Self { names, habits: seen.iter().map(Observed::habit).collect(), rows })
    }

    fn at(&self, name: &str) -> Option<usize> {
        let name = canonical(name);
        self.names.iter().position(|n| *n == name)
    }

    /// The cell of a column, empty when the table has no such column.
    #[must_use]
    pub fn cell<'r>(&self, row: &'r Row, name: &str) -> &'r str {
        self.at(name).and_then(|i| row.cells.get(i)).map_or("", String::as_str)
    }

    /// The day of a cell as `yyyy-mm-dd`; the cell itself when it is no day.
    #[must_use]
    pub fn day(&self, row: &Row, name: &str) -> String {
        let cell = self.cell(row, name);
        let habit = self.at(name).and_then(|i| self.habits.get(i)).copied().unwrap_or_default();
        match dates::read(cell.as_bytes(), habit.order, habit.month_years) {
            Ok((dates::Date { year, month, day: Some(day) }, _)) => format!("{year:04}-{month:02}-{day:02}"),
            _ => cell.to_owned(),
        }
    }
}

fn records(text: &[u8], delimiter: u8) -> Vec<Row> {
    let mut out = Vec::new();
    Block::of_text(text, delimiter, 0).for_each(|line, record| {
        let cells = record.iter().map(|c| String::from_utf8_lossy(fields::clean(c)).into_owned()).collect();
        out.push(Row { line, cells });
    });
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_whatever_stands_around_it() {
        let text = "sep=,\r\nÉvénements du parc\r\n\r\nGenre,Date,Logements,qpv\r\nvente,\"12/03/2025\",=\"2\"\r\n,,,\r\nvente,mars-25,3,x\r\n";
        let dos: Vec<u8> = text
            .chars()
            .map(|c| {
                if c == 'É' {
                    0x90
                } else if c == 'é' {
                    0x82
                } else {
                    c as u8
                }
            })
            .collect();
        for bytes in [text.as_bytes(), &dos] {
            let table = SmallTable::read(bytes, &["genre", "date", "logements"]).unwrap();
            let rows: Vec<(u64, String, &str, &str)> = table
                .rows
                .iter()
                .map(|r| (r.line, table.day(r, "date"), table.cell(r, "logements"), table.cell(r, "qpv")))
                .collect();
            assert_eq!(rows, [(5, "2025-03-12".to_owned(), "2", ""), (7, "mars-25".to_owned(), "3", "x")]);
        }
        let picture = [b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x02".as_slice(), &[7; 200]].concat();
        let e = SmallTable::read(&picture, &["a"]).unwrap_err().to_string();
        assert!(e.starts_with("ce n'est pas un fichier de texte mais un fichier binaire ;"), "{e}");
        assert_eq!(SmallTable::read(b" \n", &["a"]).unwrap_err().to_string(), "le fichier est vide");
        let e = SmallTable::read(b"a;b\n1;2\n", &["genre", "b"]).unwrap_err().to_string();
        assert!(e.contains("genre") && e.contains("a, b"), "{e}");
        let e = SmallTable::read(b"a;b\n1;2;3\n", &["a"]).unwrap_err().to_string();
        assert!(e.contains("ligne 2 : 3 champs"), "{e}");
    }

    #[test]
    fn the_column_says_the_order_of_its_days() {
        let table = SmallTable::read(b"date;n\n3/1/2025;1\n3/25/2025;2\n", &["date"]).unwrap();
        assert_eq!(table.day(&table.rows[0], "date"), "2025-03-01");
    }
}
