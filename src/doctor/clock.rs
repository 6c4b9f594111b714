//! This machine's clock against Slack's. Requests whose time stamp is five minutes off are refused, and an
//! approval that has "expired" by a wrong clock is a puzzle for everybody.

use super::Check;
use super::slack::Clocks;

/// Seconds that are still fine: an answer takes some time, and its header counts whole seconds.
const MAX_SKEW_SECONDS: i64 = 30;

pub(super) fn look(seen: Option<Clocks>) -> Check {
    let Some((theirs, ours)) = seen else {
        return Check::unknown("clock", "no service told its time", "Try again when Slack answers");
    };
    let off = ours.as_second().saturating_sub(theirs.as_second());
    if off.abs() <= MAX_SKEW_SECONDS {
        return Check::good("clock", "it agrees with Slack's");
    }
    let side = if off > 0 { "ahead of" } else { "behind" };
    let saw = format!("it is {} s {side} Slack's", off.abs());
    Check::bad("clock", saw, "Let this machine set its clock by NTP (timedatectl set-ntp true)")
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::super::State;
    use super::look;

    #[test]
    fn some_seconds_are_fine_and_minutes_are_not() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let state = |ours, theirs| look(Some((at(theirs), at(ours)))).state;
        assert_eq!(state(1_000_000, 1_000_020), State::Good);
        assert_eq!(state(1_000_400, 1_000_000), State::Bad);
        assert_eq!(state(1_000_000, 1_000_400), State::Bad);
        assert_eq!(look(None).state, State::Unknown);
    }
}
