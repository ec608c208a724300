//! Why the server cannot start or go on.

use std::net::SocketAddr;

use crate::desk::error::DeskError;
use crate::reference::ReferenceError;
use crate::server::api::ban::geocodage_distant::RemoteError;
use crate::server::auth::provider::SsoError;
use crate::server::background::courriel::MailError;
use crate::state::StateError;
use crate::store::StoreError;

/// Why the server cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    #[error(
        "l'adresse {0} ouvrirait les données au réseau : écoutez sur 127.0.0.1, ou demandez-le expressément"
    )]
    NotLoopback(SocketAddr),
    #[error("impossible d'écouter sur {addr} : {source}")]
    Bind { addr: SocketAddr, source: std::io::Error },
    #[error(transparent)]
    Desk(#[from] DeskError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error(transparent)]
    Sso(#[from] SsoError),
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    #[error(transparent)]
    Ban(#[from] RemoteError),
    #[error(transparent)]
    Mail(#[from] MailError),
}
