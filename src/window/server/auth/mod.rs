//! Who asks, whether they may, and what is written down of it.
//!
//! Each request goes through [`visitor::identify`] (cookie or token), then [`guard::guard`]: the operation's
//! level in `data/access.toml`, the second secret of sessions, the audit trail. What figures a person sees is
//! decided later, by `access`, for the zones that they ask (`server::desk`).

pub mod avis;
pub mod guard;
pub mod jetons;
pub mod known;
pub mod operations;
pub mod organisation;
pub mod provider;
pub mod session;
pub mod sso;
pub mod trail;
pub mod visitor;
pub mod vues;
pub mod who;
