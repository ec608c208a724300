//! Shapes of map tiles: mercator, clipping, what is kept. Knows nothing of HTTP nor of who asks.

pub mod cache;
pub mod clip;
pub mod mercator;
pub mod points;
pub mod shapes;
