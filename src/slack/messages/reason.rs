//! Why a run or a sweep ended or waits: one sentence for each reason in the journal. Pure. Entries of version 1 hold the
//! sentence itself, which is shown as it was written.

use std::borrow::Cow;

use reinstate_core::run::{EndMessage, EndReason, PauseDetail, PauseMessage};

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
            return Cow::Owned(format!("Run {run} is already at work on the same person. Follow that one."));
        }
        EndReason::TenantBusy { run } => {
            return Cow::Owned(format!(
                "Run {run} is at work, and a step on the whole tenant and any other repair keep out of each other's way. Ask again when it has ended."
            ));
        }
        EndReason::EarlierRunUnreadable => {
            "What that run did can no longer be read: its personal data was erased, or there is no such run."
        }
        EndReason::NoAccountLeftOver => "That run left no account over, so there is nothing to retire.",
        EndReason::TooManyPlans => {
            "It looked again and again without an end in sight. A person should look at the trail."
        }
        EndReason::NotApproved => "Nobody approved in time. Nothing of this plan was done.",
        EndReason::ApprovalOver => "Nobody approved in time. Ask for the repair again if it is still wanted.",
        EndReason::Declined { why } if why.is_empty() => "The plan was declined; none of it was done.",
        EndReason::Declined { why } => {
            return Cow::Owned(format!("The plan was declined; none of it was done. The reason: {why}"));
        }
        EndReason::Stopped => "It was stopped before its next step. What was done stays done.",
        EndReason::StoppedForUndo => "It was stopped so that what it did can be taken back.",
        EndReason::AccountChanged => {
            "The account has changed since the list was approved, so nothing was done."
        }
        EndReason::ListedPlanInsufficient => {
            "The listed plan was done, and access is not back. Look at the account by itself."
        }
        EndReason::Undone => "What could be taken back is taken back, and was read back.",
        EndReason::NothingToUndo => "Nothing of that run is left that could be taken back.",
        EndReason::Retired => "The account is retired, and that was read back.",
        EndReason::NotRetired => "Nothing was done; the reason stands with the plan.",
        EndReason::Restored { groups: 0 } => "The account is active and has an app role.",
        EndReason::Restored { groups: 1 } => "The account is active, and Atlassian shows the expected group.",
        EndReason::Restored { groups } => {
            return Cow::Owned(format!(
                "The account is active, and Atlassian shows all {groups} expected groups."
            ));
        }
        EndReason::NothingToDo => "Nothing was done.",
        EndReason::CannotTell => "Whether access is in order could not be told, so nothing more was done.",
        EndReason::Advice => "The advice says where and how.",
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

/// The sentence of a reason to wait.
#[must_use]
pub fn pause_detail(detail: &PauseDetail) -> Cow<'static, str> {
    match detail {
        PauseDetail::Unexpected { expected, found } => {
            Cow::Owned(format!("the plan expected {expected}, and there is {found}"))
        }
        PauseDetail::Unread { sources } => {
            let names: Vec<&str> = sources.iter().map(|source| source.name()).collect();
            Cow::Owned(format!("{} could not be read", names.join(", ")))
        }
        PauseDetail::MaybeSent => Cow::Borrowed(
            "The call may have been sent, and its effect does not show. It is never sent a second time by the machine.",
        ),
        PauseDetail::TooLateToSend => Cow::Borrowed(
            "it began, its effect does not show, and the time in which it may be sent has run out",
        ),
        PauseDetail::NotShown => Cow::Borrowed("it was accepted, and its effect does not show"),
        PauseDetail::NotProvisioned => Cow::Borrowed("it was accepted, and Atlassian does not show it"),
        PauseDetail::NotShownWithin { hours } => {
            Cow::Owned(format!("it was accepted, and after {hours} hours its effect does not show"))
        }
        PauseDetail::RateLimited => Cow::Borrowed("the upstream kept limiting us; nothing was done"),
        PauseDetail::CapReached { used, limit } => {
            Cow::Owned(format!("{used} of {limit} risky steps have begun in the last 24 hours"))
        }
        PauseDetail::RepairsFailed { failed, ended } => {
            Cow::Owned(format!("{failed} of {ended} repairs did not bring access back"))
        }
        PauseDetail::PausedByPerson => Cow::Borrowed("somebody paused it"),
    }
}
