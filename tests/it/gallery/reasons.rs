//! Why runs and sweeps end or wait: the sentence of each reason in the journal, and the text of version 1.

use reinstate::slack::messages;
use reinstate_core::Source;
use reinstate_core::run::{EndMessage, EndReason, PauseDetail, PauseMessage};
use serde_json::json;

use super::jane::EARLIER;
use super::page::{Page, shows};

pub fn page() -> Page {
    let mut page = Page::new(
        "Why a run or a sweep ends or waits",
        "The cards, their threads, the private answers and the details show these sentences. The journal keeps the reason.",
    );
    let run = EARLIER.to_owned();
    let runs = [
        EndReason::CommandOverdue,
        EndReason::RepairOverdue,
        EndReason::PersonBusy { run: run.clone() },
        EndReason::TenantBusy { run },
        EndReason::EarlierRunUnreadable,
        EndReason::NoAccountLeftOver,
        EndReason::TooManyPlans,
        EndReason::NotApproved,
        EndReason::ApprovalOver,
        EndReason::Declined { why: String::new() },
        EndReason::Declined { why: "Jane leaves on Friday.".to_owned() },
        EndReason::Stopped,
        EndReason::StoppedForUndo,
        EndReason::AccountChanged,
        EndReason::ListedPlanInsufficient,
        EndReason::Undone,
        EndReason::NothingToUndo,
        EndReason::Retired,
        EndReason::NotRetired,
        EndReason::Restored { groups: 0 },
        EndReason::Restored { groups: 1 },
        EndReason::Restored { groups: 2 },
        EndReason::NothingToDo,
        EndReason::CannotTell,
        EndReason::Advice,
    ];
    shows!(page, "Why a run ended", "One line for each reason.", ends(&mut page, &runs), @"
    The command is older than 15 minutes, so nothing was done. Ask again if it is still wanted.
    A day has passed since the list was approved, so nothing was done.
    Run 000001 is already at work on the same person. Follow that one.
    Run 000001 is at work. A step on the whole tenant never runs at the same time as another repair. Ask again when that run has ended.
    What that run did can no longer be read: its personal data was erased, or there is no such run.
    That run left no account over, so there is nothing to remove.
    It made twelve plans, and access is still missing. A person has to look at it; see *Details*.
    Nothing of this plan was done.
    Nothing was done. Ask again if the repair is still needed.
    Nothing of the plan was done.
    Nothing of the plan was done. The reason: Jane leaves on Friday.
    No further step is taken.
    It was stopped so that its steps can be undone.
    The account has changed since the list was approved, so nothing was done.
    The listed plan was done, and access is not back. Look at the account by itself.
    Every step that can be undone was undone, and this was verified.
    No step of that run can be undone any more.
    The account was removed from use, and this was verified.
    Nothing was done, for the reason below.
    The account is active and has an app role.
    The account is active, and Atlassian shows the expected group.
    The account is active, and Atlassian shows all 2 expected groups.
    Nothing was done.
    Not everything could be read, so nothing more was done.
    Reinstate cannot repair this by itself.
    ");
    let sweeps = [
        EndReason::SweepOverdue,
        EndReason::NothingToRepair,
        EndReason::NotRequested,
        EndReason::ListNotApproved,
        EndReason::ListDeclined,
        EndReason::ListExpired,
        EndReason::RequesterNotOperator,
        EndReason::Repaired { begun: 1, restored: 1, skipped: 0, failed: 0 },
        EndReason::Repaired { begun: 7, restored: 4, skipped: 2, failed: 1 },
        EndReason::ReadingStopped,
        EndReason::OfferStopped,
        EndReason::RepairsStopped,
    ];
    shows!(page, "Why a sweep ended", "As above.", ends(&mut page, &sweeps), @"
    The command is older than 15 minutes, so nothing was read. Ask for another sweep if it is still wanted.
    There is nothing that could be repaired harmlessly.
    Nobody asked for the repairs within a day; another sweep will see what is there then.
    Nobody approved the list in time. Nothing was changed.
    Nothing was changed.
    A day has passed since the approval; what was not begun by then was left.
    The requester no longer has the role operator, so nothing more was begun.
    1 of 1 account has its access back.
    4 of 7 accounts have their access back; 2 were skipped because they had changed since; 1 need another look.
    Nothing was changed. It was stopped before everything was read, so it has no result.
    Nothing was changed.
    Repairs that had begun go on to their end. No other repair begins.
    ");
    let waits = [
        PauseDetail::Unexpected { expected: json!({ "active": true }), found: json!({ "active": false }) },
        PauseDetail::Unread { sources: vec![Source::Groups, Source::ProvisioningLog] },
        PauseDetail::MaybeSent,
        PauseDetail::TooLateToSend,
        PauseDetail::NotShown,
        PauseDetail::NotProvisioned,
        PauseDetail::NotShownWithin { hours: 26 },
        PauseDetail::RateLimited,
        PauseDetail::CapReached { used: 20, limit: 20 },
        PauseDetail::RepairsFailed { failed: 2, ended: 7 },
        PauseDetail::PausedByPerson,
    ];
    let lines = waits.map(|detail| {
        page.covers("PauseDetail", &detail);
        assert_eq!(messages::pause_message(&detail.clone().into()), messages::pause_detail(&detail));
        messages::pause_detail(&detail).into_owned()
    });
    shows!(page, "Why a run or a sweep waits", "As above. Upstream services and conditions add reasons of their own.", lines.join("\n"), @"
    the plan expected active true, and now it is active false
    atlassian.groups, entra.provisioning-log could not be read
    the call may have been sent, but its effect does not show; Reinstate never sends it twice by itself
    it began, its effect does not show, and it is too late to send it again
    it was accepted, but its effect does not show
    it was accepted, but Atlassian does not show the effect
    it was accepted, but its effect does not show after 26 hours
    the service limited the rate of calls for too long; nothing was done
    the limit of risky steps is used up: 20 of 20 in the last 24 hours
    2 of 7 repairs did not bring access back
    somebody paused it
    ");
    page
}

fn ends(page: &mut Page, reasons: &[EndReason]) -> String {
    let lines: Vec<String> = reasons
        .iter()
        .map(|reason| {
            page.covers("EndReason", reason);
            assert_eq!(messages::end_message(&reason.clone().into()), messages::end_reason(reason));
            messages::end_reason(reason).into_owned()
        })
        .collect();
    lines.join("\n")
}

#[test]
fn the_text_of_version_1_is_shown_as_it_was_written() {
    let end = EndMessage::Text("The words of that time.".to_owned());
    assert_eq!(messages::end_message(&end), "The words of that time.");
    let pause = PauseMessage::Text("it was so".to_owned());
    assert_eq!(messages::pause_message(&pause), "it was so");
}
