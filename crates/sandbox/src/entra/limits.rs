//! The rate limit for the calls that Graph limits most strictly.

use jiff::Timestamp;

use super::answer::Refusal;
use super::state::Entra;

/// Counts a limited call. Calls above the limit in the window are refused, and they count too.
pub(super) fn limit(entra: &mut Entra, what: &str, client: &str, now: Timestamp) -> Result<(), Refusal> {
    let (window, most) = (entra.switches.limit_window, entra.switches.limit_requests);
    let times = entra.limits.entry(format!("{what} {client}")).or_default();
    while times.front().is_some_and(|at| now.duration_since(*at) >= window) {
        times.pop_front();
    }
    times.push_back(now);
    if times.len() <= most {
        return Ok(());
    }
    // Refused calls count as well, so the next call must wait until only `limit_requests - 1` calls remain in the
    // window.
    let last = times.iter().rev().nth(most.saturating_sub(1)).copied().unwrap_or(now);
    let left = window.saturating_sub(now.duration_since(last)).as_secs().saturating_add(1);
    let mut refusal = Refusal::new(429, "TooManyRequests", "Too many requests.");
    refusal.retry_after = entra.switches.retry_after.then_some(left.max(1));
    Err(refusal)
}
