//! The messages of the watch: the cards of the sweeps that it opens.

use reinstate::slack::cards::{SweepView, sweep_line, sweep_root};
use reinstate_core::run::{EndReason, Request};
use reinstate_core::sweep::{RepairList, RepairPreview, Sweep, SweepEvent, SweepFinding, Tally};
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
    let lines = [
        says(&view(&opened(&storm), Recovered::default(), sweep_line)),
        says(&view(&surveyed(&lost(), people()), Recovered::default(), sweep_line)),
    ];
    shows!(page, "Watch: its sweeps in a list", "The lines of `status`.", lines.join("\n"), @"
    `0e8a9b` – sweep by the watch: reading since 2026-11-30 09:00 UTC
    `0e8a9b` – repairs of people who lost access by the watch: waiting for @ada until 2026-12-01 09:00 UTC, since 2026-11-30 09:00 UTC. Press *Repair the harmless ones*
    ");
    page
}

fn opened(watch: &Watched) -> Vec<SweepEvent> {
    let asked: Request = asked("", Goal::default());
    vec![SweepEvent::SweepOpened { asked, rule: "watch".to_owned(), watch: Some(watch.clone()) }]
}

/// The entries of a sweep that has taken over what the watch has found.
fn surveyed(watch: &Watched, all: Vec<SweepFinding>) -> Vec<SweepEvent> {
    let WatchReason::Lost { faults, .. } = &watch.reason else { unreachable!() };
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
    let numbered = events.iter().zip(1..).map(|(event, seq)| (seq, at(0), event));
    let (sweep, limits, access) = (Sweep::fold(numbered).unwrap(), limits(), access());
    let (limits, access) = (&limits, &access);
    draw(&SweepView { id: SWEEP, sweep: &sweep, limits, access, now: at(0), head: None, recovered })
}
