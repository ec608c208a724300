//! Figures of zones: lists, maps, sheets, tiles, files, and what is drawn.

pub mod catalogue;
pub mod comparables;
pub mod dcat;
pub mod ensembles;
pub mod export;
pub mod facettes;
pub mod fragilite;
pub mod indicateurs;
pub mod mesure;
pub mod portraits;
pub mod segregation;
pub mod situation;
pub mod situation_csv;
pub mod territoires;
pub mod tiles;
pub mod valeurs;
pub mod zones;
pub mod zones_fichier;
