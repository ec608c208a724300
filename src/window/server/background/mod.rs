//! What runs beside requests: figures made anew, what was left half done, bytes looked at.

pub mod late;
pub mod soundness;
pub mod works;
