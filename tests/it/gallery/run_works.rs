//! The card of a run while steps are carried out, and while it waits for a person.

use reinstate::slack::cards;
use reinstate_core::run::{PauseDetail, PauseMessage, PauseReason};
use reinstate_core::{Event, Goal, Source};
use serde_json::json;

use super::jane::{ADMINS, EARLIER, Story, at, memberships, parking, retire_plan, undo_plan};
use super::page::{Page, card, shows};

pub fn page() -> Page {
    let mut page = Page::new(
        "The card of a run, at work",
        "The same message as above. Steps that need no approval begin at once.",
    );
    let root = |story: &Story| card(&story.draws(cards::root));

    let approved = Story::repair().planned(parking()).approved().noted(&mut page);
    shows!(page, "It was approved", "Everything is read once more, then the first step begins.", page.once(&root(&approved)), @"
    # Repair access for Jane Doe (jane@acme.example)
    *Repairing*, step 1 of 3.
    *Cause:* Another managed account uses the person's address.
    1. :hourglass_flowing_sand: now: Move jane@acme.example off account Jane Doe (…0005)
    2. Provision Jane Doe on demand · harmless
    3. Provision Jane Doe in jira-users · harmless
    *Impact:* Account Jane Doe (…0005, added 2026-03-02), never used, is signed out everywhere and can no longer sign in with jane@acme.example.
    [ Details ]  [ Stop ]
    (run `0e8a9b` · plan `351f4184` · requested by @ada 2026-11-30 09:00 UTC)
    ");
    let parked = approved.clone().began(0, 1).noted(&mut page);
    shows!(page, "A step has begun", "The call was sent, and its effect is looked for.", page.once(&root(&parked)), @"
    # Repair access for Jane Doe (jane@acme.example)
    *Repairing*, step 1 of 3.
    *Cause:* Another managed account uses the person's address.
    1. :hourglass_flowing_sand: now: Move jane@acme.example off account Jane Doe (…0005)
    2. Provision Jane Doe on demand · harmless
    3. Provision Jane Doe in jira-users · harmless
    *Impact:* Account Jane Doe (…0005, added 2026-03-02), never used, is signed out everywhere and can no longer sign in with jane@acme.example.
    [ Details ]  [ Stop ]
    (run `0e8a9b` · plan `351f4184` · requested by @ada 2026-11-30 09:00 UTC)
    ");
    let between = parked.clone().confirmed(0).began(1, 0).and(Event::Accepted { step: 1 }).noted(&mut page);
    shows!(page, "A step was accepted", "The first step is done. The effect of the second takes long, and it is looked for again and again.",
        progress(&root(&between)), @"*Repairing*, step 2 of 3.");
    let tried =
        between.clone().and(Event::NoEffect { step: 1, why: "it changed nothing".into() }).noted(&mut page);
    shows!(page, "A step had no effect", "Everything is read again, and another plan is made.", page.once(&root(&tried)), @"
    # Repair access for Jane Doe (jane@acme.example)
    *Reading the identity provider and Atlassian.*
    *Cause:* Another managed account uses the person's address.
    1. :white_check_mark: done: Move jane@acme.example off account Jane Doe (…0005)
    2. :x: no effect: Provision Jane Doe on demand
    3. Provision Jane Doe in jira-users · harmless
    *Impact:* Account Jane Doe (…0005, added 2026-03-02), never used, is signed out everywhere and can no longer sign in with jane@acme.example.
    [ Details ]  [ Stop ]
    (run `0e8a9b` · plan `351f4184` · requested by @ada 2026-11-30 09:00 UTC)
    ");
    let replaced = tried.clone().planned(memberships()).noted(&mut page);
    shows!(page, "Another plan is at work", "What the earlier plan did stays on the card.", page.once(&root(&replaced)), @"
    # Repair access for Jane Doe (jane@acme.example)
    *Repairing*, step 1 of 2.
    *Cause:* Group memberships did not reach Atlassian.
    Earlier in this run: 1 step done, 1 without effect
    1. :hourglass_flowing_sand: now: Provision Jane Doe in jira-users
    2. Provision Jane Doe in wiki-users · harmless
    [ Details ]  [ Stop ]
    (run `0e8a9b` · plan `242abbb3` · requested by @ada 2026-11-30 09:00 UTC)
    ");
    let proving = Story::repair()
        .planned(memberships())
        .began(0, 0)
        .confirmed(0)
        .and(Event::Already { step: 1 })
        .noted(&mut page);
    shows!(page, "Every step is done", "Everything is read once more to prove that access is back.", page.once(&root(&proving)), @"
    # Repair access for Jane Doe (jane@acme.example)
    *Checking that access is back.*
    *Cause:* Group memberships did not reach Atlassian.
    1. :white_check_mark: done: Provision Jane Doe in jira-users, wiki-users
    [ Details ]  [ Stop ]
    (run `0e8a9b` · plan `242abbb3` · requested by @ada 2026-11-30 09:00 UTC)
    ");
    let undoing = Story::of(Goal::Undo { run: EARLIER.to_owned() })
        .planned(undo_plan())
        .approved()
        .began(0, 1)
        .confirmed(0)
        .noted(&mut page);
    shows!(page, "Every step of an undo is done", "Everything is read once more.", progress(&root(&undoing)), @"*Checking that access is back.*");
    let stopping = approved.clone().and(Event::Cancelled { by: "U0ADA".to_owned() }).noted(&mut page);
    shows!(page, "It is being stopped", "Somebody pressed *Stop* or typed `cancel RUN`. A step that has begun is brought to its end first.",
        page.once(&root(&stopping)), @"
    # Repair access for Jane Doe (jane@acme.example)
    *Stopping.*
    *Cause:* Another managed account uses the person's address.
    1. Move jane@acme.example off account Jane Doe (…0005) · :warning: *destructive*
    2. Provision Jane Doe on demand · harmless
    3. Provision Jane Doe in jira-users · harmless
    *Impact:* Account Jane Doe (…0005, added 2026-03-02), never used, is signed out everywhere and can no longer sign in with jane@acme.example.
    [ Details ]
    (run `0e8a9b` · plan `351f4184` · requested by @ada 2026-11-30 09:00 UTC)
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
        page.once(&root(&changed)), @"
    # Repair access for Jane Doe (jane@acme.example)
    *Paused, needs @ada:* “Move jane@acme.example off account Jane Doe (…0005)”: the plan expected email jane@acme.example, and now it is email j@acme.example.
    *Retry* reads everything again. *Stop* ends the run. *Undo* ends it and plans the way back.
    *Cause:* Another managed account uses the person's address.
    1. :warning: not done: Move jane@acme.example off account Jane Doe (…0005)
    2. Provision Jane Doe on demand · harmless
    3. Provision Jane Doe in jira-users · harmless
    [ Retry ]  [ Undo ]  [ Stop ]  [ Recheck ]  [ Details ]
    (run `0e8a9b` · plan `351f4184` · requested by @ada 2026-11-30 09:00 UTC)
    ");
    shows!(page, "The requester is told that it waits", "In the thread of the card, when the card stands in the channel of the requester.",
        card(&changed.draws(|view| cards::stopped(view, ADMINS, true, None))), @"
    @ada The repair of jane@acme.example is waiting. *Paused, needs @ada:* “Move jane@acme.example off account Jane Doe (…0005)”: the plan expected email jane@acme.example, and now it is email j@acme.example.
    *Retry* reads everything again. *Stop* ends the run. *Undo* ends it and plans the way back. The buttons are on the card above.
    ");
    shows!(page, "The requester is told alone that it waits", "Privately, when the card stands in another channel or cannot be posted.",
        card(&changed.draws(|view| cards::stopped(view, ADMINS, false, None))), @"
    The repair of jane@acme.example is waiting. *Paused, needs @ada:* “Move jane@acme.example off account Jane Doe (…0005)”: the plan expected email jane@acme.example, and now it is email j@acme.example.
    *Retry* reads everything again. *Stop* ends the run. *Undo* ends it and plans the way back. The buttons are on its card in #atlassian-admins.
    ");
    shows!(page, "The requester is reminded that it waits", "After 24 hours, once, in the same place.",
        card(&changed.draws(|view| cards::stopped(view, ADMINS, true, Some(at(0))))), @"
    @ada The repair of jane@acme.example has been waiting since 2026-11-30 09:00 UTC. *Paused, needs @ada:* “Move jane@acme.example off account Jane Doe (…0005)”: the plan expected email jane@acme.example, and now it is email j@acme.example.
    *Retry* reads everything again. *Stop* ends the run. *Undo* ends it and plans the way back. The buttons are on the card above.
    ");
    let condition =
        waits(PauseReason::Condition, PauseDetail::Unread { sources: vec![Source::ProvisioningLog] }.into())
            .noted(&mut page);
    shows!(page, "It waits because something could not be read", "A condition of the step is not read and true any more.",
        state(&root(&condition)), @"*Paused, needs @ada:* “Move jane@acme.example off account Jane Doe (…0005)”: entra.provisioning-log could not be read.");
    let ambiguous = waits(PauseReason::Ambiguous, PauseDetail::MaybeSent.into()).noted(&mut page);
    shows!(page, "It waits because of an unknown outcome", "The program stopped after the call may have been sent.",
        state(&root(&ambiguous)), @"*Paused, needs @ada:* “Move jane@acme.example off account Jane Doe (…0005)”: the call may have been sent, but its effect does not show; Reinstate never sends it twice by itself.");
    let refused =
        waits(PauseReason::Refused, "403 Forbidden: the account is managed by the identity provider".into())
            .noted(&mut page);
    shows!(page, "It waits because the call was refused", "Atlassian or Microsoft said no.", state(&root(&refused)), @"*Paused, needs @ada:* Atlassian refused “Move jane@acme.example off account Jane Doe (…0005)” (403 Forbidden: the account is managed by the identity provider). The key may lack a right, or the account is protected: run `reinstate doctor`.");
    let unconfirmed = waits(PauseReason::Unconfirmed, PauseDetail::NotShown.into()).noted(&mut page);
    shows!(page, "It waits because the effect does not show", "The call was accepted.", state(&root(&unconfirmed)), @"*Paused, needs @ada:* “Move jane@acme.example off account Jane Doe (…0005)”: it was accepted, but its effect does not show.");
    let cap = approved
        .and(paused(PauseReason::Cap, PauseDetail::CapReached { used: 20, limit: 20 }))
        .noted(&mut page);
    shows!(page, "It waits because of the daily cap", "No step was done yet, so there is nothing to undo.", page.once(&root(&cap)), @"
    # Repair access for Jane Doe (jane@acme.example)
    *Paused, needs @ada:* “Move jane@acme.example off account Jane Doe (…0005)”: the limit of risky steps is used up: 20 of 20 in the last 24 hours.
    *Retry* reads everything again. *Stop* ends the run; nothing was changed so far.
    *Cause:* Another managed account uses the person's address.
    1. :warning: not done: Move jane@acme.example off account Jane Doe (…0005)
    2. Provision Jane Doe on demand · harmless
    3. Provision Jane Doe in jira-users · harmless
    [ Retry ]  [ Stop ]  [ Recheck ]  [ Details ]
    (run `0e8a9b` · plan `351f4184` · requested by @ada 2026-11-30 09:00 UTC)
    ");
    let retried = changed.clone().and(Event::Retried { by: "U0ADA".to_owned() }).noted(&mut page);
    shows!(page, "Retry was pressed", "Everything is read again.", state(&root(&retried)), @"*Reading the identity provider and Atlassian.*");
    let undo = Story::of(Goal::Undo { run: EARLIER.to_owned() })
        .planned(undo_plan())
        .approved()
        .and(paused(PauseReason::Refused, "403 Forbidden"))
        .noted(&mut page);
    shows!(page, "The requester is told that an undo waits", "As above, for an undo.",
        card(&undo.draws(|view| cards::stopped(view, ADMINS, true, None))), @"
    @ada The undo of a repair of jane@acme.example is waiting. *Paused, needs @ada:* Atlassian refused “Move jane.old@acme.example back to account Jane Doe (…0005)” (403 Forbidden). The key may lack a right, or the account is protected: run `reinstate doctor`.
    *Retry* reads everything again. *Stop* ends the run; nothing was changed so far. The buttons are on the card above.
    ");
    let retire = Story::of(Goal::Retire { run: EARLIER.to_owned() })
        .planned(retire_plan())
        .approved()
        .and(paused(PauseReason::Refused, "403 Forbidden"))
        .noted(&mut page);
    shows!(page, "The requester is told that a retirement waits", "As above, for a retirement.",
        card(&retire.draws(|view| cards::stopped(view, ADMINS, true, None))), @"
    @ada The removal of the left-over account of jane@acme.example is waiting. *Paused, needs @ada:* Atlassian refused “Deactivate account Jane Doe (…0005)” (403 Forbidden). The key may lack a right, or the account is protected: run `reinstate doctor`.
    *Retry* reads everything again. *Stop* ends the run; nothing was changed so far. The buttons are on the card above.
    ");
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
