//! What the fields of the facts from Atlassian are. See `walk.rs`.

use super::text::Pseudonymizer;
use super::walk::{Pseudonymize, code, name, person};
use crate::evidence::{
    Account, AppRole, AppUse, Domain, GroupRole, OrgGroup, Permissions, ScimLink, ScimRecord, UserDirectory,
    Workspace,
};

impl Pseudonymize for Account {
    fn pseudonymized(&self, by: &mut Pseudonymizer) -> Self {
        let Self {
            id,
            kind,
            email,
            name,
            status,
            membership,
            for_deletion,
            claim,
            source,
            platform_roles,
            groups,
            email_verified,
            added,
        } = self;
        Self {
            id: by.account_id(id),
            kind: code(kind, by),
            email: person(email, by),
            name: person(name, by),
            status: code(status, by),
            membership: code(membership, by),
            for_deletion: *for_deletion,
            claim: *claim,
            source: code(source, by),
            platform_roles: platform_roles
                .as_ref()
                .map(|roles| roles.iter().map(|role| by.code(role)).collect()),
            groups: groups.pseudonymized(by),
            email_verified: *email_verified,
            added: added.clone(),
        }
    }
}

impl Pseudonymize for Permissions {
    fn pseudonymized(&self, by: &mut Pseudonymizer) -> Self {
        let Self(all) = self;
        Self(all.iter().map(|(action, reason)| (by.code(action), code(reason, by))).collect())
    }
}

impl Pseudonymize for ScimLink {
    fn pseudonymized(&self, by: &mut Pseudonymizer) -> Self {
        let Self { id, account } = self;
        Self { id: id.pseudonymized(by), account: account.as_deref().map(|id| by.account_id(id)) }
    }
}

impl Pseudonymize for ScimRecord {
    fn pseudonymized(&self, by: &mut Pseudonymizer) -> Self {
        let Self { id, external_id, user_name, email, active, account, groups, created, modified } = self;
        Self {
            id: id.pseudonymized(by),
            external_id: person(external_id, by),
            user_name: person(user_name, by),
            email: person(email, by),
            active: *active,
            account: account.as_deref().map(|id| by.account_id(id)),
            groups: groups.pseudonymized(by),
            created: *created,
            modified: *modified,
        }
    }
}

impl Pseudonymize for Domain {
    fn pseudonymized(&self, by: &mut Pseudonymizer) -> Self {
        let Self { name, verified } = self;
        Self { name: by.person(name), verified: *verified }
    }
}

impl Pseudonymize for OrgGroup {
    fn pseudonymized(&self, by: &mut Pseudonymizer) -> Self {
        let Self { id, name, synced, directory, resources, members } = self;
        let directory = directory.as_deref().map(|id| by.name(id));
        let (resources, members) = (*resources, *members);
        Self { id: by.name(id), name: by.group(name), synced: *synced, directory, resources, members }
    }
}

impl Pseudonymize for GroupRole {
    fn pseudonymized(&self, by: &mut Pseudonymizer) -> Self {
        let Self { resource, owner, app, roles, is_default } = self;
        Self {
            resource: by.resource(resource),
            owner: code(owner, by),
            app: *app,
            roles: roles.iter().map(|role| by.code(role)).collect(),
            is_default: *is_default,
        }
    }
}

impl Pseudonymize for Workspace {
    fn pseudonymized(&self, by: &mut Pseudonymizer) -> Self {
        let Self { id, name: title, key, site, usage, capacity } = self;
        Self {
            id: by.resource(id),
            name: by.sentence(title),
            key: code(key, by),
            site: name(site, by),
            usage: *usage,
            capacity: *capacity,
        }
    }
}

impl Pseudonymize for AppRole {
    fn pseudonymized(&self, by: &mut Pseudonymizer) -> Self {
        let Self { resource, role, app, directory, status, direct } = self;
        Self {
            resource: by.resource(resource),
            role: by.code(role),
            app: *app,
            directory: name(directory, by),
            status: code(status, by),
            direct: *direct,
        }
    }
}

impl Pseudonymize for UserDirectory {
    fn pseudonymized(&self, by: &mut Pseudonymizer) -> Self {
        let Self { id, name } = self;
        Self { id: by.name(id), name: name.as_deref().map(|name| by.sentence(name)) }
    }
}

impl Pseudonymize for AppUse {
    fn pseudonymized(&self, by: &mut Pseudonymizer) -> Self {
        let Self { app, day } = self;
        Self { app: by.code(app), day: by.day(day) }
    }
}
