//! `GET /api/attributions/controle`: what a form of the check needs, the code lists of allocations.

use std::collections::BTreeMap;

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

use crate::days;
use crate::desk::leases::Choix;
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::reference::attributions::attributions;
use crate::reference::controle;
use crate::reference::mix::Mix;
use crate::server::edge::current::Current;

/// De quoi remplir un formulaire de contrôle.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListesControle {
    /// Version des règles de mixité.
    pub version: &'static str,
    pub version_controle: &'static str,
    /// Dernier jour des baux chargés ; nul s'il n'y en a pas.
    pub dernier_jour: Option<String>,
    /// Colonne → valeurs et libellés.
    pub listes: BTreeMap<&'static str, Vec<Choix>>,
    /// Lignes d'un fichier de commission, au plus.
    pub lignes_max: usize,
}

const LISTS: [&str; 8] = [
    "reservataire",
    "statut_dalo",
    "accord_collectif",
    "relogement",
    "typologie",
    "financement",
    "activite",
    "priorite_l441_1",
];

/// Listes du contrôle d'une attribution
#[utoipa::path(
    get, path = "/api/attributions/controle", tag = "mixite", operation_id = "controle_listes",
    responses((status = OK, body = ListesControle))
)]
pub async fn listes(Current(app): Current, params: Params) -> Result<Json<ListesControle>, Problem> {
    params.finish()?;
    let work = move || {
        let registre = &attributions().map_err(|e| Problem::internal(&e))?.registre;
        let rules = controle::Controle::embedded().map_err(|e| Problem::internal(&e))?;
        let all = app.allocations().map_err(|e| Problem::internal(&e))?;
        let list = |name: &'static str| {
            let values = registre.liste(name).map_or(&[][..], |l| l.valeurs.as_slice());
            (name, values.iter().map(|v| Choix { code: v.id.clone(), nom: v.libelle.clone() }).collect())
        };
        Ok(Json(ListesControle {
            version: &Mix::embedded().map_err(|e| Problem::internal(&e))?.version,
            version_controle: &rules.version,
            dernier_jour: all.list.iter().map(|a| a.bail).max().filter(|d| *d != 0).map(days::iso),
            listes: LISTS.into_iter().map(list).collect(),
            lignes_max: rules.fichier.lignes_max,
        }))
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))?
}
