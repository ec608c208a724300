//! What is of no family: the page, signing in.

pub mod session;
mod web;
