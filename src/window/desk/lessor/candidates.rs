//! Places that an address could be at.

use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::editions::App;
use crate::geocode::{Hit, Kind, Query};
use crate::reference::depots::Deposits;
use crate::stock::review::{Address, Motif};

/// Ce qui est proposé pour une adresse.
#[derive(Debug, Serialize, ToSchema)]
pub struct CandidatsAdresse {
    /// Le plus sûr d'abord.
    pub candidats: Vec<Candidat>,
    pub logements: Vec<LogementAdresse>,
}

/// Un lieu possible.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Candidat {
    pub libelle: String,
    pub lon: f64,
    pub lat: f64,
    /// De 0 à 1 ; 0,8 et plus est sûr.
    pub score: f64,
    /// `housenumber` (au numéro), `street` (dans la voie ou interpolé).
    pub genre: &'static str,
    /// Identifiant de la Base adresse nationale.
    pub ban: String,
}

/// Un logement de l'adresse.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogementAdresse {
    pub ident_rep: String,
    pub ident_int: String,
    /// Complément d'adresse déposé : bâtiment, escalier, étage, porte.
    pub complement: String,
    /// Nombre de pièces et surface (m²) ; 0 : inconnus.
    pub pieces: u8,
    pub surface: u16,
    pub motifs: Vec<Motif>,
    pub qualite: u8,
    /// Nuls sans point.
    pub lon: Option<f64>,
    pub lat: Option<f64>,
    /// Une correction est en vigueur.
    pub corrige: bool,
}

/// Most candidates that are proposed: one key each.
const MOST: usize = 9;

/// Candidates for an address, the surest first: of its commune, and elsewhere when its commune has nothing
/// like it. Without an index of addresses, the BAN's address of the same name, if there is one.
#[must_use]
pub fn of(app: &App, address: &Address) -> Vec<Candidat> {
    let (Ok(geocoder), Ok(deposits)) = (app.geocoder(), Deposits::embedded()) else {
        return same_name(address).into_iter().collect();
    };
    let text = address.libelle();
    let mut found = geocoder.search(&Query {
        citycode: Some(address.depcom.clone()),
        limit: MOST,
        ..Query::new(text.as_str())
    });
    if found.first().is_none_or(|h| h.score < deposits.adresses.score_min) {
        let whole = format!("{text} {} {}", address.codepostal, address.libcom);
        let elsewhere = geocoder.search(&Query { limit: MOST, ..Query::new(whole) });
        found.extend(elsewhere.into_iter().filter(|h| h.citycode != address.depcom));
        found.sort_by(|a, b| b.score.total_cmp(&a.score));
    }
    let candidate = |h: Hit| Candidat {
        libelle: h.label,
        lon: h.lon,
        lat: h.lat,
        score: h.score,
        genre: if h.kind == Kind::HouseNumber { "housenumber" } else { "street" },
        ban: h.id,
    };
    let places =
        found.into_iter().filter(|h| matches!(h.kind, Kind::HouseNumber | Kind::Street | Kind::Locality));
    places.map(candidate).take(MOST).collect()
}

/// The BAN's address of the same key.
fn same_name(address: &Address) -> Option<Candidat> {
    address.ban.as_ref().map(|b| Candidat {
        libelle: format!("{} {} {}", address.libelle(), address.codepostal, address.libcom).trim().to_owned(),
        lon: b.lon,
        lat: b.lat,
        score: 1.0,
        genre: "housenumber",
        ban: b.id.clone(),
    })
}
