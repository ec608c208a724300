//! The files of others: from bytes to typed columns, flags and rejects. One sub-module a register.
//!
//! A reader takes a path and its options and writes, into an [`output::Output`] folder, Parquet
//! tables, `constats.csv` (every flagged or rejected cell) and returns a [`report::Report`].
//! It knows nothing of the store or of HTTP. Nothing is lost in silence: each row is kept, kept
//! with a flag, or rejected with line, column, value, rule and a sentence in French.

pub mod addresses;
pub mod attributions;
mod checks;
mod columns;
pub mod demandes;
pub mod deposit;
pub mod fields;
pub mod headers;
pub mod intake;
pub mod kind;
pub mod kit;
mod layout;
pub mod mend;
pub mod ops;
pub mod output;
mod owner;
pub mod plafonds;
pub mod report;
pub mod rpls;
pub mod table;
pub mod text;
pub mod thresholds;
pub mod workbook;
pub mod zones;
