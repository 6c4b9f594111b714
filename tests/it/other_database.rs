//! Clicks on a card that this bot has posted for a run of another database.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reinstate_core::Outcome;
use reinstate_sandbox::lock;

use super::bot::{ADA, GRACE, tells};

#[derive(Clone, Default)]
struct Logged(Arc<Mutex<Vec<u8>>>);

impl Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        lock(&self.0).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

// One thread, so that the log of this test is its own.
#[tokio::test]
async fn a_card_of_another_database_does_nothing_says_so_and_is_logged_once() {
    let logged = Logged::default();
    let to = logged.clone();
    let lines = tracing_subscriber::fmt().with_ansi(false).with_writer(move || to.clone()).finish();
    let _guard = tracing::subscriber::set_default(lines);
    tells("email-held", async |bot| {
        bot.says(ADA, "repair jane@acme.example").await;
        bot.sees("Waiting for approval").await;
        bot.sees("needs your approval").await;
        let folder = tempfile::tempdir().unwrap();
        let mut config = bot.app.config.clone();
        config.store.url = format!("sqlite:{}", folder.path().join("other.db").display()).into();
        let other = bot.another(config).await;
        while other.app.people.home().is_none() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let mut people = bot.sandbox.workspace(format!("http://{}/slack/events", other.addr));
        people.patience = bot.people.patience;
        for action in ["reinstate.approve", "reinstate.details", "reinstate.decline"] {
            let (channel, ts) = bot.button(action).await;
            people.click(GRACE, &channel, &ts, action).await.unwrap();
            let told = bot.hears(GRACE, "belongs to another Reinstate database").await;
            assert!(told.text.contains("`/reinstate repair WHO`"), "{}", told.text);
        }
        let log = String::from_utf8(lock(&logged.0).clone()).unwrap();
        assert_eq!(log.matches("belongs to another database of Reinstate").count(), 1, "{log}");
        other.stop().await;
        // The bot whose card it is goes on.
        bot.clicks(GRACE, "reinstate.approve").await;
        assert_eq!(bot.ends().await, Outcome::Restored);
        bot.reads_all();
    })
    .await;
}
