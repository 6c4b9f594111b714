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
    # Access restored for Jane Doe (jane@acme.example)
    *Access restored and verified.* The account is active, and Atlassian shows all 2 expected groups. Approved by @grace. Took 110 s.
    *It was:* Another managed account uses the person's address.
    :white_check_mark: 3 steps done
    [ Deactivate the left-over account ]  [ Details ]
    (run `0e8a9b` · requested by @ada 2026-11-30 09:00 UTC · journal `16:7b4b8464a79f1c55`)
    ");
    let removed = Story { removed_by: Some(EARLIER), ..end.clone() };
    shows!(page, "Restored, and the left-over account was removed later", "Another run did it. It is not offered again.",
        page.once(&root(&removed)), @"
    # Access restored for Jane Doe (jane@acme.example)
    *Access restored and verified.* The account is active, and Atlassian shows all 2 expected groups. Approved by @grace. Took 110 s. Its left-over account was removed later, by run `000001`.
    *It was:* Another managed account uses the person's address.
    :white_check_mark: 3 steps done
    [ Details ]
    (run `0e8a9b` · requested by @ada 2026-11-30 09:00 UTC · journal `16:7b4b8464a79f1c55`)
    ");
    let undone = Story { undone_by: Some(EARLIER), ..end.clone() };
    shows!(page, "Restored, and undone later", "Another run undid it. Neither is offered again.",
        page.once(&root(&undone)), @"
    # Access restored for Jane Doe (jane@acme.example)
    *Access restored and verified.* The account is active, and Atlassian shows all 2 expected groups. Approved by @grace. Took 110 s. *Undone* later, by run `000001`.
    *It was:* Another managed account uses the person's address.
    :white_check_mark: 3 steps done
    [ Details ]
    (run `0e8a9b` · requested by @ada 2026-11-30 09:00 UTC · journal `16:7b4b8464a79f1c55`)
    ");
    shows!(page, "Restored: the thread", "In the thread of the card, to the requester and to approvers who were asked and did not act.",
        card(&end.draws(|view| cards::outcome(view, &Markup::new().user("U0ADA")))), @"@ada the repair of jane@acme.example has ended. *Access restored and verified.* The account is active, and Atlassian shows all 2 expected groups. Approved by @grace. Took 110 s.");
    shows!(page, "Restored: the approvers", "In the thread of the approval card, when that card stood elsewhere.",
        card(&end.draws(|view| cards::outcome(view, &messages::approvers(&access(), &[])))), @"@grace the repair of jane@acme.example has ended. *Access restored and verified.* The account is active, and Atlassian shows all 2 expected groups. Approved by @grace. Took 110 s.");
    shows!(page, "Restored: the requester alone", "Privately, when the card stands in another channel or the thread cannot be used.",
        card(&end.draws(|view| cards::outcome(view, &Markup::new()))), @"the repair of jane@acme.example has ended. *Access restored and verified.* The account is active, and Atlassian shows all 2 expected groups. Approved by @grace. Took 110 s.");
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
    # Access restored for Jane Doe (jane@acme.example)
    *Access restored and verified.* The account is active, and Atlassian shows all 2 expected groups. Took 80 s.
    *It was:* Group memberships did not reach Atlassian.
    :white_check_mark: 2 steps done
    [ Details ]
    (run `0e8a9b` · requested by @ada 2026-11-30 09:00 UTC · journal `16:7b4b8464a79f1c55`)
    ");
    let end =
        Story::repair().planned(restored()).ended(Outcome::Healthy, EndReason::NothingToDo).noted(&mut page);
    shows!(page, "Healthy", "Nothing was wrong.", page.once(&root(&end)), @"
    # Access was already fine for Jane Doe (jane@acme.example)
    *Access was already fine.* Nothing was done.
    [ Details ]
    (run `0e8a9b` · requested by @ada 2026-11-30 09:00 UTC · journal `16:7b4b8464a79f1c55`)
    ");
    let end =
        Story::repair().planned(not_assigned()).ended(Outcome::Advice, EndReason::Advice).noted(&mut page);
    shows!(page, "Advice", "The plan has no step that the program may take.", page.once(&root(&end)), @"
    # Repair access for Jane Doe (jane@acme.example)
    *A person has to do the rest.* Reinstate cannot repair this by itself.
    *Cause:* The person is not assigned to the Atlassian application.
    *What to do:*
    • Assign jane@acme.example (object id …0004): make them a direct member of a group that is assigned (jira-users, wiki-users).
    [ Details ]
    (run `0e8a9b` · requested by @ada 2026-11-30 09:00 UTC · journal `16:7b4b8464a79f1c55`)
    ");
    let end = Story::repair().planned(ticket()).ended(Outcome::Advice, EndReason::Advice).noted(&mut page);
    shows!(page, "Advice, with a text for a ticket", "The support of Atlassian or Microsoft can help.", page.once(&root(&end)), @"
    # Repair access for Jane Doe (jane@acme.example)
    *A person has to do the rest.* Reinstate cannot repair this by itself.
    *Cause:* An account outside the organization uses the person's address.
    *What to do:*
    • An account that this organization does not manage bears jane@acme.example.
    A text for a support ticket is in *Details*.
    [ Details ]
    (run `0e8a9b` · requested by @ada 2026-11-30 09:00 UTC · journal `16:7b4b8464a79f1c55`)
    ");
    let end =
        Story::repair().planned(two_accounts()).ended(Outcome::Advice, EndReason::Advice).noted(&mut page);
    shows!(page, "Advice, with a choice", "Somebody has to pick the account to keep. Each button starts a new run.", page.once(&root(&end)), @"
    # Repair access for Jane Doe (jane@acme.example)
    *A person has to do the rest.* Reinstate cannot repair this by itself.
    *Cause:* Another managed account uses the person's address.
    *What to do:*
    • Both accounts were used. Pick the account to be kept.
    *Account* Jane Doe (…0004, added 2026-03-02) jane.miller@acme.example · last used 2026-10-02 · linked to the person's record
    [ Keep this account ]
    *Account* Jane Doe (…0005, added 2026-03-02) jane@acme.example · last used 2026-09-14 · in 2 groups
    [ Keep this account ]
    [ Details ]
    (run `0e8a9b` · requested by @ada 2026-11-30 09:00 UTC · journal `16:7b4b8464a79f1c55`)
    ");
    let end = Story::repair()
        .planned(cannot_tell())
        .ended(Outcome::CannotTell, EndReason::CannotTell)
        .noted(&mut page);
    shows!(page, "Cannot tell", "Something that is needed could not be read.", page.once(&root(&end)), @"
    # Repair access for Jane Doe (jane@acme.example)
    *Could not check.* Not everything could be read, so nothing more was done.
    *Cause:* not known, because not everything could be read.
    Nothing was changed.
    [ Details ]
    (run `0e8a9b` · requested by @ada 2026-11-30 09:00 UTC · journal `16:7b4b8464a79f1c55`)
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
    # Repair access for Jane Doe (jane@acme.example)
    *Declined* by @grace. Nothing of the plan was done.
    *Cause:* Another managed account uses the person's address.
    Nothing was changed.
    [ Ask again ]  [ Details ]
    (run `0e8a9b` · plan `351f4184` · requested by @ada 2026-11-30 09:00 UTC · journal `16:7b4b8464a79f1c55`)
    ");
    let end = asks
        .clone()
        .and(declined)
        .ended(Outcome::Declined, EndReason::Declined { why: "Jane leaves on Friday.".to_owned() })
        .noted(&mut page);
    shows!(page, "Declined, with a reason", "An approver gave a reason.", state(&root(&end)), @"*Declined* by @grace. Nothing of the plan was done. The reason: Jane leaves on Friday.");
    let expired = asks.and(Event::Expired { digest });
    let end = expired.clone().ended(Outcome::Expired, EndReason::ApprovalOver).noted(&mut page);
    shows!(page, "Expired", "Somebody clicked after the time to approve was over.", state(&root(&end)), @"*Nobody approved in time.* Nothing was done. Ask again if the repair is still needed.");
    let end = expired.ended(Outcome::Expired, EndReason::NotApproved).noted(&mut page);
    shows!(page, "Expired by itself", "Nobody clicked until the time to approve was over.", state(&root(&end)), @"*Nobody approved in time.* Nothing of this plan was done.");
    let cancelled = parked.clone().and(Event::Cancelled { by: "U0ADA".to_owned() });
    let end = cancelled.clone().ended(Outcome::Cancelled, EndReason::Stopped).noted(&mut page);
    shows!(page, "Stopped", "Somebody pressed *Stop* or typed `cancel RUN`, and the step on its way has ended.", page.once(&root(&end)), @"
    # Repair access for Jane Doe (jane@acme.example)
    *Stopped* by @ada. No further step is taken. Approved by @grace.
    *Cause:* Another managed account uses the person's address.
    :white_check_mark: done: Move jane@acme.example off account Jane Doe (…0005)
    [ Undo ]  [ Ask again ]  [ Details ]
    (run `0e8a9b` · plan `351f4184` · requested by @ada 2026-11-30 09:00 UTC · journal `16:7b4b8464a79f1c55`)
    ");
    let end = cancelled.ended(Outcome::Cancelled, EndReason::StoppedForUndo).noted(&mut page);
    shows!(page, "Stopped for an undo", "Somebody pressed *Undo what was done* while it waited for an operator.", state(&root(&end)), @"*Stopped* by @ada. It was stopped so that its steps can be undone. Approved by @grace.");
    let end = Story::repair().ended(Outcome::Cancelled, EndReason::CommandOverdue).noted(&mut page);
    shows!(page, "Stopped because it came too late", "No process was there to begin it in time.", page.once(&root(&end)), @"
    # Repair access for jane@acme.example
    *Stopped.* The command is older than 15 minutes, so nothing was done. Ask again if it is still wanted.
    [ Ask again ]
    (run `0e8a9b` · requested by @ada 2026-11-30 09:00 UTC · journal `16:7b4b8464a79f1c55`)
    ");
    let end = Story::repair()
        .planned(parking())
        .ended(Outcome::Skipped, EndReason::AccountChanged)
        .noted(&mut page);
    shows!(page, "Skipped", "One repair of a sweep. It has no card; `status RUN` shows this.",
        card(&end.draws(|view| cards::status(view, None))), @"
    # Repair access for Jane Doe (jane@acme.example)
    *Skipped, because the account had changed.* The account has changed since the list was approved, so nothing was done.
    *Cause:* Another managed account uses the person's address.
    Nothing was changed.
    (run `0e8a9b` · plan `351f4184` · requested by @ada 2026-11-30 09:00 UTC · journal `16:7b4b8464a79f1c55`)
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`)
    ");
    let refused = "This needs the role operator.";
    let end = Story::asked(Goal::default()).ended(Outcome::Refused, refused).noted(&mut page);
    shows!(page, "Refused", "The requester may not repair. Only `status RUN` shows this; see also the refusals.",
        card(&end.draws(|view| cards::status(view, None))), @"
    # Repair access for this person
    *Refused.* This needs the role operator.
    (run `0e8a9b` · requested by @ada 2026-11-30 09:00 UTC · journal `16:7b4b8464a79f1c55`)
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`)
    ");
    let busy = EndReason::PersonBusy { run: EARLIER.to_owned() };
    let end = Story::repair().ended(Outcome::Busy, busy).noted(&mut page);
    shows!(page, "Busy", "Another run is at work on the same person. The requester is told alone.", state(&root(&end)), @"*Another run works on the same account.* Run 000001 is already at work on the same person. Follow that one.");

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
    # Repair undone for Jane Doe (jane@acme.example)
    *Done.* Every step that can be undone was undone, and this was verified. Approved by @grace. Took 70 s.
    :white_check_mark: 1 step done
    [ Undo ]  [ Details ]
    (run `0e8a9b` · requested by @ada 2026-11-30 09:00 UTC · journal `16:7b4b8464a79f1c55`)
    ");
    shows!(page, "An undo is done: the thread", "As above.",
        card(&end.draws(|view| cards::outcome(view, &Markup::new().user("U0ADA")))), @"@ada the undo of a repair of jane@acme.example has ended. *Done.* Every step that can be undone was undone, and this was verified. Approved by @grace. Took 70 s.");
    let nothing = EndReason::NothingToUndo;
    let end = Story::of(undo).planned(restored()).ended(Outcome::Advice, nothing).noted(&mut page);
    shows!(page, "An undo had nothing to do", "As above.", state(&root(&end)), @"*A person has to do the rest.* No step of that run can be undone any more.");
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
    # Left-over account removed for Jane Doe (jane@acme.example)
    *Done.* The account was removed from use, and this was verified. Approved by @grace. Took 70 s.
    :white_check_mark: 1 step done
    [ Undo ]  [ Delete the left-over account ]  [ Details ]
    (run `0e8a9b` · requested by @ada 2026-11-30 09:00 UTC · journal `16:7b4b8464a79f1c55`)
    ");
    shows!(page, "A retirement is done: the thread", "As above.",
        card(&end.draws(|view| cards::outcome(view, &Markup::new().user("U0ADA")))), @"@ada the removal of the left-over account of jane@acme.example has ended. *Done.* The account was removed from use, and this was verified. Approved by @grace. Took 70 s.");
    let nothing = EndReason::NotRetired;
    let end = Story::of(retire).planned(not_assigned()).ended(Outcome::Advice, nothing).noted(&mut page);
    shows!(page, "A retirement was not possible", "As above.", state(&root(&end)), @"*A person has to do the rest.* Nothing was done, for the reason below.");
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
