//! The cellar: days, French words, and all that `data/` says. It is read and asked, and computes nothing.
//! A floor of its own, because its many types are a long part of a build when they are optimised.

pub mod days;
pub mod french;
pub mod reference;
