//! What could not be read is named, whichever source it is.

use super::build::{A1, D1, JANE, MAIL, OTHER, account_of, healthy, record_id};
use crate::evidence::{Evidence, Gap, Read, Source};

/// A gap in one place, with a reason of its own and the service's id of the request.
fn gap<T>(reason: &str) -> Read<T> {
    Read::Gap(Gap { reason: reason.to_owned(), request: Some(format!("request {reason}")) })
}

type Place = (Source, fn(&mut Evidence, &str));

const PLACES: &[Place] = &[
    (Source::Users, |e, why| e.users = gap(why)),
    (Source::Users, |e, why| drop(e.bearers.insert(MAIL.to_owned(), gap(why)))),
    (Source::Users, |e, why| drop(e.owners.insert(OTHER.to_owned(), gap(why)))),
    (Source::Users, |e, why| {
        let gap = Gap { reason: why.to_owned(), request: Some(format!("request {why}")) };
        e.unselected.insert("employeeId".to_owned(), gap);
    }),
    (Source::DeletedUsers, |e, why| e.deleted_users = gap(why)),
    (Source::Memberships, |e, why| e.memberships = gap(why)),
    (Source::NestedMemberships, |e, why| e.nested = gap(why)),
    (Source::DynamicGroups, |e, why| e.dynamic_groups = gap(why)),
    (Source::Assignments, |e, why| e.assignments = gap(why)),
    (Source::TenantDomains, |e, why| e.tenant_domains = gap(why)),
    (Source::Applications, |e, why| e.applications = gap(why)),
    (Source::Jobs, |e, why| e.job = gap(why)),
    (Source::Schema, |e, why| e.mapping = gap(why)),
    (Source::AuditLog, |e, why| e.stopped_by = gap(why)),
    (Source::ProvisioningLog, |e, why| e.log = gap(why)),
    (Source::ProvisioningLog, |e, why| e.pending = gap(why)),
    (Source::ScimUsers, |e, why| drop(e.records.insert(D1.to_owned(), gap(why)))),
    (Source::ScimUsers, |e, why| e.records_by_id.push((record_id("r9"), gap(why)))),
    (Source::ScimGroups, |e, why| e.scim_groups = gap(why)),
    (Source::ScimLinks, |e, why| e.links = gap(why)),
    (Source::ScimLinks, |e, why| drop(e.account_links.insert(A1.to_owned(), gap(why)))),
    (Source::Accounts, |e, why| e.accounts = gap(why)),
    (Source::Accounts, |e, why| e.namesakes = gap(why)),
    (Source::Permissions, |e, why| drop(e.permissions.insert(A1.to_owned(), gap(why)))),
    (Source::Roles, |e, why| drop(e.roles.insert(A1.to_owned(), gap(why)))),
    (Source::Directories, |e, why| drop(e.user_directories.insert(A1.to_owned(), gap(why)))),
    (Source::Groups, |e, why| e.groups = gap(why)),
    (Source::Groups, |e, why| e.shown_groups = gap(why)),
    (Source::Groups, |e, why| e.similar_groups = gap(why)),
    (Source::Groups, |e, why| e.granting_groups = gap(why)),
    (Source::GroupRoles, |e, why| drop(e.group_roles.insert("g-jira-users".to_owned(), gap(why)))),
    (Source::Workspaces, |e, why| e.workspaces = gap(why)),
    (Source::Domains, |e, why| e.domains = gap(why)),
    (Source::LastActive, |e, why| drop(e.last_active.insert(A1.to_owned(), gap(why)))),
    (Source::OrgAuditLog, |e, why| drop(e.deactivated_by.insert(JANE.to_owned(), gap(why)))),
];

#[test]
fn every_source_that_could_not_be_read_is_named_with_its_reason_and_request() {
    assert!(healthy().gaps().is_empty());
    for (place, (source, spoil)) in PLACES.iter().enumerate() {
        let mut e = healthy();
        let why = format!("reason {place}");
        spoil(&mut e, &why);
        assert_eq!(e.gaps(), [(*source, why.clone())], "{place}");
        let request = format!("request {why}");
        assert_eq!(e.refused_requests(), [(*source, why.as_str(), request.as_str())], "{place}");
    }
}

#[test]
fn one_reason_of_one_source_is_named_once_and_every_other_one_too() {
    let mut e = healthy();
    e.users = gap("403");
    e.owners.insert(OTHER.to_owned(), gap("403"));
    e.bearers.insert(MAIL.to_owned(), gap("503"));
    e.job = gap("403");
    account_of(&mut e, A1).groups = None;
    let expected = [
        (Source::Users, "403".to_owned()),
        (Source::Users, "503".to_owned()),
        (Source::Jobs, "403".to_owned()),
        (Source::Groups, format!("the groups of account {A1} were not shown")),
    ];
    assert_eq!(e.gaps(), expected);
}
