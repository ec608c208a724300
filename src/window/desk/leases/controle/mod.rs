//! A check before CALEOL: what is asked, what the person may check, the verdicts, where else.

pub mod ailleurs;
pub mod answer;
pub mod asked;
pub mod bench;
pub mod csv;
pub mod enjeu;
pub mod level;
pub mod question;
