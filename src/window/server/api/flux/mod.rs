//! `/api/flux`: gestion en flux — conventions, the year's flow, dwellings on the way, follow-up, fairness,
//! balance sheets, sheets of communes, the State's share.

pub mod action_logement;
pub mod assiettes;
pub mod bilan;
pub mod calcul;
pub mod carte;
pub mod conventions;
pub mod droits;
pub mod equite;
pub mod etat;
pub mod evenements;
pub mod evenements_fichier;
pub mod fiche;
pub mod logements;
mod registre;
pub mod suivi;

use std::sync::Arc;

use crate::access::Person;
use crate::desk::editions::App;
use crate::desk::flux::book::Book;
use crate::desk::flux::view::View;
use crate::desk::problem::Problem;
use crate::server::app::Server;

/// What is kept, and what of it the person may see.
async fn opened(server: &Server, app: &App, person: &Person) -> Result<(Arc<Book>, View), Problem> {
    let book = server.flux.open(&server.state).await?;
    let view = View::new(app, person, &book)?;
    Ok((book, view))
}
