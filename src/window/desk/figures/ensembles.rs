//! Sets of zones that are kept: what may be kept, and who sees it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::desk::editions::Loaded;
use crate::desk::params::name;
use crate::desk::problem::Problem;
use crate::desk::{geometry, places};
use crate::french::thousands;
use crate::reference::zonage;
use crate::state::{Visibilite, ZoneSet};

/// Une zone gardée : dessinée (`geometrie`) ou listée (`codes`).
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ZoneGardee {
    pub nom: String,
    /// GeoJSON en degrés WGS 84 : Polygon ou MultiPolygon.
    #[schema(value_type = Option<std::collections::BTreeMap<String, serde_json::Value>>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub geometrie: Option<serde_json::Value>,
    /// Zones à réunir.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub codes: Option<Vec<CodeGarde>>,
}

/// Une zone par son code.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeGarde {
    pub echelle: String,
    pub code: String,
}

/// Un ensemble à garder.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NouvelEnsemble {
    pub nom: String,
    pub visibilite: Visibilite,
    pub zones: Vec<ZoneGardee>,
}

/// Ce qui change d'un ensemble.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ModificationEnsemble {
    /// Version que vous avez ouverte : si elle n'est plus la dernière, rien ne change.
    pub version: i64,
    pub nom: Option<String>,
    pub visibilite: Option<Visibilite>,
    pub zones: Option<Vec<ZoneGardee>>,
}

/// Un ensemble et ses zones.
#[derive(Debug, Serialize, ToSchema)]
pub struct EnsembleOuvert {
    pub ensemble: ZoneSet,
    pub zones: Vec<ZoneGardee>,
}

/// Ce qui vient d'être gardé.
#[derive(Debug, Serialize, ToSchema)]
pub struct EnsembleCree {
    pub id: String,
}

/// Zones as they are kept, once each is checked; how many, and their JSON.
fn checked(loaded: &Loaded, zones: &[ZoneGardee]) -> Result<(usize, String), Problem> {
    let limits = zonage::limits();
    let n = zones.len();
    if n == 0 || n > limits.zones_max {
        return Err(Problem::value(
            "zones",
            &n.to_string(),
            format!(
                "Un ensemble a de 1 à {} zones, or celui-ci en a {}.",
                thousands(limits.zones_max as u64),
                thousands(n as u64)
            ),
        ));
    }
    let effort = geometry::effort(limits);
    for (i, zone) in zones.iter().enumerate() {
        let at = |field: &str| format!("zones[{i}].{field}");
        name(&at("nom"), &zone.nom)?;
        match (&zone.geometrie, &zone.codes) {
            (Some(geometry), None) => drop(geometry::areas(&at("geometrie"), geometry, limits, &effort)?),
            (None, Some(codes)) => listed(loaded, &at("codes"), codes, limits.codes_max)?,
            (None, None) => {
                return Err(Problem::missing(
                    &at("geometrie"),
                    "une zone a une « geometrie » ou une liste de « codes »",
                ));
            }
            (Some(_), Some(_)) => {
                return Err(Problem::value(
                    &at("codes"),
                    &zone.nom,
                    "Une zone a une « geometrie » ou une liste de « codes », pas les deux.",
                ));
            }
        }
    }
    let text = serde_json::to_string(zones).map_err(|e| Problem::internal(&e))?;
    Ok((n, text))
}

/// [`checked`], which may take a while, away from the threads that answer.
pub async fn kept(loaded: Arc<Loaded>, zones: Vec<ZoneGardee>) -> Result<(usize, String), Problem> {
    tokio::task::spawn_blocking(move || checked(&loaded, &zones)).await.map_err(|e| Problem::internal(&e))?
}

/// Codes that can be asked one day: a known scale, a written code. That the zone exists is a matter of the
/// millésime it is asked of.
fn listed(loaded: &Loaded, champ: &str, codes: &[CodeGarde], most: usize) -> Result<(), Problem> {
    if codes.is_empty() || codes.len() > most {
        let [most, found] = [most, codes.len()].map(|n| thousands(n as u64));
        let detail = format!("Une liste a de 1 à {most} codes, or celle-ci en a {found}.");
        return Err(Problem::value(champ, &codes.len().to_string(), detail));
    }
    for (j, CodeGarde { echelle, code }) in codes.iter().enumerate() {
        places::layer(loaded, &format!("{champ}[{j}].echelle"), echelle)?;
        let written = !code.is_empty() && code.len() <= 200 && !code.chars().any(char::is_control);
        if !written {
            return Err(Problem::value(
                &format!("{champ}[{j}].code"),
                code,
                "Un code a de 1 à 200 caractères, sans retour à la ligne.",
            ));
        }
    }
    Ok(())
}
