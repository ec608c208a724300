//! A bailleur's own stock.

mod residences;
