//! Residences of a bailleur: their list, and whether they may be split, merged, renamed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::days;
use crate::desk::editions::{App, Loaded};
use crate::desk::error::DeskError;
use crate::desk::lessor::events::latest;
use crate::desk::places::{name_of, parent};
use crate::desk::problem::Problem;
use crate::state::rpems::{File, Statut};
use crate::state::{NoteResidence, OperationResidence, Signalement};
use crate::stock::edits::Edits;
use crate::stock::facts::NONE;
use crate::stock::places::label;
use crate::stock::table::hash;

/// Une résidence d'un bailleur.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ResidenceBailleur {
    pub code: String,
    pub nom: String,
    /// Code Insee ; vide si elle s'étend sur plusieurs communes.
    pub commune: String,
    /// Logements du bailleur.
    pub logements: u64,
    pub adresses: Vec<AdresseResidence>,
    /// Les dernières notes de ses gestionnaires.
    pub note: Option<NoteResidence>,
    pub signalements: Vec<Signalement>,
}

/// Une adresse d'une résidence.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AdresseResidence {
    pub cle: String,
    pub libelle: String,
    pub logements: u64,
    /// Son point, celui de son premier logement ; degrés WGS 84.
    pub lon: f64,
    pub lat: f64,
}

/// Les résidences, leurs notes au long du temps et ce qui en a été fait.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListeResidences {
    pub residences: Vec<ResidenceBailleur>,
    /// Toutes les notes, la dernière d'abord.
    pub notes: Vec<NoteResidence>,
    /// La dernière opération d'abord.
    pub operations: Vec<OperationResidence>,
}

/// Ce qui est à faire de résidences.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NouvelleOperation {
    /// `renommee` (une résidence), `fusion` (plusieurs en une) ou `scission` (des adresses d'une résidence en
    /// font une nouvelle).
    pub genre: String,
    /// Codes des résidences.
    pub residences: Vec<String>,
    /// Nom de la résidence qui en sort.
    pub nom: String,
    /// Clés des adresses qui partent (scission).
    #[serde(default)]
    pub adresses: Vec<String>,
}

/// Exact addresses of a bailleur by residence code, from its dwellings as filed and as it corrected them.
fn addresses(
    app: &App,
    loaded: &Loaded,
    siren: &str,
) -> Result<BTreeMap<String, Vec<AdresseResidence>>, DeskError> {
    let (year, cube) = (loaded.meta().millesime, loaded.cube());
    let (Some(points), Some(residences)) = (cube.layer("adresse"), cube.layer("residence")) else {
        return Ok(BTreeMap::new());
    };
    let edits = Edits::of(app.store())?;
    let columns = ["adresse", "ident_rep", "lon", "lat"];
    let Some(t) = app.rows_of(year, siren, &columns)? else { return Ok(BTreeMap::new()) };
    let (key, ident) = (t.texts("adresse")?, t.hashes("ident_rep")?);
    // Those that builds use: a dwelling that was filed without a point is where its address is.
    let (lon, lat) = (t.f64s("lon")?, t.f64s("lat")?);
    let mut found: BTreeMap<(String, String), AdresseResidence> = BTreeMap::new();
    for row in 0..t.rows() {
        let name = key.get(row);
        let (x, y) =
            edits.point(year, siren, ident[row], hash(name)).map_or((lon[row], lat[row]), |f| (f.lon, f.lat));
        // As `stock::places` names the address point.
        let code = format!("{:016x}", hash(&format!("{name}@{x:.6},{y:.6}")));
        let address = points.zone(&code).and_then(|z| points.runs_of(z).next());
        let zone = address.and_then(|(a, _)| residences.of.get(a as usize)).copied().filter(|z| *z != NONE);
        if let Some(zone) = zone {
            let new = || AdresseResidence {
                cle: name.to_owned(),
                libelle: label(name),
                logements: 0,
                lon: x,
                lat: y,
            };
            found
                .entry((residences.codes.get(zone as usize).to_owned(), name.to_owned()))
                .or_insert_with(new)
                .logements += 1;
        }
    }
    let mut out: BTreeMap<String, Vec<AdresseResidence>> = BTreeMap::new();
    for ((code, _), address) in found {
        out.entry(code).or_default().push(address);
    }
    Ok(out)
}

/// The residences of a bailleur, with their addresses.
pub async fn residences(app: &Arc<App>, siren: &str) -> Result<Vec<ResidenceBailleur>, Problem> {
    let loaded = latest(app)?;
    let (held, at, owner) = (Arc::clone(app), Arc::clone(&loaded), siren.to_owned());
    let found = tokio::task::spawn_blocking(move || addresses(&held, &at, &owner))
        .await
        .map_err(|e| Problem::internal(&e))?;
    let found = found.map_err(|e| Problem::internal(&e))?;
    let Some(layer) = loaded.cube().layer("residence") else { return Ok(Vec::new()) };
    let mut list: Vec<ResidenceBailleur> = found
        .into_iter()
        .map(|(code, adresses)| {
            let zone = layer.zone(&code);
            ResidenceBailleur {
                nom: zone.map_or_else(|| code.clone(), |z| layer.title(z)),
                commune: zone.and_then(|z| parent(&loaded, &layer, z, "commune")).unwrap_or_default(),
                logements: adresses.iter().map(|a| a.logements).sum(),
                code,
                adresses,
                note: None,
                signalements: Vec::new(),
            }
        })
        .collect();
    list.sort_by(|a, b| a.nom.cmp(&b.nom));
    Ok(list)
}

/// One residence of the bailleur by its code.
pub async fn one(app: &Arc<App>, siren: &str, code: &str) -> Result<ResidenceBailleur, Problem> {
    let found = residences(app, siren).await?.into_iter().find(|r| r.code == code);
    found.ok_or_else(|| Problem::not_found("code", code, "Aucune résidence de votre parc n'a ce code."))
}

/// Where a residence went that was merged into another: what was said of it (notes, flags) is read there.
#[derive(Debug, Default)]
pub struct Lineage(BTreeMap<String, String>);

impl Lineage {
    /// `operations`: the last first, as they are kept.
    #[must_use]
    pub fn new(operations: &[OperationResidence]) -> Self {
        let mut heirs: BTreeMap<String, String> = BTreeMap::new();
        for o in operations.iter().rev().filter(|o| !o.annulee && o.genre == "fusion") {
            let Some(heir) = o.detail.apres.first().map(|r| r.code.clone()) else { continue };
            for gone in o.detail.avant.iter().map(|r| &r.code).filter(|code| **code != heir) {
                heirs.values_mut().filter(|now| *now == gone).for_each(|now| now.clone_from(&heir));
                heirs.insert(gone.clone(), heir.clone());
            }
        }
        Self(heirs)
    }

    /// The residence that one is today.
    #[must_use]
    pub fn now<'a>(&'a self, code: &'a str) -> &'a str {
        self.0.get(code).map_or(code, String::as_str)
    }
}

/// Refuses to put addresses of several communes into one residence: nobody would know whose list it is on.
///
/// # Errors
/// Names two of the communes.
pub fn one_commune<'a>(app: &App, nom: &str, communes: impl Iterator<Item = &'a str>) -> Result<(), Problem> {
    let communes: BTreeSet<&str> = communes.filter(|c| !c.is_empty()).collect();
    let mut names = communes.iter().map(|code| {
        let name = app.millesimes.last().and_then(|loaded| name_of(loaded, "commune", code));
        name.unwrap_or_else(|| (*code).to_owned())
    });
    let (Some(one), Some(other)) = (names.next(), names.next()) else { return Ok(()) };
    Err(Problem::value(
        "residences",
        nom,
        format!("Une résidence tient dans une commune : celle-ci serait à {one} et à {other}."),
    ))
}

/// Refuses to change what is in residences that are on the list of résidences à enjeu, or proposed for it:
/// the EPCI decided of these dwellings and no others (CCH L.441-1-6).
///
/// # Errors
/// Names the first such residence, and who has to do what before.
pub fn free_of_enjeu<'a>(
    files: &[File],
    codes: impl Iterator<Item = &'a str>,
    today: &str,
) -> Result<(), Problem> {
    let codes: BTreeSet<&str> = codes.collect();
    let bound = |f: &&File| {
        let proposed = f.statut == Statut::Proposee;
        codes.contains(f.residence.as_str()) && (proposed || f.statut.on_the_list() && *today <= *f.fin)
    };
    let Some(file) = files.iter().find(bound) else { return Ok(()) };
    let name = &file.nom;
    Err(Problem::conflict(if file.statut == Statut::Proposee {
        format!(
            "« {name} » est proposée comme résidence à enjeu prioritaire de mixité sociale : ses logements ne peuvent changer \
             pendant que l'EPCI se prononce. Retirez d'abord la proposition (page Résidences à enjeu)."
        )
    } else {
        format!(
            "« {name} » est sur la liste des résidences à enjeu prioritaire de mixité sociale jusqu'au {} : \
             la liste porterait sur d'autres logements que ceux dont l'EPCI a décidé. \
             Demandez-lui de lever d'abord cette qualité, puis proposez ce qui en sort.",
            days::long(&file.fin)
        )
    }))
}

/// Noter une résidence : état technique, climat social, attractivité, de 1 à 5.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NouvelleNote {
    pub technique: u8,
    pub climat: u8,
    pub attractivite: u8,
    #[serde(default)]
    pub commentaire: String,
}
