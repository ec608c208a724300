//! `GET /api/cotation/pression`: demands that wait, dwellings allocated, their ratio and the waiting time, by
//! commune or EPCI.

use axum::Json;
use axum::extract::Extension;
use serde::Serialize;
use utoipa::ToSchema;

use super::{all, catalogue};
use crate::days;
use crate::scoring::pressure::{Scale, lines};
use crate::server::auth::trail::Trace;
use crate::server::params::Params;
use crate::server::problem::{Document, Problem};
use crate::server::state::{App, Current};

/// Un territoire.
#[derive(Debug, Serialize, ToSchema)]
pub struct LignePression {
    pub code: String,
    pub nom: String,
    /// Code de l'EPCI d'une commune.
    pub epci: Option<String>,
    /// Demandes en attente qui nomment ce territoire ; une demande de plusieurs communes compte dans chacune,
    /// et une fois dans leur EPCI. Nul : secret.
    pub demandes: Option<u32>,
    /// Demandes dont c'est le premier choix.
    pub premier_choix: Option<u32>,
    /// De `demandes`, celles qui ne sont pas des mutations.
    pub demandes_hors_mutations: Option<u32>,
    /// Baux signés dans l'année.
    pub attributions: Option<u32>,
    pub attributions_hors_mutations: Option<u32>,
    /// Demandes pour une attribution, mutations comprises des deux côtés.
    pub tension: Option<f64>,
    /// La même, mutations exclues des deux côtés.
    pub tension_hors_mutations: Option<f64>,
    pub delai: Option<Delai>,
}

/// Délais d'attente, en mois.
#[derive(Debug, Serialize, ToSchema)]
pub struct Delai {
    /// Moyenne des demandes satisfaites des derniers mois : c'est ce que la loi montre. Elle ignore ceux qui
    /// attendent encore.
    pub moyen: f64,
    /// Demandes satisfaites dont c'est la moyenne.
    pub satisfaites: u32,
    /// Médiane qui compte ceux qui attendent encore (Kaplan-Meier) ; nulle si moins de la moitié sont logés.
    pub median: Option<f64>,
    /// Demandes dont c'est la médiane.
    pub suivies: u32,
    /// Trop peu de demandes satisfaites dans la commune : délais de l'EPCI.
    pub de_l_epci: bool,
}

/// La pression sur les territoires.
#[derive(Debug, Serialize, ToSchema)]
pub struct Pression {
    /// Jour de l'extraction des demandes.
    pub au: String,
    /// Année des attributions.
    pub annee: u16,
    pub par: String,
    pub delai_mois: u32,
    pub lignes: Vec<LignePression>,
}

const SCALES: [&str; 2] = ["epci", "commune"];

/// Pression de la demande
///
/// Demandes en attente, attributions de l'année de l'extraction et leur rapport, selon les deux définitions
/// (avec et sans les mutations), et le délai d'attente, par commune ou par EPCI. Un effectif de 1 à 10 n'est
/// jamais donné, ni ce qui le ferait retrouver.
#[utoipa::path(
    get, path = "/api/cotation/pression", tag = "cotation", operation_id = "cotation_pression",
    params(("par" = Option<String>, Query, description = "Lignes : `epci` (par défaut) ou `commune`")),
    responses(
        (status = OK, body = Pression),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn pression(
    Current(app): Current,
    mut params: Params,
) -> Result<(Extension<Trace>, Json<Pression>), Problem> {
    let by = params.take("par").unwrap_or_else(|| SCALES[0].to_owned());
    params.finish()?;
    if !SCALES.contains(&by.as_str()) {
        return Err(Problem::unknown("par", &by, SCALES));
    }
    let work = move || answer(&app, by);
    let found = tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))??;
    let secret = found.lignes.iter().any(|l| l.demandes.is_none() || l.attributions.is_none());
    let trace = Trace::new("cotation_pression", found.au.clone())
        .with("par", found.par.as_str())
        .rows(found.lignes.len(), secret);
    Ok((Extension(trace), Json(found)))
}

fn answer(app: &App, by: String) -> Result<Pression, Problem> {
    let demands = all(app)?;
    let leases = app.allocations().map_err(|e| Problem::internal(&e))?;
    let months = catalogue()?.regles.delai_mois;
    let year = u16::try_from(demands.extrait / 10_000).unwrap_or(0);
    let scale = if by == "commune" { Scale::Commune } else { Scale::Epci };
    let found = lines(&demands, &leases, year, scale, back(demands.extrait, months), app.secrecy.k);
    let mut lignes: Vec<LignePression> = found
        .iter()
        .map(|l| {
            let (code, nom, epci) = match scale {
                Scale::Commune => {
                    let c = &demands.communes[l.zone as usize];
                    (
                        c.code.clone(),
                        c.nom.clone(),
                        demands.epcis.get(c.epci as usize).map(|e| e.code.clone()),
                    )
                }
                Scale::Epci => {
                    let e = &demands.epcis[l.zone as usize];
                    (e.code.clone(), e.nom.clone(), None)
                }
            };
            LignePression {
                code,
                nom,
                epci,
                demandes: l.named,
                premier_choix: l.first,
                demandes_hors_mutations: l.named_new,
                attributions: l.housed,
                attributions_hors_mutations: l.housed_new,
                tension: l.ratio().map(hundredths),
                tension_hors_mutations: l.ratio_new().map(hundredths),
                delai: l.wait.map(|w| Delai {
                    moyen: tenths(w.mean),
                    satisfaites: w.housed,
                    median: w.median.map(tenths),
                    suivies: w.of,
                    de_l_epci: l.wait_of_epci,
                }),
            }
        })
        .collect();
    // The most asked for first; what is secret last, by code.
    lignes.sort_by(|a, b| b.demandes.cmp(&a.demandes).then_with(|| a.code.cmp(&b.code)));
    Ok(Pression { au: days::iso(demands.extrait), annee: year, par: by, delai_mois: months, lignes })
}

/// The day so many whole months before, the first of its month being never passed.
fn back(day: u32, months: u32) -> u32 {
    let of = day / 10_000 * 12 + day / 100 % 100 - 1;
    let then = of.saturating_sub(months);
    then / 12 * 10_000 + (then % 12 + 1) * 100 + day % 100
}

fn hundredths(v: f64) -> f64 {
    (v * 100.0).round() / 100.0
}

fn tenths(v: f64) -> f64 {
    (v * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_years_back_is_the_same_day() {
        assert_eq!((back(20_241_231, 24), back(20_240_115, 1)), (20_221_231, 20_231_215));
    }

    /// 31,300 demands and 5,000 allocations: 6.26, as the seed computes it.
    #[test]
    fn the_worked_example_of_haute_savoie() {
        assert!((hundredths(31_300.0 / 5_000.0) - 6.26).abs() < 1e-12);
    }
}
