//! Gestion en flux, as `src/window/server/api/flux`.

mod bilan;
