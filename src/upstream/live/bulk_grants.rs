//! Reads for a sweep what the assigned groups grant, and the lists of role holders. A list that fails becomes a gap with
//! its reason.

use futures_util::future::join_all;

use super::bulk::side;
use super::fetch::reason;
use super::fetch_groups::converted;
use super::{Live, convert};
use crate::world::Page;
use reinstate_core::evidence::{Read, Workspace};
use reinstate_core::sweep::{Grants, RoleList};

impl Live {
    /// The assignments, every group of the organization, the roles of the groups that may be assigned, and the apps.
    pub(super) async fn read_grants(&self) -> Grants {
        let at = crate::clock::now();
        let assignments = async {
            let read =
                async { self.entra()?.assigned_to(&self.service_principal).await.map_err(|e| reason(&e)) };
            side(at, read.await.map(|all| all.into_iter().filter_map(convert::assignment).collect()))
        };
        let groups = async {
            let read = async { self.org()?.every_group().await.map_err(|e| reason(&e)) };
            side(
                at,
                read.await.map(|all| {
                    let mut groups = converted(all);
                    groups.sort_by(|a, b| a.id.cmp(&b.id));
                    groups
                }),
            )
        };
        let workspaces = async {
            let read = async { self.org()?.workspaces().await.map_err(|e| reason(&e)) };
            let found = read.await.map(|all| all.into_iter().filter_map(convert::workspace));
            side(at, found.map(Iterator::collect::<Vec<Workspace>>))
        };
        let (assignments, groups, workspaces) = tokio::join!(assignments, groups, workspaces);
        let mut grants = Grants { assignments, groups, workspaces, ..Grants::default() };
        let ids: Vec<String> = grants.granting().map(|group| group.id.clone()).collect();
        let read = ids.into_iter().map(|id| async move {
            let read = match self.group_roles(&id, at, true).await {
                Ok((at, roles)) => Read::seen(at, roles),
                Err(why) => Read::Gap(why),
            };
            (id, read)
        });
        grants.group_roles = join_all(read).await.into_iter().collect();
        grants
    }

    /// One page of the ids of the accounts on a list of role holders.
    pub(super) async fn page_of_role_holders(
        &self,
        list: &RoleList,
        cursor: Option<String>,
    ) -> Result<Page<String>, String> {
        let org = self.org().map_err(|why| why.reason)?;
        let roles = list.role_ids();
        let read = org.role_holders(list.resource.as_deref(), &roles, cursor.as_deref());
        let page = read.await.map_err(|e| e.reason())?;
        let next = page.next.clone();
        let read = || {
            let found = page.read().map_err(|e| e.reason())?;
            Ok(found.into_iter().filter_map(|account| account.account_id).collect())
        };
        Ok(Page { next, read: Box::new(read) })
    }
}
