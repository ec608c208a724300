//! Readers of files, from the outside: a file in, a table and a report out. A file a register, and what
//! holds of all of them (`damage`, `misread`, `schemas`, `spreadsheets`, `table`, `junk`).

#[path = "../common/mod.rs"]
mod common;

mod addresses;
mod attributions;
mod damage;
mod demandes;
mod echange;
mod junk;
mod misread;
mod ops;
mod plafonds;
mod rpls;
mod schemas;
mod spreadsheets;
mod table;
mod thresholds;
mod zones;
