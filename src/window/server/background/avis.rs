//! Notices by mail: what awaits each organisation is looked at, told once to those of its accounts that want
//! it, and sent until it leaves or its time is over. The queue is in the state store: it outlives the server,
//! and several servers share it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::desk::avis as awaited;
use crate::desk::problem::Problem;
use crate::reference::avis::notices;
use crate::server::app::Server;
use crate::server::background::courriel::Post;
use crate::state::avis::{DueMail, Sending};
use crate::state::{self, Account, State};

/// Looks and sends for as long as the runtime lives; at once over if no relay is set.
pub async fn follow(server: Server) {
    let Some(post) = server.post.clone() else { return };
    let (mut looked, rules) = (None::<Instant>, notices());
    loop {
        if looked.is_none_or(|t| t.elapsed() >= Duration::from_secs(rules.regard_s)) {
            looked = Some(Instant::now());
            if let Err(e) = look(&server, state::now()).await {
                tracing::error!("avis par courriel : {}", e.told());
            }
        }
        if let Err(e) = round(&server, &post, state::now()).await {
            tracing::error!("avis par courriel : {}", e.told());
        }
        tokio::time::sleep(Duration::from_secs(rules.tour_s)).await;
    }
}

/// Queues what awaits organisations and was not told yet; how many mails.
async fn look(server: &Server, now: i64) -> Result<usize, Problem> {
    let silent: BTreeSet<String> = server.state.without_notices().await?.into_iter().collect();
    let mut members: BTreeMap<String, Vec<Account>> = BTreeMap::new();
    // An address that nobody has signed in with may be anybody's.
    for account in server.state.accounts(None).await? {
        if !account.ferme && !account.provisoire {
            members.entry(account.organisation.clone()).or_default().push(account);
        }
    }
    let said = Arc::new(server.state.said_of_dalo().await?);
    let mut queued = 0;
    for (organisation, accounts) in members {
        let wanted: Vec<String> =
            accounts.iter().map(|a| a.id.clone()).filter(|id| !silent.contains(id)).collect();
        let Some(first) = wanted.first() else { continue };
        let Some((person, _)) = server.state.person(first, &state::day(now)).await? else { continue };
        let deposits = awaited::deposits(&server.state, &person).await?;
        let (app, store, said) = (server.live.get(), server.state.clone(), Arc::clone(&said));
        let work = move || awaited::dalo(&app, &store, &person, &said, now);
        let dalo = tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))??;
        for (sujet, objets) in [("dalo", dalo), ("depots", deposits)] {
            queued += server.state.announce(&organisation, sujet, &objets, &wanted, now).await?;
        }
    }
    Ok(queued)
}

/// Sends what is due.
async fn round(server: &Server, post: &Post, now: i64) -> Result<(), Problem> {
    for mail in server.state.due_mails(now).await? {
        // Long enough for the relay's patience: another server does not send it meanwhile.
        let held = i64::try_from(notices().patience_s).unwrap_or(60) * 4;
        if server.state.take_mail(&mail, now + held).await? {
            attempt(server, post, &server.state, &mail).await?;
        }
    }
    server.metrics.mails_waiting(server.state.queued_mails().await?.en_attente);
    Ok(())
}

async fn attempt(server: &Server, post: &Post, state: &State, mail: &DueMail) -> Result<(), Problem> {
    let outcome = match post.send(mail).await {
        Ok(()) => Sending::Sent,
        Err(failed) => {
            let next = notices().next(mail.cree, mail.essais + 1, state::now());
            match next.filter(|_| !failed.forever) {
                Some(at) => Sending::Later { why: failed.why, at },
                None => Sending::GivenUp { why: failed.why },
            }
        }
    };
    match &outcome {
        Sending::Sent => server.metrics.mailed("envoye"),
        Sending::Later { why, .. } => {
            tracing::warn!("avis par courriel, à réessayer : {why}");
            server.metrics.mailed("echec");
        }
        Sending::GivenUp { why } => {
            tracing::error!("avis par courriel, abandonné : {why}");
            server.metrics.mailed("abandonne");
        }
    }
    Ok(state.mail_tried(&mail.id, &outcome, state::now()).await?)
}
