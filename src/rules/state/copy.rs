//! The whole state elsewhere: a copy of the SQLite file while it serves, and SQLite → PostgreSQL.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use sqlx::any::{AnyRow, AnyTypeInfoKind};
use sqlx::{Any, AssertSqlSafe, Column, Row, Transaction, ValueRef};

use super::{State, StateError};
use crate::french::thousands;

/// Tables whose rows a new database has of itself.
const SEEDED: [&str; 3] = ["audit_tete", "cles", "flux_revision"];

impl State {
    /// A whole copy of a SQLite state as one file, while others read and write it.
    ///
    /// # Errors
    /// The database is not SQLite, or the disk refuses.
    pub async fn copy_to(&self, file: &Path) -> Result<(), StateError> {
        sqlx::query("VACUUM INTO $1").bind(file.display().to_string()).execute(&self.pool).await?;
        Ok(())
    }

    /// Copies every table into an empty state, all or nothing; rows of each table.
    ///
    /// # Errors
    /// The other one is not empty, or a database fails: nothing was copied.
    pub async fn move_to(&self, other: &Self) -> Result<BTreeMap<String, u64>, StateError> {
        let tables = self.tables().await?;
        let mut source = self.write().await?;
        let mut target = other.pool.begin().await?;
        for table in &tables {
            let n = count(&mut target, table).await?;
            if n > 0 && !SEEDED.contains(&table.as_str()) {
                return Err(StateError::Taken(format!(
                    "la base de destination n'est pas vide : sa table « {table} » a {} lignes. Donnez une base neuve",
                    thousands(n.unsigned_abs())
                )));
            }
        }
        let (rank,): (i64,) = sqlx::query_as("SELECT rang FROM audit_tete").fetch_one(&mut *target).await?;
        if rank > 0 {
            return Err(StateError::Taken(
                "la base de destination a déjà un journal d'audit. Donnez une base neuve".to_owned(),
            ));
        }
        let mut moved = BTreeMap::new();
        for table in &tables {
            sqlx::query(AssertSqlSafe(format!("DELETE FROM {table}"))).execute(&mut *target).await?;
            let rows =
                sqlx::query(AssertSqlSafe(format!("SELECT * FROM {table}"))).fetch_all(&mut *source).await?;
            for row in &rows {
                insert(&mut target, table, row).await?;
            }
            let there = count(&mut target, table).await?;
            if there != rows.len() as i64 {
                return Err(StateError::Taken(format!(
                    "table « {table} » : {} lignes lues, {} écrites",
                    thousands(rows.len() as u64),
                    thousands(there.unsigned_abs())
                )));
            }
            moved.insert(table.clone(), rows.len() as u64);
        }
        target.commit().await?;
        Ok(moved)
    }

    /// Tables of a SQLite state, those that others refer to first.
    async fn tables(&self) -> Result<Vec<String>, StateError> {
        let names: Vec<(String,)> = sqlx::query_as(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
             AND name NOT LIKE '\\_sqlx%' ESCAPE '\\' ORDER BY name",
        )
        .fetch_all(&self.pool)
        .await?;
        let mut needs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (name,) in names {
            let parents: Vec<(String,)> = sqlx::query_as("SELECT \"table\" FROM pragma_foreign_key_list($1)")
                .bind(&name)
                .fetch_all(&self.pool)
                .await?;
            let parents = parents.into_iter().map(|p| p.0).filter(|p| *p != name).collect();
            needs.insert(name, parents);
        }
        let mut order: Vec<String> = Vec::new();
        while !needs.is_empty() {
            let ready: Vec<String> = needs
                .iter()
                .filter(|(_, parents)| parents.iter().all(|p| order.contains(p)))
                .map(|(name, _)| name.clone())
                .collect();
            if ready.is_empty() {
                // A circle of references: the database then decides.
                order.extend(std::mem::take(&mut needs).into_keys());
            }
            for name in ready {
                needs.remove(&name);
                order.push(name);
            }
        }
        Ok(order)
    }
}

async fn count(tx: &mut Transaction<'_, Any>, table: &str) -> Result<i64, StateError> {
    let sql = format!("SELECT COUNT(*) FROM {table}");
    let (n,): (i64,) = sqlx::query_as(AssertSqlSafe(sql)).fetch_one(&mut **tx).await?;
    Ok(n)
}

async fn insert(tx: &mut Transaction<'_, Any>, table: &str, row: &AnyRow) -> Result<(), StateError> {
    let columns: Vec<&str> = row.columns().iter().map(Column::name).collect();
    // NULL has no type of its own: what is missing is not named.
    let mut there = Vec::new();
    for (at, name) in columns.iter().enumerate() {
        if !row.try_get_raw(at)?.is_null() {
            there.push((at, *name));
        }
    }
    let names: Vec<&str> = there.iter().map(|(_, name)| *name).collect();
    let places: Vec<String> = (1..=there.len()).map(|n| format!("${n}")).collect();
    let sql = format!("INSERT INTO {table} ({}) VALUES ({})", names.join(", "), places.join(", "));
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for (at, _) in there {
        query = match row.try_get_raw(at)?.type_info().kind() {
            AnyTypeInfoKind::Text => query.bind(row.try_get::<String, _>(at)?),
            AnyTypeInfoKind::Blob => query.bind(row.try_get::<Vec<u8>, _>(at)?),
            AnyTypeInfoKind::Real | AnyTypeInfoKind::Double => query.bind(row.try_get::<f64, _>(at)?),
            _ => query.bind(row.try_get::<i64, _>(at)?),
        };
    }
    query.execute(&mut **tx).await?;
    Ok(())
}
