//! Addresses of a bailleur, those that are probably wrong first, and what a move would change.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::editions::{App, Loaded};
use crate::desk::names::fold;
use crate::desk::problem::Problem;
use crate::desk::query::Asked;
use crate::desk::situation::{self, Situation};
use crate::reference::situation::situation as rules;
use crate::reference::survey::Survey;
use crate::state::{Correction, State, StatutCorrection};
use crate::stock::places::{is_far, merged};
use crate::stock::review::{Address, Dwelling, Motif};
use crate::stock::table::hash;
use crate::territory::grid;

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
pub struct Worklist {
    pub loaded: Arc<Loaded>,
    pub millesime: u16,
    pub all: Arc<Vec<Address>>,
    pub doubts: Vec<Address>,
    /// National numbers of dwellings that were corrected one by one.
    pub apart: BTreeSet<String>,
}

/// An address of the list.
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
pub fn searched<'a>(desk: &'a Worklist, q: &str) -> Vec<&'a Address> {
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

impl Worklist {
    /// Addresses of a bailleur in a millésime, the latest unless one is asked for.
    pub async fn open(
        state: &State,
        app: &Arc<App>,
        siren: &str,
        millesime: Option<u16>,
    ) -> Result<Self, Problem> {
        let loaded = Asked { millesime, ..Asked::default() }.resolve(app)?.loaded;
        let millesime = loaded.meta().millesime;
        let (held, owner) = (Arc::clone(app), siren.to_owned());
        let all = tokio::task::spawn_blocking(move || held.reviewed(millesime, &owner))
            .await
            .map_err(|e| Problem::internal(&e))?
            .map_err(|e| Problem::internal(&e))?;
        let settled = |c: &Correction| {
            c.des <= millesime && matches!(c.statut, StatutCorrection::Acceptee | StatutCorrection::Ecartee)
        };
        let settled: Vec<Correction> = state.corrections(siren).await?.into_iter().filter(settled).collect();
        let (one, whole): (Vec<_>, Vec<_>) = settled.iter().partition(|c| !c.ident_rep.is_empty());
        let names: BTreeSet<&str> = whole.iter().map(|c| c.adresse.as_str()).collect();
        let numbers: BTreeSet<&str> = one.iter().map(|c| c.ident_rep.as_str()).collect();
        // What was settled since figures were made is settled all the same.
        let open = |a: &Address| {
            let mut a = a.clone();
            a.logements
                .iter_mut()
                .filter(|l| numbers.contains(l.ident_rep.as_str()))
                .for_each(|l| l.motifs = 0);
            a.is_doubtful().then_some(a)
        };
        let doubts = all
            .iter()
            .filter(|a| a.is_doubtful() && !names.contains(a.adresse.as_str()))
            .filter_map(open)
            .collect();
        let moved = one.iter().filter(|c| c.statut == StatutCorrection::Acceptee);
        let apart = moved.map(|c| c.ident_rep.clone()).collect();
        Ok(Self { loaded, millesime, all, doubts, apart })
    }

    /// An address of the bailleur by its name in paths.
    pub fn find(&self, name: &str) -> Result<&Address, Problem> {
        let found = self.doubts.iter().chain(self.all.iter()).find(|d| id(d) == name);
        found.ok_or_else(|| Problem::not_found("id", name, "Cette adresse n'est pas dans votre parc."))
    }

    /// Dwellings of an address that a correction is about: those that are named, or all but those that have
    /// one of their own.
    pub fn chosen<'a>(&self, address: &'a Address, numbers: &[String]) -> Result<Vec<&'a Dwelling>, Problem> {
        if numbers.is_empty() {
            return Ok(address.logements.iter().filter(|l| !self.apart.contains(&l.ident_rep)).collect());
        }
        let named = |n: &String| {
            let found = address.logements.iter().find(|l| !n.is_empty() && l.ident_rep == *n);
            found.ok_or_else(|| {
                Problem::value(
                    "logements",
                    n,
                    "Ce numéro national n'est pas celui d'un logement de cette adresse.",
                )
            })
        };
        numbers.iter().collect::<BTreeSet<_>>().into_iter().map(named).collect()
    }

    /// Why a place cannot be that of an address; None if it can.
    pub fn refusal(&self, address: &Address, lon: f64, lat: f64) -> Result<Option<String>, Problem> {
        if address.libelle().is_empty() {
            // One point for all dwellings of a commune without an address would be worse than none.
            return Ok(Some(
                "Ces logements n'ont pas d'adresse : donnez-la dans le RPLS avant de les placer.".to_owned(),
            ));
        }
        let Some(communes) = self.loaded.zones.get("commune").map(|g| &g.layer) else { return Ok(None) };
        let tolerance =
            Survey::embedded().map_err(|e| Problem::internal(&e))?.localisation.tolerance_commune_m;
        let Some(zone) = communes.index_of(&merged(&address.depcom, Some(communes))) else { return Ok(None) };
        let far = is_far(communes, zone, lon, lat, tolerance);
        let tolerance = tolerance.max(communes.coarseness_m());
        Ok(far.then(|| {
            format!(
                "Ce point est à plus de {tolerance:.0} m de la commune déclarée ({}). Si c'est la commune \
                    qui est fausse, corrigez-la dans le RPLS.",
                communes.zones[zone as usize].nom
            )
        }))
    }

    /// Commune, IRIS, QPV and cell of a point.
    pub fn situation(&self, lon: f64, lat: f64, quality: Option<u8>) -> Result<Situation, Problem> {
        let cell =
            grid::cells(&[[lon, lat]]).map_err(|e| Problem::internal(&e))?.into_iter().next().flatten();
        Ok(situation::locate(&self.loaded, rules(), [lon, lat], quality, cell))
    }
}
