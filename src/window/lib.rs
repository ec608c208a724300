//! The window: who asks, and what is answered over HTTP. How figures are computed is the business of the
//! floors below.

pub mod desk;
pub mod mvt;
pub mod publish;
pub mod server;

use mosaique_engine::{arrays, cube, disclosure, geocode, stock};
use mosaique_filing::{admission, arrival, registers, store};
use mosaique_ground::{address, days, french, reference, territory};
use mosaique_rules::{access, flow, policy, scoring, state};
