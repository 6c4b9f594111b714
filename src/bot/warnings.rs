//! Warnings of what runs out: reads once an hour, and tells `slack.channel` what is new. It needs no watch. The database
//! decides which process looks and what was told, so replicas and restarts make no difference. What is told is written
//! before the message exists, and the message is the card of a sweep that reads nobody. It must never tell the same
//! twice, and never begin a repair.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

use super::app::App;
use super::schedule::request;
use reinstate_core::Read;
use reinstate_core::warning::{Facts, GroupSize, Told, Warning, news};
use reinstate_core::watch::{WatchReason, Watched};
use reinstate_store::{NewWarning, StoreError, WarningsFound};

/// How often to look. Each look costs three calls, and one a day costs one more for each hundred groups.
const LOOK_INTERVAL: Duration = Duration::from_secs(3600);
/// How often the sizes of the groups are read. They change slowly, and a large organization has many pages of them.
const GROUPS_INTERVAL: Duration = Duration::from_secs(24 * 3600);
/// How often to check whether a look is due, or a message is still to be sent.
const POLL_INTERVAL: Duration = Duration::from_secs(60);
/// How long a process runs before it looks. One that is restarted again and again makes no calls.
const FIRST_LOOK_DELAY: Duration = Duration::from_secs(300);

/// Looks when it is time, until `stop` is set.
pub async fn run(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let mut pause = FIRST_LOOK_DELAY;
    loop {
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stop.wait_for(|end| *end) => return,
        }
        pause = POLL_INTERVAL;
        let looked = async {
            let now = app.journal.now().await?;
            look(&app, LOOK_INTERVAL, now).await
        };
        tokio::select! {
            looked = looked => if let Err(error) = looked {
                tracing::warn!(%error, "what runs out could not be looked at; trying again in a minute");
            },
            _ = stop.wait_for(|end| *end) => return,
        }
    }
}

/// Sends what is still to be sent, and looks once if a look is due. Returns whether it looked.
///
/// # Errors
/// When the store fails. What was written stays, and is told by the next call of any process.
pub async fn look(app: &App, every: Duration, now: Timestamp) -> Result<bool, StoreError> {
    let store = app.journal.store();
    // A process that died may have left messages that are written and not sent.
    send(app, now).await?;
    let Some(look) = store.take_warning_look(every).await? else { return Ok(false) };
    let facts = read(app, look.facts.as_deref(), now).await;
    let told: Vec<Told> =
        store.told_warnings().await?.into_iter().map(|(subject, level)| Told { subject, level }).collect();
    let news = news(&facts, &told, now);
    let found = WarningsFound {
        facts: text(&facts),
        notice: uuid::Uuid::now_v7().to_string(),
        new: news.tell.iter().map(written).collect(),
        over: news.over,
    };
    if !store.keep_warnings(look.epoch, found).await? {
        tracing::info!("another process has looked at what runs out meanwhile");
        return Ok(false);
    }
    send(app, now).await?;
    Ok(true)
}

/// Reads what the services and the configuration say. The groups are those of an earlier look, unless it is too old.
async fn read(app: &App, before: Option<&str>, now: Timestamp) -> Facts {
    let before: Option<Facts> = before.and_then(|text| serde_json::from_str(text).ok());
    let limit = i64::from(app.config.limits.group_members);
    let known = before.filter(|before| before.group_limit == Some(limit)).map(|before| before.groups);
    let known = known.filter(|groups| is_fresh(groups, now));
    let mut facts = app.world.warning_facts(known.is_none()).await;
    facts.expiries.splice(0..0, app.config.key_expiries(now));
    if let Some(known) = known {
        facts.groups = known;
    }
    facts
}

fn is_fresh(groups: &Read<Vec<GroupSize>>, now: Timestamp) -> bool {
    let until = groups.at().and_then(|at| at.checked_add(GROUPS_INTERVAL).ok());
    until.is_some_and(|until| now < until)
}

fn written(warning: &Warning) -> NewWarning {
    NewWarning { subject: warning.subject(), level: warning.level(), warning: text(warning) }
}

/// These values are always text: they hold no map with other keys than texts.
fn text(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Opens the sweeps whose cards tell what is written and not sent yet, each once.
async fn send(app: &App, now: Timestamp) -> Result<(), StoreError> {
    let store = app.journal.store();
    for notice in store.unsent_warnings().await? {
        let all = store.warnings_of(&notice).await?;
        let warnings: Vec<Warning> = all
            .iter()
            .filter_map(|text| {
                let read = serde_json::from_str(text);
                read.inspect_err(|error| tracing::error!(%error, "a warning cannot be read")).ok()
            })
            .collect();
        let watched = Watched { reason: WatchReason::Warned { warnings }, unread: Vec::new() };
        let opened = app.journal.open_watch(notice.clone(), &notice, request(app), watched, now).await;
        if let Err(error) = opened {
            // Two processes that open the same sweep together: the database refuses the second one.
            if store.unsent_warnings().await?.contains(&notice) {
                return Err(error);
            }
        }
        app.nudge();
    }
    Ok(())
}
