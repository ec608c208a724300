//! One folder a family of resources, one file a URL: read the question, ask, write the answer.

pub mod admin;
pub mod ban;
pub mod cotation;
pub mod figures;
pub mod flux;
pub mod leases;
pub mod lessor;
pub mod ogc;
pub mod site;
