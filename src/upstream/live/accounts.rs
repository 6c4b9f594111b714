//! What one call about accounts does not tell in every organization, and the second source for it. It must never take
//! a list that may be incomplete for a complete one.

use futures_util::future::join_all;
use jiff::Timestamp;

use super::fetch::{Change, Reason, change, join, reason};
use super::{Live, convert};
use crate::upstream::atlassian::users::{self, LastActive};
use reinstate_core::evidence::{Account, IdpGroup};

const NO_LAST_USE: &str =
    "the organization is on the original user management, which does not tell the last use";

impl Live {
    /// Adds accounts with their groups.
    pub(super) async fn accounts(&self, found: Result<Vec<users::Account>, Reason>, at: Timestamp) -> Change {
        let mut found: Result<Vec<Account>, Reason> =
            found.map(|all| all.into_iter().filter_map(convert::account).collect());
        if let Ok(all) = &mut found {
            self.groups_of_all(all).await;
        }
        change(move |e| join(&mut e.accounts, found, at, |a: &Account, b| a.id == b.id))
    }

    /// It is not documented whether a search over all directories lists the groups of each of them. So an empty list
    /// proves nothing, and the search for groups is asked as well (docs/reference/rules.md#atlassian-groups-of-an-account).
    /// If that search fails, the groups of the account are unread.
    async fn groups_of_all(&self, all: &mut [Account]) {
        let empty = all.iter_mut().filter(|account| account.groups.as_ref().is_some_and(Vec::is_empty));
        let reads = empty.map(|account| async move {
            let ids = [account.id.clone()];
            let found = match self.org() {
                Ok(org) => org.groups_of(&ids).await.ok(),
                Err(_) => None,
            };
            account.groups = found.map(|found| found.into_iter().map(group).collect());
        });
        join_all(reads).await;
    }

    /// When an account was last used. The second source is asked only where the organization refuses the first one.
    pub(super) async fn last_active(&self, account: &str) -> Result<LastActive, Reason> {
        let org = self.org()?;
        match org.last_active(account).await {
            Err(error) if error.is_original_user_management() => {
                let found = org.last_active_in_directory(account).await.map_err(|e| reason(&e))?;
                found.ok_or_else(|| NO_LAST_USE.into())
            }
            read => read.map_err(|e| reason(&e)),
        }
    }
}

/// A group without a name is kept, because it may be one of those that seem to be missing.
fn group(group: crate::upstream::atlassian::groups::Group) -> IdpGroup {
    IdpGroup { id: group.id.unwrap_or_default(), name: group.name.unwrap_or_default(), security: None }
}
