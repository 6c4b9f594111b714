//! Canonical bytes and their digest: the same plan gives the same bytes, whatever the order of its making.

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Keeps a digest made here from ever being taken for one made elsewhere.
const DIGEST_DOMAIN: &str = "reinstate.plan.v1\n";

/// `sha256:` and the hexadecimal digest of the value's canonical JSON (keys sorted, no white space).
#[must_use]
pub fn digest(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or(Value::Null);
    let mut text = String::from(DIGEST_DOMAIN);
    write(&value, &mut text);
    format!("sha256:{}", hex(&Sha256::digest(text.as_bytes())))
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        write!(text, "{byte:02x}").ok();
        text
    })
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort();
            text.push('{');
            for (index, key) in keys.into_iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                text.push_str(&Value::String(key.clone()).to_string());
                text.push(':');
                write(map.get(key).unwrap_or(&Value::Null), text);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write(item, text);
            }
            text.push(']');
        }
        plain => text.push_str(&plain.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn what_is_digested_is_sorted_and_without_white_space() {
        let mut text = String::new();
        super::write(&json!({"b": [1, {"d": true, "c": null}], "a": "x\""}), &mut text);
        assert_eq!(text, r#"{"a":"x\"","b":[1,{"c":null,"d":true}]}"#);
        assert_eq!(super::hex(&[0, 10, 255]), "000aff");
    }

    #[test]
    fn order_of_keys_does_not_matter_and_values_do() {
        let a = super::digest(&json!({"b": [1, 2], "a": "x"}));
        assert_eq!(a, super::digest(&json!({"a": "x", "b": [1, 2]})));
        assert_ne!(a, super::digest(&json!({"a": "x", "b": [2, 1]})));
        assert!(a.starts_with("sha256:") && a.len() == 71);
    }
}
