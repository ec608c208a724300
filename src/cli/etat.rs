//! `mosaique state`: the database of accounts, corrections and the audit trail, as a whole.

use clap::{Args, Subcommand};

use super::build::thousands;
use super::out::say;
use super::{Failure, StoreArgs};
use crate::state::State;
use crate::store::{Store, Writer};

#[derive(Debug, Subcommand)]
pub enum StateCommand {
    /// Copier l'état (comptes, corrections, journal…) de SQLite vers PostgreSQL, tout ou rien ; serveur
    /// arrêté
    Move(MoveArgs),
}

#[derive(Debug, Args)]
pub struct MoveArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// Base PostgreSQL, vide : postgres://utilisateur@hote/base
    #[arg(long, value_name = "URL")]
    vers: String,
}

pub fn run(command: &StateCommand) -> Result<(), Failure> {
    let StateCommand::Move(args) = command;
    let root = &args.store.data;
    if !args.vers.starts_with("postgres") {
        return Err("la destination est une base PostgreSQL : postgres://utilisateur@hote/base".into());
    }
    let file = root.join("etat.sqlite");
    if !file.exists() {
        return Err(format!("« {} » n'existe pas : il n'y a rien à copier", file.display()).into());
    }
    if root.join("manifeste.json").exists() && Store::is_read(root) {
        return Err(
            "un serveur lit ce magasin : arrêtez-le d'abord, ce qu'il écrirait maintenant serait perdu"
                .into(),
        );
    }
    let _held = Writer::open(root)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let from = State::open(&format!("sqlite://{}?mode=rw", file.display())).await?;
        let to = State::open(&args.vers).await?;
        let moved = from.move_to(&to).await?;
        for (table, rows) in &moved {
            say!("  {:>10}  {table}", thousands(*rows));
        }
        let trail = to.verify_audit(None).await?;
        from.close().await;
        to.close().await;
        if let Some(fault) = trail.faute {
            say!("Attention, le journal d'audit n'est pas intact, ici comme là-bas : {fault}.");
        }
        say!("{} tables copiées, {} lignes du journal relues.", moved.len(), thousands(trail.lignes as u64));
        Ok::<_, Failure>(())
    })?;
    let aside = root.join("etat-deplace.sqlite");
    std::fs::rename(&file, &aside)?;
    say!("L'ancien fichier est gardé sous {} ; servez désormais avec DATABASE_URL.", aside.display());
    Ok(())
}
