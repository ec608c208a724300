//! The HTTP interface over a small territory built in memory, requests through the router. A folder a family and
//! a file a resource, as in `src/window/server/api`; what walks all of them stands beside.

mod attacks;
mod examples;
mod kept;
mod openapi;
mod paper;
mod people;
mod problems;
mod rights;
mod sums;
mod world;

mod admin;
mod ban;
mod cotation;
mod figures;
mod flux;
mod leases;
mod lessor;
mod ogc;
mod site;
