//! `GET /api/mixite`: a year of leases under the rules of social mix, in all and line by line; DALO
//! households and QPV.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Extension, State as FromState};
use serde::Serialize;
use utoipa::ToSchema;

use super::app::Server;
use super::auth::trail::Trace;
use super::auth::who::Who;
use super::leases::{Choix, MONTHS, Open, number, percent, reservataires};
use super::params::Params;
use super::problem::{Document, Problem};
use super::rates::{self, ObjectifCia};
use super::state::Current;
use crate::days;
use crate::policy::dalo::Watch;
use crate::policy::facts::{Allocation, Allocations, Named};
use crate::policy::mix::{self, Line, Score};
use crate::policy::objectifs::{Rate, Scope as LineScope, Target, target};
use crate::reference::mix::{Mix, Rule, Sense};
use crate::reference::secrecy::Secrecy;
use crate::territory::bands;

/// Une règle, telle qu'elle est appliquée.
#[derive(Debug, Serialize, ToSchema)]
pub struct Regle {
    pub id: &'static str,
    pub libelle: &'static str,
    pub article: &'static str,
    pub sens: Sense,
    /// Part que la loi demande d'atteindre, ou de ne pas dépasser, en %.
    pub cible: f64,
    /// Ce que la règle regarde.
    pub base: &'static str,
    /// Ce qui y compte.
    pub compte: &'static str,
}

/// Où en est une règle.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScoreMixite {
    pub regle: &'static str,
    /// Trop peu de ménages : rien n'est donné.
    pub secret: bool,
    pub numerateur: Option<u32>,
    pub denominateur: Option<u32>,
    /// Baux dont le revenu ou le seuil n'est pas connu : au dénominateur, pas au numérateur.
    pub inconnus: Option<u32>,
    /// En %, inconnus compris.
    pub part: Option<f64>,
    /// En %, inconnus exclus.
    pub part_connus: Option<f64>,
    /// Attributions qui manquent pour atteindre un minimum, ou qui dépassent un maximum.
    pub ecart: Option<u32>,
    pub respectee: Option<bool>,
    /// Part à atteindre, ou à ne pas dépasser, sur cette ligne, en %.
    pub cible: f64,
    /// Le taux de la convention d'attribution dont vient `cible` ; nul : celui de la loi.
    pub objectif: Option<ObjectifCia>,
    /// Au 31 décembre, au rythme actuel ; nul quand l'année est finie.
    pub projection: Option<Projection>,
}

/// Ce qui est attendu au 31 décembre.
#[derive(Debug, Serialize, ToSchema)]
pub struct Projection {
    pub baux: u32,
    /// En %.
    pub part: f64,
    pub bas: f64,
    pub haut: f64,
}

/// Placements de ménages au regard des QPV.
#[derive(Debug, Serialize, ToSchema)]
pub struct Placements {
    /// Trop peu de ménages : rien n'est donné.
    pub secret: bool,
    pub total: Option<u32>,
    pub en_qpv: Option<u32>,
    /// En %, des baux localisés.
    pub part_qpv: Option<f64>,
    /// Baux dans les bandes autour des QPV (mètres) ; nul si l'une n'a que quelques ménages.
    pub bandes: Option<Vec<Bande>>,
}

/// Une bande autour des QPV ; sans `jusqu_a`, tout ce qui est plus loin.
#[derive(Debug, Serialize, ToSchema)]
pub struct Bande {
    pub jusqu_a: Option<f64>,
    pub baux: u32,
}

/// Ménages DALO et QPV.
#[derive(Debug, Serialize, ToSchema)]
pub struct Dalo {
    pub ensemble: Placements,
    pub dalo: Placements,
    /// DALO en situation précaire (circulaire du 18 décembre 2023).
    pub precaires: Placements,
    /// Part des DALO en QPV rapportée à celle de tous les baux : 1 = autant.
    pub surexposition: Option<f64>,
    /// Placements en QPV à justifier depuis la circulaire ; nul si secret.
    pub a_justifier: Option<u32>,
}

/// Un bailleur, une commune… ou l'ensemble.
#[derive(Debug, Serialize, ToSchema)]
pub struct LigneMixite {
    pub code: String,
    pub nom: String,
    pub baux: u32,
    /// Baux dont le logement n'a pas pu être situé dans ou hors QPV.
    pub non_localises: u32,
    pub scores: Vec<ScoreMixite>,
}

/// Une année de baux.
#[derive(Debug, Serialize, ToSchema)]
pub struct Mixite {
    /// Version des règles.
    pub version: &'static str,
    pub annee: u16,
    /// Années qui ont des baux.
    pub annees: Vec<u16>,
    /// Dernier jour compté.
    pub au: String,
    pub par: String,
    /// Territoires et organismes présents, pour les filtres.
    pub epci: Vec<Choix>,
    pub communes: Vec<Choix>,
    pub bailleurs: Vec<Choix>,
    pub regles: Vec<Regle>,
    pub ensemble: LigneMixite,
    pub lignes: Vec<LigneMixite>,
    pub dalo: Dalo,
    /// Baux jugés au seuil de l'année précédente, faute de celui de l'année.
    pub seuil_provisoire: u32,
    /// Attributions sans bail signé, qui ne comptent pas.
    pub sans_bail: u64,
    /// Lignes présentes dans plusieurs fichiers, comptées une fois.
    pub doublons: u64,
    pub niveau_projection: f64,
}

const KEYS: [&str; 5] = ["bailleur", "commune", "epci", "reservataire", "mois"];

/// Objectifs de mixité : où en est une année de baux
///
/// Les 25 % hors QPV, les 50 % en QPV, les 25 % DALO et prioritaires par réservataire, la part de l'État :
/// pour l'ensemble et ligne par ligne. Les QPV sont ceux de la génération en vigueur le jour du bail. Un
/// score de moins de 11 baux, ou qui ne tient qu'à un ou deux ménages, est secret.
#[utoipa::path(
    get, path = "/api/mixite", tag = "mixite", operation_id = "mixite",
    params(
        ("annee" = Option<u16>, Query, description = "Année des baux ; la dernière par défaut"),
        ("par" = Option<String>, Query, description = "Lignes : `bailleur` (par défaut), `commune`, `epci`, \
            `reservataire`, `mois`"),
        ("epci" = Option<String>, Query, description = "Un EPCI seulement"),
        ("commune" = Option<String>, Query, description = "Une commune seulement"),
        ("bailleur" = Option<String>, Query, description = "Un bailleur seulement (SIREN)"),
    ),
    responses(
        (status = OK, body = Mixite),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn mixite(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    mut params: Params,
) -> Result<(Extension<Trace>, Json<Mixite>), Problem> {
    let asked = Asked {
        year: params.number("annee")?,
        by: params.take("par"),
        epci: params.take("epci"),
        commune: params.take("commune"),
        bailleur: params.take("bailleur"),
    };
    params.finish()?;
    let rates = rates::rates(&server.state).await?;
    let work = move || {
        let all = app.allocations().map_err(|e| Problem::internal(&e))?;
        let open = Open::new(&all, &visitor.person)?;
        let found = answer(&all, &asked, &open, &rates, app.secrecy)?;
        let trace = Trace::new("mixite", found.annee.to_string())
            .with("par", found.par.as_str())
            .with("epci", asked.epci)
            .with("commune", asked.commune)
            .with("bailleur", asked.bailleur)
            .rows(found.lignes.len(), found.lignes.iter().flat_map(|l| &l.scores).any(|s| s.secret));
        Ok((Extension(trace), Json(found)))
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))?
}

struct Asked {
    year: Option<u16>,
    by: Option<String>,
    epci: Option<String>,
    commune: Option<String>,
    bailleur: Option<String>,
}

fn answer(
    all: &Allocations,
    asked: &Asked,
    open: &Open,
    rates: &[Rate],
    secrecy: &Secrecy,
) -> Result<Mixite, Problem> {
    let rules = Mix::embedded().map_err(|e| Problem::internal(&e))?;
    let mut years: Vec<u16> = all.list.iter().map(Allocation::year).filter(|y| *y > 0).collect();
    years.sort_unstable();
    years.dedup();
    let Some(&last) = years.last() else {
        return Err(Problem::not_found(
            "attributions",
            "",
            "Le magasin ne contient aucun bail : importez un fichier d'attributions (mosaique import \
                attributions FICHIER --year AAAA).",
        ));
    };
    let year = asked.year.unwrap_or(last);
    if !years.contains(&year) {
        return Err(Problem::unknown("annee", &year.to_string(), years.iter().map(ToString::to_string)));
    }
    let by = asked.by.as_deref().unwrap_or(KEYS[0]);
    if !KEYS.contains(&by) {
        return Err(Problem::unknown("par", by, KEYS));
    }
    let epci = number("epci", asked.epci.as_deref(), &all.epcis)?;
    let commune = number("commune", asked.commune.as_deref(), &all.communes)?;
    let bailleur = number("bailleur", asked.bailleur.as_deref(), &all.bailleurs)?;
    let kept = |a: &&Allocation| {
        open.holds(a)
            && epci.is_none_or(|n| a.epci == n)
            && commune.is_none_or(|n| a.commune == n)
            && bailleur.is_none_or(|n| a.bailleur == n)
    };
    let leases = || all.list.iter().filter(|a| a.year() == year).filter(kept);

    let key = |a: &Allocation| match by {
        "commune" => a.commune,
        "epci" => a.epci,
        "reservataire" => a.reservataire.into(),
        "mois" => a.month().into(),
        _ => a.bailleur,
    };
    let mut table = mix::table(rules, leases(), key);
    table.protect(secrecy);
    let mut watch = Watch::default();
    leases().for_each(|a| watch.add(rules, a));

    // Only what has a lease that is open to the person can be chosen.
    let present = |list: &[Named], of: &dyn Fn(&Allocation) -> u32| {
        let mut here = vec![false; list.len()];
        for a in all.list.iter().filter(|a| open.holds(a)) {
            if let Some(h) = here.get_mut(of(a) as usize) {
                *h = true;
            }
        }
        choices(list.iter().zip(here).filter(|(_, h)| *h).map(|(n, _)| n))
    };

    // The year is over once it has leases of December, or a later year has some.
    let until = all.list.iter().filter(|a| a.year() == year).map(|a| a.bail).max().unwrap_or(0);
    let over = year < last || until / 100 % 100 == 12;
    let until = if over { u32::from(year) * 10_000 + 1231 } else { until };
    let elapsed = if over { 1.0 } else { f64::from(day_of_year(until)) / 365.0 };
    let line = |code: String, nom: String, l: &Line, scope: LineScope<'_>| LigneMixite {
        code,
        nom,
        baux: l.leases,
        non_localises: l.unplaced,
        scores: rules
            .rules
            .iter()
            .zip(&l.scores)
            .map(|(r, s)| score(r, *s, target(r, rates, &scope), elapsed, rules))
            .collect(),
    };
    let code =
        |list: &'_ [Named], n: Option<u32>| n.and_then(|n| list.get(n as usize)).map(|n| n.code.clone());
    let only = Only::new(leases().map(|a| (key(a), a.epci)));
    let (of_commune, of_bailleur) = (code(&all.communes, commune), code(&all.bailleurs, bailleur));
    let of_epci = code(&all.epcis, only.whole());
    let scope = LineScope {
        year,
        epci: of_epci.as_deref(),
        commune: of_commune.as_deref(),
        bailleur: of_bailleur.as_deref(),
        reservataire: None,
    };
    let mut lines: Vec<LigneMixite> = table
        .lines
        .iter()
        .map(|(k, l)| {
            let (code, nom) = name(all, by, *k, year);
            let epci = only.of(*k).and_then(|n| all.epcis.get(n as usize)).map(|n| n.code.as_str());
            let id = code.clone();
            let scope = match by {
                "commune" => LineScope { epci, commune: Some(&id), ..scope },
                "reservataire" => LineScope { epci, reservataire: u8::try_from(*k).ok(), ..scope },
                "epci" | "mois" => LineScope { epci, ..scope },
                _ => LineScope { epci, bailleur: Some(&id), ..scope },
            };
            line(code, nom, l, scope)
        })
        .collect();
    if by != "mois" {
        lines.sort_by(|a, b| b.baux.cmp(&a.baux).then_with(|| a.code.cmp(&b.code)));
    }
    Ok(Mixite {
        version: &rules.version,
        annee: year,
        annees: years,
        au: days::iso(until),
        par: by.to_owned(),
        epci: present(&all.epcis, &|a| a.epci),
        communes: present(&all.communes, &|a| a.commune),
        bailleurs: present(&all.bailleurs, &|a| a.bailleur),
        regles: rules.rules.iter().map(described).collect(),
        ensemble: line(String::new(), "Ensemble".to_owned(), &table.whole, scope),
        lignes: lines,
        dalo: dalo(&watch, secrecy),
        seuil_provisoire: table.whole.provisional,
        sans_bail: all.list.iter().filter(|a| a.bail == 0).filter(kept).count() as u64,
        doublons: all.repeated,
        niveau_projection: percent(rules.options.projection_niveau),
    })
}

/// The EPCI of each line, where all its leases are in one: rates of a CIA hold within one EPCI.
struct Only(BTreeMap<u32, Option<u32>>);

impl Only {
    fn new(leases: impl Iterator<Item = (u32, u32)>) -> Self {
        let mut of: BTreeMap<u32, Option<u32>> = BTreeMap::new();
        for (key, epci) in leases {
            of.entry(key).and_modify(|e| *e = e.filter(|e| *e == epci)).or_insert(Some(epci));
        }
        Self(of)
    }

    fn of(&self, key: u32) -> Option<u32> {
        self.0.get(&key).copied().flatten()
    }

    fn whole(&self) -> Option<u32> {
        let mut all = self.0.values();
        let first = (*all.next()?)?;
        all.all(|e| *e == Some(first)).then_some(first)
    }
}

/// Code and name of a line.
fn name(all: &Allocations, by: &str, key: u32, year: u16) -> (String, String) {
    let unknown = || (String::new(), "Non renseigné".to_owned());
    let of = |list: &[Named]| {
        list.get(key as usize).map_or_else(unknown, |n| (n.code.clone(), n.title().to_owned()))
    };
    match by {
        "commune" => of(&all.communes),
        "epci" => of(&all.epcis),
        "bailleur" => of(&all.bailleurs),
        "mois" => (
            format!("{year}-{key:02}"),
            key.checked_sub(1)
                .and_then(|m| MONTHS.get(m as usize))
                .map_or_else(String::new, |m| (*m).to_owned()),
        ),
        _ => reservataires()
            .iter()
            .find(|v| u32::from(v.code) == key)
            .map_or_else(unknown, |v| (v.id.clone(), v.libelle.clone())),
    }
}

fn choices<'a>(list: impl Iterator<Item = &'a Named>) -> Vec<Choix> {
    let mut out: Vec<Choix> =
        list.map(|n| Choix { code: n.code.clone(), nom: n.title().to_owned() }).collect();
    out.sort_by(|a, b| a.nom.cmp(&b.nom).then_with(|| a.code.cmp(&b.code)));
    out
}

fn described(r: &'static Rule) -> Regle {
    Regle {
        id: &r.id,
        libelle: &r.libelle,
        article: &r.article,
        sens: r.sens,
        cible: percent(r.cible),
        base: &r.base,
        compte: &r.compte_libelle,
    }
}

fn score(
    rule: &'static Rule,
    score: Option<Score>,
    target: Target<'_>,
    elapsed: f64,
    rules: &Mix,
) -> ScoreMixite {
    let gap = score.map(|s| s.gap(rule.sens, target.share));
    ScoreMixite {
        regle: &rule.id,
        secret: score.is_none(),
        numerateur: score.map(|s| s.numerator),
        denominateur: score.map(|s| s.denominator),
        inconnus: score.map(|s| s.unknown),
        part: score.and_then(|s| s.share()).map(percent),
        part_connus: score.and_then(|s| s.share_of_known()).map(percent),
        ecart: gap,
        respectee: score.filter(|s| s.denominator > 0).and(gap).map(|g| g == 0),
        cible: percent(target.share),
        objectif: target.rate.map(|r| ObjectifCia::new(rule, r)),
        projection: score.and_then(|s| s.projected(elapsed, rules.options.projection_quantile)).map(|p| {
            Projection {
                baux: p.leases as u32,
                part: percent(p.share),
                bas: percent(p.low),
                haut: percent(p.high),
            }
        }),
    }
}

fn dalo(watch: &Watch, secrecy: &Secrecy) -> Dalo {
    let placements = |places: &crate::policy::dalo::Places| {
        let mut score = Some(places.score());
        mix::protect(&mut score, &mut [], secrecy);
        let rings = || places.rings.iter().copied().chain([places.beyond]);
        let few = rings().any(|n| (1..secrecy.c_numerateur).contains(&n));
        Placements {
            secret: score.is_none(),
            total: score.map(|s| s.denominator + places.unknown),
            en_qpv: score.map(|s| s.numerator),
            part_qpv: score.and_then(|s| s.share()).map(percent),
            bandes: score.filter(|_| !few).map(|_| {
                let limits = bands::limits().iter().map(|l| Some(*l)).chain([None]);
                limits.zip(rings()).map(|(jusqu_a, baux)| Bande { jusqu_a, baux }).collect()
            }),
        }
    };
    let (ensemble, dalo, precaires) =
        (placements(&watch.all), placements(&watch.dalo), placements(&watch.precarious));
    let ratio = dalo.part_qpv.zip(ensemble.part_qpv.filter(|p| *p > 0.0)).map(|(d, e)| d / e);
    let few = (1..secrecy.c_numerateur).contains(&watch.to_justify);
    Dalo {
        a_justifier: (!precaires.secret && !few).then_some(watch.to_justify),
        surexposition: ratio.map(|r| (r * 100.0).round() / 100.0),
        ensemble,
        dalo,
        precaires,
    }
}

/// Day of the year, 1 to 366, of `yyyymmdd`.
fn day_of_year(day: u32) -> i16 {
    days::civil(day).map_or(365, jiff::civil::Date::day_of_year)
}
