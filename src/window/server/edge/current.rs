//! The editions in force, as a request takes them.

use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;

use crate::desk::editions::{App, Live};

/// The state that a request answers from.
#[derive(Debug, Clone)]
pub struct Current(pub Arc<App>);

impl<S: Send + Sync> FromRequestParts<S> for Current
where
    Live: FromRef<S>,
{
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(_: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(Live::from_ref(state).get()))
    }
}
