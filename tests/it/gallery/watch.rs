//! The messages of the watch: the cards of the sweeps that it opens.

use reinstate::slack::cards::{self, SweepView, sweep_line, sweep_root};
use reinstate_core::evidence::Workspace;
use reinstate_core::run::{EndReason, Request};
use reinstate_core::sweep::{RepairList, RepairPreview, Sweep, SweepEvent, SweepFinding, Tally};
use reinstate_core::warning::{Credential, GroupSize, Stage, Warning};
use reinstate_core::watch::{Feed, TenantFault, WatchReason, Watched};
use reinstate_core::{Cause, Fold as _, Goal};
use reinstate_store::Recovered;

use super::jane::{access, asked, at, limits};
use super::page::{Page, card, says, shows};
use super::swept::{drifted, found};

const SWEEP: &str = "01a22b0e-2222-7587-8f82-176a680e8a9b";

pub fn page() -> Page {
    let mut page = Page::new(
        "The watch",
        "The watch posts in `slack.channel` who lost access. The message is the card of a sweep that is only about these \
         people. It is sent once, and updated when access is back.",
    );
    let lost = || Watched {
        reason: WatchReason::Lost { faults: Vec::new(), actions: Vec::new() },
        unread: Vec::new(),
    };
    let people = || vec![drifted(0), drifted(1), found(9)];
    shows!(page, "Watch: people lost access", "An operator can ask for the harmless repairs.", drawn(&lost(), people(), Recovered::default()), @"
    # 3 people lost access
    Nothing was changed. The button works until 2026-12-01 09:00 UTC.
    2 × Group memberships did not reach Atlassian (`membership-drift`)
    1 × The person was never provisioned (`never-provisioned`)
    1 × Another managed account uses the person's address (`email-held-by-managed-account`)
    • *Jane Doe* (person0@acme.example): The person was never provisioned
    • *Ben Okafor* (person1@acme.example): Group memberships did not reach Atlassian
    • *person9@acme.example*: Another managed account uses the person's address; Group memberships did not reach Atlassian
    2 can be repaired without an approval: what provisioning would do anyway. For the others, type `/reinstate repair WHO`.
    [ Repair the harmless ones ] (asks: Repair the harmless ones? 2 people: provision 1 person on demand, 1 membership. No step is irreversible. Each person is read again first, and skipped if something has changed. List `848cea5a`.)
    (Sweep `01a22b0e-2222-7587-8f82-176a680e8a9b` by the watch)
    ");
    let by = vec![("Vera Admin".to_owned(), 2), ("Bob".to_owned(), 1)];
    shows!(page, "Watch: a log names who changed something", "Only Atlassian's audit log names people. These lines stand under the names of the people.",
        view_after(&surveyed(&lost(), people()), Recovered::default(), by, |view| card(&sweep_root(view)))
            .lines().filter(|line| line.contains("changed something")).collect::<Vec<_>>().join("\n"), @"
    *Vera Admin* changed something about 2 of these 3 people shortly before. Ask whether it was meant.
    *Bob* changed something about 1 of these 3 people shortly before. Ask whether it was meant.
    ");
    shows!(page, "Watch: what the person hears", "With `[watch] tell_people`: a direct message to each person who lost access, once for each loss.",
        card(&cards::lost_access(&[Cause::MembershipDrift], at(20))), @"
    # Your Atlassian access
    *You may not be able to open Jira or Confluence right now.*
    You belong to the right groups in your company, but Atlassian does not know of all of them.
    Your admins have been told. You need not do anything.
    [ Check my access now ]  [ Do not tell me again ]
    (Found 2026-11-30 09:00 UTC. Only you see this.)
    ");
    shows!(page, "Watch: the person does not want to be told", "They pressed *Do not tell me again*.", card(&cards::telling_is_set(true)), @"
    You will not be told again when you lose access. Your admins still are.
    [ Tell me again ]
    ");
    shows!(page, "Watch: the person wants to be told again", "They pressed *Tell me again*.", card(&cards::telling_is_set(false)), @"
    You will be told when you lose access.
    [ Do not tell me again ]
    ");
    shows!(page, "Watch: some have access again", "The message is updated.", drawn(&lost(), people(), Recovered { people: 2, faults: 0 }), @"
    # 3 people lost access
    *2 of 3 have access again.*
    Nothing was changed. The button works until 2026-12-01 09:00 UTC.
    2 × Group memberships did not reach Atlassian (`membership-drift`)
    1 × The person was never provisioned (`never-provisioned`)
    1 × Another managed account uses the person's address (`email-held-by-managed-account`)
    • *Jane Doe* (person0@acme.example): The person was never provisioned
    • *Ben Okafor* (person1@acme.example): Group memberships did not reach Atlassian
    • *person9@acme.example*: Another managed account uses the person's address; Group memberships did not reach Atlassian
    2 can be repaired without an approval: what provisioning would do anyway. For the others, type `/reinstate repair WHO`.
    [ Repair the harmless ones ] (asks: Repair the harmless ones? 2 people: provision 1 person on demand, 1 membership. No step is irreversible. Each person is read again first, and skipped if something has changed. List `848cea5a`.)
    (Sweep `01a22b0e-2222-7587-8f82-176a680e8a9b` by the watch)
    ");
    shows!(page, "Watch: one person lost access, and nothing can be repaired without an approval", "The sweep ends at once.", drawn(&lost(), vec![found(9)], Recovered::default()), @"
    # 1 person lost access
    • *person9@acme.example*: Another managed account uses the person's address; Group memberships did not reach Atlassian
    Nothing can be repaired without an approval. Type `/reinstate repair WHO` to ask for it.
    (Sweep `01a22b0e-2222-7587-8f82-176a680e8a9b` by the watch)
    ");
    let fault =
        TenantFault { cause: Cause::ProvisioningStopped, evidence: "the job's state is Paused".to_owned() };
    let reason = WatchReason::Lost { faults: vec![fault], actions: vec!["domain_removed".to_owned()] };
    let unread = vec![(Feed::ProvisioningLog, "403 Forbidden".to_owned())];
    let everybody = Watched { reason, unread };
    shows!(page, "Watch: something concerns everybody", "Each is one sentence with its evidence. A feed that cannot be read is named once.",
        drawn(&everybody, Vec::new(), Recovered::default()), @"
    # The watch found what concerns everybody
    *Concerns everybody:* Provisioning is stopped (`provisioning-stopped`): the job's state is Paused.
    *Concerns everybody:* the audit log of Atlassian has `domain_removed`.
    *Not watched:* Entra's provisioning log, because 403 Forbidden
    (Sweep `01a22b0e-2222-7587-8f82-176a680e8a9b` by the watch)
    ");
    shows!(page, "Watch: it concerns everybody, and people lost access as well", "No repairs are offered until it is corrected.",
        drawn(&everybody, people(), Recovered::default()), @"
    # 3 people lost access
    *Concerns everybody:* Provisioning is stopped (`provisioning-stopped`): the job's state is Paused.
    *Concerns everybody:* the audit log of Atlassian has `domain_removed`.
    2 × Group memberships did not reach Atlassian (`membership-drift`)
    1 × The person was never provisioned (`never-provisioned`)
    1 × Another managed account uses the person's address (`email-held-by-managed-account`)
    • *Jane Doe* (person0@acme.example): The person was never provisioned
    • *Ben Okafor* (person1@acme.example): Group memberships did not reach Atlassian
    • *person9@acme.example*: Another managed account uses the person's address; Group memberships did not reach Atlassian
    Correct first what concerns everybody. Until then, no repairs are offered.
    *Not watched:* Entra's provisioning log, because 403 Forbidden
    (Sweep `01a22b0e-2222-7587-8f82-176a680e8a9b` by the watch)
    ");
    shows!(page, "Watch: what concerned everybody is over", "The message is updated.", drawn(&everybody, Vec::new(), Recovered { people: 0, faults: 1 }), @"
    # The watch found what concerns everybody
    *What concerned everybody is over.*
    *Concerns everybody:* Provisioning is stopped (`provisioning-stopped`): the job's state is Paused.
    *Concerns everybody:* the audit log of Atlassian has `domain_removed`.
    *Not watched:* Entra's provisioning log, because 403 Forbidden
    (Sweep `01a22b0e-2222-7587-8f82-176a680e8a9b` by the watch)
    ");
    let storm = Watched { reason: WatchReason::Storm { people: 73 }, unread: Vec::new() };
    shows!(page, "Watch: too many people changed at once", "The card of the sweep that it opens.", reading(&storm), @"
    # Sweep of the organization
    *Reading all accounts and groups.*
    *Opened by the watch:* 73 people changed at once. So everybody is read, and nobody is looked at alone.
    [ Stop ]
    (Sweep `01a22b0e-2222-7587-8f82-176a680e8a9b` by the watch)
    ");
    let gap = Watched { reason: WatchReason::Gap { feeds: Feed::ALL.to_vec() }, unread: Vec::new() };
    shows!(page, "Watch: it begins, or has lost its place", "The card of the sweep that it opens.", reading(&gap), @"
    # Sweep of the organization
    *Reading all accounts and groups.*
    *Opened by the watch:* it begins now to follow the users in Entra, the group members in Entra, Entra's provisioning log, Atlassian's audit log. What happened before is unknown, so everybody is read once.
    [ Stop ]
    (Sweep `01a22b0e-2222-7587-8f82-176a680e8a9b` by the watch)
    ");
    shows!(page, "Warnings: what runs out", "Posted in `slack.channel`, once for each stage: 30, 7 and 1 days before, and when it is over. It needs no watch.",
        drawn(&warned(every_warning()), Vec::new(), Recovered::default()), @"
    # 7 warnings
    *The API key of the Atlassian organization ends on 2026-12-29.* After that, Reinstate diagnoses and repairs nothing. Make a new key without scopes in admin.atlassian.com > *Settings* > *API keys*. Put it into `REINSTATE_ATLASSIAN_ORG_KEY` and its end into `expiry.org_key`, and restart Reinstate.
    *The SCIM key of the directory 6c2f ends on 2026-12-29.* After that, Atlassian refuses everything that Entra ID provisions, for everybody. Make a new key in admin.atlassian.com > *Security* > *Identity providers* > the directory. It ends the old one, so put it at once into *Provisioning* > *Admin credentials* of the Atlassian application at Entra ID. Put it also into `REINSTATE_ATLASSIAN_SCIM_KEY` (`…_2` for the second directory) and its end into `expiry.scim_keys`, and restart Reinstate.
    *The client secret of Reinstate at Entra ID ends on 2026-12-29.* After that, Reinstate can no longer log in to Entra ID, so it diagnoses and repairs nothing. Make a new secret in *App registrations* > Reinstate > *Certificates & secrets*. Put it into `REINSTATE_ENTRA_CLIENT_SECRET`, and restart Reinstate.
    *The certificate of Reinstate at Entra ID ends on 2026-12-29.* After that, Reinstate can no longer log in to Entra ID, so it diagnoses and repairs nothing. Upload a new certificate in *App registrations* > Reinstate > *Certificates & secrets*. Put it with its key into `REINSTATE_ENTRA_CERTIFICATE`, and restart Reinstate.
    *Jira (acme): 96 of 100 seats are taken.* When none is left, people who are added to its groups do not get the app. Free seats, or buy more.
    *The group everybody has 34100 of the 35000 members that the synchronization to Atlassian takes.* When it has that many, new members do not arrive. Split the group at the identity provider into smaller groups. Assign these to the Atlassian application, and give them the same roles at Atlassian before people are moved.
    *The provisioning job has finished no cycle since 2026-11-30 09:00 UTC.* It is active, and a cycle takes about 40 minutes. Until one ends, no change at Entra ID reaches Atlassian. Look at the progress and the logs in *Enterprise applications* > the Atlassian application > *Provisioning*.
    (Warning `01a22b0e-2222-7587-8f82-176a680e8a9b`)
    ");
    let over =
        [Credential::OrganizationKey, Credential::ScimKey("6c2f".to_owned()), Credential::ClientSecret]
            .map(|of| Warning::Expiry { of, ends: at(0), stage: Stage::Over });
    shows!(page, "Warnings: it is over", "A stated date may be old. So the message does not claim that the key no longer works.",
        drawn(&warned(over.to_vec()), Vec::new(), Recovered::default()), @"
    # 3 warnings
    *The API key of the Atlassian organization ended on 2026-11-30.* If it was not renewed, Reinstate diagnoses and repairs nothing. Make a new key without scopes in admin.atlassian.com > *Settings* > *API keys*. Put it into `REINSTATE_ATLASSIAN_ORG_KEY` and its end into `expiry.org_key`, and restart Reinstate.
    *The SCIM key of the directory 6c2f ended on 2026-11-30.* If it was not renewed, Atlassian refuses everything that Entra ID provisions, for everybody. Make a new key in admin.atlassian.com > *Security* > *Identity providers* > the directory. It ends the old one, so put it at once into *Provisioning* > *Admin credentials* of the Atlassian application at Entra ID. Put it also into `REINSTATE_ATLASSIAN_SCIM_KEY` (`…_2` for the second directory) and its end into `expiry.scim_keys`, and restart Reinstate.
    *The client secret of Reinstate at Entra ID ended on 2026-11-30.* Reinstate can no longer log in to Entra ID, so it diagnoses and repairs nothing. Make a new secret in *App registrations* > Reinstate > *Certificates & secrets*. Put it into `REINSTATE_ENTRA_CLIENT_SECRET`, and restart Reinstate.
    (Warning `01a22b0e-2222-7587-8f82-176a680e8a9b`)
    ");
    let lines = [
        says(&view(&opened(&storm), Recovered::default(), sweep_line)),
        says(&view(&surveyed(&lost(), people()), Recovered::default(), sweep_line)),
        says(&view(&surveyed(&warned(every_warning()), Vec::new()), Recovered::default(), sweep_line)),
    ];
    shows!(page, "Watch: its sweeps in a list", "The lines of `status`.", lines.join("\n"), @"
    `0e8a9b` – sweep by the watch: reading since 2026-11-30 09:00 UTC
    `0e8a9b` – repairs of people who lost access by the watch: waiting for @ada until 2026-12-01 09:00 UTC, since 2026-11-30 09:00 UTC. Press *Repair the harmless ones*
    `0e8a9b` – warning of what runs out: ended, 2026-11-30 09:00 UTC
    ");
    page
}

fn warned(warnings: Vec<Warning>) -> Watched {
    Watched { reason: WatchReason::Warned { warnings }, unread: Vec::new() }
}

/// One of each kind.
fn every_warning() -> Vec<Warning> {
    let expiry = |of, stage| Warning::Expiry { of, ends: at(29 * 24 * 3600), stage };
    let app = Workspace {
        id: "ari".to_owned(),
        name: "Jira".to_owned(),
        site: Some("acme".to_owned()),
        usage: Some(96),
        capacity: Some(100),
        ..Workspace::default()
    };
    let group = GroupSize { id: "g".to_owned(), name: "everybody".to_owned(), members: Some(34_100) };
    vec![
        expiry(Credential::OrganizationKey, Stage::Month),
        expiry(Credential::ScimKey("6c2f".to_owned()), Stage::Week),
        expiry(Credential::ClientSecret, Stage::Day),
        expiry(Credential::Certificate, Stage::Month),
        Warning::Seats { app },
        Warning::Group { group, limit: 35_000 },
        Warning::NoCycle { job: "j".to_owned(), since: at(0) },
    ]
}

fn opened(watch: &Watched) -> Vec<SweepEvent> {
    let asked: Request = asked("", Goal::default());
    vec![SweepEvent::SweepOpened { asked, rule: "watch".to_owned(), watch: Some(watch.clone()) }]
}

/// The entries of a sweep that has taken over what the watch has found.
fn surveyed(watch: &Watched, all: Vec<SweepFinding>) -> Vec<SweepEvent> {
    let faults: &[TenantFault] = match &watch.reason {
        WatchReason::Lost { faults, .. } => faults,
        _ => &[],
    };
    let mut tally = Tally::of_tenant(faults.iter().map(|fault| fault.cause).collect());
    all.iter().for_each(|one| tally.found(one));
    let listed = all.iter().filter(|_| faults.is_empty()).filter_map(SweepFinding::harmless);
    let list = RepairList::new(listed.collect());
    let preview = RepairPreview::of_everybody(&list, &all.iter().collect::<Vec<_>>());
    let mut events = opened(watch);
    let ends = list.repairs().is_empty();
    events.push(SweepEvent::SweepSurveyed {
        tally,
        unread: Vec::new(),
        list,
        approvals: 0,
        since: None,
        preview,
    });
    if ends {
        events.push(SweepEvent::SweepEnded { message: EndReason::NothingToRepair.into(), by: None });
    }
    events
}

fn drawn(watch: &Watched, all: Vec<SweepFinding>, recovered: Recovered) -> String {
    view(&surveyed(watch, all), recovered, |view| card(&sweep_root(view)))
}

fn reading(watch: &Watched) -> String {
    view(&opened(watch), Recovered::default(), |view| card(&sweep_root(view)))
}

fn view<T>(events: &[SweepEvent], recovered: Recovered, draw: impl FnOnce(&SweepView<'_>) -> T) -> T {
    view_after(events, recovered, Vec::new(), draw)
}

fn view_after<T>(
    events: &[SweepEvent],
    recovered: Recovered,
    changed_by: Vec<(String, u64)>,
    draw: impl FnOnce(&SweepView<'_>) -> T,
) -> T {
    let numbered = events.iter().zip(1..).map(|(event, seq)| (seq, at(0), event));
    let (sweep, limits, access) = (Sweep::fold(numbered).unwrap(), limits(), access());
    let (limits, access) = (&limits, &access);
    draw(&SweepView {
        id: SWEEP,
        sweep: &sweep,
        limits,
        access,
        now: at(0),
        head: None,
        recovered,
        changed_by,
    })
}
