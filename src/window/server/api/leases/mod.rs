//! Leases and allocations under the rules of social mix.

pub mod controle;
pub mod dalo;
pub mod mixite;
pub mod objectifs;
pub mod objectifs_csv;
pub mod plan;
pub mod rpems;
