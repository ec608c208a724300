//! One reader, several parsers, results in the order of the file.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::sync::mpsc::sync_channel;

use super::cut::Cutter;
use super::{Block, Table, TableError};

impl Table {
    /// Streams the records after the first `skip` of each member through `parse`, on `workers` threads.
    ///
    /// `state` makes what one worker keeps between its blocks (buffers, projections). `consume` gets
    /// the results in order, on the calling thread, with the bytes read from disk so far.
    /// At most `workers + 2` blocks are in memory.
    ///
    /// # Errors
    /// Those of reading, and the first that `consume` returns, after which everything stops.
    pub fn blocks<S, T: Send, E: From<TableError>>(
        &self,
        skip: usize,
        workers: usize,
        state: impl Fn() -> S + Sync,
        parse: impl Fn(&mut S, &Block) -> T + Sync,
        mut consume: impl FnMut(T, u64) -> Result<(), E>,
    ) -> Result<(), E> {
        let workers = workers.max(1);
        let buffers = workers + 2;
        let (free_tx, free_rx) = sync_channel::<Vec<u8>>(buffers);
        let (work_tx, work_rx) = sync_channel::<(usize, Block)>(buffers);
        let (done_tx, done_rx) = sync_channel::<(usize, Result<(T, Vec<u8>), TableError>)>(buffers + 1);
        let work_rx = Mutex::new(work_rx);
        let read = self.text.counter();
        std::thread::scope(|scope| {
            // Moved in: when `consume` fails, leaving this closure drops the ends of the channels that
            // the threads wait on, and they stop.
            let (free_tx, done_rx) = (free_tx, done_rx);
            for _ in 0..buffers {
                let _ = free_tx.send(Vec::new());
            }
            let failed = done_tx.clone();
            scope.spawn(move || {
                let mut number = 0;
                let mut line = 1;
                let mut spare = None;
                for member in 0..self.text.members.len() {
                    let mut cutter = match Cutter::new(self, member, line, skip) {
                        Ok(cutter) => cutter,
                        Err(e) => return drop(failed.send((number, Err(e)))),
                    };
                    loop {
                        let Some(buffer) = spare.take().or_else(|| free_rx.recv().ok()) else { return };
                        match cutter.next(buffer) {
                            Ok(Some(block)) => {
                                if work_tx.send((number, block)).is_err() {
                                    return;
                                }
                                number += 1;
                            }
                            Ok(None) => {
                                spare = Some(Vec::new());
                                break;
                            }
                            Err(e) => return drop(failed.send((number, Err(e)))),
                        }
                    }
                    line = cutter.line();
                }
            });
            for _ in 0..workers {
                let done_tx = done_tx.clone();
                let (work_rx, state, parse) = (&work_rx, &state, &parse);
                scope.spawn(move || {
                    let mut kept = state();
                    loop {
                        let next = match work_rx.lock() {
                            Ok(receiver) => receiver.recv(),
                            Err(_) => return,
                        };
                        let Ok((number, block)) = next else { return };
                        let result = parse(&mut kept, &block);
                        if done_tx.send((number, Ok((result, block.into_buffer())))).is_err() {
                            return;
                        }
                    }
                });
            }
            drop(done_tx);
            let mut waiting = BTreeMap::new();
            let mut next = 0;
            while let Ok((number, result)) = done_rx.recv() {
                waiting.insert(number, result);
                while let Some(result) = waiting.remove(&next) {
                    let (value, buffer) = result?;
                    consume(value, read.load(Ordering::Relaxed))?;
                    let _ = free_tx.send(buffer);
                    next += 1;
                }
            }
            Ok(())
        })
    }
}
