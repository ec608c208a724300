//! OPS
pub mod plafond;
