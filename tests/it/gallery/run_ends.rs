//! The card of a run that has ended, and the messages about the end. The reasons are those of the executor.

use reinstate::slack::cards;
use reinstate::slack::markup::Markup;
use reinstate::slack::messages;
use reinstate_core::run::EndReason;
use reinstate_core::{Event, Goal, Outcome};

use super::jane::{
    EARLIER, LINK, Story, access, cannot_tell, memberships, not_assigned, parking, restored, retire_plan,
    ticket, two_accounts, undo_plan,
};
use super::page::{Page, card, shows};

pub fn page() -> Page {
    let mut page = Page::new(
        "The card of a run that has ended",
        "The same message as above. It keeps the buttons for what can follow, and shows the end of the journal.",
    );
    let root = |story: &Story| card(&story.draws(cards::root));
    let reason = EndReason::Restored { groups: 2 };
    let parked = Story::repair().planned(parking()).approved().began(0, 1).confirmed(0);

    let end = parked
        .clone()
        .began(1, 0)
        .confirmed(1)
        .began(2, 0)
        .confirmed(2)
        .planned(restored())
        .ended(Outcome::Restored, reason.clone())
        .noted(&mut page);
    shows!(page, "Restored", "Access was read back and is there. An account was left over, so it can be retired.", page.once(&root(&end)), @"
    # Repair of jane@acme.example
    *Access is back, and that was proven.* The account is active, and Atlassian shows all 2 expected groups.
    *What is broken:* nothing
    Plan: Progress
    [x] Move account 712020:93c3f6a0-0000-4000-8000-000000000005 from jane@acme.example to parked-5232704f3027377f@acme.example
    [x] Have the identity provider write the person's record again
    [x] Have the identity provider write the membership in jira-users again
    [x] Read everything and find the cause
    :white_check_mark: good – *Identity provider*: exists and is enabled
    :white_check_mark: good – *Provisioning*: assigned; the job runs
    :white_check_mark: good – *SCIM record*: linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
    :white_check_mark: good – *Atlassian account*: active
    :white_check_mark: good – *Groups*: 2 of 2 expected
    :white_check_mark: good – *Apps*: at least one app role
    *Groups missing:* none
    *Groups present:* `jira-users`, `wiki-users`
    *Groups expected:* `jira-users`, `wiki-users`
    [ Undo what was done ]  [ Retire the account left over ]  [ Details ]
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`, asked by @ada 2026-11-30 09:00 UTC, journal `16:7b4b8464a79f1c55694c21bf57778b2d45f17595dec719c95496008c4d0080bc`)
    ");
    shows!(page, "Restored: the thread", "In the thread of the card, to the requester and to approvers who were asked and did not act.",
        card(&end.draws(|view| cards::outcome(view, &Markup::new().user("U0ADA")))), @"@ada the repair of jane@acme.example has ended. *Access is back, and that was proven.* The account is active, and Atlassian shows all 2 expected groups.");
    shows!(page, "Restored: the approvers", "In the thread of the approval card, when that card stood elsewhere.",
        card(&end.draws(|view| cards::outcome(view, &messages::approvers(&access(), &[])))), @"@grace the repair of jane@acme.example has ended. *Access is back, and that was proven.* The account is active, and Atlassian shows all 2 expected groups.");
    shows!(page, "Restored: the requester alone", "Privately, when the card stands in another channel or the thread cannot be used.",
        card(&end.draws(|view| cards::outcome(view, &Markup::new()))), @"the repair of jane@acme.example has ended. *Access is back, and that was proven.* The account is active, and Atlassian shows all 2 expected groups.");
    let end = Story::repair()
        .planned(memberships())
        .began(0, 0)
        .confirmed(0)
        .began(1, 0)
        .confirmed(1)
        .planned(restored())
        .ended(Outcome::Restored, reason)
        .noted(&mut page);
    shows!(page, "Restored, without anything to undo", "Only harmless steps were done.", page.once(&root(&end)), @"
    # Repair of jane@acme.example
    *Access is back, and that was proven.* The account is active, and Atlassian shows all 2 expected groups.
    *What is broken:* nothing
    Plan: Progress
    [x] Have the identity provider write the membership in jira-users again
    [x] Have the identity provider write the membership in wiki-users again
    [x] Read everything and find the cause
    … the evidence and the steps, as above
    [ Details ]
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`, asked by @ada 2026-11-30 09:00 UTC, journal `16:7b4b8464a79f1c55694c21bf57778b2d45f17595dec719c95496008c4d0080bc`)
    ");
    let end =
        Story::repair().planned(restored()).ended(Outcome::Healthy, EndReason::NothingToDo).noted(&mut page);
    shows!(page, "Healthy", "Nothing was wrong.", page.once(&root(&end)), @"
    # Repair of jane@acme.example
    *Access was good from the start.* Nothing was done.
    *What is broken:* nothing
    Plan: Progress
    [x] Read everything and find the cause
    … the evidence and the steps, as above
    [ Details ]
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`, asked by @ada 2026-11-30 09:00 UTC, journal `16:7b4b8464a79f1c55694c21bf57778b2d45f17595dec719c95496008c4d0080bc`)
    ");
    let end =
        Story::repair().planned(not_assigned()).ended(Outcome::Advice, EndReason::Advice).noted(&mut page);
    shows!(page, "Advice", "The plan has no step that the program may take.", page.once(&root(&end)), @"
    # Repair of jane@acme.example
    *Only people can do what is left.* The advice says where and how.
    *What is broken:* The person is not assigned to the Atlassian application
    *What will happen:* nothing by itself; only people can do what is left.
    Plan: Progress
    [x] Read everything and find the cause
    :white_check_mark: good – *Identity provider*: exists and is enabled
    :x: broken – *Provisioning*: not assigned
    :white_check_mark: good – *SCIM record*: linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
    :white_check_mark: good – *Atlassian account*: active
    :x: broken – *Groups*: 0 of 2 expected
    :x: broken – *Apps*: no app role
    *The person is not assigned to the Atlassian application* `not-assigned`
    • neither the person nor a group they are a direct member of is assigned (entra.assignments, 2026-11-30 09:00 UTC)
    *Groups missing:* none
    *Groups present:* none
    *Groups expected:* none
    *What only a person can do*
    • Assign jane@acme.example (object id 3b9f61aa-0000-4000-8000-000000000004): make them a direct member of a group that is assigned (jira-users, wiki-users).
    [ Details ]
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`, asked by @ada 2026-11-30 09:00 UTC, journal `16:7b4b8464a79f1c55694c21bf57778b2d45f17595dec719c95496008c4d0080bc`)
    ");
    let end = Story::repair().planned(ticket()).ended(Outcome::Advice, EndReason::Advice).noted(&mut page);
    shows!(page, "Advice, with a text for a ticket", "The support of Atlassian or Microsoft can help.", page.once(&root(&end)), @"
    # Repair of jane@acme.example
    *Only people can do what is left.* The advice says where and how.
    *What is broken:* An account outside the organization bears the person's address
    *What will happen:* nothing by itself; only people can do what is left.
    Plan: Progress
    [x] Read everything and find the cause
    :white_check_mark: good – *Identity provider*: exists and is enabled
    :x: broken – *Provisioning*: not assigned
    :white_check_mark: good – *SCIM record*: linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
    :white_check_mark: good – *Atlassian account*: active
    :x: broken – *Groups*: 0 of 2 expected
    :x: broken – *Apps*: no app role
    *An account outside the organization bears the person's address* `email-held-outside`
    • no account of the organization bears the address (atlassian.users, 2026-11-30 09:00 UTC)
    *Groups missing:* none
    *Groups present:* none
    *Groups expected:* none
    *What only a person can do*
    • An account that this organization does not manage bears jane@acme.example.
    *Ready to paste into a ticket to Atlassian*
    > User provisioning (SCIM) of organization 9a1jj823-0000-4000-8000-000000000001. It concerns one person: address jane@acme.example. Please tell us what kind of account bears the address, and how it can be released to us.
    [ Details ]
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`, asked by @ada 2026-11-30 09:00 UTC, journal `16:7b4b8464a79f1c55694c21bf57778b2d45f17595dec719c95496008c4d0080bc`)
    ");
    let end =
        Story::repair().planned(two_accounts()).ended(Outcome::Advice, EndReason::Advice).noted(&mut page);
    shows!(page, "Advice, with a choice", "Somebody has to pick the account to keep. Each button starts a new run.", page.once(&root(&end)), @"
    # Repair of jane@acme.example
    *Only people can do what is left.* The advice says where and how.
    *What is broken:* Another managed account bears the person's address
    *What will happen:* nothing by itself; only people can do what is left.
    Plan: Progress
    [x] Read everything and find the cause
    :white_check_mark: good – *Identity provider*: exists and is enabled
    :white_check_mark: good – *Provisioning*: assigned; the job runs
    :x: broken – *SCIM record*: Another managed account bears the person's address
    :white_check_mark: good – *Atlassian account*: active
    :x: broken – *Groups*: 0 of 2 expected
    :x: broken – *Apps*: no app role
    *Another managed account bears the person's address* `email-held-by-managed-account`
    • the person's record 5578ea37-0000-4000-8000-000000000004 is linked to account 712020:93c3f6a0-0000-4000-8000-000000000004 (atlassian.scim-links, 2026-11-30 09:00 UTC)
    • account 712020:93c3f6a0-0000-4000-8000-000000000004 bears jane.miller@acme.example, while account 712020:93c3f6a0-0000-4000-8000-000000000005 bears jane@acme.example (atlassian.users, 2026-11-30 09:00 UTC)
    • Atlassian refused the identity provider with 409: Resource [USER]: with email[jane@acme.example] already exists. (entra.provisioning-log, 2026-11-30 09:00 UTC)
    *Groups missing:* `jira-users`, `wiki-users`
    *Groups present:* none
    *Groups expected:* `jira-users`, `wiki-users`
    *What only a person can do*
    • Both accounts were used. Pick the account to be kept.
    *Account* `712020:93c3f6a0-0000-4000-8000-000000000004` jane.miller@acme.example Jane Doe
    • last used 2026-10-02
    • linked to the person's record
    [ Keep this account ]
    *Account* `712020:93c3f6a0-0000-4000-8000-000000000005` jane@acme.example Jane Doe
    • last used 2026-09-14
    • in 2 groups
    [ Keep this account ]
    [ Details ]
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`, asked by @ada 2026-11-30 09:00 UTC, journal `16:7b4b8464a79f1c55694c21bf57778b2d45f17595dec719c95496008c4d0080bc`)
    ");
    let end = Story::repair()
        .planned(cannot_tell())
        .ended(Outcome::CannotTell, EndReason::CannotTell)
        .noted(&mut page);
    shows!(page, "Cannot tell", "Something that is needed could not be read.", page.once(&root(&end)), @"
    # Repair of jane@acme.example
    *It could not be told.* Whether access is in order could not be told, so nothing more was done.
    *What is broken:* it cannot be told, because not enough could be read
    Plan: Progress
    [x] Read everything and find the cause
    :white_check_mark: good – *Identity provider*: exists and is enabled
    :white_check_mark: good – *Provisioning*: assigned; the job runs
    :white_check_mark: good – *SCIM record*: linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
    :grey_question: unread – *Atlassian account*: not read
    :grey_question: unread – *Groups*: not read
    :grey_question: unread – *Apps*: not read
    *Groups missing:* not known
    *Groups present:* not known
    *Groups expected:* `jira-users`, `wiki-users`
    *Could not be read*
    • atlassian.users: Atlassian answered 503 Service Unavailable
    [ Details ]
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`, asked by @ada 2026-11-30 09:00 UTC, journal `16:7b4b8464a79f1c55694c21bf57778b2d45f17595dec719c95496008c4d0080bc`)
    ");
    let asks = Story::repair().planned(parking());
    let digest = asks.digest();
    let declined = Event::Declined { by: "U0GRACE".to_owned(), digest: digest.clone() };
    let end = asks
        .clone()
        .and(declined.clone())
        .ended(Outcome::Declined, EndReason::Declined { why: String::new() })
        .noted(&mut page);
    shows!(page, "Declined", "An approver declined without a reason.", page.once(&root(&end)), @"
    # Repair of jane@acme.example
    *Declined.* The plan was declined; none of it was done. By @grace.
    *What is broken:* Another managed account bears the person's address
    *What will happen:* 3 steps: 1 destructive, 2 harmless
    *What it costs:* Account 712020:93c3f6a0-0000-4000-8000-000000000005 is signed out everywhere and can no longer sign in with jane@acme.example; never used.
    Plan: Progress
    [x] Read everything and find the cause
    [ ] Move account 712020:93c3f6a0-0000-4000-8000-000000000005 from jane@acme.example to parked-5232704f3027377f@acme.example
    [ ] Have the identity provider write the person's record again
    [ ] Have the identity provider write the membership in jira-users again
    [ ] Confirm access
    :white_check_mark: good – *Identity provider*: exists and is enabled
    :white_check_mark: good – *Provisioning*: assigned; the job runs
    :x: broken – *SCIM record*: Another managed account bears the person's address
    :white_check_mark: good – *Atlassian account*: active
    :x: broken – *Groups*: 0 of 2 expected
    :x: broken – *Apps*: no app role
    *Another managed account bears the person's address* `email-held-by-managed-account`
    • the person's record 5578ea37-0000-4000-8000-000000000004 is linked to account 712020:93c3f6a0-0000-4000-8000-000000000004 (atlassian.scim-links, 2026-11-30 09:00 UTC)
    • account 712020:93c3f6a0-0000-4000-8000-000000000004 bears jane.miller@acme.example, while account 712020:93c3f6a0-0000-4000-8000-000000000005 bears jane@acme.example (atlassian.users, 2026-11-30 09:00 UTC)
    • Atlassian refused the identity provider with 409: Resource [USER]: with email[jane@acme.example] already exists. (entra.provisioning-log, 2026-11-30 09:00 UTC)
    *Groups missing:* `jira-users`, `wiki-users`
    *Groups present:* none
    *Groups expected:* `jira-users`, `wiki-users`
    ---
    *The steps*
    1. Move account 712020:93c3f6a0-0000-4000-8000-000000000005 from jane@acme.example to parked-5232704f3027377f@acme.example – *destructive*, can be undone while the address is free
    2. Have the identity provider write the person's record again – *harmless*, nothing to undo
    3. Have the identity provider write the membership in jira-users again – *harmless*, nothing to undo
    [ Details ]
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`, asked by @ada 2026-11-30 09:00 UTC, plan `b6ae9a20`, journal `16:7b4b8464a79f1c55694c21bf57778b2d45f17595dec719c95496008c4d0080bc`)
    ");
    let end = asks
        .clone()
        .and(declined)
        .ended(Outcome::Declined, EndReason::Declined { why: "Jane leaves on Friday.".to_owned() })
        .noted(&mut page);
    shows!(page, "Declined, with a reason", "An approver gave a reason.", state(&root(&end)), @"*Declined.* The plan was declined; none of it was done. The reason: Jane leaves on Friday. By @grace.");
    let expired = asks.and(Event::Expired { digest });
    let end = expired.clone().ended(Outcome::Expired, EndReason::ApprovalOver).noted(&mut page);
    shows!(page, "Expired", "Somebody clicked after the time to approve was over.", state(&root(&end)), @"*Nobody approved in time.* Nobody approved in time. Ask for the repair again if it is still wanted.");
    let end = expired.ended(Outcome::Expired, EndReason::NotApproved).noted(&mut page);
    shows!(page, "Expired by itself", "Nobody clicked until the time to approve was over.", state(&root(&end)), @"*Nobody approved in time.* Nobody approved in time. Nothing of this plan was done.");
    let cancelled = parked.clone().and(Event::Cancelled { by: "U0ADA".to_owned() });
    let end = cancelled.clone().ended(Outcome::Cancelled, EndReason::Stopped).noted(&mut page);
    shows!(page, "Stopped", "Somebody pressed *Stop* or typed `cancel RUN`, and the step on its way has ended.", page.once(&root(&end)), @"
    # Repair of jane@acme.example
    *Stopped.* It was stopped before its next step. What was done stays done. By @ada.
    *What is broken:* Another managed account bears the person's address
    *What will happen:* 3 steps: 1 destructive, 2 harmless
    *What it costs:* Account 712020:93c3f6a0-0000-4000-8000-000000000005 is signed out everywhere and can no longer sign in with jane@acme.example; never used.
    Plan: Progress
    [x] Read everything and find the cause
    [x] Move account 712020:93c3f6a0-0000-4000-8000-000000000005 from jane@acme.example to parked-5232704f3027377f@acme.example
    [ ] Have the identity provider write the person's record again
    [ ] Have the identity provider write the membership in jira-users again
    [ ] Confirm access
    … the evidence and the steps, as above
    [ Undo what was done ]  [ Details ]
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`, asked by @ada 2026-11-30 09:00 UTC, plan `b6ae9a20`, approved by @grace 2026-11-30 09:00 UTC, journal `16:7b4b8464a79f1c55694c21bf57778b2d45f17595dec719c95496008c4d0080bc`)
    ");
    let end = cancelled.ended(Outcome::Cancelled, EndReason::StoppedForUndo).noted(&mut page);
    shows!(page, "Stopped for an undo", "Somebody pressed *Undo what was done* while it waited for an operator.", state(&root(&end)), @"*Stopped.* It was stopped so that what it did can be taken back. By @ada.");
    let end = Story::repair().ended(Outcome::Cancelled, EndReason::CommandOverdue).noted(&mut page);
    shows!(page, "Stopped because it came too late", "No process was there to begin it in time.", page.once(&root(&end)), @"
    # Repair of jane@acme.example
    *Stopped.* The command is older than 15 minutes, so nothing was done. Ask again if it is still wanted.
    Plan: Progress
    [ ] Read everything and find the cause
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`, asked by @ada 2026-11-30 09:00 UTC, journal `16:7b4b8464a79f1c55694c21bf57778b2d45f17595dec719c95496008c4d0080bc`)
    ");
    let end = Story::repair()
        .planned(parking())
        .ended(Outcome::Skipped, EndReason::AccountChanged)
        .noted(&mut page);
    shows!(page, "Skipped", "One repair of a sweep. It has no card; `status RUN` shows this.",
        card(&end.draws(|view| cards::status(view, None))), @"
    # Repair of jane@acme.example
    *Skipped: it had changed.* The account has changed since the list was approved, so nothing was done.
    *What is broken:* Another managed account bears the person's address
    *What will happen:* 3 steps: 1 destructive, 2 harmless
    *What it costs:* Account 712020:93c3f6a0-0000-4000-8000-000000000005 is signed out everywhere and can no longer sign in with jane@acme.example; never used.
    Plan: Progress
    [x] Read everything and find the cause
    [ ] Move account 712020:93c3f6a0-0000-4000-8000-000000000005 from jane@acme.example to parked-5232704f3027377f@acme.example
    [ ] Have the identity provider write the person's record again
    [ ] Have the identity provider write the membership in jira-users again
    [ ] Confirm access
    :white_check_mark: good – *Identity provider*: exists and is enabled
    :white_check_mark: good – *Provisioning*: assigned; the job runs
    :x: broken – *SCIM record*: Another managed account bears the person's address
    :white_check_mark: good – *Atlassian account*: active
    :x: broken – *Groups*: 0 of 2 expected
    :x: broken – *Apps*: no app role
    *Another managed account bears the person's address* `email-held-by-managed-account`
    • the person's record 5578ea37-0000-4000-8000-000000000004 is linked to account 712020:93c3f6a0-0000-4000-8000-000000000004 (atlassian.scim-links, 2026-11-30 09:00 UTC)
    • account 712020:93c3f6a0-0000-4000-8000-000000000004 bears jane.miller@acme.example, while account 712020:93c3f6a0-0000-4000-8000-000000000005 bears jane@acme.example (atlassian.users, 2026-11-30 09:00 UTC)
    • Atlassian refused the identity provider with 409: Resource [USER]: with email[jane@acme.example] already exists. (entra.provisioning-log, 2026-11-30 09:00 UTC)
    *Groups missing:* `jira-users`, `wiki-users`
    *Groups present:* none
    *Groups expected:* `jira-users`, `wiki-users`
    ---
    *The steps*
    1. Move account 712020:93c3f6a0-0000-4000-8000-000000000005 from jane@acme.example to parked-5232704f3027377f@acme.example – *destructive*, can be undone while the address is free
    2. Have the identity provider write the person's record again – *harmless*, nothing to undo
    3. Have the identity provider write the membership in jira-users again – *harmless*, nothing to undo
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`, asked by @ada 2026-11-30 09:00 UTC, plan `b6ae9a20`, journal `16:7b4b8464a79f1c55694c21bf57778b2d45f17595dec719c95496008c4d0080bc`)
    ");
    let refused = "This needs the role operator.";
    let end = Story::asked(Goal::default()).ended(Outcome::Refused, refused).noted(&mut page);
    shows!(page, "Refused", "The requester may not repair. Only `status RUN` shows this; see also the refusals.",
        card(&end.draws(|view| cards::status(view, None))), @"
    # Repair of somebody
    *Refused.* This needs the role operator.
    Plan: Progress
    [ ] Read everything and find the cause
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`, asked by @ada 2026-11-30 09:00 UTC, journal `16:7b4b8464a79f1c55694c21bf57778b2d45f17595dec719c95496008c4d0080bc`)
    ");
    let busy = EndReason::PersonBusy { run: EARLIER.to_owned() };
    let end = Story::repair().ended(Outcome::Busy, busy).noted(&mut page);
    shows!(page, "Busy", "Another run is at work on the same person. The requester is told alone.", state(&root(&end)), @"*Another run is on the same account.* Run 01a22a00-0000-7000-8000-000000000001 is already at work on the same person. Follow that one.");

    let undo = Goal::Undo { run: EARLIER.to_owned() };
    let end = Story::of(undo.clone())
        .planned(undo_plan())
        .approved()
        .began(0, 1)
        .confirmed(0)
        .planned(restored())
        .ended(Outcome::Done, EndReason::Undone)
        .noted(&mut page);
    shows!(page, "An undo is done", "What the undo did can be undone in turn.", page.once(&root(&end)), @"
    # Undo of a repair of jane@acme.example
    *Done.* What could be taken back is taken back, and was read back.
    *What is broken:* nothing
    Plan: Progress
    [x] Move account 712020:93c3f6a0-0000-4000-8000-000000000005 back from parked-5232704f3027377f@acme.example to jane.old@acme.example
    [x] Read everything and find the cause
    … the evidence and the steps, as above
    [ Undo what was done ]  [ Details ]
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`, asked by @ada 2026-11-30 09:00 UTC, journal `16:7b4b8464a79f1c55694c21bf57778b2d45f17595dec719c95496008c4d0080bc`)
    ");
    shows!(page, "An undo is done: the thread", "As above.",
        card(&end.draws(|view| cards::outcome(view, &Markup::new().user("U0ADA")))), @"@ada the undo of a repair of jane@acme.example has ended. *Done.* What could be taken back is taken back, and was read back.");
    let nothing = EndReason::NothingToUndo;
    let end = Story::of(undo).planned(restored()).ended(Outcome::Advice, nothing).noted(&mut page);
    shows!(page, "An undo had nothing to do", "As above.", state(&root(&end)), @"*Only people can do what is left.* Nothing of that run is left that could be taken back.");
    let retire = Goal::Retire { run: EARLIER.to_owned() };
    let end = Story::of(retire.clone())
        .planned(retire_plan())
        .approved()
        .began(0, 1)
        .confirmed(0)
        .planned(restored())
        .ended(Outcome::Done, EndReason::Retired)
        .noted(&mut page);
    shows!(page, "A retirement is done", "The account is inactive, so it can be deleted next.", page.once(&root(&end)), @"
    # Retirement of an account left over by the repair of jane@acme.example
    *Done.* The account is retired, and that was read back.
    *What is broken:* nothing
    Plan: Progress
    [x] Deactivate account 712020:93c3f6a0-0000-4000-8000-000000000005
    [x] Read everything and find the cause
    … the evidence and the steps, as above
    [ Undo what was done ]  [ Delete the account left over ]  [ Details ]
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`, asked by @ada 2026-11-30 09:00 UTC, journal `16:7b4b8464a79f1c55694c21bf57778b2d45f17595dec719c95496008c4d0080bc`)
    ");
    shows!(page, "A retirement is done: the thread", "As above.",
        card(&end.draws(|view| cards::outcome(view, &Markup::new().user("U0ADA")))), @"@ada the retirement of an account left over by the repair of jane@acme.example has ended. *Done.* The account is retired, and that was read back.");
    let nothing = EndReason::NotRetired;
    let end = Story::of(retire).planned(not_assigned()).ended(Outcome::Advice, nothing).noted(&mut page);
    shows!(page, "A retirement was not possible", "As above.", state(&root(&end)), @"*Only people can do what is left.* Nothing was done; the reason stands with the plan.");
    page
}

/// The line of a run in a list, for each outcome.
pub fn lines() -> Vec<(Markup, Option<String>)> {
    let all = [
        Outcome::Healthy,
        Outcome::Restored,
        Outcome::Done,
        Outcome::Advice,
        Outcome::CannotTell,
        Outcome::Refused,
        Outcome::Busy,
        Outcome::Declined,
        Outcome::Expired,
        Outcome::Cancelled,
        Outcome::Skipped,
    ];
    let line = |outcome| {
        let story = Story::repair().ended(outcome, "");
        story.draws(cards::line)
    };
    all.map(|outcome| (line(outcome), Some(LINK.to_owned()))).into()
}

/// The first sentence of a card.
fn state(card: &str) -> String {
    card.lines().nth(1).unwrap().to_owned()
}
