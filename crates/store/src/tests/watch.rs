//! The watch: a look belongs to one process, a round is kept as a whole or not at all, and nobody has two open
//! incidents.

use std::time::Duration;

use super::super::{
    FeedState, IncidentUpdate, NewIncident, Opened, Recovered, Reported, Settled, Store, WantedSweep,
};
use super::sweeps::awake;
use super::{Place, appended};
use crate::AppendOptions;

const MINUTE: Duration = Duration::from_secs(60);
const AT_ONCE: Duration = Duration::ZERO;

async fn taken(store: &Store) -> i64 {
    store.take_look(AT_ONCE, MINUTE).await.unwrap().expect("nobody looks")
}

fn feed(place: Option<&str>, unread: Option<&str>) -> FeedState {
    let text = |text: Option<&str>| text.map(str::to_owned);
    FeedState { feed: "users".into(), place: text(place), unread: text(unread), told: false }
}

fn reported(subject: &str, entry: Option<&str>) -> Reported {
    let (subject, entry) = (subject.to_owned(), entry.map(str::to_owned));
    Reported { subject, changed_at: Some(1000), at_source: false, entry, by: None }
}

async fn keeps(store: &Store, epoch: i64, place: &str, reports: &[Reported]) -> bool {
    let feeds = vec![feed(Some(place), None)];
    store.keep_round(epoch, feeds, reports.to_vec(), None).await.unwrap()
}

async fn queue(store: &Store) -> Vec<String> {
    let mut all: Vec<String> =
        store.due_looks(1000).await.unwrap().into_iter().map(|queued| queued.subject).collect();
    all.sort();
    all
}

fn opens(notice: &str, person: &str, causes: &str) -> Settled {
    let new = NewIncident {
        notice: notice.into(),
        person: person.into(),
        causes: causes.into(),
        details: None,
        found: Some((format!("{person}@acme.example"), "{}".into())),
        is_over: false,
    };
    Settled { subject: format!("user:{person}"), again_at: None, change: Some(IncidentUpdate::Open(new)) }
}

fn closes(person: &str, recovered: bool) -> Settled {
    let change = Some(IncidentUpdate::Close { person: person.into(), recovered });
    Settled { subject: String::new(), again_at: None, change }
}

pub async fn one_of_many_looks(place: &Place) {
    let first = place.open().await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let store = place.open().await;
        tasks.spawn(async move { store.take_look(MINUTE, MINUTE).await.unwrap() });
    }
    let all: Vec<Option<i64>> = tasks.join_all().await;
    assert_eq!(all.iter().flatten().count(), 1, "{all:?}");
    let epoch = all.into_iter().flatten().next().unwrap();
    // When the look has ended, the next one is not due yet.
    first.end_look(epoch).await.unwrap();
    assert_eq!(first.take_look(MINUTE, MINUTE).await.unwrap(), None);
}

pub async fn a_look_that_was_taken_over_writes_nothing(place: &Place) {
    let (first, second) = (place.open().await, place.open().await);
    let old = first.take_look(AT_ONCE, AT_ONCE).await.unwrap().unwrap();
    let new = taken(&second).await;
    assert!(new > old);
    assert!(!keeps(&first, old, "old", &[reported("user:1", None)]).await);
    assert!(!first.renew_look(old, MINUTE).await.unwrap());
    assert!(!first.settle(old, opens("n", "1", "suspended")).await.unwrap());
    assert!(!first.leave_to_sweep(old, "storm".into()).await.unwrap());
    assert!(!first.sweep_is_open(old, 0).await.unwrap());
    first.end_look(old).await.unwrap();
    assert!(second.renew_look(new, MINUTE).await.unwrap(), "the other one still looks");
    assert!(second.feeds().await.unwrap().is_empty() && queue(&second).await.is_empty());
    assert_eq!(second.count_incidents().await.unwrap(), 0);
    assert_eq!(second.wanted_sweep().await.unwrap(), None);
}

pub async fn a_clock_set_back_holds_no_look_up(place: &Place) {
    let store = place.open().await;
    let epoch = store.take_look(MINUTE, MINUTE).await.unwrap().unwrap();
    let set_back = "UPDATE watch SET touched_at = touched_at + 3600000";
    sqlx::query(set_back).execute(&store.pool.pool).await.unwrap();
    assert_eq!(store.take_look(MINUTE, MINUTE).await.unwrap(), Some(epoch + 1));
}

pub async fn a_round_is_kept_once_and_entries_count_once(place: &Place) {
    let store = place.open().await;
    let epoch = taken(&store).await;
    let twice = [reported("user:1", Some("events a")), reported("user:1", Some("events a"))];
    assert!(keeps(&store, epoch, "p1", &twice).await);
    assert_eq!(queue(&store).await, ["user:1"]);
    assert!(
        store
            .settle(epoch, Settled { subject: "user:1".into(), again_at: None, change: None })
            .await
            .unwrap()
    );
    // The log repeats itself. One entry may report two changes, and another feed may use the same id.
    let again = [
        reported("user:1", Some("events a")),
        reported("account:1", Some("events a")),
        reported("user:2", Some("log a")),
        reported("user:3", None),
    ];
    assert!(keeps(&store, epoch, "p2", &again).await);
    assert_eq!(queue(&store).await, ["account:1", "user:2", "user:3"]);
    let feeds = store.feeds().await.unwrap();
    assert_eq!(feeds[0].place.as_deref(), Some("p2"));
    assert!(!format!("{feeds:?}").contains("p2"), "a place is never shown");
}

pub async fn what_is_reported_again_is_due_again(place: &Place) {
    let store = place.open().await;
    let epoch = taken(&store).await;
    let early = Reported { changed_at: Some(2000), at_source: true, ..reported("user:1", None) };
    assert!(keeps(&store, epoch, "p", std::slice::from_ref(&early)).await);
    assert!(store.due_looks(9).await.unwrap()[0].only_at_source);
    let later = i64::MAX / 4;
    let wait = Settled { subject: "user:1".into(), again_at: Some(later), change: None };
    assert!(store.settle(epoch, wait).await.unwrap());
    assert!(queue(&store).await.is_empty());
    // An older report makes it due again. The newest time stays, and now another service has reported it too.
    assert!(keeps(&store, epoch, "p", &[reported("user:1", None)]).await);
    let due = store.due_looks(9).await.unwrap();
    assert_eq!((due[0].changed_at, due[0].only_at_source, due[0].looks), (2000, false, 0));
    // A report from the future is one of now.
    let future = Reported { changed_at: Some(i64::MAX), ..reported("user:1", None) };
    assert!(keeps(&store, epoch, "p", &[future]).await);
    assert!(store.due_looks(9).await.unwrap()[0].changed_at <= store.now().await.unwrap().as_millisecond());
}

pub async fn what_nobody_has_looked_at_comes_first(place: &Place) {
    let store = place.open().await;
    let epoch = taken(&store).await;
    assert!(keeps(&store, epoch, "p", &[reported("user:old", None)]).await);
    let again = Settled { subject: "user:old".into(), again_at: Some(0), change: None };
    assert!(store.settle(epoch, again).await.unwrap());
    let many: Vec<_> = (0..200).map(|n| reported(&format!("user:{n}"), None)).collect();
    assert!(keeps(&store, epoch, "p", &many).await);
    assert_eq!(store.count_due().await.unwrap(), (200, 201));
    assert!(store.due_looks(200).await.unwrap().iter().all(|queued| queued.looks == 0));
    assert!(keeps(&store, epoch, "p", &[reported("organization:domain_removed", None)]).await);
    assert!(store.leave_to_sweep(epoch, "storm".into()).await.unwrap());
    assert_eq!(queue(&store).await, ["organization:domain_removed", "user:old"]);
    let wanted = store.wanted_sweep().await.unwrap().unwrap();
    assert_eq!(wanted.reason, "storm");
    assert!(store.sweep_is_open(epoch, wanted.since + 1).await.unwrap());
    assert!(store.wanted_sweep().await.unwrap().is_some(), "it is wanted again since then");
    assert!(store.sweep_is_open(epoch, wanted.since).await.unwrap());
    assert_eq!(store.wanted_sweep().await.unwrap(), None::<WantedSweep>);
}

pub async fn a_refusal_is_told_once_until_it_changes(place: &Place) {
    let store = place.open().await;
    let epoch = taken(&store).await;
    let told = async |state: FeedState| {
        store.keep_round(epoch, vec![state], Vec::new(), None).await.unwrap();
        let feeds = store.feeds().await.unwrap();
        (feeds[0].told, feeds[0].place.clone())
    };
    let place = Some("p".to_owned());
    assert_eq!(told(feed(Some("p"), None)).await, (false, place.clone()));
    assert_eq!(told(feed(None, Some("403"))).await, (false, place.clone()), "the place stays");
    store.feeds_told(vec![("users".into(), "403".into())]).await.unwrap();
    assert_eq!(told(feed(None, Some("403"))).await, (true, place.clone()));
    assert_eq!(told(feed(None, Some("500"))).await, (false, place.clone()));
    store.feeds_told(vec![("users".into(), "403".into())]).await.unwrap();
    assert_eq!(told(feed(None, Some("500"))).await, (false, place.clone()), "another reason was told");
    store.feeds_told(vec![("users".into(), "500".into())]).await.unwrap();
    assert_eq!(told(feed(None, None)).await, (false, place.clone()));
    assert_eq!(told(feed(None, Some("500"))).await, (false, place));
}

pub async fn nobody_has_two_open_incidents(place: &Place) {
    let store = place.open().await;
    let epoch = taken(&store).await;
    assert!(store.settle(epoch, opens("n1", "jane", "suspended")).await.unwrap());
    assert_eq!(store.unopened_notices().await.unwrap(), ["n1"]);
    assert_eq!(store.open_incident("jane").await.unwrap().unwrap().causes, "suspended");
    // Other causes, in another message and in the same one.
    assert!(store.settle(epoch, opens("n2", "jane", "email-mismatch")).await.unwrap());
    assert!(store.settle(epoch, opens("n2", "jane", "seats-full")).await.unwrap());
    assert_eq!(store.count_incidents().await.unwrap(), 1);
    let open = store.open_incident("jane").await.unwrap().unwrap();
    assert_eq!((open.notice.as_str(), open.causes.as_str()), ("n2", "seats-full"));
    let insert = "INSERT INTO incidents (notice, person, causes, opened_at) VALUES ('n3', 'jane', '', 0)";
    assert!(
        sqlx::query(insert).execute(&store.pool.pool).await.is_err(),
        "the database refuses a second one"
    );
    assert_eq!(store.found_by("n2").await.unwrap().len(), 1);
    assert!(store.settle(epoch, closes("jane", true)).await.unwrap());
    assert_eq!(store.open_incident("jane").await.unwrap(), None);
    assert_eq!(store.recovered("n2").await.unwrap(), Recovered { people: 1, faults: 0 });
    assert_eq!(store.recovered("n1").await.unwrap(), Recovered::default(), "it went on with another cause");
    assert!(store.settle(epoch, opens("n3", "jane", "suspended")).await.unwrap(), "lost again");
    assert!(store.settle(epoch, closes("jane", false)).await.unwrap());
    assert_eq!(store.recovered("n3").await.unwrap(), Recovered::default(), "meant to have no access by now");
}

pub async fn a_person_is_told_once_and_only_while_it_lasts(place: &Place) {
    let store = place.open().await;
    let epoch = taken(&store).await;
    for person in ["jane", "john"] {
        assert!(store.settle(epoch, opens("n1", person, "drift")).await.unwrap());
    }
    let untold = async || {
        let mut all: Vec<String> =
            store.untold_people(10).await.unwrap().into_iter().filter_map(|one| one.query).collect();
        all.sort();
        all
    };
    assert_eq!(untold().await, ["jane@acme.example", "john@acme.example"]);
    let mut claims = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let store = place.open().await;
        claims.spawn(async move { store.claim_telling("n1", "jane").await.unwrap() });
    }
    assert_eq!(claims.join_all().await.into_iter().filter(|claimed| *claimed).count(), 1);
    assert_eq!(untold().await, ["john@acme.example"]);
    // Another cause is the same loss. After a recovery it is a new one.
    assert!(store.settle(epoch, opens("n2", "jane", "unlinked")).await.unwrap());
    assert_eq!(untold().await, ["john@acme.example"]);
    store.has_recovered(vec!["jane".into(), "john".into()]).await.unwrap();
    assert!(!store.claim_telling("n1", "john").await.unwrap(), "he has access again");
    assert!(store.settle(epoch, opens("n3", "jane", "drift")).await.unwrap());
    assert_eq!(untold().await, ["jane@acme.example"]);
    for quiet in [true, true, false, false] {
        store.set_quiet("U0JANE", quiet).await.unwrap();
        assert_eq!(store.is_quiet("U0JANE").await.unwrap(), quiet);
        assert!(!store.is_quiet("U0JOHN").await.unwrap());
    }
}

pub async fn who_changed_something_is_kept_until_it_is_told(place: &Place) {
    let store = place.open().await;
    let epoch = taken(&store).await;
    let by = |name: Option<&str>, entry| Reported {
        by: name.map(str::to_owned),
        ..reported("user:jane", Some(entry))
    };
    assert!(keeps(&store, epoch, "p1", &[by(Some("Vera"), "e1"), by(None, "e2")]).await);
    // Another feed reports the same, and names nobody.
    assert!(keeps(&store, epoch, "p2", &[by(None, "e3")]).await);
    let queued = store.due_looks(9).await.unwrap();
    assert_eq!(queued[0].by.as_deref(), Some("Vera"));
    let told = |person: &str, by: Option<&str>| {
        let Some(IncidentUpdate::Open(new)) = opens("n1", person, "suspended").change else {
            panic!("it opens")
        };
        let new = NewIncident { details: by.map(str::to_owned), ..new };
        Settled { subject: String::new(), again_at: None, change: Some(IncidentUpdate::Open(new)) }
    };
    for (person, by) in
        [("jane", Some("Vera")), ("john", Some("Bob")), ("mary", Some("Vera")), ("fred", None)]
    {
        assert!(store.settle(epoch, told(person, by)).await.unwrap());
    }
    assert!(store.settle(epoch, told("tenant:provisioning-stopped", Some("it is paused"))).await.unwrap());
    assert_eq!(store.changed_by("n1").await.unwrap(), [("Vera".to_owned(), 2), ("Bob".to_owned(), 1)]);
    assert!(store.changed_by("n2").await.unwrap().is_empty());
}

pub async fn a_recovery_has_the_card_drawn_again(place: &Place) {
    let store = place.open().await;
    let epoch = taken(&store).await;
    assert!(store.settle(epoch, opens("n1", "jane", "suspended")).await.unwrap());
    assert_eq!(store.open_run(awake("n1", "sweep watch n1")).await.unwrap(), Opened::New);
    assert!(store.unopened_notices().await.unwrap().is_empty());
    appended(&store, "n1", "sweep-ended", AppendOptions { end: true, ..AppendOptions::default() }).await;
    sqlx::query("UPDATE runs SET shown_seq = seq").execute(&store.pool.pool).await.unwrap();
    assert!(store.stale_cards(9).await.unwrap().is_empty());
    assert!(store.settle(epoch, closes("jane", true)).await.unwrap());
    assert_eq!(store.stale_cards(9).await.unwrap(), ["n1"], "although the sweep has ended");
}

pub async fn a_fault_of_everybody_is_no_person(place: &Place) {
    let store = place.open().await;
    let epoch = taken(&store).await;
    let fault = |is_over, person: &str| {
        let new = NewIncident {
            notice: "n1".into(),
            person: person.into(),
            causes: "provisioning-stopped".into(),
            details: Some("the job's state is Paused".into()),
            found: None,
            is_over,
        };
        Settled { subject: String::new(), again_at: None, change: Some(IncidentUpdate::Open(new)) }
    };
    assert!(store.settle(epoch, fault(false, "tenant:provisioning-stopped")).await.unwrap());
    assert!(store.settle(epoch, fault(true, "tenant:action:domain_removed")).await.unwrap());
    let open = store.open_tenant_incidents().await.unwrap();
    assert_eq!(open.len(), 1, "an action does not last: {open:?}");
    assert_eq!(open[0].details.as_deref(), Some("the job's state is Paused"));
    assert_eq!(store.incidents_of("n1").await.unwrap().len(), 2);
    assert!(store.settle(epoch, closes("tenant:provisioning-stopped", true)).await.unwrap());
    assert_eq!(store.recovered("n1").await.unwrap(), Recovered { people: 0, faults: 1 });
}

pub async fn old_incidents_name_nobody(place: &Place) {
    let store = place.open().await;
    let epoch = taken(&store).await;
    assert!(store.settle(epoch, opens("n1", "jane", "suspended")).await.unwrap());
    let today = Reported { changed_at: None, ..reported("user:old", None) };
    assert!(keeps(&store, epoch, "p", &[today]).await);
    store.erase_personal(super::at(-1_700_000_000)).await.unwrap();
    assert_eq!((store.count_incidents().await.unwrap(), queue(&store).await.len()), (1, 1));
    let later = jiff::Timestamp::from_millisecond(store.now().await.unwrap().as_millisecond() + 1).unwrap();
    store.erase_personal(later).await.unwrap();
    assert_eq!((store.count_incidents().await.unwrap(), queue(&store).await.len()), (0, 0));
}
