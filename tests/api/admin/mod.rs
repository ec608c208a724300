//! The administration: general files.

mod fichiers;
