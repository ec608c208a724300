//! x
pub mod dice; pub mod estates; pub mod geometry; pub mod lattice; pub mod plan; pub mod streets;
