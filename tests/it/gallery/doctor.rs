//! The doctor's report on the simulated services: when everything is right, and when everything is refused.

use reinstate::cli::doctor;
use reinstate::config::{Config, Purpose};
use reinstate::doctor::full;
use reinstate_sandbox::tenant::Tenant;
use reinstate_sandbox::wire::Injection;

use super::page::{Page, shows};
use crate::asking::start;

pub fn page() -> Page {
    let mut page = Page::new(
        "Terminal: what the doctor says",
        "Whoever runs `reinstate doctor` sees it. Slack, Atlassian and Entra are the simulated ones.",
    );
    shows!(page, "doctor: all is well", "The configuration of the sandbox.", says(None), @r#"
    good     configuration: every setting that serve needs is there
    good     slack.signing-secret: it has the form of a signing secret
    good     slack.bot-token: it begins with xoxb-
    by hand  slack.request-url: the bot listens at 127.0.0.1:PORT; whether Slack reaches it only Slack can tell
               In api.slack.com/apps > the app > Event Subscriptions, the request URL must show Verified while serve runs.
    good     store.open: it opens, and its tables are up to date
    good     store.write: a transaction was written
    good     store.durability: SQLite, synchronous = 2 (2 is FULL)
    good     slack.token: it belongs to the workspace Acme
    good     slack.scopes: every scope that a call of ours needs is granted
    good     slack.channel: the bot is a member of #atlassian-admins
    good     access.viewer: 1 people have it
    good     access.operator: 1 people have it
    good     access.approver: 1 people have it
    good     access.four-eyes: every operator's request can be approved by somebody else
    good     atlassian.org-key: it reads the organization and its 1 domains
    good     atlassian.parking-domain: acme.example is verified
    good     atlassian.user-management: it tells what may be done with an account
    good     atlassian.centralized-user-management: the calls of the centralized user management answer
    good     atlassian.scim-key 6c2f0000-0000-4000-8000-000000000001: it reads this directory
    good     entra.login: Microsoft gives a token
    good     entra.permission User.Read.All: a call that needs it was answered
    good     entra.permission GroupMember.Read.All: a call that needs it was answered
    good     entra.permission Application.Read.All: a call that needs it was answered
    good     entra.service-principal: it is the enterprise application "Atlassian Cloud"
    good     entra.permission Synchronization.Read.All: a call that needs it was answered
    good     entra.job: the provisioning job is active
    good     entra.rules: the rule for provisioning on demand is known
    by hand  entra.matching: people are matched by userName first; a rename may make duplicates
               Read docs/causes/matching-on-email.md.
    good     entra.permission AuditLog.Read.All: a call that needs it was answered
    by hand  entra.permission Directory.Read.All: 403 Authorization_RequestDenied; so Reinstate cannot find out who stopped a job, and never starts one
               If Reinstate shall start a job that stopped by itself, add the application permission Directory.Read.All in Entra admin center > App registrations > Reinstate > API permissions, and grant admin consent.
    good     entra.permission Synchronization.ReadWrite.All: a call that needs it was refused only because its job does not exist
    by hand  atlassian.key-expiry: not stated: no interface tells when a key expires; keys made since 2025 live a year at most
               Look at the expiry in admin.atlassian.com > Settings > API keys, and state it as expiry.org_key, so that the channel is warned.
    by hand  atlassian.scim-key-expiry 6c2f0000-0000-4000-8000-000000000001: not stated: no interface tells when a key expires; keys made since 2025 live a year at most
               Look at the expiry in admin.atlassian.com > Security > Identity providers > the directory, and state it as expiry.scim_keys, so that the channel is warned.
    good     entra.credential-expiry: it ends on 2099-12-31
    good     atlassian.seats: Atlassian shows the seats of 2 of 2 apps, and there is room
    good     atlassian.group-sizes: no synced group is near the 35000 members that the synchronization takes
    by hand  entra.job-cycle: no cycle has ended yet
               Read its progress in Enterprise applications > the Atlassian application > Provisioning.
    good     clock: it agrees with Slack's

    Ready to serve.
    "#);
    let refused = || Injection::Answer { status: 403, headers: Vec::new(), body: "{}".to_owned() };
    shows!(page, "doctor: every call is refused", "Each service answers 403.", says(Some(refused())), @"
    good     configuration: every setting that serve needs is there
    good     slack.signing-secret: it has the form of a signing secret
    good     slack.bot-token: it begins with xoxb-
    by hand  slack.request-url: the bot listens at 127.0.0.1:PORT; whether Slack reaches it only Slack can tell
               In api.slack.com/apps > the app > Event Subscriptions, the request URL must show Verified while serve runs.
    good     store.open: it opens, and its tables are up to date
    good     store.write: a transaction was written
    good     store.durability: SQLite, synchronous = 2 (2 is FULL)
    BAD      slack.token: Slack refuses it: an answer that is not Slack's
               Install the app again (api.slack.com/apps > the app > OAuth & Permissions) and copy the bot token.
    unknown  access: Slack did not answer whose people ours are
               See slack.token.
    BAD      atlassian.org-key: 403 Forbidden
               Make a new API key without scopes in admin.atlassian.com > Settings > API keys, set REINSTATE_ATLASSIAN_ORG_KEY, check atlassian.org_id.
    BAD      atlassian.scim-key 6c2f0000-0000-4000-8000-000000000001: Atlassian refuses the key for this directory (403 Forbidden): it is wrong, expired, or of another directory
               Make a new SCIM key in admin.atlassian.com > Security > Identity providers > the directory, set REINSTATE_ATLASSIAN_SCIM_KEY, and enter the same key in Entra's provisioning.
    good     entra.login: Microsoft gives a token
    BAD      entra.permission User.Read.All: 403 Forbidden
               Add the application permission User.Read.All in Entra admin center > App registrations > Reinstate > API permissions, and grant admin consent.
    BAD      entra.permission GroupMember.Read.All: 403 Forbidden
               Add the application permission GroupMember.Read.All in Entra admin center > App registrations > Reinstate > API permissions, and grant admin consent.
    BAD      entra.permission Application.Read.All: 403 Forbidden
               Add the application permission Application.Read.All in Entra admin center > App registrations > Reinstate > API permissions, and grant admin consent.
    by hand  entra.permission Synchronization.ReadWrite.All: 403 Forbidden
               For repairs, add it in Entra admin center > App registrations > Reinstate > API permissions, and grant admin consent; without it only diagnosis works.
    by hand  atlassian.key-expiry: not stated: no interface tells when a key expires; keys made since 2025 live a year at most
               Look at the expiry in admin.atlassian.com > Settings > API keys, and state it as expiry.org_key, so that the channel is warned.
    by hand  atlassian.scim-key-expiry 6c2f0000-0000-4000-8000-000000000001: not stated: no interface tells when a key expires; keys made since 2025 live a year at most
               Look at the expiry in admin.atlassian.com > Security > Identity providers > the directory, and state it as expiry.scim_keys, so that the channel is warned.
    by hand  entra.credential-expiry: its end is unread, so nobody is warned of it: 403 Forbidden
               Look at its end in Entra admin center > App registrations > Reinstate > Certificates & secrets. Reinstate reads it with the permission Application.Read.All, if no other secret there begins with the same three characters.
    by hand  atlassian.seats: unread, so nobody is warned: 403 Forbidden
               Correct what is BAD, if anything is, and run doctor again.
    by hand  atlassian.group-sizes: unread, so nobody is warned: 403 Forbidden
               Correct what is BAD, if anything is, and run doctor again.
    by hand  entra.job-cycle: unread, so nobody is warned: 403 Forbidden
               Correct what is BAD, if anything is, and run doctor again.
    good     clock: it agrees with Slack's

    Not ready: mend what is BAD, then run doctor again.
    ");
    page
}

/// The doctor's report on the tenant of the sandbox. If `answer` is given, its services answer every call with it.
fn says(answer: Option<Injection>) -> String {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let sandbox = start(Tenant::new()).await;
        if let Some(answer) = answer {
            sandbox.wire.inject_when(u32::MAX, answer, |_, _| true);
        }
        let folder = tempfile::tempdir().unwrap();
        let store = format!("sqlite:{}/reinstate.db?mode=rwc", folder.path().display());
        let config = Config::load(None, &sandbox.env(&store, "127.0.0.1:0"), Purpose::Serve).unwrap();
        let text = doctor::text(&full(&config).await);
        ports(&text.replace(&folder.path().display().to_string(), "FOLDER"))
    })
}

/// Replaces the port numbers, because the simulated services listen on any free port.
fn ports(text: &str) -> String {
    let mut parts = text.split("127.0.0.1:");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        format!("{text}127.0.0.1:PORT{}", part.trim_start_matches(|c: char| c.is_ascii_digit()))
    })
}
