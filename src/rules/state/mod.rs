//! What must survive a restart and is not a figure: accounts, conventions, sessions, tokens, the audit trail.
//!
//! One code path over SQLite (a file of the store folder) and PostgreSQL (`DATABASE_URL`, for several
//! servers). Times are given by the caller in seconds since 1970, so that what expires can be tested. Secrets
//! are kept as hashes only.

mod accounts;
mod attempts;
pub mod audit;
pub mod avis;
mod conventions;
mod copy;
mod corrections;
pub mod dalo;
mod depots;
mod ensembles;
mod evenements;
mod flux;
mod flux_events;
mod grilles;
pub mod heads;
mod justificatifs;
mod maintenance;
mod objectifs;
mod owner;
mod password;
mod residences;
pub mod rpems;
mod secrets;
mod sessions;
mod signin;
mod tokens;
mod vues;

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::any::AnyPoolOptions;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AnyPool, Executor, SqlSafeStr, Transaction};

pub use self::accounts::{Account, Closer, NewAccount, Org};
pub use self::attempts::{Lock, Throttled};
pub use self::conventions::{Convention, NewConvention};
pub use self::corrections::{Correction, Lieu, NewCorrection, StatutCorrection};
pub use self::depots::{Deposit, GesteDepot, NewDeposit, StatutDepot};
pub use self::ensembles::{Asker, NewZoneSet, Visibilite, ZoneSet, ZoneSetChange};
pub use self::evenements::{Caracteristiques, Evenement, GenreEvenement, NewEvent};
pub use self::flux::{BilanArrete, VersionFlux, Versioned};
pub use self::flux_events::{EvenementsRecus, KeptEvent};
pub use self::grilles::KeptGrid;
pub use self::justificatifs::Tick;
pub use self::maintenance::Purged;
pub use self::objectifs::{Objectif, TauxCia};
pub use self::password::{Passwords, Weak, check as check_password, one_time};
pub use self::residences::{
    Lignee, NewFlag, NewNote, NoteResidence, OperationResidence, ResidenceNommee, Signalement,
};
pub use self::secrets::token as random_token;
pub use self::sessions::{Opened, Session};
pub use self::signin::Pending;
pub use self::tokens::{NewToken, Token};
pub use self::vues::VueGardee;

/// Why the state store does not do what it is asked.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    #[error("impossible d'ouvrir la base des comptes ({place}) : {source}")]
    Open { place: String, source: Box<dyn std::error::Error + Send + Sync> },
    #[error("base des comptes : {0}")]
    Database(#[from] sqlx::Error),
    #[error("base des comptes : {0}")]
    Json(#[from] serde_json::Error),
    #[error("pas de hasard disponible sur cette machine : {0}")]
    Random(#[from] getrandom::Error),
    #[error("mot de passe : {0}")]
    Hash(String),
    /// Something that must be the only one of its kind is there already.
    #[error("{0}")]
    Taken(String),
    #[error("« {0} » n'existe pas")]
    Absent(String),
    #[error("têtes du journal d'audit : {0}")]
    Heads(std::io::Error),
    #[error(
        "la base de DATABASE_URL est celle d'un autre magasin que « {} » : ses comptes et ses corrections ne sont pas d'ici.          Corrigez DATABASE_URL ou --data",
        .store.display()
    )]
    OtherStore { store: PathBuf },
    #[error(
        "la base de DATABASE_URL ne connaît pas le magasin « {} », qui en a eu une autre : ses comptes, corrections et événements          manqueraient. Copiez-les (mosaique state move), ou dites MOSAIQUE_BASE_NEUVE=oui pour repartir de rien",
        .store.display()
    )]
    NewState { store: PathBuf },
    #[error(
        "l'état du magasin « {} » a été copié vers PostgreSQL : donnez son adresse par DATABASE_URL. Pour revenir à l'ancien          fichier, renommez etat-deplace.sqlite en etat.sqlite",
        .store.display()
    )]
    Moved { store: PathBuf },
}

impl StateError {
    /// Whether the database does not answer, rather than refuse what it was asked.
    #[must_use]
    pub fn is_down(&self) -> bool {
        use sqlx::Error::{Io, PoolClosed, PoolTimedOut, Tls, WorkerCrashed};
        matches!(
            self,
            Self::Open { .. } | Self::Database(Io(_) | PoolTimedOut | PoolClosed | Tls(_) | WorkerCrashed)
        )
    }

    /// The same fault, or [`StateError::Taken`] if a value is there already.
    fn taken(self, what: impl Into<String>) -> Self {
        match &self {
            Self::Database(sqlx::Error::Database(e)) if e.is_unique_violation() => Self::Taken(what.into()),
            _ => self,
        }
    }
}

/// The state store.
#[derive(Debug, Clone)]
pub struct State {
    pool: AnyPool,
    /// What opens a transaction that writes, see [`State::write`].
    opening: &'static str,
    /// Key that addresses of the network are hashed with before they are kept.
    pepper: [u8; 32],
    /// Where heads of the trail are noted; `None` for a database without a store.
    heads: Option<heads::Heads>,
}

/// Connections of one process.
const CONNECTIONS: u32 = 8;
/// Longest wait for a connection: a database that is gone is told at once, not after the patience of who
/// asks.
const WAIT: Duration = Duration::from_secs(3);

impl State {
    /// The database that `DATABASE_URL` names, else `etat.sqlite` in the store folder.
    ///
    /// # Errors
    /// It cannot be opened or brought to the present schema.
    pub async fn of_store(root: &Path) -> Result<Self, StateError> {
        match std::env::var("DATABASE_URL") {
            Ok(url) if !url.is_empty() => {
                let state = Self::open(&url).await?;
                state.recognise(root, false).await?;
                state.with_heads(root).await
            }
            _ => {
                let file = root.join("etat.sqlite");
                if !file.exists() && root.join("etat-deplace.sqlite").exists() {
                    return Err(StateError::Moved { store: root.to_owned() });
                }
                let state = Self::open(&format!("sqlite://{}?mode=rwc", file.display())).await?;
                state.recognise(root, true).await?;
                state.with_heads(root).await
            }
        }
    }

    /// Notes heads of the trail in this store from now on. One that may only be read notes none.
    ///
    /// # Errors
    /// The disk refuses.
    pub async fn with_heads(self, root: &Path) -> Result<Self, StateError> {
        // Another database of the same store has another trail.
        let base = secrets::id()?;
        sqlx::query("INSERT INTO cles (nom, valeur) VALUES ('base', $1) ON CONFLICT (nom) DO NOTHING")
            .bind(&base)
            .execute(&self.pool)
            .await?;
        let (base,): (String,) =
            sqlx::query_as("SELECT valeur FROM cles WHERE nom = 'base'").fetch_one(&self.pool).await?;
        match heads::Heads::of_store(root, &base) {
            Ok(heads) => Ok(Self { heads: Some(heads), ..self }),
            Err(e) if e.kind() == std::io::ErrorKind::ReadOnlyFilesystem => Ok(self),
            Err(e) => Err(StateError::Heads(e)),
        }
    }

    /// Opens a database and brings it to the present schema.
    ///
    /// # Errors
    /// As [`State::of_store`].
    pub async fn open(url: &str) -> Result<Self, StateError> {
        sqlx::any::install_default_drivers();
        let sqlite = url.starts_with("sqlite:");
        let open = |source: Box<dyn std::error::Error + Send + Sync>| StateError::Open {
            place: without_secret(url),
            source,
        };
        let pool = AnyPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(WAIT)
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    if sqlite {
                        // A crash of the machine may lose the last lines, never the order of those that are
                        // left.
                        connection
                            .execute(
                                "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; \
                                 PRAGMA foreign_keys = ON;",
                            )
                            .await?;
                    }
                    Ok(())
                })
            })
            .connect(url)
            .await
            .map_err(|e| open(e.into()))?;
        migrator().run(&pool).await.map_err(|e| open(e.into()))?;
        let pepper = secrets::pepper(&pool).await?;
        Ok(Self { pool, opening: if sqlite { "BEGIN IMMEDIATE" } else { "BEGIN" }, pepper, heads: None })
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// It does not.
    pub async fn ping(&self) -> Result<(), StateError> {
        sqlx::query("SELECT 1").execute(&self.pool).await?;
        Ok(())
    }

    /// A transaction that is going to write.
    ///
    /// On SQLite it takes the writers' turn at once: one that reads first and writes later is refused without
    /// waiting (`SQLITE_BUSY_SNAPSHOT`) if another wrote in between.
    async fn write(&self) -> Result<Transaction<'static, sqlx::Any>, sqlx::Error> {
        self.pool.begin_with(self.opening).await
    }

    /// Closes all connections.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// What is kept of an address of the network: enough to see that two lines come from one place.
    #[must_use]
    pub fn ip_mark(&self, ip: &str) -> String {
        blake3::keyed_hash(&self.pepper, ip.as_bytes()).to_hex()[..16].to_owned()
    }
}

fn migrator() -> Migrator {
    let list = [
        (1, "comptes, conventions, audit", include_str!("schema.sql")),
        (2, "résidences à enjeu de mixité", include_str!("rpems.sql")),
        (3, "placements DALO", include_str!("dalo.sql")),
        (4, "objectifs des conventions d'attribution", include_str!("objectifs.sql")),
        (5, "dépôts des bailleurs", include_str!("depots.sql")),
        (6, "adresses corrigées", include_str!("corrections.sql")),
        (7, "résidences, signalements, notes", include_str!("residences.sql")),
        (8, "événements du parc", include_str!("evenements.sql")),
        (9, "ensembles de zones", include_str!("zones.sql")),
        (10, "lieu et caractéristiques des événements", include_str!("evenements_lieu.sql")),
        (11, "comptes fermés par qui, mots de passe provisoires", include_str!("comptes_acces.sql")),
        (12, "gestion en flux", include_str!("flux.sql")),
        (13, "événements de flux retirés, révisions", include_str!("flux_suite.sql")),
        (14, "grilles de cotation", include_str!("grilles.sql")),
        (15, "justificatifs cochés", include_str!("justificatifs.sql")),
        (16, "événements de flux au bout de leur temps", include_str!("flux_oubli.sql")),
        (17, "avis par courriel, vues gardées", include_str!("avis.sql")),
    ];
    let migrations = list
        .into_iter()
        .map(|(n, name, sql)| {
            Migration::new(n, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
        })
        .collect();
    Migrator { migrations: std::borrow::Cow::Owned(migrations), ..Migrator::DEFAULT }
}

/// A database address without what stands before `@`.
#[must_use]
pub fn without_secret(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(a), Some(b)) if a + 3 < b => format!("{}…{}", &url[..a + 3], &url[b..]),
        _ => url.to_owned(),
    }
}

/// Seconds since 1970.
#[must_use]
pub fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// A time in France as names of folders have it: `2026-12-01-12h30m05`.
#[must_use]
pub fn stamp(seconds: i64) -> String {
    let zone = jiff::tz::TimeZone::get("Europe/Paris").unwrap_or(jiff::tz::TimeZone::UTC);
    jiff::Timestamp::from_second(seconds).map_or_else(
        |_| String::new(),
        |t| t.to_zoned_datetime(zone).strftime("%Y-%m-%d-%Hh%Mm%S").to_string(),
    )
}

/// The day of a time, in France: `YYYY-MM-DD`.
#[must_use]
pub fn day(seconds: i64) -> String {
    let zone = jiff::tz::TimeZone::get("Europe/Paris").unwrap_or(jiff::tz::TimeZone::UTC);
    jiff::Timestamp::from_second(seconds)
        .map_or_else(|_| String::new(), |t| t.to_zoned_datetime(zone).date().to_string())
}

/// The year of today, in France; one that no year is after if the clock gives no day.
#[must_use]
pub fn this_year() -> u16 {
    day(now()).get(..4).and_then(|y| y.parse().ok()).unwrap_or(u16::MAX - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_of_a_database_is_not_repeated() {
        assert_eq!(without_secret("postgres://u:secret@h/db"), "postgres://…@h/db");
        assert_eq!(without_secret("sqlite:///a/b"), "sqlite:///a/b");
    }
}
