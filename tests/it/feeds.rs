//! The feeds of changes, read by the real clients from the simulated services: which report each change makes, what a
//! quiet round costs, and what becomes of a place that the service has forgotten.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use reinstate::cli::world_over;
use reinstate::config::{Config, Purpose};
use reinstate::upstream::{Limits, Transport};
use reinstate::world::World;
use reinstate_core::watch::{Changed, Feed, FeedAnswer, Place, Round};
use reinstate_sandbox::atlassian::{Event, ScimContext};
use reinstate_sandbox::entra::ExpiredPlace;
use reinstate_sandbox::in_process::InProcess;
use reinstate_sandbox::lock;
use reinstate_sandbox::tenant::{CLIENT, Person, Tenant};
use reinstate_sandbox::wire::{Call, Injection};

struct Watched {
    services: InProcess,
    bot: Arc<dyn World>,
    jane: Person,
    jira: String,
}

impl Watched {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(arrange: impl FnOnce(&mut Tenant)) -> Self {
        reinstate::upstream::install_tls();
        let mut tenant = Tenant::new();
        let jane = tenant.employee("jane@acme.example", "Jane Doe");
        // The published limit on the logs has its own tests.
        tenant.entra.switches.limit_requests = 1000;
        arrange(&mut tenant);
        let jira = tenant.jira_users.clone();
        let services = InProcess::new(tenant);
        let config = Config::load(None, &services.env(), Purpose::Diagnose).unwrap();
        let router = services.services.clone();
        let transport = Transport::network().unwrap();
        let transport = transport.through(Arc::new(move |request| router.deliver(request)));
        let once = Duration::from_millis(1);
        let limits = Limits { failures: 0, attempts: 1, first_wait: once, paced: false, ..Limits::default() };
        let bot = world_over(transport, &config, limits);
        Self { services, bot, jane, jira }
    }

    async fn round(&self, feed: Feed, since: Option<&Place>) -> Round {
        match self.bot.changes(feed, since).await {
            FeedAnswer::Read(round) => round,
            other => panic!("{feed:?}: {other:?}"),
        }
    }

    async fn start(&self, feed: Feed) -> Place {
        let round = self.round(feed, None).await;
        assert!(round.signals.is_empty() && !round.has_more, "{round:?}");
        round.next
    }

    /// What one round reports, and the next place.
    async fn reported(&self, feed: Feed, since: &Place) -> (BTreeSet<Changed>, Place) {
        let round = self.round(feed, Some(since)).await;
        assert!(round.signals.iter().all(|signal| signal.feed == feed));
        (round.signals.into_iter().map(|signal| signal.changed).collect(), round.next)
    }

    async fn unread(&self, feed: Feed, since: Option<&Place>) -> String {
        match self.bot.changes(feed, since).await {
            FeedAnswer::Unread(why) => why,
            other => panic!("{feed:?}: {other:?}"),
        }
    }

    /// The calls so far, without those for a token.
    fn calls(&self) -> Vec<Call> {
        let calls = self.services.wire.calls().into_iter();
        calls.filter(|call| !call.path.contains("/oauth2/")).collect()
    }

    fn clean(&self) {
        assert_eq!(self.services.wire.faults(), Vec::<String>::new());
    }

    fn log(&self, action: &str, subject: &str) {
        self.log_by("organization-key", action, subject);
    }

    fn log_by(&self, actor: &str, action: &str, subject: &str) {
        let mut atlassian = lock(&self.services.atlassian);
        atlassian.now = reinstate::clock::now();
        atlassian.actor = actor.to_owned();
        atlassian.log(action, subject, "");
    }
}

fn user(id: &str) -> Changed {
    Changed::User(id.to_owned())
}

fn account(id: &str) -> Changed {
    Changed::Account(id.to_owned())
}

fn set<const N: usize>(changed: [Changed; N]) -> BTreeSet<Changed> {
    BTreeSet::from(changed)
}

#[tokio::test]
async fn a_quiet_round_is_one_call() {
    let watched = Watched::new();
    for feed in Feed::ALL {
        let mut place = watched.start(feed).await;
        for _ in 0..3 {
            let before = watched.calls().len();
            let (reported, next) = watched.reported(feed, &place).await;
            assert_eq!(reported, set([]), "{feed:?}");
            assert_eq!(watched.calls().len() - before, 1, "{feed:?}");
            place = next;
        }
    }
    watched.clean();
}

#[tokio::test]
async fn users_and_groups_are_reported_by_their_feeds() {
    let watched = Watched::new();
    let (jane, jira) = (watched.jane.idp.clone(), watched.jira.clone());
    let users = watched.start(Feed::Users).await;
    let groups = watched.start(Feed::Groups).await;
    lock(&watched.services.entra).users.get_mut(&jane).unwrap().account_enabled = false;
    let (reported, users) = watched.reported(Feed::Users, &users).await;
    assert_eq!(reported, set([user(&jane)]));
    lock(&watched.services.entra).remove_member(&jira, &jane);
    let (reported, groups) = watched.reported(Feed::Groups, &groups).await;
    assert_eq!(reported, set([user(&jane)]), "the member, and not the whole group");
    let other = {
        let mut entra = lock(&watched.services.entra);
        entra.add_member(&jira, &jane);
        entra.groups.get_mut(&jira).unwrap().display_name = "jira-people".into();
        // A group without a connection to Atlassian.
        let other = entra.add_group("football");
        entra.add_member(&other, &jane);
        other
    };
    let (reported, groups) = watched.reported(Feed::Groups, &groups).await;
    assert_eq!(reported, set([user(&jane), Changed::Group(jira.clone())]));
    lock(&watched.services.entra).groups.remove(&other);
    lock(&watched.services.entra).delete_user(&jane, reinstate::clock::now());
    let groups_round = watched.reported(Feed::Groups, &groups).await.0;
    assert!(groups_round.contains(&Changed::Group(other)), "its assignment may be gone with it");
    let (reported, _) = watched.reported(Feed::Users, &users).await;
    assert_eq!(reported, set([user(&jane)]), "only this feed tells of a deletion");
    watched.clean();
}

#[tokio::test]
async fn a_deleted_member_is_reported_by_the_users_alone() {
    let watched = Watched::new();
    lock(&watched.services.entra).switches.delta_repeats = false;
    let (users, groups) = (watched.start(Feed::Users).await, watched.start(Feed::Groups).await);
    lock(&watched.services.entra).delete_user(&watched.jane.idp, reinstate::clock::now());
    assert_eq!(watched.reported(Feed::Groups, &groups).await.0, set([]));
    assert_eq!(watched.reported(Feed::Users, &users).await.0, set([user(&watched.jane.idp)]));
}

#[tokio::test]
async fn every_group_counts_where_the_job_takes_everybody_or_nobody_knows() {
    for sync_all in [true, false] {
        let watched = Watched::with(|tenant| {
            tenant.entra.atlassian_job().unwrap().sync_all = sync_all;
            tenant.entra.switches.secrets_readable = sync_all;
        });
        let place = watched.start(Feed::Groups).await;
        {
            let mut entra = lock(&watched.services.entra);
            let other = entra.add_group("football");
            entra.add_member(&other, &watched.jane.idp);
        }
        assert!(watched.reported(Feed::Groups, &place).await.0.contains(&user(&watched.jane.idp)));
    }
}

#[tokio::test]
async fn repetitions_do_no_harm() {
    let watched = Watched::with(|tenant| {
        tenant.entra.switches.delta_page_size = 1;
        tenant.entra.switches.empty_pages = true;
    });
    let place = watched.start(Feed::Users).await;
    lock(&watched.services.entra).users.get_mut(&watched.jane.idp).unwrap().display_name = "J".into();
    let round = watched.round(Feed::Users, Some(&place)).await;
    assert_eq!(round.signals.len(), 1, "the doubled object is reported once");
    let (replayed, place) = watched.reported(Feed::Users, &round.next).await;
    assert_eq!(replayed, set([user(&watched.jane.idp)]));
    assert_eq!(watched.reported(Feed::Users, &place).await.0, set([]), "and it comes to an end");
}

#[tokio::test]
async fn a_late_change_is_not_lost() {
    let watched = Watched::with(|tenant| tenant.entra.switches.delta_lag = SignedDuration::from_mins(15));
    let place = watched.start(Feed::Users).await;
    lock(&watched.services.entra).users.get_mut(&watched.jane.idp).unwrap().account_enabled = false;
    let (reported, place) = watched.reported(Feed::Users, &place).await;
    assert_eq!(reported, set([]));
    lock(&watched.services.entra).ahead = SignedDuration::from_mins(16);
    assert_eq!(watched.reported(Feed::Users, &place).await.0, set([user(&watched.jane.idp)]));
}

#[tokio::test]
async fn a_round_ends_after_twenty_pages_and_the_next_one_goes_on() {
    let watched = Watched::with(|tenant| {
        tenant.entra.switches.delta_page_size = 2;
        tenant.entra.switches.delta_repeats = false;
    });
    let place = watched.start(Feed::Users).await;
    let new: BTreeSet<Changed> = {
        let mut entra = lock(&watched.services.entra);
        (0..50).map(|n| user(&entra.add_user(&format!("new{n}@acme.example"), "New"))).collect()
    };
    let before = watched.calls().len();
    let first = watched.round(Feed::Users, Some(&place)).await;
    assert!(first.has_more);
    assert_eq!((watched.calls().len() - before, first.signals.len()), (20, 40));
    let second = watched.round(Feed::Users, Some(&first.next)).await;
    assert!(!second.has_more);
    let both = first.signals.into_iter().chain(second.signals);
    assert_eq!(both.map(|signal| signal.changed).collect::<BTreeSet<_>>(), new);
}

#[tokio::test]
async fn a_forgotten_place_is_expired_in_both_documented_ways() {
    for how in [ExpiredPlace::Gone, ExpiredPlace::NotFound] {
        let watched = Watched::with(|tenant| tenant.entra.switches.expired_place = how);
        for feed in [Feed::Users, Feed::Groups] {
            let place = watched.start(feed).await;
            lock(&watched.services.entra).expire_delta();
            assert_eq!(watched.bot.changes(feed, Some(&place)).await, FeedAnswer::Expired, "{how:?}");
            watched.start(feed).await;
        }
        watched.clean();
    }
}

#[tokio::test]
async fn a_forgotten_cursor_and_a_place_of_another_version_are_expired() {
    let watched = Watched::new();
    let place = watched.start(Feed::Events).await;
    let (_, place) = watched.reported(Feed::Events, &place).await;
    lock(&watched.services.atlassian).expire_cursors();
    assert_eq!(watched.bot.changes(Feed::Events, Some(&place)).await, FeedAnswer::Expired);
    for feed in [Feed::Events, Feed::ProvisioningLog] {
        let place = Place("older".to_owned());
        assert_eq!(watched.bot.changes(feed, Some(&place)).await, FeedAnswer::Expired);
    }
    watched.clean();
}

#[tokio::test]
async fn a_place_on_another_host_is_refused() {
    let watched = Watched::new();
    let place = watched.start(Feed::ProvisioningLog).await;
    let rest = place.0.replace("\"newest\"", "\"rest\":\"https://evil.example/v1.0/x\",\"newest\"");
    let calls = watched.calls().len();
    for (feed, place) in [
        (Feed::Users, "https://evil.example/v1.0/users/delta?$deltatoken=x".to_owned()),
        (Feed::Groups, "//evil.example/v1.0/groups/delta?$deltatoken=x".to_owned()),
        (Feed::ProvisioningLog, rest),
    ] {
        let why = watched.unread(feed, Some(&Place(place))).await;
        assert_eq!(why, "the next page points to another host");
    }
    assert_eq!(watched.calls().len(), calls, "nothing was sent");
}

#[tokio::test]
async fn a_missing_permission_makes_a_feed_unread_with_the_reason() {
    let watched = Watched::with(|tenant| {
        let roles = ["Synchronization.ReadWrite.All", "Application.Read.All"];
        tenant.entra.apps.get_mut(CLIENT).unwrap().roles = roles.map(str::to_owned).to_vec();
        tenant.atlassian.has_guard = false;
        tenant.atlassian.switches.unguarded_status = 403;
    });
    for feed in [Feed::Users, Feed::Groups, Feed::ProvisioningLog] {
        assert_eq!(watched.unread(feed, None).await, "403 Authorization_RequestDenied", "{feed:?}");
    }
    assert_eq!(watched.unread(Feed::Events, None).await, "403 ADMIN-403-3");
    watched.clean();
}

#[tokio::test]
async fn without_the_plan_the_events_are_empty_which_proves_nothing() {
    let watched = Watched::with(|tenant| tenant.atlassian.has_guard = false);
    let place = watched.start(Feed::Events).await;
    watched.log("MANAGED_ACCOUNT_DEACTIVATED", &watched.jane.account);
    assert_eq!(watched.reported(Feed::Events, &place).await.0, set([]));
}

#[tokio::test]
async fn the_log_reports_what_may_cost_access_and_late_entries_too() {
    let watched = Watched::new();
    let now = reinstate::clock::now();
    let ago = |minutes: i64| now.checked_sub(SignedDuration::from_mins(minutes)).unwrap();
    let (jane, jira) = (watched.jane.idp.clone(), watched.jira.clone());
    let log = |who: &str, kind: &str, action: &str, status: &str, minutes: i64| {
        let mut entra = lock(&watched.services.entra);
        entra.log_failure(who, action, "Code", "reason", ago(minutes));
        let entry = entra.log.last_mut().unwrap();
        entry.status = status.to_owned();
        entry.source.kind = kind.to_owned();
        entry.id.clone()
    };
    // The sweep with which the watch begins has read whom this is about.
    log("eve", "User", "Create", "Failure", 61);
    log(&jane, "User", "Update", "Success", 60);
    let place = watched.start(Feed::ProvisioningLog).await;
    log("joe", "User", "Create", "Failure", 62);
    log(&jane, "User", "Update", "Success", 20);
    let (reported, place) = watched.reported(Feed::ProvisioningLog, &place).await;
    assert_eq!(reported, set([]), "a success costs nobody access");
    let late = log(&jane, "User", "Create", "Failure", 45);
    let disabled = log("ben", "User", "Disable", "Success", 10);
    log("ida", "User", "Update", "Skipped", 10);
    log(&jira, "Group", "Update", "Failure", 10);
    let round = watched.round(Feed::ProvisioningLog, Some(&place)).await;
    let found: BTreeSet<Changed> = round.signals.iter().map(|signal| signal.changed.clone()).collect();
    assert_eq!(found, set([user(&jane), user("ben"), user("ida"), Changed::Group(jira)]));
    let entries: BTreeSet<&str> = round.signals.iter().filter_map(|s| s.entry.as_deref()).collect();
    assert!(entries.contains(late.as_str()) && entries.contains(disabled.as_str()));
    assert!(round.signals.iter().all(|signal| signal.by.is_none() && signal.at.is_some()));
    let again = watched.round(Feed::ProvisioningLog, Some(&round.next)).await;
    let repeated: BTreeSet<&str> = again.signals.iter().filter_map(|s| s.entry.as_deref()).collect();
    assert!(repeated.contains(disabled.as_str()), "a repetition has the same id");
    assert!(!repeated.contains(late.as_str()), "it is 35 minutes behind the newest entry");
    watched.clean();
}

#[tokio::test]
async fn a_job_that_was_created_again_begins_a_log_of_its_own() {
    let watched = Watched::new();
    let place = watched.start(Feed::ProvisioningLog).await;
    watched.bot.tenant().await;
    watched.reported(Feed::ProvisioningLog, &place).await;
    {
        let mut entra = lock(&watched.services.entra);
        let application = entra.atlassian.clone();
        let job = entra.service_principals.get_mut(&application).unwrap().job.as_mut().unwrap();
        job.id = "scim.created-again".to_owned();
    }
    // Each look reads the job, so the next one knows it.
    watched.bot.tenant().await;
    assert_eq!(watched.bot.changes(Feed::ProvisioningLog, Some(&place)).await, FeedAnswer::Expired);
    let begun = watched.start(Feed::ProvisioningLog).await;
    watched.reported(Feed::ProvisioningLog, &begun).await;
    watched.clean();
}

#[tokio::test]
async fn a_long_log_is_read_on_from_where_the_round_ended() {
    let watched = Watched::new();
    let place = watched.start(Feed::ProvisioningLog).await;
    let count = 20 * 500 + 7;
    {
        let mut entra = lock(&watched.services.entra);
        let now = reinstate::clock::now();
        for _ in 0..count {
            entra.log_failure(&watched.jane.idp, "Create", "Code", "reason", now);
        }
    }
    let first = watched.round(Feed::ProvisioningLog, Some(&place)).await;
    assert!(first.has_more);
    let second = watched.round(Feed::ProvisioningLog, Some(&first.next)).await;
    assert!(!second.has_more);
    let entries = first.signals.into_iter().chain(second.signals).filter_map(|signal| signal.entry);
    assert_eq!(entries.collect::<BTreeSet<_>>().len(), count);
}

#[tokio::test]
async fn a_service_that_does_not_tell_its_time_gives_no_place() {
    let watched = Watched::new();
    for (part, body) in [("/auditLogs/", r#"{"value":[]}"#), ("/events-stream", r#"{"data":[]}"#)] {
        let answer = Injection::Answer { status: 200, headers: Vec::new(), body: body.to_owned() };
        watched.services.wire.inject_when(u32::MAX, answer, move |call, _| call.path.contains(part));
    }
    for feed in [Feed::ProvisioningLog, Feed::Events] {
        assert_eq!(watched.unread(feed, None).await, "the service does not tell its time");
    }
}

#[tokio::test]
async fn events_name_whom_they_concern_and_who_did_it() {
    let watched = Watched::new();
    let admin = lock(&watched.services.atlassian).add_account("vera.admin@acme.example", "Vera Admin");
    let jane = watched.jane.account.clone();
    let mut place = watched.start(Feed::Events).await;
    let system = "atlassian-internal-system";
    for (actor, action, wanted) in [
        (admin.as_str(), "USER_DISABLED_ORG_ACCESS", set([account(&jane)])),
        (system, "MANAGED_ACCOUNT_DEACTIVATED", set([account(&jane)])),
        (system, "USER_GRANTED_ROLE", set([account(&jane)])),
        (system, "SCIM_USER_UNLINKED_FROM_AA", set([account(&jane)])),
        (&admin, "DOMAIN_REMOVED", set([Changed::Organization("domain_removed".into())])),
        (system, "GROUP_REVOKED_ROLE", set([Changed::Organization("group_revoked_role".into())])),
        (&admin, "CONFLUENCE_PAGE_VIEWED", set([])),
        (&admin, "AN_ACTION_FROM_TOMORROW", set([])),
    ] {
        watched.log_by(actor, action, &jane);
        let round = watched.round(Feed::Events, Some(&place)).await;
        let found: BTreeSet<Changed> = round.signals.iter().map(|signal| signal.changed.clone()).collect();
        assert_eq!(found, wanted, "{action}");
        let person = (actor == admin).then_some("Vera Admin");
        for signal in round.signals {
            assert!(signal.at.is_some() && signal.entry.is_some());
            assert_eq!(signal.by.as_deref(), person, "the system is no person");
        }
        place = round.next;
    }
    watched.clean();
}

#[tokio::test]
async fn an_event_of_a_record_names_the_account_or_the_record_or_nobody() {
    let watched = Watched::new();
    let place = watched.start(Feed::Events).await;
    watched.log("SCIM_USER_UPDATE", &watched.jane.record);
    for (how, wanted) in [
        (ScimContext::Nothing, set([])),
        (ScimContext::Account, set([account(&watched.jane.account)])),
        (ScimContext::Record, set([Changed::Record(watched.jane.record.clone())])),
    ] {
        lock(&watched.services.atlassian).switches.scim_context = how;
        assert_eq!(watched.reported(Feed::Events, &place).await.0, wanted, "{how:?}");
    }
}

#[tokio::test]
async fn an_event_that_the_log_takes_in_late_is_not_lost() {
    let watched = Watched::new();
    let place = watched.start(Feed::Events).await;
    {
        let mut atlassian = lock(&watched.services.atlassian);
        atlassian.now = reinstate::clock::now();
        let processed = atlassian.now.checked_add(SignedDuration::from_hours(2)).unwrap();
        atlassian.log("USER_REVOKED_ROLE", &watched.jane.account, "");
        atlassian.events.last_mut().unwrap().processed = processed;
    }
    watched.log("USER_GRANTED_ROLE", &watched.jane.account);
    let round = watched.round(Feed::Events, Some(&place)).await;
    assert_eq!(round.signals.len(), 1);
    lock(&watched.services.atlassian).ahead = SignedDuration::from_hours(3);
    let late = watched.round(Feed::Events, Some(&round.next)).await;
    assert_eq!(late.signals.len(), 1);
    assert_ne!(late.signals[0].entry, round.signals[0].entry);
}

#[tokio::test]
async fn a_busy_stream_is_read_on_from_where_the_round_ended() {
    let watched = Watched::new();
    let place = watched.start(Feed::Events).await;
    let count = 20 * 500 + 3;
    {
        let mut atlassian = lock(&watched.services.atlassian);
        let time = reinstate::clock::now();
        let view = |number: usize| Event {
            id: format!("view-{number}"),
            time,
            processed: time,
            action: "CONFLUENCE_PAGE_VIEWED".to_owned(),
            actor: watched.jane.account.clone(),
            subject: watched.jane.account.clone(),
            message: String::new(),
        };
        atlassian.events.extend((0..count).map(view));
    }
    watched.log("USER_REVOKED_ROLE", &watched.jane.account);
    let before = watched.calls().len();
    let first = watched.round(Feed::Events, Some(&place)).await;
    assert!(first.has_more && first.signals.is_empty());
    assert_eq!(watched.calls().len() - before, 20);
    let (reported, _) = watched.reported(Feed::Events, &first.next).await;
    assert_eq!(reported, set([account(&watched.jane.account)]), "behind the page views");
}
