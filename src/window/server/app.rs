//! What handlers take what they need from: the data in force, the state store, and the tasks beside them.

use std::sync::Arc;

use axum::extract::FromRef;

use crate::desk::editions::Live;
use crate::server::api::ban::geocodage_distant::Remote;
use crate::server::api::site::health::Pulse;
use crate::server::auth::known::Known;
use crate::server::auth::provider::Sso;
use crate::server::auth::trail::Trail;
use crate::server::background::courriel::Post;
use crate::server::background::saves::Saves;
use crate::server::background::works::Works;
use crate::server::edge::load::Load;
use crate::server::edge::metrics::Metrics;
use crate::server::error::ServerError;
use crate::server::options::ServeOptions;
use crate::state::{Passwords, State};

/// The state that handlers take what they need from.
#[derive(Debug, Clone)]
pub struct Server {
    pub live: Live,
    pub state: State,
    pub trail: Trail,
    /// Who asked a moment ago.
    pub known: Known,
    pub passwords: Passwords,
    /// What is checked and made anew in the background.
    pub works: Works,
    /// Signing in by an identity provider, if one is set up.
    pub sso: Option<Arc<Sso>>,
    /// How much is answered at once.
    pub load: Load,
    pub metrics: Metrics,
    /// Whether the database answers.
    pub pulse: Pulse,
    /// A BAN API that answers instead of the imported addresses.
    pub ban: Option<Remote>,
    /// What is kept of gestion en flux, counted.
    pub flux: crate::desk::flux::book::Shelf,
    /// Who sends notices by mail, if someone does.
    pub post: Option<Arc<Post>>,
    /// Copies of the store that the page asks for.
    pub saves: Saves,
    pub options: Arc<ServeOptions>,
}

impl Server {
    /// Must be called within a runtime: the audit trail is written by a task.
    ///
    /// # Errors
    /// The settings of the identity provider or of the mail relay are incomplete or wrong, or the machine
    /// gives no random bytes.
    pub fn new(live: Live, state: State, options: ServeOptions) -> Result<Self, ServerError> {
        Ok(Self {
            works: Works::start(live.get().root(), state.clone(), live.clone()),
            live,
            trail: Trail::start(state.clone()),
            load: Load::new(),
            metrics: Metrics::new(),
            pulse: Pulse::start(state.clone()),
            known: Known::default(),
            state,
            passwords: Passwords::new()?,
            sso: Sso::from_env()?.map(Arc::new),
            ban: options.ban.as_deref().map(Remote::new).transpose()?,
            flux: crate::desk::flux::book::Shelf::default(),
            post: Post::new(&options)?.map(Arc::new),
            saves: Saves::new(options.sauvegardes.clone()),
            options: Arc::new(options),
        })
    }
}

impl FromRef<Server> for Live {
    fn from_ref(server: &Server) -> Self {
        server.live.clone()
    }
}

impl FromRef<Server> for Option<Remote> {
    fn from_ref(server: &Server) -> Self {
        server.ban.clone()
    }
}
