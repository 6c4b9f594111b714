//! Who may approve. One human is one person, whatever Slack ids they have. Nobody decides on a plan that may be on
//! their own account. Roles are read after everything slow was read. A Decline or a Cancel never waits for an Approve.

use reinstate::config::Env;
use reinstate_core::{Event, Outcome};
use reinstate_sandbox::lock;
use reinstate_sandbox::scenarios;
use reinstate_sandbox::tenant::{ADMINS, DIRECTORY, Tenant};
use reinstate_sandbox::wire::{Gate, Injection, Service};
use serde_json::{Value, json};

use super::bot::{ADA, Bot, GRACE, tells_in};
use super::slack_sweep;

const REPAIR: &str = "repair jane@acme.example";
const APPROVE: &str = "reinstate.approve";
/// A second Slack account.
const SECOND: &str = "U0SECOND";
/// A third approver.
const LINUS: &str = "U0LINUS";

fn held() -> Tenant {
    scenarios::find("email-held").unwrap().tenant()
}

/// Adds a Slack user to the admins' channel.
fn joins(tenant: &mut Tenant, id: &str, mail: &str) {
    tenant.slack.add_user(id, &id.to_lowercase(), id, mail);
    tenant.slack.channels.get_mut(ADMINS).unwrap().members.insert(id.to_owned());
}

/// Gives the person of this address another address at the identity provider.
fn also_known_as(tenant: &mut Tenant, upn: &str, alias: &str) {
    let user = tenant.entra.users.values_mut().find(|user| user.upn == upn).unwrap();
    user.proxy_addresses.push(format!("smtp:{alias}"));
}

fn with(pairs: &[(&str, &str)]) -> impl FnOnce(&mut Env) {
    let pairs: Vec<_> = pairs.iter().map(|(k, v)| (format!("REINSTATE_{k}"), (*v).to_owned())).collect();
    move |env: &mut Env| env.extend(pairs)
}

fn approvers(events: &[Event]) -> Vec<&str> {
    events
        .iter()
        .filter_map(|e| if let Event::Approved { by, .. } = e { Some(by.as_str()) } else { None })
        .collect()
}

async fn closes(bot: &Bot) {
    bot.app.drain(std::time::Duration::from_secs(60)).await;
    bot.is_quiet().await;
    bot.reads_all();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_with_two_slack_ids_does_not_approve_what_they_asked_for() {
    for mail in ["ADA@acme.example", "ada.ops@acme.example"] {
        let mut tenant = held();
        joins(&mut tenant, SECOND, mail);
        also_known_as(&mut tenant, "ada@acme.example", "ada.ops@acme.example");
        let both = with(&[("ACCESS__APPROVER__USERS", "U0GRACE,U0SECOND")]);
        tells_in(tenant, both, async |bot| {
            bot.says(ADA, REPAIR).await;
            bot.clicks(SECOND, APPROVE).await;
            bot.hears(SECOND, "You asked for this under another Slack account").await;
            bot.clicks(GRACE, APPROVE).await;
            assert_eq!(bot.ends().await, Outcome::Restored);
            assert_eq!(approvers(&bot.events(&bot.run().await).await), [GRACE]);
            closes(bot).await;
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_addresses_that_lead_to_one_account_are_one_person() {
    let mut tenant = held();
    joins(&mut tenant, SECOND, "ada.old@acme.example");
    // The account has her old address, which the identity provider does not know. Her record is linked to that account.
    let account = tenant.account("ada.old@acme.example", "Ada", 3);
    let records = &mut tenant.atlassian.scim_users;
    let record = records.values_mut().find(|one| one.user_name == "ada@acme.example").unwrap();
    record.account = Some(account);
    let both = with(&[("ACCESS__APPROVER__USERS", "U0GRACE,U0SECOND")]);
    tells_in(tenant, both, async |bot| {
        bot.says(ADA, REPAIR).await;
        bot.clicks(SECOND, APPROVE).await;
        bot.hears(SECOND, "You asked for this under another Slack account").await;
        bot.clicks(GRACE, APPROVE).await;
        assert_eq!(bot.ends().await, Outcome::Restored);
        assert_eq!(approvers(&bot.events(&bot.run().await).await), [GRACE]);
        closes(bot).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_with_two_slack_ids_is_one_of_two_approvers() {
    let mut tenant = held();
    joins(&mut tenant, SECOND, "grace.a@acme.example");
    joins(&mut tenant, LINUS, "linus@acme.example");
    also_known_as(&mut tenant, "grace@acme.example", "grace.a@acme.example");
    tenant.employee("linus@acme.example", "Linus");
    let two =
        with(&[("ACCESS__APPROVER__USERS", "U0GRACE,U0SECOND,U0LINUS"), ("APPROVALS__DESTRUCTIVE", "2")]);
    tells_in(tenant, two, async |bot| {
        bot.says(ADA, REPAIR).await;
        bot.clicks(GRACE, APPROVE).await;
        bot.until("one approval", |run| run.approved_by().len() == 1).await;
        bot.clicks(SECOND, APPROVE).await;
        bot.hears(SECOND, "under another Slack account").await;
        bot.clicks(LINUS, APPROVE).await;
        assert_eq!(bot.ends().await, Outcome::Restored);
        let events = bot.events(&bot.run().await).await;
        assert_eq!(approvers(&events), [GRACE, LINUS]);
        closes(bot).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approver_whose_address_belongs_to_nobody_is_told_that_another_must_decide() {
    let mut tenant = held();
    joins(&mut tenant, SECOND, "contractor@partner.example");
    let both = with(&[("ACCESS__APPROVER__USERS", "U0GRACE,U0SECOND")]);
    tells_in(tenant, both, async |bot| {
        bot.says(ADA, REPAIR).await;
        bot.clicks(SECOND, APPROVE).await;
        bot.hears(SECOND, "another approver must decide").await;
        let run = bot.run().await;
        assert!(bot.app.journal.run(&run).await.unwrap().approved_by().is_empty());
        // A person whose identities cannot be read may not approve either.
        let refuse = Injection::Answer { status: 403, headers: Vec::new(), body: "{}".to_owned() };
        bot.sandbox.wire.inject(Service::Entra, Some("GET"), "/v1.0/users", 1000, refuse);
        bot.clicks(GRACE, APPROVE).await;
        bot.hears(GRACE, "could not be read, so your approval was not taken").await;
        assert!(bot.app.journal.run(&run).await.unwrap().approved_by().is_empty());
        bot.says(ADA, &format!("cancel {run}")).await;
        closes(bot).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_the_requester_is_the_same_person_must_be_readable() {
    tells_in(
        held(),
        |_| {},
        async |bot| {
            bot.says(ADA, REPAIR).await;
            bot.button(APPROVE).await;
            lock(&bot.sandbox.slack).users.get_mut(ADA).unwrap().email = String::new();
            bot.app.drain(std::time::Duration::from_secs(60)).await;
            // The cached identities of Ada, read when she asked, expire after ten seconds.
            tokio::time::sleep(std::time::Duration::from_secs(11)).await;
            bot.clicks(GRACE, APPROVE).await;
            bot.hears(GRACE, "Whether you and the person who asked are the same could not be read").await;
            lock(&bot.sandbox.slack).users.get_mut(ADA).unwrap().email = "ada@acme.example".to_owned();
            let run = bot.run().await;
            assert!(bot.app.journal.run(&run).await.unwrap().approved_by().is_empty());
            bot.says(ADA, &format!("cancel {run}")).await;
            closes(bot).await;
        },
    )
    .await;
}

/// Holds back the look-up of an approver's identities. Nothing was read about this approver before.
fn holds_the_look(bot: &Bot) -> Gate {
    let gate = Gate::default();
    let hold = Injection::Hold { after_effect: false, gate: gate.clone() };
    bot.sandbox.wire.inject_when(1, hold, |call, _| {
        call.service == Service::Entra && call.query.to_lowercase().contains("grace")
    });
    gate
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_are_asked_for_after_everything_slow_was_read() {
    let mut tenant = held();
    tenant.slack.add_group("S0APPROVE", "approvers", &[GRACE]);
    let group =
        with(&[("ACCESS__APPROVER__USERS", "U0NOBODY"), ("ACCESS__APPROVER__USERGROUPS", "S0APPROVE")]);
    tells_in(tenant, group, async |bot| {
        bot.says(ADA, REPAIR).await;
        bot.button(APPROVE).await;
        let gate = holds_the_look(bot);
        bot.clicks(GRACE, APPROVE).await;
        gate.reached().await;
        // She had the role when she clicked, but no longer has it when everything is read.
        lock(&bot.sandbox.slack).groups.get_mut("S0APPROVE").unwrap().users.clear();
        gate.open();
        bot.hears(GRACE, "This needs the role approver").await;
        let run = bot.run().await;
        assert!(bot.app.journal.run(&run).await.unwrap().approved_by().is_empty());
        bot.says(ADA, &format!("cancel {run}")).await;
        closes(bot).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_up_that_fails_after_everything_was_read_grants_nothing() {
    tells_in(
        held(),
        |_| {},
        async |bot| {
            bot.says(ADA, REPAIR).await;
            bot.button(APPROVE).await;
            let gate = holds_the_look(bot);
            bot.clicks(GRACE, APPROVE).await;
            gate.reached().await;
            let limited = Injection::Answer {
                status: 429,
                headers: vec![("retry-after".to_owned(), "1".to_owned())],
                body: r#"{"ok":false,"error":"ratelimited"}"#.to_owned(),
            };
            bot.sandbox.wire.inject(Service::Slack, None, "users.info", 100, limited);
            gate.open();
            bot.hears(GRACE, "Slack did not answer who you are").await;
            let run = bot.run().await;
            assert!(bot.app.journal.run(&run).await.unwrap().approved_by().is_empty());
            closes(bot).await;
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decline_and_a_cancel_do_not_wait_behind_an_approve() {
    for typed in [false, true] {
        let mut tenant = held();
        joins(&mut tenant, LINUS, "linus@acme.example");
        tenant.employee("linus@acme.example", "Linus");
        let two = with(&[("ACCESS__APPROVER__USERS", "U0GRACE,U0LINUS")]);
        tells_in(tenant, two, async |bot| {
            bot.says(ADA, REPAIR).await;
            bot.button(APPROVE).await;
            let gate = holds_the_look(bot);
            bot.clicks(GRACE, APPROVE).await;
            gate.reached().await;
            if typed {
                let run = bot.run().await;
                bot.says(ADA, &format!("cancel {run}")).await;
                bot.hears(ADA, "The run is stopped").await;
                assert_eq!(bot.ends().await, Outcome::Cancelled);
            } else {
                bot.clicks(LINUS, "reinstate.decline").await;
                bot.modal(LINUS, "will be done").await;
                bot.submits(LINUS, json!({"reason": {"why": {"value": "no"}}})).await;
                assert_eq!(bot.ends().await, Outcome::Declined);
            }
            gate.open();
            bot.hears(GRACE, "The run has ended, so nothing was done").await;
            assert!(approvers(&bot.events(&bot.run().await).await).is_empty());
            closes(bot).await;
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn anyone_may_decline_a_plan_on_their_own_account_and_nobody_another_ones() {
    let mut tenant = held();
    joins(&mut tenant, "U0JANE", "jane@acme.example");
    joins(&mut tenant, SECOND, "vera@acme.example");
    tells_in(
        tenant,
        |_| {},
        async |bot| {
            bot.says(ADA, REPAIR).await;
            bot.clicks(SECOND, "reinstate.decline").await;
            bot.hears(SECOND, "This needs the role approver").await;
            bot.clicks("U0JANE", "reinstate.decline").await;
            bot.modal("U0JANE", "will be done").await;
            bot.submits("U0JANE", json!({"reason": {"why": {"value": null}}})).await;
            assert_eq!(bot.ends().await, Outcome::Declined);
            closes(bot).await;
        },
    )
    .await;
}

/// The personal parts of the entries of this kind, of a sweep and its runs.
async fn entries(bot: &Bot, kind: &str) -> Vec<Value> {
    let mut export = bot.app.journal.store().export(None);
    let mut all = Vec::new();
    while let Some(page) = export.next_page().await.unwrap() {
        all.extend(
            page.into_iter()
                .filter(|entry| entry.kind == kind)
                .map(|entry| serde_json::from_str::<Value>(entry.personal.as_deref().unwrap()).unwrap()),
        );
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn the_repairs_of_a_sweep_are_started_by_an_operator_who_is_their_requester() {
    let mut tenant = slack_sweep::tenant(7);
    joins(&mut tenant, LINUS, "linus@acme.example");
    tenant.employee("linus@acme.example", "Linus");
    tenant.entra.settle_watermark(reinstate::clock::now());
    let roles =
        with(&[("ACCESS__OPERATOR__USERS", "U0ADA,U0LINUS"), ("ACCESS__APPROVER__USERS", "U0GRACE,U0LINUS")]);
    tells_in(tenant, roles, async |bot| {
        bot.says(ADA, "sweep").await;
        bot.button("reinstate.sweep_repair").await;
        // A person who is only an approver starts no repairs, even if an operator requested the sweep.
        bot.clicks(GRACE, "reinstate.sweep_repair").await;
        bot.hears(GRACE, "This needs the role operator").await;
        let (_, course) = slack_sweep::sweep(bot, |course| course.surveyed.is_some()).await;
        assert!(course.requested.is_none());
        // The person who starts the repairs is the requester, and may not approve them.
        bot.clicks(LINUS, "reinstate.sweep_repair").await;
        bot.clicks(LINUS, APPROVE).await;
        bot.hears(LINUS, "Nobody approves their own request").await;
        bot.clicks(GRACE, APPROVE).await;
        let (_, course) = slack_sweep::sweep(bot, |course| course.ended.is_some()).await;
        assert_eq!(course.repaired.unwrap().1.restored, 7);
        let requested = entries(bot, "sweep-requested").await;
        assert_eq!(
            (&requested[0]["by"]["by"], &requested[0]["rule"]),
            (&json!(LINUS), &json!("user U0LINUS"))
        );
        let opened = entries(bot, "opened").await;
        assert_eq!(opened.len(), 7);
        assert!(opened.iter().all(|one| one["asked"]["by"] == LINUS), "{opened:?}");
        let admitted = entries(bot, "admitted").await;
        assert!(admitted.len() == 7 && admitted.iter().all(|one| one["rule"] == "user U0LINUS"));
        closes(bot).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn four_eyes_and_own_account_hold_for_the_list_of_a_sweep() {
    let mut tenant = slack_sweep::tenant(7);
    joins(&mut tenant, SECOND, "ada.ops@acme.example");
    joins(&mut tenant, LINUS, "p3.alias@acme.example");
    joins(&mut tenant, "U0OUTSIDE", "contractor@partner.example");
    also_known_as(&mut tenant, "ada@acme.example", "ada.ops@acme.example");
    also_known_as(&mut tenant, "p3@acme.example", "p3.alias@acme.example");
    let all = with(&[("ACCESS__APPROVER__USERS", "U0GRACE,U0SECOND,U0LINUS,U0OUTSIDE")]);
    tells_in(tenant, all, async |bot| {
        bot.says(ADA, "sweep").await;
        bot.clicks(ADA, "reinstate.sweep_repair").await;
        for (who, says) in [
            (SECOND, "You asked for this under another Slack account"),
            (LINUS, "Nobody approves a plan on their own account"),
            ("U0OUTSIDE", "another approver must decide"),
        ] {
            bot.clicks(who, APPROVE).await;
            bot.hears(who, says).await;
        }
        bot.clicks(GRACE, APPROVE).await;
        let (_, course) = slack_sweep::sweep(bot, |course| course.ended.is_some()).await;
        assert_eq!(course.approved.unwrap().0, GRACE);
        closes(bot).await;
    })
    .await;
}

/// Jane of "email-held", with an address so long that Slack's dialog has no room for the step that moves it.
fn held_at_length() -> (Tenant, String) {
    let long = format!("jane.{}@acme.example", "x".repeat(215));
    let mut tenant = Tenant::new();
    tenant.sends_known_members();
    let jane = tenant.hire(&long, "Jane Doe");
    let real = tenant.account("jane.miller@acme.example", "Jane Miller", 1432);
    tenant.account(&long, "Jane Doe", 0);
    let old = "jane.miller@acme.example";
    let record = tenant.atlassian.scim_record(DIRECTORY, old, &jane, Some(&real));
    tenant.exported(&jane, &record);
    if let Some(export) = tenant.entra.atlassian_job().and_then(|job| job.cache.get_mut(&jane)) {
        for value in export.attributes.values_mut().filter(|value| value.as_str() == Some(&long)) {
            *value = old.into();
        }
    }
    tenant.refused(&jane, "Update", &long);
    tenant.entra.settle_watermark(reinstate::clock::now());
    (tenant, long)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_the_dialog_is_not_approved_by_one_click() {
    let (tenant, long) = held_at_length();
    tells_in(
        tenant,
        |_| {},
        async |bot| {
            bot.says(ADA, &format!("repair {long}")).await;
            let (_, ts) = bot.button(APPROVE).await;
            let blocks = lock(&bot.sandbox.slack).message(&ts).unwrap().blocks.clone();
            let mut elements = blocks.iter().flat_map(|block| block["elements"].as_array()).flatten();
            let button = elements.find(|one| one["action_id"] == APPROVE).unwrap();
            assert!(button["confirm"].is_null(), "{button}");
            // One click shows all of it and approves nothing. It shows nothing to people without the role.
            bot.clicks(ADA, APPROVE).await;
            bot.hears(ADA, "Nobody approves their own request").await;
            bot.clicks(GRACE, APPROVE).await;
            let shown = bot.modal(GRACE, "Destructive").await;
            let (steps, whose) = shown.split_once("For ").unwrap();
            let account = lock(&bot.sandbox.atlassian).bearer(&long).unwrap().id.clone();
            assert!(
                steps.contains(&format!(
                    "Move {long} off account Jane Doe (…{}, ",
                    &account[account.len() - 4..]
                )),
                "{shown}"
            );
            let run = bot.until("a plan", |run| run.current.is_some()).await;
            assert!(run.approved_by().is_empty());
            let digest = run.current.unwrap().digest.unwrap();
            assert!(whose.contains(&digest["sha256:".len()..][..8]), "{shown}");
            bot.submits(GRACE, json!({})).await;
            assert_eq!(bot.ends().await, Outcome::Restored);
            assert_eq!(approvers(&bot.events(&bot.run().await).await), [GRACE]);
            closes(bot).await;
        },
    )
    .await;
}
