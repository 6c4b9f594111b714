//! `[expiry]`: when the keys of Atlassian end. No interface tells these dates, so an administrator may state them. A date
//! that cannot be read is a problem, and a date that is not stated is unknown. It must never assume one.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use toml::{Table, Value};

use super::Config;
use super::problem::Problems;
use reinstate_core::Read;
use reinstate_core::warning::{self, Credential};

/// `[expiry]`. A date is its first moment in UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expiry {
    pub org_key: Option<Timestamp>,
    /// The dates of the SCIM keys, in the order of the directories. `None` is unknown.
    pub scim_keys: Vec<Option<Timestamp>>,
}

const SECTION: &str = "expiry";
/// An entry of `scim_keys` that states no date.
const UNKNOWN: &str = "unknown";

pub(super) fn read(table: &Table, directories: &[String], problems: &mut Problems) -> Expiry {
    let value = |name: &str| table.get(SECTION)?.as_table()?.get(name);
    let org_key = value("org_key").and_then(|value| date("org_key", value, problems));
    let scim_keys = match value("scim_keys") {
        None => Vec::new(),
        Some(Value::Array(all)) => {
            let is_unknown = |value: &Value| value.as_str().is_some_and(|text| text.trim() == UNKNOWN);
            all.iter()
                .map(|one| if is_unknown(one) { None } else { date("scim_keys", one, problems) })
                .collect()
        }
        Some(_) => {
            problems.add("expiry.scim_keys", "this is not a list of dates", "Write it like [2027-01-31]");
            Vec::new()
        }
    };
    if scim_keys.len() > directories.len() {
        let reason = format!("it has {} dates for {} directories", scim_keys.len(), directories.len());
        problems.add(
            "expiry.scim_keys",
            reason,
            "Write one date for each of atlassian.directories, in their order",
        );
    }
    Expiry { org_key, scim_keys }
}

/// A date of TOML, or the same as text: a variable has no other form.
fn date(name: &str, value: &Value, problems: &mut Problems) -> Option<Timestamp> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        other => other.to_string(),
    };
    let date = text.parse::<Date>().ok().filter(|date| date.to_string() == text);
    let ends = date.and_then(|date| date.to_zoned(TimeZone::UTC).ok()).map(|start| start.timestamp());
    if ends.is_none() {
        let reason = format!("{text:?} is not a date");
        problems.add(
            format!("{SECTION}.{name}"),
            reason,
            "Write the day on which the key ends, like 2027-01-31",
        );
    }
    ends
}

impl Config {
    /// The keys of Atlassian with the dates that are stated.
    #[must_use]
    pub fn key_expiries(&self, now: Timestamp) -> Vec<warning::Expiry> {
        let stated = |date: Option<Timestamp>| date.map_or(Read::NotAsked, |date| Read::seen(now, date));
        let org_key = warning::Expiry { of: Credential::OrganizationKey, ends: stated(self.expiry.org_key) };
        let scim_keys = self.atlassian.directories.iter().enumerate().map(|(place, directory)| {
            let date = self.expiry.scim_keys.get(place).copied().flatten();
            warning::Expiry { of: Credential::ScimKey(directory.clone()), ends: stated(date) }
        });
        std::iter::once(org_key).chain(scim_keys).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(text: &str, directories: usize) -> (Expiry, Vec<String>) {
        let directories: Vec<String> = (0..directories).map(|number| format!("d{number}")).collect();
        let mut problems = Problems::default();
        let read = read(&text.parse().unwrap(), &directories, &mut problems);
        (
            read,
            problems.list.into_iter().map(|problem| format!("{}: {}", problem.key, problem.reason)).collect(),
        )
    }

    fn day(text: &str) -> Option<Timestamp> {
        Some(format!("{text}T00:00:00Z").parse().unwrap())
    }

    #[test]
    fn a_date_is_the_first_moment_of_its_day() {
        let (read, problems) =
            reads("[expiry]\norg_key = 2027-01-31\nscim_keys = [\"unknown\", \"2027-02-28\", 2028-02-29]", 3);
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(read.org_key, day("2027-01-31"));
        assert_eq!(read.scim_keys, [None, day("2027-02-28"), day("2028-02-29")]);
        assert_eq!(reads("", 1), (Expiry::default(), Vec::new()), "nothing is assumed");
    }

    #[test]
    fn what_is_no_date_is_a_problem() {
        for wrong in [
            "\"2027-1-31\"",
            "\"20270131\"",
            "\"2027-02-30\"",
            "\"soon\"",
            "\"unknown\"",
            "2027-01-31T10:00:00Z",
            "365",
            "\"\"",
        ] {
            let (read, problems) = reads(&format!("[expiry]\norg_key = {wrong}"), 1);
            assert_eq!((read.org_key, problems.len()), (None, 1), "{wrong}: {problems:?}");
        }
        let wrong = ["[2027-01-31, 2027-01-31]", "2027-01-31", "[\"never\"]", "[1]"];
        for wrong in wrong {
            let (_, problems) = reads(&format!("[expiry]\nscim_keys = {wrong}"), 1);
            assert_eq!(problems.len(), 1, "{wrong}: {problems:?}");
        }
    }
}
