//! People without permission try every command and every button. They are guests, deactivated people, bots, and people
//! of another company, all with every role that a configuration can grant. A colleague without any role also tries.
//! They learn nothing, nothing changes, and every attempt is recorded.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use reinstate::config::Env;
use reinstate_core::Outcome;
use reinstate_sandbox::lock;
use reinstate_sandbox::scenarios::find;
use reinstate_sandbox::tenant::{ADMINS, HELPDESK, Tenant};
use reinstate_sandbox::wire::{Gate, Injection, Service};
use serde_json::{Value, json};

use super::bot::{ADA, Bot, GRACE, GUS, JANE, tells_in};
use super::story::changes;

/// A full member without any role.
const NOBODY: &str = "U0NOBODY";
const OUTSIDERS: [&str; 5] = ["U0GONE", "U0BOT", "U0ELSE", GUS, NOBODY];
/// Data that they must not learn.
const DATA: [&str; 4] = ["email-held", "jane.miller", "712020:", "sha256:"];

/// The tenant with outsiders in every channel.
fn open_to_all(mut tenant: Tenant) -> Tenant {
    for id in OUTSIDERS.into_iter().filter(|id| *id != GUS) {
        let name = id[2..].to_lowercase();
        let user = tenant.slack.add_user(id, &name, &name, &format!("{name}@acme.example"));
        match id {
            "U0GONE" => user.deleted = true,
            "U0BOT" => user.is_bot = true,
            "U0ELSE" => {
                user.team_id = "T0ELSEWHERE".to_owned();
                user.is_stranger = true;
            }
            _ => {}
        }
    }
    for channel in [ADMINS, HELPDESK] {
        let members = &mut tenant.slack.channels.get_mut(channel).unwrap().members;
        members.extend(OUTSIDERS.map(str::to_owned));
    }
    tenant
}

/// Grants every role to everybody but the colleague.
fn all_roles(env: &mut Env) {
    for role in ["VIEWER", "OPERATOR", "APPROVER"] {
        let everybody = "U0ADA,U0GRACE,U0GONE,U0BOT,U0ELSE,U0GUEST";
        env.insert(format!("REINSTATE_ACCESS__{role}__USERS"), everybody.to_owned());
    }
}

/// What must not change: the organization, the number of calls that change it, and the entries of all runs. Runs that
/// outsiders opened end immediately and do not count. Refusals do not count either.
async fn standing(bot: &Bot) -> (Value, usize, Vec<String>) {
    let store = bot.app.journal.store();
    let since = Instant::now();
    let mut all = Vec::new();
    for row in store.recent_runs(200).await.unwrap() {
        let mut entries = store.entries(&row.run).await.unwrap();
        let first: Value = serde_json::from_str(entries[0].personal.as_deref().unwrap()).unwrap();
        if OUTSIDERS.iter().any(|id| first["asked"]["by"] == *id) {
            while entries.last().unwrap().kind != "ended" {
                assert!(since.elapsed() < Duration::from_secs(60), "{:?}", entries.last());
                tokio::time::sleep(Duration::from_millis(10)).await;
                entries = store.entries(&row.run).await.unwrap();
            }
            let kinds: Vec<&str> = entries.iter().map(|entry| entry.kind.as_str()).collect();
            assert_eq!(kinds, ["opened", "ended"]);
            assert!(entries[1].facts.contains("refused"), "{}", entries[1].facts);
        } else {
            all.extend(
                entries.iter().filter(|one| !one.kind.ends_with("denied")).map(|one| one.hash.clone()),
            );
        }
    }
    let writes = bot.sandbox.wire.calls().iter().filter(|call| changes(call)).count();
    (lock(&bot.sandbox.atlassian).snapshot(), writes, all)
}

/// How many refusals of this person were recorded: as entries of their own, with the run concerned, or as the end of
/// the run that the person opened.
async fn refusals(bot: &Bot, user: &str) -> usize {
    let mut export = bot.app.journal.store().export(None);
    let (mut runs, mut count) = (BTreeSet::new(), 0);
    while let Some(page) = export.next_page().await.unwrap() {
        for entry in page {
            let said: Value =
                entry.personal.map(|text| serde_json::from_str(&text).unwrap()).unwrap_or_default();
            if entry.kind == "opened" && said["asked"]["by"] == user {
                runs.insert(entry.run.unwrap());
            } else if entry.kind.ends_with("denied") && said["by"] == user {
                count += 1;
            }
        }
    }
    count + runs.len()
}

/// Everything that Slack shows to this person alone.
fn shown_to(bot: &Bot, user: &str) -> Vec<String> {
    let slack = lock(&bot.sandbox.slack);
    let private =
        slack.ephemerals_for(user).into_iter().map(|(_, one)| format!("{} {:?}", one.text, one.blocks));
    let views = [slack.modal(user), slack.home(user)].into_iter().flatten().map(|view| view.body.to_string());
    private.chain(views).collect()
}

/// Lets every person without permission try something, one after the other. Nothing changes, they learn nothing, and
/// each attempt is recorded.
async fn refused(bot: &Bot, label: &str, who: &[&str], attempt: impl AsyncFn(&str)) -> usize {
    bot.app.drain(Duration::from_secs(60)).await;
    bot.is_quiet().await;
    let before = standing(bot).await;
    for user in who {
        let known = refusals(bot, user).await;
        attempt(user).await;
        bot.app.drain(Duration::from_secs(60)).await;
        assert_eq!(standing(bot).await, before, "{user} moved something: {label}");
        assert!(refusals(bot, user).await > known, "{user} tried {label}, and that is not recorded");
        for told in shown_to(bot, user) {
            assert!(!DATA.iter().any(|data| told.contains(data)), "{user} learns by {label}: {told}");
        }
    }
    bot.is_quiet().await;
    bot.reads_all();
    who.len()
}

/// Lets them click each of these buttons in a channel.
async fn pressed(bot: &Bot, actions: &[&str]) -> usize {
    let mut tried = 0;
    for action in actions {
        let action = format!("reinstate.{action}");
        let (channel, ts) = bot.button(&action).await;
        let click = async |user: &str| {
            bot.people.click(user, &channel, &ts, &action).await.unwrap();
        };
        tried += refused(bot, &action, &OUTSIDERS, click).await;
    }
    tried
}

/// Runs a scenario with outsiders in every channel.
async fn among(tenant: Tenant, change: impl FnOnce(&mut Env), story: impl AsyncFnOnce(&Bot) -> usize) {
    let all = |env: &mut Env| {
        all_roles(env);
        change(env);
    };
    tells_in(open_to_all(tenant), all, async |bot| {
        println!("{} attempts of people who may not", story(bot).await);
        bot.app.drain(Duration::from_secs(60)).await;
        bot.is_quiet().await;
        bot.reads_all();
    })
    .await;
}

fn held() -> Tenant {
    find("email-held").unwrap().tenant()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_gets_nothing_out_of_any_command_or_shortcut() {
    among(
        held(),
        |_| {},
        async |bot| {
            bot.says(ADA, "repair jane@acme.example").await;
            let run = bot.run().await;
            bot.button("reinstate.approve").await;
            let mut tried = 0;
            for text in [
                "check jane@acme.example".to_owned(),
                "repair jane@acme.example".to_owned(),
                "sweep".to_owned(),
                "status".to_owned(),
                format!("status {run}"),
                "history jane@acme.example".to_owned(),
                "report".to_owned(),
                format!("cancel {run}"),
                format!("cancel {}", uuid::Uuid::now_v7()),
            ] {
                let say = async |user: &str| {
                    bot.people.command(user, ADMINS, &text).await.unwrap();
                };
                tried += refused(bot, &text, &OUTSIDERS, say).await;
            }
            let strangers: Vec<&str> = OUTSIDERS.into_iter().filter(|id| *id != NOBODY).collect();
            let me = async |user: &str| {
                bot.people.command(user, ADMINS, "me").await.unwrap();
            };
            // The colleague may check their own account, and no other.
            tried += refused(bot, "me", &strangers, me).await;
            let ts = bot.people.say(JANE, HELPDESK, "I see nothing in Jira").unwrap();
            let author = async |user: &str| {
                bot.people.message_shortcut(user, HELPDESK, &ts, "reinstate.check_message").await.unwrap();
            };
            tried += refused(bot, "the shortcut on a message", &OUTSIDERS, author).await;
            let person = async |user: &str| {
                bot.people.shortcut(user, "reinstate.check_person").await.unwrap();
                bot.modal(user, "Whose Atlassian access").await;
                bot.people.pick_person(user, "reinstate.check_picked", JANE).await.unwrap();
            };
            tried += refused(bot, "the picker of people", &OUTSIDERS, person).await;
            tried
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_cannot_press_what_waits_for_an_approval_or_for_a_person() {
    let no_steps = |env: &mut Env| {
        env.insert("REINSTATE_LIMITS__RISKY_STEPS_PER_DAY".to_owned(), "0".to_owned());
    };
    among(held(), no_steps, async |bot| {
        bot.says(ADA, "repair jane@acme.example").await;
        let mut tried = pressed(bot, &["approve", "decline", "recheck", "details"]).await;
        bot.clicks(GRACE, "reinstate.approve").await;
        bot.until("the cap", |run| run.waiting.is_some()).await;
        tried += pressed(bot, &["retry", "cancel", "details"]).await;
        tried
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_cannot_press_what_takes_back_retires_or_picks() {
    among(
        held(),
        |_| {},
        async |bot| {
            bot.says(ADA, "repair jane@acme.example").await;
            bot.clicks(GRACE, "reinstate.approve").await;
            assert_eq!(bot.ends().await, Outcome::Restored);
            pressed(bot, &["retire"]).await
        },
    )
    .await;
    among(
        find("suspended").unwrap().tenant(),
        |_| {},
        async |bot| {
            bot.says(ADA, "repair jane@acme.example").await;
            let run = bot.run().await;
            assert_eq!(bot.ends().await, Outcome::Restored);
            let mut tried = pressed(bot, &["undo"]).await;
            let undo = async |user: &str| {
                bot.people.command(user, ADMINS, &format!("undo {run}")).await.unwrap();
            };
            tried += refused(bot, "undo", &OUTSIDERS, undo).await;
            tried
        },
    )
    .await;
    among(
        super::upper_rungs::torn(),
        |_| {},
        async |bot| {
            bot.says(ADA, "repair jane@acme.example").await;
            assert_eq!(bot.ends().await, Outcome::Advice);
            pressed(bot, &["pick"]).await
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_cannot_press_a_call_for_help_or_what_only_others_were_shown() {
    let drift = find("membership-drift").unwrap().tenant();
    among(
        drift,
        |_| {},
        async |bot| {
            bot.says_in(HELPDESK, JANE, "me").await;
            bot.hears(JANE, "Your Atlassian access").await;
            bot.clicks_private(JANE, "reinstate.ask_for_help").await;
            bot.hears(JANE, "have been asked").await;
            let mut tried = pressed(bot, &["repair", "recheck"]).await;
            let strangers: Vec<&str> = OUTSIDERS.into_iter().filter(|id| *id != NOBODY).collect();
            let forged = async |user: &str| {
                let team = lock(&bot.sandbox.slack).users.get(user).unwrap().team_id.clone();
                let payload = json!({"type": "block_actions", "user": {"id": user, "team_id": team},
                    "channel": {"id": ADMINS}, "actions": [{"action_id": "reinstate.ask_for_help", "value": "{}"}]});
                bot.people.click_raw(&payload).await.unwrap();
            };
            tried += refused(bot, "a call for help", &strangers, forged).await;
            tried
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_cannot_press_anything_on_a_sweep() {
    among(
        super::slack_sweep::tenant(7),
        |_| {},
        async |bot| {
            let gate = Gate::default();
            let hold = Injection::Hold { after_effect: false, gate: gate.clone() };
            bot.sandbox.wire.inject(Service::Entra, Some("POST"), "/provisionOnDemand", 1, hold);
            bot.says(ADA, "sweep").await;
            let mut tried = pressed(bot, &["sweep_repair", "sweep_page"]).await;
            bot.clicks(ADA, "reinstate.sweep_repair").await;
            tried += pressed(bot, &["approve", "decline"]).await;
            bot.clicks(GRACE, "reinstate.approve").await;
            gate.reached().await;
            // The tenant changes while the repairs run. The sweep must not stop.
            let (channel, ts) = bot.button("reinstate.sweep_pause").await;
            for user in OUTSIDERS {
                let known = refusals(bot, user).await;
                bot.people.click(user, &channel, &ts, "reinstate.sweep_pause").await.unwrap();
                bot.app.drain(Duration::from_secs(60)).await;
                assert!(refusals(bot, user).await > known, "{user} pressed Pause, and that is not recorded");
                tried += 1;
            }
            let (id, course) = super::slack_sweep::sweep(bot, |_| true).await;
            assert!(course.paused.is_none(), "{:?}", course.paused);
            bot.clicks(ADA, "reinstate.sweep_pause").await;
            super::slack_sweep::sweep(bot, |course| course.paused.is_some()).await;
            gate.open();
            let since = Instant::now();
            while bot.app.journal.store().open_runs().await.unwrap().iter().any(|row| row.run != id) {
                assert!(since.elapsed() < Duration::from_secs(60), "a repair does not end");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            tried += pressed(bot, &["retry", "cancel"]).await;
            bot.clicks(ADA, "reinstate.cancel").await;
            tried
        },
    )
    .await;
}
