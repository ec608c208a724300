//! From imported files to facts and figures: the fictional territory, places, the geocoder, what lessors correct.

#[path = "../common/mod.rs"]
mod common;

mod demo;
mod geocoder;
mod lessor;
mod located;
mod territory;
