//! What there is, figures, what of them may leave, and where an address lies. It knows nobody who asks.

pub mod arrays;
pub mod cube;
pub mod disclosure;
pub mod geocode;
pub mod stock;

use mosaique_filing::{registers, store};
use mosaique_ground::{address, days, french, reference, territory};
