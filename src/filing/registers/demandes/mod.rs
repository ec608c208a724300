//! Demands of the SNE → `demandes.parquet`. Of people nothing is kept but what a grid scores: the unique
//! number leaves as the pseudonym that [`super::attributions`] makes, so that a demand finds its allocation;
//! names, addresses, phones, mails and NIR are in no column that is read.

pub mod exchange;
mod row;

use std::path::{Path, PathBuf};

use super::attributions::{AttributionsError, read_key};
use super::columns::batch;
use super::intake::{self, IntakeError};
use super::output::Output;
use super::report::Report;
use crate::reference::attributions::attributions;
use crate::reference::demandes::demandes;

/// What the user says of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Day that the extract describes, `yyyymmdd`: seniority and waiting times run to it.
    pub extrait: u32,
    /// File with the secret key of the unique numbers (32 bytes at least).
    pub cle: PathBuf,
}

/// Why a file of demands cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum DemandesError {
    #[error(transparent)]
    Intake(#[from] IntakeError),
    #[error(transparent)]
    Key(#[from] AttributionsError),
}

/// What a person must know besides the unique number to read a note: 32 hexadecimal digits of a keyed hash of
/// the birth date of who asks, bound to the demand. Only the server that has the key can compare it.
#[must_use]
pub fn proof(key: &[u8; 32], pseudonym: &str, birth: u32) -> String {
    blake3::keyed_hash(key, format!("preuve {pseudonym} {birth:08}").as_bytes()).to_hex()[..32].to_owned()
}

batch! {
    /// One row a demand. Lists are bits: bit n−1 is the code n of the column's list.
    Batch {
        ligne: U64, extrait: U32, nud: Text, date_depot: U32, date_renouvellement: U32, statut: U8,
        date_radiation: U32, motif_radiation: U8, depcom: Text, communes: Text, elargie: Flag,
        typologies: U32, depcom_actuel: Text, depcom_travail: Text, mode_logement: U8, motifs: U32,
        mutation_genre: U8, bailleur_origine_siren: Text, statut_dalo: U8, accord_collectif: U8,
        priorites: U32, relogement: U8, age: U8, nb_personnes: U8, nb_moins14: U8, nb_14plus: U8,
        nb_mineurs: U8, nb_a_naitre: U8, nb_garde_alternee: U8, cotitulaire: Flag,
        ressources_mensuelles: F64, ressources_natures: U32, uc: F64, revenu_uc: F64, rfr: I32,
        cat_plafond: U8,
        activite: U8, employeur: U8, loyer_charges: F64, surface: U16, pieces: U8,
        date_entree_logement: U32, qpv_actuel: Flag, handicap: Flag, nb_refus: U8, date_dernier_refus: U32,
        justificatifs: Text, criteres_locaux: Text, preuve: Text, drapeaux: U32,
    }
}

/// Imports a file of demands.
///
/// # Errors
/// The file is no table of demands, no sound key is given, or the result cannot be written.
pub fn import(
    path: &Path,
    options: &Options,
    output: &Output,
    progress: &dyn Fn(u64, u64),
) -> Result<Report, DemandesError> {
    let reference = demandes().map_err(IntakeError::from)?;
    let shared = &attributions().map_err(IntakeError::from)?.registre;
    let table = intake::open(path, &[&reference.registre])?;
    let layout = intake::layout(&reference.registre, &table)?;
    let key = read_key(&options.cle)?;
    let name = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let mut report = Report::new("demandes", &(options.extrait / 10_000).to_string(), &name);
    report.format = "Demandes du SNE, une ligne par demande".to_owned();
    let reader = row::Rows::new(reference, shared, &layout, options.extrait, key);
    intake::run(&reader, &table, &layout, "demandes", output, &mut report, progress)?;
    report.remarques.push(
        "Les numéros uniques ne sont gardés que sous forme de pseudonymes ; détruisez le fichier d'origine \
            dans le délai d'un an après la radiation."
            .to_owned(),
    );
    Ok(report)
}
