//! A year of leases counted under the rules of social mix, in all and line by line.

use std::collections::{BTreeMap, BTreeSet};

use crate::days;
use crate::desk::leases::mixite::{
    ARRONDISSEMENT, Asked, BAILLEUR_DEPARTEMENT, BASE, Bande, Dalo, Decided, KEYS, Lecture, LigneMixite,
    Mixite, Only, Placements, Projection, ScoreMixite, choices, day_of_year, described, name, notes, why_not,
};
use crate::desk::leases::rates::ObjectifCia;
use crate::desk::leases::{Open, number, percent, target_percent};
use crate::desk::problem::Problem;
use crate::policy::dalo::Watch;
use crate::policy::facts::{Allocation, Allocations, Named};
use crate::policy::mix::{self, Line, Score, Standing, Table};
use crate::policy::objectifs::{Rate, Scope as LineScope, Target, others, target};
use crate::reference::mix::{Mix, Niveau, Rule};
use crate::reference::secrecy::Secrecy;
use crate::stock::arrondissements::of_a_city;
use crate::territory::bands;

/// Said of a total over several EPCI some of which have a rate of their own.
const OTHER_RATES: &str = "Comparé au seul taux de la loi : une convention intercommunale d'attribution en fixe un \
                           autre sur une partie de ce total. Voir les lignes par EPCI.";

const TWO_READINGS: &str = "Les mutations de genre inconnu décident : internes au parc du bailleur elles sont hors du flux, sinon elles y sont, et la règle \
                            est tenue d'un côté, pas de l'autre.";

pub fn answer(
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
            ARRONDISSEMENT => u64::from(a.commune) << 32 | u64::from(a.arrondissement),
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
    if by == ARRONDISSEMENT {
        table = districts(table, mix::table(rules, leases(), |a| a.commune), all, secrecy);
    } else {
        table.protect(secrecy);
    }
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
    let only = Only::new(leases().map(|a| (key(a), a.epci)));
    let epcis_of = |key: Option<u64>| -> BTreeSet<&str> {
        only.all(key).into_iter().filter_map(|n| Some(all.epcis.get(n as usize)?.code.as_str())).collect()
    };
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
                let of_a_part = key.is_some() && by == ARRONDISSEMENT;
                let standing = match mix::standing(r, l, level) {
                    Standing::Applicable | Standing::AutreNiveau if of_a_part => Standing::VilleEntiere,
                    standing => standing,
                };
                // Of a part of a city the other basis is not protected: it is not given.
                let other = s.and(decided.score(key, i)).filter(|_| !of_a_part);
                let told = score(r, *s, target(r, rates, &scope), (elapsed, rules), standing, other, secrecy);
                // Leases of several EPCI: no one rate is theirs if some have their own.
                if scope.epci.is_none()
                    && level == Niveau::Tous
                    && told.pourquoi.is_none()
                    && told.objectif.is_none()
                    && others(r, rates, year, &epcis_of(key))
                {
                    return ScoreMixite { respectee: None, pourquoi: Some(OTHER_RATES.to_owned()), ..told };
                }
                told
            })
            .collect(),
    };
    let code =
        |list: &'_ [Named], n: Option<u32>| n.and_then(|n| list.get(n as usize)).map(|n| n.code.clone());
    let of_city = |key: u64| Some(all.communes.get(usize::try_from(key >> 32).ok()?)?.code.as_str());
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
                ARRONDISSEMENT => LineScope { epci, commune: of_city(*k), ..scope },
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

/// The arrondissements of each city, and the whole as it is by commune. A line says no more than its city
/// does: cities are protected among communes, then the arrondissements of one as its parts.
fn districts(
    table: Table<u64>,
    mut communes: Table<u32>,
    all: &Allocations,
    secrecy: &Secrecy,
) -> Table<u64> {
    communes.protect(secrecy);
    let mut lines = BTreeMap::new();
    let is_city = |n: u32| all.communes.get(n as usize).is_some_and(|c| of_a_city(&c.code));
    for (commune, whole) in communes.lines.into_iter().filter(|(n, _)| is_city(*n)) {
        let first = u64::from(commune) << 32;
        let parts = table.lines.range(first..=first | u64::from(u32::MAX));
        let mut city = Table { whole, lines: parts.map(|(k, l)| (*k, l.clone())).collect() };
        city.protect(secrecy);
        for rule in (0..city.whole.scores.len()).filter(|i| city.whole.scores[*i].is_none()) {
            city.lines.values_mut().for_each(|l| l.scores[rule] = None);
        }
        lines.extend(city.lines);
    }
    Table { whole: communes.whole, lines }
}

impl Decided {
    pub fn new<'a>(
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

pub fn score(
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
    let without = score.and_then(|s| s.without_doubtful());
    // Shown only where it tells nothing of few households; whether it agrees is said in any case.
    let both = score.zip(without).and_then(|(s, without)| {
        let apart = Score { numerator: s.doubtful_counting, denominator: s.doubtful, ..Score::default() };
        (mix::is_safe(&without, secrecy) && mix::is_safe(&apart, secrecy)).then_some(without)
    });
    let other = without.map(|s| s.gap(rule.sens, target.share) == 0);
    let met = score.filter(|s| s.denominator > 0).and(gap).map(|g| g == 0);
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
        respectee: met.filter(|m| standing == Standing::Applicable && other.is_none_or(|o| o == *m)),
        cible: target_percent(target.share),
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
        pourquoi: why_not(standing).or_else(|| {
            let apart = met.zip(other).is_some_and(|(met, other)| met != other);
            apart.then(|| TWO_READINGS.to_owned())
        }),
        sans_mutations_inconnues: both.map(|s| Lecture::new(&s, rule.sens, target.share)),
        decidees: decided
            .filter(|_| rule.decidees && !none)
            .map(|s| Lecture::new(&s, rule.sens, target.share)),
        en_deca: score
            .filter(|_| rule.tendre && standing == Standing::Applicable)
            .map(|s| s.below(target.share)),
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
