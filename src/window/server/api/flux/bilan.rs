//! `GET /api/flux/bilan`: what a lessor owes each réservataire before 28 February (CCH R.441-5-1), and
//! freezing it.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Extension, State as FromState};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::book::{Book, year};
use super::opened;
use super::suivi::{chosen, lessors};
use super::view::{View, title};
use crate::desk::leases::Choix;
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::flow::count::{Cell, LigneBilan, balance};
use crate::flow::event::GenreFlux;
use crate::policy::mix::{Score, protect};
use crate::reference::secrecy::Secrecy;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::body::Body;
use crate::server::edge::csv_file;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;
use crate::{access, state};

/// Le bilan d'un bailleur.
#[derive(Debug, Serialize, ToSchema)]
pub struct BilanFlux {
    pub annee: u16,
    pub annees: Vec<u16>,
    pub bailleur: String,
    pub bailleur_nom: String,
    pub bailleurs: Vec<Choix>,
    pub lignes: Vec<LigneReservataire>,
    pub ventilations: Vec<Ventilation>,
    pub hors_flux: HorsFlux,
    /// Versions arrêtées.
    pub arretes: Vec<Arrete>,
    /// Vous pouvez l'arrêter.
    pub modifiable: bool,
}

/// Un bilan arrêté un jour.
#[derive(Debug, Serialize, ToSchema)]
pub struct Arrete {
    pub version: i64,
    /// AAAA-MM-JJ.
    pub jour: String,
    pub motif: String,
}

/// Une ligne par réservataire.
#[derive(Debug, Serialize, ToSchema)]
pub struct LigneReservataire {
    pub reservataire: String,
    pub nom: String,
    #[serde(flatten)]
    pub compte: LigneBilan,
    /// Baux de ménages DALO ; nul : secret.
    pub dalo: Option<u32>,
    /// Baux de ménages du premier quartile ; nul : secret.
    pub q1: Option<u32>,
}

/// Le bilan ventilé selon une dimension.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ventilation {
    pub dimension: &'static str,
    pub libelle: &'static str,
    pub lignes: Vec<LigneVentilee>,
}

/// Une catégorie, pour un réservataire.
#[derive(Debug, Serialize, ToSchema)]
pub struct LigneVentilee {
    pub reservataire: String,
    pub nom: String,
    pub categorie: String,
    #[serde(flatten)]
    pub compte: LigneBilan,
}

/// Ce qui ne compte pas dans le flux.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct HorsFlux {
    pub premieres_locations: u32,
    pub mutations_internes: u32,
    pub relogements: u32,
}

const DIMENSIONS: [(&str, &str); 5] = [
    ("typologie", "Typologie"),
    ("financement", "Financement"),
    ("qpv", "QPV"),
    ("commune", "Commune"),
    ("periode", "Période de construction"),
];

fn part(cell: &Cell, dimension: &str, view: &View) -> String {
    match dimension {
        "typologie" => cell.typologie.clone(),
        "financement" => cell.financement.clone(),
        "qpv" => (if cell.qpv { "en QPV" } else { "hors QPV" }).to_owned(),
        "commune" => view.name(&cell.commune),
        _ => cell.periode.clone(),
    }
}

/// Counts of households, none of which may be had from the others.
fn protected(
    cells: &[(String, LigneBilan)],
    count: fn(&LigneBilan) -> u32,
    secrecy: &Secrecy,
) -> Vec<Option<u32>> {
    let score = |l: &LigneBilan| Score { numerator: count(l), denominator: l.baux, ..Score::default() };
    let mut whole = LigneBilan::default();
    cells.iter().for_each(|(_, l)| whole.add(l));
    let mut list: Vec<Option<Score>> = cells.iter().map(|(_, l)| Some(score(l))).collect();
    protect(&mut Some(score(&whole)), &mut list.iter_mut().collect::<Vec<_>>(), secrecy);
    // « Counts of households 1 to 10 are never shown », nor what subtracting them from the leases would give.
    let safe = |n: u32| n == 0 || n >= secrecy.k;
    list.into_iter()
        .map(|s| s.filter(|s| safe(s.numerator) && safe(s.denominator - s.numerator)).map(|s| s.numerator))
        .collect()
}

fn answer(
    book: &Book,
    view: &View,
    secrecy: &Secrecy,
    asked: (Option<u16>, Option<String>),
) -> Result<BilanFlux, Problem> {
    let annee = chosen(book, asked.0)?;
    let bailleurs = lessors(book, view);
    let bailleur = match asked.1 {
        Some(b) if bailleurs.iter().any(|c| c.code == b) => b,
        Some(b) => return Err(Problem::unknown("bailleur", &b, bailleurs.iter().map(|c| c.code.as_str()))),
        None => bailleurs.first().map(|c| c.code.clone()).ok_or_else(|| {
            Problem::not_found("flux", "", "Aucun bailleur n'a de flux dans ce que vous pouvez voir.")
        })?,
    };
    let own = || book.ways_of(&bailleur);
    let cells = balance(own(), annee);
    let mut by: BTreeMap<String, LigneBilan> = BTreeMap::new();
    for (c, l) in &cells {
        by.entry(c.reservataire.clone()).or_default().add(l);
    }
    let rows: Vec<(String, LigneBilan)> = by.into_iter().collect();
    let dalo = protected(&rows, |l| l.dalo, secrecy);
    let q1 = protected(&rows, |l| l.q1, secrecy);
    let lignes = rows.iter().zip(dalo.into_iter().zip(q1)).filter(|((r, _), _)| view.holds(r)).map(
        |((r, l), (dalo, q1))| LigneReservataire {
            reservataire: r.clone(),
            nom: title(view, r),
            compte: *l,
            dalo,
            q1,
        },
    );
    let ventilations = DIMENSIONS.map(|(dimension, libelle)| {
        let mut sums: BTreeMap<(String, String), LigneBilan> = BTreeMap::new();
        for (c, l) in cells.iter().filter(|(c, _)| view.holds(&c.reservataire)) {
            sums.entry((c.reservataire.clone(), part(c, dimension, view))).or_default().add(l);
        }
        let lignes = sums.into_iter().map(|((r, categorie), compte)| LigneVentilee {
            nom: title(view, &r),
            reservataire: r,
            categorie,
            compte,
        });
        Ventilation { dimension, libelle, lignes: lignes.collect() }
    });
    let mut hors_flux = HorsFlux::default();
    for w in own() {
        let Some(end) = w.end.as_ref().filter(|e| year(&e.day) == annee) else { continue };
        match end.how {
            GenreFlux::Bail if w.first_letting => hors_flux.premieres_locations += 1,
            GenreFlux::Bail if end.mutation == "INTERNE" => hors_flux.mutations_internes += 1,
            GenreFlux::MutationInterne => hors_flux.mutations_internes += 1,
            GenreFlux::Relogement => hors_flux.relogements += 1,
            _ => {}
        }
    }
    Ok(BilanFlux {
        annee,
        annees: book.years(),
        bailleur_nom: view.name(&bailleur),
        bailleurs,
        lignes: lignes.collect(),
        ventilations: ventilations.into(),
        hors_flux,
        arretes: Vec::new(),
        modifiable: view.bailleur.as_deref() == Some(bailleur.as_str()),
        bailleur,
    })
}

/// Bilan annuel d'un bailleur
///
/// Logements proposés et attribués à chaque réservataire, ventilés par typologie, financement, QPV, commune
/// et période de construction (CCH R.441-5-1). Les comptes de ménages DALO et du premier quartile suivent
/// le secret et ne sont pas ventilés.
#[utoipa::path(
    get, path = "/api/flux/bilan", tag = "flux", operation_id = "flux_bilan",
    params(
        ("annee" = Option<u16>, Query, description = "La dernière par défaut"),
        ("bailleur" = Option<String>, Query, description = "SIREN ; le premier que vous pouvez lire par défaut"),
    ),
    responses(
        (status = OK, body = BilanFlux),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn bilan(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    mut params: Params,
) -> Result<(Extension<Trace>, Json<BilanFlux>), Problem> {
    let asked = (params.number("annee")?, params.take("bailleur"));
    params.finish()?;
    let (book, view) = opened(&server, &app, &visitor.person).await?;
    let mut found = answer(&book, &view, app.secrecy, asked)?;
    for b in server.state.flux_bilans().await? {
        if b.bailleur == found.bailleur && b.annee == found.annee {
            found.arretes.push(Arrete { version: b.version, jour: state::day(b.quand), motif: b.motif });
        }
    }
    let secret = found.lignes.iter().any(|l| l.dalo.is_none() || l.q1.is_none());
    let trace = Trace::new("flux_bilan", found.bailleur.clone())
        .with("annee", found.annee)
        .rows(found.lignes.len(), secret);
    Ok((Extension(trace), Json(found)))
}

/// Bilan annuel d'un bailleur (CSV)
#[utoipa::path(
    get, path = "/api/flux/bilan.csv", tag = "flux", operation_id = "flux_bilan_csv",
    params(
        ("annee" = Option<u16>, Query, description = "La dernière par défaut"),
        ("bailleur" = Option<String>, Query, description = "SIREN ; le premier que vous pouvez lire par défaut"),
    ),
    responses((status = OK, body = String, content_type = "text/csv"))
)]
pub async fn csv(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    mut params: Params,
) -> Result<Response, Problem> {
    let asked = (params.number("annee")?, params.take("bailleur"));
    params.finish()?;
    let (book, view) = opened(&server, &app, &visitor.person).await?;
    let found = answer(&book, &view, app.secrecy, asked)?;
    let cells = balance(book.ways_of(&found.bailleur), found.annee);
    let text = written(&found, &cells, &view).map_err(|e| Problem::internal(&e))?;
    let headers = csv_file::headers(&format!("mosaique_flux_bilan_{}_{}.csv", found.bailleur, found.annee))?;
    let trace = Trace::new("export", "flux_bilan").with("annee", found.annee).rows(cells.len(), false);
    Ok((Extension(trace), headers, text).into_response())
}

fn written(
    found: &BilanFlux,
    cells: &BTreeMap<Cell, LigneBilan>,
    view: &View,
) -> Result<Vec<u8>, csv::Error> {
    let mut w = csv_file::writer();
    w.write_record([
        "annee",
        "bailleur",
        "reservataire",
        "commune",
        "typologie",
        "financement",
        "qpv",
        "periode_construction",
        "nb_proposes",
        "nb_acceptes",
        "nb_attribues",
        "nb_baux",
        "dont_mutation_externe",
        "dont_mutation_inconnue",
        "nb_refus",
        "nb_refus_candidat",
        "nb_sans_candidat",
    ])?;
    for (c, l) in cells.iter().filter(|(c, _)| view.holds(&c.reservataire)) {
        let head = [
            found.annee.to_string(),
            c.bailleur.clone(),
            c.reservataire.clone(),
            c.commune.clone(),
            csv_file::inert(&c.typologie),
            csv_file::inert(&c.financement),
            u8::from(c.qpv).to_string(),
            csv_file::inert(&c.periode),
        ];
        let counts = [
            l.proposes,
            l.acceptes,
            l.attribues,
            l.baux,
            l.mutation_externe,
            l.mutation_inconnue,
            l.refus,
            l.refus_candidat,
            l.sans_candidat,
        ];
        w.write_record(head.into_iter().chain(counts.map(|n| n.to_string())))?;
    }
    csv_file::bytes(w)
}

/// Arrêter un bilan.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ArreterBilan {
    pub annee: u16,
    /// Pourquoi il est corrigé ; demandé à partir de la deuxième version.
    #[serde(default)]
    pub motif: String,
}

/// Arrêter le bilan d'une année
///
/// Réservé au bailleur. Le bilan est gardé tel qu'il est ; une correction en fait une nouvelle version.
#[utoipa::path(
    post, path = "/api/flux/bilan", tag = "flux", operation_id = "flux_bilan_arreter", request_body = ArreterBilan,
    responses(
        (status = OK, body = Arrete),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
        (status = CONFLICT, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn freeze(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    Body(asked): Body<ArreterBilan>,
) -> Result<(Extension<Trace>, Json<Arrete>), Problem> {
    access::may(&visitor.person, "flux_evenements").map_err(Problem::forbidden)?;
    let siren = visitor.lessor()?.to_owned();
    let (book, view) = opened(&server, &app, &visitor.person).await?;
    let found = answer(&book, &view, app.secrecy, (Some(asked.annee), Some(siren.clone())))?;
    let before = server.state.flux_bilans().await?;
    let motif = asked.motif.trim().to_owned();
    if motif.is_empty() && before.iter().any(|b| b.bailleur == siren && b.annee == asked.annee) {
        return Err(Problem::value(
            "motif",
            "",
            "Ce bilan est déjà arrêté : dites pourquoi vous le corrigez.",
        ));
    }
    let contenu = serde_json::to_value(&found).map_err(|e| Problem::internal(&e))?;
    let now = state::now();
    let version =
        server.state.freeze_flux((&siren, asked.annee), &contenu, &motif, &visitor.author(), now).await?;
    let trace = Trace::new("flux_bilan_arrete", siren).with("annee", asked.annee).with("version", version);
    Ok((Extension(trace), Json(Arrete { version, jour: state::day(now), motif })))
}
