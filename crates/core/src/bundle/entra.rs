//! What the fields of the facts from the identity provider are. See `walk.rs`.

use super::text::Pseudonymizer;
use super::walk::{Pseudonymize, code, name, person};
use crate::evidence::{
    Application, Assignment, DynamicGroup, IdpGroup, IdpUser, Job, LogEntry, Mapping, Pending, StoppedBy,
};

impl Pseudonymize for IdpUser {
    fn pseudonymized(&self, by: &mut Pseudonymizer) -> Self {
        let Self { id, upn, mail, aliases, enabled, name, kind, created, on_premises, attributes } = self;
        Self {
            id: by.name(id),
            upn: person(upn, by),
            mail: person(mail, by),
            aliases: aliases.iter().map(|alias| by.person(alias)).collect(),
            enabled: *enabled,
            name: person(name, by),
            kind: code(kind, by),
            created: *created,
            on_premises: *on_premises,
            attributes: attributes
                .iter()
                .map(|(attribute, value)| (by.attribute(attribute), by.person(value)))
                .collect(),
        }
    }
}

impl Pseudonymize for IdpGroup {
    fn pseudonymized(&self, by: &mut Pseudonymizer) -> Self {
        let Self { id, name, security } = self;
        Self { id: by.name(id), name: by.group(name), security: *security }
    }
}

impl Pseudonymize for DynamicGroup {
    fn pseudonymized(&self, by: &mut Pseudonymizer) -> Self {
        let Self { id, name, rule, paused } = self;
        let rule = rule.as_deref().map(|rule| by.sentence(rule));
        Self { id: by.name(id), name: by.group(name), rule, paused: *paused }
    }
}

impl Pseudonymize for Assignment {
    fn pseudonymized(&self, by: &mut Pseudonymizer) -> Self {
        let Self { principal, is_group, name, created, default_access } = self;
        Self {
            principal: by.name(principal),
            is_group: *is_group,
            name: if *is_group { by.group(name) } else { by.person(name) },
            created: *created,
            default_access: *default_access,
        }
    }
}

impl Pseudonymize for Job {
    fn pseudonymized(&self, by: &mut Pseudonymizer) -> Self {
        let Self {
            id,
            schedule,
            code: state,
            quarantine,
            error_code,
            tenant_actionable,
            cycle_began,
            last_cycle,
            last_success,
        } = self;
        Self {
            id: by.name(id),
            schedule: code(schedule, by),
            code: code(state, by),
            quarantine: code(quarantine, by),
            error_code: code(error_code, by),
            tenant_actionable: *tenant_actionable,
            cycle_began: *cycle_began,
            last_cycle: *last_cycle,
            last_success: *last_success,
        }
    }
}

impl Pseudonymize for StoppedBy {
    fn pseudonymized(&self, by: &mut Pseudonymizer) -> Self {
        match self {
            Self::Named(name) => Self::Named(by.person(name)),
            Self::Service => Self::Service,
        }
    }
}

impl Pseudonymize for Pending {
    fn pseudonymized(&self, _: &mut Pseudonymizer) -> Self {
        let Self { staged_deletes, deletes, disables } = *self;
        Self { staged_deletes, deletes, disables }
    }
}

impl Pseudonymize for Application {
    fn pseudonymized(&self, by: &mut Pseudonymizer) -> Self {
        let Self { id, name, has_job } = self;
        Self { id: by.name(id), name: by.sentence(name), has_job: *has_job }
    }
}

impl Pseudonymize for Mapping {
    fn pseudonymized(&self, by: &mut Pseudonymizer) -> Self {
        let Self {
            user_rule,
            group_rule,
            groups_on,
            user_name_from,
            email_from,
            external_id_from,
            active_from,
            matching,
            scoped,
            sync_all,
            directory,
        } = self;
        let mut expression = |from: &Option<String>| from.as_deref().map(|text| by.expression(text));
        Self {
            user_name_from: expression(user_name_from),
            email_from: expression(email_from),
            external_id_from: expression(external_id_from),
            active_from: expression(active_from),
            user_rule: name(user_rule, by),
            group_rule: name(group_rule, by),
            groups_on: *groups_on,
            matching: matching.iter().map(|target| by.target(target)).collect(),
            scoped: *scoped,
            sync_all: *sync_all,
            directory: name(directory, by),
        }
    }
}

impl Pseudonymize for LogEntry {
    fn pseudonymized(&self, by: &mut Pseudonymizer) -> Self {
        let Self {
            at,
            action,
            status,
            error_code,
            http_status,
            scim_type,
            detail,
            skip_reason,
            filtered_out,
            scoping,
            failed_clauses,
            target,
            change_id,
            cycle_id,
            retry_at,
        } = self;
        Self {
            at: *at,
            action: by.code(action),
            status: by.code(status),
            error_code: code(error_code, by),
            http_status: *http_status,
            scim_type: code(scim_type, by),
            detail: detail.as_deref().map(|detail| by.sentence(detail)),
            skip_reason: code(skip_reason, by),
            filtered_out: *filtered_out,
            scoping: *scoping,
            failed_clauses: failed_clauses.iter().map(|clause| by.sentence(clause)).collect(),
            target: name(target, by),
            change_id: name(change_id, by),
            cycle_id: name(cycle_id, by),
            retry_at: *retry_at,
        }
    }
}
