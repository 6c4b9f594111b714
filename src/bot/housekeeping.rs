//! What the bot does now and then besides repairing: it keeps its measurements small, notes what was refused at the
//! door, and forgets people when their time is over. It must never stand in the way of a repair: what fails here is
//! logged and tried again the next time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use tokio::time::interval;

use crate::app::App;
use crate::config::Config;
use crate::core::digest::hex;
use crate::store::{Entry, NewEntry, Store, StoreError};
use crate::telemetry::Metrics;

/// How often old measurements are thrown away.
const UPKEEP: Duration = Duration::from_secs(5);
/// How often refused requests are noted: a flood must not become a flood of entries.
const NOTED: Duration = Duration::from_secs(60);
/// How often it is looked for people to forget.
const FORGET: Duration = Duration::from_secs(3600);
/// The entry about a configuration that was changed.
const CONFIGURED: &str = "configured";

/// Keeps house until `stopped` is set.
pub async fn run(app: Arc<App>, metrics: Option<Metrics>, mut stopped: watch::Receiver<bool>) {
    let (mut upkeep, mut noted, mut forgotten) = (interval(UPKEEP), interval(NOTED), interval(FORGET));
    // A sender that is gone is the end, too.
    let end = async move { stopped.wait_for(|end| *end).await.map(drop).unwrap_or_default() };
    tokio::pin!(end);
    loop {
        tokio::select! {
            _ = upkeep.tick() => if let Some(metrics) = &metrics { metrics.run_upkeep() },
            _ = noted.tick() => note_refused(&app).await,
            _ = forgotten.tick() => forget(&app).await,
            () = &mut end => break,
        }
    }
    note_refused(&app).await;
}

/// Requests that were refused before it was known who sent them, by reason, since they were last noted.
#[derive(Debug, Default)]
pub struct Refused(Mutex<BTreeMap<&'static str, u64>>);

impl Refused {
    /// Counts one.
    pub fn count(&self, reason: &'static str) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(reason).or_default() += 1;
    }

    fn take(&self) -> BTreeMap<&'static str, u64> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn put_back(&self, counts: BTreeMap<&'static str, u64>) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (reason, count) in counts {
            *now.entry(reason).or_default() += count;
        }
    }
}

/// One entry with the counts, if there were any. Who sent them is not known, so nothing personal is in it.
async fn note_refused(app: &App) {
    let counts = app.refused.take();
    if counts.is_empty() {
        return;
    }
    let facts = json!({ "by_reason": counts }).to_string();
    let at = crate::clock::now();
    let entry = NewEntry { at, kind: "requests-refused".to_owned(), facts, personal: None };
    if let Err(error) = app.ledger.store().append_global(entry).await {
        tracing::warn!(%error, "refused requests could not be noted; they are counted on");
        app.refused.put_back(counts);
    }
}

async fn forget(app: &App) {
    let Ok(before) = crate::clock::now().checked_sub(app.config.store.forget_after) else { return };
    match app.ledger.store().erase_personal(before).await {
        Ok(erased) if erased.entries > 0 => {
            tracing::info!(
                entries = erased.entries,
                identities = erased.identities,
                "old personal data was erased"
            );
        }
        Ok(_) => {}
        Err(error) => {
            tracing::warn!(%error, "old personal data could not be erased; trying again in an hour")
        }
    }
}

/// Writes down with what configuration the bot starts, if it is not the one of the last start: the digest and the
/// names of what changed for ever, the values (they name people) until they are forgotten.
///
/// # Errors
/// When the store fails.
pub async fn note_configuration(store: &Store, config: &Config, at: Timestamp) -> Result<(), StoreError> {
    let settings = config.settings.clone();
    store.append_global_after(CONFIGURED, move |last| configured(last.as_ref(), &settings, at)).await?;
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
    Some(NewEntry { at, kind: CONFIGURED.to_owned(), facts, personal: Some(now) })
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
        store.append_global_after(CONFIGURED, decide).await.unwrap()?;
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
        // What was before is known by its digest, even when its values are forgotten.
        store.erase_personal(crate::clock::now()).await.unwrap();
        assert_eq!(start(&store, &two).await, None);
        assert!(start(&store, &one).await.unwrap().0["changed"].is_null());
    }

    #[test]
    fn counts_that_could_not_be_noted_are_not_lost() {
        let refused = Refused::default();
        refused.count("signature");
        let counts = refused.take();
        refused.count("signature");
        refused.count("stamp");
        refused.put_back(counts);
        assert_eq!(refused.take(), [("signature", 2), ("stamp", 1)].into());
        assert!(refused.take().is_empty());
    }
}
