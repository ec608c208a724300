//! Objectives and counts of a year in the three ways, side by side.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::flux::book::{Book, Known, departement};
use crate::desk::flux::view::{View, title};
use crate::desk::leases::{Choix, percent};
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::flow::convention::Decompte;
use crate::flow::count::{Rythme, TroisComptes, pace};
use crate::publish::csv_file;
use crate::reference::flux::flux;
use crate::state;

/// Le suivi d'une année.
#[derive(Debug, Serialize, ToSchema)]
pub struct SuiviFlux {
    /// Version des règles appliquées : d'origine, ou modifiée localement, avec sa date et son empreinte.
    pub version: &'static str,
    /// Écart à un rythme régulier à partir duquel une ligne est dite en retard ou en avance, en %.
    pub tolerance: f64,
    pub annee: u16,
    pub annees: Vec<u16>,
    /// Dernier jour connu, de l'un des bailleurs.
    pub jusqu_au: String,
    /// Mois dont les bailleurs ont parlé, fraction comprise, chacun selon ce qu'il doit ; 12 pour une année
    /// finie.
    pub mois: f64,
    /// Tous ont dit toute l'année : un objectif est atteint ou ne l'est pas.
    pub finie: bool,
    pub par: String,
    pub bailleurs: Vec<Choix>,
    pub lignes: Vec<LigneSuivi>,
    pub ensemble: LigneSuivi,
}

/// Une ligne du suivi.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LigneSuivi {
    pub bailleur: String,
    pub bailleur_nom: String,
    pub reservataire: String,
    pub reservataire_nom: String,
    pub commune: String,
    pub commune_nom: String,
    /// Ce qui compte pour les signataires ; nul quand la ligne en réunit plusieurs.
    pub decompte: Option<Decompte>,
    /// Logements de l'année, dans tout le département ; nul sans assiette, et par commune.
    pub objectif: Option<u32>,
    /// Comptes du département (par commune : de la commune).
    pub comptes: TroisComptes,
    /// Dont dans votre territoire.
    pub territoire: TroisComptes,
    /// Dont en QPV.
    pub qpv: TroisComptes,
    /// Ce qui est retenu, selon la convention.
    pub retenu: u32,
    /// Nul sans objectif, et tant que rien n'est reçu de l'année.
    pub rythme: Option<Rythme>,
    /// Dernier jour dont ces bailleurs ont parlé, AAAA-MM-JJ ; nul : rien n'est reçu d'eux pour l'année.
    pub jusqu_au: Option<String>,
    /// Ils ont dit toute l'année : l'objectif est atteint ou ne l'est pas.
    pub finie: bool,
    /// Comptes de chaque mois, de janvier à décembre.
    pub par_mois: Vec<TroisComptes>,
}

const KEYS: [&str; 3] = ["convention", "reservataire", "commune"];

#[derive(Debug, Clone, Default)]
pub struct Asked {
    pub year: Option<u16>,
    pub by: Option<String>,
    pub bailleur: Option<String>,
}

impl Asked {
    pub fn of(params: &mut Params) -> Result<Self, Problem> {
        Ok(Self { year: params.number("annee")?, by: params.take("par"), bailleur: params.take("bailleur") })
    }
}

#[derive(Debug, Default)]
struct Sum {
    counts: TroisComptes,
    mine: TroisComptes,
    qpv: TroisComptes,
    kept: u32,
    goal: Option<u32>,
    told: Told,
    counting: Vec<Decompte>,
    months: [TroisComptes; 12],
}

/// What lessors told of the year, of those that a line counts.
#[derive(Debug, Default)]
struct Told {
    /// Months that each told of, by the dwellings that it owes.
    months: f64,
    owed: f64,
    /// The last day of those that told of any.
    until: Option<String>,
    lessors: BTreeMap<String, bool>,
}

impl Told {
    fn add(&mut self, bailleur: &str, known: &Known, owed: u32) {
        self.months += known.months * f64::from(owed);
        self.owed += f64::from(owed);
        self.until = self.until.take().max(known.day.clone());
        self.lessors.insert(bailleur.to_owned(), known.over);
    }

    /// Months that the line as a whole tells of.
    fn mean(&self) -> f64 {
        if self.owed > 0.0 { self.months / self.owed } else { 0.0 }
    }

    fn is_over(&self) -> bool {
        !self.lessors.is_empty() && self.lessors.values().all(|over| *over)
    }
}

/// The year that is asked, the last one by default.
pub fn chosen(book: &Book, year: Option<u16>) -> Result<u16, Problem> {
    let years = book.years();
    let with_events = book.last_year();
    let Some(last) = with_events.or(years.last().copied()) else {
        return Err(Problem::not_found(
            "flux",
            "",
            "Aucune convention ni aucun événement de gestion en flux n'est enregistré : importez les conventions, puis \
             les événements des bailleurs.",
        ));
    };
    let year = year.unwrap_or(last);
    if years.contains(&year) {
        return Ok(year);
    }
    Err(Problem::unknown("annee", &year.to_string(), years.iter().map(ToString::to_string)))
}

pub fn answer(book: &Book, view: &View, asked: &Asked) -> Result<SuiviFlux, Problem> {
    let annee = chosen(book, asked.year)?;
    let by = asked.by.as_deref().unwrap_or(KEYS[0]);
    if !KEYS.contains(&by) {
        return Err(Problem::unknown("par", by, KEYS));
    }
    let today = state::day(state::now());
    let rules = flux().map_err(|e| Problem::internal(&e))?;
    let tolerance = rules.tolerance;
    let asked_of = |b: &str| asked.bailleur.as_deref().is_none_or(|a| a == b);
    let mut sums: BTreeMap<(String, String, String), Sum> = BTreeMap::new();
    let mut whole = Sum::default();
    let key = |b: &str, r: &str, c: &str| match by {
        "reservataire" => (String::new(), r.to_owned(), String::new()),
        "commune" => (String::new(), String::new(), c.to_owned()),
        _ => (b.to_owned(), r.to_owned(), String::new()),
    };
    // Objectives first, so that a right that nobody has met yet is a line too.
    for (b, d) in pairs(book, annee).into_iter().filter(|(b, d)| view.opens(b, d) && asked_of(b)) {
        let Some(flow) = book.flow(b, d, annee)? else { continue };
        let known = book.known(b, annee, &today);
        // The whole is that of the lines: a réservataire's own.
        for p in flow.parts.into_iter().filter(|p| view.holds(&p.reservataire)) {
            *whole.goal.get_or_insert(0) += p.logements;
            whole.told.add(b, &known, p.logements);
            if by != "commune" {
                let sum = sums.entry(key(b, &p.reservataire, "")).or_default();
                *sum.goal.get_or_insert(0) += p.logements;
                sum.told.add(b, &known, p.logements);
                sum.counting.push(book.counting(b, d, &p.reservataire, annee));
            }
        }
    }
    let mut counted: HashMap<(&str, &str, &str), Decompte> = HashMap::new();
    for way in book.ways_in(annee) {
        let d = departement(&way.home.commune);
        if !view.opens(&way.bailleur, d) || !asked_of(&way.bailleur) || (by == "commune" && !view.sees(way)) {
            continue;
        }
        let Some(offer) = way.imputed().filter(|o| view.holds(&o.to)) else { continue };
        let n = TroisComptes::of_way(way, annee);
        if n == TroisComptes::default() {
            continue;
        }
        let counting = *counted
            .entry((&way.bailleur, d, &offer.to))
            .or_insert_with(|| book.counting(&way.bailleur, d, &offer.to, annee));
        let line = sums.entry(key(&way.bailleur, &offer.to, &way.home.commune)).or_default();
        for sum in [line, &mut whole] {
            sum.counts.add(n);
            sum.kept += n.of(counting);
            if view.sees(way) {
                sum.mine.add(n);
            }
            if !way.home.qpv.is_empty() {
                sum.qpv.add(n);
            }
            let lease = way.end.as_ref().map(|e| e.day);
            for (day, add) in [
                (offer.accepted, TroisComptes { orientation: n.orientation, ..Default::default() }),
                (offer.caleol, TroisComptes { caleol: n.caleol, ..Default::default() }),
                (lease, TroisComptes { bail: n.bail, ..Default::default() }),
            ] {
                if let Some(at) = day.and_then(|d| usize::from(d.month()).checked_sub(1)) {
                    sum.months[at.min(11)].add(add);
                }
            }
        }
    }
    let line = |(b, r, c): (String, String, String), s: Sum| LigneSuivi {
        bailleur_nom: if b.is_empty() { String::new() } else { view.name(&b) },
        reservataire_nom: if r.is_empty() { String::new() } else { title(view, &r) },
        commune_nom: if c.is_empty() { String::new() } else { view.name(&c) },
        bailleur: b,
        reservataire: r,
        commune: c,
        decompte: s.counting.first().copied().filter(|d| s.counting.iter().all(|o| o == d)),
        objectif: s.goal,
        comptes: s.counts,
        territoire: s.mine,
        qpv: s.qpv,
        retenu: s.kept,
        rythme: s.goal.filter(|_| s.told.until.is_some()).map(|g| pace(g, s.kept, s.told.mean(), tolerance)),
        finie: s.told.is_over(),
        jusqu_au: s.told.until,
        par_mois: s.months.to_vec(),
    };
    let lignes = sums.into_iter().map(|(k, s)| line(k, s)).collect();
    let (m, over) = (whole.told.mean(), whole.told.is_over());
    let until = whole.told.until.clone().or_else(|| last_of(book, view, annee, &today));
    let until = until.unwrap_or_else(|| format!("{annee}-01-01"));
    let mut ensemble = line(Default::default(), whole);
    if by == "commune" {
        (ensemble.objectif, ensemble.rythme) = (None, None);
    }
    Ok(SuiviFlux {
        version: &rules.version,
        tolerance: percent(tolerance),
        annee,
        annees: book.years(),
        jusqu_au: until,
        mois: m,
        finie: over,
        par: by.to_owned(),
        bailleurs: lessors(book, view),
        lignes,
        ensemble,
    })
}

/// The last day that lessors without a base told of.
fn last_of(book: &Book, view: &View, annee: u16, today: &str) -> Option<String> {
    let open = lessors(book, view);
    open.iter().filter_map(|b| book.known(&b.code, annee, today).day).max()
}

/// Lessors and départements whose base of a year is known.
pub fn pairs(book: &Book, annee: u16) -> Vec<(&str, &str)> {
    let of_year = book.bases.iter().filter(|b| b.annee == annee);
    let mut out: Vec<(&str, &str)> = of_year.map(|b| (b.bailleur.as_str(), b.departement.as_str())).collect();
    out.sort_unstable();
    out.dedup();
    out
}

/// Bailleurs that are open.
pub fn lessors(book: &Book, view: &View) -> Vec<Choix> {
    let mut list: Vec<&str> = book
        .bases
        .iter()
        .filter(|b| view.opens(&b.bailleur, &b.departement))
        .map(|b| b.bailleur.as_str())
        .collect();
    list.sort_unstable();
    list.dedup();
    list.into_iter().map(|b| Choix { code: b.to_owned(), nom: view.name(b) }).collect()
}

pub fn written(s: &SuiviFlux) -> Result<Vec<u8>, csv::Error> {
    let mut w = csv_file::writer();
    w.write_record([
        "annee",
        "jusqu_au",
        "bailleur",
        "bailleur_nom",
        "reservataire",
        "reservataire_nom",
        "commune",
        "commune_nom",
        "objectif",
        "orientations",
        "caleol",
        "baux",
        "retenu",
        "dont_qpv_baux",
        "territoire_baux",
    ])?;
    for l in &s.lignes {
        w.write_record([
            s.annee.to_string(),
            s.jusqu_au.clone(),
            l.bailleur.clone(),
            csv_file::inert(&l.bailleur_nom),
            l.reservataire.clone(),
            l.reservataire_nom.clone(),
            l.commune.clone(),
            csv_file::inert(&l.commune_nom),
            l.objectif.map(|n| n.to_string()).unwrap_or_default(),
            l.comptes.orientation.to_string(),
            l.comptes.caleol.to_string(),
            l.comptes.bail.to_string(),
            l.retenu.to_string(),
            l.qpv.bail.to_string(),
            l.territoire.bail.to_string(),
        ])?;
    }
    csv_file::bytes(w)
}
