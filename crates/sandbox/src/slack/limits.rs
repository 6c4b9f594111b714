//! Slack's published rate limits: the tiers of the Web API and the limit on posts to one channel. This module must
//! never allow more than Slack promises. Otherwise a client that ignores `Retry-After` would look correct here.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// How often a method may be called, per workspace and app (`docs.slack.dev`, "Rate limits").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tier {
    /// 20 a minute.
    T2,
    /// 50 a minute.
    T3,
    /// 100 a minute.
    T4,
    /// One message a second in each channel. Short bursts are allowed.
    Posting,
    /// `auth.test`: hundreds a minute, so calls are not counted.
    Free,
}

/// The state of the rate limits: one bucket per method, or per method and channel.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Whether limits are enforced.
    pub on: bool,
    /// How many posts to one channel may follow each other at once. Slack allows bursts but publishes no number.
    pub post_burst: u32,
    /// For each bucket, the time in milliseconds at which it will be full again.
    full_at: BTreeMap<String, i64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { on: true, post_burst: 5, full_at: BTreeMap::new() }
    }
}

impl Limits {
    /// Counts one call, or returns after how many seconds to retry. A refused call is not counted.
    pub(super) fn take(
        &mut self,
        tier: Tier,
        method: &str,
        channel: Option<&str>,
        now: Timestamp,
    ) -> Result<(), u64> {
        let (bucket, burst, per_minute) = match tier {
            Tier::Free => return Ok(()),
            Tier::T2 => (method.to_owned(), 20, 20),
            Tier::T3 => (method.to_owned(), 50, 50),
            Tier::T4 => (method.to_owned(), 100, 100),
            Tier::Posting => (format!("{method} {}", channel.unwrap_or_default()), self.post_burst, 60),
        };
        if !self.on {
            return Ok(());
        }
        let now = now.as_millisecond();
        let gap = 60_000 / i64::from(per_minute);
        let full_at = self.full_at.entry(bucket).or_insert(now);
        let next = (*full_at).max(now).saturating_add(gap);
        let over = next.saturating_sub(now).saturating_sub(gap.saturating_mul(i64::from(burst)));
        if over > 0 {
            return Err(u64::try_from(over).unwrap_or(1).div_ceil(1000).max(1));
        }
        *full_at = next;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(1_800_000_000_000 + ms).unwrap()
    }

    #[test]
    fn posts_are_one_a_second_and_channel_after_a_burst() {
        let mut limits = Limits::default();
        for _ in 0..5 {
            assert_eq!(limits.take(Tier::Posting, "chat.postMessage", Some("C1"), at(0)), Ok(()));
        }
        assert_eq!(limits.take(Tier::Posting, "chat.postMessage", Some("C1"), at(0)), Err(1));
        assert_eq!(limits.take(Tier::Posting, "chat.postMessage", Some("C2"), at(0)), Ok(()));
        assert_eq!(limits.take(Tier::Posting, "chat.postMessage", Some("C1"), at(999)), Err(1));
        assert_eq!(limits.take(Tier::Posting, "chat.postMessage", Some("C1"), at(1000)), Ok(()));
        assert_eq!(limits.take(Tier::Posting, "chat.postMessage", Some("C1"), at(1000)), Err(1));
    }

    #[test]
    fn tiers_hold_their_number_in_a_minute() {
        for (tier, number) in [(Tier::T2, 20), (Tier::T3, 50), (Tier::T4, 100)] {
            let mut limits = Limits::default();
            let taken = (0..200).filter(|_| limits.take(tier, "m", None, at(0)).is_ok()).count();
            assert_eq!(taken, number);
            assert_eq!(limits.take(tier, "m", None, at(60_000)), Ok(()));
        }
    }

    #[test]
    fn waiting_as_told_is_enough() {
        let mut limits = Limits::default();
        for _ in 0..20 {
            limits.take(Tier::T2, "m", None, at(0)).unwrap();
        }
        let wait = limits.take(Tier::T2, "m", None, at(0)).unwrap_err();
        assert_eq!(wait, 3);
        assert_eq!(limits.take(Tier::T2, "m", None, at(3000)), Ok(()));
    }
}
