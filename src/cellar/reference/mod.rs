//! What the law, the registers and the users say, as data: `data/*.toml`, compiled into the binary.
//!
//! This is the only place that reads `data/`. Each file has one sub-module with the types that it
//! is read into; everything is checked once, at first use, and a fault names the file and the entry.

pub mod access;
pub mod addresses;
pub mod attributions;
pub mod avis;
pub mod bailleurs;
pub mod ban;
pub mod communes;
pub mod comparables;
pub mod comptes;
pub mod controle;
pub mod dalo;
pub mod deleguees;
pub mod demandes;
pub mod demo;
pub mod depots;
pub mod echange;
pub mod exemples;
pub mod flux;
pub mod fonds;
pub mod fragilite;
pub mod generations;
pub mod geocodage;
pub mod indicators;
pub mod limites;
pub mod magasin;
pub mod mix;
pub mod objectifs;
pub mod ops;
pub mod pages;
pub mod perturbation;
pub mod plafonds;
pub mod plan;
pub mod portrait;
pub mod publication;
pub mod registre;
pub mod reglages;
pub mod rpls;
pub mod scales;
pub mod scoring;
pub mod secrecy;
pub mod seuils;
pub mod situation;
pub mod survey;
pub mod territory;
pub mod textes;
pub mod thresholds;
pub mod unites;
pub mod zonage;

/// A fault in one of the files of `data/` (a fault of the program, not of the user).
#[derive(Debug, Clone, thiserror::Error)]
#[error("data/{file}: {message}")]
pub struct ReferenceError {
    pub file: &'static str,
    pub message: String,
}

/// Reads one embedded TOML file into its type.
///
/// # Errors
/// The file does not have the shape that its type asks for.
pub fn parse<T: serde::de::DeserializeOwned>(file: &'static str, text: &str) -> Result<T, ReferenceError> {
    toml::from_str(text).map_err(|e| ReferenceError { file, message: e.to_string() })
}
