//! Records in the journal the configuration with which the bot starts. Its values name people, so they are stored as
//! personal data.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::config::Config;
use crate::exec::NoteKind;
use reinstate_core::digest::hex;
use reinstate_store::{Entry, NewEntry, Store, StoreError};

/// The kind of the entry that records a configuration.
const CONFIGURED_KIND: &str = NoteKind::Configured.word();

/// Records the configuration at the start, if it differs from that of the last start. The digest and the names of the
/// changed settings are kept forever. The values name people, so they are erased with other personal data.
///
/// # Errors
/// If the store fails.
pub async fn note_configuration(store: &Store, config: &Config, at: Timestamp) -> Result<(), StoreError> {
    let settings = config.settings.clone();
    store.append_global_after(CONFIGURED_KIND, move |last| configured(last.as_ref(), &settings, at)).await?;
    Ok(())
}

fn configured(last: Option<&Entry>, settings: &BTreeMap<String, String>, at: Timestamp) -> Option<NewEntry> {
    let now = json!({ "settings": settings }).to_string();
    let digest = format!("sha256:{}", hex(&Sha256::digest(now.as_bytes())));
    let read = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    let version = env!("CARGO_PKG_VERSION");
    let known = last.map(|last| read(&last.facts));
    let same = |known: &Value| known["digest"] == *digest && known["version"] == version;
    if known.as_ref().is_some_and(same) {
        return None;
    }
    let before = last.and_then(|last| last.personal.as_deref()).map(read);
    let before = before.as_ref().and_then(|before| before["settings"].as_object());
    let changed: Option<Vec<&String>> = before.map(|before| {
        let added =
            settings.iter().filter(|(key, value)| before.get(*key).and_then(Value::as_str) != Some(value));
        let removed = before.keys().filter(|key| !settings.contains_key(*key));
        added.map(|(key, _)| key).chain(removed).collect()
    });
    let facts = json!({ "digest": digest, "version": version, "changed": changed }).to_string();
    Some(NewEntry { at, kind: CONFIGURED_KIND.to_owned(), facts, personal: Some(now) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    async fn start(store: &Store, pairs: &[(&str, &str)]) -> Option<(Value, Option<String>)> {
        let settings = settings(pairs);
        let before = store.head().await.unwrap();
        let decide = move |last: Option<Entry>| configured(last.as_ref(), &settings, Timestamp::UNIX_EPOCH);
        store.append_global_after(CONFIGURED_KIND, decide).await.unwrap()?;
        let mut pages = store.export(None);
        let entries = pages.next_page().await.unwrap().unwrap();
        let last = entries.last().unwrap();
        assert_eq!(last.position, before.position + 1);
        Some((serde_json::from_str(&last.facts).unwrap(), last.personal.clone()))
    }

    #[tokio::test]
    async fn a_changed_configuration_is_written_down_once_with_what_changed() {
        let store = Store::open("sqlite::memory:").await.unwrap();
        let one = [("access.operator", "U1"), ("limits.risky_steps_per_day", "20")];
        let (facts, personal) = start(&store, &one).await.unwrap();
        assert!(facts["digest"].as_str().unwrap().starts_with("sha256:") && facts["changed"].is_null());
        assert!(personal.unwrap().contains("U1") && !facts.to_string().contains("U1"));
        assert_eq!(start(&store, &one).await, None);
        let two = [("access.operator", "U2"), ("approvals.reversible", "1")];
        let changed = start(&store, &two).await.unwrap().0["changed"].clone();
        assert_eq!(changed, json!(["access.operator", "approvals.reversible", "limits.risky_steps_per_day"]));
        // The digest identifies the previous configuration, even after its values were erased.
        store.erase_personal(crate::clock::now()).await.unwrap();
        assert_eq!(start(&store, &two).await, None);
        assert!(start(&store, &one).await.unwrap().0["changed"].is_null());
    }
}
