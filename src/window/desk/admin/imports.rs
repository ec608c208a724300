//! Data sets that were imported, and what can be put back, as they are told.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::admission::plan::files_of;
use crate::store::{Dataset, Piece};

/// Ce qui est importé, et ce qui peut être remis.
#[derive(Debug, Serialize, ToSchema)]
pub struct Imports {
    pub imports: Vec<JeuImporte>,
    /// Le plus récent d'abord.
    pub a_remettre: Vec<ARemettre>,
    /// Jours pendant lesquels ce qui est remplacé ou retiré peut être remis.
    pub jours: i64,
}

/// Un jeu de données en place.
#[derive(Debug, Serialize, ToSchema)]
pub struct JeuImporte {
    pub registre: String,
    pub cle: String,
    /// Nom du bailleur dont c'est le dépôt ; nul pour ce qui est de tous.
    pub bailleur: Option<String>,
    /// Se retire ici ; un dépôt se retire là où il a été fait.
    pub retirable: bool,
    /// Faux tant que les chiffres ne le montrent pas.
    pub construit: bool,
    pub lignes_rejetees: u64,
    pub lignes_avec_drapeau: u64,
    pub fichiers: Vec<FichierImporte>,
}

/// Un fichier dont il reste des lignes.
#[derive(Debug, Serialize, ToSchema)]
pub struct FichierImporte {
    pub fichier: String,
    /// Empreinte BLAKE3 du fichier.
    pub empreinte: String,
    /// Secondes depuis 1970 ; 0 si on ne le sait pas.
    pub le: i64,
    pub par: String,
    pub lignes: u64,
}

/// Ce qu'un import ou un retrait a remplacé.
#[derive(Debug, Serialize, ToSchema)]
pub struct ARemettre {
    pub registre: String,
    pub cle: String,
    /// Quand il a été remplacé ou retiré, en secondes depuis 1970, et par qui.
    pub le: i64,
    pub par: String,
    pub fichiers: Vec<FichierImporte>,
}

/// Le jeu de données dont il s'agit.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChoixImport {
    pub registre: String,
    pub cle: String,
}

impl From<Piece> for FichierImporte {
    fn from(p: Piece) -> Self {
        Self { fichier: p.fichier, empreinte: p.empreinte, le: p.le, par: p.par, lignes: p.lignes }
    }
}

/// The files that a data set still has rows of.
pub fn files(d: &Dataset) -> Vec<FichierImporte> {
    files_of(d).into_iter().map(FichierImporte::from).collect()
}
