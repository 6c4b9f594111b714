//! The open questions of both simulators as dimensions. Each has at least two answers; the first is the default of the
//! simulator. A test holds that no switch is forgotten.

use std::time::Duration;

use jiff::SignedDuration;

use super::dimensions::{Choice, Dimension};
use crate::atlassian::PrivilegesQuery;
use crate::entra::{GuestName, Shape};

const DEFAULT: Choice = ("default", |_| {});

/// A dimension of one Boolean switch, turned to the other answer.
macro_rules! flips {
    ($($part:ident . $field:ident,)*) => {
        &[$(Dimension {
            name: concat!(stringify!($part), ".", stringify!($field)),
            choices: &[DEFAULT, ("flipped", |b| b.$part.$field = !b.$part.$field)],
        },)*]
    };
}

/// The questions with a yes and a no.
pub const FLIPS: &[Dimension] = flips![
    atlassian.delete_refused_while_linked,
    atlassian.forget_keeps_active,
    atlassian.create_links_inactive,
    atlassian.create_links_pending,
    atlassian.email_refused_while_pending,
    atlassian.links_take_scoped_key,
    atlassian.scoped_key_writes,
    atlassian.scoped_key_reads_events,
    atlassian.relink_on_update,
    atlassian.relink_restores_groups,
    atlassian.v1_next_is_token,
    atlassian.rename_refused,
    atlassian.same_group_ids,
    atlassian.cursor_holds_search,
    atlassian.dash_writes,
    atlassian.membership_of_scope,
    atlassian.unused_apps_listed,
    atlassian.dash_groups,
    atlassian.emails_ignore_case,
    atlassian.groups_exclude_members,
    atlassian.original_user_management,
    entra.rematch_when_gone,
    entra.compare_with_target,
    entra.resend_known_member,
    entra.restart_resends_members,
    entra.odd_casing,
    entra.empty_group_value,
    entra.leave_out_nulls,
    entra.retry_after,
    entra.empty_pages,
    entra.on_demand_while_quarantined,
    entra.on_demand_while_paused,
    entra.secrets_readable,
    entra.log_refuses_combined_filter,
    entra.log_needs_both_roles,
    entra.booleans_as_strings,
    entra.cycle_after_start,
    entra.empty_condition_is_false,
    entra.owner_may_start,
    entra.audits_filter_category,
];

/// The other questions. Rate limits and latencies are left out: they change when something happens, not what.
pub const OTHERS: &[Dimension] = &[
    Dimension {
        name: "atlassian.privileges_query",
        choices: &[
            DEFAULT,
            ("repeated", |b| b.atlassian.privileges_query = PrivilegesQuery::Repeated),
            ("comma", |b| b.atlassian.privileges_query = PrivilegesQuery::Comma),
        ],
    },
    Dimension {
        name: "atlassian.email_taken",
        choices: &[DEFAULT, ("conflict", |b| b.atlassian.email_taken_status = 409)],
    },
    Dimension {
        name: "atlassian.link_write_status",
        choices: &[DEFAULT, ("ok", |b| b.atlassian.link_write_status = 200)],
    },
    Dimension {
        name: "atlassian.lag",
        choices: &[DEFAULT, ("an-hour", |b| b.atlassian.lag = Duration::from_secs(3600))],
    },
    Dimension {
        name: "atlassian.pages",
        choices: &[
            DEFAULT,
            ("of-one", |b| {
                (b.atlassian.page_size, b.atlassian.v1_page_size) = (1, 1);
                (b.atlassian.scim_page_size, b.atlassian.scim_max_count) = (1, 1);
            }),
        ],
    },
    Dimension { name: "entra.shape", choices: &[DEFAULT, ("b", |b| b.entra.shape = Shape::B)] },
    Dimension {
        name: "entra.guest_name",
        choices: &[DEFAULT, ("theirs", |b| b.entra.guest_name = GuestName::Theirs)],
    },
    Dimension { name: "entra.pages", choices: &[DEFAULT, ("of-one", |b| b.entra.page_size = 1)] },
    Dimension {
        name: "entra.log_latency",
        choices: &[DEFAULT, ("an-hour", |b| b.entra.log_latency = SignedDuration::from_hours(1))],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Switches that are not drawn: they change when something happens, or only how a refusal is worded.
    const NOT_DRAWN: &[&str] = &[
        "role_on_resource",
        "event_delay",
        "events_per_minute",
        "gone_status",
        "synced_group_code",
        "assignment_honoured_after",
        "assignment_listed_after",
        "index_lag",
        "on_demand_latency",
        "expired_place",
        "delta_lag",
        "delta_repeats",
        "delta_page_size",
        "cycle_log_latency",
        "unguarded_status",
        "scim_context",
        "token_lifetime",
        "limit_window",
        "limit_requests",
    ];

    #[test]
    fn every_switch_is_drawn_or_named_as_not_drawn() {
        let drawn: String =
            FLIPS.iter().chain(OTHERS).map(|dimension| format!("{} ", dimension.name)).collect();
        let parts = [
            ("email_taken_status", "email_taken"),
            ("email_taken_key", "email_taken"),
            ("v1_page_size", "atlassian.pages"),
            ("scim_page_size", "atlassian.pages"),
            ("scim_max_count", "atlassian.pages"),
            ("page_size", "pages"),
        ];
        for shown in [
            format!("{:#?}", crate::atlassian::Switches::default()),
            format!("{:#?}", crate::entra::Switches::default()),
        ] {
            let fields = shown.lines().filter_map(|line| line.strip_prefix("    ")?.split_once(": "));
            let names: Vec<&str> =
                fields.map(|(name, _)| name).filter(|name| !name.starts_with(' ')).collect();
            assert!(names.len() > 20, "{names:?}");
            for name in names {
                let within = parts.iter().find(|(field, _)| *field == name).map_or(name, |(_, part)| part);
                assert!(
                    drawn.contains(&format!(".{within} "))
                        || drawn.contains(&format!("{within} "))
                        || NOT_DRAWN.contains(&name),
                    "{name}"
                );
            }
        }
    }
}
