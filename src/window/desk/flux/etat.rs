//! What is told of the State's share of each lessor's flow by département (CCH R.441-5-2).

use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::flux::book::{Book, departement};
use crate::desk::flux::suivi::{chosen, pairs};
use crate::desk::flux::view::View;
use crate::desk::problem::Problem;
use crate::flow::convention::{ConventionFlux, Decompte, is_state};
use crate::flow::fair::stand_out;
use crate::flow::prefect::{Counted, by_chance, state_share};
use crate::publish::csv_file;
use crate::reference::flux::{Flux, flux};

/// La part de l'État dans le flux d'une année.
#[derive(Debug, Serialize, ToSchema)]
pub struct EtatFlux {
    pub annee: u16,
    pub annees: Vec<u16>,
    /// Part vers laquelle les préfets doivent tendre, et qu'elle ne dépasse pas, en %.
    pub part: f64,
    /// Dont, au plus, pour ses agents, en %.
    pub agents: f64,
    /// Probabilité qu'une année sans écart en ait un de signalé, toutes communes d'un bailleur réunies, en %.
    pub risque: f64,
    /// Version des règles.
    pub version: &'static str,
    pub lignes: Vec<LigneEtat>,
}

/// Un bailleur dans un département.
#[derive(Debug, Serialize, ToSchema)]
pub struct LigneEtat {
    pub bailleur: String,
    pub bailleur_nom: String,
    pub departement: String,
    /// Assiette de l'année ; nulle si elle n'est pas connue.
    pub assiette: Option<u32>,
    /// 30 % de l'assiette, à l'entier inférieur.
    pub plafond: Option<u32>,
    /// Ce que les conventions donnent à l'État (publics prioritaires et agents).
    pub objectif: Option<u32>,
    /// Part convenue, en %.
    pub part: f64,
    /// Logements qui manquent aux conventions pour atteindre 30 %.
    pub manque: Option<u32>,
    pub decompte: Decompte,
    pub ensemble: CompteEtat,
    pub hors_qpv: CompteEtat,
    pub en_qpv: CompteEtat,
    /// La convention écarte les 30 % hors QPV.
    pub qpv_autrement: bool,
    /// La convention écarte la répartition uniforme par commune.
    pub communes_autrement: bool,
    pub communes: Vec<CommuneEtat>,
}

/// Ce qui a été attribué.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct CompteEtat {
    /// Logements du flux attribués, à qui que ce soit.
    pub flux: u32,
    pub etat: u32,
    /// En % ; nulle sans logement.
    pub part: Option<f64>,
    /// Logements qui manquent à l'État pour 30 %.
    pub manque: u32,
}

/// Une commune.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommuneEtat {
    pub commune: String,
    pub nom: String,
    pub flux: u32,
    pub etat: u32,
    /// Logements de l'État si la part convenue était la même partout.
    pub attendu: f64,
    /// Probabilité d'un écart au moins aussi grand si seul le hasard répartit.
    pub p: f64,
    /// L'écart est plus grand que ce que le hasard donne, toutes communes réunies.
    pub signale: bool,
}

fn count(c: Counted, rules: &Flux) -> CompteEtat {
    CompteEtat {
        flux: c.all,
        etat: c.state,
        part: c.share().map(|s| s * 100.0),
        manque: c.missing(rules.etat),
    }
}

fn line(
    book: &Book,
    view: &View,
    (bailleur, d, annee): (&str, &str, u16),
    rules: &Flux,
) -> Result<LigneEtat, Problem> {
    let flow = book.flow(bailleur, d, annee)?;
    let conventions = book.of(bailleur, d, annee);
    let state = || conventions.iter().filter(|c| is_state(&c.reservataire));
    let decompte = book.counting(bailleur, d, "ETAT_PRIO", annee);
    let here = book.ways_of(bailleur).filter(|w| departement(&w.home.commune) == d);
    let found = state_share(here, annee, decompte);
    // Without a convention, its flow is the State's too.
    let part: f64 =
        flow.iter().flat_map(|f| &f.parts).filter(|p| is_state(&p.reservataire)).map(|p| p.part).sum();
    let objectif = flow
        .as_ref()
        .map(|f| f.parts.iter().filter(|p| is_state(&p.reservataire)).map(|p| p.logements).sum::<u32>());
    // What comes to the prefect for want of a convention is beside the cap of the law.
    let plafond = flow.as_ref().map(|f| {
        let own = f.parts.iter().find(|p| p.reservataire == "ETAT_PRIO").and_then(|p| p.plafond);
        own.unwrap_or((f64::from(f.assiette) * rules.etat + 1e-9).floor() as u32)
    });
    let p: Vec<f64> = found.communes.values().map(|c| by_chance(*c, part / 100.0)).collect();
    let told = stand_out(&p, rules.alpha);
    let communes =
        found.communes.iter().zip(p.iter().zip(told)).map(|((commune, c), (p, signale))| CommuneEtat {
            nom: view.name(commune),
            commune: commune.clone(),
            flux: c.all,
            etat: c.state,
            attendu: f64::from(c.all) * part / 100.0,
            p: *p,
            signale,
        });
    let seen = |c: &CommuneEtat| view.communes.as_ref().is_none_or(|list| list.contains(&c.commune));
    let otherwise = |of: fn(&ConventionFlux) -> bool| state().any(of);
    Ok(LigneEtat {
        bailleur_nom: view.name(bailleur),
        bailleur: bailleur.to_owned(),
        departement: d.to_owned(),
        assiette: flow.as_ref().map(|f| f.assiette),
        plafond,
        objectif,
        part,
        manque: plafond.zip(objectif).map(|(p, o)| p.saturating_sub(o)),
        decompte,
        ensemble: count(found.whole, rules),
        // Outside QPV the law sets a least, not a most.
        hors_qpv: CompteEtat { manque: found.outside.short_of(rules.etat), ..count(found.outside, rules) },
        en_qpv: count(found.inside, rules),
        qpv_autrement: otherwise(|c| c.qpv_autrement),
        communes_autrement: otherwise(|c| c.communes_autrement),
        communes: communes.filter(seen).collect(),
    })
}

pub fn answer(book: &Book, view: &View, year: Option<u16>) -> Result<EtatFlux, Problem> {
    if !view.holds("ETAT_PRIO") {
        return Err(Problem::forbidden(
            "La part de l'État est ouverte aux bailleurs, aux collectivités et aux services de l'État.",
        ));
    }
    let annee = chosen(book, year)?;
    let rules: &'static Flux = flux().map_err(|e| Problem::internal(&e))?;
    let lignes: Result<Vec<LigneEtat>, Problem> = pairs(book, annee)
        .into_iter()
        .filter(|(b, d)| view.opens(b, d))
        .map(|(b, d)| line(book, view, (b, d, annee), rules))
        .collect();
    Ok(EtatFlux {
        annee,
        annees: book.years(),
        part: rules.etat * 100.0,
        agents: rules.agents * 100.0,
        risque: rules.alpha * 100.0,
        version: &rules.version,
        lignes: lignes?,
    })
}

pub fn written(found: &EtatFlux) -> Result<Vec<u8>, csv::Error> {
    let mut w = csv_file::writer();
    w.write_record([
        "annee",
        "bailleur",
        "bailleur_nom",
        "departement",
        "assiette",
        "plafond_etat",
        "objectif_etat",
        "manque_conventions",
        "flux",
        "etat",
        "manque",
        "flux_hors_qpv",
        "etat_hors_qpv",
        "manque_hors_qpv",
        "flux_qpv",
        "etat_qpv",
    ])?;
    let some = |n: Option<u32>| n.map(|n| n.to_string()).unwrap_or_default();
    for l in &found.lignes {
        let head = [
            found.annee.to_string(),
            l.bailleur.clone(),
            csv_file::inert(&l.bailleur_nom),
            l.departement.clone(),
            some(l.assiette),
            some(l.plafond),
            some(l.objectif),
            some(l.manque),
        ];
        let (all, out, within) = (l.ensemble, l.hors_qpv, l.en_qpv);
        let counts =
            [all.flux, all.etat, all.manque, out.flux, out.etat, out.manque, within.flux, within.etat];
        w.write_record(head.into_iter().chain(counts.map(|n| n.to_string())))?;
    }
    csv_file::bytes(w)
}
