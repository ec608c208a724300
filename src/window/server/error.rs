//! Why the server cannot start or go on.

use std::net::SocketAddr;

use super::auth::provider::SsoError;
use super::geocodage_distant::RemoteError;
use crate::arrays::CubeError;
use crate::reference::ReferenceError;
use crate::state::StateError;
use crate::stock::StockError;
use crate::store::StoreError;
use crate::territory::layer::LayerError;

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
    Store(#[from] StoreError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error(transparent)]
    Sso(#[from] SsoError),
    #[error(transparent)]
    Cube(#[from] CubeError),
    #[error(transparent)]
    Layer(#[from] LayerError),
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    #[error(transparent)]
    Stock(#[from] StockError),
    #[error(transparent)]
    Ban(#[from] RemoteError),
}
