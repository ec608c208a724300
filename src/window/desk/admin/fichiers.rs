//! General files on their way in, as they are told.

use std::collections::BTreeMap;
use std::path::Path as FilePath;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::arrival::waiting::{self, Nature, Waiting};
use crate::desk::admin::imports::FichierImporte;
use crate::desk::lessor::depots::RegleDepot;
use crate::desk::problem::Problem;

/// Un fichier qui attend.
#[derive(Debug, Serialize, ToSchema)]
pub struct FichierEnAttente {
    pub id: String,
    pub fichier: String,
    pub octets: u64,
    /// Secondes depuis 1970.
    pub le: i64,
    pub par: String,
    pub etat: EtatFichier,
    /// Part lue pendant le contrôle, de 0 à 1.
    pub avancement: Option<f64>,
    /// Pour quoi il est pris.
    pub nature: Option<NatureFichier>,
    /// Comment sa nature a été vue, ou pourquoi il est refusé.
    pub pourquoi: String,
    /// Ce qu'il peut être, quand il faut le dire.
    pub choix: Vec<NatureFichier>,
    pub forcer: bool,
    /// Le magasin l'a déjà.
    pub deja: bool,
    /// Ce que l'import ferait perdre au-delà de l'ordinaire : à accepter.
    pub perte: Option<String>,
    pub lu: Option<LectureFichier>,
    pub remplacement: Option<RemplacementFichier>,
}

/// Où en est un fichier qui attend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EtatFichier {
    Controle,
    Pret,
    APreciser,
    Refuse,
}

/// Ce qu'est un fichier.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NatureFichier {
    /// `rpls`, `ops`, `zones`, `addresses`, `attributions`, `demandes` ou `thresholds`.
    pub registre: String,
    /// Millésime, vague, année ou génération.
    pub annee: Option<u16>,
    /// Des zones : `commune`, `epci`, `departement`, `iris`, `qpv` ou `appartenance`.
    pub couche: Option<String>,
    /// Des adresses : `73`, ou `73,74`.
    pub departements: Option<String>,
    /// Des demandes : le jour de l'extrait, `20241231` ; à défaut, la fin de l'année.
    #[serde(default)]
    pub jour: Option<u32>,
    /// « RPLS, millésime 2024 ».
    #[serde(default)]
    pub en_mots: String,
}

/// Ce qui a été lu.
#[derive(Debug, Serialize, ToSchema)]
pub struct LectureFichier {
    pub format: String,
    pub lignes_lues: u64,
    pub lignes_gardees: u64,
    pub lignes_avec_drapeau: u64,
    pub lignes_rejetees: u64,
    pub regles: Vec<RegleDepot>,
    pub remarques: Vec<String>,
    /// Réparations et autres comptes, par nom stable.
    pub comptes: BTreeMap<String, u64>,
}

/// Ce que l'import remplacerait.
#[derive(Debug, Serialize, ToSchema)]
pub struct RemplacementFichier {
    /// Comment le fichier rejoint ce qui est en place, en mots.
    pub regle: String,
    /// Ce que sont les lignes : « logements ».
    pub unite: String,
    pub fichiers: Vec<FichierImporte>,
    pub lignes_avant: u64,
    pub lignes_apres: u64,
    pub lignes_conservees: u64,
    pub lignes_remplacees: u64,
    /// Parmi elles, celles dont le fichier n'a rien.
    pub lignes_perdues: u64,
    /// Les plus touchées d'abord, dix au plus.
    pub communes: Vec<CommuneFichier>,
    pub communes_touchees: usize,
}

/// Une commune que l'import change.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommuneFichier {
    pub code: String,
    pub nom: String,
    pub avant: u64,
    pub apres: u64,
}

/// Communes that are shown.
pub const COMMUNES: usize = 10;

impl From<Nature> for NatureFichier {
    fn from(n: Nature) -> Self {
        let Nature { registre, annee, couche, departements, jour, en_mots } = n;
        Self { registre, annee, couche, departements, jour, en_mots }
    }
}

/// A file that waits, by its name in paths.
pub fn found(root: &FilePath, id: &str) -> Result<Waiting, Problem> {
    waiting::get(root, id)
        .ok_or_else(|| Problem::not_found("id", id, "Ce fichier n'attend plus : il a été importé ou écarté."))
}

/// Ce que la personne dit d'un fichier.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DireFichier {
    pub nature: NatureFichier,
    /// Importer malgré un doute sur l'année, la couche ou le nombre de lignes gardées.
    #[serde(default)]
    pub forcer: bool,
}

/// Ce que la personne accepte.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImporterFichier {
    /// La perte annoncée.
    #[serde(default)]
    pub accepter_perte: bool,
}
