//! What who runs the server asks: the trail, parameters, general files.

pub mod audit;
pub mod fichiers;
pub mod imports;
pub mod reglages;
