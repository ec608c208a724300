//! What is answered to a candidate file: verdicts, effects, dwelling, household.

use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::leases::controle::asked::DemandeControle;
use crate::desk::leases::percent;
use crate::desk::leases::rates::ObjectifCia;
use crate::desk::mesure::Mesure;
use crate::desk::situation::Reponse;
use crate::policy::check::{Alone, Effect, Finding};
use crate::policy::counts::Niveau;
use crate::policy::dossier::Facts;
use crate::policy::mix::Score;
use crate::policy::why;
use crate::reference::controle::Verdict;
use crate::reference::mix::{Rule, Sense};

/// Le contrôle d'une attribution envisagée.
#[derive(Debug, Serialize, ToSchema)]
pub struct Controle {
    /// Versions des règles de mixité et des règles propres à une attribution.
    pub version: &'static str,
    pub version_controle: &'static str,
    /// Jour du bail envisagé ; les baux signés de la même année sont comptés avant lui.
    pub date: String,
    pub annee: u16,
    pub logement: LogementControle,
    pub menage: MenageControle,
    /// Le plus défavorable des verdicts.
    pub verdict: Verdict,
    pub regles: Vec<VerdictRegle>,
    /// Niveaux dont l'effet ne vous est pas ouvert.
    pub niveaux_fermes: Vec<NiveauFerme>,
    /// Occupation de la résidence, sous secret ; nulle si elle n'est pas connue ou ne vous est pas ouverte.
    pub residence: Option<Mesure>,
    pub residence_motif: Option<String>,
    /// Hors QPV.
    pub ailleurs: Ailleurs,
    /// Hors des résidences à enjeu, dans l'EPCI du logement, en QPV ou non : ce que demande l'article
    /// L.441-2-2 quand une candidature y est refusée.
    pub ailleurs_hors_enjeu: Ailleurs,
    pub avertissements: Vec<String>,
}

/// Le logement, tel qu'il a été trouvé. Ses caractéristiques sont nulles si elles ne vous sont pas ouvertes.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogementControle {
    pub commune: String,
    pub commune_nom: String,
    pub epci: Option<String>,
    pub epci_nom: Option<String>,
    pub bailleur: Option<String>,
    pub bailleur_nom: Option<String>,
    pub adresse: Option<String>,
    pub lon: Option<f64>,
    pub lat: Option<f64>,
    pub pieces: Option<u8>,
    pub surface: Option<u16>,
    pub financement: Option<String>,
    pub qpv: QpvControle,
}

/// Le logement et les QPV de la génération en vigueur ce jour-là.
#[derive(Debug, Serialize, ToSchema)]
pub struct QpvControle {
    pub generation: &'static str,
    pub reponse: Reponse,
    pub code: Option<String>,
    pub nom: Option<String>,
    /// Distance au bord le plus proche, en mètres de la projection légale ; nulle au-delà de 2 km.
    pub distance_bord_m: Option<f64>,
    pub phrase: String,
}

/// Le ménage, tel que les règles le regardent.
#[derive(Debug, Serialize, ToSchema)]
pub struct MenageControle {
    /// € par an et par unité de consommation.
    pub revenu_uc: Option<f64>,
    /// Seuil du premier quartile, € par an et par unité de consommation.
    pub seuil: Option<f64>,
    pub seuil_annee: Option<u16>,
    pub seuil_provisoire: bool,
    /// `Q1`, `Q2-Q4`, nul si on ne sait pas dire.
    pub quartile: Option<&'static str>,
    pub dalo: bool,
    pub prioritaire: bool,
    pub precaire: bool,
    pub pct_plafond: Option<f64>,
}

/// Ce que dit une règle.
#[derive(Debug, Serialize, ToSchema)]
pub struct VerdictRegle {
    pub regle: &'static str,
    pub libelle: &'static str,
    pub article: &'static str,
    pub version: &'static str,
    /// Une part de toutes les attributions de l'année, ou une règle sur celle-ci seule.
    pub nature: Nature,
    pub verdict: Verdict,
    /// Une phrase, avec les chiffres utilisés.
    pub pourquoi: String,
    pub effets: Vec<Effet>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Nature {
    Objectif,
    Attribution,
}

/// L'effet sur un objectif, à un niveau.
#[derive(Debug, Serialize, ToSchema)]
pub struct Effet {
    pub niveau: Niveau,
    /// Trop peu de ménages : rien n'est donné.
    pub secret: bool,
    /// Part à atteindre, ou à ne pas dépasser, en %.
    pub cible: f64,
    /// Le taux de la convention d'attribution dont vient `cible` ; nul : celui de la loi.
    pub objectif: Option<ObjectifCia>,
    pub avant: Option<CompteObjectif>,
    pub apres: Option<CompteObjectif>,
}

/// Un objectif, avant ou après.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct CompteObjectif {
    pub numerateur: u32,
    pub denominateur: u32,
    /// Revenus inconnus : au dénominateur seulement.
    pub inconnus: u32,
    /// En % ; nulle sans bail.
    pub part: Option<f64>,
    /// Attributions qui manquent pour atteindre un minimum, ou qui dépassent un maximum.
    pub ecart: u32,
}

/// Un niveau qui n'est pas ouvert à qui demande.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NiveauFerme {
    pub niveau: Niveau,
    pub motif: &'static str,
}

/// Où loger le ménage : les logements qui lui conviennent, vacants au dernier RPLS ou dont le congé est
/// annoncé.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ailleurs {
    pub millesime: u16,
    /// Dans l'EPCI du logement, ou de la commune souhaitée.
    pub epci: Option<String>,
    pub epci_nom: Option<String>,
    pub total: usize,
    /// Dont vacants, et dont libres plus tard : leur locataire a donné congé.
    pub vacants: usize,
    pub libres_plus_tard: usize,
    /// Les mieux classés de ceux dont l'adresse vous est ouverte.
    pub logements: Vec<LogementAilleurs>,
    /// Tous, par commune.
    pub communes: Vec<CommuneAilleurs>,
    /// Les logements en QPV, ou qui pourraient y être, sont écartés.
    pub qpv_ecartes: bool,
    /// Les résidences à enjeu prioritaire de mixité sociale sont écartées ; faux tant qu'aucune liste
    /// n'existe.
    pub residences_a_enjeu_ecartees: bool,
    pub criteres: Vec<String>,
}

/// Un logement vacant ou bientôt libre.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogementAilleurs {
    pub rang: usize,
    /// Numéro RPLS, pour le bailleur à qui il est.
    pub ident_rep: Option<String>,
    pub bailleur_nom: String,
    pub commune: String,
    pub commune_nom: String,
    pub adresse: String,
    pub lon: f64,
    pub lat: f64,
    pub pieces: u8,
    pub surface: Option<u16>,
    pub financement: String,
    pub vacance_mois: Option<u16>,
    /// Jour où il sera libre, AAAA-MM-JJ, si son locataire a donné congé ; nul : il est vacant.
    pub libre_le: Option<String>,
    pub qpv: Reponse,
    pub distance_qpv_m: Option<f64>,
    pub residence_a_enjeu: bool,
    /// Pourquoi ce rang.
    pub motifs: Vec<String>,
}

/// Logements vacants qui conviennent, dans une commune.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommuneAilleurs {
    pub code: String,
    pub nom: String,
    pub logements: usize,
}

/// Une commission entière.
#[derive(Debug, Serialize, ToSchema)]
pub struct Commission {
    pub version: &'static str,
    pub version_controle: &'static str,
    pub lignes: usize,
    pub controlees: usize,
    pub conformes: usize,
    pub attention: usize,
    pub contraires: usize,
    pub indeterminables: usize,
    pub sans_objet: usize,
    pub erreurs: Vec<ErreurLigne>,
    pub dossiers: Vec<DossierControle>,
    /// L'effet de toutes les attributions contrôlées ensemble, par EPCI et règle : sur tous les baux s'ils
    /// vous sont ouverts, sinon sur les vôtres. Un logement n'y compte qu'une fois.
    pub ensemble: Vec<EffetEnsemble>,
    pub avertissements: Vec<String>,
}

/// Ce qui empêche de contrôler une ligne.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ErreurLigne {
    pub ligne: u64,
    pub dossier: String,
    /// Colonne du fichier.
    pub colonne: String,
    pub valeur: String,
    pub regle: String,
    pub message: String,
}

/// Une ligne contrôlée.
#[derive(Debug, Serialize, ToSchema)]
pub struct DossierControle {
    pub ligne: u64,
    pub dossier: String,
    pub commune: String,
    pub commune_nom: String,
    pub bailleur_nom: Option<String>,
    pub qpv: Reponse,
    pub quartile: Option<&'static str>,
    pub verdict: Verdict,
    pub regles: Vec<VerdictRegle>,
    /// La ligne, telle qu'elle a été lue : pour la contrôler seule.
    pub demande: DemandeControle,
}

/// L'effet d'une commission sur un objectif de l'EPCI.
#[derive(Debug, Serialize, ToSchema)]
pub struct EffetEnsemble {
    pub epci: String,
    pub epci_nom: String,
    pub annee: u16,
    pub regle: &'static str,
    pub libelle: &'static str,
    /// Dossiers que la règle regarde, et ceux qui y comptent.
    pub dossiers: u32,
    pub comptent: u32,
    pub effet: Effet,
}

impl CompteObjectif {
    #[must_use]
    pub fn new(score: Score, sense: Sense, target: f64) -> Self {
        Self {
            numerateur: score.numerator,
            denominateur: score.denominator,
            inconnus: score.unknown,
            part: score.share().map(percent),
            ecart: score.gap(sense, target),
        }
    }
}

impl Effet {
    #[must_use]
    pub fn new(rule: &Rule, e: &Effect<'_>) -> Self {
        let count = |s: Score| CompteObjectif::new(s, rule.sens, e.target.share);
        Self {
            niveau: e.niveau,
            secret: e.scores.is_none(),
            cible: percent(e.target.share),
            objectif: e.target.rate.map(|r| ObjectifCia::new(rule, r)),
            avant: e.scores.map(|(before, _)| count(before)),
            apres: e.scores.map(|(_, after)| count(after)),
        }
    }
}

impl VerdictRegle {
    /// Of a share. `zone`: name of the EPCI.
    #[must_use]
    pub fn of_share(version: &'static str, f: &Finding<'_>, facts: &Facts, zone: &str) -> Self {
        Self {
            regle: &f.rule.id,
            libelle: &f.rule.libelle,
            article: &f.rule.article,
            version,
            nature: Nature::Objectif,
            verdict: f.verdict,
            pourquoi: why::finding(f, facts, zone),
            effets: f.effects.iter().map(|e| Effet::new(f.rule, e)).collect(),
        }
    }

    /// Of a rule about one allocation alone.
    #[must_use]
    pub fn of_alone(version: &'static str, a: &Alone, facts: &Facts) -> Self {
        Self {
            regle: &a.rule.id,
            libelle: &a.rule.libelle,
            article: &a.rule.article,
            version,
            nature: Nature::Attribution,
            verdict: a.verdict,
            pourquoi: why::alone(a, facts),
            effets: Vec::new(),
        }
    }
}
