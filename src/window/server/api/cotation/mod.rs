//! `/api/cotation`: the pressure on territories, grids of cotation, what a grid changes, demands in their
//! order, candidates for a dwelling.

pub mod candidats;
pub mod demandes;
pub mod grilles;
pub mod grilles_csv;
pub mod justificatifs;
pub mod ma_demande;
pub mod pression;
pub mod simulation;
pub mod trajets;
