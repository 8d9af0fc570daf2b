//! Time, as a seam.
//!
//! Everything that judges an expiry or stamps evidence asks a clock that it was given, so that
//! tests move time themselves and nothing depends on how fast a machine is.

use std::fmt::Debug;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use time::OffsetDateTime;

/// A source of time.
pub trait Clock: Debug + Send + Sync {
    /// The wall clock, in UTC.
    ///
    /// # Units
    /// May step back when the machine's clock is set.
    fn now(&self) -> OffsetDateTime;

    /// The time since some fixed instant.
    ///
    /// # Units
    /// Never goes back; two values of one clock can be subtracted, nothing else.
    fn monotonic(&self) -> Duration;
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> OffsetDateTime {
        (**self).now()
    }

    fn monotonic(&self) -> Duration {
        (**self).monotonic()
    }
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "it holds nothing and is written as a value"
)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the wall clock"
    )]
    fn now(&self) -> OffsetDateTime {
        SystemTime::now().into()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the timer"
    )]
    fn monotonic(&self) -> Duration {
        static ORIGIN: OnceLock<Instant> = OnceLock::new();
        Instant::now().saturating_duration_since(*ORIGIN.get_or_init(Instant::now))
    }
}

/// A clock that stands still until it is moved.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use tenantshield_core::{Clock, FakeClock};
///
/// let clock = FakeClock::new();
/// let before = clock.now();
/// clock.advance(Duration::from_secs(30));
/// assert_eq!(clock.now() - before, Duration::from_secs(30));
/// ```
#[derive(Debug)]
pub struct FakeClock {
    state: Mutex<(OffsetDateTime, Duration)>,
}

impl FakeClock {
    /// A clock at midnight of 1 January 2026.
    #[must_use]
    pub fn new() -> Self {
        Self::at(time::macros::datetime!(2026-01-01 0:00 UTC))
    }

    /// A clock at this instant.
    #[must_use]
    pub const fn at(now: OffsetDateTime) -> Self {
        Self {
            state: Mutex::new((now, Duration::ZERO)),
        }
    }

    /// Moves both readings forward; at the end of representable time they stay there.
    pub fn advance(&self, by: Duration) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let step = time::Duration::try_from(by).unwrap_or(time::Duration::MAX);
        state.0 = state.0.saturating_add(step);
        state.1 = state.1.saturating_add(by);
    }

    /// Sets the wall clock, also back, and leaves the timer alone.
    pub fn set(&self, now: OffsetDateTime) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).0 = now;
    }
}

impl Default for FakeClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for FakeClock {
    fn now(&self) -> OffsetDateTime {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    fn monotonic(&self) -> Duration {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fake_clock_moves_only_when_told() {
        let clock = FakeClock::new();
        let (wall, timer) = (clock.now(), clock.monotonic());
        assert_eq!((clock.now(), clock.monotonic()), (wall, timer));
        clock.advance(Duration::from_millis(1500));
        assert_eq!(clock.monotonic(), timer + Duration::from_millis(1500));
        clock.set(wall);
        assert_eq!(clock.now(), wall);
        assert_eq!(clock.monotonic(), timer + Duration::from_millis(1500));
        clock.advance(Duration::MAX);
    }

    #[test]
    fn the_timer_never_goes_back() {
        let first = SystemClock.monotonic();
        assert!(SystemClock.monotonic() >= first);
        assert!(SystemClock.now().offset().is_utc());
    }
}
