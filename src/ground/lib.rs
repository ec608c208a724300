//! The ground floor: days, what `data/` says, projections and zones, addresses. It knows no file of users and
//! no figure.

pub mod address;
pub mod days;
pub mod french;
pub mod reference;
pub mod territory;
