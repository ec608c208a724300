//! Figures of zones, and what they are asked of.

mod catalogue;
mod ensembles;
mod export;
mod facettes;
mod mesure;
mod portraits;
mod situation;
mod territoires;
pub mod tiles;
mod valeurs;
mod zones;
mod zones_fichier;
