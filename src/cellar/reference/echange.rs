//! The exchange of the SNE (`data/registers/sne_echange.toml`): its elements, and what a document may cost.

use std::sync::LazyLock;

use serde::Deserialize;

use super::{ReferenceError, parse};

const FILE: &str = "registers/sne_echange.toml";

/// What of an element is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Forme {
    /// Its text.
    Texte,
    /// Its attribute `code`.
    Code,
}

/// One element of a demand and the column that it fills.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Valeur {
    /// Local names from `demandeLogement` on.
    pub chemin: String,
    pub colonne: String,
    pub forme: Forme,
}

/// What a document may cost.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bornes {
    /// Elements inside one another.
    pub profondeur: usize,
    /// Bytes of a tag or a text.
    pub element: usize,
    /// Bytes of what is kept of a demand.
    pub demande: usize,
    /// Bytes of a document.
    pub document: u64,
    /// So many times the bytes of the file.
    pub rapport: u64,
}

/// The exchange.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Echange {
    /// URI of the SNE's namespace, and of what mosaïque adds.
    pub espace: String,
    pub complement: String,
    pub versions: Vec<String>,
    /// Values of `typeFichier` that do not bring a demand.
    pub types_refuses: Vec<String>,
    /// Pensions that are paid are taken from resources.
    pub deduire_versees: bool,
    pub bornes: Bornes,
    pub valeur: Vec<Valeur>,
}

static ECHANGE: LazyLock<Result<Echange, ReferenceError>> =
    LazyLock::new(|| parse(FILE, include_str!("../../../data/registers/sne_echange.toml")));

/// The description of `data/registers/sne_echange.toml`.
///
/// # Errors
/// The file that was compiled in is faulty (a test reads it).
pub fn echange() -> Result<&'static Echange, ReferenceError> {
    ECHANGE.as_ref().map_err(Clone::clone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::demandes::demandes;

    #[test]
    fn each_element_fills_a_column_of_the_register() {
        let (e, d) = (echange().unwrap(), demandes().unwrap());
        assert!(e.valeur.len() > 10);
        for v in &e.valeur {
            let known = d.registre.colonnes.iter().any(|c| c.nom == v.colonne);
            assert!(known, "{} fills no column", v.chemin);
        }
    }
}
