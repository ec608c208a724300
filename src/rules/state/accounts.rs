//! Organisations and the accounts of their members.

use serde::Serialize;
use utoipa::ToSchema;

use super::{State, StateError, secrets};
use crate::access::{Organisation, Person};
use crate::reference::access::{Role, role};
use crate::reference::comptes::comptes;

/// Un organisme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Organisme)]
pub struct Org {
    pub id: String,
    pub nom: String,
    pub role: Role,
    /// SIREN, code Insee, département ou région, selon le rôle.
    pub code: String,
    /// Comptes ouverts.
    pub membres: i64,
    pub ferme: bool,
}

/// Un compte, sans rien de secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Compte)]
pub struct Account {
    pub id: String,
    pub courriel: String,
    pub nom: String,
    pub organisation: String,
    pub organisme: String,
    pub role: Role,
    pub gestionnaire: bool,
    /// Vrai tant que le mot de passe remis n'a pas été changé.
    pub provisoire: bool,
    /// Dernière connexion (secondes depuis 1970).
    pub vu: Option<i64>,
    pub ferme: bool,
}

/// What an account is made of.
#[derive(Debug, Clone)]
pub struct NewAccount<'a> {
    pub courriel: &'a str,
    pub nom: &'a str,
    pub organisation: &'a str,
    pub gestionnaire: bool,
    /// Hash of a password to be changed at first sign-in.
    pub mot_de_passe: &'a str,
}

/// Who closes or reopens an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closer {
    /// Who runs the server.
    Administration,
    /// Who manages the members of the organisation.
    Gestionnaire,
}

impl Closer {
    fn id(self) -> &'static str {
        match self {
            Self::Administration => "administration",
            Self::Gestionnaire => "gestionnaire",
        }
    }
}

type AccountRow = (String, String, String, String, String, String, i64, i64, Option<i64>, Option<i64>);

/// The columns of an [`AccountRow`], and what follows.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT c.id, c.courriel, c.nom, c.organisation, o.nom, o.role, c.gestionnaire, c.provisoire, c.vu, \
             COALESCE(c.ferme, o.ferme) FROM comptes c JOIN organisations o ON o.id = c.organisation ",
            $rest
        )
    };
}

fn account(r: AccountRow) -> Account {
    Account {
        id: r.0,
        courriel: r.1,
        nom: r.2,
        organisation: r.3,
        organisme: r.4,
        role: role(&r.5),
        gestionnaire: r.6 != 0,
        provisoire: r.7 != 0,
        vu: r.8,
        ferme: r.9.is_some(),
    }
}

/// An e-mail address as it is compared.
pub(super) fn folded(courriel: &str) -> String {
    courriel.trim().to_lowercase()
}

impl State {
    /// Adds an organisation; its identifier.
    ///
    /// # Errors
    /// There is one of this role, code and name.
    pub async fn add_organisation(
        &self,
        role: Role,
        code: &str,
        nom: &str,
        now: i64,
    ) -> Result<String, StateError> {
        let id = secrets::id()?;
        sqlx::query("INSERT INTO organisations (id, nom, role, code, cree) VALUES ($1, $2, $3, $4, $5)")
            .bind(&id)
            .bind(nom)
            .bind(role.id())
            .bind(code)
            .bind(now)
            .execute(&self.pool)
            .await
            .map_err(|e| {
                StateError::from(e)
                    .taken(format!("L'organisme « {nom} » existe déjà avec ce rôle et ce code."))
            })?;
        Ok(id)
    }

    /// All organisations, by name.
    ///
    /// # Errors
    /// The database fails.
    pub async fn organisations(&self) -> Result<Vec<Org>, StateError> {
        let rows: Vec<(String, String, String, String, i64, Option<i64>)> = sqlx::query_as(
            "SELECT o.id, o.nom, o.role, o.code, (SELECT COUNT(*) FROM comptes c WHERE c.organisation = o.id AND c.ferme IS NULL), o.ferme \
             FROM organisations o ORDER BY o.nom, o.id",
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|(id, nom, r, code, membres, ferme)| Org {
                id,
                nom,
                role: role(&r),
                code,
                membres,
                ferme: ferme.is_some(),
            })
            .collect())
    }

    /// Opens or closes an organisation: the accounts of a closed one do not sign in.
    ///
    /// # Errors
    /// It does not exist.
    pub async fn close_organisation(&self, id: &str, closed: Option<i64>) -> Result<(), StateError> {
        let done = sqlx::query("UPDATE organisations SET ferme = $2 WHERE id = $1")
            .bind(id)
            .bind(closed)
            .execute(&self.pool)
            .await?;
        existing(done.rows_affected(), id)
    }

    /// Adds an account; its identifier.
    ///
    /// # Errors
    /// The e-mail address has an account, or the organisation does not exist.
    pub async fn add_account(&self, new: &NewAccount<'_>, now: i64) -> Result<String, StateError> {
        let id = secrets::id()?;
        let done = sqlx::query(
            "INSERT INTO comptes (id, courriel, nom, organisation, gestionnaire, mot_de_passe, provisoire, cree, \
             provisoire_fin) SELECT $1, $2, $3, id, $5, $6, 1, $7, $8 FROM organisations WHERE id = $4",
        )
        .bind(&id)
        .bind(folded(new.courriel))
        .bind(new.nom)
        .bind(new.organisation)
        .bind(i64::from(new.gestionnaire))
        .bind(new.mot_de_passe)
        .bind(now)
        .bind(one_time_until(now))
        .execute(&self.pool)
        .await
        .map_err(|e| StateError::from(e).taken(format!("L'adresse « {} » a déjà un compte.", new.courriel)))?;
        existing(done.rows_affected(), new.organisation)?;
        Ok(id)
    }

    /// Accounts, by name: of one organisation, or all.
    ///
    /// # Errors
    /// The database fails.
    pub async fn accounts(&self, organisation: Option<&str>) -> Result<Vec<Account>, StateError> {
        let rows: Vec<AccountRow> =
            sqlx::query_as(select!("WHERE $1 = '' OR c.organisation = $1 ORDER BY c.nom, c.id"))
                .bind(organisation.unwrap_or(""))
                .fetch_all(&self.pool)
                .await?;
        Ok(rows.into_iter().map(account).collect())
    }

    /// One account.
    ///
    /// # Errors
    /// The database fails.
    pub async fn account(&self, id: &str) -> Result<Option<Account>, StateError> {
        let row: Option<AccountRow> =
            sqlx::query_as(select!("WHERE c.id = $1")).bind(id).fetch_optional(&self.pool).await?;
        Ok(row.map(account))
    }

    /// The account of an e-mail address.
    ///
    /// # Errors
    /// The database fails.
    pub async fn account_of(&self, courriel: &str) -> Result<Option<Account>, StateError> {
        let row: Option<AccountRow> = sqlx::query_as(select!("WHERE c.courriel = $1"))
            .bind(folded(courriel))
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(account))
    }

    /// Account and hash of the password of an e-mail address, if the account and its organisation are open.
    ///
    /// # Errors
    /// The database fails.
    pub async fn credentials(&self, courriel: &str) -> Result<Option<(String, Option<String>)>, StateError> {
        Ok(sqlx::query_as(
            "SELECT c.id, c.mot_de_passe FROM comptes c JOIN organisations o ON o.id = c.organisation \
             WHERE c.courriel = $1 AND c.ferme IS NULL AND o.ferme IS NULL",
        )
        .bind(folded(courriel))
        .fetch_optional(&self.pool)
        .await?)
    }

    /// Hash of the password of an account.
    ///
    /// # Errors
    /// The database fails.
    pub async fn password_of(&self, compte: &str) -> Result<Option<String>, StateError> {
        let row: Option<(Option<String>,)> = sqlx::query_as("SELECT mot_de_passe FROM comptes WHERE id = $1")
            .bind(compte)
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.and_then(|r| r.0))
    }

    /// Whether the password of an account is a one-time one whose time is over.
    ///
    /// # Errors
    /// The database fails.
    pub async fn one_time_is_over(&self, compte: &str, now: i64) -> Result<bool, StateError> {
        let row: Option<(i64,)> = sqlx::query_as(
            "SELECT provisoire FROM comptes WHERE id = $1 AND provisoire = 1 AND provisoire_fin < $2",
        )
        .bind(compte)
        .bind(now)
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.is_some())
    }

    /// Replaces the password of an account and ends what the former one had opened: its sessions, except the
    /// one of `keep`, and its tokens. `given`: it is a one-time password, given at that time.
    ///
    /// # Errors
    /// The account does not exist.
    pub async fn set_password(
        &self,
        compte: &str,
        hash: &str,
        given: Option<i64>,
        keep: Option<&str>,
    ) -> Result<(), StateError> {
        let mut tx = self.write().await?;
        let done = sqlx::query(
            "UPDATE comptes SET mot_de_passe = $2, provisoire = $3, provisoire_fin = $4 WHERE id = $1",
        )
        .bind(compte)
        .bind(hash)
        .bind(i64::from(given.is_some()))
        .bind(given.map(one_time_until))
        .execute(&mut *tx)
        .await?;
        existing(done.rows_affected(), compte)?;
        sqlx::query("DELETE FROM sessions WHERE compte = $1 AND empreinte <> $2")
            .bind(compte)
            .bind(keep.unwrap_or(""))
            .execute(&mut *tx)
            .await?;
        revoke_all(&mut tx, compte, super::now()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Opens or closes an account, and ends its sessions and tokens when it is closed.
    ///
    /// # Errors
    /// It does not exist, or a manager reopens what the administration closed.
    pub async fn close_account(
        &self,
        compte: &str,
        closed: Option<i64>,
        by: Closer,
    ) -> Result<(), StateError> {
        let mut tx = self.write().await?;
        let row: Option<(Option<i64>, String)> =
            sqlx::query_as("SELECT ferme, ferme_par FROM comptes WHERE id = $1")
                .bind(compte)
                .fetch_optional(&mut *tx)
                .await?;
        let (was, whose) = row.ok_or_else(|| StateError::Absent(compte.to_owned()))?;
        let theirs = was.is_some() && whose == Closer::Administration.id();
        if theirs && by == Closer::Gestionnaire {
            return Err(StateError::Taken(
                "Ce compte a été fermé par l'administration du service : elle seule peut le rouvrir.".into(),
            ));
        }
        sqlx::query("UPDATE comptes SET ferme = $2, ferme_par = $3 WHERE id = $1")
            .bind(compte)
            .bind(closed)
            .bind(if closed.is_some() { by.id() } else { "" })
            .execute(&mut *tx)
            .await?;
        if let Some(now) = closed {
            sqlx::query("DELETE FROM sessions WHERE compte = $1").bind(compte).execute(&mut *tx).await?;
            revoke_all(&mut tx, compte, now).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Makes an account manage its organisation, or no more.
    ///
    /// # Errors
    /// It does not exist.
    pub async fn set_manager(&self, compte: &str, manager: bool) -> Result<(), StateError> {
        let done = sqlx::query("UPDATE comptes SET gestionnaire = $2 WHERE id = $1")
            .bind(compte)
            .bind(i64::from(manager))
            .execute(&self.pool)
            .await?;
        existing(done.rows_affected(), compte)
    }

    /// Who an open account is, with the conventions in force that day, and whether its password is still a
    /// one-time one.
    ///
    /// # Errors
    /// The database fails.
    pub async fn person(&self, compte: &str, today: &str) -> Result<Option<(Person, bool)>, StateError> {
        let row: Option<(String, String, i64, i64, String, String, String, String)> = sqlx::query_as(
            "SELECT c.nom, c.courriel, c.gestionnaire, c.provisoire, o.id, o.nom, o.role, o.code FROM comptes c \
             JOIN organisations o ON o.id = c.organisation WHERE c.id = $1 AND c.ferme IS NULL AND o.ferme \
             IS NULL",
        )
        .bind(compte)
        .fetch_optional(&self.pool)
        .await?;
        let Some((nom, courriel, gestionnaire, provisoire, id, org, r, code)) = row else { return Ok(None) };
        let agreements = self.agreements(&id, today).await?;
        let person = Person {
            compte: Some(compte.to_owned()),
            nom,
            courriel,
            gestionnaire: gestionnaire != 0,
            organisation: Some(Organisation { id, nom: org, role: role(&r), code }),
            agreements,
            holder: false,
        };
        Ok(Some((person, provisoire != 0)))
    }
}

/// When a one-time password that is given now opens nothing any more.
fn one_time_until(now: i64) -> i64 {
    now + comptes().mot_de_passe.provisoire_h * 3_600
}

/// Ends all tokens of an account.
async fn revoke_all(
    tx: &mut sqlx::Transaction<'_, sqlx::Any>,
    compte: &str,
    now: i64,
) -> Result<(), StateError> {
    sqlx::query("UPDATE jetons SET revoque = $2 WHERE compte = $1 AND revoque IS NULL")
        .bind(compte)
        .bind(now)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(super) fn existing(rows: u64, what: &str) -> Result<(), StateError> {
    if rows == 0 { Err(StateError::Absent(what.to_owned())) } else { Ok(()) }
}
