//! Who asks, how they came and from where, as the door found it and handlers read it.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::access::{Organisation, Person};
use crate::desk::problem::Problem;
use crate::desk::rights;

/// How a person came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    Public,
    Session { cookie: String, mark: String, csrf: String, provisoire: bool },
    Token { writes: bool },
}

/// Who asks, and from where.
#[derive(Debug, Clone)]
pub struct Visitor {
    pub person: Person,
    pub way: Way,
    /// Keyed hash of the address of the network.
    pub ip: String,
    /// Names the request in the log and in the audit trail.
    pub request: String,
}

/// The visitor of a request, put there by `visitor::identify`.
#[derive(Debug, Clone)]
pub struct Who(pub Arc<Visitor>);

impl<S: Sync> FromRequestParts<S> for Who {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Problem::internal(&"une route sans visiteur"))
    }
}

impl Visitor {
    /// The bailleur that a person works for.
    ///
    /// # Errors
    /// Their organisation is no bailleur.
    pub fn lessor(&self) -> Result<&str, Problem> {
        rights::lessor(&self.person)
    }

    /// Who does something, for histories; empty for who has no account.
    #[must_use]
    pub fn author(&self) -> String {
        self.person.compte.clone().unwrap_or_default()
    }

    /// The account.
    ///
    /// # Errors
    /// Nobody has signed in.
    pub fn account(&self) -> Result<&str, Problem> {
        self.person.compte.as_deref().ok_or_else(Problem::sign_in)
    }

    /// The organisation.
    ///
    /// # Errors
    /// Nobody has signed in.
    pub fn organisation(&self) -> Result<&Organisation, Problem> {
        self.person.organisation.as_ref().ok_or_else(Problem::sign_in)
    }
}
