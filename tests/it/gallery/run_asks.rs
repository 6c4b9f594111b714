//! The card of a run until somebody has decided, and the messages that ask for the decision.

use reinstate::slack::{cards, messages};
use reinstate_core::{Diagnosis, Goal, Op, Plan};

use super::jane::{
    EARLIER, OWN, RECORD, Story, email_held, memberships, not_assigned, parking, plan_of, record_id,
    retire_plan, undo_plan, write_record,
};
use super::page::{Page, card, dialog, shows};

pub fn page() -> Page {
    let mut page = Page::new(
        "The card of a run, until it is approved",
        "Posted in the channel where the repair was asked for, else in `slack.channel`. Everybody in that channel \
         sees it. One message is updated as the run goes on.",
    );
    let root = |story: &Story| card(&story.draws(cards::root));

    let story = Story::asked(Goal::default()).noted(&mut page);
    shows!(page, "The requester is looked up", "For less than a second. No card is posted yet; only `status RUN` shows it.",
        card(&story.draws(|view| cards::status(view, None))), @"
    # Repair of somebody
    *Looking up who asks.*
    Plan: Progress
    [ ] Read everything and find the cause
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`, asked by @ada 2026-11-30 09:00 UTC)
    ");

    let story = Story::repair().noted(&mut page);
    shows!(page, "Everything is read", "After the requester was admitted.", page.once(&root(&story)), @"
    # Repair of jane@acme.example
    *Reading what is there.*
    Plan: Progress
    [~] Read everything and find the cause
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`, asked by @ada 2026-11-30 09:00 UTC)
    ");

    let story = Story::repair().planned(parking()).noted(&mut page);
    shows!(page, "It waits for an approval", "The plan has a step that needs an approval, and the card stands in `slack.channel`.",
        page.once(&root(&story)), @"
    # Repair of jane@acme.example
    *Waits for an approval* until 2026-11-30 10:00 UTC. @grace: please approve or decline.
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
    [ Approve ] (asks: Approve this plan? • Move jane@acme.example off the account …0005 / For jane@acme.example (account …0004). Plan `b6ae9a20`.)  [ Decline ]  [ Recheck ]  [ Details ]
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`, asked by @ada 2026-11-30 09:00 UTC, plan `b6ae9a20`)
    ");
    shows!(page, "The approvers are called", "In the thread of the card, because Slack notifies nobody of an update.",
        card(&story.draws(cards::call)), @"@grace the plan for jane@acme.example waits for an approval. The buttons are on the card above.");
    shows!(page, "Approve is clicked", "Slack asks the approver once more. It shows every destructive step.",
        dialog(&story.draws(cards::dialog).unwrap()), @"
    == Approve this plan? ==
    • Move jane@acme.example off the account …0005
    For jane@acme.example (account …0004). Plan `b6ae9a20`.
    [ Back ]  [ Approve ]
    ");

    let plain = Story { plain: true, ..story.clone() };
    shows!(page, "It waits, in a workspace without the plan block", "Slack refused the `plan` block, so the progress is a section.",
        page.once(&root(&plain)), @"
    # Repair of jane@acme.example
    *Waits for an approval* until 2026-11-30 10:00 UTC. @grace: please approve or decline.
    *What is broken:* Another managed account bears the person's address
    *What will happen:* 3 steps: 1 destructive, 2 harmless
    *What it costs:* Account 712020:93c3f6a0-0000-4000-8000-000000000005 is signed out everywhere and can no longer sign in with jane@acme.example; never used.
    *Progress*
    :white_check_mark: done: Read everything and find the cause
    :white_circle: to do: Move account 712020:93c3f6a0-0000-4000-8000-000000000005 from jane@acme.example to parked-5232704f3027377f@acme.example
    :white_circle: to do: Have the identity provider write the person's record again
    :white_circle: to do: Have the identity provider write the membership in jira-users again
    :white_circle: to do: Confirm access
    … the evidence and the steps, as above
    [ Approve ] (asks: Approve this plan? • Move jane@acme.example off the account …0005 / For jane@acme.example (account …0004). Plan `b6ae9a20`.)  [ Decline ]  [ Recheck ]  [ Details ]
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`, asked by @ada 2026-11-30 09:00 UTC, plan `b6ae9a20`)
    ");
    shows!(page, "It waits, and Slack does not take the whole card", "Slack refused the card because of what it holds. It is sent again in short.",
        card(&story.draws(cards::root).brief(&messages::card_in_short())), @"
    Repair of jane@acme.example: *Waits for an approval* until 2026-11-30 10:00 UTC. @grace: please approve or decline.
    (Slack did not take the whole card. *Details* shows the rest.)
    [ Approve ] (asks: Approve this plan? • Move jane@acme.example off the account …0005 / For jane@acme.example (account …0004). Plan `b6ae9a20`.)  [ Decline ]  [ Recheck ]  [ Details ]
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`, asked by @ada 2026-11-30 09:00 UTC, plan `b6ae9a20`)
    ");

    let linked = Story { docs: Some("https://wiki.acme.example/causes"), ..story.clone() };
    shows!(page, "It waits, and each cause has a page", "`slack.docs_url` is set, so the title of a cause is a link.",
        root(&linked).lines().filter(|line| line.contains("https://")).collect::<Vec<_>>().join("\n"), @"*Another managed account bears the person's address (https://wiki.acme.example/causes/email-held-by-managed-account.md)* `email-held-by-managed-account`");

    let elsewhere = Story { asks_here: false, ..story.clone() };
    shows!(page, "It waits, and the card stands elsewhere", "The repair was asked for in another channel. Nobody can approve there.",
        page.once(&root(&elsewhere)), @"
    # Repair of jane@acme.example
    *Waits for an approval* until 2026-11-30 10:00 UTC. It is asked in #atlassian-admins.
    *What is broken:* Another managed account bears the person's address
    *What will happen:* 3 steps: 1 destructive, 2 harmless
    *What it costs:* Account 712020:93c3f6a0-0000-4000-8000-000000000005 is signed out everywhere and can no longer sign in with jane@acme.example; never used.
    Plan: Progress
    [x] Read everything and find the cause
    [ ] Move account 712020:93c3f6a0-0000-4000-8000-000000000005 from jane@acme.example to parked-5232704f3027377f@acme.example
    [ ] Have the identity provider write the person's record again
    [ ] Have the identity provider write the membership in jira-users again
    [ ] Confirm access
    … the evidence and the steps, as above
    [ Recheck ]  [ Details ]
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`, asked by @ada 2026-11-30 09:00 UTC, plan `b6ae9a20`)
    ");
    let digest = story.digest();
    shows!(page, "The approval card", "Posted in `slack.channel` when the card of the run stands elsewhere. Approvers act on it.",
        page.once(&card(&story.draws(|view| cards::approval(view, &digest)))), @"
    # Approval for jane@acme.example
    *Waits for an approval* until 2026-11-30 10:00 UTC. @grace: please approve or decline.
    *What is broken:* Another managed account bears the person's address
    *What will happen:* 3 steps: 1 destructive, 2 harmless
    *What it costs:* Account 712020:93c3f6a0-0000-4000-8000-000000000005 is signed out everywhere and can no longer sign in with jane@acme.example; never used.
    … the evidence and the steps, as above
    [ Approve ] (asks: Approve this plan? • Move jane@acme.example off the account …0005 / For jane@acme.example (account …0004). Plan `b6ae9a20`.)  [ Decline ]  [ Recheck ]  [ Details ]
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`, asked by @ada 2026-11-30 09:00 UTC, plan `b6ae9a20`)
    ");
    let later = story.clone().approved().planned(memberships()).noted(&mut page);
    shows!(page, "The approval card of a plan that was replaced", "Another plan was made meanwhile, so there is nothing to approve.",
        page.once(&card(&later.draws(|view| cards::approval(view, &digest)))), @"
    # Approval for jane@acme.example
    *Nothing to approve here any more.* *Repairing.*
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`, asked by @ada 2026-11-30 09:00 UTC, plan `242abbb3`)
    ");
    let moved = story.clone().approved().noted(&mut page);
    shows!(page, "The approval card of an approved plan", "The approval was given, and the repair goes on.",
        page.once(&card(&moved.draws(|view| cards::approval(view, &digest)))), @"
    # Approval for jane@acme.example
    *Nothing to approve here any more.* *Repairing.*
    *What is broken:* Another managed account bears the person's address
    *What will happen:* 3 steps: 1 destructive, 2 harmless
    *What it costs:* Account 712020:93c3f6a0-0000-4000-8000-000000000005 is signed out everywhere and can no longer sign in with jane@acme.example; never used.
    … the evidence and the steps, as above
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`, asked by @ada 2026-11-30 09:00 UTC, plan `b6ae9a20`, approved by @grace 2026-11-30 09:00 UTC)
    ");

    let undo = Story::of(Goal::Undo { run: EARLIER.to_owned() }).planned(undo_plan()).noted(&mut page);
    shows!(page, "An undo waits for an approval", "Somebody pressed *Undo what was done*, or typed `undo RUN`.", page.once(&root(&undo)), @"
    # Undo of a repair of jane@acme.example
    *Waits for an approval* until 2026-11-30 10:00 UTC. @grace: please approve or decline.
    *What is broken:* nothing
    *What will happen:* 1 step: 1 destructive
    *What it costs:* Account 712020:93c3f6a0-0000-4000-8000-000000000005 is signed out everywhere.
    Plan: Progress
    [x] Read everything and find the cause
    [ ] Move account 712020:93c3f6a0-0000-4000-8000-000000000005 back from parked-5232704f3027377f@acme.example to jane.old@acme.example
    [ ] Read everything once more
    :white_check_mark: good – *Identity provider*: exists and is enabled
    :white_check_mark: good – *Provisioning*: assigned; the job runs
    :white_check_mark: good – *SCIM record*: linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
    :white_check_mark: good – *Atlassian account*: active
    :white_check_mark: good – *Groups*: 2 of 2 expected
    :white_check_mark: good – *Apps*: at least one app role
    *Groups missing:* none
    *Groups present:* `jira-users`, `wiki-users`
    *Groups expected:* `jira-users`, `wiki-users`
    ---
    *The steps*
    1. Move account 712020:93c3f6a0-0000-4000-8000-000000000005 back from parked-5232704f3027377f@acme.example to jane.old@acme.example – *destructive*, can be undone while the address is free
    [ Approve ] (asks: Approve this plan? • Move jane.old@acme.example back to the account …0005 / For jane@acme.example (account …0004). Plan `781809e9`.)  [ Decline ]  [ Recheck ]  [ Details ]
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`, asked by @ada 2026-11-30 09:00 UTC, plan `781809e9`)
    ");
    let retire = Story::of(Goal::Retire { run: EARLIER.to_owned() }).planned(retire_plan()).noted(&mut page);
    shows!(page, "A retirement waits for an approval", "Somebody pressed *Retire the account left over*.", page.once(&root(&retire)), @"
    # Retirement of an account left over by the repair of jane@acme.example
    *Waits for an approval* until 2026-11-30 10:00 UTC. @grace: please approve or decline.
    *What is broken:* nothing
    *What will happen:* 1 step: 1 destructive
    *What it costs:* Account 712020:93c3f6a0-0000-4000-8000-000000000005 is signed out everywhere and can no longer sign in; never used.
    Plan: Progress
    [x] Read everything and find the cause
    [ ] Deactivate account 712020:93c3f6a0-0000-4000-8000-000000000005
    [ ] Read everything once more
    :white_check_mark: good – *Identity provider*: exists and is enabled
    :white_check_mark: good – *Provisioning*: assigned; the job runs
    :white_check_mark: good – *SCIM record*: linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
    :white_check_mark: good – *Atlassian account*: active
    :white_check_mark: good – *Groups*: 2 of 2 expected
    :white_check_mark: good – *Apps*: at least one app role
    *Groups missing:* none
    *Groups present:* `jira-users`, `wiki-users`
    *Groups expected:* `jira-users`, `wiki-users`
    ---
    *The steps*
    1. Deactivate account 712020:93c3f6a0-0000-4000-8000-000000000005 – *destructive*, can be undone exactly while no provisioning record holds the account
    [ Approve ] (asks: Approve this plan? • Deactivate the account …0005 / For jane@acme.example (account …0004). Plan `be51e5e6`.)  [ Decline ]  [ Recheck ]  [ Details ]
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`, asked by @ada 2026-11-30 09:00 UTC, plan `be51e5e6`)
    ");
    shows!(page, "Approve is clicked on a retirement", "As above, for another step.",
        dialog(&retire.draws(cards::dialog).unwrap()), @"
    == Approve this plan? ==
    • Deactivate the account …0005
    For jane@acme.example (account …0004). Plan `be51e5e6`.
    [ Back ]  [ Approve ]
    ");

    let disruptive = Story::repair().planned(unlink_plan()).noted(&mut page);
    shows!(page, "Approve is clicked on a disruptive plan", "No step is destructive. Disruptive steps are shown where there is room.",
        dialog(&disruptive.draws(cards::dialog).unwrap()), @"
    == Approve this plan? ==
    No destructive step.
    • Unlink SCIM record …0004 from the account Jane Doe (…0004)
    For jane@acme.example (account …0004). Plan `863b50b2`.
    [ Back ]  [ Approve ]
    ");
    let over = story.seen_at(3700).noted(&mut page);
    shows!(page, "The time to approve is over", "For a moment, until the run has ended.", page.once(&root(&over)), @"
    # Repair of jane@acme.example
    *The time to approve is over.*
    *What is broken:* Another managed account bears the person's address
    *What will happen:* 3 steps: 1 destructive, 2 harmless
    *What it costs:* Account 712020:93c3f6a0-0000-4000-8000-000000000005 is signed out everywhere and can no longer sign in with jane@acme.example; never used.
    Plan: Progress
    [x] Read everything and find the cause
    [ ] Move account 712020:93c3f6a0-0000-4000-8000-000000000005 from jane@acme.example to parked-5232704f3027377f@acme.example
    [ ] Have the identity provider write the person's record again
    [ ] Have the identity provider write the membership in jira-users again
    [ ] Confirm access
    … the evidence and the steps, as above
    [ Details ]
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`, asked by @ada 2026-11-30 09:00 UTC, plan `b6ae9a20`)
    ");

    let alone = Story::repair().planned(not_assigned()).noted(&mut page);
    shows!(page, "The plan has no step", "For a moment, until the run has ended with the advice.", page.once(&root(&alone)), @"
    # Repair of jane@acme.example
    *Reading what is there.*
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
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`, asked by @ada 2026-11-30 09:00 UTC)
    ");
    page
}

pub fn unlink_plan() -> (Diagnosis, Plan) {
    let found = email_held();
    let ops = vec![Op::UnlinkRecord { record: record_id(), account: OWN.to_owned() }, write_record()];
    let cost = format!("The identity provider is not anchored on record {RECORD}.");
    let plan = plan_of(&found, ops, &[&cost]);
    (found, plan)
}
