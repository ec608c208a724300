//! The program as people run it: its commands, the server that it starts, what it leaves on the disk.

#[path = "../common/mod.rs"]
mod common;

mod avis;
mod baux;
mod cli;
mod deploy;
mod imports;
mod operations;
mod reglages;
mod residences;
