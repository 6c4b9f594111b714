//! The periods into which a report divides its time: days, weeks or months of the calendar in UTC. The unit depends only
//! on the length of the whole, so that a picture of it never has too many columns for a year.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// Up to this many days, a report counts per day.
const MAX_DAYS_BY_DAY: i64 = 14;
/// Up to this many days, a report counts per week.
const MAX_DAYS_BY_WEEK: i64 = 26 * 7;

/// The length of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Day,
    /// From Monday.
    Week,
    Month,
}

impl Unit {
    /// The unit for a report about this time.
    #[must_use]
    pub fn of(since: Timestamp, until: Timestamp) -> Self {
        let days = until.duration_since(since).as_hours() / 24;
        if days <= MAX_DAYS_BY_DAY {
            Self::Day
        } else if days <= MAX_DAYS_BY_WEEK {
            Self::Week
        } else {
            Self::Month
        }
    }

    /// The first day of the period that an instant belongs to.
    #[must_use]
    pub fn start(self, at: Timestamp) -> Date {
        let day = at.to_zoned(TimeZone::UTC).date();
        match self {
            Self::Day => day,
            // Only the first days of the calendar have no Monday before them.
            Self::Week => {
                let days = i64::from(day.weekday().since(Weekday::Monday));
                day.checked_sub(Span::new().days(days)).unwrap_or(day)
            }
            Self::Month => day.first_of_month(),
        }
    }

    /// The first days of the newest periods up to `until`, oldest first. At most `most`, and none that ended before
    /// `since`.
    #[must_use]
    pub fn starts(self, since: Timestamp, until: Timestamp, most: usize) -> Vec<Date> {
        let first = self.start(since);
        let step = match self {
            Self::Day => Span::new().days(1),
            Self::Week => Span::new().weeks(1),
            Self::Month => Span::new().months(1),
        };
        let last = self.start(until);
        let earlier = std::iter::successors(Some(last), |start| start.checked_sub(step).ok());
        let mut all: Vec<Date> = earlier.take(most).take_while(|start| *start >= first).collect();
        all.reverse();
        all
    }
}
