//! `GET /api/mixite`: a year of leases under the rules of social mix, in all and line by line; DALO
//! households and QPV.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Extension, State as FromState};
use serde::Serialize;
use utoipa::ToSchema;

use crate::days;
use crate::desk::leases::{Choix, MONTHS, Open, number, percent, reservataires};
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::rates::{self, ObjectifCia};
use crate::desk::trace::Trace;
use crate::policy::dalo::Watch;
use crate::policy::facts::{Allocation, Allocations, Named};
use crate::policy::mix::{self, Line, Score, Standing};
use crate::policy::objectifs::{Rate, Scope as LineScope, Target, target};
use crate::policy::why;
use crate::reference::mix::{Mix, Nature, Niveau, Rule, Sense};
use crate::reference::secrecy::Secrecy;
use crate::reference::seuils::Seuils;
use crate::reference::unites::Unites;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;
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
    /// Un objectif, une clause par défaut (sauf stipulation contraire d'une convention) ou un constat.
    pub nature: Nature,
    /// Où elle se juge.
    pub niveau: Niveau,
    /// Elle ne lie que les EPCI tenus d'avoir un PLH, ou compétents en habitat avec un QPV, les EPT et Paris.
    pub soumis: bool,
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
    /// Ce qui peut être dit de la règle sur cette ligne ; `respectee` est nul si ce n'est pas `applicable`.
    pub etat: Standing,
    /// Pourquoi elle n'est pas jugée ici, ou ce qu'il faut savoir du chiffre.
    pub pourquoi: Option<String>,
    /// L'autre lecture, sans les mutations de genre inconnu (les internes sont hors du flux) ; nulle sans
    /// elles, ou secrète.
    pub sans_mutations_inconnues: Option<Lecture>,
    /// Sur les attributions décidées dans l'année, baux signés ou non ; nulle si les dates de commission
    /// manquent, si le texte ne parle que de baux signés, ou si la différence dirait trop.
    pub decidees: Option<Lecture>,
    /// Attributions qui manquent pour atteindre le plafond dont les préfets sont invités à se rapprocher.
    pub en_deca: Option<u32>,
}

/// La même règle sur une autre base.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Lecture {
    pub numerateur: u32,
    pub denominateur: u32,
    /// En %.
    pub part: Option<f64>,
    /// Attributions qui manquent pour atteindre un minimum, ou qui dépassent un maximum.
    pub ecart: u32,
}

impl Lecture {
    fn new(score: &Score, sense: Sense, target: f64) -> Self {
        Self {
            numerateur: score.numerator,
            denominateur: score.denominator,
            part: score.share().map(percent),
            ecart: score.gap(sense, target),
        }
    }
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
    /// Baux dont on sait s'ils sont en QPV : la base de `part_qpv`.
    pub situes: Option<u32>,
    pub en_qpv: Option<u32>,
    /// En %, des baux situés.
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
    /// Ce qui est compté, et ce qui n'est pas établi.
    pub base: &'static str,
    pub avertissements: Vec<String>,
    pub niveau_projection: f64,
}

const KEYS: [&str; 6] = ["bailleur", "commune", "epci", "reservataire", "mois", BAILLEUR_DEPARTEMENT];
/// Where the State's share is judged.
const BAILLEUR_DEPARTEMENT: &str = "bailleur_departement";

/// Objectifs de mixité : où en est une année de baux
///
/// Les 25 % hors QPV et les 50 % en QPV (là où l'EPCI y est soumis), les 25 % DALO et prioritaires par
/// réservataire, la part de l'État (30 % au plus, dont 5 % au plus pour ses agents, par bailleur et par
/// département) : pour l'ensemble et ligne par ligne. Les QPV sont ceux de la génération en vigueur le jour
/// du bail. Un score de moins de 11 baux, ou qui ne tient qu'à un ou deux ménages, est secret.
#[utoipa::path(
    get, path = "/api/mixite", tag = "mixite", operation_id = "mixite",
    params(
        ("annee" = Option<u16>, Query, description = "Année des baux ; la dernière par défaut"),
        ("par" = Option<String>, Query, description = "Lignes : `bailleur` (par défaut), `commune`, `epci`, \
            `reservataire`, `mois`, `bailleur_departement`"),
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

    let key = |a: &Allocation| -> u64 {
        match by {
            "commune" => a.commune.into(),
            "epci" => a.epci.into(),
            "reservataire" => a.reservataire.into(),
            "mois" => a.month().into(),
            BAILLEUR_DEPARTEMENT => u64::from(a.departement) << 32 | u64::from(a.bailleur),
            _ => a.bailleur.into(),
        }
    };
    // A bailleur in a département is judged on all its leases there: not on what a filter or rights leave.
    let mut everywhere: BTreeMap<u64, u32> = BTreeMap::new();
    if by == BAILLEUR_DEPARTEMENT {
        for a in all.list.iter().filter(|a| a.year() == year) {
            *everywhere.entry(key(a)).or_default() += 1;
        }
    }
    let mut table = mix::table(rules, leases(), key);
    let decided = Decided::new(rules, all.list.iter().filter(kept), year, key, secrecy);
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
    let line = |code: String, nom: String, l: &Line, scope: LineScope<'_>, key: Option<u64>| LigneMixite {
        code,
        nom,
        baux: l.leases,
        non_localises: l.unplaced,
        scores: rules
            .rules
            .iter()
            .zip(&l.scores)
            .enumerate()
            .map(|(i, (r, s))| {
                let whole = key.and_then(|k| everywhere.get(&k)) == Some(&l.leases);
                let level = if whole { Niveau::BailleurDepartement } else { Niveau::Tous };
                let standing = mix::standing(r, l, level);
                let other = s.and(decided.score(key, i));
                score(r, *s, target(r, rates, &scope), (elapsed, rules), standing, other, secrecy)
            })
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
                BAILLEUR_DEPARTEMENT => LineScope { epci: None, ..scope },
                _ => LineScope { epci, bailleur: Some(&id), ..scope },
            };
            line(code, nom, l, scope, Some(*k))
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
        ensemble: line(String::new(), "Ensemble".to_owned(), &table.whole, scope, None),
        lignes: lines,
        dalo: dalo(&watch, secrecy),
        seuil_provisoire: table.whole.provisional,
        sans_bail: all.list.iter().filter(|a| a.bail == 0).filter(kept).count() as u64,
        doublons: all.repeated,
        niveau_projection: percent(rules.options.projection_niveau),
        base: BASE,
        avertissements: notes(&table.whole, decided.known, year),
    })
}

/// The EPCI of each line, where all its leases are in one: rates of a CIA hold within one EPCI.
struct Only(BTreeMap<u64, Option<u32>>);

impl Only {
    fn new(leases: impl Iterator<Item = (u64, u32)>) -> Self {
        let mut of: BTreeMap<u64, Option<u32>> = BTreeMap::new();
        for (key, epci) in leases {
            of.entry(key).and_modify(|e| *e = e.filter(|e| *e == epci)).or_insert(Some(epci));
        }
        Self(of)
    }

    fn of(&self, key: u64) -> Option<u32> {
        self.0.get(&key).copied().flatten()
    }

    fn whole(&self) -> Option<u32> {
        let mut all = self.0.values();
        let first = (*all.next()?)?;
        all.all(|e| *e == Some(first)).then_some(first)
    }
}

const BASE: &str =
    "Attributions suivies d'un bail signé dans l'année ; les QPV sont ceux en vigueur le jour du bail.";

/// What is to be known of the figures, and what no text that was found establishes.
fn notes(whole: &Line, decided: bool, year: u16) -> Vec<String> {
    let mut out = Vec::new();
    if let Some(typed) = Seuils::embedded().ok().filter(|s| !s.all.is_empty()) {
        out.push(format!(
            "Seuils du premier quartile : {} saisi(s) ou corrigé(s) par l'administration du service, avant l'arrêté importé ; version {}.",
            typed.all.len(),
            typed.version
        ));
    }
    let region = Unites::embedded().ok().map(Unites::region);
    if whole.not_bound > 0 {
        out.push(format!(
            "{} baux d'EPCI non soumis aux 25 % et 50 % : l'arrêté des seuils de l'année (ou, avant qu'il ne soit chargé, de la précédente) ne les liste pas.",
            number_of(whole.not_bound)
        ));
    }
    if whole.not_established > 0 {
        let region = region.map_or_else(String::new, |(n, _)| {
            format!(" (en Île-de-France, la liste des {n} soumis n'a pas été trouvée pour les communautés de communes)")
        });
        out.push(format!(
            "{} baux dont on ne sait pas dire si l'EPCI est soumis aux 25 % et 50 % : aucun arrêté chargé ni aucune liste ne le dit{region}.",
            number_of(whole.not_established)
        ));
    }
    if whole.provisional > 0 {
        out.push(format!(
            "{} baux jugés au seuil de {}, provisoire.",
            number_of(whole.provisional),
            year - 1
        ));
    }
    if whole.whole_qpv > 0 {
        out.push(format!(
            "{} baux dans un département qui est en entier un quartier prioritaire : la règle des 25 % hors QPV n'y a pas d'objet.",
            number_of(whole.whole_qpv)
        ));
    }
    if !decided {
        out.push(
            "Les dates de commission manquent : seules les attributions suivies d'un bail sont comptées."
                .to_owned(),
        );
    }
    out
}

fn number_of(n: u32) -> String {
    why::number(n.into())
}

/// Allocations decided in a year, signed or not, where that tells no more of few households than what is
/// shown.
struct Decided {
    whole: Line,
    lines: BTreeMap<u64, Line>,
    /// Whether any day of decision is known.
    known: bool,
}

impl Decided {
    fn new<'a>(
        mix: &Mix,
        open: impl Iterator<Item = &'a Allocation> + Clone,
        year: u16,
        key: impl Fn(&Allocation) -> u64 + Copy,
        secrecy: &Secrecy,
    ) -> Self {
        let (signed_in, decided_in) =
            (|a: &Allocation| a.year() == year, |a: &Allocation| a.year_decided() == year);
        let mut all = mix::table(mix, open.clone().filter(|a| decided_in(a)), key);
        all.protect(secrecy);
        // Beside what was signed, what was decided tells of those who are in one and not in the other.
        let apart = [
            mix::table(mix, open.clone().filter(|a| decided_in(a) && !signed_in(a)), key),
            mix::table(mix, open.clone().filter(|a| signed_in(a) && !decided_in(a)), key),
        ];
        let tells = |score: Option<Score>| score.is_some_and(|s| !mix::is_safe(&s, secrecy));
        for i in 0..mix.rules.len() {
            if apart.iter().any(|part| tells(part.whole.scores[i])) {
                all.whole.scores[i] = None;
            }
            // One line that is hidden alone could be had from the whole: then none of them is shown.
            if apart.iter().flat_map(|part| part.lines.values()).any(|l| tells(l.scores[i])) {
                all.lines.values_mut().for_each(|l| l.scores[i] = None);
            }
        }
        let known = all.whole.leases > 0;
        Self { whole: all.whole, lines: all.lines, known }
    }

    fn score(&self, key: Option<u64>, rule: usize) -> Option<Score> {
        let line = match key {
            None => Some(&self.whole),
            Some(k) => self.lines.get(&k),
        };
        line.and_then(|l| l.scores[rule]).filter(|s| s.denominator > 0)
    }
}

/// Code and name of a line.
fn name(all: &Allocations, by: &str, key: u64, year: u16) -> (String, String) {
    let unknown = || (String::new(), "Non renseigné".to_owned());
    let at = |list: &[Named], key: u64| usize::try_from(key).ok().and_then(|k| list.get(k)).cloned();
    let of = |list: &[Named]| at(list, key).map_or_else(unknown, |n| (n.code.clone(), n.title().to_owned()));
    match by {
        "commune" => of(&all.communes),
        "epci" => of(&all.epcis),
        "bailleur" => of(&all.bailleurs),
        BAILLEUR_DEPARTEMENT => {
            let (bailleur, departement) =
                (at(&all.bailleurs, key & 0xffff_ffff), at(&all.departements, key >> 32));
            let code = |n: &Option<Named>| n.as_ref().map_or_else(String::new, |n| n.code.clone());
            let title = bailleur.as_ref().map_or("Non renseigné", Named::title);
            (
                format!("{}-{}", code(&bailleur), code(&departement)),
                format!(
                    "{title} ({})",
                    departement.as_ref().map_or("département non renseigné", Named::title)
                ),
            )
        }
        "mois" => (
            format!("{year}-{key:02}"),
            key.checked_sub(1)
                .and_then(|m| MONTHS.get(usize::try_from(m).ok()?))
                .map_or_else(String::new, |m| (*m).to_owned()),
        ),
        _ => reservataires()
            .iter()
            .find(|v| u64::from(v.code) == key)
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
        nature: r.nature,
        niveau: r.niveau,
        soumis: r.soumis,
    }
}

/// Why a rule is not judged on a line, or what is to be known of its figure.
fn why_not(standing: Standing) -> Option<String> {
    Some(
        match standing {
            Standing::Applicable => return None,
            Standing::NonSoumis => {
                "Non soumis : l'arrêté des seuils de l'année ne liste pas cet EPCI (indice retenu pour dire qui est soumis)."
            }
            Standing::NonEtabli => {
                "On ne sait pas dire si ces EPCI sont soumis : aucun arrêté des seuils chargé ni aucune liste ne le dit."
            }
            Standing::SansObjet => "Tout le territoire est en quartier prioritaire : la règle n'y a pas d'objet.",
            Standing::AutreNiveau => {
                "Se juge par bailleur et sur tout le département : voir les lignes « bailleur et département », sans filtre de territoire."
            }
            Standing::ClauseParDefaut => {
                "Clause par défaut, sauf stipulation contraire de la convention de réservation ; à défaut aussi, la part de l'État est uniforme dans chaque commune."
            }
            Standing::Constat => "Constat : aucun texte n'en fixe la part.",
        }
        .to_owned(),
    )
}

fn score(
    rule: &'static Rule,
    score: Option<Score>,
    target: Target<'_>,
    (elapsed, rules): (f64, &Mix),
    standing: Standing,
    decided: Option<Score>,
    secrecy: &Secrecy,
) -> ScoreMixite {
    // Who is not bound, and where there is no object, is shown no gauge.
    let score = score.filter(|_| !matches!(standing, Standing::NonSoumis | Standing::SansObjet));
    let none = matches!(standing, Standing::NonSoumis | Standing::SansObjet);
    let gap = score.map(|s| s.gap(rule.sens, target.share));
    let both = score.and_then(|s| {
        let without = s.without_doubtful()?;
        let apart = Score { numerator: s.doubtful_counting, denominator: s.doubtful, ..Score::default() };
        (mix::is_safe(&without, secrecy) && mix::is_safe(&apart, secrecy)).then_some(without)
    });
    let other = both.map(|s| s.gap(rule.sens, target.share) == 0);
    let met = score.filter(|s| s.denominator > 0).and(gap).map(|g| g == 0);
    let hidden = score.is_some_and(|s| s.doubtful > 0) && both.is_none();
    ScoreMixite {
        regle: &rule.id,
        secret: score.is_none() && !none,
        numerateur: score.map(|s| s.numerator),
        denominateur: score.map(|s| s.denominator),
        inconnus: score.map(|s| s.unknown),
        part: score.and_then(|s| s.share()).map(percent),
        part_connus: score.and_then(|s| s.share_of_known()).map(percent),
        ecart: gap,
        // Both readings of the mutations of unknown kind must agree.
        respectee: met
            .filter(|m| standing == Standing::Applicable && !hidden && other.is_none_or(|o| o == *m)),
        cible: percent(target.share),
        objectif: target.rate.map(|r| ObjectifCia::new(rule, r)),
        projection: score
            .filter(|_| standing == Standing::Applicable)
            .and_then(|s| s.projected(elapsed, rules.options.projection_quantile))
            .map(|p| Projection {
                baux: p.leases as u32,
                part: percent(p.share),
                bas: percent(p.low),
                haut: percent(p.high),
            }),
        etat: standing,
        pourquoi: why_not(standing),
        sans_mutations_inconnues: both.map(|s| Lecture::new(&s, rule.sens, target.share)),
        decidees: decided
            .filter(|_| rule.decidees && !none)
            .map(|s| Lecture::new(&s, rule.sens, target.share)),
        en_deca: score
            .filter(|_| rule.tendre && standing == Standing::Applicable)
            .map(|s| s.gap(Sense::Minimum, target.share)),
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
            situes: score.map(|s| s.denominator),
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
