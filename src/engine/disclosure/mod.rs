//! The only way out: what may be said of households, and how a figure is made.
//!
//! Figures of all households, of recent movers and of the others are exact, and unions of whole parts
//! ([`publisher`]): any set of households that can be worked out from any number of them is empty or has at
//! least `k`. Figures of what a filter keeps, or that cross households with their dwellings, are sums of
//! cells that are moved a little, always alike ([`cells`], [`hierarchy`]). ARCHITECTURE.md says what is
//! proved of both.
//!
//! Figures of dwellings alone (RPLS) are exact; what the register keeps from the public is shown to it by
//! parts of the stock only.

pub mod answer;
pub mod cells;
pub mod figure;
mod ground;
mod hierarchy;
mod plan;
pub mod publisher;
pub mod secondary;

#[cfg(test)]
mod attack_tests;
#[cfg(test)]
mod edition_tests;
