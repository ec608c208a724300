//! Territories whose stock is like that of one of them: found by public figures of dwellings only, hence the
//! same whoever asks, and telling nothing of households.

use rayon::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::Person;
use crate::cube::Layer;
use crate::desk::counter::Desk;
use crate::desk::editions::App;
use crate::desk::kept::Made;
use crate::desk::places;
use crate::desk::problem::Problem;
use crate::desk::query::{self, Asked};
use crate::disclosure::figure::{Figure, rounded};
use crate::french::number;
use crate::policy::alike::{self, Near};
use crate::reference::comparables::{Alike, Measure, alike};
use crate::reference::scales;

/// Les territoires dont le parc ressemble à celui d'un autre.
#[derive(Debug, Serialize, ToSchema)]
pub struct Comparables {
    pub echelle: String,
    pub echelle_libelle: String,
    pub code: String,
    pub nom: String,
    pub millesime: u16,
    /// Zones de l'échelle qui ont assez de logements pour être comparées, celle-ci comprise.
    pub zones_comparees: usize,
    pub mesures: Vec<MesureComparee>,
    /// Valeur du territoire, par mesure.
    pub valeurs: Vec<Option<f64>>,
    /// Les plus proches, le premier d'abord.
    pub proches: Vec<Comparable>,
    /// Pourquoi il n'y en a pas.
    pub motif: Option<String>,
    /// Comment la distance est faite, en deux phrases.
    pub methode: String,
}

/// Une mesure par laquelle deux territoires sont comparés.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MesureComparee {
    pub id: String,
    pub libelle: String,
    /// Indicateurs dont les valeurs s'ajoutent.
    pub indicateurs: Vec<String>,
    pub unite: String,
    pub decimales: u8,
    /// Vrai si c'est le logarithme décimal qui est comparé : moyenne et écart type sont les siens.
    pub logarithme: bool,
    /// Moyenne et écart type des zones de l'échelle ; nuls si la mesure est la même partout.
    pub moyenne: Option<f64>,
    pub ecart_type: Option<f64>,
}

/// Un territoire proche.
#[derive(Debug, Serialize, ToSchema)]
pub struct Comparable {
    pub code: String,
    pub nom: String,
    /// Nom de la commune, à défaut de l'EPCI ou du département, qui le contient.
    pub situe_dans: Option<String>,
    /// En écarts types : racine de la moyenne des carrés des écarts.
    pub distance: f64,
    /// Par mesure.
    pub valeurs: Vec<Option<f64>>,
    /// Écart au territoire par mesure, en écarts types.
    pub ecarts: Vec<Option<f64>>,
    /// Ce qui rapproche, et ce qui sépare.
    pub dit: String,
}

/// A zone that may be compared.
struct Candidate {
    zone: u32,
    /// By measure, as published.
    values: Vec<Option<f64>>,
}

/// The question as the public would ask it: everything that follows is open to all.
///
/// # Errors
/// Nothing is loaded, or not this millésime.
pub fn desk<'a>(app: &'a App, public: &'a Person, millesime: Option<u16>) -> Result<Desk<'a>, Problem> {
    let indicators = query::indicators(app, Some(&alike().indicateurs()))?;
    Desk::new(app, public, Asked { millesime, ..Asked::default() }, indicators)
}

/// The scale and the zone that are asked about.
///
/// # Errors
/// The scale is not compared, or the zone does not exist.
pub fn subject<'a>(desk: &'a Desk<'_>, echelle: &str, code: &str) -> Result<(Layer<'a>, u32), Problem> {
    let scales = &alike().echelles;
    if !scales.iter().any(|e| e == echelle) {
        return Err(Problem::unknown("echelle", echelle, scales.iter().map(String::as_str)));
    }
    let layer = places::layer(desk.loaded(), "echelle", echelle)?;
    let zone = places::zone(&layer, "code", code)?;
    Ok((layer, zone))
}

/// The territories nearest to a zone, `most` of them.
///
/// # Errors
/// The figures cannot be asked.
pub fn comparables(
    desk: &Desk<'_>,
    layer: &Layer<'_>,
    zone: u32,
    most: usize,
) -> Result<Made<Comparables>, Problem> {
    let (rules, loaded) = (alike(), desk.loaded());
    let id = layer.meta.id.as_str();
    let scale = scales::scale(id);
    let counter = desk.counter(scale.acces)?;
    let all = places::zones_with_addresses(layer, None);
    let asked: Vec<(u32, Vec<Figure>)> = all
        .into_par_iter()
        .map(|z| {
            if z != zone && loaded.dwellings(layer, z, None) < rules.logements_min {
                return Ok(None);
            }
            Ok(Some((z, counter.answer(Some(id), &layer.addresses(z))?.chiffres)))
        })
        .filter_map(Result::transpose)
        .collect::<Result<_, Problem>>()?;
    let described: Vec<Figure> = asked.first().map(|(_, f)| f.clone()).unwrap_or_default();
    let candidates: Vec<Candidate> = asked
        .into_iter()
        .map(|(zone, figures)| {
            let value = |m: &Measure| {
                m.indicateurs.iter().map(|i| of(&figures, i).and_then(exact)).sum::<Option<f64>>()
            };
            Candidate { zone, values: rules.measures.iter().map(value).collect() }
        })
        .collect();
    let own = candidates.iter().position(|c| c.zone == zone);
    let large = loaded.dwellings(layer, zone, None) >= rules.logements_min;
    let rows: Vec<Vec<Option<f64>>> = candidates.iter().map(|c| compared(rules, &c.values)).collect();
    // A small zone is compared with nothing, and takes no part in the deviation either.
    let spreads = alike::spreads(if large { &rows } else { &[] }, rules.measures.len());
    let near = match own {
        Some(own) if large && rows.len() >= rules.zones_min => {
            alike::nearest(&rows, &spreads, own, (rules.z_max, rules.mesures_min))
        }
        _ => Vec::new(),
    };
    let mesures: Vec<MesureComparee> = rules
        .measures
        .iter()
        .zip(&spreads)
        .map(|(m, spread)| {
            let first = of(&described, &m.indicateurs[0]);
            MesureComparee {
                id: m.id.clone(),
                libelle: m.libelle.clone(),
                indicateurs: m.indicateurs.clone(),
                unite: first.map(|f| f.unite.to_owned()).unwrap_or_default(),
                decimales: if m.logarithme { 0 } else { 1 },
                logarithme: m.logarithme,
                moyenne: spread.map(|s| rounded(s.mean, 4)),
                ecart_type: spread.map(|s| rounded(s.deviation, 4)),
            }
        })
        .collect();
    let valeurs = own.map_or_else(|| vec![None; mesures.len()], |o| candidates[o].values.clone());
    let motif = if !large {
        let least = rules.logements_min;
        Some(format!(
            "Ce territoire a moins de {least} logements : trop peu pour que ses parts soient comparées."
        ))
    } else if near.is_empty() && rows.len() < rules.zones_min {
        let least = rules.zones_min;
        Some(format!("Moins de {least} territoires de cette échelle ont assez de logements."))
    } else if near.is_empty() {
        Some("Trop peu de mesures sont publiques ici pour le comparer.".to_owned())
    } else {
        None
    };
    let proches = near
        .iter()
        .take(most)
        .map(|n| {
            let candidate = &candidates[n.row];
            Comparable {
                code: layer.codes.get(candidate.zone as usize).to_owned(),
                nom: layer.title(candidate.zone),
                situe_dans: places::around(loaded, layer, candidate.zone),
                distance: rounded(n.distance, 3),
                valeurs: shown(&mesures, &candidate.values),
                ecarts: n.gaps.iter().map(|g| g.map(|g| rounded(g, 3))).collect(),
                dit: told(rules, &mesures, &candidate.values, &valeurs, n),
            }
        })
        .collect();
    let echelle_libelle = if scale.id == "*" { layer.meta.libelle.clone() } else { scale.libelle.clone() };
    Ok(Made::of(Comparables {
        echelle: id.to_owned(),
        echelle_libelle,
        code: layer.codes.get(zone as usize).to_owned(),
        nom: layer.title(zone),
        millesime: loaded.meta().millesime,
        zones_comparees: if large { rows.len() } else { 0 },
        valeurs: shown(&mesures, &valeurs),
        mesures,
        proches,
        motif,
        methode: method(rules),
    }))
}

/// A published figure before it was rounded, where its counts are published too: a share of few dwellings is
/// told without a decimal.
fn exact(f: &Figure) -> Option<f64> {
    match (f.numerateur, f.denominateur) {
        (Some(n), Some(d)) if f.unite == "%" && d > 0 => Some(100.0 * n / d as f64),
        _ => f.valeur,
    }
}

/// Values as they are compared.
fn compared(rules: &Alike, values: &[Option<f64>]) -> Vec<Option<f64>> {
    let one = |(m, v): (&Measure, &Option<f64>)| match (m.logarithme, *v) {
        (true, Some(v)) => (v > 0.0).then(|| v.log10()),
        (_, v) => v,
    };
    rules.measures.iter().zip(values).map(one).collect()
}

/// The figure of an indicator.
fn of<'a>(figures: &'a [Figure], id: &str) -> Option<&'a Figure> {
    figures.iter().find(|f| f.indicateur == id)
}

/// Values as they are shown.
fn shown(mesures: &[MesureComparee], values: &[Option<f64>]) -> Vec<Option<f64>> {
    let one = |(v, m): (&Option<f64>, &MesureComparee)| v.map(|v| rounded(v, m.decimales));
    values.iter().zip(mesures).map(one).collect()
}

fn method(rules: &Alike) -> String {
    format!(
        "Distance sur {} mesures du parc, publiques : écarts en écarts types des territoires de l'échelle qui \
            ont au moins {} logements, bornés à {} ; racine de la moyenne de leurs carrés. Aucun chiffre de \
            ménages n'y entre.",
        rules.measures.len(),
        rules.logements_min,
        number(rules.z_max, 0)
    )
}

/// What makes two territories alike, and what sets them apart most.
fn told(
    rules: &Alike,
    mesures: &[MesureComparee],
    theirs: &[Option<f64>],
    mine: &[Option<f64>],
    near: &Near,
) -> String {
    let mut gaps: Vec<(usize, f64)> =
        near.gaps.iter().enumerate().filter_map(|(i, g)| g.map(|g| (i, g.abs()))).collect();
    gaps.sort_by(|a, b| a.1.total_cmp(&b.1));
    let name = |i: usize| {
        let m = &mesures[i];
        let unit = if m.unite == "%" { "\u{a0}%" } else { "" };
        let value = |v: Option<f64>| v.map_or_else(String::new, |v| number(v, m.decimales) + unit);
        format!("{} ({} contre {})", in_sentence(&m.libelle), value(theirs[i]), value(mine[i]))
    };
    let alike: Vec<String> =
        gaps.iter().filter(|(_, g)| *g <= rules.semblable).take(3).map(|(i, _)| name(*i)).collect();
    let apart = gaps.last().filter(|(_, g)| *g >= rules.different).map(|(i, _)| name(*i));
    let alike = match alike.is_empty() {
        true => "Proche en moyenne, sans mesure presque égale".to_owned(),
        false => format!("Presque égaux : {}", alike.join(", ")),
    };
    match apart {
        Some(apart) => format!("{alike}. Le plus différent : {apart}."),
        None => format!("{alike}. Aucune mesure très différente."),
    }
}

/// A label within a sentence: its first letter is small unless it begins an abbreviation.
fn in_sentence(label: &str) -> String {
    let mut letters = label.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() => {
            first.to_lowercase().collect::<String>() + letters.as_str()
        }
        _ => label.to_owned(),
    }
}
