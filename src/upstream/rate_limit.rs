//! Limits the rate and the number of parallel requests. One [`RateLimiter`] belongs to one credential, or to one call
//! with a published limit of its own. It has two lanes. The background lane is for sweeps: it lets all other requests
//! pass first, and uses at most half of the in-flight slots plus one for the leading list. Within that, it sends as
//! fast as the service answers, until the service limits it. A strict window must never be exceeded. An interactive
//! diagnosis with sixteen parallel calls must never wait.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// A request takes some time to arrive, and the service counts arrivals, so a window is extended by this time.
const TRAVEL_ALLOWANCE: Duration = Duration::from_millis(500);

/// How many slots of a window the background lane leaves for other requests.
const RESERVED_PLACES: usize = 2;
/// How often the background lane checks whether other requests are waiting.
const GIVE_WAY_PAUSE: Duration = Duration::from_millis(10);

/// The right to send one request; released when dropped.
#[derive(Debug)]
pub struct Permit(#[allow(dead_code, reason = "held for its drop")] Vec<OwnedSemaphorePermit>);

/// A limiter for one credential or one call. Clones share its state.
#[derive(Clone, Debug)]
pub struct RateLimiter {
    shared: Arc<Shared>,
    /// The in-flight slots of the background lane, each of which also takes one of `flight`. `None` in the priority
    /// lane.
    behind: Option<Arc<Semaphore>>,
}

#[derive(Debug)]
struct Shared {
    gate: Gate,
    flight: Arc<Semaphore>,
    /// Half of the in-flight slots.
    half: Arc<Semaphore>,
    /// How many requests wait in the priority lane.
    ahead: AtomicUsize,
    /// The service has limited us: no request before this instant.
    closed: Mutex<Option<Instant>>,
}

/// Counts a request that waits in the priority lane.
struct PriorityWaiter<'a>(&'a AtomicUsize);

impl<'a> PriorityWaiter<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for PriorityWaiter<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[derive(Debug)]
enum Gate {
    Bucket(Box<DefaultDirectRateLimiter>),
    Window { most: usize, period: Duration, given: Mutex<VecDeque<Instant>> },
}

impl RateLimiter {
    /// A burst, then a steady rate, shared with `replicas` processes that use the same credential.
    #[must_use]
    pub fn bucket(burst: u32, per_second: u32, in_flight: usize, replicas: u32) -> Self {
        let replicas = NonZeroU32::new(replicas).unwrap_or(NonZeroU32::MIN);
        let per_second = NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN);
        // The burst is not divided among replicas: one diagnosis needs all of it, and the steady rate compensates for
        // it.
        let interval = (Duration::from_secs(1) / per_second.get()).saturating_mul(replicas.get());
        let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
        let quota =
            Quota::with_period(interval).unwrap_or(Quota::per_second(NonZeroU32::MIN)).allow_burst(burst);
        Self::new(Gate::Bucket(Box::new(DefaultDirectRateLimiter::direct(quota))), in_flight)
    }

    fn new(gate: Gate, in_flight: usize) -> Self {
        let shared = Shared {
            gate,
            flight: Arc::new(Semaphore::new(in_flight.max(1))),
            half: Arc::new(Semaphore::new((in_flight / 2).max(1))),
            ahead: AtomicUsize::new(0),
            closed: Mutex::new(None),
        };
        Self { shared: Arc::new(shared), behind: None }
    }

    /// The background lane of the same limiter.
    #[must_use]
    pub fn in_background(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), behind: Some(Arc::clone(&self.shared.half)) }
    }

    /// The background lane for the lists that all other requests of a sweep depend on. They have these slots in
    /// addition to the half, so that they never wait behind those requests.
    #[must_use]
    pub fn leading(&self, slots: usize) -> Self {
        Self { shared: Arc::clone(&self.shared), behind: Some(Arc::new(Semaphore::new(slots.max(1)))) }
    }

    #[must_use]
    pub fn is_background(&self) -> bool {
        self.behind.is_some()
    }

    /// The service limits us: no request is sent for this long.
    pub fn close(&self, after: Duration) {
        // An instant that overflows is too far away to matter.
        let Some(until) = Instant::now().checked_add(after) else { return };
        let mut closed = self.shared.closed.lock().unwrap_or_else(PoisonError::into_inner);
        *closed = Some(closed.map_or(until, |known| known.max(until)));
    }

    fn closed_until(&self) -> Option<Instant> {
        let closed = *self.shared.closed.lock().unwrap_or_else(PoisonError::into_inner);
        closed.filter(|until| *until > Instant::now())
    }

    /// At most `most` requests in any `period`. A leaky bucket could let up to twice as many through around a refill,
    /// and failed calls count against Microsoft's quota, so this limiter is exact.
    #[must_use]
    pub fn window(most: u32, period: Duration, in_flight: usize, replicas: u32) -> Self {
        let (most, replicas) = (most.max(1), replicas.max(1));
        // If there are more replicas than requests, each replica gets one request in a window that is longer by that
        // factor.
        let (most, period) = if replicas > most {
            (1, period.saturating_mul(replicas.div_ceil(most)))
        } else {
            (most / replicas, period)
        };
        let most = usize::try_from(most).unwrap_or(1);
        let gate =
            Gate::Window { most, period: period.saturating_add(TRAVEL_ALLOWANCE), given: Mutex::default() };
        Self::new(gate, in_flight)
    }

    /// Waits for a permit, but not past `deadline`.
    ///
    /// # Errors
    /// When there is no permit before the deadline; nothing is used up then. The error is the remaining wait, if
    /// known.
    pub async fn turn(&self, deadline: Instant) -> Result<Permit, Option<Duration>> {
        match &self.behind {
            Some(places) => self.behind(places, deadline).await,
            None => self.first(deadline).await,
        }
    }

    async fn first(&self, deadline: Instant) -> Result<Permit, Option<Duration>> {
        let _ahead = PriorityWaiter::new(&self.shared.ahead);
        // The in-flight slot comes first: a rate permit that was given earlier would be stale by the time it is used.
        let permit = place(&self.shared.flight, deadline).await?;
        self.open(deadline).await?;
        match &self.shared.gate {
            Gate::Bucket(limiter) => {
                while let Err(not_until) = limiter.check() {
                    let wait = not_until.wait_time_from(DefaultClock::default().now());
                    if Instant::now() + wait > deadline {
                        return Err(Some(wait));
                    }
                    tokio::time::sleep(wait).await;
                }
            }
            Gate::Window { most, period, given } => {
                let at = reserve(given, *most, *period, deadline).map_err(Some)?;
                tokio::time::sleep_until(at).await;
            }
        }
        Ok(Permit(vec![permit]))
    }

    /// The background lane: it uses half of the slots, waits for other requests, and never takes the last slots of a
    /// window.
    async fn behind(&self, places: &Arc<Semaphore>, deadline: Instant) -> Result<Permit, Option<Duration>> {
        let behind = place(places, deadline).await?;
        loop {
            self.open(deadline).await?;
            let wait = if self.shared.ahead.load(Ordering::Relaxed) > 0 {
                GIVE_WAY_PAUSE
            } else if let Gate::Window { most, period, given } = &self.shared.gate {
                let most = most.saturating_sub(RESERVED_PLACES).max(1);
                // Takes only a slot that is free now. A reserved slot would delay requests that come later.
                match reserve(given, most, *period, Instant::now() + GIVE_WAY_PAUSE) {
                    Ok(_) => Duration::ZERO,
                    Err(wait) => wait,
                }
            } else {
                Duration::ZERO
            };
            if wait.is_zero() {
                let permit = place(&self.shared.flight, deadline).await?;
                return Ok(Permit(vec![behind, permit]));
            }
            if Instant::now() + wait > deadline {
                return Err(Some(wait));
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// Waits until the service accepts requests again.
    async fn open(&self, deadline: Instant) -> Result<(), Option<Duration>> {
        while let Some(until) = self.closed_until() {
            if until > deadline {
                return Err(Some(until.saturating_duration_since(Instant::now())));
            }
            tokio::time::sleep_until(until).await;
        }
        Ok(())
    }
}

async fn place(places: &Arc<Semaphore>, deadline: Instant) -> Result<OwnedSemaphorePermit, Option<Duration>> {
    match tokio::time::timeout_at(deadline, Arc::clone(places).acquire_owned()).await {
        Ok(Ok(permit)) => Ok(permit),
        Ok(Err(_)) | Err(_) => Err(None),
    }
}

fn reserve(
    given: &Mutex<VecDeque<Instant>>,
    most: usize,
    period: Duration,
    deadline: Instant,
) -> Result<Instant, Duration> {
    let mut given = given.lock().unwrap_or_else(PoisonError::into_inner);
    let now = Instant::now();
    while given.front().is_some_and(|first| *first + period <= now) {
        given.pop_front();
    }
    let at = match given.len().checked_sub(most).and_then(|i| given.get(i)) {
        Some(earlier) => (*earlier + period).max(now),
        None => now,
    };
    if at > deadline {
        return Err(at - now);
    }
    given.push_back(at);
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All slots that a window gives out, without waiting for them.
    fn slots(pace: &RateLimiter, count: usize) -> Vec<Instant> {
        let Gate::Window { most, period, given } = &pace.shared.gate else { panic!("not a window") };
        let far = Instant::now() + Duration::from_secs(3600);
        (0..count).map(|_| reserve(given, *most, *period, far).unwrap()).collect()
    }

    #[tokio::test]
    async fn never_more_than_five_in_any_ten_seconds() {
        let pace = RateLimiter::window(5, Duration::from_secs(10), 8, 1);
        let given = slots(&pace, 23);
        for pair in given.windows(6) {
            assert!(pair[5] - pair[0] > Duration::from_secs(10));
        }
        assert!(given[4] - given[0] < Duration::from_secs(1), "the first five go at once");
        assert!(given[22] - given[0] < Duration::from_secs(45), "and none waits without need");
    }

    #[tokio::test]
    async fn replicas_share_the_limit() {
        let two = slots(&RateLimiter::window(5, Duration::from_secs(10), 8, 2), 3);
        assert!(two[2] - two[0] > Duration::from_secs(10));
        let ten = slots(&RateLimiter::window(5, Duration::from_secs(10), 8, 10), 2);
        assert!(ten[1] - ten[0] > Duration::from_secs(20));
    }

    #[tokio::test]
    async fn a_turn_past_the_deadline_is_not_taken() {
        let pace = RateLimiter::window(1, Duration::from_secs(100), 8, 1);
        let soon = Instant::now() + Duration::from_millis(50);
        assert!(pace.turn(soon).await.is_ok());
        let wait = pace.turn(soon).await.unwrap_err().unwrap();
        assert!(wait > Duration::from_secs(90));
        let again = pace.turn(soon).await.unwrap_err().unwrap();
        assert!(again <= wait, "the refused turn was not counted");
    }

    #[tokio::test]
    async fn sixteen_calls_of_a_diagnosis_go_at_once() {
        let pace = RateLimiter::bucket(20, 1, 16, 4);
        let now = Instant::now();
        let mut held = Vec::new();
        for _ in 0..16 {
            held.push(pace.turn(now + Duration::from_secs(1)).await.unwrap());
        }
        assert_eq!(pace.turn(now).await.unwrap_err(), None, "the seventeenth waits for a free place");
        held.clear();
        for _ in 0..4 {
            held.push(pace.turn(now + Duration::from_secs(1)).await.unwrap());
        }
        let wait = pace.turn(Instant::now()).await.unwrap_err().unwrap();
        assert!(wait > Duration::from_secs(2), "four replicas at one a second");
    }

    #[tokio::test]
    async fn the_background_gives_way_and_leaves_places() {
        let pace = RateLimiter::bucket(20, 1, 4, 1);
        let sweep = pace.in_background();
        let soon = || Instant::now() + Duration::from_millis(60);
        let held = (sweep.turn(soon()).await.unwrap(), sweep.turn(soon()).await.unwrap());
        assert!(sweep.turn(soon()).await.is_err(), "half of the places is all it gets");
        let first = (pace.turn(soon()).await.unwrap(), pace.turn(soon()).await.unwrap());
        drop(first.1);
        let leads = pace.leading(1);
        let led = leads.turn(soon()).await.unwrap();
        assert!(leads.turn(soon()).await.is_err(), "one place beside the half, and no more");
        drop((held, led));
        let waiting = PriorityWaiter::new(&pace.shared.ahead);
        assert!(sweep.turn(soon()).await.is_err(), "somebody is waiting ahead");
        assert!(leads.turn(soon()).await.is_err(), "which lets everybody else pass as well");
        drop((waiting, first.0));
        assert!(sweep.turn(soon()).await.is_ok());
    }

    #[tokio::test]
    async fn of_a_window_the_background_leaves_two() {
        let pace = RateLimiter::window(5, Duration::from_secs(100), 8, 1);
        let sweep = pace.in_background();
        let soon = || Instant::now() + Duration::from_millis(50);
        for _ in 0..3 {
            assert!(sweep.turn(soon()).await.is_ok());
        }
        assert!(sweep.turn(soon()).await.is_err());
        assert!(pace.turn(soon()).await.is_ok() && pace.turn(soon()).await.is_ok());
        assert!(pace.turn(soon()).await.is_err(), "and both together never pass the limit");
    }

    #[tokio::test]
    async fn a_closed_service_is_closed_to_both_lanes() {
        let pace = RateLimiter::bucket(20, 5, 4, 1);
        pace.close(Duration::from_secs(50));
        let soon = || Instant::now() + Duration::from_millis(50);
        for lane in [pace.clone(), pace.in_background()] {
            assert!(lane.turn(soon()).await.unwrap_err().unwrap() > Duration::from_secs(40));
        }
    }
}
