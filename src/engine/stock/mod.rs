//! What there is: the dwellings of one millésime, joined with households, located, grouped into residences.
//!
//! [`load`] walks once: dwellings ([`dwellings`], of a general file and deposits: [`parts`]) and households
//! by the join ladder ([`join`]), both kept beside the cubes ([`joined`]) → what happened since ([`events`],
//! in the edition that is up to date) → what bailleurs changed ([`edits`]) → points for those that have none
//! ([`situate`]) → the commune in force ([`communes`]) → addresses and their zones ([`places`]) → residences
//! ([`residences`]) → the classes and quantities that indicators use ([`attributes`]). Its result,
//! [`facts::Facts`], is all that a cube is built from.

pub mod administrative;
pub mod arrondissements;
pub mod attributes;
pub mod collecte;
pub mod communes;
pub mod deleguees;
pub mod dwellings;
pub mod edits;
pub mod events;
pub mod facts;
mod filed;
pub mod gaps;
pub mod households;
pub mod join;
pub mod joined;
pub mod kept;
pub mod lessors;
pub mod ownership;
pub mod parts;
pub mod places;
mod postcodes;
pub mod residences;
pub mod review;
pub mod situate;
mod spots;
mod standing;
pub mod table;
pub mod transfers;
pub mod waves;

use self::edits::Edits;
use self::events::Events;
use self::facts::Facts;
use self::joined::Joined;
use self::parts::Parts;
use crate::geocode::{GeocoderError, shelf};
use crate::reference::ReferenceError;
use crate::reference::indicators::Catalogue;
use crate::reference::survey::Survey;
use crate::store::Store;
use crate::territory::crs::CrsError;
use crate::territory::layer::LayerError;

/// Why facts cannot be made from the store.
#[derive(Debug, thiserror::Error)]
pub enum StockError {
    #[error(
        "le magasin ne contient pas le RPLS {0} : importez-le (mosaique import rpls FICHIER --millesime {0})"
    )]
    NoMillesime(u16),
    #[error("table {name} : {source}")]
    Table { name: String, source: polars::error::PolarsError },
    #[error("retouches des bailleurs : {0}")]
    Edits(#[from] csv::Error),
    #[error("événements du parc : {0}")]
    Events(csv::Error),
    #[error(transparent)]
    Geocoder(#[from] GeocoderError),
    #[error(transparent)]
    Layer(#[from] LayerError),
    #[error(transparent)]
    Projection(#[from] CrsError),
    #[error(transparent)]
    Reference(#[from] ReferenceError),
}

/// The wave that joins a millésime: the nearest within the tolerance, the later one at equal distance.
#[must_use]
pub fn wave_of(store: &Store, millesime: u16, tolerance: u16) -> Option<u16> {
    parts::years(store, "ops")
        .into_iter()
        .filter(|w| w.abs_diff(millesime) <= tolerance)
        .min_by_key(|w| (w.abs_diff(millesime), std::cmp::Reverse(*w)))
}

/// Waves of the survey that no millésime of the store carries: their households are shown nowhere.
///
/// # Errors
/// A file of `data/` is wrong.
pub fn unjoined(store: &Store) -> Result<Vec<u16>, StockError> {
    let tolerance = Survey::embedded()?.ecart_millesime;
    let millesimes = parts::years(store, "rpls");
    let joined: Vec<u16> = millesimes.iter().filter_map(|m| wave_of(store, *m, tolerance)).collect();
    Ok(parts::years(store, "ops").into_iter().filter(|w| !joined.contains(w)).collect())
}

/// What to say of a wave that no millésime carries.
///
/// # Errors
/// A file of `data/` is wrong.
pub fn unjoined_words(store: &Store) -> Result<Vec<String>, StockError> {
    let tolerance = Survey::embedded()?.ecart_millesime;
    let millesimes: Vec<String> = parts::years(store, "rpls").iter().map(u16::to_string).collect();
    let there = if millesimes.is_empty() { "aucun".to_owned() } else { millesimes.join(", ") };
    let words = |wave: u16| {
        format!(
            "L'enquête OPS {wave} n'est montrée nulle part : aucun millésime du RPLS ne la porte (présents : {there} ; une vague se joint au millésime le plus proche, à {tolerance} an près). Importez le RPLS {wave}."
        )
    };
    Ok(unjoined(store)?.into_iter().map(words).collect())
}

/// Data sets that the facts of a millésime are made from: their folders, to know when a cube is stale; of
/// what bailleurs changed, only what holds for this millésime.
///
/// # Errors
/// The changes of bailleurs cannot be read.
pub fn sources(store: &Store, millesime: u16, wave: Option<u16>) -> Result<Vec<String>, StockError> {
    let of = |register: &str, year: u16| {
        Parts::of(store, register, year).map_or_else(Vec::new, |p| p.folders().to_vec())
    };
    let mut sources = of("rpls", millesime);
    if situate::needs_addresses(store, &sources) {
        sources.extend(shelf::mark(store).map(|m| format!("adresses {m}")));
    }
    sources.extend(wave.map_or_else(Vec::new, |w| of("ops", w)));
    sources.extend(store.manifest().of_register("zones").map(|d| d.dossier.clone()));
    sources.extend(Edits::of(store)?.mark(millesime).map(|m| format!("retouches {m}")));
    Ok(sources)
}

/// Removes steps that were kept for files that are no longer there. For the one who writes the store.
///
/// # Errors
/// A file of `data/` is wrong.
pub fn sweep(store: &Store) -> Result<(), StockError> {
    let tolerance = Survey::embedded()?.ecart_millesime;
    let mut wanted = Vec::new();
    for year in parts::years(store, "rpls") {
        let survey = wave_of(store, year, tolerance).and_then(|w| Parts::of(store, "ops", w));
        wanted.extend(Parts::of(store, "rpls", year).map(|p| joined::step(store, &p, survey.as_ref())));
        wanted.push(spots::step(store, year, &places::zone_tables(store, year, |_| true)));
    }
    kept::sweep(store, &wanted);
    Ok(())
}

/// Makes the facts of one millésime, as filed on 1 January.
///
/// # Errors
/// The millésime is not in the store, or a table cannot be read.
pub fn load(store: &Store, millesime: u16, catalogue: &Catalogue) -> Result<Facts, StockError> {
    made(store, millesime, None, catalogue)
}

/// Makes the facts of one millésime up to date with the events since: dwellings only, without the survey
/// ([`events`]).
///
/// # Errors
/// As [`load`].
pub fn load_up_to_date(store: &Store, millesime: u16, catalogue: &Catalogue) -> Result<Facts, StockError> {
    made(store, millesime, Some(&Events::of(store)?), catalogue)
}

fn made(
    store: &Store,
    millesime: u16,
    events: Option<&Events>,
    catalogue: &Catalogue,
) -> Result<Facts, StockError> {
    let survey = Survey::embedded()?;
    let register = Parts::of(store, "rpls", millesime).ok_or(StockError::NoMillesime(millesime))?;
    let wave = wave_of(store, millesime, survey.ecart_millesime);
    let survey_data = wave.and_then(|w| Parts::of(store, "ops", w));
    let joined = Joined::of(store, &register, survey_data.as_ref())?;
    let edits = Edits::of(store)?.carried(joined.communes());
    let mut report = facts::BuildReport::default();
    let (mut dwellings, households, matches, menages, changes) = match events {
        None => {
            report = joined.report;
            (joined.dwellings, joined.households, joined.matches, joined.menages, None)
        }
        Some(events) => {
            let (mut dwellings, households) = joined.apart();
            let changes = events.apply(millesime, &mut dwellings, catalogue);
            // Households name residences in both editions, so that a residence has one code.
            let matches =
                households.as_ref().map(|h| join::ladder(&mut dwellings, h, millesime, &mut report));
            (dwellings, households, matches, Vec::new(), Some(changes))
        }
    };
    // The edition up to date says nothing of households.
    let (wave, asked) = if changes.is_some() { (None, None) } else { (wave, households.as_ref()) };
    // After the ladder: households name their dwelling by its address as it was filed.
    edits.move_points(millesime, &mut dwellings, &mut report);
    situate::make(store, &register, &mut dwellings, &mut report)?;
    let mut places = places::locate(store, millesime, &mut dwellings, survey, &mut report)?;
    places.layers.push(residences::group(
        &dwellings,
        &places,
        households.as_ref(),
        matches.as_ref(),
        &edits,
        survey,
        &mut report,
    ));
    let columns = attributes::columns(
        &attributes::Inputs {
            millesime,
            wave,
            dwellings: &dwellings,
            households: asked,
            matches: matches.as_ref(),
            places: &places,
        },
        catalogue,
        survey,
    );
    report.comptes.insert("logements".into(), dwellings.registered() as u64);
    if changes.is_none()
        && let Some(n) = postcodes::incompatible(store, &register)?
    {
        report.comptes.insert("code_postal_incompatible".into(), n);
    }
    if wave.is_some_and(|w| w <= survey.derniere_vague_avant) {
        report.remarques.push(format!(
            "Vague {} : les emménagés récents y sont ceux des {} derniers mois, non comparables aux vagues \
                suivantes.",
            wave.unwrap_or_default(),
            survey.mois_recents_avant
        ));
    }
    let mut facts = Facts {
        millesime,
        vague: wave,
        a_jour: None,
        addresses: places.addresses,
        address_of: places.address_of,
        attributes: columns.attributes,
        quantities: columns.quantities,
        identity: dwellings.identity(),
        menages,
        bailleur_of: columns.bailleur_of,
        bailleurs: columns.bailleurs,
        layers: places.layers,
        ecarts_qpv: places.gaps,
        report,
    };
    if let Some(changes) = changes {
        changes.settle(&mut facts);
    }
    Ok(facts)
}
