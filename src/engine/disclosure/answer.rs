//! The answer for a zone: its figures, what they stand on, and what was left out and why.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::cells::{self, Crossing, Estimate};
use super::figure::{Basis, Figure, figure};
use super::publisher::{Cut, Population, Publisher};
use crate::arrays::narrow;
use crate::cube::bits::Bits;
use crate::cube::build::{EditionMeta, Meta};
use crate::cube::runs::Runs;
use crate::cube::{Filter, Rows};
use crate::days;
use crate::reference::access::access;
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

/// Sums that figures are made from, by measure.
type Sums = BTreeMap<usize, Estimate>;

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
    indicators: Vec<Asked<'a>>,
    /// Measures summed over all dwellings of the zone.
    of_dwellings: Vec<usize>,
    /// Measures of each item, with and without an attribute of the dwelling among their conditions.
    of_households: BTreeMap<(usize, bool), Vec<usize>>,
    dwellings: usize,
}

/// An indicator, whether it describes households, and of which item.
#[derive(Debug, Clone, Copy)]
struct Asked<'a> {
    indicator: &'a Indicator,
    occupancy: bool,
    item: usize,
    /// Whether it crosses what households say with what their dwelling is.
    crossed: bool,
}

/// The households of a zone that figures describe.
struct Households {
    /// Sums of each item.
    sums: BTreeMap<(usize, bool), Sums>,
    /// Dwellings that figures of each item count.
    dwellings: BTreeMap<(usize, bool), u64>,
    /// Households described, asked and answering in the place, whatever the filter.
    described: Estimate,
    place: [u64; 2],
    /// Households and those asked, filter applied, whatever the population: response is not a property of it.
    response: Sums,
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
        indicators: &[&'a Indicator],
    ) -> Self {
        let cube = publisher.cube();
        let asked = |&indicator: &&'a Indicator| Asked {
            indicator,
            occupancy: catalogue.describes_households(indicator),
            item: publisher.item(catalogue, indicator),
            crossed: catalogue.crosses(indicator),
        };
        let indicators: Vec<Asked<'a>> = indicators.iter().map(asked).collect();
        let mut of_households: BTreeMap<(usize, bool), Vec<&Indicator>> =
            BTreeMap::from([((0, false), vec![])]);
        for a in indicators.iter().filter(|a| a.occupancy) {
            of_households.entry((a.item, a.crossed)).or_default().push(a.indicator);
        }
        let of_stock: Vec<&Indicator> =
            indicators.iter().filter(|a| !a.occupancy).map(|a| a.indicator).collect();
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
            of_dwellings: measures(catalogue, &of_stock, &[dwellings()]),
            of_households: of_households
                .into_iter()
                .map(|(of, list)| (of, measures(catalogue, &list, &[households(), asked_households()])))
                .collect(),
            indicators,
            dwellings: catalogue.measure_index(&dwellings()).unwrap_or_default(),
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

    fn said(&self, zone: &Runs, found: Option<Households>, fine: bool, why: Option<&str>) -> Answer {
        let (catalogue, secrecy, cube) = (self.catalogue, self.secrecy, self.publisher.cube());
        let meta = cube.meta();
        let rows = self.mask.map_or(Rows::All, |m| Rows::Mask(Bits(m)));
        let stock = zip(&self.of_dwellings, cube.sum(zone, &self.of_dwellings, rows).into_iter().map(exact));
        let total = value(catalogue, &stock, &dwellings()).said;
        let base = (0, false);
        let described = found.as_ref().map_or(Estimate::default(), |h| h.described);
        let basis = found.as_ref().map(|h| Basis {
            households: described.said,
            asked: h.place[1],
            answered: h.place[0],
            fine,
            enough: h.enough,
        });
        let empty = Basis { households: 0, asked: 0, answered: 0, fine, enough: true };
        let counted =
            |of: (usize, bool)| found.as_ref().and_then(|h| h.dwellings.get(&of)).copied().unwrap_or(0);
        let figures = self.indicators.iter().map(|&Asked { indicator: i, occupancy, item, crossed }| {
            if !occupancy && self.view == View::Public && access().restreint.touches(i) {
                return self.restricted(zone, i);
            }
            if !occupancy {
                let n = value(catalogue, &stock, &i.numerateur).said;
                let d = i.denominateur.as_ref().map(|m| value(catalogue, &stock, m).said);
                return figure(catalogue, secrecy, i, n, d, None, stock_source(meta));
            }
            if let Some(why) = why {
                return Figure::withheld(i, why);
            }
            let of = if self.response(i) { base } else { (item, crossed) };
            let none = Sums::new();
            let sums = found
                .as_ref()
                .and_then(|h| if self.response(i) { Some(&h.response) } else { h.sums.get(&of) });
            let sums = sums.unwrap_or(&none);
            let n = value(catalogue, sums, &i.numerateur);
            let d = i.denominateur.as_ref().map(|m| value(catalogue, sums, m));
            let source = households_source(meta);
            let (numerator, denominator) = self.together(i, n, d);
            let f =
                figure(catalogue, secrecy, i, numerator, denominator, Some(basis.unwrap_or(empty)), source);
            let error = d.and_then(|d| margin(self.tables, i, n, d)).filter(|_| f.valeur.is_some());
            Figure { incertitude: error, logements_ecartes: Some(total.saturating_sub(counted(of))), ..f }
        });
        let chiffres: Vec<Figure> = figures.collect();

        let basis = basis.filter(|b| b.enough && b.households >= u64::from(secrecy.k));
        let rate = basis.and_then(|b| b.rate());
        let approximate = cube.approximate(zone);
        let mut warnings = approximate_places(approximate);
        let households_asked = self.indicators.iter().any(|a| a.occupancy);
        if let Some(why) = why.filter(|_| households_asked) {
            warnings.push(format!("Occupation non montrée. {why}"));
        } else if meta.vague.is_none() && meta.a_jour.is_none() && households_asked {
            warnings.push(format!("Aucune vague OPS n'est jointe au millésime {}.", meta.millesime));
        }
        warnings.extend(meta.edition.as_ref().filter(|_| households_asked).and_then(held_back));
        if chiffres.iter().any(|f| f.incertitude.is_some()) {
            warnings.push(PERTURBED.to_owned());
        }
        let left = found.as_ref().map_or(0, |_| total.saturating_sub(counted(base)));
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
                menages_interroges: basis.filter(|_| self.mask.is_none()).map(|b| b.asked),
                repondants_enquete: basis.filter(|_| self.mask.is_none()).map(|b| b.answered),
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

    /// A figure that the register keeps from the public: by parts of the stock, without a filter and as
    /// filed, so that no two answers tell of one dwelling.
    fn restricted(&self, zone: &Runs, i: &Indicator) -> Figure {
        let cube = self.publisher.cube();
        if self.mask.is_some() || cube.meta().a_jour.is_some() {
            return Figure::withheld(i, RESTRICTED_FILTER);
        }
        let shown = self.publisher.stock_described(zone);
        let list = measures(self.catalogue, &[i], &[dwellings()]);
        let sum = |at: &Runs| zip(&list, cube.sum(at, &list, Rows::All).into_iter().map(exact));
        let (sums, all) = (sum(&shown), sum(zone));
        let of = |m: &Measure| value(self.catalogue, &sums, m).said;
        let counted = of(&dwellings());
        if counted == 0 {
            return Figure::withheld(i, RESTRICTED);
        }
        let d = i.denominateur.as_ref().map(of);
        let f =
            figure(self.catalogue, self.secrecy, i, of(&i.numerateur), d, None, stock_source(cube.meta()));
        let left = value(self.catalogue, &all, &dwellings()).said.saturating_sub(counted);
        let motif =
            (left > 0).then(|| format!("{left} logements de la zone ne sont pas comptés. {RESTRICTED}"));
        Figure { motif: motif.or(f.motif), approximatif: left > 0, logements_ecartes: Some(left), ..f }
    }

    /// Whether an indicator compares answers with questions: without a filter, that is a property of the
    /// place.
    fn response(&self, i: &Indicator) -> bool {
        i.denominateur.as_ref().is_some_and(|m| !self.catalogue.is_occupancy(m))
    }

    /// Numerator and denominator as they are said: a part is never more than the whole, and nothing stays
    /// nothing where that may be said.
    fn together(&self, i: &Indicator, n: Estimate, d: Option<Estimate>) -> (u64, Option<u64>) {
        let Some(d) = d else { return (n.said, None) };
        let none = n.held == 0 && d.held >= u64::from(self.secrecy.k2_attribut);
        let said = if none { 0 } else { n.said };
        (if i.unite == "%" { said.min(d.said) } else { said }, Some(d.said))
    }

    fn households(&self, zone: &Runs) -> Households {
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
        let place = if own { zone.clone() } else { publisher.described(zone, cut(0, false)) };
        let region = publisher.described(zone, Cut::default());
        let everyone = publisher.cube().respondents().0;
        let rows = Bits(self.rows.as_deref().unwrap_or(everyone));
        let (mut sums, mut counted) = (BTreeMap::new(), BTreeMap::new());
        for (&(item, crossed), list) in &self.of_households {
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
            sums.insert((item, crossed), zip(list, values.into_iter()));
            counted.insert((item, crossed), cube.sum(&of, &[self.dwellings], stock).iter().sum());
        }
        let described = sums
            .get(&(0, false))
            .map_or(Estimate::default(), |base| value(self.catalogue, base, &households()));
        let list = measures(self.catalogue, &[], &[households(), asked_households()]);
        let whole = if own { stock } else { Rows::All };
        let of_place = zip(&list, cube.sum(&place, &list, whole).into_iter().map(exact));
        let response = match self.mask {
            Some(mask)
                if !own && self.indicators.iter().any(|a| a.occupancy && self.response(a.indicator)) =>
            {
                let exact = Some(cut(0, false));
                let asked =
                    cells::Asked { rows: Bits(mask), crossing: &self.crossing, exact, measures: &list };
                let sums = cells::estimate(publisher, self.catalogue, self.tables, zone, asked);
                zip(&list, sums.into_iter())
            }
            _ => of_place.clone(),
        };
        let of_place = |m: &Measure| value(self.catalogue, &of_place, m).said;
        let k = u64::from(self.secrecy.k);
        Households {
            enough: described.held >= k && self.others(&place, rows).is_none_or(|n| n == 0 || n >= k),
            described,
            response,
            place: [of_place(&households()), of_place(&asked_households())],
            sums,
            dwellings: counted,
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
        cube.sum(&zone.intersection(&unlocated), &[self.dwellings], rows).iter().sum()
    }
}

/// Why the public does not see a figure of restricted columns.
const RESTRICTED: &str =
    "Sans compte, ce chiffre ne se montre que par groupes d'au moins 11 logements et deux bailleurs.";
const RESTRICTED_FILTER: &str =
    "Sans compte, ce chiffre ne se montre que sans filtre et au 1er janvier : connectez-vous.";
/// What is said beside figures of filtered households.
pub const PERTURBED: &str = "Chiffres filtrés ou croisés : pour protéger les ménages, chaque effectif est déplacé d'un petit écart aléatoire, toujours le même pour les mêmes ménages. « ± » dit jusqu'où (95 %) ; les totaux et les parties peuvent différer d'autant.";

/// What is said of dwellings that figures of households do not count.
fn left_out(left: u64, total: u64) -> String {
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

fn exact(n: u64) -> Estimate {
    Estimate { said: n, variance: 0.0, held: n }
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
        n => Some(format!("{n} {many}")),
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
        _ => vec![format!("{n} adresses de la zone sont localisées à la rue près seulement (qualité 12).")],
    }
}

fn measure(quantity: &str) -> Measure {
    Measure { somme: quantity.to_owned(), conditions: BTreeMap::new() }
}

/// All dwellings.
#[must_use]
pub fn dwellings() -> Measure {
    measure("logements")
}

/// Responding households.
#[must_use]
pub fn households() -> Measure {
    measure("menages")
}

/// Occupied dwellings that were asked.
#[must_use]
pub fn asked_households() -> Measure {
    measure("interroges")
}

/// Numbers of the measures that indicators need, with some more.
fn measures(catalogue: &Catalogue, indicators: &[&Indicator], more: &[Measure]) -> Vec<usize> {
    let mut list: Vec<usize> = indicators
        .iter()
        .flat_map(|i| std::iter::once(&i.numerateur).chain(&i.denominateur))
        .chain(more)
        .filter_map(|m| catalogue.measure_index(m))
        .collect();
    list.sort_unstable();
    list.dedup();
    list
}

fn zip(list: &[usize], sums: impl Iterator<Item = Estimate>) -> Sums {
    list.iter().copied().zip(sums).collect()
}

fn value(catalogue: &Catalogue, sums: &Sums, m: &Measure) -> Estimate {
    catalogue.measure_index(m).and_then(|i| sums.get(&i)).copied().unwrap_or_default()
}
