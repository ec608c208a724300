//! What a bailleur asks of its own stock: addresses and their corrections, deposits, events, residences.

pub mod adresses;
pub mod candidates;
pub mod corrections;
pub mod corrections_csv;
pub mod counts;
pub mod depots;
pub mod events;
pub mod flags;
pub mod residences;
pub mod rows;
pub mod stock;
pub mod told;
