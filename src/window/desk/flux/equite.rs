//! Whether the same dwellings are offered to each réservataire.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::flux::book::Book;
use crate::desk::flux::suivi::chosen;
use crate::desk::flux::view::{View, title};
use crate::desk::problem::Problem;
use crate::flow::fair::{gaps, stand_out};
use crate::flow::way::Way;
use crate::reference::flux::flux;

/// L'équité d'une année.
#[derive(Debug, Serialize, ToSchema)]
pub struct EquiteFlux {
    /// Version des règles appliquées : d'origine, ou modifiée localement, avec sa date et son empreinte.
    pub version: &'static str,
    pub annee: u16,
    pub offres: usize,
    /// Probabilité qu'une année équitable soit signalée, tous écarts réunis.
    pub risque: f64,
    /// Offres au-dessous desquelles rien n'est jugé.
    pub offres_min: u32,
    pub ecarts: Vec<EcartFlux>,
}

/// Ce qui est proposé à un réservataire, à côté de ce qui est proposé à tous.
#[derive(Debug, Serialize, ToSchema)]
pub struct EcartFlux {
    /// typologie, financement, qpv, commune, periode, etage ou refus.
    pub dimension: &'static str,
    pub libelle: &'static str,
    pub reservataire: String,
    pub reservataire_nom: String,
    pub offres: u32,
    /// Distance (variation totale), de 0 à 1.
    pub distance: f64,
    /// Distance moyenne quand seul le hasard distribue, et celle qu'il dépasse une fois sur vingt.
    pub hasard: f64,
    pub hasard_haut: f64,
    pub p: f64,
    /// L'écart est plus grand que ce que le hasard donne.
    pub signale: bool,
    pub juge: bool,
    pub parts: Vec<PartEquite>,
}

/// Une catégorie.
#[derive(Debug, Serialize, ToSchema)]
pub struct PartEquite {
    pub categorie: String,
    pub offres: u32,
    /// En % de ce qui lui est proposé, et de ce qui est proposé à tous.
    pub part: f64,
    pub part_tous: f64,
}

pub const DIMENSIONS: [(&str, &str); 7] = [
    ("typologie", "Typologie"),
    ("financement", "Financement"),
    ("qpv", "En QPV"),
    ("commune", "Commune"),
    ("periode", "Période de construction"),
    ("etage", "Rez-de-chaussée"),
    ("refus", "Logements déjà refusés"),
];

pub fn category(way: &Way, offer: usize, dimension: &str, name: impl Fn(&str) -> String) -> String {
    let known = |s: &str| if s.is_empty() { "inconnu".to_owned() } else { s.to_owned() };
    match dimension {
        "typologie" => known(&way.home.typologie),
        "financement" => known(&way.home.financement),
        "qpv" => (if way.home.qpv.is_empty() { "hors QPV" } else { "en QPV" }).to_owned(),
        "commune" => name(&way.home.commune),
        "periode" => known(&way.home.periode),
        "etage" => match way.home.etage {
            None => "inconnu",
            Some(0) => "rez-de-chaussée",
            Some(_) => "étage",
        }
        .to_owned(),
        _ => (if offer > 0 { "déjà refusé" } else { "première proposition" }).to_owned(),
    }
}

/// Gaps between what each réservataire was offered and what all were.
///
/// # Errors
/// What is asked does not exist, or nothing is kept of it.
pub fn answer(
    book: &Book,
    view: &View,
    year: Option<u16>,
    bailleur: Option<&str>,
) -> Result<EquiteFlux, Problem> {
    let rules = flux().map_err(|e| Problem::internal(&e))?;
    let annee = chosen(book, year)?;
    let mut offers: Vec<(&Way, usize)> = Vec::new();
    for w in book
        .ways_in(annee)
        .filter(|w| !w.first_letting && view.sees(w) && bailleur.is_none_or(|b| b == w.bailleur))
    {
        offers.extend((0..w.offers.len()).filter(|i| w.offers[*i].offered.year() == annee).map(|i| (w, i)));
    }
    // What the lessor keeps for itself is no offer.
    offers.retain(|(w, i)| w.offers[*i].to != "BAILLEUR");
    let rank = |list: &mut BTreeMap<String, u32>| (0..).zip(list.values_mut()).for_each(|(n, v)| *v = n);
    let mut groups: BTreeMap<String, u32> =
        offers.iter().map(|(w, i)| (w.offers[*i].to.clone(), 0)).collect();
    rank(&mut groups);
    let mut ecarts = Vec::new();
    for (seed, (dimension, libelle)) in (1..).zip(DIMENSIONS) {
        let of = |w: &Way, i: usize| category(w, i, dimension, |c| view.name(c));
        let mut cats: BTreeMap<String, u32> = offers.iter().map(|(w, i)| (of(w, *i), 0)).collect();
        rank(&mut cats);
        let dealt: Vec<(u32, u32)> =
            offers.iter().map(|(w, i)| (groups[&w.offers[*i].to], cats[&of(w, *i)])).collect();
        if cats.len() < 2 {
            continue;
        }
        let mut all = vec![0u32; cats.len()];
        dealt.iter().for_each(|(_, c)| all[*c as usize] += 1);
        let percent = |n: u32, of: u32| if of == 0 { 0.0 } else { f64::from(n) / f64::from(of) * 100.0 };
        let total = u32::try_from(dealt.len()).unwrap_or(u32::MAX);
        for (r, gap) in groups.keys().zip(gaps(&dealt, groups.len(), cats.len(), seed)) {
            let parts = cats.keys().zip(gap.own.iter().zip(&all)).map(|(c, (n, a))| PartEquite {
                categorie: c.clone(),
                offres: *n,
                part: percent(*n, gap.offers),
                part_tous: percent(*a, total),
            });
            ecarts.push(EcartFlux {
                dimension,
                libelle,
                reservataire: r.clone(),
                reservataire_nom: title(view, r),
                offres: gap.offers,
                distance: gap.distance,
                hasard: gap.by_chance,
                hasard_haut: gap.by_chance_high,
                p: gap.p,
                signale: false,
                juge: gap.offers >= rules.offres_min,
                parts: parts.collect(),
            });
        }
    }
    let p: Vec<f64> = ecarts.iter().map(|e| if e.juge { e.p } else { 1.0 }).collect();
    for (e, found) in ecarts.iter_mut().zip(stand_out(&p, rules.alpha)) {
        e.signale = found && e.juge;
    }
    ecarts.retain(|e| view.holds(&e.reservataire));
    ecarts.sort_by(|a, b| {
        b.signale.cmp(&a.signale).then(a.p.total_cmp(&b.p)).then(b.distance.total_cmp(&a.distance))
    });
    Ok(EquiteFlux {
        version: &rules.version,
        annee,
        offres: offers.len(),
        risque: rules.alpha,
        offres_min: rules.offres_min,
        ecarts,
    })
}
