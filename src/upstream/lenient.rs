//! Lenient readers for serde. The services return nulls, strings for numbers, odd dates and new enum values. Each
//! reader converts what it can to the plain type and everything else to `None`. One bad field must never make a whole
//! answer unreadable.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A string; numbers and booleans are converted, and an empty string is `None`.
pub(super) fn text<'de, D: Deserializer<'de>>(d: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<Value>::deserialize(d)?.as_ref().and_then(to_text))
}

pub(super) fn to_text(value: &Value) -> Option<String> {
    match value {
        Value::String(s) if !s.is_empty() => Some(s.clone()),
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        _ => None,
    }
}

/// A boolean, also as `"True"` or `"false"`.
pub(super) fn flag<'de, D: Deserializer<'de>>(d: D) -> Result<Option<bool>, D::Error> {
    Ok(Option::<Value>::deserialize(d)?.and_then(|v| match v {
        Value::Bool(b) => Some(b),
        Value::String(s) => to_flag(&s),
        _ => None,
    }))
}

pub(super) fn to_flag(raw: &str) -> Option<bool> {
    match raw.trim().to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// A whole number, also as a string or with a zero fraction.
pub(super) fn number<'de, D: Deserializer<'de>>(d: D) -> Result<Option<i64>, D::Error> {
    Ok(Option::<Value>::deserialize(d)?.and_then(|v| match v {
        Value::Number(n) => n.as_i64().or_else(|| n.as_f64().map(|f| f as i64)),
        Value::String(s) => s.trim().parse().ok(),
        _ => None,
    }))
}

/// An instant. Microsoft writes the year 1 for "never": that is `None`, as is anything unreadable.
pub(super) fn time<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Timestamp>, D::Error> {
    Ok(Option::<Value>::deserialize(d)?.and_then(|v| match v {
        Value::String(s) => to_time(&s),
        _ => None,
    }))
}

pub(super) fn to_time(raw: &str) -> Option<Timestamp> {
    let raw = raw.trim();
    let utc = |t: DateTime| t.to_zoned(TimeZone::UTC).ok().map(|z| z.timestamp());
    // A time without an offset (Graph's innerError.date) and a date without a time (last_active) are UTC.
    let instant =
        raw.parse::<Timestamp>().ok().or_else(|| raw.parse::<DateTime>().ok().and_then(utc)).or_else(
            || raw.parse::<Date>().ok().and_then(|d| utc(d.to_datetime(jiff::civil::Time::midnight()))),
        )?;
    (instant.as_second() > -60_000_000_000).then_some(instant)
}

/// A list; null and absent are empty. An item with the wrong shape is an error, because a list that silently misses
/// an item would look healthy.
pub(super) fn list<'de, D: Deserializer<'de>, T: DeserializeOwned>(d: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::<Vec<Option<Value>>>::deserialize(d)?.unwrap_or_default().into_iter().flatten()).and_then(
        |items| items.map(|v| serde_json::from_value(v).map_err(serde::de::Error::custom)).collect(),
    )
}

/// A list of strings, or a single string; numbers are converted.
pub(super) fn texts<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<String>, D::Error> {
    Ok(match Option::<Value>::deserialize(d)? {
        Some(Value::Array(items)) => items.iter().filter_map(to_text).collect(),
        Some(Value::String(one)) if !one.is_empty() => vec![one],
        _ => Vec::new(),
    })
}

/// The same, except that an absent or null list is `None`.
pub(super) fn maybe_texts<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Vec<String>>, D::Error> {
    Ok(match Option::<Value>::deserialize(d)? {
        Some(Value::Array(items)) => items.iter().map(to_text).collect(),
        Some(Value::String(one)) if !one.is_empty() => Some(vec![one]),
        _ => None,
    })
}

/// An object; null, absent or another shape gives the default.
pub(super) fn object<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(d: D) -> Result<T, D::Error> {
    Ok(Option::<Value>::deserialize(d)?.and_then(|v| serde_json::from_value(v).ok()).unwrap_or_default())
}

/// Only lower-case letters and digits, to compare names whose casing and spacing are not stable.
pub(super) fn folded(raw: &str) -> String {
    raw.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Odd {
        #[serde(default, deserialize_with = "text")]
        a: Option<String>,
        #[serde(default, deserialize_with = "flag")]
        b: Option<bool>,
        #[serde(default, deserialize_with = "number")]
        c: Option<i64>,
        #[serde(default, deserialize_with = "time")]
        d: Option<Timestamp>,
        #[serde(default, deserialize_with = "list")]
        e: Vec<Odd>,
    }

    #[test]
    fn null_absent_and_odd_types_are_taken() {
        let nothing = Odd { a: None, b: None, c: None, d: None, e: vec![] };
        let of = |s: &str| serde_json::from_str::<Odd>(s).unwrap();
        assert_eq!(of("{}"), nothing);
        assert_eq!(of(r#"{"a":null,"b":null,"c":null,"d":null,"e":null,"z":1}"#), nothing);
        assert_eq!(of(r#"{"a":"","b":"maybe","c":"x","d":"0001-01-01T00:00:00Z","e":[null]}"#), nothing);
        let some = of(r#"{"a":7,"b":"False","c":"3599","d":"2025-01-15","e":[{}]}"#);
        assert_eq!(
            (some.a.as_deref(), some.b, some.c, some.e.len()),
            (Some("7"), Some(false), Some(3599), 1)
        );
        assert_eq!(some.d.unwrap().to_string(), "2025-01-15T00:00:00Z");
        assert_eq!(to_time("2026-03-24T13:23:44.9198514Z").unwrap().as_second(), 1_774_358_624);
    }
}
