//! Short messages: immediate answers, refusals, and problems with a card.

use std::time::Duration;

use reinstate::config::{Access, Grant};
use reinstate::slack::command::parse;
use reinstate::slack::markup::Markup;
use reinstate::slack::messages::{self, Unresolved, click};
use reinstate_core::{Denied, Role};

use super::jane::{ADMINS, LINK, RUN, access};
use super::page::{Page, says, shows};

pub fn commands() -> Page {
    let mut page =
        Page::new("What a command is answered at once", "Only the person who typed or clicked sees it.");
    shows!(page, "The run has begun", "After `repair`, `undo`, and each button that starts a run.", says(&messages::begun(RUN, false)), @"The run has begun: run `01a22b0e-0438-7587-8f82-176a680e8a9b`. Its card shows how it goes.");
    shows!(page, "The run had begun already", "The same command came twice.", says(&messages::begun(RUN, true)), @"The run had begun already: run `01a22b0e-0438-7587-8f82-176a680e8a9b`. Its card shows how it goes.");
    shows!(page, "The sweep has begun", "After `sweep`.", says(&messages::sweep_begun(RUN, ADMINS)), @"The sweep `0e8a9b` has begun. It only reads. Its card stands in #atlassian-admins.");
    shows!(page, "The run is stopped", "After `cancel RUN`.", says(&click::stopped(RUN)), @"The run is stopped: `01a22b0e-0438-7587-8f82-176a680e8a9b`. What was done stays done; its card lists it.");
    shows!(page, "It could not be written down", "The database did not answer, and nothing was started.", says(&messages::not_written()), @"Nothing was started: the run could not be written down, because the database did not answer. Please try again in a minute; if it stays so, tell the people who run Reinstate.");
    shows!(page, "It may have been written down", "The database did not answer, and the run may have been started.", says(&messages::perhaps_written(RUN)), @"The database did not answer, so it is not known whether run `01a22b0e-0438-7587-8f82-176a680e8a9b` was started. Type `/reinstate status` in a minute before you ask again.");
    shows!(page, "The database did not answer", "For commands and clicks that start nothing.", says(&messages::no_store()), @"The database did not answer, so nothing was done. Please try again in a minute.");
    shows!(page, "It came too late", "The command was typed more than 15 minutes ago.", says(&messages::overdue()), @"The command reached the bot more than 15 minutes after it was sent, so nothing was done. Please type it again if it is still wanted.");
    shows!(page, "Too much is going on", "The bot has no room for another command.", says(&messages::busy()), @"Too much is going on right now, so nothing was started. Please try again in a minute.");
    shows!(page, "Too many checks", "More than five checks in a minute.", says(&messages::too_often(Duration::from_secs(42))), @"You have asked for 5 checks within a minute, which is the limit. Nothing was read. Try again in 42 seconds.");
    shows!(page, "Another command", "Slack sent a command of another app.", says(&messages::not_ours()), @"This bot only answers `/reinstate`; try `/reinstate help`.");
    shows!(page, "Not available yet", "A button that this version does not know.", says(&messages::not_yet()), @"
    That is not available yet. Nothing was done.
    *What Reinstate understands*
    WHO is an e-mail address, a mention or an Atlassian account id. RUN is the id of a run or a sweep, from its card; its first or last 4 characters are enough if no other id has them.
    • `/reinstate check WHO [APP]` – find out why somebody has no access, or cannot open one app; reads only (role: viewer)
    • `/reinstate repair WHO` – find out and repair, asking for approval where one is needed (role: operator)
    • `/reinstate sweep` – check every managed account (role: operator)
    • `/reinstate status [RUN]` – what runs and what waits for whom (role: viewer)
    • `/reinstate history WHO` – every run on that account (role: viewer)
    • `/reinstate report` – what repairs achieved in the last 30 days, without names (role: viewer)
    • `/reinstate cancel RUN` – stop before the next step (role: requester or approver)
    • `/reinstate undo RUN` – plan the inverse steps (role: operator)
    • `/reinstate me` – check your own account (role: none, members only)
    • `/reinstate whoami` – your roles and the rules that give them (role: none)
    • `/reinstate help` – this list (role: none)
    ");
    shows!(page, "No author", "The shortcut on a message that no person wrote.", says(&messages::no_author()), @"That message was not written by a person, so there is nobody to check. Type `/reinstate check WHO` instead.");
    shows!(page, "No window", "Slack opened no modal in time.", says(&messages::no_modal()), @"Slack could not open the window in time. Nothing was done; please click again.");
    let misunderstood = |text: &str| says(&messages::misunderstood(&parse(text).unwrap_err()));
    shows!(page, "No such command", "`chek jane@acme.example`", misunderstood("chek jane@acme.example"), @"
    There is no such command.
    The nearest correct form: `/reinstate check WHO [APP]`
    ");
    shows!(page, "No such command, and none is near", "`make coffee`", misunderstood("make coffee"), @"
    There is no such command.
    The nearest correct form: `/reinstate help`
    ");
    shows!(page, "A name alone", "`jane@acme.example`", misunderstood("jane@acme.example"), @"
    What shall be done? A name alone is no command.
    The nearest correct form: `/reinstate check WHO [APP]`
    ");
    shows!(page, "No WHO", "`check`", misunderstood("check"), @"
    Whom? WHO is an e-mail address, a mention or an Atlassian account id.
    The nearest correct form: `/reinstate check WHO [APP]`
    ");
    shows!(page, "Not one WHO", "`check jane and joe`", misunderstood("check jane and joe"), @"
    WHO is one e-mail address, one mention or one Atlassian account id.
    The nearest correct form: `/reinstate check WHO [APP]`
    ");
    shows!(page, "Too much after a command", "`sweep now`", misunderstood("sweep now"), @"
    This command takes nothing after it.
    The nearest correct form: `/reinstate sweep`
    ");
    shows!(page, "No RUN", "`cancel everything`", misunderstood("cancel everything"), @"
    RUN is the id on the card of a run or a sweep, or its first or last 4 characters or more.
    The nearest correct form: `/reinstate cancel RUN`
    ");
    shows!(page, "RUN fits several runs", "`cancel 8a9b`, by a person who may follow runs. A list of up to 5 runs follows, with person and time.", says(&messages::several_runs("8a9b")), @"Several runs or sweeps have an id that begins or ends with `8a9b`, so nothing was done. Type more of the id that you mean. The newest of them:");
    shows!(page, "RUN fits several runs, and they may not be shown", "`cancel 8a9b`, by a person without a role.", says(&messages::several_runs_unlisted("8a9b")), @"Several runs or sweeps have an id that begins or ends with `8a9b`, so nothing was done. Copy the whole id from the card of the one that you mean.");
    let unresolved = |page: &mut Page, why: Unresolved| {
        page.covers("Unresolved", &why);
        says(&Markup::new().escaped(&why.to_string()))
    };
    shows!(page, "WHO is nobody", "A mention that Slack does not know.", unresolved(&mut page, Unresolved::Nobody), @"That names nobody. Ask again with an e-mail address or an Atlassian account id.");
    shows!(page, "WHO has no address", "A mention of somebody whose address Slack does not show.", unresolved(&mut page, Unresolved::NoAddress), @"Slack shows no e-mail address for that person. Ask again with the address or an Atlassian account id.");
    shows!(page, "WHO could not be looked up", "Slack did not answer.", unresolved(&mut page, Unresolved::AskAgain), @"Slack did not answer who that is. Please try again in a minute.");
    page
}

pub fn refusals() -> Page {
    let mut page = Page::new(
        "Refusals",
        "Only the person who tried sees it. Nothing was done, and the refusal is recorded.",
    );
    let denied = |page: &mut Page, why: Denied| {
        page.covers("Denied", &why);
        says(&messages::denied(why, &access()))
    };
    shows!(page, "Another workspace", "A person of another workspace.", denied(&mut page, Denied::Stranger), @"You are not a member of this workspace, so Reinstate takes nothing from you.");
    shows!(page, "Guest", "A guest of the workspace.", denied(&mut page, Denied::Guest), @"Guests have no role in Reinstate. Ask a member of the workspace.");
    shows!(page, "Deactivated", "A deactivated Slack account.", denied(&mut page, Denied::Deactivated), @"Your Slack account is deactivated, so it has no role in Reinstate.");
    shows!(page, "Bot", "A bot or an app.", denied(&mut page, Denied::Bot), @"Bots and apps have no role in Reinstate.");
    shows!(page, "Slack did not answer who it is", "Nobody has a role then.", denied(&mut page, Denied::AskAgain), @"Slack did not answer who you are, so nobody has a role right now. Nothing was done; please try again in a minute.");
    shows!(page, "The role viewer is missing", "`check`, `status`, `history`, *Recheck* and *Details* need it.", denied(&mut page, Denied::Missing(Role::Viewer)), @"This needs the role viewer. These have it: @helpdesk, @ada.");
    shows!(page, "The role operator is missing", "`repair`, `sweep`, `undo` and *Retry* need it.", denied(&mut page, Denied::Missing(Role::Operator)), @"This needs the role operator. These have it: @ada.");
    shows!(page, "The role approver is missing", "*Approve* and *Decline* need it.", denied(&mut page, Denied::Missing(Role::Approver)), @"This needs the role approver. These have it: @grace.");
    shows!(page, "One's own request", "*Approve* by the requester.", denied(&mut page, Denied::OwnRequest), @"Nobody approves their own request. Another approver has to do it.");
    shows!(page, "One's own account", "*Approve* of a plan on one's own account.", denied(&mut page, Denied::OwnAccount), @"Nobody approves a plan on their own account. Another approver has to do it.");
    shows!(page, "Whose account it is could not be read", "*Approve*", denied(&mut page, Denied::OwnUnreadable), @"Whether this is your own account could not be read, so your approval was not taken. Try again later, or another approver must decide.");
    shows!(page, "The approver is unknown", "*Approve* by somebody whose address is known nowhere.", denied(&mut page, Denied::OwnNobody), @"Your Slack address belongs to nobody at the identity provider or at Atlassian. So nobody can tell whether this is your own account, and another approver must decide.");
    shows!(page, "The same person asked", "*Approve* by the requester, under another Slack account.", denied(&mut page, Denied::SamePerson), @"You asked for this under another Slack account, and nobody approves their own request. Another approver must decide.");
    shows!(page, "Who asked could not be read", "*Approve*", denied(&mut page, Denied::SameUnreadable), @"Whether you and the person who asked are the same could not be read, so your approval was not taken. Try again in a minute. If it stays so, somebody else must ask for it.");
    shows!(page, "The same person approved", "*Approve* a second time, under another Slack account.", denied(&mut page, Denied::AlreadyAsAnother), @"You have approved this plan already, under another Slack account. Another approver must decide.");
    shows!(page, "Approved already", "*Approve* a second time.", denied(&mut page, Denied::Already), @"You have approved this plan already.");
    let nobody = Access { operator: Grant::default(), ..access() };
    shows!(page, "Nobody has the role", "The configuration gives it to nobody.", says(&messages::holders(Role::Operator, &nobody)), @"Nobody has it; ask the people who run Reinstate.");
    shows!(page, "The requester of a run is refused", "The run was opened before it was known who asked. They are told alone.",
        says(&messages::not_begun(&Denied::Missing(Role::Operator).to_string(), None, Some(&messages::holders(Role::Operator, &access())))), @"This needs the role operator. These have it: @ada.");
    shows!(page, "Another run is at work", "A repair was asked for twice. The second requester is told alone.",
        says(&messages::not_begun("Run 000001 is already at work on the same person. Follow that one.", Some(LINK), None)), @"Run 000001 is already at work on the same person. Follow that one. Its card (https://acme.slack.com/archives/C0ADMINS/p1).");
    page
}

pub fn clicks() -> Page {
    let mut page =
        Page::new("Clicks that were not taken", "Only the person who clicked sees it. Nothing was done.");
    let says_so = |text: &'static str| says(&Markup::new().literal(text));
    shows!(page, "The run has ended", "A button on an old card.", says_so(click::RUN_ENDED), @"The run has ended, so nothing was done.");
    shows!(page, "The run is being stopped", "*Stop* a second time.", says_so(click::BEING_STOPPED), @"The run is being stopped already. Its card shows when it has ended.");
    shows!(page, "There is no plan yet", "*Approve*", says_so(click::NO_PLAN), @"The run has no plan to decide on yet, so nothing was done. Its card shows when it has one.");
    shows!(page, "The plan has changed", "*Approve* or *Decline* on an old card.", says_so(click::PLAN_CHANGED), @"The plan has changed since this card was drawn, so nothing was done. Look at the card again and decide on the new plan.");
    shows!(page, "The time to approve is over", "*Approve* or *Decline*", says_so(click::APPROVAL_OVER), @"The time to approve this plan is over, so nothing was done. Ask for the repair again.");
    shows!(page, "No approval is awaited", "Somebody else has decided.", says_so(click::NO_APPROVAL_AWAITED), @"The run no longer waits for an approval, so nothing was done. Look at its card again.");
    shows!(page, "No person is awaited", "*Retry* a second time.", says_so(click::NO_PERSON_AWAITED), @"The run no longer waits for a person, so nothing was done. Look at its card again.");
    shows!(page, "Not its card", "A button on a message that is not the card of the run.", says_so(click::NOT_ITS_CARD), @"This button does not stand on the run's card, so it does nothing. Type `/reinstate status` to find the run.");
    shows!(page, "A copy of the card", "A card that was posted twice.", says(&click::copy(Some(LINK))), @"This is a copy of the card, so its buttons do nothing. Use the card of the run (https://acme.slack.com/archives/C0ADMINS/p1).");
    shows!(page, "A copy of the card, and Slack gave no link", "As above.", says(&click::copy(None)), @"This is a copy of the card, so its buttons do nothing. Type `/reinstate status` to find the run.");
    shows!(page, "A card of another database", "The bot has posted the card, but its database does not know the run.", says(&click::other_database()), @"This card belongs to another Reinstate database than the one that answers now, so nothing was done. To repair the person, type `/reinstate repair WHO`. Tell the people who run Reinstate: `store.url` was changed, an older backup was restored, or a second Reinstate uses the same Slack app.");
    shows!(page, "The button names nobody", "A button on an old private answer.", says_so(click::NAMES_NOBODY), @"This button no longer says whom it is about. Type `/reinstate check WHO` instead.");
    shows!(page, "There is no earlier run", "`undo RUN`", says_so(click::NO_EARLIER_RUN), @"There is no such run, or it can no longer be read, so nothing was started. Type `/reinstate history WHO` to see the others.");
    shows!(page, "The earlier run has not ended", "`undo RUN`", says_so(click::NOT_ENDED), @"That run has not ended, so nothing was started. Stop it first, then ask again.");
    shows!(page, "The earlier run did nothing", "`undo RUN`", says_so(click::DID_NOTHING), @"That run did nothing, so there is nothing to take back.");
    shows!(page, "The sweep has ended", "A button on an old card of a sweep.", says_so(click::SWEEP_ENDED), @"The sweep has ended, so nothing was done.");
    shows!(page, "Not for runs", "A button of a sweep, on a run.", says_so(click::NOT_FOR_RUNS), @"This button does nothing on a run.");
    shows!(page, "Not for sweeps", "A button of a run, on a sweep.", says_so(click::NOT_FOR_SWEEPS), @"This button does nothing on a sweep.");
    shows!(page, "The list has changed", "*Repair the harmless ones* on an old card.", says_so(click::LIST_CHANGED), @"The list has changed since this card was drawn, so nothing was done. Look at the card again.");
    shows!(page, "No list is awaited", "*Approve* on an old card of a sweep.", says_so(click::NO_LIST_AWAITED), @"The sweep no longer waits for an approval of this list, so nothing was done. Look at its card again.");
    shows!(page, "The sweep has moved on", "Somebody else was first.", says_so(click::SWEEP_MOVED_ON), @"The sweep has moved on, so nothing was done. Look at its card again.");
    shows!(page, "The rows are erased", "*Show those that need an approval*, after the retention of personal data.", says_so(click::ROWS_GONE), @"The rows of this sweep are no longer kept. Ask for another sweep.");
    page
}

pub fn about_cards() -> Page {
    let mut page = Page::new("What is wrong with a card", "Only the requester is told, and once.");
    shows!(page, "It cannot be posted", "Slack does not let the bot post in `slack.channel`.", says(&messages::wrong_channel(ADMINS)), @"The card of this run and its approvals cannot be posted: #atlassian-admins is archived, shared with another company, cannot be read, Reinstate is not a member, or the rules of the channel do not let Reinstate post. Invite Reinstate to a channel of this workspace alone and name it as `slack.channel`.");
    shows!(page, "It has moved", "The channel was archived, or the bot was removed from it.", says(&messages::card_moved("C0HELP", ADMINS)), @"The card of your run could no longer be kept up to date in #help-desk: the channel was archived, or Reinstate was removed from it. The run goes on; its card now stands in #atlassian-admins.");
    shows!(page, "It was deleted", "Somebody deleted the card.", says(&messages::card_again(ADMINS)), @"Somebody deleted the card of your run in #atlassian-admins. The run goes on; there is a new card.");
    shows!(page, "It was posted anew", "Slack refused to update the card.", says(&messages::card_renewed(ADMINS, "cant_update_message")), @"Slack no longer lets Reinstate update a card of your run in #atlassian-admins (`cant_update_message`). The run goes on, and there is a new card. The buttons on the old card do nothing.");
    shows!(page, "It is refused", "Slack refused to post the card.", says(&messages::card_refused(RUN, ADMINS, "internal_error", false)), @"Slack refuses the card of your run in #atlassian-admins (`internal_error`). The run goes on. Reinstate tries again every half minute. Type `/reinstate status 01a22b0e-0438-7587-8f82-176a680e8a9b` to follow the run, or `/reinstate cancel 01a22b0e-0438-7587-8f82-176a680e8a9b` to stop it. Tell the people who run Reinstate.");
    shows!(page, "It is refused, and asks for an approval", "As above.", says(&messages::card_refused(RUN, ADMINS, "internal_error", true)), @"Slack refuses the card of your run in #atlassian-admins (`internal_error`). It asks for an approval, so the run waits, and nobody can approve it yet. Reinstate tries again every half minute. Type `/reinstate status 01a22b0e-0438-7587-8f82-176a680e8a9b` to follow the run, or `/reinstate cancel 01a22b0e-0438-7587-8f82-176a680e8a9b` to stop it. Tell the people who run Reinstate.");
    page
}
