//! The stock of a bailleur as it goes on: events since the register ([`events`]), counts as filed and up to
//! date ([`counts`]), residences with their flags, notes and lineage ([`residences`], [`flags`]).

pub mod collecte;
pub mod counts;
pub mod events;
pub mod flags;
pub mod residences;
