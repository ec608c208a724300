//! The values of one indicator for all zones of a scale.

use rayon::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::counter::Desk;
use crate::desk::editions::App;
use crate::desk::places::{self, Within};
use crate::desk::problem::Problem;
use crate::disclosure::answer::stock_source;
use crate::disclosure::figure::all_plainly;
use crate::publish::classes::breaks;
use crate::reference::access::Class;
use crate::reference::indicators::Indicator;
use crate::reference::scales;

/// Un indicateur pour toutes les zones d'une échelle qui ont un logement : colonnes de même longueur.
#[derive(Debug, Serialize, ToSchema)]
pub struct Valeurs {
    pub echelle: String,
    pub indicateur: String,
    pub unite: String,
    pub millesime: u16,
    pub vague: Option<u16>,
    /// Source et date des chiffres.
    pub source: String,
    pub codes: Vec<String>,
    pub noms: Vec<String>,
    /// Nul : secret, ou aucune donnée.
    pub valeurs: Vec<Option<f64>>,
    pub secret: Vec<bool>,
    /// Ménages répondants décrits (indicateurs d'occupation).
    pub repondants: Vec<Option<u64>>,
    /// Numérateurs et dénominateurs ; nuls si le chiffre est secret, ou arrondi parce que l'effectif est très
    /// faible.
    /// Dans l'unité des valeurs.
    #[serde(serialize_with = "all_plainly")]
    pub numerateurs: Vec<Option<f64>>,
    pub denominateurs: Vec<Option<u64>>,
    /// Sous un filtre ou un croisement : demi-largeur de l'intervalle à 95 %, dans l'unité de la valeur ; nul
    /// si elle est exacte.
    pub incertitudes: Vec<Option<f64>>,
    /// Logements, filtre appliqué.
    pub logements: Vec<u64>,
    /// Logements, filtre appliqué, que la valeur ne compte pas (indicateurs d'occupation).
    pub logements_ecartes: Vec<Option<u64>>,
    pub reference: Reference,
    /// Bornes intérieures des classes : quantiles, 5 classes au plus.
    pub bornes: Vec<f64>,
}

/// Le chiffre de la zone parente, ou de tout le territoire.
#[derive(Debug, Serialize, ToSchema)]
pub struct Reference {
    pub nom: String,
    pub valeur: Option<f64>,
}

/// Class of the zone that a map compares with: the parent, else the whole territory.
pub fn reference_class(within: Option<&str>) -> Class {
    within.and_then(|d| d.split_once(':')).map_or(Class::Large, |(scale, _)| scales::scale(scale).acces)
}

/// What a map shows.
#[derive(Clone, Copy)]
pub struct Shown<'a> {
    pub scale: &'a str,
    pub within: Option<&'a str>,
    pub indicator: &'a Indicator,
}

/// The figure of each zone of a scale, and that of the territory.
pub fn compute(
    app: &App,
    desk: &Desk<'_>,
    class: Class,
    Shown { scale, within, indicator }: Shown<'_>,
) -> Result<Valeurs, Problem> {
    let loaded = desk.loaded();
    let layer = places::layer(loaded, "echelle", scale).map_err(Problem::in_path)?;
    let within = within.map(|d| Within::parse(loaded, d)).transpose()?;
    let counter = desk.counter(class)?;
    let households = app.catalogue.describes_households(indicator);
    if households {
        counter.households()?;
    }
    let mut zones = places::zones_with_addresses(&layer, within.as_ref());
    zones.retain(|z| counter.lists(&layer.addresses(*z), households));

    let reference_zone = within.as_ref().map_or_else(|| loaded.everything(), |w| w.layer.addresses(w.zone));
    let reference_scale = within.as_ref().map_or("departement", |w| w.layer.meta.id.as_str());
    // The parent is of another class: what is not open of it is no reference.
    let reference = desk
        .counter(scales::scale(reference_scale).acces)
        .and_then(|c| c.answer(Some(reference_scale), &reference_zone))
        .ok();

    let answers = zones
        .par_iter()
        .map(|&z| counter.answer(Some(scale), &layer.addresses(z)))
        .collect::<Result<Vec<_>, Problem>>()?;
    let figures = || answers.iter().map(|a| &a.chiffres[0]);
    let known: Vec<f64> = figures().filter_map(|f| f.valeur).collect();
    Ok(Valeurs {
        echelle: scale.to_owned(),
        indicateur: indicator.id.clone(),
        unite: indicator.unite.clone(),
        millesime: loaded.meta().millesime,
        vague: loaded.meta().vague,
        source: figures().next().map_or_else(|| stock_source(loaded.meta()), |f| f.source.clone()),
        codes: zones.iter().map(|z| layer.codes.get(*z as usize).to_owned()).collect(),
        noms: zones.iter().map(|z| layer.title(*z)).collect(),
        valeurs: figures().map(|f| f.valeur).collect(),
        secret: figures().map(|f| f.secret).collect(),
        repondants: figures().map(|f| f.repondants).collect(),
        numerateurs: figures().map(|f| f.numerateur).collect(),
        denominateurs: figures().map(|f| f.denominateur.filter(|_| f.numerateur.is_some())).collect(),
        incertitudes: figures().map(|f| f.incertitude).collect(),
        logements_ecartes: figures().map(|f| f.logements_ecartes).collect(),
        logements: answers.iter().map(|a| a.couverture.logements).collect(),
        reference: Reference {
            nom: within.as_ref().map_or_else(|| "Territoire".to_owned(), Within::name),
            valeur: reference.and_then(|r| r.chiffres.first().and_then(|f| f.valeur)),
        },
        bornes: breaks(known),
    })
}
