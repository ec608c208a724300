//! Registers as others file them, and the store that keeps them. It knows no figure.

pub mod admission;
pub mod arrival;
pub mod registers;
pub mod store;

use mosaique_ground::{address, days, french, reference, territory};
