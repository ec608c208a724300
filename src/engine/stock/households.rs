//! The households of one wave of the survey, in columns.

use rustc_hash::FxHashMap;

use super::StockError;
use super::joined::Tape;
use super::parts::Parts;
use super::table::{Texts, hash};
use crate::arrays::CubeError;

/// One row a dwelling asked. Codes as in docs/TABLES.md; 0 = missing (255 for numbers that may be 0).
#[derive(Debug, Clone, Default)]
pub struct Households {
    pub ident_rep: Vec<u64>,
    pub ident_int: Vec<u64>,
    pub siren: Texts,
    pub residence: Texts,
    pub depcom: Texts,
    pub adresse: Texts,
    pub statut_logement: Vec<u8>,
    pub statut_reponse: Vec<u8>,
    pub entree: Vec<u32>,
    pub type_menage: Vec<u8>,
    pub nb_personnes: Vec<u8>,
    pub nb_mineurs: Vec<u8>,
    pub age_titulaire: Vec<u8>,
    pub plafond: Vec<u8>,
    pub aide: Vec<u8>,
    pub act_titulaire: Vec<u8>,
    pub act_conjoint: Vec<u8>,
    pub nb_stable: Vec<u8>,
    pub nb_precaire: Vec<u8>,
    pub nb_sans_emploi: Vec<u8>,
    pub nb_retraite: Vec<u8>,
    pub nb_autre: Vec<u8>,
}

/// Reads the columns that figures need.
///
/// # Errors
/// The table is missing or lacks a column.
pub fn read(parts: &Parts) -> Result<Households, StockError> {
    let t = parts.read(&[
        "ident_rep",
        "ident_int",
        "siren",
        "residence",
        "depcom",
        "adresse",
        "statut_logement",
        "statut_reponse",
        "entree",
        "type_menage",
        "nb_personnes",
        "nb_mineurs",
        "age_titulaire",
        "plafond",
        "aide",
        "act_titulaire",
        "act_conjoint",
        "nb_stable",
        "nb_precaire",
        "nb_sans_emploi",
        "nb_retraite",
        "nb_autre",
    ])?;
    Ok(Households {
        ident_rep: t.hashes("ident_rep")?,
        ident_int: t.hashes("ident_int")?,
        siren: t.texts("siren")?,
        residence: t.texts("residence")?,
        depcom: t.texts("depcom")?,
        adresse: t.texts("adresse")?,
        statut_logement: t.u8s("statut_logement")?,
        statut_reponse: t.u8s("statut_reponse")?,
        entree: t.u32s("entree")?,
        type_menage: t.u8s("type_menage")?,
        nb_personnes: t.u8s("nb_personnes")?,
        nb_mineurs: t.u8s_or_255("nb_mineurs")?,
        age_titulaire: t.u8s("age_titulaire")?,
        plafond: t.u8s("plafond")?,
        aide: t.u8s("aide")?,
        act_titulaire: t.u8s("act_titulaire")?,
        act_conjoint: t.u8s("act_conjoint")?,
        nb_stable: t.u8s_or_255("nb_stable")?,
        nb_precaire: t.u8s_or_255("nb_precaire")?,
        nb_sans_emploi: t.u8s_or_255("nb_sans_emploi")?,
        nb_retraite: t.u8s_or_255("nb_retraite")?,
        nb_autre: t.u8s_or_255("nb_autre")?,
    })
}

impl Households {
    /// Calls a tape with each column, always in this order.
    ///
    /// # Errors
    /// Those of the tape.
    pub(super) fn columns(&mut self, tape: &mut impl Tape) -> Result<(), CubeError> {
        for (name, texts) in [
            ("siren", &mut self.siren),
            ("residence", &mut self.residence),
            ("depcom", &mut self.depcom),
            ("adresse", &mut self.adresse),
        ] {
            tape.texts(&format!("menage.{name}"), texts)?;
        }
        for (name, column) in [
            ("statut_logement", &mut self.statut_logement),
            ("statut_reponse", &mut self.statut_reponse),
            ("type_menage", &mut self.type_menage),
            ("nb_personnes", &mut self.nb_personnes),
            ("nb_mineurs", &mut self.nb_mineurs),
            ("age_titulaire", &mut self.age_titulaire),
            ("plafond", &mut self.plafond),
            ("aide", &mut self.aide),
            ("act_titulaire", &mut self.act_titulaire),
            ("act_conjoint", &mut self.act_conjoint),
            ("nb_stable", &mut self.nb_stable),
            ("nb_precaire", &mut self.nb_precaire),
            ("nb_sans_emploi", &mut self.nb_sans_emploi),
            ("nb_retraite", &mut self.nb_retraite),
            ("nb_autre", &mut self.nb_autre),
        ] {
            tape.numbers(&format!("menage.{name}"), column)?;
        }
        tape.numbers("menage.ident_rep", &mut self.ident_rep)?;
        tape.numbers("menage.ident_int", &mut self.ident_int)?;
        tape.numbers("menage.entree", &mut self.entree)
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.statut_logement.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.statut_logement.is_empty()
    }

    /// Whether the household was asked (its dwelling is occupied).
    #[must_use]
    pub fn asked(&self, row: usize) -> bool {
        self.statut_logement[row] == 1
    }

    /// Whether it answered, wholly or in part.
    #[must_use]
    pub fn answered(&self, row: usize) -> bool {
        self.asked(row) && matches!(self.statut_reponse[row], 1 | 2)
    }

    /// What the household of each dwelling (`household_of`: its row, or `u32::MAX`) is known by from one
    /// build to the next, whatever dwelling it is joined to: its national number, else its bailleur's own,
    /// else its bailleur and address and how many like it come before. 0 where there is none.
    #[must_use]
    pub fn keys(&self, household_of: &[u32]) -> Vec<u64> {
        let mut rows: Vec<(u32, usize)> =
            household_of.iter().enumerate().filter(|(_, h)| **h != u32::MAX).map(|(d, h)| (*h, d)).collect();
        rows.sort_unstable();
        let mut before: FxHashMap<u64, u64> = FxHashMap::default();
        let mut keys = vec![0; household_of.len()];
        for (household, dwelling) in rows {
            let h = household as usize;
            let siren = hash(self.siren.get(h));
            let own = if self.ident_rep[h] != 0 {
                self.ident_rep[h]
            } else if self.ident_int[h] != 0 {
                siren.rotate_left(11) ^ self.ident_int[h]
            } else {
                let address = self.adresse.get(h);
                let place = if address.is_empty() { self.depcom.get(h) } else { address };
                siren.rotate_left(23) ^ hash(place).rotate_left(7)
            };
            let rank = before.entry(own).or_default();
            keys[dwelling] =
                own.rotate_left(u32::try_from(*rank % 64).unwrap_or(0)).wrapping_add(*rank).max(1);
            *rank += 1;
        }
        keys
    }
}
