//! Why a run or a sweep ended or waits: one sentence for each reason in the journal. Pure. Entries of version 1 hold the
//! sentence itself, which is shown as it was written.

use std::borrow::Cow;

use serde_json::Value;

use reinstate_core::run::{EndMessage, EndReason, PauseDetail, PauseMessage};
use reinstate_core::short_id;

/// Why a run or a sweep ended, as its entry says.
#[must_use]
pub fn end_message(message: &EndMessage) -> Cow<'_, str> {
    match message {
        EndMessage::Reason(reason) => end_reason(reason),
        EndMessage::Text(text) => Cow::Borrowed(text),
    }
}

/// Why a run or a sweep waits, or a step had no effect, as its entry says.
#[must_use]
pub fn pause_message(message: &PauseMessage) -> Cow<'_, str> {
    match message {
        PauseMessage::Detail(detail) => pause_detail(detail),
        PauseMessage::Text(text) => Cow::Borrowed(text),
    }
}

/// The sentence of a reason to end.
#[must_use]
pub fn end_reason(reason: &EndReason) -> Cow<'static, str> {
    Cow::Borrowed(match reason {
        EndReason::CommandOverdue => {
            "The command is older than 15 minutes, so nothing was done. Ask again if it is still wanted."
        }
        EndReason::RepairOverdue => "A day has passed since the list was approved, so nothing was done.",
        EndReason::SweepOverdue => {
            "The command is older than 15 minutes, so nothing was read. Ask for another sweep if it is still wanted."
        }
        EndReason::PersonBusy { run } => {
            let run = short_id(run);
            return Cow::Owned(format!("Run {run} is already at work on the same person. Follow that one."));
        }
        EndReason::TenantBusy { run } => {
            let run = short_id(run);
            return Cow::Owned(format!(
                "Run {run} is at work. A step on the whole tenant never runs at the same time as another repair. Ask again when that run has ended."
            ));
        }
        EndReason::EarlierRunUnreadable => {
            "What that run did can no longer be read: its personal data was erased, or there is no such run."
        }
        EndReason::NoAccountLeftOver => "That run left no account over, so there is nothing to remove.",
        EndReason::TooManyPlans => {
            "It made twelve plans, and access is still missing. A person has to look at it; see *Details*."
        }
        EndReason::NotApproved => "Nothing of this plan was done.",
        EndReason::ApprovalOver => "Nothing was done. Ask again if the repair is still needed.",
        EndReason::Declined { why } if why.is_empty() => "Nothing of the plan was done.",
        EndReason::Declined { why } => {
            return Cow::Owned(format!("Nothing of the plan was done. The reason: {why}"));
        }
        EndReason::Stopped => "No further step is taken.",
        EndReason::StoppedForUndo => "It was stopped so that its steps can be undone.",
        EndReason::AccountChanged => {
            "The account has changed since the list was approved, so nothing was done."
        }
        EndReason::ListedPlanInsufficient => {
            "The listed plan was done, and access is not back. Look at the account by itself."
        }
        EndReason::Undone => "Every step that can be undone was undone, and this was verified.",
        EndReason::NothingToUndo => "No step of that run can be undone any more.",
        EndReason::Retired => "The account was removed from use, and this was verified.",
        EndReason::NotRetired => "Nothing was done, for the reason below.",
        EndReason::Restored { groups: 0 } => "The account is active and has an app role.",
        EndReason::Restored { groups: 1 } => "The account is active, and Atlassian shows the expected group.",
        EndReason::Restored { groups } => {
            return Cow::Owned(format!(
                "The account is active, and Atlassian shows all {groups} expected groups."
            ));
        }
        EndReason::NothingToDo => "Nothing was done.",
        EndReason::CannotTell => "Not everything could be read, so nothing more was done.",
        EndReason::Advice => "Reinstate cannot repair this by itself.",
        EndReason::NothingToRepair => "There is nothing that could be repaired harmlessly.",
        EndReason::NotRequested => {
            "Nobody asked for the repairs within a day; another sweep will see what is there then."
        }
        EndReason::ListNotApproved => "Nobody approved the list in time. Nothing was changed.",
        EndReason::ListDeclined => "Nothing was changed.",
        EndReason::ListExpired => "A day has passed since the approval; what was not begun by then was left.",
        EndReason::RequesterNotOperator => {
            "The requester no longer has the role operator, so nothing more was begun."
        }
        EndReason::Repaired { begun, restored, skipped, failed } => {
            return Cow::Owned(repaired(*begun, *restored, *skipped, *failed));
        }
        EndReason::ReadingStopped => {
            "Nothing was changed. It was stopped before everything was read, so it has no result."
        }
        EndReason::OfferStopped => "Nothing was changed.",
        EndReason::RepairsStopped => "Repairs that had begun go on to their end. No other repair begins.",
    })
}

fn repaired(begun: u64, restored: u64, skipped: u64, failed: u64) -> String {
    let whose = if begun == 1 { "account has its" } else { "accounts have their" };
    let mut text = format!("{restored} of {begun} {whose} access back");
    if skipped > 0 {
        text.push_str(&format!("; {skipped} were skipped because they had changed since"));
    }
    if failed > 0 {
        text.push_str(&format!("; {failed} need another look"));
    }
    text.push('.');
    text
}

/// The state of one thing in words instead of JSON: `email jane@acme.example`.
fn plainly(state: &Value) -> String {
    let word = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => "none".to_owned(),
        other => other.to_string(),
    };
    let Value::Object(state) = state else { return word(state) };
    let parts: Vec<String> =
        state.iter().map(|(key, value)| format!("{} {}", key.replace('_', " "), word(value))).collect();
    parts.join(", ")
}

/// The sentence of a reason to wait.
#[must_use]
pub fn pause_detail(detail: &PauseDetail) -> Cow<'static, str> {
    match detail {
        PauseDetail::Unexpected { expected, found } => {
            Cow::Owned(format!("the plan expected {}, and now it is {}", plainly(expected), plainly(found)))
        }
        PauseDetail::Unread { sources } => {
            let names: Vec<&str> = sources.iter().map(|source| source.name()).collect();
            Cow::Owned(format!("{} could not be read", names.join(", ")))
        }
        PauseDetail::MaybeSent => Cow::Borrowed(
            "the call may have been sent, but its effect does not show; Reinstate never sends it twice by itself",
        ),
        PauseDetail::TooLateToSend => {
            Cow::Borrowed("it began, its effect does not show, and it is too late to send it again")
        }
        PauseDetail::NotShown => Cow::Borrowed("it was accepted, but its effect does not show"),
        PauseDetail::NotProvisioned => {
            Cow::Borrowed("it was accepted, but Atlassian does not show the effect")
        }
        PauseDetail::NotShownWithin { hours } => {
            Cow::Owned(format!("it was accepted, but its effect does not show after {hours} hours"))
        }
        PauseDetail::RateLimited => {
            Cow::Borrowed("the service limited the rate of calls for too long; nothing was done")
        }
        PauseDetail::CapReached { used, limit } => {
            Cow::Owned(format!("the limit of risky steps is used up: {used} of {limit} in the last 24 hours"))
        }
        PauseDetail::RepairsFailed { failed, ended } => {
            Cow::Owned(format!("{failed} of {ended} repairs did not bring access back"))
        }
        PauseDetail::PausedByPerson => Cow::Borrowed("somebody paused it"),
    }
}
