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
    IDLE, JANE, LINK, OWN, RUN, Story, email_held, memberships, not_assigned, park, parking, plan_of,
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
    let answer = cards::diagnosis(&super::answers::check_view(&found, &plan));
    shows!(page, "Modal: the answer", "It takes the place of the modal above.", page::modal(&modals::answer(&answer)), @"
    == Reinstate ==
    # Jane Doe (jane@acme.example): access is complete
    Read 2026-11-30 09:00 UTC
    (Identity provider :white_check_mark: · Provisioning :white_check_mark: · SCIM record :white_check_mark: · Atlassian account :white_check_mark: · Groups :white_check_mark: · Apps :white_check_mark:
    Not examined: sign-in, permissions inside apps, and portal accounts.)
    [ Details ]  [ Recheck ]
    [ Close ]
    ");
    let (found, plan) = parking();
    shows!(page, "Modal: the details of an answer to check", "After *Details* under the answer.", page::modal(&modals::details(cards::of_diagnosis(&found, &plan, None))), @"
    == Details ==
    :white_check_mark: good – *Identity provider*: exists and is enabled
    :white_check_mark: good – *Provisioning*: assigned; the job runs
    :x: broken – *SCIM record*: Another managed account uses the person's address
    :white_check_mark: good – *Atlassian account*: active
    :x: broken – *Groups*: 0 of 2 expected
    :x: broken – *Apps*: no app role
    ---
    *Steps*
    1. Move jane@acme.example off account Jane Doe (…0005) · *destructive* · cannot be undone once the person has the address
    2. Provision Jane Doe on demand · *harmless* · nothing to undo
    3. Provision Jane Doe in jira-users · *harmless* · nothing to undo
    *Impact*
    • Account Jane Doe (…0005, added 2026-03-02), never used, is signed out everywhere and can no longer sign in with jane@acme.example.
    *Another managed account uses the person's address* `email-held-by-managed-account`
    • the person's record 5578ea37-0000-4000-8000-000000000004 is linked to account 712020:93c3f6a0-0000-4000-8000-000000000004 (atlassian.scim-links, 2026-11-30 09:00 UTC)
    • account 712020:93c3f6a0-0000-4000-8000-000000000004 bears jane.miller@acme.example, while account 712020:93c3f6a0-0000-4000-8000-000000000005 bears jane@acme.example (atlassian.users, 2026-11-30 09:00 UTC)
    • Atlassian refused the identity provider with 409: Resource [USER]: with email[jane@acme.example] already exists. (entra.provisioning-log, 2026-11-30 09:00 UTC)
    *Groups missing:* 2
    `jira-users`
    `wiki-users`
    *Groups present:* 0
    *Groups expected:* 2
    `jira-users`
    `wiki-users`
    *Groups that only Atlassian shows:* not known
    *Ids*
    • User in Entra: `3b9f61aa-0000-4000-8000-000000000004`
    • SCIM record: `5578ea37-0000-4000-8000-000000000004`
    • Atlassian account: `712020:93c3f6a0-0000-4000-8000-000000000004`
    • Other account: Jane Doe (…0005, added 2026-03-02, never used) `712020:93c3f6a0-0000-4000-8000-000000000005`
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
    • Move jane@acme.example off account Jane Doe (…0005, added 2026-03-02, never used)
    • Move jane@acme.example off account Jane Doe (…0005, added 2026-03-02, never used)
    • Move jane@acme.example off account Jane Doe (…0005, added 2026-03-02, never used)
    • Move jane@acme.example off account Jane Doe (…0005, added 2026-03-02, never used)
    • Move jane@acme.example off account Jane Doe (…0005, added 2026-03-02, never used)
    • Move jane@acme.example off account Jane Doe (…0005, added 2026-03-02, never used)
    • Move jane@acme.example off account Jane Doe (…0005, added 2026-03-02, never used)
    • Move jane@acme.example off account Jane Doe (…0005, added 2026-03-02, never used)
    • Delete account Jane Doe (…0005, added 2026-03-02, never used), due in 14 days
    *Disruptive: access is interrupted, or provisioning has to restore it*
    • Unlink SCIM record …0004 from account Jane Doe (…0004, added 2026-03-02, last used 2026-11-27)
    For jane@acme.example (account …0004). Plan `81744878`.
    [ Back ]  [ Approve ]
    ");
    let story = worked();
    shows!(page, "Modal: details", "After *Details*: all causes with all facts, every group, and what happened.",
        details(&mut page, &story), @"
    == Details ==
    # Repair access for Jane Doe (jane@acme.example)
    *A person has to do the rest.* Reinstate cannot repair this by itself. Approved by @grace.
    (run `0e8a9b` · requested by @ada 2026-11-30 09:00 UTC · journal `16:7b4b8464a79f1c55`)
    :white_check_mark: good – *Identity provider*: exists and is enabled
    :x: broken – *Provisioning*: not assigned
    :white_check_mark: good – *SCIM record*: linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
    :white_check_mark: good – *Atlassian account*: active
    :x: broken – *Groups*: 0 of 2 expected
    :x: broken – *Apps*: no app role
    *What to do*
    • Assign jane@acme.example (object id …0004): make them a direct member of a group that is assigned (jira-users, wiki-users).
    *The person is not assigned to the Atlassian application* `not-assigned`
    • neither the person nor a group they are a direct member of is assigned (entra.assignments, 2026-11-30 09:00 UTC)
    *Groups missing:* 0
    *Groups present:* 0
    *Groups expected:* 0
    *Groups that only Atlassian shows:* not known
    *Ids*
    • User in Entra: `3b9f61aa-0000-4000-8000-000000000004`
    • SCIM record: `5578ea37-0000-4000-8000-000000000004`
    • Atlassian account: `712020:93c3f6a0-0000-4000-8000-000000000004`
    • Other account: Jane Doe (…0005, added 2026-03-02, never used) `712020:93c3f6a0-0000-4000-8000-000000000005`
    *What happened*
    • 2026-11-30 09:00 UTC asked for by @ada
    • 2026-11-30 09:00 UTC the requester may do it, by access.operator.users
    • 2026-11-30 09:00 UTC planned 3 steps, plan `351f4184`
    • 2026-11-30 09:00 UTC refused to @vera: approve
    • 2026-11-30 09:00 UTC approved by @grace, plan `351f4184`
    • 2026-11-30 09:01 UTC began: Move jane@acme.example off account 712020:93c3f6a0-0000-4000-8000-000000000005
    • 2026-11-30 09:01 UTC waits for a person: 403 Forbidden
    • 2026-11-30 09:01 UTC looked at again, as @ada wished
    • 2026-11-30 09:01 UTC planned 2 steps, plan `242abbb3`
    • 2026-11-30 09:01 UTC began: Provision the person in jira-users
    • 2026-11-30 09:01 UTC taken, and awaited: Provision the person in jira-users
    • 2026-11-30 09:02 UTC confirmed: Provision the person in jira-users
    • 2026-11-30 09:02 UTC was done already: Provision the person in wiki-users
    • 2026-11-30 09:02 UTC planned 2 steps, plan `242abbb3`
    • 2026-11-30 09:02 UTC began: Provision the person in jira-users
    • 2026-11-30 09:02 UTC without effect: Provision the person in jira-users – the identity provider skipped it
    • 2026-11-30 09:02 UTC looked: there is no step to take
    • 2026-11-30 09:03 UTC ended: Reinstate cannot repair this by itself.
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`)
    [ Close ]
    ");
    let (asks, by) = (Story::repair().planned(parking()), || "U0ADA".to_owned());
    let digest = asks.digest();
    let declined = asks.clone().and(Event::Declined { by: "U0GRACE".to_owned(), digest: digest.clone() });
    shows!(page, "Details: declined", "The end of the same modal.", happened(&details(&mut page, &declined.ended(Outcome::Declined, EndReason::Declined { why: String::new() }))), @"
    *What happened*
    • 2026-11-30 09:00 UTC asked for by @ada
    • 2026-11-30 09:00 UTC the requester may do it, by access.operator.users
    • 2026-11-30 09:00 UTC planned 3 steps, plan `351f4184`
    • 2026-11-30 09:00 UTC declined by @grace
    • 2026-11-30 09:00 UTC ended: Nothing of the plan was done.
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`)
    [ Close ]
    ");
    let expired =
        asks.clone().and(Event::Expired { digest }).ended(Outcome::Expired, EndReason::ApprovalOver);
    shows!(page, "Details: expired", "The end of the same modal.", happened(&details(&mut page, &expired)), @"
    *What happened*
    • 2026-11-30 09:00 UTC asked for by @ada
    • 2026-11-30 09:00 UTC the requester may do it, by access.operator.users
    • 2026-11-30 09:00 UTC planned 3 steps, plan `351f4184`
    • 2026-11-30 09:00 UTC the time to approve was over
    • 2026-11-30 09:00 UTC ended: Nothing was done. Ask again if the repair is still needed.
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`)
    [ Close ]
    ");
    let cancelled = asks.approved().and(Event::Cancelled { by: by() });
    shows!(page, "Details: stopped", "The end of the same modal.", happened(&details(&mut page, &cancelled)), @"
    *What happened*
    • 2026-11-30 09:00 UTC asked for by @ada
    • 2026-11-30 09:00 UTC the requester may do it, by access.operator.users
    • 2026-11-30 09:00 UTC planned 3 steps, plan `351f4184`
    • 2026-11-30 09:00 UTC approved by @grace, plan `351f4184`
    • 2026-11-30 09:00 UTC stopped by @ada
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`)
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
        unread: 0,
    };
    let many = Lists { unread: 4800, ..Lists::default() };
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
    `0e8a9b` – repair of jane@acme.example, asked by @ada: waiting for @grace until 2026-11-30 10:00 UTC, since 2026-11-30 09:00 UTC – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    ---
    *Needs me*: 1
    `0e8a9b` – repair of jane@acme.example, asked by @ada: needs @ada since 2026-11-30 09:00 UTC: 403 Forbidden. Press *Retry* or *Stop* – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    ---
    *Running and waiting*: 22
    `0e8a9b` – repair of jane@acme.example, asked by @ada: running since 2026-11-30 09:00 UTC
    (… and 2 more)
    ---
    *Recent*: 1
    `0e8a9b` – repair of jane@acme.example, asked by @ada: Access was already fine, 2026-11-30 09:00 UTC
    (`/reinstate help` shows every command.)
    ");
    shows!(page, "Home: very many open runs", "The 200 oldest are read.",
        page::home(&home::home(&many, false, true)), @"
    # Reinstate
    [ Check a person ]  [ Check my own access ]
    ---
    *Running and waiting*: 0
    Nothing runs and nothing waits for others.
    (4800 newer open runs are not in these lists.)
    ---
    *Recent*: 0
    There has been no run yet.
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
