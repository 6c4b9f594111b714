//! Reads groups, the roles that they grant, and the apps with their seats. A failure is never remembered.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::Live;
use super::convert;
use super::fetch::{Change, Reason, change, join, once, reason};
use super::read_request::{MAX_PER_SEARCH, ReadRequest};
use crate::upstream::atlassian::groups::Group;
use reinstate_core::evidence::{GroupRole, OrgGroup};
use reinstate_core::subject::written_forms;

impl Live {
    pub(super) async fn groups_and_apps(&self, want: ReadRequest, may_be_cached: bool) -> Change {
        let at = crate::clock::now();
        match want {
            ReadRequest::OrgGroups(names) => {
                let found = self.groups_by_name(&names).await.map(converted);
                change(move |e| join(&mut e.groups, found, at, same))
            }
            ReadRequest::ShownGroups(ids) => {
                let found = self.shown_groups(ids, at, may_be_cached).await;
                change(move |e| join(&mut e.shown_groups, found, at, same))
            }
            ReadRequest::SimilarGroups(name) => {
                let found = async { self.org()?.groups_like(&name).await.map_err(|e| reason(&e)) }.await;
                let found = found.map(converted);
                change(move |e| join(&mut e.similar_groups, found, at, same))
            }
            ReadRequest::GrantingGroups(resource) => {
                let found = async { self.org()?.groups_on(&resource).await.map_err(|e| reason(&e)) }.await;
                let found = found.map(converted);
                change(move |e| join(&mut e.granting_groups, found, at, same))
            }
            ReadRequest::GroupRoles(id) => {
                let read = self.group_roles(&id, at, may_be_cached).await;
                change(move |e| {
                    let read = match read {
                        Ok((at, roles)) => once(Ok(roles), at),
                        Err(why) => once(Err(why), at),
                    };
                    e.group_roles.insert(id, read);
                })
            }
            _ => {
                let found = async { self.org()?.workspaces().await.map_err(|e| reason(&e)) }.await;
                let found = found.map(|all| all.into_iter().filter_map(convert::workspace).collect());
                change(move |e| e.workspaces = once(found, at))
            }
        }
    }

    /// The groups with these names, in whichever form Atlassian has them.
    async fn groups_by_name(&self, names: &[String]) -> Result<Vec<Group>, Reason> {
        let forms: Vec<String> = names.iter().flat_map(|name| written_forms(name)).collect();
        let mut all = Vec::new();
        for forms in forms.chunks(MAX_PER_SEARCH) {
            all.extend(self.org()?.groups_by_name(forms).await.map_err(|e| reason(&e))?);
        }
        Ok(all)
    }

    /// The groups with these ids. Only those that were not read within the last minutes are requested.
    async fn shown_groups(
        &self,
        ids: Vec<String>,
        at: Timestamp,
        may_be_cached: bool,
    ) -> Result<Vec<OrgGroup>, Reason> {
        let cached = ids.iter().filter(|_| may_be_cached).filter_map(|id| self.groups.shown.get(id, at));
        let mut found: Vec<OrgGroup> = cached.map(|(_, group)| group).collect();
        let known: BTreeSet<String> = found.iter().map(|group| group.id.clone()).collect();
        let ids: Vec<String> = ids.into_iter().filter(|id| !known.contains(id)).collect();
        let read = converted(self.org()?.groups_by_id(&ids).await.map_err(|e| reason(&e))?);
        for group in &read {
            self.groups.shown.put(group.id.clone(), at, group.clone());
        }
        found.extend(read);
        Ok(found)
    }

    /// The roles that a group grants, with the time of the reading.
    pub(super) async fn group_roles(
        &self,
        id: &str,
        at: Timestamp,
        may_be_cached: bool,
    ) -> Result<(Timestamp, Vec<GroupRole>), Reason> {
        if let Some(known) = self.groups.roles.get(id, at).filter(|_| may_be_cached) {
            return Ok(known);
        }
        let held = self.org()?.group_role_assignments(id).await.map_err(|e| reason(&e))?;
        let roles: Result<Vec<GroupRole>, String> = held.into_iter().map(convert::group_role).collect();
        let roles = roles.map_err(Reason::from)?;
        self.groups.roles.put(id.to_owned(), at, roles.clone());
        Ok((at, roles))
    }
}

pub(super) fn converted(groups: Vec<Group>) -> Vec<OrgGroup> {
    groups.into_iter().filter_map(convert::org_group).collect()
}

fn same(a: &OrgGroup, b: &OrgGroup) -> bool {
    a.id == b.id
}
