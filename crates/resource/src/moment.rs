//! The instant, told twice: by the calendar, and by a clock that never jumps.
//!
//! Claims are dated by the calendar, which somebody may set while requests are under way. How long ago
//! something was done here is told by the steady clock, which nobody sets.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use entryway_oauth::time::Timestamp;

/// One instant by both clocks.
///
/// ```
/// use std::time::Duration;
/// use entryway_oauth::time::Timestamp;
/// use entryway_resource::Moment;
/// let start = Moment { wall: Timestamp::from_seconds(1_700_000_000), steady: Duration::ZERO };
/// assert!(start.wall.seconds() > 0 && start.steady.is_zero());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// By the calendar, in seconds since the epoch. May jump either way.
    pub wall: Timestamp,
    /// Time since some start, the same for the life of a process. Never goes back.
    pub steady: Duration,
}

/// Tells the instant.
pub type Clock = Arc<dyn Fn() -> Moment + Send + Sync>;

/// This machine's clocks.
///
/// ```
/// let clock = entryway_resource::system_clock();
/// assert!(clock().wall.seconds() > 1_700_000_000);
/// ```
pub fn system_clock() -> Clock {
    steadied(system_wall)
}

/// A clock that is told the calendar and takes its steady time from this machine.
///
/// Does not check that the calendar is right: that it is not is what the steady time is for.
///
/// ```
/// use entryway_oauth::time::Timestamp;
/// let clock = entryway_resource::steadied(|| Timestamp::from_seconds(1_700_000_000));
/// let (first, second) = (clock(), clock());
/// assert!(first.wall == second.wall && first.steady <= second.steady);
/// ```
pub fn steadied(wall: impl Fn() -> Timestamp + Send + Sync + 'static) -> Clock {
    // one start for the process: what one clock dates is compared with another's instant
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    Arc::new(move || Moment {
        wall: wall(),
        steady: START.elapsed(),
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the clock that users of the crate give to everything else"
)]
fn system_wall() -> Timestamp {
    // a clock before 1970 gives zero, which makes everything look misdated rather than valid
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    Timestamp::from_seconds(i64::try_from(seconds).unwrap_or(i64::MAX))
}
