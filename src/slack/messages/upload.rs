//! Why Slack did not take the table of a sweep. Each code that Slack documents for `files.getUploadURLExternal` and
//! `files.completeUploadExternal` has its likely reason and what to do. Only a missing scope may name the scope. Pure.

use crate::slack::markup::Markup;

/// The table of a sweep could not be uploaded.
#[must_use]
pub fn no_table(code: &str) -> Markup {
    let (why, next) = refusal(code);
    Markup::new()
        .literal("Slack does not take the table of this sweep (")
        .code(code)
        .literal("): ")
        .literal(why)
        .literal(". ")
        .literal(next)
        .literal(" `reinstate sweep --csv FILE` writes the same table.")
}

const INVITE: &str = "Invite Reinstate to the channel, or name another one as `slack.channel`.";
const CHANNEL_RULES: &str = "Ask an owner of the workspace to let Reinstate post there.";
const FILE_RULES: &str = "Ask an owner of the workspace to allow this file.";
const TOKEN: &str = "Install the app again, and give Reinstate the new bot token.";
const LATER: &str = "Ask for another sweep later.";

/// The likely reason of a refusal, and what to do.
fn refusal(code: &str) -> (&'static str, &'static str) {
    match code {
        "missing_scope" => {
            ("the app lacks the scope `files:write`", "Add the scope to the app, and install it again.")
        }
        "channel_not_found" | "invalid_channel" => {
            ("the channel is gone, or Reinstate cannot see it", INVITE)
        }
        "not_in_channel" | "no_permission" => ("Reinstate is not a member of the channel", INVITE),
        "is_archived" => ("the channel is archived", "Name another channel as `slack.channel`."),
        "posting_to_channel_denied"
        | "posting_to_general_channel_denied"
        | "restricted_action"
        | "restricted_action_read_only_channel"
        | "restricted_action_thread_only_channel"
        | "restricted_action_non_threadable_channel" => {
            ("the rules of the channel do not let Reinstate post", CHANNEL_RULES)
        }
        "file_upload_size_restricted" | "snippet_too_large" => (
            "the file is larger than the workspace allows",
            "Ask an owner of the workspace to raise the limit.",
        ),
        "storage_limit_reached" => (
            "the storage of the workspace is full",
            "Ask an owner of the workspace to delete old files or to get more room.",
        ),
        "file_uploads_disabled" | "file_uploads_except_images_disabled" => {
            ("the workspace does not allow such uploads", FILE_RULES)
        }
        "file_type_not_allowed" | "blocked_file_type" => {
            ("the workspace does not allow CSV files", FILE_RULES)
        }
        "access_denied" | "enterprise_is_restricted" | "ekm_access_denied" | "accesslimited" => {
            ("the rules of the workspace or of the organization forbid it", FILE_RULES)
        }
        "not_authed"
        | "invalid_auth"
        | "account_inactive"
        | "token_revoked"
        | "token_expired"
        | "not_allowed_token_type"
        | "two_factor_setup_required" => ("Slack does not accept the token of the bot", TOKEN),
        "org_login_required" | "team_added_to_org" => {
            ("the workspace is being moved to an organization", LATER)
        }
        "ratelimited" | "rate_limited" => ("Slack limits how much Reinstate may send", LATER),
        "file_not_found"
        | "file_update_failed"
        | "internal_error"
        | "fatal_error"
        | "service_unavailable"
        | "request_timeout" => ("Slack had a problem with the file", LATER),
        _ => ("Slack does not say why", "Tell the people who run Reinstate."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The codes that Slack documents for the two methods and that a well-formed call can get.
    const DOCUMENTED: [&str; 31] = [
        "missing_scope",
        "channel_not_found",
        "invalid_channel",
        "not_in_channel",
        "no_permission",
        "posting_to_channel_denied",
        "restricted_action",
        "file_upload_size_restricted",
        "snippet_too_large",
        "storage_limit_reached",
        "file_uploads_disabled",
        "file_uploads_except_images_disabled",
        "file_type_not_allowed",
        "access_denied",
        "enterprise_is_restricted",
        "ekm_access_denied",
        "accesslimited",
        "not_authed",
        "invalid_auth",
        "account_inactive",
        "token_revoked",
        "token_expired",
        "not_allowed_token_type",
        "two_factor_setup_required",
        "org_login_required",
        "team_added_to_org",
        "ratelimited",
        "file_not_found",
        "file_update_failed",
        "internal_error",
        "service_unavailable",
    ];

    #[test]
    fn each_documented_refusal_has_its_reason_and_only_a_missing_scope_names_the_scope() {
        let unknown = refusal("some_code_of_the_future");
        for code in DOCUMENTED {
            assert_ne!(refusal(code), unknown, "{code}");
            let text = no_table(code);
            assert_eq!(text.as_str().contains("files:write"), code == "missing_scope", "{}", text.as_str());
            assert!(text.as_str().contains("`reinstate sweep --csv FILE`"), "{}", text.as_str());
        }
    }

    #[test]
    fn the_code_is_shown_as_data() {
        assert!(!no_table("<!channel>").as_str().contains("<!channel>"));
    }
}
