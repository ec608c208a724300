//! OGC API: collections and items.

mod items;
