//! From the commune lived in to the communes asked for.

use std::collections::BTreeSet;

use serde::Serialize;
use utoipa::ToSchema;

use crate::days;
use crate::desk::cotation::pression::{all, rounded, titled};
use crate::desk::editions::App;
use crate::desk::problem::Problem;
use crate::desk::zones;
use crate::scoring::demands::Demands;
use crate::scoring::trips::{Origin, trips};

/// D'où viennent les demandes d'un EPCI.
#[derive(Debug, Serialize, ToSchema)]
pub struct Trajets {
    /// Jour de l'extraction des demandes.
    pub au: String,
    pub epci: String,
    pub nom: String,
    /// Demandes en attente qui nomment l'EPCI, chacune une fois, à cinq près ; nul : secret.
    pub demandes: Option<u32>,
    pub origines: Vec<LieuTrajet>,
    pub destinations: Vec<LieuTrajet>,
    /// Des plus nombreux aux moins nombreux.
    pub trajets: Vec<Trajet>,
}

/// Un lieu d'où l'on vient ou que l'on demande.
#[derive(Debug, Serialize, ToSchema)]
pub struct LieuTrajet {
    /// Code Insee d'une commune, SIREN d'un EPCI, `ailleurs` ou `inconnue`.
    pub code: String,
    pub nom: String,
    /// `commune` de l'EPCI, autre `epci`, `ailleurs`, ou `inconnue`.
    pub genre: &'static str,
    /// Longitude et latitude ; nul si les contours ne l'ont pas.
    pub centre: Option<Vec<f64>>,
}

/// Des demandes d'un lieu à un autre.
#[derive(Debug, Serialize, ToSchema)]
pub struct Trajet {
    pub de: String,
    /// Code Insee d'une commune de l'EPCI ; nul : l'EPCI entier, où chaque demande compte une fois.
    pub vers: Option<String>,
    /// À cinq près.
    pub demandes: u32,
}

pub fn answer(app: &App, code: &str) -> Result<Trajets, Problem> {
    let demands = all(app)?;
    let known = || demands.epcis.iter().map(|e| e.code.as_str());
    let epci = demands.epci(code).ok_or_else(|| Problem::unknown("epci", code, known()))?;
    let k = app.secrecy.k;
    let found = trips(&demands, epci, k);
    let whole = (0..demands.len()).filter(|r| demands.waits(*r) && demands.asks_epci(*r, epci)).count();
    let mut trajets: Vec<Trajet> = found
        .iter()
        .filter_map(|t| {
            Some(Trajet {
                de: origin_code(&demands, t.from),
                vers: t.to.map(|c| demands.communes[c as usize].code.clone()),
                demandes: rounded(t.demands, k)?,
            })
        })
        .collect();
    trajets.sort_by(|a, b| b.demandes.cmp(&a.demandes).then_with(|| (&a.vers, &a.de).cmp(&(&b.vers, &b.de))));
    let from: BTreeSet<Origin> = found.iter().map(|t| t.from).collect();
    let to: BTreeSet<u32> = found.iter().filter_map(|t| t.to).collect();
    Ok(Trajets {
        au: days::iso(demands.extrait),
        epci: code.to_owned(),
        nom: titled(&demands.epcis[epci as usize].nom, code),
        demandes: rounded(u32::try_from(whole).unwrap_or(u32::MAX), k),
        origines: from.into_iter().map(|o| place(app, &demands, o)).collect(),
        destinations: to.into_iter().map(|c| place(app, &demands, Origin::Here(c))).collect(),
        trajets,
    })
}

fn origin_code(all: &Demands, from: Origin) -> String {
    match from {
        Origin::Here(c) => all.communes[c as usize].code.clone(),
        Origin::Epci(e) => all.epcis[e as usize].code.clone(),
        Origin::Elsewhere => "ailleurs".to_owned(),
        Origin::Unknown => "inconnue".to_owned(),
    }
}

fn place(app: &App, all: &Demands, of: Origin) -> LieuTrajet {
    let code = origin_code(all, of);
    let (nom, genre) = match of {
        Origin::Here(c) => (titled(&all.communes[c as usize].nom, &code), "commune"),
        Origin::Epci(e) => (titled(&all.epcis[e as usize].nom, &code), "epci"),
        Origin::Elsewhere => ("Ailleurs".to_owned(), "ailleurs"),
        Origin::Unknown => ("Commune non dite".to_owned(), "inconnue"),
    };
    let centre = app.millesimes.last().and_then(|loaded| zones::centre(loaded, genre, &code));
    LieuTrajet { code, nom, genre, centre }
}
