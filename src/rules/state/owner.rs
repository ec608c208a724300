//! Which store a state is of. Both know the same name, drawn once: a server that is pointed at another
//! database, or a new one, would go on without corrections, events and accounts, and nobody would see it.

use std::path::Path;

use super::{State, StateError, secrets};

/// The file of the store.
const FILE: &str = "identite";
/// Says that a new database on a known store is wanted.
pub const WANTED: &str = "MOSAIQUE_BASE_NEUVE";

impl State {
    /// Checks that this state is that of the store, and makes them known to each other at first.
    ///
    /// # Errors
    /// It is that of another store, or this store had another state.
    pub(super) async fn recognise(&self, root: &Path, beside: bool) -> Result<(), StateError> {
        let file = root.join(FILE);
        let known = std::fs::read_to_string(&file).ok().map(|t| t.trim().to_owned());
        let row: Option<(String,)> = sqlx::query_as("SELECT valeur FROM cles WHERE nom = 'magasin'")
            .fetch_optional(&self.pool)
            .await?;
        let own = row.map(|r| r.0);
        let wanted = std::env::var(WANTED).is_ok_and(|v| v == "oui");
        match (&known, &own) {
            (Some(k), Some(o)) if k == o => return Ok(()),
            // The file of a state travels with its store: it is that of the folder it lies in.
            _ if beside || wanted => {}
            (Some(_), Some(_)) => return Err(StateError::OtherStore { store: root.to_owned() }),
            // Written before states had names.
            (_, None) if self.has_accounts().await? => {}
            (Some(_), None) => return Err(StateError::NewState { store: root.to_owned() }),
            (None, None) if root.join("etat.sqlite").exists() => {
                return Err(StateError::NewState { store: root.to_owned() });
            }
            (None, _) => {}
        }
        self.settle(&file, known, own).await
    }

    async fn has_accounts(&self) -> Result<bool, StateError> {
        let (n,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM comptes").fetch_one(&self.pool).await?;
        Ok(n > 0)
    }

    async fn settle(
        &self,
        file: &Path,
        known: Option<String>,
        own: Option<String>,
    ) -> Result<(), StateError> {
        let name = match known.or(own) {
            Some(name) => name,
            None => secrets::id()?,
        };
        sqlx::query(
            "INSERT INTO cles (nom, valeur) VALUES ('magasin', $1) ON CONFLICT (nom) DO UPDATE SET valeur = $1",
        )
        .bind(&name)
        .execute(&self.pool)
        .await?;
        if !file.exists() {
            // A folder that nobody may write to is recognised by nothing; nothing is lost by that.
            let _ = std::fs::write(file, name + "\n");
        }
        Ok(())
    }
}
