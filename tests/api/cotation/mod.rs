//! Demands: grids, notes, candidates, what an applicant reads.

mod demandes;
mod ma_demande;
