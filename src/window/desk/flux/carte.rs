//! Gestion en flux on the map: what was offered, let, refused, or is on the way, by commune or QPV; for a
//! lessor the dwellings themselves, where they stand.
//!
//! Counts of offers, leases and dwellings tell nothing of a household (`data/access.toml`, `flux_lire`).

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::book::Book;
use super::suivi::chosen;
use super::view::{View, title};
use crate::desk::editions::{App, Loaded};
use crate::desk::leases::Choix;
use crate::desk::problem::Problem;
use crate::desk::zones;
use crate::flow::event::Etape;
use crate::flow::way::Way;
use crate::policy::dossier::Checker;
use crate::policy::parc::{Home, Parc};
use crate::reference::communes::{arrondissement_name, city_of};
use crate::stock::arrondissements::{ID as ARRONDISSEMENT, of_a_city};

/// What can be shown: id and label.
const SHOWN: [(&str, &str); 4] = [
    ("baux", "Baux signés dans l'année"),
    ("offres", "Propositions de l'année"),
    ("refuses", "Logements refusés deux fois et plus"),
    ("en_cours", "Logements en cours"),
];
/// Where: id and layer.
const WHERE: [(&str, &str); 3] =
    [("commune", "commune"), ("qpv", "qpv2024"), (ARRONDISSEMENT, ARRONDISSEMENT)];
/// Refusals from which a dwelling is unwanted.
const UNWANTED: usize = 2;

/// Le flux sur la carte.
#[derive(Debug, Serialize, ToSchema)]
pub struct CarteFlux {
    pub annee: u16,
    pub annees: Vec<u16>,
    /// `baux`, `offres`, `refuses` ou `en_cours`.
    pub quoi: &'static str,
    pub libelle: &'static str,
    /// Ce qui peut être montré.
    pub choix: Vec<Choix>,
    /// `commune`, `qpv` (contours de 2024) ou `arrondissement` (de Paris, Lyon et Marseille).
    pub par: &'static str,
    pub total: u32,
    pub en_qpv: u32,
    /// Le territoire a des logements de Paris, Lyon ou Marseille : `arrondissement` peut être demandé.
    pub arrondissements: bool,
    /// Comptés dans `total`, mais dans aucun lieu de la carte : ses contours ne l'ont pas.
    pub sans_lieu: u32,
    /// Réservataires présents.
    pub reservataires: Vec<Choix>,
    pub lieux: Vec<LieuFlux>,
    /// Pour un bailleur, ses logements en cours ou refusés, un à un.
    pub logements: Vec<PointFlux>,
    /// Ceux dont le parc n'a pas la place.
    pub logements_sans_point: u32,
}

/// Ce qui est compté dans une commune ou un QPV.
#[derive(Debug, Serialize, ToSchema)]
pub struct LieuFlux {
    pub code: String,
    pub nom: String,
    pub nombre: u32,
    pub en_qpv: u32,
    /// Longitude et latitude d'un point du lieu ; nul si les contours ne l'ont pas.
    pub centre: Option<Vec<f64>>,
    /// Du plus grand au plus petit.
    pub parts: Vec<PartCarte>,
}

/// La part d'un réservataire.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PartCarte {
    /// Vide : proposé à personne.
    pub reservataire: String,
    pub nombre: u32,
    pub en_qpv: u32,
}

/// Un logement du bailleur qui demande.
#[derive(Debug, Serialize, ToSchema)]
pub struct PointFlux {
    pub logement: String,
    pub lon: f64,
    pub lat: f64,
    pub etape: &'static str,
    /// Jour où il s'est libéré.
    pub libre: String,
    pub refus: usize,
    pub reservataire: String,
    pub en_qpv: bool,
}

/// What is asked.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    pub annee: Option<u16>,
    pub quoi: Option<String>,
    pub par: Option<String>,
}

/// Counts by place, and a lessor's own dwellings.
///
/// # Errors
/// What is asked does not exist; nothing is kept or loaded.
pub fn answer(
    app: &App,
    checker: &Checker,
    book: &Book,
    view: &View,
    asked: &Asked,
) -> Result<CarteFlux, Problem> {
    let annee = chosen(book, asked.annee)?;
    let (quoi, libelle) = one_of("quoi", asked.quoi.as_deref(), SHOWN)?;
    let (par, scale) = one_of("par", asked.par.as_deref(), WHERE)?;
    let loaded = app.millesimes.last().ok_or_else(Problem::nothing_loaded)?;

    let mut counts: BTreeMap<(String, String), (u32, u32)> = BTreeMap::new();
    let mut answer = CarteFlux {
        annee,
        annees: book.years(),
        quoi,
        libelle,
        choix: SHOWN.map(|(code, nom)| Choix { code: code.to_owned(), nom: nom.to_owned() }).into(),
        par,
        total: 0,
        en_qpv: 0,
        sans_lieu: 0,
        arrondissements: false,
        reservataires: Vec::new(),
        lieux: Vec::new(),
        logements: Vec::new(),
        logements_sans_point: 0,
    };
    // A dwelling that nothing has happened to for a year is still on the way.
    let ways: Vec<&Way> =
        if quoi == "en_cours" { book.ways().collect() } else { book.ways_in(annee).collect() };
    for way in ways.into_iter().filter(|w| view.sees(w)) {
        let held = held_by(way, quoi, annee, view);
        if held.is_empty() {
            continue;
        }
        let inside = !way.home.qpv.is_empty();
        let city = of_a_city(&way.home.commune);
        answer.arrondissements |= city;
        let place = match par {
            "qpv" => way.home.qpv.clone(),
            ARRONDISSEMENT if city => district(checker, way).unwrap_or_else(|| way.home.commune.clone()),
            // Elsewhere there are none: nothing is asked.
            ARRONDISSEMENT => continue,
            _ => way.home.commune.clone(),
        };
        for r in &held {
            answer.total += 1;
            answer.en_qpv += u32::from(inside);
            if !place.is_empty() {
                let n = counts.entry((place.clone(), r.clone())).or_default();
                n.0 += 1;
                n.1 += u32::from(inside);
            }
        }
        let own = view.bailleur.as_deref() == Some(way.bailleur.as_str());
        if own && matches!(quoi, "refuses" | "en_cours") {
            answer.stand(&checker.parc, way, &held[0], inside);
        }
    }
    let mut places: BTreeMap<String, Vec<PartCarte>> = BTreeMap::new();
    for ((place, reservataire), (nombre, en_qpv)) in counts {
        places.entry(place).or_default().push(PartCarte { reservataire, nombre, en_qpv });
    }
    answer.lieux = places.into_iter().map(|(code, parts)| lieu(loaded, scale, view, code, parts)).collect();
    answer.lieux.sort_by(|a, b| b.nombre.cmp(&a.nombre).then_with(|| a.code.cmp(&b.code)));
    let drawn: u32 = answer.lieux.iter().filter(|l| l.centre.is_some()).map(|l| l.nombre).sum();
    // Of QPV only what is inside of one is asked for.
    let whole = if par == "qpv" { answer.en_qpv } else { answer.total };
    answer.sans_lieu = whole - drawn;
    let mut present: Vec<&str> =
        answer.lieux.iter().flat_map(|l| &l.parts).map(|p| p.reservataire.as_str()).collect();
    present.sort_unstable();
    present.dedup();
    let named = |r: &str| Choix {
        code: r.to_owned(),
        nom: if r.is_empty() { "Proposé à personne".to_owned() } else { title(view, r) },
    };
    answer.reservataires = present.into_iter().map(named).collect();
    Ok(answer)
}

/// Whom a dwelling counts for, as often as it counts.
fn held_by(way: &Way, quoi: &str, annee: u16, view: &View) -> Vec<String> {
    let last = || way.offers.last().map_or(String::new(), |o| o.to.clone());
    let list = match quoi {
        "offres" => way.offers.iter().filter(|o| o.offered.year() == annee).map(|o| o.to.clone()).collect(),
        "baux" => match (way.imputed(), &way.end) {
            (Some(o), Some(end)) if way.in_flow() && end.day.year() == annee => vec![o.to.clone()],
            _ => Vec::new(),
        },
        "refuses" if way.unwanted() >= UNWANTED => vec![last()],
        "en_cours" if !matches!(way.at, Etape::Occupe | Etape::Retire) => {
            vec![if way.at == Etape::ALibre { String::new() } else { last() }]
        }
        _ => Vec::new(),
    };
    // Who sees its own contingent sees no dwelling that is offered to nobody.
    let open = |r: &String| if r.is_empty() { view.contingent.is_none() } else { view.holds(r) };
    list.into_iter().filter(open).collect()
}

fn lieu(loaded: &Loaded, scale: &str, view: &View, code: String, mut parts: Vec<PartCarte>) -> LieuFlux {
    parts.sort_by(|a, b| b.nombre.cmp(&a.nombre).then_with(|| a.reservataire.cmp(&b.reservataire)));
    let row = loaded.cube().layer(scale).and_then(|layer| {
        let zone = layer.zone(&code)?;
        Some(zones::row(loaded, &layer, zone, 0))
    });
    let unnamed = || {
        let name = arrondissement_name(&code).unwrap_or_else(|| view.name(&code));
        if scale == ARRONDISSEMENT && of_a_city(&code) && city_of(&code).is_none() {
            format!("{name}, arrondissement non connu")
        } else {
            name
        }
    };
    LieuFlux {
        nom: row.as_ref().map_or_else(unnamed, |r| r.nom.clone()),
        centre: row.and_then(|r| r.centre),
        nombre: parts.iter().map(|p| p.nombre).sum(),
        en_qpv: parts.iter().map(|p| p.en_qpv).sum(),
        code,
        parts,
    }
}

/// The arrondissement of a dwelling: that of its events, else of the register.
fn district(checker: &Checker, way: &Way) -> Option<String> {
    if !way.arrondissement.is_empty() {
        return Some(way.arrondissement.clone());
    }
    checker.arrondissement(&home(&checker.parc, way)?)
}

/// A dwelling in the register, by its national number or its lessor's own.
fn home<'p>(parc: &'p Parc, way: &Way) -> Option<Home<'p>> {
    let found = parc.by_ident(&way.logement).or_else(|| parc.by_number(&way.bailleur, &way.logement));
    found.filter(|h| h.siren == way.bailleur)
}

impl CarteFlux {
    /// Puts a dwelling of the lessor who asks where its stock has it.
    fn stand(&mut self, parc: &Parc, way: &Way, reservataire: &str, en_qpv: bool) {
        match home(parc, way).and_then(|h| h.point) {
            None => self.logements_sans_point += 1,
            Some([lon, lat]) => self.logements.push(PointFlux {
                logement: way.logement.clone(),
                lon,
                lat,
                etape: way.at.title(),
                libre: way.opened.to_string(),
                refus: way.unwanted(),
                reservataire: reservataire.to_owned(),
                en_qpv,
            }),
        }
    }
}

/// One of a list, the first one by default.
fn one_of<const N: usize>(
    name: &str,
    asked: Option<&str>,
    list: [(&'static str, &'static str); N],
) -> Result<(&'static str, &'static str), Problem> {
    let asked = asked.unwrap_or(list[0].0);
    let found = list.into_iter().find(|(id, _)| *id == asked);
    found.ok_or_else(|| Problem::unknown(name, asked, list.map(|(id, _)| id)))
}
