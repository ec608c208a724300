//! Connections: how many, for how long, and how they end.
//!
//! `axum::serve` keeps a connection that says nothing for ever and waits for the last request when it is
//! stopped. Here the head of a request, and the silence between two, have a time limit; beyond a number of
//! connections one is told to come back; a stop lets requests finish within a time (`data/limites.toml`).

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tower::ServiceExt;

use crate::reference::limites::{Connections, limits};

/// What is said to a connection beyond the last one, before it is closed.
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 2\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
/// How long a listener that the system refuses a connection rests before it tries again.
const REST: Duration = Duration::from_millis(50);

/// Serves connections until `stopped` resolves, then ends those that are open.
///
/// # Panics
/// Never: the semaphore is not closed.
pub async fn serve(listener: TcpListener, routes: Router, stopped: impl Future<Output = ()>) {
    let limits = limits().connexions;
    let places = Arc::new(Semaphore::new(room(limits.au_plus)));
    let (stop, stopping) = watch::channel(false);
    // Each connection holds a receiver; when the last is dropped, all have ended.
    let mut stopped = pin!(stopped);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stopped => break,
        };
        let (stream, peer) = match accepted {
            Ok(connection) => connection,
            Err(e) => {
                // The client has gone, or no file is left to open: others may still be served.
                tracing::warn!("connexion refusée par le système : {e}");
                tokio::time::sleep(REST).await;
                continue;
            }
        };
        match Arc::clone(&places).try_acquire_owned() {
            Ok(place) => {
                tokio::spawn(connection(stream, peer, routes.clone(), stopping.clone(), limits, place));
            }
            Err(_) => {
                tokio::spawn(refuse(stream));
            }
        }
    }
    drop((listener, stopping));
    stop.send_replace(true);
    if tokio::time::timeout(limits.stop(), stop.closed()).await.is_err() {
        tracing::warn!("des requêtes n'ont pas fini dans le délai d'arrêt : elles sont interrompues");
    }
}

/// Connections that the system lets this process have, leaving the other half to its own files.
fn room(most: usize) -> usize {
    let files = rlimit::increase_nofile_limit(u64::MAX).unwrap_or(1_024);
    most.min(usize::try_from(files / 2).unwrap_or(most)).max(16)
}

async fn refuse(mut stream: TcpStream) {
    // Who does not read it is closed all the same.
    let _ = tokio::time::timeout(Duration::from_secs(1), stream.write_all(FULL)).await;
}

/// Resolves when the server is asked to stop.
async fn asked(stopping: &mut watch::Receiver<bool>) {
    // Without a sender there is nobody left to serve either.
    let _ = stopping.wait_for(|stop| *stop).await;
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    routes: Router,
    mut stopping: watch::Receiver<bool>,
    limits: Connections,
    place: OwnedSemaphorePermit,
) {
    // Answers are small: waiting to fill packets would only add delay.
    if let Err(e) = stream.set_nodelay(true) {
        tracing::debug!("TCP_NODELAY : {e}");
    }
    let service = service_fn(move |request: Request<Incoming>| {
        let routes = routes.clone();
        async move {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            Ok::<_, Infallible>(routes.oneshot(request).await.unwrap_or_else(|never| match never {}))
        }
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head())
            .serve_connection(TokioIo::new(stream), service)
    );
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = asked(&mut stopping) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(e) = ended {
        tracing::debug!("connexion interrompue : {e}");
    }
    drop(place);
}
