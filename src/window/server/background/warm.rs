//! What is made before somebody waits for it, each time that the data in force change; and memory that is no
//! longer needed, given back to the machine.

use std::sync::Arc;
use std::time::Duration;

use crate::desk::editions::{App, Live};

/// How often the state in force is looked at: looking is a read of one pointer.
const WATCH: Duration = Duration::from_millis(500);

/// Warms each state that comes into force, one after the other, beside the requests.
pub async fn follow(live: Live) {
    let mut seen: Option<Arc<App>> = None;
    loop {
        let now = live.get();
        if seen.as_ref().is_none_or(|s| !Arc::ptr_eq(s, &now)) {
            seen = Some(Arc::clone(&now));
            if let Err(e) = tokio::task::spawn_blocking(move || warm(&now)).await {
                tracing::error!("préparation interrompue : {e}");
            }
        }
        tokio::time::sleep(WATCH).await;
    }
}

/// The names that are searched, a point of each zone, and the rows of bailleurs, of the latest figures.
fn warm(app: &App) {
    let Some(latest) = app.millesimes.last() else { return };
    let _ = latest.names();
    latest.zones.values().for_each(|g| _ = g.centres());
    match app.make_lessors() {
        Ok(true) => give_back(),
        Ok(false) => {}
        Err(e) => tracing::error!("logements bailleur par bailleur : {e}"),
    }
}

/// Gives freed memory back to the machine: the allocator keeps that of a whole register otherwise.
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: it takes a number and touches nothing that anybody holds.
    unsafe {
        libc::malloc_trim(0);
    }
}
