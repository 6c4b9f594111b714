//! `audit verify` and `audit export`: the journal for auditors. Both only read. A hash chain that does not verify
//! exits with 1 and names the entry; a missing database exits with 1 too. The export must never give its reader a
//! permission that the reader does not have.

use crate::cli::out;
use std::io::Write as _;

use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::args::{Audit, Exit, ExportFormat};
use crate::config::Config;
use crate::sheet::Sheet;
use reinstate_store::{Entry, Store};

/// Runs one audit command.
///
/// # Errors
/// When the store or standard output fails.
pub async fn run(config: &Config, audit: Audit) -> anyhow::Result<Exit> {
    let store = Store::open_existing(config.store.url.expose_secret()).await?;
    match audit {
        Audit::Verify { head } => match store.verify(head.as_deref()).await {
            Ok(verified) => {
                out::line(format_args!(
                    "The journal is whole: {} entries, head {}.",
                    verified.entries, verified.head
                ));
                Ok(Exit::Healthy)
            }
            Err(error) => {
                eprintln!("The journal does not verify: {error}.");
                Ok(Exit::Error)
            }
        },
        Audit::Export { format, since } => export(&store, format, since).await,
    }
}

async fn export(store: &Store, format: ExportFormat, since: Option<Timestamp>) -> anyhow::Result<Exit> {
    let mut pages = store.export(since);
    let mut out = std::io::stdout().lock();
    match format {
        ExportFormat::Jsonl => {
            while let Some(page) = pages.next_page().await? {
                page.iter().try_for_each(|entry| writeln!(out, "{}", line(entry)))?;
            }
        }
        ExportFormat::Csv => {
            writeln!(out, "position,at,run,run_seq,kind,facts,personal,hash")?;
            let mut sheet = Sheet::with_line_feeds(out);
            while let Some(page) = pages.next_page().await? {
                page.iter().try_for_each(|entry| sheet.row(cells(entry)))?;
                // A program that reads the output receives each page as soon as it is written.
                sheet.flush()?;
            }
        }
    }
    Ok(Exit::Healthy)
}

fn line(entry: &Entry) -> Value {
    let parsed = |text: &str| serde_json::from_str::<Value>(text).unwrap_or(Value::Null);
    json!({
        "position": entry.position,
        "at": entry.at.to_string(),
        "run": entry.run,
        "run_seq": entry.run_seq,
        "kind": entry.kind,
        "facts": parsed(&entry.facts),
        "personal": personal(entry),
        "prev_hash": entry.prev_hash,
        "hash": entry.hash,
    })
}

/// The personal part, without the response URL: for half an hour, anybody could use that URL to post as the bot.
fn personal(entry: &Entry) -> Option<Value> {
    let mut value: Value = serde_json::from_str(entry.personal.as_deref()?).unwrap_or_default();
    if let Some(asked) = value.get_mut("asked").and_then(Value::as_object_mut) {
        asked.remove("response_url");
    }
    Some(value)
}

fn cells(entry: &Entry) -> [String; 8] {
    [
        entry.position.to_string(),
        entry.at.to_string(),
        entry.run.clone().unwrap_or_default(),
        entry.run_seq.map(|seq| seq.to_string()).unwrap_or_default(),
        entry.kind.clone(),
        entry.facts.clone(),
        personal(entry).map(|value| value.to_string()).unwrap_or_default(),
        entry.hash.clone(),
    ]
}
