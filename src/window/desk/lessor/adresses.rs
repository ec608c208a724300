//! Addresses of a bailleur, those that are probably wrong first, and what a move would change.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::desk::editions::Loaded;
use crate::desk::names::fold;
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::situation::Situation;
use crate::stock::review::{Address, Dwelling, Motif};
use crate::stock::table::hash;

/// Les adresses à corriger d'un bailleur.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListeAdresses {
    pub millesime: u16,
    pub millesimes: Vec<u16>,
    /// Adresses et logements qui ont un motif, avant filtre et pagination.
    pub adresses_total: usize,
    pub logements_total: usize,
    /// Adresses que le filtre ou la recherche garde.
    pub total: usize,
    pub motifs: Vec<CompteMotif>,
    /// Les adresses de plus de logements d'abord.
    pub adresses: Vec<AdresseACorriger>,
}

/// Un motif et ce qu'il touche.
#[derive(Debug, Serialize, ToSchema)]
pub struct CompteMotif {
    pub id: Motif,
    pub adresses: usize,
    pub logements: u64,
}

/// Une adresse à corriger.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdresseACorriger {
    pub id: String,
    pub libelle: String,
    pub codepostal: String,
    pub commune: String,
    /// Code Insee.
    pub depcom: String,
    /// Logements de l'adresse, et ceux qui ont un motif.
    pub logements: usize,
    pub touches: usize,
    /// Motif → nombre de logements.
    pub motifs: BTreeMap<Motif, u64>,
    /// Point de la plupart de ses logements ; nuls sans point.
    pub lon: Option<f64>,
    pub lat: Option<f64>,
    pub qualite: Option<u8>,
    /// La Base adresse nationale a une adresse de même nom.
    pub ban: bool,
    /// Logements dont une correction est en vigueur.
    pub corriges: usize,
}

/// Quelles adresses (documentation de l'interface).
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "its fields are the documentation; `Params` reads the values")]
pub struct AdressesParams {
    /// Millésime du RPLS ; par défaut le dernier.
    pub millesime: Option<u16>,
    /// Un motif.
    pub motif: Option<String>,
    /// Page : 100 adresses par défaut, 1 000 au plus.
    pub limite: Option<usize>,
    pub decalage: Option<usize>,
    /// Ce qui est cherché dans tout le parc, adresses sans défaut comprises : rue, commune, code postal ou
    /// numéro d'un logement.
    pub q: Option<String>,
}

/// Ce qu'un déplacement changerait.
#[derive(Debug, Serialize, ToSchema)]
pub struct Consequences {
    /// Logements qui seraient déplacés.
    pub logements: usize,
    /// Logements de l'adresse qui gardent la correction qui leur est propre.
    pub a_part: usize,
    pub avant: Option<Situation>,
    pub apres: Situation,
    /// Mètres entre les deux points.
    pub distance_m: Option<f64>,
    /// Pourquoi ce point ne peut pas être retenu.
    pub refus: Option<String>,
}

/// The name of an address in paths.
#[must_use]
pub fn id(doubt: &Address) -> String {
    format!("{:016x}", hash(&format!("{}|{}", doubt.siren, doubt.adresse)))
}

/// A cube, the addresses of a bailleur, and the doubts about them that nobody has settled yet.
pub struct Desk {
    pub loaded: Arc<Loaded>,
    pub millesime: u16,
    pub all: Arc<Vec<Address>>,
    pub doubts: Vec<Address>,
    /// National numbers of dwellings that were corrected one by one.
    pub apart: BTreeSet<String>,
}

pub fn shown(d: &Address) -> AdresseACorriger {
    let point = d.point();
    AdresseACorriger {
        id: id(d),
        libelle: d.libelle(),
        codepostal: d.codepostal.clone(),
        commune: d.libcom.clone(),
        depcom: d.depcom.clone(),
        logements: d.logements.len(),
        touches: d.touched(),
        motifs: d.motifs(),
        lon: point.map(|p| p.0),
        lat: point.map(|p| p.1),
        qualite: point.map(|p| p.2),
        ban: d.ban.is_some(),
        corriges: d.logements.iter().filter(|l| l.corrige).count(),
    }
}

/// Addresses of the stock that have all words of a question, or a dwelling of that number; as they stand in
/// the worklist, if they do.
pub fn searched<'a>(desk: &'a Desk, q: &str) -> Vec<&'a Address> {
    let open: BTreeMap<&str, &Address> = desk.doubts.iter().map(|d| (d.adresse.as_str(), d)).collect();
    let words: Vec<&str> = q.split_whitespace().collect();
    let has = |a: &&Address| {
        let text = fold(&format!("{} {} {}", a.libelle(), a.codepostal, a.libcom));
        let number = |l: &Dwelling| fold(&l.ident_rep) == q || fold(&l.ident_int) == q;
        words.iter().all(|w| text.contains(w)) || a.logements.iter().any(number)
    };
    let mut found: Vec<&Address> = desk.all.iter().filter(has).collect();
    found.sort_by(|a, b| a.adresse.cmp(&b.adresse));
    found.into_iter().map(|a| open.get(a.adresse.as_str()).copied().unwrap_or(a)).collect()
}

/// A motif by its name in the interface.
pub fn motif(name: &str) -> Result<Motif, Problem> {
    let id = |m: Motif| {
        serde_json::to_value(m).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
    };
    Motif::ALL
        .into_iter()
        .find(|m| id(*m) == name)
        .ok_or_else(|| Problem::unknown("motif", name, Motif::ALL.map(id)))
}
