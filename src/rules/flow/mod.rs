//! Gestion en flux (CCH R.441-5 to R.441-5-4): rights of reservation are shares of the dwellings that
//! become available in a year.
//!
//! [`share`] rounds shares into dwellings within bounds and legal caps; [`year`] is the whole calculation
//! of a year, line by line; [`rights`] turns reserved dwellings (stock) into a share (flow). [`event`] is
//! what happens to a dwelling and the order in which it may; [`way`] makes of events the ways of dwellings
//! and says on whose contingent each counts; [`count`] counts them in the three ways; [`fair`] asks whether
//! the same dwellings are offered to all; [`delegation`] shares an EPCI's flow among its communes;
//! [`prefect`] counts the State's, [`employers`] Action Logement's. All pure: no file, no clock, no HTTP.

pub mod convention;
pub mod count;
pub mod delegation;
pub mod employers;
pub mod event;
pub mod fair;
pub mod prefect;
pub mod rights;
pub mod share;
pub mod way;
pub mod year;
