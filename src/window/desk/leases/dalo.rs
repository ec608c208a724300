//! DALO households and QPV: placements, those to justify, who must answer and by when.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::{self, Person, Scope};
use crate::days;
use crate::desk::editions::App;
use crate::desk::leases::{Open, number, reservataires};
use crate::desk::problem::Problem;
use crate::flow::convention::is_state;
use crate::french::thousands;
use crate::policy::dalo::to_justify;
use crate::policy::facts::{Allocation, Allocations, Named};
use crate::policy::mix::{self, Score};
use crate::reference::dalo::Watchlist;
use crate::reference::mix::Mix;
use crate::reference::secrecy::Secrecy;
use crate::state;
use crate::state::State;
use crate::state::dalo::{Saying, Stand, Word};
use crate::territory::bands::{self, Band};

/// Les placements DALO depuis la circulaire.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlacementsDalo {
    /// Version des règles appliquées : d'origine, ou modifiée localement, avec sa date et son empreinte.
    pub version: String,
    pub texte: &'static str,
    /// Premier jour compté, AAAA-MM-JJ.
    pub depuis: String,
    /// Vrai si les placements vous sont montrés un à un ; sinon des comptes, sous secret statistique.
    pub detail: bool,
    pub motifs: Vec<MotifDalo>,
    /// Jours pour répondre, depuis l'entrée dans la liste ou la contestation ; aucun texte ne les fixe.
    pub delai_jours: u16,
    /// Vrai pour un service de l'État.
    pub etat: bool,
    pub bilan: BilanDalo,
    pub mois: Vec<CompteDalo>,
    pub communes: Vec<CompteDalo>,
    pub quartiers: Vec<QuartierDalo>,
    /// Vide si `detail` est faux.
    pub placements: Vec<Placement>,
}

/// Un motif de placement en QPV.
#[derive(Debug, Serialize, ToSchema)]
pub struct MotifDalo {
    pub id: &'static str,
    pub libelle: &'static str,
}

/// Où en sont les justifications ; nul : secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct BilanDalo {
    /// Placements en QPV de ménages DALO en situation précaire.
    pub concernes: Option<u32>,
    /// Placements qui ont été dans la liste et n'y sont plus ; nul : secret.
    pub sortis: Option<u32>,
    /// Justifiés, que l'État n'a pas encore acceptés.
    pub justifies: Option<u32>,
    pub acceptes: Option<u32>,
    pub contestes: Option<u32>,
    pub a_justifier: Option<u32>,
}

/// Baux DALO d'un mois ou d'une commune.
#[derive(Debug, Serialize, ToSchema)]
pub struct CompteDalo {
    pub code: String,
    pub nom: String,
    pub secret: bool,
    /// Baux de ménages DALO localisés, et ceux qui sont en QPV.
    pub baux: Option<u32>,
    pub en_qpv: Option<u32>,
}

/// Un quartier prioritaire.
#[derive(Debug, Serialize, ToSchema)]
pub struct QuartierDalo {
    pub code: String,
    pub nom: String,
    /// Génération de QPV en vigueur le jour de ces baux.
    pub generation: u16,
    /// Longitude et latitude d'un point du quartier.
    pub centre: Option<[f64; 2]>,
    pub secret: bool,
    /// Tous les baux signés dans le quartier depuis la circulaire, et ceux de ménages DALO.
    pub baux: Option<u32>,
    pub dalo: Option<u32>,
}

/// Un bail d'un ménage DALO, sans son nom.
#[derive(Debug, Serialize, ToSchema)]
pub struct Placement {
    /// Empreinte : la même à chaque lecture.
    pub id: String,
    /// Mois du bail, AAAA-MM, et son jour, AAAA-MM-JJ.
    pub mois: String,
    pub jour: String,
    /// Numéro national du logement, pour son bailleur seulement.
    pub logement: Option<String>,
    pub commune: String,
    pub commune_nom: String,
    /// QPV en vigueur le jour du bail.
    pub quartier: Option<String>,
    /// Hors QPV : distance au plus proche, en mètres au plus ; nul en QPV et au-delà.
    pub jusqu_a: Option<f64>,
    /// `qpv`, `bande`, `au_dela` ou `inconnu`.
    pub lieu: &'static str,
    pub bailleur: String,
    pub bailleur_nom: String,
    pub reservataire: String,
    pub precaire: bool,
    /// Vrai si le placement est à justifier : en QPV, ménage en situation précaire.
    pub concerne: bool,
    /// Il a été dans la liste et n'y est plus : pourquoi.
    pub sorti: Option<&'static str>,
    pub statut: Option<Stand>,
    /// Qui répond de ce placement : `etat` s'il est sur le contingent de l'État, `bailleur` sinon ; nul s'il
    /// n'est pas à justifier.
    pub repond: Option<&'static str>,
    /// Qui est attendu maintenant : `etat` ou `bailleur` pour répondre, `etat` pour accepter ou contester ;
    /// nul si personne ne l'est.
    pub attend: Option<&'static str>,
    /// Dernier jour pour répondre, AAAA-MM-JJ, si une réponse est attendue.
    pub echeance: Option<String>,
    /// Vrai si ce jour est passé.
    pub en_retard: bool,
    /// Vrai s'il est apparu depuis la dernière visite de votre organisme.
    pub nouveau: bool,
    /// Ce qui en a été dit, du plus ancien au plus récent.
    pub paroles: Vec<Word>,
}

/// Une justification.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JustificationDalo {
    pub motif: String,
    #[serde(default)]
    pub commentaire: String,
}

/// Une contestation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContestationDalo {
    pub commentaire: String,
}

/// Ce qui attend votre organisme.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertesDalo {
    /// Faux : la liste n'est pas ouverte à votre organisme.
    pub ouvert: bool,
    /// Placements entrés dans la liste depuis la dernière visite de votre organisme.
    pub nouveaux: usize,
    /// Placements qui attendent une réponse ou une décision de votre organisme, et ceux dont le délai est
    /// passé.
    pub attendus: usize,
    pub en_retard: usize,
}

/// Characters of a comment.
const COMMENT: usize = 2_000;

/// Whether a person reads placements one by one.
pub fn detail(person: &Person) -> bool {
    access::may(person, "dalo_lire").is_ok()
}

/// What was asked of the list.
#[derive(Default)]
pub struct Asked {
    pub epci: Option<String>,
    pub commune: Option<String>,
    pub bailleur: Option<String>,
}

/// A DALO lease that is open to the person.
pub struct Found {
    pub id: String,
    /// As it was named while the day of the lease was a part of its name.
    pub former: String,
    lease: Allocation,
    quartier: u32,
    /// Hash of the number of its dwelling.
    dwelling: u64,
    pub concerne: bool,
}

/// Leases open to a person since the circular: those of DALO households one by one, all of them by QPV.
pub struct Leases {
    pub all: Arc<Allocations>,
    pub dalo: Vec<Found>,
    /// QPV → (all leases, those of DALO households).
    pub quartiers: BTreeMap<u32, (u32, u32)>,
}

/// Whether the list of placements is open to a person, one by one.
#[must_use]
pub fn is_open(person: &Person) -> bool {
    detail(person) && !matches!(access::leases(person), Scope::Nowhere(_))
}

/// On which side of the talk a person is.
#[must_use]
pub fn side(person: &Person) -> &'static str {
    if access::may(person, "dalo_contester").is_ok() { STATE } else { LESSOR }
}

pub fn leases(app: &App, state: &State, person: &Person, asked: &Asked) -> Result<Leases, Problem> {
    let all = app.allocations().map_err(|e| Problem::internal(&e))?;
    let rules = Mix::embedded().map_err(|e| Problem::internal(&e))?;
    let open = Open::new(&all, person)?;
    let epci = number("epci", asked.epci.as_deref(), &all.epcis)?;
    let commune = number("commune", asked.commune.as_deref(), &all.communes)?;
    let bailleur = number("bailleur", asked.bailleur.as_deref(), &all.bailleurs)?;
    let (mut dalo, mut quartiers, mut met) = (Vec::new(), BTreeMap::new(), BTreeSet::new());
    for (a, mark) in all.list.iter().zip(&all.marks) {
        let kept = a.bail >= rules.dalo.circulaire
            && open.holds(a)
            && epci.is_none_or(|n| a.epci == n)
            && commune.is_none_or(|n| a.commune == n)
            && bailleur.is_none_or(|n| a.bailleur == n);
        if !kept {
            continue;
        }
        if mark.quartier != u32::MAX {
            let counts: &mut (u32, u32) = quartiers.entry(mark.quartier).or_default();
            counts.0 += 1;
            counts.1 += u32::from(a.dalo);
        }
        if a.dalo {
            let [demand, dwelling, address] = mark.name;
            let former = state.pseudonym(&[demand, a.bail.into(), dwelling, address]);
            // A household moves into a dwelling once: a day that is put right takes nothing away.
            let named = demand != 0 && (dwelling != 0 || address != 0);
            let once = named.then(|| state.pseudonym(&[demand, dwelling, address]));
            dalo.push(Found {
                id: once.filter(|id| met.insert(id.clone())).unwrap_or_else(|| former.clone()),
                former,
                lease: *a,
                quartier: mark.quartier,
                dwelling,
                concerne: to_justify(rules, a),
            });
        }
    }
    Ok(Leases { all, dalo, quartiers })
}

/// Gives what was said under former names of placements to those that they have now.
///
/// # Errors
/// The database fails.
pub async fn adopt(state: &State, found: &Leases) -> Result<(), Problem> {
    let renamed = found.dalo.iter().filter(|f| f.concerne && f.id != f.former);
    let pairs: Vec<(&str, &str)> = renamed.map(|f| (f.former.as_str(), f.id.as_str())).collect();
    Ok(state.rename_dalo(&pairs).await?)
}

pub fn watchlist() -> Result<&'static Watchlist, Problem> {
    Watchlist::embedded().map_err(|e| Problem::internal(&e))
}

pub fn comment(text: &str, needed: bool) -> Result<String, Problem> {
    let text = text.trim();
    if text.is_empty() && needed {
        return Err(Problem::missing("commentaire", "dites pourquoi en une phrase, sans nom de personne"));
    }
    if text.chars().count() > COMMENT {
        return Err(Problem::value(
            "commentaire",
            text,
            format!("Un commentaire a {} caractères au plus.", thousands(COMMENT as u64)),
        ));
    }
    Ok(text.to_owned())
}

/// DALO leases whose place is known, and those in QPV, by a key.
pub fn by(found: &Leases, key: impl Fn(&Allocation) -> u32) -> BTreeMap<u32, Score> {
    let mut out: BTreeMap<u32, Score> = BTreeMap::new();
    for a in found.dalo.iter().map(|f| &f.lease) {
        let score = out.entry(key(a)).or_default();
        score.denominator += u32::from(a.qpv.is_some());
        score.numerator += u32::from(a.qpv == Some(Band::Inside));
    }
    out
}

/// Scores under secrecy, unless the placements are shown one by one anyway.
fn shown(scores: Vec<Score>, detail: bool, secrecy: &Secrecy) -> Vec<Option<Score>> {
    let mut whole = Some(scores.iter().fold(Score::default(), |sum, s| Score {
        numerator: sum.numerator + s.numerator,
        denominator: sum.denominator + s.denominator,
        ..Score::default()
    }));
    let mut lines: Vec<Option<Score>> = scores.into_iter().map(Some).collect();
    if !detail {
        mix::protect(&mut whole, &mut lines.iter_mut().collect::<Vec<_>>(), secrecy);
    }
    lines
}

pub fn counted(
    table: BTreeMap<u32, Score>,
    detail: bool,
    secrecy: &Secrecy,
    name: impl Fn(u32) -> (String, String),
) -> Vec<CompteDalo> {
    let (keys, scores): (Vec<u32>, Vec<Score>) = table.into_iter().unzip();
    let lines = shown(scores, detail, secrecy);
    keys.into_iter()
        .zip(lines)
        .map(|(key, score)| {
            let (code, nom) = name(key);
            CompteDalo {
                code,
                nom,
                secret: score.is_none(),
                baux: score.map(|s| s.denominator),
                en_qpv: score.map(|s| s.numerator),
            }
        })
        .collect()
}

pub fn quartiers(found: &Leases, detail: bool, secrecy: &Secrecy) -> Vec<QuartierDalo> {
    let scores = found.quartiers.values().map(|(all, dalo)| Score {
        numerator: *dalo,
        denominator: *all,
        ..Score::default()
    });
    let lines = shown(scores.collect(), detail, secrecy);
    let mut out: Vec<QuartierDalo> = found
        .quartiers
        .keys()
        .zip(lines)
        .filter_map(|(number, score)| {
            let q = found.all.quartiers.get(*number as usize)?;
            Some(QuartierDalo {
                code: q.code.clone(),
                nom: if q.nom.is_empty() { q.code.clone() } else { q.nom.clone() },
                generation: q.generation,
                centre: q.centre,
                secret: score.is_none(),
                baux: score.map(|s| s.denominator),
                dalo: score.map(|s| s.numerator),
            })
        })
        .collect();
    out.sort_by(|a, b| b.dalo.cmp(&a.dalo).then_with(|| a.code.cmp(&b.code)));
    out
}

/// How many placements are to justify and where they stand; few are told only to who reads them one by one.
pub fn balance(
    found: &Leases,
    stand: &impl Fn(&str) -> Stand,
    gone: &BTreeSet<String>,
    detail: bool,
    secrecy: &Secrecy,
) -> BilanDalo {
    let mut counts = [0u32; 4];
    for f in found.dalo.iter().filter(|f| f.concerne) {
        counts[match stand(&f.id) {
            Stand::AJustifier => 0,
            Stand::Justifie => 1,
            Stand::Conteste => 2,
            Stand::Accepte => 3,
        }] += 1;
    }
    let all: u32 = counts.iter().sum();
    let few = |n: u32| (1..secrecy.c_numerateur).contains(&n);
    // Said as a part of all precarious placements, as on the page of social mix; what is said of so few is
    // another matter.
    let precarious = found.dalo.iter().filter(|f| f.lease.precarious && f.lease.qpv.is_some()).count();
    let enough = detail || (!few(all) && precarious >= secrecy.k as usize);
    let parts = detail || (enough && all >= secrecy.k && !counts.into_iter().any(few));
    let part = |i: usize| parts.then_some(counts[i]);
    BilanDalo {
        concernes: enough.then_some(all),
        sortis: detail.then(|| u32::try_from(gone.len()).unwrap_or(u32::MAX)),
        a_justifier: part(0),
        justifies: part(1),
        contestes: part(2),
        acceptes: part(3),
    }
}

/// Services of the State.
pub const STATE: &str = "etat";
pub const LESSOR: &str = "bailleur";

/// Who answers for a lease: a placement on the State's contingent is the prefect's own.
pub fn answers(a: &Allocation) -> &'static str {
    let code = reservataires().iter().find(|v| v.code == a.reservataire).map_or("", |v| v.id.as_str());
    if is_state(code) { STATE } else { LESSOR }
}

/// Who is awaited, and the last day to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    pub who: Option<&'static str>,
    pub until: Option<String>,
}

/// Whose turn it is. `seen`: seconds when the placement entered the list.
pub fn turn(answers: &'static str, words: &[Word], seen: i64, days: u16) -> Turn {
    let until = |since: i64| Some(state::day(since + i64::from(days) * DAY));
    match Stand::after(words) {
        Stand::AJustifier => Turn { who: Some(answers), until: until(seen) },
        Stand::Conteste => {
            let last = words.iter().rev().find(|w| w.statut == Saying::Conteste);
            Turn { who: Some(answers), until: until(last.map_or(seen, |w| w.quand)) }
        }
        // What the State says of its own placement waits for nobody.
        Stand::Justifie => Turn { who: (answers == LESSOR).then_some(STATE), until: None },
        Stand::Accepte => Turn { who: None, until: None },
    }
}

/// Seconds.
const DAY: i64 = 86_400;

/// What is known of placements beside the leases.
pub struct Known<'a> {
    pub said: &'a BTreeMap<String, Vec<Word>>,
    /// Placements that are not to justify any more, and were.
    pub gone: &'a BTreeSet<String>,
    /// When each placement to justify entered the list.
    pub seen: &'a BTreeMap<String, i64>,
    pub fresh: &'a [String],
    pub days: u16,
    /// Today, AAAA-MM-JJ.
    pub today: &'a str,
}

impl Found {
    /// Whose turn it is.
    pub fn turn(&self, known: &Known<'_>) -> Turn {
        let words = known.said.get(&self.id).map_or(&[][..], Vec::as_slice);
        let seen = known.seen.get(&self.id).copied().unwrap_or_else(state::now);
        turn(answers(&self.lease), words, seen, known.days)
    }

    pub fn answers(&self) -> &'static str {
        answers(&self.lease)
    }

    /// SIREN and name of its lessor.
    #[must_use]
    pub fn lessor(&self, all: &Allocations) -> (String, String) {
        named(&all.bailleurs, self.lease.bailleur)
    }

    /// Hash of the number of its dwelling.
    pub fn dwelling(&self) -> u64 {
        self.dwelling
    }
}

/// Code and name of a thing that leases name by its number.
fn named(list: &[Named], i: u32) -> (String, String) {
    list.get(i as usize).map_or_else(Default::default, |n| (n.code.clone(), n.title().to_owned()))
}

/// Why a placement that was to justify is so no more.
fn why_gone(a: &Allocation) -> &'static str {
    match a.qpv {
        Some(Band::Inside) if !a.precarious => {
            "le ménage n'est plus dit en situation précaire par les fichiers"
        }
        Some(Band::Inside) => "les fichiers ne le disent plus à justifier",
        None => "son adresse n'est plus située",
        Some(_) => "son adresse n'est plus placée en QPV : elle a été corrigée, ou les contours ont changé",
    }
}

pub fn placement(
    found: &Leases,
    f: &Found,
    stand: &impl Fn(&str) -> Stand,
    known: &Known<'_>,
    dwelling: impl Fn(u64) -> Option<String>,
) -> Placement {
    let a = &f.lease;
    let turn = f.concerne.then(|| f.turn(known));
    let (commune, commune_nom) = named(&found.all.communes, a.commune);
    let (bailleur, bailleur_nom) = f.lessor(&found.all);
    let (lieu, jusqu_a) = match a.qpv {
        None => ("inconnu", None),
        Some(Band::Inside) => ("qpv", None),
        Some(Band::Within(ring)) => ("bande", bands::limits().get(usize::from(ring)).copied()),
        Some(Band::Beyond) => ("au_dela", None),
    };
    Placement {
        mois: format!("{:04}-{:02}", a.year(), a.month()),
        jour: days::iso(a.bail),
        logement: dwelling(f.dwelling),
        commune,
        commune_nom,
        quartier: found
            .all
            .quartiers
            .get(f.quartier as usize)
            .map(|q| if q.nom.is_empty() { q.code.clone() } else { q.nom.clone() }),
        jusqu_a,
        lieu,
        bailleur,
        bailleur_nom,
        reservataire: reservataires()
            .iter()
            .find(|v| v.code == a.reservataire)
            .map_or_else(String::new, |v| v.libelle.clone()),
        precaire: a.precarious,
        concerne: f.concerne,
        sorti: known.gone.contains(&f.id).then(|| why_gone(a)),
        statut: (f.concerne || known.gone.contains(&f.id)).then(|| stand(&f.id)),
        repond: f.concerne.then(|| answers(a)),
        attend: turn.as_ref().and_then(|t| t.who),
        en_retard: turn.as_ref().and_then(|t| t.until.as_deref()).is_some_and(|until| until < known.today),
        echeance: turn.and_then(|t| t.until),
        nouveau: f.concerne && known.fresh.contains(&f.id),
        paroles: known.said.get(&f.id).cloned().unwrap_or_default(),
        id: f.id.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(statut: Saying, quand: i64) -> Word {
        let text = String::new;
        Word { quand, auteur: text(), organisme: text(), statut, motif: text(), commentaire: text() }
    }

    #[test]
    fn who_placed_answers_and_the_state_decides_of_what_others_say() {
        let day = |n: i64| 1_700_000_000 + n * DAY;
        let of = |who, words: &[Word]| {
            let t = turn(who, words, day(0), 30);
            (t.who, t.until)
        };
        let until = |n: i64| Some(state::day(day(n)));
        assert_eq!(of(LESSOR, &[]), (Some(LESSOR), until(30)));
        assert_eq!(of(STATE, &[]), (Some(STATE), until(30)));
        let reminded = [word(Saying::Relance, day(40))];
        assert_eq!(of(LESSOR, &reminded), (Some(LESSOR), until(30)), "a reminder gives no more time");
        let said = [word(Saying::Justifie, day(5))];
        assert_eq!(of(LESSOR, &said), (Some(STATE), None));
        assert_eq!(of(STATE, &said), (None, None));
        let contested = [word(Saying::Justifie, day(5)), word(Saying::Conteste, day(9))];
        assert_eq!(of(LESSOR, &contested), (Some(LESSOR), until(39)));
        let accepted = [word(Saying::Justifie, day(5)), word(Saying::Accepte, day(9))];
        assert_eq!(of(LESSOR, &accepted), (None, None));
    }
}
