//! mosaïque: who lives in French social housing, and whether allocations keep neighbourhoods mixed.
//!
//! Data walks through the house once, from the files of others to what may leave:
//! `registers` → `store` → `stock` → `cube` → `disclosure` → `policy` → `server`, with `access` (who may see what) and `state`
//! (accounts, conventions, audit trail) beside. A module imports only
//! from modules that stand before it in this list (see ARCHITECTURE.md).

pub mod access;
pub mod address;
pub mod cli;
pub mod cube;
pub mod days;
pub mod demo;
pub mod disclosure;
pub mod geocode;
pub mod policy;
pub mod reference;
pub mod registers;
pub mod server;
pub mod state;
pub mod stock;
pub mod store;
pub mod territory;
