//! Why the editions of a store cannot be opened or asked.

use crate::arrays::CubeError;
use crate::reference::ReferenceError;
use crate::stock::StockError;
use crate::store::StoreError;
use crate::territory::layer::LayerError;

/// Why the editions of a store cannot be opened or asked.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Cube(#[from] CubeError),
    #[error(transparent)]
    Layer(#[from] LayerError),
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    #[error(transparent)]
    Stock(#[from] StockError),
}
