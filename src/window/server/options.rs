//! How to serve: what the command line decides before any request.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::reference::fonds::Basemap;
use crate::server::background::courriel::Smtp;

/// How to serve.
#[derive(Debug, Clone, Default)]
pub struct ServeOptions {
    /// Folder of a build of the web application, instead of the one in the program.
    pub web: Option<PathBuf>,
    /// Listen beyond this machine, and answer to any host name.
    pub allow_remote: bool,
    /// A BAN API that answers questions about addresses instead of the imported ones.
    pub ban: Option<String>,
    /// A relay stands before this server and says in `X-Forwarded-For` where requests come from.
    pub behind_proxy: bool,
    /// `https://host` by which others know this server; by default what each request calls it.
    pub adresse_publique: Option<String>,
    /// Where a watcher reads what the server counts.
    pub metrics: Option<SocketAddr>,
    /// Where notices are sent from.
    pub smtp: Option<Smtp>,
    /// Where the page makes copies of the store; without it, it makes none.
    pub sauvegardes: Option<PathBuf>,
    /// Base maps of other hosts that the page may show.
    pub fonds: Vec<Basemap>,
    /// Sites (`https://host[:port]`) that may show `/integre` in a frame.
    pub integration: Vec<String>,
}

impl ServeOptions {
    /// Whether cookies go by TLS only: wherever this server is not for one machine alone.
    #[must_use]
    pub fn secure_cookies(&self) -> bool {
        self.allow_remote || self.behind_proxy
    }
}
