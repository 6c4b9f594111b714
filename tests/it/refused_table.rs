//! The table of a sweep, where Slack does not take the file. The card stands, and the thread says what the refusal means.

use reinstate_sandbox::lock;
use reinstate_sandbox::wire::Injection;

use crate::bot::{ADA, tells_in};
use crate::slack_sweep::tenant;

const URL: &str = "files.getUploadURLExternal";
const COMPLETE: &str = "files.completeUploadExternal";

/// Sweeps with one refusal of the upload. Returns what the thread says about it.
async fn refused(method: &'static str, code: &str, status: u16) -> String {
    let mut told = String::new();
    let said = &mut told;
    let body = format!(r#"{{"ok":false,"error":"{code}"}}"#);
    tells_in(
        tenant(1),
        |_| {},
        async move |bot| {
            let headers = vec![("retry-after".to_owned(), "1".to_owned())];
            let refusal = Injection::Answer { status, headers, body };
            bot.sandbox.wire.inject_when(1, refusal, move |call, _| call.path.ends_with(method));
            bot.says(ADA, "sweep").await;
            bot.hears(ADA, "has begun").await;
            bot.sees("can be repaired harmlessly").await;
            bot.is_quiet().await;
            let all = bot.reads_all();
            *said = all.into_iter().find(|one| one.contains("does not take the table")).unwrap_or_default();
            let shared = lock(&bot.sandbox.slack).files.iter().filter(|file| file.shared.is_some()).count();
            assert_eq!(shared, usize::from(said.is_empty()), "the table is there, or the reason is");
        },
    )
    .await;
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_table_is_told_with_its_reason_and_only_a_missing_scope_names_the_scope() {
    for (method, code, why) in [
        (URL, "missing_scope", "the app lacks the scope `files:write`"),
        (URL, "storage_limit_reached", "the storage of the workspace is full"),
        (COMPLETE, "channel_not_found", "the channel is gone, or Reinstate cannot see it"),
    ] {
        let told = refused(method, code, 200).await;
        assert!(told.contains(why) && told.contains("`reinstate sweep --csv FILE`"), "{code}: {told}");
        assert_eq!(told.contains("files:write"), code == "missing_scope", "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_slack_limits_is_sent_again_and_nobody_is_told() {
    assert_eq!(refused(URL, "ratelimited", 429).await, "");
}
