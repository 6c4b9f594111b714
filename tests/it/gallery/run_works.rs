//! The card of a run while steps are carried out, and while it waits for a person.

use reinstate::slack::cards;
use reinstate_core::run::{PauseDetail, PauseMessage, PauseReason};
use reinstate_core::{Event, Goal, Source};
use serde_json::json;

use super::jane::{ADMINS, EARLIER, Story, memberships, parking, retire_plan, undo_plan};
use super::page::{Page, card, shows};

pub fn page() -> Page {
    let mut page = Page::new(
        "The card of a run, at work",
        "The same message as above. Steps that need no approval begin at once.",
    );
    let root = |story: &Story| card(&story.draws(cards::root));

    let approved = Story::repair().planned(parking()).approved().noted(&mut page);
    shows!(page, "It was approved", "Everything is read once more, then the first step begins.", page.once(&root(&approved)), @"
    # Repair of jane@acme.example
    *Repairing.*
    *What is broken:* Another managed account bears the person's address
    *What will happen:* 3 steps: 1 destructive, 2 harmless
    *What it costs:* Account 712020:93c3f6a0-0000-4000-8000-000000000005 is signed out everywhere and can no longer sign in with jane@acme.example; never used.
    Plan: Progress
    [x] Read everything and find the cause
    [~] Move account 712020:93c3f6a0-0000-4000-8000-000000000005 from jane@acme.example to parked-5232704f3027377f@acme.example
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
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`, asked by @ada 2026-11-30 09:00 UTC, plan `b6ae9a20`, approved by @grace 2026-11-30 09:00 UTC)
    ");
    let parked = approved.clone().began(0, 1).noted(&mut page);
    shows!(page, "A step has begun", "The call was sent, and its effect is looked for.", page.once(&root(&parked)), @"
    # Repair of jane@acme.example
    *Repairing.*
    *What is broken:* Another managed account bears the person's address
    *What will happen:* 3 steps: 1 destructive, 2 harmless
    *What it costs:* Account 712020:93c3f6a0-0000-4000-8000-000000000005 is signed out everywhere and can no longer sign in with jane@acme.example; never used.
    Plan: Progress
    [x] Read everything and find the cause
    [~] Move account 712020:93c3f6a0-0000-4000-8000-000000000005 from jane@acme.example to parked-5232704f3027377f@acme.example
    [ ] Have the identity provider write the person's record again
    [ ] Have the identity provider write the membership in jira-users again
    [ ] Confirm access
    … the evidence and the steps, as above
    [ Details ]
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`, asked by @ada 2026-11-30 09:00 UTC, plan `b6ae9a20`, approved by @grace 2026-11-30 09:00 UTC)
    ");
    let between = parked.clone().confirmed(0).began(1, 0).and(Event::Accepted { step: 1 }).noted(&mut page);
    shows!(page, "A step was accepted", "The first step is done. The effect of the second takes long, and it is looked for again and again.",
        progress(&root(&between)), @"
    *Repairing.*
    [x] Read everything and find the cause
    [x] Move account 712020:93c3f6a0-0000-4000-8000-000000000005 from jane@acme.example to parked-5232704f3027377f@acme.example
    [~] Have the identity provider write the person's record again
    [ ] Have the identity provider write the membership in jira-users again
    [ ] Confirm access
    ");
    let tried =
        between.clone().and(Event::NoEffect { step: 1, why: "it changed nothing".into() }).noted(&mut page);
    shows!(page, "A step had no effect", "Everything is read again, and another plan is made.", page.once(&root(&tried)), @"
    # Repair of jane@acme.example
    *Reading what is there.*
    *What is broken:* Another managed account bears the person's address
    *What will happen:* 3 steps: 1 destructive, 2 harmless
    *What it costs:* Account 712020:93c3f6a0-0000-4000-8000-000000000005 is signed out everywhere and can no longer sign in with jane@acme.example; never used.
    Plan: Progress
    [~] Read everything and find the cause
    [x] Move account 712020:93c3f6a0-0000-4000-8000-000000000005 from jane@acme.example to parked-5232704f3027377f@acme.example
    [!] Have the identity provider write the person's record again (without effect)
    [ ] Have the identity provider write the membership in jira-users again
    [ ] Confirm access
    … the evidence and the steps, as above
    [ Details ]
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`, asked by @ada 2026-11-30 09:00 UTC, plan `b6ae9a20`, approved by @grace 2026-11-30 09:00 UTC)
    ");
    let replaced = tried.clone().planned(memberships()).noted(&mut page);
    shows!(page, "Another plan is at work", "What the earlier plan did stays on the card.", page.once(&root(&replaced)), @"
    # Repair of jane@acme.example
    *Repairing.*
    *What is broken:* Group memberships were lost on the way to Atlassian
    *What will happen:* 2 steps: 2 harmless
    *What it costs:* nothing is interrupted
    Plan: Progress
    [x] Move account 712020:93c3f6a0-0000-4000-8000-000000000005 from jane@acme.example to parked-5232704f3027377f@acme.example (earlier plan)
    [x] Have the identity provider write the person's record again (earlier plan, without effect)
    [x] Read everything and find the cause
    [~] Have the identity provider write the membership in jira-users again
    [ ] Have the identity provider write the membership in wiki-users again
    [ ] Confirm access
    :white_check_mark: good – *Identity provider*: exists and is enabled
    :white_check_mark: good – *Provisioning*: assigned; the job runs
    :white_check_mark: good – *SCIM record*: linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
    :white_check_mark: good – *Atlassian account*: active
    :x: broken – *Groups*: 0 of 2 expected
    :x: broken – *Apps*: no app role
    *Group memberships were lost on the way to Atlassian* `membership-drift`
    • the synced groups jira-users, wiki-users lack the person's record (scim.groups, 2026-11-30 09:00 UTC)
    *Groups missing:* `jira-users`, `wiki-users`
    *Groups present:* none
    *Groups expected:* `jira-users`, `wiki-users`
    ---
    *The steps*
    1. Have the identity provider write the membership in jira-users again – *harmless*, nothing to undo
    2. Have the identity provider write the membership in wiki-users again – *harmless*, nothing to undo
    [ Details ]
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`, asked by @ada 2026-11-30 09:00 UTC, plan `242abbb3`)
    ");
    let proving = Story::repair()
        .planned(memberships())
        .began(0, 0)
        .confirmed(0)
        .and(Event::Already { step: 1 })
        .noted(&mut page);
    shows!(page, "Every step is done", "Everything is read once more to prove that access is back.", page.once(&root(&proving)), @"
    # Repair of jane@acme.example
    *Reading everything once more.*
    *What is broken:* Group memberships were lost on the way to Atlassian
    *What will happen:* 2 steps: 2 harmless
    *What it costs:* nothing is interrupted
    Plan: Progress
    [x] Read everything and find the cause
    [x] Have the identity provider write the membership in jira-users again
    [x] Have the identity provider write the membership in wiki-users again
    [~] Confirm access
    … the evidence and the steps, as above
    [ Details ]
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`, asked by @ada 2026-11-30 09:00 UTC, plan `242abbb3`)
    ");
    let undoing = Story::of(Goal::Undo { run: EARLIER.to_owned() })
        .planned(undo_plan())
        .approved()
        .began(0, 1)
        .confirmed(0)
        .noted(&mut page);
    shows!(page, "Every step of an undo is done", "Everything is read once more.", progress(&root(&undoing)), @"
    *Reading everything once more.*
    [x] Read everything and find the cause
    [x] Move account 712020:93c3f6a0-0000-4000-8000-000000000005 back from parked-5232704f3027377f@acme.example to jane.old@acme.example
    [~] Read everything once more
    ");
    let stopping = approved.clone().and(Event::Cancelled { by: "U0ADA".to_owned() }).noted(&mut page);
    shows!(page, "It is being stopped", "Somebody pressed *Stop* or typed `cancel RUN`. A step that has begun is brought to its end first.",
        page.once(&root(&stopping)), @"
    # Repair of jane@acme.example
    *Stopping.*
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
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`, asked by @ada 2026-11-30 09:00 UTC, plan `b6ae9a20`, approved by @grace 2026-11-30 09:00 UTC)
    ");

    // The words are those of the executor.
    let waits = |halt, why: PauseMessage| parked.clone().and(paused(halt, why));
    let changed = waits(
        PauseReason::Changed,
        PauseDetail::Unexpected {
            expected: json!({ "email": "jane@acme.example" }),
            found: json!({ "email": "j@acme.example" }),
        }
        .into(),
    )
    .noted(&mut page);
    shows!(page, "It waits for an operator", "A step could not be carried out. Here the account has changed since the plan was made.",
        page.once(&root(&changed)), @r#"
    # Repair of jane@acme.example
    *Waits for an operator:* the plan expected {"email":"jane@acme.example"}, and there is {"email":"j@acme.example"}. Retry looks at everything again. Stop ends the run, and what was done stays done. Undo what was done ends the run and plans the way back.
    *What is broken:* Another managed account bears the person's address
    *What will happen:* 3 steps: 1 destructive, 2 harmless
    *What it costs:* Account 712020:93c3f6a0-0000-4000-8000-000000000005 is signed out everywhere and can no longer sign in with jane@acme.example; never used.
    Plan: Progress
    [x] Read everything and find the cause
    [!] Move account 712020:93c3f6a0-0000-4000-8000-000000000005 from jane@acme.example to parked-5232704f3027377f@acme.example
    [ ] Have the identity provider write the person's record again
    [ ] Have the identity provider write the membership in jira-users again
    [ ] Confirm access
    … the evidence and the steps, as above
    [ Retry ]  [ Undo what was done ]  [ Stop ]  [ Recheck ]  [ Details ]
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`, asked by @ada 2026-11-30 09:00 UTC, plan `b6ae9a20`, approved by @grace 2026-11-30 09:00 UTC)
    "#);
    shows!(page, "The requester is told that it waits", "In the thread of the card, when the card stands in the channel of the requester.",
        card(&changed.draws(|view| cards::stopped(view, ADMINS, true))), @r#"@ada The repair of jane@acme.example has stopped. *Waits for an operator:* the plan expected {"email":"jane@acme.example"}, and there is {"email":"j@acme.example"}. Retry looks at everything again. Stop ends the run, and what was done stays done. Undo what was done ends the run and plans the way back. The buttons are on the card above."#);
    shows!(page, "The requester is told alone that it waits", "Privately, when the card stands in another channel or cannot be posted.",
        card(&changed.draws(|view| cards::stopped(view, ADMINS, false))), @r#"The repair of jane@acme.example has stopped. *Waits for an operator:* the plan expected {"email":"jane@acme.example"}, and there is {"email":"j@acme.example"}. Retry looks at everything again. Stop ends the run, and what was done stays done. Undo what was done ends the run and plans the way back. The buttons are on its card in #atlassian-admins."#);
    let condition =
        waits(PauseReason::Condition, PauseDetail::Unread { sources: vec![Source::ProvisioningLog] }.into())
            .noted(&mut page);
    shows!(page, "It waits because something could not be read", "A condition of the step is not read and true any more.",
        state(&root(&condition)), @"*Waits for an operator:* entra.provisioning-log could not be read. Retry looks at everything again. Stop ends the run, and what was done stays done. Undo what was done ends the run and plans the way back.");
    let ambiguous = waits(PauseReason::Ambiguous, PauseDetail::MaybeSent.into()).noted(&mut page);
    shows!(page, "It waits because of an unknown outcome", "The program stopped after the call may have been sent.",
        state(&root(&ambiguous)), @"*Waits for an operator:* The call may have been sent, and its effect does not show. It is never sent a second time by the machine. Retry looks at everything again. Stop ends the run, and what was done stays done. Undo what was done ends the run and plans the way back.");
    let refused =
        waits(PauseReason::Refused, "403 Forbidden: the account is managed by the identity provider".into())
            .noted(&mut page);
    shows!(page, "It waits because the call was refused", "Atlassian or Microsoft said no.", state(&root(&refused)), @"*Waits for an operator:* the call was refused: 403 Forbidden: the account is managed by the identity provider. Retry looks at everything again. Stop ends the run, and what was done stays done. Undo what was done ends the run and plans the way back.");
    let unconfirmed = waits(PauseReason::Unconfirmed, PauseDetail::NotShown.into()).noted(&mut page);
    shows!(page, "It waits because the effect does not show", "The call was accepted.", state(&root(&unconfirmed)), @"*Waits for an operator:* it was accepted, and its effect does not show. Retry looks at everything again. Stop ends the run, and what was done stays done. Undo what was done ends the run and plans the way back.");
    let cap = approved
        .and(paused(PauseReason::Cap, PauseDetail::CapReached { used: 20, limit: 20 }))
        .noted(&mut page);
    shows!(page, "It waits because of the daily cap", "No step was done yet, so there is nothing to undo.", page.once(&root(&cap)), @"
    # Repair of jane@acme.example
    *Waits for an operator:* 20 of 20 risky steps have begun in the last 24 hours. Retry looks at everything again. Stop ends the run, and what was done stays done.
    *What is broken:* Another managed account bears the person's address
    *What will happen:* 3 steps: 1 destructive, 2 harmless
    *What it costs:* Account 712020:93c3f6a0-0000-4000-8000-000000000005 is signed out everywhere and can no longer sign in with jane@acme.example; never used.
    Plan: Progress
    [x] Read everything and find the cause
    [!] Move account 712020:93c3f6a0-0000-4000-8000-000000000005 from jane@acme.example to parked-5232704f3027377f@acme.example
    [ ] Have the identity provider write the person's record again
    [ ] Have the identity provider write the membership in jira-users again
    [ ] Confirm access
    … the evidence and the steps, as above
    [ Retry ]  [ Stop ]  [ Recheck ]  [ Details ]
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`, asked by @ada 2026-11-30 09:00 UTC, plan `b6ae9a20`, approved by @grace 2026-11-30 09:00 UTC)
    ");
    let retried = changed.clone().and(Event::Retried { by: "U0ADA".to_owned() }).noted(&mut page);
    shows!(page, "Retry was pressed", "Everything is read again.", state(&root(&retried)), @"*Reading what is there.*");
    let undo = Story::of(Goal::Undo { run: EARLIER.to_owned() })
        .planned(undo_plan())
        .approved()
        .and(paused(PauseReason::Refused, "403 Forbidden"))
        .noted(&mut page);
    shows!(page, "The requester is told that an undo waits", "As above, for an undo.",
        card(&undo.draws(|view| cards::stopped(view, ADMINS, true))), @"@ada The undo of a repair of jane@acme.example has stopped. *Waits for an operator:* the call was refused: 403 Forbidden. Retry looks at everything again. Stop ends the run, and what was done stays done. The buttons are on the card above.");
    let retire = Story::of(Goal::Retire { run: EARLIER.to_owned() })
        .planned(retire_plan())
        .approved()
        .and(paused(PauseReason::Refused, "403 Forbidden"))
        .noted(&mut page);
    shows!(page, "The requester is told that a retirement waits", "As above, for a retirement.",
        card(&retire.draws(|view| cards::stopped(view, ADMINS, true))), @"@ada The retirement of an account left over by the repair of jane@acme.example has stopped. *Waits for an operator:* the call was refused: 403 Forbidden. Retry looks at everything again. Stop ends the run, and what was done stays done. The buttons are on the card above.");
    page
}

fn paused(halt: PauseReason, why: impl Into<PauseMessage>) -> Event {
    Event::Paused { step: Some(0), halt, why: why.into() }
}

/// The first sentence of a card.
fn state(card: &str) -> String {
    card.lines().nth(1).unwrap().to_owned()
}

/// The first sentence of a card, and its progress.
fn progress(card: &str) -> String {
    let marks = ["[x] ", "[~] ", "[ ] ", "[!] "];
    let steps = card.lines().filter(|line| marks.iter().any(|mark| line.starts_with(mark)));
    std::iter::once(state(card).as_str()).chain(steps).collect::<Vec<_>>().join("\n")
}
