//! What is aimed at: the targets of social mix, looked at in a year of leases.
//!
//! [`facts`] makes of each allocation of the store what rules ask about it: where its dwelling is (QPV of the
//! generation in force on the day of the lease), whether its household is of the first quartile, DALO, relocated…;
//! [`mix`] counts leases under the rules of `data/rules/mix.toml`; [`dalo`] looks at DALO households and QPV. Counting knows
//! nothing of HTTP nor of files; what may be said of the counts is in [`mix::protect`]. [`segregation`] says how evenly
//! households are spread over the units of a territory, [`fragility`] how fragile residences are beside one another;
//! [`plan`] proposes who could be given the dwellings that are to become vacant.

pub mod dalo;
pub mod facts;
pub mod fragility;
pub mod mix;
pub mod plan;
pub mod segregation;
