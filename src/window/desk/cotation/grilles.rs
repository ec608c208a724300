//! Grids of cotation: what is told of them and what may be done.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::{self, Person};
use crate::desk::cotation::pression::{TerritoireCote, all};
use crate::desk::cotation::window;
use crate::desk::editions::App;
use crate::desk::problem::Problem;
use crate::reference::scoring::Champ;
use crate::scoring::grid::{Constat, Genre, Grille};
use crate::state::{self, KeptGrid, State};

/// Un critère du catalogue.
#[derive(Debug, Serialize, ToSchema)]
pub struct CritereCatalogue {
    pub code: &'static str,
    pub libelle: &'static str,
    pub famille: &'static str,
    /// Article du CCH qu'il met en œuvre.
    pub article: Option<&'static str>,
    /// Il met en œuvre une priorité de l'article L.441-1.
    pub obligatoire: bool,
    /// Compté, jamais listé.
    pub sensible: bool,
    /// Pièce qui le prouve.
    pub preuve: Option<&'static str>,
    /// Aucune donnée du SNE ne le dit : il est coché à la main.
    pub saisi: bool,
    /// Ce que ses tranches coupent (`effort`, `anciennete`…) ; nul : rempli ou non.
    #[schema(value_type = Option<String>)]
    pub mesure: Option<Champ>,
}

/// Une grille et son état.
#[derive(Debug, Serialize, ToSchema)]
pub struct GrilleListe {
    pub id: String,
    /// Nulle pour un brouillon.
    pub version: Option<i64>,
    /// Premier jour où elle est visible de tous ; nul pour un brouillon.
    pub visible: Option<String>,
    /// Jour de l'adoption ; nul pour un brouillon.
    pub adoptee: Option<String>,
    /// C'est elle qui note les demandes aujourd'hui.
    pub en_vigueur: bool,
    /// Vous pouvez la modifier ou l'adopter.
    pub modifiable: bool,
    pub grille: Grille,
    /// Ce qui empêche de l'adopter, ou mérite d'être su avant.
    pub constats: Vec<Constat>,
}

/// Les grilles et le catalogue.
#[derive(Debug, Serialize, ToSchema)]
pub struct Grilles {
    /// EPCI dont vous pouvez écrire les grilles ; nul : aucun.
    pub modifiable: Option<String>,
    /// Territoires dont les demandes vous sont ouvertes.
    pub territoires: Vec<TerritoireCote>,
    /// Version du catalogue.
    pub version: &'static str,
    pub criteres: Vec<CritereCatalogue>,
    pub grilles: Vec<GrilleListe>,
}

/// Ce qui est demandé pour adopter une grille.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Adoption {
    /// Premier jour où elle est visible de tous, AAAA-MM-JJ ; nul : aujourd'hui.
    pub visible: Option<String>,
}

/// Une grille adoptée.
#[derive(Debug, Serialize, ToSchema)]
pub struct Adoptee {
    pub version: i64,
    pub visible: String,
}

/// EPCI whose grids a person writes.
pub fn own(person: &Person) -> Option<&str> {
    access::may(person, "cotation_grille").ok()?;
    person.code()
}

/// Whether a person draws up the grids of an EPCI.
pub fn may_write(person: &Person, epci: &str) -> Result<(), Problem> {
    access::may(person, "cotation_grille").map_err(Problem::forbidden)?;
    if person.holder || own(person) == Some(epci) {
        return Ok(());
    }
    Err(Problem::forbidden("Seul l'EPCI écrit et adopte la grille de son territoire."))
}

/// Whether a person may read a grid on a day: adopted ones once they are visible, others by their own EPCI
/// and the State of its territory, who sign the plan together.
pub fn may_read(app: &App, person: &Person, kept: &KeptGrid, today: &str) -> bool {
    let drafts = || {
        access::may(person, "cotation_brouillons").is_ok()
            && all(app).is_ok_and(|demands| window(&demands, person, &kept.epci).is_ok())
    };
    in_force(kept, today) || own(person) == Some(kept.epci.as_str()) || drafts()
}

/// Adopted, and visible to all.
pub fn in_force(kept: &KeptGrid, today: &str) -> bool {
    !kept.visible.is_empty() && kept.visible.as_str() <= today
}

/// A grid as it is kept, read.
pub fn parsed(kept: &KeptGrid) -> Result<Grille, Problem> {
    serde_json::from_str(&kept.grille).map_err(|e| Problem::internal(&e))
}

/// The kind of a name, or what it may be.
pub fn genre(text: Option<&str>) -> Result<Genre, Problem> {
    let text = text.unwrap_or("premiere");
    Genre::from_id(text).ok_or_else(|| Problem::unknown("genre", text, ["premiere", "mutation"]))
}

/// The grid that scores the demands of a kind on the territory of an EPCI today: the one whose first day
/// came last, the last version of two of one day. What is listed demand by demand is listed by it only: a
/// grid that anyone can make up, of one sensitive criterion, would tell who meets it.
pub async fn grid_of(state: &State, epci: &str, genre: Genre) -> Result<Grille, Problem> {
    let today = state::day(state::now());
    let of = |g: &KeptGrid| g.epci == epci && g.genre == genre.id() && in_force(g, &today);
    let found = state.grids().await?.into_iter().filter(of).max_by_key(|g| (g.visible.clone(), g.version));
    found.as_ref().map(parsed).transpose()?.ok_or_else(|| {
        Problem::not_found(
            "grille",
            epci,
            "Aucune grille adoptée n'est en vigueur sur ce territoire pour ce genre de demandes.",
        )
    })
}

/// A grid that a person may read.
pub async fn readable(
    state: &State,
    app: &App,
    person: &Person,
    id: &str,
) -> Result<(KeptGrid, Grille), Problem> {
    let kept = state.grid(id).await?;
    if !may_read(app, person, &kept, &state::day(state::now())) {
        return Err(Problem::not_found("id", id, "Cette grille n'existe pas, ou n'est pas encore visible."));
    }
    let grille = parsed(&kept)?;
    Ok((kept, grille))
}

/// Keeps a new draft.
pub async fn keep(state: &State, by: &str, grille: &Grille) -> Result<String, Problem> {
    let text = serde_json::to_string(grille).map_err(|e| Problem::internal(&e))?;
    Ok(state.add_grid(&grille.epci, grille.genre.id(), &text, by, state::now()).await?)
}
