//! mosaïque: who lives in French social housing, and whether allocations keep neighbourhoods mixed.
//!
//! The house has floors, each a package of its own so that the compiler guards the arrows: a floor sees only
//! those below it. `ground` → `filing` → `engine` → `rules` → `window`; `fiction` stands on the ground alone.
//! Here is the command line, and every room by its name for tests (see ARCHITECTURE.md).

pub mod cli;

pub use mosaique_engine::{arrays, cube, disclosure, geocode, stock};
pub use mosaique_fiction::demo;
pub use mosaique_filing::{admission, arrival, registers, store};
pub use mosaique_ground::{address, days, french, reference, territory};
pub use mosaique_rules::{access, flow, policy, scoring, state};
pub use mosaique_window::{desk, server};
