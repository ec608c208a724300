//! The audit trail, as the server writes it: lines that wait together are written together.

use tokio::sync::{mpsc, oneshot};

use super::who::Visitor;
use crate::desk::trace::Trace;
use crate::state::audit::Entry;
use crate::state::{State, StateError};

impl Trace {
    /// The line, for who asked.
    #[must_use]
    pub fn entry(self, visitor: &Visitor) -> Entry {
        self.entry_of(&visitor.person, visitor.ip.clone(), visitor.request.clone())
    }
}

/// Lines that wait, and who waits for them.
type Waiting = (Vec<Entry>, oneshot::Sender<Result<(), String>>);

/// Writes lines in the order in which they come; many at once when many wait.
#[derive(Debug, Clone)]
pub struct Trail(mpsc::Sender<Waiting>);

/// Requests whose lines may wait; the next ones wait to wait.
const QUEUE: usize = 1_024;
/// Requests whose lines are written in one transaction.
const TOGETHER: usize = 256;

/// The trail does not take a line.
#[derive(Debug, thiserror::Error)]
#[error("journal d'audit : {0}")]
pub struct TrailError(String);

impl Trail {
    /// Starts the task that writes; it ends with the last handle.
    #[must_use]
    pub fn start(state: State) -> Self {
        let (sender, mut receiver) = mpsc::channel::<Waiting>(QUEUE);
        tokio::spawn(async move {
            let mut waiting = Vec::new();
            while receiver.recv_many(&mut waiting, TOGETHER).await > 0 {
                let entries: Vec<Entry> = waiting.iter_mut().flat_map(|(e, _)| std::mem::take(e)).collect();
                let written = state.audit(&entries).await.map_err(|e: StateError| e.to_string());
                for (_, told) in waiting.drain(..) {
                    // Who gave up waiting needs no answer.
                    let _ = told.send(written.clone());
                }
            }
        });
        Self(sender)
    }

    /// Writes lines; returns when they are kept.
    ///
    /// # Errors
    /// They are not.
    pub async fn write(&self, entries: Vec<Entry>) -> Result<(), TrailError> {
        let (told, answer) = oneshot::channel();
        let ended = || TrailError("l'écriture s'est arrêtée".to_owned());
        self.0.send((entries, told)).await.map_err(|_| ended())?;
        answer.await.map_err(|_| ended())?.map_err(TrailError)
    }
}
