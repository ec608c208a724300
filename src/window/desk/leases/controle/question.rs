//! One candidate file checked whole: verdicts, dwelling, residence, where else.

pub use super::ailleurs::financing;
pub use super::answer::Controle;
use super::answer::{LogementControle, MenageControle, QpvControle};
pub use super::asked::DemandeControle;
pub use super::bench::measure;
use super::enjeu::{Listed, residence_of};
use super::level::{Checked, Checks};
use super::{ailleurs, asked};
use crate::access::Person;
use crate::days;
use crate::desk::counter::Desk;
use crate::desk::editions::App;
use crate::desk::mesure::{Mesure, ZoneMesuree};
use crate::desk::problem::Problem;
use crate::desk::query::{self, Asked, GENERATIONS};
use crate::desk::situation::Reponse;
use crate::policy::household::Quartile;
use crate::policy::why;
use crate::reference::access::Class;
use crate::state::rpems::File;
use crate::stock::places::label;
use crate::territory::bands::{Placed, Situation};

/// A fault of a file as a problem: what is not there is 404, what is not open 403.
pub fn refused(fault: asked::Fault) -> Problem {
    match fault.regle {
        "C08" if !fault.valeur.is_empty() => Problem::not_found(fault.champ, &fault.valeur, fault.detail),
        "C09" => Problem::forbidden(fault.detail),
        _ => Problem::value(fault.champ, &fault.valeur, fault.detail),
    }
}

pub fn whole(
    app: &App,
    person: &Person,
    checks: &Checks<'_>,
    dossier: &crate::policy::dossier::Dossier,
    done: &Checked<'_>,
    files: &[File],
) -> Controle {
    let (checker, last, date) = (checks.checker, checks.last_day(), days::iso(dossier.jour));
    let loaded = app.millesimes.iter().find(|l| l.meta().millesime == checker.parc.millesime);
    let listed = loaded.and_then(|l| Listed::on(&date, files, l));
    let (residence, residence_motif) = match residence(app, person, checker.parc.millesime, done) {
        Ok(sheet) => (Some(sheet), None),
        Err(why) => (None, Some(why)),
    };
    let mut avertissements = Vec::new();
    let year = done.facts.lease.year();
    if !checks.is_loaded(year) {
        avertissements.push(format!(
            "Les baux chargés s'arrêtent au {} : aucun n'est de {year}, l'effet sur les parts de l'année ne se mesure pas. \
             Importez les attributions de {year}, ou donnez un jour d'une année chargée.",
            days::french(&days::iso(last))
        ));
    } else if year != u16::try_from(last / 10_000).unwrap_or(0) {
        avertissements.push(format!("L'effet est mesuré sur les baux de {year}, l'année demandée."));
    }
    if done.facts.lease.provisional {
        avertissements
            .push("Le seuil du premier quartile est celui de l'année précédente : provisoire.".to_owned());
    }
    if !done.site.exact && (!dossier.ident_rep.is_empty() || !dossier.ident_int.is_empty()) {
        avertissements.push(format!(
            "Le RPLS {} n'a pas ce numéro de logement : sa place est celle de l'adresse ou du point donnés.",
            checker.parc.millesime
        ));
    }
    if done.site.home.is_some() && !done.site.exact {
        avertissements.push(
            "Le logement est désigné par son adresse : sa taille et son financement ne sont pas lus dans le \
                RPLS."
                .to_owned(),
        );
    }
    if let Some(until) = done.site.home.as_ref().zip(listed.as_ref()).and_then(|(home, l)| l.until(home)) {
        avertissements.push(format!(
            "Sa résidence est à enjeu prioritaire de mixité sociale jusqu'au {} : si la candidature est refusée à ce titre, le premier logement vacant \
             adapté hors de ces résidences, dans le périmètre de la convention, doit être proposé (CCH L.441-2-2).",
            days::french(until)
        ));
    }
    let holds = listed.as_ref().map(|l| |row: u32| l.holds(&checker.parc, row));
    let [ailleurs, ailleurs_hors_enjeu] =
        ailleurs::elsewhere(checks, dossier, done, holds.as_ref().map(|h| h as &dyn Fn(u32) -> bool));
    Controle {
        version: &checker.mix.version,
        version_controle: &checker.rules.version,
        date,
        annee: done.facts.lease.year(),
        logement: dwelling(checks, dossier, done),
        menage: household(done),
        verdict: done.verdict,
        regles: checks.sentences(done),
        niveaux_fermes: done.closed.clone(),
        residence,
        residence_motif,
        ailleurs,
        ailleurs_hors_enjeu,
        avertissements,
    }
}

pub fn in_qpv(done: &Checked<'_>) -> Reponse {
    reponse(done.facts.placed)
}

pub fn reponse(placed: Option<Placed>) -> Reponse {
    match placed.map(|p| p.situation) {
        Some(Situation::Dedans) => Reponse::Dedans,
        Some(Situation::Dehors) => Reponse::Dehors,
        Some(Situation::Incertain) | None => Reponse::Incertain,
    }
}

fn dwelling(
    checks: &Checks<'_>,
    d: &crate::policy::dossier::Dossier,
    done: &Checked<'_>,
) -> LogementControle {
    let (checker, site) = (checks.checker, &done.site);
    let home = site.home.filter(|_| done.known);
    let of_it = home.filter(|_| site.exact);
    let point = site.point.filter(|_| done.known || d.point.is_some());
    let name = site.qpv.map(|z| if z.nom.is_empty() { z.code.clone() } else { z.nom.clone() });
    LogementControle {
        commune: site.commune.clone(),
        commune_nom: checker.commune_title(&site.commune),
        epci: site.epci.clone(),
        epci_nom: site.epci.as_deref().map(|e| checker.epci_title(e)),
        bailleur: Some(site.siren.clone()).filter(|s| !s.is_empty()),
        bailleur_nom: Some(checker.parc.owner(&site.siren).to_owned()).filter(|s| !s.is_empty()),
        adresse: home.map(|h| label(h.adresse)),
        lon: point.map(|p| p[0]),
        lat: point.map(|p| p[1]),
        pieces: Some(done.facts.rooms).filter(|r| *r != 0),
        surface: of_it.map(|h| h.surface).filter(|s| *s != 0),
        financement: (done.facts.financing != 0).then(|| ailleurs::financing(done.facts.financing)),
        qpv: QpvControle {
            generation: GENERATIONS
                .into_iter()
                .find(|g| *g == site.now.generation.to_string())
                .unwrap_or(GENERATIONS[0]),
            reponse: in_qpv(done),
            code: site.qpv.map(|z| z.code.clone()),
            distance_bord_m: done.facts.placed.and_then(|p| p.metres).map(|m| (m * 10.0).round() / 10.0),
            phrase: why::place(&done.facts, site.now, name.as_deref()),
            nom: name,
        },
    }
}

pub fn quartile(done: &Checked<'_>) -> Option<&'static str> {
    match done.facts.lease.quartile {
        Quartile::First => Some("Q1"),
        Quartile::Other => Some("Q2-Q4"),
        Quartile::Unknown => None,
    }
}

fn household(done: &Checked<'_>) -> MenageControle {
    let (facts, rounded) = (&done.facts, |v: f64| (v * 100.0).round() / 100.0);
    MenageControle {
        revenu_uc: facts.income.map(rounded),
        seuil: facts.threshold.map(|t| t.euros),
        seuil_annee: facts.threshold.map(|t| t.year),
        seuil_provisoire: facts.lease.provisional,
        quartile: quartile(done),
        dalo: facts.lease.dalo,
        prioritaire: facts.lease.priority,
        precaire: facts.lease.precarious,
        pct_plafond: facts.pct.map(rounded),
    }
}

/// Figures of the residence, asked at the desk as any other figure; or why there are none.
pub fn residence(app: &App, person: &Person, millesime: u16, done: &Checked<'_>) -> Result<Mesure, String> {
    let unknown = || "La résidence de ce logement n'est pas connue.".to_owned();
    let home = done.site.home.ok_or_else(unknown)?;
    let rules = crate::reference::controle::Controle::embedded().map_err(|e| e.to_string())?;
    let indicators = query::indicators(app, Some(&rules.residence.indicateurs)).map_err(|p| p.detail)?;
    let asked = Asked { millesime: Some(millesime), ..Asked::default() };
    let desk = Desk::new(app, person, asked, indicators).map_err(|p| p.detail)?;
    let loaded = desk.loaded();
    let layer = loaded.cube().layer("residence").ok_or_else(unknown)?;
    let zone = residence_of(loaded, &home).ok_or_else(unknown)?;
    let counter = desk.counter(Class::Fine).map_err(|p| p.detail)?;
    let answer = counter.answer(Some("residence"), &layer.addresses(zone)).map_err(|p| p.detail)?;
    let code = layer.codes.get(zone as usize).to_owned();
    let named = ZoneMesuree {
        id: format!("residence:{code}"),
        nom: layer.title(zone),
        echelle: Some("residence".to_owned()),
        code: Some(code),
    };
    Ok(Mesure::new(named, &counter, answer))
}
