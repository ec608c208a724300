//! What runs beside requests: figures made anew, what was left half done, bytes looked at, what is made
//! before it is asked, what is told by mail.

pub mod avis;
pub mod courriel;
pub mod late;
pub mod saves;
pub mod soundness;
pub mod warm;
pub mod works;
