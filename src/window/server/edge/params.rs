//! The parameters that every question shares, as the interface documents them.

use utoipa::IntoParams;

/// Paramètres communs (documentation de l'interface).
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "its fields are the documentation; `Params` reads the values")]
pub struct SharedParams {
    /// Millésime du RPLS ; par défaut le dernier.
    pub millesime: Option<u16>,
    /// Vague OPS : choisit le millésime auquel elle est jointe.
    pub vague: Option<u16>,
    /// `janvier` (par défaut) : le RPLS tel que déposé ; `a_jour` : avec les événements du parc depuis, pour
    /// le dernier millésime. Les ménages restent ceux de l'enquête. `source` dit de quel jour est chaque
    /// chiffre.
    pub parc: Option<String>,
    /// `TOUS` (par défaut), `RECENTS` ou `ANCIENS`.
    pub population: Option<String>,
    /// Génération de QPV du filtre `qpv` : `2024` (par défaut) ou `2015`.
    pub generation: Option<String>,
    /// SIREN de bailleurs, séparés par des virgules.
    pub bailleur: Option<String>,
    /// Codes de financement, séparés par des virgules (`/api/catalogue` les liste).
    pub financement: Option<String>,
    /// Codes de typologie, séparés par des virgules.
    pub typologie: Option<String>,
    /// Codes de période de construction, séparés par des virgules.
    pub periode: Option<String>,
    /// Étiquettes énergie, séparées par des virgules ; `NC` : non connue.
    pub dpe: Option<String>,
    /// Codes de type de construction, séparés par des virgules.
    pub construction: Option<String>,
    /// `DANS` ou `HORS` d'un quartier prioritaire de la génération demandée.
    pub qpv: Option<String>,
    /// Distance à un quartier prioritaire : `DANS`, `B300` (moins de 300 m), `B500` (300 à 500 m), `AUDELA`.
    pub bande: Option<String>,
}
