//! Gestion en flux: what a person may see of conventions, rights and ways of dwellings, and what is counted.

pub mod action_logement;
pub mod bilan;
pub mod bilan_pdf;
pub mod book;
pub mod calcul;
pub mod carte;
pub mod conventions;
pub mod equite;
pub mod etat;
pub mod evenements;
pub mod evenements_fichier;
pub mod fiche;
pub mod files;
pub mod logements;
pub mod registre;
pub mod suivi;
pub mod view;
