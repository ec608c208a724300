//! The lessor's workspace: deposits, addresses, residences, events.

pub mod adresses;
pub mod depots;
pub mod parc;
