//! Healthy scenarios that look odd: the bot must find nothing wrong.

use super::{JANE, Scenario};
use crate::tenant::hours_ago;
use reinstate_core::Outcome;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "healthy",
        title: "Everything is in order.",
        who: JANE,
        finds: &[],
        mentions: &[],
        ends: Outcome::Healthy,
        arrange: |tenant| {
            tenant.employee(JANE, "Jane Doe");
        },
    },
    Scenario {
        name: "healthy-upper-case",
        title: "The same, asked for in upper case.",
        who: "JANE@ACME.EXAMPLE",
        finds: &[],
        mentions: &[],
        ends: Outcome::Healthy,
        arrange: |tenant| {
            tenant.employee(JANE, "Jane Doe");
        },
    },
    Scenario {
        name: "healthy-alias",
        title: "The same, asked for by another of the person's addresses.",
        who: "jd@acme.example",
        finds: &[],
        mentions: &[],
        ends: Outcome::Healthy,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            if let Some(user) = tenant.entra.users.get_mut(&jane.idp) {
                user.proxy_addresses.push("smtp:jd@acme.example".to_owned());
            }
        },
    },
    Scenario {
        name: "healthy-local-groups",
        title: "Extra groups at Atlassian, and IdP groups that are not assigned, are nobody's fault.",
        who: JANE,
        finds: &[],
        mentions: &[],
        ends: Outcome::Healthy,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            tenant.atlassian.add_group("chess-club", false, &[]);
            tenant.atlassian.add_member(&jane.account, "chess-club");
            let other = tenant.entra.add_group("lunch-club");
            tenant.entra.add_member(&other, &jane.idp);
        },
    },
    Scenario {
        name: "healthy-second-account",
        title: "An idle second account under an old alias takes nothing away from the first.",
        who: JANE,
        finds: &[],
        mentions: &[],
        ends: Outcome::Healthy,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            if let Some(user) = tenant.entra.users.get_mut(&jane.idp) {
                user.proxy_addresses.push("smtp:jane.old@acme.example".to_owned());
            }
            tenant.account("jane.old@acme.example", "Jane Doe", 0);
        },
    },
    Scenario {
        name: "healthy-also-nested",
        title: "A direct member who is in another assigned group only through a third one.",
        who: JANE,
        finds: &[],
        mentions: &[],
        ends: Outcome::Healthy,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            let admins = tenant.entra.add_group("jira-admins");
            tenant.entra.assign_group(&admins);
            let inner = tenant.entra.add_group("leads");
            tenant.entra.add_member(&inner, &jane.idp);
            tenant.entra.nest(&admins, &inner);
        },
    },
    Scenario {
        name: "healthy-old-failure",
        title: "A refusal in the log that was overcome since.",
        who: JANE,
        finds: &[],
        mentions: &[],
        ends: Outcome::Healthy,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            tenant.refused(&jane.idp, "Update", JANE);
        },
    },
    Scenario {
        name: "healthy-namesake-record",
        title: "A colleague's record beside one's own is nobody's conflict.",
        who: JANE,
        finds: &[],
        mentions: &[],
        ends: Outcome::Healthy,
        arrange: |tenant| {
            tenant.employee(JANE, "Jane Doe");
            tenant.employee("jane.roe@acme.example", "Jane Roe");
        },
    },
    Scenario {
        name: "healthy-young-membership",
        title: "Jane joined her groups minutes ago, and Atlassian has it already.",
        who: JANE,
        finds: &[],
        mentions: &[],
        ends: Outcome::Healthy,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            for group in [tenant.jira_users.clone(), tenant.wiki_users.clone()] {
                tenant.entra.remove_member(&group, &jane.idp);
                tenant.entra.add_member_at(&group, &jane.idp, hours_ago(0));
            }
        },
    },
];
