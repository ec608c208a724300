//! What is said of a year of leases under the rules of social mix, rule by rule and line by line.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use utoipa::ToSchema;

use crate::days;
use crate::desk::leases::rates::ObjectifCia;
use crate::desk::leases::{Choix, percent, reservataires, target_percent};
use crate::policy::facts::{Allocations, Named};
use crate::policy::mix::{Line, Score, Standing};
use crate::policy::why;
use crate::reference::mix::{Nature, Niveau, Rule, Sense};
use crate::reference::seuils::Seuils;
use crate::reference::unites::Unites;

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
    pub fn new(score: &Score, sense: Sense, target: f64) -> Self {
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

pub const KEYS: [&str; 7] =
    ["bailleur", "commune", ARRONDISSEMENT, "epci", "reservataire", "mois", BAILLEUR_DEPARTEMENT];

/// How leases of Paris, Lyon and Marseille are looked at; targets are judged on the whole city.
pub const ARRONDISSEMENT: &str = "arrondissement";

/// Where the State's share is judged.
pub const BAILLEUR_DEPARTEMENT: &str = "bailleur_departement";

pub struct Asked {
    pub year: Option<u16>,
    pub by: Option<String>,
    pub epci: Option<String>,
    pub commune: Option<String>,
    pub bailleur: Option<String>,
}

/// The EPCI of each line, where all its leases are in one: rates of a CIA hold within one EPCI.
pub struct Only(BTreeMap<u64, BTreeSet<u32>>);

impl Only {
    pub fn new(leases: impl Iterator<Item = (u64, u32)>) -> Self {
        let mut of: BTreeMap<u64, BTreeSet<u32>> = BTreeMap::new();
        for (key, epci) in leases {
            of.entry(key).or_default().insert(epci);
        }
        Self(of)
    }

    pub fn of(&self, key: u64) -> Option<u32> {
        one(&self.all(Some(key)))
    }

    pub fn whole(&self) -> Option<u32> {
        one(&self.all(None))
    }

    /// EPCI of a line, or of all.
    pub fn all(&self, key: Option<u64>) -> BTreeSet<u32> {
        match key {
            Some(k) => self.0.get(&k).cloned().unwrap_or_default(),
            None => self.0.values().flatten().copied().collect(),
        }
    }
}

/// What a set has alone.
fn one(set: &BTreeSet<u32>) -> Option<u32> {
    set.first().copied().filter(|_| set.len() == 1)
}

pub const BASE: &str =
    "Attributions suivies d'un bail signé dans l'année ; les QPV sont ceux en vigueur le jour du bail.";

/// What is to be known of the figures, and what no text that was found establishes.
pub fn notes(whole: &Line, decided: bool, year: u16) -> Vec<String> {
    let mut out = Vec::new();
    if let Some(typed) = Seuils::embedded().ok().filter(|s| !s.all.is_empty()) {
        out.push(format!(
            "Seuils du premier quartile : {} saisi(s) ou corrigé(s) par l'administration du service, avant l'arrêté importé ; version {}.",
            typed.all.len(),
            typed.version
        ));
    }
    let units = Unites::embedded().ok();
    if whole.not_bound > 0 {
        out.push(format!(
            "{} baux d'EPCI non soumis aux 25 % et 50 % : l'arrêté des seuils de l'année (ou, avant qu'il ne soit chargé, de la précédente) ne les liste pas.",
            number_of(whole.not_bound)
        ));
    }
    if whole.not_established > 0 {
        let region = units.map_or_else(String::new, |u| {
            let (n, known) = (u.region(year).0, u.known_in_region(year));
            let of = n.map_or_else(|| "soumis sont établis".to_owned(), |n| format!("des {n} soumis sont établis"));
            format!(" (en Île-de-France, pour {year}, {known} {of} ; la liste des autres, des communautés de communes, n'a pas été trouvée : elle se règle, « EPT, Ville de Paris, et qui est soumis »)")
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
            "{} baux dans un département qui est en entier un quartier prioritaire : la règle des 25 % hors QPV n'y a pas d'objet. À Mayotte depuis le 13 août 2025 (loi du 11 août 2025 ; du 12 ou du 13, le jour exact n'est pas tranché).",
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
pub struct Decided {
    pub whole: Line,
    pub lines: BTreeMap<u64, Line>,
    /// Whether any day of decision is known.
    pub known: bool,
}

/// Code and name of a line.
pub fn name(all: &Allocations, by: &str, key: u64, year: u16) -> (String, String) {
    let unknown = || (String::new(), "Non renseigné".to_owned());
    let at = |list: &[Named], key: u64| usize::try_from(key).ok().and_then(|k| list.get(k)).cloned();
    let of = |list: &[Named]| at(list, key).map_or_else(unknown, |n| (n.code.clone(), n.title().to_owned()));
    match by {
        "commune" => of(&all.communes),
        ARRONDISSEMENT => match at(&all.arrondissements, key & 0xffff_ffff) {
            Some(n) => (n.code.clone(), n.title().to_owned()),
            None => at(&all.communes, key >> 32).map_or_else(unknown, |c| {
                (c.code.clone(), format!("{}, arrondissement non connu", c.title()))
            }),
        },
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
                .and_then(|m| days::MONTHS.get(usize::try_from(m).ok()?))
                .map_or_else(String::new, |m| (*m).to_owned()),
        ),
        _ => reservataires()
            .iter()
            .find(|v| u64::from(v.code) == key)
            .map_or_else(unknown, |v| (v.id.clone(), v.libelle.clone())),
    }
}

pub fn choices<'a>(list: impl Iterator<Item = &'a Named>) -> Vec<Choix> {
    let mut out: Vec<Choix> =
        list.map(|n| Choix { code: n.code.clone(), nom: n.title().to_owned() }).collect();
    out.sort_by(|a, b| a.nom.cmp(&b.nom).then_with(|| a.code.cmp(&b.code)));
    out
}

pub fn described(r: &'static Rule) -> Regle {
    Regle {
        id: &r.id,
        libelle: &r.libelle,
        article: &r.article,
        sens: r.sens,
        cible: target_percent(r.cible),
        base: &r.base,
        compte: &r.compte_libelle,
        nature: r.nature,
        niveau: r.niveau,
        soumis: r.soumis,
    }
}

/// Why a rule is not judged on a line, or what is to be known of its figure.
pub fn why_not(standing: Standing) -> Option<String> {
    Some(
        match standing {
            Standing::Applicable => return None,
            Standing::NonSoumis => {
                "Non soumis : le dernier arrêté des seuils connu ne liste pas cet EPCI (indice retenu pour dire qui est soumis)."
            }
            Standing::NonEtabli => {
                "On ne sait pas dire si ces EPCI sont soumis : aucun arrêté des seuils chargé ni aucune liste ne le dit."
            }
            Standing::SansObjet => "Tout le territoire est en quartier prioritaire : la règle n'y a pas d'objet.",
            Standing::AutreNiveau => {
                "Se juge par bailleur et sur tout le département : voir les lignes « bailleur et département », sans filtre de territoire."
            }
            Standing::VilleEntiere => {
                "Vue par arrondissement : l'unité du droit est la ville entière, où la règle se juge."
            }
            Standing::ClauseParDefaut => {
                "Clause par défaut, sauf stipulation contraire de la convention de réservation ; à défaut aussi, la part de l'État est uniforme dans chaque commune."
            }
            Standing::Constat => "Constat : aucun texte n'en fixe la part.",
        }
        .to_owned(),
    )
}

/// Day of the year, 1 to 366, of `yyyymmdd`.
pub fn day_of_year(day: u32) -> i16 {
    days::civil(day).map_or(365, jiff::civil::Date::day_of_year)
}
