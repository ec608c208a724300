//! A bailleur's own stock.

mod events;
mod residences;
