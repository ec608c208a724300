//! Segregation indices, of counts that may be shown alone.

use rayon::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::counter::Desk;
use crate::desk::editions::{App, Loaded};
use crate::desk::kept::Made;
use crate::desk::places::{self, Within};
use crate::desk::problem::Problem;
use crate::desk::query;
use crate::disclosure::answer::{Answer, Asker};
use crate::disclosure::publisher::Population;
use crate::policy::segregation::{Unit, indices, quotient};
use crate::reference::access::Class;
use crate::reference::indicators::Indicator;
use crate::reference::scales;

/// Ségrégation d'un groupe de ménages.
#[derive(Debug, Serialize, ToSchema)]
pub struct Segregation {
    /// Le groupe : les ménages que compte cet indicateur, parmi ceux de son dénominateur.
    pub indicateur: String,
    pub libelle: String,
    /// Échelle des unités.
    pub echelle: String,
    pub echelle_libelle: String,
    pub population: Population,
    /// Unités publiables nécessaires pour qu'un indice soit donné.
    pub unites_min: usize,
    /// Une entrée par vague, la plus ancienne d'abord.
    pub vagues: Vec<VagueSegregation>,
}

/// Une vague de l'enquête.
#[derive(Debug, Serialize, ToSchema)]
pub struct VagueSegregation {
    pub millesime: u16,
    pub vague: u16,
    pub lignes: Vec<LigneSegregation>,
}

/// Un EPCI.
#[derive(Debug, Serialize, ToSchema)]
pub struct LigneSegregation {
    pub code: String,
    pub nom: String,
    /// Unités dont les effectifs sont publiables, et les autres, qui ne comptent pas.
    pub unites: usize,
    pub unites_ecartees: usize,
    /// Ménages des unités retenues, et leur part des ménages décrits de l'EPCI, en %.
    pub menages: Option<u64>,
    pub couverture: Option<f64>,
    /// Part du groupe dans les unités retenues, en %.
    pub part: Option<f64>,
    /// De 0 (réparti comme les autres) à 1 (séparé).
    pub dissimilarite: Option<f64>,
    /// Part du groupe dans l'unité d'un ménage du groupe, de 0 à 1.
    pub isolement: Option<f64>,
    /// Indice H de Theil, de 0 à 1.
    pub entropie: Option<f64>,
    /// Pourquoi il n'y a pas d'indice.
    pub motif: Option<String>,
    /// Par unité, si un EPCI est demandé et que ses unités vous sont ouvertes.
    pub quotients: Vec<QuotientLocalisation>,
}

/// Une unité face à son EPCI.
#[derive(Debug, Serialize, ToSchema)]
pub struct QuotientLocalisation {
    pub code: String,
    pub nom: String,
    /// Ménages du groupe, et tous.
    pub groupe: u64,
    pub menages: u64,
    /// Part du groupe, rapportée à celle de l'EPCI : 1 = autant.
    pub quotient: Option<f64>,
}

/// Indicator and scale of the indices, unless others are asked for.
pub const DEFAULT: &str = "I02";

pub const UNITS: &str = "iris";

/// The indices of each wave.
pub fn found(
    app: &App,
    desks: &[(u16, Desk<'_>)],
    indicator: &'static Indicator,
    scale: &str,
    epci: Option<&str>,
) -> Result<Made<Segregation>, Problem> {
    let (mut out, mut label, mut whom) = (Vec::new(), String::new(), Population::Tous);
    for (wave, desk) in desks {
        label = scale_label(desk.loaded(), scale)?;
        whom = desk.whole.population;
        out.push(VagueSegregation {
            millesime: desk.loaded().meta().millesime,
            vague: *wave,
            lignes: lines(app, desk, indicator, scale, epci)?,
        });
    }
    let withheld = out.iter().flat_map(|w| &w.lignes).any(|l| l.motif.is_some() || l.unites_ecartees > 0);
    let lignes = out.iter().map(|w| w.lignes.len()).sum();
    let answer = Segregation {
        indicateur: indicator.id.clone(),
        libelle: indicator.libelle.clone(),
        echelle: scale.to_owned(),
        echelle_libelle: label,
        population: whom,
        unites_min: app.secrecy.segregation.unites_min,
        vagues: out,
    };
    Ok(Made { answer, objet: String::new(), lignes, secret: withheld })
}

/// An indicator whose numerator is a group of its denominator's households.
pub fn group(app: &App, id: &str) -> Result<&'static Indicator, Problem> {
    let fits = |i: &Indicator| {
        i.unite == "%"
            && i.numerateur.somme == "menages"
            && i.denominateur.as_ref().is_some_and(|d| d.somme == "menages")
    };
    let found = query::indicators(app, Some(&[id.to_owned()]))?.into_iter().find(|i| fits(i));
    found.ok_or_else(|| {
        let accepted = app.catalogue.indicators.iter().filter(|i| fits(i)).map(|i| i.id.as_str());
        Problem::unknown("indicateur", id, accepted)
    })
}

fn scale_label(loaded: &Loaded, id: &str) -> Result<String, Problem> {
    let layer = places::layer(loaded, "echelle", id)?;
    let scale = scales::scale(id);
    // A residence has one owner: its households are of the class `fine`, which an index of a whole EPCI must
    // not depend on.
    if scale.acces == Class::Fine || id == "epci" || id == "departement" {
        let detail = "Les unités doivent être plus petites que l'EPCI et plus grandes que la résidence : \
            iris, commune, carreau…";
        return Err(Problem::value("echelle", id, detail));
    }
    Ok(if scale.id == "*" { layer.meta.libelle.clone() } else { scale.libelle.clone() })
}

fn lines(
    app: &App,
    desk: &Desk<'_>,
    indicator: &'static Indicator,
    scale: &str,
    epci: Option<&str>,
) -> Result<Vec<LigneSegregation>, Problem> {
    let loaded = desk.loaded();
    let wide = desk.counter(Class::Large)?;
    wide.households()?;
    let near = desk.counter(scales::scale(scale).acces).ok();
    let units = places::layer(loaded, "echelle", scale)?;
    let parents = places::layer(loaded, "epci", "epci")?;
    let chosen = match epci {
        Some(code) => {
            vec![parents.zone(code).ok_or_else(|| Problem::unknown("epci", code, parents.codes.iter()))?]
        }
        None => places::zones_with_addresses(&parents, None),
    };
    let asker = desk.asker(app, &[indicator]);
    chosen
        .into_iter()
        .map(|zone| {
            let territory = parents.addresses(zone);
            let name = (parents.codes.get(zone as usize).to_owned(), parents.title(zone));
            if let Some(why) = wide.withheld(&territory) {
                return Ok(without(name, 0, 0, why.to_owned()));
            }
            let within = Within { layer: places::layer(loaded, "epci", "epci")?, zone };
            let mut zones = places::zones_with_addresses(&units, Some(&within));
            // A cell over the border belongs to neither territory.
            zones.retain(|z| {
                let all = units.addresses(*z);
                all.intersection(&territory).len() == all.len()
            });
            let counted: Vec<(u32, Option<Unit>)> =
                zones.par_iter().map(|z| (*z, counts(&said(&asker, loaded, scale, &units, *z)))).collect();
            let known: Vec<(u32, Unit)> = counted.iter().filter_map(|(z, u)| u.map(|u| (*z, u))).collect();
            let left = counted.len() - known.len();
            let of: Vec<Unit> = known.iter().map(|(_, u)| *u).collect();
            if of.len() < app.secrecy.segregation.unites_min {
                let why = format!("moins de {} unités publiables", app.secrecy.segregation.unites_min);
                return Ok(without(name, of.len(), left, why));
            }
            let Some(found) = indices(&of) else {
                return Ok(without(
                    name,
                    of.len(),
                    left,
                    "tous les ménages, ou aucun, sont du groupe".to_owned(),
                ));
            };
            let round = |v: f64| {
                let p = 10f64.powi(app.secrecy.segregation.decimales);
                (v * p).round() / p
            };
            let described =
                wide.answer(Some("epci"), &territory)?.chiffres.first().and_then(|f| f.denominateur);
            let share = |n: u64, d: u64| (d > 0).then(|| (1000.0 * n as f64 / d as f64).round() / 10.0);
            let opened = |z: u32| {
                near.as_ref().is_some_and(|c| {
                    let at = units.addresses(z);
                    c.lists(&at, true) && c.withheld(&at).is_none()
                })
            };
            let quotients = known.iter().filter(|(z, _)| epci.is_some() && opened(*z)).map(|(z, u)| {
                QuotientLocalisation {
                    code: units.codes.get(*z as usize).to_owned(),
                    nom: units.title(*z),
                    groupe: u.group,
                    menages: u.total,
                    quotient: quotient(u, &found.whole).map(round),
                }
            });
            Ok(LigneSegregation {
                code: name.0,
                nom: name.1,
                unites: of.len(),
                unites_ecartees: left,
                menages: Some(found.whole.total),
                couverture: described.and_then(|d| share(found.whole.total, d)),
                part: share(found.whole.group, found.whole.total),
                dissimilarite: Some(round(found.dissimilarity)),
                isolement: Some(round(found.isolation)),
                entropie: Some(round(found.entropy)),
                motif: None,
                quotients: quotients.collect(),
            })
        })
        .collect()
}

fn said(
    asker: &Asker<'_>,
    loaded: &Loaded,
    scale: &str,
    units: &crate::cube::Layer<'_>,
    zone: u32,
) -> Answer {
    let addresses = units.addresses(zone);
    asker.answer(&addresses, places::is_fine(loaded, Some(scale), &addresses))
}

/// Counts that may be shown; None for a figure that is secret or only said to 5 points.
fn counts(answer: &Answer) -> Option<Unit> {
    let figure = answer.chiffres.first()?;
    // Counts of households are whole.
    let (group, total) = (figure.numerateur? as u64, figure.denominateur?);
    (!figure.secret && total > 0).then_some(Unit { group, total })
}

fn without(
    (code, nom): (String, String),
    unites: usize,
    unites_ecartees: usize,
    motif: String,
) -> LigneSegregation {
    LigneSegregation {
        code,
        nom,
        unites,
        unites_ecartees,
        menages: None,
        couverture: None,
        part: None,
        dissimilarite: None,
        isolement: None,
        entropie: None,
        motif: Some(motif),
        quotients: Vec::new(),
    }
}
