//! Names of collections: a scale and the year of its figures, `commune_2024`.

use std::sync::Arc;

use super::Fault;
use crate::access::{Person, Scope, scope};
use crate::desk::editions::{App, Loaded};
use crate::desk::query::Asked;
use crate::reference::access::Donnees;
use crate::reference::scales;

/// A collection that a person may open.
#[derive(Debug, Clone)]
pub struct Collection {
    pub echelle: String,
    pub libelle: String,
    pub loaded: Arc<Loaded>,
}

impl Collection {
    /// Its name in addresses.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}_{}", self.echelle, self.loaded.meta().millesime)
    }

    #[must_use]
    pub fn title(&self) -> String {
        let meta = self.loaded.meta();
        let survey = meta.vague.map_or(String::new(), |v| format!(", OPS {v}"));
        format!("{} – RPLS {}{survey}", self.libelle, meta.millesime)
    }

    /// The question that its figures answer.
    #[must_use]
    pub fn asked(&self, asked: Asked) -> Asked {
        Asked { millesime: Some(self.loaded.meta().millesime), vague: None, parc: None, ..asked }
    }
}

/// The collections that are open to a person: the latest year first, then scales from the widest.
#[must_use]
pub fn all(app: &App, person: &Person) -> Vec<Collection> {
    let rank = |id: &str| scales::scales().iter().position(|s| s.id == id).unwrap_or(usize::MAX);
    let mut out = Vec::new();
    for loaded in app.millesimes.iter().rev() {
        let mut layers: Vec<_> = loaded.meta().couches.iter().collect();
        layers.sort_by_key(|l| rank(&l.id));
        for layer in layers {
            let scale = scales::scale(&layer.id);
            if matches!(scope(person, scale.acces, Donnees::Rpls), Scope::Nowhere(_)) {
                continue;
            }
            let libelle = if scale.id == "*" { layer.libelle.clone() } else { scale.libelle.clone() };
            out.push(Collection { echelle: layer.id.clone(), libelle, loaded: Arc::clone(loaded) });
        }
    }
    out
}

/// A collection by its name.
///
/// # Errors
/// There is none, or it is not open to the person: which of the two is not said.
pub fn one(app: &App, person: &Person, id: &str) -> Result<Collection, Fault> {
    all(app, person).into_iter().find(|c| c.id() == id).ok_or_else(|| {
        Fault::absent(format!("Aucune collection « {id} » ne vous est ouverte ; /ogc/collections les liste."))
    })
}
