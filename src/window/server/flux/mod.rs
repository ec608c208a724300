//! `/api/flux`: gestion en flux — conventions, the year's flow, dwellings on the way, follow-up, fairness,
//! balance sheets.

pub mod bilan;
mod book;
pub mod calcul;
pub mod conventions;
pub mod equite;
pub mod evenements;
pub mod files;
pub mod logements;
pub mod suivi;
mod view;

pub use self::files::bring;

use self::book::Book;
use self::view::View;
use crate::access::Person;
use crate::server::app::Server;
use crate::server::problem::Problem;
use crate::server::state::App;

/// What is kept, and what of it the person may see.
async fn opened(server: &Server, app: &App, person: &Person) -> Result<(Book, View), Problem> {
    let book = Book::read(&server.state).await?;
    let view = View::new(app, person, &book)?;
    Ok((book, view))
}
