//! What a convention of gestion en flux says: one for each bailleur, réservataire and département.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Où en est une convention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = StatutConventionFlux)]
pub enum Statut {
    Projet,
    Signee,
    /// Dénoncée : elle s'applique encore deux mois (CCH R.441-5-2, IV).
    Denoncee,
    /// L'arrêté du préfet en tient lieu (R.441-5-2, IV).
    Arrete,
    /// Pas de convention : le flux du réservataire revient au préfet.
    ADefaut,
}

/// Ce qui compte comme une attribution pour les deux signataires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decompte {
    /// L'orientation acceptée par le réservataire.
    Orientation,
    /// Le passage en commission d'attribution.
    Caleol,
    /// Le bail signé.
    Bail,
}

/// Ce qui suit un délai de désignation échu.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Echeance {
    /// Le logement revient au bailleur.
    RetourBailleur,
    /// Le logement est orienté vers un autre réservataire.
    AutreReservataire,
}

/// Qui désigne les candidats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Gestion {
    Directe,
    Deleguee,
    Partagee,
}

/// Une convention de gestion en flux.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConventionFlux {
    /// SIREN.
    pub bailleur: String,
    /// Code du réservataire ; une commune ou un EPCI peut préciser le sien : `COMMUNE:73065`.
    pub reservataire: String,
    pub departement: String,
    /// L'acte qui la contient, et qui peut en contenir plusieurs.
    pub document: String,
    pub statut: Statut,
    /// AAAA-MM-JJ.
    pub signee: Option<String>,
    /// Première année de flux.
    pub du: u16,
    /// Dernière année de flux ; nulle : reconduite.
    pub au: Option<u16>,
    pub decompte: Decompte,
    /// Part du flux, en %.
    pub part: f64,
    /// Logements au moins, par an.
    #[serde(default)]
    pub minimum: u32,
    /// Logements au plus, par an.
    pub maximum: Option<u32>,
    /// Jours pour désigner, logement déjà loué.
    pub delai: u16,
    /// Jours pour désigner, première mise en location.
    pub delai_neuf: u16,
    pub echeance: Echeance,
    pub gestion: Gestion,
    /// Droits nés d'une garantie d'emprunt ou d'un apport : au plus 20 % pour l'ensemble des collectivités.
    #[serde(default)]
    pub garantie: bool,
}

impl ConventionFlux {
    /// What makes it the only one of its kind.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}-{}-{}", self.bailleur, self.departement, self.reservataire.replace(':', "_"))
    }

    /// Whether it gives a share in a year. A draft does not.
    #[must_use]
    pub fn holds(&self, year: u16) -> bool {
        self.statut != Statut::Projet && self.du <= year && self.au.is_none_or(|au| year <= au)
    }

    /// Who has its flow: the prefect where there is no convention.
    #[must_use]
    pub fn holder(&self) -> &str {
        if self.statut == Statut::ADefaut { "ETAT_PRIO" } else { &self.reservataire }
    }
}

/// Whether a réservataire is the State, for its public agents or for priority households.
#[must_use]
pub fn is_state(reservataire: &str) -> bool {
    matches!(reservataire, "ETAT_PRIO" | "ETAT_AGENT")
}
