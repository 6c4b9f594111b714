//! Three processes on one PostgreSQL. Commands and clicks arrive at any of them; one is killed, one is frozen past
//! its lease. No message twice, no step twice, and a process that was away cannot write when it wakes.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use reinstate::exec::Journal;
use reinstate_core::Outcome;
use reinstate_core::run::PauseReason;
use reinstate_sandbox::scenarios::find;
use reinstate_sandbox::slack::Workspace;
use reinstate_sandbox::tenant::{ADMINS, Tenant};
use reinstate_sandbox::wire::Gate;
use reinstate_sandbox::{Sandbox, lock};
use reinstate_store::Store;

use super::crash::{Kill, Point, deaths, gate, step, tell};
use super::place::On;
use super::process::{Bot, PROCESS_TIMEOUT};
use super::story::{Clicks, End, Story, buttons, changes, is_one_shot, talk_to};
use reinstate_testing::port::free_port;

const REPLICA_COUNT: usize = 3;

/// A process, and the people who happen to reach it.
struct Replica {
    bot: Bot,
    people: Workspace,
}

async fn replicas(sandbox: &Sandbox, url: &str) -> Vec<Replica> {
    let mut all = Vec::new();
    for _ in 0..REPLICA_COUNT {
        let port = free_port();
        let mut env = sandbox.env(url, &format!("127.0.0.1:{port}"));
        env.insert("REINSTATE_SERVER__REPLICAS".to_owned(), REPLICA_COUNT.to_string());
        all.push(Replica { bot: Bot::launch(&env, port), people: talk_to(sandbox, port) });
    }
    for replica in &all {
        replica.bot.ready().await;
    }
    all
}

/// People whose records have lost their accounts.
fn many(count: usize) -> (Tenant, Vec<String>) {
    let mut tenant = Tenant::new();
    let mut who = Vec::new();
    for n in 0..count {
        let address = format!("person{n}@acme.example");
        let person = tenant.employee(&address, &format!("Person {n}"));
        tenant.atlassian.unlink(&person.record);
        who.push(address);
    }
    tenant.entra.settle_watermark(reinstate::clock::now());
    (tenant, who)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes long: three processes need a quiet machine: cargo test --test it -- --ignored replicas::"]
async fn three_processes_say_and_do_everything_once() {
    reinstate::upstream::install_tls();
    let Some(place) = On::Postgres.place().await else { return };
    let (tenant, who) = many(5);
    let sandbox = Sandbox::start(tenant).await.unwrap();
    lock(&sandbox.entra).switches.limit_requests = 1000;
    let all = replicas(&sandbox, &place.url).await;
    for (n, address) in who.iter().enumerate() {
        // Typed at one, and repeated by Slack at the other two.
        let command = format!("repair {address}");
        let ack = all[n % REPLICA_COUNT].people.command("U0ADA", ADMINS, &command).await.unwrap();
        assert!(ack.body.contains("run has begun"), "{}", ack.body);
        for (m, replica) in all.iter().enumerate().filter(|(m, _)| *m != n % REPLICA_COUNT) {
            let again = replica.people.retry(&ack, u32::try_from(m).unwrap(), "http_timeout").await.unwrap();
            assert!(again.body.contains("had begun already"), "{}", again.body);
        }
    }
    let ledger = Journal::new(Store::open(&place.url).await.unwrap());
    let store = ledger.store();
    let since = Instant::now();
    let (mut clicks, mut turn) = (Clicks::default(), 0);
    while !store.open_runs().await.unwrap().is_empty() || !store.stale_cards(1).await.unwrap().is_empty() {
        assert!(since.elapsed() < PROCESS_TIMEOUT, "{}", lock(&sandbox.slack).transcript().join("\n"));
        clicks.click(&sandbox, &all[turn % REPLICA_COUNT].people, "U0GRACE", "reinstate.approve").await;
        turn += 1;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let rows = store.recent_runs(100).await.unwrap();
    assert_eq!(rows.len(), who.len(), "one run for each command");
    let (mut begun, mut cards, mut carried) = (0, 0, BTreeMap::new());
    for row in &rows {
        assert_eq!(ledger.run(&row.run).await.unwrap().ended.unwrap().0, Outcome::Restored);
        begun += store.entries(&row.run).await.unwrap().iter().filter(|entry| entry.kind == "began").count();
        cards += store.cards(&row.run).await.unwrap().iter().filter(|card| card.at.channel != "-").count();
        *carried.entry(row.owner.clone().unwrap_or_default()).or_insert(0) += 1;
    }
    let sent = sandbox.wire.calls().iter().filter(|call| changes(call)).count();
    assert_eq!(sent, begun, "each step that began was sent once");
    assert_eq!(lock(&sandbox.slack).messages.len(), cards, "each message was posted once");
    store.verify(None).await.unwrap();
    assert_eq!(sandbox.wire.faults(), Vec::<String>::new());
    println!("{} runs, {begun} steps, {cards} messages, last carried by {carried:?}", rows.len());
}

/// A story on three replicas, stopped at a gate; the replica that stands there is taken out of the list.
async fn at_the_gate(name: &str, plain: &End, kill: Kill) -> Option<(Story, Replica, Vec<Replica>, Gate)> {
    let mut story = Story::on(On::Postgres, find(name).unwrap()).await?;
    let gate = gate(&story, kill);
    let mut all = replicas(&story.sandbox, &story.place.url).await;
    story.people = all[0].people.clone();
    story.asks().await;
    loop {
        story.must_not_hang(&format!("{kill:?}: the gate was never reached, and it"));
        tokio::select! {
            () = gate.reached() => break,
            () = tokio::time::sleep(Duration::from_millis(50)) => story.people_act().await,
        }
    }
    let (row, _) = story.run().await.unwrap();
    let owner = row.owner.expect("somebody stands at the gate");
    let there = all.iter().position(|replica| replica.bot.is(&owner)).expect("one of them");
    let replica = all.remove(there);
    story.people = all[0].people.clone();
    assert_eq!(plain.outcome, Outcome::Restored);
    Some((story, replica, all, gate))
}

/// The story told without trouble, and its irreversible step at this point.
async fn irreversible(name: &str, point: Point) -> (End, Kill) {
    reinstate::upstream::install_tls();
    let plain = tell(On::Sqlite, find(name).unwrap(), None).await.unwrap();
    let kill = deaths(&plain)
        .into_iter()
        .find(|kill| kill.point == point && is_one_shot(step(&plain, kill.step)))
        .expect("a story with an irreversible step");
    (plain, kill)
}

/// Every entry of a run, by its run and kind. A click that a process gets to see only when it wakes is refused, and that
/// refusal is an entry of its own, which belongs to no run.
async fn journal(story: &Story) -> Vec<String> {
    let mut export = story.ledger.store().export(None);
    let mut all = Vec::new();
    while let Some(page) = export.next_page().await.unwrap() {
        let runs = page.iter().filter_map(|entry| Some(format!("{} {}", entry.run.as_ref()?, entry.kind)));
        all.extend(runs);
    }
    all
}

/// Wakes a frozen process, and waits until it has found its way: it is ready, and has answered somebody since.
async fn wakes(story: &Story, frozen: &Replica) {
    frozen.bot.signal("CONT").await;
    frozen.bot.ready().await;
    let heard = || lock(&story.sandbox.slack).ephemerals_for("U0VERA").len();
    let before = heard();
    frozen.people.command("U0VERA", ADMINS, "check jane@acme.example").await.unwrap();
    while heard() == before {
        story.must_not_hang("after it woke");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_takes_over_from_a_killed_one() {
    let (plain, kill) = irreversible("email-held", Point::AfterAct).await;
    let Some((mut story, dying, others, gate)) = at_the_gate("email-held", &plain, kill).await else {
        return;
    };
    let seq = story.run().await.unwrap().0.seq;
    dying.bot.kill().await;
    let since = Instant::now();
    gate.open();
    while story.run().await.unwrap().0.seq == seq {
        story.must_not_hang("after the kill");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    println!("taken over {:.1} s after the kill, with a lease of 30 s", since.elapsed().as_secs_f64());
    story.goes_on("with one process less").await;
    let end = story.end("killed").await;
    assert!(!end.asked_person);
    plain.is_the_end_of(&end, "killed");
    drop(others);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_frozen_before_it_began_cannot_write_when_it_wakes() {
    let (plain, kill) = irreversible("email-held", Point::BeforeBegin).await;
    let Some((mut story, frozen, others, gate)) = at_the_gate("email-held", &plain, kill).await else {
        return;
    };
    frozen.bot.signal("STOP").await;
    story.goes_on("with one process frozen").await;
    let entries = journal(&story).await;
    gate.open();
    wakes(&story, &frozen).await;
    assert_eq!(journal(&story).await, entries, "nothing was written");
    plain.is_the_end_of(&story.end("frozen").await, "frozen before it began");
    drop(others);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_a_frozen_process_may_have_sent_is_shown_to_a_person() {
    let (plain, kill) = irreversible("email-held", Point::AfterBegin).await;
    let Some((mut story, frozen, others, gate)) = at_the_gate("email-held", &plain, kill).await else {
        return;
    };
    frozen.bot.signal("STOP").await;
    let waiting = loop {
        story.must_not_hang("frozen after it began");
        if let Some(waiting) = story.run().await.unwrap().1.waiting {
            break waiting;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(waiting.halt, PauseReason::Ambiguous, "{waiting:?}");
    while buttons(&story.sandbox, "reinstate.retry").is_empty() {
        story.must_not_hang("until a person is shown it");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // Only now the call arrives, and then the process wakes to the answer.
    let entries = journal(&story).await;
    gate.open();
    while !story.sandbox.wire.calls().iter().any(|call| is_one_shot(call) && call.status != 0) {
        story.must_not_hang("until the call has arrived");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    wakes(&story, &frozen).await;
    assert_eq!(journal(&story).await, entries, "it must not write");
    story.goes_on("after a person looked").await;
    println!("{}", lock(&story.sandbox.slack).transcript().join("\n"));
    let end = story.end("frozen").await;
    assert!(end.asked_person);
    assert_eq!((end.outcome, &end.tenant), (plain.outcome, &plain.tenant));
    assert_eq!(end.one_shots(), plain.one_shots(), "the call had arrived, so the new plan does without it");
    drop(others);
}
