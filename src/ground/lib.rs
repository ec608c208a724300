//! The ground floor: projections and zones, addresses. It knows no file of users and no figure.

pub use mosaique_cellar::{days, french, reference};

pub mod address;
pub mod territory;
