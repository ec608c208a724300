//! Addresses, as the API of the BAN answers.

pub mod geocodage;
pub mod geocodage_csv;
pub mod geocodage_distant;
