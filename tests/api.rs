//! The HTTP interface over a small territory built in memory: one module a resource, requests through the
//! router.

#[path = "api/attacks.rs"]
mod attacks;
#[path = "api/catalogue.rs"]
mod catalogue;
#[path = "api/controle.rs"]
mod controle;
#[path = "api/cotation.rs"]
mod cotation;
#[path = "api/ensembles.rs"]
mod ensembles;
#[path = "api/examples.rs"]
mod examples;
#[path = "api/export.rs"]
mod export;
#[path = "api/facettes.rs"]
mod facettes;
#[path = "api/fichiers.rs"]
mod fichiers;
#[path = "api/geocoder.rs"]
mod geocoder;
#[path = "api/kept.rs"]
mod kept;
#[path = "api/ma_demande.rs"]
mod ma_demande;
#[path = "api/mesure.rs"]
mod mesure;
#[path = "api/objectifs.rs"]
mod objectifs;
#[path = "api/ogc.rs"]
mod ogc;
#[path = "api/people.rs"]
mod people;
#[path = "api/portraits.rs"]
mod portraits;
#[path = "api/problems.rs"]
mod problems;
#[path = "api/residences.rs"]
mod residences;
#[path = "api/rights.rs"]
mod rights;
#[path = "api/session.rs"]
mod session;
#[path = "api/situation.rs"]
mod situation;
#[path = "api/sums.rs"]
mod sums;
#[path = "api/territoires.rs"]
mod territoires;
#[path = "api/tiles.rs"]
mod tiles;
#[path = "api/valeurs.rs"]
mod valeurs;
#[path = "api/web.rs"]
mod web;
#[path = "api/world.rs"]
mod world;
#[path = "api/zones.rs"]
mod zones;
#[path = "api/zones_fichier.rs"]
mod zones_fichier;
