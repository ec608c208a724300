//! Cotation of demands (CCH L.441-2-8): who waits, what a public grid gives to whom, and whom it would
//! favour.
//!
//! [`demands`] holds the demands of the store in columns; [`facts`] says which criteria of the catalogue
//! each one meets on a territory; [`grid`] is a grid and what makes it sound; [`note`] scores, with the
//! detail; [`rank`] orders similar demands; [`wait`] measures how long they waited; [`effect`] compares
//! two grids; [`fit`] tells who may rent a dwelling; [`pressure`] counts demands and allocations by
//! territory, [`pace`] by month and year, [`trips`] from where to where. All is a pure function of columns.

pub mod demands;
pub mod effect;
pub mod facts;
pub mod fit;
pub mod grid;
pub mod note;
pub mod pace;
pub mod pressure;
pub mod rank;
pub mod trips;
pub mod wait;
