//! Who could be given the dwellings that are expected to become vacant, so that every target is met.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::Person;
use crate::desk::editions::App;
use crate::desk::leases::rates::ObjectifCia;
use crate::desk::leases::{Choix, Open, number, reservataires};
use crate::desk::problem::Problem;
use crate::policy::facts::{Allocation, Allocations};
use crate::policy::household::{Bound, Quartile, Said};
use crate::policy::mix::{self, Score};
use crate::policy::objectifs::{Rate, Scope, target};
use crate::policy::plan::{self, Dwelling, Household, Plan, PlanError, Reach, Standing};
use crate::policy::why;
use crate::reference::attributions::attributions;
use crate::reference::communes::{arrondissement_name, city_of};
use crate::reference::mix::{Mix, Niveau};
use crate::reference::plan::{Departure, PlanRules};
use crate::registers::attributions::consumption_units;
use crate::territory::bands::Band;

/// Ce qu'il faut pour un plan.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DemandePlan {
    /// SIREN de l'EPCI.
    pub epci: String,
    /// Ménages en attente : le texte d'un CSV
    /// (`typologie;depcom_demandee;nb_14plus;nb_moins14;ressources_mensuelles;activite;statut_dalo`, et si
    /// connus `statut`, `epci`, `priorite_l441_1`, `accord_collectif`). Un arrondissement de Paris, Lyon ou
    /// Marseille y vaut sa ville. Rien n'en est gardé.
    pub demandes: String,
    /// Logements attendus : le texte d'un CSV (`qpv;typologie;depcom;reservataire`). Par défaut, les
    /// relocations des mêmes mois de la dernière année connue.
    pub logements: Option<String>,
    /// Mois de l'année à couvrir, à partir de la fin (1 à 12) ; par défaut ceux qui restent, ou douze si
    /// l'année est finie.
    pub mois: Option<u8>,
}

/// Un plan proposé.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanPropose {
    /// Version des règles appliquées : d'origine, ou modifiée localement, avec sa date et son empreinte.
    pub version: String,
    pub epci: Choix,
    /// Si l'EPCI est soumis aux 25 % et 50 %, en une phrase ; nul : il l'est.
    pub soumission_dit: Option<&'static str>,
    /// Année des baux à venir.
    pub annee: u16,
    pub mois: u8,
    /// Vrai si les logements sont projetés de la dernière année, faux s'ils viennent d'un fichier.
    pub projete: bool,
    pub logements: usize,
    pub menages: usize,
    /// Lignes de demandes laissées de côté : radiées, ou d'un autre EPCI.
    pub demandes_ecartees: usize,
    /// Vrai si aucun plan n'est meilleur ; sinon `ecart_dit` dit de combien un autre pourrait l'être.
    pub optimal: bool,
    /// Ce qui sépare ce plan du meilleur possible, en une phrase.
    pub ecart_dit: String,
    /// Logements laissés sans ménage : aucun ménage encore en attente ne peut les occuper ; et ceux d'entre
    /// eux qu'aucun ménage du fichier ne peut occuper.
    pub sans_menage: usize,
    pub sans_menage_possible: usize,
    /// Poids des écarts du plan, et le moindre que le solveur ait prouvé possible.
    pub objectif: f64,
    pub borne: f64,
    pub duree_s: f64,
    pub cibles: Vec<CiblePlan>,
    pub ecarts: Vec<EcartPlan>,
    pub affectations: Vec<Affectation>,
}

/// Une cible avant et après le plan.
#[derive(Debug, Serialize, ToSchema)]
pub struct CiblePlan {
    pub regle: &'static str,
    pub libelle: &'static str,
    /// En %.
    pub cible: f64,
    /// Le taux de la convention d'attribution dont vient `cible` ; nul : celui de la loi.
    pub objectif: Option<ObjectifCia>,
    pub avant: PartPlan,
    pub apres: PartPlan,
    /// Attributions qui manquent encore.
    pub manque: u32,
    /// Ce qui manquerait au moins si cette cible était seule ; plus de 0 : ces logements et ces ménages n'y
    /// suffisent pas. Nul si elle est atteinte.
    pub manque_seule: Option<u32>,
    pub etat: EtatCible,
    /// L'état, en une phrase.
    pub dit: String,
}

/// Ce qui est prouvé d'une cible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EtatCible {
    /// Rien à atteindre : aucun bail, aucun logement du plan n'entre dans sa base.
    SansObjet,
    Atteinte,
    /// Hors d'atteinte, même seule.
    HorsAtteinte,
    /// Atteignable seule ; il est prouvé que toutes les cibles ne le sont pas ensemble.
    Conflit,
    /// Rien ne prouve qu'elle soit hors d'atteinte : l'atteindre coûterait plus d'écarts.
    Arbitree,
}

/// Une part.
#[derive(Debug, Serialize, ToSchema)]
pub struct PartPlan {
    pub numerateur: u32,
    pub denominateur: u32,
    /// En %.
    pub part: Option<f64>,
}

/// Un genre d'écart.
#[derive(Debug, Serialize, ToSchema)]
pub struct EcartPlan {
    pub libelle: &'static str,
    pub poids: f64,
    /// Fois où le plan s'écarte ainsi.
    pub nombre: usize,
}

/// Un logement et le ménage proposé.
#[derive(Debug, Serialize, ToSchema)]
pub struct Affectation {
    /// Ligne du fichier de logements, ou rang du logement projeté.
    pub logement: usize,
    pub commune: String,
    /// Arrondissement de Paris, Lyon ou Marseille, s'il est connu : le plan se calcule sur la commune
    /// entière.
    pub arrondissement: Option<String>,
    pub typologie: String,
    pub en_qpv: bool,
    pub reservataire: String,
    /// Ligne du fichier de demandes (l'en-tête est la ligne 1) ; nulle : personne.
    pub menage: Option<usize>,
    pub premier_quartile: Option<bool>,
    pub dalo: bool,
    pub prioritaire: bool,
    /// Écarts aux règles et aux souhaits.
    pub ecarts: Vec<&'static str>,
}

/// Codes of `typologie` beyond those of rooms: a single room.
const ROOMS_MAX: u8 = 6;

const REFUSED: &str = "Aucun bail n'est ouvert à votre organisme dans cet EPCI.";

/// # Errors
/// What is asked does not exist or is not open, or there is no plan.
pub fn answer(
    app: &App,
    person: &Person,
    rates: &[Rate],
    asked: &DemandePlan,
) -> Result<PlanPropose, Problem> {
    let internal = |e: &dyn std::fmt::Display| Problem::internal(e);
    let (mix, rules) =
        (Mix::embedded().map_err(|e| internal(&e))?, PlanRules::embedded().map_err(|e| internal(&e))?);
    let all = app.allocations().map_err(|e| internal(&e))?;
    let open = Open::new(&all, person)?;
    let epci = number("epci", Some(&asked.epci), &all.epcis)?;
    let theirs: Vec<usize> = (0..all.list.len())
        .filter(|i| open.holds(&all.list[*i]) && Some(all.list[*i].epci) == epci)
        .collect();
    let until = theirs
        .iter()
        .map(|i| all.list[*i].bail)
        .max()
        .filter(|d| *d > 0)
        .ok_or_else(|| Problem::forbidden(REFUSED))?;
    // The year is over once it has leases of December: the plan is then for the next one.
    let (last, over) = ((until / 10_000) as u16, until / 100 % 100 == 12);
    let year = if over { last + 1 } else { last };
    let left = if over { 12 } else { 12 - (until / 100 % 100) as u8 };
    let months = asked.mois.unwrap_or(left);
    if !(1..=12).contains(&months) {
        return Err(Problem::value("mois", &months.to_string(), "Un plan couvre de 1 à 12 mois."));
    }
    let day = u32::from(year) * 10_000 + 1201;
    let communes = Communes::new(&all);
    let (dwellings, lines) = match &asked.logements {
        Some(text) => listed(text, &communes)?,
        None => projected(&all, &theirs, year - 1, months),
    };
    if dwellings.is_empty() {
        return Err(Problem::value(
            "logements",
            "",
            "Aucun logement attendu : envoyez-en la liste, ou demandez plus de mois.",
        ));
    }
    let (households, people, left_out) = waiting(&asked.demandes, asked, &all, &communes, mix, year)?;

    let mut so_far =
        mix::table(mix, theirs.iter().map(|i| &all.list[*i]).filter(|a| a.year() == year), |_| ());
    so_far.lines.clear();
    // A score that may not be shown is no ground for a plan that would tell it.
    so_far.protect(app.secrecy);
    let bound = theirs.iter().any(|i| all.list[*i].bound != Bound::No);
    let sure = theirs.iter().any(|i| all.list[*i].bound == Bound::Yes);
    let submission = match (bound, sure) {
        (_, true) => None,
        (true, false) => Some(
            "On ne sait pas dire si cette intercommunalité est soumise aux 25 % et 50 % : aucun arrêté des seuils chargé ni aucune liste ne le dit. Le plan les vise, sans verdict.",
        ),
        (false, false) => Some(
            "Intercommunalité non soumise aux 25 % et 50 % : l'arrêté des seuils ne la liste pas. Le plan ne vise pas ces deux règles.",
        ),
    };
    let scope = Scope { year, epci: Some(&asked.epci), ..Scope::default() };
    // Shares that depend on who is housed, and that bind this EPCI: not those of réservataires.
    let standings: Vec<Standing> = mix
        .targets()
        .filter(|(_, r)| {
            r.debut <= day
                && r.fin.is_none_or(|end| end >= day)
                && r.niveau == Niveau::Tous
                && (bound || !r.soumis)
        })
        .filter_map(|(i, r)| {
            let before = so_far.whole.scores[i]?;
            Some(Standing { rule: i, before, share: target(r, rates, &scope).share })
        })
        .collect();
    let found = plan::plan(mix, rules, &standings, day, &dwellings, &households).map_err(|e| match e {
        PlanError::Work(..) => Problem::value("mois", &months.to_string(), format!("{e}.")),
        PlanError::Solver(_) => Problem::internal(&e),
    })?;
    Ok(told(
        &found,
        &all,
        asked,
        (year, months),
        (&dwellings, &lines),
        (&households, &people),
        left_out,
        (mix, rules, rates),
        submission,
    ))
}

/// Expected vacancies: dwellings let again in the same months of the year before. First lettings are not
/// vacancies.
fn projected(all: &Allocations, theirs: &[usize], year: u16, months: u8) -> (Vec<Dwelling>, Vec<Line>) {
    let expected =
        |a: &Allocation| a.year() == year && a.month() > 12 - months && !a.first_letting && a.qpv.is_some();
    let of = |(n, i): (usize, &usize)| {
        let a = &all.list[*i];
        let dwelling = Dwelling {
            in_qpv: a.qpv == Some(Band::Inside),
            rooms: rooms(all.marks[*i].typologie),
            commune: a.commune,
            reservataire: a.reservataire,
        };
        let district = all.arrondissements.get(a.arrondissement as usize).map(|n| n.title().to_owned());
        (dwelling, Line { number: n + 1, district })
    };
    theirs.iter().filter(|i| expected(&all.list[**i])).enumerate().map(of).unzip()
}

/// Where a dwelling stands in its list, and the arrondissement that it is in.
struct Line {
    number: usize,
    district: Option<String>,
}

/// Communes that have allocations, to be found by their code or by that of one of their arrondissements.
struct Communes<'a>(HashMap<&'a str, u32>);

impl<'a> Communes<'a> {
    fn new(all: &'a Allocations) -> Self {
        Self((0u32..).zip(&all.communes).map(|(i, c)| (c.code.as_str(), i)).collect())
    }

    fn number(&self, code: &str) -> u32 {
        let city = || self.0.get(city_of(code)?.commune.as_str());
        self.0.get(code).or_else(city).copied().unwrap_or(u32::MAX)
    }
}

/// A CSV by the names of its columns.
struct Sheet {
    names: Vec<String>,
    rows: Vec<csv::StringRecord>,
}

impl Sheet {
    fn read(champ: &str, text: &str) -> Result<Self, Problem> {
        let text = text.trim_start_matches('\u{feff}');
        let first = text.lines().next().unwrap_or("");
        let separator = [b';', b'\t', b',']
            .into_iter()
            .max_by_key(|s| first.bytes().filter(|b| b == s).count())
            .unwrap_or(b';');
        let mut reader =
            csv::ReaderBuilder::new().delimiter(separator).flexible(true).from_reader(text.as_bytes());
        let wrong =
            |e: csv::Error| Problem::value(champ, "", format!("Le fichier n'est pas un CSV lisible : {e}."));
        let names = reader.headers().map_err(wrong)?.iter().map(|n| n.trim().to_lowercase()).collect();
        let rows = reader.records().collect::<Result<Vec<_>, _>>().map_err(wrong)?;
        Ok(Self { names, rows })
    }

    fn column(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|n| n == name)
    }

    fn required(&self, champ: &str, name: &str) -> Result<usize, Problem> {
        let missing = || {
            Problem::value(champ, &self.names.join(";"), format!("La colonne « {name} » manque à l'en-tête."))
        };
        self.column(name).ok_or_else(missing)
    }
}

fn cell(row: &csv::StringRecord, column: Option<usize>) -> &str {
    column.and_then(|c| row.get(c)).unwrap_or("").trim()
}

pub fn code(column: &str, text: &str) -> u8 {
    attributions()
        .ok()
        .and_then(|a| a.registre.liste(column))
        .and_then(|l| l.code(text.as_bytes()))
        .unwrap_or(0)
}

fn rooms(typologie: u8) -> u8 {
    if typologie > ROOMS_MAX { 1 } else { typologie }
}

/// Vacancies of a file, and their lines.
fn listed(text: &str, communes: &Communes<'_>) -> Result<(Vec<Dwelling>, Vec<Line>), Problem> {
    let sheet = Sheet::read("logements", text)?;
    let of = |name| sheet.required("logements", name);
    let (qpv, kind, depcom, reserved) = (of("qpv")?, of("typologie")?, of("depcom")?, of("reservataire")?);
    let mut out = (Vec::new(), Vec::new());
    for (line, row) in (2..).zip(&sheet.rows) {
        let inside = match cell(row, Some(qpv)).to_lowercase().as_str() {
            "1" | "oui" | "dans" | "true" => true,
            "0" | "2" | "non" | "hors" | "false" => false,
            other => {
                return Err(Problem::value(
                    "logements",
                    other,
                    format!("Ligne {line} : « qpv » s'écrit oui ou non."),
                ));
            }
        };
        out.0.push(Dwelling {
            in_qpv: inside,
            rooms: rooms(code("typologie", cell(row, Some(kind)))),
            commune: communes.number(cell(row, Some(depcom))),
            reservataire: code("reservataire", cell(row, Some(reserved))),
        });
        out.1.push(Line { number: line, district: arrondissement_name(cell(row, Some(depcom))) });
    }
    Ok(out)
}

/// Households of a file that wait in the EPCI, their lines, and how many lines were left out.
fn waiting(
    text: &str,
    asked: &DemandePlan,
    all: &Allocations,
    communes: &Communes<'_>,
    mix: &Mix,
    year: u16,
) -> Result<(Vec<Household>, Vec<usize>, usize), Problem> {
    let sheet = Sheet::read("demandes", text)?;
    let of = |name| sheet.required("demandes", name);
    let (kind, depcom, adults) = (of("typologie")?, of("depcom_demandee")?, of("nb_14plus")?);
    let (children, money, activity, dalo) =
        (of("nb_moins14")?, of("ressources_mensuelles")?, of("activite")?, of("statut_dalo")?);
    let (statut, epci) = (sheet.column("statut"), sheet.column("epci"));
    let (priority, agreement) = (sheet.column("priorite_l441_1"), sheet.column("accord_collectif"));
    let (mut list, mut lines, mut left) = (Vec::new(), Vec::new(), 0);
    for (line, row) in (2..).zip(&sheet.rows) {
        let active = ["", "ACTIVE"].contains(&cell(row, statut));
        if !active || !["", asked.epci.as_str()].contains(&cell(row, epci)) {
            left += 1;
            continue;
        }
        let count = |column| cell(row, Some(column)).parse::<u8>().ok();
        let monthly = cell(row, Some(money)).replace(',', ".").parse::<f64>().ok();
        let units = count(adults).zip(count(children)).map(|(a, c)| consumption_units(a, c));
        let income = monthly.zip(units).map_or(f64::NAN, |(m, u)| 12.0 * m / u);
        let commune = cell(row, Some(depcom));
        let status = Said {
            revenu_uc: income,
            quartile: None,
            statut_dalo: code("statut_dalo", cell(row, Some(dalo))),
            accord: code("accord_collectif", cell(row, agreement)),
            prioritaire: !cell(row, priority).is_empty(),
            activite: code("activite", cell(row, Some(activity))),
        }
        .status(all.thresholds.of(&asked.epci, commune, year, mix), mix);
        list.push(Household {
            quartile: status.quartile,
            dalo: status.dalo,
            priority: status.priority,
            precarious: status.precarious,
            rooms: rooms(code("typologie", cell(row, Some(kind)))),
            commune: communes.number(commune),
        });
        lines.push(line);
    }
    if list.is_empty() {
        return Err(Problem::value(
            "demandes",
            &asked.epci,
            "Le fichier n'a aucune demande active de cet EPCI.",
        ));
    }
    Ok((list, lines, left))
}

/// What is proved of a target, in words.
fn said(missing: u32, reach: Reach) -> String {
    let (short, s) = (why::number(missing.into()), if missing > 1 { "s" } else { "" });
    match reach {
        Reach::Met => "Atteinte.".to_owned(),
        Reach::OutOfReach(least) => format!(
            "Il manque {short} attribution{s}. Hors d'atteinte : même seule, il en manquerait {} au moins avec ces logements et ces ménages.",
            why::number(least.into())
        ),
        Reach::Conflict(least) => format!(
            "Il manque {short} attribution{s}. En conflit, c'est prouvé : elle serait atteinte seule, mais toutes les cibles ensemble en manqueraient {} au moins.",
            why::number(least.into())
        ),
        Reach::Traded => format!(
            "Il manque {short} attribution{s}. Rien ne prouve qu'elle soit hors d'atteinte : l'atteindre coûterait plus d'écarts que le plan n'en fait."
        ),
    }
}

/// What separates the plan from the best possible one, in words.
fn distance(found: &Plan, rules: &PlanRules) -> String {
    if found.optimal {
        return "Aucun autre plan n'a d'écarts de moindre poids en tout, c'est prouvé : une attribution de moins à un objectif peut en épargner d'autres.".to_owned();
    }
    let gap = found.objective - found.bound;
    let target = rules.weight(Departure::Cible);
    format!(
        "Un autre plan pèserait {} de moins au plus, soit {} attribution à un objectif (qui pèse {}) : le meilleur n'est pas prouvé.",
        why::decimal(gap),
        why::decimal(gap / target),
        why::decimal(target)
    )
}

#[expect(clippy::too_many_arguments, reason = "what was asked, found and read, side by side")]
fn told(
    found: &Plan,
    all: &Allocations,
    asked: &DemandePlan,
    (annee, mois): (u16, u8),
    (dwellings, dwelling_lines): (&[Dwelling], &[Line]),
    (households, household_lines): (&[Household], &[usize]),
    demandes_ecartees: usize,
    (mix, rules, rates): (&'static Mix, &'static PlanRules, &[Rate]),
    soumission_dit: Option<&'static str>,
) -> PlanPropose {
    let scope = Scope { year: annee, epci: Some(&asked.epci), ..Scope::default() };
    let label = |d: Departure| rules.departures.iter().find(|w| w.id == d).map_or("", |w| w.libelle.as_str());
    let place = |d: &Dwelling| {
        (
            all.communes.get(d.commune as usize).map_or_else(String::new, |c| c.title().to_owned()),
            reservataires()
                .iter()
                .find(|v| v.code == d.reservataire)
                .map_or_else(String::new, |v| v.libelle.clone()),
            if d.rooms > 0 { format!("T{}", d.rooms) } else { String::new() },
        )
    };
    let line = |dwelling: usize, household: Option<usize>, departures: &[Departure]| {
        let d = &dwellings[dwelling];
        let h = household.map(|h| &households[h]);
        let (commune, reservataire, typologie) = place(d);
        Affectation {
            logement: dwelling_lines[dwelling].number,
            commune,
            arrondissement: dwelling_lines[dwelling].district.clone(),
            typologie,
            en_qpv: d.in_qpv,
            reservataire,
            menage: household.map(|h| household_lines[h]),
            premier_quartile: h.and_then(|h| match h.quartile {
                Quartile::First => Some(true),
                Quartile::Other => Some(false),
                Quartile::Unknown => None,
            }),
            dalo: h.is_some_and(|h| h.dalo),
            prioritaire: h.is_some_and(|h| h.priority),
            ecarts: departures.iter().map(|d| label(*d)).collect(),
        }
    };
    let mut affectations: Vec<Affectation> = found
        .pairs
        .iter()
        .map(|p| line(p.dwelling, Some(p.household), &p.departures))
        .chain(found.vacant.iter().map(|d| line(*d, None, &[])))
        .collect();
    affectations.sort_by_key(|a| a.logement);
    let part = |s: &Score| PartPlan {
        numerateur: s.numerator,
        denominateur: s.denominator,
        part: s.share().map(|p| (1000.0 * p).round() / 10.0),
    };
    let missing: u32 = found.targets.iter().map(|t| t.missing).sum();
    let times = |d: Departure| match d {
        Departure::Cible => missing as usize,
        Departure::Vacant => found.vacant.len(),
        _ => found.pairs.iter().filter(|p| p.departures.contains(&d)).count(),
    };
    let code = asked.epci.clone();
    let nom = all.epcis.iter().find(|e| e.code == code).map_or_else(String::new, |e| e.title().to_owned());
    PlanPropose {
        version: format!("mixité {} ; plan {}", mix.version, rules.version),
        epci: Choix { code, nom },
        soumission_dit,
        annee,
        mois,
        projete: asked.logements.is_none(),
        logements: dwellings.len(),
        menages: households.len(),
        demandes_ecartees,
        optimal: found.optimal,
        ecart_dit: distance(found, rules),
        sans_menage: found.vacant.len(),
        sans_menage_possible: found.unfit,
        objectif: (100.0 * found.objective).round() / 100.0,
        borne: (100.0 * found.bound).round() / 100.0,
        duree_s: (1000.0 * found.seconds).round() / 1000.0,
        cibles: found
            .targets
            .iter()
            .map(|t| CiblePlan {
                regle: &mix.rules[t.rule].id,
                libelle: &mix.rules[t.rule].libelle,
                cible: (1000.0 * t.share).round() / 10.0,
                objectif: target(&mix.rules[t.rule], rates, &scope)
                    .rate
                    .map(|r| ObjectifCia::new(&mix.rules[t.rule], r)),
                avant: part(&t.before),
                apres: part(&t.after),
                manque: t.missing,
                manque_seule: match t.reach {
                    Reach::Met => None,
                    Reach::OutOfReach(n) => Some(n),
                    Reach::Conflict(_) | Reach::Traded => Some(0),
                },
                etat: match t.reach {
                    _ if t.after.denominator == 0 => EtatCible::SansObjet,
                    Reach::Met => EtatCible::Atteinte,
                    Reach::OutOfReach(_) => EtatCible::HorsAtteinte,
                    Reach::Conflict(_) => EtatCible::Conflit,
                    Reach::Traded => EtatCible::Arbitree,
                },
                dit: if t.after.denominator == 0 {
                    "Sans objet : aucun logement concerné.".to_owned()
                } else {
                    said(t.missing, t.reach)
                },
            })
            .collect(),
        ecarts: rules
            .departures
            .iter()
            .map(|w| EcartPlan { libelle: &w.libelle, poids: w.poids, nombre: times(w.id) })
            .collect(),
        affectations,
    }
}
