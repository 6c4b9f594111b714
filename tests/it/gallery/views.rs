//! Modals, and the App Home.

use std::collections::BTreeSet;

use reinstate::slack::cards;
use reinstate::slack::cards::home::{self, Awaits, List, Listed, Lists};
use reinstate::slack::markup::Markup;
use reinstate::slack::modal as modals;
use reinstate_core::run::{EndReason, PauseReason};
use reinstate_core::{Diagnosis, Event, Op, Outcome, Plan};
use serde_json::json;

use super::jane::{
    IDLE, JANE, LINK, OWN, RUN, Story, at, email_held, memberships, not_assigned, park, parking, plan_of,
    record_id, restored,
};
use super::page::{self, Page, shows};

pub fn modals() -> Page {
    let mut page = Page::new("Modals", "Only the person who clicked sees them.");
    shows!(page, "Modal: pick a person", "After *Check a person*, or the shortcut of that name.", page::modal(&modals::person()), @"
    == Check Atlassian access ==
    Whose Atlassian access shall be checked? Nothing is changed, and only you see the answer.
    <users_select: Pick a person>
    Not in Slack? Type `/reinstate check` and an e-mail address instead.
    [ Close ]
    ");
    shows!(page, "Modal: reading", "After a person was picked, and after *Check my own access*.", page::modal(&modals::reading()), @"
    == Reinstate ==
    Reading everything. The answer appears here.
    [ Close ]
    ");
    let (found, plan) = restored();
    let answer = cards::diagnosis(&found, &plan, at(20), JANE, None);
    shows!(page, "Modal: the answer", "It takes the place of the modal above.", page::modal(&modals::answer(&answer)), @"
    == Reinstate ==
    # Access of jane@acme.example
    *Healthy: access is as it should be.* Read 2026-11-30 09:00 UTC.
    *What is broken:* nothing
    :white_check_mark: good – *Identity provider*: exists and is enabled
    :white_check_mark: good – *Provisioning*: assigned; the job runs
    :white_check_mark: good – *SCIM record*: linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
    :white_check_mark: good – *Atlassian account*: active
    :white_check_mark: good – *Groups*: 2 of 2 expected
    :white_check_mark: good – *Apps*: at least one app role
    *Groups missing:* none
    *Groups present:* `jira-users`, `wiki-users`
    *Groups expected:* `jira-users`, `wiki-users`
    (Not examined: sign-in, permissions inside apps, and portal accounts.)
    [ Recheck ]
    [ Close ]
    ");
    shows!(page, "Modal: decline", "After *Decline*. A run is declined with or without a reason.",
        page::modal(&modals::reason(&Markup::new().escaped(JANE), "")), @"
    == Decline this plan? ==
    Nothing of the plan for jane@acme.example will be done, and the run ends. The requester is told why.
    Why?: <plain_text_input: >
    [ Back ]  [ Decline ]
    ");
    let many = Story::repair().planned(long_plan());
    assert!(
        many.draws(cards::dialog).is_none(),
        "nine destructive steps do not fit into the dialog of Slack"
    );
    shows!(page, "Modal: approve", "After *Approve*, where the destructive steps do not fit into the dialog of Slack. The click alone approves nothing.",
        page::modal(&modals::approval(many.draws(cards::dialog_in_full), "")), @"
    == Approve this plan? ==
    *Destructive: changes who has an address, or ends an account*
    • Move jane@acme.example off the account …0005
    • Move jane@acme.example off the account …0005
    • Move jane@acme.example off the account …0005
    • Move jane@acme.example off the account …0005
    • Move jane@acme.example off the account …0005
    • Move jane@acme.example off the account …0005
    • Move jane@acme.example off the account …0005
    • Move jane@acme.example off the account …0005
    • Delete the account …0005, due in 14 days
    *Disruptive: access is interrupted, or provisioning has to restore it*
    • Unlink SCIM record …0004 from the account Jane Doe (…0004)
    For jane@acme.example (account …0004). Plan `81744878`.
    [ Back ]  [ Approve ]
    ");
    let story = worked();
    shows!(page, "Modal: details", "After *Details*: all causes with all facts, every group, and what happened.",
        details(&mut page, &story), @"
    == Details ==
    # Repair of jane@acme.example
    *Only people can do what is left.* The advice says where and how.
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`, asked by @ada 2026-11-30 09:00 UTC, journal `16:7b4b8464a79f1c55694c21bf57778b2d45f17595dec719c95496008c4d0080bc`)
    *What is broken:* The person is not assigned to the Atlassian application
    *What will happen:* nothing by itself; only people can do what is left.
    :white_check_mark: good – *Identity provider*: exists and is enabled
    :x: broken – *Provisioning*: not assigned
    :white_check_mark: good – *SCIM record*: linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
    :white_check_mark: good – *Atlassian account*: active
    :x: broken – *Groups*: 0 of 2 expected
    :x: broken – *Apps*: no app role
    *The person is not assigned to the Atlassian application* `not-assigned`
    • neither the person nor a group they are a direct member of is assigned (entra.assignments, 2026-11-30 09:00 UTC)
    *Groups missing:* 0
    *Groups present:* 0
    *Groups expected:* 0
    *Groups that only Atlassian shows:* not known
    *What only a person can do*
    • Assign jane@acme.example (object id 3b9f61aa-0000-4000-8000-000000000004): make them a direct member of a group that is assigned (jira-users, wiki-users).
    *What happened*
    • 2026-11-30 09:00 UTC asked for by @ada
    • 2026-11-30 09:00 UTC the requester may do it, by access.operator.users
    • 2026-11-30 09:00 UTC planned 3 steps, plan `b6ae9a20`
    • 2026-11-30 09:00 UTC refused to @vera: approve
    • 2026-11-30 09:00 UTC approved by @grace, plan `b6ae9a20`
    • 2026-11-30 09:01 UTC began: Move account 712020:93c3f6a0-0000-4000-8000-000000000005 from jane@acme.example to parked-5232704f3027377f@acme.example
    • 2026-11-30 09:01 UTC waits for a person: 403 Forbidden
    • 2026-11-30 09:01 UTC looked at again, as @ada wished
    • 2026-11-30 09:01 UTC planned 2 steps, plan `242abbb3`
    • 2026-11-30 09:01 UTC began: Have the identity provider write the membership in jira-users again
    • 2026-11-30 09:01 UTC taken, and awaited: Have the identity provider write the membership in jira-users again
    • 2026-11-30 09:02 UTC confirmed: Have the identity provider write the membership in jira-users again
    • 2026-11-30 09:02 UTC was done already: Have the identity provider write the membership in wiki-users again
    • 2026-11-30 09:02 UTC planned 2 steps, plan `242abbb3`
    • 2026-11-30 09:02 UTC began: Have the identity provider write the membership in jira-users again
    • 2026-11-30 09:02 UTC without effect: Have the identity provider write the membership in jira-users again – the identity provider skipped it
    • 2026-11-30 09:02 UTC looked: there is no step to take
    • 2026-11-30 09:03 UTC ended: The advice says where and how.
    [ Close ]
    ");
    let (asks, by) = (Story::repair().planned(parking()), || "U0ADA".to_owned());
    let digest = asks.digest();
    let declined = asks.clone().and(Event::Declined { by: "U0GRACE".to_owned(), digest: digest.clone() });
    shows!(page, "Details: declined", "The end of the same modal.", happened(&details(&mut page, &declined.ended(Outcome::Declined, EndReason::Declined { why: String::new() }))), @"
    *What happened*
    • 2026-11-30 09:00 UTC asked for by @ada
    • 2026-11-30 09:00 UTC the requester may do it, by access.operator.users
    • 2026-11-30 09:00 UTC planned 3 steps, plan `b6ae9a20`
    • 2026-11-30 09:00 UTC declined by @grace
    • 2026-11-30 09:00 UTC ended: The plan was declined; none of it was done.
    [ Close ]
    ");
    let expired =
        asks.clone().and(Event::Expired { digest }).ended(Outcome::Expired, EndReason::ApprovalOver);
    shows!(page, "Details: expired", "The end of the same modal.", happened(&details(&mut page, &expired)), @"
    *What happened*
    • 2026-11-30 09:00 UTC asked for by @ada
    • 2026-11-30 09:00 UTC the requester may do it, by access.operator.users
    • 2026-11-30 09:00 UTC planned 3 steps, plan `b6ae9a20`
    • 2026-11-30 09:00 UTC the time to approve was over
    • 2026-11-30 09:00 UTC ended: Nobody approved in time. Ask for the repair again if it is still wanted.
    [ Close ]
    ");
    let cancelled = asks.approved().and(Event::Cancelled { by: by() });
    shows!(page, "Details: stopped", "The end of the same modal.", happened(&details(&mut page, &cancelled)), @"
    *What happened*
    • 2026-11-30 09:00 UTC asked for by @ada
    • 2026-11-30 09:00 UTC the requester may do it, by access.operator.users
    • 2026-11-30 09:00 UTC planned 3 steps, plan `b6ae9a20`
    • 2026-11-30 09:00 UTC approved by @grace, plan `b6ae9a20`
    • 2026-11-30 09:00 UTC stopped by @ada
    [ Close ]
    ");
    page
}

/// The modal of a run. The page records which entries it covers.
fn details(page: &mut Page, story: &Story) -> String {
    for (_, _, event) in &story.events {
        page.covers("Event", event);
    }
    page::modal(&modals::details(story.draws(cards::details)))
}

/// The entries of the run, as the modal shows them.
fn happened(modal: &str) -> String {
    let lines: Vec<&str> = modal.lines().skip_while(|line| !line.starts_with("*What happened*")).collect();
    lines.join("\n")
}

/// A run that was paused, retried, and carried on.
fn worked() -> Story {
    let denied = Event::Denied {
        by: "U0VERA".to_owned(),
        what: "approve".to_owned(),
        why: "This needs the role approver.".into(),
    };
    Story::repair()
        .planned(parking())
        .and(denied)
        .approved()
        .and(Event::Snapshot { step: 0, was: json!({}) })
        .began(0, 1)
        .and(Event::Paused { step: Some(0), halt: PauseReason::Refused, why: "403 Forbidden".into() })
        .and(Event::Retried { by: "U0ADA".to_owned() })
        .planned(memberships())
        .began(0, 0)
        .and(Event::Accepted { step: 0 })
        .confirmed(0)
        .and(Event::Already { step: 1 })
        .planned(memberships())
        .began(0, 0)
        .and(Event::NoEffect { step: 0, why: "the identity provider skipped it".into() })
        .planned(not_assigned())
        .ended(Outcome::Advice, EndReason::Advice)
}

/// More destructive steps than Slack's dialog can show, and a disruptive one.
fn long_plan() -> (Diagnosis, Plan) {
    let found = email_held();
    let mut ops = vec![park(); 8];
    ops.push(Op::ScheduleDeletion { account: IDLE.to_owned() });
    ops.push(Op::UnlinkRecord { record: record_id(), account: OWN.to_owned() });
    let plan = plan_of(&found, ops, &[]);
    (found, plan)
}

pub fn homes() -> Page {
    let mut page = Page::new(
        "The App Home",
        "Only the person who opens it sees it. It is kept up to date for eight hours.",
    );
    let listed = |story: &Story, link: Option<&str>| Listed {
        id: RUN.to_owned(),
        line: story.draws(cards::line),
        awaits: Awaits::Approver,
        asked_by: "U0ADA".to_owned(),
        approved: BTreeSet::new(),
        link: link.map(str::to_owned),
    };
    let list = |count: usize, one: &Listed| {
        let mut list = List::default();
        (0..count).for_each(|_| list.add(one));
        list
    };
    let asks = Story::repair().planned(parking());
    let stopped = asks.clone().approved().began(0, 1).and(Event::Paused {
        step: Some(0),
        halt: PauseReason::Refused,
        why: "403 Forbidden".into(),
    });
    let ended = Story::repair().planned(restored()).ended(Outcome::Healthy, EndReason::NothingToDo);
    let lists = Lists {
        to_approve: list(1, &listed(&asks, Some(LINK))),
        to_continue: list(1, &listed(&stopped, Some(LINK))),
        open: list(22, &listed(&asks.approved(), None)),
        recent: list(1, &listed(&ended, None)),
    };
    let short = |text: String| {
        let mut lines: Vec<&str> = text.lines().collect();
        lines.dedup();
        lines.join("\n")
    };
    shows!(page, "Home: an approver who may check", "20 runs of each kind are shown; here the same run stands for 20.",
        short(page::home(&home::home(&lists, true, true))), @"
    # Reinstate
    [ Check a person ]  [ Check my own access ]
    ---
    *Waiting for my approval*: 1
    `680e8a9b` – repair of jane@acme.example, asked by @ada: waiting for @grace until 2026-11-30 10:00 UTC, since 2026-11-30 09:00 UTC – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    ---
    *Needs me*: 1
    `680e8a9b` – repair of jane@acme.example, asked by @ada: needs @ada since 2026-11-30 09:00 UTC: 403 Forbidden. Press *Retry* or *Stop* – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    ---
    *Running and waiting*: 22
    `680e8a9b` – repair of jane@acme.example, asked by @ada: running since 2026-11-30 09:00 UTC
    (… and 2 more)
    ---
    *Recent*: 1
    `680e8a9b` – repair of jane@acme.example, asked by @ada: Access was good from the start, 2026-11-30 09:00 UTC
    (`/reinstate help` shows every command.)
    ");
    shows!(page, "Home: somebody who may check", "The role viewer or operator, and nothing to show.",
        page::home(&home::home(&Lists::default(), false, true)), @"
    # Reinstate
    [ Check a person ]  [ Check my own access ]
    ---
    *Running and waiting*: 0
    Nothing runs and nothing waits for others.
    ---
    *Recent*: 0
    There has been no run yet.
    (`/reinstate help` shows every command.)
    ");
    shows!(page, "Home: an approver alone", "Only what waits for their approval.",
        page::home(&home::home(&Lists::default(), true, false)), @"
    # Reinstate
    [ Check my own access ]
    ---
    *Waiting for my approval*: 0
    Nothing waits for you.
    (`/reinstate help` shows every command.)
    ");
    shows!(page, "Home: no role", "Every other member of the workspace.", page::home(&home::employee()), @"
    # Your Atlassian access
    Does Jira or Confluence show you nothing? Reinstate can look why. It changes nothing, and only you see the answer.
    [ Check my own access ]
    ");
    shows!(page, "Home: not a member", "A guest, a person of another workspace, or Slack did not say who it is.",
        page::home(&home::stranger()), @"
    # Reinstate
    Reinstate works for members of this workspace. If you are one and still read this, Slack did not say who you are: please come back in a minute.
    ");
    shows!(page, "Home: the database does not answer", "To people with a role.", page::home(&home::no_store()), @"
    # Reinstate
    The database does not answer, so runs cannot be shown. Please come back in a minute.
    ");
    page
}
