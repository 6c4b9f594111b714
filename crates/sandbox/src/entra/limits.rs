//! The limit of the calls that Graph limits harder than others.

use jiff::Timestamp;

use super::answer::Refusal;
use super::state::Entra;

/// Counts a limited call; the sixth in the window is refused. Refused calls count too.
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
    // Failed calls count as well, so what must leave the window are all but `most - 1` of them.
    let last = times.iter().rev().nth(most.saturating_sub(1)).copied().unwrap_or(now);
    let left = window.saturating_sub(now.duration_since(last)).as_secs().saturating_add(1);
    let mut refusal = Refusal::new(429, "TooManyRequests", "Too many requests.");
    refusal.retry_after = entra.switches.retry_after.then_some(left.max(1));
    Err(refusal)
}
