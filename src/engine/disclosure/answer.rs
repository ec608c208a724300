//! The answer for a zone: its figures, what they stand on, and what was left out and why.

use std::borrow::Cow;

use serde::Serialize;
use utoipa::ToSchema;

use super::cells::{self, Crossing, Estimate};
use super::figure::{Basis, Figure, figure};
pub use super::plan::dwellings;
use super::plan::{About, Asked, Of, Plan, Sums, exact, measures};
use super::publisher::{Cut, Population, Publisher};
use crate::arrays::narrow;
use crate::cube::bits::Bits;
use crate::cube::build::{EditionMeta, Meta};
use crate::cube::runs::Runs;
use crate::cube::{Filter, Rows};
use crate::days;
use crate::french::{counted, thousands};
use crate::reference::indicators::{Catalogue, Indicator, Measure};
use crate::reference::perturbation::Perturbation;
use crate::reference::secrecy::Secrecy;

/// Dwellings of the zone that no occupancy figure counts, for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LeftOut {
    pub motif: &'static str,
    pub libelle: &'static str,
    pub logements: u64,
}

/// What the figures of a zone cover.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Coverage {
    pub adresses: u64,
    pub residences: u64,
    /// Logements de la zone, filtre appliqué.
    pub logements: u64,
    /// Ménages répondants décrits par les chiffres d'occupation ; nul si secret.
    pub repondants: Option<u64>,
    /// Logements occupés interrogés dans la partie décrite, et ménages qui ont répondu, quelle que soit la
    /// population demandée : `taux_reponse` est leur rapport. Nuls sous un filtre.
    pub menages_interroges: Option<u64>,
    pub repondants_enquete: Option<u64>,
    pub taux_reponse: Option<f64>,
    pub badge: Option<char>,
    /// Logements de la zone que les chiffres d'occupation ne comptent pas.
    pub logements_ecartes: u64,
    pub motifs: Vec<LeftOut>,
    /// Logements comptés sans point : mal localisés, dans une commune que la zone couvre en entier.
    pub logements_sans_point: u64,
    /// Adresses localisées à la rue près seulement.
    pub adresses_approximatives: u64,
}

/// Figures of one zone.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Answer {
    pub millesime: u16,
    pub vague: Option<u16>,
    pub population: Population,
    pub couverture: Coverage,
    pub chiffres: Vec<Figure>,
    pub avertissements: Vec<String>,
}

/// Whose eyes figures of households are for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum View {
    /// Anyone who has no tenants.
    #[default]
    Everyone,
    /// A bailleur, who knows its own tenants: the rules hold of the others' households.
    Owner(u16),
    /// Nobody known: restricted columns of the register only by parts of the stock.
    Public,
    /// A bailleur on its own stock, which the filter keeps: its own tenants, exactly.
    OwnStock,
}

impl View {
    fn viewer(self) -> Option<u16> {
        match self {
            Self::Owner(bailleur) => Some(bailleur),
            Self::Everyone | Self::Public | Self::OwnStock => None,
        }
    }
}

/// What is the same for every zone that one question is asked of, found once: a map asks it of thousands.
#[derive(Debug)]
pub struct Asker<'a> {
    publisher: &'a Publisher,
    catalogue: &'a Catalogue,
    secrecy: &'a Secrecy,
    tables: &'a Perturbation,
    population: Population,
    view: View,
    /// Dwellings that the filter keeps (None: all).
    mask: Option<&'a [u64]>,
    /// Dwellings that filter and population keep (None: all).
    rows: Option<Cow<'a, [u64]>>,
    crossing: Crossing<'a>,
    plan: Plan,
    /// Where figures of dwellings and of households come from.
    sources: [String; 2],
}

/// The households of a zone that figures describe.
struct Households<'a> {
    /// Sums, and dwellings that figures count, by what they are about.
    sums: Vec<Sums<'a>>,
    dwellings: Vec<u64>,
    /// Households described, asked and answering in the place, whatever the filter.
    described: Estimate,
    place: [u64; 2],
    /// Households and those asked, filter applied, whatever the population: response is not a property of it.
    response: Sums<'a>,
    /// Whether rules that only the true counts can tell are met.
    enough: bool,
}

impl<'a> Asker<'a> {
    /// `mask`: what [`crate::cube::Cube::mask`] gives for the filter, None for an empty one.
    #[must_use]
    #[expect(clippy::too_many_arguments, reason = "a question has this many sides")]
    pub fn new(
        publisher: &'a Publisher,
        catalogue: &'a Catalogue,
        secrecy: &'a Secrecy,
        tables: &'a Perturbation,
        population: Population,
        view: View,
        (filter, mask): (&Filter, Option<&'a [u64]>),
        indicators: &[&'static Indicator],
    ) -> Self {
        let cube = publisher.cube();
        let moved = match population {
            Population::Tous => None,
            Population::Recents => Some(cube.recents()),
            Population::Anciens => Some(publisher.settled()),
        };
        let rows = match (mask, moved) {
            (mask, None) => mask.map(Cow::Borrowed),
            (None, Some(moved)) => Some(Cow::Borrowed(moved.0)),
            (Some(mask), Some(moved)) => Some(Cow::Owned(Bits(mask).and(moved))),
        };
        Self {
            publisher,
            catalogue,
            secrecy,
            tables,
            population,
            view,
            mask,
            rows,
            crossing: Crossing::new(cube, filter),
            plan: Plan::new(publisher, catalogue, indicators),
            sources: [stock_source(cube.meta()), households_source(cube.meta())],
        }
    }

    /// Answers for one zone with its dwellings only: what describes households is withheld for a reason, and
    /// not even computed.
    #[must_use]
    pub fn without_households(&self, zone: &Runs, why: &str) -> Answer {
        self.said(zone, None, false, Some(why))
    }

    /// Answers for one zone; `fine`: it is narrower than a commune.
    #[must_use]
    pub fn answer(&self, zone: &Runs, fine: bool) -> Answer {
        self.answer_in_part(zone, zone, fine)
    }

    /// Answers for one zone of which only the households of a part may be described.
    #[must_use]
    pub fn answer_in_part(&self, zone: &Runs, open: &Runs, fine: bool) -> Answer {
        let surveyed = self.publisher.cube().meta().vague.is_some();
        let households = surveyed.then(|| self.households(open));
        self.said(zone, households, fine, None)
    }

    fn said(&self, zone: &Runs, found: Option<Households<'_>>, fine: bool, why: Option<&str>) -> Answer {
        let (secrecy, cube) = (self.secrecy, self.publisher.cube());
        let meta = cube.meta();
        let rows = self.mask.map_or(Rows::All, |m| Rows::Mask(Bits(m)));
        let stock = Sums::exact(&self.plan.of_dwellings, cube.sum(zone, &self.plan.of_dwellings, rows));
        let total = stock.of(self.plan.numbers.dwellings).said;
        let described = found.as_ref().map_or(Estimate::default(), |h| h.described);
        let basis = found.as_ref().map(|h| Basis {
            households: described.said,
            asked: h.place[1],
            answered: h.place[0],
            fine,
            enough: h.enough,
        });
        let empty = Basis { households: 0, asked: 0, answered: 0, fine, enough: true };
        // What is about no answer in particular stands first.
        let counted = |about: usize| found.as_ref().map_or(0, |h| h.dwellings[about]);
        let none = Sums::nothing();
        let of_households = |asked: &Asked, sums: Option<&Sums<'_>>, about: usize| {
            let (i, sums) = (asked.indicator, sums.unwrap_or(&none));
            let left = total.saturating_sub(counted(about));
            if basis.is_some_and(|b| b.enough) && self.too_partial(left, total) {
                return Figure {
                    logements_ecartes: Some(left),
                    ..Figure::withheld(i, &partial(left, total))
                };
            }
            let n = sums.of(asked.numerator);
            let mut d = asked.denominator.map(|m| sums.of(m));
            // Those who answered an item are never said to be more than those who answered at all, where both
            // are moved, each by itself. What is exact is counted in parts of its own, which may hold more.
            let moved = self.mask.is_some() || self.plan.about.get(about).is_some_and(|a| a.crossed);
            if let Some(d) = d.as_mut().filter(|_| asked.of_answers && moved) {
                d.said = d.said.min(described.said);
            }
            let (numerator, denominator) = self.together(i, n, d);
            let (basis, source) = (Some(basis.unwrap_or(empty)), self.sources[1].clone());
            let f = figure(self.catalogue, secrecy, i, numerator, denominator, basis, source);
            let error = d.and_then(|d| margin(self.tables, i, n, d)).filter(|_| f.valeur.is_some());
            if error.is_some_and(|e| i.unite == "%" && e > self.tables.incertitude_max) {
                return Figure::withheld(i, UNSURE);
            }
            Figure { incertitude: error, logements_ecartes: Some(left), ..counting(i, f, left) }
        };
        let figures = self.plan.indicators.iter().map(|asked| match (asked.of, why) {
            (Of::Stock { restricted: true }, _) if self.view == View::Public => self.restricted(zone, asked),
            (Of::Stock { .. }, _) => {
                let (n, d) = (stock.of(asked.numerator), asked.denominator.map(|m| stock.of(m).said));
                let source = self.sources[0].clone();
                figure(self.catalogue, secrecy, asked.indicator, n.said, d, None, source)
            }
            (_, Some(why)) => Figure::withheld(asked.indicator, why),
            (Of::Response, None) => of_households(asked, found.as_ref().map(|h| &h.response), 0),
            (Of::Households(about), None) => {
                of_households(asked, found.as_ref().map(|h| &h.sums[about]), about)
            }
        });
        let chiffres: Vec<Figure> = figures.collect();

        let basis = basis.filter(|b| b.enough && b.households >= u64::from(secrecy.k));
        let rate = basis.and_then(|b| b.rate());
        // Under a filter only a bailleur, whose own tenants they are, is told how many were asked.
        let counted_there = self.mask.is_none() || self.view == View::OwnStock;
        let approximate = cube.approximate(zone);
        let mut warnings = approximate_places(approximate);
        let households_asked = self.plan.indicators.iter().any(Asked::describes_households);
        if let Some(why) = why.filter(|_| households_asked) {
            warnings.push(format!("Occupation non montrée. {why}"));
        } else if meta.vague.is_none() && meta.a_jour.is_none() && households_asked {
            warnings.push(format!("Aucune vague OPS n'est jointe au millésime {}.", meta.millesime));
        }
        warnings.extend(meta.edition.as_ref().filter(|_| households_asked).and_then(held_back));
        if chiffres.iter().any(|f| f.incertitude.is_some()) {
            // Without a filter, only what crosses two sources is moved: the others are exact.
            warnings.push(if self.mask.is_some() { PERTURBED } else { CROSSED }.to_owned());
        }
        let response = self.plan.indicators.iter().any(|asked| asked.of == Of::Response);
        if response && self.population != Population::Tous {
            warnings.push(OF_ALL.to_owned());
        }
        let left = found.as_ref().map_or(0, |_| total.saturating_sub(counted(0)));
        if left > 0 && households_asked {
            warnings.push(left_out(left, total));
        }
        Answer {
            millesime: meta.millesime,
            vague: meta.vague,
            population: self.population,
            couverture: Coverage {
                adresses: cube.addresses(zone),
                residences: cube.residences(zone),
                logements: total,
                repondants: basis.map(|b| b.households),
                menages_interroges: basis.filter(|_| counted_there).map(|b| b.asked),
                repondants_enquete: basis.filter(|_| counted_there).map(|b| b.answered),
                taux_reponse: rate.map(|r| (r * 1000.0).round() / 1000.0),
                badge: rate.map(|r| secrecy.badge(r)),
                logements_ecartes: left,
                motifs: if left > 0 {
                    vec![LeftOut {
                        motif: "bordure",
                        libelle: "adresses solidaires de voisines hors de la zone, ou trop peu de ménages \
                            (secret statistique)",
                        logements: left,
                    }]
                } else {
                    Vec::new()
                },
                logements_sans_point: self.without_point(zone, rows),
                adresses_approximatives: approximate,
            },
            chiffres,
            avertissements: warnings,
        }
    }

    /// Whether a figure leaves out so much of a zone that it is another's.
    fn too_partial(&self, left: u64, total: u64) -> bool {
        left as f64 > self.secrecy.ecartes_max * total as f64
    }

    /// A figure that the register keeps from the public: by parts of the stock, without a filter and as
    /// filed, so that no two answers tell of one dwelling.
    fn restricted(&self, zone: &Runs, asked: &Asked) -> Figure {
        let (cube, i) = (self.publisher.cube(), asked.indicator);
        if self.mask.is_some() || cube.meta().a_jour.is_some() {
            return Figure::withheld(i, RESTRICTED_FILTER);
        }
        let shown = self.publisher.stock_described(zone);
        let list = measures(self.catalogue, &[i], &[dwellings()]);
        let sum = |at: &Runs| Sums::exact(&list, cube.sum(at, &list, Rows::All));
        let (sums, all) = (sum(&shown), sum(zone));
        let of = |m: Option<usize>| sums.of(m).said;
        let counted = of(self.plan.numbers.dwellings);
        // Of what no dwelling of the store has, an account would show no more.
        let whole = asked.denominator.flatten().or(asked.numerator).filter(|_| counted == 0);
        let everywhere = Runs::new(vec![(0, narrow(cube.meta().adresses))]);
        if whole.is_some_and(|m| cube.sum(&everywhere, &[m], Rows::All) == [0]) {
            return figure(
                self.catalogue,
                self.secrecy,
                i,
                0,
                asked.denominator.map(|_| 0),
                None,
                self.sources[0].clone(),
            );
        }
        if counted == 0 {
            return Figure::withheld(i, RESTRICTED);
        }
        let (n, d) = (of(asked.numerator), asked.denominator.map(of));
        let f = figure(self.catalogue, self.secrecy, i, n, d, None, self.sources[0].clone());
        let whole = all.of(self.plan.numbers.dwellings).said;
        let left = whole.saturating_sub(counted);
        if self.too_partial(left, whole) {
            let motif = format!("{} {RESTRICTED}", partial(left, whole));
            return Figure { logements_ecartes: Some(left), ..Figure::withheld(i, &motif) };
        }
        let motif = (left > 0).then(|| uncounted(left));
        Figure { motif: motif.or(f.motif), approximatif: left > 0, logements_ecartes: Some(left), ..f }
    }

    /// Numerator and denominator as they are said: a part is never more than the whole, and nothing stays
    /// nothing where that may be said.
    fn together(&self, i: &Indicator, n: Estimate, d: Option<Estimate>) -> (u64, Option<u64>) {
        let Some(d) = d else { return (n.said, None) };
        let none = n.held == 0 && d.held >= u64::from(self.secrecy.k2_attribut);
        let said = if none { 0 } else { n.said };
        (if i.unite == "%" { said.min(d.said) } else { said }, Some(d.said))
    }

    fn households(&self, zone: &Runs) -> Households<'_> {
        let (publisher, cube) = (self.publisher, self.publisher.cube());
        let viewer = self.view.viewer();
        let cut = |item: usize, moves: bool| Cut { item, moves, viewer };
        let own = self.view == View::OwnStock;
        let filtered = self.mask.is_some();
        let moves = self.population != Population::Tous && !filtered;
        let stock = self.mask.map_or(Rows::All, |m| Rows::Mask(Bits(m)));
        let kept = match (&self.rows, self.population) {
            (None, _) => Rows::All,
            (Some(_), Population::Recents) if !filtered => Rows::Recent,
            (Some(rows), _) => Rows::Mask(Bits(rows)),
        };
        let region = publisher.described(zone, Cut::default());
        // Parts of any rule are made of whole parts of everyone's: without any of these there are none. So it
        // is for most residences.
        if region.is_empty() && !own {
            return self.nobody();
        }
        let place = if own { zone.clone() } else { publisher.described(zone, cut(0, false)) };
        let everyone = publisher.cube().respondents().0;
        let rows = Bits(self.rows.as_deref().unwrap_or(everyone));
        let (mut sums, mut counted) = (Vec::new(), Vec::new());
        let dwellings: Vec<usize> = self.plan.numbers.dwellings.into_iter().collect();
        for About { item, crossed, measures: list } in &self.plan.about {
            let (item, crossed) = (*item, *crossed);
            let exactly = own || !(filtered || crossed);
            let (values, of) = if exactly {
                let at = if own { zone.clone() } else { publisher.described(zone, cut(item, moves)) };
                (cube.sum(&at, list, kept).into_iter().map(exact).collect(), at)
            } else {
                let asked = cells::Asked {
                    rows,
                    crossing: &self.crossing,
                    exact: (!crossed).then(|| cut(item, false)),
                    measures: list,
                };
                (cells::estimate(publisher, self.catalogue, self.tables, zone, asked), region.clone())
            };
            sums.push(Sums { measures: list, values });
            counted.push(cube.sum(&of, &dwellings, stock).iter().sum());
        }
        let described = sums[0].of(self.plan.numbers.households);
        let list = &self.plan.of_response;
        let whole = if own { stock } else { Rows::All };
        let of_place = Sums::exact(list, cube.sum(&place, list, whole));
        let place_of = |m: Option<usize>| of_place.of(m).said;
        let asked_there = [place_of(self.plan.numbers.households), place_of(self.plan.numbers.asked)];
        let response = match self.mask {
            Some(mask) if !own && self.plan.indicators.iter().any(|a| a.of == Of::Response) => {
                let exact = Some(cut(0, false));
                let asked =
                    cells::Asked { rows: Bits(mask), crossing: &self.crossing, exact, measures: list };
                let values = cells::estimate(publisher, self.catalogue, self.tables, zone, asked);
                Sums { measures: list, values }
            }
            _ => of_place,
        };
        let k = u64::from(self.secrecy.k);
        Households {
            enough: described.held >= k && self.others(&place, rows).is_none_or(|n| n == 0 || n >= k),
            described,
            response,
            place: asked_there,
            sums,
            dwellings: counted,
        }
    }

    /// Of a zone none of whose households may be described.
    fn nobody(&self) -> Households<'_> {
        let about = self.plan.about.len();
        Households {
            sums: std::iter::repeat_with(Sums::nothing).take(about).collect(),
            dwellings: vec![0; about],
            described: Estimate::default(),
            place: [0, 0],
            response: Sums::nothing(),
            enough: false,
        }
    }

    /// Households of other bailleurs among those that a bailleur asks about with a filter.
    fn others(&self, place: &Runs, rows: Bits<'_>) -> Option<u64> {
        let viewer = self.view.viewer().filter(|_| self.mask.is_some())?;
        let cube = self.publisher.cube();
        let (starts, owners) = (cube.starts(), cube.bailleur_of());
        let mut n = 0;
        for (s, e) in place.iter() {
            cube.respondents().each(starts[s as usize] as usize..starts[e as usize] as usize, |row| {
                n += u64::from(rows.get(row) && owners[row] != viewer);
            });
        }
        Some(n)
    }

    /// Dwellings of a zone that have no usable place.
    fn without_point(&self, zone: &Runs, rows: Rows<'_>) -> u64 {
        let cube = self.publisher.cube();
        let meta = cube.meta();
        let unlocated = Runs::new(vec![(narrow(meta.localisees), narrow(meta.adresses))]);
        let dwellings: Vec<usize> = self.plan.numbers.dwellings.into_iter().collect();
        cube.sum(&zone.intersection(&unlocated), &dwellings, rows).iter().sum()
    }
}

/// Why the public does not see a figure of restricted columns.
const RESTRICTED: &str =
    "Sans compte, ce chiffre ne se montre que par groupes d'au moins 11 logements et deux bailleurs.";
const RESTRICTED_FILTER: &str =
    "Sans compte, ce chiffre ne se montre que sans filtre et au 1er janvier : connectez-vous.";
/// Said of a filtered rate whose interval is nearly everything.
const UNSURE: &str = "trop peu de ménages sous ce filtre : l'écart aléatoire pourrait tout changer";
/// What is said of the share of those who answered beside figures of some of them.
const OF_ALL: &str =
    "La part des ménages qui ont répondu est celle de tous, quelle que soit la population choisie.";
/// What is said beside figures that cross households and dwellings, where nothing is filtered.
const CROSSED: &str = "Les chiffres suivis de « ± » croisent ménages et logements : pour protéger les ménages, chaque effectif y est déplacé d'un petit écart aléatoire, toujours le même pour les mêmes ménages. Les autres sont exacts.";
/// What is said beside figures of filtered households.
pub const PERTURBED: &str = "Chiffres filtrés ou croisés : pour protéger les ménages, chaque effectif est déplacé d'un petit écart aléatoire, toujours le même pour les mêmes ménages. « ± » dit jusqu'où (95 %) ; les totaux et les parties peuvent différer d'autant.";

/// Why a figure of a small part of a zone is not shown as the zone's.
fn partial(left: u64, total: u64) -> String {
    format!(
        "Trop partiel : {} des {} logements de la zone ne peuvent être comptés (secret statistique). Prenez une zone plus large.",
        thousands(left),
        thousands(total)
    )
}

/// The figure; a number of households of a part of the zone is not that of the zone, which is said.
fn counting(i: &Indicator, f: Figure, left: u64) -> Figure {
    if left == 0 || i.denominateur.is_some() || f.valeur.is_none() {
        return f;
    }
    let left =
        counted(left, "logement de la zone n'est pas compté", "logements de la zone ne sont pas comptés");
    Figure { approximatif: true, motif: Some(format!("{left} (secret statistique).")), ..f }
}

/// What is said of dwellings that a figure of restricted columns does not count.
fn uncounted(left: u64) -> String {
    match left {
        1 => format!("Un logement de la zone n'est pas compté. {RESTRICTED}"),
        n => format!("{} logements de la zone ne sont pas comptés. {RESTRICTED}", thousands(n)),
    }
}

/// What is said of dwellings that figures of households do not count.
fn left_out(left: u64, total: u64) -> String {
    let [left, total] = [left, total].map(thousands);
    format!(
        "Les chiffres des ménages ne comptent pas {left} des {total} logements de la zone : leurs adresses sont solidaires de voisines, ou ont trop peu de ménages (secret statistique)."
    )
}

/// Half-width of the interval of a rate whose counts were moved; None if they were not.
fn margin(tables: &Perturbation, i: &Indicator, n: Estimate, d: Estimate) -> Option<f64> {
    if (n.variance == 0.0 && d.variance == 0.0) || d.said == 0 {
        return None;
    }
    let step = |m: &Measure| f64::from(tables.step(&m.somme));
    let whole = i.denominateur.as_ref().map_or(1.0, step);
    // The variance of the whole bounds that of the part: its cells are among those of the whole.
    let part = d.variance / (whole * whole) * step(&i.numerateur).powi(2);
    let rate = n.said as f64 / d.said as f64;
    let error = (part + rate * rate * d.variance).sqrt() / d.said as f64;
    let scale = i.facteur * if i.unite == "%" { 100.0 } else { 1.0 };
    Some((tables.intervalle * error * scale * 10.0).ceil() / 10.0)
}

/// Where figures of households come from, and since when they are what they are.
#[must_use]
pub fn households_source(meta: &Meta) -> String {
    let Some(wave) = meta.vague else { return stock_source(meta) };
    let edition = meta.edition.as_ref().map_or_else(String::new, |e| {
        format!(", édition {} des ménages du {}", e.numero, days::french(&e.jour))
    });
    format!("OPS {wave} × RPLS {}{edition}", meta.millesime)
}

/// What an edition of households does not show yet.
#[must_use]
pub fn held_back(edition: &EditionMeta) -> Option<String> {
    let of = |n: u64, one: &str, many: &str| match n {
        0 => None,
        1 => Some(one.to_owned()),
        n => Some(format!("{} {many}", thousands(n))),
    };
    let parts: Vec<String> = [
        of(edition.attente, "un ménage pas encore compté", "ménages pas encore comptés"),
        of(edition.retenus, "une réponse corrigée depuis", "réponses corrigées depuis"),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!parts.is_empty()).then(|| {
        format!(
            "Chiffres des ménages de l'édition {} ({}) : {} sur tout le territoire. Une correction n'y paraît qu'avec au moins \
             10 autres au même endroit (secret statistique).",
            edition.numero,
            days::french(&edition.jour),
            parts.join(" et ")
        )
    })
}

/// Where figures of dwellings come from, and of which day they are.
#[must_use]
pub fn stock_source(meta: &Meta) -> String {
    match &meta.a_jour {
        Some(day) => format!("RPLS {} à jour des événements au {}", meta.millesime, days::french(day)),
        None => format!("RPLS au 1er janvier {}", meta.millesime),
    }
}

/// A warning if some addresses are located by their street only.
fn approximate_places(n: u64) -> Vec<String> {
    match n {
        0 => Vec::new(),
        1 => vec!["Une adresse de la zone est localisée à la rue près seulement (qualité 12).".to_owned()],
        _ => vec![format!(
            "{} adresses de la zone sont localisées à la rue près seulement (qualité 12).",
            thousands(n)
        )],
    }
}
