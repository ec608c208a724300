//! The figures of one zone of a scale; and of the stock up to date, joined with the households of the survey.

use crate::access::Person;
use crate::cube::Layer;
use crate::desk::counter::{Counter, Desk};
use crate::desk::editions::App;
use crate::desk::mesure::{Mesure, ZoneMesuree};
use crate::desk::places;
use crate::desk::problem::Problem;
use crate::desk::query::Asked;
use crate::disclosure::answer::Coverage;
use crate::disclosure::figure::Figure;
use crate::reference::indicators::{Catalogue, Indicator};
use crate::reference::scales;

impl Mesure {
    /// The stock as it is now, with the households of the survey, who are those of 1 January: their figures
    /// and what these stand on. `filed`: the same zone on 1 January; None if it was not there.
    #[must_use]
    pub fn with_households(mut self, filed: Option<Self>, catalogue: &'static Catalogue) -> Self {
        let households = |id: &str| catalogue.indicator(id).filter(|i| catalogue.describes_households(i));
        let Some(filed) = filed else {
            let why = format!(
                "Personne n'y a été enquêté : ces logements sont arrivés après le 1er janvier {}.",
                self.millesime
            );
            for f in &mut self.chiffres {
                if let Some(i) = households(f.indicateur) {
                    *f = Figure::withheld(i, &why);
                }
            }
            return self;
        };
        self.vague = filed.vague;
        for (mine, theirs) in self.chiffres.iter_mut().zip(filed.chiffres) {
            if households(mine.indicateur).is_some() {
                *mine = theirs;
            }
        }
        let Coverage {
            repondants, menages_interroges, taux_reponse, badge, logements_ecartes, motifs, ..
        } = filed.couverture;
        self.couverture = Coverage {
            repondants,
            menages_interroges,
            taux_reponse,
            badge,
            logements_ecartes,
            motifs,
            ..self.couverture
        };
        let more: Vec<String> =
            filed.avertissements.into_iter().filter(|a| !self.avertissements.contains(a)).collect();
        self.avertissements.extend(more);
        self.avertissements.push(
            "Parc à jour des événements ; les ménages restent ceux de l'enquête, au 1er janvier.".to_owned(),
        );
        self
    }
}

/// A zone of a scale, of the counter's question.
///
/// # Errors
/// It is not open.
pub fn of_zone(
    counter: &Counter<'_>,
    echelle: &str,
    layer: &Layer<'_>,
    zone: u32,
) -> Result<Mesure, Problem> {
    let answer = counter.answer(Some(echelle), &layer.addresses(zone))?;
    let code = layer.codes.get(zone as usize);
    let named = ZoneMesuree {
        id: format!("{echelle}:{code}"),
        nom: layer.title(zone),
        echelle: Some(echelle.to_owned()),
        code: Some(code.to_owned()),
    };
    Ok(Mesure::new(named, counter, answer))
}

/// The same by its code.
///
/// # Errors
/// The scale or the code does not exist, or is not open.
pub fn of_code(desk: &Desk<'_>, counter: &Counter<'_>, echelle: &str, code: &str) -> Result<Mesure, Problem> {
    let layer = places::layer(desk.loaded(), "echelle", echelle).map_err(Problem::in_path)?;
    let zone = places::zone(&layer, "code", code).map_err(Problem::in_path)?;
    of_zone(counter, echelle, &layer, zone)
}

fn of_scale(desk: &Desk<'_>, echelle: &str, code: &str) -> Result<Mesure, Problem> {
    // A scale that does not exist is said before rights to it are.
    places::layer(desk.loaded(), "echelle", echelle).map_err(Problem::in_path)?;
    of_code(desk, &desk.counter(scales::scale(echelle).acces)?, echelle, code)
}

/// The figures of one zone of a scale, and what was asked.
///
/// # Errors
/// The question or the zone does not exist, or is not open.
pub fn sheet(
    app: &App,
    person: &Person,
    asked: Asked,
    indicators: Vec<&'static Indicator>,
    (echelle, code): (&str, &str),
) -> Result<(Mesure, serde_json::Value), Problem> {
    let desk = Desk::new(app, person, asked.clone(), indicators.clone())?;
    let mut mesure = of_scale(&desk, echelle, code)?;
    if desk.loaded().meta().a_jour.is_some() {
        // A residence or an address that is not found as filed was not there yet.
        let filed = Desk::new(app, person, asked.on_january_first(), indicators)
            .and_then(|desk| of_scale(&desk, echelle, code));
        mesure = mesure.with_households(Problem::found(filed)?, app.catalogue);
    }
    Ok((mesure, desk.whole.as_asked()))
}
