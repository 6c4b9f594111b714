//! `runs release RUN`: ends a run whose journal cannot be read and releases its claims. Nothing else can end such a
//! run: no executor carries it, and no button works. A run that can be read must never be released.

use crate::cli::out;
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::args::{Exit, Runs};
use crate::config::Config;
use crate::exec::{Journal, JournalError, NoteKind};
use reinstate_store::{NewEntry, Released, Store, StoreError};

/// How many runs are listed if RUN fits several.
const MAX_LISTED: i64 = 10;

/// Runs one of the `runs` commands.
///
/// # Errors
/// When the store fails.
pub async fn run(config: &Config, runs: Runs) -> anyhow::Result<Exit> {
    let Runs::Release { run } = runs;
    let store = Store::open_existing(config.store.url.expose_secret()).await?;
    let found = match run.is_whole() {
        true => vec![run.text().to_owned()],
        false => store.runs_with_part(run.text(), MAX_LISTED).await?,
    };
    if found.len() > 1 {
        eprintln!("Several runs have ids that begin or end with {}:", run.text());
        found.iter().for_each(|id| eprintln!("  {id}"));
        eprintln!("Nothing was changed. Please give more of the id.");
        return Ok(Exit::Error);
    }
    let run = found.into_iter().next().unwrap_or_else(|| run.text().to_owned());
    let Some(row) = store.run(&run).await? else {
        eprintln!("There is no run {run}. The card of a run and the log show its id.");
        return Ok(Exit::Error);
    };
    if row.ended() {
        eprintln!("Run {run} has ended, so it holds nothing. Nothing was changed.");
        return Ok(Exit::Error);
    }
    let Some(why) = unreadable(&Journal::new(store.clone()), &run).await? else {
        eprintln!(
            "The journal of run {run} can be read, so nothing was changed. \
             To stop the run, type in Slack: /reinstate cancel {run}"
        );
        return Ok(Exit::Error);
    };
    let facts = json!({ "run": run, "by": "cli" });
    let new = NewEntry {
        at: crate::clock::now(),
        kind: NoteKind::RunReleased.word().to_owned(),
        facts: facts.to_string(),
        personal: None,
    };
    match store.release_run(&run, row.seq, new).await? {
        Released::Yes(head) => {
            out::line(format_args!(
                "Run {run} was released: {why}. Its claims are free. The journal ends with {head}."
            ));
            Ok(Exit::Healthy)
        }
        Released::Ended => {
            eprintln!("Run {run} has ended meanwhile. Nothing was changed.");
            Ok(Exit::Error)
        }
        Released::MovedOn => {
            eprintln!("Somebody worked on run {run} meanwhile. Nothing was changed. Please try again.");
            Ok(Exit::Error)
        }
    }
}

/// Why the journal of a run or a sweep cannot be read; `None` if it can.
async fn unreadable(ledger: &Journal, run: &str) -> anyhow::Result<Option<String>> {
    match ledger.load(run).await {
        Ok(_) => Ok(None),
        // A failure of the store says nothing about the journal.
        Err(JournalError::Store(error)) if !matches!(error, StoreError::Tampered { .. }) => Err(error.into()),
        Err(error) => Ok(Some(error.to_string())),
    }
}
