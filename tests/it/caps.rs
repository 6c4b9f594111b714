//! The limits on what a plan may do: the daily cap, protected accounts, organization admins, one's own account, and the
//! identities of another living person. Each one is tested separately: at the plan, at the click and at the step. Also
//! an approval that expires during a step, or while the run waits for a person.

use std::time::Duration;

use reinstate::config::Env;
use reinstate_core::run::PauseReason;
use reinstate_core::{Event, Outcome};
use reinstate_sandbox::lock;
use reinstate_sandbox::scenarios;
use reinstate_sandbox::tenant::Tenant;
use reinstate_sandbox::wire::{Gate, Injection, Service};

use super::bot::{ADA, Bot, GRACE, tells, tells_in};

const JANE: &str = "jane@acme.example";

pub fn held() -> Tenant {
    scenarios::find("email-held").unwrap().tenant()
}

pub fn set(key: &'static str, value: &str) -> impl FnOnce(&mut Env) + use<> {
    let value = value.to_owned();
    move |env: &mut Env| {
        env.insert(key.to_owned(), value);
    }
}

/// The number of irreversible calls that were sent.
pub fn parked(bot: &Bot) -> usize {
    let calls = bot.sandbox.wire.calls();
    calls.iter().filter(|call| call.method == "PUT" && call.path.ends_with("/manage/email")).count()
}

/// The account that has the address but must not.
pub fn wrong_account(tenant: &Tenant) -> String {
    tenant.atlassian.bearer(JANE).unwrap().id.clone()
}

async fn halts(bot: &Bot) -> Vec<PauseReason> {
    let events = bot.events(&bot.run().await).await;
    events
        .iter()
        .filter_map(|e| if let Event::Paused { halt, .. } = e { Some(*halt) } else { None })
        .collect()
}

/// Approves the plan and holds the run right after the first step was sent. Runs `meanwhile`, then releases the run.
async fn between_steps(bot: &Bot, meanwhile: impl AsyncFnOnce()) {
    let gate = Gate::default();
    let hold = Injection::Hold { after_effect: true, gate: gate.clone() };
    bot.sandbox.wire.inject(Service::Atlassian, Some("PUT"), "/manage/email", 1, hold);
    bot.says(ADA, &format!("repair {JANE}")).await;
    bot.clicks(GRACE, "reinstate.approve").await;
    gate.reached().await;
    meanwhile().await;
    gate.open();
}

pub async fn closes(bot: &Bot) {
    bot.app.drain(Duration::from_secs(60)).await;
    bot.is_quiet().await;
    bot.reads_all();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_daily_cap_stops_the_step_that_would_exceed_it_and_not_the_harmless_ones() {
    tells_in(held(), set("REINSTATE_LIMITS__RISKY_STEPS_PER_DAY", "0"), async |bot| {
        bot.says(ADA, &format!("repair {JANE}")).await;
        // The plan can be approved: the cap counts steps that begin, not plans.
        bot.clicks(GRACE, "reinstate.approve").await;
        bot.until("the cap", |run| run.waiting.is_some()).await;
        assert_eq!(halts(bot).await, [PauseReason::Cap]);
        assert_eq!(parked(bot), 0, "sent in spite of the cap");
        bot.is_quiet().await;
        bot.sees("limit of risky steps is used up: 0 of 0").await;
        closes(bot).await;
    })
    .await;
    let drift = scenarios::find("membership-drift").unwrap().tenant();
    tells_in(drift, set("REINSTATE_LIMITS__RISKY_STEPS_PER_DAY", "0"), async |bot| {
        bot.says(ADA, &format!("repair {JANE}")).await;
        assert_eq!(bot.ends().await, Outcome::Restored, "harmless steps are not counted");
        closes(bot).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_protected_account_is_refused_when_planned_by_address_account_and_person() {
    let account = wrong_account(&held());
    let person = held().entra.users.values().find(|user| user.upn == JANE).unwrap().id.clone();
    for name in [account.as_str(), JANE, person.as_str()] {
        tells_in(held(), set("REINSTATE_ACCESS__PROTECTED", name), async |bot| {
            bot.says(ADA, &format!("repair {JANE}")).await;
            assert_eq!(bot.ends().await, Outcome::Advice, "{name}");
            bot.sees("protected").await;
            assert_eq!(parked(bot), 0, "{name}");
            closes(bot).await;
        })
        .await;
    }
}

/// Makes the account an organization admin.
fn promote(bot: &Bot, account: &str) {
    let mut atlassian = lock(&bot.sandbox.atlassian);
    atlassian.accounts.get_mut(account).unwrap().platform_roles.push("atlassian/org-admin".to_owned());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_admin_is_refused_when_planned() {
    let account = wrong_account(&held());
    let mut tenant = held();
    tenant
        .atlassian
        .accounts
        .get_mut(&account)
        .unwrap()
        .platform_roles
        .push("atlassian/org-admin".to_owned());
    tells_in(
        tenant,
        |_| {},
        async |bot| {
            bot.says(ADA, &format!("repair {JANE}")).await;
            assert_eq!(bot.ends().await, Outcome::Advice);
            bot.sees("organization admin").await;
            assert_eq!(parked(bot), 0);
            closes(bot).await;
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_became_an_admin_between_plan_and_click_is_not_touched() {
    let account = wrong_account(&held());
    tells("email-held", async |bot| {
        bot.says(ADA, &format!("repair {JANE}")).await;
        bot.button("reinstate.approve").await;
        promote(bot, &account);
        bot.clicks(GRACE, "reinstate.approve").await;
        assert_eq!(bot.ends().await, Outcome::Advice, "what was approved is not what is there");
        assert_eq!(parked(bot), 0);
        closes(bot).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_became_an_admin_between_two_steps_is_not_touched_by_the_next() {
    tells("email-held", async |bot| {
        let right = {
            let atlassian = lock(&bot.sandbox.atlassian);
            let named = atlassian.accounts.values().find(|one| one.email == "jane.miller@acme.example");
            named.unwrap().id.clone()
        };
        between_steps(bot, async || promote(bot, &right)).await;
        bot.until("a pause", |run| run.waiting.is_some() || run.ended.is_some()).await;
        assert_eq!(halts(bot).await, [PauseReason::Condition]);
        let calls = bot.sandbox.wire.calls();
        assert!(
            !calls.iter().any(|call| call.path.ends_with("/provisionOnDemand")),
            "written in spite of it"
        );
        closes(bot).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_of_a_living_colleague_is_not_moved_when_planned_or_after_the_click() {
    tells("email-held-by-colleague", async |bot| {
        bot.says(ADA, &format!("repair {JANE}")).await;
        assert_eq!(bot.ends().await, Outcome::Advice);
        assert_eq!(parked(bot), 0);
        closes(bot).await;
    })
    .await;
    tells("email-held", async |bot| {
        bot.says(ADA, &format!("repair {JANE}")).await;
        bot.button("reinstate.approve").await;
        // Somebody else receives the address at the identity provider while the plan waits.
        {
            let mut entra = lock(&bot.sandbox.entra);
            let other = entra.add_user("other@acme.example", "Otto Other");
            entra.users.get_mut(&other).unwrap().proxy_addresses.push(format!("smtp:{JANE}"));
        }
        bot.clicks(GRACE, "reinstate.approve").await;
        bot.until("the end or a new plan", |run| run.ended.is_some() || run.plans > 1).await;
        assert_eq!(parked(bot), 0, "the address of a living colleague was moved");
        closes(bot).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_approves_a_plan_on_their_own_account() {
    let mut tenant = held();
    // Jane is an approver.
    tenant.slack.channels.get_mut(reinstate_sandbox::tenant::ADMINS).unwrap().members.insert("U0JANE".into());
    tells_in(tenant, set("REINSTATE_ACCESS__APPROVER__USERS", "U0GRACE,U0JANE"), async |bot| {
        bot.says(ADA, &format!("repair {JANE}")).await;
        bot.clicks("U0JANE", "reinstate.approve").await;
        bot.hears("U0JANE", "Nobody approves a plan on their own account").await;
        assert_eq!(parked(bot), 0);
        bot.clicks(GRACE, "reinstate.approve").await;
        assert_eq!(bot.ends().await, Outcome::Restored);
        let events = bot.events(&bot.run().await).await;
        assert!(events.iter().any(|e| matches!(e, Event::Denied { by, .. } if by == "U0JANE")), "recorded");
        closes(bot).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_that_aged_while_nothing_could_begin_is_asked_for_again() {
    tells_in(held(), set("REINSTATE_APPROVALS__START_WITHIN", "1s"), async |bot| {
        // The reading after the approval takes longer than the approval is valid.
        bot.says(ADA, &format!("repair {JANE}")).await;
        bot.button("reinstate.approve").await;
        let gate = Gate::default();
        let hold = Injection::Hold { after_effect: false, gate: gate.clone() };
        let right = {
            let atlassian = lock(&bot.sandbox.atlassian);
            let named = atlassian.accounts.values().find(|one| one.email == "jane.miller@acme.example");
            named.unwrap().id.clone()
        };
        let own_part = right.rsplit(':').next().unwrap().to_owned();
        bot.sandbox.wire.inject(Service::Atlassian, Some("GET"), &format!("{own_part}/manage"), 1, hold);
        bot.clicks(GRACE, "reinstate.approve").await;
        gate.reached().await;
        let run = bot.until("the approval", |run| !run.approved_by().is_empty()).await;
        let approved = run.current.unwrap().approvals[0].at;
        while reinstate::clock::now().duration_since(approved).as_secs() < 2 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        gate.open();
        let run = bot.until("a new plan, or the step", |run| run.plans > 1 || parked(bot) > 0).await;
        assert_eq!(parked(bot), 0, "begun {:?} after the approval", run.current.map(|current| current.at));
        closes(bot).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_from_before_a_pause_is_worth_nothing_after_it() {
    tells("email-held", async |bot| {
        bot.says(ADA, &format!("repair {JANE}")).await;
        let refused = Injection::Answer { status: 403, headers: Vec::new(), body: "{}".to_owned() };
        bot.sandbox.wire.inject(Service::Atlassian, Some("PUT"), "/manage/email", 1, refused);
        bot.clicks(GRACE, "reinstate.approve").await;
        let run = bot.until("the pause", |run| run.waiting.is_some()).await;
        assert_eq!(halts(bot).await, [PauseReason::Refused]);
        let approved = run.current.unwrap().digest;
        bot.clicks(ADA, "reinstate.retry").await;
        let run = bot.until("a plan of its own", |run| run.plans > 1).await;
        // The world and the plan are unchanged. The approver must still be asked again.
        assert_eq!(run.current.as_ref().unwrap().digest, approved);
        assert!(run.approved_by().is_empty(), "an approval outlived a pause");
        bot.button("reinstate.approve").await;
        bot.is_quiet().await;
        assert_eq!(parked(bot), 1, "sent on an approval from before the pause");
        bot.clicks(GRACE, "reinstate.approve").await;
        assert_eq!(bot.ends().await, Outcome::Restored);
        assert_eq!(parked(bot), 2, "what was refused, and what was approved anew");
        closes(bot).await;
    })
    .await;
}
