//! What there is: dwellings joined with households, located and grouped into residences.

pub mod facts;
