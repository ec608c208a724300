//! Long cubes are hashed in the background, while they already serve: one that is not what was written stops
//! serving and is made anew.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use crate::desk::editions::Live;
use crate::server::background::works::Works;
use crate::store::{Damage, Store};

/// How often new cubes are looked for.
const EVERY: Duration = Duration::from_secs(60);

/// Looks once at all bytes of each cube in force; lives as long as the runtime.
pub async fn watch(live: Live, root: PathBuf, works: Works) {
    let mut sound = BTreeSet::new();
    loop {
        let (store, known) = (live.get().store().clone(), sound.clone());
        let looked = tokio::task::spawn_blocking(move || look(&store, &known)).await;
        let Ok((seen, damaged)) = looked else { return };
        sound.extend(seen);
        if !damaged.is_empty() {
            set_aside(&live, &root, &works, damaged).await;
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Folders whose cube is sound, and the damage of the others.
fn look(store: &Store, known: &BTreeSet<String>) -> (Vec<String>, Vec<Damage>) {
    let (mut sound, mut damaged) = (Vec::new(), Vec::new());
    for cube in store.manifest().cubes.iter().filter(|c| !known.contains(&c.dossier)) {
        match store.cube_damage(cube, u64::MAX) {
            None => sound.push(cube.dossier.clone()),
            Some(damage) => damaged.push(damage),
        }
    }
    (sound, damaged)
}

/// A damaged cube gets another name, so that nobody opens it again, stops serving, and is built again.
async fn set_aside(live: &Live, root: &std::path::Path, works: &Works, damaged: Vec<Damage>) {
    for damage in damaged {
        tracing::error!("« {} » : {} ; il est refait", damage.path.display(), damage.why);
        // One that is gone already cannot be renamed.
        let _ = std::fs::rename(&damage.path, damage.path.with_extension("endommage"));
    }
    let (live, root) = (live.clone(), root.to_owned());
    if let Ok(Err(e)) = tokio::task::spawn_blocking(move || live.reload(&root)).await {
        tracing::error!("rechargement : {e}");
    }
    works.changed();
}
