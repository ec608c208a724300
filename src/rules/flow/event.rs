//! What happens to a dwelling from the notice to the lease, and the order in which it may.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Ce qui arrive à un logement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GenreFlux {
    /// Congé reçu : le logement va se libérer.
    Preavis,
    /// Première mise en location : gérée en stock, hors du flux.
    PremiereLocation,
    Travaux,
    /// Proposé à un réservataire.
    Oriente,
    Accepte,
    /// Refusé par le réservataire.
    Refuse,
    /// Le délai pour désigner est passé.
    DelaiEchu,
    /// Candidats désignés.
    Candidats,
    /// Passage en commission d'attribution.
    Caleol,
    /// Un candidat a refusé.
    RefusCandidat,
    Bail,
    /// Rendu par le réservataire.
    Remis,
    /// Sortie du flux : mutation dans le parc du bailleur.
    MutationInterne,
    /// Sortie du flux : relogement (ANRU, ORCOD, habitat indigne, vente).
    Relogement,
    /// Sortie du parc : vente, démolition.
    Retrait,
}

impl GenreFlux {
    pub const ALL: [(Self, &'static str, &'static str); 15] = [
        (Self::Preavis, "preavis", "préavis"),
        (Self::PremiereLocation, "premiere_location", "première mise en location"),
        (Self::Travaux, "travaux", "travaux"),
        (Self::Oriente, "oriente", "orientation"),
        (Self::Accepte, "accepte", "acceptation par le réservataire"),
        (Self::Refuse, "refuse", "refus du réservataire"),
        (Self::DelaiEchu, "delai_echu", "délai échu"),
        (Self::Candidats, "candidats", "désignation de candidats"),
        (Self::Caleol, "caleol", "passage en CALEOL"),
        (Self::RefusCandidat, "refus_candidat", "refus du candidat"),
        (Self::Bail, "bail", "bail"),
        (Self::Remis, "remis", "remise au bailleur"),
        (Self::MutationInterne, "mutation_interne", "mutation interne"),
        (Self::Relogement, "relogement", "relogement"),
        (Self::Retrait, "retrait", "retrait du parc"),
    ];

    /// Whether it ends the way of a dwelling.
    #[must_use]
    pub fn ends(self) -> bool {
        matches!(self, Self::Bail | Self::MutationInterne | Self::Relogement | Self::Retrait)
    }

    #[must_use]
    pub fn id(self) -> &'static str {
        Self::ALL.iter().find(|(g, ..)| *g == self).map_or("", |(_, id, _)| id)
    }

    #[must_use]
    pub fn title(self) -> &'static str {
        Self::ALL.iter().find(|(g, ..)| *g == self).map_or("", |(.., title)| title)
    }

    #[must_use]
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, i, _)| *i == id).map(|(g, ..)| *g)
    }
}

/// Ce qu'est le logement ; donné quand il se libère, ou à sa première mise en location.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LogementFlux {
    /// Code Insee.
    pub commune: String,
    /// T1 à T5+.
    pub typologie: String,
    pub financement: String,
    /// Code du QPV ; vide : hors QPV.
    pub qpv: String,
    /// Période de construction.
    pub periode: String,
    /// Étage ; nul : inconnu.
    pub etage: Option<i16>,
}

/// Un événement de gestion en flux.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EvenementFlux {
    /// Identifiant donné par le bailleur : envoyé deux fois, l'événement compte une fois.
    pub id: String,
    /// SIREN.
    pub bailleur: String,
    /// Numéro national, ou numéro du bailleur.
    pub logement: String,
    /// AAAA-MM-JJ.
    pub jour: String,
    pub genre: GenreFlux,
    /// Réservataire désignataire (orientation).
    #[serde(default)]
    pub reservataire: String,
    /// Contingent d'origine du logement ; vide : celui du réservataire désignataire.
    #[serde(default)]
    pub contingent: String,
    /// Motif d'un refus, d'un relogement.
    #[serde(default)]
    pub motif: String,
    /// Candidats désignés.
    #[serde(default)]
    pub candidats: u8,
    /// Ménage DALO (bail).
    #[serde(default)]
    pub dalo: bool,
    /// Ménage du premier quartile (bail) ; nul : inconnu.
    #[serde(default)]
    pub q1: Option<bool>,
    /// NON, INTERNE, EXTERNE ou OUI, sans autre précision (bail).
    #[serde(default)]
    pub mutation: String,
    #[serde(default)]
    pub caracteristiques: Option<LogementFlux>,
    /// Proposé à Action Logement en gestion partenariale (orientation).
    #[serde(default)]
    pub partenariat: bool,
    /// Proposé en dehors du flux de la convention (orientation).
    #[serde(default)]
    pub hors_flux: bool,
}

/// Where a dwelling is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Etape {
    /// Occupé, ou pas encore connu.
    Occupe,
    /// Se libère, pas encore proposé.
    ALibre,
    /// Proposé, en attente de réponse.
    Oriente,
    /// Accepté, en attente de candidats.
    Accepte,
    /// Candidats désignés.
    Presente,
    /// Décidé en commission.
    Decide,
    /// Sorti du parc.
    Retire,
}

impl Etape {
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Occupe => "occupé",
            Self::ALibre => "à orienter",
            Self::Oriente => "orienté",
            Self::Accepte => "accepté par le réservataire",
            Self::Presente => "candidats désignés",
            Self::Decide => "décidé en CALEOL",
            Self::Retire => "sorti du parc",
        }
    }

    /// What may happen next.
    pub fn next(self) -> impl Iterator<Item = GenreFlux> {
        GenreFlux::ALL.iter().map(|(g, ..)| *g).filter(move |g| self.after(*g).is_some())
    }

    /// Where an event leads, if it may happen here.
    #[must_use]
    pub fn after(self, event: GenreFlux) -> Option<Self> {
        use GenreFlux as G;
        Some(match (self, event) {
            (Self::Occupe, G::Preavis | G::PremiereLocation) | (Self::ALibre, G::Travaux) => Self::ALibre,
            (Self::ALibre, G::Oriente) => Self::Oriente,
            (Self::Oriente, G::Accepte) => Self::Accepte,
            (Self::Oriente, G::Refuse)
            | (Self::Oriente | Self::Accepte, G::DelaiEchu)
            | (Self::Accepte | Self::Presente | Self::Decide, G::Remis) => Self::ALibre,
            (Self::Accepte | Self::Presente, G::Candidats) => Self::Presente,
            (Self::Presente, G::Caleol) => Self::Decide,
            // The next candidate by rank, or new ones.
            (Self::Decide, G::RefusCandidat) => Self::Decide,
            (Self::Decide, G::Candidats) => Self::Presente,
            (Self::Decide, G::Bail)
            | (Self::ALibre | Self::Oriente | Self::Accepte, G::MutationInterne | G::Relogement) => {
                Self::Occupe
            }
            (Self::Occupe | Self::ALibre, G::Retrait) => Self::Retire,
            _ => return None,
        })
    }
}

/// An event that cannot follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disorder {
    pub event: GenreFlux,
    pub at: Etape,
    pub logement: String,
    pub jour: String,
    /// Day of what happened last, if this would happen before it.
    pub before: Option<String>,
}

impl std::error::Error for Disorder {}

impl std::fmt::Display for Disorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { event, at, logement, jour, before } = self;
        let (event, here, next) = (event.title(), at.title(), expected(*at));
        if let Some(last) = before {
            return write!(
                f,
                "« {event} » est impossible le {jour} : le logement {logement} a déjà un événement le {last}. Donnez un jour \
                 qui n'est pas avant, ou retirez d'abord ce qui suit."
            );
        }
        write!(
            f,
            "« {event} » est impossible le {jour} : le logement {logement} est « {here} ». Attendu : {next}."
        )
    }
}

fn expected(at: Etape) -> String {
    let list: Vec<&str> = at.next().map(GenreFlux::title).collect();
    if list.is_empty() { "rien, il est sorti du parc".to_owned() } else { list.join(", ") }
}
