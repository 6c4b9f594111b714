//! People who lost access are told so themselves, once, and only if they want it.

use std::time::Duration;

use super::evidence::{drifted, healthy, stale_record};
use super::script::Watching;
use crate::bot::watch::look;
use reinstate_sandbox::lock;
use reinstate_sandbox::slack::Message;

use super::super::house::shows;

const TOLD: &str = "Your admins have been told. You need not do anything.";

impl Watching {
    /// Adds people with these names to the workspace.
    fn employs(&self, people: &[&str]) {
        for name in people {
            let email = format!("{name}@acme.example");
            lock(&self.slack).add_user(&format!("U0{}", name.to_uppercase()), name, name, &email);
        }
    }

    fn breaks(&self, person: &str) {
        self.world.is(person, &drifted());
        self.world.account_changed(person);
    }

    fn heals(&self, person: &str) {
        self.world.is(person, &healthy());
        self.world.account_changed(person);
    }

    /// The direct messages to a person.
    fn direct(&self, person: &str) -> Vec<Message> {
        let mut slack = lock(&self.slack);
        let (channel, _) = slack.direct_message(&format!("U0{}", person.to_uppercase()));
        slack.messages_in(&channel).into_iter().cloned().collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_is_told_once_for_each_loss_in_plain_words() {
    let watching = Watching::begun_telling(true).await;
    watching.employs(&["jane", "john"]);
    for person in ["jane", "stranger"] {
        watching.breaks(person);
    }
    watching.looks().await;
    assert!(watching.only().await.contains("2 people lost access"));
    let told = watching.direct("jane");
    assert_eq!(told.len(), 1, "{told:?}");
    let says = shows(&told[0].text, &told[0].blocks);
    assert!(says.contains(TOLD) && says.contains("Atlassian does not know of all of them"), "{says}");
    for hidden in ["membership-drift", "712020:", "jira-users", "stranger"] {
        assert!(!says.contains(hidden), "{hidden} in {says}");
    }
    assert!(watching.direct("john").is_empty());
    // The same loss with another cause, and the same again.
    watching.world.is("jane", &stale_record());
    watching.world.account_changed("jane");
    watching.looks().await;
    watching.world.account_changed("jane");
    watching.looks().await;
    assert_eq!(watching.direct("jane").len(), 1, "it is still the same loss");
    // A new loss.
    watching.heals("jane");
    watching.looks().await;
    watching.breaks("jane");
    watching.looks().await;
    assert_eq!(watching.direct("jane").len(), 2);
    assert_eq!(watching.faults(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_can_turn_it_off_and_on() {
    let watching = Watching::begun_telling(true).await;
    watching.employs(&["jane"]);
    let loses_access = async || {
        watching.heals("jane");
        watching.looks().await;
        watching.breaks("jane");
        watching.looks().await;
        watching.direct("jane").len()
    };
    assert_eq!(loses_access().await, 1);
    let click = async |message: &Message, action: &str| {
        let channel = lock(&watching.slack).direct_message("U0JANE").0;
        watching.bot.click("U0JANE", &channel, &message.ts, action).await.unwrap();
        watching.is_quiet().await;
    };
    let first = watching.direct("jane").remove(0);
    click(&first, "reinstate.stop_telling").await;
    assert!(watching.store().is_quiet("U0JANE").await.unwrap());
    assert_eq!(loses_access().await, 1, "the admins are told, and she is not");
    assert_eq!(watching.told().await.len(), 2);
    watching.store().set_quiet("U0JANE", false).await.unwrap();
    assert_eq!(loses_access().await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_told_unless_the_configuration_says_so() {
    let watching = Watching::begun().await;
    watching.employs(&["jane"]);
    watching.breaks("jane");
    watching.looks().await;
    assert!(watching.only().await.contains("1 person lost access"));
    assert!(watching.direct("jane").is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_is_lost_is_not_sent_twice_and_a_failed_search_is_repeated() {
    let watching = Watching::begun_telling(true).await;
    watching.employs(&["jane", "john"]);
    watching.loses_the_answer("users.lookupByEmail", "jane");
    watching.breaks("jane");
    watching.looks().await;
    watching.only().await;
    assert!(watching.direct("jane").is_empty(), "it is not known who she is");
    watching.looks().await;
    assert_eq!(watching.direct("jane").len(), 1);
    // Slack has posted it, and the answer is lost.
    watching.breaks("john");
    let (channel, _) = lock(&watching.slack).direct_message("U0JOHN");
    watching.loses_the_answer("chat.postMessage", &channel);
    watching.looks().await;
    assert_eq!(watching.direct("john").len(), 1);
    watching.looks().await;
    assert_eq!(watching.direct("john").len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_three_processes_one_tells_the_person() {
    let mut watching = Watching::begun_telling(true).await;
    watching.employs(&["jane"]);
    watching.starts().await;
    watching.starts().await;
    watching.breaks("jane");
    for _ in 0..5 {
        let mut all = tokio::task::JoinSet::new();
        for app in watching.apps.clone() {
            all.spawn(async move { look(&app, Duration::from_millis(1)).await.unwrap() });
        }
        all.join_all().await;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(watching.direct("jane").len(), 1);
}
