//! Where things are: projections, cells, zone layers and distances. Knows nothing of dwellings.
//!
//! Everything is kept in degrees WGS84 (longitude first); metres are only used to measure and to
//! name square cells, in the legal system of the territory that holds the point. A [`layer::Layer`]
//! cuts its polygons in slabs of a few edges and lists them by square cells, so that a point reads a few
//! dozen edges whatever the size of the zones; areas are closed and the lowest zone wins.

pub mod bands;
pub mod crs;
pub mod grid;
pub mod h3;
pub mod layer;
mod pieces;
pub mod units;
pub mod wkb;
