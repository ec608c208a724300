//! The desk: what a person asks, may have and gets. The server, files and the command line ask here, and
//! nothing here knows HTTP.

pub mod admin;
pub mod avis;
pub mod comparables;
pub mod cotation;
pub mod counter;
pub mod csv_body;
pub mod editions;
pub mod error;
pub mod export;
pub mod fiche;
pub mod figures;
pub mod flux;
pub mod geometry;
pub mod kept;
pub mod leases;
pub mod lessor;
pub mod mesure;
pub mod names;
pub mod paper;
pub mod params;
pub mod perimetres;
pub mod places;
pub mod portrait;
pub mod problem;
pub mod query;
pub mod rights;
pub mod situation;
pub mod templates;
pub mod trace;
pub mod zones;
