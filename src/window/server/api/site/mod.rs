//! What pages need beside figures: display, texts of the law, health.

pub mod affichage;
pub mod health;
pub mod textes;
