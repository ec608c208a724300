//! Addresses: geocoding as the national service does it.

mod geocodage;
