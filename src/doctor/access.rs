//! The people behind the rules: do all ids name somebody who may have a role, and can every operator's request
//! be approved by enough others? Only Slack knows the members of a user group, so this is asked, not computed.

use std::collections::{BTreeMap, BTreeSet};

use super::Check;
use crate::config::{Config, Grant, Needed};
use crate::slack::api::Api;
use crate::slack::people::People;
use reinstate_core::access::MembershipKind;
use reinstate_core::run::Requester;

/// How many people are looked up at most; Slack limits look-ups to about a hundred a minute.
const MAX_PEOPLE: usize = 60;

/// The people of one rule.
#[derive(Default)]
struct Known {
    /// Who may have the role.
    people: BTreeSet<String>,
    /// What is wrong, one sentence each.
    wrong: Vec<String>,
    /// Something could not be read.
    gap: Option<String>,
}

/// Whether the access rules can be satisfied by people as they are.
pub(super) async fn look(config: &Config) -> Vec<Check> {
    let Some(token) = &config.secrets.slack_bot else { return Vec::new() };
    let Ok(api) = Api::new(&config.slack.api_url, token) else { return Vec::new() };
    let people = People::new(config.access.clone());
    if people.learn_installation(&api).await.is_err() {
        return vec![Check::unknown(
            "access",
            "Slack did not answer whose people ours are",
            "See slack.token",
        )];
    }
    let mut standings = BTreeMap::new();
    let viewers = known(&api, &people, &config.access.viewer, &mut standings).await;
    let operators = known(&api, &people, &config.access.operator, &mut standings).await;
    let approvers = known(&api, &people, &config.access.approver, &mut standings).await;
    let mut checks = vec![
        rule("access.viewer", &viewers),
        rule("access.operator", &operators),
        rule("access.approver", &approvers),
    ];
    checks.push(approvable(config, &operators, &approvers));
    checks
}

fn rule(name: &str, known: &Known) -> Check {
    let count = known.people.len();
    if !known.wrong.is_empty() {
        let fix = format!("Remove them from {name}, or put people of this workspace in their place");
        return Check::bad(name, known.wrong.join("; "), fix);
    }
    match &known.gap {
        Some(gap) => Check::unknown(name, gap.clone(), "Try again when Slack answers"),
        None => Check::good(name, format!("{count} people have it")),
    }
}

/// Nobody approves their own request: each operator needs enough approvers other than themselves.
fn approvable(config: &Config, operators: &Known, approvers: &Known) -> Check {
    const NAME: &str = "access.four-eyes";
    let approvals = &config.approvals;
    let needed = [approvals.reversible, approvals.disruptive, approvals.destructive];
    let most = needed.iter().map(|needed| if let Needed::Approvers(n) = needed { *n } else { 0 }).max();
    let most = usize::try_from(most.unwrap_or(0)).unwrap_or(usize::MAX);
    if operators.gap.is_some() || approvers.gap.is_some() {
        return Check::unknown(NAME, "not all people could be looked up", "Try again when Slack answers");
    }
    let stuck: Vec<&str> = operators
        .people
        .iter()
        .filter(|operator| approvers.people.iter().filter(|approver| approver != operator).count() < most)
        .map(String::as_str)
        .collect();
    if stuck.is_empty() {
        return Check::good(NAME, "every operator's request can be approved by somebody else");
    }
    let saw = format!("nobody else can approve what these operators ask for: {}", stuck.join(", "));
    Check::bad(NAME, saw, format!("Add people to access.approver: {most} besides each operator"))
}

async fn known(
    api: &Api,
    people: &People,
    grant: &Grant,
    standings: &mut BTreeMap<String, MembershipKind>,
) -> Known {
    let mut known = Known::default();
    let mut ids: BTreeSet<(String, bool)> = grant.users.iter().map(|id| (id.clone(), true)).collect();
    let team = people.home().filter(|home| home.whole_organization).map(|home| home.team);
    for group in &grant.usergroups {
        match api.group_members(group, team.as_deref()).await {
            Ok(members) if members.is_empty() => known.wrong.push(format!("user group {group} is empty")),
            Ok(members) => ids.extend(members.into_iter().map(|id| (id, false))),
            Err(crate::slack::api::ApiError::Refused(code)) => {
                known.wrong.push(format!("user group {group} cannot be read ({code})"));
            }
            Err(error) => known.gap = Some(format!("user group {group}: {error}")),
        }
    }
    for (id, named) in ids {
        if standings.len() >= MAX_PEOPLE && !standings.contains_key(&id) {
            known.gap = Some(format!("more than {MAX_PEOPLE} people are named; the rest was not looked up"));
            break;
        }
        let standing = match standings.get(&id) {
            Some(standing) => *standing,
            None => {
                let caller = Requester::with_id(id.clone());
                let standing = people.actor(api, &caller, None).await.membership;
                standings.insert(id.clone(), standing);
                standing
            }
        };
        let what = match standing {
            MembershipKind::Member => {
                known.people.insert(id);
                continue;
            }
            MembershipKind::Unknown => {
                known.gap = Some(format!("{id} could not be looked up"));
                continue;
            }
            MembershipKind::Guest => "a guest",
            MembershipKind::Stranger => "not of this workspace",
            MembershipKind::Deactivated => "deactivated",
            MembershipKind::Bot => "a bot",
        };
        // A group may have a guest among its members; naming one by id is a mistake.
        if named {
            known.wrong.push(format!("{id} is {what} and has no role"));
        }
    }
    known
}
