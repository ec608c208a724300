//! The fictional territory in the formats of real registers, and its planted truth.

pub mod demo;

use mosaique_ground::reference;
