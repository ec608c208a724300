//! Who may see what, what must survive a restart beside figures, and the law of social mix. It knows no HTTP.

pub mod access;
pub mod flow;
pub mod policy;
pub mod scoring;
pub mod state;

use mosaique_engine::{disclosure, stock};
use mosaique_filing::{registers, store};
use mosaique_ground::{address, days, french, reference, territory};
