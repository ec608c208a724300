//! Corrections of addresses: what is asked, whether it holds, what is kept.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::desk::problem::Problem;
use crate::state::{Lieu, NewCorrection, State, StatutCorrection};
use crate::stock::review::{Address, Dwelling, Motif, metres};

/// Une adresse à déplacer, ou à écarter de la liste.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NouvelleCorrection {
    /// Identifiant de l'adresse.
    pub id: String,
    /// Millésime qui est regardé, et premier où la correction s'applique ; par défaut le dernier.
    pub millesime: Option<u16>,
    /// Nouveau point ; absent : le point présent est juste, l'adresse quitte la liste.
    pub point: Option<Point>,
    /// Numéros nationaux des seuls logements visés ; vide : toute l'adresse.
    #[serde(default)]
    pub logements: Vec<String>,
    #[serde(default)]
    pub commentaire: String,
}

/// Le nouveau point d'une adresse.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NouveauPointAdresse)]
pub struct Point {
    /// Degrés WGS 84.
    pub lon: f64,
    pub lat: f64,
    /// Nom du candidat retenu ; vide si le point a été posé à la main.
    #[serde(default)]
    pub libelle: String,
    /// Identifiant de la Base adresse nationale du candidat.
    #[serde(default)]
    pub ban: String,
    pub score: Option<f64>,
    /// Faux : dans la voie, sans numéro (qualité 12).
    #[serde(default = "yes")]
    pub au_numero: bool,
}

fn yes() -> bool {
    true
}

/// Ce qui a été enregistré.
#[derive(Debug, Serialize, ToSchema)]
pub struct CorrectionFaite {
    /// De la correction, ou du lot si elle vise plusieurs logements un par un.
    pub id: String,
    pub logements: usize,
    /// Numéro de la modification, que `/api/travaux` dit faite quand les chiffres la montrent.
    pub demande: u64,
}

/// Les adresses à accepter ensemble.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DemandeLot {
    pub millesime: Option<u16>,
    /// Score à partir duquel le premier candidat est accepté, de 0,5 à 1.
    pub seuil: f64,
    /// Vrai : dire combien, ne rien faire.
    #[serde(default)]
    pub essai: bool,
}

/// Ce qu'un lot fait, ou ferait.
#[derive(Debug, Serialize, ToSchema)]
pub struct LotCorrections {
    /// Nom du lot, à donner pour l'annuler ; vide pour un essai ou sans adresse.
    pub lot: String,
    pub adresses: usize,
    pub logements: usize,
    /// Candidats sûrs qu'il faut voir un par un : hors de la commune déclarée.
    pub ecartees: usize,
    pub demande: u64,
}

/// The present place of some dwellings of an address.
pub fn before(address: &Address, among: impl Fn(&Dwelling) -> bool) -> Lieu {
    let point = address.point_of(among);
    Lieu {
        lon: point.map(|p| p.0),
        lat: point.map(|p| p.1),
        qualite: point.map_or(0, |p| p.2),
        libelle: address.libelle(),
        ..Lieu::default()
    }
}

/// A correction of a whole address.
pub fn kept(
    address: &Address,
    siren: &str,
    des: u16,
    apres: Lieu,
    methode: &'static str,
    logements: usize,
) -> NewCorrection {
    NewCorrection {
        siren: siren.to_owned(),
        adresse: address.adresse.clone(),
        ident_rep: String::new(),
        des,
        avant: before(address, |_| true),
        apres,
        methode,
        statut: StatutCorrection::Acceptee,
        commentaire: String::new(),
        logements: logements as u64,
        lot: String::new(),
    }
}

/// The same correction for each of some dwellings, by its national number, so that it holds wherever a later
/// file puts them; together they are a lot.
pub fn one_by_one(
    whole: &NewCorrection,
    address: &Address,
    chosen: &[&Dwelling],
) -> Result<Vec<NewCorrection>, Problem> {
    let lot = State::deposit_id()?;
    let one = |d: &&Dwelling| {
        let avant = before(address, |l| l.ident_rep == d.ident_rep);
        NewCorrection {
            adresse: String::new(),
            ident_rep: d.ident_rep.clone(),
            // A dwelling whose point is right keeps it.
            apres: if whole.statut == StatutCorrection::Ecartee {
                avant.clone()
            } else {
                whole.apres.clone()
            },
            avant,
            logements: 1,
            lot: lot.clone(),
            ..whole.clone()
        }
    };
    Ok(chosen.iter().map(one).collect())
}

/// Whether nothing is wrong with the point itself: what its bailleur declares of it is, and that is for a
/// person to look at.
pub fn stays(doubt: &Address, to: (f64, f64), near: f64) -> bool {
    let declared = doubt.motifs().into_keys().all(|m| {
        matches!(m, Motif::Qpv | Motif::Doublon | Motif::InconnueBan | Motif::ScoreBas | Motif::SansNumero)
    });
    declared && doubt.point().is_some_and(|(lon, lat, _)| metres((lon, lat), to) <= near)
}
