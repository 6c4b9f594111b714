//! Who is told what, where: each cell of the table in `docs/reference/commands.md` has a test. The tests here compare
//! everybody who was told something with the table, so that nobody is told too much either.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use reinstate_core::Outcome;
use reinstate_sandbox::lock;
use reinstate_sandbox::scenarios::find;
use reinstate_sandbox::tenant::{ADMINS, HELPDESK};

use super::bot::{ADA, Bot, GRACE, VERA, tells, tells_in};

const REPAIR: &str = "repair jane@acme.example";

/// The cells of the table that say something: the state, the column, and the test.
const CELLS: [(&str, &str, &str); 18] = [
    (
        "the requester lacks the role",
        "requester",
        "who_is_told::without_the_role_the_requester_alone_hears_whom_to_ask",
    ),
    ("it has begun", "requester", "who_is_told::each_state_of_a_repair_tells_those_who_wait_and_nobody_else"),
    (
        "it has begun",
        "a person who asked for help",
        "commands::an_employee_reads_plain_words_and_calls_for_help_once_a_day",
    ),
    (
        "it waits for an approval",
        "requester",
        "who_is_told::each_state_of_a_repair_tells_those_who_wait_and_nobody_else",
    ),
    (
        "it waits for an approval",
        "approvers",
        "who_is_told::each_state_of_a_repair_tells_those_who_wait_and_nobody_else",
    ),
    (
        "it waits for an approval, and nobody may give it",
        "requester",
        "reminders::where_nobody_may_approve_the_requester_hears_it",
    ),
    (
        "it has waited 24 hours for an approval",
        "approvers",
        "reminders::approvers_who_have_a_week_are_reminded_once_after_a_day",
    ),
    ("it is paused", "requester", "stops::a_run_that_stops_for_a_person_tells_its_requester_once_each_time"),
    (
        "it has been paused for 24 hours",
        "requester",
        "reminders::a_requester_is_reminded_once_of_each_pause_that_lasts_a_day",
    ),
    (
        "the card cannot be posted or updated",
        "requester",
        "refused_cards::what_cannot_be_updated_any_more_is_posted_anew_and_the_requester_is_told",
    ),
    (
        "the card cannot be posted or updated",
        "approvers",
        "refused_cards::a_refused_card_delays_no_request_for_an_approval_and_no_end",
    ),
    ("it has ended", "requester", "who_is_told::each_state_of_a_repair_tells_those_who_wait_and_nobody_else"),
    ("it has ended", "approvers", "who_is_told::each_state_of_a_repair_tells_those_who_wait_and_nobody_else"),
    (
        "it has ended",
        "a person who asked for help",
        "commands::an_employee_reads_plain_words_and_calls_for_help_once_a_day",
    ),
    (
        "another run on the person is open",
        "requester",
        "who_is_told::who_asks_for_an_account_that_is_being_repaired_alone_gets_a_link_to_the_card",
    ),
    (
        "it is paused",
        "requester, privately",
        "stops::where_the_card_is_not_in_their_channel_the_requester_is_told_alone",
    ),
    (
        "it has ended",
        "requester, privately",
        "who_is_told::where_the_card_is_in_another_channel_the_requester_hears_begin_and_end_alone",
    ),
    (
        "the card cannot be posted or updated",
        "requester, privately",
        "refused_cards::where_no_approval_can_be_asked_for_the_requester_is_told_and_it_is_tried_again",
    ),
];

fn file(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The cells of the table in the documentation that say something, as state and column.
fn documented() -> BTreeSet<(String, String)> {
    let page = file("docs/reference/commands.md");
    let (_, section) = page.split_once("## Who is told what, where").unwrap();
    let mut rows = section
        .lines()
        .filter(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>());
    let columns = rows.next().unwrap();
    let mut cells = BTreeSet::new();
    for row in rows.skip(1).take_while(|row| row.len() == columns.len()) {
        for (column, cell) in columns.iter().zip(&row).skip(1).filter(|(_, cell)| cell.as_str() != "–") {
            cells.insert((row[0].clone(), column.clone()));
            if cell.contains("privately") || cell.contains("private message with") {
                cells.insert((row[0].clone(), format!("{column}, privately")));
            }
        }
    }
    cells
}

#[test]
fn every_cell_of_the_table_has_a_test() {
    let tested: BTreeSet<(String, String)> =
        CELLS.iter().map(|(state, column, _)| ((*state).to_owned(), (*column).to_owned())).collect();
    assert_eq!(tested, documented());
    for (_, _, test) in CELLS {
        let (module, name) = test.split_once("::").unwrap();
        let source = file(&format!("tests/it/{module}.rs"));
        assert!(source.contains(&format!("async fn {name}(")), "there is no test {test}");
    }
}

/// Who was told something since the last look: alone, or by a mention in a channel. Everything then counts as read.
fn told(bot: &Bot) -> BTreeMap<String, BTreeSet<&'static str>> {
    let mut told: BTreeMap<String, BTreeSet<&'static str>> = BTreeMap::new();
    let mut slack = lock(&bot.sandbox.slack);
    for unread in slack.take_unread() {
        if let reinstate_sandbox::slack::Unread::Private(private) = &unread {
            told.entry(private.user.clone()).or_default().insert("alone");
            continue;
        }
        let channel = &slack.channels[unread.channel()];
        if channel.is_im {
            for user in channel.members.iter().filter(|user| **user != slack.bot_user) {
                told.entry(user.clone()).or_default().insert("alone");
            }
            continue;
        }
        // A message begins with the people whom it is for. "Approved by …" later on is for nobody.
        let mut rest = unread.text();
        while let Some((user, after)) = rest.strip_prefix("<@").and_then(|rest| rest.split_once('>')) {
            told.entry(user.to_owned()).or_default().insert("by mention");
            rest = after.trim_start();
        }
    }
    told
}

fn people(all: &[(&str, &'static str)]) -> BTreeMap<String, BTreeSet<&'static str>> {
    all.iter().map(|(user, how)| ((*user).to_owned(), BTreeSet::from([*how]))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_role_the_requester_alone_hears_whom_to_ask() {
    tells("membership-drift", async |bot| {
        let answer = bot.says(VERA, REPAIR).await;
        assert!(answer.contains("role operator") && answer.contains("@ada"), "{answer}");
        bot.is_quiet().await;
        assert_eq!(told(bot), BTreeMap::new(), "nobody else, and nothing more");
        assert!(bot.app.journal.store().recent_runs(1).await.unwrap().is_empty(), "no run was opened");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_state_of_a_repair_tells_those_who_wait_and_nobody_else() {
    let mut tenant = find("email-held").unwrap().tenant();
    tenant.slack.add_user("U0LINUS", "linus", "Linus Approver", "linus@acme.example");
    tenant.slack.channels.get_mut(ADMINS).unwrap().members.insert("U0LINUS".into());
    let two = |env: &mut reinstate::config::Env| {
        env.insert("REINSTATE_ACCESS__APPROVER__USERS".to_owned(), "U0GRACE,U0LINUS".to_owned());
    };
    tells_in(tenant, two, async |bot| {
        let answer = bot.says(ADA, REPAIR).await;
        assert!(answer.contains("The run has begun"), "{answer}");
        bot.button("reinstate.approve").await;
        bot.is_quiet().await;
        let card = bot.shows(&bot.root().await.ts);
        assert!(card.contains("*Waiting for approval* until"), "{card}");
        assert_eq!(told(bot), people(&[(GRACE, "by mention"), ("U0LINUS", "by mention")]));
        // Who is asked may look at what they decide about, without another role.
        bot.clicks(GRACE, "reinstate.recheck").await;
        bot.hears(GRACE, "Another managed account uses the person's address").await;
        bot.says(GRACE, "check jane@acme.example").await;
        bot.hears(GRACE, "This needs the role viewer").await;
        bot.clicks(GRACE, "reinstate.approve").await;
        assert_eq!(bot.ends().await, Outcome::Restored);
        bot.is_quiet().await;
        let end = told(bot);
        assert_eq!(end, people(&[(ADA, "by mention"), ("U0LINUS", "by mention")]), "and not who approved");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_card_is_in_another_channel_the_requester_hears_begin_and_end_alone() {
    let mut tenant = find("membership-drift").unwrap().tenant();
    // The card cannot be posted in the channel where the command was typed.
    tenant.slack.channels.get_mut(HELPDESK).unwrap().is_ext_shared = true;
    tells_in(
        tenant,
        |_| {},
        async |bot| {
            let answer = bot.says_in(HELPDESK, ADA, REPAIR).await;
            assert!(answer.contains("The run has begun"), "{answer}");
            assert_eq!(bot.ends().await, Outcome::Restored);
            bot.is_quiet().await;
            let told = told(bot);
            assert!(told[ADA].contains("alone"), "{told:?}");
            assert_eq!(told.keys().collect::<Vec<_>>(), [ADA]);
            let slack = lock(&bot.sandbox.slack);
            assert!(slack.messages_in(HELPDESK).is_empty(), "nothing where another company reads");
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_an_account_that_is_being_repaired_alone_gets_a_link_to_the_card() {
    let two = |env: &mut reinstate::config::Env| {
        env.insert("REINSTATE_ACCESS__OPERATOR__USERS".to_owned(), "U0ADA,U0VERA".to_owned());
    };
    tells_in(find("email-held").unwrap().tenant(), two, async |bot| {
        bot.says(ADA, REPAIR).await;
        bot.button("reinstate.approve").await;
        bot.is_quiet().await;
        bot.reads_all();
        bot.says_in(HELPDESK, VERA, REPAIR).await;
        assert_eq!(bot.ends().await, Outcome::Busy);
        let busy = bot.hears(VERA, "is already at work").await;
        assert!(busy.text.contains("https://"), "a link to the card: {}", busy.text);
        bot.is_quiet().await;
        assert_eq!(told(bot), BTreeMap::new(), "nobody else");
        bot.app.drain(std::time::Duration::from_secs(60)).await;
    })
    .await;
}
