//! Classes of attributes as bit columns, and the conditions that are put together of them, 64 rows at a time.

use std::collections::BTreeMap;

use super::bits;
use crate::reference::indicators::Catalogue;

/// For each attribute, one bit column a class that some row has.
#[derive(Debug)]
pub struct Classes<'a> {
    catalogue: &'a Catalogue,
    rows: usize,
    of: BTreeMap<&'a str, Vec<Vec<u64>>>,
}

impl<'a> Classes<'a> {
    /// Of this many rows; no attribute is known yet.
    #[must_use]
    pub fn new(catalogue: &'a Catalogue, rows: usize) -> Self {
        Self { catalogue, rows, of: BTreeMap::new() }
    }

    /// Adds an attribute: one column a class, as by [`bits::by_class`].
    pub fn add(&mut self, attribute: &'a str, columns: Vec<Vec<u64>>) {
        self.of.insert(attribute, columns);
    }

    #[must_use]
    pub fn knows(&self, attribute: &str) -> bool {
        self.of.contains_key(attribute)
    }

    /// Rows of one class of an attribute, 0 (not known) included.
    #[must_use]
    pub fn class(&self, attribute: &str, class: u8) -> Vec<u64> {
        let column = self.of.get(attribute).and_then(|c| c.get(usize::from(class)));
        column.cloned().unwrap_or_else(|| vec![0; bits::words(self.rows)])
    }

    /// Rows whose every listed attribute is in one of the listed classes (`*` = any known class).
    #[must_use]
    pub fn all(&self, list: &[(&str, &[String])]) -> Vec<u64> {
        let mut kept = bits::full(self.rows);
        for (id, codes) in list {
            let columns = self.of.get(id).map_or(&[][..], Vec::as_slice);
            let attribute = self.catalogue.attribute(id);
            let wanted = |class: usize| {
                let is = |code: &String| match attribute.and_then(|a| a.class(code)) {
                    _ if code == "*" => class > 0,
                    number => number.is_some_and(|n| usize::from(n) == class),
                };
                codes.iter().any(is)
            };
            let wanted: Vec<&[u64]> =
                (0..columns.len()).filter(|c| wanted(*c)).map(|c| columns[c].as_slice()).collect();
            for (w, word) in kept.iter_mut().enumerate() {
                *word &= wanted.iter().fold(0, |any, column| any | column[w]);
            }
        }
        kept
    }

    /// Rows of one class that has a name.
    #[must_use]
    pub fn one(&self, attribute: &str, code: &str) -> Vec<u64> {
        self.all(&[(attribute, &[code.to_owned()])])
    }
}
