//! Leases: the check of a commission, objectives.

mod controle;
mod objectifs;
mod rpems;
