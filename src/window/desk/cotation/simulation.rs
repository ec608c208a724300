//! What a grid changes to the order of demands, before it is adopted.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::days;
use crate::desk::cotation::pression::{catalogue, mix, rounded, shown};
use crate::desk::cotation::{Window, facts, rows};
use crate::desk::editions::App;
use crate::desk::problem::Problem;
use crate::scoring::demands::{Demands, HOUSED, months};
use crate::scoring::effect::{self, Cut, Moves};
use crate::scoring::facts::{Facts, Territory};
use crate::scoring::grid::{Constat, Grille};
use crate::scoring::note::{Basis, notes};
use crate::scoring::pressure::protect;

/// Ce qui compte dans une note.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Base {
    /// Ce qui est déclaré.
    #[default]
    Provisoire,
    /// Les critères sur justificatif ne comptent qu'une fois prouvés.
    Definitive,
}

impl From<Base> for Basis {
    fn from(base: Base) -> Self {
        match base {
            Base::Provisoire => Self::Provisional,
            Base::Definitive => Self::Definitive,
        }
    }
}

/// Deux grilles à comparer, sur le même territoire et le même genre de demandes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Comparaison {
    pub avant: Grille,
    pub apres: Grille,
    #[serde(default)]
    pub base: Base,
}

/// Comment un groupe de demandes se déplace. Les effectifs sont arrondis à cinq près ; nuls : secrets.
#[derive(Debug, Serialize, ToSchema)]
pub struct Deplacement {
    pub libelle: &'static str,
    pub demandes: Option<u32>,
    /// Gagnent au moins un centième de la file.
    pub montent: Option<u32>,
    /// Perdent au moins un centième de la file.
    pub descendent: Option<u32>,
    /// Place moyenne, de 0 (tête de file) à 100, arrondie à 1, 2, 5 ou 10 selon la taille du groupe ; nulle :
    /// secrète.
    pub place_avant: Option<f64>,
    pub place_apres: Option<f64>,
}

/// Une façon de répartir les demandes.
#[derive(Debug, Serialize, ToSchema)]
pub struct Repartition {
    pub id: &'static str,
    pub libelle: &'static str,
    pub lignes: Vec<Deplacement>,
}

/// Ce qu'un critère de la grille « après » fait.
#[derive(Debug, Serialize, ToSchema)]
pub struct EffetCritere {
    pub code: String,
    /// Demandes qui le remplissent, à cinq près ; nul : secret.
    pub demandes: Option<u32>,
    /// Il donne autant à toutes : il ne départage personne.
    pub ne_departage_pas: bool,
    /// Il demande un justificatif, et aucun n'a jamais été vu.
    pub jamais_prouve: bool,
    /// Critère rempli par les mêmes demandes, et qui compte aussi.
    pub double_de: Option<String>,
}

/// Les ménages logés dans l'année, sans ceux que la cotation ne régit pas (DALO, relogements, mutations
/// internes).
#[derive(Debug, Serialize, ToSchema)]
pub struct EnTete {
    pub attributions: u32,
    /// Part d'entre eux qui auraient été parmi les premiers, autant qu'eux, en %, arrondie à 1, 2, 5 ou 10
    /// selon leur nombre ; nulle : secrète.
    pub avant: Option<f64>,
    pub apres: Option<f64>,
}

/// Ce que la grille « après » change.
#[derive(Debug, Serialize, ToSchema)]
pub struct Simulation {
    /// Jour de l'extraction des demandes.
    pub au: String,
    /// Demandes en attente que la grille note ; nul : secret.
    pub demandes: Option<u32>,
    /// τ de Kendall : 1, même ordre ; 0, aucun rapport ; −1, ordre inverse. Arrondi pour que onze demandes ne
    /// s'y voient pas ; nul si une grille donne la même note à toutes, ou s'il y a trop peu de demandes.
    pub tau: Option<f64>,
    /// Demandes qui partagent leur note avec une autre, à cinq près ; nul : secret.
    pub ex_aequo_avant: Option<u32>,
    pub ex_aequo_apres: Option<u32>,
    pub montent: Option<u32>,
    pub descendent: Option<u32>,
    pub repartitions: Vec<Repartition>,
    pub criteres: Vec<EffetCritere>,
    /// Nul : trop peu d'attributions.
    pub en_tete: Option<EnTete>,
    /// Ce qui empêche d'adopter la grille « après », ou mérite d'être su.
    pub constats: Vec<Constat>,
}

pub fn answer(app: &App, demands: &Demands, on: Window, asked: &Comparaison) -> Result<Simulation, Problem> {
    let (criteria, k) = (catalogue()?, app.secrecy.k);
    let (before, after) = (&asked.avant, &asked.apres);
    if (&before.epci, before.genre) != (&after.epci, after.genre) {
        return Err(Problem::value(
            "avant",
            &before.epci,
            "Les deux grilles sont du même EPCI et du même genre de demandes.",
        ));
    }
    for g in [before, after] {
        if g.criteres.len() > criteria.regles.criteres_max || g.groupes.len() > criteria.regles.criteres_max {
            let detail = format!("Une grille a {} critères au plus.", criteria.regles.criteres_max);
            return Err(Problem::value("criteres", &g.criteres.len().to_string(), detail));
        }
        // What blocks an adoption may still be compared; points out of bounds would overflow the sum.
        let range = 0..=criteria.regles.points_max;
        let points = |l: &crate::scoring::grid::Ligne| {
            let more = l.tranches.iter().map(|t| t.points);
            let steps = l.progression.iter().flat_map(|p| [p.points, p.plafond]);
            std::iter::once(l.points).chain(more).chain(steps).all(|p| range.contains(&p))
        };
        if let Some(l) = g.criteres.iter().find(|l| !points(l)) {
            let detail = format!("Les points vont de 0 à {}.", criteria.regles.points_max);
            return Err(Problem::value("points", &l.code, detail));
        }
        if let Some(r) = g.refus.filter(|r| !range.contains(&r.points)) {
            let detail = format!("Un refus retire de 0 à {} points.", criteria.regles.points_max);
            return Err(Problem::value("refus", &r.points.to_string(), detail));
        }
    }
    let waiting = facts(demands, rows(demands, on, after.genre, |r| demands.waits(r)), on.epci)?;
    let n = u32::try_from(waiting.len()).unwrap_or(u32::MAX);
    let constats = after.checks(criteria);
    let au = days::iso(demands.extrait);
    if n < k {
        return Ok(Simulation {
            au,
            demandes: shown(n, k),
            tau: None,
            ex_aequo_avant: None,
            ex_aequo_apres: None,
            montent: None,
            descendent: None,
            repartitions: Vec::new(),
            criteres: Vec::new(),
            en_tete: None,
            constats,
        });
    }
    let scored = |f: &Facts| [before, after].map(|g| notes(f, g, criteria, asked.base.into()));
    let [was, is] = scored(&waiting);
    let (places_before, places_after) = (effect::places(&was), effect::places(&is));
    let territory = Territory::new(demands, on.epci, mix()?);
    let least = criteria.regles.mouvement_min;
    let moves = |cut: &Cut| effect::moves(cut, &places_before, &places_after, least);
    let whole = Cut { id: "tous", libelle: "", groups: &[""], of: vec![0; waiting.len()] };
    let ensemble = told("", moves(&whole)[0], n, (false, few(&moves(&whole)[0], k)), k);
    let repartitions = effect::cuts(demands, &waiting.rows, territory, mix()?)
        .iter()
        .map(|cut| {
            let all = moves(cut);
            let sizes: Vec<u32> = all.iter().map(|m| m.of).collect();
            let mut hidden: Vec<bool> = sizes.iter().map(|n| shown(*n, k).is_none()).collect();
            // Groups of a cut add up to all demands.
            protect(&sizes, &vec![0; sizes.len()], k, &mut hidden);
            // And so do those that move: a group that is silent about them takes a second one with it.
            let mut still: Vec<bool> = all.iter().zip(&hidden).map(|(m, h)| *h || few(m, k)).collect();
            protect(&sizes, &vec![0; sizes.len()], k, &mut still);
            let flags = hidden.into_iter().zip(still);
            let lignes = cut.groups.iter().zip(all).zip(flags);
            let lignes = lignes.map(|((g, m), (h, s))| told(g, m, n, (h, s), k)).collect();
            Repartition { id: cut.id, libelle: cut.libelle, lignes }
        })
        .collect();
    let criteres = effect::work(&waiting, after, criteria)
        .into_iter()
        .map(|w| {
            // Who does not meet it is told by the difference.
            let demandes = rounded(w.met, k).filter(|_| shown(n - w.met.min(n), k).is_some());
            // Of a handful nothing else is told either.
            let told = demandes.is_some_and(|d| d > 0);
            EffetCritere {
                code: w.code,
                ne_departage_pas: w.idle,
                jamais_prouve: told && w.unproven,
                double_de: w.double.filter(|_| told),
                demandes,
            }
        })
        .collect();
    Ok(Simulation {
        au,
        demandes: shown(n, k),
        tau: effect::kendall(&was, &is)
            .zip(effect::weight_in_tau(&was, &is))
            .and_then(|(tau, weight)| effect::coarse(tau, weight, k, &TAU_STEPS)),
        ex_aequo_avant: rounded(effect::tied(&was), k),
        ex_aequo_apres: rounded(effect::tied(&is), k),
        montent: ensemble.montent,
        descendent: ensemble.descendent,
        repartitions,
        criteres,
        en_tete: top(demands, on, asked, k, &scored)?,
        constats,
    })
}

/// Those who move up, down or not add up to the group: one that is few takes the others with it.
fn few(m: &Moves, k: u32) -> bool {
    [m.up, m.down, m.of - m.up - m.down].iter().any(|n| shown(*n, k).is_none())
}

/// A group as it may be told; `hidden`: whether it is secret, and whether its moves are.
fn told(libelle: &'static str, m: Moves, all: u32, (hidden, silent): (bool, bool), k: u32) -> Deplacement {
    let count = |n: u32| rounded(n, k).filter(|_| !silent);
    // A demand may go from one end to the other, and shift all others by one place.
    let weight = 100.0 / f64::from(m.of.max(1)) + 100.0 / f64::from(all.max(1));
    let place = |p: f64| effect::coarse(100.0 * p, weight, k, &POINT_STEPS).filter(|_| !hidden && m.of > 0);
    Deplacement {
        libelle,
        demandes: rounded(m.of, k).filter(|_| !hidden),
        montent: count(m.up),
        descendent: count(m.down),
        place_avant: place(m.before),
        place_apres: place(m.after),
    }
}

/// Steps that τ, and places and shares in %, are rounded to.
const TAU_STEPS: [f64; 5] = [0.01, 0.02, 0.05, 0.1, 0.2];

const POINT_STEPS: [f64; 4] = [1.0, 2.0, 5.0, 10.0];

/// Codes of lists: mutation INTERNE, statut DALO ACTIF, no relocation.
const INTERNAL: u8 = 2;

const DALO: u8 = 2;

const NO_RELOCATION: u8 = 1;

fn top(
    demands: &Demands,
    on: Window,
    asked: &Comparaison,
    k: u32,
    scored: &dyn Fn(&Facts) -> [Vec<i32>; 2],
) -> Result<Option<EnTete>, Problem> {
    let governed = |r: usize| {
        demands.dalo[r] != DALO && demands.relogement[r] <= NO_RELOCATION && demands.mutation[r] != INTERNAL
    };
    let housed = |r: usize| {
        !demands.waits(r) && demands.motif_fin[r] == HOUSED && months(demands.fin[r], demands.extrait) < 12
    };
    let pool = rows(demands, on, asked.apres.genre, |r| governed(r) && (demands.waits(r) || housed(r)));
    let marked: Vec<bool> = pool.iter().map(|r| housed(*r as usize)).collect();
    let n = u32::try_from(marked.iter().filter(|m| **m).count()).unwrap_or(u32::MAX);
    if n < k {
        return Ok(None);
    }
    let [was, is] = scored(&facts(demands, pool, on.epci)?);
    let share = |notes: &[i32]| {
        let found = effect::at_the_top(notes, &marked);
        let rest = f64::from(n) - found;
        let few = |v: f64| v > 0.0 && v < f64::from(k);
        let share = 100.0 * found / f64::from(n);
        // One demand may take the place of another.
        effect::coarse(share, 200.0 / f64::from(n), k, &POINT_STEPS).filter(|_| !few(found) && !few(rest))
    };
    Ok(Some(EnTete { attributions: n, avant: share(&was), apres: share(&is) }))
}
