//! What is told about people, and what is not.

use std::sync::atomic::Ordering;

use super::evidence::{drifted, healthy, never_provisioned, stale_record, value};
use super::script::{CHANNEL, Watching};
use reinstate_core::evidence::Read;
use reinstate_core::watch::{Changed, Feed};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_incident_is_told_once_and_its_recovery_updates_the_message() {
    let watching = Watching::begun().await;
    let world = &watching.world;
    for person in ["jane", "john", "mary"] {
        world.is(person, &drifted());
        world.account_changed(person);
    }
    world.is("fine", &healthy());
    world.account_changed("fine");
    watching.looks().await;
    let says = watching.only().await;
    assert!(says.contains("3 people lost access"), "{says}");
    assert!(says.contains("3 × Group memberships did not reach Atlassian (`membership-drift`)"), "{says}");
    assert!(says.contains("3 can be repaired without an approval"), "{says}");
    assert!(says.contains("reinstate.sweep_repair"), "{says}");
    assert_eq!(world.looks.load(Ordering::SeqCst), 4);
    // The log repeats its last entry, and nothing else is new.
    for _ in 0..3 {
        watching.looks().await;
    }
    assert_eq!(world.looks.load(Ordering::SeqCst), 4, "nobody is looked at twice");
    // The same people again, with the same cause.
    world.account_changed("jane");
    watching.looks().await;
    assert_eq!(watching.only().await, says);
    world.is("jane", &healthy());
    world.is("john", &healthy());
    world.account_changed("jane");
    world.account_changed("john");
    watching.looks().await;
    let says = watching.only().await;
    assert!(says.contains("*2 of 3 have access again.*"), "{says}");
    assert_eq!(watching.store().count_incidents().await.unwrap(), 1);
    // Lost again: that is told again.
    world.is("jane", &drifted());
    world.account_changed("jane");
    watching.looks().await;
    assert_eq!(watching.told().await.len(), 2);
    assert_eq!(watching.faults(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_click_asks_for_the_repairs_of_a_message() {
    let watching = Watching::begun().await;
    watching.world.is("jane", &drifted());
    watching.world.account_changed("jane");
    watching.looks().await;
    let card = watching.message("1 person lost access").await;
    // It waits for the click, so it is open. Afterwards it may end at any time.
    let sweep = watching.store().open_sweeps().await.unwrap().pop().expect("it is open").run;
    watching.bot.click("U0ADA", CHANNEL, &card.ts, "reinstate.sweep_repair").await.unwrap();
    watching.message("Repairing:").await;
    let children = watching.store().children(&sweep).await.unwrap();
    assert!(children.len() == 1, "a repair of one person begins: {children:?}");
    assert_eq!(watching.world.sweeps.load(Ordering::SeqCst), 1, "nobody else is read");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_cause_of_the_same_person_is_told_again() {
    let watching = Watching::begun().await;
    watching.world.is("jane", &drifted());
    watching.world.account_changed("jane");
    watching.looks().await;
    watching.world.is("jane", &stale_record());
    // Two feeds name the same person by two ids.
    watching.world.account_changed("jane");
    watching.world.reports(Feed::ProvisioningLog, Changed::User("jane".into()));
    watching.looks().await;
    let told = watching.told().await;
    assert_eq!(told.len(), 2, "{told:#?}");
    assert_eq!(watching.store().count_incidents().await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_intended_removal_is_not_told() {
    let watching = Watching::begun().await;
    let mut disabled = drifted();
    value(&mut disabled.users)[0].enabled = Some(false);
    watching.world.is("left", &disabled);
    watching.world.reports(Feed::Users, Changed::User("left".into()));
    watching.world.account_changed("left");
    watching.world.reports(Feed::Users, Changed::User("deleted".into()));
    watching.looks().await;
    watching.looks().await;
    assert!(watching.told().await.is_empty());
    assert_eq!(watching.store().count_due().await.unwrap(), (0, 0));
    // A person with an open incident leaves the company: that is no recovery.
    watching.world.is("jane", &drifted());
    watching.world.account_changed("jane");
    watching.looks().await;
    let says = watching.only().await;
    watching.world.is_gone("jane");
    watching.world.reports(Feed::Users, Changed::User("jane".into()));
    watching.looks().await;
    assert_eq!(watching.only().await, says);
    assert_eq!(watching.store().count_incidents().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_joiner_is_told_after_a_cycle_and_not_before() {
    let watching = Watching::begun().await;
    let now = crate::clock::now();
    let minutes = |count| now.checked_add(jiff::SignedDuration::from_mins(count)).unwrap();
    let joins = |began, ended| {
        let mut joiner = never_provisioned();
        let job = value(&mut joiner.job);
        (job.cycle_began, job.last_cycle) = (Some(minutes(began)), Some(minutes(ended)));
        joiner
    };
    watching.world.is("joiner", &joins(-300, -290));
    let changed = Changed::User("joiner".into());
    watching.world.reports_at(Feed::Users, changed.clone(), Some(minutes(-200)));
    watching.looks().await;
    watching.looks().await;
    assert!(watching.told().await.is_empty());
    assert_eq!(watching.world.looks.load(std::sync::atomic::Ordering::SeqCst), 1, "it waits for the cycle");
    watching.world.is("joiner", &joins(-100, -90));
    watching.world.reports_at(Feed::Users, changed, Some(minutes(-200)));
    watching.looks().await;
    assert!(watching.only().await.contains("1 person lost access"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_told_is_looked_at_once_more() {
    let watching = Watching::begun().await;
    watching.world.account_changed("unread");
    watching.world.reports(Feed::Events, Changed::Record("unknown".into()));
    watching.looks().await;
    assert_eq!(watching.store().count_due().await.unwrap(), (0, 2));
    watching.looks().await;
    assert_eq!(watching.store().count_due().await.unwrap(), (0, 0));
    assert!(watching.told().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_concerns_everybody_is_one_sentence_with_its_evidence_until_it_is_over() {
    let watching = Watching::begun().await;
    let mut stopped = healthy();
    value(&mut stopped.job).schedule = Some("Disabled".to_owned());
    watching.world.tenant_is(stopped.clone());
    for person in ["jane", "john"] {
        let mut also = drifted();
        value(&mut also.job).schedule = Some("Disabled".to_owned());
        watching.world.is(person, &also);
    }
    watching.looks().await;
    watching.looks().await;
    let says = watching.only().await;
    assert!(
        says.contains("Provisioning is stopped (`provisioning-stopped`): the job's state is Disabled."),
        "{says}"
    );
    // A job that cannot be read is not a job that runs again.
    let mut unread = healthy();
    unread.job = Read::Gap("503".into());
    watching.world.tenant_is(unread);
    watching.looks().await;
    assert_eq!(watching.only().await, says);
    watching.world.tenant_is(healthy());
    watching.looks().await;
    assert!(watching.only().await.contains("What concerned everybody is over."));
    watching.world.tenant_is(stopped);
    watching.looks().await;
    assert_eq!(watching.told().await.len(), 2, "it is told again when it comes again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_action_on_the_organization_is_told_once() {
    let watching = Watching::begun().await;
    watching.world.reports(Feed::Events, Changed::Organization("domain_removed".into()));
    watching.world.reports(Feed::Groups, Changed::Group("g1".into()));
    watching.looks().await;
    watching.looks().await;
    assert!(watching.only().await.contains("`domain_removed`"));
}
