//! What who runs the server asks: the trail, parameters, general files, copies.

pub mod audit;
pub mod fichiers;
pub mod imports;
pub mod reglages;
pub mod sauvegardes;
