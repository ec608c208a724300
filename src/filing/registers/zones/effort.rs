//! How much work judging contours may cost, counted in its loops so that it really stops.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

/// The work that is left, shared by all contours of one question.
#[derive(Debug)]
pub struct Effort {
    left: AtomicI64,
    until: Option<Instant>,
}

/// No work is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent;

impl Effort {
    /// `steps`: pairs of sides that are looked at, or what costs as much.
    #[must_use]
    pub fn new(steps: u64, time: Option<Duration>) -> Self {
        Self {
            left: AtomicI64::new(i64::try_from(steps).unwrap_or(i64::MAX)),
            until: time.and_then(|t| Instant::now().checked_add(t)),
        }
    }

    /// # Errors
    /// The steps or the time are used up.
    pub fn spend(&self, steps: usize) -> Result<(), Spent> {
        let steps = i64::try_from(steps).unwrap_or(i64::MAX / 2);
        let before = self.left.fetch_sub(steps, Ordering::Relaxed);
        if before < steps || self.until.is_some_and(|until| Instant::now() >= until) {
            // Never around the end of the numbers, however often it is asked again.
            self.left.store(0, Ordering::Relaxed);
            return Err(Spent);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_stops_when_its_steps_or_its_time_are_used_up() {
        let effort = Effort::new(10, None);
        assert_eq!((effort.spend(6), effort.spend(4), effort.spend(1)), (Ok(()), Ok(()), Err(Spent)));
        assert_eq!(Effort::new(10, Some(Duration::ZERO)).spend(0), Err(Spent));
    }
}
