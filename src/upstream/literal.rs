//! Encoders for the small languages inside requests: path segments, query values, OData and SCIM string literals.
//! Personal data must never enter a request except through one of them.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything except the unreserved characters of RFC 3986.
const STRICT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Percent-encodes one path segment or one query value; a space becomes `%20`, never `+`.
#[must_use]
pub fn percent(raw: &str) -> String {
    utf8_percent_encode(raw, STRICT).to_string()
}

/// An OData string literal: in single quotes, with each single quote doubled.
#[must_use]
pub fn odata(raw: &str) -> String {
    format!("'{}'", raw.replace('\'', "''"))
}

/// A SCIM filter value. RFC 7644 3.4.2.2 uses JSON strings, so the JSON encoder is correct.
#[must_use]
pub fn scim(raw: &str) -> String {
    serde_json::Value::String(raw.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_breaks_out() {
        assert_eq!(percent("712020:a/../b?c#d e+@%"), "712020%3Aa%2F..%2Fb%3Fc%23d%20e%2B%40%25");
        assert_eq!(odata("o'brien' or 1 eq 1"), "'o''brien'' or 1 eq 1'");
        assert_eq!(scim("a\" or userName pr \\\n"), r#""a\" or userName pr \\\n""#);
    }
}
