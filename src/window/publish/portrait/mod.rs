//! The portrait of a territory, of a residence or of a drawn zone, as a paper: its words, tables and maps are
//! given as the desk said them, and only laid out here.

mod frame;
mod layout;
mod map;

pub use self::frame::{Frame, Rings};
pub use self::layout::write;
pub use self::map::{Area, Disc, Key, Map};

pub use super::pdf::Part;

/// Who a paper may be given to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edition {
    /// What the person who asks may see, residences too.
    Restreinte,
    /// What anyone may see: no residence, no household.
    Publique,
}

impl Edition {
    /// By the name that a request gives it.
    pub const ALL: [(&'static str, Self); 2] =
        [("restreinte", Self::Restreinte), ("publique", Self::Publique)];

    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(id, _)| *id == name).map(|(_, e)| *e)
    }

    #[must_use]
    pub fn id(self) -> &'static str {
        Self::ALL.iter().find(|(_, e)| *e == self).map_or("", |(id, _)| id)
    }

    /// On the paper.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Restreinte => "Diffusion restreinte",
            Self::Publique => "Édition publique",
        }
    }

    /// What one may do with it.
    #[must_use]
    pub fn rule(self) -> &'static str {
        match self {
            Self::Restreinte => "ne pas publier ; à l’usage de l’organisme qui l’a demandée",
            Self::Publique => "peut être remise à une assemblée ou publiée ; aucune résidence, aucun ménage",
        }
    }
}

/// Everything that a portrait says.
#[derive(Debug, Clone)]
pub struct Portrait {
    pub edition: Edition,
    /// Who asked for it; empty if that is nobody's business.
    pub organisme: String,
    /// « Portrait de territoire · Commune 73065 ».
    pub genre: String,
    pub nom: String,
    /// What it is in, the nearest first.
    pub dans: Vec<String>,
    pub source: String,
    /// `YYYY-MM-DD`.
    pub jour: String,
    pub demonstration: bool,
    /// Large numbers, each with what it counts.
    pub faits: Vec<(String, String)>,
    pub avertissements: Vec<String>,
    /// What stands out, in a sentence; empty if nothing does.
    pub saillant: String,
    pub cles: Part,
    pub cartes: Vec<Map>,
    /// Sections in pairs, or one over the whole width.
    pub parties: Vec<Vec<Part>>,
    /// What one must know to read it: words in bold, text.
    pub methode: Vec<(String, String)>,
    /// Foot of each page.
    pub secret: String,
}
