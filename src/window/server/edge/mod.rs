//! The edge: what HTTP brings and what it is answered, whatever the resource.

pub mod accept;
pub mod base;
pub mod body;
pub mod current;
pub mod kept;
pub mod listen;
pub mod load;
pub mod metrics;
pub mod openapi;
pub mod params;
pub mod problem;
pub mod receipts;
pub mod saved;
pub mod security;
pub mod web;
