//! `/api/residences`: residences of a bailleur, and what it makes of them: renamed, merged, split, by the
//! page or by a file.
//!
//! A residence is what builds group ([`crate::stock::residences`]), or what the bailleur decided: each
//! operation puts addresses, named by their key, in a residence; the next build shows it. Lineage keeps which
//! residences the new ones come from.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, State as FromState};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::events::latest;
use super::words;
use crate::desk::editions::{App, Loaded};
use crate::desk::error::DeskError;
use crate::desk::params::Params;
use crate::desk::places::parent;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::registers::kit::small::SmallTable;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::body::{Body, CsvBody};
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;
use crate::server::edge::receipts::Modification;
use crate::state::{self, Lignee, NoteResidence, OperationResidence, ResidenceNommee, Signalement};
use crate::stock::edits::{Edits, Home};
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
    let columns = ["adresse", "ident_rep", "lon", "lat", "situe"];
    let Some(t) = app.rows_of(year, siren, &columns)? else { return Ok(BTreeMap::new()) };
    let (key, ident, situated) = (t.texts("adresse")?, t.hashes("ident_rep")?, t.flags("situe")?);
    let (mut lon, mut lat) = (t.f64s("lon")?, t.f64s("lat")?);
    // A dwelling that was filed without a point has none here, wherever builds put it.
    for row in (0..t.rows()).filter(|r| situated[*r]) {
        (lon[row], lat[row]) = (f64::NAN, f64::NAN);
    }
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

async fn residences(app: &Arc<App>, siren: &str) -> Result<Vec<ResidenceBailleur>, Problem> {
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
pub(super) async fn one(app: &Arc<App>, siren: &str, code: &str) -> Result<ResidenceBailleur, Problem> {
    let found = residences(app, siren).await?.into_iter().find(|r| r.code == code);
    found.ok_or_else(|| Problem::not_found("code", code, "Aucune résidence de votre parc n'a ce code."))
}

/// Mes résidences
///
/// Avec leurs adresses, leurs dernières notes, leurs signalements et leur lignée.
#[utoipa::path(
    get, path = "/api/residences", tag = "bailleur", operation_id = "residences", responses((status = OK,
    body = ListeResidences))
)]
pub async fn list(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    params: Params,
) -> Result<Json<ListeResidences>, Problem> {
    params.finish()?;
    let siren = visitor.lessor()?;
    let (notes, flags) = (server.state.notes(siren).await?, server.state.flags(Some(siren)).await?);
    let mut list = residences(&app, siren).await?;
    for r in &mut list {
        r.note = notes.iter().find(|n| n.residence == r.code).cloned();
        r.signalements = flags.iter().filter(|f| f.residence == r.code).cloned().collect();
    }
    Ok(Json(ListeResidences {
        residences: list,
        notes,
        operations: server.state.residence_operations(siren).await?,
    }))
}

/// Renommer, réunir ou diviser des résidences
///
/// Les chiffres par résidence sont refaits aussitôt ; la lignée garde d'où vient chacune.
#[utoipa::path(
    post, path = "/api/residences/operations", tag = "bailleur", operation_id = "residence_operation",
    request_body = NouvelleOperation,
    responses(
        (status = OK, body = Modification),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn change(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    Body(asked): Body<NouvelleOperation>,
) -> Result<(Extension<Trace>, Json<Modification>), Problem> {
    let siren = visitor.lessor()?;
    let nom = words("nom", &asked.nom, 120)?;
    if nom.is_empty() {
        return Err(Problem::missing("nom", "le nom de la résidence"));
    }
    let all = residences(&app, siren).await?;
    let mut from = Vec::new();
    for code in asked.residences.iter().collect::<BTreeSet<_>>() {
        let found = all.iter().find(|r| r.code == *code);
        from.push(found.ok_or_else(|| {
            Problem::not_found("residences", code, "Aucune résidence de votre parc n'a ce code.")
        })?);
    }
    let count = from.len();
    let first = from.first().ok_or_else(|| Problem::missing("residences", "le code d'une résidence"))?;
    let named = |r: &&ResidenceBailleur| ResidenceNommee { code: r.code.clone(), nom: r.nom.clone() };
    let leaving: BTreeSet<&String> = asked.adresses.iter().collect();
    let (code, moved): (String, Vec<&AdresseResidence>) = match asked.genre.as_str() {
        "renommee" if count == 1 => (first.code.clone(), first.adresses.iter().collect()),
        "fusion" if count > 1 => {
            // The one with the most dwellings goes on under its code.
            let heir = from
                .iter()
                .max_by_key(|r| (r.logements, std::cmp::Reverse(&r.code)))
                .map_or(&first.code, |r| &r.code);
            (heir.clone(), from.iter().flat_map(|r| &r.adresses).collect())
        }
        "scission" if count == 1 => {
            let moved: Vec<_> = first.adresses.iter().filter(|a| leaving.contains(&a.cle)).collect();
            if moved.is_empty() || moved.len() == first.adresses.len() || moved.len() != leaving.len() {
                return Err(Problem::value(
                    "adresses",
                    &asked.adresses.join(", "),
                    "Une scission prend des adresses de la résidence, mais pas toutes.",
                ));
            }
            (format!("R{:012x}", hash(&format!("{siren}|{}|{}", first.code, moved[0].cle)) >> 16), moved)
        }
        "renommee" | "scission" => {
            return Err(Problem::value(
                "residences",
                &count.to_string(),
                "Cette opération porte sur une seule résidence.",
            ));
        }
        "fusion" => {
            return Err(Problem::value(
                "residences",
                &count.to_string(),
                "Une fusion réunit deux résidences au moins.",
            ));
        }
        other => return Err(Problem::unknown("genre", other, ["renommee", "fusion", "scission"])),
    };
    let mut apres = vec![ResidenceNommee { code: code.clone(), nom: nom.clone() }];
    if asked.genre == "scission" {
        apres.push(named(first));
    }
    let homes: Vec<Home> = moved
        .iter()
        .map(|a| Home {
            siren: siren.to_owned(),
            adresse: a.cle.clone(),
            code: code.clone(),
            libelle: nom.clone(),
        })
        .collect();
    let detail = Lignee { avant: from.iter().map(named).collect(), apres, adresses: homes.len() };
    keep(&server, siren, &asked.genre, &detail, &homes, &visitor.author()).await
}

async fn keep(
    server: &Server,
    siren: &str,
    genre: &str,
    detail: &Lignee,
    homes: &[Home],
    compte: &str,
) -> Result<(Extension<Trace>, Json<Modification>), Problem> {
    let id = server.state.add_residence_operation(siren, genre, detail, homes, compte, state::now()).await?;
    let trace = Trace::new("residence", id)
        .with("genre", genre)
        .with("lignee", serde_json::to_value(detail).unwrap_or_default())
        .rows(homes.len(), false);
    Ok((Extension(trace), Json(Modification { demande: server.works.changed() })))
}

/// Résidences par un fichier
///
/// CSV `residence_code;libelle;adresse` (clé) ou `residence_code;libelle;ident_rep` : toute l'adresse du
/// logement va dans la résidence.
#[utoipa::path(
    put, path = "/api/residences/operations", tag = "bailleur", operation_id = "residences_fichier",
    request_body(content = String, content_type = "text/csv"),
    responses(
        (status = OK, body = Modification),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn file(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    CsvBody(bytes): CsvBody,
) -> Result<(Extension<Trace>, Json<Modification>), Problem> {
    let siren = visitor.lessor()?.to_owned();
    let year = latest(&app)?.meta().millesime;
    let (held, owner) = (Arc::clone(&app), siren.clone());
    let keys = move || -> Result<BTreeMap<u64, String>, DeskError> {
        let Some(t) = held.rows_of(year, &owner, &["adresse", "ident_rep"])? else {
            return Ok(BTreeMap::new());
        };
        let (key, ident) = (t.texts("adresse")?, t.hashes("ident_rep")?);
        Ok((0..t.rows())
            .flat_map(|r| [(ident[r], key.get(r).to_owned()), (hash(key.get(r)), key.get(r).to_owned())])
            .collect())
    };
    let keys = tokio::task::spawn_blocking(keys)
        .await
        .map_err(|e| Problem::internal(&e))?
        .map_err(|e| Problem::internal(&e))?;
    let table = SmallTable::read(&bytes, &["residence_code"])
        .map_err(|e| Problem::body(format!("Fichier de résidences : {e}.")))?;
    let mut homes: BTreeMap<String, Home> = BTreeMap::new();
    for row in &table.rows {
        let line = row.line;
        let cell = |name: &str| table.cell(row, name);
        let (code, name) = (
            cell("residence_code"),
            if cell("adresse").is_empty() { cell("ident_rep") } else { cell("adresse") },
        );
        if code.is_empty() {
            return Err(Problem::missing(
                &format!("ligne {line}, residence_code"),
                "le code de la résidence",
            ));
        }
        let Some(key) = keys.get(&hash(name)).filter(|_| !name.is_empty()) else {
            return Err(Problem::value(
                &format!("ligne {line}"),
                name,
                "Cette adresse ou ce logement n'est pas dans votre parc.",
            ));
        };
        let libelle = if cell("libelle").is_empty() { code } else { cell("libelle") };
        // Codes of bailleurs are their own: two of them may use the same.
        let home = Home {
            siren: siren.clone(),
            adresse: key.clone(),
            code: format!("R{:012x}", hash(&format!("{siren}|{code}")) >> 16),
            libelle: words("libelle", libelle, 120)?,
        };
        if let Some(other) = homes.insert(key.clone(), home.clone()).filter(|o| o.code != home.code) {
            return Err(Problem::value(
                &format!("ligne {line}"),
                name,
                format!("Cette adresse est déjà dans la résidence « {} ».", other.libelle),
            ));
        }
    }
    if homes.is_empty() {
        return Err(Problem::body("Ce fichier n'a aucune ligne sous son en-tête."));
    }
    let homes: Vec<Home> = homes.into_values().collect();
    let apres: BTreeSet<ResidenceNommee> =
        homes.iter().map(|h| ResidenceNommee { code: h.code.clone(), nom: h.libelle.clone() }).collect();
    let known = residences(&app, &siren).await?;
    let touched =
        |r: &&ResidenceBailleur| r.adresses.iter().any(|a| homes.iter().any(|h| h.adresse == a.cle));
    let avant = known
        .iter()
        .filter(touched)
        .map(|r| ResidenceNommee { code: r.code.clone(), nom: r.nom.clone() })
        .collect();
    let detail = Lignee { avant, apres: apres.into_iter().collect(), adresses: homes.len() };
    keep(&server, &siren, "fichier", &detail, &homes, &visitor.author()).await
}

/// Annuler une opération sur des résidences
#[utoipa::path(
    delete, path = "/api/residences/operations/{id}", tag = "bailleur", operation_id = "residence_annuler",
    params(("id" = String, Path, description = "Identifiant de l'opération")),
    responses(
        (status = OK, body = Modification),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn undo(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    Path(id): Path<String>,
) -> Result<(Extension<Trace>, Json<Modification>), Problem> {
    server.state.undo_residence_operation(visitor.lessor()?, &id, state::now()).await?;
    Ok((
        Extension(Trace::new("residence_annulee", id)),
        Json(Modification { demande: server.works.changed() }),
    ))
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

/// Noter une résidence
///
/// Les notes d'avant restent dans l'historique.
#[utoipa::path(
    post, path = "/api/residences/{code}/notes", tag = "bailleur", operation_id = "residence_noter",
    params(("code" = String, Path, description = "Code de la résidence")), request_body = NouvelleNote,
    responses(
        (status = NO_CONTENT, description = "Notée"),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn note(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    Path(code): Path<String>,
    Body(asked): Body<NouvelleNote>,
) -> Result<(StatusCode, Extension<Trace>), Problem> {
    let siren = visitor.lessor()?;
    for (champ, n) in
        [("technique", asked.technique), ("climat", asked.climat), ("attractivite", asked.attractivite)]
    {
        if !(1..=5).contains(&n) {
            return Err(Problem::value(champ, &n.to_string(), "Une note va de 1 (mauvais) à 5 (bon)."));
        }
    }
    let commentaire = words("commentaire", &asked.commentaire, 1_000)?;
    let residence = one(&app, siren, &code).await?;
    let new = state::NewNote {
        siren,
        residence: &code,
        nom: &residence.nom,
        technique: asked.technique,
        climat: asked.climat,
        attractivite: asked.attractivite,
        commentaire: &commentaire,
    };
    server.state.add_note(&new, &visitor.author(), state::now()).await?;
    let trace = Trace::new("residence_notee", code)
        .with("technique", asked.technique)
        .with("climat", asked.climat)
        .with("attractivite", asked.attractivite);
    Ok((StatusCode::NO_CONTENT, Extension(trace)))
}
