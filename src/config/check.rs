//! Checks what each command needs from the configuration, and whether its approval rules can be satisfied. It must
//! not refuse what it cannot know: only Slack knows the members of a user group, so `/readyz` and `doctor` check
//! them.

use super::problem::Problem;
use super::secrets::{ATLASSIAN_ORG, ENTRA_CLIENT, SLACK_APP, SLACK_BOT, SLACK_SIGNING};
use super::{Access, Config, Needed, Purpose, Transport};

/// Reports every setting that is missing for `purpose`, and every approval rule that nobody can satisfy.
pub(super) fn needs(config: &Config, purpose: Purpose) -> Vec<Problem> {
    let mut found = Vec::new();
    if purpose == Purpose::Store {
        return found;
    }
    let ids = [
        ("atlassian.org_id", &config.atlassian.org_id, "Copy it from the address bar of admin.atlassian.com"),
        ("entra.tenant_id", &config.entra.tenant_id, "Copy it from the overview of the Entra admin center"),
        (
            "entra.client_id",
            &config.entra.client_id,
            "Copy the application id of Reinstate's app registration",
        ),
        (
            "entra.service_principal_id",
            &config.entra.service_principal_id,
            "Copy the object id of the Atlassian enterprise application",
        ),
    ];
    for (key, value, fix) in ids {
        if value.is_empty() {
            found.push(Problem::new(key, "this is needed and not set", fix));
        }
    }
    let secrets = &config.secrets;
    require(&mut found, ATLASSIAN_ORG, secrets.atlassian_org.is_some());
    require(&mut found, ENTRA_CLIENT, secrets.entra.is_some());
    if purpose == Purpose::Serve {
        serve(config, &mut found);
    }
    found
}

fn serve(config: &Config, found: &mut Vec<Problem>) {
    if config.slack.channel.is_empty() {
        found.push(Problem::new(
            "slack.channel",
            "this is needed and not set",
            "Copy the id of the channel where approvals are to be asked",
        ));
    }
    let secrets = &config.secrets;
    require(found, SLACK_BOT, secrets.slack_bot.is_some());
    match config.slack.transport {
        Transport::Http => require(found, SLACK_SIGNING, secrets.slack_signing.is_some()),
        Transport::Socket => require(found, SLACK_APP, secrets.slack_app.is_some()),
    }
    let rules = [
        ("approvals.reversible", config.approvals.reversible),
        ("approvals.disruptive", config.approvals.disruptive),
        ("approvals.destructive", config.approvals.destructive),
    ];
    for (key, needed) in rules {
        if let Needed::Approvers(n) = needed
            && n > 0
            && let Some(reason) = unsatisfiable(&config.access, n)
        {
            let fix = format!("Add people to access.approver, or set {key} = \"never\"");
            found.push(Problem::new(key, reason, fix));
        }
    }
}

fn require(found: &mut Vec<Problem>, variable: &str, given: bool) {
    if !given {
        let fix = format!("Set {variable}, or {variable}_FILE to the path of a file that holds it");
        found.push(Problem::new(variable, "this secret is needed and not set", fix));
    }
}

/// Why there can never be `needed` approvers, where that is certain. Nobody may approve their own request, so at
/// least one operator must have enough approvers other than themselves.
fn unsatisfiable(access: &Access, needed: u32) -> Option<String> {
    let approvers = &access.approver.users;
    if !access.approver.usergroups.is_empty() {
        return None;
    }
    let needed = usize::try_from(needed).unwrap_or(usize::MAX);
    if approvers.len() < needed {
        return Some(format!(
            "{needed} approver(s) are asked for, but access.approver has {}",
            approvers.len()
        ));
    }
    let operators = &access.operator;
    // An operator from a user group may be a person who is not an approver. Without operators, nobody can ask.
    let others_ask = !operators.usergroups.is_empty() || operators.users.is_empty();
    let enough = |operator: &String| approvers.iter().filter(|a| *a != operator).count() >= needed;
    if others_ask || operators.users.iter().any(enough) {
        return None;
    }
    Some(format!(
        "nobody may approve their own request, and no operator has {needed} approver(s) other than themselves"
    ))
}
