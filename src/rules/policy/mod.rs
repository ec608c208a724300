//! What is aimed at: the targets of social mix, looked at in a year of leases, and in an allocation that is
//! not made yet.
//!
//! [`household`] derives once what the law makes of a household: quartile, DALO, priority, precariousness,
//! and who is bound; [`ground`] places it. [`facts`] makes of each allocation of the store what rules ask
//! about it (QPV of the generation in force on the day of the lease, relocation, mutation…); [`mix`] counts
//! leases under the rules of `data/rules/mix.toml`; [`objectifs`] says which target holds for a line, the
//! law's or a CIA's; [`dalo`] looks at DALO households and QPV. Counting knows nothing of HTTP nor of files;
//! what may be said of the counts is in [`mix::protect`].
//!
//! Before a commission: [`dossier`] is a candidate file and finds its facts among the dwellings of [`parc`];
//! [`check`] gives the verdict of each rule, a pure function of facts, rules and [`counts`]; [`why`] says it
//! in a sentence; [`elsewhere`] ranks the vacant dwellings that would fit.
//!
//! Around it: [`segregation`] says how evenly households are spread over the units of a territory,
//! [`fragility`] how fragile residences are beside one another; [`plan`] proposes who could be given the
//! dwellings that are to become vacant; [`alike`] says which territories have the same kind of stock.

pub mod alike;
pub mod ceiling;
pub mod check;
pub mod counts;
pub mod dalo;
pub mod dossier;
pub mod elsewhere;
pub mod facts;
pub mod fragility;
pub mod ground;
pub mod household;
pub mod mix;
pub mod objectifs;
pub mod parc;
pub mod plan;
pub mod segregation;
pub mod why;
