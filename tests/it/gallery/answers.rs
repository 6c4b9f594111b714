//! The private answers to `check`, `me`, `status`, `history` and `whoami`, and the call for help.

use reinstate::slack::cards;
use reinstate::slack::messages;
use reinstate_core::access::MembershipKind;
use reinstate_core::diagnose::{AppChoice, AppName};
use reinstate_core::run::PauseReason;
use reinstate_core::{Actor, Diagnosis, Event, Goal, Plan, Role};

use super::jane::{
    ADMINS, EARLIER, JANE, LINK, RUN, Story, access, at, cannot_tell, email_held, memberships, not_assigned,
    parking, restored, ticket, two_accounts,
};
use super::page::{Page, card, says, shows};

pub fn checks() -> Page {
    let mut page = Page::new(
        "The answer to check",
        "Only the person who asked sees it, after `check WHO`, *Recheck*, or a shortcut. Nothing was changed.",
    );
    let answer =
        |(found, plan): (Diagnosis, Plan)| card(&cards::diagnosis(&found, &plan, at(20), JANE, None));
    shows!(page, "Check: healthy", "Access is as it should be.", answer(restored()), @"
    # Access of jane@acme.example
    *Healthy: access is as it should be.* Read 2026-11-30 09:00 UTC.
    *What is broken:* nothing
    :white_check_mark: good – *Identity provider*: exists and is enabled
    :white_check_mark: good – *Provisioning*: assigned; the job runs
    :white_check_mark: good – *SCIM record*: linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
    :white_check_mark: good – *Atlassian account*: active
    :white_check_mark: good – *Groups*: 2 of 2 expected
    :white_check_mark: good – *Apps*: at least one app role
    *Groups missing:* none
    *Groups present:* `jira-users`, `wiki-users`
    *Groups expected:* `jira-users`, `wiki-users`
    (Not examined: sign-in, permissions inside apps, and portal accounts.)
    [ Recheck ]
    ");
    shows!(page, "Check: a repair needs an approval", "*Repair* starts a run.", answer(parking()), @"
    # Access of jane@acme.example
    *Broken: access is missing.* Read 2026-11-30 09:00 UTC.
    *What is broken:* Another managed account bears the person's address
    *What will happen:* 3 steps: 1 destructive, 2 harmless
    *What it costs:* Account 712020:93c3f6a0-0000-4000-8000-000000000005 is signed out everywhere and can no longer sign in with jane@acme.example; never used.
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
    [ Repair ]  [ Recheck ]
    ");
    shows!(page, "Check: a harmless repair", "It begins without an approval.", answer(memberships()), @"
    # Access of jane@acme.example
    *Broken: access is missing.* Read 2026-11-30 09:00 UTC.
    *What is broken:* Group memberships were lost on the way to Atlassian
    *What will happen:* 2 steps: 2 harmless
    *What it costs:* nothing is interrupted
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
    [ Repair ]  [ Recheck ]
    ");
    shows!(page, "Check: only a person can help", "There is no step, so there is no *Repair*.", answer(not_assigned()), @"
    # Access of jane@acme.example
    *Broken: access is missing.* Read 2026-11-30 09:00 UTC.
    *What is broken:* The person is not assigned to the Atlassian application
    *What will happen:* nothing by itself; only people can do what is left.
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
    [ Recheck ]
    ");
    shows!(page, "Check: a text for a ticket", "The support of Atlassian or Microsoft can help.", answer(ticket()), @"
    # Access of jane@acme.example
    *Broken: access is missing.* Read 2026-11-30 09:00 UTC.
    *What is broken:* An account outside the organization bears the person's address
    *What will happen:* nothing by itself; only people can do what is left.
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
    [ Recheck ]
    ");
    shows!(page, "Check: two accounts", "WHO means more than one account. *Keep this account* starts a run that keeps it.",
        answer(two_accounts()), @"
    # Access of jane@acme.example
    *Broken: access is missing.* Read 2026-11-30 09:00 UTC.
    *What is broken:* Another managed account bears the person's address
    *What will happen:* nothing by itself; only people can do what is left.
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
    *Account* `712020:93c3f6a0-0000-4000-8000-000000000004` jane.miller@acme.example Jane Doe
    • last used 2026-10-02
    • linked to the person's record
    [ Keep this account ]
    *Account* `712020:93c3f6a0-0000-4000-8000-000000000005` jane@acme.example Jane Doe
    • last used 2026-09-14
    • in 2 groups
    [ Keep this account ]
    *What only a person can do*
    • Both accounts were used. Pick the account to be kept.
    [ Recheck ]
    ");
    shows!(page, "Check: it cannot be told", "Something that is needed could not be read.", answer(cannot_tell()), @"
    # Access of jane@acme.example
    *Cannot tell: not enough could be read.* Read 2026-11-30 09:00 UTC.
    *What is broken:* it cannot be told, because not enough could be read
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
    [ Recheck ]
    ");
    let (mut found, plan) = not_assigned();
    found.findings.clear();
    shows!(page, "Check: no cause could be proven", "Access is missing, and no rule explains it.", state(&answer((found, plan))), @"
    # Access of jane@acme.example
    *Broken: access is missing.* Read 2026-11-30 09:00 UTC.
    *What is broken:* access is missing, and no cause could be proven
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
        card(&cards::help_wanted("U0JANE", JANE, &email_held(), at(20), &access())), @"
    # Somebody asks for help with their Atlassian access
    @ada @jane (jane@acme.example) asks for help. Repair starts a run; Recheck shows you the whole trail first.
    *What is broken:* Another managed account bears the person's address
    [ Repair ]  [ Recheck ]
    (Read 2026-11-30 09:00 UTC)
    ");
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
    • `680e8a9b` – repair of jane@acme.example, asked by @ada: waiting for @grace until 2026-11-30 10:00 UTC, since 2026-11-30 09:00 UTC – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `680e8a9b` – repair of jane@acme.example, asked by @ada: its time to approve is over – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `680e8a9b` – repair of jane@acme.example, asked by @ada: running since 2026-11-30 09:00 UTC – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `680e8a9b` – repair of jane@acme.example, asked by @ada: needs @ada since 2026-11-30 09:00 UTC: 403 Forbidden. Press *Retry* or *Stop* – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `680e8a9b` – repair of somebody not looked up yet, asked by @ada: running since 2026-11-30 09:00 UTC
    • `680e8a9b` – undo of a repair of jane@acme.example, asked by @ada: running since 2026-11-30 09:00 UTC – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `680e8a9b` – deactivation of the left-over account of jane@acme.example, asked by @ada: running since 2026-11-30 09:00 UTC – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `00000001` – cannot be read. Type `/reinstate status 01a22a00-0000-7000-8000-000000000001`.
    … and 1 more
    ");
    shows!(page, "Status: nothing is open", "`status`", says(&messages::nothing_open()), @"Nothing runs and nothing waits.");
    shows!(page, "Status of a run", "`status RUN`: the card without its buttons.",
        card(&asks.draws(|view| cards::status(view, Some(LINK)))), @"
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
    (Run `01a22b0e-0438-7587-8f82-176a680e8a9b`, asked by @ada 2026-11-30 09:00 UTC, plan `b6ae9a20`)
    (The card of this run (https://acme.slack.com/archives/C0ADMINS/p1))
    ");
    shows!(page, "Status: the journal cannot be read", "`status RUN`", says(&messages::unreadable(RUN)), @"The journal of `01a22b0e-0438-7587-8f82-176a680e8a9b` cannot be read, because an entry was erased, changed or written by another version. Please tell the people who run Reinstate: the log says which entry it is.");
    shows!(page, "Status: no such run", "`status RUN`", says(&messages::no_run()), @"There is no such run. Type `/reinstate status` to see the open ones.");
    let ended = super::run_ends::lines();
    shows!(page, "History", "`history WHO` lists every run on that account. Each end has its words.",
        card(&cards::list(&messages::runs_on(JANE, ended.len()), &ended, ended.len())), @"
    *Runs on jane@acme.example*, newest first: 11
    • `680e8a9b` – repair of jane@acme.example, asked by @ada: Access was good from the start, 2026-11-30 09:00 UTC – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `680e8a9b` – repair of jane@acme.example, asked by @ada: Access is back, and that was proven, 2026-11-30 09:00 UTC – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `680e8a9b` – repair of jane@acme.example, asked by @ada: Done, 2026-11-30 09:00 UTC – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `680e8a9b` – repair of jane@acme.example, asked by @ada: Only people can do what is left, 2026-11-30 09:00 UTC – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `680e8a9b` – repair of jane@acme.example, asked by @ada: It could not be told, 2026-11-30 09:00 UTC – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `680e8a9b` – repair of jane@acme.example, asked by @ada: Refused, 2026-11-30 09:00 UTC – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `680e8a9b` – repair of jane@acme.example, asked by @ada: Another run is on the same account, 2026-11-30 09:00 UTC – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `680e8a9b` – repair of jane@acme.example, asked by @ada: Declined, 2026-11-30 09:00 UTC – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `680e8a9b` – repair of jane@acme.example, asked by @ada: Nobody approved in time, 2026-11-30 09:00 UTC – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `680e8a9b` – repair of jane@acme.example, asked by @ada: Stopped, 2026-11-30 09:00 UTC – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `680e8a9b` – repair of jane@acme.example, asked by @ada: Skipped: it had changed, 2026-11-30 09:00 UTC – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    ");
    shows!(page, "History: no run", "`history WHO`", says(&messages::no_history(JANE)), @"There has been no run on jane@acme.example.");
    let sweeps = super::sweeps::lines();
    shows!(page, "Status: sweeps", "Sweeps stand in the same list.", card(&cards::list(&messages::open_runs(sweeps.len()), &sweeps, sweeps.len())), @"
    *Open runs*: 8
    • `680e8a9b` – sweep, asked by @ada: reading since 2026-11-30 09:00 UTC – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `680e8a9b` – sweep, asked by @ada: waiting for @ada until 2026-12-01 09:01 UTC, since 2026-11-30 09:01 UTC. Press *Repair the harmless ones* – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `680e8a9b` – sweep, asked by @ada: waiting for @grace until 2026-11-30 10:02 UTC, since 2026-11-30 09:02 UTC – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `680e8a9b` – sweep, asked by @ada: repairing since 2026-11-30 09:03 UTC – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `680e8a9b` – sweep, asked by @ada: needs @ada since 2026-11-30 09:04 UTC: 5 of 7 failed. Press *Go on* or *Stop* – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `680e8a9b` – sweep, asked by @ada: ending – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `680e8a9b` – sweep, asked by @ada: ended, 2026-11-30 09:02 UTC – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    • `680e8a9b` – sweep by schedule: reading since 2026-11-30 09:00 UTC – its card (https://acme.slack.com/archives/C0ADMINS/p1)
    ");
    shows!(page, "Help", "`help`", says(&messages::help()), @"
    *What Reinstate understands*
    WHO is an e-mail address, a mention or an Atlassian account id. RUN is the id of a run or a sweep, from its card; its first or last 4 characters are enough if no other id has them.
    • `/reinstate check WHO [APP]` – find out why somebody has no access, or cannot open one app; reads only (role: viewer)
    • `/reinstate repair WHO` – find out and repair, asking for approval where one is needed (role: operator)
    • `/reinstate sweep` – check every managed account (role: operator)
    • `/reinstate status [RUN]` – what runs and what waits for whom (role: viewer)
    • `/reinstate history WHO` – every run on that account (role: viewer)
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
