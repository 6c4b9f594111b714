//! Moves the times of evidence and renames its directory. The services filter logs by the present time, and the bot is
//! configured for one directory of the sandbox.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use reinstate_core::Evidence;
use reinstate_core::diagnose::Case;
use serde_json::Value;

/// The evidence as if it had been read `now`, with the job's directory under another id.
pub(super) fn adjusted(evidence: &Evidence, now: Timestamp, directory: &str) -> Evidence {
    let case = Case::new(evidence);
    let first = evidence.records.keys().next().map(String::as_str);
    let is_read = |id: &&str| evidence.records.get(*id).is_some_and(|read| read.get().is_some());
    // The first directory in the configuration has a key, so a directory that was read becomes the first one.
    let read = evidence.records.keys().map(String::as_str).find(is_read);
    let target = case.target_directory().filter(is_read).or(read).or(first).map(str::to_owned);
    let by = now.duration_since(evidence.asked_at);
    let Ok(mut value) = serde_json::to_value(evidence) else { return evidence.clone() };
    adjust(&mut value, by, &mut |text| (target.as_deref() == Some(text)).then(|| directory.to_owned()));
    serde_json::from_value(value).unwrap_or_else(|_| evidence.clone())
}

fn adjust(value: &mut Value, by: SignedDuration, rename: &mut impl FnMut(&str) -> Option<String>) {
    match value {
        Value::String(text) => {
            if let Some(new) = rename(text).or_else(|| moved(text, by)) {
                *text = new;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| adjust(item, by, rename)),
        Value::Object(fields) => {
            let old = std::mem::take(fields);
            for (name, mut value) in old {
                adjust(&mut value, by, rename);
                fields.insert(rename(&name).unwrap_or(name), value);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A time or a day, moved. `None` for every other text.
fn moved(text: &str, by: SignedDuration) -> Option<String> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at.saturating_add(by).ok()?.to_string());
    }
    let day: Date = text.parse().ok()?;
    let days = by.as_hours().checked_div(24)?;
    Some(day.saturating_add(SignedDuration::from_hours(days.saturating_mul(24))).to_string())
}
