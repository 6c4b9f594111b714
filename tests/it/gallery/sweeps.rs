//! The card of a sweep, the messages in its thread, and the private pages of repairs that need an approval.

use jiff::Timestamp;
use reinstate::slack::cards::{self, SweepView};
use reinstate::slack::markup::Markup;
use reinstate::slack::messages;
use reinstate_core::run::{EndReason, PauseDetail, PauseMessage};
use reinstate_core::sweep::{SinceLastSweep, Sweep as Folded, SweepEvent, SweepFinding, SweepNext};
use reinstate_core::{Cause, Fold as _, Goal};

use super::jane::{HEAD, JANE, LINK, RUN, access, asked, at, limits};
use super::page::{Page, card, says, shows};
use super::swept::{found, state, surveyed, surveyed_with_gaps, table, without_preview};
use reinstate_sandbox::tenant::ADMINS;

const SWEEP: &str = "01a22b0e-1111-7587-8f82-176a680e8a9b";

pub fn page() -> Page {
    let mut page = Page::new(
        "Sweeps",
        "The card of a sweep stands in `slack.channel`, whoever asked for the sweep. Before the repairs begin, it names \
         the first people on the list. The table of all accounts that are not healthy is a file in its thread.",
    );
    let begun = Sweep::by("U0ADA");
    shows!(page, "Sweep: the first look", "Everything is read in bulk.", begun.card(&mut page), @"
    # Sweep of the organization
    *Reading all accounts and groups.*
    [ Stop ]
    (Sweep `01a22b0e-1111-7587-8f82-176a680e8a9b` asked by @ada)
    ");
    shows!(page, "Sweep: by schedule", "`sweep.schedule` asked for it, so nobody is named.", Sweep::by("").card(&mut page), @"
    # Sweep of the organization
    *Reading all accounts and groups.*
    [ Stop ]
    (Sweep `01a22b0e-1111-7587-8f82-176a680e8a9b` by schedule)
    ");
    let read = begun.clone().and(SweepEvent::SweepProgress { accounts: 5000, looks: 40, looked: 12 });
    shows!(page, "Sweep: reading", "Some accounts are looked at by themselves.", read.card(&mut page), @"
    # Sweep of the organization
    *Reading 5000 accounts.* Looked closely at 12 of 40.
    [ Stop ]
    (Sweep `01a22b0e-1111-7587-8f82-176a680e8a9b` asked by @ada)
    ");
    let few = begun.clone().and(SweepEvent::SweepProgress { accounts: 10, looks: 0, looked: 0 });
    shows!(page, "Sweep: reading, and no account needs a closer look", "The rest of the card is the same.", state(&few.card(&mut page)), @"
    *Reading 10 accounts.*
    [ Stop ]
    (Sweep `01a22b0e-1111-7587-8f82-176a680e8a9b` asked by @ada)
    ");
    let joined = few.and(SweepEvent::SweepJoined { by: "U0VERA".to_owned() });
    shows!(page, "Sweep: a second request joins the first", "The answer to `sweep` while another sweep reads.",
        says(&messages::sweep_joined(&joined.folded(), Some(LINK), ADMINS)), @"A sweep is reading already, asked for by @ada. So no second one was started. You hear in the thread of its card (https://acme.slack.com/archives/C0ADMINS/p1) when it has read everything.");
    shows!(page, "Sweep: those who joined are told that it has read everything", "In the thread of the card.",
        says(&messages::joined_sweep_over(joined.folded().joined.iter(), &joined.clone().and(surveyed(2, None)).folded())), @"@vera this sweep has read everything. The card above shows what it found.");
    let stopped =
        SweepEvent::SweepEnded { message: EndReason::ReadingStopped.into(), by: Some("U0ADA".to_owned()) };
    shows!(page, "Sweep: those who joined are told that it was stopped", "In the thread of the card.",
        says(&messages::joined_sweep_over(joined.folded().joined.iter(), &joined.clone().and(stopped).folded())), @"@vera this sweep has no result. *Stopped by* @ada. Nothing was changed. It was stopped before everything was read, so it has no result.");
    let small = read.clone().and(surveyed(2, None));
    shows!(page, "Sweep: everything is read", "An operator can ask for the harmless repairs. Anybody who may check can see the others.",
        small.card(&mut page), @"
    # Sweep of the organization
    *Everything is read, and nothing was changed.* The button works until 2026-12-01 09:02 UTC.
    *5000 accounts*: 4985 healthy, 14 broken, 1 cannot be told
    • 9 × Another managed account uses the person's address (`email-held-by-managed-account`)
    • 3 × The person is not assigned to the Atlassian application (`not-assigned`)
    • 2 × Group memberships did not reach Atlassian (`membership-drift`)
    2 can be repaired harmlessly: what provisioning would do anyway.
    • *Jane Doe* (person0@acme.example): The person was never provisioned · provision on demand
    • *Ben Okafor* (person1@acme.example): not in group jira-users · provision in jira-users
    9 need an approval each. 4 need a person, or a repair of their own. The table is in the thread.
    [ Repair the harmless ones ] (asks: Repair the harmless ones? 2 people: provision 1 person on demand, 1 membership. No step is irreversible. Each person is read again first, and skipped if something has changed. List `848cea5a`.)  [ Show those that need an approval ]
    (Sweep `01a22b0e-1111-7587-8f82-176a680e8a9b` asked by @ada)
    ");
    let (folded, times, access) = (small.folded(), limits(), access());
    let view = SweepView {
        id: SWEEP,
        sweep: &folded,
        limits: &times,
        access: &access,
        now: small.now,
        head: None,
        recovered: reinstate_store::Recovered::default(),
        changed_by: Vec::new(),
    };
    shows!(page, "Status of a sweep", "`status SWEEP`: the card without its buttons.", card(&cards::sweep_status(&view, Some(LINK))), @"
    # Sweep of the organization
    *Everything is read, and nothing was changed.* The button works until 2026-12-01 09:02 UTC.
    *5000 accounts*: 4985 healthy, 14 broken, 1 cannot be told
    • 9 × Another managed account uses the person's address (`email-held-by-managed-account`)
    • 3 × The person is not assigned to the Atlassian application (`not-assigned`)
    • 2 × Group memberships did not reach Atlassian (`membership-drift`)
    2 can be repaired harmlessly: what provisioning would do anyway.
    • *Jane Doe* (person0@acme.example): The person was never provisioned · provision on demand
    • *Ben Okafor* (person1@acme.example): not in group jira-users · provision in jira-users
    9 need an approval each. 4 need a person, or a repair of their own. The table is in the thread.
    (Sweep `01a22b0e-1111-7587-8f82-176a680e8a9b` asked by @ada)
    (To stop this sweep, type `/reinstate cancel 01a22b0e-1111-7587-8f82-176a680e8a9b`.)
    (The card of this sweep (https://acme.slack.com/archives/C0ADMINS/p1))
    ");
    shows!(page, "History of a sweep", "`history SWEEP`. The list of these runs follows.",
        says(&messages::history_of_a_sweep(SWEEP, &cards::sweep_line(&view), 1)), @"This is the id of a sweep, not of a person. `0e8a9b` – sweep, asked by @ada: waiting for @ada until 2026-12-01 09:02 UTC, since 2026-11-30 09:02 UTC. Press *Repair the harmless ones*. The repairs that it began, newest first: 1. Type `/reinstate status 01a22b0e-1111-7587-8f82-176a680e8a9b` to see what it found.");
    shows!(page, "The sweep is stopped", "After `cancel SWEEP`.", says(&messages::click::sweep_stopped(SWEEP, &begun.folded())), @"The sweep is stopped: `01a22b0e-1111-7587-8f82-176a680e8a9b`. Nothing was changed. It was stopped before everything was read, so it has no result. To read the organization again, type `/reinstate sweep`.");
    shows!(page, "A sweep is not undone", "`undo SWEEP`", says(&messages::click::undo_of_a_sweep(SWEEP)), @"`01a22b0e-1111-7587-8f82-176a680e8a9b` is a sweep, not a run, so nothing was started. A sweep only reads; each repair that it began is a run. Type `/reinstate history 01a22b0e-1111-7587-8f82-176a680e8a9b` to see these runs, then `/reinstate undo RUN` with the id of one of them.");
    let gaps = read.clone().and(surveyed_with_gaps());
    shows!(page, "Sweep: not everything could be read", "A side was refused or did not answer.", gaps.card(&mut page), @"
    # Sweep of the organization
    *Everything is read, and nothing was changed.* The button works until 2026-12-01 09:02 UTC.
    *5000 accounts*: 4986 healthy, 13 broken, 1 cannot be told
    • 9 × Another managed account uses the person's address (`email-held-by-managed-account`)
    • 3 × The person is not assigned to the Atlassian application (`not-assigned`)
    • 1 × Group memberships did not reach Atlassian (`membership-drift`)
    *Could not be read*, so what needs it is not judged:
    • `entra.provisioning-log`: 403 Forbidden
    1 can be repaired harmlessly: what provisioning would do anyway.
    • *Jane Doe* (person0@acme.example): The person was never provisioned · provision on demand
    13 need a person, or a repair of their own. The table is in the thread.
    [ Repair the harmless ones ] (asks: Repair the harmless ones? 1 person: provision 1 person on demand. No step is irreversible. Each person is read again first, and skipped if something has changed. List `09ff09f9`.)
    (Sweep `01a22b0e-1111-7587-8f82-176a680e8a9b` asked by @ada)
    ");
    let old = read.clone().and(without_preview(surveyed(7, None)));
    shows!(page, "Sweep: read by version 1", "Its entry names nobody.", old.card(&mut page), @"
    # Sweep of the organization
    *Everything is read, and nothing was changed.* The button works until 2026-12-01 09:02 UTC.
    *5000 accounts*: 4980 healthy, 19 broken, 1 cannot be told
    • 9 × Another managed account uses the person's address (`email-held-by-managed-account`)
    • 7 × Group memberships did not reach Atlassian (`membership-drift`)
    • 3 × The person is not assigned to the Atlassian application (`not-assigned`)
    7 can be repaired harmlessly: what provisioning would do anyway. 9 need an approval each. 4 need a person, or a repair of their own. The table is in the thread.
    [ Repair the harmless ones ] (asks: Repair the harmless ones? 7 people, harmless steps only. No step is irreversible. Each person is read again first, and skipped if something has changed. List `c8331d16`.)  [ Show those that need an approval ]
    (Sweep `01a22b0e-1111-7587-8f82-176a680e8a9b` asked by @ada)
    ");
    let since = SinceLastSweep { at: at(-86_400), newly: 3, gone: 8, otherwise: 1 };
    let most = read.clone().and(surveyed(12, Some(since.clone()))).requested();
    shows!(page, "Sweep: more people than the card names", "Ten people are named.", most.card(&mut page), @"
    # Sweep of the organization
    *Waiting for approval* until 2026-11-30 10:03 UTC: @ada asks @grace to approve or decline.
    *5000 accounts*: 4975 healthy, 24 broken, 1 cannot be told
    Since the sweep of 2026-11-29 09:00 UTC: 3 new, 8 gone, 1 with other causes
    • 12 × Group memberships did not reach Atlassian (`membership-drift`)
    • 9 × Another managed account uses the person's address (`email-held-by-managed-account`)
    • 3 × The person is not assigned to the Atlassian application (`not-assigned`)
    12 can be repaired harmlessly: what provisioning would do anyway.
    • *Ben Okafor* (`000006`): not in group jira-users · provision on demand and in jira-users
    • *Jane Doe* (person0@acme.example): The person was never provisioned · provision on demand
    • *Jane Doe* (person10@acme.example): The person was never provisioned · provision on demand
    • *Ben Okafor* (person11@acme.example): not in group jira-users · provision in jira-users
    • *Ben Okafor* (person1@acme.example): not in group jira-users · provision in jira-users
    • *Chiara Lindqvist* (person2@acme.example): not in groups jira-users, wiki-users · provision on demand and in these
    • *Dan <Mori>* (person3@acme.example): not in groups jira-users, wiki-users and 1 more · provision in these
    • *person4@acme.example*: not in groups jira-users, wiki-users and 2 more · provision on demand and in these
    • *Jane Doe* (person5@acme.example): The person was never provisioned · provision on demand
    • *Chiara Lindqvist* (person7@acme.example): not in groups jira-users, wiki-users · provision in these
    … and 2 more, in the table
    9 need an approval each. 4 need a person, or a repair of their own. The table is in the thread.
    [ Approve ] (asks: Approve this list? 12 people: provision 7 people on demand, 21 memberships. No step is irreversible. Each person is read again first, and skipped if something has changed. List `c552e6d8`.)  [ Decline ]  [ Show those that need an approval ]
    (Sweep `01a22b0e-1111-7587-8f82-176a680e8a9b` asked by @ada)
    ");
    let large = read.clone().and(surveyed(7, Some(since)));
    let requested = large.requested();
    shows!(page, "Sweep: it waits for an approval", "The list has more than five accounts, so an approver decides.",
        requested.card(&mut page), @"
    # Sweep of the organization
    *Waiting for approval* until 2026-11-30 10:03 UTC: @ada asks @grace to approve or decline.
    *5000 accounts*: 4980 healthy, 19 broken, 1 cannot be told
    Since the sweep of 2026-11-29 09:00 UTC: 3 new, 8 gone, 1 with other causes
    • 9 × Another managed account uses the person's address (`email-held-by-managed-account`)
    • 7 × Group memberships did not reach Atlassian (`membership-drift`)
    • 3 × The person is not assigned to the Atlassian application (`not-assigned`)
    7 can be repaired harmlessly: what provisioning would do anyway.
    • *Ben Okafor* (`000006`): not in group jira-users · provision on demand and in jira-users
    • *Jane Doe* (person0@acme.example): The person was never provisioned · provision on demand
    • *Ben Okafor* (person1@acme.example): not in group jira-users · provision in jira-users
    • *Chiara Lindqvist* (person2@acme.example): not in groups jira-users, wiki-users · provision on demand and in these
    • *Dan <Mori>* (person3@acme.example): not in groups jira-users, wiki-users and 1 more · provision in these
    • *person4@acme.example*: not in groups jira-users, wiki-users and 2 more · provision on demand and in these
    • *Jane Doe* (person5@acme.example): The person was never provisioned · provision on demand
    9 need an approval each. 4 need a person, or a repair of their own. The table is in the thread.
    [ Approve ] (asks: Approve this list? 7 people: provision 5 people on demand, 11 memberships. No step is irreversible. Each person is read again first, and skipped if something has changed. List `c8331d16`.)  [ Decline ]  [ Show those that need an approval ]
    (Sweep `01a22b0e-1111-7587-8f82-176a680e8a9b` asked by @ada)
    ");
    shows!(page, "Sweep: the approvers are called", "In the thread of the card.",
        says(&messages::sweep_waits(&access, Some("U0ADA"), None)), @"@grace the list of repairs above waits for an approver.");
    let approved = requested
        .clone()
        .and(SweepEvent::SweepApproved { by: "U0GRACE".to_owned(), digest: requested.digest() });
    shows!(page, "Sweep: the approvers are reminded", "After 24 hours, once, where `approvals.expire_after` is longer.",
        says(&messages::sweep_waits(&access, Some("U0ADA"), Some(at(0)))), @"@grace the list of repairs above has been waiting for an approver since 2026-11-30 09:00 UTC.");
    shows!(page, "Sweep: the repairs begin", "The list was approved, or is so short that it needs no approval.",
        approved.card(&mut page), @"
    # Sweep of the organization
    *Repairing:* 0 of 7 restored. In waves of 5, 50 and the rest; whatever people ask for meanwhile goes first.
    *5000 accounts*: 4980 healthy, 19 broken, 1 cannot be told
    Since the sweep of 2026-11-29 09:00 UTC: 3 new, 8 gone, 1 with other causes
    • 9 × Another managed account uses the person's address (`email-held-by-managed-account`)
    • 7 × Group memberships did not reach Atlassian (`membership-drift`)
    • 3 × The person is not assigned to the Atlassian application (`not-assigned`)
    7 can be repaired harmlessly: what provisioning would do anyway. 9 need an approval each. 4 need a person, or a repair of their own. The table is in the thread.
    [ Pause ]  [ Stop ]  [ Show those that need an approval ]
    (Sweep `01a22b0e-1111-7587-8f82-176a680e8a9b` asked by @ada)
    ");
    let repaired = |restored, skipped, failed| SweepEvent::SweepRepaired {
        begun: restored + skipped + failed,
        restored,
        skipped,
        failed,
    };
    let working = approved.clone().and(repaired(4, 1, 1));
    shows!(page, "Sweep: repairing", "After the first five repairs, the rest of the time is estimated.",
        state(&working.card(&mut page)), @"*Repairing:* 4 of 7 restored, 1 skipped because they had changed, 1 needs another look. At this rate about 1 more minute.");
    let why = PauseMessage::from(PauseDetail::RepairsFailed { failed: 1, ended: 6 });
    let stopped = working.clone().and(SweepEvent::SweepPaused { by: None, why: why.clone() });
    shows!(page, "Sweep: the repairs stopped", "Too many repairs failed. An operator decides.", stopped.card(&mut page), @"
    # Sweep of the organization
    *Repairing:* 4 of 7 restored, 1 skipped because they had changed, 1 needs another look. At this rate about 1 more minute.
    *Paused, needs an operator:* 1 of 6 repairs did not bring access back. Look at what failed, then go on or stop.
    *5000 accounts*: 4980 healthy, 19 broken, 1 cannot be told
    Since the sweep of 2026-11-29 09:00 UTC: 3 new, 8 gone, 1 with other causes
    • 9 × Another managed account uses the person's address (`email-held-by-managed-account`)
    • 7 × Group memberships did not reach Atlassian (`membership-drift`)
    • 3 × The person is not assigned to the Atlassian application (`not-assigned`)
    7 can be repaired harmlessly: what provisioning would do anyway. 9 need an approval each. 4 need a person, or a repair of their own. The table is in the thread.
    [ Go on ]  [ Stop ]  [ Show those that need an approval ]
    (Sweep `01a22b0e-1111-7587-8f82-176a680e8a9b` asked by @ada)
    ");
    shows!(page, "Sweep: the requester is told that they stopped", "In the thread of the card.",
        says(&messages::sweep_stopped("U0ADA", None, &messages::pause_message(&why))), @"@ada The repairs of this sweep stopped and wait for an operator: 1 of 6 repairs did not bring access back. Look at what failed. Then press *Go on* or *Stop* on the card above.");
    let by = Some("U0VERA".to_owned());
    let paused = working.clone().and(SweepEvent::SweepPaused { by, why: PauseDetail::PausedByPerson.into() });
    shows!(page, "Sweep: paused", "An operator pressed *Pause*.", state(&paused.card(&mut page)), @"
    *Repairing:* 4 of 7 restored, 1 skipped because they had changed, 1 needs another look. At this rate about 1 more minute.
    *Paused, needs an operator:* @vera paused the repairs. Press *Go on* or *Stop*.
    ");
    shows!(page, "Sweep: the requester is told that they are paused", "In the thread of the card.",
        says(&messages::sweep_stopped("U0ADA", Some("U0VERA"), "somebody paused it")), @"@ada The repairs of this sweep are paused: @vera pressed *Pause*. Press *Go on* or *Stop* on the card above.");
    shows!(page, "Sweep: the requester is told of one repair", "Privately. A repair of a sweep has no card of its own.",
        says(&messages::part_stopped(RUN, &Markup::new().escaped(JANE), "403 Forbidden.", None)), @"A repair of your sweep stopped, the one for jane@acme.example. Why: 403 Forbidden. Type `/reinstate status 0e8a9b` to look at it. Type `/reinstate cancel 0e8a9b` to end it, then ask for a repair of this account by itself.");
    shows!(page, "Sweep: the requester is reminded of one repair", "After 24 hours, once, privately.",
        says(&messages::part_stopped(RUN, &Markup::new().escaped(JANE), "403 Forbidden.", Some(at(0)))), @"A repair of your sweep is still waiting, the one for jane@acme.example, since 2026-11-30 09:00 UTC. Why: 403 Forbidden. Type `/reinstate status 0e8a9b` to look at it. Type `/reinstate cancel 0e8a9b` to end it, then ask for a repair of this account by itself.");
    let resumed = stopped.clone().and(SweepEvent::SweepResumed { by: "U0ADA".to_owned() });
    assert!(matches!(resumed.next(), SweepNext::Repair));
    let told = "6 of 7 accounts have their access back; 1 need another look".to_owned();
    let ended = working.and(SweepEvent::SweepEnded { message: told.as_str().into(), by: None });
    shows!(page, "Sweep: the repairs have ended", "Every repair on the list has ended.", ended.card(&mut page), @"
    # Sweep of the organization
    *Ended.* 6 of 7 accounts have their access back; 1 need another look
    *5000 accounts*: 4980 healthy, 19 broken, 1 cannot be told
    Since the sweep of 2026-11-29 09:00 UTC: 3 new, 8 gone, 1 with other causes
    • 9 × Another managed account uses the person's address (`email-held-by-managed-account`)
    • 7 × Group memberships did not reach Atlassian (`membership-drift`)
    • 3 × The person is not assigned to the Atlassian application (`not-assigned`)
    7 could be repaired harmlessly when the organization was read: what provisioning would do anyway. 9 needed an approval each. 4 were for a person, or needed no approval and are repaired one by one. The table is in the thread.
    [ Show those that need an approval ]
    (Sweep `01a22b0e-1111-7587-8f82-176a680e8a9b` asked by @ada · journal `16:7b4b8464a79f1c55694c21bf57778b2d45f17595dec719c95496008c4d0080bc`)
    ");
    shows!(page, "Sweep: the requester is told the end", "In the thread of the card.", says(&messages::sweep_over("U0ADA", &ended.folded())), @"@ada the repairs of this sweep have ended. 6 of 7 accounts have their access back; 1 need another look");
    let ended_by =
        |reason: EndReason| SweepEvent::SweepEnded { message: reason.into(), by: Some("U0GRACE".to_owned()) };
    let declined = requested.clone().and(ended_by(EndReason::ListDeclined));
    shows!(page, "Sweep: declined", "An approver declined the list.", state(&declined.card(&mut page)), @"*Declined by* @grace. Nothing was changed.");
    let unread = read.clone().and(ended_by(EndReason::ReadingStopped));
    shows!(page, "Sweep: stopped while it reads", "The person who asked for it, or an approver, pressed *Stop* or typed `cancel SWEEP`.",
        state(&unread.card(&mut page)), @"
    *Stopped by* @grace. Nothing was changed. It was stopped before everything was read, so it has no result.
    (Sweep `01a22b0e-1111-7587-8f82-176a680e8a9b` asked by @ada · journal `16:7b4b8464a79f1c55694c21bf57778b2d45f17595dec719c95496008c4d0080bc`)
    ");
    let unoffered = small.clone().and(ended_by(EndReason::OfferStopped));
    shows!(page, "Sweep: stopped before any repair", "As above, with `cancel SWEEP`.", state(&unoffered.card(&mut page)), @"*Stopped by* @grace. Nothing was changed.");
    assert_eq!(approved.folded().stop_reason(), EndReason::RepairsStopped);
    let cancelled = approved.clone().and(ended_by(EndReason::RepairsStopped));
    shows!(page, "Sweep: stopped", "Somebody pressed *Stop*.", state(&cancelled.card(&mut page)), @"*Stopped by* @grace. Repairs that had begun go on to their end. No other repair begins.");
    let over = requested.seen_at(4000);
    shows!(page, "Sweep: the time to approve is over", "For a moment, until the sweep has ended.", state(&over.card(&mut page)), @"*Ending.*");
    let nothing = begun.and(surveyed(0, None)).end();
    shows!(page, "Sweep: it ends with nothing to repair", "No repair is harmless.", state(&nothing.card(&mut page)), @"*Ended.* There is nothing that could be repaired harmlessly.");
    let unasked = small.seen_at(100_000).end();
    shows!(page, "Sweep: it ends because nobody asked", "A day has passed since everything was read.", state(&unasked.card(&mut page)), @"*Ended.* Nobody asked for the repairs within a day; another sweep will see what is there then.");
    let unapproved = over.end();
    shows!(page, "Sweep: it ends because nobody approved", "The time of `approvals.expire_after` has passed.", state(&unapproved.card(&mut page)), @"*Ended.* Nobody approved the list in time. Nothing was changed.");
    let late = approved.seen_at(100_000).end();
    shows!(page, "Sweep: it ends after a day", "An approval of a list is good for a day.", state(&late.card(&mut page)), @"*Ended.* A day has passed since the approval; what was not begun by then was left.");

    let found: Vec<SweepFinding> = (1..=9).map(found).collect();
    shows!(page, "Sweep: those that need an approval", "Privately, after *Show those that need an approval*. The pages have eight accounts each.",
        card(&cards::sweep_page(SWEEP, &found, 0)), @"
    Repairs that need an approval each, page 1 of 2
    *person1@acme.example*: Another managed account uses the person's address; Group memberships did not reach Atlassian (destructive)
    [ Repair ]
    *person2@acme.example*: Another managed account uses the person's address; Group memberships did not reach Atlassian (destructive)
    [ Repair ]
    *person3@acme.example*: Another managed account uses the person's address; Group memberships did not reach Atlassian (destructive)
    [ Repair ]
    *person4@acme.example*: Another managed account uses the person's address; Group memberships did not reach Atlassian (destructive)
    [ Repair ]
    *person5@acme.example*: Another managed account uses the person's address; Group memberships did not reach Atlassian (destructive)
    [ Repair ]
    *person6@acme.example*: Another managed account uses the person's address; Group memberships did not reach Atlassian (destructive)
    [ Repair ]
    *person7@acme.example*: Another managed account uses the person's address; Group memberships did not reach Atlassian (destructive)
    [ Repair ]
    *person8@acme.example*: Another managed account uses the person's address; Group memberships did not reach Atlassian (destructive)
    [ Repair ]
    [ Next page ]
    ");
    shows!(page, "Sweep: the last page", "Privately, after *Next page*.", card(&cards::sweep_page(SWEEP, &found, 1)), @"
    Repairs that need an approval each, page 2 of 2
    *person9@acme.example*: Another managed account uses the person's address; Group memberships did not reach Atlassian (destructive)
    [ Repair ]
    ");
    shows!(page, "Sweep: the table", "A file in the thread of the card, for a spreadsheet; `sweep --csv FILE` writes the same.",
        table(&found[0]), @r#"
    "account","verdict","causes","missing groups","missing apps","plan","risk","needs approval","something unread","atlassian account id","idp user id","plan digest"
    "person1@acme.example","broken","email-held-by-managed-account membership-drift","2","unknown","park-email provision-user","destructive","yes","no","712020:0000-0001","3b9f61aa-0001","sha256:0000000000000000000000000000000000000000000000000000000000000001"
    "#);
    let refusals = REFUSED_UPLOADS.map(|code| says(&messages::no_table(code)));
    shows!(page, "Sweep: the table cannot be uploaded", "In the thread of the card. One line for each reason.", refusals.join("\n"), @"
    Slack does not take the table of this sweep (`missing_scope`): the app lacks the scope `files:write`. Add the scope to the app, and install it again. `reinstate sweep --csv FILE` writes the same table.
    Slack does not take the table of this sweep (`channel_not_found`): the channel is gone, or Reinstate cannot see it. Invite Reinstate to the channel, or name another one as `slack.channel`. `reinstate sweep --csv FILE` writes the same table.
    Slack does not take the table of this sweep (`not_in_channel`): Reinstate is not a member of the channel. Invite Reinstate to the channel, or name another one as `slack.channel`. `reinstate sweep --csv FILE` writes the same table.
    Slack does not take the table of this sweep (`is_archived`): the channel is archived. Name another channel as `slack.channel`. `reinstate sweep --csv FILE` writes the same table.
    Slack does not take the table of this sweep (`restricted_action`): the rules of the channel do not let Reinstate post. Ask an owner of the workspace to let Reinstate post there. `reinstate sweep --csv FILE` writes the same table.
    Slack does not take the table of this sweep (`file_upload_size_restricted`): the file is larger than the workspace allows. Ask an owner of the workspace to raise the limit. `reinstate sweep --csv FILE` writes the same table.
    Slack does not take the table of this sweep (`storage_limit_reached`): the storage of the workspace is full. Ask an owner of the workspace to delete old files or to get more room. `reinstate sweep --csv FILE` writes the same table.
    Slack does not take the table of this sweep (`file_uploads_disabled`): the workspace does not allow such uploads. Ask an owner of the workspace to allow this file. `reinstate sweep --csv FILE` writes the same table.
    Slack does not take the table of this sweep (`access_denied`): the rules of the workspace or of the organization forbid it. Ask an owner of the workspace to allow this file. `reinstate sweep --csv FILE` writes the same table.
    Slack does not take the table of this sweep (`token_revoked`): Slack does not accept the token of the bot. Install the app again, and give Reinstate the new bot token. `reinstate sweep --csv FILE` writes the same table.
    Slack does not take the table of this sweep (`team_added_to_org`): the workspace is being moved to an organization. Ask for another sweep later. `reinstate sweep --csv FILE` writes the same table.
    Slack does not take the table of this sweep (`internal_error`): Slack had a problem with the file. Ask for another sweep later. `reinstate sweep --csv FILE` writes the same table.
    Slack does not take the table of this sweep (`some_other_code`): Slack does not say why. Tell the people who run Reinstate. `reinstate sweep --csv FILE` writes the same table.
    ");
    page
}

/// One of Slack's codes for each reason.
const REFUSED_UPLOADS: [&str; 13] = [
    "missing_scope",
    "channel_not_found",
    "not_in_channel",
    "is_archived",
    "restricted_action",
    "file_upload_size_restricted",
    "storage_limit_reached",
    "file_uploads_disabled",
    "access_denied",
    "token_revoked",
    "team_added_to_org",
    "internal_error",
    "some_other_code",
];

/// The line of a sweep in a list, in each of its states.
pub fn lines() -> Vec<(Markup, Option<String>)> {
    let begun = Sweep::by("U0ADA");
    let read = begun.clone().and(surveyed(7, None));
    let requested = read.clone().requested();
    let approved = requested
        .clone()
        .and(SweepEvent::SweepApproved { by: "U0GRACE".to_owned(), digest: requested.digest() });
    let paused = approved.clone().and(SweepEvent::SweepPaused { by: None, why: "5 of 7 failed".into() });
    let ending = begun.clone().and(surveyed(0, None));
    let all = [begun, read, requested, approved, paused, ending.clone(), ending.end(), Sweep::by("")];
    all.map(|one| (one.view(cards::sweep_line), Some(LINK.to_owned()))).into()
}

/// An open sweep.
#[derive(Clone)]
struct Sweep {
    events: Vec<(i64, Timestamp, SweepEvent)>,
    now: Timestamp,
}

impl Sweep {
    /// A sweep requested by this person. An empty id means the schedule.
    fn by(user: &str) -> Self {
        let asked = asked(user, Goal::default());
        let rule = "access.operator.users".to_owned();
        Self { events: Vec::new(), now: at(0) }.and(SweepEvent::SweepOpened { asked, rule, watch: None })
    }

    /// Adds an entry, one minute later.
    fn and(mut self, event: SweepEvent) -> Self {
        let seq = self.events.len() as i64 + 1;
        self.now = self.now.max(at((seq - 1) * 60));
        self.events.push((seq, self.now, event));
        self
    }

    fn seen_at(&self, second: i64) -> Self {
        Self { now: at(second), ..self.clone() }
    }

    fn requested(self) -> Self {
        let (by, digest) = (asked("U0ADA", Goal::default()), self.digest());
        self.and(SweepEvent::SweepRequested { by, digest, rule: "access.operator.users".to_owned() })
    }

    /// Ends the sweep for the reason that its state gives.
    fn end(self) -> Self {
        let SweepNext::End(why) = self.next() else { panic!("{:?}", self.next()) };
        self.and(SweepEvent::SweepEnded { message: why.into(), by: None })
    }

    fn folded(&self) -> Folded {
        Folded::fold(self.events.iter().map(|(seq, at, event)| (*seq, *at, event))).unwrap()
    }

    fn next(&self) -> SweepNext {
        self.folded().next(self.now, &limits())
    }

    fn digest(&self) -> String {
        self.folded().digest().unwrap()
    }

    /// Its card. The page records which state it covers.
    fn card(&self, page: &mut Page) -> String {
        page.covers("SweepNext", &self.next());
        self.view(|view| card(&cards::sweep_root(view)))
    }

    fn view<T>(&self, draw: impl FnOnce(&SweepView<'_>) -> T) -> T {
        let (sweep, limits, access) = (self.folded(), limits(), access());
        let head = sweep.ended.is_some().then(|| HEAD.to_owned());
        draw(&SweepView {
            id: SWEEP,
            sweep: &sweep,
            limits: &limits,
            access: &access,
            now: self.now,
            head,
            recovered: reinstate_store::Recovered::default(),
            changed_by: Vec::new(),
        })
    }
}

/// The card is read by people who decide within a minute. A whole id would fill a line and tell them nothing.
#[test]
fn the_longest_card_of_a_sweep_is_short_and_shows_whole_ids_only_in_its_last_line() {
    const COLUMNS: usize = 100;
    let since = SinceLastSweep { at: at(-86_400), newly: 3, gone: 8, otherwise: 1 };
    let mut read = surveyed(30, Some(since));
    if let SweepEvent::SweepSurveyed { tally, .. } = &mut read {
        tally.by_cause.extend(Cause::ALL.iter().map(|cause| (cause.code().to_owned(), 2)));
    }
    let card = Sweep::by("U0ADA").and(read).requested().view(cards::sweep_root);
    // The dialogs of the buttons are not part of the card.
    let shown = super::page::card(&card);
    let lines: Vec<&str> = shown.lines().map(|line| line.split(" (asks: ").next().unwrap()).collect();
    let height: usize = lines.iter().map(|line| line.chars().count().div_ceil(COLUMNS).max(1)).sum();
    assert!(height <= 30, "{height} lines:\n{shown}");
    let (last, body) = lines.split_last().unwrap();
    let is_whole_id = |word: &str| word.matches('-').count() >= 4 && word.len() >= 36;
    let ids = |text: &str| text.split([' ', '`', '(', ')', ':']).filter(|word| is_whole_id(word)).count();
    assert_eq!(ids(&body.join(" ")), 0, "{shown}");
    assert_eq!(ids(last), 1, "{last}");
}
