//! Residences by fragility: six figures of each, read by `policy::fragility`.

use rayon::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::Person;
use crate::cube::runs::Runs;
use crate::cube::{Filter, Layer};
use crate::desk::counter::{Counter, Desk};
use crate::desk::editions::{App, Loaded};
use crate::desk::leases::Choix;
use crate::desk::places::{self, Within};
use crate::desk::problem::Problem;
use crate::desk::query::{self, Asked};
use crate::disclosure::answer::Answer;
use crate::disclosure::figure::rounded;
use crate::policy::fragility::{self, Reading, Residence};
use crate::reference::access::Class;
use crate::reference::fragilite::{Alert, Fragility};
use crate::reference::indicators::Indicator;

/// Les résidences d'un EPCI et ce que leurs chiffres disent.
#[derive(Debug, Serialize, ToSchema)]
pub struct Fragilite {
    /// Version des règles.
    pub version: &'static str,
    pub article: &'static str,
    pub millesime: u16,
    pub vague: Option<u16>,
    pub epci: Choix,
    /// EPCI dont des résidences vous sont ouvertes.
    pub epcis: Vec<Choix>,
    pub methode: MethodeFragilite,
    pub composantes: Vec<Composante>,
    pub classes: Vec<ClasseFragilite>,
    /// Résidences qui vous sont ouvertes : les plus en alerte d'abord, les non classées à la fin.
    pub residences: Vec<ResidenceLue>,
    /// Résidences de l'EPCI qui ne vous sont pas ouvertes.
    pub non_ouvertes: usize,
}

/// Les réglages de la lecture.
#[derive(Debug, Serialize, ToSchema)]
pub struct MethodeFragilite {
    pub repondants_min: u64,
    /// En %.
    pub reponse_min: f64,
    /// Ce qui est une alerte, et les réglages des trois lectures : multiple, points, quantile de la borne
    /// basse.
    pub alertes: Alert,
    pub alerte_ratio: f64,
    pub alerte_points: f64,
    pub alerte_quantile: f64,
    pub z_max: f64,
    /// Sensibilité : tirages de poids, amplitude autour des poids (en %), « parmi les N premières », niveau
    /// de l'intervalle (en %).
    pub tirages: u32,
    pub amplitude: f64,
    pub tete: u32,
    pub niveau: f64,
}

/// Une composante et l'EPCI auquel elle se compare.
#[derive(Debug, Serialize, ToSchema)]
pub struct Composante {
    pub id: &'static str,
    pub libelle: &'static str,
    pub indicateur: &'static str,
    /// Vrai : écart des emménagés récents à tous les ménages, en points.
    pub ecart: bool,
    pub poids: f64,
    pub source: &'static str,
    /// Jour du choix, AAAAMMJJ.
    pub depuis: u32,
    /// Valeur de l'EPCI, et celle au-dessus de laquelle une résidence est en alerte (nulle en lecture
    /// `wilson` : elle dépend de la taille de la résidence).
    pub epci: Option<f64>,
    pub seuil: Option<f64>,
    /// Moyenne et écart-type des résidences classées qui vous sont ouvertes, pondérés par leurs logements.
    pub moyenne: Option<f64>,
    pub ecart_type: Option<f64>,
}

/// Une classe de fragilité.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClasseFragilite {
    pub id: &'static str,
    pub libelle: &'static str,
    /// Nombre d'alertes à partir duquel elle commence.
    pub alertes: usize,
}

/// Une résidence.
#[derive(Debug, Serialize, ToSchema)]
pub struct ResidenceLue {
    pub code: String,
    pub nom: String,
    pub commune: Option<String>,
    pub commune_nom: Option<String>,
    /// Bailleur qui y a le plus de logements.
    pub bailleur: Option<Choix>,
    pub logements: u64,
    /// Vrai si la moitié au moins de ses logements est en QPV (2024).
    pub en_qpv: bool,
    pub repondants: Option<u64>,
    pub taux_reponse: Option<f64>,
    /// Faux : trop peu de ménages ou de réponses pour être classée.
    pub classee: bool,
    pub motif: Option<String>,
    /// Une par composante, dans leur ordre ; nulle si secrète.
    pub valeurs: Vec<Option<f64>>,
    pub alertes: Vec<Option<bool>>,
    pub z: Vec<Option<f64>>,
    /// Nombre d'alertes, et composantes connues.
    pub nb_alertes: Option<usize>,
    pub nb_connues: usize,
    pub classe: Option<&'static str>,
    /// Moyenne pondérée des z, et des centiles.
    pub score: Option<f64>,
    pub centile: Option<f64>,
    /// Rang par score (1 = la plus fragile), et intervalle du rang quand les poids changent.
    pub rang: Option<u32>,
    pub rang_bas: Option<u32>,
    pub rang_haut: Option<u32>,
    /// Part des tirages où elle est parmi les premières, en %.
    pub part_tete: Option<f64>,
}

/// Figures of all households and of recent movers, for one zone.
struct Figures {
    all: Answer,
    recent: Answer,
}

impl Figures {
    fn values(&self, rules: &Fragility) -> Vec<Option<f64>> {
        let of = |answer: &Answer, id: &str| {
            answer.chiffres.iter().find(|f| f.indicateur == id).and_then(|f| f.valeur)
        };
        let value = |c: &crate::reference::fragilite::Component| {
            let all = of(&self.all, &c.indicateur)?;
            if c.ecart { of(&self.recent, &c.indicateur).map(|r| r - all) } else { Some(all) }
        };
        rules.components.iter().map(value).collect()
    }

    /// What each share is of; None for a difference.
    fn bases(&self, rules: &Fragility) -> Vec<Option<u64>> {
        let of =
            |id: &str| self.all.chiffres.iter().find(|f| f.indicateur == id).and_then(|f| f.denominateur);
        rules.components.iter().map(|c| if c.ecart { None } else { of(&c.indicateur) }).collect()
    }
}

/// Residences of a territory by fragility, those that the person may see.
pub fn answer(
    app: &App,
    person: &Person,
    asked: &Asked,
    epci: Option<&str>,
    alert: Alert,
) -> Result<Fragilite, Problem> {
    let rules = Fragility::embedded().map_err(|e| Problem::internal(&e))?;
    let mut ids: Vec<String> = rules.components.iter().map(|c| c.indicateur.clone()).collect();
    ids.sort_unstable();
    ids.dedup();
    let indicators: Vec<&'static Indicator> = query::indicators(app, Some(&ids))?;
    let of = |population: &str| {
        let asked = Asked { population: Some(population.to_owned()), ..asked.clone() };
        Desk::new(app, person, asked, indicators.clone())
    };
    let (all, recent) = (of("TOUS")?, of("RECENTS")?);
    let loaded = all.loaded();
    let (fine, fine_recent) = (all.counter(Class::Fine)?, recent.counter(Class::Fine)?);
    fine.households()?;

    let parents = places::layer(loaded, "epci", "epci")?;
    let residences = places::layer(loaded, "epci", "residence")?;
    let (zone, epcis) = chosen(loaded, &parents, &fine, epci)?;
    let territory = parents.addresses(zone);

    let wide = |desk: &Desk<'_>| desk.counter(Class::Large).and_then(|c| c.answer(Some("epci"), &territory));
    let whole = Figures { all: wide(&all)?, recent: wide(&recent)? }.values(rules);

    let mut zones = places::zones_with_addresses(&residences, Some(&Within { layer: parents, zone }));
    let before = zones.len();
    zones.retain(|z| {
        let at = residences.addresses(*z);
        fine.lists(&at, true) && fine.withheld(&at).is_none()
    });
    let closed = before - zones.len();
    let read = zones
        .par_iter()
        .map(|z| {
            let at = residences.addresses(*z);
            let scale = Some("residence");
            Ok(Figures { all: fine.answer(scale, &at)?, recent: fine_recent.answer(scale, &at)? })
        })
        .collect::<Result<Vec<_>, Problem>>()?;
    let inputs: Vec<Residence> = read
        .iter()
        .map(|f| Residence {
            values: f.values(rules),
            bases: f.bases(rules),
            dwellings: f.all.couverture.logements as f64,
            classed: refusal(rules, f).is_none(),
        })
        .collect();
    let (spreads, readings) = fragility::read(rules, alert, &inputs, &whole);

    let inside =
        loaded.mask(&Filter { classes: [("qpv2024".to_owned(), vec![1])].into(), ..Filter::default() });
    let mut out: Vec<ResidenceLue> = zones
        .iter()
        .zip(&read)
        .zip(inputs.iter().zip(&readings))
        .map(|((z, figures), (input, reading))| {
            let commune = places::parent(loaded, &residences, *z, "commune");
            let at = residences.addresses(*z);
            let (some, most) = (loaded.count(at.iter(), Some(&inside)), loaded.count(at.iter(), None));
            ResidenceLue {
                code: residences.codes.get(*z as usize).to_owned(),
                nom: residences.title(*z),
                commune_nom: commune.as_deref().and_then(|c| places::name_of(loaded, "commune", c)),
                commune,
                bailleur: owner(loaded, &at),
                logements: figures.all.couverture.logements,
                en_qpv: some > 0 && 2 * some >= most,
                repondants: figures.all.couverture.repondants,
                taux_reponse: figures.all.couverture.taux_reponse,
                classee: reading.is_some(),
                motif: refusal(rules, figures),
                nb_connues: input.values.iter().flatten().count(),
                valeurs: input.values.iter().map(|v| v.map(|v| rounded(v, 1))).collect(),
                ..reading.as_ref().map_or_else(ResidenceLue::unread, |r| ResidenceLue::of(rules, r))
            }
        })
        .collect();
    out.sort_by(|a, b| {
        let key = |r: &ResidenceLue| (r.classee, r.nb_alertes, r.score.unwrap_or(f64::MIN));
        key(b).partial_cmp(&key(a)).unwrap_or(std::cmp::Ordering::Equal).then_with(|| a.code.cmp(&b.code))
    });
    let s = &rules.sensibilite;
    Ok(Fragilite {
        version: &rules.version,
        article: &rules.article,
        millesime: loaded.meta().millesime,
        vague: loaded.meta().vague,
        epci: Choix { code: parents.codes.get(zone as usize).to_owned(), nom: parents.title(zone) },
        epcis,
        methode: MethodeFragilite {
            repondants_min: rules.repondants_min,
            reponse_min: 100.0 * rules.reponse_min,
            alertes: alert,
            alerte_ratio: rules.alerte_ratio,
            alerte_points: rules.alerte_points,
            alerte_quantile: rules.alerte_quantile,
            z_max: rules.z_max,
            tirages: s.tirages,
            amplitude: 100.0 * s.amplitude,
            tete: s.tete,
            niveau: 100.0 * s.niveau,
        },
        composantes: rules
            .components
            .iter()
            .map(|c| (c, share_of(c.poids, rules)))
            .zip(whole.iter().zip(&spreads))
            .map(|((c, poids), (whole, spread))| Composante {
                id: &c.id,
                libelle: &c.libelle,
                indicateur: &c.indicateur,
                ecart: c.ecart,
                poids,
                source: &c.source,
                depuis: c.depuis,
                epci: whole.map(|v| rounded(v, 1)),
                seuil: whole.and_then(|v| match alert {
                    Alert::Ratio => Some(rounded(rules.alerte_ratio * v.max(0.0), 2)),
                    Alert::Points => Some(rounded(v.max(0.0) + rules.alerte_points, 2)),
                    // Its own to each residence.
                    Alert::Wilson => None,
                }),
                moyenne: spread.map(|s| rounded(s.mean, 2)),
                ecart_type: spread.map(|s| rounded(s.deviation, 2)),
            })
            .collect(),
        classes: rules
            .grades
            .iter()
            .map(|g| ClasseFragilite { id: &g.id, libelle: &g.libelle, alertes: g.alertes })
            .collect(),
        residences: out,
        non_ouvertes: closed,
    })
}

/// The EPCI asked for, or the largest, of those where the person may see residences; and the list of these.
fn chosen(
    loaded: &Loaded,
    parents: &Layer<'_>,
    fine: &Counter<'_>,
    asked: Option<&str>,
) -> Result<(u32, Vec<Choix>), Problem> {
    let mut open: Vec<u32> = places::zones_with_addresses(parents, None);
    open.retain(|z| fine.touches(&parents.addresses(*z)));
    let code = |z: u32| parents.codes.get(z as usize);
    let zone = match asked {
        Some(asked) => open.iter().copied().find(|z| code(*z) == asked).ok_or_else(|| {
            if parents.zone(asked).is_some() {
                return Problem::forbidden("Aucune résidence de cet EPCI n'est ouverte à votre organisme.");
            }
            Problem::unknown("epci", asked, open.iter().map(|z| code(*z)))
        }),
        None => open
            .iter()
            .copied()
            .max_by_key(|z| (loaded.dwellings(parents, *z, None), std::cmp::Reverse(*z)))
            .ok_or_else(|| Problem::forbidden("Aucune résidence n'est ouverte à votre organisme.")),
    }?;
    let mut list: Vec<Choix> =
        open.iter().map(|z| Choix { code: code(*z).to_owned(), nom: parents.title(*z) }).collect();
    list.sort_by(|a, b| a.nom.cmp(&b.nom).then_with(|| a.code.cmp(&b.code)));
    Ok((zone, list))
}

/// Why a residence is not classed.
fn refusal(rules: &Fragility, figures: &Figures) -> Option<String> {
    let c = &figures.all.couverture;
    match (c.repondants, c.taux_reponse) {
        (Some(n), _) if n < rules.repondants_min => {
            Some(format!("moins de {} ménages répondants", rules.repondants_min))
        }
        (Some(_), Some(rate)) if rate < rules.reponse_min => {
            Some(format!("moins de {} % de réponses", 100.0 * rules.reponse_min))
        }
        (Some(_), Some(_)) => None,
        _ => Some("trop peu de ménages répondants (secret statistique)".to_owned()),
    }
}

/// Bailleur of most dwellings of the register at these addresses.
pub fn owner(loaded: &Loaded, at: &Runs) -> Option<Choix> {
    let (starts, of) = (loaded.cube().starts(), loaded.cube().bailleur_of());
    let mut counts: Vec<(u16, u64)> = Vec::new();
    for (s, e) in at.iter() {
        loaded.registered().each(
            starts[s as usize] as usize..starts[e as usize] as usize,
            |row| match counts.iter_mut().find(|(b, _)| *b == of[row]) {
                Some((_, n)) => *n += 1,
                None => counts.push((of[row], 1)),
            },
        );
    }
    let (most, _) = counts.into_iter().max_by_key(|(b, n)| (*n, std::cmp::Reverse(*b)))?;
    loaded.cube().bailleurs().get(usize::from(most)).map(|(code, nom)| Choix {
        code: (*code).to_owned(),
        nom: if nom.is_empty() { *code } else { *nom }.to_owned(),
    })
}

impl ResidenceLue {
    /// What a reading says of a residence; who it is comes from elsewhere.
    fn of(rules: &'static Fragility, r: &Reading) -> Self {
        Self {
            alertes: r.alerts.clone(),
            z: r.z.iter().map(|z| z.map(|z| rounded(z, 2))).collect(),
            nb_alertes: Some(r.count),
            classe: Some(&rules.grade(r.count).id),
            score: r.score.map(|s| rounded(s, 3)),
            centile: r.percentile.map(|p| rounded(p, 1)),
            rang: r.rank,
            rang_bas: r.stability.map(|s| s.low),
            rang_haut: r.stability.map(|s| s.high),
            part_tete: r.stability.map(|s| rounded(100.0 * s.among_first, 1)),
            ..Self::unread()
        }
    }

    fn unread() -> Self {
        Self {
            code: String::new(),
            nom: String::new(),
            commune: None,
            commune_nom: None,
            bailleur: None,
            logements: 0,
            en_qpv: false,
            repondants: None,
            taux_reponse: None,
            classee: false,
            motif: None,
            valeurs: Vec::new(),
            alertes: Vec::new(),
            z: Vec::new(),
            nb_alertes: None,
            nb_connues: 0,
            classe: None,
            score: None,
            centile: None,
            rang: None,
            rang_bas: None,
            rang_haut: None,
            part_tete: None,
        }
    }
}
/// A weight among all, which a local choice may have made add up to something else than 1: the score is their
/// mean, so this is what each counts for.
fn share_of(weight: f64, rules: &Fragility) -> f64 {
    let sum: f64 = rules.components.iter().map(|c| c.poids).sum();
    if (sum - 1.0).abs() < 1e-9 || sum <= 0.0 { weight } else { rounded(weight / sum, 4) }
}
