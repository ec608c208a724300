//! `/api/admin`: organisations, conventions, accounts, data sets and the audit trail, for who runs the
//! server.

pub mod audit;
pub mod comptes;
pub mod conventions;
pub mod fichiers;
pub mod imports;
pub mod organisations;
pub mod reglages;
pub mod sauvegardes;
