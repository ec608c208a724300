//! Demands that wait, dwellings allocated, their ratio and the waiting time, by commune or EPCI.

use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;

use crate::days::{self, MONTHS};
use crate::desk::editions::App;
use crate::desk::problem::Problem;
use crate::reference::attributions::attributions;
use crate::reference::mix::Mix;
use crate::reference::registre::Valeur;
use crate::reference::scoring::{Criteria, criteria};
use crate::scoring::demands::Demands;
use crate::scoring::facts::Territory;
use crate::scoring::pace::{Period, Step, periods, ratio};
use crate::scoring::pressure::{Line, Parts, Scale, lines, parts};
use crate::scoring::wait::Wait;

/// Demands of the store, or why there are none.
///
/// # Errors
/// There are none, or they cannot be read.
pub fn all(app: &App) -> Result<Arc<Demands>, Problem> {
    let all = app.demands().map_err(|e| Problem::internal(&e))?;
    if all.is_empty() {
        return Err(Problem::not_found(
            "demandes",
            "",
            "Le magasin ne contient aucune demande : importez un extrait du SNE (mosaique import demandes \
                FICHIER --date AAAA-MM-JJ).",
        ));
    }
    Ok(all)
}

/// The criteria of demands.
///
/// # Errors
/// The compiled-in file is wrong.
pub fn catalogue() -> Result<&'static Criteria, Problem> {
    criteria().map_err(|e| Problem::internal(&e))
}

/// The rules of social mix.
///
/// # Errors
/// The compiled-in file is wrong.
pub fn mix() -> Result<&'static Mix, Problem> {
    Mix::embedded().map_err(|e| Problem::internal(&e))
}

/// Sizes of dwellings that a demand names.
///
/// # Errors
/// The compiled-in file is wrong.
pub fn sizes() -> Result<&'static [Valeur], Problem> {
    let registre = &attributions().map_err(|e| Problem::internal(&e))?.registre;
    Ok(registre.liste("typologie").map_or(&[][..], |l| &l.valeurs))
}

/// A name, or the code where there is none.
#[must_use]
pub fn titled(nom: &str, code: &str) -> String {
    if nom.is_empty() { code } else { nom }.to_owned()
}

/// A count that may be shown: none of 1 to k−1.
#[must_use]
pub fn shown(n: u32, k: u32) -> Option<u32> {
    (n == 0 || n >= k).then_some(n)
}

/// The same, rounded to five and from 15 on: what crafted grids may ask again and again.
#[must_use]
pub fn rounded(n: u32, k: u32) -> Option<u32> {
    shown(n, k).map(|n| if n == 0 { 0 } else { ((n + 2) / 5 * 5).max(15) })
}

/// Un territoire qui cote des demandes.
#[derive(Debug, Serialize, ToSchema)]
pub struct TerritoireCote {
    /// SIREN de l'EPCI ou de l'EPT ; 75056 pour Paris.
    pub code: String,
    pub nom: String,
}

/// Un territoire.
#[derive(Debug, Serialize, ToSchema)]
pub struct LignePression {
    pub code: String,
    pub nom: String,
    /// Code de l'EPCI d'une commune.
    pub epci: Option<String>,
    /// Demandes en attente qui nomment ce territoire ; une demande de plusieurs communes compte dans chacune,
    /// et une fois dans leur EPCI. Nul : secret.
    pub demandes: Option<u32>,
    /// Demandes déposées dans le mois ou l'année ; nul ailleurs, ou secret.
    pub deposees: Option<u32>,
    /// Demandes dont c'est le premier choix ; nul par typologie.
    pub premier_choix: Option<u32>,
    /// De `demandes`, celles qui ne sont pas des mutations.
    pub demandes_hors_mutations: Option<u32>,
    /// Baux signés dans l'année.
    pub attributions: Option<u32>,
    pub attributions_hors_mutations: Option<u32>,
    /// Demandes pour une attribution, mutations comprises des deux côtés.
    pub tension: Option<f64>,
    /// La même, mutations exclues des deux côtés.
    pub tension_hors_mutations: Option<f64>,
    pub delai: Option<Delai>,
}

/// Délais d'attente, en mois.
#[derive(Debug, Serialize, ToSchema)]
pub struct Delai {
    /// Moyenne des demandes satisfaites des derniers mois : c'est ce que la loi montre. Elle ignore ceux qui
    /// attendent encore.
    pub moyen: f64,
    /// Demandes satisfaites dont c'est la moyenne, à cinq près.
    pub satisfaites: Option<u32>,
    /// Médiane qui compte ceux qui attendent encore (Kaplan-Meier) ; nulle si moins de la moitié sont logés.
    pub median: Option<f64>,
    /// Demandes dont c'est la médiane, à cinq près.
    pub suivies: Option<u32>,
    /// Trop peu de demandes semblables satisfaites : délais de tout l'EPCI.
    pub de_l_epci: bool,
}

impl Delai {
    /// Counts are rounded to five: with the other counts of a line they would tell the few whose demand was
    /// closed otherwise.
    #[must_use]
    pub fn of(w: Wait, de_l_epci: bool, k: u32) -> Self {
        Self {
            moyen: tenths(w.mean),
            satisfaites: rounded(w.housed, k),
            median: w.median.map(tenths),
            suivies: rounded(w.of, k),
            de_l_epci,
        }
    }
}

/// La pression sur les territoires.
#[derive(Debug, Serialize, ToSchema)]
pub struct Pression {
    /// Jour de l'extraction des demandes.
    pub au: String,
    /// Année des attributions.
    pub annee: u16,
    pub par: String,
    pub delai_mois: u32,
    /// EPCI que des demandes nomment.
    pub epcis: Vec<TerritoireCote>,
    pub lignes: Vec<LignePression>,
}

/// Lines that may be asked for, the default first.
pub const SCALES: [&str; 6] = ["epci", "commune", "typologie", "quartile", "mois", "annee"];

/// By number of the part.
const QUARTILES: [(&str, &str); 3] = [
    ("inconnu", "Ressources non connues"),
    ("premier", "Premier quartile"),
    ("autres", "Trois autres quartiles"),
];

/// The pressure on territories, by one of [`SCALES`].
///
/// # Errors
/// There are no demands, or the EPCI has none.
pub fn answer(app: &App, by: String, epci: Option<&str>) -> Result<Pression, Problem> {
    let demands = all(app)?;
    let leases = app.allocations().map_err(|e| Problem::internal(&e))?;
    let months = catalogue()?.regles.delai_mois;
    let year = u16::try_from(demands.extrait / 10_000).unwrap_or(0);
    let (since, k) = (back(demands.extrait, months), app.secrecy.k);
    let within = match epci {
        None => None,
        Some(code) => {
            let known = || demands.epcis.iter().map(|e| e.code.as_str());
            Some(demands.epci(code).ok_or_else(|| Problem::unknown("epci", code, known()))?)
        }
    };
    let mut lignes: Vec<LignePression> = match by.as_str() {
        "typologie" => {
            // Typologies of several EPCI beside one another would give back what each of them hides.
            let epci = within
                .ok_or_else(|| Problem::missing("epci", "le SIREN de l'EPCI dont voir les typologies"))?;
            let known = sizes()?;
            let found = parts(&demands, &leases, Parts::Typologie, year, epci, since, k);
            let title = |zone: u32| {
                let value = known.iter().find(|v| u32::from(v.code) == zone);
                value.map_or_else(
                    || (String::new(), "Non dite".to_owned()),
                    |v| (v.id.clone(), v.libelle.clone()),
                )
            };
            let line = |l: &Line| {
                let (code, nom) = title(l.zone);
                LignePression::of(l, code, nom, Some(demands.epcis[epci as usize].code.clone()), k)
            };
            found.iter().map(line).collect()
        }
        "quartile" => {
            let epci = within
                .ok_or_else(|| Problem::missing("epci", "le SIREN de l'EPCI dont voir les quartiles"))?;
            let mix = mix()?;
            let on = Territory::new(&demands, epci, mix);
            let of = |by| parts(&demands, &leases, by, year, epci, since, k);
            let mut found = of(Parts::Quartile(on, mix));
            // A few whose incomes are not known would hide all of the first quartile.
            let joined = found.iter().any(|l| l.named.is_none() || l.housed.is_none());
            if joined {
                found = of(Parts::First(on, mix));
            }
            let line = |l: &Line| {
                let (code, nom) = if joined && l.zone == 2 {
                    ("autres", "Trois autres quartiles, ou ressources non connues")
                } else {
                    QUARTILES[l.zone as usize % QUARTILES.len()]
                };
                let within = demands.epcis[epci as usize].code.clone();
                LignePression::of(l, code.to_owned(), nom.to_owned(), Some(within), k)
            };
            // What is not known last.
            found.sort_by_key(|l| (l.zone == 0, l.zone));
            found.iter().map(line).collect()
        }
        "mois" | "annee" => {
            let epci =
                within.ok_or_else(|| Problem::missing("epci", "le SIREN de l'EPCI dont voir les mois"))?;
            let step = if by == "mois" { Step::Month } else { Step::Year };
            let code = &demands.epcis[epci as usize].code;
            let found = periods(&demands, &leases, epci, step);
            found.iter().map(|p| LignePression::over(p, code, step, k)).collect()
        }
        "commune" => {
            let found = lines(&demands, &leases, year, Scale::Commune, since, k);
            let there = |l: &&Line| within.is_none_or(|e| demands.epci_of(l.zone) == e);
            let line = |l: &Line| {
                let c = &demands.communes[l.zone as usize];
                let epci = demands.epcis.get(c.epci as usize).map(|e| e.code.clone());
                LignePression::of(l, c.code.clone(), titled(&c.nom, &c.code), epci, k)
            };
            found.iter().filter(there).map(line).collect()
        }
        _ => {
            let found = lines(&demands, &leases, year, Scale::Epci, since, k);
            let there = |l: &&Line| within.is_none_or(|e| l.zone == e);
            let line = |l: &Line| {
                let e = &demands.epcis[l.zone as usize];
                LignePression::of(l, e.code.clone(), titled(&e.nom, &e.code), None, k)
            };
            found.iter().filter(there).map(line).collect()
        }
    };
    if matches!(by.as_str(), "epci" | "commune") {
        // The most asked for first; what is secret last, by code.
        lignes.sort_by(|a, b| b.demandes.cmp(&a.demandes).then_with(|| a.code.cmp(&b.code)));
    }
    let mut epcis: Vec<TerritoireCote> = demands
        .epcis
        .iter()
        .map(|e| TerritoireCote { code: e.code.clone(), nom: titled(&e.nom, &e.code) })
        .collect();
    epcis.sort_by(|a, b| a.nom.cmp(&b.nom));
    Ok(Pression { au: days::iso(demands.extrait), annee: year, par: by, delai_mois: months, epcis, lignes })
}

impl LignePression {
    fn of(l: &Line, code: String, nom: String, epci: Option<String>, k: u32) -> Self {
        Self {
            code,
            nom,
            epci,
            demandes: l.named,
            deposees: None,
            premier_choix: l.first,
            demandes_hors_mutations: l.named_new,
            attributions: l.housed,
            attributions_hors_mutations: l.housed_new,
            tension: l.ratio().map(hundredths),
            tension_hors_mutations: l.ratio_new().map(hundredths),
            delai: l.wait.map(|w| Delai::of(w, l.wait_of_epci, k)),
        }
    }
}

impl LignePression {
    /// A month or year: all counts to five, so that what stands side by side tells of no handful; the
    /// ratio, of a year only, is that of the counts as shown.
    fn over(p: &Period, epci: &str, step: Step, k: u32) -> Self {
        let round = |n: u32| rounded(n, k);
        let (waiting, waiting_new) = (round(p.waiting), round(p.waiting_new));
        let (housed, housed_new) = (round(p.housed), round(p.housed_new));
        let of = |above: Option<u32>, below: Option<u32>| {
            ratio(above?, below?).filter(|_| step == Step::Year).map(hundredths)
        };
        let (code, nom) = match step {
            Step::Year => (p.key.to_string(), p.key.to_string()),
            Step::Month => {
                let (year, month) = (p.key / 100, p.key % 100);
                let name = MONTHS.get(month.saturating_sub(1) as usize).copied().unwrap_or_default();
                (format!("{year}-{month:02}"), format!("{name} {year}"))
            }
        };
        Self {
            code,
            nom,
            epci: Some(epci.to_owned()),
            demandes: waiting,
            deposees: round(p.filed),
            premier_choix: None,
            demandes_hors_mutations: waiting_new,
            attributions: housed,
            attributions_hors_mutations: housed_new,
            tension: of(waiting, housed),
            tension_hors_mutations: of(waiting_new, housed_new),
            delai: None,
        }
    }
}

/// The day so many whole months before, the first of its month being never passed.
#[must_use]
pub fn back(day: u32, months: u32) -> u32 {
    let of = day / 10_000 * 12 + day / 100 % 100 - 1;
    let then = of.saturating_sub(months);
    then / 12 * 10_000 + (then % 12 + 1) * 100 + day % 100
}

fn hundredths(v: f64) -> f64 {
    (v * 100.0).round() / 100.0
}

fn tenths(v: f64) -> f64 {
    (v * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_one_to_ten_are_never_shown_and_others_are_rounded() {
        assert_eq!(
            [0, 1, 10, 11, 12, 13, 57].map(|n| rounded(n, 11)),
            [Some(0), None, None, Some(15), Some(15), Some(15), Some(55)]
        );
        assert_eq!([0, 1, 10, 11].map(|n| shown(n, 11)), [Some(0), None, None, Some(11)]);
    }

    #[test]
    fn two_years_back_is_the_same_day() {
        assert_eq!((back(20_241_231, 24), back(20_240_115, 1)), (20_221_231, 20_231_215));
    }
}
