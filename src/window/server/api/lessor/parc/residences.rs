//! `/api/residences`: residences of a bailleur, and what it makes of them: renamed, merged, split, by the
//! page or by a file.
//!
//! A residence is what builds group ([`crate::stock::residences`]), or what the bailleur decided: each
//! operation puts addresses, named by their key, in a residence; the next build shows it. Lineage keeps which
//! residences the new ones come from.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, State as FromState};
use axum::http::StatusCode;

use crate::desk::error::DeskError;
use crate::desk::lessor::events::latest;
use crate::desk::lessor::residences::{
    AdresseResidence, Lineage, ListeResidences, NouvelleNote, NouvelleOperation, ResidenceBailleur,
    free_of_enjeu, one, one_commune, residences,
};
use crate::desk::params::{Params, words};
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::reference::registre::mot;
use crate::registers::fields;
use crate::registers::kit::small::SmallTable;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::body::{Body, CsvBody};
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;
use crate::server::edge::receipts::Modification;
use crate::state::rpems::Whose;
use crate::state::{self, Lignee, ResidenceNommee, day};
use crate::stock::edits::Home;
use crate::stock::places::label;
use crate::stock::table::hash;

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
    let operations = server.state.residence_operations(siren).await?;
    let lineage = Lineage::new(&operations);
    let mut list = residences(&app, siren).await?;
    for r in &mut list {
        r.note = notes.iter().find(|n| lineage.now(&n.residence) == r.code).cloned();
        r.signalements = flags.iter().filter(|f| lineage.now(&f.residence) == r.code).cloned().collect();
    }
    Ok(Json(ListeResidences { residences: list, notes, operations }))
}

/// Refuses an operation on addresses that another, not shown yet, has put elsewhere: one click too many, or a
/// second page.
async fn unmoved(server: &Server, siren: &str, from: &[&ResidenceBailleur]) -> Result<(), Problem> {
    let homes = server.state.homes_in_force().await?;
    let of: HashMap<&str, &str> =
        homes.iter().filter(|h| h.siren == siren).map(|h| (h.adresse.as_str(), h.code.as_str())).collect();
    let gone = from.iter().find(|r| {
        let elsewhere = |a: &AdresseResidence| of.get(a.cle.as_str()).is_some_and(|code| *code != r.code);
        r.adresses.iter().any(elsewhere)
    });
    gone.map_or(Ok(()), |r| {
        Err(Problem::conflict(format!(
            "Des adresses de « {} » viennent de changer de résidence : rechargez la page, les chiffres suivent.",
            r.nom
        )))
    })
}

/// Refuses an operation that changes what is in a residence à enjeu.
async fn free<'a>(server: &Server, siren: &str, codes: impl Iterator<Item = &'a str>) -> Result<(), Problem> {
    let whose = Whose { bailleur: Some(siren.to_owned()), zones: None };
    free_of_enjeu(&server.state.rpems(&whose).await?, codes, &day(state::now()))
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
        (status = CONFLICT, body = Document, content_type = "application/problem+json"),
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
    unmoved(&server, siren, &from).await?;
    let count = from.len();
    let first = from.first().ok_or_else(|| Problem::missing("residences", "le code d'une résidence"))?;
    let named = |r: &ResidenceBailleur| ResidenceNommee { code: r.code.clone(), nom: r.nom.clone() };
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
    if asked.genre != "renommee" {
        free(&server, siren, from.iter().map(|r| r.code.as_str())).await?;
    }
    if asked.genre == "fusion" {
        one_commune(&app, &nom, from.iter().map(|r| r.commune.as_str()))?;
    }
    let mut apres = vec![ResidenceNommee { code: code.clone(), nom: nom.clone() }];
    let home = |a: &AdresseResidence, into: ResidenceNommee| Home {
        siren: siren.to_owned(),
        adresse: a.cle.clone(),
        code: into.code,
        libelle: into.nom,
    };
    let mut homes: Vec<Home> = moved.iter().map(|a| home(a, apres[0].clone())).collect();
    let adresses = homes.len();
    if asked.genre == "scission" {
        // What stays keeps its code, by which notes, flags and lists know it: builds would give it another.
        apres.push(named(first));
        let staying = first.adresses.iter().filter(|a| !leaving.contains(&a.cle));
        homes.extend(staying.map(|a| home(a, named(first))));
    }
    let detail = Lignee { avant: from.iter().map(|r| named(r)).collect(), apres, adresses };
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
/// CSV `residence_code;libelle;adresse` (comme la page l'écrit, ou sa clé) ou
/// `residence_code;libelle;ident_rep` : toute l'adresse du logement va dans la résidence.
#[utoipa::path(
    put, path = "/api/residences/operations", tag = "bailleur", operation_id = "residences_fichier",
    request_body(content = String, content_type = "text/csv"),
    responses(
        (status = OK, body = Modification),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = CONFLICT, body = Document, content_type = "application/problem+json"),
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
        let mut of: BTreeMap<u64, String> = BTreeMap::new();
        let mut written: BTreeMap<u64, BTreeSet<&str>> = BTreeMap::new();
        for (r, ident) in ident.iter().enumerate() {
            let key = key.get(r);
            of.insert(*ident, key.to_owned());
            of.insert(hash(key), key.to_owned());
            // As the page writes it, where one address only is written so.
            written.entry(hash(&mot(&label(key)))).or_default().insert(key);
        }
        for (name, keys) in written {
            if let (1, Some(key)) = (keys.len(), keys.first()) {
                of.entry(name).or_insert_with(|| (*key).to_owned());
            }
        }
        Ok(of)
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
        let ident = fields::ident_rep(name.as_bytes()).0;
        let names = [hash(name), hash(&String::from_utf8_lossy(&ident)), hash(&mot(name))];
        let Some(key) = names.iter().find_map(|n| keys.get(n)).filter(|_| !name.is_empty()) else {
            return Err(Problem::value(
                &format!("ligne {line}"),
                name,
                "Cette adresse ou ce logement n'est pas dans votre parc, ou plusieurs communes y ont cette adresse : \
                 donnez alors le numéro national d'un de ses logements (colonne ident_rep).",
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
    let placed: HashSet<&str> = homes.iter().map(|h| h.adresse.as_str()).collect();
    let touched = |r: &&ResidenceBailleur| r.adresses.iter().any(|a| placed.contains(a.cle.as_str()));
    let avant: Vec<ResidenceNommee> = known
        .iter()
        .filter(touched)
        .map(|r| ResidenceNommee { code: r.code.clone(), nom: r.nom.clone() })
        .collect();
    free(&server, &siren, avant.iter().map(|r| r.code.as_str())).await?;
    for r in &apres {
        let inside = homes.iter().filter(|h| h.code == r.code);
        one_commune(&app, &r.nom, inside.filter_map(|h| h.adresse.split(':').next()))?;
    }
    let detail = Lignee { avant, apres: apres.into_iter().collect(), adresses: homes.len() };
    keep(&server, &siren, "fichier", &detail, &homes, &visitor.author()).await
}

/// Annuler une opération sur des résidences
///
/// La dernière d'abord : une opération dont une autre, en vigueur, a repris les adresses ne s'annule pas.
#[utoipa::path(
    delete, path = "/api/residences/operations/{id}", tag = "bailleur", operation_id = "residence_annuler",
    params(("id" = String, Path, description = "Identifiant de l'opération")),
    responses(
        (status = OK, body = Modification),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
        (status = CONFLICT, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn undo(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    Path(id): Path<String>,
) -> Result<(Extension<Trace>, Json<Modification>), Problem> {
    let siren = visitor.lessor()?;
    let operation = server.state.residence_operation(siren, &id).await?;
    if !operation.annulee && operation.genre != "renommee" {
        free(&server, siren, operation.detail.apres.iter().map(|r| r.code.as_str())).await?;
    }
    server.state.undo_residence_operation(siren, &id, state::now()).await?;
    Ok((
        Extension(Trace::new("residence_annulee", id)),
        Json(Modification { demande: server.works.changed() }),
    ))
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
