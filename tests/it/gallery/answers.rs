//! The private answers to `check`, `me`, `status`, `history` and `whoami`, and the call for help.

use reinstate::slack::cards::{self, CheckView, HelpCall};
use reinstate::slack::messages;
use reinstate_core::access::MembershipKind;
use reinstate_core::diagnose::{AppChoice, AppName};
use reinstate_core::run::PauseReason;
use reinstate_core::{Actor, Diagnosis, Event, Goal, Outcome, Plan, Role};

use super::jane::{
    ADMINS, EARLIER, JANE, LINK, RUN, Story, access, at, cannot_tell, email_held, memberships, not_assigned,
    parking, restored, ticket, two_accounts,
};
use super::page::{Page, card, says, shows};

/// The answer to an operator, while no run on the person is open.
pub fn check_view<'a>(diagnosis: &'a Diagnosis, plan: &'a Plan) -> CheckView<'a> {
    CheckView { diagnosis, plan, at: at(20), asked: JANE, docs: None, ask_instead: None, open_run: None }
}

fn call(taken_by: Option<&str>) -> HelpCall<'_> {
    HelpCall { by: "U0JANE", asked: JANE, taken_by, at: at(20) }
}

pub fn checks() -> Page {
    let mut page = Page::new(
        "The answer to check",
        "Only the person who asked sees it, after `check WHO`, *Recheck*, or a shortcut. Nothing was changed.",
    );
    let answer = |(found, plan): (Diagnosis, Plan)| card(&cards::diagnosis(&check_view(&found, &plan)));
    let of_viewer = |(found, plan): (Diagnosis, Plan)| {
        let ask_instead = Some(messages::ask_instead(&access()));
        let open_run = Some((RUN.to_owned(), Some(LINK.to_owned())));
        card(&cards::diagnosis(&CheckView { ask_instead, open_run, ..check_view(&found, &plan) }))
    };
    shows!(page, "Check: healthy", "Access is as it should be.", answer(restored()), @"
    # Jane Doe (jane@acme.example): access is complete
    Read 2026-11-30 09:00 UTC
    (Identity provider :white_check_mark: · Provisioning :white_check_mark: · SCIM record :white_check_mark: · Atlassian account :white_check_mark: · Groups :white_check_mark: · Apps :white_check_mark:
    Not examined: sign-in, permissions inside apps, and portal accounts.)
    [ Details ]  [ Recheck ]
    ");
    shows!(page, "Check: a repair needs an approval", "*Repair* starts a run.", answer(parking()), @"
    # Jane Doe (jane@acme.example): 2 groups are missing
    Read 2026-11-30 09:00 UTC
    *Cause:* Another managed account uses the person's address.
    *A repair would do this:*
    1. Move jane@acme.example off account Jane Doe (…0005) · :warning: *destructive*
    2. Provision Jane Doe on demand · harmless
    3. Provision Jane Doe in jira-users · harmless
    (Identity provider :white_check_mark: · Provisioning :white_check_mark: · SCIM record :x: · Atlassian account :white_check_mark: · Groups :x: · Apps :x:)
    [ Repair ]  [ Details ]  [ Recheck ]
    ");
    shows!(page, "Check: a repair, and the reader may not begin it", "A viewer reads it while a run on the person is open.", of_viewer(parking()), @"
    # Jane Doe (jane@acme.example): 2 groups are missing
    Read 2026-11-30 09:00 UTC
    *Cause:* Another managed account uses the person's address.
    *A run on this person is open:* `0e8a9b`, its card (https://acme.slack.com/archives/C0ADMINS/p1)
    *A repair would do this:* Ask @ada for it.
    1. Move jane@acme.example off account Jane Doe (…0005) · :warning: *destructive*
    2. Provision Jane Doe on demand · harmless
    3. Provision Jane Doe in jira-users · harmless
    (Identity provider :white_check_mark: · Provisioning :white_check_mark: · SCIM record :x: · Atlassian account :white_check_mark: · Groups :x: · Apps :x:)
    [ Details ]  [ Recheck ]
    ");
    shows!(page, "Check: a harmless repair", "It begins without an approval.", answer(memberships()), @"
    # Jane Doe (jane@acme.example): 2 groups are missing
    Read 2026-11-30 09:00 UTC
    *Cause:* Group memberships did not reach Atlassian.
    *A repair would do this:*
    1. Provision Jane Doe in jira-users, wiki-users · harmless
    (Identity provider :white_check_mark: · Provisioning :white_check_mark: · SCIM record :white_check_mark: · Atlassian account :white_check_mark: · Groups :x: · Apps :x:)
    [ Repair ]  [ Details ]  [ Recheck ]
    ");
    shows!(page, "Check: only a person can help", "There is no step, so there is no *Repair*.", answer(not_assigned()), @"
    # Jane Doe (jane@acme.example): access is not in order
    Read 2026-11-30 09:00 UTC
    *Cause:* The person is not assigned to the Atlassian application.
    *What to do* (there is nothing that Reinstate can repair):
    • Assign jane@acme.example (object id …0004): make them a direct member of a group that is assigned (jira-users, wiki-users).
    (Identity provider :white_check_mark: · Provisioning :x: · SCIM record :white_check_mark: · Atlassian account :white_check_mark: · Groups :x: · Apps :x:)
    [ Details ]  [ Recheck ]
    ");
    shows!(page, "Check: a text for a ticket", "The support of Atlassian or Microsoft can help.", answer(ticket()), @"
    # Jane Doe (jane@acme.example): access is not in order
    Read 2026-11-30 09:00 UTC
    *Cause:* An account outside the organization uses the person's address.
    *What to do* (there is nothing that Reinstate can repair):
    • An account that this organization does not manage bears jane@acme.example.
    A text for a support ticket is in *Details*.
    (Identity provider :white_check_mark: · Provisioning :x: · SCIM record :white_check_mark: · Atlassian account :white_check_mark: · Groups :x: · Apps :x:)
    [ Details ]  [ Recheck ]
    ");
    shows!(page, "Check: two accounts", "WHO means more than one account. *Keep this account* starts a run that keeps it.",
        answer(two_accounts()), @"
    # Jane Doe (jane@acme.example): 2 groups are missing
    Read 2026-11-30 09:00 UTC
    *Cause:* Another managed account uses the person's address.
    *What to do* (there is nothing that Reinstate can repair):
    • Both accounts were used. Pick the account to be kept.
    *Account* Jane Doe (…0004, added 2026-03-02) jane.miller@acme.example · last used 2026-10-02 · linked to the person's record
    [ Keep this account ]
    *Account* Jane Doe (…0005, added 2026-03-02) jane@acme.example · last used 2026-09-14 · in 2 groups
    [ Keep this account ]
    (Identity provider :white_check_mark: · Provisioning :white_check_mark: · SCIM record :x: · Atlassian account :white_check_mark: · Groups :x: · Apps :x:)
    [ Details ]  [ Recheck ]
    ");
    shows!(page, "Check: it cannot be told", "Something that is needed could not be read.", answer(cannot_tell()), @"
    # Could not check Jane Doe (jane@acme.example)
    Read 2026-11-30 09:00 UTC
    *Cause:* not known, because not everything could be read.
    (Identity provider :white_check_mark: · Provisioning :white_check_mark: · SCIM record :white_check_mark: · Atlassian account :grey_question: not read · Groups :grey_question: not read · Apps :grey_question: not read)
    [ Details ]  [ Recheck ]
    ");
    let (mut found, plan) = not_assigned();
    found.findings.clear();
    shows!(page, "Check: no cause could be proven", "Access is missing, and no rule explains it.", state(&answer((found, plan))), @"
    # Jane Doe (jane@acme.example): access is not in order
    Read 2026-11-30 09:00 UTC
    *Cause:* not proven; access is missing.
    ");
    shows!(page, "Check: reading takes long", "After four seconds. The answer follows.", says(&messages::still_reading()), @"Still reading; the answer follows here.");
    let app = |key: &str, site: &str| AppName {
        app: key.to_owned(),
        site: Some(site.to_owned()),
        resource: format!("ari:cloud:{key}::site/{site}"),
    };
    let choice = |asked: &str, several, apps| AppChoice { asked: asked.to_owned(), several, apps };
    let wikis = choice("confl", true, vec![app("confluence", "acme"), app("confluence", "lab")]);
    shows!(page, "Check: several apps", "`check WHO APP`, and APP means several apps.", says(&messages::unclear_app(&wikis)), @"
    `confl` means several apps. Use more of the name of one of these:
    • confluence (acme)
    • confluence (lab)
    ");
    let none = choice("trello", false, vec![app("confluence", "acme"), app("jira-software", "acme")]);
    shows!(page, "Check: no such app", "`check WHO APP`, and APP means no app of the organization.", says(&messages::unclear_app(&none)), @"
    `trello` means no app of the organization. These are its apps:
    • confluence (acme)
    • jira-software (acme)
    ");
    page
}

pub fn me() -> Page {
    let mut page = Page::new(
        "One's own access",
        "Only the person who asked sees it, after `me` or *Check my own access*. It uses plain words.",
    );
    let answer = |(found, _): (Diagnosis, Plan)| card(&cards::me(&found, at(20)));
    shows!(page, "Me: healthy", "Everything is as it should be.", answer(restored()), @"
    # Your Atlassian access
    *Everything looks right.* If Jira or Confluence still shows nothing, sign out there and in again.
    [ Ask my admins for help ]
    (Read 2026-11-30 09:00 UTC. Nothing was changed. Only you see this.)
    ");
    shows!(page, "Me: a cause was found", "At most three causes are told.", answer(parking()), @"
    # Your Atlassian access
    *Something is wrong with your access.*
    Your company account and your Atlassian account have lost each other. Nothing of what you wrote is gone.
    *What to do:* Your admins can fix this. Press the button below to ask them.
    [ Ask my admins for help ]
    (Read 2026-11-30 09:00 UTC. Nothing was changed. Only you see this.)
    ");
    let (mut found, plan) = not_assigned();
    found.findings.clear();
    shows!(page, "Me: no cause could be proven", "Access is missing, and no rule explains it.", answer((found, plan)), @"
    # Your Atlassian access
    *Something is wrong with your access.*
    *What to do:* Press the button below. Your admins then see what could be read.
    [ Ask my admins for help ]
    (Read 2026-11-30 09:00 UTC. Nothing was changed. Only you see this.)
    ");
    shows!(page, "Me: it cannot be told", "Something that is needed could not be read.", answer(cannot_tell()), @"
    # Your Atlassian access
    *It could not be told whether your access is right.* Not everything could be read.
    *What to do:* Press the button below. Your admins then see what could be read.
    [ Ask my admins for help ]
    (Read 2026-11-30 09:00 UTC. Nothing was changed. Only you see this.)
    ");
    shows!(page, "Me: no address", "Slack shows no e-mail address for the person.", says(&messages::no_own_address()), @"Slack shows no e-mail address for you, so your Atlassian account could not be looked up. Nothing was read. Please ask your help desk directly.");
    shows!(page, "The call for help", "Posted in `slack.channel` for the operators, after *Ask my admins for help*.",
        card(&cards::help_wanted(&call(None), &email_held(), None, &access())), @"
    # Help wanted: Jane Doe (jane@acme.example)
    @ada Please help @jane.
    *Cause:* Another managed account uses the person's address.
    [ Repair ]  [ Recheck ]
    (Read 2026-11-30 09:00 UTC)
    ");
    shows!(page, "The call for help was taken", "Somebody pressed *Repair* on it.",
        card(&cards::help_wanted(&call(Some("U0ADA")), &email_held(), None, &access())), @"
    # Help wanted: Jane Doe (jane@acme.example)
    *Taken by* @ada. A repair has begun for @jane.
    *Cause:* Another managed account uses the person's address.
    (Read 2026-11-30 09:00 UTC)
    ");
    shows!(page, "Help was given", "To the person who asked, privately, at the end of the repair.", says(&messages::helped(Outcome::Restored)), @"Your admins have repaired your Atlassian access. If an app still shows nothing, sign out there and in again.");
    shows!(page, "Help was not needed any more", "To the person who asked.", says(&messages::helped(Outcome::Healthy)), @"Your admins have looked at your Atlassian access, and it is in order now. If an app still shows nothing, sign out there and in again.");
    shows!(page, "Help could not be given yet", "To the person who asked.", says(&messages::helped(Outcome::Advice)), @"Your admins have looked at your Atlassian access. It is not repaired yet, and they know what is missing. You need not ask again.");
    shows!(page, "Help was asked for", "To the person who asked.", says(&messages::help_is_asked(ADMINS)), @"Your admins have been asked for help, in #atlassian-admins. They see what was found. You need not do anything else; they will write to you.");
    shows!(page, "Help was asked for before", "A person can ask once a day.", says(&messages::help_was_asked()), @"You have asked your admins for help today already, so they were not asked again. You can ask again tomorrow.");
    shows!(page, "Help could not be asked for", "The channel is shared, or the bot is not in it.", says(&messages::help_not_asked(&access())), @"Your call for help could not be delivered to the admins' channel. Please write to them yourself. These have it: @ada.");
    page
}

pub fn lists() -> Page {
    let mut page =
        Page::new("Status, history, whoami and help", "Only the person who typed the command sees it.");
    let line = |story: &Story| story.draws(cards::line);
    let asks = Story::repair().planned(parking());
    let link = || Some(LINK.to_owned());
    let stopped = asks.clone().approved().began(0, 1).and(Event::Paused {
        step: Some(0),
        halt: PauseReason::Refused,
        why: "403 Forbidden".into(),
    });
    let shown = [
        (line(&asks), link()),
        (line(&asks.clone().seen_at(4000)), link()),
        (line(&asks.clone().approved()), link()),
        (line(&stopped), link()),
        (line(&Story::asked(Goal::default())), None),
        (line(&Story::of(Goal::Undo { run: EARLIER.to_owned() })), link()),
        (line(&Story::of(Goal::Retire { run: EARLIER.to_owned() })), link()),
        (cards::unreadable_line(EARLIER), None),
    ];
    shows!(page, "Status", "`status` lists what is open, at most 20.", card(&cards::list(&messages::open_runs(9), &shown, 9)), @"
    *Open runs*: 9
    • `0e8a9b` – repair of jane@acme.example, asked by @ada: waiting for @grace until 2026-11-30 10:00 UTC, since 2026-11-30 09:00 UTC – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `0e8a9b` – repair of jane@acme.example, asked by @ada: its time to approve is over – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `0e8a9b` – repair of jane@acme.example, asked by @ada: running since 2026-11-30 09:00 UTC – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `0e8a9b` – repair of jane@acme.example, asked by @ada: needs @ada since 2026-11-30 09:00 UTC: 403 Forbidden. Press *Retry* or *Stop* – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `0e8a9b` – repair of somebody not looked up yet, asked by @ada: running since 2026-11-30 09:00 UTC
    • `0e8a9b` – undo of a repair of jane@acme.example, asked by @ada: running since 2026-11-30 09:00 UTC – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `0e8a9b` – deactivation of the left-over account of jane@acme.example, asked by @ada: running since 2026-11-30 09:00 UTC – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `000001` – cannot be read. Type `/reinstate status 01a22a00-0000-7000-8000-000000000001`.
    … and 1 more
    ");
    shows!(page, "Status: nothing is open", "`status`", says(&messages::nothing_open()), @"Nothing runs and nothing waits.");
    shows!(page, "Status of a run", "`status RUN`: the card without its buttons.",
        card(&asks.draws(|view| cards::status(view, Some(LINK)))), @"
    # Repair access for Jane Doe (jane@acme.example)
    *Waiting for approval* until 2026-11-30 10:00 UTC · @grace
    *Cause:* Another managed account uses the person's address.
    1. Move jane@acme.example off account Jane Doe (…0005) · :warning: *destructive*
    2. Provision Jane Doe on demand · harmless
    3. Provision Jane Doe in jira-users · harmless
    *Impact:* Account Jane Doe (…0005, added 2026-03-02), never used, is signed out everywhere and can no longer sign in with jane@acme.example.
    (run `0e8a9b` · plan `351f4184` · requested by @ada 2026-11-30 09:00 UTC)
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b` · its card (https://acme.slack.com/archives/C0ADMINS/p1))
    ");
    shows!(page, "Status: the journal cannot be read", "`status RUN`", says(&messages::unreadable(RUN)), @"The journal of `01a22b0e-0438-7587-8f82-176a680e8a9b` cannot be read, because an entry was erased, changed or written by another version. Please tell the people who run Reinstate: the log says which entry it is.");
    shows!(page, "Status: no such run", "`status RUN`", says(&messages::no_run()), @"There is no such run. Type `/reinstate status` to see the open ones.");
    let ended = super::run_ends::lines();
    shows!(page, "History", "`history WHO` lists every run on that account. Each end has its words.",
        card(&cards::list(&messages::runs_on(JANE, ended.len()), &ended, ended.len())), @"
    *Runs on jane@acme.example*, newest first: 11
    • `0e8a9b` – repair of jane@acme.example, asked by @ada: Access was already fine, 2026-11-30 09:00 UTC – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `0e8a9b` – repair of jane@acme.example, asked by @ada: Access restored and verified, 2026-11-30 09:00 UTC – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `0e8a9b` – repair of jane@acme.example, asked by @ada: Done, 2026-11-30 09:00 UTC – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `0e8a9b` – repair of jane@acme.example, asked by @ada: A person has to do the rest, 2026-11-30 09:00 UTC – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `0e8a9b` – repair of jane@acme.example, asked by @ada: Could not check, 2026-11-30 09:00 UTC – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `0e8a9b` – repair of jane@acme.example, asked by @ada: Refused, 2026-11-30 09:00 UTC – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `0e8a9b` – repair of jane@acme.example, asked by @ada: Another run works on the same account, 2026-11-30 09:00 UTC – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `0e8a9b` – repair of jane@acme.example, asked by @ada: Declined, 2026-11-30 09:00 UTC – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `0e8a9b` – repair of jane@acme.example, asked by @ada: Nobody approved in time, 2026-11-30 09:00 UTC – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `0e8a9b` – repair of jane@acme.example, asked by @ada: Stopped, 2026-11-30 09:00 UTC – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `0e8a9b` – repair of jane@acme.example, asked by @ada: Skipped, because the account had changed, 2026-11-30 09:00 UTC – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    ");
    shows!(page, "History: no run", "`history WHO`", says(&messages::no_history(JANE)), @"There has been no run on jane@acme.example.");
    let sweeps = super::sweeps::lines();
    shows!(page, "Status: sweeps", "Sweeps stand in the same list.", card(&cards::list(&messages::open_runs(sweeps.len()), &sweeps, sweeps.len())), @"
    *Open runs*: 8
    • `0e8a9b` – sweep, asked by @ada: reading since 2026-11-30 09:00 UTC – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `0e8a9b` – sweep, asked by @ada: waiting for @ada until 2026-12-01 09:01 UTC, since 2026-11-30 09:01 UTC. Press *Repair the harmless ones* – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `0e8a9b` – sweep, asked by @ada: waiting for @grace until 2026-11-30 10:02 UTC, since 2026-11-30 09:02 UTC – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `0e8a9b` – sweep, asked by @ada: repairing since 2026-11-30 09:03 UTC – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `0e8a9b` – sweep, asked by @ada: needs @ada since 2026-11-30 09:04 UTC: 5 of 7 failed. Press *Go on* or *Stop* – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `0e8a9b` – sweep, asked by @ada: ending – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `0e8a9b` – sweep, asked by @ada: ended, 2026-11-30 09:02 UTC – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `0e8a9b` – sweep by schedule: reading since 2026-11-30 09:00 UTC – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    ");
    shows!(page, "Help", "`help`", says(&messages::help()), @"
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

    let actor = |standing, roles: &[(Role, &str)], complete| Actor {
        id: "U0ADA".to_owned(),
        membership: standing,
        roles: roles.iter().map(|(role, rule)| (*role, (*rule).to_owned())).collect(),
        roles_complete: complete,
        email: Some("ada@acme.example".to_owned()),
    };
    let whoami = |page: &mut Page, actor: Actor| {
        page.covers("MembershipKind", &actor.membership);
        says(&messages::whoami(&actor, true))
    };
    let roles = [
        (Role::Operator, "access.operator.users"),
        (Role::Approver, "access.approver.usergroups S0HELPDESK"),
    ];
    shows!(page, "Whoami", "`whoami`", whoami(&mut page, actor(MembershipKind::Member, &roles, true)), @"
    You are @ada. Your roles:
    • operator, through access.operator.users
    • approver, through access.approver.usergroups S0HELPDESK
    ");
    shows!(page, "Whoami: no role", "`whoami`", whoami(&mut page, actor(MembershipKind::Member, &[], true)), @"
    You are @ada. Your roles:
    • none
    ");
    shows!(page, "Whoami: not all groups could be read", "`whoami`", whoami(&mut page, actor(MembershipKind::Member, &roles, false)), @"
    You are @ada. Your roles:
    • operator, through access.operator.users
    • approver, through access.approver.usergroups S0HELPDESK
    Some user groups could not be read, so there may be more.
    ");
    shows!(page, "Whoami: a guest", "`whoami`", whoami(&mut page, actor(MembershipKind::Guest, &[], true)), @"You are @ada. Guests have no role in Reinstate. Ask a member of the workspace.");
    shows!(page, "Whoami: another workspace", "`whoami`", whoami(&mut page, actor(MembershipKind::Stranger, &[], true)), @"You are @ada. You are not a member of this workspace, so Reinstate takes nothing from you.");
    shows!(page, "Whoami: deactivated", "`whoami`", whoami(&mut page, actor(MembershipKind::Deactivated, &[], true)), @"You are @ada. Your Slack account is deactivated, so it has no role in Reinstate.");
    shows!(page, "Whoami: a bot", "`whoami`", whoami(&mut page, actor(MembershipKind::Bot, &[], true)), @"You are @ada. Bots and apps have no role in Reinstate.");
    shows!(page, "Whoami: Slack did not answer", "`whoami`", whoami(&mut page, actor(MembershipKind::Unknown, &[], true)), @"You are @ada. Slack did not answer who you are, so nobody has a role right now. Please try again in a minute.");
    page
}

/// The first sentence of an answer, and what is broken.
fn state(card: &str) -> String {
    card.lines().take(3).collect::<Vec<_>>().join("\n")
}
