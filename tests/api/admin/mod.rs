//! The administration: general files, copies of the store.

mod fichiers;
mod sauvegardes;
