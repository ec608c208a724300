//! Copies of the whole store and its state, made while it serves; as they are told.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;
use utoipa::ToSchema;

use crate::state::{self, State, StateError};
use crate::store::backup::{Copying, FORMAT, Label, PART};
use crate::store::{Store, StoreError, Writer};

/// Les sauvegardes du service.
#[derive(Debug, Serialize, ToSchema)]
pub struct Sauvegardes {
    /// Dossier des sauvegardes, sur la machine du service ; nul si elles ne se font pas d'ici.
    pub dossier: Option<String>,
    /// Dossier du magasin.
    pub magasin: String,
    /// Pourquoi elles ne se font pas d'ici.
    pub empechement: Option<String>,
    /// Octets libres là où elles sont, et ce qu'il faut à peu près pour la prochaine.
    pub libre: Option<u64>,
    pub besoin: u64,
    pub en_cours: Option<TravailSauvegarde>,
    /// Pourquoi la dernière demande a échoué ; rien n'en reste.
    pub echec: Option<String>,
    /// La plus récente d'abord.
    pub sauvegardes: Vec<Sauvegarde>,
}

/// Ce qui se fait en ce moment.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TravailSauvegarde {
    pub nom: String,
    /// Relecture d'une sauvegarde faite ; sinon, elle se fait.
    pub controle: bool,
    /// Part faite, de 0 à 1 ; nulle tant qu'on ne la sait pas.
    pub avancement: Option<f64>,
}

/// Une sauvegarde finie.
#[derive(Debug, Serialize, ToSchema)]
pub struct Sauvegarde {
    /// Nom de son dossier.
    pub nom: String,
    /// Secondes depuis 1970.
    pub le: i64,
    pub octets: u64,
    pub fichiers: usize,
    /// Version de mosaique qui l'a faite.
    pub programme: String,
    /// Les comptes et le journal sont ailleurs (PostgreSQL).
    pub base_apart: bool,
    /// Dernière ligne du journal d'audit, « RANG:EMPREINTE » : à noter ailleurs.
    pub temoin: String,
    /// Dernière relecture depuis que le serveur tourne.
    pub controle: Option<ControleSauvegarde>,
}

/// Ce qu'une relecture a trouvé.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ControleSauvegarde {
    /// Secondes depuis 1970.
    pub le: i64,
    /// Ce qui n'est plus comme il a été écrit ; nul si tout l'est.
    pub faute: Option<String>,
}

impl Sauvegarde {
    #[must_use]
    pub fn of(nom: String, label: &Label, controle: Option<ControleSauvegarde>) -> Self {
        Self {
            nom,
            le: label.le,
            octets: label.octets(),
            fichiers: label.fichiers.len(),
            programme: label.programme.clone(),
            base_apart: label.base != SQLITE,
            temoin: label.temoin.clone(),
            controle,
        }
    }
}

/// Why a copy is not made.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error("« {} » : {source}", .path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("travail interrompu : {0}")]
    Join(#[from] tokio::task::JoinError),
}

/// What a label says of accounts that are in the copy, or elsewhere.
pub const SQLITE: &str = "sqlite";
const APART: &str = "apart";

/// The PostgreSQL that the state is in, without its secret.
#[must_use]
pub fn postgres() -> Option<String> {
    let url = std::env::var("DATABASE_URL").ok().filter(|u| u.starts_with("postgres"))?;
    Some(state::without_secret(&url))
}

/// Copies everything of the store at `root` into `destination`, which must not be there; it has its name once
/// it is whole. The store is held by `writer` only for what changes in place. `apart`: the database is saved
/// by its own tool. Returns the label, and what is wrong with the audit trail, which is kept as it is.
///
/// # Errors
/// A file is damaged, or the disk or the database refuses: nothing is left.
pub async fn save(
    (root, destination): (&Path, &Path),
    state: &State,
    apart: bool,
    writer: impl FnOnce() -> Result<Writer, StoreError> + Send + 'static,
    told: impl Fn(usize, usize) + Send + 'static,
) -> Result<(Label, Option<String>), SaveError> {
    let (root, target) = (root.to_owned(), destination.to_owned());
    let (mut copy, lock, writer) = blocking(move || {
        let copy = Copying::begin(&target)?;
        let lock = copy.lock()?;
        Ok((copy, lock, writer()?))
    })
    .await?;
    let trail = state.verify_audit(None).await?;
    let label = Label {
        format: FORMAT,
        programme: env!("CARGO_PKG_VERSION").to_owned(),
        le: state::now(),
        base: if apart { APART } else { SQLITE }.to_owned(),
        temoin: format!("{}:{}", trail.dernier, trail.empreinte),
        fichiers: BTreeMap::new(),
    };
    if !apart {
        let part = copy.folder().join(PART);
        std::fs::create_dir_all(&part).map_err(|source| SaveError::Io { path: part.clone(), source })?;
        state.copy_to(&part.join("etat.sqlite")).await?;
    }
    let label = blocking(move || {
        if !apart {
            copy.note(&format!("{PART}/etat.sqlite"))?;
        }
        copy.held(&writer)?;
        // What its manifest names stays as long as this lives; others may write again.
        let store = Store::open(&root)?;
        drop(writer);
        copy.folders(&store, &told)?;
        let label = copy.finish(label)?;
        drop(lock);
        Ok(label)
    })
    .await?;
    Ok((label, trail.faute))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, SaveError> {
    Ok(tokio::task::spawn_blocking(work).await??)
}
