//! The only way out: what may be said of households, and how a figure is made.
//!
//! Every answer about occupancy is a union of whole [`release`] groups: atoms of the cube for all households,
//! nodes of the fixed hierarchy above the atoms for a sub-population (recent movers, a filter). A group is
//! counted when all of its households are in the zone. So, for any two answers whatever their zones, filters
//! and populations, if one set of households contains the other, they differ by none or by at least `k`:
//!
//! - against all households, because a group of a sub-population is cut so that its complement in the atoms
//! that it touches, and its part outside wholly covered atoms, hold none or at least `k` households
//! ([`release::cut`]);
//! - against another sub-population, because [`release::withhold`] compares each new sub-population with
//! those already answered, node by node, and withholds the groups that would break the rule ([`publisher`]
//! keeps the list).
//!
//! Figures of dwellings alone (RPLS) are public and exact.

pub mod answer;
pub mod figure;
mod ledger;
pub mod publisher;
pub mod release;
pub mod secondary;

#[cfg(test)]
mod attack_tests;
