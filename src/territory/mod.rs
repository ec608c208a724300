//! Where things are: projections, cells, zone layers and distances. Knows nothing of dwellings.
//!
//! Everything is kept in degrees WGS84 (longitude first); metres are only used to measure and to
//! name square cells, in the legal system of the territory that holds the point.

pub mod crs;
