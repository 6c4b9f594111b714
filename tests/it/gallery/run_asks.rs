//! The card of a run until a decision is made, and the messages that ask for the decision.

use reinstate::slack::{cards, messages, modal as modals};
use reinstate_core::evidence::HopelessPlan;
use reinstate_core::{Cause, Diagnosis, Goal, Op, Plan, WorkedHere};

use super::jane::{
    EARLIER, OWN, RECORD, Story, at, email_held, memberships, not_assigned, parking, plan_of, record_id,
    retire_plan, undo_plan, write_record,
};
use super::page::{Page, card, dialog, modal, shows};

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
    # Repair access for this person
    *Checking who asks.*
    (run `0e8a9b` · requested by @ada 2026-11-30 09:00 UTC)
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`)
    ");

    let story = Story::repair().noted(&mut page);
    shows!(page, "Everything is read", "After the requester was admitted.", page.once(&root(&story)), @"
    # Repair access for jane@acme.example
    *Reading the identity provider and Atlassian.*
    (run `0e8a9b` · requested by @ada 2026-11-30 09:00 UTC)
    ");

    let story = Story::repair().planned(parking()).noted(&mut page);
    shows!(page, "It waits for an approval", "The plan has a step that needs an approval, and the card stands in `slack.channel`.",
        page.once(&root(&story)), @"
    # Repair access for Jane Doe (jane@acme.example)
    *Waiting for approval* until 2026-11-30 10:00 UTC · @grace
    *Cause:* Another managed account uses the person's address.
    1. Move jane@acme.example off account Jane Doe (…0005) · :warning: *destructive*
    2. Provision Jane Doe on demand · harmless
    3. Provision Jane Doe in jira-users · harmless
    *Impact:* Account Jane Doe (…0005, added 2026-03-02), never used, is signed out everywhere and can no longer sign in with jane@acme.example.
    [ Approve ] (asks: Approve this plan? • Move jane@acme.example off account Jane Doe (…0005, added 2026-03-02, never used) / For jane@acme.example (account …0004). Plan `351f4184`.)  [ Decline ]  [ Recheck ]  [ Details ]  [ Stop ]
    (run `0e8a9b` · plan `351f4184` · requested by @ada 2026-11-30 09:00 UTC)
    ");
    shows!(page, "The approvers are called", "In the thread of the card, because Slack notifies nobody of an update.",
        card(&story.draws(|view| cards::call(view, None))), @"@grace a repair for jane@acme.example needs your approval. Press *Approve* or *Decline* on the card above.");
    shows!(page, "The approvers are reminded", "After 24 hours, once, where `approvals.expire_after` is longer.",
        card(&story.draws(|view| cards::call(view, Some(at(0))))), @"@grace a repair for jane@acme.example has been waiting for your approval since 2026-11-30 09:00 UTC. Press *Approve* or *Decline* on the card above.");
    let own = Story { concerned: vec!["U0GRACE".to_owned()], ..story.clone() };
    shows!(page, "Nobody may approve", "The only approver is the person whom the plan is about.",
        card(&own.draws(|view| cards::call(view, None))), @"@ada nobody may approve the repair for jane@acme.example: who asked for it may not, and neither may the person whom it is about. Somebody must be added to `access.approver` in the configuration.");
    shows!(page, "Nobody may approve, on the card", "The first sentence of the card says the same.",
        root(&own).lines().nth(1).unwrap_or_default().to_owned(), @"*Waiting for approval* until 2026-11-30 10:00 UTC · nobody else may approve this; somebody must be added to `access.approver`");
    shows!(page, "Approve is clicked", "Slack asks the approver once more. It shows every destructive step.",
        dialog(&story.draws(cards::dialog).unwrap()), @"
    == Approve this plan? ==
    • Move jane@acme.example off account Jane Doe (…0005, added 2026-03-02, never used)
    For jane@acme.example (account …0004). Plan `351f4184`.
    [ Back ]  [ Approve ]
    ");

    shows!(page, "It waits, and Slack does not take the whole card", "Slack refused the card because of what it holds. It is sent again in short.",
        card(&story.draws(cards::root).brief(&messages::card_in_short())), @"
    Repair access for Jane Doe (jane@acme.example): *Waiting for approval* until 2026-11-30 10:00 UTC · @grace
    (Slack did not take the whole card. *Details* shows the rest.)
    [ Approve ] (asks: Approve this plan? • Move jane@acme.example off account Jane Doe (…0005, added 2026-03-02, never used) / For jane@acme.example (account …0004). Plan `351f4184`.)  [ Decline ]  [ Recheck ]  [ Details ]  [ Stop ]
    (run `0e8a9b` · plan `351f4184` · requested by @ada 2026-11-30 09:00 UTC)
    ");

    let linked = Story { docs: Some("https://wiki.acme.example/causes"), ..story.clone() };
    shows!(page, "It waits, and each cause has a page", "`slack.docs_url` is set, so the title of a cause is a link.",
        root(&linked).lines().filter(|line| line.contains("https://")).collect::<Vec<_>>().join("\n"), @"*Cause:* Another managed account uses the person's address (https://wiki.acme.example/causes/email-held-by-managed-account.md).");

    let (found, plan) = parking();
    let worked_here = Some(WorkedHere { tried: 15, worked: 14, seconds: Some(40) });
    let known = Story::repair().planned((found, Plan { worked_here, ..plan }));
    shows!(page, "It waits, and the step was tried here before", "The first step says in how many repairs with this cause it was tried, in how many access was back, and how long that took (the median).",
        root(&known).lines().filter(|line| line.starts_with("1. ")).collect::<Vec<_>>().join("\n"), @"1. Move jane@acme.example off account Jane Doe (…0005) · :warning: *destructive* · worked here 14 of 15 times, 40 s");

    shows!(page, "It waits, and the step was tried here before: the details", "The same line in *Details*.",
        modal(&modals::details(known.draws(cards::details))).lines().filter(|line| line.starts_with("1. ")).collect::<Vec<_>>().join("\n"), @"1. Move jane@acme.example off account Jane Doe (…0005) · *destructive* · cannot be undone once the person has the address · worked here 14 of 15 times, 40 s");

    let (found, plan) = parking();
    let actions = ["unlink-record", "provision-user"].map(str::to_owned).to_vec();
    let skipped = vec![HopelessPlan { cause: Cause::EmailHeldByManagedAccount, actions, failed: 6 }];
    let known = Story::repair().planned((found, Plan { skipped, ..plan }));
    shows!(page, "It waits, and a lower rung never worked here", "The line after the steps names what is not proposed. *Details* has the same line.",
        root(&known).lines().filter(|line| line.starts_with("Not proposed")).collect::<Vec<_>>().join("\n"), @"Not proposed, failed here 6 times: unlink a SCIM record, provision on demand");

    let elsewhere = Story { asks_here: false, ..story.clone() };
    shows!(page, "It waits, and the card stands elsewhere", "The repair was asked for in another channel. Nobody can approve there.",
        page.once(&root(&elsewhere)), @"
    # Repair access for Jane Doe (jane@acme.example)
    *Waiting for approval* until 2026-11-30 10:00 UTC · asked in #atlassian-admins
    *Cause:* Another managed account uses the person's address.
    1. Move jane@acme.example off account Jane Doe (…0005) · :warning: *destructive*
    2. Provision Jane Doe on demand · harmless
    3. Provision Jane Doe in jira-users · harmless
    *Impact:* Account Jane Doe (…0005, added 2026-03-02), never used, is signed out everywhere and can no longer sign in with jane@acme.example.
    [ Recheck ]  [ Details ]  [ Stop ]
    (run `0e8a9b` · plan `351f4184` · requested by @ada 2026-11-30 09:00 UTC)
    ");
    let digest = story.digest();
    shows!(page, "The approval card", "Posted in `slack.channel` when the card of the run stands elsewhere. Approvers act on it.",
        page.once(&card(&story.draws(|view| cards::approval(view, &digest)))), @"
    # Repair access for Jane Doe (jane@acme.example)
    *Waiting for approval* until 2026-11-30 10:00 UTC · @grace
    *Cause:* Another managed account uses the person's address.
    1. Move jane@acme.example off account Jane Doe (…0005) · :warning: *destructive*
    2. Provision Jane Doe on demand · harmless
    3. Provision Jane Doe in jira-users · harmless
    *Impact:* Account Jane Doe (…0005, added 2026-03-02), never used, is signed out everywhere and can no longer sign in with jane@acme.example.
    [ Approve ] (asks: Approve this plan? • Move jane@acme.example off account Jane Doe (…0005, added 2026-03-02, never used) / For jane@acme.example (account …0004). Plan `351f4184`.)  [ Decline ]  [ Recheck ]  [ Details ]  [ Stop ]
    (run `0e8a9b` · plan `351f4184` · requested by @ada 2026-11-30 09:00 UTC)
    ");
    let later = story.clone().approved().planned(memberships()).noted(&mut page);
    shows!(page, "The approval card of a plan that was replaced", "Another plan was made meanwhile, so there is nothing to approve.",
        page.once(&card(&later.draws(|view| cards::approval(view, &digest)))), @"
    # Repair access for Jane Doe (jane@acme.example)
    *Nothing to approve here any more.* *Repairing*, step 1 of 2.
    (run `0e8a9b` · plan `242abbb3` · requested by @ada 2026-11-30 09:00 UTC)
    ");
    let moved = story.clone().approved().noted(&mut page);
    shows!(page, "The approval card of an approved plan", "The approval was given, and the repair goes on.",
        page.once(&card(&moved.draws(|view| cards::approval(view, &digest)))), @"
    # Repair access for Jane Doe (jane@acme.example)
    *Nothing to approve here any more.* *Repairing*, step 1 of 3.
    *Cause:* Another managed account uses the person's address.
    1. :hourglass_flowing_sand: now: Move jane@acme.example off account Jane Doe (…0005)
    2. Provision Jane Doe on demand · harmless
    3. Provision Jane Doe in jira-users · harmless
    *Impact:* Account Jane Doe (…0005, added 2026-03-02), never used, is signed out everywhere and can no longer sign in with jane@acme.example.
    (run `0e8a9b` · plan `351f4184` · requested by @ada 2026-11-30 09:00 UTC)
    ");

    let undo = Story::of(Goal::Undo { run: EARLIER.to_owned() }).planned(undo_plan()).noted(&mut page);
    shows!(page, "An undo waits for an approval", "Somebody pressed *Undo what was done*, or typed `undo RUN`.", page.once(&root(&undo)), @"
    # Undo the repair for Jane Doe (jane@acme.example)
    *Waiting for approval* until 2026-11-30 10:00 UTC · @grace
    1. Move jane.old@acme.example back to account Jane Doe (…0005) · :warning: *destructive*
    *Impact:* Account Jane Doe (…0005, added 2026-03-02) is signed out everywhere.
    [ Approve ] (asks: Approve this plan? • Move jane.old@acme.example back to account Jane Doe (…0005, added 2026-03-02, never used) / For jane@acme.example (account …0004). Plan `781809e9`.)  [ Decline ]  [ Recheck ]  [ Details ]  [ Stop ]
    (run `0e8a9b` · plan `781809e9` · requested by @ada 2026-11-30 09:00 UTC)
    ");
    let retire = Story::of(Goal::Retire { run: EARLIER.to_owned() }).planned(retire_plan()).noted(&mut page);
    shows!(page, "A retirement waits for an approval", "Somebody pressed *Retire the account left over*.", page.once(&root(&retire)), @"
    # Remove the left-over account for Jane Doe (jane@acme.example)
    *Waiting for approval* until 2026-11-30 10:00 UTC · @grace
    1. Deactivate account Jane Doe (…0005) · :warning: *destructive*
    *Impact:* Account Jane Doe (…0005, added 2026-03-02), never used, is signed out everywhere and can no longer sign in.
    [ Approve ] (asks: Approve this plan? • Deactivate account Jane Doe (…0005, added 2026-03-02, never used) / For jane@acme.example (account …0004). Plan `a19fef22`.)  [ Decline ]  [ Recheck ]  [ Details ]  [ Stop ]
    (run `0e8a9b` · plan `a19fef22` · requested by @ada 2026-11-30 09:00 UTC)
    ");
    shows!(page, "Approve is clicked on a retirement", "As above, for another step.",
        dialog(&retire.draws(cards::dialog).unwrap()), @"
    == Approve this plan? ==
    • Deactivate account Jane Doe (…0005, added 2026-03-02, never used)
    For jane@acme.example (account …0004). Plan `a19fef22`.
    [ Back ]  [ Approve ]
    ");

    let disruptive = Story::repair().planned(unlink_plan()).noted(&mut page);
    shows!(page, "Approve is clicked on a disruptive plan", "No step is destructive. Disruptive steps are shown where there is room.",
        dialog(&disruptive.draws(cards::dialog).unwrap()), @"
    == Approve this plan? ==
    No destructive step.
    • Unlink SCIM record …0004 from account Jane Doe (…0004, added 2026-03-02, last used 2026-11-27)
    For jane@acme.example (account …0004). Plan `863b50b2`.
    [ Back ]  [ Approve ]
    ");
    let over = story.seen_at(3700).noted(&mut page);
    shows!(page, "The time to approve is over", "For a moment, until the run has ended.", page.once(&root(&over)), @"
    # Repair access for Jane Doe (jane@acme.example)
    *The time to approve is over.*
    *Cause:* Another managed account uses the person's address.
    1. Move jane@acme.example off account Jane Doe (…0005) · :warning: *destructive*
    2. Provision Jane Doe on demand · harmless
    3. Provision Jane Doe in jira-users · harmless
    *Impact:* Account Jane Doe (…0005, added 2026-03-02), never used, is signed out everywhere and can no longer sign in with jane@acme.example.
    [ Details ]  [ Stop ]
    (run `0e8a9b` · plan `351f4184` · requested by @ada 2026-11-30 09:00 UTC)
    ");

    let alone = Story::repair().planned(not_assigned()).noted(&mut page);
    shows!(page, "The plan has no step", "For a moment, until the run has ended with the advice.", page.once(&root(&alone)), @"
    # Repair access for Jane Doe (jane@acme.example)
    *Reading the identity provider and Atlassian.*
    *Cause:* The person is not assigned to the Atlassian application.
    *What to do:*
    • Assign jane@acme.example (object id …0004): make them a direct member of a group that is assigned (jira-users, wiki-users).
    [ Details ]  [ Stop ]
    (run `0e8a9b` · requested by @ada 2026-11-30 09:00 UTC)
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
