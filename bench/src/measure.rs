//! How a number is taken: many short chunks of thread CPU time, and the quietest of them.
//!
//! *Why:* on a shared machine the mean of a nanosecond loop measures the neighbours. A chunk is
//! short enough to fit between two interruptions, and the least of many chunks is what the code
//! costs. Where the distribution matters (a round trip) the median of wall time is taken.

use std::hint::black_box;
use std::time::Duration;

use rustix::time::{ClockId, Timespec, clock_gettime};

/// How much to do.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Effort {
    /// Enough chunks for a number.
    Full,
    /// Once, to see that it runs.
    Once,
}

impl Effort {
    /// `full` repetitions, or one.
    pub(crate) const fn times(self, full: u32) -> u32 {
        match self {
            Self::Full => full,
            Self::Once => 1,
        }
    }
}

/// Thread CPU time of one call of each, in nanoseconds: chunks taken in turn, the least of each.
///
/// Both see the same weather, so that their ratio means something on a busy machine.
pub(crate) fn beside<A, B>(
    effort: Effort,
    calls: u32,
    mut ours: impl FnMut() -> A,
    mut floor: impl FnMut() -> B,
) -> (f64, f64) {
    let (mut first, mut second) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..effort.times(CHUNKS) {
        first = first.min(chunk(effort, calls, &mut ours));
        second = second.min(chunk(effort, calls, &mut floor));
    }
    (first, second)
}

/// Thread CPU time of one call, in nanoseconds, the least of many chunks.
pub(crate) fn least<R>(effort: Effort, calls: u32, mut call: impl FnMut() -> R) -> f64 {
    let mut least = f64::INFINITY;
    for _ in 0..effort.times(CHUNKS) {
        least = least.min(chunk(effort, calls, &mut call));
    }
    least
}

/// Nanoseconds of thread CPU time that one run of `work` takes.
pub(crate) fn spent<R>(work: impl FnOnce() -> R) -> f64 {
    let start = clock_gettime(ClockId::ThreadCPUTime);
    black_box(work());
    nanos(start, clock_gettime(ClockId::ThreadCPUTime))
}

/// Wall time, for round trips.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watch(Timespec);

impl Watch {
    pub(crate) fn start() -> Self {
        Self(clock_gettime(ClockId::Monotonic))
    }

    pub(crate) fn stop(self) -> Duration {
        (clock_gettime(ClockId::Monotonic) - self.0)
            .try_into()
            .unwrap_or_default()
    }
}

/// The median of wall times, in nanoseconds.
pub(crate) fn median(mut samples: Vec<Duration>) -> f64 {
    samples.sort_unstable();
    samples
        .get(samples.len() / 2)
        .map_or(f64::NAN, |sample| sample.as_secs_f64() * 1e9)
}

const CHUNKS: u32 = 600;

fn chunk<R>(effort: Effort, calls: u32, call: &mut impl FnMut() -> R) -> f64 {
    let calls = effort.times(calls);
    let start = clock_gettime(ClockId::ThreadCPUTime);
    for _ in 0..calls {
        black_box(call());
    }
    nanos(start, clock_gettime(ClockId::ThreadCPUTime)) / f64::from(calls)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a measurement is far below 2^53 nanoseconds"
)]
fn nanos(start: Timespec, end: Timespec) -> f64 {
    let gone = end - start;
    gone.tv_sec as f64 * 1e9 + gone.tv_nsec as f64
}
